//! Segments, frames and Fourier transforms of `keras.ops.math`.

use super::*;
use crate::elementwise::float;
use crate::operation::shown;
use crate::{distances::distances, fourier, lengths, reduce, shape};
use candle_core::{Device, bail};
use std::collections::BTreeMap;

operations! {
    /// Functions of segments: rows with the same number. Rows with a number out of range are left out.
    mod segments: Math, Host;

    /// The largest elements of the rows of each segment; minus infinity, or the lowest number, where there are none.
    SegmentMax segment_max(data, segment_ids)[num_segments: Option<i64> = None, sorted: bool = false]: segment_spec(data, segment_ids, num_segments)
        => segmented(data, segment_ids, num_segments, |x| reduce::max(x, 1), f64::NEG_INFINITY);
    /// The smallest elements of the rows of each segment; infinity, or the largest number, where there are none.
    SegmentMin segment_min(data, segment_ids)[num_segments: Option<i64> = None, sorted: bool = false]: segment_spec(data, segment_ids, num_segments)
        => segmented(data, segment_ids, num_segments, |x| reduce::min(x, 1), f64::INFINITY);
    /// The products of the rows of each segment, 1 where there are none.
    SegmentProd segment_prod(data, segment_ids)[num_segments: Option<i64> = None, sorted: bool = false]: segment_spec(data, segment_ids, num_segments)
        => segmented(data, segment_ids, num_segments, |x| prod(x, 1, data.dtype()), 1.0);
    /// The sums of the rows of each segment.
    SegmentSum segment_sum(data, segment_ids)[num_segments: Option<i64> = None, sorted: bool = false]: segment_spec(data, segment_ids, num_segments)
        => segmented(data, segment_ids, num_segments, |x| sum(x, 1), 0.0);
}

fn segment_spec(data: &Spec, ids: &Spec, count: &Option<i64>) -> Result<Spec> {
    let (Some(count), [rows, rest @ ..]) = (count.and_then(|count| usize::try_from(count).ok()), data.shape.as_slice())
    else {
        bail!("num_segments and data with rows are needed, received {} and the shape {:?}", shown(count), data.shape)
    };
    if ids.dtype.is_float() || ids.shape != [*rows] {
        bail!("a whole number for each of {rows} rows is needed, received the shape {:?}", ids.shape)
    }
    Ok(data.shaped([&[count], rest].concat()))
}

/// `f` along axis 1 of `(segments, rows, ...)`, of the rows of each segment; `of_none`, which adds nothing to a segment, where there are no rows.
fn segmented(
    data: &Tensor,
    ids: &Tensor,
    count: &Option<i64>,
    f: impl Fn(&Tensor) -> Result<Tensor>,
    of_none: f64,
) -> Result<Tensor> {
    let ids: Vec<i64> = ids.contiguous()?.to_dtype(DType::I64)?.to_vec1()?;
    let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let segment = |id: i64| usize::try_from(id).ok().filter(|id| *id < count);
    let mut rows: Vec<(usize, usize)> =
        ids.iter().enumerate().filter_map(|(row, id)| Some((segment(*id)?, row))).collect();
    rows.sort_unstable();
    // Segments of about the same number of rows are one tensor, filled up to a power of two.
    let mut of_width: BTreeMap<usize, Vec<&[(usize, usize)]>> = BTreeMap::new();
    for segment in rows.chunk_by(|a, b| a.0 == b.0) {
        of_width.entry(segment.len().next_power_of_two()).or_default().push(segment);
    }
    let rest = &data.dims()[1..];
    let none = Tensor::new(of_none, &Device::Cpu)?.to_dtype(data.dtype())?.to_device(data.device())?;
    let none = none.broadcast_as([&[1], rest].concat())?.contiguous()?;
    let filled = Tensor::cat(&[data, &none], 0)?;
    let (mut results, mut places) = (Vec::new(), vec![u32::MAX; count]);
    let mut done = 0;
    for (width, segments) in of_width {
        let rows = segments.iter().flat_map(|segment| {
            let beyond = width - segment.len();
            segment.iter().map(|(_, row)| *row).chain(std::iter::repeat_n(ids.len(), beyond))
        });
        let rows = shape::at(&filled, 0, rows)?.reshape([&[segments.len(), width], rest].concat())?;
        results.push(f(&rows)?.to_dtype(data.dtype())?);
        segments.iter().for_each(|segment| {
            places[segment[0].0] = done;
            done += 1;
        });
    }
    places.iter_mut().filter(|place| **place == u32::MAX).for_each(|place| *place = done);
    results.push(none);
    Tensor::cat(&results, 0)?.index_select(&Tensor::from_vec(places, count, data.device())?, 0)
}

operations! {
    /// Functions of signals.
    mod frames: Math, Composition;

    /// The distance of each row of `x` from each of `y`; leading axes are a batch.
    CDist cdist(x, y): match (x.shape.as_slice(), y.shape.as_slice()) {
        ([batch @ .., m, d], [others @ .., n, e]) if d == e && x.rank() == y.rank() => {
            let batch = crate::operation::broadcast_shape(batch, others)?;
            Ok(Spec::new([batch, vec![*m, *n]].concat(), crate::operation::promoted(&[x, y])).float())
        }
        (x, y) => bail!("cdist takes rows of one length, received the shapes {x:?} and {y:?}"),
    } => of_both(x, y, |x, y| distances(&float(x)?, &float(y)?));
    /// The parts of so many elements along the last axis that begin `sequence_stride` apart, along a new axis before it.
    ExtractSequences extract_sequences(x)[sequence_length: i64, sequence_stride: i64]: {
        let Some(&size) = x.shape.last() else { bail!("a signal along an axis is needed") };
        let frames = frames(size, *sequence_length, *sequence_stride)?;
        Ok(x.shaped([&x.shape[..x.rank() - 1], &[frames.0, frames.1]].concat()))
    } => framed(x, *sequence_length, *sequence_stride);
}

/// How many frames there are, how long they are, and how far apart.
fn frames(size: usize, length: i64, stride: i64) -> Result<(usize, usize, usize)> {
    match (usize::try_from(length), usize::try_from(stride)) {
        (Ok(length), Ok(stride)) if stride > 0 && length > 0 && length <= size => {
            Ok(((size - length) / stride + 1, length, stride))
        }
        _ => bail!("frames of {length} elements that begin {stride} apart do not fit a signal of {size}"),
    }
}

pub(super) fn framed(x: &Tensor, length: i64, stride: i64) -> Result<Tensor> {
    let last = x.rank() - 1;
    let (count, length, stride) = frames(x.dims()[last], length, stride)?;
    let shape = [&x.dims()[..last], &[count, length]].concat();
    shape::at(x, last, (0..count).flat_map(|i| i * stride..i * stride + length))?.reshape(shape)
}

operations! {
    /// Fourier transforms. Complex numbers are two tensors, their real and imaginary parts.
    mod transforms: Math, Host;

    /// The discrete Fourier transform along the last axis.
    FFT fft([x]) -> 2: complex_spec(x, 1) => pair(x, |x, y| along(x, y, false, 1.0));
    /// The discrete Fourier transform along the last two axes.
    FFT2 fft2([x]) -> 2: complex_spec(x, 2) => pair(x, |x, y| over_both(x, y, false));
    /// The inverse of [`fft2`].
    IFFT2 ifft2([x]) -> 2: complex_spec(x, 2) => pair(x, |x, y| over_both(x, y, true));
    /// The real signal of `fft_length` elements of which these are the first half of the transform, by default an even one: the inverse of
    /// [`rfft`].
    IRFFT irfft([x])[fft_length: Option<i64> = None]: {
        let [spec, _] = complex_spec(x, 1)?;
        let length = signal_length(*spec.shape.last().unwrap_or(&0), fft_length)?;
        Ok(spec.shaped([&spec.shape[..spec.rank() - 1], &[length]].concat()))
    } => {
        let (real, imaginary) = (float(x[0])?, float(x[1])?);
        let last = real.rank() - 1;
        inverse_real(&real, &imaginary, signal_length(real.dims()[last], fft_length)?)
    };
    /// The first half of the discrete Fourier transform of a real signal, cut or filled with zeros to `fft_length` elements; the other half is
    /// its mirror image.
    RFFT rfft(x)[fft_length: Option<i64> = None] -> 2: {
        let Some(&size) = x.shape.last() else { bail!("a signal along an axis is needed") };
        let length = length_of(size, fft_length)?;
        let y = x.float().shaped([&x.shape[..x.rank() - 1], &[length / 2 + 1]].concat());
        Ok([y.clone(), y])
    } => {
        let x = float(x)?;
        let last = x.rank() - 1;
        real(&x, length_of(x.dims()[last], fft_length)?)
    };
}

/// A pair of tensors of one shape with at least so many axes.
fn complex_spec(x: &[&Spec], axes: usize) -> Result<[Spec; 2]> {
    match x {
        [real, imaginary] if real.shape == imaginary.shape && real.rank() >= axes => {
            let y = crate::operation::common_spec(x)?.float();
            Ok([y.clone(), y])
        }
        _ => bail!("the real and the imaginary part, of one shape, are needed, received {x:?}"),
    }
}

/// `f` of the two parts.
fn pair(x: &[&Tensor], f: impl Fn(&Tensor, &Tensor) -> Result<[Tensor; 2]>) -> Result<[Tensor; 2]> {
    let both = common(x)?;
    f(&float(&both[0])?, &float(&both[1])?)
}

/// The transform along the last axis, times a factor.
fn along(real: &Tensor, imaginary: &Tensor, inverse: bool, factor: f64) -> Result<[Tensor; 2]> {
    let shape = real.dims().to_vec();
    let (rest, length) = (lengths::elements(&shape[..shape.len() - 1])?, shape[shape.len() - 1]);
    let row = |x: &Tensor| x.contiguous()?.reshape((1, rest, length));
    let y = (fourier::transform(&Tensor::cat(&[&row(real)?, &row(imaginary)?], 0)?, inverse)? * factor)?;
    let part = |i: usize| y.narrow(0, i, 1)?.reshape(shape.as_slice());
    Ok([part(0)?, part(1)?])
}

fn over_both(real: &Tensor, imaginary: &Tensor, inverse: bool) -> Result<[Tensor; 2]> {
    let last = real.rank() - 1;
    let once =
        |x: &Tensor, y: &Tensor, length: usize| along(x, y, inverse, if inverse { 1.0 / length as f64 } else { 1.0 });
    let [x, y] = once(real, imaginary, real.dims()[last])?;
    let turned = |x: &Tensor| x.transpose(last - 1, last)?.contiguous();
    let [x, y] = once(&turned(&x)?, &turned(&y)?, real.dims()[last - 1])?;
    Ok([turned(&x)?, turned(&y)?])
}

fn length_of(size: usize, length: &Option<i64>) -> Result<usize> {
    match length.map_or(Ok(size), usize::try_from) {
        Ok(length) if length > 0 => Ok(length),
        _ => bail!("a transform needs a positive length, received {} for {size} elements", shown(length)),
    }
}

fn signal_length(half: usize, length: &Option<i64>) -> Result<usize> {
    length_of(half.saturating_sub(1).saturating_mul(2), length)
}

/// A signal cut or filled with zeros to this length.
fn fitted(x: &Tensor, length: usize) -> Result<Tensor> {
    let last = x.rank() - 1;
    let size = x.dims()[last];
    if length <= size { x.narrow(last, 0, length) } else { x.pad_with_zeros(last, 0, length - size) }
}

fn real(x: &Tensor, length: usize) -> Result<[Tensor; 2]> {
    let x = fitted(x, length)?;
    let [real, imaginary] = along(&x, &x.detach().zeros_like()?, false, 1.0)?;
    let half = |x: &Tensor| x.narrow(x.rank() - 1, 0, length / 2 + 1)?.contiguous();
    Ok([half(&real)?, half(&imaginary)?])
}

fn inverse_real(real: &Tensor, imaginary: &Tensor, length: usize) -> Result<Tensor> {
    let half = length / 2 + 1;
    let (real, imaginary) = (fitted(real, half)?, fitted(imaginary, half)?);
    let last = real.rank() - 1;
    // The other half has the conjugates in the opposite order; the first element, and the one in the middle, are real.
    let mirrored = (1..length - length / 2).rev();
    let others = |x: &Tensor| shape::at(x, last, mirrored.clone());
    let whole = Tensor::cat(&[&real.contiguous()?, &others(&real)?], last)?;
    let mut sign = vec![1.0; half];
    sign[0] = 0.0;
    if length.is_multiple_of(2) {
        sign[half - 1] = 0.0;
    }
    let sign = Tensor::from_vec(sign, half, real.device())?.to_dtype(real.dtype())?;
    let imaginary = imaginary.broadcast_mul(&sign)?;
    let whole_imaginary = Tensor::cat(&[&imaginary, &others(&imaginary)?.neg()?], last)?;
    let [y, _] = along(&whole, &whole_imaginary, true, 1.0 / length as f64)?;
    Ok(y)
}

operations! {
    /// Transforms of the frames of a signal.
    mod frame_transforms: Math, Host;

    /// The signal of which these are the transforms of frames, real and imaginary: the inverse of [`stft`]. `length` is how many elements it
    /// has, by default those that the frames cover.
    ISTFT istft([x])[
        sequence_length: i64, sequence_stride: i64, fft_length: i64, length: Option<i64> = None, window: FrameWindow = "hann", center: bool = true
    ]: {
        let [spec, _] = complex_spec(x, 2)?;
        let frames = Framing::new(*sequence_length, *sequence_stride, *fft_length)?;
        window.check(*sequence_length)?;
        let [leading @ .., count, bins] = spec.shape.as_slice() else { bail!("frames of transforms are needed") };
        if *bins != frames.size / 2 + 1 {
            bail!("transforms of {} elements have {} numbers, received the shape {:?}", frames.size, frames.size / 2 + 1, spec.shape)
        }
        let (start, end) = frames.range(*count, length, *center)?;
        Ok(spec.shaped([leading, &[end - start]].concat()))
    } => {
        let (real, imaginary) = (float(x[0])?, float(x[1])?);
        let frames = Framing::new(*sequence_length, *sequence_stride, *fft_length)?;
        let (start, end) = frames.range(real.dims()[real.rank() - 2], length, *center)?;
        let y = frames.added(&inverse_real(&real, &imaginary, frames.size)?, window)?;
        y.narrow(y.rank() - 1, start, end - start)?.contiguous()
    };
    /// The Fourier transforms of short parts of a signal along the last axis, real and imaginary: frames of `sequence_length` elements that begin
    /// `sequence_stride` apart, times a window (`"hann"`, `"hamming"`, its values, or none), with zeros around them to `fft_length` elements. With
    /// `center` the signal is mirrored at its ends, so that the first frame is around the first element.
    ///
    /// # Shapes
    /// - `(..., length)` gives twice `(..., frames, fft_length / 2 + 1)`
    STFT stft(x)[sequence_length: i64, sequence_stride: i64, fft_length: i64, window: FrameWindow = "hann", center: bool = true] -> 2: {
        let frames = Framing::new(*sequence_length, *sequence_stride, *fft_length)?;
        window.check(*sequence_length)?;
        let Some((&size, leading)) = x.shape.split_last() else { bail!("a signal along an axis is needed") };
        let y = x.float().shaped([leading, &[frames.count(size, *center)?, frames.size / 2 + 1]].concat());
        Ok([y.clone(), y])
    } => {
        let frames = Framing::new(*sequence_length, *sequence_stride, *fft_length)?;
        frames.transform(&float(x)?, window, *center)
    };
}

/// The sizes of the frames of a [`stft`].
struct Framing {
    sequence: usize,
    stride: usize,
    size: usize,
}

impl Framing {
    fn new(sequence: i64, stride: i64, size: i64) -> Result<Self> {
        match [sequence, stride, size].map(|number| usize::try_from(number).unwrap_or(0)) {
            [sequence, stride, size] if sequence > 0 && stride > 0 && size >= sequence => {
                lengths::allocated(&[size, 4], DType::F64)?;
                Ok(Self { sequence, stride, size })
            }
            _ => bail!("frames of {sequence} elements, {stride} apart, do not fit transforms of {size}"),
        }
    }

    /// How many frames a signal has.
    fn count(&self, length: usize, center: bool) -> Result<usize> {
        let around = if center { self.size / 2 * 2 } else { 0 };
        match length.checked_add(around).and_then(|all| all.checked_sub(self.size)) {
            Some(rest) if length > 0 => Ok(rest / self.stride + 1),
            _ => bail!("frames of {} elements do not fit a signal of {length}", self.size),
        }
    }

    /// The window, with zeros on both sides.
    fn window(&self, window: &FrameWindow) -> Result<Vec<f64>> {
        let before = (self.size - self.sequence) / 2;
        let mut around = vec![0.0; self.size];
        match window {
            // Without a window, the frames are not shortened.
            FrameWindow::None => around.fill(1.0),
            window => around[before..before + self.sequence].copy_from_slice(&window.values(self.sequence)?),
        }
        Ok(around)
    }

    fn transform(&self, x: &Tensor, window: &FrameWindow, center: bool) -> Result<[Tensor; 2]> {
        let last = x.rank() - 1;
        let (leading, half) = (&x.dims()[..last], (self.size / 2) as i64);
        let signals = shape::reshaped(x, &[lengths::elements(leading)?, x.dims()[last]])?;
        let signals = match center {
            true => pad(&signals, [[0, 0], [half, half]], "reflect", None::<f64>)?,
            false => signals,
        };
        let y = fourier::of_frames(&signals, &self.window(window)?, self.stride)?;
        let (_, _, frames, bins) = y.dims4()?;
        let part = |i: usize| y.narrow(0, i, 1)?.reshape([leading, &[frames, bins]].concat());
        Ok([part(0)?, part(1)?])
    }

    /// Where the signal of so many frames begins and ends in what these cover.
    fn range(&self, count: usize, length: &Option<i64>, center: bool) -> Result<(usize, usize)> {
        let all = count.saturating_sub(1).checked_mul(self.stride).and_then(|all| all.checked_add(self.size));
        let (Some(all), half) = (all, self.size / 2) else { bail!("{count} frames are too long") };
        lengths::elements(&[all])?;
        let start = if center { half } else { 0 };
        let end = match length.map(usize::try_from) {
            Some(Ok(length)) => start.saturating_add(length).min(all),
            Some(Err(_)) => bail!("a signal has a length of at least 0, received {}", shown(length)),
            None if center => all - half,
            None => all,
        };
        if count == 0 || end < start {
            bail!("{count} frames of {} elements have no signal", self.size)
        }
        Ok((start, end))
    }

    /// Frames, each times the window, added up where they are, and divided by the sum of the squares of the windows.
    fn added(&self, frames: &Tensor, window: &FrameWindow) -> Result<Tensor> {
        let weights = self.window(window)?;
        let last = frames.rank() - 2;
        let (count, leading) = (frames.dims()[last], &frames.dims()[..last]);
        let (size, stride) = (self.size, self.stride);
        let all = (count - 1) * stride + size;
        lengths::allocated(&[all, 3], DType::F64)?;
        let places = move || (0..count).flat_map(move |frame| (0..size).map(move |i| frame * stride + i));
        let mut squares = vec![0.0; all];
        places().zip(weights.iter().cycle()).for_each(|(place, w)| squares[place] += w * w);
        // Keras divides by the stride where there is no window, and not by the number of frames around an element.
        let scale = if *window == FrameWindow::None { self.size as f64 / self.stride as f64 } else { 1.0 };
        let factors: Vec<f64> = squares.into_iter().map(|sum| if sum > 1e-10 { scale / sum } else { scale }).collect();
        let beside = |numbers: Vec<f64>| {
            let count = numbers.len();
            Tensor::from_vec(numbers, count, &Device::Cpu)?.to_dtype(frames.dtype())?.to_device(frames.device())
        };
        let rows = lengths::elements(leading)?;
        let flat = frames.broadcast_mul(&beside(weights)?)?.reshape((rows, count * self.size))?;
        let ids: Vec<u32> = places().map(|place| place as u32).collect();
        let ids = Tensor::new(ids, frames.device())?;
        let sums = Tensor::zeros((rows, all), frames.dtype(), frames.device())?.index_add(&ids, &flat, 1)?;
        sums.broadcast_mul(&beside(factors)?)?.reshape([leading, &[all]].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use candle_core::Var;

    /// Their number costs memory for the result alone.
    #[test]
    fn segments_may_be_many() {
        let data = Var::from_tensor(&values([5, 2], 1)).unwrap();
        let ids = Tensor::new(&[7i64, -1, 1 << 23, 7, 7], &Device::Cpu).unwrap();
        let sums = segment_sum(data.as_tensor(), &ids, Some((1 << 23) + 1), false).unwrap();
        let row = |x: &Tensor, i: usize| x.get(i).unwrap().to_vec1::<f64>().unwrap();
        let expected = ((data.get(0).unwrap() + data.get(3).unwrap()).unwrap() + data.get(4).unwrap()).unwrap();
        assert_eq!(row(&sums, 7), expected.to_vec1::<f64>().unwrap());
        assert_eq!((row(&sums, 1 << 23), row(&sums, 8)), (row(&data, 2), vec![0.0; 2]));
        let gradient = sums.sum_all().unwrap().backward().unwrap().remove(&data).unwrap();
        assert_eq!(gradient.to_vec2::<f64>().unwrap(), [[1.0; 2], [0.0; 2], [1.0; 2], [1.0; 2], [1.0; 2]]);
        assert_eq!(segment_max(data.as_tensor(), &ids, Some(0), false).unwrap().dims(), [0, 2]);
        let ids = Tensor::new(&[0i64, 2, 0, 0, 2], &Device::Cpu).unwrap();
        for count in [3, 4] {
            let all = [segment_max, segment_min, segment_prod, segment_sum];
            for segmented in all {
                assert_gradients(&[values([5, 2], 3)], |x| {
                    segmented(&x[0], &ids, Some(count), false)?.index_select(&Tensor::new(&[0u32, 2], &Device::Cpu)?, 0)
                });
            }
        }
    }
}
