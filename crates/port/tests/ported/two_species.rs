// Ported from two_species.py.
// Three species by their measures with a dense network, and three kinds of tea by a convolution over what is in them.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::Table;
use candle_keras::layers::{Conv1D, Dense, Flatten};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, sklearn, utils};

fn main() -> Result<()> {
    let mut random = numpy::random::RandomState::new(5);
    let names = vec!["stem (cm)", "leaf (cm)", "width (cm)", "petals (cm)"];
    let target = ops::repeat(&Tensor::new(&[0_i64, 1, 2], &Device::Cpu)?, 50, ())?;
    let data = ops::round(&ops::add(&random.normal(5.0, 0.4, (150, 4))?, &ops::multiply(&ops::expand_dims(&target, 1)?, &Tensor::new(&[0.5_f64, -0.3, 0.9, 0.2], &Device::Cpu)?)?)?, 1)?;
    let mut df = Table::from_array(&data, names.iter().copied())?;
    df.set("species", &target)?;
    println!("{}", df.head(5));
    println!("{}", df.describe()?);
    println!("{}", df.corr()?);
    let row = df.select(python::slice(df.names(), ..4).iter().map(String::as_str))?.row(2)?.values()?;
    println!("{} {:?}", numpy::array_str(&row)?, ops::sum(&row, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let (x_train, x_test, y_train, y_test) = sklearn::train_test_split((&data, &target), sklearn::TrainTestSplit::new().test_size(0.2).random_state(1))?;
    let mut scaler = sklearn::RobustScaler::new().quantile_range(10.0, 90.0);
    let x_train = scaler.fit_transform(&x_train)?;
    let x_test = scaler.transform(&x_test)?;
    let mut pca = sklearn::PCA::new().n_components(2).whiten(true).full(true);
    pca.fit(&x_train)?;
    println!("{} {}", numpy::array_str(&pca.explained_variance()?)?, numpy::array_str(&pca.singular_values()?)?);
    println!("{}", numpy::array_str(&pca.transform(&x_test)?.i(..3)?)?);

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([4]));
    model.add(Dense::new(10).activation("relu"));
    model.add(Dense::new(3).activation("softmax"));
    model.compile("adam", Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;
    model.fit(&x_train, &utils::to_categorical(&y_train, None)?, Fit::new().epochs(10).batch_size(8).verbose(0))?;
    let predicted = ops::argmax(&model.predict_with(&x_test, Predict::new().verbose(0))?, 1)?;
    println!("accuracy: {:?}", sklearn::accuracy_score(&y_test, &predicted)?);

    let y = random.randint(0, 3, 120)?;
    let x = ops::add(&ops::abs(&random.normal(3.0, 1.5, (120, 9))?)?, &ops::expand_dims(&y, 1)?)?;
    println!("{:?} {}", x.dims(), numpy::array_str(&numpy::unique(&y)?)?);
    let y = utils::to_categorical(&y, None)?;
    let (x_train, x_test, y_train, y_test) = sklearn::train_test_split((&x, &y), sklearn::TrainTestSplit::new().train_size(0.8).shuffle(true).random_state(66))?;
    let mut scaler = sklearn::MaxAbsScaler::new();
    let x_train = scaler.fit_transform(&x_train)?;
    let x_test = scaler.transform(&x_test)?;
    let x_train = x_train.reshape((x_train.dims()[0], x_train.dims()[1], 1))?;
    let x_test = x_test.reshape((x_test.dims()[0], x_test.dims()[1], 1))?;
    let mut model = Sequential::new(layers![]);
    model.add(Input::shape((x_train.dims()[1], x_train.dims()[2])));
    model.add(Conv1D::new(16, 2).activation("relu"));
    model.add(Flatten::new());
    model.add(Dense::new(20));
    model.add(Dense::new(y.dims()[1]).activation("softmax"));
    model.compile("adam", Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;
    model.fit(&x_train, &y_train, Fit::new().epochs(5).batch_size(8).validation_split(0.2).verbose(0))?;
    let loss = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    println!("loss :  {:?}", loss["loss"]);
    println!("accuracy :  {:?}", loss["accuracy"]);
    Ok(())
}
