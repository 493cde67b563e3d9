//! The labels that a supervised model predicts for lines of text.

use super::args::{LossName, ModelName};
use super::best::Best;
use super::dictionary::Line;
use super::{FastTextModel, one_line};
use crate::train::Huffman;
use candle_keras_ops::{Error, Result, cores};

/// fastText's sigmoid is a table of this many steps over twice this range.
const SIGMOID_STEPS: usize = 512;
const SIGMOID_RANGE: f32 = 8.0;

/// How many lines a core predicts at a time.
const BLOCK: usize = 64;

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
    let x = |step: usize| (step as f32 * 2.0 * SIGMOID_RANGE) / SIGMOID_STEPS as f32 - SIGMOID_RANGE;
    (0..=SIGMOID_STEPS).map(|step| (1.0 / (1.0 + f64::from((-x(step)).exp()))) as f32).collect()
}

fn sigmoid(table: &[f32], x: f32) -> f32 {
    match x {
        _ if x < -SIGMOID_RANGE => 0.0,
        _ if x > SIGMOID_RANGE => 1.0,
        _ => table[((x + SIGMOID_RANGE) * SIGMOID_STEPS as f32 / SIGMOID_RANGE / 2.0) as usize],
    }
}

/// The logarithm, of what is not quite 0: fastText adds 1e-5.
fn log(x: f64) -> f32 {
    (x + 1e-5).ln() as f32
}

/// Predicts line after line, in memory that it keeps.
pub(super) struct Predictor<'a> {
    model: &'a FastTextModel,
    threshold: f32,
    line: Line,
    hidden: Vec<f32>,
    /// A score for each label, then its probability.
    scores: Vec<f32>,
    /// The nodes of the tree that are still to be looked at.
    open: Vec<(usize, f32)>,
    best: Best,
}

impl<'a> Predictor<'a> {
    fn new(model: &'a FastTextModel, k: usize, threshold: f32) -> Result<Self> {
        if !model.is_supervised() {
            return Err(Error::new("only a supervised model has labels to predict")
                .received(format!("{:?}", model.args.model))
                .help("train one with lines that have their labels in them"));
        }
        if k == 0 {
            return Err(Error::new("k must be 1 or more").received("0"));
        }
        Ok(Self {
            model,
            threshold,
            line: Line::default(),
            hidden: vec![0.0; model.vector_size()],
            scores: Vec::new(),
            open: Vec::new(),
            best: Best::of(k),
        })
    }

    /// A line of text as the model sees it, and the logarithms of its best labels' probabilities with their numbers.
    pub fn predict(&mut self, text: &str) -> Result<(&Line, &[(f32, u32)])> {
        let model = self.model;
        model.dictionary.line(one_line(text)?, &mut self.line);
        self.best.clear();
        if !self.line.rows.is_empty() {
            model.input.mean(self.line.rows.iter().copied(), &mut self.hidden);
            match &model.output_of {
                Output::Tree(tree) => self.search(tree)?,
                Output::Softmax => {
                    self.score()?;
                    softmax(&mut self.scores);
                    self.keep();
                }
                Output::Sigmoid(table) => {
                    self.score()?;
                    self.scores.iter_mut().for_each(|x| *x = sigmoid(table, *x));
                    self.keep();
                }
            }
        }
        Ok((&self.line, self.best.sort()))
    }

    /// The labels of a line with their probabilities.
    fn named(&mut self, text: &str) -> Result<Vec<(&'a str, f32)>> {
        let names = self.model.dictionary.labels().names();
        let (_, best) = self.predict(text)?;
        Ok(best.iter().map(|&(log, label)| (names.word(label as usize), log.exp())).collect())
    }

    fn product(&self, row: usize) -> Result<f32> {
        let product = self.model.output.dot(row, &self.hidden);
        if product.is_nan() {
            return Err(Error::new("the model holds numbers that are not numbers (NaN)")
                .help("its training went astray: a lower learning rate helps"));
        }
        Ok(product)
    }

    fn score(&mut self) -> Result<()> {
        let mut scores = std::mem::take(&mut self.scores);
        scores.clear();
        for row in 0..self.model.dictionary.labels().len() {
            scores.push(self.product(row)?);
        }
        self.scores = scores;
        Ok(())
    }

    /// Keeps the best of the probabilities.
    fn keep(&mut self) {
        for (&probability, label) in self.scores.iter().zip(0..) {
            // Also what is not a number after all: infinite outputs.
            if probability >= self.threshold {
                self.best.push(log(probability.into()), label);
            }
        }
    }

    /// Goes down the tree, and not where no label can be good enough any more.
    fn search(&mut self, tree: &Huffman) -> Result<()> {
        let least = log(self.threshold.into());
        self.open.clear();
        self.open.extend(tree.root().map(|root| (root, 0.0)));
        while let Some((node, score)) = self.open.pop() {
            if score < least || self.best.excludes(score) {
                continue;
            }
            let Some((row, left, right)) = tree.inner(node) else {
                self.best.push(score, node as u32);
                continue;
            };
            let x = self.product(row)?;
            let right_is = (1.0 / f64::from(1.0 + (-x).exp())) as f32;
            self.open.push((right, score + log(right_is.into())));
            self.open.push((left, score + log(1.0 - f64::from(right_is))));
        }
        Ok(())
    }
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
        Predictor::new(self, k, threshold)?.named(text)
    }

    /// What [`predict`](Self::predict) gives for each of many lines, on all cores. Python: `predict` of a list.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), for the first line that has one.
    pub fn predict_many<S: AsRef<str> + Sync>(
        &self,
        lines: impl IntoIterator<Item = S>,
        k: usize,
        threshold: f32,
    ) -> Result<Vec<Vec<(&str, f32)>>> {
        let mut all = Vec::new();
        self.predict_each(
            lines,
            (k, threshold),
            |predictor, line, block: &mut Vec<_>| {
                block.push(predictor.named(line)?);
                Ok(())
            },
            |block| all.extend(block),
        )?;
        Ok(all)
    }

    /// Calls `f` for each line, on all cores, with what it adds to for a block of lines; `next` gets the blocks in their order.
    pub(super) fn predict_each<'a, S: AsRef<str> + Sync, B: Default + Send>(
        &'a self,
        lines: impl IntoIterator<Item = S>,
        (k, threshold): (usize, f32),
        f: impl Fn(&mut Predictor<'a>, &str, &mut B) -> Result<()> + Sync,
        mut next: impl FnMut(B),
    ) -> Result<()> {
        // Before a line is waited for.
        Predictor::new(self, k, threshold)?;
        let predicted = |lines: &[S]| -> Result<B> {
            let (mut predictor, mut block) = (Predictor::new(self, k, threshold)?, B::default());
            lines.iter().try_for_each(|line| f(&mut predictor, line.as_ref(), &mut block))?;
            Ok(block)
        };
        let mut lines = lines.into_iter();
        loop {
            let some: Vec<S> = lines.by_ref().take(4 * BLOCK * cores::count()).collect();
            if some.is_empty() {
                return Ok(());
            }
            for block in cores::map(some.chunks(BLOCK).collect(), predicted) {
                next(block?);
            }
        }
    }
}

fn softmax(scores: &mut [f32]) {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|x| *x = (*x - highest).exp());
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|x| *x /= sum);
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
}
