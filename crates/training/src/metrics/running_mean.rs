//! Sums and means over batches that are read from the device only on request.

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

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
