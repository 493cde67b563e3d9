//! Custom layers, functions, losses and metrics that a file refers to by name. Keras: `custom_objects`.

use crate::Result;
use candle_core::Tensor;
use candle_keras_layers::constraints::Constrain;
use candle_keras_layers::initializers::Initialize;
use candle_keras_layers::regularizers::Regularize;
use candle_keras_layers::{
    ActivationFunction, Cell, Config, Configure, Constraint, Initializer, Kind, Lambda, Layer, Named, ObjectScope,
    Regularizer, RnnCell, from_config,
};
use candle_keras_training::{Loss, MetricSpec};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

pub(super) type MakeLayer = Arc<dyn Fn(&Config) -> Result<Arc<dyn Layer>> + Send + Sync>;

/// Custom layers and functions by their names in files; nothing in a file is ever executed.
///
/// ```
/// use candle_keras_models::CustomObjects;
/// use candle_keras_ops as ops;
/// let objects = CustomObjects::new()
///     .lambda("distance", |x| ops::mean(x, -1)) // the Lambda of this name
///     .activation("double", |x| x * 2.0);
/// # let _ = objects;
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct CustomObjects {
    layers: HashMap<String, MakeLayer>,
    lambdas: HashMap<String, Lambda>,
    pub(crate) scope: ObjectScope,
    losses: HashMap<String, Loss>,
    metrics: HashMap<String, MetricSpec>,
}

impl fmt::Debug for CustomObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.layers.keys())
            .entries(self.lambdas.keys())
            .entry(&self.scope)
            .entries(self.losses.keys())
            .entries(self.metrics.keys())
            .finish()
    }
}

impl CustomObjects {
    /// Without objects.
    pub fn new() -> Self {
        Self::default()
    }

    /// A custom layer, by its class name or the name under which it was registered in Keras (`"package>Class"`).
    pub fn layer<L: Layer + Configure>(mut self, class_name: impl Into<String>) -> Self {
        let class_name = class_name.into();
        let name = class_name.clone();
        let make = move |config: &Config| Ok(Arc::new(from_config::<L>(&name, config.clone())?) as Arc<dyn Layer>);
        self.layers.insert(class_name, Arc::new(make));
        self
    }

    /// The constructors of custom layers, by their names.
    pub(super) fn layers(&self) -> impl Iterator<Item = (&String, &MakeLayer)> {
        self.layers.iter()
    }

    /// The function of a [`Lambda`], by the name of the layer or of the function in Python.
    pub fn lambda(
        mut self,
        name: impl Into<String>,
        function: impl Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static,
    ) -> Self {
        self.lambdas.insert(name.into(), Lambda::new(function));
        self
    }

    /// [`lambda`](Self::lambda) for a function of several tensors.
    pub fn lambda_of_many(
        mut self,
        name: impl Into<String>,
        function: impl Fn(&[Tensor]) -> candle_core::Result<Tensor> + Send + Sync + 'static,
    ) -> Self {
        self.lambdas.insert(name.into(), Lambda::of_many(function));
        self
    }

    /// An activation function.
    pub fn activation(
        self,
        name: impl Into<String>,
        function: impl Fn(&Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        self.object(name.clone(), ActivationFunction::new(name, function))
    }

    /// The object with a name: an [`Initializer`], a [`Regularizer`], a [`Constraint`] or an activation.
    pub fn object<T: ?Sized + Kind>(mut self, name: impl Into<String>, object: Named<T>) -> Self {
        self.scope.insert(name, move |_| Ok(object.clone()));
        self
    }

    /// An initializer, by its class name or the name under which it was registered in Keras.
    pub fn initializer<I: Initialize + Configure>(self, class_name: impl Into<String>) -> Self {
        self.class(class_name, |class_name, config| from_config::<I>(class_name, config).map(Initializer::from))
    }

    /// A recurrent cell, by its class name or the name under which it was registered in Keras.
    pub fn cell<C: RnnCell + Configure>(self, class_name: impl Into<String>) -> Self {
        self.class(class_name, |class_name, config| from_config::<C>(class_name, config).map(Cell::from))
    }

    /// A regularizer, by its class name or the name under which it was registered in Keras.
    pub fn regularizer<R: Regularize + Configure>(self, class_name: impl Into<String>) -> Self {
        self.class(class_name, |class_name, config| from_config::<R>(class_name, config).map(Regularizer::from))
    }

    /// A constraint, by its class name or the name under which it was registered in Keras.
    pub fn constraint<C: Constrain + Configure>(self, class_name: impl Into<String>) -> Self {
        self.class(class_name, |class_name, config| from_config::<C>(class_name, config).map(Constraint::from))
    }

    fn class<T: ?Sized + Kind>(
        mut self,
        class_name: impl Into<String>,
        make: fn(&str, Config) -> Result<Named<T>>,
    ) -> Self {
        let class_name = class_name.into();
        let name = class_name.clone();
        self.scope.insert(class_name, move |config| make(&name, config.clone()));
        self
    }

    /// A loss.
    pub fn loss(mut self, name: impl Into<String>, loss: impl Into<Loss>) -> Self {
        self.losses.insert(name.into(), loss.into());
        self
    }

    /// A metric, by its name or that of its class.
    pub fn metric(mut self, name: impl Into<String>, metric: impl Into<MetricSpec>) -> Self {
        self.metrics.insert(name.into(), metric.into());
        self
    }

    pub(super) fn find_layer(&self, names: &[&str], config: &Config) -> Option<Result<Arc<dyn Layer>>> {
        names.iter().find_map(|name| self.layers.get(*name)).map(|make| make(config))
    }

    pub(super) fn find_lambda(&self, names: &[&str]) -> Option<&Lambda> {
        names.iter().find_map(|name| self.lambdas.get(*name))
    }

    pub(super) fn find_loss(&self, config: &Config) -> Option<Loss> {
        names(config).find_map(|name| self.losses.get(name)).cloned()
    }

    pub(super) fn find_metric(&self, config: &Config) -> Option<MetricSpec> {
        names(config).find_map(|name| self.metrics.get(name)).cloned()
    }
}

/// The names of an object or a function.
pub(super) fn names(config: &Config) -> impl Iterator<Item = &str> {
    [config.as_str(), config["registered_name"].as_str(), config["config"].as_str(), config["class_name"].as_str()]
        .into_iter()
        .flatten()
}
