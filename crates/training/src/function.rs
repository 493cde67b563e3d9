//! A function of targets and predictions, with a value for each sample: what a loss reduces and what a metric averages.

use candle_core::{DType, Tensor};
use candle_keras_layers::Config;
use candle_keras_ops::{Error, Result};
use std::fmt::Debug;

/// What a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A value for each value of the prediction.
    Values,
    /// The number of a class, for a prediction with one value a class on its last axis.
    Class,
    /// Whatever the function takes, such as a sequence of labels for CTC: shapes and dtypes are not adapted, and not compared.
    Any,
}

/// Whether a metric is better the larger or the smaller it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The larger the better.
    Up,
    /// The smaller the better.
    Down,
}

/// A function of targets and predictions: the values before any reduction.
///
/// Each of Keras's losses is one; implement it, or use [`Loss::new`](crate::Loss::new) with a closure, for one's own.
pub trait Function: Debug + Send + Sync {
    /// Keras's name in snake case: that of the loss, and of the metric in the logs.
    fn name(&self) -> &str;

    /// Keras's class and arguments, for files; `None` for one's own function, which is saved by its name.
    fn config(&self) -> Option<(&str, Config)> {
        None
    }

    /// What the targets are.
    fn target(&self) -> Target {
        Target::Values
    }

    /// Whether a metric of it is better the larger or the smaller it is.
    fn direction(&self) -> Direction {
        Direction::Down
    }

    /// The values, one a sample and one for each axis between the first and the last.
    ///
    /// # Shapes
    /// - `y_true`, `y_pred`: `(batch, ..., n)`, equal; for [`Target::Class`] `y_true` is without the last axis
    /// - the result: `(batch, ...)`
    fn call(&self, y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor>;

    /// 1 for the values that count and 0 for the others, if there are others: `(batch, ...)`.
    fn mask(&self, y_true: &Tensor) -> Result<Option<Tensor>> {
        let _ = y_true;
        Ok(None)
    }
}

/// Keras's form of one's own function.
pub(crate) fn function_config(name: &str) -> Config {
    serde_json::json!({"module": "builtins", "class_name": "function", "config": name, "registered_name": name})
}

/// Keras's form of an object: one of its own classes is in a module, any other is registered by its name.
pub(crate) fn object_config(module: &str, is_keras: bool, class_name: &str, config: Config) -> Config {
    let (module, registered_name) = if is_keras { (Some(module), None) } else { (None, Some(class_name)) };
    serde_json::json!({"module": module, "class_name": class_name, "config": config, "registered_name": registered_name})
}

/// The name, where Keras writes a name or a function by its name.
pub fn function_name(config: &Config) -> Option<&str> {
    config.as_str().or_else(|| if config["class_name"] == "function" { config["config"].as_str() } else { None })
}

/// The values of `function` after Keras's adjustment of ranks, and which of them count: those of the predictions' `mask`
/// that the function does not leave out.
///
/// # Errors
/// If the shapes differ beyond that, where Keras would broadcast them and train on the wrong numbers without a word.
pub(crate) fn values(
    function: &dyn Function,
    y_true: &Tensor,
    y_pred: &Tensor,
    mask: Option<&Tensor>,
) -> Result<(Tensor, Option<Tensor>)> {
    let (y_true, y_pred) = aligned(function, y_true, y_pred)?;
    let values = function.call(&y_true, &y_pred)?;
    let mask = mask.map(|mask| mask.to_dtype(values.dtype())).transpose()?;
    let own = function.mask(&y_true)?.map(|mask| mask.to_dtype(values.dtype())).transpose()?;
    let both = match (mask, own) {
        (Some(a), Some(b)) => Some(a.broadcast_mul(&b)?),
        (a, b) => a.or(b),
    };
    Ok((values, both))
}

fn aligned(function: &dyn Function, y_true: &Tensor, y_pred: &Tensor) -> Result<(Tensor, Tensor)> {
    let mismatch = |expected: String| {
        Error::new(format!("the targets do not suit the predictions for {}", function.name()))
            .expected(expected)
            .received(format!("targets of shape {:?} for predictions of shape {:?}", y_true.dims(), y_pred.dims()))
    };
    match function.target() {
        Target::Values => {
            let y_true = y_true.to_dtype(y_pred.dtype())?;
            let (y_true, y_pred) = same_rank(&y_true, y_pred)?;
            if y_true.dims() != y_pred.dims() {
                let classes = function.name() == "categorical_crossentropy" && y_true.rank() <= 2;
                let help = match classes && (y_true.rank() < 2 || y_true.dims()[1] == 1) {
                    true => "targets that are numbers of classes go with sparse_categorical_crossentropy",
                    false => "a Flatten or Reshape before the output, or other targets, make the shapes equal",
                };
                return Err(mismatch("equal shapes, or a last axis of size 1 more or less".into()).help(help));
            }
            Ok((y_true, y_pred))
        }
        Target::Any => Ok((y_true.clone(), y_pred.clone())),
        Target::Class => {
            let rank = y_pred.rank();
            let mut y_true = y_true.clone();
            if y_true.rank() == rank && y_true.dims().last() == Some(&1) {
                y_true = y_true.squeeze(rank - 1)?;
            }
            if rank < 2 || y_true.dims() != &y_pred.dims()[..rank - 1] {
                return Err(mismatch("the number of a class for each row of predictions".into())
                    .help("one-hot targets go with categorical_crossentropy"));
            }
            Ok((y_true, y_pred.clone()))
        }
    }
}

/// Keras's `squeeze_or_expand_to_same_rank`: if one has an axis of size 1 more at its end, it goes or the other gets one.
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

/// The numbers of the classes as a tensor for `gather`, all of them below `classes`.
pub(crate) fn class_ids(y_true: &Tensor, classes: usize) -> Result<Tensor> {
    let ids = candle_keras_ops::host_ids(y_true, classes).map_err(|_| {
        Error::new("a target is not the number of a class")
            .expected(format!("0..{classes}, one number for each class of the prediction"))
            .received(match y_true.to_dtype(DType::F64).and_then(|y| y.flatten_all()?.to_vec1::<f64>()) {
                Ok(values) => bad_class(&values, classes),
                Err(_) => format!("targets of dtype {:?}", y_true.dtype()),
            })
    })?;
    Ok(Tensor::from_vec(ids, y_true.dims(), y_true.device())?)
}

fn bad_class(values: &[f64], classes: usize) -> String {
    let bad = values.iter().position(|&y| !(y > -1.0 && y < classes as f64));
    bad.map_or_else(|| "none".into(), |i| format!("{} at [{i}]", values[i]))
}
