//! The distances of vectors from each other.

use crate::operation::broadcast_shape;
use crate::tape::{Value, record};
use crate::{elementwise, lengths, reduce};
use candle_core::{Result, Tensor, bail};

/// The distances of the rows of `x` from those of `y`, in blocks: the differences of all pairs are never in memory at once.
pub(crate) fn distances(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    let ([leading_x @ .., m, d], [leading_y @ .., n, _]) = (x.dims(), y.dims()) else { bail!("cdist takes rows") };
    let leading = broadcast_shape(leading_x, leading_y)?;
    let (batch, m, n, d) = (lengths::elements(&leading)?, *m, *n, *d);
    lengths::allocated(&[batch, m, n], x.dtype())?;
    let whole = |x: &Tensor, rows: usize| {
        x.broadcast_as([&leading[..], &[rows, d]].concat())?.contiguous()?.reshape((batch, rows, d))
    };
    let (x, y) = (whole(x, m)?, whole(y, n)?);
    let (a, b) = (x.detach(), y.detach());
    let blocks = Blocks::new(&a, n);
    let rows = blocks.rows().map(|rows| {
        let parts = blocks.columns().map(|columns| {
            let squares = elementwise::square(&differences(&a, &b, rows, columns)?)?;
            reduce::sum(&squares, -1)?.sqrt()
        });
        Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 2)
    });
    let distances = match batch * m * n {
        0 => Tensor::zeros((batch, m, n), x.dtype(), x.device())?,
        _ => Tensor::cat(&rows.collect::<Result<Vec<_>>>()?, 1)?,
    };
    let recorded = record("cdist", &[&x, &y], Value::Tensor(distances), move |distances, gradient| {
        let weights = (gradient / distances)?;
        let (mut of_rows, mut of_columns) = (Vec::new(), vec![None::<Tensor>; blocks.columns().count()]);
        for rows in blocks.rows() {
            let mut of_these = Tensor::zeros((batch, rows.1, d), a.dtype(), a.device())?;
            for (columns, of_columns) in blocks.columns().zip(&mut of_columns) {
                let weights = weights.narrow(1, rows.0, rows.1)?.narrow(2, columns.0, columns.1)?.unsqueeze(3)?;
                let parts = differences(&a, &b, rows, columns)?.broadcast_mul(&weights)?;
                of_these = (of_these + reduce::sum(&parts, 2)?)?;
                let sums = reduce::sum(&parts, 1)?;
                *of_columns = Some(of_columns.take().map_or(Ok(sums.clone()), |before| before + sums)?);
            }
            of_rows.push(of_these);
        }
        let of_columns: Vec<Tensor> = of_columns.into_iter().flatten().collect();
        match of_columns.is_empty() || of_rows.is_empty() {
            true => Ok(vec![Some(a.zeros_like()?), Some(b.zeros_like()?)]),
            false => Ok(vec![Some(Tensor::cat(&of_rows, 1)?), Some(Tensor::cat(&of_columns, 1)?.neg()?)]),
        }
    })?;
    recorded.reshape([&leading[..], &[m, n]].concat())
}

/// The differences of rows of `x` from rows of `y`, `(batch, rows, columns, elements)`, for ranges of each: where they begin, and how many.
fn differences(x: &Tensor, y: &Tensor, rows: (usize, usize), columns: (usize, usize)) -> Result<Tensor> {
    x.narrow(1, rows.0, rows.1)?.unsqueeze(2)?.broadcast_sub(&y.narrow(1, columns.0, columns.1)?.unsqueeze(1)?)
}

/// A matrix of pairs in blocks.
#[derive(Clone, Copy)]
struct Blocks {
    size: [usize; 2],
    block: [usize; 2],
}

impl Blocks {
    /// Of the rows of `x`, `(batch, rows, elements)`, with `columns` others.
    fn new(x: &Tensor, columns: usize) -> Self {
        let [batch, rows, elements] = [0, 1, 2].map(|axis| x.dims()[axis]);
        // On a processor they stay in its cache; on a GPU each block is a launch.
        let most = if x.device().is_cpu() { 1 << 17 } else { 1 << 24 };
        let one = batch.saturating_mul(elements).max(1);
        let width = (most / one).clamp(1, columns.max(1));
        let height = (most / one.saturating_mul(width)).clamp(1, rows.max(1));
        Self { size: [rows, columns], block: [height, width] }
    }

    fn rows(self) -> impl Iterator<Item = (usize, usize)> {
        self.along(0)
    }

    fn columns(self) -> impl Iterator<Item = (usize, usize)> {
        self.along(1)
    }

    fn along(self, axis: usize) -> impl Iterator<Item = (usize, usize)> {
        let (size, block) = (self.size[axis], self.block[axis]);
        (0..size).step_by(block).map(move |first| (first, block.min(size - first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::cdist;
    use crate::gradcheck::{assert_gradients, values};
    use candle_core::{DType, Device, Var};

    /// The operands would fit, and the result does not.
    #[test]
    fn more_distances_than_memory_are_an_error() {
        let rows = Tensor::zeros((1, 1), DType::F32, &Device::Cpu).unwrap().broadcast_as((1 << 20, 2)).unwrap();
        assert!(cdist(&rows, &rows).unwrap_err().to_string().contains("memory"));
    }

    /// In one block and in several, along each axis.
    #[test]
    fn distances_have_gradients() {
        for ([batch, m, n, d], many) in [([2, 3, 4, 5], false), ([1, 3, 2, 1 << 16], true)] {
            let (x, y) = (values([batch, m, d], 1), values([1, n, d], 2));
            assert_eq!(Blocks::new(&x, n).rows().count() > 1, many);
            let distances = cdist(&x, &y).unwrap();
            let of_pair =
                |x: &Tensor, y: &Tensor| (x - y).unwrap().sqr().unwrap().sum_all().unwrap().to_scalar::<f64>();
            for (i, row) in distances.get(batch - 1).unwrap().to_vec2::<f64>().unwrap().iter().enumerate() {
                for (j, distance) in row.iter().enumerate() {
                    let (x, y) = (x.get(batch - 1).unwrap().get(i).unwrap(), y.get(0).unwrap().get(j).unwrap());
                    assert!((distance - of_pair(&x, &y).unwrap().sqrt()).abs() < 1e-12 * distance);
                }
            }
            if !many {
                assert_gradients(&[x, y], |x| cdist(&x[0], &x[1]));
            }
        }
        // The gradient of a sum of distances from several blocks: unit vectors.
        let x = Var::from_tensor(&values([2, 1 << 17], 1)).unwrap();
        let y = values([3, 1 << 17], 2);
        let sum = cdist(x.as_tensor(), &y).unwrap().sum_all().unwrap();
        let gradient = sum.backward().unwrap().remove(&x).unwrap();
        let unit = |i: usize, j: usize| {
            let apart = (x.get(i).unwrap() - y.get(j).unwrap()).unwrap();
            apart.broadcast_div(&apart.sqr().unwrap().sum_all().unwrap().sqrt().unwrap()).unwrap()
        };
        for i in 0..2 {
            let expected = (1..3).fold(unit(i, 0), |sum, j| (sum + unit(i, j)).unwrap());
            let apart = (gradient.get(i).unwrap() - expected).unwrap().abs().unwrap().max_all().unwrap();
            assert!(apart.to_scalar::<f64>().unwrap() < 1e-14);
        }
    }
}
