//! Writes tensors in blocks.

use crate::Result;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, update};
use std::io::Write;

/// How many elements are converted to bytes at a time.
const BLOCK: usize = 1 << 16;

/// Writes the elements of a tensor, little-endian.
pub(crate) fn write_tensor(to: &mut (impl Write + ?Sized), tensor: &Tensor) -> Result<()> {
    let failed = |cause: std::io::Error| Error::new(format!("a tensor could not be written: {cause}"));
    let mut bytes = Vec::with_capacity(BLOCK * tensor.dtype().size_in_bytes());
    if update::is_in_place([tensor]) {
        let written = update::read(tensor, |numbers: &[f32]| {
            numbers.chunks(BLOCK).try_for_each(|block| {
                bytes.clear();
                block.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes()));
                to.write_all(&bytes)
            })
        });
        return written?.map_err(failed);
    }
    let flat = tensor.to_device(&Device::Cpu)?.flatten_all()?;
    for start in (0..flat.elem_count()).step_by(BLOCK) {
        bytes.clear();
        flat.narrow(0, start, BLOCK.min(flat.elem_count() - start))?.write_bytes(&mut bytes)?;
        to.write_all(&bytes).map_err(failed)?;
    }
    Ok(())
}
