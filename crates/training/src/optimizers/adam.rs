//! Adam: momentum, divided by the recent size of the gradients. Keras: `keras.optimizers.Adam`.

use super::{Options, Step, UpdateRule, options_setters};
use candle_core::Tensor;
use candle_keras_layers::setters;
use candle_keras_ops::{Error, Result};
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
}

impl Default for Adam {
    fn default() -> Self {
        Self { options: Options::new(0.001), beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false }
    }
}

impl Adam {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// How much of the gradients' mean is kept at each step; 0.9 unless said.
        beta_1: f64,
        /// How much of the squares' mean is kept at each step; 0.999 unless said.
        beta_2: f64,
        /// What keeps the divisor from 0; 1e-7 unless said.
        epsilon: f64,
        /// Whether the divisor never shrinks (Reddi et al., 2018); false unless said.
        amsgrad: bool,
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
        if !(0.0..1.0).contains(&self.beta_1) || !(0.0..1.0).contains(&self.beta_2) {
            return Err(Error::new("beta_1 and beta_2 must be at least 0 and below 1")
                .received(format!("beta_1 = {}, beta_2 = {}", self.beta_1, self.beta_2)));
        }
        Ok(())
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

    fn update_in_place(&self, step: Step, w: &mut [f32], g: &[f32], slots: &mut [&mut [f32]]) -> Option<()> {
        let (alpha, epsilon) = (self.alpha(step) as f32, self.epsilon as f32);
        let (fresh_1, fresh_2) = ((1.0 - self.beta_1) as f32, (1.0 - self.beta_2) as f32);
        let [m, v, rest @ ..] = slots else { return None };
        let moments = w.iter_mut().zip(g).zip(m.iter_mut()).zip(v.iter_mut());
        match rest {
            [hat] => {
                for ((((w, &g), m), v), hat) in moments.zip(hat.iter_mut()) {
                    *m += (g - *m) * fresh_1;
                    *v += (g * g - *v) * fresh_2;
                    *hat = hat.max(*v);
                    *w -= alpha * *m / (hat.sqrt() + epsilon);
                }
            }
            _ => {
                for (((w, &g), m), v) in moments {
                    *m += (g - *m) * fresh_1;
                    *v += (g * g - *v) * fresh_2;
                    *w -= alpha * *m / (v.sqrt() + epsilon);
                }
            }
        }
        Some(())
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
        learning_rate: impl Into<super::LearningRate>, beta_1: f64, beta_2: f64, epsilon: f64, amsgrad: bool,
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

    fn update_in_place(&self, step: Step, w: &mut [f32], g: &[f32], slots: &mut [&mut [f32]]) -> Option<()> {
        self.0.update_in_place(step, w, g, slots)
    }
}
