//! Elements that a thread computes ahead.

use super::map::panicked;
use super::{Cardinality, Dataset, Elements, Source};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result};
use std::sync::mpsc::sync_channel;
use std::thread::Builder;

/// The most elements ahead: the channel allocates their places at once.
const MOST_AHEAD: usize = 1 << 14;

pub(super) struct Prefetch {
    elements: Dataset,
    count: usize,
}

impl Prefetch {
    pub(super) fn new(elements: &Dataset, count: usize) -> Self {
        Self { elements: elements.clone(), count }
    }
}

impl Source for Prefetch {
    fn elements(&self, random: &Stream, from: usize) -> Result<Elements> {
        if self.count == 0 {
            return self.elements.elements(random, from);
        }
        let (sender, receiver) = sync_channel(self.count.min(MOST_AHEAD));
        let (elements, random) = (self.elements.clone(), random.clone());
        let thread = Builder::new().spawn(move || match elements.elements(&random, from) {
            // It ends with the elements, or when the receiver is dropped.
            Ok(mut elements) => _ = elements.any(|element| sender.send(element).is_err()),
            Err(error) => _ = sender.send(Err(error)),
        });
        let none = |cause: std::io::Error| Error::new(format!("Dataset::prefetch cannot start a thread: {cause}"));
        let mut thread = Some(thread.map_err(none)?);
        Ok(Box::new(std::iter::from_fn(move || {
            receiver.recv().ok().or_else(|| {
                let ended = thread.take()?.join();
                ended.err().map(|panic| Err(panicked("Dataset::prefetch", &*panic)))
            })
        })))
    }

    fn cardinality(&self) -> Cardinality {
        self.elements.cardinality()
    }
}
