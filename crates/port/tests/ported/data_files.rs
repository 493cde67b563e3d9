// Ported from data_files.py.
// Arrays and files around a small training: archives, folders, rows in random order.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, sklearn};
use indexmap::IndexMap;
use std::path::Path;

fn main() -> Result<()> {
    // Two classes, each in an archive of a folder.
    numpy::random::seed(7);
    for label in 0..2 {
        let folder = Path::new("measurements").join(&format!("class_{label}"));
        python::files::makedirs(&folder)?;
        let values = numpy::random::normal(label as f64, 1.0, (30, 4))?;
        numpy::savez(&folder.join("data.npz"), [("x", &values.i(..20)?), ("y", &Tensor::full(label as f64, 20, &Device::Cpu)?.to_dtype(DType::I64)?)])?;
        numpy::savez(&folder.join("more.npz"), [("arr_0", &values.i(20..)?), ("arr_1", &Tensor::full(label as f64, 10, &Device::Cpu)?.to_dtype(DType::I64)?)])?;
    }

    let mut count = 0;
    for (directory, _, names) in python::files::walk("measurements") {
        for name in { let mut list = names.iter().cloned().collect::<Vec<String>>(); list.sort(); list } {
            println!("{}", Path::new(&directory).join(&name).display());
            count += 1;
        }
    }
    println!("{count} files");

    let first = numpy::load_npz("measurements/class_0/data.npz")?;
    let second = numpy::load_npz("measurements/class_1/data.npz")?;
    let mut x = ops::concatenate(&[&first["x"], &second["x"]], 0)?;
    let mut y = ops::concatenate(&[&first["y"].flatten_all()?, &second["y"].flatten_all()?], 0)?;
    for label in 0..2 {
        let more = numpy::load_npz(&Path::new("measurements").join(&format!("class_{label}")).join("more.npz"))?;
        x = ops::concatenate(&[&x, &more["arr_0"]], 0)?;
        y = ops::concatenate(&[&y.flatten_all()?, &more["arr_1"].flatten_all()?], 0)?;
    }
    println!("{:?} {:?} {:?}", x.dims(), y.dims(), ops::sum(&y, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let (x, y) = sklearn::shuffle((&x, &y), Some(57))?;
    println!("{}", numpy::array_str(&y.i(..10)?)?);

    let mut model = Sequential::new(layers![
        Input::shape([4]),
        Dense::new(8).activation("relu"),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x, &y, Fit::new().epochs(4).batch_size(10).validation_split(0.2).verbose(0))?;
    println!("{} parameters", model.count_params());

    model.save("model.keras")?;
    evaluate(&mut model, &x, &y)?;
    let mut restored = load_model("model.keras")?;
    println!("{:?}", python::round(evaluate_2(&mut restored, &x, &y)?, 4));

    let switcher = IndexMap::from([("small", 1), ("large", 2)]);
    for size in ["small", "middle", "large"] {
        println!("{size} {} {}", size.chars().next().unwrap(), switcher.get(size).map_or(-1, |&value| value as i64));
    }
    let mut f = String::new();
    f.push_str(&python::json::dumps(&history.iter().collect::<IndexMap<_, _>>(), None)?);
    python::files::write("history.json", &f)?;
    println!("{}", if Path::new("history.json").metadata().map_err(|error| Error::new(error.to_string()))?.len() as usize > 50 { "True" } else { "False" });
    python::files::rename("history.json", "training.json")?;
    println!("{:?}", { let mut list = python::files::listdir(".")?.into_iter().collect::<Vec<String>>(); list.sort(); list });
    Ok(())
}

fn evaluate(model: &mut Sequential, x: &Tensor, y: &Tensor) -> Result<f64> {
    let scores = model.evaluate_with(x, y, Evaluate::new().verbose(0))?;
    println!("loss {:.4}, accuracy {:.4}", scores["loss"], scores["accuracy"]);
    Ok(scores["accuracy"])
}

fn evaluate_2(model: &mut Model, x: &Tensor, y: &Tensor) -> Result<f64> {
    let scores = model.evaluate_with(x, y, Evaluate::new().verbose(0))?.iter().map(|(_, number)| number).collect::<Vec<f64>>();
    println!("loss {:.4}, accuracy {:.4}", scores[0], scores[1]);
    Ok(scores[1])
}
