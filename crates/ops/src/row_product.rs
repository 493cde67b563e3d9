//! The product of one row and a matrix.

use crate::simd::{Float, MulAdd};

/// How many columns of the product of a row are summed side by side.
pub(crate) const COLUMNS: usize = 64;

/// Adds the product of a row and a matrix whose rows are `stride` elements apart: the matrix is read once, as it lies in memory. (gemm takes up to a third longer,
/// and one thread.)
#[inline(always)]
pub(crate) fn add_row<T: Float>(y: &mut [T], x: &[T], b: &[T], stride: usize, by: impl MulAdd) {
    let (blocks, rest) = y.as_chunks_mut::<COLUMNS>();
    let singly = blocks.len() * COLUMNS;
    for (i, block) in blocks.iter_mut().enumerate() {
        add_columns(block, x, b, stride, i * COLUMNS, by);
    }
    let (few, last) = rest.as_chunks_mut::<8>();
    let after = singly + few.len() * 8;
    for (i, block) in few.iter_mut().enumerate() {
        add_columns(block, x, b, stride, singly + i * 8, by);
    }
    for (i, y) in last.iter_mut().enumerate() {
        add_columns(std::array::from_mut(y), x, b, stride, after + i, by);
    }
}

#[inline(always)]
fn add_columns<T: Float, const N: usize>(
    y: &mut [T; N],
    x: &[T],
    b: &[T],
    stride: usize,
    from: usize,
    by: impl MulAdd,
) {
    let mut sums = *y;
    for (k, &x) in x.iter().enumerate() {
        let row = &b[k * stride + from..][..N];
        for j in 0..N {
            sums[j] = by.mul_add(x, row[j], sums[j]);
        }
    }
    *y = sums;
}
