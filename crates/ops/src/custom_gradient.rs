//! A function with a custom gradient, on any device.

use crate::tape::{Value, record};
use candle_core::{Result, Tensor};

/// Gives `y`, computed from `x` outside of the tape, the gradient that `backward(x, y, dy)` returns.
///
/// For functions whose composition in candle has a wrong, unstable or slow gradient. `y` is copied once. Keras:
/// `keras.ops.custom_gradient`.
///
/// ```
/// use candle_keras_ops::{custom_gradient, Device};
/// use candle_core::Var;
/// let x = Var::new(&[1f32, 2.], &Device::Cpu)?;
/// let y = x.as_detached_tensor().round()?; // rounding has no gradient: let it pass straight through
/// let y = custom_gradient(&x, &y, |_x, _y, dy| Ok(dy.clone()))?;
/// let dx = y.sum_all()?.backward()?.get(&x).expect("x is a variable").to_vec1::<f32>()?;
/// assert_eq!(dx, [1., 1.]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn custom_gradient(
    x: &Tensor,
    y: &Tensor,
    backward: impl Fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor> + Send + Sync + 'static,
) -> Result<Tensor> {
    let input = x.detach();
    record("custom_gradient", &[x], Value::Tensor(y.clone()), move |y, dy| Ok(vec![Some(backward(&input, y, dy)?)]))
}
