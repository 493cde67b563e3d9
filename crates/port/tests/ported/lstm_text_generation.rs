// Ported from lstm_text_generation.py.
// Writes text character by character with an LSTM that has read a few sentences.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, LSTM};
use candle_keras::optimizers::RMSprop;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use indexmap::IndexMap;
use ndarray::Array2;
use ndarray::Array3;
use std::collections::BTreeSet;

fn main() -> Result<()> {
    utils::set_random_seed(13);
    numpy::random::seed(13);

    let text = "The river runs down to the sea. The sea is deep and the sea is wide.\nA boat goes down the river with the wind. The wind is cold and the night is long.\nThose who sail by night must know the stars. The stars are many and they are far.\n".to_lowercase().replace("\n", " ").chars().collect::<Vec<char>>();
    println!("corpus length: {}", text.len());

    let chars = text.iter().copied().collect::<BTreeSet<char>>().into_iter().collect::<Vec<char>>();
    println!("total chars: {}", chars.len());
    let char_indices = chars.iter().enumerate().map(|(i, &c)| (c, i)).collect::<IndexMap<char, usize>>();
    let indices_char = chars.iter().enumerate().map(|(i, &c)| (i, c)).collect::<IndexMap<usize, char>>();

    // cut the text in semi-redundant sequences of maxlen characters
    let maxlen = 12;
    let step = 2;
    let mut sentences = vec![];
    let mut next_chars = vec![];
    for i in (0..text.len() - maxlen).step_by(step) {
        sentences.push(python::slice(&text, i..i + maxlen).to_vec().iter().collect::<String>());
        next_chars.push(text[i + maxlen]);
    }
    println!("nb sequences: {}", sentences.len());

    let mut x = Array3::<u8>::zeros((sentences.len(), maxlen, chars.len()));
    let mut y = Array2::<u8>::zeros((sentences.len(), chars.len()));
    for (i, sentence) in sentences.iter().enumerate() {
        for (t, char) in sentence.chars().enumerate() {
            x[[i, t, char_indices[&char]]] = 1;
        }
        y[[i, char_indices[&next_chars[i]]]] = 1;
    }

    let mut model = Sequential::new(layers![
        Input::shape((maxlen, chars.len())),
        LSTM::new(32),
        Dense::new(chars.len()).activation("softmax"),
    ]);
    let optimizer = RMSprop::new().learning_rate(0.01);
    model.compile(optimizer, "categorical_crossentropy")?;

    let epochs = 3;
    let batch_size = 32;

    for epoch in 0..epochs {
        let history = model.fit(&x, &y, Fit::new().batch_size(batch_size).epochs(1).verbose(0))?;
        println!("Epoch {epoch}: loss {:.4}", history["loss"][0]);

        let start_index = 5 * epoch;
        for diversity in [0.2, 1.0] {
            let mut generated = "".to_string();
            let mut sentence = python::slice(&text, start_index..start_index + maxlen).to_vec();
            println!("...Diversity: {diversity:.1}, seed: \"{}\"", sentence.iter().collect::<String>());
            for _i in 0..20 {
                let mut x_pred = Array3::<f64>::zeros((1, maxlen, chars.len()));
                for (t, &char) in sentence.iter().enumerate() {
                    x_pred[[0, t, char_indices[&char]]] = 1.0;
                }
                let preds = model.predict_with(&x_pred, Predict::new().verbose(0))?.i(0)?;
                let next_index = sample(&preds, diversity)?;
                let next_char = indices_char[&next_index];
                sentence = format!("{}{}", python::slice(&sentence, 1..).to_vec().iter().collect::<String>(), next_char).chars().collect::<Vec<char>>();
                generated.push(next_char);
            }
            println!("...Generated:  {}", generated.trim().to_string());
        }
    }
    println!();
    Ok(())
}

fn sample(preds: &Tensor, temperature: f64) -> Result<usize> {
    let preds = preds.clone().to_dtype(DType::F64)?;
    let preds = numpy::divide(&ops::log(&(&preds + 1e-9)?)?, temperature)?;
    let exp_preds = ops::exp(&preds)?;
    let preds = numpy::divide(&exp_preds, ops::sum(&exp_preds, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)?;
    let probas = numpy::random::multinomial(1, &preds, 1)?;
    Ok(ops::argmax(&probas.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize)
}
