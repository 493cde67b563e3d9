//! Dot: the product over one axis of each input. Keras: `keras.layers.Dot`.

use crate::{Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Result};
use serde::{Deserialize, Serialize};

layer! {
    /// For each sample, the sum of products over an axis of the first input and one of the second.
    ///
    /// Keras: `keras.layers.Dot`.
    ///
    /// # Shapes
    /// - inputs: two, with equal sizes on the axes that are multiplied
    /// - output: the batch axis, then what is left of the first and of the second; `(batch, 1)` for two vectors a sample.
    ///   Two inputs `(batch, 1, d)`, as an Embedding gives them for one id, multiply over axis 2 to `(batch, 1, 1)`: put a
    ///   [`Flatten`](crate::Flatten) between for `(batch, 1)`.
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Dot, Input, Layer};
    /// let (a, b) = (Input::shape([8]), Input::shape([8]));
    /// assert_eq!(Dot::new(1).call([&a, &b]).shape()?.to_string(), "(None, 1)");
    /// let (a, b) = (Input::shape([5, 8]), Input::shape([7, 8]));
    /// assert_eq!(Dot::new((2, 2)).normalize(true).call([&a, &b]).shape()?.to_string(), "(None, 5, 7)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Dot(
        /// The axis of both inputs, or the axis of each, over which products are summed.
        axes: DotAxes,
    ) {
        /// Whether the vectors are divided by their length first, so that the result is the cosine.
        normalize: bool = false,
    }
}

/// The axes that a [`Dot`] multiplies: the same one of both inputs, or one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DotAxes {
    /// The same axis of both.
    Same(i64),
    /// The axis of the first and that of the second.
    Pair([i64; 2]),
}

impl From<i64> for DotAxes {
    fn from(axis: i64) -> Self {
        Self::Same(axis)
    }
}

impl From<(i64, i64)> for DotAxes {
    fn from((first, second): (i64, i64)) -> Self {
        Self::Pair([first, second])
    }
}

impl From<[i64; 2]> for DotAxes {
    fn from(axes: [i64; 2]) -> Self {
        Self::Pair(axes)
    }
}

impl Dot {
    /// The axes as indices, for inputs of these ranks.
    fn resolve(&self, ranks: [usize; 2]) -> Option<[usize; 2]> {
        let axes = match self.axes {
            DotAxes::Same(axis) => [axis, axis],
            DotAxes::Pair(axes) => axes,
        };
        let resolve = |axis: i64, rank: usize| {
            let axis = if axis < 0 { axis + rank as i64 } else { axis };
            (1..rank as i64).contains(&axis).then_some(axis as usize)
        };
        Some([resolve(axes[0], ranks[0])?, resolve(axes[1], ranks[1])?])
    }
}

/// Whether there is one vector a sample, on this axis, as an Embedding returns for one word: no matrix product is needed.
fn is_vector_each(x: &Tensor, axis: usize) -> bool {
    axis == x.rank() - 1 && x.dims()[1..axis].iter().all(|&size| size == 1)
}

impl Layer for Dot {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let [a, b] = inputs else {
            return Err(Error::new("the layer takes two inputs").received(inputs.len().to_string()));
        };
        let wrong = |what| {
            Error::new(what)
                .received(format!("axes {:?} of inputs of shapes {a} and {b}", self.axes))
                .help("axis 0 is the batch")
        };
        let [i, j] = self
            .resolve([a.len(), b.len()])
            .ok_or_else(|| wrong("the axes to multiply must be axes of the inputs, and not the batch"))?;
        if a[i].zip(b[j]).is_some_and(|(a, b)| a != b) {
            return Err(wrong("the axes that are multiplied must have the same size"));
        }
        let rest = |shape: &Shape, axis: usize| {
            shape.iter().enumerate().skip(1).filter(|(i, _)| *i != axis).map(|(_, size)| *size).collect::<Vec<_>>()
        };
        let mut output = [vec![a[0].or(b[0])], rest(a, i), rest(b, j)].concat();
        if output.len() == 1 {
            output.push(Some(1));
        }
        Ok(vec![output.into_iter().collect()])
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let [a, b] = inputs else { return Err(Error::new("the layer takes two inputs")) };
        let axes = self.resolve([a.rank(), b.rank()]).ok_or_else(|| Error::new("an axis is out of range"))?;
        let normalized =
            |x: &Tensor, axis: usize| if self.normalize { ops::l2_normalize(x, axis as i64) } else { Ok(x.clone()) };
        let (a, b) = (normalized(a, axes[0])?, normalized(b, axes[1])?);
        if is_vector_each(&a, axes[0]) && a.dims() == b.dims() && axes[0] == axes[1] {
            let ones = vec![1; (2 * a.rank() - 4).max(1)];
            let dims: Vec<i64> = std::iter::once(a.dim(0)? as i64).chain(ones).collect();
            return Ok(vec![ops::reshape(&ops::vecdot(&a, &b)?, dims)?]);
        }
        // The multiplied axes move to the end and the others are merged: (batch, m, k) times (batch, n, k), transposed.
        let matrix = |x: &Tensor, axis: usize| {
            let order: Vec<_> = (0..x.rank()).filter(|i| *i != axis).chain([axis]).collect();
            let (batch, k) = (x.dim(0)?, x.dim(axis)?);
            let rest = x.elem_count() / (batch * k).max(1);
            x.permute(order)?.contiguous()?.reshape((batch, rest, k))
        };
        let product = ops::matmul(&matrix(&a, axes[0])?, &matrix(&b, axes[1])?.transpose(1, 2)?.contiguous()?)?;
        let rest = |x: &Tensor, axis: usize| {
            x.dims().iter().enumerate().skip(1).filter(|(i, _)| *i != axis).map(|(_, size)| *size).collect::<Vec<_>>()
        };
        let mut dims = [vec![a.dim(0)?], rest(&a, axes[0]), rest(&b, axes[1])].concat();
        if dims.len() == 1 {
            dims.push(1);
        }
        Ok(vec![product.reshape(dims)?])
    }

    fn supports_masking(&self) -> bool {
        true
    }

    /// Keras loses the mask here silently.
    fn compute_mask(&self, _: &[Tensor], _: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Dot::new(1), Check::inputs([[2, 3], [2, 3]]).output([2, 1]));
        check_layer(|| Dot::new(-1), Check::inputs([[2, 1, 3], [2, 1, 3]]).output([2, 1, 1]));
        check_layer(|| Dot::new(3), Check::inputs([[2, 1, 1, 3], [2, 1, 1, 3]]).output([2, 1, 1, 1, 1]));
        check_layer(|| Dot::new(2).normalize(true), Check::inputs([[2, 1, 3], [2, 1, 3]]).output([2, 1, 1]));
        let cosine = || Dot::new([2, 1]).normalize(true);
        check_layer(cosine, Check::inputs([[2, 5, 3], [2, 3, 4]]).output([2, 5, 4]));
        check_layer(|| Dot::new([1, 3]), Check::inputs([[2, 3, 4, 1], [2, 5, 1, 3]]).output([2, 4, 1, 5, 1]));
    }

    #[test]
    fn axes_that_do_not_fit_are_errors() {
        let (a, b) = (Input::shape([3]), Input::shape([4]));
        assert!(Dot::new(1).call([&a, &b]).shape().unwrap_err().to_string().contains("(None, 3) and (None, 4)"));
        assert!(Dot::new(0).call([&a, &a]).shape().is_err());
        assert!(Dot::new(2).call([&a, &a]).shape().is_err());
        assert!(Dot::new(1).call(&a).shape().is_err());
    }
}
