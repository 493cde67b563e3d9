//! Data for models: turns text, arrays and files into batches of tensors.

mod arrays;
pub mod atomic;
mod dataset;
mod numerical;
mod numpy;
mod sequence;
mod skipgrams;
mod split;
mod text;
mod texts;
mod tokenizer;
mod tokenizer_json;
mod words;

pub use arrays::{Array, Element, Misfit, Nested, ToArrays, ToTensor};
pub use candle_keras_ops::{Error, Result};
pub use dataset::{
    Batch, Batching, Cardinality, Data, Dataset, Elements, IntoBatch, IntoData, Names, Shuffle, Source, TextArrays,
};
pub use numerical::{normalize, to_categorical};
pub use numpy::{Npz, read_npy, write_npz};
pub use sequence::{Pad, Side, pad_sequences};
pub use skipgrams::{
    AliasTable, SkipgramBatches, SkipgramEpoch, Skipgrams, keep_probability, make_sampling_table, skipgrams,
};
pub use split::{IntoDataset, SplitDataset, SplitSize, split_dataset};
pub use text::{Document, ReadText, read_text};
pub use texts::Texts;
pub use tokenizer::WordTokenizer;
pub use words::is_combining_mark;
