//! Losses. Keras: `keras.losses`.

mod circle;
mod ctc;
mod hinge;
mod overlap;
mod probabilistic;
mod regression;

pub use circle::Circle;
pub use ctc::CTC;
pub use hinge::{CategoricalHinge, Hinge, SquaredHinge};
pub use overlap::{Dice, LossAxes, Tversky};
pub use probabilistic::{
    BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy, KLDivergence, Poisson, SparseCategoricalCrossentropy,
};

pub(crate) use regression::cosine;
pub use regression::{
    CosineSimilarity, Huber, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError,
};

use crate::function::{Function, Target, function_config, function_name, object_config, same_rank, values};
use crate::{MeanMetric, MetricSpec};
use candle_core::Tensor;
use candle_keras_layers::{Config, KerasObject, from_serde_config};
use candle_keras_ops::config::epsilon;
use candle_keras_ops::{self as ops, Error, Result, json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;
use std::sync::Arc;

/// How the values of a loss are reduced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// Their sum, divided by their number (not by the sum of the sample weights). Keras: `"sum_over_batch_size"`.
    #[default]
    #[serde(alias = "mean")]
    SumOverBatchSize,
    /// Their sum.
    Sum,
    /// Their sum, divided by the sum of the sample weights.
    MeanWithSampleWeight,
    /// No reduction; a model cannot be trained with it.
    None,
}

/// The function that training minimizes: a Keras name such as `"mse"`, a class of this module, or a custom function.
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
    /// The string that it was created from, which is written to files.
    spelled: Option<String>,
    name: Option<String>,
}

/// Every class with Keras's names for it, for strings, files and error messages.
macro_rules! losses {
    ($($class:ident: $function:ident $(| $alias:literal)*;)*) => {
        $(
            #[doc = concat!("The values of [`", stringify!($class), "`] with Keras's defaults, before reduction. Keras: `keras.losses.", stringify!($function), "`.")]
            ///
            /// # Errors
            /// If the shapes do not match.
            pub fn $function(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
                Loss::from($class::new()).reduction(Reduction::None).call(y_true, y_pred, None, None)
            }
        )*

        /// The function with this Keras name.
        pub(crate) fn function(name: &str) -> Option<Arc<dyn Function>> {
            $(if name == stringify!($function) || name == stringify!($class) $(|| name == $alias)* {
                return Some(Arc::new($class::new()));
            })*
            None
        }

        /// The function of this class, if there is one.
        pub(crate) fn from_keras(class_name: &str, config: Config) -> Option<Result<Arc<dyn Function>>> {
            Some(match class_name {
                $(stringify!($class) => from_serde_config::<$class>(class_name, config).map(|f| Arc::new(f) as Arc<dyn Function>),)*
                _ => return None,
            })
        }

        $(impl $class {
            /// The loss of a batch, a scalar: the mean over its values. Keras: `loss(y_true, y_pred)`.
            ///
            /// [`Loss::call`] takes weights and masks as well, and other reductions.
            ///
            /// # Errors
            /// If the shapes do not match.
            pub fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
                Loss::from(self.clone()).call(y_true, y_pred, None, None)
            }
        })*

        $(impl From<$class> for MetricSpec {
            fn from(function: $class) -> Self {
                MeanMetric::new(function).into()
            }
        })*

        /// The names to suggest.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($function), $($alias,)*)*];

        /// The classes.
        pub(crate) const CLASSES: &[&str] = &[$(stringify!($class)),*];
    };
}

losses! {
    MeanSquaredError: mean_squared_error | "mse" | "MSE";
    MeanAbsoluteError: mean_absolute_error | "mae" | "MAE";
    MeanAbsolutePercentageError: mean_absolute_percentage_error | "mape" | "MAPE";
    MeanSquaredLogarithmicError: mean_squared_logarithmic_error | "msle" | "MSLE";
    Huber: huber | "huber_loss";
    LogCosh: log_cosh | "logcosh";
    CosineSimilarity: cosine_similarity;
    Hinge: hinge;
    SquaredHinge: squared_hinge;
    CategoricalHinge: categorical_hinge;
    BinaryCrossentropy: binary_crossentropy | "bce" | "BCE";
    BinaryFocalCrossentropy: binary_focal_crossentropy;
    CategoricalCrossentropy: categorical_crossentropy;
    CategoricalFocalCrossentropy: categorical_focal_crossentropy;
    CategoricalGeneralizedCrossEntropy: categorical_generalized_cross_entropy;
    SparseCategoricalCrossentropy: sparse_categorical_crossentropy;
    KLDivergence: kl_divergence | "kld" | "KLD" | "kullback_leibler_divergence";
    Poisson: poisson;
    Dice: dice;
    Tversky: tversky;
    Circle: circle;
    CTC: ctc;
}

impl From<&str> for Loss {
    fn from(name: &str) -> Self {
        let function = function(name).ok_or_else(|| name.to_string());
        Self { function, reduction: Reduction::default(), spelled: Some(name.into()), name: None }
    }
}

impl<F: Function + 'static> From<F> for Loss {
    fn from(function: F) -> Self {
        Self { function: Ok(Arc::new(function)), reduction: Reduction::default(), spelled: None, name: None }
    }
}

/// A custom function with its name.
pub(crate) struct Closure<F> {
    pub(crate) name: String,
    pub(crate) function: F,
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

    fn target(&self) -> Target {
        Target::Unchecked
    }

    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
        Ok((self.function)(y_true, y_pred)?)
    }
}

impl Loss {
    /// A custom loss: a function of targets and predictions with a value for each sample. The targets have the dtype of the predictions, and the
    /// shape in which they are given, but that a last axis of size 1 is added or removed where it makes the ranks the same.
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

    /// How the values are reduced. Default: their mean.
    #[must_use]
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        (self.reduction, self.spelled) = (reduction, None);
        self
    }

    /// The name in Keras's snake case.
    ///
    /// # Errors
    /// If the loss was created from an unknown name.
    pub fn name(&self) -> Result<&str> {
        Ok(self.function()?.name())
    }

    /// Its configuration in Keras's form: the string that it was created from, or an object. Keras: `keras.losses.serialize`.
    ///
    /// # Errors
    /// If the loss was created from an unknown name.
    pub fn get_config(&self) -> Result<Config> {
        let function = self.function()?;
        if let Some(name) = &self.spelled {
            return Ok(name.as_str().into());
        }
        let Some((class_name, arguments)) = function.config() else { return Ok(function_config(function.name())) };
        let mut config = json!({"name": self.name.as_deref().unwrap_or(function.name()), "reduction": self.reduction});
        if let (Some(config), Config::Object(arguments)) = (config.as_object_mut(), arguments) {
            config.extend(arguments);
        }
        Ok(object_config("keras.losses", CLASSES.contains(&class_name), class_name, config))
    }

    /// The loss of a Keras configuration: a name or an object.
    ///
    /// # Errors
    /// If it is not one of [this module](self); custom losses are looked up by the caller.
    pub fn from_config(config: &Config) -> Result<Self> {
        if let Some(name) = function_name(config) {
            let loss = Self::from(name);
            return loss.name().map(|_| ()).map(|()| loss);
        }
        let object: KerasObject = json::from_value(config)?;
        let function = from_keras(&object.class_name, object.config.clone())
            .ok_or_else(|| Error::unknown("loss", &object.class_name, CLASSES))??;
        let reduction = object.config.get("reduction").cloned().unwrap_or(json!("sum_over_batch_size"));
        let name = object.config["name"].as_str().map(String::from);
        Ok(Self { function: Ok(function), reduction: json::from_value(&reduction)?, spelled: None, name })
    }

    pub(crate) fn function(&self) -> Result<&Arc<dyn Function>> {
        self.function.as_ref().map_err(|name| Error::unknown("loss", name, NAMES))
    }

    /// The loss of a batch.
    ///
    /// # Shapes
    /// - `y_true`, `y_pred`: equal, up to a last axis of size 1, as in Keras
    /// - `sample_weight`: `(batch,)`, or `(batch, steps)` or `(batch, 1)` where there are steps
    /// - `mask`: `(batch, steps)`, 1 for steps that count; the mean is then over those steps
    ///
    /// # Errors
    /// If the shapes do not match; Keras would broadcast some of those.
    pub fn call(
        &self,
        y_true: &Tensor,
        y_pred: &Tensor,
        sample_weight: Option<&Tensor>,
        mask: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (values, mask) = values(&**self.function()?, y_true, y_pred, mask)?;
        // One value for a whole batch has the weights of its samples.
        let whole =
            |weight: &Tensor| if values.rank() == 0 { values.broadcast_as(weight.shape()) } else { Ok(values.clone()) };
        let weight = match mask {
            Some(mask) => Some(self.masked_weight(&mask, sample_weight)?),
            None => sample_weight.map(|weight| weight.to_dtype(values.dtype())).transpose()?,
        };
        let (values, weight) = match weight {
            None => (values, None),
            Some(weight) => {
                let (values, weight) = weighable(&whole(&weight)?, &weight)?;
                (values.broadcast_mul(&weight)?, Some(weight))
            }
        };
        Ok(match self.reduction {
            Reduction::None => values,
            Reduction::Sum => ops::sum(&values, ())?,
            Reduction::SumOverBatchSize => ops::mean(&values, ())?,
            Reduction::MeanWithSampleWeight => match weight {
                None => ops::mean(&values, ())?,
                Some(weight) => {
                    let total = ops::sum(&weight.broadcast_as(values.shape())?, ())?;
                    // If all weights are 0, Keras returns 0, not NaN.
                    let safe = ops::where_(&total.eq(0.0)?, &total.ones_like()?, &total)?;
                    (values.sum_all()? / safe)?
                }
            },
        })
    }

    /// The mask as a weight, scaled so that the mean over all steps is the mean over those that count.
    fn masked_weight(&self, mask: &Tensor, sample_weight: Option<&Tensor>) -> Result<Tensor> {
        let mask = match self.reduction {
            Reduction::SumOverBatchSize => {
                let valid = (mask.sum_all()? + epsilon())?;
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

/// Values and their weights with ranks adjusted; an error if they would be broadcast to the wrong values.
pub(crate) fn weighable(values: &Tensor, weight: &Tensor) -> Result<(Tensor, Tensor)> {
    let (a, b) = same_rank(values, weight)?;
    let fits = a.rank() == b.rank() && a.dims().iter().zip(b.dims()).all(|(a, b)| a == b || *b == 1);
    if !fits {
        return Err(Error::new("the sample weights do not match the values of the loss")
            .expected(format!("shape {:?}, or sizes of 1", values.dims()))
            .received(format!("shape {:?}", weight.dims()))
            .help("for one weight per sample where a sample has several values, use the shape (batch, 1)"));
    }
    Ok((a, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device};

    /// Keras 3.15.1 computes losses in float32 under every policy: 90000, 1.19e-7 and 15.94.
    #[test]
    fn predictions_of_16_bits_have_losses_in_float32() {
        let scalar = |x: f32| Tensor::new(&[[x]], &Device::Cpu).unwrap();
        for dtype in [DType::F16, DType::BF16] {
            let loss = |name: &str, y_true: f32, y_pred: f32| {
                let y_pred = scalar(y_pred).to_dtype(dtype).unwrap();
                let loss = Loss::from(name).call(&scalar(y_true), &y_pred, None, None).unwrap();
                loss.to_scalar::<f32>().unwrap()
            };
            assert_eq!(loss("mse", 300.0, 0.0), 90000.0);
            assert!((loss("binary_crossentropy", 1.0, 1.0) - 1.192_092_9e-7).abs() < 1e-12);
            assert!((loss("binary_crossentropy", 0.0, 1.0) - 15.942_385).abs() < 1e-5);
        }
    }
}
