// Ported from simple_gan_loop.py.
// A small GAN whose generator learns points on a circle, with train_on_batch.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, Dropout, LeakyReLU};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};

fn main() -> Result<()> {
    utils::set_random_seed(77);
    numpy::random::seed(77);

    let mut gan = GAN::new()?;
    gan.train(41, 32, 10)?;
    Ok(())
}

#[derive(Clone)]
struct GAN {
    latent_dim: usize,
    discriminator: Sequential,
    generator: Sequential,
    combined: Model,
}

impl GAN {
    fn new() -> Result<Self> {
        let latent_dim = 5;
        let optimizer = Adam::new().learning_rate(0.002).beta_1(0.5);
        let mut discriminator = Self::build_discriminator();
        discriminator.compile(optimizer, Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
        let generator = Self::build_generator(latent_dim);
        let z = Input::shape([latent_dim]);
        let point = generator.call(&z);
        discriminator.set_trainable(false);
        let validity = discriminator.call(&point);
        let mut combined = Model::new(&z, &validity)?;
        combined.compile(Adam::new().learning_rate(0.002).beta_1(0.5), "binary_crossentropy")?;
        Ok(Self { latent_dim, discriminator, generator, combined })
    }

    fn build_discriminator() -> Sequential {
        let mut model = Sequential::new(layers![]);
        model.add(Input::shape([2]));
        model.add(Dense::new(24));
        model.add(LeakyReLU::new().negative_slope(0.2));
        model.add(Dropout::new(0.1));
        model.add(Dense::new(1).activation("sigmoid"));
        model
    }

    fn build_generator(latent_dim: usize) -> Sequential {
        let mut model = Sequential::new(layers![]);
        model.add(Input::shape([latent_dim]));
        model.add(Dense::new(16));
        model.add(LeakyReLU::new().negative_slope(0.2));
        model.add(Dense::new(16));
        model.add(LeakyReLU::new().negative_slope(0.2));
        model.add(Dense::new(2).activation("tanh"));
        model
    }

    fn sample_points(&self) -> Result<()> {
        let noise = numpy::random::normal(0.0, 1.0, (6, self.latent_dim))?;
        let points = self.generator.predict_with(&noise, Predict::new().verbose(0))?;
        let radius = ops::sqrt(&ops::sum(&ops::square(&points)?, 1)?)?;
        println!("mean radius: {:.4}", ops::mean(&radius, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        Ok(())
    }

    fn train(&mut self, epochs: usize, batch_size: usize, sample_interval: usize) -> Result<()> {
        let angles = numpy::random::uniform(0.0, 2.0 * std::f64::consts::PI, 400)?;
        let x_train = (0.8 * &ops::stack(&[&ops::cos(&angles)?, &ops::sin(&angles)?], 1)?)?;
        let valid = Tensor::ones((batch_size, 1), DType::F64, &Device::Cpu)?;
        let fake = Tensor::zeros((batch_size, 1), DType::F64, &Device::Cpu)?;
        for epoch in 0..epochs {
            let idx = numpy::random::randint(0, x_train.dims()[0] as i64, batch_size)?;
            let points = ops::take(&x_train, &idx, 0)?;
            let noise = numpy::random::normal(0.0, 1.0, (batch_size, self.latent_dim))?;
            let gen_points = self.generator.predict_with(&noise, Predict::new().verbose(0))?;
            self.discriminator.set_trainable(true);
            let d_loss_real = self.discriminator.train_on_batch(&points, &valid)?;
            let d_loss_fake = self.discriminator.train_on_batch(&gen_points, &fake)?;
            let d_loss = (0.5 * &ops::add(&Tensor::new(&[d_loss_real["loss"], d_loss_real["accuracy"]], &Device::Cpu)?, &Tensor::new(&[d_loss_fake["loss"], d_loss_fake["accuracy"]], &Device::Cpu)?)?)?;
            let noise = numpy::random::normal(0.0, 1.0, (batch_size, self.latent_dim))?;
            self.discriminator.set_trainable(false);
            let g_loss = self.combined.train_on_batch(&noise, &valid)?["loss"];
            if epoch % sample_interval == 0 {
                println!("{epoch} [D loss: {:.6}, acc.: {:.2}%] [G loss: {g_loss:.6}]", d_loss.i(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, (100.0 * &d_loss.i(1)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
                self.sample_points()?;
            }
        }
        Ok(())
    }
}
