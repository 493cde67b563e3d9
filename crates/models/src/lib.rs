//! Models: the functional graph and Sequential, and their training.

mod arguments;
mod arrays;
mod backup;
pub mod callbacks;
mod compiled;
mod config;
mod evaluate;
mod feature_space;
mod feed;
mod fit;
mod graph;
mod history;
mod logs;
mod model;
mod parts;
mod plot;
mod predict;
mod record;
pub mod saving;
mod sequential;
mod steps;
mod summary;

pub use arguments::{Evaluate, Fit, Predict};
pub use candle_keras_data::{Batch, Dataset};
pub use candle_keras_ops::{Error, Result};
pub use candle_keras_training::{Compile, Optimizer};
pub use feature_space::{Feature, FeatureSpace};
pub use graph::Graph;
pub use history::History;
pub use logs::Logs;
pub use model::Model;
pub use plot::{Plot, model_to_dot, plot_model};
pub use record::record_results;
pub use saving::{
    CustomObjects, LoadModel, LoadWeights, clone_model, convert_weights, load_model, load_tensors, model_from_json,
    save_tensors,
};
pub use sequential::Sequential;
pub use steps::{Step, StepLogs, TrainStep};
pub use summary::Summary;
