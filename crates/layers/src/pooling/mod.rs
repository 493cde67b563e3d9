//! Layers that take many steps together. Keras: `keras/src/layers/pooling`.

mod average_pooling1d;
mod average_pooling2d;
mod base_pooling;
mod global_average_pooling1d;
mod global_average_pooling2d;
mod global_max_pooling1d;
mod global_max_pooling2d;
mod max_pooling1d;
mod max_pooling2d;

pub use average_pooling1d::AveragePooling1D;
pub use average_pooling2d::AveragePooling2D;
pub use global_average_pooling1d::GlobalAveragePooling1D;
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use global_max_pooling1d::GlobalMaxPooling1D;
pub use global_max_pooling2d::GlobalMaxPooling2D;
pub use max_pooling1d::MaxPooling1D;
pub use max_pooling2d::MaxPooling2D;

use crate::{Layer, Shape};
use candle_keras_ops::{Axis, Error, Pool, Result};
use std::any::Any;

/// Which axis of `(batch, steps, features)` is the steps'.
fn steps_axis(data_format: &str) -> Result<i64> {
    Ok(if crate::spatial::channels_last(data_format)? { 1 } else { 2 })
}

/// The shape without the steps, or with 1 of them.
fn pooled_shape(input: &Shape, data_format: &str, keepdims: bool) -> Result<Vec<Shape>> {
    let axis = steps_axis(data_format)? as usize;
    if input.len() != 3 {
        return Err(Error::new("the layer takes sequences")
            .expected("(batch, steps, features)")
            .received(format!("an input of shape {input}"))
            .help("an Embedding of inputs of shape (steps,) gives sequences"));
    }
    let pooled = input.iter().enumerate().filter(|(i, _)| keepdims || *i != axis);
    Ok(vec![pooled.map(|(i, size)| if i == axis { Some(1) } else { *size }).collect()])
}

/// The shape without the sizes of the image, or with 1 in their places.
fn pooled_image_shape(input: &Shape, data_format: &str, keepdims: bool) -> Result<Vec<Shape>> {
    let (_, channels) = crate::spatial::spatial::<2>(input, data_format)?;
    Ok(vec![match keepdims {
        true => crate::spatial::with_spatial(input[0], [Some(1); 2], channels, data_format)?,
        false => [input[0], channels].into_iter().collect(),
    }])
}

/// Declares a layer that pools over all steps or the whole image.
macro_rules! global_pooling {
    ($(#[$doc:meta])* $name:ident) => {
        $crate::layer! {
            $(#[$doc])*
            pub struct $name() {
                /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
                data_format: String = "channels_last",
                /// Whether what is pooled stays as axes of size 1.
                keepdims: bool = false,
            }
        }
    };
}
use global_pooling;

/// From the shape of a tensor with the channels last to what is taken of which windows.
pub(crate) type Pooling = Box<dyn Fn(&[usize]) -> (Pool, [Axis; 2])>;

/// What a layer does, if it is one of pooling whose channels are where `data_format` says.
pub(crate) fn pooling_of(layer: &dyn Layer, data_format: &str) -> Result<Option<Pooling>> {
    macro_rules! first_of {
        ($($name:ident),*) => {
            $(if let Some(layer) = (layer as &dyn Any).downcast_ref::<$name>() {
                return layer.pooling(data_format);
            })*
        };
    }
    first_of!(MaxPooling1D, MaxPooling2D, AveragePooling1D, AveragePooling2D);
    Ok(None)
}
