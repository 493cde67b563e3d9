//! Keras scripts as Rust programs: `candle-keras port train.py`.
//!
//! A script is parsed, its names are resolved, and each statement is written as one would write it by hand. What has no certain meaning here is a
//! [`Gap`]: it is listed with its line, and the program has a call there that returns an error. Nothing is translated to something that
//! computes differently.
//!
//! ```
//! let script = "import keras\nx = keras.Input(shape=(4,))\ny = keras.layers.Dense(10, activation='softmax')(x)\nprint(y)\n";
//! let port = candle_keras_port::port(script, "train.py")?;
//! assert!(port.program.contains(r#"let y = Dense::new(10).activation("softmax").call(&x);"#));
//! assert_eq!(port.gaps[0].reason, "a symbolic tensor as text");
//! # Ok::<(), candle_keras_port::SyntaxError>(())
//! ```

mod api;
mod arguments;
mod arithmetic;
mod assignment;
mod binding;
mod classes;
mod compare;
mod comparisons;
mod expressions;
mod frames;
mod gaps;
mod inference;
mod keras;
mod libraries;
mod numpy;
mod pandas;
mod program;
mod project;
mod python;
mod results;
mod script;
mod statements;
mod subscripts;
mod value;

pub use compare::{Difference, compare};
pub use project::{write_project, write_verification};
pub use results::{Call, compare_results};
pub use script::notebook::Script;

/// A program of Python that runs a script with the random numbers of candle-keras: what the script prints then, its Rust program prints as well.
///
/// `python verify.py script.py arguments`; it needs Keras 3.
pub const VERIFY: &str = include_str!("verify.py");

use script::source::Source;

/// A Rust program made of a Python script.
#[derive(Debug, Clone)]
pub struct Port {
    /// The text of `main.rs`.
    pub program: String,
    /// What could not be ported, by line.
    pub gaps: Vec<Gap>,
    /// How many lines of the script have code.
    pub lines: usize,
    /// How many of them are ported.
    pub ported: usize,
}

/// A statement that could not be ported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Its first line.
    pub line: usize,
    /// How many lines it has.
    pub lines: usize,
    /// Its first line's text.
    pub code: String,
    /// Why it could not be ported.
    pub reason: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// A script that is not Python.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {reason}")]
pub struct SyntaxError {
    file: String,
    line: usize,
    reason: String,
}

impl SyntaxError {
    /// The number of the line.
    pub fn line(&self) -> usize {
        self.line
    }

    /// What is wrong there.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// The Rust program for a script; `file` is its name, for the program's own messages.
///
/// # Errors
/// If it is not Python 3.
pub fn port(script: &str, file: &str) -> Result<Port, SyntaxError> {
    let syntax = |(line, reason)| SyntaxError { file: file.into(), line, reason };
    let script = script::source::with_newlines(script);
    let ported = || {
        let source = Source::parse(&script).map_err(syntax)?;
        Ok(program::Program::new(&source, file).port())
    };
    // A sum of thousands of terms is as deep as it is long.
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, ported);
        let done = thread.map_err(|error| syntax((0, error.to_string())))?.join();
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Enough for the longest expression that [`Source`] takes.
const STACK: usize = 1 << 29;

/// Why an expression cannot be ported.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    reason: String,
    help: Option<String>,
}

impl Missing {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

pub(crate) type Ported<T> = Result<T, Missing>;
