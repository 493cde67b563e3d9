// Ported from char_language_model.py.
// A character language model with an embedding and a GRU, and its perplexity.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Dense, Embedding, GRU};
use candle_keras::losses::SparseCategoricalCrossentropy;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};
use indexmap::IndexMap;
use std::collections::BTreeSet;

const SEED: usize = 17;
const SEQ_LENGTH: usize = 16;
const BATCH_SIZE: usize = 16;
const EMBEDDING_DIM: usize = 12;
const RNN_UNITS: usize = 24;
const EPOCHS: usize = 3;

fn main() -> Result<()> {
    let text = "one for the money, two for the show, three to get ready, and four to go. five little birds sat on a tree, six little mice came down to see, seven old cats lay in the sun, eight black dogs began to run. ".repeat(2);

    main_(&text)?;
    Ok(())
}

fn split_input_target(chunk: &Tensor) -> Result<(Tensor, Tensor)> {
    Ok((chunk.i(..chunk.dim(0)? - 1)?, chunk.i(1..)?))
}

fn build_model(vocab_size: usize) -> Result<Sequential> {
    return Ok(Sequential::new(layers![
        Input::shape([None::<usize>]).dtype("int32"),
        Embedding::new(vocab_size, EMBEDDING_DIM),
        GRU::new(RNN_UNITS).return_sequences(true),
        Dense::new(vocab_size),
    ]));
}

fn generate(model: &Sequential, char2idx: &IndexMap<char, usize>, idx2char: &[char], start: &'static str, num_generate: usize) -> Result<String> {
    let mut ids = start.chars().map(|c| char2idx[&c]).collect::<Vec<usize>>();
    for _ in 0..num_generate {
        let logits = model.predict_with(&[&ids].iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>().to_tensor()?, Predict::new().verbose(0))?;
        ids.push(ops::argmax(&logits.i((0, logits.dim(1)? - 1))?.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize);
    }
    Ok(ids.iter().map(|&i| idx2char[i]).collect::<String>())
}

fn main_(text: &str) -> Result<()> {
    utils::set_random_seed(SEED as u64);
    numpy::random::seed(SEED as u32);
    let vocab = text.chars().collect::<BTreeSet<char>>().into_iter().collect::<Vec<char>>();
    let char2idx = vocab.iter().enumerate().map(|(i, &c)| (c, i)).collect::<IndexMap<char, usize>>();
    let idx2char = vocab.clone();
    println!("{} characters, {} unique", text.chars().count(), vocab.len());
    let text_as_int = Tensor::from_iter(text.chars().map(|c| char2idx[&c]).map(|x| x as i64), &Device::Cpu)?;
    let examples = text_as_int.dim(0)? / (SEQ_LENGTH + 1);
    let (mut inputs, mut targets) = (vec![], vec![]);
    for n in 0..examples {
        let chunk = text_as_int.i(usize::min(n * (SEQ_LENGTH + 1), text_as_int.dim(0)?)..usize::min((n + 1) * (SEQ_LENGTH + 1), text_as_int.dim(0)?))?;
        let (source, target) = split_input_target(&chunk)?;
        inputs.push(source.clone());
        targets.push(target.clone());
    }
    let (inputs, targets) = (Tensor::stack(&inputs, 0)?, Tensor::stack(&targets, 0)?);
    println!("inputs: {:?} targets: {:?}", inputs.dims(), targets.dims());
    println!("{}", python::text_repr(&inputs.i(0)?.to_dtype(DType::I64)?.to_vec1::<i64>()?.iter().map(|&i| idx2char[i as usize]).collect::<Vec<_>>().iter().collect::<String>()));
    let mut model = build_model(vocab.len())?;
    let loss = SparseCategoricalCrossentropy::new().from_logits(true);
    model.compile(Adam::new().learning_rate(0.01), loss)?;
    let history = model.fit(&inputs, &targets, Fit::new().batch_size(BATCH_SIZE).epochs(EPOCHS).verbose(0))?;
    for (epoch, &value) in history["loss"].iter().enumerate() {
        println!("epoch {}: loss {value:.4}, perplexity {:.3}", epoch + 1, f64::exp(value));
    }
    let evaluation = model.evaluate_with(&inputs, &targets, Evaluate::new().verbose(0))?["loss"];
    println!("evaluation: {evaluation:.4}");
    let probabilities = ops::softmax(&model.predict_with(&inputs.i(..1)?, Predict::new().verbose(0))?, -1)?;
    println!("most likely: {}", python::text_repr(&numpy::rows(&ops::argmax(&probabilities.i(0)?, -1)?)?.into_iter().map(|i| Ok::<_, Error>(idx2char[i.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize])).collect::<Result<Vec<char>>>()?.iter().collect::<String>()));
    println!("{}", generate(&model, &char2idx, &idx2char, "the ", 15)?);
    Ok(())
}
