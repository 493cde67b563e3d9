//! Principal components: the directions in which rows differ the most.

use super::neighbors::UnitRows;
use candle_keras_ops::random::Stream;
use candle_keras_ops::{cores, simd};

/// The coordinates of each row along the first `K` principal components of all rows; zeros where there are fewer.
///
/// Components have length 1, and their largest number is positive: the same rows give the same bits, on any number of cores.
pub(super) fn project<const K: usize>(rows: &UnitRows) -> Vec<[f64; K]> {
    let centred = centred(&rows.numbers, rows.width);
    let components = if rows.len() < rows.width {
        components_of_few(&centred, rows.len(), rows.width, K)
    } else {
        components(&covariance(&centred, rows.width), rows.width, K)
    };
    let coordinates = |row: &[f64]| {
        let mut coordinates = [0.0; K];
        for (x, component) in coordinates.iter_mut().zip(&components) {
            *x = dot(row, component);
        }
        coordinates
    };
    centred.chunks_exact(rows.width.max(1)).map(coordinates).collect()
}

/// The rows less their mean.
fn centred(rows: &[f32], width: usize) -> Vec<f64> {
    let mut mean = vec![0.0; width];
    let count = rows.len().checked_div(width).unwrap_or(0).max(1) as f64;
    for row in rows.chunks_exact(width.max(1)) {
        mean.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x) / count);
    }
    rows.iter().zip(mean.iter().cycle()).map(|(&x, mean)| f64::from(x) - mean).collect()
}

/// The components of fewer rows than columns: an eigenvector of the products of the rows with each other weighs the rows, whose sum is one of
/// the products of the columns, with the same eigenvalue. Takes the memory of `count` by `count` numbers, not of `width` by `width`.
fn components_of_few(centred: &[f64], count: usize, width: usize, wanted: usize) -> Vec<Vec<f64>> {
    let columns: Vec<f64> = (0..width).flat_map(|column| centred.iter().skip(column).step_by(width).copied()).collect();
    let rows: Vec<Vec<f64>> = centred.chunks_exact(width).map(<[f64]>::to_vec).collect();
    let weights = components(&covariance(&columns, count), count, wanted);
    let mut components: Vec<Vec<f64>> = weights.iter().map(|weights| combination(&rows, weights)).collect();
    let first = components.first().map_or(0.0, |first| dot(first, first).sqrt());
    for component in &mut components {
        // The length is the root of the eigenvalue: what is so short is rounding.
        let is_rounding = dot(component, component).sqrt() <= 1e-7 * first;
        unify(component, is_rounding);
    }
    components
}

/// How many rows of the covariance are summed in one pass over the data.
const BLOCK: usize = 16;

/// The sums of products of all columns, `(width, width)`: the covariance, times the number of rows.
fn covariance(centred: &[f64], width: usize) -> Vec<f64> {
    let mut covariance = vec![0.0; width * width];
    let blocks = covariance.chunks_mut((BLOCK * width).max(1)).enumerate();
    // Each number is summed by one core, in the order of the rows.
    cores::each(blocks, |(block, sums)| simd!(add_products(centred, block * BLOCK, width, sums)));
    covariance
}

#[inline(always)]
fn add_products(centred: &[f64], first: usize, width: usize, sums: &mut [f64]) {
    for row in centred.chunks_exact(width) {
        for (sums, &x) in sums.chunks_exact_mut(width).zip(&row[first..]) {
            for (sum, &y) in sums.iter_mut().zip(row) {
                *sum += x * y;
            }
        }
    }
}

/// How many directions more than asked for are followed: the more, the fewer steps it takes.
const SPARE: usize = 8;

/// After so many steps, directions that are not found yet are all but equally good.
const STEPS: usize = 500;

/// The eigenvectors of the `count` largest eigenvalues of a symmetric matrix, by subspace iteration with Rayleigh-Ritz steps (Golub and
/// Van Loan, Matrix Computations, 8.2.4).
fn components(matrix: &[f64], width: usize, count: usize) -> Vec<Vec<f64>> {
    let followed = (count + SPARE).min(width);
    let start = Stream::new(0, 0).normal(followed * width);
    let mut basis: Vec<Vec<f64>> = start.chunks(width.max(1)).map(<[f64]>::to_vec).collect();
    for _ in 0..STEPS {
        orthonormalize(&mut basis);
        let images = cores::map(basis.iter().collect(), |vector| simd!(product(matrix, vector)));
        let small = basis.iter().map(|a| images.iter().map(|b| dot(a, b)).collect()).collect();
        let (values, rotation) = jacobi(small);
        let turned = |vectors: &[Vec<f64>]| rotation.iter().map(|weights| combination(vectors, weights)).collect();
        let images: Vec<Vec<f64>> = turned(&images);
        basis = turned(&basis);
        // An eigenvector's image is the vector times its value.
        let off =
            |i: usize| basis[i].iter().zip(&images[i]).map(|(x, y)| (y - values[i] * x).powi(2)).sum::<f64>().sqrt();
        let found = (0..count.min(followed)).all(|i| off(i) <= 1e-11 * values[0].abs());
        if found {
            break;
        }
        basis = images;
    }
    basis.truncate(count);
    basis.iter_mut().for_each(|component| unify(component, false));
    basis
}

/// Gives a component length 1 and a positive largest number; `is_zeros` makes it zeros.
fn unify(component: &mut [f64], is_zeros: bool) {
    let length = dot(component, component).sqrt();
    let largest = component.iter().copied().fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
    let factor = if length > 0.0 && !is_zeros { largest.signum() / length } else { 0.0 };
    component.iter_mut().for_each(|x| *x *= factor);
}

/// Makes vectors perpendicular to each other and of length 1 (Gram and Schmidt, twice); what depends on those before becomes zeros.
fn orthonormalize(vectors: &mut [Vec<f64>]) {
    for i in 0..vectors.len() {
        let (before, rest) = vectors.split_at_mut(i);
        let vector = &mut rest[0];
        let original = dot(vector, vector).sqrt();
        for _ in 0..2 {
            for other in before.iter() {
                let along = dot(vector, other);
                vector.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
            }
        }
        let length = dot(vector, vector).sqrt();
        let factor = if length > 1e-12 * original { 1.0 / length } else { 0.0 };
        vector.iter_mut().for_each(|x| *x *= factor);
    }
}

#[inline(always)]
fn product(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
    let mut image = vec![0.0; vector.len()];
    // The matrix is symmetric: its rows are its columns.
    for (&x, column) in vector.iter().zip(matrix.chunks_exact(vector.len())) {
        for (y, &m) in image.iter_mut().zip(column) {
            *y += x * m;
        }
    }
    image
}

fn combination(vectors: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; vectors.first().map_or(0, Vec::len)];
    for (vector, weight) in vectors.iter().zip(weights) {
        sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += weight * x);
    }
    sum
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// All eigenvalues of a small symmetric matrix, the largest first, and their eigenvectors, by Jacobi's rotations.
fn jacobi(mut matrix: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let size = matrix.len();
    let mut vectors: Vec<Vec<f64>> = (0..size).map(|i| (0..size).map(|j| f64::from(i == j)).collect()).collect();
    // Each round squares what is off the diagonal: a few are enough, and no matrix needs so many.
    for _ in 0..30 {
        for p in 0..size {
            for q in p + 1..size {
                rotate(&mut matrix, &mut vectors, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&i, &j| matrix[j][j].total_cmp(&matrix[i][i]));
    (order.iter().map(|&i| matrix[i][i]).collect(), order.iter().map(|&i| std::mem::take(&mut vectors[i])).collect())
}

/// One rotation, which makes the number at `(p, q)` 0; the eigenvectors are the rows of `vectors`.
fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], p: usize, q: usize) {
    if matrix[p][q] == 0.0 {
        return;
    }
    let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let turn = |a: &mut f64, b: &mut f64| (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    for row in matrix.iter_mut() {
        let (low, high) = row.split_at_mut(q);
        turn(&mut low[p], &mut high[0]);
    }
    for rows in [matrix, vectors] {
        let (low, high) = rows.split_at_mut(q);
        low[p].iter_mut().zip(&mut high[0]).for_each(|(a, b)| turn(a, b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(width: usize, numbers: &[f32]) -> UnitRows {
        UnitRows { numbers: numbers.to_vec(), width }
    }

    /// Centred, the rows are (±2, ±1) turned by the angle whose cosine is 0.6; the mean is (1, 1). The second component is (0.8, -0.6).
    #[test]
    fn a_case_worked_by_hand() {
        let points = [(2.0, 1.0), (-2.0, 1.0), (2.0, -1.0), (-2.0, -1.0)];
        let turned: Vec<f32> =
            points.iter().flat_map(|(x, y)| [0.6 * x - 0.8 * y + 1.0, 0.8 * x + 0.6 * y + 1.0]).collect();
        for ([x, y], expected) in project::<2>(&rows(2, &turned)).into_iter().zip(points) {
            assert!((x - f64::from(expected.0)).abs() < 1e-6 && (y + f64::from(expected.1)).abs() < 1e-6, "{x} {y}");
        }
    }

    /// A matrix with the eigenvalues 100, 81, 64, ... and, as eigenvectors, the rows of a reflection.
    #[test]
    fn known_eigenvectors_are_found() {
        let width = 120;
        let axis: Vec<f64> = Stream::new(3, 0).normal(width);
        let length = dot(&axis, &axis);
        let reflection = |i: usize, j: usize| f64::from(i == j) - 2.0 * axis[i] * axis[j] / length;
        let value = |k: usize| (10.0 - k as f64).max(0.0).powi(2);
        let matrix: Vec<f64> = (0..width * width)
            .map(|at| (0..10).map(|k| value(k) * reflection(k, at / width) * reflection(k, at % width)).sum())
            .collect();
        for (k, component) in components(&matrix, width, 3).iter().enumerate() {
            let cosine: f64 = (0..width).map(|j| component[j] * reflection(k, j)).sum();
            assert!((cosine.abs() - 1.0).abs() < 1e-12, "component {k}: {cosine}");
            let largest = component.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
            assert!(largest > 0.0);
        }
    }

    /// The same coordinates as by the covariance; and rows of so many numbers that it would have 320 GB.
    #[test]
    fn few_rows_of_many_numbers() {
        let (count, width) = (7, 40);
        let numbers: Vec<f32> = Stream::new(5, 0).normal(count * width).into_iter().map(|x| x as f32).collect();
        let centred = centred(&numbers, width);
        let expected = components(&covariance(&centred, width), width, 4);
        for (row, found) in centred.chunks(width).zip(project::<4>(&rows(width, &numbers))) {
            assert!(found.iter().zip(&expected).all(|(x, component)| (x - dot(row, component)).abs() < 1e-9));
        }
        let width = 200_000;
        let mut numbers = vec![0.0; 3 * width];
        (numbers[0], numbers[width], numbers[2 * width + 1]) = (2.0, -2.0, 1.0);
        let found = project::<4>(&rows(width, &numbers));
        let by_hand = [[2.0, -1.0 / 3.0], [-2.0, -1.0 / 3.0], [0.0, 2.0 / 3.0]];
        for (found, by_hand) in found.iter().zip(by_hand) {
            assert!(
                found.iter().zip([by_hand[0], by_hand[1], 0.0, 0.0]).all(|(x, y)| (x - y).abs() < 1e-9),
                "{found:?}"
            );
        }
    }

    #[test]
    fn few_or_equal_rows_have_zeros_for_missing_components() {
        assert_eq!(project::<3>(&rows(2, &[0.0, 1.0, 0.0, 1.0])), [[0.0; 3]; 2]);
        let [a, b] = project::<3>(&rows(1, &[-1.0, 1.0]))[..] else { panic!("two rows") };
        assert_eq!((a, b), ([-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]));
        assert!(project::<2>(&rows(0, &[])).is_empty());
    }
}
