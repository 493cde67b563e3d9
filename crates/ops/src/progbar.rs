//! Progbar: the progress of a loop as one line. Keras: `keras.utils.Progbar`.

use crate::config::is_interactive_logging_enabled;
use crate::console::{print_line, printable};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::time::{Duration, Instant};

/// A progress bar with the time that is left, the time of a step, and values such as losses. `fit` shows one; this is the same for custom
/// loops.
///
/// On a terminal the line is redrawn as it changes; elsewhere only its last state is printed, so that a log has one line. Values are averaged
/// over the steps unless they are [stateful](Self::stateful_metrics).
///
/// ```
/// use candle_keras_ops::Progbar;
/// let mut bar = Progbar::new(3);
/// for step in 1..=3 {
///     bar.update(step, &[("loss", 1.0 / step as f64)]);
/// }
/// // 3/3 ━━━━━━━━━━━━━━━━━━━━ 0s 2us/step - loss: 0.3333
///
/// let mut unknown = Progbar::new(None).unit_name("line").verbose(2);
/// unknown.add(100, &[]);
/// unknown.finish(&[]);
/// ```
///
/// Keras: `keras.utils.Progbar`; its `finalize=True` is [`finish`](Self::finish).
#[derive(Debug)]
pub struct Progbar {
    target: Option<usize>,
    width: usize,
    verbose: u8,
    interval: Duration,
    averaged: Averaged,
    unit_name: String,
    delay: Option<Duration>,
    is_terminal: bool,
    values: Vec<Value>,
    seen: usize,
    start: Instant,
    last_shown: Option<Duration>,
    after_first: Option<Duration>,
    previous_width: usize,
}

/// Which values are averaged over the steps.
#[derive(Debug)]
enum Averaged {
    AllBut(HashSet<String>),
    Only(HashSet<String>),
}

/// A sum of values over steps.
#[derive(Debug)]
struct Value {
    name: String,
    sum: f64,
    count: f64,
}

impl Progbar {
    /// Of a loop with this many steps, or with `None` of one whose end is not known.
    pub fn new(target: impl Into<Option<usize>>) -> Self {
        Self {
            target: target.into(),
            width: 20,
            verbose: 1,
            interval: Duration::from_millis(50),
            averaged: Averaged::AllBut(HashSet::new()),
            unit_name: "step".into(),
            delay: None,
            is_terminal: std::io::stdout().is_terminal(),
            values: Vec::new(),
            seen: 0,
            start: Instant::now(),
            last_shown: None,
            after_first: None,
            previous_width: 0,
        }
    }

    /// The width of the bar in characters. Default: 20.
    #[must_use]
    pub fn width(mut self, width: usize) -> Self {
        self.width = width;
        self
    }

    /// 0: silent, 1: a bar (the default), 2: one line at the end.
    #[must_use]
    pub fn verbose(mut self, verbose: u8) -> Self {
        self.verbose = verbose;
        self
    }

    /// The least time between two updates of the line, in seconds. Default: 0.05.
    #[must_use]
    pub fn interval(mut self, seconds: f64) -> Self {
        self.interval = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        self
    }

    /// The names of values that are shown as they are, and not averaged over the steps; all others are averaged. The last of this and
    /// [`stateless_metrics`](Self::stateless_metrics) holds, where Keras has an error for both.
    #[must_use]
    pub fn stateful_metrics<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.averaged = Averaged::AllBut(names.into_iter().map(Into::into).collect());
        self
    }

    /// The names of values that are averaged over the steps; all others are shown as they are.
    #[must_use]
    pub fn stateless_metrics<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.averaged = Averaged::Only(names.into_iter().map(Into::into).collect());
        self
    }

    /// What is counted. Default: `"step"`.
    #[must_use]
    pub fn unit_name(mut self, name: impl Into<String>) -> Self {
        self.unit_name = name.into();
        self
    }

    /// Shows nothing in the first `seconds`, and nothing at all where the output is not a terminal: for work that is usually short.
    #[must_use]
    pub fn after(mut self, seconds: f64) -> Self {
        self.delay = Some(Duration::try_from_secs_f64(seconds).unwrap_or_default());
        self
    }

    /// So many steps are done, with the values of the last one; the line is finished if all are, and then these values replace the averages.
    pub fn update(&mut self, current: usize, values: &[(&str, f64)]) {
        let is_last = self.target.is_some_and(|target| current >= target);
        self.step(current, values, is_last);
    }

    /// `n` more steps are done.
    pub fn add(&mut self, n: usize, values: &[(&str, f64)]) {
        self.update(self.seen.saturating_add(n), values);
    }

    /// Finishes the line before all steps are done, or if their number was not known; these values replace the averages.
    pub fn finish(&mut self, values: &[(&str, f64)]) {
        self.finish_at(self.seen, values);
    }

    /// [`finish`](Self::finish) after so many steps. Keras: `update(current, values, finalize=True)`.
    pub fn finish_at(&mut self, current: usize, values: &[(&str, f64)]) {
        self.target = self.target.or(Some(current));
        self.step(current, values, true);
    }

    /// How many steps are done.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Whether a line is redrawn as it changes.
    fn draws(&self) -> bool {
        self.is_terminal && is_interactive_logging_enabled()
    }

    fn step(&mut self, current: usize, values: &[(&str, f64)], is_last: bool) {
        let text = self.next(current, values, is_last, self.start.elapsed());
        let Some(text) = text else { return };
        if self.draws() {
            let mut out = std::io::stdout();
            _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        } else {
            print_line(text.trim_end_matches('\n'));
        }
    }

    /// What is to be printed after a step, if anything is.
    fn next(&mut self, current: usize, values: &[(&str, f64)], is_last: bool, now: Duration) -> Option<String> {
        let weight = if is_last { 1 } else { current.saturating_sub(self.seen).max(1) } as f64;
        for &(name, value) in values {
            let is_averaged = match &self.averaged {
                Averaged::AllBut(names) => !names.contains(name),
                Averaged::Only(names) => names.contains(name),
            };
            match self.values.iter_mut().find(|known| known.name == name) {
                Some(known) if is_averaged && !is_last => {
                    (known.sum, known.count) = (known.sum + value * weight, known.count + weight);
                }
                Some(known) => (known.sum, known.count) = (value, 1.0),
                None => {
                    let weight = if is_averaged { weight } else { 1.0 };
                    self.values.push(Value { name: name.into(), sum: value * weight, count: weight });
                }
            }
        }
        self.seen = current;
        let per_step = self.per_step(current, now);
        let was_hidden = self.last_shown.is_none();
        let is_hidden = match self.delay {
            Some(delay) => !self.draws() || now < delay || is_last && was_hidden,
            None => false,
        };
        let is_recent = self.last_shown.is_some_and(|last| now.saturating_sub(last) < self.interval);
        if self.verbose == 0 || is_hidden || !is_last && (self.verbose != 1 || is_recent || !self.draws()) {
            return None;
        }
        self.last_shown = Some(now);
        if self.verbose == 2 {
            let target = self.target.unwrap_or(current);
            let digits = target.to_string().len();
            let (elapsed, per_step) = (now.as_secs_f64(), self.duration(per_step));
            return Some(format!("{current:>digits$}/{target} - {elapsed:.0}s - {per_step}{}\n", self.shown_values()));
        }
        let (colored, plain) = self.line(current, is_last, per_step, now);
        let width = plain.chars().count();
        let mut text = if self.draws() { format!("\r{colored}") } else { plain };
        if self.draws() {
            text += &" ".repeat(self.previous_width.saturating_sub(width));
        }
        self.previous_width = width;
        text += if is_last { "\n" } else { "" };
        Some(text)
    }

    /// The line for a terminal and without colors.
    fn line(&self, current: usize, is_last: bool, per_step: Duration, now: Duration) -> (String, String) {
        let target = self.target.filter(|target| *target > 0);
        let (count, bar) = match target {
            Some(target) => {
                let digits = target.to_string().len();
                let filled = (self.width as f64 * (current as f64 / target as f64).min(1.0)) as usize;
                (format!("{current:>digits$}/{target}"), Some((filled, self.width - filled)))
            }
            None => (format!("{current:>7}/Unknown"), None),
        };
        let time = match target.filter(|_| !is_last) {
            Some(target) => left(per_step.as_secs_f64() * target.saturating_sub(current) as f64),
            None => format!("{:.0}s", now.as_secs_f64()),
        };
        let rest = format!(" {}{}", self.duration(per_step), self.shown_values());
        let line = |bold: &str, green: &str, gray: &str, end: &str| {
            let mut line = match bar {
                Some((filled, rest)) => {
                    let part = |color: &str, length: usize| match length {
                        0 => String::new(),
                        length => format!("{color}{}{end}", "━".repeat(length)),
                    };
                    format!("{bold}{count}{end} {}{gray}{}{end}", part(green, filled), "━".repeat(rest))
                }
                None => count.clone(),
            };
            _ = write!(line, " {bold}{time}{end}{rest}");
            line
        };
        (line("\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"), line("", "", "", ""))
    }

    fn shown_values(&self) -> String {
        let shown = |value: &Value| {
            let mean = value.sum / value.count.max(1.0);
            let number = if mean.abs() > 1e-3 || mean.is_nan() { format!("{mean:.4}") } else { scientific(mean) };
            format!(" - {}: {number}", printable(&value.name).replace('\n', " "))
        };
        self.values.iter().map(shown).collect()
    }

    /// The time of a step, without the first one if there are others, since that one prepares them.
    fn per_step(&mut self, current: usize, now: Duration) -> Duration {
        let count = u32::try_from(current).unwrap_or(u32::MAX);
        let time = match (count, self.after_first) {
            (0, _) => Duration::ZERO,
            (2.., Some(first)) => now.saturating_sub(first) / (count - 1),
            _ => now / count,
        };
        if current == 1 {
            self.after_first = Some(now);
        }
        time
    }

    fn duration(&self, time: Duration) -> String {
        format!("{}/{}", short(time), printable(&self.unit_name))
    }
}

/// A duration as Keras prints it: `2s`, `15ms`, `804us`.
fn short(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds >= 1.0 || seconds == 0.0 => format!("{seconds:.0}s"),
        seconds if seconds >= 1e-3 => format!("{:.0}ms", seconds * 1e3),
        seconds => format!("{:.0}us", seconds * 1e6),
    }
}

/// The time that is left: `5s`, `2:05`, `1:02:05`.
fn left(seconds: f64) -> String {
    // Durations count nanoseconds: 600 steps of a 600th of 400 seconds are a little less.
    let whole = (seconds + 1e-3) as u64;
    match seconds {
        seconds if seconds > 3600.0 => format!("{}:{:02}:{:02}", whole / 3600, whole % 3600 / 60, whole % 60),
        seconds if seconds > 60.0 => format!("{}:{:02}", whole / 60, whole % 60),
        _ => format!("{whole}s"),
    }
}

/// C's `%.4e`, with a sign and two digits in the exponent.
pub fn scientific(value: f64) -> String {
    let text = format!("{value:.4e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value as Json;

    /// tests/keras/utils.json has what Keras prints at given times, on a terminal and with its colors.
    #[test]
    fn lines_are_those_of_keras() {
        let cases: Json = serde_json::from_slice(include_bytes!("../../../tests/keras/utils.json")).unwrap();
        for case in cases["progbar"].as_array().unwrap() {
            let mut bar = Progbar::new(case["target"].as_u64().map(|target| target as usize));
            let names = |key: &str| -> Vec<String> { serde_json::from_value(case[key].clone()).unwrap() };
            bar.verbose = case["verbose"].as_u64().unwrap() as u8;
            bar.width = case["width"].as_u64().unwrap() as usize;
            bar = bar.unit_name(case["unit_name"].as_str().unwrap());
            if !case["stateful_metrics"].is_null() {
                bar = bar.stateful_metrics(names("stateful_metrics"));
            }
            if !case["stateless_metrics"].is_null() {
                bar = bar.stateless_metrics(names("stateless_metrics"));
            }
            bar.is_terminal = true;
            for step in case["steps"].as_array().unwrap() {
                let values: Vec<(String, f64)> = serde_json::from_value(step["values"].clone()).unwrap();
                let values: Vec<(&str, f64)> = values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
                let now = Duration::from_secs_f64(step["time"].as_f64().unwrap());
                let current = step["current"].as_u64().unwrap() as usize;
                let is_last = step["finalize"].as_bool().unwrap();
                let text = bar.next(current, &values, is_last, now).unwrap_or_default();
                assert_eq!(text.trim_start_matches('\r'), step["text"].as_str().unwrap(), "{step} of {case}");
            }
        }
    }

    #[test]
    fn a_log_has_one_line() {
        let mut bar = Progbar::new(3);
        bar.is_terminal = false;
        let seconds = Duration::from_secs;
        assert_eq!(bar.next(1, &[("loss", 1.0)], false, seconds(1)), None);
        assert_eq!(bar.next(2, &[("loss", 0.5)], false, seconds(2)), None);
        let bars = "━".repeat(20);
        let line = bar.next(3, &[("a\x1b[2J", 0.25)], true, seconds(5)).unwrap();
        assert_eq!(line, format!("3/3 {bars} 5s 2s/step - loss: 0.7500 - a\\u{{1b}}[2J: 0.2500\n"));
    }

    #[test]
    fn short_work_is_not_shown() {
        for (is_terminal, end, is_shown) in [(true, 3, true), (true, 1, false), (false, 3, false)] {
            let mut bar = Progbar::new(None).after(1.5);
            bar.is_terminal = is_terminal;
            let shown = (1..=end).map(|i| bar.next(i, &[], false, Duration::from_secs(i as u64)).is_some());
            assert_eq!(shown.last(), Some(is_shown));
            assert_eq!(bar.next(end, &[], true, Duration::from_secs(end as u64)).is_some(), is_shown);
        }
    }

    #[test]
    fn times_are_written_as_in_keras() {
        let times = [2400.0, 15.2, 0.804].map(|ms| short(Duration::from_secs_f64(ms / 1e3)));
        assert_eq!(times, ["2s", "15ms", "804us"]);
        assert_eq!([5.9, 125.0, 3725.0].map(left), ["5s", "2:05", "1:02:05"]);
    }
}
