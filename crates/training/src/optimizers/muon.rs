//! Muon: the momentum of each matrix, made orthogonal. Keras: `keras.optimizers.Muon`.

use super::adam::{adam, bias_corrected};
use super::{Denominator, MomentumDrift, Options, Slot, Step, UpdateRule, Weights, ZeroGradientRule};
use super::{check_betas, options_setters, widened};
use candle_core::Tensor;
use candle_keras_layers::{Variable, setters};
use candle_keras_ops::{Error, Result, json, update::Elementwise};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// For matrices, `m = momentum m + g; w -= lr rms_rate sqrt(max(rows, columns)) o`, where `o` is about the nearest orthogonal matrix to
/// `g + momentum m`, by Newton-Schulz steps `x = a x + (b x xᵀ + c (x xᵀ)²) x` (Jordan, 2024; Liu et al., 2025).
///
/// Weights that are not matrices, those of an Embedding, and those of the layers in `exclude_layers`, which should have the last Dense of a model, are
/// updated as by [`AdamW`](super::AdamW).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Muon {
    #[serde(flatten)]
    options: Options,
    adam_beta_1: f64,
    adam_beta_2: f64,
    #[serde(default, deserialize_with = "json::optional_number")]
    adam_weight_decay: Option<f64>,
    epsilon: f64,
    #[serde(default, serialize_with = "to_patterns", deserialize_with = "from_patterns")]
    exclude_layers: Vec<Weights>,
    exclude_embeddings: bool,
    muon_a: f64,
    muon_b: f64,
    muon_c: f64,
    adam_lr_ratio: f64,
    momentum: f64,
    ns_steps: u64,
    nesterov: bool,
    #[serde(default, deserialize_with = "json::optional_number")]
    rms_rate: Option<f64>,
}

fn to_patterns<S: Serializer>(weights: &[Weights], serializer: S) -> Result<S::Ok, S::Error> {
    weights.iter().filter_map(Weights::pattern).collect::<Vec<_>>().serialize(serializer)
}

fn from_patterns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Weights>, D::Error> {
    let patterns: Option<Vec<String>> = Deserialize::deserialize(deserializer)?;
    Ok(patterns.unwrap_or_default().into_iter().map(Weights::from).collect())
}

impl Default for Muon {
    fn default() -> Self {
        let options = Options { weight_decay: Some(0.004), ..Options::new(0.001) };
        Self {
            options,
            adam_beta_1: 0.9,
            adam_beta_2: 0.999,
            adam_weight_decay: Some(0.004),
            epsilon: 1e-7,
            exclude_layers: Vec::new(),
            exclude_embeddings: true,
            muon_a: 3.4445,
            muon_b: -4.7750,
            muon_c: 2.0315,
            adam_lr_ratio: 1.0,
            momentum: 0.95,
            ns_steps: 5,
            nesterov: true,
            rms_rate: Some(0.2),
        }
    }
}

impl Muon {
    /// With Keras's defaults: a weight decay of 0.004.
    pub fn new() -> Self {
        Self::default()
    }

    options_setters!();

    setters! {
        /// The decay rate of the mean of gradients, for Adam. Default: 0.9.
        adam_beta_1: f64,
        /// The decay rate of the mean of squared gradients, for Adam. Default: 0.999.
        adam_beta_2: f64,
        /// The weight decay of weights that Adam updates, `None` for none. Default: 0.004.
        adam_weight_decay: Option<f64>,
        /// Added to Adam's denominator for numerical stability. Default: 1e-7.
        epsilon: f64,
        /// Whether Adam updates weights with "embedding" in their paths. Default: true.
        exclude_embeddings: bool,
        /// The factor of `x` in a Newton-Schulz step. Default: 3.4445.
        muon_a: f64,
        /// The factor of `x xᵀ x` in a Newton-Schulz step. Default: -4.775.
        muon_b: f64,
        /// The factor of `(x xᵀ)² x` in a Newton-Schulz step. Default: 2.0315.
        muon_c: f64,
        /// The learning rate of Adam as a share of that of Muon. Default: 1.
        adam_lr_ratio: f64,
        /// The momentum of matrices. Default: 0.95.
        momentum: f64,
        /// Whether Nesterov momentum is used for matrices. Default: true.
        nesterov: bool,
        /// The root mean square of an update of a matrix, so that the learning rate and weight decay of AdamW suit (Liu et al., 2025); `None` for
        /// updates that are orthogonal. Default: 0.2.
        rms_rate: Option<f64>,
    }

    /// The number of Newton-Schulz steps. Default: 5.
    #[must_use]
    pub fn ns_steps(mut self, steps: u64) -> Self {
        self.ns_steps = steps;
        self
    }

    /// Regular expressions: Adam updates the weights in whose paths, such as `"sequential/output/kernel"`, one is found. Default: none.
    #[must_use]
    pub fn exclude_layers(mut self, patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.exclude_layers = patterns.into_iter().map(|pattern| Weights::from(pattern.into())).collect();
        self
    }

    /// Whether Adam updates this weight.
    fn is_for_adam(&self, weight: &Variable) -> bool {
        weight.dims().len() != 2
            || self.exclude_embeddings && weight.path().to_lowercase().contains("embedding")
            || self.exclude_layers.iter().any(|pattern| pattern.path_has(weight))
    }

    fn alpha(&self, step: Step) -> f64 {
        self.adam_lr_ratio * bias_corrected(step, self.adam_beta_1, self.adam_beta_2)
    }

    /// About the nearest orthogonal matrix.
    fn orthogonal(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let (rows, columns) = x.dims2()?;
        let is_tall = rows > columns;
        let x = if is_tall { x.t()?.contiguous()? } else { x.clone() };
        // The largest singular value is at most the norm.
        let mut x = x.broadcast_div(&(x.sqr()?.sum_all()?.sqrt()? + 1e-7)?)?;
        for _ in 0..self.ns_steps {
            let square = x.matmul(&x.t()?)?;
            let both = ((&square * self.muon_b)? + (square.matmul(&square)? * self.muon_c)?)?;
            x = ((&x * self.muon_a)? + both.matmul(&x)?)?;
        }
        if is_tall { x.t()?.contiguous() } else { Ok(x) }
    }
}

impl UpdateRule for Muon {
    fn name(&self) -> &str {
        "muon"
    }

    fn options(&self) -> Options {
        self.options.clone()
    }

    fn config(&self) -> Option<(&str, serde_json::Value)> {
        Some(("Muon", json::to_value(self).unwrap_or_default()))
    }

    fn slots(&self, weight: &Variable) -> Vec<Vec<Slot>> {
        let of_adam = self.is_for_adam(weight).then(|| Slot::new("velocity"));
        vec![[Slot::new("momentum")].into_iter().chain(of_adam).collect()]
    }

    fn check(&self) -> Result<()> {
        check_betas(self.adam_beta_1, self.adam_beta_2)?;
        self.exclude_layers.iter().try_for_each(Weights::check)
    }

    fn weight_decay(&self, weight: &Variable, of_options: f64) -> f64 {
        if self.is_for_adam(weight) { self.adam_weight_decay.unwrap_or(0.0) } else { of_options }
    }

    fn elementwise(&self, step: Step, weight: &Variable) -> Option<Elementwise> {
        let of_adam = || adam(self.alpha(step), self.epsilon, 1.0 - self.adam_beta_1, 1.0 - self.adam_beta_2);
        self.is_for_adam(weight).then(of_adam)
    }

    /// Of weights that Adam updates; only these may be tables.
    fn zero_gradient(&self, step: Step) -> Option<ZeroGradientRule> {
        let drift = MomentumDrift::new(0, self.alpha(step)).over(Denominator::RootOf(1), self.epsilon);
        Some(ZeroGradientRule::new([self.adam_beta_1, self.adam_beta_2]).drift(drift))
    }

    fn update(&self, step: Step, weight: &Tensor, gradient: &Tensor, slots: &mut [Tensor]) -> Result<Tensor> {
        let [momentum] = slots else { return Err(Error::new("Muon has one slot for each matrix")) };
        let (w, m) = (widened(weight)?, widened(momentum)?);
        let g = gradient.to_dtype(w.dtype())?;
        let m = ((&m * self.momentum)? + &g)?;
        let update = if self.nesterov { self.orthogonal(&(g + (&m * self.momentum)?)?)? } else { self.orthogonal(&m)? };
        *momentum = m;
        let longer = w.dims().iter().copied().max().unwrap_or(1) as f64;
        let rate = step.learning_rate * self.rms_rate.map_or(1.0, |rate| rate * longer.sqrt());
        Ok((w - (update * rate)?)?)
    }
}
