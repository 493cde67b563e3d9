//! Classifies lines as prose or code: those of this repository's documentation and of its Rust sources, with the model
//! `Sequential([Embedding, Flatten, Dense, Dense])`.

use anyhow::Result;
use candle_keras::data::{ReadText, WordTokenizer, read_text};
use candle_keras::layers::{Dense, Embedding, Flatten};
use candle_keras::ops::random::Stream;
use candle_keras::word_vectors::KeyedVectors;
use candle_keras::{prelude::*, utils};
use clap::Parser;
use std::io::Write;
use std::path::{Path, PathBuf};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains a classifier on the lines of this repository: prose or code.
#[derive(Parser)]
struct Args {
    /// The size of the vocabulary, the most frequent words first
    #[arg(long, default_value_t = 5_000)]
    max_words: usize,
    /// The number of words of a line that are used
    #[arg(long, default_value_t = 20)]
    maxlen: usize,
    /// The dimension of the vectors
    #[arg(long, default_value_t = 8)]
    dim: usize,
    /// The number of training lines, at most four fifths of all [default: these]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    lines: Option<u32>,
    /// Pretrained vectors for the Embedding; --dim and --max-words are then those of the file: any file of
    /// word2vec, fastText, GloVe or of the example word_vectors
    #[arg(long, value_name = "FILE")]
    vectors: Option<PathBuf>,
    /// Trains these vectors too; otherwise they are frozen
    #[arg(long, requires = "vectors")]
    fine_tune: bool,
    /// The number of epochs
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    epochs: u16,
    /// The device: cpu, or cuda[:n] in a build with --features cuda
    #[arg(long, default_value = "cpu")]
    device: String,
    /// The seed of all random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let device = utils::device(&args.device)?;
    utils::set_random_seed(args.seed);
    let mut out = std::io::stdout();

    let (lines, labels) = labelled_lines()?;
    let at = lines.len() * 4 / 5;
    let used = args.lines.map_or(at, |lines| at.min(lines as usize));
    // The vocabulary is that of the training lines: the others must not be known beforehand. Pretrained vectors know more words.
    let vectors = args.vectors.as_ref().map(KeyedVectors::load).transpose()?;
    let tokenizer = match &vectors {
        Some(vectors) => WordTokenizer::new().fit(vectors.words().iter())?,
        None => WordTokenizer::new().max_size(args.max_words).fit(&lines[..used])?,
    };
    let embedding = match &vectors {
        Some(vectors) => Embedding::from_vectors(vectors, tokenizer.vocabulary())?.trainable(args.fine_tune),
        None => Embedding::new(args.max_words, args.dim),
    };
    let sequences = lines.iter().map(|line| tokenizer.encode(line)).collect::<candle_keras::Result<Vec<_>>>()?;
    let x = utils::pad_sequences(&sequences, utils::Pad::new().maxlen(args.maxlen))?;
    let y = Tensor::new(labels.as_slice(), &Device::Cpu)?;
    let prose = labels.iter().filter(|&&label| label == 1.0).count();
    let words = tokenizer.vocabulary_size();
    writeln!(out, "{} lines, {prose} of them prose, {used} to train on; {words} words\n", lines.len())?;

    let mut model = Sequential::new(layers![
        Input::shape([args.maxlen]),
        embedding,
        Flatten::new(),
        Dense::new(32).activation("relu"),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("rmsprop", Compile::loss("binary_crossentropy").metrics(["acc"]))?;
    model.to_device(&device)?;
    model.summary();

    let (x_train, y_train) = (x.narrow(0, 0, used)?, y.narrow(0, 0, used)?);
    let (x_val, y_val) = (x.narrow(0, at, lines.len() - at)?, y.narrow(0, at, lines.len() - at)?);
    let fit = Fit::new().epochs(args.epochs.into()).validation_data(&x_val, &y_val);
    let history = model.fit(&x_train, &y_train, fit)?;
    writeln!(out, "\nvalidation accuracy: {:.3}", history["val_acc"].last().copied().unwrap_or_default())?;

    for line in ["A layer is called on symbolic tensors.", "let layer = Dense::new(4).call(&x)?;"] {
        let x = utils::pad_sequences(&[tokenizer.encode(line)?], utils::Pad::new().maxlen(args.maxlen))?;
        let p = model.predict_with(&x, Predict::new().verbose(0))?.to_vec2::<f32>()?[0][0];
        writeln!(out, "{p:.3} prose: {line}")?;
    }
    Ok(())
}

/// Equally many lines of prose and of code, each with at least three words, in random order: 1 for prose, 0 for code.
///
/// Prose is the text of the documentation and of comments, code everything else in the sources.
fn labelled_lines() -> Result<(Vec<String>, Vec<f32>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut prose, mut code) = (Vec::new(), Vec::new());
    for folder in ["docs", "crates", "examples", "src", "tests"] {
        for document in read_text(root.join(folder), &ReadText::new().extensions(["md", "rs"]))? {
            let page = document.path.extension().is_some_and(|extension| extension == "md");
            let mut in_example = false;
            for line in document.text.lines().map(str::trim) {
                let comment = ["///", "//!", "//"].iter().find_map(|start| line.strip_prefix(start));
                let text = comment.unwrap_or(line).trim();
                in_example ^= text.starts_with("```");
                if text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).count() < 3 {
                    continue;
                }
                match page || comment.is_some() {
                    // An example or a table in prose is neither.
                    true if in_example || text.starts_with(['`', '|', '#', '<']) => {}
                    true => prose.push((text.to_string(), 1.0)),
                    false => code.push((text.to_string(), 0.0)),
                }
            }
        }
    }
    let mut stream = Stream::new(0, 0);
    let pick = |from: &[(String, f32)], order: Vec<u32>, count: usize| {
        order.into_iter().take(count).map(|i| from[i as usize].clone()).collect::<Vec<_>>()
    };
    let count = prose.len().min(code.len());
    let code = pick(&code, stream.permutation(code.len()), count);
    let prose = pick(&prose, stream.permutation(prose.len()), count);
    let lines = [prose, code].concat();
    Ok(pick(&lines, stream.permutation(lines.len()), lines.len()).into_iter().unzip())
}
