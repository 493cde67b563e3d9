//! Converts files of vectors.

use super::lines;
use super::source::{Reading, is_fast_text};
use crate::outputs::check_apart;
use anyhow::{Result, bail};
use candle_keras_ops::warnings;
use candle_keras_word_vectors::{FastText, KeyedVectors, Save, Words};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// A file of vectors, recognized by its contents, optionally compressed with gzip or zip
    input: PathBuf,
    /// The output file: .txt or .vec is word2vec's text, .bin its binary format; .safetensors; .npy, with the words in NAME.words.txt; .tsv for
    /// TensorBoard's projector, with metadata.tsv and projector_config.pbtxt
    output: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Keeps only the words of this file, one per line; with a fastText .bin, unseen words get vectors too
    #[arg(long, value_name = "FILE")]
    vocabulary: Option<PathBuf>,
    /// The words of an .npy or a projector's .tsv, one per line, if they are not next to it
    #[arg(long, value_name = "FILE")]
    words: Option<PathBuf>,
    /// Reads the counts of words from this file, a word and its count per line
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,
    /// The first line of the text is a word, even if it looks like a header of two integers
    #[arg(long)]
    no_header: bool,
    /// Writes text without the header of two integers, as GloVe's
    #[arg(long)]
    glove: bool,
    /// Writes a line feed after each vector of a .bin, as the program word2vec does
    #[arg(long)]
    line_feeds: bool,
    /// Replaces each space within a word by this, such as _; a .bin cannot have spaces
    #[arg(long, value_name = "TEXT")]
    replace_spaces: Option<String>,
    /// Writes the counts of words to this file, a word and its count per line
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
    let outputs = std::iter::once(&arguments.output).chain(&arguments.save_counts);
    check_apart(&[&arguments.input], &outputs.map(PathBuf::as_path).collect::<Vec<_>>())?;
    let vocabulary = arguments.vocabulary.as_deref().map(lines::words).transpose()?;
    // None of the words found: a warning of the library, but an error here.
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

/// The vectors of a model's words; or of those in a vocabulary, followed by the unseen words of the vocabulary that have a known n-gram, with
/// the count 0.
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
