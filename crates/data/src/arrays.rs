//! The types that can be passed to `fit`: candle tensors, `Vec`s, slices, ndarray arrays; one of them or several.

use candle_core::{Device, Tensor, WithDType};
use candle_keras_ops::{Error, Result, position, string_tensor};
use ndarray::{ArrayBase, Data, Dimension};

/// An element type of arrays, and its type in tensors.
pub trait Element: Copy {
    /// candle's type for it.
    type Stored: WithDType;

    /// The value in candle's type, if it [fits](Self::fits).
    fn stored(self) -> Self::Stored;

    /// Whether candle's type has the value. It has all values but those of u64 and usize above `i64::MAX`.
    fn fits(self) -> bool {
        true
    }
}

/// An error if an element of an array does not fit candle's type.
pub(crate) fn check_fits<E: Element>(elements: impl IntoIterator<Item = E>, shape: &[usize]) -> Result<()> {
    match elements.into_iter().position(|x| !x.fits()) {
        Some(i) => Err(too_large(i, shape)),
        None => Ok(()),
    }
}

fn too_large(i: usize, shape: &[usize]) -> Error {
    Error::new("an integer does not fit into 64 bits with a sign")
        .expected(format!("at most {}", i64::MAX))
        .received(format!("a larger one at {:?}", position(i, shape)))
}

macro_rules! element {
    ($($element:ty => $stored:ty $(, $fits:expr)?);* $(;)?) => {
        $(impl Element for $element {
            type Stored = $stored;

            fn stored(self) -> $stored {
                self as $stored
            }

            $(fn fits(self) -> bool {
                $fits(self)
            })?
        }

        impl Nested for $element {
            type Stored = $stored;

            fn shape(&self, _: &mut Vec<usize>) {}

            fn flatten(&self, _: &[usize], numbers: &mut Vec<$stored>) -> Result<(), Misfit> {
                if !self.fits() {
                    return Err(Misfit::Element);
                }
                numbers.push(self.stored());
                Ok(())
            }
        })*
    };
}

element! {
    f32 => f32; f64 => f64; u8 => u8; u16 => u32; u32 => u32; i8 => i64; i16 => i64; i32 => i64; i64 => i64; bool => u8;
    u64 => i64, |x| i64::try_from(x).is_ok();
    usize => i64, |x| i64::try_from(x).is_ok();
}

/// One array.
pub trait ToTensor {
    /// The array as a tensor on the host; a tensor stays on its device.
    fn to_tensor(&self) -> Result<Tensor>;

    /// Whether it is strings, whose tensor is their bytes.
    fn is_text(&self) -> bool {
        false
    }
}

/// A tensor, and whether it was given as strings: a tensor of bytes alone does not say whether it is text or numbers.
#[derive(Debug, Clone)]
pub struct Array {
    /// The tensor.
    pub tensor: Tensor,
    /// Whether it was given as strings.
    pub is_text: bool,
}

impl Array {
    /// Of anything that is one array.
    ///
    /// # Errors
    /// If it is not a valid array.
    pub fn new(array: &(impl ToTensor + ?Sized)) -> Result<Self> {
        Ok(Self { tensor: array.to_tensor()?, is_text: array.is_text() })
    }

    /// The tensors of arrays, and the indices of those that are text.
    pub fn apart(arrays: Vec<Self>) -> (Vec<Tensor>, Vec<usize>) {
        let text = arrays.iter().enumerate().filter(|(_, array)| array.is_text).map(|(i, _)| i).collect();
        (arrays.into_iter().map(|array| array.tensor).collect(), text)
    }
}

impl ToTensor for Array {
    fn to_tensor(&self) -> Result<Tensor> {
        self.tensor.to_tensor()
    }

    fn is_text(&self) -> bool {
        self.is_text
    }
}

/// A tensor of any layout: copied if not contiguous, since not all of candle's operations support strides.
impl ToTensor for Tensor {
    fn to_tensor(&self) -> Result<Tensor> {
        Ok(self.detach().contiguous()?)
    }
}

impl<T: ToTensor + ?Sized> ToTensor for &T {
    fn to_tensor(&self) -> Result<Tensor> {
        (**self).to_tensor()
    }

    fn is_text(&self) -> bool {
        (**self).is_text()
    }
}

/// A number, or a nested list of numbers.
pub trait Nested {
    /// candle's type for its elements.
    type Stored: WithDType;

    /// The lengths of the lists, outermost first.
    fn shape(&self, shape: &mut Vec<usize>);

    /// Appends the elements to a list.
    ///
    /// # Errors
    /// If a list has another length than `shape` says, or an element does not fit candle's type.
    fn flatten(&self, shape: &[usize], numbers: &mut Vec<Self::Stored>) -> Result<(), Misfit>;
}

/// Why a nested list is not an array.
#[derive(Debug)]
pub enum Misfit {
    /// A list has another length than the first one.
    Length {
        /// The length of the first list.
        expected: usize,
        /// That of this one.
        received: usize,
    },
    /// An element does not [fit](Element::fits) candle's type.
    Element,
}

impl<N: Nested> Nested for [N] {
    type Stored = N::Stored;

    fn shape(&self, shape: &mut Vec<usize>) {
        shape.push(self.len());
        if let Some(first) = self.first() {
            first.shape(shape);
        }
    }

    fn flatten(&self, shape: &[usize], numbers: &mut Vec<N::Stored>) -> Result<(), Misfit> {
        let [length, rest @ ..] = shape else { return Ok(()) };
        if self.len() != *length {
            return Err(Misfit::Length { expected: *length, received: self.len() });
        }
        self.iter().try_for_each(|item| item.flatten(rest, numbers))
    }
}

macro_rules! nested {
    ($([$($generics:tt)*] $list:ty;)*) => {$(
        impl<N: Nested, $($generics)*> Nested for $list {
            type Stored = N::Stored;

            fn shape(&self, shape: &mut Vec<usize>) {
                self[..].shape(shape);
            }

            fn flatten(&self, shape: &[usize], numbers: &mut Vec<N::Stored>) -> Result<(), Misfit> {
                self[..].flatten(shape, numbers)
            }
        }
    )*};
}

nested! {
    [] Vec<N>;
    [const L: usize] [N; L];
    [] &[N];
    [] &Vec<N>;
}

impl<N: Nested> ToTensor for [N] {
    fn to_tensor(&self) -> Result<Tensor> {
        let (mut shape, mut numbers) = (Vec::new(), Vec::new());
        self.shape(&mut shape);
        numbers.reserve(shape.iter().product());
        for (i, row) in self.iter().enumerate() {
            row.flatten(&shape[1..], &mut numbers).map_err(|misfit| match misfit {
                Misfit::Length { expected, received } => Error::new("the rows of an array must have the same length")
                    .expected(format!("{expected}, as in row 0"))
                    .received(format!("{received} in row {i}"))
                    .help("utils::pad_sequences pads sequences to the same length"),
                Misfit::Element => too_large(numbers.len(), &shape),
            })?;
        }
        Ok(Tensor::from_vec(numbers, shape, &Device::Cpu)?)
    }
}

impl<N: Nested> ToTensor for Vec<N> {
    fn to_tensor(&self) -> Result<Tensor> {
        self.as_slice().to_tensor()
    }
}

impl<E: Element + Nested, const R: usize, const C: usize> ToTensor for [[E; C]; R] {
    fn to_tensor(&self) -> Result<Tensor> {
        self[..].to_tensor()
    }
}

/// A list of numbers that a shape can be given to.
pub trait Flat {
    /// The type of the numbers.
    type Element: Element;

    /// The numbers.
    fn numbers(&self) -> &[Self::Element];
}

macro_rules! flat {
    ($($list:ty),*) => {$(
        impl<E: Element> Flat for $list {
            type Element = E;

            fn numbers(&self) -> &[E] {
                self
            }
        }
    )*};
}

flat!(Vec<E>, &Vec<E>, &[E]);

/// A flat list of numbers, and their shape: `(pixels, [60_000, 28, 28, 1])`.
impl<L: Flat, const R: usize> ToTensor for (L, [usize; R]) {
    fn to_tensor(&self) -> Result<Tensor> {
        let (numbers, shape) = (self.0.numbers(), self.1);
        let count = shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size));
        if count != Some(numbers.len()) {
            let count = count.map_or("more than memory has".into(), |count| count.to_string());
            return Err(Error::new("the number of elements does not match the shape")
                .expected(format!("{count} for {shape:?}"))
                .received(numbers.len().to_string()));
        }
        check_fits(numbers.iter().copied(), &shape)?;
        let stored: Vec<_> = numbers.iter().map(|x| x.stored()).collect();
        Ok(Tensor::from_vec(stored, &shape[..], &Device::Cpu)?)
    }
}

/// Text, as a tensor of bytes.
macro_rules! text {
    ($($string:ty),*) => {$(
        impl ToTensor for [$string] {
            fn to_tensor(&self) -> Result<Tensor> {
                string_tensor(self, &[self.len()])
            }

            fn is_text(&self) -> bool {
                true
            }
        }

        impl ToTensor for Vec<$string> {
            fn to_tensor(&self) -> Result<Tensor> {
                self.as_slice().to_tensor()
            }

            fn is_text(&self) -> bool {
                true
            }
        }

        impl ToTensor for Vec<Vec<$string>> {
            fn to_tensor(&self) -> Result<Tensor> {
                let columns = self.first().map_or(0, Vec::len);
                match self.iter().find(|row| row.len() != columns) {
                    Some(row) => Err(Error::new("the rows of an array must have the same length")
                        .expected(format!("{columns}, as in row 0"))
                        .received(row.len().to_string())),
                    None => string_tensor(&self.concat(), &[self.len(), columns]),
                }
            }

            fn is_text(&self) -> bool {
                true
            }
        }
    )*};
}

text!(&str, String);

impl<E: Element, S: Data<Elem = E>, D: Dimension> ToTensor for ArrayBase<S, D> {
    fn to_tensor(&self) -> Result<Tensor> {
        // The iterator runs in logical order, independent of the memory layout.
        check_fits(self.iter().copied(), self.shape())?;
        let stored: Vec<_> = self.iter().map(|x| x.stored()).collect();
        Ok(Tensor::from_vec(stored, self.shape(), &Device::Cpu)?)
    }
}

/// One array or several: the inputs or the targets of a model.
pub trait ToArrays {
    /// The arrays.
    ///
    /// # Errors
    /// If one of them is not valid.
    fn to_arrays(&self) -> Result<Vec<Array>>;
}

impl<T: ToTensor> ToArrays for T {
    fn to_arrays(&self) -> Result<Vec<Array>> {
        Ok(vec![Array::new(self)?])
    }
}

/// No arrays: a training without targets.
impl ToArrays for () {
    fn to_arrays(&self) -> Result<Vec<Array>> {
        Ok(Vec::new())
    }
}

impl<T: ToTensor, const N: usize> ToArrays for [T; N] {
    fn to_arrays(&self) -> Result<Vec<Array>> {
        self.iter().map(Array::new).collect()
    }
}

impl ToArrays for Vec<Tensor> {
    fn to_arrays(&self) -> Result<Vec<Array>> {
        self.iter().map(Array::new).collect()
    }
}

impl ToArrays for &Vec<Tensor> {
    fn to_arrays(&self) -> Result<Vec<Array>> {
        (*self).to_arrays()
    }
}

impl<A: ToTensor, B: ToTensor> ToArrays for (A, B) {
    fn to_arrays(&self) -> Result<Vec<Array>> {
        Ok(vec![Array::new(&self.0)?, Array::new(&self.1)?])
    }
}

impl<A: ToTensor, B: ToTensor, C: ToTensor> ToArrays for (A, B, C) {
    fn to_arrays(&self) -> Result<Vec<Array>> {
        Ok(vec![Array::new(&self.0)?, Array::new(&self.1)?, Array::new(&self.2)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::DType;
    use ndarray::array;

    #[test]
    fn nested_lists_and_slices_become_tensors() {
        let rows = vec![vec![1f32, 2.], vec![3., 4.], vec![5., 6.]];
        assert_eq!(rows[1..].to_tensor().unwrap().to_vec2::<f32>().unwrap(), [[3., 4.], [5., 6.]]);
        assert_eq!(vec![rows.clone(), rows.clone()].to_tensor().unwrap().dims(), [2, 3, 2]);
        assert_eq!(vec![[1u32, 2, 3]; 4].to_tensor().unwrap().dims(), [4, 3]);
        assert_eq!((vec![0f32; 24], [2, 3, 4]).to_tensor().unwrap().dims(), [2, 3, 4]);
        let error = vec![vec![1f32], vec![2., 3.]].to_tensor().unwrap_err().to_string();
        assert!(error.contains("1, as in row 0") && error.contains("in row 1"), "{error}");
        assert!((vec![0f32; 5], [2, 3]).to_tensor().is_err());
        assert_eq!((&vec![0u8; 6], [2, 3]).to_tensor().unwrap().dims(), [2, 3]);
        assert_eq!((&[0f64; 24][..], [2, 3, 2, 2]).to_tensor().unwrap().dims(), [2, 3, 2, 2]);
        assert_eq!([[1f32, 2.], [3., 4.], [5., 6.]].to_tensor().unwrap().dims(), [3, 2]);
        assert_eq!([[1i32, 2]].to_arrays().unwrap()[0].tensor.dims(), [1, 2]);
    }

    #[test]
    fn arrays_of_all_types_become_tensors() {
        let vec = vec![1u32, 2, 3];
        assert_eq!([&vec, &vec].to_arrays().unwrap().len(), 2);
        assert_eq!(vec[1..].to_tensor().unwrap().to_vec1::<u32>().unwrap(), [2, 3]);
        assert_eq!(vec![1i32, -2].to_tensor().unwrap().dtype(), DType::I64);
        assert_eq!(vec![true, false].to_tensor().unwrap().to_vec1::<u8>().unwrap(), [1, 0]);
        let transposed = array![[1f32, 2.], [3., 4.], [5., 6.]].reversed_axes();
        assert_eq!(transposed.to_tensor().unwrap().to_vec2::<f32>().unwrap(), [[1., 3., 5.], [2., 4., 6.]]);
        assert_eq!((&vec, &transposed).to_arrays().unwrap()[1].tensor.dims(), [2, 3]);
        let strided = transposed.to_tensor().unwrap().narrow(1, 1, 2).unwrap().to_tensor().unwrap();
        assert!(strided.is_contiguous() && strided.to_vec2::<f32>().unwrap() == [[3., 5.], [4., 6.]]);
    }

    #[test]
    fn integers_that_do_not_fit_are_errors() {
        let large = vec![vec![0, 1], vec![u64::MAX, 2]];
        let flat = large.concat();
        let array = ndarray::Array2::from_shape_vec((2, 2), flat.clone()).unwrap();
        for error in [large.to_tensor(), (&flat, [2, 2]).to_tensor(), array.to_tensor()] {
            let error = error.unwrap_err().to_string();
            assert!(error.ends_with("a larger one at [1, 0]"), "{error}");
        }
        assert_eq!(vec![i64::MAX as u64].to_tensor().unwrap().to_vec1::<i64>().unwrap(), [i64::MAX]);
        let error = (vec![0u8; 4], [usize::MAX, 2]).to_tensor().unwrap_err().to_string();
        assert!(error.contains("more than memory has"), "{error}");
    }

    #[test]
    fn ragged_rows_are_an_error() {
        let error = vec![vec![1f32, 2.], vec![3.]].to_tensor().unwrap_err().to_string();
        assert!(error.contains("received: 1 in row 1") && error.contains("pad_sequences"), "{error}");
    }
}
