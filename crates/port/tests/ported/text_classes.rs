// Ported from text_classes.py.
// The class of a text, by the ids of its words.

use candle_keras::layers::{Dense, Embedding, Flatten};
use candle_keras::prelude::*;
use candle_keras::utils::Pad;
use candle_keras::utils;

const MAX_WORDS: usize = 20;
const MAXLEN: usize = 6;

fn main() -> Result<()> {
    let texts = vec![vec![1, 4, 2], vec![3, 3, 9, 7], vec![1, 2], vec![8, 9], vec![4, 2, 1, 1], vec![7, 9, 3]];
    let x_train = utils::pad_sequences(&texts, Pad::new().maxlen(MAXLEN))?;
    let y_train = Tensor::new(&[1_i64, 0, 1, 0, 1, 0], &Device::Cpu)?;

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([MAXLEN]));
    model.add(Embedding::new(MAX_WORDS, 8));
    model.add(Flatten::new());
    model.add(Dense::new(16).activation("relu"));
    model.add(Dense::new(1).activation("sigmoid"));
    model.compile("rmsprop", Compile::loss("binary_crossentropy").metrics(["acc"]))?;
    model.summary();

    let history = model.fit(&x_train, &y_train, Fit::new().epochs(30).batch_size(2).verbose(0))?; // a few seconds
    let acc = &history["acc"];
    for (epoch, &value) in acc.iter().enumerate() {
        if epoch % 10 == 0 {
            println!("epoch {}: accuracy {value:.2}", epoch + 1);
        }
    }

    let scores = model.evaluate_with(&x_train, &y_train, Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["acc"]);
    println!("loss: {loss:.4}, accuracy: {accuracy:.2}");
    assert!(accuracy > 0.9);
    Ok(())
}
