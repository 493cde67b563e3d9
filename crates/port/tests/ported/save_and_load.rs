// Ported from save_and_load.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{BatchNormalization, Dense};
use candle_keras::prelude::*;
use candle_keras::{models, numpy, ops, python, utils};
use std::path::Path;

const SAVE_DIR: &str = "saved_models";

fn main() -> Result<()> {
    // Saves a model in several ways and checks that what is loaded predicts the same.

    utils::set_random_seed(29);
    numpy::random::seed(29);

    python::files::makedirs(SAVE_DIR)?;

    // Concentric rings: is a point in the outer one?
    let radius = ops::concatenate(&[&numpy::random::uniform(0.0, 0.6, 60)?, &numpy::random::uniform(0.8, 1.4, 60)?], 0)?;
    let angle = numpy::random::uniform(0.0, 2.0 * std::f64::consts::PI, 120)?;
    let x = ops::stack(&[&ops::multiply(&radius, &ops::cos(&angle)?)?, &ops::multiply(&radius, &ops::sin(&angle)?)?], 1)?;
    let y = radius.gt(0.7)?.to_dtype(DType::I64)?;

    // create model
    let mut model = Sequential::new(layers![]).name("rings");
    model.add(Input::shape([2]));
    model.add(Dense::new(16).activation("relu"));
    model.add(BatchNormalization::new());
    model.add(Dense::new(8).activation("relu"));
    model.add(Dense::new(1).activation("sigmoid"));
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;

    let history = model.fit(&x, &y, Fit::new().epochs(6).batch_size(12).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {epoch} loss {loss:.4}");
    }
    let scores = model.evaluate_with(&x, &y, Evaluate::new().verbose(0))?;
    println!("{}: {:.2}%", "accuracy", scores["accuracy"] * 100.0);

    // 1. Everything in one file
    let path = Path::new(SAVE_DIR).join("rings.keras");
    model.save(&path)?;
    println!("Saved model to disk: {}", if path.is_file() { "True" } else { "False" });
    let mut loaded = load_model(&path)?;
    println!("name: {} layers: {:?}", loaded.layer_name(), loaded.layers().into_iter().map(|layer| layer.class_name().to_string()).collect::<Vec<String>>());

    let expected = model.predict_with(&x.i(..10)?, Predict::new().verbose(0))?;
    let found = loaded.predict_with(&x.i(..10)?, Predict::new().verbose(0))?;
    assert!(numpy::allclose(&expected, &found, 1e-5, 0.0)?);
    println!("predictions equal: {}", if numpy::allclose(&expected, &found, 1e-5, 1e-8)? { "True" } else { "False" });
    let values = loaded.evaluate_with(&x, &y, Evaluate::new().verbose(0))?.iter().map(|(_, number)| number).collect::<Vec<f64>>();
    println!("evaluation of the loaded model: {:.4} {:.4}", values[0], values[1]);

    // 2. The weights alone
    let weights_path = Path::new(SAVE_DIR).join("rings.weights.h5");
    model.save_weights(&weights_path)?;
    let twin = models::clone_model(&model)?;
    println!("equal before: {}", if numpy::allclose(&expected, &twin.predict_with(&x.i(..10)?, Predict::new().verbose(0))?, 1e-5, 1e-8)? { "True" } else { "False" });
    twin.load_weights(&weights_path, ())?;
    println!("equal after: {}", if numpy::allclose(&expected, &twin.predict_with(&x.i(..10)?, Predict::new().verbose(0))?, 1e-5, 1e-8)? { "True" } else { "False" });

    // 3. The architecture as JSON, the weights as a list
    let json_config = model.to_json()?;
    let rebuilt = models::model_from_json(&json_config)?;
    rebuilt.set_weights(&model.get_weights()?)?;
    println!("rebuilt equal: {}", if numpy::allclose(&expected, &rebuilt.predict_with(&x.i(..10)?, Predict::new().verbose(0))?, 1e-5, 1e-8)? { "True" } else { "False" });

    // Training goes on from where it was, with the state of the optimizer
    let history = loaded.fit(&x, &y, Fit::new().epochs(2).batch_size(12).shuffle(false).verbose(0))?;
    let again = model.fit(&x, &y, Fit::new().epochs(2).batch_size(12).shuffle(false).verbose(0))?;
    for (&first, &second) in history["loss"].iter().zip(&again["loss"]) {
        println!("{first:.4} {second:.4} {}", if f64::abs(first - second) < 1e-5 { "True" } else { "False" });
    }

    println!("{}", numpy::array_str(&ops::round(&expected.i(..4)?, 4)?)?);
    python::files::rmtree(SAVE_DIR)?;
    println!("cleaned up: {}", if !Path::new(SAVE_DIR).exists() { "True" } else { "False" });
    Ok(())
}
