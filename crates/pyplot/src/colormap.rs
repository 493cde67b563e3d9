//! Colormaps: numbers as colors.

use crate::color::{TAB10, byte};
use candle_keras_ops::{Error, Result};
use std::f64::consts::PI;

/// A colormap of matplotlib, with its name and whether it runs backwards.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Colormap {
    colors: Colors,
    is_reversed: bool,
}

#[derive(Debug, Clone, Copy)]
enum Colors {
    /// Colors at equal distances, with those between them mixed.
    Mixed(&'static [u32]),
    /// Colors that are not mixed.
    List(&'static [[u8; 3]]),
    /// Red, green and blue of a number from 0 to 1.
    Formula(fn(f64) -> [f64; 3]),
}

impl Default for Colormap {
    fn default() -> Self {
        Self { colors: Colors::Mixed(VIRIDIS), is_reversed: false }
    }
}

impl Colormap {
    /// By its name; `_r` behind it reverses it.
    pub(crate) fn named(name: &str) -> Result<Self> {
        let (base, is_reversed) = match name.strip_suffix("_r") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let same = |known: &str| known == base || (known == "gray" && base == "grey");
        let colors = MAPS.iter().find(|(known, _)| same(known)).map(|(_, colors)| *colors).ok_or_else(|| {
            let known: Vec<_> = MAPS.iter().map(|(name, _)| *name).collect();
            Error::unknown("colormap", name, &known)
        })?;
        Ok(Self { colors, is_reversed })
    }

    /// The color of a number from 0 to 1; numbers outside have that of the nearest end.
    pub(crate) fn color(&self, number: f64) -> [u8; 3] {
        let number = number.clamp(0.0, 1.0);
        let number = if self.is_reversed { 1.0 - number } else { number };
        match self.colors {
            Colors::Formula(formula) => formula(number).map(byte),
            Colors::List(colors) => colors[((number * colors.len() as f64) as usize).min(colors.len() - 1)],
            Colors::Mixed(colors) => {
                let place = number * (colors.len() - 1) as f64;
                let first = (place as usize).min(colors.len() - 2);
                let share = place - first as f64;
                let parts = |color: u32| color.to_be_bytes().map(f64::from);
                let ([_, a, b, c], [_, d, e, f]) = (parts(colors[first]), parts(colors[first + 1]));
                [(a, d), (b, e), (c, f)].map(|(from, to)| byte((from + share * (to - from)) / 255.0))
            }
        }
    }
}

/// A value between points `(place, value)`, on the lines from one to the next.
fn along(points: &[(f64, f64)], place: f64) -> f64 {
    let after = points.iter().position(|(x, _)| *x >= place).unwrap_or(points.len() - 1);
    let ((x0, y0), (x1, y1)) = (points[after.saturating_sub(1)], points[after]);
    if x1 > x0 { y0 + (place - x0) / (x1 - x0) * (y1 - y0) } else { y1 }
}

fn jet(x: f64) -> [f64; 3] {
    [
        along(&[(0.0, 0.0), (0.35, 0.0), (0.66, 1.0), (0.89, 1.0), (1.0, 0.5)], x),
        along(&[(0.0, 0.0), (0.125, 0.0), (0.375, 1.0), (0.64, 1.0), (0.91, 0.0), (1.0, 0.0)], x),
        along(&[(0.0, 0.5), (0.11, 1.0), (0.34, 1.0), (0.65, 0.0), (1.0, 0.0)], x),
    ]
}

fn hot(x: f64) -> [f64; 3] {
    const FIRST: f64 = 0.365_079;
    const SECOND: f64 = 0.746_032;
    [
        along(&[(0.0, 0.0416), (FIRST, 1.0), (1.0, 1.0)], x),
        along(&[(0.0, 0.0), (FIRST, 0.0), (SECOND, 1.0), (1.0, 1.0)], x),
        along(&[(0.0, 0.0), (SECOND, 0.0), (1.0, 1.0)], x),
    ]
}

fn hsv(x: f64) -> [f64; 3] {
    [5.0, 3.0, 1.0].map(|shift: f64| {
        let k = (shift + 6.0 * x) % 6.0;
        1.0 - k.min(4.0 - k).clamp(0.0, 1.0)
    })
}

const VIRIDIS: &[u32] = &[
    0x440154, 0x481769, 0x472c7a, 0x423f85, 0x3b518b, 0x33628d, 0x2c718e, 0x26818e, 0x21908d, 0x1f9f88, 0x27ad81,
    0x3dbc74, 0x5cc863, 0x81d34d, 0xaadc32, 0xd5e21a, 0xfde725,
];

/// The names, with every sixteenth color of those that have no formula.
const MAPS: &[(&str, Colors)] = &[
    ("viridis", Colors::Mixed(VIRIDIS)),
    (
        "plasma",
        Colors::Mixed(&[
            0x0d0887, 0x2f0596, 0x4b03a1, 0x6400a7, 0x7d03a8, 0x9410a2, 0xa82296, 0xbb3488, 0xcb4679, 0xd9586a,
            0xe56b5d, 0xf07f4f, 0xf89441, 0xfdab33, 0xfdc328, 0xf9dd25, 0xf0f921,
        ]),
    ),
    (
        "inferno",
        Colors::Mixed(&[
            0x000004, 0x0a0722, 0x1f0c48, 0x3b0964, 0x550f6d, 0x6f196e, 0x88226a, 0xa22b62, 0xba3655, 0xd04545,
            0xe35933, 0xf1711f, 0xf98c0a, 0xfcaa0f, 0xf9c932, 0xf2e865, 0xfcffa4,
        ]),
    ),
    (
        "magma",
        Colors::Mixed(&[
            0x000004, 0x090720, 0x1c1044, 0x341069, 0x4f127b, 0x681c81, 0x812581, 0x9b2e7f, 0xb5367a, 0xcf4070,
            0xe55064, 0xf4695c, 0xfb8761, 0xfea571, 0xfec287, 0xfde0a1, 0xfcfdbf,
        ]),
    ),
    (
        "cividis",
        Colors::Mixed(&[
            0x00224e, 0x002d68, 0x18376f, 0x31436d, 0x424e6c, 0x52596d, 0x60646f, 0x6e6f73, 0x7c7b78, 0x8b8778,
            0x9a9376, 0xaaa073, 0xbbad6d, 0xccba64, 0xddc858, 0xefd748, 0xfee838,
        ]),
    ),
    (
        "coolwarm",
        Colors::Mixed(&[
            0x3b4cc0, 0x4c66d6, 0x6180e9, 0x7699f6, 0x8caffe, 0xa2c1ff, 0xb7cff9, 0xcbd8ee, 0xdcdddd, 0xebd3c6,
            0xf4c5ad, 0xf7b194, 0xf49a7b, 0xec7f63, 0xde614d, 0xcb3e38, 0xb40426,
        ]),
    ),
    ("gray", Colors::Formula(|x| [x; 3])),
    ("binary", Colors::Formula(|x| [1.0 - x; 3])),
    (
        "Greys",
        Colors::Mixed(&[0xffffff, 0xf0f0f0, 0xd9d9d9, 0xbdbdbd, 0x969696, 0x737373, 0x525252, 0x252525, 0x000000]),
    ),
    (
        "Blues",
        Colors::Mixed(&[0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5, 0x08519c, 0x08306b]),
    ),
    (
        "Greens",
        Colors::Mixed(&[0xf7fcf5, 0xe5f5e0, 0xc7e9c0, 0xa1d99b, 0x74c476, 0x41ab5d, 0x238b45, 0x006d2c, 0x00441b]),
    ),
    (
        "Reds",
        Colors::Mixed(&[0xfff5f0, 0xfee0d2, 0xfcbba1, 0xfc9272, 0xfb6a4a, 0xef3b2c, 0xcb181d, 0xa50f15, 0x67000d]),
    ),
    (
        "Oranges",
        Colors::Mixed(&[0xfff5eb, 0xfee6ce, 0xfdd0a2, 0xfdae6b, 0xfd8d3c, 0xf16913, 0xd94801, 0xa63603, 0x7f2704]),
    ),
    (
        "Purples",
        Colors::Mixed(&[0xfcfbfd, 0xefedf5, 0xdadaeb, 0xbcbddc, 0x9e9ac8, 0x807dba, 0x6a51a3, 0x54278f, 0x3f007d]),
    ),
    (
        "YlGnBu",
        Colors::Mixed(&[0xffffd9, 0xedf8b1, 0xc7e9b4, 0x7fcdbb, 0x41b6c4, 0x1d91c0, 0x225ea8, 0x253494, 0x081d58]),
    ),
    (
        "YlOrRd",
        Colors::Mixed(&[0xffffcc, 0xffeda0, 0xfed976, 0xfeb24c, 0xfd8d3c, 0xfc4e2a, 0xe31a1c, 0xbd0026, 0x800026]),
    ),
    (
        "RdBu",
        Colors::Mixed(&[
            0x67001f, 0xb2182b, 0xd6604d, 0xf4a582, 0xfddbc7, 0xf7f7f7, 0xd1e5f0, 0x92c5de, 0x4393c3, 0x2166ac,
            0x053061,
        ]),
    ),
    (
        "RdYlBu",
        Colors::Mixed(&[
            0xa50026, 0xd73027, 0xf46d43, 0xfdae61, 0xfee090, 0xffffbf, 0xe0f3f8, 0xabd9e9, 0x74add1, 0x4575b4,
            0x313695,
        ]),
    ),
    (
        "RdYlGn",
        Colors::Mixed(&[
            0xa50026, 0xd73027, 0xf46d43, 0xfdae61, 0xfee08b, 0xffffbf, 0xd9ef8b, 0xa6d96a, 0x66bd63, 0x1a9850,
            0x006837,
        ]),
    ),
    (
        "Spectral",
        Colors::Mixed(&[
            0x9e0142, 0xd53e4f, 0xf46d43, 0xfdae61, 0xfee08b, 0xffffbf, 0xe6f598, 0xabdda4, 0x66c2a5, 0x3288bd,
            0x5e4fa2,
        ]),
    ),
    ("bwr", Colors::Mixed(&[0x0000ff, 0xffffff, 0xff0000])),
    ("seismic", Colors::Mixed(&[0x00004c, 0x0000ff, 0xffffff, 0xff0000, 0x800000])),
    (
        "bone",
        Colors::Mixed(&[0x000000, 0x1c1c27, 0x38384e, 0x545574, 0x707b90, 0x8ca2ac, 0xa9c8c8, 0xd5e4e4, 0xffffff]),
    ),
    ("copper", Colors::Formula(|x| [1.25 * x, 0.7812 * x, 0.4975 * x])),
    ("hot", Colors::Formula(hot)),
    ("jet", Colors::Formula(jet)),
    ("hsv", Colors::Formula(hsv)),
    ("rainbow", Colors::Formula(|x| [(2.0 * x - 0.5).abs(), (PI * x).sin(), (PI * x / 2.0).cos()])),
    ("cool", Colors::Formula(|x| [x, 1.0 - x, 1.0])),
    ("spring", Colors::Formula(|x| [1.0, x, 1.0 - x])),
    ("summer", Colors::Formula(|x| [x, 0.5 + 0.5 * x, 0.4])),
    ("autumn", Colors::Formula(|x| [1.0, x, 0.0])),
    ("winter", Colors::Formula(|x| [0.0, x, 1.0 - 0.5 * x])),
    ("tab10", Colors::List(&TAB10)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_those_of_matplotlib() {
        let color = |name, number| Colormap::named(name).unwrap().color(number);
        assert_eq!(color("viridis", 0.0), [0x44, 0x01, 0x54]);
        assert_eq!(color("viridis", 1.0), [0xfd, 0xe7, 0x25]);
        assert_eq!(color("viridis_r", 1.0), [0x44, 0x01, 0x54]);
        assert_eq!(color("gray", 0.5), [128; 3]);
        assert_eq!(color("gray_r", 2.0), [0; 3]);
        assert_eq!(color("tab10", 0.15), TAB10[1]);
        assert_eq!(color("hsv", 0.0), [255, 0, 0]);
        assert_eq!(color("jet", 0.0), [0, 0, 128]);
        assert_eq!(color("hot", 1.0), [255; 3]);
        for (name, _) in MAPS {
            for i in 0..=100 {
                color(name, f64::from(i) / 100.0);
            }
            color(name, f64::NAN);
        }
        assert!(Colormap::named("virids").unwrap_err().to_string().contains("did you mean \"viridis\""));
    }
}
