//! The named arguments of a call: `layer(x, training=True, mask=mask)`.

use crate::{CallInputs, Config, KerasTensor};
use candle_keras_ops::{Error, Result};

/// The arguments of a call beside its inputs: named tensors, flags and numbers. Keras: the keyword arguments of `layer(...)`.
///
/// Every layer takes `training` and `mask`; others declare more in [`Layer::call_arguments`](crate::Layer::call_arguments). They are kept
/// in the graph and in files, as in Keras.
///
/// ```
/// use candle_keras_layers::{Call, Dropout, Input, Layer, MultiHeadAttention};
/// let x = Input::shape([10, 8]);
/// let dropped = Dropout::new(0.5).call_with(&x, Call::new().training(true)); // in predictions, too
/// let y = MultiHeadAttention::new(2, 4).call_with([&dropped, &dropped], Call::new().use_causal_mask(true));
/// assert_eq!(y.shape()?.to_string(), "(None, 10, 8)");
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
pub type Call<T = KerasTensor> = CallArguments<T>;

/// The mask that an input carries, as the value of the argument `mask`.
#[doc(hidden)]
pub const PROPAGATED_MASK: &str = "propagated";

/// The value of the argument `training` that holds unless the run says otherwise, as `fit` and `predict` do: that of a model of Keras 3.
#[doc(hidden)]
pub fn default_training(training: bool) -> Config {
    serde_json::json!({ "default": training })
}

/// The flag in a value of [`default_training`].
#[doc(hidden)]
pub fn default_of(training: &Config) -> Option<bool> {
    training["default"].as_bool()
}

/// Named arguments whose tensors are of type `T`: symbolic, or computed.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct CallArguments<T>(Vec<(String, CallArgument<T>)>);

/// The value of a named argument.
#[derive(Debug, Clone, PartialEq)]
pub enum CallArgument<T> {
    /// One tensor.
    Tensor(T),
    /// Several, some of which may be missing: a mask for each input.
    Tensors(Vec<Option<T>>),
    /// A flag, a number or a text, in Keras's form.
    Value(Config),
}

impl<T> CallArgument<T> {
    /// The tensors in it; missing ones are left out.
    pub fn tensors(&self) -> impl Iterator<Item = &T> {
        let tensors = match self {
            Self::Tensor(tensor) => (Some(tensor), [].as_slice()),
            Self::Tensors(tensors) => (None, tensors.as_slice()),
            Self::Value(_) => (None, [].as_slice()),
        };
        tensors.0.into_iter().chain(tensors.1.iter().flatten())
    }

    /// Replaces the tensors.
    ///
    /// # Errors
    /// If `f` fails.
    pub fn map<U>(&self, f: &mut impl FnMut(&T) -> Result<U>) -> Result<CallArgument<U>> {
        Ok(match self {
            Self::Tensor(tensor) => CallArgument::Tensor(f(tensor)?),
            Self::Tensors(tensors) => {
                let map = |tensor: &Option<T>| tensor.as_ref().map(&mut *f).transpose();
                CallArgument::Tensors(tensors.iter().map(map).collect::<Result<_>>()?)
            }
            Self::Value(value) => CallArgument::Value(value.clone()),
        })
    }
}

impl<T> Default for CallArguments<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> CallArguments<T> {
    /// No arguments.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an argument.
    pub fn set(mut self, name: impl Into<String>, value: CallArgument<T>) -> Self {
        let name = name.into();
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, value));
        self
    }

    /// A flag, a number or a text, for a custom layer.
    pub fn argument(self, name: impl Into<String>, value: impl Into<Config>) -> Self {
        self.set(name, CallArgument::Value(value.into()))
    }

    /// Whether the layer, and all layers inside, behave as in training, whatever the model does. Keras: `training=`.
    pub fn training(self, training: bool) -> Self {
        self.argument("training", training)
    }

    /// Whether a query attends to no key after its own position. Keras: `use_causal_mask=`.
    pub fn use_causal_mask(self, causal: bool) -> Self {
        self.argument("use_causal_mask", causal)
    }

    /// Whether an attention returns its scores as a second output. Keras: `return_attention_scores=`.
    pub fn return_attention_scores(self, scores: bool) -> Self {
        self.argument("return_attention_scores", scores)
    }

    /// The mask that the input carries, also for a recurrent layer with an initial state. Keras 3 loses it there, and so does a call without
    /// this argument; Keras 2 does not.
    pub fn propagated_mask(self) -> Self {
        self.argument("mask", PROPAGATED_MASK)
    }

    /// Whether an input's mask does not reach the layer: it is called with an initial state.
    pub(crate) fn hides_mask(&self) -> bool {
        self.get("mask").is_none() && self.tensors("initial_state").next().is_some()
    }

    /// The arguments by their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &CallArgument<T>)> {
        self.0.iter().map(|(name, argument)| (name.as_str(), argument))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The argument of this name.
    pub fn get(&self, name: &str) -> Option<&CallArgument<T>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, argument)| argument)
    }

    /// The tensors of this argument, empty if there is none.
    pub fn tensors(&self, name: &str) -> impl Iterator<Item = &T> {
        self.get(name).into_iter().flat_map(CallArgument::tensors)
    }

    /// A flag; `None` if it is missing or null.
    ///
    /// # Errors
    /// If it is not a flag.
    pub fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.get(name) {
            None | Some(CallArgument::Value(Config::Null)) => Ok(None),
            Some(CallArgument::Value(Config::Bool(flag))) => Ok(Some(*flag)),
            Some(CallArgument::Value(other)) => {
                Err(Error::new(format!("the argument {name} of the call is a flag")).received(other.to_string()))
            }
            Some(_) => Err(Error::new(format!("the argument {name} of the call is a flag")).received("a tensor")),
        }
    }

    /// Whether the layer behaves as in training, in a run of this mode, if it has one.
    ///
    /// # Errors
    /// If the argument is not a flag.
    pub(crate) fn training_in(&self, run: Option<bool>) -> Result<Option<bool>> {
        if let Some(CallArgument::Value(value @ Config::Object(_))) = self.get("training")
            && let Some(training) = default_of(value)
        {
            return Ok(run.or(Some(training)));
        }
        Ok(self.flag("training")?.or(run))
    }

    /// Takes all arguments.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = T> {
        let tensors = |argument| match argument {
            CallArgument::Tensor(tensor) => vec![tensor],
            CallArgument::Tensors(tensors) => tensors.into_iter().flatten().collect(),
            CallArgument::Value(_) => Vec::new(),
        };
        std::mem::take(&mut self.0).into_iter().flat_map(move |(_, argument)| tensors(argument))
    }

    /// All tensors in the arguments, in their order.
    pub fn all_tensors(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flat_map(|(_, argument)| argument.tensors())
    }

    /// Replaces the tensors in all arguments.
    ///
    /// # Errors
    /// If `f` fails.
    pub fn map<U>(&self, mut f: impl FnMut(&T) -> Result<U>) -> Result<CallArguments<U>> {
        let map = |(name, argument): &(String, CallArgument<T>)| Ok((name.clone(), argument.map(&mut f)?));
        self.0.iter().map(map).collect::<Result<_>>().map(CallArguments)
    }

    /// An error if there is an argument other than these, `training` and `mask`.
    pub(crate) fn check(&self, known: &[&str]) -> Result<()> {
        let known = [known, &["training", "mask"]].concat();
        match self.iter().find(|(name, argument)| !known.contains(name) && argument.matters()) {
            Some((name, _)) => Err(Error::unknown("argument of the call", name, &known)),
            None => Ok(()),
        }
    }
}

impl<T> CallArgument<T> {
    /// Whether it is given, and not null or false.
    fn matters(&self) -> bool {
        !matches!(self, Self::Value(Config::Null | Config::Bool(false)))
    }
}

/// The arguments that are tensors.
impl<T> CallArguments<T> {
    /// A tensor, or several, for a custom layer.
    pub fn tensor<I: CallInputs<Tensor = T>>(self, name: impl Into<String>, tensor: I) -> Self {
        let mut tensors = tensor.into_tensors();
        let argument = match (tensors.pop(), tensors.is_empty()) {
            (Some(tensor), true) => CallArgument::Tensor(tensor),
            (last, _) => CallArgument::Tensors(tensors.into_iter().chain(last).map(Some).collect()),
        };
        self.set(name, argument)
    }

    /// The mask of the input, or of each of several, in place of the propagated one. Keras: `mask=`.
    pub fn mask<I: CallInputs<Tensor = T>>(self, mask: I) -> Self {
        self.tensor("mask", mask)
    }

    /// The first state of a recurrent layer: one for a GRU, `[h, c]` for an LSTM. Keras: `initial_state=`.
    pub fn initial_state<I: CallInputs<Tensor = T>>(self, state: I) -> Self {
        self.set("initial_state", CallArgument::Tensors(state.into_tensors().into_iter().map(Some).collect()))
    }

    /// Which keys each query may attend to: `(batch, queries, keys)`, 1 where it may. Keras: `attention_mask=`.
    pub fn attention_mask<I: CallInputs<Tensor = T>>(self, mask: I) -> Self {
        self.tensor("attention_mask", mask)
    }

    /// What a CategoryEncoding adds up in place of 1, for each number of its input. Keras: `count_weights=`.
    pub fn count_weights<I: CallInputs<Tensor = T>>(self, weights: I) -> Self {
        self.tensor("count_weights", weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dense, Dropout, Input, Layer};

    #[test]
    fn arguments_that_a_layer_does_not_take_are_errors() {
        let x = Input::shape([3]);
        let error = Dense::new(1).call_with(&x, Call::new().use_causal_mask(true)).shape().unwrap_err().to_string();
        assert!(error.contains("(Dense): unknown argument of the call \"use_causal_mask\""), "{error}");
        assert!(Dense::new(1).call_with(&x, Call::new().use_causal_mask(false)).shape().is_ok());
        let wrong = Call::new().argument("training", "yes");
        assert!(Dropout::new(0.5).call_with(&x, wrong).shape().unwrap_err().to_string().contains("a flag"));
    }
}
