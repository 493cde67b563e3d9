//! Layers: what models are made of. One file a layer, at the path that it has in Keras.
//!
//! A layer is a description that is called on symbolic tensors; its weights are created at the first call and belong to the layer.
//! [`Layer`] is the trait, [`Base`] what all layers share, [`run`] the function that runs a layer.

#[macro_use]
mod declare;
#[macro_use]
mod object;
mod setters;

pub mod activations;
mod assets;
pub mod attention;
mod base;
mod build;
mod call;
mod callable;
mod check;
mod config_array;
mod constant_value;
pub mod constraints;
mod context;
pub mod convolutional;
pub mod core;
mod gradient_tape;
pub mod initializers;
mod layer;
mod layer_weights;
mod list;
mod lora;
pub mod merging;
mod naming;
pub mod normalization;
mod numbers;
mod operation;
mod path;
mod policy;
pub mod pooling;
pub mod preprocessing;
pub mod registry;
pub mod regularization;
pub mod regularizers;
pub mod reshaping;
pub mod rnn;
mod shape;
mod sizes;
mod source_inputs;
mod spatial;
mod spec;
mod stft;
mod symbolic;
mod variable;
mod weight_set;
mod window;
mod wrapper;

pub use activations::ActivationFunction;
pub use assets::{AssetSource, Assets};
pub use base::Base;
pub use build::Build;
pub use call::{Call, CallArgument, CallArguments, PROPAGATED_MASK, default_of, default_training};
pub use callable::{CallInputs, Callable, NamedInputs, Strings};
pub use candle_keras_ops::{Error, Result};
pub use check::{Check, check_layer};
pub use constraints::Constraint;
pub use context::{Context, Trained};
pub use core::{MissingWords, Pretrained, PretrainedRows, WordTable};
pub use declare::{
    Arguments, ConfigMap, Configure, Declared, WithBase, convert, from_config, to_config, write_argument,
};
pub use gradient_tape::{GradientSources, GradientTape};
pub use initializers::Initializer;
pub use layer::{AsLayer, Layer, Outputs, build, run, run_together, run_with, single};
pub use list::IntoLayer;
pub use lora::Lora;
pub use naming::{clear_session, to_snake_case};
pub use normalization::RenormClipping;
pub use numbers::Numbers;
pub use object::{Described, KerasObject, Kind, Named, ObjectScope, from_serde_config};
pub use operation::{Argument, OperationLayer};
pub use policy::{DTypePolicy, dtype_policy, set_dtype_policy};
pub use preprocessing::{Boundaries, KeptAxes, MaskValue, Ngrams, OutputMode, Salt, Split, Standardize, Vocabulary};
pub use registry::all::*;
pub use regularizers::Regularizer;
pub use rnn::{
    Cell, MergeMode, Recurrent, RecurrentLayer, RnnCell, Sequence, SequenceArguments, SequenceOutputs, WithFreshWeights,
};
pub use serde_json::Value as Config;
pub use shape::{Shape, Size};
pub use sizes::{Pairs, Sizes};
pub use source_inputs::get_source_inputs;
pub use spec::TensorSpec;
pub use symbolic::{Input, KerasTensor, KerasTensors, Node, NodeOutput, call, call_with};
pub use variable::{PendingUpdates, Variable, Weight, to_be_loaded};
pub use weight_set::WeightSet;
pub use wrapper::AnyLayer;
