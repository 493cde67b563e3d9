// Ported from rare_classes.py.
// Rare classes count more: weights of scikit-learn as Keras takes them, and metrics that look at each class.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::Table;
use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, sklearn};
use indexmap::IndexMap;

fn main() -> Result<()> {
    numpy::random::seed(1337);
    let rows = 400;
    let grades = numpy::random::choice(&Tensor::new(&[0_i64, 1, 2, 3], &Device::Cpu)?, rows, true, &vec![0.6, 0.25, 0.1, 0.05])?;
    let sites = numpy::random::randint(1, 4, rows)?;
    let signals = ops::add(&numpy::random::normal(0.0, 1.0, (rows, 4))?, &ops::multiply(&grades.reshape(((), 1))?, &Tensor::new(&[0.8_f64, -0.5, 0.3, 0.0], &Device::Cpu)?)?)?;
    let mut df = Table::from_array(&signals, ["a", "b", "c", "d"])?;
    df.set("site", &sites)?;
    df.set("grade", &grades)?;
    println!("{}", df.head(5));

    // Sites are names, not numbers.
    let names = df.select(["site"])?.astype_str();
    let mut encoder = sklearn::OneHotEncoder::new();
    let encoded = encoder.fit_transform(&names)?;
    println!("{} {}", numpy::array_str(&encoded.i(..3)?)?, numpy::array_str(&ops::sum(&encoded, 0)?)?);
    let mut scaler = sklearn::MaxAbsScaler::new();
    let features = ops::concatenate(&[&scaler.fit_transform(&df.select(["a", "b", "c", "d"])?.values()?)?, &encoded], 1)?;
    println!("{} {:?}", numpy::array_str(&scaler.max_abs()?)?, features.dims());
    let labels = df.column("grade")?.clone();
    let (x_train, x_test, y_train, y_test) = sklearn::train_test_split((&features, &labels), sklearn::TrainTestSplit::new().test_size(0.25).random_state(42))?;

    let weights = sklearn::balanced_class_weight(&numpy::unique(&y_train.values()?)?, &y_train)?;
    println!("weights: {}", numpy::array_str(&weights)?);
    let by_class = numpy::rows(&weights)?.into_iter().enumerate().collect::<IndexMap<usize, Tensor>>();
    for (&grade, weight) in &by_class {
        println!("class {grade}: {:.3}", weight.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    let pairs = numpy::rows(&numpy::unique(&y_train.values()?)?)?.into_iter().zip(numpy::rows(&sklearn::balanced_class_weight(&numpy::unique(&y_train.values()?)?, &y_train)?)?).map(|(a, b)| Ok::<_, Error>((numpy::integer(&a)?, b))).collect::<Result<IndexMap<i64, Tensor>>>()?;
    println!("classes: {}", pairs.len());
    let written = IndexMap::from([(0, weights.i(0)?), (1, weights.i(1)?), (2, weights.i(2)?), (3, weights.i(3)?)]);
    let computed = (0..weights.dim(0)?).map(|i| Ok::<_, Error>((i, weights.i(i)?))).collect::<Result<IndexMap<usize, Tensor>>>()?;
    println!("same: {}", numpy::mask_str(&ops::equal(&written[&2], &computed[&2])?)?);

    let mut model = build()?;
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(3).batch_size(32).class_weight(by_class.iter().map(|(&class, weight)| Ok((class as u32, weight.to_dtype(DType::F64)?.to_scalar::<f64>()?))).collect::<Result<Vec<_>>>()?).verbose(0))?;
    println!("{:?}", history["loss"].iter().map(|&loss| python::round(loss, 4)).collect::<Vec<f64>>());
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(2).batch_size(32).class_weight(pairs.iter().map(|(&class, weight)| Ok((class as u32, weight.to_dtype(DType::F64)?.to_scalar::<f64>()?))).collect::<Result<Vec<_>>>()?).verbose(0))?;
    println!("{:?}", history["loss"].iter().map(|&loss| python::round(loss, 4)).collect::<Vec<f64>>());
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(2).batch_size(32).class_weight(computed.iter().map(|(&class, weight)| Ok((class as u32, weight.to_dtype(DType::F64)?.to_scalar::<f64>()?))).collect::<Result<Vec<_>>>()?).verbose(0))?;
    println!("{:?}", history["loss"].iter().map(|&loss| python::round(loss, 4)).collect::<Vec<f64>>());
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(2).batch_size(32).class_weight(written.iter().map(|(&class, weight)| Ok((class as u32, weight.to_dtype(DType::F64)?.to_scalar::<f64>()?))).collect::<Result<Vec<_>>>()?).verbose(0))?;
    println!("{:?}", history["loss"].iter().map(|&loss| python::round(loss, 4)).collect::<Vec<f64>>());

    let probabilities = model.predict_with(&x_test, Predict::new().verbose(0))?;
    let predicted = ops::argmax(&probabilities, 1)?;
    println!("{}", numpy::array_str(&sklearn::confusion_matrix(&y_test, &predicted)?)?);
    println!("balanced accuracy: {}", python::repr(sklearn::balanced_accuracy_score(&y_test, &predicted)?));
    println!("kappa: {} {}", python::repr(sklearn::cohen_kappa_score(&y_test, &predicted, None)?), python::repr(sklearn::cohen_kappa_score(&y_test, &predicted, sklearn::KappaWeights::Quadratic)?));
    println!("linear: {}", python::repr(sklearn::cohen_kappa_score(&y_test, &predicted, sklearn::KappaWeights::Linear)?));
    println!("log loss: {}", python::repr(sklearn::log_loss(&y_test, &probabilities)?));
    println!("of two: {}", python::repr(sklearn::log_loss(&vec![0, 1, 1], &Tensor::new(&[0.2_f64, 0.9, 0.6], &Device::Cpu)?)?));

    // The overlap of each class, NaN where there is none.
    let mut overlaps = vec![];
    for grade in 0..5 {
        let is_true = y_test.equal(grade)?;
        let is_predicted = ops::equal(&predicted, &Tensor::new(grade as i64, &Device::Cpu)?)?;
        let both = ops::logical_and(&is_true, &is_predicted)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize;
        let either = ops::logical_or(&is_true, &is_predicted)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize;
        if either == 0 {
            overlaps.push(f64::NAN);
        } else {
            overlaps.push(both as f64 / either as f64);
        }
    }
    println!("overlaps: {:?}", python::slice(&overlaps, ..4).to_vec());
    println!("mean overlap: {} {} {} {}", python::format(numpy::nanmean(&Tensor::new(&overlaps[..], &Device::Cpu)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ".4f")?, python::repr(numpy::nansum(&Tensor::new(&overlaps[..], &Device::Cpu)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?), python::repr(numpy::nanmax(&Tensor::new(&overlaps[..], &Device::Cpu)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?), python::repr(numpy::nanmin(&Tensor::new(&overlaps[..], &Device::Cpu)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?));
    let table = Tensor::new(&[[1.0_f64, f64::NAN, 3.0], [f64::NAN, f64::NAN, 5.0]], &Device::Cpu)?;
    println!("{} {} {}", numpy::array_str(&numpy::nanmean(&table, 1)?)?, python::repr(numpy::nanstd(&table, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?), numpy::array_str(&numpy::nansum(&table, 0)?)?);
    println!("{} {:?}", numpy::mask_str(&numpy::isin(&y_test.iloc(..12)?.values()?, &Tensor::new(&[1_i64, 3], &Device::Cpu)?)?)?, Tensor::new(&[[1_i64, 2, 3], [4, 5, 6]], &Device::Cpu)?.dims());
    println!("{} {}", numpy::array_str(&ops::corrcoef(&ops::vstack(&[&x_test.i((.., 0))?, &x_test.i((.., 1))?])?)?)?, numpy::array_str(&numpy::percentile(&x_test.i((.., 0))?, [10.0, 90.0], ())?)?);

    // Grades are drawn as the network rates them.
    numpy::random::seed(5);
    let grade_names = Tensor::new(&[0_i64, 1, 2, 3], &Device::Cpu)?;
    let mut drawn = vec![];
    for i in 0..6 {
        let p = probabilities.i(i)?.to_dtype(DType::F64)?;
        drawn.push(numpy::random::choice(&grade_names, (), true, &numpy::divide(&p, ops::sum(&p, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)?)?);
    }
    println!("drawn: {:?}", drawn.iter().map(|x| Ok::<_, Error>(x.to_dtype(DType::I64)?.to_scalar::<i64>()?)).collect::<Result<Vec<i64>>>()?);
    Ok(())
}

fn build() -> Result<Sequential> {
    let mut model = Sequential::new(layers![
        Input::shape([7]),
        Dense::new(16).activation("relu"),
        Dense::new(4).activation("softmax"),
    ]);
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    Ok(model)
}
