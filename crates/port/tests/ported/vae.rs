// Ported from vae.py.
// A variational autoencoder with a train_step of its own.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Context, Conv2D, Conv2DTranspose, Dense, Flatten, KerasTensor, Reshape, layer};
use candle_keras::losses::{Loss, Reduction};
use candle_keras::metrics::Mean;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Batch, GradientTape, StepLogs, TrainStep, numpy, ops, random};
use ndarray::Array2;
use ndarray::s;

fn main() -> Result<()> {
    let latent_dim = 2;

    let encoder_inputs = Input::shape((8, 8, 1));
    let x = Conv2D::new(8, 3).activation("relu").strides(2).padding("same").call(&encoder_inputs);
    let x = Flatten::new().call(&x);
    let x = Dense::new(16).activation("relu").call(&x);
    let z_mean = Dense::new(latent_dim).name("z_mean").call(&x);
    let z_log_var = Dense::new(latent_dim).name("z_log_var").call(&x);
    let z = Sampling::new().call([&z_mean, &z_log_var]);
    let encoder = Model::new(&encoder_inputs, [&z_mean, &z_log_var, &z])?.name("encoder");

    let latent_inputs = Input::shape([latent_dim]);
    let x = Dense::new(4 * 4 * 8).activation("relu").call(&latent_inputs);
    let x = Reshape::new([4, 4, 8]).call(&x);
    let decoder_outputs = Conv2DTranspose::new(1, 3).activation("sigmoid").strides(2).padding("same").call(&x);
    let decoder = Model::new(&latent_inputs, &decoder_outputs)?.name("decoder");

    numpy::random::seed(0);
    let centres = numpy::random::randint(1, 7, (100, 2))?;
    let rows = ops::arange(0.0, 8.0, 1.0, "int64")?.reshape((1, 8, 1))?;
    let columns = ops::arange(0.0, 8.0, 1.0, "int64")?.reshape((1, 1, 8))?;
    let distance = ops::add(&ops::square(&numpy::subtract(&rows, &centres.i((.., 0))?.reshape(((), 1, 1))?)?)?, &ops::square(&numpy::subtract(&columns, &centres.i((.., 1))?.reshape(((), 1, 1))?)?)?)?;
    let images = ops::expand_dims(&ops::exp(&(distance.to_dtype(DType::F64)? / -4.0)?)?, -1)?.to_dtype(DType::F32)?;
    let (x_train, x_val) = (images.i(..80)?, images.i(80..)?);

    let mut vae = VAE::new(&encoder, &decoder, 0.5);
    let mut vae_model = vae.model();
    vae_model.compile(Adam::new().learning_rate(0.01), Compile::default())?;
    let history = vae_model.fit(&x_train, (), Fit::new().epochs(4).batch_size(32).validation_data(&x_val, ()).verbose(0).step(&mut vae))?;
    for name in ["loss", "reconstruction_loss", "kl_loss"] {
        println!("{name} {:?}", &history[name]);
    }
    println!("val_total_loss {:?}", &history["val_total_loss"]);
    let scores = vae_model.evaluate_with(&x_val, (), Evaluate::new().verbose(0).step(&mut vae))?;
    println!("scores: {:?}", [scores["total_loss"], scores["reconstruction_loss"], scores["kl_loss"]]);

    plot_latent_space(&vae, 3)?;
    let parts = vae.encoder.predict_multiple_with(&x_val, Predict::new().verbose(0))?;
    let (z_mean, _, _) = (parts[0].clone(), parts[1].clone(), parts[2].clone());
    println!("codes: {}", numpy::array_str(&z_mean.i(..3)?)?);
    println!("reconstruction: {}", numpy::array_str(&vae_model.predict_with(&x_val.i(..1)?, Predict::new().verbose(0))?.i((0, 3, .., 0))?)?);
    Ok(())
}

layer! {
    /// Uses (z_mean, z_log_var) to sample z.
    struct Sampling() {}
}

impl Layer for Sampling {
    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let (z_mean, z_log_var) = (inputs[0].clone(), inputs[1].clone());
        let epsilon = random::normal(z_mean.dims().iter().map(|&n| n as i64).collect::<Vec<_>>(), 0.0, 1.0, None, ctx.random(None))?;
        Ok(vec![ops::add(&z_mean, &ops::multiply(&ops::exp(&(0.5 * &z_log_var)?)?, &epsilon)?)?])
    }
}

/// Encoder and decoder, and the loss of both.
#[derive(Clone)]
struct VAE {
    encoder: Model,
    decoder: Model,
    beta: f64,
    total_loss_tracker: Mean,
    reconstruction_loss_tracker: Mean,
    kl_loss_tracker: Mean,
}

impl VAE {
    fn new(encoder: &Model, decoder: &Model, beta: f64) -> Self {
        let encoder_ = encoder.clone();
        let decoder_ = decoder.clone();
        let total_loss_tracker = Mean::new();
        let reconstruction_loss_tracker = Mean::new();
        let kl_loss_tracker = Mean::new();
        Self { encoder: encoder_, decoder: decoder_, beta, total_loss_tracker, reconstruction_loss_tracker, kl_loss_tracker }
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let [z_mean, _z_log_var, _z] = self.encoder.call_multiple(inputs);
        self.decoder.call(&z_mean)
    }

    fn losses_of(&self, data: &Tensor) -> Result<(Tensor, Tensor)> {
        let [z_mean, z_log_var, z] = self.encoder.call_multiple(data)?;
        let reconstruction = self.decoder.call(&z)?;
        let reconstruction_loss = ops::mean(&ops::sum(&Loss::from("binary_crossentropy").reduction(Reduction::None).call(data, &reconstruction, None, None)?, [1, 2])?, ())?;
        let kl_loss = (-0.5 * &ops::subtract(&ops::subtract(&(1.0 + &z_log_var)?, &ops::square(&z_mean)?)?, &ops::exp(&z_log_var)?)?)?;
        let kl_loss = ops::mean(&ops::sum(&kl_loss, 1)?, ())?;
        Ok((reconstruction_loss, kl_loss))
    }

    fn model(&self) -> Model {
        let layers = layers![self.encoder.clone(), self.decoder.clone()];
        let own = self.clone();
        Model::from_call("VAE", layers, move |x| Ok(own.call(&x[0])))
    }
}

impl TrainStep for VAE {
    fn train_step(&mut self, model: &mut Model, batch: &Batch) -> Result<StepLogs> {
        let data = &batch.x[0];
        let tape = GradientTape::new();
        let (reconstruction_loss, kl_loss) = self.losses_of(data)?;
        let total_loss = ops::add(&reconstruction_loss, &(self.beta * &kl_loss)?)?;
        let grads = tape.gradient(&total_loss, &model.trainable_variables())?;
        model.optimizer()?.apply_gradients(grads)?;
        self.total_loss_tracker.update_state(&total_loss, None)?;
        self.reconstruction_loss_tracker.update_state(&reconstruction_loss, None)?;
        self.kl_loss_tracker.update_state(&kl_loss, None)?;
        Ok(vec![("loss", Tensor::new(self.total_loss_tracker.result()?, &Device::Cpu)?), ("reconstruction_loss", Tensor::new(self.reconstruction_loss_tracker.result()?, &Device::Cpu)?), ("kl_loss", Tensor::new(self.kl_loss_tracker.result()?, &Device::Cpu)?)])
    }

    fn test_step(&mut self, _: &mut Model, batch: &Batch) -> Result<StepLogs> {
        let data = &batch.x[0];
        let (reconstruction_loss, kl_loss) = self.losses_of(data)?;
        self.total_loss_tracker.update_state(&ops::add(&reconstruction_loss, &(self.beta * &kl_loss)?)?, None)?;
        self.reconstruction_loss_tracker.update_state(&reconstruction_loss, None)?;
        self.kl_loss_tracker.update_state(&kl_loss, None)?;
        Ok(vec![("total_loss", Tensor::new(self.total_loss_tracker.result()?, &Device::Cpu)?), ("reconstruction_loss", Tensor::new(self.reconstruction_loss_tracker.result()?, &Device::Cpu)?), ("kl_loss", Tensor::new(self.kl_loss_tracker.result()?, &Device::Cpu)?)])
    }

    fn reset_metrics(&mut self) {
        self.total_loss_tracker.reset_state();
        self.reconstruction_loss_tracker.reset_state();
        self.kl_loss_tracker.reset_state();
    }

    fn averages_logs(&self) -> bool {
        false
    }
}

fn plot_latent_space(vae: &VAE, n: usize) -> Result<()> {
    let grid_x = ops::linspace(-1.0, 1.0, n, true, "float64")?;
    let mut figure = Array2::<f64>::zeros((8 * n, 8 * n));
    for (i, yi) in numpy::rows(&grid_x)?.into_iter().enumerate() {
        for (j, xi) in numpy::rows(&grid_x)?.into_iter().enumerate() {
            let z_sample = Tensor::stack(&[&Tensor::stack(&[&xi, &yi], 0)?], 0)?;
            let x_decoded = vae.decoder.predict_with(&z_sample, Predict::new().verbose(0))?;
            let digit = x_decoded.i(0)?.reshape((8, 8))?;
            let start0 = usize::min(i * 8, figure.shape()[0]);
            let end0 = usize::min((i + 1) * 8, figure.shape()[0]);
            let start1 = usize::min(j * 8, figure.shape()[1]);
            let end1 = usize::min((j + 1) * 8, figure.shape()[1]);
            {
                let mut part = figure.slice_mut(s![start0..end0, start1..end1]);
                let numbers = digit.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
                for (element, number) in part.iter_mut().zip(numbers) {
                    *element = number;
                }
            }
        }
    }
    println!("latent space: {:?} {:?}", ops::mean(&figure.to_tensor()?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::max(&figure.to_tensor()?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}
