//! New images, parts of images, and their channels: `PIL.Image.new`, `open`, `crop`, `paste`, `split`, `merge`.

use super::{ColorMode, Image, ImageMode, decode};
use candle_core::DType;
use candle_keras_ops::{Error, Result, check_memory};
use std::io::Read;
use std::path::Path;

impl Image {
    /// An image of one color: a byte for each channel, or none for black. Python: `PIL.Image.new`.
    ///
    /// ```
    /// use candle_keras_data::{Image, ImageMode};
    /// let image = Image::new(ImageMode::Rgb, [1, 2], &[255, 0, 0])?;
    /// assert_eq!(image.pixels(), [255, 0, 0, 255, 0, 0]);
    /// assert_eq!(Image::new(ImageMode::L, [1, 2], &[])?.pixels(), [0, 0]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a side is 0, the color has another number of channels, or there is no memory for it.
    pub fn new(mode: ImageMode, size: [usize; 2], color: &[u8]) -> Result<Self> {
        let [height, width] = size;
        if size.contains(&0) {
            return Err(Error::new("an image has a height and a width").received(format!("{size:?}")));
        }
        let color = match color.len() {
            0 => &[0; 4][..mode.channels()],
            count if count == mode.channels() => color,
            _ => {
                return Err(Error::new(format!("a color of {mode} has {} channels", mode.channels()))
                    .received(format!("{color:?}")));
            }
        };
        check_memory(&[height, width, mode.channels()], DType::U8)?;
        Ok(Self { height, width, mode, pixels: color.repeat(height * width) })
    }

    /// Reads an image with the channels of its file. Python: `PIL.Image.open`; of `PIL.Image.open(path).convert(mode)`
    /// [`load_img`](crate::load_img) with a `color_mode` is the counterpart.
    ///
    /// # Errors
    /// If the file cannot be read or is not an image, or its pixels are those of a palette or have another number of bits than 8, which PIL would keep.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut head = Vec::new();
        let file = std::fs::File::open(path).map_err(|cause| Error::io(path, cause))?;
        file.take(30).read_to_end(&mut head).map_err(|cause| Error::io(path, cause))?;
        let color = match &head[..] {
            [0x89, b'P', b'N', b'G', ..] => match (head.get(24), head.get(25)) {
                (Some(8), Some(0)) => Some(ColorMode::Grayscale),
                (Some(8), Some(2)) => Some(ColorMode::Rgb),
                (Some(8), Some(6)) => Some(ColorMode::Rgba),
                _ => None,
            },
            [b'B', b'M', ..] => match head.get(28) {
                Some(24) => Some(ColorMode::Rgb),
                _ => None,
            },
            [0xff, 0xd8, ..] => {
                let image = image::ImageReader::open(path).map_err(|cause| Error::io(path, cause))?;
                let image = image.with_guessed_format().map_err(|cause| Error::io(path, cause))?;
                let decoder =
                    image.into_decoder().map_err(|cause| Error::new(format!("{}: {cause}", path.display())))?;
                match image::ImageDecoder::original_color_type(&decoder) {
                    image::ExtendedColorType::L8 => Some(ColorMode::Grayscale),
                    image::ExtendedColorType::Rgb8 => Some(ColorMode::Rgb),
                    _ => None,
                }
            }
            _ => None,
        };
        match color {
            Some(color) => decode(path, color),
            None => {
                Err(Error::new(format!("{}: the pixels of this file are none of 8 bits a channel", path.display()))
                    .expected("a PNG, JPEG or BMP file of gray, red, green and blue, or with opacity")
                    .help("load_img with a color_mode converts them"))
            }
        }
    }

    /// The part from `left` and `top` to before `right` and `bottom`; what is outside of the image is 0. Python: `PIL.Image.crop`.
    ///
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use candle_keras_data::Image;
    /// let image = Image::from_array(&Tensor::new(&[[1u8, 2, 3], [4, 5, 6]], &Device::Cpu)?)?;
    /// assert_eq!(image.crop([1, 0, 3, 1])?.pixels(), [2, 3]);
    /// assert_eq!(image.crop([2, -1, 4, 1])?.pixels(), [0, 0, 3, 0]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is nothing between the sides, or no memory for it.
    pub fn crop(&self, [left, top, right, bottom]: [i64; 4]) -> Result<Self> {
        let side = |from: i64, to: i64| to.checked_sub(from).and_then(|side| usize::try_from(side).ok());
        match (side(left, right), side(top, bottom)) {
            (Some(width), Some(height)) if width > 0 && height > 0 => {
                let mut part = Self::new(self.mode, [height, width], &[])?;
                part.draw(self, [left.saturating_neg(), top.saturating_neg()]);
                Ok(part)
            }
            _ => Err(Error::new("a part of an image has a height and a width")
                .received(format!("{:?}", [left, top, right, bottom]))),
        }
    }

    /// Puts another image on this one, with its upper left corner at `left` and `top`; what is outside is not drawn. Python: `PIL.Image.paste`.
    ///
    /// ```
    /// use candle_keras_data::{Image, ImageMode};
    /// let mut image = Image::new(ImageMode::L, [2, 3], &[])?;
    /// image.paste(&Image::new(ImageMode::L, [1, 2], &[9])?, [2, 1]);
    /// assert_eq!(image.pixels(), [0, 0, 0, 0, 0, 9]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn paste(&mut self, image: &Self, at: [i64; 2]) {
        match image.mode == self.mode {
            true => self.draw(image, at),
            false => self.draw(&image.convert(self.mode), at),
        }
    }

    fn draw(&mut self, image: &Self, [left, top]: [i64; 2]) {
        let channels = self.mode.channels();
        // The columns or rows of the other image that this one has, and where the first of them is.
        let seen = |at: i64, length: usize, own: usize| -> Option<(usize, usize, usize)> {
            let (from, to) = (at.max(0), at.saturating_add(length as i64).min(own as i64));
            (from < to).then(|| ((from - at) as usize, from as usize, (to - from) as usize))
        };
        let (Some((x, own_x, width)), Some((y, own_y, height))) =
            (seen(left, image.width, self.width), seen(top, image.height, self.height))
        else {
            return;
        };
        for row in 0..height {
            let from = ((y + row) * image.width + x) * channels;
            let to = ((own_y + row) * self.width + own_x) * channels;
            self.pixels[to..to + width * channels].copy_from_slice(&image.pixels[from..from + width * channels]);
        }
    }

    /// An image of gray for each channel. Python: `PIL.Image.split`.
    ///
    /// ```
    /// use candle_keras_data::{Image, ImageMode};
    /// let channels = Image::new(ImageMode::Rgb, [1, 1], &[1, 2, 3])?.split();
    /// assert_eq!(channels[2].pixels(), [3]);
    /// assert_eq!(Image::merge(ImageMode::Rgb, &channels)?.pixels(), [1, 2, 3]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn split(&self) -> Vec<Self> {
        let channels = self.mode.channels();
        let of = |channel: usize| self.pixels.iter().skip(channel).step_by(channels).copied().collect();
        (0..channels).map(|channel| Self { mode: ImageMode::L, pixels: of(channel), ..*self }).collect()
    }

    /// An image whose channels are these images of gray. Python: `PIL.Image.merge`.
    ///
    /// # Errors
    /// If there are more or fewer of them, or they are no images of gray of one size.
    pub fn merge<I: AsRef<Self>>(mode: ImageMode, channels: &[I]) -> Result<Self> {
        let all: Vec<&Self> = channels.iter().map(AsRef::as_ref).collect();
        let is_one = |image: &&Self| image.mode == ImageMode::L && image.size() == all[0].size();
        if all.len() != mode.channels() || !all.iter().all(is_one) {
            return Err(Error::new(format!(
                "an image of {mode} is merged of {} images of gray of one size",
                mode.channels()
            ))
            .received(format!("{all:?}")));
        }
        let count = all[0].pixels.len();
        let pixels = (0..count).flat_map(|at| all.iter().map(move |channel| channel.pixels[at])).collect();
        Ok(Self { mode, pixels, ..*all[0] })
    }
}

impl AsRef<Image> for Image {
    fn as_ref(&self) -> &Image {
        self
    }
}
