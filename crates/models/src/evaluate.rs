//! `evaluate`: the loss and metrics on given data.

use crate::arguments::Evaluate;
use crate::compiled::{Use, warn_of_nan_in_test};
use crate::feed::{Feed, Given};
use crate::fit::{Callbacks, each, prepared};
use crate::model::Model;
use crate::steps::TrainStep;
use crate::{Logs, Result, record};
use candle_keras_data::IntoData;
use candle_keras_ops::{Error, warnings};

impl Model {
    /// The loss and the metrics on these inputs and targets, or on a [`Dataset`](candle_keras_data::Dataset) of batches with `()` in place of targets, by name.
    /// Keras: `model.evaluate(..., return_dict=True)`.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn evaluate(&mut self, x: impl IntoData, y: impl IntoData) -> Result<Logs> {
        self.evaluate_with(x, y, Evaluate::new())
    }

    /// [`evaluate`](Self::evaluate) with arguments: weights of samples, a batch size, callbacks.
    ///
    /// # Errors
    /// As for [`fit`](Self::fit).
    pub fn evaluate_with<'a>(
        &mut self,
        x: impl IntoData,
        y: impl IntoData,
        evaluate: impl Into<Evaluate<'a>>,
    ) -> Result<Logs> {
        let mut evaluate = evaluate.into();
        let mut step = evaluate.step.take();
        self.compiled_for(step.is_some())?;
        let weight = evaluate.sample_weight.take().transpose()?;
        let given = Given::new(x.into_data()?, y.into_data()?, weight)?;
        let mut feed = self.feed(given, "batch_size", evaluate.run.batch_size)?;
        let steps = feed.steps(evaluate.steps, "steps")?;
        let (mut callbacks, _) = prepared(evaluate.run, 1, steps, false);
        let logs = self.run_evaluation(&mut feed, steps, step.as_deref_mut(), &mut callbacks)?;
        warn_of_nan_in_test(&logs);
        record::evaluated(&logs)?;
        Ok(logs)
    }

    pub(crate) fn run_evaluation(
        &mut self,
        feed: &mut Feed,
        steps: Option<usize>,
        mut step: Option<&mut (dyn TrainStep + '_)>,
        callbacks: Callbacks,
    ) -> Result<Logs> {
        let compiled = self.compiled()?;
        compiled.reset_metrics();
        step.iter_mut().for_each(|step| step.reset_metrics());
        feed.begin(&compiled.stream(Use::Evaluation, 0), 0)?;
        each(callbacks, |c| c.on_test_begin(self, &Logs::default()))?;
        let device = self.device();
        let mut number = 0;
        while steps.is_none_or(|steps| number < steps) {
            let Some(batch) = feed.next(&device, |batch| self.adapted(batch))? else { break };
            each(callbacks, |c| c.on_test_batch_begin(self, number, &Logs::default()))?;
            match &mut step {
                Some(step) => {
                    let logs = step.test_step(self, &batch).map_err(|error| feed.located(error))?;
                    if logs.is_empty() && !std::mem::replace(&mut self.compiled()?.warned_of_no_logs, true) {
                        warnings::warn("the custom step logs nothing in evaluations: implement TrainStep::test_step");
                    }
                    self.compiled()?.measure_own(&logs, batch.size(), step.averages_logs())?;
                }
                None => self.test_step(&batch).map_err(|error| feed.located(error))?,
            }
            let logs = self.batch_logs(number, callbacks)?;
            each(callbacks, |c| c.on_test_batch_end(self, number, &logs))?;
            number += 1;
        }
        if number == 0 {
            return Err(Error::new("there are no samples to evaluate on"));
        }
        let logs = self.compiled()?.logs()?;
        each(callbacks, |c| c.on_test_end(self, &logs))?;
        Ok(logs)
    }
}
