//! A trained word2vec: its vectors, and what it takes to go on training.

use super::worker::{Shared, Trainer};
use super::{Word2Vec, file};
use crate::sampling::keep_probabilities;
use crate::train::{Huffman, Run, check_finite, initial_rows};
use crate::{Epoch, KeyedVectors, Text, Vocabulary, Words};
use candle_keras_data::AliasTable;
use candle_keras_ops::{Error, Result, SharedRows};
use serde::{Deserialize, Serialize};

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
    pub(super) training: Training,
}

/// The training that `fit` or `train` began last.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Training {
    /// How many there were before it.
    pub(super) number: u64,
    pub(super) epochs: usize,
    /// How many epochs have ended.
    pub(super) done: usize,
    pub(super) seed: u64,
}

impl Word2VecModel {
    /// Untrained: vectors uniform between `-1/vector_size` and `1/vector_size` as in gensim (word2vec has half of that), output rows zeros.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub(super) fn new(settings: Word2Vec, vocabulary: Vocabulary) -> Result<Self> {
        let (words, width) = (vocabulary.len(), settings.vector_size);
        let vectors = initial_rows(words, width, settings.seed)?.into_vec();
        let rows = |wanted, count: usize| vec![0.0; if wanted { count * width } else { 0 }];
        let training = Training { number: 0, epochs: settings.epochs, done: 0, seed: settings.seed };
        Ok(Self {
            negative_rows: rows(settings.negative > 0, words),
            tree_rows: rows(settings.hs, words - 1),
            vectors: KeyedVectors::from_parts(
                vocabulary.words().clone(),
                vectors,
                width,
                Some(vocabulary.counts().to_vec()),
            ),
            history: Vec::new(),
            training,
            settings,
        })
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

    /// The output vectors of words, with negative sampling: what predicts a word as the answer of a window. gensim: `syn1neg`.
    pub fn output_vectors(&self) -> Option<KeyedVectors> {
        let (words, width) = (self.vectors.words().clone(), self.settings.vector_size);
        let counts = self.vectors.counts().map(<[u64]>::to_vec);
        (self.settings.negative > 0).then(|| KeyedVectors::from_parts(words, self.negative_rows.clone(), width, counts))
    }

    /// The arguments with which the model is trained.
    pub fn settings(&self) -> &Word2Vec {
        &self.settings
    }

    /// Changes arguments of further training, as after [`load`](Self::load), which knows nothing of `workers`, `verbose`, callbacks and checkpoints.
    ///
    /// ```
    /// # use candle_keras_word_vectors::{Text, Word2Vec};
    /// # let text = Text::lines(["a cat and a dog"].repeat(50));
    /// # let mut model = Word2Vec::new().vector_size(8).epochs(1).fit(text.clone())?;
    /// model.configure(|settings| settings.workers(1).alpha(0.01))?;
    /// model.train(text, 1)?;
    /// # Ok::<(), candle_keras_word_vectors::Error>(())
    /// ```
    ///
    /// # Errors
    /// If an argument is invalid, or one that the rows depend on has changed: `vector_size`, `hs`, and whether `negative` is 0. The model keeps its
    /// arguments then.
    pub fn configure(&mut self, change: impl FnOnce(Word2Vec) -> Word2Vec) -> Result<()> {
        let settings = change(self.settings.clone());
        settings.check()?;
        let rows = |settings: &Word2Vec| (settings.vector_size, settings.hs, settings.negative > 0);
        if rows(&settings) != rows(&self.settings) {
            return Err(Error::new("the rows of a model that has been trained cannot be other ones")
                .expected("the vector_size, hs and negative that the model has")
                .received(format!("{settings:?}")));
        }
        self.settings = settings;
        Ok(())
    }

    /// Runs the epochs that are left of the last `fit` or [`train`](Self::train), with the learning rate where it was: what a training goes on with that was ended
    /// early, or saved.
    ///
    /// With one worker the result is, bit for bit, that of a training that was not interrupted.
    ///
    /// # Errors
    /// If the text cannot be read, or the numbers overflow. The model keeps what it has learned until then; vectors that have overflowed are not
    /// numbers any more.
    pub fn resume(&mut self, text: impl Into<Text>) -> Result<&[Epoch]> {
        self.run(&text.into())?;
        Ok(&self.history)
    }

    /// Trains for more epochs, on the same or another text, with the learning rate from its beginning to its end again. Words without a vector are passed
    /// over: [`update_vocabulary`](Self::update_vocabulary) gives them one. gensim: `train`.
    ///
    /// # Errors
    /// As [`resume`](Self::resume).
    pub fn train(&mut self, text: impl Into<Text>, epochs: usize) -> Result<&[Epoch]> {
        // Each training draws other random numbers.
        let number = self.training.number + 1;
        self.training = Training { number, epochs, done: 0, seed: self.settings.seed.wrapping_add(number) };
        self.resume(text)
    }

    /// Adds what a text has to the counts, and gives a vector to each new word that occurs in it at least `min_count` times, behind the words that
    /// have one, up to `max_final_vocab` in all; says how many there are. gensim: `build_vocab(update=True)`.
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
        let most = self.settings.max_final_vocab.unwrap_or(usize::MAX);
        let mut counts = vectors.counts().unwrap_or_default().to_vec();
        let (mut words, mut numbers) = vectors.into_parts();
        let known = words.len();
        for (word, &count) in found.words().iter().zip(found.counts()) {
            match words.get(word) {
                Some(number) => counts[number as usize] += count,
                None if count >= self.settings.min_count && words.len() < most => {
                    words.push(word);
                    counts.push(count);
                }
                None => {}
            }
        }
        let added = words.len() - known;
        let initial = initial_rows(added, width, self.settings.seed.wrapping_add(known as u64))?;
        numbers.extend(initial.into_vec());
        self.negative_rows.resize(words.len() * width, 0.0);
        self.vectors = KeyedVectors::from_parts(words, numbers, width, Some(counts));
        Ok(added)
    }

    /// The mean loss of a pair on another text, in nats, without training: with negatives that are the same each time.
    ///
    /// It takes as long as an epoch, and for its time a copy of all rows.
    ///
    /// # Errors
    /// If the text cannot be read, or has no pair of words with vectors.
    pub fn loss(&self, text: impl Into<Text>) -> Result<f64> {
        let mut copy = self.clone();
        (copy.settings.alpha, copy.settings.min_alpha, copy.settings.verbose) = (Some(0.0), 0.0, 0);
        (copy.settings.callbacks, copy.settings.checkpoint) = (Default::default(), None);
        copy.training = Training { number: 0, epochs: 1, done: 0, seed: 0 };
        let epoch = copy.resume(text)?.last().filter(|epoch| epoch.pairs > 0);
        epoch
            .map(|epoch| epoch.loss)
            .ok_or_else(|| Error::new("the text has no two words with vectors in one sentence"))
    }

    fn run(&mut self, text: &Text) -> Result<()> {
        let chunks = text.open()?;
        let shared = self.share()?;
        let Self { settings, history, training, .. } = self;
        let run = Run {
            chunks: &chunks,
            epochs: training.epochs,
            from_epoch: training.done,
            alpha: (settings.alpha_or_default(), settings.min_alpha),
            workers: settings.workers,
            seed: training.seed,
            verbose: settings.verbose,
        };
        let ended = |epoch: &Epoch| {
            history.push(epoch.clone());
            training.done += 1;
            if let Some(path) = &settings.checkpoint {
                file::write(path, settings, training, &shared)?;
            }
            Ok(settings.callbacks.call(epoch))
        };
        let trained = run.train(|| Trainer::new(settings, &shared, text), ended);
        self.take_back(shared);
        trained?;
        check_finite(self.vectors.vectors(), self.settings.alpha_or_default())
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
        let wanted = self.settings.negative > 0;
        let negatives = wanted.then(|| AliasTable::of_counts(&counts, self.settings.ns_exponent)).transpose()?;
        let vectors =
            std::mem::replace(&mut self.vectors, KeyedVectors::from_parts(Words::new(), Vec::new(), width, None));
        let (words, mut numbers) = vectors.into_parts();
        Ok(Shared {
            keep: keep_probabilities(&counts, self.settings.sample),
            inputs: share(&mut numbers)?,
            parts: None,
            negatives: match negatives {
                Some(table) => Some((table, share(&mut self.negative_rows)?)),
                None => None,
            },
            tree: match self.settings.hs {
                true => Some((Huffman::new(&counts).paths(), share(&mut self.tree_rows)?)),
                false => None,
            },
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
