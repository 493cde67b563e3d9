//! The project's own random numbers: one seed fixes weights, shuffling and dropout, on every device.
//!
//! A counter-based generator (Philox4x32-10; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) maps (seed, stream,
//! position) to numbers, so that no state is passed around: every use takes its own stream. A GPU generates the bits of dropout itself, all
//! else is drawn on the host; the numbers are the same.

use crate::cores::in_chunks;
use crate::simd;
use std::cell::{Cell, RefCell};
use std::sync::{Mutex, PoisonError};

/// A seed, and the number of the next stream.
#[derive(Debug, Clone, Copy)]
struct Source {
    seed: u64,
    next: u64,
}

impl Source {
    fn stream(&mut self) -> Stream {
        self.next += 1;
        Stream::new(self.seed, self.next - 1)
    }
}

thread_local! {
    static SOURCE: Cell<Option<Source>> = const { Cell::new(None) };
    static SCOPE: RefCell<Option<(Stream, u64)>> = const { RefCell::new(None) };
}

/// For threads without a seed.
static PROCESS: Mutex<Option<Source>> = Mutex::new(None);

/// Sets the seed of this thread, and of threads that set none. All random numbers drawn from now on follow from it. TensorFlow:
/// `tf.random.set_seed`.
///
/// Keras's `utils.set_random_seed` sets those of NumPy and Python as well, and does so here.
///
/// What this thread draws depends on its own draws alone; threads without a seed share a source of numbers that follows from the seed too, but
/// draw others than this thread. Without any seed, each run is different.
///
/// ```
/// use candle_keras_ops::random::{next_stream, set_random_seed};
/// let in_a_thread = || std::thread::spawn(|| next_stream().uniform(3)).join().unwrap();
/// set_random_seed(7);
/// let (here, there) = (next_stream().uniform(3), in_a_thread());
/// assert_ne!(here, there);
/// assert_ne!(here, next_stream().uniform(3));
/// set_random_seed(7);
/// assert_eq!((here, there), (next_stream().uniform(3), in_a_thread()));
/// ```
pub fn set_random_seed(seed: u64) {
    SOURCE.set(Some(Source { seed, next: 0 }));
    let of_others = Stream::new(seed, 0).child(u64::MAX).next_u64();
    *PROCESS.lock().unwrap_or_else(PoisonError::into_inner) = Some(Source { seed: of_others, next: 0 });
}

/// A new stream: for the initial value of one weight, or for one fit.
pub fn next_stream() -> Stream {
    let scoped = SCOPE.with_borrow_mut(|scope| {
        let (stream, next) = scope.as_mut()?;
        *next += 1;
        Some(stream.child(*next - 1))
    });
    if let Some(stream) = scoped {
        return stream;
    }
    if let Some(mut source) = SOURCE.get() {
        let stream = source.stream();
        SOURCE.set(Some(source));
        return stream;
    }
    let mut process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    process.get_or_insert_with(|| Source { seed: rand::random(), next: 0 }).stream()
}

/// Runs `f`; [`next_stream`] in it returns children of `stream`, in the order of the calls.
pub fn with_stream<T>(stream: Stream, f: impl FnOnce() -> T) -> T {
    struct Restore(Option<(Stream, u64)>);
    impl Drop for Restore {
        fn drop(&mut self) {
            SCOPE.set(self.0.take());
        }
    }
    let _restore = Restore(SCOPE.replace(Some((stream, 0))));
    f()
}

/// Whether [`with_stream`] runs on this thread.
pub fn is_scoped() -> bool {
    SCOPE.with_borrow(Option::is_some)
}

/// A range of random blocks, from this one on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RandomBlocks {
    pub(crate) first: u64,
    pub(crate) stream: u64,
    pub(crate) key: u64,
}

/// A sequence of random numbers that is fixed by its seed and its number.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Stream {
    key: [u32; 2],
    stream: u64,
    block: u64,
}

impl Stream {
    /// The stream `stream` of `seed`, from its start.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { key: split(seed), stream, block: 0 }
    }

    /// A stream that depends on this one and on `index` alone, not on what was drawn from this one.
    pub fn child(&self, index: u64) -> Self {
        let [a, b] = split(self.stream);
        let [c, d] = split(index);
        // The key is changed, so that children and their parent share no block.
        let block = philox([a, b, c, d], [self.key[0] ^ 0x6368_696c, self.key[1]]);
        Self { key: [block[0], block[1]], stream: join(block[2], block[3]), block: 0 }
    }

    fn next_block(&mut self) -> [u32; 4] {
        let [a, b] = split(self.block);
        let [c, d] = split(self.stream);
        self.block += 1;
        philox([a, b, c, d], self.key)
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let block = self.next_block();
        join(block[0], block[1])
    }

    /// `count` numbers, uniform in `[0, 1)`, with 53 random bits each.
    pub fn uniform(&mut self, count: usize) -> Vec<f64> {
        let mut numbers = Vec::with_capacity(count + 1);
        while numbers.len() < count {
            let [a, b, c, d] = self.next_block();
            numbers.extend([unit(join(a, b)), unit(join(c, d))]);
        }
        numbers.truncate(count);
        numbers
    }

    /// `f` of `count` times 32 random bits.
    pub(crate) fn drawn<T: Copy + Default + Send>(&mut self, count: usize, f: impl Fn(u32) -> T + Sync) -> Vec<T> {
        let mut drawn = vec![T::default(); count];
        in_chunks(&mut drawn, 4 * LANES, 8, |from, part| {
            let first = self.block + from as u64 / 4;
            simd!(draw(part, first, self.stream, self.key, &f));
        });
        self.block += count.div_ceil(4) as u64;
        drawn
    }

    /// Skips the bits that [`drawn`](Self::drawn) would draw, and returns where they are, for a GPU to draw.
    pub(crate) fn skip_blocks(&mut self, count: usize) -> RandomBlocks {
        let part = RandomBlocks { first: self.block, stream: self.stream, key: join(self.key[0], self.key[1]) };
        self.block += count.div_ceil(4) as u64;
        part
    }

    /// `count` times 32 random bits, for many small draws at once.
    pub fn bits(&mut self, count: usize) -> Vec<u32> {
        self.drawn(count, |bits| bits)
    }

    /// `count` numbers, uniform in `[0, 1)`, with 24 random bits each, in half the time.
    pub fn uniform_f32(&mut self, count: usize) -> Vec<f32> {
        self.drawn(count, |bits| (bits >> 8) as f32 / (1u32 << 24) as f32)
    }

    /// `count` numbers from the standard normal distribution (Box and Muller, 1958).
    pub fn normal(&mut self, count: usize) -> Vec<f64> {
        let mut numbers = Vec::with_capacity(count + 1);
        while numbers.len() < count {
            let [a, b, c, d] = self.next_block();
            // 1 - u lies in (0, 1], so that the logarithm is finite.
            let radius = (-2.0 * (1.0 - unit(join(a, b))).ln()).sqrt();
            let (sin, cos) = (std::f64::consts::TAU * unit(join(c, d))).sin_cos();
            numbers.extend([radius * cos, radius * sin]);
        }
        numbers.truncate(count);
        numbers
    }

    /// `count` numbers from the standard normal distribution, truncated at two standard deviations.
    pub fn truncated_normal(&mut self, count: usize) -> Vec<f64> {
        let mut numbers = Vec::with_capacity(count);
        while numbers.len() < count {
            let missing = count - numbers.len();
            numbers.extend(self.normal(missing).into_iter().filter(|x| x.abs() < 2.0));
        }
        numbers
    }

    /// `count` numbers from the gamma distribution of this shape, with the scale 1.
    pub fn gamma(&mut self, shape: f64, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.log_gamma(shape).exp()).collect()
    }

    /// `count` numbers from the beta distribution of these parameters. Logarithms keep those of small parameters apart from 0 by 0.
    pub fn beta(&mut self, alpha: f64, beta: f64, count: usize) -> Vec<f64> {
        (0..count).map(|_| 1.0 / (1.0 + (self.log_gamma(beta) - self.log_gamma(alpha)).exp())).collect()
    }

    /// How many of `count` trials succeed, each with this probability: the middle one of `count` uniform numbers has a beta distribution, and
    /// tells on which side of it to go on (Devroye, "Non-uniform random variate generation", 1986, X.4.3).
    pub fn binomial(&mut self, mut count: u64, mut probability: f64) -> u64 {
        let mut successes = 0;
        while count > 32 && probability > 0.0 && probability < 1.0 {
            let middle = count / 2 + 1;
            let cut = self.beta(middle as f64, (count + 1 - middle) as f64, 1)[0];
            if cut <= probability {
                (successes, count) = (successes + middle, count - middle);
                probability = (probability - cut) / (1.0 - cut);
            } else {
                (count, probability) = (middle - 1, probability / cut);
            }
        }
        match probability {
            ..=0.0 => successes,
            1.0.. => successes + count,
            _ => successes + self.uniform(count as usize).into_iter().filter(|x| *x < probability).count() as u64,
        }
    }

    /// The logarithm of a number from the gamma distribution (Marsaglia and Tsang, "A simple method for generating gamma variables", 2000).
    fn log_gamma(&mut self, shape: f64) -> f64 {
        if shape.is_nan() || shape <= 0.0 {
            return f64::NAN;
        }
        if shape < 1.0 {
            // 1 - u is not 0.
            let boost = (1.0 - self.uniform(1)[0]).ln() / shape;
            return self.log_gamma(shape + 1.0) + boost;
        }
        let d = shape - 1.0 / 3.0;
        loop {
            let [x, u] = [self.normal(1)[0], 1.0 - self.uniform(1)[0]];
            let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
            if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d.ln() + v.ln();
            }
        }
    }

    /// A uniform integer below `bound` (Lemire, 2019).
    pub fn below(&mut self, bound: u64) -> u64 {
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(bound);
            // The low half below 2^64 mod bound marks the few draws that would bias the result.
            if wide as u64 >= bound.wrapping_neg() % bound.max(1) {
                return (wide >> 64) as u64;
            }
        }
    }

    /// The numbers `0..count` in random order (Fisher and Yates).
    pub fn permutation(&mut self, count: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count as u32).collect();
        for i in (1..count).rev() {
            order.swap(i, self.below(i as u64 + 1) as usize);
        }
        order
    }
}

fn split(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}

fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

/// How many blocks are computed at once.
const LANES: usize = 16;

/// `f` of the words of consecutive blocks, from the block `first` on.
#[inline(always)]
fn draw<T>(drawn: &mut [T], first: u64, stream: u64, key: [u32; 2], f: impl Fn(u32) -> T) {
    for (i, part) in drawn.chunks_mut(4 * LANES).enumerate() {
        let first = first + (i * LANES) as u64;
        let mut words = [[0u64; LANES]; 4];
        let [of_a, of_b, of_c, of_d] = &mut words;
        // As `philox`, with each word in the lower half of 64 bits: products of halves are one instruction, and the higher halves may hold
        // anything until the end. The compiler vectorizes this loop.
        for lane in 0..LANES {
            let block = first + lane as u64;
            let ([mut a, mut b, mut c, mut d], [mut k0, mut k1]) = ([block, block >> 32, stream, stream >> 32], key);
            for _ in 0..10 {
                let (wide_a, wide_c) = (low(a) * 0xD251_1F53, low(c) * 0xCD9E_8D57);
                (a, b) = ((wide_c >> 32) ^ b ^ u64::from(k0), wide_c);
                (c, d) = ((wide_a >> 32) ^ d ^ u64::from(k1), wide_a);
                k0 = k0.wrapping_add(0x9E37_79B9);
                k1 = k1.wrapping_add(0xBB67_AE85);
            }
            (of_a[lane], of_b[lane], of_c[lane], of_d[lane]) = (a, b, c, d);
        }
        let mut bits = [[0u32; 4]; LANES];
        for (lane, block) in bits.iter_mut().enumerate() {
            for (bits, word) in block.iter_mut().zip(&words) {
                *bits = word[lane] as u32;
            }
        }
        for (drawn, &bits) in part.iter_mut().zip(bits.as_flattened()) {
            *drawn = f(bits);
        }
    }
}

/// The lower half.
#[inline(always)]
fn low(x: u64) -> u64 {
    x & 0xFFFF_FFFF
}

/// One block of Philox4x32-10.
fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut a, mut b, mut c, mut d], [mut k0, mut k1]) = (counter, key);
    for _ in 0..10 {
        let [low_a, high_a] = split(u64::from(a) * 0xD251_1F53);
        let [low_c, high_c] = split(u64::from(c) * 0xCD9E_8D57);
        (a, b, c, d) = (high_c ^ b ^ k0, low_c, high_a ^ d ^ k1, low_a);
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vectors that the authors of Philox publish.
    #[test]
    fn philox_gives_its_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn many_blocks_are_those_of_one_after_another() {
        let (mut many, mut one) = (Stream::new(1, 7), Stream::new(1, 7));
        for count in [1, 5, 63, 64, 65, 70_001] {
            let bits = many.bits(count);
            let mut expected: Vec<u32> = (0..count.div_ceil(4)).flat_map(|_| one.next_block()).collect();
            expected.truncate(count);
            assert_eq!(bits, expected);
        }
    }

    #[test]
    fn distributions_have_their_moments() {
        let n = 100_000;
        let mut stream = Stream::new(1, 2);
        let moments = |x: &[f64]| {
            let mean = x.iter().sum::<f64>() / n as f64;
            (mean, (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64).sqrt())
        };
        let (mean, deviation) = moments(&stream.uniform(n));
        assert!((mean - 0.5).abs() < 0.005 && (deviation - (1.0f64 / 12.0).sqrt()).abs() < 0.005);
        let (mean, deviation) = moments(&stream.normal(n));
        assert!(mean.abs() < 0.02 && (deviation - 1.0).abs() < 0.02);
        let cut = stream.truncated_normal(n);
        let (mean, deviation) = moments(&cut);
        assert!(mean.abs() < 0.02 && (deviation - 0.879_625_66).abs() < 0.01 && cut.iter().all(|x| x.abs() < 2.0));
    }

    #[test]
    fn gamma_and_beta_have_their_moments() {
        let mut stream = Stream::new(4, 2);
        let moments = |x: Vec<f64>| {
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            (mean, x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64)
        };
        for shape in [0.3, 1.0, 4.5] {
            let (mean, variance) = moments(stream.gamma(shape, 50_000));
            assert!(
                (mean / shape - 1.0).abs() < 0.03 && (variance / shape - 1.0).abs() < 0.1,
                "{shape}: {mean}, {variance}"
            );
        }
        for (a, b) in [(0.2, 0.2), (1e-6, 1e-6), (2.0, 5.0)] {
            let (mean, variance): (f64, f64) = moments(stream.beta(a, b, 50_000));
            let expected = (a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1.0)));
            assert!(
                (mean - expected.0).abs() < 0.01 && (variance - expected.1).abs() < 0.01,
                "{a}, {b}: {mean}, {variance}"
            );
        }
        assert!(stream.gamma(0.0, 1)[0].is_nan());
    }

    #[test]
    fn a_permutation_has_every_number_once() {
        let mut order = Stream::new(3, 0).permutation(1000);
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
        assert!(Stream::new(3, 0).permutation(0).is_empty());
    }

    #[test]
    fn streams_and_children_differ() {
        let parent = Stream::new(5, 0);
        let draws = [parent.clone(), Stream::new(5, 1), Stream::new(6, 0), parent.child(0), parent.child(1)]
            .map(|mut stream| stream.next_u64());
        for (i, a) in draws.iter().enumerate() {
            assert!(draws[i + 1..].iter().all(|b| a != b));
        }
    }
}
