//! The files of TensorBoard, read by a reader of their format; `tools/read_events.py` reads them with the program itself.

use candle_keras::callbacks::*;
use candle_keras::layers::{Dense, Embedding, Flatten};
use candle_keras::optimizers::SGD;
use candle_keras::prelude::*;
use candle_keras::saving::LoadWeights;
use candle_keras::{Error, utils};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// CRC-32C bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        (0..8).for_each(|_| crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 });
    }
    let crc = !crc;
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The records of a file, with their checksums checked.
fn records(path: &Path) -> Vec<Vec<u8>> {
    let file = fs::read(path).unwrap();
    let (mut rest, mut records) = (file.as_slice(), Vec::new());
    let number = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    while !rest.is_empty() {
        let (header, after) = rest.split_at(12);
        let length = u64::from_le_bytes(header[..8].try_into().unwrap()) as usize;
        assert_eq!(number(&header[8..]), checksum(&header[..8]));
        let (data, after) = after.split_at(length);
        let (footer, after) = after.split_at(4);
        assert_eq!(number(footer), checksum(data));
        records.push(data.to_vec());
        rest = after;
    }
    records
}

/// The fields of a message: whole numbers as eight bytes.
fn fields(mut bytes: &[u8]) -> BTreeMap<u64, Vec<u8>> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            number |= u64::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                return number;
            }
        }
    }
    let mut fields = BTreeMap::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => {
                fields.insert(key >> 3, varint(&mut bytes).to_le_bytes().to_vec());
                continue;
            }
            1 => 8,
            2 => varint(&mut bytes) as usize,
            kind => panic!("kind {kind}"),
        };
        let (value, rest) = bytes.split_at(length);
        fields.insert(key >> 3, value.to_vec());
        bytes = rest;
    }
    fields
}

/// A value of a file: tag, step, plugin, content.
type Read = (String, u64, String, Vec<u8>);

fn values(folder: &Path) -> Vec<Read> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut all = Vec::new();
    for file in files(folder) {
        let mut records = records(&file).into_iter();
        assert_eq!(fields(&records.next().unwrap())[&3], b"brain.Event:2");
        for record in records {
            let event = fields(&record);
            assert!(f64::from_le_bytes(event[&1].clone().try_into().unwrap()) > 1.7e9);
            let value = fields(&fields(&event[&5])[&1]);
            let tensor = fields(&value[&8]);
            let content = tensor.get(&4).or(tensor.get(&8)).unwrap().clone();
            let plugin = fields(&fields(&value[&9])[&1]);
            let step = u64::from_le_bytes(event[&2].clone().try_into().unwrap());
            all.push((text(&value[&1]), step, text(&plugin[&1]), content));
        }
    }
    all
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.file_name().unwrap().to_str().unwrap().contains("tfevents"));
    files.sort();
    files
}

fn names(values: &[Read]) -> Vec<String> {
    values.iter().map(|(tag, step, ..)| format!("{tag} {step}")).collect()
}

fn scalar(values: &[Read], name: &str, step: u64) -> f32 {
    let (.., content) = values.iter().find(|(tag, at, ..)| tag == name && *at == step).unwrap();
    f32::from_le_bytes(content.as_slice().try_into().unwrap())
}

fn model() -> Sequential {
    let table = Embedding::new(5, 2).name("e");
    let mut model =
        Sequential::new(layers![Input::shape([3]), table, Flatten::new(), Dense::new(1).name("d")]).name("s");
    model.compile(SGD::new().learning_rate(0.1), Compile::loss("mse").metrics(["mae"])).unwrap();
    model
}

fn fit(model: &mut Model, epochs: usize, board: TensorBoard) -> Result<History> {
    let (x, y) = (vec![[0u32, 1, 2], [1, 2, 3], [2, 3, 4]], vec![1f32, 2., 3.]);
    let fit = Fit::new().epochs(epochs).batch_size(1).verbose(0).validation_data(&x, &y);
    model.fit(&x, &y, fit.callback(board))
}

/// The tags and steps are those of Keras 3.15.1 for `TensorBoard("tb", histogram_freq=2, embeddings_freq=2, embeddings_metadata={"e": "words.tsv"})` and this model.
#[test]
fn values_are_those_of_keras() {
    let folder = tempfile::tempdir().unwrap();
    let board = TensorBoard::new(folder.path()).histogram_freq(2).embeddings_freq(2);
    let mut model = model();
    let history = fit(&mut model, 3, board.embeddings_metadata([("e", "words.tsv")])).unwrap();
    let (train, validation) = (values(&folder.path().join("train")), values(&folder.path().join("validation")));
    let histograms =
        |step: usize| ["e/embeddings", "d/kernel", "d/bias"].map(|name| format!("s/{name}/histogram {step}"));
    let scalars = |step: usize| ["loss", "mae", "learning_rate"].map(|name| format!("epoch_{name} {step}"));
    let expected = [vec!["keras 0".to_string()], scalars(0).into(), histograms(0).into(), scalars(1).into()].concat();
    assert_eq!(names(&train), [expected, scalars(2).into(), histograms(2).into()].concat());
    let validated = |epoch: usize| {
        let at_iterations = ["loss", "mae"].map(|name| format!("evaluation_{name}_vs_iterations {}", 3 * epoch + 3));
        [at_iterations, ["loss", "mae"].map(|name| format!("epoch_{name} {epoch}"))].concat()
    };
    assert_eq!(names(&validation), [validated(0), validated(1), validated(2)].concat());

    assert_eq!(scalar(&train, "epoch_loss", 2), history["loss"][2] as f32);
    assert_eq!(scalar(&train, "epoch_learning_rate", 0), 0.1);
    assert_eq!(scalar(&validation, "epoch_mae", 1), history["val_mae"][1] as f32);
    assert_eq!(scalar(&validation, "evaluation_mae_vs_iterations", 6), history["val_mae"][1] as f32);
    let (_, _, plugin, json) = &train[0];
    assert_eq!((plugin.as_str(), json.as_slice()), ("graph_keras_model", model.to_json().unwrap().as_bytes()));
    let (_, _, plugin, content) = train.iter().rfind(|(tag, ..)| tag == "s/d/kernel/histogram").unwrap();
    let rows: Vec<f64> = content.chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect();
    let kernel = model.get_weights().unwrap()[1].flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let least = f64::from(kernel.iter().copied().fold(f32::INFINITY, f32::min));
    assert_eq!((plugin.as_str(), rows.len(), rows[0]), ("histograms", 90, least));
    assert_eq!(rows.iter().skip(2).step_by(3).sum::<f64>(), 6.0);

    let config = fs::read_to_string(folder.path().join("projector_config.pbtxt")).unwrap();
    let expected = "embeddings {\n  tensor_name: \"e/embeddings\"\n  metadata_path: \"words.tsv\"\n  tensor_path: \"train/e.tsv\"\n}\n";
    assert_eq!(config, expected);
    let table = fs::read_to_string(folder.path().join("train/e.tsv")).unwrap();
    let row: Vec<f32> = table.lines().nth(4).unwrap().split('\t').map(|number| number.parse().unwrap()).collect();
    assert_eq!(row, model.get_weights().unwrap()[0].get(4).unwrap().to_vec1::<f32>().unwrap());
    for epoch in [0, 2] {
        model
            .load_weights(
                folder.path().join(format!("train/keras_embedding.ckpt-{epoch}.weights.h5")),
                LoadWeights::new(),
            )
            .unwrap();
    }
}

#[test]
fn the_logs_of_steps_are_written_at_a_frequency() {
    let folder = tempfile::tempdir().unwrap();
    let board = |name: &str| TensorBoard::new(folder.path().join(name)).write_graph(false);
    fit(&mut model(), 3, board("2").update_freq(2).write_steps_per_second(true)).unwrap();
    let train = values(&folder.path().join("2/train"));
    let batches: Vec<_> = names(&train).into_iter().filter(|name| name.starts_with("batch_")).collect();
    let at = |step: usize| ["steps_per_second", "loss", "mae"].map(|name| format!("batch_{name} {step}"));
    assert_eq!(batches, [at(2), at(4), at(6), at(8)].concat());
    assert!(scalar(&train, "epoch_steps_per_second", 1) > 0.0 && !names(&train).contains(&"keras 0".to_string()));
    fit(&mut model(), 1, board("1").update_freq("batch")).unwrap();
    assert_eq!(
        names(&values(&folder.path().join("1/train"))).iter().filter(|name| name.starts_with("batch_l")).count(),
        3
    );
    // An evaluation has a file as well.
    let evaluate = Evaluate::new().verbose(0).callback(board("e"));
    model().evaluate_with(vec![[0u32, 1, 2]], vec![1f32], evaluate).unwrap();
    let expected = ["evaluation_loss_vs_iterations 0", "evaluation_mae_vs_iterations 0"];
    assert_eq!(names(&values(&folder.path().join("e/validation"))), expected);
}

#[test]
fn what_is_not_supported_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |board: TensorBoard| fit(&mut model(), 1, board).unwrap_err().to_string();
    let board = || TensorBoard::new(folder.path());
    assert!(fails(board().write_images(true)).contains("TensorBoard does not support write_images"));
    assert!(fails(board().profile_batch(2)).contains("profile_batch"));
    assert!(fails(board().update_freq("step")).contains("update_freq"));
    assert!(fails(board().update_freq(0)).contains("update_freq must be positive"));
    let error = fails(board().embeddings_freq(1).embeddings_metadata([("d", "words.tsv")]));
    assert!(error.contains("expected: e") && error.contains("received: \"d\""), "{error}");
    assert!(files(&folder.path().join("train")).is_empty());
}

fn train(folder: &Path, die: Option<usize>) -> Result<Vec<Read>> {
    utils::set_random_seed(1);
    let (mut model, mut step) = (model(), 0);
    let interrupted = LambdaCallback::new().on_train_batch_end(|_, _, _| {
        step += 1;
        if Some(step) == die { Err(Error::new("interrupted")) } else { Ok(()) }
    });
    let (x, y) = (vec![[0u32, 1, 2], [1, 2, 3], [2, 3, 4]], vec![1f32, 2., 3.]);
    let board = TensorBoard::new(folder.join("logs")).update_freq(1).histogram_freq(1);
    let backup = BackupAndRestore::new(folder.join("backup")).save_freq(2);
    let fit = Fit::new().epochs(4).batch_size(1).verbose(0).validation_data(&x, &y);
    model.fit(&x, &y, fit.callback(board).callback(backup).callback(interrupted))?;
    let parts = ["train", "validation"].map(|part| folder.join("logs").join(part));
    let mut all = parts.map(|part| values(&part)).concat();
    // Its layers have other names in each run of a test.
    all.iter_mut().filter(|(tag, ..)| tag == "keras").for_each(|(.., json)| json.clear());
    Ok(all)
}

/// Each value is there once.
#[test]
fn an_interrupted_run_continues_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let whole = train(folder.path(), None).unwrap();
    for die in 3..=11 {
        let folder = tempfile::tempdir().unwrap();
        assert!(train(folder.path(), Some(die)).is_err());
        let resumed = train(folder.path(), Some(3)).or_else(|_| train(folder.path(), None)).unwrap();
        assert!(resumed == whole, "after {die}: {:?}\n{:?}", names(&resumed), names(&whole));
    }
}

/// For `tools/read_events.py`: `EVENTS=folder cargo test --test tests events_for_the_program`.
#[test]
fn events_for_the_program() {
    let Some(folder) = std::env::var_os("EVENTS") else { return };
    let board =
        TensorBoard::new(folder).histogram_freq(1).update_freq(2).embeddings_freq(1).write_steps_per_second(true);
    fit(&mut model(), 3, board).unwrap();
}
