// Ported from miniature_gpt.py.
// A miniature GPT that learns a periodic language of small numbers.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Call, Dense, Dropout, Embedding, KerasTensor, Lambda, LayerNormalization, MultiHeadAttention};
use candle_keras::losses::SparseCategoricalCrossentropy;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};

const VOCAB: usize = 12;
const SEQ_LEN: usize = 10;
const EMBED: usize = 16;
const HEADS: usize = 2;
const FF: usize = 32;

fn main() -> Result<()> {
    utils::set_random_seed(1337);
    numpy::random::seed(1337);

    // Each sequence counts up by a step of 1, 2 or 3, modulo the size of the vocabulary.
    let mut sequences = vec![];
    for _ in 0..96 {
        let start = numpy::random::randint_scalar(0, VOCAB as i64)? as usize;
        let step = numpy::random::randint_scalar(1, 4)? as usize;
        sequences.push((0..SEQ_LEN + 1).map(|k| (start + step * k) % VOCAB).collect::<Vec<usize>>());
    }
    let data = sequences.iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>().to_tensor()?;
    let (x, y) = (data.i((.., ..data.dim(1)? - 1))?, data.i((.., 1..))?);

    let inputs = Input::shape([SEQ_LEN]).dtype("int32");
    let h = Embed::new(SEQ_LEN, VOCAB, EMBED).call(&inputs)?;
    let h = GPTBlock::new(EMBED, HEADS, FF, 0.1).call(&h)?;
    let outputs = Dense::new(VOCAB).call(&h);
    let mut model = Model::new(&inputs, &outputs)?;
    model.compile("adam", SparseCategoricalCrossentropy::new().from_logits(true))?;
    let history = model.fit(&x, &y, Fit::new().batch_size(16).epochs(6).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {:2} loss {loss:.5}", epoch + 1);
    }

    // Generate greedily
    let mut prompt = vec![3, 5, 7];
    while prompt.len() < SEQ_LEN {
        let padded = [&prompt[..], &[0].repeat(SEQ_LEN - prompt.len())[..]].concat();
        let logits = model.predict_with(&[&padded].iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>().to_tensor()?, Predict::new().verbose(0))?;
        prompt.push(ops::argmax(&logits.i(0)?.i(prompt.len() - 1)?.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize);
    }
    println!("generated: {}", prompt.iter().map(|&token| token.to_string()).collect::<Vec<String>>().join(" "));
    Ok(())
}

fn causal_attention_mask(like: &KerasTensor, n_dest: usize, n_src: usize, dtype: &'static str) -> Result<KerasTensor> {
    // Masks the upper half of the dot product matrix in self attention.
    let i = ops::expand_dims(&ops::arange(0.0, n_dest as f64, 1.0, "int32")?, 1)?;
    let j = ops::arange(0.0, n_src as f64, 1.0, "int32")?;
    let m = ops::greater_equal(&i, &numpy::add(&numpy::subtract(&j, n_src)?, n_dest)?)?;
    let mask = ops::cast(&m, dtype)?;
    let mask = ops::reshape(&mask, [1, n_dest as i64, n_src as i64])?;
    return Ok({
        let mask = mask.clone();
        Lambda::new(move |x| mask.repeat((x.dim(0)?, 1, 1)))
    }
    .call(like));
}

#[derive(Clone)]
struct GPTBlock {
    att: MultiHeadAttention,
    ffn: Sequential,
    norm1: LayerNormalization,
    norm2: LayerNormalization,
    drop1: Dropout,
    drop2: Dropout,
}

impl GPTBlock {
    fn new(embed_dim: usize, num_heads: usize, ff_dim: usize, rate: f64) -> Self {
        let att = MultiHeadAttention::new(num_heads, embed_dim);
        let ffn = Sequential::new(layers![
            Dense::new(ff_dim).activation("relu"),
            Dense::new(embed_dim),
        ]);
        let norm1 = LayerNormalization::new().epsilon(1e-6);
        let norm2 = LayerNormalization::new().epsilon(1e-6);
        let drop1 = Dropout::new(rate);
        let drop2 = Dropout::new(rate);
        Self { att, ffn, norm1, norm2, drop1, drop2 }
    }

    fn call(&self, inputs: &KerasTensor) -> Result<KerasTensor> {
        let input_shape = inputs.shape()?;
        let seq_len = input_shape.size(1).ok_or_else(|| Error::new("the size of this axis is not known"))?;
        let causal_mask = causal_attention_mask(inputs, seq_len, seq_len, "bool")?;
        let attention = self.drop1.call(self.att.call_with([inputs, inputs], Call::new().attention_mask(&causal_mask)));
        let out1 = self.norm1.call(inputs + &attention);
        Ok(self.norm2.call(&out1 + self.drop2.call(self.ffn.call(&out1))))
    }
}

#[derive(Clone)]
struct Embed {
    tokens: Embedding,
    places: Embedding,
}

impl Embed {
    fn new(maxlen: usize, vocab_size: usize, embed_dim: usize) -> Self {
        let tokens = Embedding::new(vocab_size, embed_dim);
        let places = Embedding::new(maxlen, embed_dim);
        Self { tokens, places }
    }

    fn call(&self, x: &KerasTensor) -> Result<KerasTensor> {
        Ok(self.tokens.call(x) + self.places.call(Lambda::value(&ops::arange(0.0, x.shape()?.size(-1).ok_or_else(|| Error::new("the size of this axis is not known"))? as f64, 1.0, "int32")?).call(x)))
    }
}
