//! How good predictions are, and those of the simplest guess.

use super::Goal;
use anyhow::{Result, ensure};
use candle_core::{DType, Tensor};

/// The scores of predictions on data that was not trained on.
pub(super) enum Scores {
    Classes(Confusion),
    Number(Errors),
}

/// How often a sample of a class was taken for each class.
pub(super) struct Confusion {
    pub(super) classes: Vec<String>,
    /// By the true class, then by the predicted one.
    pub(super) counts: Vec<Vec<usize>>,
    /// The accuracy of the class that is most frequent in training.
    pub(super) guess: f64,
}

/// Numbers and their predictions.
pub(super) struct Errors {
    pub(super) truth: Vec<f64>,
    pub(super) predicted: Vec<f64>,
    /// The mean absolute error of the mean of the training.
    pub(super) guess: f64,
}

impl Scores {
    pub(super) fn of(goal: &Goal, predicted: &Tensor, truth: &[f64], train: &[f64]) -> Result<Self> {
        let values: Vec<f64> = predicted.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
        let width = values.len() / truth.len().max(1);
        ensure!(
            width > 0 && width * truth.len() == values.len(),
            "{} predictions for {} samples",
            values.len(),
            truth.len()
        );
        match goal {
            Goal::Number { .. } => {
                let mean = train.iter().sum::<f64>() / train.len().max(1) as f64;
                let guess = truth.iter().map(|value| (value - mean).abs()).sum::<f64>() / truth.len() as f64;
                Ok(Self::Number(Errors { truth: truth.into(), predicted: values, guess }))
            }
            Goal::Classes(classes) => {
                let mut counts = vec![vec![0; classes.len()]; classes.len()];
                for (row, truth) in values.chunks(width).zip(truth) {
                    let class = match row {
                        [probability] => usize::from(*probability > 0.5),
                        _ => (0..width).fold(0, |best, class| if row[class] > row[best] { class } else { best }),
                    };
                    counts[*truth as usize][class] += 1;
                }
                let share = |class: usize| train.iter().filter(|truth| **truth as usize == class).count();
                let most = (0..classes.len()).max_by_key(|class| share(*class)).unwrap_or(0);
                let guess = truth.iter().filter(|truth| **truth as usize == most).count() as f64 / truth.len() as f64;
                Ok(Self::Classes(Confusion { classes: classes.clone(), counts, guess }))
            }
        }
    }

    /// Names and values, the most important first.
    pub(super) fn list(&self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Classes(confusion) => vec![
                ("accuracy", confusion.accuracy()),
                ("accuracy of the most frequent class", confusion.guess),
                ("mean F1 score of the classes", confusion.mean_f1()),
            ],
            Self::Number(errors) => vec![
                ("mean absolute error", errors.mean(f64::abs)),
                ("mean absolute error of the mean", errors.guess),
                ("root of the mean squared error", errors.mean(|error| error * error).sqrt()),
                ("R2, the share of the variance that is explained", errors.r2()),
            ],
        }
    }

    pub(super) fn text(&self) -> String {
        let lines = self.list().into_iter().map(|(name, value)| format!("{name}: {}", shown(value)));
        "on the data for validation:\n".to_string() + &lines.collect::<Vec<_>>().join("\n")
    }
}

/// Four digits.
pub(super) fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => format!("{value:.0}"),
        middle if middle >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

impl Confusion {
    fn accuracy(&self) -> f64 {
        let right: usize = (0..self.classes.len()).map(|class| self.counts[class][class]).sum();
        right as f64 / self.counts.iter().flatten().sum::<usize>().max(1) as f64
    }

    /// The precision, the recall and their harmonic mean, and the number of samples of a class.
    pub(super) fn of_class(&self, class: usize) -> (f64, f64, f64, usize) {
        let right = self.counts[class][class] as f64;
        let actual: usize = self.counts[class].iter().sum();
        let predicted: usize = self.counts.iter().map(|row| row[class]).sum();
        let share = |all: usize| if all == 0 { 0.0 } else { right / all as f64 };
        let (precision, recall) = (share(predicted), share(actual));
        let f1 = if right == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        (precision, recall, f1, actual)
    }

    fn mean_f1(&self) -> f64 {
        (0..self.classes.len()).map(|class| self.of_class(class).2).sum::<f64>() / self.classes.len().max(1) as f64
    }
}

impl Errors {
    fn mean(&self, of: impl Fn(f64) -> f64) -> f64 {
        let errors = self.truth.iter().zip(&self.predicted).map(|(truth, predicted)| of(predicted - truth));
        errors.sum::<f64>() / self.truth.len() as f64
    }

    fn r2(&self) -> f64 {
        let mean = self.truth.iter().sum::<f64>() / self.truth.len() as f64;
        let variance = self.truth.iter().map(|truth| (truth - mean).powi(2)).sum::<f64>() / self.truth.len() as f64;
        1.0 - self.mean(|error| error * error) / variance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    #[test]
    fn classes_are_counted() {
        let goal = Goal::Classes(["a", "b", "c"].map(String::from).into());
        let rows = [[0.8f32, 0.1, 0.1], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.1, 0.2, 0.7]];
        let predicted = Tensor::new(&rows, &Device::Cpu).unwrap();
        let scores = Scores::of(&goal, &predicted, &[0., 1., 1., 2.], &[1., 1., 0.]).unwrap();
        let Scores::Classes(confusion) = &scores else { panic!() };
        assert_eq!(confusion.counts, [[1, 0, 0], [1, 1, 0], [0, 0, 1]]);
        assert_eq!(confusion.of_class(1), (1.0, 0.5, 2.0 / 3.0, 2));
        assert_eq!(scores.list()[..2].iter().map(|(_, value)| *value).collect::<Vec<_>>(), [0.75, 0.5]);
        let pair = Goal::Classes(["a", "b"].map(String::from).into());
        let predicted = Tensor::new(&[[0.2f32], [0.7]], &Device::Cpu).unwrap();
        let Ok(Scores::Classes(confusion)) = Scores::of(&pair, &predicted, &[0., 0.], &[0.]) else { panic!() };
        assert_eq!(confusion.counts, [[1, 1], [0, 0]]);
        assert!(Scores::of(&pair, &predicted, &[0., 0., 1.], &[0.]).is_err());
    }

    #[test]
    fn errors_are_compared_with_the_mean() {
        let goal = Goal::Number { mean: 0.0, deviation: 1.0 };
        let predicted = Tensor::new(&[[2f32], [4.]], &Device::Cpu).unwrap();
        let scores = Scores::of(&goal, &predicted, &[1., 5.], &[2., 2.]).unwrap();
        let values: Vec<f64> = scores.list().into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, [1.0, 2.0, 1.0, 0.75]);
        assert!(scores.text().contains("mean absolute error: 1.00"));
    }
}
