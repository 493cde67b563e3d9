//! Transfer learning: a network learns from many images of one task, and its features help where there are few images of another one.
//! They are frozen at first, then trained too, with a lower learning rate.

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{BatchNormalization, Call, Conv2D, Dense, GlobalAveragePooling2D, MaxPooling2D};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use clap::Parser;
use std::f64::consts::PI;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Pretrains a network on one task, and adapts it to another one with few images.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<20>,
    /// The number of images of the second task
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    images: u16,
}

/// The height and width of an image.
const SIDE: usize = 16;

fn main() -> Result<()> {
    let Args { run, images } = training::parse();
    run.start()?;
    // The first task has eight directions of stripes, the second four others, in between, and narrower stripes.
    let mut stream = Stream::new(run.seed(), 1);
    let eight: Vec<f64> = (0..8).map(|i| f64::from(i) / 8.0).collect();
    let four = [0.03, 0.28, 0.53, 0.78].map(|turn| turn + 1.0 / 32.0);
    let (many, kinds) = stripes(&mut stream, &eight, 1.0, 2_000)?;
    let (few, labels) = stripes(&mut stream, &four, 1.5, images.into())?;
    let test = stripes(&mut stream, &four, 1.5, 1_000)?;

    let image = Input::shape([SIDE, SIDE, 1]);
    let compile = || Compile::loss("sparse_categorical_crossentropy").metrics(["acc"]);
    let accuracy = |model: &mut Model| -> Result<f64> {
        Ok(model.evaluate_with(&test.0, &test.1, Evaluate::new().verbose(0))?["acc"])
    };

    println!("== a network for the first task");
    let base = features("base");
    let mut first = Model::new(&image, Dense::new(8).activation("softmax").call(base.call(&image)))?;
    first.compile(Adam::new().learning_rate(2e-3), compile())?;
    first.fit(&many, &kinds, run.fit("first").batch_size(64).epochs(run.epochs().div_ceil(2)))?;

    println!("== its features, frozen, with a new head for the second task");
    base.set_trainable(false);
    // `training(false)`: the moving averages of BatchNormalization stay what they are, also when the weights are trained later.
    let frozen = base.call_with(&image, Call::new().training(false));
    let mut model = Model::new(&image, Dense::new(4).activation("softmax").call(frozen))?;
    model.compile(Adam::new().learning_rate(0.02), compile())?;
    model.fit(&few, &labels, run.fit("frozen"))?;
    let with_a_new_head = accuracy(&mut model)?;

    println!("== all of it, with a lower rate");
    base.set_trainable(true);
    model.compile(Adam::new().learning_rate(5e-4), compile())?; // fixes which weights are trained
    model.fit(&few, &labels, run.fit("fine_tuned"))?;
    let fine_tuned = accuracy(&mut model)?;

    println!("== the same network from nothing");
    let head = Dense::new(4).activation("softmax");
    let mut alone = Model::new(&image, head.call(features("other").call(&image)))?;
    alone.compile(Adam::new().learning_rate(2e-3), compile())?;
    alone.fit(&few, &labels, run.fit("alone").epochs(2 * run.epochs()))?;
    let from_nothing = accuracy(&mut alone)?;

    println!("\naccuracy on 1000 new images, trained on {images}:");
    println!("from nothing {from_nothing:.3}, new head {with_a_new_head:.3}, fine-tuned {fine_tuned:.3}");
    run.claim(fine_tuned > from_nothing + 0.1, "with the features of the first task the accuracy is 0.1 better")?;
    run.claim(fine_tuned > with_a_new_head, "and fine-tuning makes it better still")?;
    run.finish()
}

/// A small convolutional network, without a head.
fn features(name: &str) -> Sequential {
    Sequential::new(layers![
        Input::shape([SIDE, SIDE, 1]),
        Conv2D::new(16, 5).padding("same").activation("relu"),
        MaxPooling2D::new(2),
        BatchNormalization::new(),
        Conv2D::new(32, 3).padding("same").activation("relu"),
        MaxPooling2D::new(2),
        BatchNormalization::new(),
        GlobalAveragePooling2D::new(),
    ])
    .name(name)
}

/// Images of stripes in these directions, in parts of half a turn, with noise; and which direction each has.
fn stripes(stream: &mut Stream, turns: &[f64], frequency: f64, count: usize) -> Result<(Tensor, Vec<u32>)> {
    let mut pixels = Vec::with_capacity(count * SIDE * SIDE);
    let mut kinds = Vec::with_capacity(count);
    for _ in 0..count {
        let kind = stream.below(turns.len() as u64) as usize;
        let random = stream.uniform(3);
        let angle = PI * (turns[kind] + 0.04 * (random[0] - 0.5));
        let (phase, frequency) = (2.0 * PI * random[1], frequency * (0.9 + 0.4 * random[2]));
        let noise = stream.normal(SIDE * SIDE);
        for (i, noise) in noise.into_iter().enumerate() {
            let (row, column) = ((i / SIDE) as f64, (i % SIDE) as f64);
            let wave = (frequency * (row * angle.sin() + column * angle.cos()) + phase).sin();
            pixels.push((wave + 1.8 * noise) as f32);
        }
        kinds.push(kind as u32);
    }
    Ok((Tensor::from_vec(pixels, (count, SIDE, SIDE, 1), &Device::Cpu)?, kinds))
}
