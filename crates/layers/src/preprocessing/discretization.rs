//! Discretization: numbers become bins. Keras: `keras.layers.Discretization`.

use super::batches::each_batch;
use super::encoding::{Encoding, OutputMode, refuse_sparse};
use super::quantiles::Summary;
use crate::call::CallArguments;
use crate::layer::{refuse_text, single};
use crate::{Build, Config, Context, Described, Layer, Shape, TensorSpec};
use candle_core::{DType, Device, Tensor};
use candle_keras_data::IntoData;
use candle_keras_ops::{Error, Result, to_device};
use std::sync::{Arc, PoisonError, RwLock};

layer! {
    /// Replaces numbers by the bins that they are in: bin `i` has the numbers from boundary `i - 1` to below boundary `i`.
    ///
    /// The boundaries are given, or are quantiles of the data that the layer has [adapted](Self::adapt) to, so that bins have equally many numbers of it.
    ///
    /// Keras: `keras.layers.Discretization`.
    ///
    /// # Shapes
    /// - input: any
    /// - output: like the input, in int32; in other modes vectors of the bins, one more than boundaries: `(batch, numbers, bins)` or `(batch, bins)` for one number with
    ///   `"one_hot"`, `(batch, bins)` for `(batch, numbers)` with `"multi_hot"` and `"count"`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Discretization, Layer};
    /// use candle_core::{Device, Tensor};
    /// let ages = Tensor::new(&[[3f32, 18.], [70., 17.]], &Device::Cpu)?;
    /// let y = Discretization::new().bin_boundaries([18.0, 65.0]).call(&ages)?;
    /// assert_eq!(y.to_vec2::<i32>()?, [[0, 1], [2, 0]]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Discretization() {
        /// The boundaries, in rising order.
        bin_boundaries: Option<Boundaries>,
        /// The number of bins that are found by [`adapt`](Self::adapt), in place of boundaries.
        num_bins: Option<usize>,
        /// The error of the quantiles, as a share of the data: the smaller, the more memory.
        epsilon: f64 = 0.01,
        /// `"int"`, `"one_hot"`, `"multi_hot"` or `"count"`.
        output_mode: OutputMode = "int",
        /// Keras's sparse tensors: not supported.
        sparse: bool = false,
        let adapted: Arc<RwLock<Option<Boundaries>>> = Arc::default(),
    }
}

/// The boundaries of bins.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Boundaries(Vec<f64>);

impl<const N: usize> From<[f64; N]> for Boundaries {
    fn from(boundaries: [f64; N]) -> Self {
        Self(boundaries.to_vec())
    }
}

impl From<Vec<f64>> for Boundaries {
    fn from(boundaries: Vec<f64>) -> Self {
        Self(boundaries)
    }
}

impl From<&[f64]> for Boundaries {
    fn from(boundaries: &[f64]) -> Self {
        Self(boundaries.to_vec())
    }
}

/// The most bins: the vectors of `"one_hot"` are as long.
const MOST_BINS: usize = 1 << 24;

impl Discretization {
    /// Finds the boundaries of `num_bins` bins with equally many numbers: those of an array, or of the inputs of a dataset, which is read once. Keras: `adapt`.
    ///
    /// # Errors
    /// If the layer has boundaries in place of `num_bins`, or there is no data.
    pub fn adapt(&self, data: impl IntoData) -> Result<()> {
        self.adapt_to(data).map_err(|error| error.in_layer(self.layer_name(), self.class_name()))
    }

    fn adapt_to(&self, data: impl IntoData) -> Result<()> {
        self.check()?;
        let bins = self.num_bins.ok_or_else(|| {
            Error::new("the layer has bin_boundaries").help("give it num_bins instead, and it adapts to data")
        })?;
        let mut summary = Summary::default();
        each_batch(data.into_data()?, false, &mut |batch| {
            let numbers = batch.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
            let old = std::mem::take(&mut summary);
            summary = Summary::of(numbers, self.epsilon).merge(old, self.epsilon);
            Ok(())
        })?;
        if summary.is_empty() {
            return Err(Error::new("there is no data to adapt to"));
        }
        let boundaries: Vec<f64> = summary.boundaries(bins).into_iter().map(f64::from).collect();
        let mut adapted = self.adapted.write().unwrap_or_else(PoisonError::into_inner);
        let used = self.base.built().is_some() && self.output_mode != OutputMode::Int;
        if let Some(old) = self.known(&adapted).filter(|old| used && old.0.len() != boundaries.len()) {
            return Err(Error::new("the number of bins cannot change after the first call of the layer")
                .expected((old.0.len() + 1).to_string())
                .received((boundaries.len() + 1).to_string()));
        }
        *adapted = Some(Boundaries(boundaries));
        Ok(())
    }

    fn known(&self, adapted: &Option<Boundaries>) -> Option<Boundaries> {
        adapted.as_ref().or(self.bin_boundaries.as_ref()).cloned()
    }

    /// The boundaries that are given, or that the layer has adapted to.
    fn boundaries(&self) -> Option<Vec<f64>> {
        Some(self.known(&self.adapted.read().unwrap_or_else(PoisonError::into_inner))?.0)
    }

    fn encoding(&self) -> Encoding<'_> {
        let bins = self.boundaries().map(|boundaries| boundaries.len() + 1).or(self.num_bins);
        Encoding { mode: &self.output_mode, depth: bins.unwrap_or(0) }
    }

    fn check(&self) -> Result<()> {
        refuse_sparse(self.sparse)?;
        self.output_mode.check(&[OutputMode::Int, OutputMode::OneHot, OutputMode::MultiHot, OutputMode::Count])?;
        if !(self.epsilon > 1e-6 && self.epsilon < 1.0) {
            return Err(Error::new("epsilon must be between 1e-6 and 1").received(self.epsilon.to_string()));
        }
        match (&self.bin_boundaries, self.num_bins) {
            (None, None) => Err(Error::new("the layer needs bin_boundaries, or num_bins to adapt to data")),
            (_, Some(bins)) if !(1..=MOST_BINS).contains(&bins) => {
                Err(Error::new(format!("num_bins must be from 1 to {MOST_BINS}")).received(bins.to_string()))
            }
            (Some(Boundaries(boundaries)), _) if !boundaries.is_sorted() => {
                Err(Error::new("bin_boundaries must be in rising order").received(format!("{boundaries:?}")))
            }
            _ => Ok(()),
        }
    }
}

impl Layer for Discretization {
    /// With the boundaries that were found, and without the one argument of all layers that Keras's class does not take.
    fn get_config(&self) -> Result<Config> {
        let mut config = self.config()?;
        config.as_object_mut().and_then(|config| config.remove("trainable"));
        config["bin_boundaries"] = candle_keras_ops::json::to_value(&self.boundaries())?;
        Ok(config)
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![self.encoding().shape(single(inputs)?)])
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        let dtype = if self.output_mode == OutputMode::Int { DType::I32 } else { self.base.compute_dtype() };
        refuse_text(inputs)?;
        let shape = self.encoding().shape(&single(inputs)?.shape);
        Ok(vec![TensorSpec::new(shape, dtype)])
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        self.check()
    }

    /// Rounded to 16 bits, a number may fall in another bin.
    fn autocast(&self) -> bool {
        false
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let (x, dtype) = (single(inputs)?, self.base.compute_dtype());
        let boundaries = self.boundaries().ok_or_else(|| {
            Error::new("the layer has no boundaries yet").help("give it bin_boundaries, or call adapt on data first")
        })?;
        // In the precision of the input.
        let rounded = |x: f64| if dtype == DType::F64 { x } else { f64::from(x as f32) };
        let boundaries: Vec<f64> = boundaries.into_iter().map(rounded).collect();
        let numbers = x.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
        let bin = |x: f64| boundaries.partition_point(|boundary| *boundary <= x || x.is_nan()) as i64;
        let bins = numbers.into_iter().map(bin).collect();
        let y = self.encoding().encode(bins, x.dims(), None, dtype)?;
        let y = if self.output_mode == OutputMode::Int { y.to_dtype(DType::I32)? } else { y };
        Ok(vec![to_device(&y, x.device())?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer, from_config};
    use candle_keras_data::Dataset;

    #[test]
    fn behaves_as_every_layer_must() {
        let with = |mode: &'static str| move || Discretization::new().bin_boundaries([-0.5, 0.5]).output_mode(mode);
        check_layer(with("one_hot"), Check::inputs([[2, 3]]).output([2, 3, 3]));
        check_layer(with("one_hot"), Check::inputs([[2, 1]]).output([2, 3]));
        check_layer(with("multi_hot"), Check::inputs([[2, 4]]).output([2, 3]));
        check_layer(with("count"), Check::inputs([[2, 4, 2]]).output([2, 2, 3]));
    }

    #[test]
    fn numbers_are_not_rounded() {
        let layer = Discretization::new().bin_boundaries([300.5]).output_mode("one_hot").dtype("mixed_bfloat16");
        let y = layer.call(Tensor::new(&[[300.4f32], [300.6]], &Device::Cpu).unwrap()).unwrap();
        assert_eq!(y.dtype(), DType::BF16);
        assert_eq!(y.to_dtype(DType::F32).unwrap().to_vec2::<f32>().unwrap(), [[1.0, 0.0], [0.0, 1.0]]);
    }

    #[test]
    fn a_boundary_is_in_the_bin_above_it() {
        let x = Tensor::new(&[-1f32, 0.1, 0.3, f32::INFINITY, f32::NAN], &Device::Cpu).unwrap();
        let y = Discretization::new().bin_boundaries([0.1, 0.3]).call(&x).unwrap();
        assert_eq!(y.to_vec1::<i32>().unwrap(), [0, 1, 2, 2, 2]);
    }

    #[test]
    fn bins_have_equally_many_numbers() {
        let numbers: Vec<f32> = (0..10_000).map(|i| ((i * 7919) % 10_000) as f32).collect();
        let layer = Discretization::new().num_bins(4).epsilon(0.001);
        for dataset in [100, 10_000].map(|size| Dataset::from_tensor_slices(&numbers).unwrap().batch(size)) {
            layer.adapt(&dataset).unwrap();
            for (boundary, exact) in layer.boundaries().unwrap().into_iter().zip([2500.0, 5000.0, 7500.0]) {
                assert!((boundary - exact).abs() < 50.0, "{boundary} for {exact}");
            }
        }
        let again: Discretization = from_config("Discretization", layer.get_config().unwrap()).unwrap();
        assert_eq!(again.get_config().unwrap(), layer.get_config().unwrap());
        assert_eq!(again.boundaries(), layer.boundaries());
    }

    #[test]
    fn bad_arguments_are_errors() {
        let error = |layer: Discretization| layer.call(Input::shape([2])).shape().unwrap_err().to_string();
        assert!(error(Discretization::new()).contains("bin_boundaries, or num_bins"));
        assert!(error(Discretization::new().num_bins(0)).contains("num_bins must be from 1"));
        assert!(error(Discretization::new().num_bins(usize::MAX)).contains("num_bins must be from 1"));
        assert!(error(Discretization::new().num_bins(2).epsilon(f64::NAN)).contains("epsilon"));
        assert!(error(Discretization::new().bin_boundaries([1.0, 0.0])).contains("rising order"));
        assert!(error(Discretization::new().bin_boundaries([1.0, f64::NAN])).contains("rising order"));
        assert!(error(Discretization::new().num_bins(2).output_mode("tf_idf")).contains("output_mode"));
        let x = Tensor::new(&[1f32], &Device::Cpu).unwrap();
        let layer = Discretization::new().num_bins(2).name("ages");
        let early = layer.call(&x).unwrap_err().to_string();
        assert!(early.contains("layer \"ages\" (Discretization): the layer has no boundaries yet"), "{early}");
        assert!(Discretization::new().bin_boundaries([1.0]).adapt(vec![1f32]).is_err());
        assert!(layer.adapt(Vec::<f32>::new()).unwrap_err().to_string().contains("no data"));
    }
}
