//! Files of vectors in other formats.

use super::lines;
use super::options::{VECTORS, check_output};
use super::source::{Reading, is_fast_text};
use anyhow::{Result, bail};
use candle_core::{Device, Tensor};
use candle_keras_ops::warnings;
use candle_keras_word_vectors::{FastText, KeyedVectors, Save, Words};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// A file of vectors, recognized by what is in it, perhaps packed with gzip or zip
    input: PathBuf,
    /// What is written: .txt or .vec is word2vec's text, .bin its binary format; .safetensors; .npy, with the words in NAME.words.txt; .tsv for
    /// TensorBoard's projector, with metadata.tsv and projector_config.pbtxt
    output: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Keeps the words of this file, one a line; of a fastText .bin, unseen words get vectors too
    #[arg(long, value_name = "FILE")]
    vocabulary: Option<PathBuf>,
    /// The words of an .npy or a projector's .tsv, one a line, where they are not beside it
    #[arg(long, value_name = "FILE")]
    words: Option<PathBuf>,
    /// Reads how often the words occur from this file, a word and its count a line
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,
    /// The first line of the text that is read is a word even if it looks like a header of two integers
    #[arg(long)]
    no_header: bool,
    /// Writes text without the header of two integers, as GloVe's
    #[arg(long)]
    glove: bool,
    /// Writes a line feed after each vector of a .bin, as the program word2vec does
    #[arg(long)]
    line_feeds: bool,
    /// Writes how often the words occur into this file, a word and its count a line
    #[arg(long, value_name = "FILE")]
    save_counts: Option<PathBuf>,
}

pub(super) fn convert(arguments: &Convert) -> Result<()> {
    check_output(&arguments.output, &VECTORS)?;
    let vocabulary = arguments.vocabulary.as_deref().map(lines::words).transpose()?;
    // What the library warns of when none of the words is there is an error here.
    let (vectors, warned) = warnings::catch(|| match is_fast_text(&arguments.input) {
        true => read_fast_text(arguments, vocabulary),
        false => read(arguments, vocabulary),
    });
    let vectors = vectors?;
    if vectors.is_empty() {
        bail!("{} has none of the words that are to be kept", arguments.input.display());
    }
    warned.into_iter().for_each(warnings::warn);
    let mut save = Save::new().header(!arguments.glove).line_feeds(arguments.line_feeds);
    if let Some(path) = &arguments.save_counts {
        save = save.counts(path);
    }
    Ok(vectors.save_with(&arguments.output, save)?)
}

fn read(arguments: &Convert, vocabulary: Option<Vec<String>>) -> Result<KeyedVectors> {
    let mut load = arguments.reading.load().no_header(arguments.no_header);
    if let Some(words) = vocabulary {
        load = load.vocabulary(words);
    }
    if let Some(path) = &arguments.words {
        load = load.words(path);
    }
    if let Some(path) = &arguments.counts {
        load = load.counts(path);
    }
    Ok(KeyedVectors::load_with(&arguments.input, load)?)
}

/// The vectors of the model's words, or those of a vocabulary that it has vectors for.
fn read_fast_text(arguments: &Convert, vocabulary: Option<Vec<String>>) -> Result<KeyedVectors> {
    let options = [("--words", &arguments.words), ("--counts", &arguments.counts)];
    if let Some((option, _)) = options.iter().find(|(_, value)| value.is_some()) {
        bail!(
            "{} is a model of fastText, which has its words and counts in itself: {option} is not for it",
            arguments.input.display()
        );
    }
    let model = FastText::load(&arguments.input)?;
    let vectors = match vocabulary {
        None => model.into_vectors(),
        Some(vocabulary) => {
            let (mut words, mut numbers) = (Words::new(), Vec::new());
            for word in vocabulary {
                let vector = model.vector(&word);
                if vector.iter().any(|&x| x != 0.0) && words.push(&word).is_some() {
                    numbers.extend(vector);
                }
            }
            let table = Tensor::from_vec(numbers, (words.len(), model.vector_size()), &Device::Cpu)?;
            KeyedVectors::new(words.iter(), &table)?
        }
    };
    Ok(if let Some(limit) = arguments.reading.limit { vectors.truncate(limit) } else { vectors })
}
