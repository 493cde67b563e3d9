//! Images from arrays of bytes, and back.

use super::{Image, ImageMode};
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

impl Image {
    /// The image of an array of uint8, `(height, width)` or `(height, width, channels)` with 3 or 4 channels. Python: `PIL.Image.fromarray`.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_keras_data::{Image, ImageMode};
    /// let image = Image::from_array(&Tensor::new(&[[1u8, 2, 3]], &Device::Cpu)?)?;
    /// assert_eq!((image.size(), image.mode()), ([1, 3], ImageMode::L));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it is another array. [`array_to_img`](crate::array_to_img) takes fractions.
    pub fn from_array(array: &Tensor) -> Result<Self> {
        let wrong = || {
            Error::new("an image is made of uint8, (height, width) or (height, width, channels) with 3 or 4 channels")
                .received(format!("{:?} of {:?}", array.dims(), array.dtype()))
        };
        let (height, width, mode) = match *array.dims() {
            [height, width] => (height, width, ImageMode::L),
            [height, width, 3] => (height, width, ImageMode::Rgb),
            [height, width, 4] => (height, width, ImageMode::Rgba),
            _ => return Err(wrong()),
        };
        if array.dtype() != DType::U8 || array.elem_count() == 0 {
            return Err(wrong());
        }
        Ok(Self { height, width, mode, pixels: array.flatten_all()?.to_vec1()? })
    }

    /// Its bytes: `(height, width)` of one channel, otherwise `(height, width, channels)`. Python: `numpy.array(image)`.
    ///
    /// ```
    /// use candle_keras_data::{Image, ImageMode};
    /// let array = Image::new(ImageMode::L, [1, 2], &[7])?.to_array()?;
    /// assert_eq!(array.to_vec2::<u8>()?, [[7, 7]]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn to_array(&self) -> Result<Tensor> {
        let pixels = self.pixels.clone();
        Ok(match self.mode {
            ImageMode::L => Tensor::from_vec(pixels, (self.height, self.width), &Device::Cpu)?,
            mode => Tensor::from_vec(pixels, (self.height, self.width, mode.channels()), &Device::Cpu)?,
        })
    }
}
