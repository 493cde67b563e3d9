// Ported from reviews_lstm.py.

use candle_keras::layers::{Dense, Embedding, LSTM};
use candle_keras::prelude::*;
use candle_keras::utils::Pad;
use candle_keras::utils;

fn main() -> Result<()> {
    // Reviews as the ids of their words, and whether they are good.
    let reviews = vec![vec![vec![5, 8, 2, 9], vec![1, 7], vec![5, 2, 2], vec![7, 1, 3, 3, 1], vec![8, 5], vec![3, 7, 7]]; 4].concat();
    let good = [1, 0, 1, 0, 1, 0].repeat(4);
    let max_features = 10;
    let maxlen = 6; // longer ones are cut
    let batch_size = 4;

    println!("{} sequences", reviews.len());
    let x_train = utils::pad_sequences(&reviews, Pad::new().maxlen(maxlen))?;
    println!("x_train shape: {:?}", x_train.dims());

    println!("Build model...");
    let mut model = Sequential::new(layers![]);
    model.add(Embedding::new(max_features, 16));
    model.add(LSTM::new(16).dropout(0.1).recurrent_dropout(0.1));
    model.add(Dense::new(1).activation("sigmoid"));

    // try using different optimizers and different optimizer configs
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;

    println!("Train...");
    model.fit(&x_train, &good, Fit::new().batch_size(batch_size).epochs(20).verbose(0))?;
    let scores = model.evaluate_with(&x_train, &good, Evaluate::new().batch_size(batch_size).verbose(0))?;
    let (score, acc) = (scores["loss"], scores["accuracy"]);
    println!("Test score: {score:?}");
    println!("Test accuracy: {acc:?}");
    assert!(acc > 0.9);
    Ok(())
}
