//! R2Score: the share of the variance that is explained. Keras: `keras.metrics.R2Score`.

use super::sums::metric;
use super::thresholds::broadcast_weight;
use crate::function::same_rank;
use crate::{Error, Result};
use candle_core::{DType, Device, Tensor};
use candle_keras_ops as ops;
use candle_keras_ops::warnings;
use serde::{Deserialize, Serialize};

/// How the scores of several outputs become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassAggregation {
    /// Their mean.
    UniformAverage,
    /// Their mean, weighted by the variance of each output's targets.
    VarianceWeightedAverage,
}

metric! {
    /// `1 - residual / variance` of the targets: 1 for perfect predictions, 0 for their mean. Keras: `R2Score`.
    ///
    /// With `class_aggregation(None)` there is a result for each output: in the logs `r2_score[0]` and so on.
    pub struct R2Score(): "r2_score" {
        /// How several outputs become one number. Default: their mean.
        class_aggregation: Option<ClassAggregation> = Some(ClassAggregation::UniformAverage),
        /// The number of independent variables, for the adjusted score. Default: 0, not adjusted.
        num_regressors: usize = 0usize,
    }
    direction: Up;

    fn sums(&self, y_true: &Tensor, y_pred: &Tensor, weight: Option<&Tensor>) -> Result<Tensor> {
        let (y, p) = same_rank(&y_true.to_dtype(DType::F64)?, &y_pred.to_dtype(DType::F64)?)?;
        if y.dims() != p.dims() || p.rank() != 2 {
            return Err(Error::new("R2Score takes targets and predictions of the shape (batch, outputs)")
                .received(format!("targets of shape {:?}, predictions of shape {:?}", y_true.dims(), y_pred.dims())));
        }
        let weight = match weight {
            Some(weight) => broadcast_weight(weight, &p)?.to_dtype(DType::F64)?,
            None => p.ones_like()?,
        };
        let weighted = (&y * &weight)?;
        let residual = ((&y - &p)?.sqr()? * &weight)?;
        let of_outputs = [&weighted, &(&weighted * &y)?, &residual, &weight];
        let mut all = of_outputs.into_iter().map(|values| ops::sum(values, 0)).collect::<candle_core::Result<Vec<_>>>()?;
        all.push(Tensor::from_vec(vec![y.elem_count() as f64], 1, &Device::Cpu)?.to_device(y.device())?);
        Ok(Tensor::cat(&all, 0)?)
    }

    fn of_sums(&self, sums: &[f64]) -> Vec<f64> {
        let Some((values, of_outputs)) = sums.split_last() else { return vec![0.0] };
        let outputs = of_outputs.len() / 4;
        let part = |i: usize| &of_outputs[i * outputs..(i + 1) * outputs];
        let (totals, scores): (Vec<f64>, Vec<f64>) = (0..outputs)
            .map(|i| {
                let (sum, squares, residual, count) = (part(0)[i], part(1)[i], part(2)[i], part(3)[i]);
                let total = squares - sum * (sum / count);
                let score = 1.0 - residual / total;
                (total, if score.is_infinite() { 0.0 } else { score })
            })
            .unzip();
        let results = match self.class_aggregation {
            None => scores,
            Some(ClassAggregation::UniformAverage) => vec![scores.iter().sum::<f64>() / outputs as f64],
            Some(ClassAggregation::VarianceWeightedAverage) => {
                let weighted: f64 = scores.iter().zip(&totals).map(|(score, total)| score * total).sum();
                vec![weighted / totals.iter().sum::<f64>()]
            }
        };
        let regressors = self.num_regressors as f64;
        if self.num_regressors == 0 {
            return results;
        }
        if regressors >= values - 1.0 {
            warnings::warn(format!("R2Score has {values} values for {regressors} independent variables, and is not adjusted"));
            return results;
        }
        results.iter().map(|score| 1.0 - (1.0 - score) * (values - 1.0) / (values - regressors - 1.0)).collect()
    }
}
