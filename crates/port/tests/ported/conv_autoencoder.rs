// Ported from conv_autoencoder.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Conv2D, Conv2DTranspose, MaxPooling2D, UpSampling2D};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};
use ndarray::Array3;
use ndarray::s;

fn main() -> Result<()> {
    // Convolutional autoencoder with transposed convolutions

    utils::set_random_seed(64);
    numpy::random::seed(64);

    let train_data = preprocess(&stripes(80)?)?;
    let test_data = preprocess(&stripes(20)?)?;
    let noisy_train_data = noise(&train_data)?;
    let noisy_test_data = noise(&test_data)?;
    println!("train: {:?} mean {:.4}", train_data.dims(), ops::mean(&train_data, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("test: {:?} mean {:.4}", test_data.dims(), ops::mean(&test_data, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let input = Input::shape((16, 16, 1));

    // Encoder
    let x = Conv2D::new(16, (3, 3)).activation("relu").padding("same").call(&input);
    let x = MaxPooling2D::new((2, 2)).padding("same").call(&x);
    let x = Conv2D::new(8, (3, 3)).activation("relu").padding("same").call(&x);
    let x = MaxPooling2D::new((2, 2)).padding("same").call(&x);

    // Decoder
    let x = Conv2DTranspose::new(8, (3, 3)).strides(2).activation("relu").padding("same").call(&x);
    let x = UpSampling2D::new().size((2, 2)).call(&x);
    let x = Conv2D::new(1, (3, 3)).activation("sigmoid").padding("same").call(&x);

    // Autoencoder
    let mut autoencoder = Model::new(&input, &x)?;
    autoencoder.compile("adam", Compile::loss("mse").metrics(["mae"]))?;
    println!("layers: {} parameters: {}", autoencoder.layers().len(), autoencoder.count_params());

    // First the clean images...
    let history = autoencoder.fit(&train_data, &train_data, Fit::new().epochs(3).batch_size(16).shuffle(true).validation_data(&test_data, &test_data).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("clean {}: loss {loss:.5} val_loss {:.5}", epoch + 1, history["val_loss"][epoch]);
    }
    // ... and then the noisy ones
    let history = autoencoder.fit(&noisy_train_data, &train_data, Fit::new().epochs(3).batch_size(16).shuffle(true).validation_data(&noisy_test_data, &test_data).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("noisy {}: loss {loss:.5} val_loss {:.5}", epoch + 1, history["val_loss"][epoch]);
    }

    let scores = autoencoder.evaluate_with(&noisy_test_data, &test_data, Evaluate::new().verbose(0))?;
    let (mse, mae) = (scores["loss"], scores["mae"]);
    println!("test: mse {mse:.5}, mae {mae:.5}");
    let predictions = autoencoder.predict_with(&noisy_test_data, Predict::new().verbose(0))?;
    println!("{:?} {}", predictions.dims(), numpy::array_str(&predictions.i((0, 8, ..4, 0))?)?);
    println!("range: {:.3} to {:.3}", ops::min(&predictions, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::max(&predictions, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}

fn preprocess(array: &Array3<u8>) -> Result<Tensor> {
    // Normalizes the supplied array and reshapes it into the appropriate format.
    let array = numpy::divide(&array.to_tensor()?.to_dtype(DType::F32)?, 255.0)?;
    Ok(array.reshape((array.dim(0)?, 16, 16, 1))?)
}

fn noise(array: &Tensor) -> Result<Tensor> {
    // Adds random noise to each image in the supplied array.
    let noise_factor = 0.3;
    let noisy_array = ops::add(array, &(noise_factor * &numpy::random::normal(0.0, 1.0, array.dims())?)?)?;
    Ok(ops::clip(&noisy_array, 0.0, 1.0)?)
}

fn stripes(count: usize) -> Result<Array3<u8>> {
    let mut images = Array3::<u8>::zeros((count, 16, 16));
    for n in 0..count {
        let width = numpy::random::randint_scalar(1, 4)? as usize;
        let offset = numpy::random::randint_scalar(0, (width + 1) as i64)? as usize;
        for k in (offset..16).step_by(2 * width) {
            if n % 2 == 0 {
                let end2 = usize::min(k + width, images.shape()[2]);
                images.slice_mut(s![n, .., k..end2]).fill(255);
            } else {
                let end1 = usize::min(k + width, images.shape()[1]);
                images.slice_mut(s![n, k..end1, ..]).fill(255);
            }
        }
    }
    Ok(images)
}
