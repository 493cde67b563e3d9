//! Small files in the formats of the data sets, and what Keras reads of them: tools/keras_datasets.py writes both.

use super::*;
use crate::Npz;
use candle_core::DType;
use candle_keras_ops::{damage::damaged, random::Stream};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/keras/datasets")).to_path_buf()
}

fn cases() -> Value {
    serde_json::from_slice(&std::fs::read(folder().join("cases.json")).unwrap()).unwrap()
}

fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

fn check_tensors(((x_train, y_train), (x_test, y_test)): Tensors, expected: &Value) {
    for (i, tensor) in [x_train, y_train, x_test, y_test].iter().enumerate() {
        let shape: Vec<usize> = flat(&expected[i]["shape"]).into_iter().map(|size| size as usize).collect();
        assert_eq!(tensor.dims(), shape, "{i}");
        let numbers: Vec<f64> = tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        let wanted = flat(&expected[i]["values"]);
        // JSON is read with an error in the last bit.
        let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-15 * b.abs();
        assert!(numbers.len() == wanted.len() && numbers.iter().zip(&wanted).all(is_close), "{i}");
    }
}

#[test]
fn images_are_those_of_keras() {
    let (cases, folder) = (cases(), folder());
    check_tensors(mnist::read(&folder.join("mnist.npz")).unwrap(), &cases["mnist"]);
    let in_folder = |name: &str| Ok(folder.join("fashion-mnist").join(name));
    check_tensors(fashion_mnist::read(in_folder).unwrap(), &cases["fashion_mnist"]);
    check_tensors(cifar10::read(&folder.join("cifar-10-batches-py")).unwrap(), &cases["cifar10"]);
    for mode in ["fine", "coarse"] {
        check_tensors(cifar100::read(&folder.join("cifar-100-python"), mode).unwrap(), &cases[mode]);
    }
}

#[test]
fn houses_are_those_of_keras() {
    let path = folder().join("housing.npz");
    for case in cases()["housing"].as_array().unwrap() {
        let split = case["test_split"].as_f64().unwrap();
        let houses = housing::read(&path, None, split, case["seed"].as_u64().unwrap() as u32).unwrap();
        check_tensors(houses, &case["expected"]);
    }
    assert!(housing::read(&path, None, 1.0, 0).unwrap_err().to_string().contains("test_split"));
    assert_eq!(housing::read(&path, Some(10), 0.2, 0).unwrap().0.0.dims()[0], 8);
}

/// `imdb` and `reuters` have each their own type for the same arguments.
macro_rules! with_words {
    ($arguments:expr, $given:expr) => {{
        let mut arguments = $arguments;
        for (name, value) in $given.as_object().unwrap() {
            let number = value.as_u64().map(|number| number as u32);
            arguments = match name.as_str() {
                "num_words" => arguments.num_words(number),
                "skip_top" => arguments.skip_top(number.unwrap()),
                "maxlen" => arguments.maxlen(number.map(|number| number as usize)),
                "seed" => arguments.seed(number.unwrap()),
                "start_char" => arguments.start_char(number),
                "oov_char" => arguments.oov_char(number),
                "index_from" => arguments.index_from(number.unwrap()),
                _ => arguments,
            };
        }
        arguments
    }};
}

fn check_texts(found: Sequences, case: &Value) {
    let expected: Sequences = serde_json::from_value(case["expected"].clone()).unwrap();
    assert_eq!(found, expected, "{}", case["arguments"]);
}

#[test]
fn texts_are_those_of_keras() {
    for case in cases()["imdb"].as_array().unwrap() {
        let arguments = with_words!(imdb::LoadData::new(), case["arguments"]);
        // NumPy writes pickles of protocol 3 or 4, by its version.
        for file in ["imdb.npz", "imdb_4.npz"] {
            check_texts(imdb::read(&folder().join(file), &arguments).unwrap(), case);
        }
    }
    for case in cases()["reuters"].as_array().unwrap() {
        let arguments = with_words!(reuters::LoadData::new(), case["arguments"]);
        let split = case["arguments"]["test_split"].as_f64().unwrap_or(0.2);
        check_texts(reuters::read(&folder().join("reuters.npz"), &arguments.test_split(split)).unwrap(), case);
    }
    let error = imdb::read(&folder().join("imdb.npz"), &imdb::LoadData::new().maxlen(1)).unwrap_err().to_string();
    assert!(error.contains("maxlen") && error.contains("imdb.npz"), "{error}");
}

#[test]
fn words_have_their_indices() {
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), r#"{"the": 1, "a": 3}"#).unwrap();
    assert_eq!(word_index(path.path()).unwrap()["a"], 3);
    std::fs::write(path.path(), "[]").unwrap();
    assert!(word_index(path.path()).is_err());
    assert_eq!((reuters::get_label_names()[3], reuters::get_label_names()[45]), ("earn", "lead"));
}

#[test]
fn damaged_files_are_read_or_refused() {
    let (folder, copy) = (folder(), tempfile::NamedTempFile::new().unwrap());
    let mut random = Stream::new(9, 0);
    let pickle = std::fs::read(folder.join("cifar-10-batches-py/test_batch")).unwrap();
    for _ in 0..3000 {
        std::fs::write(copy.path(), damaged(&pickle, &mut random)).unwrap();
        _ = cifar::batch(copy.path(), "labels");
    }
    for file in ["imdb.npz", "imdb_4.npz"] {
        let texts = std::fs::read(folder.join(file)).unwrap();
        for _ in 0..1000 {
            std::fs::write(copy.path(), damaged(&texts, &mut random)).unwrap();
            _ = Npz::open(copy.path()).and_then(|mut npz| npz.sequences("x_train"));
        }
    }
    let labels = std::fs::read(folder.join("fashion-mnist/t10k-labels-idx1-ubyte.gz")).unwrap();
    for _ in 0..500 {
        std::fs::write(copy.path(), damaged(&labels, &mut random)).unwrap();
        _ = fashion_mnist::read(|_| Ok(copy.path().to_path_buf()));
    }
}
