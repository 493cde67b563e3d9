//! Reinforcement learning: an actor balances a pole on a cart, and a critic says how well it is doing (advantage actor-critic, Mnih et
//! al., 2016). A step of `fit` plays some episodes and learns from them, so that epochs, callbacks and backups are those of any training.

#[path = "common/cart.rs"]
mod cart;
#[path = "common/training.rs"]
mod training;

use anyhow::Result;
use candle_keras::data::ToTensor;
use candle_keras::layers::Dense;
use candle_keras::ops::random::{self, Stream};
use candle_keras::optimizers::Adam;
use candle_keras::{Batch, GradientTape, StepLogs, TrainStep, ops, prelude::*};
use cart::Cart;
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Learns to balance a pole on a cart.
#[derive(Parser)]
struct Args {
    #[command(flatten)]
    run: training::Training<15>,
}

/// The longest episode, the episodes of a step, and the steps of an epoch.
const LONGEST: usize = 500;
const EPISODES: usize = 8;
const STEPS: usize = 10;
/// How much a reward counts one move later.
const DISCOUNT: f64 = 0.99;

/// What the carts of several episodes saw and did, and the discounted rewards of what followed.
#[derive(Default)]
struct Played {
    seen: Vec<[f32; 4]>,
    pushed: Vec<u32>,
    returns: Vec<f32>,
    lengths: Vec<usize>,
}

/// Plays episodes side by side, so that the network is called once for all of them.
fn play(model: &Model, stream: &mut Stream, greedy: bool) -> candle_keras::Result<Played> {
    let mut carts: Vec<Cart> = (0..EPISODES).map(|_| Cart::new(stream)).collect();
    let mut episodes: Vec<Vec<([f32; 4], u32)>> = vec![Vec::new(); EPISODES];
    let mut standing: Vec<usize> = (0..EPISODES).collect();
    for _ in 0..LONGEST {
        if standing.is_empty() {
            break;
        }
        let seen: Vec<[f32; 4]> = standing.iter().map(|&i| carts[i].seen()).collect();
        let p = model.predict_on_batch(&seen)?[0].to_vec2::<f32>()?;
        let random = stream.uniform(standing.len());
        let mut moves = seen.into_iter().zip(p).zip(random);
        standing.retain(|&i| {
            let Some(((seen, p), random)) = moves.next() else { return false };
            let right = if greedy { p[1] > 0.5 } else { random < f64::from(p[1]) };
            episodes[i].push((seen, right.into()));
            carts[i].push(right)
        });
    }
    let mut played = Played::default();
    for (i, episode) in episodes.into_iter().enumerate() {
        // Each move is worth one. What would follow a pole that still stands at the end is worth as much as the sum of all later moves.
        let mut worth = if standing.contains(&i) { 1.0 / (1.0 - DISCOUNT) } else { 0.0 };
        let mut returns: Vec<f32> = Vec::with_capacity(episode.len());
        for _ in &episode {
            worth = 1.0 + DISCOUNT * worth;
            returns.push(worth as f32 / 100.0);
        }
        played.lengths.push(episode.len());
        played.returns.extend(returns.into_iter().rev());
        let (seen, pushed): (Vec<_>, Vec<_>) = episode.into_iter().unzip();
        played.seen.extend(seen);
        played.pushed.extend(pushed);
    }
    Ok(played)
}

struct ActorCritic;

impl TrainStep for ActorCritic {
    fn train_step(&mut self, model: &mut Model, _: &Batch) -> candle_keras::Result<StepLogs> {
        let played = play(model, &mut random::next_stream(), false)?;
        let count = played.pushed.len();
        let (x, returns) = (played.seen.to_tensor()?, played.returns.to_tensor()?);
        let pushed = ops::one_hot(&played.pushed.to_tensor()?, 2, -1, None)?;

        let tape = GradientTape::new();
        let [p, worth] = model.call_multiple(&x)?;
        let worth = worth.reshape(count)?;
        // How much better it went than the critic thought; no gradient of the actor goes through it to the critic.
        let advantage = (&returns - worth.detach())?;
        let log_p = ops::log(&(&p + 1e-6)?)?;
        let chosen = ops::sum(&(&log_p * &pushed)?, -1)?;
        let actor = ops::mean(&(chosen * advantage)?, ())?.neg()?;
        let critic = ops::mean(&ops::square(&(worth - &returns)?)?, ())?;
        // A bonus for trying both moves keeps it from settling early.
        let entropy = ops::mean(&ops::sum(&(&p * &log_p)?, -1)?, ())?.neg()?;
        let loss = ((&actor + (&critic * 0.5)?)? - (&entropy * 0.01)?)?;
        let gradients = tape.gradient(&loss, &model.trainable_variables())?;
        model.optimizer()?.apply_gradients(gradients)?;
        let moves = Tensor::new((count / EPISODES) as f32, &Device::Cpu)?;
        Ok(vec![("moves", moves), ("critic", critic), ("entropy", entropy)])
    }
}

fn main() -> Result<()> {
    let run = training::parse::<Args>().run;
    run.start()?;
    let seen = Input::shape([4]);
    let actor = Dense::new(2).activation("softmax").call(Dense::new(64).activation("tanh").call(&seen));
    let critic = Dense::new(1).call(Dense::new(64).activation("tanh").call(&seen));
    let mut model = Model::new(&seen, [actor, critic])?;
    model.compile(Adam::new().learning_rate(0.01).global_clipnorm(1.0), Compile::default())?;
    let untrained = mean(&play(&model, &mut Stream::new(run.seed(), 1), false)?.lengths);

    // A batch is one number, the step, and the step itself makes its data.
    let steps = Dataset::from_fn(STEPS, |i| vec![i as f32]).batch(1);
    model.fit(&steps, (), run.fit("actor_critic").step(ActorCritic))?;

    let trained = mean(&play(&model, &mut Stream::new(run.seed(), 2), true)?.lengths);
    println!("\nthe pole stands for {untrained:.0} moves before the training, {trained:.0} of {LONGEST} after it");
    run.claim(trained >= 0.9 * LONGEST as f64, "it stands for nine tenths of the time or longer")?;
    run.finish()
}

fn mean(lengths: &[usize]) -> f64 {
    lengths.iter().sum::<usize>() as f64 / lengths.len() as f64
}
