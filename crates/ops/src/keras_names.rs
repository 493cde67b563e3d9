//! The names of Keras 3.15, to tell what is missing here from what is misspelled.

const LAYERS: &str = "\
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D \
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D Add AdditiveAttention AlphaDropout Attention \
    AugMix AutoContrast Average AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D \
    BatchNormalization Bidirectional CategoryEncoding CenterCrop Concatenate \
    ContrastLimitedAdaptiveHistogramEqualization Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D \
    Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D Convolution1D Convolution1DTranspose Convolution2D \
    Convolution2DTranspose Convolution3D Convolution3DTranspose Cropping1D Cropping2D Cropping3D CutMix Dense \
    DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout EinsumDense ELU Embedding Equalization Flatten \
    FlaxLayer GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D \
    GlobalAvgPool1D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D \
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization GroupQueryAttention GRU GRUCell \
    HashedCrossing Hashing Identity Input InputLayer IntegerLookup JaxLayer Lambda LayerNormalization LeakyReLU LSTM \
    LSTMCell Masking Maximum MaxNumBoundingBoxes MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D \
    MaxPooling3D MelSpectrogram Minimum MixUp MultiHeadAttention Multiply Normalization Permute Pipeline PReLU \
    RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop \
    RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert \
    RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear \
    RandomTranslation RandomZoom ReLU RepeatVector Rescaling Reshape Resizing ReversibleEmbedding RMSNormalization \
    RNN SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D SimpleRNN SimpleRNNCell \
    Softmax Solarization SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells \
    STFTSpectrogram StringLookup Subtract TextVectorization TFSMLayer TimeDistributed TorchModuleWrapper \
    UnitNormalization UpSampling1D UpSampling2D UpSampling3D Wrapper ZeroPadding1D ZeroPadding2D ZeroPadding3D";

const LOSSES: &str = "\
    BCE BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy \
    CategoricalGeneralizedCrossEntropy CategoricalHinge Circle CosineSimilarity CTC Dice Hinge Huber KLD \
    KLDivergence LogCosh LossFunctionWrapper MAE MAPE MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError \
    MeanSquaredLogarithmicError MSE MSLE Poisson SparseCategoricalCrossentropy SquaredHinge Tversky";

const METRICS: &str = "\
    Accuracy AUC BCE binary_focal_crossentropy BinaryAccuracy BinaryCrossentropy BinaryIoU \
    categorical_focal_crossentropy CategoricalAccuracy CategoricalCrossentropy CategoricalHinge \
    ConcordanceCorrelation CosineSimilarity F1Score FalseNegatives FalsePositives FBetaScore Hinge huber IoU \
    KLDivergence log_cosh LogCoshError MAE MAPE Mean MeanAbsoluteError MeanAbsolutePercentageError MeanIoU \
    MeanMetricWrapper MeanSquaredError MeanSquaredLogarithmicError metric MSE MSLE OneHotIoU OneHotMeanIoU \
    PearsonCorrelation Poisson Precision PrecisionAtRecall R2Score Recall RecallAtPrecision RootMeanSquaredError \
    SensitivityAtSpecificity SparseCategoricalAccuracy SparseCategoricalCrossentropy SparseTopKCategoricalAccuracy \
    SpecificityAtSensitivity SquaredHinge Sum TopKCategoricalAccuracy TrueNegatives TruePositives";

const OPTIMIZERS: &str = "\
    Adadelta Adafactor Adagrad Adam Adamax AdamW Ftrl Lamb Lion LossScaleOptimizer MultiOptimizer Muon Nadam RMSprop \
    ScheduleFreeAdamW SGD";

const SCHEDULES: &str = "\
    CosineDecay CosineDecayRestarts ExponentialDecay InverseTimeDecay PiecewiseConstantDecay PolynomialDecay";

const ACTIVATIONS: &str = "\
    celu elu exponential gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear \
    log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus \
    sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink threshold";

const INITIALIZERS: &str = "\
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones Orthogonal \
    RandomNormal RandomUniform STFT TruncatedNormal VarianceScaling Zeros";

const REGULARIZERS: &str = "\
    L1 L1L2 L2 OrthogonalRegularizer";

const CONSTRAINTS: &str = "\
    MaxNorm MinMaxNorm NonNeg UnitNorm";

/// Whether Keras has a `kind` of this name, in whatever case and with or without underscores.
pub fn has(kind: &str, name: &str) -> bool {
    let names = match kind {
        "layer class" => LAYERS,
        "loss" => LOSSES,
        "metric" => METRICS,
        "optimizer" => OPTIMIZERS,
        "learning rate schedule" => SCHEDULES,
        "activation" => ACTIVATIONS,
        "initializer" => INITIALIZERS,
        "regularizer" => REGULARIZERS,
        "constraint" => CONSTRAINTS,
        _ => return false,
    };
    names.split(' ').any(|known| are_alike(known, name))
}

/// Whether names are equal except for case and underscores.
pub(crate) fn are_alike(a: &str, b: &str) -> bool {
    let plain = |name: &str| name.to_lowercase().replace('_', "");
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_keras() {
        assert!(has("layer class", "Conv3D") && has("optimizer", "lion") && has("activation", "hard_silu"));
        assert!(has("loss", "CategoricalFocalCrossentropy") && has("loss", "categorical_focal_crossentropy"));
        assert!(!has("layer class", "Dance") && !has("weight", "Conv3D") && !has("loss", ""));
    }
}
