//! One random transformation of an image.

use super::affine::{Affine, Fill};
use super::{ImageDataGenerator, Shift};
use crate::numpy::random;
use crate::{ArrayToImg, array_to_img};
use candle_core::{Device, Tensor};
use candle_keras_ops::Result;

/// What is drawn for an image, in the order in which Keras draws it.
#[derive(Debug, Clone)]
pub(super) struct Transform {
    affine: Option<Affine>,
    flip_horizontal: bool,
    flip_vertical: bool,
    channel_shift: Option<f64>,
    brightness: Option<f64>,
}

impl Transform {
    /// Draws from NumPy's random numbers.
    pub(super) fn draw(of: &ImageDataGenerator, [height, width]: [usize; 2]) -> Result<Self> {
        let around = |range: f64| if range == 0.0 { Ok(0.0) } else { random::uniform_scalar(-range, range) };
        let theta = around(of.rotation_range)?;
        let rows = of.height_shift_range.draw(height)?;
        let columns = of.width_shift_range.draw(width)?;
        let shear = around(of.shear_range)?;
        let [least, most] = of.zoom_range;
        let [zoom_x, zoom_y] = match of.zoom_range {
            [1.0, 1.0] => [1.0, 1.0],
            _ => [random::uniform_scalar(least, most)?, random::uniform_scalar(least, most)?],
        };
        let flip_horizontal = (random::rand_scalar() < 0.5) && of.horizontal_flip;
        let flip_vertical = (random::rand_scalar() < 0.5) && of.vertical_flip;
        let channel_shift = match of.channel_shift_range {
            0.0 => None,
            range => Some(random::uniform_scalar(-range, range)?),
        };
        let brightness = match of.brightness_range {
            None => None,
            Some([least, most]) => Some(random::uniform_scalar(least, most)?),
        };
        let mut affine = None;
        let parts = [
            (theta != 0.0, Affine::rotation(theta)),
            (rows != 0.0 || columns != 0.0, Affine::shift(rows, columns)),
            (shear != 0.0, Affine::shear(shear)),
            (zoom_x != 1.0 || zoom_y != 1.0, Affine::zoom(zoom_x, zoom_y)),
        ];
        for (_, part) in parts.into_iter().filter(|(is_there, _)| *is_there) {
            affine = Some(affine.unwrap_or(Affine::identity()).then(part));
        }
        Ok(Self { affine, flip_horizontal, flip_vertical, channel_shift, brightness })
    }

    /// The transformed image.
    pub(super) fn apply(&self, mut pixels: Vec<f32>, size: [usize; 3], order: usize, fill: Fill) -> Result<Vec<f32>> {
        let [_, width, channels] = size;
        if let Some(affine) = self.affine {
            pixels = affine.apply(&pixels, size, order, fill);
        }
        if let Some(shift) = self.channel_shift {
            let (least, most) = range(&pixels);
            pixels.iter_mut().for_each(|pixel| *pixel = (*pixel + shift as f32).clamp(least, most));
        }
        if self.flip_horizontal {
            pixels =
                pixels.chunks(width * channels).flat_map(|row| row.chunks(channels).rev().flatten()).copied().collect();
        }
        if self.flip_vertical {
            pixels = pixels.chunks(width * channels).rev().flatten().copied().collect();
        }
        match self.brightness {
            None => Ok(pixels),
            Some(factor) => brightened(&pixels, size, factor as f32),
        }
    }
}

fn range(pixels: &[f32]) -> (f32, f32) {
    pixels.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), &pixel| (least.min(pixel), most.max(pixel)))
}

/// As bytes times a factor, as PIL does it: the opacity stays.
fn brightened(pixels: &[f32], size: [usize; 3], factor: f32) -> Result<Vec<f32>> {
    let (least, most) = range(pixels);
    let is_scaled = least < 0.0 || most > 255.0;
    let array = Tensor::from_slice(pixels, &size, &Device::Cpu)?;
    let image = array_to_img(&array, ArrayToImg::new().scale(is_scaled))?;
    let byte = |(i, &byte): (usize, &u8)| {
        let is_opacity = size[2] == 4 && i % 4 == 3;
        if is_opacity { f32::from(byte) } else { (f32::from(byte) * factor).clamp(0.0, 255.0).trunc() }
    };
    let bytes = image.pixels().iter().enumerate().map(byte);
    Ok(match is_scaled {
        false => bytes.collect(),
        true => bytes.map(|byte| byte / 255.0 * (most - least) + least).collect(),
    })
}

impl Shift {
    /// A number of pixels of an axis of this length.
    fn draw(self, length: usize) -> Result<f64> {
        match self {
            Self::Within(0.0) | Self::Pixels(0) => Ok(0.0),
            Self::Within(range) => {
                let shift = random::uniform_scalar(-range, range)?;
                Ok(if range < 1.0 { shift * length as f64 } else { shift })
            }
            // Of the numbers below it, up or down.
            Self::Pixels(count) => {
                let shift = random::choice_index(count, None)? as f64;
                let sign = if random::choice_index(2, None)? == 0 { -1.0 } else { 1.0 };
                Ok(shift * sign)
            }
        }
    }
}
