//! The initializer `STFT`.

use crate::initializers::{Initialize, Source};
use crate::window::{angle, window};
use candle_keras_ops::{Error, Result};
use serde::{Deserialize, Serialize};

/// Which part of the transform an [`STFT`] computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StftSide {
    /// The real part.
    Real,
    /// The imaginary part.
    Imag,
}

/// By what an [`STFT`] divides its kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StftScaling {
    /// By the square root of the sum of the squares of the window.
    Density,
    /// By the sum of the absolute values of the window.
    Spectrum,
}

/// The window of an [`STFT`]: SciPy's name of one without parameters, or its values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StftWindow {
    /// Its name, such as `"hann"`.
    Name(String),
    /// A value for each element of a frame.
    Values(Vec<f64>),
}

impl From<&str> for StftWindow {
    fn from(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<Vec<f64>> for StftWindow {
    fn from(values: Vec<f64>) -> Self {
        Self::Values(values)
    }
}

object! {
    /// The real or imaginary part of the Fourier transform of short frames, as the kernel of a Conv1D over one channel: `(frame_length, 1,
    /// bins)`, for a transform of `2 (bins - 1)` elements.
    ///
    /// ```
    /// use candle_keras_layers::{Conv1D, initializers::{StftSide, STFT}};
    /// let imaginary = Conv1D::new(129, 256).use_bias(false).kernel_initializer(STFT::new().side(StftSide::Imag));
    /// # let _ = imaginary;
    /// ```
    pub struct STFT() {
        /// Which part.
        side: StftSide = StftSide::Real,
        /// The window that frames are multiplied by.
        window: Option<StftWindow> = Some("hann".into()),
        /// By what the windowed kernel is divided.
        scaling: Option<StftScaling> = Some(StftScaling::Density),
        /// Whether a window of a name is one period of a periodic function, and not symmetric.
        periodic: bool = false,
    }
}

impl STFT {
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

    /// The factor of each element of a frame.
    fn factors(&self, length: usize) -> Result<Vec<f64>> {
        let window = match &self.window {
            None => return Ok(vec![1.0; length]),
            Some(StftWindow::Name(name)) => window(name, length, self.periodic)?,
            Some(StftWindow::Values(values)) => values.clone(),
        };
        if window.len() != length {
            return Err(Error::new("the window must be as long as a frame")
                .expected(format!("{length} values"))
                .received(window.len().to_string()));
        }
        let scale = match self.scaling {
            None => 1.0,
            Some(StftScaling::Density) => window.iter().map(|x| x * x).sum::<f64>().sqrt(),
            Some(StftScaling::Spectrum) => window.iter().map(|x| x.abs()).sum(),
        };
        Ok(window.into_iter().map(|x| x / scale).collect())
    }
}

impl Initialize for STFT {
    fn source(&self, shape: &[usize]) -> Result<Source> {
        let &[length, 1, bins] = shape else {
            return Err(Error::new("STFT fills kernels over one channel")
                .expected("(frame_length, 1, bins)")
                .received(format!("shape {shape:?}")));
        };
        let transform = bins.saturating_sub(1).saturating_mul(2);
        let part: fn(f64) -> f64 = match self.side {
            StftSide::Real => f64::cos,
            StftSide::Imag => |angle| -angle.sin(),
        };
        let factors = self.factors(length)?;
        let of_time = |(time, factor): (usize, &f64)| {
            let factor = *factor;
            (0..bins).map(move |bin| factor * part(angle(time, bin, transform)))
        };
        Ok(Source::Values(factors.iter().enumerate().flat_map(of_time).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Initializer;
    use candle_keras_ops::DType;

    /// What Keras 3.15.1 computes for a kernel of this shape.
    #[test]
    fn kernels_are_those_of_keras() {
        let close = |stft: STFT, expected: [[f64; 3]; 4]| {
            let kernel = Initializer::from(stft).init(&[4, 1, 3], DType::F64).unwrap();
            let found = kernel.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            let apart = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-6;
            assert!(!found.iter().zip(expected.as_flattened()).any(apart), "{found:?}");
        };
        let root = 0.5f64.sqrt();
        close(STFT::new(), [[0.; 3], [root, 0., -root], [root, -root, root], [0.; 3]]);
        let other = STFT::new().side(StftSide::Imag).window("hamming").scaling(StftScaling::Spectrum).periodic(true);
        close(other, [[0.; 3], [0., -0.25, 0.], [0.; 3], [0., 0.25, 0.]]);
        close(STFT::new().side(StftSide::Imag).no_window(), [[0.; 3], [0., -1., 0.], [0.; 3], [0., 1., 0.]]);
        let plain = STFT::new().window("blackman").no_scaling();
        close(plain, [[0.; 3], [0.63, 0., -0.63], [0.63, -0.63, 0.63], [0.; 3]]);
        let values = STFT::new().window(vec![0., 0.63, 0.63, 0.]).no_scaling();
        close(values, [[0.; 3], [0.63, 0., -0.63], [0.63, -0.63, 0.63], [0.; 3]]);
    }

    #[test]
    fn the_form_is_that_of_keras() {
        let config = serde_json::json!({"module": "keras.initializers", "class_name": "STFT", "registered_name": null,
            "config": {"side": "real", "window": "hann", "periodic": false, "scaling": "density"}});
        assert_eq!(serde_json::to_value(Initializer::from("stft")).unwrap(), config);
        let none = serde_json::json!({"class_name": "STFTInitializer", "config": {"window": null, "scaling": null}});
        let none = serde_json::from_value::<Initializer>(none).unwrap();
        assert_eq!(none, STFT::new().no_window().no_scaling().into());
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let init = |stft: STFT, shape: &[usize]| Initializer::from(stft).init(shape, DType::F32).map(drop);
        assert!(init(STFT::new(), &[4, 2, 3]).unwrap_err().to_string().contains("one channel"));
        assert!(init(STFT::new(), &[4, 3]).is_err());
        assert!(init(STFT::new().window("han"), &[4, 1, 3]).unwrap_err().to_string().contains("hann"));
        assert!(init(STFT::new().window(vec![1.0]), &[4, 1, 3]).unwrap_err().to_string().contains("as long as"));
        assert!(init(STFT::new(), &[1, 1, 1]).is_ok());
    }
}
