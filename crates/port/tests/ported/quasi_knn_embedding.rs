// Ported from quasi_knn_embedding.py.
// Metric learning: an embedding is trained with cosine similarities inside of a batch,
// then the nearest neighbours of a sample vote on its class.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Dense, Lambda, UnitNormalization};
use candle_keras::losses::SparseCategoricalCrossentropy;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use indexmap::IndexMap;
use ndarray::Array2;

fn main() -> Result<()> {
    utils::set_random_seed(12);
    numpy::random::seed(12);
    python::random::seed(12);

    let num_classes = 5;
    let num_features = 15;
    let num_batches = 8;
    let near_neighbours = 3;

    // Each class has a direction, and the length of a sample says nothing
    let directions = numpy::random::normal(0.0, 1.0, (num_classes, num_features))?;
    let y_all = numpy::random::randint(0, num_classes as i64, 150)?;
    let lengths = numpy::random::uniform(0.5, 3.0, (150, 1))?;
    let x_all = ops::multiply(&lengths, &ops::add(&ops::take(&directions, &y_all, 0)?, &(0.6 * &numpy::random::normal(0.0, 1.0, (150, num_features))?)?)?)?;
    let (x_train, y_train) = (x_all.i(..120)?.to_dtype(DType::F32)?, y_all.i(..120)?);
    let (x_test, y_test) = (x_all.i(120..)?.to_dtype(DType::F32)?, y_all.i(120..)?);

    let mut class_idx_to_train_idxs = IndexMap::<i64, Vec<usize>>::new();
    for (idx, label) in numpy::rows(&y_train)?.into_iter().enumerate() {
        class_idx_to_train_idxs.entry(label.to_dtype(DType::I64)?.to_scalar::<i64>()?).or_default().push(idx);
    }
    for label in 0..num_classes {
        println!("class {label} has {} samples", class_idx_to_train_idxs[&(label as i64)].len());
    }

    // An anchor and a positive sample for each class and batch
    let (mut anchors, mut positives) = (vec![], vec![]);
    for _ in 0..num_batches {
        for label in 0..num_classes {
            let examples = class_idx_to_train_idxs[&(label as i64)].clone();
            let parts = numpy::random::choice(&Tensor::from_iter(examples.iter().map(|&x| x as i64), &Device::Cpu)?, 2, false, ())?;
            let (anchor, positive) = (parts.i(0)?, parts.i(1)?);
            anchors.push(ops::take(&x_train, &anchor, 0)?);
            positives.push(ops::take(&x_train, &positive, 0)?);
        }
    }
    let (anchors, positives) = (Tensor::stack(&anchors, 0)?, Tensor::stack(&positives, 0)?);

    let inputs = Input::shape([num_features]);
    let x = Dense::new(24).activation("relu").call(&inputs);
    let x = Dense::new(8).call(&x);
    let embeddings = UnitNormalization::new().call(&x);
    let encoder = Model::new(&inputs, &embeddings)?;

    let anchor_in = Input::shape([num_features]);
    let positive_in = Input::shape([num_features]);
    let similarity = Lambda::of_many(|t| Ok(numpy::divide(&ops::matmul(&t[0], &ops::transpose(&t[1], ())?)?, 0.2)?));
    let logits = similarity.call([&encoder.call(&anchor_in), &encoder.call(&positive_in)]);
    let mut trainer = Model::new([&anchor_in, &positive_in], &logits)?;
    trainer.compile(Adam::new().learning_rate(0.005), SparseCategoricalCrossentropy::new().from_logits(true))?;
    let targets = ops::tile(&ops::arange(0.0, num_classes as f64, 1.0, "int64")?, num_batches as i64)?;
    let history = trainer.fit([&anchors, &positives], &targets, Fit::new().batch_size(num_classes).epochs(6).shuffle(false).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {epoch}: {loss:.4}");
    }

    // Neighbours in the training set, by the cosine
    let train_vectors = encoder.predict_with(&x_train, Predict::new().verbose(0))?;
    let test_vectors = encoder.predict_with(&x_test, Predict::new().verbose(0))?;
    let cosines = ops::einsum("ae,be->ab", &[&test_vectors, &train_vectors])?;
    let nearest = ops::argsort(&cosines.neg()?, 1)?.i((.., ..near_neighbours))?;

    let mut correct = 0;
    let mut confusion = Array2::<i64>::zeros((num_classes, num_classes));
    for (i, neighbours) in numpy::rows(&nearest)?.into_iter().enumerate() {
        let votes = numpy::bincount(&ops::take(&y_train, &neighbours, 0)?, None, num_classes)?;
        let winner = ops::argmax(&votes.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize;
        confusion[[y_test.i(i)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, winner]] += 1;
        if ops::equal(&Tensor::new(winner as i64, &Device::Cpu)?, &y_test.i(i)?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 {
            correct += 1;
        }
    }
    println!("accuracy of the vote: {:.3}", correct as f64 / x_test.dim(0)? as f64);
    println!("{}", numpy::array_str(&confusion.to_tensor()?)?);
    println!("neighbours of the first: {} {}", numpy::array_str(&nearest.i(0)?)?, numpy::array_str(&ops::flip(&ops::sort(&cosines.i(0)?, -1)?, 0)?.i(..near_neighbours)?)?);
    let distances = ops::norm(&ops::subtract(&test_vectors.i(0)?, &train_vectors)?, None, 1)?;
    println!("by distance: {} {:.4}", numpy::array_str(&ops::argsort(&distances, -1)?.i(..near_neighbours)?)?, ops::min(&distances, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    Ok(())
}
