//! Data on its way to a model: text, arrays and files become batches of tensors.

mod arrays;
mod batches;
mod numerical;
mod sequence;
mod text;
mod text_vectorization;
mod tokenizer;
mod word_vectors;

pub use arrays::{Element, ToTensor, ToTensors};
pub use batches::Batches;
pub use candle_keras_ops::{Error, Result};
pub use numerical::to_categorical;
pub use sequence::{Pad, Side, pad_sequences};
pub use text::{Document, ReadText, read_text};
pub use text_vectorization::{Standardize, TextVectorization};
pub use tokenizer::WordTokenizer;
pub use word_vectors::WordVectors;
