//! The best of many scores, in a small heap.

use candle_keras_ops::simd;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A score and the number of what has it. Greater is better: the higher score, then the lower number.
#[derive(Debug, Clone, Copy)]
struct Scored {
    score: f32,
    number: usize,
}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scored {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scored {}

/// The highest scores of those that are offered; of equal ones those with the lowest numbers. A score that is NaN is skipped.
#[derive(Debug, Clone)]
pub(crate) struct Top {
    size: usize,
    heap: BinaryHeap<Reverse<Scored>>,
}

impl Top {
    /// Room for `size` scores.
    pub(crate) fn new(size: usize) -> Self {
        Self { size, heap: BinaryHeap::new() }
    }

    /// What a score must be above to get in; equal scores of lower numbers than those before may get in as well.
    #[inline]
    pub(crate) fn floor(&self) -> f32 {
        match self.heap.peek() {
            _ if self.heap.len() < self.size => f32::NEG_INFINITY,
            Some(Reverse(worst)) => worst.score,
            None => f32::INFINITY,
        }
    }

    /// Keeps the score, if it is among the best.
    pub(crate) fn offer(&mut self, number: usize, score: f32) {
        let new = Scored { score, number };
        if score.is_nan() {
            return;
        }
        if self.heap.len() < self.size {
            self.heap.push(Reverse(new));
        } else if let Some(mut worst) = self.heap.peek_mut().filter(|worst| new > worst.0) {
            *worst = Reverse(new);
        }
    }

    /// Offers the scores of the numbers from `from` on but those of `excluded`. Numbers must come in their order.
    pub(crate) fn offer_all(&mut self, from: usize, scores: &[f32], excluded: &[usize]) {
        let floor = self.floor();
        // Mostly none is: one look at all of them, then at a few.
        if !simd!(any_above(scores, floor)) {
            return;
        }
        for (part, scores) in scores.chunks(32).enumerate() {
            if !any_above(scores, self.floor()) {
                continue;
            }
            for (number, &score) in (from + part * 32..).zip(scores) {
                if score > self.floor() && !excluded.contains(&number) {
                    self.offer(number, score);
                }
            }
        }
    }

    /// Offers all that another kept.
    pub(crate) fn extend(&mut self, other: Self) {
        for Reverse(Scored { score, number }) in other.heap {
            self.offer(number, score);
        }
    }

    /// The numbers and scores, the best first.
    pub(crate) fn into_sorted(self) -> Vec<(usize, f32)> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse(Scored { score, number })| (number, score)).collect()
    }
}

#[inline(always)]
fn any_above(scores: &[f32], floor: f32) -> bool {
    let mut any = false;
    for &score in scores {
        any |= score > floor;
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_are_kept_in_their_order() {
        let scores: Vec<f32> = (0..1000).map(|i| ((i * 37) % 100) as f32).collect();
        let mut expected: Vec<(usize, f32)> = scores.iter().copied().enumerate().filter(|&(i, _)| i != 27).collect();
        expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        for size in [0, 1, 25, 2000] {
            let (mut top, mut other) = (Top::new(size), Top::new(size));
            other.offer_all(500, &scores[500..], &[27]);
            top.offer_all(0, &scores[..500], &[27]);
            top.extend(other);
            assert_eq!(top.into_sorted(), expected[..size.min(expected.len())], "{size}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_passed_over() {
        let mut top = Top::new(3);
        top.offer_all(0, &[f32::NAN, 1.0, f32::NAN, -1.0], &[]);
        top.offer(4, f32::NAN);
        assert_eq!(top.into_sorted(), [(1, 1.0), (3, -1.0)]);
    }
}
