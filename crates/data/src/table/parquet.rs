//! Apache Parquet. pandas: `read_parquet`.

use super::stream::{self, ReadRows};
use super::{Column, Kind, Table, apart, place};
use crate::{Batch, Batching, Cardinality, Dataset, Elements, Source};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result, has_memory_for};
use chrono::{DateTime, NaiveTime};
use half::f16;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The arguments of [`read_parquet`], with the names of pandas.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ReadParquet {
    columns: Option<Vec<String>>,
}

impl ReadParquet {
    /// pandas' defaults: all columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// The columns that are read, in this order. Default: all, but the index that pandas writes as `__index_level_0__`.
    pub fn columns<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }
}

/// Reads a table into memory. pandas: `read_parquet`. Needs the feature `parquet`.
///
/// Whole numbers and booleans become integers; floating-point numbers, decimals, and whole numbers of which some are missing, floats. Strings stay
/// strings, and dates and times become some: `2024-02-29`, `12:30:00`, `2024-02-29 12:30:00`, with a fraction of a second (`12:30:00.250`) where there
/// is one, and in UTC where there is a time zone.
///
/// # Errors
/// If the file cannot be read or is damaged, does not fit into memory, or a column has lists, structs, whole numbers of 2^63 or more, or bytes that
/// are not UTF-8.
pub fn read_parquet(path: impl AsRef<Path>, arguments: ReadParquet) -> Result<Table> {
    let mut rows = Rows::open(path.as_ref(), &arguments, true)?;
    if !rows.count().checked_mul(rows.fields.len() * size_of::<f64>()).is_some_and(has_memory_for) {
        return Err(Error::new(format!("{}: the table does not fit into memory", path.as_ref().display()))
            .received(format!("{} rows", rows.count()))
            .help("parquet_dataset reads it batch by batch"));
    }
    let columns = rows.read(usize::MAX)?;
    Table::new(rows.fields.into_iter().map(|field| field.name).zip(columns))
}

/// The rows of a file as inputs by their names, and one column as the target, read batch by batch: for files that are larger than
/// memory. Needs the feature `parquet`.
///
/// ```no_run
/// use candle_keras_data::{ReadParquet, parquet_dataset};
/// let dataset = parquet_dataset("clicks.parquet", "clicked", ReadParquet::new())?.shuffle(10_000).batch(256);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// The columns have the same kinds in each batch: whole numbers are floats, unless the file's statistics say that none of them is missing.
///
/// # Errors
/// As for [`read_parquet`], and if there is no column of the target's name.
pub fn parquet_dataset<'a>(
    path: impl AsRef<Path>,
    label_name: impl Into<Option<&'a str>>,
    arguments: ReadParquet,
) -> Result<Dataset> {
    let rows = Rows::open(path.as_ref(), &arguments, false)?;
    let target = label_name.into().map(|label| place(&rows.names(), label)).transpose()?;
    let count = rows.count();
    Ok(Dataset::new(ParquetFile { path: path.as_ref().into(), arguments: Arc::new(arguments), target, count }))
}

/// A file whose rows are read in each pass.
#[derive(Debug, Clone)]
struct ParquetFile {
    path: PathBuf,
    arguments: Arc<ReadParquet>,
    target: Option<usize>,
    count: usize,
}

/// A pass over the rows.
struct Pass {
    rows: Rows,
    names: Vec<String>,
    target: Option<usize>,
}

impl ParquetFile {
    /// Opens the file again: the handles of one share their position in it.
    fn pass(&self, from: usize) -> Result<Pass> {
        let mut rows = Rows::open(&self.path, &self.arguments, false)?;
        rows.skip(from)?;
        Ok(Pass { names: rows.names(), rows, target: self.target })
    }
}

impl ReadRows for Pass {
    fn read(&mut self, most: usize) -> Result<Option<Batch>> {
        let columns = self.rows.read(most)?;
        if columns.first().is_none_or(Column::is_empty) {
            return Ok(None);
        }
        apart(&self.names, columns, self.target).map(Some)
    }
}

impl Source for ParquetFile {
    fn elements(&self, _: &Stream, from: usize) -> Result<Elements> {
        Ok(stream::elements(self.pass(from)?))
    }

    fn cardinality(&self) -> Cardinality {
        Cardinality::Finite(self.count)
    }

    fn batches(&self, _: &Stream, batching: Batching, from: usize) -> Result<Elements> {
        stream::batches(batching, |from| self.pass(from), from)
    }
}

/// The rows of a file, group by group.
struct Rows {
    path: PathBuf,
    file: SerializedFileReader<File>,
    fields: Vec<Field>,
    /// The columns of the group that is being read.
    readers: Vec<ColumnReader>,
    /// How many rows of it are left.
    left: usize,
    next_group: usize,
}

impl Rows {
    /// With `at_once`, all rows are read as one batch.
    fn open(path: &Path, arguments: &ReadParquet, at_once: bool) -> Result<Self> {
        guarded(path, || Self::try_open(path, arguments, at_once))
    }

    fn try_open(path: &Path, arguments: &ReadParquet, at_once: bool) -> Result<Self> {
        let file = File::open(path).map_err(|cause| Error::io(path, cause))?;
        let file = SerializedFileReader::new(file).map_err(|cause| damaged(path, &cause))?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        // A nested column has a leaf for each of its parts.
        let all: Vec<String> = schema.columns().iter().map(|leaf| leaf.path().parts()[0].clone()).collect();
        let chosen: Vec<usize> = match &arguments.columns {
            Some(names) => names.iter().map(|name| place(&all, name)).collect::<Result<_>>()?,
            None => (0..all.len()).filter(|&i| !all[i].starts_with("__index_level_")).collect(),
        };
        let fields =
            chosen.into_iter().map(|i| Field::new(path, file.metadata(), i, at_once)).collect::<Result<_>>()?;
        Ok(Self { path: path.into(), file, fields, readers: Vec::new(), left: 0, next_group: 0 })
    }

    fn names(&self) -> Vec<String> {
        self.fields.iter().map(|field| field.name.clone()).collect()
    }

    fn count(&self) -> usize {
        self.file.metadata().row_groups().iter().map(|group| group.num_rows().max(0) as usize).sum()
    }

    /// Goes to the next group; false at the end.
    fn next_group(&mut self) -> Result<bool> {
        if self.next_group == self.file.num_row_groups() {
            return Ok(false);
        }
        let group = self.file.get_row_group(self.next_group).map_err(|cause| damaged(&self.path, &cause))?;
        let readers = self.fields.iter().map(|field| group.get_column_reader(field.index));
        self.readers = readers.collect::<Result<_, _>>().map_err(|cause| damaged(&self.path, &cause))?;
        self.left = group.metadata().num_rows().max(0) as usize;
        self.next_group += 1;
        Ok(true)
    }

    fn skip(&mut self, rows: usize) -> Result<()> {
        let path = self.path.clone();
        guarded(&path, || self.try_skip(rows))
    }

    fn try_skip(&mut self, mut rows: usize) -> Result<()> {
        while rows > 0 {
            if self.left == 0 && !self.next_group()? {
                return Ok(());
            }
            let skipped = rows.min(self.left);
            // Groups that are skipped as a whole are not read.
            if skipped < self.left {
                for reader in &mut self.readers {
                    skip(reader, skipped).map_err(|cause| damaged(&self.path, &cause))?;
                }
            }
            self.left -= skipped;
            rows -= skipped;
        }
        Ok(())
    }

    /// The next rows, at most so many, by their columns.
    fn read(&mut self, most: usize) -> Result<Vec<Column>> {
        let path = self.path.clone();
        guarded(&path, || self.try_read(most))
    }

    fn try_read(&mut self, most: usize) -> Result<Vec<Column>> {
        let mut columns: Vec<Column> = self.fields.iter().map(|field| field.kind.column()).collect();
        let mut wanted = most;
        while wanted > 0 && (self.left > 0 || self.next_group()?) {
            let count = wanted.min(self.left);
            for ((field, reader), column) in self.fields.iter().zip(&mut self.readers).zip(&mut columns) {
                let before = column.len();
                field.read(reader, count, column).map_err(|cause| field.error(&self.path, &cause))?;
                if column.len() - before != count {
                    let cause = format!("{count} rows were promised and {} are there", column.len() - before);
                    return Err(field.error(&self.path, &ParquetError::General(cause)));
                }
            }
            self.left -= count;
            wanted -= count;
        }
        Ok(columns)
    }
}

/// A column of the file.
struct Field {
    name: String,
    index: usize,
    /// 1 if values may be missing, else 0.
    present: i16,
    meaning: Meaning,
    kind: Kind,
    /// Whether integers may still become floats, at the first that is missing.
    at_once: bool,
}

/// What the stored values stand for.
#[derive(Clone, Copy)]
enum Meaning {
    /// What they are.
    Plain,
    /// Whole numbers without a sign.
    Unsigned,
    /// Whole numbers times a power of ten.
    Decimal(i32),
    /// Two bytes of a floating-point number.
    Half,
    /// Days since 1970.
    Date,
    /// The time of day in so many parts of a second.
    Time(i64),
    /// The time since 1970 in so many parts of a second.
    Timestamp(i64),
}

/// A value as a [`Column`] has it.
enum Value {
    Missing,
    Whole(i64),
    Number(f64),
    Text(String),
}

impl Field {
    fn new(path: &Path, metadata: &ParquetMetaData, index: usize, at_once: bool) -> Result<Self> {
        let column = metadata.file_metadata().schema_descr().column(index);
        let name = column.path().parts()[0].clone();
        if column.path().parts().len() > 1 || column.max_rep_level() > 0 || column.max_def_level() > 1 {
            return Err(Error::new(format!("{}: column {name:?} has lists or structs", path.display()))
                .expected("numbers or strings")
                .help("ReadParquet::columns reads only the columns that are named"));
        }
        let meaning = Meaning::of(&column);
        // Without statistics, values may be missing wherever the schema lets them.
        let has_all = |group: &parquet::file::metadata::RowGroupMetaData| {
            group.column(index).statistics().and_then(|statistics| statistics.null_count_opt()) == Some(0)
        };
        let is_complete = at_once || column.max_def_level() == 0 || metadata.row_groups().iter().all(has_all);
        let kind = match (column.physical_type(), meaning) {
            (_, Meaning::Date | Meaning::Time(_) | Meaning::Timestamp(_)) => Kind::Strings,
            (_, Meaning::Decimal(_) | Meaning::Half) | (Type::FLOAT | Type::DOUBLE, _) => Kind::Floats,
            (Type::BOOLEAN | Type::INT32 | Type::INT64, _) if is_complete => Kind::Integers,
            (Type::BOOLEAN | Type::INT32 | Type::INT64, _) => Kind::Floats,
            (Type::INT96 | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY, _) => Kind::Strings,
        };
        Ok(Self { name, index, present: column.max_def_level(), meaning, kind, at_once })
    }

    fn error(&self, path: &Path, cause: &ParquetError) -> Error {
        damaged(path, &ParquetError::General(format!("column {:?}: {cause}", self.name)))
            .help("ReadParquet::columns reads only the columns that are named")
    }

    /// Adds the next rows to a column.
    fn read(&self, reader: &mut ColumnReader, count: usize, column: &mut Column) -> Result<(), ParquetError> {
        let meaning = self.meaning;
        let bytes = |bytes: &[u8]| meaning.of_bytes(bytes);
        let number = |number: f64| Some(Value::Number(number));
        match reader {
            ColumnReader::BoolColumnReader(reader) => {
                self.values(reader, count, column, |value| Some(Value::Whole(i64::from(value))))
            }
            ColumnReader::Int32ColumnReader(reader) => self.values(reader, count, column, |value| match meaning {
                Meaning::Unsigned => Some(Value::Whole(i64::from(value as u32))),
                _ => meaning.of_whole(value.into()),
            }),
            ColumnReader::Int64ColumnReader(reader) => {
                self.values(reader, count, column, |value| meaning.of_whole(value))
            }
            ColumnReader::Int96ColumnReader(reader) => {
                let timestamp = Meaning::Timestamp(MICROS);
                self.values(reader, count, column, |value| timestamp.of_whole(value.to_micros()))
            }
            ColumnReader::FloatColumnReader(reader) => self.values(reader, count, column, |value| number(value.into())),
            ColumnReader::DoubleColumnReader(reader) => self.values(reader, count, column, number),
            ColumnReader::ByteArrayColumnReader(reader) => {
                self.values(reader, count, column, |value| bytes(value.data()))
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                self.values(reader, count, column, |value| bytes(value.data()))
            }
        }
    }

    fn values<T: DataType>(
        &self,
        reader: &mut ColumnReaderImpl<T>,
        count: usize,
        column: &mut Column,
        value: impl Fn(T::T) -> Option<Value>,
    ) -> Result<(), ParquetError> {
        let (mut stored, mut levels) = (Vec::new(), Vec::new());
        reader.read_records(count, Some(&mut levels), None, &mut stored)?;
        let mut stored = stored.into_iter();
        let mut push = |value: Option<Value>| {
            if let (Column::Integers(values), Some(Value::Missing), true) = (&*column, &value, self.at_once) {
                *column = Column::Floats(values.iter().map(|value| *value as f64).collect());
            }
            value.and_then(|value| value.push(column)).ok_or_else(|| self.misfit())
        };
        if self.present == 0 {
            return stored.try_for_each(|stored| push(value(stored)));
        }
        levels.into_iter().try_for_each(|level| match level == self.present {
            true => push(stored.next().and_then(&value)),
            false => push(Some(Value::Missing)),
        })
    }

    fn misfit(&self) -> ParquetError {
        let expected = match self.kind {
            Kind::Integers => "whole numbers of 64 bits with a sign, none missing",
            Kind::Floats => "numbers",
            Kind::Strings => "text in UTF-8, or times that a calendar has",
        };
        ParquetError::General(format!("it has other values than {expected}"))
    }
}

const MILLIS: i64 = 1_000;
const MICROS: i64 = 1_000_000;
const NANOS: i64 = 1_000_000_000;

impl Meaning {
    fn of(column: &ColumnDescriptor) -> Self {
        let parts = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => MILLIS,
            TimeUnit::MICROS => MICROS,
            TimeUnit::NANOS => NANOS,
        };
        match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Time(time)), _) => Self::Time(parts(&time.unit)),
            (Some(LogicalType::Timestamp(time)), _) => Self::Timestamp(parts(&time.unit)),
            (Some(LogicalType::Float16), _) => Self::Half,
            (_, ConvertedType::DECIMAL) => Self::Decimal(column.type_scale()),
            (_, ConvertedType::DATE) => Self::Date,
            (_, ConvertedType::TIME_MILLIS) => Self::Time(MILLIS),
            (_, ConvertedType::TIME_MICROS) => Self::Time(MICROS),
            (_, ConvertedType::TIMESTAMP_MILLIS) => Self::Timestamp(MILLIS),
            (_, ConvertedType::TIMESTAMP_MICROS) => Self::Timestamp(MICROS),
            (_, ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64) => {
                Self::Unsigned
            }
            _ => Self::Plain,
        }
    }

    fn of_whole(self, value: i64) -> Option<Value> {
        let parts = |parts: i64| {
            let nanos = value.rem_euclid(parts) * (NANOS / parts);
            (value.div_euclid(parts), nanos as u32)
        };
        let text = match self {
            Self::Plain | Self::Half => return Some(Value::Whole(value)),
            // As i64, the largest are below 0.
            Self::Unsigned => return (value >= 0).then_some(Value::Whole(value)),
            Self::Decimal(scale) => return Some(Value::Number(value as f64 / 10f64.powi(scale))),
            Self::Date => {
                let start = DateTime::from_timestamp(value.checked_mul(24 * 3600)?, 0)?;
                start.format("%Y-%m-%d").to_string()
            }
            Self::Timestamp(unit) => {
                let (seconds, nanos) = parts(unit);
                DateTime::from_timestamp(seconds, nanos)?.format("%Y-%m-%d %H:%M:%S%.f").to_string()
            }
            Self::Time(unit) => {
                let (seconds, nanos) = parts(unit);
                let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds.try_into().ok()?, nanos)?;
                time.format("%H:%M:%S%.f").to_string()
            }
        };
        Some(Value::Text(text))
    }

    fn of_bytes(self, bytes: &[u8]) -> Option<Value> {
        match self {
            Self::Half => Some(Value::Number(f16::from_le_bytes(bytes.try_into().ok()?).into())),
            Self::Decimal(scale) => {
                // Two's complement with the highest byte first.
                let sign = if bytes.first()? & 0x80 == 0 { 0.0 } else { -1.0 };
                let whole = bytes.iter().fold(sign, |whole, byte| whole * 256.0 + f64::from(*byte));
                Some(Value::Number(whole / 10f64.powi(scale)))
            }
            _ => Some(Value::Text(std::str::from_utf8(bytes).ok()?.to_string())),
        }
    }
}

impl Value {
    /// Adds it to a column that takes it.
    fn push(self, column: &mut Column) -> Option<()> {
        match (column, self) {
            (Column::Integers(values), Self::Whole(value)) => values.push(value),
            (Column::Floats(values), Self::Whole(value)) => values.push(value as f64),
            (Column::Floats(values), Self::Number(value)) => values.push(value),
            (Column::Floats(values), Self::Missing) => values.push(f64::NAN),
            (Column::Strings(values), Self::Text(value)) => values.push(value),
            (Column::Strings(values), Self::Missing) => values.push(String::new()),
            _ => return None,
        }
        Some(())
    }
}

fn skip(reader: &mut ColumnReader, rows: usize) -> Result<(), ParquetError> {
    match reader {
        ColumnReader::BoolColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::Int32ColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::Int64ColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::Int96ColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::FloatColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::DoubleColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::ByteArrayColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => reader.skip_records(rows),
    }
    .map(drop)
}

/// The crate parquet panics at some files that are damaged.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    let panicked = |_| Err(damaged(path, &ParquetError::General("it is damaged".into())));
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(panicked)
}

fn damaged(path: &Path, cause: &ParquetError) -> Error {
    Error::new(format!("{} cannot be read as Parquet: {cause}", path.display()))
}

#[cfg(test)]
mod tests;
