//! What is called after each epoch.

use super::Epoch;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

type OnEpochEnd = Box<dyn FnMut(&Epoch) -> ControlFlow<()> + Send>;

/// Functions that see each epoch that has ended, and may end the training.
#[derive(Clone, Default)]
pub(crate) struct Callbacks(Vec<Arc<Mutex<OnEpochEnd>>>);

impl Callbacks {
    pub(crate) fn push(&mut self, f: impl FnMut(&Epoch) -> ControlFlow<()> + Send + 'static) {
        self.0.push(Arc::new(Mutex::new(Box::new(f))));
    }

    pub(crate) fn call(&self, epoch: &Epoch) -> ControlFlow<()> {
        for callback in &self.0 {
            (callback.lock().unwrap_or_else(PoisonError::into_inner))(epoch)?;
        }
        ControlFlow::Continue(())
    }
}

impl std::fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} callbacks", self.0.len())
    }
}
