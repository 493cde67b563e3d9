//! What pooling over one and two axes shares. Keras: `keras/src/layers/pooling/base_pooling.py`.

/// Defines a pooling layer: its documentation, its name, over how many axes it moves, and what it takes of a window.
macro_rules! pooling_layer {
    ($(#[$doc:meta])* $name:ident, $axes:literal, $pool:expr) => {
        $crate::layer! {
            $(#[$doc])*
            pub struct $name(
                /// The size of the windows.
                pool_size: $crate::Sizes<$axes>,
            ) {
                /// How far the windows are apart; by default as far as they are large.
                strides: Option<$crate::Sizes<$axes>> = Some(pool_size),
                /// `"valid"` keeps the windows inside of the input, `"same"` lets them reach beyond it, where nothing counts.
                padding: String = "valid",
                /// `"channels_last"`, or `"channels_first"`, which is transposed and costs a copy each way.
                data_format: String = "channels_last",
            }
        }

        impl $name {
            fn strides_or_size(&self) -> [usize; $axes] {
                self.strides.unwrap_or(self.pool_size).0
            }

            /// What the layer does, if its channels are where this says.
            pub(super) fn pooling(&self, data_format: &str) -> $crate::Result<Option<$crate::pooling::Pooling>> {
                if self.data_format != data_format {
                    return Ok(None);
                }
                self.with_channels_last().map(Some)
            }

            /// What the layer does with its channels last.
            fn with_channels_last(&self) -> $crate::Result<$crate::pooling::Pooling> {
                let padding = $crate::spatial::padding(&self.padding, false)?;
                let (size, strides) = (self.pool_size.0, self.strides_or_size());
                Ok(Box::new(move |dims| ($pool, $crate::spatial::axes(dims, size, strides, [1; $axes], padding))))
            }
        }

        impl $crate::Layer for $name {
            fn compute_output_shape(&self, inputs: &[$crate::Shape]) -> $crate::Result<Vec<$crate::Shape>> {
                $crate::spatial::positive("pool_size", &self.pool_size.0)?;
                $crate::spatial::positive("strides", &self.strides_or_size())?;
                let input = $crate::layer::single(inputs)?;
                let (mut sizes, channels) = $crate::spatial::spatial::<$axes>(input, &self.data_format)?;
                let padding = $crate::spatial::padding(&self.padding, false)?;
                for (i, size) in sizes.iter_mut().enumerate() {
                    let (window, stride) = (self.pool_size.0[i], self.strides_or_size()[i]);
                    *size = $crate::spatial::windows(*size, window, stride, 1, padding)?;
                }
                Ok(vec![$crate::spatial::with_spatial(input[0], sizes, channels, &self.data_format)?])
            }

            fn forward(
                &self,
                inputs: &[candle_core::Tensor],
                _: &mut $crate::Context,
            ) -> $crate::Result<Vec<candle_core::Tensor>> {
                let pooling = self.with_channels_last()?;
                let y = $crate::spatial::run_channels_last($crate::layer::single(inputs)?, &self.data_format, |x| {
                    let (pool, axes) = pooling(x.dims());
                    Ok(candle_keras_ops::pool2d(x, pool, axes)?)
                })?;
                Ok(vec![y])
            }
        }

        #[cfg(test)]
        mod tests {
            use super::*;
            use $crate::{Check, check_layer};

            #[test]
            fn behaves_as_every_layer_must() {
                let (mut input, mut output, mut first) = (vec![2, 5], vec![2, 2], vec![2, 3, 5]);
                let mut same = vec![2, 3, 5];
                if $axes == 2 {
                    (input, output) = (vec![2, 5, 4], vec![2, 2, 2]);
                    (first, same) = (vec![2, 3, 5, 4], vec![2, 3, 5, 4]);
                }
                input.push(3);
                output.push(3);
                check_layer(|| $name::new(2), Check::shapes(vec![input]).output(output));
                let other = || $name::new(3).strides(1).padding("same").data_format("channels_first");
                check_layer(other, Check::shapes(vec![first]).output(same));
            }
        }
    };
}
pub(super) use pooling_layer;
