//! The batches of a generator.

use super::affine::Fill;
use super::{ImageDataGenerator, images, part};
use crate::dataset::Batch;
use crate::numpy::random;
use crate::{Cardinality, Data, Dataset, Elements, IntoData, Source, ToArrays, ToTensor};
use candle_core::{Device, Tensor};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The arguments of [`ImageDataGenerator::flow`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Flow {
    pub(super) batch_size: usize,
    pub(super) shuffle: bool,
    pub(super) seed: Option<u32>,
    pub(super) subset: Option<String>,
}

impl Default for Flow {
    fn default() -> Self {
        Self { batch_size: 32, shuffle: true, seed: None, subset: None }
    }
}

/// The methods of the arguments that all flows have.
macro_rules! flow_arguments {
    ($arguments:ident $(, $flow:ident)?) => {
        impl $arguments {
            /// Keras's defaults.
            pub fn new() -> Self {
                Self::default()
            }

            /// The number of images of a batch. Default: 32.
            pub fn batch_size(mut self, size: usize) -> Self {
                self$(.$flow)?.batch_size = size;
                self
            }

            /// Whether each pass has the images in another order. Default: true.
            pub fn shuffle(mut self, shuffle: bool) -> Self {
                self$(.$flow)?.shuffle = shuffle;
                self
            }

            /// The seed of the order and of the transformations. As in Keras, each batch sets that of [`numpy::random`](crate::numpy::random).
            pub fn seed(mut self, seed: u32) -> Self {
                self$(.$flow)?.seed = Some(seed);
                self
            }

            /// Which part of a [`validation_split`](ImageDataGenerator::validation_split): `"training"` or `"validation"`.
            pub fn subset(mut self, subset: &str) -> Self {
                self$(.$flow)?.subset = Some(subset.into());
                self
            }
        }
    };
}
pub(super) use flow_arguments;

flow_arguments!(Flow);

/// Where the images come from.
pub(super) enum Images {
    Array(Tensor),
    Files { paths: Vec<PathBuf>, load: crate::LoadImg },
}

/// What the targets are.
pub(super) enum Targets {
    None,
    /// Those of arrays.
    Arrays(Vec<Tensor>),
    /// The images.
    Input,
}

/// Batches of transformed images, for `fit`, `evaluate` and `predict`. Keras: what `ImageDataGenerator.flow` and `flow_from_directory` return.
///
/// In a pass the images are in the order that was drawn at the end of the pass before. [`next_batch`](Self::next_batch) goes on where the last one ended.
#[derive(Clone)]
pub struct ImageFlow(Arc<Inner>);

pub(super) struct Inner {
    pub(super) generator: ImageDataGenerator,
    pub(super) fill: Fill,
    pub(super) arguments: Flow,
    pub(super) images: Images,
    pub(super) size: [usize; 3],
    pub(super) targets: Targets,
    pub(super) samples: usize,
    pub(super) class_names: Vec<String>,
    pub(super) classes: Vec<u32>,
    pub(super) state: Mutex<State>,
}

/// Where the passes are.
#[derive(Default)]
pub(super) struct State {
    order: Option<Vec<usize>>,
    /// How many batches have been drawn, for their seeds.
    seen: usize,
    /// The place of the next batch of [`ImageFlow::next_batch`].
    next: usize,
}

impl std::fmt::Debug for ImageFlow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ImageFlow({} images in {} batches)", self.samples(), self.batches())
    }
}

impl ImageDataGenerator {
    /// Batches of the images of an array `(images, height, width, channels)`, with their targets, or `()`. Keras: `flow`.
    ///
    /// # Errors
    /// If these are not images, there are not as many targets, or an argument is invalid. As in Keras, both parts of a
    /// [`validation_split`](Self::validation_split) must have the same classes.
    pub fn flow(&self, x: impl ToTensor, y: impl ToArrays, arguments: Flow) -> Result<ImageFlow> {
        let fill = self.check()?;
        let x = images(x)?;
        let (targets, _) = crate::Array::apart(y.to_arrays()?);
        let count = x.dim(0)?;
        if let Some(other) = targets.iter().find(|y| y.dims().first() != Some(&count)) {
            return Err(Error::new("each image has a target")
                .expected(format!("{count} targets"))
                .received(format!("{:?}", other.dims())));
        }
        let range = part(self, arguments.subset.as_deref(), count)?;
        if arguments.subset.is_some() {
            targets.iter().try_for_each(|y| has_same_classes(y, range.len()))?;
        }
        let narrowed = |x: &Tensor| Ok(x.narrow(0, range.start, range.len())?);
        let targets = targets.iter().map(narrowed).collect::<Result<Vec<_>>>()?;
        let size = [x.dim(1)?, x.dim(2)?, x.dim(3)?];
        ImageFlow::new(Inner {
            generator: self.clone(),
            fill,
            images: Images::Array(narrowed(&x)?),
            size,
            targets: if targets.is_empty() { Targets::None } else { Targets::Arrays(targets) },
            samples: range.len(),
            class_names: Vec::new(),
            classes: Vec::new(),
            arguments,
            state: Mutex::default(),
        })
    }
}

/// An error if the parts of so many and of the other targets have other classes.
fn has_same_classes(y: &Tensor, of_part: usize) -> Result<()> {
    let classes = |y: Tensor| -> Result<Vec<u64>> {
        let numbers: Vec<f64> = y.flatten_all()?.to_dtype(candle_core::DType::F64)?.to_vec1()?;
        let mut classes: Vec<u64> = numbers.iter().map(|number| number.to_bits()).collect();
        classes.sort_unstable();
        classes.dedup();
        Ok(classes)
    };
    let count = y.dim(0)?;
    if classes(y.narrow(0, 0, count - of_part)?)? == classes(y.narrow(0, count - of_part, of_part)?)? {
        return Ok(());
    }
    Err(Error::new("the parts of the validation_split have other classes")
        .help("shuffle images that are sorted by their classes"))
}

impl ImageFlow {
    pub(super) fn new(inner: Inner) -> Result<Self> {
        if inner.arguments.batch_size == 0 {
            return Err(Error::new("a batch has images").received("batch_size(0)"));
        }
        if inner.samples == 0 {
            return Err(Error::new("there are no images"));
        }
        Ok(Self(Arc::new(inner)))
    }

    /// The number of images. Keras: `samples`, `n`.
    pub fn samples(&self) -> usize {
        self.0.samples
    }

    /// The number of batches in a pass. Keras: `len(flow)`.
    pub fn batches(&self) -> usize {
        self.0.samples.div_ceil(self.0.arguments.batch_size)
    }

    /// The number of images of a batch.
    pub fn batch_size(&self) -> usize {
        self.0.arguments.batch_size
    }

    /// The height, the width and the number of channels of an image.
    pub fn image_shape(&self) -> [usize; 3] {
        self.0.size
    }

    /// The names of the classes, in the order of their numbers: those of the subfolders. Keras: `class_indices`.
    pub fn class_names(&self) -> &[String] {
        &self.0.class_names
    }

    /// The number of the class of each file.
    pub fn classes(&self) -> &[u32] {
        &self.0.classes
    }

    /// The files.
    pub fn file_paths(&self) -> &[PathBuf] {
        match &self.0.images {
            Images::Files { paths, .. } => paths,
            Images::Array(_) => &[],
        }
    }

    /// The next batch; behind the last one, the first in a new order. Keras: `next(flow)`.
    ///
    /// # Errors
    /// If a file cannot be read, or an argument is invalid.
    pub fn next_batch(&self) -> Result<Batch> {
        let inner = &self.0;
        let at = {
            let mut state = inner.state();
            inner.seed(&state);
            if state.next == 0 {
                state.order = Some(inner.order()?);
            }
            let at = state.next;
            state.next = if at + 1 < self.batches() { at + 1 } else { 0 };
            state.seen += 1;
            at
        };
        inner.batch(at)
    }

    /// Goes on with the first batch. Keras: `reset`.
    pub fn reset(&self) {
        self.0.state().next = 0;
    }

    /// Batches without an end.
    pub fn endless(&self) -> impl Iterator<Item = Result<Batch>> + '_ {
        std::iter::repeat_with(|| self.next_batch())
    }

    /// As a dataset, for its other methods.
    pub fn dataset(&self) -> Dataset {
        Dataset::new(self.clone())
    }
}

impl IntoData for &ImageFlow {
    fn into_data(self) -> Result<Data> {
        Ok(Data::Dataset(self.dataset()))
    }
}

impl IntoData for ImageFlow {
    fn into_data(self) -> Result<Data> {
        Ok(Data::Dataset(self.dataset()))
    }
}

impl Source for ImageFlow {
    fn elements(&self, _: &Stream, from: usize) -> Result<Elements> {
        let flow = self.clone();
        let read = move |at: usize| {
            let inner = &flow.0;
            {
                let mut state = inner.state();
                inner.seed(&state);
                state.seen += 1;
                if state.order.is_none() {
                    state.order = Some(inner.order()?);
                }
            }
            let batch = inner.batch(at)?;
            // The order of the next pass is drawn at the end of this one.
            if at + 1 == flow.batches() {
                inner.state().order = Some(inner.order()?);
            }
            Ok(batch)
        };
        Ok(Box::new((from..self.batches()).map(read)))
    }

    fn cardinality(&self) -> Cardinality {
        Cardinality::Finite(self.batches())
    }

    fn first(&self, _: &Stream) -> Result<Option<Batch>> {
        let count = self.0.arguments.batch_size.min(self.0.samples);
        let [height, width, channels] = self.0.size;
        let x = Tensor::zeros((count, height, width, channels), candle_core::DType::F32, &Device::Cpu)?;
        self.0.with_targets(x, &(0..count).collect::<Vec<_>>()).map(Some)
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seed(&self, state: &State) {
        if let Some(seed) = self.arguments.seed {
            random::seed(seed.wrapping_add(state.seen as u32));
        }
    }

    fn order(&self) -> Result<Vec<usize>> {
        if !self.arguments.shuffle {
            return Ok((0..self.samples).collect());
        }
        let order: Vec<i64> = random::permutation(self.samples)?.to_vec1()?;
        Ok(order.into_iter().map(|index| index as usize).collect())
    }

    fn batch(&self, at: usize) -> Result<Batch> {
        let size = self.arguments.batch_size;
        let indices = {
            let state = self.state();
            let order = state.order.as_deref().unwrap_or_default();
            order[at * size..order.len().min((at + 1) * size)].to_vec()
        };
        let images = match &self.images {
            Images::Array(x) => {
                let pixels = |index: &usize| Ok(x.get(*index)?.flatten_all()?.to_vec1::<f32>()?);
                indices.iter().map(pixels).collect::<Result<Vec<_>>>()?
            }
            Images::Files { paths, load } => {
                let read = |path| {
                    let image = crate::load_img(path, load.clone())?;
                    Ok(image.pixels().iter().map(|byte| f32::from(*byte)).collect())
                };
                let paths = indices.iter().map(|&index| &paths[index]).collect();
                candle_keras_ops::cores::map(paths, read).into_iter().collect::<Result<Vec<_>>>()?
            }
        };
        let pixels = self.generator.transformed(images, self.size, self.fill)?;
        let [height, width, channels] = self.size;
        let x = Tensor::from_vec(pixels, (indices.len(), height, width, channels), &Device::Cpu)?;
        self.with_targets(x, &indices)
    }

    fn with_targets(&self, x: Tensor, indices: &[usize]) -> Result<Batch> {
        let rows: Vec<u32> = indices.iter().map(|&index| index as u32).collect();
        let rows = Tensor::new(rows, &Device::Cpu)?;
        let y = match &self.targets {
            Targets::None => Vec::new(),
            Targets::Input => vec![x.clone()],
            Targets::Arrays(arrays) => {
                let of = |y: &Tensor| Ok(y.contiguous()?.index_select(&rows, 0)?);
                arrays.iter().map(of).collect::<Result<_>>()?
            }
        };
        Ok(Batch { x: vec![x], y, ..Batch::default() })
    }
}
