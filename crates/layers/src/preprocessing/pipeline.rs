//! Pipeline: layers one after another, as one layer. Keras: `keras.layers.Pipeline`.

use crate::call::{CallArguments, default_training};
use crate::{AnyLayer, Build, Config, Context, Layer, Shape, TensorSpec, to_snake_case};
use candle_core::Tensor;
use candle_keras_ops::Result;
use std::collections::HashMap;

layer! {
    /// Layers one after another: the preparation of images, say. It is a layer and not a model, and is in training mode unless a model or the argument
    /// `training` says otherwise.
    ///
    /// Keras: `keras.layers.Pipeline`.
    ///
    /// # Shapes
    /// - input: that of the first layer
    /// - output: that of the last layer
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Dense, Dropout, Input, Layer, Pipeline};
    /// let y = Pipeline::new([Dropout::new(0.1).into(), Dense::new(4).into()]).call(&Input::shape([8]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 4)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Pipeline(
        /// The layers, the first one first.
        layers: Vec<AnyLayer>,
    ) {}
}

impl Layer for Pipeline {
    fn get_config(&self) -> Result<Config> {
        let mut config = crate::to_config(self)?;
        if let Some(arguments) = config.as_object_mut() {
            // All that Keras's takes.
            arguments.retain(|name, _| ["layers", "name"].contains(&name.as_str()));
        }
        Ok(config)
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.layers.iter().try_fold(inputs.to_vec(), |shapes, layer| layer.get()?.compute_output_shape(&shapes))
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        let none = CallArguments::new();
        self.layers.iter().try_fold(inputs.to_vec(), |specs, layer| layer.get()?.compute_output_spec(&specs, &none))
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let (mut counts, mut shapes) = (HashMap::new(), inputs.to_vec());
        for layer in &self.layers {
            let layer = layer.shared()?;
            // Keras numbers the elements of a list by their classes.
            let class = to_snake_case(layer.class_name());
            let count = counts.entry(class.clone()).and_modify(|count| *count += 1).or_insert(0);
            let name = if *count == 0 { format!("layers/{class}") } else { format!("layers/{class}_{count}") };
            let outputs = layer.compute_output_shape(&shapes)?;
            build.add_layer(&name, layer, &shapes)?;
            shapes = outputs;
        }
        Ok(())
    }

    /// The layers inside are built by the call, and Keras warns of a shape without their own.
    fn build_config(&self, _: &[Shape]) -> Config {
        serde_json::json!({})
    }

    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let mut tensors = inputs.to_vec();
        for layer in &self.layers {
            let arguments = CallArguments::new().argument("training", default_training(true));
            tensors = ctx.run_multiple(layer.get()?, &tensors, arguments)?;
        }
        let masks = ctx.masks_of(&tensors);
        ctx.set_output_masks(masks);
        Ok(tensors)
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, Check, Dense, Dropout, Embedding, Input, check_layer, run};
    use candle_keras_ops::{DType, Device};

    #[test]
    fn behaves_as_every_layer_must() {
        let layers = || Pipeline::new([Dense::new(5).into(), Dense::new(4).activation("tanh").into()]);
        check_layer(layers, Check::inputs([[2, 3]]).output([2, 4]).weights(4));
        check_layer(|| Pipeline::new([]), Check::inputs([[2, 3]]).output([2, 3]));
    }

    #[test]
    fn it_is_in_training_mode_unless_something_says_otherwise() {
        let layer = Pipeline::new([Dropout::new(0.5).into()]);
        let x = Tensor::ones((1, 64), DType::F32, &Device::Cpu).unwrap();
        let zeros =
            |y: Tensor| y.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().filter(|y| **y == 0.0).count();
        assert!(zeros(layer.call(&x).unwrap()) > 0);
        assert_eq!(zeros(layer.call_with(&x, Call::new().training(false)).unwrap()), 0);
        let (y, _) = run(&layer, &[x], &[], &mut Context::inference()).unwrap();
        assert_eq!(zeros(y[0].clone()), 0);
    }

    #[test]
    fn masks_are_those_of_the_last_layer() {
        let layer = Pipeline::new([Embedding::new(9, 4).mask_zero(true).into(), Dense::new(2).into()]);
        layer.call(Input::shape([3]));
        let ids = Tensor::new(&[[3u32, 0, 1]], &Device::Cpu).unwrap();
        let (_, masks) = run(&layer, &[ids], &[None], &mut Context::inference()).unwrap();
        assert_eq!(masks[0].as_ref().unwrap().to_vec2::<u8>().unwrap(), [[1, 0, 1]]);
    }
}
