//! The interface of word vectors to an Embedding.

/// Words with a vector each, to fill an [`Embedding`](crate::Embedding) from.
///
/// ```
/// use candle_keras_layers::{Embedding, Layer, WordTable};
/// use std::collections::HashMap;
///
/// struct Glove(HashMap<String, [f32; 2]>);
///
/// impl WordTable for Glove {
///     fn vector_size(&self) -> usize {
///         2
///     }
///
///     fn fill(&self, word: &str, row: &mut [f32]) -> bool {
///         self.0.get(word).is_some_and(|vector| {
///             row.copy_from_slice(vector);
///             true
///         })
///     }
/// }
///
/// let glove = Glove(HashMap::from([("cat".into(), [0.1, 0.2]), ("dog".into(), [0.3, 0.4])]));
/// let embedding = Embedding::from_vectors(&glove, ["", "[UNK]", "dog", "cat"])?.trainable(false);
/// assert_eq!(embedding.get_weights()?[0].to_vec2::<f32>()?[2], [0.3, 0.4]);
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
pub trait WordTable {
    /// The size of a vector.
    fn vector_size(&self) -> usize;

    /// Writes the vector of a word into `row`, which has [`vector_size`](Self::vector_size) elements; false if there is none.
    fn fill(&self, word: &str, row: &mut [f32]) -> bool;

    /// Whether the word itself has a vector. A table that computes vectors for missing words, as fastText does from their n-grams, returns
    /// false for these. The default is what [`fill`](Self::fill) returns.
    fn contains(&self, word: &str) -> bool {
        self.fill(word, &mut vec![0.0; self.vector_size()])
    }

    /// Some of the words, for error messages.
    fn some_words(&self, count: usize) -> Vec<String> {
        let _ = count;
        Vec::new()
    }
}

impl<T: WordTable + ?Sized> WordTable for &T {
    fn vector_size(&self) -> usize {
        (**self).vector_size()
    }

    fn fill(&self, word: &str, row: &mut [f32]) -> bool {
        (**self).fill(word, row)
    }

    fn contains(&self, word: &str) -> bool {
        (**self).contains(word)
    }

    fn some_words(&self, count: usize) -> Vec<String> {
        (**self).some_words(count)
    }
}
