//! Learning rates that depend on the step. Keras: `keras.optimizers.schedules`.

use candle_keras_layers::{KerasObject, setters};
use candle_keras_ops::{Error, Result, json};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// A learning rate for each step, counted from 0.
pub trait LearningRateSchedule: fmt::Debug + Send + Sync {
    /// The learning rate of this step.
    fn call(&self, step: u64) -> f64;

    /// An error if an argument is invalid.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Keras's class and arguments, for files; `None` for a custom schedule, with which a model cannot be saved compiled.
    fn config(&self) -> Option<(&'static str, serde_json::Value)> {
        None
    }
}

/// A learning rate: a number, or a schedule.
#[derive(Debug, Clone)]
pub enum LearningRate {
    /// The same for every step.
    Constant(f64),
    /// Depends on the step.
    Schedule(Arc<dyn LearningRateSchedule>),
}

impl LearningRate {
    /// The learning rate of the step with this number, from 0.
    pub fn at(&self, step: u64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Schedule(schedule) => schedule.call(step),
        }
    }

    /// Whether it depends on the step.
    pub fn is_schedule(&self) -> bool {
        matches!(self, Self::Schedule(_))
    }

    pub(super) fn check(&self) -> Result<()> {
        if let Self::Schedule(schedule) = self {
            schedule.check()?;
        }
        let value = self.at(0);
        if !value.is_finite() {
            return Err(Error::new("the learning rate must be a number").received(value.to_string()));
        }
        Ok(())
    }
}

impl From<f64> for LearningRate {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

impl<S: LearningRateSchedule + 'static> From<S> for LearningRate {
    fn from(schedule: S) -> Self {
        Self::Schedule(Arc::new(schedule))
    }
}

impl PartialEq for LearningRate {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Constant(a), Self::Constant(b)) => a == b,
            (Self::Schedule(a), Self::Schedule(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Serialize for LearningRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // Keras stores it as float32 and writes that value in double precision.
            Self::Constant(value) => serializer.serialize_f64(f64::from(*value as f32)),
            Self::Schedule(schedule) => match schedule.config() {
                Some((class_name, config)) => KerasObject {
                    module: Some("keras.optimizers.schedules".into()),
                    class_name: class_name.into(),
                    config,
                    registered_name: None,
                }
                .serialize(serializer),
                None => Err(serde::ser::Error::custom(format!("the schedule {schedule:?} has no configuration"))),
            },
        }
    }
}

impl<'de> Deserialize<'de> for LearningRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(f64),
            Object(KerasObject),
        }
        match Form::deserialize(deserializer)? {
            Form::Number(value) => Ok(Self::Constant(value)),
            Form::Object(object) => from_keras(object).map_err(serde::de::Error::custom),
        }
    }
}

macro_rules! schedules {
    ($($(#[$doc:meta])* $class:ident($keras_name:literal) {
        $($(#[$required_doc:meta])* $required:ident: $required_type:ty,)*
        ; $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr,)*
    } => |$s:ident, $step:ident| $value:expr;)*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $class {
            $($required: $required_type,)*
            $(#[serde(default = $default)] $field: $type,)*
            #[serde(default)]
            name: Option<String>,
        }

        impl $class {
            setters! {
                $($(#[$field_doc])* $field: $type,)*
            }
        }

        impl LearningRateSchedule for $class {
            fn call(&self, step: u64) -> f64 {
                let ($s, $step) = (self, step as f64);
                $value
            }

            fn check(&self) -> Result<()> {
                self.check_arguments()
            }

            fn config(&self) -> Option<(&'static str, serde_json::Value)> {
                let named = Self { name: Some(self.name.clone().unwrap_or_else(|| $keras_name.into())), ..self.clone() };
                Some((stringify!($class), json::to_value(&named).unwrap_or_default()))
            }
        })*

        /// The classes.
        pub(crate) const CLASSES: &[&str] = &[$(stringify!($class)),*];

        fn from_keras(object: KerasObject) -> Result<LearningRate> {
            match object.class_name.as_str() {
                $(stringify!($class) => {
                    let schedule: $class = json::from_value(&object.config)?;
                    schedule.check().map(|()| schedule.into())
                })*
                name => Err(Error::unknown("learning rate schedule", name, CLASSES)),
            }
        }
    };
}

schedules! {
    /// `initial_learning_rate * decay_rate ^ (step / decay_steps)`.
    ExponentialDecay("ExponentialDecay") {
        /// The learning rate at step 0.
        initial_learning_rate: f64,
        /// The number of steps for a decay by `decay_rate`.
        decay_steps: u64,
        /// The factor of the decay.
        decay_rate: f64,
        ;
        /// Whether it decays in discrete steps, not continuously. Default: false.
        staircase: bool = "no",
    } => |s, step| {
        s.initial_learning_rate * s.decay_rate.powf(progress(step, s.decay_steps, s.staircase))
    };
    /// `initial_learning_rate / (1 + decay_rate * step / decay_steps)`.
    InverseTimeDecay("InverseTimeDecay") {
        /// The learning rate at step 0.
        initial_learning_rate: f64,
        /// How often it decays.
        decay_steps: u64,
        /// How much.
        decay_rate: f64,
        ;
        /// Whether it decays in discrete steps, not continuously. Default: false.
        staircase: bool = "no",
    } => |s, step| s.initial_learning_rate / (1.0 + s.decay_rate * progress(step, s.decay_steps, s.staircase));
    /// `values[i]`, where `boundaries[i]` is the first boundary that the step does not exceed.
    PiecewiseConstantDecay("PiecewiseConstant") {
        /// The last steps of all values but the last.
        boundaries: Vec<f64>,
        /// The learning rates.
        values: Vec<f64>,
        ;
    } => |s, step| {
        let at = s.boundaries.iter().position(|&boundary| step <= boundary).unwrap_or(s.boundaries.len());
        s.values.get(at).copied().unwrap_or(f64::NAN)
    };
    /// From `initial_learning_rate` to `end_learning_rate` as `(1 - step / decay_steps) ^ power`.
    PolynomialDecay("PolynomialDecay") {
        /// The learning rate at step 0.
        initial_learning_rate: f64,
        /// The number of steps until `end_learning_rate`.
        decay_steps: u64,
        ;
        /// The learning rate at the end. Default: 0.0001.
        end_learning_rate: f64 = "end_learning_rate",
        /// The power. Default: 1 (linear).
        power: f64 = "one",
        /// Whether it restarts, over more steps, at the end. Default: false.
        cycle: bool = "no",
    } => |s, step| {
        let steps = s.decay_steps as f64;
        let (step, steps) = match s.cycle {
            true => (step, steps * (step / steps).ceil().max(1.0)),
            false => (step.min(steps), steps),
        };
        (s.initial_learning_rate - s.end_learning_rate) * (1.0 - step / steps).powf(s.power) + s.end_learning_rate
    };
    /// Half a cosine from the initial learning rate to `alpha` times it (Loshchilov and Hutter, 2016), after a linear warmup.
    CosineDecay("CosineDecay") {
        /// The learning rate at step 0.
        initial_learning_rate: f64,
        /// The number of steps of the cosine.
        decay_steps: u64,
        ;
        /// The final learning rate as a fraction of the initial one. Default: 0.
        alpha: f64 = "zero",
        /// The learning rate at the end of the warmup. Default: no warmup.
        warmup_target: Option<f64> = "none",
        /// The number of steps of the warmup. Default: 0.
        warmup_steps: u64 = "zero_steps",
    } => |s, step| {
        let (warmup, steps) = (s.warmup_steps as f64, s.decay_steps as f64);
        let decayed = |from: f64, step: f64| {
            let cosine = 0.5 * (1.0 + (std::f64::consts::PI * step.min(steps) / steps).cos());
            from * ((1.0 - s.alpha) * cosine + s.alpha)
        };
        match s.warmup_target {
            None => decayed(s.initial_learning_rate, step),
            Some(target) if step < warmup => {
                s.initial_learning_rate + (target - s.initial_learning_rate) * step / warmup
            }
            Some(target) => decayed(target, step - warmup),
        }
    };
    /// [`CosineDecay`] with restarts, each period `t_mul` times as long and `m_mul` times as high as the one before.
    CosineDecayRestarts("SGDRDecay") {
        /// The learning rate at step 0.
        initial_learning_rate: f64,
        /// The number of steps of the first period.
        first_decay_steps: u64,
        ;
        /// The factor on the length of each next period. Default: 2.
        t_mul: f64 = "two",
        /// The factor on the initial learning rate of each next period. Default: 1.
        m_mul: f64 = "one",
        /// The final learning rate of a period as a fraction of its initial one. Default: 0.
        alpha: f64 = "zero",
    } => |s, step| {
        let completed = step / s.first_decay_steps as f64;
        let (restarts, part) = if s.t_mul == 1.0 {
            (completed.floor(), completed.fract())
        } else {
            let restarts = ((1.0 - completed * (1.0 - s.t_mul)).ln() / s.t_mul.ln()).floor();
            let length = s.t_mul.powf(restarts);
            (restarts, (completed - (1.0 - length) / (1.0 - s.t_mul)) / length)
        };
        let cosine = 0.5 * s.m_mul.powf(restarts) * (1.0 + (std::f64::consts::PI * part).cos());
        s.initial_learning_rate * ((1.0 - s.alpha) * cosine + s.alpha)
    };
}

fn progress(step: f64, steps: u64, staircase: bool) -> f64 {
    let progress = step / steps as f64;
    if staircase { progress.floor() } else { progress }
}

fn no() -> bool {
    false
}

fn zero() -> f64 {
    0.0
}

fn zero_steps() -> u64 {
    0
}

fn one() -> f64 {
    1.0
}

fn two() -> f64 {
    2.0
}

fn none() -> Option<f64> {
    None
}

fn end_learning_rate() -> f64 {
    1e-4
}

/// A schedule that decays over some number of steps.
macro_rules! of_steps {
    ($($class:ident($($required:ident: $type:ty),*; $($field:ident = $default:expr),*) $steps:ident;)*) => {
        $(impl $class {
            /// With Keras's defaults for all else.
            pub fn new($($required: $type),*) -> Self {
                Self { $($required,)* $($field: $default,)* name: None }
            }

            fn check_arguments(&self) -> Result<()> {
                if self.$steps == 0 {
                    let what = concat!(stringify!($class), ": ", stringify!($steps), " must be positive");
                    return Err(Error::new(what).received("0"));
                }
                Ok(())
            }
        })*
    };
}

of_steps! {
    ExponentialDecay(initial_learning_rate: f64, decay_steps: u64, decay_rate: f64; staircase = false) decay_steps;
    InverseTimeDecay(initial_learning_rate: f64, decay_steps: u64, decay_rate: f64; staircase = false) decay_steps;
    PolynomialDecay(initial_learning_rate: f64, decay_steps: u64; end_learning_rate = 1e-4, power = 1.0, cycle = false) decay_steps;
    CosineDecay(initial_learning_rate: f64, decay_steps: u64; alpha = 0.0, warmup_target = None, warmup_steps = 0) decay_steps;
    CosineDecayRestarts(initial_learning_rate: f64, first_decay_steps: u64; t_mul = 2.0, m_mul = 1.0, alpha = 0.0) first_decay_steps;
}

impl PiecewiseConstantDecay {
    /// `values` has one entry more than `boundaries`.
    pub fn new(boundaries: impl Into<Vec<f64>>, values: impl Into<Vec<f64>>) -> Self {
        Self { boundaries: boundaries.into(), values: values.into(), name: None }
    }

    fn check_arguments(&self) -> Result<()> {
        if self.values.len() != self.boundaries.len() + 1 {
            return Err(Error::new("PiecewiseConstantDecay needs one value more than boundaries").received(format!(
                "{} boundaries and {} values",
                self.boundaries.len(),
                self.values.len()
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of Keras 3.15.1 at steps 0, 1, 7, 10, 25.
    #[test]
    fn learning_rates_are_those_of_keras() {
        let check = |rate: LearningRate, expected: [f64; 5]| {
            for (step, expected) in [0, 1, 7, 10, 25].into_iter().zip(expected) {
                let found = rate.at(step);
                assert!((found - expected).abs() < 1e-6, "{rate:?} at {step}: {found}, Keras says {expected}");
            }
        };
        check(ExponentialDecay::new(0.1, 10, 0.9).into(), [0.1, 0.098951928, 0.092890166, 0.089999996, 0.076843344]);
        check(ExponentialDecay::new(0.1, 10, 0.9).staircase(true).into(), [0.1, 0.1, 0.1, 0.089999996, 0.080999993]);
        check(InverseTimeDecay::new(0.1, 10, 0.5).into(), [0.1, 0.095238104, 0.074074075, 0.06666667, 0.044444446]);
        check(PiecewiseConstantDecay::new([1.0, 7.0], [0.3, 0.2, 0.1]).into(), [0.30000001, 0.30000001, 0.2, 0.1, 0.1]);
        check(PolynomialDecay::new(0.1, 9).into(), [0.1, 0.0889, 0.022299999, 9.9999997e-05, 9.9999997e-05]);
        check(
            PolynomialDecay::new(0.1, 9).cycle(true).power(2.0).into(),
            [0.1, 0.079033338, 0.0050333324, 0.01983333, 0.00064814836],
        );
        check(CosineDecay::new(0.1, 20).into(), [0.1, 0.09938442, 0.072699524, 0.049999997, 0.0]);
        check(
            CosineDecay::new(0.1, 20).alpha(0.1).warmup_target(0.5).warmup_steps(5u64).into(),
            [0.1, 0.18000001, 0.48898768, 0.43409902, 0.050000001],
        );
        check(CosineDecayRestarts::new(0.1, 4).into(), [0.1, 0.085355341, 0.069134168, 0.014644662, 0.0084265172]);
        check(
            CosineDecayRestarts::new(0.1, 4).t_mul(1.0).m_mul(0.5).alpha(0.1).into(),
            [0.1, 0.086819813, 0.016590098, 0.02125, 0.01120031],
        );
    }

    #[test]
    fn the_form_is_that_of_keras() {
        let rate = LearningRate::from(ExponentialDecay::new(0.1, 10, 0.9).staircase(true));
        let config = json::to_value(&rate).unwrap();
        assert_eq!(config["module"], "keras.optimizers.schedules");
        assert_eq!(config["config"]["name"], "ExponentialDecay");
        let again: LearningRate = json::from_value(&config).unwrap();
        assert_eq!(again.at(25), rate.at(25));
        assert_eq!(json::to_value(&LearningRate::from(0.001)).unwrap(), 0.0010000000474974513);
        for wrong in [
            r#"{"class_name": "CosineDecy", "config": {}}"#,
            r#"{"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 0}}"#,
            r#"{"class_name": "PiecewiseConstantDecay", "config": {"boundaries": [1], "values": [1]}}"#,
        ] {
            assert!(serde_json::from_str::<LearningRate>(wrong).is_err());
        }
    }
}
