//! Embedding: integers in, vectors out. Keras: `keras.layers.Embedding`.

use crate::layer::single;
use crate::lora::{LoraArguments, lora_setters};
use crate::{Base, Build, Constraint, Context, Described, Initializer, Layer, Regularizer, Shape, Weight};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result};

layer! {
    /// Maps ids to learned vectors: rows of a table.
    ///
    /// The gradient of the table is that of the rows that were looked up, never a tensor of the table's size.
    ///
    /// Keras: `keras.layers.Embedding`.
    ///
    /// # Shapes
    /// - input: `(batch, ...)`, ids from 0 to `input_dim - 1` in any numeric dtype (fractions are cut off, as Keras casts them)
    /// - output: `(batch, ..., output_dim)`
    ///
    /// # Errors
    /// An id outside of the table is named with its position.
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Embedding, Input, Layer};
    /// let vectors = Embedding::new(10_000, 64).call(&Input::shape([20]));
    /// assert_eq!(vectors.shape()?.to_string(), "(None, 20, 64)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// An id outside of the table is an error on every device; Keras gives rows of NaN, wraps around or fails, by backend.
    pub struct Embedding(
        /// The number of rows: the largest id plus one.
        input_dim: usize,
        /// The size of a row.
        output_dim: usize,
    ) {
        /// The initializer of the table; `"uniform"` is -0.05 to 0.05.
        embeddings_initializer: Initializer = "uniform",
        /// The regularizer of the table.
        embeddings_regularizer: Option<Regularizer>,
        /// The constraint on the table.
        embeddings_constraint: Option<Constraint>,
        /// Whether id 0 is padding, which later layers that support masks leave out.
        mask_zero: bool = false,
        ..lora: LoraArguments = LoraArguments::new() => lora_setters,
    }
}

impl Embedding {
    /// The initial table, `(input_dim, output_dim)`. Keras: `Embedding(..., weights=[table])`.
    ///
    /// The table is a weight like any other, and not part of the configuration. [`Pretrained`](crate::Pretrained) makes one from word
    /// vectors.
    ///
    /// # Errors
    /// If it has another shape.
    ///
    /// ```
    /// use candle_keras_layers::{Embedding, Layer};
    /// use candle_core::{Device, Tensor};
    /// let table = Tensor::new(&[[0f32, 0.], [0.1, 0.2], [0.3, 0.4]], &Device::Cpu)?;
    /// let embedding = Embedding::new(3, 2).weights(&table)?.trainable(false);
    /// assert_eq!(embedding.get_weights()?[0].to_vec2::<f32>()?[2], [0.3, 0.4]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub fn weights(self, table: &Tensor) -> Result<Self> {
        let expected = [self.input_dim, self.output_dim];
        if table.dims() != expected {
            return Err(Error::new("the table has another shape than the Embedding")
                .expected(format!("{expected:?}: input_dim, output_dim"))
                .received(format!("{:?}", table.dims()))
                .help("a row for each id from 0 on, which is padding where there is any: input_dim is the largest id and one")
                .in_layer(self.layer_name(), self.class_name()));
        }
        let exists = self.base.built().is_some();
        let layer = self.with_values(table.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)?;
        if exists || layer.base.dtype() != DType::F32 {
            layer.set_weights(std::slice::from_ref(table))?;
        }
        Ok(layer)
    }

    /// Builds the layer with this table.
    pub(crate) fn with_values(self, values: Vec<f32>) -> Result<Self> {
        let build = self.base.build(&[Shape::from([None::<usize>])], |build| {
            build.add_weight(self.table()?.values(values));
            build.adaptable("embeddings", &self.lora);
            Ok(())
        });
        build.map_err(|error| error.in_layer(self.layer_name(), self.class_name()))?;
        Ok(self)
    }

    fn table(&self) -> Result<Weight> {
        Ok(table([self.input_dim, self.output_dim], &self.embeddings_initializer)?
            .regularizer(&self.embeddings_regularizer)
            .constraint(&self.embeddings_constraint))
    }
}

/// The table of a layer of ids.
///
/// # Errors
/// If a size is 0.
pub(super) fn table(dims: [usize; 2], initializer: &Initializer) -> Result<Weight> {
    if dims.contains(&0) {
        return Err(Error::new("input_dim and output_dim must be positive")
            .received(format!("input_dim = {}, output_dim = {}", dims[0], dims[1])));
    }
    Ok(Weight::new("embeddings", dims, initializer))
}

/// The rows of these ids in the layer's table of `input_dim` rows.
pub(super) fn rows(base: &Base, input_dim: usize, x: &Tensor, ctx: &Context) -> Result<Tensor> {
    let (embeddings, ids) = (base.variable("embeddings")?, ops::host_ids(x, input_dim)?);
    if let Some(table) = ctx.replaced(&embeddings) {
        // A computed table, whose gradient is dense.
        let (table, ids) = (table?, Tensor::new(ids, x.device())?);
        return Ok(table.index_select(&ids, 0)?.reshape([x.dims(), &table.dims()[1..]].concat())?);
    }
    let table = embeddings.table_for(&ids, ctx.tracks(&embeddings));
    let Some(adaptation) = base.adaptation_of(&embeddings) else {
        return ops::embedding_lookup(&table, ids, x.dims());
    };
    let added = adaptation.rows(ids.clone(), x.dims(), ctx)?;
    Ok(ops::add(&ops::embedding_lookup(&table, ids, x.dims())?, &added)?)
}

impl Layer for Embedding {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![single(inputs)?.iter().copied().chain([Some(self.output_dim)]).collect()])
    }

    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        build.add_weight(self.table()?);
        build.adaptable("embeddings", &self.lora);
        Ok(())
    }

    /// 16 bits do not hold each id.
    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let rows = rows(&self.base, self.input_dim, single(inputs)?, ctx)?;
        Ok(vec![ops::cast(&rows, self.base.compute_dtype())?])
    }

    fn supports_masking(&self) -> bool {
        self.mask_zero
    }

    fn compute_mask(&self, inputs: &[Tensor], _: &[Option<Tensor>]) -> Result<Vec<Option<Tensor>>> {
        let mask = self.mask_zero.then(|| single(inputs)?.ne(0.0).map_err(Error::from));
        Ok(vec![mask.transpose()?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| Embedding::new(9, 4), Check::ids([[2, 3]], 9).output([2, 3, 4]).weights(1));
        check_layer(|| Embedding::new(9, 4).mask_zero(true), Check::ids([[2, 1]], 9).output([2, 1, 4]).weights(1));
    }

    #[test]
    fn zeros_are_masked() {
        let ids = Tensor::new(&[[3u32, 0]], &ops::Device::Cpu).unwrap();
        let mask = Embedding::new(9, 4).mask_zero(true).compute_mask(&[ids], &[None]).unwrap();
        assert_eq!(mask[0].as_ref().unwrap().to_vec2::<u8>().unwrap(), [[1, 0]]);
    }

    #[test]
    fn arguments_that_cannot_be_are_errors() {
        assert!(Embedding::new(0, 4).call(Input::shape([1])).shape().is_err());
        let misspelled = Embedding::new(3, 4).embeddings_initializer("unifrom").name("words");
        let error = misspelled.call(Input::shape([1])).shape().unwrap_err().to_string();
        assert!(error.contains("layer \"words\" (Embedding): unknown initializer \"unifrom\""), "{error}");
    }
}
