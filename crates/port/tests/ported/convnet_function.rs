// Ported from convnet_function.py.

use candle_keras::callbacks::{EarlyStopping, ReduceLROnPlateau};
use candle_keras::layers::{BatchNormalization, Conv2D, Dense, Dropout, GlobalAveragePooling2D, MaxPooling2D};
use candle_keras::losses::SparseCategoricalCrossentropy;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, random};

fn main() -> Result<()> {
    // A convolutional network that a function makes, with callbacks.

    main_()?;
    Ok(())
}

fn make_model(filters: usize, classes: usize, rate: f64, deep: bool) -> Result<Model> {
    // Two blocks, and a head.
    let inputs = Input::shape((16, 16, 1)).name("image");
    let x = Conv2D::new(filters, (3, 3)).padding("same").activation("relu").call(&inputs);
    let mut x = MaxPooling2D::new((2, 2)).call(&x);
    if deep {
        x = Conv2D::new(filters * 2, 3).padding("same").activation("relu").call(&x);
        x = BatchNormalization::new().call(&x);
    }
    let x = GlobalAveragePooling2D::new().call(&x);
    let x = Dropout::new(rate).call(&x);
    let outputs = Dense::new(classes).activation("softmax").call(&x);
    Model::new(&inputs, &outputs)
}

fn main_() -> Result<()> {
    random::set_seed(1);
    let x = numpy::random::normal(0.0, 1.0, (48, 16, 16, 1))?.to_dtype(DType::F32)?;
    let y = Tensor::from_iter([0, 1, 2].repeat(16).iter().map(|&x| x as i64), &Device::Cpu)?;
    let mut model = make_model(8, 3, 0.25, true)?;
    model.compile(Adam::new().learning_rate(0.001), Compile::loss(SparseCategoricalCrossentropy::new()).metrics(["accuracy"]))?;
    model.fit(&x, &y, Fit::new().epochs(3).batch_size(16).validation_split(0.25).callback(EarlyStopping::new().monitor("val_loss").patience(2)).callback(ReduceLROnPlateau::new().patience(1)).verbose(0))?;
    let probabilities = model.predict_with(&x, Predict::new().verbose(0))?;
    let classes = ops::argmax(&probabilities, 1)?;
    println!("classes of {:?} images", classes.dims());
    Ok(())
}
