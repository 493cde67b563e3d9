//! Features with mean 0 and variance 1.

use super::features::{Features, fitted_scaler};
use candle_core::{Device, Tensor};
use candle_keras_ops::Result;

/// Takes the mean off each feature and divides it by its standard deviation. scikit-learn: `sklearn.preprocessing.StandardScaler`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::sklearn::StandardScaler;
/// let x = Tensor::new(&[[1f64, 5.], [3., 5.]], &Device::Cpu)?;
/// let mut scaler = StandardScaler::new();
/// let scaled = scaler.fit_transform(&x)?;
/// // A feature that is always the same is only centred.
/// assert_eq!(scaled.to_vec2::<f64>()?, [[-1.0, 0.0], [1.0, 0.0]]);
/// assert_eq!(scaler.inverse_transform(&scaled)?.to_vec2::<f64>()?, x.to_vec2::<f64>()?);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct StandardScaler {
    fitted: Option<Fitted>,
}

#[derive(Debug, Clone)]
struct Fitted {
    mean: Vec<f64>,
    var: Vec<f64>,
    scale: Vec<f64>,
}

impl StandardScaler {
    /// Not fitted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns means and deviations from an array of shape `(samples, features)`; missing numbers do not count.
    ///
    /// # Errors
    /// If the array has not two axes.
    pub fn fit(&mut self, x: &Tensor) -> Result<()> {
        let features = Features::of(x)?;
        let (mut mean, mut var, mut scale) = (Vec::new(), Vec::new(), Vec::new());
        for feature in 0..features.width {
            let column = features.column(feature);
            let count = column.clone().count() as f64;
            let center = column.clone().sum::<f64>() / count;
            // In two passes, with what the first one lost by rounding: as scikit-learn does.
            let lost: f64 = column.clone().map(|x| x - center).sum();
            let squares: f64 = column.map(|x| (x - center) * (x - center)).sum();
            let variance = (squares - lost * lost / count) / count;
            let error = count * f64::EPSILON * variance + (count * center * f64::EPSILON).powi(2);
            scale.push(if variance <= error { 1.0 } else { variance.sqrt() });
            mean.push(center);
            var.push(variance);
        }
        self.fitted = Some(Fitted { mean, var, scale });
        Ok(())
    }

    /// Scales an array: float32 stays float32, anything else becomes float64.
    ///
    /// # Errors
    /// If it is not fitted, or the array has other features.
    pub fn transform(&self, x: &Tensor) -> Result<Tensor> {
        let fitted = self.learned()?;
        Features::of_width(x, fitted.scale.len())?.centered(&fitted.mean, &fitted.scale)
    }

    /// What [`transform`](Self::transform) makes into `x`.
    ///
    /// # Errors
    /// If it is not fitted, or the array has other features.
    pub fn inverse_transform(&self, x: &Tensor) -> Result<Tensor> {
        let fitted = self.learned()?;
        Features::of_width(x, fitted.scale.len())?.uncentered(&fitted.mean, &fitted.scale)
    }

    /// The mean of each feature. scikit-learn: `scaler.mean_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn mean(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.mean[..], &Device::Cpu)?)
    }

    /// The variance of each feature. scikit-learn: `scaler.var_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn var(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.var[..], &Device::Cpu)?)
    }

    /// What each feature is divided by. scikit-learn: `scaler.scale_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn scale(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.scale[..], &Device::Cpu)?)
    }
}

fitted_scaler!(StandardScaler);
