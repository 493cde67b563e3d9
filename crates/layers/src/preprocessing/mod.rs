//! Layers that prepare data: numbers, categories, text and images. Keras: `keras/src/layers/preprocessing`.

mod batches;
mod buckets;
mod category_encoding;
mod discretization;
mod encoding;
mod farm_hash;
mod hashed_crossing;
mod hashing;
pub mod image_preprocessing;
mod index_lookup;
mod integer_lookup;
mod mel_spectrogram;
mod moments;
mod normalization;
mod pipeline;
mod quantiles;
mod rescaling;
mod sip_hash;
mod standardize;
mod stft_spectrogram;
mod string_lookup;
mod text_vectorization;
mod vocabulary;

pub use buckets::Salt;
pub use category_encoding::CategoryEncoding;
pub use discretization::{Boundaries, Discretization};
pub use encoding::OutputMode;
pub use hashed_crossing::HashedCrossing;
pub use hashing::{Hashing, MaskValue};
pub use image_preprocessing::{
    AugMix, AutoContrast, CenterCrop, ContrastLimitedAdaptiveHistogramEqualization, CutMix, Equalization,
    MaxNumBoundingBoxes, MixUp, RandAugment, RandomBrightness, RandomColorDegeneration, RandomColorJitter,
    RandomContrast, RandomCrop, RandomElasticTransform, RandomErasing, RandomFlip, RandomGaussianBlur, RandomGrayscale,
    RandomHue, RandomInvert, RandomPerspective, RandomPosterization, RandomRotation, RandomSaturation, RandomSharpness,
    RandomShear, RandomTranslation, RandomZoom, Resizing, Solarization,
};
pub use integer_lookup::IntegerLookup;
pub use mel_spectrogram::MelSpectrogram;
pub use normalization::{KeptAxes, Normalization};
pub use pipeline::Pipeline;
pub use rescaling::Rescaling;
pub use standardize::{Split, Standardize};
pub use stft_spectrogram::STFTSpectrogram;
pub use string_lookup::StringLookup;
pub use text_vectorization::{Ngrams, TextVectorization};
pub use vocabulary::Vocabulary;

use crate::{Base, TensorSpec};
use candle_core::DType;
use candle_keras_ops::{Error, Result};

/// An error unless all inputs are text.
fn require_text(inputs: &[TensorSpec]) -> Result<()> {
    match inputs.iter().find(|input| !input.is_string()) {
        Some(other) => Err(Error::new("the layer takes text")
            .received(format!("{other:?}"))
            .help("an input of text is Input::shape([1]).dtype(\"string\")")),
        None => Ok(()),
    }
}

/// The dtype of a lookup's output.
fn lookup_dtype(mode: &OutputMode, base: &Base) -> DType {
    if *mode == OutputMode::Int { DType::I64 } else { base.compute_dtype() }
}

/// An error if text is not UTF-8.
fn check_encoding(encoding: &str) -> Result<()> {
    match encoding.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => Ok(()),
        _ => Err(Error::new("text must have the encoding \"utf-8\"").received(encoding)),
    }
}

/// The methods of all layers with a vocabulary.
macro_rules! vocabulary_methods {
    ($class:ident, $term:ty) => {
        impl $class {
            /// Replaces the vocabulary, which may begin with the terms for padding and unknown ones. Keras: `set_vocabulary`.
            ///
            /// # Errors
            /// If a term occurs twice, there are more than `max_tokens` or none. The vocabulary is then unchanged.
            pub fn set_vocabulary(&self, vocabulary: impl Into<Vocabulary<$term>>) -> Result<()> {
                self.index().replace(&vocabulary.into(), None).map_err(|error| self.named(error))
            }

            /// [`set_vocabulary`](Self::set_vocabulary) with the weights of `"tf_idf"`, one for each term.
            ///
            /// # Errors
            /// As [`set_vocabulary`](Self::set_vocabulary), and if the numbers of terms and weights differ.
            pub fn set_weighted_vocabulary(
                &self,
                vocabulary: impl Into<Vocabulary<$term>>,
                idf_weights: &[f64],
            ) -> Result<()> {
                self.index().replace(&vocabulary.into(), Some(idf_weights)).map_err(|error| self.named(error))
            }

            /// All terms by their numbers, those for padding and unknown ones included. Keras: `get_vocabulary`.
            ///
            /// # Errors
            /// If the vocabulary that the layer was given cannot be one.
            pub fn get_vocabulary(&self) -> Result<Vec<$term>> {
                self.index().terms(true).map_err(|error| self.named(error))
            }

            /// The terms alone. Keras: `get_vocabulary(include_special_tokens=False)`.
            ///
            /// # Errors
            /// If the vocabulary that the layer was given cannot be one.
            pub fn terms(&self) -> Result<Vec<$term>> {
                self.index().terms(false).map_err(|error| self.named(error))
            }

            /// The size of the vocabulary: the `input_dim` of an Embedding.
            ///
            /// # Errors
            /// If the vocabulary that the layer was given cannot be one.
            pub fn vocabulary_size(&self) -> Result<usize> {
                self.index().vocabulary_size().map_err(|error| self.named(error))
            }

            fn named(&self, error: Error) -> Error {
                error.in_layer(self.layer_name(), self.class_name())
            }
        }
    };
}
use vocabulary_methods;
