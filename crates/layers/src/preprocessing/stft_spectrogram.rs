//! STFTSpectrogram: the frequencies of a signal over time, by kernels that may be trained. Keras: `keras.layers.STFTSpectrogram`.

use crate::initializers::{STFT, StftScaling, StftSide, StftWindow};
use crate::layer::single;
use crate::spatial::{Windows, channels_last, padding, positive, spatial};
use crate::window::window;
use crate::{Build, Context, Initializer, Layer, Shape, Weight};
use candle_core::Tensor;
use candle_keras_ops::config::epsilon;
use candle_keras_ops::config::image_data_format;
use candle_keras_ops::{self as ops, Error, FusedActivation, Result};

layer! {
    /// The short-time Fourier transform of a signal: a spectrum for each of its frames. The transform is a convolution with kernels that may be trained further; with
    /// `trainable(false)` they stay as they are.
    ///
    /// Keras: `keras.layers.STFTSpectrogram`.
    ///
    /// # Shapes
    /// - input: `(batch, time, channels)`; each channel is transformed alone
    /// - output: `(batch, frames, channels * frequencies)`, with `expand_dims` an image `(batch, frames, frequencies, channels)`; the number of frequencies is
    ///   `fft_length / 2 + 1`, twice as many in the mode `"stft"`
    /// - with `"channels_first"`: `(batch, channels, time)`, `(batch, channels * frequencies, frames)` and `(batch, channels, frames, frequencies)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, STFTSpectrogram};
    /// let audio = Input::shape([16_000, 1]);
    /// let y = STFTSpectrogram::new().frame_step(128).fft_length(512).trainable(false).call(&audio);
    /// assert_eq!(y.shape()?.to_string(), "(None, 124, 257)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct STFTSpectrogram() {
        /// What is computed: `"log"` or `"magnitude"`, the `"psd"` (the density of the power), the `"angle"`, the parts `"real"` and `"imag"`, or both (`"stft"`).
        mode: String = "log",
        /// The length of a frame.
        frame_length: usize = 256,
        /// How far frames begin apart; by default half of their length.
        frame_step: Option<usize>,
        /// The length of the transform; by default the next power of two.
        fft_length: Option<usize>,
        /// The window that frames are multiplied by: SciPy's name of one, or its values.
        window: Option<StftWindow> = Some("hann".into()),
        /// Whether a window of a name is one period of a periodic function, and not symmetric.
        periodic: bool = false,
        /// By what the windowed kernel is divided: `"density"` or `"spectrum"`.
        scaling: Option<StftScaling> = Some(StftScaling::Density),
        /// `"valid"` pads nothing, `"same"` pads with zeros.
        padding: String = "valid",
        /// Whether the output is an image.
        expand_dims: bool = false,
        /// `"channels_last"` or `"channels_first"`.
        data_format: String = image_data_format(),
    }
}

const MODES: [&str; 7] = ["log", "magnitude", "psd", "real", "imag", "angle", "stft"];

impl STFTSpectrogram {
    /// Without a window, and thus without scaling. Keras: `window=None`.
    #[must_use]
    pub fn no_window(mut self) -> Self {
        self.window = None;
        self
    }

    /// Without scaling. Keras: `scaling=None`.
    #[must_use]
    pub fn no_scaling(mut self) -> Self {
        self.scaling = None;
        self
    }

    /// The length of the transform.
    fn transform_length(&self) -> Result<usize> {
        let length = self.fft_length.or_else(|| self.frame_length.checked_next_power_of_two());
        length.filter(|length| *length >= self.frame_length).ok_or_else(|| {
            Error::new("fft_length must be at least frame_length").received(match self.fft_length {
                Some(length) => format!("{length} and {}", self.frame_length),
                None => format!("a frame_length of {}, which has no power of two above it", self.frame_length),
            })
        })
    }

    /// How many numbers of a frame a kernel gives.
    fn bins(&self) -> Result<usize> {
        let bins = self.transform_length()? / 2 + 1;
        ops::check_memory(&[self.frame_length, bins], ops::DType::F64).map(|()| bins)
    }

    fn windows(&self) -> Result<Windows<1>> {
        positive("frame_length", &[self.frame_length])?;
        let step = self.frame_step.unwrap_or(self.frame_length / 2);
        if step == 0 || step > self.frame_length {
            return Err(Error::new("frame_step must be positive and not above frame_length")
                .received(format!("{step} for frames of {}", self.frame_length)));
        }
        Ok(Windows { size: self.frame_length.into(), strides: step.into(), dilation: 1.into() })
    }

    fn kernel(&self, side: StftSide) -> Initializer {
        let stft = STFT { side, window: self.window.clone(), scaling: self.scaling, periodic: self.periodic };
        stft.into()
    }

    /// The output from the frames of each channel, `(batch * channels, frames, bins)`.
    fn of_mode(&self, frames: impl Fn(&str) -> Result<Tensor>) -> Result<Tensor> {
        let (real, imaginary) = (|| frames("real_kernel"), || frames("imag_kernel"));
        let power = || Ok::<_, Error>(ops::add(&ops::square(&real()?)?, &ops::square(&imaginary()?)?)?);
        let magnitude = || Ok::<_, Error>(ops::sqrt(&above_epsilon(&power()?)?)?);
        Ok(match self.mode.as_str() {
            "real" => real()?,
            "imag" => imaginary()?,
            "stft" => ops::concatenate(&[real()?, imaginary()?], -1)?,
            "angle" => ops::arctan2(&imaginary()?, &real()?)?,
            "magnitude" => magnitude()?,
            "log" => ops::log(&above_epsilon(&magnitude()?)?)?,
            "psd" => {
                // The frequencies between the first and the last stand for negative ones as well.
                let power = power()?;
                let bins = power.dim(2)?;
                let factors: Vec<f64> =
                    (0..bins).map(|bin| if bin == 0 || bin + 1 == bins { 1.0 } else { 2.0 }).collect();
                let factors = Tensor::new(factors, power.device())?.to_dtype(power.dtype())?;
                ops::multiply(&power, &factors)?
            }
            other => return Err(Error::unknown("mode", other, &MODES)),
        })
    }
}

fn above_epsilon(x: &Tensor) -> Result<Tensor> {
    let epsilon = Tensor::new(epsilon(), x.device())?.to_dtype(x.dtype())?;
    Ok(ops::maximum(x, &epsilon)?)
}

impl Layer for STFTSpectrogram {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        let ([time], channels) = spatial::<1>(input, &self.data_format)?;
        let [frames] = self.windows()?.count([time], padding(&self.padding, false)?)?;
        let bins = self.bins()? * if self.mode == "stft" { 2 } else { 1 };
        let both =
            channels.map(|channels| ops::check_memory(&[channels, bins], ops::DType::U8).map(|()| channels * bins));
        let both = both.transpose()?;
        let batch = input[0];
        let sizes = match (channels_last(&self.data_format)?, self.expand_dims) {
            (true, true) => vec![batch, frames, Some(bins), channels],
            (true, false) => vec![batch, frames, both],
            (false, true) => vec![batch, channels, frames, Some(bins)],
            (false, false) => vec![batch, both, frames],
        };
        Ok(vec![sizes.into_iter().collect()])
    }

    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        if !MODES.contains(&self.mode.as_str()) {
            return Err(Error::unknown("mode", &self.mode, &MODES));
        }
        if let Some(StftWindow::Name(name)) = &self.window {
            window(name, 1, self.periodic)?;
        }
        let shape = [self.windows()?.size.0[0], 1, self.bins()?];
        if self.mode != "imag" {
            build.add_weight(Weight::new("real_kernel", shape, &self.kernel(StftSide::Real)));
        }
        if self.mode != "real" {
            build.add_weight(Weight::new("imag_kernel", shape, &self.kernel(StftSide::Imag)));
        }
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        self.compute_output_shape(&[x.dims().into()])?;
        let last = channels_last(&self.data_format)?;
        let x = if last { ops::transpose(x, [0, 2, 1])? } else { x.clone() };
        let (batch, channels, time) = x.dims3()?;
        let signals =
            ops::reshape(&x.to_dtype(self.base.compute_dtype())?, [(batch * channels) as i64, time as i64, 1])?;
        let windows = self.windows()?.axes(signals.dims(), padding(&self.padding, false)?);
        let ctx = &*ctx;
        let frames = |kernel: &str| -> Result<Tensor> {
            let kernel = self.weight(kernel, ctx)?;
            Ok(ops::conv(&signals, &kernel, None, &windows, 1, FusedActivation::Linear)?)
        };
        let y = self.of_mode(frames)?;
        let (_, count, bins) = y.dims3()?;
        let [batch, channels, count, bins] = [batch, channels, count, bins].map(|size| size as i64);
        let y = ops::reshape(&y, [batch, channels, count, bins])?;
        Ok(vec![match (last, self.expand_dims) {
            (true, true) => ops::transpose(&y, [0, 2, 3, 1])?,
            (true, false) => ops::reshape(&ops::transpose(&y, [0, 2, 1, 3])?, [batch, count, channels * bins])?,
            (false, true) => y,
            (false, false) => ops::reshape(&ops::transpose(&y, [0, 1, 3, 2])?, [batch, channels * bins, count])?,
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    fn small() -> STFTSpectrogram {
        STFTSpectrogram::new().frame_length(6).frame_step(3)
    }

    #[test]
    fn behaves_as_every_layer_must() {
        // The angle of the first frequency, which is real, jumps.
        for mode in MODES.into_iter().filter(|mode| *mode != "angle") {
            let (size, weights) =
                (if mode == "stft" { 20 } else { 10 }, if ["real", "imag"].contains(&mode) { 1 } else { 2 });
            let check = Check::inputs([[2, 13, 2]]).without_narrow().output([2, 3, size]).weights(weights);
            check_layer(|| small().mode(mode).window("hamming"), check);
        }
        let image = || small().expand_dims(true).padding("same").mode("psd").no_window();
        check_layer(image, Check::inputs([[2, 13, 2]]).without_narrow().output([2, 5, 5, 2]).weights(2));
        let first = || small().data_format("channels_first").mode("psd").window("hamming").no_scaling();
        check_layer(first, Check::inputs([[2, 2, 13]]).without_narrow().output([2, 10, 3]).weights(2));
        let both = || small().data_format("channels_first").expand_dims(true).mode("magnitude").window("hamming");
        check_layer(both, Check::inputs([[2, 2, 13]]).without_narrow().output([2, 2, 3, 5]).weights(2));
    }

    #[test]
    fn the_angle_is_that_of_both_parts() {
        let x = candle_keras_ops::gradcheck::values([1, 13, 1], 1);
        let of = |mode: &str| {
            let y = small().mode(mode).dtype("float64").call(&x).unwrap();
            y.flatten_all().unwrap().to_vec1::<f64>().unwrap()
        };
        let (real, imaginary) = (of("real"), of("imag"));
        for (i, angle) in of("angle").into_iter().enumerate() {
            assert!((angle - imaginary[i].atan2(real[i])).abs() < 1e-9, "{i}");
        }
    }

    #[test]
    fn arguments_that_cannot_be_are_errors() {
        let error = |layer: STFTSpectrogram| layer.call(Input::shape([13, 1])).shape().unwrap_err().to_string();
        assert!(error(small().mode("lgo")).contains("did you mean \"log\"?"));
        assert!(error(small().window("han")).contains("did you mean \"hann\"?"));
        assert!(error(small().frame_step(7)).contains("frame_step"));
        assert!(error(small().frame_step(0)).contains("frame_step"));
        assert!(error(small().fft_length(5)).contains("fft_length"));
        assert!(error(STFTSpectrogram::new().frame_length(0)).contains("frame_length"));
        assert!(error(STFTSpectrogram::new().frame_length(usize::MAX)).contains("STFTSpectrogram"));
        assert!(error(STFTSpectrogram::new()).contains("larger than the input"));
        assert!(error(small().padding("smae")).contains("did you mean \"same\"?"));
        assert!(small().call(Input::shape([13])).shape().is_err());
    }
}
