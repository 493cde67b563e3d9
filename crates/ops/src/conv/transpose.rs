//! Transposed convolution: the gradient of a convolution with respect to its input, as an op.

use super::axis::{Axis, volume};
use super::{
    Epilogue, Method, Plan, Unfolded, bias_gradient_by_ops, composed, conv, kernel_gradient_by_ops, of_nothing,
};
use crate::cores::in_chunks;
use crate::gpu;
use crate::host::{view, with_float};
use crate::lengths;
use crate::matmul::{FusedActivation, column_sums};
use crate::narrow::{are_narrow, in_float32};
use crate::tape::{Value, on_host, record_with};
use candle_core::{Result, Tensor, bail};

/// `activation(transposed convolution(x, kernel) + bias)` over one, two or three axes, from [`Axis::transposed`].
///
/// # Shapes
/// - `x`: `(batch, axes[..].output, channels)`; `kernel`: `(axes[..].window, filters, channels)`; `bias`: `(filters,)`
/// - the result: `(batch, axes[..].input, filters)`
///
/// # Errors
/// If the shapes do not fit.
pub fn conv_transpose(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    axes: &[Axis],
    activation: FusedActivation,
) -> Result<Tensor> {
    let x = &lengths::beside(x, kernel)?;
    let all: Vec<&Tensor> = [x, kernel].into_iter().chain(bias).collect();
    lengths::check_floats("conv_transpose", all.iter().copied())?;
    let Some(plan) = plan(x, kernel, bias, axes) else {
        bail!("conv_transpose: {:?} and a kernel of shape {:?} do not fit {axes:?}", x.dims(), kernel.dims())
    };
    let shape = plan.shape(x.rank(), plan.channels, |axis| axis.input);
    if lengths::allocated(&shape, x.dtype())? == 0 || x.elem_count() == 0 || kernel.elem_count() == 0 {
        return of_nothing(shape, x, bias, activation);
    }
    Unfolded(plan).check(x.dtype())?;
    if plan.has_kernels(&all) {
        return gpu::conv_transpose(x, kernel, bias, plan, activation, shape.into());
    }
    if are_narrow(&all) {
        return in_float32(&all, |all| conv_transpose(&all[0], &all[1], all.get(2), axes, activation));
    }
    if !on_host(&all) {
        return composed::conv_transpose(x, kernel, bias, &plan, activation);
    }
    let method = Method::backwards(plan);
    let (input, weights) = (x.detach().contiguous()?, kernel.detach().contiguous()?);
    let bias_of = bias.map(|bias| bias.detach().contiguous()).transpose()?;
    let value = with_float!(x, T => {
        let bias = bias_of.as_ref().map(view::<T>).transpose()?;
        let mut y = method.backward_input(&view::<T>(&weights)?, &view::<T>(&input)?);
        if bias.is_some() || activation != FusedActivation::Linear {
            in_chunks(&mut y, plan.channels, 4, |_, chunk| activation.apply_with(bias.as_deref(), chunk));
        }
        Value::new(y, shape)?
    });
    let wanted = (x.track_op(), kernel.track_op(), bias.is_some_and(Tensor::track_op));
    let first = move |y: &Tensor, dy: Tensor| {
        with_float!(y, T => {
            let dz = activation.backward::<T>(y, dy)?;
            let dz = view::<T>(&dz)?;
            let dz: &[T] = &dz;
            let (x, kernel) = (view::<T>(&input)?, view::<T>(&weights)?);
            let epilogue = Epilogue { bias: None, activation: FusedActivation::Linear, pooling: None };
            let dx = wanted.0.then(|| Tensor::from_vec(method.forward(dz, &kernel, &epilogue), input.shape(), input.device()));
            let dw = wanted.1.then(|| Tensor::from_vec(method.backward_kernel(dz, &x), weights.shape(), input.device()));
            let db = wanted.2.then(|| Tensor::from_vec(column_sums(dz, plan.channels), plan.channels, input.device()));
            Ok(vec![dx.transpose()?, dw.transpose()?, db.transpose()?])
        })
    };
    record_with("conv_transpose", &all, value, first, move |inputs, y, dy| {
        let (x, kernel) = (&inputs[0], &inputs[1]);
        let axes = plan.axes_of(x.rank());
        let dz = activation.by_recorded_ops(y, dy)?;
        let dx = x.track_op().then(|| conv(&dz, kernel, None, axes, 1, FusedActivation::Linear)).transpose()?;
        let dw = kernel.track_op().then(|| kernel_gradient_by_ops(&dz, x, axes)).transpose()?;
        let db = inputs.get(2).filter(|bias| bias.track_op()).map(|_| bias_gradient_by_ops(&dz)).transpose()?;
        Ok(Some(vec![dx, dw, db]))
    })
}

/// The plan of the convolution whose gradient it is, if the tensors fit.
fn plan(x: &Tensor, kernel: &Tensor, bias: Option<&Tensor>, axes: &[Axis]) -> Option<Plan> {
    let volume = volume(axes)?;
    let ([batch, sizes @ .., channels], [windows @ .., filters, depth]) = (x.dims(), kernel.dims()) else {
        return None;
    };
    let fits = sizes.iter().eq(axes.iter().map(|axis| &axis.output))
        && windows.iter().eq(axes.iter().map(|axis| &axis.window))
        && depth == channels
        && bias.is_none_or(|bias| bias.dims() == [*filters]);
    fits.then_some(Plan { batch: *batch, axes: volume, channels: *filters, filters: *channels, groups: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use crate::{Padding, Padding::*};
    use candle_core::{DType, Device};

    /// Strides, dilation and padding over one, two and three axes, against finite differences and against the composition.
    #[test]
    fn gradients_agree_with_finite_differences() {
        type Case = (Vec<usize>, Vec<usize>, Vec<usize>, usize, Padding, Option<usize>);
        let cases: [Case; 7] = [
            (vec![4], vec![3], vec![2], 1, Valid, None),
            (vec![4], vec![2], vec![3], 1, Same, Some(2)),
            (vec![3, 2], vec![2, 3], vec![1, 1], 2, Valid, None),
            (vec![3, 2], vec![3, 4], vec![2, 3], 1, Same, None),
            (vec![4, 5], vec![3, 3], vec![1, 1], 1, Same, None),
            (vec![2, 1, 3], vec![2, 1, 3], vec![2, 1, 1], 1, Same, None),
            (vec![2, 2, 2], vec![2, 3, 2], vec![3, 2, 2], 1, Valid, Some(1)),
        ];
        for (sizes, windows, strides, dilation, padding, more) in cases {
            let of = |i: usize| Axis::transposed(sizes[i], windows[i], strides[i], dilation, padding, more);
            let axes: Vec<Axis> = (0..sizes.len()).map(of).collect();
            for (channels, filters) in [(2, 3), (16, 16)] {
                if channels == 16 && (windows != [3, 3] || strides != [1, 1]) {
                    continue;
                }
                let shape = |ends: &[usize], sizes: &[usize]| [&ends[..1], sizes, &ends[1..]].concat();
                let x = crate::gradcheck::try_values(&shape(&[2, channels], &sizes), 1).unwrap();
                let kernel = [&windows[..], &[filters, channels]].concat();
                let kernel = crate::gradcheck::try_values(&kernel, 2).unwrap();
                let inputs = [x, kernel, values([filters], 3)];
                let run = |x: &[Tensor]| conv_transpose(&x[0], &x[1], Some(&x[2]), &axes, FusedActivation::Tanh);
                assert_gradients(&inputs, run);
                let plan = plan(&inputs[0], &inputs[1], Some(&inputs[2]), &axes).unwrap();
                let plain =
                    composed::conv_transpose(&inputs[0], &inputs[1], Some(&inputs[2]), &plan, FusedActivation::Tanh);
                let (y, plain) = (run(&inputs).unwrap(), plain.unwrap());
                assert_eq!(y.dims(), plain.dims());
                let apart = (y - plain).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap();
                assert!(apart < 1e-12, "{axes:?}: {apart}");
            }
        }
    }

    /// Keras: `[1, 2, 3]` through a window of three ones that moves by 2.
    #[test]
    fn a_sequence_comes_out_as_in_keras() {
        let x = Tensor::new(&[[[1f32], [2.], [3.]]], &Device::Cpu).unwrap();
        let kernel = Tensor::ones((3, 1, 1), DType::F32, &Device::Cpu).unwrap();
        let run = |padding| {
            let axis = Axis::transposed(3, 3, 2, 1, padding, None);
            let y = conv_transpose(&x, &kernel, None, &[axis], FusedActivation::Linear).unwrap();
            y.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(run(Valid), [1., 1., 3., 2., 5., 3., 3.]);
        assert_eq!(run(Same), [1., 1., 3., 2., 5., 3.]);
    }

    #[test]
    fn tensors_that_do_not_fit_are_errors() {
        let (x, kernel) = (values([1, 3, 2], 1), values([3, 4, 2], 2));
        let axis = Axis::transposed(3, 3, 2, 1, Valid, None);
        let run = |kernel: &Tensor, axes: &[Axis]| conv_transpose(&x, kernel, None, axes, FusedActivation::Linear);
        assert!(run(&kernel, &[axis]).is_ok());
        assert!(run(&kernel, &[axis, axis]).is_err() && run(&kernel, &[]).is_err());
        assert!(run(&values([3, 4, 3], 2), &[axis]).is_err());
    }
}
