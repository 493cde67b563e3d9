//! The activation functions. Keras: `keras.activations`; the formulas and defaults are Keras's.

use candle_core::{Result, bail};
use candle_keras_ops::{self as ops, Rectifier, Tensor, custom_gradient};

pub use ops::{relu, sigmoid, softplus, tanh};

/// The identity.
pub fn linear(x: &Tensor) -> Result<Tensor> {
    Ok(x.clone())
}

/// `min(max(x, 0), 6)`.
pub fn relu6(x: &Tensor) -> Result<Tensor> {
    ops::rectify(x, Rectifier { max_value: 6.0, ..Rectifier::default() })
}

/// `x` above 0, `0.2 x` below (Maas et al., 2013). The *layer* LeakyReLU of Keras has 0.3.
pub fn leaky_relu(x: &Tensor) -> Result<Tensor> {
    ops::rectify(x, Rectifier { negative_slope: 0.2, ..Rectifier::default() })
}

/// `x` above 0, `exp(x) - 1` below (Clevert et al., 2015).
pub fn elu(x: &Tensor) -> Result<Tensor> {
    ops::exponential_linear(x, 1.0)
}

/// The `alpha` and the factor of [`selu`].
pub(crate) const SELU: (f64, f64) = (1.673_263_242_354_377_2, 1.050_700_987_355_480_5);

/// ELU that keeps mean 0 and variance 1 through layers of `lecun_normal` weights (Klambauer et al., 2017).
pub fn selu(x: &Tensor) -> Result<Tensor> {
    let (alpha, scale) = SELU;
    ops::exponential_linear(x, alpha)? * scale
}

/// Continuously differentiable [`elu`], with alpha 1 (Barron, 2017).
pub fn celu(x: &Tensor) -> Result<Tensor> {
    elu(x)
}

/// `x` times the normal distribution function of `x` (Hendrycks and Gimpel, 2016): exact, not the tanh approximation.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    // The density is written out, since candle rounds its constants to six digits.
    custom_gradient(x, &x.detach().gelu_erf()?, |x, _, dy| {
        let distribution = ((x * std::f64::consts::FRAC_1_SQRT_2)?.erf()? * 0.5)? + 0.5;
        let density = ((x.sqr()? * -0.5)?.exp()? * (1.0 / std::f64::consts::TAU.sqrt()))?;
        dy * (distribution? + (x * density)?)?
    })
}

/// The first half of the last axis, times the sigmoid of the second (Dauphin et al., 2016): the output has half as many elements.
///
/// # Errors
/// If their number is odd.
pub fn glu(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    let (axis, size) = (x.rank().saturating_sub(1), x.dims().last().copied().unwrap_or(1));
    if !size.is_multiple_of(2) {
        bail!("glu halves the last axis, received the shape {:?}", x.dims())
    }
    let half = |from| x.narrow(axis, from, size / 2);
    ops::multiply(&half(0)?, &ops::sigmoid(&half(size / 2)?)?)
}

/// `x` above `threshold`, `default_value` elsewhere. Keras's name for it needs both arguments, so that no layer takes it by name.
pub fn threshold(x: &Tensor, threshold: f64, default_value: f64) -> Result<Tensor> {
    let x = &ops::float(x)?;
    let default = Tensor::new(default_value, x.device())?.to_dtype(x.dtype())?;
    ops::where_(&x.detach().gt(threshold)?, x, &default)
}

/// `x * sigmoid(x)`; also called swish (Ramachandran et al., 2017).
pub fn silu(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    x * ops::sigmoid(x)?
}

/// `x / (1 + |x|)`.
pub fn softsign(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    x / (ops::abs(x)? + 1.0)?
}

/// `relu6(x + 3) / 6`.
pub fn hard_sigmoid(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    relu6(&(x + 3.0)?)? / 6.0
}

/// Keras 1 and 2's `hard_sigmoid`: `0.2 x + 0.5` between 0 and 1 (Courbariaux et al., 2015). Keras 3 has another, and reads this one only as a registered
/// function.
pub fn hard_sigmoid_of_keras_2(x: &Tensor) -> Result<Tensor> {
    x.affine(0.2, 0.5)?.clamp(0f64, 1f64)
}

/// `x * hard_sigmoid(x)`; also called hard swish (Howard et al., 2019).
pub fn hard_silu(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    x * hard_sigmoid(x)?
}

/// `x` clipped between -1 and 1.
pub fn hard_tanh(x: &Tensor) -> Result<Tensor> {
    ops::clip(x, -1.0, 1.0)
}

/// `exp(x)`.
pub fn exponential(x: &Tensor) -> Result<Tensor> {
    ops::exp(x)
}

/// `x * tanh(softplus(x))` (Misra, 2019).
pub fn mish(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    x * ops::softplus(x)?.tanh()?
}

/// `log(sigmoid(x))`.
pub fn log_sigmoid(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    ops::softplus(&x.neg()?)?.neg()
}

/// Softmax over the last axis: `exp(x) / sum(exp(x))`.
pub fn softmax(x: &Tensor) -> Result<Tensor> {
    ops::softmax(x, -1)
}

/// The logarithm of [`softmax`].
pub fn log_softmax(x: &Tensor) -> Result<Tensor> {
    ops::log_softmax(x, -1)
}

/// `(x + sqrt(x² + 4)) / 2` (Barron, 2021).
pub fn squareplus(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    (x + (x.sqr()? + 4.0)?.sqrt()?)? * 0.5
}

/// `x - tanh(x)`.
pub fn tanh_shrink(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    x - x.tanh()?
}

/// `x` shrunk by 0.5 towards 0.
pub fn soft_shrink(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    x - ops::clip(x, -0.5, 0.5)?
}

/// `x`, and 0 where `|x| <= 0.5`.
pub fn hard_shrink(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    let kept = x.detach().abs()?.gt(0.5)?.to_dtype(x.dtype())?;
    x * kept
}

/// 0 below -1, `x` above 1, `(x + 1)² / 4` in between.
pub fn sparse_plus(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    let inside = (ops::clip(&(x + 1.0)?, 0.0, 2.0)?.sqr()? * 0.25)?;
    inside + ops::relu(&(x - 1.0)?)?
}

/// `(x + 1) / 2`, clipped between 0 and 1.
pub fn sparse_sigmoid(x: &Tensor) -> Result<Tensor> {
    let x = &ops::float(x)?;
    ops::clip(&((x + 1.0)? * 0.5)?, 0.0, 1.0)
}

/// The projection of the last axis onto the probability simplex: like softmax, with exact zeros (Martins and Astudillo, 2016).
///
/// Keras 3.15.1 is wrong here where more than one element is not 0: its rows do not add up to 1.
pub fn sparsemax(x: &Tensor) -> Result<Tensor> {
    ops::sparsemax(x, -1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::Device;
    use candle_keras_ops::gradcheck::{assert_gradients, values};

    #[test]
    fn glu_halves_the_last_axis() {
        let x = Tensor::new(&[[1f32, 2., 0., 1e9]], &Device::Cpu).unwrap();
        assert_eq!(glu(&x).unwrap().to_vec2::<f32>().unwrap(), [[0.5, 2.]]);
        assert_gradients(&[values([3, 4], 1)], |x| glu(&x[0]));
        assert!(glu(&x.narrow(1, 0, 3).unwrap()).is_err() && glu(&Tensor::new(1f32, &Device::Cpu).unwrap()).is_err());
    }

    #[test]
    fn threshold_replaces_the_rest() {
        let x = Tensor::new(&[-1f32, 0.5, 2.], &Device::Cpu).unwrap();
        assert_eq!(threshold(&x, 0.5, -3.0).unwrap().to_vec1::<f32>().unwrap(), [-3., -3., 2.]);
        assert_gradients(&[values([3, 4], 1)], |x| threshold(&x[0], 0.2, 7.0));
    }
}
