//! Analogies: "man is to king as woman is to ?".

use super::questions::{Question, Questions, read};
use super::{AnalogyScores, EvaluationOptions, Known};
use crate::keyed_vectors::{COSMUL_EPSILON, Top, shifted};
use crate::{KeyedVectors, Objective};
use candle_keras_ops::{Result, cores, simd};
use std::path::Path;

/// How many words nearest to the answer are looked at for one that is not of the question: gensim's number.
const LOOKED_AT: usize = 5;

/// Questions that a core works on in one go.
const GROUP: usize = 64;

impl KeyedVectors {
    /// Solves analogies: for a line `a b c d`, the word nearest to `b - a + c` is to be `d`. gensim: `evaluate_word_analogies`.
    ///
    /// The file is like word2vec's `questions-words.txt`: four words a line, in sections that begin with a line `: name`. The words of the
    /// question are no answers. Scores depend on how many words count as known ([`EvaluationOptions::restrict_vocab`]).
    ///
    /// ```
    /// # use candle_keras_word_vectors::{EvaluationOptions, KeyedVectors};
    /// # use candle_core::{Device, Tensor};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("questions.txt");
    /// # let table = Tensor::new(&[[1f32, 0., 0.2], [0., 1., 0.2], [1., 0., 0.9], [0., 1., 0.8], [-1., 0.3, 0.1]], &Device::Cpu)?;
    /// # let vectors = KeyedVectors::new(["man", "woman", "king", "queen", "of"], &table)?;
    /// std::fs::write(&path, ": family\nman king woman queen\nking man queen woman\n")?;
    /// let scores = vectors.evaluate_word_analogies(&path, &EvaluationOptions::new())?;
    /// assert_eq!(scores.total().accuracy(), 1.0);
    /// println!("{scores}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read, a line is not four words, one is before the first section, or there is no question.
    pub fn evaluate_word_analogies(
        &self,
        path: impl AsRef<Path>,
        options: &EvaluationOptions,
    ) -> Result<AnalogyScores> {
        let known = Known::of(self, options);
        let mut read = read(path.as_ref(), &known, options)?;
        let tops = self.solve(&read, options)?;
        for (question, top) in read.questions.iter().zip(tops) {
            let answer = answer(top, |row| known.row(&options.folded(self.words().word(row))).unwrap_or(row), question);
            let section = &mut read.sections[question.section];
            section.correct += usize::from(answer == Some(question.expected));
        }
        Ok(AnalogyScores { sections: read.sections })
    }

    /// The best rows for each question.
    ///
    /// The words of the questions are far fewer than the questions: the cosines of each of them with a block of rows are computed once, as a
    /// matrix product, and put together for each question while they are in the cache.
    fn solve(&self, read: &Questions, options: &EvaluationOptions) -> Result<Vec<Top>> {
        let mut tops = vec![Top::new(LOOKED_AT); read.questions.len()];
        if tops.is_empty() {
            return Ok(tops);
        }
        let asked = [self.unit_rows(read.asked.iter().copied())?];
        self.for_each_block(&asked, options.restrict_vocab, |_, from, count, cosines| {
            let cosines = |word: usize| &cosines[word * count..][..count];
            cores::each(read.questions.chunks(GROUP).zip(tops.chunks_mut(GROUP)), |(questions, tops)| {
                let mut scores = vec![0.0; count];
                for (question, top) in questions.iter().zip(tops) {
                    let [a, b, c] = question.words.map(cosines);
                    match options.objective {
                        Objective::CosAdd => simd!(add(a, b, c, &mut scores)),
                        Objective::CosMul => simd!(multiply(a, b, c, &mut scores)),
                    }
                    top.offer_all(from, &scores, &question.rows);
                }
            });
        })?;
        Ok(tops)
    }
}

/// The cosine with `b - a + c`, but for a factor that is the same for all rows.
#[inline(always)]
fn add(a: &[f32], b: &[f32], c: &[f32], scores: &mut [f32]) {
    for (((score, a), b), c) in scores.iter_mut().zip(a).zip(b).zip(c) {
        *score = b - a + c;
    }
}

#[inline(always)]
fn multiply(a: &[f32], b: &[f32], c: &[f32], scores: &mut [f32]) {
    for (((score, &a), &b), &c) in scores.iter_mut().zip(a).zip(b).zip(c) {
        *score = shifted(b) * shifted(c) / (shifted(a) + COSMUL_EPSILON);
    }
}

/// The best row that is not, in other case, a word of the question; where all are, the last, as in gensim. `first` is the row of the first
/// word that is the same but for its case.
fn answer(top: Top, first: impl Fn(usize) -> usize, question: &Question) -> Option<usize> {
    let mut answer = None;
    for (row, _) in top.into_sorted() {
        answer = Some(first(row));
        if answer.is_some_and(|row| !question.rows.contains(&row)) {
            break;
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::super::tests::{angles, file};
    use super::*;
    use crate::keyed_vectors::tests::random;

    fn scores(vectors: &KeyedVectors, text: &str, options: EvaluationOptions) -> Result<AnalogyScores> {
        vectors.evaluate_word_analogies(file(text).path(), &options)
    }

    fn plane() -> KeyedVectors {
        angles(&[
            ("a", 0.0),
            ("b", 40.0),
            ("A", 1.0),
            ("c", 90.0),
            ("d", 128.0),
            ("e", 215.0),
            ("B", 128.5),
            ("late", 130.0),
        ])
    }

    const QUESTIONS: &str = ": family\na b c d\nA B C D\na b c e\n\n: gram1\na b c late\na b c none\nc b d a\n";

    #[test]
    fn questions_are_scored_as_by_gensim() {
        let options = EvaluationOptions::new();
        let counts = |options: EvaluationOptions| {
            let found = scores(&plane(), QUESTIONS, options).unwrap();
            found.sections.iter().map(|s| [s.correct, s.used, s.unknown, s.total]).collect::<Vec<_>>()
        };
        // gensim 4.4 of the same vectors and lines; its lists of right and wrong answers have these lengths.
        assert_eq!(counts(options.clone()), [[2, 3, 0, 3], [0, 2, 1, 3]]);
        assert_eq!(counts(options.clone().dummy4unknown(true)), [[2, 3, 0, 3], [0, 3, 1, 3]]);
        assert_eq!(counts(options.clone().case_insensitive(false)), [[1, 2, 1, 3], [0, 2, 1, 3]]);
        assert_eq!(counts(options.clone().restrict_vocab(7)), [[2, 3, 0, 3], [1, 1, 2, 3]]);
        // gensim's most_similar_cosmul(["b", "c"], ["a"]) finds "late" first.
        assert_eq!(counts(options.objective(Objective::CosMul)), [[0, 3, 0, 3], [1, 2, 1, 3]]);
    }

    #[test]
    fn words_that_differ_in_case_are_no_answers() {
        // The five rows nearest to the answer are all words of the question: the last of them is the answer, as in gensim.
        let spelled = [("a", 0.0), ("b", 40.0), ("c", 90.0), ("B", 41.0), ("C", 91.0), ("A", 1.0), ("d", 300.0)];
        let top = |rows: [usize; 5]| {
            let mut top = Top::new(LOOKED_AT);
            rows.iter().rev().enumerate().for_each(|(score, &row)| top.offer(row, score as f32));
            top
        };
        let vectors = angles(&spelled);
        let options = EvaluationOptions::new();
        let known = Known::of(&vectors, &options);
        let first = |row: usize| known.row(&options.folded(spelled[row].0)).unwrap();
        let question = Question { section: 0, rows: [0, 1, 2], words: [0, 1, 2], expected: 6 };
        assert_eq!(answer(top([4, 3, 6, 5, 1]), first, &question), Some(6));
        assert_eq!(answer(top([4, 3, 1, 2, 5]), first, &question), Some(0));
        assert_eq!(answer(Top::new(1), first, &question), None);
    }

    #[test]
    fn answers_are_those_of_queries() {
        let vectors = random(1100, 8);
        let word = |i: usize| vectors.words().word(i);
        for objective in [Objective::CosAdd, Objective::CosMul] {
            let mut text = String::from(": all\n");
            for i in 0..200 {
                let [a, b, c] = [word(i), word(1099 - i), word(5 * i + 3)];
                let best = vectors.query().positive([b, c]).negative(a).objective(objective).top(2).run().unwrap();
                // A wrong answer for each tenth.
                text.push_str(&format!("{a} {b} {c} {}\n", best[usize::from(i % 10 == 0)].0));
            }
            let found = scores(&vectors, &text, EvaluationOptions::new().objective(objective)).unwrap().total();
            assert_eq!((found.correct, found.used), (180, 200));
        }
    }

    #[test]
    fn what_is_not_a_question_is_an_error() {
        let error = |text: &str| scores(&plane(), text, EvaluationOptions::new()).unwrap_err().to_string();
        assert!(error(": x\na b c d\na b c\n").contains("line 3\n  expected: four words"));
        assert!(error("a b c d\n").contains("line 1\n  expected: a colon"));
        assert!(error(": x\n").contains("no questions"));
        let unknown = scores(&plane(), ": x\n1 2 3 4\n", EvaluationOptions::new()).unwrap();
        assert_eq!((unknown.total().accuracy(), unknown.oov_ratio()), (0.0, 1.0));
    }
}
