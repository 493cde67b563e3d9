//! The arguments that layers of images share.

use crate::{Error, Result, Shape};
use candle_core::Tensor;
use candle_keras_ops::config::image_data_format;
use candle_keras_ops::image::{Affine, DataFormat, FillMode, Interpolation};

arguments! {
    /// How images and boxes are given.
    pub(crate) struct ImageArguments() as image_setters {
        /// Where the channels are: `"channels_last"`, or `"channels_first"`, behind the batch.
        data_format: String = image_data_format(),
        /// The format of bounding boxes: kept for files, since the layer transforms images.
        bounding_box_format: Option<String>,
    }
}

/// The sizes of a batch of images.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) batch: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
}

impl ImageArguments {
    /// Where the channels are.
    pub(super) fn format(&self) -> Result<DataFormat> {
        DataFormat::by_name(&self.data_format)
    }

    /// The sizes of a batch.
    pub(super) fn sizes(&self, images: &Tensor) -> Result<Sizes> {
        let (batch, a, b, c) = images.dims4()?;
        Ok(match self.format()? {
            DataFormat::ChannelsLast => Sizes { batch, height: a, width: b, channels: c },
            DataFormat::ChannelsFirst => Sizes { batch, channels: a, height: b, width: c },
        })
    }

    /// The axis of the height, counted from the end; that of the width is the next.
    pub(super) fn height_axis(&self, rank: usize) -> Result<usize> {
        Ok(match self.format()? {
            DataFormat::ChannelsLast => rank - 3,
            DataFormat::ChannelsFirst => rank - 2,
        })
    }

    /// The shape of images of another height and width.
    pub(super) fn resized(&self, input: &Shape, height: usize, width: usize) -> Result<Shape> {
        let axis = self.height_axis(input.len())?;
        let size = |(i, size): (usize, &Option<usize>)| match i.checked_sub(axis) {
            Some(0) => Some(height),
            Some(1) => Some(width),
            _ => *size,
        };
        Ok(input.iter().enumerate().map(size).collect())
    }
}

arguments! {
    /// How values between pixels and beyond the border are found.
    pub(crate) struct WarpArguments() as warp_setters {
        /// What is beyond the border: `"reflect"`, `"wrap"`, `"nearest"`, or `"constant"`, the `fill_value`.
        fill_mode: String = "reflect",
        /// How values between pixels are computed: `"nearest"` or `"bilinear"`.
        interpolation: String = "bilinear",
        /// The value beyond the border for the `fill_mode` `"constant"`.
        fill_value: f64 = 0.0,
    }
}

impl WarpArguments {
    /// As the ops take them.
    pub(super) fn affine(&self, image: &ImageArguments) -> Result<Affine> {
        Ok(Affine {
            interpolation: interpolation(&self.interpolation)?,
            fill_mode: FillMode::by_name(&self.fill_mode)?,
            fill_value: self.fill_value,
            data_format: image.format()?,
        })
    }
}

/// Nearest or bilinear.
pub(super) fn interpolation(name: &str) -> Result<Interpolation> {
    match name {
        "nearest" => Ok(Interpolation::Nearest),
        "bilinear" => Ok(Interpolation::Bilinear),
        other => Err(Error::unknown("interpolation", other, &["nearest", "bilinear"])),
    }
}
