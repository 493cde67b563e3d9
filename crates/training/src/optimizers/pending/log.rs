//! The steps whose updates may be pending for rows of a table.
//!
//! A row whose gradient is 0 for the steps `t+1 ..= t+k` has its slots multiplied by constants, and its weight changed by
//!
//! ```text
//! w -= sum_j alpha_{t+j} b^j m / (q^j s + epsilon)          b, q: the decay rates of m and s
//! ```
//!
//! With `u = s / (s + epsilon)` each quotient is `m / (s + epsilon) sum_n u^n (1 - q^j)^n`, so that four sums
//! `S_n = sum_j alpha_{t+j} b^j (1 - q^j)^n`, which depend on `t` and `k` alone, serve all elements. They are combinations of
//! `G_i = sum_j alpha_{t+j} (b q^i)^j`, for which `G_i(t) = b q^i (alpha_{t+1} + G_i(t+1))` holds: one backward sweep from the
//! current step updates those of all `t`, and ends where `b^j` is negligible. If four terms are too few (`q` far from 1) or
//! epsilon changes with the step, the sum over `j` is computed for each element; it has at most one term per pending step,
//! so that the cost is never more than that of dense updates.

use super::catch_up::CatchUp;
use super::zero_gradient::{Denominator, ZeroGradientRule};

/// Terms of the series.
pub(super) const TERMS: usize = 4;
/// The relative truncation error of a sum: below the rounding of f32.
const NEGLIGIBLE: f64 = 3e-7;
/// All rows are brought up to date after this fraction of the number of rows in steps, within these bounds: the log
/// (64 bytes per step) then stays small compared with the table, and the cost of the pass over it is amortized over many steps.
const STEPS_PER_ROW: usize = 4;
pub(super) const SHORTEST: usize = 1 << 10;
const LONGEST: usize = 1 << 16;

/// The steps since all rows were last up to date, as they apply to rows without a gradient.
#[derive(Debug)]
pub(super) struct UpdateLog {
    pub(super) rule: ZeroGradientRule,
    /// The decay rates of the numerator and of the denominator.
    pub(super) kept: (f64, f64),
    /// Whether the four sums are exact enough.
    pub(super) has_series: bool,
    /// The number of steps after which the momentum is negligible.
    pub(super) horizon: usize,
    /// For each step: alpha divided by the total weight decay up to it, and epsilon.
    pub(super) coefficients: Vec<(f64, f64)>,
    /// For each step, the logarithm of the total weight decay up to it.
    decay: Vec<f64>,
    /// For each step after which a row may have been last updated, the four `G` up to now.
    sums: Vec<[f64; TERMS]>,
    /// The powers of the decay rate of each slot.
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
        // How fast the momentum term decays: if the denominator decays faster, it never does.
        let rate = if b < q { b / q } else { 1.0 };
        let horizon = if rate < 1.0 { (1e-9f64.ln() / rate.max(1e-300).ln()).ceil() as usize + 1 } else { usize::MAX };
        let series = drift.is_some_and(|drift| !drift.epsilon_changes) && remainder(b, q, horizon) < NEGLIGIBLE;
        let powers = rule.kept.iter().map(|_| vec![1.0]).collect();
        let (coefficients, decay, sums) = (Vec::new(), Vec::new(), Vec::new());
        Self { rule, kept: (b, q), has_series: series, horizon, coefficients, decay, sums, powers }
    }

    /// The number of steps.
    pub(super) fn now(&self) -> usize {
        self.coefficients.len()
    }

    /// Records a step whose weight decay multiplies each weight by `keep` first.
    pub(super) fn record(&mut self, (alpha, epsilon): (f64, f64), keep: f64) {
        let decay = self.total_decay() + if keep == 1.0 { 0.0 } else { keep.ln() };
        self.decay.push(decay);
        self.coefficients.push((if decay == 0.0 { alpha } else { alpha * (-decay).exp() }, epsilon));
        for (powers, keep) in self.powers.iter_mut().zip(&self.rule.kept) {
            let power = keep.powi(powers.len() as i32);
            // Avoids slow arithmetic with subnormal numbers.
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

    /// The pending updates of a row that was last up to date after the step `from`.
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

    /// The logarithm of the total weight decay.
    pub(super) fn total_decay(&self) -> f64 {
        self.decay.last().copied().unwrap_or(0.0)
    }

    /// Whether the log is long enough, for so many rows, that all should be brought up to date and the log cleared.
    pub(super) fn is_long(&self, rows: impl FnOnce() -> usize) -> bool {
        // Beyond this, `exp` of the total decay leaves the range of f64.
        self.total_decay() < -300.0
            || self.now() >= SHORTEST && self.now() >= (rows() / STEPS_PER_ROW).clamp(SHORTEST, LONGEST)
    }

    /// Clears the log.
    pub(super) fn clear(&mut self) {
        self.coefficients.clear();
        self.decay.clear();
        self.sums.clear();
        self.powers.iter_mut().for_each(|powers| powers.truncate(1));
    }
}

/// The relative truncation error of the series: a bound of `sum b^j (1 - q^j)^TERMS / sum b^j`.
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
