//! What one thread does with a chunk of lines that have labels.

use super::all_labels::AllLabels;
use super::args::LossName;
use super::dictionary::{Dictionary, Line};
use crate::sampling::Random;
use crate::text::END;
use crate::train::{CachedRows, Huffman, Kernel, Paths, Tree, Work, Worker, mean_of_rows};
use candle_keras_data::AliasTable;
use candle_keras_ops::{Error, Result, SharedRows, simd};

/// How many rows of the next line are prefetched while a line is trained.
const PREFETCHED: usize = 64;

/// How often a wrong label is drawn by its count before it is drawn without: of ten lines, nine may have one label, and still one in 30,000 comes to this.
const DRAWS: usize = 100;

/// The output rows, and what the loss takes beside them.
pub(super) enum Outputs {
    All { is_softmax: bool, rows: SharedRows },
    Sampled { table: AliasTable, rows: SharedRows },
    Tree((Paths, SharedRows)),
}

impl Outputs {
    /// Of labels that are as frequent as this.
    ///
    /// # Errors
    /// If there is no label.
    pub fn new(loss: LossName, counts: &[u64], rows: SharedRows) -> Result<Self> {
        if counts.is_empty() {
            return Err(Error::new("the model has no labels to train"));
        }
        Ok(match loss {
            LossName::Softmax | LossName::OneVsAll => Self::All { is_softmax: loss == LossName::Softmax, rows },
            // The power of a count with which fastText draws a wrong label.
            LossName::NegativeSampling => Self::Sampled { table: AliasTable::of_counts(counts, 0.5)?, rows },
            LossName::HierarchicalSoftmax => Self::Tree((Huffman::new(counts).paths(), rows)),
        })
    }

    pub fn into_rows(self) -> SharedRows {
        match self {
            Self::All { rows, .. } | Self::Sampled { rows, .. } | Self::Tree((_, rows)) => rows,
        }
    }
}

/// A thread with its memory.
pub(super) struct Trainer<'a> {
    dictionary: &'a Dictionary,
    inputs: &'a SharedRows,
    answers: Answers<'a>,
    kernel: Kernel,
    /// The mean of a line's rows, and how it was before the step.
    hidden: Vec<f32>,
    before: Vec<f32>,
    line: Line,
}

enum Answers<'a> {
    All(AllLabels<'a>),
    Sampled(Sampled<'a>),
    Tree(Tree<'a>),
}

impl<'a> Trainer<'a> {
    pub fn new(dictionary: &'a Dictionary, inputs: &'a SharedRows, outputs: &'a Outputs, negative: usize) -> Self {
        let answers = match outputs {
            Outputs::All { is_softmax, rows } => Answers::All(AllLabels::new(rows, *is_softmax)),
            Outputs::Sampled { table, rows } => Answers::Sampled(Sampled::new(table, rows, negative)),
            Outputs::Tree(tree) => Answers::Tree(Tree::new(tree)),
        };
        let row = vec![0.0; inputs.stride()];
        Self {
            dictionary,
            inputs,
            answers,
            kernel: Kernel::new(),
            hidden: row.clone(),
            before: row,
            line: Line::default(),
        }
    }

    /// Trains the mean of a line's rows to answer with its labels: one of them, or all with one-against-all.
    #[inline]
    fn line(&mut self, labels: &[u32], rows: &[u32], alpha: f32, random: &mut Random) -> f64 {
        let Self { inputs, answers, kernel, hidden, before, .. } = self;
        mean_of_rows(inputs, rows, hidden);
        before.copy_from_slice(hidden);
        let mut loss = 0.0;
        let one = match labels {
            [label] => *label,
            labels => labels[random.below(labels.len() as u32) as usize],
        };
        match answers {
            Answers::All(all) => {
                let right = if all.is_softmax() { &[one][..] } else { labels };
                loss = all.answer(kernel, (before, hidden), right, alpha);
            }
            Answers::Sampled(sampled) => sampled.answer(kernel, hidden, one, alpha, random),
            Answers::Tree(tree) => tree.answer(kernel, (hidden, &[0]), one, alpha),
        }
        // Each row has its part in the mean alone.
        let share = 1.0 / rows.len() as f32;
        simd!(change(before, hidden, share));
        rows.iter().for_each(|&row| inputs.add(row as usize, before));
        loss
    }
}

impl Worker for Trainer<'_> {
    /// A line is the number of its labels, the labels and its rows, with [`END`] behind it. Lines without labels or rows are left out.
    fn encode(&mut self, chunk: &str, numbers: &mut Vec<u32>) -> u64 {
        let Self { dictionary, line, .. } = self;
        let mut words = 0;
        for text in chunk.lines() {
            words += dictionary.line(text, line);
            if !line.labels.is_empty() && !line.rows.is_empty() {
                numbers.push(line.labels.len() as u32);
                numbers.extend_from_slice(&line.labels);
                numbers.extend_from_slice(&line.rows);
                numbers.push(END);
            }
        }
        words
    }

    fn train(&mut self, numbers: &[u32], alpha: f32, mut random: Random) -> Work {
        let mut work = Work::default();
        let mut lines = numbers.split(|&number| number == END).filter_map(labels_and_rows).peekable();
        while let Some((labels, rows)) = lines.next() {
            if let Some((_, next)) = lines.peek() {
                next.iter().take(PREFETCHED).for_each(|&row| self.inputs.prefetch(row as usize));
            }
            work.loss += self.line(labels, rows, alpha, &mut random);
            work.pairs += 1;
        }
        if let Answers::All(all) = &mut self.answers {
            all.write_back();
        }
        work.loss += self.kernel.take_loss();
        work
    }
}

/// The labels and the rows of an encoded line.
#[inline]
fn labels_and_rows(line: &[u32]) -> Option<(&[u32], &[u32])> {
    let (&labels, rest) = line.split_first()?;
    rest.split_at_checked(labels as usize)
}

/// Negative sampling: the right label and wrong ones that are drawn.
struct Sampled<'a> {
    table: &'a AliasTable,
    held: CachedRows<'a>,
    drawn: Vec<u32>,
    labels: Vec<f32>,
    negative: usize,
}

impl<'a> Sampled<'a> {
    fn new(table: &'a AliasTable, rows: &'a SharedRows, negative: usize) -> Self {
        // With one label there is no wrong one.
        let negative = if rows.rows() > 1 { negative } else { 0 };
        let mut labels = vec![0.0; negative + 1];
        labels[0] = 1.0;
        Self { table, held: CachedRows::new(rows, None, negative + 1), drawn: Vec::new(), labels, negative }
    }

    fn answer(&mut self, kernel: &mut Kernel, hidden: &mut [f32], right: u32, alpha: f32, random: &mut Random) {
        self.drawn.clear();
        self.drawn.push(right);
        for _ in 0..self.negative {
            self.drawn.push(wrong_label(self.table, right, self.held.table().rows() as u32, random));
        }
        let stride = self.held.table().stride();
        self.drawn.iter().enumerate().for_each(|(place, &label)| self.held.read(place, label));
        kernel.step((hidden, &[0]), (self.held.rows(), &self.labels), stride, alpha);
        self.drawn.iter().enumerate().for_each(|(place, &label)| self.held.write_back(place, label));
    }
}

/// A label that is not the right one, of two or more. It is drawn by its count; if one label is nearly all that the text has, and the right one, each of the
/// others is as likely as the next.
#[inline]
fn wrong_label(table: &AliasTable, right: u32, labels: u32, random: &mut Random) -> u32 {
    let drawn = (0..DRAWS).map(|_| table.draw(random.bits())).find(|&label| label != right);
    drawn.unwrap_or_else(|| (right + 1 + random.below(labels - 1)) % labels)
}

/// `before = (now - before) * share`
#[inline(always)]
fn change(before: &mut [f32], now: &[f32], share: f32) {
    for (before, now) in before.iter_mut().zip(now) {
        *before = (now - *before) * share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_labels_are_drawn_by_their_counts() {
        let (table, mut random) = (AliasTable::of_counts(&[900, 100, 25], 0.5).unwrap(), Random::new(1, 0, 0));
        let mut drawn = [0.0f64; 3];
        (0..100_000).for_each(|_| drawn[wrong_label(&table, 0, 3, &mut random) as usize] += 1e-5);
        assert!(drawn[0] == 0.0 && (drawn[1] - 2.0 / 3.0).abs() < 0.01, "{drawn:?}");
    }

    /// One label is 1e8 times as frequent as each of the others: to draw until another comes would take thousands of draws.
    #[test]
    fn wrong_labels_are_found_beside_a_frequent_one() {
        let (table, mut random) = (AliasTable::of_counts(&[u64::MAX, 1, 1, 1], 1.0).unwrap(), Random::new(1, 0, 0));
        let mut drawn = [0; 4];
        (0..30_000).for_each(|_| drawn[wrong_label(&table, 0, 4, &mut random) as usize] += 1);
        assert!(drawn[0] == 0 && drawn[1..].iter().all(|count| (9_500..10_500).contains(count)), "{drawn:?}");
        assert_eq!(wrong_label(&table, 3, 4, &mut random), 0);
    }
}
