//! The discrete Fourier transform of rows, and of the frames of signals, by the crate rustfft, with their gradients.

use crate::host::{view, with_float};
use crate::simd::Float;
use crate::tape::{Value, on_host, record};
use crate::{cores, lengths};
use candle_core::{DType, Result, Tensor};
use rustfft::algorithm::{BluesteinsAlgorithm, Radix4};
use rustfft::{Fft, FftDirection, num_complex::Complex};
use std::sync::Arc;

/// The transform of the rows of a tensor of shape `(2, rows, length)`, the real parts before the imaginary ones; or the inverse, without
/// its factor. Tensors of other devices and dtypes are copied to the host.
pub(crate) fn transform(x: &Tensor, inverse: bool) -> Result<Tensor> {
    if !on_host(&[x]) {
        return crate::elementwise::through_host(&[x], |x| transform(&x[0], inverse));
    }
    let value = transformed(&x.detach(), inverse)?;
    // The matrix of the transform is symmetric, and that of the inverse its conjugate: the gradient is transformed back.
    record("fft", &[x], Value::Tensor(value), move |_, dy| Ok(vec![Some(transformed(dy, !inverse)?)]))
}

fn transformed(x: &Tensor, inverse: bool) -> Result<Tensor> {
    let (_, rows, length) = x.dims3()?;
    if rows * length == 0 {
        return Ok(x.clone());
    }
    let numbers: Vec<f64> = x.contiguous()?.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
    let (real, imaginary) = numbers.split_at(rows * length);
    let mut complex: Vec<_> = real.iter().zip(imaginary).map(|(&re, &im)| Complex { re, im }).collect();
    let direction = if inverse { FftDirection::Inverse } else { FftDirection::Forward };
    plan(length, direction).process(&mut complex);
    let parts: Vec<f64> = complex.iter().map(|z| z.re).chain(complex.iter().map(|z| z.im)).collect();
    Tensor::from_vec(parts, x.shape(), x.device())?.to_dtype(x.dtype())
}

/// The algorithm for rows of this length. The planner of rustfft would choose between all of its algorithms, which take longer to compile than the
/// other operations together; a length that is not a power of two costs three transforms of the next powers but one.
fn plan(length: usize, direction: FftDirection) -> Arc<dyn Fft<f64>> {
    if length.is_power_of_two() {
        return Arc::new(Radix4::new(length, direction));
    }
    let padded = Radix4::new((2 * length - 1).next_power_of_two(), direction);
    Arc::new(BluesteinsAlgorithm::new(length, Arc::new(padded)))
}

/// The first halves of the transforms of the frames of each signal that begin `stride` apart, multiplied by a window as long as they are: of
/// `(signals, length)` the real parts before the imaginary ones, `(2, signals, frames, window.len() / 2 + 1)`.
pub(crate) fn of_frames(x: &Tensor, window: &[f64], stride: usize) -> Result<Tensor> {
    if !on_host(&[x]) {
        return crate::elementwise::through_host(&[x], |x| of_frames(&x[0], window, stride));
    }
    let (signals, length) = x.dims2()?;
    let frames = Frames { window: window.into(), stride, length, count: (length - window.len()) / stride + 1 };
    let shape = [2, signals, frames.count, frames.bins()];
    lengths::allocated(&shape, x.dtype())?;
    let input = x.detach().contiguous()?;
    let value = with_float!(x, T => Value::new(frames.transform(&view::<T>(&input)?, signals), &shape)?);
    record("stft", &[x], value, move |_, dy| {
        let dx = with_float!(dy, T => frames.gradient(&view::<T>(dy)?, signals));
        Ok(vec![Some(dx?)])
    })
}

/// The frames of a signal.
struct Frames {
    window: Vec<f64>,
    stride: usize,
    /// The length of a signal.
    length: usize,
    /// The number of frames of a signal.
    count: usize,
}

impl Frames {
    fn bins(&self) -> usize {
        self.window.len() / 2 + 1
    }

    /// The real parts before the imaginary ones. Two frames are one transform: the one as real, the other as imaginary part.
    fn transform<T: Float>(&self, x: &[T], signals: usize) -> Vec<T> {
        let (n, bins, all) = (self.window.len(), self.bins(), signals * self.count);
        let plan = plan(n, FftDirection::Forward);
        let signal_of = |frame: usize| &x[frame / self.count * self.length + frame % self.count * self.stride..][..n];
        let of_pair = |first: usize, second: Option<usize>| -> Vec<Complex<f64>> {
            let (re, im) = (signal_of(first), second.map(signal_of));
            let number =
                |(i, w): (usize, &f64)| Complex { re: re[i].double() * w, im: im.map_or(0.0, |im| im[i].double() * w) };
            let mut both: Vec<_> = self.window.iter().enumerate().map(number).collect();
            plan.process(&mut both);
            both
        };
        // The transform of a real signal has the conjugates in its second half: that separates the two.
        let parts = |both: &[Complex<f64>], bin: usize, first: bool| {
            let (z, mirrored) = (both[bin], both[(n - bin) % n]);
            let (re, im) = match first {
                true => (z.re + mirrored.re, z.im - mirrored.im),
                false => (z.im + mirrored.im, mirrored.re - z.re),
            };
            (T::from_double(re / 2.0), T::from_double(im / 2.0))
        };
        let cost = n * 32;
        let [mut real, mut imaginary] =
            cores::fill_several_chunks(all / 2, [2 * bins; 2], cost, |pair, [real, imaginary]| {
                let both = of_pair(2 * pair, Some(2 * pair + 1));
                for i in 0..2 * bins {
                    let (re, im) = parts(&both, i % bins, i < bins);
                    real.copy(&[re]);
                    imaginary.copy(&[im]);
                }
            });
        if all % 2 == 1 {
            let last = of_pair(all - 1, None);
            for bin in 0..bins {
                let (re, im) = parts(&last, bin, true);
                real.push(re);
                imaginary.push(im);
            }
        }
        real.append(&mut imaginary);
        real
    }

    /// The gradient of the signals.
    fn gradient<T: Float>(&self, dy: &[T], signals: usize) -> Result<Tensor> {
        let (n, bins) = (self.window.len(), self.bins());
        let plan = plan(n, FftDirection::Inverse);
        let (real, imaginary) = dy.split_at(dy.len() / 2);
        let dx = cores::zeroed_chunks(signals * self.length, self.length.max(1), |from, dx: &mut [T]| {
            let signal = from / self.length.max(1);
            for frame in 0..self.count {
                let start = (signal * self.count + frame) * bins;
                let mut z = vec![Complex { re: 0.0, im: 0.0 }; n];
                for (z, (re, im)) in z.iter_mut().zip(real[start..start + bins].iter().zip(&imaginary[start..])) {
                    *z = Complex { re: re.double(), im: im.double() };
                }
                plan.process(&mut z);
                let of_frame = &mut dx[frame * self.stride..][..n];
                for ((dx, z), w) in of_frame.iter_mut().zip(&z).zip(&self.window) {
                    *dx += T::from_double(z.re * w);
                }
            }
        });
        Tensor::from_vec(dx, (signals, self.length), &candle_core::Device::Cpu)
    }
}
