//! The losses to which all labels contribute: softmax, and one against all, which is a logistic regression for each label.
//!
//! Every line changes every output row. Threads that changed them in common memory would wait for each other's cache lines with each of them, so each
//! has a copy, and adds its changes to the others every few lines.

use crate::train::{CachedRows, Kernel, LANES, NO_SCORE};
use candle_keras_ops::pulp::{Simd, WithSimd};
use candle_keras_ops::{Float, SharedRows, arch, simd};

/// Lines that a thread trains with its own copy of the output rows: with more, the threads would know too little of each other.
const LINES: usize = 16;
/// Labels whose rows are processed at once: so many sums fit into the registers, and [`LANES`] is a multiple.
const LABELS: usize = 8;

/// For one thread.
pub(super) struct AllLabels<'a> {
    held: CachedRows<'a>,
    /// How many lines may still be trained before the copy is renewed; 0 is without a copy.
    lines: usize,
    is_softmax: bool,
    /// A score for each label, filled up to whole lanes.
    scores: Vec<f32>,
    /// 1 for labels that are right.
    targets: Vec<f32>,
}

impl<'a> AllLabels<'a> {
    /// Over the output rows of labels.
    pub fn new(table: &'a SharedRows, is_softmax: bool) -> Self {
        let places = table.rows().next_multiple_of(LANES);
        let (scores, targets) = (vec![0.0; places], vec![0.0; places]);
        Self { held: CachedRows::new(table, None, places), lines: 0, is_softmax, scores, targets }
    }

    /// Whether one label is right, and not any number of them.
    pub fn is_softmax(&self) -> bool {
        self.is_softmax
    }

    /// Trains `hidden`, which is `before` at first, to answer with the labels `right`, of which softmax takes the first. Gives the loss, if it is
    /// not the kernel that counts it.
    pub fn answer(
        &mut self,
        kernel: &mut Kernel,
        (before, hidden): (&[f32], &mut [f32]),
        right: &[u32],
        alpha: f32,
    ) -> f64 {
        if self.lines == 0 {
            self.each_row(CachedRows::read);
            self.lines = LINES;
        }
        let Self { held, scores, targets, .. } = self;
        let labels = held.table().rows();
        arch().dispatch(Scores { input: before, rows: held.rows(), scores });
        let mut loss = 0.0;
        if self.is_softmax {
            let first = right.first().map_or(0, |&label| label as usize);
            loss = simd!(softmax_errors(&mut scores[..labels], first, alpha));
            scores[labels..].fill(0.0);
        } else {
            scores[labels..].fill(NO_SCORE);
            right.iter().for_each(|&label| targets[label as usize] = 1.0);
            kernel.errors(scores, targets, alpha);
            right.iter().for_each(|&label| targets[label as usize] = 0.0);
        }
        arch().dispatch(Learn { before, hidden, rows: held.rows(), errors: scores });
        self.lines -= 1;
        if self.lines == 0 {
            self.each_row(CachedRows::write_back);
        }
        loss
    }

    /// Adds the changes of the copy to the table.
    pub fn write_back(&mut self) {
        if self.lines > 0 {
            self.each_row(CachedRows::write_back);
            self.lines = 0;
        }
    }

    fn each_row(&mut self, f: impl Fn(&mut CachedRows<'a>, usize, u32)) {
        let held = &mut self.held;
        (0..held.table().rows()).for_each(|row| f(held, row, row as u32));
    }
}

/// The product of a row with each of many.
struct Scores<'a> {
    input: &'a [f32],
    rows: &'a [f32],
    scores: &'a mut [f32],
}

impl WithSimd for Scores<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (input, _) = S::as_simd_f32s(self.input);
        let (rows, _) = S::as_simd_f32s(self.rows);
        let blocks = rows.chunks_exact(LABELS * input.len());
        for (rows, scores) in blocks.zip(self.scores.as_chunks_mut::<LABELS>().0) {
            let mut sums = [simd.splat_f32s(0.0); LABELS];
            for (j, &x) in input.iter().enumerate() {
                for label in 0..LABELS {
                    sums[label] = simd.mul_add_e_f32s(x, rows[label * input.len() + j], sums[label]);
                }
            }
            for label in 0..LABELS {
                scores[label] = simd.reduce_sum_f32s(sums[label]);
            }
        }
    }
}

/// Adds to `hidden` what the rows say, and to the rows what `before` says.
struct Learn<'a> {
    before: &'a [f32],
    hidden: &'a mut [f32],
    rows: &'a mut [f32],
    errors: &'a [f32],
}

impl WithSimd for Learn<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (before, _) = S::as_simd_f32s(self.before);
        let (hidden, _) = S::as_mut_simd_f32s(self.hidden);
        let (rows, _) = S::as_mut_simd_f32s(self.rows);
        let blocks = rows.chunks_exact_mut(LABELS * before.len());
        for (rows, errors) in blocks.zip(self.errors.as_chunks::<LABELS>().0) {
            let mut by = [simd.splat_f32s(0.0); LABELS];
            for label in 0..LABELS {
                by[label] = simd.splat_f32s(errors[label]);
            }
            for (j, (&x, y)) in before.iter().zip(&mut *hidden).enumerate() {
                let mut sum = *y;
                for label in 0..LABELS {
                    let row = &mut rows[label * before.len() + j];
                    sum = simd.mul_add_e_f32s(by[label], *row, sum);
                    *row = simd.mul_add_e_f32s(by[label], x, *row);
                }
                *y = sum;
            }
        }
    }
}

/// Replaces scores by `alpha (target - softmax)`, and gives the loss.
#[inline(always)]
fn softmax_errors(scores: &mut [f32], right: usize, alpha: f32) -> f64 {
    let mut highest = f32::NEG_INFINITY;
    for &score in &*scores {
        highest = score.larger(highest);
    }
    let below = highest - scores[right];
    let mut sum = 0.0;
    for score in &mut *scores {
        *score = Float::exp(*score - highest);
    }
    for &e in &*scores {
        sum += e;
    }
    let share = -alpha / sum;
    for score in &mut *scores {
        *score *= share;
    }
    scores[right] += alpha;
    f64::from(sum).ln() + f64::from(below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::random::Stream;

    /// The step is the gradient of the loss, which finite differences in f64 find again.
    #[test]
    fn steps_are_gradients() {
        let (labels, width) = (19, 20);
        let rows: Vec<f64> = Stream::new(3, 0).normal(labels * width);
        let before: Vec<f64> = Stream::new(4, 0).normal(width);
        for (is_softmax, right) in [(true, vec![7]), (false, vec![2, 18])] {
            let loss = |rows: &[f64], hidden: &[f64]| -> f64 {
                let score = |label: usize| -> f64 { (0..width).map(|i| rows[label * width + i] * hidden[i]).sum() };
                let all = (0..labels).map(score);
                match is_softmax {
                    true => all.map(f64::exp).sum::<f64>().ln() - score(7),
                    false => all
                        .enumerate()
                        .map(|(label, x)| if right.contains(&(label as u32)) { -x } else { x })
                        .map(|x| x.exp().ln_1p())
                        .sum(),
                }
            };
            let table = SharedRows::new(labels, width, |row, numbers| {
                (0..width).for_each(|i| numbers[i] = rows[row * width + i] as f32);
            })
            .unwrap();
            let (mut kernel, mut own) = (Kernel::new(), vec![0.0; table.stride()]);
            own.iter_mut().zip(&before).for_each(|(x, &a)| *x = a as f32);
            let (old, mut labels_of) = (own.clone(), AllLabels::new(&table, is_softmax));
            let counted = labels_of.answer(&mut kernel, (&old, &mut own), &right, 1.0) + kernel.take_loss();
            labels_of.write_back();
            assert!((counted / loss(&rows, &before) - 1.0).abs() < 1e-5);
            let slope = |f: &dyn Fn(f64) -> f64| (f(1e-5) - f(-1e-5)) / 2e-5;
            for i in 0..width {
                let moved =
                    |by: f64| before.iter().enumerate().map(|(j, x)| x + if i == j { by } else { 0.0 }).collect();
                let gradient = slope(&|by| loss(&rows, &Vec::<f64>::from_iter::<Vec<f64>>(moved(by))));
                assert!((f64::from(own[i] - old[i]) + gradient).abs() < 1e-4);
            }
            let trained = table.into_vec();
            for number in [0, 7 * width + 3, 18 * width + 19] {
                let moved = |by: f64| {
                    let mut rows = rows.clone();
                    rows[number] += by;
                    loss(&rows, &before)
                };
                assert!((f64::from(trained[number]) - rows[number] + slope(&moved)).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn scores_of_any_size_have_a_softmax() {
        let mut scores = [1000.0, -1000.0, 0.0];
        assert_eq!(softmax_errors(&mut scores, 1, 0.5), 2000.0);
        assert_eq!(scores, [-0.5, 0.5, 0.0]);
        assert!(softmax_errors(&mut [f32::NAN, 0.0], 0, 0.5).is_nan());
        assert!(softmax_errors(&mut [f32::INFINITY, 0.0], 0, 0.5).is_nan());
    }
}
