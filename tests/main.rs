//! The tests of the whole framework, in one binary so that they link once.

#![allow(clippy::unwrap_used)]

mod backup;
mod callbacks;
mod candle_pins;
mod coverage;
mod custom_layer;
mod custom_metrics;
mod custom_objects;
mod custom_steps;
mod errors;
mod every_layer;
mod fixtures;
mod graphs;
mod hostile_files;
mod images;
mod keras_anchors;
mod keras_cases;
mod layers_in_layers;
mod losses_and_metrics;
mod models;
mod optimizers;
mod preprocessing;
mod pretrained;
mod saving;
mod skipgram;
mod streams;
mod structured_files;
mod tensor_board;
mod threads;
mod training;
mod utilities;
mod word_distance;

/// Runs a test in a process of its own, because it changes what all threads share.
fn in_a_process_of_its_own(name: &str, test: impl FnOnce()) {
    const ALONE: &str = "CANDLE_KERAS_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return test();
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let output = command.args(["--exact", name]).env(ALONE, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
