//! Segments, frames and Fourier transforms of `keras.ops.math`.

use super::*;
use crate::elementwise::{self, float};
use crate::{fourier, lengths, reduce, shape};
use candle_core::{Device, bail};

operations! {
    /// Functions of segments: rows with the same number. Rows with a number out of range are left out.
    mod segments: Math, Host;

    /// The largest elements of the rows of each segment; minus infinity, or the lowest number, where there are none.
    SegmentMax segment_max(data, segment_ids)[num_segments: Option<i64> = None, sorted: bool = false]: segment_spec(data, segment_ids, num_segments)
        => segmented(data, segment_ids, num_segments, |x| reduce::max(x, 0), f64::NEG_INFINITY);
    /// The smallest elements of the rows of each segment; infinity, or the largest number, where there are none.
    SegmentMin segment_min(data, segment_ids)[num_segments: Option<i64> = None, sorted: bool = false]: segment_spec(data, segment_ids, num_segments)
        => segmented(data, segment_ids, num_segments, |x| reduce::min(x, 0), f64::INFINITY);
    /// The products of the rows of each segment, 1 where there are none.
    SegmentProd segment_prod(data, segment_ids)[num_segments: Option<i64> = None, sorted: bool = false]: segment_spec(data, segment_ids, num_segments)
        => segmented(data, segment_ids, num_segments, |x| prod(x, 0, data.dtype()), 1.0);
    /// The sums of the rows of each segment.
    SegmentSum segment_sum(data, segment_ids)[num_segments: Option<i64> = None, sorted: bool = false]: segment_spec(data, segment_ids, num_segments)
        => segmented(data, segment_ids, num_segments, |x| sum(x, 0), 0.0);
}

fn segment_spec(data: &Spec, ids: &Spec, count: &Option<i64>) -> Result<Spec> {
    let (Some(count), [rows, rest @ ..]) = (count.and_then(|count| usize::try_from(count).ok()), data.shape.as_slice())
    else {
        bail!("num_segments and data with rows are needed, received {count:?} and the shape {:?}", data.shape)
    };
    if ids.dtype.is_float() || ids.shape != [*rows] {
        bail!("a whole number for each of {rows} rows is needed, received the shape {:?}", ids.shape)
    }
    Ok(data.shaped([&[count], rest].concat()))
}

/// `f` of the rows of each segment.
fn segmented(
    data: &Tensor,
    ids: &Tensor,
    count: &Option<i64>,
    f: impl Fn(&Tensor) -> Result<Tensor>,
    of_none: f64,
) -> Result<Tensor> {
    let ids: Vec<i64> = ids.contiguous()?.to_dtype(DType::I64)?.to_vec1()?;
    let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let mut rows = vec![Vec::new(); count];
    for (row, id) in ids.into_iter().enumerate() {
        if let Some(rows) = usize::try_from(id).ok().and_then(|id| rows.get_mut(id)) {
            rows.push(row);
        }
    }
    let mut shape = data.dims().to_vec();
    shape.remove(0);
    let segment = |rows: Vec<usize>| match rows.is_empty() {
        true => Tensor::new(of_none, &Device::Cpu)?
            .to_dtype(data.dtype())?
            .broadcast_as(shape.as_slice())?
            .to_device(data.device()),
        false => f(&shape::at(data, 0, rows)?)?.to_dtype(data.dtype()),
    };
    Tensor::stack(&rows.into_iter().map(segment).collect::<Result<Vec<_>>>()?, 0)
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
    } => of_both(x, y, |x, y| {
        let (x, y) = (float(x)?.unsqueeze(x.rank() - 1)?, float(y)?.unsqueeze(y.rank() - 2)?);
        reduce::sum(&elementwise::square(&x.broadcast_sub(&y)?)?, -1)?.sqrt()
    });
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

fn framed(x: &Tensor, length: i64, stride: i64) -> Result<Tensor> {
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
        _ => bail!("a transform needs a positive length, received {length:?} for {size} elements"),
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
