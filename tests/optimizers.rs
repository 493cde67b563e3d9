//! Optimizers in models: their states in files and backups, and steps that are skipped.

use candle_keras::callbacks::{BackupAndRestore, LambdaCallback};
use candle_keras::layers::{Dense, Embedding, Flatten, Variable};
use candle_keras::optimizers::{
    Adadelta, Adafactor, Adam, Ftrl, Lamb, Lion, LossScaleOptimizer, MultiOptimizer, Muon, Options, RMSprop, SGD,
    ScheduleFreeAdamW, Slot, Step, UpdateRule,
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

fn all() -> [Make; 11] {
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
        || Adadelta::new().learning_rate(1.0).into(),
        || Ftrl::new().learning_rate(0.1).l1_regularization_strength(0.01).into(),
        || Lion::new().weight_decay(0.1).into(),
        || Lamb::new().learning_rate(0.01).into(),
        || Adafactor::new().learning_rate(0.01 / 3.0).into(),
        || Muon::new().exclude_layers(["out/"]).adam_weight_decay(0.1).into(),
        || ScheduleFreeAdamW::new().warmup_steps(3).use_ema(true).into(),
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

/// A configuration as a file gives it back: a number such as 1e-30 may differ in its last bit.
fn read_again(config: &serde_json::Value) -> serde_json::Value {
    serde_json::from_str(&config.to_string()).unwrap()
}

#[test]
fn a_saved_model_continues_with_its_optimizers() {
    let folder = tempfile::tempdir().unwrap();
    let (x, y) = data();
    let fit = || Fit::new().epochs(2).batch_size(4).shuffle(false).verbose(0);
    for make in &all()[1..10] {
        for name in ["m.keras", "m.safetensors"] {
            let mut model = model(make());
            model.fit(&x, &y, fit()).unwrap();
            model.save(folder.path().join(name)).unwrap();
            let mut again = load_model(folder.path().join(name)).unwrap();
            let (optimizer, found) = (model.optimizer().unwrap(), again.optimizer().unwrap());
            assert_eq!(found.get_config().unwrap(), read_again(&optimizer.get_config().unwrap()));
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

/// The names, shapes and order that Keras 3.15.1 gives to what it keeps for a Dense, by optimizer.
#[test]
fn slots_are_those_of_keras() {
    let pairs = |a: &str, b: &str| {
        let of =
            |weight: &'static str, shape: &[usize]| [a, b].map(|slot| (format!("{weight}_{slot}"), shape.to_vec()));
        [of("kernel", &[3, 2]), of("bias", &[2])].concat()
    };
    let list =
        |slots: &[(&str, &[usize])]| slots.iter().map(|(name, shape)| (name.to_string(), shape.to_vec())).collect();
    let momentum = ("kernel_momentum", &[3, 2][..]);
    type Slots = Vec<(String, Vec<usize>)>;
    let expected: [(&str, Slots); 7] = [
        ("adadelta", pairs("accumulated_grad", "accumulated_delta_var")),
        ("ftrl", pairs("accumulator", "linear")),
        ("lion", list(&[momentum, ("bias_momentum", &[2])])),
        ("lamb", pairs("momentum", "velocity")),
        (
            "adafactor",
            list(&[
                ("kernel", &[3]),
                ("kernel", &[2]),
                ("kernel_velocity", &[3, 2]),
                ("bias", &[]),
                ("bias", &[]),
                ("bias_velocity", &[2]),
            ]),
        ),
        ("muon", list(&[momentum, ("bias_momentum", &[2]), ("bias_velocity", &[2])])),
        ("schedulefreeadamw", pairs("momentum", "velocity")),
    ];
    for (name, expected) in expected {
        let mut model = Sequential::new(layers![Input::shape([3]), Dense::new(2)]);
        let path = model.variables()[0].path().replace('/', "_");
        model.compile(name, "mse").unwrap();
        model.train_on_batch(vec![vec![1f32; 3]; 2], vec![vec![1f32; 2]; 2]).unwrap();
        let found = model.optimizer().unwrap().state().unwrap().into_iter().skip(2).map(|(name, slot)| {
            let name = name.strip_prefix(path.trim_end_matches("kernel")).unwrap_or(&name).to_string();
            (name, slot.dims().to_vec())
        });
        assert_eq!(found.collect::<Vec<_>>(), expected, "{name}");
    }
}

/// Keras 3.15.1: `get_config()` of each class without arguments.
#[test]
fn defaults_are_those_of_keras() {
    let own = [
        ("Adadelta", 0.001f32, r#"{"rho": 0.95, "epsilon": 1e-07}"#),
        (
            "Ftrl",
            0.001,
            r#"{"learning_rate_power": -0.5, "initial_accumulator_value": 0.1, "l1_regularization_strength": 0.0,
                "l2_regularization_strength": 0.0, "l2_shrinkage_regularization_strength": 0.0, "beta": 0.0}"#,
        ),
        ("Lion", 0.001, r#"{"beta_1": 0.9, "beta_2": 0.99}"#),
        ("Lamb", 0.001, r#"{"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07}"#),
        (
            "Adafactor",
            0.001,
            r#"{"beta_2_decay": -0.8, "epsilon_1": 1e-30, "epsilon_2": 0.001, "clip_threshold": 1.0, "relative_step": true}"#,
        ),
        (
            "Muon",
            0.001,
            r#"{"weight_decay": 0.004, "adam_beta_1": 0.9, "adam_beta_2": 0.999, "epsilon": 1e-07, "exclude_layers": [],
                "muon_a": 3.4445, "muon_b": -4.775, "muon_c": 2.0315, "adam_lr_ratio": 1.0, "momentum": 0.95,
                "ns_steps": 5, "nesterov": true, "exclude_embeddings": true, "adam_weight_decay": 0.004, "rms_rate": 0.2}"#,
        ),
        (
            "ScheduleFreeAdamW",
            0.0025,
            r#"{"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-08, "warmup_steps": 0, "name": "schedule_free_adam_w"}"#,
        ),
    ];
    for (class, learning_rate, own) in own {
        let config = Optimizer::from(class).get_config().unwrap();
        let mut expected = Optimizer::from("sgd").get_config().unwrap()["config"].clone();
        let all = expected.as_object_mut().unwrap();
        ["momentum", "nesterov"].iter().for_each(|of_sgd| _ = all.remove(*of_sgd));
        all.insert("learning_rate".into(), f64::from(learning_rate).into());
        all.insert("name".into(), class.to_lowercase().into());
        let own: serde_json::Map<_, _> = serde_json::from_str(own).unwrap();
        all.extend(own);
        assert_eq!((config["class_name"].as_str(), read_again(&config["config"])), (Some(class), expected));
        assert_eq!(Optimizer::from_config(&config).unwrap().get_config().unwrap(), config);
    }
}

#[test]
fn a_model_of_mixed_float16_scales_its_loss() {
    let make = || {
        utils::set_random_seed(3);
        let layers = layers![Input::shape([2]), Dense::new(1).dtype("mixed_float16")];
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
    let (x, y) = (vec![vec![30f32, 40.]; 4], vec![50f32; 4]);
    let before = bits(&scaled);
    scaled.train_on_batch(&x, &y).unwrap();
    assert_eq!((bits(&scaled), scaled.optimizer().unwrap().loss_scale()), (before.clone(), 16384.0));
    for _ in 0..20 {
        scaled.train_on_batch(&x, &y).unwrap();
    }
    let optimizer = scaled.optimizer().unwrap();
    assert!(optimizer.loss_scale() < 8192.0 && optimizer.iterations() > 0);
    assert!(bits(&scaled) != before);
}
