//! FeatureSpace: the columns of a table become one vector. Keras: `keras.utils.FeatureSpace`.

use crate::{Model, Predict, Result};
use candle_core::Tensor;
use candle_keras_data::{Array, Batch, Data, Dataset, IntoBatch, IntoData};
use candle_keras_layers::{
    CategoryEncoding, Concatenate, Discretization, HashedCrossing, Hashing, Input, IntegerLookup, KerasTensor, Layer,
    Normalization, Numbers, Rescaling, StringLookup,
};
use candle_keras_ops::Error;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// The features of samples, each encoded in the way that suits it, in one vector: the input of a model.
///
/// A feature is a name and a type: `"float"`, `"float_normalized"`, `"float_rescaled"`, `"float_discretized"`, `"integer_categorical"`, `"string_categorical"`, `"integer_hashed"`,
/// `"string_hashed"`, or a [`Feature`] with arguments. A cross is a combination of categories.
///
/// ```
/// use candle_keras_data::ToTensor;
/// use candle_keras_models::{Feature, FeatureSpace};
/// let space = FeatureSpace::new([
///     ("age", "float_normalized".into()),
///     ("city", "string_categorical".into()),
///     ("year", Feature::integer_categorical().num_oov_indices(0)),
/// ])
/// .crosses([["city", "year"]])
/// .crossing_dim(4);
/// let data = [
///     ("age", vec![20f32, 30., 40.].to_tensor()?),
///     ("city", vec!["Rome", "Oslo", "Rome"].to_tensor()?),
///     ("year", vec![2024i64, 2025, 2024].to_tensor()?),
/// ];
/// space.adapt(data.clone())?;
/// assert_eq!(space.call(data)?.dims(), [3, 1 + 3 + 2 + 4]);
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
///
/// A model goes on from [`encoded_features`](Self::encoded_features): it takes the features themselves, and is saved with what was learned of them.
///
/// # Differences from Keras
/// A FeatureSpace alone is not saved; a model that begins with it is.
#[derive(Debug)]
#[must_use]
pub struct FeatureSpace {
    features: Vec<(String, Feature)>,
    crosses: Vec<Vec<String>>,
    crossing_dim: usize,
    hashing_dim: usize,
    num_discretization_bins: usize,
    preprocessors: OnceLock<Vec<Preprocessor>>,
    encoded: OnceLock<Encoded>,
}

/// The layers of a FeatureSpace as a graph.
#[derive(Debug)]
struct Encoded {
    inputs: Vec<KerasTensor>,
    /// By their names, those of the features first.
    features: Vec<(String, KerasTensor)>,
}

/// How a feature is encoded: `"float_normalized"`, or `Feature::string_categorical().max_tokens(100)`.
#[derive(Debug, Clone)]
#[must_use]
pub struct Feature {
    kind: String,
    one_hot: bool,
    scale: Numbers,
    offset: Numbers,
    bins: Option<usize>,
    boundaries: Option<Vec<f64>>,
    max_tokens: Option<usize>,
    num_oov_indices: usize,
}

/// Keras's names of the types of features.
const TYPES: [&str; 8] = [
    "float",
    "float_normalized",
    "float_rescaled",
    "float_discretized",
    "integer_categorical",
    "string_categorical",
    "integer_hashed",
    "string_hashed",
];

impl From<&str> for Feature {
    fn from(kind: &str) -> Self {
        Self {
            kind: kind.into(),
            one_hot: !kind.starts_with("float") || kind == "float_discretized",
            scale: 1.0.into(),
            offset: 0.0.into(),
            bins: None,
            boundaries: None,
            max_tokens: None,
            num_oov_indices: 1,
        }
    }
}

impl Feature {
    /// A number in other units: `x scale + offset`.
    pub fn float_rescaled(scale: f64, offset: f64) -> Self {
        Self { scale: scale.into(), offset: offset.into(), ..Self::from("float_rescaled") }
    }

    /// A number that is put into so many bins.
    pub fn float_discretized(num_bins: usize) -> Self {
        Self { bins: Some(num_bins), ..Self::from("float_discretized") }
    }

    /// A whole number that stands for a category.
    pub fn integer_categorical() -> Self {
        "integer_categorical".into()
    }

    /// A word that stands for a category.
    pub fn string_categorical() -> Self {
        "string_categorical".into()
    }

    /// A whole number that is put into so many bins by its hash.
    pub fn integer_hashed(num_bins: usize) -> Self {
        Self { bins: Some(num_bins), ..Self::from("integer_hashed") }
    }

    /// A word that is put into so many bins by its hash.
    pub fn string_hashed(num_bins: usize) -> Self {
        Self { bins: Some(num_bins), ..Self::from("string_hashed") }
    }

    /// The boundaries of the bins of a number, which then needs no data.
    pub fn bin_boundaries(mut self, boundaries: impl Into<Vec<f64>>) -> Self {
        self.boundaries = Some(boundaries.into());
        self
    }

    /// The largest number of categories: the rarest are left out.
    pub fn max_tokens(mut self, max_tokens: usize) -> Self {
        self.max_tokens = Some(max_tokens);
        self
    }

    /// How many numbers unknown categories have.
    pub fn num_oov_indices(mut self, count: usize) -> Self {
        self.num_oov_indices = count;
        self
    }

    /// Whether the feature is a vector (the default for categories and bins), or a number, for crosses alone.
    pub fn one_hot(mut self, one_hot: bool) -> Self {
        self.one_hot = one_hot;
        self
    }

    fn dtype(&self) -> &'static str {
        match self.kind.split('_').next() {
            Some("string") => "string",
            Some("integer") => "int32",
            _ => "float32",
        }
    }
}

/// The layer of a feature.
#[derive(Debug)]
enum Preprocessor {
    Float,
    Normalized(Normalization),
    Rescaled(Rescaling),
    Discretized(Discretization, usize),
    Integers(IntegerLookup),
    Words(StringLookup),
    Hashed(Hashing, usize),
}

impl Preprocessor {
    fn new(name: &str, feature: &Feature, space: &FeatureSpace) -> Result<Self> {
        let name = format!("{name}_preprocessor");
        Ok(match feature.kind.as_str() {
            "float" => Self::Float,
            "float_normalized" => Self::Normalized(Normalization::new().name(name)),
            "float_rescaled" => {
                Self::Rescaled(Rescaling::new(feature.scale.clone()).offset(feature.offset.clone()).name(name))
            }
            "float_discretized" => {
                let layer = Discretization::new().name(name);
                match &feature.boundaries {
                    Some(boundaries) => {
                        Self::Discretized(layer.bin_boundaries(boundaries.as_slice()), boundaries.len() + 1)
                    }
                    None => {
                        let bins = feature.bins.unwrap_or(space.num_discretization_bins);
                        Self::Discretized(layer.num_bins(bins), bins)
                    }
                }
            }
            "integer_categorical" => {
                let layer = IntegerLookup::new().num_oov_indices(feature.num_oov_indices).name(name);
                Self::Integers(feature.max_tokens.into_iter().fold(layer, IntegerLookup::max_tokens))
            }
            "string_categorical" => {
                let layer = StringLookup::new().num_oov_indices(feature.num_oov_indices).name(name);
                Self::Words(feature.max_tokens.into_iter().fold(layer, StringLookup::max_tokens))
            }
            "integer_hashed" | "string_hashed" => {
                let bins = feature.bins.unwrap_or(space.hashing_dim);
                Self::Hashed(Hashing::new(bins).name(name), bins)
            }
            other => return Err(Error::unknown("type of a feature", other, &TYPES)),
        })
    }

    fn adapt(&self, data: Data) -> Result<()> {
        match self {
            Self::Normalized(layer) => layer.adapt(data),
            // Boundaries that are given are not adapted.
            Self::Discretized(layer, _) if layer.get_config()?["num_bins"].is_null() => Ok(()),
            Self::Discretized(layer, _) => layer.adapt(data),
            Self::Integers(layer) => layer.adapt(data),
            Self::Words(layer) => layer.adapt(data),
            Self::Float | Self::Rescaled(_) | Self::Hashed(..) => Ok(()),
        }
    }

    fn call(&self, x: &KerasTensor) -> KerasTensor {
        match self {
            Self::Float => x.clone(),
            Self::Normalized(layer) => layer.call(x),
            Self::Rescaled(layer) => layer.call(x),
            Self::Discretized(layer, _) => layer.call(x),
            Self::Integers(layer) => layer.call(x),
            Self::Words(layer) => layer.call(x),
            Self::Hashed(layer, _) => layer.call(x),
        }
    }

    /// The number of categories.
    fn categories(&self) -> Result<Option<usize>> {
        Ok(match self {
            Self::Discretized(_, bins) | Self::Hashed(_, bins) => Some(*bins),
            Self::Integers(layer) => Some(layer.vocabulary_size()?),
            Self::Words(layer) => Some(layer.vocabulary_size()?),
            Self::Float | Self::Normalized(_) | Self::Rescaled(_) => None,
        })
    }
}

impl FeatureSpace {
    /// Of these features.
    pub fn new<'a>(features: impl IntoIterator<Item = (&'a str, Feature)>) -> Self {
        Self {
            features: features.into_iter().map(|(name, feature)| (name.into(), feature)).collect(),
            crosses: Vec::new(),
            crossing_dim: 32,
            hashing_dim: 32,
            num_discretization_bins: 32,
            preprocessors: OnceLock::new(),
            encoded: OnceLock::new(),
        }
    }

    /// The features that are crossed with each other: lists of names.
    pub fn crosses<C: IntoIterator<Item: Into<String>>>(mut self, crosses: impl IntoIterator<Item = C>) -> Self {
        self.crosses = crosses.into_iter().map(|cross| cross.into_iter().map(Into::into).collect()).collect();
        self
    }

    /// The size of the vector of a cross.
    ///
    /// Default: 32.
    pub fn crossing_dim(mut self, size: usize) -> Self {
        self.crossing_dim = size;
        self
    }

    /// The number of bins of hashed features.
    ///
    /// Default: 32.
    pub fn hashing_dim(mut self, size: usize) -> Self {
        self.hashing_dim = size;
        self
    }

    /// The number of bins of discretized features.
    ///
    /// Default: 32.
    pub fn num_discretization_bins(mut self, bins: usize) -> Self {
        self.num_discretization_bins = bins;
        self
    }

    fn preprocessors(&self) -> Result<&[Preprocessor]> {
        if let Some(made) = self.preprocessors.get() {
            return Ok(made);
        }
        let make = |(name, feature): &(String, Feature)| {
            Preprocessor::new(name, feature, self).map_err(|error| of_feature(name, &error))
        };
        let made = self.features.iter().map(make).collect::<Result<Vec<_>>>()?;
        Ok(self.preprocessors.get_or_init(|| made))
    }

    /// Learns what the features need of data: arrays by the names of the features, or a dataset of such elements, which is read once for each feature that learns. Keras: `adapt`.
    ///
    /// # Errors
    /// If a feature is missing in the data, or does not fit its type.
    pub fn adapt(&self, data: impl IntoData) -> Result<()> {
        let data = data.into_data()?;
        if self.encoded.get().is_some() {
            return Err(Error::new("a FeatureSpace adapts to data before its first use"));
        }
        for ((name, feature), preprocessor) in self.features.iter().zip(self.preprocessors()?) {
            let column = column(&data, name, feature.dtype() == "string");
            column.and_then(|column| preprocessor.adapt(column)).map_err(|error| of_feature(name, &error))?;
        }
        Ok(())
    }

    fn encoded(&self) -> Result<&Encoded> {
        if let Some(made) = self.encoded.get() {
            return Ok(made);
        }
        let made = self.encode()?;
        Ok(self.encoded.get_or_init(|| made))
    }

    fn encode(&self) -> Result<Encoded> {
        let (mut inputs, mut of_features, mut of_crosses) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        let (mut numbers, mut names) = (BTreeMap::new(), Vec::new());
        for ((name, feature), preprocessor) in self.features.iter().zip(self.preprocessors()?) {
            let input = Input::shape([1]).dtype(feature.dtype()).name(name.as_str());
            let number = preprocessor.call(&input);
            let encoded = match preprocessor.categories()?.filter(|_| feature.one_hot) {
                Some(categories) => CategoryEncoding::new(categories).call(&number),
                None => number.clone(),
            };
            inputs.push(input);
            names.push(name.as_str());
            numbers.insert(name.as_str(), number);
            of_features.insert(name.clone(), encoded);
        }
        for cross in &self.crosses {
            let number = |name: &String| {
                numbers.get(name.as_str()).cloned().ok_or_else(|| Error::unknown("feature", name, &names))
            };
            let crossed = cross.iter().map(number).collect::<Result<Vec<_>>>()?;
            let name = cross.join("_X_");
            let number = HashedCrossing::new(self.crossing_dim).name(name.as_str()).call(crossed);
            of_crosses.insert(name, CategoryEncoding::new(self.crossing_dim).call(number));
        }
        Ok(Encoded { inputs, features: of_features.into_iter().chain(of_crosses).collect() })
    }

    /// The inputs of the features, in their order. Keras: `get_inputs`.
    ///
    /// # Errors
    /// If a feature cannot be encoded: it has not adapted to data, for example.
    pub fn inputs(&self) -> Result<Vec<KerasTensor>> {
        Ok(self.encoded()?.inputs.clone())
    }

    /// The vector of all features, in the order of their names, and of the crosses behind. Keras: `get_encoded_features`.
    ///
    /// # Errors
    /// If a feature cannot be encoded, or has not become a vector of numbers.
    pub fn encoded_features(&self) -> Result<KerasTensor> {
        let features = &self.encoded()?.features;
        for (name, feature) in features {
            let feature = feature.output()?;
            if feature.spec().is_string() || feature.dtype().is_int() {
                return Err(Error::new(format!(
                    "the feature {name:?} is a number of a category, and cannot be a part of a vector"
                ))
                .help("encoded_by_name has it, and one_hot(true) makes a vector of it"));
            }
        }
        Ok(match features.as_slice() {
            [(_, one)] => one.clone(),
            many => Concatenate::new().call(many.iter().map(|(_, feature)| feature.clone()).collect::<Vec<_>>()),
        })
    }

    /// The features by their names, and the crosses. Keras: `get_encoded_features` with `output_mode="dict"`.
    ///
    /// # Errors
    /// If a feature cannot be encoded.
    pub fn encoded_by_name(&self) -> Result<&[(String, KerasTensor)]> {
        Ok(&self.encoded()?.features)
    }

    /// The vectors of samples, `(samples, size)`. Keras: `feature_space(data)`.
    ///
    /// # Errors
    /// If the data does not fit, or the FeatureSpace has not adapted to data.
    pub fn call(&self, data: impl IntoData) -> Result<Tensor> {
        Model::new(self.inputs()?, self.encoded_features()?)?.predict_with(data, Predict::new().verbose(0))
    }
}

fn of_feature(name: &str, error: &Error) -> Error {
    Error::new(format!("the feature {name:?}: {error}"))
}

/// The column of a feature, one value a sample.
fn column(data: &Data, name: &str, is_text: bool) -> Result<Data> {
    let by_name =
        || Error::new("a FeatureSpace adapts to arrays by the names of features").help("[(\"age\", &ages), ...]");
    let missing = || Error::new("it is not in the data").expected(format!("an array with the name {name:?}"));
    match data {
        Data::Arrays(_) => Err(by_name()),
        Data::Named(named) => {
            let (_, array) = named.iter().find(|(known, _)| known == name).ok_or_else(missing)?;
            let tensor = one_a_sample(&array.tensor, is_text)?;
            Ok(Data::Arrays(vec![Array { tensor, is_text: array.is_text }]))
        }
        Data::Dataset(dataset) => {
            let name: Arc<str> = name.into();
            let pick = move |batch: Batch| -> Result<Batch> {
                let missing = || {
                    Error::new("an element has no such feature").expected(format!("an array with the name {name:?}"))
                };
                let at = batch.names.x.as_ref().and_then(|names| names.iter().position(|known| **known == *name));
                let at = at.filter(|at| *at < batch.x.len()).ok_or_else(missing)?;
                let tensor = one_a_sample(&batch.x[at], is_text)?;
                Array { tensor, is_text: batch.text.x.contains(&at) }.into_batch()
            };
            Ok(Data::Dataset(Dataset::map(dataset, pick)))
        }
    }
}

/// The array with an axis for samples, and one for the value of each.
fn one_a_sample(array: &Tensor, is_text: bool) -> Result<Tensor> {
    let places = array.rank() - usize::from(is_text && array.rank() > 0);
    let mut array = array.clone();
    for axis in places..2 {
        array = array.unsqueeze(axis)?;
    }
    Ok(array)
}
