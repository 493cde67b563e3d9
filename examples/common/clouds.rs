//! What the examples of generative networks share: the points of eight clouds in a ring, and a look at those that were generated.

use anyhow::Result;
use candle_keras::ops::random::Stream;
use candle_keras::prelude::*;
use std::f64::consts::TAU;

/// The size of the noise that a point is made of.
pub const NOISE: usize = 8;
/// The number of clouds.
pub const CLOUDS: usize = 8;

/// Points of eight clouds around a circle.
pub fn ring(stream: &mut Stream, count: usize) -> Result<Tensor> {
    let mut points = Vec::with_capacity(2 * count);
    for _ in 0..count {
        let noise = stream.normal(2);
        let (sin, cos) = (TAU * stream.below(CLOUDS as u64) as f64 / CLOUDS as f64).sin_cos();
        points.extend([(2.0 * cos + 0.15 * noise[0]) as f32, (2.0 * sin + 0.15 * noise[1]) as f32]);
    }
    Ok(Tensor::from_vec(points, (count, 2), &Device::Cpu)?)
}

/// How many of the points are in each cloud.
pub fn count(points: &[Vec<f32>]) -> [usize; CLOUDS] {
    let mut in_cloud = [0; CLOUDS];
    for point in points {
        let (x, y) = (f64::from(point[0]), f64::from(point[1]));
        let cloud = (y.atan2(x) / TAU * CLOUDS as f64).round().rem_euclid(CLOUDS as f64) as usize;
        let (sin, cos) = (TAU * cloud as f64 / CLOUDS as f64).sin_cos();
        in_cloud[cloud] += usize::from((x - 2.0 * cos).hypot(y - 2.0 * sin) < 0.5);
    }
    in_cloud
}

/// Prints where the points are.
pub fn show(points: &[Vec<f32>]) {
    let mut picture = [[0; 48]; 24];
    for point in points {
        let (column, row) = ((point[0] + 3.0) * 8.0, (3.0 - point[1]) * 4.0);
        if (0.0..48.0).contains(&column) && (0.0..24.0).contains(&row) {
            picture[row as usize][column as usize] += 1;
        }
    }
    for row in picture {
        println!(
            "  {}",
            row.map(|count| if count > 4 {
                '#'
            } else if count > 0 {
                '.'
            } else {
                ' '
            })
            .iter()
            .collect::<String>()
        );
    }
}

/// Random numbers of the standard normal distribution.
pub fn normal(stream: &mut Stream, rows: usize, columns: usize) -> candle_keras::Result<Tensor> {
    let numbers: Vec<f32> = stream.normal(rows * columns).into_iter().map(|x| x as f32).collect();
    Ok(Tensor::from_vec(numbers, (rows, columns), &Device::Cpu)?)
}
