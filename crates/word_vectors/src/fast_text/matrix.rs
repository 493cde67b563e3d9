//! The rows of a model: as numbers, or quantized.

use super::quantized::Quantized;
use crate::keyed_vectors::dot;
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, MulAdd, Result, SharedRows, simd};

/// The input or output matrix of a model.
#[derive(Debug, Clone)]
pub(crate) enum Matrix {
    Dense(Dense),
    Quantized(Quantized),
}

/// Rows of numbers, one after another.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    pub data: Vec<f32>,
    pub rows: usize,
    pub columns: usize,
}

impl Dense {
    /// # Panics
    /// If `data` is not so many rows of so many numbers.
    pub fn new(data: Vec<f32>, rows: usize, columns: usize) -> Self {
        assert_eq!(Some(data.len()), rows.checked_mul(columns), "the numbers of the rows");
        Self { data, rows, columns }
    }

    /// The rows of a table that has been trained.
    pub fn from_shared(table: SharedRows) -> Self {
        let (rows, columns) = (table.rows(), table.width());
        Self::new(table.into_vec(), rows, columns)
    }

    /// A copy that threads train.
    pub fn to_shared(&self) -> Result<SharedRows> {
        SharedRows::new(self.rows, self.columns, |row, into| into.copy_from_slice(self.row(row)))
    }

    /// Puts rows before the row `at`.
    pub fn insert(&mut self, at: usize, rows: Vec<f32>) {
        self.rows += rows.len() / self.columns;
        let at = at * self.columns;
        self.data.splice(at..at, rows);
    }

    pub fn row(&self, row: usize) -> &[f32] {
        &self.data[row * self.columns..][..self.columns]
    }
}

impl Matrix {
    pub fn rows(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.rows,
            Self::Quantized(quantized) => quantized.rows,
        }
    }

    pub fn columns(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.columns,
            Self::Quantized(quantized) => quantized.columns,
        }
    }

    /// The rows as a tensor, if they are numbers.
    pub fn tensor(&self) -> Result<Tensor> {
        match self {
            Self::Dense(Dense { data, rows, columns }) => {
                Ok(Tensor::from_slice(data, (*rows, *columns), &Device::Cpu)?)
            }
            Self::Quantized(_) => {
                Err(Error::new("a quantized matrix has no rows of numbers").help("vector and vectors compute vectors"))
            }
        }
    }

    /// `to += factor * row`
    pub fn add_row(&self, row: usize, factor: f32, to: &mut [f32]) {
        match self {
            Self::Dense(dense) => {
                let row = dense.row(row);
                simd!(|by| add(factor, row, to, by));
            }
            Self::Quantized(quantized) => quantized.add_row(row, factor, to),
        }
    }

    /// The mean of rows, zeros if there are none.
    pub fn mean(&self, rows: impl Iterator<Item = u32>, to: &mut [f32]) {
        to.fill(0.0);
        let mut count = 0u32;
        for row in rows {
            self.add_row(row as usize, 1.0, to);
            count += 1;
        }
        if count > 0 {
            let factor = (1.0 / f64::from(count)) as f32;
            to.iter_mut().for_each(|x| *x *= factor);
        }
    }

    /// The product of a row and a vector.
    pub fn dot(&self, row: usize, x: &[f32]) -> f32 {
        match self {
            Self::Dense(dense) => {
                let row = dense.row(row);
                simd!(|by| dot(row, x, by))
            }
            Self::Quantized(quantized) => quantized.dot(row, x),
        }
    }
}

#[inline(always)]
fn add(factor: f32, row: &[f32], to: &mut [f32], by: impl MulAdd) {
    for (y, &x) in to.iter_mut().zip(row) {
        *y = by.mul_add(factor, x, *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_added_and_multiplied() {
        let columns = 37;
        let data: Vec<f32> = (0..3 * columns).map(|i| (i % 7) as f32 - 3.0).collect();
        let matrix = Matrix::Dense(Dense::new(data.clone(), 3, columns));
        let x: Vec<f32> = (0..columns).map(|i| (i % 5) as f32).collect();
        let expected: f32 = data[columns..2 * columns].iter().zip(&x).map(|(a, b)| a * b).sum();
        assert_eq!(matrix.dot(1, &x), expected);
        let mut sum = x.clone();
        matrix.add_row(2, -2.0, &mut sum);
        assert!((0..columns).all(|i| sum[i] == x[i] - 2.0 * data[2 * columns + i]));
        let mut mean = vec![9.0; columns];
        matrix.mean([0, 2].into_iter(), &mut mean);
        assert!((0..columns).all(|i| mean[i] == (data[i] + data[2 * columns + i]) / 2.0));
        matrix.mean(std::iter::empty(), &mut mean);
        assert_eq!(mean, vec![0.0; columns]);
    }
}
