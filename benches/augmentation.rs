//! Data augmentation of a batch of 32 images of 224 x 224 x 3, in milliseconds: `cargo bench --bench augmentation`. benches/augmentation.py
//! measures Keras beside it.

use candle_keras::layers::{Call, RandomContrast, RandomFlip, RandomRotation, RandomZoom};
use candle_keras::ops::random::Stream;
use candle_keras::prelude::*;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The time of the quickest of ten runs, and the result.
fn timed(mut f: impl FnMut() -> Result<Tensor>) -> Result<(f64, Tensor)> {
    let (mut best, mut y) = (f64::INFINITY, f()?);
    for _ in 0..10 {
        let start = Instant::now();
        y = f()?;
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok((best, y))
}

fn main() -> Result<()> {
    let numbers = Stream::new(1, 0).uniform_f32(32 * 224 * 224 * 3).into_iter().map(|x| x * 255.0).collect::<Vec<_>>();
    let images = Tensor::from_vec(numbers, (32, 224, 224, 3), &Device::Cpu)?;
    let training = || Call::new().training(true);
    let (flip, rotation) = (RandomFlip::new(), RandomRotation::new(0.1));
    let (zoom, contrast) = (RandomZoom::new(0.2), RandomContrast::new(0.3));
    let (of_flip, x) = timed(|| flip.call_with(&images, training()))?;
    let (of_rotation, x) = timed(|| rotation.call_with(&x, training()))?;
    let (of_zoom, x) = timed(|| zoom.call_with(&x, training()))?;
    let (of_contrast, _) = timed(|| contrast.call_with(&x, training()))?;
    let all = || {
        let x = rotation.call_with(&flip.call_with(&images, training())?, training())?;
        contrast.call_with(&zoom.call_with(&x, training())?, training())
    };
    let (total, _) = timed(all)?;
    println!(
        "{}",
        serde_json::json!({"flip": of_flip, "rotation": of_rotation, "zoom": of_zoom, "contrast": of_contrast, "all": total})
    );
    Ok(())
}
