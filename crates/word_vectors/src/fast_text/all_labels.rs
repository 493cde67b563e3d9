//! Losses to which all labels contribute: softmax, and a logistic regression for each label.

use super::matrix::dot;
use crate::train::{Kernel, LANES, NO_SCORE};
use candle_keras_ops::{MulAdd, Real, SharedRows, simd};

/// For one thread.
pub(super) struct AllLabels<'a> {
    table: &'a SharedRows,
    is_softmax: bool,
    /// A score for each label, filled up to whole lanes.
    scores: Vec<f32>,
    /// 1 for labels that are right.
    targets: Vec<f32>,
    row: Vec<f32>,
}

impl<'a> AllLabels<'a> {
    /// Over the output rows of labels.
    pub fn new(table: &'a SharedRows, is_softmax: bool) -> Self {
        let lanes = table.rows().next_multiple_of(LANES);
        Self { table, is_softmax, scores: vec![0.0; lanes], targets: vec![0.0; lanes], row: vec![0.0; table.stride()] }
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
        let Self { table, scores, targets, row, .. } = self;
        let labels = table.rows();
        simd!(|by| scores_of(table, before, scores, row, by));
        let mut loss = 0.0;
        if self.is_softmax {
            let first = right.first().map_or(0, |&label| label as usize);
            loss = simd!(softmax_errors(&mut scores[..labels], first, alpha));
        } else {
            scores[labels..].fill(NO_SCORE);
            right.iter().for_each(|&label| targets[label as usize] = 1.0);
            kernel.errors(scores, targets, alpha);
            right.iter().for_each(|&label| targets[label as usize] = 0.0);
        }
        simd!(|by| learn(table, before, hidden, scores, row, by));
        loss
    }
}

#[inline(always)]
fn scores_of(table: &SharedRows, hidden: &[f32], scores: &mut [f32], row: &mut [f32], by: impl MulAdd) {
    for (label, score) in (0..table.rows()).zip(scores) {
        table.load(label, row);
        *score = dot(row, hidden, by);
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
        *score = Real::exp(*score - highest);
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

/// Adds to `hidden` what the rows say, and to the rows what `before` says.
#[inline(always)]
fn learn(table: &SharedRows, before: &[f32], hidden: &mut [f32], errors: &[f32], row: &mut [f32], by: impl MulAdd) {
    for (label, &error) in (0..table.rows()).zip(errors) {
        table.load(label, row);
        for ((x, y), &a) in row.iter_mut().zip(&mut *hidden).zip(before) {
            *y = by.mul_add(error, *x, *y);
            *x = error * a;
        }
        table.add(label, row);
    }
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
            });
            let (mut kernel, mut own) = (Kernel::new(1), vec![0.0; table.stride()]);
            own.iter_mut().zip(&before).for_each(|(x, &a)| *x = a as f32);
            let (old, mut labels_of) = (own.clone(), AllLabels::new(&table, is_softmax));
            let counted = labels_of.answer(&mut kernel, (&old, &mut own), &right, 1.0) + kernel.take_loss();
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
