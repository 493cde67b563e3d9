// Ported from gan_two_models.py.
// A generative adversarial network of two compiled models, in a class of its own.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{BatchNormalization, Dense, Dropout, Flatten, LeakyReLU, Reshape};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python};
use std::path::Path;

fn main() -> Result<()> {
    numpy::random::seed(3);
    python::files::makedirs("images")?;
    let pictures = numpy::random::randint(0, 256, (40, 6, 6))?;
    let mut gan = GAN::new(6, 6)?;
    gan.train(&pictures, 5, 16, 2)?;
    println!("{} {}", gan.generator.count_params(), gan.discriminator.count_params());
    let saved = numpy::load_npz("images/epoch_4.npz")?;
    println!("{:?} {:?}", &saved["images"].dims()[1..], python::round(ops::sum(&saved["images"].i(0)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, 3));
    Ok(())
}

#[allow(dead_code)]
#[derive(Clone)]
struct GAN {
    rows: usize,
    columns: usize,
    channels: usize,
    img_shape: (usize, usize, usize),
    latent_dim: usize,
    discriminator: Model,
    generator: Model,
    combined: Model,
}

impl GAN {
    fn new(rows: usize, columns: usize) -> Result<Self> {
        let channels = 1;
        let img_shape = (rows, columns, channels);
        let latent_dim = 5;
        let optimizer = Adam::new().learning_rate(0.002).beta_1(0.5);
        let mut discriminator = Self::build_discriminator(img_shape)?;
        let generator = Self::build_generator(latent_dim, img_shape)?;
        let z = Input::shape([latent_dim]);
        let img = generator.call(&z);
        let validity = discriminator.call(&img);
        let mut combined = Model::new(&z, &validity)?;
        combined.compile(Adam::new().learning_rate(0.002).beta_1(0.5), "binary_crossentropy")?;
        discriminator.compile(optimizer, Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
        Ok(Self { rows, columns, channels, img_shape, latent_dim, discriminator, generator, combined })
    }

    fn build_discriminator(img_shape: (usize, usize, usize)) -> Result<Model> {
        let mut model = Sequential::new(layers![]);
        model.add(Input::shape(img_shape));
        model.add(Flatten::new());
        model.add(Dense::new(12));
        model.add(LeakyReLU::new().negative_slope(0.2));
        model.add(Dropout::new(0.1));
        model.add(Dense::new(1).activation("sigmoid"));
        let img = Input::shape(img_shape);
        Model::new(&img, &model.call(&img))
    }

    fn build_generator(latent_dim: usize, img_shape: (usize, usize, usize)) -> Result<Model> {
        let mut model = Sequential::new(layers![]);
        model.add(Input::shape([latent_dim]));
        model.add(Dense::new(16));
        model.add(LeakyReLU::new().negative_slope(0.2));
        model.add(BatchNormalization::new().momentum(0.8));
        model.add(Dense::new(<[usize; 3]>::from(img_shape).iter().product::<usize>()).activation("tanh"));
        model.add(Reshape::new(<[usize; 3]>::from(img_shape).map(|size| size as i64)));
        let noise = Input::shape([latent_dim]);
        Model::new(&noise, &model.call(&noise))
    }

    fn sample_images(&self, epoch: usize) -> Result<()> {
        let (r, c) = (2, 2);
        let noise = numpy::random::normal(0.0, 1.0, (r * c, self.latent_dim))?;
        let gen_imgs = self.generator.predict_with(&noise, Predict::new().verbose(0))?;
        let gen_imgs = (&(0.5 * &gen_imgs)? + 0.5)?;
        println!("images of epoch {epoch} have a mean of {:?}", python::round(ops::mean(&gen_imgs, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, 4));
        numpy::savez(&Path::new("images").join(&format!("epoch_{epoch}.npz")), [("images", &gen_imgs), ("epoch", &Tensor::new(epoch as i64, &Device::Cpu)?)])?;
        Ok(())
    }

    fn train(&mut self, images: &Tensor, epochs: usize, batch_size: usize, sample_interval: usize) -> Result<()> {
        let images = (&numpy::divide(&images.to_dtype(DType::F32)?, 127.5)? - 1.0)?;
        let images = ops::expand_dims(&images, 3)?;
        let half = batch_size / 2;
        for epoch in 0..epochs {
            let idx = numpy::random::randint(0, images.dims()[0] as i64, half)?;
            let noise = numpy::random::normal(0.0, 1.0, (half, self.latent_dim))?;
            let generated = self.generator.predict_with(&noise, Predict::new().verbose(0))?;
            let d_loss_real = self.discriminator.train_on_batch(&ops::take(&images, &idx, 0)?, &Tensor::ones((half, 1), DType::F64, &Device::Cpu)?)?;
            let d_loss_fake = self.discriminator.train_on_batch(&generated, &Tensor::zeros((half, 1), DType::F64, &Device::Cpu)?)?;
            let d_loss = (0.5 * &ops::add(&Tensor::new(&[d_loss_real["loss"], d_loss_real["accuracy"]], &Device::Cpu)?, &Tensor::new(&[d_loss_fake["loss"], d_loss_fake["accuracy"]], &Device::Cpu)?)?)?;
            let noise = numpy::random::normal(0.0, 1.0, (batch_size, self.latent_dim))?;
            let g_loss = self.combined.train_on_batch(&noise, &Tensor::ones((batch_size, 1), DType::F64, &Device::Cpu)?)?["loss"];
            println!("{epoch} [D loss: {:.6}, acc.: {:.2}%] [G loss: {g_loss:.6}]", d_loss.i(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, (100.0 * &d_loss.i(1)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
            if epoch % sample_interval == 0 {
                self.sample_images(epoch)?;
            }
        }
        Ok(())
    }
}
