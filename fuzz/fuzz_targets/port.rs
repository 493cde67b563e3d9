//! Any text as a script.
//!
//! `cargo +nightly fuzz run port`

#![no_main]

use candle_keras_port::{Script, port};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for is_notebook in [false, true] {
        if let Ok(script) = Script::new(text, is_notebook) {
            let _ = port(&script.text, "fuzzed.py");
        }
    }
});
