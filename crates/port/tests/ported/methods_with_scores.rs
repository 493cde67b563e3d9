// Ported from methods_with_scores.py.
// Methods and functions that return what evaluate returns, and that take histories.

use candle_keras::callbacks::Logs;
use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, pyplot};

fn main() -> Result<()> {
    let mut rng = numpy::random::RandomState::new(1);
    let x = rng.rand((64, 6))?.to_dtype(DType::F32)?;
    let y = ops::sum(&x, 1)?.gt(3.0)?.to_dtype(DType::I32)?;

    let mut classifier = Classifier::new(x.dims()[1])?;
    let history = classifier.train(&x, &y, 3)?;
    let scores_2 = classifier.test(&x, &y)?;
    let (loss, accuracy) = (scores_2["loss"], scores_2["accuracy"]);
    println!("loss {loss:.4} accuracy {accuracy:.4}");
    println!("{:.4}", last_of(&history, "loss"));
    plot_metric(&history, "accuracy", "accuracy", false)?;
    let scores = score(&mut classifier.model, &x, &y)?;
    println!("{:.4} {:.4}", scores["loss"], scores["accuracy"]);
    Ok(())
}

/// A model, and what is done with it.
#[derive(Clone)]
struct Classifier {
    model: Sequential,
}

impl Classifier {
    fn new(size: usize) -> Result<Self> {
        let mut model = Sequential::new(layers![
            Input::shape([size]),
            Dense::new(8).activation("relu"),
            Dense::new(2).activation("softmax"),
        ]);
        model.compile("adam", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
        Ok(Self { model })
    }

    fn train(&mut self, images: &Tensor, labels: &Tensor, epochs: usize) -> Result<History> {
        Ok(self.model.fit(images, labels, Fit::new().epochs(epochs).verbose(0))?)
    }

    fn test(&mut self, images: &Tensor, labels: &Tensor) -> Result<Logs> {
        Ok(self.model.evaluate_with(images, labels, Evaluate::new().verbose(0))?)
    }
}

fn last_of(history: &History, metric: &'static str) -> f64 {
    let values = &history[metric];
    values[values.len() - 1]
}

fn plot_metric(history: &History, metric: &'static str, title: &'static str, has_valid: bool) -> Result<()> {
    pyplot::plot_y(&history[metric], ())?;
    if has_valid {
        pyplot::plot_y(&history[&format!("{}{}", "val_", metric)], ())?;
        pyplot::legend_with(pyplot::Legend::new().labels(["train", "validation"]))?;
    }
    pyplot::title(title);
    pyplot::ylabel(metric);
    pyplot::savefig(&format!("{}{}", metric, ".png"))?;
    Ok(())
}

fn score(model: &mut Sequential, data: &Tensor, labels: &Tensor) -> Result<Logs> {
    Ok(model.evaluate_with(data, labels, Evaluate::new().verbose(0))?)
}
