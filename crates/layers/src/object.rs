//! What Keras names by a string or describes by an object: initializers, regularizers, constraints, activations.

use crate::{Config, Configure, from_config};
use candle_keras_ops::{Error, Result, json};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A name or an object: the type of arguments such as `kernel_initializer`. It is `"glorot_uniform"`, a class of the kind's module, or a
/// custom type that implements the kind's trait.
///
/// An unknown name is an error when the object is first used, which suggests a known one.
pub struct Named<T: ?Sized>(Result<Arc<T>, String>);

/// What [`layer!`](crate::layer) and [`object!`](crate::object!) generate for files: the class and its arguments.
pub trait Described: Any + fmt::Debug + Send + Sync {
    /// Keras's name of the class: `"Dense"`.
    fn class_name(&self) -> &str;

    /// The arguments in Keras's form.
    ///
    /// # Errors
    /// If one has no such form.
    fn config(&self) -> Result<Config>;
}

/// A kind of objects: `dyn Initialize`, `dyn Regularize`, `dyn Constrain`, `dyn Activate`.
pub trait Kind: Described {
    /// The kind's name in messages.
    const NAME: &'static str;

    /// Keras's names of all classes.
    const CLASSES: &'static [&'static str];

    /// Keras's names, for suggestions.
    fn names() -> Vec<&'static str>;

    /// The object of this name, with the default arguments.
    fn by_name(name: &str) -> Option<Arc<Self>>;

    /// The object of this class, with these arguments.
    fn by_class(class_name: &str, config: Config) -> Option<Result<Arc<Self>>>;

    /// The object that null stands for, if null is allowed.
    fn absent() -> Option<Arc<Self>> {
        None
    }

    /// Its configuration.
    ///
    /// # Errors
    /// If it has none.
    fn serialize(&self) -> Result<Config>;
}

impl<T: ?Sized + Kind> Named<T> {
    /// Keras's names of all classes.
    pub const CLASSES: &'static [&'static str] = T::CLASSES;

    /// This object.
    pub fn of(object: Arc<T>) -> Self {
        Self(Ok(object))
    }

    /// The object.
    ///
    /// # Errors
    /// If the name is unknown.
    pub fn get(&self) -> Result<&T> {
        self.0.as_deref().map_err(|name| Error::unknown(T::NAME, name, &T::names()))
    }

    /// The object behind a shared pointer.
    ///
    /// # Errors
    /// If the name is unknown.
    pub fn shared(&self) -> Result<Arc<T>> {
        self.get()?;
        self.0.clone().map_err(Error::new)
    }

    /// The name that it was given, or that of its class.
    pub fn name(&self) -> &str {
        self.0.as_deref().map_or_else(String::as_str, Described::class_name)
    }

    /// An error if the name is unknown.
    pub fn check(&self) -> Result<()> {
        self.get().map(|_| ())
    }
}

impl<T: ?Sized + Kind> From<&str> for Named<T> {
    fn from(name: &str) -> Self {
        Self(T::by_name(name).ok_or_else(|| name.into()))
    }
}

impl<T: ?Sized> Clone for Named<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: ?Sized + Kind> fmt::Debug for Named<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(object) => fmt::Debug::fmt(object, f),
            Err(name) => write!(f, "unknown {} {name:?}", T::NAME),
        }
    }
}

/// Objects are equal if their configurations are.
impl<T: ?Sized + Kind> PartialEq for Named<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Ok(a), Ok(b)) => Arc::ptr_eq(a, b) || matches!((a.serialize(), b.serialize()), (Ok(a), Ok(b)) if a == b),
            (Err(a), Err(b)) => a == b,
            _ => false,
        }
    }
}

impl<T: ?Sized + Kind> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(object) => object.serialize().map_err(S::Error::custom)?.serialize(serializer),
            Err(name) => serializer.serialize_str(name),
        }
    }
}

impl<'de, T: ?Sized + Kind> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let own = |names: &[&str], config: &Config| find(names, config).transpose().map_err(D::Error::custom);
        let object = match Option::<NameOrObject>::deserialize(deserializer)? {
            None => {
                return T::absent().map(Self::of).ok_or_else(|| D::Error::custom(format!("null is no {}", T::NAME)));
            }
            Some(NameOrObject::Name(name)) => {
                return Ok(own(&[&name], &Config::Null)?.unwrap_or_else(|| name.as_str().into()));
            }
            Some(NameOrObject::Object(object)) => object,
        };
        let names = [object.registered_name.as_deref(), object.config.as_str(), Some(&object.class_name)];
        let names: Vec<&str> = names.into_iter().flatten().collect();
        if let Some(own) = own(&names, &object.config)? {
            return Ok(own);
        }
        // For a function, its name takes the place of the arguments.
        if let Some(name) = object.config.as_str() {
            return Ok(name.into());
        }
        match T::by_class(&object.class_name, object.config) {
            Some(object) => object.map(Self::of).map_err(D::Error::custom),
            None => Ok(Self(Err(object.class_name))),
        }
    }
}

/// Keras's form of anything with a class and a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KerasObject {
    /// The module in Keras; `None` for a custom class.
    #[serde(default)]
    pub module: Option<String>,
    /// The class.
    pub class_name: String,
    /// Its arguments.
    #[serde(default)]
    pub config: Config,
    /// The name under which a user registered it.
    #[serde(default)]
    pub registered_name: Option<String>,
}

/// Keras writes many objects by name where the arguments are the defaults.
#[derive(Deserialize)]
#[serde(untagged)]
enum NameOrObject {
    Name(String),
    Object(KerasObject),
}

/// The configuration of a custom object, which is saved under its class's name.
pub(crate) fn own_object(class_name: &str, config: Config) -> Config {
    serde_json::json!({"module": null, "class_name": class_name, "config": config, "registered_name": class_name})
}

/// The configuration of a custom function.
pub(crate) fn own_function(name: &str) -> Config {
    serde_json::json!({"module": "builtins", "class_name": "function", "config": name, "registered_name": name})
}

/// Custom objects by the names that files have for them. Keras: `custom_object_scope`.
#[derive(Clone, Default)]
pub struct ObjectScope(HashMap<(&'static str, String), Arc<dyn Any + Send + Sync>>);

type Make<T> = Box<dyn Fn(&Config) -> Result<Named<T>> + Send + Sync>;

thread_local! {
    static SCOPE: RefCell<ObjectScope> = RefCell::default();
}

impl fmt::Debug for ObjectScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl ObjectScope {
    /// Adds a constructor from a configuration under this name.
    pub fn insert<T: ?Sized + Kind>(
        &mut self,
        name: impl Into<String>,
        make: impl Fn(&Config) -> Result<Named<T>> + Send + Sync + 'static,
    ) {
        let make: Make<T> = Box::new(make);
        self.0.insert((T::NAME, name.into()), Arc::new(make));
    }

    /// Runs `f`; configurations in it may refer to these objects.
    pub fn within<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Restore(Option<ObjectScope>);
        impl Drop for Restore {
            fn drop(&mut self) {
                SCOPE.set(self.0.take().unwrap_or_default());
            }
        }
        let _restore = Restore(Some(SCOPE.replace(self.clone())));
        f()
    }
}

/// The user's object of one of these names.
fn find<T: ?Sized + Kind>(names: &[&str], config: &Config) -> Option<Result<Named<T>>> {
    SCOPE.with_borrow(|scope| {
        let make = names.iter().find_map(|name| scope.0.get(&(T::NAME, name.to_string())))?;
        make.downcast_ref::<Make<T>>().map(|make| make(config))
    })
}

/// [`from_config`](crate::from_config) for an object that serde reads.
///
/// # Errors
/// If an argument is missing or invalid, or unknown here and not null, false or empty: no argument that could change results is ignored.
pub fn from_serde_config<T>(class_name: &str, config: serde_json::Value) -> Result<T>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let named = |what: String| Error::new(format!("the configuration of {class_name} {what}"));
    let object: T = json::from_value(&config).map_err(|cause| named(format!("cannot be read: {cause}")))?;
    let known = json::to_value(&object)?;
    for (name, value) in config.as_object().into_iter().flatten() {
        let at_rest = match value {
            // Arguments that change nothing: names, dtypes of metrics, the last axis.
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

/// An object of a class, for [`Kind::by_class`].
pub(crate) fn shared<T: Configure>(class_name: &str, config: Config) -> Result<Arc<T>> {
    from_config(class_name, config).map(Arc::new)
}

/// Implements [`Kind`] for a trait, with all of its classes and their string names: a new class is one line.
macro_rules! kind {
    ($trait:ident, $kind:literal, $module:literal, { $($class:ident: $alias:literal $(| $more:literal)*),* $(,)? }) => {
        impl $crate::object::Kind for dyn $trait {
            const NAME: &'static str = $kind;
            const CLASSES: &'static [&'static str] = &[$(stringify!($class)),*];

            fn names() -> Vec<&'static str> {
                vec![$($alias),*]
            }

            fn by_name(name: &str) -> Option<std::sync::Arc<Self>> {
                Some(match name {
                    $($alias $(| $more)* | stringify!($class) => std::sync::Arc::new($class::default()),)*
                    _ => return None,
                })
            }

            fn by_class(class_name: &str, config: $crate::Config) -> Option<$crate::Result<std::sync::Arc<Self>>> {
                Some(match class_name {
                    $($alias $(| $more)* | stringify!($class) => {
                        $crate::object::shared::<$class>(class_name, config).map(|object| object as std::sync::Arc<Self>)
                    })*
                    _ => return None,
                })
            }

            fn serialize(&self) -> $crate::Result<$crate::Config> {
                let (class_name, config) = (self.class_name(), self.config()?);
                if !Self::CLASSES.contains(&class_name) {
                    return Ok($crate::object::own_object(class_name, config));
                }
                Ok(serde_json::json!({
                    "module": $module, "class_name": class_name, "config": config, "registered_name": null
                }))
            }
        }
    };
}
