// Ported from mnist_mlp.py.
// A plain multilayer perceptron on small digit-like images.
//
// The digits are blurry prototypes with noise on top, so that the script
// runs without a download. The steps are those one would take with MNIST.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, Dropout};
use candle_keras::optimizers::RMSprop;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};

fn main() -> Result<()> {
    let batch_size = 32;
    let num_classes = 10;
    let epochs = 5;
    let side = 8;

    utils::set_random_seed(1234);
    numpy::random::seed(1234);

    // the data, split between train and test sets
    let prototypes = numpy::random::randint(0, 256, (num_classes, side, side))?;
    let labels = numpy::random::randint(0, num_classes as i64, 300)?;
    let images = ops::add(&ops::take(&prototypes, &labels, 0)?, &numpy::random::normal(0.0, 40.0, (300, side, side))?)?;
    let images = ops::clip(&images, 0.0, 255.0)?;

    let (x_train, x_test) = (images.i(..240)?, images.i(240..)?);
    let (y_train, y_test) = (labels.i(..240)?, labels.i(240..)?);

    let x_train = x_train.reshape((240, side * side))?;
    let x_test = x_test.reshape((60, side * side))?;
    let mut x_train = x_train.to_dtype(DType::F32)?;
    let mut x_test = x_test.to_dtype(DType::F32)?;
    x_train = numpy::divide(&x_train, 255)?;
    x_test = numpy::divide(&x_test, 255)?;
    println!("{} train samples", x_train.dims()[0]);
    println!("{} test samples", x_test.dims()[0]);

    // convert class vectors to binary class matrices
    let y_train = utils::to_categorical(&y_train, num_classes)?;
    let y_test = utils::to_categorical(&y_test, num_classes)?;

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([side * side]));
    model.add(Dense::new(64).activation("relu"));
    model.add(Dropout::new(0.2));
    model.add(Dense::new(64).activation("relu"));
    model.add(Dropout::new(0.2));
    model.add(Dense::new(num_classes).activation("softmax"));

    model.compile(RMSprop::new().learning_rate(0.002), Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;

    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(batch_size).epochs(epochs).verbose(0).validation_data(&x_test, &y_test))?;
    for epoch in 0..epochs {
        println!("epoch {}: loss {:.4}, accuracy {:.4}, val_loss {:.4}", epoch + 1, history["loss"][epoch], history["accuracy"][epoch], history["val_loss"][epoch]);
    }

    let score = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    println!("Test loss: {:?}", score["loss"]);
    println!("Test accuracy: {:?}", score["accuracy"]);

    let predictions = model.predict_with(&x_test.i(..5)?, Predict::new().verbose(0))?;
    println!("Predicted: {}", numpy::array_str(&ops::argmax(&predictions, 1)?)?);
    println!("Expected:  {}", numpy::array_str(&ops::argmax(&y_test.i(..5)?, 1)?)?);
    Ok(())
}
