//! Classes of very different sizes: one of fifty samples is positive. What accuracy hides, and what class weights and the focal loss
//! (Lin et al., 2017) change.

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::Dense;
use candle_keras::losses::BinaryFocalCrossentropy;
use candle_keras::metrics::{AUC, Curve, Precision, Recall};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::{Logs, prelude::*};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Finds rare positives, with and without weights of the classes.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<10>,
    /// How many of a thousand samples are positive
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    per_mille: u16,
}

fn main() -> Result<()> {
    let Args { run, per_mille } = training::parse();
    run.start()?;
    let mut stream = Stream::new(run.seed(), 1);
    let rate = f64::from(per_mille) / 1000.0;
    let (x, y) = samples(&mut stream, rate, 20_000);
    let test = samples(&mut stream, rate, 20_000);
    let positives = y.iter().filter(|&&y| y == 1.0).count();
    anyhow::ensure!(positives > 0, "there is no positive among the samples");
    println!("{} samples, {positives} of them positive", y.len());

    let train = |name: &str, loss: Compile, weights: [f64; 2]| -> Result<Logs> {
        let mut model = Sequential::new(layers![
            Input::shape([8]),
            Dense::new(32).activation("relu"),
            Dense::new(32).activation("relu"),
            Dense::new(1).activation("sigmoid"),
        ]);
        let compile = loss.metrics(["acc", "auc"]).metric(AUC::new().curve(Curve::PR).named("pr"));
        model.compile(Adam::new().learning_rate(2e-3), compile.metric(Precision::new()).metric(Recall::new()))?;
        let weights = [(0, weights[0]), (1, weights[1])];
        model.fit(&x, &y, run.fit(name).batch_size(256).class_weight(weights).verbose(0))?;
        let logs = model.evaluate_with(&test.0, &test.1, Evaluate::new().batch_size(1000).verbose(0))?;
        let columns = ["acc", "auc", "pr", "precision", "recall"].map(|metric| format!("{:>10.3}", logs[metric]));
        println!("{name:<14}{}", columns.concat());
        Ok(logs)
    };
    println!("{:<14}{:>10}{:>10}{:>10}{:>10}{:>10}", "", "accuracy", "AUC", "PR AUC", "precision", "recall");
    let never = test.1.iter().filter(|&&y| y == 0.0).count() as f64 / test.1.len() as f64;
    println!("{:<14}{never:>10.3}{:>10.3}{rate:>10.3}{:>10}{:>10.3}", "never", 0.5, "-", 0.0);
    let plain = train("as_they_are", "binary_crossentropy".into(), [1.0, 1.0])?;
    // Each class has the same weight in the sum, and the mean weight of a sample is one.
    let all = y.len() as f64;
    let balanced = [all / (2.0 * (all - positives as f64)), all / (2.0 * positives as f64)];
    let weighted = train("class_weight", "binary_crossentropy".into(), balanced)?;
    // The focal loss counts what is certain already for little; alpha balances the classes.
    let focal = BinaryFocalCrossentropy::new().apply_class_balancing(true).alpha(0.9).gamma(2.0);
    let focal = train("focal", Compile::loss(focal), [1.0, 1.0])?;

    println!();
    run.claim(plain["recall"] < 0.5, "without weights most positives are missed, at an accuracy near 1")?;
    run.claim(weighted["recall"] > plain["recall"] + 0.3, "with class weights 0.3 more of the positives are found")?;
    run.claim(focal["recall"] > plain["recall"] + 0.1, "and with the focal loss 0.1 more")?;
    run.claim(
        (weighted["auc"] - plain["auc"]).abs() < 0.05,
        "the order of the samples, which is what AUC measures, is about the same",
    )?;
    run.finish()
}

/// Two clouds that overlap: the positives are around a place between the others.
fn samples(stream: &mut Stream, rate: f64, count: usize) -> (Vec<Vec<f32>>, Vec<f32>) {
    let sample = |_| {
        let positive = stream.uniform(1)[0] < rate;
        let mut x: Vec<f32> = stream.normal(8).into_iter().map(|x| x as f32).collect();
        if positive {
            x.iter_mut().take(4).for_each(|x| *x = 1.2 + 0.7 * *x);
        }
        (x, f32::from(u8::from(positive)))
    };
    (0..count).map(sample).unzip()
}
