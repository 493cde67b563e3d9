//! Circle: a loss of embeddings. Keras: `keras.losses.Circle`.

use super::regression::at_least;
use crate::function::{Target, function};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result};

function! {
    /// Draws embeddings of one class together and those of different classes apart, by their cosines within a batch. Predictions are `(batch, n)`, vectors
    /// of length 1; targets are class indices. The mean is over samples with a loss above 0, which have others of their class in the batch.
    /// Keras: `Circle` (Sun et al., 2020).
    pub struct Circle: "circle" {
        /// How strongly pairs are weighted. Default: 80.
        gamma: f64 = 80.0,
        /// How far from a perfect cosine a pair may be. Default: 0.4.
        margin: f64 = 0.4,
        /// Whether a sample is no pair with itself. Default: true.
        remove_diagonal: bool = true,
    }

    fn target(&self) -> Target {
        Target::Class
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let (margin, samples) = (self.margin, y_pred.dim(0)?);
        let cosines = ops::matmul(y_pred, &y_pred.t()?)?;
        let distances = at_least(&(1.0 - cosines)?, 0.0)?;
        let (rows, columns) = (y_true.reshape((samples, 1))?, y_true.reshape((1, samples))?);
        let mut same = rows.broadcast_eq(&columns)?.to_dtype(y_pred.dtype())?;
        let other = (1.0 - &same)?;
        if self.remove_diagonal {
            same = (same - Tensor::eye(samples, y_pred.dtype(), y_pred.device())?)?;
        }
        let near = ((at_least(&(&distances + margin)?, 0.0)? * (margin - &distances)?)? * -self.gamma)?;
        let far = ((at_least(&((1.0 + margin) - &distances)?, 0.0)? * ((1.0 - margin) - &distances)?)? * self.gamma)?;
        let of_pairs = |values: &Tensor, pairs: &Tensor| -> Result<Tensor> {
            let nothing = (values.zeros_like()? + f64::NEG_INFINITY)?;
            Ok(ops::logsumexp(&ops::where_(&pairs.ne(0.0)?, values, &nothing)?, 1)?)
        };
        Ok(ops::softplus(&(of_pairs(&near, &same)? + of_pairs(&far, &other)?)?)?)
    }

    fn mask(&self, _: &Tensor, values: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(values.detach().gt(0.0)?))
    }
}
