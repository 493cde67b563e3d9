// Ported from handled_errors.py.
// A training on measurements some of whose files cannot be read.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python};
use std::path::Path;

fn main() -> Result<()> {
    python::files::makedirs("measurements")?;
    numpy::random::seed(11);
    for i in 0..6 {
        let values = numpy::random::rand((8, 3))?;
        let mut f = String::new();
        for row in numpy::rows(&values)? {
            f.push_str(&format!("{}{}", numpy::rows(&row)?.into_iter().map(|value| Ok::<_, Error>(format!("{:.4}", value.to_dtype(DType::F64)?.to_scalar::<f64>()?))).collect::<Result<Vec<String>>>()?.join(" "), "\n"));
        }
        python::files::write(&format!("measurements/{i}.txt"), &f)?;
    }
    let mut f = String::new();
    f.push_str("1.0 two 3.0\n");
    python::files::write("measurements/broken.txt", &f)?;

    let mut parts = vec![];
    let mut skipped = 0;
    for name in ["0.txt", "1.txt", "2.txt", "missing.txt", "3.txt", "broken.txt", "4.txt", "5.txt"] {
        let path = Path::new("measurements").join(name);
        let result = (|| -> Result<()> {
            let part = numpy::loadtxt(&path, None, 0)?;
            // A file that cannot be read ends here.
            parts.push(part.clone());
            Ok(())
        })();
        if result.is_err() {
            println!("skipped {name}");
            skipped += 1;
        }
    }
    println!("{} parts, {skipped} skipped", parts.len());

    let data = ops::concatenate(&parts, 0)?;
    let (x, y) = (data.i((.., ..2))?, data.i((.., 2))?);

    let result = (|| -> Result<()> {
        println!("loaded {} parameters", load_model("trained_before.keras")?.count_params());
        Ok(())
    })();
    if result.is_err() {
        println!("no model yet");
    }

    let mut model = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(4).activation("tanh"),
        Dense::new(1),
    ]);
    model.compile("sgd", "mse")?;

    let result = (|| -> Result<()> {
        train(3, &mut model, &x, &y)?;
        Ok(())
    })();
    if let Err(error) = result {
        println!("training failed: {error}");
    } else {
        println!("training is over");
    }
    println!("saved");
    model.save("trained_before.keras")?;

    let result = (|| -> Result<()> {
        python::files::remove("measurements/missing.txt")?;
        Ok(())
    })();
    result.ok();
    println!("{} files", python::files::listdir("measurements")?.len());
    Ok(())
}

fn train(epochs: usize, model: &mut Sequential, x: &Tensor, y: &Tensor) -> Result<()> {
    let history = model.fit(x, y, Fit::new().epochs(epochs).batch_size(8).verbose(0))?;
    println!("loss: {:?}", history["loss"].iter().map(|&value| python::round(value, 4)).collect::<Vec<f64>>());
    Ok(())
}
