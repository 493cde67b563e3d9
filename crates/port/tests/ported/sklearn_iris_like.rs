// Ported from sklearn_iris_like.py.
// Classes of flowers: a CSV file without a header, labels as strings, a report.

use candle_keras::data::ReadCsv;
use candle_keras::layers::Dense;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{data, numpy, ops, python, sklearn, utils};

fn main() -> Result<()> {
    numpy::random::seed(1);
    let names = vec!["setosa", "versicolor", "virginica"];
    let mut f = String::new();
    for i in 0..150 {
        let kind = i % 3;
        let a = 4.5 + kind as f64 + numpy::random::normal_scalar(0.0, 0.4)?;
        let b = 3.0 - 0.5 * kind as f64 + numpy::random::normal_scalar(0.0, 0.3)?;
        f.push_str(&format!("{a:.2},{b:.2},{}\n", names[kind]));
    }
    python::files::write("flowers.csv", &f)?;

    let dataset = data::read_csv("flowers.csv", ReadCsv::new().header(false).names(["length", "width", "species"]))?;
    let x = dataset.iloc(.., 0..2)?.values()?.to_dtype(DType::F32)?;
    let y = dataset.column_at(dataset.shape().1 - 1)?.clone();

    let mut encoder = sklearn::LabelEncoder::new();
    let labels = encoder.fit_transform(&y)?;
    println!("{:?} {}", names.to_vec(), encoder.classes()?.len());

    let (x_train, x_test, y_train, y_test) = sklearn::train_test_split((&x, &labels), sklearn::TrainTestSplit::new().test_size(0.3).random_state(3).stratify(&labels))?;
    let mut scaler = sklearn::MinMaxScaler::new().feature_range(-1.0, 1.0);
    let x_train = scaler.fit_transform(&x_train)?;
    let x_test = scaler.transform(&x_test)?;

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([2]));
    model.add(Dense::new(12).activation("relu"));
    model.add(Dense::new(3).activation("softmax"));
    model.compile(Adam::new().learning_rate(0.05), Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;
    model.fit(&x_train, &utils::to_categorical(&y_train, None)?, Fit::new().epochs(15).batch_size(16).verbose(0))?;

    let y_pred = ops::argmax(&model.predict_with(&x_test, Predict::new().verbose(0))?, 1)?;
    println!("accuracy {:?}", python::round(sklearn::accuracy_score(&y_test, &y_pred)?, 3));
    println!("f1 {:?}", python::round(sklearn::f1_score(&y_test, &y_pred, sklearn::Average::Macro)?, 3));
    println!("{}", sklearn::classification_report(&y_test, &y_pred, sklearn::ClassificationReport::new().target_names(encoder.classes()?.to_strings()))?);
    let matrix = sklearn::confusion_matrix(&y_test, &y_pred)?;
    println!("{:?} {}", matrix.dims(), ops::sum(&matrix.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?);
    let decoded = encoder.inverse_transform(&y_pred)?;
    println!("{}", decoded.len());
    Ok(())
}
