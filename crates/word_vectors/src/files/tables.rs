//! Named tables in one safetensors file, written row by row.

use crate::Words;
use candle_keras_ops::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Write;

/// The names under which the words of vectors are in a file, and their counts.
pub(crate) const VOCABULARY: &str = "vocabulary";
pub(crate) const COUNTS: &str = "counts";

/// Bytes that programs of safetensors read as a header at most.
const LONGEST_HEADER: usize = 100_000_000;

/// Texts by their names.
pub(crate) type Metadata = BTreeMap<&'static str, String>;

/// Rows of f32, each of which `read` copies into a buffer.
pub(crate) struct NamedTable<'a> {
    pub(crate) name: &'a str,
    pub(crate) rows: usize,
    pub(crate) width: usize,
    pub(crate) read: &'a dyn Fn(usize, &mut [f32]),
}

/// The metadata of words, and of their counts if those are known.
///
/// # Errors
/// If other programs would not read so many words.
pub(crate) fn metadata(words: &Words, counts: Option<&[u64]>) -> Result<Metadata> {
    let words: Vec<_> = words.iter().collect();
    // Each word is in quotes, which are escaped, and a comma is between two.
    if words.iter().map(|word| word.len() + 5).sum::<usize>() > LONGEST_HEADER {
        return Err(too_long());
    }
    let mut metadata = Metadata::from([(VOCABULARY, serde_json::to_string(&words)?)]);
    if let Some(counts) = counts {
        metadata.insert(COUNTS, serde_json::to_string(counts)?);
    }
    Ok(metadata)
}

fn too_long() -> Error {
    Error::new("the words are too long for safetensors, whose programs read a header of 100 MB at most")
        .help("save as .npy, which has them in a file beside it")
}

/// The header of a file of tables with these names, rows and columns.
///
/// # Errors
/// If it is longer than other programs read.
pub(crate) fn header<'a>(
    metadata: &Metadata,
    tables: impl IntoIterator<Item = (&'a str, usize, usize)>,
) -> Result<Vec<u8>> {
    let mut header = Map::from_iter([("__metadata__".to_string(), json!(metadata))]);
    let mut start = 0;
    for (name, rows, columns) in tables {
        let end = start + rows * columns * size_of::<f32>();
        header.insert(name.into(), json!({"dtype": "F32", "shape": [rows, columns], "data_offsets": [start, end]}));
        start = end;
    }
    let mut header = Value::from(header).to_string().into_bytes();
    // The numbers begin at a multiple of 8 bytes.
    header.resize(header.len().next_multiple_of(8), b' ');
    if header.len() > LONGEST_HEADER {
        return Err(too_long());
    }
    Ok([&(header.len() as u64).to_le_bytes(), &header[..]].concat())
}

/// Writes tables and metadata.
///
/// # Errors
/// As [`header`], or if nothing can be written.
pub(crate) fn write(out: &mut impl Write, metadata: &Metadata, tables: &[NamedTable]) -> Result<()> {
    let mut write = |bytes: &[u8]| out.write_all(bytes).map_err(super::io);
    write(&header(metadata, tables.iter().map(|table| (table.name, table.rows, table.width)))?)?;
    for table in tables {
        let (mut row, mut bytes) = (vec![0.0; table.width], Vec::with_capacity(table.width * size_of::<f32>()));
        for number in 0..table.rows {
            (table.read)(number, &mut row);
            bytes.clear();
            bytes.extend(row.iter().flat_map(|x| x.to_le_bytes()));
            write(&bytes)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::SafeTensors;

    #[test]
    fn tables_are_those_of_safetensors() {
        let metadata = Metadata::from([("words", "a, \"b\"".to_string())]);
        let numbers = |row: usize, into: &mut [f32]| into.fill(row as f32 + 0.5);
        let table = |name, rows, width| NamedTable { name, rows, width, read: &numbers };
        let mut bytes = Vec::new();
        write(&mut bytes, &metadata, &[table("b", 2, 3), table("a", 0, 4), table("c", 1, 1)]).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| file.tensor(name).unwrap());
        assert_eq!((a.shape(), b.shape(), c.data()), (&[0, 4][..], &[2, 3][..], &0.5f32.to_le_bytes()[..]));
        assert_eq!(b.data()[12..16], 1.5f32.to_le_bytes());
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["words"], "a, \"b\"");
        let long = Metadata::from([("words", "x".repeat(LONGEST_HEADER))]);
        assert!(write(&mut Vec::new(), &long, &[]).unwrap_err().to_string().contains(".npy"));
    }
}
