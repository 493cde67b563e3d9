//! What scripts use of scikit-learn around Keras: parts of data, scalers, encoded labels, and metrics, with its numbers.
//!
//! ```
//! use candle_core::{Device, Tensor};
//! use candle_keras_data::sklearn::{StandardScaler, TrainTestSplit, train_test_split};
//! let x = Tensor::rand(0f64, 1., (10, 3), &Device::Cpu)?;
//! let y = Tensor::arange(0i64, 10, &Device::Cpu)?;
//! let split = TrainTestSplit::new().test_size(0.3).random_state(42);
//! let (x_train, x_test, _y_train, y_test) = train_test_split((&x, &y), split)?;
//! assert_eq!(y_test.to_vec1::<i64>()?, [8, 1, 5]);
//! let mut scaler = StandardScaler::new();
//! let x_train = scaler.fit_transform(&x_train)?;
//! let x_test = scaler.transform(&x_test)?;
//! # assert_eq!((x_train.dims(), x_test.dims()), (&[7, 3][..], &[3, 3][..]));
//! # Ok::<(), candle_keras_data::Error>(())
//! ```

mod class_weight;
mod features;
mod folds;
mod label_encoder;
mod max_abs_scaler;
mod metrics;
mod min_max_scaler;
mod one_hot_encoder;
mod pca;
mod robust_scaler;
mod samples;
mod split;
mod standard_scaler;
mod toy_datasets;

pub use class_weight::balanced_class_weight;
pub use folds::{KFold, StratifiedKFold};
pub use label_encoder::LabelEncoder;
pub use max_abs_scaler::MaxAbsScaler;
pub use metrics::{
    Average, ClassificationReport, KappaWeights, accuracy_score, balanced_accuracy_score, classification_report,
    cohen_kappa_score, confusion_matrix, f1_score, log_loss, mean_absolute_error, mean_squared_error, precision_score,
    r2_score, recall_score, roc_auc_score, root_mean_squared_error,
};
pub use min_max_scaler::MinMaxScaler;
pub use one_hot_encoder::OneHotEncoder;
pub use pca::PCA;
pub use robust_scaler::RobustScaler;
pub use samples::{Samples, Splittable};
pub use split::{TrainTestSplit, shuffle, train_test_split};
pub use standard_scaler::StandardScaler;
pub use toy_datasets::{ToyDataset, load_iris, load_wine};
