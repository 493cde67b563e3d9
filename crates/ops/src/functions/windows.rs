//! Convolutions, pooling and blocks of `keras.ops.nn`.

use super::*;
use crate::conv::{self, Axis, Padding};
use crate::matmul::FusedActivation;
use crate::pool::{self, Pool};
use crate::{lengths, shape};
use candle_core::bail;

operations! {
    /// Convolutions over one, two or three axes. The format of the data is `channels_last` or `channels_first`; kernels have the channels and
    /// filters last.
    mod convolutions: Nn, Loop;

    /// The convolution of `inputs` with `kernel`, `(sizes.., channels, filters)`. Channels that are a multiple of those of the kernel are
    /// convolved in groups.
    Conv conv(inputs, kernel)[strides: Integers = 1, padding: String = "valid", data_format: SomeName = None, dilation_rate: Integers = 1]: {
        let plan = Plan::new(&inputs.shape, &kernel.shape, strides, padding, data_format, dilation_rate)?;
        let [.., depth, filters] = kernel.shape.as_slice() else { bail!("the kernel has no channels") };
        if *depth == 0 || plan.channels % depth != 0 {
            bail!("a kernel of {depth} channels is not for {} channels", plan.channels)
        }
        Ok(Spec::new(plan.output(*filters), crate::operation::promoted(&[inputs, kernel])).float())
    } => {
        let plan = Plan::new(inputs.dims(), kernel.dims(), strides, padding, data_format, dilation_rate)?;
        let groups = plan.channels / kernel.dims()[kernel.rank() - 2].max(1);
        let (x, kernel) = floats(inputs, kernel)?;
        plan.run(&x, |x| conv::conv(x, &kernel, None, &plan.axes, groups, FusedActivation::Linear))
    };
    /// The transposed convolution, the gradient of a convolution, with `kernel`, `(sizes.., filters, channels)`.
    ConvTranspose conv_transpose(inputs, kernel)[strides: Integers = 1, padding: String = "valid", output_padding: SomeIntegers = None,
        data_format: SomeName = None, dilation_rate: Integers = 1]: {
        let plan = transposed(&inputs.shape, &kernel.shape, strides, padding, output_padding, data_format, dilation_rate)?;
        let [.., filters, channels] = kernel.shape.as_slice() else { bail!("the kernel has no channels") };
        if *channels != plan.channels {
            bail!("a kernel of {channels} channels is not for {} channels", plan.channels)
        }
        let output = plan.shape(plan.axes.iter().map(|axis| axis.input).collect(), *filters);
        Ok(Spec::new(output, crate::operation::promoted(&[inputs, kernel])).float())
    } => {
        let plan =
            transposed(inputs.dims(), kernel.dims(), strides, padding, output_padding, data_format, dilation_rate)?;
        let (x, kernel) = floats(inputs, kernel)?;
        plan.run(&x, |x| conv::conv_transpose(x, &kernel, None, &plan.axes, FusedActivation::Linear))
    };
    /// The convolution of each channel with its own filters, `kernel`: `(sizes.., channels, multiplier)`.
    DepthwiseConv depthwise_conv(inputs, kernel)[strides: Integers = 1, padding: String = "valid", data_format: SomeName = None,
        dilation_rate: Integers = 1]: {
        let plan = Plan::new(&inputs.shape, &kernel.shape, strides, padding, data_format, dilation_rate)?;
        let filters = plan.depthwise_filters(&kernel.shape)?;
        Ok(Spec::new(plan.output(filters), crate::operation::promoted(&[inputs, kernel])).float())
    } => {
        let plan = Plan::new(inputs.dims(), kernel.dims(), strides, padding, data_format, dilation_rate)?;
        let (x, kernel) = floats(inputs, kernel)?;
        plan.run(&x, |x| conv::depthwise_conv(x, &kernel, None, &plan.axes, FusedActivation::Linear))
    };
    /// [`depthwise_conv`], then a convolution with windows of one element, `pointwise_kernel`: `(1.., channels, filters)`.
    SeparableConv separable_conv(inputs, depthwise_kernel, pointwise_kernel)[strides: Integers = 1, padding: String = "valid",
        data_format: SomeName = None, dilation_rate: Integers = 1]: {
        let plan = Plan::new(&inputs.shape, &depthwise_kernel.shape, strides, padding, data_format, dilation_rate)?;
        let channels = plan.depthwise_filters(&depthwise_kernel.shape)?;
        match pointwise_kernel.shape.as_slice() {
            [ones @ .., depth, filters] if *depth == channels && ones == vec![1; plan.axes.len()] => {
                let dtype = crate::operation::promoted(&[inputs, depthwise_kernel, pointwise_kernel]);
                Ok(Spec::new(plan.output(*filters), dtype).float())
            }
            other => bail!("the pointwise kernel has windows of 1 and {channels} channels, received the shape {other:?}"),
        }
    } => {
        let plan = Plan::new(inputs.dims(), depthwise_kernel.dims(), strides, padding, data_format, dilation_rate)?;
        let all = common(&[inputs, depthwise_kernel, pointwise_kernel])?;
        let all = all.iter().map(crate::elementwise::float).collect::<Result<Vec<_>>>()?;
        let points: Vec<Axis> =
            plan.axes.iter().map(|axis| Axis::new(axis.output, 1, 1, 1, Padding::Valid)).collect();
        plan.run(&all[0], |x| {
            let y = conv::depthwise_conv(x, &all[1], None, &plan.axes, FusedActivation::Linear)?;
            conv::conv(&y, &all[2], None, &points, 1, FusedActivation::Linear)
        })
    };
}

operations! {
    /// Pooling over one, two or three axes.
    mod pools: Nn, Loop;

    /// The mean of each of so many windows, which have about the same size and cover the input.
    AdaptiveAveragePool adaptive_average_pool(inputs)[output_size: Integers, data_format: SomeName = None]: {
        let plan = adaptive(&inputs.shape, output_size, data_format)?;
        Ok(inputs.float().shaped(plan.output(plan.channels)))
    } => {
        let plan = adaptive(inputs.dims(), output_size, data_format)?;
        let outputs: Vec<usize> = plan.axes.iter().map(|axis| axis.output).collect();
        plan.run(inputs, |x| pool::adaptive_pool(x, Pool::Average, &outputs))
    };
    /// The largest element of each of so many windows, which have about the same size and cover the input.
    AdaptiveMaxPool adaptive_max_pool(inputs)[output_size: Integers, data_format: SomeName = None]: {
        let plan = adaptive(&inputs.shape, output_size, data_format)?;
        Ok(inputs.shaped(plan.output(plan.channels)))
    } => {
        let plan = adaptive(inputs.dims(), output_size, data_format)?;
        let outputs: Vec<usize> = plan.axes.iter().map(|axis| axis.output).collect();
        plan.run(&crate::elementwise::float(inputs)?, |x| pool::adaptive_pool(x, Pool::Max, &outputs))
    };
    /// The mean of each window, of its elements inside of the input. The strides are by default the size of the windows.
    AveragePool average_pool(inputs)[pool_size: Integers, strides: SomeIntegers = None, padding: String = "valid", data_format: SomeName = None]: {
        let plan = pooling(&inputs.shape, pool_size, strides, padding, data_format)?;
        Ok(inputs.float().shaped(plan.output(plan.channels)))
    } => {
        let plan = pooling(inputs.dims(), pool_size, strides, padding, data_format)?;
        plan.run(inputs, |x| pool::pool(x, Pool::Average, &plan.axes))
    };
    /// The largest element of each window. The strides are by default the size of the windows.
    MaxPool max_pool(inputs)[pool_size: Integers, strides: SomeIntegers = None, padding: String = "valid", data_format: SomeName = None]: {
        let plan = pooling(&inputs.shape, pool_size, strides, padding, data_format)?;
        Ok(inputs.shaped(plan.output(plan.channels)))
    } => {
        let plan = pooling(inputs.dims(), pool_size, strides, padding, data_format)?;
        plan.run(&crate::elementwise::float(inputs)?, |x| pool::pool(x, Pool::Max, &plan.axes))
    };
}

/// Both in one float dtype.
fn floats(x: &Tensor, kernel: &Tensor) -> Result<(Tensor, Tensor)> {
    let both = common(&[x, kernel])?;
    Ok((crate::elementwise::float(&both[0])?, crate::elementwise::float(&both[1])?))
}

/// Windows over the axes between the batch and the channels.
struct Plan {
    batch: usize,
    channels: usize,
    axes: Vec<Axis>,
    channels_first: bool,
}

impl Plan {
    fn new(
        x: &[usize],
        kernel: &[usize],
        strides: &Integers,
        padding: &str,
        data_format: &SomeName,
        dilation: &Integers,
    ) -> Result<Self> {
        let padding = padding_of(padding)?;
        let window = windows_of(x, kernel)?;
        Self::with(x, data_format, |sizes| {
            let (strides, dilation) =
                (each("strides", strides, sizes.len())?, each("dilation_rate", dilation, sizes.len())?);
            let axis = |i: usize| Axis::new(sizes[i], window[i], strides[i], dilation[i], padding);
            Ok((0..sizes.len()).map(axis).collect())
        })
    }

    fn with(x: &[usize], data_format: &SomeName, axes: impl Fn(&[usize]) -> Result<Vec<Axis>>) -> Result<Self> {
        if !(3..=5).contains(&x.len()) {
            bail!("one to three axes between a batch and channels are needed, received the shape {x:?}")
        }
        let last = x.len() - 1;
        let (channels, sizes, channels_first) = match data_format.or(config::image_data_format()) {
            "channels_last" => (x[last], &x[1..last], false),
            "channels_first" => (x[1], &x[2..], true),
            other => {
                return Err(crate::Error::unknown("data format", other, &["channels_last", "channels_first"]).into());
            }
        };
        Ok(Self { batch: x[0], channels, axes: axes(sizes)?, channels_first })
    }

    fn shape(&self, sizes: Vec<usize>, filters: usize) -> Vec<usize> {
        match self.channels_first {
            true => [&[self.batch, filters], sizes.as_slice()].concat(),
            false => [&[self.batch], sizes.as_slice(), &[filters]].concat(),
        }
    }

    fn output(&self, filters: usize) -> Vec<usize> {
        self.shape(self.axes.iter().map(|axis| axis.output).collect(), filters)
    }

    /// The number of filters of a depthwise kernel.
    fn depthwise_filters(&self, kernel: &[usize]) -> Result<usize> {
        match kernel {
            [.., channels, multiplier] if *channels == self.channels => lengths::elements(&[*channels, *multiplier]),
            _ => bail!("a depthwise kernel of the shape {kernel:?} is not for {} channels", self.channels),
        }
    }

    /// `f` of the input with the channels last.
    fn run(&self, x: &Tensor, f: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
        if !self.channels_first {
            return f(&x.contiguous()?);
        }
        let rank = self.axes.len() as i64 + 2;
        let last: Vec<i64> = std::iter::once(0).chain(2..rank).chain([1]).collect();
        let first: Vec<i64> = [0, rank - 1].into_iter().chain(1..rank - 1).collect();
        shape::transpose(&f(&shape::transpose(x, Some(&last))?.contiguous()?)?, Some(&first))?.contiguous()
    }
}

/// The sizes of the windows of a kernel.
fn windows_of<'a>(x: &[usize], kernel: &'a [usize]) -> Result<&'a [usize]> {
    match kernel {
        [window @ .., _, _] if window.len() + 2 == x.len() && !window.contains(&0) => Ok(window),
        _ => bail!("a kernel of the shape {kernel:?} is not for inputs of the shape {x:?}"),
    }
}

fn padding_of(name: &str) -> Result<Padding> {
    match name {
        "valid" => Ok(Padding::Valid),
        "same" => Ok(Padding::Same),
        _ => Err(crate::Error::unknown("padding", name, &["valid", "same"]).into()),
    }
}

/// A positive number for each axis.
fn each(name: &str, numbers: &Integers, count: usize) -> Result<Vec<usize>> {
    let list = match numbers {
        Integers::One(one) => vec![*one; count],
        Integers::Many(many) => many.clone(),
    };
    let positive = |number: &i64| usize::try_from(*number).ok().filter(|number| *number > 0);
    match list.iter().map(positive).collect::<Option<Vec<_>>>() {
        Some(list) if list.len() == count => Ok(list),
        _ => bail!("{name} needs a positive number or {count} of them, received {numbers:?}"),
    }
}

fn transposed(
    x: &[usize],
    kernel: &[usize],
    strides: &Integers,
    padding: &str,
    more: &SomeIntegers,
    data_format: &SomeName,
    dilation: &Integers,
) -> Result<Plan> {
    let padding = padding_of(padding)?;
    let window = windows_of(x, kernel)?;
    Plan::with(x, data_format, |sizes| {
        let count = sizes.len();
        let (strides, dilation) = (each("strides", strides, count)?, each("dilation_rate", dilation, count)?);
        let more = match more.as_slice() {
            None => vec![None; count],
            Some(list) => {
                let list = super::shapes::sizes(list)?;
                let list = if list.len() == 1 { vec![list[0]; count] } else { list };
                if list.len() != count || list.iter().zip(&strides).any(|(more, stride)| more >= stride) {
                    bail!("output_padding is less than the strides {strides:?}, received {list:?}")
                }
                list.into_iter().map(Some).collect()
            }
        };
        let axis = |i: usize| Axis::transposed(sizes[i], window[i], strides[i], dilation[i], padding, more[i]);
        Ok((0..count).map(axis).collect())
    })
}

fn pooling(
    x: &[usize],
    size: &Integers,
    strides: &SomeIntegers,
    padding: &str,
    data_format: &SomeName,
) -> Result<Plan> {
    let padding = padding_of(padding)?;
    Plan::with(x, data_format, |sizes| {
        let window = each("pool_size", size, sizes.len())?;
        let strides = match &strides.0 {
            Some(strides) => each("strides", strides, sizes.len())?,
            None => window.clone(),
        };
        Ok((0..sizes.len()).map(|i| Axis::new(sizes[i], window[i], strides[i], 1, padding)).collect())
    })
}

fn adaptive(x: &[usize], size: &Integers, data_format: &SomeName) -> Result<Plan> {
    Plan::with(x, data_format, |sizes| {
        let outputs = each("output_size", size, sizes.len())?;
        if sizes.contains(&0) {
            bail!("adaptive pooling needs elements, received the shape {x:?}")
        }
        Ok(sizes.iter().zip(outputs).map(|(&input, output)| Axis { input, output, ..Axis::UNIT }).collect())
    })
}

operations! {
    /// Blocks of images.
    mod blocks: Nn, Composition;

    /// Channels as blocks of pixels, `block_size` in height and width.
    DepthToSpace depth_to_space(x)[block_size: i64, data_format: String = "channels_last"]: block_spec(x, *block_size, data_format, true)
        => blocks_of(x, *block_size as usize, data_format, true);
    /// Blocks of pixels, `block_size` in height and width, as channels.
    SpaceToDepth space_to_depth(x)[block_size: i64, data_format: String = "channels_last"]: block_spec(x, *block_size, data_format, false)
        => blocks_of(x, *block_size as usize, data_format, false);
}

operations! {
    /// The windows of images as columns. The images have the channels first.
    mod patches: Nn, Composition;

    /// The images of which these are the windows: what several windows have at one pixel is added up. The reverse of [`unfold`].
    Fold fold(x)[output_size: Integers, kernel_size: Integers, dilation: Integers = 1, padding: Integers = 0, stride: Integers = 1]: {
        let patches = Patches::new(output_size, kernel_size, dilation, padding, stride)?;
        let window = patches.window()?;
        match x.shape.as_slice() {
            [n, columns, count] if columns % window == 0 && *count == patches.count()? => {
                Ok(x.shaped([*n, columns / window, patches.0[0].size, patches.0[1].size]))
            }
            shape => bail!("{} windows of {window} elements are needed, received the shape {shape:?}", patches.count()?),
        }
    } => Patches::new(output_size, kernel_size, dilation, padding, stride)?.fold(x);
    /// The windows of images, `(batch, channels, height, width)`, as columns: `(batch, channels * window, windows)`.
    Unfold unfold(x)[kernel_size: Integers, dilation: Integers = 1, padding: Integers = 0, stride: Integers = 1]: {
        let patches = Patches::of(&x.shape, kernel_size, dilation, padding, stride)?;
        let Some(rows) = x.shape[1].checked_mul(patches.window()?) else { bail!("the windows are too large") };
        Ok(x.shaped([x.shape[0], rows, patches.count()?]))
    } => Patches::of(x.dims(), kernel_size, dilation, padding, stride)?.unfold(x);
}

/// Windows along one axis of an image.
struct Places {
    size: usize,
    kernel: usize,
    dilation: usize,
    padding: usize,
    stride: usize,
    /// How many windows there are.
    count: usize,
}

impl Places {
    /// Where the elements of the windows are in the padded image: all first elements, then all second ones.
    fn all(&self) -> impl Iterator<Item = usize> {
        let (count, stride, dilation) = (self.count, self.stride, self.dilation);
        (0..self.kernel).flat_map(move |k| (0..count).map(move |i| i * stride + k * dilation))
    }
}

/// Windows over both axes.
struct Patches([Places; 2]);

impl Patches {
    fn of(
        shape: &[usize],
        kernel: &Integers,
        dilation: &Integers,
        padding: &Integers,
        stride: &Integers,
    ) -> Result<Self> {
        let [_, _, height, width] = shape else { bail!("images of rank 4 are needed, received the shape {shape:?}") };
        let size = Integers::Many(vec![*height as i64, *width as i64]);
        Self::new(&size, kernel, dilation, padding, stride)
    }

    fn new(
        size: &Integers,
        kernel: &Integers,
        dilation: &Integers,
        padding: &Integers,
        stride: &Integers,
    ) -> Result<Self> {
        let (size, padding) = (super::shapes::sizes(size.as_slice())?, super::shapes::sizes(padding.as_slice())?);
        let (kernel, dilation) = (each("kernel_size", kernel, 2)?, each("dilation", dilation, 2)?);
        let stride = each("stride", stride, 2)?;
        if ![size.len(), padding.len()].iter().all(|count| [1, 2].contains(count)) {
            bail!("a size and a padding for both axes are needed, received {size:?} and {padding:?}")
        }
        let axis = |i: usize| {
            let (size, padding) = (size[i.min(size.len() - 1)], padding[i.min(padding.len() - 1)]);
            let all = padding.checked_mul(2).and_then(|both| both.checked_add(size));
            let reach = (kernel[i] - 1).checked_mul(dilation[i]);
            match all.zip(reach).and_then(|(all, reach)| all.checked_sub(reach)?.checked_sub(1)) {
                Some(rest) => Ok(Places {
                    size,
                    kernel: kernel[i],
                    dilation: dilation[i],
                    padding,
                    stride: stride[i],
                    count: rest / stride[i] + 1,
                }),
                None => bail!("windows of {} elements, {} apart, do not fit {size}", kernel[i], dilation[i]),
            }
        };
        let patches = Self([axis(0)?, axis(1)?]);
        for Places { size, padding, kernel, count, .. } in &patches.0 {
            lengths::elements(&[*kernel, *count])?;
            lengths::elements(&[padding.saturating_mul(2).saturating_add(*size)])?;
        }
        Ok(patches)
    }

    fn window(&self) -> Result<usize> {
        lengths::elements(&[self.0[0].kernel, self.0[1].kernel])
    }

    fn count(&self) -> Result<usize> {
        lengths::elements(&[self.0[0].count, self.0[1].count])
    }

    fn unfold(&self, x: &Tensor) -> Result<Tensor> {
        let (n, c, ..) = x.dims4()?;
        let [rows, columns] = &self.0;
        let padded = self.0.each_ref().map(|places| places.size + 2 * places.padding);
        lengths::allocated(&[n, c, padded[0], padded[1]], x.dtype())?;
        let mut y = x.clone();
        for (axis, places) in self.0.iter().enumerate() {
            y = y.pad_with_zeros(2 + axis, places.padding, places.padding)?;
            y = shape::at(&y, 2 + axis, places.all())?;
        }
        let y = y.reshape(vec![n, c, rows.kernel, rows.count, columns.kernel, columns.count])?;
        y.permute([0, 1, 2, 4, 3, 5])?.reshape((n, c * self.window()?, self.count()?))
    }

    fn fold(&self, x: &Tensor) -> Result<Tensor> {
        // Sums of whole numbers may be large.
        let dtype = if x.dtype().is_float() { x.dtype() } else { DType::F64 };
        let (n, rows_of_x, _) = x.dims3()?;
        let (c, [rows, columns]) = (rows_of_x / self.window()?, &self.0);
        let x = x.to_dtype(dtype)?.reshape(vec![n, c, rows.kernel, columns.kernel, rows.count, columns.count])?;
        let shape = (n, c, rows.kernel * rows.count, columns.kernel * columns.count);
        let mut y = x.permute([0, 1, 2, 4, 3, 5])?.reshape(shape)?;
        for (axis, places) in self.0.iter().enumerate() {
            let mut shape = y.dims().to_vec();
            shape[2 + axis] = places.size + 2 * places.padding;
            lengths::allocated(&shape, dtype)?;
            let ids: Vec<u32> = places.all().map(|place| place as u32).collect();
            let ids = Tensor::new(ids, y.device())?;
            let sums = Tensor::zeros(shape, dtype, y.device())?.index_add(&ids, &y.contiguous()?, 2 + axis)?;
            y = sums.narrow(2 + axis, places.padding, places.size)?;
        }
        y.contiguous()
    }
}

fn block_spec(x: &Spec, block: i64, data_format: &str, to_space: bool) -> Result<Spec> {
    let [n, a, b, c] = x.shape.as_slice() else {
        bail!("images of rank 4 are needed, received the shape {:?}", x.shape)
    };
    let first = data_format == "channels_first";
    if !first && data_format != "channels_last" {
        return Err(crate::Error::unknown("data format", data_format, &["channels_last", "channels_first"]).into());
    }
    let (height, width, channels) = if first { (b, c, a) } else { (a, b, c) };
    let Some(block) = usize::try_from(block).ok().filter(|block| *block > 0 && *block < 1 << 16) else {
        bail!("the size of a block is positive, received {block}")
    };
    let fits = if to_space { channels % (block * block) == 0 } else { height % block == 0 && width % block == 0 };
    let sizes = if to_space {
        (height.checked_mul(block), width.checked_mul(block), Some(channels / (block * block)))
    } else {
        (Some(height / block), Some(width / block), channels.checked_mul(block * block))
    };
    match sizes {
        (Some(h), Some(w), Some(c)) if fits => Ok(x.shaped(if first { [*n, c, h, w] } else { [*n, h, w, c] })),
        _ => bail!("blocks of {block} do not fit the shape {:?}", x.shape),
    }
}

/// With the channels last, the channels of a block are its rows, columns and channels; with the channels first, its channels, rows and columns.
fn blocks_of(x: &Tensor, block: usize, data_format: &str, to_space: bool) -> Result<Tensor> {
    let (n, a, b, c) = x.dims4()?;
    let area = block * block;
    let moved = |sizes: [usize; 6], axes: [usize; 6]| x.reshape(sizes.to_vec())?.permute(axes.to_vec());
    match (data_format == "channels_first", to_space) {
        (false, true) => {
            moved([n, a, b, block, block, c / area], [0, 1, 3, 2, 4, 5])?.reshape((n, a * block, b * block, c / area))
        }
        (false, false) => moved([n, a / block, block, b / block, block, c], [0, 1, 3, 2, 4, 5])?.reshape((
            n,
            a / block,
            b / block,
            c * area,
        )),
        (true, true) => {
            moved([n, a / area, block, block, b, c], [0, 1, 4, 2, 5, 3])?.reshape((n, a / area, b * block, c * block))
        }
        (true, false) => moved([n, a, b / block, block, c / block, block], [0, 1, 3, 5, 2, 4])?.reshape((
            n,
            a * area,
            b / block,
            c / block,
        )),
    }
}
