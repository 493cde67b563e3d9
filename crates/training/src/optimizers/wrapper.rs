//! Optimizers that are made of other optimizers.

use super::Optimizer;
use candle_core::Tensor;
use candle_keras_layers::{Config, Variable};
use candle_keras_ops::{Gradient, Result};
use std::fmt::Debug;

/// An optimizer that leaves the updates to other optimizers. It has a count of steps of its own, as in Keras.
pub(super) trait Wrapper: Debug + Send + Sync {
    /// Its name.
    fn name(&self) -> &str;
    /// An error if an argument cannot be.
    fn check(&self) -> Result<()>;
    /// Keras's class and arguments.
    fn config(&self) -> Result<(&'static str, Config)>;
    /// The optimizer whose learning rate is asked for.
    fn default_optimizer(&self) -> &Optimizer;
    /// The same.
    fn default_optimizer_mut(&mut self) -> &mut Optimizer;
    /// All optimizers, in the order of their states in files.
    fn inner(&self) -> Vec<&Optimizer>;
    /// The same.
    fn inner_mut(&mut self) -> Vec<&mut Optimizer>;
    /// The groups of files in which Keras has their states once more.
    fn inner_groups(&self) -> Vec<(String, &Optimizer)>;
    /// The one that changes this weight.
    fn optimizer_of(&mut self, weight: &Variable) -> Result<&mut Optimizer>;
    /// By what the loss is multiplied.
    fn loss_scale(&self) -> f64;
    /// Makes a step; false if it is skipped.
    fn apply_gradients(&mut self, gradients: Vec<(Variable, Gradient)>) -> Result<bool>;
    /// How many steps were made.
    fn iterations(&self) -> u64;
    /// The numbers that it has in files before the states of the others: a count of steps, a learning rate and more.
    fn own_state(&self) -> Result<Vec<(&'static str, Tensor)>>;
    /// Takes over these numbers; an error if they cannot be.
    fn set_own_state(&mut self, numbers: &[f64]) -> Result<()>;
    /// Whether the loss scale follows the gradients.
    fn scales_loss_dynamically(&self) -> bool;
    /// Leaves it to another optimizer around it to scale the loss.
    fn clear_loss_scale(&mut self);
}
