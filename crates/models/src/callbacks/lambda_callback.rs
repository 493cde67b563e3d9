//! LambdaCallback: functions as hooks. Keras: `keras.callbacks.LambdaCallback`.

use super::Callback;
use crate::model::Model;
use crate::{Logs, Result};

type Hook<'a> = Option<Box<dyn FnMut(&mut Model, &Logs) -> Result<()> + Send + 'a>>;
type IndexedHook<'a> = Option<Box<dyn FnMut(&mut Model, usize, &Logs) -> Result<()> + Send + 'a>>;

/// A callback from functions.
///
/// ```
/// use candle_keras_models::callbacks::LambdaCallback;
/// let mut losses = Vec::new();
/// let callback = LambdaCallback::new().on_epoch_end(|_, _, logs| {
///     losses.push(logs["loss"]);
///     Ok(())
/// });
/// # drop(callback);
/// ```
#[derive(Default)]
#[must_use]
pub struct LambdaCallback<'a> {
    train_begin: Hook<'a>,
    train_end: Hook<'a>,
    epoch_begin: IndexedHook<'a>,
    epoch_end: IndexedHook<'a>,
    train_batch_begin: IndexedHook<'a>,
    train_batch_end: IndexedHook<'a>,
}

impl<'a> LambdaCallback<'a> {
    /// A callback that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Before the first epoch.
    pub fn on_train_begin(mut self, hook: impl FnMut(&mut Model, &Logs) -> Result<()> + Send + 'a) -> Self {
        self.train_begin = Some(Box::new(hook));
        self
    }

    /// After the last epoch.
    pub fn on_train_end(mut self, hook: impl FnMut(&mut Model, &Logs) -> Result<()> + Send + 'a) -> Self {
        self.train_end = Some(Box::new(hook));
        self
    }

    /// Before each epoch.
    pub fn on_epoch_begin(mut self, hook: impl FnMut(&mut Model, usize, &Logs) -> Result<()> + Send + 'a) -> Self {
        self.epoch_begin = Some(Box::new(hook));
        self
    }

    /// After each epoch.
    pub fn on_epoch_end(mut self, hook: impl FnMut(&mut Model, usize, &Logs) -> Result<()> + Send + 'a) -> Self {
        self.epoch_end = Some(Box::new(hook));
        self
    }

    /// Before each step.
    pub fn on_train_batch_begin(
        mut self,
        hook: impl FnMut(&mut Model, usize, &Logs) -> Result<()> + Send + 'a,
    ) -> Self {
        self.train_batch_begin = Some(Box::new(hook));
        self
    }

    /// After each step.
    pub fn on_train_batch_end(mut self, hook: impl FnMut(&mut Model, usize, &Logs) -> Result<()> + Send + 'a) -> Self {
        self.train_batch_end = Some(Box::new(hook));
        self
    }
}

impl Callback for LambdaCallback<'_> {
    fn reads_logs_of(&self, _: usize) -> bool {
        self.train_batch_end.is_some()
    }

    fn on_train_begin(&mut self, model: &mut Model, logs: &Logs) -> Result<()> {
        self.train_begin.as_mut().map_or(Ok(()), |hook| hook(model, logs))
    }

    fn on_train_end(&mut self, model: &mut Model, logs: &Logs) -> Result<()> {
        self.train_end.as_mut().map_or(Ok(()), |hook| hook(model, logs))
    }

    fn on_epoch_begin(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        self.epoch_begin.as_mut().map_or(Ok(()), |hook| hook(model, epoch, logs))
    }

    fn on_epoch_end(&mut self, model: &mut Model, epoch: usize, logs: &Logs) -> Result<()> {
        self.epoch_end.as_mut().map_or(Ok(()), |hook| hook(model, epoch, logs))
    }

    fn on_train_batch_begin(&mut self, model: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        self.train_batch_begin.as_mut().map_or(Ok(()), |hook| hook(model, batch, logs))
    }

    fn on_train_batch_end(&mut self, model: &mut Model, batch: usize, logs: &Logs) -> Result<()> {
        self.train_batch_end.as_mut().map_or(Ok(()), |hook| hook(model, batch, logs))
    }
}
