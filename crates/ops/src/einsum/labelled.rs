//! A tensor whose axes have labels, and the contraction of two.

use super::equation::Label;
use crate::elementwise::{Arithmetic, arithmetic};
use crate::host::with_float;
use crate::matmul::{Matrices, products, storage_slice};
use crate::narrow::{are_narrow_on_host, in_float32};
use crate::simd::Float;
use crate::tape::{Value, on_host, record};
use crate::{integers, lengths, linalg, reduce, shape};
use candle_core::{Result, Tensor};

/// A tensor and the labels of its axes, each once.
#[derive(Clone)]
pub(super) struct Labelled {
    pub(super) tensor: Tensor,
    pub(super) labels: Vec<Label>,
}

impl Labelled {
    /// A tensor with these labels: axes of one label become their diagonal.
    pub(super) fn new(tensor: Tensor, labels: Vec<Label>) -> Result<Self> {
        let mut found = Self { tensor, labels };
        while let Some((first, second)) = found.twice() {
            let rest: Vec<usize> = (0..found.labels.len()).filter(|axis| ![first, second].contains(axis)).collect();
            let order: Vec<Label> = [first].iter().chain(&rest).map(|&axis| found.labels[axis]).collect();
            let size = found.tensor.dim(first)?;
            let axes: Vec<i64> = [first, second].iter().chain(&rest).map(|&axis| axis as i64).collect();
            let sizes: Vec<usize> = rest.iter().map(|&axis| found.tensor.dims()[axis]).collect();
            let rows = shape::transpose(&found.tensor, Some(&axes))?;
            let rows = shape::reshaped(&rows, &[&[size * size], &sizes[..]].concat())?;
            let ids: Vec<u32> = (0..size).map(|i| (i * (size + 1)) as u32).collect();
            let tensor = rows.index_select(&Tensor::from_vec(ids, size, rows.device())?, 0)?;
            found = Self { tensor, labels: order };
        }
        Ok(found)
    }

    /// The first two axes of one label.
    fn twice(&self) -> Option<(usize, usize)> {
        let second = (1..self.labels.len()).find(|&axis| self.labels[..axis].contains(&self.labels[axis]))?;
        Some((self.axis(self.labels[second])?, second))
    }

    fn axis(&self, label: Label) -> Option<usize> {
        self.labels.iter().position(|other| *other == label)
    }

    fn has(&self, label: &Label) -> bool {
        self.labels.contains(label)
    }

    fn size(&self, label: Label) -> usize {
        self.axis(label).map_or(1, |axis| self.tensor.dims()[axis])
    }

    fn sizes(&self, labels: &[Label]) -> Vec<usize> {
        labels.iter().map(|label| self.size(*label)).collect()
    }

    /// Without the axes of size 1 that repeat: `is_repeated` says which labels have a larger size.
    pub(super) fn without_repeated(self, is_repeated: impl Fn(&Label) -> bool) -> Result<Self> {
        let left = |axis: &usize| self.tensor.dims()[*axis] != 1 || !is_repeated(&self.labels[*axis]);
        let kept: Vec<usize> = (0..self.labels.len()).filter(left).collect();
        if kept.len() == self.labels.len() {
            return Ok(self);
        }
        let sizes: Vec<usize> = kept.iter().map(|&axis| self.tensor.dims()[axis]).collect();
        let labels = kept.iter().map(|&axis| self.labels[axis]).collect();
        Ok(Self { tensor: shape::reshaped(&self.tensor, &sizes)?, labels })
    }

    /// The sum over the axes that are not kept.
    pub(super) fn summed(self, is_kept: impl Fn(&Label) -> bool) -> Result<Self> {
        let (kept, lost): (Vec<usize>, Vec<usize>) =
            (0..self.labels.len()).partition(|&axis| is_kept(&self.labels[axis]));
        if lost.is_empty() {
            return Ok(self);
        }
        let labels: Vec<Label> = kept.iter().map(|&axis| self.labels[axis]).collect();
        let sizes = self.sizes(&labels);
        let tensor = match integers::are_whole(&[&self.tensor]) {
            true => integers::fold(&self.tensor, &lost, self.tensor.dtype(), 0, i64::wrapping_add)?.reshape(sizes)?,
            false => {
                let axes: Vec<i64> = lost.iter().map(|&axis| axis as i64).collect();
                reduce::sum(&self.tensor, axes.as_slice())?
            }
        };
        Ok(Self { tensor, labels })
    }

    /// The tensor with its axes in this order, which has each of its labels.
    pub(super) fn in_order(&self, labels: &[Label]) -> Result<Tensor> {
        if self.labels == labels {
            return Ok(self.tensor.clone());
        }
        let axes: Vec<i64> = labels.iter().filter_map(|label| Some(self.axis(*label)? as i64)).collect();
        shape::transpose(&self.tensor, Some(&axes))
    }

    /// The product with another tensor, summed over what is in both and not in the output, which has all other labels.
    ///
    /// Sums are one batched matrix product. An operand is copied only if its axes cannot be read as those of matrices where they are.
    pub(super) fn times(&self, other: &Self, output: &[Label]) -> Result<Self> {
        let groups = Groups::new(self, other, output);
        let result = |tensor: Tensor| Self { tensor, labels: output.to_vec() };
        if groups.summed.is_empty() {
            let sizes = |of: &Self| output.iter().map(|label| of.size(*label)).collect::<Vec<_>>();
            let expanded = |of: &Self| {
                let order: Vec<Label> = output.iter().copied().filter(|label| of.has(label)).collect();
                shape::reshaped(&of.in_order(&order)?, &sizes(of))
            };
            let dims: Vec<usize> = sizes(self).into_iter().zip(sizes(other)).map(|(a, b)| a.max(b)).collect();
            lengths::allocated(&dims, self.tensor.dtype())?;
            let (a, b) = (expanded(self)?, expanded(other)?);
            return Ok(result(match integers::are_whole(&[&a, &b]) {
                true => integers::map2(&a, &b, &dims, i64::wrapping_mul)?,
                false => arithmetic(Arithmetic::Multiply, &a, &b)?,
            }));
        }
        // The order of the operands, so that the result has its axes in the order of the output.
        let swapped = [&groups.batch[..], &groups.right, &groups.left].concat() == output && !groups.right.is_empty();
        let (a, b, groups) = if swapped { (other, self, groups.swapped()) } else { (self, other, groups) };
        let labels = [&groups.batch[..], &groups.left, &groups.right].concat();
        let sizes = [a.sizes(&groups.batch), a.sizes(&groups.left), b.sizes(&groups.right)].concat();
        lengths::allocated(&sizes, a.tensor.dtype())?;
        let rows = groups.left.is_empty() && groups.right.is_empty() && !a.tensor.dtype().is_int();
        let tensor = match rows {
            true => {
                let rows = |of: &Self| {
                    let width = lengths::elements(&of.sizes(&groups.summed))?;
                    let order = [&groups.batch[..], &groups.summed].concat();
                    shape::reshaped(&of.in_order(&order)?, &[of.sizes(&groups.batch), vec![width]].concat())
                };
                crate::vecdot(&rows(a)?, &rows(b)?)?
            }
            false => groups.product(a, b, &sizes)?,
        };
        Ok(result(Self { tensor, labels }.in_order(output)?))
    }

    /// The memory as a matrix for each index of `batch`, if the axes of rows and of columns each are one axis there.
    fn matrices<'a, T: Float>(
        &self,
        all: &'a [T],
        batch: &[Label],
        [rows, columns]: [&[Label]; 2],
    ) -> Option<Matrices<'a, T>> {
        let strides = self.tensor.layout().stride();
        let axes = |labels: &[Label]| -> Vec<(usize, usize)> {
            let axis = |label: &Label| self.axis(*label).map(|axis| (self.tensor.dims()[axis], strides[axis]));
            labels.iter().filter_map(axis).collect()
        };
        let (down, right) = (as_one(&axes(rows))?, as_one(&axes(columns))?);
        let mut starts = vec![self.tensor.layout().start_offset()];
        for (size, stride) in axes(batch) {
            starts = starts.iter().flat_map(|start| (0..size).map(move |i| start + i * stride)).collect();
        }
        Some(Matrices::new(all, starts, (down.0, right.0), (down.1, right.1)))
    }
}

/// The size and the stride of axes that are one in memory.
fn as_one(axes: &[(usize, usize)]) -> Option<(usize, usize)> {
    let mut one: Option<(usize, usize)> = None;
    for &(size, stride) in axes.iter().rev().filter(|(size, _)| *size != 1) {
        one = match one {
            None => Some((size, stride)),
            Some((inner, step)) if stride == inner * step => Some((inner * size, step)),
            Some(_) => return None,
        };
    }
    Some(one.unwrap_or((1, 1)))
}

/// The labels of two operands by what a product does with them.
struct Groups {
    /// In both, and in the output.
    batch: Vec<Label>,
    /// In the first alone.
    left: Vec<Label>,
    /// In the second alone.
    right: Vec<Label>,
    /// In both, and not in the output.
    summed: Vec<Label>,
}

impl Groups {
    fn new(a: &Labelled, b: &Labelled, output: &[Label]) -> Self {
        let of = |in_a: bool, in_b: bool| {
            output.iter().copied().filter(|label| a.has(label) == in_a && b.has(label) == in_b).collect()
        };
        let summed = a.labels.iter().copied().filter(|label| b.has(label) && !output.contains(label)).collect();
        Self { batch: of(true, true), left: of(true, false), right: of(false, true), summed }
    }

    fn swapped(self) -> Self {
        Self { left: self.right, right: self.left, ..self }
    }

    /// The products, of the shape batch, left, right.
    fn product(&self, a: &Labelled, b: &Labelled, sizes: &[usize]) -> Result<Tensor> {
        let Self { batch, left, right, .. } = self;
        if are_narrow_on_host(&[&a.tensor, &b.tensor]) {
            return in_float32(&[&a.tensor, &b.tensor], |both| {
                let [a, b] = [(a, 0), (b, 1)].map(|(of, i)| Labelled { tensor: both[i].clone(), ..of.clone() });
                self.product(&a, &b, sizes)
            });
        }
        if !on_host(&[&a.tensor, &b.tensor]) {
            return self.composed(a, b, sizes);
        }
        let value = with_float!(a.tensor, T => Value::new(self.multiply::<T>(a, b)?, sizes)?);
        let [x, y] = [a, b].map(|of| Labelled { tensor: of.tensor.detach(), ..of.clone() });
        let wanted = (a.tensor.track_op(), b.tensor.track_op());
        let labels = [&batch[..], left, right].concat();
        record("einsum", &[&a.tensor, &b.tensor], value, move |_, dz| {
            let dz = Labelled { tensor: dz.clone(), labels: labels.clone() };
            let gradient = |of: &Labelled, other: &Labelled| dz.times(other, &of.labels).map(|of| of.tensor);
            let da = wanted.0.then(|| gradient(&x, &y)).transpose()?;
            Ok(vec![da, wanted.1.then(|| gradient(&y, &x)).transpose()?])
        })
    }

    fn multiply<T: Float>(&self, a: &Labelled, b: &Labelled) -> Result<Vec<T>> {
        let Self { batch, left, right, summed } = self;
        // The order in which the terms are summed: that of the operand whose memory allows one alone.
        let of_b: Vec<Label> = b.labels.iter().copied().filter(|label| summed.contains(label)).collect();
        let (x, y) = (storage_slice::<T>(&a.tensor)?, storage_slice::<T>(&b.tensor)?);
        for summed in [summed, &of_b] {
            let first = a.matrices(&x, batch, [left, summed]);
            if let Some((first, second)) = first.zip(b.matrices(&y, batch, [summed, right])) {
                return Ok(products(&first, &second));
            }
        }
        let copied = |of: &Labelled, groups: [&[Label]; 3]| -> Result<Labelled> {
            let labels = groups.concat();
            let tensor = Labelled { tensor: of.tensor.detach(), ..of.clone() }.in_order(&labels)?.contiguous()?;
            Ok(Labelled { tensor, labels })
        };
        let a = match a.matrices(&x, batch, [left, summed]) {
            Some(_) => a.clone(),
            None => copied(a, [batch, left, summed])?,
        };
        let b = match b.matrices(&y, batch, [summed, right]) {
            Some(_) => b.clone(),
            None => copied(b, [batch, summed, right])?,
        };
        let (x, y) = (storage_slice::<T>(&a.tensor)?, storage_slice::<T>(&b.tensor)?);
        let first = a.matrices(&x, batch, [left, summed]);
        match first.zip(b.matrices(&y, batch, [summed, right])) {
            Some((first, second)) => Ok(products(&first, &second)),
            None => candle_core::bail!("the axes of a copy are not in the order in which they were copied"),
        }
    }

    /// A composition of candle's functions, for other devices and dtypes.
    fn composed(&self, a: &Labelled, b: &Labelled, sizes: &[usize]) -> Result<Tensor> {
        let Self { batch, left, right, summed } = self;
        let matrices = |of: &Labelled, rows: &[Label], columns: &[Label]| {
            let size = |labels: &[Label]| lengths::elements(&of.sizes(labels));
            let order = [batch, rows, columns].concat();
            shape::reshaped(&of.in_order(&order)?.contiguous()?, &[size(batch)?, size(rows)?, size(columns)?])
        };
        let (x, y) = (matrices(a, left, summed)?, matrices(b, summed, right)?);
        let z = match integers::are_whole(&[&x, &y]) {
            true => {
                let each = (0..x.dim(0)?).map(|i| integers::product(&x.get(i)?, &y.get(i)?));
                Tensor::stack(&each.collect::<Result<Vec<_>>>()?, 0)?
            }
            false => linalg::batched_product(&x, &y)?,
        };
        shape::reshaped(&z, sizes)
    }
}
