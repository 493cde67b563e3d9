// Ported from batches_by_number.py.
// Batches from a class of one's own: a PyDataset that scales and mirrors them when they are wanted.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, LSTM};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops};

const BATCH_SIZE: usize = 16;

fn main() -> Result<()> {
    let mut rng = numpy::random::default_rng(Some(7));
    let x = rng.normal(0.0, 1.0, (90, 8, 4))?.to_dtype(DType::F32)?;
    let y = ops::mean(&x.i((.., .., 0))?, 1)?.gt(0.0)?.to_dtype(DType::I32)?;
    let (x_train, x_val, y_train, y_val) = (x.i(..70)?, x.i(70..)?, y.i(..70)?, y.i(70..)?);

    let train_gen = WindowSequence::new(&x_train, &y_train, BATCH_SIZE, 0.5);
    let val_gen = WindowSequence::new(&x_val, &y_val, BATCH_SIZE, 1.0);
    println!("{} batches, {} to validate", train_gen.len()? as usize, val_gen.len()? as usize);
    let (first_x, first_y) = train_gen.get_item(0)?;
    println!("{:?} {:?} {:.4}", first_x.dims(), first_y.dims(), ops::sum(&first_x, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let mut model = Sequential::new(layers![
        Input::shape((8, 4)),
        LSTM::new(6),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile(Adam::new().learning_rate(0.02), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&train_gen.dataset()?.shuffle(train_gen.len()? as usize), (), Fit::new().validation_data(&val_gen.dataset()?, ()).epochs(4).verbose(0))?;
    for (&loss, &val_loss) in history["loss"].iter().zip(&history["val_loss"]) {
        println!("loss: {loss:.4} - val_loss: {val_loss:.4}");
    }
    let scores = model.evaluate_with(&val_gen.dataset()?, (), Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("test loss: {loss:.4}, accuracy: {accuracy:.4}");
    model.fit(&train_gen.dataset()?, (), Fit::new().epochs(1).shuffle(false).verbose(0))?;
    let predictions = model.predict_with(&val_gen.dataset()?, Predict::new().verbose(0))?;
    println!("{:?} {}", predictions.dims(), numpy::array_str(&ops::round(&predictions.i((..4, 0))?, 4)?)?);
    Ok(())
}

fn mirrored(batch: &Tensor) -> Result<Tensor> {
    Ok(ops::flip(batch, 1)?)
}

/// Batches of windows; each second one is mirrored in time.
#[derive(Clone)]
struct WindowSequence {
    x: Tensor,
    y: Tensor,
    batch_size: usize,
    scale: f64,
}

impl WindowSequence {
    fn new(x: &Tensor, y: &Tensor, batch_size: usize, scale: f64) -> Self {
        let x_ = x.clone();
        let y_ = y.clone();
        Self { x: x_, y: y_, batch_size, scale }
    }

    fn len(&self) -> Result<i64> {
        Ok(f64::ceil(self.x.dim(0)? as f64 / self.batch_size as f64) as i64)
    }

    fn get_item(&self, idx: usize) -> Result<(Tensor, Tensor)> {
        let low = idx * self.batch_size;
        let high = usize::min(low + self.batch_size, self.x.dim(0)?);
        let mut batch_x = (&self.x.i(low..high)? * self.scale)?;
        let batch_y = self.y.i(low..high)?;
        if idx % 2 == 1 {
            batch_x = mirrored(&batch_x)?;
        }
        Ok((batch_x, batch_y))
    }

    fn dataset(&self) -> Result<Dataset> {
        let batches = self.clone();
        Ok(Dataset::from_fn(self.len()? as usize, move |index| batches.get_item(index)))
    }
}
