// Ported from transformer_block.py.
// A small text classifier made of one transformer encoder block.
//
// The "reviews" are sequences of token ids. A review is positive when it has more
// tokens of the upper half of the vocabulary than of the lower half.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, Dropout, Embedding, GlobalAveragePooling1D, KerasTensor, Lambda, LayerNormalization, MultiHeadAttention};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};

fn main() -> Result<()> {
    utils::set_random_seed(42);
    numpy::random::seed(42);

    let vocab_size = 50;
    let maxlen = 12;
    let embed_dim = 16; // Embedding size for each token
    let num_heads = 2; // Number of attention heads
    let ff_dim = 24; // Hidden layer size in the feed forward network

    let x = numpy::random::randint(1, vocab_size as i64, (160, maxlen))?;
    let y = ops::mean(&x.to_dtype(DType::F64)?, 1)?.gt(vocab_size as f64 / 2.0)?.to_dtype(DType::I32)?;
    let (x_train, y_train) = (x.i(..128)?, y.i(..128)?);
    let (x_val, y_val) = (x.i(128..)?, y.i(128..)?);
    println!("{} Training sequences", x_train.dim(0)?);
    println!("{} Validation sequences", x_val.dim(0)?);

    let inputs = Input::shape([maxlen]);
    let x = TokenAndPositionEmbedding::new(maxlen, vocab_size, embed_dim).call(&inputs)?;
    let x = TransformerBlock::new(embed_dim, num_heads, ff_dim, 0.1).call(&x);
    let x = GlobalAveragePooling1D::new().call(&x);
    let x = Dropout::new(0.1).call(&x);
    let x = Dense::new(20).activation("relu").call(&x);
    let x = Dropout::new(0.1).call(&x);
    let outputs = Dense::new(2).activation("softmax").call(&x);

    let mut model = Model::new(&inputs, &outputs)?;
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(32).epochs(3).validation_data(&x_val, &y_val).verbose(0))?;
    for (epoch, (&loss, &val_loss)) in history["loss"].iter().zip(&history["val_loss"]).enumerate() {
        println!("epoch {}: loss={loss:.4} val_loss={val_loss:.4}", epoch + 1);
    }

    let score = model.evaluate_with(&x_val, &y_val, Evaluate::new().verbose(0))?;
    println!("Validation loss: {:.4}, accuracy: {:.4}", score["loss"], score["accuracy"]);
    println!("{}", numpy::array_str(&model.predict_with(&x_val.i(..3)?, Predict::new().verbose(0))?)?);
    Ok(())
}

#[derive(Clone)]
struct TransformerBlock {
    att: MultiHeadAttention,
    ffn: Sequential,
    layernorm1: LayerNormalization,
    layernorm2: LayerNormalization,
    dropout1: Dropout,
    dropout2: Dropout,
}

impl TransformerBlock {
    fn new(embed_dim: usize, num_heads: usize, ff_dim: usize, rate: f64) -> Self {
        let att = MultiHeadAttention::new(num_heads, embed_dim);
        let ffn = Sequential::new(layers![
            Dense::new(ff_dim).activation("relu"),
            Dense::new(embed_dim),
        ]);
        let layernorm1 = LayerNormalization::new().epsilon(1e-6);
        let layernorm2 = LayerNormalization::new().epsilon(1e-6);
        let dropout1 = Dropout::new(rate);
        let dropout2 = Dropout::new(rate);
        Self { att, ffn, layernorm1, layernorm2, dropout1, dropout2 }
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let attn_output = self.att.call([inputs, inputs]);
        let attn_output = self.dropout1.call(&attn_output);
        let out1 = self.layernorm1.call(inputs + &attn_output);
        let ffn_output = self.ffn.call(&out1);
        let ffn_output = self.dropout2.call(&ffn_output);
        self.layernorm2.call(&out1 + &ffn_output)
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
