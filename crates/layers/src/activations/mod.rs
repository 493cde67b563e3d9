//! Activation functions and their string names. Keras: `keras.activations`.

mod activation;
mod elu;
mod functions;
mod glu;
mod leaky_relu;
mod of_layer;
mod prelu;
mod relu;
mod softmax;

pub use activation::Activation;
pub use elu::ELU;
pub(crate) use functions::SELU;
pub use functions::*;
pub use leaky_relu::LeakyReLU;
pub use prelu::PReLU;
pub use relu::ReLU;
pub use softmax::Softmax;

use crate::object::{Described, Kind, Named, own_function};
use crate::{Config, Layer, Result, Shape};
use candle_keras_ops::{Error, FusedActivation, Tensor};
use glu::Glu;
use of_layer::OfLayer;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A function of each element or of the last axis: a Keras name such as `"relu"`, a function of this module, or a custom one.
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
pub type ActivationFunction = Named<dyn Activate>;

/// Computes an activation.
pub trait Activate: Described {
    /// The values of the function.
    ///
    /// # Errors
    /// If `x` does not fit.
    fn call(&self, x: &Tensor) -> candle_core::Result<Tensor>;

    /// The shape of the values for an input of this shape.
    ///
    /// # Errors
    /// If the shape does not fit.
    fn output_shape(&self, input: &Shape) -> Result<Shape> {
        Ok(input.clone())
    }

    /// The function fused into the op before it, if it is one of those.
    fn fused(&self) -> Option<FusedActivation> {
        None
    }
}

/// The function of a layer that is an activation which other layers can fuse.
pub(crate) fn fused_activation(layer: &dyn Layer) -> Option<FusedActivation> {
    let layer: &dyn Any = layer;
    match (layer.downcast_ref::<Activation>(), layer.downcast_ref::<ReLU>()) {
        (Some(layer), _) => layer.fused(),
        (_, Some(layer)) => layer.is_plain().then_some(FusedActivation::Relu),
        _ => None,
    }
}

type PlainFunction = fn(&Tensor) -> candle_core::Result<Tensor>;

/// Keras's functions under Keras's names; two of them have a second name.
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

/// The name of [`hard_sigmoid_of_keras_2`], which is not the function that Keras 3 calls `hard_sigmoid`.
pub const HARD_SIGMOID_OF_KERAS_2: &str = "hard_sigmoid_of_keras_2";

/// A function with the name that files have for it: one of Keras's, or a custom one.
struct Function<F> {
    name: String,
    function: F,
    fused: Option<FusedActivation>,
}

impl<F> fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl<F: Send + Sync + 'static> Described for Function<F> {
    fn class_name(&self) -> &str {
        &self.name
    }

    fn config(&self) -> Result<Config> {
        Ok(self.name.as_str().into())
    }
}

impl<F: Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static> Activate for Function<F> {
    fn call(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        (self.function)(x)
    }

    fn fused(&self) -> Option<FusedActivation> {
        self.fused
    }
}

impl Kind for dyn Activate {
    const NAME: &'static str = "activation";
    const CLASSES: &'static [&'static str] = &[];

    fn names() -> Vec<&'static str> {
        FUNCTIONS.iter().map(|(name, _)| *name).chain(["glu", "swish", "hard_swish"]).collect()
    }

    fn by_name(name: &str) -> Option<Arc<Self>> {
        let name = match name {
            "glu" => return Some(Arc::new(Glu)),
            "swish" => "silu",
            "hard_swish" => "hard_silu",
            name => name,
        };
        let of_keras_2: (&str, PlainFunction) = (HARD_SIGMOID_OF_KERAS_2, hard_sigmoid_of_keras_2);
        let (name, function) = *FUNCTIONS.iter().chain([&of_keras_2]).find(|(known, _)| *known == name)?;
        Some(Arc::new(Function { name: name.into(), function, fused: FusedActivation::by_name(name) }))
    }

    fn by_class(class_name: &str, config: Config) -> Option<Result<Arc<Self>>> {
        Some(OfLayer::from_config(class_name, config)?.map(|layer| Arc::new(layer) as Arc<Self>))
    }

    /// Keras writes null where no activation was given.
    fn absent() -> Option<Arc<Self>> {
        Self::by_name("linear")
    }

    fn serialize(&self) -> Result<Config> {
        if let Some(layer) = OfLayer::serialize(self) {
            return layer;
        }
        let name = self.class_name();
        let is_known = name == "glu" || FUNCTIONS.iter().any(|(known, _)| *known == name);
        Ok(if is_known { name.into() } else { own_function(name) })
    }
}

impl ActivationFunction {
    /// A custom function, with the name under which it is saved.
    pub fn new(
        name: impl Into<String>,
        function: impl Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static,
    ) -> Self {
        Self::of(Arc::new(Function { name: name.into(), function, fused: None }))
    }

    /// Whether this is the identity.
    pub fn is_linear(&self) -> bool {
        self.name() == "linear"
    }

    /// The function fused into the op before it, if it is one of those.
    pub fn fused(&self) -> Option<FusedActivation> {
        self.get().ok().and_then(Activate::fused)
    }

    /// The values of the function, in the shape of `x`.
    ///
    /// # Errors
    /// If the name is not an activation, or the values have another shape.
    pub fn call(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.get()?.call(x)?;
        match y.dims() == x.dims() {
            true => Ok(y),
            false => Err(Error::new(format!("the activation {:?} changes the shape", self.name()))
                .expected(format!("{:?}", x.dims()))
                .received(format!("{:?}", y.dims()))
                .help("the layer Activation applies it")),
        }
    }
}

impl Default for ActivationFunction {
    fn default() -> Self {
        "linear".into()
    }
}

/// A function of [this module](self), which keeps its name, or a custom one, which is saved under its name in Rust.
impl<F: Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static> From<F> for ActivationFunction {
    fn from(function: F) -> Self {
        let name = std::any::type_name::<F>().split('<').next().unwrap_or_default();
        let name = name.rsplit("::").next().unwrap_or_default();
        Self::new(name.trim_matches(['{', '}']), function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::gradcheck::{assert_gradients, values};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (name, _) in FUNCTIONS.iter().filter(|(name, _)| *name != "linear") {
            let activation = ActivationFunction::from(*name);
            // Values on every piece of the piecewise functions, but not on their kinks.
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
