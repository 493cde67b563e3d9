//! Files of vectors in other formats.

use super::lines;
use super::source::{Reading, is_fast_text};
use anyhow::{Result, bail};
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
    /// Keeps the words of this file, one a line, of those that are read; of a fastText .bin, unseen words get vectors too
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
    /// Writes this in the place of each space within a word, such as _; a .bin has no place for spaces
    #[arg(long, value_name = "TEXT")]
    replace_spaces: Option<String>,
    /// Writes how often the words occur into this file, a word and its count a line
    #[arg(long, value_name = "FILE")]
    save_counts: Option<PathBuf>,
}

pub(super) fn convert(arguments: &Convert) -> Result<()> {
    let mut save = Save::new().header(!arguments.glove).line_feeds(arguments.line_feeds);
    if let Some(path) = &arguments.save_counts {
        save = save.counts(path);
    }
    if let Some(with) = &arguments.replace_spaces {
        save = save.replace_spaces(with);
    }
    save.check(&arguments.output)?;
    let vocabulary = arguments.vocabulary.as_deref().map(lines::words).transpose()?;
    // What the library warns of when none of the words is there is an error here.
    let (vectors, warned) = warnings::catch(|| match is_fast_text(&arguments.input) {
        true => read_fast_text(arguments, vocabulary),
        false => read(arguments, vocabulary),
    });
    let vectors = vectors?;
    if vectors.is_empty() {
        let missing = if arguments.vocabulary.is_some() { "none of the words that are to be kept" } else { "no words" };
        bail!("{} has {missing}", arguments.input.display());
    }
    warned.into_iter().for_each(warnings::warn);
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

/// The vectors of a model's words; or of those that are in a vocabulary, and behind them, with the count 0, of its unseen words that have a
/// known part.
fn read_fast_text(arguments: &Convert, vocabulary: Option<Vec<String>>) -> Result<KeyedVectors> {
    let Convert { input, reading, words, counts, no_header, .. } = arguments;
    let others = [("--words", words.is_some()), ("--counts", counts.is_some()), ("--no-header", *no_header)];
    reading.check_model(input, &others)?;
    let Some(vocabulary) = vocabulary else { return Ok(reading.open(input)?.into_vectors()) };
    let model = FastText::load(input)?;
    let number = |word: &String| model.words().get(word).map(|number| number as usize);
    let limit = reading.limit.unwrap_or(usize::MAX);
    let mut numbers: Vec<usize> = vocabulary.iter().filter_map(number).filter(|&number| number < limit).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut words: Words = numbers.iter().map(|&number| model.words().word(number)).collect();
    let mut vectors: Vec<f32> = words.iter().flat_map(|word| model.vector(word)).collect();
    let mut counts: Vec<u64> = numbers.iter().map(|&number| model.counts()[number]).collect();
    for word in vocabulary.iter().filter(|word| number(word).is_none()) {
        let vector = model.vector(word);
        if vector.iter().any(|&x| x != 0.0) && words.push(word).is_some() {
            vectors.extend(vector);
            counts.push(0);
        }
    }
    Ok(KeyedVectors::from_vec(words.iter(), vectors, model.vector_size())?.with_counts(counts)?)
}
