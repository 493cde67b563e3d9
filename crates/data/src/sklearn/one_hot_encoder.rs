//! Categories as zeros and ones.

use super::features::not_fitted;
use super::label_encoder::sorted_classes;
use crate::table::compared;
use crate::{Cell, Column, ToColumn};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};

/// For each column a number for each of its different values: 1 for that of the row, 0 for the others. scikit-learn:
/// `sklearn.preprocessing.OneHotEncoder(sparse_output=False)`.
///
/// ```
/// use candle_keras_data::sklearn::OneHotEncoder;
/// let mut encoder = OneHotEncoder::new();
/// let x = encoder.fit_transform(&["red", "blue", "red"])?;
/// assert_eq!(x.to_vec2::<f64>()?, [[0., 1.], [1., 0.], [0., 1.]]);
/// assert_eq!(encoder.categories()?[0].to_strings(), ["blue", "red"]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct OneHotEncoder {
    categories: Option<Vec<Column>>,
    ignore_unknown: bool,
}

impl OneHotEncoder {
    /// Not fitted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a value that was not there when it was fitted is all zeros, and no error. scikit-learn: `handle_unknown="ignore"`. Default: false.
    #[must_use]
    pub fn ignore_unknown(mut self, ignore: bool) -> Self {
        self.ignore_unknown = ignore;
        self
    }

    /// Learns the values of each column: those of an array `[rows, columns]`, or of a list or column.
    ///
    /// # Errors
    /// If an array has more than two axes.
    pub fn fit(&mut self, x: &(impl ToColumn + ?Sized)) -> Result<()> {
        self.categories = Some(x.to_columns()?.iter().map(sorted_classes).collect());
        Ok(())
    }

    /// Itself, [fitted](Self::fit).
    ///
    /// # Errors
    /// As for `fit`.
    pub fn fitted(mut self, x: &(impl ToColumn + ?Sized)) -> Result<Self> {
        self.fit(x)?;
        Ok(self)
    }

    /// The numbers `[rows, categories]` as float64, those of the first column first.
    ///
    /// # Errors
    /// If it is not fitted, there is another number of columns, or a value is unknown.
    pub fn transform(&self, x: &(impl ToColumn + ?Sized)) -> Result<Tensor> {
        let (categories, columns) = (self.categories()?, x.to_columns()?);
        if columns.len() != categories.len() {
            return Err(Error::new("the encoder was fitted to another number of columns")
                .expected(categories.len().to_string())
                .received(columns.len().to_string()));
        }
        let rows = columns.first().map_or(0, Column::len);
        let width: usize = categories.iter().map(Column::len).sum();
        let mut numbers = vec![0f64; rows * width];
        let mut first = 0;
        for (values, column) in categories.iter().zip(&columns) {
            let known: Vec<Cell> = values.cells().collect();
            for (row, value) in column.cells().enumerate() {
                let found = known.binary_search_by(|own| compared(own, &value).unwrap_or(std::cmp::Ordering::Less));
                match found {
                    Ok(place) => numbers[row * width + first + place] = 1.0,
                    Err(_) if self.ignore_unknown => {}
                    Err(_) => {
                        let known: Vec<String> = known.iter().map(Cell::to_string).collect();
                        return Err(Error::new("a value is none of those that the encoder was fitted to")
                            .expected(format!("one of {}", known.join(", ")))
                            .received(value.to_string())
                            .help("ignore_unknown(true) makes zeros of it"));
                    }
                }
            }
            first += known.len();
        }
        Ok(Tensor::from_vec(numbers, (rows, width), &Device::Cpu)?)
    }

    /// [`fit`](Self::fit), and [`transform`](Self::transform) of the same values.
    ///
    /// # Errors
    /// If an array has more than two axes.
    pub fn fit_transform(&mut self, x: &(impl ToColumn + ?Sized)) -> Result<Tensor> {
        self.fit(x)?;
        self.transform(x)
    }

    /// The values of each column in rising order. scikit-learn: `encoder.categories_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn categories(&self) -> Result<&[Column]> {
        self.categories.as_deref().ok_or_else(|| not_fitted("OneHotEncoder"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ones_at_their_places() {
        let x = Tensor::new(&[[3i64, 10], [1, 20], [3, 30]], &Device::Cpu).unwrap();
        let encoder = OneHotEncoder::new().fitted(&x).unwrap();
        let expected = [[0., 1., 1., 0., 0.], [1., 0., 0., 1., 0.], [0., 1., 0., 0., 1.]];
        assert_eq!(encoder.transform(&x).unwrap().to_vec2::<f64>().unwrap(), expected);
        let other = Tensor::new(&[[2i64, 20]], &Device::Cpu).unwrap();
        let error = encoder.transform(&other).unwrap_err().to_string();
        assert!(error.contains("one of 1, 3") && error.contains("received: 2"), "{error}");
        let ignored = encoder.ignore_unknown(true).transform(&other).unwrap();
        assert_eq!(ignored.to_vec2::<f64>().unwrap(), [[0., 0., 0., 1., 0.]]);
        assert!(OneHotEncoder::new().transform(&x).unwrap_err().to_string().contains("not fitted"));
    }
}
