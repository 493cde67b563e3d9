//! The list of all layers; their exports, what files may have, and the tests follow from it.

use crate::{Config, Layer, Result, from_config};
use std::sync::Arc;

/// To add a layer, write its name behind its folder.
macro_rules! layers_of_keras {
    ($($folder:ident: $($class:ident)*;)*) => {
        /// The layers themselves.
        pub mod all {
            $(pub use crate::$folder::{$($class),*};)*
            /// The class whose function is not in its configuration.
            pub use crate::core::Lambda;
        }

        /// Keras's names of all classes that a configuration can make.
        pub const CLASSES: &[&str] = &[$($(stringify!($class)),*),*];

        /// The layer of this class with this configuration; `None` if there is no such class.
        pub fn layer_from_config(class_name: &str, config: Config) -> Option<Result<Arc<dyn Layer>>> {
            Some(match class_name {
                $($(stringify!($class) => {
                    from_config::<all::$class>(class_name, config).map(|layer| Arc::new(layer) as Arc<dyn Layer>)
                })*)*
                _ => return None,
            })
        }
    };
}

layers_of_keras! {
    activations: Activation;
    attention: MultiHeadAttention;
    convolutional: Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose DepthwiseConv1D DepthwiseConv2D
        SeparableConv1D SeparableConv2D;
    core: Dense Embedding InputLayer;
    merging: Add Average Concatenate Dot Maximum Minimum Multiply Subtract;
    normalization: BatchNormalization GroupNormalization LayerNormalization RMSNormalization;
    pooling: AveragePooling1D AveragePooling2D AveragePooling3D GlobalAveragePooling1D GlobalAveragePooling2D
        GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D MaxPooling1D MaxPooling2D MaxPooling3D;
    preprocessing: AugMix AutoContrast CenterCrop ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization
        MaxNumBoundingBoxes MixUp RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast
        RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert
        RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation
        RandomZoom Resizing Solarization;
    regularization: Dropout;
    reshaping: Cropping1D Cropping2D Cropping3D Flatten Reshape UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D
        ZeroPadding2D ZeroPadding3D;
    rnn: Bidirectional GRU GRUCell LSTM LSTMCell RNN SimpleRNN SimpleRNNCell StackedRNNCells TimeDistributed;
}
