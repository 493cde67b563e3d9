//! How similar words are, and what follows from it.

use super::terms::{Term, Terms};
use super::{KeyedVectors, cosine, products};
use candle_keras_ops::{Error, Result, cores};

impl KeyedVectors {
    /// The cosine of the vectors of two words. gensim: `similarity`.
    ///
    /// # Errors
    /// If a word has no vector.
    pub fn similarity(&self, a: &str, b: &str) -> Result<f32> {
        Ok(cosine(self.vector(a)?, self.vector(b)?) as f32)
    }

    /// `1 - similarity(a, b)`. gensim: `distance`.
    ///
    /// # Errors
    /// If a word has no vector.
    pub fn distance(&self, a: &str, b: &str) -> Result<f32> {
        Ok((1.0 - cosine(self.vector(a)?, self.vector(b)?)) as f32)
    }

    /// The distances of a word or a vector to each of some words, `1 - similarity`. gensim: `distances`.
    ///
    /// # Errors
    /// If a word has no vector, or the vector is of another length.
    pub fn distances<'q, S: AsRef<str>>(
        &self,
        from: impl Into<Term<'q>>,
        words: impl IntoIterator<Item = S>,
    ) -> Result<Vec<f32>> {
        let from = from.into();
        let from = self.vector_of(&from)?;
        words.into_iter().map(|word| Ok((1.0 - cosine(from, self.vector(word.as_ref())?)) as f32)).collect()
    }

    /// Which of some words is the most similar to a word. gensim: `most_similar_to_given`.
    ///
    /// # Errors
    /// If a word has no vector, or there are no words to choose from.
    pub fn most_similar_to_given<S: AsRef<str>>(&self, word: &str, words: impl IntoIterator<Item = S>) -> Result<S> {
        let vector = self.vector(word)?;
        let mut best: Option<(f64, S)> = None;
        for word in words {
            let cosine = cosine(vector, self.vector(word.as_ref())?);
            if best.as_ref().is_none_or(|best| cosine > best.0 || best.0.is_nan()) {
                best = Some((cosine, word));
            }
        }
        best.map(|(_, word)| word).ok_or_else(|| Error::new("there are no words to choose from"))
    }

    /// The cosine of the means of two sets of words; words that have no vector are skipped. gensim: `n_similarity`.
    ///
    /// # Errors
    /// If a set has no word that has a vector.
    pub fn n_similarity<'q>(&self, a: impl Into<Terms<'q>>, b: impl Into<Terms<'q>>) -> Result<f32> {
        Ok(cosine(&self.mean_vector(a, false)?, &self.mean_vector(b, false)?) as f32)
    }

    /// The cosine of a word or of the mean of the unit vectors of several with each word, in the order of the words. gensim:
    /// `most_similar(topn=None)`.
    ///
    /// # Errors
    /// If a word has no vector.
    pub fn similarities<'q>(&self, words: impl Into<Terms<'q>>) -> Result<Vec<f32>> {
        let mut unit = self.weighted_mean(&words.into().0, true)?;
        products::normalize(&mut unit);
        let rows = self.rows(self.len());
        let mut all = vec![0.0; self.len()];
        let mut left = all.as_mut_slice();
        let parts =
            rows.parts().into_iter().map(|part| (part.start, left.split_off_mut(..part.len()).unwrap_or_default()));
        cores::each(parts, |(from, cosines)| rows.cosines(from, &unit, cosines));
        Ok(all)
    }

    /// The word that fits least with the others: the one whose cosine with the mean of their unit vectors is the lowest. Words that have
    /// no vector are skipped. gensim: `doesnt_match`.
    ///
    /// # Errors
    /// If none of the words has a vector.
    pub fn doesnt_match<S: AsRef<str>>(&self, words: impl IntoIterator<Item = S>) -> Result<&str> {
        let words: Vec<S> = words.into_iter().collect();
        let numbers = words.iter().filter_map(|word| self.words.get(word.as_ref()));
        let known: Vec<&str> = numbers.map(|number| self.words.word(number as usize)).collect();
        let mean = if known.is_empty() { Vec::new() } else { self.mean_vector(known.clone(), true)? };
        let cosines = known.into_iter().map(|word| (word, cosine(self.get(word).unwrap_or_default(), &mean)));
        let least = cosines.min_by(|a, b| a.1.total_cmp(&b.1));
        least.map(|(word, _)| word).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
            Error::new("none of the words has a vector").received(format!("{words:?}"))
        })
    }

    /// The words that are more similar to `a` than `b` is, in the order of the words. gensim: `closer_than`.
    ///
    /// # Errors
    /// If a word has no vector.
    pub fn closer_than(&self, a: &str, b: &str) -> Result<Vec<&str>> {
        let (own, limit) = (self.index_of(a)?, self.index_of(b)?);
        let cosines = self.similarities(a)?;
        // A vector that is not a number is the last one.
        let limit = if cosines[limit].is_nan() { f32::NEG_INFINITY } else { cosines[limit] };
        let closer = (0..self.len()).filter(|&number| number != own && cosines[number] > limit);
        Ok(closer.map(|number| self.words.word(number)).collect())
    }

    /// Where `b` is in the list of the words that are similar to `a`; 1 is the nearest. gensim: `rank`.
    ///
    /// # Errors
    /// If a word has no vector.
    pub fn rank(&self, a: &str, b: &str) -> Result<usize> {
        Ok(self.closer_than(a, b)?.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{animals, random};

    #[test]
    fn similarities_are_cosines() {
        let vectors = animals();
        assert_eq!(vectors.similarity("cat", "dog").unwrap(), 0.96);
        assert_eq!(vectors.similarity("cat", "cat").unwrap(), 1.0);
        assert_eq!(vectors.similarity("none", "none").unwrap(), 0.0);
        assert!((vectors.distance("cat", "dog").unwrap() - 0.04).abs() < 1e-7);
        // The means are (3.5, 3.5) and (5, 0): cosine 1 / sqrt 2.
        let similarity = vectors.n_similarity(["cat", "dog", "bat"], "car").unwrap();
        assert!((similarity - 0.5f32.sqrt()).abs() < 1e-7);
        assert!(vectors.n_similarity(["bat"], "car").is_err() && vectors.similarity("cat", "bat").is_err());
        let all = vectors.similarities("cat").unwrap();
        assert!(all.iter().zip([1.0, 0.96, 0.0, 0.6, 0.28]).all(|(found, by_hand)| (found - by_hand).abs() < 1e-6f32));
    }

    #[test]
    fn distances_are_those_to_the_words() {
        let vectors = animals();
        let found = vectors.distances("cat", ["dog", "none", "cat"]).unwrap();
        assert!(found.iter().zip([0.04, 1.0, 0.0]).all(|(found, by_hand)| (found - by_hand).abs() < 1e-6f32));
        assert_eq!(vectors.distances(&[30.0, 40.0][..], ["cat"]).unwrap(), [0.0]);
        assert!(vectors.distances("cat", ["bat"]).is_err() && vectors.distances(&[1.0][..], ["cat"]).is_err());
        assert_eq!(vectors.most_similar_to_given("cat", ["owl", "dog", "car"]).unwrap(), "dog");
        assert!(vectors.most_similar_to_given("cat", ["bat"]).is_err());
        assert!(vectors.most_similar_to_given("cat", [""; 0]).unwrap_err().to_string().contains("choose from"));
    }

    #[test]
    fn words_are_ranked() {
        let vectors = animals();
        assert_eq!(vectors.closer_than("cat", "owl").unwrap(), ["dog", "car"]);
        assert_eq!(vectors.rank("cat", "owl").unwrap(), 3);
        // As gensim has it: nothing is closer to a word than itself.
        assert_eq!((vectors.rank("cat", "cat").unwrap(), vectors.rank("cat", "dog").unwrap()), (1, 1));
        assert!(vectors.rank("cat", "bat").is_err() && vectors.closer_than("bat", "cat").is_err());
        let many = random(2000, 10);
        let neighbours = many.most_similar("w7", 1999).unwrap();
        for place in [0, 1, 500, 1998] {
            assert_eq!(many.rank("w7", neighbours[place].0).unwrap(), place + 1);
        }
    }

    #[test]
    fn one_word_does_not_fit() {
        let vectors = animals();
        assert_eq!(vectors.doesnt_match(["cat", "owl", "dog", "bat"]).unwrap(), "owl");
        assert_eq!(vectors.doesnt_match(["cat", "dog", "none"]).unwrap(), "none");
        for (none, received) in [(&["bat", "rat"][..], r#"["bat", "rat"]"#), (&[], "[]")] {
            let error = vectors.doesnt_match(none).unwrap_err().to_string();
            assert_eq!(error, format!("none of the words has a vector\n  received: {received}"));
        }
    }
}
