//! Rotations, shifts, shears and zooms of an image, as by SciPy's `ndimage.affine_transform`.

use candle_keras_ops::{Error, Result};

/// What is outside of an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fill {
    /// The pixel at the border.
    Nearest,
    /// This number.
    Constant(f64),
    /// The image as in a mirror.
    Reflect,
    /// The image again.
    Wrap,
}

impl Fill {
    pub(super) fn by_name(name: &str, cval: f64) -> Result<Self> {
        match name {
            "nearest" => Ok(Self::Nearest),
            "constant" => Ok(Self::Constant(cval)),
            "reflect" => Ok(Self::Reflect),
            "wrap" => Ok(Self::Wrap),
            other => Err(Error::unknown("fill_mode", other, &["nearest", "constant", "reflect", "wrap"])),
        }
    }

    /// A place on an axis of this length as one inside of the image; `None` where a constant is.
    fn inside(self, place: f64, length: usize) -> Option<f64> {
        let last = length as f64 - 1.0;
        if (0.0..=last).contains(&place) {
            return Some(place);
        }
        let is_before = place < 0.0;
        Some(match self {
            Self::Constant(_) => return None,
            Self::Nearest => place.clamp(0.0, last),
            _ if length <= 1 => 0.0,
            Self::Reflect => {
                let period = 2.0 * length as f64;
                let place =
                    if is_before && place < -period { period * (-place / period).trunc() + place } else { place };
                match is_before {
                    true if place < -(length as f64) => place + period,
                    true => -place - 1.0,
                    false => {
                        let place = place - period * (place / period).trunc();
                        if place >= length as f64 { period - place - 1.0 } else { place }
                    }
                }
            }
            Self::Wrap if is_before => place + last * ((-place / last).trunc() + 1.0),
            Self::Wrap => place - last * (place / last).trunc(),
        })
    }

    /// An index beside the image as one of its pixels.
    fn index(self, index: i64, length: usize) -> usize {
        let last = length as i64 - 1;
        let index = match self {
            // Half a pixel beyond the border is the pixel at it.
            Self::Reflect if index < 0 => -index - 1,
            Self::Reflect if index > last => 2 * last + 1 - index,
            _ => index,
        };
        index.clamp(0, last) as usize
    }
}

/// A transformation of coordinates: two rows of a matrix, and what is added.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Affine([[f64; 3]; 3]);

const IDENTITY: [[f64; 3]; 3] = [[1., 0., 0.], [0., 1., 0.], [0., 0., 1.]];

impl Affine {
    pub(super) fn identity() -> Self {
        Self(IDENTITY)
    }

    pub(super) fn rotation(degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self([[cos, -sin, 0.], [sin, cos, 0.], [0., 0., 1.]])
    }

    pub(super) fn shift(rows: f64, columns: f64) -> Self {
        Self([[1., 0., rows], [0., 1., columns], [0., 0., 1.]])
    }

    pub(super) fn shear(degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Self([[1., -sin, 0.], [0., cos, 0.], [0., 0., 1.]])
    }

    pub(super) fn zoom(x: f64, y: f64) -> Self {
        Self([[x, 0., 0.], [0., y, 0.], [0., 0., 1.]])
    }

    /// First the other transformation of coordinates, then this one.
    pub(super) fn then(self, other: Self) -> Self {
        let product = |row: usize, column: usize| (0..3).map(|k| self.0[row][k] * other.0[k][column]).sum();
        Self([0, 1, 2].map(|row| [0, 1, 2].map(|column| product(row, column))))
    }

    /// The transformed image of `[height, width, channels]`, of which each pixel is interpolated between those beside its place.
    pub(super) fn apply(
        self,
        pixels: &[f32],
        [height, width, channels]: [usize; 3],
        order: usize,
        fill: Fill,
    ) -> Vec<f32> {
        // Around the middle of the image.
        let (y, x) = (height as f64 / 2.0 - 0.5, width as f64 / 2.0 - 0.5);
        let Self(m) = Self::shift(y, x).then(self).then(Self::shift(-y, -x));
        // The matrix is of x and y, Keras swaps both for rows and columns.
        let (rows, columns) = ([m[1][1], m[1][0], m[1][2]], [m[0][1], m[0][0], m[0][2]]);
        let at = |[a, b, add]: [f64; 3], row: f64, column: f64| add + a * row + b * column;
        let mut out = Vec::with_capacity(pixels.len());
        for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row as f64, column as f64))) {
            let row_at = fill.inside(at(rows, row, column), height);
            let column_at = fill.inside(at(columns, row, column), width);
            let (Some(row), Some(column)) = (row_at, column_at) else {
                let constant = if let Fill::Constant(number) = fill { number as f32 } else { 0.0 };
                out.extend(std::iter::repeat_n(constant, channels));
                continue;
            };
            let (rows, columns) = (beside(row, height, order, fill), beside(column, width, order, fill));
            for channel in 0..channels {
                let mut sum = 0.0;
                for (row, a) in rows {
                    for (column, b) in columns {
                        sum += f64::from(pixels[(row * width + column) * channels + channel]) * a * b;
                    }
                }
                out.push(sum as f32);
            }
        }
        out
    }
}

/// The two pixels beside a place on an axis, and how much of each it has.
fn beside(place: f64, length: usize, order: usize, fill: Fill) -> [(usize, f64); 2] {
    if order == 0 {
        let nearest = fill.index((place + 0.5).floor() as i64, length);
        return [(nearest, 1.0), (nearest, 0.0)];
    }
    let before = place.floor();
    let part = place - before;
    [(fill.index(before as i64, length), 1.0 - part), (fill.index(before as i64 + 1, length), part)]
}
