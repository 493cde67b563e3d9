// Ported from image_generator.py.
// Digits of seven segments, with augmentation while the model trains.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Conv2D, Dense, Flatten, MaxPooling2D};
use candle_keras::prelude::*;
use candle_keras::preprocessing::image::{Flow, ImageDataGenerator};
use candle_keras::{numpy, ops, utils};
use ndarray::s;

fn main() -> Result<()> {
    numpy::random::seed(42);

    // Three kinds of images: a bar at the top, one on the left, and both.
    let (count, size, num_classes) = (120, 16, 3);
    let mut x = numpy::to_ndarray::<f64>(&(&numpy::random::rand((count, size, size, 1))? * 0.2)?)?;
    let labels = numpy::random::randint(0, num_classes as i64, count)?;
    for i in 0..count {
        if ops::not_equal(&labels.i(i)?, &Tensor::new(1_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 {
            {
                let mut part = x.slice_mut(s![i, 2..5, 2..14, 0]);
                part += 0.7;
            }
        }
        if ops::not_equal(&labels.i(i)?, &Tensor::new(0_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 {
            {
                let mut part = x.slice_mut(s![i, 2..14, 2..5, 0]);
                part += 0.7;
            }
        }
    }
    let x = numpy::to_ndarray::<f32>(&x.to_tensor()?.to_dtype(DType::F32)?)?;
    let y = utils::to_categorical(&labels, num_classes)?;
    let (x_train, y_train) = (x.to_tensor()?.i(..90)?, y.i(..90)?);
    let (x_test, y_test) = (x.to_tensor()?.i(90..)?, y.i(90..)?);

    let mut datagen = ImageDataGenerator::new().featurewise_center(true).featurewise_std_normalization(true).rotation_range(10.0).width_shift_range(0.1).height_shift_range(0.1).shear_range(5.0).zoom_range([0.9, 1.2]).horizontal_flip(false).fill_mode("constant").cval(0.0); // set input mean to 0 over the dataset // divide inputs by std of the dataset // degrees
    datagen.fit(&x_train)?;

    let mut test_datagen = ImageDataGenerator::new().featurewise_center(true).featurewise_std_normalization(true);
    test_datagen.fit(&x_train)?;

    // What a batch looks like.
    let preview = datagen.flow(&x_train, &y_train, Flow::new().batch_size(4).seed(1))?;
    let (x_batch, y_batch) = {
        let batch = preview.next_batch()?;
        (batch.x[0].clone(), batch.y[0].clone())
    };
    println!("{:?} {:?}", x_batch.dims(), y_batch.dims());
    println!("{}", numpy::array_str(&ops::mean(&x_batch, [1, 2, 3])?)?);
    println!("{}", numpy::array_str(&x_batch.i((0, 3, .., 0))?)?);

    let mut model = Sequential::new(layers![
        Input::shape((size, size, 1)),
        Conv2D::new(8, (3, 3)).activation("relu"),
        MaxPooling2D::new((2, 2)),
        Flatten::new(),
        Dense::new(16).activation("relu"),
        Dense::new(num_classes).activation("softmax"),
    ]);
    model.compile("adam", Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;

    let batch_size = 32;
    let train_flow = datagen.flow(&x_train, &y_train, Flow::new().batch_size(batch_size))?;
    let test_flow = test_datagen.flow(&x_test, &y_test, Flow::new().batch_size(batch_size).shuffle(false))?;
    println!("Batches: {} images: {}", train_flow.batches(), train_flow.samples());
    let history = model.fit(&train_flow, (), Fit::new().steps_per_epoch(train_flow.batches()).epochs(3).validation_data(&test_flow, ()).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{:?}", &history["val_loss"]);

    let scores = model.evaluate_with(&test_flow, (), Evaluate::new().verbose(0))?;
    println!("Test loss: {:.4}, test accuracy: {:.4}", scores["loss"], scores["accuracy"]);
    let predictions = model.predict_with(&test_flow, Predict::new().verbose(0))?;
    println!("{}", numpy::array_str(&ops::argmax(&predictions, 1)?.i(..10)?)?);

    // Other transformations, some batches of them.
    let noisy = ImageDataGenerator::new().rescale(2.0).vertical_flip(true).horizontal_flip(true).width_shift_range(3_usize).channel_shift_range(0.1).brightness_range([0.5, 1.5]).samplewise_center(true).samplewise_std_normalization(true).fill_mode("reflect");
    let mut batches = 0;
    for batch in noisy.flow(&numpy::multiply(&x_test, 255)?, &y_test, Flow::new().batch_size(16))?.endless() {
        let batch = batch?;
        let images = &batch.x[0];
        let targets = &batch.y[0];
        println!("{:?} {:?} {} {}", ops::max(images, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::min(images, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, numpy::array_str(&images.i((0, 2, 3, 0))?)?, numpy::array_str(&targets.i(0)?)?);
        batches += 1;
        if batches >= 3 {
            // The flow has no end.
            break;
        }
    }
    Ok(())
}
