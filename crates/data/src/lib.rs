//! Data on its way to a model: text, arrays and files become batches of tensors.

mod arrays;
pub mod atomic;
mod batches;
mod numerical;
mod sequence;
mod skipgrams;
mod text;
mod text_vectorization;
mod tokenizer;

pub use arrays::{Element, ToTensor, ToTensors};
pub use batches::Batches;
pub use candle_keras_ops::{Error, Result};
pub use numerical::to_categorical;
pub use sequence::{Pad, Side, pad_sequences};
pub use skipgrams::{
    AliasTable, SkipgramBatches, SkipgramEpoch, Skipgrams, keep_probability, make_sampling_table, skipgrams,
};
pub use text::{Document, ReadText, read_text};
pub use text_vectorization::{Standardize, TextVectorization};
pub use tokenizer::WordTokenizer;
