//! What the models of a script and of its program return, call by call.

use crate::compare::are_close;
use std::fmt;

/// A call of `fit`, `evaluate` or `predict`, in both programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method and how many calls of it there were so far: `fit 2`.
    pub name: String,
    /// What it returned in Python, shortened.
    pub results: String,
    /// The first thing that is different in Rust.
    pub difference: Option<String>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.difference {
            None => write!(f, "the same: {}, {}", self.name, self.results),
            Some(difference) => write!(f, "differs:  {}, {difference}", self.name),
        }
    }
}

/// Compares two files of `candle_keras::utils::record_results`; numbers within 1e-4.
///
/// ```
/// let python = "fit\tloss: 0.5 0.25\npredict\t(1, 2): 0.5 0.75\n";
/// let calls = candle_keras_port::compare_results(python, "fit\tloss: 0.5 0.25\npredict\t(1, 2): 0.5 0.7\n");
/// assert_eq!(calls[0].to_string(), "the same: fit 1, loss 0.5 to 0.25");
/// assert_eq!(calls[1].to_string(), "differs:  predict 1, number 2 of (1, 2): 0.75 in Python, 0.7 in Rust");
/// ```
pub fn compare_results(python: &str, rust: &str) -> Vec<Call> {
    let (mut of_python, mut of_rust) = (python.lines(), rust.lines());
    let (mut calls, mut methods): (Vec<Call>, Vec<&str>) = (Vec::new(), Vec::new());
    loop {
        let (python, rust) = match (of_python.next(), of_rust.next()) {
            (None, None) => return calls,
            (python, rust) => (python.map(Line::of), rust.map(Line::of)),
        };
        let method = python.as_ref().or(rust.as_ref()).map_or("", |line| line.method);
        methods.push(method);
        let number = methods.iter().filter(|other| **other == method).count();
        calls.push(Call {
            name: format!("{method} {number}"),
            results: python.as_ref().map(Line::shortened).unwrap_or_default(),
            difference: match (&python, &rust) {
                (Some(python), Some(rust)) => python.difference(rust),
                (None, _) => Some("which Python does not call".into()),
                (_, None) => Some("which Rust does not call".into()),
            },
        });
    }
}

struct Line<'a> {
    method: &'a str,
    entries: Vec<(&'a str, Vec<f64>)>,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let mut parts = line.split('\t');
        let method = parts.next().unwrap_or("");
        let entries = parts.map(|part| {
            let (name, numbers) = part.rsplit_once(':').unwrap_or((part, ""));
            (name, numbers.split_whitespace().map(|number| number.parse().unwrap_or(f64::NAN)).collect())
        });
        Self { method, entries: entries.collect() }
    }

    fn shortened(&self) -> String {
        let texts = self.entries.iter().map(|(name, numbers)| match &numbers[..] {
            _ if self.method == "predict" => format!("{} numbers of {name}", numbers.len()),
            [] => (*name).to_string(),
            [one] => format!("{name} {}", rounded(*one)),
            [first, .., last] => format!("{name} {} to {}", rounded(*first), rounded(*last)),
        });
        texts.collect::<Vec<_>>().join(", ")
    }

    fn difference(&self, rust: &Self) -> Option<String> {
        let names = |line: &Self| line.entries.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        if self.method != rust.method {
            return Some(format!("which is {} in Rust", rust.method));
        }
        if names(self) != names(rust) {
            return Some(format!("which has {} in Python, and {} in Rust", names(self), names(rust)));
        }
        self.entries.iter().zip(&rust.entries).find_map(|((name, python), (_, rust))| {
            if python.len() != rust.len() {
                let of = if self.method == "fit" { "epochs" } else { "numbers" };
                return Some(format!("{name}: {} {of} in Python, {} in Rust", python.len(), rust.len()));
            }
            let apart = python.iter().zip(rust).position(|(python, rust)| !are_close(*python, *rust))?;
            let (python, rust) = (python[apart], rust[apart]);
            let place = match self.method {
                "fit" => format!("{name} of epoch {}", apart + 1),
                "predict" => format!("number {} of {name}", apart + 1),
                _ => (*name).to_string(),
            };
            Some(format!("{place}: {python} in Python, {rust} in Rust"))
        })
    }
}

/// Five digits behind the point are enough to see.
fn rounded(number: f64) -> f64 {
    let rounded = (number * 1e5).round() / 1e5;
    if rounded.is_finite() { rounded } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_says_what_differs() {
        let python = "fit\taccuracy: 0.5 0.75\tloss: 0.5 nan\nevaluate\tloss: 1e-05\nevaluate\tloss: 2\n";
        let same = compare_results(python, &python.replace("nan", "NaN").replace("0.75", "0.750001"));
        let texts: Vec<_> = same.iter().map(Call::to_string).collect();
        assert_eq!(
            texts,
            [
                "the same: fit 1, accuracy 0.5 to 0.75, loss 0.5 to NaN",
                "the same: evaluate 1, loss 0.00001",
                "the same: evaluate 2, loss 2"
            ]
        );
        for (from, to, expected) in [
            ("0.75", "0.8", "fit 1, accuracy of epoch 2: 0.75 in Python, 0.8 in Rust"),
            ("nan", "1", "fit 1, loss of epoch 2: NaN in Python, 1 in Rust"),
            (" nan", "", "fit 1, loss: 2 epochs in Python, 1 in Rust"),
            ("accuracy", "acc", "fit 1, which has accuracy, loss in Python, and acc, loss in Rust"),
            ("evaluate\tloss: 2\n", "", "evaluate 2, which Rust does not call"),
            ("loss: 2\n", "loss: 2\npredict\t(1): 2\n", "predict 1, which Python does not call"),
            ("evaluate\tloss: 1", "fit\tloss: 1", "evaluate 1, which is fit in Rust"),
        ] {
            let calls = compare_results(python, &python.replace(from, to));
            let different: Vec<_> = calls.iter().filter(|call| call.difference.is_some()).collect();
            assert_eq!(different.len(), 1, "{from}");
            assert_eq!(different[0].to_string(), format!("differs:  {expected}"));
        }
    }
}
