//! Applies all pending updates of a row at once.

use super::log::{TERMS, UpdateLog};
use super::zero_gradient::Denominator;
use candle_keras_ops::simd;

/// The pending updates of a row that was last up to date after step `from`.
pub(super) struct CatchUp<'a> {
    pub(super) log: &'a UpdateLog,
    pub(super) from: usize,
    /// The fraction of the weight that decays in these steps.
    pub(super) lost: f32,
    pub(super) sums: [f32; TERMS],
    pub(super) epsilon: f32,
}

impl CatchUp<'_> {
    /// Brings one row up to date, the weight and its slots.
    pub(super) fn apply(&self, row: &mut [&mut [f32]]) {
        let log = self.log;
        let [weight, slots @ ..] = row else { return };
        if let Some(drift) = &log.rule.drift {
            let numerator = std::mem::take(&mut slots[drift.numerator]);
            match drift.denominator {
                None => simd!(undivided(weight, numerator, self.lost, self.sums[0])),
                Some(denominator) => {
                    let (s, root) = (&*slots[denominator.slot()], matches!(denominator, Denominator::RootOf(_)));
                    if log.has_series {
                        simd!(series(weight, numerator, s, root, self.lost, self.sums, self.epsilon));
                    } else {
                        self.simulate(weight, numerator, s, root);
                    }
                }
            }
            slots[drift.numerator] = numerator;
        } else if self.lost != 0.0 {
            for w in weight.iter_mut() {
                *w -= *w * self.lost;
            }
        }
        for (slot, powers) in slots.iter_mut().zip(&log.powers) {
            let power = powers[log.now() - self.from];
            if power != 1.0 {
                for x in slot.iter_mut() {
                    *x *= power;
                }
            }
        }
    }

    /// The sum over the steps, computed step by step.
    fn simulate(&self, weight: &mut [f32], m: &[f32], s: &[f32], root: bool) {
        let (b, q) = self.log.kept;
        let decay = self.log.total_decay();
        for w in weight.iter_mut() {
            *w -= *w * self.lost;
        }
        let (mut power, mut shrunk) = (if decay == 0.0 { 1.0 } else { decay.exp() }, 1.0);
        for (alpha, epsilon) in self.log.coefficients[self.from..].iter().take(self.log.horizon) {
            (power, shrunk) = (power * b, shrunk * q);
            simd!(one_step(weight, m, s, root, (alpha * power) as f32, shrunk as f32, *epsilon as f32));
        }
    }
}

#[inline(always)]
fn undivided(w: &mut [f32], m: &[f32], lost: f32, sum: f32) {
    for (w, m) in w.iter_mut().zip(m) {
        *w -= *w * lost + m * sum;
    }
}

#[inline(always)]
fn series(w: &mut [f32], m: &[f32], s: &[f32], root: bool, lost: f32, sums: [f32; TERMS], epsilon: f32) {
    let [s0, s1, s2, s3] = sums;
    let each = |w: &mut f32, m: f32, s: f32| {
        let inverse = 1.0 / (s + epsilon);
        let u = s * inverse;
        *w -= *w * lost + m * inverse * (((s3 * u + s2) * u + s1) * u + s0);
    };
    let all = w.iter_mut().zip(m).zip(s);
    if root {
        for ((w, &m), &s) in all {
            each(w, m, s.sqrt());
        }
    } else {
        for ((w, &m), &s) in all {
            each(w, m, s);
        }
    }
}

#[inline(always)]
fn one_step(w: &mut [f32], m: &[f32], s: &[f32], root: bool, alpha: f32, shrunk: f32, epsilon: f32) {
    let all = w.iter_mut().zip(m).zip(s);
    if root {
        for ((w, &m), &s) in all {
            *w -= alpha * m / (shrunk * s.sqrt() + epsilon);
        }
    } else {
        for ((w, &m), &s) in all {
            *w -= alpha * m / (shrunk * s + epsilon);
        }
    }
}
