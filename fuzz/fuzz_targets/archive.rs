//! Any bytes as a `.keras` file.
//!
//! `cargo +nightly fuzz run archive -- -max_len=65536`, with models of tests/keras/fixtures as a corpus

#![no_main]

use candle_keras::prelude::*;
use candle_keras::utils::warnings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f.keras");
    std::fs::write(&path, bytes).expect("a file");
    let _ = warnings::catch(|| load_model(&path));
});
