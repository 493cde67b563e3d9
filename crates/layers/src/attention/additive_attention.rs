//! AdditiveAttention: scores from sums of query and key. Keras: `keras.layers.AdditiveAttention`.

use super::base_attention::{BaseAttention, base_attention, check_dropout};
use crate::{Build, Context, Layer, Shape, Weight};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Result};

layer! {
    /// `softmax(sum(scale tanh(q + k))) v`, summed over the features (Bahdanau et al., 2015), without projections of its own.
    ///
    /// Inputs, masks and arguments of the call are those of [`Attention`](crate::Attention).
    ///
    /// Keras: `keras.layers.AdditiveAttention`.
    ///
    /// # Shapes
    /// - inputs: query `(batch, queries, features)`, value `(batch, keys, width)`, key `(batch, keys, features)`; the weight `scale`: `(features,)`
    /// - output: `(batch, queries, width)`; with `return_attention_scores`, behind it the weights `(batch, queries, keys)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{AdditiveAttention, Input, Layer};
    /// let (query, value) = (Input::shape([5, 16]), Input::shape([80, 16]));
    /// assert_eq!(AdditiveAttention::new().call([&query, &value]).shape()?.to_string(), "(None, 5, 16)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct AdditiveAttention() {
        /// Whether each feature has a learned factor.
        use_scale: bool = true,
        /// The share of the weights that is dropped in training.
        dropout: f64 = 0.0,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

impl BaseAttention for AdditiveAttention {
    fn scores(&self, query: &Tensor, key: &Tensor, ctx: &Context) -> Result<Tensor> {
        let scale = self.use_scale.then(|| self.weight("scale", ctx)).transpose()?;
        Ok(ops::additive_scores(query, key, scale.as_ref())?)
    }

    fn dropout(&self) -> (f64, Option<u64>) {
        (self.dropout, self.seed)
    }
}

impl Layer for AdditiveAttention {
    base_attention!();

    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        check_dropout(self)?;
        if self.use_scale {
            let features = build.input_size(-1)?;
            build.add_weight(Weight::new("scale", [features], &"glorot_uniform".into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let two = || Check::inputs([[2, 3, 4], [2, 5, 4]]).output([2, 3, 4]);
        check_layer(AdditiveAttention::new, two().weights(1).argument("use_causal_mask", true));
        check_layer(|| AdditiveAttention::new().use_scale(false).dropout(0.4).seed(1), two());
        let three = Check::shapes(vec![vec![2, 3, 4], vec![2, 5, 2], vec![2, 5, 4]]).output([2, 3, 2]).weights(1);
        check_layer(AdditiveAttention::new, three.argument("return_attention_scores", true));
    }
}
