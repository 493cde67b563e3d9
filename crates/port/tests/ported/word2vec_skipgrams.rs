// Ported from word2vec_skipgrams.py.
// word2vec with skip-grams and negative sampling on a tiny corpus.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Activation, Dot, Embedding, Flatten};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};
use indexmap::IndexMap;
use regex::Regex;
use std::sync::LazyLock;

const WINDOW_SIZE: usize = 2;
const NEGATIVE_SAMPLES: usize = 3;
const EMBEDDING_DIM: usize = 8;
static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"[!"\#\$%\&'\(\)\*\+,\-\./:;<=>\?@\[\\\]\^_`\{\|\}\~]"#).expect("a pattern"));

fn main() -> Result<()> {
    utils::set_random_seed(27);
    numpy::random::seed(27);

    let corpus = "\nThe king rules the land. The queen rules the land. The king and the queen live in a castle.\nThe farmer ploughs the field. The farmer feeds the cow. The cow lives in the field.\nA knight serves the king, and a knight guards the castle. The dog guards the field!\n";

    let sentences = corpus.trim().to_string().split("\n").map(str::to_string).collect::<Vec<_>>().into_iter().map(|line| tokenize(&line)).collect::<Vec<Vec<String>>>();
    let counter = python::count(sentences.iter().flat_map(|sentence| sentence.iter().map(|word| word.to_string()).collect::<Vec<_>>()));
    let vocab = [&["<pad>".to_string()][..], &python::most_common(&counter, None).into_iter().filter(|&(_, count)| count > 0).map(|(word, _count)| word.clone()).collect::<Vec<String>>()[..]].concat();
    let word2id = vocab.iter().enumerate().map(|(i, word)| (word.to_string(), i)).collect::<IndexMap<String, usize>>();
    let id2word = word2id.iter().map(|(word, &i)| (i, word.to_string())).collect::<IndexMap<usize, String>>();
    let vocab_size = word2id.len();
    println!("Vocabulary size: {vocab_size}");
    println!("Most common: {:?}", python::most_common(&counter, 3));

    let sequences = sentences.iter().map(|sentence| sentence.iter().map(|word| word2id[word]).collect::<Vec<usize>>()).collect::<Vec<Vec<usize>>>();
    let (couples, labels) = generate_training_data(&sequences, WINDOW_SIZE, NEGATIVE_SAMPLES, vocab_size)?;
    let (word_target, word_context) = (couples.i((.., 0))?, couples.i((.., 1))?);
    println!("pairs: {:?} positive: {}", couples.dims(), ops::sum(&labels.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?);
    for i in 0..3 {
        println!("({}, {}) -> {}", id2word[&(couples.i((i, 0))?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize)], id2word[&(couples.i((i, 1))?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize)], labels.i(i)?.to_dtype(DType::I64)?.to_scalar::<i64>()?);
    }

    // two embeddings, and the sigmoid of their dot product
    let input_target = Input::shape([1]);
    let input_context = Input::shape([1]);
    let target = Embedding::new(vocab_size, EMBEDDING_DIM).name("word_vectors").call(&input_target);
    let context = Embedding::new(vocab_size, EMBEDDING_DIM).call(&input_context);
    let dot_product = Dot::new(2).call([&target, &context]);
    let output = Activation::new("sigmoid").call(Flatten::new().call(&dot_product));
    let mut model = Model::new([&input_target, &input_context], &output)?;
    model.compile("adam", "binary_crossentropy")?;

    let history = model.fit([&word_target, &word_context], &labels, Fit::new().epochs(5).batch_size(32).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch: {}, loss: {loss:.5}", epoch + 1);
    }
    println!("evaluation: {:.5}", model.evaluate_with([&word_target, &word_context], &labels, Evaluate::new().verbose(0))?["loss"]);

    // the nearest words by cosine similarity
    let weights = model.get_layer("word_vectors")?.get_weights()?[0].clone();
    let weights = ops::divide(&weights, &ops::norm(&weights, None, ops::axes(1).keepdims(true))?)?;
    let similarity = ops::matmul(&weights, &ops::transpose(&weights, ())?)?;
    for word in ["king", "field"] {
        let nearest = ops::argsort(&similarity.i(word2id[word])?.neg()?, -1)?.i(1..4)?;
        println!("{word} -> {} {}", numpy::rows(&nearest)?.into_iter().map(|n| Ok::<_, Error>(id2word[&(n.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize)].clone())).collect::<Result<Vec<String>>>()?.join(", "), numpy::array_str(&ops::round(&ops::take(&similarity.i(word2id[word])?, &nearest, 0)?, 3)?)?);
    }
    Ok(())
}

fn tokenize(text: &str) -> Vec<String> {
    let text = text.to_lowercase().trim().to_string();
    let text = PATTERN.replace_all(&text, "").into_owned();
    text.split_whitespace().map(str::to_string).collect::<Vec<_>>()
}

fn generate_training_data(sequences: &[Vec<usize>], window_size: usize, num_ns: usize, vocab_size: usize) -> Result<(Tensor, Tensor)> {
    // (target, context) pairs with label 1 for neighbours and 0 for random words.
    let (mut couples, mut labels) = (vec![], vec![]);
    for sequence in sequences {
        for (i, &target) in sequence.iter().enumerate() {
            let window_start = usize::max(0, usize::saturating_sub(i, window_size));
            let window_end = usize::min(sequence.len(), i + window_size + 1);
            for j in window_start..window_end {
                if j == i {
                    continue;
                }
                couples.push(vec![target, sequence[j]]);
                labels.push(1);
                for _ in 0..num_ns {
                    couples.push(vec![target, numpy::random::randint_scalar(1, vocab_size as i64)? as usize]);
                    labels.push(0);
                }
            }
        }
    }
    Ok((couples.iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>().to_tensor()?, Tensor::from_iter(labels.iter().map(|&x| x as i64), &Device::Cpu)?))
}
