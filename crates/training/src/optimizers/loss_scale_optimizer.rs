//! Dynamic loss scaling. Keras: `keras.optimizers.LossScaleOptimizer`.

use super::Optimizer;
use super::optimizer::Kind;
use super::state::{count_of_steps, mismatch};
use super::transforms::all_finite;
use super::wrapper::Wrapper;
use candle_core::{Device, Tensor};
use candle_keras_layers::{Config, Variable};
use candle_keras_ops::{Error, Gradient, Result, json};
use serde::Deserialize;
use serde_json::json;

/// A wrapper around an optimizer that multiplies the loss by a scale before the backward pass and divides the gradients by it afterwards, so that
/// float16 gradients do not underflow.
///
/// If a gradient is not finite, the scale is halved and the step skipped, states of layers included. After `dynamic_growth_steps` steps with finite
/// gradients, the scale is doubled.
///
/// ```
/// use candle_keras_training::Optimizer;
/// use candle_keras_training::optimizers::{Adam, LossScaleOptimizer};
/// let optimizer = Optimizer::from(LossScaleOptimizer::new(Adam::new()).initial_scale(1024.0));
/// assert_eq!(optimizer.loss_scale(), 1024.0);
/// ```
#[derive(Debug)]
pub struct LossScaleOptimizer {
    inner: Optimizer,
    name: String,
    initial_scale: f64,
    dynamic_growth_steps: u64,
    /// The steps since the scale changed.
    step_counter: u64,
    /// The current scale, if it is no longer the initial one.
    dynamic_scale: Option<f64>,
}

impl LossScaleOptimizer {
    /// Wraps this optimizer, whose own `loss_scale_factor` then has no effect.
    pub fn new(inner: impl Into<Optimizer>) -> Self {
        let mut inner = inner.into();
        inner.clear_loss_scale();
        Self {
            inner,
            name: "loss_scale_optimizer".into(),
            initial_scale: 32768.0,
            dynamic_growth_steps: 2000,
            step_counter: 0,
            dynamic_scale: None,
        }
    }

    /// The name of the optimizer in files.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The initial scale. Default: 2^15. If it is too high, it is soon lowered.
    #[must_use]
    pub fn initial_scale(mut self, scale: f64) -> Self {
        self.initial_scale = scale;
        self
    }

    /// After how many steps with finite gradients the scale is doubled. Default: 2000.
    #[must_use]
    pub fn dynamic_growth_steps(mut self, steps: u64) -> Self {
        self.dynamic_growth_steps = steps;
        self
    }

    pub(super) fn from_config(config: Config) -> Result<Self> {
        #[derive(Deserialize)]
        struct Arguments {
            name: Option<String>,
            inner_optimizer: Config,
            initial_scale: f64,
            dynamic_growth_steps: u64,
        }
        let arguments: Arguments = json::from_value(&config)
            .map_err(|cause| Error::new(format!("the configuration of LossScaleOptimizer cannot be read: {cause}")))?;
        let new = Self::new(Optimizer::from_config(&arguments.inner_optimizer)?)
            .initial_scale(arguments.initial_scale)
            .dynamic_growth_steps(arguments.dynamic_growth_steps);
        Ok(arguments.name.into_iter().fold(new, Self::name))
    }
}

impl From<LossScaleOptimizer> for Optimizer {
    fn from(optimizer: LossScaleOptimizer) -> Self {
        Self(Kind::Wrapper(Box::new(optimizer)))
    }
}

impl Wrapper for LossScaleOptimizer {
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self) -> Result<()> {
        if !(self.initial_scale.is_finite() && self.initial_scale > 0.0) || self.dynamic_growth_steps == 0 {
            return Err(Error::new("initial_scale and dynamic_growth_steps must be positive").received(format!(
                "initial_scale = {}, dynamic_growth_steps = {}",
                self.initial_scale, self.dynamic_growth_steps
            )));
        }
        if self.inner.scales_loss_dynamically() {
            return Err(Error::new("a LossScaleOptimizer cannot be inside of another"));
        }
        Ok(())
    }

    fn config(&self) -> Result<(&'static str, Config)> {
        let config = json!({
            "name": self.name,
            "inner_optimizer": self.inner.get_config()?,
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        });
        Ok(("LossScaleOptimizer", config))
    }

    fn default_optimizer(&self) -> &Optimizer {
        &self.inner
    }

    fn default_optimizer_mut(&mut self) -> &mut Optimizer {
        &mut self.inner
    }

    fn inner(&self) -> Vec<&Optimizer> {
        vec![&self.inner]
    }

    fn inner_mut(&mut self) -> Vec<&mut Optimizer> {
        vec![&mut self.inner]
    }

    fn inner_groups(&self) -> Vec<(String, &Optimizer)> {
        vec![("inner_optimizer".into(), &self.inner)]
    }

    fn optimizer_of(&mut self, _: &Variable) -> Result<&mut Optimizer> {
        Ok(&mut self.inner)
    }

    fn loss_scale(&self) -> f64 {
        // Files have it in float32.
        f64::from(self.dynamic_scale.unwrap_or(self.initial_scale) as f32)
    }

    fn apply_gradients(&mut self, gradients: Vec<(Variable, Gradient)>) -> Result<bool> {
        let scale = self.loss_scale();
        if !all_finite(&gradients)? {
            self.step_counter = 0;
            self.dynamic_scale = Some((scale * 0.5).max(f32::MIN_POSITIVE.into()));
            return Ok(false);
        }
        let applied = self.inner.apply_gradients(gradients)?;
        self.step_counter += 1;
        if self.step_counter >= self.dynamic_growth_steps {
            self.step_counter = 0;
            // A scale that is not finite in float32 would never become finite again.
            self.dynamic_scale = Some((scale * 2.0).min(2f64.powi(127)));
        }
        Ok(applied)
    }

    fn iterations(&self) -> u64 {
        self.inner.iterations()
    }

    /// Keras has a step counter and a learning rate here too, which stay 0.
    fn own_state(&self) -> Result<Vec<(&'static str, Tensor)>> {
        Ok(vec![
            ("iteration", Tensor::new(0i64, &Device::Cpu)?),
            ("learning_rate", Tensor::new(0f32, &Device::Cpu)?),
            ("step_counter", Tensor::new(self.step_counter as i64, &Device::Cpu)?),
            ("dynamic_scale", Tensor::new(self.loss_scale() as f32, &Device::Cpu)?),
        ])
    }

    fn set_own_state(&mut self, numbers: &[f64]) -> Result<()> {
        if let [_, _, step_counter, dynamic_scale] = *numbers {
            if !(dynamic_scale.is_finite() && dynamic_scale > 0.0) {
                return Err(mismatch("a positive scale of the loss".into(), dynamic_scale.to_string()));
            }
            (self.step_counter, self.dynamic_scale) = (count_of_steps(step_counter)?, Some(dynamic_scale));
        }
        Ok(())
    }

    fn scales_loss_dynamically(&self) -> bool {
        true
    }

    fn clear_loss_scale(&mut self) {}
}
