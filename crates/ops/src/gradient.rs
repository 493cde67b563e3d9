//! The gradient of a weight: a tensor of its shape, or rows of a table.

use crate::gpu::{add_rows, on_gpu};
use crate::narrow::is_narrow;
use crate::update;
use candle_core::{DType, Result, Tensor};
use hashbrown::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The gradient of one weight.
#[derive(Debug, Clone)]
pub enum Gradient {
    /// A tensor of the weight's shape.
    Dense(Tensor),
    /// Rows of the weight; all other rows have a gradient of zero.
    Rows(Rows),
}

/// The gradient of some rows of a table on the host: each row once, in order of first appearance.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    ids: Vec<u32>,
    values: Vec<f32>,
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
    /// An error if it cannot be the gradient of a weight of this shape.
    ///
    /// # Errors
    /// If its shape differs, or a row is not in the weight.
    pub fn check(&self, dims: &[usize]) -> crate::Result<()> {
        let mismatch = |received: String| {
            Err(crate::Error::new("a gradient does not have the shape of its weight")
                .expected(format!("{dims:?}"))
                .received(received))
        };
        match self {
            Self::Dense(gradient) if gradient.dims() != dims => mismatch(format!("{:?}", gradient.dims())),
            Self::Rows(rows) => {
                let &[height, width] = dims else { return mismatch("rows".into()) };
                if rows.values.len() != rows.ids.len() * width {
                    return mismatch(format!("{} rows with {} values", rows.ids.len(), rows.values.len()));
                }
                match rows.ids.iter().find(|id| **id as usize >= height) {
                    Some(id) => mismatch(format!("row {id}")),
                    None => Ok(()),
                }
            }
            Self::Dense(_) => Ok(()),
        }
    }
}

impl Gradient {
    /// The sum of the squares.
    pub fn sum_of_squares(&self) -> Result<f64> {
        match self {
            Self::Dense(gradient) if is_narrow(gradient) => {
                gradient.to_dtype(DType::F32)?.sqr()?.sum_all()?.to_dtype(DType::F64)?.to_scalar()
            }
            Self::Dense(gradient) => gradient.sqr()?.sum_all()?.to_dtype(DType::F64)?.to_scalar(),
            Self::Rows(rows) => Ok(rows.values.iter().map(|&x| f64::from(x) * f64::from(x)).sum()),
        }
    }

    /// Whether every number is finite.
    pub fn is_finite(&self) -> Result<bool> {
        // A sum of squares that overflows is large, but no reason to skip a step.
        match self {
            Self::Dense(gradient) => Ok((gradient * 0.0)?.sum_all()?.to_dtype(DType::F64)?.to_scalar::<f64>()? == 0.0),
            Self::Rows(rows) => Ok(rows.values.iter().all(|x| x.is_finite())),
        }
    }

    /// All elements times `factor`.
    pub fn scaled(self, factor: f64) -> Result<Self> {
        match self {
            Self::Dense(gradient) => Ok(Self::Dense((gradient * factor)?)),
            Self::Rows(rows) => Ok(Self::Rows(rows.map(|x| x * factor as f32))),
        }
    }

    /// Each element clipped to `-limit..=limit`.
    pub fn clipped(self, limit: f64) -> Result<Self> {
        match self {
            Self::Dense(gradient) => Ok(Self::Dense(gradient.clamp(-limit, limit)?)),
            Self::Rows(rows) => Ok(Self::Rows(rows.map(|x| x.clamp(-limit as f32, limit as f32)))),
        }
    }
}

impl Rows {
    /// The gradients of these rows, one row after another; those of the same row are added up.
    ///
    /// ```
    /// use candle_keras_ops::Rows;
    /// let rows = Rows::new(&[7, 2, 7], &[1.0, 10.0, 2.0, 20.0, 3.0, 30.0])?;
    /// assert_eq!((rows.ids(), rows.values()), (&[7, 2][..], &[4.0, 40.0, 2.0, 20.0][..]));
    /// # Ok::<(), candle_keras_ops::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the values are not as many for each row.
    pub fn new(ids: &[u32], values: &[f32]) -> crate::Result<Self> {
        if !values.len().is_multiple_of(ids.len().max(1)) {
            return Err(crate::Error::new("a gradient of rows needs as many values for each row")
                .expected(format!("a multiple of {} values", ids.len()))
                .received(values.len().to_string()));
        }
        let width = values.len() / ids.len().max(1);
        let mut places = HashMap::new();
        let mut rows = Self::default();
        for (i, id) in ids.iter().enumerate() {
            let row = &values[i * width..][..width];
            let place = *places.entry(*id).or_insert(rows.ids.len());
            if place == rows.ids.len() {
                rows.ids.push(*id);
                rows.values.extend_from_slice(row);
            } else {
                rows.values[place * width..][..width].iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
        }
        Ok(rows)
    }

    /// The indices of the rows.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Their gradients, one row after another.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    fn map(mut self, f: impl Fn(f32) -> f32) -> Self {
        self.values.iter_mut().for_each(|x| *x = f(*x));
        self
    }
}

/// The gradient of the rows of one lookup.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    pub(crate) ids: Arc<Vec<u32>>,
    /// `(ids.len(), width)`
    pub(crate) gradient: Tensor,
}

/// A buffer for adding up the gradients of a table's lookups by row, kept from step to step: one index for each row of the table.
#[derive(Debug, Clone, Default)]
pub struct RowIndices(Arc<Mutex<Vec<u32>>>);

impl RowIndices {
    /// The gradient of `table`: that of its lookups, and a dense one if there is one.
    ///
    /// Rows stay rows for an f32 table on the host that has no dense gradient beside them; otherwise they are added up on
    /// the table's device.
    pub(crate) fn gradient(
        &self,
        table: &Tensor,
        dense: Option<&Tensor>,
        lookups: &[Lookup],
    ) -> Result<Option<Gradient>> {
        if lookups.is_empty() {
            return Ok(dense.cloned().map(Gradient::Dense));
        }
        if dense.is_none() && table.dtype() == DType::F32 && table.device().is_cpu() {
            let (height, width) = table.dims2()?;
            // A panic or an error elsewhere may have left indices behind.
            let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            places.resize(height, NONE);
            let rows = merge(&mut places, width, lookups).inspect_err(|_| places.clear());
            return rows.map(Gradient::Rows).map(Some);
        }
        if on_gpu(&[table]) {
            let sum = dense.map_or_else(|| table.zeros_like(), Tensor::force_contiguous)?.detach();
            lookups.iter().try_for_each(|lookup| add_rows(&sum, &lookup.ids, &lookup.gradient))?;
            return Ok(Some(Gradient::Dense(sum)));
        }
        let mut sum = dense.map_or_else(|| table.zeros_like(), |dense| Ok(dense.clone()))?.detach();
        for lookup in lookups {
            sum = lookup.added_to(&sum)?;
        }
        Ok(Some(Gradient::Dense(sum)))
    }
}

impl Lookup {
    /// The tensor of the table's shape, with the rows added.
    pub(crate) fn added_to(&self, sum: &Tensor) -> Result<Tensor> {
        if is_narrow(sum) {
            let wide = Self { ids: self.ids.clone(), gradient: self.gradient.to_dtype(DType::F32)? };
            return wide.added_to(&sum.to_dtype(DType::F32)?)?.to_dtype(sum.dtype());
        }
        let ids = Tensor::from_slice(&self.ids, self.ids.len(), sum.device())?;
        sum.index_add(&ids, &self.gradient.contiguous()?, 0)
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
