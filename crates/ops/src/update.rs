//! Several tensors' memory at once, to be changed in place: what an optimizer's single pass needs.

use candle_core::{CpuStorage, DType, InplaceOp1, Layout, Result, Storage, Tensor, bail};
use std::cell::RefCell;

/// Whether [`in_place`] takes these tensors: f32, contiguous, on the host.
pub fn is_in_place<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> bool {
    tensors.into_iter().all(|t| t.dtype() == DType::F32 && t.device().is_cpu() && t.is_contiguous())
}

/// Runs `f` on the memory of f32 tensors on the host, all of it writable at once.
///
/// Only for weights and their slots, between steps: a tape that still holds one of these tensors would see it change.
///
/// # Errors
/// If a tensor is not f32, not contiguous, not on the host, or shares its memory with another of them.
///
/// ```
/// use candle_keras_ops::{update, DType, Device, Tensor};
/// let (w, m) = (Tensor::ones(2, DType::F32, &Device::Cpu)?, Tensor::zeros(2, DType::F32, &Device::Cpu)?);
/// update::in_place(&[&w, &m], |memory| {
///     memory[1].fill(0.5);
///     memory[0][0] -= 0.25;
/// })?;
/// assert_eq!(w.to_vec1::<f32>()?, [0.75, 1.0]);
/// assert_eq!(m.to_vec1::<f32>()?, [0.5, 0.5]);
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn in_place(tensors: &[&Tensor], f: impl FnOnce(&mut [&mut [f32]])) -> Result<()> {
    let shares = |(i, a): (usize, &&Tensor)| tensors[..i].iter().any(|b| same_memory(a, b));
    if tensors.iter().enumerate().any(shares) {
        bail!("in_place: two of the tensors share their memory")
    }
    let mut f = Some(f);
    descend(tensors, Vec::with_capacity(tensors.len()), &mut |memory| {
        if let Some(f) = f.take() {
            f(memory);
        }
    })
}

fn same_memory(a: &Tensor, b: &Tensor) -> bool {
    let (a, b) = (a.storage_and_layout().0, b.storage_and_layout().0);
    std::ptr::eq(&*a, &*b)
}

/// candle hands out one tensor's memory at a time, to a callback; nested callbacks hold them all.
fn descend<'a>(tensors: &[&Tensor], memory: Vec<&'a mut [f32]>, f: &mut dyn FnMut(&mut [&mut [f32]])) -> Result<()> {
    struct Level<'a, 'b> {
        rest: &'b [&'b Tensor],
        state: RefCell<Option<State<'a, 'b>>>,
    }
    struct State<'a, 'b> {
        memory: Vec<&'a mut [f32]>,
        f: &'b mut dyn FnMut(&mut [&mut [f32]]),
    }
    impl InplaceOp1 for Level<'_, '_> {
        fn name(&self) -> &'static str {
            "in_place"
        }

        fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
            let (CpuStorage::F32(data), Some((from, to))) = (storage, layout.contiguous_offsets()) else {
                bail!("in_place needs contiguous f32 tensors")
            };
            match self.state.take() {
                Some(State { memory, f }) => {
                    let mut memory: Vec<&mut [f32]> = memory;
                    memory.push(&mut data[from..to]);
                    descend(self.rest, memory, f)
                }
                None => bail!("in_place ran twice"),
            }
        }
    }
    match tensors {
        [] => {
            let mut memory: Vec<&mut [f32]> = memory;
            f(&mut memory);
            Ok(())
        }
        [first, rest @ ..] => first.inplace_op1(&Level { rest, state: RefCell::new(Some(State { memory, f })) }),
    }
}

/// Runs `f` on the memory of an f32 tensor on the host, which is not copied.
///
/// # Errors
/// If the tensor is not f32, not contiguous or not on the host.
pub fn read<T>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> T) -> Result<T> {
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(storage), Some((from, to))) => Ok(f(&storage.as_slice::<f32>()?[from..to])),
        _ => bail!("read needs a contiguous tensor on the host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn shared_memory_is_refused() {
        let x = Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap();
        assert!(in_place(&[&x, &x.detach()], |_| ()).unwrap_err().to_string().contains("share"));
        assert!(in_place(&[&x.to_dtype(DType::F64).unwrap()], |_| ()).is_err());
    }
}
