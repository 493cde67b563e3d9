//! A trained word2vec: its vectors, and what it takes to go on training.

use super::Word2Vec;
use super::worker::{Shared, Trainer};
use crate::sampling::{keep_probabilities, negatives_table};
use crate::train::{Huffman, Run};
use crate::{Epoch, KeyedVectors, Text, Vocabulary, Words};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result, SharedRows};

/// Vectors of words, with the output rows that they were trained against.
#[derive(Debug, Clone)]
pub struct Word2VecModel {
    pub(super) settings: Word2Vec,
    pub(super) vectors: KeyedVectors,
    /// The output rows of words, with negative sampling.
    pub(super) negative_rows: Vec<f32>,
    /// The output rows of inner nodes, with hierarchical softmax.
    pub(super) tree_rows: Vec<f32>,
    pub(super) history: Vec<Epoch>,
    pub(super) epochs_done: usize,
}

impl Word2VecModel {
    /// Untrained: vectors uniform between `-1/vector_size` and `1/vector_size` as in gensim (word2vec has half of that), output rows zeros.
    pub(super) fn new(settings: Word2Vec, vocabulary: Vocabulary) -> Self {
        let (words, width) = (vocabulary.len(), settings.vector_size);
        let vectors = initial(settings.seed, words, width);
        let rows = |wanted, count: usize| vec![0.0; if wanted { count * width } else { 0 }];
        Self {
            negative_rows: rows(settings.negative > 0, words),
            tree_rows: rows(settings.hs, words - 1),
            vectors: KeyedVectors::from_parts(
                vocabulary.words().clone(),
                vectors,
                width,
                Some(vocabulary.counts().to_vec()),
            ),
            history: Vec::new(),
            epochs_done: 0,
            settings,
        }
    }

    /// The vectors of the words.
    pub fn vectors(&self) -> &KeyedVectors {
        &self.vectors
    }

    /// The vectors alone, without what only further training needs.
    pub fn into_vectors(self) -> KeyedVectors {
        self.vectors
    }

    /// What happened in each epoch.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// The arguments with which the model is trained.
    pub fn settings(&self) -> &Word2Vec {
        &self.settings
    }

    /// Runs the epochs that are left, with the learning rate where it was: what a training goes on with that was ended early, or saved.
    ///
    /// With one worker the result is, bit for bit, that of a training that was not interrupted.
    ///
    /// # Errors
    /// If the text cannot be read, or the numbers overflow.
    pub fn resume(&mut self, text: impl Into<Text>) -> Result<&[Epoch]> {
        let (epochs, from) = (self.settings.epochs, self.epochs_done);
        self.run(&text.into(), epochs, from, self.settings.seed)
    }

    /// Trains for more epochs, on the same or another text, with the learning rate from its beginning to its end again. Words without a vector are passed
    /// over: [`update_vocabulary`](Self::update_vocabulary) gives them one. gensim: `train`.
    ///
    /// # Errors
    /// As [`resume`](Self::resume).
    pub fn train(&mut self, text: impl Into<Text>, epochs: usize) -> Result<&[Epoch]> {
        // Other draws than in the epochs before.
        let seed = self.settings.seed.wrapping_add(self.history.len() as u64 + 1);
        self.run(&text.into(), epochs, 0, seed)
    }

    /// Adds what a text has to the counts, and gives a vector to each new word that occurs in it at least `min_count` times, behind the words that
    /// have one; says how many there are. gensim: `build_vocab(update=True)`.
    ///
    /// # Errors
    /// If the text cannot be read, or the model has a tree, which cannot grow.
    pub fn update_vocabulary(&mut self, text: impl Into<Text>) -> Result<usize> {
        if self.settings.hs {
            return Err(Error::new("the tree of hierarchical softmax cannot take more words")
                .help("train with negative sampling, hs(false), or on both texts from the beginning"));
        }
        let text = text.into();
        let found = Vocabulary::count(&text, &text.open()?)?;
        let width = self.settings.vector_size;
        let vectors =
            std::mem::replace(&mut self.vectors, KeyedVectors::from_parts(Words::new(), Vec::new(), width, None));
        let mut counts = vectors.counts().unwrap_or_default().to_vec();
        let (mut words, mut numbers) = vectors.into_parts();
        let known = words.len();
        for (word, &count) in found.words().iter().zip(found.counts()) {
            match words.get(word) {
                Some(number) => counts[number as usize] += count,
                None if count >= self.settings.min_count => {
                    words.push(word);
                    counts.push(count);
                }
                None => {}
            }
        }
        let added = words.len() - known;
        numbers.extend(initial(self.settings.seed.wrapping_add(known as u64), added, width));
        self.negative_rows.resize(words.len() * width, 0.0);
        self.vectors = KeyedVectors::from_parts(words, numbers, width, Some(counts));
        Ok(added)
    }

    /// The mean loss of a pair on another text, in nats, without training: with wrong words that are the same each time.
    ///
    /// It takes as long as an epoch, and for its time a copy of all rows.
    ///
    /// # Errors
    /// If the text cannot be read, or has no pair of words with vectors.
    pub fn loss(&self, text: impl Into<Text>) -> Result<f64> {
        let mut copy = self.clone();
        (copy.settings.alpha, copy.settings.min_alpha, copy.settings.verbose) = (Some(0.0), 0.0, 0);
        copy.settings.callbacks = Default::default();
        let epoch = copy.run(&text.into(), 1, 0, 0)?.last().cloned();
        let epoch = epoch.filter(|epoch| epoch.pairs > 0);
        epoch
            .map(|epoch| epoch.loss)
            .ok_or_else(|| Error::new("the text has no two words with vectors in one sentence"))
    }

    fn run(&mut self, text: &Text, epochs: usize, from_epoch: usize, seed: u64) -> Result<&[Epoch]> {
        let chunks = text.open()?;
        let shared = self.share()?;
        let settings = self.settings.clone();
        let run = Run {
            chunks: &chunks,
            epochs,
            from_epoch,
            alpha: (settings.alpha_or_default(), settings.min_alpha),
            workers: settings.workers,
            seed,
            verbose: settings.verbose,
        };
        let mut done = 0;
        let trained = run.train(
            || Trainer::new(&settings, &shared, text),
            |epoch| {
                done += 1;
                Ok(settings.callbacks.call(epoch))
            },
        );
        self.take_back(shared);
        self.epochs_done += done;
        self.history.extend(trained?);
        Ok(&self.history)
    }

    /// The rows as threads share them.
    fn share(&mut self) -> Result<Shared> {
        let width = self.settings.vector_size;
        let share = |numbers: &mut Vec<f32>| {
            let numbers = std::mem::take(numbers);
            SharedRows::new(numbers.len() / width, width, |row, into| {
                into.copy_from_slice(&numbers[row * width..][..width]);
            })
        };
        let counts = self.vectors.counts().unwrap_or_default().to_vec();
        let negatives = negatives_table(&counts, self.settings.ns_exponent)?;
        let vectors =
            std::mem::replace(&mut self.vectors, KeyedVectors::from_parts(Words::new(), Vec::new(), width, None));
        let (words, mut numbers) = vectors.into_parts();
        Ok(Shared {
            keep: keep_probabilities(&counts, self.settings.sample),
            inputs: share(&mut numbers),
            parts: None,
            negatives: (self.settings.negative > 0).then(|| (negatives, share(&mut self.negative_rows))),
            tree: self.settings.hs.then(|| (Huffman::new(&counts).paths(), share(&mut self.tree_rows))),
            vocabulary: Vocabulary::from_parts(words, counts),
        })
    }

    fn take_back(&mut self, shared: Shared) {
        let Shared { vocabulary, inputs, negatives, tree, .. } = shared;
        let rows = |rows: SharedRows| rows.into_vec();
        self.negative_rows = negatives.map(|(_, table)| rows(table)).unwrap_or_default();
        self.tree_rows = tree.map(|(_, table)| rows(table)).unwrap_or_default();
        let (words, counts) = vocabulary.into_parts();
        self.vectors = KeyedVectors::from_parts(words, rows(inputs), self.settings.vector_size, Some(counts));
    }
}

/// The vectors of untrained words.
fn initial(seed: u64, words: usize, width: usize) -> Vec<f32> {
    let mut vectors = Stream::new(seed, 0x696e_6974).uniform_f32(words * width);
    vectors.iter_mut().for_each(|x| *x = (*x - 0.5) * 2.0 / width as f32);
    vectors
}
