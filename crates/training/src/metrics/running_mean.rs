//! Sums and means over batches that are read from the device only on request.

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

use crate::function::same_rank;
use crate::losses;

/// A sum of scalars in f64. On the host it is a number; on another device it stays a tensor there, so that adding does not wait for the device.
#[derive(Debug, Clone, Default)]
pub struct Total {
    number: f64,
    on_device: Option<Tensor>,
}

impl Total {
    /// Adds a scalar.
    ///
    /// # Errors
    /// If it is not a float scalar.
    pub fn add(&mut self, value: &Tensor) -> Result<()> {
        let value = value.to_dtype(DType::F64)?;
        if value.device().is_cpu() {
            self.number += value.to_scalar::<f64>()?;
        } else {
            let value = value.detach();
            self.on_device = Some(match self.on_device.take() {
                Some(sum) => (sum + value)?,
                None => value,
            });
        }
        Ok(())
    }

    /// Adds a number.
    pub fn add_number(&mut self, value: f64) {
        self.number += value;
    }

    /// The sum. This waits for the device.
    ///
    /// # Errors
    /// If the device fails.
    pub fn value(&self) -> Result<f64> {
        let on_device = self.on_device.as_ref().map(|sum| sum.to_scalar::<f64>()).transpose()?;
        Ok(self.number + on_device.unwrap_or(0.0))
    }
}

impl From<f64> for Total {
    fn from(number: f64) -> Self {
        Self { number, on_device: None }
    }
}

/// A weighted mean over batches: the state of most metrics. Keras: `keras.metrics.Mean`, its `total` and `count`.
#[derive(Debug, Clone, Default)]
pub struct RunningMean {
    /// The sum of the weighted values.
    pub total: Total,
    /// The sum of the weights.
    pub count: Total,
}

impl RunningMean {
    /// Adds a scalar that is the mean of `count` samples.
    ///
    /// # Errors
    /// If the value is not a scalar.
    pub fn update(&mut self, value: &Tensor, count: f64) -> Result<()> {
        match value.device() {
            Device::Cpu => self.total.add_number(value.to_dtype(DType::F64)?.to_scalar::<f64>()? * count),
            _ => self.total.add(&(value.detach() * count)?)?,
        }
        self.count.add_number(count);
        Ok(())
    }

    /// Adds values, of which a sample with several has their mean, and weights of samples or of values.
    ///
    /// # Errors
    /// If the weights do not match the values.
    pub fn add_samples(&mut self, values: &Tensor, weight: Option<&Tensor>) -> Result<()> {
        // Sums are taken in f64, since an epoch may have more samples than f32 has digits.
        let values = values.to_dtype(DType::F64)?;
        let Some(weight) = weight else {
            self.total.add(&per_sample(&values)?.sum_all()?)?;
            self.count.add_number(values.dims().first().copied().unwrap_or(1) as f64);
            return Ok(());
        };
        // One weight per sample applies to the mean of the sample's values.
        let (mut values, weight) = same_rank(&values, &weight.to_dtype(DType::F64)?)?;
        while values.rank() > weight.rank() {
            values = values.mean(values.rank() - 1)?;
        }
        let (values, weight) = losses::weighable(&values, &weight)?;
        self.total.add(&per_sample(&values.broadcast_mul(&weight)?)?.sum_all()?)?;
        self.count.add(&per_sample(&weight.broadcast_as(values.shape())?.contiguous()?)?.sum_all()?)
    }

    /// The mean; 0 if there are no values.
    ///
    /// # Errors
    /// If the device fails.
    pub fn result(&self) -> Result<f64> {
        let (total, count) = (self.total.value()?, self.count.value()?);
        Ok(if count == 0.0 { 0.0 } else { total / count })
    }

    /// Both sums as one tensor.
    ///
    /// # Errors
    /// If the device fails.
    pub fn state(&self) -> Result<Tensor> {
        Ok(Tensor::new(&[self.total.value()?, self.count.value()?], &Device::Cpu)?)
    }

    /// Restores a state that [`state`](Self::state) returned.
    ///
    /// # Errors
    /// If it is not such a state.
    pub fn set_state(&mut self, state: &Tensor) -> Result<()> {
        let wrong = || {
            Error::new("the state of a mean is its total and its count").received(format!("shape {:?}", state.dims()))
        };
        match state.to_dtype(DType::F64)?.to_vec1::<f64>().map_err(|_| wrong())?[..] {
            [total, count] => (self.total, self.count) = (total.into(), count.into()),
            _ => return Err(wrong()),
        }
        Ok(())
    }
}

/// The mean of each sample's values. Keras: `reduce_to_samplewise_values`.
fn per_sample(values: &Tensor) -> Result<Tensor> {
    Ok(if values.rank() > 1 { values.flatten_from(1)?.mean(1)? } else { values.clone() })
}
