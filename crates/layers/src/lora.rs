//! Low-rank adaptation of a weight (Hu et al., 2021): it is frozen, and the product of two small matrices, which are trained, is added to it.
//! Keras: `layer.enable_lora`.

use crate::path::LayerPath;
use crate::variable::{Variable, Weight};
use crate::{Arguments, ConfigMap, Configure, Context, Initializer, write_argument};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result};
use std::sync::Arc;

object! {
    /// The arguments of [`Layer::enable_lora_with`](crate::Layer::enable_lora_with).
    pub struct Lora(
        /// The rank of what is added: the number of columns of the first matrix and of rows of the second.
        rank: usize,
    ) {
        /// What is added is multiplied by `lora_alpha / rank`; by default by 1.
        lora_alpha: Option<f64>,
        /// The initializer of the first matrix.
        a_initializer: Initializer = "he_uniform",
        /// The initializer of the second matrix, which is 0 by default, so that nothing changes at first.
        b_initializer: Initializer = "zeros",
    }
}

impl Lora {
    fn alpha(&self) -> f64 {
        self.lora_alpha.unwrap_or(self.rank as f64)
    }

    /// Keras's arguments of the layer, in its configuration.
    fn write_to(&self, config: &mut ConfigMap) -> Result<()> {
        write_argument(config, "lora_rank", &self.rank)?;
        write_argument(config, "lora_alpha", &self.alpha())
    }
}

/// The arguments of layers that may be adapted from the start. They are in a configuration only if they are set, as in Keras.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoraArguments {
    lora_rank: Option<usize>,
    lora_alpha: Option<f64>,
}

impl LoraArguments {
    /// None.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn lora_rank(mut self, rank: usize) -> Self {
        self.lora_rank = Some(rank);
        self
    }

    pub(crate) fn lora_alpha(mut self, alpha: f64) -> Self {
        self.lora_alpha = Some(alpha);
        self
    }

    /// The adaptation, if there is a rank. Keras takes 0 for none.
    pub(crate) fn lora(&self) -> Option<Lora> {
        let rank = self.lora_rank.filter(|rank| *rank > 0)?;
        Some(Lora { lora_alpha: self.lora_alpha, ..Lora::new(rank) })
    }
}

impl Configure for LoraArguments {
    fn write(&self, config: &mut ConfigMap) -> Result<()> {
        self.lora().map_or(Ok(()), |lora| lora.write_to(config))
    }

    fn read(arguments: &mut Arguments) -> Result<Self> {
        Ok(Self {
            lora_rank: arguments.optional("lora_rank", || None)?,
            lora_alpha: arguments.optional("lora_alpha", || None)?,
        })
    }
}

/// The setters of a layer that has [`LoraArguments`].
macro_rules! lora_setters {
    ($field:ident) => {
        /// Adapts the layer by LoRA with matrices of this rank: its kernel is frozen, and what is added to it is trained. Default: none. See
        /// [`Layer::enable_lora`](crate::Layer::enable_lora).
        #[must_use]
        pub fn lora_rank(mut self, lora_rank: usize) -> Self {
            self.before_setting("lora_rank");
            self.$field = self.$field.lora_rank(lora_rank);
            self
        }

        /// With `lora_rank`, what is added to the kernel is multiplied by `lora_alpha / lora_rank`. Default: `lora_rank`.
        #[must_use]
        pub fn lora_alpha(mut self, lora_alpha: impl Into<f64>) -> Self {
            self.before_setting("lora_alpha");
            self.$field = self.$field.lora_alpha(lora_alpha.into());
            self
        }
    };
}
pub(crate) use lora_setters;

/// A frozen weight of shape `(..., n)`, to which the product of `a`, `(..., rank)`, and `b`, `(rank, n)`, is added.
#[derive(Debug, Clone)]
pub(crate) struct Adaptation {
    weight: Variable,
    pub(crate) a: Variable,
    pub(crate) b: Variable,
    lora: Lora,
}

impl Adaptation {
    /// Freezes the weight, and makes the matrices.
    ///
    /// # Errors
    /// If the weight has a constraint, which would not hold for the sum, or the rank is 0.
    pub(crate) fn new(weight: &Variable, lora: &Lora, layer: &Arc<LayerPath>) -> Result<Self> {
        if lora.rank == 0 {
            return Err(Error::new("the rank of LoRA must be positive").received("0"));
        }
        if weight.is_constrained() {
            return Err(Error::new(format!(
                "LoRA cannot adapt the weight {:?}, which has a constraint",
                weight.name()
            )));
        }
        let (names, dims) = match weight.name() {
            "embeddings" => (["lora_embeddings_a", "lora_embeddings_b"], weight.dims()),
            _ => (["lora_kernel_a", "lora_kernel_b"], weight.dims()),
        };
        let Some((last, rows)) = dims.split_last() else { return Err(Error::new("LoRA adapts no scalar")) };
        // Small updates of a weight in 16 bits would be lost.
        let dtype = if weight.dtype() == DType::F64 { DType::F64 } else { DType::F32 };
        let matrix = |name, shape: Vec<usize>, initializer| {
            let matrix = Weight::new(name, shape, initializer).dtype(dtype).regularizer(weight.regularizer());
            let matrix = matrix.create(layer, dtype)?;
            if !weight.device().is_cpu() {
                matrix.to_device(&weight.device())?;
            }
            Ok::<_, Error>(matrix)
        };
        let a = matrix(names[0], [rows, &[lora.rank]].concat(), &lora.a_initializer)?;
        let b = matrix(names[1], vec![lora.rank, *last], &lora.b_initializer)?;
        weight.freeze();
        Ok(Self { weight: weight.clone(), a, b, lora: lora.clone() })
    }

    /// Whether it adapts this weight.
    pub(crate) fn is_of(&self, weight: &Variable) -> bool {
        self.weight.id() == weight.id()
    }

    /// Whether this is one of its matrices.
    pub(crate) fn has(&self, variable: &Variable) -> bool {
        [self.a.id(), self.b.id()].contains(&variable.id())
    }

    pub(crate) fn write_to(&self, config: &mut ConfigMap) -> Result<()> {
        self.lora.write_to(config)
    }

    /// The product of `a`, or rows of it, and `b`, in the dtype of the weight.
    fn delta(&self, a: &Tensor, b: &Tensor) -> Result<Tensor> {
        let scaled = (b * (self.lora.alpha() / self.lora.rank as f64))?;
        Ok(ops::dot(a, &scaled)?.to_dtype(self.weight.dtype())?)
    }

    /// The adapted weight, tracked as the run needs it.
    pub(crate) fn value(&self, ctx: &Context) -> Result<Tensor> {
        let of = |variable: &Variable| if ctx.tracks(variable) { variable.tracked() } else { variable.value() };
        Ok(ops::add(&of(&self.weight), &self.delta(&of(&self.a), &of(&self.b))?)?)
    }

    /// What is added to these rows of a table, of the shape `dims` and a row: the gradient of `a` is rows as well.
    pub(crate) fn rows(&self, ids: Vec<u32>, dims: &[usize], ctx: &Context) -> Result<Tensor> {
        let table = self.a.table_for(&ids, ctx.tracks(&self.a));
        let b = if ctx.tracks(&self.b) { self.b.tracked() } else { self.b.value() };
        self.delta(&ops::embedding_lookup(&table, ids, dims)?, &b)
    }

    /// The adapted weight, for a file.
    pub(crate) fn merged(&self) -> Result<Tensor> {
        Ok((self.weight.value() + self.delta(&self.a.value(), &self.b.value())?)?)
    }

    /// Begins anew, as a file has only the adapted weight: adds nothing, and can be trained. (Keras sets both matrices to 0, and neither has a
    /// gradient then.)
    pub(crate) fn restart(&self) -> Result<()> {
        self.a.assign(&self.lora.a_initializer.init(&self.a.dims(), self.a.dtype())?)?;
        self.b.assign(&self.b.value().zeros_like()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Check, Conv1D, Conv2D, Dense, Embedding, Input, Layer, Lora, Shape, Variable, build, check_layer, from_config,
        run,
    };
    use candle_core::{DType, Device, Tensor};

    fn trained(layer: &dyn Layer) -> Vec<String> {
        layer.trainable_variables().iter().map(|variable| variable.name().to_string()).collect()
    }

    /// The gradients of the frozen weight are not asked for; with a `b` that is not 0, those of both matrices are.
    #[test]
    fn gradients_are_those_of_the_matrices() {
        let adapted = |layer: &dyn Layer, input: Shape| {
            build(layer, &[input]).unwrap();
            let lora = layer.variables().into_iter().find(|variable| variable.name().ends_with("_b")).unwrap();
            lora.assign(&(lora.value().ones_like().unwrap() * 0.3).unwrap()).unwrap();
        };
        let dense = || {
            let layer = Dense::new(4).lora_rank(2).lora_alpha(6.0).dtype("float64");
            adapted(&layer, Shape::from([2, 3]));
            layer
        };
        let check = Check::inputs([[2, 3]]).output([2, 4]).weights(4);
        check_layer(dense, check);
        assert_eq!(trained(&dense()), ["bias", "lora_kernel_a", "lora_kernel_b"]);
        let conv = || {
            let layer = Conv2D::new(3, 2).lora_rank(2).dtype("float64");
            adapted(&layer, Shape::from([1, 3, 3, 2]));
            layer
        };
        check_layer(conv, Check::inputs([[1, 3, 3, 2]]).output([1, 2, 2, 3]).weights(4));
        let table = || {
            let layer = Embedding::new(9, 4).lora_rank(2).dtype("float64");
            adapted(&layer, Shape::from([2, 3]));
            layer
        };
        check_layer(table, Check::ids([[2, 3]], 9).output([2, 3, 4]).weights(3));
    }

    #[test]
    fn the_kernel_stays_frozen_and_nothing_changes_at_first() {
        let layer = Dense::new(4);
        let x = Tensor::ones((2, 3), DType::F32, &Device::Cpu).unwrap();
        let output = || {
            run(&layer, std::slice::from_ref(&x), &[], &mut crate::Context::inference()).unwrap().0[0].to_vec2::<f32>()
        };
        layer.call(Input::shape([3]));
        let before = output().unwrap();
        layer.enable_lora_with(Lora::new(2).lora_alpha(4.0)).unwrap();
        assert_eq!(output().unwrap(), before);
        layer.set_trainable(false);
        assert!(trained(&layer).is_empty());
        layer.set_trainable(true);
        assert_eq!(trained(&layer), ["bias", "lora_kernel_a", "lora_kernel_b"]);
        let dims: Vec<_> = layer.variables().iter().map(Variable::dims).collect();
        assert_eq!(dims, [vec![3, 4], vec![4], vec![3, 2], vec![2, 4]]);
        let config = layer.get_config().unwrap();
        assert_eq!((&config["lora_rank"], &config["lora_alpha"]), (&2.into(), &4.0.into()));
        let again: Dense = from_config("Dense", config.clone()).unwrap();
        assert_eq!(again.get_config().unwrap(), config);
        assert!(Dense::new(1).get_config().unwrap().get("lora_rank").is_none());
    }

    #[test]
    fn what_cannot_be_adapted_is_an_error_that_names_the_layer() {
        let error = |layer: &dyn Layer, lora: Lora| layer.enable_lora_with(lora).unwrap_err().to_string();
        let dense = Dense::new(4).name("head");
        assert!(error(&dense, Lora::new(2)).starts_with("layer \"head\" (Dense): the layer has no weights yet"));
        dense.call(Input::shape([3]));
        assert!(error(&dense, Lora::new(0)).contains("rank of LoRA must be positive"));
        dense.enable_lora(2).unwrap();
        assert!(error(&dense, Lora::new(2)).contains("is adapted already"));
        let conv = Conv1D::new(4, 2).kernel_constraint("non_neg");
        conv.call(Input::shape([3, 2]));
        assert!(error(&conv, Lora::new(2)).contains("has a constraint"));
        let flatten = crate::Flatten::new();
        flatten.call(Input::shape([3, 2]));
        assert!(error(&flatten, Lora::new(2)).contains("(Flatten): the layer has no weight that LoRA adapts"));
        let error = Dense::new(4).lora_rank(usize::MAX).call(Input::shape([3])).shape().unwrap_err().to_string();
        assert!(error.contains("no memory for the weight \"lora_kernel_a\""), "{error}");
    }
}
