//! An optimizer in files: its description, and its state in Keras's order.

use super::{LearningRate, Optimizer, from_keras};
use candle_core::{DType, Device, Tensor, Var};
use candle_keras_layers::{Config, KerasObject, Variable};
use candle_keras_ops::{Error, Result};

impl Optimizer {
    /// Keras's form of it, without its state. Keras: `keras.optimizers.serialize`.
    ///
    /// # Errors
    /// If the rule or the schedule is one's own and has no configuration.
    pub fn get_config(&self) -> Result<Config> {
        let rule = self.rule()?;
        let (class_name, mut config) = rule.config().ok_or_else(|| {
            Error::new(format!("the optimizer {} has no configuration", rule.name()))
                .help("implement UpdateRule::config, or save the weights alone")
        })?;
        // The learning rate may have been changed since.
        let options = serde_json::to_value(&self.options)?;
        if let (Some(config), Some(options)) = (config.as_object_mut(), options.as_object()) {
            options.iter().for_each(|(name, value)| _ = config.insert(name.clone(), value.clone()));
            if config["name"].is_null() {
                config.insert("name".into(), rule.name().into());
            }
        }
        let (module, class_name) = (Some("keras.optimizers".into()), class_name.into());
        Ok(serde_json::to_value(KerasObject { module, class_name, config, registered_name: None })?)
    }

    /// The optimizer that Keras describes by a name or an object.
    ///
    /// # Errors
    /// If the class, an argument or the schedule is not known.
    pub fn from_config(config: &Config) -> Result<Self> {
        if let Some(name) = config.as_str() {
            let optimizer = Self::from(name);
            return optimizer.rule().map(|_| ()).map(|()| optimizer);
        }
        let optimizer = Self::new(Ok(from_keras(serde_json::from_value(config.clone())?)?));
        optimizer.check()?;
        Ok(optimizer)
    }

    /// Its state in Keras's order, with the names that Keras gives: the count of steps, the learning rate unless it is a schedule,
    /// the slots, and what else the rule counts.
    pub fn state(&self) -> Result<Vec<(String, Tensor)>> {
        self.settle();
        let mut state = vec![("iteration".into(), Tensor::new(self.iterations as i64, &Device::Cpu)?)];
        if !self.options.learning_rate.is_schedule() {
            state.push(("learning_rate".into(), Tensor::new(self.learning_rate() as f32, &Device::Cpu)?));
        }
        let slots = self.slot_order()?.into_iter().map(|(name, slot)| (name, slot.as_detached_tensor()));
        state.extend(slots);
        for (name, value) in self.rule()?.counters(self.iterations) {
            state.push((name.into(), Tensor::new(value as f32, &Device::Cpu)?));
        }
        Ok(state)
    }

    /// The slots in Keras's order, with their names.
    fn slot_order(&self) -> Result<Vec<(String, &Var)>> {
        let (mut slots, mut first) = (Vec::new(), 0);
        for group in self.groups()? {
            for variable in &self.order {
                let of_variable = self.slots.get(&variable.id()).map_or(&[][..], Vec::as_slice);
                let named = group.iter().zip(&of_variable[first..]);
                slots.extend(named.map(|(name, slot)| (format!("{}_{name}", variable.path().replace('/', "_")), slot)));
            }
            first += group.len();
        }
        Ok(slots)
    }

    /// The slots of each weight: those of the options, then those of the rule.
    pub(super) fn groups(&self) -> Result<Vec<Vec<&'static str>>> {
        Ok([self.options.slots(), self.rule()?.slots()].concat())
    }

    /// The learning rate, unless it is a schedule.
    pub fn constant_learning_rate(&self) -> Option<f64> {
        match self.options.learning_rate {
            LearningRate::Constant(value) => Some(value),
            LearningRate::Schedule(_) => None,
        }
    }

    /// Sets the count of steps and the learning rate exactly, which a state has in float32 only.
    pub fn set_counters(&mut self, iterations: u64, learning_rate: Option<f64>) {
        self.iterations = iterations;
        if let Some(learning_rate) = learning_rate {
            self.options.learning_rate = learning_rate.into();
        }
    }

    /// Takes over a state in the order of [`state`](Self::state), for these weights: tensors of these shapes, each of which `read` fills in
    /// place, or returns.
    ///
    /// # Errors
    /// If the number of tensors or a shape is another, before anything is read; or those of `read`.
    pub fn set_state(
        &mut self,
        variables: &[Variable],
        shapes: &[&[usize]],
        mut read: impl FnMut(usize, &Tensor) -> Result<Option<Tensor>>,
    ) -> Result<()> {
        self.build(variables)?;
        let own = self.state()?;
        let mismatch = |expected: String, received: String| {
            Error::new("the optimizer's state does not suit the model").expected(expected).received(received)
        };
        if own.len() != shapes.len() {
            return Err(mismatch(format!("{} tensors", own.len()), format!("{} tensors", shapes.len())));
        }
        if let Some(((name, a), b)) = own.iter().zip(shapes).find(|((_, a), b)| a.dims() != **b) {
            return Err(mismatch(format!("{name} of shape {:?}", a.dims()), format!("{b:?}")));
        }
        let slots = self.slot_order()?;
        let fixed = own.len() - slots.len() - self.rule()?.counters(0).len();
        for (i, (_, slot)) in slots.into_iter().enumerate() {
            if let Some(value) = read(fixed + i, &slot.as_detached_tensor())? {
                slot.set(&value.to_device(slot.device())?.to_dtype(slot.dtype())?)?;
            }
        }
        let mut number = |i: usize| -> Result<f64> {
            // What stands in the state for the time being is of no use; a scalar of its own is filled.
            let place = Tensor::zeros((), DType::F32, &Device::Cpu)?;
            Ok(read(i, &place)?.unwrap_or(place).to_dtype(DType::F64)?.to_scalar()?)
        };
        let iterations = number(0)?;
        if !(0.0..9e15).contains(&iterations) {
            return Err(mismatch("a count of steps".into(), iterations.to_string()));
        }
        self.iterations = iterations as u64;
        if fixed > 1 {
            self.options.learning_rate = number(1)?.into();
        }
        Ok(())
    }
}
