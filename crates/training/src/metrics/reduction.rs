//! The sum and the mean of values, for custom loops. Keras: `keras.metrics.Sum`, `keras.metrics.Mean`.

use super::{RunningMean, Total};
use crate::function::same_rank;
use crate::{Result, losses};
use candle_core::{DType, Tensor};

/// The weighted mean of all values since the last reset. Keras: `Mean`.
///
/// ```
/// use candle_keras_training::metrics::Mean;
/// use candle_core::{Device, Tensor};
/// let mut mean = Mean::new();
/// mean.update_state(&Tensor::new(&[1f32, 3., 5., 7.], &Device::Cpu)?, None)?;
/// assert_eq!(mean.result()?, 4.0);
/// # Ok::<(), candle_keras_training::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Mean(RunningMean);

impl Mean {
    /// A mean of no values, which is 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds values: one for each sample, or several, of which a sample has the mean.
    ///
    /// # Errors
    /// If the weights do not match the values.
    pub fn update_state(&mut self, values: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        self.0.add_samples(values, sample_weight)
    }

    /// The mean.
    ///
    /// # Errors
    /// If the device fails.
    pub fn result(&self) -> Result<f64> {
        self.0.result()
    }

    /// Forgets all values.
    pub fn reset_state(&mut self) {
        *self = Self::default();
    }
}

/// The weighted sum of all values since the last reset. Keras: `Sum`.
#[derive(Debug, Clone, Default)]
pub struct Sum(Total);

impl Sum {
    /// A sum of no values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds all values, each times the weight of its sample.
    ///
    /// # Errors
    /// If the weights do not match the values.
    pub fn update_state(&mut self, values: &Tensor, sample_weight: Option<&Tensor>) -> Result<()> {
        let values = values.to_dtype(DType::F64)?;
        let Some(weight) = sample_weight else { return self.0.add(&values.sum_all()?) };
        let (mut values, weight) = same_rank(&values, &weight.to_dtype(DType::F64)?)?;
        while values.rank() > weight.rank() {
            values = values.sum(values.rank() - 1)?;
        }
        let (values, weight) = losses::weighable(&values, &weight)?;
        self.0.add(&values.broadcast_mul(&weight)?.sum_all()?)
    }

    /// The sum.
    ///
    /// # Errors
    /// If the device fails.
    pub fn result(&self) -> Result<f64> {
        self.0.value()
    }

    /// Forgets all values.
    pub fn reset_state(&mut self) {
        *self = Self::default();
    }
}
