//! The `axis` and `keepdims` arguments of Keras's reductions.

use crate::operation::{AxisList, SomeAxes};
use candle_core::{Result, bail};
use serde::{Deserialize, Serialize};

/// Over which dimensions to reduce, and whether they stay as 1.
///
/// `-1` is the last axis, `[0, 1]` are two, `()` are all, and [`axes`]`(-1).keepdims(true)` keeps the rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axes {
    #[serde(rename = "axis")]
    list: Option<AxisList>,
    #[serde(default)]
    pub(crate) keepdims: bool,
}

/// Spells out [`Axes`], for `keepdims`.
///
/// ```
/// use candle_keras_ops::{axes, mean, Device, Tensor};
/// let x = Tensor::new(&[[1f32, 3.], [5., 7.]], &Device::Cpu)?;
/// assert_eq!(mean(&x, axes(-1).keepdims(true))?.to_vec2::<f32>()?, [[2.], [6.]]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn axes(axes: impl Into<Axes>) -> Axes {
    axes.into()
}

impl Axes {
    /// Whether the reduced dimensions stay, with size 1.
    pub fn keepdims(mut self, keepdims: bool) -> Self {
        self.keepdims = keepdims;
        self
    }

    /// The one dimension that is named, if one is; no more may be.
    pub(crate) fn one(&self, rank: usize) -> Result<Option<usize>> {
        match self.list.as_ref().map(AxisList::as_slice) {
            None => Ok(None),
            Some([axis]) => resolve_axis(*axis, rank).map(Some),
            Some(several) => bail!("one axis is needed, received {several:?}"),
        }
    }

    /// The dimensions for a tensor of this rank, without duplicates, in rising order.
    pub fn resolve(&self, rank: usize) -> Result<Vec<usize>> {
        let Some(list) = &self.list else { return Ok((0..rank).collect()) };
        let mut dims = list.as_slice().iter().map(|&axis| resolve_axis(axis, rank)).collect::<Result<Vec<_>>>()?;
        dims.sort_unstable();
        dims.dedup();
        Ok(dims)
    }
}

/// The dimension that an axis, negative or not, means in a tensor of this rank.
pub(crate) fn resolve_axis(axis: i64, rank: usize) -> Result<usize> {
    let dim = if axis < 0 { axis + rank as i64 } else { axis };
    if !(0..rank as i64).contains(&dim) {
        bail!("axis {axis} is out of range for a tensor of rank {rank}")
    }
    Ok(dim as usize)
}

impl From<()> for Axes {
    fn from((): ()) -> Self {
        Self { list: None, keepdims: false }
    }
}

impl From<i64> for Axes {
    fn from(axis: i64) -> Self {
        Self { list: Some(AxisList::One(axis)), keepdims: false }
    }
}

impl From<i32> for Axes {
    fn from(axis: i32) -> Self {
        i64::from(axis).into()
    }
}

impl<const N: usize> From<[i32; N]> for Axes {
    fn from(axes: [i32; N]) -> Self {
        Self { list: Some(AxisList::Many(axes.map(i64::from).to_vec())), keepdims: false }
    }
}

impl From<SomeAxes> for Axes {
    fn from(axes: SomeAxes) -> Self {
        Self { list: axes.0, keepdims: false }
    }
}

impl From<&[i64]> for Axes {
    fn from(axes: &[i64]) -> Self {
        Self { list: Some(AxisList::Many(axes.to_vec())), keepdims: false }
    }
}
