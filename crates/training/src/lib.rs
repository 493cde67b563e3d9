//! What a model is compiled with: losses, metrics and optimizers, each in the folder of its Keras module.

mod compile;
mod function;
pub mod losses;
pub mod metrics;
pub mod optimizers;

pub use candle_keras_ops::{Error, Result};
pub use compile::{Compile, MetricSpec, OutputLoss, PerOutput};
pub use function::{Direction, Function, Target, function_name};
pub use losses::{Loss, Reduction};
pub use metrics::{MeanMetric, Metric};
pub use optimizers::{LearningRate, Optimizer, UpdateRule};

/// Keras's names of all classes that files may have: losses, metrics, optimizers, schedules.
pub fn class_names() -> Vec<&'static str> {
    [losses::CLASSES, metrics::CLASSES, optimizers::CLASSES, optimizers::WRAPPERS, optimizers::schedules::CLASSES]
        .concat()
}
