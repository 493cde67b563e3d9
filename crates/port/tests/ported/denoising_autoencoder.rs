// Ported from denoising_autoencoder.py.
// An autoencoder of dense layers that takes the noise off small pictures.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};

const SIDE: usize = 10;
const NOISE_FACTOR: f64 = 0.5;
const ENCODING_DIM: usize = 16;

fn main() -> Result<()> {
    utils::set_random_seed(31);
    numpy::random::seed(31);

    // every picture is a bright disc somewhere
    let (rows, cols) = (ops::arange(0.0, SIDE as f64, 1.0, "int64")?.reshape(((), 1))?, ops::arange(0.0, SIDE as f64, 1.0, "int64")?.reshape((1, ()))?);

    let x_train = dataset(160, &rows, &cols)?;
    let x_test = dataset(40, &rows, &cols)?;
    let x_train = x_train.reshape((x_train.dim(0)?, x_train.dims()[1..].iter().product::<usize>()))?;
    let x_test = x_test.reshape((x_test.dim(0)?, x_test.dims()[1..].iter().product::<usize>()))?;
    println!("{:?}", x_train.dims());
    println!("{:?}", x_test.dims());

    let x_train_noisy = ops::add(&x_train, &(NOISE_FACTOR * &numpy::random::normal(0.0, 1.0, x_train.dims())?)?)?;
    let x_test_noisy = ops::add(&x_test, &(NOISE_FACTOR * &numpy::random::normal(0.0, 1.0, x_test.dims())?)?)?;
    let x_train_noisy = ops::clip(&x_train_noisy, 0.0, 1.0)?;
    let x_test_noisy = ops::clip(&x_test_noisy, 0.0, 1.0)?;

    // this is our input placeholder
    let input_img = Input::shape([SIDE * SIDE]);
    // "encoded" is the encoded representation of the input
    let encoded = Dense::new(64).activation("relu").call(&input_img);
    let encoded = Dense::new(ENCODING_DIM).activation("relu").call(&encoded);
    // "decoded" is the lossy reconstruction of the input
    let decoded = Dense::new(64).activation("relu").call(&encoded);
    let decoded = Dense::new(SIDE * SIDE).activation("sigmoid").call(&decoded);

    let mut autoencoder = Model::new(&input_img, &decoded)?;
    // a separate model for the encoder
    let encoder = Model::new(&input_img, &encoded)?;
    // ... and for the decoder, of the last layers of the autoencoder
    let encoded_input = Input::shape([ENCODING_DIM]);
    let decoder = Model::new(&encoded_input, &autoencoder.layers()[autoencoder.layers().len() - 1].call(autoencoder.layers()[autoencoder.layers().len() - 2].call(&encoded_input)))?;

    autoencoder.compile("adam", "binary_crossentropy")?;
    let history = autoencoder.fit(&x_train_noisy, &x_train, Fit::new().epochs(6).batch_size(32).shuffle(true).validation_data(&x_test_noisy, &x_test).verbose(0))?;
    for (epoch, (&loss, &val_loss)) in (1..).zip(history["loss"].iter().zip(&history["val_loss"])) {
        println!("epoch {epoch}: loss {loss:.4}, val_loss {val_loss:.4}");
    }

    let encoded_imgs = encoder.predict_with(&x_test_noisy, Predict::new().verbose(0))?;
    let decoded_imgs = decoder.predict_with(&encoded_imgs, Predict::new().verbose(0))?;
    println!("mean of the codes: {:.4}", ops::mean(&encoded_imgs, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("error of the noisy pictures: {:.4}", ops::mean(&ops::abs(&ops::subtract(&x_test_noisy, &x_test)?)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("error of the cleaned ones: {:.4}", ops::mean(&ops::abs(&ops::subtract(&decoded_imgs, &x_test)?)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let picture = decoded_imgs.i(0)?.reshape((SIDE, SIDE))?;
    for row in numpy::rows(&picture)? {
        println!("{}", numpy::rows(&row)?.into_iter().map(|value| Ok::<_, Error>(if value.gt(0.5)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 { "#" } else { "." })).collect::<Result<Vec<&'static str>>>()?.join(""));
    }
    println!("best restored: {}", ops::argmin(&ops::mean(&ops::square(&ops::subtract(&decoded_imgs, &x_test)?)?, 1)?.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize);
    Ok(())
}

fn disc(cy: &Tensor, cx: &Tensor, radius: &Tensor, rows: &Tensor, cols: &Tensor) -> Result<Tensor> {
    Ok(ops::less_equal(&ops::add(&ops::square(&ops::subtract(rows, cy)?)?, &ops::square(&ops::subtract(cols, cx)?)?)?, &ops::square(radius)?)?.to_dtype(DType::F32)?)
}

fn dataset(n: usize, rows: &Tensor, cols: &Tensor) -> Result<Tensor> {
    let centres = numpy::random::uniform(2.0, (SIDE - 2) as f64, (n, 2))?;
    let radii = numpy::random::uniform(1.5, 3.5, n)?;
    Ok(Tensor::stack(&numpy::rows(&centres)?.into_iter().zip(numpy::rows(&radii)?).map(|(c, r)| Ok::<_, Error>(disc(&c.i(0)?, &c.i(1)?, &r, rows, cols)?)).collect::<Result<Vec<Tensor>>>()?, 0)?)
}
