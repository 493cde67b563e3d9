//! Time and memory of saving and loading a gigabyte of weights.
//!
//! `cargo bench --bench saving`; figures are in README.md beside this file.

#![allow(clippy::unwrap_used)]

use candle_keras::layers::Embedding;
use candle_keras::prelude::*;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const ROWS: usize = 1 << 20;
const WIDTH: usize = 256; // 1 GiB

fn model() -> Model {
    Sequential::new(layers![Input::shape([1]), Embedding::new(ROWS, WIDTH)]).into()
}

/// The peak memory of this process in MiB, as reported by Linux.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or("unknown".into(), |kib| format!("{:.0} MiB", kib / 1024.0))
}

fn timed<T>(f: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = f();
    (result, start.elapsed().as_secs_f64())
}

/// A separate process for each figure, so that peak memory is not shared.
fn child(what: &str, folder: &Path) {
    let (weights, whole) = (folder.join("m.weights.h5"), folder.join("m.keras"));
    let seconds = match what {
        "save" => {
            let model = model();
            let ((), seconds) = timed(|| model.save_weights(&weights).unwrap());
            model.save(&whole).unwrap();
            seconds
        }
        "read" => {
            // The lower bound: only the bytes of the file, in blocks.
            let mut file = std::fs::File::open(&weights).unwrap();
            let mut block = vec![0u8; 1 << 18];
            timed(|| while std::io::Read::read(&mut file, &mut block).unwrap() > 0 {}).1
        }
        "load_weights" => {
            let model = model();
            timed(|| model.load_weights(&weights, ()).unwrap()).1
        }
        _ => timed(|| load_model(&whole).unwrap()).1,
    };
    println!("{what:<14} {seconds:>6.2} s   {:>9} at most", peak());
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, what, folder] = arguments.as_slice()
        && !what.starts_with("--")
    {
        return child(what, Path::new(folder));
    }
    let folder = tempfile::tempdir().unwrap();
    for what in ["save", "read", "load_weights", "load_weights", "load_model"] {
        let status = Command::new(std::env::current_exe().unwrap()).arg(what).arg(folder.path()).status().unwrap();
        assert!(status.success());
    }
}
