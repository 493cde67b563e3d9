//! Gradients of custom computations. TensorFlow: `tf.GradientTape`.

use crate::Variable;
use crate::callable::{losses, replace_losses};
use candle_core::Tensor;
use candle_keras_ops::{Error, Gradient, Gradients, Result, Tape};

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
///
/// Tapes nest: the gradients of an inner tape are values that an outer one has recorded, and have gradients themselves, as in TensorFlow.
/// On the host, that holds for Dense, convolutions (without groups), their activations `relu`, `leaky_relu`, `elu`, `selu`, `silu`, `sigmoid`,
/// `tanh`, `softplus` and `softmax`, Dropout, Flatten, Reshape and Concatenate, and for the functions of `ops` for arithmetic, powers of a number,
/// roots, logarithms, sums, means, products of matrices (not of batches of them, as in attention), shapes, and slices without a step. If a loss
/// depends on the gradient of another function's gradient, or on that of an operator between tensors (`&a + &b`, where `ops::add(&a, &b)` has
/// one), the outer tape's `gradient` is an error that names it. The rows of an Embedding's gradient are constants.
///
/// ```
/// use candle_keras_layers::{Call, Dense, GradientTape, Layer};
/// use candle_keras_ops as ops;
/// use candle_core::{Device, Tensor};
/// let dense = Dense::new(1).kernel_initializer("ones").activation("tanh");
/// let outer = GradientTape::new();
/// let inner = GradientTape::new();
/// let x = inner.watch(&Tensor::new(&[[1f32, 2.], [3., 4.]], &Device::Cpu)?)?;
/// let slope = inner.gradient(&ops::sum(&dense.call(&x)?, ())?, &x)?;
/// let penalty = ops::mean(&ops::square(&slope)?, ())?;
/// assert_eq!(outer.gradient(&penalty, &dense.trainable_variables())?.len(), 2);
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
pub struct GradientTape {
    tape: Tape,
    outer: OuterLosses,
}

/// Restores the losses of the outer tape, also after a panic, which has those of the inner one as well.
struct OuterLosses(Option<Vec<Tensor>>);

impl Drop for OuterLosses {
    fn drop(&mut self) {
        let inner = replace_losses(None).unwrap_or_default();
        replace_losses(self.0.take().map(|outer| [outer, inner].concat()));
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

    /// Lets a tensor have a gradient: an input, say. What is computed from the tensor that this gives is recorded. TensorFlow: `tape.watch(x)`.
    /// If the tensor was computed under a tape, the gradient propagates to what it was computed from, too.
    ///
    /// ```
    /// use candle_keras_layers::GradientTape;
    /// use candle_keras_ops as ops;
    /// use candle_core::{Device, Tensor};
    /// let tape = GradientTape::new();
    /// let x = tape.watch(&Tensor::new(&[1f32, -3.], &Device::Cpu)?)?;
    /// let loss = ops::sum(&ops::square(&x)?, ())?;
    /// assert_eq!(tape.gradient(&loss, &x)?.to_vec1::<f32>()?, [2., -6.]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no memory for a copy.
    pub fn watch(&self, tensor: &Tensor) -> Result<Tensor> {
        Ok(self.tape.watch(tensor)?)
    }

    /// The gradient of a scalar for each of these sources, which ends the recording: of weights those on which it depends, for
    /// `apply_gradients` of an optimizer; of a [watched](Self::watch) tensor, a tensor; of `(weights, &x)`, both.
    ///
    /// # Errors
    /// Those of the functions in the backward pass, and if a tensor was not watched or the scalar does not depend on it.
    pub fn gradient<S: GradientSources>(self, loss: &Tensor, sources: S) -> Result<S::Found> {
        let Self { tape, outer } = self;
        drop(outer);
        sources.find(&tape.backward(loss)?)
    }
}

/// What a tape gives the gradients of: weights, tensors, or both.
pub trait GradientSources {
    /// The gradients.
    type Found;

    /// Finds them among those of the backward pass.
    ///
    /// # Errors
    /// If one is missing that there must be.
    fn find(self, gradients: &Gradients) -> Result<Self::Found>;
}

impl GradientSources for &[Variable] {
    type Found = Vec<(Variable, Gradient)>;

    fn find(self, gradients: &Gradients) -> Result<Self::Found> {
        let mut found = Vec::with_capacity(self.len());
        for variable in self {
            if let Some(gradient) = variable.gradient(gradients)? {
                found.push((variable.clone(), gradient));
            }
        }
        Ok(found)
    }
}

impl GradientSources for &Vec<Variable> {
    type Found = Vec<(Variable, Gradient)>;

    fn find(self, gradients: &Gradients) -> Result<Self::Found> {
        self.as_slice().find(gradients)
    }
}

impl GradientSources for &Tensor {
    type Found = Tensor;

    fn find(self, gradients: &Gradients) -> Result<Tensor> {
        gradients.get(self).cloned().ok_or_else(|| {
            Error::new("there is no gradient of this tensor")
                .expected("what tape.watch(&x) gave, on which the loss depends")
                .received(format!("a tensor of shape {:?}", self.dims()))
        })
    }
}

impl<const N: usize> GradientSources for [&Tensor; N] {
    type Found = Vec<Tensor>;

    fn find(self, gradients: &Gradients) -> Result<Vec<Tensor>> {
        self.into_iter().map(|tensor| tensor.find(gradients)).collect()
    }
}

impl<A: GradientSources, B: GradientSources> GradientSources for (A, B) {
    type Found = (A::Found, B::Found);

    fn find(self, gradients: &Gradients) -> Result<Self::Found> {
        Ok((self.0.find(gradients)?, self.1.find(gradients)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dense, Layer};
    use candle_core::Device;

    #[test]
    fn an_outer_tape_has_the_losses_of_an_inner_one() {
        let dense = Dense::new(1).activity_regularizer("l2");
        let x = Tensor::ones((1, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        let outer = GradientTape::new();
        dense.call(&x).unwrap();
        let inner = GradientTape::new();
        dense.call(&x).unwrap();
        assert_eq!(inner.losses().len(), 1);
        drop(inner);
        assert_eq!(outer.losses().len(), 2);
        drop(outer);
        assert!(losses().is_empty());
    }
}
