//! The numbers of an image, and where they are.

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, check_memory};

/// The sizes of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Size {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
}

impl Size {
    /// An error if there is no memory for an image of this size.
    pub(super) fn check(self) -> Result<()> {
        check_memory(&[self.height, self.width, self.channels], DType::F64)
    }

    /// The numbers of a row.
    pub(super) fn row(self) -> usize {
        self.width * self.channels
    }
}

/// Numbers of an image, row by row, the channels of a pixel together.
pub(super) enum Pixels {
    Bytes(Vec<u8>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Its sizes and numbers.
///
/// # Errors
/// If it is no image of this function, which the message names.
pub(super) fn read(image: &Tensor, function: &str) -> Result<(Size, Pixels)> {
    let wrong = |received: String| {
        Err(Error::new(format!("{function} takes an image"))
            .expected("(height, width) or (height, width, channels) of uint8, float32 or float64")
            .received(received))
    };
    let size = match *image.dims() {
        [height, width] => Size { height, width, channels: 1 },
        [height, width, channels @ 1..=4] => Size { height, width, channels },
        _ => return wrong(format!("{:?}", image.dims())),
    };
    if image.elem_count() == 0 {
        return wrong(format!("{:?}, without pixels", image.dims()));
    }
    let flat = image.flatten_all()?;
    let pixels = match image.dtype() {
        DType::U8 => Pixels::Bytes(flat.to_vec1()?),
        DType::F32 => Pixels::F32(flat.to_vec1()?),
        DType::F64 => Pixels::F64(flat.to_vec1()?),
        other => return wrong(format!("{other:?}")),
    };
    Ok((size, pixels))
}

/// An image as a tensor. OpenCV leaves the axis of one channel out.
pub(super) fn tensor(size: Size, pixels: Pixels) -> Result<Tensor> {
    let Size { height, width, channels } = size;
    let shape = if channels == 1 { vec![height, width] } else { vec![height, width, channels] };
    Ok(match pixels {
        Pixels::Bytes(bytes) => Tensor::from_vec(bytes, shape, &Device::Cpu)?,
        Pixels::F32(numbers) => Tensor::from_vec(numbers, shape, &Device::Cpu)?,
        Pixels::F64(numbers) => Tensor::from_vec(numbers, shape, &Device::Cpu)?,
    })
}

/// The same function of numbers of each type; one for bytes and one for fractions.
macro_rules! each {
    ($pixels:expr, $bytes:expr, $fractions:expr) => {
        match $pixels {
            Pixels::Bytes(numbers) => Pixels::Bytes($bytes(&numbers[..])),
            Pixels::F32(numbers) => Pixels::F32($fractions(&numbers[..])),
            Pixels::F64(numbers) => Pixels::F64($fractions(&numbers[..])),
        }
    };
}
pub(super) use each;

/// float32 or float64, in which OpenCV's coefficients of float32 are used.
pub(super) trait Fraction:
    Copy + PartialOrd + From<f32> + std::ops::Add<Output = Self> + std::ops::Mul<Output = Self> + Default
{
}

impl Fraction for f32 {}
impl Fraction for f64 {}
