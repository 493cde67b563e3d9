// Ported from figures.py.
// The curves of a training, the digits that a small network gets wrong, and its confusion matrix, as figures.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Conv2D, Dense, Flatten, MaxPooling2D};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, pyplot};
use ndarray::Array2;

const SIZE: usize = 8;
const CLASSES: usize = 4;

fn main() -> Result<()> {
    let mut rng = numpy::random::default_rng(Some(3));
    let patterns = rng.uniform(0.0, 1.0, (CLASSES, SIZE, SIZE))?;
    let labels = rng.integers(0, CLASSES as i64, 240)?;
    let images = ops::add(&ops::take(&patterns, &labels, 0)?, &rng.normal(0.0, 0.45, (240, SIZE, SIZE))?)?;
    let images = ops::expand_dims(&images.to_dtype(DType::F32)?, -1)?;
    let (x_train, x_test) = (images.i(..200)?, images.i(200..)?);
    let (y_train, y_test) = (labels.i(..200)?, labels.i(200..)?);

    // A look at the first images
    pyplot::figure_with(pyplot::Figure::new().figsize(6.0, 3.0))?;
    for i in 0..8 {
        pyplot::subplot(2, 4, 1 + i)?;
        pyplot::imshow(&x_train.i((i, .., .., 0))?, pyplot::ImShow::new().cmap("gray"))?;
        pyplot::title_with(format!("class {}", numpy::array_str(&y_train.i(i)?)?), pyplot::Text::new().fontsize(9.0))?;
        pyplot::axis("off")?;
    }
    pyplot::tight_layout();
    pyplot::savefig("digits.png")?;
    pyplot::close();

    let mut model = Sequential::new(layers![
        Input::shape((SIZE, SIZE, 1)),
        Conv2D::new(4, 3).activation("relu"),
        MaxPooling2D::new(2),
        Flatten::new(),
        Dense::new(CLASSES).activation("softmax"),
    ]);
    model.compile(Adam::new().learning_rate(0.02), Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(6).batch_size(25).validation_data(&x_test, &y_test).verbose(0))?;
    println!("loss: {:?}", history["loss"].iter().map(|&value| format!("{value:.3}")).collect::<Vec<String>>());

    // The curves
    let parts = pyplot::subplots(1, 2, pyplot::Figure::new().figsize(10.0, 4.0))?.concat();
    let (left, right) = (parts[0], parts[1]);
    let epochs = (1..history["loss"].len() + 1).collect::<Vec<usize>>();
    left.plot(&epochs, &history["loss"], pyplot::Plot::new().style("bo-").label("training"))?;
    left.plot(&epochs, &history["val_loss"], pyplot::Plot::new().style("r--").label("validation"))?;
    left.set_xlabel("epoch");
    left.set_ylabel("loss");
    left.legend();
    right.plot(&epochs, &history["accuracy"], pyplot::Plot::new().label("training"))?;
    right.plot(&epochs, &history["val_accuracy"], pyplot::Plot::new().label("validation"))?;
    right.set_title("accuracy");
    right.set_ylim(0.0, 1.0)?;
    right.grid(true);
    right.legend();
    pyplot::suptitle("A small network");
    pyplot::savefig("curves.png")?;

    // What it gets wrong
    let probabilities = model.predict_with(&x_test, Predict::new().verbose(0))?;
    let predicted = ops::argmax(&probabilities, 1)?;
    let wrong = numpy::flatnonzero(&ops::not_equal(&predicted, &y_test)?)?;
    println!("{} of {} are wrong", wrong.dim(0)?, x_test.dim(0)?);
    let axes = pyplot::subplots(2, 3, pyplot::Figure::new().figsize(6.0, 4.0))?;
    for (ax, index) in axes.concat().into_iter().zip(numpy::rows(&wrong.i(..6)?)?) {
        ax.imshow(&x_test.i((index.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, .., .., 0))?, pyplot::ImShow::new().cmap("viridis"))?;
        ax.set_title(format!("{} as {}", numpy::array_str(&ops::take(&y_test, &index, 0)?)?, numpy::array_str(&ops::take(&predicted, &index, 0)?)?));
        ax.axis("off")?;
    }
    pyplot::savefig("wrong.png")?;

    let mut matrix = Array2::<i64>::zeros((CLASSES, CLASSES));
    for (true_, guess) in numpy::rows(&y_test)?.into_iter().zip(numpy::rows(&predicted)?) {
        matrix[[true_.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, guess.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize]] += 1;
    }
    println!("{}", numpy::array_str(&matrix.to_tensor()?)?);
    let ax = pyplot::subplots(1, 1, pyplot::Figure::new())?[0][0];
    ax.imshow(&matrix.to_tensor()?, pyplot::ImShow::new().cmap("Blues"))?;
    for i in 0..CLASSES {
        for j in 0..CLASSES {
            ax.text_with(j as f64, i as f64, &matrix[[i, j]].to_string(), pyplot::Text::new().ha("center").va("center"))?;
        }
    }
    ax.set_xticks(0..CLASSES)?;
    ax.set_xlabel("predicted");
    ax.set_ylabel("true");
    ax.yaxis_visible(false);
    pyplot::show()?;
    Ok(())
}
