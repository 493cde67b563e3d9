// Ported from argparse_train.py.
// Trains a small classifier; what it does is said on the command line.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::optimizers::{Adam, SGD};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};
use clap::Parser;

/// Trains a classifier of points.
#[derive(Parser)]
struct Args {
    /// how often all samples are seen
    #[arg(long, default_value_t = 6)]
    epochs: usize,
    #[arg(long, default_value_t = 16)]
    batch_size: usize,
    /// of Adam
    #[arg(short, long = "learning_rate", default_value_t = 0.01)]
    learning_rate: f64,
    #[arg(long, value_parser = ["adam", "sgd"], default_value = "adam")]
    optimizer: String,
    /// units of the hidden layers
    #[arg(long, num_args = 1.., default_values_t = [16, 8])]
    hidden: Vec<usize>,
    #[arg(long, default_value = "points")]
    name: String,
    /// print less
    #[arg(long)]
    quiet: bool,
}

fn main() -> Result<()> {
    main_()?;
    Ok(())
}

fn parse_args() -> Args {
    Args::parse()
}

fn make_data(n: usize, seed: usize) -> Result<(Tensor, Tensor)> {
    let mut rng = numpy::random::RandomState::new(seed as u32);
    let x = rng.randn((n, 2))?.to_dtype(DType::F32)?;
    let y = ops::multiply(&x.i((.., 0))?, &x.i((.., 1))?)?.gt(0.0)?.to_dtype(DType::I64)?;
    Ok((x, y))
}

fn build_model(hidden: &[usize], optimizer: &str, learning_rate: f64) -> Result<Sequential> {
    if hidden.is_empty() {
        return Err(Error::new("a model needs hidden layers"));
    }
    let mut model = Sequential::new(layers![
        Input::shape([2]),
    ]);
    for &units in hidden {
        model.add(Dense::new(units).activation("relu"));
    }
    model.add(Dense::new(2).activation("softmax"));
    if optimizer == "adam" {
        let chosen = Adam::new().learning_rate(learning_rate);
        model.compile(chosen.clone(), Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    } else {
        model.compile(SGD::new().learning_rate(learning_rate), Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    }
    Ok(model)
}

fn main_() -> Result<()> {
    let args = parse_args();
    if args.epochs < 1 {
        eprintln!("nothing to do");
        std::process::exit(1);
    }
    utils::set_random_seed(2);
    let (x, y) = make_data(120, 7)?;
    println!("{}: {} samples, batches of {}", args.name, x.dim(0)?, args.batch_size);
    let start = python::time();
    let mut model = build_model(&args.hidden, &args.optimizer, args.learning_rate)?;
    let history = model.fit(&x, &y, Fit::new().epochs(args.epochs).batch_size(args.batch_size).verbose(0))?;
    if !args.quiet {
        for (epoch, (&loss, &accuracy)) in (1..).zip(history["loss"].iter().zip(&history["accuracy"])) {
            println!("epoch {epoch:2}: loss {loss:.4}, accuracy {accuracy:.4}");
        }
    }
    let elapsed = python::time() - start;
    assert!(elapsed > 0.0, "{}", "time goes on");
    let scores = model.evaluate_with(&x, &y, Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("loss {loss:.4} accuracy {accuracy:.4} ({loss:8.3}|{:>10})", args.name);
    println!("{}", numpy::rows(&model.predict_with(&x.i(..3)?, Predict::new().verbose(0))?.i((.., 1))?)?.into_iter().map(|p| Ok::<_, Error>(python::round(p.to_dtype(DType::F64)?.to_scalar::<f64>()?, 4))).collect::<Result<Vec<f64>>>()?.into_iter().map(|x_2| python::repr(x_2)).collect::<Vec<String>>().join(", "));
    Ok(())
}
