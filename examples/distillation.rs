//! Knowledge distillation (Hinton et al., 2015): a small network learns from the probabilities of a large one, which say more than the
//! labels of the data: which classes are alike, and where a label is wrong.

#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::layers::{Call, Dense};
use candle_keras::losses::{Loss, SparseCategoricalCrossentropy};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::{Adam, AdamW};
use candle_keras::{Batch, GradientTape, StepLogs, TrainStep, ops, prelude::*};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Trains a large network, and a small one with and without its help.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<30>,
    /// How much the probabilities are evened out before they are compared
    #[arg(long, default_value_t = 3.0)]
    temperature: f64,
    /// The part of the labels in the loss; the rest is the teacher's
    #[arg(long, default_value_t = 0.1)]
    alpha: f64,
}

/// A step of the student, which is the model that `fit` trains.
struct Distiller<'a> {
    teacher: &'a Sequential,
    temperature: f64,
    alpha: f64,
}

impl TrainStep for Distiller<'_> {
    fn train_step(&mut self, student: &mut Model, batch: &Batch) -> candle_keras::Result<StepLogs> {
        let (x, y) = (&batch.x[0], &batch.y[0]);
        let soft = |logits: &Tensor| ops::softmax(&(logits / self.temperature)?, -1);
        let taught = soft(&self.teacher.call(x)?)?;
        let tape = GradientTape::new();
        let logits = student.call_with(x, Call::new().training(true))?;
        let of_labels = SparseCategoricalCrossentropy::new().from_logits(true).call(y, &logits)?;
        // The gradients of soft probabilities are smaller by the square of the temperature.
        let of_teacher = Loss::from("kl_divergence").call(&taught, &soft(&logits)?, None, None)?;
        let of_teacher = (of_teacher * self.temperature.powi(2))?;
        let loss = ((&of_labels * self.alpha)? + (&of_teacher * (1.0 - self.alpha))?)?;
        let gradients = tape.gradient(&loss, &student.trainable_variables())?;
        student.optimizer()?.apply_gradients(gradients)?;
        Ok(vec![("loss", loss), ("of_labels", of_labels), ("of_teacher", of_teacher)])
    }
}

fn main() -> Result<()> {
    let Args { run, temperature, alpha } = training::parse();
    anyhow::ensure!(temperature > 0.0 && (0.0..=1.0).contains(&alpha), "the temperature is above 0, alpha from 0 to 1");
    run.start()?;
    let mut stream = Stream::new(run.seed(), 1);
    // Many samples for the teacher, few with labels for the student. Of the labels 45 % are drawn at random.
    let (many, labels) = spirals(&mut stream, 6_000, 0.45)?;
    let (few, few_labels) = (many.narrow(0, 0, 150)?, labels.narrow(0, 0, 150)?);
    let test = spirals(&mut stream, 2_000, 0.0)?;
    let network = |units: usize| {
        Sequential::new(layers![
            Input::shape([2]),
            Dense::new(units).activation("tanh"),
            Dense::new(units).activation("tanh"),
            Dense::new(3),
        ])
    };
    let compile = || Compile::loss(SparseCategoricalCrossentropy::new().from_logits(true)).metrics(["acc"]);
    let accuracy = |model: &mut Model| -> Result<f64> {
        Ok(model.evaluate_with(&test.0, &test.1, Evaluate::new().verbose(0))?["acc"])
    };

    println!("== the teacher");
    let mut teacher = network(96);
    teacher.compile(AdamW::new().learning_rate(3e-3), compile())?;
    teacher.fit(&many, &labels, run.fit("teacher").batch_size(64))?;

    println!("== the student alone");
    let mut alone = network(12);
    alone.compile(Adam::new().learning_rate(0.01), compile())?;
    alone.fit(&few, &few_labels, run.fit("alone").epochs(5 * run.epochs()).verbose(0))?;

    println!("== the student with the teacher, on the same samples");
    let mut taught = network(12);
    taught.compile(Adam::new().learning_rate(0.01), compile())?;
    let step = Distiller { teacher: &teacher, temperature, alpha };
    let fit = run.fit("taught").epochs(5 * run.epochs()).verbose(0);
    let history = taught.fit(&few, &few_labels, fit.step(step))?;
    println!("loss {:.3} -> {:.3}", history["loss"][0], history["loss"].last().copied().unwrap_or_default());

    let [best, alone, taught] = [accuracy(&mut teacher)?, accuracy(&mut alone)?, accuracy(&mut taught)?];
    println!("\naccuracy on right labels: teacher {best:.3}, student alone {alone:.3}, with the teacher {taught:.3}");
    run.claim(taught > alone + 0.05, "with the teacher the student's accuracy is 0.05 better")?;
    run.finish()
}

/// Points of three arms of a spiral, and their arms; a part of these labels is wrong.
fn spirals(stream: &mut Stream, count: usize, wrong: f64) -> Result<(Tensor, Tensor)> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (arm, random, noise) = (stream.below(3), stream.uniform(2), stream.normal(2));
        let radius = 0.2 + random[0];
        let angle = 4.0 * radius + arm as f64 * std::f64::consts::TAU / 3.0;
        x.push([(radius * angle.cos() + 0.05 * noise[0]) as f32, (radius * angle.sin() + 0.05 * noise[1]) as f32]);
        let label = if random[1] < wrong { stream.below(3) } else { arm };
        y.push(label as u32);
    }
    let x = Tensor::from_vec(x.concat(), (count, 2), &Device::Cpu)?;
    Ok((x, Tensor::from_vec(y, count, &Device::Cpu)?))
}
