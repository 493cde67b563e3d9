//! The result of `fit`: the logs of each epoch.

use crate::Logs;
use crate::callbacks::Params;
use crate::callbacks::chart::{self, Curve};
use std::ops::Index;

/// The values of each epoch, by name. Keras: `History`.
///
/// ```
/// # use candle_keras_layers::{layers, Dense, Input};
/// # use candle_keras_models::{Fit, Sequential};
/// # let mut model = Sequential::new(layers![Input::shape([1]), Dense::new(1)]);
/// # model.compile("sgd", "mse")?;
/// let history = model.fit(vec![1f32, 2.], vec![2f32, 4.], Fit::new().epochs(3).verbose(0))?;
/// let losses: &[f64] = &history["loss"];
/// for (name, values) in history.iter() {
///     println!("{name}: {values:?}");
/// }
/// # assert_eq!(losses.len(), 3);
/// # Ok::<(), candle_keras_models::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct History {
    /// The indices of the epochs, from 0.
    pub epoch: Vec<usize>,
    /// The parameters of the training.
    pub params: Params,
    history: Vec<(String, Vec<f64>)>,
}

impl History {
    pub(crate) fn new(params: Params) -> Self {
        Self { epoch: Vec::new(), params, history: Vec::new() }
    }

    pub(crate) fn push(&mut self, epoch: usize, logs: &Logs) {
        self.epoch.push(epoch);
        for (name, value) in logs.iter() {
            match self.history.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value),
                None => self.history.push((name.into(), vec![value])),
            }
        }
    }

    /// Restores the history of a resumed training.
    pub(crate) fn restore(&mut self, epoch: Vec<usize>, history: Vec<(String, Vec<f64>)>) {
        (self.epoch, self.history) = (epoch, history);
    }

    /// The values of this name, one per epoch.
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        self.history.iter().find(|(known, _)| known == name).map(|(_, values)| values.as_slice())
    }

    /// The values over the epochs as an SVG picture: a chart for each name, with the curves of training and validation. Python: what
    /// `matplotlib` is used for with `history.history`.
    pub fn to_svg(&self) -> String {
        let curve = |(name, values): &(String, Vec<f64>)| {
            // Validation may be at every few epochs.
            let epoch = |i: usize| self.epoch[(i + 1) * self.epoch.len() / values.len() - 1] + 1;
            let points = values.iter().enumerate().map(|(i, value)| (epoch(i), *value)).collect();
            Curve { name: name.clone(), points }
        };
        chart::svg(&self.history.iter().map(curve).collect::<Vec<_>>())
    }

    /// The names and values: those of training sorted by name, then those of validation.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.history.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

/// # Panics
/// If there are no values of this name; [`History::get`] returns an option.
impl Index<&str> for History {
    type Output = [f64];

    fn index(&self, name: &str) -> &[f64] {
        match self.get(name) {
            Some(values) => values,
            None => {
                panic!("the history has no {name:?}, only {:?}", self.iter().map(|(name, _)| name).collect::<Vec<_>>())
            }
        }
    }
}
