// Ported from word_distance.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Embedding, Lambda, Subtract};
use candle_keras::ops;
use candle_keras::prelude::*;

fn main() -> Result<()> {
    // Word vectors from a text without labels: words that stand beside each other shall be near.

    let vocabulary = 12;
    let text = Tensor::new(&[1_i64, 5, 3, 5, 2, 7, 1, 4, 9, 3, 2, 8, 1, 5, 3, 6], &Device::Cpu)?;
    let zeros = Tensor::zeros(text.dim(0)? - 1, DType::F64, &Device::Cpu)?;

    let word1 = Input::shape([1]);
    let word2 = Input::shape([1]);
    let embedding = Embedding::new(vocabulary, 8);
    let distance = Subtract::new().call([&embedding.call(&word1), &embedding.call(&word2)]);
    let distance = Lambda::new(|x| ops::mean(x, -1)).call(&distance);

    let mut model = Model::new([&word1, &word2], &distance)?;
    model.compile("adam", "mse")?;
    let history = model.fit([&text.i(..15)?, &text.i(1..)?], &zeros, Fit::new().epochs(5).batch_size(4).verbose(0))?;
    let losses = &history["loss"];
    println!("first loss {:.6}, last {:.6}", losses[0], losses[losses.len() - 1]);
    assert!(losses[losses.len() - 1] < losses[0]);

    let vectors = embedding.get_weights()?[0].clone();
    println!("the table of vectors: {:?}", vectors.dims());
    Ok(())
}
