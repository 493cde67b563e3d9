// Ported from fashion_functional.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Activation, Add, BatchNormalization, Conv2D, Dense, Dropout, GlobalAveragePooling2D, KerasTensor, MaxPooling2D, Softmax};
use candle_keras::losses::SparseCategoricalCrossentropy;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use ndarray::Array3;
use ndarray::s;

fn main() -> Result<()> {
    // Pictures of clothes (well, of coloured noise) with the functional API

    let class_names = vec!["T-shirt", "Trouser", "Dress", "Coat", "Bag"];

    utils::set_random_seed(21);
    numpy::random::seed(21);

    let (train_images, train_labels) = load_data(150, &class_names)?;
    let (test_images, test_labels) = load_data(50, &class_names)?;
    println!("{:?} {} {}", train_images.dims(), ops::dtype_name(train_images.dtype()), train_labels.dim(0)?);

    let train_images = numpy::divide(&ops::expand_dims(&train_images, -1)?, 255.0)?;
    let test_images = numpy::divide(&ops::expand_dims(&test_images, -1)?, 255.0)?;

    let inputs = Input::shape((16, 16, 1)).name("image");
    let x = conv_block(&inputs, 8);
    let x = MaxPooling2D::new(2).call(&x);
    let x = conv_block(&x, 16);
    let x = GlobalAveragePooling2D::new().call(&x);
    let x = Dropout::new(0.3).call(&x);
    let outputs = Dense::new(class_names.len()).name("logits").call(&x);
    let mut model = Model::new(&inputs, &outputs)?.name("fashion");

    model.compile(Adam::new().learning_rate(0.002), Compile::loss(SparseCategoricalCrossentropy::new().from_logits(true)).metrics(["accuracy"]))?;
    let history = model.fit(&train_images, &train_labels, Fit::new().epochs(6).batch_size(25).verbose(0))?;
    for (epoch, (&loss, &acc)) in history["loss"].iter().zip(&history["accuracy"]).enumerate() {
        println!("Epoch {}: loss={loss:.4} accuracy={acc:.3}", epoch + 1);
    }

    let scores = model.evaluate_with(&test_images, &test_labels, Evaluate::new().verbose(0))?;
    let (test_loss, test_acc) = (scores["loss"], scores["accuracy"]);
    println!("\nTest accuracy: {:?}", python::round(test_acc, 4));
    println!("Test loss: {:?}", python::round(test_loss, 4));

    let probability_model = Sequential::new(layers![
        model.clone(),
        Softmax::new(),
    ]);
    let predictions = probability_model.predict_with(&test_images, Predict::new().verbose(0))?;
    for i in 0..5 {
        let guess = ops::argmax(&predictions.i(i)?.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize;
        println!("{}: {:.1}% ({})", class_names[guess], 100.0 * ops::max(&predictions.i(i)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, class_names[test_labels.i(i)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize]);
    }
    Ok(())
}

fn load_data(n: usize, class_names: &[&'static str]) -> Result<(Tensor, Tensor)> {
    let y = numpy::random::randint(0, class_names.len() as i64, n)?;
    let grid = ops::linspace(0.0, std::f64::consts::PI, 16, true, "float64")?;
    let mut x = Array3::<f64>::zeros((n, 16, 16));
    for i in 0..n {
        let wave = ops::sin(&ops::multiply(&grid, &numpy::add(&y.i(i)?, 1)?)?)?;
        {
            let mut part = x.slice_mut(s![i, .., ..]);
            let numbers = (&(&ops::outer(&wave, &wave)? * 127.0)? + 128.0)?.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
            for (element, number) in part.iter_mut().zip(numbers) {
                *element = number;
            }
        }
    }
    let x = numpy::to_ndarray::<f64>(&ops::add(&x.to_tensor()?, &numpy::random::uniform(-60.0, 60.0, x.shape())?)?)?;
    Ok((ops::clip(&x.to_tensor()?, 0.0, 255.0)?.to_dtype(DType::U8)?, y))
}

fn conv_block(x: &KerasTensor, filters: usize) -> KerasTensor {
    // Two convolutions with a shortcut around the second.
    let x = Conv2D::new(filters, 3).padding("same").use_bias(false).call(x);
    let x = BatchNormalization::new().momentum(0.8).call(&x);
    let x = Activation::new("relu").call(&x);
    let y = Conv2D::new(filters, 3).padding("same").activation("relu").call(&x);
    Add::new().call([&x, &y])
}
