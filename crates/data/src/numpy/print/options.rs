//! How arrays are printed.

use std::sync::{Mutex, PoisonError};

/// How arrays are printed. Those that are not set stay as they are.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::numpy::{PrintOptions, array_str, set_printoptions};
/// let x = Tensor::new(&[1.23456, 0.00001], &Device::Cpu)?;
/// set_printoptions(PrintOptions::new().precision(3).suppress(true));
/// assert_eq!(array_str(&x)?, "[1.235 0.   ]");
/// set_printoptions(PrintOptions::new().precision(8).suppress(false));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct PrintOptions {
    precision: Option<usize>,
    suppress: Option<bool>,
    threshold: Option<usize>,
    linewidth: Option<usize>,
}

impl PrintOptions {
    /// Options of which none is set.
    pub const fn new() -> Self {
        Self { precision: None, suppress: None, threshold: None, linewidth: None }
    }

    /// The most digits behind the point; 8 by default.
    pub fn precision(self, digits: usize) -> Self {
        Self { precision: Some(digits), ..self }
    }

    /// Whether small numbers are written without exponents; false by default.
    pub fn suppress(self, suppress: bool) -> Self {
        Self { suppress: Some(suppress), ..self }
    }

    /// Arrays of more elements are shortened; 1000 by default.
    pub fn threshold(self, count: usize) -> Self {
        Self { threshold: Some(count), ..self }
    }

    /// How long lines are; 75 by default.
    pub fn linewidth(self, characters: usize) -> Self {
        Self { linewidth: Some(characters), ..self }
    }
}

/// Those that are in use.
#[derive(Clone, Copy)]
pub(super) struct InUse {
    pub(super) precision: usize,
    pub(super) suppress: bool,
    pub(super) threshold: usize,
    pub(super) linewidth: usize,
}

static IN_USE: Mutex<InUse> = Mutex::new(InUse { precision: 8, suppress: false, threshold: 1000, linewidth: 75 });

pub(super) fn in_use() -> InUse {
    *IN_USE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets how arrays are printed from now on. NumPy: `np.set_printoptions(precision=3, suppress=True)`.
///
/// ```
/// use candle_keras_data::numpy::{PrintOptions, set_printoptions};
/// set_printoptions(PrintOptions::new().threshold(1000));
/// ```
pub fn set_printoptions(options: PrintOptions) {
    let mut used = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    *used = InUse {
        precision: options.precision.unwrap_or(used.precision),
        suppress: options.suppress.unwrap_or(used.suppress),
        threshold: options.threshold.unwrap_or(used.threshold),
        linewidth: options.linewidth.unwrap_or(used.linewidth),
    };
}
