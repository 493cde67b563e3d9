//! Where a function of random numbers takes them from. Keras: the argument `seed` of `keras.random`.

use crate::random::{Stream, next_stream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The argument `seed` of the functions of `random`: `None` or `()` for the next numbers of the run, which follow from
/// `utils::set_random_seed`; a number for the same ones in each call; a [`SeedGenerator`] for a sequence of one's own; or a [`Stream`], as a
/// layer's `ctx.random(None)` gives one.
///
/// A number draws what a new generator of that seed draws first, as in Keras.
#[derive(Debug, Clone)]
pub enum Seed<'a> {
    /// The next numbers of the run.
    OfRun,
    /// The same numbers each time.
    Fixed(u64),
    /// The next numbers of a generator.
    Generator(&'a SeedGenerator),
    /// The first numbers of a stream.
    Stream(Stream),
}

impl From<Stream> for Seed<'_> {
    fn from(stream: Stream) -> Self {
        Self::Stream(stream)
    }
}

impl From<()> for Seed<'_> {
    fn from((): ()) -> Self {
        Self::OfRun
    }
}

impl From<Option<u64>> for Seed<'_> {
    fn from(seed: Option<u64>) -> Self {
        seed.map_or(Self::OfRun, Self::Fixed)
    }
}

impl From<u64> for Seed<'_> {
    fn from(seed: u64) -> Self {
        Self::Fixed(seed)
    }
}

impl<'a> From<&'a SeedGenerator> for Seed<'a> {
    fn from(generator: &'a SeedGenerator) -> Self {
        Self::Generator(generator)
    }
}

impl Seed<'_> {
    pub(crate) fn stream(self) -> Stream {
        match self {
            Self::OfRun => next_stream(),
            Self::Fixed(seed) => of_draw([seed, 0]),
            Self::Generator(generator) => of_draw(generator.next()),
            Self::Stream(stream) => stream,
        }
    }
}

/// The numbers of one draw: others than those of the weights of a run with the same seed.
fn of_draw([seed, draw]: [u64; 2]) -> Stream {
    Stream::new(seed, 0).child(u64::from_le_bytes(*b"keras.rn")).child(draw)
}

/// A seed with a state that advances with each draw: a program that starts with one seed draws the same sequence on each run. Keras:
/// `keras.random.SeedGenerator`.
///
/// It is passed as a `seed`, by reference, as often as wanted, and from several threads.
///
/// ```
/// use candle_keras_ops::random_tensors::{SeedGenerator, uniform};
/// let generator = SeedGenerator::new(7);
/// let numbers = |generator: &SeedGenerator| -> candle_keras_ops::Result<Vec<f32>> {
///     Ok(uniform([3], 0.0, 1.0, None, generator)?.to_vec1()?)
/// };
/// let (first, second) = (numbers(&generator)?, numbers(&generator)?);
/// assert_ne!(first, second);
/// let resumed = SeedGenerator::from_state([7, 1]);
/// assert_eq!(numbers(&resumed)?, second);
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug)]
pub struct SeedGenerator {
    seed: u64,
    draws: AtomicU64,
}

impl SeedGenerator {
    /// Of this seed; `None` takes one from the random numbers of the run, where Keras takes one from the operating system.
    pub fn new(seed: impl Into<Option<u64>>) -> Self {
        Self::from_state([seed.into().unwrap_or_else(|| next_stream().bits(1)[0].into()), 0])
    }

    /// One that goes on where another was, of which this is the [`state`](Self::state).
    pub fn from_state([seed, draws]: [u64; 2]) -> Self {
        Self { seed, draws: AtomicU64::new(draws) }
    }

    /// The seed, and how many draws there were: what a checkpoint has to keep. Keras: `state`.
    pub fn state(&self) -> [u64; 2] {
        [self.seed, self.draws.load(Relaxed)]
    }

    /// The state, which then advances by one draw. Keras: `next`.
    pub fn next(&self) -> [u64; 2] {
        [self.seed, self.draws.fetch_add(1, Relaxed)]
    }
}
