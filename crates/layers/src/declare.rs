//! Declares the arguments of a layer, or of another object, once: [`layer!`](crate::layer) and [`object!`](crate::object!) generate the
//! struct, `new`, the setters and the configuration from one list.

use crate::{Base, Config, Described};
use candle_keras_ops::{Error, Result, json};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A configuration under construction: arguments by name.
pub type ConfigMap = Map<String, Value>;

/// What [`layer!`](crate::layer) generates beside the arguments.
pub trait Declared: Described {
    /// What all layers share.
    fn base(&self) -> &Base;
}

/// What [`layer!`](crate::layer) generates for layers that can be copied.
pub trait WithBase: Declared + Clone {
    /// A new layer with the same arguments, and the name and weights of `base`.
    #[must_use]
    fn with_base(&self, base: Base) -> Self;
}

/// An object whose configuration is its arguments.
pub trait Configure: Sized {
    /// Writes the arguments to a configuration.
    ///
    /// # Errors
    /// If one cannot be written.
    fn write(&self, config: &mut ConfigMap) -> Result<()>;

    /// An object with these arguments; missing ones have their defaults.
    ///
    /// # Errors
    /// If a required one is missing, or one cannot be read.
    fn read(arguments: &mut Arguments) -> Result<Self>;
}

/// The arguments of a configuration, which are taken one by one.
#[derive(Debug)]
pub struct Arguments {
    class_name: String,
    values: ConfigMap,
}

impl Arguments {
    /// From a configuration.
    ///
    /// # Errors
    /// If it is not a map of arguments.
    pub fn new(class_name: &str, config: Config) -> Result<Self> {
        match config {
            Value::Object(values) => Ok(Self { class_name: class_name.into(), values }),
            other => {
                Err(Error::new(format!("the configuration of {class_name} is missing")).received(other.to_string()))
            }
        }
    }

    /// The class whose arguments they are.
    pub fn class_name(&self) -> &str {
        &self.class_name
    }

    fn error(&self, what: impl std::fmt::Display) -> Error {
        Error::new(format!("the configuration of {} {what}", self.class_name))
    }

    /// An argument, if it is there.
    ///
    /// # Errors
    /// If it does not have this type.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>> {
        let Some(value) = self.values.remove(name) else { return Ok(None) };
        json::from_value(&value).map(Some).map_err(|cause| self.unreadable(name, &value, &cause))
    }

    /// The same code for all types of arguments.
    fn unreadable(&self, name: &str, value: &Value, cause: &serde_json::Error) -> Error {
        let shown = value.to_string();
        let shown: String =
            if shown.chars().count() > 60 { shown.chars().take(60).chain("...".chars()).collect() } else { shown };
        self.error(format!("cannot be read: {cause}")).received(format!("{name} = {shown}"))
    }

    /// A required argument.
    ///
    /// # Errors
    /// If it is missing or null, or cannot be read.
    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        if self.values.get(name).is_none_or(Value::is_null) {
            return Err(self.error(format!("has no {name}")));
        }
        Ok(self.take(name)?.expect("the argument is there"))
    }

    /// An argument with a default.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str, default: impl FnOnce() -> T) -> Result<T> {
        Ok(self.take(name)?.unwrap_or_else(default))
    }

    /// An error if an argument is left that could change results.
    ///
    /// # Errors
    /// All arguments that are left, except null, false and empty ones.
    pub fn finish(self) -> Result<()> {
        let matters = |(name, value): &(&String, &Value)| match value {
            // Arguments that change nothing: names, dtypes of metrics, the last axis.
            _ if ["name", "dtype", "reduction"].contains(&name.as_str()) => false,
            Value::Null | Value::Bool(false) => false,
            Value::Array(items) => !items.is_empty(),
            Value::Object(map) => !map.is_empty(),
            value => *name != "axis" || **value != -1,
        };
        let unknown: Vec<_> =
            self.values.iter().filter(matters).map(|(name, value)| format!("{name} = {value}")).collect();
        match unknown.len() {
            0 => Ok(()),
            1 => Err(self.error("has an argument that is not known here").received(unknown.join(", "))),
            _ => Err(self.error("has arguments that are not known here").received(unknown.join(", "))),
        }
    }
}

/// An object from its configuration.
///
/// # Errors
/// If an argument is missing or invalid, or unknown here and not null, false or empty: no argument that could change results is ignored.
pub fn from_config<T: Configure>(class_name: &str, config: Config) -> Result<T> {
    let mut arguments = Arguments::new(class_name, config)?;
    let object = T::read(&mut arguments)?;
    arguments.finish()?;
    Ok(object)
}

/// The arguments of an object, as a configuration.
///
/// # Errors
/// If one cannot be written.
pub fn to_config(object: &impl Configure) -> Result<Config> {
    let mut config = Map::new();
    object.write(&mut config)?;
    Ok(config.into())
}

/// One argument, as a value of the configuration.
#[doc(hidden)]
pub fn write_argument(config: &mut ConfigMap, name: &str, value: &impl Serialize) -> Result<()> {
    config.insert(name.into(), json::to_value(value)?);
    Ok(())
}

/// Converts a default, as a setter converts what it is given.
#[doc(hidden)]
pub fn convert<T>(value: impl Into<T>) -> T {
    value.into()
}

/// Declares a layer: its required arguments in parentheses, in order; optional ones with their defaults in braces. It generates the struct
/// with a [`Base`], `new`, a setter for each optional argument, and both directions of the configuration. `impl Layer` adds what the layer
/// computes.
///
/// An `Option` is `None` by default. Private fields that are no arguments come with `let`. `..group: Group = ... => setters,` includes a
/// group of arguments that several layers share (`arguments!`, within this crate).
///
/// ```
/// use candle_keras_layers::{Context, Layer, Regularizer, Result, Shape, layer, single};
/// use candle_core::Tensor;
///
/// layer! {
///     /// Multiplies its input.
///     pub struct Factor(
///         /// By how much.
///         factor: f64,
///     ) {
///         /// What is added.
///         offset: f64 = 0.0,
///         /// A penalty.
///         penalty: Option<Regularizer>,
///     }
/// }
///
/// impl Layer for Factor {
///     fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
///         Ok(vec![single(inputs)?.clone()])
///     }
///
///     fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
///         Ok(vec![single(inputs)?.affine(self.factor, self.offset)?])
///     }
/// }
///
/// let layer = Factor::new(2.0).offset(1.0).penalty("l2").name("twice");
/// assert_eq!(layer.get_config()?["offset"], 1.0);
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
#[macro_export]
macro_rules! layer {
    ($(#[$meta:meta])* $vis:vis struct $name:ident ($($positional:tt)*) as $new:ident { $($fields:tt)* }) => {
        $crate::declare! { @positional [[$(#[$meta])*] [$vis] $name (pub(crate) $new) (base)] [] [] [$($positional)*] [$($fields)*] }
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident () { $($fields:tt)* }) => {
        $crate::declare! { @positional [[$(#[$meta])*] [$vis] $name (pub new) (base)] [] [] [] [$($fields)*] }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident ($($positional:tt)*) { $($fields:tt)* }) => {
        $crate::declare! { @positional [[$(#[$meta])*] [$vis] $name (pub new) (base)] [] [] [$($positional)*] [$($fields)*] }
    };
}

/// Declares an object that is not a layer, as [`layer!`](crate::layer) does: an initializer, a regularizer, a constraint, a loss.
#[macro_export]
macro_rules! object {
    ($(#[$meta:meta])* $vis:vis struct $name:ident () { $($fields:tt)* }) => {
        $crate::declare! { @positional [[$(#[$meta])*] [$vis] $name (pub new) ()] [] [] [] [$($fields)*] }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident ($($positional:tt)*) { $($fields:tt)* }) => {
        $crate::declare! { @positional [[$(#[$meta])*] [$vis] $name (pub new) ()] [] [] [$($positional)*] [$($fields)*] }
    };
}

/// Declares a group of arguments that several layers share, as [`layer!`](crate::layer) does, with the macro that generates its setters for
/// the layer.
///
/// `struct Group(...) as group_setters { ... }` makes `group_setters!(field)`, which `layer!` calls for `..field: Group = ... => group_setters,`.
macro_rules! arguments {
    ($(#[$meta:meta])* $vis:vis struct $name:ident () as $setters:ident { $($fields:tt)* }) => {
        $crate::object! { $(#[$meta])* $vis struct $name () { $($fields)* } }

        $crate::declare! { @fields [outer ($) $setters] [] [] [] [] [$($fields)*] }
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident ($($positional:tt)*) as $setters:ident { $($fields:tt)* }) => {
        $crate::declare! { @positional [[$(#[$meta])*] [$vis] $name (pub new) ()] [] [] [$($positional)*] [$($fields)*] }

        $crate::declare! { @fields [outer ($) $setters] [] [] [] [] [$($fields)*] }
    };
}

/// The common part of [`layer!`](crate::layer) and its kin. It goes through the arguments one by one and collects for each its type, the
/// type and the conversion of its setter, and its default.
#[doc(hidden)]
#[macro_export]
macro_rules! declare {
    // The required arguments: the parameters of `new`, and those that are fields.
    (@positional $head:tt [$($new:tt)*] $kept:tt [$(#[doc = $doc:literal])* let $name:ident: $type:ty $(, $($rest:tt)*)?] $fields:tt) => {
        $crate::declare! { @positional $head [$($new)* {[$($doc)*] $name [$type] [$type]}] $kept [$($($rest)*)?] $fields }
    };
    (@positional $head:tt [$($new:tt)*] [$($kept:tt)*] [$(#[doc = $doc:literal])* $name:ident: usize $(, $($rest:tt)*)?] $fields:tt) => {
        $crate::declare! { @positional $head [$($new)* {[$($doc)*] $name [usize] [usize]}] [$($kept)* {$name [usize]}] [$($($rest)*)?] $fields }
    };
    (@positional $head:tt [$($new:tt)*] [$($kept:tt)*] [$(#[doc = $doc:literal])* $name:ident: $type:ty $(, $($rest:tt)*)?] $fields:tt) => {
        $crate::declare! { @positional $head [$($new)* {[$($doc)*] $name [$type] [impl Into<$type>]}] [$($kept)* {$name [$type]}] [$($($rest)*)?] $fields }
    };
    (@positional $head:tt $new:tt $kept:tt [] $fields:tt) => {
        $crate::declare! { @fields $head [$new $kept] [] [] [] $fields }
    };

    // Private fields, and groups of arguments.
    (@fields $head:tt $p:tt $a:tt $g:tt [$($done:tt)*] [let $name:ident: $type:ty = $value:expr, $($rest:tt)*]) => {
        $crate::declare! { @fields $head $p $a $g [$($done)* {$name [$type] [$value]}] [$($rest)*] }
    };
    (@fields $head:tt $p:tt $a:tt [$($done:tt)*] $l:tt [.. $name:ident: $type:ty = $value:expr => $setters:ident, $($rest:tt)*]) => {
        $crate::declare! { @fields $head $p $a [$($done)* {$name [$type] [$value] $setters}] $l [$($rest)*] }
    };

    // The arguments with defaults. Integers are not converted, since the type of a literal could not be inferred.
    (@fields $head:tt $p:tt [$($done:tt)*] $g:tt $l:tt [$(#[$meta:meta])* $name:ident: Option<usize> = $value:expr, $($rest:tt)*]) => {
        $crate::declare! { @fields $head $p [$($done)* {[$(#[$meta])*] $name [Option<usize>] [usize] [Some($name)] [$value] [$value]}] $g $l [$($rest)*] }
    };
    (@fields $head:tt $p:tt [$($done:tt)*] $g:tt $l:tt [$(#[$meta:meta])* $name:ident: Option<$type:ty> = $value:expr, $($rest:tt)*]) => {
        $crate::declare! { @fields $head $p [$($done)* {[$(#[$meta])*] $name [Option<$type>] [impl Into<$type>] [Some($name.into())] [$value] [$value]}] $g $l [$($rest)*] }
    };
    (@fields $head:tt $p:tt [$($done:tt)*] $g:tt $l:tt [$(#[$meta:meta])* $name:ident: Option<usize>, $($rest:tt)*]) => {
        $crate::declare! { @fields $head $p [$($done)* {[$(#[$meta])*] $name [Option<usize>] [usize] [Some($name)] [None] []}] $g $l [$($rest)*] }
    };
    (@fields $head:tt $p:tt [$($done:tt)*] $g:tt $l:tt [$(#[$meta:meta])* $name:ident: Option<u64>, $($rest:tt)*]) => {
        $crate::declare! { @fields $head $p [$($done)* {[$(#[$meta])*] $name [Option<u64>] [impl Into<Option<u64>>] [$name.into()] [None] []}] $g $l [$($rest)*] }
    };
    (@fields $head:tt $p:tt [$($done:tt)*] $g:tt $l:tt [$(#[$meta:meta])* $name:ident: Option<$type:ty>, $($rest:tt)*]) => {
        $crate::declare! { @fields $head $p [$($done)* {[$(#[$meta])*] $name [Option<$type>] [impl Into<$type>] [Some($name.into())] [None] []}] $g $l [$($rest)*] }
    };
    (@fields $head:tt $p:tt [$($done:tt)*] $g:tt $l:tt [$(#[$meta:meta])* $name:ident: usize = $value:expr, $($rest:tt)*]) => {
        $crate::declare! { @fields $head $p [$($done)* {[$(#[$meta])*] $name [usize] [usize] [$name] [$value] [$value]}] $g $l [$($rest)*] }
    };
    (@fields $head:tt $p:tt [$($done:tt)*] $g:tt $l:tt [$(#[$meta:meta])* $name:ident: $type:ty = $value:expr, $($rest:tt)*]) => {
        $crate::declare! { @fields $head $p [$($done)* {[$(#[$meta])*] $name [$type] [impl Into<$type>] [$name.into()] [$crate::convert::<$type>($value)] [$value]}] $g $l [$($rest)*] }
    };

    // The setters of a group, for the layer that includes it.
    (@fields [outer ($d:tt) $setters:ident] $p:tt
        [$({[$($meta:tt)*] $a:ident [$type:ty] [$($parameter:tt)*] [$($value:tt)*] [$default:expr] [$($shown:expr)?]})*]
        [$({$g:ident [$group:ty] [$of_group:expr] $group_setters:ident})*] $l:tt []
    ) => {
        macro_rules! $setters {
            ($d field:ident) => {
                $(
                    $($meta)*
                    $(#[doc = concat!("\n\nDefault: `", stringify!($shown), "`.")])?
                    #[must_use]
                    pub fn $a(mut self, $a: $($parameter)*) -> Self {
                        self.before_setting(stringify!($a));
                        self.$d field = self.$d field.$a($a);
                        self
                    }
                )*
                $($group_setters! { $d field })*
            };
        }
        #[allow(unused_imports)]
        pub(crate) use $setters;
    };

    // What is generated from a list of arguments.
    (@fields [[$($meta:tt)*] [$vis:vis] $class:ident ($new_vis:vis $new:ident) ($($base:ident)?)]
        [[$({[$($doc:literal)*] $n:ident [$n_type:ty] [$($of_new:tt)*]})*] [$({$p:ident [$required:ty]})*]]
        [$({[$($a_meta:tt)*] $a:ident [$type:ty] [$($parameter:tt)*] [$($value:tt)*] [$default:expr] [$($shown:expr)?]})*]
        [$({$g:ident [$group:ty] [$of_group:expr] $setters:ident})*]
        [$({$l:ident [$private:ty] [$of_private:expr]})*] []
    ) => {
        $($meta)*
        #[derive(Clone, Debug)]
        $vis struct $class {
            $(pub(crate) $base: $crate::Base,)?
            $(pub(crate) $p: $required,)*
            $(pub(crate) $a: $type,)*
            $(pub(crate) $g: $group,)*
            $($l: $private,)*
        }

        #[allow(dead_code)]
        impl $class {
            /// With the defaults of all other arguments.
            $(#[doc = concat!("\n- `", stringify!($n), "`:", $($doc, " ",)* "\n")])*
            $new_vis fn $new($($n: $($of_new)*),*) -> Self {
                $(let $n = $crate::convert::<$n_type>($n);)*
                Self {
                    $($base: $crate::Base::new(stringify!($class)),)?
                    $($l: $of_private,)*
                    $($g: $of_group,)*
                    $($a: $default,)*
                    $($p,)*
                }
            }

            fn before_setting(&self, argument: &str) {
                $(self.$base.before_setting(argument);)?
                let _ = argument;
            }

            $(
                $($a_meta)*
                $(#[doc = concat!("\n\nDefault: `", stringify!($shown), "`.")])?
                #[must_use]
                pub fn $a(mut self, $a: $($parameter)*) -> Self {
                    self.before_setting(stringify!($a));
                    self.$a = $($value)*;
                    self
                }
            )*

            $($setters! { $g })*
        }

        impl $crate::Configure for $class {
            fn write(&self, config: &mut $crate::ConfigMap) -> $crate::Result<()> {
                let _ = &config;
                $(self.$base.write(config)?;)?
                $($crate::write_argument(config, stringify!($p), &self.$p)?;)*
                $($crate::write_argument(config, stringify!($a), &self.$a)?;)*
                $(self.$g.write(config)?;)*
                Ok(())
            }

            fn read(arguments: &mut $crate::Arguments) -> $crate::Result<Self> {
                let _ = &arguments;
                $(let $p: $required = arguments.required(stringify!($p))?;)*
                Ok(Self {
                    $($base: $crate::Base::read(arguments)?,)?
                    $($l: $of_private,)*
                    $($a: arguments.optional(stringify!($a), || $default)?,)*
                    $($g: $crate::Configure::read(arguments)?,)*
                    $($p,)*
                })
            }
        }

        $(
            impl $crate::Declared for $class {
                fn base(&self) -> &$crate::Base {
                    &self.$base
                }
            }

            impl $crate::WithBase for $class {
                fn with_base(&self, base: $crate::Base) -> Self {
                    let mut layer = self.clone();
                    layer.$base = base;
                    layer
                }
            }
        )?

        impl $crate::Described for $class {
            fn class_name(&self) -> &str {
                stringify!($class)
            }

            fn config(&self) -> $crate::Result<$crate::Config> {
                $crate::to_config(self)
            }
        }
    };
}
