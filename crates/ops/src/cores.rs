//! Parallel loops on a thread pool, one thread a core.
//!
//! The loops of a training step are short: many take less time than waking a thread does, which a pool whose threads sleep between loops,
//! such as rayon's, pays for each. Threads of this pool spin for a while before they sleep. The calling thread works on its loop at once,
//! and at the end it waits only for the threads that have joined.

use crate::simd::Float;
use std::any::Any;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Loops of fewer simple operations than this run on the calling thread.
pub const SHARED_FROM: usize = 1 << 16;

/// How long an idle thread spins before it sleeps.
const SPIN: Duration = Duration::from_micros(200);

/// The number of threads, with the calling one: `RAYON_NUM_THREADS`, which candle's own products obey as well, or one a core.
pub fn count() -> usize {
    pool().threads
}

/// Runs `f` on each of the items in parallel, in no fixed order. The calling thread takes items from the front and the others from the
/// back, so that the next loop over the same memory finds much of it in the cache of its core.
///
/// A nested call, or one while another thread's loop runs, runs on the calling thread.
///
/// # Panics
/// If `f` does. The other items may or may not have been processed by then.
///
/// ```
/// let mut squares = vec![0; 100];
/// candle_keras_ops::cores::each(squares.chunks_mut(10).enumerate(), |(part, squares)| {
///     squares.iter_mut().enumerate().for_each(|(i, square)| *square = (part * 10 + i).pow(2));
/// });
/// assert_eq!(squares[37], 1369);
/// ```
pub fn each<T: Send>(items: impl IntoIterator<Item = T>, f: impl Fn(T) + Sync) {
    each_with(items, || (), |(), item| f(item));
}

/// [`each`] with scratch memory, allocated once a thread.
pub(crate) fn each_with<T: Send, S>(
    items: impl IntoIterator<Item = T>,
    scratch: impl Fn() -> S + Sync,
    f: impl Fn(&mut S, T) + Sync,
) {
    // Collected first: an iterator may compute each item from the one before, and must not be read from its end.
    let items: Vec<T> = items.into_iter().collect();
    // One of them is for the calling thread.
    let others = items.len().saturating_sub(1);
    let items = Mutex::new(items.into_iter());
    run_on_pool(others, &|side| {
        let mut own = None;
        loop {
            let mut items = lock(&items);
            let item = match side {
                TakeFrom::Front => items.next(),
                TakeFrom::Back => items.next_back(),
            };
            drop(items);
            let Some(item) = item else { return };
            f(own.get_or_insert_with(&scratch), item);
        }
    });
}

/// From which side of the items a thread takes them.
#[derive(Clone, Copy)]
enum TakeFrom {
    Front,
    Back,
}

/// The results of `f` for each of the items, in the order of the items.
pub fn map<T: Send, R: Send>(items: Vec<T>, f: impl Fn(T) -> R + Sync) -> Vec<R> {
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    each(items.into_iter().zip(&mut results), |(item, result)| *result = Some(f(item)));
    results.into_iter().flatten().collect()
}

/// The sum over the items of what `f` accumulates into zeros. If the number of items does not depend on the machine, nor does any bit of
/// the sum.
pub(crate) fn summed<T: Float, I: Send>(items: Vec<I>, length: usize, f: impl Fn(I, &mut [T]) + Sync) -> Vec<T> {
    let mut sums = map(items, |item| {
        let mut sum = vec![T::ZERO; length];
        f(item, &mut sum);
        sum
    })
    .into_iter();
    let mut all = sums.next().unwrap_or_else(|| vec![T::ZERO; length]);
    for sum in sums {
        for (all, x) in all.iter_mut().zip(sum) {
            *all += x;
        }
    }
    all
}

/// The fewest simple operations that are worth a chunk.
const MIN_CHUNK_WORK: usize = 1 << 13;

/// The most simple operations of a chunk, if its unit allows: at the end of a loop, the others wait for the last chunk, which takes long on a
/// core that is busy with something else.
const MAX_CHUNK_WORK: usize = 1 << 19;

/// The most elements of a chunk: it stays in the cache while several loops go over it.
const MAX_CHUNK_LEN: usize = 1 << 16;

/// The length of a chunk of `length` elements, a multiple of `unit`, at `cost` simple operations an element. All of them if they are few.
pub(crate) fn chunk_len(length: usize, unit: usize, cost: usize) -> usize {
    let (unit, work) = (unit.max(1), length.saturating_mul(cost));
    if work < SHARED_FROM {
        return length;
    }
    // More chunks than threads, for the cores that are quicker or less busy.
    let chunks = (count() * 4).min(work / MIN_CHUNK_WORK).max(work / MAX_CHUNK_WORK);
    (length / unit).div_ceil(chunks).clamp(1, (MAX_CHUNK_LEN / unit).max(1)) * unit
}

/// Runs `f` on chunks of `data`, each a multiple of `unit` elements, in parallel if there are enough of them at `cost` operations
/// each. `f` takes the index of its first element, and the chunk.
pub(crate) fn in_chunks<T: Send>(data: &mut [T], unit: usize, cost: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    let len = chunk_len(data.len(), unit, cost);
    if len >= data.len() {
        return f(0, data);
    }
    each(data.chunks_mut(len).enumerate(), |(i, chunk)| f(i * len, chunk));
}

/// A vector of `length` elements that `f` writes in chunks of `chunk_len`, without zeros first. `f` takes the index of its first element, and
/// the chunk.
///
/// # Panics
/// If `f` does not write all of its chunk.
pub(crate) fn fill_chunks<T: Copy + Send>(
    length: usize,
    chunk_len: usize,
    f: impl Fn(usize, &mut UninitChunk<T>) + Sync,
) -> Vec<T> {
    fill_chunks_with(length, chunk_len, || (), |(), from, chunk| f(from, chunk))
}

/// [`fill_chunks`] with scratch memory, allocated once a thread.
pub(crate) fn fill_chunks_with<T: Copy + Send, S>(
    length: usize,
    chunk_len: usize,
    scratch: impl Fn() -> S + Sync,
    f: impl Fn(&mut S, usize, &mut UninitChunk<T>) + Sync,
) -> Vec<T> {
    let mut vector = Vec::with_capacity(length);
    let memory = &mut vector.spare_capacity_mut()[..length];
    if chunk_len >= length {
        UninitChunk(memory).filled(|chunk| f(&mut scratch(), 0, chunk));
    } else {
        each_with(memory.chunks_mut(chunk_len).enumerate(), scratch, |scratch, (i, memory)| {
            UninitChunk(memory).filled(|chunk| f(scratch, i * chunk_len, chunk));
        });
    }
    // SAFETY: `each_with` has returned, hence every chunk has been filled, and an `UninitChunk` hands out only memory that it has written.
    #[allow(unsafe_code)]
    unsafe {
        vector.set_len(length);
    }
    vector
}

/// Several vectors at once: `f` writes, for each of `count` items, `units[i]` elements of the `i`-th vector, at `cost` simple operations an
/// item.
///
/// # Panics
/// If `f` does not write all of its chunks.
pub(crate) fn fill_several_chunks<T: Copy + Send, const N: usize>(
    count: usize,
    units: [usize; N],
    cost: usize,
    f: impl Fn(usize, &mut [UninitChunk<T>; N]) + Sync,
) -> [Vec<T>; N] {
    let lengths = units.map(|unit| count.checked_mul(unit).expect("the length of a vector overflows"));
    let mut vectors = lengths.map(Vec::with_capacity);
    let mut memories = vectors.each_mut().map(Vec::spare_capacity_mut);
    let mut sizes = units.iter().zip(lengths);
    let mut chunks = memories.each_mut().map(|memory| {
        let (&unit, length) = sizes.next().unwrap_or((&0, 0));
        let mut rest = &mut memory[..length];
        move || rest.split_off_mut(..unit).unwrap_or_default()
    });
    let mut items: Vec<_> = (0..count).map(|_| chunks.each_mut().map(|next| next())).collect();
    in_chunks(&mut items, 1, cost, |from, items| {
        for (i, memories) in items.iter_mut().enumerate() {
            let mut chunks = memories.each_mut().map(|memory| UninitChunk(memory));
            f(from + i, &mut chunks);
            assert!(chunks.iter().all(|chunk| chunk.0.is_empty()), "a chunk was not written whole");
        }
    });
    for (vector, length) in vectors.iter_mut().zip(lengths) {
        // SAFETY: as in `fill_chunks_with`; the chunks cover the first `length` elements, `count` times `unit`, which did not overflow.
        #[allow(unsafe_code)]
        unsafe {
            vector.set_len(length);
        }
    }
    vectors
}

/// [`fill_chunks`] whose chunks are zeros when `f` gets them.
///
/// Zeroing the whole vector first would be one core's work, and an extra pass over memory.
pub(crate) fn zeroed_chunks<T: Copy + Send + Default>(
    length: usize,
    chunk_len: usize,
    f: impl Fn(usize, &mut [T]) + Sync,
) -> Vec<T> {
    fill_chunks(length, chunk_len, |from, chunk| f(from, chunk.zeros()))
}

/// [`fill_chunks`] whose chunks are copies of `data` when `f` gets them.
pub(crate) fn copied_chunks<T: Copy + Send + Sync>(
    data: &[T],
    chunk_len: usize,
    f: impl Fn(usize, &mut [T]) + Sync,
) -> Vec<T> {
    fill_chunks(data.len(), chunk_len, |from, chunk| f(from, chunk.copy(&data[from..from + chunk.remaining()])))
}

/// Uninitialized memory of a chunk, which is written from its start on.
pub(crate) struct UninitChunk<'a, T>(&'a mut [MaybeUninit<T>]);

impl<'a, T: Copy> UninitChunk<'a, T> {
    /// How many elements are not written yet.
    pub(crate) fn remaining(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn take(&mut self, count: usize) -> &'a mut [MaybeUninit<T>] {
        let (taken, rest) = std::mem::take(&mut self.0).split_at_mut(count);
        self.0 = rest;
        taken
    }

    fn filled(mut self, fill: impl FnOnce(&mut Self)) {
        fill(&mut self);
        assert!(self.0.is_empty(), "a chunk was not written whole");
    }

    /// Writes the next `count` elements by `write`, which returns the memory that it was given.
    pub(crate) fn write_with(
        &mut self,
        count: usize,
        write: impl FnOnce(&'a mut [MaybeUninit<T>]) -> &'a mut [T],
    ) -> &'a mut [T] {
        let taken = self.take(count);
        let expected = (taken.as_ptr().cast::<T>(), taken.len());
        let written = write(taken);
        assert!((written.as_ptr(), written.len()) == expected, "`write` returned other memory");
        written
    }

    /// Writes zeros to all that is left.
    pub(crate) fn zeros(&mut self) -> &'a mut [T]
    where
        T: Default,
    {
        self.write_with(self.remaining(), |memory| {
            memory.fill(MaybeUninit::new(T::default()));
            // SAFETY: each of them has just been written.
            #[allow(unsafe_code)]
            unsafe {
                memory.assume_init_mut()
            }
        })
    }

    /// Writes a copy of the elements.
    #[inline(always)]
    pub(crate) fn copy(&mut self, elements: &[T]) -> &'a mut [T] {
        self.take(elements.len()).write_copy_of_slice(elements)
    }

    /// Writes `f` of each element.
    #[inline(always)]
    pub(crate) fn map<A: Copy>(&mut self, a: &[A], f: impl Fn(A) -> T) {
        for (y, &a) in self.take(a.len()).iter_mut().zip(a) {
            y.write(f(a));
        }
    }

    /// Writes `f` of each pair of elements.
    #[inline(always)]
    pub(crate) fn map2<A: Copy, B: Copy>(&mut self, a: &[A], b: &[B], f: impl Fn(A, B) -> T) {
        let b = &b[..a.len()];
        for ((y, &a), &b) in self.take(a.len()).iter_mut().zip(a).zip(b) {
            y.write(f(a, b));
        }
    }

    /// Writes `f` of each three elements.
    #[inline(always)]
    pub(crate) fn map3<A: Copy>(&mut self, a: &[A], b: &[A], c: &[A], f: impl Fn(A, A, A) -> T) {
        let (b, c) = (&b[..a.len()], &c[..a.len()]);
        for (((y, &a), &b), &c) in self.take(a.len()).iter_mut().zip(a).zip(b).zip(c) {
            y.write(f(a, b, c));
        }
    }
}

struct ThreadPool {
    /// With the calling one.
    threads: usize,
    /// Held by the thread whose job runs.
    caller: Mutex<()>,
    slot: Mutex<JobSlot>,
    wakeup: Condvar,
    /// [`JobSlot::number`], readable without the lock.
    number: AtomicUsize,
    /// How many more threads may join the current job.
    openings: AtomicUsize,
    /// How many threads run the current job, or an earlier one.
    running: AtomicUsize,
}

/// Holds the current job.
struct JobSlot {
    /// How many jobs there have been.
    number: usize,
    job: Option<Job<'static>>,
    asleep: usize,
}

/// What each thread runs, and where the first panic goes.
#[derive(Clone, Copy)]
struct Job<'a> {
    run: &'a (dyn Fn(TakeFrom) + Sync),
    panic: &'a Mutex<Option<Box<dyn Any + Send>>>,
}

fn pool() -> &'static ThreadPool {
    static POOL: OnceLock<ThreadPool> = OnceLock::new();
    static STARTED: OnceLock<()> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        let asked = std::env::var("RAYON_NUM_THREADS").ok().and_then(|count| count.parse().ok()).filter(|&n| n > 0);
        let threads = asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        ThreadPool {
            threads,
            caller: Mutex::new(()),
            slot: Mutex::new(JobSlot { number: 0, job: None, asleep: 0 }),
            wakeup: Condvar::new(),
            number: AtomicUsize::new(0),
            openings: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
        }
    });
    STARTED.get_or_init(|| {
        for i in 1..pool.threads {
            // Where a thread cannot be started, the others do its work.
            drop(std::thread::Builder::new().name(format!("candle-keras {i}")).spawn(move || worker_loop(pool)));
        }
    });
    pool
}

fn worker_loop(pool: &'static ThreadPool) {
    let (mut seen, mut busy) = (0, Instant::now());
    loop {
        let number = next_job(pool, seen, busy);
        let opening =
            pool.openings.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |openings| openings.checked_sub(1));
        if opening.is_err() {
            seen = number;
            continue;
        }
        let job = {
            let slot = lock(&pool.slot);
            seen = slot.number;
            // Under the lock: the caller, who empties the slot, then sees every thread that has joined.
            if slot.job.is_some() {
                pool.running.fetch_add(1, Ordering::Relaxed);
            }
            slot.job
        };
        if let Some(job) = job {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (job.run)(TakeFrom::Back))) {
                lock(job.panic).get_or_insert(panic);
            }
            pool.running.fetch_sub(1, Ordering::Release);
            busy = Instant::now();
        }
    }
}

/// Waits for a job other than the one of number `seen`, and returns its number. A thread that was busy a short time ago spins, one that was
/// not sleeps: on a machine of many cores, small loops have no work for some of them.
fn next_job(pool: &ThreadPool, seen: usize, busy: Instant) -> usize {
    for spins in 1u32.. {
        let number = pool.number.load(Ordering::Acquire);
        if number != seen {
            return number;
        }
        std::hint::spin_loop();
        if spins.is_multiple_of(64) && busy.elapsed() > SPIN {
            break;
        }
    }
    let mut slot = lock(&pool.slot);
    slot.asleep += 1;
    while slot.number == seen {
        slot = pool.wakeup.wait(slot).unwrap_or_else(PoisonError::into_inner);
    }
    slot.asleep -= 1;
    slot.number
}

/// Runs `run` on this thread and on up to `others` threads of the pool, those that join in time. On this thread alone if the pool has a job.
fn run_on_pool(others: usize, run: &(dyn Fn(TakeFrom) + Sync)) {
    let pool = pool();
    let caller = if pool.threads > 1 && others > 0 { pool.caller.try_lock() } else { return run(TakeFrom::Front) };
    let _caller = match caller {
        Ok(caller) => caller,
        Err(std::sync::TryLockError::Poisoned(caller)) => caller.into_inner(),
        Err(std::sync::TryLockError::WouldBlock) => return run(TakeFrom::Front),
    };
    let panic = Mutex::new(None);
    let running = RunningJob::publish(pool, others, Job { run, panic: &panic });
    run(TakeFrom::Front);
    drop(running);
    if let Some(panic) = panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
        resume_unwind(panic);
    }
}

/// A job in the slot. Dropping it empties the slot and waits until no thread runs it any more.
struct RunningJob(&'static ThreadPool);

impl RunningJob {
    #[allow(unsafe_code)]
    fn publish(pool: &'static ThreadPool, others: usize, job: Job<'_>) -> Self {
        // SAFETY: only the lifetime changes. A thread of the pool copies the job from the slot under its lock, where it also counts
        // itself as running, and does not touch the job after it has counted itself out. `run_on_pool` keeps what the job borrows until
        // `drop` below has emptied the slot, under the same lock, and seen a count of 0, whether it returns or unwinds.
        let job = unsafe { std::mem::transmute::<Job<'_>, Job<'static>>(job) };
        let mut slot = lock(&pool.slot);
        slot.number = slot.number.wrapping_add(1);
        slot.job = Some(job);
        pool.openings.store(others, Ordering::Relaxed);
        pool.number.store(slot.number, Ordering::Release);
        // A wakeup is a system call: none where the threads that are awake suffice.
        let awake = (pool.threads - 1).saturating_sub(slot.asleep);
        match others.saturating_sub(awake).min(slot.asleep) {
            0 => (),
            all if all == slot.asleep => pool.wakeup.notify_all(),
            some => (0..some).for_each(|_| pool.wakeup.notify_one()),
        }
        Self(pool)
    }
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        lock(&self.0.slot).job = None;
        for waits in 1u32.. {
            // Acquire: what the other threads have written is visible from here on.
            if self.0.running.load(Ordering::Acquire) == 0 {
                return;
            }
            if waits.is_multiple_of(1024) { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
    }
}

/// Ignores poisoning: a panic is passed on by `run_on_pool`, and leaves nothing half done here.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_whole_units_and_cover_all() {
        let mut data = vec![0usize; 20_005];
        in_chunks(&mut data, 5, 100, |from, chunk| {
            assert_eq!((from % 5, chunk.len() % 5), (0, 0));
            chunk.iter_mut().enumerate().for_each(|(i, x)| *x += from + i);
        });
        assert!(data.iter().enumerate().all(|(i, x)| i == *x));
        // Few large items are chunks of one, many small ones are not.
        assert_eq!((chunk_len(32, 1, MAX_CHUNK_WORK), chunk_len(100, 1, 1)), (1, 100));
    }

    #[test]
    fn vectors_are_filled_whole() {
        for (length, unit) in [(0, 1), (7, 1), (20_005, 5), (16_000, 16_000)] {
            let len = chunk_len(length, unit, 10);
            let ones = zeroed_chunks::<f32>(length, len, |_, chunk| chunk.iter_mut().for_each(|x| *x += 1.0));
            assert_eq!(ones, vec![1.0; length]);
            let twos = copied_chunks(&ones, len, |_, chunk| chunk.iter_mut().for_each(|x| *x *= 2.0));
            assert_eq!(twos, vec![2.0; length]);
        }
    }

    /// Many loops, from several threads, one within another.
    #[test]
    fn each_item_is_taken_once() {
        let rounds = if cfg!(miri) { 5 } else { 2000 };
        let many = || {
            for round in 0..rounds {
                let mut counts = [0u32; 12];
                each(counts.chunks_mut(3), |part| each(part.iter_mut(), |count| *count += round));
                assert_eq!(counts, [round; 12]);
            }
        };
        std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(many))));
        assert_eq!(map((0..9).collect(), |i| i * i), [0, 1, 4, 9, 16, 25, 36, 49, 64]);
    }

    /// Sleeping threads join as well, sooner or later.
    #[test]
    fn sleeping_threads_join() {
        if count() == 1 {
            return;
        }
        let threads = Mutex::new(std::collections::HashSet::new());
        let deadline = Instant::now() + Duration::from_secs(60);
        while lock(&threads).len() < 2 {
            assert!(Instant::now() < deadline, "no thread joined");
            std::thread::sleep(2 * SPIN);
            each(0..4, |_| {
                lock(&threads).insert(std::thread::current().id());
                std::thread::sleep(SPIN);
            });
        }
    }

    #[test]
    fn items_are_those_of_the_iterator_in_its_order() {
        // Often enough that other threads join.
        for _ in 0..if cfg!(miri) { 2 } else { 2000 } {
            let mut count = 0..;
            each((0..16).map(|i| (i, count.next())), |(i, count)| assert_eq!(Some(i), count));
        }
    }

    #[test]
    fn several_vectors_are_filled_item_by_item() {
        for (count, unit) in [(0, 3), (5, 0), (7, 3), (40, if cfg!(miri) { 16 } else { 4096 })] {
            // Few and many operations: on one thread and on all.
            for cost in [0, SHARED_FROM] {
                let [one, many] = fill_several_chunks(count, [1, unit], cost, |i, [one, many]| {
                    one.zeros()[0] += i as f32;
                    many.copy(&vec![i as f32; unit]);
                });
                let expected = (0..count).flat_map(|i| vec![i as f32; unit]).collect::<Vec<_>>();
                assert!(many == expected && one == (0..count).map(|i| i as f32).collect::<Vec<_>>());
            }
        }
        assert!(
            catch_unwind(|| fill_several_chunks::<f32, 1>(2, [2], 1, |_, [chunk]| _ = chunk.copy(&[1.0]))).is_err()
        );
    }

    #[test]
    fn a_chunk_must_be_written_whole() {
        let half = catch_unwind(|| fill_chunks::<f32>(10, 10, |_, chunk| _ = chunk.copy(&[1.0; 5])));
        assert!(half.is_err());
        let elsewhere = catch_unwind(|| {
            fill_chunks::<f32>(5, 5, |_, chunk| _ = chunk.write_with(5, |_| &mut []));
        });
        assert!(elsewhere.is_err());
    }

    #[test]
    fn a_panic_is_passed_on() {
        for bad in [0, 3] {
            let run = || each(0..4, |i| assert!(i != bad, "item {i}"));
            let panic = catch_unwind(run).expect_err("a panic");
            assert_eq!(panic.downcast_ref::<String>(), Some(&format!("item {bad}")));
        }
        each(0..4, |_| {});
    }
}
