//! A function with a backward pass of its own, on any device.

use candle_core::backend::{BackendDevice, BackendStorage};
use candle_core::{CpuStorage, CudaStorage, CustomOp2, Layout, Result, Shape, Tensor};

type Backward = dyn Fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor> + Send + Sync;

struct CustomGradient {
    backward: Box<Backward>,
}

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
    if !x.track_op() {
        return Ok(y.detach());
    }
    x.apply_op2(&y.detach().contiguous()?, CustomGradient { backward: Box::new(backward) })
}

impl CustomOp2 for CustomGradient {
    fn name(&self) -> &'static str {
        "custom_gradient"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout, y: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        copy(y, l)
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout, y: &CudaStorage, l: &Layout) -> Result<(CudaStorage, Shape)> {
        copy(y, l)
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, y: &Tensor, dy: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some((self.backward)(&x.detach(), &y.detach(), dy)?), None))
    }
}

fn copy<S: BackendStorage>(y: &S, layout: &Layout) -> Result<(S, Shape)>
where
    S::Device: BackendDevice<Storage = S>,
{
    let mut copy = y.device().zeros_impl(layout.shape(), y.dtype())?;
    y.copy_strided_src(&mut copy, 0, layout)?;
    Ok((copy, layout.shape().clone()))
}
