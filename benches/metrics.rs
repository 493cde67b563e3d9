//! What metrics cost: the training of an mlp with and without them, in turns. `cargo bench --bench metrics`

use candle_keras::layers::{Dense, Input};
use candle_keras::metrics::AUC;
use candle_keras::prelude::*;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Samples of 784 numbers in batches of 128, and one output, as the mlp of benches/zoo.rs has ten.
const SAMPLES: usize = 128 * 64;

fn main() -> Result<()> {
    let x = Tensor::randn(0f32, 1., (SAMPLES, 784), &Device::Cpu)?;
    let y = x.narrow(1, 0, 1)?.gt(0f32)?.to_dtype(DType::F32)?;
    let mut models = Vec::new();
    for compile in [
        Compile::loss("binary_crossentropy"),
        Compile::loss("binary_crossentropy").metric("acc"),
        Compile::loss("binary_crossentropy").metric(AUC::new()),
    ] {
        let mut model = Sequential::new(layers![
            Input::shape([784]),
            Dense::new(512).activation("relu"),
            Dense::new(512).activation("relu"),
            Dense::new(1).activation("sigmoid"),
        ]);
        model.compile("adam", compile)?;
        models.push(model);
    }
    let mut lowest = [f64::INFINITY; 3];
    for _ in 0..15 {
        for (model, lowest) in models.iter_mut().zip(&mut lowest) {
            let start = Instant::now();
            model.fit(&x, &y, Fit::new().batch_size(128).verbose(0))?;
            *lowest = lowest.min(start.elapsed().as_secs_f64() / (SAMPLES / 128) as f64);
        }
    }
    for (name, seconds) in ["none", "acc", "AUC, 200 thresholds"].iter().zip(lowest) {
        println!("{name:20} {:8.1} us a step, {:+.1} %", seconds * 1e6, (seconds / lowest[0] - 1.0) * 100.0);
    }
    Ok(())
}
