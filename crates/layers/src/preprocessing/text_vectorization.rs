//! TextVectorization: texts become the numbers of their words. Keras: `keras.layers.TextVectorization`.

use super::encoding::OutputMode;
use super::index_lookup::{
    Counts, IndexLookup, KnownSize, LEFT_OUT, LookupArguments, Shared, VocabularyArguments, Word, no_setters,
    vocabulary_setters,
};
use super::{
    Split, Standardize, StringLookup, Vocabulary, check_encoding, lookup_dtype, require_text, vocabulary_methods,
};
use crate::assets::{AssetSource, Assets};
use crate::call::CallArguments;
use crate::layer::single;
use crate::{Build, Config, Context, Described, Layer, Shape, TensorSpec};
use candle_core::{DType, Tensor};
use candle_keras_data::Texts;
use candle_keras_ops::{Error, Result, check_memory, string_bytes, to_device};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

layer! {
    /// Standardizes texts, splits them into words, and maps these to their numbers in a vocabulary: 0 is padding, 1 is `[UNK]`, and the words of the texts that the layer has
    /// [adapted](Self::adapt) to follow by decreasing count, those with the same count in reverse alphabetical order.
    ///
    /// Keras: `keras.layers.TextVectorization`.
    ///
    /// # Shapes
    /// - input: text, `(batch,)` or `(batch, 1)`; with `Split::None`, `(batch, words)`
    /// - output: `(batch, output_sequence_length)` in int64, or as long as the longest text of the batch; `(batch, terms)` in other modes, which leave padding out and have no
    ///   number for it
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Input, Layer, TextVectorization};
    /// let vectorize = TextVectorization::new().output_sequence_length(4);
    /// vectorize.adapt(["The cat sat.", "The dog"])?;
    /// assert_eq!(vectorize.get_vocabulary()?, ["", "[UNK]", "the", "sat", "dog", "cat"]);
    /// assert_eq!(vectorize.call(["the bird sat"])?.to_vec2::<i64>()?, [[2, 1, 3, 0]]);
    /// let text = Input::shape([1]).dtype("string");
    /// assert_eq!(vectorize.call(&text).shape()?.to_string(), "(None, 4)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// The output of the other modes has the shape `(batch, terms)` for inputs `(batch, 1)` too, which Keras computes but declares otherwise.
    pub struct TextVectorization() {
        /// What is done to a text before it is split: `"lower_and_strip_punctuation"`, `"lower"`, `"strip_punctuation"`, `Standardize::None` or a function.
        standardize: Standardize = "lower_and_strip_punctuation",
        /// How a text is split: `"whitespace"`, `"character"`, `Split::None` or a function.
        split: Split = "whitespace",
        /// Which groups of neighbouring words are terms: up to so many words, or of these numbers of words.
        ngrams: Option<Ngrams>,
        /// The length to which the rows of `"int"` are padded or cut at their ends. By default that of the longest of a batch.
        output_sequence_length: Option<usize>,
        /// The words, as a list or as the path of a file; without it the layer is adapted to texts.
        vocabulary: Option<Vocabulary>,
        /// Keras's ragged tensors: not supported.
        ragged: bool = false,
        /// The encoding of text, which is `"utf-8"`.
        encoding: String = "utf-8",
        ..arguments: VocabularyArguments = VocabularyArguments::new() => vocabulary_setters,
        ..size: KnownSize = KnownSize::default() => no_setters,
        let state: Shared<Word> = Shared::default(),
    }
}

/// Which groups of neighbouring words are terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Ngrams {
    /// Those of one word, of two and so on, up to this number.
    UpTo(usize),
    /// Those of these numbers of words.
    Of(Vec<usize>),
}

impl From<usize> for Ngrams {
    fn from(most: usize) -> Self {
        Self::UpTo(most)
    }
}

impl<const N: usize> From<[usize; N]> for Ngrams {
    fn from(sizes: [usize; N]) -> Self {
        Self::Of(sizes.to_vec())
    }
}

/// The most words in a term.
const MOST_WORDS: usize = 1000;

impl Ngrams {
    fn sizes(&self) -> Vec<usize> {
        match self {
            Self::UpTo(most) => (1..=(*most).min(MOST_WORDS)).collect(),
            Self::Of(sizes) => sizes.clone(),
        }
    }

    fn check(&self) -> Result<()> {
        let possible = |size: &usize| (1..=MOST_WORDS).contains(size);
        let (is_possible, received) = match self {
            Self::UpTo(most) => (possible(most), most.to_string()),
            Self::Of(sizes) => (!sizes.is_empty() && sizes.iter().all(possible), format!("{sizes:?}")),
        };
        match is_possible {
            true => Ok(()),
            false => Err(Error::new("ngrams must be numbers of words")
                .expected(format!("1 to {MOST_WORDS}"))
                .received(received)),
        }
    }
}

/// Unknown words have one number.
static LOOKUP: LazyLock<LookupArguments> = LazyLock::new(LookupArguments::new);

vocabulary_methods!(TextVectorization, String);

impl TextVectorization {
    /// Learns the vocabulary of texts and replaces any earlier one: strings, or the inputs of a [`Dataset`](candle_keras_data::Dataset), which is read once. With `"tf_idf"`, each
    /// text is a document. Keras: `adapt`.
    ///
    /// # Errors
    /// If an argument is wrong, the layer was given a vocabulary, or the dataset has no text or cannot be read.
    pub fn adapt(&self, texts: impl Texts) -> Result<()> {
        let adapt = || {
            self.check()?;
            self.index().check_adapts()?;
            let mut counts = Counts::<Word>::new();
            texts.each_text(&mut |text| {
                counts.begin_document();
                self.each_term(text.as_bytes(), &mut |term| counts.add(term));
                Ok(())
            })?;
            self.index().learn(counts)
        };
        adapt().map_err(|error| self.named(error))
    }

    fn index(&self) -> IndexLookup<'_, Word> {
        IndexLookup {
            base: &self.base,
            arguments: &self.arguments,
            lookup: &LOOKUP,
            known_size: self.size.0,
            mask_token: Some(Word::default()),
            oov_token: (*b"[UNK]").into(),
            vocabulary: self.vocabulary.as_ref(),
            state: &self.state,
        }
    }

    /// The layer inside, as which files have the vocabulary a second time.
    fn lookup_layer(&self) -> StringLookup {
        let mut lookup = StringLookup::new().mask_token("").sharing(self.arguments.clone(), self.state.clone());
        lookup.vocabulary.clone_from(&self.vocabulary);
        lookup.size = self.size.clone();
        lookup
    }

    fn check(&self) -> Result<()> {
        self.standardize.check()?;
        self.split.check()?;
        self.ngrams.as_ref().map_or(Ok(()), Ngrams::check)?;
        check_encoding(&self.encoding)?;
        let mode = &self.arguments.output_mode;
        mode.check(&[OutputMode::Int, OutputMode::MultiHot, OutputMode::Count, OutputMode::TfIdf])?;
        if self.ragged {
            return Err(Error::new("ragged outputs are not supported").help("rows are padded with 0"));
        }
        if self.output_sequence_length.is_some() && *mode != OutputMode::Int {
            return Err(Error::new("output_sequence_length is for the output_mode \"int\""));
        }
        self.index().check()
    }

    /// Calls `f` with each term of a text.
    fn each_term(&self, text: &[u8], f: &mut dyn FnMut(&[u8])) {
        let text = self.standardize.apply(text);
        let Some(ngrams) = &self.ngrams else { return self.split.each_word(&text, f) };
        let mut words: Vec<Vec<u8>> = Vec::new();
        self.split.each_word(&text, &mut |word| words.push(word.to_vec()));
        each_ngram(&words, ngrams, f);
    }

    /// The number of texts of an input with these sizes, and of the words that are a text each.
    ///
    /// # Errors
    /// If it has other axes.
    fn texts(&self, input: &[Option<usize>]) -> Result<(Option<usize>, Option<usize>)> {
        match (self.split.is_none(), input) {
            (true, [batch, words]) => Ok((*batch, *words)),
            (false, [batch] | [batch, Some(1)]) => Ok((*batch, None)),
            (none, _) => Err(Error::new("the layer takes one text a sample, or words with Split::None")
                .expected(if none { "(batch, words)" } else { "(batch,) or (batch, 1)" })
                .received(Shape::from_iter(input.iter().copied()).to_string())),
        }
    }

    /// The numbers of the terms of each sample.
    fn rows(&self, x: &Tensor) -> Result<Vec<Vec<i64>>> {
        let index = self.index();
        let numbering = index.numbering()?;
        let number = |term: &[u8]| numbering.number(term).unwrap_or(LEFT_OUT);
        let bytes = string_bytes(x)?;
        if !self.split.is_none() {
            let row = |text: &[u8]| {
                let mut row = Vec::new();
                self.each_term(text, &mut |term| row.push(number(term)));
                row
            };
            return Ok(bytes.iter().map(row).collect());
        }
        let words = x.dims()[1];
        let standardized: Vec<Vec<u8>> = bytes.iter().map(|word| self.standardize.apply(word).into_owned()).collect();
        let mut rows = vec![Vec::new(); if words == 0 { x.dims()[0] } else { 0 }];
        for words in standardized.chunks(words.max(1)) {
            let mut row = Vec::new();
            match &self.ngrams {
                None => row.extend(words.iter().map(|word| number(word))),
                Some(ngrams) => each_ngram(words, ngrams, &mut |term| row.push(number(term))),
            }
            rows.push(row);
        }
        Ok(rows)
    }
}

/// Calls `f` with each group of neighbouring words, those of the first size first.
fn each_ngram(words: &[Vec<u8>], ngrams: &Ngrams, f: &mut dyn FnMut(&[u8])) {
    for size in ngrams.sizes() {
        words.windows(size).for_each(|group| f(&group.join(&b' ')));
    }
}

impl Layer for TextVectorization {
    fn get_config(&self) -> Result<Config> {
        let mut config = self.index().config(self.config()?)?;
        if config["vocabulary_size"].is_null() {
            config["vocabulary_size"] = self.index().vocabulary_size()?.into();
        }
        Ok(config)
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let (batch, words) = self.texts(single(inputs)?)?;
        if self.arguments.output_mode == OutputMode::Int {
            let words = words.filter(|_| self.ngrams.is_none());
            return Ok(vec![[batch, self.output_sequence_length.or(words)].into()]);
        }
        Ok(vec![self.index().output_shape(&[batch, None].into())?])
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        require_text(inputs)?;
        let shapes = self.compute_output_shape(std::slice::from_ref(&single(inputs)?.shape))?;
        let dtype = lookup_dtype(&self.arguments.output_mode, &self.base);
        Ok(shapes.into_iter().map(|shape| TensorSpec::new(shape, dtype)).collect())
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        self.check()?;
        self.index().vocabulary_size()?;
        build.add_layer("_lookup_layer", self.lookup_layer(), inputs)
    }

    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        let places: Vec<_> = x.dims()[..x.rank().saturating_sub(1)].iter().copied().map(Some).collect();
        self.texts(&places)?;
        let rows = self.rows(x)?;
        let longest = || rows.iter().map(Vec::len).max().unwrap_or(0);
        let length = self.output_sequence_length.unwrap_or_else(longest);
        check_memory(&[rows.len(), length], DType::I64)?;
        // In the other modes, what pads a row has no number.
        let padding = if self.arguments.output_mode == OutputMode::Int { 0 } else { LEFT_OUT };
        let mut numbers = Vec::with_capacity(rows.len() * length);
        let count = rows.len();
        for row in rows {
            let end = numbers.len() + length;
            numbers.extend(row.into_iter().take(length));
            numbers.resize(end, padding);
        }
        let y = self.index().encode(numbers, &[count, length], self.base.compute_dtype())?;
        Ok(vec![to_device(&y, x.device())?])
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
    use candle_keras_ops::string_tensor;

    fn adapted(layer: TextVectorization, texts: &[&str]) -> TextVectorization {
        layer.adapt(texts).unwrap();
        layer
    }

    #[test]
    fn the_vocabulary_has_a_maximum_size() {
        let vectorize = adapted(TextVectorization::new().max_tokens(4), &["b b a a c don't"]);
        assert_eq!(vectorize.get_vocabulary().unwrap(), ["", "[UNK]", "b", "a"]);
        assert_eq!((vectorize.terms().unwrap().len(), vectorize.vocabulary_size().unwrap()), (2, 4));
        assert_eq!(vectorize.call(["a c B!", "b"]).unwrap().to_vec2::<i64>().unwrap(), [[3, 1, 2], [2, 0, 0]]);
        let cut = adapted(TextVectorization::new().output_sequence_length(1), &["b b a"]);
        assert_eq!(cut.call(["a c b"]).unwrap().to_vec2::<i64>().unwrap(), [[3]]);
        let again: TextVectorization = from_config("TextVectorization", cut.get_config().unwrap()).unwrap();
        assert_eq!(again.get_config().unwrap(), cut.get_config().unwrap());
    }

    /// The expected values are those of Keras 3.15.1.
    #[test]
    fn lower_case_and_whitespace_are_those_of_ascii() {
        let texts = ["foo Ä Bar", "bar\u{a0}baz bar", "", "ÄÄ [UNK] \x0b x\x0cy\x1cz"];
        let vectorize = adapted(TextVectorization::new(), &texts);
        let words = ["", "[UNK]", "bar", "ÄÄ", "Ä", "y\x1cz", "x", "unk", "foo", "bar\u{a0}baz"];
        assert_eq!(vectorize.get_vocabulary().unwrap(), words);
        let plain = adapted(TextVectorization::new().standardize(Standardize::None), &["a b [UNK] [UNK] c"]);
        assert_eq!(plain.get_vocabulary().unwrap(), ["", "[UNK]", "c", "b", "a"]);
        assert_eq!(plain.call(["[UNK] a c  q"]).unwrap().to_vec2::<i64>().unwrap(), [[1, 4, 2, 1]]);
    }

    #[test]
    fn setting_the_vocabulary_changes_nothing_or_all() {
        let vectorize = adapted(TextVectorization::new(), &["b a a"]);
        let words = vectorize.get_vocabulary().unwrap();
        for _ in 0..2 {
            vectorize.set_vocabulary(vectorize.get_vocabulary().unwrap()).unwrap();
            assert_eq!((vectorize.get_vocabulary().unwrap(), vectorize.vocabulary_size().unwrap()), (words.clone(), 4));
        }
        for wrong in [&["", "a"][..], &["a", ""], &["a", "a"], &[], &["", "[UNK]", "a", "[UNK]", "a"]] {
            vectorize.set_vocabulary(wrong).unwrap_err();
            assert_eq!(vectorize.get_vocabulary().unwrap(), words, "{wrong:?}");
        }
        vectorize.set_vocabulary(["[UNK]", "a"]).unwrap();
        assert_eq!(vectorize.get_vocabulary().unwrap(), ["", "[UNK]", "[UNK]", "a"], "as in Keras");
        let error = TextVectorization::new().max_tokens(3).set_vocabulary(["a", "b"]).unwrap_err().to_string();
        assert!(error.contains("at most 3"), "{error}");
        for max in [0, 1] {
            assert!(TextVectorization::new().max_tokens(max).adapt(["a"]).is_err());
        }
    }

    #[test]
    fn it_adapts_to_a_dataset() {
        let texts = vec!["the cat", "the dog", "näht the"];
        let dataset = Dataset::from_tensor_slices((texts.clone(), vec![0f32; 3])).unwrap();
        let (a, b) = (adapted(TextVectorization::new(), &texts), TextVectorization::new());
        for dataset in [dataset.batch(2), dataset] {
            b.adapt(&dataset).unwrap();
            assert_eq!(a.get_vocabulary().unwrap(), b.get_vocabulary().unwrap());
        }
        assert!(b.adapt(&Dataset::from_tensor_slices(vec![1f32]).unwrap()).is_err());
    }

    #[test]
    fn words_that_are_split_already_are_not_split() {
        let words = string_tensor(&["new york", "a", "b", "a"], &[2, 2]).unwrap();
        let layer = TextVectorization::new().split(Split::None).vocabulary(["a", "new york"]).output_sequence_length(3);
        assert_eq!(layer.call(&words).unwrap().to_vec2::<i64>().unwrap(), [[3, 2, 0], [1, 2, 0]]);
        let pairs = TextVectorization::new().split(Split::None).ngrams([2]).vocabulary(["b a"]);
        assert_eq!(pairs.call(&words).unwrap().to_vec2::<i64>().unwrap(), [[1], [2]]);
        let one = TextVectorization::new().split(Split::None).call(["a"]).unwrap_err().to_string();
        assert!(one.contains("(batch, words)"), "{one}");
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let error = |layer: TextVectorization| {
            let text = Input::shape([1]).dtype("string");
            layer.name("words").call(text).shape().unwrap_err().to_string()
        };
        let unknown = error(TextVectorization::new().standardize("upper"));
        assert!(unknown.contains("layer \"words\" (TextVectorization): unknown standardize \"upper\""), "{unknown}");
        assert!(error(TextVectorization::new().split("words")).contains("unknown split"));
        assert!(error(TextVectorization::new().ngrams(0)).contains("ngrams"));
        assert!(error(TextVectorization::new().ngrams([2, usize::MAX])).contains("ngrams"));
        assert!(error(TextVectorization::new().output_mode("one_hot")).contains("output_mode"));
        assert!(error(TextVectorization::new().output_mode("count").output_sequence_length(3)).contains("\"int\""));
        assert!(error(TextVectorization::new().ragged(true)).contains("ragged"));
        assert!(error(TextVectorization::new().output_mode("count")).contains("not known yet"));
        let numbers = TextVectorization::new().call(Input::shape([1])).shape().unwrap_err().to_string();
        assert!(numbers.contains("the layer takes text") && numbers.contains("dtype(\"string\")"), "{numbers}");
        let wide = TextVectorization::new().call(Input::shape([2]).dtype("string"));
        assert!(wide.shape().unwrap_err().to_string().contains("(batch,) or (batch, 1)"));
        let long = TextVectorization::new().output_sequence_length(usize::MAX).call(["a", "b"]).unwrap_err();
        assert!(long.to_string().contains("not enough memory"), "{long}");
        let x = Tensor::new(&[1f32], &Device::Cpu).unwrap();
        assert!(TextVectorization::new().call(&x).is_err());
    }
}
