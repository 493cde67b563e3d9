// Ported from leaky_autoencoder.py.
// An autoencoder, trained in a loop of its own, and a classifier of what it has in the middle.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, ELU, KerasTensor, LeakyReLU, ReLU, Softmax};
use candle_keras::losses::{Loss, Reduction};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{GradientTape, Optimizer, numpy, ops, python, utils};

const BATCH_SIZE: usize = 32;
const EPOCHS: usize = 3;

fn main() -> Result<()> {
    utils::set_random_seed(5);

    let mut rng = numpy::random::RandomState::new(1);
    let labels = rng.randint(0, 3, 192)?;
    let centers = rng.uniform(0.1, 0.9, (3, 20))?;
    let x_train = ops::clip(&ops::add(&ops::take(&centers, &labels, 0)?, &(0.1 * &rng.normal(0.0, 1.0, (192, 20))?)?)?, 0.0, 1.0)?.to_dtype(DType::F32)?;

    let model = Autoencoder::new(6, 20).model();
    model.build([20])?;
    let mut optimizer = Optimizer::from(Adam::new().learning_rate(0.01));
    let dataset = Dataset::from_tensor_slices(&x_train)?.batch(BATCH_SIZE);

    for epoch in 0..EPOCHS {
        let mut total = 0.0;
        for batch in dataset.iter()? {
            let batch = batch?;
            let x = &batch.x[0];
            let tape = GradientTape::new();
            let restored = model.call(x)?;
            let loss = ops::mean(&Loss::from("mean_squared_error").reduction(Reduction::None).call(x, &restored, None, None)?, ())?;
            let gradients = tape.gradient(&loss, &model.trainable_variables())?;
            optimizer.apply_gradients(gradients)?;
            total += loss.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        }
        println!("epoch {}: {:.5}", epoch + 1, total / 6.0);
    }

    let restored = model.call(x_train.i(..2)?)?;
    println!("restored: {}", numpy::array_str(&restored.i((.., ..4))?)?);

    let mut classifier = Sequential::new(layers![
        Input::shape([20]),
        Dense::new(8).activation(ReLU::new().max_value(2.0)),
        Dense::new(3).activation(Softmax::new()),
    ]);
    classifier.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = classifier.fit(&x_train, &labels, Fit::new().epochs(3).batch_size(32).verbose(0))?;
    println!("losses: {:?}", history["loss"].iter().map(|&loss| python::round(loss, 4)).collect::<Vec<f64>>());
    println!("probabilities: {}", numpy::array_str(&classifier.predict_with(&x_train.i(..2)?, Predict::new().verbose(0))?)?);
    Ok(())
}

#[derive(Clone)]
struct Autoencoder {
    encoder: Sequential,
    decoder: Sequential,
}

impl Autoencoder {
    fn new(size: usize, features: usize) -> Self {
        let encoder = Sequential::new(layers![
            Dense::new(16).activation(LeakyReLU::new().negative_slope(0.3)),
            Dense::new(size),
        ]);
        let decoder = Sequential::new(layers![
            Dense::new(16).activation(ELU::new().alpha(0.5)),
            Dense::new(features),
        ]);
        Self { encoder, decoder }
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let x = self.encoder.call(inputs);
        let x = self.decoder.call(&x);
        ops::sigmoid(&x)
    }

    fn model(self) -> Model {
        let layers = layers![self.encoder.clone(), self.decoder.clone()];
        Model::from_call("Autoencoder", layers, move |x| Ok(self.call(&x[0])))
    }
}
