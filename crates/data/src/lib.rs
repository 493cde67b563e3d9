//! Data for models: turns text, arrays and files into batches of tensors.

mod arrays;
pub mod atomic;
pub mod cv2;
mod dataset;
pub mod datasets;
mod folder;
mod get_file;
mod image_generator;
mod images;
mod mersenne_twister;
mod numerical;
pub mod numpy;
mod pickle;
pub mod python;
mod seeds;
mod sequence;
mod skipgrams;
pub mod sklearn;
mod split;
mod table;
mod text;
mod text_tokenizer;
mod texts;
mod timeseries;
mod tokenizer;
mod tokenizer_json;
mod words;

pub use arrays::{Array, Element, Misfit, Nested, ToArrays, ToTensor};
pub use candle_keras_ops::{Error, Result};
pub use dataset::{
    Batch, Batching, Cardinality, Data, Dataset, Elements, IntoBatch, IntoData, Names, Shuffle, Source, TextArrays,
};
pub use folder::{
    AudioFolder, FolderDataset, ImageFolder, Labels, TextFolder, audio_dataset_from_directory,
    audio_datasets_from_directory, image_dataset_from_directory, image_datasets_from_directory,
    text_dataset_from_directory, text_datasets_from_directory,
};
pub use get_file::{GetFile, get_file};
pub use image_generator::{Flow, FlowFromDirectory, ImageDataGenerator, ImageFlow, Shift, Zoom};
pub use images::{
    ArrayToImg, ColorMode, Image, ImageMode, LoadImg, Resample, SaveImg, array_to_img, img_to_array, load_img,
    save_img, smart_resize,
};
pub use numerical::{normalize, to_categorical};
pub use numpy::{Npz, read_npy, write_npz};
pub use seeds::set_random_seed;
pub use sequence::{Pad, Side, pad_sequences};
pub use skipgrams::{
    AliasTable, SkipgramBatches, SkipgramEpoch, Skipgrams, keep_probability, make_sampling_table, skipgrams,
};
pub use split::{IntoDataset, SplitDataset, SplitSize, split_dataset};
pub use table::{
    Cell, Column, GetDummies, NamedNumbers, ReadCsv, Rolling, Row, Summary, Table, ToColumn, WriteCsv, csv_dataset,
    read_csv,
};
#[cfg(feature = "parquet")]
pub use table::{ReadParquet, parquet_dataset, read_parquet};
pub use text::{Document, ReadText, read_text};
pub use text_tokenizer::{Tokenizer, text_to_word_sequence};
pub use texts::Texts;
pub use timeseries::{Timeseries, timeseries_dataset_from_array};
pub use tokenizer::WordTokenizer;
pub use words::is_combining_mark;
