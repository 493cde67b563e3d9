//! Lambda: a function as a layer. Keras: `keras.layers.Lambda`.

use crate::shape::by_running;
use crate::{
    Arguments, Base, CallArguments, Config, ConfigMap, Configure, Context, Declared, Described, Layer, Shape,
    TensorSpec, to_config, write_argument,
};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use serde_json::json;
use std::fmt;
use std::sync::Arc;

type Function = Arc<dyn Fn(&[Tensor]) -> candle_core::Result<Tensor> + Send + Sync>;

/// A function of tensors, without weights.
///
/// The functions of [`candle_keras_ops`] (`ops` in the facade) have checked gradients. Some of candle's own silently lose theirs: see
/// ARCHITECTURE.md.
///
/// Keras: `keras.layers.Lambda`.
///
/// # Shapes
/// Found by running the function on ones of two batch sizes; [`output_shape`](Self::output_shape) sets it instead.
///
/// # Example
/// ```
/// use candle_keras_layers::{Input, Lambda, Layer};
/// use candle_keras_ops as ops;
/// let mean = Lambda::new(|x| ops::mean(x, -1)).call(&Input::shape([1, 64]));
/// assert_eq!(mean.shape()?.to_string(), "(None, 1)");
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
#[derive(Clone)]
pub struct Lambda {
    base: Base,
    function: Option<Function>,
    output_shape: Option<Shape>,
}

impl Lambda {
    /// A function of one tensor.
    pub fn new(function: impl Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static) -> Self {
        Self::of_many(move |inputs| match inputs {
            [input] => function(input),
            inputs => {
                candle_core::bail!("the function takes one tensor, received {}; see Lambda::of_many", inputs.len())
            }
        })
    }

    /// A function of several tensors.
    pub fn of_many(function: impl Fn(&[Tensor]) -> candle_core::Result<Tensor> + Send + Sync + 'static) -> Self {
        Self { base: Base::new("Lambda"), function: Some(Arc::new(function)), output_shape: None }
    }

    /// A tensor that is the same for each sample, whatever the input is: positions, a mask. It has the batch size of the input.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_keras_layers::{Embedding, Input, Lambda, Layer};
    /// let positions = Tensor::arange(0i64, 20, &Device::Cpu)?;
    /// let positions = Lambda::constant(&positions).call(&Input::shape([20]));
    /// assert_eq!(Embedding::new(20, 8).call(&positions).shape()?.to_string(), "(None, 20, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub fn constant(value: &Tensor) -> Self {
        let value = value.clone();
        Self::new(move |x| {
            let sizes: Vec<usize> = std::iter::once(x.dim(0)?).chain(value.dims().iter().copied()).collect();
            value.broadcast_as(sizes)?.contiguous()
        })
    }

    /// This tensor as a symbolic one, whatever the input is: its shape has no batch size, so that it meets others as it would in NumPy.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_keras_layers::{Input, Lambda, Layer};
    /// let (x, mask) = (Input::shape([20, 20]), Tensor::ones((1, 20, 20), candle_core::DType::F32, &Device::Cpu)?);
    /// let mask = Lambda::value(&mask).call(&x);
    /// assert_eq!(mask.shape()?.to_string(), "(1, 20, 20)");
    /// assert_eq!((&x * &mask).shape()?.to_string(), "(None, 20, 20)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub fn value(value: &Tensor) -> Self {
        let value = value.clone();
        Self::new(move |_| Ok(value.clone()))
    }

    /// This layer from a configuration, with this function in place of the one in Python.
    pub fn from_config(&self, config: &Config) -> Result<Self> {
        let mut arguments = Arguments::new("Lambda", config.clone())?;
        Ok(Self { function: self.function.clone(), ..Self::read(&mut arguments)? })
    }

    /// The shape of the output without the batch size, where running the function on ones does not work. Keras: `output_shape=`.
    #[must_use]
    pub fn output_shape(mut self, shape: impl Into<Shape>) -> Self {
        self.output_shape = Some(shape.into());
        self
    }

    fn evaluate(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let function = self.function.as_ref().ok_or_else(|| {
            Error::new("the function of a Lambda cannot be read from a configuration")
                .help("make the layer with Lambda::new")
        })?;
        Ok(function(inputs)?)
    }
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lambda({})", self.base.name())
    }
}

impl Configure for Lambda {
    /// As for a Lambda of a named function in Keras: Python finds it by the name of the layer, in `custom_objects`.
    fn write(&self, config: &mut ConfigMap) -> Result<()> {
        let name = self.base.name();
        self.base.write(config)?;
        let function = json!({"module": "builtins", "class_name": "function", "config": name, "registered_name": name});
        write_argument(config, "function", &function)?;
        write_argument(config, "output_shape", &self.output_shape)?;
        write_argument(config, "arguments", &json!({}))
    }

    fn read(arguments: &mut Arguments) -> Result<Self> {
        let base = Base::read(arguments)?;
        // A shape that Keras computes with a function is found by running the layer's function.
        let output_shape = serde_json::from_value(arguments.optional("output_shape", Config::default)?).ok().flatten();
        Ok(Self { base, function: None, output_shape })
    }
}

impl Declared for Lambda {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Described for Lambda {
    fn class_name(&self) -> &str {
        "Lambda"
    }

    fn config(&self) -> Result<Config> {
        to_config(self)
    }
}

impl Layer for Lambda {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        if let Some(shape) = &self.output_shape {
            return Ok(vec![shape.batched()]);
        }
        let dtype = self.base.compute_dtype();
        let inputs: Vec<_> = inputs.iter().map(|shape| TensorSpec::new(shape.clone(), dtype)).collect();
        Ok(by_running(&inputs, |ones| Ok(vec![self.evaluate(ones)?]))?.into_iter().map(|output| output.shape).collect())
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        let dtype = self.base.compute_dtype();
        if let Some(shape) = &self.output_shape {
            return Ok(vec![TensorSpec::new(shape.batched(), dtype)]);
        }
        let cast = |input: &TensorSpec| {
            TensorSpec::new(input.shape.clone(), if input.dtype.is_float() { dtype } else { input.dtype })
        };
        let inputs: Vec<_> = inputs.iter().map(cast).collect();
        by_running(&inputs, |ones| Ok(vec![self.evaluate(ones)?]))
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![self.evaluate(inputs)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};
    use candle_keras_ops as ops;

    #[test]
    fn behaves_as_every_layer_must() {
        let check = || Check::inputs([[2, 3, 4]]).without_config();
        check_layer(|| Lambda::new(|x| ops::mean(x, -1)), check().output([2, 3]));
        check_layer(|| Lambda::new(|x| x.sqr()).name("square"), check().output([2, 3, 4]));
        let sum = || Lambda::of_many(|x| &x[0] + &x[1]);
        check_layer(sum, Check::inputs([[2, 3], [2, 3]]).without_config().output([2, 3]));
    }

    #[test]
    fn shapes_are_found_or_said() {
        let x = Input::shape([None, Some(4)]);
        let shape = |lambda: Lambda| lambda.call(&x).shape().unwrap().to_string();
        assert_eq!(shape(Lambda::new(|x| ops::sum(x, -1))), "(None, None)");
        assert_eq!(shape(Lambda::new(|x| ops::sum(x, 1)).output_shape([7])), "(None, 7)");
    }

    #[test]
    fn a_function_that_fails_is_an_error_with_the_name() {
        let error =
            Lambda::new(|x| ops::mean(x, 5)).name("far").call(Input::shape([2])).shape().unwrap_err().to_string();
        assert!(error.contains("layer \"far\" (Lambda): axis 5 is out of range"), "{error}");
        let config = Lambda::new(|x| x.sqr()).get_config().unwrap();
        let lambda = Lambda::read(&mut Arguments::new("Lambda", config).unwrap()).unwrap();
        assert!(lambda.evaluate(&[]).unwrap_err().to_string().contains("Lambda::new"));
    }
}
