//! True and predicted labels as places among their classes.

use super::check_lengths;
use crate::sklearn::label_encoder::sorted_classes;
use crate::{Cell, Column, ToColumn};
use candle_keras_ops::{Error, Result};

pub(super) struct Classes {
    /// In rising order.
    pub(super) names: Vec<Cell>,
    pub(super) y_true: Vec<usize>,
    pub(super) y_pred: Vec<usize>,
}

impl Classes {
    pub(super) fn of(y_true: &(impl ToColumn + ?Sized), y_pred: &(impl ToColumn + ?Sized)) -> Result<Self> {
        let (y_true, y_pred) = (labels("y_true", y_true)?, labels("y_pred", y_pred)?);
        check_lengths(y_true.len(), y_pred.len())?;
        let count = y_true.len();
        let both = match (y_true, y_pred) {
            (Column::Strings(a), Column::Strings(b)) => Column::Strings([a, b].concat()),
            (Column::Integers(a), Column::Integers(b)) => Column::Integers([a, b].concat()),
            (a, b) => match (a.to_f64(), b.to_f64()) {
                (Some(true_numbers), Some(b)) => {
                    // A class has the type in which it occurs first, unless another one has fractions.
                    let is_known = |x: &f64| true_numbers.contains(x);
                    if matches!(a, Column::Integers(_)) && b.iter().all(is_known) {
                        let whole = |x: f64| x as i64;
                        Column::Integers(true_numbers.iter().chain(&b).copied().map(whole).collect())
                    } else {
                        Column::Floats([true_numbers, b].concat())
                    }
                }
                _ => {
                    return Err(
                        Error::new("labels are either all numbers or all strings").received("numbers and strings")
                    );
                }
            },
        };
        let names = sorted_classes(&both);
        let mut first = (0..both.len()).collect::<Vec<_>>();
        first.sort_by(|&a, &b| both.sorted(a, b));
        let mut places = vec![0; both.len()];
        let mut class = 0;
        for (i, &row) in first.iter().enumerate() {
            class += usize::from(i > 0 && both.sorted(first[i - 1], row).is_ne());
            places[row] = class;
        }
        let y_pred = places.split_off(count);
        Ok(Self { names: names.cells().collect(), y_true: places, y_pred })
    }
}

/// Numbers with fractions are no labels: in scikit-learn too they are an error.
fn labels(name: &str, y: &(impl ToColumn + ?Sized)) -> Result<Column> {
    let column = y.to_column()?;
    if let Column::Floats(values) = &column
        && let Some(value) = values.iter().find(|value| value.fract() != 0.0 || !value.is_finite())
    {
        return Err(Error::new(format!("{name} has numbers that are no labels"))
            .expected("whole numbers or strings")
            .received(value.to_string())
            .help("(y > 0.5) or argmax makes labels of probabilities"));
    }
    Ok(column)
}
