//! What one thread does with a chunk of text.

use super::Word2Vec;
use super::negatives::Negatives;
use crate::sampling::Random;
use crate::text::{END, Encoder};
use crate::train::{Kernel, Parts, Paths, Tree, Window, Work, Worker};
use crate::{Text, Vocabulary};
use candle_keras_data::AliasTable;
use candle_keras_ops::{SharedRows, simd};

/// What all threads share.
pub(crate) struct Shared {
    pub(crate) vocabulary: Vocabulary,
    /// How likely an occurrence of a word is kept.
    pub(crate) keep: Vec<u32>,
    /// The vectors; with parts, rows whose means are the vectors.
    pub(crate) inputs: SharedRows,
    pub(crate) parts: Option<Parts>,
    /// What negatives are drawn from, and the output rows of words: with negative sampling.
    pub(crate) negatives: Option<(AliasTable, SharedRows)>,
    /// The tree, and the output rows of its inner nodes: with hierarchical softmax.
    pub(crate) tree: Option<(Paths, SharedRows)>,
}

/// A thread with its memory.
pub(crate) struct Trainer<'a> {
    shared: &'a Shared,
    encoder: Encoder<'a>,
    sentence: Vec<u32>,
    window: Window<'a>,
    centre: Centre<'a>,
}

/// What is done around one centre.
struct Centre<'a> {
    settings: &'a Word2Vec,
    kernel: Kernel,
    slots: Vec<usize>,
    /// What part each word of a window has in its mean.
    shares: Vec<f32>,
    negatives: Option<Negatives<'a>>,
    tree: Option<Tree<'a>>,
    /// The mean of a window, and how it was before the step.
    mean: Vec<f32>,
    mean_before: Vec<f32>,
    random: Random,
    alpha: f32,
    pairs: u64,
}

impl<'a> Trainer<'a> {
    pub(crate) fn new(settings: &'a Word2Vec, shared: &'a Shared, text: &Text) -> Self {
        let (stride, reach) = (shared.inputs.stride(), settings.window);
        let negatives = shared.negatives.as_ref();
        let centre = Centre {
            settings,
            kernel: Kernel::new(),
            slots: Vec::new(),
            shares: Vec::new(),
            negatives: negatives.map(|table| Negatives::new(table, settings.negative, settings.shared_negatives)),
            tree: shared.tree.as_ref().map(Tree::new),
            mean: vec![0.0; stride],
            mean_before: vec![0.0; stride],
            random: Random::new(0, 0, 0),
            alpha: 0.0,
            pairs: 0,
        };
        Self {
            shared,
            encoder: Encoder::new(text, shared.vocabulary.words()),
            sentence: Vec::new(),
            window: Window::new(&shared.inputs, shared.parts.as_ref(), reach),
            centre,
        }
    }
}

impl Worker for Trainer<'_> {
    fn encode(&mut self, chunk: &str, numbers: &mut Vec<u32>) -> u64 {
        self.encoder.encode(chunk, numbers)
    }

    fn train(&mut self, numbers: &[u32], alpha: f32, random: Random) -> Work {
        let Self { shared, sentence, window, centre, .. } = self;
        (centre.alpha, centre.random, centre.pairs) = (alpha, random, 0);
        if let Some(negatives) = &mut centre.negatives {
            negatives.forget_draws();
        }
        for words in numbers.split(|&number| number == END) {
            sentence.clear();
            for &word in words {
                if centre.random.bits() as u32 <= shared.keep[word as usize] {
                    sentence.push(word);
                }
            }
            if sentence.len() > 1 {
                centre.train(window, sentence);
            }
        }
        if let Some(negatives) = &mut centre.negatives {
            negatives.write_back();
        }
        Work { pairs: centre.pairs, loss: centre.kernel.take_loss(), ..Work::default() }
    }
}

impl Centre<'_> {
    /// Trains all windows of a sentence.
    fn train(&mut self, window: &mut Window<'_>, sentence: &[u32]) {
        window.begin(sentence);
        for (position, &word) in sentence.iter().enumerate() {
            window.move_to(position, sentence);
            let half = match self.settings.shrink_windows {
                true => 1 + self.random.below(self.settings.window as u32) as usize,
                false => self.settings.window,
            };
            window.around(position, half, sentence.len(), &mut self.slots);
            let slots = std::mem::take(&mut self.slots);
            match self.settings.skip_gram {
                true => self.skip_gram(window, &slots, (word, sentence.get(position + 1).copied())),
                false => self.cbow(window, &slots, (word, sentence.get(position + 1).copied())),
            }
            self.slots = slots;
            window.leave_behind(position);
        }
        window.end(sentence);
    }

    /// Each word of the window predicts the centre.
    #[inline]
    fn skip_gram(&mut self, window: &mut Window<'_>, slots: &[usize], word: (u32, Option<u32>)) {
        self.pairs += slots.len() as u64;
        if self.settings.shared_negatives > 0 {
            return self.answer((window.rows(), slots), word);
        }
        for slot in slots.chunks(1) {
            self.answer((window.rows(), slot), word);
        }
    }

    /// The mean of the window predicts the centre.
    #[inline]
    fn cbow(&mut self, window: &mut Window<'_>, slots: &[usize], word: (u32, Option<u32>)) {
        self.pairs += 1;
        let mut mean = std::mem::take(&mut self.mean);
        self.shares.clear();
        self.shares.extend(slots.iter().map(|&slot| window.parts(slot) as f32));
        if self.settings.cbow_mean {
            // A word with many parts counts more, as in fastText, where the mean is that of all rows.
            let sum: f32 = self.shares.iter().sum();
            self.shares.iter_mut().for_each(|share| *share /= sum);
        }
        simd!(sum_of(&mut mean, window.rows(), slots, &self.shares));
        self.mean_before.copy_from_slice(&mean);
        self.answer((&mut mean, &[0]), word);
        // The derivative divides the gradient of a mean by the number of words, and that of a sum not; word2vec and gensim do it the other way round.
        let part = if self.settings.cbow_mean == self.settings.corrected_cbow { 1.0 / slots.len() as f32 } else { 1.0 };
        simd!(add_change(window.rows(), slots, &mut self.mean_before, &mean, part));
        self.mean = mean;
    }

    /// Trains input rows to answer with a word, before the next one.
    #[inline]
    fn answer(&mut self, (rows, slots): (&mut [f32], &[usize]), (word, next): (u32, Option<u32>)) {
        let Self { kernel, negatives, tree, random, alpha, .. } = self;
        if let Some(negatives) = negatives {
            negatives.answer(kernel, (rows, slots), (word, next), *alpha, random);
        }
        if let Some(tree) = tree {
            tree.answer(kernel, (rows, slots), word, *alpha);
        }
    }
}

/// The sum of the rows of a window, each times its share.
#[inline(always)]
fn sum_of(sum: &mut [f32], rows: &[f32], slots: &[usize], shares: &[f32]) {
    sum.fill(0.0);
    for (&slot, share) in slots.iter().zip(shares) {
        let row = &rows[slot * sum.len()..];
        for (sum, x) in sum.iter_mut().zip(row) {
            *sum += x * share;
        }
    }
}

/// Adds to each row of a window what the mean has gained, times `part`.
#[inline(always)]
fn add_change(rows: &mut [f32], slots: &[usize], before: &mut [f32], now: &[f32], part: f32) {
    for (before, now) in before.iter_mut().zip(now) {
        *before = (now - *before) * part;
    }
    for &slot in slots {
        for (x, change) in rows[slot * now.len()..].iter_mut().zip(&*before) {
            *x += change;
        }
    }
}
