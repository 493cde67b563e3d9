//! MultiHeadAttention: each position of a sequence attends to those of another. Keras: `keras.layers.MultiHeadAttention`.

use super::projection::EinsumDense;
use crate::call::CallArguments;
use crate::naming::AutoName;
use crate::spatial::{fraction, positive};
use crate::{Base, Build, Config, Constraint, Context, Initializer, Layer, Regularizer, Shape, TensorSpec};
use candle_core::{DType, IndexOp, Tensor};
use candle_keras_ops::{self as ops, Attention, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

layer! {
    /// Attention with several heads (Vaswani et al., 2017): query, key and value are projected for each head, each query takes the mean of
    /// the values weighted by `softmax(q k / sqrt(key_dim))`, and the heads are projected together.
    ///
    /// It is called on a query and a value, and a key if that is not the value; on one tensor twice for self-attention. Masks of query and
    /// value are applied and consumed: later layers on the same tensors do not see them, as in Keras.
    ///
    /// Keras: `keras.layers.MultiHeadAttention`.
    ///
    /// # Shapes
    /// - inputs: query `(batch, queries, features)`, or with several axes in place of `queries` and `keys`; value `(batch, keys, features)`, key `(batch, keys, features)`
    /// - output: `(batch, queries, output_shape)`, the features of the query by default; with `return_attention_scores`, behind it
    ///   `(batch, heads, queries, keys)`
    /// - arguments of the call: `attention_mask` `(batch, queries, keys)`, 1 where a query may attend to a key; `use_causal_mask`: to none after its own position;
    ///   `return_attention_scores`, which takes several times longer
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
    /// Attention over all axes of steps, not over some of several; over several without masks. `trainable(false)` freezes the projections as well; Keras trains them if it was set before the first call.
    pub struct MultiHeadAttention(
        /// The number of heads.
        num_heads: usize,
        /// The size of a head's queries and keys.
        key_dim: usize,
    ) {
        /// The size of a head's values; by default that of its keys.
        value_dim: Option<usize> = Some(key_dim),
        /// The share of the weights that is dropped in training.
        dropout: f64 = 0.0,
        /// Whether the projections have biases.
        use_bias: bool = true,
        /// The number of output features; by default those of the query.
        output_shape: Option<OutputShape>,
        /// The axes of attention: by default all between the batch and the features; others are not supported.
        attention_axes: Option<Config>,
        /// The initializer of the kernels.
        kernel_initializer: Initializer = "glorot_uniform",
        /// The initializer of the biases.
        bias_initializer: Initializer = "zeros",
        /// The regularizer of the kernels.
        kernel_regularizer: Option<Regularizer>,
        /// The regularizer of the biases.
        bias_regularizer: Option<Regularizer>,
        /// The constraint on the kernels.
        kernel_constraint: Option<Constraint>,
        /// The constraint on the biases.
        bias_constraint: Option<Constraint>,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
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

impl MultiHeadAttention {
    fn value_size(&self) -> usize {
        self.value_dim.unwrap_or(self.key_dim)
    }

    fn output_size(&self) -> Option<usize> {
        self.output_shape.as_ref().map(|shape| match shape {
            OutputShape::One(size) | OutputShape::List([size]) => *size,
        })
    }

    /// Adds the projection of this name, from and to axes of these sizes.
    fn add_projection(&self, build: &mut Build, name: &str, place: &str, from: &[usize], to: &[usize]) -> Result<()> {
        let projection = EinsumDense {
            use_bias: self.use_bias,
            kernel_initializer: self.kernel_initializer.clone(),
            bias_initializer: self.bias_initializer.clone(),
            kernel_regularizer: self.kernel_regularizer.clone(),
            bias_regularizer: self.bias_regularizer.clone(),
            kernel_constraint: self.kernel_constraint.clone(),
            bias_constraint: self.bias_constraint.clone(),
            base: Base::named(name.into()),
            from: from.to_vec(),
            to: to.to_vec(),
        };
        let places = [None; 2].into_iter().chain(from.iter().copied().map(Some)).collect();
        build.add_layer(place, projection, &[places])
    }

    /// Attention over several axes of steps, as over one with all of their steps.
    fn forward_over_axes(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let masked = ctx.masks().iter().any(Option::is_some) || ctx.tensor("attention_mask")?.is_some();
        if masked || ctx.flag("use_causal_mask")? {
            return Err(Error::new("attention over several axes takes no masks"));
        }
        let flat = |x: &Tensor| x.flatten(1, x.rank() - 2);
        let flattened = inputs.iter().map(flat).collect::<candle_core::Result<Vec<_>>>()?;
        let mut outputs = self.forward(&flattened, ctx)?;
        let steps = |x: &Tensor| x.dims()[1..x.rank() - 1].to_vec();
        let (queries, keys) = (steps(&inputs[0]), steps(&inputs[1]));
        let (batch, features) = (outputs[0].dim(0)?, outputs[0].dim(2)?);
        outputs[0] = outputs[0].reshape([&[batch][..], &queries, &[features]].concat())?;
        if let Some(scores) = outputs.get_mut(1) {
            *scores = scores.reshape([&[batch, self.num_heads][..], &queries, &keys].concat())?;
        }
        Ok(outputs)
    }

    /// The masks of query, value and key, and that of the call, combined: `(batch, queries or 1, keys)`.
    fn mask(ctx: &Context, keys: usize) -> Result<Option<Tensor>> {
        let of_keys = [ctx.mask(1), ctx.mask(2)].into_iter().flatten();
        let mut masks = of_keys.map(|mask| mask.unsqueeze(1)).collect::<candle_core::Result<Vec<_>>>()?;
        masks.extend(ctx.mask(0).map(|mask| mask.unsqueeze(2)).transpose()?);
        if let Some(mask) = ctx.tensor("attention_mask")? {
            if mask.rank() != 3 {
                return Err(Error::new("the attention mask has another number of axes")
                    .expected("(batch, queries, keys)")
                    .received(format!("{:?}", mask.dims())));
            }
            masks.push(mask.ne(0.0)?.to_dtype(DType::U8)?);
        }
        let all = masks.into_iter().map(Ok).reduce(|a, b| a?.broadcast_mul(&b?)).transpose()?;
        // A mask of the query alone is the same for all keys.
        let repeated = |mask: Tensor| match mask.dims() {
            [batch, queries, 1] if keys != 1 => mask.broadcast_as((*batch, *queries, keys)),
            _ => Ok(mask),
        };
        Ok(all.map(repeated).transpose()?)
    }
}

/// Masked scores, and the rows of queries without a key, are set to 0. Keras does so only where it computes the scores explicitly, with
/// dropout or to return them; otherwise such a query takes the mean of all values.
fn without_masked(
    mask: &Tensor,
    causal: bool,
    heads: Tensor,
    scores: Option<Tensor>,
) -> Result<(Tensor, Option<Tensor>)> {
    let (queries, keys) = (heads.dim(1)?, mask.dim(2)?);
    ops::check_memory(&[heads.dim(0)?, queries, keys], heads.dtype())?;
    let mut left = mask.to_dtype(heads.dtype())?.broadcast_as((heads.dim(0)?, queries, keys))?;
    if causal {
        left = left
            .broadcast_mul(&Tensor::tril2(queries.max(keys), left.dtype(), left.device())?.i((..queries, ..keys))?)?;
    }
    let some = left.max_keepdim(2)?.unsqueeze(3)?;
    let scores = scores.map(|scores| ops::multiply(&scores, &left.unsqueeze(1)?)).transpose()?;
    Ok((ops::multiply(&heads, &some)?, scores))
}

impl Layer for MultiHeadAttention {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let [query, value, key @ ..] = inputs else {
            return Err(Error::new("the layer is called on a query and a value")
                .received(format!("{} inputs", inputs.len()))
                .help("for self-attention, call it on [&x, &x]"));
        };
        if key.len() > 1 || inputs.iter().any(|shape| shape.len() < 3 || shape.len() != query.len()) {
            let shapes: Vec<_> = inputs.iter().map(Shape::to_string).collect();
            return Err(Error::new("the layer takes a query, a value, and perhaps a key")
                .expected("two or three of shape (batch, steps, features), or with more axes of steps")
                .received(shapes.join(" and ")));
        }
        let differ = |key: &Shape| (1..key.len() - 1).any(|i| key[i].zip(value[i]).is_some_and(|(a, b)| a != b));
        if let Some(key) = key.first().filter(|key| differ(key)) {
            return Err(Error::new("key and value must have one number of steps")
                .expected(value.to_string())
                .received(key.to_string()));
        }
        let (features, places) = query.split_last().ok_or_else(|| Error::new("the query has no axes"))?;
        Ok(vec![places.iter().copied().chain([self.output_size().or(*features)]).collect()])
    }

    fn compute_output_spec(
        &self,
        inputs: &[TensorSpec],
        arguments: &CallArguments<TensorSpec>,
    ) -> Result<Vec<TensorSpec>> {
        let shapes: Vec<_> = inputs.iter().map(|input| input.shape.clone()).collect();
        let mut outputs = self.compute_output_shape(&shapes)?;
        if arguments.flag("return_attention_scores")? == Some(true) {
            let steps = |shape: &Shape| shape[1..shape.len() - 1].to_vec();
            let (queries, keys) = (steps(&shapes[0]), steps(&shapes[1]));
            outputs.push([shapes[0][0], Some(self.num_heads)].into_iter().chain(queries).chain(keys).collect());
        }
        let dtype = self.base.compute_dtype();
        Ok(outputs.into_iter().map(|shape| TensorSpec::new(shape, dtype)).collect())
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        self.compute_output_shape(inputs)?;
        positive("num_heads, key_dim and value_dim", &[self.num_heads, self.key_dim, self.value_size()])?;
        fraction("dropout", self.dropout)?;
        let all: Vec<_> = (1..inputs[0].len() - 1).collect();
        let is_all = |axes: &Config| *axes == json!(all) || (all.len() == 1 && *axes == json!(1));
        if !self.attention_axes.as_ref().is_none_or(is_all) {
            return Err(Error::new("only attention over all axes of steps is supported")
                .expected(json!(all).to_string())
                .received(json!(self.attention_axes).to_string()));
        }
        // Keras makes layers for these here, which affects the numbers of later automatic names.
        ["Softmax", "Dropout"].iter().for_each(|class| _ = AutoName::new(class));
        let (query, value) = (build.input_size_of(0, -1)?, build.input_size_of(1, -1)?);
        let key = if inputs.len() > 2 { build.input_size_of(2, -1)? } else { value };
        let (heads, values) = ([self.num_heads, self.key_dim], [self.num_heads, self.value_size()]);
        self.add_projection(build, "query", "query_dense", &[query], &heads)?;
        self.add_projection(build, "key", "key_dense", &[key], &heads)?;
        self.add_projection(build, "value", "value_dense", &[value], &values)?;
        self.add_projection(build, "attention_output", "output_dense", &values, &[self.output_size().unwrap_or(query)])
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let [query, value, ..] = inputs else { return Err(Error::new("the layer is called on a query and a value")) };
        if query.rank() > 3 {
            return self.forward_over_axes(inputs, ctx);
        }
        let key = inputs.get(2).unwrap_or(value);
        let layer = |name: &str| self.base.layer(name);
        let q = ctx.run(&*layer("query_dense")?, query)?;
        let k = ctx.run(&*layer("key_dense")?, key)?;
        let v = ctx.run(&*layer("value_dense")?, value)?;
        let mask = Self::mask(ctx, k.dim(1)?)?;
        let by = Attention {
            mask: mask.as_ref(),
            causal: ctx.flag("use_causal_mask")?,
            scale: 1.0 / (self.key_dim as f64).sqrt(),
            dropout: if ctx.is_training() { self.dropout } else { 0.0 },
        };
        let mut random = ctx.random(self.seed);
        let (heads, scores) = match ctx.flag("return_attention_scores")? {
            true => {
                let (heads, scores) = ops::attention_with_scores(&q, &k, &v, by, &mut random)?;
                (heads, Some(scores))
            }
            false => (ops::attention(&q, &k, &v, by, &mut random)?, None),
        };
        let (heads, scores) = match by.mask.filter(|_| self.dropout > 0.0 || scores.is_some()) {
            Some(mask) => without_masked(mask, by.causal, heads, scores)?,
            None => (heads, scores),
        };
        let output = ctx.run(&*layer("output_dense")?, &heads)?;
        Ok(std::iter::once(output).chain(scores).collect())
    }

    fn call_arguments(&self) -> &[&str] {
        &["attention_mask", "return_attention_scores", "use_causal_mask"]
    }

    fn input_names(&self) -> &[&str] {
        &["query", "value", "key"]
    }

    fn call_args(&self, inputs: Vec<Config>) -> Vec<Config> {
        inputs
    }

    fn supports_masking(&self) -> bool {
        true
    }

    fn takes_masks(&self) -> bool {
        true
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
        // A bias of the keys shifts all scores of a query equally, so that its gradient is 0.
        let attention = || MultiHeadAttention::new(2, 3).use_bias(false);
        check_layer(attention, Check::inputs([[2, 3, 4], [2, 3, 4]]).output([2, 3, 4]).weights(4));
        let other = || MultiHeadAttention::new(2, 3).value_dim(2).output_shape(5).use_bias(false);
        let inputs = vec![vec![2, 3, 4], vec![2, 5, 3], vec![2, 5, 2]];
        let causal = Check::shapes(inputs).output([2, 3, 5]).weights(4).argument("use_causal_mask", true);
        check_layer(other, causal.clone());
        check_layer(other, causal.argument("return_attention_scores", true));
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
