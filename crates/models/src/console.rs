//! Standard output, which may be closed, by `head` for example: training then continues without it.

use std::io::Write;

/// Prints a line; ignores a closed pipe.
pub(crate) fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
