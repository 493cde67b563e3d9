// Ported from functional_shared_layers.py.
// A Siamese network: two inputs go through the same layers, the distance between them is
// classified, and a second output guesses the class of the left input.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Concatenate, Dense, Dropout, Lambda, Multiply};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};

const DIM: usize = 12;
const CLASSES: usize = 4;

fn main() -> Result<()> {
    utils::set_random_seed(13);
    numpy::random::seed(13);

    let prototypes = numpy::random::rand((CLASSES, DIM))?;
    let y = ops::tile(&ops::arange(0.0, CLASSES as f64, 1.0, "int64")?, 20)?;
    let x = ops::add(&ops::take(&prototypes, &y, 0)?, &numpy::random::normal(0.0, 0.2, (y.dim(0)?, DIM))?)?;
    let (pairs, same) = create_pairs(&x, &y)?;
    let left_class = ops::repeat(&y, 2, ())?;
    println!("pairs: {:?} share of the same: {:?}", pairs.dims(), ops::mean(&same, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let embedding = base_network((DIM,))?;
    let left = Input::shape([DIM]).name("left");
    let right = Input::shape([DIM]).name("right");
    let left_vector = embedding.call(&left);
    let right_vector = embedding.call(&right);

    let distance = Lambda::of_many(|vectors| Ok(euclidean_distance(vectors)?)).name("distance").call([&left_vector, &right_vector]);
    let merged = Concatenate::new().call([&distance, &Multiply::new().call([&left_vector, &right_vector])]);
    let is_same = Dense::new(1).activation("sigmoid").name("same").call(&merged);
    let label = Dense::new(CLASSES).activation("softmax").name("label").call(&left_vector);

    let mut model = Model::new([&left, &right], [&is_same, &label])?;
    model.compile("adam", Compile::default().loss_of("same", "binary_crossentropy").loss_of("label", "sparse_categorical_crossentropy").loss_weights([1.0, 0.3]).metrics_of("same", ["accuracy"]).metrics_of("label", ["accuracy"]))?;
    println!("weights: {} parameters: {}", model.variables().len(), model.count_params());

    let history = model.fit([&pairs.i((.., 0))?, &pairs.i((.., 1))?], [("same", &same), ("label", &left_class)], Fit::new().epochs(4).batch_size(32).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {epoch}: {loss:.4} same {:.4}", history["same_accuracy"][epoch]);
    }

    let scores = model.evaluate_with([&pairs.i((.., 0))?, &pairs.i((.., 1))?], [&same, &left_class], Evaluate::new().verbose(0))?;
    for key in { let mut list = scores.iter().map(|(name, _)| name.to_string()).collect::<Vec<String>>(); list.sort(); list } {
        println!("{key}: {:.4}", scores[&key]);
    }
    let parts = model.predict_multiple_with([&pairs.i((..4, 0))?, &pairs.i((..4, 1))?], Predict::new().verbose(0))?;
    let (same_pred, label_pred) = (parts[0].clone(), parts[1].clone());
    println!("{} {}", numpy::array_str(&same_pred.flatten_all()?)?, numpy::array_str(&ops::argmax(&label_pred, 1)?)?);
    println!("embedding of the first: {}", numpy::array_str(&embedding.predict_with(&x.i(..1)?, Predict::new().verbose(0))?)?);
    Ok(())
}

fn base_network(input_shape: (usize,)) -> Result<Model> {
    // The shared part.
    let inputs = Input::shape([input_shape.0]);
    let x = Dense::new(24).activation("relu").call(&inputs);
    let x = Dropout::new(0.1).call(&x);
    let x = Dense::new(8).activation("tanh").call(&x);
    Ok(Model::new(&inputs, &x)?.name("embedding"))
}

fn euclidean_distance(vectors: &[Tensor]) -> Result<Tensor> {
    let (a, b) = (vectors[0].clone(), vectors[1].clone());
    let total = ops::sum(&ops::square(&ops::subtract(&a, &b)?)?, ops::axes(1).keepdims(true))?;
    Ok(ops::sqrt(&ops::maximum(&total, &Tensor::new(1e-7_f32, &Device::Cpu)?)?)?)
}

fn create_pairs(x: &Tensor, y: &Tensor) -> Result<(Tensor, Tensor)> {
    // Positive and negative pairs, alternating.
    let mut pairs = vec![];
    let mut same = vec![];
    let groups = (0..CLASSES).map(|c| Ok::<_, Error>(numpy::flatnonzero(&ops::equal(y, &Tensor::new(c as i64, &Device::Cpu)?)?)?)).collect::<Result<Vec<Tensor>>>()?;
    for i in 0..x.dim(0)? {
        let positive = numpy::random::choice(&groups[y.i(i)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize], (), true, ())?;
        let other = numpy::mod_(&numpy::add(&y.i(i)?, numpy::random::randint_scalar(1, CLASSES as i64)? as usize)?, CLASSES)?;
        let negative = numpy::random::choice(&groups[other.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize], (), true, ())?;
        pairs.extend([vec![x.i(i)?, ops::take(x, &positive, 0)?], vec![x.i(i)?, ops::take(x, &negative, 0)?]]);
        same.extend([1.0, 0.0]);
    }
    Ok((Tensor::stack(&pairs.iter().map(|row| Tensor::stack(row, 0)).collect::<candle_keras::candle_core::Result<Vec<_>>>()?, 0)?, Tensor::new(&same[..], &Device::Cpu)?))
}
