//! The list of all layers; their exports, what files may have, and the tests follow from it.

use crate::{Config, Layer, Result, from_config};
use std::sync::Arc;

/// To add a layer, write its name behind its folder.
macro_rules! layers_of_keras {
    ($($folder:ident: $($class:ident)*;)*) => {
        /// The layers themselves, and the merging layers as functions.
        pub mod all {
            $(pub use crate::$folder::{$($class),*};)*
            pub use crate::merging::{add, average, concatenate, dot, maximum, minimum, multiply, subtract};
            #[doc(no_inline)]
            pub use super::second_names::*;
            /// The class whose function is not in its configuration.
            pub use crate::core::Lambda;
            /// The base class, which files have no layer of.
            pub use crate::core::Wrapper;
        }

        /// Keras's names of all classes that a configuration can make.
        pub const CLASSES: &[&str] = &[$($(stringify!($class)),*),*];

        /// The layer of this class with this configuration; `None` if there is no such class.
        pub fn layer_from_config(class_name: &str, config: Config) -> Option<Result<Arc<dyn Layer>>> {
            Some(match first_name(class_name) {
                $($(stringify!($class) => {
                    from_config::<all::$class>(class_name, config).map(|layer| Arc::new(layer) as Arc<dyn Layer>)
                })*)*
                _ => return None,
            })
        }
    };
}

layers_of_keras! {
    activations: Activation ELU LeakyReLU PReLU ReLU Softmax;
    attention: AdditiveAttention Attention GroupQueryAttention MultiHeadAttention;
    convolutional: Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose DepthwiseConv1D
        DepthwiseConv2D LocallyConnected1D LocallyConnected2D SeparableConv1D SeparableConv2D;
    core: Dense EinsumDense Embedding Identity InputLayer Masking ReversibleEmbedding;
    merging: Add Average Concatenate Dot Maximum Minimum Multiply Subtract;
    normalization: BatchNormalization GroupNormalization LayerNormalization RMSNormalization SpectralNormalization
        UnitNormalization;
    pooling: AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
        AdaptiveMaxPooling2D AdaptiveMaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D
        GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
        GlobalMaxPooling3D MaxPooling1D MaxPooling2D MaxPooling3D;
    preprocessing: AugMix AutoContrast CategoryEncoding CenterCrop ContrastLimitedAdaptiveHistogramEqualization CutMix
        Discretization Equalization HashedCrossing Hashing IntegerLookup MaxNumBoundingBoxes MelSpectrogram MixUp
        Normalization
        Pipeline RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop
        RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert
        RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear
        RandomTranslation RandomZoom Rescaling Resizing STFTSpectrogram Solarization StringLookup TextVectorization;
    regularization: ActivityRegularization AlphaDropout Dropout GaussianDropout GaussianNoise SpatialDropout1D
        SpatialDropout2D SpatialDropout3D;
    reshaping: Cropping1D Cropping2D Cropping3D Flatten Permute RepeatVector Reshape UpSampling1D UpSampling2D
        UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D;
    rnn: Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D GRU GRUCell LSTM LSTMCell RNN SimpleRNN SimpleRNNCell
        StackedRNNCells TimeDistributed;
}

/// Keras's second names of classes: a file has the first, but may have either.
macro_rules! second_names {
    ($($second:ident = $first:ident)*) => {
        /// The layers that have a second name, under it.
        pub mod second_names {
            $(pub use super::all::$first as $second;)*
        }

        /// The first name of a class.
        pub fn first_name(class_name: &str) -> &str {
            match class_name {
                $(stringify!($second) => stringify!($first),)*
                first => first,
            }
        }
    };
}

second_names! {
    AvgPool1D = AveragePooling1D
    AvgPool2D = AveragePooling2D
    AvgPool3D = AveragePooling3D
    Convolution1D = Conv1D
    Convolution1DTranspose = Conv1DTranspose
    Convolution2D = Conv2D
    Convolution2DTranspose = Conv2DTranspose
    Convolution3D = Conv3D
    Convolution3DTranspose = Conv3DTranspose
    GlobalAvgPool1D = GlobalAveragePooling1D
    GlobalAvgPool2D = GlobalAveragePooling2D
    GlobalAvgPool3D = GlobalAveragePooling3D
    GlobalMaxPool1D = GlobalMaxPooling1D
    GlobalMaxPool2D = GlobalMaxPooling2D
    GlobalMaxPool3D = GlobalMaxPooling3D
    MaxPool1D = MaxPooling1D
    MaxPool2D = MaxPooling2D
    MaxPool3D = MaxPooling3D
    SeparableConvolution1D = SeparableConv1D
    SeparableConvolution2D = SeparableConv2D
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conv2D, Convolution2D, Described};

    #[test]
    fn a_second_name_is_the_same_class() {
        let layer = Convolution2D::new(2, 3).name("c");
        let config = layer.get_config().unwrap();
        let again = layer_from_config("Convolution2D", config.clone()).unwrap().unwrap();
        assert_eq!((again.class_name(), again.get_config().unwrap()), (Conv2D::new(2, 3).class_name(), config));
        assert!(layer_from_config("Convolution4D", Config::Null).is_none());
    }
}
