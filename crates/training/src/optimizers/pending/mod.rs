//! Sparse gradients (rows of a table), with the result of Keras's dense update.
//!
//! A dense update also changes rows without a gradient: moments decay and still move weights, and weights decay. An optimizer updates the rows that
//! have a gradient, records the step in an [`UpdateLog`], and leaves the updates of the other rows pending until they are next read: then
//! a [`CatchUp`](catch_up::CatchUp) applies all of them at once. A rule supports this by
//! [`UpdateRule::zero_gradient`](super::UpdateRule::zero_gradient).

mod catch_up;
mod log;
mod rows;
mod table;
#[cfg(test)]
mod tests;
mod zero_gradient;

pub use zero_gradient::{Denominator, MomentumDrift, ZeroGradientRule};

use super::{Step, UpdateRule};
use candle_core::Tensor;
use candle_keras_layers::{PendingUpdates, Variable};
use candle_keras_ops::update::{self, Elementwise};
use candle_keras_ops::{Error, Gradient, Result, Rows};
use hashbrown::HashMap;
use log::UpdateLog;
use rows::{MOST_TENSORS, each_row};
use std::sync::{Arc, Mutex};
use table::{PendingRows, lock};

/// The tables of an optimizer whose rows have pending updates.
#[derive(Debug, Default)]
pub(super) struct PendingTables {
    /// The logs of tables by their weight decay.
    logs: Vec<(f64, Arc<Mutex<UpdateLog>>)>,
    tables: HashMap<u64, (Variable, Arc<PendingRows>)>,
}

/// Whether single rows of these tensors can be updated in place.
pub(super) fn has_rows_in_memory(weight: &Tensor, slots: &[Tensor]) -> bool {
    let suits = |slot: &Tensor| slot.dims() == weight.dims();
    weight.rank() == 2
        && slots.len() < MOST_TENSORS
        && slots.iter().all(suits)
        && update::is_in_place(slots.iter().chain([weight]))
}

/// Updates the rows that have a gradient, after decaying them by the fraction `decay`.
pub(super) fn update_rows(elementwise: &Elementwise, memory: &[&Tensor], rows: &Rows, decay: f64) -> Result<()> {
    let width = memory[0].dim(1)?;
    let mut touched: Vec<_> = rows.ids().iter().enumerate().map(|(i, &id)| (id, i as u32)).collect();
    let one = |row: &mut [&mut [f32]], i: u32| {
        elementwise.update_part(row, &rows.values()[i as usize * width..][..width], decay);
    };
    Ok(update::in_place(memory, |memory| each_row(memory, width, &mut touched, &one))?)
}

impl PendingTables {
    /// Brings these rows of a table up to date, if it is enough to update them and to leave the updates of the others pending; false
    /// otherwise: if the rule has no [`ZeroGradientRule`].
    pub(super) fn take(
        &mut self,
        weight: &Variable,
        slots: Vec<Tensor>,
        rows: &Rows,
        weight_decay: f64,
        (rule, step): (&dyn UpdateRule, Step),
    ) -> Result<bool> {
        let Some(zero_gradient) = rule.zero_gradient(step) else { return Ok(false) };
        let table = match self.tables.get(&weight.id()) {
            Some((_, table)) => table.clone(),
            None => {
                if zero_gradient.changes_nothing() && weight_decay == 0.0 {
                    return Ok(true);
                }
                zero_gradient.check(slots.len())?;
                let log = self.log(weight_decay, zero_gradient);
                let table = Arc::new(PendingRows::new(&log, &weight.memory(), slots)?);
                self.tables.insert(weight.id(), (weight.clone(), table.clone()));
                table
            }
        };
        let pending: Arc<dyn PendingUpdates> = table;
        weight.set_pending(&pending);
        pending.catch_up(&weight.memory(), Some(rows.ids()))?;
        Ok(true)
    }

    /// The log of tables with this weight decay.
    fn log(&mut self, weight_decay: f64, rule: ZeroGradientRule) -> Arc<Mutex<UpdateLog>> {
        if let Some((_, log)) = self.logs.iter().find(|(rate, _)| *rate == weight_decay) {
            return log.clone();
        }
        let log = Arc::new(Mutex::new(UpdateLog::new(rule)));
        self.logs.push((weight_decay, log.clone()));
        log
    }

    /// Records a step before it runs, as it applies to rows without a gradient. Tables that are not in the step are unchanged.
    pub(super) fn record(
        &self,
        (rule, step): (&dyn UpdateRule, Step),
        in_step: impl Fn(&Variable) -> bool,
    ) -> Result<()> {
        if self.tables.is_empty() {
            return Ok(());
        }
        let others: Vec<_> = self.tables.values().filter(|(weight, _)| !in_step(weight)).collect();
        others.iter().for_each(|(weight, _)| _ = weight.value());
        let Some(described) = rule.zero_gradient(step) else {
            // The tables of this step are updated as a whole.
            self.flush();
            return Ok(());
        };
        for (weight_decay, log) in &self.logs {
            let keep = (1.0 - weight_decay * step.learning_rate) * (1.0 - described.shrinks);
            if !lock(log).rule.differs_in_coefficients_only(&described) {
                return Err(Error::new(
                    "UpdateRule::zero_gradient must be the same at each step but for shares, alpha and epsilon",
                )
                .expected(format!("{:?}", lock(log).rule))
                .received(format!("{described:?}")));
            }
            // A decay to 0 has no logarithm; all tables then get dense updates.
            if keep > 0.0 {
                lock(log).record(described.coefficients(), keep);
            } else {
                self.flush_log(log);
            }
        }
        others.iter().for_each(|(_, table)| table.mark_updated(None));
        Ok(())
    }

    /// Records an update: of the rows of the gradient if `by_rows`, otherwise of the whole table.
    pub(super) fn updated(&self, weight: &Variable, gradient: &Gradient, by_rows: bool) {
        if let Some((_, table)) = self.tables.get(&weight.id()) {
            match gradient {
                Gradient::Rows(rows) if by_rows => table.mark_updated(Some(rows.ids())),
                _ => table.mark_updated(None),
            }
        }
    }

    /// Applies all pending updates of logs that have become long.
    pub(super) fn flush_long_logs(&self) {
        for (_, log) in &self.logs {
            let rows = || self.of_log(log).map(|(_, table)| table.height()).sum();
            if lock(log).is_long(rows) {
                self.flush_log(log);
            }
        }
    }

    /// Applies all pending updates.
    pub(super) fn flush(&self) {
        self.logs.iter().for_each(|(_, log)| self.flush_log(log));
    }

    /// Applies all pending updates and removes the tables.
    pub(super) fn forget(&mut self) {
        self.flush();
        for (_, (weight, table)) in self.tables.drain() {
            let pending: Arc<dyn PendingUpdates> = table;
            weight.flush_pending(&pending);
        }
        self.logs.clear();
    }

    fn of_log<'a>(&'a self, log: &'a Arc<Mutex<UpdateLog>>) -> impl Iterator<Item = &'a (Variable, Arc<PendingRows>)> {
        self.tables.values().filter(|(_, table)| table.is_of(log))
    }

    fn flush_log(&self, log: &Arc<Mutex<UpdateLog>>) {
        self.of_log(log).for_each(|(weight, _)| _ = weight.value());
        lock(log).clear();
        self.of_log(log).for_each(|(_, table)| table.clear());
    }
}
