//! One error type for the whole framework: what is wrong, what was expected, what arrived, what to do.

use crate::keras_names;
use candle_core::Tensor;
use std::fmt;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The result of everything in candle-keras that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the words of a Keras user.
///
/// The text is complete: it includes the cause, so that there is no `source` for a reporter to print again. An error in a layer names the
/// layer:
///
/// ```text
/// layer "embedding_1" (Embedding): an id must be below input_dim
///   expected: 0..10000
///   received: 10003 at [12, 7]
///   help: input_dim is the size of the vocabulary
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument, a shape or a value is invalid.
    #[error("{0}")]
    Invalid(Box<Problem>),
    /// An error in a layer.
    #[error("layer \"{name}\" ({class}): {cause}")]
    Layer {
        /// The layer's name in its model.
        name: String,
        /// The layer's Keras class name.
        class: String,
        /// The error.
        cause: Box<Error>,
    },
    /// An error in a call while a graph is built.
    #[error("{cause}\n  at: {location}")]
    Call {
        /// The error.
        cause: Box<Error>,
        /// Where the call is in the user's program.
        location: &'static Location<'static>,
    },
    /// A shared error: of all that is built on a failed call.
    #[error("{0}")]
    Shared(Arc<Error>),
    /// A tensor operation failed in candle.
    #[error(transparent)]
    Candle(candle_core::Error),
    /// A file or folder could not be read or written.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// A configuration is not what Keras writes.
    #[error("configuration: {0}")]
    Config(#[from] serde_json::Error),
}

/// Without a backtrace, which candle would print within the message if `RUST_BACKTRACE` is set.
impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        match error {
            candle_core::Error::WithBacktrace { inner, .. } => (*inner).into(),
            error => Self::Candle(error),
        }
    }
}

/// The shape of an operand in a message, or `None`.
pub(crate) fn shape_or_none(x: Option<&Tensor>) -> String {
    x.map_or_else(|| "None".into(), |x| format!("{:?}", x.dims()))
}

/// So that `?` works in a function that candle calls, or that returns candle's `Result`.
impl From<Error> for candle_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Candle(cause) => cause,
            error => candle_core::Error::wrap(error),
        }
    }
}

/// As `Display`, since this is what `fn main() -> Result<()>` prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The body of an [`Error`]: one sentence and up to three lines under it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    what: String,
    expected: Option<String>,
    received: Option<String>,
    help: Option<String>,
    /// The sample that is wrong, and the number of samples of its batch.
    sample: Option<(usize, usize)>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for (label, line) in [("expected", &self.expected), ("received", &self.received), ("help", &self.help)] {
            if let Some(line) = line {
                write!(f, "\n  {label}: {line}")?;
            }
        }
        Ok(())
    }
}

impl Error {
    /// An error that says `what` is wrong; add [`expected`](Self::expected), [`received`](Self::received) and
    /// [`help`](Self::help) to it.
    ///
    /// ```
    /// use candle_keras_ops::Error;
    /// let error = Error::new("units must be positive").received("0").help("Dense::new(1) is the smallest layer");
    /// assert_eq!(
    ///     error.to_string(),
    ///     "units must be positive\n  received: 0\n  help: Dense::new(1) is the smallest layer"
    /// );
    /// ```
    pub fn new(what: impl Into<String>) -> Self {
        Self::Invalid(Box::new(Problem { what: what.into(), ..Problem::default() }))
    }

    /// What would have been right.
    pub fn expected(self, expected: impl Into<String>) -> Self {
        self.with(|problem| problem.expected = Some(expected.into()))
    }

    /// What arrived instead.
    pub fn received(self, received: impl Into<String>) -> Self {
        self.with(|problem| problem.received = Some(received.into()))
    }

    /// What to do about it.
    pub fn help(self, help: impl Into<String>) -> Self {
        self.with(|problem| problem.help = Some(help.into()))
    }

    /// The sample of a batch of `size` that is wrong: its index on axis 0.
    pub fn at_sample(self, sample: usize, size: usize) -> Self {
        self.with(|problem| problem.sample = Some((sample, size)))
    }

    /// Adds where the [wrong sample](Self::at_sample) of a batch of `size` is in the data: `place` of its index in the batch.
    pub fn in_data(self, size: usize, place: impl FnOnce(usize) -> Option<String>) -> Self {
        match self {
            Self::Layer { name, class, cause } => {
                Self::Layer { name, class, cause: Box::new(cause.in_data(size, place)) }
            }
            Self::Call { cause, location } => Self::Call { cause: Box::new(cause.in_data(size, place)), location },
            error => error.with(|problem| {
                // Within a model, axis 0 may be something else than the batch.
                let sample = problem.sample.take().filter(|(_, all)| *all == size);
                if let (Some(received), Some(place)) = (&mut problem.received, sample.and_then(|(i, _)| place(i))) {
                    *received += &format!(" of the batch: {place}");
                }
            }),
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Problem)) -> Self {
        if let Self::Invalid(problem) = &mut self {
            change(problem);
        }
        self
    }

    /// In one line, without what was expected, for a list of errors.
    pub fn in_short(&self) -> String {
        let text = self.to_string();
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("expected: "));
        lines.collect::<Vec<_>>().join("; ")
    }

    /// Adds the layer in which the error arose; an error that names one keeps it.
    pub fn in_layer(self, name: impl Into<String>, class: impl Into<String>) -> Self {
        match self {
            named @ (Self::Layer { .. } | Self::Call { .. } | Self::Shared(_)) => named,
            cause => Self::Layer { name: name.into(), class: class.into(), cause: Box::new(cause) },
        }
    }

    /// Puts a layer's name in front of the path of the error: `encoder/attention`.
    pub fn within_layer(self, name: impl Into<String>, class: impl Into<String>) -> Self {
        match self {
            Self::Layer { name: inner, class, cause } => {
                Self::Layer { name: format!("{}/{inner}", name.into()), class, cause }
            }
            other => other.in_layer(name, class),
        }
    }

    /// Adds the call that failed; an error that names one keeps it.
    pub fn called_at(self, location: &'static Location<'static>) -> Self {
        match self {
            named @ (Self::Call { .. } | Self::Shared(_)) => named,
            cause => Self::Call { cause: Box::new(cause), location },
        }
    }

    /// A failure to read or write `path`.
    pub fn io(path: impl AsRef<Path>, cause: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_path_buf(), cause }
    }

    /// An unknown name, with the closest of the `known` names as help; one that Keras has is said to be missing here.
    ///
    /// ```
    /// use candle_keras_ops::Error;
    /// let error = Error::unknown("optimizer", "adm", &["sgd", "rmsprop", "adam"]);
    /// assert_eq!(
    ///     error.to_string(),
    ///     "unknown optimizer \"adm\"\n  expected: sgd, rmsprop or adam\n  help: did you mean \"adam\"?"
    /// );
    /// ```
    pub fn unknown(kind: &str, name: &str, known: &[&str]) -> Self {
        let list = match known {
            [] => String::from("nothing"),
            [one] => (*one).to_string(),
            [some @ .., last] => format!("{} or {last}", some.join(", ")),
        };
        if keras_names::has(kind, name) && !known.iter().any(|known| keras_names::are_alike(known, name)) {
            return Self::new(format!("Keras's {kind} {name:?} is not here yet")).expected(list);
        }
        let error = Self::new(format!("unknown {kind} {name:?}")).expected(list);
        let closest = known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase()), known))
            .min_by_key(|(distance, _)| *distance);
        match closest {
            Some((distance, known)) if distance <= known.len() / 2 => error.help(format!("did you mean {known:?}?")),
            _ => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::backtrace::Backtrace;

    #[test]
    fn a_backtrace_of_candle_is_not_in_the_message() {
        let (inner, backtrace) = (Box::new(candle_core::Error::Msg("too long".into())), Backtrace::force_capture());
        let error = candle_core::Error::WithBacktrace { inner, backtrace: Box::new(backtrace) };
        assert_eq!(Error::from(error).to_string(), "too long");
    }
}
