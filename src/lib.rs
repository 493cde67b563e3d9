//! Keras for Rust: the same models, the same numbers, on candle, without Python.
//!
//! The modules and names are those of Keras: `keras.layers.Embedding` is [`layers::Embedding`], `K.mean(x, axis=-1)` is
//! [`ops::mean`]`(x, -1)`, `keras.utils.set_random_seed` is [`utils::set_random_seed`]. A keyword argument is a method of the
//! same name.
//!
//! ```
//! use candle_keras::layers::{Embedding, Lambda, Subtract};
//! use candle_keras::{ops, prelude::*};
//!
//! let (word1, word2) = (Input::shape([1]), Input::shape([1]));
//! let embedding = Embedding::new(1000, 64);
//! let distance = Subtract::new().call([&embedding.call(&word1), &embedding.call(&word2)]);
//! let distance = Lambda::new(|x| ops::mean(x, -1)).call(&distance);
//! let mut model = Model::new([word1, word2], distance)?;
//! model.compile("adam", "mse")?;
//!
//! let text = vec![1u32, 5, 3, 5, 2, 7, 1, 4];
//! let zeros = vec![0f32; text.len() - 1];
//! let history = model.fit([&text[..7], &text[1..]], &zeros, Fit::new().epochs(2).verbose(0))?;
//! assert!(history["loss"][1] < history["loss"][0]);
//! # Ok::<(), candle_keras::Error>(())
//! ```
//!
//! The guide is in the folder `docs`, the map of the code in `ARCHITECTURE.md`.

#[doc(inline)]
pub use candle_keras_layers::{GradientSources, GradientTape, Input, layers};
#[doc(inline)]
pub use candle_keras_models::{
    Batch, Compile, Dataset, Evaluate, Fit, History, Logs, Model, Optimizer, Predict, Sequential, Step, StepLogs,
    TrainStep,
};
#[doc(inline)]
pub use candle_keras_ops::{Error, Result};

/// candle, in the version of this crate: its tensors, variables and devices.
pub use candle_core;

/// Layers. Keras: `keras.layers`.
pub mod layers {
    #[doc(inline)]
    pub use candle_keras_layers::preprocessing::image_preprocessing;
    #[doc(inline)]
    pub use candle_keras_layers::registry::all::*;
    #[doc(inline)]
    pub use candle_keras_layers::{
        AnyLayer, Argument, Arguments, AssetSource, Assets, Base, Boundaries, Build, Call, CallArgument, CallArguments,
        CallInputs, Callable, Cell, Check, Config, ConfigMap, Configure, Context, Declared, Described, Input, KeptAxes,
        KerasTensor, KerasTensors, Layer, Lora, MaskValue, MergeMode, MissingWords, Named, NamedInputs, Ngrams,
        NodeOutput, Numbers, OperationLayer, OutputMode, Pretrained, PretrainedRows, Recurrent, RecurrentLayer,
        RnnCell, Salt, Sequence, SequenceArguments, SequenceOutputs, Shape, Sizes, Split, Standardize, Strings,
        TensorSpec, Variable, Vocabulary, Weight, WordTable, call, call_with, check_layer, layer, object, run, setters,
        single,
    };
}

/// Activation functions. Keras: `keras.activations`.
pub mod activations {
    #[doc(inline)]
    pub use candle_keras_layers::activations::*;
}

/// Initial values of weights. Keras: `keras.initializers`.
pub mod initializers {
    #[doc(inline)]
    pub use candle_keras_layers::initializers::*;
}

/// Regularizers of weights and outputs. Keras: `keras.regularizers`.
pub mod regularizers {
    #[doc(inline)]
    pub use candle_keras_layers::regularizers::*;
}

/// Constraints on weights. Keras: `keras.constraints`.
pub mod constraints {
    #[doc(inline)]
    pub use candle_keras_layers::constraints::*;
}

/// Settings for layers that are created later. Keras: `keras.config`.
pub mod config {
    #[doc(inline)]
    pub use candle_keras_layers::{DTypePolicy, dtype_policy, set_dtype_policy};
    #[doc(inline)]
    pub use candle_keras_ops::config::{
        disable_interactive_logging, enable_interactive_logging, epsilon, floatx, image_data_format,
        is_interactive_logging_enabled, max_epochs, max_steps_per_epoch, set_epsilon, set_floatx,
        set_image_data_format, set_max_epochs, set_max_steps_per_epoch,
    };
}

/// Random numbers as tensors, and dropout and shuffles of tensors. Keras: `keras.random`.
///
/// Distributions are those of Keras, the numbers of a seed are not; [`numpy::random`] and
/// [`python::random`] have the numbers of NumPy and Python.
pub mod random {
    #[doc(inline)]
    pub use candle_keras_ops::random::set_random_seed as set_seed;
    #[doc(inline)]
    pub use candle_keras_ops::random_tensors::*;
}

/// Models. Keras: `keras.models`.
pub mod models {
    #[doc(inline)]
    pub use candle_keras_models::{Graph, Model, Sequential, Summary, clone_model, load_model, model_from_json};
}

/// Files of Keras, and safetensors. Keras: `keras.saving`.
pub mod saving {
    #[doc(inline)]
    pub use candle_keras_models::saving::*;
}

/// Losses. Keras: `keras.losses`.
pub mod losses {
    #[doc(inline)]
    pub use candle_keras_training::losses::*;
    #[doc(inline)]
    pub use candle_keras_training::{Function, Target};
}

/// Metrics. Keras: `keras.metrics`.
pub mod metrics {
    #[doc(inline)]
    pub use candle_keras_training::MetricSpec;
    #[doc(inline)]
    pub use candle_keras_training::metrics::*;
}

/// Optimizers. Keras: `keras.optimizers`.
pub mod optimizers {
    #[doc(inline)]
    pub use candle_keras_ops::{elementwise, update::Elementwise};
    #[doc(inline)]
    pub use candle_keras_training::optimizers::*;
}

/// Callbacks. Keras: `keras.callbacks`.
pub mod callbacks {
    pub use candle_keras_models::Logs;
    #[doc(inline)]
    pub use candle_keras_models::callbacks::*;
}

/// Functions of tensors, each with a checked gradient. Keras: `keras.ops`, `K`.
///
/// The functions of Keras take tensors and symbolic tensors. The others, for custom layers, losses and metrics, take tensors: they
/// are the fused ops that the layers of the same name use.
pub mod ops {
    // The functions of Keras.
    #[doc(inline)]
    pub use candle_keras_ops::functions::*;
    #[doc(inline)]
    pub use candle_keras_ops::{
        associative_scan, cond, convert_to_tensor, custom_gradient, fori_loop, map, ndim, rearrange, scan, scatter,
        scatter_update, shape, size, slice, slice_update, switch, unstack, vectorize, vectorized_map, while_loop,
    };

    // Their arguments.
    #[doc(inline)]
    pub use candle_keras_ops::{
        Axes, AxisList, Condition, Contraction, DTypeName, FrameWindow, Index, Integers, Key, Numbers, Operand,
        PadWidth, Reduction, SomeAxes, SomeDType, SomeIntegers, SomeName, axes, dtype, dtype_name,
    };

    // Layers as functions, and their arguments.
    #[doc(inline)]
    pub use candle_keras_ops::{
        Attention, Axis, Cell, FusedActivation, Groups, Outputs, Padding, Pool, RnnConfig, Run, Sequences, WithoutKeys,
        additive_scores, attention, attention_with_scores, batch_normalize, channel_moments, conv_lstm, dense,
        dense_over, dropout, embedding_lookup, host_ids, l2_normalize, masked_softmax, normalize_channels, pool,
        recurrent, vecdot,
    };

    /// Layers as functions, where Keras has a function of the same name with other arguments.
    pub mod fused {
        #[doc(inline)]
        pub use candle_keras_ops::{conv, conv_transpose, depthwise_conv, normalize};
    }

    // Losses of rows.
    #[doc(inline)]
    pub use candle_keras_ops::{Classes, Pairwise, crossentropy, has_row_losses, pairwise_mean};

    #[doc(inline)]
    pub use candle_keras_ops::{Gradient, Rows, string_tensor, strings};
    #[doc(inline)]
    pub use candle_keras_ops::{gradcheck, image, random};

    pub use candle_core::{D, DType, Device, Tensor, Var};
}

/// Text, vocabularies, arrays and batches.
pub mod data {
    #[doc(inline)]
    pub use candle_keras_data::*;
}

#[doc(inline)]
pub use candle_keras_data::{cv2, datasets, numpy, python, sklearn};

/// Data preprocessing. Keras: `keras.preprocessing`.
pub mod preprocessing {
    /// Image files. Keras: `keras.preprocessing.image`.
    pub mod image {
        #[doc(inline)]
        pub use candle_keras_data::{
            Flow, FlowFromDirectory, ImageDataGenerator, ImageFlow, Shift, Zoom, array_to_img, img_to_array, load_img,
            save_img, smart_resize,
        };
    }

    /// Texts as numbers. Keras 2: `keras.preprocessing.text`.
    pub mod text {
        #[doc(inline)]
        pub use candle_keras_data::{Tokenizer, text_to_word_sequence};
    }

    /// Sequences of ids. Keras: `keras.preprocessing.sequence`.
    pub mod sequence {
        #[doc(inline)]
        pub use candle_keras_data::{
            Pad, SkipgramBatches, SkipgramEpoch, Skipgrams, make_sampling_table, pad_sequences, skipgrams,
        };
    }
}

/// Word vectors from unlabeled text, and their files: word2vec, fastText, GloVe.
pub mod word_vectors {
    #[doc(inline)]
    pub use candle_keras_word_vectors::*;
}

/// Figures as SVG files. matplotlib: `matplotlib.pyplot`.
pub mod pyplot {
    #[doc(inline)]
    pub use candle_keras_pyplot::*;
}

/// Seeds, names, devices and data preprocessing. Keras: `keras.utils`.
pub mod utils {
    #[doc(inline)]
    pub use candle_keras_data::{
        ArrayToImg, AudioFolder, FolderDataset, GetFile, Image, ImageFolder, ImageMode, LoadImg, Pad, Resample,
        SaveImg, SplitDataset, SplitSize, TextFolder, Timeseries, array_to_img, audio_dataset_from_directory,
        audio_datasets_from_directory, get_file, image_dataset_from_directory, image_datasets_from_directory,
        img_to_array, load_img, normalize, pad_sequences, save_img, set_random_seed, split_dataset,
        text_dataset_from_directory, text_datasets_from_directory, timeseries_dataset_from_array, to_categorical,
    };
    #[doc(inline)]
    pub use candle_keras_layers::{clear_session, get_source_inputs};
    #[doc(inline)]
    pub use candle_keras_models::{
        CustomObjects, Feature, FeatureSpace, Plot, model_to_dot, plot_model, record_results,
    };
    #[doc(inline)]
    pub use candle_keras_ops::config::{
        disable_interactive_logging, enable_interactive_logging, is_interactive_logging_enabled,
    };
    #[doc(inline)]
    pub use candle_keras_ops::{Progbar, device, standardize_dtype, warnings};
}

/// The names that most programs need.
pub mod prelude {
    pub use crate::callbacks::{Callback, Logs};
    pub use crate::layers;
    pub use crate::layers::Layer;
    pub use crate::models::load_model;
    pub use crate::{Compile, Dataset, Evaluate, Fit, History, Input, Model, Predict, Result, Sequential};
    pub use candle_core::{DType, Device, Tensor};
}

/// The code of the README and of the guide, compiled and run by the doc tests.
#[cfg(doctest)]
mod guide {
    macro_rules! pages {
        ($($name:ident: $path:literal),* $(,)?) => {
            $(#[doc = include_str!($path)]
            struct $name;)*
        };
    }
    pages! {
        Readme: "../README.md",
        GettingStarted: "../docs/getting-started.md",
        FunctionalApi: "../docs/functional-api.md",
        Data: "../docs/data.md",
        Training: "../docs/training.md",
        Preprocessing: "../docs/preprocessing.md",
        Images: "../docs/images.md",
        TextAndEmbeddings: "../docs/text-and-embeddings.md",
        WordVectors: "../docs/word-vectors.md",
        Saving: "../docs/saving.md",
        WritingALayer: "../docs/writing-a-layer.md",
        CompositeLayers: "../docs/composite-layers.md",
        TrainingLoops: "../docs/training-loops.md",
        Porting: "../docs/porting.md",
        Ops: "../docs/ops.md",
        ExampleTransferLearning: "../docs/examples/transfer_learning.md",
        ExampleVae: "../docs/examples/vae.md",
        ExampleTabular: "../docs/examples/tabular.md",
        ExampleTimeSeries: "../docs/examples/time_series.md",
        ExampleGpt: "../docs/examples/gpt.md",
        ExampleSeq2seq: "../docs/examples/seq2seq.md",
        ExampleTriplets: "../docs/examples/triplets.md",
        ExampleDistillation: "../docs/examples/distillation.md",
        ExampleRecommendation: "../docs/examples/recommendation.md",
        ExampleImbalanced: "../docs/examples/imbalanced.md",
        ExampleHyperparameters: "../docs/examples/hyperparameters.md",
        ExampleCrossValidation: "../docs/examples/cross_validation.md",
        ExampleActorCritic: "../docs/examples/actor_critic.md",
        ExampleGan: "../docs/examples/gan.md",
        ExampleWganGp: "../docs/examples/wgan_gp.md",
    }
}
