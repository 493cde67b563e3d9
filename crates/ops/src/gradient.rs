//! The gradient of a weight: a tensor of its shape, or the rows of a table that were looked up.

use crate::gpu::{add_rows, on_gpu};
use crate::update;
use candle_core::{DType, Result, Tensor};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What backpropagation found for one weight.
#[derive(Debug, Clone)]
pub enum Gradient {
    /// One number for each element of the weight.
    Dense(Tensor),
    /// Numbers for some rows of the weight; all other rows have a gradient of zero.
    Rows(Rows),
}

/// The gradient of some rows of a table on the host: each row once, in order of first appearance.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// The numbers of the rows.
    pub ids: Vec<u32>,
    /// Their gradients, one row after another.
    pub values: Vec<f32>,
}

impl Gradient {
    /// The gradient as a tensor of the weight's shape `(rows, width)`.
    pub fn to_dense(&self, weight: &Tensor) -> Result<Tensor> {
        match self {
            Self::Dense(gradient) => Ok(gradient.clone()),
            Self::Rows(rows) => {
                let width = weight.dim(1)?;
                let mut dense = vec![0f32; weight.elem_count()];
                for (&id, row) in rows.ids.iter().zip(rows.values.chunks_exact(width.max(1))) {
                    dense[id as usize * width..][..width].copy_from_slice(row);
                }
                Tensor::from_vec(dense, weight.shape(), weight.device())
            }
        }
    }
}

impl Gradient {
    /// The sum of the squares.
    pub fn sum_of_squares(&self) -> Result<f64> {
        match self {
            Self::Dense(gradient) => gradient.sqr()?.sum_all()?.to_dtype(DType::F64)?.to_scalar(),
            Self::Rows(rows) => Ok(rows.values.iter().map(|&x| f64::from(x) * f64::from(x)).sum()),
        }
    }

    /// All of it, times `factor`.
    pub fn scaled(self, factor: f64) -> Result<Self> {
        match self {
            Self::Dense(gradient) => Ok(Self::Dense((gradient * factor)?)),
            Self::Rows(rows) => Ok(Self::Rows(rows.map(|x| x * factor as f32))),
        }
    }

    /// Each number held between `-limit` and `limit`.
    pub fn clipped(self, limit: f64) -> Result<Self> {
        match self {
            Self::Dense(gradient) => Ok(Self::Dense(gradient.clamp(-limit, limit)?)),
            Self::Rows(rows) => Ok(Self::Rows(rows.map(|x| x.clamp(-limit as f32, limit as f32)))),
        }
    }
}

impl Rows {
    fn map(mut self, f: impl Fn(f32) -> f32) -> Self {
        self.values.iter_mut().for_each(|x| *x = f(*x));
        self
    }
}

/// Where the lookups of one table leave the gradients of their rows during a backward pass.
///
/// candle's tape can hand back a gradient of the table's whole shape only. The lookup's backward pass puts the rows here
/// instead, and [`take`](Self::take) collects them when the pass is over.
#[derive(Debug, Clone, Default)]
pub struct RowsSink(Arc<Mutex<Sink>>);

#[derive(Debug, Default)]
struct Sink {
    lookups: Vec<Lookup>,
    /// For each row of the table its place among those that were met, while they are put together; `NONE` at all other times.
    place: Vec<u32>,
}

#[derive(Debug)]
struct Lookup {
    ids: Arc<Vec<u32>>,
    /// `(ids.len(), width)`
    gradient: Tensor,
}

impl RowsSink {
    fn lock(&self) -> MutexGuard<'_, Sink> {
        // A panic elsewhere cannot leave the list half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, ids: Arc<Vec<u32>>, gradient: Tensor) {
        self.lock().lookups.push(Lookup { ids, gradient });
    }

    /// The summed gradients since the last call, together with the `dense` one that the tape found for `table`.
    ///
    /// Rows stay rows for an f32 table on the host that has no dense gradient beside them; otherwise they are added up on
    /// the table's device.
    pub fn take(&self, table: &Tensor, dense: Option<&Tensor>) -> Result<Option<Gradient>> {
        let mut sink = self.lock();
        if sink.lookups.is_empty() {
            return Ok(dense.cloned().map(Gradient::Dense));
        }
        let lookups = std::mem::take(&mut sink.lookups);
        if dense.is_none() && table.dtype() == DType::F32 && table.device().is_cpu() {
            let (height, width) = table.dims2()?;
            sink.place.resize(height, NONE);
            // A table of places that an error left half-written is made anew.
            let rows = merge(&mut sink.place, width, &lookups).inspect_err(|_| sink.place.clear());
            return rows.map(Gradient::Rows).map(Some);
        }
        drop(sink);
        if on_gpu(&[table]) {
            let sum = dense.map_or_else(|| table.zeros_like(), Tensor::force_contiguous)?.detach();
            lookups.iter().try_for_each(|lookup| add_rows(&sum, &lookup.ids, &lookup.gradient))?;
            return Ok(Some(Gradient::Dense(sum)));
        }
        let mut sum = dense.map_or_else(|| table.zeros_like(), |dense| Ok(dense.clone()))?.detach();
        for Lookup { ids, gradient } in lookups {
            let ids = Tensor::from_slice(&ids, ids.len(), table.device())?;
            sum = sum.index_add(&ids, &gradient.contiguous()?, 0)?;
        }
        Ok(Some(Gradient::Dense(sum)))
    }

    /// Forgets what an abandoned backward pass has left.
    pub fn clear(&self) {
        self.lock().lookups.clear();
    }
}

const NONE: u32 = u32::MAX;

fn merge(place: &mut [u32], width: usize, lookups: &[Lookup]) -> Result<Rows> {
    let all = lookups.iter().map(|lookup| lookup.ids.len()).sum::<usize>();
    let mut rows = Rows { ids: Vec::with_capacity(all), values: Vec::with_capacity(all * width) };
    for Lookup { ids, gradient } in lookups {
        update::read(&gradient.contiguous()?, |gradient| {
            for (&id, row) in ids.iter().zip(gradient.chunks_exact(width.max(1))) {
                let place = &mut place[id as usize];
                if *place == NONE {
                    *place = rows.ids.len() as u32;
                    rows.ids.push(id);
                    rows.values.extend_from_slice(row);
                } else {
                    let sum = &mut rows.values[*place as usize * width..][..width];
                    sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
                }
            }
        })?;
    }
    rows.ids.iter().for_each(|&id| place[id as usize] = NONE);
    Ok(rows)
}
