//! Selects weights of a model.

use candle_keras_layers::Variable;
use candle_keras_ops::{Error, Result};
use regex::Regex;
use std::fmt;
use std::sync::Arc;

/// A selection of weights: a regular expression, a list of [`Variable`]s, or a predicate.
///
/// ```
/// use candle_keras_training::optimizers::Weights;
/// let all_biases = Weights::from("bias");
/// let small = Weights::from(|weight: &candle_keras_layers::Variable| weight.elem_count() < 1000);
/// ```
#[derive(Clone)]
pub struct Weights(Kind);

#[derive(Clone)]
enum Kind {
    /// The expression as it was given, and compiled: to search in a text, and to match all of it.
    Pattern(String, Result<[Regex; 2], String>),
    List(Vec<u64>),
    Function(Arc<dyn Fn(&Variable) -> bool + Send + Sync>),
}

impl Weights {
    /// An error if the regular expression is invalid.
    pub(super) fn check(&self) -> Result<()> {
        match &self.0 {
            Kind::Pattern(pattern, Err(cause)) => {
                Err(Error::new("the pattern for weights is not a regular expression")
                    .received(format!("{pattern:?}: {cause}")))
            }
            _ => Ok(()),
        }
    }

    /// The regular expression, if it is one.
    pub(super) fn pattern(&self) -> Option<&str> {
        if let Kind::Pattern(pattern, _) = &self.0 { Some(pattern) } else { None }
    }

    /// Whether this is one of the weights; an expression is searched in its name.
    pub(super) fn name_has(&self, weight: &Variable) -> bool {
        match &self.0 {
            Kind::Pattern(_, expressions) => expressions.as_ref().is_ok_and(|[part, _]| part.is_match(weight.name())),
            _ => self.has(weight),
        }
    }

    /// Whether this is one of the weights; an expression is searched in its path.
    pub(super) fn path_has(&self, weight: &Variable) -> bool {
        match &self.0 {
            Kind::Pattern(_, expressions) => expressions.as_ref().is_ok_and(|[part, _]| part.is_match(&weight.path())),
            _ => self.has(weight),
        }
    }

    /// Whether this is one of the weights; an expression must match all of its path.
    pub(super) fn path_is(&self, weight: &Variable) -> bool {
        match &self.0 {
            Kind::Pattern(_, expressions) => {
                expressions.as_ref().is_ok_and(|[_, whole]| whole.is_match(&weight.path()))
            }
            _ => self.has(weight),
        }
    }

    fn has(&self, weight: &Variable) -> bool {
        match &self.0 {
            Kind::Pattern(..) => false,
            Kind::List(ids) => ids.contains(&weight.id()),
            Kind::Function(function) => function(weight),
        }
    }
}

impl From<&str> for Weights {
    fn from(pattern: &str) -> Self {
        let compile = || Ok([Regex::new(pattern)?, Regex::new(&format!(r"\A(?:{pattern})\z"))?]);
        Self(Kind::Pattern(pattern.into(), compile().map_err(|error: regex::Error| error.to_string())))
    }
}

impl From<String> for Weights {
    fn from(pattern: String) -> Self {
        pattern.as_str().into()
    }
}

impl From<&[Variable]> for Weights {
    fn from(weights: &[Variable]) -> Self {
        Self(Kind::List(weights.iter().map(Variable::id).collect()))
    }
}

impl From<Vec<Variable>> for Weights {
    fn from(weights: Vec<Variable>) -> Self {
        weights.as_slice().into()
    }
}

impl<F: Fn(&Variable) -> bool + Send + Sync + 'static> From<F> for Weights {
    fn from(function: F) -> Self {
        Self(Kind::Function(Arc::new(function)))
    }
}

impl fmt::Debug for Weights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Pattern(pattern, _) => write!(f, "{pattern:?}"),
            Kind::List(ids) => write!(f, "{} weights", ids.len()),
            Kind::Function(_) => write!(f, "a function"),
        }
    }
}
