// Ported from loop_with_tape.py.

use candle_keras::layers::{Call, Dense};
use candle_keras::losses::{Loss, SparseCategoricalCrossentropy};
use candle_keras::metrics::{Mean, MeanMetric, Metric, SparseCategoricalAccuracy};
use candle_keras::optimizers::SGD;
use candle_keras::prelude::*;
use candle_keras::{GradientTape, Optimizer, numpy};

fn main() -> Result<()> {
    numpy::random::seed(1);
    let x_train = numpy::random::rand((64, 8))?.to_dtype(DType::F32)?;
    let y_train = numpy::random::randint(0, 3, 64)?;
    let train_dataset = Dataset::from_tensor_slices((&x_train, &y_train))?;
    let train_dataset = train_dataset.shuffle(1024).batch(16);
    let val = Dataset::from_tensor_slices((&x_train, &y_train))?.map(|batch| { let (x, y) = (&batch.x[0], &batch.y[0]); Ok(((x * 2.0)?, y.clone())) }).batch(16).prefetch(2);

    let inputs = Input::shape([8]).name("digits");
    let x = Dense::new(16).activation("relu").name("dense_1").call(&inputs);
    let outputs = Dense::new(3).name("predictions").call(&x);
    let model = Model::new(&inputs, &outputs)?;

    let mut optimizer = Optimizer::from(SGD::new().learning_rate(0.01));
    let loss_fn = Loss::from(SparseCategoricalCrossentropy::new().from_logits(true));
    let mut train_acc_metric = MeanMetric::new(SparseCategoricalAccuracy::new());
    let mut mean = Mean::new();

    let epochs = 2;
    for epoch in 0..epochs {
        println!("\nStart of epoch {epoch}");
        for (step, batch) in train_dataset.iter()?.enumerate() {
            let batch = batch?;
            let x_batch_train = &batch.x[0];
            let y_batch_train = &batch.y[0];
            let loss_value = train_step(x_batch_train, y_batch_train, &model, &loss_fn, &mut optimizer, &mut train_acc_metric, &mut mean)?;
            if step % 2 == 0 {
                println!("Training loss at step {step}: {:.4}", loss_value.to_dtype(DType::F64)?.to_scalar::<f64>()?);
                println!("Seen so far: {} samples", (step + 1) * 16);
            }
        }
        let train_acc = train_acc_metric.result()?;
        println!("Training acc over epoch: {train_acc:.4}");
        train_acc_metric.reset_state();
        for batch in val.iter()? {
            let batch = batch?;
            let x_b = &batch.x[0];
            let y_b = &batch.y[0];
            let val_logits = model.call_with(x_b, Call::new().training(false))?;
            train_acc_metric.update_state(y_b, &val_logits, None, None)?;
        }
        println!("{:.3} {:.4}", train_acc_metric.result()?, mean.result()?);
    }
    Ok(())
}

fn train_step(x: &Tensor, y: &Tensor, model: &Model, loss_fn: &Loss, optimizer: &mut Optimizer, train_acc_metric: &mut MeanMetric, mean: &mut Mean) -> Result<Tensor> {
    let tape = GradientTape::new();
    let logits = model.call_with(x, Call::new().training(true))?;
    let loss_value = loss_fn.call(y, &logits, None, None)?;
    let grads = tape.gradient(&loss_value, &model.trainable_variables())?;
    optimizer.apply_gradients(grads)?;
    train_acc_metric.update_state(y, &logits, None, None)?;
    mean.update_state(&loss_value, None)?;
    Ok(loss_value)
}
