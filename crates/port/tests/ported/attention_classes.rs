// Ported from attention_classes.py.
// A small language model: attention with a causal mask written by hand, and a callback that reads data of the module.

use candle_keras::callbacks::Logs;
use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, Embedding, KerasTensor, Lambda, LayerNormalization};
use candle_keras::losses::SparseCategoricalCrossentropy;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops};

fn main() -> Result<()> {
    let vocab_size = 12;
    let maxlen = 8;
    let embed_dim = 8;
    let num_heads = 2;
    let feed_forward_dim = 16;

    // Counting upwards from a random start
    numpy::random::seed(8);
    let starts = numpy::random::randint(0, vocab_size as i64, (120, 1))?;
    let tokens = numpy::mod_(&ops::add(&starts, &ops::arange(0.0, (maxlen + 1) as f64, 1.0, "int64")?)?, vocab_size)?;
    let (x, y) = (tokens.i((.., ..tokens.dim(1)? - 1))?, tokens.i((.., 1..))?);
    let prompt = x.i(..1)?;

    let mut model = create_model(maxlen, vocab_size, embed_dim, num_heads, feed_forward_dim)?;
    let history = model.fit(&x, &y, Fit::new().batch_size(20).epochs(4).verbose(0).callback(NextToken::new(2, &prompt)))?;
    println!("{:?}", &history["loss"]);
    println!("{}", numpy::array_str(&model.predict_with(&prompt, Predict::new().verbose(0))?.i((0, model.predict_with(&prompt, Predict::new().verbose(0))?.dim(1)? - 1, ..4))?)?);
    Ok(())
}

#[derive(Clone)]
struct MultiHeadSelfAttention {
    embed_dim: usize,
    num_heads: usize,
    projection_dim: usize,
    query_dense: Dense,
    key_dense: Dense,
    value_dense: Dense,
    combine_heads: Dense,
}

impl MultiHeadSelfAttention {
    fn new(embed_dim: usize, num_heads: usize) -> Result<Self> {
        if embed_dim % num_heads != 0 {
            return Err(Error::new(format!("embedding dimension = {embed_dim} should be divisible by number of heads = {num_heads}")));
        }
        let projection_dim = embed_dim / num_heads;
        let query_dense = Dense::new(embed_dim);
        let key_dense = Dense::new(embed_dim);
        let value_dense = Dense::new(embed_dim);
        let combine_heads = Dense::new(embed_dim);
        Ok(Self { embed_dim, num_heads, projection_dim, query_dense, key_dense, value_dense, combine_heads })
    }

    fn separate_heads(&self, x: &KerasTensor, _like: &KerasTensor) -> Result<KerasTensor> {
        let num_heads = self.num_heads;
        let projection_dim = self.projection_dim;
        let x = Lambda::new(move |x| x.reshape((x.dim(0)?, (), num_heads, projection_dim))).call(x);
        Ok(ops::transpose(&x, [0, 2, 1, 3]))
    }

    fn causal_attention_mask(n_dest: usize, n_src: usize, dtype: DType) -> Result<Tensor> {
        // 1's in the lower triangle, counting from the lower right corner.
        let i = ops::expand_dims(&ops::arange(0.0, n_dest as f64, 1.0, "int32")?, 1)?;
        let j = ops::arange(0.0, n_src as f64, 1.0, "int32")?;
        let m = ops::greater_equal(&i, &numpy::add(&numpy::subtract(&j, n_src)?, n_dest)?)?;
        Ok(ops::cast(&m, dtype)?)
    }

    fn attention(&self, query: &KerasTensor, key: &KerasTensor, value: &KerasTensor) -> Result<(KerasTensor, KerasTensor)> {
        let score = ops::matmul(query, &ops::swapaxes(key, -1, -2));
        let dim_key = key.shape()?.size(-1).ok_or_else(|| Error::new("the size of this axis is not known"))? as f64;
        let scaled_score = &score / f64::sqrt(dim_key);
        let shape = scaled_score.shape()?;
        let (dim_dest, dim_src) = (shape.size(2).ok_or_else(|| Error::new("the size of this axis is not known"))?, shape.size(3).ok_or_else(|| Error::new("the size of this axis is not known"))?);
        let attention_mask = Self::causal_attention_mask(dim_dest, dim_src, scaled_score.output()?.dtype())?;
        let attention_mask = ops::reshape(&attention_mask, [1, 1, dim_dest as i64, dim_src as i64])?;
        let scaled_score = {
            let tensor = &scaled_score * Lambda::value(&attention_mask).call(&scaled_score);
            &tensor - Lambda::value(&numpy::multiply(10000.0, &numpy::subtract(1, &attention_mask)?)?).call(&tensor)
        };
        let weights = ops::softmax(&scaled_score, -1);
        let output = ops::matmul(&weights, value);
        Ok((output, weights))
    }

    fn call(&self, inputs: &KerasTensor) -> Result<KerasTensor> {
        let query = self.separate_heads(&self.query_dense.call(inputs), inputs)?;
        let key = self.separate_heads(&self.key_dense.call(inputs), inputs)?;
        let value = self.separate_heads(&self.value_dense.call(inputs), inputs)?;
        let (attention, _weights) = self.attention(&query, &key, &value)?;
        let attention = ops::transpose(&attention, [0, 2, 1, 3]);
        let embed_dim = self.embed_dim;
        let concat_attention = Lambda::new(move |x| x.reshape((x.dim(0)?, (), embed_dim))).call(&attention);
        Ok(self.combine_heads.call(&concat_attention))
    }
}

#[derive(Clone)]
struct TokenAndPositionEmbedding {
    token_emb: Embedding,
    pos_emb: Embedding,
}

impl TokenAndPositionEmbedding {
    fn new(maxlen: usize, vocab_size: usize, embed_dim: usize) -> Self {
        let token_emb = Embedding::new(vocab_size, embed_dim);
        let pos_emb = Embedding::new(maxlen, embed_dim);
        Self { token_emb, pos_emb }
    }

    fn call(&self, x: &KerasTensor) -> Result<KerasTensor> {
        let maxlen = x.shape()?.size(-1).ok_or_else(|| Error::new("the size of this axis is not known"))?;
        let positions = ops::arange(0.0, maxlen as f64, 1.0, "int32")?;
        let positions = self.pos_emb.call(Lambda::value(&positions).call(x));
        let x = self.token_emb.call(x);
        Ok(&x + &positions)
    }
}

fn create_model(maxlen: usize, vocab_size: usize, embed_dim: usize, num_heads: usize, feed_forward_dim: usize) -> Result<Model> {
    let inputs = Input::shape([maxlen]).dtype("int32");
    let x = TokenAndPositionEmbedding::new(maxlen, vocab_size, embed_dim).call(&inputs)?;
    let x = LayerNormalization::new().epsilon(1e-6).call(&x + MultiHeadSelfAttention::new(embed_dim, num_heads)?.call(&x)?);
    let x = Dense::new(feed_forward_dim).activation("relu").call(&x);
    let outputs = Dense::new(vocab_size).call(&x);
    let mut model = Model::new(&inputs, &outputs)?;
    let loss_fn = SparseCategoricalCrossentropy::new().from_logits(true);
    model.compile(Adam::new().learning_rate(0.01), loss_fn)?;
    Ok(model)
}

/// Prints what the model expects behind the first tokens.
struct NextToken {
    print_every: usize,
    prompt: Tensor,
}

impl NextToken {
    fn new(print_every: usize, prompt: &Tensor) -> Self {

        Self { print_every, prompt: prompt.clone() }
    }
}

impl Callback for NextToken {
    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        if (epoch + 1) % self.print_every != 0 {
            return Ok(());
        }
        let logits = model.predict_with(&self.prompt, Predict::new().verbose(0))?;
        println!("epoch {} loss {:.4} {}", epoch + 1, logs["loss"], numpy::array_str(&ops::argmax(&logits.i(0)?, -1)?)?);
        Ok(())
    }
}
