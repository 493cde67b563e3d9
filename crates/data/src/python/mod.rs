//! What scripts use of Python's own library: random numbers, files, the time.

pub mod files;
pub mod random;

/// The seconds since 1970. Python: `time.time()`.
pub fn time() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
