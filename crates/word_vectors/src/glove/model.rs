//! A trained GloVe.

use super::GloVe;
use crate::{Epoch, KeyedVectors, Words};

/// Vectors of words, and of words as the context of others.
#[derive(Debug, Clone)]
pub struct GloVeModel {
    pub(super) settings: GloVe,
    pub(super) vectors: KeyedVectors,
    pub(super) words: Vec<f32>,
    pub(super) contexts: Vec<f32>,
    pub(super) history: Vec<Epoch>,
}

impl GloVeModel {
    pub(super) fn new(
        settings: GloVe,
        words: &Words,
        counts: &[u64],
        (word_rows, context_rows): (Vec<f32>, Vec<f32>),
        history: Vec<Epoch>,
    ) -> Self {
        let sums = word_rows.iter().zip(&context_rows).map(|(word, context)| word + context).collect();
        let vectors = KeyedVectors::from_parts(words.clone(), sums, settings.vector_size, Some(counts.to_vec()));
        Self { settings, vectors, words: word_rows, contexts: context_rows, history }
    }

    /// The sums of both vectors of each word, which is what the reference program saves.
    pub fn vectors(&self) -> &KeyedVectors {
        &self.vectors
    }

    /// The sums alone, without the vectors that they are of.
    pub fn into_vectors(self) -> KeyedVectors {
        self.vectors
    }

    /// A copy of the vectors of words alone. The reference program: `-model 1`.
    pub fn word_vectors(&self) -> KeyedVectors {
        self.keyed(&self.words)
    }

    /// A copy of the vectors of words as contexts.
    pub fn context_vectors(&self) -> KeyedVectors {
        self.keyed(&self.contexts)
    }

    fn keyed(&self, rows: &[f32]) -> KeyedVectors {
        let counts = self.vectors.counts().map(<[u64]>::to_vec);
        KeyedVectors::from_parts(self.vectors.words().clone(), rows.to_vec(), self.settings.vector_size, counts)
    }

    /// What happened in each epoch: `pairs` are co-occurrences, and `loss` is the mean of their weighted losses `0.5 f(x) d^2`, each as it was
    /// before its step.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// The arguments with which the model was trained.
    pub fn settings(&self) -> &GloVe {
        &self.settings
    }
}
