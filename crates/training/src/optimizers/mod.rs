//! Optimizers. Keras: `keras.optimizers`. Equations (including where epsilon is added) and defaults are Keras's.
//!
//! [`Optimizer`] is the argument of `compile`. An [`UpdateRule`] is its equation, which is written once
//! ([`elementwise!`](candle_keras_ops::elementwise)) and compiled into loops for the host and a kernel for a GPU. [`Transform`]s wrap it:
//! clipping, accumulation, averages. [`LossScaleOptimizer`] and [`MultiOptimizer`] wrap other optimizers.

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod ftrl;
mod lamb;
mod lion;
mod loss_scale_optimizer;
mod multi_optimizer;
mod muon;
mod nadam;
mod optimizer;
mod options;
mod pending;
mod rmsprop;
mod rule;
mod rule_optimizer;
mod schedule_free_adamw;
pub mod schedules;
mod sgd;
mod state;
#[cfg(test)]
mod tests;
mod transforms;
mod weight_slots;
mod weights;
mod wrapper;
#[cfg(test)]
mod wrapper_tests;

pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::{Adam, AdamW};
pub use adamax::Adamax;
pub use ftrl::Ftrl;
pub use lamb::Lamb;
pub use lion::Lion;
pub use loss_scale_optimizer::LossScaleOptimizer;
pub use multi_optimizer::MultiOptimizer;
pub use muon::Muon;
pub use nadam::Nadam;
pub use optimizer::Optimizer;
pub use options::Options;
pub use pending::{Denominator, MomentumDrift, ZeroGradientRule};
pub use rmsprop::RMSprop;
pub use rule::{Slot, Step, UpdateRule};
pub use schedule_free_adamw::ScheduleFreeAdamW;
pub use schedules::{LearningRate, LearningRateSchedule};
pub use sgd::SGD;
pub use transforms::{Next, Transform, TransformContext};
pub use weights::Weights;

use candle_core::{DType, Tensor};
use candle_keras_layers::{KerasObject, from_serde_config};
use candle_keras_ops::{Error, Result};
use options::options_setters;

/// Every class by Keras's name: those with a rule, which can be given as a string, and wrappers of other optimizers.
macro_rules! optimizers {
    ($($class:ident),*; $($wrapper:ident),*) => {
        const RULES: &[&str] = &[$(stringify!($class)),*];
        pub(crate) const CLASSES: &[&str] = &[$(stringify!($class),)* $(stringify!($wrapper)),*];

        fn by_name(name: &str) -> Option<Box<dyn UpdateRule>> {
            $(if name.eq_ignore_ascii_case(stringify!($class)) {
                return Some(Box::new($class::new()));
            })*
            None
        }

        fn from_keras(object: KerasObject) -> Result<Box<dyn UpdateRule>> {
            match object.class_name.as_str() {
                $(stringify!($class) => Ok(Box::new(from_serde_config::<$class>(stringify!($class), object.config)?)),)*
                name => Err(Error::unknown("optimizer", name, CLASSES)),
            }
        }
    };
}

optimizers! {
    SGD, RMSprop, Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, Muon, Nadam, ScheduleFreeAdamW;
    LossScaleOptimizer, MultiOptimizer, OptimizerMap
}

/// A tensor in the dtype in which rules of whole tensors compute: f64 in f64, all others in f32.
fn widened(tensor: &Tensor) -> candle_core::Result<Tensor> {
    if tensor.dtype() == DType::F64 { Ok(tensor.clone()) } else { tensor.to_dtype(DType::F32) }
}

/// An error if Adam's decay rates are out of range.
fn check_betas(beta_1: f64, beta_2: f64) -> Result<()> {
    if (0.0..1.0).contains(&beta_1) && (0.0..1.0).contains(&beta_2) {
        return Ok(());
    }
    Err(Error::new("beta_1 and beta_2 must be at least 0 and below 1")
        .received(format!("beta_1 = {beta_1}, beta_2 = {beta_2}")))
}
