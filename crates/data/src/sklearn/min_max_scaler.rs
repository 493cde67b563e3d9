//! Features in a range.

use super::features::{Features, fitted_scaler};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};

/// Moves each feature into a range, from 0 to 1 by default. scikit-learn: `sklearn.preprocessing.MinMaxScaler`.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::sklearn::MinMaxScaler;
/// let x = Tensor::new(&[[10i64], [20], [30]], &Device::Cpu)?;
/// let mut scaler = MinMaxScaler::new().feature_range(-1.0, 1.0);
/// let scaled = scaler.fit_transform(&x)?;
/// assert_eq!(scaled.to_vec2::<f64>()?, [[-1.0], [0.0], [1.0]]);
/// assert_eq!(scaler.inverse_transform(&scaled)?.to_vec2::<f64>()?, [[10.0], [20.0], [30.0]]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MinMaxScaler {
    from: f64,
    to: f64,
    fitted: Option<Fitted>,
}

#[derive(Debug, Clone)]
struct Fitted {
    data_min: Vec<f64>,
    data_max: Vec<f64>,
    scale: Vec<f64>,
    min: Vec<f64>,
}

impl Default for MinMaxScaler {
    fn default() -> Self {
        Self { from: 0.0, to: 1.0, fitted: None }
    }
}

impl MinMaxScaler {
    /// Not fitted yet, for the range from 0 to 1.
    pub fn new() -> Self {
        Self::default()
    }

    /// The range. Default: 0 to 1.
    #[must_use]
    pub fn feature_range(mut self, from: f64, to: f64) -> Self {
        (self.from, self.to) = (from, to);
        self
    }

    /// Learns the ranges of an array of shape `(samples, features)`; missing numbers do not count.
    ///
    /// # Errors
    /// If the array has not two axes, or the range of features is empty.
    pub fn fit(&mut self, x: &Tensor) -> Result<()> {
        let is_range = self.from < self.to;
        if !is_range {
            return Err(Error::new("feature_range is not a range")
                .expected("a first number below the second")
                .received(format!("{} and {}", self.from, self.to)));
        }
        let features = Features::of(x)?;
        let rounded = |x: f64| features.rounded(x);
        let mut fitted = Fitted { data_min: vec![], data_max: vec![], scale: vec![], min: vec![] };
        for feature in 0..features.width {
            let column = features.column(feature);
            let (min, max) = (column.clone().fold(f64::NAN, f64::min), column.fold(f64::NAN, f64::max));
            let range = features.divisor(rounded(max - min));
            let scale = rounded(rounded(rounded(self.to) - rounded(self.from)) / range);
            fitted.min.push(rounded(rounded(self.from) - rounded(min * scale)));
            fitted.scale.push(scale);
            fitted.data_min.push(min);
            fitted.data_max.push(max);
        }
        self.fitted = Some(fitted);
        Ok(())
    }

    /// Scales an array: float32 stays float32, anything else becomes float64.
    ///
    /// # Errors
    /// If it is not fitted, or the array has other features.
    pub fn transform(&self, x: &Tensor) -> Result<Tensor> {
        let fitted = self.learned()?;
        let features = Features::of_width(x, fitted.scale.len())?;
        features.map(|x, i| features.rounded(x * fitted.scale[i]) + fitted.min[i])
    }

    /// What [`transform`](Self::transform) makes into `x`.
    ///
    /// # Errors
    /// If it is not fitted, or the array has other features.
    pub fn inverse_transform(&self, x: &Tensor) -> Result<Tensor> {
        let fitted = self.learned()?;
        let features = Features::of_width(x, fitted.scale.len())?;
        features.map(|x, i| features.rounded(x - fitted.min[i]) / fitted.scale[i])
    }

    /// The least number of each feature. scikit-learn: `scaler.data_min_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn data_min(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.data_min[..], &Device::Cpu)?)
    }

    /// The greatest number of each feature. scikit-learn: `scaler.data_max_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn data_max(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.data_max[..], &Device::Cpu)?)
    }

    /// What each feature is multiplied by. scikit-learn: `scaler.scale_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn scale(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.scale[..], &Device::Cpu)?)
    }

    /// What is then added to each feature. scikit-learn: `scaler.min_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn min(&self) -> Result<Tensor> {
        Ok(Tensor::new(&self.learned()?.min[..], &Device::Cpu)?)
    }
}

fitted_scaler!(MinMaxScaler);
