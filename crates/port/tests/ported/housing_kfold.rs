// Ported from housing_kfold.py.
// House prices with K-fold validation, since there are few houses.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};

fn main() -> Result<()> {
    utils::set_random_seed(42);
    numpy::random::seed(42);

    // -- data: 13 features on very different scales --------------------------
    let (n_train, n_test, n_features) = (96, 32, 13);
    let scales = Tensor::new(&[10.0_f64, 50.0, 20.0, 1.0, 0.5, 6.0, 70.0, 4.0, 24.0, 400.0, 18.0, 350.0, 12.0], &Device::Cpu)?;
    let features = ops::multiply(&numpy::random::rand((n_train + n_test, n_features))?, &scales)?;
    let prices = ops::add(&ops::subtract(&ops::subtract(&(10.0 + &(3.0 * &features.i((.., 5))?)?)?, &(0.4 * &features.i((.., 12))?)?)?, &(0.2 * &features.i((.., 0))?)?)?, &numpy::random::normal(0.0, 1.0, n_train + n_test)?)?;

    let (mut train_data, mut test_data) = (features.i(..n_train)?, features.i(n_train..)?);
    let (train_targets, test_targets) = (prices.i(..n_train)?, prices.i(n_train..)?);

    let mean = ops::mean(&train_data, 0)?;
    train_data = ops::subtract(&train_data, &mean)?;
    let std = ops::std(&train_data, 0)?;
    train_data = ops::divide(&train_data, &std)?;
    test_data = ops::subtract(&test_data, &mean)?;
    test_data = ops::divide(&test_data, &std)?;
    println!("mean of the targets: {:.3}", ops::mean(&train_targets, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let k = 4;
    let num_val_samples = train_data.dim(0)? / k;
    let num_epochs = 12;
    let mut all_mae_histories = vec![];
    let mut all_scores = vec![];
    for i in 0..k {
        println!("processing fold # {i}");
        // the validation data: the part number i
        let val_data = train_data.i(usize::min(i * num_val_samples, train_data.dim(0)?)..usize::min((i + 1) * num_val_samples, train_data.dim(0)?))?;
        let val_targets = train_targets.i(usize::min(i * num_val_samples, train_targets.dim(0)?)..usize::min((i + 1) * num_val_samples, train_targets.dim(0)?))?;

        // the training data: all other parts
        let partial_train_data = ops::concatenate(&[&train_data.i(..usize::min(i * num_val_samples, train_data.dim(0)?))?, &train_data.i(usize::min((i + 1) * num_val_samples, train_data.dim(0)?)..)?], 0)?;
        let partial_train_targets = ops::concatenate(&[&train_targets.i(..usize::min(i * num_val_samples, train_targets.dim(0)?))?, &train_targets.i(usize::min((i + 1) * num_val_samples, train_targets.dim(0)?)..)?], 0)?;

        let mut model = build_model(&train_data)?;
        let history = model.fit(&partial_train_data, &partial_train_targets, Fit::new().validation_data(&val_data, &val_targets).epochs(num_epochs).batch_size(8).verbose(0))?;
        all_mae_histories.push(history["val_mae"].to_vec());
        let scores = model.evaluate_with(&val_data, &val_targets, Evaluate::new().verbose(0))?;
        let (_val_mse, val_mae) = (scores["loss"], scores["mae"]);
        all_scores.push(val_mae);
    }

    println!("{:?}", all_scores.iter().map(|&score| python::round(score, 3)).collect::<Vec<f64>>());
    println!("mean MAE: {:?}", all_scores.iter().sum::<f64>() / all_scores.len() as f64);
    let average_mae_history = (0..num_epochs).map(|i| all_mae_histories.iter().map(|x| x[i]).collect::<Vec<f64>>().iter().sum::<f64>() / all_mae_histories.iter().map(|x| x[i]).collect::<Vec<f64>>().len() as f64).collect::<Vec<f64>>();
    for (epoch, &mae) in average_mae_history.iter().enumerate() {
        println!("epoch {}: {mae:.4}", epoch + 1);
    }

    let mut model = build_model(&train_data)?;
    model.fit(&train_data, &train_targets, Fit::new().epochs(num_epochs).batch_size(8).verbose(0))?;
    let scores = model.evaluate_with(&test_data, &test_targets, Evaluate::new().verbose(0))?;
    let (_test_mse_score, test_mae_score) = (scores["loss"], scores["mae"]);
    println!("test MAE: {test_mae_score:.4}");
    println!("{}", numpy::array_str(&model.predict_with(&test_data.i(..3)?, Predict::new().verbose(0))?.flatten_all()?)?);
    Ok(())
}

fn build_model(train_data: &Tensor) -> Result<Sequential> {
    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([train_data.dims()[1]]));
    model.add(Dense::new(32).activation("relu"));
    model.add(Dense::new(32).activation("relu"));
    model.add(Dense::new(1));
    model.compile("rmsprop", Compile::loss("mse").metrics(["mae"]))?;
    Ok(model)
}
