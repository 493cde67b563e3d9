//! Hashing: words and numbers become bins, without a vocabulary. Keras: `keras.layers.Hashing`.

use super::buckets::{Buckets, Salt, check_count};
use super::encoding::{Encoding, OutputMode, refuse_sparse};
use super::index_lookup::whole_numbers;
use crate::call::CallArguments;
use crate::layer::single;
use crate::{Build, Config, Context, Described, Layer, Shape, TensorSpec};
use candle_core::{DType, Tensor};
use candle_keras_ops::{Error, Result, string_bytes, to_device};
use serde::{Deserialize, Serialize};

layer! {
    /// Puts words and whole numbers into bins by their hashes, which are TensorFlow's: FarmHash, and with a salt SipHash. Different words may meet in a bin.
    ///
    /// Keras: `keras.layers.Hashing`.
    ///
    /// # Shapes
    /// - input: text or whole numbers of any shape
    /// - output: its shape, in int64; in other modes vectors: `(batch, words, num_bins)` or `(batch, num_bins)` for one word with `"one_hot"`, `(batch, num_bins)` for
    ///   `(batch, words)` with `"multi_hot"` and `"count"`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Hashing, Layer};
    /// let bins = Hashing::new(3).call(["A", "B", "C", "D", "E"])?;
    /// assert_eq!(bins.to_vec1::<i64>()?, [1, 0, 1, 1, 2]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// Numbers with fractions are errors; Keras cuts them off. Numbers in uint8 are refused, since text is bytes here.
    pub struct Hashing(
        /// The number of bins.
        num_bins: usize,
    ) {
        /// What bin 0 is for; everything else is in the bins from 1 on.
        mask_value: Option<MaskValue>,
        /// The key of the hash: a number, or two.
        salt: Option<Salt>,
        /// `"int"`, `"one_hot"`, `"multi_hot"` or `"count"`.
        output_mode: OutputMode = "int",
        /// Keras's sparse tensors: not supported.
        sparse: bool = false,
    }
}

/// A word, or a whole number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MaskValue {
    /// A number.
    Number(i64),
    /// A word.
    Word(String),
}

impl From<i64> for MaskValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for MaskValue {
    fn from(word: &str) -> Self {
        Self::Word(word.into())
    }
}

/// The dtype of categories: that of the layer if it is one of whole numbers, as in Keras.
pub(super) fn category_dtype(mode: &OutputMode, base: &crate::Base) -> DType {
    let dtype = base.compute_dtype();
    if *mode == OutputMode::Int && dtype.is_float() { DType::I64 } else { dtype }
}

/// The configuration with that dtype, which Keras wants to see.
pub(super) fn with_category_dtype(mut config: Config, mode: &OutputMode, base: &crate::Base) -> Result<Config> {
    let policy = crate::DTypePolicy::from(category_dtype(mode, base));
    if *mode == OutputMode::Int {
        config["dtype"] = candle_keras_ops::json::to_value(&policy)?;
    }
    Ok(config)
}

/// An error for numbers that cannot be told from text.
pub(super) fn refuse_bytes(inputs: &[TensorSpec]) -> Result<()> {
    match inputs.iter().any(|input| input.dtype == DType::U8 && !input.is_string()) {
        true => Err(Error::new("the layer does not take numbers in uint8, which text is")
            .help("give the input the dtype int32")),
        false => Ok(()),
    }
}

/// The sizes of an input, without the bytes of its words.
pub(super) fn places(x: &Tensor) -> &[usize] {
    &x.dims()[..x.rank() - usize::from(x.dtype() == DType::U8 && x.rank() > 0)]
}

impl Hashing {
    fn encoding(&self) -> Encoding<'_> {
        Encoding { mode: &self.output_mode, depth: self.num_bins }
    }

    fn bins(&self, x: &Tensor) -> Result<Vec<i64>> {
        let mask = self.mask_value.as_ref().filter(|_| self.num_bins > 1);
        let first = i64::from(mask.is_some());
        let buckets = Buckets::new(self.num_bins - first as usize, self.salt);
        let bin = |is_mask: bool, bucket: i64| if is_mask { 0 } else { first + bucket };
        if x.dtype() != DType::U8 {
            let is_mask = |number: i64| mask == Some(&MaskValue::Number(number));
            let numbers = whole_numbers(x)?.into_iter();
            return Ok(numbers.map(|number| bin(is_mask(number), buckets.of_number(number))).collect());
        }
        let is_mask = |bytes: &[u8]| matches!(mask, Some(MaskValue::Word(word)) if word.as_bytes() == bytes);
        Ok(string_bytes(x)?.iter().map(|bytes| bin(is_mask(bytes), buckets.of_bytes(bytes))).collect())
    }
}

impl Layer for Hashing {
    fn get_config(&self) -> Result<Config> {
        with_category_dtype(self.config()?, &self.output_mode, &self.base)
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        if input.len() > 2 && matches!(self.output_mode, OutputMode::MultiHot | OutputMode::Count) {
            return Err(Error::new("the layer takes a row of words for each sample")
                .expected("(batch, words)")
                .received(input.to_string()));
        }
        Ok(vec![self.encoding().shape(input)])
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        refuse_bytes(inputs)?;
        let input = single(inputs)?;
        let is_word = |value: &MaskValue| matches!(value, MaskValue::Word(_));
        if let Some(value) = self.mask_value.as_ref().filter(|value| is_word(value) != input.is_string()) {
            return Err(Error::new("mask_value must be what the input has")
                .expected(if input.is_string() { "a word" } else { "a whole number" })
                .received(format!("{value:?}")));
        }
        let shapes = self.compute_output_shape(std::slice::from_ref(&input.shape))?;
        let dtype = category_dtype(&self.output_mode, &self.base);
        Ok(shapes.into_iter().map(|shape| TensorSpec::new(shape, dtype)).collect())
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        refuse_sparse(self.sparse)?;
        self.output_mode.check(&[OutputMode::Int, OutputMode::OneHot, OutputMode::MultiHot, OutputMode::Count])?;
        if self.num_bins == 0 {
            return Err(Error::new("num_bins must be positive").received("0"));
        }
        if i64::try_from(self.num_bins).is_err() {
            return Err(Error::new("num_bins is too large").received(self.num_bins.to_string()));
        }
        if self.output_mode == OutputMode::Int { Ok(()) } else { check_count("num_bins", self.num_bins) }
    }

    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        let dtype = category_dtype(&self.output_mode, &self.base);
        self.compute_output_shape(&[places(x).into()])?;
        let y = self.encoding().encode(self.bins(x)?, places(x), None, dtype)?;
        Ok(vec![to_device(&y.to_dtype(dtype)?, x.device())?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};
    use candle_core::Device;

    #[test]
    fn behaves_as_every_layer_must() {
        let with = |mode: &'static str| move || Hashing::new(3).output_mode(mode);
        check_layer(with("one_hot"), Check::ids([[2, 3]], 9).output([2, 3, 3]));
        check_layer(with("multi_hot"), Check::ids([[2, 3]], 9).output([2, 3]));
        check_layer(with("count"), Check::ids([[2, 3]], 9).output([2, 3]));
    }

    #[test]
    fn the_dtype_is_one_of_whole_numbers() {
        let x = Tensor::new(&[7i64, -1], &Device::Cpu).unwrap();
        assert_eq!(Hashing::new(5).call(&x).unwrap().dtype(), DType::I64);
        assert_eq!(Hashing::new(5).dtype("int32").call(&x).unwrap().dtype(), DType::I32);
        assert_eq!(Hashing::new(5).get_config().unwrap()["dtype"]["config"]["name"], "int64");
    }

    #[test]
    fn bad_arguments_are_errors() {
        let error = |layer: Hashing| layer.call(Input::shape([2])).shape().unwrap_err().to_string();
        assert!(error(Hashing::new(0)).contains("num_bins must be positive"));
        assert!(error(Hashing::new(usize::MAX)).contains("num_bins is too large"));
        assert!(error(Hashing::new(usize::MAX).output_mode("count")).contains("num_bins is too large"));
        assert!(error(Hashing::new(3).output_mode("tf_idf")).contains("output_mode"));
        assert!(error(Hashing::new(3).mask_value("")).contains("mask_value must be what the input has"));
        let bytes = Hashing::new(3).call(Input::shape([2]).dtype("uint8"));
        assert!(bytes.shape().unwrap_err().to_string().contains("uint8"));
        assert!(Hashing::new(i64::MAX as usize).call(["a"]).is_ok());
    }
}
