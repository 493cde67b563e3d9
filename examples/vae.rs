//! A variational autoencoder (Kingma and Welling, 2013): it learns to draw images from two numbers, and these are distributed so that
//! random ones give new images. Its sampling layer adds the divergence of their distribution from the standard normal to the loss.

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{Context, Dense, Flatten, Reshape, Shape, layer};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::{ops, prelude::*};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains a variational autoencoder on images of a spot, and draws new ones.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<30>,
}

/// The height and width of an image.
const SIDE: usize = 12;

layer! {
    /// A sample of the normal distribution that its two inputs describe: the mean, and the logarithm of the variance.
    pub struct Sampling(
        /// The weight of the divergence in the loss.
        weight: f64,
    ) {}
}

impl Layer for Sampling {
    fn compute_output_shape(&self, inputs: &[Shape]) -> candle_keras::Result<Vec<Shape>> {
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> candle_keras::Result<Vec<Tensor>> {
        let (mean, log_variance) = (&inputs[0], &inputs[1]);
        let kl = ((log_variance + 1.0)? - ops::square(mean)? - ops::exp(log_variance)?)?;
        ctx.add_loss((ops::mean(&ops::sum(&kl, -1)?, ())? * (-0.5 * self.weight))?);
        // In predictions the code is the mean, so that they are the same each time.
        if !ctx.is_training() {
            return Ok(vec![mean.clone()]);
        }
        let noise: Vec<f32> = ctx.random(None).normal(mean.elem_count()).into_iter().map(|x| x as f32).collect();
        let noise = Tensor::from_vec(noise, mean.shape(), mean.device())?;
        Ok(vec![(mean + (ops::exp(&(log_variance * 0.5)?)? * noise)?)?])
    }
}

fn main() -> Result<()> {
    let run = training::parse::<Args>().run;
    run.start()?;
    let (images, test) = (spots(&mut Stream::new(run.seed(), 1), 3_000)?, spots(&mut Stream::new(run.seed(), 2), 500)?);

    let image = Input::shape([SIDE, SIDE]);
    let hidden = Dense::new(64).activation("relu").call(Flatten::new().call(&image));
    let (mean, log_variance) = (Dense::new(2).call(&hidden), Dense::new(2).call(&hidden));
    // The loss of the pixels is their mean; the sum over them would belong to the full divergence.
    let code = Sampling::new(1.0 / (SIDE * SIDE) as f64).call([&mean, &log_variance]);
    let decoder = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(64).activation("relu"),
        Dense::new(SIDE * SIDE).activation("sigmoid"),
        Reshape::new([SIDE as i64, SIDE as i64]),
    ]);
    // Three models that share their layers: what trains one trains all.
    let encoder = Model::new(&image, &mean)?;
    let mut vae = Model::new(&image, decoder.call(&code))?;
    vae.compile(Adam::new().learning_rate(3e-3), "binary_crossentropy")?;
    vae.fit(&images, &images, run.fit("vae").batch_size(64))?;

    // How far the images are from what is drawn of their codes, beside how far they are from their mean.
    let squares = |x: Tensor| -> Result<f32> { Ok(ops::mean(&ops::square(&x)?, ())?.to_scalar()?) };
    let drawn = squares((&test - vae.predict_with(&test, Predict::new().verbose(0))?)?)?;
    let alike = squares(test.broadcast_sub(&images.mean_keepdim(0)?)?)?;
    let codes = encoder.predict_with(&test, Predict::new().verbose(0))?;
    let spread = squares(codes)?.sqrt();
    println!("\nmean square error {drawn:.5}, of the mean image {alike:.5}; the codes are {spread:.2} in size");
    run.claim(drawn < alike / 4.0, "the error is less than a quarter of that of the mean image")?;
    run.claim((0.7..1.3).contains(&spread), "the codes have about the size of the standard normal distribution")?;

    println!("\nnew images, of random codes:");
    let numbers: Vec<f32> = Stream::new(run.seed(), 3).normal(8).into_iter().map(|x| x as f32).collect();
    let new = decoder.predict_with((numbers, [4, 2]), Predict::new().verbose(0))?.to_vec3::<f32>()?;
    for row in 0..SIDE {
        let lines = new.iter().map(|image| image[row].iter().map(|&p| shade(p)).collect::<String>());
        println!("  {}", lines.collect::<Vec<_>>().join(" | "));
    }
    run.finish()
}

/// A character that is as dark as a pixel is bright.
fn shade(pixel: f32) -> char {
    [' ', '.', ':', 'o', '#'][((pixel * 5.0) as usize).min(4)]
}

/// Images of a round spot at a random place.
fn spots(stream: &mut Stream, count: usize) -> Result<Tensor> {
    let mut pixels = Vec::with_capacity(count * SIDE * SIDE);
    for _ in 0..count {
        let place: Vec<f64> = stream.uniform(2).into_iter().map(|x| 2.0 + x * (SIDE as f64 - 5.0)).collect();
        for i in 0..SIDE * SIDE {
            let (row, column) = ((i / SIDE) as f64 - place[0], (i % SIDE) as f64 - place[1]);
            pixels.push((-(row * row + column * column) / 4.0).exp() as f32);
        }
    }
    Ok(Tensor::from_vec(pixels, (count, SIDE, SIDE), &Device::Cpu)?)
}
