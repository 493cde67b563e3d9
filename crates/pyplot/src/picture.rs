//! Pictures: the pixels of a tensor.

use crate::artist::{Artist, Canvas, Direction, Mappable, Order};
use crate::color::byte;
use crate::colormap::Colormap;
use crate::curve::opacity;
use crate::panel::Panel;
use crate::scale::{Limits, Scale};
use crate::svg::{Area, base64, short};
use crate::values::{Grid, Number, Pixels};
use candle_keras_ops::{Error, Result};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use std::fmt::Write as _;

/// How matplotlib mixes the colors of neighbors.
const INTERPOLATIONS: [&str; 10] =
    ["nearest", "none", "auto", "antialiased", "bilinear", "bicubic", "spline16", "hanning", "lanczos", "gaussian"];

/// The arguments of [`imshow`](crate::imshow), with matplotlib's defaults; `()` stands for them too.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, ImShow};
/// use candle_core::{DType, Device, Tensor};
/// let digit = Tensor::zeros((28, 28), DType::U8, &Device::Cpu)?;
/// pyplot::imshow(&digit, ImShow::new().cmap("gray").vmin(0).vmax(255))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ImShow {
    cmap: Option<String>,
    vmin: Option<f64>,
    vmax: Option<f64>,
    alpha: Option<f64>,
    interpolation: Option<String>,
    origin: Option<String>,
    extent: Option<[f64; 4]>,
    aspect: Option<String>,
}

impl ImShow {
    /// Square pixels, the first row at the top.
    pub fn new() -> Self {
        Self::default()
    }

    /// The colormap of one channel. Default: `"viridis"`.
    pub fn cmap(mut self, cmap: impl Into<String>) -> Self {
        self.cmap = Some(cmap.into());
        self
    }

    /// The number at which the colormap begins. Default: the smallest.
    pub fn vmin(mut self, vmin: impl Number) -> Self {
        self.vmin = Some(vmin.number());
        self
    }

    /// The number at which the colormap ends. Default: the largest.
    pub fn vmax(mut self, vmax: impl Number) -> Self {
        self.vmax = Some(vmax.number());
        self
    }

    /// The opacity, from 0 to 1. Default: 1.
    pub fn alpha(mut self, alpha: impl Number) -> Self {
        self.alpha = Some(alpha.number());
        self
    }

    /// `"nearest"` for squares, or `"bilinear"`, `"bicubic"` and the like, for which the viewer mixes neighbors in its way. Default: squares.
    pub fn interpolation(mut self, name: impl Into<String>) -> Self {
        self.interpolation = Some(name.into());
        self
    }

    /// Where the first row is: `"upper"` or `"lower"`. Default: `"upper"`.
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// The numbers at the edges of the picture: left, right, bottom, top.
    pub fn extent(mut self, extent: [f64; 4]) -> Self {
        self.extent = Some(extent);
        self
    }

    /// `"equal"` for square pixels, `"auto"` to fill the axes. Default: `"equal"`.
    pub fn aspect(mut self, aspect: impl Into<String>) -> Self {
        self.aspect = Some(aspect.into());
        self
    }
}

impl From<()> for ImShow {
    fn from((): ()) -> Self {
        Self::new()
    }
}

#[derive(Debug)]
struct Picture {
    png: String,
    /// The numbers at the left, right, bottom and top edge.
    extent: [f64; 4],
    alpha: f64,
    is_smooth: bool,
}

impl Artist for Picture {
    fn limits(&self, direction: Direction, scale: Scale) -> Limits {
        Limits::of(self.sticky(direction), scale)
    }

    fn sticky(&self, direction: Direction) -> Vec<f64> {
        let [left, right, bottom, top] = self.extent;
        if direction == Direction::X { vec![left, right] } else { vec![bottom, top] }
    }

    fn order(&self) -> Order {
        Order::Picture
    }

    fn draw(&self, canvas: &Canvas, out: &mut String) {
        let [left, right, bottom, top] = self.extent;
        let (Some(low), Some(high)) = (canvas.point(left, bottom), canvas.point(right, top)) else { return };
        // A picture is mirrored if an axis runs the other way.
        let (across, down) = (high.0 >= low.0, low.1 >= high.1);
        let area = Area {
            left: low.0.min(high.0),
            right: low.0.max(high.0),
            top: low.1.min(high.1),
            bottom: low.1.max(high.1),
        };
        let mut attributes = String::new();
        if !across || !down {
            let (a, d) = (if across { 1 } else { -1 }, if down { 1 } else { -1 });
            let (e, f) =
                (if across { 0.0 } else { area.left + area.right }, if down { 0.0 } else { area.top + area.bottom });
            _ = write!(attributes, " transform=\"matrix({a} 0 0 {d} {} {})\"", short(e), short(f));
        }
        if self.alpha < 1.0 {
            _ = write!(attributes, " opacity=\"{}\"", short(self.alpha));
        }
        if !self.is_smooth {
            // The first is what older viewers know.
            attributes += " style=\"image-rendering:optimizeSpeed;image-rendering:pixelated\"";
        }
        _ = writeln!(
            out,
            "<image {} preserveAspectRatio=\"none\"{attributes} href=\"data:image/png;base64,{}\"/>",
            area.attributes(),
            self.png
        );
    }
}

/// The colors of all pixels, as red, green, blue and opacity.
fn rgba(grid: &Grid, colors: &Mappable) -> Vec<u8> {
    let parts = |pixel: &[f64]| -> [u8; 4] {
        let channel = |i: usize| match pixel.get(i) {
            Some(number) if grid.is_bytes => number.clamp(0.0, 255.0) as u8,
            Some(number) => byte(*number),
            None => 255,
        };
        match pixel {
            [number] => colors.color(*number).map_or([0; 4], |[red, green, blue]| [red, green, blue, 255]),
            _ => [0, 1, 2, 3].map(channel),
        }
    };
    grid.numbers.chunks(grid.channels).flat_map(parts).collect()
}

fn png(grid: &Grid, pixels: &[u8]) -> Result<String> {
    let failed = |cause: &dyn std::fmt::Display| Error::new(format!("the picture could not be packed: {cause}"));
    let [width, height] = [grid.width, grid.height].map(u32::try_from);
    let (width, height) = (width.map_err(|cause| failed(&cause))?, height.map_err(|cause| failed(&cause))?);
    let mut png = Vec::new();
    let encoder = PngEncoder::new(&mut png);
    encoder.write_image(pixels, width, height, ExtendedColorType::Rgba8).map_err(|cause| failed(&cause))?;
    Ok(base64(&png))
}

impl Panel {
    pub(crate) fn imshow(&mut self, pixels: Pixels, arguments: &ImShow) -> Result<()> {
        let grid = pixels.0?;
        let map = arguments.cmap.as_deref().map_or(Ok(self.default_map), Colormap::named)?;
        let alpha = opacity(arguments.alpha)?;
        let smooth = arguments.interpolation.as_deref().unwrap_or("nearest");
        let place = INTERPOLATIONS.iter().position(|known| *known == smooth);
        let place = place.ok_or_else(|| Error::unknown("interpolation", smooth, &INTERPOLATIONS))?;
        let is_upper = match arguments.origin.as_deref().unwrap_or("upper") {
            "upper" => true,
            "lower" => false,
            origin => return Err(Error::unknown("origin", origin, &["upper", "lower"])),
        };
        let is_equal = match arguments.aspect.as_deref().unwrap_or("equal") {
            "equal" => true,
            "auto" => false,
            aspect => return Err(Error::unknown("aspect", aspect, &["equal", "auto"])),
        };
        if let Some(extent) = arguments.extent.filter(|extent| !extent.iter().all(|number| number.is_finite())) {
            return Err(Error::new("extent has finite numbers").received(format!("{extent:?}")));
        }
        let colors =
            Mappable::new(map, if grid.channels == 1 { &grid.numbers } else { &[] }, arguments.vmin, arguments.vmax);
        if grid.channels == 1 {
            self.mappable = Some(colors);
        }
        let (right, last) = (grid.width as f64 - 0.5, grid.height as f64 - 0.5);
        let default = if is_upper { [-0.5, right, last, -0.5] } else { [-0.5, right, -0.5, last] };
        let extent = arguments.extent.unwrap_or(default);
        self.is_equal = is_equal;
        self.y.is_inverted = extent[2] > extent[3];
        self.x.is_inverted = extent[0] > extent[1];
        if grid.width == 0 || grid.height == 0 {
            return Ok(());
        }
        let mut pixels = rgba(&grid, &colors);
        if !is_upper {
            // A PNG has its first row at the top.
            pixels = pixels.chunks(4 * grid.width).rev().flatten().copied().collect();
        }
        let png = png(&grid, &pixels)?;
        self.add(Picture { png, extent, alpha, is_smooth: place > 3 });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_bytes_or_parts_of_one() {
        let grid = |channels, is_bytes, numbers: &[f64]| Grid {
            height: 1,
            width: 1,
            channels,
            is_bytes,
            numbers: numbers.to_vec(),
        };
        let gray = Mappable::new(Colormap::named("gray").unwrap(), &[0.0, 10.0], None, None);
        assert_eq!(rgba(&grid(1, false, &[5.0]), &gray), [128, 128, 128, 255]);
        assert_eq!(rgba(&grid(1, false, &[f64::NAN]), &gray), [0; 4]);
        assert_eq!(rgba(&grid(3, false, &[0.0, 0.5, 2.0]), &gray), [0, 128, 255, 255]);
        assert_eq!(rgba(&grid(4, true, &[0.0, 7.0, 300.0, 128.0]), &gray), [0, 7, 255, 128]);
    }
}
