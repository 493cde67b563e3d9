//! Optimizers that wrap other optimizers.

use super::Optimizer;
use candle_core::Tensor;
use candle_keras_layers::{Config, Variable};
use candle_keras_ops::{Gradient, Result};
use std::fmt::Debug;

/// An optimizer that leaves the updates to other optimizers. It has its own step counter, as in Keras.
pub(super) trait Wrapper: Debug + Send + Sync {
    /// Its name.
    fn name(&self) -> &str;
    /// An error if an argument is invalid.
    fn check(&self) -> Result<()>;
    /// Keras's class and arguments.
    fn config(&self) -> Result<(&'static str, Config)>;
    /// The optimizer whose learning rate is that of the whole.
    fn default_optimizer(&self) -> &Optimizer;
    /// The same.
    fn default_optimizer_mut(&mut self) -> &mut Optimizer;
    /// All optimizers, in the order of their states in files.
    fn inner(&self) -> Vec<&Optimizer>;
    /// The same.
    fn inner_mut(&mut self) -> Vec<&mut Optimizer>;
    /// The groups of files in which Keras writes their states a second time.
    fn inner_groups(&self) -> Vec<(String, &Optimizer)>;
    /// The one that updates this weight.
    fn optimizer_of(&mut self, weight: &Variable) -> Result<&mut Optimizer>;
    /// The factor by which the loss is multiplied.
    fn loss_scale(&self) -> f64;
    /// Runs a step; false if it is skipped.
    fn apply_gradients(&mut self, gradients: Vec<(Variable, Gradient)>) -> Result<bool>;
    /// The number of steps so far.
    fn iterations(&self) -> u64;
    /// The numbers that it has in files before the states of the others: a step counter, a learning rate and more.
    fn own_state(&self) -> Result<Vec<(&'static str, Tensor)>>;
    /// Restores these numbers; an error if they are invalid.
    fn set_own_state(&mut self, numbers: &[f64]) -> Result<()>;
    /// Whether the loss scale is dynamic.
    fn scales_loss_dynamically(&self) -> bool;
    /// Turns off loss scaling, since a wrapper around it scales the loss.
    fn clear_loss_scale(&mut self);
}
