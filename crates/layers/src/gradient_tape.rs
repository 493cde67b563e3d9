//! Gradients of custom computations. TensorFlow: `tf.GradientTape`.

use crate::Variable;
use crate::callable::{losses, replace_losses};
use candle_core::Tensor;
use candle_keras_ops::{Gradient, Result, Tape};

/// Records what layers and the functions of `ops` compute on tensors in this thread, for a custom training loop.
///
/// ```
/// use candle_keras_layers::{Call, Dense, GradientTape, Layer};
/// use candle_keras_ops as ops;
/// use candle_core::{Device, Tensor};
/// let x = Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu)?;
/// let dense = Dense::new(1).kernel_initializer("ones");
/// let tape = GradientTape::new();
/// let y = dense.call(&x)?;
/// let loss = ops::mean(&ops::square(&y)?, ())?;
/// let gradients = tape.gradient(&loss, &dense.trainable_variables())?;
/// assert_eq!(gradients[0].0.path(), "dense/kernel");
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
pub struct GradientTape {
    tape: Tape,
    outer: OuterLosses,
}

/// Restores the losses of the outer tape, also after a panic.
struct OuterLosses(Option<Vec<Tensor>>);

impl Drop for OuterLosses {
    fn drop(&mut self) {
        replace_losses(self.0.take());
    }
}

impl GradientTape {
    /// Starts recording.
    #[expect(clippy::new_without_default, reason = "to record is not a value to default to")]
    pub fn new() -> Self {
        let outer = OuterLosses(replace_losses(Some(Vec::new())));
        Self { tape: Tape::start(), outer }
    }

    /// What layers have added to the loss since the tape started: `ctx.add_loss`, and activity regularizers. Keras: `model.losses`, whose
    /// penalties on weights are [`Layer::penalties`](crate::Layer::penalties).
    pub fn losses(&self) -> Vec<Tensor> {
        losses()
    }

    /// The gradient of a scalar for each of these weights on which it depends. Ends the recording.
    ///
    /// # Errors
    /// If a function in the backward pass fails.
    pub fn gradient(self, loss: &Tensor, variables: &[Variable]) -> Result<Vec<(Variable, Gradient)>> {
        let Self { tape, outer } = self;
        drop(outer);
        let gradients = tape.backward(loss)?;
        let mut found = Vec::with_capacity(variables.len());
        for variable in variables {
            if let Some(gradient) = variable.gradient(&gradients)? {
                found.push((variable.clone(), gradient));
            }
        }
        Ok(found)
    }
}
