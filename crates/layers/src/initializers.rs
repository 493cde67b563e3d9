//! How a weight begins. Keras: `keras.initializers`.
//!
//! Keras's distributions, fans and truncation; the numbers come from the project's own generator, so they differ from those
//! of any Keras backend, as those of the backends differ from each other. An initializer without a seed draws other numbers for
//! each weight; with a seed it gives the same numbers each time. (Keras, too, except that one *object* without a seed repeats
//! itself there.)

use crate::setters;
use candle_keras_ops::random::{self, Stream};
use candle_keras_ops::{DType, Device, Error, Result, Tensor};
use serde::{Deserialize, Serialize};

keras_objects! {
    /// How a weight begins: a class of this module, or its Keras name such as `"glorot_uniform"`.
    Initializer, "initializer", "keras.initializers", {
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
    }
}

/// All 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Zeros {}

/// All 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ones {}

/// All `value`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Constant {
    value: f64,
}

impl Constant {
    /// All `value`.
    pub fn new(value: f64) -> Self {
        Self { value }
    }
}

macro_rules! random_initializer {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident = $default:expr),* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($field: f64,)*
            seed: Option<u64>,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* seed: None }
            }
        }

        impl $name {
            /// With Keras's defaults.
            pub fn new() -> Self {
                Self::default()
            }

            setters! {
                $($(#[$field_doc])* $field: f64,)*
                /// Fixes the numbers, whatever else was drawn before.
                seed: Option<u64>,
            }
        }
    };
}

random_initializer! {
    /// The normal distribution.
    RandomNormal {
        /// The mean.
        mean = 0.0,
        /// The standard deviation.
        stddev = 0.05
    }
}
random_initializer! {
    /// The uniform distribution between `minval` and `maxval`.
    RandomUniform {
        /// The lower bound.
        minval = -0.05,
        /// The upper bound.
        maxval = 0.05
    }
}
random_initializer! {
    /// The normal distribution, cut off at two standard deviations. `stddev` is that before the cut, as in Keras.
    TruncatedNormal {
        /// The mean.
        mean = 0.0,
        /// The standard deviation before the cut.
        stddev = 0.05
    }
}
random_initializer! {
    /// A random orthogonal matrix, times `gain` (Saxe et al., 2013). Leading dimensions count as rows.
    Orthogonal {
        /// A factor on the matrix.
        gain = 1.0
    }
}
random_initializer! {
    /// Truncated normal, of variance `2 / (fan_in + fan_out)` (Glorot and Bengio, 2010).
    GlorotNormal {}
}
random_initializer! {
    /// Uniform, of variance `2 / (fan_in + fan_out)` (Glorot and Bengio, 2010).
    GlorotUniform {}
}
random_initializer! {
    /// Truncated normal, of variance `2 / fan_in` (He et al., 2015).
    HeNormal {}
}
random_initializer! {
    /// Uniform, of variance `2 / fan_in` (He et al., 2015).
    HeUniform {}
}
random_initializer! {
    /// Truncated normal, of variance `1 / fan_in` (LeCun et al., 1998).
    LecunNormal {}
}
random_initializer! {
    /// Uniform, of variance `1 / fan_in` (LeCun et al., 1998).
    LecunUniform {}
}

/// The identity matrix, times `gain`. Two dimensions only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    gain: f64,
}

impl Default for Identity {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Identity {
    /// With a gain of 1.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The value on the diagonal.
        gain: f64,
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
    /// Normal, cut off at two standard deviations and widened to keep the variance. (Keras 2 wrote `normal`.)
    #[serde(alias = "normal")]
    TruncatedNormal,
    /// Normal.
    UntruncatedNormal,
    /// Uniform.
    Uniform,
}

/// Of variance `scale / fan`: the common form of the Glorot, He and LeCun initializers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct VarianceScaling {
    scale: f64,
    mode: FanMode,
    distribution: Distribution,
    seed: Option<u64>,
}

impl Default for VarianceScaling {
    fn default() -> Self {
        Self { scale: 1.0, mode: FanMode::FanIn, distribution: Distribution::TruncatedNormal, seed: None }
    }
}

impl VarianceScaling {
    /// With Keras's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The variance times the fan.
        scale: f64,
        /// Which fan.
        mode: FanMode,
        /// Normal or uniform.
        distribution: Distribution,
        /// Fixes the numbers.
        seed: Option<u64>,
    }

    fn draw(&self, shape: &[usize]) -> Source {
        let (fan_in, fan_out) = fans(shape);
        let fan = match self.mode {
            FanMode::FanIn => fan_in,
            FanMode::FanOut => fan_out,
            FanMode::FanAvg => (fan_in + fan_out) / 2.0,
        };
        let (variance, stream) = (self.scale / fan.max(1.0), stream(self.seed));
        match self.distribution {
            Distribution::Uniform => {
                let limit = (3.0 * variance).sqrt();
                Source::Draw { stream, draw: Stream::uniform, factor: 2.0 * limit, offset: -limit }
            }
            Distribution::UntruncatedNormal => {
                Source::Draw { stream, draw: Stream::normal, factor: variance.sqrt(), offset: 0.0 }
            }
            Distribution::TruncatedNormal => {
                let factor = variance.sqrt() / TRUNCATED_DEVIATION;
                Source::Draw { stream, draw: Stream::truncated_normal, factor, offset: 0.0 }
            }
        }
    }
}

/// Where the numbers of a weight come from.
enum Source {
    Constant(f64),
    /// `factor * draw + offset`.
    Draw {
        stream: Stream,
        draw: fn(&mut Stream, usize) -> Vec<f64>,
        factor: f64,
        offset: f64,
    },
    Values(Vec<f64>),
}

impl Source {
    /// Hands on all `count` numbers, a block at a time: a large weight is never there in double precision.
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

/// The standard deviation of the standard normal distribution after the cut at two of them.
const TRUNCATED_DEVIATION: f64 = 0.879_625_661_034_239_8;

/// How many inputs a unit has and to how many units an input goes, for a weight of this shape.
fn fans(shape: &[usize]) -> (f64, f64) {
    let (fan_in, fan_out) = match shape {
        [] => (1, 1),
        [n] => (*n, *n),
        [field @ .., inputs, outputs] => {
            let field: usize = field.iter().product();
            (field * inputs, field * outputs)
        }
    };
    (fan_in as f64, fan_out as f64)
}

fn stream(seed: Option<u64>) -> Stream {
    seed.map_or_else(random::next_stream, |seed| Stream::new(seed, 0))
}

impl Initializer {
    /// A tensor on the host with initial values.
    ///
    /// # Errors
    /// If the name is not an initializer, or the shape is not one that it can fill.
    pub fn init(&self, shape: &[usize], dtype: DType) -> Result<Tensor> {
        let count = shape.iter().product();
        let mut values = Vec::with_capacity(count);
        self.source(shape)?.each_block(count, |block| values.extend_from_slice(block));
        Ok(Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(dtype)?)
    }

    /// [`init`](Self::init) for f32, with no more memory than the numbers themselves take.
    pub(crate) fn init_f32(&self, shape: &[usize]) -> Result<Vec<f32>> {
        let count = shape.iter().product();
        let mut values = Vec::with_capacity(count);
        self.source(shape)?.each_block(count, |block| values.extend(block.iter().map(|&x| x as f32)));
        Ok(values)
    }

    fn source(&self, shape: &[usize]) -> Result<Source> {
        let scaling = |scale, mode, distribution, seed| VarianceScaling { scale, mode, distribution, seed }.draw(shape);
        let drawn =
            |seed: &Option<u64>, draw, factor, offset| Source::Draw { stream: stream(*seed), draw, factor, offset };
        use {Distribution::*, FanMode::*};
        Ok(match self {
            Self::Zeros(Zeros {}) => Source::Constant(0.0),
            Self::Ones(Ones {}) => Source::Constant(1.0),
            Self::Constant(Constant { value }) => Source::Constant(*value),
            Self::RandomNormal(RandomNormal { mean, stddev, seed }) => drawn(seed, Stream::normal, *stddev, *mean),
            Self::TruncatedNormal(self::TruncatedNormal { mean, stddev, seed }) => {
                drawn(seed, Stream::truncated_normal, *stddev, *mean)
            }
            Self::RandomUniform(RandomUniform { minval, maxval, seed }) => {
                drawn(seed, Stream::uniform, maxval - minval, *minval)
            }
            Self::VarianceScaling(variance_scaling) => variance_scaling.draw(shape),
            Self::GlorotNormal(x) => scaling(1.0, FanAvg, TruncatedNormal, x.seed),
            Self::GlorotUniform(x) => scaling(1.0, FanAvg, Uniform, x.seed),
            Self::HeNormal(x) => scaling(2.0, FanIn, TruncatedNormal, x.seed),
            Self::HeUniform(x) => scaling(2.0, FanIn, Uniform, x.seed),
            Self::LecunNormal(x) => scaling(1.0, FanIn, TruncatedNormal, x.seed),
            Self::LecunUniform(x) => scaling(1.0, FanIn, Uniform, x.seed),
            Self::Orthogonal(Orthogonal { gain, seed }) => {
                Source::Values(orthogonal(shape, &mut stream(*seed))?.into_iter().map(|x| x * gain).collect())
            }
            Self::Identity(Identity { gain }) => match shape {
                [rows, columns] => Source::Values(
                    (0..rows * columns).map(|i| if i / columns == i % columns { *gain } else { 0.0 }).collect(),
                ),
                _ => return Err(Error::new("Identity fills matrices only").received(format!("shape {shape:?}"))),
            },
            Self::Unknown(name) => return Err(Self::unknown(name)),
        })
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
        let error = Initializer::from("glorot_unifrom").init(&[2], DType::F32).unwrap_err().to_string();
        assert!(error.contains("did you mean \"glorot_uniform\"?"), "{error}");
    }
}
