//! Whether memory stays flat while a model is trained on a stream: `cargo bench --bench stream -- [MINUTES]`, on Linux, prints the resident
//! memory twice a minute, for one minute by default.
//!
//! The text is a file of 2 million rows (777 MB, in the folder for temporary files), read over and over.

use candle_keras::callbacks::LambdaCallback;
use candle_keras::data::{ReadCsv, csv_dataset};
use candle_keras::layers::{Dense, Dropout};
use candle_keras::ops::random::Stream;
use candle_keras::prelude::*;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: usize = 2_000_000;
const COLUMNS: usize = 40;
const BATCH: usize = 256;

/// Random numbers, and `y`, their sum.
fn write_rows(path: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    let names: Vec<String> = (0..COLUMNS).map(|i| format!("c{i}")).collect();
    writeln!(file, "{},y", names.join(","))?;
    let mut stream = Stream::new(1, 0);
    for _ in 0..ROWS {
        let row = stream.uniform_f32(COLUMNS);
        for x in &row {
            write!(file, "{x:.6},")?;
        }
        writeln!(file, "{:.5}", row.iter().sum::<f32>())?;
    }
    file.flush()
}

/// In MB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib * 1.024e-3)
}

fn main() -> Result<()> {
    // Cargo adds --bench.
    let minutes = std::env::args().skip(1).find_map(|argument| argument.parse::<u64>().ok()).unwrap_or(1);
    let folder = tempfile::tempdir().expect("a folder for the file");
    let path = folder.path().join("rows.csv");
    write_rows(&path).expect("777 MB of space for the file");
    let size = std::fs::metadata(&path).map_or(0.0, |file| file.len() as f64);
    let dataset = csv_dataset(&path, "y", ReadCsv::new())?
        .shuffle(10_000)
        .batch(BATCH)
        .map(|batch| Ok((Tensor::stack(&batch.x, 1)?, batch.y)))
        .prefetch(2);
    let mut model = Sequential::new(layers![
        Input::shape([COLUMNS]),
        Dense::new(64).activation("relu"),
        Dropout::new(0.1),
        Dense::new(1)
    ]);
    model.compile("adam", Compile::loss("mse").metrics(["mae"]))?;
    let (start, end) = (Instant::now(), Duration::from_secs(60 * minutes));
    let seen = Mutex::new((0u64, Duration::ZERO));
    let callback = LambdaCallback::new().on_train_batch_end(move |model, _, logs| {
        let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.0 += 1;
        let now = start.elapsed();
        if now - seen.1 >= Duration::from_secs(30) {
            seen.1 = now;
            let (batches, loss) = (seen.0, logs.get("loss").unwrap_or(f64::NAN));
            let read = (batches as usize * BATCH) as f64 / ROWS as f64 * size / 1e9;
            let resident = resident();
            println!(
                "{:5.1} min {batches:8} batches {read:6.2} GB read {resident:7.1} MB resident   loss {loss:.4}",
                now.as_secs_f64() / 60.0
            );
        }
        model.stop_training |= now >= end;
        Ok(())
    });
    model.fit(&dataset, (), Fit::new().epochs(1_000_000).verbose(0).callback(callback))?;
    Ok(())
}
