//! Connectionist temporal classification: the probability of a sequence of labels, whose places among the steps are not known, and the most
//! probable sequences. On the host, in f64.

use crate::tape::{Value, record};
use crate::{cores, lengths};
use candle_core::{DType, Device, Result, Tensor, bail};
use std::collections::BTreeMap;

/// The logarithm of the probability of what cannot be. Keras's as well: a loss of labels that do not fit their steps is finite.
const IMPOSSIBLE: f64 = -1e5;

/// `ln(exp(a) + exp(b))`.
fn log_add(a: f64, b: f64) -> f64 {
    let largest = a.max(b);
    if largest.is_finite() { largest + (-(a - b).abs()).exp().ln_1p() } else { largest }
}

/// The numbers of a tensor on the host.
pub(crate) fn whole(x: &Tensor) -> Result<Vec<i64>> {
    x.detach().contiguous()?.flatten_all()?.to_dtype(DType::I64)?.to_vec1()
}

/// Labels and steps of one sample.
struct Sample<'a> {
    labels: Vec<usize>,
    /// The logarithms of the probabilities of the classes at each step.
    steps: Vec<&'a [f64]>,
    blank: usize,
}

/// After each step, the logarithms of the probabilities that it ends in the blank before the n-th label (and the last one behind all), and in
/// the n-th label.
#[derive(Clone)]
struct State {
    blanks: Vec<f64>,
    labels: Vec<f64>,
}

impl Sample<'_> {
    /// Whether the label after the n-th is the same: then there must be a blank between them.
    fn repeats(&self, n: usize) -> bool {
        self.labels.get(n + 1) == Some(&self.labels[n])
    }

    /// What a state has at the blank behind the n-th label if that may end without a step.
    fn closed(&self, state: &State, n: usize) -> f64 {
        let barrier = if self.repeats(n) { IMPOSSIBLE } else { 0.0 };
        log_add(state.blanks[n + 1], state.labels[n] + barrier)
    }

    /// The states before each step and behind the last one.
    fn states(&self) -> Vec<State> {
        let count = self.labels.len();
        let mut blanks = vec![IMPOSSIBLE; count + 1];
        blanks[0] = 0.0;
        let mut states = vec![State { blanks, labels: vec![IMPOSSIBLE; count] }];
        for (i, step) in self.steps.iter().enumerate() {
            let before = &states[i];
            let mut next = before.clone();
            let mut closed = before.blanks[0];
            next.blanks[0] = closed + step[self.blank];
            for n in 0..count {
                next.labels[n] = log_add(closed, before.labels[n]) + step[self.labels[n]];
                closed = self.closed(before, n);
                let barrier = if self.repeats(n) { 0.0 } else { IMPOSSIBLE };
                next.blanks[n + 1] = log_add(closed, before.labels[n] + barrier) + step[self.blank];
            }
            states.push(next);
        }
        states
    }

    /// The loss, and its gradient with respect to the steps, one class after another.
    fn loss(&self, classes: usize) -> (f64, Vec<f64>) {
        let (states, count) = (self.states(), self.labels.len());
        let last = &states[self.steps.len()];
        let total = if count == 0 { last.blanks[0] } else { log_add(last.blanks[count], last.labels[count - 1]) };
        // The part that a term has of a sum of exponentials is its slope.
        let share = |term: f64, sum: f64| if sum.is_finite() { (term - sum).exp() } else { 0.0 };
        let (mut of_blanks, mut of_labels) = (vec![0.0; count + 1], vec![0.0; count]);
        of_blanks[count] = -share(last.blanks[count], total);
        if let Some(of_last) = of_labels.last_mut() {
            *of_last = -share(last.labels[count - 1], total);
        }
        let mut gradient = vec![0.0; self.steps.len() * classes];
        for (i, dx) in gradient.chunks_exact_mut(classes.max(1)).enumerate().rev() {
            let (before, step) = (&states[i], self.steps[i]);
            let (mut blanks_before, mut labels_before) = (vec![0.0; count + 1], vec![0.0; count]);
            let mut of_closed = vec![0.0; count + 1];
            dx[self.blank] += of_blanks[0];
            of_closed[0] += of_blanks[0];
            for n in 0..count {
                let closed = if n == 0 { before.blanks[0] } else { self.closed(before, n - 1) };
                dx[self.labels[n]] += of_labels[n];
                let sum = states[i + 1].labels[n] - step[self.labels[n]];
                of_closed[n] += of_labels[n] * share(closed, sum);
                labels_before[n] += of_labels[n] * share(before.labels[n], sum);
                let barrier = if self.repeats(n) { 0.0 } else { IMPOSSIBLE };
                dx[self.blank] += of_blanks[n + 1];
                let sum = states[i + 1].blanks[n + 1] - step[self.blank];
                of_closed[n + 1] += of_blanks[n + 1] * share(self.closed(before, n), sum);
                labels_before[n] += of_blanks[n + 1] * share(before.labels[n] + barrier, sum);
            }
            blanks_before[0] += of_closed[0];
            for n in 0..count {
                let (sum, barrier) = (self.closed(before, n), if self.repeats(n) { IMPOSSIBLE } else { 0.0 });
                blanks_before[n + 1] += of_closed[n + 1] * share(before.blanks[n + 1], sum);
                labels_before[n] += of_closed[n + 1] * share(before.labels[n] + barrier, sum);
            }
            (of_blanks, of_labels) = (blanks_before, labels_before);
        }
        (-total, gradient)
    }
}

/// The loss of each sample from the logarithms of probabilities, `(batch, steps, classes)`, and labels, `(batch, most labels)`.
///
/// # Errors
/// If a length or a label is out of range.
pub(crate) fn loss(log_probabilities: &Tensor, labels: &Tensor, lengths: [&Tensor; 2], blank: usize) -> Result<Tensor> {
    let (batch, steps, classes) = log_probabilities.dims3()?;
    let x: Vec<f64> = log_probabilities.detach().contiguous()?.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
    let (most, all) = (labels.dim(1)?, whole(labels)?);
    let [label_lengths, step_lengths] = [whole(lengths[0])?, whole(lengths[1])?];
    let mut samples = Vec::with_capacity(batch);
    for (i, (count, taken)) in label_lengths.into_iter().zip(step_lengths).enumerate() {
        let count = length(count, most, "labels")?;
        let labels = all[i * most..][..count].iter().map(|&label| class(label, classes)).collect::<Result<_>>()?;
        let count = length(taken, steps, "steps")?;
        let steps = x[i * steps * classes..].chunks_exact(classes).take(count).collect();
        samples.push(Sample { labels, steps, blank });
    }
    let (losses, gradients): (Vec<f64>, Vec<Vec<f64>>) =
        cores::map(samples, |sample| sample.loss(classes)).into_iter().unzip();
    let dtype = log_probabilities.dtype();
    let value =
        Tensor::from_vec(losses, batch, &Device::Cpu)?.to_dtype(dtype)?.to_device(log_probabilities.device())?;
    record("ctc_loss", &[log_probabilities], Value::Tensor(value), move |_, dy| {
        let factors: Vec<f64> = dy.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
        let mut dx = vec![0.0; batch * steps * classes];
        for ((dx, gradient), factor) in dx.chunks_exact_mut((steps * classes).max(1)).zip(&gradients).zip(factors) {
            dx.iter_mut().zip(gradient).for_each(|(dx, x)| *dx = x * factor);
        }
        let dx = Tensor::from_vec(dx, (batch, steps, classes), &Device::Cpu)?;
        Ok(vec![Some(dx.to_dtype(dtype)?.to_device(dy.device())?)])
    })
}

fn length(number: i64, most: usize, of: &str) -> Result<usize> {
    match usize::try_from(number) {
        Ok(number) if number <= most => Ok(number),
        _ => bail!("a sample of {number} {of}, where there are at most {most}"),
    }
}

fn class(label: i64, classes: usize) -> Result<usize> {
    match usize::try_from(label) {
        Ok(label) if label < classes => Ok(label),
        _ => bail!("the label {label} is none of {classes} classes"),
    }
}

/// How [`decode`] searches.
pub(crate) struct Search {
    /// The sequences that are kept at each step; the most probable class of each step if `None`.
    pub(crate) width: Option<usize>,
    /// How many sequences are returned.
    pub(crate) paths: usize,
    /// Whether equal labels of neighbouring steps are one: in a search by beams they always are.
    pub(crate) merge_repeated: bool,
    pub(crate) blank: usize,
}

/// The labels of the most probable sequences, `(paths, batch, steps)` with -1 behind the last, and the logarithms of their probabilities, `(batch, paths)`;
/// without a width the negative sum of the largest logits.
pub(crate) fn decode(x: &Tensor, step_lengths: &Tensor, search: &Search) -> Result<[Tensor; 2]> {
    let (batch, steps, classes) = x.dims3()?;
    let numbers: Vec<f64> = x.detach().contiguous()?.flatten_all()?.to_dtype(DType::F64)?.to_vec1()?;
    let counts =
        whole(step_lengths)?.into_iter().map(|count| length(count, steps, "steps")).collect::<Result<Vec<_>>>()?;
    let samples: Vec<(usize, usize)> = counts.into_iter().enumerate().collect();
    let found = cores::map(samples, |(i, count)| {
        let rows: Vec<&[f64]> = numbers[i * steps * classes..].chunks_exact(classes).take(steps).collect();
        match search.width {
            None => vec![greedy(&rows[..count], search)],
            Some(width) => beams(&rows, count, width, search),
        }
    });
    lengths::allocated(&[search.paths, batch, steps], DType::I64)?;
    let mut labels = vec![-1i64; search.paths * batch * steps];
    let mut scores = vec![f64::NEG_INFINITY; batch * search.paths];
    for (i, paths) in found.into_iter().enumerate() {
        for (rank, (path, score)) in paths.into_iter().take(search.paths).enumerate() {
            scores[i * search.paths + rank] = score;
            let place = &mut labels[(rank * batch + i) * steps..][..path.len()];
            place.iter_mut().zip(path).for_each(|(place, label)| *place = label as i64);
        }
    }
    let device = x.device();
    let labels = Tensor::from_vec(labels, (search.paths, batch, steps), &Device::Cpu)?.to_device(device)?;
    Ok([labels, Tensor::from_vec(scores, (batch, search.paths), &Device::Cpu)?.to_device(device)?])
}

fn greedy(rows: &[&[f64]], search: &Search) -> (Vec<usize>, f64) {
    let (mut path, mut sum, mut before) = (Vec::new(), 0.0, None);
    for row in rows {
        let best = (0..row.len()).reduce(|best, i| if row[i] > row[best] { i } else { best }).unwrap_or(search.blank);
        sum += row.get(best).copied().unwrap_or(0.0);
        if best != search.blank && !(search.merge_repeated && before == Some(best)) {
            path.push(best);
        }
        before = Some(best);
    }
    (path, -sum)
}

/// The logarithms of the probabilities of a path that ends in a label, and of one that ends in a blank.
type Ends = [f64; 2];

/// The most probable paths of `width` at each step. As in Keras, the first step is always taken; classes are in falling order in a path's key, so that of
/// equal ones the first comes first.
fn beams(rows: &[&[f64]], count: usize, width: usize, search: &Search) -> Vec<(Vec<usize>, f64)> {
    const NEVER: Ends = [f64::NEG_INFINITY; 2];
    let Some(classes) = rows.first().map(|row| row.len()) else { return Vec::new() };
    let normalized = |row: &[f64]| -> Vec<f64> {
        let sum = row.iter().copied().fold(f64::NEG_INFINITY, log_add);
        row.iter().rev().map(|x| x - sum).collect()
    };
    let blank = classes - 1 - search.blank;
    let total = |ends: &Ends| log_add(ends[0], ends[1]);
    // The most probable ones; of equally probable ones those with the larger key, which a stable sort leaves behind.
    let most_probable = |mut paths: Vec<(Vec<usize>, Ends)>| {
        paths.sort_by(|(_, a), (_, b)| total(a).total_cmp(&total(b)));
        paths.split_off(paths.len().saturating_sub(width))
    };
    let first = normalized(rows[0]);
    let start = |class: usize| match class == blank {
        true => (Vec::new(), [f64::NEG_INFINITY, first[class]]),
        false => (vec![class], [first[class], f64::NEG_INFINITY]),
    };
    let mut paths = most_probable((0..classes).map(start).collect());
    for row in rows.iter().take(count).skip(1) {
        let row = normalized(row);
        let mut next: BTreeMap<Vec<usize>, Ends> = BTreeMap::new();
        let mut add = |path: Vec<usize>, end: usize, score: f64| {
            let ends = next.entry(path).or_insert(NEVER);
            ends[end] = log_add(ends[end], score);
        };
        for (path, ends) in &paths {
            for (class, log_probability) in row.iter().enumerate() {
                let longer = || path.iter().copied().chain([class]).collect::<Vec<_>>();
                if class == blank {
                    add(path.clone(), 1, total(ends) + log_probability);
                } else if path.last() == Some(&class) {
                    add(path.clone(), 0, ends[0] + log_probability);
                    add(longer(), 0, ends[1] + log_probability);
                } else {
                    add(longer(), 0, total(ends) + log_probability);
                }
            }
        }
        paths = most_probable(next.into_iter().collect());
    }
    paths.sort_by(|(a, _), (b, _)| a.cmp(b));
    let paths = most_probable(paths);
    let real = |path: Vec<usize>| path.into_iter().map(|class| classes - 1 - class).collect();
    paths.into_iter().rev().map(|(path, ends)| (real(path), total(&ends))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::{ctc_decode, ctc_loss};
    use crate::gradcheck::{assert_gradients, values};

    fn ids(ids: &[&[i64]]) -> Tensor {
        Tensor::new(ids.iter().map(|row| row.to_vec()).collect::<Vec<_>>(), &Device::Cpu).unwrap()
    }

    fn row(ids: &[i64]) -> Tensor {
        Tensor::new(ids, &Device::Cpu).unwrap()
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let labels = ids(&[&[1, 2, 2], &[3, 3, 0], &[1, 0, 0], &[0, 0, 0]]);
        let (counts, steps) = (row(&[3, 2, 1, 0]), row(&[5, 4, 5, 3]));
        assert_gradients(&[values([4, 5, 4], 1)], |x| ctc_loss(&labels, &x[0], &counts, &steps, 0));
    }

    /// All ways of writing a sequence with blanks and repetitions, one by one.
    #[test]
    fn probabilities_are_those_of_all_alignments() {
        let x = values([1, 4, 3], 2);
        let p = crate::softmax(&x, -1).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let mut sums: BTreeMap<Vec<usize>, f64> = BTreeMap::new();
        for way in 0..81usize {
            let classes: Vec<usize> = (0..4u32).map(|step| way / 3usize.pow(step) % 3).collect();
            let mut merged = classes.clone();
            merged.dedup();
            merged.retain(|class| *class != 1);
            let product: f64 = classes.iter().enumerate().map(|(step, class)| p[step * 3 + class]).product();
            *sums.entry(merged).or_insert(0.0) += product;
        }
        let steps = row(&[4]);
        for labels in [&[0i64, 2][..], &[2, 2], &[0], &[0, 2, 0, 2]] {
            let loss = ctc_loss(&ids(&[labels]), &x, &row(&[labels.len() as i64]), &steps, 1).unwrap();
            let key: Vec<usize> = labels.iter().map(|&label| label as usize).collect();
            assert!((loss.to_vec1::<f64>().unwrap()[0] + sums[&key].ln()).abs() < 1e-12, "{labels:?}");
        }
        let mut best: Vec<_> = sums.into_iter().collect();
        best.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let [paths, scores] = ctc_decode(&x, &steps, "beam_search", 100, 3, true, 1).unwrap();
        for (rank, (path, p)) in best.into_iter().take(3).enumerate() {
            let found = paths.get(rank).unwrap().flatten_all().unwrap().to_vec1::<i32>().unwrap();
            let found: Vec<usize> = found.into_iter().filter_map(|label| usize::try_from(label).ok()).collect();
            assert_eq!(found, path);
            assert!((scores.get(0).unwrap().to_vec1::<f64>().unwrap()[rank] - p.ln()).abs() < 1e-12);
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let x = values([1, 2, 3], 1);
        let error = |labels: &[i64], count, steps, blank| {
            ctc_loss(&ids(&[labels]), &x, &row(&[count]), &row(&[steps]), blank).map(drop)
        };
        assert!(error(&[1, 2], 2, 2, 0).is_ok());
        assert!(error(&[1, 3], 2, 2, 0).unwrap_err().to_string().contains("the label 3 is none of 3 classes"));
        assert!(error(&[1, 2], 3, 2, 0).is_err() && error(&[1, 2], -1, 2, 0).is_err());
        assert!(error(&[1, 2], 2, 3, 0).is_err() && error(&[1, 2], 2, 2, 3).is_err());
        let decoded = |strategy: &str, width| ctc_decode(&x, &row(&[2]), strategy, width, 1, true, 0).map(drop);
        assert!(decoded("greedy", 100).is_ok() && decoded("beam_search", 0).is_err());
        assert!(decoded("beam", 100).unwrap_err().to_string().contains("beam_search"));
    }
}
