//! Any bytes as a file of weights, for a model and by themselves.
//!
//! `cargo +nightly fuzz run weights -- -max_len=65536`, with files of tests/keras/legacy as a corpus

#![no_main]

use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::saving::{LoadWeights, convert_weights};
use candle_keras::utils::warnings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f.weights.h5");
    std::fs::write(&path, bytes).expect("a file");
    let model = Sequential::new(layers![Input::shape([2]), Dense::new(3)]);
    let _ = warnings::catch(|| {
        let _ = model.load_weights(&path, LoadWeights::new().skip_mismatch(true));
        let _ = convert_weights(&path, folder.path().join("out.safetensors"));
        let _ = load_model(&path);
    });
});
