//! Elements in random order.

use super::batched::{Batching, skipped};
use super::{Batch, Cardinality, Dataset, Elements, Source};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result};

/// The arguments of [`Dataset::shuffle`]: a number is the size of the buffer.
#[derive(Debug, Clone)]
#[must_use]
pub struct Shuffle {
    buffer: usize,
    seed: Option<u64>,
    each_pass: bool,
}

impl Shuffle {
    /// With a buffer of this many elements.
    pub fn new(buffer: usize) -> Self {
        Self { buffer, seed: None, each_pass: true }
    }

    /// The seed of the order. If each pass has another order, it depends on the global seed as well.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Whether each pass has another order. Default: true. If not, the order depends on [`seed`](Self::seed) alone, which is then 0 by default.
    pub fn reshuffle_each_iteration(mut self, reshuffle: bool) -> Self {
        self.each_pass = reshuffle;
        self
    }
}

impl From<usize> for Shuffle {
    fn from(buffer: usize) -> Self {
        Self::new(buffer)
    }
}

pub(super) struct Shuffled {
    elements: Dataset,
    shuffle: Shuffle,
}

impl Shuffled {
    pub(super) fn new(elements: &Dataset, shuffle: Shuffle) -> Self {
        Self { elements: elements.clone(), shuffle }
    }

    /// The random stream of a pass.
    fn random(&self, pass: &Stream) -> Stream {
        match (self.shuffle.seed, self.shuffle.each_pass) {
            (None, true) => pass.clone(),
            (Some(seed), true) => pass.child(seed),
            (seed, false) => Stream::new(seed.unwrap_or(0), 0),
        }
    }

    /// All elements in a new order, if there is random access to them.
    fn permuted(&self, random: &mut Stream) -> Option<Dataset> {
        let count = self.elements.cardinality().count()?;
        let all = self.shuffle.buffer >= count && u32::try_from(count).is_ok();
        all.then(|| self.elements.in_order(random.permutation(count)))?
    }
}

impl Source for Shuffled {
    fn elements(&self, pass: &Stream, from: usize) -> Result<Elements> {
        if self.shuffle.buffer == 0 {
            return Err(Error::new("shuffle needs a buffer").expected("at least 1 element").received("0"));
        }
        let mut random = self.random(pass);
        if let Some(permuted) = self.permuted(&mut random) {
            return permuted.elements(&pass.child(1), from);
        }
        let elements = Buffered::new(self.elements.elements(&pass.child(1), 0)?, self.shuffle.buffer, random);
        // The order of the rest depends on earlier random numbers.
        Ok(skipped(Ok(Box::new(elements)), from))
    }

    fn cardinality(&self) -> Cardinality {
        self.elements.cardinality()
    }

    fn batches(&self, pass: &Stream, batching: Batching, from: usize) -> Result<Elements> {
        match self.permuted(&mut self.random(pass)).filter(|_| self.shuffle.buffer > 0) {
            Some(permuted) => permuted.batches(&pass.child(1), batching, from),
            None => batching.stacked(self.elements(pass, from.saturating_mul(batching.size))?),
        }
    }
}

/// Elements through a buffer, from which a random one is drawn each time.
struct Buffered {
    elements: Elements,
    buffer: Vec<Batch>,
    size: usize,
    random: Stream,
}

impl Buffered {
    fn new(elements: Elements, size: usize, random: Stream) -> Self {
        Self { elements, buffer: Vec::new(), size, random }
    }
}

impl Iterator for Buffered {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        while self.buffer.len() < self.size {
            match self.elements.next() {
                Some(Ok(element)) => self.buffer.push(element),
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            }
        }
        let count = self.buffer.len() as u64;
        (count > 0).then(|| Ok(self.buffer.swap_remove(self.random.below(count) as usize)))
    }
}
