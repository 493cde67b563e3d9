//! Elements cached in memory.

use super::batched::skipped;
use super::{Batch, Cardinality, Dataset, Elements, Source};
use candle_keras_ops::Result;
use candle_keras_ops::random::Stream;
use std::sync::{Arc, OnceLock};

pub(super) struct Cache {
    elements: Dataset,
    kept: Arc<OnceLock<Arc<Vec<Batch>>>>,
}

impl Cache {
    pub(super) fn new(elements: &Dataset) -> Self {
        Self { elements: elements.clone(), kept: Arc::default() }
    }
}

/// Elements that are cached once all of them have been read.
struct Keeping {
    elements: Elements,
    read: Option<Vec<Batch>>,
    kept: Arc<OnceLock<Arc<Vec<Batch>>>>,
}

impl Iterator for Keeping {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        let element = self.elements.next();
        match &element {
            Some(Ok(element)) => {
                if let Some(read) = &mut self.read {
                    read.push(element.clone());
                }
            }
            // An incomplete pass is not cached.
            Some(Err(_)) => self.read = None,
            None => {
                if let Some(read) = self.read.take() {
                    // Another pass may have set it meanwhile.
                    _ = self.kept.set(Arc::new(read));
                }
            }
        }
        element
    }
}

impl Source for Cache {
    fn elements(&self, _: &Stream, from: usize) -> Result<Elements> {
        if let Some(kept) = self.kept.get().cloned() {
            return Ok(Box::new((from..kept.len()).map(move |i| Ok(kept[i].clone()))));
        }
        // The same stream in each pass, so that whichever fills the cache fills it alike.
        let elements = self.elements.elements(&Stream::new(0, 0), 0)?;
        Ok(skipped(Ok(Box::new(Keeping { elements, read: Some(Vec::new()), kept: self.kept.clone() })), from))
    }

    fn cardinality(&self) -> Cardinality {
        match self.kept.get() {
            Some(kept) => Cardinality::Finite(kept.len()),
            None => self.elements.cardinality(),
        }
    }
}
