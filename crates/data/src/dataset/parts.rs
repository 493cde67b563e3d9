//! Parts and combinations of datasets: take, skip, filter, repeat, zip, concatenate.

use super::batched::skipped;
use super::{Batch, Cardinality, Dataset, Elements, Names, Source, TextArrays, failed};
use candle_keras_ops::random::{self, Stream};
use candle_keras_ops::{Error, Result};
use std::sync::Arc;

/// A range of elements.
pub(super) struct Part {
    elements: Dataset,
    first: usize,
    most: Option<usize>,
}

impl Part {
    pub(super) fn new(elements: &Dataset, first: usize, most: Option<usize>) -> Self {
        Self { elements: elements.clone(), first, most }
    }
}

impl Source for Part {
    fn elements(&self, random: &Stream, from: usize) -> Result<Elements> {
        let elements = self.elements.elements(random, self.first.saturating_add(from))?;
        Ok(match self.most {
            Some(most) => Box::new(elements.take(most.saturating_sub(from))),
            None => elements,
        })
    }

    fn cardinality(&self) -> Cardinality {
        match (self.elements.cardinality(), self.most) {
            (Cardinality::Infinite, Some(most)) => Cardinality::Finite(most),
            (all, most) => all.map(|all| all.saturating_sub(self.first).min(most.unwrap_or(usize::MAX))),
        }
    }

    fn in_order(&self, order: Vec<u32>) -> Option<Dataset> {
        let first = u32::try_from(self.first).ok()?;
        self.elements.in_order(order.into_iter().map(|i| first.checked_add(i)).collect::<Option<_>>()?)
    }
}

type Keep = dyn Fn(&Batch) -> Result<bool> + Send + Sync;

/// The elements for which a predicate is true.
pub(super) struct Filter {
    elements: Dataset,
    keep: Arc<Keep>,
}

impl Filter {
    pub(super) fn new(elements: &Dataset, keep: impl Fn(&Batch) -> Result<bool> + Send + Sync + 'static) -> Self {
        Self { elements: elements.clone(), keep: Arc::new(keep) }
    }
}

impl Source for Filter {
    fn elements(&self, pass: &Stream, from: usize) -> Result<Elements> {
        let (keep, random) = (self.keep.clone(), pass.child(0));
        let keep = move |i: usize, element: &Batch| random::with_stream(random.child(i as u64), || keep(element));
        let elements = self.elements.elements(&pass.child(1), 0)?.enumerate();
        let kept = elements.filter_map(move |(i, element)| match element.and_then(|e| Ok((keep(i, &e)?, e))) {
            Ok((keep, element)) => keep.then_some(Ok(element)),
            Err(error) => Some(Err(error)),
        });
        Ok(skipped(Ok(Box::new(kept)), from))
    }

    fn cardinality(&self) -> Cardinality {
        match self.elements.cardinality() {
            Cardinality::Infinite => Cardinality::Infinite,
            _ => Cardinality::Unknown,
        }
    }
}

/// The elements repeated.
pub(super) struct Repeat {
    elements: Dataset,
    times: Option<usize>,
}

impl Repeat {
    pub(super) fn new(elements: &Dataset, times: Option<usize>) -> Self {
        Self { elements: elements.clone(), times }
    }
}

impl Source for Repeat {
    fn elements(&self, random: &Stream, from: usize) -> Result<Elements> {
        let (dataset, random) = (self.elements.clone(), random.clone());
        let times = self.times.unwrap_or(usize::MAX);
        // Whole passes of known length are skipped without reading them.
        let (first, from) = match self.elements.cardinality().count() {
            Some(0) => (times, 0),
            Some(count) => (from / count, from % count),
            None => (0, from),
        };
        let mut left_out = from;
        let mut empty = false;
        let passes = (first..times).map_while(move |pass| {
            if empty {
                return None;
            }
            let mut elements = match dataset.elements(&random.child(pass as u64), 0) {
                Ok(elements) => elements.peekable(),
                Err(error) => return Some(failed(error)),
            };
            // An empty dataset would be an infinite loop.
            empty = elements.peek().is_none();
            while left_out > 0 && elements.next().is_some() {
                left_out -= 1;
            }
            Some(Box::new(elements) as Elements)
        });
        Ok(Box::new(passes.flatten()))
    }

    fn cardinality(&self) -> Cardinality {
        match (self.elements.cardinality(), self.times) {
            (Cardinality::Finite(0), _) | (_, Some(0)) => Cardinality::Finite(0),
            (_, None) => Cardinality::Infinite,
            (count, Some(times)) => count.map(|count| count.saturating_mul(times)),
        }
    }
}

/// The inputs of one dataset with the targets of another.
pub(super) struct Zip {
    inputs: Dataset,
    targets: Dataset,
}

impl Zip {
    pub(super) fn new(inputs: &Dataset, targets: &Dataset) -> Self {
        Self { inputs: inputs.clone(), targets: targets.clone() }
    }
}

impl Source for Zip {
    fn elements(&self, random: &Stream, from: usize) -> Result<Elements> {
        let inputs = self.inputs.elements(&random.child(0), from)?;
        let targets = self.targets.elements(&random.child(1), from)?;
        Ok(Box::new(inputs.zip(targets).map(|(inputs, targets)| {
            let (inputs, targets) = (inputs?, targets?);
            if !inputs.y.is_empty() || !targets.y.is_empty() {
                return Err(Error::new(
                    "zip puts inputs and targets together, but these elements have targets already",
                )
                .help("zip datasets of inputs alone"));
            }
            let names = Names { x: inputs.names.x, y: targets.names.x, sample_weight: targets.names.sample_weight };
            let text = TextArrays { x: inputs.text.x, y: targets.text.x };
            Ok(Batch { x: inputs.x, y: targets.x, sample_weight: targets.sample_weight, names, text })
        })))
    }

    fn cardinality(&self) -> Cardinality {
        match (self.inputs.cardinality(), self.targets.cardinality()) {
            (Cardinality::Finite(a), Cardinality::Finite(b)) => Cardinality::Finite(a.min(b)),
            (Cardinality::Infinite, other) | (other, Cardinality::Infinite) => other,
            _ => Cardinality::Unknown,
        }
    }
}

/// One dataset after another.
pub(super) struct Concatenate {
    first: Dataset,
    second: Dataset,
}

impl Concatenate {
    pub(super) fn new(first: &Dataset, second: &Dataset) -> Self {
        Self { first: first.clone(), second: second.clone() }
    }
}

impl Source for Concatenate {
    fn elements(&self, random: &Stream, from: usize) -> Result<Elements> {
        let (second, random_2) = (self.second.clone(), random.child(1));
        let (first, from) = match self.first.cardinality().count() {
            Some(count) if from >= count => return second.elements(&random_2, from - count),
            Some(_) => (self.first.elements(&random.child(0), from)?, 0),
            None => (self.first.elements(&random.child(0), 0)?, from),
        };
        // The second one starts when the first one has ended.
        let mut second = Some(move || second.elements(&random_2, 0).unwrap_or_else(failed));
        let behind = std::iter::from_fn(move || second.take().map(|begin| begin())).flatten();
        Ok(skipped(Ok(Box::new(first.chain(behind))), from))
    }

    fn cardinality(&self) -> Cardinality {
        match (self.first.cardinality(), self.second.cardinality()) {
            (Cardinality::Finite(a), Cardinality::Finite(b)) => Cardinality::Finite(a.saturating_add(b)),
            (Cardinality::Infinite, _) | (_, Cardinality::Infinite) => Cardinality::Infinite,
            _ => Cardinality::Unknown,
        }
    }
}
