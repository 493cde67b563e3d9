//! GroupQueryAttention: heads of queries that share their keys and values. Keras: `keras.layers.GroupQueryAttention`.

use super::heads::{HeadArguments, Heads, head_setters, heads_layer, query_value_key};
use crate::call::CallArguments;
use crate::spatial::positive;
use crate::{Build, Layer, Shape, TensorSpec};
use candle_keras_ops::{Error, Result};

layer! {
    /// Attention whose heads share keys and values in groups (Ainslie et al., 2023): with one head of keys and values it is multi-query attention, with as
    /// many as of queries [`MultiHeadAttention`](crate::MultiHeadAttention).
    ///
    /// It is called on a query and a value, and a key if that is not the value. Masks of the inputs hide keys; that of the query stays with the
    /// output.
    ///
    /// Keras: `keras.layers.GroupQueryAttention`.
    ///
    /// # Shapes
    /// - inputs: query `(batch, queries, features)`, value and key `(batch, keys, features)`
    /// - output: `(batch, queries, features)`; with `return_attention_scores`, behind it `(batch, num_query_heads, queries, keys)`
    /// - arguments of the call: `attention_mask` `(batch, queries, keys)` or with the heads behind the batch, 1 where a query may attend to a key;
    ///   `use_causal_mask`: to none after its own position; `return_attention_scores`, which takes several times longer; `query_mask`,
    ///   `value_mask` and `key_mask`, in place of those that the inputs carry
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Call, GroupQueryAttention, Input, Layer};
    /// let x = Input::shape([200, 32]);
    /// let y = GroupQueryAttention::new(8, 4, 2).call_with([&x, &x], Call::new().use_causal_mask(true));
    /// assert_eq!(y.shape()?.to_string(), "(None, 200, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct GroupQueryAttention(
        /// The size of a head.
        head_dim: usize,
        /// The number of heads of the queries.
        num_query_heads: usize,
        /// The number of heads of keys and values, which divides that of the queries.
        num_key_value_heads: usize,
    ) {
        ..heads: HeadArguments = HeadArguments::new() => head_setters,
    }
}

impl GroupQueryAttention {
    /// Has no effect: whatever it says, attention is one op that keeps what it needs alone. Keras: `flash_attention=`.
    #[must_use]
    pub fn flash_attention(self, _: impl Into<Option<bool>>) -> Self {
        self
    }

    fn heads(&self, rank: usize) -> Result<Heads<'_>> {
        if rank != 3 {
            return Err(Error::new("the layer takes sequences")
                .expected("(batch, steps, features)")
                .received(format!("an input of {rank} axes")));
        }
        Ok(Heads {
            layer: self,
            arguments: &self.heads,
            heads: [self.num_query_heads, self.num_key_value_heads],
            sizes: [self.head_dim; 2],
            axes: vec![1],
            places: ["_query_dense", "_key_dense", "_gate_dense", "_value_dense", "_output_dense"],
        })
    }
}

impl Layer for GroupQueryAttention {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let [query, value, key] = query_value_key(inputs)?;
        let heads = self.heads(query.len())?;
        heads.check([query, value, key])?;
        if query[2].zip(value[2]).is_some_and(|(a, b)| a != b) {
            return Err(Error::new("query and value must have one number of features")
                .expected(query.to_string())
                .received(value.to_string()));
        }
        Ok(vec![query.clone()])
    }

    fn compute_output_spec(
        &self,
        inputs: &[TensorSpec],
        arguments: &CallArguments<TensorSpec>,
    ) -> Result<Vec<TensorSpec>> {
        let shapes: Vec<_> = inputs.iter().map(|input| input.shape.clone()).collect();
        let output = self.compute_output_shape(&shapes)?.swap_remove(0);
        self.heads(output.len())?.output_specs(output, inputs, arguments)
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        self.compute_output_shape(inputs)?;
        let (heads, shared) = (self.num_query_heads, self.num_key_value_heads);
        positive("head_dim, num_query_heads and num_key_value_heads", &[self.head_dim, heads, shared])?;
        if !heads.is_multiple_of(shared) {
            return Err(
                Error::new("num_key_value_heads must divide num_query_heads").received(format!("{shared} and {heads}"))
            );
        }
        self.heads(3)?.build(inputs, build, None)
    }

    heads_layer!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};
    use candle_core::{DType, Device, Tensor};

    #[test]
    fn behaves_as_every_layer_must() {
        // A bias of the keys shifts all scores of a query equally, so that its gradient is 0.
        let shared = || GroupQueryAttention::new(3, 4, 2).use_bias(false).use_gate(true);
        check_layer(shared, Check::inputs([[2, 3, 4], [2, 5, 4]]).output([2, 3, 4]).weights(5));
        let one = || GroupQueryAttention::new(2, 2, 1).use_bias(false).sliding_window(2).dropout(0.2).seed(1);
        let check = Check::inputs([[2, 4, 3], [2, 4, 3], [2, 4, 3]]).output([2, 4, 3]).weights(4);
        check_layer(one, check.argument("use_causal_mask", true).argument("return_attention_scores", true));
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let (x, y) = (Input::shape([3, 4]), Input::shape([5, 2]));
        let error =
            |layer: GroupQueryAttention, y: &crate::KerasTensor| layer.call([&x, y]).shape().unwrap_err().to_string();
        assert!(error(GroupQueryAttention::new(2, 3, 2), &x).contains("must divide num_query_heads"));
        assert!(error(GroupQueryAttention::new(2, 2, 0), &x).contains("must be positive"));
        assert!(error(GroupQueryAttention::new(2, 2, 2), &y).contains("one number of features"));
        let images = Input::shape([3, 4, 5]);
        let error = GroupQueryAttention::new(2, 2, 2).call([&images, &images]).shape().unwrap_err().to_string();
        assert!(error.contains("takes sequences"), "{error}");
        let samples = |count: usize| Tensor::zeros((count, 3, 4), DType::F32, &Device::Cpu).unwrap();
        let error = GroupQueryAttention::new(2, 2, 2).call([&samples(2), &samples(3)]).unwrap_err().to_string();
        assert!(error.contains("same number of samples") && error.contains("(2, 3, 4) and (3, 3, 4)"), "{error}");
    }
}
