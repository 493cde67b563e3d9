//! Datasets from functions: of the index of an element, or that create an iterator.

use super::batched::skipped;
use super::{Batch, Cardinality, Dataset, Elements, IntoBatch, Source};
use candle_keras_ops::Result;
use candle_keras_ops::random::{self, Stream};
use std::sync::Arc;

/// The results of a function of indices.
pub(super) struct Indexed {
    element: Arc<dyn Fn(usize) -> Result<Batch> + Send + Sync>,
    count: usize,
    order: Option<Arc<Vec<u32>>>,
}

impl Indexed {
    pub(super) fn new(count: usize, element: impl Fn(usize) -> Result<Batch> + Send + Sync + 'static) -> Self {
        Self { element: Arc::new(element), count, order: None }
    }
}

impl Source for Indexed {
    fn elements(&self, pass: &Stream, from: usize) -> Result<Elements> {
        let (element, order, pass) = (self.element.clone(), self.order.clone(), pass.clone());
        Ok(Box::new((from..self.count).map(move |i| {
            let index = order.as_ref().map_or(i, |order| order[i] as usize);
            random::with_stream(pass.child(i as u64), || element(index))
        })))
    }

    fn cardinality(&self) -> Cardinality {
        Cardinality::Finite(self.count)
    }

    fn in_order(&self, order: Vec<u32>) -> Option<Dataset> {
        let order: Vec<u32> = match &self.order {
            None => order,
            Some(places) => order.iter().map(|&i| places[i as usize]).collect(),
        };
        Some(Dataset::new(Self { element: self.element.clone(), count: order.len(), order: Some(Arc::new(order)) }))
    }
}

/// The items of an iterator that is created for each pass.
pub(super) struct Generator {
    begin: Box<dyn Fn() -> Elements + Send + Sync>,
}

impl Generator {
    pub(super) fn new<I>(generator: impl Fn() -> I + Send + Sync + 'static) -> Self
    where
        I: IntoIterator<Item: IntoBatch + 'static>,
        I::IntoIter: Send + 'static,
    {
        Self { begin: Box::new(move || Box::new(generator().into_iter().map(IntoBatch::into_batch))) }
    }
}

impl Source for Generator {
    fn elements(&self, pass: &Stream, from: usize) -> Result<Elements> {
        let mut items = random::with_stream(pass.child(0), || (self.begin)());
        let random = pass.child(1);
        let bound = (0..).map_while(move |i| random::with_stream(random.child(i), || items.next()));
        Ok(skipped(Ok(Box::new(bound)), from))
    }
}
