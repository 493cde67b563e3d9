//! The update of elements whose gradient is 0.

use candle_keras_ops::{Error, Result};

/// The update of an element whose gradient is 0: each slot is multiplied by a constant, and the weight shrinks, moves by its momentum, or is unchanged.
///
/// The share by which the weight shrinks, and the alpha and epsilon of the [`MomentumDrift`], may change with each step; all else must be the same.
#[derive(Debug, Clone, PartialEq)]
pub struct ZeroGradientRule {
    pub(super) kept: Vec<f64>,
    pub(super) shrinks: f64,
    pub(super) drift: Option<MomentumDrift>,
}

impl ZeroGradientRule {
    /// `kept` has the decay rate of each slot, by which it is multiplied. The weight is unchanged.
    pub fn new(kept: impl Into<Vec<f64>>) -> Self {
        Self { kept: kept.into(), shrinks: 0.0, drift: None }
    }

    /// The weight loses this share of it, below 1, before it moves.
    #[must_use]
    pub fn shrinks(mut self, share: f64) -> Self {
        self.shrinks = share;
        self
    }

    /// The weight moves by its momentum.
    #[must_use]
    pub fn drift(mut self, drift: MomentumDrift) -> Self {
        self.drift = Some(drift);
        self
    }

    /// Whether weights and slots are unchanged.
    pub(super) fn changes_nothing(&self) -> bool {
        self.drift.is_none() && self.shrinks == 0.0 && self.kept.iter().all(|kept| *kept == 1.0)
    }

    /// Whether both may be rules of steps of one optimizer.
    pub(super) fn differs_in_coefficients_only(&self, other: &Self) -> bool {
        let fixed = |rule: &Self| {
            rule.drift.clone().map(|drift| MomentumDrift {
                alpha: 0.0,
                epsilon: if drift.epsilon_changes { 0.0 } else { drift.epsilon },
                ..drift
            })
        };
        self.kept == other.kept && fixed(self) == fixed(other)
    }

    /// The alpha and epsilon of this step.
    pub(super) fn coefficients(&self) -> (f64, f64) {
        self.drift.as_ref().map_or((0.0, 0.0), |drift| (drift.alpha, drift.epsilon))
    }

    /// An error if it refers to slots that the rule does not have.
    pub(super) fn check(&self, slots: usize) -> Result<()> {
        let named =
            self.drift.iter().flat_map(|drift| [Some(drift.numerator), drift.denominator.map(Denominator::slot)]);
        if self.kept.len() == slots && named.flatten().all(|slot| slot < slots) {
            return Ok(());
        }
        Err(Error::new("UpdateRule::zero_gradient does not match the slots of the rule")
            .expected(format!("{slots} decay rates, and slots below {slots}"))
            .received(format!("{self:?}")))
    }
}

/// `w -= alpha m / (s + epsilon)`, of slots after they were multiplied by their decay rates.
#[derive(Debug, Clone, PartialEq)]
pub struct MomentumDrift {
    pub(super) numerator: usize,
    pub(super) denominator: Option<Denominator>,
    pub(super) alpha: f64,
    pub(super) epsilon: f64,
    pub(super) epsilon_changes: bool,
}

impl MomentumDrift {
    /// `w -= alpha m`, where `m` is the slot with this index.
    pub fn new(slot: usize, alpha: f64) -> Self {
        Self { numerator: slot, denominator: None, alpha, epsilon: 0.0, epsilon_changes: false }
    }

    /// Divides `m` by `s + epsilon`.
    #[must_use]
    pub fn over(mut self, denominator: Denominator, epsilon: f64) -> Self {
        (self.denominator, self.epsilon) = (Some(denominator), epsilon);
        self
    }

    /// Epsilon changes with each step, so that pending updates of a row are applied step by step.
    #[must_use]
    pub fn epsilon_changes(mut self) -> Self {
        self.epsilon_changes = true;
        self
    }
}

/// The `s` of a [`MomentumDrift`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Denominator {
    /// A slot.
    Slot(usize),
    /// The root of a slot.
    RootOf(usize),
}

impl Denominator {
    pub(super) fn slot(self) -> usize {
        match self {
            Self::Slot(slot) | Self::RootOf(slot) => slot,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_must_match_the_slots() {
        let rule =
            ZeroGradientRule::new([0.9, 0.99]).drift(MomentumDrift::new(0, 0.1).over(Denominator::RootOf(1), 1e-7));
        assert!(rule.check(2).is_ok());
        assert!(rule.check(1).unwrap_err().to_string().contains("does not match the slots"));
    }
}
