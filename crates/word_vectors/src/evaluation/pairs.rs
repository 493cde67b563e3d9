//! Similarities of pairs of words beside those that people gave: WordSim-353, SimLex-999.

use super::correlation::{pearson, spearman};
use super::{EvaluationOptions, Known, bad_line, for_each_line, percent};
use crate::KeyedVectors;
use crate::keyed_vectors::cosine;
use candle_keras_ops::{Error, Result};
use std::fmt;
use std::path::Path;

/// How the similarities of pairs of words agree with those that people gave.
#[derive(Debug, Clone, PartialEq)]
pub struct PairScores {
    /// Pearson's coefficient of correlation; not a number if all similarities of one side are equal.
    pub pearson: f64,
    /// Spearman's coefficient of the ranks, where equal similarities share the mean of theirs.
    pub spearman: f64,
    /// How many pairs the coefficients are of.
    pub used: usize,
    /// How many pairs have a word that has no vector.
    pub unknown: usize,
    /// How many pairs the file has.
    pub total: usize,
}

impl PairScores {
    /// The share of pairs with an unknown word, 0 to 1. (gensim gives it in percent.)
    pub fn oov_ratio(&self) -> f64 {
        self.unknown as f64 / self.total as f64
    }
}

impl fmt::Display for PairScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Spearman  {:7.4}", self.spearman)?;
        writeln!(f, "Pearson   {:7.4}", self.pearson)?;
        writeln!(f, "pairs     {} of {} used", self.used, self.total)?;
        write!(f, "unknown   {} ({})", self.unknown, percent(self.unknown, self.total))
    }
}

impl KeyedVectors {
    /// Compares the similarities of pairs of words with those that people gave. gensim: `evaluate_word_pairs`.
    ///
    /// The file has a pair a line: two words and a number, with a tab, a comma, a semicolon or space between them
    /// ([`EvaluationOptions::delimiter`]). Where there are more columns, as in the files of SimLex-999 and SimVerb-3500, the first one behind the
    /// words that is a number counts. Empty lines and those that begin with `#` are skipped, and so is a first line without a number,
    /// which has the names of the columns. A pair with a vector that is not finite counts as unknown.
    ///
    /// ```
    /// # use candle_keras_word_vectors::{EvaluationOptions, KeyedVectors};
    /// # use candle_core::{Device, Tensor};
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("pairs.tsv");
    /// # let table = Tensor::new(&[[1f32, 0.], [0.9, 0.3], [0.1, 1.]], &Device::Cpu)?;
    /// # let vectors = KeyedVectors::new(["cat", "dog", "car"], &table)?;
    /// std::fs::write(&path, "cat\tdog\t7.5\ncat\tcar\t1.0\ndog\tcar\t2.0\n")?;
    /// let scores = vectors.evaluate_word_pairs(&path, &EvaluationOptions::new())?;
    /// assert_eq!((scores.spearman, scores.used, scores.total), (1.0, 3, 3));
    /// println!("{scores}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read, a line is not two words and a number, or there are less than two pairs of known words.
    pub fn evaluate_word_pairs(&self, path: impl AsRef<Path>, options: &EvaluationOptions) -> Result<PairScores> {
        let (path, known) = (path.as_ref(), Known::of(self, options));
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        let (mut total, mut unknown, mut header, mut column) = (0, 0, true, None);
        for_each_line(path, |number, line| {
            if line.trim().is_empty() || line.starts_with('#') {
                return Ok(());
            }
            let first = std::mem::take(&mut header);
            let columns = columns(line, options);
            let [a, b, rest @ ..] = &columns[..] else {
                return Err(bad_line(path, number, "two words and a number", line));
            };
            column = column.or_else(|| rest.iter().position(|text| finite(text).is_some()));
            let Some(similarity) = rest.get(column.unwrap_or(0)).and_then(|text| finite(text)) else {
                let header = first && !rest.is_empty();
                return if header { Ok(()) } else { Err(bad_line(path, number, "two words and a number", line)) };
            };
            total += 1;
            let rows = known.row(&options.folded(a)).zip(known.row(&options.folded(b)));
            match rows.map(|(a, b)| cosine(self.row(a), self.row(b))).filter(|cosine| cosine.is_finite()) {
                Some(cosine) => ours.push(cosine),
                None => {
                    unknown += 1;
                    if !options.dummy4unknown {
                        return Ok(());
                    }
                    ours.push(0.0);
                }
            }
            theirs.push(similarity);
            Ok(())
        })?;
        if ours.len() < 2 {
            return Err(Error::new(format!("{} has less than two pairs of words that are known", path.display()))
                .received(format!("{total} pairs, {unknown} of them with a word that has no vector"))
                .help("the words must be those of the text that the vectors are from"));
        }
        let (pearson, spearman) = (pearson(&theirs, &ours), spearman(&theirs, &ours));
        Ok(PairScores { pearson, spearman, used: ours.len(), unknown, total })
    }
}

/// A number that is finite.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The columns of a line.
fn columns<'a>(line: &'a str, options: &EvaluationOptions) -> Vec<&'a str> {
    let delimiter =
        options.delimiter.or_else(|| ['\t', ';', ','].into_iter().find(|&delimiter| line.contains(delimiter)));
    match delimiter {
        Some(delimiter) if delimiter != ' ' => line.split(delimiter).map(str::trim).collect(),
        _ => line.split_whitespace().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{angles, file};
    use super::*;

    fn vectors() -> KeyedVectors {
        angles(&[("zero", 0.0), ("Ten", 10.0), ("ten", 80.0), ("thirty", 30.0), ("ninety", 90.0)])
    }

    fn scores(text: &str, options: EvaluationOptions) -> Result<PairScores> {
        vectors().evaluate_word_pairs(file(text).path(), &options)
    }

    const PAIRS: &str = "# words\n\nzero\tTEN\t9\nten\tthirty\t7\nzero\tthirty\t7.0\nzero\tninety\t1\nzero\tmany\t3\n";

    #[test]
    fn similarities_are_scored_as_by_gensim() {
        let options = EvaluationOptions::new();
        let found = scores(PAIRS, options.clone()).unwrap();
        // gensim 4.4 and scipy of the same vectors and lines.
        assert!(
            (found.pearson - 0.979_445_470).abs() < 1e-6 && (found.spearman - 0.948_683_298).abs() < 1e-6,
            "{found:?}"
        );
        assert_eq!((found.used, found.unknown, found.total, found.oov_ratio()), (4, 1, 5, 0.2));
        let dummy = scores(PAIRS, options.clone().dummy4unknown(true)).unwrap();
        assert!(
            (dummy.pearson - 0.957_449_653).abs() < 1e-6 && (dummy.spearman - 0.872_081_599).abs() < 1e-6,
            "{dummy:?}"
        );
        assert_eq!((dummy.used, dummy.unknown, dummy.total), (5, 1, 5));
        let exact = scores(PAIRS, options.clone().case_insensitive(false)).unwrap();
        assert_eq!((exact.used, exact.unknown), (3, 2));
        assert_eq!(scores(PAIRS, options.restrict_vocab(4)).unwrap().unknown, 2);
    }

    #[test]
    fn columns_are_parted_in_several_ways() {
        let tabs = scores(PAIRS, EvaluationOptions::new()).unwrap();
        for delimiter in [",", ", ", ";", "  "] {
            let text =
                PAIRS.replace('\t', delimiter).replace("# words\n", &["Word 1", "Word 2", "Human"].join(delimiter));
            let text = if delimiter == "  " { text.replace("Word ", "Word") } else { text };
            assert_eq!(scores(&text, EvaluationOptions::new()).unwrap(), tabs, "{delimiter:?}");
        }
        let text = PAIRS.replace('\t', "|");
        assert_eq!(scores(&text, EvaluationOptions::new().delimiter('|')).unwrap(), tabs);
        assert!(scores(&text, EvaluationOptions::new()).is_err());
        assert_eq!(scores(&PAIRS.replace('\t', " "), EvaluationOptions::new().delimiter(' ')).unwrap(), tabs);
    }

    #[test]
    fn more_columns_are_those_of_simlex_and_simverb() {
        let three = scores(PAIRS, EvaluationOptions::new()).unwrap();
        let lines = PAIRS.lines().filter(|line| line.contains('\t'));
        let verbs: String = lines
            .map(|line| format!("{}\tSYNONYMS\n", line.rsplit_once('\t').map(|(a, b)| format!("{a}\tV\t{b}")).unwrap()))
            .collect();
        assert_eq!(scores(&verbs, EvaluationOptions::new()).unwrap(), three);
        let with_header = format!("word1\tword2\tPOS\tSimLex999\tconc(w1)\n{}", verbs.replace("SYNONYMS", "5.5"));
        assert_eq!(scores(&with_header, EvaluationOptions::new()).unwrap(), three);
    }

    #[test]
    fn a_vector_that_is_not_a_number_is_unknown() {
        let table = vec![1.0, 0.0, 0.8, 0.6, 0.0, 1.0, f32::NAN, 1.0];
        let words = ["a", "b", "c", "nan"].into_iter().collect();
        let vectors = KeyedVectors::from_parts(words, table, 2, None);
        let text = file("a b 9\na c 1\nb c 5\na nan 7\n");
        let found = vectors.evaluate_word_pairs(text.path(), &EvaluationOptions::new()).unwrap();
        assert_eq!((found.spearman, found.used, found.unknown), (1.0, 3, 1));
    }

    #[test]
    fn what_cannot_be_scored_is_an_error() {
        let error = |text: &str| scores(text, EvaluationOptions::new()).unwrap_err().to_string();
        assert!(error("zero ten 1\nzero ten\n").contains("line 2\n  expected: two words"));
        assert!(error("zero ten 1\nzero ten one\n").contains("line 2\n  expected: two words and a number"));
        assert!(error("zero ten V 1\nzero ten 2 V\n").contains("line 2\n  expected: two words and a number"));
        assert!(error("zero ten 1\nmany none 2\n").contains("2 pairs, 1 of them"));
        assert!(error("").contains("0 pairs"));
        // All equal: no correlation, as scipy says.
        assert!(scores("zero ten 1\nzero thirty 1\n", EvaluationOptions::new()).unwrap().spearman.is_nan());
    }

    #[test]
    fn scores_are_printed() {
        let scores = PairScores { pearson: 0.61234, spearman: -0.5, used: 275, unknown: 78, total: 353 };
        let lines = ["Spearman  -0.5000", "Pearson    0.6123", "pairs     275 of 353 used", "unknown   78 (22.1 %)"];
        assert_eq!(scores.to_string(), lines.join("\n"));
    }
}
