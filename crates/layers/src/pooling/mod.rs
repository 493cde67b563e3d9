//! Layers that take many steps together. Keras: `keras/src/layers/pooling`.

mod global_average_pooling1d;
mod global_max_pooling1d;

pub use global_average_pooling1d::GlobalAveragePooling1D;
pub use global_max_pooling1d::GlobalMaxPooling1D;

use crate::Shape;
use candle_keras_ops::{Error, Result};

/// Which axis of `(batch, steps, features)` is the steps'.
fn steps_axis(data_format: &str) -> Result<i64> {
    match data_format {
        "channels_last" => Ok(1),
        "channels_first" => Ok(2),
        other => Err(Error::unknown("data_format", other, &["channels_last", "channels_first"])),
    }
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

/// The fields and setters that both layers share.
macro_rules! global_pooling {
    ($(#[$doc:meta])* $name:ident, $class_name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            #[serde(flatten)]
            base: $crate::Base,
            data_format: String,
            keepdims: bool,
        }

        impl $name {
            /// A new layer.
            pub fn new() -> Self {
                Self { base: $crate::Base::new($class_name), data_format: "channels_last".into(), keepdims: false }
            }

            $crate::setters! {
                /// `"channels_last"` for `(batch, steps, features)`, `"channels_first"` for `(batch, features, steps)`.
                data_format: String,
                /// Whether the steps stay as an axis of size 1; false unless said.
                keepdims: bool,
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}
use global_pooling;
