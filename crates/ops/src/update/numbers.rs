//! The numbers of a tensor on the host as f32 or f64: its own memory, or a copy that is written back.

use super::{Equation, Held, Memory};
use crate::Float;
use candle_core::{CpuStorage, Result, WithDType, bail};

/// A compiled loop of an [`Equation`].
pub(super) type Loop<T> = fn(&mut [T], &[T], &mut [&mut [T]], &[f64]);

/// What the loops of an update compute in.
pub(super) trait Number: Float {
    /// The loop that was compiled for this type.
    fn loop_of(equation: &Equation) -> Loop<Self>;
    /// The memory, if it has numbers of this type.
    fn of(storage: &mut CpuStorage) -> Option<&mut [Self]>;
}

impl Number for f32 {
    fn loop_of(equation: &Equation) -> Loop<f32> {
        equation.f32
    }

    fn of(storage: &mut CpuStorage) -> Option<&mut [f32]> {
        if let CpuStorage::F32(numbers) = storage { Some(numbers) } else { None }
    }
}

impl Number for f64 {
    fn loop_of(equation: &Equation) -> Loop<f64> {
        equation.f64
    }

    fn of(storage: &mut CpuStorage) -> Option<&mut [f64]> {
        if let CpuStorage::F64(numbers) = storage { Some(numbers) } else { None }
    }
}

/// Runs `f` on the numbers of all of these tensors, which are on the host.
pub(super) fn with_numbers<T: Number>(held: Vec<Held>, f: impl FnOnce(&mut [&mut [T]])) -> Result<()> {
    let mut own = Vec::with_capacity(held.len());
    let mut copies = Vec::new();
    for Held { memory, from, to } in held {
        let Memory::Host(storage) = memory else { bail!("an update on the host needs all of its tensors there") };
        if T::of(storage).is_some() {
            own.push(Some((storage, from, to)));
        } else {
            copies.push((copied::<T>(storage, from, to)?, storage, from, to));
            own.push(None);
        }
    }
    let mut of_copies = copies.iter_mut();
    let mut all: Vec<&mut [T]> = Vec::with_capacity(own.len());
    for place in &mut own {
        let numbers = match place {
            Some((storage, from, to)) => T::of(storage).map(|numbers| &mut numbers[*from..*to]),
            None => of_copies.next().map(|(copy, ..)| copy.as_mut_slice()),
        };
        all.extend(numbers);
    }
    f(&mut all);
    copies.into_iter().try_for_each(|(copy, storage, from, to)| write_back(&copy, storage, from, to))
}

fn copied<T: Number>(storage: &CpuStorage, from: usize, to: usize) -> Result<Vec<T>> {
    fn convert<S: WithDType, T: Number>(numbers: &[S]) -> Vec<T> {
        numbers.iter().map(|x| T::from_double(x.to_f64())).collect()
    }
    Ok(match storage {
        CpuStorage::F16(numbers) => convert(&numbers[from..to]),
        CpuStorage::BF16(numbers) => convert(&numbers[from..to]),
        CpuStorage::F32(numbers) => convert(&numbers[from..to]),
        CpuStorage::F64(numbers) => convert(&numbers[from..to]),
        _ => bail!("an update needs weights and slots of float numbers"),
    })
}

fn write_back<T: Number>(copy: &[T], storage: &mut CpuStorage, from: usize, to: usize) -> Result<()> {
    fn convert<S: WithDType, T: Number>(copy: &[T], numbers: &mut [S]) {
        numbers.iter_mut().zip(copy).for_each(|(number, x)| *number = S::from_f64(x.to_f64()));
    }
    match storage {
        CpuStorage::F16(numbers) => convert(copy, &mut numbers[from..to]),
        CpuStorage::BF16(numbers) => convert(copy, &mut numbers[from..to]),
        CpuStorage::F32(numbers) => convert(copy, &mut numbers[from..to]),
        CpuStorage::F64(numbers) => convert(copy, &mut numbers[from..to]),
        _ => bail!("an update needs weights and slots of float numbers"),
    }
    Ok(())
}
