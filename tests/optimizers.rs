//! Optimizers in models: their states in files and backups, and steps that are skipped.

use candle_keras::callbacks::{BackupAndRestore, LambdaCallback};
use candle_keras::layers::{Dense, Embedding, Flatten, Variable};
use candle_keras::optimizers::{
    Adam, LossScaleOptimizer, MultiOptimizer, Options, RMSprop, SGD, Slot, Step, UpdateRule,
};
use candle_keras::prelude::*;
use candle_keras::saving::load_model;
use candle_keras::{Error, Optimizer, utils};
use std::path::Path;

/// The second moment factored into means of rows and columns, as in Adafactor.
#[derive(Debug)]
struct Factored;

impl UpdateRule for Factored {
    fn name(&self) -> &str {
        "factored"
    }

    fn options(&self) -> Options {
        Options::new(0.01)
    }

    fn slots(&self, weight: &Variable) -> Vec<Vec<Slot>> {
        let dims = weight.dims();
        vec![match dims.as_slice() {
            [rows, columns] => vec![Slot::new("row").shape([*rows]), Slot::new("column").shape([*columns])],
            _ => vec![Slot::new("velocity")],
        }]
    }

    fn update(&self, step: Step, weight: &Tensor, gradient: &Tensor, slots: &mut [Tensor]) -> Result<Tensor> {
        let squares = (gradient.sqr()? + 1e-30)?;
        let mean = |old: &Tensor, new: Tensor| (old * 0.9)? + (new * 0.1)?;
        let second_moment = match slots {
            [rows, columns] => {
                *rows = mean(rows, squares.mean(1)?)?;
                *columns = mean(columns, squares.mean(0)?)?;
                let rows = rows.broadcast_div(&rows.mean_all()?)?;
                rows.unsqueeze(1)?.broadcast_mul(&columns.unsqueeze(0)?)?
            }
            [velocity] => {
                *velocity = mean(velocity, squares)?;
                velocity.clone()
            }
            _ => return Err(Error::new("one slot or two")),
        };
        Ok((weight - ((gradient * step.learning_rate)? / second_moment.sqrt()?)?)?)
    }
}

fn model(optimizer: impl Into<Optimizer>) -> Sequential {
    utils::set_random_seed(3);
    let layers = layers![
        Input::shape([2]),
        Embedding::new(20, 4).name("words"),
        Flatten::new(),
        Dense::new(3).activation("tanh").name("hidden"),
        Dense::new(1).name("out")
    ];
    let mut model = Sequential::new(layers);
    model.compile(optimizer, "mse").unwrap();
    model
}

fn data() -> (Tensor, Tensor) {
    let ids: Vec<u32> = (0..32).map(|i| i * i * 7 % 20).collect();
    let y = ids.chunks(2).map(|pair| pair[0] as f32 - pair[1] as f32).collect::<Vec<_>>();
    (Tensor::from_vec(ids, (16, 2), &Device::Cpu).unwrap(), Tensor::from_vec(y, 16, &Device::Cpu).unwrap())
}

fn bits(model: &Model) -> Vec<u32> {
    let weights = model.get_weights().unwrap();
    weights.iter().flat_map(|w| w.flatten_all().unwrap().to_vec1::<f32>().unwrap()).map(f32::to_bits).collect()
}

fn train(model: &mut Model, folder: &Path, die: Option<usize>) -> Result<Vec<u32>> {
    let (x, y) = data();
    let mut step = 0;
    let interrupted = LambdaCallback::new().on_train_batch_end(|_, _, _| {
        step += 1;
        if Some(step) == die { Err(Error::new("interrupted")) } else { Ok(()) }
    });
    let fit = Fit::new().epochs(4).batch_size(4).verbose(0);
    model.fit(&x, &y, fit.callback(BackupAndRestore::new(folder).save_freq(1)).callback(interrupted))?;
    Ok(bits(model))
}

type Make = fn() -> Optimizer;

fn all() -> [Make; 4] {
    [
        || Factored.into(),
        || LossScaleOptimizer::new(Adam::new().learning_rate(0.01 / 3.0)).dynamic_growth_steps(3).into(),
        || {
            let adam = Adam::new().learning_rate(0.01 / 3.0);
            MultiOptimizer::new(SGD::new().momentum(0.9))
                .with("words/.*", adam)
                .with("hidden/.*", RMSprop::new())
                .into()
        },
        || {
            let some = |weight: &Variable| weight.name() == "kernel";
            LossScaleOptimizer::new(MultiOptimizer::new("adam").with(some, Factored)).initial_scale(1e38).into()
        },
    ]
}

#[test]
fn an_interrupted_training_resumes_exactly() {
    for make in all() {
        let folder = tempfile::tempdir().unwrap();
        let whole = train(&mut model(make()), folder.path(), None).unwrap();
        for die in [1, 6, 11] {
            let folder = tempfile::tempdir().unwrap();
            let error = train(&mut model(make()), folder.path(), Some(die)).unwrap_err().to_string();
            assert!(error.contains("interrupted"), "{error}");
            assert_eq!(train(&mut model(make()), folder.path(), None).unwrap(), whole, "{:?} after {die}", make());
        }
    }
}

#[test]
fn a_saved_model_continues_with_its_optimizers() {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = data();
    let fit = || Fit::new().epochs(2).batch_size(4).shuffle(false).verbose(0);
    for make in &all()[1..3] {
        for name in ["m.keras", "m.safetensors"] {
            let mut model = model(make());
            model.fit(&x, &y, fit()).unwrap();
            model.save(folder.path().join(name)).unwrap();
            let mut again = load_model(folder.path().join(name)).unwrap();
            let (optimizer, found) = (model.optimizer().unwrap(), again.optimizer().unwrap());
            assert_eq!(found.get_config().unwrap(), optimizer.get_config().unwrap());
            assert_eq!((found.iterations(), found.loss_scale()), (optimizer.iterations(), optimizer.loss_scale()));
            let losses = |history: History| history["loss"].to_vec();
            let (found, expected) =
                (losses(again.fit(&x, &y, fit()).unwrap()), losses(model.fit(&x, &y, fit()).unwrap()));
            // Files store learning rates in float32.
            assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5 * b), "{found:?} {expected:?}");
        }
    }
    // A rule without a configuration: a warning says that the model is saved without what it was compiled with.
    let own = model(Factored);
    own.save(folder.path().join("own.keras")).unwrap();
    let mut again = load_model(folder.path().join("own.keras")).unwrap();
    assert_eq!(bits(&again), bits(&own));
    assert!(again.optimizer().is_err());
}

#[test]
fn a_model_of_mixed_float16_scales_its_loss() {
    let make = || {
        let layers = layers![Input::shape([2]), Dense::new(1).kernel_initializer("ones").dtype("mixed_float16")];
        Sequential::new(layers)
    };
    let mut model = make();
    model.compile("adam", "mse").unwrap();
    assert_eq!(model.optimizer().unwrap().loss_scale(), 1.0); // the policy of the model is float32
    let (mut scaled, mut plain) = (make().dtype("mixed_float16"), make().dtype("mixed_float16"));
    plain.compile("adam", Compile::loss("mse").auto_scale_loss(false)).unwrap();
    assert_eq!(plain.optimizer().unwrap().loss_scale(), 1.0);
    scaled.compile(SGD::new().learning_rate(0.1), "mse").unwrap();
    assert_eq!(scaled.optimizer().unwrap().loss_scale(), 32768.0);
    // The gradient is too large for float16 with this scale, so that steps are skipped until it fits.
    let (x, y) = (vec![vec![30f32, 40.]; 4], vec![69f32; 4]);
    let before = bits(&scaled);
    scaled.train_on_batch(&x, &y).unwrap();
    assert_eq!((bits(&scaled), scaled.optimizer().unwrap().loss_scale()), (before.clone(), 16384.0));
    for _ in 0..10 {
        scaled.train_on_batch(&x, &y).unwrap();
    }
    let optimizer = scaled.optimizer().unwrap();
    assert!(optimizer.loss_scale() < 8192.0 && optimizer.iterations() > 0);
    assert!(bits(&scaled) != before);
}
