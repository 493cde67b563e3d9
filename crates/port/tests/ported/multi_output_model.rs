// Ported from multi_output_model.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Conv1D, Dense, Embedding, GlobalMaxPooling1D, MaxPooling1D};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use ndarray::s;

fn main() -> Result<()> {
    // Two answers from one input: an age (regression), an income group and a gender (classes)

    utils::set_random_seed(100);
    numpy::random::seed(100);

    let vocabulary_size = 50;
    let num_income_groups = 4;
    let num_samples = 200;
    let post_length = 12;

    // posts are sequences of word numbers, which depend on who wrote them
    let ages = numpy::random::randint(16, 80, num_samples)?;
    let groups = numpy::random::randint(0, num_income_groups as i64, num_samples)?;
    let genders = numpy::random::randint(0, 2, num_samples)?;
    let mut posts = numpy::to_ndarray::<i64>(&numpy::random::randint(1, vocabulary_size as i64, (num_samples, post_length))?)?;
    {
        let mut part = posts.slice_mut(s![.., 0]);
        let numbers = numpy::floor_divide(&ages, 2)?.to_dtype(DType::I64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<i64>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element = number;
        }
    }
    {
        let mut part = posts.slice_mut(s![.., 4]);
        let numbers = numpy::add(5, &numpy::multiply(10, &groups)?)?.to_dtype(DType::I64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<i64>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element = number;
        }
    }
    {
        let mut part = posts.slice_mut(s![.., 8]);
        let numbers = numpy::add(3, &numpy::multiply(40, &genders)?)?.to_dtype(DType::I64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<i64>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element = number;
        }
    }

    let age_targets = numpy::divide(&(ages.to_dtype(DType::F64)? - ops::mean(&ages.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)?, ops::std(&ages.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)?;
    let income_targets = utils::to_categorical(&groups, num_income_groups)?;
    let gender_targets = genders.to_dtype(DType::F32)?;

    let posts_input = Input::shape([None::<usize>]).dtype("int32").name("posts");
    let embedded_posts = Embedding::new(vocabulary_size, 16).call(&posts_input);
    let x = Conv1D::new(24, 3).activation("relu").call(&embedded_posts);
    let x = MaxPooling1D::new(2).call(&x);
    let x = Conv1D::new(24, 3).activation("relu").call(&x);
    let x = GlobalMaxPooling1D::new().call(&x);
    let x = Dense::new(24).activation("relu").call(&x);

    // the output layers have names
    let age_prediction = Dense::new(1).name("age").call(&x);
    let income_prediction = Dense::new(num_income_groups).activation("softmax").name("income").call(&x);
    let gender_prediction = Dense::new(1).activation("sigmoid").name("gender").call(&x);
    let mut model = Model::new(&posts_input, [&age_prediction, &income_prediction, &gender_prediction])?;

    model.compile("rmsprop", Compile::default().loss_of("age", "mse").loss_of("income", "categorical_crossentropy").loss_of("gender", "binary_crossentropy").loss_weights([0.25, 1.0, 10.0]).metrics_of("income", ["accuracy"]).metrics_of("gender", ["accuracy"]))?;

    let history = model.fit(&posts, [("age", &age_targets), ("income", &income_targets), ("gender", &gender_targets)], Fit::new().epochs(5).batch_size(32).verbose(0))?;
    for name in ["loss", "age_loss", "income_loss", "gender_loss"] {
        println!("{name:<12} {}", history[name].iter().map(|&value| format!("{value:.4}")).collect::<Vec<String>>().join(" "));
    }
    println!("gender accuracy: {:?}", python::round(history["gender_accuracy"][history["gender_accuracy"].len() - 1], 4));
    println!("income accuracy: {:?}", python::round(history["income_accuracy"][history["income_accuracy"].len() - 1], 4));

    let results = model.evaluate_with(&posts, [("age", &age_targets), ("income", &income_targets), ("gender", &gender_targets)], Evaluate::new().verbose(0))?;
    for key in { let mut list = results.iter().map(|(name, _)| name.to_string()).collect::<Vec<String>>(); list.sort(); list } {
        println!("{key}: {:.4}", results[&key]);
    }

    let parts = model.predict_multiple_with(&posts.to_tensor()?.i(..3)?, Predict::new().verbose(0))?;
    let (age, income, gender) = (parts[0].clone(), parts[1].clone(), parts[2].clone());
    println!("{:?} {:?} {:?}", age.dims(), income.dims(), gender.dims());
    for i in 0..3 {
        let years = (&(&age.i((i, 0))? * ops::std(&ages.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)? + ops::mean(&ages.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)?;
        println!("age {:.1} (is {}), group {} (is {}), gender {:.3} (is {})", years.to_dtype(DType::F64)?.to_scalar::<f64>()?, ages.i(i)?.to_dtype(DType::I64)?.to_scalar::<i64>()?, ops::argmax(&income.i(i)?.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize, groups.i(i)?.to_dtype(DType::I64)?.to_scalar::<i64>()?, gender.i((i, 0))?.to_dtype(DType::F64)?.to_scalar::<f64>()?, genders.i(i)?.to_dtype(DType::I64)?.to_scalar::<i64>()?);
    }
    Ok(())
}
