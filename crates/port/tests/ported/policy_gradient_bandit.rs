// Ported from policy_gradient_bandit.py.
// REINFORCE on a contextual bandit: the context says which arm of three pays best.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Call, Dense};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{GradientTape, Optimizer, numpy, ops, python, utils};
use ndarray::ArrayD;

const SEED: usize = 2;
const N_ARMS: usize = 3;
const N_CONTEXTS: usize = 4;
const BATCH: usize = 16;
const UPDATES: usize = 30;
const BASELINE_DECAY: f64 = 0.9;

fn main() -> Result<()> {
    utils::set_random_seed(SEED as u64);
    numpy::random::seed(SEED as u32);

    let mut env = Bandit::new(N_CONTEXTS, N_ARMS)?;
    let policy = create_policy()?;
    let mut optimizer = Optimizer::from(Adam::new().learning_rate(0.05));
    println!("best possible reward: {:.3}", env.best_value()?);

    let mut baseline = 0.0;
    let mut reward_history = vec![];
    for update in 0..UPDATES {
        let contexts = env.observe(BATCH)?;
        let states = ops::take(&ops::eye(N_CONTEXTS, None, 0, "float64")?, &contexts, 0)?.to_dtype(DType::F32)?;

        // Act
        let action_probs = policy.call(&states)?;
        let mut actions = vec![];
        let mut rewards = vec![];
        for (context, probs) in numpy::rows(&contexts)?.into_iter().zip(numpy::rows(&action_probs)?) {
            let probs = probs.to_dtype(DType::F64)?;
            let arm = numpy::random::choice_index(N_ARMS, &numpy::divide(&probs, ops::sum(&probs, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)?)?;
            actions.push(arm);
            rewards.push(env.pull(&context, arm)?);
        }
        let advantages = (&Tensor::new(&rewards[..], &Device::Cpu)?.to_dtype(DType::F32)? - baseline)?;

        // Learn
        let tape = GradientTape::new();
        let probs = policy.call_with(&states, Call::new().training(true))?;
        let chosen = ops::sum(&ops::multiply(&probs, &ops::one_hot(&Tensor::from_iter(actions.iter().map(|&x| x as i64), &Device::Cpu)?, N_ARMS as i64, -1, None)?)?, 1)?;
        let log_probs = ops::log(&(&chosen + 1e-8)?)?;
        let entropy = ops::mean(&ops::sum(&ops::multiply(&probs, &ops::log(&(&probs + 1e-8)?)?)?, 1)?, ())?.neg()?;
        let loss = ops::subtract(&ops::mean(&ops::multiply(&log_probs, &advantages)?, ())?.neg()?, &(0.01 * &entropy)?)?;
        let grads = tape.gradient(&loss, &policy.trainable_variables())?;
        optimizer.apply_gradients(grads)?;

        let mean_reward = rewards.iter().sum::<f64>() / rewards.len() as f64;
        baseline = BASELINE_DECAY * baseline + (1.0 - BASELINE_DECAY) * mean_reward;
        reward_history.push(mean_reward);
        if (update + 1) % 5 == 0 {
            println!("update {}: loss {:.6} reward {mean_reward:.3} baseline {baseline:.3}", update + 1, loss.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        }
    }

    println!("pulls: {}", env.steps);
    println!("first ten: {:.3}, last ten: {:.3}", python::slice(&reward_history, ..10).to_vec().iter().sum::<f64>() / python::slice(&reward_history, ..10).to_vec().len() as f64, python::slice(&reward_history, -10..).to_vec().iter().sum::<f64>() / python::slice(&reward_history, -10..).to_vec().len() as f64);
    let final_ = policy.predict_with(&ops::eye(N_CONTEXTS, None, 0, "float64")?, Predict::new().verbose(0))?;
    for context in 0..N_CONTEXTS {
        let arm = ops::argmax(&final_.i(context)?.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize;
        println!("context {context}: arm {arm} ({:.3}), pays {:.3}", final_.i((context, arm))?.to_dtype(DType::F64)?.to_scalar::<f64>()?, env.probabilities.to_tensor()?.i(context)?.i(arm)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(())
}

/// Pays 1 with a probability that depends on the context and the arm.
#[allow(dead_code)]
#[derive(Clone)]
struct Bandit {
    n_contexts: usize,
    n_arms: usize,
    probabilities: ArrayD<f64>,
    steps: usize,
}

impl Bandit {
    fn new(n_contexts: usize, n_arms: usize) -> Result<Self> {
        let mut probabilities = numpy::to_ndarray::<f64>(&numpy::random::uniform(0.1, 0.5, (n_contexts, n_arms))?)?;
        for context in 0..n_contexts {
            numpy::part_mut(&mut probabilities, &[context, context % n_arms])?.fill(0.9);
        }
        let steps = 0;
        Ok(Self { n_contexts, n_arms, probabilities, steps })
    }

    fn best_value(&self) -> Result<f64> {
        Ok(ops::mean(&ops::max(&self.probabilities.to_tensor()?, 1)?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?)
    }

    fn observe(&self, n: usize) -> Result<Tensor> {
        Ok(numpy::random::randint(0, self.n_contexts as i64, n)?)
    }

    fn pull(&mut self, context: &Tensor, arm: usize) -> Result<f64> {
        self.steps += 1;
        Ok(if ops::less(&Tensor::new(numpy::random::rand_scalar(), &Device::Cpu)?, &self.probabilities.to_tensor()?.i((context.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, arm))?)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 { 1.0 } else { 0.0 })
    }
}

fn create_policy() -> Result<Model> {
    let inputs = Input::shape([N_CONTEXTS]);
    let hidden = Dense::new(16).activation("relu").call(&inputs);
    let action = Dense::new(N_ARMS).activation("softmax").call(&hidden);
    Model::new(&inputs, &action)
}
