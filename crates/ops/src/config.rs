//! Settings of the whole process, for what is made or run later. Keras: `keras.config`.
//!
//! As in Keras they hold in all threads. A layer, a loss or a metric reads them when it is made or when it computes, as Keras's does.

use crate::elementwise::{DTypeName, dtype_name};
use crate::{Error, Result};
use candle_core::DType;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock};

static FLOATX: RwLock<DType> = RwLock::new(DType::F32);
static EPSILON: AtomicU64 = AtomicU64::new(1e-7f64.to_bits());
static CHANNELS_FIRST: AtomicBool = AtomicBool::new(false);
static MAX_EPOCHS: AtomicUsize = AtomicUsize::new(0);
static MAX_STEPS_PER_EPOCH: AtomicUsize = AtomicUsize::new(0);
static INTERACTIVE: AtomicBool = AtomicBool::new(true);

/// The dtype of floating-point numbers that are given no other, by name; `"float32"` at first. Keras: `keras.config.floatx`.
///
/// ```
/// use candle_keras_ops::config::floatx;
/// assert_eq!(floatx(), "float32");
/// ```
pub fn floatx() -> &'static str {
    dtype_name(default_float())
}

/// [`floatx`] as candle's dtype.
pub fn default_float() -> DType {
    *FLOATX.read().unwrap_or_else(PoisonError::into_inner)
}

/// Sets [`floatx`], the dtype of layers that are made from now on (unless a dtype policy is set), of random numbers, and of tensors of
/// `ops::zeros` and its kin. Keras: `keras.config.set_floatx`.
///
/// # Errors
/// If the dtype is not one of `"float16"`, `"bfloat16"`, `"float32"` and `"float64"`.
///
/// ```
/// use candle_keras_ops::config::set_floatx;
/// set_floatx("float32")?;
/// assert!(set_floatx("int32").is_err());
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn set_floatx(value: impl Into<DTypeName>) -> Result<()> {
    const KNOWN: [(&str, DType); 4] =
        [("float16", DType::F16), ("bfloat16", DType::BF16), ("float32", DType::F32), ("float64", DType::F64)];
    let value = value.into();
    match value {
        DTypeName::Known(dtype) if KNOWN.iter().any(|(_, known)| *known == dtype) => {
            *FLOATX.write().unwrap_or_else(PoisonError::into_inner) = dtype;
            Ok(())
        }
        other => Err(Error::unknown("floatx", &other.name(), &KNOWN.map(|(name, _)| name))),
    }
}

/// The small number that keeps divisors and logarithms apart from 0 in losses, metrics, constraints and preprocessing; 1e-7 at first. Keras:
/// `keras.config.epsilon`.
///
/// ```
/// use candle_keras_ops::config::epsilon;
/// assert_eq!(epsilon(), 1e-7);
/// ```
pub fn epsilon() -> f64 {
    f64::from_bits(EPSILON.load(Relaxed))
}

/// Sets [`epsilon`]. The `epsilon` of an optimizer or of a normalization is an argument of its own. Keras: `keras.config.set_epsilon`.
///
/// # Errors
/// If it is not a number of 0 or more. Keras takes any number.
///
/// ```
/// use candle_keras_ops::config::{epsilon, set_epsilon};
/// set_epsilon(1e-7)?;
/// assert!(set_epsilon(f64::NAN).is_err());
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn set_epsilon(value: f64) -> Result<()> {
    if !(value.is_finite() && value >= 0.0) {
        return Err(Error::new("epsilon must be a small number").expected("0 or more").received(value.to_string()));
    }
    EPSILON.store(value.to_bits(), Relaxed);
    Ok(())
}

/// Where images have their channels, unless a layer or a function is told: `"channels_last"` at first, or `"channels_first"`. Keras:
/// `keras.config.image_data_format`.
///
/// ```
/// use candle_keras_ops::config::image_data_format;
/// assert_eq!(image_data_format(), "channels_last");
/// ```
pub fn image_data_format() -> &'static str {
    if CHANNELS_FIRST.load(Relaxed) { "channels_first" } else { "channels_last" }
}

/// Sets [`image_data_format`], for layers that are made and functions that are called from now on. Keras:
/// `keras.config.set_image_data_format`.
///
/// # Errors
/// If the name is neither `"channels_last"` nor `"channels_first"`.
///
/// ```
/// use candle_keras_ops::config::set_image_data_format;
/// set_image_data_format("channels_last")?;
/// assert!(set_image_data_format("channels").is_err());
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
pub fn set_image_data_format(data_format: &str) -> Result<()> {
    let is_first = match data_format {
        "channels_last" => false,
        "channels_first" => true,
        other => return Err(Error::unknown("data_format", other, &["channels_last", "channels_first"])),
    };
    CHANNELS_FIRST.store(is_first, Relaxed);
    Ok(())
}

/// The most epochs that `fit` trains, whatever it is asked for; `None` at first. Keras: `keras.config.max_epochs`.
///
/// ```
/// use candle_keras_ops::config::max_epochs;
/// assert_eq!(max_epochs(), None);
/// ```
pub fn max_epochs() -> Option<usize> {
    Some(MAX_EPOCHS.load(Relaxed)).filter(|&most| most > 0)
}

/// Sets [`max_epochs`], to try a program out quickly; `None` or 0 is no limit. `fit` warns where it trains less than it is asked for. Keras:
/// `keras.config.set_max_epochs`.
///
/// ```
/// use candle_keras_ops::config::set_max_epochs;
/// set_max_epochs(None);
/// ```
pub fn set_max_epochs(max_epochs: impl Into<Option<usize>>) {
    MAX_EPOCHS.store(max_epochs.into().unwrap_or(0), Relaxed);
}

/// The most batches of an epoch of `fit`, and of an `evaluate` or `predict`; `None` at first. Keras: `keras.config.max_steps_per_epoch`.
///
/// ```
/// use candle_keras_ops::config::max_steps_per_epoch;
/// assert_eq!(max_steps_per_epoch(), None);
/// ```
pub fn max_steps_per_epoch() -> Option<usize> {
    Some(MAX_STEPS_PER_EPOCH.load(Relaxed)).filter(|&most| most > 0)
}

/// Sets [`max_steps_per_epoch`]; `None` or 0 is no limit. A run that takes fewer batches than there may be warns. Keras:
/// `keras.config.set_max_steps_per_epoch`.
///
/// ```
/// use candle_keras_ops::config::set_max_steps_per_epoch;
/// set_max_steps_per_epoch(None);
/// ```
pub fn set_max_steps_per_epoch(max_steps_per_epoch: impl Into<Option<usize>>) {
    MAX_STEPS_PER_EPOCH.store(max_steps_per_epoch.into().unwrap_or(0), Relaxed);
}

/// Whether progress and summaries are printed to standard output, as they are at first. Keras: `keras.config.is_interactive_logging_enabled`.
///
/// ```
/// use candle_keras_ops::config::is_interactive_logging_enabled;
/// assert!(is_interactive_logging_enabled());
/// ```
pub fn is_interactive_logging_enabled() -> bool {
    INTERACTIVE.load(Relaxed)
}

/// Prints progress and summaries to standard output. Keras: `keras.config.enable_interactive_logging`.
///
/// ```
/// candle_keras_ops::config::enable_interactive_logging();
/// ```
pub fn enable_interactive_logging() {
    INTERACTIVE.store(true, Relaxed);
}

/// Sends progress and summaries to the program's log (the crate `log`, at the level of information) instead of standard output, for
/// servers. Keras: `keras.config.disable_interactive_logging`.
///
/// ```no_run
/// use candle_keras_ops::config::{disable_interactive_logging, is_interactive_logging_enabled};
/// disable_interactive_logging();
/// assert!(!is_interactive_logging_enabled());
/// ```
pub fn disable_interactive_logging() {
    INTERACTIVE.store(false, Relaxed);
}
