//! Tensors for candle-keras: what candle lacks or gets wrong when training, each op with a checked gradient.
//!
//! Functions here take and return candle [`Tensor`]s and carry the names of `keras.ops` (`K.mean(x, axis=-1)` is
//! [`mean`]`(x, -1)`). Everything that a [`Lambda`](https://keras.io/api/layers/core_layers/lambda/) may need in training is
//! here with a gradient that finite differences confirm; see [`gradcheck`] for the harness and ARCHITECTURE.md for the rule.

mod additive_scores;
#[cfg(test)]
mod any_arguments;
mod attention;
mod axes;
mod cast;
pub mod config;
pub mod console;
mod control;
mod conv;
pub mod cores;
mod ctc;
mod custom_gradient;
pub mod damage;
mod decompositions;
mod device;
mod distances;
mod dropout;
mod einsum;
mod elementwise;
mod embedding;
pub mod error;
mod fourier;
pub mod functions;
mod gpu;
pub mod gradcheck;
mod gradient;
mod host;
pub mod image;
mod integers;
pub mod json;
mod keras_names;
mod lengths;
mod linalg;
pub mod markup;
mod matmul;
mod narrow;
mod normalize;
mod operation;
mod pool;
mod progbar;
pub mod random;
pub mod random_tensors;
mod rearrange;
mod rectify;
mod recurrent;
mod reduce;
mod row_losses;
mod row_product;
mod rows;
mod scalar;
mod scatter;
mod seed;
mod shape;
mod shared_rows;
mod simd;
mod singular_values;
mod strings;
mod tape;
pub mod update;
mod vecdot;
pub mod warnings;

pub use additive_scores::additive_scores;
pub use attention::{Attention, WithoutKeys, attention, attention_with_scores, masked_softmax};
pub use axes::{Axes, axes};
pub use control::{
    Branch, Condition, associative_scan, cond, fori_loop, map, scan, switch, vectorize, vectorized_map, while_loop,
};
pub use conv::{Axis, Padding, conv, conv_and_pool, conv_transpose, depthwise_conv, normalized_kernel};
pub use custom_gradient::custom_gradient;
pub use device::{device, to_device};
pub use dropout::{dropout, dropout_together};
pub use elementwise::{DTypeName, dtype, dtype_name, float, standardize_dtype};
pub use embedding::{checked_ids, embedding_lookup, host_ids, position};
pub use error::{Error, Result};
pub use functions::operations;
pub use functions::*;
#[doc(hidden)]
pub use gpu::launched;
pub use gradient::{Gradient, RowIndices, Rows};
pub use keras_names::has as is_in_keras;
pub use lengths::{check_memory, has_memory_for};
pub use linalg::{l2_normalize, unit_normalize};
pub use matmul::{FusedActivation, dense, dense_over};
pub use normalize::{Groups, batch_normalize, channel_moments, normalize, normalize_channels};
pub use operation::{
    AxisList, Class, Contraction, FrameWindow, Index, Integers, Key, Module, Numbers, Op, Operand, Operation, Order,
    PadWidth, Parameter, SomeAxes, SomeDType, SomeIntegers, SomeName, Spec, Subscripts, Way,
};
pub use pool::{Pool, adaptive_pool, pool};
pub use progbar::{Progbar, scientific};
#[doc(hidden)]
pub use pulp;
pub use rearrange::rearrange;
pub use rectify::{Rectifier, exponential_linear, rectify};
pub use recurrent::{
    Cell, Outputs, RnnConfig, Run, Sequences, composed_with as recurrent_by_steps, conv_lstm, recurrent,
};
pub use row_losses::{Classes, Pairwise, crossentropy, has_row_losses, pairwise_mean};
pub use rows::argmax_of_rows;
pub use scalar::Elementary;
pub use scatter::{
    Reduction, convert_to_tensor, ndim, scatter, scatter_update, shape, size, slice, slice_update, unstack,
};
pub use shape::resolve_shape;
pub use shared_rows::SharedRows;
#[doc(hidden)]
pub use simd::arch;
pub use simd::{Float, Fused, MulAdd, Separate};
pub use strings::{StringBytes, string_bytes, string_tensor, string_tensor_of_width, strings};
pub use tape::{Gradients, Tape};
pub use vecdot::vecdot;

pub use candle_core::{DType, Device, Tensor};
