//! A file with what models return, to compare two programs by.

use crate::{History, Logs, Result};
use candle_core::{DType, Tensor};
use candle_keras_ops::Error;
use std::fmt::{Display, Write as _};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

static RECORD: Mutex<Option<File>> = Mutex::new(None);

/// How many numbers of a prediction are written.
const NUMBERS: usize = 1000;

/// From here on, writes what `fit`, `evaluate` and `predict` of all models return to a file, a line for each call: to compare two programs, or two versions of
/// one. `candle-keras port --verify` compares a program with its script so.
///
/// A line is the name of the method and then, each behind a tab, the names and numbers that it returned: those of all epochs, or the first 1000 of an output.
///
/// # Errors
/// If the file cannot be created.
///
/// ```
/// # use candle_keras_layers::{layers, Dense, Input};
/// # use candle_keras_models::{record_results, Sequential};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("results.txt");
/// record_results(&path)?;
/// let model = Sequential::new(layers![Input::shape([1]), Dense::new(1).kernel_initializer("ones")]);
/// model.predict(vec![1f32, 2.])?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), "predict\t(2, 1): 1 2\n");
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
pub fn record_results(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let file = File::create(path).map_err(|error| Error::new(format!("{}: {error}", path.display())))?;
    *RECORD.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
    Ok(())
}

pub(crate) fn fitted(history: &History) -> Result<()> {
    write("fit", || Ok(by_name(history.iter().map(|(name, values)| (name, values.to_vec())).collect())))
}

pub(crate) fn evaluated(logs: &Logs) -> Result<()> {
    write("evaluate", || Ok(by_name(logs.iter().map(|(name, value)| (name, vec![value])).collect())))
}

pub(crate) fn predicted(outputs: &[Tensor]) -> Result<()> {
    let shown = |output: &Tensor| {
        let all = output.flatten_all()?;
        let some = all.narrow(0, 0, all.elem_count().min(NUMBERS))?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
        let sizes: Vec<String> = output.dims().iter().map(usize::to_string).collect();
        Ok(entry(format!("({})", sizes.join(", ")), &some))
    };
    write("predict", || outputs.iter().map(shown).collect())
}

fn entry(name: impl Display, values: &[f64]) -> String {
    values.iter().fold(format!("{name}:"), |mut text, value| {
        _ = write!(text, " {value}");
        text
    })
}

/// Programs may have the values in another order.
fn by_name(mut values: Vec<(&str, Vec<f64>)>) -> Vec<String> {
    values.sort_by_key(|(name, _)| *name);
    values.iter().map(|(name, values)| entry(name, values)).collect()
}

/// Writes a line, if anything is to be written.
fn write(method: &str, entries: impl FnOnce() -> Result<Vec<String>>) -> Result<()> {
    let mut record = RECORD.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(file) = record.as_mut() else { return Ok(()) };
    let line = std::iter::once(method.to_string()).chain(entries()?).collect::<Vec<_>>().join("\t");
    writeln!(file, "{line}").map_err(|error| Error::new(format!("the results cannot be written: {error}")))
}
