//! Files of rows, read batch by batch in each pass.

use crate::{Batch, Batching, Elements};
use candle_keras_ops::Result;

/// A pass over the rows of a file.
pub(super) trait ReadRows: Send + 'static {
    /// The next rows as a batch, at most so many; `None` at the end.
    fn read(&mut self, most: usize) -> Result<Option<Batch>>;
}

/// The rows one by one.
pub(super) fn elements(mut pass: impl ReadRows) -> Elements {
    let row = move || -> Result<Option<Batch>> {
        let Some(row) = pass.read(1)? else { return Ok(None) };
        row.map(|array| Ok(array.squeeze(0)?)).map(Some)
    };
    Box::new(std::iter::repeat_with(row).map_while(Result::transpose))
}

/// The rows in batches from this one on, of a pass that starts with a given row. Padding has nothing to do: all rows have the same shapes.
pub(super) fn batches<P: ReadRows>(
    batching: Batching,
    pass: impl FnOnce(usize) -> Result<P>,
    from: usize,
) -> Result<Elements> {
    batching.check()?;
    let Batching { size, drop_remainder, .. } = batching;
    let mut pass = pass(from.saturating_mul(size))?;
    let next = move || pass.read(size).transpose();
    let whole =
        move |batch: &Result<Batch>| !drop_remainder || batch.as_ref().map_or(true, |batch| batch.size() == size);
    Ok(Box::new(std::iter::from_fn(next).filter(whole)))
}
