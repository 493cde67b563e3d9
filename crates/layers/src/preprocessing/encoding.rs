//! What becomes of the numbers of categories: ids, or vectors with an element for each category.

use crate::Shape;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, check_memory};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a layer makes of categories. Keras: `output_mode=`, by the names `"int"`, `"one_hot"`, `"multi_hot"`, `"count"`, `"tf_idf"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputMode {
    /// Their numbers.
    Int,
    /// For each a vector with 1 at its number.
    OneHot,
    /// For each sample a vector with 1 at the numbers in it.
    MultiHot,
    /// For each sample a vector with the count of each number in it.
    Count,
    /// The counts multiplied by the weights of the categories.
    TfIdf,
    /// An unknown name: building the layer is an error.
    Unknown(String),
}

impl OutputMode {
    const NAMES: [(&'static str, Self); 5] = [
        ("int", Self::Int),
        ("one_hot", Self::OneHot),
        ("multi_hot", Self::MultiHot),
        ("count", Self::Count),
        ("tf_idf", Self::TfIdf),
    ];

    fn name(&self) -> &str {
        match self {
            Self::Unknown(name) => name,
            known => Self::NAMES.iter().find(|(_, mode)| mode == known).map_or("int", |(name, _)| name),
        }
    }

    /// An error if it is none of these.
    pub(crate) fn check(&self, known: &[Self]) -> Result<()> {
        if known.contains(self) {
            return Ok(());
        }
        let names: Vec<_> = known.iter().map(Self::name).collect();
        Err(Error::unknown("output_mode", self.name(), &names))
    }
}

impl From<&str> for OutputMode {
    fn from(name: &str) -> Self {
        let name = match name {
            // Keras's earlier names.
            "binary" => "multi_hot",
            "tf-idf" => "tf_idf",
            name => name,
        };
        let known = Self::NAMES.into_iter().find(|(known, _)| *known == name);
        known.map_or_else(|| Self::Unknown(name.into()), |(_, mode)| mode)
    }
}

impl Serialize for OutputMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OutputMode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?.as_str().into())
    }
}

/// An error if a layer is to have a sparse output.
pub(crate) fn refuse_sparse(sparse: bool) -> Result<()> {
    match sparse {
        true => Err(Error::new("sparse outputs are not supported").help("leave the argument sparse out")),
        false => Ok(()),
    }
}

/// Encodes numbers below `depth`; others are left out.
#[derive(Debug)]
pub(crate) struct Encoding<'a> {
    pub(crate) mode: &'a OutputMode,
    pub(crate) depth: usize,
}

impl Encoding<'_> {
    /// The shape of the result. A sample is a row; of several axes, all but the second stay, as in Keras.
    pub(crate) fn shape(&self, input: &[Option<usize>]) -> Shape {
        let depth = [Some(self.depth)];
        match (self.mode, input) {
            (OutputMode::Int, input) => input.iter().copied().collect(),
            (OutputMode::OneHot, [places @ .., Some(1)]) if !places.is_empty() => {
                places.iter().copied().chain(depth).collect()
            }
            (OutputMode::OneHot, places) => places.iter().copied().chain(depth).collect(),
            (_, [] | [_]) => depth.into_iter().collect(),
            (_, [batch, _, rest @ ..]) => [*batch].into_iter().chain(rest.iter().copied()).chain(depth).collect(),
        }
    }

    /// The result for these numbers of a tensor with these sizes; `weights` are those of tf-idf.
    pub(crate) fn encode(
        &self,
        numbers: Vec<i64>,
        dims: &[usize],
        weights: Option<&[f32]>,
        dtype: DType,
    ) -> Result<Tensor> {
        if *self.mode == OutputMode::Int {
            return Ok(Tensor::from_vec(numbers, dims, &Device::Cpu)?);
        }
        let known: Vec<_> = dims.iter().copied().map(Some).collect();
        let shape: Vec<usize> = self.shape(&known).iter().copied().flatten().collect();
        check_memory(&shape, DType::F32)?;
        let mut encoded = vec![0f32; shape.iter().product()];
        let depth = self.depth;
        let column = |number: i64| usize::try_from(number).ok().filter(|column| *column < depth);
        let one_each = *self.mode == OutputMode::OneHot;
        // Elements of the same sample are `inner` apart.
        let inner: usize = dims.iter().skip(2).product();
        let sample = if one_each { 1 } else { dims.get(1).or(dims.first()).map_or(1, |size| size * inner) };
        for (i, number) in numbers.into_iter().enumerate() {
            let Some(column) = column(number) else { continue };
            let row = if one_each { i } else { i / sample * inner + i % inner };
            let place = &mut encoded[row * depth + column];
            *place = if matches!(self.mode, OutputMode::Count | OutputMode::TfIdf) { *place + 1.0 } else { 1.0 };
        }
        if let Some(weights) = weights {
            for row in encoded.chunks_exact_mut(depth.max(1)) {
                row.iter_mut().zip(weights).for_each(|(count, weight)| *count *= weight);
            }
        }
        Ok(Tensor::from_vec(encoded, shape, &Device::Cpu)?.to_dtype(dtype)?)
    }
}
