// Ported from layer_lists.py.
// A classifier of blocks in lists: residual blocks, each a layer of layers, with attention over positions.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Concatenate, Dense, Dropout, Embedding, KerasTensor, Lambda, LayerNormalization, MultiHeadAttention};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};

fn main() -> Result<()> {
    utils::set_random_seed(11);
    numpy::random::seed(11);

    let (steps, features) = (8, 6);

    let (x_train, y_train) = make_data(128, steps, features)?;
    let (x_test, y_test) = make_data(48, steps, features)?;

    let inputs = Input::shape((steps, features));
    let h = Encoder::new(12, 2, steps).call(&inputs)?;
    let (mean, largest) = Pool::new().call(&h);
    let outputs = Dense::new(1).activation("sigmoid").call(Concatenate::new().call([&mean, &largest]));
    let mut model = Model::new(&inputs, &outputs)?;
    println!("parameters: {}", model.count_params());

    model.compile(Adam::new().learning_rate(0.003), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(32).epochs(3).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {}: loss {loss:.4}", epoch + 1);
    }
    let scores = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("test loss {loss:.4} accuracy {accuracy:.4}");
    println!("{}", numpy::array_str(&model.predict_with(&x_test.i(..4)?, Predict::new().verbose(0))?.flatten_all()?)?);
    Ok(())
}

/// Attention and a feed forward part, each with a residual connection.
#[derive(Clone)]
struct Block {
    attention: MultiHeadAttention,
    norms: Vec<LayerNormalization>,
    dense: Sequential,
    dropout: Dropout,
}

impl Block {
    fn new(width: usize, heads: usize, rate: f64) -> Self {
        let attention = MultiHeadAttention::new(heads, width / heads);
        let norms = (0..2).map(|_| LayerNormalization::new().epsilon(1e-6)).collect::<Vec<LayerNormalization>>();
        let dense = Sequential::new(layers![
            Dense::new(2 * width).activation("gelu"),
            Dense::new(width),
        ]);
        let dropout = Dropout::new(rate);
        Self { attention, norms, dense, dropout }
    }

    fn call(&self, x: &KerasTensor) -> KerasTensor {
        let x = self.norms[0].call(x + self.dropout.call(self.attention.call([x, x])));
        self.norms[1].call(&x + self.dense.call(&x))
    }
}

#[derive(Clone)]
struct Encoder {
    width: usize,
    project: Dense,
    positions: Embedding,
    blocks: Vec<Block>,
}

impl Encoder {
    fn new(width: usize, depth: usize, steps: usize) -> Self {
        let project = Dense::new(width);
        let positions = Embedding::new(steps, width);
        let blocks = (0..depth).map(|_| Block::new(width, 2, 0.1)).collect::<Vec<Block>>();
        Self { width, project, positions, blocks }
    }

    fn call(&self, x: &KerasTensor) -> Result<KerasTensor> {
        let steps = x.shape()?.size(1).ok_or_else(|| Error::new("the size of this axis is not known"))?;
        let places = ops::expand_dims(&ops::arange(0.0, steps as f64, 1.0, "int32")?, 0)?;
        let mut x = self.project.call(x) * f64::sqrt(self.width as f64) + self.positions.call(Lambda::value(&places).call(x));
        for block in &self.blocks {
            x = block.call(&x);
        }
        Ok(x)
    }
}

/// The mean, the last step and the largest values: two tensors.
#[derive(Clone)]
struct Pool {
    dense: Dense,
}

impl Pool {
    fn new() -> Self {
        let dense = Dense::new(4).activation("tanh");
        Self { dense }
    }

    fn call(&self, inputs: &KerasTensor) -> (KerasTensor, KerasTensor) {
        let last = inputs.get((.., -1));
        let mean = ops::mean(inputs, 1);
        (self.dense.call(ops::concatenate(&[&mean, &last], -1)), ops::max(inputs, 1))
    }
}

fn make_data(n: usize, steps: usize, features: usize) -> Result<(Tensor, Tensor)> {
    let labels = numpy::random::randint(0, 2, n)?;
    let mut x = numpy::random::normal(0.0, 1.0, (n, steps, features))?;
    x = ops::add(&x, &ops::multiply(&ops::expand_dims(&labels, [1, 2])?, &ops::expand_dims(&ops::linspace(0.0, 1.0, steps, true, "float64")?, [0, 2])?)?)?;
    Ok((x.to_dtype(DType::F32)?, labels))
}
