//! Dense: a fully connected layer. Keras: `keras.layers.Dense`.

use crate::activations::ActivationFunction;
use crate::layer::single;
use crate::lora::{LoraArguments, lora_setters};
use crate::{Build, Constraint, Context, Initializer, Layer, Regularizer, Shape, Weight};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Result};

layer! {
    /// `activation(dot(input, kernel) + bias)`.
    ///
    /// Keras: `keras.layers.Dense`.
    ///
    /// # Shapes
    /// - input: `(batch, ..., features)`
    /// - output: `(batch, ..., units)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Dense, Input, Layer};
    /// let y = Dense::new(32).activation("relu").call(&Input::shape([20]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Dense(
        /// The number of outputs.
        units: usize,
    ) {
        /// The activation.
        activation: ActivationFunction = "linear",
        /// Whether there is a bias.
        use_bias: bool = true,
        /// The initializer of the kernel.
        kernel_initializer: Initializer = "glorot_uniform",
        /// The initializer of the bias.
        bias_initializer: Initializer = "zeros",
        /// The regularizer of the kernel.
        kernel_regularizer: Option<Regularizer>,
        /// The regularizer of the bias.
        bias_regularizer: Option<Regularizer>,
        /// The constraint on the kernel.
        kernel_constraint: Option<Constraint>,
        /// The constraint on the bias.
        bias_constraint: Option<Constraint>,
        ..lora: LoraArguments = LoraArguments::new() => lora_setters,
    }
}

impl Layer for Dense {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        if input.len() < 2 {
            return Err(Error::new("the layer takes features")
                .expected("(batch, ..., features)")
                .received(format!("an input of shape {input}")));
        }
        Ok(vec![input[..input.len() - 1].iter().copied().chain([Some(self.units)]).collect()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        self.activation.check()?;
        if self.units == 0 {
            return Err(Error::new("units must be positive").received("0"));
        }
        self.compute_output_shape(inputs)?;
        let features = build.input_size(-1)?;
        build.add_weight(
            Weight::new("kernel", [features, self.units], &self.kernel_initializer)
                .regularizer(&self.kernel_regularizer)
                .constraint(&self.kernel_constraint),
        );
        build.adaptable("kernel", &self.lora);
        if self.use_bias {
            build.add_weight(
                Weight::new("bias", [self.units], &self.bias_initializer)
                    .regularizer(&self.bias_regularizer)
                    .constraint(&self.bias_constraint),
            );
        }
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let kernel = self.weight("kernel", ctx)?;
        // Integers reach a Dense only from an input that was declared so.
        let x = single(inputs)?.to_dtype(kernel.dtype())?;
        let bias = if self.use_bias { Some(self.weight("bias", ctx)?) } else { None };
        let fused = self.activation.fused();
        let y = ops::dense(&x, &kernel, bias.as_ref(), fused.unwrap_or_default())?;
        Ok(vec![if fused.is_some() { y } else { self.activation.call(&y)? }])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Dense::new(4), Check::inputs([[2, 3]]).output([2, 4]).weights(2));
        check_layer(|| Dense::new(4).activation("tanh"), Check::inputs([[2, 5, 3]]).output([2, 5, 4]).weights(2));
        check_layer(|| Dense::new(4).use_bias(false), Check::inputs([[2, 3]]).output([2, 4]).weights(1));
    }

    #[test]
    fn shapes_that_do_not_fit_are_errors_with_the_name() {
        let dense = Dense::new(4).name("head");
        dense.call(crate::Input::shape([3]));
        let error = dense.call(crate::Input::shape([5])).shape().unwrap_err().to_string();
        assert!(error.starts_with("layer \"head\" (Dense): the layer was built for inputs of another size"), "{error}");
        assert!(Dense::new(0).call(crate::Input::shape([3])).shape().unwrap_err().to_string().contains("units"));
        assert!(Dense::new(2).call(crate::Input::shape([None, None])).shape().is_err());
    }
}
