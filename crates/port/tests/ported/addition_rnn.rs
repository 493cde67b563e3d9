// Ported from addition_rnn.py.
// A sequence-to-sequence network that learns to add two numbers.
//
// Input: "7+3 "      Output: "10"
// The digits of the question may be reversed, which makes it easier to learn.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Dense, LSTM, RepeatVector, TimeDistributed};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};
use indexmap::IndexMap;
use ndarray::Array2;
use ndarray::Array3;
use ndarray::s;
use std::collections::BTreeSet;

const TRAINING_SIZE: usize = 150;
const DIGITS: usize = 2;
const REVERSE: bool = true;
const MAXLEN: usize = DIGITS + 1 + DIGITS;

fn main() -> Result<()> {
    utils::set_random_seed(99);
    numpy::random::seed(99);

    // Parameters for the model and dataset.

    let chars = "0123456789+ ";
    let ctable = CharacterTable::new(chars);

    let mut questions = vec![];
    let mut expected = vec![];
    let mut seen = BTreeSet::new();
    println!("Generating data...");
    while questions.len() < TRAINING_SIZE {
        let (a, b) = (numpy::random::randint_scalar(0, 100)? as usize, numpy::random::randint_scalar(0, 100)? as usize);
        let key = { let mut list = [a, b].into_iter().collect::<Vec<usize>>(); list.sort(); list };
        if seen.contains(&key) {
            continue;
        }
        seen.insert(key);
        // Pad the data with spaces such that it is always MAXLEN.
        let q = format!("{a}+{b}").chars().collect::<Vec<char>>();
        let mut query = format!("{}{}", q.iter().collect::<String>(), " ".repeat(MAXLEN - q.len())).chars().collect::<Vec<char>>();
        let mut ans = (a + b).to_string();
        ans.push_str(&" ".repeat(DIGITS + 1 - ans.chars().count()));
        if REVERSE {
            query = query.iter().rev().cloned().collect::<Vec<_>>();
        }
        questions.push(query.iter().collect::<String>());
        expected.push(ans.clone());
    }
    println!("Total addition questions: {}", questions.len());

    let mut x = Array3::<u8>::zeros((questions.len(), MAXLEN, chars.chars().count()));
    let mut y = Array3::<u8>::zeros((questions.len(), DIGITS + 1, chars.chars().count()));
    for (i, (question, answer)) in questions.iter().zip(&expected).enumerate() {
        {
            let mut part = x.slice_mut(s![i, .., ..]);
            let numbers = ctable.encode(question, MAXLEN).to_tensor()?.to_dtype(DType::U8)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<u8>()?;
            for (element, number) in part.iter_mut().zip(numbers) {
                *element = number;
            }
        }
        {
            let mut part = y.slice_mut(s![i, .., ..]);
            let numbers = ctable.encode(answer, DIGITS + 1).to_tensor()?.to_dtype(DType::U8)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<u8>()?;
            for (element, number) in part.iter_mut().zip(numbers) {
                *element = number;
            }
        }
    }

    let split_at = x.shape()[0] - x.shape()[0] / 10;
    let (x_train, x_val) = (x.to_tensor()?.i(..split_at)?, x.to_tensor()?.i(split_at..)?);
    let (y_train, y_val) = (y.to_tensor()?.i(..split_at)?, y.to_tensor()?.i(split_at..)?);
    println!("Training Data: {:?} {:?}", x_train.dims(), y_train.dims());

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape((MAXLEN, chars.chars().count())));
    model.add(LSTM::new(32));
    model.add(RepeatVector::new(DIGITS + 1));
    model.add(LSTM::new(32).return_sequences(true));
    model.add(TimeDistributed::new(Dense::new(chars.chars().count()).activation("softmax")));
    model.compile("adam", Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;

    for iteration in 1..4 {
        let history = model.fit(&x_train, &y_train, Fit::new().batch_size(32).epochs(1).validation_data(&x_val, &y_val).verbose(0))?;
        println!("Iteration {iteration} loss {:.4}", history["loss"][0]);
        for i in 0..2 {
            let (rowx, rowy) = (ops::take(&x_val, &Tensor::new(&[i as i64], &Device::Cpu)?, 0)?, ops::take(&y_val, &Tensor::new(&[i as i64], &Device::Cpu)?, 0)?);
            let preds = ops::argmax(&model.predict_with(&rowx, Predict::new().verbose(0))?, -1)?;
            let q = ctable.decode(&rowx.i(0)?, true)?.chars().collect::<Vec<char>>();
            let guess = ctable.decode(&preds.i(0)?, false)?;
            println!("Q {} T {} {} {guess}", (if REVERSE { q.iter().rev().cloned().collect::<Vec<_>>() } else { q.clone() }).iter().collect::<String>(), ctable.decode(&rowy.i(0)?, true)?, if guess == ctable.decode(&rowy.i(0)?, true)? { "right" } else { "wrong" });
        }
    }
    Ok(())
}

/// Encodes characters one-hot, and decodes them from one-hot or probabilities.
#[derive(Clone)]
struct CharacterTable {
    chars: Vec<char>,
    char_indices: IndexMap<char, usize>,
    indices_char: IndexMap<usize, char>,
}

impl CharacterTable {
    fn new(chars: &'static str) -> Self {
        let chars_ = chars.chars().collect::<BTreeSet<char>>().into_iter().collect::<Vec<char>>();
        let char_indices = chars_.iter().enumerate().map(|(i, &c)| (c, i)).collect::<IndexMap<char, usize>>();
        let indices_char = chars_.iter().enumerate().map(|(i, &c)| (i, c)).collect::<IndexMap<usize, char>>();
        Self { chars: chars_, char_indices, indices_char }
    }

    fn encode(&self, c: &str, num_rows: usize) -> Array2<f64> {
        // One row for each character of C, and rows of zeros after them.
        let mut x = Array2::<f64>::zeros((num_rows, self.chars.len()));
        for (i, c_) in c.chars().enumerate() {
            x[[i, self.char_indices[&c_]]] = 1.0;
        }
        x
    }

    fn decode(&self, x: &Tensor, calc_argmax: bool) -> Result<String> {
        let mut x = x.clone();
        if calc_argmax {
            x = ops::argmax(&x, -1)?;
        }
        Ok(numpy::rows(&x)?.into_iter().map(|i| Ok::<_, Error>(self.indices_char[&(i.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize)])).collect::<Result<Vec<char>>>()?.iter().collect::<String>())
    }
}
