//! What Keras's signatures are, and what this project exports: two tables, made by tools/keras_signatures.py and tools/rust_api.py.

use serde::Deserialize;
use std::collections::HashMap;
use std::sync::LazyLock;

/// A function or class of Keras.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Signature {
    /// In their order: a name, with `=` behind it if it has a default.
    args: Vec<String>,
    only: Vec<String>,
    /// The name of which this one is an alias.
    is: Option<String>,
}

impl Signature {
    /// The names of the arguments that may be passed by position.
    pub(crate) fn positional(&self) -> impl Iterator<Item = &str> {
        self.args.iter().map(|name| name.trim_end_matches('='))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.args.iter().chain(&self.only).any(|own| own.trim_end_matches('=') == name)
    }
}

/// An item of this project.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Item {
    /// The path of which this one is an alias.
    is: Option<String>,
    /// The parameters of a function: name and type.
    #[serde(rename = "fn")]
    pub(crate) parameters: Option<Vec<(String, String)>>,
    /// What a function returns.
    pub(crate) returns: String,
    /// The parameters of `new`.
    pub(crate) new: Option<Vec<(String, String)>>,
    pub(crate) methods: HashMap<String, Method>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Method {
    pub(crate) args: Vec<(String, String)>,
    #[serde(rename = "self")]
    pub(crate) receiver: Option<String>,
    pub(crate) returns: String,
}

static KERAS: LazyLock<HashMap<String, Signature>> =
    LazyLock::new(|| serde_json::from_str(include_str!("keras.json")).expect("the table of Keras's signatures"));
static RUST: LazyLock<HashMap<String, Item>> =
    LazyLock::new(|| serde_json::from_str(include_str!("rust.json")).expect("the table of what is exported"));

/// The name of which this one is an alias, or itself.
pub(crate) fn first_name(path: &str) -> &str {
    KERAS.get(path).and_then(|signature| signature.is.as_deref()).unwrap_or(path)
}

pub(crate) fn signature(path: &str) -> Option<&'static Signature> {
    KERAS.get(path).and_then(|signature| match &signature.is {
        Some(first) => KERAS.get(first),
        None => Some(signature),
    })
}

/// Whether the prelude has it.
pub(crate) fn is_in_prelude(path: &str) -> bool {
    let name = path.rsplit("::").next().unwrap_or(path);
    RUST.get(&format!("prelude::{name}")).is_some_and(|item| item.is.as_deref() == Some(path))
}

/// By the path below `candle_keras`: `layers::Dense`.
pub(crate) fn item(path: &str) -> Option<&'static Item> {
    RUST.get(path).and_then(|item| match &item.is {
        Some(first) => RUST.get(first),
        None => Some(item),
    })
}

/// The names of a module of Keras: `Dense` of `keras.layers`.
pub(crate) fn names_in(module: &str) -> impl Iterator<Item = &'static str> {
    let prefix = format!("{module}.");
    KERAS.keys().filter_map(move |path| path.strip_prefix(&prefix).filter(|name| !name.contains('.')))
}
