//! HashedCrossing: combinations of categories become bins. Keras: `keras.layers.HashedCrossing`.

use super::buckets::check_count;
use super::encoding::{Encoding, OutputMode, refuse_sparse};
use super::farm_hash::fingerprint64;
use super::hashing::{category_dtype, places, refuse_bytes, with_category_dtype};
use super::index_lookup::whole_numbers;
use crate::call::CallArguments;
use crate::{Build, Config, Context, Described, Layer, Shape, TensorSpec};
use candle_core::{DType, Tensor};
use candle_keras_ops::{Error, Result, string_bytes, to_device};

layer! {
    /// Puts combinations of categories into bins by their hashes, which are TensorFlow's: words and whole numbers of the same sample are one category.
    ///
    /// Keras: `keras.layers.HashedCrossing`.
    ///
    /// # Shapes
    /// - inputs: at least two, each text or whole numbers of shape `(batch,)` or `(batch, 1)`
    /// - output: their shape, in int64; with `"one_hot"` `(batch, num_bins)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{HashedCrossing, Layer};
    /// use candle_core::{Device, Tensor};
    /// use candle_keras_ops::string_tensor;
    /// let (city, month) = (string_tensor(&["A", "B", "A", "B", "A"], &[5])?, Tensor::new(&[101i64, 101, 101, 102, 102], &Device::Cpu)?);
    /// let bins = HashedCrossing::new(5).call([&city, &month])?;
    /// assert_eq!(bins.to_vec1::<i64>()?, [1, 4, 1, 1, 3]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct HashedCrossing(
        /// The number of bins.
        num_bins: usize,
    ) {
        /// `"int"` or `"one_hot"`.
        output_mode: OutputMode = "int",
        /// Keras's sparse tensors: not supported.
        sparse: bool = false,
    }
}

/// The hash of no category: the default key of tf.sparse.cross_hashed.
const KEY: u64 = 0xDE_CAFC_AFFE;

/// One hash of two. TensorFlow: `FingerprintCat64`.
fn combined(a: u64, b: u64) -> u64 {
    const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
    let mix = |x: u64| x ^ (x >> 47);
    let b = mix(b.wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
    let both = (a ^ FACTOR ^ b).wrapping_mul(FACTOR);
    mix(mix(both).wrapping_mul(FACTOR))
}

impl HashedCrossing {
    fn encoding(&self) -> Encoding<'_> {
        Encoding { mode: &self.output_mode, depth: self.num_bins }
    }
}

impl Layer for HashedCrossing {
    fn get_config(&self) -> Result<Config> {
        with_category_dtype(self.config()?, &self.output_mode, &self.base)
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let fits = |shape: &Shape| shape.len() < 2 || (shape.len() == 2 && shape[1] == Some(1));
        let same = inputs.iter().all(|shape| shape.len() == inputs[0].len());
        if inputs.len() < 2 || !same || !inputs.iter().all(fits) {
            let shapes: Vec<_> = inputs.iter().map(Shape::to_string).collect();
            return Err(Error::new("the layer is called on several inputs with one category a sample")
                .expected("at least two of shape (batch,), or (batch, 1)")
                .received(shapes.join(" and ")));
        }
        Ok(vec![self.encoding().shape(&inputs[0])])
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        refuse_bytes(inputs)?;
        let shapes: Vec<_> = inputs.iter().map(|input| input.shape.clone()).collect();
        let dtype = category_dtype(&self.output_mode, &self.base);
        Ok(self.compute_output_shape(&shapes)?.into_iter().map(|shape| TensorSpec::new(shape, dtype)).collect())
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        refuse_sparse(self.sparse)?;
        self.output_mode.check(&[OutputMode::Int, OutputMode::OneHot])?;
        if self.num_bins == 0 {
            return Err(Error::new("num_bins must be positive").received("0"));
        }
        if self.output_mode == OutputMode::Int { Ok(()) } else { check_count("num_bins", self.num_bins) }
    }

    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let shapes: Vec<Shape> = inputs.iter().map(|x| places(x).into()).collect();
        self.compute_output_shape(&shapes)?;
        let first = places(&inputs[0]);
        let mut hashes = vec![KEY; first.iter().product()];
        for x in inputs {
            if places(x) != first {
                return Err(Error::new("the inputs must have one shape")
                    .expected(format!("{first:?}"))
                    .received(format!("{:?}", places(x))));
            }
            let mut add = |i: usize, hash: u64| hashes[i] = combined(hashes[i], hash);
            match x.dtype() {
                DType::U8 => string_bytes(x)?.iter().enumerate().for_each(|(i, bytes)| add(i, fingerprint64(bytes))),
                _ => whole_numbers(x)?.iter().enumerate().for_each(|(i, number)| add(i, number.cast_unsigned())),
            }
        }
        let bins = hashes.into_iter().map(|hash| (hash % self.num_bins as u64) as i64).collect();
        let dtype = category_dtype(&self.output_mode, &self.base);
        let y = self.encoding().encode(bins, first, None, dtype)?;
        Ok(vec![to_device(&y.to_dtype(dtype)?, inputs[0].device())?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};
    use candle_core::Device;
    use candle_keras_ops::string_tensor;

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(|| HashedCrossing::new(4).output_mode("one_hot"), Check::ids([[3, 1], [3, 1]], 9).output([3, 4]));
    }

    /// From tf.sparse.cross_hashed.
    #[test]
    fn hashes_are_those_of_tensorflow() {
        let words = string_tensor(&["A", "B", "hello world"], &[3, 1]).unwrap();
        let numbers = Tensor::new(&[[101i64], [-5], [7]], &Device::Cpu).unwrap();
        let y = HashedCrossing::new((1 << 31) - 1).call([&words, &numbers]).unwrap();
        assert_eq!(y.to_vec2::<i64>().unwrap(), [[2_064_064_516], [1_802_125_590], [1_850_660_162]]);
        let words = string_tensor(&["A", "B", ""], &[3, 1]).unwrap();
        let others = string_tensor(&["x", "y", "z"], &[3, 1]).unwrap();
        let y = HashedCrossing::new(100_003).call([&words, &numbers, &others]).unwrap();
        assert_eq!(y.to_vec2::<i64>().unwrap(), [[29_813], [52_213], [92_083]]);
    }

    #[test]
    fn inputs_that_do_not_fit_are_errors() {
        let x = Input::shape([2]);
        let error = HashedCrossing::new(3).name("both").call([&x, &x]).shape().unwrap_err().to_string();
        assert!(
            error.contains("layer \"both\" (HashedCrossing)") && error.contains("(None, 2) and (None, 2)"),
            "{error}"
        );
        let x = Input::shape([1]);
        assert!(HashedCrossing::new(3).call(&x).shape().is_err());
        assert!(HashedCrossing::new(0).call([&x, &x]).shape().unwrap_err().to_string().contains("num_bins"));
        assert!(HashedCrossing::new(3).output_mode("count").call([&x, &x]).shape().is_err());
        let ones = |size: usize| Tensor::ones((size, 1), DType::I64, &Device::Cpu).unwrap();
        assert!(HashedCrossing::new(3).call([ones(2), ones(3)]).unwrap_err().to_string().contains("one shape"));
    }
}
