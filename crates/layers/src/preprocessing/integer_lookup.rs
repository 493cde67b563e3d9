//! IntegerLookup: whole numbers become numbers without gaps. Keras: `keras.layers.IntegerLookup`.

use super::Vocabulary;
use super::index_lookup::{
    Counts, IndexLookup, KnownSize, LookupArguments, Shared, VocabularyArguments, lookup_setters, no_setters,
    vocabulary_setters,
};
use crate::assets::{AssetSource, Assets};
use crate::call::CallArguments;
use crate::layer::{refuse_text, single};
use crate::{Build, Config, Context, Described, Layer, Shape, TensorSpec};
use candle_core::{Device, Tensor};
use candle_keras_data::IntoData;
use candle_keras_ops::{Error, Result, to_device};

layer! {
    /// Maps whole numbers to their places in a vocabulary, which is given, or is what occurs in the data that the layer has [adapted](Self::adapt) to.
    ///
    /// Keras: `keras.layers.IntegerLookup`.
    ///
    /// # Shapes
    /// - input: whole numbers of any shape and numeric dtype
    /// - output: its shape, in int64; for `(batch, numbers)` the modes `"multi_hot"`, `"count"` and `"tf_idf"` give `(batch, terms)`, and `"one_hot"`
    ///   `(batch, numbers, terms)`, or `(batch, terms)` for one number
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{IntegerLookup, Layer};
    /// use candle_core::{Device, Tensor};
    /// let lookup = IntegerLookup::new().vocabulary([1200, 7, 33]);
    /// let y = lookup.call(Tensor::new(&[[33i64, 8]], &Device::Cpu)?)?;
    /// assert_eq!(y.to_vec2::<i64>()?, [[3, 0]]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct IntegerLookup() {
        /// The number for padding: place 0 with `"int"`, and left out otherwise.
        mask_token: Option<i64>,
        /// The number for places outside of the vocabulary, with `invert`.
        oov_token: i64 = -1,
        /// The numbers, as a list or as the path of a file; without it the layer is adapted to data.
        vocabulary: Option<Vocabulary<i64>>,
        /// The dtype of the vocabulary, which is `"int64"`.
        vocabulary_dtype: String = "int64",
        ..arguments: VocabularyArguments = VocabularyArguments::new() => vocabulary_setters,
        ..lookup: LookupArguments = LookupArguments::new() => lookup_setters,
        ..size: KnownSize = KnownSize::default() => no_setters,
        let state: Shared<i64> = Shared::default(),
    }
}

impl IntegerLookup {
    /// Takes the vocabulary from data: an array, or the inputs of a dataset, which is read once. Each number is a term, those that occur most often come first, and those
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

    fn index(&self) -> IndexLookup<'_, i64> {
        IndexLookup {
            base: &self.base,
            arguments: &self.arguments,
            lookup: &self.lookup,
            known_size: self.size.0,
            mask_token: self.mask_token,
            oov_token: self.oov_token,
            vocabulary: self.vocabulary.as_ref(),
            state: &self.state,
        }
    }
}

super::vocabulary_methods!(IntegerLookup, i64);

impl Layer for IntegerLookup {
    fn get_config(&self) -> Result<Config> {
        self.index().config(self.config()?)
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.index().output_shape(single(inputs)?)?])
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        refuse_text(inputs)?;
        let shape = self.index().output_shape(&single(inputs)?.shape)?;
        Ok(vec![TensorSpec::new(shape, super::lookup_dtype(&self.arguments.output_mode, &self.base))])
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        if self.vocabulary_dtype != "int64" {
            return Err(Error::new("vocabulary_dtype must be \"int64\"").received(self.vocabulary_dtype.as_str()));
        }
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
        let y = match self.lookup.invert {
            true => Tensor::from_vec(index.inverse(x)?, x.dims(), &Device::Cpu)?,
            false => index.call(x, self.base.compute_dtype())?,
        };
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
    use crate::{Check, Input, check_layer};

    #[test]
    fn behaves_as_every_layer_must() {
        let with = |mode: &'static str| move || IntegerLookup::new().vocabulary([2, 0, 3]).output_mode(mode);
        check_layer(with("one_hot"), Check::ids([[2, 3]], 5).output([2, 3, 4]));
        check_layer(with("multi_hot"), Check::ids([[2, 3]], 5).output([2, 4]));
        check_layer(with("count"), Check::ids([[2, 3]], 5).output([2, 4]));
        let weighted = move || with("tf_idf")().idf_weights([0.5, 1.0, 2.0]).mask_token(4);
        check_layer(weighted, Check::ids([[2, 3]], 5).output([2, 4]));
    }

    #[test]
    fn numbers_are_whole() {
        let lookup = IntegerLookup::new();
        lookup.adapt(vec![[3i64, -5], [3, 8]]).unwrap();
        assert_eq!(lookup.get_vocabulary().unwrap(), [-1, 3, 8, -5]);
        let x = Tensor::new(&[[8f32, 3.], [-5., 1.]], &Device::Cpu).unwrap();
        assert_eq!(lookup.call(&x).unwrap().to_vec2::<i64>().unwrap(), [[2, 1], [3, 0]]);
        let back = IntegerLookup::new().vocabulary([3, 8, -5]).invert(true);
        let y = back.call(lookup.call(&x).unwrap()).unwrap();
        assert_eq!(y.to_vec2::<i64>().unwrap(), [[8, 3], [-5, -1]]);
        let error = lookup.call((x * 0.5).unwrap()).unwrap_err().to_string();
        assert!(error.contains("whole numbers") && error.contains("1.5 at [0, 1]"), "{error}");
        let text = Input::shape([1]).dtype("string");
        assert!(lookup.call(text).shape().unwrap_err().to_string().contains("does not take text"));
        let salted = IntegerLookup::new().vocabulary([1]).salt(3).call(Input::shape([1]));
        assert!(salted.shape().unwrap_err().to_string().contains("a salt for whole numbers"));
    }
}
