// Ported from wide_and_deep.py.
// Wide & Deep: crossed categories go straight to the output, the rest through dense layers.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{BatchNormalization, Concatenate, Dense, Dropout, Embedding, Flatten, ReLU};
use candle_keras::losses::BinaryCrossentropy;
use candle_keras::metrics::{AUC, BinaryAccuracy, MeanMetric};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use indexmap::IndexMap;

const SEED: usize = 2024;

fn main() -> Result<()> {
    let occupations = vec!["clerk", "farmer", "nurse", "teacher", "welder"];
    let education = vec!["school", "college", "university"];

    main_(&occupations, &education)?;
    Ok(())
}

fn make_people(n: usize, rng_offset: usize, occupations: &[&'static str], education: &[&'static str]) -> Result<(IndexMap<&'static str, Tensor>, Tensor)> {
    // Columns of a census-like table, in a dict.
    numpy::random::seed((SEED + rng_offset) as u32);
    let people = IndexMap::from([("age", numpy::random::randint(18, 70, n)?), ("hours", numpy::random::normal(38.0, 8.0, n)?), ("occupation", numpy::random::randint(0, occupations.len() as i64, n)?), ("education", numpy::random::randint(0, education.len() as i64, n)?)]);
    let mut score = numpy::to_ndarray::<f64>(&(&ops::add(&ops::add(&numpy::multiply(0.03, &numpy::subtract(&people["age"], 40)?)?, &numpy::multiply(0.05, &numpy::subtract(&people["hours"], 38)?)?)?, &people["education"])? - 1.0)?)?;
    for row in numpy::flatnonzero(&ops::logical_and(&ops::equal(&people["occupation"], &Tensor::new(3_i64, &Device::Cpu)?)?, &ops::equal(&people["education"], &Tensor::new(2_i64, &Device::Cpu)?)?)?)?.to_vec1::<i64>()? {
        score[[row as usize]] += 2.0;
    }
    let income = ops::add(&score.to_tensor()?, &numpy::random::normal(0.0, 0.5, n)?)?.gt(0.3)?.to_dtype(DType::F32)?;
    Ok((people, income))
}

fn preprocess(people: &IndexMap<&'static str, Tensor>, education: &[&'static str], occupations: &[&'static str]) -> Result<IndexMap<&'static str, Tensor>> {
    let numeric = ops::stack(&[&numpy::divide(&numpy::subtract(&people["age"], 44)?, 15)?, &numpy::divide(&numpy::subtract(&people["hours"], 38)?, 8)?], 1)?.to_dtype(DType::F32)?;
    let crossed = ops::add(&numpy::multiply(&people["occupation"], education.len())?, &people["education"])?;
    let wide = utils::to_categorical(&crossed, occupations.len() * education.len())?;
    Ok(IndexMap::from([("numeric", numeric.clone()), ("wide", wide.clone()), ("occupation", people["occupation"].reshape(((), 1))?), ("education", people["education"].reshape(((), 1))?)]))
}

fn build_model(hidden_units: (usize, usize), dropout_rate: f64, occupations: &[&'static str], education: &[&'static str]) -> Result<Model> {
    let numeric = Input::shape([2]).name("numeric");
    let wide = Input::shape([occupations.len() * education.len()]).name("wide");
    let occupation = Input::shape([1]).name("occupation").dtype("int32");
    let education_ = Input::shape([1]).name("education").dtype("int32");
    let mut embedded = vec![];
    for (categories, inputs) in vec![(occupations, occupation.clone()), (education, education_.clone())] {
        let x = Embedding::new(categories.len(), 3).call(&inputs);
        embedded.push(Flatten::new().call(&x));
    }
    let mut deep = Concatenate::new().call([&vec![numeric.clone()][..], &embedded[..]].concat());
    for units in [hidden_units.0, hidden_units.1] {
        deep = Dense::new(units).use_bias(false).call(&deep);
        deep = BatchNormalization::new().call(&deep);
        deep = ReLU::new().call(&deep);
        deep = Dropout::new(dropout_rate).call(&deep);
    }
    let merged = Concatenate::new().call([&wide, &deep]);
    let outputs = Dense::new(1).activation("sigmoid").call(&merged);
    Model::new([&numeric, &wide, &occupation, &education_], &outputs)
}

fn main_(occupations: &[&'static str], education: &[&'static str]) -> Result<()> {
    utils::set_random_seed(SEED as u64);
    let (people, income) = make_people(240, 0, occupations, education)?;
    let (test_people, test_income) = make_people(80, 1, occupations, education)?;
    println!("rich: {:.1}% of {}", 100.0 * (ops::mean(&income, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?), income.dim(0)?);
    let mut model = build_model((16, 8), 0.1, occupations, education)?;
    println!("parameters: {}", model.count_params());
    model.compile(Adam::new().learning_rate(0.01), Compile::loss(BinaryCrossentropy::new()).metric(MeanMetric::new(BinaryAccuracy::new()).named("accuracy")).metric(AUC::new().named("auc")))?;
    let history = model.fit(&preprocess(&people, education, occupations)?, &income, Fit::new().epochs(5).batch_size(24).verbose(0))?;
    for (epoch, ((&loss, &accuracy), &auc)) in history["loss"].iter().zip(&history["accuracy"]).zip(&history["auc"]).enumerate() {
        println!("epoch {epoch}: loss {loss:.4} accuracy {accuracy:.4} auc {auc:.4}");
    }
    let scores = model.evaluate_with(&preprocess(&test_people, education, occupations)?, &test_income, Evaluate::new().verbose(0))?;
    let (_, accuracy, auc) = (scores["loss"], scores["accuracy"], scores["auc"]);
    println!("Test accuracy: {:?}%, AUC: {auc:.4}", python::round(accuracy * 100.0, 2));
    let probabilities = model.predict_with(&preprocess(&test_people, education, occupations)?, Predict::new().verbose(0))?.i((..3, 0))?;
    for i in 0..3 {
        println!("{} {} {:.4}", occupations[test_people["occupation"].i(i)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize], education[test_people["education"].i(i)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize], probabilities.i(i)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(())
}
