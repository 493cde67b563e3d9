//! Rows of a table that have no gradient move all the same: moments decay and still push, weights decay. Here this is made up for
//! when a row is next read, with the result that an update of the whole table at each step would have given.
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

use super::{Step, UpdateRule};
use candle_core::Tensor;
use candle_keras_layers::Deferred;
use candle_keras_ops::cores::{self, SHARED_FROM};
use candle_keras_ops::{Error, Result, simd, update};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What becomes of an element whose gradient is 0.
#[derive(Debug, Clone, Default)]
pub struct Idle {
    /// How much of each slot is kept at each step.
    pub keeps: Vec<f64>,
    /// How the weight goes on moving; not at all if `None`.
    pub drift: Option<Drift>,
}

impl Idle {
    /// An error if it speaks of slots that the rule does not have.
    pub(super) fn check(&self, slots: usize) -> Result<()> {
        let named =
            self.drift.iter().flat_map(|drift| [Some(drift.numerator), drift.denominator.map(Denominator::slot)]);
        if self.keeps.len() == slots && named.flatten().all(|slot| slot < slots) {
            return Ok(());
        }
        Err(Error::new("UpdateRule::idle does not suit the slots of the rule")
            .expected(format!("{slots} shares that are kept, and slots below {slots}"))
            .received(format!("{self:?}")))
    }
}

/// `w -= alpha m / (s + epsilon)`, of the slots after their decay; [`UpdateRule::push`] says alpha and epsilon.
#[derive(Debug, Clone)]
pub struct Drift {
    /// The slot `m`.
    pub numerator: usize,
    /// What `s` is, or nothing if there is no division.
    pub denominator: Option<Denominator>,
    /// Whether epsilon is another at each step.
    pub epsilon_changes: bool,
}

/// The `s` of a [`Drift`].
#[derive(Debug, Clone, Copy)]
pub enum Denominator {
    /// A slot.
    Slot(usize),
    /// The root of a slot.
    RootOf(usize),
}

impl Denominator {
    fn slot(self) -> usize {
        match self {
            Self::Slot(slot) | Self::RootOf(slot) => slot,
        }
    }
}

/// Terms of the series.
const TERMS: usize = 4;
/// What is left out of a sum, relative to it: below the rounding of f32.
const NEGLIGIBLE: f64 = 3e-7;
/// All rows are brought up to date after this part of as many steps as there are rows, and after so many at least and at most: what is
/// kept of the steps (64 bytes each) then stays small beside the table, and the pass over it is spread over many steps.
const STEPS_A_ROW: usize = 4;
const SHORTEST: usize = 1 << 10;
const LONGEST: usize = 1 << 16;

/// The steps since all rows were last up to date, as those rows see them that had no gradient.
#[derive(Debug)]
struct Ledger {
    idle: Idle,
    /// What the numerator keeps, and the denominator.
    kept: (f64, f64),
    series: bool,
    /// After how many steps a push has vanished.
    horizon: usize,
    /// Of each step: alpha, over all weight decay up to it, and epsilon.
    pushes: Vec<(f64, f64)>,
    /// Of each step, the logarithm of all weight decay up to it.
    decay: Vec<f64>,
    /// For each step after which a row may have been left, the four `G` up to now.
    sums: Vec<[f64; TERMS]>,
    /// The powers of what each slot keeps.
    powers: Vec<Vec<f32>>,
}

/// What brings a row from a step to now.
struct Way<'a> {
    ledger: &'a Ledger,
    from: usize,
    /// How much of the weight decays on the way.
    lost: f32,
    sums: [f32; TERMS],
    epsilon: f32,
}

impl Ledger {
    fn new(idle: Idle) -> Self {
        let drift = idle.drift.as_ref();
        let b = drift.map_or(0.0, |drift| idle.keeps[drift.numerator]);
        let q = match drift.and_then(|drift| drift.denominator) {
            None => 1.0,
            Some(Denominator::Slot(slot)) => idle.keeps[slot],
            Some(Denominator::RootOf(slot)) => idle.keeps[slot].sqrt(),
        };
        // How fast pushes vanish: those of a denominator that shrinks faster than the numerator never do.
        let rate = if b < q { b / q } else { 1.0 };
        let horizon = if rate < 1.0 { (1e-9f64.ln() / rate.max(1e-300).ln()).ceil() as usize + 1 } else { usize::MAX };
        let series = drift.is_some_and(|drift| !drift.epsilon_changes) && remainder(b, q, horizon) < NEGLIGIBLE;
        let powers = idle.keeps.iter().map(|_| vec![1.0]).collect();
        let (pushes, decay, sums) = (Vec::new(), Vec::new(), Vec::new());
        Self { idle, kept: (b, q), series, horizon, pushes, decay, sums, powers }
    }

    fn now(&self) -> usize {
        self.pushes.len()
    }

    /// Takes note of a step that keeps `keep` of each weight before its push.
    fn record(&mut self, (alpha, epsilon): (f64, f64), keep: f64) {
        let decay = self.decay.last().copied().unwrap_or(0.0) + if keep == 1.0 { 0.0 } else { keep.ln() };
        self.decay.push(decay);
        self.pushes.push((if decay == 0.0 { alpha } else { alpha * (-decay).exp() }, epsilon));
        for (powers, keep) in self.powers.iter_mut().zip(&self.idle.keeps) {
            let power = keep.powi(powers.len() as i32);
            // Smaller ones only make arithmetic slow.
            powers.push(if power < 1e-30 { 0.0 } else { power as f32 });
        }
        if !self.series {
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
        for (sums, (alpha, _)) in self.sums[first..].iter_mut().zip(&self.pushes[first..]).rev() {
            for (sum, factor) in sum.iter_mut().zip(&factors) {
                *sum = factor * (alpha + *sum);
            }
            *sums = sum;
        }
    }

    /// The way of a row that was last right after the step `from`.
    fn way(&self, from: usize) -> Way<'_> {
        let decay = self.decay.last().copied().unwrap_or(0.0);
        let before = if from == 0 { 0.0 } else { self.decay[from - 1] };
        let scale = if decay == 0.0 { 1.0 } else { decay.exp() };
        let [a, b, c, d] = self.sums.get(from).copied().unwrap_or_default();
        let sums = [a, a - b, a - 2.0 * b + c, a - 3.0 * b + 3.0 * c - d].map(|sum| (sum * scale) as f32);
        let epsilon = self.pushes.last().map_or(0.0, |push| push.1) as f32;
        let lost = if decay == before { 0.0 } else { -(decay - before).exp_m1() as f32 };
        Way { ledger: self, from, lost, sums, epsilon }
    }

    fn clear(&mut self) {
        self.pushes.clear();
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

impl Way<'_> {
    /// Brings one row, the weight and its slots, to now.
    fn walk(&self, row: &mut [&mut [f32]]) {
        let ledger = self.ledger;
        let [weight, slots @ ..] = row else { return };
        if let Some(drift) = &ledger.idle.drift {
            let numerator = std::mem::take(&mut slots[drift.numerator]);
            match drift.denominator {
                None => simd!(plain(weight, numerator, self.lost, self.sums[0])),
                Some(denominator) => {
                    let (s, root) = (&*slots[denominator.slot()], matches!(denominator, Denominator::RootOf(_)));
                    if ledger.series {
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
        for (slot, powers) in slots.iter_mut().zip(&ledger.powers) {
            let power = powers[ledger.now() - self.from];
            if power != 1.0 {
                for x in slot.iter_mut() {
                    *x *= power;
                }
            }
        }
    }

    /// The sum over the steps, one after another.
    fn simulate(&self, weight: &mut [f32], m: &[f32], s: &[f32], root: bool) {
        let (b, q) = self.ledger.kept;
        let decay = self.ledger.decay.last().copied().unwrap_or(0.0);
        for w in weight.iter_mut() {
            *w -= *w * self.lost;
        }
        let (mut power, mut shrunk) = (if decay == 0.0 { 1.0 } else { decay.exp() }, 1.0);
        for (alpha, epsilon) in self.ledger.pushes[self.from..].iter().take(self.ledger.horizon) {
            (power, shrunk) = (power * b, shrunk * q);
            simd!(push(weight, m, s, root, (alpha * power) as f32, shrunk as f32, *epsilon as f32));
        }
    }
}

#[inline(always)]
fn plain(w: &mut [f32], m: &[f32], lost: f32, sum: f32) {
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
fn push(w: &mut [f32], m: &[f32], s: &[f32], root: bool, alpha: f32, shrunk: f32, epsilon: f32) {
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

/// The rows of all tables of an optimizer that have changes to come.
#[derive(Debug)]
pub(super) struct Ledgers {
    ledger: Arc<Mutex<Ledger>>,
}

/// The rows of one table.
#[derive(Debug)]
pub(super) struct Table {
    ledger: Arc<Mutex<Ledger>>,
    slots: Vec<Tensor>,
    width: usize,
    rows: Mutex<Rows>,
}

/// After which step each row was last right: after `all` if that is later.
#[derive(Debug)]
struct Rows {
    last: Vec<u32>,
    all: u32,
}

impl Rows {
    /// Says that a row is right now; if it was not, after which step it was.
    fn renew(&mut self, row: u32, now: u32) -> Option<u32> {
        let from = std::mem::replace(&mut self.last[row as usize], now).max(self.all);
        (from < now).then_some(from)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledgers {
    pub(super) fn new(idle: Idle) -> Self {
        Self { ledger: Arc::new(Mutex::new(Ledger::new(idle))) }
    }

    /// Takes note of a step.
    pub(super) fn record(&self, rule: &dyn UpdateRule, step: Step, keep: f64) {
        lock(&self.ledger).record(rule.push(step), keep);
    }

    /// Whether it is time to [`clear`](Self::clear).
    pub(super) fn is_long<'a>(&self, tables: impl Iterator<Item = &'a Arc<Table>>) -> bool {
        let now = lock(&self.ledger).now();
        now >= SHORTEST && {
            let rows: usize = tables.map(|table| lock(&table.rows).last.len()).sum();
            now >= (rows / STEPS_A_ROW).clamp(SHORTEST, LONGEST)
        }
    }

    /// Forgets the steps, when all rows of all tables are up to date.
    pub(super) fn clear<'a>(&self, tables: impl Iterator<Item = &'a Arc<Table>>) {
        lock(&self.ledger).clear();
        for table in tables {
            let mut rows = lock(&table.rows);
            rows.last.fill(0);
            rows.all = 0;
        }
    }

    /// A table all rows of which are right.
    pub(super) fn table(&self, weight: &Tensor, slots: Vec<Tensor>) -> Result<Arc<Table>> {
        let (height, width) = weight.dims2()?;
        let all = lock(&self.ledger).now() as u32;
        let rows = Mutex::new(Rows { last: vec![0; height], all });
        Ok(Arc::new(Table { ledger: self.ledger.clone(), slots, width, rows }))
    }
}

impl Table {
    /// Says that these rows, or all, have made the present step with a gradient.
    pub(super) fn made_step(&self, ids: Option<&[u32]>) {
        let now = lock(&self.ledger).now() as u32;
        let mut rows = lock(&self.rows);
        match ids {
            Some(ids) => ids.iter().for_each(|&id| rows.last[id as usize] = now),
            None => rows.all = now,
        }
    }
}

impl Deferred for Table {
    fn catch_up(&self, weight: &Tensor, ids: Option<&[u32]>) -> Result<()> {
        let ledger = lock(&self.ledger);
        let now = ledger.now() as u32;
        let mut rows = lock(&self.rows);
        if rows.all == now {
            return Ok(());
        }
        let mut late: Vec<(u32, u32)> = match ids {
            Some(ids) => ids.iter().filter_map(|&id| Some((id, rows.renew(id, now)?))).collect(),
            None => (0..rows.last.len() as u32).filter_map(|id| Some((id, rows.renew(id, now)?))).collect(),
        };
        if ids.is_none() {
            rows.all = now;
        }
        if late.is_empty() {
            return Ok(());
        }
        let memory: Vec<_> = std::iter::once(weight).chain(&self.slots).collect();
        let walk = |row: &mut [&mut [f32]], from: u32| ledger.way(from as usize).walk(row);
        Ok(update::in_place(&memory, |memory| each_row(memory, self.width, &mut late, &walk))?)
    }
}

/// Operations an element of an update.
pub(super) const COST: usize = 4;

/// The most tensors that are changed together, row by row.
pub(super) const MOST: usize = 8;

/// A change of one row of a weight and its slots, with a number that stands beside it.
type OnRow<'a> = dyn Fn(&mut [&mut [f32]], u32) + Sync + 'a;

/// Runs `f` on each of these different rows of all tensors, with the number that stands beside it; on all cores if there are many.
pub(super) fn each_row(memory: &mut [&mut [f32]], width: usize, rows: &mut [(u32, u32)], f: &OnRow) {
    let work = width.max(1) * COST;
    if rows.len() * work < SHARED_FROM {
        return one_by_one(memory, width, 0, rows, f);
    }
    rows.sort_unstable_by_key(|(row, _)| *row);
    let mut parts = Vec::new();
    let mut rest: Vec<&mut [f32]> = memory.iter_mut().map(|tensor| &mut **tensor).collect();
    let mut first = 0;
    for rows in rows.chunks((SHARED_FROM / 2).div_ceil(work)) {
        // Each part has the memory from its first row to its last.
        let (begin, end) = (rows[0].0, rows[rows.len() - 1].0 + 1);
        let mut part = Vec::with_capacity(rest.len());
        for rest in &mut rest {
            let (_, behind) = std::mem::take(rest).split_at_mut((begin - first) as usize * width);
            let (own, behind) = behind.split_at_mut((end - begin) as usize * width);
            part.push(own);
            *rest = behind;
        }
        first = end;
        parts.push((part, begin, rows));
    }
    cores::each(parts, |(mut memory, first, rows)| one_by_one(&mut memory, width, first, rows, f));
}

/// The rows on this core; `memory` begins with the row `first`.
fn one_by_one(memory: &mut [&mut [f32]], width: usize, first: u32, rows: &[(u32, u32)], f: &OnRow) {
    let count = memory.len();
    for &(row, number) in rows {
        let mut parts: [&mut [f32]; MOST] = Default::default();
        let at = (row - first) as usize * width;
        for (part, memory) in parts.iter_mut().zip(memory.iter_mut()) {
            *part = &mut memory[at..at + width];
        }
        f(&mut parts[..count], number);
    }
}

#[cfg(test)]
mod tests {
    use crate::Optimizer;
    use crate::optimizers::*;
    use candle_core::DType;
    use candle_keras_layers::{Embedding, Input, Layer, Variable};
    use candle_keras_ops::random::Stream;
    use candle_keras_ops::{Gradient, Rows};

    const HEIGHT: usize = 300;
    const WIDTH: usize = 5;

    fn table() -> Variable {
        let layer = Embedding::new(HEIGHT, WIDTH);
        layer.call(Input::shape([1]));
        let values =
            Stream::new(1, 0).uniform_f32(HEIGHT * WIDTH).into_iter().map(|x| x * 0.1 - 0.05).collect::<Vec<_>>();
        layer.set_weights(&[Tensor::from_vec(values, (HEIGHT, WIDTH), &Device::Cpu).unwrap()]).unwrap();
        layer.variables().remove(0)
    }

    /// Words as a text has them: few that come often, many that are rare.
    fn gradient(step: u64, scale: f64) -> Gradient {
        let mut rows = Rows::default();
        for u in Stream::new(2, step).uniform(6) {
            let id = ((HEIGHT as f64).powf(u) - 1.0) as u32;
            if !rows.ids.contains(&id) {
                rows.ids.push(id);
            }
        }
        let values = Stream::new(3, step).normal(rows.ids.len() * WIDTH);
        rows.values = values.into_iter().map(|x| (x * scale) as f32).collect();
        Gradient::Rows(rows)
    }

    fn floats(tensor: &Tensor) -> Vec<f64> {
        tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    /// The largest difference between updates of rows and of the whole table, relative to how far the weights have moved, if that is more than
    /// some roundings.
    fn apart(make: impl Fn() -> Optimizer, steps: u64, scale: f64, at: impl Fn(u64, &mut Optimizer, &Variable)) -> f64 {
        let (by_rows, whole) = (table(), table());
        let begin = floats(&whole.value());
        let (mut a, mut b) = (make(), make());
        for step in 0..steps {
            let gradient = gradient(step, scale);
            let dense = Gradient::Dense(gradient.to_dense(&whole.value()).unwrap());
            a.apply_gradients(vec![(by_rows.clone(), gradient)]).unwrap();
            b.apply_gradients(vec![(whole.clone(), dense)]).unwrap();
            at(step, &mut a, &by_rows);
            at(step, &mut b, &whole);
        }
        let (found, expected) = (floats(&by_rows.value()), floats(&whole.value()));
        let moved = expected.iter().zip(&begin).map(|(x, y)| (x - y).abs()).fold(0.01, f64::max);
        let difference = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        for (x, y) in a.slots(&by_rows).unwrap().iter().zip(&b.slots(&whole).unwrap()) {
            let (x, y) = (floats(x), floats(y));
            let largest = y.iter().fold(0f64, |most, y| most.max(y.abs()));
            assert!(difference(&x, &y) <= 1e-5 * largest, "slots differ by {} of {largest}", difference(&x, &y));
        }
        difference(&found, &expected) / moved
    }

    type Make = fn() -> Optimizer;

    fn rules() -> Vec<(&'static str, Make)> {
        vec![
            ("sgd", || SGD::new().into()),
            ("momentum", || SGD::new().momentum(0.9).into()),
            ("nesterov", || SGD::new().momentum(0.95).nesterov(true).into()),
            ("rmsprop", || RMSprop::new().into()),
            ("rmsprop with momentum", || RMSprop::new().momentum(0.9).centered(true).into()),
            ("adagrad", || Adagrad::new().learning_rate(0.01).into()),
            ("adam", || Adam::new().into()),
            ("adam that forgets soon", || Adam::new().beta_1(0.8).beta_2(0.9).into()),
            ("adam of slow momentum", || Adam::new().beta_1(0.98).into()),
            ("amsgrad", || Adam::new().amsgrad(true).into()),
            ("adamw", || AdamW::new().into()),
            ("adamax", || Adamax::new().into()),
            ("nadam", || Nadam::new().into()),
        ]
    }

    #[test]
    fn rows_end_where_whole_updates_take_them() {
        for (name, make) in rules() {
            for scale in [1.0, 1e-3, 1e-7] {
                let apart = apart(make, 1200, scale, |_, _, _| ());
                assert!(apart < 1e-4, "{name} with gradients of {scale}: {apart}");
            }
        }
    }

    #[test]
    fn options_and_changes_on_the_way_are_right() {
        type Case = (&'static str, Make, fn(u64, &mut Optimizer, &Variable));
        let cases: [Case; 10] = [
            (
                "a learning rate that changes",
                || Adam::new().into(),
                |step, optimizer, _| {
                    if step % 50 == 49 {
                        optimizer.set_learning_rate(optimizer.learning_rate() * 0.7);
                    }
                },
            ),
            (
                "a schedule",
                || Adam::new().learning_rate(schedules::ExponentialDecay::new(0.01, 100, 0.5)).into(),
                |_, _, _| (),
            ),
            ("weight decay", || SGD::new().momentum(0.9).weight_decay(0.1).into(), |_, _, _| ()),
            ("much weight decay", || Adam::new().learning_rate(0.01).weight_decay(5.0).into(), |_, _, _| ()),
            (
                "a decay of all there is, for a while",
                || AdamW::new().into(),
                |step, optimizer, _| match step {
                    100 => optimizer.set_learning_rate(250.0),
                    101 => optimizer.set_learning_rate(0.001),
                    _ => (),
                },
            ),
            ("decay of weights that stay", || Adagrad::new().weight_decay(0.1).into(), |_, _, _| ()),
            ("clipping", || Adam::new().global_clipnorm(0.5).into(), |_, _, _| ()),
            ("averages", || Adam::new().use_ema(true).ema_overwrite_frequency(7).into(), |_, _, _| ()),
            ("accumulation", || Nadam::new().gradient_accumulation_steps(3).into(), |_, _, _| ()),
            (
                "readers and writers",
                || AdamW::new().into(),
                |step, optimizer, table| match step % 97 {
                    11 => _ = table.value(),
                    40 => table.assign(&(table.value() * 0.5).unwrap()).unwrap(),
                    60 => _ = optimizer.state().unwrap(),
                    80 => optimizer.to_device(&Device::Cpu).unwrap(),
                    _ => (),
                },
            ),
        ];
        for (name, make, change) in cases {
            let apart = apart(make, 600, 0.1, change);
            assert!(apart < 1e-4, "{name}: {apart}");
        }
    }

    #[test]
    fn what_an_idle_row_does_must_suit_the_slots() {
        let idle = Adam::new().idle().unwrap();
        assert!(idle.check(2).is_ok());
        assert!(idle.check(1).unwrap_err().to_string().contains("does not suit the slots"));
    }

    /// Two models that share a table, each with an optimizer: the one makes its changes before the other takes over.
    #[test]
    fn a_table_may_have_two_optimizers() {
        let train = |rows: bool| {
            let table = table();
            let mut optimizers = [Optimizer::from("adam"), Optimizer::from("nadam")];
            for step in 0..200 {
                let mut gradient = gradient(step, 0.1);
                if !rows {
                    gradient = Gradient::Dense(gradient.to_dense(&table.value()).unwrap());
                }
                optimizers[(step / 10 % 2) as usize].apply_gradients(vec![(table.clone(), gradient)]).unwrap();
            }
            drop(optimizers);
            floats(&table.value())
        };
        let apart = train(true).iter().zip(train(false)).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        assert!(apart < 1e-6, "{apart}");
    }

    /// After so many steps, those before are forgotten.
    #[test]
    fn very_many_steps_are_right() {
        let (by_rows, whole) = (table(), table());
        let (mut a, mut b) = (Optimizer::from("adam"), Optimizer::from("adam"));
        for step in 0..3 * super::SHORTEST as u64 + 10 {
            let gradient = if step % 64 == 0 {
                gradient(step, 0.1)
            } else {
                Gradient::Rows(Rows { ids: vec![7], values: vec![0.01; WIDTH] })
            };
            let dense = Gradient::Dense(gradient.to_dense(&whole.memory()).unwrap());
            a.apply_gradients(vec![(by_rows.clone(), gradient)]).unwrap();
            b.apply_gradients(vec![(whole.clone(), dense)]).unwrap();
        }
        for (x, y) in floats(&by_rows.value()).iter().zip(floats(&whole.value())) {
            assert!((x - y).abs() < 1e-3 * y.abs().max(0.1), "{x} {y}");
        }
    }

    #[test]
    fn lazy_rows_stay_where_they_are() {
        let table = table();
        let mut optimizer = Optimizer::from(Adam::new().lazy(true));
        let one = |id: u32| Gradient::Rows(Rows { ids: vec![id], values: vec![1.0; WIDTH] });
        optimizer.apply_gradients(vec![(table.clone(), one(3))]).unwrap();
        let before = floats(&table.value().get(3).unwrap());
        optimizer.apply_gradients(vec![(table.clone(), one(4))]).unwrap();
        assert_eq!(floats(&table.value().get(3).unwrap()), before);
        assert!(!optimizer.get_config().unwrap().to_string().contains("lazy"));
    }
}
