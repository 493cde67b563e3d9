//! Word vectors as what an Embedding can be filled from.

use crate::{FastTextModel, KeyedVectors};
use candle_keras_layers::WordTable;

impl WordTable for KeyedVectors {
    fn vector_size(&self) -> usize {
        self.vector_size()
    }

    fn fill(&self, word: &str, row: &mut [f32]) -> bool {
        self.words().get(word).is_some_and(|number| {
            row.copy_from_slice(self.row(number as usize));
            true
        })
    }

    fn some_words(&self, count: usize) -> Vec<String> {
        self.words().iter().take(count).map(String::from).collect()
    }
}

impl WordTable for FastTextModel {
    fn vector_size(&self) -> usize {
        self.vector_size()
    }

    /// Any word has a vector that has n-grams which the model knows.
    fn fill(&self, word: &str, row: &mut [f32]) -> bool {
        row.copy_from_slice(&self.vector(word));
        row.iter().any(|&x| x != 0.0)
    }

    fn some_words(&self, count: usize) -> Vec<String> {
        self.words().iter().take(count).map(String::from).collect()
    }
}
