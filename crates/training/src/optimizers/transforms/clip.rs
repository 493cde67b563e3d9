//! Gradient clipping. Keras: `clipnorm`, `global_clipnorm`, `clipvalue`.

use super::{Next, Transform, TransformContext};
use crate::optimizers::Options;
use candle_keras_layers::Variable;
use candle_keras_ops::{Gradient, Result};
use std::sync::Arc;

/// One of three kinds of clipping.
#[derive(Debug)]
pub(super) enum Clip {
    /// By the value of each element.
    Value(f64),
    /// By the norm of each gradient.
    Norm(f64),
    /// By the norm of all gradients together.
    GlobalNorm(f64),
}

impl Clip {
    pub(super) fn of(options: &Options) -> Option<Arc<dyn Transform>> {
        let value = options.clipvalue.map(Self::Value);
        let clip = value.or(options.clipnorm.map(Self::Norm)).or(options.global_clipnorm.map(Self::GlobalNorm))?;
        Some(Arc::new(clip))
    }

    fn clipped<T>(&self, gradients: Vec<(T, Gradient)>) -> Result<Vec<(T, Gradient)>> {
        let each = |gradients: Vec<(T, Gradient)>, f: &dyn Fn(Gradient) -> candle_core::Result<Gradient>| {
            gradients.into_iter().map(|(of, gradient)| Ok((of, f(gradient)?))).collect::<Result<Vec<_>>>()
        };
        match *self {
            Self::Value(limit) => each(gradients, &|gradient| gradient.clipped(limit)),
            Self::Norm(limit) => each(gradients, &|gradient| {
                let norm = gradient.sum_of_squares()?.sqrt();
                gradient.scaled(factor(limit, norm))
            }),
            Self::GlobalNorm(limit) => {
                let squares = gradients.iter().map(|(_, gradient)| gradient.sum_of_squares());
                let norm = squares.sum::<candle_core::Result<f64>>()?.sqrt();
                // A norm that is not finite makes all gradients NaN, as in Keras.
                let factor = if norm.is_finite() { factor(limit, norm) } else { f64::NAN };
                each(gradients, &|gradient| gradient.scaled(factor))
            }
        }
    }
}

/// What brings a norm down to the limit; NaN stays NaN.
fn factor(limit: f64, norm: f64) -> f64 {
    if norm <= limit { 1.0 } else { limit / norm }
}

impl Transform for Clip {
    fn gradients(&self, _: &TransformContext, gradients: Vec<(Variable, Gradient)>) -> Result<Next> {
        Ok(Next::Update(self.clipped(gradients)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device, Tensor};
    use candle_keras_ops::Rows;

    fn clipped(clip: &Clip) -> Vec<Vec<f64>> {
        let dense = Gradient::Dense(Tensor::new(&[3.0, -4.0], &Device::Cpu).unwrap());
        let rows = Gradient::Rows(Rows::new(&[1], &[0.0, 12.0]).unwrap());
        let table = Tensor::zeros((2, 2), DType::F32, &Device::Cpu).unwrap();
        let numbers = |gradient: &Gradient| {
            let dense = gradient.to_dense(&table).unwrap().flatten_all().unwrap();
            dense.to_dtype(DType::F64).unwrap().to_vec1().unwrap()
        };
        clip.clipped(vec![(0, dense), (1, rows)]).unwrap().iter().map(|(_, gradient)| numbers(gradient)).collect()
    }

    #[test]
    fn gradients_are_clipped_as_in_keras() {
        assert_eq!(clipped(&Clip::Value(3.5)), [vec![3.0, -3.5], vec![0.0, 0.0, 0.0, 3.5]]);
        assert_eq!(clipped(&Clip::Norm(10.0)), [vec![3.0, -4.0], vec![0.0, 0.0, 0.0, 10.0]]);
        assert_eq!(clipped(&Clip::GlobalNorm(6.5)), [vec![1.5, -2.0], vec![0.0, 0.0, 0.0, 6.0]]);
        let nan = || vec![((), Gradient::Dense(Tensor::new(&[f32::NAN, 1.0], &Device::Cpu).unwrap()))];
        for clip in [Clip::Norm(1.0), Clip::GlobalNorm(1.0)] {
            let Gradient::Dense(clipped) = &clip.clipped(nan()).unwrap()[0].1 else { unreachable!() };
            assert!(clipped.to_vec1::<f32>().unwrap().iter().all(|x| x.is_nan()), "{clip:?}");
        }
    }
}
