//! What can be drawn: lists, ranges and tensors of numbers, and lists of words.

use candle_core::{DType, Tensor};
use candle_keras_data::Image;
use candle_keras_ops::{Error, Result};
use std::ops::{Range, RangeInclusive};

/// The most elements that a range has.
const LONGEST: i128 = 1 << 28;

/// A number of any type: an argument of `xlim`, `text` and their kin.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::xlim(0, 10.5)?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub trait Number {
    /// The number as float64.
    fn number(&self) -> f64;
}

/// An element of a list that is drawn: a number, or a word, which is a category as in matplotlib.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// pyplot::bar(["cat", "dog"], [3, 4], ())?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub trait Item {
    /// Adds the element to the values.
    #[doc(hidden)]
    fn add(&self, values: &mut Values);
}

/// Numbers or words to draw: a list, a range, a number, or a tensor of up to two axes, whose columns are then several curves. matplotlib:
/// what it calls array-like.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// use candle_core::{Device, Tensor};
/// let losses = vec![0.5f32, 0.25, 0.125];
/// pyplot::plot(1..=3, &losses, ())?;
/// pyplot::plot([1.0, 2.0, 3.0], &Tensor::arange(0u32, 3, &Device::Cpu)?, ())?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct Values {
    numbers: Vec<f64>,
    words: Vec<String>,
    /// The number of columns, of which a row has one number each.
    columns: usize,
    is_single: bool,
    error: Option<Error>,
}

impl Values {
    fn list<T: Item>(items: impl IntoIterator<Item = T>) -> Self {
        let mut values = Self { columns: 1, ..Self::default() };
        items.into_iter().for_each(|item| item.add(&mut values));
        values
    }

    fn single(number: f64) -> Self {
        Self { numbers: vec![number], columns: 1, is_single: true, ..Self::default() }
    }

    fn tensor(tensor: &Tensor) -> Result<Self> {
        let columns = match tensor.dims() {
            [] => return Ok(Self::single(numbers(tensor)?.first().copied().unwrap_or(f64::NAN))),
            [_] => 1,
            [_, columns] => *columns,
            dims => {
                return Err(Error::new("what is drawn has one or two axes")
                    .expected("a list, or a tensor of rank 1 or 2")
                    .received(format!("a tensor of {dims:?}")));
            }
        };
        Ok(Self { numbers: numbers(tensor)?, columns, ..Self::default() })
    }

    fn counted(from: i128, to: i128) -> Self {
        if to - from > LONGEST {
            let error = Error::new("the range is too long to draw").expected(format!("at most {LONGEST} numbers"));
            return Self { error: Some(error.received(format!("{}", to - from))), ..Self::default() };
        }
        Self { numbers: (from..to).map(|number| number as f64).collect(), columns: 1, ..Self::default() }
    }

    /// The numbers by columns; a word is the number that `category` gives it.
    pub(crate) fn columns(self, mut category: impl FnMut(String) -> f64) -> Result<Vec<Vec<f64>>> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if !self.words.is_empty() {
            if !self.numbers.is_empty() {
                return Err(Error::new("a list has numbers or words").received("both"));
            }
            return Ok(vec![self.words.into_iter().map(&mut category).collect()]);
        }
        if self.columns <= 1 {
            return Ok(vec![self.numbers]);
        }
        Ok((0..self.columns)
            .map(|column| self.numbers.iter().skip(column).step_by(self.columns).copied().collect())
            .collect())
    }

    /// The numbers as one list, row by row.
    pub(crate) fn flat(mut self, category: impl FnMut(String) -> f64) -> Result<Vec<f64>> {
        self.columns = 1;
        Ok(self.columns(category)?.pop().unwrap_or_default())
    }

    /// The numbers of an argument that has no words.
    pub(crate) fn plain(self, argument: &str) -> Result<Vec<f64>> {
        if let Some(word) = self.words.first() {
            return Err(Error::new(format!("{argument} has numbers")).received(format!("{word:?}")));
        }
        self.flat(|_| f64::NAN)
    }

    /// Whether this was a number, which stands for as many as the other lists have.
    pub(crate) fn is_single(&self) -> bool {
        self.is_single
    }

    /// Whether these are words.
    pub(crate) fn has_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// The words, without the numbers.
    pub(crate) fn words(self) -> Vec<String> {
        self.words
    }
}

/// All numbers of a tensor.
pub(crate) fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.detach().to_device(&candle_core::Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl Number for $type {
            fn number(&self) -> f64 {
                *self as f64
            }
        }

        impl Item for $type {
            fn add(&self, values: &mut Values) {
                values.numbers.push(*self as f64);
            }
        }

        impl Item for &$type {
            fn add(&self, values: &mut Values) {
                values.numbers.push(**self as f64);
            }
        }

        impl From<$type> for Values {
            fn from(number: $type) -> Self {
                Self::single(number as f64)
            }
        }
    )*};
}

macro_rules! ranges {
    ($($type:ty)*) => {$(
        impl From<Range<$type>> for Values {
            fn from(range: Range<$type>) -> Self {
                Self::counted(range.start as i128, range.end as i128)
            }
        }

        impl From<RangeInclusive<$type>> for Values {
            fn from(range: RangeInclusive<$type>) -> Self {
                Self::counted(*range.start() as i128, *range.end() as i128 + 1)
            }
        }
    )*};
}

numbers!(f32 f64 i8 i16 i32 i64 isize u8 u16 u32 u64 usize);
ranges!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

macro_rules! words {
    ($($type:ty)*) => {$(
        impl Item for $type {
            fn add(&self, values: &mut Values) {
                values.words.push(self.to_string());
            }
        }
    )*};
}

words!(&str &&str String &String);

impl<T: Item> From<Vec<T>> for Values {
    fn from(list: Vec<T>) -> Self {
        Self::list(list)
    }
}

impl<'a, T> From<&'a Vec<T>> for Values
where
    &'a T: Item,
{
    fn from(list: &'a Vec<T>) -> Self {
        Self::list(list)
    }
}

impl<'a, T> From<&'a [T]> for Values
where
    &'a T: Item,
{
    fn from(list: &'a [T]) -> Self {
        Self::list(list)
    }
}

/// An element of a list of slices, as a loop over them has it.
impl<'a, T> From<&&'a [T]> for Values
where
    &'a T: Item,
{
    fn from(list: &&'a [T]) -> Self {
        Self::list(*list)
    }
}

impl<T: Item, const N: usize> From<[T; N]> for Values {
    fn from(list: [T; N]) -> Self {
        Self::list(list)
    }
}

impl<'a, T, const N: usize> From<&'a [T; N]> for Values
where
    &'a T: Item,
{
    fn from(list: &'a [T; N]) -> Self {
        Self::list(list)
    }
}

impl From<&str> for Values {
    fn from(word: &str) -> Self {
        Self { is_single: true, ..Self::list([word]) }
    }
}

impl From<&Tensor> for Values {
    fn from(tensor: &Tensor) -> Self {
        Self::tensor(tensor).unwrap_or_else(|error| Self { error: Some(error), ..Self::default() })
    }
}

impl From<Tensor> for Values {
    fn from(tensor: Tensor) -> Self {
        Self::from(&tensor)
    }
}

/// The pixels of an image: those of a tensor of `(height, width)` or `(height, width, channels)`, of an [`Image`], or of a list of rows.
///
/// ```
/// use candle_keras_pyplot as pyplot;
/// let confusion = vec![vec![8, 1], vec![0, 9]];
/// pyplot::imshow(&confusion, ())?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Pixels(pub(crate) Result<Grid>);

/// Pixels row by row, the channels of a pixel together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grid {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// 1 for numbers that a colormap draws, 3 or 4 for colors.
    pub(crate) channels: usize,
    pub(crate) numbers: Vec<f64>,
    /// Whether a color is from 0 to 255 rather than from 0 to 1.
    pub(crate) is_bytes: bool,
}

impl Grid {
    fn tensor(tensor: &Tensor) -> Result<Self> {
        let (height, width, channels) = match *tensor.dims() {
            [height, width] => (height, width, 1),
            [height, width, channels @ (1 | 3 | 4)] => (height, width, channels),
            ref dims => {
                return Err(Error::new("imshow draws one image")
                    .expected("(height, width), or (height, width, channels) with 1, 3 or 4 channels")
                    .received(format!("{dims:?}")));
            }
        };
        let is_bytes = !tensor.dtype().is_float();
        Ok(Self { height, width, channels, numbers: numbers(tensor)?, is_bytes })
    }

    fn rows<'a, T: Number + 'a>(rows: impl IntoIterator<Item = &'a [T]>) -> Result<Self> {
        let mut grid = Self { height: 0, width: 0, channels: 1, numbers: Vec::new(), is_bytes: false };
        for row in rows {
            if grid.height > 0 && row.len() != grid.width {
                return Err(Error::new("the rows of an image have one length")
                    .expected(format!("{} numbers in row {}", grid.width, grid.height))
                    .received(row.len().to_string()));
            }
            (grid.height, grid.width) = (grid.height + 1, row.len());
            grid.numbers.extend(row.iter().map(Number::number));
        }
        Ok(grid)
    }
}

impl From<&Tensor> for Pixels {
    fn from(tensor: &Tensor) -> Self {
        Self(Grid::tensor(tensor))
    }
}

impl From<Tensor> for Pixels {
    fn from(tensor: Tensor) -> Self {
        Self::from(&tensor)
    }
}

impl From<&Image> for Pixels {
    fn from(image: &Image) -> Self {
        let ([height, width], channels) = (image.size(), image.channels());
        let numbers = image.pixels().iter().map(|pixel| f64::from(*pixel)).collect();
        Self(Ok(Grid { height, width, channels, numbers, is_bytes: true }))
    }
}

impl<T: Number> From<&Vec<Vec<T>>> for Pixels {
    fn from(rows: &Vec<Vec<T>>) -> Self {
        Self(Grid::rows(rows.iter().map(Vec::as_slice)))
    }
}

impl<T: Number, const N: usize, const M: usize> From<[[T; M]; N]> for Pixels {
    fn from(rows: [[T; M]; N]) -> Self {
        Self(Grid::rows(rows.iter().map(<[T; M]>::as_slice)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    fn flat(values: impl Into<Values>) -> Vec<f64> {
        values.into().plain("x").unwrap()
    }

    #[test]
    fn lists_ranges_and_tensors_are_the_same_numbers() {
        let list = vec![1u8, 2, 3];
        for numbers in [flat(&list), flat(&list[..]), flat([1.0, 2.0, 3.0]), flat(1..4), flat(1..=3usize)] {
            assert_eq!(numbers, [1.0, 2.0, 3.0]);
        }
        assert_eq!(flat(Tensor::new(&[1f32, f32::NAN], &Device::Cpu).unwrap())[0], 1.0);
        assert_eq!(flat(list), [1.0, 2.0, 3.0]);
        assert!(flat(3..3).is_empty());
    }

    #[test]
    fn a_table_has_columns() {
        let table = Tensor::new(&[[1i64, 2], [3, 4], [5, 6]], &Device::Cpu).unwrap();
        let columns = Values::from(&table).columns(|_| 0.0).unwrap();
        assert_eq!(columns, [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]);
        assert_eq!(Values::from(&table).flat(|_| 0.0).unwrap().len(), 6);
        assert!(Values::from(table.reshape((3, 2, 1)).unwrap()).plain("x").unwrap_err().to_string().contains("rank"));
        assert!(Values::from(0..i64::MAX).plain("x").is_err());
    }

    #[test]
    fn words_are_categories() {
        assert!(Values::from(["a", "b"]).plain("height").unwrap_err().to_string().contains("\"a\""));
        let numbers = Values::from(vec!["a".to_string(), "b".into()]).flat(|word| word.len() as f64).unwrap();
        assert_eq!(numbers, [1.0, 1.0]);
    }

    #[test]
    fn images_have_one_form() {
        let grid = Pixels::from([[1, 2, 3], [4, 5, 6]]).0.unwrap();
        assert_eq!((grid.height, grid.width, grid.channels, grid.numbers.len()), (2, 3, 1, 6));
        assert!(Pixels::from(&vec![vec![1.0], vec![]]).0.is_err());
        let batch = Tensor::zeros((2, 3, 3, 1), DType::F32, &Device::Cpu).unwrap();
        assert!(Pixels::from(batch).0.unwrap_err().to_string().contains("[2, 3, 3, 1]"));
        let bytes = Tensor::zeros((3, 3, 4), DType::U8, &Device::Cpu).unwrap();
        assert!(Pixels::from(bytes).0.unwrap().is_bytes);
    }
}
