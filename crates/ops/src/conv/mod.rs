//! Convolution of images and sequences with the channels last, as one op.
//!
//! The images of a batch are shared out over the cores, which make them in one of three ways, as the sizes suit. (candle's conv1d has a
//! wrong gradient for more than one sample, its convolutions take one stride for both axes and no dilation there, and its gradients are
//! scalar loops.)

mod direct;
mod unfold;
mod winograd;

use crate::cores::{self, Room};
use crate::gpu::{self, on_gpu};
use crate::host::{view, with_real};
use crate::matmul::{FusedActivation, column_sums};
use crate::pool::{Pool, Windows, pool2d, pooled};
use crate::simd;
use crate::simd::Real;
use crate::tape::{Value, on_host, record_consuming};
use candle_core::{Result, Tensor, bail};
use direct::Direct;
use std::ops::Range;
use unfold::Unfolded;
use winograd::Winograd;

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
        let place = o.saturating_mul(self.stride).saturating_add(k.saturating_mul(self.dilation));
        let place = place.checked_sub(self.before)?;
        (place < self.input).then_some(place)
    }
}

/// One convolution's sizes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) batch: usize,
    pub(crate) axes: [Axis; 2],
    pub(crate) channels: usize,
    pub(crate) filters: usize,
    pub(crate) groups: usize,
}

impl Plan {
    /// Rows of the matrix of windows.
    pub(crate) fn windows(&self) -> usize {
        self.axes[0].output * self.axes[1].output
    }

    /// Its columns.
    pub(crate) fn depth(&self) -> usize {
        self.axes[0].window * self.axes[1].window * self.channels / self.groups
    }

    /// Numbers of an image that goes in.
    fn image(&self) -> usize {
        self.axes[0].input * self.axes[1].input * self.channels
    }

    /// Numbers of one that comes out.
    fn output(&self) -> usize {
        self.windows() * self.filters
    }
}

/// How it is made.
#[derive(Debug)]
enum Method {
    Direct(Direct),
    Winograd(Winograd),
    Unfolded(Unfolded),
}

impl Method {
    fn of(plan: Plan) -> Self {
        let winograd = || Winograd::of(plan).map(Self::Winograd);
        Direct::of(plan).map(Self::Direct).or_else(winograd).unwrap_or(Self::Unfolded(Unfolded(plan)))
    }

    fn forward<T: Real>(&self, x: &[T], kernel: &[T], end: &End<T>) -> Vec<T> {
        match self {
            Self::Direct(method) => method.forward(x, kernel, end),
            Self::Winograd(method) => method.forward(x, kernel, end),
            Self::Unfolded(method) => method.forward(x, kernel, end),
        }
    }

    fn backward_input<T: Real>(&self, kernel: &[T], dy: &[T]) -> Vec<T> {
        match self {
            Self::Direct(method) => method.unfolded().backward_input(kernel, dy),
            Self::Winograd(method) => method.backward_input(kernel, dy),
            Self::Unfolded(method) => method.backward_input(kernel, dy),
        }
    }

    fn backward_kernel<T: Real>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        match self {
            Self::Direct(method) => method.backward_kernel(x, dy),
            Self::Winograd(method) => method.backward_kernel(x, dy),
            Self::Unfolded(method) => method.backward_kernel(x, dy),
        }
    }
}

/// What is done to the sums of products of an image while they are in the cache.
struct End<'a, T> {
    bias: Option<&'a [T]>,
    activation: FusedActivation,
    pooling: Option<(Pool, Windows)>,
}

impl<T: Real> End<'_, T> {
    /// Numbers of an image that comes out.
    fn output(&self, plan: &Plan) -> usize {
        self.pooling.as_ref().map_or(plan.output(), |(_, windows)| windows.count() * plan.filters)
    }

    /// Puts an image where there is room.
    fn put(&self, sums: &mut [T], plan: &Plan, room: &mut Room<T>) {
        let Some((pool, windows)) = &self.pooling else { return self.activation.put_with(self.bias, sums, room) };
        let mut y = vec![T::ZERO; self.output(plan)];
        match pool {
            // The activations grow with what they are of, and the bias is the same in a window: it is the same later, and less to do.
            Pool::Max => {
                simd!(pooled(sums, &mut y, *pool, windows));
                self.activation.put_with(self.bias, &y, room);
            }
            Pool::Average => {
                self.activation.apply_with(self.bias, sums);
                simd!(pooled(sums, &mut y, *pool, windows));
                room.copy(&y);
            }
        }
    }
}

/// What `f` makes of the images of a batch, some at a time, each of which comes out as `output` numbers and takes `work` simple operations. Each
/// core has its `scratch`.
fn images<T: Real, S>(
    batch: usize,
    output: usize,
    work: usize,
    scratch: impl Fn() -> S + Sync,
    f: impl Fn(&mut S, Range<usize>, &mut Room<T>) + Sync,
) -> Vec<T> {
    let size = output.max(1);
    cores::put_with(batch * output, cores::part(batch * output, size, work / size), scratch, |scratch, from, room| {
        f(scratch, from / size..(from + room.left()) / size, room);
    })
}

/// The gradient of the kernel: the sum of what `f` adds to zeros for images and the gradients of what became of them, an eighth of the batch at a
/// time.
fn kernel_gradient<T: Real>(plan: &Plan, x: &[T], dy: &[T], f: impl Fn(&[T], &[T], &mut [T]) + Sync) -> Vec<T> {
    let part = plan.batch.div_ceil(8).max(1);
    let images = x.chunks(part * plan.image().max(1)).zip(dy.chunks(part * plan.output().max(1)));
    cores::summed(images.collect(), plan.depth() * plan.filters, |(x, dy), kernel| f(x, dy, kernel))
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
    conv2d_and_pool(x, kernel, bias, axes, groups, activation, None)
}

/// [`conv2d`], then [`pool2d`] if there is such.
///
/// On the host and without gradients, an image is pooled while it is in the cache, which saves two ways to memory. With
/// gradients or on a GPU, the two ops run one after the other.
///
/// # Errors
/// As theirs.
pub fn conv2d_and_pool(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    axes: [Axis; 2],
    groups: usize,
    activation: FusedActivation,
    pooling: Option<(Pool, [Axis; 2])>,
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
    let method = Method::of(plan);
    if let Some((pool, windows)) = pooling
        && (all.iter().any(|x| x.track_op()) || !on_host(&all))
    {
        return pool2d(&conv2d(x, kernel, bias, axes, groups, activation)?, pool, windows);
    }
    let last = pooling.map_or(axes, |(_, windows)| windows);
    if pooling.is_some() && last.map(|axis| axis.input) != axes.map(|axis| axis.output) {
        bail!("conv2d_and_pool: windows of {last:?} over images of {axes:?}")
    }
    let mut shape = vec![batch, last[0].output, last[1].output, filters];
    if flat {
        shape.remove(1);
    }
    if on_gpu(&all) && image.elem_count() * windows.elem_count() > 0 {
        return gpu::conv2d(x, kernel, bias, plan, activation, shape.into());
    }
    if !on_host(&all) {
        let y = composed(&image, &windows, bias, &plan, activation)?;
        return if flat { y.squeeze(1) } else { Ok(y) };
    }
    let (input, weights) = (x.detach().contiguous()?, kernel.detach().contiguous()?);
    let value = with_real!(x, T => {
        let bias = bias.map(|bias| bias.detach().contiguous()).transpose()?;
        let bias = bias.as_ref().map(view::<T>).transpose()?;
        let pooling = pooling.map(|(pool, windows)| (pool, Windows::new(windows, filters)));
        let end = End { bias: bias.as_deref(), activation, pooling };
        let y = method.forward(&view::<T>(&input)?, &view::<T>(&weights)?, &end);
        Value::new(y, shape)
    });
    let wanted = (x.track_op(), kernel.track_op(), bias.is_some_and(Tensor::track_op));
    record_consuming("conv2d", &all, value, move |y, dy| {
        with_real!(y, T => {
            let dz = activation.backward::<T>(y, dy)?;
            let dz = view::<T>(&dz)?;
            let dz: &[T] = &dz;
            let (image, kernel) = (view::<T>(&input)?, view::<T>(&weights)?);
            let dx = wanted.0.then(|| Tensor::from_vec(method.backward_input(&kernel, dz), input.shape(), input.device()));
            let dw = wanted.1.then(|| Tensor::from_vec(method.backward_kernel(&image, dz), weights.shape(), input.device()));
            let db = wanted.2.then(|| Tensor::from_vec(column_sums(dz, filters), filters, input.device()));
            Ok(vec![dx.transpose()?, dw.transpose()?, db.transpose()?])
        })
    })
}

/// A sequence as an image of height 1, with the axis of the height at `axis`.
pub(crate) fn as_image(x: &Tensor, axis: usize) -> Result<Tensor> {
    if x.rank() == 3 { x.unsqueeze(axis) } else { Ok(x.clone()) }
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
    use candle_core::{DType, Device};

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
        let (channels, filters) = (inputs[0].dims()[3], inputs[1].dims()[3]);
        Plan { batch: 2, axes, channels, filters, groups }
    }

    fn apart(a: &Tensor, b: &Tensor) -> f64 {
        (a.to_dtype(DType::F64).unwrap() - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar().unwrap()
    }

    /// Strides, dilation, groups and padding in each of the ways, against finite differences and against the composition.
    #[test]
    fn gradients_agree_with_finite_differences() {
        use Padding::*;
        for (way, sizes, windows, strides, dilations, padding) in [
            ("Unfolded", [4, 8, 1], [2, 3], [1, 1], [1, 1], Valid),
            ("Unfolded", [4, 8, 2], [3, 2], [2, 1], [1, 1], Same),
            ("Unfolded", [4, 8, 1], [2, 2], [1, 1], [2, 1], Same),
            ("Unfolded", [4, 8, 1], [1, 1], [1, 1], [1, 1], Valid),
            ("Unfolded", [4, 8, 4], [1, 1], [2, 2], [1, 1], Valid),
            ("Unfolded", [4, 8, 1], [1, 3], [1, 1], [1, 2], Causal),
            ("Direct", [1, 16, 1], [3, 2], [1, 1], [1, 1], Valid),
            ("Direct", [3, 32, 1], [2, 3], [2, 1], [1, 2], Same),
            ("Direct", [2, 16, 1], [1, 2], [1, 2], [1, 1], Causal),
            ("Winograd", [16, 16, 1], [3, 3], [1, 1], [1, 1], Same),
            ("Winograd", [16, 24, 1], [3, 3], [1, 1], [1, 1], Valid),
        ] {
            let (inputs, axes) = case(sizes, windows, strides, dilations, padding);
            let (plan, groups) = (plan(&inputs, axes, sizes[2]), sizes[2]);
            assert!(format!("{:?}", Method::of(plan)).starts_with(way), "{sizes:?} {windows:?}");
            let run = |x: &[Tensor]| conv2d(&x[0], &x[1], Some(&x[2]), axes, groups, FusedActivation::Tanh);
            assert_gradients(&inputs, run);
            let plain = composed(&inputs[0], &inputs[1], Some(&inputs[2]), &plan, FusedActivation::Tanh).unwrap();
            assert!(apart(&run(&inputs).unwrap(), &plain) < 1e-12);
            if windows[0] == 1 {
                let [x, kernel, bias] = &inputs;
                let (x, kernel) = (x.narrow(1, 0, 1).unwrap().squeeze(1).unwrap(), kernel.squeeze(0).unwrap());
                let axes = [Axis::new(1, 1, 1, 1, Valid), axes[1]];
                let run = |x: &[Tensor]| conv2d(&x[0], &x[1], Some(&x[2]), axes, groups, FusedActivation::Tanh);
                assert_gradients(&[x, kernel, bias.clone()], run);
            }
        }
    }

    /// Over more windows and tiles than are on the way together, each way makes the same.
    #[test]
    fn the_ways_agree() {
        for (channels, filters, padding) in [(3, 32, Padding::Same), (24, 16, Padding::Valid), (16, 24, Padding::Same)]
        {
            let axes = [Axis::new(17, 3, 1, 1, padding), Axis::new(14, 3, 1, 1, padding)];
            let plan = Plan { batch: 3, axes, channels, filters, groups: 1 };
            let numbers = |count, seed| values([count], seed).to_vec1::<f64>().unwrap();
            let (x, kernel) = (numbers(3 * plan.image(), 1), numbers(plan.depth() * filters, 2));
            let (dy, bias) = (numbers(3 * plan.output(), 3), numbers(filters, 4));
            let (way, other) = (Method::of(plan), Method::Unfolded(Unfolded(plan)));
            assert!(!matches!(way, Method::Unfolded(_)));
            let made = |way: &Method| {
                let end = End { bias: Some(&bias), activation: FusedActivation::Relu, pooling: None };
                let y = way.forward(&x, &kernel, &end);
                [y, way.backward_input(&kernel, &dy), way.backward_kernel(&x, &dy)]
            };
            for (a, b) in made(&way).iter().zip(&made(&other)) {
                assert!(a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-10));
            }
        }
    }

    /// In each of the ways, with windows that lie apart, overlap, or reach beyond the images, and over sequences.
    #[test]
    fn a_convolution_that_pools_is_both_ops() {
        for (sizes, windows) in [([4, 8, 1], [2, 3]), ([4, 8, 2], [1, 2]), ([1, 16, 1], [3, 2]), ([16, 24, 1], [3, 3])]
        {
            let (inputs, axes) = case(sizes, windows, [1, 1], [1, 1], Padding::Same);
            let [x, kernel, bias] = &inputs;
            for (pool, padding) in
                [(Pool::Max, Padding::Same), (Pool::Average, Padding::Same), (Pool::Max, Padding::Valid)]
            {
                let over = axes
                    .map(|axis| Axis::new(axis.output, 2, if padding == Padding::Same { 1 } else { 2 }, 1, padding));
                for activation in [FusedActivation::Tanh, FusedActivation::Relu] {
                    let y = conv2d(x, kernel, Some(bias), axes, sizes[2], activation).unwrap();
                    let plain = pool2d(&y, pool, over).unwrap();
                    let run = |x: &Tensor| {
                        conv2d_and_pool(x, kernel, Some(bias), axes, sizes[2], activation, Some((pool, over)))
                    };
                    let y = run(x).unwrap();
                    assert!(y.dims() == plain.dims() && apart(&y, &plain) < 1e-12, "{sizes:?} {pool:?} {padding:?}");
                    let tracked = candle_core::Var::from_tensor(x).unwrap();
                    assert!(apart(&run(&tracked).unwrap(), &plain) < 1e-12);
                }
                let wrong = over.map(|axis| Axis { input: axis.input + 1, ..axis });
                assert!(
                    conv2d_and_pool(x, kernel, None, axes, sizes[2], FusedActivation::Linear, Some((pool, wrong)))
                        .is_err()
                );
            }
        }
        let (x, kernel) = (values([2, 6, 4], 1), values([3, 4, 16], 2));
        let of =
            |input, window| [Axis::new(1, 1, 1, 1, Padding::Valid), Axis::new(input, window, 1, 1, Padding::Valid)];
        let y = conv2d_and_pool(&x, &kernel, None, of(6, 3), 1, FusedActivation::Relu, Some((Pool::Max, of(4, 2))))
            .unwrap();
        let plain = conv2d(&x, &kernel, None, of(6, 3), 1, FusedActivation::Relu).unwrap();
        let plain = pool2d(&plain, Pool::Max, of(4, 2)).unwrap();
        assert!(y.dims() == [2, 3, 16] && apart(&y, &plain) < 1e-12);
    }

    /// Sums and differences instead of products must not cost the numbers of f32 more than a few units in the last place.
    #[test]
    fn fewer_multiplications_round_as_well() {
        let (inputs, axes) = case([32, 16, 1], [3, 3], [1, 1], [1, 1], Padding::Same);
        let plan = plan(&inputs, axes, 1);
        assert!(matches!(Method::of(plan), Method::Winograd(_)));
        let exact = composed(&inputs[0], &inputs[1], None, &plan, FusedActivation::Linear).unwrap();
        let [x, kernel, _] = inputs.map(|x| x.to_dtype(DType::F32).unwrap());
        let y = conv2d(&x, &kernel, None, axes, 1, FusedActivation::Linear).unwrap();
        let largest: f64 = exact.abs().unwrap().max_all().unwrap().to_scalar().unwrap();
        assert!(apart(&y, &exact) < 4.0 * f64::from(f32::EPSILON) * largest);
    }

    /// Over many numbers, what is lost is up to three times what plain sums of products lose (of the gradient of the input).
    #[test]
    fn fewer_multiplications_round_little() {
        let axes = [Axis::new(13, 3, 1, 1, Padding::Same), Axis::new(14, 3, 1, 1, Padding::Same)];
        let plan = Plan { batch: 4, axes, channels: 32, filters: 32, groups: 1 };
        let (way, other) = (Method::of(plan), Method::Unfolded(Unfolded(plan)));
        assert!(matches!(way, Method::Winograd(_)));
        let numbers = |count, seed| values([count], seed).to_vec1::<f64>().unwrap();
        let exact = [numbers(4 * plan.image(), 1), numbers(plan.depth() * 32, 2), numbers(4 * plan.output(), 3)];
        // The same numbers in both precisions.
        let short = exact.map(|x| x.iter().map(|&x| x as f32).collect::<Vec<_>>());
        let exact = short.each_ref().map(|x| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
        fn made<T: Real>(way: &Method, [x, kernel, dy]: &[Vec<T>; 3]) -> [Vec<T>; 3] {
            let end = End { bias: None, activation: FusedActivation::Linear, pooling: None };
            [way.forward(x, kernel, &end), way.backward_input(kernel, dy), way.backward_kernel(x, dy)]
        }
        let exact = made(&other, &exact);
        let off = |way| {
            let squares = |(short, exact): (&Vec<f32>, &Vec<f64>)| -> f64 {
                short.iter().zip(exact).map(|(&a, b)| (f64::from(a) - b).powi(2)).sum()
            };
            made(way, &short).iter().zip(&exact).map(squares).map(f64::sqrt).collect::<Vec<_>>()
        };
        let times = off(&way).iter().zip(off(&other)).map(|(way, other)| way / other).collect::<Vec<_>>();
        println!("rounding beside plain sums: {times:.2?}");
        assert!(times.iter().all(|&times| times < 4.0), "{times:?}");
    }

    /// Windows larger than the input, over no images, or much further apart than the input is large.
    #[test]
    fn sizes_at_the_end_of_reason() {
        for (channels, filters) in [(1, 16), (16, 16), (2, 3)] {
            let run = |batch, size, dilation, padding| {
                let x = Tensor::ones((batch, size, size, channels), DType::F32, &Device::Cpu).unwrap();
                let kernel = Tensor::ones((3, 3, channels, filters), DType::F32, &Device::Cpu).unwrap();
                let axes = [Axis::new(size, 3, 1, dilation, padding); 2];
                conv2d(&x, &kernel, None, axes, 1, FusedActivation::Relu).unwrap()
            };
            assert_eq!(run(2, 2, 1, Padding::Valid).dims(), [2, 0, 0, filters]);
            assert_eq!(run(0, 4, 1, Padding::Valid).dims(), [0, 2, 2, filters]);
            assert_eq!(run(1, 4, usize::MAX, Padding::Same).dims(), [1, 4, 4, filters]);
            let far = run(1, 4, 1 << 40, Padding::Same);
            assert_eq!(far.sum_all().unwrap().to_scalar::<f32>().unwrap(), (16 * channels * filters) as f32);
        }
    }
}
