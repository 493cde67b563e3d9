//! Convolution of images and sequences with the channels last, as one op.
//!
//! Each image's windows are laid out as the rows of a matrix (im2col), which is multiplied with the kernel while it is in the
//! cache; images are shared out over the cores. (candle's conv1d has a wrong gradient for more than one sample, its convolutions
//! take one stride for both axes and no dilation there, and its gradients are scalar loops.)

use crate::cores;
use crate::host::{view, with_real};
use crate::matmul::{FusedActivation, Matrix, column_sums, fill_rows, gemm};
use crate::simd::Real;
use crate::tape::{Value, on_host, record_consuming};
use candle_core::{Result, Tensor, bail};

/// How a window moves over one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// The size of the input.
    pub input: usize,
    /// The size of the window.
    pub window: usize,
    /// How far it moves.
    pub stride: usize,
    /// How far its elements are apart.
    pub dilation: usize,
    /// How many elements it begins before the input.
    pub before: usize,
    /// How many windows there are.
    pub output: usize,
}

/// What is done at the borders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Nothing: windows lie inside of the input.
    Valid,
    /// Zeros on both sides, so that there are as many windows as elements, divided by the stride.
    Same,
    /// Zeros in front, so that a window sees nothing behind its place.
    Causal,
}

impl Axis {
    /// The windows over an axis; none if the window is larger than a valid input.
    pub fn new(input: usize, window: usize, stride: usize, dilation: usize, padding: Padding) -> Self {
        // Sizes may come from a file, and be anything.
        let (stride, reach) = (stride.max(1), (window.max(1) - 1).saturating_mul(dilation).saturating_add(1));
        let (output, before) = match padding {
            Padding::Valid => (input.saturating_add(stride).saturating_sub(reach) / stride, 0),
            Padding::Same => {
                let output = input.div_ceil(stride);
                let all = ((output.max(1) - 1) * stride).saturating_add(reach);
                (output, all.saturating_sub(input) / 2)
            }
            Padding::Causal => (input.div_ceil(stride), reach - 1),
        };
        Self { input, window, stride, dilation, before, output }
    }

    /// The element of the input that the `k`-th of the `o`-th window is on, if it is on one.
    #[inline(always)]
    pub(crate) fn at(&self, o: usize, k: usize) -> Option<usize> {
        let place = (o * self.stride + k * self.dilation).checked_sub(self.before)?;
        (place < self.input).then_some(place)
    }
}

/// One convolution's sizes.
#[derive(Debug, Clone, Copy)]
struct Plan {
    batch: usize,
    axes: [Axis; 2],
    channels: usize,
    filters: usize,
    groups: usize,
}

impl Plan {
    /// Rows of the matrix of windows.
    fn windows(&self) -> usize {
        self.axes[0].output * self.axes[1].output
    }

    /// Its columns.
    fn depth(&self) -> usize {
        self.axes[0].window * self.axes[1].window * self.channels / self.groups
    }

    fn image(&self) -> usize {
        self.axes[0].input * self.axes[1].input * self.channels
    }

    fn output(&self) -> usize {
        self.windows() * self.filters
    }

    /// Whether the windows are the elements themselves.
    fn is_pointwise(&self) -> bool {
        self.groups == 1 && self.axes.iter().all(|axis| axis.window == 1 && axis.stride == 1)
    }

    /// Where in an image and in the matrix each run of numbers lies that both have: the channels of an element, or of all elements that a
    /// window has in a row.
    #[inline(always)]
    fn each_run(&self, group: usize, mut f: impl FnMut(usize, usize, usize)) {
        let [rows, columns] = &self.axes;
        let width = self.channels / self.groups;
        let together = self.groups == 1 && columns.dilation == 1;
        let mut at = 0;
        for y in 0..rows.output {
            for x in 0..columns.output {
                let first = (x * columns.stride).checked_sub(columns.before);
                let inside = first.filter(|first| together && first + columns.window <= columns.input);
                for i in 0..rows.window {
                    let row = rows.at(y, i);
                    if let (Some(row), Some(first)) = (row, inside) {
                        f((row * columns.input + first) * width, at, columns.window * width);
                        at += columns.window * width;
                        continue;
                    }
                    for j in 0..columns.window {
                        if let (Some(row), Some(column)) = (row, columns.at(x, j)) {
                            let from = (row * columns.input + column) * self.channels + group * width;
                            f(from, at, width);
                        }
                        at += width;
                    }
                }
            }
        }
    }

    /// The memory for the windows of one image, none if they are the image itself; zeros, which stay where windows lie outside.
    fn matrix<T: Real>(&self) -> Vec<T> {
        vec![T::ZERO; if self.is_pointwise() { 0 } else { self.windows() * self.depth() }]
    }

    /// The windows of a group of an image as a matrix: the image itself, or `matrix`, into which they are laid out.
    fn unfolded<'a, T: Real>(&self, image: &'a [T], group: usize, matrix: &'a mut [T]) -> Matrix<'a, T> {
        if self.is_pointwise() {
            return Matrix::rows(image, self.windows(), self.depth());
        }
        self.unfold(image, group, matrix);
        Matrix::rows(matrix, self.windows(), self.depth())
    }

    /// Lays the windows of a group of an image out as the rows of `matrix`.
    fn unfold<T: Real>(&self, image: &[T], group: usize, matrix: &mut [T]) {
        self.each_run(group, |from, at, width| {
            let (to, from) = (&mut matrix[at..at + width], &image[from..from + width]);
            // A call to copy a few numbers takes longer than to copy them.
            if width < 8 {
                for (to, &from) in to.iter_mut().zip(from) {
                    *to = from;
                }
            } else {
                to.copy_from_slice(from);
            }
        });
    }

    /// Adds the rows back to the elements that they came from.
    fn fold<T: Real>(&self, matrix: &[T], group: usize, image: &mut [T]) {
        self.each_run(group, |from, at, width| {
            for (x, &y) in image[from..from + width].iter_mut().zip(&matrix[at..at + width]) {
                *x += y;
            }
        });
    }

    /// A group's part of the kernel: `(depth, filters / groups)`.
    fn kernel<'a, T: Real>(&self, kernel: &'a [T], group: usize) -> Matrix<'a, T> {
        let filters = self.filters / self.groups;
        Matrix::strided(&kernel[group * filters..], (self.depth(), filters), (self.filters, 1))
    }

    /// A group's part of an image's outputs: `(windows, filters / groups)`.
    fn outputs<'a, T: Real>(&self, y: &'a [T], group: usize) -> Matrix<'a, T> {
        let filters = self.filters / self.groups;
        Matrix::strided(&y[group * filters..], (self.windows(), filters), (self.filters, 1))
    }
}

/// `activation(convolution(x, kernel) + bias)`; a sequence is an image of height 1.
///
/// # Shapes
/// - `x`: `(batch, height, width, channels)`; `kernel`: `(window height, window width, channels / groups, filters)`; `bias`: `(filters,)`
/// - the result: `(batch, axes[0].output, axes[1].output, filters)`
/// - of a sequence, all are without the height
///
/// # Errors
/// If the shapes do not suit each other.
pub fn conv2d(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    axes: [Axis; 2],
    groups: usize,
    activation: FusedActivation,
) -> Result<Tensor> {
    let flat = x.rank() == 3;
    let (image, windows) = (as_image(x, 1)?, as_image(kernel, 0)?);
    let (batch, height, width, channels) = image.dims4()?;
    let (window_height, window_width, depth, filters) = windows.dims4()?;
    let plan = Plan { batch, axes, channels, filters, groups };
    let fits = (axes[0].input, axes[1].input) == (height, width)
        && (axes[0].window, axes[1].window) == (window_height, window_width)
        && groups > 0
        && depth * groups == channels
        && filters % groups == 0
        && bias.is_none_or(|bias| bias.dims() == [filters]);
    if !fits {
        bail!("conv2d: {:?} and a kernel of shape {:?} in {groups} groups do not fit", x.dims(), kernel.dims())
    }
    let all: Vec<&Tensor> = [x, kernel].into_iter().chain(bias).collect();
    if !on_host(&all) {
        let y = composed(&image, &windows, bias, &plan, activation)?;
        return if flat { y.squeeze(1) } else { Ok(y) };
    }
    let (input, weights) = (x.detach().contiguous()?, kernel.detach().contiguous()?);
    let mut shape = vec![batch, axes[0].output, axes[1].output, filters];
    if flat {
        shape.remove(1);
    }
    let value = with_real!(x, T => {
        let bias = bias.map(|bias| bias.detach().contiguous()).transpose()?;
        let bias = bias.as_ref().map(view::<T>).transpose()?;
        let y = forward(&plan, &view::<T>(&input)?, &view::<T>(&weights)?, bias.as_deref(), activation);
        Value::new(y, shape)
    });
    let wanted = (x.track_op(), kernel.track_op(), bias.is_some_and(Tensor::track_op));
    record_consuming("conv2d", &all, value, move |y, dy| {
        with_real!(y, T => {
            let dz = activation.backward::<T>(y, dy)?;
            let dz = view::<T>(&dz)?;
            let dz: &[T] = &dz;
            let (image, kernel) = (view::<T>(&input)?, view::<T>(&weights)?);
            let dx = wanted.0.then(|| Tensor::from_vec(backward_input(&plan, &kernel, dz), input.shape(), input.device()));
            let dw = wanted.1.then(|| Tensor::from_vec(backward_kernel(&plan, &image, dz), weights.shape(), input.device()));
            let db = wanted.2.then(|| Tensor::from_vec(column_sums(dz, filters), filters, input.device()));
            Ok(vec![dx.transpose()?, dw.transpose()?, db.transpose()?])
        })
    })
}

/// A sequence as an image of height 1, with the axis of the height at `axis`.
pub(crate) fn as_image(x: &Tensor, axis: usize) -> Result<Tensor> {
    if x.rank() == 3 { x.unsqueeze(axis) } else { Ok(x.clone()) }
}

fn forward<T: Real>(plan: &Plan, x: &[T], kernel: &[T], bias: Option<&[T]>, activation: FusedActivation) -> Vec<T> {
    let (image, output) = (plan.image(), plan.output().max(1));
    let part = cores::part(plan.batch * plan.output(), output, plan.depth());
    cores::made(plan.batch * plan.output(), part, |from, part| {
        let mut matrix = plan.matrix::<T>();
        for (i, y) in part.chunks_exact_mut(output).enumerate() {
            let image = &x[(from / output + i) * image..][..image];
            if let Some(bias) = bias {
                fill_rows(y, bias);
            }
            for group in 0..plan.groups {
                let windows = plan.unfolded(image, group, &mut matrix);
                let part = &mut y[group * (plan.filters / plan.groups)..];
                gemm(part, plan.filters, true, windows, plan.kernel(kernel, group));
            }
            activation.apply(y);
        }
    })
}

fn backward_input<T: Real>(plan: &Plan, kernel: &[T], dy: &[T]) -> Vec<T> {
    let (image, output) = (plan.image().max(1), plan.output());
    let part = cores::part(plan.batch * plan.image(), image, plan.depth());
    cores::made(plan.batch * plan.image(), part, |from, part| {
        let mut matrix = plan.matrix::<T>();
        for (i, dx) in part.chunks_exact_mut(image).enumerate() {
            let dy = &dy[(from / image + i) * output..][..output];
            for group in 0..plan.groups {
                let (dy, kernel) = (plan.outputs(dy, group), plan.kernel(kernel, group).t());
                if plan.is_pointwise() {
                    gemm(dx, plan.depth(), false, dy, kernel);
                } else {
                    gemm(&mut matrix, plan.depth(), false, dy, kernel);
                    plan.fold(&matrix, group, dx);
                }
            }
        }
    })
}

fn backward_kernel<T: Real>(plan: &Plan, x: &[T], dy: &[T]) -> Vec<T> {
    let part = plan.batch.div_ceil(8).max(1);
    let images = x.chunks(part * plan.image().max(1)).zip(dy.chunks(part * plan.output().max(1)));
    cores::summed(images.collect(), plan.depth() * plan.filters, |(images, outputs), dw| {
        let mut matrix = plan.matrix::<T>();
        for (image, dy) in images.chunks_exact(plan.image().max(1)).zip(outputs.chunks_exact(plan.output().max(1))) {
            for group in 0..plan.groups {
                let windows = plan.unfolded(image, group, &mut matrix);
                let part = &mut dw[group * (plan.filters / plan.groups)..];
                gemm(part, plan.filters, true, windows.t(), plan.outputs(dy, group));
            }
        }
    })
}

/// The same of candle's functions: the windows are gathered, then multiplied. For other devices; slower than a kernel of its own.
fn composed(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    plan: &Plan,
    activation: FusedActivation,
) -> Result<Tensor> {
    let [rows, columns] = plan.axes;
    // One row of zeros behind the pixels stands for what is outside.
    let pixels = rows.input * columns.input;
    let outside = x.narrow(1, 0, 1)?.narrow(2, 0, 1)?.zeros_like()?.reshape((plan.batch, 1, plan.channels))?;
    let flat = Tensor::cat(&[x.reshape((plan.batch, pixels, plan.channels))?, outside], 1)?;
    let mut ids = vec![pixels as u32; plan.windows() * rows.window * columns.window];
    let mut at = 0;
    for y in 0..rows.output {
        for x in 0..columns.output {
            for (i, j) in (0..rows.window).flat_map(|i| (0..columns.window).map(move |j| (i, j))) {
                if let (Some(row), Some(column)) = (rows.at(y, i), columns.at(x, j)) {
                    ids[at] = (row * columns.input + column) as u32;
                }
                at += 1;
            }
        }
    }
    let ids = Tensor::new(ids, x.device())?;
    let windows = flat.contiguous()?.index_select(&ids, 1)?;
    let (taps, width) = (rows.window * columns.window, plan.channels / plan.groups);
    let windows = windows.reshape((plan.batch * plan.windows(), taps, plan.groups, width))?;
    let filters = plan.filters / plan.groups;
    let kernel = kernel.reshape((taps * width, plan.filters))?;
    let mut parts = Vec::with_capacity(plan.groups);
    for group in 0..plan.groups {
        let windows =
            windows.narrow(2, group, 1)?.contiguous()?.reshape((plan.batch * plan.windows(), taps * width))?;
        parts.push(windows.matmul(&kernel.narrow(1, group * filters, filters)?.contiguous()?)?);
    }
    let y = Tensor::cat(&parts, 1)?.reshape((plan.batch, rows.output, columns.output, plan.filters))?;
    let y = bias.map_or_else(|| Ok(y.clone()), |bias| y.broadcast_add(bias))?;
    activation.composed(&y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn windows_are_counted_as_in_keras() {
        let output = |padding, stride, dilation| Axis::new(10, 3, stride, dilation, padding).output;
        assert_eq!(
            (output(Padding::Valid, 1, 1), output(Padding::Valid, 3, 1), output(Padding::Valid, 1, 4)),
            (8, 3, 2)
        );
        assert_eq!(
            (output(Padding::Same, 1, 2), output(Padding::Same, 3, 1), output(Padding::Causal, 2, 1)),
            (10, 4, 5)
        );
        assert_eq!(Axis::new(2, 3, 1, 1, Padding::Valid).output, 0);
        assert_eq!(Axis::new(5, 4, 2, 1, Padding::Same).before, 1);
    }

    /// Strides, dilation, groups and padding, against finite differences and against the composition.
    #[test]
    fn gradients_agree_with_finite_differences() {
        use Padding::*;
        for (window, stride, dilation, padding, groups) in [
            ((2, 3), (1, 1), (1, 1), Valid, 1),
            ((3, 2), (2, 1), (1, 1), Same, 2),
            ((2, 2), (1, 1), (2, 1), Same, 1),
            ((1, 1), (1, 1), (1, 1), Valid, 1),
            ((1, 1), (2, 2), (1, 1), Valid, 4),
            ((1, 3), (1, 1), (1, 2), Causal, 1),
        ] {
            let x = values([2, 4, 5, 4], 1);
            let kernel = crate::gradcheck::try_values(&[window.0, window.1, 4 / groups, 8], 2).unwrap();
            let bias = values([8], 3);
            let axes = [
                Axis::new(4, window.0, stride.0, dilation.0, if padding == Causal { Valid } else { padding }),
                Axis::new(5, window.1, stride.1, dilation.1, padding),
            ];
            let run = |x: &[Tensor]| conv2d(&x[0], &x[1], Some(&x[2]), axes, groups, FusedActivation::Tanh);
            let inputs = [x, kernel, bias];
            assert_gradients(&inputs, run);
            let plan = Plan { batch: 2, axes, channels: 4, filters: 8, groups };
            let plain = composed(&inputs[0], &inputs[1], Some(&inputs[2]), &plan, FusedActivation::Tanh).unwrap();
            if window.0 == 1 {
                let [x, kernel, bias] = &inputs;
                let (x, kernel) = (x.narrow(1, 0, 1).unwrap().squeeze(1).unwrap(), kernel.squeeze(0).unwrap());
                let axes = [Axis::new(1, 1, 1, 1, Valid), axes[1]];
                let run = |x: &[Tensor]| conv2d(&x[0], &x[1], Some(&x[2]), axes, groups, FusedActivation::Tanh);
                assert_gradients(&[x, kernel, bias.clone()], run);
            }
            let apart = (run(&inputs).unwrap() - plain).unwrap().abs().unwrap().max_all().unwrap();
            assert!(apart.to_scalar::<f64>().unwrap() < 1e-12);
        }
    }
}
