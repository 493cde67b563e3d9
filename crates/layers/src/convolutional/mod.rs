//! Convolutions. Keras: `keras/src/layers/convolutional`.

pub(crate) mod arguments;
pub(crate) mod base_conv;
mod base_conv_transpose;
mod base_depthwise_conv;
mod base_locally_connected;
mod base_separable_conv;
mod conv1d;
mod conv1d_transpose;
mod conv2d;
mod conv2d_transpose;
mod conv3d;
mod conv3d_transpose;
mod depthwise_conv1d;
mod depthwise_conv2d;
mod following;
mod locally_connected1d;
mod locally_connected2d;
mod separable_conv1d;
mod separable_conv2d;

pub use conv1d::Conv1D;
pub use conv1d_transpose::Conv1DTranspose;
pub use conv2d::Conv2D;
pub use conv2d_transpose::Conv2DTranspose;
pub use conv3d::Conv3D;
pub use conv3d_transpose::Conv3DTranspose;
pub use depthwise_conv1d::DepthwiseConv1D;
pub use depthwise_conv2d::DepthwiseConv2D;
pub use locally_connected1d::LocallyConnected1D;
pub use locally_connected2d::LocallyConnected2D;
pub use separable_conv1d::SeparableConv1D;
pub use separable_conv2d::SeparableConv2D;
