//! ReversibleEmbedding: ids to vectors, and vectors back to scores of ids. Keras: `keras.layers.ReversibleEmbedding`.

use super::embedding::{rows, table};
use crate::call::CallArguments;
use crate::layer::{refuse_text, single};
use crate::lora::{LoraArguments, lora_setters};
use crate::{Build, Constraint, Context, Initializer, Layer, Regularizer, Shape, TensorSpec, Weight};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result, dtype_name};

layer! {
    /// An [`Embedding`](crate::Embedding) that also goes back, from vectors to a score for each id, with the same table (Press and Wolf, 2017): the first and
    /// the last layer of a language model.
    ///
    /// Keras: `keras.layers.ReversibleEmbedding`.
    ///
    /// # Shapes
    /// - input: `(batch, ...)`, ids; with `reverse` `(batch, ..., output_dim)`, vectors
    /// - output: `(batch, ..., output_dim)`; with `reverse` `(batch, ..., input_dim)`
    /// - `reverse` of the call: a flag
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Call, Input, Layer, ReversibleEmbedding};
    /// let words = ReversibleEmbedding::new(1000, 16);
    /// let vectors = words.call(&Input::shape([20]));
    /// let scores = words.call_with(&vectors, Call::new().argument("reverse", true));
    /// assert_eq!(scores.shape()?.to_string(), "(None, 20, 1000)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct ReversibleEmbedding(
        /// The number of rows: the largest id plus one.
        input_dim: usize,
        /// The size of a row.
        output_dim: usize,
    ) {
        /// Whether the way back uses the table, transposed; otherwise it has its own weight.
        tie_weights: bool = true,
        /// The initializer of the table, and of the weight of the way back; `"uniform"` is -0.05 to 0.05.
        embeddings_initializer: Initializer = "uniform",
        /// The regularizer of the table.
        embeddings_regularizer: Option<Regularizer>,
        /// The constraint on the table.
        embeddings_constraint: Option<Constraint>,
        /// Whether id 0 is padding, which later layers that support masks leave out.
        mask_zero: bool = false,
        /// The dtype of the way back; by default that of the layer.
        reverse_dtype: Option<String>,
        /// A limit of the scores `s`: they become `tanh(s / logit_soft_cap) * logit_soft_cap`.
        logit_soft_cap: Option<f64>,
        ..lora: LoraArguments = LoraArguments::new() => lora_setters,
    }
}

const REVERSE: &str = "reverse";

impl ReversibleEmbedding {
    fn output_spec(&self, input: &TensorSpec, reverse: bool) -> Result<TensorSpec> {
        let (shape, dtype) = (&input.shape, self.base.compute_dtype());
        if !reverse {
            return Ok(TensorSpec::new(shape.iter().copied().chain([Some(self.output_dim)]).collect::<Shape>(), dtype));
        }
        match shape.split_last() {
            Some((last, places)) if !places.is_empty() && last.is_none_or(|size| size == self.output_dim) => {
                let shape: Shape = places.iter().copied().chain([Some(self.input_dim)]).collect();
                Ok(TensorSpec::new(shape, self.dtype_of_scores()?))
            }
            _ => Err(Error::new("the way back takes vectors")
                .expected(format!("(batch, ..., {})", self.output_dim))
                .received(format!("an input of shape {shape}"))),
        }
    }

    fn dtype_of_scores(&self) -> Result<DType> {
        self.reverse_dtype.as_ref().map_or_else(|| Ok(self.base.compute_dtype()), |dtype| ops::dtype(dtype.as_str()))
    }

    fn scores(&self, x: &Tensor, ctx: &Context) -> Result<Tensor> {
        self.output_spec(&TensorSpec::new(x.dims(), x.dtype()), true)?;
        let dtype = self.dtype_of_scores()?;
        let kernel = match self.tie_weights {
            true => ops::transpose(&self.weight("embeddings", ctx)?, [1, 0])?,
            false => self.weight("reverse_embeddings", ctx)?,
        };
        let scores = ops::matmul(&x.to_dtype(dtype)?, &kernel.to_dtype(dtype)?)?;
        match self.logit_soft_cap {
            Some(cap) => Ok((ops::tanh(&(scores / cap)?)? * cap)?),
            None => Ok(scores),
        }
    }
}

impl Layer for ReversibleEmbedding {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = TensorSpec::new(single(inputs)?.clone(), self.base.compute_dtype());
        Ok(vec![self.output_spec(&input, false)?.shape])
    }

    fn compute_output_spec(
        &self,
        inputs: &[TensorSpec],
        arguments: &CallArguments<TensorSpec>,
    ) -> Result<Vec<TensorSpec>> {
        refuse_text(inputs)?;
        Ok(vec![self.output_spec(single(inputs)?, arguments.flag(REVERSE)?.unwrap_or(false))?])
    }

    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        if !self.dtype_of_scores()?.is_float() {
            let received = dtype_name(self.dtype_of_scores()?);
            return Err(Error::new("reverse_dtype must be one of fractions").received(received));
        }
        if let Some(cap) = self.logit_soft_cap.filter(|cap| *cap == 0.0 || !cap.is_finite()) {
            return Err(Error::new("logit_soft_cap must be a number, and not 0").received(cap.to_string()));
        }
        let embeddings = table([self.input_dim, self.output_dim], &self.embeddings_initializer)?;
        build.add_weight(embeddings.regularizer(&self.embeddings_regularizer).constraint(&self.embeddings_constraint));
        build.adaptable("embeddings", &self.lora);
        if !self.tie_weights {
            let dims = [self.output_dim, self.input_dim];
            build.add_weight(Weight::new("reverse_embeddings", dims, &self.embeddings_initializer));
        }
        Ok(())
    }

    fn call_arguments(&self) -> &[&str] {
        &[REVERSE]
    }

    /// Ids are exact in any dtype, and the scores may have a dtype of their own.
    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        if ctx.flag(REVERSE)? {
            ctx.set_output_masks(vec![None]);
            return Ok(vec![self.scores(x, ctx)?]);
        }
        let mask = self.mask_zero.then(|| x.ne(0.0)).transpose()?;
        ctx.set_output_masks(vec![mask]);
        Ok(vec![ops::cast(&rows(&self.base, self.input_dim, x, ctx)?, self.base.compute_dtype())?])
    }

    fn supports_masking(&self) -> bool {
        self.mask_zero
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| ReversibleEmbedding::new(9, 4), Check::ids([[2, 3]], 9).output([2, 3, 4]).weights(1));
        let reverse = || Check::inputs([[2, 3, 4]]).output([2, 3, 5]).argument(REVERSE, true);
        check_layer(|| ReversibleEmbedding::new(5, 4), reverse().weights(1));
        check_layer(|| ReversibleEmbedding::new(5, 4).logit_soft_cap(0.2), reverse().weights(1));
    }

    #[test]
    fn the_way_back_may_have_its_own_weight_and_dtype() {
        let layer = ReversibleEmbedding::new(5, 4).tie_weights(false).reverse_dtype("float64").mask_zero(true);
        let scores = layer.call_with(Input::shape([3, 4]), Call::new().argument(REVERSE, true));
        assert_eq!(scores.output().unwrap().dtype(), DType::F64);
        let names: Vec<_> = layer.variables().iter().map(|variable| variable.name().to_string()).collect();
        assert_eq!(names, ["embeddings", "reverse_embeddings"]);
        let error = |layer: ReversibleEmbedding| {
            layer.call_with(Input::shape([3, 7]), Call::new().argument(REVERSE, true)).shape().unwrap_err().to_string()
        };
        assert!(error(ReversibleEmbedding::new(5, 4)).contains("expected: (batch, ..., 4)"));
        assert!(error(ReversibleEmbedding::new(5, 0)).contains("output_dim must be positive"));
        assert!(error(ReversibleEmbedding::new(5, 7).reverse_dtype("flaot32")).contains("float32"));
        assert!(error(ReversibleEmbedding::new(5, 7).reverse_dtype("int32")).contains("reverse_dtype"));
        assert!(error(ReversibleEmbedding::new(5, 7).logit_soft_cap(0.0)).contains("logit_soft_cap"));
    }
}
