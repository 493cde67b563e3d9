// Ported from dataset_steps.py.
// Steps of tf.data: functions with parameters and methods, filters, and elements as arrays of NumPy.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{Shuffle, Source, ToTensor};
use candle_keras::layers::{Conv2D, Dense, GlobalAveragePooling2D};
use candle_keras::ops::image::Resize;
use candle_keras::ops::image;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops};
use ndarray::s;

const IMG_SIZE: usize = 8;

fn main() -> Result<()> {
    numpy::random::seed(5);

    let mut images = numpy::to_ndarray::<f32>(&numpy::random::randint(0, 255, (90, 10, 10, 3))?.to_dtype(DType::F32)?)?;
    let labels = numpy::random::randint(0, 3, 90)?;
    for i in 0..90 {
        {
            let mut part = images.slice_mut(s![i, .., .., labels.i(i)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as isize]);
            part += 60.0;
        }
    }

    let train_ds = make_dataset(&images.to_tensor()?.i(..60)?, &labels.i(..60)?, 12, true, 3)?;
    let test_ds = make_dataset_2(&images.to_tensor()?.i(60..)?, &labels.i(60..)?, 12, false)?;
    println!("{} {}", train_ds.cardinality().count().ok_or_else(|| Error::new("it is not known how many elements the dataset has"))?, test_ds.cardinality().count().ok_or_else(|| Error::new("it is not known how many elements the dataset has"))?);

    for batch in test_ds.take(1).iter()? {
        let batch = batch?;
        let image = &batch.x[0];
        let label = &batch.y[0];
        println!("{:?} {} {}", image.dims(), numpy::array_str(&image.i((0, 0, 0))?)?, numpy::array_str(label)?);
    }

    // More of the same, upside down.
    let train_ds = train_ds.concatenate(&train_ds.map(|batch| { let (image, label) = (&batch.x[0], &batch.y[0]); Ok(mirror(image, label)?) }));
    println!("batches: {}", train_ds.cardinality().count().ok_or_else(|| Error::new("it is not known how many elements the dataset has"))?);

    // Only the classes 0 and 1.
    let numbers = Dataset::from_tensor_slices((&images, &labels))?.filter(|batch| { let y = &batch.y[0]; Ok(ops::less(y, &Tensor::new(2_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0) });
    let kept = numbers.iter()?.map(|batch| batch.map(|batch| (batch.x[0].clone(), batch.y[0].clone()))).collect::<Result<Vec<_>>>()?.into_iter().map(|(_x, y)| Ok::<_, Error>(y.to_dtype(DType::I64)?.to_scalar::<i64>()?)).collect::<Result<Vec<i64>>>()?;
    println!("{} {}", kept.len(), kept.iter().sum::<i64>());

    let squares = Dataset::from_tensor_slices(&numpy::arange(0, 5, 1)?)?.map(|batch| { let x = &batch.x[0]; Ok(ops::multiply(x, x)?) });
    for batch in squares.iter()? {
        let batch = batch?;
        let number = &batch.x[0];
        print!("{} ", numpy::array_str(number)?);
    }
    println!();
    println!("{}", squares.iter()?.map(|batch| batch.map(|batch| batch.x[0].clone())).collect::<Result<Vec<_>>>()?.into_iter().map(|number| Ok::<_, Error>(number.to_dtype(DType::I64)?.to_scalar::<i64>()?)).collect::<Result<Vec<i64>>>()?.into_iter().sum::<i64>());
    for batch in Dataset::from_tensor_slices(&vec![1.5, 2.5, 3.5, 4.5, 5.5])?.batch(2).iter()? {
        let batch = batch?;
        let pair = &batch.x[0];
        println!("{}", numpy::array_str(pair)?);
    }

    let mut model = Sequential::new(layers![
        Input::shape((IMG_SIZE, IMG_SIZE, 3)),
        Conv2D::new(6, 3).activation("relu"),
        GlobalAveragePooling2D::new(),
        Dense::new(3).activation("softmax"),
    ]);
    model.compile(Adam::new().learning_rate(0.02), Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&train_ds, (), Fit::new().epochs(3).validation_data(&test_ds, ()).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{:?}", &history["val_loss"]);
    let repeated = test_ds.repeat(None);
    let scores = model.evaluate_with(&repeated, (), Evaluate::new().steps(2).verbose(0))?;
    println!("{:?}", [scores["loss"], scores["accuracy"]]);
    let predictions = model.predict_with(&test_ds.map(|batch| { let x = &batch.x[0]; Ok(x.clone()) }), Predict::new().verbose(0))?;
    println!("{:?} {}", predictions.dims(), numpy::array_str(&predictions.i(..2)?)?);
    Ok(())
}

/// Scales pixels, and draws the images smaller.
#[derive(Clone)]
struct Preprocessor {
    size: usize,
    scale: f64,
}

impl Preprocessor {
    fn new(size: usize, scale: f64) -> Self {

        Self { size, scale }
    }

    fn prepare(&self, image: &Tensor, label: &Tensor) -> Result<(Tensor, Tensor)> {
        let image = image::resize(&image.to_dtype(DType::F32)?, &Resize::to([self.size, self.size]))?;
        Ok(((&image * self.scale)?, label.clone()))
    }
}

fn brighten(image: &Tensor, label: &Tensor, delta: f64) -> Result<(Tensor, Tensor)> {
    Ok(((image + delta)?, label.clone()))
}

fn mirror(image: &Tensor, label: &Tensor) -> Result<(Tensor, Tensor)> {
    Ok((ops::flip(image, -3)?, label.clone()))
}

fn make_dataset(images: &Tensor, labels: &Tensor, batch_size: usize, is_training: bool, seed: usize) -> Result<Dataset> {
    let mut ds = Dataset::from_tensor_slices((images, labels))?;
    if is_training {
        ds = ds.shuffle(Shuffle::new(images.dim(0)?).seed(seed as u64));
    }
    let preprocessor = Preprocessor::new(IMG_SIZE, 1.0 / 255.0);
    let ds = ds.map({ let preprocessor = preprocessor.clone(); move |batch| { let (sample, target) = (&batch.x[0], &batch.y[0]); { let preprocessor = &preprocessor; Ok(preprocessor.prepare(sample, target)?) } } });
    let ds = ds.map(|batch| { let (x, y) = (&batch.x[0], &batch.y[0]); Ok(brighten(x, y, 0.05)?) });
    Ok(ds.batch(batch_size))
}

fn make_dataset_2(images: &Tensor, labels: &Tensor, batch_size: usize, is_training: bool) -> Result<Dataset> {
    let mut ds = Dataset::from_tensor_slices((images, labels))?;
    if is_training {
        ds = ds.shuffle(Shuffle::new(images.dim(0)?));
    }
    let preprocessor = Preprocessor::new(IMG_SIZE, 1.0 / 255.0);
    let ds = ds.map({ let preprocessor = preprocessor.clone(); move |batch| { let (sample, target) = (&batch.x[0], &batch.y[0]); { let preprocessor = &preprocessor; Ok(preprocessor.prepare(sample, target)?) } } });
    let ds = ds.map(|batch| { let (x, y) = (&batch.x[0], &batch.y[0]); Ok(brighten(x, y, 0.05)?) });
    Ok(ds.batch(batch_size))
}
