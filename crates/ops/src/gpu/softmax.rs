//! Softmax over the last axis, and its logarithm.

use super::{Source, Threads, given, make};
use crate::tape::record;
use candle_core::{Result, Tensor};

const SOURCE: Source = Source { name: "softmax", text: include_str!("softmax.cu") };

/// The softmax of each row of `width` elements, or its logarithm.
pub(crate) fn softmax_rows(x: &Tensor, width: usize, log: bool) -> Result<Tensor> {
    let input = x.detach().contiguous()?;
    let threads = Threads::rows(x.elem_count() / width, width);
    let [value] = make(SOURCE, "softmax", x, [x.shape()], &given![&input, width, log], threads)?;
    record("softmax", &[x], value, move |y, dy| {
        let y = y.contiguous()?;
        let [dx] = make(SOURCE, "softmax_backward", &y, [y.shape()], &given![&y, dy, width, log], threads)?;
        Ok(vec![Some(dx.tensor()?)])
    })
}
