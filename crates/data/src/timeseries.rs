//! Windows of a time series. Keras: `keras.utils.timeseries_dataset_from_array`.

use crate::{Array, Batch, Batching, Cardinality, Dataset, Elements, Shuffle, Source, TextArrays, ToArrays, ToTensor};
use candle_core::{Device, Tensor};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result};
use std::sync::Arc;

/// The keyword arguments of [`timeseries_dataset_from_array`], with Keras's defaults.
#[derive(Debug, Clone)]
#[must_use]
pub struct Timeseries {
    sequence_stride: usize,
    sampling_rate: usize,
    batch_size: Option<usize>,
    shuffle: bool,
    seed: Option<u64>,
    start_index: usize,
    end_index: Option<usize>,
}

impl Default for Timeseries {
    fn default() -> Self {
        Self {
            sequence_stride: 1,
            sampling_rate: 1,
            batch_size: Some(128),
            shuffle: false,
            seed: None,
            start_index: 0,
            end_index: None,
        }
    }
}

impl Timeseries {
    /// Keras's defaults: a window at each step, of successive steps, in batches of 128.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of steps from the start of a window to that of the next. Default: 1.
    pub fn sequence_stride(mut self, steps: usize) -> Self {
        self.sequence_stride = steps;
        self
    }

    /// The number of steps from one element of a window to the next. Default: 1.
    pub fn sampling_rate(mut self, steps: usize) -> Self {
        self.sampling_rate = steps;
        self
    }

    /// The number of windows of a batch, 128 by default; `None`: the windows one by one.
    pub fn batch_size(mut self, size: impl Into<Option<usize>>) -> Self {
        self.batch_size = size.into();
        self
    }

    /// Whether the windows come in random order, another one in each pass. Default: false.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// The seed of the order.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The steps before this one are left out, of which targets begin with the first window too.
    pub fn start_index(mut self, step: usize) -> Self {
        self.start_index = step;
        self
    }

    /// This step and those after it are left out.
    pub fn end_index(mut self, step: usize) -> Self {
        self.end_index = Some(step);
        self
    }
}

/// Windows of `sequence_length` steps over a series, with the target at the start of each: targets that are the series from step
/// `sequence_length` on are the steps after the windows. Keras: the function of the same name.
///
/// ```
/// use candle_keras_data::{Timeseries, timeseries_dataset_from_array};
/// let series: Vec<f32> = (0..10).map(|step| step as f32).collect();
/// let dataset = timeseries_dataset_from_array(&series, &series[3..], 3, Timeseries::new())?;
/// let batch = dataset.iter()?.next().expect("one batch")?;
/// assert_eq!(batch.x[0].to_vec2::<f32>()?[..2], [[0., 1., 2.], [1., 2., 3.]]);
/// assert_eq!(batch.y[0].to_vec1::<f32>()?, [3., 4., 5., 6., 7., 8., 9.]);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Shapes
/// - `data`: `(steps, ...)`
/// - `targets`: `(steps, ...)`, or `()` for none
/// - a batch: `(windows, sequence_length, ...)` and `(windows, ...)`
///
/// The windows are gathered when their batch is read: the series is in memory once.
///
/// # Errors
/// If the series is too short, or an argument is invalid.
pub fn timeseries_dataset_from_array(
    data: impl ToTensor,
    targets: impl ToArrays,
    sequence_length: usize,
    arguments: Timeseries,
) -> Result<Dataset> {
    let data = data.to_tensor()?;
    let (targets, text) = Array::apart(targets.to_arrays()?);
    let steps = data.dims().first().copied().unwrap_or(0);
    let end = arguments.end_index.unwrap_or(steps);
    let Timeseries { sequence_stride, sampling_rate, start_index, .. } = arguments;
    let invalid = |what: &str, expected: String, received: usize| {
        Error::new(format!("timeseries_dataset_from_array: {what}")).expected(expected).received(received.to_string())
    };
    for (what, value) in [
        ("sequence_length must be positive", sequence_length),
        ("sequence_stride must be positive", sequence_stride),
        ("sampling_rate must be positive", sampling_rate),
    ] {
        if value == 0 {
            return Err(invalid(what, "at least 1".into(), value));
        }
    }
    if end > steps {
        return Err(invalid("end_index is beyond the series", format!("at most {steps}"), end));
    }
    if start_index >= end {
        return Err(invalid("start_index is beyond the end", format!("less than {end}"), start_index));
    }
    let mut targets = targets.into_iter();
    let target = targets.next();
    if targets.next().is_some() {
        return Err(Error::new("timeseries_dataset_from_array takes one array of targets").received("several"));
    }
    let span = (sequence_length - 1).saturating_mul(sampling_rate);
    let mut windows = (end - start_index).saturating_sub(span);
    if let Some(target) = &target {
        windows = windows.min(target.dims().first().copied().unwrap_or(0).saturating_sub(start_index));
    }
    if windows == 0 {
        let expected = format!("at least {} steps, and a target", span.saturating_add(1));
        return Err(invalid("the series has no whole window", expected, end - start_index));
    }
    let starts = (0..windows).step_by(sequence_stride).map(|start| start_index + start);
    let starts: Option<Vec<u32>> = starts.map(|start| u32::try_from(start).ok()).collect();
    let starts =
        starts.ok_or_else(|| invalid("the series is too long", format!("at most {} steps", u32::MAX), steps))?;
    let count = starts.len();
    let text = TextArrays { x: Vec::new(), y: text };
    let source = Windows { data, target, text, starts: starts.into(), length: sequence_length, rate: sampling_rate };
    let dataset = match (arguments.shuffle, arguments.seed) {
        (false, _) => Dataset::new(source),
        (true, None) => Dataset::new(source).shuffle(count),
        (true, Some(seed)) => Dataset::new(source).shuffle(Shuffle::new(count).seed(seed)),
    };
    Ok(arguments.batch_size.map_or(dataset.clone(), |size| dataset.batch(size)))
}

#[derive(Clone)]
struct Windows {
    data: Tensor,
    target: Option<Tensor>,
    text: TextArrays,
    starts: Arc<[u32]>,
    length: usize,
    rate: usize,
}

impl Windows {
    /// Some windows, in a batch.
    fn gather(&self, range: std::ops::Range<usize>) -> Result<Batch> {
        let starts = &self.starts[range];
        let steps = starts.iter().flat_map(|start| (0..self.length).map(move |i| start + (i * self.rate) as u32));
        let steps = Tensor::from_vec(steps.collect::<Vec<u32>>(), starts.len() * self.length, &Device::Cpu)?;
        let shape = [&[starts.len(), self.length], &self.data.dims()[1..]].concat();
        let x = self.data.index_select(&steps.to_device(self.data.device())?, 0)?.reshape(shape)?;
        let target =
            |target: &Tensor| -> Result<Tensor> { Ok(target.index_select(&Tensor::new(starts, target.device())?, 0)?) };
        let y = self.target.iter().map(target).collect::<Result<_>>()?;
        Ok(Batch { x: vec![x], y, text: self.text.clone(), ..Batch::default() })
    }
}

impl Source for Windows {
    fn elements(&self, _: &Stream, from: usize) -> Result<Elements> {
        let windows = self.clone();
        let window = move |i| windows.gather(i..i + 1)?.map(|array| Ok(array.squeeze(0)?));
        Ok(Box::new((from..self.starts.len()).map(window)))
    }

    fn cardinality(&self) -> Cardinality {
        Cardinality::Finite(self.starts.len())
    }

    fn batches(&self, random: &Stream, batching: Batching, from: usize) -> Result<Elements> {
        if batching.padded || batching.size == 0 {
            return batching.stacked(self.elements(random, from.saturating_mul(batching.size))?);
        }
        let (windows, size) = (self.clone(), batching.size);
        let batch = move |i: usize| windows.gather(i * size..((i + 1) * size).min(windows.starts.len()));
        Ok(Box::new((from..batching.count(self.starts.len())).map(batch)))
    }

    fn in_order(&self, order: Vec<u32>) -> Option<Dataset> {
        let starts = order.iter().map(|&i| self.starts[i as usize]).collect();
        Some(Dataset::new(Self { starts, ..self.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::DType;
    use serde_json::Value;

    fn numbers(value: &Value) -> Vec<f32> {
        match value {
            Value::Array(items) => items.iter().flat_map(numbers).collect(),
            number => vec![number.as_f64().unwrap() as f32],
        }
    }

    fn flat(tensor: &Tensor) -> Vec<f32> {
        tensor.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    /// tools/keras_folders.py has the same series.
    #[test]
    fn windows_are_those_of_keras() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/keras/folders/timeseries.json");
        let cases: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let series = Tensor::arange(0f32, 60., &Device::Cpu).unwrap().reshape((30, 2)).unwrap();
        let targets: Vec<i64> = (0..30).map(|i| 100 + i).collect();
        for case in cases.as_array().unwrap() {
            let given = |name: &str| case["arguments"][name].as_u64().map(|number| number as usize);
            let mut arguments = Timeseries::new();
            for (name, set) in [
                ("sequence_stride", Timeseries::sequence_stride as fn(Timeseries, usize) -> Timeseries),
                ("sampling_rate", Timeseries::sampling_rate),
                ("start_index", Timeseries::start_index),
                ("end_index", Timeseries::end_index),
                ("batch_size", |arguments, size| arguments.batch_size(size)),
            ] {
                arguments = given(name).map_or(arguments.clone(), |value| set(arguments, value));
            }
            let (length, with) = (given("sequence_length").unwrap(), case["targets"].as_u64());
            let dataset = match with {
                Some(count) => timeseries_dataset_from_array(&series, &targets[..count as usize], length, arguments),
                None => timeseries_dataset_from_array(&series, (), length, arguments),
            };
            let batches: Vec<Batch> = dataset.unwrap().iter().unwrap().collect::<Result<_>>().unwrap();
            assert_eq!(batches.len(), case["x"].as_array().unwrap().len(), "{}", case["arguments"]);
            for (i, batch) in batches.iter().enumerate() {
                assert_eq!(flat(&batch.x[0]), numbers(&case["x"][i]), "{}", case["arguments"]);
                let y = batch.y.first().map(flat);
                assert_eq!(y, case["y"].get(i).map(numbers), "{}", case["arguments"]);
            }
        }
    }

    #[test]
    fn shuffled_windows_are_each_there_once() {
        let series: Vec<f32> = (0..50).map(|i| i as f32).collect();
        let arguments = Timeseries::new().shuffle(true).seed(1).batch_size(7);
        let dataset = timeseries_dataset_from_array(&series, &series, 4, arguments).unwrap();
        let pass = || -> Vec<f32> { dataset.iter().unwrap().flat_map(|batch| flat(&batch.unwrap().y[0])).collect() };
        let (first, mut sorted) = (pass(), pass());
        assert_ne!(first, sorted);
        sorted.sort_by(f32::total_cmp);
        assert_eq!(sorted, series[..47]);
        for batch in dataset.iter().unwrap() {
            let batch = batch.unwrap();
            assert_eq!(flat(&batch.x[0].narrow(1, 0, 1).unwrap()), flat(&batch.y[0]));
        }
    }

    #[test]
    fn what_has_no_window_is_an_error() {
        let series = vec![0f32; 10];
        let error =
            |length, arguments| timeseries_dataset_from_array(&series, (), length, arguments).unwrap_err().to_string();
        let new = Timeseries::new;
        assert!(error(0, new()).contains("sequence_length"));
        assert!(error(11, new()).contains("at least 11 steps"));
        assert!(error(usize::MAX, new().sampling_rate(2)).contains("no whole window"));
        assert!(error(2, new().sequence_stride(0)).contains("sequence_stride"));
        assert!(error(2, new().sampling_rate(0)).contains("sampling_rate"));
        assert!(error(2, new().end_index(11)).contains("at most 10"));
        assert!(error(2, new().start_index(10)).contains("less than 10"));
        assert!(timeseries_dataset_from_array(&series, vec![0f32; 0], 2, new()).is_err());
        let zero = timeseries_dataset_from_array(&series, (), 2, new().batch_size(0)).unwrap().iter();
        assert!(zero.is_err() || zero.unwrap().next().unwrap().is_err());
    }
}
