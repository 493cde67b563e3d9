// Ported from early_stop_by_hand.py.
// Trains epoch by epoch, keeps the best weights, and stops by itself when nothing gets better.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};

fn main() -> Result<()> {
    utils::set_random_seed(21);
    let mut rng = numpy::random::RandomState::new(21);
    let x = rng.normal(0.0, 1.0, (90, 5))?.to_dtype(DType::F32)?;
    let true_weights = Tensor::new(&[1.0_f64, -2.0, 0.5, 0.0, 1.5], &Device::Cpu)?;
    let y = ops::add(&ops::matmul(&x, &true_weights)?, &(0.1 * &rng.normal(0.0, 1.0, 90)?)?)?.to_dtype(DType::F32)?;
    let (x_train, y_train) = (x.i(..60)?, y.i(..60)?);
    let (x_val, y_val) = (x.i(60..)?, y.i(60..)?);

    let mut model = Sequential::new(layers![
        Input::shape([5]),
        Dense::new(8).activation("relu"),
        Dense::new(1),
    ]);
    model.compile(Adam::new().learning_rate(0.05), "mse")?;

    let mut best_loss = None::<f64>;
    let mut best_weights = None::<Vec<Tensor>>;
    let mut best_epoch = None::<usize>;
    let mut previous = None::<f64>;
    let patience = 2;
    let mut bad_epochs = 0;
    let mut epoch = 0;
    for next in 0..30 {
        epoch = next;
        model.fit(&x_train, &y_train, Fit::new().batch_size(20).epochs(1).verbose(0))?;
        let val_loss = model.evaluate_with(&x_val, &y_val, Evaluate::new().verbose(0))?["loss"];
        let mut change = "".to_string();
        if let Some(previous) = previous {
            change = format!(", change {:+.4}", val_loss - previous);
        }
        previous = Some(val_loss);
        println!("{}{}", format!("epoch {}: val_loss {val_loss:.4}", epoch + 1), change);
        if best_loss.is_none_or(|best_loss| val_loss < best_loss) {
            best_loss = Some(val_loss);
            best_weights = Some(model.get_weights()?);
            best_epoch = Some(epoch);
            bad_epochs = 0;
        } else {
            bad_epochs += 1;
            if bad_epochs > patience {
                break;
            }
        }
    }

    println!("stopped after epoch {}", epoch + 1);
    println!("best epoch {}: {:.4}", best_epoch.ok_or_else(|| Error::new("best_epoch is None"))? + 1, best_loss.ok_or_else(|| Error::new("best_loss is None"))?);
    model.set_weights(best_weights.as_ref().ok_or_else(|| Error::new("best_weights is None"))?)?;
    let restored = model.evaluate_with(&x_val, &y_val, Evaluate::new().verbose(0))?["loss"];
    println!("restored: {:?} {}", python::round(restored, 4), if f64::abs(restored - best_loss.ok_or_else(|| Error::new("best_loss is None"))?) < 1e-5 { "True" } else { "False" });
    drop(x);
    drop(y);
    let mut first = None::<usize>;
    for (i, row) in numpy::rows(&model.predict_with(&x_val, Predict::new().verbose(0))?)?.into_iter().enumerate() {
        if row.i(0)?.gt(2.0)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 && first.is_none() {
            first = Some(i);
        }
    }
    println!("first large prediction: {}", first.ok_or_else(|| Error::new("first is None"))?);
    Ok(())
}
