// Ported from digits_mlp.py.
// A dense network on pictures of digits; here on random ones, so that nothing has to be fetched.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, Dropout};
use candle_keras::optimizers::RMSprop;
use candle_keras::prelude::*;
use candle_keras::regularizers::L2;
use candle_keras::{numpy, ops, utils};

fn main() -> Result<()> {
    let batch_size = 32;
    let num_classes = 10;
    let epochs = 2;

    numpy::random::seed(7);
    utils::set_random_seed(7);

    // The data: pictures of 28 x 28 with values from 0 to 255.
    let images = (&numpy::random::rand((200, 28, 28))? * 255.0)?;
    let x_train = numpy::divide(&images.i(..160)?.reshape((160, 784))?.to_dtype(DType::F32)?, 255)?;
    let x_test = numpy::divide(&images.i(160..)?.reshape((40, 784))?.to_dtype(DType::F32)?, 255)?;
    let labels = ops::argmax(&images.i((.., 0, ..10))?, -1)?;
    let y_train = utils::to_categorical(&labels.i(..160)?, num_classes)?;
    let y_test = utils::to_categorical(&labels.i(160..)?, num_classes)?;
    println!("{} train samples", x_train.dims()[0]);
    println!("{} test samples", x_test.dims()[0]);

    let mut model = Sequential::new(layers![
        Input::shape([784]),
        Dense::new(64).activation("relu"),
        Dropout::new(0.2),
        Dense::new(32).activation("relu").kernel_regularizer(L2::new(0.0001)),
        Dense::new(num_classes).activation("softmax").name("classes"),
    ]);
    model.summary();

    model.compile(RMSprop::new().learning_rate(0.001), Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(batch_size).epochs(epochs).verbose(0).validation_data(&x_test, &y_test))?;
    let score = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    println!("Test loss: {:?}", score["loss"]);
    println!("Test accuracy: {:?}", score["accuracy"]);
    println!("validation losses: {:?}", &history["val_loss"]);
    Ok(())
}
