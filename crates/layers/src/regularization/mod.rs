//! Regularization. Keras: `keras/src/layers/regularization`.

mod activity_regularization;
mod alpha_dropout;
mod base_spatial_dropout;
mod dropout;
mod gaussian_dropout;
mod gaussian_noise;
mod noise;
mod spatial_dropout1d;
mod spatial_dropout2d;
mod spatial_dropout3d;

pub use activity_regularization::ActivityRegularization;
pub use alpha_dropout::AlphaDropout;
pub use dropout::Dropout;
pub use gaussian_dropout::GaussianDropout;
pub use gaussian_noise::GaussianNoise;
pub use spatial_dropout1d::SpatialDropout1D;
pub use spatial_dropout2d::SpatialDropout2D;
pub use spatial_dropout3d::SpatialDropout3D;
