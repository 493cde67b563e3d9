// Ported from siamese_contrastive.py.
// A Siamese network on pairs of small pictures, with the contrastive loss.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, Dropout, Flatten, Lambda};
use candle_keras::losses::Loss;
use candle_keras::optimizers::RMSprop;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};

fn main() -> Result<()> {
    let num_classes = 5;
    let epochs = 4;

    utils::set_random_seed(19);
    numpy::random::seed(19);

    let prototypes = numpy::random::rand((num_classes, 8, 8))?;
    let y = numpy::random::randint(0, num_classes as i64, 150)?;
    let x = ops::add(&ops::take(&prototypes, &y, 0)?, &numpy::random::normal(0.0, 0.2, (150, 8, 8))?)?;
    let x = x.to_dtype(DType::F32)?;

    // create training+test positive and negative pairs
    let digit_indices = (0..num_classes).map(|i| Ok::<_, Error>(numpy::flatnonzero(&ops::equal(&y.i(..110)?, &Tensor::new(i as i64, &Device::Cpu)?)?)?)).collect::<Result<Vec<Tensor>>>()?;
    let (tr_pairs, tr_y) = create_pairs(&x.i(..110)?, &digit_indices, num_classes)?;
    let digit_indices = (0..num_classes).map(|i| Ok::<_, Error>(numpy::flatnonzero(&ops::equal(&y.i(110..)?, &Tensor::new(i as i64, &Device::Cpu)?)?)?)).collect::<Result<Vec<Tensor>>>()?;
    let (te_pairs, te_y) = create_pairs(&x.i(110..)?, &digit_indices, num_classes)?;
    println!("{:?} {:?}", tr_pairs.dims(), te_pairs.dims());

    let base_network = create_base_network(&x.dims()[1..])?;
    let input_a = Input::shape(&x.dims()[1..]);
    let input_b = Input::shape(&x.dims()[1..]);
    let processed_a = base_network.call(&input_a);
    let processed_b = base_network.call(&input_b);
    let distance = Lambda::of_many(|vects| Ok(euclidean_distance(vects)?)).call([&processed_a, &processed_b]);
    let mut model = Model::new([&input_a, &input_b], &distance)?;

    model.compile(RMSprop::new(), Loss::new("contrastive_loss", |y_true, y_pred| Ok(contrastive_loss(y_true, y_pred)?)))?;
    let history = model.fit([&tr_pairs.i((.., 0))?, &tr_pairs.i((.., 1))?], &tr_y, Fit::new().batch_size(32).epochs(epochs).verbose(0).validation_data([&te_pairs.i((.., 0))?, &te_pairs.i((.., 1))?], &te_y))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {} loss {loss:.4} val_loss {:.4}", epoch + 1, history["val_loss"][epoch]);
    }
    let y_pred = model.predict_with([&te_pairs.i((.., 0))?, &te_pairs.i((.., 1))?], Predict::new().verbose(0))?;
    println!("* Accuracy on test set: {:0.2}%", 100.0 * compute_accuracy(&te_y, &y_pred)?);
    println!("first distances: {} labels: {}", numpy::array_str(&y_pred.i((..3, 0))?)?, numpy::array_str(&te_y.i(..3)?)?);
    Ok(())
}

fn euclidean_distance(vects: &[Tensor]) -> Result<Tensor> {
    let (x, y) = (vects[0].clone(), vects[1].clone());
    let sum_square = ops::sum(&ops::square(&ops::subtract(&x, &y)?)?, ops::axes(1).keepdims(true))?;
    Ok(ops::sqrt(&ops::maximum(&sum_square, &Tensor::new(1e-7_f32, &Device::Cpu)?)?)?)
}

fn contrastive_loss(y_true: &Tensor, y_pred: &Tensor) -> Result<Tensor> {
    // Contrastive loss from Hadsell-et-al.'06
    let margin = 1;
    let square_pred = ops::square(y_pred)?;
    let margin_square = ops::square(&ops::maximum(&(margin as f64 - y_pred)?, &Tensor::new(0.0_f32, &Device::Cpu)?)?)?;
    Ok(ops::mean(&ops::add(&ops::multiply(y_true, &square_pred)?, &ops::multiply(&(1.0 - y_true)?, &margin_square)?)?, ())?)
}

fn create_pairs(x: &Tensor, digit_indices: &[Tensor], num_classes: usize) -> Result<(Tensor, Tensor)> {
    // Positive and negative pairs, one after the other.
    let mut pairs = vec![];
    let mut labels = vec![];
    let n = (0..num_classes).map(|d| Ok::<_, Error>(digit_indices[d].dim(0)?)).collect::<Result<Vec<usize>>>()?.into_iter().collect::<Result<Vec<usize>>>()?.into_iter().min().ok_or_else(|| Error::new("min of nothing"))? - 1;
    for d in 0..num_classes {
        for i in 0..n {
            let (z1, z2) = (digit_indices[d].i(i)?, digit_indices[d].i(i + 1)?);
            pairs.extend([vec![ops::take(x, &z1, 0)?, ops::take(x, &z2, 0)?]]);
            let dn = (d + numpy::random::randint_scalar(1, num_classes as i64)? as usize) % num_classes;
            let (z1, z2) = (digit_indices[d].i(i)?, digit_indices[dn].i(i)?);
            pairs.extend([vec![ops::take(x, &z1, 0)?, ops::take(x, &z2, 0)?]]);
            labels.extend([1, 0]);
        }
    }
    Ok((Tensor::stack(&pairs.iter().map(|row| Tensor::stack(row, 0)).collect::<candle_keras::candle_core::Result<Vec<_>>>()?, 0)?, Tensor::from_iter(labels.iter().map(|&x| x as i64), &Device::Cpu)?.to_dtype(DType::F32)?))
}

fn create_base_network(input_shape: &[usize]) -> Result<Model> {
    // Base network to be shared (eq. to feature extraction).
    let input = Input::shape(input_shape);
    let x = Flatten::new().call(&input);
    let x = Dense::new(32).activation("relu").call(&x);
    let x = Dropout::new(0.1).call(&x);
    let x = Dense::new(16).activation("relu").call(&x);
    Model::new(&input, &x)
}

fn compute_accuracy(y_true: &Tensor, y_pred: &Tensor) -> Result<f64> {
    let pred = ops::less(&y_pred.flatten_all()?, &Tensor::new(0.5, &Device::Cpu)?)?;
    Ok(ops::mean(&ops::equal(&pred, y_true)?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)
}
