//! Adam: momentum, divided by the root mean square of recent gradients. Keras: `keras.optimizers.Adam`.

use super::{Denominator, MomentumDrift, Options, Slot, Step, UpdateRule, ZeroGradientRule};
use super::{check_betas, options_setters};
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Result, elementwise, json, update::Elementwise};
use serde::{Deserialize, Serialize};

/// `m += (1 - b1)(g - m); v += (1 - b2)(g² - v); w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon)`
/// (Kingma and Ba, 2014, the form before section 2.1): epsilon is added to the root of the *uncorrected* `v`, as in Keras, unlike PyTorch and
/// candle-nn.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Adam {
    #[serde(flatten)]
    options: Options,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    amsgrad: bool,
    #[serde(skip)]
    lazy: bool,
}

impl Default for Adam {
    fn default() -> Self {
        Self { options: Options::new(0.001), beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false, lazy: false }
    }
}

impl Adam {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// The decay rate of the mean of gradients. Default: 0.9.
        beta_1: f64,
        /// The decay rate of the mean of squared gradients. Default: 0.999.
        beta_2: f64,
        /// Added to the denominator for numerical stability. Default: 1e-7.
        epsilon: f64,
        /// Whether the denominator never decreases (Reddi et al., 2018). Default: false.
        amsgrad: bool,
        /// Whether a row of an Embedding that is not looked up in a batch is left unchanged, with its moments: the well-known approximation
        /// (PyTorch's SparseAdam, TensorFlow Addons' LazyAdam), which is a little faster and gives other weights than Keras. Default: false;
        /// it is not written to files, since Keras does not have it.
        lazy: bool,
    }

    fn alpha(&self, step: Step) -> f64 {
        bias_corrected(step, self.beta_1, self.beta_2)
    }
}

/// The learning rate times the bias corrections of both means.
pub(super) fn bias_corrected(step: Step, beta_1: f64, beta_2: f64) -> f64 {
    let t = step.number as f64;
    step.learning_rate * (1.0 - beta_2.powf(t)).sqrt() / (1.0 - beta_1.powf(t))
}

impl UpdateRule for Adam {
    fn name(&self) -> &str {
        "adam"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Adam", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        let mut slots = vec![vec![Slot::new("momentum"), Slot::new("velocity")]];
        slots.extend(self.amsgrad.then(|| vec![Slot::new("velocity_hat")]));
        slots
    }

    fn check(&self) -> Result<()> {
        check_betas(self.beta_1, self.beta_2)
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        let update = if self.amsgrad { amsgrad } else { adam };
        Some(update(self.alpha(step), self.epsilon, 1.0 - self.beta_1, 1.0 - self.beta_2))
    }

    fn zero_gradient(&self, step: Step) -> Option<ZeroGradientRule> {
        let kept = [self.beta_1, self.beta_2, 1.0];
        let (kept, second_moment) = if self.amsgrad { (&kept[..], 2) } else { (&kept[..2], 1) };
        let drift = MomentumDrift::new(0, self.alpha(step)).over(Denominator::RootOf(second_moment), self.epsilon);
        Some(ZeroGradientRule::new(kept).drift(drift))
    }

    fn is_lazy(&self) -> bool {
        self.lazy
    }
}

elementwise! {
    pub(super) fn adam(w, g, [m, v], [alpha, epsilon, fresh_m, fresh_v]) {
        m += (g - m) * fresh_m;
        v += (g * g - v) * fresh_v;
        w -= alpha * m / (sqrt(v) + epsilon);
    }

    fn amsgrad(w, g, [m, v, largest], [alpha, epsilon, fresh_m, fresh_v]) {
        m += (g - m) * fresh_m;
        v += (g * g - v) * fresh_v;
        largest = max(largest, v);
        w -= alpha * m / (sqrt(largest) + epsilon);
    }
}

/// [`Adam`] with a weight decay of 0.004 (Loshchilov and Hutter, 2017): each step first subtracts `lr weight_decay w` from each weight.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AdamW(Adam);

impl Default for AdamW {
    fn default() -> Self {
        Self(Adam::default().weight_decay(0.004))
    }
}

/// The setters of [`Adam`], for a wrapper around it.
macro_rules! same_setters {
    ($($name:ident: $type:ty),* $(,)?) => {
        $(
            #[doc = concat!("See [`Adam::", stringify!($name), "`].")]
            #[must_use]
            pub fn $name(self, $name: $type) -> Self {
                Self(self.0.$name($name))
            }
        )*
    };
}

impl AdamW {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    same_setters! {
        learning_rate: impl Into<super::LearningRate>, beta_1: f64, beta_2: f64, epsilon: f64, amsgrad: bool, lazy: bool,
        name: impl Into<String>, weight_decay: f64, clipnorm: f64, global_clipnorm: f64, clipvalue: f64,
        use_ema: bool, ema_momentum: f64, ema_overwrite_frequency: u64, gradient_accumulation_steps: u64,
        loss_scale_factor: f64, skip_nonfinite: bool, exclude_from_weight_decay: impl Into<super::Weights>,
    }
}

impl UpdateRule for AdamW {
    fn name(&self) -> &str {
        "adam_w"
    }

    fn options(&self) -> Options {
        self.0.options()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("AdamW", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, weight: &Variable) -> Vec<Vec<Slot>> {
        self.0.slots(weight)
    }

    fn check(&self) -> Result<()> {
        self.0.check()
    }

    fn elementwise(&self, step: Step, weight: &Variable) -> Option<Elementwise> {
        self.0.elementwise(step, weight)
    }

    fn zero_gradient(&self, step: Step) -> Option<ZeroGradientRule> {
        self.0.zero_gradient(step)
    }

    fn is_lazy(&self) -> bool {
        self.0.is_lazy()
    }
}
