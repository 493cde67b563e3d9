//! Operations on symbolic tensors: `&x * 2.0 + &y`, `ops::exp(&x)`. Keras: `keras.Operation`.

use crate::call::{Call, CallArguments};
use crate::config_array;
use crate::shape::by_trying;
use crate::symbolic::{KerasTensor, call_for};
use crate::{Base, Config, Context, Declared, Described, Layer, Shape, TensorSpec};
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Index, Key, Operand, Operation, Result, json};
use serde_json::{Map, Number, Value, json};
use std::borrow::Borrow;
use std::panic::Location;
use std::sync::Arc;

/// A function of `ops` as a layer of a model: the result of an operator on a symbolic tensor.
///
/// ```
/// use candle_keras_layers::Input;
/// use candle_keras_ops as ops;
/// let (x, y) = (Input::shape([3]), Input::shape([3]));
/// let z = ops::exp(&(&x * 2.0 + &y));
/// assert_eq!(format!("{z:?}"), "<KerasTensor exp[0][0], shape=(None, 3)>");
/// ```
#[derive(Debug, Clone)]
pub struct OperationLayer {
    base: Base,
    class_name: String,
    operation: Operation,
    arguments: Vec<Argument>,
}

/// An operand: a symbolic tensor, or a constant.
#[derive(Debug, Clone)]
pub enum Argument {
    /// The next input of the layer.
    Input,
    /// A number, which takes the dtype of the other operand where possible.
    Number(Number),
    /// An array.
    Array(Tensor),
}

impl OperationLayer {
    /// The operation on these operands.
    ///
    /// # Errors
    /// If the number of operands is wrong.
    pub fn new(operation: Operation, arguments: Vec<Argument>) -> Result<Self> {
        let (class_name, _) = operation.keras();
        Self::with_base(Base::new(&class_name), class_name, operation, arguments)
    }

    fn with_base(base: Base, class_name: String, operation: Operation, arguments: Vec<Argument>) -> Result<Self> {
        if !operation.operands().contains(&arguments.len()) {
            return Err(Error::new(format!("{class_name} does not take this many operands"))
                .expected(format!("{:?}", operation.operands()))
                .received(arguments.len().to_string()));
        }
        Ok(Self { base, class_name, operation, arguments })
    }

    /// The layer that Keras describes by a class of `keras.src.ops`, its config and the arguments of its one call.
    ///
    /// # Errors
    /// If there is no such operation, or an argument is not a tensor, number or array.
    pub fn from_keras(class_name: &str, config: &Config, call: &Config) -> Result<Self> {
        if !Operation::CLASSES.contains(&class_name) {
            return Err(Error::unknown("operation", class_name, Operation::CLASSES));
        }
        let name = config["name"].as_str().unwrap_or(class_name).to_string();
        let args = call["args"].as_array().cloned().unwrap_or_default();
        if !config.is_object() {
            return Err(Error::new("the operation has no configuration").received(config.to_string()));
        }
        let mut config = config.clone();
        if let ("GetItem", [_, key]) = (class_name, args.as_slice()) {
            let key = match key {
                Value::Array(parts) => parts.iter().map(index).collect::<Result<Vec<_>>>()?,
                one => vec![index(one)?],
            };
            config["key"] = json::to_value(&key)?;
        }
        let operation = Operation::from_keras(class_name, &config).map_err(|cause| {
            Error::new(format!("the operation {class_name} cannot be made from its configuration"))
                .received(cause.to_string())
        })?;
        let operands = match (&operation, args.as_slice()) {
            (Operation::GetItem { .. }, [operand, ..]) => vec![operand.clone()],
            (Operation::Concatenate { .. } | Operation::Stack { .. }, [Value::Array(list), ..]) => list.clone(),
            _ => args,
        };
        let arguments = operands.iter().map(argument).collect::<Result<_>>()?;
        Self::with_base(Base::named(name), class_name.into(), operation, arguments)
    }

    /// The operands, with the inputs and constants in their places.
    fn operands(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let mut inputs = inputs.iter();
        let (device, float) =
            inputs.as_slice().first().map_or((Device::Cpu, DType::F32), |x| (x.device().clone(), x.dtype()));
        let operand = |argument: &Argument| -> Result<Tensor> {
            Ok(match argument {
                Argument::Input => inputs.next().cloned().ok_or_else(|| Error::new("an operand is missing"))?,
                Argument::Number(number) => {
                    Tensor::new(number.as_f64().unwrap_or_default(), &device)?.to_dtype(dtype_of(number, float))?
                }
                Argument::Array(array) => array.to_device(&device)?,
            })
        };
        self.arguments.iter().map(operand).collect()
    }

    /// The shapes and dtypes of the [operands](Self::operands).
    fn operand_specs(&self, inputs: &[(Vec<usize>, DType)]) -> Result<Vec<(Vec<usize>, DType)>> {
        let mut inputs = inputs.iter();
        let first = inputs.as_slice().first().map_or(DType::F32, |(_, dtype)| *dtype);
        let spec = |argument: &Argument| match argument {
            Argument::Input => inputs.next().cloned().ok_or_else(|| Error::new("an operand is missing")),
            Argument::Number(number) => Ok((Vec::new(), dtype_of(number, first))),
            Argument::Array(array) => Ok((array.dims().to_vec(), array.dtype())),
        };
        self.arguments.iter().map(spec).collect()
    }
}

/// The dtype of a number beside a tensor: an integer takes any dtype; a fraction makes integers f32.
fn dtype_of(number: &Number, tensor: DType) -> DType {
    if number.is_f64() && !tensor.is_float() { DType::F32 } else { tensor }
}

/// An operand in Keras's form.
fn argument(value: &Value) -> Result<Argument> {
    let unknown = || Error::new("an operand is neither a tensor nor a constant").received(value.to_string());
    match (value, value["class_name"].as_str()) {
        (Value::Number(number), _) => Ok(Argument::Number(number.clone())),
        (Value::Bool(bool), _) => Ok(Argument::Number(Number::from(u8::from(*bool)))),
        (Value::String(_), _) => self::number(json::as_f64(value).ok_or_else(unknown)?),
        (_, Some("__keras_tensor__")) => Ok(Argument::Input),
        _ => config_array::from_config(value).unwrap_or_else(|| Err(unknown())).map(Argument::Array),
    }
}

/// A part of a key in Keras's form.
fn index(value: &Value) -> Result<Index> {
    let wrong = || Error::new("a part of a key is not an index or a slice").received(value.to_string());
    match (value, value["class_name"].as_str()) {
        (Value::Null, _) => Ok(Index::NewAxis),
        (Value::Number(number), _) => Ok(Index::At(number.as_i64().ok_or_else(wrong)?)),
        (_, Some("__ellipsis__")) => Ok(Index::Ellipsis),
        (_, Some("__slice__")) => {
            let part = |name: &str| match &value["config"][name] {
                Value::Null => Ok(None),
                part => part.as_i64().map(Some).ok_or_else(wrong),
            };
            Ok(Index::Slice { start: part("start")?, stop: part("stop")?, step: part("step")? })
        }
        _ => Err(wrong()),
    }
}

fn index_config(index: &Index) -> Config {
    match index {
        Index::At(at) => json!(at),
        Index::NewAxis => Value::Null,
        Index::Ellipsis => json!({"class_name": "__ellipsis__", "config": {}}),
        Index::Slice { start, stop, step } => {
            json!({"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}})
        }
    }
}

impl Declared for OperationLayer {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Described for OperationLayer {
    fn class_name(&self) -> &str {
        &self.class_name
    }

    fn config(&self) -> Result<Config> {
        let mut config = Map::from_iter([("name".to_string(), json!(self.base.name()))]);
        config.extend(self.operation.keras().1);
        config.remove("key"); // which Keras has among the arguments of the call
        Ok(config.into())
    }
}

impl Layer for OperationLayer {
    fn module(&self) -> &str {
        self.operation.module()
    }

    fn is_saved(&self) -> bool {
        false
    }

    fn call_args(&self, tensors: Vec<Config>) -> Vec<Config> {
        let mut tensors = tensors.into_iter();
        let mut operands: Vec<Config> = Vec::new();
        for argument in &self.arguments {
            operands.push(match argument {
                Argument::Input => tensors.next().unwrap_or_default(),
                Argument::Number(number) => json!(number),
                Argument::Array(array) => config_array::to_config(array, "__tensor__").unwrap_or_default(),
            });
        }
        match &self.operation {
            Operation::GetItem { key } => operands.push(key.iter().map(index_config).collect()),
            Operation::Concatenate { .. } | Operation::Stack { .. } => operands = vec![operands.into()],
            _ => {}
        }
        operands
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let inputs: Vec<_> = inputs.iter().map(|shape| TensorSpec::new(shape.clone(), DType::F32)).collect();
        let outputs = self.compute_output_spec(&inputs, &CallArguments::new())?;
        Ok(outputs.into_iter().map(|output| output.shape).collect())
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        let output = by_trying(inputs, |inputs| {
            let (shapes, dtypes): (Vec<_>, Vec<_>) = self.operand_specs(inputs)?.into_iter().unzip();
            let shapes: Vec<&[usize]> = shapes.iter().map(Vec::as_slice).collect();
            Ok((self.operation.output_shape(&shapes)?, self.operation.output_dtype(&dtypes)?))
        })?;
        Ok(vec![output])
    }

    /// An operation computes in the dtypes of its operands.
    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![self.operation.run(&self.operands(inputs)?)?])
    }

    /// Keras loses the mask here silently.
    fn supports_masking(&self) -> bool {
        true
    }

    fn compute_mask(&self, _: &[Tensor], _: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None])
    }
}

/// Calls the operation on symbolic tensors and constants.
fn operate(
    operation: Operation,
    arguments: Result<Vec<Argument>>,
    inputs: Vec<KerasTensor>,
    location: &'static Location<'static>,
) -> KerasTensor {
    match arguments.and_then(|arguments| OperationLayer::new(operation, arguments)) {
        Ok(layer) => {
            let [output] = call_for(Arc::new(layer), Ok(inputs.into()), Call::new(), location);
            output
        }
        Err(error) => KerasTensor::failed(error, location),
    }
}

impl Operand for KerasTensor {
    type Output = KerasTensor;

    #[track_caller]
    fn operate(operation: Operation, operands: &[&Self]) -> Self {
        let inputs = operands.iter().map(|&tensor| tensor.clone()).collect();
        operate(operation, Ok(vec![Argument::Input; operands.len()]), inputs, Location::caller())
    }
}

impl AsRef<KerasTensor> for KerasTensor {
    fn as_ref(&self) -> &KerasTensor {
        self
    }
}

/// A number as an operand; one that is not finite, which JSON does not have, as an array.
fn number(value: f64) -> Result<Argument> {
    match Number::from_f64(value) {
        Some(number) => Ok(Argument::Number(number)),
        None => Ok(Argument::Array(Tensor::new(value as f32, &Device::Cpu)?)),
    }
}

/// The operators: of two symbolic tensors, or of one and a number on either side.
macro_rules! operators {
    ($($trait:ident::$method:ident = $operation:expr;)*) => {
        $(
            operators! { @on KerasTensor, $trait, $method, $operation }
            operators! { @on &KerasTensor, $trait, $method, $operation }
        )*
    };
    (@on $tensor:ty, $trait:ident, $method:ident, $operation:expr) => {
        impl<B: Borrow<KerasTensor>> std::ops::$trait<B> for $tensor {
            type Output = KerasTensor;

            #[track_caller]
            fn $method(self, other: B) -> KerasTensor {
                KerasTensor::operate($operation, &[&self.clone(), other.borrow()])
            }
        }

        impl std::ops::$trait<f64> for $tensor {
            type Output = KerasTensor;

            #[track_caller]
            fn $method(self, other: f64) -> KerasTensor {
                let arguments = number(other).map(|number| vec![Argument::Input, number]);
                operate($operation, arguments, vec![self.clone()], Location::caller())
            }
        }

        impl std::ops::$trait<$tensor> for f64 {
            type Output = KerasTensor;

            #[track_caller]
            fn $method(self, other: $tensor) -> KerasTensor {
                let arguments = number(self).map(|number| vec![number, Argument::Input]);
                operate($operation, arguments, vec![other.clone()], Location::caller())
            }
        }
    };
}

operators! {
    Add::add = Operation::Add {};
    Sub::sub = Operation::Subtract {};
    Mul::mul = Operation::Multiply {};
    Div::div = Operation::TrueDivide {};
}

impl std::ops::Neg for KerasTensor {
    type Output = KerasTensor;

    #[track_caller]
    fn neg(self) -> KerasTensor {
        KerasTensor::operate(Operation::Negative {}, &[&self])
    }
}

impl std::ops::Neg for &KerasTensor {
    type Output = KerasTensor;

    #[track_caller]
    fn neg(self) -> KerasTensor {
        KerasTensor::operate(Operation::Negative {}, &[self])
    }
}

/// Comparisons of symbolic tensors with a tensor or a number: 1 where they are true, else 0. Python has operators for these, Rust's return
/// a `bool`.
macro_rules! comparisons {
    ($($(#[$doc:meta])* $method:ident = $operation:expr;)*) => {
        impl KerasTensor {
            $(
                $(#[$doc])*
                #[track_caller]
                pub fn $method(&self, other: impl Into<Comparand>) -> KerasTensor {
                    let location = Location::caller();
                    match other.into() {
                        Comparand::Tensor(other) => {
                            operate($operation, Ok(vec![Argument::Input; 2]), vec![self.clone(), other], location)
                        }
                        Comparand::Number(other) => {
                            let arguments = number(other).map(|number| vec![Argument::Input, number]);
                            operate($operation, arguments, vec![self.clone()], location)
                        }
                    }
                }
            )*
        }
    };
}

comparisons! {
    /// Python: `x > other`.
    gt = Operation::Greater {};
    /// Python: `x >= other`.
    ge = Operation::GreaterEqual {};
    /// Python: `x < other`.
    lt = Operation::Less {};
    /// Python: `x <= other`.
    le = Operation::LessEqual {};
    /// `x == other` of NumPy, element by element.
    equal = Operation::Equal {};
    /// `x != other` of NumPy, element by element.
    not_equal = Operation::NotEqual {};
    /// To a power. Python: `x ** exponent`.
    pow = Operation::Power {};
}

/// What a symbolic tensor is compared with.
#[derive(Debug, Clone)]
pub enum Comparand {
    /// A symbolic tensor.
    Tensor(KerasTensor),
    /// A number.
    Number(f64),
}

impl From<f64> for Comparand {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&KerasTensor> for Comparand {
    fn from(tensor: &KerasTensor) -> Self {
        Self::Tensor(tensor.clone())
    }
}

impl From<KerasTensor> for Comparand {
    fn from(tensor: KerasTensor) -> Self {
        Self::Tensor(tensor)
    }
}

impl KerasTensor {
    /// A part of it, by a part of the key for each axis. Python: `x[:, 0]` is `x.get((.., 0))`, and `x[:, -1:]` `x.get((.., -1..))`.
    ///
    /// ```
    /// use candle_keras_layers::Input;
    /// let x = Input::shape([5, 8]);
    /// assert_eq!(x.get((.., 0)).shape()?.to_string(), "(None, 8)");
    /// assert_eq!(x.get((.., 1..3, ..2)).shape()?.to_string(), "(None, 2, 2)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    #[track_caller]
    pub fn get(&self, key: impl Into<Key>) -> KerasTensor {
        KerasTensor::operate(Operation::GetItem { key: key.into().0 }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, run};
    use candle_keras_ops as ops;

    fn value(layer: &dyn Layer, inputs: &[Tensor]) -> Vec<f32> {
        let (outputs, _) = run(layer, inputs, &vec![None; inputs.len()], &mut Context::inference()).unwrap();
        outputs[0].flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn operators_are_layers() {
        let (x, y) = (Input::shape([2]), Input::shape([2]));
        let data =
            [Tensor::new(&[[1f32, 2.]], &Device::Cpu).unwrap(), Tensor::new(&[[4f32, 8.]], &Device::Cpu).unwrap()];
        let of_two = |z: KerasTensor| value(&**z.output().unwrap().node().layer(), &data);
        let of_one = |z: KerasTensor| value(&**z.output().unwrap().node().layer(), &data[..1]);
        assert_eq!(of_two(&x + &y), [5., 10.]);
        assert_eq!(of_two(&y / &x), [1. / 4., 2. / 8.]); // the data goes in the order of the operands
        assert_eq!(of_one(2.0 - &x), [1., 0.]);
        assert_eq!(of_one(&x * 3.0), [3., 6.]);
        assert_eq!(of_one(-&x), [-1., -2.]);
        assert_eq!(of_one(x.pow(2.0)), [1., 4.]);
        assert_eq!(of_one(ops::get_item(&x, [Index::from(..), 1.into()])), [2.]);
        assert_eq!((&x * 2.0).output().unwrap().node().layer().layer_name(), "multiply_1");
        assert_eq!((&x * (&y + 1.0)).shape().unwrap().to_string(), "(None, 2)");
    }

    #[test]
    fn shapes_are_found_by_trying() {
        let x = Input::shape([None, Some(3)]);
        let shape = |z: KerasTensor| z.shape().unwrap().to_string();
        assert_eq!(shape(ops::mean(&x, -1)), "(None, None)");
        assert_eq!(shape(ops::get_item(&x, [Index::from(..), 7.into()])), "(None, 3)");
        assert_eq!(shape(ops::reshape(&x, [-1, 6])), "(None, 6)");
        assert_eq!(shape(ops::stack(&[&x, &x], 1)), "(None, 2, None, 3)");
        let error = (&x + &Input::shape([2, 2])).shape().unwrap_err().to_string();
        assert!(error.starts_with("layer \"add\" (Add)"), "{error}");
    }

    #[test]
    fn the_form_is_that_of_keras() {
        let x = Input::shape([4]);
        let z = ops::get_item(&x, [Index::Ellipsis, Index::Slice { start: None, stop: Some(2), step: None }]);
        let layer = z.output().unwrap().node().layer();
        let tensor = json!({"class_name": "__keras_tensor__", "config": {}});
        let call = layer.call_args(vec![tensor.clone()]);
        assert_eq!(call[1][0], json!({"class_name": "__ellipsis__", "config": {}}));
        assert_eq!((layer.module(), layer.get_config().unwrap()), ("keras.src.ops.numpy", json!({"name": "get_item"})));
        let again =
            OperationLayer::from_keras("GetItem", &layer.get_config().unwrap(), &json!({"args": call})).unwrap();
        assert_eq!(again.operation, Operation::GetItem { key: vec![Index::Ellipsis, Index::from(..2)] });
        let array = json!({"class_name": "__tensor__", "config": {"value": [[1, 2], [3, 4]], "dtype": "float32"}});
        let call = json!({"args": [array, tensor], "kwargs": {}});
        let add = OperationLayer::from_keras("Add", &json!({"name": "a"}), &call).unwrap();
        assert_eq!(add.call_args(vec![call[1].clone()])[0]["config"]["value"][1][0], json!(3.0));
        assert_eq!(value(&add, &[Tensor::ones((1, 2), DType::F32, &Device::Cpu).unwrap()]), [2., 3., 4., 5.]);
        let error = OperationLayer::from_keras("Sqrrt", &json!({}), &call).unwrap_err().to_string();
        assert!(error.contains("did you mean \"Sqrt\"?"), "{error}");
        for args in [json!(["x"]), json!([{"class_name": "__tensor__", "config": {"value": [[1], 2]}}, 1]), json!([1])]
        {
            assert!(OperationLayer::from_keras("Add", &json!({}), &json!({"args": args})).is_err());
        }
    }
}
