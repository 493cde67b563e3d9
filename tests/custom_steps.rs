//! Custom training: losses that layers add, a custom step under `fit`, a custom loop.

use candle_keras::callbacks::{BackupAndRestore, LambdaCallback, ModelCheckpoint};
use candle_keras::layers::{Build, Call, Context, Dense, Dropout, Embedding, Flatten, Shape, Variable, layer};
use candle_keras::losses::Loss;
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::{Adam, SGD};
use candle_keras::{Batch, Error, GradientTape, Optimizer, StepLogs, TrainStep, ops, prelude::*};
use std::path::Path;

fn normal(stream: &mut Stream, rows: usize, columns: usize) -> Result<Tensor> {
    let numbers: Vec<f32> = stream.normal(rows * columns).into_iter().map(|x| x as f32).collect();
    Ok(Tensor::from_vec(numbers, (rows, columns), &Device::Cpu)?)
}

fn numbers(model: &impl Layer) -> Vec<f32> {
    let weights = model.get_weights().unwrap();
    weights.iter().flat_map(|w| w.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
}

layer! {
    /// Samples from the normal distribution with its inputs as parameters, and adds the KL divergence from the standard normal to the loss.
    pub struct Sampling() {}
}

impl Layer for Sampling {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![inputs[0].clone()])
    }

    fn build(&self, _: &[Shape], _: &mut Build) -> Result<()> {
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let [mean, log_variance] = inputs else { unreachable!("the layer is called on two tensors here") };
        let kl = ((log_variance + 1.0)? - ops::square(mean)? - ops::exp(log_variance)?)?;
        ctx.add_loss((ops::mean(&ops::sum(&kl, -1)?, ())? * -0.05)?);
        let noise = normal(&mut ctx.random(None), mean.dim(0)?, mean.dim(1)?)?;
        Ok(vec![(mean + (ops::exp(&(log_variance * 0.5)?)? * noise)?)?])
    }
}

#[test]
fn a_variational_autoencoder_adds_its_loss() {
    candle_keras::utils::set_random_seed(2);
    let x = Input::shape([4]);
    let hidden = Dense::new(16).activation("tanh").call(&x);
    let code = Sampling::new().call([&Dense::new(2).call(&hidden), &Dense::new(2).call(&hidden)]);
    let decoded = Dense::new(4).call(&Dense::new(16).activation("tanh").call(&code));
    let mut vae = Model::new(&x, decoded).unwrap();
    vae.compile(Adam::new().learning_rate(0.01), "mse").unwrap();
    // Points on a plane in four dimensions.
    let plane = normal(&mut Stream::new(1, 0), 256, 2).unwrap();
    let data = Tensor::cat(&[&plane, &(&plane * 0.5).unwrap()], 1).unwrap();
    let history = vae.fit(&data, &data, Fit::new().epochs(30).verbose(0)).unwrap();
    assert!(history["loss"][29] < 0.6 * history["loss"][0], "{:?}", &history["loss"]);
    // The loss is the reconstruction loss plus the loss of the layer.
    let reconstruction = Loss::from("mse").call(&data, &vae.call(&data).unwrap(), None, None).unwrap();
    assert!(vae.evaluate(&data, &data).unwrap()["loss"] > f64::from(reconstruction.to_scalar::<f32>().unwrap()) + 0.01);
    // A model may have only losses of layers.
    let mut alone = Model::new(&x, code).unwrap();
    alone.compile("adam", Compile::default()).unwrap();
    assert!(alone.fit(&data, &data, Fit::new().verbose(0)).unwrap()["loss"][0] > 0.0);
    // Then there is nothing that needs targets, of arrays or of a dataset.
    let before = alone.evaluate(&data, ()).unwrap()["loss"];
    let dataset = Dataset::from_tensor_slices(&data).unwrap().batch(32);
    assert!((alone.evaluate(&dataset, ()).unwrap()["loss"] - before).abs() < 1e-6);
    alone.fit(&dataset, (), Fit::new().verbose(0)).unwrap();
    assert!(alone.evaluate(&data, ()).unwrap()["loss"] < before);
    // A loss still needs its own.
    let error = vae.fit(&data, (), Fit::new().verbose(0)).unwrap_err().to_string();
    assert!(error.contains("one array of targets"), "{error}");
}

/// A generator of numbers, and a discriminator that tells them from real ones.
struct Gan {
    generator: Sequential,
    discriminator: Sequential,
    optimizers: [Optimizer; 2],
}

impl Gan {
    fn new() -> Self {
        let hidden = |activation| Dense::new(8).activation(activation);
        let real = Dense::new(1).activation("sigmoid");
        Self {
            generator: Sequential::new(layers![Input::shape([2]), hidden("relu"), Dense::new(1)]),
            discriminator: Sequential::new(layers![Input::shape([1]), hidden("leaky_relu"), Dropout::new(0.1), real]),
            optimizers: [(); 2].map(|()| Adam::new().learning_rate(0.005).beta_1(0.5).into()),
        }
    }
}

impl TrainStep for Gan {
    fn train_step(&mut self, _: &mut Model, batch: &Batch) -> Result<StepLogs> {
        let (crossentropy, training) = (Loss::from("binary_crossentropy"), Call::new().training(true));
        let loss = |x: &Tensor, truth: f64| {
            let judged = self.discriminator.call_with(x, training.clone())?;
            crossentropy.call(&judged.ones_like()?.affine(truth, 0.0)?, &judged, None, None)
        };
        let noise = normal(&mut ops::random::next_stream(), batch.size(), 2)?;
        let (real, fake) = (&batch.x[0], self.generator.call(&noise)?);
        let tape = GradientTape::new();
        let d_loss = (loss(real, 1.0)? + loss(&fake, 0.0)?)?;
        let gradients = tape.gradient(&d_loss, &self.discriminator.trainable_variables())?;
        self.optimizers[0].apply_gradients(gradients)?;

        let tape = GradientTape::new();
        let g_loss = loss(&self.generator.call(&noise)?, 1.0)?;
        let gradients = tape.gradient(&g_loss, &self.generator.trainable_variables())?;
        self.optimizers[1].apply_gradients(gradients)?;
        Ok(vec![("d_loss", d_loss), ("g_loss", g_loss)])
    }

    fn test_step(&mut self, _: &mut Model, batch: &Batch) -> Result<StepLogs> {
        Ok(vec![("real", ops::mean(&self.discriminator.call(&batch.x[0])?, ())?)])
    }

    fn optimizers(&mut self) -> Vec<(&mut Optimizer, Vec<Variable>)> {
        let [d, g] = &mut self.optimizers;
        vec![(d, self.discriminator.trainable_variables()), (g, self.generator.trainable_variables())]
    }
}

#[test]
fn a_gan_trains_under_fit_with_checkpoints_and_resume() {
    let data = normal(&mut Stream::new(9, 0), 64, 1).unwrap().affine(0.1, 3.0).unwrap();
    let train = |folder: &Path, batches: usize| -> Result<(History, Model)> {
        candle_keras::utils::set_random_seed(5);
        let mut gan = Gan::new();
        let noise = Input::shape([2]);
        let mut both = Model::new(&noise, gan.discriminator.call(&gan.generator.call(&noise)))?;
        let mut batch = 0;
        let interrupt = LambdaCallback::new().on_train_batch_end(|_, _, _| {
            batch += 1;
            if batch == batches { Err(Error::new("interrupted")) } else { Ok(()) }
        });
        let fit = Fit::new().epochs(100).batch_size(16).verbose(0).validation_data(&data, ()).step(&mut gan);
        let fit = fit.callback(ModelCheckpoint::new(folder.join("gan.keras").to_str().unwrap())).callback(interrupt);
        let history = both.fit(&data, (), fit.callback(BackupAndRestore::new(folder.join("backup")).save_freq(7)))?;
        let mean =
            ops::mean(&gan.generator.predict(normal(&mut Stream::new(4, 0), 256, 2)?)?, ())?.to_scalar::<f32>()?;
        assert!((mean - 3.0).abs() < 1.0, "the generator gives numbers around {mean}");
        Ok((history, both))
    };
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (history, gan) = train(folders[0].path(), usize::MAX).unwrap();
    assert_eq!(history.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["d_loss", "g_loss", "val_real"]);
    assert_eq!(numbers(&load_model(folders[0].path().join("gan.keras")).unwrap()), numbers(&gan));
    // Interrupted within an epoch and resumed: bit-identical.
    train(folders[1].path(), 90).unwrap_err();
    let (again, resumed) = train(folders[1].path(), usize::MAX).unwrap();
    assert_eq!((numbers(&resumed), again["d_loss"].last()), (numbers(&gan), history["d_loss"].last()));
}

#[test]
fn a_custom_loop_computes_what_fit_does() {
    let ids = vec![vec![1u32, 2, 3], vec![0, 2, 2], vec![4, 4, 1], vec![3, 0, 2]];
    let (y, make) = (vec![1f32, 0., 2., 1.], || {
        candle_keras::utils::set_random_seed(7);
        let dense = Dense::new(1).kernel_regularizer("l2");
        let mut model =
            Sequential::new(layers![Input::shape([3]).dtype("int32"), Embedding::new(5, 4), Flatten::new(), dense]);
        model.compile(Adam::new().learning_rate(0.1), "mse").unwrap();
        model
    });
    let (mut fitted, mut stepped, taped) = (make(), make(), make());
    fitted.fit(&ids, &y, Fit::new().epochs(5).shuffle(false).verbose(0)).unwrap();
    // With the parts of a step.
    let batch = stepped.batch(&ids, &y).unwrap();
    for _ in 0..5 {
        let step = stepped.grad_step(&batch).unwrap();
        let before = numbers(&*stepped);
        assert!(step.is_finite().unwrap() && numbers(&*stepped) == before);
        stepped.apply_step(step).unwrap();
    }
    assert_eq!(numbers(&*stepped), numbers(&*fitted));
    // With a tape and an optimizer.
    let (x, mut optimizer) = (&batch.x[0], Optimizer::from(Adam::new().learning_rate(0.1)));
    let y = batch.y[0].unsqueeze(1).unwrap();
    for _ in 0..5 {
        let tape = GradientTape::new();
        let mut loss = ops::mean(&ops::square(&(taped.call(x).unwrap() - &y).unwrap()).unwrap(), ()).unwrap();
        for penalty in taped.penalties().unwrap() {
            loss = (loss + penalty).unwrap();
        }
        let gradients = tape.gradient(&loss, &taped.trainable_variables()).unwrap();
        assert_eq!(gradients.len(), 3);
        optimizer.apply_gradients(gradients).unwrap();
    }
    let apart = numbers(&*taped).iter().zip(numbers(&*fitted)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart < 1e-5, "{apart}");
}

#[test]
fn gradients_that_nobody_took_are_not_in_the_next() {
    let ids = Tensor::new(&[[1u32, 3, 1]], &Device::Cpu).unwrap();
    let (embedding, dense) = (Embedding::new(4, 1), Dense::new(1).kernel_initializer("ones"));
    let gradient = |sources: &[Variable]| {
        let tape = GradientTape::new();
        let loss = ops::sum(&dense.call(&embedding.call(&ids).unwrap()).unwrap(), ()).unwrap();
        tape.gradient(&loss, sources).unwrap()
    };
    gradient(&[]);
    gradient(&dense.trainable_variables());
    let (table, found) = gradient(&embedding.trainable_variables()).remove(0);
    assert_eq!(found.to_dense(&table.value()).unwrap().to_vec2::<f32>().unwrap(), [[0.], [2.], [0.], [1.]]);
}

/// An adversarial change of an input along the sign of its gradient raises the loss (Goodfellow et al., 2014), in agreement with finite differences.
#[test]
fn inputs_have_gradients() {
    candle_keras::utils::set_random_seed(3);
    let model = Sequential::new(layers![Input::shape([4]), Dense::new(8).activation("tanh"), Dense::new(1)]);
    let x = normal(&mut Stream::new(1, 0), 3, 4).unwrap();
    let loss = |x: &Tensor| ops::mean(&ops::square(&model.call(x).unwrap()).unwrap(), ()).unwrap();
    let tape = GradientTape::new();
    let watched = tape.watch(&x).unwrap();
    let weights = model.trainable_variables();
    let (of_weights, gradient) = tape.gradient(&loss(&watched), (&weights, &watched)).unwrap();
    assert_eq!((of_weights.len(), gradient.dims()), (4, x.dims()));
    let number = |t: &Tensor| f64::from(t.to_scalar::<f32>().unwrap());
    for i in 0..12 {
        let mut step = vec![0f32; 12];
        step[i] = 1e-2;
        let step = Tensor::from_vec(step, (3, 4), &Device::Cpu).unwrap();
        let slope = (number(&loss(&(&x + &step).unwrap())) - number(&loss(&(&x - &step).unwrap()))) / 2e-2;
        let found = number(&gradient.flatten_all().unwrap().get(i).unwrap());
        assert!((slope - found).abs() < 1e-3 + 1e-2 * slope.abs(), "{i}: {slope} {found}");
    }
    let attacked = (&x + (gradient.sign().unwrap() * 0.1).unwrap()).unwrap();
    assert!(number(&loss(&attacked)) > number(&loss(&x)));
    let tape = GradientTape::new();
    let error = tape.gradient(&loss(&x), &x).unwrap_err().to_string();
    assert!(error.contains("tape.watch"), "{error}");
}

/// The penalty of a WGAN's critic (Gulrajani et al., 2017) and its gradients, which are gradients of a gradient: the numbers of Keras 3.15.1 on JAX.
#[test]
fn a_gradient_penalty_has_the_gradients_of_keras() {
    let critic = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(4).activation("leaky_relu"),
        Dense::new(3).activation("tanh"),
        Dense::new(1)
    ]);
    let mut count = 0;
    let mut next = |shape: &[usize]| {
        let size: usize = shape.iter().product();
        count += size;
        let values: Vec<f32> = (count - size..count).map(|i| (1.3 * i as f64 + 0.5).sin() as f32).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    };
    let shapes: [&[usize]; 6] = [&[2, 4], &[4], &[4, 3], &[3], &[3, 1], &[1]];
    critic.set_weights(&shapes.map(&mut next)).unwrap();
    let x: Vec<f32> = (0..10).map(|i| (0.9 * f64::from(i)).cos() as f32).collect();
    let x = Tensor::from_vec(x, (5, 2), &Device::Cpu).unwrap();

    let outer = GradientTape::new();
    let inner = GradientTape::new();
    let watched = inner.watch(&x).unwrap();
    let sum = ops::sum(&critic.call(&watched).unwrap(), ()).unwrap();
    let gradient = inner.gradient(&sum, &watched).unwrap();
    let norms = ops::sqrt(&ops::sum(&ops::square(&gradient).unwrap(), -1).unwrap()).unwrap();
    let penalty = ops::mean(&ops::square(&(norms - 1.0).unwrap()).unwrap(), ()).unwrap();
    let gradients = outer.gradient(&penalty, &critic.trainable_variables()).unwrap();

    assert!((penalty.to_scalar::<f32>().unwrap() - 0.274_534_28).abs() < 1e-6);
    // The penalty does not depend on the last bias.
    let expected: [&[f32]; 5] = [
        &[0.0764226, -0.4772677, 0.5564961, -0.22162765, 0.01207952, 0.12150337, -0.21728837, 0.16587713],
        &[-0.01872382, -0.04453908, 0.05456235, -0.1822508],
        &[
            -0.04522244,
            -0.03319364,
            0.01075769,
            -0.3044824,
            -0.0703105,
            0.0807998,
            0.09696163,
            0.13158898,
            -0.04738383,
            0.3740652,
            0.30081075,
            -0.10420136,
        ],
        &[-0.10069686, 0.1222609, 0.07200752],
        &[0.2465668, 0.27476776, 0.04723478],
    ];
    assert_eq!(gradients.len(), expected.len());
    for ((variable, gradient), expected) in gradients.iter().zip(expected) {
        let gradient = gradient.to_dense(&variable.value()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (found, expected) in gradient.iter().zip(expected) {
            assert!((found - expected).abs() < 2e-6, "{}: {found} {expected}", variable.path());
        }
    }
}

#[test]
fn a_step_that_is_not_finite_can_be_skipped_and_a_loss_scaled() {
    let make = |optimizer: SGD| {
        candle_keras::utils::set_random_seed(1);
        let mut model =
            Sequential::new(layers![Input::shape([2]), candle_keras::layers::BatchNormalization::new(), Dense::new(1)]);
        model.compile(optimizer, "mse").unwrap();
        model
    };
    let (good, y) = (vec![vec![1f32, 2.], vec![3., 1.]], vec![1f32, 2.]);
    let mut model = make(SGD::new().skip_nonfinite(true));
    let before = numbers(&*model);
    model.train_on_batch(vec![vec![f32::NAN, 1.], vec![1., 2.]], &y).unwrap();
    assert_eq!((numbers(&*model), model.optimizer().unwrap().iterations()), (before.clone(), 0));
    model.train_on_batch(&good, &y).unwrap();
    assert!(numbers(&*model) != before && model.optimizer().unwrap().iterations() == 1);
    let mut scaled = make(SGD::new().loss_scale_factor(1024.0));
    scaled.train_on_batch(&good, &y).unwrap();
    assert_eq!(numbers(&*scaled), numbers(&*model));
}
