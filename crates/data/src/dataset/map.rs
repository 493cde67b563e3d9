//! Maps a function over the elements, on this thread or on several.

use super::batched::Batching;
use super::{Batch, Cardinality, Dataset, Elements, Source};
use candle_keras_ops::random::{self, Stream};
use candle_keras_ops::{Error, Result};
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

/// The most threads of a `map_on`.
const MOST_THREADS: usize = 256;

/// The error of a function that panicked, with its message.
pub(super) fn panicked(what: &str, panic: &(dyn Any + Send)) -> Error {
    let message = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    Error::new(format!("{what}: a function panicked: {}", message.unwrap_or("without a message")))
}

type Function = Arc<dyn Fn(Batch) -> Result<Batch> + Send + Sync>;

pub(super) struct Map {
    elements: Dataset,
    /// The number of threads; 0 for the calling thread.
    threads: usize,
    f: Function,
}

impl Map {
    pub(super) fn new(
        elements: &Dataset,
        threads: usize,
        f: impl Fn(Batch) -> Result<Batch> + Send + Sync + 'static,
    ) -> Self {
        Self { elements: elements.clone(), threads, f: Arc::new(f) }
    }
}

impl Source for Map {
    fn elements(&self, pass: &Stream, from: usize) -> Result<Elements> {
        let elements = self.elements.elements(&pass.child(1), from)?;
        let (f, random) = (self.f.clone(), pass.child(0));
        let numbered = elements.enumerate().map(move |(i, element)| (random.child((from + i) as u64), element));
        Ok(match self.threads {
            0 | 1 => Box::new(numbered.map(move |(random, element)| random::with_stream(random, || f(element?)))),
            threads => Box::new(OnThreads::new(Box::new(numbered), threads.min(MOST_THREADS), &f)?),
        })
    }

    fn cardinality(&self) -> Cardinality {
        self.elements.cardinality()
    }

    fn batches(&self, pass: &Stream, batching: Batching, from: usize) -> Result<Elements> {
        batching.stacked(self.elements(pass, from.saturating_mul(batching.size))?)
    }

    fn in_order(&self, order: Vec<u32>) -> Option<Dataset> {
        let elements = self.elements.in_order(order)?;
        Some(Dataset::new(Self { elements, threads: self.threads, f: self.f.clone() }))
    }
}

/// An element with its random stream, and the channel for the result.
type Job = (Stream, Batch, Sender<Result<Batch>>);

/// Elements that are mapped by threads, at most two queued per thread, returned in order.
struct OnThreads {
    elements: Box<dyn Iterator<Item = (Stream, Result<Batch>)> + Send>,
    jobs: SyncSender<Job>,
    results: VecDeque<Receiver<Result<Batch>>>,
    ahead: usize,
}

impl OnThreads {
    fn new(
        elements: Box<dyn Iterator<Item = (Stream, Result<Batch>)> + Send>,
        threads: usize,
        f: &Function,
    ) -> Result<Self> {
        let ahead = threads * 2;
        let (jobs, taken) = sync_channel::<Job>(ahead);
        let taken = Arc::new(Mutex::new(taken));
        for started in 0..threads {
            let (taken, f) = (taken.clone(), f.clone());
            // A thread ends when the sender of jobs is dropped.
            let thread = Builder::new().spawn(move || {
                loop {
                    let job = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((random, element, result)) = job else { return };
                    // The receiver of the result may have been dropped.
                    let call = AssertUnwindSafe(|| random::with_stream(random, || f(element)));
                    let mapped = catch_unwind(call).unwrap_or_else(|panic| Err(panicked("Dataset::map_on", &*panic)));
                    _ = result.send(mapped);
                }
            });
            match thread {
                Ok(_) => {}
                Err(cause) if started == 0 => {
                    return Err(Error::new(format!("Dataset::map_on cannot start a thread: {cause}")));
                }
                // The system allows no more: those that have started do all the work.
                Err(_) => break,
            }
        }
        Ok(Self { elements, jobs, results: VecDeque::new(), ahead })
    }

    fn hand_out(&mut self) {
        while self.results.len() < self.ahead {
            let Some((random, element)) = self.elements.next() else { return };
            let (result, wanted) = channel();
            match element {
                Ok(element) => _ = self.jobs.send((random, element, result)),
                Err(error) => _ = result.send(Err(error)),
            }
            self.results.push_back(wanted);
        }
    }
}

impl Iterator for OnThreads {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        self.hand_out();
        let result = self.results.pop_front()?;
        Some(result.recv().unwrap_or_else(|_| Err(Error::new("a thread of Dataset::map_on ended early"))))
    }
}
