//! Several tensors' memory at once, to be changed in place: what an optimizer's single pass needs.

mod elementwise;
mod equation;
pub mod functions;
mod numbers;

pub use elementwise::{Elementwise, WORK_PER_ELEMENT};
#[doc(hidden)]
pub use equation::Equation;

use candle_core::{CpuStorage, CudaStorage, DType, InplaceOp1, Layout, Result, Storage, Tensor, WithDType, bail};
use std::cell::RefCell;

/// The address of a tensor's memory, by which tensors that share it are known.
pub fn address(tensor: &Tensor) -> usize {
    let (storage, _) = tensor.storage_and_layout();
    std::ptr::from_ref(&*storage).addr()
}

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
    hold(tensors, |held| {
        let mut memory = Vec::with_capacity(held.len());
        for Held { memory: part, from, to } in held {
            let Memory::Host(CpuStorage::F32(data)) = part else { bail!("in_place needs f32 tensors on the host") };
            memory.push(&mut data[from..to]);
        }
        f(&mut memory);
        Ok(())
    })
}

/// A tensor's memory, which nothing else reads or writes now, and where in it the tensor is.
pub(crate) struct Held<'a> {
    pub(crate) memory: Memory<'a>,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

pub(crate) enum Memory<'a> {
    Host(&'a mut CpuStorage),
    #[cfg_attr(not(feature = "cuda"), allow(dead_code, reason = "no tensor is there"))]
    Gpu(&'a mut CudaStorage),
}

/// Runs `f` on the memory of contiguous tensors, all of it writable at once.
pub(crate) fn hold(tensors: &[&Tensor], f: impl FnOnce(Vec<Held>) -> Result<()>) -> Result<()> {
    let shares = |(i, a): (usize, &&Tensor)| tensors[..i].iter().any(|b| same_memory(a, b));
    if tensors.iter().enumerate().any(shares) {
        bail!("two of the tensors to be changed in place share their memory")
    }
    let mut f = Some(f);
    descend(tensors, Vec::with_capacity(tensors.len()), &mut |held| f.take().map_or(Ok(()), |f| f(held)))
}

pub(crate) fn same_memory(a: &Tensor, b: &Tensor) -> bool {
    // One after the other: to hold the one while another thread waits to write it, and waits to read the other, is a deadlock.
    let address = |x: &Tensor| std::ptr::from_ref(&*x.storage_and_layout().0).addr();
    address(a) == address(b)
}

type WithAll<'b> = dyn FnMut(Vec<Held>) -> Result<()> + 'b;

/// candle hands out one tensor's memory at a time, to a callback; nested callbacks hold them all.
fn descend<'a>(tensors: &[&Tensor], held: Vec<Held<'a>>, f: &mut WithAll) -> Result<()> {
    struct Level<'a, 'b> {
        rest: &'b [&'b Tensor],
        state: RefCell<Option<State<'a, 'b>>>,
    }
    struct State<'a, 'b> {
        held: Vec<Held<'a>>,
        f: &'b mut WithAll<'b>,
    }
    impl Level<'_, '_> {
        fn go_on(&self, memory: Memory, layout: &Layout) -> Result<()> {
            let (Some((from, to)), Some(State { held, f })) = (layout.contiguous_offsets(), self.state.take()) else {
                bail!("a tensor to be changed in place must be contiguous")
            };
            let mut held: Vec<Held> = held;
            held.push(Held { memory, from, to });
            descend(self.rest, held, f)
        }
    }
    impl InplaceOp1 for Level<'_, '_> {
        fn name(&self) -> &'static str {
            "in_place"
        }

        fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
            self.go_on(Memory::Host(storage), layout)
        }

        fn cuda_fwd(&self, storage: &mut CudaStorage, layout: &Layout) -> Result<()> {
            self.go_on(Memory::Gpu(storage), layout)
        }
    }
    match tensors {
        [] => f(held),
        [first, rest @ ..] => first.inplace_op1(&Level { rest, state: RefCell::new(Some(State { held, f })) }),
    }
}

/// Runs `f` on the memory of a tensor on the host, which is not copied.
///
/// # Errors
/// If the tensor is of another dtype, not contiguous or not on the host.
pub fn read<T: WithDType, R>(tensor: &Tensor, f: impl FnOnce(&[T]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(storage), Some((from, to))) => Ok(f(&storage.as_slice::<T>()?[from..to])),
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
