// Ported from regression_loop.py.

use candle_keras::layers::Dense;
use candle_keras::optimizers::SGD;
use candle_keras::prelude::*;

fn main() -> Result<()> {
    // Several networks for one curve; the best one is kept.

    let points = 64;
    let step = 2.0 * std::f64::consts::PI / points as f64;
    let xs = (0..points).map(|i| i as f64 * step).collect::<Vec<f64>>();
    let ys = xs.iter().map(|&x| f64::sin(x)).collect::<Vec<f64>>();
    let x = Tensor::new(&xs[..], &Device::Cpu)?.reshape(((), 1))?;
    let y = Tensor::new(&ys[..], &Device::Cpu)?.reshape(((), 1))?;

    let mut best = 1000000000.0;
    let mut best_units = 0;
    for units in [4, 8, 16] {
        let mut model = Sequential::new(layers![
            Input::shape([1]),
            Dense::new(units).activation("tanh"),
            Dense::new(1),
        ]);
        model.compile(SGD::new().learning_rate(0.05).momentum(0.9), "mean_squared_error")?;
        let history = model.fit(&x, &y, Fit::new().epochs(20).batch_size(16).verbose(0))?;
        let loss = history["loss"][history["loss"].len() - 1];
        println!("{units:2} units: {loss:.5}");
        if loss < best {
            best = loss;
            best_units = units;
        }
    }
    println!("best: {best_units} units");
    let mut total = 0;
    for i in 0..3 {
        total += i;
    }
    assert!(total == 3);
    Ok(())
}
