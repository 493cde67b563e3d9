//! Hierarchical softmax: a right answer is a path down the tree, a yes or no at each inner node.

use super::{CachedRows, Kernel, OUTPUTS, Paths};
use candle_keras_ops::SharedRows;

/// For one thread.
pub(crate) struct Tree<'a> {
    paths: &'a Paths,
    held: CachedRows<'a>,
}

impl<'a> Tree<'a> {
    /// A tree, and the output rows of its inner nodes.
    pub(crate) fn new((paths, rows): &'a (Paths, SharedRows)) -> Self {
        Self { paths, held: CachedRows::new(rows, None, OUTPUTS) }
    }

    /// Trains input rows to answer with a leaf.
    #[inline]
    pub(crate) fn answer(
        &mut self,
        kernel: &mut Kernel,
        (inputs, slots): (&mut [f32], &[usize]),
        leaf: u32,
        alpha: f32,
    ) {
        let (nodes, labels) = self.paths.of(leaf as usize);
        let stride = self.held.table().stride();
        for (nodes, labels) in nodes.chunks(OUTPUTS).zip(labels.chunks(OUTPUTS)) {
            nodes.iter().enumerate().for_each(|(place, &node)| self.held.read(place, node));
            let outputs = &mut self.held.rows()[..nodes.len() * stride];
            kernel.step((inputs, slots), (outputs, labels), stride, alpha);
            nodes.iter().enumerate().for_each(|(place, &node)| self.held.write_back(place, node));
        }
    }
}
