// Ported from digit_submission.py.
// Digits as a competition gives them: a table with a label and pixels, and a file of predictions to hand in.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{ReadCsv, Table, ToColumn, ToTensor};
use candle_keras::layers::{Conv2D, Dense, Flatten, MaxPooling2D};
use candle_keras::prelude::*;
use candle_keras::{data, numpy, ops, pyplot, python, sklearn};
use ndarray::Array2;
use ndarray::s;

fn main() -> Result<()> {
    // Each digit is a stripe at its own place, with noise.
    let mut rng = numpy::random::RandomState::new(11);
    let size = 8;

    let names = (0..size * size).map(|i| format!("{}{}", "pixel", i.to_string())).collect::<Vec<String>>();
    let (labels, pixels) = draw(240, &mut rng, size)?;
    let mut train = Table::from_array(&pixels, names.iter().map(String::as_str))?;
    train.set("label", &labels)?;
    train.to_csv("train.csv")?;
    let (_, pixels) = draw(30, &mut rng, size)?;
    Table::from_array(&pixels, names.iter().map(String::as_str))?.to_csv("test.csv")?;

    let train = data::read_csv("train.csv", ReadCsv::new().encoding("latin1"))?;
    let test = data::read_csv("test.csv", ReadCsv::new().encoding("latin1"))?;
    println!("{:?} {:?}", train.shape(), test.shape());
    println!("{}", train.head(5));
    println!("missing: {} duplicates: {}", train.count_missing().sum()? as usize, train.duplicated()?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize);

    // Some samples of each digit.
    numpy::random::seed(2);
    for digit in 0..4 {
        let sample = train.filter(&train.column("label")?.equal(digit)?)?.sample(3, None)?.index();
        let mut image: Tensor = Tensor::new(0f32, &Device::Cpu)?;
        for (place, &row) in sample.iter().enumerate() {
            image = train.drop(["label"])?.values()?.i(row)?.reshape((size, size))?;
            pyplot::subplot(4, 3, digit * 3 + place + 1)?;
            pyplot::imshow(&image, pyplot::ImShow::new().cmap("gray_r"))?;
            pyplot::axis("off")?;
        }
        println!("{digit} {:?} {}", sample.to_vec(), ops::sum(&image, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? as i64);
    }
    pyplot::savefig("digits.svg")?;
    let picked = train.column("label")?.sample(1, 3)?.get(0)?;
    println!("picked: {picked} {:?}", train.sample(0.02, 1)?.index());
    let again = train.sample_with_replacement(5, 4)?;
    println!("{} {:?}", numpy::array_str(&again.column("label")?.values()?)?, again.index());

    let y_train = train.column("label")?.clone();
    let x_train = train.drop(["label"])?;
    let x_train = numpy::divide(&x_train.values()?.to_dtype(DType::F64)?, 255.0)?;
    let x_train = x_train.reshape(((), size, size, 1))?;
    let x_test = numpy::divide(&test.values()?.to_dtype(DType::F64)?, 255.0)?;
    let x_test = x_test.reshape(((), size, size, 1))?;
    let (x_train, x_val, y_train, y_val) = sklearn::train_test_split((&x_train, &y_train), sklearn::TrainTestSplit::new().test_size(0.1).random_state(35))?;

    let mut model = Sequential::new(layers![
        Input::shape((size, size, 1)),
        Conv2D::new(8, (3, 3)).activation("relu"),
        MaxPooling2D::new(2).strides(2),
        Flatten::new(),
        Dense::new(4).activation("softmax"),
    ]);
    model.compile("rmsprop", Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(3).batch_size(16).validation_data(&x_val, &y_val).verbose(0))?;
    println!("{:?}", history["val_loss"].iter().map(|&loss| python::round(loss, 4)).collect::<Vec<f64>>());
    pyplot::clf();
    pyplot::plot_y(&history["loss"], "bx-")?;
    pyplot::plot_y(&train.column("pixel0")?.values()?, "r")?;
    pyplot::plot_y(&vec![1, 2, 3], ())?;
    pyplot::savefig("losses.svg")?;

    let predictions = ops::argmax(&model.predict_with(&x_test, Predict::new().verbose(0))?, 1)?;
    let predictions = Table::new([("Label", predictions.to_column()?)])?;
    println!("{} {}", predictions.rows(), predictions.column_at(0)?.value_counts()?.column("count")?.sum()? as usize);
    let submission = Table::concat_columns([&Table::new([("ImageId", (1..31).collect::<Vec<_>>().to_column()?)])?, &predictions])?;
    submission.to_csv("submission.csv")?;
    println!("{}", submission.head(10));
    let mut ids = submission.select(["ImageId"])?;
    ids.set("target", predictions.column_at(0)?)?;
    println!("{}", ids.tail(3));
    let both = Table::concat_columns([&submission.select(["ImageId"])?, &ids.select(["target"])?])?;
    println!("{:?} {}", both.names().to_vec(), both.corr()?);
    let mut frames = vec![];
    for digit in 0..4 {
        frames.push(train.filter(&train.column("label")?.equal(digit)?)?.head(2).select(["label", "pixel0"])?);
    }
    println!("{} {:?}", Table::concat_rows(&frames)?, Table::concat_rows(&frames)?.reset_index().drop_duplicates().shape());
    Ok(())
}

fn draw(count: usize, rng: &mut numpy::random::RandomState, size: usize) -> Result<(Tensor, Tensor)> {
    let labels = rng.randint(0, 4, count)?;
    let pixels = rng.randint(0, 60, (count, size * size))?;
    let mut rows = vec![];
    for i in 0..count {
        let mut stripe = Array2::<i64>::zeros((size, size));
        stripe.slice_mut(s![numpy::multiply(&labels.i(i)?, 2)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize..numpy::add(&numpy::multiply(&labels.i(i)?, 2)?, 2)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, ..]).fill(180);
        rows.push(ops::add(&pixels.i(i)?, &stripe.to_tensor()?.flatten_all()?)?);
    }
    Ok((labels, Tensor::stack(&rows, 0)?))
}
