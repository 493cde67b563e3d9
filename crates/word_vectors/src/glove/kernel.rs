//! The arithmetic of training: a step of AdaGrad (Duchi et al., 2011) for each co-occurrence.
//!
//! With `d = w c + b + b' - ln x` for the rows and biases of a word and its context, the loss is `0.5 f d^2`, where `f = (x / x_max)^power`, at most
//! 1. As in the reference program, a number `p` with the gradient `g` and the sum of squares `s`, which is initially 1, is changed by
//!
//! - `t = alpha clip(g)`, `p -= t / sqrt(s)`, `s += t^2` for the numbers of a vector: alpha stands in the sum as well, and `clip` keeps a gradient
//!   within 100 of 0,
//! - `p -= g / sqrt(s)`, `s += g^2` for a bias, without alpha and not clipped.

use super::records::Record;
use candle_keras_ops::pulp::{Simd, WithSimd};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Float, Result, SharedRows, arch};

/// Numbers in a cache line, of which both halves of a row are whole ones.
const LINE: usize = 16;
/// How far from 0 a gradient may be.
const CLIP: f32 = 100.0;
/// How many records ahead rows are prefetched.
const AHEAD: usize = 4;

/// The rows of words and contexts.
///
/// A row is a vector, zeros, and a bias at the end of the last cache line; and behind it the sums of squares of all of these.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) words: SharedRows,
    pub(super) contexts: SharedRows,
    pub(super) vector_size: usize,
}

impl Tables {
    /// Vectors and biases uniform between `-0.5 / vector_size` and `0.5 / vector_size`, sums of squares of 1.
    ///
    /// # Errors
    /// If there is not enough memory.
    pub(super) fn new(words: usize, vector_size: usize, seed: u64) -> Result<Self> {
        let half = half(vector_size);
        let table = |stream: u64| {
            let stream = Stream::new(seed, stream);
            SharedRows::new(words, 2 * half, |row, numbers| {
                let drawn = stream.child(row as u64).uniform_f32(vector_size + 1);
                let mut drawn = drawn.iter().map(|x| (x - 0.5) / vector_size as f32);
                numbers[..vector_size].iter_mut().zip(&mut drawn).for_each(|(x, drawn)| *x = drawn);
                numbers[half - 1] = drawn.next().unwrap_or_default();
                numbers[half..].fill(1.0);
            })
        };
        Ok(Self { words: table(0x676c_6f31)?, contexts: table(0x676c_6f32)?, vector_size })
    }

    /// The vectors of words, and those of contexts.
    pub(super) fn into_vectors(self) -> (Vec<f32>, Vec<f32>) {
        let (size, width) = (self.vector_size, 2 * half(self.vector_size));
        let vectors = |table: SharedRows| {
            let (rows, mut numbers) = (table.rows(), table.into_vec());
            (0..rows).for_each(|row| numbers.copy_within(row * width..row * width + size, row * size));
            numbers.truncate(rows * size);
            numbers.shrink_to_fit();
            numbers
        };
        (vectors(self.words), vectors(self.contexts))
    }
}

/// Numbers of half a row.
fn half(vector_size: usize) -> usize {
    (vector_size + 1).next_multiple_of(LINE)
}

/// What the loss and the step depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rates {
    pub(super) alpha: f32,
    pub(super) x_max: f32,
    pub(super) power: f32,
}

impl Rates {
    /// The logarithm of a count, and its weight in the loss.
    #[inline(always)]
    fn target(&self, x: f32, ln_x_max: f32) -> (f32, f32) {
        let ln_x = x.ln();
        let weight = if x < self.x_max { Float::exp(self.power * (ln_x - ln_x_max)) } else { 1.0 };
        (ln_x, weight)
    }
}

/// The memory of one thread.
pub(super) struct Kernel<'a> {
    tables: &'a Tables,
    rates: Rates,
    ln_x_max: f32,
    word: Lines,
    context: Lines,
    word_change: Lines,
    context_change: Lines,
}

impl<'a> Kernel<'a> {
    pub(super) fn new(tables: &'a Tables, rates: Rates) -> Self {
        let lines = || Lines::zeros(tables.words.stride());
        Self {
            tables,
            rates,
            ln_x_max: rates.x_max.ln(),
            word: lines(),
            context: lines(),
            word_change: lines(),
            context_change: lines(),
        }
    }

    /// Trains on records one after another; gives the sum of their losses, each as it was before its step.
    pub(super) fn train(&mut self, records: &[Record]) -> f64 {
        arch().dispatch(Block { kernel: self, records })
    }
}

/// Numbers that begin at a cache line, so that no vector lies in two.
struct Lines {
    memory: Vec<f32>,
    first: usize,
}

impl Lines {
    fn zeros(count: usize) -> Self {
        let memory = vec![0.0; count + LINE - 1];
        let first = memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE - 1);
        Self { memory, first }
    }

    #[inline(always)]
    fn numbers(&mut self) -> &mut [f32] {
        let count = self.memory.len() - (LINE - 1);
        &mut self.memory[self.first..][..count]
    }
}

/// Some records, in a function of one set of instructions.
struct Block<'a, 'b> {
    kernel: &'a mut Kernel<'b>,
    records: &'a [Record],
}

impl WithSimd for Block<'_, '_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let Kernel { tables, rates, ln_x_max, word, context, word_change, context_change } = self.kernel;
        let (words, contexts) = (&tables.words, &tables.contexts);
        let (word, context) = (word.numbers(), context.numbers());
        let (word_change, context_change) = (word_change.numbers(), context_change.numbers());
        let mut loss = 0.0;
        for (i, record) in self.records.iter().enumerate() {
            if let Some(ahead) = self.records.get(i + AHEAD) {
                words.prefetch(ahead.word as usize);
                contexts.prefetch(ahead.context as usize);
            }
            words.load(record.word as usize, word);
            contexts.load(record.context as usize, context);
            let target = rates.target(record.x, *ln_x_max);
            loss += step(simd, (word, context), (word_change, context_change), target, rates.alpha);
            words.add(record.word as usize, word_change);
            contexts.add(record.context as usize, context_change);
        }
        loss
    }
}

/// The change of a word's row and of a context's, and the loss before it.
#[inline(always)]
fn step<S: Simd>(
    simd: S,
    (word, context): (&mut [f32], &mut [f32]),
    (word_change, context_change): (&mut [f32], &mut [f32]),
    (ln_x, weight): (f32, f32),
    alpha: f32,
) -> f64 {
    let half = word.len() / 2;
    // The place of a bias is 0 while rows are multiplied.
    let word_bias = std::mem::take(&mut word[half - 1]);
    let context_bias = std::mem::take(&mut context[half - 1]);
    let ((word, word_squares), (context, context_squares)) = (word.split_at(half), context.split_at(half));

    let difference = dot(simd, word, context) + word_bias + context_bias - ln_x;
    let error = weight * difference;
    change(simd, error, context, word_squares, word_change, alpha);
    change(simd, error, word, context_squares, context_change, alpha);
    for (change, squares) in [(word_change, word_squares), (context_change, context_squares)] {
        change[half - 1] = -error / squares[half - 1].sqrt();
        change[2 * half - 1] = error * error;
    }
    0.5 * f64::from(error) * f64::from(difference)
}

#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let ((a, _), (b, _)) = (S::as_simd_f32s(a), S::as_simd_f32s(b));
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<2>(), b.as_chunks::<2>());
    let mut sums = [simd.splat_f32s(0.0); 2];
    for (a, b) in a.iter().zip(b) {
        sums[0] = simd.mul_add_e_f32s(a[0], b[0], sums[0]);
        sums[1] = simd.mul_add_e_f32s(a[1], b[1], sums[1]);
    }
    for (a, b) in last_a.iter().zip(last_b) {
        sums[0] = simd.mul_add_e_f32s(*a, *b, sums[0]);
    }
    simd.reduce_sum_f32s(simd.add_f32s(sums[0], sums[1]))
}

/// The change of a row whose gradient is `error` times `other`, and of its sums of squares.
#[inline(always)]
fn change<S: Simd>(simd: S, error: f32, other: &[f32], squares: &[f32], change: &mut [f32], alpha: f32) {
    let (change, square_change) = change.split_at_mut(other.len());
    let ((change, _), (square_change, _)) = (S::as_mut_simd_f32s(change), S::as_mut_simd_f32s(square_change));
    let ((other, _), (squares, _)) = (S::as_simd_f32s(other), S::as_simd_f32s(squares));
    // Down the slope: the gradient of the negative error.
    let error = simd.splat_f32s(-error);
    let (least, most, alpha) = (simd.splat_f32s(-CLIP), simd.splat_f32s(CLIP), simd.splat_f32s(alpha));
    for (((other, squares), change), square_change) in other.iter().zip(squares).zip(change).zip(square_change) {
        let gradient = simd.min_f32s(simd.max_f32s(simd.mul_f32s(error, *other), least), most);
        let step = simd.mul_f32s(gradient, alpha);
        *change = simd.div_f32s(step, simd.sqrt_f32s(*squares));
        *square_change = simd.mul_f32s(step, step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates { alpha: 0.05, x_max: 10.0, power: 0.75 };

    /// A word and a context with large numbers, and what is at hand of both in f64: vectors with biases, and sums of squares.
    fn rows(vector_size: usize, scale: f32) -> (Tables, [Vec<f64>; 2], [Vec<f64>; 2]) {
        let mut tables = Tables::new(2, vector_size, 1).unwrap();
        let half = half(vector_size);
        let spread = |table: &mut SharedRows, by: f32| {
            let mut row = vec![0.0; table.stride()];
            table.load(1, &mut row);
            row[..half].iter_mut().for_each(|x| *x *= scale * vector_size as f32);
            row[half..].iter_mut().enumerate().for_each(|(i, x)| *x += by * i as f32);
            table.store(1, &row);
            let of = |from: usize| {
                let row: Vec<f64> = row[from..from + half].iter().map(|&x| f64::from(x)).collect();
                row[..vector_size].iter().chain(&row[half - 1..]).copied().collect::<Vec<_>>()
            };
            (of(0), of(half))
        };
        let (word, word_squares) = spread(&mut tables.words, 0.1);
        let (context, context_squares) = spread(&mut tables.contexts, 0.3);
        (tables, [word, context], [word_squares, context_squares])
    }

    fn loss([word, context]: &[Vec<f64>; 2], x: f64) -> f64 {
        let biases = word[word.len() - 1] + context[word.len() - 1];
        let dot: f64 = word.iter().zip(context).take(word.len() - 1).map(|(a, b)| a * b).sum();
        0.5 * (x / 10.0).powf(0.75).min(1.0) * (dot + biases - x.ln()).powi(2)
    }

    /// The derivatives of the loss are taken by differences, and the step from them.
    #[test]
    fn a_step_follows_the_gradient() {
        for (vector_size, scale, x) in
            [(5, 1.0, 3.0), (15, 1.0, 12.0), (16, 2.0, 0.5), (100, 1.0, 7.0), (20, 60.0, 2.0)]
        {
            let (tables, rows, squares) = rows(vector_size, scale);
            let record = Record { word: 1, context: 1, x: x as f32 };
            let found = Kernel::new(&tables, RATES).train(&[record]);
            let expected = loss(&rows, x);
            assert!((found / expected - 1.0).abs() < 1e-4, "{found}, {expected}");
            for (side, table) in [&tables.words, &tables.contexts].into_iter().enumerate() {
                let mut now = vec![0.0; table.stride()];
                table.load(1, &mut now);
                let half = half(vector_size);
                for i in 0..=vector_size {
                    let moved = |by: f64| {
                        let mut moved = rows.clone();
                        moved[side][i] += by;
                        loss(&moved, x)
                    };
                    let gradient = (moved(1e-4) - moved(-1e-4)) / 2e-4;
                    let (place, step) = match i == vector_size {
                        true => (half - 1, gradient),
                        false => (i, 0.05 * gradient.clamp(-100.0, 100.0)),
                    };
                    let expected = rows[side][i] - step / squares[side][i].sqrt();
                    let found = f64::from(now[place]);
                    assert!(
                        (found - expected).abs() < 1e-4 * (1.0 + step.abs()),
                        "{i} of {vector_size}: {found}, {expected}"
                    );
                    let (found, expected) = (f64::from(now[half + place]), squares[side][i] + step * step);
                    assert!((found / expected - 1.0).abs() < 1e-3, "{i} of {vector_size}: {found}, {expected}");
                }
                assert!(now[vector_size..half - 1].iter().all(|&x| x == 0.0));
            }
        }
    }

    #[test]
    fn vectors_are_those_of_the_rows() {
        let tables = Tables::new(30, 20, 7).unwrap();
        let mut row = vec![0.0; tables.words.stride()];
        tables.contexts.load(29, &mut row);
        let (words, contexts) = tables.into_vectors();
        assert!(words.len() == 600 && contexts[580..] == row[..20] && words[..20] != contexts[..20]);
        assert!(words.iter().chain(&contexts).all(|x| x.abs() <= 0.025) && words.iter().any(|x| x.abs() > 0.02));
    }
}
