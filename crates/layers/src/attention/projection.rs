//! The projections of an attention, as sublayers.

use crate::lora::LoraArguments;
use crate::{Build, Context, Layer, Shape, Weight};
use crate::{Constraint, Initializer, Regularizer};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, FusedActivation, Result};

layer! {
    /// A product over the last axes, at each position of a sequence. Keras's is an `EinsumDense`.
    pub struct EinsumDense(
        /// The sizes of the axes that are multiplied.
        from: Vec<usize>,
        /// The sizes of the output axes.
        to: Vec<usize>,
    ) {
        activation: FusedActivation = FusedActivation::Linear,
        use_bias: bool = true,
        kernel_initializer: Initializer = "glorot_uniform",
        bias_initializer: Initializer = "zeros",
        kernel_regularizer: Option<Regularizer>,
        bias_regularizer: Option<Regularizer>,
        kernel_constraint: Option<Constraint>,
        bias_constraint: Option<Constraint>,
    }
}

impl Layer for EinsumDense {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = crate::single(inputs)?;
        let places = input[..input.len() - self.from.len()].iter().copied();
        Ok(vec![places.chain(self.to.iter().copied().map(Some)).collect()])
    }

    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        let axes: Vec<usize> = (0..self.from.len() + self.to.len()).collect();
        let (inputs, outputs) = axes.split_at(self.from.len());
        let initializer = self.kernel_initializer.for_axes(inputs, outputs)?;
        build.add_weight(
            Weight::new("kernel", [&self.from[..], &self.to].concat(), &initializer)
                .regularizer(&self.kernel_regularizer)
                .constraint(&self.kernel_constraint),
        );
        build.adaptable("kernel", &LoraArguments::new());
        if self.use_bias {
            build.add_weight(
                Weight::new("bias", self.to.clone(), &self.bias_initializer)
                    .regularizer(&self.bias_regularizer)
                    .constraint(&self.bias_constraint),
            );
        }
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let kernel = self.weight("kernel", ctx)?;
        let bias = if self.use_bias { Some(self.weight("bias", ctx)?) } else { None };
        let (x, over) = (crate::single(inputs)?, self.from.len());
        Ok(vec![ops::dense_over(x, &kernel, bias.as_ref(), self.activation, over)?])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}
