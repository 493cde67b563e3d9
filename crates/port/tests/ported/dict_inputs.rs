// Ported from dict_inputs.py.
// A classifier with an input for each feature of a table, all of them kept in a dict.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Concatenate, Dense, Embedding, Flatten, KerasTensor};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};
use indexmap::IndexMap;

fn main() -> Result<()> {
    utils::set_random_seed(8);

    let numeric_features = vec!["age", "weight", "height"];
    let categories = IndexMap::from([("color", 4), ("shape", 3)]);
    let feature_names = [&numeric_features[..], &categories.keys().cloned().collect::<Vec<_>>()[..]].concat();

    let inputs = create_model_inputs(&feature_names, &categories);
    let features = encode_inputs(&inputs, &categories);
    let x = Dense::new(8).activation("relu").call(&features);
    let outputs = Dense::new(1).activation("sigmoid").call(&x);
    let mut model = Model::new(&inputs, &outputs)?;

    let mut rng = numpy::random::RandomState::new(2);
    let mut data = numeric_features.iter().map(|&name| Ok::<_, Error>((name, rng.normal(0.0, 1.0, (128, 1))?.to_dtype(DType::F32)?))).collect::<Result<IndexMap<&'static str, Tensor>>>()?;
    for (&name, &count) in &categories {
        data.insert(name, rng.randint(0, count as i64, (128, 1))?);
    }
    let labels = ops::add(&data["age"], &data["weight"])?.gt(0.0)?.to_dtype(DType::F32)?;

    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&data, &labels, Fit::new().batch_size(32).epochs(3).verbose(0))?;
    println!("losses: {:?}", &history["loss"]);
    let scores = model.evaluate_with(&data, &labels, Evaluate::new().verbose(0))?;
    println!("evaluated: {:?}", [scores["loss"], scores["accuracy"]]);
    let sample = data.iter().map(|(&name, values)| Ok::<_, Error>((name, values.i(..3)?))).collect::<Result<IndexMap<&'static str, Tensor>>>()?;
    println!("predicted: {}", numpy::array_str(&model.predict_with(&sample, Predict::new().verbose(0))?.i((.., 0))?)?);

    let numeric = numeric_features.iter().map(|&name| (name, Input::shape([1]).name(name))).collect::<IndexMap<&'static str, KerasTensor>>();
    let mut small = Model::new(&numeric, &Classifier::new(4).call(&numeric))?;
    small.compile("sgd", "mse")?;
    let own = numeric_features.iter().map(|&name| (name, data[name].clone())).collect::<IndexMap<&'static str, Tensor>>();
    let history = small.fit(&own, &labels, Fit::new().batch_size(32).epochs(2).verbose(0))?;
    println!("losses: {:?}", &history["loss"]);
    println!("predicted: {}", numpy::array_str(&small.predict_with(&own, Predict::new().verbose(0))?.i((..3, 0))?)?);
    Ok(())
}

fn create_model_inputs(feature_names: &[&'static str], categories: &IndexMap<&'static str, usize>) -> IndexMap<&'static str, KerasTensor> {
    let mut inputs = IndexMap::new();
    for &feature_name in feature_names {
        if categories.contains_key(feature_name) {
            inputs.insert(feature_name, Input::shape([1]).name(feature_name).dtype("int32"));
        } else {
            inputs.insert(feature_name, Input::shape([1]).name(feature_name).dtype("float32"));
        }
    }
    inputs
}

fn encode_inputs(inputs: &IndexMap<&'static str, KerasTensor>, categories: &IndexMap<&'static str, usize>) -> KerasTensor {
    let mut encoded = vec![];
    for &feature_name in inputs.keys() {
        if categories.contains_key(feature_name) {
            let embedding = Embedding::new(categories[feature_name], 2);
            encoded.push(Flatten::new().call(embedding.call(&inputs[feature_name])));
        } else {
            encoded.push(inputs[feature_name].clone());
        }
    }
    Concatenate::new().call(encoded.clone())
}

#[derive(Clone)]
struct Classifier {
    dense_1: Dense,
    dense_2: Dense,
}

impl Classifier {
    fn new(units: usize) -> Self {
        let dense_1 = Dense::new(units).activation("relu");
        let dense_2 = Dense::new(1).activation("sigmoid");
        Self { dense_1, dense_2 }
    }

    fn call(&self, inputs: &IndexMap<&'static str, KerasTensor>) -> KerasTensor {
        let features = Concatenate::new().call(inputs.values().cloned().collect::<Vec<_>>());
        self.dense_2.call(self.dense_1.call(&features))
    }
}
