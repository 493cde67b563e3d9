//! Concatenate: joins along an axis. Keras: `keras.layers.Concatenate`.

use crate::{Context, Layer, Shape};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result, axes};

layer! {
    /// Its inputs, concatenated along an axis.
    ///
    /// Keras: `keras.layers.Concatenate`.
    ///
    /// # Shapes
    /// - inputs: equal in all sizes except that of `axis`
    /// - output: the same, with the sum of the sizes of `axis`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Concatenate, Input, Layer};
    /// let (a, b) = (Input::shape([8]), Input::shape([4]));
    /// assert_eq!(Concatenate::new().call([&a, &b]).shape()?.to_string(), "(None, 12)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Concatenate() {
        /// The axis along which the inputs are joined.
        axis: i64 = -1,
    }
}

impl Layer for Concatenate {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shapes = || inputs.iter().map(Shape::to_string).collect::<Vec<_>>().join(" and ");
        let rank = inputs.first().map_or(0, |shape| shape.len());
        let axis = if self.axis < 0 { self.axis + rank as i64 } else { self.axis };
        if !(0..rank as i64).contains(&axis) || inputs.iter().any(|shape| shape.len() != rank) {
            return Err(Error::new("the inputs must have the same rank, and axis must be one of theirs")
                .received(format!("axis {} and shapes {}", self.axis, shapes())));
        }
        let mut output: Vec<_> = inputs[0].to_vec();
        for shape in &inputs[1..] {
            for (i, (a, &b)) in output.iter_mut().zip(shape.iter()).enumerate() {
                *a = match (*a, b) {
                    (a, b) if i as i64 == axis => a.zip(b).and_then(|(a, b)| a.checked_add(b)),
                    (Some(a), Some(b)) if a != b => {
                        return Err(Error::new("the inputs can be concatenated along one axis only")
                            .expected(format!("equal sizes but for axis {}", self.axis))
                            .received(format!("shapes {}", shapes())));
                    }
                    (a, b) => a.or(b),
                };
            }
        }
        Ok(vec![output.into_iter().collect()])
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![ops::concatenate(inputs, self.axis)?])
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn compute_mask(&self, inputs: &[Tensor], masks: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        if masks.iter().all(Option::is_none) {
            return Ok(vec![None]);
        }
        let element_mask = |(x, mask): (&Tensor, &Option<Tensor>)| match mask {
            None => Tensor::ones(x.shape(), DType::U8, x.device()),
            Some(mask) if mask.rank() < x.rank() => mask.unsqueeze(mask.rank())?.broadcast_as(x.shape())?.contiguous(),
            Some(mask) => Ok(mask.clone()),
        };
        let all = inputs.iter().zip(masks).map(element_mask).collect::<candle_core::Result<Vec<_>>>()?;
        Ok(vec![Some(ops::max(&ops::concatenate(&all, self.axis)?, axes(-1))?)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(Concatenate::new, Check::inputs([[2, 3], [2, 3]]).output([2, 6]));
        check_layer(|| Concatenate::new().axis(1), Check::inputs([[2, 3, 4], [2, 5, 4]]).output([2, 8, 4]));
        let (a, b) = (Input::shape([3, 4]), Input::shape([3, 5]));
        assert!(Concatenate::new().axis(1).call([&a, &b]).shape().is_err());
        assert!(Concatenate::new().axis(3).call([&a, &b]).shape().is_err());
    }

    #[test]
    fn masks_are_concatenated_with_the_steps() {
        let x = Tensor::zeros((1, 2, 3), DType::F32, &ops::Device::Cpu).unwrap();
        let mask = Tensor::new(&[[1u8, 0]], &ops::Device::Cpu).unwrap();
        let of = |axis| {
            let layer = Concatenate::new().axis(axis);
            let mask = layer.compute_mask(&[x.clone(), x.clone()], &[Some(mask.clone()), None]).unwrap();
            mask[0].as_ref().unwrap().to_vec2::<u8>().unwrap()
        };
        assert_eq!(of(1), [[1, 0, 1, 1]]);
        assert_eq!(of(-1), [[1, 1]]);
    }
}
