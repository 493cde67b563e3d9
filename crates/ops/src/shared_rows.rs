//! A table whose rows several threads train at once, without locks and without undefined behaviour.
//!
//! Asynchronous SGD (Hogwild, Niu et al., 2011) lets threads read and write the same rows. In Rust only atomics allow that, and the
//! compiler does not vectorize them. Here rows are copied to a thread's own buffer, where ordinary loops work on them, and changes are
//! added back. On x86-64 the copies are assembly: to Rust they are one relaxed atomic load or store for each element, which is what aligned
//! vector moves are on these processors, element by element. Elsewhere they are written as such.

#![allow(unsafe_code)]

use crate::{Error, Result, cores};
use std::ops::Range;
use std::sync::atomic::AtomicU32;

/// Elements in a cache line. Rows start at cache lines and fill whole ones.
const LINE: usize = 16;
/// How many rows a thread fills at once.
const FILLED: usize = 1 << 10;

/// A table of f32 that threads share: rows are loaded into, and added from, a thread's own buffer.
///
/// A change that another thread makes between the read and the write of an element in [`add`](Self::add) is lost; nothing worse can happen.
/// With one thread the results are reproducible.
///
/// ```
/// use candle_keras_ops::SharedRows;
/// let table = SharedRows::new(2, 3, |row, numbers| numbers.fill(row as f32))?;
/// let mut row = vec![0.0; table.stride()];
/// table.load(1, &mut row);
/// assert_eq!(row[..3], [1.0; 3]);
/// table.add(0, &row);
/// assert_eq!(table.into_vec(), [1.0; 6]);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug)]
pub struct SharedRows {
    memory: Vec<AtomicU32>,
    /// The offset of the first row: at a cache line.
    first: usize,
    rows: usize,
    width: usize,
    stride: usize,
}

impl SharedRows {
    /// A table of `rows` rows of `width` elements, which `fill` writes in parallel; it is given the index of a row, and zeros.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn new(rows: usize, width: usize, fill: impl Fn(usize, &mut [f32]) + Sync) -> Result<Self> {
        let table = Self::zeros(rows, width)?;
        let blocks = (0..rows).step_by(FILLED).map(|first| first..rows.min(first + FILLED));
        cores::each(blocks, |block| {
            let mut row = vec![0.0; table.stride];
            for number in block {
                row.fill(0.0);
                fill(number, &mut row[..width]);
                table.store(number, &row);
            }
        });
        Ok(table)
    }

    /// A table of zeros, in pages that the system allocates when they are first written.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub fn zeros(rows: usize, width: usize) -> Result<Self> {
        let too_large = || {
            Error::new("there is not enough memory for a table of vectors")
                .received(format!("{rows} rows of {width} numbers, {:.1} GB", rows as f64 * width as f64 * 4e-9))
                .help("fewer words, a smaller vector_size or, for n-grams, a smaller bucket take less")
        };
        let stride = width.checked_next_multiple_of(LINE).ok_or_else(too_large)?;
        let numbers =
            stride.checked_mul(rows).and_then(|numbers| numbers.checked_add(LINE - 1)).ok_or_else(too_large)?;
        let bytes = numbers.checked_mul(size_of::<u32>()).ok_or_else(too_large)?;
        if !crate::has_memory_for(bytes) {
            return Err(too_large());
        }
        let memory = into_atomics(vec![0; numbers]);
        let first = memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE - 1);
        Ok(Self { memory, first, rows, width, stride })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of elements of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of elements of a row in memory, a multiple of 16: those behind `width` are zeros, and stay so if zeros are added.
    pub fn stride(&self) -> usize {
        self.stride
    }

    #[inline(always)]
    fn range(&self, row: usize) -> Range<usize> {
        assert!(row < self.rows, "row {row} of a table of {}", self.rows);
        let start = self.first + row * self.stride;
        start..start + self.stride
    }

    #[inline(always)]
    fn row(&self, row: usize) -> &[AtomicU32] {
        &self.memory[self.range(row)]
    }

    /// Copies a row.
    ///
    /// # Panics
    /// If there is no such row, or `into` is not of the length [`stride`](Self::stride).
    #[inline(always)]
    pub fn load(&self, row: usize, into: &mut [f32]) {
        lines::load(self.row(row), into);
    }

    /// Adds a row to `sum`.
    ///
    /// # Panics
    /// As [`load`](Self::load).
    #[inline(always)]
    pub fn load_add(&self, row: usize, sum: &mut [f32]) {
        lines::load_add(self.row(row), sum);
    }

    /// Replaces a row.
    ///
    /// # Panics
    /// As [`load`](Self::load).
    #[inline(always)]
    pub fn store(&self, row: usize, from: &[f32]) {
        lines::store(self.row(row), from);
    }

    /// Adds to a row.
    ///
    /// # Panics
    /// As [`load`](Self::load).
    #[inline(always)]
    pub fn add(&self, row: usize, change: &[f32]) {
        lines::add(self.row(row), change);
    }

    /// Prefetches a row.
    #[inline(always)]
    pub fn prefetch(&self, row: usize) {
        lines::prefetch(self.row(row));
    }

    /// Prefetches one line of a row, 16 elements: to spread the prefetches over the work on other rows.
    #[inline(always)]
    pub fn prefetch_line(&self, row: usize, line: usize) {
        if let Some(line) = self.row(row).get(line * LINE..) {
            lines::prefetch(&line[..line.len().min(LINE)]);
        }
    }

    /// The rows as a vector, `width` elements each, in the memory of the table.
    pub fn into_vec(self) -> Vec<f32> {
        let Self { memory, first, rows, width, stride } = self;
        // The standard library collects in place, since both types have one layout.
        let mut numbers: Vec<f32> = memory.into_iter().map(|x| f32::from_bits(x.into_inner())).collect();
        for row in 0..rows {
            let start = first + row * stride;
            numbers.copy_within(start..start + width, row * width);
        }
        numbers.truncate(rows * width);
        numbers.shrink_to_fit();
        numbers
    }
}

/// The same elements as atomics, without reading them: zero pages that nobody has written stay unallocated.
fn into_atomics(numbers: Vec<u32>) -> Vec<AtomicU32> {
    const { assert!(align_of::<AtomicU32>() == align_of::<u32>()) };
    let mut numbers = std::mem::ManuallyDrop::new(numbers);
    // SAFETY: the memory is that of a vector which is not used or dropped any more. An atomic has the size and the valid bits of its integer, and, as is
    // checked above, its alignment, so that the memory is given back as it was allocated.
    unsafe { Vec::from_raw_parts(numbers.as_mut_ptr().cast(), numbers.len(), numbers.capacity()) }
}

/// The vector moves of x86-64 over the lines of a row.
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod lines {
    use super::{AtomicU32, LINE};
    use std::arch::asm;

    /// One instruction sequence over all lines: `$body` for each, with the registers `a` (shared) and `b` (the thread's own).
    ///
    /// SAFETY of the blocks: both slices have `count` elements, a multiple of a line, which the blocks read and write in bounds and nothing
    /// else. Other threads may change the elements in `shared` meanwhile, which atomics allow: every move accesses each aligned element of
    /// 4 bytes at once. AVX and AVX-512 are used where `arch` has found them.
    macro_rules! over_lines {
        ($shared:expr, $own:expr, $pointer:ident, avx512: [$($wide:literal),*], avx: [$($half:literal),*], sse: [$($quarter:literal),*]) => {{
            let (shared, own, count) = ($shared, $own, $shared.len());
            assert!(own.len() == count && count.is_multiple_of(LINE), "a row of {count} numbers, not of {}", own.len());
            let bytes = count * size_of::<f32>();
            let (a, b) = (shared.as_ptr(), own.$pointer());
            macro_rules! run {
                ($step:literal, $body:expr) => {
                    unsafe {
                        asm!(
                            "2:",
                            $body,
                            concat!("add {i}, ", $step),
                            "cmp {i}, {n}",
                            "jb 2b",
                            a = in(reg) a, b = in(reg) b, n = in(reg) bytes, i = inout(reg) 0usize => _,
                            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
                            options(nostack)
                        )
                    }
                };
            }
            if bytes > 0 {
                match crate::arch() {
                    pulp::Arch::V4(_) => run!("64", concat!($($wide, "\n"),*)),
                    pulp::Arch::V3(_) => run!("64", concat!($($half, "\n"),*)),
                    _ => run!("64", concat!($($quarter, "\n"),*)),
                }
            }
        }};
    }

    #[inline(always)]
    pub(super) fn load(shared: &[AtomicU32], into: &mut [f32]) {
        over_lines!(shared, into, as_mut_ptr,
            avx512: ["vmovups zmm0, [{a} + {i}]", "vmovups [{b} + {i}], zmm0"],
            avx: ["vmovups ymm0, [{a} + {i}]", "vmovups ymm1, [{a} + {i} + 32]",
                "vmovups [{b} + {i}], ymm0", "vmovups [{b} + {i} + 32], ymm1"],
            sse: ["movups xmm0, [{a} + {i}]", "movups xmm1, [{a} + {i} + 16]",
                "movups xmm2, [{a} + {i} + 32]", "movups xmm3, [{a} + {i} + 48]",
                "movups [{b} + {i}], xmm0", "movups [{b} + {i} + 16], xmm1",
                "movups [{b} + {i} + 32], xmm2", "movups [{b} + {i} + 48], xmm3"]);
    }

    #[inline(always)]
    pub(super) fn load_add(shared: &[AtomicU32], sum: &mut [f32]) {
        over_lines!(shared, sum, as_mut_ptr,
            avx512: ["vmovups zmm0, [{b} + {i}]", "vaddps zmm0, zmm0, [{a} + {i}]", "vmovups [{b} + {i}], zmm0"],
            avx: ["vmovups ymm0, [{b} + {i}]", "vmovups ymm1, [{b} + {i} + 32]",
                "vaddps ymm0, ymm0, [{a} + {i}]", "vaddps ymm1, ymm1, [{a} + {i} + 32]",
                "vmovups [{b} + {i}], ymm0", "vmovups [{b} + {i} + 32], ymm1"],
            sse: ["movups xmm0, [{a} + {i}]", "movups xmm1, [{b} + {i}]", "addps xmm0, xmm1", "movups [{b} + {i}], xmm0",
                "movups xmm0, [{a} + {i} + 16]", "movups xmm1, [{b} + {i} + 16]", "addps xmm0, xmm1", "movups [{b} + {i} + 16], xmm0",
                "movups xmm0, [{a} + {i} + 32]", "movups xmm1, [{b} + {i} + 32]", "addps xmm0, xmm1", "movups [{b} + {i} + 32], xmm0",
                "movups xmm0, [{a} + {i} + 48]", "movups xmm1, [{b} + {i} + 48]", "addps xmm0, xmm1", "movups [{b} + {i} + 48], xmm0"]);
    }

    #[inline(always)]
    pub(super) fn store(shared: &[AtomicU32], from: &[f32]) {
        over_lines!(shared, from, as_ptr,
            avx512: ["vmovups zmm0, [{b} + {i}]", "vmovups [{a} + {i}], zmm0"],
            avx: ["vmovups ymm0, [{b} + {i}]", "vmovups ymm1, [{b} + {i} + 32]",
                "vmovups [{a} + {i}], ymm0", "vmovups [{a} + {i} + 32], ymm1"],
            sse: ["movups xmm0, [{b} + {i}]", "movups xmm1, [{b} + {i} + 16]",
                "movups xmm2, [{b} + {i} + 32]", "movups xmm3, [{b} + {i} + 48]",
                "movups [{a} + {i}], xmm0", "movups [{a} + {i} + 16], xmm1",
                "movups [{a} + {i} + 32], xmm2", "movups [{a} + {i} + 48], xmm3"]);
    }

    #[inline(always)]
    pub(super) fn add(shared: &[AtomicU32], change: &[f32]) {
        over_lines!(shared, change, as_ptr,
            avx512: ["vmovups zmm0, [{b} + {i}]", "vaddps zmm0, zmm0, [{a} + {i}]", "vmovups [{a} + {i}], zmm0"],
            avx: ["vmovups ymm0, [{b} + {i}]", "vmovups ymm1, [{b} + {i} + 32]",
                "vaddps ymm0, ymm0, [{a} + {i}]", "vaddps ymm1, ymm1, [{a} + {i} + 32]",
                "vmovups [{a} + {i}], ymm0", "vmovups [{a} + {i} + 32], ymm1"],
            sse: ["movups xmm0, [{a} + {i}]", "movups xmm1, [{b} + {i}]", "addps xmm0, xmm1", "movups [{a} + {i}], xmm0",
                "movups xmm0, [{a} + {i} + 16]", "movups xmm1, [{b} + {i} + 16]", "addps xmm0, xmm1", "movups [{a} + {i} + 16], xmm0",
                "movups xmm0, [{a} + {i} + 32]", "movups xmm1, [{b} + {i} + 32]", "addps xmm0, xmm1", "movups [{a} + {i} + 32], xmm0",
                "movups xmm0, [{a} + {i} + 48]", "movups xmm1, [{b} + {i} + 48]", "addps xmm0, xmm1", "movups [{a} + {i} + 48], xmm0"]);
    }

    #[inline(always)]
    pub(super) fn prefetch(shared: &[AtomicU32]) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        for line in shared.chunks(LINE) {
            // SAFETY: a prefetch has no visible effect.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
        }
    }
}

/// Element by element: slower, since these loops are not vectorized.
#[cfg(any(not(target_arch = "x86_64"), miri))]
mod lines {
    use super::AtomicU32;
    use std::sync::atomic::Ordering::Relaxed;

    #[inline(always)]
    pub(super) fn load(shared: &[AtomicU32], into: &mut [f32]) {
        assert_eq!(shared.len(), into.len());
        for (x, shared) in into.iter_mut().zip(shared) {
            *x = f32::from_bits(shared.load(Relaxed));
        }
    }

    #[inline(always)]
    pub(super) fn load_add(shared: &[AtomicU32], sum: &mut [f32]) {
        assert_eq!(shared.len(), sum.len());
        for (x, shared) in sum.iter_mut().zip(shared) {
            *x += f32::from_bits(shared.load(Relaxed));
        }
    }

    #[inline(always)]
    pub(super) fn store(shared: &[AtomicU32], from: &[f32]) {
        assert_eq!(shared.len(), from.len());
        for (x, shared) in from.iter().zip(shared) {
            shared.store(x.to_bits(), Relaxed);
        }
    }

    #[inline(always)]
    pub(super) fn add(shared: &[AtomicU32], change: &[f32]) {
        assert_eq!(shared.len(), change.len());
        for (x, shared) in change.iter().zip(shared) {
            shared.store((f32::from_bits(shared.load(Relaxed)) + x).to_bits(), Relaxed);
        }
    }

    #[inline(always)]
    pub(super) fn prefetch(_: &[AtomicU32]) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    /// The vector moves and the atomics agree.
    #[test]
    fn rows_are_read_and_changed() {
        for width in [1, 16, 17, 100] {
            let value = |row: usize, i: usize| (row * 1000 + i) as f32 / 3.0;
            let table = SharedRows::new(3, width, |row, numbers| {
                numbers.iter_mut().enumerate().for_each(|(i, x)| *x = value(row, i));
            })
            .unwrap();
            let number = |row: usize, i: usize| f32::from_bits(table.row(row)[i].load(Relaxed));
            let mut own = vec![1.0; table.stride()];
            table.load(2, &mut own);
            assert!((0..width).all(|i| own[i] == value(2, i)) && own[width..].iter().all(|&x| x == 0.0));
            table.load_add(0, &mut own);
            assert!((0..width).all(|i| own[i] == value(2, i) + value(0, i)));
            table.prefetch(1);
            table.prefetch_line(1, 0);
            table.prefetch_line(1, 100);
            table.add(1, &own);
            assert!((0..width).all(|i| number(1, i) == value(1, i) + own[i]));
            table.store(0, &own);
            assert!((0..width).all(|i| number(0, i) == own[i] && number(2, i) == value(2, i)));
            let all = table.into_vec();
            assert!(all.len() == 3 * width && (0..width).all(|i| all[2 * width + i] == value(2, i)));
        }
        assert!(
            [(0, 5), (2, 0)].iter().all(|&(rows, width)| SharedRows::zeros(rows, width).unwrap().into_vec().is_empty())
        );
        let rows = if cfg!(miri) { 5 } else { 5000 };
        let many = SharedRows::new(rows, 3, |row, numbers| numbers.fill(row as f32)).unwrap().into_vec();
        assert!(many.chunks(3).enumerate().all(|(row, numbers)| numbers == [row as f32; 3]));
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri ends where memory does")]
    fn too_many_rows_are_an_error() {
        for (rows, width) in [(usize::MAX, 100), (1 << 31, 1 << 31), (1 << 45, 1)] {
            assert!(SharedRows::zeros(rows, width).unwrap_err().to_string().contains("not enough memory"));
        }
    }

    /// No thread ever sees a value that was not written, and no change of one thread is lost.
    #[test]
    fn threads_share_rows() {
        let table = SharedRows::zeros(4, 20).unwrap();
        let rounds = if cfg!(miri) { 20 } else { 20_000 };
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let table = &table;
                scope.spawn(move || {
                    let (mut own, ones) = (vec![0.0; table.stride()], vec![1.0; table.stride()]);
                    for _ in 0..rounds {
                        table.add(thread, &ones);
                        table.add(3, &ones);
                        table.load(3, &mut own);
                        assert!(own.iter().all(|x| x.fract() == 0.0 && (1.0..=3.0 * rounds as f32).contains(x)));
                    }
                });
            }
        });
        let all = table.into_vec();
        assert!(all[..60].iter().all(|&x| x == rounds as f32));
    }

    #[test]
    #[should_panic(expected = "row 2 of a table of 2")]
    fn a_row_that_is_not_there_panics() {
        SharedRows::zeros(2, 3).unwrap().load(2, &mut [0.0; 16]);
    }
}
