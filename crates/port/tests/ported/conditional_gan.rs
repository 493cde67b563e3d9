// Ported from conditional_gan.py.
// A GAN whose two networks are told the class: sizes of the module in the step, and blocks with sizes as defaults.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Activation, BatchNormalization, Call, Conv2D, Dense, Dropout, GlobalMaxPooling2D, KerasTensor, LeakyReLU, Reshape, UpSampling2D};
use candle_keras::losses::{BinaryCrossentropy, Loss};
use candle_keras::metrics::Mean;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Batch, Error, GradientTape, Optimizer, StepLogs, TrainStep, numpy, ops, random, utils};

const IMAGE_SIZE: usize = 8;
const NUM_CLASSES: usize = 3;

fn main() -> Result<()> {
    let num_channels = 1;
    let latent_dim = 5;
    let batch_size = 24;

    let generator_in_channels = latent_dim + NUM_CLASSES;
    let discriminator_in_channels = num_channels + NUM_CLASSES;
    println!("channels: {generator_in_channels} {discriminator_in_channels}");

    numpy::random::seed(7);
    let classes = numpy::random::randint(0, NUM_CLASSES as i64, 96)?;
    let mut images = numpy::random::uniform(0.0, 0.2, (96, IMAGE_SIZE, IMAGE_SIZE, 1))?.to_dtype(DType::F32)?;
    images = ops::add(&images, &(classes.reshape(((), 1, 1, 1))?.to_dtype(DType::F64)? * 0.3)?)?;
    let labels = utils::to_categorical(&classes, NUM_CLASSES)?.to_dtype(DType::F32)?;
    let dataset = Dataset::from_tensor_slices((&images.to_dtype(DType::F32)?, &labels))?;
    let dataset = dataset.shuffle(96).batch(batch_size);

    let mut cond_gan = ConditionalGAN::new(&get_discriminator(discriminator_in_channels)?, &get_generator(generator_in_channels, num_channels)?, latent_dim);
    let mut cond_gan_model = cond_gan.model();
    cond_gan.compile(&Adam::new().learning_rate(0.003), &Adam::new().learning_rate(0.003), &BinaryCrossentropy::new().from_logits(true));
    let history = cond_gan_model.fit(&dataset, (), Fit::new().epochs(3).verbose(0).step(&mut cond_gan))?;
    for name in ["g_loss", "d_loss"] {
        println!("{name} {:?}", &history[name]);
    }

    let trained_gen = cond_gan.generator.clone();
    let noise = numpy::random::normal(0.0, 1.0, (2, latent_dim))?.to_dtype(DType::F32)?;
    let one_hot = utils::to_categorical(&vec![0, 2], NUM_CLASSES)?.to_dtype(DType::F32)?;
    println!("{}", numpy::array_str(&trained_gen.predict_with(&ops::concatenate(&[&noise, &one_hot], 1)?, Predict::new().verbose(0))?.i((.., 2, 3, 0))?)?);
    Ok(())
}

fn conv_block(x: &KerasTensor, filters: usize, activation: &LeakyReLU, kernel_size: (usize, usize), strides: (usize, usize), use_bn: bool, use_dropout: bool, drop_value: f64) -> KerasTensor {
    let mut x = Conv2D::new(filters, kernel_size).strides(strides).padding("same").use_bias(!use_bn).call(x);
    if use_bn {
        x = BatchNormalization::new().call(&x);
    }
    x = activation.call(&x);
    if use_dropout {
        x = Dropout::new(drop_value).call(&x);
    }
    x
}

fn conv_block_2(x: &KerasTensor, filters: usize, activation: &Activation, kernel_size: (usize, usize), strides: (usize, usize), use_bn: bool, use_dropout: bool, drop_value: f64) -> KerasTensor {
    let mut x = Conv2D::new(filters, kernel_size).strides(strides).padding("same").use_bias(!use_bn).call(x);
    if use_bn {
        x = BatchNormalization::new().call(&x);
    }
    x = activation.call(&x);
    if use_dropout {
        x = Dropout::new(drop_value).call(&x);
    }
    x
}

fn upsample_block(x: &KerasTensor, filters: usize, activation: &LeakyReLU, kernel_size: (usize, usize), up_size: (usize, usize), use_bn: bool) -> KerasTensor {
    let x = UpSampling2D::new().size(up_size).call(x);
    let mut x = Conv2D::new(filters, kernel_size).padding("same").use_bias(!use_bn).call(&x);
    if use_bn {
        x = BatchNormalization::new().call(&x);
    }
    x = activation.call(&x);
    x
}

fn upsample_block_2(x: &KerasTensor, filters: usize, kernel_size: (usize, usize), up_size: (usize, usize), use_bn: bool) -> KerasTensor {
    let x = UpSampling2D::new().size(up_size).call(x);
    let mut x = Conv2D::new(filters, kernel_size).padding("same").use_bias(!use_bn).call(&x);
    if use_bn {
        x = BatchNormalization::new().call(&x);
    }
    x
}

fn get_discriminator(discriminator_in_channels: usize) -> Result<Model> {
    let image = Input::shape((IMAGE_SIZE, IMAGE_SIZE, discriminator_in_channels));
    let x = conv_block(&image, 8, &LeakyReLU::new().negative_slope(0.2), (3, 3), (2, 2), false, true, 0.2);
    let x = conv_block_2(&x, 8, &Activation::new("tanh"), (2, 2), (1, 1), true, false, 0.2);
    let x = GlobalMaxPooling2D::new().call(&x);
    Ok(Model::new(&image, &Dense::new(1).call(&x))?.name("discriminator"))
}

fn get_generator(generator_in_channels: usize, num_channels: usize) -> Result<Model> {
    let noise = Input::shape([generator_in_channels]);
    let x = Dense::new(4 * 4 * 4).activation("relu").call(&noise);
    let x = Reshape::new([4, 4, 4]).call(&x);
    let x = upsample_block(&x, 6, &LeakyReLU::new().negative_slope(0.2), (3, 3), (2, 2), true);
    let x = upsample_block_2(&x, num_channels, (3, 3), (1, 1), false);
    Ok(Model::new(&noise, &Activation::new("sigmoid").call(&x))?.name("generator"))
}

struct ConditionalGAN {
    discriminator: Model,
    generator: Model,
    latent_dim: usize,
    gen_loss_tracker: Mean,
    disc_loss_tracker: Mean,
    d_optimizer: Option<Optimizer>,
    g_optimizer: Option<Optimizer>,
    loss_fn: Option<Loss>,
}

impl ConditionalGAN {
    fn new(discriminator: &Model, generator: &Model, latent_dim: usize) -> Self {
        let discriminator_ = discriminator.clone();
        let generator_ = generator.clone();
        let gen_loss_tracker = Mean::new();
        let disc_loss_tracker = Mean::new();
        Self { discriminator: discriminator_, generator: generator_, latent_dim, gen_loss_tracker, disc_loss_tracker, d_optimizer: None, g_optimizer: None, loss_fn: None }
    }

    fn compile(&mut self, d_optimizer: &Adam, g_optimizer: &Adam, loss_fn: &BinaryCrossentropy) {
        self.d_optimizer = Some(Optimizer::from(d_optimizer.clone()));
        self.g_optimizer = Some(Optimizer::from(g_optimizer.clone()));
        self.loss_fn = Some(Loss::from(loss_fn.clone()));
    }

    fn model(&self) -> Model {
        let layers = layers![self.discriminator.clone(), self.generator.clone()];
        Model::from_call("ConditionalGAN", layers, |_| Err::<KerasTensor, _>(Error::new("ConditionalGAN has no call")))
    }

    fn d_optimizer(&mut self) -> Result<&mut Optimizer> {
        self.d_optimizer.as_mut().ok_or_else(|| Error::new("the attribute d_optimizer is not set yet"))
    }

    fn g_optimizer(&mut self) -> Result<&mut Optimizer> {
        self.g_optimizer.as_mut().ok_or_else(|| Error::new("the attribute g_optimizer is not set yet"))
    }

    fn loss_fn(&self) -> Result<&Loss> {
        self.loss_fn.as_ref().ok_or_else(|| Error::new("the attribute loss_fn is not set yet"))
    }
}

impl TrainStep for ConditionalGAN {
    fn train_step(&mut self, _: &mut Model, batch: &Batch) -> Result<StepLogs> {
        let real_images = &batch.x[0];
        let one_hot_labels = &batch.y[0];
        let image_labels = ops::expand_dims(one_hot_labels, [2, 3])?;
        let image_labels = ops::repeat(&image_labels, (IMAGE_SIZE * IMAGE_SIZE) as i64, ())?;
        let image_labels = ops::reshape(&image_labels, [-1, IMAGE_SIZE as i64, IMAGE_SIZE as i64, NUM_CLASSES as i64])?;
        let batch_size = real_images.dims()[0];
        let noise = random::normal([batch_size as i64, self.latent_dim as i64], 0.0, 1.0, None, None)?;
        let noise = ops::concatenate(&[&noise, one_hot_labels], 1)?;
        let generated_images = self.generator.call(&noise)?;
        let fake = ops::concatenate(&[&generated_images, &image_labels], -1)?;
        let real = ops::concatenate(&[real_images, &image_labels], -1)?;
        let combined = ops::concatenate(&[&fake, &real], 0)?;
        let labels = ops::concatenate(&[&ops::ones([batch_size as i64, 1], None)?, &ops::zeros([batch_size as i64, 1], None)?], 0)?;
        let tape = GradientTape::new();
        let predictions = self.discriminator.call_with(&combined, Call::new().training(true))?;
        let d_loss = self.loss_fn()?.call(&labels, &predictions, None, None)?;
        let grads = tape.gradient(&d_loss, &self.discriminator.trainable_variables())?;
        self.d_optimizer()?.apply_gradients(grads)?;
        let noise = random::normal([batch_size as i64, self.latent_dim as i64], 0.0, 1.0, None, None)?;
        let noise = ops::concatenate(&[&noise, one_hot_labels], 1)?;
        let misleading_labels = ops::zeros([batch_size as i64, 1], None)?;
        let tape = GradientTape::new();
        let fake_images = self.generator.call_with(&noise, Call::new().training(true))?;
        let predictions = self.discriminator.call(ops::concatenate(&[&fake_images, &image_labels], -1)?)?;
        let g_loss = self.loss_fn()?.call(&misleading_labels, &predictions, None, None)?;
        let grads = tape.gradient(&g_loss, &self.generator.trainable_variables())?;
        self.g_optimizer()?.apply_gradients(grads)?;
        self.gen_loss_tracker.update_state(&g_loss, None)?;
        self.disc_loss_tracker.update_state(&d_loss, None)?;
        Ok(vec![("g_loss", Tensor::new(self.gen_loss_tracker.result()?, &Device::Cpu)?), ("d_loss", Tensor::new(self.disc_loss_tracker.result()?, &Device::Cpu)?)])
    }

    fn reset_metrics(&mut self) {
        self.gen_loss_tracker.reset_state();
        self.disc_loss_tracker.reset_state();
    }

    fn averages_logs(&self) -> bool {
        false
    }
}
