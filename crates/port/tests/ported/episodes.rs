// Ported from episodes.py.
// An actor and a critic learn to walk to the end of a corridor: lists of tensors under a tape.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::Dense;
use candle_keras::losses::{Huber, Loss};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{GradientTape, Optimizer, numpy, ops, utils};
use ndarray::Array1;

const SIZE: usize = 5;

fn main() -> Result<()> {
    let seed = 42;
    let gamma = 0.95; // Discount factor for past rewards
    let max_steps = 12;
    utils::set_random_seed(seed as u64);
    numpy::random::seed(seed as u32);
    let eps = 1e-7;

    let inputs = Input::shape([SIZE]);
    let common = Dense::new(16).activation("relu").call(&inputs);
    let action = Dense::new(2).activation("softmax").call(&common);
    let critic = Dense::new(1).call(&common);
    let model = Model::new(&inputs, [&action, &critic])?;

    let mut optimizer = Optimizer::from(Adam::new().learning_rate(0.02));
    let huber_loss = Loss::from(Huber::new());
    let mut env = Corridor::new();

    for episode in 0..6 {
        let mut state = env.reset();
        let mut action_probs_history = vec![];
        let mut critic_value_history = vec![];
        let mut rewards_history = vec![];
        let tape = GradientTape::new();
        for _timestep in 1..max_steps {
            // Predict action probabilities and estimated future rewards
            let [action_probs, critic_value] = model.call_multiple(ops::expand_dims(&state.to_tensor()?, 0)?)?;
            critic_value_history.push(critic_value.i((0, 0))?);
            let chosen = numpy::random::choice_index(2, &ops::squeeze(&action_probs, ())?)?;
            action_probs_history.push(ops::log(&action_probs.i((0, chosen))?)?);
            let values = env.step(chosen);
            state = values.0;
            let reward = values.1;
            let done = values.2;
            rewards_history.push(reward);
            if done {
                break;
            }
        }

        // Expected values, discounted
        let mut returns = vec![];
        let mut discounted_sum = 0.0;
        for r in rewards_history.iter().rev().cloned().collect::<Vec<_>>() {
            discounted_sum = r + gamma * discounted_sum;
            returns.insert(0, discounted_sum);
        }
        let returns = Tensor::new(&returns[..], &Device::Cpu)?;
        let returns = numpy::divide(&(&returns - ops::mean(&returns, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)?, ops::std(&returns, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()? + eps)?;
        let returns = returns.to_dtype(DType::F32)?;

        let mut actor_losses = vec![];
        let mut critic_losses = vec![];
        for ((log_prob, value), ret) in action_probs_history.iter().zip(&critic_value_history).zip(numpy::rows(&returns)?) {
            let diff = ops::subtract(&ret, value)?;
            actor_losses.push(ops::multiply(&log_prob.neg()?, &diff)?);
            critic_losses.push(huber_loss.call(&ops::expand_dims(value, 0)?, &ops::expand_dims(&ret, 0)?, None, None)?);
        }
        let loss_value = ops::add(&ops::sum(&ops::stack(&actor_losses, 0)?, 0)?, &ops::sum(&ops::stack(&critic_losses, 0)?, 0)?)?;
        let grads = tape.gradient(&loss_value, &model.trainable_variables())?;
        optimizer.apply_gradients(grads)?;
        println!("episode {episode} steps {} reward {:.2} loss {:.4}", rewards_history.len(), rewards_history.iter().sum::<f64>(), loss_value.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(())
}

/// A walk between a wall and a goal.
#[derive(Clone)]
struct Corridor {
    place: usize,
}

impl Corridor {
    fn new() -> Self {
        let place = 0;
        Self { place }
    }

    fn observe(place: usize) -> Array1<f32> {
        let mut state = Array1::<f32>::zeros(SIZE);
        state[[place]] = 1.0;
        state
    }

    fn reset(&mut self) -> Array1<f32> {
        self.place = 0;
        Self::observe(self.place)
    }

    fn step(&mut self, action: usize) -> (Array1<f32>, f64, bool) {
        if action == 1 {
            self.place += 1;
        } else if self.place > 0 {
            self.place -= 1;
        }
        let done = self.place == SIZE - 1;
        let reward = if done { 1.0 } else { -0.05 };
        (Self::observe(self.place), reward, done)
    }
}
