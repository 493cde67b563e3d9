//! Losses. Keras: `keras.losses`.

mod probabilistic;
mod regression;

pub use probabilistic::{BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy};
pub use regression::{MeanAbsoluteError, MeanSquaredError};

use crate::function::{Function, same_rank, values};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Error, Result};
use std::fmt;
use std::sync::Arc;

/// What is made of the values of a loss.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Their sum, divided by their number (not by the sum of the sample weights). Keras: `"sum_over_batch_size"`.
    #[default]
    SumOverBatchSize,
    /// Their sum.
    Sum,
    /// Their sum, divided by the sum of the sample weights.
    MeanWithSampleWeight,
    /// The values as they are; a model cannot be trained on them.
    None,
}

/// What a model is trained to make small: a Keras name such as `"mse"`, a class of this module, or one's own function.
///
/// ```
/// use candle_keras_training::{losses::BinaryCrossentropy, Loss, Reduction};
/// use candle_core::{Device, Tensor};
/// let (y, p) = (Tensor::new(&[[1f32, 0.]], &Device::Cpu)?, Tensor::new(&[[0.5f32, 0.25]], &Device::Cpu)?);
/// assert_eq!(Loss::from("mse").call(&y, &p, None, None)?.to_scalar::<f32>()?, 0.15625);
/// let smooth = Loss::from(BinaryCrossentropy::new().label_smoothing(0.1)).reduction(Reduction::Sum);
/// assert!(smooth.call(&y, &p, None, None)?.to_scalar::<f32>()? > 0.49);
/// # Ok::<(), candle_keras_training::Error>(())
/// ```
#[derive(Clone)]
pub struct Loss {
    function: Result<Arc<dyn Function>, String>,
    reduction: Reduction,
}

/// Keras's names, and what they stand for.
pub(crate) fn function(name: &str) -> Option<Arc<dyn Function>> {
    Some(match name {
        "mse" | "MSE" | "mean_squared_error" | "MeanSquaredError" => Arc::new(MeanSquaredError::new()),
        "mae" | "MAE" | "mean_absolute_error" | "MeanAbsoluteError" => Arc::new(MeanAbsoluteError::new()),
        "bce" | "BCE" | "binary_crossentropy" | "BinaryCrossentropy" => Arc::new(BinaryCrossentropy::new()),
        "categorical_crossentropy" | "CategoricalCrossentropy" => Arc::new(CategoricalCrossentropy::new()),
        "sparse_categorical_crossentropy" | "SparseCategoricalCrossentropy" => {
            Arc::new(SparseCategoricalCrossentropy::new())
        }
        _ => return None,
    })
}

/// The names to suggest.
pub(crate) const NAMES: [&str; 8] = [
    "mse",
    "mean_squared_error",
    "mae",
    "mean_absolute_error",
    "bce",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
];

impl From<&str> for Loss {
    fn from(name: &str) -> Self {
        Self { function: function(name).ok_or_else(|| name.to_string()), reduction: Reduction::default() }
    }
}

impl<F: Function + 'static> From<F> for Loss {
    fn from(function: F) -> Self {
        Self { function: Ok(Arc::new(function)), reduction: Reduction::default() }
    }
}

/// One's own function, with its name.
struct Closure<F> {
    name: String,
    function: F,
}

impl<F> fmt::Debug for Closure<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<F: Fn(&Tensor, &Tensor) -> candle_core::Result<Tensor> + Send + Sync> Function for Closure<F> {
    fn name(&self) -> &str {
        &self.name
    }

    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok((self.function)(y_true, y_pred)?)
    }
}

impl Loss {
    /// One's own loss: a function of targets and predictions of the same shape, with a value for each sample.
    ///
    /// ```
    /// use candle_keras_training::Loss;
    /// use candle_keras_ops as ops;
    /// let loss = Loss::new("fourth_power", |y_true, y_pred| ops::mean(&(y_true - y_pred)?.powf(4.0)?, -1));
    /// assert_eq!(loss.name()?, "fourth_power");
    /// # Ok::<(), candle_keras_training::Error>(())
    /// ```
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&Tensor, &Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static,
    ) -> Self {
        Closure { name: name.into(), function }.into()
    }

    /// What is made of the values; their mean unless said.
    #[must_use]
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The name in Keras's snake case.
    ///
    /// # Errors
    /// If the loss was given by a name that is none.
    pub fn name(&self) -> Result<&str> {
        Ok(self.function()?.name())
    }

    pub(crate) fn function(&self) -> Result<&Arc<dyn Function>> {
        self.function.as_ref().map_err(|name| Error::unknown("loss", name, &NAMES))
    }

    /// The loss of a batch.
    ///
    /// # Shapes
    /// - `y_true`, `y_pred`: equal, but for an axis of size 1 at the end, as Keras adjusts them
    /// - `sample_weight`: `(batch,)`, or `(batch, steps)` or `(batch, 1)` where there are steps
    /// - `mask`: `(batch, steps)`, 1 where a step counts; the mean is then over the steps that do
    ///
    /// # Errors
    /// If a shape does not suit the others; Keras would broadcast some of those.
    pub fn call(
        &self,
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
        mask: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (values, mask) = values(&**self.function()?, y_true, y_pred, mask)?;
        let weight = match mask {
            Some(mask) => Some(self.masked_weight(&mask, sample_weight)?),
            None => sample_weight.map(|weight| weight.to_dtype(values.dtype())).transpose()?,
        };
        let (values, weight) = match weight {
            None => (values, None),
            Some(weight) => {
                let (values, weight) = weighable(&values, &weight)?;
                (values.broadcast_mul(&weight)?, Some(weight))
            }
        };
        let count = values.elem_count().max(1) as f64;
        Ok(match self.reduction {
            Reduction::None => values,
            Reduction::Sum => values.sum_all()?,
            Reduction::SumOverBatchSize => (values.sum_all()? / count)?,
            Reduction::MeanWithSampleWeight => match weight {
                None => (values.sum_all()? / count)?,
                Some(weight) => {
                    let total = ops::sum(&weight.broadcast_as(values.shape())?, ())?;
                    // Nothing counts if all weights are 0: Keras answers 0 then, not NaN.
                    let safe = ops::where_(&total.eq(0.0)?, &total.ones_like()?, &total)?;
                    (values.sum_all()? / safe)?
                }
            },
        })
    }

    /// The mask as a weight; scaled so that a mean over all steps is one over those that count.
    fn masked_weight(&self, mask: &Tensor, sample_weight: Option<&Tensor>) -> Result<Tensor> {
        let mask = match self.reduction {
            Reduction::SumOverBatchSize => {
                let valid = (mask.sum_all()? + 1e-7)?;
                mask.broadcast_mul(&(valid.recip()? * mask.elem_count() as f64)?)?
            }
            _ => mask.clone(),
        };
        let Some(weight) = sample_weight else { return Ok(mask) };
        let (mask, weight) = weighable(&mask, &weight.to_dtype(mask.dtype())?)?;
        Ok(mask.broadcast_mul(&weight)?)
    }
}

impl fmt::Debug for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.function {
            Ok(function) => write!(f, "Loss({})", function.name()),
            Err(name) => write!(f, "Loss(unknown {name:?})"),
        }
    }
}

/// Values and their weights with ranks adjusted, refused where a weight would meet the wrong values.
pub(crate) fn weighable(values: &Tensor, weight: &Tensor) -> Result<(Tensor, Tensor)> {
    let (a, b) = same_rank(values, weight)?;
    let fits = a.rank() == b.rank() && a.dims().iter().zip(b.dims()).all(|(a, b)| a == b || *b == 1);
    if !fits {
        return Err(Error::new("the sample weights do not suit the values of the loss")
            .expected(format!("shape {:?}, or sizes of 1", values.dims()))
            .received(format!("shape {:?}", weight.dims()))
            .help("for a weight a sample where there are several values a sample, give the shape (batch, 1)"));
    }
    Ok((a, b))
}
