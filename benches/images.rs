//! Images of a folder: `cargo bench --bench images`. 512 JPEG files of 224 x 224, decoded by the `image` crate alone on all cores, and decoded and batched by
//! `image_dataset_from_directory`, and augmented by layers on all cores. Turns alternate; the medians of nine count.

use candle_keras::layers::{Call, RandomContrast, RandomFlip};
use candle_keras::ops::random::Stream;
use candle_keras::prelude::*;
use candle_keras::utils::{ImageFolder, SaveImg, image_dataset_from_directory, save_img};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const COUNT: usize = 512;

/// Smooth shapes with some noise, which a JPEG of a photograph is like.
fn image(random: &mut Stream) -> Result<Tensor> {
    let waves: Vec<f32> = random.uniform_f32(12);
    let noise = random.uniform_f32(224 * 224 * 3);
    let pixel = |i: usize| {
        let (y, x, c) = ((i / 3 / 224) as f32, (i / 3 % 224) as f32, i % 3);
        let wave = |k: usize| (waves[k] * 0.2 * x + waves[k + 1] * 0.2 * y + 6.0 * waves[k + 2]).sin();
        128.0 + 40.0 * wave(c * 3) + 40.0 * wave(9 - c * 3) + 20.0 * (noise[i] - 0.5)
    };
    Ok(Tensor::from_vec((0..224 * 224 * 3).map(pixel).collect(), (224, 224, 3), &Device::Cpu)?)
}

fn decoded_alone(paths: &[PathBuf]) -> f64 {
    let (next, start) = (AtomicUsize::new(0), Instant::now());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    std::hint::black_box(image::open(path).expect("an image").into_rgb8());
                }
            });
        }
    });
    start.elapsed().as_secs_f64()
}

fn main() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = Stream::new(1, 0);
    let mut paths = Vec::new();
    for i in 0..COUNT {
        let path = folder.path().join(format!("class{}/{i}.jpg", i % 4));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        save_img(&path, &image(&mut random)?, SaveImg::new().scale(false))?;
        paths.push(path);
    }
    let dataset =
        image_dataset_from_directory(folder.path(), ImageFolder::new().image_size([224, 224]).verbose(false))?;
    let (flip, contrast) = (RandomFlip::new(), RandomContrast::new(0.2));
    let training = || Call::new().training(true);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let flipped = dataset.map_on(threads, move |mut batch| {
        batch.x[0] = flip.call_with(&batch.x[0], training())?;
        Ok(batch)
    });
    let augmented = flipped.map_on(threads, move |mut batch| {
        batch.x[0] = contrast.call_with(&batch.x[0], training())?;
        Ok(batch)
    });
    let names = ["decoded alone", "batched", "flipped", "flipped, with another contrast"];
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..9 {
        times[0].push(decoded_alone(&paths));
        for (times, dataset) in times[1..].iter_mut().zip([&*dataset, &flipped, &augmented]) {
            let start = Instant::now();
            let images =
                dataset.iter()?.try_fold(0, |images, batch| Ok::<_, candle_keras::Error>(images + batch?.size()))?;
            assert_eq!(images, COUNT);
            times.push(start.elapsed().as_secs_f64());
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let times = times.map(|mut times| median(&mut times));
    for (name, time) in names.iter().zip(times) {
        println!("{name}: {:.0} images a second, {:.2} of decoding alone", COUNT as f64 / time, times[0] / time);
    }
    Ok(())
}
