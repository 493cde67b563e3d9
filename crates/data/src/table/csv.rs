//! Comma-separated values. pandas: `read_csv`; TensorFlow: `tf.data.experimental.make_csv_dataset`.

use super::cleaned::{Cleaned, Cleaning};
use super::encoding::Encoding;
use super::stream::{self, ReadRows};
use super::{Column, Kind, Table, apart, place};
use crate::{Batch, Batching, Dataset, Elements, Source};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result};
use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord, Trim};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What stands for a missing number, as in pandas.
const MISSING: [&str; 12] = ["", "#N/A", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "-nan"];

/// How many rows [`csv_dataset`] reads to know what the columns have.
const FIRST_ROWS: usize = 10_000;

/// The arguments of [`read_csv`], with the names of pandas.
#[derive(Debug, Clone)]
#[must_use]
pub struct ReadCsv {
    sep: char,
    header: bool,
    names: Option<Vec<String>>,
    usecols: Option<Vec<String>>,
    usecols_at: Option<Vec<usize>>,
    sep_text: Option<String>,
    strings: Vec<String>,
    nrows: Option<usize>,
    na_values: Vec<String>,
    whitespace: bool,
    skipinitialspace: bool,
    comment: Option<char>,
    encoding: String,
    skip_bad_lines: bool,
}

impl Default for ReadCsv {
    fn default() -> Self {
        let (strings, na_values) = (Vec::new(), Vec::new());
        Self {
            sep: ',',
            header: true,
            names: None,
            usecols: None,
            usecols_at: None,
            sep_text: None,
            strings,
            nrows: None,
            na_values,
            whitespace: false,
            skipinitialspace: false,
            comment: None,
            encoding: "utf-8".into(),
            skip_bad_lines: false,
        }
    }
}

impl ReadCsv {
    /// pandas' defaults: commas, and the names of the columns in the first row.
    pub fn new() -> Self {
        Self::default()
    }

    /// The separator. Default: a comma.
    pub fn sep(mut self, sep: char) -> Self {
        self.sep = sep;
        self
    }

    /// A separator of several characters: `"::"`. Quotes are characters like others then, as in pandas with `engine="python"`.
    ///
    /// ```
    /// use candle_keras_data::{ReadCsv, read_csv};
    /// # let folder = tempfile::tempdir().expect("a folder");
    /// # let path = folder.path().join("ratings.dat");
    /// std::fs::write(&path, "1::1193::5\n1::661::3\n").expect("a file");
    /// let table = read_csv(&path, ReadCsv::new().sep_text("::").names(["user", "movie", "rating"]).header(false))?;
    /// assert_eq!(table.column("movie")?.sum()?, 1854.0);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn sep_text(mut self, sep: impl Into<String>) -> Self {
        self.sep_text = Some(sep.into());
        self
    }

    /// Whether spaces and tabs separate fields, however many there are. pandas: `sep=r"\s+"`. Default: false.
    ///
    /// ```
    /// use candle_keras_data::{ReadCsv, read_csv};
    /// # let folder = tempfile::tempdir().expect("a folder");
    /// # let path = folder.path().join("housing.data");
    /// std::fs::write(&path, " 0.006   18.0  24.0\n 0.027    0.0  21.6\n").expect("a file");
    /// let table = read_csv(&path, ReadCsv::new().whitespace(true).header(false))?;
    /// assert_eq!(table.column("1")?.sum()?, 18.0);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn whitespace(mut self, whitespace: bool) -> Self {
        self.whitespace = whitespace;
        self
    }

    /// Whether spaces behind a separator are left out. Default: false.
    pub fn skipinitialspace(mut self, skip: bool) -> Self {
        self.skipinitialspace = skip;
        self
    }

    /// A character behind which the rest of a line is left out. Default: none.
    pub fn comment(mut self, comment: char) -> Self {
        self.comment = Some(comment);
        self
    }

    /// How the characters of the file are written, as Python calls it: `"utf-8"`, `"latin1"` or `"cp1252"`. Default: `"utf-8"`.
    ///
    /// ```
    /// use candle_keras_data::{ReadCsv, read_csv};
    /// # let folder = tempfile::tempdir().expect("a folder");
    /// # let path = folder.path().join("weather.csv");
    /// std::fs::write(&path, b"temp (\xb0C)\n21.5\n").expect("a file");
    /// assert_eq!(read_csv(&path, ReadCsv::new().encoding("latin1"))?.names(), ["temp (°C)"]);
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn encoding(mut self, encoding: impl Into<String>) -> Self {
        self.encoding = encoding.into();
        self
    }

    /// The reader of a file, with what is to be done to its lines before.
    fn reader(&self, file: File) -> Result<Reader<Box<dyn Read + Send>>> {
        let ascii = |name: &str, character: char| {
            let byte = u8::try_from(character).ok().filter(u8::is_ascii).filter(|byte| !b"\"\r\n".contains(byte));
            byte.ok_or_else(|| {
                Error::new(format!("{name} is one character of ASCII, no quote or end of line"))
                    .received(format!("{character:?}"))
            })
        };
        let file = Encoding::named(&self.encoding)?.decoded(file);
        if let Some(sep) = self.sep_text.as_deref().filter(|sep| !sep.is_empty()) {
            // A character that texts do not have takes its place.
            let text = std::io::read_to_string(file).map_err(|cause| Error::new(format!("not UTF-8 text: {cause}")))?;
            let text = std::io::Cursor::new(text.replace(sep, "\u{1f}").into_bytes());
            let reader = Box::new(text) as Box<dyn Read + Send>;
            let mut builder = ReaderBuilder::new();
            builder.has_headers(false).delimiter(0x1f).quoting(false).flexible(self.skip_bad_lines);
            return Ok(builder.from_reader(reader));
        }
        let cleaning = Cleaning {
            sep: ascii("sep", self.sep)?,
            whitespace: self.whitespace,
            skip_initial_space: self.skipinitialspace,
            comment: self.comment.map(|comment| ascii("comment", comment)).transpose()?,
        };
        let is_cleaned = self.whitespace || self.skipinitialspace || self.comment.is_some();
        let read: Box<dyn Read + Send> = if is_cleaned { Box::new(Cleaned::new(file, cleaning)) } else { file };
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).delimiter(cleaning.sep).trim(Trim::None).flexible(self.skip_bad_lines);
        Ok(builder.from_reader(read))
    }

    /// Whether the first row has the names of the columns. Default: true. Without it they are [`names`](Self::names), or `"0"`, `"1"` and so on.
    pub fn header(mut self, header: bool) -> Self {
        self.header = header;
        self
    }

    /// The names of the columns, instead of those of the header.
    pub fn names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The columns that are read, in the order of the file. Default: all.
    pub fn usecols<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.usecols = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The columns that are read, by their places in the file. pandas: `usecols=[1, 3]`. Default: all.
    pub fn usecols_at(mut self, places: impl IntoIterator<Item = usize>) -> Self {
        self.usecols_at = Some(places.into_iter().collect());
        self
    }

    /// Columns of strings, though they look like numbers: postcodes, say. pandas: `dtype={"zip": str}`.
    pub fn strings<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.strings = names.into_iter().map(Into::into).collect();
        self
    }

    /// More texts that stand for a missing value, beside those of pandas.
    pub fn na_values<S: Into<String>>(mut self, texts: impl IntoIterator<Item = S>) -> Self {
        self.na_values = texts.into_iter().map(Into::into).collect();
        self
    }

    /// Whether rows with more fields than the first are left out, instead of an error; those with fewer are filled with missing values.
    /// pandas: `on_bad_lines="skip"`. Default: false.
    ///
    /// ```
    /// use candle_keras_data::{ReadCsv, read_csv};
    /// # let folder = tempfile::tempdir().expect("a folder");
    /// # let path = folder.path().join("a.csv");
    /// std::fs::write(&path, "a,b\n1,2\n3,4,5\n6\n").expect("a file");
    /// let table = read_csv(&path, ReadCsv::new().skip_bad_lines(true))?;
    /// assert_eq!((table.rows(), table.column("a")?.sum()?), (2, 7.0));
    /// # Ok::<(), candle_keras_data::Error>(())
    /// ```
    pub fn skip_bad_lines(mut self, skip: bool) -> Self {
        self.skip_bad_lines = skip;
        self
    }

    /// The most rows that are read. Default: all.
    pub fn nrows(mut self, rows: usize) -> Self {
        self.nrows = Some(rows);
        self
    }
}

/// Reads a table into memory. A column is integers if all its values are, else numbers if they are or are missing, else strings, of which
/// those are empty that pandas takes for missing. pandas: `read_csv`.
///
/// # Errors
/// If the file cannot be read, is not UTF-8, or a row has not as many fields as the first, with its line.
pub fn read_csv(path: impl AsRef<Path>, arguments: ReadCsv) -> Result<Table> {
    let mut rows = Rows::open(path.as_ref(), &arguments)?;
    let fields = rows.fields(arguments.nrows.unwrap_or(usize::MAX))?;
    let columns = rows.names.iter().zip(fields);
    Table::new(
        columns.map(|(name, fields)| {
            (name.clone(), column(fields, arguments.strings.contains(name), &arguments.na_values))
        }),
    )
}

/// The rows of a file as inputs by their names, and one column as the target, read batch by batch: for files that are larger than memory.
/// TensorFlow: `tf.data.experimental.make_csv_dataset`, with `label_name`.
///
/// What the columns have is known from the first 10,000 rows.
///
/// ```
/// use candle_keras_data::{ReadCsv, csv_dataset};
/// # let folder = tempfile::tempdir().expect("a folder");
/// # let path = folder.path().join("pets.csv");
/// # std::fs::write(&path, "kind,age,adopted\ncat,2,1\ndog,7,0\n").expect("a file");
/// let dataset = csv_dataset(&path, "adopted", ReadCsv::new())?.batch(32);
/// let batch = dataset.iter()?.next().expect("one batch")?;
/// assert_eq!(batch.names.x.unwrap()[..], ["kind".to_string(), "age".to_string()]);
/// assert_eq!(batch.y[0].to_vec1::<i64>()?, [1, 0]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// As for [`read_csv`]; if there is no column of the target's name; and in a pass at a row whose values are of another kind, with its line.
pub fn csv_dataset<'a>(
    path: impl AsRef<Path>,
    label_name: impl Into<Option<&'a str>>,
    arguments: ReadCsv,
) -> Result<Dataset> {
    let (path, label) = (path.as_ref(), label_name.into());
    let mut rows = Rows::open(path, &arguments)?;
    let target = label.map(|label| place(&rows.names, label)).transpose()?;
    let first = rows.fields(FIRST_ROWS.min(arguments.nrows.unwrap_or(usize::MAX)))?;
    let kind = |(name, fields): (&String, Vec<String>)| {
        column(fields, arguments.strings.contains(name), &arguments.na_values).kind()
    };
    let kinds = rows.names.iter().zip(first).map(kind).collect();
    Ok(Dataset::new(CsvFile { path: path.into(), arguments: Arc::new(arguments), kinds, target }))
}

/// The rows of a file.
struct Rows {
    path: PathBuf,
    reader: Reader<Box<dyn Read + Send>>,
    /// The names of the columns that are read.
    names: Vec<String>,
    /// Their places in the file.
    places: Vec<usize>,
    record: StringRecord,
    /// A row that was read for its number of fields.
    has_record: bool,
    /// How many fields the first row has.
    count: usize,
}

impl Rows {
    fn open(path: &Path, arguments: &ReadCsv) -> Result<Self> {
        let file = File::open(path).map_err(|cause| match path.to_string_lossy().contains("://") {
            true => Error::new("a table is read from a file, not from an address")
                .received(path.display().to_string())
                .help("utils::get_file downloads it, and returns its path"),
            false => Error::io(path, cause),
        })?;
        let reader = arguments.reader(file)?;
        let (names, places) = (Vec::new(), Vec::new());
        let mut rows =
            Self { path: path.into(), reader, names, places, record: StringRecord::new(), has_record: false, count: 0 };
        if !rows.next()? {
            return Err(
                Error::new(format!("{} is empty", path.display())).expected("a row with the names of the columns")
            );
        }
        rows.count = rows.record.len();
        let all: Vec<String> = match (&arguments.names, arguments.header) {
            (Some(names), _) => names.clone(),
            // Spreadsheets write a byte-order mark.
            (None, true) => {
                let names = rows.record.iter().map(|name| name.trim_start_matches('\u{feff}').trim());
                // As in pandas, whose own index has no name in a file.
                let named =
                    |(i, name): (usize, &str)| if name.is_empty() { format!("Unnamed: {i}") } else { name.into() };
                names.enumerate().map(named).collect()
            }
            (None, false) => (0..rows.record.len()).map(|i| i.to_string()).collect(),
        };
        if all.len() != rows.record.len() {
            return Err(Error::new(format!("{}: names are those of all columns", path.display()))
                .expected(format!("{} names", rows.record.len()))
                .received(all.len().to_string()));
        }
        if let Some(name) = all.iter().enumerate().find_map(|(i, name)| all[..i].contains(name).then_some(name)) {
            return Err(Error::new(format!("{}: two columns are called {name:?}", path.display()))
                .help("ReadCsv::names gives other names, ReadCsv::header(false) says that the first row has none"));
        }
        rows.has_record = !arguments.header;
        rows.places = (0..all.len()).collect();
        rows.names = all;
        for name in arguments.strings.iter().chain(arguments.usecols.iter().flatten()) {
            place(&rows.names, name)?;
        }
        if let Some(wanted) = &arguments.usecols {
            let kept = |(name, place): (String, usize)| wanted.contains(&name).then_some((name, place));
            let all = std::mem::take(&mut rows.names);
            (rows.names, rows.places) = all.into_iter().zip(0..).filter_map(kept).unzip();
        }
        if let Some(wanted) = &arguments.usecols_at {
            let last = wanted.iter().max().copied().unwrap_or(0);
            let count = rows.names.len();
            if last >= count {
                return Err(Error::new("there is no such column")
                    .expected(format!("a place below {count}"))
                    .received(last.to_string()));
            }
            let kept = |(name, place): (String, usize)| wanted.contains(&place).then_some((name, place));
            let all = std::mem::take(&mut rows.names);
            (rows.names, rows.places) = all.into_iter().zip(0..).filter_map(kept).unzip();
        }
        Ok(rows)
    }

    /// Reads the next row; false at the end.
    fn next(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.has_record) {
            return Ok(true);
        }
        while self.read()? {
            // Those with more fields are left out, if they are no error.
            if self.record.len() <= self.count || self.count == 0 {
                (self.record.len()..self.count).for_each(|_| self.record.push_field(""));
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read(&mut self) -> Result<bool> {
        self.reader.read_record(&mut self.record).map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            let at = format!("{}, line {line}", self.path.display());
            match error.into_kind() {
                ErrorKind::Io(cause) => Error::io(&self.path, cause),
                ErrorKind::Utf8 { err, .. } => Error::new(format!("{at}: this is not UTF-8 text: {err}")),
                ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    Error::new(format!("{at}: a row has another number of fields"))
                        .expected(format!("{expected_len}, as the first row has"))
                        .received(len.to_string())
                        .help("a field with a separator or a line break is written in quotes")
                }
                other => Error::new(format!("{at}: {other:?}")),
            }
        })
    }

    /// The fields of the next rows by their columns.
    fn fields(&mut self, rows: usize) -> Result<Vec<Vec<String>>> {
        let mut columns = vec![Vec::new(); self.places.len()];
        for _ in 0..rows {
            if !self.next()? {
                break;
            }
            for (column, place) in columns.iter_mut().zip(&self.places) {
                column.push(self.record[*place].to_string());
            }
        }
        Ok(columns)
    }

    fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }
}

/// The narrowest kind that has all the fields.
fn column(fields: Vec<String>, is_strings: bool, na_values: &[String]) -> Column {
    if is_strings {
        return Column::Strings(fields.into_iter().map(|field| text(&field, na_values)).collect());
    }
    if let Some(integers) = fields.iter().map(|field| integer(field)).collect() {
        return Column::Integers(integers);
    }
    match fields.iter().map(|field| float(field, na_values)).collect() {
        Some(floats) => Column::Floats(floats),
        None => Column::Strings(fields.into_iter().map(|field| text(&field, na_values)).collect()),
    }
}

fn integer(field: &str) -> Option<i64> {
    field.trim().parse().ok()
}

fn float(field: &str, na_values: &[String]) -> Option<f64> {
    let field = field.trim();
    if is_missing(field, na_values) { Some(f64::NAN) } else { field.parse().ok() }
}

fn text(field: &str, na_values: &[String]) -> String {
    if is_missing(field, na_values) { String::new() } else { field.to_string() }
}

fn is_missing(field: &str, na_values: &[String]) -> bool {
    MISSING.contains(&field) || na_values.iter().any(|text| text == field)
}

/// A file whose rows are read in each pass.
#[derive(Clone)]
struct CsvFile {
    path: PathBuf,
    arguments: Arc<ReadCsv>,
    kinds: Vec<Kind>,
    target: Option<usize>,
}

/// A pass over the rows.
struct Pass {
    rows: Rows,
    file: CsvFile,
    left: usize,
}

impl CsvFile {
    fn pass(&self, from: usize) -> Result<Pass> {
        let mut rows = Rows::open(&self.path, &self.arguments)?;
        let mut left = self.arguments.nrows.unwrap_or(usize::MAX);
        for _ in 0..from.min(left) {
            rows.next()?;
        }
        left = left.saturating_sub(from);
        Ok(Pass { rows, file: self.clone(), left })
    }
}

impl ReadRows for Pass {
    fn read(&mut self, most: usize) -> Result<Option<Batch>> {
        let mut columns: Vec<Column> = self.file.kinds.iter().map(|kind| kind.column()).collect();
        let mut count = 0;
        while count < most.min(self.left) && self.rows.next()? {
            count += 1;
            for (i, column) in columns.iter_mut().enumerate() {
                let field = &self.rows.record[self.rows.places[i]];
                let fits = match column {
                    Column::Integers(values) => integer(field).map(|value| values.push(value)),
                    Column::Floats(values) => {
                        float(field, &self.file.arguments.na_values).map(|value| values.push(value))
                    }
                    Column::Strings(values) => {
                        values.push(text(field, &self.file.arguments.na_values));
                        Some(())
                    }
                };
                fits.ok_or_else(|| self.misfit(i, field, matches!(column, Column::Integers(_))))?;
            }
        }
        self.left -= count;
        if count == 0 {
            return Ok(None);
        }
        apart(&self.rows.names, columns, self.file.target).map(Some)
    }
}

impl Pass {
    fn misfit(&self, column: usize, field: &str, is_integer: bool) -> Error {
        let (path, line, name) = (self.file.path.display(), self.rows.line(), &self.rows.names[column]);
        let kind = if is_integer { "integers" } else { "numbers" };
        Error::new(format!("{path}, line {line}: column {name:?} has something else than {kind}"))
            .expected(format!("{kind}, as its first {FIRST_ROWS} rows have"))
            .received(format!("{field:?}"))
            .help(format!("ReadCsv::strings([{name:?}]) reads the column as strings"))
    }
}

impl Source for CsvFile {
    fn elements(&self, _: &Stream, from: usize) -> Result<Elements> {
        Ok(stream::elements(self.pass(from)?))
    }

    fn batches(&self, _: &Stream, batching: Batching, from: usize) -> Result<Elements> {
        stream::batches(batching, |from| self.pass(from), from)
    }
}
