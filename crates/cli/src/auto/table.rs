//! A model for a table, with layers for each column that suit what it has.

use super::{Goal, Task, folder, has_extension, hidden};
use crate::arguments;
use anyhow::{Result, bail, ensure};
use candle_core::{DType, Device, Tensor};
use candle_keras_data::{Array, Column, Data, IntoData, ReadCsv, Table, ToTensor, read_csv};
use candle_keras_layers::{Concatenate, Embedding, Flatten, Input, KerasTensor, Layer, Normalization, StringLookup};
use candle_keras_models::Model;
use candle_keras_ops::functions::{cast, isfinite, logical_not, nan_to_num};
use candle_keras_ops::random::next_stream;
use std::collections::BTreeMap;
use std::path::Path;

/// An integer target with at most this many values is classes.
const MOST_CLASSES: usize = 20;

/// Categories of at most this many values are one-hot, others have vectors.
const ONE_HOT: usize = 16;

/// The most categories of a column that are told apart.
const CATEGORIES: usize = 10_000;

/// What a column is for a model.
#[derive(Debug, PartialEq)]
enum Use {
    Number { has_missing: bool },
    Category { values: usize },
    Text,
    LeftOut(&'static str),
}

/// The extensions of tables.
pub(super) const TABLES: [&str; 3] = ["csv", "tsv", "parquet"];

fn read(path: &Path) -> Result<Table> {
    if has_extension(path, "parquet") {
        #[cfg(feature = "parquet")]
        return Ok(candle_keras_data::read_parquet(path, candle_keras_data::ReadParquet::new())?);
        #[cfg(not(feature = "parquet"))]
        bail!("{}: this command was built without the feature \"parquet\"", path.display());
    }
    let arguments = ReadCsv::new();
    Ok(read_csv(path, if has_extension(path, "tsv") { arguments.sep('\t') } else { arguments })?)
}

pub(super) fn task(arguments: &arguments::Fit, split: f64) -> Result<Task> {
    let path = &arguments.model;
    let mut table = read(path)?;
    let Some(target) = &arguments.target else {
        bail!("{}: which column is predicted? --target COLUMN, one of {}", path.display(), table.names().join(", "));
    };
    let column = table.pop(target)?;
    ensure!(!table.names().is_empty(), "{}: there is no column but the target", path.display());
    let (goal, truth, kept) = targets(&column, arguments.regression)?;
    ensure!(
        kept.len() >= 10,
        "{}: {} rows have a target, which is too few to train and validate on",
        path.display(),
        kept.len()
    );
    let without = table.rows() - kept.len();
    let table = table.take(&kept)?;

    let mut order: Vec<usize> = next_stream().permutation(table.rows()).into_iter().map(|row| row as usize).collect();
    let validating = ((table.rows() as f64 * split) as usize).max(1);
    let train_rows = order.split_off(validating);
    let (train, validation) = (table.take(&train_rows)?, table.take(&order)?);
    let of = |rows: &[usize]| rows.iter().map(|row| truth[*row]).collect::<Vec<f64>>();
    let (train_truth, truth) = (of(&train_rows), of(&order));
    let goal = goal.scaled(&train_truth);

    let mut facts =
        vec![["rows".into(), format!("{} for training, {} for validation", train.rows(), validation.rows())]];
    if without > 0 {
        facts.push(["rows without a target".into(), without.to_string()]);
    }
    let (mut inputs, mut features, mut used) = (Vec::new(), Vec::new(), Vec::new());
    for ((name, column), (_, whole)) in train.columns().zip(table.columns()) {
        // Rows that are only validated on may be those that say something.
        let what = match usage(whole) {
            Use::LeftOut(why) => Use::LeftOut(why),
            _ => usage(column),
        };
        facts.push([format!("column {name}"), what.text()]);
        if let Some((input, feature)) = encoded(name, column, &what)? {
            inputs.push(input);
            features.push(feature);
            used.push((name, what == Use::Text || matches!(what, Use::Category { .. })));
        }
    }
    ensure!(!features.is_empty(), "{}: no column says anything about the target", path.display());
    let all = if features.len() == 1 { features.remove(0) } else { Concatenate::new().call(&features) };
    let model = Model::new(inputs, goal.head(&hidden(&all, &[64, 32], 0.1)))?;
    let target = |truth: &[f64]| truth.iter().map(|value| *value as f32).collect::<Vec<f32>>().into_data();
    Ok(Task {
        model,
        train: (arrays(&train, &used)?, target(&train_truth)?),
        validation: (arrays(&validation, &used)?, target(&truth)?),
        goal,
        train_truth,
        truth,
        facts,
        epochs: 100,
    })
}

/// What is predicted, each row's target, and the rows that have one.
fn targets(column: &Column, is_number: bool) -> Result<(Goal, Vec<f64>, Vec<usize>)> {
    let number = || Goal::Number { mean: 0.0, deviation: 1.0 };
    let names = column.to_strings();
    let is_missing = |row: usize| match column {
        Column::Floats(values) => !is_finite(values[row]),
        _ => names[row].trim().is_empty(),
    };
    let kept: Vec<usize> = (0..column.len()).filter(|row| !is_missing(*row)).collect();
    let mut classes: BTreeMap<&str, usize> = kept.iter().map(|row| (names[*row].as_str(), 0)).collect();
    let values = match column {
        Column::Integers(values) => values.iter().map(|value| *value as f64).collect(),
        Column::Floats(values) => values.clone(),
        Column::Strings(_) if is_number => bail!("--regression: the target has strings"),
        Column::Strings(_) => Vec::new(),
    };
    let is_classes = match column {
        Column::Strings(_) => true,
        // Missing values make whole numbers floats.
        _ => !is_number && classes.len() <= MOST_CLASSES && kept.iter().all(|row| values[*row].fract() == 0.0),
    };
    ensure!(classes.len() >= 2, "the target has one value in all rows");
    let by_row = |value: &dyn Fn(usize) -> f64| kept.iter().map(|row| value(*row)).collect();
    if !is_classes {
        return Ok((number(), by_row(&|row| values[row]), kept));
    }
    ensure!(
        classes.len() * 2 <= kept.len(),
        "the target has {} different values in {} rows: these are no classes",
        classes.len(),
        kept.len()
    );
    let mut ordered: Vec<&str> = classes.keys().copied().collect();
    if !values.is_empty() {
        ordered.sort_by(|a, b| a.parse::<f64>().unwrap_or(0.0).total_cmp(&b.parse().unwrap_or(0.0)));
    }
    ordered.iter().enumerate().for_each(|(i, name)| _ = classes.insert(name, i));
    let truth = by_row(&|row| classes[names[row].as_str()] as f64);
    Ok((Goal::Classes(ordered.into_iter().map(String::from).collect()), truth, kept))
}

impl Goal {
    /// With the mean and deviation of the targets of the training.
    fn scaled(self, truth: &[f64]) -> Self {
        let mean = truth.iter().sum::<f64>() / truth.len() as f64;
        let variance = truth.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / truth.len() as f64;
        match self {
            Self::Number { .. } => Self::Number { mean, deviation: variance.sqrt().max(f64::MIN_POSITIVE) },
            classes => classes,
        }
    }
}

impl Use {
    fn text(&self) -> String {
        match self {
            Self::Number { has_missing: false } => "a number".into(),
            Self::Number { has_missing: true } => "a number, the mean where it is missing".into(),
            Self::Category { values } => format!("one of {values} categories"),
            Self::Text => "text".into(),
            Self::LeftOut(why) => format!("left out: {why}"),
        }
    }
}

/// What the values of a column are.
fn usage(column: &Column) -> Use {
    let rows = column.len();
    match column {
        Column::Integers(values) => match () {
            () if values.iter().all(|value| *value == values[0]) => Use::LeftOut("all rows have the same value"),
            () if rows > 20 && values.is_sorted() && is_spread(values) => Use::LeftOut("it counts the rows"),
            () => Use::Number { has_missing: false },
        },
        Column::Floats(values) => {
            let mut known = values.iter().filter(|value| is_finite(**value));
            let Some(first) = known.next() else { return Use::LeftOut("no row has a value") };
            let has_missing = values.iter().any(|value| !is_finite(*value));
            match known.all(|value| value == first) && !has_missing {
                true => Use::LeftOut("all rows have the same value"),
                false => Use::Number { has_missing },
            }
        }
        Column::Strings(values) => {
            let mut different: Vec<&str> = values.iter().map(String::as_str).collect();
            different.sort_unstable();
            different.dedup();
            let words: usize = values.iter().map(|value| value.split_whitespace().count()).sum();
            match different.len() {
                ..=1 => Use::LeftOut("all rows have the same value"),
                many if many * 4 > rows && words >= 4 * rows => Use::Text,
                many if many * 2 > rows && rows > 20 => {
                    Use::LeftOut("most rows have another value, as names and numbers of orders do")
                }
                values => Use::Category { values },
            }
        }
    }
}

/// Whether a float of the model has the value: infinite ones count as missing.
fn is_finite(value: f64) -> bool {
    (value as f32).is_finite()
}

/// Whether no value comes twice.
fn is_spread(sorted: &[i64]) -> bool {
    sorted.windows(2).all(|pair| pair[0] < pair[1])
}

/// The input of a column, and what the model makes of it first.
fn encoded(name: &str, column: &Column, what: &Use) -> Result<Option<(KerasTensor, KerasTensor)>> {
    let input = |dtype: &str| Input::shape([1]).name(name.replace('/', "_")).dtype(dtype);
    Ok(match what {
        Use::LeftOut(_) => None,
        Use::Number { has_missing } => {
            let input = input("float32");
            let values: Vec<f32> =
                column.to_f32().unwrap_or_default().into_iter().filter(|value| value.is_finite()).collect();
            let normalization = Normalization::new();
            let count = values.len();
            normalization.adapt(Tensor::from_vec(values, (count, 1), &Device::Cpu)?)?;
            let number = nan_to_num(&normalization.call(&input), 0.0, 0.0, 0.0);
            let feature = match has_missing {
                false => number,
                true => Concatenate::new().call([&number, &cast(&logical_not(&isfinite(&input)), "float32")]),
            };
            Some((input, feature))
        }
        Use::Category { values } => {
            let input = input("string");
            let is_one_hot = *values <= ONE_HOT;
            let lookup =
                StringLookup::new().max_tokens(CATEGORIES).output_mode(if is_one_hot { "multi_hot" } else { "int" });
            lookup.adapt(column)?;
            let size = lookup.vocabulary_size()?;
            let found = lookup.call(&input);
            let vectors = |found: &KerasTensor| {
                Flatten::new().call(Embedding::new(size, (size as f64).sqrt().ceil().min(50.0) as usize).call(found))
            };
            Some((input, if is_one_hot { found } else { vectors(&found) }))
        }
        Use::Text => {
            let input = input("string");
            let feature = folder::of_texts(&input, &column.to_strings())?;
            Some((input, feature))
        }
    })
}

/// The columns that are used, by the names of their inputs, and whether they are strings.
fn arrays(table: &Table, used: &[(&str, bool)]) -> Result<Data> {
    let array = |(name, is_text): &(&str, bool)| -> Result<(String, Array)> {
        let column = table.column(name)?;
        let array = match is_text {
            true => Array::new(column)?,
            false => Array { tensor: column.to_tensor()?.to_dtype(DType::F32)?, is_text: false },
        };
        Ok((name.replace('/', "_"), array))
    };
    Ok(Data::Named(used.iter().map(array).collect::<Result<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(values: impl IntoIterator<Item = String>) -> Column {
        Column::Strings(values.into_iter().collect())
    }

    #[test]
    fn columns_are_what_they_have() {
        let many = || 0..100usize;
        assert_eq!(
            usage(&strings(many().map(|i| format!("name{i}")))),
            usage(&strings(many().map(|i| format!("n{i}"))))
        );
        assert!(matches!(usage(&strings(many().map(|i| format!("name{i}")))), Use::LeftOut(_)));
        assert_eq!(usage(&strings(many().map(|i| format!("a text with number {i}")))), Use::Text);
        assert_eq!(usage(&strings(many().map(|i| format!("k{}", i % 7)))), Use::Category { values: 7 });
        assert!(matches!(
            usage(&Column::Integers(many().map(|i| i as i64).collect())),
            Use::LeftOut("it counts the rows")
        ));
        assert!(matches!(usage(&Column::Integers(vec![3; 9])), Use::LeftOut(_)));
        assert_eq!(usage(&Column::Integers(vec![3, 1, 2])), Use::Number { has_missing: false });
        assert_eq!(usage(&Column::Floats(vec![f64::NAN, 1.0])), Use::Number { has_missing: true });
        assert!(matches!(
            usage(&Column::Floats(vec![f64::NAN, f64::INFINITY, 1e300])),
            Use::LeftOut("no row has a value")
        ));
    }

    #[test]
    fn targets_are_classes_or_numbers() {
        let column = strings(["b", "a", "", "b", "a"].map(String::from));
        let (goal, truth, kept) = targets(&column, false).unwrap();
        assert!(matches!(goal, Goal::Classes(classes) if classes == ["a", "b"]));
        assert_eq!((truth, kept), (vec![1., 0., 1., 0.], vec![0, 1, 3, 4]));
        let (goal, truth, _) = targets(&Column::Integers(vec![10, 2, 10, 2]), false).unwrap();
        assert!(matches!(goal, Goal::Classes(classes) if classes == ["2", "10"]));
        assert_eq!(truth, [1., 0., 1., 0.]);
        assert!(matches!(targets(&Column::Integers(vec![10, 2, 10, 2]), true).unwrap().0, Goal::Number { .. }));
        let (goal, truth, kept) = targets(&Column::Floats(vec![0.5, f64::INFINITY, 1.0]), false).unwrap();
        assert!(matches!(goal, Goal::Number { .. }));
        assert_eq!((truth, kept), (vec![0.5, 1.0], vec![0, 2]));
        assert!(targets(&Column::Integers(vec![1, 1]), false).is_err());
        assert!(targets(&column, true).is_err());
        assert!(
            targets(&strings((0..9).map(|i| i.to_string())), false).unwrap_err().to_string().contains("no classes")
        );
    }
}
