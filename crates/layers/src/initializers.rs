//! Initial values of weights. Keras: `keras.initializers`.
//!
//! Keras's distributions, fans and truncation. The numbers come from the project's own generator, so they differ from those of any Keras
//! backend, as the backends differ from each other. An initializer without a seed draws other numbers for each weight; with a seed it draws
//! the same numbers each time. (Keras, too, except that one *object* without a seed repeats itself there.)

pub use crate::constant_value::ConstantValue;
pub use crate::stft::{STFT, StftScaling, StftSide, StftWindow};

use crate::declare::write_argument;
use crate::object::{Described, Named, own_function};
use crate::{Arguments, Config, ConfigMap, Configure};
use candle_keras_ops::random::{self, Stream};
use candle_keras_ops::{DType, Device, Error, Result, Tensor};
use serde::{Deserialize, Serialize};

/// An initializer: a class of this module, its Keras name such as `"glorot_uniform"`, or a custom one.
///
/// ```
/// use candle_keras_layers::{Dense, Initializer, initializers::{Initialize, RandomNormal, Source}, object, Result};
/// let layer = Dense::new(3).kernel_initializer(RandomNormal::new().stddev(0.02)).bias_initializer("zeros");
///
/// object! {
///     /// 0, 1, 2 and so on, times a factor.
///     pub struct Counting(
///         /// The factor.
///         factor: f64,
///     ) {}
/// }
///
/// impl Initialize for Counting {
///     fn source(&self, shape: &[usize]) -> Result<Source> {
///         Ok(Source::Values((0..shape.iter().product()).map(|i: usize| i as f64 * self.factor).collect()))
///     }
/// }
///
/// let layer = layer.kernel_initializer(Counting::new(0.1));
/// # let _ = layer;
/// ```
pub type Initializer = Named<dyn Initialize>;

/// Computes the initial values of a weight.
pub trait Initialize: Described {
    /// The source of the values of a weight of this shape.
    ///
    /// # Errors
    /// If it cannot fill this shape.
    fn source(&self, shape: &[usize]) -> Result<Source>;

    /// The same for a weight whose inputs and outputs are these axes, if it depends on them and they are not given.
    fn with_axes(&self, inputs: &[usize], outputs: &[usize]) -> Option<Initializer> {
        let _ = (inputs, outputs);
        None
    }
}

impl<I: Initialize> From<I> for Initializer {
    fn from(initializer: I) -> Self {
        Self::of(std::sync::Arc::new(initializer))
    }
}

kind! {
    Initialize, "initializer", "keras.initializers", {
        Zeros: "zeros" | "zero",
        Ones: "ones" | "one",
        Constant: "constant",
        RandomNormal: "random_normal" | "normal",
        RandomUniform: "random_uniform" | "uniform",
        TruncatedNormal: "truncated_normal",
        VarianceScaling: "variance_scaling",
        GlorotNormal: "glorot_normal",
        GlorotUniform: "glorot_uniform",
        HeNormal: "he_normal",
        HeUniform: "he_uniform",
        LecunNormal: "lecun_normal",
        LecunUniform: "lecun_uniform",
        Orthogonal: "orthogonal" | "OrthogonalInitializer",
        Identity: "identity" | "IdentityInitializer",
        STFT: "stft" | "STFTInitializer",
    }
}

object! {
    /// All 0.
    pub struct Zeros() {}
}

impl Initialize for Zeros {
    fn source(&self, _: &[usize]) -> Result<Source> {
        Ok(Source::Constant(0.0))
    }
}

object! {
    /// All 1.
    pub struct Ones() {}
}

impl Initialize for Ones {
    fn source(&self, _: &[usize]) -> Result<Source> {
        Ok(Source::Constant(1.0))
    }
}

object! {
    /// All `value`: a number, or an array such as the vectors of the words of an Embedding.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_keras_layers::{Embedding, initializers::Constant};
    /// let vectors = Tensor::new(&[[0.1f32, 0.2], [0.3, 0.4], [0.5, 0.6]], &Device::Cpu)?;
    /// let embedding = Embedding::new(3, 2).embeddings_initializer(Constant::new(vectors));
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Constant(
        /// The value.
        value: ConstantValue,
    ) {}
}

impl Default for Constant {
    fn default() -> Self {
        Self::new(0.0)
    }
}

impl Initialize for Constant {
    fn source(&self, shape: &[usize]) -> Result<Source> {
        self.value.source(shape)
    }
}

object! {
    /// The normal distribution.
    pub struct RandomNormal() {
        /// The mean.
        mean: f64 = 0.0,
        /// The standard deviation.
        stddev: f64 = 0.05,
        /// The seed; by default the numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

impl Initialize for RandomNormal {
    fn source(&self, _: &[usize]) -> Result<Source> {
        Ok(Source::draw(self.seed, Stream::normal, self.stddev, self.mean))
    }
}

object! {
    /// The uniform distribution between `minval` and `maxval`.
    pub struct RandomUniform() {
        /// The lower bound.
        minval: f64 = -0.05,
        /// The upper bound.
        maxval: f64 = 0.05,
        /// The seed; by default the numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

impl Initialize for RandomUniform {
    fn source(&self, _: &[usize]) -> Result<Source> {
        Ok(Source::draw(self.seed, Stream::uniform, self.maxval - self.minval, self.minval))
    }
}

object! {
    /// The normal distribution, truncated at two standard deviations. `stddev` is that before the cut, as in Keras.
    pub struct TruncatedNormal() {
        /// The mean.
        mean: f64 = 0.0,
        /// The standard deviation before truncation.
        stddev: f64 = 0.05,
        /// The seed; by default the numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

impl Initialize for TruncatedNormal {
    fn source(&self, _: &[usize]) -> Result<Source> {
        Ok(Source::draw(self.seed, Stream::truncated_normal, self.stddev, self.mean))
    }
}

object! {
    /// A random orthogonal matrix, times `gain` (Saxe et al., 2013). Leading dimensions count as rows.
    pub struct Orthogonal() {
        /// A factor on the matrix.
        gain: f64 = 1.0,
        /// The seed; by default the numbers follow from the seed of the run.
        seed: Option<u64>,
    }
}

impl Initialize for Orthogonal {
    fn source(&self, shape: &[usize]) -> Result<Source> {
        let matrix = orthogonal(shape, &mut stream(self.seed))?;
        Ok(Source::Values(matrix.into_iter().map(|x| x * self.gain).collect()))
    }
}

object! {
    /// The identity matrix, times `gain`. Two dimensions only.
    pub struct Identity() {
        /// The value on the diagonal.
        gain: f64 = 1.0,
    }
}

impl Initialize for Identity {
    fn source(&self, shape: &[usize]) -> Result<Source> {
        let [rows, columns] = shape else {
            return Err(Error::new("Identity fills matrices only").received(format!("shape {shape:?}")));
        };
        let at = |i: usize| if i / columns == i % columns { self.gain } else { 0.0 };
        Ok(Source::Values((0..rows * columns).map(at).collect()))
    }
}

/// Which fan [`VarianceScaling`] divides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FanMode {
    /// The number of inputs of a unit.
    FanIn,
    /// The number of units an input goes to.
    FanOut,
    /// The mean of both.
    FanAvg,
}

/// From what [`VarianceScaling`] draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Normal, truncated at two standard deviations and widened to keep the variance. (Keras 2 wrote `normal`.)
    #[serde(alias = "normal")]
    TruncatedNormal,
    /// Normal.
    UntruncatedNormal,
    /// Uniform.
    Uniform,
}

/// The setters of an initializer that has [`FanAxes`].
macro_rules! fan_setters {
    ($field:ident) => {
        /// The axes that are inputs. Default: the last but one; those before are a window.
        #[must_use]
        pub fn input_axes(mut self, input_axes: impl Into<Vec<usize>>) -> Self {
            self.$field.input_axes = Some(input_axes.into());
            self
        }

        /// The axes that are outputs. Default: the last.
        #[must_use]
        pub fn output_axes(mut self, output_axes: impl Into<Vec<usize>>) -> Self {
            self.$field.output_axes = Some(output_axes.into());
            self
        }
    };
}

object! {
    /// Random numbers of variance `scale / fan`: the common form of the Glorot, He and LeCun initializers.
    pub struct VarianceScaling() {
        /// The variance times the fan.
        scale: f64 = 1.0,
        /// Which fan.
        mode: FanMode = FanMode::FanIn,
        /// Normal or uniform.
        distribution: Distribution = Distribution::TruncatedNormal,
        /// The seed; by default the numbers follow from the seed of the run.
        seed: Option<u64>,
        ..axes: FanAxes = FanAxes::default() => fan_setters,
    }
}

/// Which axes of a weight are inputs and outputs. They are in a configuration only if they are set: older versions of Keras do not know them.
#[derive(Debug, Clone, Default)]
pub(crate) struct FanAxes {
    input_axes: Option<Vec<usize>>,
    output_axes: Option<Vec<usize>>,
}

impl Configure for FanAxes {
    fn write(&self, config: &mut ConfigMap) -> Result<()> {
        for (name, axes) in [("input_axes", &self.input_axes), ("output_axes", &self.output_axes)] {
            axes.as_ref().map_or(Ok(()), |axes| write_argument(config, name, axes))?;
        }
        Ok(())
    }

    fn read(arguments: &mut Arguments) -> Result<Self> {
        let mut axes = |name: &str| arguments.optional(name, || None);
        Ok(Self { input_axes: axes("input_axes")?, output_axes: axes("output_axes")? })
    }
}

impl Initialize for VarianceScaling {
    fn source(&self, shape: &[usize]) -> Result<Source> {
        let (fan_in, fan_out) = fans(shape, self.axes.input_axes.as_deref().zip(self.axes.output_axes.as_deref()))?;
        let fan = match self.mode {
            FanMode::FanIn => fan_in,
            FanMode::FanOut => fan_out,
            FanMode::FanAvg => (fan_in + fan_out) / 2.0,
        };
        if self.scale.is_nan() || self.scale <= 0.0 {
            return Err(Error::new("scale must be positive").received(self.scale.to_string()));
        }
        let variance = self.scale / fan.max(1.0);
        Ok(match self.distribution {
            Distribution::Uniform => {
                let limit = (3.0 * variance).sqrt();
                Source::draw(self.seed, Stream::uniform, 2.0 * limit, -limit)
            }
            Distribution::UntruncatedNormal => Source::draw(self.seed, Stream::normal, variance.sqrt(), 0.0),
            Distribution::TruncatedNormal => {
                Source::draw(self.seed, Stream::truncated_normal, variance.sqrt() / TRUNCATED_DEVIATION, 0.0)
            }
        })
    }

    fn with_axes(&self, inputs: &[usize], outputs: &[usize]) -> Option<Initializer> {
        let is_open = self.axes.input_axes.is_none() || self.axes.output_axes.is_none();
        is_open.then(|| self.clone().input_axes(inputs).output_axes(outputs).into())
    }
}

/// The classes that are [`VarianceScaling`] with fixed arguments.
macro_rules! scaled {
    ($($(#[$doc:meta])* $class:ident = $scale:literal, $mode:ident, $distribution:ident;)*) => {$(
        object! {
            $(#[$doc])*
            pub struct $class() {
                /// The seed; by default the numbers follow from the seed of the run.
                seed: Option<u64>,
                ..axes: FanAxes = FanAxes::default() => fan_setters,
            }
        }

        impl $class {
            fn scaling(&self) -> VarianceScaling {
                let Self { seed, axes } = self.clone();
                let (mode, distribution) = (FanMode::$mode, Distribution::$distribution);
                VarianceScaling { scale: $scale, mode, distribution, seed, axes }
            }
        }

        impl Initialize for $class {
            fn source(&self, shape: &[usize]) -> Result<Source> {
                self.scaling().source(shape)
            }

            fn with_axes(&self, inputs: &[usize], outputs: &[usize]) -> Option<Initializer> {
                self.scaling().with_axes(inputs, outputs)
            }
        }
    )*};
}

scaled! {
    /// Truncated normal, of variance `2 / (fan_in + fan_out)` (Glorot and Bengio, 2010).
    GlorotNormal = 1.0, FanAvg, TruncatedNormal;
    /// Uniform, of variance `2 / (fan_in + fan_out)` (Glorot and Bengio, 2010).
    GlorotUniform = 1.0, FanAvg, Uniform;
    /// Truncated normal, of variance `2 / fan_in` (He et al., 2015).
    HeNormal = 2.0, FanIn, TruncatedNormal;
    /// Uniform, of variance `2 / fan_in` (He et al., 2015).
    HeUniform = 2.0, FanIn, Uniform;
    /// Truncated normal, of variance `1 / fan_in` (LeCun et al., 1998).
    LecunNormal = 1.0, FanIn, TruncatedNormal;
    /// Uniform, of variance `1 / fan_in` (LeCun et al., 1998).
    LecunUniform = 1.0, FanIn, Uniform;
}

/// A function of the shape, as an initializer.
struct Function<F> {
    name: String,
    function: F,
}

impl<F> std::fmt::Debug for Function<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl<F: Send + Sync + 'static> Described for Function<F> {
    fn class_name(&self) -> &str {
        &self.name
    }

    fn config(&self) -> Result<Config> {
        Ok(own_function(&self.name))
    }
}

impl<F: Fn(&[usize]) -> Vec<f64> + Send + Sync + 'static> Initialize for Function<F> {
    fn source(&self, shape: &[usize]) -> Result<Source> {
        let (values, count) = ((self.function)(shape), shape.iter().product::<usize>());
        if values.len() != count {
            return Err(Error::new(format!("the initializer {:?} gives another number of values", self.name))
                .expected(format!("{count} for the shape {shape:?}"))
                .received(values.len().to_string()));
        }
        Ok(Source::Values(values))
    }
}

/// The source of a weight's values.
#[derive(Debug)]
pub enum Source {
    /// A constant.
    Constant(f64),
    /// Random numbers: `factor * draw + offset`.
    Draw {
        /// The random numbers.
        stream: Stream,
        /// The distribution.
        draw: fn(&mut Stream, usize) -> Vec<f64>,
        /// The factor.
        factor: f64,
        /// The offset.
        offset: f64,
    },
    /// These, row by row.
    Values(Vec<f64>),
}

impl Source {
    /// Random numbers `factor * draw + offset`: the same each time with a seed, others for each weight without.
    pub fn draw(seed: Option<u64>, draw: fn(&mut Stream, usize) -> Vec<f64>, factor: f64, offset: f64) -> Self {
        Self::Draw { stream: stream(seed), draw, factor, offset }
    }

    /// Passes on all `count` numbers in blocks, so that a large weight never exists in double precision.
    fn each_block(self, count: usize, mut f: impl FnMut(&[f64])) {
        const BLOCK: usize = 1 << 16;
        match self {
            Self::Values(values) => f(&values),
            Self::Constant(value) => {
                let block = vec![value; count.min(BLOCK)];
                (0..count).step_by(BLOCK).for_each(|at| f(&block[..BLOCK.min(count - at)]));
            }
            Self::Draw { mut stream, draw, factor, offset } => {
                for at in (0..count).step_by(BLOCK) {
                    let mut block = draw(&mut stream, BLOCK.min(count - at));
                    block.iter_mut().for_each(|x| *x = *x * factor + offset);
                    f(&block);
                }
            }
        }
    }
}

/// The standard deviation of the standard normal distribution truncated at two.
const TRUNCATED_DEVIATION: f64 = 0.879_625_661_034_239_8;

/// `fan_in` and `fan_out` of a weight of this shape: how many inputs a unit has, and to how many units an input goes.
///
/// # Errors
/// If the weight has not these axes.
fn fans(shape: &[usize], axes: Option<(&[usize], &[usize])>) -> Result<(f64, f64)> {
    if let Some((inputs, outputs)) = axes {
        let size = |axis: &usize| {
            let size = shape.get(*axis).map(|size| *size as f64);
            size.ok_or_else(|| Error::new(format!("a weight of shape {shape:?} has no axis {axis}")))
        };
        let fan = |axes: &[usize]| axes.iter().map(size).product::<Result<f64>>();
        return Ok((fan(inputs)?, fan(outputs)?));
    }
    let (fan_in, fan_out) = match shape {
        [] => (1, 1),
        [n] => (*n, *n),
        [field @ .., inputs, outputs] => {
            let field: usize = field.iter().product();
            (field * inputs, field * outputs)
        }
    };
    Ok((fan_in as f64, fan_out as f64))
}

fn stream(seed: Option<u64>) -> Stream {
    seed.map_or_else(random::next_stream, |seed| Stream::new(seed, 0))
}

impl Initializer {
    /// The initializer of a weight whose inputs and outputs are these axes.
    ///
    /// # Errors
    /// If its name is unknown.
    pub(crate) fn for_axes(&self, inputs: &[usize], outputs: &[usize]) -> Result<Self> {
        Ok(self.get()?.with_axes(inputs, outputs).unwrap_or_else(|| self.clone()))
    }

    /// A custom initializer: a function that returns the values of a weight of this shape, row by row, with the name under which it is
    /// saved.
    pub fn new(name: impl Into<String>, function: impl Fn(&[usize]) -> Vec<f64> + Send + Sync + 'static) -> Self {
        Function { name: name.into(), function }.into()
    }

    /// A tensor on the host with initial values.
    ///
    /// # Errors
    /// If the name is not an initializer, or it cannot fill this shape.
    pub fn init(&self, shape: &[usize], dtype: DType) -> Result<Tensor> {
        let mut values = Vec::with_capacity(shape.iter().product());
        self.each_block(shape, |block| values.extend_from_slice(block))?;
        Ok(Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(dtype)?)
    }

    /// [`init`](Self::init) for f32, without more memory than the result needs.
    pub(crate) fn init_f32(&self, shape: &[usize]) -> Result<Vec<f32>> {
        let mut values = Vec::with_capacity(shape.iter().product());
        self.each_block(shape, |block| values.extend(block.iter().map(|&x| x as f32)))?;
        Ok(values)
    }

    fn each_block(&self, shape: &[usize], f: impl FnMut(&[f64])) -> Result<()> {
        let count = shape.iter().product();
        self.get()?.source(shape)?.each_block(count, f);
        Ok(())
    }
}

/// A matrix with orthonormal columns, or rows if there are fewer of them: normal numbers, orthogonalized.
fn orthogonal(shape: &[usize], stream: &mut Stream) -> Result<Vec<f64>> {
    let [leading @ .., columns] = shape else {
        return Err(Error::new("Orthogonal needs at least two dimensions").received(format!("shape {shape:?}")));
    };
    if leading.is_empty() {
        return Err(Error::new("Orthogonal needs at least two dimensions").received(format!("shape {shape:?}")));
    }
    let (rows, columns) = (leading.iter().product::<usize>(), *columns);
    let (length, count) = (rows.max(columns), rows.min(columns));
    let mut vectors: Vec<Vec<f64>> = (0..count).map(|_| stream.normal(length)).collect();
    for i in 0..count {
        let (done, rest) = vectors.split_at_mut(i);
        let vector = &mut rest[0];
        // Gram and Schmidt's method loses orthogonality to rounding; a second pass restores it.
        for other in done.iter().chain(done.iter()) {
            let dot: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
            vector.iter_mut().zip(other).for_each(|(a, b)| *a -= dot * b);
        }
        let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
    }
    let at = |row: usize, column: usize| if rows > columns { vectors[column][row] } else { vectors[row][column] };
    Ok((0..rows * columns).map(|i| at(i / columns, i % columns)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(initializer: impl Into<Initializer>, shape: &[usize]) -> Vec<f64> {
        let tensor = initializer.into().init(shape, DType::F64).unwrap();
        tensor.flatten_all().unwrap().to_vec1().unwrap()
    }

    fn deviation(values: &[f64]) -> f64 {
        (values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64).sqrt()
    }

    #[test]
    fn variance_follows_the_fans() {
        let shape = [3, 200, 400]; // a Conv1D kernel: fan_in 600, fan_out 1200
        for (name, variance) in [
            ("glorot_uniform", 2.0 / 1800.0),
            ("glorot_normal", 2.0 / 1800.0),
            ("he_uniform", 2.0 / 600.0),
            ("he_normal", 2.0 / 600.0),
            ("lecun_uniform", 1.0 / 600.0),
            ("lecun_normal", 1.0 / 600.0),
            ("uniform", 0.1f64.powi(2) / 12.0),
            ("normal", 0.05f64.powi(2)),
        ] {
            let found = deviation(&values(name, &shape)).powi(2);
            assert!((found / variance - 1.0).abs() < 0.02, "{name}: {found} for {variance}");
        }
        let cut = values(TruncatedNormal::new().stddev(1.0), &[100_000]);
        assert!(cut.iter().all(|x| x.abs() < 2.0) && (deviation(&cut) - TRUNCATED_DEVIATION).abs() < 0.01);
    }

    #[test]
    fn orthogonal_matrices_are() {
        for shape in [[4, 6], [6, 4], [5, 5]] {
            let (rows, columns) = (shape[0], shape[1]);
            let matrix = Tensor::from_vec(values("orthogonal", &shape), (rows, columns), &Device::Cpu).unwrap();
            let transposed = matrix.t().unwrap();
            let product = if rows < columns { matrix.matmul(&transposed) } else { transposed.matmul(&matrix) };
            let identity = Tensor::eye(rows.min(columns), DType::F64, &Device::Cpu).unwrap();
            let apart = (product.unwrap() - identity).unwrap().abs().unwrap().max_all().unwrap();
            assert!(apart.to_scalar::<f64>().unwrap() < 1e-12);
        }
        assert!(Initializer::from("orthogonal").init(&[3], DType::F32).is_err());
    }

    #[test]
    fn seeds_fix_the_numbers() {
        let seeded = GlorotUniform::new().seed(3);
        assert_eq!(values(seeded.clone(), &[2, 3]), values(seeded, &[2, 3]));
        assert_ne!(values("glorot_uniform", &[2, 3]), values("glorot_uniform", &[2, 3]));
        let draw = || {
            random::set_random_seed(1);
            values("glorot_uniform", &[2, 3])
        };
        assert_eq!(draw(), draw());
    }

    #[test]
    fn the_form_is_that_of_keras() {
        let config = serde_json::json!({
            "module": "keras.initializers", "class_name": "RandomUniform",
            "config": {"minval": -0.05, "maxval": 0.05, "seed": null}, "registered_name": null
        });
        let uniform = Initializer::from("uniform");
        assert_eq!(serde_json::to_value(&uniform).unwrap(), config);
        assert_eq!(serde_json::from_value::<Initializer>(config).unwrap(), uniform);
        assert_eq!(serde_json::from_value::<Initializer>("uniform".into()).unwrap(), uniform);
        // As Keras 2 named the classes in files.
        for name in ["Orthogonal", "OrthogonalInitializer", "orthogonal"] {
            let config = serde_json::json!({"class_name": name, "config": {"gain": 1.0, "seed": null}});
            assert_eq!(serde_json::from_value::<Initializer>(config).unwrap(), Initializer::from("orthogonal"));
        }
        assert!(Initializer::from(VarianceScaling::new().scale(-1.0)).init(&[2], DType::F32).is_err());
        let error = Initializer::from("glorot_unifrom").init(&[2], DType::F32).unwrap_err().to_string();
        assert!(error.contains("did you mean \"glorot_uniform\"?"), "{error}");
    }
}
