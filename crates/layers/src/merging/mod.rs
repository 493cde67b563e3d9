//! Layers that make one tensor of several. Keras: `keras/src/layers/merging`.

mod add;
mod average;
mod base_merge;
mod concatenate;
mod dot;
mod functions;
mod maximum;
mod minimum;
mod multiply;
mod subtract;

pub use add::Add;
pub use average::Average;
pub use concatenate::Concatenate;
pub use dot::{Dot, DotAxes};
pub use functions::{add, average, concatenate, dot, maximum, minimum, multiply, subtract};
pub use maximum::Maximum;
pub use minimum::Minimum;
pub use multiply::Multiply;
pub use subtract::Subtract;

use base_merge::merge_layer;
