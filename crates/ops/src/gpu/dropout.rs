//! Dropout, with the random numbers of the host: the backward pass generates them again.

use super::{Source, Threads, given, make};
use crate::random::RandomBlocks;
use crate::tape::record;
use candle_core::{Result, Tensor};

const SOURCE: Source = Source { name: "dropout", text: include_str!("dropout.cu") };

/// 0 where the bits of an element are below the threshold, else the element times `scale`.
pub(crate) fn dropout(x: &Tensor, bits: RandomBlocks, threshold: u32, scale: f64) -> Result<Tensor> {
    let (first, stream, key) = (bits.first as usize, bits.stream as usize, bits.key as usize);
    let dropped = move |x: &Tensor| {
        let count = x.elem_count();
        let given = given![x, count, threshold as usize, scale, first, stream, key];
        let [y] = make(SOURCE, "dropout", x, [x.shape()], &given, Threads::each(count.div_ceil(4)))?;
        Ok::<_, candle_core::Error>(y)
    };
    let value = dropped(&x.detach().contiguous()?)?;
    record("dropout", &[x], value, move |_, dy| Ok(vec![Some(dropped(dy)?.tensor()?)]))
}
