//! What a supervised model says of a line of text: its labels, and how often it is right.

use super::args::{LossName, ModelName};
use super::best::Best;
use super::{FastTextModel, one_line};
use crate::train::Huffman;
use candle_keras_ops::{Error, Result};

/// fastText's sigmoid is a table of this many steps between -8 and 8.
const STEPS: usize = 512;
const MOST: f32 = 8.0;

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

/// What turns the output of a supervised model into probabilities.
#[derive(Debug, Clone)]
pub(super) enum Output {
    Softmax,
    /// The sigmoid's table.
    Sigmoid(Vec<f32>),
    Tree(Huffman),
}

impl Output {
    /// The one of a loss, over labels that are as frequent as this.
    pub fn new(loss: LossName, counts: &[u64]) -> Self {
        match loss {
            LossName::Softmax => Self::Softmax,
            LossName::NegativeSampling | LossName::OneVsAll => Self::Sigmoid(sigmoid_table()),
            LossName::HierarchicalSoftmax => Self::Tree(Huffman::new(counts)),
        }
    }
}

fn sigmoid_table() -> Vec<f32> {
    let x = |step: usize| (step as f32 * 2.0 * MOST) / STEPS as f32 - MOST;
    (0..=STEPS).map(|step| (1.0 / (1.0 + f64::from((-x(step)).exp()))) as f32).collect()
}

fn sigmoid(table: &[f32], x: f32) -> f32 {
    match x {
        _ if x < -MOST => 0.0,
        _ if x > MOST => 1.0,
        _ => table[((x + MOST) * STEPS as f32 / MOST / 2.0) as usize],
    }
}

/// The logarithm, of what is not quite 0: fastText adds 1e-5.
fn log(x: f64) -> f32 {
    (x + 1e-5).ln() as f32
}

impl FastTextModel {
    /// Whether the model was trained to tell labels.
    pub fn is_supervised(&self) -> bool {
        self.args.model == ModelName::Supervised
    }

    /// The `k` most probable labels of a line of text, those of `threshold` or more, each with its probability. Python: `predict`.
    ///
    /// Labels and probabilities are those of fastText's program, which adds 1e-5 to each: a certain label has 1.00001. A line of which the
    /// model knows nothing has no label.
    ///
    /// # Errors
    /// If the model has no labels, `k` is 0, the text is more than a line, or the model holds a number that is not one.
    ///
    /// ```
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fasttext/softmax.bin");
    /// use candle_keras_word_vectors::FastText;
    /// let model = FastText::load(path)?;
    /// let labels = model.predict("the rose near the hedge", 2, 0.0)?;
    /// assert_eq!((labels.len(), labels[0].0), (2, "__label__garden"));
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    pub fn predict(&self, text: &str, k: usize, threshold: f32) -> Result<Vec<(&str, f32)>> {
        self.can_predict(k)?;
        let (mut rows, mut labels) = (Vec::new(), Vec::new());
        self.dictionary.line(one_line(text)?, &mut rows, &mut labels);
        let names = self.dictionary.labels().names();
        let best = self.best_labels(&rows, k, threshold)?;
        Ok(best.into_iter().map(|(log, label)| (names.word(label as usize), log.exp())).collect())
    }

    /// Predicts the labels of lines that have theirs in them, and compares. Python: `test` and `test_label`.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn test<S: AsRef<str>>(
        &self,
        lines: impl IntoIterator<Item = S>,
        k: usize,
        threshold: f32,
    ) -> Result<Evaluation> {
        self.can_predict(k)?;
        let (mut examples, mut total) = (0, Scores::default());
        let mut each = vec![Scores::default(); self.dictionary.labels().len()];
        let (mut rows, mut labels) = (Vec::new(), Vec::new());
        for line in lines {
            rows.clear();
            labels.clear();
            self.dictionary.line(one_line(line.as_ref())?, &mut rows, &mut labels);
            if rows.is_empty() || labels.is_empty() {
                continue;
            }
            examples += 1;
            labels.iter().for_each(|&label| each[label as usize].gold += 1);
            for (_, label) in self.best_labels(&rows, k, threshold)? {
                let scores = &mut each[label as usize];
                scores.predicted += 1;
                scores.correct += usize::from(labels.contains(&label));
            }
        }
        for scores in &each {
            total.predicted += scores.predicted;
            total.gold += scores.gold;
            total.correct += scores.correct;
        }
        let labels = self.labels().map(String::from).zip(each).collect();
        Ok(Evaluation { examples, total, labels })
    }

    fn can_predict(&self, k: usize) -> Result<()> {
        if !self.is_supervised() {
            return Err(Error::new("only a supervised model has labels to predict")
                .received(format!("{:?}", self.args.model))
                .help("train one with lines that have their labels in them"));
        }
        if k == 0 {
            return Err(Error::new("k must be 1 or more").received("0"));
        }
        Ok(())
    }

    /// The logarithms of the best labels' probabilities, and their numbers.
    fn best_labels(&self, rows: &[u32], k: usize, threshold: f32) -> Result<Vec<(f32, u32)>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut hidden = vec![0.0; self.args.dim as usize];
        self.input.mean(rows.iter().copied(), &mut hidden);
        let mut best = Best::of(k);
        match &self.output_of {
            Output::Tree(tree) => self.best_of_tree(tree, &hidden, threshold, &mut best)?,
            Output::Softmax => keep(&softmax(self.products(&hidden)?), threshold, &mut best),
            Output::Sigmoid(table) => {
                let scores: Vec<f32> = self.products(&hidden)?.into_iter().map(|x| sigmoid(table, x)).collect();
                keep(&scores, threshold, &mut best);
            }
        }
        Ok(best.sorted())
    }

    fn product(&self, row: usize, hidden: &[f32]) -> Result<f32> {
        let product = self.output.dot(row, hidden);
        if product.is_nan() {
            return Err(Error::new("the model holds numbers that are not numbers (NaN)")
                .help("its training went astray: a lower learning rate helps"));
        }
        Ok(product)
    }

    fn products(&self, hidden: &[f32]) -> Result<Vec<f32>> {
        (0..self.dictionary.labels().len()).map(|row| self.product(row, hidden)).collect()
    }

    /// Goes down the tree, and not where no label can be good enough any more.
    fn best_of_tree(&self, tree: &Huffman, hidden: &[f32], threshold: f32, best: &mut Best) -> Result<()> {
        let least = log(threshold.into());
        let mut open: Vec<(usize, f32)> = tree.root().map(|root| (root, 0.0)).into_iter().collect();
        while let Some((node, score)) = open.pop() {
            if score < least || best.excludes(score) {
                continue;
            }
            let Some((row, left, right)) = tree.inner(node) else {
                best.push(score, node as u32);
                continue;
            };
            let x = self.product(row, hidden)?;
            let right_is = (1.0 / f64::from(1.0 + (-x).exp())) as f32;
            open.push((right, score + log(right_is.into())));
            open.push((left, score + log(1.0 - f64::from(right_is))));
        }
        Ok(())
    }
}

fn softmax(mut scores: Vec<f32>) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|x| *x = (*x - highest).exp());
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|x| *x /= sum);
    scores
}

fn keep(probabilities: &[f32], threshold: f32, best: &mut Best) {
    for (&probability, label) in probabilities.iter().zip(0..) {
        // Also what is not a number after all: infinite outputs.
        if probability >= threshold {
            best.push(log(probability.into()), label);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_a_sigmoid() {
        let table = sigmoid_table();
        assert_eq!((sigmoid(&table, -8.1), sigmoid(&table, 0.0), sigmoid(&table, 9.0)), (0.0, 0.5, 1.0));
        // In steps of 1/32, from their beginning.
        assert_eq!(sigmoid(&table, 1.03), sigmoid(&table, 1.0));
        assert!((sigmoid(&table, 1.0) - 0.731_058_6).abs() < 1e-6 && sigmoid(&table, 8.0) < 1.0);
    }

    #[test]
    fn scores_are_shares() {
        let scores = Scores { predicted: 4, gold: 6, correct: 3 };
        assert_eq!((scores.precision(), scores.recall(), scores.f1()), (0.75, 0.5, 0.6));
        assert!(Scores::default().precision().is_nan() && Scores::default().f1().is_nan());
    }
}
