//! Arguments that Keras names by strings.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An enum with a name in Keras for each value.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident as $what:literal { $($(#[$about:meta])* $value:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$about])* #[serde(rename = $text)] $value,)*
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$value => concat!("\"", $text, "\""),)*
                })
            }
        }

        impl $name {
            /// Keras's names of all values.
            pub const NAMES: &[&str] = &[$($text),*];

            /// The one of this name.
            ///
            /// # Errors
            /// If there is none.
            pub fn by_name(name: &str) -> crate::Result<Self> {
                match name {
                    $($text => Ok(Self::$value),)*
                    other => Err(Error::unknown($what, other, Self::NAMES)),
                }
            }
        }
    };
}

named! {
    /// Where the channels are.
    DataFormat as "data_format" {
        /// `(batch, height, width, channels)`
        ChannelsLast = "channels_last",
        /// `(batch, channels, height, width)`
        ChannelsFirst = "channels_first",
    }
}

impl DataFormat {
    /// That of [`image_data_format`](crate::config::image_data_format).
    pub fn configured() -> Self {
        if crate::config::image_data_format() == "channels_first" { Self::ChannelsFirst } else { Self::ChannelsLast }
    }
}

named! {
    /// How a value between pixels is computed.
    Interpolation as "interpolation" {
        /// The nearest pixel.
        Nearest = "nearest",
        /// A linear mixture of the pixels around.
        Bilinear = "bilinear",
        /// A cubic polynomial (Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -0.5).
        Bicubic = "bicubic",
        /// A sinc of radius 3, windowed by a sinc (Duchon, "Lanczos filtering in one and two dimensions", 1979).
        Lanczos3 = "lanczos3",
        /// A sinc of radius 5.
        Lanczos5 = "lanczos5",
        /// The mean over the area that the new pixel covers. Keras has it on TensorFlow.
        Area = "area",
    }
}

named! {
    /// What is beyond the border of an image.
    FillMode as "fill_mode" {
        /// One value: `k k k | a b c d | k k k`.
        Constant = "constant",
        /// The pixel at the border: `a a a | a b c d | d d d`.
        Nearest = "nearest",
        /// The image again: `b c d | a b c d | a b c`.
        Wrap = "wrap",
        /// Its mirror image about the pixel at the border: `d c b | a b c d | c b a`.
        Mirror = "mirror",
        /// Its mirror image about the border: `c b a | a b c d | d c b`.
        Reflect = "reflect",
    }
}

impl FillMode {
    /// The index of the pixel that is found at `index` of an axis of `size`; `None` for the constant.
    #[inline(always)]
    pub(crate) fn index(self, index: i64, size: usize) -> Option<usize> {
        if (0..size as i64).contains(&index) {
            return Some(index as usize);
        }
        // Farther places are all alike, and their indices overflow.
        let (index, size) = (index.clamp(-1 << 40, 1 << 40), size as i64);
        let mirrored = |index: i64, size: i64| match size - 1 {
            ..=0 => 0,
            half => ((index + half).rem_euclid(2 * half) - half).abs(),
        };
        let index = match self {
            Self::Constant => return None,
            Self::Nearest => index.clamp(0, size - 1),
            Self::Wrap => index.rem_euclid(size),
            Self::Mirror => mirrored(index, size),
            Self::Reflect => (mirrored(2 * index + 1, 2 * size + 1) - 1) / 2,
        };
        Some(index as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_go_on_beyond_their_border() {
        let around = |mode: FillMode| (-5..9).map(|i| mode.index(i, 4).map_or(9, |i| i)).collect::<Vec<_>>();
        assert_eq!(around(FillMode::Constant), [9, 9, 9, 9, 9, 0, 1, 2, 3, 9, 9, 9, 9, 9]);
        assert_eq!(around(FillMode::Nearest), [0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3]);
        assert_eq!(around(FillMode::Wrap), [3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0]);
        assert_eq!(around(FillMode::Mirror), [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]);
        assert_eq!(around(FillMode::Reflect), [3, 3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0]);
        for mode in [FillMode::Nearest, FillMode::Wrap, FillMode::Mirror, FillMode::Reflect] {
            assert_eq!(mode.index(3, 1), Some(0));
            assert!(mode.index(i64::MIN, 7).unwrap() < 7 && mode.index(i64::MAX, 7).unwrap() < 7);
        }
    }
}
