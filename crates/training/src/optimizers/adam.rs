//! Adam: momentum, divided by the recent size of the gradients. Keras: `keras.optimizers.Adam`.

use super::{Denominator, Drift, Idle, Options, Pass, Step, UpdateRule, check_betas, options_setters};
use candle_core::Tensor;
use candle_keras_layers::setters;
use candle_keras_ops::{Float, Result, simd, update::Kernel};
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
        /// How much of the gradients' mean is kept at each step. Default: 0.9.
        beta_1: f64,
        /// How much of the squares' mean is kept at each step. Default: 0.999.
        beta_2: f64,
        /// What keeps the divisor from 0. Default: 1e-7.
        epsilon: f64,
        /// Whether the divisor never shrinks (Reddi et al., 2018). Default: false.
        amsgrad: bool,
        /// Whether a row of an Embedding whose words are not in the batch stays as it is, with its moments, until it is looked up
        /// again: the well-known approximation (PyTorch's SparseAdam, TensorFlow Addons' LazyAdam), which is a little faster and gives other
        /// weights than Keras. Default: false; files do not have it, since Keras does not.
        lazy: bool,
    }

    fn alpha(&self, step: Step) -> f64 {
        let t = step.number as f64;
        step.learning_rate * (1.0 - self.beta_2.powf(t)).sqrt() / (1.0 - self.beta_1.powf(t))
    }
}

impl UpdateRule for Adam {
    fn name(&self) -> &str {
        "adam"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Adam", serde_json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self) -> Vec<Vec<&'static str>> {
        let mut slots = vec![vec!["momentum", "velocity"]];
        slots.extend(self.amsgrad.then(|| vec!["velocity_hat"]));
        slots
    }

    fn check(&self) -> Result<()> {
        check_betas(self.beta_1, self.beta_2)
    }

    fn update(&self, step: Step, w: &Tensor, g: &Tensor, slots: &mut [Tensor]) -> candle_core::Result<Tensor> {
        let [m, v, rest @ ..] = slots else { candle_core::bail!("adam has at least two slots") };
        *m = (&*m + ((g - &*m)? * (1.0 - self.beta_1))?)?;
        *v = (&*v + ((g.sqr()? - &*v)? * (1.0 - self.beta_2))?)?;
        let mut denominator = &*v;
        if let [hat] = rest {
            *hat = hat.maximum(&*v)?;
            denominator = hat;
        }
        w - ((&*m * self.alpha(step))? / (denominator.sqrt()? + self.epsilon)?)?
    }

    fn pass(&self, step: Step) -> Option<Pass> {
        let (alpha, epsilon) = (self.alpha(step) as f32, self.epsilon as f32);
        let fresh = ((1.0 - self.beta_1) as f32, (1.0 - self.beta_2) as f32);
        Some(Box::new(move |w, g, slots| match slots {
            [m, v, hat] => simd!(amsgrad(w, g, m, v, hat, fresh, alpha, epsilon)),
            [m, v] => simd!(adam(w, g, m, v, fresh, alpha, epsilon)),
            _ => (),
        }))
    }

    fn kernel(&self, step: Step) -> Option<Kernel> {
        let numbers = vec![
            ("alpha", self.alpha(step)),
            ("epsilon", self.epsilon),
            ("fresh_m", 1.0 - self.beta_1),
            ("fresh_v", 1.0 - self.beta_2),
        ];
        Some(if self.amsgrad {
            let body = "m += (g - m) * fresh_m;
                v += (g * g - v) * fresh_v;
                largest = largest > v ? largest : v;
                w -= alpha * m / (sqrt(largest) + epsilon);";
            Kernel { name: "amsgrad", slots: &["m", "v", "largest"], body, numbers }
        } else {
            let body = "m += (g - m) * fresh_m;
                v += (g * g - v) * fresh_v;
                w -= alpha * m / (sqrt(v) + epsilon);";
            Kernel { name: "adam", slots: &["m", "v"], body, numbers }
        })
    }

    fn idle(&self) -> Option<Idle> {
        let keeps = [self.beta_1, self.beta_2, 1.0][..if self.amsgrad { 3 } else { 2 }].to_vec();
        let denominator = Some(Denominator::RootOf(if self.amsgrad { 2 } else { 1 }));
        Some(Idle { keeps, drift: Some(Drift { numerator: 0, denominator, epsilon_changes: false }) })
    }

    fn push(&self, step: Step) -> (f64, f64) {
        (self.alpha(step), self.epsilon)
    }

    fn is_lazy(&self) -> bool {
        self.lazy
    }
}

#[inline(always)]
fn adam(w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], fresh: (f32, f32), alpha: f32, epsilon: f32) {
    for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
        *m += (g - *m) * fresh.0;
        *v += (g * g - *v) * fresh.1;
        *w -= alpha * *m / (v.sqrt() + epsilon);
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn amsgrad(
    w: &mut [f32],
    g: &[f32],
    m: &mut [f32],
    v: &mut [f32],
    hat: &mut [f32],
    fresh: (f32, f32),
    alpha: f32,
    epsilon: f32,
) {
    for ((((w, &g), m), v), hat) in w.iter_mut().zip(g).zip(m).zip(v).zip(hat) {
        *m += (g - *m) * fresh.0;
        *v += (g * g - *v) * fresh.1;
        *hat = hat.avoid_masked_store().larger(*v);
        *w -= alpha * *m / (hat.sqrt() + epsilon);
    }
}

/// [`Adam`] with a weight decay of 0.004 (Loshchilov and Hutter, 2017): each step takes `lr weight_decay w` from each weight first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AdamW(Adam);

impl Default for AdamW {
    fn default() -> Self {
        Self(Adam::default().weight_decay(0.004))
    }
}

/// The setters of [`Adam`], for what is one inside.
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
        Some(("AdamW", serde_json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self) -> Vec<Vec<&'static str>> {
        self.0.slots()
    }

    fn check(&self) -> Result<()> {
        self.0.check()
    }

    fn update(&self, step: Step, w: &Tensor, g: &Tensor, slots: &mut [Tensor]) -> candle_core::Result<Tensor> {
        self.0.update(step, w, g, slots)
    }

    fn pass(&self, step: Step) -> Option<Pass> {
        self.0.pass(step)
    }

    fn kernel(&self, step: Step) -> Option<Kernel> {
        self.0.kernel(step)
    }

    fn idle(&self) -> Option<Idle> {
        self.0.idle()
    }

    fn push(&self, step: Step) -> (f64, f64) {
        self.0.push(step)
    }

    fn is_lazy(&self) -> bool {
        self.0.is_lazy()
    }
}
