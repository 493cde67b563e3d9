//! MultiHeadAttention: each position of a sequence attends to those of another. Keras: `keras.layers.MultiHeadAttention`.

use super::heads::{HeadArguments, Heads, head_setters, heads_layer, query_value_key};
use crate::call::CallArguments;
use crate::spatial::positive;
use crate::{Build, Layer, Shape, TensorSpec};
use candle_keras_ops::{AxisList, Error, Result};
use serde::{Deserialize, Serialize};

layer! {
    /// Attention with several heads (Vaswani et al., 2017): query, key and value are projected for each head, each query takes the mean of
    /// the values weighted by `softmax(q k / sqrt(key_dim))`, and the heads are projected together.
    ///
    /// It is called on a query and a value, and a key if that is not the value; on one tensor twice for self-attention. Masks of query and
    /// value are applied and consumed: later layers on the same tensors do not see them, as in Keras. An activity regularizer applies to each
    /// of the projections.
    ///
    /// Keras: `keras.layers.MultiHeadAttention`.
    ///
    /// # Shapes
    /// - inputs: query `(batch, queries, features)`, or with several axes in place of `queries` and `keys`; value `(batch, keys, features)`, key `(batch, keys, features)`
    /// - output: `(batch, queries, output_shape)`, the features of the query by default; with `return_attention_scores`, behind it
    ///   `(batch, heads, queries, keys)`
    /// - arguments of the call: `attention_mask` `(batch, queries, keys)` or with the heads behind the batch, 1 where a query may attend to a key;
    ///   `use_causal_mask`: to none after its own position; `return_attention_scores`, which takes several times longer; `value_mask` and
    ///   `key_mask`, in place of those that the inputs carry
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Call, Input, Layer, MultiHeadAttention};
    /// let x = Input::shape([200, 32]);
    /// let y = MultiHeadAttention::new(2, 32).call_with([&x, &x], Call::new().use_causal_mask(true));
    /// assert_eq!(y.shape()?.to_string(), "(None, 200, 32)");
    /// let scores = Call::new().return_attention_scores(true);
    /// let [_, scores] = MultiHeadAttention::new(2, 32).call_multiple_with([&x, &x], scores);
    /// assert_eq!(scores.shape()?.to_string(), "(None, 2, 200, 200)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// `trainable(false)` freezes the projections as well; Keras trains them if it was set before the first call.
    pub struct MultiHeadAttention(
        /// The number of heads.
        num_heads: usize,
        /// The size of a head's queries and keys.
        key_dim: usize,
    ) {
        /// The size of a head's values; by default that of its keys.
        value_dim: Option<usize> = Some(key_dim),
        /// The sizes of the output's axes behind the steps; by default the features of the query.
        output_shape: Option<OutputShape>,
        /// The axes of attention; by default all between the batch and the features. Along the others, the steps are computed one by one.
        attention_axes: Option<AxisList>,
        ..heads: HeadArguments = HeadArguments::new() => head_setters,
    }
}

/// The sizes of a [`MultiHeadAttention`]'s output axes: one number, or a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OutputShape {
    /// One number.
    One(usize),
    /// A list.
    List(Vec<usize>),
}

impl From<usize> for OutputShape {
    fn from(size: usize) -> Self {
        Self::One(size)
    }
}

impl<const N: usize> From<[usize; N]> for OutputShape {
    fn from(sizes: [usize; N]) -> Self {
        Self::List(sizes.to_vec())
    }
}

impl MultiHeadAttention {
    /// Has no effect: whatever it says, attention is one op that keeps what it needs alone. Keras: `flash_attention=`.
    #[must_use]
    pub fn flash_attention(self, _: impl Into<Option<bool>>) -> Self {
        self
    }

    /// The sizes of the output's axes, if they are given.
    fn output_sizes(&self) -> Option<&[usize]> {
        match self.output_shape.as_ref()? {
            OutputShape::One(size) => Some(std::slice::from_ref(size)),
            // To Keras, an empty list is none.
            OutputShape::List(sizes) => Some(sizes.as_slice()).filter(|sizes| !sizes.is_empty()),
        }
    }

    fn heads(&self, rank: usize) -> Result<Heads<'_>> {
        let steps = 1..rank.max(2) - 1;
        let axes = match &self.attention_axes {
            None => steps.clone().collect(),
            Some(axes) => {
                let resolve = |&axis: &i64| usize::try_from(if axis < 0 { axis + rank as i64 } else { axis }).ok();
                axes.as_slice().iter().map(resolve).collect::<Option<Vec<_>>>().unwrap_or_default()
            }
        };
        let twice = |i: usize| axes[..i].contains(&axes[i]);
        if axes.is_empty() || axes.iter().any(|axis| !steps.contains(axis)) || (0..axes.len()).any(twice) {
            return Err(Error::new("attention_axes must be different axes between the batch and the features")
                .expected(format!("some of {:?}", steps.collect::<Vec<_>>()))
                .received(format!("{:?}", self.attention_axes.as_ref().map(AxisList::as_slice).unwrap_or_default())));
        }
        Ok(Heads {
            layer: self,
            arguments: &self.heads,
            heads: [self.num_heads; 2],
            sizes: [self.key_dim, self.value_dim.unwrap_or(self.key_dim)],
            axes,
            places: ["query_dense", "key_dense", "_gate_dense", "value_dense", "output_dense"],
        })
    }
}

impl Layer for MultiHeadAttention {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let shapes = query_value_key(inputs)?;
        let query = shapes[0];
        self.heads(query.len())?.check(shapes)?;
        Ok(vec![match self.output_sizes() {
            Some(sizes) => query[..query.len() - 1].iter().copied().chain(sizes.iter().copied().map(Some)).collect(),
            None => query.clone(),
        }])
    }

    fn compute_output_spec(
        &self,
        inputs: &[TensorSpec],
        arguments: &CallArguments<TensorSpec>,
    ) -> Result<Vec<TensorSpec>> {
        let shapes: Vec<_> = inputs.iter().map(|input| input.shape.clone()).collect();
        let output = self.compute_output_shape(&shapes)?.swap_remove(0);
        self.heads(shapes[0].len())?.output_specs(output, inputs, arguments)
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let heads = self.heads(query_value_key(inputs)?[0].len())?;
        let [key, value] = heads.sizes;
        positive("num_heads, key_dim and value_dim", &[self.num_heads, key, value])?;
        positive("output_shape", self.output_sizes().unwrap_or_default())?;
        heads.build(inputs, build, self.output_sizes())
    }

    fn takes_masks(&self) -> bool {
        true
    }

    fn regularizes_output(&self) -> bool {
        false
    }

    heads_layer!();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        // A bias of the keys shifts all scores of a query equally, so that its gradient is 0.
        let attention = || MultiHeadAttention::new(2, 3).use_bias(false);
        check_layer(attention, Check::inputs([[2, 3, 4], [2, 3, 4]]).output([2, 3, 4]).weights(4));
        let other = || MultiHeadAttention::new(2, 3).value_dim(2).output_shape(5).use_bias(false);
        let inputs = vec![vec![2, 3, 4], vec![2, 5, 3], vec![2, 5, 2]];
        let causal = Check::shapes(inputs).output([2, 3, 5]).weights(4).argument("use_causal_mask", true);
        check_layer(other, causal.clone());
        check_layer(other, causal.argument("return_attention_scores", true));
        let gated =
            || MultiHeadAttention::new(2, 2).use_bias(false).use_gate(true).sliding_window(2).output_shape([2, 3]);
        check_layer(gated, Check::inputs([[2, 4, 3], [2, 4, 3]]).output([2, 4, 2, 3]).weights(5));
        let dropped = || MultiHeadAttention::new(1, 3).use_bias(false).dropout(0.4).seed(1);
        check_layer(dropped, Check::inputs([[2, 3, 4], [2, 5, 4]]).output([2, 3, 4]).weights(4));
    }

    #[test]
    fn some_of_several_axes_may_have_attention() {
        for axes in [[2, 1], [1, 2]] {
            let both = || MultiHeadAttention::new(2, 3).use_bias(false).attention_axes(axes);
            let check = Check::inputs([[2, 3, 2, 4], [2, 2, 4, 3]]).output([2, 3, 2, 4]).weights(4);
            check_layer(both, check.argument("return_attention_scores", true));
        }
        let columns = || MultiHeadAttention::new(2, 3).use_bias(false).attention_axes(-2);
        let check = Check::inputs([[2, 3, 2, 4], [2, 3, 4, 3]]).output([2, 3, 2, 4]).weights(4);
        check_layer(columns, check.clone().argument("use_causal_mask", true));
        check_layer(columns, check.argument("return_attention_scores", true));
        let rows = || MultiHeadAttention::new(1, 3).use_bias(false).attention_axes([1]);
        check_layer(rows, Check::inputs([[2, 3, 2, 4], [2, 4, 2, 4]]).output([2, 3, 2, 4]).weights(4));
        let x = Input::shape([3, 2, 4]);
        for axes in [3, 0, -1, -4, 9] {
            let error = MultiHeadAttention::new(2, 3).attention_axes(axes).call([&x, &x]).shape().unwrap_err();
            assert!(error.to_string().contains("attention_axes must be different axes"), "{error}");
        }
    }

    #[test]
    fn calls_that_cannot_be_are_errors() {
        let x = Input::shape([3, 4]);
        let error = MultiHeadAttention::new(2, 3).call(&x).shape().unwrap_err().to_string();
        assert!(error.contains("call it on [&x, &x]"), "{error}");
        let error =
            MultiHeadAttention::new(2, 3).call([&x, &x, &Input::shape([2, 4])]).shape().unwrap_err().to_string();
        assert!(error.contains("one number of steps"), "{error}");
        assert!(MultiHeadAttention::new(0, 3).call([&x, &x]).shape().is_err());
    }
}
