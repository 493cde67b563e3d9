//! Operations on symbolic tensors: `&x * 2.0 + &y`, `ops::exp(&x)`. Keras: `keras.Operation`.

use crate::call::{Call, CallArguments};
use crate::config_array;
use crate::shape::by_trying;
use crate::symbolic::{KerasTensor, call_for_list};
use crate::{Base, Config, Context, Declared, Described, Layer, Shape, TensorSpec};
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::functions::classes;
use candle_keras_ops::operations::{
    Add, Equal, GetItem, Greater, GreaterEqual, Less, LessEqual, Multiply, Negative, NotEqual, Power, Subtract,
    TrueDivide,
};
use candle_keras_ops::{Error, Key, Operand, Operation, Result, Spec, json, to_device};
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
    /// An operand that is not given. Python: `None`.
    Absent,
}

impl OperationLayer {
    /// The operation on these operands.
    ///
    /// # Errors
    /// If the number of operands is wrong.
    pub fn new(operation: impl Into<Operation>, arguments: Vec<Argument>) -> Result<Self> {
        let operation = operation.into();
        Self::with_base(Base::new(operation.class().name), operation, arguments)
    }

    fn with_base(base: Base, operation: Operation, arguments: Vec<Argument>) -> Result<Self> {
        let required = arguments.iter().take(*operation.operands().start());
        if !operation.operands().contains(&arguments.len()) || required.clone().any(|x| matches!(x, Argument::Absent)) {
            return Err(Error::new(format!("{} does not take these operands", operation.class().name))
                .expected(format!("{:?}", operation.operands()))
                .received(arguments.len().to_string()));
        }
        Ok(Self { base, operation, arguments })
    }

    /// The layer that Keras describes by a class of `keras.src.ops`, its config and the [positional](Self::positional) arguments of its
    /// one call.
    ///
    /// # Errors
    /// If there is no such operation, or an argument is not a tensor, number or array.
    pub fn from_keras(class_name: &str, config: &Config, call: &Config) -> Result<Self> {
        let names = || classes().iter().map(|class| class.name).collect::<Vec<_>>();
        let class = classes().iter().find(|class| class.name == class_name);
        let class = class.ok_or_else(|| Error::unknown("operation", class_name, &names()))?;
        let name = config["name"].as_str().unwrap_or(class_name).to_string();
        let Value::Object(mut config) = config.clone() else {
            return Err(Error::new("the operation has no configuration").received(config.to_string()));
        };
        let mut args = Self::positional(class_name, call)["args"].as_array().cloned().unwrap_or_default();
        let first = match (class.takes_list, class.is_variadic) {
            (true, _) => 1,
            (_, true) => args.len(),
            _ => class.operands.len(),
        };
        let in_call = args.split_off(first.min(args.len()));
        config.extend(class.in_call.iter().map(|name| name.to_string()).zip(in_call));
        let operation = Operation::from_keras(class_name, &config).map_err(|cause| {
            Error::new(format!("the operation {class_name} cannot be made from its configuration"))
                .received(cause.to_string())
        })?;
        let operands = match (class.takes_list, args.as_slice()) {
            (true, [Value::Array(list)]) => list.clone(),
            _ => args,
        };
        let arguments = operands.iter().map(argument).collect::<Result<_>>()?;
        Self::with_base(Base::named(name), operation, arguments)
    }

    /// The call of an operation of this class with all arguments by position.
    pub fn positional(class_name: &str, call: &Config) -> Config {
        let class = classes().iter().find(|class| class.name == class_name);
        let (Some(class), Some(named)) = (class, call["kwargs"].as_object().filter(|named| !named.is_empty())) else {
            return call.clone();
        };
        let mut args = call["args"].as_array().cloned().unwrap_or_default();
        for name in class.operands.iter().chain(class.in_call).skip(args.len()) {
            args.push(named.get(*name).cloned().unwrap_or_default());
        }
        json!({"args": args, "kwargs": {}})
    }

    /// The operands, with the inputs and constants in their places.
    fn operands(&self, inputs: &[Tensor]) -> Result<Vec<Option<Tensor>>> {
        let mut inputs = inputs.iter();
        let (device, float) =
            inputs.as_slice().first().map_or((Device::Cpu, DType::F32), |x| (x.device().clone(), x.dtype()));
        let operand = |argument: &Argument| -> Result<Option<Tensor>> {
            Ok(Some(match argument {
                Argument::Input => inputs.next().cloned().ok_or_else(|| Error::new("an operand is missing"))?,
                Argument::Number(number) => {
                    let tensor = Tensor::new(number.as_f64().unwrap_or_default(), &Device::Cpu)?;
                    to_device(&tensor.to_dtype(dtype_of(number, float))?, &device)?
                }
                Argument::Array(array) => to_device(array, &device)?,
                Argument::Absent => return Ok(None),
            }))
        };
        self.arguments.iter().map(operand).collect()
    }

    /// The shapes and dtypes of the [operands](Self::operands).
    fn operand_specs(&self, inputs: &[Spec]) -> Result<Vec<Option<Spec>>> {
        let mut inputs = inputs.iter();
        let first = inputs.as_slice().first().map_or(DType::F32, |input| input.dtype);
        let spec = |argument: &Argument| match argument {
            Argument::Input => inputs.next().cloned().map(Some).ok_or_else(|| Error::new("an operand is missing")),
            Argument::Number(number) => Ok(Some(Spec::new([], dtype_of(number, first)))),
            Argument::Array(array) => Ok(Some(Spec::of(array))),
            Argument::Absent => Ok(None),
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
        (Value::Null, _) => Ok(Argument::Absent),
        (Value::Array(_), _) => {
            let list = json!({"class_name": "__numpy__", "config": {"value": value, "dtype": dtype_of_list(value)}});
            config_array::from_config(&list).unwrap_or_else(|| Err(unknown())).map(Argument::Array)
        }
        (_, Some("__keras_tensor__")) => Ok(Argument::Input),
        _ => config_array::from_config(value).unwrap_or_else(|| Err(unknown())).map(Argument::Array),
    }
}

/// Python's dtype of a list of numbers.
fn dtype_of_list(value: &Value) -> &'static str {
    match value {
        Value::Array(items) if items.iter().all(|item| dtype_of_list(item) == "int32") => "int32",
        Value::Number(number) if !number.is_f64() => "int32",
        _ => "float32",
    }
}

impl Declared for OperationLayer {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Described for OperationLayer {
    fn class_name(&self) -> &str {
        self.operation.class().name
    }

    fn config(&self) -> Result<Config> {
        let mut config = Map::from_iter([("name".to_string(), json!(self.base.name()))]);
        config.extend(self.operation.config().0);
        Ok(config.into())
    }
}

impl Layer for OperationLayer {
    fn module(&self) -> &str {
        self.operation.class().module.path()
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
                Argument::Absent => Config::Null,
            });
        }
        if self.operation.class().takes_list {
            operands = vec![operands.into()];
        }
        operands.extend(self.operation.config().1);
        operands
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let inputs: Vec<_> = inputs.iter().map(|shape| TensorSpec::new(shape.clone(), DType::F32)).collect();
        let outputs = self.compute_output_spec(&inputs, &CallArguments::new())?;
        Ok(outputs.into_iter().map(|output| output.shape).collect())
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        by_trying(inputs, |inputs| {
            let operands = self.operand_specs(inputs)?;
            Ok(self.operation.infer(&operands.iter().map(Option::as_ref).collect::<Vec<_>>())?)
        })
    }

    fn takes_scalars(&self) -> bool {
        true
    }

    /// An operation computes in the dtypes of its operands.
    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let operands = self.operands(inputs)?;
        Ok(self.operation.run(&operands.iter().map(Option::as_ref).collect::<Vec<_>>())?)
    }

    /// Keras loses the mask here silently.
    fn supports_masking(&self) -> bool {
        true
    }

    fn compute_mask(&self, _: &[Tensor], _: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        Ok(vec![None; self.operation.outputs(self.arguments.len())])
    }
}

/// The outputs of the operation on symbolic tensors and constants; each of them carries the error if there is one.
fn apply(
    operation: Operation,
    arguments: Result<Vec<Argument>>,
    inputs: Vec<KerasTensor>,
    location: &'static Location<'static>,
) -> Vec<KerasTensor> {
    let outputs = operation.outputs(inputs.len());
    match arguments.and_then(|arguments| OperationLayer::new(operation, arguments)) {
        Ok(layer) => call_for_list(Arc::new(layer), Ok(inputs.into()), Call::new(), outputs, location),
        Err(error) => vec![KerasTensor::failed(error, location); outputs],
    }
}

/// [`apply`] for an operation with one output.
fn operate(
    operation: impl Into<Operation>,
    arguments: Result<Vec<Argument>>,
    inputs: Vec<KerasTensor>,
    location: &'static Location<'static>,
) -> KerasTensor {
    KerasTensor::only(apply(operation.into(), arguments, inputs, location))
}

impl Operand for KerasTensor {
    type Output = KerasTensor;
    type Outputs<const N: usize> = [KerasTensor; N];
    type List = Vec<KerasTensor>;

    #[track_caller]
    fn apply(operation: Operation, operands: &[Option<&Self>]) -> Vec<Self> {
        let inputs = operands.iter().flatten().map(|&tensor| tensor.clone()).collect();
        let argument = |operand: &Option<&Self>| if operand.is_some() { Argument::Input } else { Argument::Absent };
        apply(operation, Ok(operands.iter().map(argument).collect()), inputs, Location::caller())
    }

    fn only(list: Vec<Self>) -> Self {
        let [output] = Self::each(list);
        output
    }

    fn each<const N: usize>(list: Vec<Self>) -> [Self; N] {
        let wrong = Error::new("the operation has another number of outputs").expected(N.to_string());
        let failed = KerasTensor::failed(wrong.received(list.len().to_string()), Location::caller());
        list.try_into().unwrap_or_else(|_| std::array::from_fn(|_| failed.clone()))
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
    Add::add = Add {};
    Sub::sub = Subtract {};
    Mul::mul = Multiply {};
    Div::div = TrueDivide {};
}

impl std::ops::Neg for KerasTensor {
    type Output = KerasTensor;

    #[track_caller]
    fn neg(self) -> KerasTensor {
        KerasTensor::operate(Negative {}, &[&self])
    }
}

impl std::ops::Neg for &KerasTensor {
    type Output = KerasTensor;

    #[track_caller]
    fn neg(self) -> KerasTensor {
        KerasTensor::operate(Negative {}, &[self])
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
    gt = Greater {};
    /// Python: `x >= other`.
    ge = GreaterEqual {};
    /// Python: `x < other`.
    lt = Less {};
    /// Python: `x <= other`.
    le = LessEqual {};
    /// `x == other` of NumPy, element by element.
    equal = Equal {};
    /// `x != other` of NumPy, element by element.
    not_equal = NotEqual {};
    /// To a power. Python: `x ** exponent`.
    pow = Power {};
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
        KerasTensor::operate(GetItem { key: key.into() }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, run};
    use candle_keras_ops::{self as ops, Index};

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
        assert_eq!(again.operation, GetItem { key: [Index::Ellipsis, Index::from(..2)].into() }.into());
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
