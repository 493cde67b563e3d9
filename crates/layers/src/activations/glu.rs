//! The activation `"glu"`, the one whose output has another shape than its input.

use super::{Activate, glu};
use crate::object::Described;
use crate::{Config, Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::Error;

/// [`glu`] under its name.
#[derive(Debug)]
pub(super) struct Glu;

impl Described for Glu {
    fn class_name(&self) -> &str {
        "glu"
    }

    fn config(&self) -> Result<Config> {
        Ok("glu".into())
    }
}

impl Activate for Glu {
    fn call(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        glu(x)
    }

    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        let last = match input.last() {
            Some(Some(size)) if size % 2 == 0 => Some(size / 2),
            Some(None) => None,
            _ => return Err(Error::new("glu halves the last axis").received(format!("an input of shape {input}"))),
        };
        Ok(input[..input.len() - 1].iter().copied().chain([last]).collect())
    }
}
