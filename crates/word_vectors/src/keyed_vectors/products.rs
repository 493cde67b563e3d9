//! Sums of products: norms, cosines, and products of many rows.

use candle_keras_ops::{MulAdd, cores, simd};

/// As many numbers as the widest registers hold.
const LANES: usize = 16;

/// Rows whose norms are one core's next part.
const ROWS: usize = 512;

/// The sum of products: in as many sums as four registers hold, none of which waits for another, then in fewer for what is left.
#[inline(always)]
pub(crate) fn dot<T: Copy + Into<f32>>(a: &[T], b: &[f32], by: impl MulAdd) -> f32 {
    let (wide, a, b) = sums_of_products::<_, { 4 * LANES }>(a, b, by);
    let (mut lanes, a, b) = sums_of_products::<_, LANES>(a, b, by);
    let (narrow, a, b) = sums_of_products::<_, 4>(a, b, by);
    for (i, lane) in lanes.iter_mut().enumerate() {
        *lane += (wide[i] + wide[i + LANES]) + (wide[i + 2 * LANES] + wide[i + 3 * LANES]);
    }
    let mut sum = total(lanes) + ((narrow[0] + narrow[1]) + (narrow[2] + narrow[3]));
    for (&a, &b) in a.iter().zip(b) {
        sum = by.mul_add(a.into(), b, sum);
    }
    sum
}

/// `N` sums of products side by side, and the numbers that are left.
#[inline(always)]
fn sums_of_products<'a, T: Copy + Into<f32>, const N: usize>(
    a: &'a [T],
    b: &'a [f32],
    by: impl MulAdd,
) -> ([f32; N], &'a [T], &'a [f32]) {
    let mut sums = [0f32; N];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<N>(), b.as_chunks::<N>());
    for (a, b) in a.iter().zip(b) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum = by.mul_add(a.into(), b, *sum);
        }
    }
    // Through memory: what adds the sums up would otherwise have the loop compiled for pairs of numbers.
    (std::hint::black_box(sums), a_rest, b_rest)
}

/// The sum of the lanes, pair by pair.
#[inline(always)]
fn total(mut lanes: [f32; LANES]) -> f32 {
    for half in [8, 4, 2, 1] {
        for i in 0..half {
            lanes[i] += lanes[i + half];
        }
    }
    lanes[0]
}

/// The product of each row of `rows` with `vector`.
pub(super) fn dot_rows<T: Copy + Into<f32>>(rows: &[T], vector: &[f32], products: &mut [f32]) {
    if vector.is_empty() {
        return products.fill(0.0);
    }
    simd!(|by| {
        for (row, product) in rows.chunks_exact(vector.len()).zip(products) {
            *product = dot(row, vector, by);
        }
    })
}

/// The sum of squares, in f64: neither large nor small numbers leave its range.
#[inline(always)]
fn sum_of_squares(vector: &[f32]) -> f64 {
    let mut sums = [0f64; LANES];
    let (chunks, rest) = vector.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, &x) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(x) * f64::from(x);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>()
}

/// The Euclidean norm; 0 also for numbers so small that nothing can be divided by it.
pub(crate) fn norm(vector: &[f32]) -> f32 {
    let norm = simd!(sum_of_squares(vector)).sqrt() as f32;
    if norm < f32::MIN_POSITIVE { 0.0 } else { norm }
}

/// The norm of each row.
pub(super) fn norms(vectors: &[f32], size: usize, rows: usize) -> Vec<f32> {
    let mut norms = vec![0.0; rows];
    let parts = vectors.chunks(size.max(1) * ROWS).zip(norms.chunks_mut(ROWS));
    cores::each(parts, |(vectors, norms)| {
        for (vector, norm) in vectors.chunks_exact(size).zip(norms) {
            *norm = self::norm(vector);
        }
    });
    norms
}

/// Divides a vector by its norm; zeros remain zeros, and a vector with a NaN is all NaN.
pub(super) fn normalize(vector: &mut [f32]) {
    divide(vector, norm(vector));
}

/// Divides a vector by a norm, unless that is 0; by NaN as well, so that no score takes such a vector for zeros.
pub(super) fn divide(vector: &mut [f32], norm: f32) {
    if norm != 0.0 {
        for x in vector {
            *x /= norm;
        }
    }
}

/// The cosine of two vectors; 0 if one is zeros, not a number if one has a NaN.
pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product: f64 = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    let norms = (sum_of_squares(a) * sum_of_squares(b)).sqrt();
    if norms == 0.0 { 0.0 } else { product / norms }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_any_length_are_right() {
        for length in [0, 1, 15, 16, 17, 63, 64, 100, 300] {
            let a: Vec<f32> = (0..length).map(|i| (i % 5) as f32 - 1.0).collect();
            let codes: Vec<i8> = a.iter().map(|&x| x as i8).collect();
            let b: Vec<f32> = (0..length).map(|i| (i % 7) as f32).collect();
            let expected: f32 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            let mut products = [0.0; 2];
            dot_rows(&[a.clone(), a.clone()].concat(), &b, &mut products);
            assert_eq!(products, [expected; 2], "{length}");
            dot_rows(&[codes.clone(), codes].concat(), &b, &mut products);
            assert_eq!(products, [expected; 2], "{length}");
        }
    }

    #[test]
    fn norms_hold_for_large_and_small_numbers() {
        assert_eq!(norm(&[3e30, 4e30]), 5e30);
        assert_eq!(norm(&[3e-30, 4e-30]), 5e-30);
        assert_eq!((norm(&[1e-45]), norm(&[])), (0.0, 0.0));
        assert_eq!(norms(&[3.0, 4.0, 0.0, 0.0], 2, 2), [5.0, 0.0]);
        assert_eq!(norms(&[], 0, 2), [0.0, 0.0]);
        assert_eq!((cosine(&[2.0, 0.0], &[1.0, 0.0]), cosine(&[0.0], &[1.0])), (1.0, 0.0));
    }
}
