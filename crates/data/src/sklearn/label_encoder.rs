//! Classes as whole numbers from 0 on.

use super::features::not_fitted;
use crate::table::compared;
use crate::{Cell, Column, ToColumn};
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

/// The place of each label among the different ones in rising order. scikit-learn: `sklearn.preprocessing.LabelEncoder`.
///
/// ```
/// use candle_keras_data::sklearn::LabelEncoder;
/// let mut encoder = LabelEncoder::new();
/// let y = encoder.fit_transform(&["cat", "dog", "bird", "cat"])?;
/// assert_eq!(y.to_vec1::<i64>()?, [1, 2, 0, 1]);
/// assert_eq!(encoder.classes()?.to_strings(), ["bird", "cat", "dog"]);
/// assert_eq!(encoder.inverse_transform(&y)?.to_strings(), ["cat", "dog", "bird", "cat"]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct LabelEncoder {
    classes: Option<Column>,
}

impl LabelEncoder {
    /// Not fitted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Learns the classes: numbers or strings.
    ///
    /// # Errors
    /// If there is more than one label for a sample.
    pub fn fit(&mut self, y: &(impl ToColumn + ?Sized)) -> Result<()> {
        self.classes = Some(sorted_classes(&y.to_column()?));
        Ok(())
    }

    /// Itself, [fitted](Self::fit). scikit-learn: `encoder = LabelEncoder().fit(y)`.
    ///
    /// # Errors
    /// As for `fit`.
    pub fn fitted(mut self, y: &(impl ToColumn + ?Sized)) -> Result<Self> {
        self.fit(y)?;
        Ok(self)
    }

    /// The place of each label among the classes, as int64.
    ///
    /// # Errors
    /// If it is not fitted, or a label is none of the classes.
    pub fn transform(&self, y: &(impl ToColumn + ?Sized)) -> Result<Tensor> {
        let (classes, labels) = (self.classes()?, y.to_column()?);
        let known: Vec<Cell> = classes.cells().collect();
        let mut places: Vec<i64> = Vec::with_capacity(labels.len());
        for label in labels.cells() {
            let place = known.binary_search_by(|class| compared(class, &label).unwrap_or(std::cmp::Ordering::Less));
            match place {
                Ok(place) => places.push(place as i64),
                Err(_) => {
                    let known: Vec<String> = known.iter().map(Cell::to_string).collect();
                    return Err(Error::new("a label is none of the classes that the encoder was fitted to")
                        .expected(format!("one of {}", known.join(", ")))
                        .received(label.to_string()));
                }
            }
        }
        Ok(Tensor::new(&places[..], &Device::Cpu)?)
    }

    /// [`fit`](Self::fit), and [`transform`](Self::transform) of the same labels.
    ///
    /// # Errors
    /// If there is more than one label for a sample.
    pub fn fit_transform(&mut self, y: &(impl ToColumn + ?Sized)) -> Result<Tensor> {
        let y = y.to_column()?;
        self.fit(&y)?;
        self.transform(&y)
    }

    /// The labels at these places.
    ///
    /// # Errors
    /// If it is not fitted, or there are fewer classes.
    pub fn inverse_transform(&self, y: &Tensor) -> Result<Column> {
        let classes = self.classes()?;
        let places: Vec<i64> = y.detach().to_device(&Device::Cpu)?.to_dtype(DType::I64)?.flatten_all()?.to_vec1()?;
        let valid = |place: i64| usize::try_from(place).ok().filter(|&place| place < classes.len());
        let rows = places.iter().map(|&place| {
            valid(place).ok_or_else(|| {
                Error::new("a label is no place of a class")
                    .expected(format!("0..{}", classes.len()))
                    .received(place.to_string())
            })
        });
        Ok(classes.take(&rows.collect::<Result<Vec<_>>>()?))
    }

    /// The classes in rising order. scikit-learn: `encoder.classes_`.
    ///
    /// # Errors
    /// If it is not fitted.
    pub fn classes(&self) -> Result<&Column> {
        self.classes.as_ref().ok_or_else(|| not_fitted("LabelEncoder"))
    }
}

/// The different values in rising order.
pub(super) fn sorted_classes(labels: &Column) -> Column {
    let mut rows: Vec<usize> = (0..labels.len()).collect();
    rows.sort_by(|&a, &b| labels.sorted(a, b));
    rows.dedup_by(|b, a| labels.sorted(*a, *b).is_eq());
    labels.take(&rows)
}
