//! Values at any place of an axis: which pixels they are made of.

use super::{FillMode, Interpolation};
use crate::simd::Float;
use candle_core::{Result, bail};

/// How values at places between pixels, and beyond the border, are found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    /// Whether the nearest pixel is taken, and not a linear mixture.
    pub(crate) nearest: bool,
    pub(crate) fill_mode: FillMode,
    pub(crate) fill_value: f64,
}

impl Sampling {
    /// Nearest or bilinear.
    pub(crate) fn new(op: &str, interpolation: Interpolation, fill_mode: FillMode, fill_value: f64) -> Result<Self> {
        match interpolation {
            Interpolation::Nearest | Interpolation::Bilinear => {
                Ok(Self { nearest: interpolation == Interpolation::Nearest, fill_mode, fill_value })
            }
            other => bail!("{op} interpolates by \"nearest\" or \"bilinear\", received {other:?}"),
        }
    }

    /// The pixels of an axis of which the value at `place` is made, with their weights; a pixel that is `None` has the fill value.
    #[inline(always)]
    pub(crate) fn pixels<T: Float>(self, place: T, size: usize) -> [(Option<usize>, T); 2] {
        if self.nearest {
            let index = self.fill_mode.index(place.round().to_integer(), size);
            return [(index, T::ONE), (index, T::ZERO)];
        }
        let below = place.floor();
        let (index, above) = (below.to_integer(), place - below);
        let next = self.fill_mode.index(index.saturating_add(1), size);
        [(self.fill_mode.index(index, size), T::ONE - above), (next, above)]
    }
}
