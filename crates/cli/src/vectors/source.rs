//! Files of vectors, and models of fastText, which have vectors for unseen words too.

use super::options::whole;
use anyhow::{Result, bail};
use candle_keras_word_vectors::{FastText, FastTextModel, KeyedVectors, Load, Query, Term};
use clap::Args;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// What a model of fastText begins with.
const FAST_TEXT: [u8; 4] = [0xBA, 0x16, 0x4F, 0x2F];

/// What is read of a file of vectors.
#[derive(Debug, Default, Args)]
pub(super) struct Reading {
    /// Reads the first N words only, which are the most frequent ones in most files
    #[arg(long, value_name = "N", value_parser = whole(1..))]
    pub(super) limit: Option<usize>,
    /// Replaces bytes of words that are not UTF-8, where they are an error otherwise
    #[arg(long)]
    lossy: bool,
    /// Which member of a zip archive is read, if it has several
    #[arg(long, value_name = "NAME")]
    member: Option<String>,
}

impl Reading {
    /// The same for the library.
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

    /// These options, and those that are not among them.
    pub(super) fn or(self, others: &Self) -> Self {
        Self {
            limit: self.limit.or(others.limit),
            lossy: self.lossy || others.lossy,
            member: self.member.or_else(|| others.member.clone()),
        }
    }

    /// Reads a file, whatever format it has.
    pub(super) fn open(&self, path: &Path) -> Result<Source> {
        if !is_fast_text(path) {
            return Ok(Source::Table(Box::new(KeyedVectors::load_with(path, self.load())?)));
        }
        self.check_model(path, &[])?;
        Ok(Source::Model { model: Box::new(FastText::load(path)?), limit: self.limit })
    }

    /// An error if an option was given that does nothing for a model of fastText: one of these, or of `others`.
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

/// What was read.
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

    /// The words that are most similar to each of some words, for which a table is read once.
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

    /// A word to ask for: an unseen one is, for a model of fastText, the vector of its parts.
    pub(super) fn asked<'w>(&self, word: &'w str) -> Result<Asked<'w>> {
        let Self::Model { model, .. } = self else { return Ok(Asked::Word(word)) };
        if model.words().get(word).is_some() {
            return Ok(Asked::Word(word));
        }
        let vector = model.vector(word);
        if vector.iter().all(|&x| x == 0.0) {
            // The error of a word without a vector, with those that are spelled nearly the same.
            model.vectors().index_of(word)?;
        }
        Ok(Asked::Vector(vector))
    }
}

/// A word, or what stands for it.
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

/// Whether a file is a model of fastText. What cannot be read is none; to read it says why.
pub(super) fn is_fast_text(path: &Path) -> bool {
    let begins = || -> std::io::Result<[u8; 4]> {
        let (mut reader, mut begins) = (BufReader::new(File::open(path)?), [0; 4]);
        match reader.fill_buf()?.starts_with(&[0x1F, 0x8B]) {
            true => MultiGzDecoder::new(reader).read_exact(&mut begins)?,
            false => reader.read_exact(&mut begins)?,
        }
        Ok(begins)
    };
    // A look into a pipe would take away what is to be read.
    path.is_file() && begins().is_ok_and(|begins| begins == FAST_TEXT)
}
