//! Features whose largest number is 1 in magnitude.

use super::features::{Features, fitted_scaler};
use candle_core::{Device, Tensor};
use candle_keras_ops::Result;

/// Divides each feature by its largest magnitude. scikit-learn: `sklearn.preprocessing.MaxAbsScaler`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::sklearn::MaxAbsScaler;
/// let x = Tensor::new(&[[1f64, 5.], [-4., 0.]], &Device::Cpu)?;
/// let mut scaler = MaxAbsScaler::new();
/// let scaled = scaler.fit_transform(&x)?;
/// assert_eq!(scaled.to_vec2::<f64>()?, [[0.25, 1.0], [-1.0, 0.0]]);
/// assert_eq!(scaler.inverse_transform(&scaled)?.to_vec2::<f64>()?, x.to_vec2::<f64>()?);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MaxAbsScaler {
    fitted: Option<Fitted>,
}

#[derive(Debug, Clone)]
struct Fitted {
    max_abs: Vec<f64>,
    scale: Vec<f64>,
}

impl MaxAbsScaler {
    /// Not fitted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns the magnitudes of an array of shape `(samples, features)`; missing numbers do not count.
    ///
    /// # Errors
    /// If the array has not two axes.
    pub fn fit(&mut self, x: &Tensor) -> Result<()> {
        let features = Features::of(x)?;
        let largest = |feature| features.column(feature).map(f64::abs).fold(f64::NAN, f64::max);
        let max_abs: Vec<f64> = (0..features.width).map(largest).collect();
        self.fitted = Some(Fitted { scale: max_abs.iter().map(|x| features.divisor(*x)).collect(), max_abs });
        Ok(())
    }

    /// Scales an array: float32 stays float32, anything else becomes float64.
    ///
    /// # Errors
    /// If it is not fitted, or the array has other features.
    pub fn transform(&self, x: &Tensor) -> Result<Tensor> {
        let fitted = self.learned()?;
        let features = Features::of_width(x, fitted.scale.len())?;
        features.map(|x, i| x / features.rounded(fitted.scale[i]))
    }

    /// What [`transform`](Self::transform) makes into `x`.
    ///
    /// # Errors
    /// If it is not fitted, or the array has other features.
    pub fn inverse_transform(&self, x: &Tensor) -> Result<Tensor> {
        let fitted = self.learned()?;
        let features = Features::of_width(x, fitted.scale.len())?;
        features.map(|x, i| x * features.rounded(fitted.scale[i]))
    }

    /// The largest magnitude of each feature. scikit-learn: `scaler.max_abs_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn max_abs(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.max_abs[..], &Device::Cpu)?)
    }

    /// What each feature is divided by. scikit-learn: `scaler.scale_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn scale(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.scale[..], &Device::Cpu)?)
    }
}

fitted_scaler!(MaxAbsScaler);
