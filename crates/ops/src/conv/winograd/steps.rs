//! The linear transforms of minimal filtering, along one axis of a tile.
//!
//! A kernel of three weights is a polynomial, and so are the elements under it. Their product is known from its values at as many points as it
//! has coefficients, infinity among them: at each point, one multiplication. Tiles of two outputs take the points 0, 1, -1 and infinity; tiles
//! of four take 0, `A`, `-A`, `B`, `-B` and infinity.
//!
//! Sums of large numbers that cancel each other cost precision, which the points decide (compare Alam et al.,
//! <https://arxiv.org/abs/2201.10369>). `tests::fewer_multiplications_round_little` prints the error relative to plain sums, of an
//! output, of the gradient of the input and of that of the kernel. With other values of `A` and `B`:
//!
//! | `A`, `B` | output | input | kernel |
//! |---|---|---|---|
//! | 5/8, 3/2 | 1.16 | 2.96 | 1.41 |
//! | 3/4, 3/2 | 1.20 | 3.06 | 1.48 |
//! | 5/8, 11/8 | 1.20 | 3.03 | 1.50 |
//! | 1/2, 3/2 | 1.30 | 3.36 | 1.61 |
//! | 1, 2, the usual ones | 1.69 | 4.23 | 2.11 |
//! | 1/2, 1 | 1.74 | 4.28 | 2.13 |

use super::WIDTH;
use crate::simd::{Float, MulAdd};
use std::array::from_fn;

/// Channels that are computed side by side.
pub(super) type Lanes<T> = [T; WIDTH];

/// M weighted sums of N elements along an axis.
pub(super) trait Step<const N: usize, const M: usize>: Copy + Sync {
    fn of<T: Float>(self, x: [T; N], by: impl MulAdd) -> [T; M];
}

/// The gradient of a step: its matrix transposed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Transposed<S>(pub(super) S);

/// From the inputs of a tile to values at the points.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inputs;

/// From the values of the product to the outputs of a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outputs;

/// From a kernel to values at the points, divided by what the inputs are multiplied by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window;

/// Applies a step to each row, then to each column.
#[inline(always)]
pub(super) fn both<T: Float, S, const N: usize, const M: usize, const K: usize, const L: usize>(
    x: [[&Lanes<T>; K]; N],
    step: S,
    by: impl MulAdd,
) -> [[Lanes<T>; L]; M]
where
    S: Step<N, M> + Step<K, L>,
{
    let mut result = [[[T::ZERO; WIDTH]; L]; M];
    // The compiler unrolls the loops within this one and vectorizes it.
    for lane in 0..WIDTH {
        let rows: [[T; L]; N] = from_fn(|i| step.of(from_fn::<T, K, _>(|j| x[i][j][lane]), by));
        let columns: [[T; M]; L] = from_fn(|j| step.of(from_fn::<T, N, _>(|i| rows[i][j]), by));
        for (i, row) in result.iter_mut().enumerate() {
            for (j, element) in row.iter_mut().enumerate() {
                element[lane] = columns[j][i];
            }
        }
    }
    result
}

impl Step<4, 4> for Inputs {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c, d]: [T; 4], _: impl MulAdd) -> [T; 4] {
        [a - c, b + c, c - b, b - d]
    }
}

impl Step<4, 4> for Transposed<Inputs> {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c, d]: [T; 4], _: impl MulAdd) -> [T; 4] {
        [a, b - c + d, b + c - a, -d]
    }
}

impl Step<4, 2> for Outputs {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c, d]: [T; 4], _: impl MulAdd) -> [T; 2] {
        [a + (b + c), b - c - d]
    }
}

impl Step<2, 4> for Transposed<Outputs> {
    #[inline(always)]
    fn of<T: Float>(self, [a, b]: [T; 2], _: impl MulAdd) -> [T; 4] {
        [a, a + b, a - b, -b]
    }
}

impl Step<3, 4> for Window {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c]: [T; 3], _: impl MulAdd) -> [T; 4] {
        let half = T::from_double(0.5);
        [a, (a + c + b) * half, (a + c - b) * half, c]
    }
}

impl Step<4, 3> for Transposed<Window> {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c, d]: [T; 4], _: impl MulAdd) -> [T; 3] {
        let half = T::from_double(0.5);
        let (sum, difference) = ((b + c) * half, (b - c) * half);
        [a + sum, difference, sum + d]
    }
}

const A: f64 = 5.0 / 8.0;
const B: f64 = 3.0 / 2.0;
const AA: f64 = A * A;
const BB: f64 = B * B;

/// What the inputs are multiplied by at 0, `A` and `B`.
const AT_0: f64 = AA * BB;
const AT_A: f64 = 2.0 * AA * (AA - BB);
const AT_B: f64 = 2.0 * BB * (BB - AA);

impl Step<6, 6> for Inputs {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c, d, e, f]: [T; 6], by: impl MulAdd) -> [T; 6] {
        let (even_a, odd_a) = (plus(e, -BB, c, by), plus(d, -BB, b, by));
        let (even_b, odd_b) = (plus(e, -AA, c, by), plus(d, -AA, b, by));
        [
            plus(plus(e, -AA - BB, c, by), AT_0, a, by),
            plus(even_a, A, odd_a, by),
            plus(even_a, -A, odd_a, by),
            plus(even_b, B, odd_b, by),
            plus(even_b, -B, odd_b, by),
            plus(plus(f, -AA - BB, d, by), AT_0, b, by),
        ]
    }
}

impl Step<6, 6> for Transposed<Inputs> {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c, d, e, f]: [T; 6], by: impl MulAdd) -> [T; 6] {
        let (even_a, odd_a) = (b + c, times(A, b - c));
        let (even_b, odd_b) = (d + e, times(B, d - e));
        [
            times(AT_0, a),
            plus(plus(times(AT_0, f), -BB, odd_a, by), -AA, odd_b, by),
            plus(plus(times(-AA - BB, a), -BB, even_a, by), -AA, even_b, by),
            plus(odd_a + odd_b, -AA - BB, f, by),
            a + even_a + even_b,
            f,
        ]
    }
}

impl Step<6, 4> for Outputs {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c, d, e, f]: [T; 6], by: impl MulAdd) -> [T; 4] {
        let (even_a, odd_a) = (b + c, times(A, b - c));
        let (even_b, odd_b) = (d + e, times(B, d - e));
        [
            a + even_a + even_b,
            odd_a + odd_b,
            plus(times(AA, even_a), BB, even_b, by),
            plus(plus(f, AA, odd_a, by), BB, odd_b, by),
        ]
    }
}

impl Step<4, 6> for Transposed<Outputs> {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c, d]: [T; 4], by: impl MulAdd) -> [T; 6] {
        let (even_a, odd_a) = (plus(a, AA, c, by), plus(b, AA, d, by));
        let (even_b, odd_b) = (plus(a, BB, c, by), plus(b, BB, d, by));
        [
            a,
            plus(even_a, A, odd_a, by),
            plus(even_a, -A, odd_a, by),
            plus(even_b, B, odd_b, by),
            plus(even_b, -B, odd_b, by),
            d,
        ]
    }
}

impl Step<3, 6> for Window {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c]: [T; 3], by: impl MulAdd) -> [T; 6] {
        let (even_a, even_b) = (plus(a, AA, c, by), plus(a, BB, c, by));
        [
            times(1.0 / AT_0, a),
            times(1.0 / AT_A, plus(even_a, A, b, by)),
            times(1.0 / AT_A, plus(even_a, -A, b, by)),
            times(1.0 / AT_B, plus(even_b, B, b, by)),
            times(1.0 / AT_B, plus(even_b, -B, b, by)),
            c,
        ]
    }
}

impl Step<6, 3> for Transposed<Window> {
    #[inline(always)]
    fn of<T: Float>(self, [a, b, c, d, e, f]: [T; 6], by: impl MulAdd) -> [T; 3] {
        let (even_a, odd_a) = (times(1.0 / AT_A, b + c), times(A / AT_A, b - c));
        let (even_b, odd_b) = (times(1.0 / AT_B, d + e), times(B / AT_B, d - e));
        [plus(even_a + even_b, 1.0 / AT_0, a, by), odd_a + odd_b, plus(plus(f, AA, even_a, by), BB, even_b, by)]
    }
}

/// `a + weight * b`
#[inline(always)]
fn plus<T: Float>(a: T, weight: f64, b: T, by: impl MulAdd) -> T {
    by.mul_add(T::from_double(weight), b, a)
}

#[inline(always)]
fn times<T: Float>(weight: f64, a: T) -> T {
    T::from_double(weight) * a
}
