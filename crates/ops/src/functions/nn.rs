//! Activation functions of `keras.ops.nn`.

use super::*;
use crate::axes::resolve_axis;
use crate::elementwise::{self, float};
use crate::rectify::{Rectifier, exponential_linear, rectify};
use crate::{axes, linalg};
use candle_core::bail;

operations! {
    /// Activations of each element.
    mod activations: Nn, Loop;

    /// `x` above 0, `alpha (exp(x) - 1)` below (Clevert et al., 2015).
    Elu elu(x)[alpha: f64 = 1.0]: Ok(x.float()) => exponential_linear(&float(x)?, *alpha);
    /// `x` above 0, `negative_slope x` below (Maas et al., 2013).
    LeakyRelu leaky_relu(x)[negative_slope: f64 = 0.2]: Ok(x.float())
        => rectify(&float(x)?, Rectifier { negative_slope: *negative_slope, ..Rectifier::default() });
    /// `max(x, 0)`; its gradient at 0 is 0, as in Keras (candle: 1).
    Relu relu(x): Ok(x.clone()) => by_kind(x, |x| x.max(0), elementwise::relu);
    /// `min(max(x, 0), 6)`.
    Relu6 relu6(x): Ok(x.float()) => rectify(&float(x)?, Rectifier { max_value: 6.0, ..Rectifier::default() });
    /// `1 / (1 + exp(-x))`.
    Sigmoid sigmoid(x): Ok(x.float()) => elementwise::sigmoid(&float(x)?);
    /// `log(1 + exp(x))`, without overflow. Its gradient is the sigmoid.
    Softplus softplus(x): Ok(x.float()) => elementwise::softplus(&float(x)?);
}

operations! {
    /// Activations of each element that candle does not have.
    mod more_activations: Nn, Host;

    /// `x` above 0, `alpha (exp(x / alpha) - 1)` below (Barron, 2017).
    Celu celu(x)[alpha: f64 = 1.0]: Ok(x.float()) => elementwise::celu(&float(x)?, *alpha);
    /// `x` times the normal distribution function of `x`, or its approximation by a tangent (Hendrycks and Gimpel, 2016).
    Gelu gelu(x)[approximate: bool = true]: Ok(x.float())
        => if *approximate { elementwise::gelu_approximate(&float(x)?) } else { elementwise::gelu(&float(x)?) };
    /// `x`, and 0 where `|x|` is at most the threshold.
    HardShrink hard_shrink(x)[threshold: f64 = 0.5]: Ok(x.float())
        => elementwise::hard_shrink(&float(x)?, *threshold);
    /// `relu6(x + 3) / 6`.
    HardSigmoid hard_sigmoid(x): Ok(x.float()) => elementwise::hard_sigmoid(&float(x)?);
    /// `x * hard_sigmoid(x)`; also called hard swish (Howard et al., 2019).
    HardSilu hard_silu(x): Ok(x.float()) => elementwise::hard_silu(&float(x)?);
    /// `x` clipped between -1 and 1.
    HardTanh hard_tanh(x): Ok(x.clone()) => by_kind(x, |x| x.clamp(-1, 1), elementwise::hard_tanh);
    /// `log(sigmoid(x))`.
    LogSigmoid log_sigmoid(x): Ok(x.float()) => elementwise::log_sigmoid(&float(x)?);
    /// ELU that keeps mean 0 and variance 1 through layers of `lecun_normal` weights (Klambauer et al., 2017).
    Selu selu(x): Ok(x.float()) => elementwise::selu(&float(x)?);
    /// `x * sigmoid(x)`; also called swish (Ramachandran et al., 2017).
    Silu silu(x): Ok(x.float()) => elementwise::silu(&float(x)?);
    /// `x` shrunk by the threshold towards 0.
    SoftShrink soft_shrink(x)[threshold: f64 = 0.5]: Ok(x.float())
        => elementwise::soft_shrink(&float(x)?, *threshold);
    /// `x / (1 + |x|)`.
    Softsign softsign(x): Ok(x.float()) => elementwise::softsign(&float(x)?);
    /// 0 below -1, `x` above 1, `(x + 1)² / 4` in between.
    SparsePlus sparse_plus(x): Ok(x.float()) => elementwise::sparse_plus(&float(x)?);
    /// `(x + 1) / 2`, clipped between 0 and 1.
    SparseSigmoid sparse_sigmoid(x): Ok(x.float()) => elementwise::sparse_sigmoid(&float(x)?);
    /// `(x + sqrt(x² + b)) / 2` (Barron, 2021).
    Squareplus squareplus(x)[b: f64 = 4.0]: Ok(x.float()) => elementwise::squareplus(&float(x)?, *b);
    /// `x - tanh(x)`.
    TanhShrink tanh_shrink(x): Ok(x.float()) => elementwise::tanh_shrink(&float(x)?);
    /// `x` above the threshold, else the default value.
    Threshold threshold(x)[threshold: f64, default_value: f64]: Ok(x.float())
        => elementwise::threshold(&float(x)?, *threshold, *default_value);
}

/// [`silu`] under its second name.
#[track_caller]
pub fn swish<X: Operand>(x: &X) -> X::Output {
    silu(x)
}

/// [`hard_silu`] under its second name.
#[track_caller]
pub fn hard_swish<X: Operand>(x: &X) -> X::Output {
    hard_silu(x)
}

operations! {
    /// Functions over an axis.
    mod softmaxes: Nn, Loop;

    /// The logarithm of [`softmax`], without underflow.
    LogSoftmax log_softmax(x)[axis: i64 = -1]: x.dim(*axis).map(|_| x.float())
        => linalg::log_softmax(&float(x)?, *axis);
    /// `exp(x) / sum(exp(x))` over `axis`.
    Softmax softmax(x)[axis: i64 = -1]: x.dim(*axis).map(|_| x.float()) => linalg::softmax(&float(x)?, *axis);
}

operations! {
    /// Functions over an axis that are put together from others.
    mod gates: Nn, Composition;

    /// The first half along `axis` times the sigmoid of the second (Dauphin et al., 2017).
    Glu glu(x)[axis: i64 = -1]: {
        let dim = x.dim(*axis)?;
        if x.shape[dim] % 2 == 1 {
            bail!("glu needs an even size along its axis, received the shape {:?}", x.shape)
        }
        let mut shape = x.float().shape;
        shape[dim] /= 2;
        Ok(x.float().shaped(shape))
    } => {
        let dim = resolve_axis(*axis, x.rank())?;
        let (x, half) = (float(x)?, x.dims()[dim] / 2);
        multiply(&x.narrow(dim, 0, half)?, &elementwise::sigmoid(&x.narrow(dim, half, half)?)?)
    };
    /// The projection of the axis onto the probability simplex: like softmax, with exact zeros (Martins and Astudillo, 2016).
    ///
    /// Keras 3.15.1 is wrong here where more than one element is not 0: its rows do not add up to 1.
    Sparsemax sparsemax(x)[axis: i64 = -1]: x.dim(*axis).map(|_| x.float())
        => linalg::along_last(&float(x)?, resolve_axis(*axis, x.rank())?, sparsemax_rows);
}

fn sparsemax_rows(x: &Tensor) -> Result<Tensor> {
    let detached = x.detach().contiguous()?;
    let last = x.rank() - 1;
    let n = x.dim(last)?;
    let sorted = flip(&sort(&detached, -1)?, -1)?;
    let k = Tensor::arange(1u32, n as u32 + 1, x.device())?.to_dtype(x.dtype())?;
    let sums = cumsum(&sorted, -1, None)?;
    // z_k is in the support as long as 1 + k z_k is above the sum of the k largest; the threshold normalizes the sum to 1.
    let takes_part = ((sorted.broadcast_mul(&k)? + 1.0)? - sums)?.gt(0.0)?.to_dtype(x.dtype())?;
    let over = || axes(-1).keepdims(true);
    let count = sum(&takes_part, over())?;
    let threshold = ((sum(&(&sorted * takes_part)?, over())? - 1.0)? / count)?;
    let y = detached.broadcast_sub(&threshold)?.relu()?;
    crate::custom_gradient(x, &y, |_, y, dy| {
        let over = || axes(-1).keepdims(true);
        let support = y.gt(0.0)?.to_dtype(dy.dtype())?;
        let on_support = (dy * &support)?;
        let mean = (sum(&on_support, over())? / sum(&support, over())?)?;
        on_support - support.broadcast_mul(&mean)?
    })
}
