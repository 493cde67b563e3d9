//! Questions for the most similar words.

use super::search::Score;
use super::terms::{Term, Terms};
use super::{KeyedVectors, products};
use candle_keras_ops::{Error, Result};

/// How several words make one question; the names are those of Levy and Goldberg (2014).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Objective {
    /// 3CosAdd: the cosine with the weighted mean of the unit vectors. gensim: `most_similar`.
    #[default]
    CosAdd,
    /// 3CosMul: the product of the cosines with the positive words, each shifted to 0 to 1, divided by that with the negative words.
    /// gensim: `most_similar_cosmul`.
    CosMul,
}

/// A question for the words that are most similar to some words and least to others: [`KeyedVectors::query`].
#[derive(Debug, Clone)]
#[must_use = "a query does nothing until it is run"]
pub struct Query<'v, 'q> {
    vectors: &'v KeyedVectors,
    positive: Vec<Term<'q>>,
    negative: Vec<Term<'q>>,
    objective: Objective,
    among: Among,
    top: usize,
}

/// The rows that are searched.
#[derive(Debug, Clone)]
enum Among {
    First(usize),
    These(Vec<usize>),
}

impl<'v, 'q> Query<'v, 'q> {
    /// Words, vectors, and both with weights, that the result is to be similar to, beside those given before.
    pub fn positive(mut self, terms: impl Into<Terms<'q>>) -> Self {
        self.positive.extend(terms.into().0);
        self
    }

    /// Words, vectors, and both with weights, that the result is not to be similar to, beside those given before: each is subtracted
    /// as often as its weight says. (gensim adds a negative word that has a weight of its own.)
    pub fn negative(mut self, terms: impl Into<Terms<'q>>) -> Self {
        self.negative.extend(terms.into().0);
        self
    }

    /// How the words make one question, default [`Objective::CosAdd`].
    pub fn objective(mut self, objective: Objective) -> Self {
        self.objective = objective;
        self
    }

    /// Searches the first words only, which are the most frequent ones in most sets. gensim: `restrict_vocab`.
    pub fn restrict_vocab(mut self, words: usize) -> Self {
        self.among = Among::First(words);
        self
    }

    /// Searches these words only; those that have no vector are skipped.
    pub fn among<S: AsRef<str>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        let numbers = words.into_iter().filter_map(|word| self.vectors.words.get(word.as_ref()));
        let mut numbers: Vec<usize> = numbers.map(|number| number as usize).collect();
        numbers.sort_unstable();
        numbers.dedup();
        self.among = Among::These(numbers);
        self
    }

    /// How many words are wanted, default 10. gensim: `topn`.
    pub fn top(mut self, count: usize) -> Self {
        self.top = count;
        self
    }

    /// The words, the best first, and their scores. The words of the question are not among them.
    ///
    /// # Errors
    /// If there is no word in the question, a word has no vector, a vector is of another length, or a word has a weight, for which 3CosMul
    /// has no use.
    pub fn run(self) -> Result<Vec<(&'v str, f32)>> {
        let (vectors, score) = (self.vectors, self.score()?);
        let mut asked = Vec::new();
        for term in self.positive.iter().chain(&self.negative) {
            asked.extend(vectors.number_of(term)?);
        }
        let best = match self.among {
            Among::First(count) => search(vectors, count, &score, &asked, self.top),
            Among::These(mut numbers) => {
                numbers.retain(|number| !asked.contains(number));
                vectors.rows(vectors.len()).search_among(&score, &numbers, self.top)
            }
        };
        Ok(vectors.named(best))
    }

    fn score(&self) -> Result<Score> {
        match self.objective {
            Objective::CosAdd => {
                let negative = self.negative.iter().map(|&term| Term::from((term, -term.weight)));
                let terms: Vec<Term> = self.positive.iter().copied().chain(negative).collect();
                let mut mean = self.vectors.weighted_mean(&terms, true)?;
                products::normalize(&mut mean);
                Ok(Score::Cosine(mean))
            }
            Objective::CosMul if self.positive.is_empty() => {
                Err(Error::new("3CosMul needs a positive word").help("add one with `positive`"))
            }
            Objective::CosMul => {
                Ok(Score::Product { positive: self.units(&self.positive)?, negative: self.units(&self.negative)? })
            }
        }
    }

    /// The unit vectors of terms.
    fn units(&self, terms: &[Term]) -> Result<Vec<Vec<f32>>> {
        let unit = |term: &Term| {
            if term.weight != 1.0 {
                return Err(Error::new("3CosMul has no weights").received(term.weight.to_string()));
            }
            let mut unit = self.vectors.vector_of(term)?.to_vec();
            products::normalize(&mut unit);
            Ok(unit)
        };
        terms.iter().map(unit).collect()
    }
}

/// The best of the first rows; by the index, where there is one that helps.
fn search(vectors: &KeyedVectors, count: usize, score: &Score, asked: &[usize], top: usize) -> Vec<(usize, f32)> {
    let rows = vectors.rows(count);
    let quick = match (&vectors.search_index, score) {
        (Some(index), Score::Cosine(unit)) => index.search(rows, unit, asked, top),
        _ => None,
    };
    quick.unwrap_or_else(|| rows.search(score, asked, top))
}

impl KeyedVectors {
    /// A question for the most similar words.
    ///
    /// ```
    /// # use candle_keras_word_vectors::KeyedVectors;
    /// # use candle_core::{Device, Tensor};
    /// # let table = Tensor::new(&[[1f32, 0., 0.2], [0., 1., 0.2], [1., 0., 0.9], [0., 1., 0.8], [-1., 0., 0.]], &Device::Cpu)?;
    /// # let vectors = KeyedVectors::new(["man", "woman", "king", "queen", "of"], &table)?;
    /// let best = vectors.query().positive(["king", "woman"]).negative("man").restrict_vocab(30_000).top(1).run()?;
    /// assert_eq!(best[0].0, "queen");
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    pub fn query<'q>(&self) -> Query<'_, 'q> {
        let (positive, negative) = (Vec::new(), Vec::new());
        let (objective, among, top) = (Objective::default(), Among::First(usize::MAX), 10);
        Query { vectors: self, positive, negative, objective, among, top }
    }

    /// The words of these numbers.
    pub(super) fn named(&self, best: Vec<(usize, f32)>) -> Vec<(&str, f32)> {
        best.into_iter().map(|(number, score)| (self.words.word(number), score)).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{animals, assert_close, table};
    use super::*;

    #[test]
    fn the_vocabulary_is_restricted() {
        let vectors = animals();
        let names =
            |query: Query| query.run().unwrap().into_iter().map(|(word, _)| word.to_string()).collect::<Vec<_>>();
        assert_eq!(names(vectors.query().positive("cat").restrict_vocab(3)), ["dog", "none"]);
        assert_eq!(names(vectors.query().positive("cat").among(["owl", "bat", "car", "owl", "cat"])), ["car", "owl"]);
        assert_eq!(names(vectors.query().positive("cat").among(["owl", "car"]).top(1)), ["car"]);
        assert!(names(vectors.query().positive("cat").restrict_vocab(0)).is_empty());
    }

    pub(in super::super) fn royals() -> KeyedVectors {
        table(&[
            ("man", [1.0, 0.0, 0.2]),
            ("woman", [0.0, 1.0, 0.2]),
            ("king", [1.0, 0.0, 0.9]),
            ("queen", [0.0, 1.0, 0.8]),
            ("of", [-1.0, 0.3, 0.1]),
        ])
    }

    #[test]
    fn a_weight_counts() {
        let vectors = royals();
        // gensim 4.4: most_similar(positive=[("king", 2.0), "woman"], negative=[("man", -0.5)]).
        let best = vectors.query().positive([("king", 2.0), ("woman", 1.0)]).negative([("man", 0.5)]).run().unwrap();
        assert_close(&best, &[("queen", 0.829_700_3), ("of", -0.265_728_53)]);
        let king = vectors.vector("king").unwrap();
        assert!(vectors.query().positive([(king, 2.0)]).objective(Objective::CosMul).run().is_err());
        assert!(vectors.most_similar_cosmul(Terms::default(), "man", 1).is_err());
    }
}
