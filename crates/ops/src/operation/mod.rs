//! Operations as values: functions of `keras.ops` that are applied to tensors now, and to symbolic tensors when a model runs.
//!
//! An operation is declared once, by a line of `operations!`: the class that files have, the function that users call, the arguments with
//! their defaults, what the output will be, and how it is computed.

mod arguments;
mod key;
mod parameter;
mod spec;

pub use arguments::{
    AxisList, Contraction, FrameWindow, Integers, Numbers, Order, PadWidth, SomeAxes, SomeDType, SomeIntegers,
    SomeName, Subscripts,
};
pub use key::{Index, Key};
pub use parameter::Parameter;
pub(crate) use parameter::shown;
pub use spec::Spec;
pub(crate) use spec::*;

use crate::device::{has_kernels, to_device};
use crate::lengths;
use crate::random::Stream;
use candle_core::{Device, Result, Tensor, bail};
use serde_json::{Map, Value};
use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// An argument of the functions of this crate: a tensor, or a symbolic tensor of a model under construction.
///
/// `ops::exp(&x)` is a tensor for a [`Tensor`], and a layer of the model for a symbolic tensor, as in Keras.
pub trait Operand: Sized {
    /// The output of an operation: a result for tensors; for symbolic tensors a symbolic tensor, which carries an error itself.
    type Output;
    /// Several outputs.
    type Outputs<const N: usize>;
    /// As many outputs as the arguments say.
    type List;

    /// The outputs of an operation on these operands; `None` stands for one that is not given.
    #[track_caller]
    fn apply(operation: Operation, operands: &[Option<&Self>]) -> Self::List;

    /// The one output of a list.
    fn only(list: Self::List) -> Self::Output;

    /// The outputs of a list, which has so many.
    fn each<const N: usize>(list: Self::List) -> Self::Outputs<N>;

    /// The output of an operation on these operands.
    #[track_caller]
    fn operate(operation: impl Into<Operation>, operands: &[&Self]) -> Self::Output {
        Self::only(Self::apply(operation.into(), &operands.iter().map(|&operand| Some(operand)).collect::<Vec<_>>()))
    }
}

impl Operand for Tensor {
    type Output = Result<Tensor>;
    type Outputs<const N: usize> = Result<[Tensor; N]>;
    type List = Result<Vec<Tensor>>;

    fn apply(operation: Operation, operands: &[Option<&Self>]) -> Result<Vec<Tensor>> {
        operation.run(operands)
    }

    fn only(list: Result<Vec<Tensor>>) -> Result<Tensor> {
        Self::each(list).map(|[output]| output)
    }

    fn each<const N: usize>(list: Result<Vec<Tensor>>) -> Result<[Tensor; N]> {
        let wrong = |list: Vec<Tensor>| candle_core::Error::Msg(format!("{} outputs, not {N}", list.len()));
        list?.try_into().map_err(wrong)
    }
}

/// Arguments of an operation by name, in Keras's form.
pub type Config = Map<String, Value>;

/// A class of operations with its arguments: what `operations!` implements.
pub trait Op: Debug + Send + Sync {
    /// What all operations of the class have in common.
    fn class(&self) -> &'static Class;
    /// The arguments.
    fn config(&self) -> Config;
    /// How many outputs it has.
    fn outputs(&self, operands: usize) -> usize;
    /// The outputs for operands of these shapes and dtypes.
    ///
    /// # Errors
    /// If they do not fit.
    fn infer(&self, operands: &[Option<&Spec>]) -> Result<Vec<Spec>>;
    /// Computes the outputs of operands that fit.
    ///
    /// # Errors
    /// Those of the computation.
    fn compute(&self, operands: &[Option<&Tensor>]) -> Result<Vec<Tensor>>;
}

/// What operations of one class have in common.
#[derive(Debug)]
pub struct Class {
    /// Keras's name of it.
    pub name: &'static str,
    /// The module of `keras.ops`.
    pub module: Module,
    /// The function of `keras.ops`.
    pub function: &'static str,
    /// Where it is computed.
    pub way: Way,
    /// The names of the operands; a list of operands has one name.
    pub operands: &'static [&'static str],
    /// How many of the operands may be missing.
    pub optional: usize,
    /// Whether it takes a list of operands.
    pub takes_list: bool,
    /// Whether it takes any number of operands, behind its arguments.
    pub is_variadic: bool,
    /// The arguments behind the operands, each with Keras's default in Rust, which is empty for a required one.
    pub arguments: &'static [[&'static str; 2]],
    /// The arguments that Keras passes to the call, behind the operands; it has the others in the configuration.
    pub in_call: &'static [&'static str],
    /// The operation with these arguments.
    pub(crate) read: fn(&Config) -> crate::Result<Operation>,
    /// An operation with any arguments.
    pub(crate) any: fn(&mut Stream) -> Operation,
}

/// A module of `keras.ops`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of Keras's modules")]
pub enum Module {
    Core,
    Linalg,
    Math,
    Nn,
    Numpy,
}

impl Module {
    /// The path of it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Core => "keras.src.ops.core",
            Self::Linalg => "keras.src.ops.linalg",
            Self::Math => "keras.src.ops.math",
            Self::Nn => "keras.src.ops.nn",
            Self::Numpy => "keras.src.ops.numpy",
        }
    }
}

/// Where and how operations are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a loop on the host; elsewhere by functions of candle.
    Loop,
    /// By functions of candle, on any device.
    Composition,
    /// By a loop on the host, where tensors of other devices are copied to and from.
    Host,
}

/// A function of tensors with its arguments: an object of a class of `keras.src.ops`, under Keras's name and with Keras's arguments.
///
/// ```
/// use candle_keras_ops::{Operation, Spec, DType, operations::Matmul};
/// let operands = [Spec::new([7, 2, 3], DType::F32), Spec::new([3, 5], DType::F32)];
/// let product = Operation::from(Matmul {}).infer(&[Some(&operands[0]), Some(&operands[1])])?;
/// assert_eq!(product[0].shape, [7, 2, 5]);
/// # Ok::<(), candle_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Operation(Arc<dyn Op>);

impl<O: Op + 'static> From<O> for Operation {
    fn from(op: O) -> Self {
        Self(Arc::new(op))
    }
}

impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        self.class().name == other.class().name && self.0.config() == other.0.config()
    }
}

impl Operation {
    /// The operation of this class with these arguments; unknown ones are refused, unless they say nothing.
    ///
    /// # Errors
    /// If there is no such class here, or an argument is missing, unknown or of another type.
    pub fn from_keras(class_name: &str, config: &Config) -> crate::Result<Self> {
        let classes = crate::functions::classes();
        let class = classes.iter().find(|class| class.name == class_name);
        let names = || classes.iter().map(|class| class.name).collect::<Vec<_>>();
        let class = class.ok_or_else(|| crate::Error::unknown("operation", class_name, &names()))?;
        let operation = (class.read)(config)?;
        let known = operation.0.config();
        let says_nothing = |value: &Value| {
            matches!(value, Value::Null | Value::Bool(false)) || value.as_array().is_some_and(Vec::is_empty)
        };
        let is_unknown = |(name, value): &(&String, &Value)| {
            !known.contains_key(*name) && !["name", "dtype"].contains(&name.as_str()) && !says_nothing(value)
        };
        match config.iter().find(is_unknown) {
            Some((name, _)) => {
                let known: Vec<&str> = known.keys().map(String::as_str).collect();
                Err(crate::Error::unknown(&format!("argument of {class_name}"), name, &known))
            }
            None => Ok(operation),
        }
    }

    /// An operation of this class with any arguments, fitting or not, of which about half are the defaults: for tests.
    #[doc(hidden)]
    pub fn any(class: &Class, random: &mut Stream) -> Self {
        let mut any = (class.any)(random);
        let mut config = any.0.config();
        for name in config.keys().cloned().collect::<Vec<_>>() {
            let value = config.shift_remove(&name).unwrap_or_default();
            match (class.read)(&config) {
                Ok(with_default) if random.below(2) == 0 => any = with_default,
                _ => drop(config.insert(name, value)),
            }
        }
        any
    }

    /// What it has in common with others of its class.
    pub fn class(&self) -> &'static Class {
        self.0.class()
    }

    /// The arguments that files have in the configuration, and those that they have in the call, in order.
    pub fn config(&self) -> (Config, Vec<Value>) {
        let mut config = self.0.config();
        let in_call = self.class().in_call.iter().filter_map(|name| config.shift_remove(*name)).collect();
        (config, in_call)
    }

    /// How many operands it takes.
    pub fn operands(&self) -> RangeInclusive<usize> {
        let class = self.class();
        let most = class.operands.len();
        if class.takes_list || class.is_variadic { 1..=usize::MAX } else { most - class.optional..=most }
    }

    /// How many outputs it has for so many operands.
    pub fn outputs(&self, operands: usize) -> usize {
        self.0.outputs(operands)
    }

    /// The shapes and dtypes of the outputs, computed from those of the operands, not tried: sizes may be anything, as those that a file
    /// declares are.
    ///
    /// # Errors
    /// If the number, shapes or dtypes of the operands do not fit, or an output has more elements than can be counted.
    pub fn infer(&self, operands: &[Option<&Spec>]) -> Result<Vec<Spec>> {
        let required = *self.operands().start();
        let missing = operands.iter().take(required).any(Option::is_none);
        if missing || !self.operands().contains(&operands.len()) {
            bail!("{} does not take {} operands", self.class().function, operands.iter().flatten().count())
        }
        let outputs = self.0.infer(operands)?;
        outputs.iter().try_for_each(|output| lengths::elements(&output.shape).map(drop))?;
        Ok(outputs)
    }

    /// Applies it.
    ///
    /// # Errors
    /// If the number, shapes or dtypes of the operands do not fit.
    pub fn run(&self, operands: &[Option<&Tensor>]) -> Result<Vec<Tensor>> {
        lengths::check(operands.iter().flatten().copied())?;
        let specs: Vec<Option<Spec>> = operands.iter().map(|x| x.map(Spec::of)).collect();
        let outputs = self.infer(&specs.iter().map(Option::as_ref).collect::<Vec<_>>())?;
        let mut elements = 0;
        for output in &outputs {
            elements += lengths::allocated(&output.shape, output.dtype)?;
        }
        let device = operands.iter().flatten().next().map_or(&Device::Cpu, |x| x.device());
        let dtypes = operands.iter().flatten().map(|x| x.dtype()).chain(outputs.iter().map(|y| y.dtype));
        if device.is_cuda() && !dtypes.into_iter().all(has_kernels) {
            let moved = |x: &Tensor, device: &Device| to_device(x, device).map_err(candle_core::Error::wrap);
            let operands = operands.iter().map(|x| x.map(|x| moved(x, &Device::Cpu)).transpose());
            let operands = operands.collect::<Result<Vec<_>>>()?;
            let computed = self.run(&operands.iter().map(Option::as_ref).collect::<Vec<_>>())?;
            return computed.iter().map(|y| moved(y, device)).collect();
        }
        if elements == 0 {
            return outputs.iter().map(|y| Tensor::zeros(y.shape.as_slice(), y.dtype, device)).collect();
        }
        let computed = self.0.compute(operands)?;
        let declared = |(y, spec): (Tensor, &Spec)| {
            if y.dims() != spec.shape {
                bail!("{} has the shape {:?}, not {:?}", self.class().function, y.dims(), spec.shape)
            }
            if y.dtype() == spec.dtype { Ok(y) } else { y.to_dtype(spec.dtype) }
        };
        computed.into_iter().zip(&outputs).map(declared).collect()
    }
}

/// One output, or a list of them.
pub(crate) trait IntoOutputs<T> {
    fn into_outputs(self) -> Result<Vec<T>>;
}

macro_rules! into_outputs {
    ($($type:ty),*) => {
        $(
            impl IntoOutputs<$type> for Result<$type> {
                fn into_outputs(self) -> Result<Vec<$type>> {
                    self.map(|one| vec![one])
                }
            }
            impl<const N: usize> IntoOutputs<$type> for Result<[$type; N]> {
                fn into_outputs(self) -> Result<Vec<$type>> {
                    self.map(Vec::from)
                }
            }
            impl IntoOutputs<$type> for Result<Vec<$type>> {
                fn into_outputs(self) -> Result<Vec<$type>> {
                    self
                }
            }
        )*
    };
}
into_outputs! { Spec, Tensor }

/// Declares operations: for each the class that files have, and the function of `keras.ops`.
///
/// `Class function(operands)[arguments]: inference => computation;` with
/// - operands: `(x, y)`, `(x; gamma)` with optional ones, a list `([xs])`, or any number: `(xs*)`, and `(*xs)` behind the arguments
/// - arguments in Keras's order with their defaults, those that Keras passes to the call marked `@call`
/// - `-> 2` if there are two outputs, `-> (|operands| count)` if their number follows from the arguments
/// - the inference: an expression of the [`Spec`]s of the operands
/// - the computation: one of the operands, whose result is cast to the dtype of the inference
macro_rules! operations {
    ($(#[$about:meta])* mod $group:ident: $module:ident, $way:ident; $(
        $(#[$doc:meta])*
        $class:ident $function:ident $operands:tt
        $([$($(@$place:ident)? $field:ident: $type:ty $(= $default:expr)?),* $(,)?])?
        $(-> $outputs:tt)?
        : $infer:expr => $compute:expr;
    )*) => {
        $(#[$about])*
        #[allow(unused_variables, unused_imports, non_snake_case, reason = "not all expressions use all arguments, which have Keras's names")]
        pub(in crate::functions) mod $group {
            use super::*;
            use $crate::operation::{Class, Config, IntoOutputs, Op, Operation, Parameter};

            $(
                #[doc = concat!("[`", stringify!($function), "`](super::", stringify!($function), ") as a value.")]
                #[derive(Debug, Clone)]
                pub struct $class {
                    $($(#[doc = concat!("Keras: `", stringify!($field), "`")] pub $field: $type),*)?
                }

                impl Op for $class {
                    fn class(&self) -> &'static Class {
                        &Self::CLASS
                    }

                    #[allow(unused_mut, reason = "there may be no arguments")]
                    fn config(&self) -> Config {
                        let mut config = Config::new();
                        $($(self.$field.write(stringify!($field), &mut config);)*)?
                        config
                    }

                    fn outputs(&self, operands: usize) -> usize {
                        let Self { $($($field),*)? } = self;
                        operations!(@count operands $($outputs)?)
                    }

                    fn infer(&self, operands: &[Option<&Spec>]) -> candle_core::Result<Vec<Spec>> {
                        let Self { $($($field),*)? } = self;
                        operations!(@bind operands $operands);
                        ($infer).into_outputs()
                    }

                    fn compute(&self, operands: &[Option<&Tensor>]) -> candle_core::Result<Vec<Tensor>> {
                        let Self { $($($field),*)? } = self;
                        operations!(@bind operands $operands);
                        ($compute).into_outputs()
                    }
                }

                impl $class {
                    const CLASS: Class = Class {
                        name: stringify!($class),
                        module: $crate::operation::Module::$module,
                        function: stringify!($function),
                        way: $crate::operation::Way::$way,
                        operands: operations!(@names $operands),
                        optional: operations!(@optional $operands),
                        takes_list: operations!(@is_list $operands),
                        is_variadic: operations!(@is_variadic $operands),
                        arguments: &[$($([stringify!($field), concat!($(stringify!($default))?)]),*)?],
                        in_call: &[$($($(operations!(@$place $field),)?)*)?],
                        read: $class::read,
                        any: $class::any,
                    };

                    fn read(config: &Config) -> $crate::Result<Operation> {
                        Ok(Operation::from(Self {
                            $($($field: {
                                #[allow(unused_mut, unused_assignments, reason = "there may be no default")]
                                let mut default: Option<$type> = None;
                                $(default = Some(<$type>::from($default));)?
                                <$type>::read_or(default, stringify!($class), stringify!($field), config)?
                            }),*)?
                        }))
                    }

                    fn any(random: &mut $crate::random::Stream) -> Operation {
                        Operation::from(Self { $($($field: <$type>::any(random)),*)? })
                    }
                }
            )*

            pub(in crate::functions) const CLASSES: &[&Class] = &[$(&$class::CLASS),*];
        }

        $(
            operations! {
                @function $operands ($($outputs)?)
                $(#[$doc])*
                #[doc = concat!("\n\nKeras: `", operations!(@path $module), stringify!($function), "`.")]
                $($(
                    #[doc = concat!("\n- `", stringify!($field), "`", $(": Keras's default is `", stringify!($default), "`",)? "")]
                )*)?
                $group $class $function [$($($field: $type),*)?]
            }
        )*
    };
    (@path Linalg) => { "keras.ops.linalg." };
    (@path $module:ident) => { "keras.ops." };
    (@call $field:ident) => { stringify!($field) };
    (@names ([$xs:ident])) => { &[stringify!($xs)] };
    (@names (* $xs:ident)) => { &[stringify!($xs)] };
    (@names ($xs:ident *)) => { &[stringify!($xs)] };
    (@names ($($x:ident),* $(; $($optional:ident),*)?)) => { &[$(stringify!($x),)* $($(stringify!($optional),)*)?] };
    (@optional ([$xs:ident])) => { 0 };
    (@optional (* $xs:ident)) => { 0 };
    (@optional ($xs:ident *)) => { 0 };
    (@optional ($($x:ident),* $(; $($optional:ident),*)?)) => {{
        const OPTIONAL: &[&str] = &[$($(stringify!($optional),)*)?];
        OPTIONAL.len()
    }};
    (@is_list ([$xs:ident])) => { true };
    (@is_list $other:tt) => { false };
    (@is_variadic (* $xs:ident)) => { true };
    (@is_variadic ($xs:ident *)) => { true };
    (@is_variadic $other:tt) => { false };
    (@count $operands:ident) => { 1 };
    (@count $operands:ident (|$n:ident| $count:expr)) => {{ let $n = $operands; $count }};
    (@count $operands:ident $count:literal) => { $count };
    (@bind $given:ident ([$xs:ident])) => {
        let $xs: Vec<_> = $given.iter().flatten().copied().collect();
        let $xs = $xs.as_slice();
    };
    (@bind $given:ident (* $xs:ident)) => { operations!(@bind $given ([$xs])); };
    (@bind $given:ident ($xs:ident *)) => { operations!(@bind $given ([$xs])); };
    (@bind $given:ident ($($x:ident),* $(; $($optional:ident),*)?)) => {
        let mut given = $given.iter().copied();
        $(let Some($x) = given.next().flatten() else {
            candle_core::bail!("the operand {} is missing", stringify!($x))
        };)*
        $($(let $optional = given.next().flatten();)*)?
    };
    (@function ([$xs:ident]) ($($outputs:tt)?) $(#[$doc:meta])* $group:ident $class:ident $function:ident [$($field:ident: $type:ty),*]) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $function<X: Operand, T: AsRef<X>>($xs: &[T] $(, $field: impl Into<$type>)*) -> operations!(@type X $($outputs)?) {
            let operands: Vec<Option<&X>> = $xs.iter().map(|x| Some(x.as_ref())).collect();
            operations!(@output X X::apply($group::$class { $($field: $field.into()),* }.into(), &operands) $(, $outputs)?)
        }
    };
    (@function ($xs:ident *) $($rest:tt)*) => { operations! { @function ([$xs]) $($rest)* } };
    (@function (* $xs:ident) ($($outputs:tt)?) $(#[$doc:meta])* $group:ident $class:ident $function:ident [$($field:ident: $type:ty),*]) => {
        $(#[$doc])*
        #[track_caller]
        pub fn $function<X: Operand, T: AsRef<X>>($($field: impl Into<$type>,)* $xs: &[T]) -> operations!(@type X $($outputs)?) {
            let operands: Vec<Option<&X>> = $xs.iter().map(|x| Some(x.as_ref())).collect();
            operations!(@output X X::apply($group::$class { $($field: $field.into()),* }.into(), &operands) $(, $outputs)?)
        }
    };
    (@function ($($x:ident),* $(; $($optional:ident),*)?) ($($outputs:tt)?) $(#[$doc:meta])* $group:ident $class:ident $function:ident [$($field:ident: $type:ty),*]) => {
        $(#[$doc])*
        #[track_caller]
        #[allow(clippy::too_many_arguments, reason = "they are Keras's")]
        pub fn $function<X: Operand>($($x: &X),* $($(, $optional: Option<&X>)*)? $(, $field: impl Into<$type>)*) -> operations!(@type X $($outputs)?) {
            let operands = &[$(Some($x)),* $($(, $optional)*)?];
            operations!(@output X X::apply($group::$class { $($field: $field.into()),* }.into(), operands) $(, $outputs)?)
        }
    };
    (@type $x:ident) => { $x::Output };
    (@type $x:ident (|$n:ident| $count:expr)) => { $x::List };
    (@type $x:ident $count:literal) => { $x::Outputs<$count> };
    (@output $x:ident $list:expr) => { $x::only($list) };
    (@output $x:ident $list:expr, ($($count:tt)*)) => { $list };
    (@output $x:ident $list:expr, $count:literal) => { $x::each($list) };
}
pub(crate) use operations;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions as ops;
    use crate::operations::*;
    use candle_core::{DType, Device};
    use serde_json::json;

    fn config(value: Value) -> Config {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn dtypes_are_promoted_as_in_keras() {
        let of = |dtype: DType| Tensor::ones(2, dtype, &Device::Cpu).unwrap();
        let cases = [
            (DType::I64, DType::F32, DType::F32),
            (DType::I64, DType::F16, DType::F16),
            (DType::U8, DType::I32, DType::I32),
            (DType::U32, DType::I32, DType::I64),
            (DType::F16, DType::BF16, DType::F32),
        ];
        for (a, b, expected) in cases {
            assert_eq!(ops::add(&of(a), &of(b)).unwrap().dtype(), expected, "{a:?} {b:?}");
            assert_eq!(ops::add(&of(b), &of(a)).unwrap().dtype(), expected, "{b:?} {a:?}");
        }
        assert_eq!(ops::divide(&of(DType::I64), &of(DType::I64)).unwrap().dtype(), DType::F32);
    }

    #[test]
    fn the_form_is_that_of_keras() {
        let mean = Operation::from(Mean { axis: crate::axes(-1).keepdims(true) });
        assert_eq!(Value::Object(mean.config().0), json!({"axis": -1, "keepdims": true}));
        let read = |class: &str, value: Value| Operation::from_keras(class, &config(value));
        let given = json!({"name": "mean_3", "axis": [0, 1], "keepdims": false});
        assert_eq!(read("Mean", given.clone()).unwrap(), Mean { axis: [0, 1].into() }.into());
        assert_eq!(read("Exp", json!({"name": "exp"})).unwrap(), Exp {}.into());
        assert_eq!(read("Softmax", json!({})).unwrap(), Softmax { axis: -1 }.into());
        assert!(read("Mean", json!({"axis": "x"})).is_err() && read("Reshape", json!({})).is_err());
        let error = read("Softmax", json!({"axsi": 1})).unwrap_err().to_string();
        assert!(error.contains("did you mean \"axis\"?"), "{error}");
        let error = read("Sqrrt", given).unwrap_err().to_string();
        assert!(error.contains("did you mean \"Sqrt\"?"), "{error}");
    }

    /// Files and users find an operation by these names.
    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = crate::functions::classes().iter().map(|class| class.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
