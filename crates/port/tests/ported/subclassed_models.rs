// Ported from subclassed_models.py.
// Classes derived from keras.Model: layers made in __init__ and run in call.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Concatenate, Dense, Dropout, KerasTensor};
use candle_keras::optimizers::SGD;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops};
use std::sync::Arc;

fn main() -> Result<()> {
    numpy::random::seed(0);
    let x = numpy::random::normal(0.0, 1.0, (120, 6))?.to_dtype(DType::F32)?;
    let y = ops::argmax(&x.i((.., ..3))?, 1)?;
    let x_test = numpy::random::normal(0.0, 1.0, (40, 6))?.to_dtype(DType::F32)?;
    let y_test = ops::argmax(&x_test.i((.., ..3))?, 1)?;

    let mut model = build_classifier(16)?;
    let history = model.fit(&x, &y, Fit::new().epochs(4).batch_size(16).validation_split(0.2).verbose(0))?;
    println!("loss: {:?}", &history["loss"]);
    println!("val_accuracy: {:?}", &history["val_accuracy"]);
    let scores = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("test: {loss:.4} {accuracy:.4}");
    println!("probabilities: {}", numpy::array_str(&model.predict_with(&x_test.i(..2)?, Predict::new().verbose(0))?)?);
    println!("parameters: {} {}", model.count_params(), model.trainable_variables().len());

    // A model that is built before it is compiled.
    let target = ops::sum(&x, ops::axes(1).keepdims(true))?;
    let mut net = ResNet::new(8, 2).model().name("res_net");
    net.build([6])?;
    net.compile(SGD::new().learning_rate(0.01), "mse")?;
    let history = net.fit(&x, &target, Fit::new().epochs(3).batch_size(32).verbose(0))?;
    println!("regression: {:?}", &history["loss"]);
    println!("prediction: {}", numpy::array_str(&net.call(x.i(..3)?)?)?);
    println!("name: {}", net.layer_name());

    let mut towers = TwoTowers::new().model();
    towers.compile("rmsprop", "binary_crossentropy")?;
    let same = ops::greater(&x.i((.., 0))?, &x.i((.., 1))?)?.to_dtype(DType::F32)?;
    towers.fit([&x.i((.., ..3))?, &x.i((.., 3..))?], &same, Fit::new().epochs(2).batch_size(24).verbose(0))?;
    println!("towers: {:?}", towers.evaluate_with([&x.i((.., ..3))?, &x.i((.., 3..))?], &same, Evaluate::new().verbose(0))?["loss"]);
    towers.save_weights("towers.weights.h5")?;
    let again = TwoTowers::new().model();
    again.call([&x.i((..1, ..3))?, &x.i((..1, 3..))?])?;
    again.load_weights("towers.weights.h5", ())?;
    println!("towers again: {}", numpy::array_str(&again.predict_with([&x.i((..2, ..3))?, &x.i((..2, 3..))?], Predict::new().verbose(0))?)?);
    Ok(())
}

/// A multilayer perceptron with dropout.
#[derive(Clone)]
struct MLP {
    hidden: Dense,
    dropout: Dropout,
    classifier: Dense,
}

impl MLP {
    fn new(hidden_units: usize, num_classes: usize, rate: f64) -> Self {
        let hidden = Dense::new(hidden_units).activation("relu");
        let dropout = Dropout::new(rate);
        let classifier = Dense::new(num_classes).activation("softmax");
        Self { hidden, dropout, classifier }
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let x = self.hidden.call(inputs);
        let x = self.dropout.call(&x);
        self.classifier.call(&x)
    }

    fn model(self) -> Model {
        let layers = layers![self.hidden.clone(), self.dropout.clone(), self.classifier.clone()];
        Model::from_call("MLP", layers, move |x| Ok(self.call(&x[0])))
    }
}

#[derive(Clone)]
struct ResidualBlock {
    dense_1: Dense,
    dense_2: Dense,
}

impl ResidualBlock {
    fn new(units: usize) -> Self {
        let dense_1 = Dense::new(units).activation("relu");
        let dense_2 = Dense::new(units);
        Self { dense_1, dense_2 }
    }

    fn call(&self, x: &KerasTensor) -> KerasTensor {
        ops::relu(&(x + self.dense_2.call(self.dense_1.call(x))))
    }

    fn layers(&self) -> Vec<Result<Arc<dyn Layer>>> {
        layers![self.dense_1.clone(), self.dense_2.clone()]
    }
}

/// Residual blocks between two dense layers.
#[derive(Clone)]
struct ResNet {
    first: Dense,
    blocks: Vec<ResidualBlock>,
    dropout: Dropout,
    last: Dense,
}

impl ResNet {
    fn new(units: usize, num_blocks: usize) -> Self {
        let first = Dense::new(units);
        let blocks = (0..num_blocks).map(|_| ResidualBlock::new(units)).collect::<Vec<ResidualBlock>>();
        let dropout = Dropout::new(0.3);
        let last = Dense::new(1);
        Self { first, blocks, dropout, last }
    }

    fn call(&self, x: &KerasTensor) -> KerasTensor {
        let mut x = self.first.call(x);
        for block in &self.blocks {
            x = block.call(&x);
        }
        let x = self.dropout.call(&x);
        self.last.call(&x)
    }

    fn model(self) -> Model {
        let mut layers = layers![self.first.clone()];
        self.blocks.iter().for_each(|layer| layers.extend(layer.layers()));
        layers.extend(layers![self.dropout.clone(), self.last.clone()]);
        Model::from_call("ResNet", layers, move |x| Ok(self.call(&x[0])))
    }
}

/// Two inputs, each with a tower of its own.
#[derive(Clone)]
struct TwoTowers {
    left: Dense,
    right: Dense,
    top: Sequential,
}

impl TwoTowers {
    fn new() -> Self {
        let left = Dense::new(8).activation("tanh");
        let right = Dense::new(8).activation("tanh");
        let top = Sequential::new(layers![
            Dense::new(4).activation("relu"),
            Dense::new(1).activation("sigmoid"),
        ]);
        Self { left, right, top }
    }

    fn call(&self, inputs: &[KerasTensor]) -> KerasTensor {
        let (a, b) = (inputs[0].clone(), inputs[1].clone());
        self.top.call(Concatenate::new().call([&self.left.call(&a), &self.right.call(&b)]))
    }

    fn model(self) -> Model {
        let layers = layers![self.left.clone(), self.right.clone(), self.top.clone()];
        Model::from_call("TwoTowers", layers, move |x| Ok(self.call(x)))
    }
}

fn build_classifier(units: usize) -> Result<Model> {
    let mut model = MLP::new(units, 3, 0.2).model();
    model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    Ok(model)
}
