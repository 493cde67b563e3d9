//! Activation functions and their string names. Keras: `keras.activations`.

mod activation;
mod functions;

pub use activation::Activation;
pub use functions::*;

use crate::KerasObject;
use candle_keras_ops::{Error, FusedActivation, Tensor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

type PlainFunction = fn(&Tensor) -> candle_core::Result<Tensor>;
type Function = dyn Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync;

/// A function of each element or of the last axis: a Keras name such as `"relu"`, a function of this module, or one's own.
///
/// ```
/// use candle_keras_layers::activations::ActivationFunction;
/// use candle_core::{Device, Tensor};
/// let x = Tensor::new(&[-1f32, 2.], &Device::Cpu)?;
/// assert_eq!(ActivationFunction::from("relu").call(&x)?.to_vec1::<f32>()?, [0., 2.]);
/// let double = ActivationFunction::new("double", |x| x * 2.0);
/// assert_eq!(double.call(&x)?.to_vec1::<f32>()?, [-2., 4.]);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Clone)]
pub struct ActivationFunction {
    name: String,
    function: Option<Arc<Function>>,
    /// Whether this is a function of one's own, whatever its name.
    is_own: bool,
}

/// Keras's functions under Keras's names; two of them go by a second name.
const FUNCTIONS: [(&str, PlainFunction); 28] = [
    ("linear", linear),
    ("relu", relu),
    ("relu6", relu6),
    ("leaky_relu", leaky_relu),
    ("elu", elu),
    ("selu", selu),
    ("celu", celu),
    ("gelu", gelu),
    ("silu", silu),
    ("softplus", softplus),
    ("softsign", softsign),
    ("sigmoid", sigmoid),
    ("hard_sigmoid", hard_sigmoid),
    ("hard_silu", hard_silu),
    ("hard_tanh", hard_tanh),
    ("tanh", tanh),
    ("exponential", exponential),
    ("mish", mish),
    ("log_sigmoid", log_sigmoid),
    ("softmax", softmax),
    ("log_softmax", log_softmax),
    ("squareplus", squareplus),
    ("tanh_shrink", tanh_shrink),
    ("soft_shrink", soft_shrink),
    ("hard_shrink", hard_shrink),
    ("sparse_plus", sparse_plus),
    ("sparse_sigmoid", sparse_sigmoid),
    ("sparsemax", sparsemax),
];

impl ActivationFunction {
    /// One's own function, with the name under which it is saved.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), function: Some(Arc::new(function)), is_own: true }
    }

    /// The name, as Keras writes it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is the identity.
    pub fn is_linear(&self) -> bool {
        self.name == "linear"
    }

    /// The function as a part of the op before it, if it is one of those.
    pub fn fused(&self) -> Option<FusedActivation> {
        FusedActivation::by_name(&self.name).filter(|_| !self.is_own)
    }

    /// The function's values.
    ///
    /// # Errors
    /// If the name is not an activation.
    pub fn call(&self, x: &Tensor) -> candle_keras_ops::Result<Tensor> {
        Ok((self.function()?)(x)?)
    }

    /// An error if the name is not an activation; for `build`, before data comes.
    pub fn check(&self) -> candle_keras_ops::Result<()> {
        self.function().map(|_| ())
    }

    fn function(&self) -> candle_keras_ops::Result<&Arc<Function>> {
        self.function.as_ref().ok_or_else(|| {
            let names: Vec<_> = FUNCTIONS.iter().map(|(name, _)| *name).chain(["swish", "hard_swish"]).collect();
            Error::unknown("activation", &self.name, &names)
        })
    }
}

impl Default for ActivationFunction {
    fn default() -> Self {
        "linear".into()
    }
}

impl From<&str> for ActivationFunction {
    fn from(name: &str) -> Self {
        let name = match name {
            "swish" => "silu",
            "hard_swish" => "hard_silu",
            name => name,
        };
        let found = FUNCTIONS.iter().find(|(known, _)| *known == name);
        let function = found.map(|(_, function)| Arc::new(*function) as Arc<Function>);
        Self { name: name.into(), function, is_own: false }
    }
}

/// A function of [this module](self), which keeps its name, or one's own, which is saved under its name in Rust.
impl<F: Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static> From<F> for ActivationFunction {
    fn from(function: F) -> Self {
        let name = std::any::type_name::<F>().split('<').next().unwrap_or_default();
        let name = name.rsplit("::").next().unwrap_or_default();
        Self::new(name.trim_matches(['{', '}']), function)
    }
}

impl fmt::Debug for ActivationFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActivationFunction({})", self.name)
    }
}

impl Serialize for ActivationFunction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if FUNCTIONS.iter().any(|(known, _)| *known == self.name) {
            return serializer.serialize_str(&self.name);
        }
        let (module, class_name) = ("builtins".into(), "function".into());
        let object = KerasObject {
            module,
            class_name,
            config: self.name.as_str().into(),
            registered_name: Some(self.name.clone()),
        };
        object.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ActivationFunction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Name(String),
            Object(KerasObject),
        }
        let name = match Option::<Form>::deserialize(deserializer)? {
            // Keras writes null where no activation was given.
            None => return Ok(Self::default()),
            Some(Form::Name(name)) => name,
            Some(Form::Object(object)) => match object.config.as_str() {
                Some(name) => name.into(),
                None => object.class_name,
            },
        };
        let own = SCOPE.with_borrow(|scope| scope.get(&name).cloned());
        Ok(own.unwrap_or_else(|| name.as_str().into()))
    }
}

thread_local! {
    static SCOPE: RefCell<HashMap<String, ActivationFunction>> = RefCell::default();
}

/// Runs `f`, in which configurations may name these functions as activations. Keras: `custom_object_scope`.
pub fn activation_scope<T>(functions: HashMap<String, ActivationFunction>, f: impl FnOnce() -> T) -> T {
    let outer = SCOPE.replace(functions);
    let result = f();
    SCOPE.set(outer);
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (name, _) in FUNCTIONS.iter().filter(|(name, _)| *name != "linear") {
            let activation = ActivationFunction::from(*name);
            // Spread out, to reach every piece of the piecewise ones, but not their kinks.
            let x = (values([3, 5], 4) * 2.7).unwrap();
            assert_gradients(&[x], |x| activation.call(&x[0]).map_err(candle_core::Error::wrap));
        }
    }

    #[test]
    fn functions_are_activations_under_their_names() {
        assert_eq!(ActivationFunction::from(mish).name(), "mish");
        assert_eq!(ActivationFunction::from(candle_keras_ops::tanh).name(), "tanh");
        let square = ActivationFunction::from(|x: &Tensor| x.sqr());
        assert_eq!(square.name(), "closure");
        assert!(square.check().is_ok());
    }

    #[test]
    fn an_unknown_name_is_an_error_that_helps() {
        let error = ActivationFunction::from("rleu").check().unwrap_err().to_string();
        assert!(error.contains("did you mean \"relu\"?"), "{error}");
    }
}
