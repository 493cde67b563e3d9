//! Convolution of sequences, images and volumes with the channels last, as one op.
//!
//! The images of a batch are divided among the threads, and computed by one of four methods; the sizes decide. (candle's conv1d has a wrong
//! gradient for more than one sample, its convolutions take one stride for both axes and no dilation there, and its gradients are scalar
//! loops.)

pub(crate) mod axis;
mod bands;
mod border;
mod composed;
mod depthwise;
mod direct;
mod normalized;
mod transpose;
mod unfold;
mod winograd;

use crate::cores::{self, UninitChunk};
use crate::gpu::{self, on_gpu};
use crate::host::{view, with_float};
use crate::lengths;
use crate::matmul::{FusedActivation, column_sums};
use crate::narrow::{are_narrow, in_float32};
use crate::pool::{Pool, Windows, pool, pooled};
use crate::shape::{self, reshaped};
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, on_host, record_with};
use candle_core::{DType, Result, Tensor, bail};
use depthwise::Depthwise;
use direct::Direct;
use std::ops::Range;
use unfold::Unfolded;
use winograd::Winograd;

pub use axis::{Axis, Padding};
pub use normalized::normalized_kernel;
pub use transpose::conv_transpose;

/// The sizes of a convolution. An image is a volume of depth 1, and a sequence an image of height 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) batch: usize,
    pub(crate) axes: [Axis; 3],
    pub(crate) channels: usize,
    pub(crate) filters: usize,
    pub(crate) groups: usize,
}

impl Plan {
    /// The plan for these tensors, if their shapes fit.
    fn of(x: &Tensor, kernel: &Tensor, bias: Option<&Tensor>, axes: &[Axis], groups: usize) -> Option<Self> {
        let volume = axis::volume(axes)?;
        let ([batch, sizes @ .., channels], [windows @ .., depth, filters]) = (x.dims(), kernel.dims()) else {
            return None;
        };
        let fits = sizes.iter().eq(axes.iter().map(|axis| &axis.input))
            && windows.iter().eq(axes.iter().map(|axis| &axis.window))
            && groups > 0
            && depth.checked_mul(groups) == Some(*channels)
            && filters % groups == 0
            && bias.is_none_or(|bias| bias.dims() == [*filters]);
        fits.then_some(Self { batch: *batch, axes: volume, channels: *channels, filters: *filters, groups })
    }

    /// Rows of the matrix of windows.
    pub(crate) fn windows(&self) -> usize {
        self.axes.iter().map(|axis| axis.output).product()
    }

    /// How many elements a window has.
    pub(crate) fn taps(&self) -> usize {
        self.axes.iter().map(|axis| axis.window).product()
    }

    /// Columns of the matrix of windows.
    pub(crate) fn depth(&self) -> usize {
        self.taps() * self.channels / self.groups
    }

    /// The axes of a tensor of this rank.
    fn axes_of(&self, rank: usize) -> &[Axis] {
        &self.axes[5usize.saturating_sub(rank)..]
    }

    /// Whether there is one group a channel.
    pub(crate) fn is_depthwise(&self) -> bool {
        self.groups == self.channels && self.channels > 1
    }

    /// Whether there are kernels for this convolution of these tensors.
    fn has_kernels(&self, all: &[&Tensor]) -> bool {
        on_gpu(all) && self.axes.iter().all(Axis::has_short_indices)
    }

    /// The shape of a tensor of this rank, with `size` of each axis between the batch and the channels.
    fn shape(&self, rank: usize, channels: usize, size: impl Fn(&Axis) -> usize) -> Vec<usize> {
        let sizes = self.axes_of(rank).iter().map(size);
        std::iter::once(self.batch).chain(sizes).chain([channels]).collect()
    }

    /// Whether the windows are the elements themselves.
    pub(crate) fn is_pointwise(&self) -> bool {
        let is_itself =
            |axis: &Axis| axis.window == 1 && axis.stride == 1 && axis.before == 0 && axis.output == axis.input;
        self.groups == 1 && self.axes.iter().all(is_itself)
    }

    /// How many elements of all channels the images of a batch have.
    pub(crate) fn elements(&self) -> usize {
        self.batch * self.axes.iter().map(|axis| axis.input).product::<usize>()
    }

    /// How many elements an input image has.
    fn image(&self) -> usize {
        self.axes.iter().map(|axis| axis.input).product::<usize>() * self.channels
    }

    /// How many elements an output image has.
    fn output(&self) -> usize {
        self.windows() * self.filters
    }
}

/// How a convolution is computed.
#[derive(Debug)]
enum Method {
    Depthwise(Depthwise),
    Direct(Direct),
    Winograd(Winograd),
    Unfolded(Unfolded),
}

impl Method {
    /// The fastest one for the outputs.
    fn forwards(plan: Plan) -> Self {
        let depthwise = Depthwise::of(plan).map(Self::Depthwise);
        let direct = || Direct::of(plan).map(Self::Direct);
        depthwise.or_else(direct).unwrap_or_else(|| Self::backwards(plan))
    }

    /// The fastest one for the gradients.
    fn backwards(plan: Plan) -> Self {
        let depthwise = Depthwise::of(plan).map(Self::Depthwise);
        let direct = || Direct::with_gradients(plan).map(Self::Direct);
        let winograd = || Winograd::of(plan).map(Self::Winograd);
        depthwise.or_else(direct).or_else(winograd).unwrap_or(Self::Unfolded(Unfolded(plan)))
    }

    fn forward<T: Float>(&self, x: &[T], kernel: &[T], epilogue: &Epilogue<T>) -> Vec<T> {
        let mut y = Vec::new();
        self.forward_to(Destination::Vector(&mut y), [x, kernel], epilogue);
        y
    }

    fn forward_to<T: Float>(&self, to: Destination<T>, [x, kernel]: [&[T]; 2], epilogue: &Epilogue<T>) {
        match self {
            Self::Depthwise(method) => method.forward(to, x, kernel, epilogue),
            Self::Direct(method) => method.forward(to, x, kernel, epilogue),
            Self::Winograd(method) => method.forward(to, x, kernel, epilogue),
            Self::Unfolded(method) => method.forward(to, x, kernel, epilogue),
        }
    }

    fn backward_input<T: Float>(&self, kernel: &[T], dy: &[T]) -> Vec<T> {
        match self {
            Self::Depthwise(method) => method.backward_input(kernel, dy),
            Self::Direct(method) => method.unfolded().backward_input(kernel, dy),
            Self::Winograd(method) => method.backward_input(kernel, dy),
            Self::Unfolded(method) => method.backward_input(kernel, dy),
        }
    }

    fn backward_kernel<T: Float>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        match self {
            Self::Depthwise(method) => method.backward_kernel(x, dy),
            Self::Direct(method) => method.backward_kernel(x, dy),
            Self::Winograd(method) => method.backward_kernel(x, dy),
            Self::Unfolded(method) => method.backward_kernel(x, dy),
        }
    }
}

/// A convolution alone, on slices, for the loops of other ops.
#[derive(Debug, Clone)]
pub(crate) struct PlainConv(Plan);

impl PlainConv {
    /// Over images of these axes.
    ///
    /// # Errors
    /// If there are more than three axes, or no memory for the convolution.
    pub(crate) fn new(batch: usize, axes: &[Axis], channels: usize, filters: usize, dtype: DType) -> Result<Self> {
        let Some(axes) = axis::volume(axes) else { bail!("conv: {} axes", axes.len()) };
        let plan = Plan { batch, axes, channels, filters, groups: 1 };
        Unfolded(plan).check(dtype)?;
        Ok(Self(plan))
    }

    pub(crate) fn plan(&self) -> Plan {
        self.0
    }

    pub(crate) fn forward<T: Float>(&self, x: &[T], kernel: &[T]) -> Result<Vec<T>> {
        bands::forward(self.0, [x, kernel], None, FusedActivation::Linear, None)
    }

    pub(crate) fn backward_input<T: Float>(&self, kernel: &[T], dy: &[T]) -> Vec<T> {
        Method::backwards(self.0).backward_input(kernel, dy)
    }

    pub(crate) fn backward_kernel<T: Float>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        Method::backwards(self.0).backward_kernel(x, dy)
    }
}

/// What is applied to the sums of an image while they are in the cache.
struct Epilogue<'a, T> {
    bias: Option<&'a [T]>,
    activation: FusedActivation,
    pooling: Option<(Pool, Windows)>,
}

impl<T: Float> Epilogue<'_, T> {
    /// How many elements an image has after it.
    fn output(&self, plan: &Plan) -> usize {
        self.pooling.as_ref().map_or(plan.output(), |(_, windows)| windows.count() * plan.filters)
    }

    /// Applies it to the sums of one image, and writes the result.
    fn write(&self, sums: &mut [T], plan: &Plan, chunk: &mut UninitChunk<T>) {
        let Some((pool, windows)) = &self.pooling else {
            return self.activation.write_with_bias(self.bias, sums, chunk);
        };
        let mut y = vec![T::ZERO; self.output(plan)];
        match pool {
            // Activations are monotonic and a window has one bias: applied after pooling, the result is the same for less work.
            Pool::Max => {
                simd!(pooled(sums, &mut y, *pool, windows));
                self.activation.write_with_bias(self.bias, &y, chunk);
            }
            Pool::Average => {
                self.activation.apply_with(self.bias, sums);
                simd!(pooled(sums, &mut y, *pool, windows));
                chunk.copy(&y);
            }
        }
    }
}

/// Where images are written.
enum Destination<'a, 'b, T> {
    /// A new vector, by all threads.
    Vector(&'a mut Vec<T>),
    /// A part of one, by this thread.
    Chunk(&'a mut UninitChunk<'b, T>),
}

/// The images that [`images`] computes.
struct Images {
    /// How many there are.
    batch: usize,
    /// How many elements of the result one has.
    output: usize,
    /// How many are one matrix product. They are computed by one thread, so that the products do not depend on the number of threads.
    together: usize,
}

/// Writes the results of `f` for the images of a batch, at `work` simple operations an image. `scratch` is allocated once a thread.
fn images<T: Float, S>(
    to: Destination<T>,
    Images { batch, output, together }: Images,
    work: usize,
    scratch: impl Fn() -> S + Sync,
    f: impl Fn(&mut S, Range<usize>, &mut UninitChunk<T>) + Sync,
) {
    let size = output.max(1);
    match to {
        Destination::Chunk(chunk) => f(&mut scratch(), 0..batch, chunk),
        Destination::Vector(vector) => {
            *vector = cores::fill_chunks_with(
                batch * output,
                cores::chunk_len(batch * output, size * together.min(batch.max(1)), work / size),
                scratch,
                |scratch, from, chunk| f(scratch, from / size..(from + chunk.remaining()) / size, chunk),
            );
        }
    }
}

/// The gradient of the kernel: the sum of what `f` accumulates for images and the gradients of their outputs, in at most eight chunks of the
/// batch.
fn kernel_gradient<T: Float>(plan: &Plan, x: &[T], dy: &[T], f: impl Fn(&[T], &[T], &mut [T]) + Sync) -> Vec<T> {
    let images = plan.batch.div_ceil(8).max(1);
    let chunks = x.chunks(images * plan.image().max(1)).zip(dy.chunks(images * plan.output().max(1)));
    cores::summed(chunks.collect(), plan.depth() * plan.filters, |(x, dy), kernel| f(x, dy, kernel))
}

/// `activation(convolution(x, kernel) + bias)` over one, two or three axes.
///
/// # Shapes
/// - `x`: `(batch, axes[..].input, channels)`; `kernel`: `(axes[..].window, channels / groups, filters)`; `bias`: `(filters,)`
/// - the result: `(batch, axes[..].output, filters)`
///
/// # Errors
/// If the shapes do not fit.
pub fn conv(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    axes: &[Axis],
    groups: usize,
    activation: FusedActivation,
) -> Result<Tensor> {
    conv_and_pool(x, kernel, bias, axes, groups, activation, None)
}

/// `activation(convolution(x, kernel) + bias)`, with separate filters for each channel. The outputs of a channel are adjacent.
///
/// # Shapes
/// - `x`: `(batch, axes[..].input, channels)`; `kernel`: `(axes[..].window, channels, multiplier)`; `bias`: `(channels * multiplier,)`
/// - the result: `(batch, axes[..].output, channels * multiplier)`
///
/// # Errors
/// If the shapes do not fit.
pub fn depthwise_conv(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    axes: &[Axis],
    activation: FusedActivation,
) -> Result<Tensor> {
    let [windows @ .., channels, multiplier] = kernel.dims() else {
        bail!("depthwise_conv: a kernel of shape {:?}", kernel.dims())
    };
    // The layout is that of a kernel with one group a channel.
    lengths::check([x, kernel])?;
    let shape = [windows, &[1, channels * multiplier]].concat();
    conv(x, &reshaped(kernel, &shape)?, bias, axes, *channels, activation)
}

/// [`conv`], then [`pool`](crate::pool()) if `pooling` is given.
///
/// On the host and without gradients, an image is pooled while it is in the cache, which saves a write and a read of it. With
/// gradients or on a GPU, the two ops run one after the other.
///
/// # Errors
/// If the shapes do not fit.
pub fn conv_and_pool(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    axes: &[Axis],
    groups: usize,
    activation: FusedActivation,
    pooling: Option<(Pool, &[Axis])>,
) -> Result<Tensor> {
    let x = &lengths::beside(x, kernel)?;
    let all: Vec<&Tensor> = [x, kernel].into_iter().chain(bias).collect();
    lengths::check_floats("conv", all.iter().copied())?;
    let Some(plan) = Plan::of(x, kernel, bias, axes, groups) else {
        bail!(
            "conv: {:?} and a kernel of shape {:?} in {groups} groups do not fit windows {axes:?}",
            x.dims(),
            kernel.dims()
        )
    };
    let shape = plan.shape(x.rank(), plan.filters, |axis| axis.output);
    if lengths::allocated(&shape, x.dtype())? == 0 || x.elem_count() == 0 || kernel.elem_count() == 0 {
        let y = of_nothing(shape, x, bias, activation)?;
        return pooling.map_or_else(|| Ok(y.clone()), |(of_window, windows)| pool(&y, of_window, windows));
    }
    Unfolded(plan).check(x.dtype())?;
    if let Some((of_window, windows)) = pooling
        && (all.iter().any(|x| x.track_op()) || !on_host(&all))
    {
        return pool(&conv(x, kernel, bias, axes, groups, activation)?, of_window, windows);
    }
    if plan.has_kernels(&all) {
        return gpu::conv(x, kernel, bias, plan, activation, shape.into());
    }
    if are_narrow(&all) {
        return in_float32(&all, |all| conv_and_pool(&all[0], &all[1], all.get(2), axes, groups, activation, pooling));
    }
    if !on_host(&all) {
        return composed::conv(x, kernel, bias, &plan, activation);
    }
    let (last, pooling) = match pooling {
        None => (plan, None),
        Some((of_window, windows)) => match axis::volume(windows) {
            Some(last) if last.map(|axis| axis.input) == plan.axes.map(|axis| axis.output) => {
                (Plan { axes: last, ..plan }, Some((of_window, last)))
            }
            _ => bail!("conv_and_pool: windows of {windows:?} over images of {axes:?}"),
        },
    };
    let (input, weights) = (x.detach().contiguous()?, kernel.detach().contiguous()?);
    let value = with_float!(x, T => {
        let bias = bias.map(|bias| bias.detach().contiguous()).transpose()?;
        let bias = bias.as_ref().map(view::<T>).transpose()?;
        let (image, weights) = (view::<T>(&input)?, view::<T>(&weights)?);
        let y = bands::forward(plan, [&image, &weights], bias.as_deref(), activation, pooling)?;
        Value::new(y, last.shape(x.rank(), plan.filters, |axis| axis.output))?
    });
    let wanted = (x.track_op(), kernel.track_op(), bias.is_some_and(Tensor::track_op));
    let first = move |y: &Tensor, dy: Tensor| {
        let method = Method::backwards(plan);
        with_float!(y, T => {
            let dz = activation.backward::<T>(y, dy)?;
            let dz = view::<T>(&dz)?;
            let dz: &[T] = &dz;
            let (image, kernel) = (view::<T>(&input)?, view::<T>(&weights)?);
            let dx = wanted.0.then(|| Tensor::from_vec(method.backward_input(&kernel, dz), input.shape(), input.device()));
            let dw = wanted.1.then(|| Tensor::from_vec(method.backward_kernel(&image, dz), weights.shape(), input.device()));
            let db = wanted.2.then(|| Tensor::from_vec(column_sums(dz, plan.filters), plan.filters, input.device()));
            Ok(vec![dx.transpose()?, dw.transpose()?, db.transpose()?])
        })
    };
    record_with("conv", &all, value, first, move |inputs, y, dy| {
        if plan.groups != 1 {
            return Ok(None);
        }
        let (x, kernel) = (&inputs[0], &inputs[1]);
        let axes = plan.axes_of(x.rank());
        let dz = activation.by_recorded_ops(y, dy)?;
        let linear = FusedActivation::Linear;
        let dx = x.track_op().then(|| conv_transpose(&dz, kernel, None, axes, linear)).transpose()?;
        let dw = kernel.track_op().then(|| kernel_gradient_by_ops(x, &dz, axes)).transpose()?;
        let db = inputs.get(2).filter(|bias| bias.track_op()).map(|_| bias_gradient_by_ops(&dz)).transpose()?;
        Ok(Some(vec![dx, dw, db]))
    })
}

/// The gradient of the kernel of a convolution of `x`, with gradients itself: a convolution whose windows are the outputs, over images whose
/// channels are the batch.
fn kernel_gradient_by_ops(x: &Tensor, dz: &Tensor, axes: &[Axis]) -> Result<Tensor> {
    let swapped = |axis: &Axis| Axis {
        window: axis.output,
        output: axis.window,
        stride: axis.dilation,
        dilation: axis.stride,
        ..*axis
    };
    let last = axes.len() as i64 + 1;
    let between = || 1..last;
    let channels_first: Vec<i64> = std::iter::once(last).chain(between()).chain([0]).collect();
    let batch_behind: Vec<i64> = between().chain([0, last]).collect();
    let images = shape::transpose(x, Some(&channels_first))?;
    let windows = shape::transpose(dz, Some(&batch_behind))?;
    let axes: Vec<Axis> = axes.iter().map(swapped).collect();
    let gradient = conv(&images, &windows, None, &axes, 1, FusedActivation::Linear)?;
    shape::transpose(&gradient, Some(&batch_behind))
}

/// The gradient of the bias of a convolution, with gradients itself.
fn bias_gradient_by_ops(dz: &Tensor) -> Result<Tensor> {
    let all_but_channels: Vec<i64> = (0..dz.rank() as i64 - 1).collect();
    crate::reduce::sum(dz, all_but_channels.as_slice())
}

/// The activation of the bias in this shape: a convolution whose sums have no terms, or that has no sums.
fn of_nothing(shape: Vec<usize>, x: &Tensor, bias: Option<&Tensor>, activation: FusedActivation) -> Result<Tensor> {
    let zeros = Tensor::zeros(shape, x.dtype(), x.device())?;
    activation.composed(&bias.map_or_else(|| Ok(zeros.clone()), |bias| crate::add(&zeros, bias))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, assert_second_gradients, try_values, values};

    /// Strides whose last windows end before the input, dilation and padding, over one, two and three axes.
    #[test]
    fn second_gradients_agree_with_finite_differences() {
        use Padding::*;
        let cases: [(Vec<usize>, usize, usize, usize, Padding); 6] = [
            (vec![5], 2, 1, 1, Causal),
            (vec![6], 3, 2, 1, Valid),
            (vec![6, 5], 2, 3, 1, Valid),
            (vec![4, 5], 3, 1, 1, Same),
            (vec![5, 6], 2, 1, 2, Same),
            (vec![3, 2, 3], 2, 1, 1, Same),
        ];
        for (sizes, window, stride, dilation, padding) in cases {
            let shape = |from: &[usize], middle: &[usize], to: &[usize]| [from, middle, to].concat();
            let x = try_values(&shape(&[2], &sizes, &[2]), 1).unwrap();
            let kernel = try_values(&[vec![window; sizes.len()], vec![2, 3]].concat(), 2).unwrap();
            let axes: Vec<Axis> =
                sizes.iter().map(|&size| Axis::new(size, window, stride, dilation, padding)).collect();
            for activation in [FusedActivation::Linear, FusedActivation::Tanh, FusedActivation::Relu] {
                let inputs = [x.clone(), kernel.clone(), values([3], 3)];
                assert_second_gradients(&inputs, |x| {
                    crate::square(&conv(&x[0], &x[1], Some(&x[2]), &axes, 1, activation)?)
                });
            }
            let outputs: Vec<usize> = axes.iter().map(|axis| axis.output).collect();
            let inputs = [try_values(&shape(&[2], &outputs, &[3]), 4).unwrap(), kernel, values([2], 3)];
            assert_second_gradients(&inputs, |x| {
                crate::square(&conv_transpose(&x[0], &x[1], Some(&x[2]), &axes, FusedActivation::Sigmoid)?)
            });
        }
    }
    use candle_core::Device;

    /// A batch of two images of these channels, a kernel and a bias, and the windows over the images.
    fn case(
        [channels, filters, groups]: [usize; 3],
        windows: [usize; 2],
        strides: [usize; 2],
        dilations: [usize; 2],
        padding: Padding,
    ) -> ([Tensor; 3], [Axis; 2]) {
        let kernel = [windows[0], windows[1], channels / groups, filters];
        let inputs = [values([2, 4, 5, channels], 1), values(kernel, 2), values([filters], 3)];
        let rows = if padding == Padding::Causal { Padding::Valid } else { padding };
        let axes = [
            Axis::new(4, windows[0], strides[0], dilations[0], rows),
            Axis::new(5, windows[1], strides[1], dilations[1], padding),
        ];
        (inputs, axes)
    }

    fn plan(inputs: &[Tensor; 3], axes: [Axis; 2], groups: usize) -> Plan {
        Plan::of(&inputs[0], &inputs[1], Some(&inputs[2]), &axes, groups).unwrap()
    }

    fn apart(a: &Tensor, b: &Tensor) -> f64 {
        (a.to_dtype(DType::F64).unwrap() - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap()
    }

    /// Strides, dilation, groups and padding by each method, against finite differences and against the composition.
    #[test]
    fn gradients_agree_with_finite_differences() {
        use Padding::*;
        for (method, sizes, windows, strides, dilations, padding) in [
            ("Unfolded", [4, 8, 1], [2, 3], [1, 1], [1, 1], Valid),
            ("Unfolded", [4, 8, 2], [3, 2], [2, 1], [1, 1], Same),
            ("Unfolded", [4, 8, 1], [2, 2], [1, 1], [2, 1], Same),
            ("Unfolded", [4, 8, 1], [1, 1], [1, 1], [1, 1], Valid),
            ("Unfolded", [4, 8, 2], [1, 1], [2, 2], [1, 1], Valid),
            ("Unfolded", [4, 8, 1], [1, 3], [1, 1], [1, 2], Causal),
            ("Unfolded", [4, 8, 1], [1, 3], [1, 1], [1, 1], Causal),
            ("Unfolded", [4, 8, 1], [1, 2], [1, 2], [1, 1], Same),
            ("Unfolded", [4, 8, 1], [1, 3], [1, 1], [1, 1], Valid),
            ("Direct", [1, 16, 1], [3, 2], [1, 1], [1, 1], Valid),
            ("Direct", [3, 32, 1], [2, 3], [2, 1], [1, 2], Same),
            ("Direct", [2, 16, 1], [1, 2], [1, 2], [1, 1], Causal),
            ("Winograd", [16, 16, 1], [3, 3], [1, 1], [1, 1], Same),
            ("Winograd", [16, 24, 1], [3, 3], [1, 1], [1, 1], Valid),
            ("Depthwise", [3, 3, 3], [3, 2], [1, 1], [1, 1], Same),
            ("Depthwise", [7, 21, 7], [2, 3], [2, 1], [1, 1], Same),
            ("Depthwise", [3, 6, 3], [2, 2], [1, 1], [1, 2], Valid),
            ("Depthwise", [5, 5, 5], [1, 2], [1, 2], [1, 1], Causal),
            ("Unfolded", [3, 6, 3], [2, 2], [1, 1], [30, 1], Same),
        ] {
            let (inputs, axes) = case(sizes, windows, strides, dilations, padding);
            let (plan, groups) = (plan(&inputs, axes, sizes[2]), sizes[2]);
            assert!(format!("{:?}", Method::backwards(plan)).starts_with(method), "{sizes:?} {windows:?}");
            let run = |x: &[Tensor]| conv(&x[0], &x[1], Some(&x[2]), &axes, groups, FusedActivation::Tanh);
            assert_gradients(&inputs, run);
            let plain = composed::conv(&inputs[0], &inputs[1], Some(&inputs[2]), &plan, FusedActivation::Tanh).unwrap();
            assert!(apart(&run(&inputs).unwrap(), &plain) < 1e-12);
            if windows[0] == 1 {
                let [x, kernel, bias] = &inputs;
                let (x, kernel) = (x.narrow(1, 0, 1).unwrap().squeeze(1).unwrap(), kernel.squeeze(0).unwrap());
                let axes = [axes[1]];
                let run = |x: &[Tensor]| conv(&x[0], &x[1], Some(&x[2]), &axes, groups, FusedActivation::Tanh);
                assert_gradients(&[x, kernel, bias.clone()], run);
            }
        }
    }

    /// Over three axes, by each method.
    #[test]
    fn gradients_over_volumes_agree_with_finite_differences() {
        use Padding::*;
        for (method, [channels, filters, groups], windows, strides, dilation, padding) in [
            ("Unfolded", [2, 3, 1], [2, 3, 2], [1, 1, 1], 1, Same),
            ("Unfolded", [4, 2, 2], [2, 2, 3], [2, 1, 2], 1, Valid),
            ("Unfolded", [2, 2, 1], [3, 2, 1], [2, 1, 1], 1, Same),
            ("Unfolded", [2, 3, 1], [2, 2, 2], [1, 1, 1], 2, Same),
            ("Unfolded", [3, 2, 1], [1, 1, 1], [1, 1, 1], 1, Valid),
            ("Direct", [1, 16, 1], [2, 3, 2], [1, 2, 1], 1, Same),
            ("Depthwise", [3, 6, 3], [2, 2, 3], [1, 1, 1], 1, Same),
            ("Depthwise", [2, 2, 2], [2, 2, 2], [2, 2, 1], 1, Valid),
        ] {
            let kernel = [windows[0], windows[1], windows[2], channels / groups, filters];
            let inputs = [values([2, 3, 4, 3, channels], 1), values(kernel, 2), values([filters], 3)];
            let axes = [0, 1, 2].map(|i| Axis::new([3, 4, 3][i], windows[i], strides[i], dilation, padding));
            let plan = Plan::of(&inputs[0], &inputs[1], Some(&inputs[2]), &axes, groups).unwrap();
            assert!(format!("{:?}", Method::backwards(plan)).starts_with(method), "{method} {windows:?}");
            let run = |x: &[Tensor]| conv(&x[0], &x[1], Some(&x[2]), &axes, groups, FusedActivation::Tanh);
            assert_gradients(&inputs, run);
            let plain = composed::conv(&inputs[0], &inputs[1], Some(&inputs[2]), &plan, FusedActivation::Tanh).unwrap();
            assert!(apart(&run(&inputs).unwrap(), &plain) < 1e-12);
        }
    }

    /// A kernel of (window, channels, multiplier), for more channels than are computed side by side.
    #[test]
    fn each_channel_has_its_own_filters() {
        for (channels, multiplier) in [(23, 1), (6, 3)] {
            let inputs = [values([1, 3, 4, channels], 1), values([2, 2, channels, multiplier], 2)];
            let axes = [Axis::new(3, 2, 1, 1, Padding::Valid), Axis::new(4, 2, 1, 1, Padding::Same)];
            let run = |x: &[Tensor]| depthwise_conv(&x[0], &x[1], None, &axes, FusedActivation::Linear);
            assert_gradients(&inputs, run);
            let y = run(&inputs).unwrap();
            for channel in 0..channels {
                let part = |x: &Tensor, dim| x.narrow(dim, channel, 1).unwrap();
                let alone =
                    conv(&part(&inputs[0], 3), &part(&inputs[1], 2), None, &axes, 1, FusedActivation::Linear).unwrap();
                assert!(apart(&y.narrow(3, channel * multiplier, multiplier).unwrap(), &alone) < 1e-12);
            }
        }
        assert!(depthwise_conv(&values([4], 1), &values([4], 2), None, &[], FusedActivation::Linear).is_err());
    }

    /// With more windows and tiles than are computed at once.
    #[test]
    fn the_methods_agree() {
        for (channels, filters, groups, padding, [rows, columns]) in [
            (3, 32, 1, Padding::Same, [17, 14]),
            (24, 16, 1, Padding::Valid, [17, 14]),
            (16, 24, 1, Padding::Same, [17, 14]),
            (37, 37, 37, Padding::Same, [17, 14]),
            (5, 20, 5, Padding::Valid, [17, 14]),
            (3, 64, 1, Padding::Same, [41, 25]),
        ] {
            let axes = [Axis::UNIT, Axis::new(rows, 3, 1, 1, padding), Axis::new(columns, 3, 1, 1, padding)];
            let plan = Plan { batch: 3, axes, channels, filters, groups };
            let numbers = |count, seed| values([count], seed).to_vec1::<f64>().unwrap();
            let (x, kernel) = (numbers(3 * plan.image(), 1), numbers(plan.depth() * filters, 2));
            let (dy, bias) = (numbers(3 * plan.output(), 3), numbers(filters, 4));
            let (method, other) = (Method::backwards(plan), Method::Unfolded(Unfolded(plan)));
            assert!(!matches!(method, Method::Unfolded(_)));
            let run = |method: &Method| {
                let epilogue = Epilogue { bias: Some(&bias), activation: FusedActivation::Relu, pooling: None };
                let y = method.forward(&x, &kernel, &epilogue);
                [y, method.backward_input(&kernel, &dy), method.backward_kernel(&x, &dy)]
            };
            for (a, b) in run(&method).iter().zip(&run(&other)) {
                assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-10));
            }
        }
    }

    /// In f32, with 16 filters and more side by side, and windows that are no multiple of those side by side.
    #[test]
    fn direct_sums_agree_with_a_matrix_product() {
        for (channels, filters, window, stride, dilation, padding) in [
            (3, 32, 3, 1, 1, Padding::Same),
            (5, 64, 2, 2, 1, Padding::Valid),
            (4, 48, 3, 1, 2, Padding::Same),
            (64, 32, 3, 1, 1, Padding::Valid),
            (40, 16, 1, 1, 1, Padding::Valid),
        ] {
            let axis = |size| Axis::new(size, window, stride, dilation, padding);
            let plan = Plan { batch: 2, axes: [Axis::UNIT, axis(7), axis(9)], channels, filters, groups: 1 };
            let numbers = |count, seed| -> Vec<f32> {
                values([count], seed).to_vec1::<f64>().unwrap().into_iter().map(|x| x as f32).collect()
            };
            let (x, kernel) = (numbers(2 * plan.image(), 1), numbers(plan.depth() * filters, 2));
            let nothing = || Epilogue { bias: None, activation: FusedActivation::Linear, pooling: None };
            let y = Method::Direct(Direct::of(plan).unwrap()).forward(&x, &kernel, &nothing());
            let product = Method::Unfolded(Unfolded(plan)).forward(&x, &kernel, &nothing());
            assert!(y.len() == product.len() && y.iter().zip(&product).all(|(a, b)| (a - b).abs() < 1e-4));
        }
    }

    /// By each method, with windows that lie apart, overlap, or reach beyond the images, and over sequences.
    #[test]
    fn a_convolution_that_pools_is_both_ops() {
        for (sizes, windows) in [([4, 8, 1], [2, 3]), ([4, 8, 2], [1, 2]), ([1, 16, 1], [3, 2]), ([16, 24, 1], [3, 3])]
        {
            let (inputs, axes) = case(sizes, windows, [1, 1], [1, 1], Padding::Same);
            let [x, kernel, bias] = &inputs;
            for (of_window, padding) in
                [(Pool::Max, Padding::Same), (Pool::Average, Padding::Same), (Pool::Max, Padding::Valid)]
            {
                let over = axes
                    .map(|axis| Axis::new(axis.output, 2, if padding == Padding::Same { 1 } else { 2 }, 1, padding));
                for activation in [FusedActivation::Tanh, FusedActivation::Relu] {
                    let y = conv(x, kernel, Some(bias), &axes, sizes[2], activation).unwrap();
                    let plain = pool(&y, of_window, &over).unwrap();
                    let run = |x: &Tensor| {
                        conv_and_pool(x, kernel, Some(bias), &axes, sizes[2], activation, Some((of_window, &over)))
                    };
                    let y = run(x).unwrap();
                    assert!(
                        y.dims() == plain.dims() && apart(&y, &plain) < 1e-12,
                        "{sizes:?} {of_window:?} {padding:?}"
                    );
                    let tracked = candle_core::Var::from_tensor(x).unwrap();
                    assert!(apart(&run(&tracked).unwrap(), &plain) < 1e-12);
                }
                let wrong = over.map(|axis| Axis { input: axis.input + 1, ..axis });
                assert!(
                    conv_and_pool(x, kernel, None, &axes, sizes[2], FusedActivation::Linear, Some((of_window, &wrong)))
                        .is_err()
                );
            }
        }
        let (x, kernel) = (values([2, 6, 4], 1), values([3, 4, 16], 2));
        let of = |input, window| [Axis::new(input, window, 1, 1, Padding::Valid)];
        let y = conv_and_pool(&x, &kernel, None, &of(6, 3), 1, FusedActivation::Relu, Some((Pool::Max, &of(4, 2))))
            .unwrap();
        let plain = conv(&x, &kernel, None, &of(6, 3), 1, FusedActivation::Relu).unwrap();
        let plain = pool(&plain, Pool::Max, &of(4, 2)).unwrap();
        assert!(y.dims() == [2, 3, 16] && apart(&y, &plain) < 1e-12);
    }

    /// The transforms may not cost f32 more than a few units in the last place.
    #[test]
    fn fewer_multiplications_round_as_well() {
        let (inputs, axes) = case([32, 16, 1], [3, 3], [1, 1], [1, 1], Padding::Same);
        let plan = plan(&inputs, axes, 1);
        assert!(matches!(Method::backwards(plan), Method::Winograd(_)));
        let exact = composed::conv(&inputs[0], &inputs[1], None, &plan, FusedActivation::Linear).unwrap();
        let [x, kernel, _] =
            inputs.map(|x| x.flatten_all().unwrap().to_dtype(DType::F32).unwrap().to_vec1::<f32>().unwrap());
        let nothing = Epilogue { bias: None, activation: FusedActivation::Linear, pooling: None };
        let y = Method::backwards(plan).forward(&x, &kernel, &nothing);
        let y = Tensor::from_vec(y, exact.shape(), &Device::Cpu).unwrap();
        let largest: f64 = exact.abs().unwrap().max_all().unwrap().to_scalar().unwrap();
        assert!(apart(&y, &exact) < 4.0 * f64::from(f32::EPSILON) * largest);
    }

    /// Over many elements, the rounding error is up to three times that of plain sums (in the gradient of the input).
    #[test]
    fn fewer_multiplications_round_little() {
        let axes = [Axis::UNIT, Axis::new(13, 3, 1, 1, Padding::Same), Axis::new(14, 3, 1, 1, Padding::Same)];
        let plan = Plan { batch: 4, axes, channels: 32, filters: 32, groups: 1 };
        let (method, other) = (Method::backwards(plan), Method::Unfolded(Unfolded(plan)));
        assert!(matches!(method, Method::Winograd(_)));
        let numbers = |count, seed| values([count], seed).to_vec1::<f64>().unwrap();
        let exact = [numbers(4 * plan.image(), 1), numbers(plan.depth() * 32, 2), numbers(4 * plan.output(), 3)];
        // The same numbers in both precisions.
        let short = exact.map(|x| x.iter().map(|&x| x as f32).collect::<Vec<_>>());
        let exact = short.each_ref().map(|x| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
        fn run<T: Float>(method: &Method, [x, kernel, dy]: &[Vec<T>; 3]) -> [Vec<T>; 3] {
            let epilogue = Epilogue { bias: None, activation: FusedActivation::Linear, pooling: None };
            [method.forward(x, kernel, &epilogue), method.backward_input(kernel, dy), method.backward_kernel(x, dy)]
        }
        let exact = run(&other, &exact);
        let off = |method| {
            let squares = |(short, exact): (&Vec<f32>, &Vec<f64>)| -> f64 {
                short.iter().zip(exact).map(|(&a, b)| (f64::from(a) - b).powi(2)).sum()
            };
            run(method, &short).iter().zip(&exact).map(squares).map(f64::sqrt).collect::<Vec<_>>()
        };
        let times = off(&method).iter().zip(off(&other)).map(|(ours, plain)| ours / plain).collect::<Vec<_>>();
        println!("rounding beside plain sums: {times:.2?}");
        assert!(times.iter().all(|&times| times < 4.0), "{times:?}");
    }

    /// Windows larger than the input, empty batches, and dilations far beyond the input.
    #[test]
    fn extreme_sizes() {
        for (channels, filters) in [(1, 16), (16, 16), (2, 3)] {
            let run = |batch, size, dilation, padding| {
                let x = Tensor::ones((batch, size, size, channels), DType::F32, &Device::Cpu).unwrap();
                let kernel = Tensor::ones((3, 3, channels, filters), DType::F32, &Device::Cpu).unwrap();
                let axes = [Axis::new(size, 3, 1, dilation, padding); 2];
                conv(&x, &kernel, None, &axes, 1, FusedActivation::Relu).unwrap()
            };
            assert_eq!(run(2, 2, 1, Padding::Valid).dims(), [2, 0, 0, filters]);
            assert_eq!(run(0, 4, 1, Padding::Valid).dims(), [0, 2, 2, filters]);
            for dilation in [1 << 40, 1 << 63, usize::MAX] {
                let far = run(1, 4, dilation, Padding::Same);
                assert_eq!(far.dims(), [1, 4, 4, filters]);
                assert_eq!(far.sum_all().unwrap().to_scalar::<f32>().unwrap(), (16 * channels * filters) as f32);
            }
        }
    }
}
