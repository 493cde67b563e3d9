// Ported from attention_classifier.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Add, Conv1D, Dense, Dropout, GlobalMaxPooling1D, LayerNormalization, MultiHeadAttention};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, utils};
use ndarray::s;

const SEED: usize = 7;
const STEPS: usize = 16;
const FEATURES: usize = 3;
const CLASSES: usize = 3;

fn main() -> Result<()> {
    // Classifies short multivariate time series with self-attention.
    // Class 0: noise, class 1: a bump somewhere, class 2: a falling trend.

    utils::set_random_seed(SEED as u64);
    numpy::random::seed(SEED as u32);

    let (x_train, y_train) = make_series(120)?;
    let (x_test, y_test) = make_series(40)?;

    let mut model = build_model(&x_train.dims()[1..], 8, 2, 0.1)?;
    model.compile(Adam::new().learning_rate(0.005), Compile::loss("sparse_categorical_crossentropy").metrics(["sparse_categorical_accuracy"]))?;
    println!("Parameters: {}", model.count_params());

    let history = model.fit(&x_train, &y_train, Fit::new().validation_split(0.2).epochs(5).batch_size(24).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("Epoch {epoch}: {loss:.4}, validation {:.4}", history["val_loss"][epoch]);
    }

    let scores = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["sparse_categorical_accuracy"]);
    println!("Test loss {loss:.4}, test accuracy {accuracy:.4}");

    let probabilities = model.predict_with(&x_test, Predict::new().verbose(0))?;
    let predicted = ops::argmax(&probabilities, -1)?;
    for label in 0..CLASSES {
        let selected = ops::equal(&y_test, &Tensor::new(label as i64, &Device::Cpu)?)?;
        let correct = ops::equal(&numpy::compress(&predicted, &selected)?, &Tensor::new(label as i64, &Device::Cpu)?)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize;
        println!("class {label}: {correct} of {}", selected.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);
    }
    Ok(())
}

fn make_series(n: usize) -> Result<(Tensor, Tensor)> {
    // Returns n series of the shape (STEPS, FEATURES) and their labels.
    let mut x = numpy::to_ndarray::<f64>(&numpy::random::normal(0.0, 0.3, (n, STEPS, FEATURES))?)?;
    let y = numpy::random::randint(0, CLASSES as i64, n)?;
    for i in 0..n {
        if ops::equal(&y.i(i)?, &Tensor::new(1_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 {
            let start = numpy::random::randint_scalar(0, (STEPS - 4) as i64)? as usize;
            let end1 = usize::min(start + 4, x.shape()[1]);
            {
                let mut part = x.slice_mut(s![i, start..end1, ..]);
                part += 1.0;
            }
        } else if ops::equal(&y.i(i)?, &Tensor::new(2_i64, &Device::Cpu)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 {
            {
                let mut part = numpy::part_mut(&mut x, &[i])?;
                let numbers = ops::expand_dims(&ops::linspace(1.0, -1.0, STEPS, true, "float64")?, 1)?.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
                for (element, number) in part.iter_mut().zip(numbers) {
                    *element += number;
                }
            }
        }
    }
    Ok((x.to_tensor()?.to_dtype(DType::F32)?, y))
}

fn build_model(input_shape: &[usize], head_size: usize, num_heads: usize, dropout: f64) -> Result<Model> {
    let inputs = Input::shape(input_shape);
    let x = Dense::new(16).call(&inputs);
    let attended = MultiHeadAttention::new(num_heads, head_size).dropout(dropout).call([&x, &x]);
    let x = Add::new().call([&x, &attended]);
    let x = LayerNormalization::new().epsilon(1e-6).call(&x);
    let res = x.clone();
    let x = Conv1D::new(16, 1).activation("relu").call(&x);
    let x = Dropout::new(dropout).call(&x);
    let x = Conv1D::new(16, 1).call(&x);
    let x = &x + &res;
    let x = GlobalMaxPooling1D::new().call(&x);
    let outputs = Dense::new(CLASSES).activation("softmax").call(&x);
    Model::new(&inputs, &outputs)
}
