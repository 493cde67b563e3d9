//! Warnings about what is legal and probably unintended. They are printed to standard error, or caught.

use crate::console::printable;
use std::cell::RefCell;
use std::io::Write;

thread_local! {
    static CAUGHT: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Prints `message` to standard error, unless [`catch`] is active in this thread.
pub fn warn(message: impl Into<String>) {
    let message = message.into();
    CAUGHT.with_borrow_mut(|caught| match caught {
        Some(list) => list.push(message),
        None => _ = writeln!(std::io::stderr(), "warning: {}", printable(&message)),
    });
}

/// Runs `f` and returns its result and its warnings, as Python's `warnings.catch_warnings` does.
///
/// ```
/// use candle_keras_ops::warnings;
/// let (seven, caught) = warnings::catch(|| { warnings::warn("odd"); 7 });
/// assert_eq!((seven, caught), (7, vec!["odd".to_string()]));
/// ```
pub fn catch<T>(f: impl FnOnce() -> T) -> (T, Vec<String>) {
    let before = CAUGHT.replace(Some(Vec::new()));
    let result = f();
    let caught = CAUGHT.replace(before).unwrap_or_default();
    (result, caught)
}
