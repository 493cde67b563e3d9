//! The arguments of `compile`: losses, metrics and optimizers, each in the folder of its Keras module.

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

/// Keras's names of all classes that files may contain: losses, metrics, optimizers, schedules.
pub fn class_names() -> Vec<&'static str> {
    classes_by_module().map(|(_, classes)| classes).concat()
}

/// [`class_names`] by Keras's modules.
pub fn classes_by_module() -> [(&'static str, &'static [&'static str]); 4] {
    [
        ("losses", losses::CLASSES),
        ("metrics", metrics::CLASSES),
        ("optimizers", optimizers::CLASSES),
        ("optimizers.schedules", optimizers::schedules::CLASSES),
    ]
}
