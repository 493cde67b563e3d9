//! Standard output, which may be gone: a reader such as `head` closes it when it has seen enough, and a training goes on.

use std::io::Write;

/// Prints a line, as far as anyone still reads.
pub(crate) fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
