// Ported from splitting_images.py.
// Images in one folder are sorted into folders for training and tests; their features go through files of several kinds.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{ReadCsv, Table, ToTensor};
use candle_keras::layers::{Conv2D, Dense, GlobalAveragePooling2D};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::preprocessing::image::{FlowFromDirectory, ImageDataGenerator};
use candle_keras::regularizers::L2;
use candle_keras::utils::{ArrayToImg, LoadImg};
use candle_keras::{data, numpy, ops, python, utils};
use indexmap::IndexMap;
use ndarray::s;
use std::path::Path;

fn main() -> Result<()> {
    numpy::random::seed(8);

    // All images in one folder, with the class in the name.
    let raw_dir = "raw";
    python::files::makedirs(raw_dir)?;
    for i in 0..48 {
        let mut pixels = numpy::to_ndarray::<f32>(&numpy::random::randint(0, 90, (14, 14, 3))?.to_dtype(DType::F32)?)?;
        let kind = if i % 3 == 0 { "dot" } else { "line" };
        if kind == "dot" {
            {
                let mut part = pixels.slice_mut(s![5..9, 5..9, ..]);
                part += 150.0;
            }
        } else {
            {
                let mut part = pixels.slice_mut(s![6..8, .., ..]);
                part += 100.0;
            }
        }
        utils::array_to_img(&pixels.to_tensor()?, ArrayToImg::new().scale(false))?.save(&Path::new(raw_dir).join(&format!("{}{}", kind, format!("_{i:02}.png"))))?;
    }

    let paths = { let mut list = python::files::glob_texts(&Path::new(raw_dir).join("*.png").display().to_string())?.into_iter().collect::<Vec<String>>(); list.sort(); list };
    println!("{} {} {}", paths.len(), paths[0], paths[paths.len() - 1]);

    let base_dir = Path::new("sorted").to_path_buf();
    for split in ["train", "test"] {
        for kind in ["dot", "line"] {
            python::files::makedirs(&base_dir.join(split).join(kind))?;
        }
    }
    for (number, path) in paths.iter().enumerate() {
        let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let kind = name.split("_").map(str::to_string).collect::<Vec<_>>()[0].clone();
        let split = if number % 4 == 0 { "test" } else { "train" };
        python::files::copy(path, &Path::new("sorted").join(split).join(&kind).join(&name))?;
    }

    let train_dir = base_dir.join("train");
    println!("{} {}", python::files::glob(&train_dir, "*/*.png")?.len(), python::files::glob(&base_dir, "test/*/*.png")?.len());
    let first = python::files::glob(&train_dir, "dot/*")?[0].clone();
    println!("{} {} {} {}", first.file_name().unwrap_or_default().to_string_lossy().into_owned(), first.file_stem().unwrap_or_default().to_string_lossy().into_owned(), first.extension().map_or(String::new(), |end| format!(".{}", end.display())), first.parent().unwrap_or(Path::new("")).to_path_buf().file_name().unwrap_or_default().to_string_lossy().into_owned());

    let mut log = String::new();
    for kind in ["dot", "line"] {
        log.push_str(&format!("{}{}", format!("{}{}", format!("{}{}", kind, ": "), python::files::listdir(&Path::new("sorted").join("train").join(kind))?.len().to_string()), "\n"));
    }
    python::files::write("log.txt", &log)?;
    println!("{}", python::files::read("log.txt")?.trim().to_string());

    let generator = ImageDataGenerator::new().rescale(1.0 / 255.0);
    let train = generator.flow_from_directory("sorted/train", FlowFromDirectory::new().target_size([12, 12]).batch_size(6).class_mode("binary").shuffle(false))?;
    let test = generator.flow_from_directory("sorted/test", FlowFromDirectory::new().target_size([12, 12]).batch_size(6).class_mode("binary").shuffle(false))?;
    println!("{:?} {} {}", train.class_names().iter().cloned().zip(0..).collect::<IndexMap<String, usize>>(), train.samples(), test.samples());

    // What the convolutions see of each image, in files.
    let extractor = Sequential::new(layers![
        Input::shape((12, 12, 3)),
        Conv2D::new(4, 3).activation("relu"),
        GlobalAveragePooling2D::new(),
    ]);
    let train_features = extractor.predict_with(&train, Predict::new().verbose(0))?;
    let test_features = extractor.predict_with(&test, Predict::new().verbose(0))?;
    numpy::savez("features.npz", [("train", &train_features), ("test", &test_features)])?;
    numpy::savetxt("train.csv", &train_features, "%.6f", ",")?;
    let data = numpy::load_npz("features.npz")?;
    let (x_train, x_test) = (data["train"].clone(), data["test"].clone());
    println!("{:?} {:?} {:?} {:?}", x_train.dims(), x_test.dims(), ops::mean(&x_train.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::sum(&numpy::loadtxt("train.csv", ',', 0)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    // The same as tables.
    let mut train_table = Table::numbered(&x_train)?;
    train_table.set("label", train.classes())?;
    let mut test_table = Table::numbered(&x_test)?;
    test_table.set("label", test.classes())?;
    let table = Table::concat_rows([&train_table, &test_table])?.reset_index();
    table.to_csv("features.csv")?;
    let labels = data::read_csv("features.csv", ReadCsv::new().usecols_at([4]))?;
    println!("{:?} {:?} {:?}", table.shape(), labels.shape(), labels.column("label")?.sum()?);
    let y = ops::concatenate(&[&Tensor::from_iter(train.classes().iter().map(|&x| i64::from(x)), &Device::Cpu)?.flatten_all()?, &Tensor::from_iter(test.classes().iter().map(|&x| i64::from(x)), &Device::Cpu)?.flatten_all()?], 0)?;
    println!("{} {}", y.dim(0)?, ops::sum(&y.to_dtype(DType::I64)?, ())?.to_scalar::<i64>()?);

    let mut model = Sequential::new(layers![
        Input::shape([4]),
        Dense::new(8).activation("relu").kernel_regularizer(L2::new(0.01)),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile(Adam::new().learning_rate(0.05), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let (y_train, y_test) = (y.i(..train.samples())?, y.i(train.samples()..)?);
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(4).batch_size(12).validation_data(&x_test, &y_test).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{:?}", &history["val_loss"]);

    let image = numpy::divide(&utils::img_to_array(&utils::load_img(&paths[0], LoadImg::new().target_size([12, 12]))?)?, 255.0)?;
    println!("{}", numpy::array_str(&model.predict_with(&extractor.predict_with(&ops::expand_dims(&image, 0)?, Predict::new().verbose(0))?, Predict::new().verbose(0))?)?);
    Ok(())
}
