// Ported from custom_training_loop.py.
// Training from scratch with a GradientTape: three overlapping classes,
// metrics of the training and the validation, and a loop over tf.data datasets.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Call, Dense};
use candle_keras::losses::{Loss, SparseCategoricalCrossentropy};
use candle_keras::metrics::{MeanMetric, Metric, SparseCategoricalAccuracy};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{GradientTape, Optimizer, numpy, ops, utils};

const BATCH_SIZE: usize = 32;
const EPOCHS: usize = 3;
const NUM_CLASSES: usize = 3;

fn main() -> Result<()> {
    utils::set_random_seed(10);
    numpy::random::seed(10);

    // Prepare the data
    let labels = numpy::random::randint(0, NUM_CLASSES as i64, 200)?;
    let data = ops::add(&numpy::random::normal(0.0, 1.0, (200, 8))?, &(ops::expand_dims(&labels, 1)?.to_dtype(DType::F64)? * 0.7)?)?;
    let data = data.to_dtype(DType::F32)?;
    let (x_train, x_val) = (data.i(..data.dim(0)? - 40)?, data.i(data.dim(0)? - 40..)?);
    let (y_train, y_val) = (labels.i(..labels.dim(0)? - 40)?, labels.i(labels.dim(0)? - 40..)?);

    let train_dataset = Dataset::from_tensor_slices((&x_train, &y_train))?;
    let train_dataset = train_dataset.shuffle(1024).batch(BATCH_SIZE);
    let val_dataset = Dataset::from_tensor_slices((&x_val, &y_val))?.batch(BATCH_SIZE);

    let model = get_model()?;
    let mut optimizer = Optimizer::from(Adam::new().learning_rate(0.01));
    let loss_fn = Loss::from(SparseCategoricalCrossentropy::new().from_logits(true));
    let mut train_acc_metric = MeanMetric::new(SparseCategoricalAccuracy::new());
    let mut val_acc_metric = MeanMetric::new(SparseCategoricalAccuracy::new());

    for epoch in 0..EPOCHS {
        println!("\nStart of epoch {epoch}");

        // Iterate over the batches of the dataset.
        for (step, batch) in train_dataset.iter()?.enumerate() {
            let batch = batch?;
            let x_batch_train = &batch.x[0];
            let y_batch_train = &batch.y[0];
            let loss_value = train_step(x_batch_train, y_batch_train, &model, &loss_fn, &mut optimizer, &mut train_acc_metric)?;

            // Log every 2 batches.
            if step % 2 == 0 {
                println!("Training loss (for one batch) at step {step}: {:.4}", loss_value.to_dtype(DType::F64)?.to_scalar::<f64>()?);
                println!("Seen so far: {} samples", (step + 1) * BATCH_SIZE);
            }
        }

        // Display metrics at the end of each epoch.
        let train_acc = train_acc_metric.result()?;
        println!("Training acc over epoch: {train_acc:.4}");
        train_acc_metric.reset_state();

        // Run a validation loop at the end of each epoch.
        for batch in val_dataset.iter()? {
            let batch = batch?;
            let x_batch_val = &batch.x[0];
            let y_batch_val = &batch.y[0];
            test_step(x_batch_val, y_batch_val, &model, &mut val_acc_metric)?;
        }
        let val_acc = val_acc_metric.result()?;
        val_acc_metric.reset_state();
        println!("Validation acc: {val_acc:.4}");
    }

    println!("{}", numpy::array_str(&ops::softmax(&model.call(x_val.i(..3)?)?, -1)?)?);
    Ok(())
}

fn get_model() -> Result<Model> {
    let inputs = Input::shape([8]).name("signals");
    let x = Dense::new(32).activation("relu").name("dense_1").call(&inputs);
    let x = Dense::new(16).activation("relu").name("dense_2").call(&x);
    let outputs = Dense::new(NUM_CLASSES).name("predictions").call(&x);
    Model::new(&inputs, &outputs)
}

fn train_step(x: &Tensor, y: &Tensor, model: &Model, loss_fn: &Loss, optimizer: &mut Optimizer, train_acc_metric: &mut MeanMetric) -> Result<Tensor> {
    let tape = GradientTape::new();
    let logits = model.call_with(x, Call::new().training(true))?;
    let loss_value = loss_fn.call(y, &logits, None, None)?;
    let grads = tape.gradient(&loss_value, &model.trainable_variables())?;
    optimizer.apply_gradients(grads)?;
    train_acc_metric.update_state(y, &logits, None, None)?;
    Ok(loss_value)
}

fn test_step(x: &Tensor, y: &Tensor, model: &Model, val_acc_metric: &mut MeanMetric) -> Result<()> {
    let val_logits = model.call_with(x, Call::new().training(false))?;
    val_acc_metric.update_state(y, &val_logits, None, None)?;
    Ok(())
}
