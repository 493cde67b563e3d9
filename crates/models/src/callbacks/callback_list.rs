//! CallbackList: several callbacks as one. Keras: `keras.callbacks.CallbackList`.

use super::{Callback, CallbackState, Params, ProgbarLogger};
use crate::model::Model;
use crate::{Logs, Result};
use std::fmt;
use std::path::Path;

/// Several callbacks, whose hooks are called with one call, in their order: for a training loop of one's own, or to pass them to `fit` together.
///
/// ```
/// use candle_keras_models::callbacks::{Callback, CallbackList, LambdaCallback, TerminateOnNaN};
/// use candle_keras_models::{Logs, Sequential};
/// # use candle_keras_layers::{layers, Dense, Input};
/// let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
/// let mut epochs = Vec::new();
/// let each = LambdaCallback::new().on_epoch_end(|_, epoch, _| Ok(epochs.push(epoch)));
/// let mut callbacks = CallbackList::new().callback(each).callback(TerminateOnNaN::new());
/// for epoch in 0..2 {
///     callbacks.on_epoch_begin(&mut model, epoch, &Logs::default())?;
///     callbacks.on_epoch_end(&mut model, epoch, &Logs::from([("loss", 0.5)]))?;
/// }
/// # drop(callbacks);
/// assert_eq!(epochs, [0, 1]);
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
///
/// # Differences from Keras
/// There is no `add_history`: `fit` returns the [`History`](crate::History).
#[derive(Default)]
#[must_use]
pub struct CallbackList<'a> {
    callbacks: Vec<Box<dyn Callback + 'a>>,
    /// Whether `extend_logs` has run the hooks of the end of this epoch.
    has_ended: bool,
}

impl fmt::Debug for CallbackList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallbackList of {}", self.callbacks.len())
    }
}

impl<'a> CallbackList<'a> {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a callback at the end.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Adds a progress bar at the end. `fit` has its own.
    pub fn add_progbar(self, add: bool) -> Self {
        if add { self.callback(ProgbarLogger::new(1)) } else { self }
    }

    /// The number of callbacks.
    pub fn len(&self) -> usize {
        self.callbacks.len()
    }

    /// Whether there is no callback.
    pub fn is_empty(&self) -> bool {
        self.callbacks.is_empty()
    }
}

/// Calls a hook of each callback.
macro_rules! hooks {
    ($($model:ty { $($hook:ident($($index:ident)?)),* $(,)? })*) => {
        $($(fn $hook(&mut self, model: $model, $($index: usize,)? logs: &Logs) -> Result<()> {
            self.callbacks.iter_mut().try_for_each(|callback| callback.$hook(model, $($index,)? logs))
        })*)*
    };
}

impl Callback for CallbackList<'_> {
    hooks! {
        &mut Model {
            on_train_begin(), on_train_end(), on_epoch_begin(epoch), on_epoch_resume(epoch), on_train_batch_begin(batch),
            on_train_batch_end(batch), on_test_begin(), on_test_end(), on_test_batch_begin(batch), on_test_batch_end(batch),
        }
        &Model { on_predict_begin(), on_predict_end(), on_predict_batch_begin(batch), on_predict_batch_end(batch) }
    }

    fn set_params(&mut self, params: &Params) {
        self.callbacks.iter_mut().for_each(|callback| callback.set_params(params));
    }

    /// Runs `on_epoch_end` of each after its `extend_logs`, in their order, so that a value is for those that come later alone.
    fn extend_logs(&mut self, model: &mut Model, epoch: usize, logs: &mut Logs) -> Result<()> {
        self.has_ended = true;
        self.callbacks.iter_mut().try_for_each(|callback| {
            callback.extend_logs(model, epoch, logs)?;
            callback.on_epoch_end(model, epoch, logs)
        })
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        // In a loop of one's own, which does not extend the logs.
        if !std::mem::take(&mut self.has_ended) {
            self.extend_logs(model, epoch, &mut logs.clone())?;
            self.has_ended = false;
        }
        Ok(())
    }

    fn reads_logs_of(&self, batch: usize) -> bool {
        self.callbacks.iter().any(|callback| callback.reads_logs_of(batch))
    }

    /// The lengths of each state, and all of them one after another.
    fn state(&self) -> CallbackState {
        let states: Vec<_> = self.callbacks.iter().map(|callback| callback.state()).collect();
        let lengths = states.iter().flat_map(|s| [s.counts.len(), s.numbers.len(), s.tensors.len()]);
        let mut all = CallbackState { counts: lengths.map(|n| n as u64).collect(), ..CallbackState::default() };
        for state in states {
            all.counts.extend(state.counts);
            all.numbers.extend(state.numbers);
            all.tensors.extend(state.tensors);
        }
        all
    }

    fn set_state(&mut self, state: CallbackState) {
        let Some((lengths, counts)) = state.counts.split_at_checked(3 * self.callbacks.len()) else { return };
        let (mut counts, mut numbers) = (counts.iter().copied(), state.numbers.into_iter());
        let mut tensors = state.tensors.into_iter();
        for (callback, lengths) in self.callbacks.iter_mut().zip(lengths.chunks(3)) {
            let length = |i: usize| lengths[i] as usize;
            callback.set_state(CallbackState {
                counts: counts.by_ref().take(length(0)).collect(),
                numbers: numbers.by_ref().take(length(1)).collect(),
                tensors: tensors.by_ref().take(length(2)).collect(),
            });
        }
    }

    fn backup(&self) -> Option<&Path> {
        self.callbacks.iter().find_map(|callback| callback.backup())
    }

    /// Each is asked, since it may count the steps.
    fn wants_backup(&mut self, step: Option<usize>) -> bool {
        let wanted: Vec<_> = self.callbacks.iter_mut().map(|callback| callback.wants_backup(step)).collect();
        wanted.contains(&true)
    }
}
