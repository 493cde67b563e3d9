//! Mean and variance of data that comes in parts.

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Result, channel_moments};

/// How many numbers are added up in float32 at once.
const PART: usize = 1 << 15;

/// The moments of everything that was [added](Self::add). Sums over parts are in float32, as the data is, and are combined in float64.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    count: f64,
    mean: Vec<f64>,
    variance: Vec<f64>,
}

impl Moments {
    pub(crate) fn count(&self) -> f64 {
        self.count
    }

    /// Adds a tensor, of which each position along the kept axes has its own moments.
    pub(crate) fn add(&mut self, x: &Tensor, kept: &[usize]) -> Result<()> {
        let x = x.detach().to_device(&Device::Cpu)?;
        let x = if x.dtype() == DType::F32 { x } else { x.to_dtype(DType::F64)? };
        let channels: usize = kept.iter().map(|&axis| x.dims()[axis]).product();
        if x.elem_count() == 0 {
            return Ok(());
        }
        let order: Vec<usize> = (0..x.rank()).filter(|axis| !kept.contains(axis)).chain(kept.iter().copied()).collect();
        let rows = x.permute(order)?.contiguous()?.reshape(((), channels))?;
        let (count, part) = (rows.dim(0)?, (PART / channels).max(1));
        for first in (0..count).step_by(part) {
            self.add_rows(&rows.narrow(0, first, part.min(count - first))?)?;
        }
        Ok(())
    }

    /// The sums of squares around two means are that around the common one, and those of the means (Chan et al., 1979).
    fn add_rows(&mut self, rows: &Tensor) -> Result<()> {
        let (mean, variance) = channel_moments(rows, None)?;
        let numbers = |x: Tensor| x.to_dtype(DType::F64)?.to_vec1::<f64>();
        let (mean, variance) = (numbers(mean)?, numbers(variance)?);
        self.mean.resize(mean.len(), 0.0);
        self.variance.resize(mean.len(), 0.0);
        let added = rows.dim(0)? as f64;
        self.count += added;
        let (new, old) = (added / self.count, 1.0 - added / self.count);
        for (i, (mean, variance)) in mean.into_iter().zip(variance).enumerate() {
            let common = self.mean[i] * old + mean * new;
            self.variance[i] =
                (self.variance[i] + (self.mean[i] - common).powi(2)) * old + (variance + (mean - common).powi(2)) * new;
            self.mean[i] = common;
        }
        Ok(())
    }

    /// The mean in this shape.
    pub(crate) fn mean(&self, shape: &[usize]) -> Result<Tensor> {
        Ok(Tensor::from_slice(&self.mean, shape, &Device::Cpu)?)
    }

    /// The variance in this shape.
    pub(crate) fn variance(&self, shape: &[usize]) -> Result<Tensor> {
        Ok(Tensor::from_slice(&self.variance, shape, &Device::Cpu)?)
    }
}
