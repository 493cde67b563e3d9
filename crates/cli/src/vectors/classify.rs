//! fastText's supervised mode: labels of lines. The output is that of fastText's program.

use super::lines::lines;
use super::options::{not_negative, verbosity, whole};
use crate::outputs::{check_apart, check_output};
use crate::print::{general, print, print_each};
use anyhow::{Result, bail};
use candle_keras_word_vectors::fast_text::{Evaluation, Scores};
use candle_keras_word_vectors::{FastText, FastTextClassifier, FastTextModel, KeyedVectors, Text};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Instant;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Trains a model on labeled lines of text
    Train(Train),
    /// Prints the most probable labels of each line with their probabilities
    Predict(Predict),
    /// Prints precision and recall on labeled lines
    Test(Test),
}

/// The arguments of fastText's supervised mode.
#[derive(Debug, Args)]
pub(crate) struct Train {
    /// One example per line, with labels among its words, such as __label__good; a file, or a folder, of which all files are read
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
    /// The file of the model: .bin, which fastText's program and gensim can load
    #[arg(long, value_name = "FILE")]
    save: PathBuf,
    /// The dimension of the vectors
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = whole(1..=100_000))]
    dim: usize,
    /// The initial learning rate; it decays linearly to 0
    #[arg(long, value_name = "RATE", default_value_t = 0.1, value_parser = not_negative)]
    alpha: f64,
    /// The number of passes over the text
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = whole(1..=1_000_000))]
    epochs: usize,
    /// The minimum count of words
    #[arg(long, value_name = "N", default_value_t = 1)]
    min_count: u64,
    /// The minimum count of labels
    #[arg(long, value_name = "N", default_value_t = 1)]
    min_count_label: u64,
    /// The maximum length of word n-grams; 2 distinguishes "not good" from "good"
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole(1..=100))]
    word_ngrams: usize,
    /// The minimum length of character n-grams
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole(0..=1000))]
    min_n: usize,
    /// The maximum length of character n-grams; 0 is without
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole(0..=1000))]
    max_n: usize,
    /// The number of buckets for hashed n-grams
    #[arg(long, value_name = "N", default_value_t = 2_000_000, value_parser = whole(1..=1_000_000_000))]
    bucket: usize,
    /// The loss: softmax; hs or ns for very many labels; ova for lines with several labels
    #[arg(long, default_value = "softmax")]
    loss: String,
    /// The number of negative labels drawn for a line, with --loss ns
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = whole(1..=10_000))]
    negative: usize,
    /// The prefix of labels
    #[arg(long, value_name = "PREFIX", default_value = "__label__")]
    label_prefix: String,
    /// Initial vectors of words
    #[arg(long, value_name = "VECTORS")]
    pretrained: Option<PathBuf>,
    /// The number of threads; with one, the same text and --seed give the same model on every run [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = whole(1..=4096))]
    workers: Option<usize>,
    /// Replaces bytes that are not UTF-8; otherwise they are an error
    #[arg(long)]
    lossy: bool,
}

fn train(arguments: &Train, seed: Option<u64>, verbose: Option<u8>) -> Result<()> {
    check_output(&arguments.save, &["bin"])?;
    check_apart(&[&arguments.text], &[&arguments.save])?;
    let verbose = verbosity(verbose);
    let mut classifier = FastTextClassifier::new()
        .vector_size(arguments.dim)
        .alpha(arguments.alpha)
        .epochs(arguments.epochs)
        .min_count(arguments.min_count)
        .min_count_label(arguments.min_count_label)
        .word_ngrams(arguments.word_ngrams)
        .min_n(arguments.min_n)
        .max_n(arguments.max_n)
        .bucket(arguments.bucket)
        .loss(arguments.loss.as_str())
        .negative(arguments.negative)
        .label_prefix(arguments.label_prefix.as_str())
        .verbose(verbose);
    if let Some(path) = &arguments.pretrained {
        classifier = classifier.pretrained(KeyedVectors::load(path)?);
    }
    if let Some(workers) = arguments.workers {
        classifier = classifier.workers(workers);
    }
    if let Some(seed) = seed {
        classifier = classifier.seed(seed);
    }
    let start = Instant::now();
    let model = classifier.fit(Text::folder(&arguments.text).lossy(arguments.lossy))?;
    let seconds = start.elapsed().as_secs_f64();
    model.save(&arguments.save)?;
    if verbose == 0 {
        return Ok(());
    }
    let (words, labels, path) = (model.words().len(), model.labels().len(), arguments.save.display());
    print(&format!("{words} different words, {labels} labels, trained in {seconds:.1} s: {path}"))
}

/// The arguments of predictions and tests.
#[derive(Debug, Args)]
struct Asking {
    /// A supervised model, .bin or .ftz, of this program, fastText or gensim
    model: PathBuf,
    /// Lines of text, split into words like the training text; - is standard input
    #[arg(default_value = "-")]
    text: PathBuf,
    /// The maximum number of labels per line
    #[arg(short, default_value_t = 1, value_parser = whole(1..))]
    k: usize,
    /// The minimum probability of a label
    #[arg(long, default_value_t = 0.0)]
    threshold: f32,
    /// Replaces bytes that are not UTF-8; otherwise they are an error
    #[arg(long)]
    lossy: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Predict {
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    asking: Asking,
    /// Prints F1, precision and recall of each label first
    #[arg(long)]
    per_label: bool,
    /// Prints JSON, with each label
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: &Command, seed: Option<u64>, verbose: Option<u8>) -> Result<()> {
    match command {
        Command::Train(arguments) => train(arguments, seed, verbose),
        Command::Predict(arguments) => predict(&arguments.asking),
        Command::Test(arguments) => test(arguments),
    }
}

impl Asking {
    fn open(&self) -> Result<(FastTextModel, impl Iterator<Item = Result<String>>)> {
        if self.threshold.is_nan() {
            bail!("--threshold must be a number; received: NaN");
        }
        let model = FastText::load(&self.model)?;
        // Checks that it has labels before waiting for a line.
        model.predict("", self.k, self.threshold)?;
        Ok((model, lines(&self.text, self.lossy)?))
    }
}

fn predict(asking: &Asking) -> Result<()> {
    let (model, lines) = asking.open()?;
    print_each(lines.map(|line| {
        let labels = model.predict(&line?, asking.k, asking.threshold)?;
        let labels =
            labels.into_iter().map(|(label, probability)| format!("{label} {}", general(probability.into(), 6)));
        Ok(labels.collect::<Vec<_>>().join(" "))
    }))
}

fn test(arguments: &Test) -> Result<()> {
    let asking = &arguments.asking;
    let (model, mut lines) = asking.open()?;
    let mut failure = Ok(());
    let until_failure = std::iter::from_fn(|| match lines.next()? {
        Ok(line) => Some(line),
        Err(error) => {
            failure = Err(error);
            None
        }
    });
    let evaluation = model.test(until_failure, asking.k, asking.threshold)?;
    failure?;
    if evaluation.examples == 0 {
        let labels: Vec<_> = model.labels().take(3).collect();
        bail!(
            "no line has a label of the model and a word that it knows; expected: lines with labels such as {}",
            labels.join(", ")
        );
    }
    print(&if arguments.json { json_of(&evaluation, asking.k) } else { table(&evaluation, arguments) })
}

/// The output of fastText's `test`, preceded by the lines of its `test-label`.
fn table(evaluation: &Evaluation, arguments: &Test) -> String {
    let share = |share: f64| if share.is_nan() { "--------".into() } else { format!("{share:.6}") };
    let of_label = |(label, scores): &(String, Scores)| {
        let (f1, precision, recall) = (share(scores.f1()), share(scores.precision()), share(scores.recall()));
        format!("F1-Score : {f1}  Precision : {precision}  Recall : {recall}   {label}\n")
    };
    let labels: String = evaluation.labels.iter().filter(|_| arguments.per_label).map(of_label).collect();
    let (k, total) = (arguments.asking.k, &evaluation.total);
    let (precision, recall) = (general(total.precision(), 3), general(total.recall(), 3));
    format!("{labels}N\t{}\nP@{k}\t{precision}\nR@{k}\t{recall}", evaluation.examples)
}

fn json_of(evaluation: &Evaluation, k: usize) -> String {
    let scores = |scores: &Scores| {
        json!({
            "precision": scores.precision(),
            "recall": scores.recall(),
            "f1": scores.f1(),
            "predicted": scores.predicted,
            "gold": scores.gold,
            "correct": scores.correct,
        })
    };
    let labels = evaluation.labels.iter().map(|(label, of_label)| (label.clone(), scores(of_label)));
    let labels: serde_json::Map<String, Value> = labels.collect();
    json!({"examples": evaluation.examples, "k": k, "total": scores(&evaluation.total), "labels": labels}).to_string()
}
