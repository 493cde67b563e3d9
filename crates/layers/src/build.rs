//! What a layer adds in `build`: weights, sublayers, and the sizes of inputs that they depend on.

use crate::lora::{Lora, LoraArguments};
use crate::variable::{Variable, Weight};
use crate::{Base, IntoLayer, Layer, Shape};
use candle_keras_ops::{Error, Result};
use hashbrown::HashSet;
use std::fmt;
use std::sync::Arc;

/// Collects what a layer adds in `build`: its weights and sublayers.
#[derive(Debug)]
pub struct Build<'a> {
    base: &'a Base,
    inputs: &'a [Shape],
    pub(crate) weights: Vec<Weight>,
    pub(crate) shared: Vec<Variable>,
    pub(crate) states: Vec<Weight>,
    pub(crate) layers: Vec<(String, Arc<dyn Layer>)>,
    pub(crate) fixed: Vec<FixedSize>,
    pub(crate) adaptable: Option<&'static str>,
    pub(crate) lora: Option<Lora>,
}

impl<'a> Build<'a> {
    pub(crate) fn new(base: &'a Base, inputs: &'a [Shape]) -> Self {
        let (weights, shared, states, layers, fixed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { base, inputs, weights, shared, states, layers, fixed, adaptable: None, lora: None }
    }

    /// An error if two weights have one name.
    pub(crate) fn checked(self) -> Result<Self> {
        let mut names = HashSet::new();
        match self.weights.iter().find(|weight| !names.insert(weight.name())) {
            Some(twice) => {
                Err(Error::new("each weight of a layer has its own name").received(format!("{:?} twice", twice.name())))
            }
            None => Ok(self),
        }
    }

    /// Adds a weight. Keras: `self.add_weight(...)`.
    pub fn add_weight(&mut self, weight: Weight) {
        self.weights.push(weight);
    }

    /// Adds a weight of a sublayer to those of this layer, in front of its own: Keras's files have it twice.
    pub(crate) fn share(&mut self, weight: Variable) {
        self.shared.push(weight);
    }

    /// Adds a state that is neither a weight nor saved: what a stateful recurrent layer keeps from batch to batch.
    pub(crate) fn add_state(&mut self, state: Weight) {
        self.states.push(state.trainable(false));
    }

    /// Says which weight LoRA adapts: from the start, if the arguments say so.
    pub(crate) fn adaptable(&mut self, weight: &'static str, arguments: &LoraArguments) {
        (self.adaptable, self.lora) = (Some(weight), arguments.lora());
    }

    /// Adds a sublayer and builds it for inputs of these shapes; `self.base().layer(name)` returns it, and files keep its weights under
    /// `name`.
    ///
    /// It takes the dtype policy of this layer if it has none, and is frozen with it.
    ///
    /// # Errors
    /// If the shapes do not fit it, or the name is taken.
    pub fn add_layer(&mut self, name: &str, layer: impl IntoLayer, inputs: &[Shape]) -> Result<()> {
        let layer = layer.into_layer()?;
        if self.layers.iter().any(|(known, _)| known == name) {
            return Err(
                Error::new("each sublayer of a layer is added under its own name").received(format!("{name:?} twice"))
            );
        }
        let inner = layer.base();
        if inner.id() == self.base.id() {
            return Err(Error::new("a layer cannot be a sublayer of itself"));
        }
        inner.place_in(self.base);
        inner.inherit_policy(self.base)?;
        if !self.base.is_trainable() {
            layer.set_trainable(false);
        }
        crate::layer::build(&*layer, inputs)?;
        self.layers.push((name.into(), layer));
        Ok(())
    }

    /// The size of an axis of the input, from the end if negative, which must be known; from now on the layer refuses inputs of another
    /// size.
    ///
    /// # Errors
    /// If it is unknown, or 0.
    pub fn input_size(&mut self, axis: i64) -> Result<usize> {
        self.input_size_of(0, axis)
    }

    /// [`input_size`](Self::input_size) of the last axis, if it is known: what the sublayers are built for.
    pub(crate) fn fix_features(&mut self) -> Result<()> {
        let known = self.inputs.first().and_then(|shape| shape.last().copied().flatten());
        known.map_or(Ok(()), |_| self.input_size(-1).map(|_| ()))
    }

    /// [`input_size`](Self::input_size) of one of several inputs.
    ///
    /// # Errors
    /// As [`input_size`](Self::input_size).
    pub fn input_size_of(&mut self, input: usize, axis: i64) -> Result<usize> {
        let fixed = FixedSize { input, axis, size: 0 };
        let shape = self.inputs.get(input).ok_or_else(|| Error::new("an input is missing"))?;
        let size = fixed.at(shape.len()).and_then(|axis| shape[axis]);
        let size = size.filter(|size| *size > 0).ok_or_else(|| {
            let of = if axis == -1 { "the last dimension".into() } else { format!("axis {axis}") };
            let must = if size == Some(0) { "be positive" } else { "be known" };
            Error::new(format!("the size of {of} must {must}")).received(format!("an input of shape {shape}"))
        })?;
        self.fixed.push(FixedSize { size, ..fixed });
        Ok(size)
    }
}

/// A size of an input that the weights depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FixedSize {
    pub(crate) input: usize,
    axis: i64,
    pub(crate) size: usize,
}

impl FixedSize {
    /// The index of the axis in an input of this rank.
    pub(crate) fn at(&self, rank: usize) -> Option<usize> {
        let axis = if self.axis < 0 { self.axis + rank as i64 } else { self.axis };
        usize::try_from(axis).ok().filter(|axis| *axis < rank)
    }

    pub(crate) fn error(&self, received: impl fmt::Display) -> Error {
        Error::new("the layer was built for inputs of another size")
            .expected(format!("{} on axis {}", self.size, self.axis))
            .received(format!("an input of shape {received}"))
            .help("a layer has one set of weights; make another layer for other sizes")
    }
}
