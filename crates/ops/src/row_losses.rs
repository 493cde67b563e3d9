//! Losses of each row of targets and predictions, as one op each.

use crate::cores::{self, in_chunks};
use crate::gpu::{self, on_gpu};
use crate::host::{largest, total, view, with_float};
use crate::lengths;
use crate::linalg::log_of_exponentials;
use crate::simd;
use crate::simd::{Float, MulAdd};
use crate::tape::{Value, on_host, record};
use candle_core::{Result, Tensor, bail};

/// A function of a target and a prediction, with its derivative by the prediction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pairwise {
    /// `(y - x)²`.
    SquaredError,
    /// `|y - x|`, whose derivative at 0 is 0.
    AbsoluteError,
    /// `-y log p - (1 - y) log(1 - p)` of the probability `x`, clipped this far from 0 and 1.
    BinaryCrossentropy(f64),
    /// The same of the logit `x`, without overflow.
    BinaryCrossentropyOfLogits,
}

impl Pairwise {
    #[inline(always)]
    fn value<T: Float>(self, y: T, x: T) -> T {
        match self {
            Self::SquaredError => (y - x) * (y - x),
            Self::AbsoluteError => (y - x).larger(x - y),
            Self::BinaryCrossentropy(epsilon) => {
                let p = held(x, epsilon);
                -(y * p.ln() + (T::ONE - y) * (T::ONE - p).ln())
            }
            Self::BinaryCrossentropyOfLogits => {
                let size = x.larger(-x);
                x.larger(T::ZERO) - x * y + (-size).exp().ln_1p()
            }
        }
    }

    #[inline(always)]
    fn slope<T: Float>(self, y: T, x: T) -> T {
        match self {
            Self::SquaredError => (x - y) + (x - y),
            Self::AbsoluteError if x > y => T::ONE,
            Self::AbsoluteError if x < y => -T::ONE,
            Self::AbsoluteError => T::ZERO,
            Self::BinaryCrossentropy(epsilon) => {
                let p = held(x, epsilon);
                if p == x { (T::ONE - y) / (T::ONE - p) - y / p } else { p * T::ZERO }
            }
            Self::BinaryCrossentropyOfLogits => x.sigmoid() - y,
        }
    }
}

/// `x` clipped to `epsilon..=1 - epsilon`.
#[inline(always)]
fn held<T: Float>(x: T, epsilon: f64) -> T {
    let (low, high) = (T::from_double(epsilon), T::from_double(1.0 - epsilon));
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

/// Whether the ops below support these targets and predictions.
pub fn has_row_losses(y: &Tensor, x: &Tensor) -> bool {
    lengths::check([y, x]).is_ok()
        && (on_host(&[y, x]) || on_gpu(&[y, x]))
        && !y.track_op()
        && x.rank() > 0
        && x.elem_count() > 0
}

/// The mean over the last axis of a function of targets and predictions of one shape; targets have no gradient.
///
/// # Errors
/// If [`has_row_losses`] is false for them.
pub fn pairwise_mean(function: Pairwise, y: &Tensor, x: &Tensor) -> Result<Tensor> {
    if !has_row_losses(y, x) || y.dims() != x.dims() {
        bail!("pairwise_mean takes targets and predictions of one shape and dtype, f32 or f64")
    }
    if on_gpu(&[y, x]) {
        return gpu::pairwise_mean(function, y.contiguous()?, x);
    }
    let (y, input) = (y.contiguous()?, x.detach().contiguous()?);
    let width = x.dims()[x.rank() - 1];
    let value = with_float!(x, T => {
        let (y, x_) = (view::<T>(&y)?, view::<T>(&input)?);
        let rows = x_.len() / width;
        let factor = T::ONE / T::from_double(width as f64);
        let means = cores::zeroed_chunks(rows, cores::chunk_len(rows, 1, width * 8), |from, part| {
            for (i, mean) in part.iter_mut().enumerate() {
                let row = (from + i) * width..(from + i + 1) * width;
                let mut sum = T::ZERO;
                for (&y, &x) in y[row.clone()].iter().zip(&x_[row]) {
                    sum += function.value(y, x);
                }
                *mean = sum * factor;
            }
        });
        Value::new(means, &x.dims()[..x.rank() - 1])?
    });
    record("pairwise_mean", &[x], value, move |_, dy| {
        let dx = with_float!(dy, T => {
            let (y, x, dy) = (view::<T>(&y)?, view::<T>(&input)?, view::<T>(dy)?);
            let factor = T::ONE / T::from_double(width as f64);
            let dx = cores::zeroed_chunks(x.len(), cores::chunk_len(x.len(), width, 4), |from, part| {
                for (i, row) in part.chunks_exact_mut(width).enumerate() {
                    let (at, dy) = (from + i * width, dy[from / width + i] * factor);
                    let pairs = y[at..at + width].iter().zip(&x[at..at + width]);
                    for (dx, (&y, &x)) in row.iter_mut().zip(pairs) {
                        *dx = function.slope(y, x) * dy;
                    }
                }
            });
            Tensor::from_vec(dx, input.shape(), input.device())?
        });
        Ok(vec![Some(dx)])
    })
}

/// The targets of a [`crossentropy`].
#[derive(Debug, Clone)]
pub enum Classes {
    /// The index of a class for each row, below the number of classes.
    Ids(Vec<u32>),
    /// A weight for each class of each row: a tensor of the predictions' shape.
    Weights(Tensor),
}

/// `-sum y log p` over the classes on the last axis: of probabilities, which are normalized and clipped `epsilon` from 0 and 1, or of
/// logits if `epsilon` is `None`.
///
/// # Errors
/// If the targets do not fit, or [`has_row_losses`] is false for them.
pub fn crossentropy(classes: Classes, x: &Tensor, epsilon: Option<f64>) -> Result<Tensor> {
    lengths::check([x])?;
    let width = x.dims().last().copied().unwrap_or(0);
    let rows = x.elem_count() / width.max(1);
    let classes = match classes {
        Classes::Ids(ids) if ids.len() == rows && ids.iter().all(|&id| (id as usize) < width) => Classes::Ids(ids),
        Classes::Weights(y) if has_row_losses(&y, x) && y.dims() == x.dims() => Classes::Weights(y.contiguous()?),
        _ => bail!("the targets of a cross-entropy do not match predictions of shape {:?}", x.dims()),
    };
    if width == 0 || !(on_host(&[x]) || on_gpu(&[x])) {
        bail!("crossentropy takes f32 and f64 predictions")
    }
    if on_gpu(&[x]) {
        return gpu::crossentropy(classes, x, epsilon);
    }
    let input = x.detach().contiguous()?;
    let value = with_float!(x, T => {
        let input = view::<T>(&input)?;
        let mut values = vec![T::ZERO; rows];
        each_row::<T, _>(&classes, &input, width, epsilon, &mut values, |value, row| *value = simd!(|by| row.value(by)))?;
        Value::new(values, &x.dims()[..x.rank() - 1])?
    });
    record("crossentropy", &[x], value, move |_, dy| {
        let dx = with_float!(dy, T => {
            let (x, dy) = (view::<T>(&input)?, view::<T>(dy)?);
            let mut dx = vec![T::ZERO; x.len()];
            let mut rows: Vec<(&mut [T], T)> = dx.chunks_exact_mut(width).zip(dy.iter().copied()).collect();
            each_row::<T, _>(&classes, &x, width, epsilon, &mut rows, |(dx, dy), row| simd!(|by| row.gradient(dx, *dy, by)))?;
            Tensor::from_vec(dx, input.shape(), input.device())?
        });
        Ok(vec![Some(dx)])
    })
}

/// One row of a cross-entropy.
struct Row<'a, T> {
    x: &'a [T],
    target: Target<'a, T>,
    epsilon: Option<f64>,
}

enum Target<'a, T> {
    Id(usize),
    Weights(&'a [T]),
}

/// Runs `f` on each row.
fn each_row<T: Float, R: Send>(
    classes: &Classes,
    x: &[T],
    width: usize,
    epsilon: Option<f64>,
    of_rows: &mut [R],
    f: impl Fn(&mut R, Row<T>) + Sync,
) -> Result<()> {
    let weights = match classes {
        Classes::Weights(y) => Some(view::<T>(y)?),
        Classes::Ids(_) => None,
    };
    let weights = weights.as_deref();
    in_chunks(of_rows, 1, width * 8, |from, part| {
        for (i, of_row) in part.iter_mut().enumerate() {
            let at = (from + i) * width..(from + i + 1) * width;
            let target = match (classes, weights) {
                (Classes::Ids(ids), _) => Target::Id(ids[from + i] as usize),
                (_, Some(weights)) => Target::Weights(&weights[at.clone()]),
                _ => continue,
            };
            f(of_row, Row { x: &x[at], target, epsilon });
        }
    });
    Ok(())
}

impl<T: Float> Row<'_, T> {
    #[inline(always)]
    fn value(&self, by: impl MulAdd) -> T {
        let log = self.logarithm(by);
        match self.target {
            Target::Id(id) => -log(self.x[id]),
            Target::Weights(y) => {
                let mut sum = T::ZERO;
                for (&y, &x) in y.iter().zip(self.x) {
                    sum += y * log(x);
                }
                -sum
            }
        }
    }

    /// The logarithm of the probability of an element.
    #[inline(always)]
    fn logarithm<B: MulAdd>(&self, by: B) -> impl Fn(T) -> T + use<T, B> {
        let epsilon = self.epsilon;
        let common = match epsilon {
            Some(_) => total(self.x),
            None => {
                let largest = largest(self.x);
                largest + log_of_exponentials(self.x, largest, by)
            }
        };
        move |x| match epsilon {
            Some(epsilon) => held(x / common, epsilon).ln(),
            None => x - common,
        }
    }

    #[inline(always)]
    fn gradient(&self, dx: &mut [T], dy: T, by: impl MulAdd) {
        let weight = |i: usize| match self.target {
            Target::Id(id) if id == i => T::ONE,
            Target::Id(_) => T::ZERO,
            Target::Weights(y) => y[i],
        };
        match self.epsilon {
            // d/dx_i = softmax_i sum(y) - y_i
            None => {
                let log = self.logarithm(by);
                let mut all = T::ZERO;
                for i in 0..dx.len() {
                    all += weight(i);
                }
                for (dx, &x) in dx.iter_mut().zip(self.x) {
                    *dx = log(x).exp() * all * dy;
                }
                for (i, dx) in dx.iter_mut().enumerate() {
                    *dx -= weight(i) * dy;
                }
            }
            // Of the probabilities -y/p, where they are not clipped; then through the normalization.
            Some(epsilon) => {
                let sum = total(self.x);
                let mut common = T::ZERO;
                for (i, (dx, &x)) in dx.iter_mut().zip(self.x).enumerate() {
                    let p = x / sum;
                    *dx = if held(p, epsilon) == p { -(weight(i) / p) } else { T::ZERO };
                    common += *dx * p;
                }
                for dx in dx.iter_mut() {
                    *dx = (*dx - common) / sum * dy;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        let x = values([3, 4], 1);
        let p = crate::linalg::softmax(&(&x * 0.5).unwrap(), -1).unwrap();
        let y = crate::linalg::softmax(&values([3, 4], 2), -1).unwrap();
        for function in [Pairwise::SquaredError, Pairwise::AbsoluteError, Pairwise::BinaryCrossentropyOfLogits] {
            assert_gradients(std::slice::from_ref(&x), |x| pairwise_mean(function, &y, &x[0]));
        }
        assert_gradients(std::slice::from_ref(&p), |x| pairwise_mean(Pairwise::BinaryCrossentropy(1e-7), &y, &x[0]));
        for classes in [Classes::Ids(vec![1, 3, 0]), Classes::Weights(y.clone())] {
            assert_gradients(std::slice::from_ref(&x), |x| crossentropy(classes.clone(), &x[0], None));
            assert_gradients(std::slice::from_ref(&p), |x| crossentropy(classes.clone(), &x[0], Some(1e-7)));
            // Not a distribution: the normalization matters.
            let twice = (&p * 2.0).unwrap();
            assert_gradients(std::slice::from_ref(&twice), |x| crossentropy(classes.clone(), &x[0], Some(1e-7)));
        }
    }

    #[test]
    fn certain_predictions_stay_finite() {
        let x = Tensor::new(&[[0f32, 1.], [1000., -1000.]], &candle_core::Device::Cpu).unwrap();
        let y = Tensor::new(&[[1f32, 0.], [0., 1.]], &candle_core::Device::Cpu).unwrap();
        for function in [Pairwise::BinaryCrossentropy(1e-7), Pairwise::BinaryCrossentropyOfLogits] {
            let values = pairwise_mean(function, &y, &x).unwrap().to_vec1::<f32>().unwrap();
            assert!(values.iter().all(|value| value.is_finite()), "{values:?}");
        }
        assert!(crossentropy(Classes::Ids(vec![0, 2]), &x, None).is_err());
    }
}
