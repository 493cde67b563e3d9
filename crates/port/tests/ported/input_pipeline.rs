// Ported from input_pipeline.py.
// Input pipelines of tf.data: slices, shuffle, map, batch, take and skip.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::Source;
use candle_keras::layers::{Conv2D, Dense, Flatten, MaxPooling2D};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops};
use ndarray::s;

const BATCH_SIZE: usize = 16;
const AUTOTUNE: usize = 2;
const NUM_CLASSES: usize = 4;

fn main() -> Result<()> {
    let buffer_size = 200;

    numpy::random::seed(64);

    // Images of one channel; the class is the brightest quarter, by rows.
    let mut images = numpy::to_ndarray::<f32>(&numpy::random::randint(0, 150, (140, 8, 8))?.to_dtype(DType::F32)?)?;
    let labels = numpy::random::randint(0, NUM_CLASSES as i64, 140)?;
    for i in 0..images.shape()[0] {
        let row = numpy::multiply(&labels.i(i)?, 2)?;
        {
            let mut part = images.slice_mut(s![i, row.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize..numpy::add(&row, 2)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, ..]);
            part += 100.0;
        }
    }

    let ds = Dataset::from_tensor_slices((&images, &labels))?;
    println!("elements: {}", ds.cardinality().count().ok_or_else(|| Error::new("it is not known how many elements the dataset has"))?);
    let train_raw = ds.take(100);
    let rest = ds.skip(100);
    let val_raw = rest.take(20);
    let test_raw = rest.skip(20);

    let train_ds = train_raw.map_on(AUTOTUNE, |batch| { let (image, label) = (&batch.x[0], &batch.y[0]); Ok(normalize(image, label)?) }).cache().shuffle(buffer_size).map_on(AUTOTUNE, |batch| { let (image, label) = (&batch.x[0], &batch.y[0]); Ok(flip(image, label)?) }).batch(BATCH_SIZE).prefetch(AUTOTUNE);
    let val_ds = val_raw.map(|batch| { let (image, label) = (&batch.x[0], &batch.y[0]); Ok(normalize(image, label)?) }).batch(BATCH_SIZE).prefetch(AUTOTUNE);
    let test_ds = test_raw.map(|batch| { let (image, label) = (&batch.x[0], &batch.y[0]); Ok(normalize(image, label)?) }).batch(BATCH_SIZE);

    for batch in val_ds.take(1).iter()? {
        let batch = batch?;
        let batch_images = &batch.x[0];
        let batch_labels = &batch.y[0];
        println!("batch: {:?} {:?}", batch_images.dims(), batch_labels.dims());
        println!("range: {:.3} to {:.3}", ops::min(batch_images, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::max(batch_images, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    println!("batches: {} {} {}", train_ds.cardinality().count().ok_or_else(|| Error::new("it is not known how many elements the dataset has"))?, val_ds.cardinality().count().ok_or_else(|| Error::new("it is not known how many elements the dataset has"))?, test_ds.cardinality().count().ok_or_else(|| Error::new("it is not known how many elements the dataset has"))?);

    let (first_images, first_labels) = {
        let batch = test_ds.iter()?.next().ok_or_else(|| Error::new("the dataset is empty"))??;
        (batch.x[0].clone(), batch.y[0].clone())
    };
    println!("{} {}", numpy::array_str(&first_images.i((0, ..3, 0, 0))?)?, numpy::array_str(&first_labels)?);

    let mut model = Sequential::new(layers![
        Input::shape((8, 8, 1)),
        Conv2D::new(8, 3).activation("relu"),
        MaxPooling2D::new(2),
        Flatten::new(),
        Dense::new(16).activation("relu"),
        Dense::new(NUM_CLASSES).activation("softmax"),
    ]);
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&train_ds, (), Fit::new().validation_data(&val_ds, ()).epochs(5).verbose(0))?;

    let acc = &history["accuracy"];
    let val_acc = &history["val_accuracy"];
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {}: loss {loss:.4} acc {:.4} val_acc {:.4}", epoch + 1, acc[epoch], val_acc[epoch]);
    }

    let scores = model.evaluate_with(&test_ds, (), Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("test loss {loss:.4}, test accuracy {accuracy:.4}");
    let predictions = model.predict_with(&test_ds, Predict::new().verbose(0))?;
    println!("predictions: {:?}", predictions.dims());
    let true_labels = ops::concatenate(&test_ds.iter()?.map(|batch| batch.map(|batch| (batch.x[0].clone(), batch.y[0].clone()))).collect::<Result<Vec<_>>>()?.into_iter().map(|(_, y)| y.clone()).collect::<Vec<Tensor>>(), 0)?;
    println!("first classes: {} true: {}", numpy::array_str(&ops::argmax(&predictions, 1)?.i(..8)?)?, numpy::array_str(&true_labels.i(..8)?)?);
    println!("images of the test: {}", test_ds.iter()?.map(|batch| batch.map(|batch| (batch.x[0].clone(), batch.y[0].clone()))).collect::<Result<Vec<_>>>()?.into_iter().map(|(x, _)| Ok::<_, Error>(x.dim(0)?)).collect::<Result<Vec<usize>>>()?.into_iter().sum::<usize>());
    Ok(())
}

fn normalize(image: &Tensor, label: &Tensor) -> Result<(Tensor, Tensor)> {
    // Numbers up to 1, with a channel.
    let image = numpy::divide(&ops::cast(image, "float32")?, 255.0)?;
    Ok((ops::expand_dims(&image, -1)?, label.clone()))
}

fn flip(image: &Tensor, label: &Tensor) -> Result<(Tensor, Tensor)> {
    Ok((ops::flip(image, -2)?, label.clone()))
}
