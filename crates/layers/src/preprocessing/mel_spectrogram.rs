//! MelSpectrogram: the frequencies of a signal over time, as people hear them. Keras: `keras.layers.MelSpectrogram`.

use crate::initializers::StftWindow;
use crate::layer::single;
use crate::spatial::positive;
use crate::{Build, Context, Layer, Shape};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, FrameWindow, Result};

layer! {
    /// The spectrum of each of the frames of a signal, in bands that are equally wide to the ear (in mel), by default in decibels.
    ///
    /// Frames that begin `sequence_stride` apart are multiplied by a window and transformed; the powers of the frequencies are added up in triangular bands that
    /// overlap by half.
    ///
    /// Keras: `keras.layers.MelSpectrogram`.
    ///
    /// # Shapes
    /// - input: `(batch, samples)` or one signal, `(samples,)`
    /// - output: `(batch, num_mel_bins, frames)`, without the batch for one signal
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, MelSpectrogram};
    /// let y = MelSpectrogram::new().num_mel_bins(64).call(&Input::shape([16_000]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 64, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// The shape is that of the output. Keras's `compute_output_shape` has a frame too many for an odd `fft_length`, or if the stride divides the number of samples plus one.
    pub struct MelSpectrogram() {
        /// The length of the transform.
        fft_length: usize = 2048,
        /// How far frames begin apart.
        sequence_stride: usize = 512,
        /// The length of a frame; by default `fft_length`.
        sequence_length: Option<usize>,
        /// The window that frames are multiplied by: `"hann"`, `"hamming"`, or its values.
        window: Option<StftWindow> = Some("hann".into()),
        /// How many samples there are in a second.
        sampling_rate: usize = 16_000,
        /// The number of bands.
        num_mel_bins: usize = 128,
        /// Where the first band begins, in Hertz.
        min_freq: f64 = 20.0,
        /// Where the last band ends; by default half of `sampling_rate`.
        max_freq: Option<f64>,
        /// Whether the result is in decibels.
        power_to_db: bool = true,
        /// How many decibels below the largest of the batch others are at least.
        top_db: f64 = 80.0,
        /// The exponent of the magnitudes that are added up: 2 for powers.
        mag_exp: f64 = 2.0,
        /// What powers are at least before they become decibels.
        min_power: f64 = 1e-10,
        /// The power of 0 decibels.
        ref_power: f64 = 1.0,
    }
}

/// The mel of a frequency in Hertz, as the Hidden Markov Model Toolkit defines it.
fn mel(hertz: f64) -> f64 {
    1127.0 * (hertz / 700.0).ln_1p()
}

impl MelSpectrogram {
    /// Without a window. Keras: `window=None`.
    #[must_use]
    pub fn no_window(mut self) -> Self {
        self.window = None;
        self
    }

    fn frame_window(&self) -> FrameWindow {
        match &self.window {
            None => FrameWindow::None,
            Some(StftWindow::Name(name)) => FrameWindow::Name(name.clone()),
            Some(StftWindow::Values(values)) => FrameWindow::Values(values.clone()),
        }
    }

    /// Length, stride and transform of the frames.
    fn frames(&self) -> [i64; 3] {
        let length = self.sequence_length.filter(|length| *length > 0).unwrap_or(self.fft_length);
        [length, self.sequence_stride, self.fft_length].map(|size| i64::try_from(size).unwrap_or(i64::MAX))
    }

    /// How many frames a signal has.
    fn count(&self, samples: usize) -> Result<usize> {
        let [length, stride, transform] = self.frames();
        let stft = ops::operations::STFT {
            sequence_length: length,
            sequence_stride: stride,
            fft_length: transform,
            window: self.frame_window(),
            center: true,
        };
        let spec = ops::Operation::from(stft).infer(&[Some(&ops::Spec::new([samples], DType::F32))])?;
        Ok(spec[0].shape[0])
    }

    /// Where the last band ends, in Hertz.
    fn last(&self) -> f64 {
        self.max_freq.filter(|most| *most != 0.0).unwrap_or((self.sampling_rate / 2) as f64)
    }

    /// An error if a number cannot be what it is for.
    fn check(&self) -> Result<()> {
        let (first, last) = (self.min_freq, self.last());
        let wrong = |what: &str, received: f64| Err(Error::new(what).received(received.to_string()));
        if !(first >= 0.0 && first.is_finite()) {
            return wrong("min_freq must not be negative", first);
        }
        if !(last > first && last.is_finite()) {
            return Err(Error::new("max_freq must be above min_freq").received(format!("{last} and {first}")));
        }
        if !self.ref_power.is_finite() {
            return wrong("ref_power must be a finite number", self.ref_power);
        }
        let factors = [("mag_exp", self.mag_exp), ("min_power", self.min_power)];
        if let Some((name, factor)) = factors.iter().find(|(_, factor)| !(*factor > 0.0 && factor.is_finite())) {
            return wrong(&format!("{name} must be positive"), *factor);
        }
        if self.top_db >= 0.0 { Ok(()) } else { wrong("top_db must not be negative", self.top_db) }
    }

    /// The share of each frequency in each band, `(frequencies, bands)`: 1 in the middle of a band, 0 at the middles of its neighbours.
    fn bands(&self, dtype: DType) -> Result<Tensor> {
        let (frequencies, bands) = (self.fft_length / 2 + 1, self.num_mel_bins);
        ops::check_memory(&[frequencies, bands], DType::F64)?;
        let nyquist = self.sampling_rate as f64 / 2.0;
        let (first, last) = (mel(self.min_freq), mel(self.last()));
        let edge = |i: usize| first + (last - first) * i as f64 / (bands + 1) as f64;
        let mut shares = vec![0.0; frequencies * bands];
        // The mean of the signal, which is the first, belongs to no band.
        for (i, row) in shares.chunks_exact_mut(bands).enumerate().skip(1) {
            let place = mel(nyquist * i as f64 / (frequencies - 1) as f64);
            // It lies in two bands; one more on each side, since it is rounded.
            let before = ((place - first) / (last - first) * (bands + 1) as f64) as usize;
            for (band, share) in
                row.iter_mut().enumerate().take(before.saturating_add(2)).skip(before.saturating_sub(2))
            {
                let (lower, middle, upper) = (edge(band), edge(band + 1), edge(band + 2));
                *share = ((place - lower) / (middle - lower)).min((upper - place) / (upper - middle)).max(0.0);
            }
        }
        Ok(Tensor::from_vec(shares, (frequencies, bands), &ops::Device::Cpu)?.to_dtype(dtype)?)
    }

    fn decibels(&self, x: &Tensor) -> Result<Tensor> {
        let number = |number: f64| Tensor::new(number, x.device())?.to_dtype(x.dtype());
        let reference = 10.0 * self.ref_power.abs().max(self.min_power).log10();
        if x.elem_count() == 0 {
            return Ok(x.clone());
        }
        let decibels = ops::log10(&ops::maximum(x, &number(self.min_power)?)?)?.affine(10.0, -reference)?;
        let least = (ops::max(&decibels, ())? - self.top_db)?;
        Ok(ops::maximum(&decibels, &least)?)
    }
}

impl Layer for MelSpectrogram {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        let (leading, samples) = match input[..] {
            [samples] => (None, samples),
            [batch, samples] => (Some(batch), samples),
            _ => {
                return Err(Error::new("the layer takes signals")
                    .expected("(batch, samples) or (samples,)")
                    .received(format!("an input of shape {input}")));
            }
        };
        let count = samples.map(|samples| self.count(samples)).transpose()?;
        Ok(vec![leading.into_iter().chain([Some(self.num_mel_bins), count]).collect()])
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        positive("num_mel_bins", &[self.num_mel_bins])?;
        positive("sampling_rate", &[self.sampling_rate])?;
        self.check()?;
        // Also where the number of samples is not known.
        self.count(self.fft_length.max(1)).map(drop)
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        self.compute_output_shape(&[x.dims().into()])?;
        let dtype = self.base.compute_dtype();
        let x = x.to_dtype(if dtype == DType::F64 { dtype } else { DType::F32 })?;
        let [length, stride, transform] = self.frames();
        let [real, imaginary] = ops::stft(&x, length, stride, transform, self.frame_window(), true)?;
        let power = ops::add(&ops::square(&real)?, &ops::square(&imaginary)?)?;
        let magnitude = match self.mag_exp / 2.0 {
            1.0 => power,
            0.5 => ops::sqrt(&power)?,
            exponent => ops::power(&power, &Tensor::new(exponent, x.device())?.to_dtype(x.dtype())?)?,
        };
        let bands = self.bands(x.dtype())?.to_device(x.device())?;
        let y = ops::dot(&magnitude, &bands)?;
        let y = if self.power_to_db { self.decibels(&y)? } else { y };
        Ok(vec![ops::swapaxes(&y, -1, -2)?.contiguous()?.to_dtype(dtype)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};
    use candle_core::Device;

    fn small() -> MelSpectrogram {
        MelSpectrogram::new().fft_length(16).sequence_stride(5).num_mel_bins(4).sampling_rate(100)
    }

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(small, Check::inputs([[2, 20]]).output([2, 4, 5]));
        let other = || small().sequence_length(5).window("hamming").power_to_db(false).mag_exp(1.0);
        check_layer(other, Check::inputs([[2, 20]]).output([2, 4, 5]));
        check_layer(|| small().no_window().mag_exp(1.5).max_freq(45.0), Check::inputs([[2, 20]]).output([2, 4, 5]));
    }

    /// A tone is loudest in its band.
    #[test]
    fn a_tone_is_in_its_band() {
        let signal = |hertz: f64| -> Vec<f64> {
            (0..4000).map(|i| (std::f64::consts::TAU * hertz * f64::from(i) / 8000.0).sin()).collect()
        };
        let layer = MelSpectrogram::new().sampling_rate(8000).num_mel_bins(20).fft_length(512).dtype("float64");
        let mut before = 0;
        for hertz in [300.0, 900.0, 2000.0, 3500.0] {
            let y = layer.call(&Tensor::new(signal(hertz), &Device::Cpu).unwrap()).unwrap();
            let sums = y.sum(1).unwrap().to_vec1::<f64>().unwrap();
            let loudest = (0..20).max_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap();
            let (first, last) = (mel(20.0), mel(4000.0));
            let band = ((mel(hertz) - first) / (last - first) * 21.0).round() as usize - 1;
            assert!(loudest.abs_diff(band) <= 1 && loudest > before, "{hertz}: {loudest}, not {band}");
            before = loudest;
        }
    }

    #[test]
    fn arguments_that_cannot_be_are_errors() {
        let error = |layer: MelSpectrogram| layer.call(Input::shape([20])).shape().unwrap_err().to_string();
        assert!(error(small().num_mel_bins(0)).contains("num_mel_bins"));
        assert!(error(small().sampling_rate(0)).contains("sampling_rate"));
        assert!(error(small().sequence_stride(0)).contains("MelSpectrogram"));
        assert!(error(small().sequence_length(17)).contains("do not fit"));
        assert!(error(small().fft_length(0)).contains("do not fit"));
        assert!(error(small().fft_length(usize::MAX)).contains("MelSpectrogram"));
        assert!(error(small().window("bartlett")).contains("unknown window"));
        for frequency in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(error(small().min_freq(frequency)).contains("min_freq"));
            assert!(error(small().max_freq(frequency)).contains("max_freq"));
        }
        assert!(error(small().min_freq(50.0)).contains("max_freq must be above min_freq"));
        assert!(error(small().top_db(-1.0)).contains("top_db"));
        assert!(error(small().min_power(0.0)).contains("min_power"));
        assert!(error(small().ref_power(f64::NAN)).contains("ref_power"));
        assert!(error(small().mag_exp(-2.0)).contains("mag_exp"));
        let none = small().call(&Tensor::zeros((0, 20), DType::F32, &Device::Cpu).unwrap()).unwrap();
        assert_eq!(none.dims(), [0, 4, 5]);
        assert!(error(small().window(vec![1.0; 3])).contains("window"));
        assert!(small().call(Input::shape([20, 2])).shape().unwrap_err().to_string().contains("(batch, samples)"));
    }
}
