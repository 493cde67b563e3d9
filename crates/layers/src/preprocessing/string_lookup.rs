//! StringLookup: words become numbers. Keras: `keras.layers.StringLookup`.

use super::index_lookup::{
    Counts, IndexLookup, KnownSize, LookupArguments, Shared, VocabularyArguments, Word, lookup_setters, no_setters,
    vocabulary_setters,
};
use super::{Vocabulary, check_encoding};
use crate::assets::{AssetSource, Assets};
use crate::call::CallArguments;
use crate::layer::{refuse_text, single};
use crate::{Build, Config, Context, Described, Layer, Shape, TensorSpec};
use candle_core::Tensor;
use candle_keras_data::IntoData;
use candle_keras_ops::{Error, Result, string_tensor_of_width, to_device};

layer! {
    /// Maps words to their numbers in a vocabulary, which is given, or is what occurs in the data that the layer has [adapted](Self::adapt) to.
    ///
    /// Keras: `keras.layers.StringLookup`.
    ///
    /// # Shapes
    /// - input: text of any shape
    /// - output: its shape, in int64; for `(batch, words)` the modes `"multi_hot"`, `"count"` and `"tf_idf"` give `(batch, terms)`, and `"one_hot"` `(batch, words, terms)`,
    ///   or `(batch, terms)` for one word; with `invert`, text of the shape of the numbers
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Layer, StringLookup};
    /// let lookup = StringLookup::new();
    /// lookup.adapt(vec!["cat", "dog", "cat"])?;
    /// assert_eq!(lookup.get_vocabulary()?, ["[UNK]", "cat", "dog"]);
    /// assert_eq!(lookup.call(["dog", "bird"])?.to_vec1::<i64>()?, [2, 0]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct StringLookup() {
        /// The word for padding: number 0 with `"int"`, and left out otherwise.
        mask_token: Option<String>,
        /// The word for numbers outside of the vocabulary, with `invert`.
        oov_token: String = "[UNK]",
        /// The words, as a list or as the path of a file; without it the layer is adapted to data.
        vocabulary: Option<Vocabulary>,
        /// The encoding of text, which is `"utf-8"`.
        encoding: String = "utf-8",
        ..arguments: VocabularyArguments = VocabularyArguments::new() => vocabulary_setters,
        ..lookup: LookupArguments = LookupArguments::new() => lookup_setters,
        ..size: KnownSize = KnownSize::default() => no_setters,
        let state: Shared<Word> = Shared::default(),
    }
}

impl StringLookup {
    /// Another handle to the terms of a layer.
    pub(super) fn sharing(mut self, arguments: VocabularyArguments, state: Shared<Word>) -> Self {
        (self.arguments, self.state) = (arguments, state);
        self
    }

    /// Takes the vocabulary from data: an array, or the inputs of a dataset, which is read once. Each word is a term, those that occur most often come first, and those
    /// that occur equally often in falling order. With `"tf_idf"`, the rows of the data are documents. Keras: `adapt`.
    ///
    /// # Errors
    /// If the layer was given a vocabulary, or the data has another type.
    pub fn adapt(&self, data: impl IntoData) -> Result<()> {
        let adapt = || {
            self.index().check_adapts()?;
            let mut counts = Counts::new();
            counts.add_all(data.into_data()?)?;
            self.index().learn(counts)
        };
        adapt().map_err(|error| self.named(error))
    }

    fn index(&self) -> IndexLookup<'_, Word> {
        IndexLookup {
            base: &self.base,
            arguments: &self.arguments,
            lookup: &self.lookup,
            known_size: self.size.0,
            mask_token: self.mask_token.as_ref().map(|token| token.as_bytes().into()),
            oov_token: self.oov_token.as_bytes().into(),
            vocabulary: self.vocabulary.as_ref(),
            state: &self.state,
        }
    }
}

super::vocabulary_methods!(StringLookup, String);

impl Layer for StringLookup {
    fn get_config(&self) -> Result<Config> {
        self.index().config(self.config()?)
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.index().output_shape(single(inputs)?)?])
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        let input = single(inputs)?;
        let shape = self.index().output_shape(&input.shape)?;
        if self.lookup.invert {
            refuse_text(inputs)?;
            return Ok(vec![TensorSpec::strings(shape)]);
        }
        super::require_text(inputs)?;
        Ok(vec![TensorSpec::new(shape, super::lookup_dtype(&self.arguments.output_mode, &self.base))])
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        check_encoding(&self.encoding)?;
        self.index().check()?;
        self.index().vocabulary_size().map(drop)
    }

    fn build_config(&self, _: &[Shape]) -> Config {
        serde_json::json!({})
    }

    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let (x, index) = (single(inputs)?, self.index());
        if !self.lookup.invert {
            return Ok(vec![to_device(&index.call(x, self.base.compute_dtype())?, x.device())?]);
        }
        let words = index.inverse(x)?;
        // One width for all batches.
        Ok(vec![string_tensor_of_width(&words, x.dims(), index.longest(|word| word.len())?)?])
    }

    fn assets(&self) -> Result<Assets> {
        self.index().assets()
    }

    fn load_assets(&self, source: &mut dyn AssetSource) -> Result<()> {
        self.index().load_assets(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, from_config};
    use candle_core::Device;
    use candle_keras_data::Dataset;
    use candle_keras_ops::strings;

    #[test]
    fn words_are_numbered_by_their_counts() {
        let words = vec!["b", "c", "a", "b", "c", "", "[UNK]", "ä"];
        let lookup = StringLookup::new().mask_token("").max_tokens(5);
        lookup.adapt(&words[..]).unwrap();
        assert_eq!(lookup.get_vocabulary().unwrap(), ["", "[UNK]", "c", "b", "ä"]);
        assert_eq!(lookup.vocabulary_size().unwrap(), 5);
        let dataset = Dataset::from_tensor_slices(words).unwrap();
        for dataset in [dataset.batch(3), dataset] {
            let other = StringLookup::new().mask_token("").max_tokens(5);
            other.adapt(&dataset).unwrap();
            assert_eq!(other.get_vocabulary().unwrap(), lookup.get_vocabulary().unwrap());
        }
        assert_eq!(lookup.call(["ä", "", "x"]).unwrap().to_vec1::<i64>().unwrap(), [4, 0, 1]);
        let again: StringLookup = from_config("StringLookup", lookup.get_config().unwrap()).unwrap();
        assert_eq!(again.get_config().unwrap(), lookup.get_config().unwrap());
    }

    #[test]
    fn numbers_are_mapped_back() {
        let words = ["a", "long word"];
        let numbers = StringLookup::new().vocabulary(words).num_oov_indices(2).mask_token("-");
        let back = numbers.clone().invert(true).name("back");
        let x = numbers.call(["long word", "-", "a"]).unwrap();
        assert_eq!(x.to_vec1::<i64>().unwrap(), [4, 0, 3]);
        assert_eq!(strings(&back.call(&x).unwrap()).unwrap(), ["long word", "-", "a"]);
        let x = Tensor::new(&[1i64, 99, -7, i64::MIN], &Device::Cpu).unwrap();
        let y = back.call(&x).unwrap();
        assert_eq!((strings(&y).unwrap(), y.dims()), (vec!["[UNK]".to_string(); 4], &[4, 9][..]));
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let error = |layer: StringLookup| {
            let text = Input::shape([2]).dtype("string");
            layer.name("words").call(text).shape().unwrap_err().to_string()
        };
        let named = error(StringLookup::new().max_tokens(1));
        assert!(named.contains("layer \"words\" (StringLookup): max_tokens must be greater than 1"), "{named}");
        let terms = || StringLookup::new().vocabulary(["a", "b"]);
        assert!(error(terms().pad_to_max_tokens(true)).contains("needs max_tokens"));
        assert!(error(terms().output_mode("count").invert(true)).contains("invert"));
        assert!(error(terms().output_mode("tf_idf")).contains("needs idf_weights"));
        assert!(error(terms().idf_weights([1.0, 2.0])).contains("idf_weights are for"));
        assert!(error(terms().output_mode("tf_idf").idf_weights([1.0])).contains("a weight for each term"));
        assert!(error(terms().oov_method("sip")).contains("oov_method"));
        assert!(error(terms().num_oov_indices(usize::MAX)).contains("num_oov_indices is too large"));
        assert!(error(terms().sparse(true)).contains("sparse"));
        assert!(error(terms().encoding("utf-16")).contains("encoding"));
        assert!(error(terms().max_tokens(2)).contains("larger than max_tokens"));
        assert!(error(StringLookup::new().vocabulary(["a", "a"])).contains("each term once"));
        assert!(error(StringLookup::new().vocabulary([""; 0])).contains("must have terms"));
        assert!(error(StringLookup::new().vocabulary("no/such/file")).contains("no/such/file"));
        assert!(error(StringLookup::new().output_mode("multi_hot")).contains("not known yet"));
        assert!(error(terms().mask_token("b")).contains("reserved"));
        assert!(terms().call(Input::shape([2])).shape().unwrap_err().to_string().contains("takes text"));
        let strict = StringLookup::new().vocabulary(["a"]).num_oov_indices(0);
        let unknown = strict.call(["a", "x"]).unwrap_err().to_string();
        assert!(unknown.contains("not in the vocabulary") && unknown.contains("\"x\" at [1]"), "{unknown}");
        assert!(terms().adapt(vec!["a"]).unwrap_err().to_string().contains("has a vocabulary"));
        let huge = StringLookup::new().vocabulary(["a"]).max_tokens(usize::MAX).pad_to_max_tokens(true);
        assert!(huge.output_mode("count").call(["a"]).is_err());
    }

    #[test]
    fn the_vocabulary_is_replaced_whole_or_not_at_all() {
        let lookup = StringLookup::new().output_mode("count");
        lookup.adapt(vec!["a", "b"]).unwrap();
        lookup.call(Input::shape([2]).dtype("string")).shape().unwrap();
        for wrong in [&["x", "x"][..], &["x"], &[]] {
            assert!(lookup.set_vocabulary(wrong).is_err());
            assert_eq!(lookup.get_vocabulary().unwrap(), ["[UNK]", "b", "a"]);
        }
        lookup.set_vocabulary(["x", "y"]).unwrap();
        assert_eq!(lookup.get_vocabulary().unwrap(), ["[UNK]", "x", "y"]);
        let given = StringLookup::new().vocabulary(["a"]);
        given.set_vocabulary(["x", "y"]).unwrap();
        assert_eq!(given.get_config().unwrap()["vocabulary"], serde_json::json!(["[UNK]", "x", "y"]));
    }
}
