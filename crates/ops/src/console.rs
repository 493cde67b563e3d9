//! Standard output and error. They may be closed, by `head` for example, or a full device: work continues without them.

use crate::config;
use std::borrow::Cow;
use std::io::Write;

/// Prints a line to standard output, with [printable] characters; ignores a failure. It goes to the program's log instead while
/// [`disable_interactive_logging`](crate::config::disable_interactive_logging) holds.
pub fn print_line(line: &str) {
    if !config::is_interactive_logging_enabled() {
        return log::info!(target: "candle_keras", "{}", printable(line));
    }
    _ = writeln!(std::io::stdout(), "{}", printable(line));
}

/// The text with escapes for control characters, by which a name of a file could command the terminal; lines and tabs stay.
///
/// ```
/// use candle_keras_ops::console::printable;
/// assert_eq!(printable("dense\u{1b}[2J\u{7}\n"), "dense\\u{1b}[2J\\u{7}\n");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_command = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_command) {
        return text.into();
    }
    let mut printable = String::with_capacity(text.len());
    for c in text.chars() {
        if is_command(c) { printable.extend(c.escape_default()) } else { printable.push(c) }
    }
    printable.into()
}
