//! SpectralNormalization: a layer whose kernel has the spectral norm 1. Keras: `keras.layers.SpectralNormalization`.

use super::wide;
use crate::initializers::TruncatedNormal;
use crate::layer::single;
use crate::{AnyLayer, Build, Context, Layer, Shape, Variable, Weight};
use candle_core::{DType, Tensor};
use candle_keras_ops::{self as ops, Error, Result};

/// More do not make the vector better: it converges after some dozens.
const MOST_ITERATIONS: usize = 10_000;

layer! {
    /// Runs a layer whose kernel is divided by an estimate of its largest singular value at each training step, before the layer runs (Miyato et
    /// al., 2018): power iteration from the left singular vector of the step before, the state `vector_u`.
    ///
    /// Predictions use the kernel as it is. As in Keras on TensorFlow and PyTorch, the kernel itself is divided, and its gradient is that of the divided
    /// kernel; on JAX, Keras divides a copy, and the optimizer updates the kernel as it was.
    ///
    /// Keras: `keras.layers.SpectralNormalization`.
    ///
    /// # Shapes
    /// - input and output: those of the layer, which has a `kernel` or `embeddings`; `vector_u`: `(1, size of its last axis)`
    ///
    /// # Example
    /// ```
    /// use candle_keras_layers::{Conv2D, Input, Layer, SpectralNormalization};
    /// let y = SpectralNormalization::new(Conv2D::new(8, 3)).call(&Input::shape([10, 10, 3]));
    /// assert_eq!(y.shape()?.to_string(), "(None, 8, 8, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    ///
    /// # Differences from Keras
    /// The output has the dtype of the layer. Keras casts it to that of the input, so that an Embedding of integers gives integers.
    pub struct SpectralNormalization(
        /// The layer.
        layer: AnyLayer,
    ) {
        /// The number of power iterations a step.
        power_iterations: usize = 1,
    }
}

/// The weight of a layer that is normalized.
fn kernel_of(layer: &dyn Layer) -> Result<Variable> {
    let kernel = layer.base().variable("kernel").or_else(|_| layer.base().variable("embeddings"));
    kernel.map_err(|_| {
        Error::new("the layer inside has neither a kernel nor embeddings").received(layer.class_name().to_string())
    })
}

/// The vector divided by its Euclidean norm, as Keras does.
fn normalized(x: &Tensor) -> Result<Tensor> {
    let norm = x.sqr()?.sum_all()?.sqrt()?;
    Ok(x.broadcast_mul(&norm.recip()?.minimum(1e7)?)?)
}

impl SpectralNormalization {
    /// The kernel divided by its largest singular value, and the vector from which the next step begins.
    fn divided(&self, kernel: &Tensor, vector_u: &Tensor) -> Result<(Tensor, Tensor)> {
        let dtype = kernel.dtype();
        if !matches!(dtype, DType::F32 | DType::F64) {
            let (kernel, u) = self.divided(&wide(kernel)?, &wide(vector_u)?)?;
            return Ok((ops::cast(&kernel, dtype)?, ops::cast(&u, dtype)?));
        }
        let matrix = kernel.reshape(((), kernel.dim(kernel.rank() - 1)?))?;
        let (mut u, mut v) = (vector_u.clone(), None);
        for _ in 0..self.power_iterations {
            let next = normalized(&u.matmul(&matrix.t()?)?)?;
            u = normalized(&next.matmul(&matrix)?)?;
            v = Some(next);
        }
        let v = v.ok_or_else(|| Error::new("power_iterations must be positive"))?;
        let sigma = v.matmul(&matrix)?.matmul(&u.t()?)?;
        Ok((kernel.broadcast_div(&sigma.reshape(vec![1; kernel.rank()])?)?, u))
    }
}

impl Layer for SpectralNormalization {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.layer.get()?.compute_output_shape(inputs)
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        single(inputs)?;
        if !(1..=MOST_ITERATIONS).contains(&self.power_iterations) {
            return Err(Error::new("power_iterations must be positive, and not such that a step does not end")
                .expected(format!("1 to {MOST_ITERATIONS}"))
                .received(self.power_iterations.to_string()));
        }
        let layer = self.layer.shared()?;
        build.fix_features()?;
        build.add_layer("layer", layer.clone(), inputs)?;
        let kernel = kernel_of(&*layer)?;
        let dims = kernel.dims();
        let last = dims.last().copied().filter(|_| dims.len() > 1);
        let last =
            last.ok_or_else(|| Error::new("the kernel must have two axes or more").received(format!("{dims:?}")))?;
        build.share(kernel);
        let initializer = TruncatedNormal::new().stddev(0.02).into();
        build.add_weight(Weight::new("vector_u", [1, last], &initializer).trainable(false));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let layer = self.layer.get()?;
        if ctx.is_training() {
            let (kernel, vector_u) = (kernel_of(layer)?, self.base.variable("vector_u")?);
            let value = match ctx.replaced(&kernel) {
                Some(value) => value?.detach(),
                None => kernel.value(),
            };
            // Nothing is divided by the norm of zeros.
            if value.abs()?.max_all()?.to_dtype(candle_core::DType::F64)?.to_scalar::<f64>()? > 0.0 {
                let (divided, u) = self.divided(&value, &ctx.state(&vector_u).to_dtype(value.dtype())?)?;
                ctx.replace_weight(&kernel, divided);
                ctx.set_state(&vector_u, u);
            }
        }
        Ok(vec![ctx.run(layer, single(inputs)?)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conv2D, Dense, Embedding, Input, LSTM, run};
    use candle_keras_ops::Device;
    use candle_keras_ops::random::Stream;

    fn train(layer: &SpectralNormalization, x: &Tensor) -> Vec<f32> {
        let mut ctx = Context::training(Stream::new(1, 0));
        let (y, _) = run(layer, std::slice::from_ref(x), &[None], &mut ctx).unwrap();
        ctx.commit().unwrap();
        y[0].flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn the_kernel_comes_to_have_the_norm_1() {
        let layer = SpectralNormalization::new(Dense::new(2).use_bias(false)).power_iterations(20);
        layer.call(Input::shape([2]));
        let names: Vec<_> = layer.variables().iter().map(|weight| weight.name().to_string()).collect();
        assert_eq!(names, ["kernel", "vector_u"]);
        let device = &Device::Cpu;
        let weights = [Tensor::new(&[[0f32, 3.], [2., 0.]], device), Tensor::new(&[[0.1f32, 0.2]], device)];
        layer.set_weights(&weights.map(Result::unwrap)).unwrap();
        let x = Tensor::new(&[[1f32, 1.]], device).unwrap();
        let (y, _) = run(&layer, std::slice::from_ref(&x), &[None], &mut Context::inference()).unwrap();
        assert_eq!(y[0].to_vec2::<f32>().unwrap(), [[2., 3.]], "a prediction divides nothing");
        for _ in 0..2 {
            let y = train(&layer, &x);
            assert!((y[0] - 2.0 / 3.0).abs() < 1e-5 && (y[1] - 1.0).abs() < 1e-5, "{y:?}");
        }
        assert!((layer.get_weights().unwrap()[0].to_vec2::<f32>().unwrap()[0][1] - 1.0).abs() < 1e-5);
    }

    #[test]
    fn kernels_of_any_rank_and_tables_are_normalized() {
        let conv = SpectralNormalization::new(Conv2D::new(3, 2));
        assert_eq!(conv.call(Input::shape([4, 4, 2])).shape().unwrap().to_string(), "(None, 3, 3, 3)");
        let x = Tensor::ones((1, 4, 4, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert_eq!(train(&conv, &x).len(), 27);
        let table = SpectralNormalization::new(Embedding::new(4, 3));
        table.call(Input::shape([2]));
        let ids = Tensor::new(&[[1f32, 2.]], &Device::Cpu).unwrap();
        let before = table.get_weights().unwrap()[0].to_vec2::<f32>().unwrap();
        let (y, after) = (train(&table, &ids), table.get_weights().unwrap()[0].to_vec2::<f32>().unwrap());
        assert!(y[..3] == after[1] && after[1] != before[1]);
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let error = |layer: SpectralNormalization| layer.call(Input::shape([4, 2])).shape().unwrap_err().to_string();
        assert!(error(SpectralNormalization::new(LSTM::new(2))).contains("neither a kernel nor embeddings"));
        for count in [0, usize::MAX] {
            let layer = SpectralNormalization::new(Dense::new(2)).power_iterations(count);
            assert!(error(layer).contains("power_iterations must be positive"));
        }
    }
}
