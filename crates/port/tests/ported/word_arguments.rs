// Ported from word_arguments.py.
// A language model on word batches: the arguments of the command line, and a generator that keeps its place.

use candle_keras::prelude::*;
use candle_keras::{Error, numpy, python};
use clap::Parser;
use indexmap::IndexMap;
use std::path::Path;
use std::path::PathBuf;

/// Trains a language model.
#[derive(Parser)]
struct Args {
    /// the folder of the texts
    #[arg(long = "data_path", default_value = "words")]
    data_path: String,
    #[arg(long, default_value_t = 2)]
    epochs: usize,
    #[arg(long, default_value_os_t = Path::new("words").join("model"))]
    output: PathBuf,
}

fn main() -> Result<()> {
    let mut data_path = "words".to_string();
    let _epochs = 2;

    let args = Args::parse();
    if !args.data_path.is_empty() {
        data_path = args.data_path.clone();
    }

    python::files::makedirs(&data_path)?;
    write_words(&Path::new(&data_path).join("train.txt"), 40)?;
    write_words(&Path::new(&data_path).join("test.txt"), 10)?;
    let (train_data, test_data, vocabulary, _reversed_dictionary) = load_data(&data_path)?;
    println!("{} {} {vocabulary} {} {}", train_data.len(), test_data.len(), args.epochs, args.output.display());
    Ok(())
}

fn write_words(filename: &PathBuf, count: usize) -> Result<()> {
    let mut rng = numpy::random::RandomState::new(3);
    let names = vec!["one", "two", "three", "four", "five", "six"];
    let mut f = String::new();
    for line in 0..count {
        f.push_str(&format!("{}{}", (0..6).map(|i| Ok::<_, Error>(names[(line + i * rng.randint_scalar(1, 3)? as usize) % 6])).collect::<Result<Vec<&'static str>>>()?.join(" "), "\n"));
    }
    python::files::write(filename, &f)?;
    Ok(())
}

fn read_words(filename: &PathBuf) -> Result<Vec<String>> {
    let f = python::files::read(filename)?;
    Ok(f.clone().replace("\n", " <eos> ").split_whitespace().map(str::to_string).collect::<Vec<_>>())
}

fn build_vocab(filename: &PathBuf) -> Result<IndexMap<String, usize>> {
    let data = read_words(filename)?;
    let counter = python::count(data.iter().cloned());
    let count_pairs = { let mut list = counter.iter().map(|(a, &b)| (a.clone(), b)).collect::<Vec<(String, usize)>>(); list.sort_by_key(|x| (-(x.1 as i64), x.0.clone())); list };
    let words = count_pairs.iter().map(|x_2| x_2.0.clone()).collect::<Vec<String>>();
    let word_to_id = words.iter().zip(0..words.len()).map(|(a, b)| (a.clone(), b)).collect::<IndexMap<String, usize>>();
    Ok(word_to_id)
}

fn file_to_word_ids(filename: &PathBuf, word_to_id: &IndexMap<String, usize>) -> Result<Vec<usize>> {
    let data = read_words(filename)?;
    Ok(data.iter().filter(|&word| word_to_id.contains_key(word)).map(|word| word_to_id[word]).collect::<Vec<usize>>())
}

fn load_data(data_path: &str) -> Result<(Vec<usize>, Vec<usize>, usize, IndexMap<usize, String>)> {
    let train_path = Path::new(data_path).join("train.txt");
    let test_path = Path::new(data_path).join("test.txt");
    let word_to_id = build_vocab(&train_path)?;
    let train_data = file_to_word_ids(&train_path, &word_to_id)?;
    let test_data = file_to_word_ids(&test_path, &word_to_id)?;
    let vocabulary = word_to_id.len();
    let reversed_dictionary = word_to_id.values().zip(word_to_id.keys()).map(|(&a, b)| (a, b.clone())).collect::<IndexMap<usize, String>>();
    println!("{:?}", python::slice(&train_data, ..5));
    println!("{}", python::slice(&train_data, ..10).iter().map(|&x| reversed_dictionary[&x].clone()).collect::<Vec<String>>().join(" "));
    Ok((train_data, test_data, vocabulary, reversed_dictionary))
}
