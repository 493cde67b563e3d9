//! The cores of the machine, shared out by a loop.
//!
//! The loops of a training step are short, many take less than a thread needs to wake: a pool whose threads sleep between two loops, as
//! rayon's do, can lose more than the other cores gain (benches/README.md). The threads here look out for the next loop for a while before
//! they sleep, the thread that brings a loop takes its part of it at once, and at the end it waits for those alone that began.

use crate::simd::Real;
use std::any::Any;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// From how many simple operations on a loop is shared out over the cores.
pub const SHARED_FROM: usize = 1 << 16;

/// How long a thread looks out for the next loop before it sleeps.
const LOOKOUT: Duration = Duration::from_micros(200);

/// How many threads share a loop: `RAYON_NUM_THREADS`, which candle's own products obey as well, or all cores.
pub fn count() -> usize {
    crew().threads
}

/// Runs `f` on each of the items, on all cores. Which core has which item, and in which order, is open: this one begins with the first
/// and the others with the last, so that the next loop over the same memory finds much of it in the cache of its core.
///
/// A call from within another, or while another thread has the cores, runs on the thread that makes it.
///
/// # Panics
/// If `f` does; the other items may or may not have been taken by then.
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

/// [`each`] for an `f` that takes memory, which a core makes once.
pub(crate) fn each_with<T: Send, S>(
    items: impl IntoIterator<Item = T>,
    scratch: impl Fn() -> S + Sync,
    f: impl Fn(&mut S, T) + Sync,
) {
    // All of them at first: an iterator may make each item of the one before, and must not be asked from its end.
    let items: Vec<T> = items.into_iter().collect();
    // The thread that is here takes one of them.
    let others = items.len().saturating_sub(1);
    let items = Mutex::new(items.into_iter());
    together(others, &|end| {
        let mut own = None;
        loop {
            let mut items = lock(&items);
            let item = match end {
                End::First => items.next(),
                End::Last => items.next_back(),
            };
            drop(items);
            let Some(item) = item else { return };
            f(own.get_or_insert_with(&scratch), item);
        }
    });
}

/// Where a thread begins.
#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

/// The results of `f` for each of the items, in their order.
pub fn map<T: Send, R: Send>(items: Vec<T>, f: impl Fn(T) -> R + Sync) -> Vec<R> {
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    each(items.into_iter().zip(&mut results), |(item, result)| *result = Some(f(item)));
    results.into_iter().flatten().collect()
}

/// The sum of what `f` adds to zeros for each of the items. As many items whatever the machine give the same bits on every machine.
pub(crate) fn summed<T: Real, I: Send>(items: Vec<I>, length: usize, f: impl Fn(I, &mut [T]) + Sync) -> Vec<T> {
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

/// The fewest simple operations that are worth a part of their own.
const LEAST: usize = 1 << 13;

/// How many simple operations a part has at most, if its unit allows: at the end of a loop, the others wait for the last part, which takes long
/// where its core is busy with something else.
const MOST: usize = 1 << 19;

/// Numbers of a part that stays in a core's cache while several loops go over it.
const CACHED: usize = 1 << 16;

/// How long the parts of `length` elements are to be, each a multiple of `unit`, at `cost` simple operations an element: all of them if they
/// are few.
pub(crate) fn part(length: usize, unit: usize, cost: usize) -> usize {
    let (unit, work) = (unit.max(1), length.saturating_mul(cost));
    if work < SHARED_FROM {
        return length;
    }
    // Some parts to spare, for the cores that are quicker or less busy.
    let parts = (count() * 4).min(work / LEAST).max(work / MOST);
    (length / unit).div_ceil(parts).clamp(1, (CACHED / unit).max(1)) * unit
}

/// Runs `f` on parts of `data`, each a multiple of `unit` elements, on all cores if there are enough of them at `cost` operations
/// each; `f` is told where its part begins.
pub(crate) fn in_parts<T: Send>(data: &mut [T], unit: usize, cost: usize, f: impl Fn(usize, &mut [T]) + Sync) {
    let part = part(data.len(), unit, cost);
    if part >= data.len() {
        return f(0, data);
    }
    each(data.chunks_mut(part).enumerate(), |(i, numbers)| f(i * part, numbers));
}

/// A vector that `f` makes in such parts; it is told where its part begins.
///
/// # Panics
/// If `f` leaves room.
pub(crate) fn put<T: Real>(length: usize, part: usize, f: impl Fn(usize, &mut Room<T>) + Sync) -> Vec<T> {
    put_with(length, part, || (), |(), from, room| f(from, room))
}

/// [`put`] for an `f` that takes memory, which a core makes once.
pub(crate) fn put_with<T: Real, S>(
    length: usize,
    part: usize,
    scratch: impl Fn() -> S + Sync,
    f: impl Fn(&mut S, usize, &mut Room<T>) + Sync,
) -> Vec<T> {
    let mut vector = Vec::with_capacity(length);
    let memory = &mut vector.spare_capacity_mut()[..length];
    if part >= length {
        Room(memory).filled(|room| f(&mut scratch(), 0, room));
    } else {
        each_with(memory.chunks_mut(part).enumerate(), scratch, |scratch, (i, memory)| {
            Room(memory).filled(|room| f(scratch, i * part, room));
        });
    }
    // SAFETY: `each_with` has returned, hence every part has been filled, and no `Room` gives memory away that it has not written.
    #[allow(unsafe_code)]
    unsafe {
        vector.set_len(length);
    }
    vector
}

/// Vectors of so many numbers for each of `count` items, which `f` makes item by item, at `cost` simple operations an item.
///
/// # Panics
/// If `f` leaves room.
pub(crate) fn put_several<T: Real, const N: usize>(
    count: usize,
    units: [usize; N],
    cost: usize,
    f: impl Fn(usize, &mut [Room<T>; N]) + Sync,
) -> [Vec<T>; N] {
    let mut vectors = units.map(|unit| Vec::with_capacity(count * unit));
    let mut memories = vectors.each_mut().map(Vec::spare_capacity_mut);
    let mut unit = units.iter();
    let mut rooms = memories.each_mut().map(|memory| {
        let unit = unit.next().copied().unwrap_or(0);
        let mut left = &mut memory[..count * unit];
        move || left.split_off_mut(..unit).unwrap_or_default()
    });
    let mut items: Vec<_> = (0..count).map(|_| rooms.each_mut().map(|next| next())).collect();
    in_parts(&mut items, 1, cost, |from, part| {
        for (i, memories) in part.iter_mut().enumerate() {
            let mut rooms = memories.each_mut().map(|memory| Room(memory));
            f(from + i, &mut rooms);
            assert!(rooms.iter().all(|room| room.0.is_empty()), "a part of a vector was not made whole");
        }
    });
    for (vector, unit) in vectors.iter_mut().zip(units) {
        // SAFETY: as in `put`; the rooms are all of the first `count * unit` numbers.
        #[allow(unsafe_code)]
        unsafe {
            vector.set_len(count * unit);
        }
    }
    vectors
}

/// [`put`] for an `f` that changes parts that begin as zeros.
///
/// To make zeros of all of it first would be one core's work, and a way to memory and back.
pub(crate) fn made<T: Real>(length: usize, part: usize, f: impl Fn(usize, &mut [T]) + Sync) -> Vec<T> {
    put(length, part, |from, room| f(from, room.zeros()))
}

/// [`put`] for an `f` that changes parts of a copy of `data`.
pub(crate) fn changed<T: Real>(data: &[T], part: usize, f: impl Fn(usize, &mut [T]) + Sync) -> Vec<T> {
    put(data.len(), part, |from, room| f(from, room.copy(&data[from..from + room.left()])))
}

/// The room for a part of a vector, which is filled from its beginning.
pub(crate) struct Room<'a, T>(&'a mut [MaybeUninit<T>]);

impl<'a, T: Real> Room<'a, T> {
    /// For how many numbers there is room.
    pub(crate) fn left(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn take(&mut self, count: usize) -> &'a mut [MaybeUninit<T>] {
        let (taken, left) = std::mem::take(&mut self.0).split_at_mut(count);
        self.0 = left;
        taken
    }

    fn filled(mut self, fill: impl FnOnce(&mut Self)) {
        fill(&mut self);
        assert!(self.0.is_empty(), "a part of a vector was not made whole");
    }

    /// Puts what `write` makes of the room for the next `count` numbers.
    pub(crate) fn by(
        &mut self,
        count: usize,
        write: impl FnOnce(&'a mut [MaybeUninit<T>]) -> &'a mut [T],
    ) -> &'a mut [T] {
        let taken = self.take(count);
        let expected = (taken.as_ptr().cast::<T>(), taken.len());
        let written = write(taken);
        assert!((written.as_ptr(), written.len()) == expected, "a part of a vector was made elsewhere");
        written
    }

    /// Puts zeros wherever there is room.
    pub(crate) fn zeros(&mut self) -> &'a mut [T] {
        self.by(self.left(), |memory| {
            memory.fill(MaybeUninit::new(T::ZERO));
            // SAFETY: each of them has just been written.
            #[allow(unsafe_code)]
            unsafe {
                memory.assume_init_mut()
            }
        })
    }

    /// Puts a copy of the numbers.
    #[inline(always)]
    pub(crate) fn copy(&mut self, numbers: &[T]) -> &'a mut [T] {
        self.take(numbers.len()).write_copy_of_slice(numbers)
    }

    /// Puts `f` of each of the numbers.
    #[inline(always)]
    pub(crate) fn map<A: Copy>(&mut self, a: &[A], f: impl Fn(A) -> T) {
        for (y, &a) in self.take(a.len()).iter_mut().zip(a) {
            y.write(f(a));
        }
    }

    /// Puts `f` of each two numbers.
    #[inline(always)]
    pub(crate) fn map2<A: Copy, B: Copy>(&mut self, a: &[A], b: &[B], f: impl Fn(A, B) -> T) {
        let b = &b[..a.len()];
        for ((y, &a), &b) in self.take(a.len()).iter_mut().zip(a).zip(b) {
            y.write(f(a, b));
        }
    }

    /// Puts `f` of each three numbers.
    #[inline(always)]
    pub(crate) fn map3<A: Copy>(&mut self, a: &[A], b: &[A], c: &[A], f: impl Fn(A, A, A) -> T) {
        let (b, c) = (&b[..a.len()], &c[..a.len()]);
        for (((y, &a), &b), &c) in self.take(a.len()).iter_mut().zip(a).zip(b).zip(c) {
            y.write(f(a, b, c));
        }
    }
}

/// The threads beside the one that brings a loop.
struct Crew {
    /// With the one that brings the loop.
    threads: usize,
    /// Held by whoever has the cores.
    turn: Mutex<()>,
    board: Mutex<Board>,
    bell: Condvar,
    /// [`Board::number`], to be seen without the lock.
    number: AtomicUsize,
    /// How many more threads the loop on the board has work for.
    wanted: AtomicUsize,
    /// How many threads run the loop on the board, or one that was there.
    inside: AtomicUsize,
}

/// Where a loop is put up.
struct Board {
    /// How many there have been.
    number: usize,
    work: Option<Work<'static>>,
    asleep: usize,
}

/// A loop: what each thread runs, and where the first panic of one goes.
#[derive(Clone, Copy)]
struct Work<'a> {
    run: &'a (dyn Fn(End) + Sync),
    panic: &'a Mutex<Option<Box<dyn Any + Send>>>,
}

fn crew() -> &'static Crew {
    static CREW: OnceLock<Crew> = OnceLock::new();
    static HIRED: OnceLock<()> = OnceLock::new();
    let crew = CREW.get_or_init(|| {
        let asked = std::env::var("RAYON_NUM_THREADS").ok().and_then(|count| count.parse().ok()).filter(|&n| n > 0);
        let threads = asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        Crew {
            threads,
            turn: Mutex::new(()),
            board: Mutex::new(Board { number: 0, work: None, asleep: 0 }),
            bell: Condvar::new(),
            number: AtomicUsize::new(0),
            wanted: AtomicUsize::new(0),
            inside: AtomicUsize::new(0),
        }
    });
    HIRED.get_or_init(|| {
        for i in 1..crew.threads {
            // Where there can be no thread, the others do its work.
            drop(std::thread::Builder::new().name(format!("candle-keras {i}")).spawn(move || help(crew)));
        }
    });
    crew
}

/// What a thread of the crew does for ever.
fn help(crew: &'static Crew) {
    let (mut seen, mut busy) = (0, Instant::now());
    loop {
        let number = look_out(crew, seen, busy);
        let place = crew.wanted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |wanted| wanted.checked_sub(1));
        if place.is_err() {
            seen = number;
            continue;
        }
        let work = {
            let board = lock(&crew.board);
            seen = board.number;
            // Under the lock: whoever takes the loop down afterwards knows of all that are inside.
            if board.work.is_some() {
                crew.inside.fetch_add(1, Ordering::Relaxed);
            }
            board.work
        };
        if let Some(work) = work {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (work.run)(End::Last))) {
                lock(work.panic).get_or_insert(panic);
            }
            crew.inside.fetch_sub(1, Ordering::Release);
            busy = Instant::now();
        }
    }
}

/// The number of the next loop than the one of this number, when there is one. Who was busy a short time ago looks, who was not sleeps: of
/// many cores, those for which the loops have no work.
fn look_out(crew: &Crew, seen: usize, busy: Instant) -> usize {
    for looks in 1u32.. {
        let number = crew.number.load(Ordering::Acquire);
        if number != seen {
            return number;
        }
        std::hint::spin_loop();
        if looks.is_multiple_of(64) && busy.elapsed() > LOOKOUT {
            break;
        }
    }
    let mut board = lock(&crew.board);
    board.asleep += 1;
    while board.number == seen {
        board = crew.bell.wait(board).unwrap_or_else(PoisonError::into_inner);
    }
    board.asleep -= 1;
    board.number
}

/// Runs `run` on this thread and on up to `others` of the crew that come in time; on this alone if the cores are taken.
fn together(others: usize, run: &(dyn Fn(End) + Sync)) {
    let crew = crew();
    let turn = if crew.threads > 1 && others > 0 { crew.turn.try_lock() } else { return run(End::First) };
    let _turn = match turn {
        Ok(turn) => turn,
        Err(std::sync::TryLockError::Poisoned(turn)) => turn.into_inner(),
        Err(std::sync::TryLockError::WouldBlock) => return run(End::First),
    };
    let panic = Mutex::new(None);
    let shared = Shared::put_up(crew, others, Work { run, panic: &panic });
    run(End::First);
    drop(shared);
    if let Some(panic) = panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
        resume_unwind(panic);
    }
}

/// A loop while it is on the board. Dropped, it is taken down, and none is inside any more.
struct Shared(&'static Crew);

impl Shared {
    #[allow(unsafe_code)]
    fn put_up(crew: &'static Crew, others: usize, work: Work<'_>) -> Self {
        // SAFETY: only the lifetime changes. A thread of the crew takes the work from the board under its lock, where it also says
        // that it is inside, and does not touch it after it has said that it is out. `together` holds the work's parts until `drop`
        // below has taken it down, under the same lock, and found nobody inside, whether it returns or unwinds.
        let work = unsafe { std::mem::transmute::<Work<'_>, Work<'static>>(work) };
        let mut board = lock(&crew.board);
        board.number = board.number.wrapping_add(1);
        board.work = Some(work);
        crew.wanted.store(others, Ordering::Relaxed);
        crew.number.store(board.number, Ordering::Release);
        // Each ring is a call of the system; none for whom those that are awake can do the work.
        let awake = (crew.threads - 1).saturating_sub(board.asleep);
        match others.saturating_sub(awake).min(board.asleep) {
            0 => (),
            all if all == board.asleep => crew.bell.notify_all(),
            some => (0..some).for_each(|_| crew.bell.notify_one()),
        }
        Self(crew)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        lock(&self.0.board).work = None;
        for waits in 1u32.. {
            // What those inside have written is seen from here on.
            if self.0.inside.load(Ordering::Acquire) == 0 {
                return;
            }
            if waits.is_multiple_of(1024) { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
    }
}

/// A panic elsewhere is reported where it happens, and leaves nothing half done here.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_whole_units_and_cover_all() {
        let mut data = vec![0usize; 20_005];
        in_parts(&mut data, 5, 100, |from, part| {
            assert_eq!((from % 5, part.len() % 5), (0, 0));
            part.iter_mut().enumerate().for_each(|(i, x)| *x += from + i);
        });
        assert!(data.iter().enumerate().all(|(i, x)| i == *x));
        // Few large items are parts of their own, and many small ones are not.
        assert_eq!((part(32, 1, MOST), part(100, 1, 1)), (1, 100));
    }

    #[test]
    fn vectors_are_made_whole() {
        for (length, unit) in [(0, 1), (7, 1), (20_005, 5), (16_000, 16_000)] {
            let part = part(length, unit, 10);
            let ones = made::<f32>(length, part, |_, numbers| numbers.iter_mut().for_each(|x| *x += 1.0));
            assert_eq!(ones, vec![1.0; length]);
            let twos = changed(&ones, part, |_, numbers| numbers.iter_mut().for_each(|x| *x *= 2.0));
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

    /// A sleeping crew comes as well, sooner or later, and more than one thread takes part.
    #[test]
    fn the_crew_takes_part() {
        if count() == 1 {
            return;
        }
        let threads = Mutex::new(std::collections::HashSet::new());
        let deadline = Instant::now() + Duration::from_secs(60);
        while lock(&threads).len() < 2 {
            assert!(Instant::now() < deadline, "nobody came");
            std::thread::sleep(2 * LOOKOUT);
            each(0..4, |_| {
                lock(&threads).insert(std::thread::current().id());
                std::thread::sleep(LOOKOUT);
            });
        }
    }

    #[test]
    fn items_are_those_of_the_iterator_in_its_order() {
        // Often enough that other threads take part.
        for _ in 0..if cfg!(miri) { 2 } else { 2000 } {
            let mut count = 0..;
            each((0..16).map(|i| (i, count.next())), |(i, count)| assert_eq!(Some(i), count));
        }
    }

    #[test]
    fn several_vectors_are_made_item_by_item() {
        for (count, unit) in [(0, 3), (5, 0), (7, 3), (40, if cfg!(miri) { 16 } else { 4096 })] {
            // Few and many operations, so that the cores share them.
            for cost in [0, SHARED_FROM] {
                let [one, many] = put_several(count, [1, unit], cost, |i, [one, many]| {
                    one.zeros()[0] += i as f32;
                    many.copy(&vec![i as f32; unit]);
                });
                let expected = (0..count).flat_map(|i| vec![i as f32; unit]).collect::<Vec<_>>();
                assert!(many == expected && one == (0..count).map(|i| i as f32).collect::<Vec<_>>());
            }
        }
        assert!(catch_unwind(|| put_several::<f32, 1>(2, [2], 1, |_, [room]| _ = room.copy(&[1.0]))).is_err());
    }

    #[test]
    fn a_vector_with_room_left_is_none() {
        let half = catch_unwind(|| put::<f32>(10, 10, |_, room| _ = room.copy(&[1.0; 5])));
        assert!(half.is_err());
        let elsewhere = catch_unwind(|| {
            put::<f32>(5, 5, |_, room| _ = room.by(5, |_| &mut []));
        });
        assert!(elsewhere.is_err());
    }

    #[test]
    fn a_panic_comes_out() {
        for bad in [0, 3] {
            let run = || each(0..4, |i| assert!(i != bad, "item {i}"));
            let panic = catch_unwind(run).expect_err("a panic");
            assert_eq!(panic.downcast_ref::<String>(), Some(&format!("item {bad}")));
        }
        each(0..4, |_| {});
    }
}
