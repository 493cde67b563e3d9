//! Images as OpenCV has them, of Python's `cv2`: arrays of rows, columns and channels, blue first; one channel has no axis of its own.
//!
//! The bytes of uint8 are those of OpenCV, bit for bit, on which its versions agree; fractions are those of its loops without IPP, within 1e-5
//! of the largest. What depends on its build (bicubic interpolation of bytes) or on fonts is not here.
//!
//! ```
//! use candle_core::{Device, Tensor};
//! use candle_keras_data::cv2::{self, Color, Interpolation, Read};
//! # let folder = tempfile::tempdir().expect("a folder");
//! # let path = folder.path().join("image.png");
//! let red = Tensor::new(&[[[0u8, 0, 255], [0, 0, 100]]], &Device::Cpu)?;
//! cv2::imwrite(&path, &red)?;
//! let image = cv2::imread(&path, Read::Color)?;
//! let gray = cv2::cvt_color(&image, Color::BgrToGray)?;
//! assert_eq!(gray.to_vec2::<u8>()?, [[76, 30]]);
//! let wide = cv2::resize(&gray, [4, 1], Interpolation::Linear)?;
//! assert_eq!(wide.to_vec2::<u8>()?, [[76, 65, 42, 30]]);
//! # Ok::<(), candle_keras_data::Error>(())
//! ```

mod blur;
mod borders;
mod colors;
mod files;
mod flip;
mod pixels;
mod resize;
mod resize_area;
mod threshold;

pub use blur::gaussian_blur;
pub use borders::{Border, copy_make_border};
pub use colors::{Color, cvt_color};
pub use files::{Read, imread, imwrite};
pub use flip::flip;
pub use resize::{Interpolation, resize, resize_by};
pub use threshold::{Threshold, otsu_threshold, threshold};

#[cfg(test)]
mod tests;
