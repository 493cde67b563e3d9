//! Any text as the config.json of a model.
//!
//! `cargo +nightly fuzz run config`

#![no_main]

use candle_keras::prelude::*;
use candle_keras::utils::warnings;
use libfuzzer_sys::fuzz_target;

/// How large the model can be is settled by how large its weights are.
const WEIGHTS: &[u8] = include_bytes!("../../tests/keras/legacy/chunked.weights.h5");

fuzz_target!(|text: &str| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("config.json"), text).expect("a file");
    std::fs::write(folder.path().join("model.weights.h5"), WEIGHTS).expect("a file");
    // A model that can be made can be described again.
    if let (Ok(model), _) = warnings::catch(|| load_model(folder.path())) {
        let _ = model.to_json();
    }
});
