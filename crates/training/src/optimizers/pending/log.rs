//! The steps that rows of a table may not have made yet.
//!
//! A row whose gradient is 0 for the steps `t+1 ..= t+k` has its slots multiplied by constants, and its weight changed by
//!
//! ```text
//! w -= sum_j alpha_{t+j} b^j m / (q^j s + epsilon)          b, q: what m and s keep at each step
//! ```
//!
//! With `u = s / (s + epsilon)` each quotient is `m / (s + epsilon) sum_n u^n (1 - q^j)^n`, so that four sums
//! `S_n = sum_j alpha_{t+j} b^j (1 - q^j)^n`, which depend on `t` and `k` alone, stand for all elements. They are combinations of
//! `G_i = sum_j alpha_{t+j} (b q^i)^j`, for which `G_i(t) = b q^i (alpha_{t+1} + G_i(t+1))` holds: one sweep back from the
//! present step renews those of all `t`, and ends where `b^j` has vanished. Where four terms are too few (`q` far from 1) or
//! epsilon changes with the step, the sum over `j` is taken for each element; it is never longer than the steps that it makes
//! up for, so that even then no more is computed than by whole updates.

use super::catch_up::CatchUp;
use super::zero_gradient::{Denominator, ZeroGradientRule};

/// Terms of the series.
pub(super) const TERMS: usize = 4;
/// What is left out of a sum, relative to it: below the rounding of f32.
const NEGLIGIBLE: f64 = 3e-7;
/// All rows are brought up to date after this part of as many steps as there are rows, and after so many at least and at most: what is
/// kept of the steps (64 bytes each) then stays small beside the table, and the pass over it is spread over many steps.
const STEPS_PER_ROW: usize = 4;
pub(super) const SHORTEST: usize = 1 << 10;
const LONGEST: usize = 1 << 16;

/// The steps since all rows were last up to date, as those rows see them that had no gradient.
#[derive(Debug)]
pub(super) struct UpdateLog {
    pub(super) rule: ZeroGradientRule,
    /// What the numerator keeps, and the denominator.
    pub(super) kept: (f64, f64),
    /// Whether the four sums suffice.
    pub(super) has_series: bool,
    /// After how many steps the momentum has vanished.
    pub(super) horizon: usize,
    /// Of each step: alpha, over all weight decay up to it, and epsilon.
    pub(super) coefficients: Vec<(f64, f64)>,
    /// Of each step, the logarithm of all weight decay up to it.
    decay: Vec<f64>,
    /// For each step after which a row may have been left, the four `G` up to now.
    sums: Vec<[f64; TERMS]>,
    /// The powers of what each slot keeps.
    pub(super) powers: Vec<Vec<f32>>,
}

impl UpdateLog {
    pub(super) fn new(rule: ZeroGradientRule) -> Self {
        let drift = rule.drift.as_ref();
        let b = drift.map_or(0.0, |drift| rule.kept[drift.numerator]);
        let q = match drift.and_then(|drift| drift.denominator) {
            None => 1.0,
            Some(Denominator::Slot(slot)) => rule.kept[slot],
            Some(Denominator::RootOf(slot)) => rule.kept[slot].sqrt(),
        };
        // How fast the momentum vanishes: over a denominator that shrinks faster it never does.
        let rate = if b < q { b / q } else { 1.0 };
        let horizon = if rate < 1.0 { (1e-9f64.ln() / rate.max(1e-300).ln()).ceil() as usize + 1 } else { usize::MAX };
        let series = drift.is_some_and(|drift| !drift.epsilon_changes) && remainder(b, q, horizon) < NEGLIGIBLE;
        let powers = rule.kept.iter().map(|_| vec![1.0]).collect();
        let (coefficients, decay, sums) = (Vec::new(), Vec::new(), Vec::new());
        Self { rule, kept: (b, q), has_series: series, horizon, coefficients, decay, sums, powers }
    }

    /// How many steps there are.
    pub(super) fn now(&self) -> usize {
        self.coefficients.len()
    }

    /// Takes note of a step that keeps the share `keep` of each weight before it drifts.
    pub(super) fn record(&mut self, (alpha, epsilon): (f64, f64), keep: f64) {
        let decay = self.total_decay() + if keep == 1.0 { 0.0 } else { keep.ln() };
        self.decay.push(decay);
        self.coefficients.push((if decay == 0.0 { alpha } else { alpha * (-decay).exp() }, epsilon));
        for (powers, keep) in self.powers.iter_mut().zip(&self.rule.kept) {
            let power = keep.powi(powers.len() as i32);
            // Smaller ones only make arithmetic slow.
            powers.push(if power < 1e-30 { 0.0 } else { power as f32 });
        }
        if !self.has_series {
            return;
        }
        self.sums.push([0.0; TERMS]);
        let (b, q) = self.kept;
        let mut factors = [b; TERMS];
        for i in 1..TERMS {
            factors[i] = factors[i - 1] * q;
        }
        let first = self.now().saturating_sub(self.horizon);
        let mut sum = [0f64; TERMS];
        for (sums, (alpha, _)) in self.sums[first..].iter_mut().zip(&self.coefficients[first..]).rev() {
            for (sum, factor) in sum.iter_mut().zip(&factors) {
                *sum = factor * (alpha + *sum);
            }
            *sums = sum;
        }
    }

    /// What brings a row up to date that was so after the step `from`.
    pub(super) fn catch_up(&self, from: usize) -> CatchUp<'_> {
        let decay = self.total_decay();
        let before = if from == 0 { 0.0 } else { self.decay[from - 1] };
        let scale = if decay == 0.0 { 1.0 } else { decay.exp() };
        let [a, b, c, d] = self.sums.get(from).copied().unwrap_or_default();
        let sums = [a, a - b, a - 2.0 * b + c, a - 3.0 * b + 3.0 * c - d].map(|sum| (sum * scale) as f32);
        let epsilon = self.coefficients.last().map_or(0.0, |(_, epsilon)| *epsilon) as f32;
        let lost = if decay == before { 0.0 } else { -(decay - before).exp_m1() as f32 };
        CatchUp { log: self, from, lost, sums, epsilon }
    }

    /// The logarithm of all weight decay.
    pub(super) fn total_decay(&self) -> f64 {
        self.decay.last().copied().unwrap_or(0.0)
    }

    /// Whether it is time to bring all of so many rows up to date, and to forget the steps.
    pub(super) fn is_long(&self, rows: impl FnOnce() -> usize) -> bool {
        self.now() >= SHORTEST && self.now() >= (rows() / STEPS_PER_ROW).clamp(SHORTEST, LONGEST)
    }

    /// Forgets the steps.
    pub(super) fn clear(&mut self) {
        self.coefficients.clear();
        self.decay.clear();
        self.sums.clear();
        self.powers.iter_mut().for_each(|powers| powers.truncate(1));
    }
}

/// What the series leaves out, relative to the sum: a bound of `sum b^j (1 - q^j)^TERMS / sum b^j`.
fn remainder(b: f64, q: f64, horizon: usize) -> f64 {
    let (mut left, mut all, mut power, mut shrunk) = (0.0, 0.0, 1.0, 1.0);
    for _ in 0..horizon.min(100_000) {
        (power, shrunk) = (power * b, shrunk * q);
        let gone: f64 = 1.0 - shrunk;
        left += power * gone.powi(TERMS as i32) / shrunk;
        all += power;
    }
    if all == 0.0 { 0.0 } else { left / all }
}
