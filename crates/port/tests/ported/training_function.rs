// Ported from training_function.py.

use candle_keras::layers::Dense;
use candle_keras::prelude::*;

fn main() -> Result<()> {
    // Functions that train a model and fill a list.

    let x = Tensor::new(&[[0.0_f64, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]], &Device::Cpu)?;
    let y = (Tensor::new(&[1_i64, 1, 2, 0], &Device::Cpu)?.to_dtype(DType::F64)? / 2.0)?;
    let mut model = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(4).activation("relu"),
        Dense::new(1),
    ]);
    model.compile("adam", "mse")?;
    let mut losses = vec![model.evaluate_with(&x, &y, Evaluate::new().verbose(0))?["loss"]];
    train(&mut model, &x, &y, &mut losses, 3)?;
    let best = report(&losses);
    println!("the best: {best:?}");
    assert!(losses.len() == 4);
    Ok(())
}

fn train(model: &mut Sequential, x: &Tensor, y: &Tensor, losses: &mut Vec<f64>, rounds: usize) -> Result<()> {
    for _i in 0..rounds {
        let history = model.fit(x, y, Fit::new().epochs(1).verbose(0))?;
        losses.push(history["loss"][0]);
    }
    Ok(())
}

fn report(losses: &[f64]) -> f64 {
    for (i, &loss) in losses.iter().enumerate() {
        println!("round {}: {loss:.4}", i + 1);
    }
    losses.iter().copied().fold(f64::NAN, f64::min)
}
