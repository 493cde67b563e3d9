// Ported from frozen_base.py.
// Trains a base on one task, freezes it under a new head, then fine-tunes all of it.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, Dropout, LayerNormalization};
use candle_keras::losses::BinaryCrossentropy;
use candle_keras::metrics::BinaryAccuracy;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};

fn main() -> Result<()> {
    utils::set_random_seed(123);
    numpy::random::seed(123);

    // Task A has plenty of data: five classes of points in 10 dimensions around random centers
    let centers = (&numpy::random::normal(0.0, 1.0, (5, 10))? * 2.0)?;
    let labels_a = numpy::random::randint(0, 5, 240)?;
    let data_a = ops::add(&ops::take(&centers, &labels_a, 0)?, &numpy::random::normal(0.0, 1.0, (240, 10))?)?;

    // Task B has little: is the class one of the first two?
    let labels_b = numpy::random::randint(0, 5, 60)?;
    let data_b = ops::add(&ops::take(&centers, &labels_b, 0)?, &numpy::random::normal(0.0, 1.0, (60, 10))?)?;
    let target_b = ops::less(&labels_b, &Tensor::new(2_i64, &Device::Cpu)?)?.to_dtype(DType::F32)?;

    let base_model = Sequential::new(layers![
        Input::shape([10]),
        Dense::new(32).activation("relu").name("features_1"),
        LayerNormalization::new().name("norm"),
        Dense::new(16).activation("relu").name("features_2"),
    ]).name("base");
    let mut pretraining = Sequential::new(layers![
        base_model.clone(),
        Dense::new(5).activation("softmax"),
    ]);
    pretraining.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = pretraining.fit(&data_a, &labels_a, Fit::new().epochs(5).batch_size(32).verbose(0))?;
    println!("Pretraining:");
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("  epoch {epoch}: {loss:.4}");
    }

    // Freeze the base
    base_model.set_trainable(false);
    let inputs = Input::shape([10]);
    let x = base_model.call(&inputs);
    let x = Dropout::new(0.2).call(&x);
    let outputs = Dense::new(1).call(&x);
    let mut model = Model::new(&inputs, &outputs)?;
    println!("trainable weights with a frozen base: {}", model.trainable_variables().len());

    model.compile(Adam::new().learning_rate(0.01), Compile::loss(BinaryCrossentropy::new().from_logits(true)).metric(BinaryAccuracy::new().threshold(0.0)))?;
    let before = base_model.get_weights()?[0].copy()?;
    let history = model.fit(&data_b.i(..40)?, &target_b.i(..40)?, Fit::new().epochs(4).batch_size(10).verbose(0))?;
    println!("New head: {:?}", &history["loss"]);
    let after = base_model.get_weights()?[0].clone();
    println!("base unchanged: {}", if numpy::array_equal(&before, &after)? { "True" } else { "False" });

    // Unfreeze and train with a low learning rate
    base_model.set_trainable(true);
    println!("trainable weights after unfreezing: {}", model.trainable_variables().len());
    model.compile(Adam::new().learning_rate(0.0001), Compile::loss(BinaryCrossentropy::new().from_logits(true)).metric(BinaryAccuracy::new().threshold(0.0)))?;
    let history = model.fit(&data_b.i(..40)?, &target_b.i(..40)?, Fit::new().epochs(3).batch_size(10).verbose(0))?;
    println!("Fine-tuning: {:?}", &history["loss"]);
    println!("base changed: {}", if !(numpy::allclose(&before, &base_model.get_weights()?[0], 1e-5, 1e-8)?) { "True" } else { "False" });

    // Freeze single layers only
    for layer in python::slice(&base_model.layers(), ..-1).to_vec() {
        layer.set_trainable(false);
    }
    for layer in base_model.layers() {
        println!("{} {}", layer.layer_name(), if layer.base().is_trainable() { "True" } else { "False" });
    }

    let scores = model.evaluate_with(&data_b.i(40..)?, &target_b.i(40..)?, Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["binary_accuracy"]);
    println!("held out: loss {loss:.4}, accuracy {accuracy:.4}");
    println!("{}", numpy::array_str(&model.predict_with(&data_b.i(40..43)?, Predict::new().verbose(0))?.flatten_all()?)?);
    Ok(())
}
