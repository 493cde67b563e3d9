//! Images seen from another side. Keras: `keras.ops.image.perspective_transform`.

use super::warp::warp;
use super::{Affine, FillMode};
use crate::lengths;
use candle_core::{DType, Result, Tensor, bail};

/// The corners of a quadrilateral, as `[x, y]`.
type Corners = [[f64; 2]; 4];

/// Images whose points `start_points` are moved to `end_points`. The fill mode of the arguments is constant, whatever it says.
///
/// # Shapes
/// - `images`: `(batch, height, width, channels)` or `(height, width, channels)`
/// - `start_points`, `end_points`: `(batch, 4, 2)` or `(4, 2)`, as `[x, y]`
/// - the result: that of `images`
///
/// # Errors
/// If the shapes do not fit, points need a gradient, or three points lie on a line.
pub fn perspective_transform(
    images: &Tensor,
    start_points: &Tensor,
    end_points: &Tensor,
    arguments: &Affine,
) -> Result<Tensor> {
    let (start, end) = (corners(start_points)?, corners(end_points)?);
    if start.len() != end.len() {
        bail!("perspective_transform: {} start points, but {} end points", 4 * start.len(), 4 * end.len())
    }
    let transforms = start.iter().zip(&end).map(|(start, end)| homography(start, end)).collect::<Result<_>>()?;
    warp(images, transforms, &Affine { fill_mode: FillMode::Constant, ..*arguments })
}

fn corners(points: &Tensor) -> Result<Vec<Corners>> {
    lengths::check([points])?;
    if points.track_op() {
        bail!("perspective_transform has no gradient of its points")
    }
    let [.., 4, 2] = points.dims() else {
        bail!("points have the shape (4, 2) or (batch, 4, 2), received {:?}", points.dims())
    };
    let numbers = points.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
    let numbers: Vec<[f64; 2]> = numbers.as_chunks().0.to_vec();
    Ok(numbers.as_chunks().0.to_vec())
}

/// The transform `[a0, a1, a2, b0, b1, b2, c0, c1]` that takes `end` to `start`.
///
/// # Errors
/// If three points lie on a line.
pub fn homography(start: &Corners, end: &Corners) -> Result<[f64; 8]> {
    let mut rows = [[0.0; 9]; 8];
    for (i, (&[x, y], &[to_x, to_y])) in end.iter().zip(start).enumerate() {
        rows[i] = [x, y, 1.0, 0.0, 0.0, 0.0, -to_x * x, -to_x * y, to_x];
        rows[i + 4] = [0.0, 0.0, 0.0, x, y, 1.0, -to_y * x, -to_y * y, to_y];
    }
    // Gaussian elimination with the largest pivots.
    for column in 0..8 {
        let size = |row: &usize| rows[*row][column].abs();
        let pivot = (column..8).max_by(|a, b| size(a).total_cmp(&size(b))).unwrap_or(column);
        rows.swap(column, pivot);
        let of_pivot = rows[column];
        if of_pivot[column].is_nan() || of_pivot[column].abs() <= 1e-12 {
            bail!("perspective_transform: three of the points lie on a line, {end:?}")
        }
        for other in (0..8).filter(|&row| row != column) {
            let factor = rows[other][column] / of_pivot[column];
            rows[other].iter_mut().zip(of_pivot).for_each(|(x, pivot)| *x -= factor * pivot);
        }
    }
    Ok(std::array::from_fn(|i| rows[i][8] / rows[i][i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn a_homography_takes_the_points_to_each_other() {
        let start = [[0., 0.], [9., 0.], [0., 7.], [9., 7.]];
        let end = [[1., 0.5], [8., 1.], [-1., 6.], [9.5, 7.5]];
        let [a0, a1, a2, b0, b1, b2, c0, c1] = homography(&start, &end).unwrap();
        for ([x, y], [to_x, to_y]) in end.into_iter().zip(start) {
            let k = c0 * x + c1 * y + 1.0;
            assert!(((a0 * x + a1 * y + a2) / k - to_x).abs() < 1e-9);
            assert!(((b0 * x + b1 * y + b2) / k - to_y).abs() < 1e-9);
        }
    }

    #[test]
    fn points_on_a_line_are_an_error() {
        let image = Tensor::ones((4, 4, 1), DType::F32, &Device::Cpu).unwrap();
        let line = Tensor::new(&[[0f32, 0.], [1., 0.], [2., 0.], [3., 3.]], &Device::Cpu).unwrap();
        let error = perspective_transform(&image, &line, &line, &Affine::default()).unwrap_err().to_string();
        assert!(error.contains("line"), "{error}");
        assert!(perspective_transform(&image, &line.t().unwrap(), &line, &Affine::default()).is_err());
    }
}
