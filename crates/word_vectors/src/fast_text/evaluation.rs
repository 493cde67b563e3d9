//! How often the labels that a supervised model predicts are right.

use super::FastTextModel;
use super::predict::Predictor;
use candle_keras_ops::Result;

/// How often labels were right, over the lines of a test.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// How many lines had a known label and anything to predict it from; the others do not count.
    pub examples: usize,
    /// All labels together: precision and recall at `k`.
    pub total: Scores,
    /// Each label of the model by itself, in the order of [`FastTextModel::labels`].
    pub labels: Vec<(String, Scores)>,
}

/// How often a label was predicted, and how often that was right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scores {
    /// How often it was predicted.
    pub predicted: usize,
    /// In how many lines it is.
    pub gold: usize,
    /// How often it was predicted for a line in which it is.
    pub correct: usize,
}

impl Scores {
    /// Which share of what was predicted is right; NaN if nothing was.
    pub fn precision(&self) -> f64 {
        self.correct as f64 / self.predicted as f64
    }

    /// Which share of the lines' labels was predicted; NaN if there was none.
    pub fn recall(&self) -> f64 {
        self.correct as f64 / self.gold as f64
    }

    /// The harmonic mean of the two.
    pub fn f1(&self) -> f64 {
        2.0 * self.correct as f64 / (self.predicted + self.gold) as f64
    }
}

/// The labels of some lines: those that they have, and those that were predicted for them.
#[derive(Default)]
struct Compared {
    examples: usize,
    gold: Vec<u32>,
    /// With whether they are right.
    predicted: Vec<(u32, bool)>,
}

impl Compared {
    fn add(&mut self, predictor: &mut Predictor<'_>, text: &str) -> Result<()> {
        let (line, best) = predictor.predict(text)?;
        if !line.rows.is_empty() && !line.labels.is_empty() {
            self.examples += 1;
            self.gold.extend_from_slice(&line.labels);
            self.predicted.extend(best.iter().map(|&(_, label)| (label, line.labels.contains(&label))));
        }
        Ok(())
    }
}

impl FastTextModel {
    /// Predicts the labels of lines that have theirs in them, on all cores, and compares. Python: `test` and `test_label`.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn test<S: AsRef<str> + Sync>(
        &self,
        lines: impl IntoIterator<Item = S>,
        k: usize,
        threshold: f32,
    ) -> Result<Evaluation> {
        let (mut examples, mut total) = (0, Scores::default());
        let mut each = vec![Scores::default(); self.labels().len()];
        let compare =
            |predictor: &mut Predictor<'_>, line: &str, compared: &mut Compared| compared.add(predictor, line);
        self.predict_each(lines, (k, threshold), compare, |compared| {
            examples += compared.examples;
            compared.gold.iter().for_each(|&label| each[label as usize].gold += 1);
            for (label, is_right) in compared.predicted {
                each[label as usize].predicted += 1;
                each[label as usize].correct += usize::from(is_right);
            }
        })?;
        for scores in &each {
            total.predicted += scores.predicted;
            total.gold += scores.gold;
            total.correct += scores.correct;
        }
        let labels = self.labels().map(String::from).zip(each).collect();
        Ok(Evaluation { examples, total, labels })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_shares() {
        let scores = Scores { predicted: 4, gold: 6, correct: 3 };
        assert_eq!((scores.precision(), scores.recall(), scores.f1()), (0.75, 0.5, 0.6));
        assert!(Scores::default().precision().is_nan() && Scores::default().f1().is_nan());
    }
}
