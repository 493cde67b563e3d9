//! Matrix products on gemm, and Dense as one op. (candle reads `/proc/cpuinfo` at each product to choose a number of threads.)

use crate::cores::{self, SHARED_FROM, UninitChunk};
use crate::elementwise::{Arithmetic, arithmetic, relu_slope, sigmoid_slope, tanh_slope, times};
use crate::error::shape_or_none;
use crate::gpu::{self, on_gpu};
use crate::host::{map2, view, with_float};
use crate::lengths;
use crate::narrow::{are_narrow_on_host, in_float32};
use crate::reduce;
use crate::row_product::{COLUMNS, add_row};
use crate::shape::{reshaped, transpose};
use crate::simd;
use crate::simd::Float;
use crate::tape::{Value, on_host, record_twice, record_with};
use candle_core::{Result, Tensor, bail};
use serde::{Deserialize, Serialize};
use std::mem::MaybeUninit;
use std::ops::Range;

/// A matrix of any strides in a slice, checked to lie in it.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    data: &'a [T],
    size: (usize, usize),
    stride: (usize, usize),
}

impl<'a, T: Float> Matrix<'a, T> {
    /// A contiguous matrix.
    pub(crate) fn rows(data: &'a [T], rows: usize, columns: usize) -> Self {
        Self::strided(data, (rows, columns), (columns, 1))
    }

    /// A matrix of these strides, down and to the right; empty where the slice does not hold it.
    pub(crate) fn strided(data: &'a [T], size: (usize, usize), stride: (usize, usize)) -> Self {
        let along = |size: usize, stride: usize| size.saturating_sub(1).checked_mul(stride);
        let last =
            along(size.0, stride.0).zip(along(size.1, stride.1)).and_then(|(down, right)| down.checked_add(right));
        let fits = size.0 == 0 || size.1 == 0 || last.is_some_and(|last| last < data.len());
        Self { data, size: if fits { size } else { (0, 0) }, stride }
    }

    /// Transposed.
    pub(crate) fn t(self) -> Self {
        let ((rows, columns), (down, right)) = (self.size, self.stride);
        Self { size: (columns, rows), stride: (right, down), ..self }
    }

    /// Some of the rows.
    pub(crate) fn slice_rows(self, from: usize, rows: usize) -> Self {
        let data = from.checked_mul(self.stride.0).and_then(|at| self.data.get(at..)).unwrap_or(&[]);
        Self::strided(data, (rows, self.size.1), self.stride)
    }

    /// The elements, if it is one contiguous row and its product with `b` is computed by [`add_row`]: with fewer columns, the sums wait for each other.
    fn row_for(self, b: Matrix<T>) -> Option<&'a [T]> {
        let fits = self.size.0 == 1 && self.stride.1 == 1 && b.stride.1 == 1 && self.size.1 == b.size.0;
        if fits && b.size.1 >= 2 * COLUMNS { self.data.get(..self.size.1) } else { None }
    }

    /// A tensor of two axes and any strides, in its whole storage.
    fn of(tensor: &Tensor, all: &'a [T]) -> Result<Self> {
        let (layout, size) = (tensor.layout(), tensor.dims2()?);
        let matrix = Self::strided(
            all.get(layout.start_offset()..).unwrap_or(&[]),
            size,
            (layout.stride()[0], layout.stride()[1]),
        );
        if matrix.size != size {
            bail!("a matrix of layout {layout:?} does not lie in its memory of {} elements", all.len())
        }
        Ok(matrix)
    }
}

/// `product = a b`, or `product += a b`; rows of `product` are `stride` elements apart. On this thread.
pub(crate) fn gemm<T: Float>(product: &mut [T], stride: usize, accumulate: bool, a: Matrix<T>, b: Matrix<T>) {
    if let Some(x) = a.row_for(b) {
        let y = &mut product[..b.size.1];
        if !accumulate {
            y.fill(T::ZERO);
        }
        return simd!(|by| add_row(y, x, b.data, b.stride.0, by));
    }
    // SAFETY: all elements of the slice are initialized.
    #[allow(unsafe_code)]
    unsafe {
        let product = std::slice::from_raw_parts_mut(product.as_mut_ptr().cast(), product.len());
        multiply(product, stride, accumulate, a, b);
    }
}

/// Matrices of one size in one memory, each of any strides.
pub(crate) struct Matrices<'a, T> {
    first: Matrix<'a, T>,
    all: &'a [T],
    starts: Vec<usize>,
}

impl<'a, T: Float> Matrices<'a, T> {
    /// Those that begin at these elements of `all`.
    pub(crate) fn new(all: &'a [T], starts: Vec<usize>, size: (usize, usize), stride: (usize, usize)) -> Self {
        Self { first: Matrix { data: all, size, stride }, all, starts }
    }

    /// One of them, checked to lie in the memory.
    fn at(&self, i: usize) -> Matrix<'a, T> {
        let data = self.starts.get(i).and_then(|start| self.all.get(*start..)).unwrap_or(&[]);
        Matrix::strided(data, self.first.size, self.first.stride)
    }
}

/// The products of two lists of matrices, one by one, contiguous and in parallel.
pub(crate) fn products<T: Float>(a: &Matrices<T>, b: &Matrices<T>) -> Vec<T> {
    let (((m, k), n), count) = ((a.first.size, b.first.size.1), a.starts.len());
    let by_rows = rows_of_a_chunk(m, n, k, cores::count());
    // Parts of a matrix where there are few, and each part has the same bits.
    let rows = match count < 2 * cores::count() && m.is_multiple_of(by_rows) {
        true => by_rows,
        false => cores::chunk_len(count * m * n, m * n, k.div_ceil(8)) / n.max(1),
    };
    cores::fill_chunks(count * m * n, (rows * n).max(1), |from, chunk| {
        let mut row = from / n.max(1);
        while chunk.remaining() > 0 {
            let (i, at) = (row / m, row % m);
            let rows = (m - at).min(chunk.remaining() / n);
            chunk.write_with(rows * n, |product| gemm_into(product, a.at(i).slice_rows(at, rows), b.at(i)));
            row += rows;
        }
    })
}

/// `a b` into uninitialized memory, contiguous. On this thread.
pub(crate) fn gemm_into<'a, T: Float>(product: &'a mut [MaybeUninit<T>], a: Matrix<T>, b: Matrix<T>) -> &'a mut [T] {
    let (m, n) = (a.size.0, b.size.1);
    assert!(m.checked_mul(n) == Some(product.len()), "the chunk for a product does not fit");
    // SAFETY: nothing is accumulated, and each of the m rows of n elements, which are all of `product`, is written: for k = 0 gemm writes
    // zeros.
    #[allow(unsafe_code)]
    unsafe {
        multiply(product, n, false, a, b);
        product.assume_init_mut()
    }
}

/// # Safety
/// If it accumulates, `product` is initialized.
#[allow(unsafe_code)]
unsafe fn multiply<T: Float>(
    product: &mut [MaybeUninit<T>],
    stride: usize,
    accumulate: bool,
    a: Matrix<T>,
    b: Matrix<T>,
) {
    let ((m, k), n) = (a.size, b.size.1);
    if m == 0 || n == 0 {
        return;
    }
    let end = (m - 1).checked_mul(stride).and_then(|last| last.checked_add(n));
    assert!(
        k == b.size.0 && stride >= n && end.is_some_and(|end| end <= product.len()),
        "the sizes of a product do not fit"
    );
    for from in (0..k.max(1)).step_by(DEPTH) {
        // SAFETY: the assertion says that `product` holds m rows of n elements that are `stride` apart and do not overlap, and `Matrix` that
        // every element that the strides of `a` (m rows, k columns) and `b` (k rows, n columns) lead to lies in its slice, and so those of
        // the columns and rows from `from` on. A mutable slice overlaps with no other. gemm reads and writes nothing else, and reads the
        // product only if it accumulates, which the first part of it does not; T is f32 or f64, which it supports.
        unsafe {
            gemm::gemm(
                m,
                n,
                DEPTH.min(k - from),
                product.as_mut_ptr().cast::<T>(),
                1,
                stride as isize,
                accumulate || from > 0,
                a.data.as_ptr().wrapping_add(from.wrapping_mul(a.stride.1)),
                a.stride.1 as isize,
                a.stride.0 as isize,
                b.data.as_ptr().wrapping_add(from.wrapping_mul(b.stride.0)),
                b.stride.1 as isize,
                b.stride.0 as isize,
                T::ONE,
                T::ONE,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    }
}

/// How many products of an element gemm adds up at once. It would choose the number by the size of the matrix, so that a row of a large
/// matrix differed in its last bits from the same row of a small one: below this number, its choice is all of them.
const DEPTH: usize = 512;

/// `activation(a b + bias)` in parallel by rows. (gemm's own parallelism would wake rayon's threads.)
fn product<T: Float>(a: Matrix<T>, b: Matrix<T>, bias: Option<&[T]>, activation: FusedActivation) -> Vec<T> {
    let ((m, k), n) = (a.size, b.size.1);
    if let Some(x) = a.row_for(b) {
        return cores::fill_chunks(n, cores::chunk_len(n, COLUMNS, k.div_ceil(8)), |from, chunk| {
            let y = chunk.zeros();
            simd!(|by| add_row(y, x, &b.data[from.min(b.data.len())..], b.stride.0, by));
            activation.apply_with(bias.map(|bias| &bias[from..from + y.len()]), y);
        });
    }
    let rows = rows_of_a_chunk(m, n, k, cores::count());
    cores::fill_chunks(m * n, (rows * n).max(1), |from, chunk| {
        let rows = a.slice_rows(from / n.max(1), chunk.remaining() / n.max(1));
        let product = chunk.write_with(chunk.remaining(), |product| gemm_into(product, rows, b));
        activation.apply_with(bias, product);
    })
}

/// How many rows of an `(m, k)` times `(k, n)` product a thread computes at once.
///
/// gemm rounds differently where a product is one row, and where it has few elements. No chunk is one of these unless the whole product
/// is, so that each row has the same bits whatever the number of threads.
fn rows_of_a_chunk(m: usize, n: usize, k: usize, threads: usize) -> usize {
    const FEW: usize = 256;
    // Eight multiplications at once are a simple operation. One call a thread, since each packs `b` for itself; more where packing is
    // little beside the work.
    let work = m.saturating_mul(n).saturating_mul(k.div_ceil(8));
    let threads = threads.min(work / (SHARED_FROM / 2)).max(1);
    let least = m.div_ceil(threads * m.div_ceil(threads * 1024).max(1)).next_multiple_of(16);
    let is_special = |rows: usize| rows == 1 || rows.saturating_mul(n) <= FEW;
    let is_split_well = |rows: &usize| match m % rows {
        0 => !is_special(*rows) || m.saturating_mul(n) <= FEW,
        last => !is_special(last) && !is_special(*rows),
    };
    (least..m).step_by(16).find(is_split_well).unwrap_or(m.max(1))
}

/// The product of an `(m, k)` and a `(k, n)` matrix, of any strides.
///
/// On the host, f32 and f64 use the gemm crate, as candle does, and only the gradients that are needed are computed. All else is candle's
/// product.
///
/// # Shapes
/// - the result: `(m, n)`
pub fn matmul(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    lengths::check([a, b])?;
    if crate::integers::are_whole(&[a, b]) {
        return crate::integers::product(a, b);
    }
    if are_narrow_on_host(&[a, b]) {
        return in_float32(&[a, b], |both| matmul(&both[0], &both[1]));
    }
    if !on_host(&[a, b]) || a.rank() != 2 || b.rank() != 2 {
        return a.matmul(b);
    }
    if a.dim(1)? != b.dim(0)? {
        bail!("cannot multiply matrices of shapes {:?} and {:?}", a.dims(), b.dims())
    }
    lengths::allocated(&[a.dim(0)?, b.dim(1)?], a.dtype())?;
    let value = with_float!(a, T => Value::new(product_of::<T>(a, b)?, (a.dim(0)?, b.dim(1)?))?);
    let (left, right) = (a.detach(), b.detach());
    let wanted = (a.track_op(), b.track_op());
    let first = move |_: &Tensor, dy: &Tensor| {
        // Input data needs no gradient, which saves the first layer of a model a third of its work.
        let da = wanted.0.then(|| matmul(dy, &right.t()?)).transpose()?;
        let db = wanted.1.then(|| matmul(&left.t()?, dy)).transpose()?;
        Ok(vec![da, db])
    };
    record_twice("matmul", &[a, b], value, first, move |inputs, _, dy| product_gradients(&inputs[0], &inputs[1], dy))
}

/// The gradients of a product of matrices, with gradients themselves.
fn product_gradients(a: &Tensor, b: &Tensor, dy: &Tensor) -> Result<Vec<Option<Tensor>>> {
    let da = a.track_op().then(|| matmul(dy, &transpose(b, None)?)).transpose()?;
    let db = b.track_op().then(|| matmul(&transpose(a, None)?, dy)).transpose()?;
    Ok(vec![da, db])
}

fn product_of<T: Float>(a: &Tensor, b: &Tensor) -> Result<Vec<T>> {
    let (a_all, b_all) = (storage_slice::<T>(a)?, storage_slice::<T>(b)?);
    Ok(product(Matrix::of(a, &a_all)?, Matrix::of(b, &b_all)?, None, FusedActivation::Linear))
}

/// The whole storage of a tensor.
pub(crate) fn storage_slice<'a, T: Float>(tensor: &'a Tensor) -> Result<impl std::ops::Deref<Target = [T]> + 'a> {
    let (storage, _) = tensor.storage_and_layout();
    let length = match &*storage {
        candle_core::Storage::Cpu(cpu) => T::cpu_storage_as_slice(cpu)?.len(),
        _ => bail!("a product needs tensors on the host"),
    };
    Ok(crate::host::View::new(storage, 0..length))
}

/// The activations that [`dense`] and recurrent layers fuse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FusedActivation {
    /// `x` itself.
    #[default]
    Linear,
    /// `max(x, 0)`.
    Relu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
}

impl FusedActivation {
    /// The one of this Keras name, if it is one of them.
    pub fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "linear" => Self::Linear,
            "relu" => Self::Relu,
            "sigmoid" => Self::Sigmoid,
            "tanh" => Self::Tanh,
            _ => return None,
        })
    }

    /// The value of the function.
    #[inline(always)]
    pub(crate) fn value<T: Float>(self, x: T) -> T {
        match self {
            Self::Linear => x,
            Self::Relu => T::ZERO.larger(x.avoid_masked_store()),
            Self::Sigmoid => x.sigmoid(),
            Self::Tanh => x.tanh(),
        }
    }

    /// The derivative, from the value.
    #[inline(always)]
    pub(crate) fn slope<T: Float>(self, y: T) -> T {
        match self {
            Self::Linear => T::ONE,
            Self::Relu => {
                if y > T::ZERO {
                    T::ONE
                } else {
                    T::ZERO
                }
            }
            Self::Sigmoid => y * (T::ONE - y),
            Self::Tanh => T::ONE - y * y,
        }
    }

    /// Applies it in place, on this thread.
    pub(crate) fn apply<T: Float>(self, y: &mut [T]) {
        // A match outside of the loop, so that each loop is branch-free.
        match self {
            Self::Linear => (),
            Self::Relu => simd!(apply_inline(y, Self::Relu)),
            Self::Sigmoid => simd!(apply_inline(y, Self::Sigmoid)),
            Self::Tanh => simd!(apply_inline(y, Self::Tanh)),
        }
    }

    /// Adds the bias to each row and applies it in place, on this thread.
    pub(crate) fn apply_with<T: Float>(self, bias: Option<&[T]>, y: &mut [T]) {
        let Some(bias) = bias else { return self.apply(y) };
        match self {
            Self::Linear => simd!(apply_with_inline(y, bias, Self::Linear)),
            Self::Relu => simd!(apply_with_inline(y, bias, Self::Relu)),
            Self::Sigmoid => simd!(apply_with_inline(y, bias, Self::Sigmoid)),
            Self::Tanh => simd!(apply_with_inline(y, bias, Self::Tanh)),
        }
    }

    /// Adds the bias to each row and writes the values to `chunk`, on this thread.
    pub(crate) fn write_with_bias<T: Float>(self, bias: Option<&[T]>, x: &[T], chunk: &mut UninitChunk<T>) {
        match self {
            Self::Linear => simd!(write_with_bias_inline(x, bias, chunk, Self::Linear)),
            Self::Relu => simd!(write_with_bias_inline(x, bias, chunk, Self::Relu)),
            Self::Sigmoid => simd!(write_with_bias_inline(x, bias, chunk, Self::Sigmoid)),
            Self::Tanh => simd!(write_with_bias_inline(x, bias, chunk, Self::Tanh)),
        }
    }

    /// As an op on a tensor.
    pub(crate) fn composed(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Linear => Ok(x.clone()),
            Self::Relu => crate::elementwise::relu(x),
            Self::Sigmoid => crate::elementwise::sigmoid(x),
            Self::Tanh => crate::elementwise::tanh(x),
        }
    }

    /// The gradient of the input, with gradients itself.
    pub(crate) fn by_recorded_ops(self, y: &Tensor, dy: &Tensor) -> Result<Tensor> {
        match self {
            Self::Linear => Ok(dy.clone()),
            Self::Relu => times(dy, &relu_slope(y)?),
            Self::Sigmoid => times(dy, &sigmoid_slope(y)?),
            Self::Tanh => times(dy, &tanh_slope(y)?),
        }
    }

    /// The gradient of the input. `dy` is dropped before other buffers of its size are allocated.
    pub(crate) fn backward<T: Float>(self, y: &Tensor, dy: Tensor) -> Result<Tensor> {
        let dz = {
            let (y, dy) = (view::<T>(y)?, view::<T>(&dy)?);
            match self {
                Self::Linear => None,
                Self::Relu => Some(map2(&y, &dy, |y, dy| Self::Relu.slope(y) * dy)),
                Self::Sigmoid => Some(map2(&y, &dy, |y, dy| Self::Sigmoid.slope(y) * dy)),
                Self::Tanh => Some(map2(&y, &dy, |y, dy| Self::Tanh.slope(y) * dy)),
            }
        };
        dz.map_or(Ok(dy), |dz| Tensor::from_vec(dz, y.shape(), y.device()))
    }
}

#[inline(always)]
fn apply_inline<T: Float>(y: &mut [T], activation: FusedActivation) {
    for y in y.iter_mut() {
        *y = activation.value(*y);
    }
}

#[inline(always)]
fn apply_with_inline<T: Float>(y: &mut [T], bias: &[T], activation: FusedActivation) {
    for y in y.chunks_exact_mut(bias.len().max(1)) {
        for (y, &bias) in y.iter_mut().zip(bias) {
            *y = activation.value(*y + bias);
        }
    }
}

#[inline(always)]
fn write_with_bias_inline<T: Float>(
    x: &[T],
    bias: Option<&[T]>,
    chunk: &mut UninitChunk<T>,
    activation: FusedActivation,
) {
    let Some(bias) = bias else {
        return match activation {
            FusedActivation::Linear => _ = chunk.copy(x),
            activation => chunk.map(x, |x| activation.value(x)),
        };
    };
    for x in x.chunks_exact(bias.len().max(1)) {
        chunk.map2(x, bias, |x, bias| activation.value(x + bias));
    }
}

/// `activation(x kernel + bias)` as one op, with one product for each gradient.
///
/// # Shapes
/// - `x`: `(..., k)`; `kernel`: `(k, n)`; `bias`: `(n,)`
/// - the result: `(..., n)`
pub fn dense(x: &Tensor, kernel: &Tensor, bias: Option<&Tensor>, activation: FusedActivation) -> Result<Tensor> {
    dense_over(x, kernel, bias, activation, 1)
}

/// [`dense`] over the last `over` axes of `x`, which are the first of `kernel`; the other axes of `kernel` replace them.
pub fn dense_over(
    x: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    activation: FusedActivation,
    over: usize,
) -> Result<Tensor> {
    let x = &lengths::beside(x, kernel)?;
    let all: Vec<&Tensor> = [x, kernel].into_iter().chain(bias).collect();
    let fits = over <= x.rank() && over <= kernel.rank() && x.dims()[x.rank() - over..] == kernel.dims()[..over];
    if !fits || bias.is_some_and(|bias| bias.dims() != &kernel.dims()[over..]) {
        let bias = shape_or_none(bias);
        bail!("dense: an input of shape {:?} for a kernel of {:?} and a bias of {bias}", x.dims(), kernel.dims())
    }
    lengths::check_floats("dense", all.iter().copied())?;
    let k = lengths::elements(&kernel.dims()[..over])?;
    let n = lengths::elements(&kernel.dims()[over..])?;
    let m = lengths::elements(&x.dims()[..x.rank() - over])?;
    let dims = [&x.dims()[..x.rank() - over], &kernel.dims()[over..]].concat();
    lengths::allocated(&dims, x.dtype())?;
    if on_gpu(&all) && k * n > 0 {
        return gpu::dense(x, kernel, bias, activation, k, dims);
    }
    if are_narrow_on_host(&all) {
        return in_float32(&all, |all| dense_over(&all[0], &all[1], all.get(2), activation, over));
    }
    if !on_host(&all) {
        let y = x.contiguous()?.reshape((m, k))?.matmul(&kernel.reshape((k, n))?)?.reshape(dims)?;
        let y = bias.map_or_else(|| Ok(y.clone()), |bias| arithmetic(Arithmetic::Add, &y, bias))?;
        return activation.composed(&y);
    }
    let (input, weights) = (x.detach().contiguous()?, kernel.detach().contiguous()?);
    let value = with_float!(x, T => {
        let bias = bias.map(|bias| bias.detach().contiguous()).transpose()?;
        let bias = bias.as_ref().map(view::<T>).transpose()?;
        let (input, weights) = (view::<T>(&input)?, view::<T>(&weights)?);
        let y = product(Matrix::rows(&input, m, k), Matrix::rows(&weights, k, n), bias.as_deref(), activation);
        Value::new(y, dims)?
    });
    let wanted = (x.track_op(), kernel.track_op(), bias.is_some_and(Tensor::track_op));
    let first = move |y: &Tensor, dy: Tensor| {
        with_float!(y, T => {
            let dz = activation.backward::<T>(y, dy)?;
            let dz = view::<T>(&dz)?;
            let dz: &[T] = &dz;
            let device = input.device();
            let (dz_, linear) = (Matrix::rows(dz, m, n), FusedActivation::Linear);
            let dx = if wanted.0 {
                let dx = product(dz_, Matrix::rows(&view::<T>(&weights)?, k, n).t(), None, linear);
                Some(Tensor::from_vec(dx, input.shape(), device)?)
            } else {
                None
            };
            let dw = if wanted.1 {
                let dw = product(Matrix::rows(&view::<T>(&input)?, m, k).t(), dz_, None, linear);
                Some(Tensor::from_vec(dw, weights.shape(), device)?)
            } else {
                None
            };
            let db = wanted.2.then(|| Tensor::from_vec(column_sums(dz, n), &weights.dims()[over..], device)).transpose()?;
            Ok(vec![dx, dw, db])
        })
    };
    record_with("dense", &all, value, first, move |inputs, y, dy| {
        let (x, kernel) = (&inputs[0], &inputs[1]);
        let dz = reshaped(&activation.by_recorded_ops(y, dy)?, &[m, n])?;
        let mut gradients = product_gradients(&reshaped(x, &[m, k])?, &reshaped(kernel, &[k, n])?, &dz)?;
        if let Some(bias) = inputs.get(2) {
            gradients.push(bias.track_op().then(|| reduce::sum(&dz, 0)).transpose()?);
        }
        let in_shape = |(input, gradient): (&Tensor, Option<Tensor>)| {
            gradient.map(|gradient| reshaped(&gradient, input.dims())).transpose()
        };
        inputs.iter().zip(gradients).map(in_shape).collect::<Result<_>>().map(Some)
    })
}

/// The sums over the rows of a matrix of `width` columns.
pub(crate) fn column_sums<T: Float>(data: &[T], width: usize) -> Vec<T> {
    cores::summed(row_parts(data.len(), width), width, |range, sums| simd!(add_rows(sums, &data[range])))
}

/// The rows of a matrix of so many elements in parts that threads sum up. How many there are does not depend on the machine.
pub(crate) fn row_parts(length: usize, width: usize) -> Vec<Range<usize>> {
    if width == 0 {
        return Vec::new();
    }
    let parts = if length < SHARED_FROM { 1 } else { 16 };
    let part = (length / width).div_ceil(parts).max(1) * width;
    (0..length).step_by(part).map(|from| from..(from + part).min(length)).collect()
}

/// Four rows of a matrix at a time, and the rest: sums over columns are read and written for each four.
#[inline(always)]
pub(crate) fn four_rows<T>(rows: &[T], width: usize) -> (impl Iterator<Item = [&[T]; 4]>, &[T]) {
    let together = rows.chunks_exact(4 * width);
    let rest = together.remainder();
    (together.map(move |rows| std::array::from_fn(|i| &rows[i * width..][..width])), rest)
}

#[inline(always)]
fn add_rows<T: Float>(sums: &mut [T], rows: &[T]) {
    let width = sums.len();
    let (together, rest) = four_rows(rows, width);
    for [a, b, c, d] in together {
        for i in 0..width {
            sums[i] += (a[i] + b[i]) + (c[i] + d[i]);
        }
    }
    for row in rest.chunks_exact(width) {
        for (sum, &x) in sums.iter_mut().zip(row) {
            *sum += x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, assert_second_gradients, values};
    use candle_core::DType;

    /// With columns in whole blocks, in part of one, and single ones, and a matrix that is a part of another.
    #[test]
    fn the_product_of_one_row() {
        for (k, n) in [(1, 1), (7, 64), (600, 139), (3, 200), (0, 128), (40, 1000)] {
            let numbers = |count, seed| values([count], seed).to_vec1::<f64>().unwrap();
            let (x, all, bias) = (numbers(k, 1), numbers(k * (n + 3) + 3, 2), numbers(n, 3));
            let b = Matrix::strided(&all[..], (k, n), (n + 3, 1));
            let found = product(Matrix::rows(&x, 1, k), b, Some(&bias), FusedActivation::Tanh);
            let mut added = bias.clone();
            gemm(&mut added, n, true, Matrix::rows(&x, 1, k), b);
            for j in 0..n {
                let sum = (0..k).fold(bias[j], |sum, i| sum + x[i] * all[i * (n + 3) + j]);
                assert!((found[j] - sum.tanh()).abs() < 1e-12 && (added[j] - sum).abs() < 1e-12, "{k} {n} {j}");
            }
        }
    }

    #[test]
    fn second_gradients_agree_with_finite_differences() {
        let squared = |x: &[Tensor]| crate::square(&matmul(&x[0], &x[1])?);
        assert_second_gradients(&[values([3, 4], 1), values([4, 5], 2)], squared);
        use FusedActivation::*;
        for activation in [Linear, Relu, Sigmoid, Tanh] {
            let inputs = [values([2, 3, 4], 1), values([4, 5], 2), values([5], 3)];
            assert_second_gradients(&inputs, |x| crate::square(&dense(&x[0], &x[1], Some(&x[2]), activation)?));
            assert_second_gradients(&[values([2, 3, 4], 1), values([3, 4, 2, 2], 2)], |x| {
                dense_over(&x[0], &crate::tanh(&x[1])?, None, activation, 2)
            });
        }
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        assert_gradients(&[values([3, 4], 1), values([4, 5], 2)], |x| matmul(&x[0], &x[1]));
        assert_gradients(&[values([4, 3], 1), values([5, 4], 2)], |x| matmul(&x[0].t()?, &x[1].t()?));
    }

    /// Matrices of every layout: contiguous, transposed, a part of a larger one, broadcast, empty.
    #[test]
    fn it_equals_the_product_of_candle() {
        let a = values([7, 9], 1).to_dtype(DType::F32).unwrap();
        let b = values([9, 8], 2).to_dtype(DType::F32).unwrap();
        let narrow = |x: &Tensor, axis, from, size| x.narrow(axis, from, size).unwrap();
        let row = narrow(&a, 0, 2, 1).broadcast_as((7, 9)).unwrap();
        let cases = [
            (a.clone(), b.clone()),
            (b.t().unwrap(), a.t().unwrap()),
            (narrow(&a, 1, 3, 4), narrow(&b, 0, 2, 4)),
            (narrow(&a, 0, 5, 2), narrow(&b, 1, 7, 1)),
            (row, b.clone()),
            (narrow(&a, 0, 0, 0), b.clone()),
            (narrow(&a, 1, 0, 0), narrow(&b, 0, 0, 0)),
            (narrow(&a, 1, 4, 1), narrow(&b, 0, 4, 1)),
            (narrow(&a, 1, 4, 2), narrow(&b, 0, 4, 2)),
            (narrow(&a, 0, 4, 1), b.clone()),
            (a.clone(), narrow(&b, 1, 4, 1)),
        ];
        for (a, b) in cases {
            let found = matmul(&a, &b).unwrap();
            let plain = a.contiguous().unwrap().matmul(&b.contiguous().unwrap());
            // candle refuses empty products.
            let plain = plain.unwrap_or_else(|_| Tensor::zeros(found.dims(), DType::F32, a.device()).unwrap());
            assert_eq!(found.dims(), plain.dims());
            let apart = (found - plain).unwrap().abs().unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert!(apart.iter().all(|x| *x < 1e-5), "{:?} {:?}", a.layout(), b.layout());
        }
        assert!(matmul(&a, &a).is_err());
    }

    /// Any number of threads computes the same bits: rows of every remainder, long and short inner dimensions, both layouts.
    #[test]
    fn the_bits_do_not_depend_on_the_threads() {
        let bits = |x: Vec<f32>| x.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        let mut parted = 0;
        for (n, k) in [(1, 3000), (7, 1400), (8, 513), (10, 784), (64, 700), (65, 515), (100, 40)] {
            for m in [1, 2, 16, 17, 31, 33, 64, 65, 80, 128, 129, 257] {
                let of = |rows: usize, columns: usize, seed| {
                    crate::gradcheck::try_values(&[rows, columns], seed).unwrap().to_dtype(DType::F32).unwrap()
                };
                for (a, b) in [(of(m, k, 1), of(k, n, 2)), (of(k, m, 1).t().unwrap(), of(n, k, 2).t().unwrap())] {
                    let (x, y) = (storage_slice::<f32>(&a).unwrap(), storage_slice::<f32>(&b).unwrap());
                    let (a, b) = (Matrix::of(&a, &x).unwrap(), Matrix::of(&b, &y).unwrap());
                    let by = |threads: usize| {
                        let (rows, mut all) = (rows_of_a_chunk(m, n, k, threads), vec![0.0; m * n]);
                        for (i, part) in all.chunks_mut(rows * n).enumerate() {
                            gemm(part, n, false, a.slice_rows(i * rows, part.len() / n), b);
                        }
                        (rows, bits(all))
                    };
                    let (_, one) = by(1);
                    for threads in [2, 3, 4, 8, 64] {
                        let (rows, many) = by(threads);
                        parted += usize::from(rows < m);
                        assert!(many == one, "({m}, {k}) by ({k}, {n}) in parts of {rows} rows");
                    }
                }
            }
        }
        assert!(parted > 100, "only {parted} products were in parts");
    }

    #[test]
    fn dense_is_a_product_a_sum_and_a_function() {
        use FusedActivation::*;
        for activation in [Linear, Relu, Sigmoid, Tanh] {
            let inputs = [values([2, 3, 4], 1), values([4, 5], 2), values([5], 3)];
            assert_gradients(&inputs, |x| dense(&x[0], &x[1], Some(&x[2]), activation));
            assert_gradients(&inputs[..2], |x| dense(&x[0], &x[1], None, activation));
            let fused = dense(&inputs[0], &inputs[1], Some(&inputs[2]), activation).unwrap();
            let plain = crate::linalg::dot(&inputs[0], &inputs[1]).unwrap().broadcast_add(&inputs[2]).unwrap();
            let plain = match activation {
                Linear => plain,
                Relu => plain.relu().unwrap(),
                Sigmoid => candle_nn::ops::sigmoid(&plain).unwrap(),
                Tanh => plain.tanh().unwrap(),
            };
            let apart = (fused - plain).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap();
            assert!(apart < 1e-12, "{activation:?}: {apart}");
        }
        let inputs = [values([2, 3, 4], 1), values([3, 4, 2, 5], 2), values([2, 5], 3)];
        assert_gradients(&inputs, |x| dense_over(&x[0], &x[1], Some(&x[2]), Tanh, 2));
        assert!(dense(&values([2, 3], 1), &values([4, 5], 2), None, Linear).is_err());
    }

    #[test]
    fn sums_of_columns_are_the_same_in_parts() {
        let data: Vec<f64> = (0..300_000).map(|i| (i % 7) as f64).collect();
        let sums = column_sums(&data, 3);
        let plain = (0..3).map(|c| data.iter().skip(c).step_by(3).sum::<f64>()).collect::<Vec<_>>();
        assert_eq!(sums, plain);
    }

    #[test]
    fn data_has_no_gradient() {
        let x = values([2, 3], 1);
        let w = candle_core::Var::from_tensor(&values([3, 4], 2)).unwrap();
        let grads = matmul(&x, &w).unwrap().sum_all().unwrap().backward().unwrap();
        assert!(grads.get(&w).is_some() && grads.get(&x).is_none());
    }
}
