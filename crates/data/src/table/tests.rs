use super::*;
use candle_keras_ops::strings;
use std::path::PathBuf;

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.csv");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn read(text: &str, arguments: ReadCsv) -> Result<Table> {
    let (_folder, path) = file(text);
    read_csv(path, arguments)
}

fn integers(values: &[i64]) -> Column {
    Column::Integers(values.into())
}

fn text(values: &[&str]) -> Column {
    Column::Strings(values.iter().map(|value| value.to_string()).collect())
}

#[test]
fn columns_have_the_narrowest_kind() {
    let table = read("a,b,c,d,zip\n1,0.5,x,,007\n-2,3,\"y, z\",NA,010\n", ReadCsv::new().strings(["zip"])).unwrap();
    assert_eq!((table.names().len(), table.rows()), (5, 2));
    assert_eq!(*table.column("a").unwrap(), integers(&[1, -2]));
    assert_eq!(*table.column("b").unwrap(), Column::Floats(vec![0.5, 3.0]));
    assert_eq!(*table.column("c").unwrap(), text(&["x", "y, z"]));
    assert!(matches!(table.column("d").unwrap(), Column::Floats(values) if values.iter().all(|value| value.is_nan())));
    assert_eq!(*table.column("zip").unwrap(), text(&["007", "010"]));
    assert_eq!(table.array(["b", "a"]).unwrap().to_vec2::<f32>().unwrap(), [[0.5, 1.], [3., -2.]]);
    let error = table.array(["a", "c"]).unwrap_err().to_string();
    assert!(error.contains("\"c\"") && error.contains("StringLookup"), "{error}");
}

#[test]
fn headers_and_separators_are_arguments() {
    let table = read("\u{feff}a; b\r\n1;2\r\n", ReadCsv::new().sep(';')).unwrap();
    assert_eq!(table.names(), ["a", "b"]);
    assert_eq!(read(",a,\n0,1,2\n", ReadCsv::new()).unwrap().names(), ["Unnamed: 0", "a", "Unnamed: 2"]);
    let table = read("1,2\n3,4\n", ReadCsv::new().header(false)).unwrap();
    assert_eq!((table.names(), table.column("0").unwrap()), (&["0".to_string(), "1".into()][..], &integers(&[1, 3])));
    let named = ReadCsv::new().header(false).names(["x", "y"]).usecols(["y"]).nrows(1);
    assert_eq!(read("1,2\n3,4\n", named).unwrap(), Table::new([("y", integers(&[2]))]).unwrap());
    assert_eq!(read("a,b\n", ReadCsv::new()).unwrap().rows(), 0);
}

#[test]
fn what_is_wrong_has_its_line() {
    let error = |text: &str, arguments: ReadCsv| read(text, arguments).unwrap_err().to_string();
    let ragged = error("a,b\n1,2\n3\n", ReadCsv::new());
    assert!(
        ragged.contains("data.csv, line 3") && ragged.contains("expected: 2") && ragged.contains("received: 1"),
        "{ragged}"
    );
    assert!(error("", ReadCsv::new()).contains("is empty"));
    assert!(error("a,a\n", ReadCsv::new()).contains("two columns are called \"a\""));
    assert!(error("a,b\n", ReadCsv::new().names(["a"])).contains("expected: 2 names"));
    assert!(error("age,b\n", ReadCsv::new().usecols(["agee"])).contains("did you mean \"age\"?"));
    assert!(error("a,b\n", ReadCsv::new().strings(["c"])).contains("\"c\""));
    assert!(error("a,b\n", ReadCsv::new().sep('"')).contains("sep"));
    assert!(error("a,b\n", ReadCsv::new().sep('→')).contains("sep"));
    let (_folder, path) = file("");
    std::fs::write(&path, b"a\n1\n\xff\n").unwrap();
    let bytes = read_csv(&path, ReadCsv::new()).unwrap_err().to_string();
    assert!(bytes.contains("line 3") && bytes.contains("UTF-8"), "{bytes}");
    assert!(read_csv(path.with_extension("none"), ReadCsv::new()).is_err());
    assert!(
        Table::new([("a", integers(&[1])), ("b", integers(&[1, 2]))]).unwrap_err().to_string().contains("2 in \"b\"")
    );
    assert!(Table::new([("a", integers(&[1])), ("a", integers(&[1]))]).is_err());
}

#[test]
fn a_table_is_cut_and_batched() {
    let mut table = read("a,b,y\n1,x,0\n2,y,1\n3,z,0\n", ReadCsv::new()).unwrap();
    let y = table.pop("y").unwrap();
    assert_eq!(table.take(&[2, 0]).unwrap(), Table::new([("a", integers(&[3, 1])), ("b", text(&["z", "x"]))]).unwrap());
    assert!(table.take(&[3]).is_err());
    assert_eq!(table.select(["b"]).unwrap().names(), ["b"]);
    let batches: Vec<Batch> = table.dataset(&y).unwrap().batch(2).iter().unwrap().collect::<Result<_>>().unwrap();
    assert_eq!(batches[1].x[0].to_vec1::<i64>().unwrap(), [3]);
    assert_eq!(strings(&batches[0].x[1]).unwrap(), ["x", "y"]);
    assert_eq!(batches[0].names.x.as_deref().unwrap(), ["a", "b"]);
    assert_eq!((batches[0].text.x.as_slice(), batches[0].y[0].to_vec1::<i64>().unwrap()), (&[1][..], vec![0, 1]));
    assert!(table.dataset(&integers(&[1])).is_err());
    assert!(table.inputs().unwrap().iter().unwrap().next().unwrap().unwrap().y.is_empty());
}

#[test]
fn files_are_read_batch_by_batch() {
    let rows: Vec<String> = (0..25).map(|i| format!("{i},{},s{i}", i % 2)).collect();
    let (_folder, path) = file(&format!("a,y,s\n{}\n", rows.join("\n")));
    let dataset = csv_dataset(&path, "y", ReadCsv::new()).unwrap();
    let column = |dataset: &Dataset| -> Vec<i64> {
        dataset.iter().unwrap().flat_map(|batch| batch.unwrap().x[0].to_vec1::<i64>().unwrap()).collect()
    };
    let all: Vec<i64> = (0..25).collect();
    assert_eq!(column(&dataset.batch(4)), all);
    assert_eq!(column(&dataset.batch_exact(4)), all[..24]);
    assert_eq!(column(&dataset.batch(4).skip(2)), all[8..]);
    assert_eq!(column(&csv_dataset(&path, None, ReadCsv::new().nrows(7)).unwrap().batch(4)), all[..7]);
    // Shuffled in a buffer, row by row.
    let mut shuffled = column(&dataset.shuffle(10).batch(4));
    assert_ne!(shuffled, all);
    shuffled.sort_unstable();
    assert_eq!(shuffled, all);
    let batch = dataset.batch(4).iter().unwrap().next().unwrap().unwrap();
    assert_eq!(strings(&batch.x[1]).unwrap(), ["s0", "s1", "s2", "s3"]);
    assert_eq!(batch.y[0].to_vec1::<i64>().unwrap(), [0, 1, 0, 1]);
    // One by one, strings have different lengths.
    let batch = dataset.map(Ok).batch(12).iter().unwrap().next().unwrap().unwrap();
    assert_eq!(strings(&batch.x[1]).unwrap()[8..], ["s8", "s9", "s10", "s11"]);
    assert!(csv_dataset(&path, "z", ReadCsv::new()).is_err());
    assert!(csv_dataset(&path, "s", ReadCsv::new().usecols(["a"])).is_err());
}

#[test]
fn a_late_row_of_another_kind_has_its_line() {
    let (_folder, path) = file(&format!("a,b\n{}x,1\n", "1,0.5\n".repeat(10_000)));
    let dataset = csv_dataset(&path, None, ReadCsv::new()).unwrap().batch(1000);
    let error = dataset.iter().unwrap().find_map(|batch| batch.err()).unwrap().to_string();
    assert!(
        error.contains("line 10002") && error.contains("\"a\"") && error.contains("ReadCsv::strings([\"a\"])"),
        "{error}"
    );
    let strings = csv_dataset(&path, None, ReadCsv::new().strings(["a"])).unwrap().batch(1000);
    assert_eq!(strings.iter().unwrap().count(), 11);
}

/// `df.to_string()` of pandas 3.1, and `print` of a long table.
#[test]
fn tables_are_printed_as_in_pandas() {
    let floats = |values: &[f64]| Column::Floats(values.into());
    let table =
        Table::new([("a", integers(&[1, 20])), ("text", text(&["x", "long text"])), ("f", floats(&[0.5, 1.25]))]);
    let expected = "    a       text     f\n0   1          x  0.50\n1  20  long text  1.25";
    assert_eq!(table.unwrap().to_string(), expected);
    let table = Table::new([
        ("f", floats(&[1e-7, f64::NAN])),
        ("g", floats(&[123456.5, 2.0])),
        ("h", floats(&[1234567.5, 1.0])),
    ]);
    let expected = "              f         g          h\n0  1.000000e-07  123456.5  1234567.5\n1           NaN       2.0        1.0";
    assert_eq!(table.unwrap().to_string(), expected);
    let table = Table::new([("a", integers(&(0..61).collect::<Vec<_>>()))]).unwrap();
    let expected = "     a\n0    0\n1    1\n2    2\n3    3\n4    4\n..  ..\n56  56\n57  57\n58  58\n59  59\n60  60\n\n[61 rows x 1 columns]";
    assert_eq!(table.to_string(), expected);
    assert_eq!(table.iloc(2..4, ..).unwrap().to_string(), "   a\n2  2\n3  3");
}

/// The columns and rows of `pd.get_dummies`, `value_counts`, `map` and `sample` of pandas 3.1.
#[test]
fn columns_become_those_of_pandas() {
    let table = Table::new([("a", integers(&[1, 2, 3, 4, 5])), ("t", text(&["x", "y", "x", "", "z"]))]).unwrap();
    let names = |arguments: GetDummies| table.get_dummies(arguments).unwrap().names().join(" ");
    assert_eq!(names(GetDummies::new()), "a t_x t_y t_z");
    assert_eq!(names(GetDummies::new().columns(["a"])), "t a_1 a_2 a_3 a_4 a_5");
    assert_eq!(names(GetDummies::new().drop_first(true)), "a t_y t_z");
    assert_eq!(table.column("t").unwrap().get_dummies().unwrap().names(), ["x", "y", "z"]);
    assert_eq!(table.sample(0.5, 0).unwrap().index(), [2, 0]);
    assert!(table.sample(6, 0).unwrap_err().to_string().contains("at most 5"));
    let column = text(&["b", "a", "c", "a", "c", "b", "d"]);
    let counts = column.value_counts().unwrap();
    assert_eq!(*counts.column("value").unwrap(), text(&["b", "a", "c", "d"]));
    assert_eq!(*counts.column("count").unwrap(), integers(&[2, 2, 2, 1]));
    assert_eq!((column.unique(), column.nunique()), (text(&["b", "a", "c", "d"]), 4));
    assert_eq!(integers(&[1, 2, 3]).map([(1, "u"), (2, "v")]).unwrap(), text(&["u", "v", ""]));
    let mapped = table.column("t").unwrap().map([("x", 1), ("y", 2)]).unwrap();
    assert!(matches!(&mapped, Column::Floats(values) if values[..3] == [1.0, 2.0, 1.0] && values[3].is_nan()));
    assert!(column.map([("a", Cell::Integer(1)), ("b", "x".into())]).is_err());
    assert_eq!((mapped.sum().unwrap(), mapped.median().unwrap(), mapped.max().unwrap()), (4.0, 1.0, 2.0));
    assert!(column.mean().unwrap_err().to_string().contains("\"b\" and others"));
}

#[test]
fn rows_are_chosen_by_masks_and_places() {
    let mut table = read("a,t\n1,x\n,NA\n3,?\n", ReadCsv::new().na_values(["?"])).unwrap();
    assert_eq!(*table.column("t").unwrap(), text(&["x", "", ""]));
    assert_eq!(table.dropna().index(), [0]);
    assert_eq!(*table.fillna(7).column("a").unwrap(), Column::Floats(vec![1.0, 7.0, 3.0]));
    let mask = |column: &str, value: Cell| {
        let column = table.column(column).unwrap();
        let masks = [column.equal(value.clone()), column.not_equal(value.clone()), column.greater_equal(value)];
        masks.map(|mask| mask.map(|mask| mask.to_vec1::<u8>().unwrap()).ok())
    };
    assert_eq!(mask("a", Cell::from(3)), [Some(vec![0, 0, 1]), Some(vec![1, 1, 0]), Some(vec![0, 0, 1])]);
    assert_eq!(mask("t", Cell::from(3)), [Some(vec![0, 0, 0]), Some(vec![1, 1, 1]), None]);
    let large = table.filter(&table.column("a").unwrap().greater(1).unwrap()).unwrap();
    assert_eq!((large.index(), large.reset_index().index()), (vec![2], vec![0]));
    assert!(table.filter(&Tensor::ones(2, candle_core::DType::U8, &Device::Cpu).unwrap()).is_err());
    assert_eq!(table.iloc(1..99, ..1).unwrap().shape(), (2, 1));
    #[allow(clippy::reversed_empty_ranges)]
    let reversed = table.iloc(2..1, ..).unwrap_err().to_string();
    assert!(reversed.contains("from 2 on"), "{reversed}");
    assert!(table.column_at(2).unwrap_err().to_string().contains("0..2"));
    assert!(table.values().unwrap_err().to_string().contains("get_dummies"));
    assert!(table.set("b", &[1, 2]).unwrap_err().to_string().contains("3 rows"));
    table.set("t", &[1.5, 2.5, 1e-7]).unwrap();
    let (_folder, path) = file("");
    table.to_csv(&path).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), "a,t\n1.0,1.5\n,2.5\n3.0,1e-07\n");
}
