//! A function of targets and predictions with a value for each sample: a loss reduces it, a metric averages it.

use candle_core::{DType, Tensor};
use candle_keras_layers::Config;
use candle_keras_ops::{self as ops, Error, Result};
use std::fmt::Debug;

/// The kind of target that a function takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A value for each value of the prediction.
    Values,
    /// A class index, for a prediction with one value per class on its last axis.
    Class,
    /// Numbers in a shape that the function knows: of the dtype of the predictions, and of their rank where a last axis of size 1 makes it so,
    /// as Keras passes them to functions that are not its own.
    Unchecked,
    /// Anything, such as a sequence of labels for CTC: shapes and dtypes are neither adapted nor checked.
    Any,
}

/// Whether a larger or a smaller value of a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Larger is better.
    Up,
    /// Smaller is better.
    Down,
}

/// A function of targets and predictions: values before reduction.
///
/// Each of Keras's losses is one. For a custom one, implement it, or use [`Loss::new`](crate::Loss::new) with a closure.
pub trait Function: Debug + Send + Sync {
    /// Keras's name in snake case: that of the loss, and of the metric in the logs.
    fn name(&self) -> &str;

    /// Keras's class and arguments, for files; `None` for a custom function, which is saved by its name.
    fn config(&self) -> Option<(&str, Config)> {
        None
    }

    /// The kind of its targets.
    fn target(&self) -> Target {
        Target::Values
    }

    /// Whether a larger or a smaller value is better.
    fn direction(&self) -> Direction {
        Direction::Down
    }

    /// The result of a metric, from the mean over all samples. Default: the mean.
    fn of_mean(&self, mean: f64) -> f64 {
        mean
    }

    /// The values: one per sample and step, that is, the last axis is reduced.
    ///
    /// # Shapes
    /// - `y_true`, `y_pred`: `(batch, ..., n)`, equal; for [`Target::Class`] `y_true` is without the last axis
    /// - the result: `(batch, ...)`
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor>;

    /// A mask of shape `(batch, ...)` for targets and their values: 1 for values that count and 0 for ignored ones. `None`: all count.
    fn mask(&self, y_true: &Tensor, values: &Tensor) -> Result<Option<Tensor>> {
        let _ = (y_true, values);
        Ok(None)
    }
}

/// Declares a function by Keras's class, its name in snake case, its arguments with Keras's defaults, and the items of [`Function`] that
/// compute it. Behind `=>` is when an argument is left out of files, because older versions of Keras do not know it.
macro_rules! function {
    (
        $(#[$doc:meta])*
        pub struct $class:ident: $name:literal { $($(#[$about:meta])* $field:ident: $type:ty = $default:expr $(=> $left_out:literal)?),* $(,)? }
        $($items:tt)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $class {
            $($(#[serde(skip_serializing_if = $left_out)])? $field: $type,)*
        }

        impl Default for $class {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $class {
            /// With Keras's defaults.
            pub fn new() -> Self {
                Self::default()
            }

            candle_keras_layers::setters! { $($(#[$about])* $field: $type,)* }
        }

        impl $crate::function::Function for $class {
            fn name(&self) -> &str {
                $name
            }

            fn config(&self) -> Option<(&str, candle_keras_layers::Config)> {
                Some((stringify!($class), candle_keras_ops::json::to_value(self).unwrap_or_default()))
            }

            $($items)*
        }
    };
}
pub(crate) use function;

/// The configuration of a custom function in Keras's form.
pub(crate) fn function_config(name: &str) -> Config {
    serde_json::json!({"module": "builtins", "class_name": "function", "config": name, "registered_name": name})
}

/// The configuration of an object in Keras's form: Keras's classes have a module, custom ones are registered by name.
pub(crate) fn object_config(module: &str, is_keras: bool, class_name: &str, config: Config) -> Config {
    let (module, registered_name) = if is_keras { (Some(module), None) } else { (None, Some(class_name)) };
    serde_json::json!({"module": module, "class_name": class_name, "config": config, "registered_name": registered_name})
}

/// The name, if the configuration is a name or a function.
pub fn function_name(config: &Config) -> Option<&str> {
    config.as_str().or_else(|| if config["class_name"] == "function" { config["config"].as_str() } else { None })
}

/// The values of `function` after Keras's adjustment of ranks, and a mask of those that count: those in the predictions' `mask`
/// that the function does not ignore.
///
/// # Errors
/// If the shapes differ otherwise; Keras would silently broadcast them and train on wrong values.
pub(crate) fn values(
    function: &dyn Function,
    y_true: &Tensor,
    y_pred: &Tensor,
    mask: Option<&Tensor>,
) -> Result<(Tensor, Option<Tensor>)> {
    // As in Keras, whose clips and sums 16 bits could not hold, nor whole numbers.
    let y_pred = match y_pred.dtype() {
        DType::F32 | DType::F64 => y_pred,
        _ => &ops::cast(y_pred, DType::F32)?,
    };
    let (y_true, y_pred) = aligned(function, y_true, y_pred)?;
    let values = function.values(&y_true, &y_pred)?;
    let mask = mask.map(|mask| mask.to_dtype(values.dtype())).transpose()?;
    let own = function.mask(&y_true, &values)?.map(|mask| mask.to_dtype(values.dtype())).transpose()?;
    let both = match (mask, own) {
        (Some(a), Some(b)) => Some(a.broadcast_mul(&b)?),
        (a, b) => a.or(b),
    };
    Ok((values, both))
}

fn aligned(function: &dyn Function, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
    let mismatch = |expected: String| {
        Error::new(format!("the targets do not match the predictions for {}", function.name()))
            .expected(expected)
            .received(format!("targets of shape {:?} for predictions of shape {:?}", y_true.dims(), y_pred.dims()))
    };
    match function.target() {
        Target::Values => {
            let y_true = y_true.to_dtype(y_pred.dtype())?;
            let (y_true, y_pred) = same_rank(&y_true, y_pred)?;
            if y_true.dims() != y_pred.dims() {
                let rows = y_pred.dims().split_last().map_or(&[][..], |(_, rows)| rows);
                let help = match y_true.dims().strip_suffix(&[1]).unwrap_or(y_true.dims()) == rows {
                    true => {
                        "for targets that are class indices, use sparse_categorical_crossentropy, or make one-hot rows of them with \
                         to_categorical"
                    }
                    false => "add a Flatten or Reshape before the output, or reshape the targets",
                };
                return Err(mismatch("equal shapes, up to a last axis of size 1".into()).help(help));
            }
            Ok((y_true, y_pred))
        }
        Target::Unchecked => same_rank(&y_true.to_dtype(y_pred.dtype())?, y_pred),
        Target::Any => Ok((y_true.clone(), y_pred.clone())),
        Target::Class => {
            let rank = y_pred.rank();
            let mut y_true = y_true.clone();
            if y_true.rank() == rank && y_true.dims().last() == Some(&1) {
                y_true = y_true.squeeze(rank - 1)?;
            }
            if rank < 2 || y_true.dims() != &y_pred.dims()[..rank - 1] {
                return Err(mismatch("a class index for each row of predictions".into())
                    .help("for one-hot targets, use categorical_crossentropy"));
            }
            Ok((y_true, y_pred.clone()))
        }
    }
}

/// Keras's `squeeze_or_expand_to_same_rank`: if one has an extra last axis of size 1, removes it, or else adds one to the other.
pub(crate) fn same_rank(a: &Tensor, b: &Tensor) -> Result<(Tensor, Tensor)> {
    let longer = |long: &Tensor, short: &Tensor| long.rank() == short.rank() + 1 && long.dims().last() == Some(&1);
    let shortened = |long: &Tensor, short: &Tensor| -> Result<(Tensor, Tensor)> {
        Ok(match short.rank() {
            1 => (long.clone(), short.unsqueeze(1)?),
            rank => (long.squeeze(rank)?, short.clone()),
        })
    };
    if longer(a, b) {
        shortened(a, b)
    } else if longer(b, a) {
        shortened(b, a).map(|(b, a)| (a, b))
    } else {
        Ok((a.clone(), b.clone()))
    }
}

/// The class indices as a tensor for `gather`, all of them below `classes`.
pub(crate) fn class_ids(y_true: &Tensor, classes: usize) -> Result<Tensor> {
    let ids = candle_keras_ops::checked_ids(y_true, classes, || {
        Error::new("a target is not a class index")
            .expected(format!("0..{classes}, one whole number for each row of predictions"))
    })?;
    Ok(Tensor::from_vec(ids, y_true.dims(), y_true.device())?)
}
