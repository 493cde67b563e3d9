//! A layer in place of an activation function, as in Keras's `Dense(4, activation=LeakyReLU())`.

use super::{Activate, ActivationFunction, ELU, LeakyReLU, ReLU, Softmax};
use crate::layer::{build, run};
use crate::object::{Described, KerasObject};
use crate::registry::{first_name, layer_from_config};
use crate::{Config, Context, Layer, Result};
use candle_core::Tensor;
use std::any::Any;
use std::sync::Arc;

/// The layers that are functions of each element, without weights.
const CLASSES: [&str; 5] = ["Activation", "ELU", "LeakyReLU", "ReLU", "Softmax"];

/// A layer as a function.
#[derive(Debug)]
pub(super) struct OfLayer(Arc<dyn Layer>);

impl OfLayer {
    /// The layer of this class, if it is one of those.
    pub(super) fn from_config(class_name: &str, config: Config) -> Option<Result<Self>> {
        CLASSES.contains(&first_name(class_name)).then_some(())?;
        Some(layer_from_config(class_name, config)?.map(Self))
    }

    /// What stands for an activation in files, if it is a layer.
    pub(super) fn serialize(object: &(dyn Activate + 'static)) -> Option<Result<Config>> {
        let layer = (object as &dyn Any).downcast_ref::<Self>()?;
        Some(layer.config().and_then(|config| {
            let (module, class_name) = (Some("keras.layers".into()), layer.class_name().into());
            Ok(serde_json::to_value(KerasObject { module, class_name, config, registered_name: None })?)
        }))
    }
}

impl Described for OfLayer {
    fn class_name(&self) -> &str {
        self.0.class_name()
    }

    fn config(&self) -> Result<Config> {
        self.0.get_config()
    }
}

impl Activate for OfLayer {
    fn call(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        build(&*self.0, &[x.dims().into()])?;
        let (mut outputs, _) = run(&*self.0, std::slice::from_ref(x), &[None], &mut Context::inference())?;
        Ok(outputs.swap_remove(0))
    }
}

macro_rules! layers_as_functions {
    ($($class:ident),*) => {$(
        /// The layer in place of a function:
        ///
        /// ```
        /// use candle_keras_layers::activations::LeakyReLU;
        /// use candle_keras_layers::Dense;
        ///
        /// let dense = Dense::new(4).activation(LeakyReLU::new().negative_slope(0.3));
        /// ```
        impl From<$class> for ActivationFunction {
            fn from(layer: $class) -> Self {
                Self::of(Arc::new(OfLayer(Arc::new(layer))))
            }
        }
    )*};
}

layers_as_functions!(ELU, LeakyReLU, ReLU, Softmax);

#[cfg(test)]
mod tests {
    use crate::activations::{ActivationFunction, LeakyReLU};
    use candle_core::{Device, Tensor};
    use serde_json::json;

    #[test]
    fn a_layer_is_an_activation() {
        let activation = ActivationFunction::from(LeakyReLU::new().negative_slope(0.5));
        let x = Tensor::new(&[-1f32, 2.], &Device::Cpu).unwrap();
        assert_eq!(activation.call(&x).unwrap().to_vec1::<f32>().unwrap(), [-0.5, 2.]);
        let again: ActivationFunction = serde_json::from_value(serde_json::to_value(&activation).unwrap()).unwrap();
        assert_eq!(again.call(&x).unwrap().to_vec1::<f32>().unwrap(), [-0.5, 2.]);
    }

    #[test]
    fn a_layer_is_an_activation_in_files() {
        let config = json!({"module": "keras.layers", "class_name": "LeakyReLU", "registered_name": null,
            "config": {"name": "leaky", "trainable": true, "dtype": "float32", "negative_slope": 0.5}});
        let activation: ActivationFunction = serde_json::from_value(config).unwrap();
        let x = Tensor::new(&[-1f32, 2.], &Device::Cpu).unwrap();
        assert_eq!(activation.call(&x).unwrap().to_vec1::<f32>().unwrap(), [-0.5, 2.]);
        let again: ActivationFunction = serde_json::from_value(serde_json::to_value(&activation).unwrap()).unwrap();
        assert_eq!(again, activation);
        let other = json!({"class_name": "PReLU", "config": {"name": "p"}});
        assert!(serde_json::from_value::<ActivationFunction>(other).unwrap().check().is_err());
        let negative = json!({"class_name": "LeakyReLU", "config": {"negative_slope": -1.0}});
        assert!(serde_json::from_value::<ActivationFunction>(negative).unwrap().call(&x).is_err());
    }
}
