//! The keyword arguments that all optimizers share. Keras: `keras/src/optimizers/base_optimizer.py`.

use super::{LearningRate, Weights};
use candle_keras_ops::{Error, Result, json};
use serde::{Deserialize, Serialize};

/// The arguments of every optimizer: the learning rate, weight decay, clipping.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Options {
    /// The optimizer's name, if given.
    #[serde(default)]
    pub name: Option<String>,
    /// The learning rate.
    pub learning_rate: LearningRate,
    /// Times the learning rate, the fraction of each weight that is subtracted before each step.
    #[serde(default, deserialize_with = "json::optional_number")]
    pub weight_decay: Option<f64>,
    /// The weights that do not decay. Not written to files, as in Keras.
    #[serde(skip)]
    pub exclude_from_weight_decay: Vec<Weights>,
    /// The maximum norm of a weight's gradient.
    #[serde(default, deserialize_with = "json::optional_number")]
    pub clipnorm: Option<f64>,
    /// The maximum norm of all gradients together.
    #[serde(default, deserialize_with = "json::optional_number")]
    pub global_clipnorm: Option<f64>,
    /// The maximum absolute value of a gradient's elements.
    #[serde(default, deserialize_with = "json::optional_number")]
    pub clipvalue: Option<f64>,
    /// Whether moving averages of the weights are kept, which replace them at the end of `fit`.
    #[serde(default)]
    pub use_ema: bool,
    /// The decay rate of the moving averages.
    #[serde(default = "ema_momentum")]
    pub ema_momentum: f64,
    /// The number of steps after which the weights are replaced by their averages, again and again.
    #[serde(default)]
    pub ema_overwrite_frequency: Option<u64>,
    /// A factor on the loss by which gradients are divided afterwards, so that 16-bit gradients do not underflow.
    #[serde(default, deserialize_with = "json::optional_number")]
    pub loss_scale_factor: Option<f64>,
    /// Whether a step is skipped if a gradient is not finite. Not in Keras, and not written to files.
    #[serde(skip)]
    pub skip_nonfinite: bool,
    /// The number of gradients that are averaged for one update.
    #[serde(default)]
    pub gradient_accumulation_steps: Option<u64>,
}

fn ema_momentum() -> f64 {
    0.99
}

impl Options {
    /// With this learning rate, and defaults for all else.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            name: None,
            learning_rate: learning_rate.into(),
            weight_decay: None,
            exclude_from_weight_decay: Vec::new(),
            clipnorm: None,
            global_clipnorm: None,
            clipvalue: None,
            use_ema: false,
            ema_momentum: ema_momentum(),
            ema_overwrite_frequency: None,
            loss_scale_factor: None,
            skip_nonfinite: false,
            gradient_accumulation_steps: None,
        }
    }

    /// An error if an argument is invalid.
    pub(super) fn check(&self) -> Result<()> {
        self.learning_rate.check()?;
        let clips =
            [("clipnorm", self.clipnorm), ("global_clipnorm", self.global_clipnorm), ("clipvalue", self.clipvalue)];
        let given: Vec<_> = clips.iter().filter_map(|(name, value)| value.map(|value| (*name, value))).collect();
        if given.len() > 1 {
            let names: Vec<_> = given.iter().map(|(name, _)| *name).collect();
            return Err(Error::new("only one kind of clipping can be set").received(names.join(" and ")));
        }
        if let Some((name, value)) = given.first().filter(|(_, value)| value.is_nan() || *value <= 0.0) {
            return Err(Error::new(format!("{name} must be positive")).received(value.to_string()));
        }
        if !(0.0..=1.0).contains(&self.ema_momentum) {
            return Err(Error::new("ema_momentum must be between 0 and 1").received(self.ema_momentum.to_string()));
        }
        if self.ema_overwrite_frequency == Some(0) {
            return Err(Error::new("ema_overwrite_frequency must be positive").received("0"));
        }
        if self.gradient_accumulation_steps == Some(0) {
            return Err(Error::new("gradient_accumulation_steps must be positive")
                .received("0")
                .help("leave it out, or give 1, to update at each step"));
        }
        self.exclude_from_weight_decay.iter().try_for_each(Weights::check)?;
        Ok(())
    }
}

/// Writes the setters of [`Options`] for an optimizer with a field `options`.
macro_rules! options_setters {
    () => {
        /// The learning rate: a number, or a schedule.
        #[must_use]
        pub fn learning_rate(mut self, learning_rate: impl Into<super::LearningRate>) -> Self {
            self.options.learning_rate = learning_rate.into();
            self
        }

        /// The name of the optimizer in files.
        #[must_use]
        pub fn name(mut self, name: impl Into<String>) -> Self {
            self.options.name = Some(name.into());
            self
        }

        /// Times the learning rate, the fraction of each weight that is subtracted before each step. Default: none.
        #[must_use]
        pub fn weight_decay(mut self, weight_decay: f64) -> Self {
            self.options.weight_decay = Some(weight_decay);
            self
        }

        /// Weights that do not decay: a regular expression that is searched in their names, such as `"bias|gamma"`, a list of them, or a
        /// function. Each call adds to them. They are not written to files, as in Keras.
        #[must_use]
        pub fn exclude_from_weight_decay(mut self, weights: impl Into<super::Weights>) -> Self {
            self.options.exclude_from_weight_decay.push(weights.into());
            self
        }

        /// Clips the gradient of each weight to this norm. Default: no clipping.
        #[must_use]
        pub fn clipnorm(mut self, norm: f64) -> Self {
            self.options.clipnorm = Some(norm);
            self
        }

        /// Clips all gradients together to this global norm. Default: no clipping.
        #[must_use]
        pub fn global_clipnorm(mut self, norm: f64) -> Self {
            self.options.global_clipnorm = Some(norm);
            self
        }

        /// Clips each element of the gradients to `-limit..=limit`. Default: no clipping.
        #[must_use]
        pub fn clipvalue(mut self, limit: f64) -> Self {
            self.options.clipvalue = Some(limit);
            self
        }

        /// Keeps exponential moving averages of the weights, which replace them at the end of `fit`. Default: false. It allocates tensors of the
        /// size of all weights at each step.
        #[must_use]
        pub fn use_ema(mut self, use_ema: bool) -> Self {
            self.options.use_ema = use_ema;
            self
        }

        /// The decay rate of the moving averages. Default: 0.99.
        #[must_use]
        pub fn ema_momentum(mut self, momentum: f64) -> Self {
            self.options.ema_momentum = momentum;
            self
        }

        /// The number of steps after which the weights are replaced by their averages, again and again. Default: only at the end of `fit`.
        #[must_use]
        pub fn ema_overwrite_frequency(mut self, steps: u64) -> Self {
            self.options.ema_overwrite_frequency = Some(steps);
            self
        }

        /// A factor on the loss before the backward pass, by which gradients are divided afterwards: it keeps float16 gradients from underflowing.
        #[must_use]
        pub fn loss_scale_factor(mut self, factor: f64) -> Self {
            self.options.loss_scale_factor = Some(factor);
            self
        }

        /// Whether a step is skipped, states of layers included, if a gradient is not finite. Default: `false`. It is not written to files.
        #[must_use]
        pub fn skip_nonfinite(mut self, skip: bool) -> Self {
            self.options.skip_nonfinite = skip;
            self
        }

        /// The number of gradients that are averaged for one update. Default: 1. With more, the gradient of an Embedding is a
        /// dense tensor of the table's size.
        #[must_use]
        pub fn gradient_accumulation_steps(mut self, steps: u64) -> Self {
            self.options.gradient_accumulation_steps = Some(steps);
            self
        }
    };
}
pub(super) use options_setters;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_arguments_are_errors() {
        let mut options = Options::new(0.1);
        (options.clipnorm, options.clipvalue) = (Some(1.0), Some(1.0));
        assert!(options.check().unwrap_err().to_string().contains("clipnorm and clipvalue"));
        assert!(Options { clipnorm: Some(0.0), clipvalue: None, ..options }.check().is_err());
        assert!(Options { ema_momentum: 1.5, ..Options::new(0.1) }.check().is_err());
        assert!(Options { exclude_from_weight_decay: vec!["(".into()], ..Options::new(0.1) }.check().is_err());
    }
}
