//! Texts that a layer adapts to, one at a time.

use crate::{Cardinality, Dataset, Source};
use candle_keras_ops::{Error, Result, strings};

/// Texts to adapt to.
pub trait Texts {
    /// Calls the function with each of them.
    ///
    /// # Errors
    /// If a text is not available, and those of the function.
    fn each_text(self, f: &mut dyn FnMut(&str) -> Result<()>) -> Result<()>;
}

impl<I: IntoIterator<Item: AsRef<str>>> Texts for I {
    fn each_text(self, f: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        for text in self {
            f(text.as_ref())?;
        }
        Ok(())
    }
}

/// The inputs of all elements; targets are ignored.
impl Texts for &Dataset {
    fn each_text(self, f: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        if matches!(self.cardinality(), Cardinality::Infinite) {
            return Err(
                Error::new("the texts of an infinite dataset have no end").help("dataset.take(elements) has one")
            );
        }
        for element in self.iter()? {
            for text in element?.x {
                for text in strings(&text)? {
                    f(&text)?;
                }
            }
        }
        Ok(())
    }
}
