//! What Keras names by a string or configures by an object: initializers, regularizers, constraints.

use candle_keras_ops::{Error, Result};

/// Defines the enum of all classes of one kind, with their string names and Keras's form
/// `{"module", "class_name", "config", "registered_name"}`.
macro_rules! keras_objects {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $module:literal, {
        $($class:ident: $alias:literal $(| $more:literal)*),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name {
            $(#[doc = concat!("See [`", stringify!($class), "`].")] $class($class),)*
            /// A name that is not one; building a layer with it is an error.
            Unknown(String),
        }

        impl $name {
            /// Keras's names of all classes.
            pub const CLASSES: &[&str] = &[$(stringify!($class)),*];

            fn unknown(name: &str) -> candle_keras_ops::Error {
                candle_keras_ops::Error::unknown($kind, name, &[$($alias),*])
            }
        }

        $(impl From<$class> for $name {
            fn from(object: $class) -> Self {
                Self::$class(object)
            }
        })*

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                match name {
                    $($alias $(| $more)* | stringify!($class) => Self::$class($class::default()),)*
                    _ => Self::Unknown(name.into()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let (class_name, config) = match self {
                    $(Self::$class(object) => (stringify!($class), serde_json::to_value(object)),)*
                    Self::Unknown(name) => return serializer.serialize_str(name),
                };
                $crate::object::KerasObject {
                    module: $module.into(),
                    class_name: class_name.into(),
                    config: config.map_err(serde::ser::Error::custom)?,
                    registered_name: None,
                }
                .serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error as _;
                let object = match $crate::object::NameOrObject::deserialize(deserializer)? {
                    $crate::object::NameOrObject::Name(name) => return Ok(name.as_str().into()),
                    $crate::object::NameOrObject::Object(object) => object,
                };
                match object.class_name.as_str() {
                    $(stringify!($class) => {
                        serde_json::from_value(object.config).map(Self::$class).map_err(D::Error::custom)
                    })*
                    name => Ok(Self::Unknown(name.into())),
                }
            }
        }
    };
}

/// Keras's form of anything with a class and a configuration.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct KerasObject {
    /// Where Keras finds the class.
    #[serde(default)]
    pub module: String,
    /// The class.
    pub class_name: String,
    /// Its arguments.
    #[serde(default)]
    pub config: serde_json::Value,
    /// The name under which a user registered it.
    #[serde(default)]
    pub registered_name: Option<String>,
}

/// Keras writes many objects by name where the arguments are the defaults.
#[derive(serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum NameOrObject {
    Name(String),
    Object(KerasObject),
}

/// [`from_config`](crate::from_config) for an object that serde reads.
///
/// # Errors
/// If an argument is missing or wrong, or is one that this project does not know and that is not at rest (null, false, empty):
/// nothing in a file is passed over that could change results.
pub fn from_serde_config<T>(class_name: &str, config: serde_json::Value) -> Result<T>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let named = |what: String| Error::new(format!("the configuration of {class_name} {what}"));
    let object: T =
        serde_json::from_value(config.clone()).map_err(|cause| named(format!("cannot be read: {cause}")))?;
    let known = serde_json::to_value(&object)?;
    for (name, value) in config.as_object().into_iter().flatten() {
        let at_rest = match value {
            // Without these, the object is the same: names, dtypes of metrics, axes that are the last.
            _ if name == "name" || name == "dtype" || name == "reduction" => true,
            serde_json::Value::Null | serde_json::Value::Bool(false) => true,
            serde_json::Value::Array(items) => items.is_empty(),
            serde_json::Value::Object(map) => map.is_empty(),
            value => name == "axis" && *value == -1,
        };
        if known.get(name).is_none() && !at_rest {
            return Err(named("has an argument that is not known here".into()).received(format!("{name} = {value}")));
        }
    }
    Ok(object)
}
