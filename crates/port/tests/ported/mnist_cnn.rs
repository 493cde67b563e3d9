// Ported from mnist_cnn.py.
// Small convnet for grey 12x12 pictures of bars, crosses and boxes.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Conv2D, Dense, Dropout, Flatten, MaxPooling2D};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use ndarray::Array1;
use ndarray::ArrayD;
use ndarray::s;

const NUM_CLASSES: usize = 4;
const IMAGE_SIZE: usize = 12;
const BATCH_SIZE: usize = 16;
const EPOCHS: usize = 4;

fn main() -> Result<()> {
    let input_shape = (IMAGE_SIZE, IMAGE_SIZE, 1);

    utils::set_random_seed(7);
    numpy::random::seed(7);

    let (x_train, y_train) = make_images(160)?;
    let (x_test, y_test) = make_images(40)?;

    // Make sure images have shape (12, 12, 1)
    let x_train = ops::expand_dims(&x_train.to_tensor()?.to_dtype(DType::F32)?, -1)?;
    let x_test = ops::expand_dims(&x_test.to_tensor()?.to_dtype(DType::F32)?, -1)?;
    println!("x_train shape: {:?}", x_train.dims());
    println!("{} train samples", x_train.dims()[0]);
    println!("{} test samples", x_test.dims()[0]);

    let y_train = utils::to_categorical(&y_train, NUM_CLASSES)?;
    let y_test = utils::to_categorical(&y_test, NUM_CLASSES)?;

    let mut model = Sequential::new(layers![
        Input::shape(input_shape),
        Conv2D::new(8, (3, 3)).activation("relu"),
        MaxPooling2D::new((2, 2)),
        Conv2D::new(16, (3, 3)).activation("relu"),
        Flatten::new(),
        Dropout::new(0.25),
        Dense::new(NUM_CLASSES).activation("softmax"),
    ]);
    model.compile("adam", Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;
    println!("parameters: {}", model.count_params());

    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(BATCH_SIZE).epochs(EPOCHS).validation_split(0.1).verbose(0))?;
    for (name, values) in history.iter() {
        println!("{name} {:?}", values.iter().map(|&value| python::round(value, 4)).collect::<Vec<f64>>());
    }

    let score = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    println!("Test loss: {:.4}", score["loss"]);
    println!("Test accuracy: {:.4}", score["accuracy"]);

    for (i, p) in numpy::rows(&model.predict_with(&x_test.i(..4)?, Predict::new().verbose(0))?)?.into_iter().enumerate() {
        println!("image {i}: class {} with probability {:.3}", ops::argmax(&p.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize, ops::max(&p, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(())
}

fn make_images(count: usize) -> Result<(ArrayD<f64>, Array1<i64>)> {
    let mut images = numpy::to_ndarray::<f64>(&(&numpy::random::rand((count, IMAGE_SIZE, IMAGE_SIZE))? * 0.3)?)?;
    let mut labels = Array1::<i64>::zeros(count);
    for i in 0..count {
        let kind = i % NUM_CLASSES;
        let position = numpy::random::randint_scalar(2, (IMAGE_SIZE - 3) as i64)? as usize;
        if kind == 0 {
            images.slice_mut(s![i, position, ..]).fill(1.0);
        } else if kind == 1 {
            images.slice_mut(s![i, .., position]).fill(1.0);
        } else if kind == 2 {
            images.slice_mut(s![i, position, ..]).fill(1.0);
            images.slice_mut(s![i, .., position]).fill(1.0);
        } else {
            let start1 = usize::min(position - 2, images.shape()[1]);
            let end1 = usize::min(position + 2, images.shape()[1]);
            let start2 = usize::min(position - 2, images.shape()[2]);
            let end2 = usize::min(position + 2, images.shape()[2]);
            images.slice_mut(s![i, start1..end1, start2..end2]).fill(1.0);
        }
        labels[[i]] = (kind) as i64;
    }
    Ok((images, labels))
}
