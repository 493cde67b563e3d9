//! StackedRNNCells: several cells as one. Keras: `keras.layers.StackedRNNCells`.

use super::rnn_cell::{Cell, RnnCell};
use crate::call::CallArguments;
use crate::naming::AutoName;
use crate::{Build, Context, Described, Layer, Shape, to_snake_case};
use candle_core::Tensor;
use candle_keras_ops::{Error, Result};
use std::collections::HashMap;
use std::sync::Arc;

layer! {
    /// Cells on top of each other, for [`RNN`](crate::RNN): each takes the output of the one before. The state is that of all cells, in
    /// order.
    ///
    /// Cells are run step by step; a stack of layers with one cell each computes the same several times faster.
    ///
    /// Keras: `keras.layers.StackedRNNCells`.
    ///
    /// # Shapes
    /// - inputs: a step, and the states of all cells; outputs: the output of the last cell, and all new states
    pub struct StackedRNNCells(
        /// The cells, the first one first.
        cells: Vec<Cell>,
    ) {}
}

impl StackedRNNCells {
    /// The cells, each with the shape of the step that comes to it.
    fn each(&self, step: &Shape) -> Result<Vec<(Arc<dyn RnnCell>, Shape)>> {
        if self.cells.is_empty() {
            return Err(Error::new("there are no cells").help("StackedRNNCells::new([LSTMCell::new(8).into()])"));
        }
        let mut step = step.clone();
        let mut each = Vec::new();
        for cell in &self.cells {
            let cell = cell.shared()?;
            let inputs = [vec![step.clone()], cell.state_shapes(&step)?].concat();
            let mut outputs = cell.compute_output_shape(&inputs)?;
            each.push((cell, step));
            step = outputs.swap_remove(0);
        }
        Ok(each)
    }
}

impl Layer for StackedRNNCells {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        let step = inputs.first().cloned().unwrap_or_default();
        let each = self.each(&step)?;
        let Some((last, before)) = each.last() else { return Ok(Vec::new()) };
        let output =
            last.compute_output_shape(&[vec![before.clone()], last.state_shapes(before)?].concat())?.swap_remove(0);
        Ok([vec![output], self.state_shapes(&step)?].concat())
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let mut counts = HashMap::new();
        for (cell, step) in self.each(inputs.first().unwrap_or(&Shape::default()))? {
            // Keras numbers the elements of a list by their classes.
            let class = to_snake_case(cell.class_name());
            let count = counts.entry(class.clone()).and_modify(|count| *count += 1).or_insert(0);
            let name = if *count == 0 { format!("cells/{class}") } else { format!("cells/{class}_{count}") };
            build.add_layer(&name, cell as Arc<dyn Layer>, &[step])?;
        }
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let [x, states @ ..] = inputs else { return Err(Error::new("a cell runs on a step and its states")) };
        let (mut x, mut states, mut new) = (x.clone(), states.iter(), Vec::new());
        for (cell, step) in self.each(&x.dims().into())? {
            let count = cell.state_shapes(&step)?.len();
            let inputs: Vec<_> = std::iter::once(x.clone()).chain(states.by_ref().take(count).cloned()).collect();
            let mut outputs = ctx.run_multiple(&*cell, &inputs, CallArguments::new())?;
            x = outputs.remove(0);
            new.extend(outputs);
        }
        Ok(std::iter::once(x).chain(new).collect())
    }
}

impl RnnCell for StackedRNNCells {
    fn with_fresh_cells(&self) -> Option<Arc<dyn RnnCell>> {
        let fresh = |cell: &Cell| cell.get().map_or_else(|_| cell.clone(), |cell| Cell::of(cell.with_fresh_weights()));
        let base = self.base.another(AutoName::new(self.class_name()).name());
        Some(Arc::new(Self { base, cells: self.cells.iter().map(fresh).collect() }))
    }

    fn state_shapes(&self, step: &Shape) -> Result<Vec<Shape>> {
        let states = self.each(step)?.iter().map(|(cell, step)| cell.state_shapes(step)).collect::<Result<Vec<_>>>()?;
        Ok(states.concat())
    }
}
