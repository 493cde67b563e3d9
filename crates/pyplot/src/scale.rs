//! Axes: from numbers to places, and round numbers as ticks.

use candle_keras_ops::{Error, Result};

/// Numbers beyond are not drawn, as infinite ones are not.
const LARGEST: f64 = 1e300;

/// How numbers are placed along an axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Scale {
    #[default]
    Linear,
    Log,
}

impl Scale {
    pub(crate) fn named(name: &str) -> Result<Self> {
        match name {
            "linear" => Ok(Self::Linear),
            "log" => Ok(Self::Log),
            _ => Err(Error::unknown("scale", name, &["linear", "log"])),
        }
    }

    /// Whether the number has a place.
    pub(crate) fn has(self, number: f64) -> bool {
        number.abs() <= LARGEST && (self == Self::Linear || number >= 1.0 / LARGEST)
    }

    /// On an axis whose places are proportional to what is returned.
    fn forward(self, number: f64) -> f64 {
        if self == Self::Log { number.log10() } else { number }
    }

    fn backward(self, number: f64) -> f64 {
        if self == Self::Log { 10f64.powf(number.clamp(-305.0, 305.0)) } else { number }
    }
}

/// The smallest and the largest number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Limits {
    /// Of no number yet.
    pub(crate) const NONE: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };

    pub(crate) fn add(&mut self, number: f64) {
        self.low = self.low.min(number);
        self.high = self.high.max(number);
    }

    /// Those that hold the others as well.
    pub(crate) fn with(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>, scale: Scale) -> Self {
        let mut limits = Self::NONE;
        numbers.into_iter().filter(|number| scale.has(*number)).for_each(|number| limits.add(number));
        limits
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.low > self.high
    }

    /// Wider by a twentieth on both sides, except at `sticky` numbers, and never of one number alone.
    pub(crate) fn with_margins(self, scale: Scale, sticky: &[f64]) -> Self {
        if self.is_empty() {
            return if scale == Scale::Log { Self { low: 0.1, high: 10.0 } } else { Self { low: 0.0, high: 1.0 } };
        }
        let (low, high) = (scale.forward(self.low), scale.forward(self.high));
        let Self { low, high } = Self { low, high }.widened(scale);
        let margin = 0.05 * (high - low);
        let keep = |number: f64, wider: f64| if sticky.contains(&number) { number } else { scale.backward(wider) };
        let limits = Self { low: keep(self.low, low - margin), high: keep(self.high, high + margin) };
        if limits.high > limits.low {
            return limits;
        }
        Self { low: scale.backward(low - margin), high: scale.backward(high + margin) }
    }

    /// As they are, if there is a difference that the numbers can hold.
    fn widened(self, scale: Scale) -> Self {
        let size = self.low.abs().max(self.high.abs());
        if self.high - self.low > (size * 1e-12).max(1e-300) {
            return self;
        }
        let by = match scale {
            Scale::Log => 1.0,
            Scale::Linear if size > 1e-290 => 0.05 * size,
            Scale::Linear => 0.05,
        };
        Self { low: self.low - by, high: self.high + by }
    }
}

/// From numbers to places on the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Map {
    scale: Scale,
    /// The limits as the scale has them; the first may be the larger one.
    ends: [f64; 2],
    places: [f64; 2],
}

impl Map {
    /// The first limit is at the first place.
    pub(crate) fn new(scale: Scale, limits: [f64; 2], places: [f64; 2]) -> Self {
        Self { scale, ends: limits.map(|limit| scale.forward(limit)), places }
    }

    /// The place of a number; none of one that cannot be drawn.
    pub(crate) fn place(&self, number: f64) -> Option<f64> {
        if !self.scale.has(number) {
            return None;
        }
        let ([low, high], [from, to]) = (self.ends, self.places);
        let place = from + (self.scale.forward(number) - low) / (high - low) * (to - from);
        // Far outside of the page, where a viewer would lose precision.
        place.is_finite().then(|| place.clamp(-1e5, 1e5))
    }
}

/// What stands along an axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) places: Vec<f64>,
    pub(crate) labels: Vec<String>,
    /// Ticks without a label.
    pub(crate) minor: Vec<f64>,
    /// The power of ten by which all labels are multiplied.
    pub(crate) offset: Option<String>,
}

impl Ticks {
    /// Ticks at these numbers, with their own labels or as numbers.
    pub(crate) fn fixed(places: &[f64], labels: Option<&[String]>) -> Self {
        let labels = match labels {
            Some(labels) => (0..places.len()).map(|i| labels.get(i).cloned().unwrap_or_default()).collect(),
            None => places.iter().map(|place| shortest(*place)).collect(),
        };
        Self { places: places.to_vec(), labels, ..Self::default() }
    }

    /// Round numbers between two limits, in at most `parts` parts.
    pub(crate) fn automatic(scale: Scale, limits: [f64; 2], parts: usize) -> Self {
        let (low, high) = (limits[0].min(limits[1]), limits[0].max(limits[1]));
        let parts = parts.clamp(1, 9);
        match scale {
            Scale::Linear => Self::linear(low, high, parts),
            Scale::Log => Self::decades(low, high, parts),
        }
    }

    /// The multiples of the smallest step of 1, 2, 2.5 or 5 by a power of ten that makes at most so many parts.
    fn linear(low: f64, high: f64, parts: usize) -> Self {
        let rough = (high - low) / parts as f64;
        let power = 10f64.powf(rough.log10().floor());
        let factors = [1.0, 2.0, 2.5, 5.0, 10.0];
        let step = factors.map(|factor| factor * power).into_iter().find(|step| *step >= rough * (1.0 - 1e-9));
        let Some(step) = step.filter(|step| step.is_finite() && *step > 0.0) else {
            return Self::fixed(&[low, high], None);
        };
        let (first, last) = ((low / step - 1e-9).ceil(), (high / step + 1e-9).floor());
        let count = (last - first + 1.0).clamp(0.0, 50.0) as usize;
        // A product with a rounded step may miss the tick by the last digit.
        let places: Vec<f64> = (0..count).map(|i| rounded((first + i as f64) * step, step)).collect();
        let size = places.iter().fold(0.0, |most: f64, place| most.max(place.abs()));
        let exponent = if size > 0.0 { size.log10().floor().max(-300.0) as i32 } else { 0 };
        let exponent = if (-4..6).contains(&exponent) { 0 } else { exponent };
        let unit = 10f64.powi(exponent);
        let digits = digits(step / unit);
        let labels = places.iter().map(|place| minus(&format!("{:.digits$}", place / unit))).collect();
        let offset = (exponent != 0).then(|| minus(&format!("1e{exponent}")));
        Self { places, labels, minor: Vec::new(), offset }
    }

    /// The powers of ten, and within one decade round numbers.
    fn decades(low: f64, high: f64, parts: usize) -> Self {
        let (from, to) = (low.log10(), high.log10());
        let (first, last) = ((from - 1e-9).ceil() as i32, (to + 1e-9).floor() as i32);
        let multiples = |decade: i32| (2..10).map(move |factor| f64::from(factor) * 10f64.powi(decade));
        let within = |place: &f64| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(place);
        if last <= first {
            let all = (first.saturating_sub(1)..=last.saturating_add(1)).flat_map(|decade| {
                [1.0, 2.0, 3.0, 4.0, 6.0].map(|factor| rounded(factor * 10f64.powi(decade), 10f64.powi(decade)))
            });
            let places: Vec<f64> = all.filter(within).collect();
            return match places.len() {
                0 | 1 => Self::linear(low, high, parts),
                _ => Self::fixed(&places, None),
            };
        }
        let stride = ((last - first) as usize).div_ceil(parts).max(1);
        let decades = (first..=last).step_by(stride);
        let minor = match stride {
            1 => (first - 1..=last).flat_map(multiples).filter(within).collect(),
            _ => Vec::new(),
        };
        let (places, labels) = decades.map(|decade| (10f64.powi(decade), power(decade))).unzip();
        Self { places, labels, minor, offset: None }
    }
}

/// The digits behind the point that a step has, at most ten.
fn digits(step: f64) -> usize {
    (0..10)
        .find(|digits| {
            let shifted = step * 10f64.powi(*digits);
            (shifted - shifted.round()).abs() < 1e-6 * shifted.max(1e-3)
        })
        .unwrap_or(10) as usize
}

/// The number with the digits that its step needs.
fn rounded(number: f64, step: f64) -> f64 {
    let decimals = 3 - step.log10().floor() as i32;
    if !(-300..=300).contains(&decimals) {
        return number;
    }
    let shift = 10f64.powi(decimals.abs());
    let rounded = if decimals >= 0 { (number * shift).round() / shift } else { (number / shift).round() * shift };
    // Not -0.
    if rounded.is_finite() { rounded + 0.0 } else { number }
}

/// A number in few letters.
fn shortest(number: f64) -> String {
    let text = match number.abs() {
        size if size != 0.0 && !(1e-4..1e7).contains(&size) => format!("{number:.4e}"),
        _ => format!("{number:.6}"),
    };
    let (digits, exponent) = text.split_once('e').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    let digits = if digits == "-0" { "0" } else { digits };
    minus(&exponent.map_or_else(|| digits.to_string(), |exponent| format!("{digits}e{exponent}")))
}

/// Ten to a power.
fn power(exponent: i32) -> String {
    let digits = exponent.to_string();
    let raised = digits.chars().map(|digit| match digit {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    });
    format!("10{}", raised.collect::<String>())
}

/// With the sign of typesetters, as wide as a digit.
fn minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_within_the_limits() {
        let labels = |low, high| Ticks::automatic(Scale::Linear, [low, high], 9).labels;
        assert_eq!(labels(0.0, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(-0.2, 4.2), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5", "3.0", "3.5", "4.0"]);
        assert_eq!(labels(4.2, -0.2), labels(-0.2, 4.2));
        assert_eq!(labels(-10.0, 10.0)[0], "\u{2212}10.0");
        assert_eq!(labels(0.0, 60000.0), ["0", "10000", "20000", "30000", "40000", "50000", "60000"]);
        let large = Ticks::automatic(Scale::Linear, [0.0, 3e9], 9);
        assert_eq!((large.offset.as_deref(), large.labels[1].as_str()), (Some("1e9"), "0.5"));
        assert_eq!(Ticks::automatic(Scale::Linear, [0.0, 0.2], 9).places[1], 0.025);
        for (low, high) in [(0.0, 1e-300), (-1e300, 1e300), (1.0, 1.0 + 1e-12), (1e-300, 1.1e-300)] {
            let ticks = Ticks::automatic(Scale::Linear, [low, high], 9);
            assert!((1..12).contains(&ticks.places.len()), "{low} {high}: {ticks:?}");
        }
    }

    #[test]
    fn a_log_axis_has_powers_of_ten() {
        let ticks = Ticks::automatic(Scale::Log, [0.005, 20.0], 9);
        assert_eq!(ticks.labels, ["10⁻²", "10⁻¹", "10⁰", "10¹"]);
        assert_eq!(ticks.minor[0], 0.005);
        assert_eq!(Ticks::automatic(Scale::Log, [1.5, 7.0], 9).labels, ["2", "3", "4", "6"]);
        assert!(Ticks::automatic(Scale::Log, [1e-300, 1e300], 5).places.len() <= 6);
        let map = Map::new(Scale::Log, [1.0, 100.0], [0.0, 10.0]);
        assert_eq!((map.place(10.0), map.place(0.0), map.place(-1.0)), (Some(5.0), None, None));
    }

    #[test]
    fn limits_have_margins() {
        let limits = Limits::of([0.0, f64::NAN, 10.0, f64::INFINITY], Scale::Linear);
        assert_eq!(limits.with_margins(Scale::Linear, &[]), Limits { low: -0.5, high: 10.5 });
        assert_eq!(limits.with_margins(Scale::Linear, &[0.0]), Limits { low: 0.0, high: 10.5 });
        assert_eq!(Limits::NONE.with_margins(Scale::Linear, &[]), Limits { low: 0.0, high: 1.0 });
        for number in [0.0, 5.0, -1e300, 1e-310] {
            for sticky in [&[][..], &[number]] {
                let one = Limits { low: number, high: number }.with_margins(Scale::Linear, sticky);
                assert!(one.low < one.high, "{number}: {one:?}");
            }
        }
        let log = Limits::of([0.0, -1.0, 0.1, 10.0], Scale::Log).with_margins(Scale::Log, &[]);
        assert!(log.low < 0.1 && log.low > 0.07 && log.high > 10.0, "{log:?}");
    }

    #[test]
    fn labels_of_given_ticks_are_short() {
        let numbers = [0.0, 0.5, -2.0, 1e9, 1e-7, 0.1 + 0.2];
        let labels = Ticks::fixed(&numbers, None).labels;
        assert_eq!(labels, ["0", "0.5", "\u{2212}2", "1e9", "1e\u{2212}7", "0.3"]);
        let words = ["a".to_string()];
        assert_eq!(Ticks::fixed(&[0.0, 1.0], Some(&words)).labels, ["a", ""]);
    }
}
