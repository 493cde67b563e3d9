//! Normalization: mean 0 and variance 1, by the data. Keras: `keras.layers.Normalization`.

use super::batches::each_batch;
use super::moments::Moments;
use crate::layer::single;
use crate::{Build, Context, Described, Layer, Numbers, Shape, Weight, WeightSet};
use candle_core::{DType, Tensor};
use candle_keras_data::IntoData;
use candle_keras_ops::config::epsilon;
use candle_keras_ops::{self as ops, Error, Result};
use serde::{Deserialize, Serialize};

/// The axes whose positions a [`Normalization`] keeps apart: `-1`, `[1, 2]`, or none with `()`, from the end if negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Option<Form>", into = "Vec<i64>")]
pub struct KeptAxes(Vec<i64>);

/// The forms in files.
#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    One(i64),
    Several(Vec<i64>),
}

impl From<Option<Form>> for KeptAxes {
    fn from(form: Option<Form>) -> Self {
        match form {
            None => ().into(),
            Some(Form::One(axis)) => axis.into(),
            Some(Form::Several(axes)) => Self(axes),
        }
    }
}

impl From<KeptAxes> for Vec<i64> {
    fn from(axes: KeptAxes) -> Self {
        axes.0
    }
}

impl From<()> for KeptAxes {
    fn from((): ()) -> Self {
        Self(Vec::new())
    }
}

impl From<i64> for KeptAxes {
    fn from(axis: i64) -> Self {
        Self(vec![axis])
    }
}

impl<const N: usize> From<[i64; N]> for KeptAxes {
    fn from(axes: [i64; N]) -> Self {
        Self(axes.to_vec())
    }
}

impl KeptAxes {
    /// The axes in rising order.
    fn resolve(&self, rank: usize) -> Result<Vec<usize>> {
        let resolve = |&axis: &i64| {
            let resolved = if axis < 0 { axis + rank as i64 } else { axis };
            usize::try_from(resolved).ok().filter(|axis| *axis < rank).ok_or_else(|| {
                Error::new("an axis to keep must be one of the input")
                    .expected(format!("-{rank} to {}", rank as i64 - 1))
                    .received(axis.to_string())
            })
        };
        let mut axes = self.0.iter().map(resolve).collect::<Result<Vec<_>>>()?;
        axes.sort_unstable();
        axes.dedup();
        Ok(axes)
    }
}

layer! {
    /// `(x - mean) / sqrt(variance)`, with the moments of the data that the layer has [adapted](Self::adapt) to, or given ones.
    ///
    /// Each position along `axis` has its own moments: by default each feature.
    ///
    /// Keras: `keras.layers.Normalization`.
    ///
    /// # Shapes
    /// - input and output: any; weights: the mean and the variance with the sizes of the kept axes, and a count that Keras keeps for old files
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Layer, Normalization};
    /// use candle_core::{Device, Tensor};
    /// let normalize = Normalization::new();
    /// normalize.adapt(vec![[0f32, 7.], [2., 9.], [0., 7.], [2., 9.]])?;
    /// let y = normalize.call(Tensor::new(&[[1f32, 9.]], &Device::Cpu)?)?;
    /// assert_eq!(y.to_vec2::<f32>()?, [[0., 1.]]);
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    pub struct Normalization() {
        /// The axes whose positions have their own moments; `()` is one for all. Their sizes must be known.
        axis: KeptAxes = -1,
        /// The mean, if it is known; then `variance` is given too, and the layer has no weights.
        mean: Option<Numbers>,
        /// The variance, like `mean`.
        variance: Option<Numbers>,
        /// Whether the normalization is undone: `mean + x sqrt(variance)`.
        invert: bool = false,
    }
}

impl Normalization {
    /// Takes the mean and the variance of an array with the samples on its first axis, or of the inputs of a dataset, which is read once. Keras: `adapt`.
    ///
    /// An element of a dataset is a batch; one without a batch axis has the rank of a sample and is a batch of one.
    ///
    /// # Errors
    /// If the moments are given, the data has other sizes on the kept axes than the layer, or there is none.
    pub fn adapt(&self, data: impl IntoData) -> Result<()> {
        self.adapt_to(data).map_err(|error| error.in_layer(self.layer_name(), self.class_name()))
    }

    fn adapt_to(&self, data: impl IntoData) -> Result<()> {
        if self.mean.is_some() || self.variance.is_some() {
            return Err(Error::new("the layer has a mean and a variance").help("leave them out to adapt the layer"));
        }
        let mut moments: Option<Moments> = None;
        each_batch(data.into_data()?, false, &mut |batch| {
            let batch = self.batch(batch)?;
            let shape: Shape = batch.dims().into();
            crate::layer::build(self, std::slice::from_ref(&shape.any_batch()))?;
            self.base.check_shapes(&[shape])?;
            let kept = self.axis.resolve(batch.rank())?;
            moments.get_or_insert_default().add(&batch, &kept)
        })?;
        let moments = moments.filter(|moments| moments.count() > 0.0);
        let moments = moments.ok_or_else(|| Error::new("there is no data to adapt to"))?;
        let variables = ["mean", "variance"].map(|name| self.base.variable(name));
        let [mean, variance] = variables;
        let (mean, variance) = (mean?, variance?);
        let assign = || {
            mean.assign(&moments.mean(&mean.dims())?)?;
            variance.assign(&moments.variance(&variance.dims())?)
        };
        WeightSet::new(vec![mean.clone(), variance.clone()]).write(assign)
    }

    /// A batch of one for a sample without its axis.
    fn batch(&self, batch: &Tensor) -> Result<Tensor> {
        let built = self.base.built().and_then(|shapes| Some(shapes.first()?.len()));
        let is_sample = built.map_or(batch.rank() < 2 && self.axis != ().into(), |rank| batch.rank() + 1 == rank);
        Ok(if is_sample { batch.unsqueeze(0)? } else { batch.clone() })
    }

    /// A given moment in the shape that repeats along the axes that are not kept.
    fn given(&self, numbers: &Numbers, input: &Tensor) -> Result<Tensor> {
        let moment = numbers.like(input)?;
        let mut shape = vec![1; input.rank()];
        let kept = self.axis.resolve(input.rank())?;
        for (&axis, &size) in kept.iter().rev().zip(moment.dims().iter().rev()) {
            shape[axis] = size;
        }
        Ok(moment.reshape(shape)?)
    }

    /// The same for one of the weights.
    fn adapted(&self, name: &str, input: &Tensor) -> Result<Tensor> {
        let mut shape = vec![1; input.rank()];
        self.axis.resolve(input.rank())?.into_iter().for_each(|axis| shape[axis] = input.dims()[axis]);
        Ok(self.base.variable(name)?.value().to_dtype(input.dtype())?.reshape(shape)?)
    }

    fn moment(&self, name: &str, given: &Option<Numbers>, input: &Tensor) -> Result<Tensor> {
        given.as_ref().map_or_else(|| self.adapted(name, input), |numbers| self.given(numbers, input))
    }

    /// Whether the moments are given.
    ///
    /// # Errors
    /// If one of them is, or their shapes do not fit.
    fn has_moments(&self, input: &Shape, kept: &[usize]) -> Result<bool> {
        let (mean, variance) = match (&self.mean, &self.variance) {
            (None, None) => return Ok(false),
            (Some(mean), Some(variance)) => (mean, variance),
            _ => return Err(Error::new("mean and variance are given together, or neither of them")),
        };
        if mean.dims() != variance.dims() {
            return Err(Error::new("mean and variance must have one shape").received(format!(
                "{:?} and {:?}",
                mean.dims(),
                variance.dims()
            )));
        }
        let kept: Shape = kept.iter().map(|&axis| input[axis]).collect();
        mean.check_repeats_to(&kept, "mean")?;
        Ok(true)
    }
}

impl Layer for Normalization {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let input = single(inputs)?;
        self.axis.resolve(input.len())?;
        Ok(vec![input.clone()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let input = single(inputs)?;
        let kept = self.axis.resolve(input.len())?;
        let sizes = kept.iter().map(|&axis| build.input_size(axis as i64)).collect::<Result<Vec<_>>>()?;
        if self.has_moments(input, &kept)? {
            return Ok(());
        }
        build.add_weight(Weight::new("mean", sizes.as_slice(), &"zeros".into()).trainable(false));
        build.add_weight(Weight::new("variance", sizes, &"ones".into()).trainable(false));
        build.add_weight(Weight::new("count", [], &"zeros".into()).trainable(false).dtype(DType::I32));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?.to_dtype(self.base.compute_dtype())?;
        if !x.dtype().is_float() {
            return Err(Error::new("data is normalized in floating-point numbers")
                .received(format!("dtype {}", ops::dtype_name(x.dtype()))));
        }
        let mean = self.moment("mean", &self.mean, &x)?;
        let deviation = self.moment("variance", &self.variance, &x)?.sqrt()?.maximum(epsilon())?;
        Ok(vec![match self.invert {
            true => x.broadcast_mul(&deviation)?.broadcast_add(&mean)?,
            false => x.broadcast_sub(&mean)?.broadcast_div(&deviation)?,
        }])
    }

    fn supports_masking(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Input, check_layer};
    use candle_core::Device;
    use candle_keras_data::Dataset;

    #[test]
    fn behaves_as_every_layer_must() {
        check_layer(Normalization::new, Check::inputs([[2, 3]]).output([2, 3]).weights(3));
        check_layer(|| Normalization::new().axis([1, -1]), Check::inputs([[2, 3, 4]]).output([2, 3, 4]).weights(3));
        check_layer(|| Normalization::new().axis(()).invert(true), Check::inputs([[2, 3]]).output([2, 3]).weights(3));
        let given = || Normalization::new().mean([1.0, 2.0, 3.0]).variance([4.0, 0.25, 1.0]);
        check_layer(given, Check::inputs([[2, 4, 3]]).output([2, 4, 3]));
        check_layer(|| Normalization::new().mean(2.0).variance(4.0), Check::inputs([[2, 3]]).output([2, 3]));
    }

    fn weights(layer: &Normalization) -> [Vec<f32>; 2] {
        let weights = layer.get_weights().unwrap();
        [0, 1].map(|i| weights[i].flatten_all().unwrap().to_vec1().unwrap())
    }

    #[test]
    fn batches_of_any_size_have_the_moments_of_all() {
        let data: Vec<[f32; 2]> = (0..1000).map(|i| [1e3 + (i * 37 % 101) as f32, (i * i % 53) as f32]).collect();
        let whole = Normalization::new();
        whole.adapt(&data).unwrap();
        let [mean, variance] = weights(&whole);
        let exact = |column: usize| {
            let mean = data.iter().map(|row| f64::from(row[column])).sum::<f64>() / 1000.0;
            (mean, data.iter().map(|row| (f64::from(row[column]) - mean).powi(2)).sum::<f64>() / 1000.0)
        };
        for column in 0..2 {
            let (exact_mean, exact_variance) = exact(column);
            assert!((f64::from(mean[column]) - exact_mean).abs() < 1e-6 * exact_mean);
            assert!((f64::from(variance[column]) - exact_variance).abs() < 1e-5 * exact_variance);
        }
        for size in [7, 1000] {
            let dataset = Dataset::from_tensor_slices(&data).unwrap();
            for dataset in [dataset.batch(size), dataset] {
                let layer = Normalization::new();
                layer.adapt(&dataset).unwrap();
                for (a, b) in weights(&layer).concat().iter().zip(weights(&whole).concat()) {
                    assert!((a - b).abs() <= 2e-6 * b.abs(), "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_adapted_to_is_an_error() {
        let layer = Normalization::new().name("scale");
        assert!(layer.call(Input::shape([3])).shape().is_ok());
        let error = layer.adapt(vec![[1f32, 2.]]).unwrap_err().to_string();
        assert!(error.contains("layer \"scale\" (Normalization)") && error.contains("3 on axis 1"), "{error}");
        let endless = Dataset::from_tensor_slices(vec![[1f32, 2., 3.]]).unwrap().repeat(None);
        assert!(layer.adapt(&endless).unwrap_err().to_string().contains("infinite"));
        layer.adapt(endless.take(2)).unwrap();
        assert!(layer.adapt(endless.take(0)).unwrap_err().to_string().contains("no data"));
        assert!(Normalization::new().mean(0.0).variance(1.0).adapt(vec![[1f32]]).is_err());
        let error = |layer: Normalization| layer.call(Input::shape([3])).shape().unwrap_err().to_string();
        assert!(error(Normalization::new().mean(0.0)).contains("together"));
        assert!(error(Normalization::new().mean([0.0, 1.0]).variance([1.0; 2])).contains("the array mean"));
        assert!(error(Normalization::new().mean(0.0).variance([1.0; 3])).contains("one shape"));
        assert!(error(Normalization::new().axis(2)).contains("an axis to keep"));
        assert!(error(Normalization::new().axis(0)).contains("must be known"));
        let any_length = Normalization::new().axis(1).call(Input::shape([None, Some(2)]));
        assert!(any_length.shape().is_err());
        let x = Tensor::new(&[[1i64, 2, 3]], &Device::Cpu).unwrap();
        assert_eq!(layer.call(&x).unwrap().to_vec2::<f32>().unwrap(), [[0.0; 3]]);
    }
}
