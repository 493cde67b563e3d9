//! Tensors on the host as slices, and parallel, vectorized loops over them.

use crate::cores;
use crate::simd;
use crate::simd::Float;
use candle_core::{Result, Storage, Tensor, WithDType, bail};
use std::marker::PhantomData;
use std::ops::{Deref, Range};

/// The memory of a tensor, borrowed.
pub(crate) struct View<G, T> {
    storage: G,
    range: Range<usize>,
    _type: PhantomData<T>,
}

/// The memory of a contiguous tensor on the host.
pub(crate) fn view<T: WithDType>(tensor: &Tensor) -> Result<View<impl Deref<Target = Storage> + '_, T>> {
    let (storage, layout) = tensor.storage_and_layout();
    match (&*storage, layout.contiguous_offsets()) {
        (Storage::Cpu(cpu), Some((from, to))) => {
            T::cpu_storage_as_slice(cpu)?;
            Ok(View::new(storage, from..to))
        }
        _ => bail!("a loop needs a contiguous tensor on the host"),
    }
}

impl<G, T> View<G, T> {
    pub(crate) fn new(storage: G, range: Range<usize>) -> Self {
        Self { storage, range, _type: PhantomData }
    }
}

impl<G: Deref<Target = Storage>, T: WithDType> Deref for View<G, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &*self.storage {
            Storage::Cpu(cpu) => T::cpu_storage_as_slice(cpu).map_or(&[], |all| &all[self.range.clone()]),
            _ => &[],
        }
    }
}

/// `f` of each element.
pub(crate) fn map1<T: Float>(a: &[T], f: impl Fn(T) -> T + Sync + Copy) -> Vec<T> {
    cores::fill_chunks(a.len(), cores::chunk_len(a.len(), 1, 1), |from, chunk| {
        let a = &a[from..from + chunk.remaining()];
        simd!(chunk.map(a, f));
    })
}

/// `f` of each pair of elements of slices of one length.
pub(crate) fn map2<T: Float, V: Copy + Sync>(a: &[T], b: &[V], f: impl Fn(T, V) -> T + Sync + Copy) -> Vec<T> {
    cores::fill_chunks(a.len(), cores::chunk_len(a.len(), 1, 1), |from, chunk| {
        let range = from..from + chunk.remaining();
        let (a, b) = (&a[range.clone()], &b[range]);
        simd!(chunk.map2(a, b, f));
    })
}

/// `f` of each three elements of slices of one length.
pub(crate) fn map3<T: Float>(a: &[T], b: &[T], c: &[T], f: impl Fn(T, T, T) -> T + Sync + Copy) -> Vec<T> {
    cores::fill_chunks(a.len(), cores::chunk_len(a.len(), 1, 1), |from, chunk| {
        let range = from..from + chunk.remaining();
        let (a, b, c) = (&a[range.clone()], &b[range.clone()], &c[range]);
        simd!(chunk.map3(a, b, c, f));
    })
}

/// How many lanes a reduction has.
const LANES: usize = 16;

/// Reduces all elements by `f`, beginning with `start`: in lanes, which are combined pair by pair, since a single accumulator would make
/// each element wait for the one before. NaN may be ignored if `f` ignores it.
#[inline(always)]
pub(crate) fn reduced<T: Float>(x: &[T], start: T, get: impl Fn(T) -> T, f: impl Fn(T, T) -> T) -> T {
    let mut lanes = [start; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &x) in lanes.iter_mut().zip(chunk) {
            *lane = f(*lane, get(x));
        }
    }
    together(lanes, rest.iter().map(|&x| get(x)), f)
}

/// Combines the lanes, halving their number.
#[inline(always)]
fn together<T: Float>(lanes: [T; LANES], rest: impl Iterator<Item = T>, f: impl Fn(T, T) -> T) -> T {
    // Through memory: otherwise the compiler vectorizes the loop before by pairs of elements.
    let mut lanes = std::hint::black_box(lanes);
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane = f(*lane, x);
    }
    for half in [8, 4, 2, 1] {
        let (low, high) = lanes.split_at_mut(half);
        for (low, high) in low.iter_mut().zip(high) {
            *low = f(*low, *high);
        }
    }
    lanes[0]
}

/// The sum of a slice.
#[inline(always)]
pub(crate) fn total<T: Float>(x: &[T]) -> T {
    sum_of(x, |x| x)
}

/// The sum of `f` of each element.
#[inline(always)]
pub(crate) fn sum_of<T: Float>(x: &[T], f: impl Fn(T) -> T) -> T {
    reduced(x, T::ZERO, f, |a, b| a + b)
}

/// The largest element; NaN may be ignored.
#[inline(always)]
pub(crate) fn largest<T: Float>(x: &[T]) -> T {
    reduced(x, T::LOWEST, |x| x, |a, b| if a > b { a } else { b })
}

/// The dot product.
#[inline(always)]
pub(crate) fn dot<T: Float>(x: &[T], y: &[T]) -> T {
    sum_of2(x, y, |x, y| x * y)
}

/// The sum of `f` of each pair of elements.
#[inline(always)]
pub(crate) fn sum_of2<T: Float>(x: &[T], y: &[T], f: impl Fn(T, T) -> T) -> T {
    let mut lanes = [T::ZERO; LANES];
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in x.iter().zip(y) {
        for ((lane, &x), &y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += f(x, y);
        }
    }
    together(lanes, x_rest.iter().zip(y_rest).map(|(&x, &y)| f(x, y)), |a, b| a + b)
}

/// Runs `$body` with `$t` as f32 or f64, the dtype of `$tensor`.
macro_rules! with_float {
    ($tensor:expr, $t:ident => $body:expr) => {
        match $tensor.dtype() {
            candle_core::DType::F64 => {
                type $t = f64;
                $body
            }
            _ => {
                type $t = f32;
                $body
            }
        }
    };
}
pub(crate) use with_float;
