//! CTC: a loss of sequences of labels. Keras: `keras.losses.CTC`.

use crate::function::{Target, function};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result};

function! {
    /// The negative logarithm of the probability of a sequence of labels whose places among the steps are not known. Targets are `(batch, labels)`,
    /// with 0 behind the last label; predictions are logits, `(batch, steps, classes)`, whose class 0 is the blank. Keras: `CTC` (Graves et al., 2006).
    pub struct CTC: "ctc" {}

    fn target(&self) -> Target {
        Target::Any
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        let ([batch, _], [samples, steps, _]) = (y_true.dims(), y_pred.dims()) else {
            return Err(Error::new("CTC takes labels and logits of steps")
                .expected("targets (batch, labels) and predictions (batch, steps, classes)")
                .received(format!("targets {:?} and predictions {:?}", y_true.dims(), y_pred.dims())));
        };
        if batch != samples {
            return Err(Error::new("CTC needs one sequence of labels for each sample")
                .expected(format!("{samples}"))
                .received(batch.to_string()));
        }
        let labels = y_true.to_dtype(DType::I32)?;
        let lengths = labels.ne(0i32)?.to_dtype(DType::I32)?.to_dtype(DType::F32)?.sum(1)?.to_dtype(DType::I32)?;
        let steps = Tensor::from_vec(vec![*steps as i32; *samples], *samples, y_pred.device())?;
        Ok(ops::ctc_loss(&labels, y_pred, &lengths, &steps, 0)?)
    }
}
