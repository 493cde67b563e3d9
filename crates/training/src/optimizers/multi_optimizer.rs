//! Several optimizers, each for some weights. Keras: `keras.optimizers.MultiOptimizer`.

use super::optimizer::Kind;
use super::state::count_of_steps;
use super::transforms::all_finite;
use super::wrapper::Wrapper;
use super::{Optimizer, Weights};
use candle_core::{Device, Tensor};
use candle_keras_layers::{Config, KerasObject, Variable, setters};
use candle_keras_ops::{Error, Gradient, Result, json};
use serde_json::{Map, json};
use std::collections::HashMap;

/// Several optimizers, each for some weights, and a default for all others. As in Keras's `OptimizerMap`, weights are selected by regular expressions; a
/// model whose weights are selected by a list or a function cannot be saved compiled.
///
/// Each has its own step counter and learning rate; clipping by a global norm uses its own weights only.
///
/// ```
/// use candle_keras_training::Optimizer;
/// use candle_keras_training::optimizers::{Adam, MultiOptimizer, SGD};
/// let mut optimizer = Optimizer::from(MultiOptimizer::new(Adam::new()).with("embedding/.*", SGD::new()));
/// optimizer.optimizers()[0].set_learning_rate(0.1);
/// assert_eq!(optimizer.learning_rate(), 0.001); // of the default
/// ```
#[derive(Debug)]
pub struct MultiOptimizer {
    name: String,
    loss_scale_factor: Option<f64>,
    default: Optimizer,
    others: Vec<(Weights, Optimizer)>,
    /// The optimizer of each weight, as an index into `others`; `None` for the default.
    places: HashMap<u64, Option<usize>>,
    iterations: u64,
}

impl MultiOptimizer {
    /// With a default optimizer, for weights that no other optimizer selects.
    pub fn new(default: impl Into<Optimizer>) -> Self {
        let mut default = default.into();
        default.clear_loss_scale();
        Self {
            name: "multi_optimizer".into(),
            loss_scale_factor: None,
            default,
            others: Vec::new(),
            places: HashMap::new(),
            iterations: 0,
        }
    }

    /// Adds an optimizer for some weights: a regular expression that must match all of their paths, such as `"embedding/.*"`, a list, or a function.
    #[must_use]
    pub fn with(mut self, weights: impl Into<Weights>, optimizer: impl Into<Optimizer>) -> Self {
        let mut optimizer = optimizer.into();
        optimizer.clear_loss_scale();
        self.others.push((weights.into(), optimizer));
        self
    }

    setters! {
        /// The name of the optimizer in files.
        name: String,
        /// A factor on the loss before the backward pass, by which gradients are divided afterwards; those of the inner optimizers have no effect.
        loss_scale_factor: optional f64,
    }

    pub(super) fn from_config(config: &Config) -> Result<Self> {
        let map = &config["optimizer_map"]["config"];
        let mut new = Self::new(Optimizer::from_config(&map["default_optimizer"])?);
        for (pattern, optimizer) in map["optimizer_map"].as_object().into_iter().flatten() {
            new = new.with(pattern.as_str(), Optimizer::from_config(optimizer)?);
        }
        new.loss_scale_factor = json::as_f64(&config["loss_scale_factor"]);
        Ok(config["name"].as_str().into_iter().fold(new, Self::name))
    }

    /// The index of a weight's optimizer in `others`. Keras: `OptimizerMap.__getitem__`.
    fn place(&mut self, weight: &Variable) -> Result<Option<usize>> {
        if let Some(place) = self.places.get(&weight.id()) {
            return Ok(*place);
        }
        let path = weight.path();
        let exactly = self.others.iter().position(|(weights, _)| weights.pattern() == Some(path.as_str()));
        let matching: Vec<_> = (0..self.others.len()).filter(|&i| self.others[i].0.path_is(weight)).collect();
        let place = match (exactly, matching.as_slice()) {
            (Some(place), _) => Some(place),
            (None, []) => None,
            (None, [place]) => Some(*place),
            (None, [first, second, ..]) => {
                let names = [first, second].map(|&i| format!("{:?}", self.others[i].0));
                return Err(Error::new(format!("several optimizers match the weight {:?}", weight.path()))
                    .received(names.join(" and "))
                    .help("each weight must match one optimizer"));
            }
        };
        self.places.insert(weight.id(), place);
        Ok(place)
    }
}

impl From<MultiOptimizer> for Optimizer {
    fn from(optimizer: MultiOptimizer) -> Self {
        Self(Kind::Wrapper(Box::new(optimizer)))
    }
}

impl Wrapper for MultiOptimizer {
    fn name(&self) -> &str {
        &self.name
    }

    fn check(&self) -> Result<()> {
        self.others.iter().try_for_each(|(weights, _)| weights.check())?;
        let patterns: Vec<_> = self.others.iter().filter_map(|(weights, _)| weights.pattern()).collect();
        if let Some(twice) = patterns.iter().enumerate().find(|(i, pattern)| patterns[..*i].contains(pattern)) {
            return Err(
                Error::new("a MultiOptimizer has two optimizers for the same weights").received(twice.1.to_string())
            );
        }
        if self.inner().into_iter().any(Optimizer::is_wrapper) {
            return Err(Error::new("the optimizers in a MultiOptimizer must have one rule each")
                .received("a LossScaleOptimizer or MultiOptimizer")
                .help("LossScaleOptimizer::new(MultiOptimizer::new(...))"));
        }
        Ok(())
    }

    fn config(&self) -> Result<(&'static str, Config)> {
        let mut map = Map::new();
        for (weights, optimizer) in &self.others {
            let pattern = weights.pattern().ok_or_else(|| {
                Error::new("a MultiOptimizer whose weights are selected by a list or a function has no configuration")
                    .help("select them by regular expressions, or save the weights alone")
            })?;
            map.insert(pattern.into(), optimizer.get_config()?);
        }
        let object = KerasObject {
            module: Some("keras.optimizers".into()),
            class_name: "OptimizerMap".into(),
            config: json!({"default_optimizer": self.default.get_config()?, "optimizer_map": map}),
            registered_name: None,
        };
        let config = json!({"optimizer_map": object, "loss_scale_factor": json::to_value(&self.loss_scale_factor)?, "name": self.name});
        Ok(("MultiOptimizer", config))
    }

    fn default_optimizer(&self) -> &Optimizer {
        &self.default
    }

    fn default_optimizer_mut(&mut self) -> &mut Optimizer {
        &mut self.default
    }

    fn inner(&self) -> Vec<&Optimizer> {
        self.others.iter().map(|(_, optimizer)| optimizer).chain([&self.default]).collect()
    }

    fn inner_mut(&mut self) -> Vec<&mut Optimizer> {
        self.others.iter_mut().map(|(_, optimizer)| optimizer).chain([&mut self.default]).collect()
    }

    fn inner_groups(&self) -> Vec<(String, &Optimizer)> {
        let mut counts = HashMap::new();
        let named = |optimizer| {
            let name = Optimizer::name(optimizer).unwrap_or_default();
            let count = counts.entry(name).or_insert(0);
            *count += 1;
            let number = if *count == 1 { String::new() } else { format!("_{}", *count - 1) };
            (format!("optimizers/{name}{number}"), optimizer)
        };
        self.inner().into_iter().map(named).collect()
    }

    fn optimizer_of(&mut self, weight: &Variable) -> Result<&mut Optimizer> {
        Ok(match self.place(weight)? {
            Some(place) => &mut self.others[place].1,
            None => &mut self.default,
        })
    }

    fn loss_scale(&self) -> f64 {
        self.loss_scale_factor.unwrap_or(1.0)
    }

    fn apply_gradients(&mut self, gradients: Vec<(Variable, Gradient)>) -> Result<bool> {
        // A step is skipped by all optimizers or by none.
        if self.inner().into_iter().any(Optimizer::skips_nonfinite) && !all_finite(&gradients)? {
            return Ok(false);
        }
        let mut groups: Vec<_> = (0..=self.others.len()).map(|_| Vec::new()).collect();
        for (weight, gradient) in gradients {
            let place = self.place(&weight)?.unwrap_or(self.others.len());
            groups[place].push((weight, gradient));
        }
        for (optimizer, group) in self.inner_mut().into_iter().zip(groups) {
            if !group.is_empty() {
                optimizer.apply_gradients(group)?;
            }
        }
        self.iterations += 1;
        Ok(true)
    }

    fn iterations(&self) -> u64 {
        self.iterations
    }

    /// Keras has a learning rate here too, which is 0.
    fn own_state(&self) -> Result<Vec<(&'static str, Tensor)>> {
        Ok(vec![
            ("iteration", Tensor::new(self.iterations as i64, &Device::Cpu)?),
            ("learning_rate", Tensor::new(0f32, &Device::Cpu)?),
        ])
    }

    fn set_own_state(&mut self, numbers: &[f64]) -> Result<()> {
        if let [iterations, _] = *numbers {
            self.iterations = count_of_steps(iterations)?;
        }
        Ok(())
    }

    fn scales_loss_dynamically(&self) -> bool {
        false
    }

    fn clear_loss_scale(&mut self) {
        self.loss_scale_factor = None;
    }
}
