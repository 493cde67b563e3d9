// Ported from image_folder.py.
// Images of shapes in folders: one for each class.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::utils::{ImageFolder, LoadImg, SaveImg};
use candle_keras::{numpy, ops, python, utils};
use ndarray::s;
use std::path::Path;

const FOLDER: &str = "shapes";
const BATCH_SIZE: usize = 16;
const AUTOTUNE: usize = 2;

fn main() -> Result<()> {
    let image_size = (24, 24);

    // Bright squares and dark bars, drawn with some noise.
    numpy::random::seed(7);
    for name in ["bars", "squares"] {
        python::files::makedirs(&Path::new(FOLDER).join(name))?;
    }

    for i in 0..60 {
        let mut image = numpy::to_ndarray::<f64>(&numpy::random::uniform(0.0, 60.0, (28, 28, 3))?)?;
        let (row, column) = (numpy::random::randint_scalar(2, 14)? as usize, numpy::random::randint_scalar(2, 14)? as usize);
        let path;
        if i % 2 == 0 {
            let end0 = usize::min(row + 9, image.shape()[0]);
            let end1 = usize::min(column + 9, image.shape()[1]);
            {
                let mut part = image.slice_mut(s![row..end0, column..end1, 0]);
                part += 150.0;
            }
            path = Path::new(FOLDER).join("squares").join(&format!("{i}.png"));
        } else {
            let end0 = usize::min(row + 3, image.shape()[0]);
            {
                let mut part = image.slice_mut(s![row..end0, 2..26, 1]);
                part += 120.0;
            }
            path = Path::new(FOLDER).join("bars").join(&format!("{i}.png"));
        }
        utils::save_img(&path, &image.to_tensor()?, SaveImg::new().scale(false))?;
    }

    let train_ds = utils::image_dataset_from_directory(FOLDER, ImageFolder::new().validation_split(0.25).subset("training").seed(1337).image_size([image_size.0, image_size.1]).batch_size(BATCH_SIZE))?;
    let val_ds = utils::image_dataset_from_directory(FOLDER, ImageFolder::new().validation_split(0.25).subset("validation").seed(1337).image_size([image_size.0, image_size.1]).batch_size(BATCH_SIZE))?;

    let class_names = train_ds.class_names();
    let num_classes = class_names.len();
    println!("{class_names:?} {num_classes}");

    for batch in train_ds.take(1).iter()? {
        let batch = batch?;
        let images = &batch.x[0];
        let labels = &batch.y[0];
        println!("{:?} {:?}", images.dims(), labels.dims());
        println!("{:?}", ops::mean(images, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }

    // Scaled before they are cached.
    let train_ds = train_ds.map_on(AUTOTUNE, |batch| { let (x, y) = (&batch.x[0], &batch.y[0]); Ok((numpy::divide(x, 255.0)?, y.clone())) });
    let val_ds = val_ds.map(|batch| { let (x, y) = (&batch.x[0], &batch.y[0]); Ok((numpy::divide(x, 255.0)?, y.clone())) });
    let train_ds = train_ds.prefetch(AUTOTUNE);
    let val_ds = val_ds.cache().prefetch(AUTOTUNE);

    let mut model = Sequential::new(layers![
        Input::shape((image_size.0, image_size.1, 3)),
        Conv2D::new(8, 3).activation("relu"),
        MaxPooling2D::new(2),
        Conv2D::new(16, 3).activation("relu"),
        GlobalAveragePooling2D::new(),
        Dense::new(num_classes).activation("softmax"),
    ]);
    model.compile(Adam::new().learning_rate(0.01), Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&train_ds, (), Fit::new().validation_data(&val_ds, ()).epochs(3).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{:?}", &history["val_accuracy"]);

    let scores = model.evaluate_with(&val_ds, (), Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("validation: {loss:.4} {accuracy:.4}");

    // One of the files.
    let img = utils::load_img(&Path::new(FOLDER).join("squares").join("0.png"), LoadImg::new().target_size([image_size.0, image_size.1]))?;
    let img_array = utils::img_to_array(&img)?;
    let img_array = ops::expand_dims(&img_array, 0)?; // A batch of one.
    let predictions = model.predict_with(&numpy::divide(&img_array, 255.0)?, Predict::new().verbose(0))?;
    let score = predictions.i(0)?;
    println!("This is {}: {:.2} percent.", class_names[ops::argmax(&score.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize], 100.0 * ops::max(&score, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}
