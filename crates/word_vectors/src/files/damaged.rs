//! Files that are damaged: each is an error or vectors, soon and without much memory, and never a panic.

use super::testing::Folder;
use super::{Load, Save, finalfusion};
use crate::{KeyedVectors, Words};
use candle_keras_ops::damage::damaged as damage;
use candle_keras_ops::random::Stream;
use candle_keras_ops::warnings;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Opens damaged versions of the file and returns how many of them could be read.
fn mutations(folder: &Folder, name: &str, count: u64) -> u64 {
    let bytes = std::fs::read(folder.path(name)).unwrap();
    let path = folder.path(name);
    assert!(KeyedVectors::load(&path).is_ok(), "{name}: the whole file opens");
    // MUTATIONS=10 tries ten times as many.
    let times = std::env::var("MUTATIONS").map_or(1, |times| times.parse().unwrap());
    let mut read = 0;
    for seed in 0..count * times {
        let mut random = Stream::new(seed, 0);
        let mut damaged = damage(&bytes, &mut random);
        if random.below(4) == 0 {
            damaged = damage(&damaged, &mut random);
        }
        std::fs::write(&path, &damaged).unwrap();
        let options =
            [Load::new(), Load::new().lossy(true), Load::new().limit(2), Load::new().vocabulary(["b", "two words"])];
        let start = Instant::now();
        let load = || KeyedVectors::load_with(&path, &options[seed as usize % 4]);
        let (result, _) = warnings::catch(|| catch_unwind(AssertUnwindSafe(load)));
        let what = format!("{name}, mutation {seed}: {:?}", damaged.escape_ascii().to_string());
        match result.unwrap_or_else(|_| panic!("{what}: a panic")) {
            Ok(vectors) => {
                assert_eq!(vectors.vectors().len(), vectors.len() * vectors.vector_size(), "{what}");
                // Nothing that the file says about itself gets memory that it has no bytes for.
                assert!(vectors.vectors().len() <= damaged.len() * 2, "{what}");
                read += 1;
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{what}: {:?}", start.elapsed());
    }
    read
}

fn small() -> KeyedVectors {
    let words: Words = ["a", "b", "größe", "last"].into_iter().collect();
    KeyedVectors::from_parts(words, (0..12).map(|i| i as f32 / 7.0 - 0.5).collect(), 3, None)
}

#[test]
fn damaged_text() {
    let folder = Folder::new();
    small().save(folder.path("v.txt")).unwrap();
    small().save_with(folder.path("glove.txt"), Save::new().header(false)).unwrap();
    small().save(folder.path("vectors.tsv")).unwrap();
    for name in ["v.txt", "glove.txt", "vectors.tsv"] {
        let read = mutations(&folder, name, 2000);
        assert!(
            (200..1900).contains(&read),
            "{name}: {read} of 2000 could be read: the mutations do too little or too much"
        );
    }
}

#[test]
fn damaged_binaries() {
    let folder = Folder::new();
    small().save(folder.path("v.bin")).unwrap();
    small().save_with(folder.path("c.bin"), Save::new().line_feeds(true)).unwrap();
    small().save(folder.path("v.safetensors")).unwrap();
    small().save(folder.path("v.npy")).unwrap();
    folder.write("v.fifu", finalfusion::tests::file(&["a", "b", "c"], &[0.5; 6], &[2.; 3]));
    for name in ["v.bin", "c.bin", "v.safetensors", "v.npy", "v.fifu"] {
        let read = mutations(&folder, name, 2000);
        assert!(
            (200..1900).contains(&read),
            "{name}: {read} of 2000 could be read: the mutations do too little or too much"
        );
    }
}

#[test]
fn damaged_archives() {
    let folder = Folder::new();
    small().save(folder.path("v.txt")).unwrap();
    let text = folder.read("v.txt");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    folder.write("v.gz", gzip.finish().unwrap());
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("v.txt", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    folder.write("v.zip", zip.finish().unwrap().into_inner());
    // As it is, so that the damage reaches a model whose length is not known.
    let model = include_bytes!("../../tests/fixtures/fasttext/words.ftz");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("m.ftz", stored).unwrap();
    zip.write_all(model).unwrap();
    folder.write("m.zip", zip.finish().unwrap().into_inner());
    for (name, count) in [("v.gz", 2000), ("v.zip", 2000), ("m.zip", 500)] {
        mutations(&folder, name, count);
    }
}
