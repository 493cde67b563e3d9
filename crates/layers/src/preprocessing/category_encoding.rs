//! CategoryEncoding: vectors for the numbers of categories. Keras: `keras.layers.CategoryEncoding`.

use super::encoding::{Encoding, OutputMode, refuse_sparse};
use crate::layer::single;
use crate::{Build, Context, Layer, Shape};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result, checked_ids, to_device};

layer! {
    /// Encodes categories that are numbered from 0 to `num_tokens - 1`.
    ///
    /// Keras: `keras.layers.CategoryEncoding`.
    ///
    /// # Shapes
    /// - input: `(batch, numbers)` in any numeric dtype; `(batch,)` and others with `"one_hot"`
    /// - output: `(batch, num_tokens)`, whether a number is in a sample (`"multi_hot"`) or how often (`"count"`); with `"one_hot"` `(batch, numbers, num_tokens)`, or
    ///   `(batch, num_tokens)` for one number
    /// - argument of the call: `count_weights`, like the input, is added up in place of 1 (`"count"`)
    ///
    /// # Errors
    /// A number that is not below `num_tokens` is named with its position.
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{CategoryEncoding, Layer};
    /// use candle_core::{Device, Tensor};
    /// let genres = Tensor::new(&[[0u32, 2], [1, 1]], &Device::Cpu)?;
    /// let y = CategoryEncoding::new(3).output_mode("count").call(&genres)?;
    /// assert_eq!(y.to_vec2::<f32>()?, [[1., 0., 1.], [0., 2., 0.]]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// A number outside of the range is an error on every device, as Keras documents; on JAX, Keras leaves it out.
    pub struct CategoryEncoding(
        /// The number of categories.
        num_tokens: usize,
    ) {
        /// `"multi_hot"`, `"one_hot"` or `"count"`.
        output_mode: OutputMode = "multi_hot",
        /// Keras's sparse tensors: not supported.
        sparse: bool = false,
    }
}

impl CategoryEncoding {
    fn encoding(&self) -> Encoding<'_> {
        Encoding { mode: &self.output_mode, depth: self.num_tokens }
    }
}

impl Layer for CategoryEncoding {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        if input.len() > 2 && self.output_mode != OutputMode::OneHot {
            return Err(Error::new("the layer takes a row of numbers for each sample")
                .expected("(batch, numbers)")
                .received(input.to_string()));
        }
        Ok(vec![self.encoding().shape(input)])
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        if self.num_tokens == 0 {
            return Err(Error::new("num_tokens must be positive").received("0"));
        }
        refuse_sparse(self.sparse)?;
        self.output_mode.check(&[OutputMode::MultiHot, OutputMode::OneHot, OutputMode::Count])
    }

    fn call_arguments(&self) -> &[&str] {
        &["count_weights"]
    }

    /// 16 bits do not hold each number of a category.
    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        self.compute_output_shape(&[x.dims().into()])?;
        let numbers = checked_ids(x, self.num_tokens, || {
            Error::new("the number of a category must be below num_tokens")
                .expected(format!("0..{}", self.num_tokens))
                .help("where the number of categories is not known, an IntegerLookup finds them")
        })?;
        let (numbers, dtype) = (numbers.into_iter().map(i64::from).collect(), self.base.compute_dtype());
        let Some(weights) = ctx.tensor("count_weights")? else {
            return Ok(vec![to_device(&self.encoding().encode(numbers, x.dims(), None, dtype)?, x.device())?]);
        };
        if self.output_mode != OutputMode::Count || weights.dims() != x.dims() {
            return Err(Error::new("count_weights are for the mode \"count\", one for each number of the input")
                .expected(format!("the shape {:?}", x.dims()))
                .received(format!("the shape {:?} in the mode {:?}", weights.dims(), self.output_mode)));
        }
        // A composition, through which gradients flow to the weights.
        let each = Encoding { mode: &OutputMode::OneHot, depth: self.num_tokens };
        let places = [x.dims(), &[1]].concat();
        let each = to_device(&each.encode(numbers, &places, None, dtype)?, x.device())?;
        let weights = weights.to_dtype(dtype)?.reshape(places)?;
        Ok(vec![each.broadcast_mul(&weights)?.sum(x.rank().saturating_sub(1).min(1))?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Call, Check, Input, check_layer};
    use candle_core::{DType, Device};

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| CategoryEncoding::new(4), Check::ids([[2, 3]], 4).output([2, 4]));
        let with = |mode: &'static str| move || CategoryEncoding::new(4).output_mode(mode);
        check_layer(with("one_hot"), Check::ids([[2, 3]], 4).output([2, 3, 4]));
        check_layer(with("one_hot"), Check::ids([[2, 1]], 4).output([2, 4]));
        check_layer(with("count"), Check::ids([[2, 3]], 4).output([2, 4]));
    }

    #[test]
    fn numbers_are_not_rounded() {
        let x = Tensor::new(&[[257f32, 999.0]], &Device::Cpu).unwrap();
        let y = CategoryEncoding::new(1000).dtype("mixed_bfloat16").call(&x).unwrap();
        assert_eq!(y.dtype(), DType::BF16);
        let y = y.to_dtype(DType::F32).unwrap().to_vec2::<f32>().unwrap();
        let found: Vec<usize> = (0..1000).filter(|&i| y[0][i] == 1.0).collect();
        assert_eq!(found, [257, 999]);
    }

    #[test]
    fn counts_are_weighted() {
        let x = Tensor::new(&[[0u32, 1, 1]], &Device::Cpu).unwrap();
        let weights = Tensor::new(&[[0.5f32, 2.0, 0.25]], &Device::Cpu).unwrap();
        let layer = CategoryEncoding::new(3).output_mode("count");
        let y = layer.call_with(&x, Call::new().count_weights(&weights)).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), [[0.5, 2.25, 0.0]]);
        let row = layer.call_with(x.get(0).unwrap(), Call::new().count_weights(weights.get(0).unwrap())).unwrap();
        assert_eq!(row.to_vec1::<f32>().unwrap(), [0.5, 2.25, 0.0]);
        let multi_hot = CategoryEncoding::new(3).call_with(&x, Call::new().count_weights(&weights));
        assert!(multi_hot.unwrap_err().to_string().contains("the mode \"count\""));
    }

    #[test]
    fn bad_arguments_and_numbers_are_errors() {
        let error = |layer: CategoryEncoding| layer.call(Input::shape([2])).shape().unwrap_err().to_string();
        assert!(error(CategoryEncoding::new(0)).contains("num_tokens must be positive"));
        let unknown = error(CategoryEncoding::new(2).output_mode("multihot").name("kinds"));
        assert!(unknown.contains("layer \"kinds\" (CategoryEncoding): unknown output_mode \"multihot\""), "{unknown}");
        assert!(error(CategoryEncoding::new(2).output_mode("int")).contains("output_mode"));
        assert!(error(CategoryEncoding::new(2).sparse(true)).contains("sparse"));
        let x = Tensor::new(&[[0i64, -1]], &Device::Cpu).unwrap();
        let error = CategoryEncoding::new(2).call(&x).unwrap_err().to_string();
        assert!(error.contains("below num_tokens") && error.contains("-1 at [0, 1]"), "{error}");
    }
}
