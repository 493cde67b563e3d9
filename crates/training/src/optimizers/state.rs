//! An optimizer in files: its configuration, and its state in Keras's order.

use super::optimizer::Kind;
use super::rule_optimizer::RuleOptimizer;
use super::{LossScaleOptimizer, MultiOptimizer, Optimizer, from_keras};
use candle_core::{DType, Device, Tensor, Var};
use candle_keras_layers::{Config, KerasObject, Variable};
use candle_keras_ops::{Error, Result, json};

/// Reads the tensor with this index in a state: fills the given tensor in place, or returns another.
type Read<'a> = dyn FnMut(usize, &Tensor) -> Result<Option<Tensor>> + 'a;

impl Optimizer {
    /// Its configuration in Keras's form, without its state. Keras: `keras.optimizers.serialize`.
    ///
    /// # Errors
    /// If the rule, a transform or the schedule is custom and has no configuration.
    pub fn get_config(&self) -> Result<Config> {
        let (class_name, config) = match &self.0 {
            Kind::Rule(optimizer) => optimizer.config()?,
            Kind::Wrapper(wrapper) => wrapper.config().map(|(class_name, config)| (class_name.into(), config))?,
        };
        let module = Some("keras.optimizers".into());
        Ok(json::to_value(&KerasObject { module, class_name, config, registered_name: None })?)
    }

    /// The optimizer of a Keras configuration: a name or an object.
    ///
    /// # Errors
    /// If the class, an argument or the schedule is unknown.
    pub fn from_config(config: &Config) -> Result<Self> {
        if let Some(name) = config.as_str() {
            let optimizer = Self::from(name);
            return optimizer.name().map(|_| ()).map(|()| optimizer);
        }
        let object: KerasObject = json::from_value(config)?;
        let optimizer = match object.class_name.as_str() {
            "LossScaleOptimizer" => LossScaleOptimizer::from_config(object.config)?.into(),
            "MultiOptimizer" => MultiOptimizer::from_config(&object.config)?.into(),
            _ => Self::of_rule(Ok(from_keras(object)?)),
        };
        optimizer.check()?;
        Ok(optimizer)
    }

    /// Its state in Keras's order, with Keras's names: the step counter, the learning rate unless it is a schedule,
    /// the slots, and other counters of the rule. A wrapper has its own numbers first, and then the states of its optimizers.
    ///
    /// # Errors
    /// If the optimizer's name is unknown.
    pub fn state(&self) -> Result<Vec<(String, Tensor)>> {
        match &self.0 {
            Kind::Rule(optimizer) => optimizer.state(),
            Kind::Wrapper(wrapper) => {
                let own = wrapper.own_state()?.into_iter().map(|(name, tensor)| (name.into(), tensor));
                let inner = wrapper.inner().into_iter().map(Self::state).collect::<Result<Vec<_>>>()?;
                Ok(own.chain(inner.into_iter().flatten()).collect())
            }
        }
    }

    /// The optimizers that it wraps, with the groups of files in which Keras writes their states a second time.
    pub fn groups(&self) -> Vec<(String, &Self)> {
        match &self.0 {
            Kind::Rule(_) => Vec::new(),
            Kind::Wrapper(wrapper) => wrapper.inner_groups(),
        }
    }

    /// The step counter of each rule, and its learning rate unless it is a schedule: exact, where a state has float32.
    pub fn counters(&self) -> Vec<(u64, Option<f64>)> {
        match &self.0 {
            Kind::Rule(optimizer) => vec![(optimizer.iterations, optimizer.constant_learning_rate())],
            Kind::Wrapper(wrapper) => wrapper.inner().into_iter().flat_map(Self::counters).collect(),
        }
    }

    /// Restores what [`counters`](Self::counters) returned.
    pub fn set_counters(&mut self, counters: impl IntoIterator<Item = (u64, Option<f64>)>) {
        let mut counters = counters.into_iter();
        self.each_rule(&mut |optimizer| {
            let Some((iterations, learning_rate)) = counters.next() else { return };
            optimizer.iterations = iterations;
            if let Some(learning_rate) = learning_rate {
                optimizer.options.learning_rate = learning_rate.into();
            }
        });
    }

    /// Restores a state in the order of [`state`](Self::state), for these weights: tensors of these shapes, each of which `read` fills in
    /// place, or returns.
    ///
    /// # Errors
    /// If the number of tensors or a shape does not match, before anything is read; or those of `read`.
    pub fn set_state(
        &mut self,
        variables: &[Variable],
        shapes: &[&[usize]],
        mut read: impl FnMut(usize, &Tensor) -> Result<Option<Tensor>>,
    ) -> Result<()> {
        self.build(variables)?;
        let own = self.state()?;
        if own.len() != shapes.len() {
            return Err(mismatch(format!("{} tensors", own.len()), format!("{} tensors", shapes.len())));
        }
        if let Some(((name, a), b)) = own.iter().zip(shapes).find(|((_, a), b)| a.dims() != **b) {
            return Err(mismatch(format!("{name} of shape {:?}", a.dims()), format!("{b:?}")));
        }
        self.restore(0, &mut read).map(|_| ())
    }

    /// Restores a state whose first tensor has this index; returns the index after its last.
    fn restore(&mut self, first: usize, read: &mut Read) -> Result<usize> {
        match &mut self.0 {
            Kind::Rule(optimizer) => optimizer.restore(first, read),
            Kind::Wrapper(wrapper) => {
                let mut next = first + wrapper.own_state()?.len();
                let numbers = (first..next).map(|i| number(i, read)).collect::<Result<Vec<_>>>()?;
                for inner in wrapper.inner_mut() {
                    next = inner.restore(next, read)?;
                }
                wrapper.set_own_state(&numbers).map(|()| next)
            }
        }
    }
}

impl RuleOptimizer {
    fn config(&self) -> Result<(String, Config)> {
        let rule = self.rule()?;
        let missing = |what: &str| Error::new(format!("the optimizer {} has {what}", rule.name()));
        if self.has_own_transforms() {
            return Err(missing("a custom transform, which has no configuration").help("save the weights alone"));
        }
        let (class_name, mut config) = rule.config().ok_or_else(|| {
            missing("no configuration").help("implement UpdateRule::config, or save the weights alone")
        })?;
        // The learning rate may have been changed since.
        let options = json::to_value(&self.options)?;
        if let (Some(config), Some(options)) = (config.as_object_mut(), options.as_object()) {
            options.iter().for_each(|(name, value)| _ = config.insert(name.clone(), value.clone()));
            if config["name"].is_null() {
                config.insert("name".into(), rule.name().into());
            }
        }
        Ok((class_name.into(), config))
    }

    fn state(&self) -> Result<Vec<(String, Tensor)>> {
        self.flush_pending();
        let mut state = vec![("iteration".into(), Tensor::new(self.iterations as i64, &Device::Cpu)?)];
        if !self.options.learning_rate.is_schedule() {
            state.push(("learning_rate".into(), Tensor::new(self.learning_rate() as f32, &Device::Cpu)?));
        }
        state.extend(
            self.slots.in_order_of_files().into_iter().map(|(name, slot)| (name, Var::as_detached_tensor(slot))),
        );
        for (name, value) in self.counters_of_rule()? {
            state.push((name.into(), Tensor::new(value as f32, &Device::Cpu)?));
        }
        Ok(state)
    }

    fn restore(&mut self, first: usize, read: &mut Read) -> Result<usize> {
        self.flush_pending();
        let has_rate = !self.options.learning_rate.is_schedule();
        let mut next = first + 1 + usize::from(has_rate);
        for (_, slot) in self.slots.in_order_of_files() {
            if let Some(value) = read(next, &slot.as_detached_tensor())? {
                slot.set(&value.to_device(slot.device())?.to_dtype(slot.dtype())?)?;
            }
            next += 1;
        }
        self.iterations = count_of_steps(number(first, read)?)?;
        if has_rate {
            self.options.learning_rate = number(first + 1, read)?.into();
        }
        Ok(next + self.counters_of_rule()?.len())
    }
}

/// A number of a state.
fn number(i: usize, read: &mut Read) -> Result<f64> {
    // A scalar to fill, unless `read` returns one.
    let place = Tensor::zeros((), DType::F32, &Device::Cpu)?;
    Ok(read(i, &place)?.unwrap_or(place).to_dtype(DType::F64)?.to_scalar()?)
}

/// A step counter, from a number in a file.
pub(super) fn count_of_steps(number: f64) -> Result<u64> {
    if (0.0..9e15).contains(&number) {
        return Ok(number as u64);
    }
    Err(mismatch("a step counter".into(), number.to_string()))
}

pub(super) fn mismatch(expected: String, received: String) -> Error {
    Error::new("the optimizer's state does not match the model").expected(expected).received(received)
}
