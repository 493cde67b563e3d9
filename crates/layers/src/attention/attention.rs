//! Attention: the mean of values, weighted by how well their keys match a query. Keras: `keras.layers.Attention`.

use super::base_attention::{BaseAttention, base_attention, check_dropout};
use crate::{Build, Context, Layer, Shape, Weight};
use candle_core::Tensor;
use candle_keras_ops::random::Stream;
use candle_keras_ops::{self as ops, Error, Result};

layer! {
    /// `softmax(q kᵀ) v` (Luong et al., 2015), without projections of its own.
    ///
    /// It is called on a query, a value, and a key if that is not the value. The value's mask hides keys, and queries that are masked give
    /// zeros.
    ///
    /// Keras: `keras.layers.Attention`.
    ///
    /// # Shapes
    /// - inputs: query `(batch, queries, features)`, value `(batch, keys, width)`, key `(batch, keys, features)`; with more axes behind the
    ///   batch, these are computed one by one, and without steps each sample attends to those of its batch
    /// - output: `(batch, queries, width)`; with `return_attention_scores`, behind it the weights `(batch, queries, keys)`
    /// - arguments of the call: `use_causal_mask`: a query attends to no key after its own position; `return_attention_scores`, which takes
    ///   several times longer
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Attention, Call, Input, Layer};
    /// let (query, value) = (Input::shape([5, 16]), Input::shape([80, 16]));
    /// assert_eq!(Attention::new().call([&query, &value]).shape()?.to_string(), "(None, 5, 16)");
    /// let scores = Call::new().return_attention_scores(true);
    /// let [_, scores] = Attention::new().call_multiple_with([&query, &value], scores);
    /// assert_eq!(scores.shape()?.to_string(), "(None, 5, 80)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Attention() {
        /// Whether the scores have a learned factor.
        use_scale: bool = false,
        /// `"dot"` for products of query and key, `"concat"` for the sums of `tanh(q + k)`, with a learned factor.
        score_mode: String = "dot",
        /// The share of the weights that is dropped in training.
        dropout: f64 = 0.0,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

impl Attention {
    fn is_dot(&self) -> bool {
        self.score_mode == "dot"
    }

    /// The tensor, times the learned factor of the scores.
    fn scaled(&self, x: &Tensor, ctx: &Context) -> Result<Tensor> {
        if self.use_scale { Ok(ops::multiply(x, &self.weight("scale", ctx)?)?) } else { Ok(x.clone()) }
    }
}

impl BaseAttention for Attention {
    fn scores(&self, query: &Tensor, key: &Tensor, ctx: &Context) -> Result<Tensor> {
        let query = self.scaled(query, ctx)?;
        if self.is_dot() {
            return Ok(ops::matmul(&query, &ops::transpose(key, [0, 2, 1])?)?);
        }
        let scores = ops::additive_scores(&query, &self.scaled(key, ctx)?, None)?;
        Ok(ops::multiply(&scores, &self.weight("concat_score_weight", ctx)?)?)
    }

    fn dropout(&self) -> (f64, Option<u64>) {
        (self.dropout, self.seed)
    }

    fn fused(
        &self,
        [query, key, value]: [&Tensor; 3],
        by: ops::Attention,
        ctx: &Context,
        random: &mut Stream,
    ) -> Result<Option<Tensor>> {
        if !self.is_dot() {
            return Ok(None);
        }
        let (query, key, value) = (self.scaled(query, ctx)?.unsqueeze(2)?, key.unsqueeze(2)?, value.unsqueeze(2)?);
        Ok(Some(ops::attention(&query, &key, &value, by, random)?.squeeze(2)?))
    }
}

impl Layer for Attention {
    base_attention!();

    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        check_dropout(self)?;
        if !["dot", "concat"].contains(&self.score_mode.as_str()) {
            return Err(Error::unknown("score_mode", &self.score_mode, &["dot", "concat"]));
        }
        if self.use_scale {
            build.add_weight(Weight::new("scale", [0usize; 0], &"ones".into()));
        }
        if !self.is_dot() {
            build.add_weight(Weight::new("concat_score_weight", [0usize; 0], &"ones".into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let two = || Check::inputs([[2, 3, 4], [2, 5, 4]]).output([2, 3, 4]);
        check_layer(Attention::new, two().argument("use_causal_mask", true));
        check_layer(|| Attention::new().use_scale(true), two().weights(1));
        let three = || Check::shapes(vec![vec![2, 3, 4], vec![2, 5, 2], vec![2, 5, 4]]).output([2, 3, 2]);
        check_layer(|| Attention::new().score_mode("concat").use_scale(true), three().weights(2));
        check_layer(|| Attention::new().use_scale(true), three().weights(1).argument("return_attention_scores", true));
        check_layer(|| Attention::new().dropout(0.4).seed(1), two());
        check_layer(|| Attention::new().use_scale(true), Check::inputs([[3, 4], [3, 4]]).output([3, 4]).weights(1));
        let more = Check::inputs([[2, 3, 2, 4], [2, 3, 5, 4]]).output([2, 3, 2, 4]);
        check_layer(Attention::new, more.argument("return_attention_scores", true));
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let (x, y) = (Input::shape([3, 4]), Input::shape([5, 2]));
        let error = |layer: Attention, inputs: &[&crate::KerasTensor]| {
            layer.call(inputs.iter().map(|&x| x.clone()).collect::<Vec<_>>()).shape().unwrap_err().to_string()
        };
        assert!(error(Attention::new(), &[&x]).contains("[query, value]"));
        assert!(error(Attention::new(), &[&x, &y]).contains("do not match"));
        assert!(error(Attention::new().score_mode("dto"), &[&x, &x]).contains("did you mean \"dot\"?"));
        assert!(error(Attention::new().dropout(2.0), &[&x, &x]).contains("dropout must be between 0 and 1"));
    }
}
