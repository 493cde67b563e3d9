use super::*;
use candle_keras_ops::strings;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// A file of tools/parquet_table.py: by pandas and pyarrow.
fn of_pandas(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pandas").join(name)
}

fn floats(values: &[f64]) -> Column {
    Column::Floats(values.into())
}

fn text(values: &[&str]) -> Column {
    Column::Strings(values.iter().map(|value| value.to_string()).collect())
}

/// 25 rows of `a`, `y` and `s` in groups of 10.
fn rows(folder: &Path, compression: Compression) -> PathBuf {
    rows_with(folder, compression, EnabledStatistics::Page)
}

fn rows_with(folder: &Path, compression: Compression, statistics: EnabledStatistics) -> PathBuf {
    let path = folder.join(format!("{compression}.parquet"));
    let schema = "message rows { optional int64 a; required int64 y; optional binary s (UTF8); }";
    let properties = WriterProperties::builder().set_compression(compression).set_data_page_row_count_limit(4);
    let properties = properties.set_statistics_enabled(statistics).build();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = File::create(&path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
    let all: Vec<i64> = (0..25).collect();
    for rows in all.chunks(10) {
        let mut group = writer.next_row_group().unwrap();
        for column in 0..2 {
            let values: Vec<i64> = rows.iter().map(|row| if column == 0 { *row } else { row % 2 }).collect();
            let mut writer = group.next_column().unwrap().unwrap();
            let levels = vec![1; values.len()];
            let levels = (column == 0).then_some(levels.as_slice());
            writer.typed::<Int64Type>().write_batch(&values, levels, None).unwrap();
            writer.close().unwrap();
        }
        let mut writer = group.next_column().unwrap().unwrap();
        let is_there = |row: &&i64| **row % 5 != 4;
        let strings: Vec<ByteArray> =
            rows.iter().filter(is_there).map(|row| format!("s{row}").into_bytes().into()).collect();
        let levels: Vec<i16> = rows.iter().map(|row| i16::from(is_there(&row))).collect();
        writer.typed::<ByteArrayType>().write_batch(&strings, Some(&levels), None).unwrap();
        writer.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    path
}

#[test]
fn columns_are_those_of_pandas() {
    let path = of_pandas("table.parquet");
    let error = read_parquet(&path, ReadParquet::new()).unwrap_err().to_string();
    assert!(error.contains("\"list\" has lists or structs") && error.contains("ReadParquet::columns"), "{error}");
    let error = read_parquet(&path, ReadParquet::new().columns(["struct"])).unwrap_err().to_string();
    assert!(error.contains("\"struct\" has lists or structs"), "{error}");
    let nan = f64::NAN;
    let expected = [
        ("whole", Column::Integers(vec![1, -2, 3])),
        ("small", Column::Integers(vec![255, 0, 7])),
        ("large", Column::Integers(vec![u32::MAX.into(), 0, 1])),
        ("gaps", floats(&[1.0, nan, 3.0])),
        ("flag", Column::Integers(vec![1, 0, 1])),
        ("single", floats(&[0.5, nan, -1.5])),
        ("double", floats(&[0.1, 1e300, nan])),
        ("half", floats(&[0.5, 1.0, -2.0])),
        ("price", floats(&[12.5, nan, -0.25])),
        ("text", text(&["a", "", "ä"])),
        ("kind", text(&["cat", "dog", "cat"])),
        ("date", text(&["2024-02-29", "1900-01-01", ""])),
        ("millis", text(&["2024-02-29 12:30:00", "", "1969-12-31 23:59:59.250"])),
        ("micros", text(&["2024-02-29 12:30:00", "", "1969-12-31 23:59:59.250"])),
        ("nanos", text(&["2024-02-29 12:30:00", "", "1969-12-31 23:59:59.250"])),
        ("time", text(&["23:59:58", "", "00:00:00.000500"])),
        ("nothing", floats(&[nan, nan, nan])),
    ];
    let table = read_parquet(&path, ReadParquet::new().columns(expected.iter().map(|(name, _)| *name))).unwrap();
    for ((name, column), (_, expected)) in table.columns().zip(&expected) {
        // NaN equals NaN as text.
        assert_eq!(format!("{column:?}"), format!("{expected:?}"), "{name}");
    }
    assert_eq!((table.names().len(), table.rows()), (expected.len(), 3));
    let indexed = of_pandas("indexed.parquet");
    assert_eq!(read_parquet(&indexed, ReadParquet::new()).unwrap().names(), ["value"]);
    let index = ReadParquet::new().columns(["__index_level_0__"]);
    assert_eq!(*read_parquet(&indexed, index).unwrap().column("__index_level_0__").unwrap(), text(&["x", "y", "z"]));
}

#[test]
fn files_are_read_batch_by_batch() {
    let folder = tempfile::tempdir().unwrap();
    let path = rows(folder.path(), Compression::SNAPPY);
    let dataset = parquet_dataset(&path, "y", ReadParquet::new()).unwrap();
    let column = |dataset: &Dataset| -> Vec<i64> {
        dataset.iter().unwrap().flat_map(|batch| batch.unwrap().x[0].to_vec1::<i64>().unwrap()).collect()
    };
    let all: Vec<i64> = (0..25).collect();
    assert_eq!(dataset.cardinality(), Cardinality::Finite(25));
    assert_eq!(column(&dataset.batch(4)), all);
    assert_eq!(column(&dataset.batch_exact(4)), all[..24]);
    // From the middle of a group and of a page, and from the start of one.
    for skipped in [1, 2, 3, 5, 6, 7] {
        assert_eq!(column(&dataset.batch(4).skip(skipped)), all[(4 * skipped).min(25)..]);
    }
    assert_eq!(column(&dataset.batch(5).skip(2)), all[10..]);
    let mut shuffled = column(&dataset.shuffle(10).batch(4));
    assert_ne!(shuffled, all);
    shuffled.sort_unstable();
    assert_eq!(shuffled, all);
    let batch = dataset.batch(8).iter().unwrap().next().unwrap().unwrap();
    assert_eq!(strings(&batch.x[1]).unwrap(), ["s0", "s1", "s2", "s3", "", "s5", "s6", "s7"]);
    assert_eq!(batch.y[0].to_vec1::<i64>().unwrap(), [0, 1, 0, 1, 0, 1, 0, 1]);
    assert_eq!(batch.names.x.as_deref().unwrap(), ["a", "s"]);
    assert!(dataset.batch(0).iter().is_err());
    assert!(parquet_dataset(&path, "z", ReadParquet::new()).is_err());
    let chosen = ReadParquet::new().columns(["s", "y", "a"]);
    assert_eq!(read_parquet(&path, chosen).unwrap().names(), ["s", "y", "a"]);
}

/// Then nobody knows before the end whether a number is missing.
#[test]
fn without_statistics_integers_of_a_dataset_are_floats() {
    let folder = tempfile::tempdir().unwrap();
    let path = rows_with(folder.path(), Compression::SNAPPY, EnabledStatistics::None);
    let table = read_parquet(&path, ReadParquet::new()).unwrap();
    assert_eq!(*table.column("a").unwrap(), Column::Integers((0..25).collect()));
    let dataset = parquet_dataset(&path, "y", ReadParquet::new()).unwrap().batch(25);
    let batch = dataset.iter().unwrap().next().unwrap().unwrap();
    assert_eq!(batch.x[0].to_vec1::<f32>().unwrap()[24], 24.0);
    assert_eq!(batch.y[0].to_vec1::<i64>().unwrap()[3], 1);
}

#[test]
fn all_compressions_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let plain = read_parquet(rows(folder.path(), Compression::UNCOMPRESSED), ReadParquet::new()).unwrap();
    let zstd = Compression::ZSTD(Default::default());
    let (gzip, brotli) = (Compression::GZIP(Default::default()), Compression::BROTLI(Default::default()));
    for compression in [Compression::SNAPPY, zstd, gzip, brotli, Compression::LZ4_RAW] {
        let path = rows(folder.path(), compression);
        assert_eq!(read_parquet(&path, ReadParquet::new()).unwrap(), plain, "{compression}");
    }
}

/// Every byte of a file cut off or changed is another table or an error, and no panic.
#[test]
fn damaged_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.parquet");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        read_parquet(&path, ReadParquet::new())
    };
    let error = read(b"a,b\n1,2\n").unwrap_err().to_string();
    assert!(error.contains("damaged.parquet cannot be read as Parquet"), "{error}");
    let whole = std::fs::read(rows(folder.path(), Compression::SNAPPY)).unwrap();
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "{end} bytes");
    }
    for i in 0..whole.len() {
        for bits in [1, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[i] ^= bits;
            _ = read(&bytes);
        }
    }
    assert!(read_parquet(folder.path().join("none"), ReadParquet::new()).is_err());
}
