//! Named tables in one safetensors file, written row by row.

use candle_keras_ops::{Error, Result};
use serde_json::{Map, Value, json};
use std::io::Write;

/// Bytes that readers of safetensors take as a header at most, in Rust and in Python.
const LONGEST_HEADER: usize = 100_000_000;

/// Rows of f32, each of which `read` copies into a buffer.
pub(crate) struct NamedTable<'a> {
    pub(crate) name: &'a str,
    pub(crate) rows: usize,
    pub(crate) width: usize,
    pub(crate) read: &'a dyn Fn(usize, &mut [f32]),
}

/// Writes tables, and texts by their names as metadata.
///
/// # Errors
/// If nothing can be written, or the metadata is longer than readers take.
pub(crate) fn write(out: &mut impl Write, metadata: &Map<String, Value>, tables: &[NamedTable]) -> Result<()> {
    let mut header = Map::from_iter([("__metadata__".to_string(), json!(metadata))]);
    let mut end = 0;
    for table in tables {
        let start = end;
        end += table.rows * table.width * size_of::<f32>();
        let entry = json!({"dtype": "F32", "shape": [table.rows, table.width], "data_offsets": [start, end]});
        header.insert(table.name.into(), entry);
    }
    let mut header = json!(header).to_string();
    // The numbers begin at a multiple of 8 bytes.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    if header.len() > LONGEST_HEADER {
        return Err(Error::new("safetensors has no room for so many words: other programs would not read the file")
            .expected(format!("a header of at most {LONGEST_HEADER} bytes"))
            .received(format!("{} bytes", header.len()))
            .help("save the vectors as .npy or .bin, which have no limit"));
    }
    let mut write = |bytes: &[u8]| out.write_all(bytes).map_err(super::io);
    write(&(header.len() as u64).to_le_bytes())?;
    write(header.as_bytes())?;
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
        let metadata = Map::from_iter([("words".to_string(), json!("a, \"b\""))]);
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
        let long = Map::from_iter([("words".to_string(), json!("x".repeat(LONGEST_HEADER)))]);
        assert!(write(&mut Vec::new(), &long, &[]).unwrap_err().to_string().contains(".npy"));
    }
}
