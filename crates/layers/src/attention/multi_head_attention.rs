//! MultiHeadAttention: each place of a sequence takes from all places of another. Keras: `keras.layers.MultiHeadAttention`.

use crate::part::Part;
use crate::spatial::positive;
use crate::{Config, Constraint, Context, Initializer, Layer, Regularizer, Shape, Weight, Weights};
use candle_core::Tensor;
use candle_keras_ops::{self as ops, Attention, Error, FusedActivation, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

layer! {
    /// Attention with several heads (Vaswani et al., 2017): query, key and value are projected for each head, each query takes the mean of
    /// the values weighted by `softmax(q k / sqrt(key_dim))`, and the heads are projected together.
    ///
    /// It is called on a query and a value, and a key if that is not the value; on one tensor twice for self-attention. Masks of the query
    /// and the value leave out what they mask.
    ///
    /// Keras: `keras.layers.MultiHeadAttention`.
    ///
    /// # Shapes
    /// - inputs: query `(batch, queries, features)`, value `(batch, keys, features)`, key `(batch, keys, features)`
    /// - output: `(batch, queries, output_shape)`, the features of the query unless said
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, MultiHeadAttention};
    /// let x = Input::shape([200, 32]);
    /// assert_eq!(MultiHeadAttention::new(2, 32).call([&x, &x]).shape()?.to_string(), "(None, 200, 32)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// `use_causal_mask` is an argument of the layer, not of its call. There are no attention masks beside those that come with the inputs,
    /// no scores as a second output, and one axis of attention.
    pub struct MultiHeadAttention(
        /// The number of heads.
        num_heads: usize,
        /// The size of a head's queries and keys.
        key_dim: usize,
    ) {
        /// The size of a head's values; by default that of its keys.
        value_dim: Option<usize> = Some(key_dim),
        /// Which part of the weights is dropped in training.
        dropout: f64 = 0.0,
        /// Whether the projections have biases.
        use_bias: bool = true,
        /// The number of features that come out; by default those of the query.
        output_shape: Option<OutputShape>,
        /// The axes that are attended over: axis 1 alone is supported.
        attention_axes: Option<Config>,
        /// Whether a query attends to no key behind its own place. Keras: an argument of the call.
        use_causal_mask: bool = false,
        /// How the kernels begin.
        kernel_initializer: Initializer = "glorot_uniform",
        /// How the biases begin.
        bias_initializer: Initializer = "zeros",
        /// A penalty on the kernels.
        kernel_regularizer: Option<Regularizer>,
        /// A penalty on the biases.
        bias_regularizer: Option<Regularizer>,
        /// A condition on the kernels.
        kernel_constraint: Option<Constraint>,
        /// A condition on the biases.
        bias_constraint: Option<Constraint>,
        /// Fixes what is dropped, whatever the seed of the run.
        seed: Option<u64>,
        let parts: Parts = Parts::default(),
    }
}

/// The sizes of a [`MultiHeadAttention`]'s output axes: one number, or a list of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OutputShape {
    /// One number.
    One(usize),
    /// A list of one.
    List([usize; 1]),
}

impl From<usize> for OutputShape {
    fn from(size: usize) -> Self {
        Self::One(size)
    }
}

#[derive(Clone, Debug)]
struct Parts {
    query: Part,
    key: Part,
    value: Part,
    output: Part,
}

impl Default for Parts {
    fn default() -> Self {
        let part = |name| Part::new(name, "EinsumDense");
        Self { query: part("query"), key: part("key"), value: part("value"), output: part("attention_output") }
    }
}

impl MultiHeadAttention {
    fn value_size(&self) -> usize {
        self.value_dim.unwrap_or(self.key_dim)
    }

    fn output_size(&self) -> Option<usize> {
        self.output_shape.as_ref().map(|shape| match shape {
            OutputShape::One(size) | OutputShape::List([size]) => *size,
        })
    }

    /// A kernel and a bias for a projection from and to axes of these sizes.
    fn build_part(&self, part: &Part, from: &[usize], to: &[usize]) -> Result<()> {
        part.build(&self.base, &[], |weights| {
            weights.add(
                Weight::new("kernel", [from, to].concat(), &self.kernel_initializer)
                    .regularizer(&self.kernel_regularizer)
                    .constraint(&self.kernel_constraint),
            );
            if self.use_bias {
                weights.add(
                    Weight::new("bias", to, &self.bias_initializer)
                        .regularizer(&self.bias_regularizer)
                        .constraint(&self.bias_constraint),
                );
            }
        })
    }

    fn project(&self, part: &Part, x: &Tensor, over: usize, ctx: &Context) -> Result<Tensor> {
        let kernel = part.weight("kernel", ctx)?;
        let bias = if self.use_bias { Some(part.weight("bias", ctx)?) } else { None };
        Ok(ops::dense_over(x, &kernel, bias.as_ref(), FusedActivation::Linear, over)?)
    }

    /// What the masks of query, value and key leave of the pairs: `(batch, queries or 1, keys)`.
    fn mask(ctx: &Context) -> Result<Option<Tensor>> {
        let keys = [ctx.mask(1), ctx.mask(2)].into_iter().flatten();
        let mut mask = keys.map(|mask| mask.unsqueeze(1)).collect::<candle_core::Result<Vec<_>>>()?;
        mask.extend(ctx.mask(0).map(|mask| mask.unsqueeze(2)).transpose()?);
        let both = mask.into_iter().map(Ok).reduce(|a, b| a?.broadcast_mul(&b?));
        Ok(both.transpose()?)
    }
}

impl Layer for MultiHeadAttention {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let [query, value, key @ ..] = inputs else {
            return Err(Error::new("the layer is called on a query and a value")
                .received(format!("{} inputs", inputs.len()))
                .help("for self-attention, call it on [&x, &x]"));
        };
        if key.len() > 1 || inputs.iter().any(|shape| shape.len() != 3) {
            let shapes: Vec<_> = inputs.iter().map(Shape::to_string).collect();
            return Err(Error::new("the layer takes a query, a value, and perhaps a key")
                .expected("two or three of shape (batch, steps, features)")
                .received(shapes.join(" and ")));
        }
        if let Some(key) = key.first().filter(|key| key[1].zip(value[1]).is_some_and(|(a, b)| a != b)) {
            return Err(Error::new("key and value must have one number of steps")
                .expected(value.to_string())
                .received(key.to_string()));
        }
        Ok(vec![[query[0], query[1], self.output_size().or(query[2])].into_iter().collect()])
    }

    fn build(&self, inputs: &[Shape], _: &mut Weights) -> Result<()> {
        self.compute_output_shape(inputs)?;
        positive("num_heads, key_dim and value_dim", &[self.num_heads, self.key_dim, self.value_size()])?;
        if !(0.0..=1.0).contains(&self.dropout) {
            return Err(Error::new("dropout must be between 0 and 1").received(self.dropout.to_string()));
        }
        if self.attention_axes.as_ref().is_some_and(|axes| *axes != json!([1]) && *axes != json!(1)) {
            return Err(
                Error::new("only attention over axis 1 is supported").received(json!(self.attention_axes).to_string())
            );
        }
        let features = |shape: &Shape| {
            shape[2].ok_or_else(|| {
                Error::new("the number of features must be known").received(format!("an input of shape {shape}"))
            })
        };
        let (query, value) = (features(&inputs[0])?, features(&inputs[1])?);
        let key = inputs.get(2).map_or(Ok(value), features)?;
        let heads = [self.num_heads, self.key_dim];
        let values = [self.num_heads, self.value_size()];
        self.build_part(&self.parts.query, &[query], &heads)?;
        self.build_part(&self.parts.key, &[key], &heads)?;
        self.build_part(&self.parts.value, &[value], &values)?;
        self.build_part(&self.parts.output, &values, &[self.output_size().unwrap_or(query)])
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let [query, value, ..] = inputs else { return Err(Error::new("the layer is called on a query and a value")) };
        let key = inputs.get(2).unwrap_or(value);
        let q = self.project(&self.parts.query, query, 1, ctx)?;
        let k = self.project(&self.parts.key, key, 1, ctx)?;
        let v = self.project(&self.parts.value, value, 1, ctx)?;
        let mask = Self::mask(ctx)?;
        let by = Attention {
            mask: mask.as_ref(),
            causal: self.use_causal_mask,
            scale: 1.0 / (self.key_dim as f64).sqrt(),
            dropout: if ctx.is_training() { self.dropout } else { 0.0 },
        };
        let heads = ops::attention(&q, &k, &v, by, &mut ctx.random(self.seed))?;
        Ok(vec![self.project(&self.parts.output, &heads, 2, ctx)?])
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn sublayers(&self) -> Vec<Arc<dyn Layer>> {
        let Parts { query, key, value, output } = self.parts.clone();
        vec![Arc::new(query), Arc::new(key), Arc::new(value), Arc::new(output)]
    }

    fn sublayer_paths(&self) -> Vec<String> {
        ["query_dense", "key_dense", "value_dense", "output_dense"].map(String::from).to_vec()
    }

    fn call_config(&self, tensors: Vec<Config>) -> Config {
        let kwargs = if self.use_causal_mask { json!({"use_causal_mask": true}) } else { json!({}) };
        json!({"args": tensors, "kwargs": kwargs})
    }

    fn build_config(&self, shapes: &[Shape]) -> Config {
        let names = ["query_shape", "value_shape", "key_shape"];
        let shapes: serde_json::Map<_, _> =
            names.iter().zip(shapes).map(|(name, shape)| (name.to_string(), json!(shape))).collect();
        json!({ "shapes_dict": shapes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        // A bias of the keys moves all scores of a query alike, so that its gradient is 0.
        let attention = || MultiHeadAttention::new(2, 3).use_bias(false);
        check_layer(attention, Check::inputs([[2, 3, 4], [2, 3, 4]]).output([2, 3, 4]).weights(4));
        let other = || MultiHeadAttention::new(2, 3).value_dim(2).output_shape(5).use_bias(false).use_causal_mask(true);
        let inputs = vec![vec![2, 3, 4], vec![2, 5, 3], vec![2, 5, 2]];
        check_layer(other, Check::shapes(inputs).output([2, 3, 5]).weights(4));
        let dropped = || MultiHeadAttention::new(1, 3).use_bias(false).dropout(0.4).seed(1);
        check_layer(dropped, Check::inputs([[2, 3, 4], [2, 5, 4]]).output([2, 3, 4]).weights(4));
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
