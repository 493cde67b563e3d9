// Ported from image_flow_from_directory.py.
// Two kinds of pictures in folders, read by generators.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Conv2D, Dense, Dropout, Flatten, MaxPooling2D};
use candle_keras::prelude::*;
use candle_keras::preprocessing::image::{FlowFromDirectory, ImageDataGenerator};
use candle_keras::utils::{ArrayToImg, LoadImg};
use candle_keras::{numpy, ops, python, utils};
use indexmap::IndexMap;
use ndarray::s;
use std::path::Path;

fn main() -> Result<()> {
    numpy::random::seed(5);
    let (img_width, img_height) = (20, 20);

    for (split, samples) in [("train", 40), ("validation", 20)] {
        for kind in ["horizontal", "vertical"] {
            python::files::makedirs(&Path::new("stripes").join(split).join(kind))?;
        }
        for i in 0..samples {
            let mut pixels = numpy::to_ndarray::<f32>(&numpy::random::randint(0, 80, (24, 22, 3))?.to_dtype(DType::F32)?)?;
            let kind;
            if i % 2 == 0 {
                {
                    let mut part = pixels.slice_mut(s![..;4, .., ..]);
                    part += 120.0;
                }
                kind = "horizontal";
            } else {
                {
                    let mut part = pixels.slice_mut(s![.., ..;4, ..]);
                    part += 120.0;
                }
                kind = "vertical";
            }
            utils::array_to_img(&pixels.to_tensor()?, ArrayToImg::new().scale(false))?.save(&Path::new("stripes").join(split).join(kind).join(&format!("{i:03}.png")))?;
        }
    }

    let train_datagen = ImageDataGenerator::new().rescale(1.0 / 255.0).shear_range(0.2).zoom_range(0.2).rotation_range(20.0).width_shift_range(0.2).height_shift_range(0.2).horizontal_flip(true).fill_mode("nearest").validation_split(0.25);
    let test_datagen = ImageDataGenerator::new().rescale(1.0 / 255.0);

    let train_generator = train_datagen.flow_from_directory("stripes/train", FlowFromDirectory::new().target_size([img_height, img_width]).batch_size(8).class_mode("binary").subset("training"))?;
    let validation_generator = train_datagen.flow_from_directory("stripes/train", FlowFromDirectory::new().target_size([img_height, img_width]).batch_size(8).class_mode("binary").subset("validation"))?;
    let test_generator = test_datagen.flow_from_directory("stripes/validation", FlowFromDirectory::new().target_size([img_height, img_width]).batch_size(8).class_mode("binary").shuffle(false))?;
    println!("Class indices: {:?}", train_generator.class_names().iter().cloned().zip(0..).collect::<IndexMap<String, usize>>());
    println!("Train samples: {}", train_generator.samples());
    println!("Validation samples: {}", validation_generator.samples());

    for batch in test_generator.endless() {
        let batch = batch?;
        let x_first = &batch.x[0];
        let y_first = &batch.y[0];
        println!("{:?} {:?} {:?} {}", x_first.dims(), ops::mean(x_first, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, ops::std(x_first, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, numpy::array_str(y_first)?);
        break;
    }
    test_generator.reset();

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape((img_height, img_width, 3)));
    model.add(Conv2D::new(8, (3, 3)).activation("relu"));
    model.add(MaxPooling2D::new((2, 2)));
    model.add(Flatten::new());
    model.add(Dense::new(16).activation("relu"));
    model.add(Dropout::new(0.2));
    model.add(Dense::new(1).activation("sigmoid"));
    model.compile("rmsprop", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;

    let history = model.fit(&train_generator, (), Fit::new().epochs(2).steps_per_epoch(train_generator.batches()).validation_data(&validation_generator, ()).validation_steps(validation_generator.batches()).verbose(0))?;
    println!("{:?} {:?}", &history["loss"], &history["val_loss"]);

    let scores = model.evaluate_with(&test_generator, (), Evaluate::new().verbose(0))?;
    println!("{:?}", [scores["loss"], scores["accuracy"]]);
    test_generator.reset();
    let probabilities = model.predict_with(&test_generator, Predict::new().verbose(0))?;
    let predicted = probabilities.flatten_all()?.gt(0.5)?.to_dtype(DType::I32)?;
    println!("{}", numpy::array_str(&probabilities.i(..3)?.flatten_all()?)?);
    println!("right: {} of {}", ops::equal(&predicted, &Tensor::from_iter(test_generator.classes().iter().map(|&x| i64::from(x)), &Device::Cpu)?)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize, test_generator.samples());

    // One image.
    let image = utils::load_img("stripes/validation/vertical/001.png", LoadImg::new().target_size([img_height, img_width]))?;
    let array = numpy::divide(&utils::img_to_array(&image)?, 255.0)?;
    let array = ops::expand_dims(&array, 0)?;
    let prediction = model.predict_with(&array, Predict::new().verbose(0))?.i(0)?.i(0)?;
    let result = if prediction.gt(0.5)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 { "vertical" } else { "horizontal" };
    println!("{result} ({:.4})", prediction.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}
