//! The usual questions, each in one call.

use super::terms::Terms;
use super::{KeyedVectors, Objective};
use candle_keras_ops::Result;

impl KeyedVectors {
    /// The `topn` words whose vectors have the highest cosine with that of a word, or with the mean of the unit vectors of several,
    /// which are not among them; the best first. gensim: `most_similar`.
    ///
    /// [`query`](Self::query) has negative words and a restricted vocabulary as well, [`most_similar_many`](Self::most_similar_many) is
    /// faster for many words, and [`with_search_index`](Self::with_search_index) for many calls.
    ///
    /// ```
    /// # use candle_keras_word_vectors::KeyedVectors;
    /// # use candle_core::{Device, Tensor};
    /// # let table = Tensor::new(&[[1f32, 0.], [0.6, 0.8], [0., 1.]], &Device::Cpu)?;
    /// # let vectors = KeyedVectors::new(["king", "prince", "car"], &table)?;
    /// assert_eq!(vectors.most_similar("king", 10)?, [("prince", 0.6), ("car", 0.0)]);
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a word has no vector.
    pub fn most_similar<'q>(&self, words: impl Into<Terms<'q>>, topn: usize) -> Result<Vec<(&str, f32)>> {
        self.query().positive(words).top(topn).run()
    }

    /// The same as [`most_similar`](Self::most_similar), by the product of the cosines with each of the words.
    ///
    /// # Errors
    /// If a word has no vector, or there is no positive word.
    pub fn most_similar_cosmul<'q>(
        &self,
        positive: impl Into<Terms<'q>>,
        negative: impl Into<Terms<'q>>,
        topn: usize,
    ) -> Result<Vec<(&str, f32)>> {
        self.query().positive(positive).negative(negative).objective(Objective::CosMul).top(topn).run()
    }

    /// The `topn` words whose vectors have the highest cosine with this one. gensim: `similar_by_vector`.
    ///
    /// # Errors
    /// If the vector is of another length.
    pub fn similar_by_vector(&self, vector: &[f32], topn: usize) -> Result<Vec<(&str, f32)>> {
        self.most_similar(vector, topn)
    }

    /// What is to `c` as `b` is to `a`: `analogy("man", "king", "woman", 1)` asks "man is to king as woman is to ?", in the order of
    /// word2vec's questions. The `topn` words nearest to `b - a + c`, of unit vectors.
    ///
    /// # Errors
    /// If a word has no vector.
    pub fn analogy(&self, a: &str, b: &str, c: &str, topn: usize) -> Result<Vec<(&str, f32)>> {
        self.query().positive([b, c]).negative(a).top(topn).run()
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::tests::royals;
    use super::super::tests::{animals, assert_close, random};

    #[test]
    fn neighbours_are_those_of_gensim() {
        let vectors = animals();
        // Cosines by hand: cat dog 24/25, cat car 3/5, cat owl (-18 + 32) / 50; zeros have 0.
        let expected = [("dog", 0.96), ("car", 0.6), ("owl", 0.28), ("none", 0.0)];
        assert_close(&vectors.most_similar("cat", 10).unwrap(), &expected);
        assert_close(&vectors.most_similar("cat", 2).unwrap(), &expected[..2]);
        assert_eq!(vectors.most_similar("cat", 0).unwrap(), []);
        assert_eq!(vectors.similar_by_vector(&[30.0, 40.0], 1).unwrap(), [("cat", 1.0)]);
        assert!(vectors.most_similar("none", 4).unwrap().iter().all(|(_, score)| *score == 0.0));
        assert!(vectors.most_similar("bat", 1).unwrap_err().to_string().contains("did you mean \"cat\""));
        assert!(vectors.query().run().is_err());
    }

    #[test]
    fn analogies_are_those_of_gensim() {
        let vectors = royals();
        // gensim 4.4: most_similar and most_similar_cosmul(positive=["king", "woman"], negative=["man"]).
        assert_close(
            &vectors.analogy("man", "king", "woman", 5).unwrap(),
            &[("queen", 0.977_765_26), ("of", 0.471_294_64)],
        );
        assert_close(
            &vectors.most_similar_cosmul(["king", "woman"], "man", 5).unwrap(),
            &[("of", 2.753_985_4), ("queen", 1.192_546_4)],
        );
    }

    #[test]
    fn many_rows_are_all_searched() {
        let vectors = random(3001, 20);
        let best = vectors.most_similar("w3000", 3000).unwrap();
        let mut all: Vec<(String, f32)> = vectors
            .words()
            .iter()
            .zip(vectors.similarities("w3000").unwrap())
            .map(|(word, score)| (word.to_string(), score))
            .collect();
        all.pop();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        assert!(best.iter().map(|(word, score)| (word.to_string(), *score)).eq(all));
    }
}
