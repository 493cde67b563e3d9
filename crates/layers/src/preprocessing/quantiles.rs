//! Quantiles of data that comes in parts, from a summary of bounded size, with Keras's arithmetic.

use std::cmp::Ordering;

/// Values in rising order, each with how many of the data it stands for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Summary {
    values: Vec<f32>,
    weights: Vec<f32>,
}

/// The order of NumPy: what is not a number comes last.
fn order(a: &f32, b: &f32) -> Ordering {
    a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

impl Summary {
    /// Of numbers in any order: about `1 / epsilon` of them, equally far apart in rising order.
    pub(crate) fn of(mut numbers: Vec<f32>, epsilon: f64) -> Self {
        let step = (numbers.len() as f64 * epsilon).max(1.0);
        let ranks: Vec<usize> = ((step - 1.0) as usize..numbers.len()).step_by(step as usize).collect();
        sort_ranks(&mut numbers, 0, &ranks);
        let values: Vec<f32> = ranks.iter().map(|&rank| numbers[rank]).collect();
        Self { weights: vec![step as f32; values.len()], values }
    }

    /// With the values of another, and then made as small as `epsilon` allows.
    pub(crate) fn merge(self, other: Self, epsilon: f64) -> Self {
        let pairs = |summary: Self| summary.values.into_iter().zip(summary.weights);
        let mut all: Vec<_> = pairs(self).chain(pairs(other)).collect();
        all.sort_by(|(a, _), (b, _)| order(a, b));
        let (values, weights) = all.into_iter().unzip();
        Self { values, weights }.compressed(epsilon)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The boundaries of bins of equal weight: one fewer than bins.
    pub(crate) fn boundaries(&self, bins: usize) -> Vec<f32> {
        let mut boundaries = self.clone().compressed(1.0 / bins as f64).values;
        boundaries.pop();
        boundaries
    }

    /// Interpolated at the shares `epsilon`, `2 epsilon` and so on of the weight.
    fn compressed(self, epsilon: f64) -> Self {
        if (self.values.len() as f64) * epsilon < 1.0 {
            return self;
        }
        let mut sum = 0f32;
        let sums: Vec<f32> = self.weights.iter().map(|weight| (sum += weight, sum).1).collect();
        let shares: Vec<f64> = sums.iter().map(|at| f64::from(at / sum)).collect();
        let wide = |numbers: &[f32]| numbers.iter().copied().map(f64::from).collect::<Vec<_>>();
        let (values, sums) = (wide(&self.values), wide(&sums));
        let mut compressed = Self::default();
        let mut before = 0.0;
        for i in 0..(1.0 / epsilon).ceil() as usize {
            let share = epsilon + i as f64 * epsilon;
            let sum = interpolate(share, &shares, &sums);
            compressed.values.push(interpolate(share, &shares, &values) as f32);
            compressed.weights.push((sum - before) as f32);
            before = sum;
        }
        compressed
    }
}

/// Moves the numbers of these ranks to their places in rising order; `first` is the rank of the first number.
fn sort_ranks(numbers: &mut [f32], first: usize, ranks: &[usize]) {
    let Some(&middle) = ranks.get(ranks.len() / 2) else { return };
    let (low, _, high) = numbers.select_nth_unstable_by(middle - first, order);
    sort_ranks(low, first, &ranks[..ranks.len() / 2]);
    sort_ranks(high, middle + 1, &ranks[ranks.len() / 2 + 1..]);
}

/// The polygon through these points at `x`, constant outside. NumPy: `interp`.
fn interpolate(x: f64, xs: &[f64], ys: &[f64]) -> f64 {
    let next = xs.partition_point(|at| *at <= x);
    match (next.checked_sub(1), next) {
        (None, _) => ys[0],
        (Some(last), next) if next == xs.len() || xs[last] == x => ys[last],
        (Some(last), next) => (ys[next] - ys[last]) / (xs[next] - xs[last]) * (x - xs[last]) + ys[last],
    }
}
