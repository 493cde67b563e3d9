//! Files of vectors, and models of fastText, which have vectors for unseen words too.

use super::options::whole;
use anyhow::{Result, bail};
use candle_keras_word_vectors::{FastText, FastTextModel, KeyedVectors, Load, Query, Term};
use clap::Args;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The first bytes of a model of fastText.
const FAST_TEXT: [u8; 4] = [0xBA, 0x16, 0x4F, 0x2F];

/// The options of reading a file of vectors.
#[derive(Debug, Default, Args)]
pub(super) struct Reading {
    /// Reads the first N words only, which are the most frequent ones in most files
    #[arg(long, value_name = "N", value_parser = whole(1..))]
    pub(super) limit: Option<usize>,
    /// Replaces bytes of words that are not UTF-8; otherwise they are an error
    #[arg(long)]
    lossy: bool,
    /// The member of a zip archive to read, if it has several
    #[arg(long, value_name = "NAME")]
    member: Option<String>,
}

impl Reading {
    /// The library's arguments.
    pub(super) fn load(&self) -> Load {
        let mut load = Load::new().lossy(self.lossy);
        if let Some(limit) = self.limit {
            load = load.limit(limit);
        }
        match &self.member {
            Some(member) => load.member(member),
            None => load,
        }
    }

    /// Merges these with options that are not set.
    pub(super) fn or(self, others: &Self) -> Self {
        Self {
            limit: self.limit.or(others.limit),
            lossy: self.lossy || others.lossy,
            member: self.member.or_else(|| others.member.clone()),
        }
    }

    /// Reads a file of any format.
    pub(super) fn open(&self, path: &Path) -> Result<Source> {
        if !is_fast_text(path) {
            return Ok(Source::Table(Box::new(KeyedVectors::load_with(path, self.load())?)));
        }
        self.check_model(path, &[])?;
        Ok(Source::Model { model: Box::new(FastText::load(path)?), limit: self.limit })
    }

    /// An error if an option was given that has no effect for a model of fastText: one of these, or of `others`.
    pub(super) fn check_model(&self, path: &Path, others: &[(&str, bool)]) -> Result<()> {
        let own = [("--lossy", self.lossy), ("--member", self.member.is_some())];
        match own.iter().chain(others).find(|(_, is_given)| *is_given) {
            Some((option, _)) => bail!(
                "{} is a model of fastText, which has its words and counts in itself: {option} is not for it",
                path.display()
            ),
            None => Ok(()),
        }
    }
}

/// The vectors that were read.
pub(super) enum Source {
    Table(Box<KeyedVectors>),
    /// The model is read whole, and the first `limit` of its words are searched.
    Model {
        model: Box<FastTextModel>,
        limit: Option<usize>,
    },
}

impl Source {
    pub(super) fn into_vectors(self) -> KeyedVectors {
        match self {
            Self::Table(vectors) => *vectors,
            Self::Model { model, limit } => {
                let vectors = model.into_vectors();
                if let Some(limit) = limit { vectors.truncate(limit) } else { vectors }
            }
        }
    }

    /// The most similar words of each of these words, in one pass over the table.
    pub(super) fn nearest(&self, words: &[&str], top: usize) -> Result<Vec<Vec<(&str, f32)>>> {
        match self {
            Self::Table(vectors) if words.len() > 1 => Ok(vectors.most_similar_many(words, top)?),
            _ => words.iter().map(|word| Ok(self.query().positive(&self.asked(word)?).top(top).run()?)).collect(),
        }
    }

    /// A question among the words that are read.
    pub(super) fn query<'q>(&self) -> Query<'_, 'q> {
        match self {
            Self::Table(vectors) => vectors.query(),
            Self::Model { model, limit } => model.vectors().query().restrict_vocab(limit.unwrap_or(usize::MAX)),
        }
    }

    /// The query for a word: for an unseen word of a model of fastText, the vector of its n-grams.
    pub(super) fn asked<'w>(&self, word: &'w str) -> Result<Asked<'w>> {
        let Self::Model { model, .. } = self else { return Ok(Asked::Word(word)) };
        if model.words().get(word).is_some() {
            return Ok(Asked::Word(word));
        }
        let vector = model.vector(word);
        if vector.iter().all(|&x| x == 0.0) {
            // The error of a word without a vector, with suggestions.
            model.vectors().index_of(word)?;
        }
        Ok(Asked::Vector(vector))
    }
}

/// A word, or its vector.
pub(super) enum Asked<'w> {
    Word(&'w str),
    Vector(Vec<f32>),
}

impl<'q> From<&'q Asked<'_>> for Term<'q> {
    fn from(asked: &'q Asked) -> Self {
        match asked {
            Asked::Word(word) => (*word).into(),
            Asked::Vector(vector) => vector.into(),
        }
    }
}

/// Whether a file is a model of fastText. False if it cannot be read; reading it then returns the error.
pub(super) fn is_fast_text(path: &Path) -> bool {
    let begins = || -> std::io::Result<[u8; 4]> {
        let (mut reader, mut begins) = (BufReader::new(File::open(path)?), [0; 4]);
        match reader.fill_buf()?.starts_with(&[0x1F, 0x8B]) {
            true => MultiGzDecoder::new(reader).read_exact(&mut begins)?,
            false => reader.read_exact(&mut begins)?,
        }
        Ok(begins)
    };
    // Reading from a pipe here would consume its first bytes.
    path.is_file() && begins().is_ok_and(|begins| begins == FAST_TEXT)
}
