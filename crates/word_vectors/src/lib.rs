//! Word vectors from text that has no labels: word2vec, fastText and GloVe; their files, questions to them, and maps.

mod arguments;
mod evaluation;
pub mod fast_text;
mod files;
mod glove;
mod keyed_vectors;
mod map;
mod sampling;
mod text;
mod train;
mod vocabulary;
mod word2vec;
mod word_table;
mod words;

pub use candle_keras_ops::{Error, Result};
pub use evaluation::{AnalogyScores, EvaluationOptions, PairScores, SectionScore};
pub use fast_text::{FastText, FastTextClassifier, FastTextModel};
pub use files::{Load, Save};
pub use glove::{GloVe, GloVeModel};
pub use keyed_vectors::{Duplicates, KeyedVectors, Objective, Query, Term, Terms};
pub use map::{Map, Method, WordMap};
pub use text::{Sentence, Text, Tokenize};
pub use train::Epoch;
pub use vocabulary::Vocabulary;
pub use word2vec::{Word2Vec, Word2VecModel};
pub use words::Words;
