//! The weights of a part of a layer, for which Keras has a layer inside of it: a recurrent cell, a projection.

use crate::{Base, Config, Context, Declared, Described, Layer, Shape, Build};
use candle_core::Tensor;
use candle_keras_ops::{DTypeName, Error, Result};

/// A layer that only keeps weights; the layer around it computes with them.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    base: Base,
    class_name: &'static str,
}

impl Part {
    pub(crate) fn new(name: &str, class_name: &'static str) -> Self {
        Self { base: Base::named(name.into()), class_name }
    }

    /// Makes the weights that `describe` asks for, in the dtype of the layer around.
    pub(crate) fn build(&self, outer: &Base, shapes: &[Shape], describe: impl FnOnce(&mut Weights)) -> Result<()> {
        self.base.set_dtype(DTypeName::Known(outer.dtype()));
        self.base.build(shapes, |weights| {
            describe(weights);
            Ok(())
        })
    }

    fn alone(&self) -> Error {
        Error::new(format!("{} is a part of another layer and does not run by itself", self.class_name))
    }
}

impl Declared for Part {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Described for Part {
    fn class_name(&self) -> &str {
        self.class_name
    }

    fn config(&self) -> Result<Config> {
        Err(self.alone())
    }
}

impl Layer for Part {
    fn compute_output_shape(&self, _: &[Shape]) -> Result<Vec<Shape>> {
        Err(self.alone())
    }

    fn forward(&self, _: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Err(self.alone())
    }
}
