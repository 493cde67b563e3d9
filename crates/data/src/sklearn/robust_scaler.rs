//! Features scaled by what outliers do not change.

use super::features::{Features, fitted_scaler};
use crate::numpy::{median, percentile};
use candle_core::{Device, Tensor};
use candle_keras_ops::Result;

/// Takes the median off each feature and divides it by the distance of its quartiles. scikit-learn: `sklearn.preprocessing.RobustScaler`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::sklearn::RobustScaler;
/// let x = Tensor::new(&[[1f64], [2.], [3.], [4.], [500.]], &Device::Cpu)?;
/// let mut scaler = RobustScaler::new();
/// let scaled = scaler.fit_transform(&x)?;
/// assert_eq!(scaled.to_vec2::<f64>()?, [[-1.0], [-0.5], [0.0], [0.5], [248.5]]);
/// assert_eq!(scaler.inverse_transform(&scaled)?.to_vec2::<f64>()?, x.to_vec2::<f64>()?);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RobustScaler {
    quantile_range: [f64; 2],
    fitted: Option<Fitted>,
}

#[derive(Debug, Clone)]
struct Fitted {
    center: Vec<f64>,
    scale: Vec<f64>,
}

impl Default for RobustScaler {
    fn default() -> Self {
        Self { quantile_range: [25.0, 75.0], fitted: None }
    }
}

impl RobustScaler {
    /// Not fitted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The percentiles whose distance is taken. Default: 25 and 75.
    #[must_use]
    pub fn quantile_range(mut self, low: f64, high: f64) -> Self {
        self.quantile_range = [low, high];
        self
    }

    /// Learns medians and distances of an array of shape `(samples, features)`; missing numbers do not count.
    ///
    /// # Errors
    /// If the array has not two axes, or the percentiles are not between 0 and 100.
    pub fn fit(&mut self, x: &Tensor) -> Result<()> {
        let features = Features::of(x)?;
        let (mut center, mut scale) = (Vec::new(), Vec::new());
        for feature in 0..features.width {
            let column: Vec<f64> = features.column(feature).collect();
            if column.is_empty() {
                center.push(f64::NAN);
                scale.push(f64::NAN);
                continue;
            }
            let column = Tensor::new(column, &Device::Cpu)?;
            let ends = percentile(&column, self.quantile_range, ())?.to_vec1::<f64>()?;
            center.push(median(&column, ())?.to_scalar::<f64>()?);
            scale.push(features.divisor(ends[1] - ends[0]));
        }
        self.fitted = Some(Fitted { center, scale });
        Ok(())
    }

    /// Scales an array: float32 stays float32, anything else becomes float64.
    ///
    /// # Errors
    /// If it is not fitted, or the array has other features.
    pub fn transform(&self, x: &Tensor) -> Result<Tensor> {
        let fitted = self.learned()?;
        Features::of_width(x, fitted.scale.len())?.centered(&fitted.center, &fitted.scale)
    }

    /// What [`transform`](Self::transform) makes into `x`.
    ///
    /// # Errors
    /// If it is not fitted, or the array has other features.
    pub fn inverse_transform(&self, x: &Tensor) -> Result<Tensor> {
        let fitted = self.learned()?;
        Features::of_width(x, fitted.scale.len())?.uncentered(&fitted.center, &fitted.scale)
    }

    /// The median of each feature. scikit-learn: `scaler.center_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn center(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.center[..], &Device::Cpu)?)
    }

    /// What each feature is divided by. scikit-learn: `scaler.scale_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn scale(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.scale[..], &Device::Cpu)?)
    }
}

fitted_scaler!(RobustScaler);
