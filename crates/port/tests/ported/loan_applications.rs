// Ported from loan_applications.py.
// Which loans are paid back: a CSV file with numbers and categories, prepared by layers inside of the model.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{ReadCsv, Table, ToColumn};
use candle_keras::layers::{Concatenate, Dense, Dropout, IntegerLookup, KerasTensor, Normalization, StringLookup};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, data, numpy, ops};

fn main() -> Result<()> {
    numpy::random::seed(21);

    // The file, as a bank may have it.
    let rows = 240;
    let income = ops::round(&numpy::random::normal(3200.0, 900.0, rows)?, 1)?;
    let age = numpy::random::randint(21, 70, rows)?;
    let children = numpy::random::randint(0, 4, rows)?;
    let houses = vec!["rent", "own", "family"];
    let house_numbers = numpy::random::randint(0, 3, rows)?;
    let score = ops::add(&ops::subtract(&ops::add(&numpy::divide(&(&income - 3200.0)?, 900.0)?, &(ops::equal(&house_numbers, &Tensor::new(1_i64, &Device::Cpu)?)?.to_dtype(DType::F64)? * 1.5)?)?, &(children.to_dtype(DType::F64)? * 0.3)?)?, &numpy::random::normal(0.0, 0.4, rows)?)?;
    let file = Table::new([("income", income.to_column()?), ("age", age.to_column()?), ("children", children.to_column()?), ("house", numpy::rows(&house_numbers)?.into_iter().map(|i| Ok::<_, Error>(houses[i.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize])).collect::<Result<Vec<&'static str>>>()?.to_column()?), ("target", score.gt(0.0)?.to_dtype(DType::I64)?.to_column()?)])?;
    file.to_csv("loans.csv")?;

    let dataframe = data::read_csv("loans.csv", ReadCsv::new())?;
    println!("{:?}", dataframe.shape());
    println!("{} {:?}", dataframe.column("house")?.nunique(), dataframe.column("income")?.mean()?);

    let val_dataframe = dataframe.sample(0.2, 1337)?;
    let train_dataframe = dataframe.drop_rows(&val_dataframe.index());
    println!("Using {} samples for training and {} for validation", train_dataframe.rows(), val_dataframe.rows());

    let train_ds = dataframe_to_dataset(&train_dataframe, true, 16)?;
    let val_ds = dataframe_to_dataset(&val_dataframe, false, 16)?;

    for batch in val_ds.take(1).iter()? {
        let batch = batch?;
        let x = &batch;
        let y = &batch.y[0];
        println!("A batch of ages: {}", numpy::array_str(&x.input("age")?.i(..5)?)?);
        println!("A batch of targets: {}", numpy::array_str(&y.i(..5)?)?);
    }

    // Numbers
    let income_input = Input::shape([1]).name("income");
    let age_input = Input::shape([1]).name("age");
    // Categories
    let children_input = Input::shape([1]).name("children").dtype("int64");
    let house_input = Input::shape([1]).name("house").dtype("string");

    let income_encoded = encode_numerical_feature(&income_input, "income", &train_ds)?;
    let age_encoded = encode_numerical_feature(&age_input, "age", &train_ds)?;

    let children_lookup = IntegerLookup::new().output_mode("one_hot");
    children_lookup.adapt(train_dataframe.column("children")?)?;
    let house_lookup = StringLookup::new().output_mode("one_hot");
    house_lookup.adapt(train_dataframe.column("house")?)?;
    println!("{} {}", house_lookup.get_vocabulary()?.join(", "), children_lookup.vocabulary_size()?);

    let all_features = Concatenate::new().call([&income_encoded, &age_encoded, &children_lookup.call(&children_input), &house_lookup.call(&house_input)]);
    let x = Dense::new(16).activation("relu").call(&all_features);
    let x = Dropout::new(0.2).call(&x);
    let output = Dense::new(1).activation("sigmoid").call(&x);
    let mut model = Model::new([&income_input, &age_input, &children_input, &house_input], &output)?;
    model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;

    let history = model.fit(&train_ds, (), Fit::new().epochs(4).validation_data(&val_ds, ()).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{:?}", &history["val_loss"]);
    let scores = model.evaluate_with(&val_ds, (), Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("Loss {loss:.4}, accuracy {accuracy:.4}");

    let input_dict = Table::new([
        ("income", vec![3900.5].to_column()?),
        ("age", vec![41_i64].to_column()?),
        ("children", vec![2_i64].to_column()?),
        ("house", vec!["own"].to_column()?),
    ])?;
    let predictions = model.predict_with(&input_dict.inputs()?.batch(32), Predict::new().verbose(0))?;
    println!("This loan had a {:.1} percent probability of being paid back.", (100.0 * &predictions.i(0)?.i(0)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}

fn dataframe_to_dataset(dataframe: &Table, shuffle: bool, batch_size: usize) -> Result<Dataset> {
    let mut dataframe = dataframe.clone();
    let labels = dataframe.pop("target")?;
    let mut ds = dataframe.dataset(&labels)?;
    if shuffle {
        ds = ds.shuffle(dataframe.rows());
    }
    let ds = ds.batch(batch_size);
    Ok(ds)
}

fn encode_numerical_feature(feature: &KerasTensor, name: &'static str, dataset: &Dataset) -> Result<KerasTensor> {
    let normalizer = Normalization::new();
    let feature_ds = dataset.map(move |batch| { let x = &batch; Ok(x.input(name)?.clone()) });
    let feature_ds = feature_ds.map(|batch| { let x = &batch.x[0]; Ok(ops::expand_dims(x, -1)?) });
    normalizer.adapt(&feature_ds)?;
    Ok(normalizer.call(feature))
}
