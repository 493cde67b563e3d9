//! Tensors on the host as slices, and loops over them that every core and the widest instructions take part in.

use crate::cores::{SHARED_FROM, in_parts};
use crate::simd;
use crate::simd::Real;
use candle_core::{Result, Storage, Tensor, bail};
use std::marker::PhantomData;
use std::ops::{Deref, Range};

/// The memory of a tensor, which is not copied.
pub(crate) struct View<G, T> {
    storage: G,
    range: Range<usize>,
    _type: PhantomData<T>,
}

/// The memory of a contiguous tensor on the host.
pub(crate) fn view<T: Real>(tensor: &Tensor) -> Result<View<impl Deref<Target = Storage> + '_, T>> {
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

impl<G: Deref<Target = Storage>, T: Real> Deref for View<G, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &*self.storage {
            Storage::Cpu(cpu) => T::cpu_storage_as_slice(cpu).map_or(&[], |all| &all[self.range.clone()]),
            _ => &[],
        }
    }
}

#[inline(always)]
fn each1<T: Copy, U>(y: &mut [U], a: &[T], f: impl Fn(T) -> U) {
    y.iter_mut().zip(a).for_each(|(y, &a)| *y = f(a));
}

#[inline(always)]
fn each2<T: Copy, V: Copy, U>(y: &mut [U], a: &[T], b: &[V], f: impl Fn(T, V) -> U) {
    y.iter_mut().zip(a).zip(b).for_each(|((y, &a), &b)| *y = f(a, b));
}

#[inline(always)]
fn each3<T: Copy, U>(y: &mut [U], a: &[T], b: &[T], c: &[T], f: impl Fn(T, T, T) -> U) {
    y.iter_mut().zip(a).zip(b).zip(c).for_each(|(((y, &a), &b), &c)| *y = f(a, b, c));
}

/// `f` of each element.
pub(crate) fn map1<T: Real>(a: &[T], f: impl Fn(T) -> T + Sync + Copy) -> Vec<T> {
    if a.len() < SHARED_FROM {
        return simd!(a.iter().map(|&a| f(a)).collect());
    }
    let mut y = vec![T::ZERO; a.len()];
    in_parts(&mut y, 1, 1, |from, part| {
        let a = &a[from..from + part.len()];
        simd!(each1(part, a, f));
    });
    y
}

/// `f` of each pair of elements of slices of one length.
pub(crate) fn map2<T: Real, V: Copy + Sync>(a: &[T], b: &[V], f: impl Fn(T, V) -> T + Sync + Copy) -> Vec<T> {
    if a.len() < SHARED_FROM {
        return simd!(a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect());
    }
    let mut y = vec![T::ZERO; a.len()];
    in_parts(&mut y, 1, 1, |from, part| {
        let range = from..from + part.len();
        let (a, b) = (&a[range.clone()], &b[range]);
        simd!(each2(part, a, b, f));
    });
    y
}

/// `f` of each three elements of slices of one length.
pub(crate) fn map3<T: Real>(a: &[T], b: &[T], c: &[T], f: impl Fn(T, T, T) -> T + Sync + Copy) -> Vec<T> {
    if a.len() < SHARED_FROM {
        return simd!(a.iter().zip(b).zip(c).map(|((&a, &b), &c)| f(a, b, c)).collect());
    }
    let mut y = vec![T::ZERO; a.len()];
    in_parts(&mut y, 1, 1, |from, part| {
        let range = from..from + part.len();
        let (a, b, c) = (&a[range.clone()], &b[range.clone()], &c[range]);
        simd!(each3(part, a, b, c, f));
    });
    y
}

/// The sum of a slice, in eight lanes.
#[inline(always)]
pub(crate) fn total<T: Real>(x: &[T]) -> T {
    let mut lanes = [T::ZERO; 16];
    let chunks = x.chunks_exact(16);
    let rest = chunks.remainder();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane += x);
    }
    let mut sum = T::ZERO;
    lanes.iter().chain(rest).for_each(|&x| sum += x);
    sum
}

/// The largest element, in lanes; one that is not a number may be passed over.
#[inline(always)]
pub(crate) fn largest<T: Real>(x: &[T]) -> T {
    let mut lanes = [T::LOWEST; 16];
    let chunks = x.chunks_exact(16);
    let rest = chunks.remainder();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane = if *lane > x { *lane } else { x });
    }
    lanes.iter().chain(rest).fold(T::LOWEST, |most, &x| most.larger(x))
}

/// The sum of products, in lanes.
#[inline(always)]
pub(crate) fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    let mut lanes = [T::ZERO; 16];
    let whole = x.len().min(y.len()) / 16 * 16;
    for (x, y) in x[..whole].chunks_exact(16).zip(y[..whole].chunks_exact(16)) {
        lanes.iter_mut().zip(x).zip(y).for_each(|((lane, &x), &y)| *lane += x * y);
    }
    let mut sum = T::ZERO;
    lanes.iter().for_each(|&x| sum += x);
    x[whole..].iter().zip(&y[whole..]).for_each(|(&x, &y)| sum += x * y);
    sum
}

/// Runs `$body` with `$t` standing for f32 or f64, as the dtype of `$tensor` says.
macro_rules! with_real {
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
pub(crate) use with_real;
