//! Layers: what models are made of. One file a layer, at the path that it has in Keras.
//!
//! A layer is a description that is called on symbolic tensors; its weights are made at the first call and belong to the
//! layer. [`Layer`] is the trait, [`Base`] what all layers share, [`run`] the one way in which a layer runs.

#[macro_use]
mod object;
mod setters;

pub mod activations;
mod base;
mod check;
pub mod constraints;
mod context;
pub mod core;
pub mod initializers;
mod layer;
mod list;
pub mod merging;
mod naming;
mod operation;
pub mod pooling;
pub mod regularization;
pub mod regularizers;
pub mod reshaping;
mod shape;
mod symbolic;
mod variable;

pub use activations::{Activation, ActivationFunction};
pub use base::{Base, Weights};
pub use candle_keras_ops::{Error, Result};
pub use check::{Check, check_layer};
pub use constraints::Constraint;
pub use context::Context;
pub use core::{Dense, Embedding, InputLayer, Lambda};
pub use initializers::Initializer;
pub use layer::{Layer, Outputs, build, run, single, to_config};
pub use list::IntoLayer;
pub use merging::{Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract};
pub use naming::{clear_session, to_snake_case};
pub use object::{KerasObject, from_config};
pub use operation::{Argument, OperationLayer};
pub use pooling::{GlobalAveragePooling1D, GlobalMaxPooling1D};
pub use regularization::Dropout;
pub use regularizers::Regularizer;
pub use reshaping::{Flatten, Reshape};
pub use serde_json::Value as Config;
pub use shape::{Shape, Size};
pub use symbolic::{Input, KerasTensor, KerasTensors, Node, call, call_masked};
pub use variable::{Deferred, Variable, Weight, to_be_loaded};
