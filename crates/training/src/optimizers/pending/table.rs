//! The rows of one table, each of which may have pending updates.

use super::log::UpdateLog;
use super::rows::each_row;
use candle_core::Tensor;
use candle_keras_layers::PendingUpdates;
use candle_keras_ops::{Result, update};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The pending updates of one table.
#[derive(Debug)]
pub(super) struct PendingRows {
    log: Arc<Mutex<UpdateLog>>,
    slots: Vec<Tensor>,
    width: usize,
    rows: Mutex<Rows>,
}

/// The step after which each row was last up to date: `all` if that is later.
#[derive(Debug)]
struct Rows {
    last: Vec<u32>,
    all: u32,
}

impl Rows {
    /// Marks a row as up to date; returns the step after which it last was, if updates are pending.
    fn mark_current(&mut self, row: u32, now: u32) -> Option<u32> {
        let from = std::mem::replace(&mut self.last[row as usize], now).max(self.all);
        (from < now).then_some(from)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PendingRows {
    /// A table whose rows are all up to date.
    pub(super) fn new(log: &Arc<Mutex<UpdateLog>>, weight: &Tensor, slots: Vec<Tensor>) -> Result<Self> {
        let (height, width) = weight.dims2()?;
        let all = lock(log).now() as u32;
        Ok(Self { log: log.clone(), slots, width, rows: Mutex::new(Rows { last: vec![0; height], all }) })
    }

    pub(super) fn is_of(&self, log: &Arc<Mutex<UpdateLog>>) -> bool {
        Arc::ptr_eq(&self.log, log)
    }

    pub(super) fn height(&self) -> usize {
        lock(&self.rows).last.len()
    }

    /// Marks these rows, or all, as updated by the current step.
    pub(super) fn mark_updated(&self, ids: Option<&[u32]>) {
        let now = lock(&self.log).now() as u32;
        let mut rows = lock(&self.rows);
        match ids {
            Some(ids) => ids.iter().for_each(|&id| rows.last[id as usize] = now),
            None => rows.all = now,
        }
    }

    /// Marks all rows as up to date with a log that has been cleared.
    pub(super) fn clear(&self) {
        let mut rows = lock(&self.rows);
        rows.last.fill(0);
        rows.all = 0;
    }
}

impl PendingUpdates for PendingRows {
    fn catch_up(&self, weight: &Tensor, ids: Option<&[u32]>) -> Result<()> {
        let log = lock(&self.log);
        let now = log.now() as u32;
        let mut rows = lock(&self.rows);
        if rows.all == now {
            return Ok(());
        }
        let mut late: Vec<(u32, u32)> = match ids {
            Some(ids) => ids.iter().filter_map(|&id| Some((id, rows.mark_current(id, now)?))).collect(),
            None => (0..rows.last.len() as u32).filter_map(|id| Some((id, rows.mark_current(id, now)?))).collect(),
        };
        if ids.is_none() {
            rows.all = now;
        }
        if late.is_empty() {
            return Ok(());
        }
        let memory: Vec<_> = std::iter::once(weight).chain(&self.slots).collect();
        let apply = |row: &mut [&mut [f32]], from: u32| log.catch_up(from as usize).apply(row);
        Ok(update::in_place(&memory, |memory| each_row(memory, self.width, &mut late, &apply))?)
    }
}
