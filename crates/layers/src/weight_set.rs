//! Weights that are read or changed together, so that a reader in another thread sees whole steps.

use crate::Variable;
use candle_core::Device;
use std::cell::Cell;
use std::sync::Arc;

/// The weights of a model. While one thread reads them no other changes them, and the other way round; several may read at once.
///
/// All threads lock weights in the order of their ids, so that models which share layers do not wait for each other in a circle.
#[derive(Debug, Clone, Default)]
pub struct WeightSet(Arc<[Variable]>);

thread_local! {
    /// Whether this thread holds a set already: what it does within, a prediction in a Lambda for example, takes no more locks.
    static HELD: Cell<bool> = const { Cell::new(false) };
}

impl WeightSet {
    /// These weights.
    pub fn new(mut variables: Vec<Variable>) -> Self {
        variables.sort_unstable_by_key(Variable::id);
        variables.dedup_by_key(|variable| variable.id());
        Self(variables.into())
    }

    /// The device of the first weight, if there is one.
    pub fn device(&self) -> Option<Device> {
        self.0.first().map(|variable| variable.device())
    }

    /// Whether this thread has locked weights already.
    pub fn is_held() -> bool {
        HELD.get()
    }

    /// Runs `f`, while which no other thread changes the weights.
    pub fn read<T>(&self, f: impl FnOnce() -> T) -> T {
        once(f, || self.0.iter().map(Variable::lock_for_reading).collect::<Vec<_>>())
    }

    /// Runs `f`, which changes the weights, while no other thread reads or changes them.
    pub fn write<T>(&self, f: impl FnOnce() -> T) -> T {
        once(f, || self.0.iter().map(Variable::lock_for_writing).collect::<Vec<_>>())
    }
}

/// Runs `f` with these locks, unless this thread has some already.
fn once<T, L>(f: impl FnOnce() -> T, lock: impl FnOnce() -> L) -> T {
    struct Release;
    impl Drop for Release {
        fn drop(&mut self) {
            HELD.set(false);
        }
    }
    if HELD.get() {
        return f();
    }
    let _locks = lock();
    HELD.set(true);
    let _release = Release;
    f()
}
