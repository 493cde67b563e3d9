//! Common to MultiHeadAttention and GroupQueryAttention: the projections, the masks, the axes and the gate.

use super::projection::EinsumDense;
use crate::call::CallArguments;
use crate::naming::AutoName;
use crate::spatial::{fraction, positive};
use crate::{Base, Build, Config, Context, Layer, Shape, TensorSpec};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Attention, Error, FusedActivation, Result, WithoutKeys};
use serde_json::json;

arguments! {
    /// The arguments of attentions with several heads.
    pub(crate) struct HeadArguments() as head_setters {
        /// The share of the weights that is dropped in training.
        dropout: f64 = 0.0,
        /// Whether the projections have biases.
        use_bias: bool = true,
        /// If given, a query attends only to keys that are fewer than this many positions away.
        sliding_window: Option<usize>,
        /// The initializer of the kernels.
        kernel_initializer: crate::Initializer = "glorot_uniform",
        /// The initializer of the biases.
        bias_initializer: crate::Initializer = "zeros",
        /// The regularizer of the kernels.
        kernel_regularizer: Option<crate::Regularizer>,
        /// The regularizer of the biases.
        bias_regularizer: Option<crate::Regularizer>,
        /// The constraint on the kernels.
        kernel_constraint: Option<crate::Constraint>,
        /// The constraint on the biases.
        bias_constraint: Option<crate::Constraint>,
        /// Whether what each head gives is multiplied by the sigmoid of one more projection of the query (Qiu et al., 2025).
        use_gate: bool = false,
        /// The seed; by default the random numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

/// The named arguments of the calls.
pub(super) const CALL_ARGUMENTS: &[&str] =
    &["attention_mask", "query_mask", "value_mask", "key_mask", "return_attention_scores", "use_causal_mask"];

/// An attention with several heads.
pub(super) struct Heads<'a> {
    pub(super) layer: &'a dyn Layer,
    pub(super) arguments: &'a HeadArguments,
    /// The heads of the queries, and those of keys and values.
    pub(super) heads: [usize; 2],
    /// The sizes of a head's keys and values.
    pub(super) sizes: [usize; 2],
    /// The axes of attention, none of them the batch or the features.
    pub(super) axes: Vec<usize>,
    /// Under which names the projections are added.
    pub(super) places: Places,
}

/// The names of the projections in files: those of query, key, gate, value and output.
pub(super) type Places = [&'static str; 5];

/// The shapes of query, value and key.
pub(super) fn query_value_key(inputs: &[Shape]) -> Result<[&Shape; 3]> {
    let ([query, value] | [query, value, _]) = inputs else {
        return Err(Error::new("the layer is called on a query and a value, and perhaps a key")
            .received(format!("{} inputs", inputs.len()))
            .help("for self-attention, call it on [&x, &x]"));
    };
    let key = inputs.get(2).unwrap_or(value);
    if inputs.iter().any(|shape| shape.len() < 3 || shape.len() != query.len()) {
        let shapes: Vec<_> = inputs.iter().map(Shape::to_string).collect();
        return Err(Error::new("the layer takes a query, a value, and perhaps a key")
            .expected("two or three of shape (batch, steps, features), or with more axes of steps")
            .received(shapes.join(" and ")));
    }
    if inputs.iter().any(|shape| shape[0].zip(query[0]).is_some_and(|(a, b)| a != b)) {
        let shapes: Vec<_> = inputs.iter().map(Shape::to_string).collect();
        return Err(Error::new("the inputs must have the same number of samples").received(shapes.join(" and ")));
    }
    let differ = |i: usize| key[i].zip(value[i]).is_some_and(|(a, b)| a != b);
    if (1..key.len() - 1).any(differ) {
        return Err(Error::new("key and value must have one number of steps")
            .expected(value.to_string())
            .received(key.to_string()));
    }
    Ok([query, value, key])
}

impl Heads<'_> {
    /// An error if query and keys differ along an axis that is not one of attention.
    pub(super) fn check(&self, [query, value, _]: [&Shape; 3]) -> Result<()> {
        let differ = |i: &usize| query[*i].zip(value[*i]).is_some_and(|(a, b)| a != b);
        match self.others(query.len()).find(differ) {
            Some(axis) => {
                Err(Error::new(format!("query and value differ along axis {axis}, which is not one of attention"))
                    .expected(query.to_string())
                    .received(value.to_string()))
            }
            None => Ok(()),
        }
    }

    /// The axes between the batch and the features that are not axes of attention.
    fn others(&self, rank: usize) -> impl Iterator<Item = usize> {
        (1..rank - 1).filter(|axis| !self.axes.contains(axis))
    }

    /// The shape of the scores of a query and a key of these shapes.
    fn scores<T: Copy>(&self, query: &[T], key: &[T], heads: T) -> Vec<T> {
        let batch = std::iter::once(query[0]).chain(self.others(query.len()).map(|axis| query[axis]));
        let (queries, keys) = (self.axes.iter().map(|&axis| query[axis]), self.axes.iter().map(|&axis| key[axis]));
        batch.chain([heads]).chain(queries).chain(keys).collect()
    }

    /// The output of this shape, and the scores if they are asked for.
    pub(super) fn output_specs(
        &self,
        output: Shape,
        inputs: &[TensorSpec],
        arguments: &CallArguments<TensorSpec>,
    ) -> Result<Vec<TensorSpec>> {
        let mut outputs = vec![output];
        if arguments.flag("return_attention_scores")? == Some(true) {
            let scores = self.scores(&inputs[0].shape[..], &inputs[1].shape[..], Some(self.heads[0]));
            outputs.push(scores.into_iter().collect());
        }
        let dtype = self.layer.base().compute_dtype();
        Ok(outputs.into_iter().map(|shape| TensorSpec::new(shape, dtype)).collect())
    }

    /// Adds the projections, the last one to axes of these sizes.
    pub(super) fn build(&self, inputs: &[Shape], build: &mut Build, output: Option<&[usize]>) -> Result<()> {
        self.check(query_value_key(inputs)?)?;
        fraction("dropout", self.arguments.dropout)?;
        positive("sliding_window", &[self.arguments.sliding_window.unwrap_or(1)])?;
        // Keras makes layers for these here, which affects the numbers of later automatic names.
        ["Softmax", "Dropout"].iter().for_each(|class| _ = AutoName::new(class));
        let (query, value) = (build.input_size_of(0, -1)?, build.input_size_of(1, -1)?);
        let key = if inputs.len() > 2 { build.input_size_of(2, -1)? } else { value };
        let ([heads, shared], [of_key, of_value]) = (self.heads, self.sizes);
        let [query_place, key_place, gate_place, value_place, output_place] = self.places;
        self.add(build, "query", query_place, &[query], &[heads, of_key])?;
        self.add(build, "key", key_place, &[key], &[shared, of_key])?;
        if self.arguments.use_gate {
            self.add(build, "gate", gate_place, &[query], &[heads, of_value])?;
        }
        self.add(build, "value", value_place, &[value], &[shared, of_value])?;
        self.add(build, "attention_output", output_place, &[heads, of_value], output.unwrap_or(&[query]))
    }

    /// Adds the projection of this name, from and to axes of these sizes.
    fn add(&self, build: &mut Build, name: &str, place: &str, from: &[usize], to: &[usize]) -> Result<()> {
        let arguments = self.arguments.clone();
        let base = Base::named(name.into());
        base.set_activity_regularizer(self.layer.base().activity_regularizer());
        let projection = EinsumDense {
            activation: if name == "gate" { FusedActivation::Sigmoid } else { FusedActivation::Linear },
            use_bias: arguments.use_bias,
            kernel_initializer: arguments.kernel_initializer,
            bias_initializer: arguments.bias_initializer,
            kernel_regularizer: arguments.kernel_regularizer,
            bias_regularizer: arguments.bias_regularizer,
            kernel_constraint: arguments.kernel_constraint,
            bias_constraint: arguments.bias_constraint,
            base,
            from: from.to_vec(),
            to: to.to_vec(),
        };
        let places = [None; 2].into_iter().chain(from.iter().copied().map(Some)).collect();
        build.add_layer(place, projection, &[places])
    }

    /// The output, and the scores if they are asked for.
    pub(super) fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        self.check(query_value_key(&inputs.iter().map(|x| x.dims().into()).collect::<Vec<Shape>>())?)?;
        let (query, value) = (&inputs[0], &inputs[1]);
        let key = inputs.get(2).unwrap_or(value);
        let [query_place, key_place, gate_place, value_place, output_place] = self.places;
        let mask = self.mask(ctx, query.dims(), key.dims(), inputs.len() > 2)?;
        let run = |place: &str, x: &Tensor, ctx: &mut Context| ctx.run(&*self.layer.base().layer(place)?, x);
        let q = self.fold(&run(query_place, query, ctx)?)?;
        let k = self.fold(&run(key_place, key, ctx)?)?;
        let gate = self.arguments.use_gate.then(|| run(gate_place, query, ctx)).transpose()?;
        let v = self.fold(&run(value_place, value, ctx)?)?;
        let with_scores = ctx.flag("return_attention_scores")?;
        let causal = ctx.flag("use_causal_mask")?;
        if self.axes.len() > 1 && (causal || self.arguments.sliding_window.is_some()) {
            return Err(Error::new("use_causal_mask and sliding_window are for attention over one axis")
                .received(format!("axes {:?}", self.axes)));
        }
        // Keras computes the scores one by one in these cases, and then a query without keys gives zeros.
        let explicit = self.arguments.dropout > 0.0 || with_scores || query.rank() > 3;
        let by = Attention {
            mask: mask.as_ref(),
            causal,
            window: self.arguments.sliding_window,
            without_keys: if explicit { WithoutKeys::Nothing } else { WithoutKeys::AllAlike },
            scale: 1.0 / (self.sizes[0] as f64).sqrt(),
            dropout: if ctx.is_training() { self.arguments.dropout } else { 0.0 },
        };
        let mut random = ctx.random(self.arguments.seed);
        let (heads, scores) = match with_scores {
            true => {
                let (heads, scores) = ops::attention_with_scores(&q, &k, &v, by, &mut random)?;
                let shape = self.scores(query.dims(), key.dims(), self.heads[0]);
                (heads, Some(scores.reshape(shape)?))
            }
            false => (ops::attention(&q, &k, &v, by, &mut random)?, None),
        };
        let mut heads = self.unfold(&heads, query.dims())?;
        if let Some(gate) = gate {
            heads = ops::multiply(&heads, &gate)?;
        }
        let output = run(output_place, &heads, ctx)?;
        Ok(std::iter::once(output).chain(scores).collect())
    }

    /// The axes of a projection in the order of computation: the batch, those without attention, those with it, the heads and their features.
    fn order(&self, rank: usize) -> Vec<usize> {
        std::iter::once(0).chain(self.others(rank)).chain(self.axes.iter().copied()).chain([rank - 1, rank]).collect()
    }

    /// A projection `(batch, ..., heads, size)` as `(batch, steps, heads, size)`: axes without attention are part of the batch.
    fn fold(&self, x: &Tensor) -> Result<Tensor> {
        let rank = x.rank() - 1;
        if rank == 3 {
            return Ok(x.clone());
        }
        let order: Vec<i64> = self.order(rank).iter().map(|&axis| axis as i64).collect();
        let x = if order.is_sorted() { x.clone() } else { ops::transpose(x, order)? };
        let (batch, steps) = x.dims()[..rank - 1].split_at(rank - 1 - self.axes.len());
        let sizes = [batch.iter().product(), steps.iter().product(), x.dims()[rank - 1], x.dims()[rank]];
        Ok(ops::reshape(&x, sizes.map(|size| size as i64))?)
    }

    /// The reverse of [`fold`](Self::fold), for the query of this shape.
    fn unfold(&self, x: &Tensor, query: &[usize]) -> Result<Tensor> {
        let rank = query.len();
        if rank == 3 {
            return Ok(x.clone());
        }
        let (order, heads) = (self.order(rank), &x.dims()[2..]);
        let sizes = order[..rank - 1].iter().map(|&axis| query[axis]).chain(heads.iter().copied());
        let x = ops::reshape(x, sizes.map(|size| size as i64).collect::<Vec<_>>())?;
        let mut back = vec![0; order.len()];
        order.iter().enumerate().for_each(|(i, &axis)| back[axis] = i as i64);
        if back.is_sorted() { Ok(x) } else { Ok(ops::transpose(&x, back)?) }
    }

    /// The masks of query, value and key, and that of the call, combined for [`ops::attention`]: `(batch, heads or 1, queries or 1, keys)`.
    fn mask(&self, ctx: &Context, query: &[usize], key: &[usize], has_key: bool) -> Result<Option<Tensor>> {
        let of = |name: &str, input: usize| Ok::<_, Error>(ctx.tensor(name)?.or(ctx.mask(input)).cloned());
        let of_key = if has_key { of("key_mask", 2)? } else { ctx.tensor("key_mask")?.cloned() };
        let of_keys = [of("value_mask", 1)?, of_key].into_iter().flatten();
        let mut masks = of_keys.map(|mask| mask.unsqueeze(mask.rank() - 1)).collect::<candle_core::Result<Vec<_>>>()?;
        if let Some(mask) = of("query_mask", 0)? {
            masks.push(mask.unsqueeze(mask.rank())?);
        }
        if self.axes.len() > 1 && !masks.is_empty() {
            return Err(Error::new("masks of the inputs are for attention over one axis")
                .received(format!("axes {:?}", self.axes))
                .help("attention_mask is for attention over several"));
        }
        masks.extend(ctx.tensor("attention_mask")?.cloned());
        let mut all: Option<Tensor> = None;
        for mask in masks {
            let mask = self.aligned(&mask, query, key)?.ne(0.0)?;
            all = Some(all.map_or_else(|| Ok(mask.clone()), |all| all.broadcast_mul(&mask))?);
        }
        let Some(mask) = all else { return Ok(None) };
        let scores = self.scores(query, key, self.heads[0]);
        let (heads, count) = (scores.len() - 1 - 2 * self.axes.len(), self.axes.len());
        // The mask may be one for all heads, and one for all queries.
        let mut sizes = scores.clone();
        sizes[heads] = mask.dims()[heads];
        if mask.dims()[heads + 1..][..count].iter().all(|&size| size == 1) {
            sizes[heads + 1..][..count].fill(1);
        }
        ops::check_memory(&sizes, DType::U8)?;
        let folded = |sizes: &[usize]| sizes.iter().product::<usize>();
        let (queries, keys) = sizes[heads + 1..].split_at(count);
        let shape = (folded(&sizes[..heads]), sizes[heads], folded(queries), folded(keys));
        Ok(Some(mask.broadcast_as(sizes.as_slice())?.reshape(shape)?))
    }

    /// A mask with as many axes as the scores: those that it lacks are behind the batch.
    fn aligned(&self, mask: &Tensor, query: &[usize], key: &[usize]) -> Result<Tensor> {
        let (scores, last) = (self.scores(query, key, self.heads[0]), 2 * self.axes.len());
        let error = || {
            Error::new("the mask does not match the scores")
                .expected(format!("a shape that broadcasts to (batch, queries, keys) of {scores:?}"))
                .received(format!("{:?}", mask.dims()))
        };
        if !(last..=scores.len()).contains(&mask.rank()) {
            return Err(error());
        }
        let (first, rest) = mask.dims().split_at(mask.rank() - last);
        let sizes = [first, &vec![1; scores.len() - mask.rank()], rest].concat();
        match sizes.iter().zip(&scores).all(|(&size, &of)| size == 1 || size == of) {
            true => Ok(mask.reshape(sizes)?),
            false => Err(error()),
        }
    }
}

/// Keras's form of the shapes with which such a layer was built.
pub(super) fn build_config(shapes: &[Shape]) -> Config {
    let names = ["query_shape", "value_shape", "key_shape"];
    let shapes: serde_json::Map<_, _> =
        names.iter().zip(shapes).map(|(name, shape)| (name.to_string(), json!(shape))).collect();
    json!({ "shapes_dict": shapes })
}

/// The methods of [`Layer`] that both have.
macro_rules! heads_layer {
    () => {
        fn forward(
            &self,
            inputs: &[candle_core::Tensor],
            ctx: &mut $crate::Context,
        ) -> $crate::Result<Vec<candle_core::Tensor>> {
            let rank = inputs.first().map_or(0, candle_core::Tensor::rank);
            self.heads(rank)?.forward(inputs, ctx)
        }

        fn call_arguments(&self) -> &[&str] {
            super::heads::CALL_ARGUMENTS
        }

        fn input_names(&self) -> &[&str] {
            &["query", "value", "key"]
        }

        fn call_args(&self, inputs: Vec<$crate::Config>) -> Vec<$crate::Config> {
            inputs
        }

        fn supports_masking(&self) -> bool {
            true
        }

        fn build_config(&self, shapes: &[$crate::Shape]) -> $crate::Config {
            super::heads::build_config(shapes)
        }
    };
}
pub(super) use heads_layer;
