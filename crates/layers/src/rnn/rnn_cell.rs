//! Cells: one step of a recurrent layer. Keras: what `keras.layers.RNN` takes.

use crate::naming::AutoName;
use crate::object::{Kind, Named, own_object};
use crate::{Config, Context, Layer, Result, Shape, WithBase};
use candle_core::Tensor;
use std::sync::Arc;

/// One step of a recurrent layer: a layer that is called on `[x, state...]` and returns `[output, new state...]`.
///
/// [`RNN`](crate::RNN) runs it over a sequence, step by step. Our own cells run all steps as one op, which is several times faster.
///
/// ```
/// use candle_keras_layers::{Build, Context, Input, Layer, RNN, Result, RnnCell, Shape, Weight, layer};
/// use candle_core::Tensor;
///
/// layer! {
///     /// The state is a running sum, of which a learned part is kept.
///     pub struct LeakySum(
///         /// The number of features.
///         units: usize,
///     ) {}
/// }
///
/// impl Layer for LeakySum {
///     fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
///         Ok(vec![inputs[1].clone(), inputs[1].clone()])
///     }
///
///     fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
///         build.add_weight(Weight::new("keep", [self.units], &"ones".into()));
///         Ok(())
///     }
///
///     fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
///         let sum = (&inputs[0] + inputs[1].broadcast_mul(&self.weight("keep", ctx)?)?)?;
///         Ok(vec![sum.clone(), sum])
///     }
/// }
///
/// impl RnnCell for LeakySum {
///     fn state_shapes(&self, step: &Shape) -> Result<Vec<Shape>> {
///         Ok(vec![[step[0], Some(self.units)].into()])
///     }
/// }
///
/// let sums = RNN::new(LeakySum::new(3)).return_sequences(true).call(&Input::shape([10, 3]));
/// assert_eq!(sums.shape()?.to_string(), "(None, 10, 3)");
/// # Ok::<(), candle_keras_layers::Error>(())
/// ```
pub trait RnnCell: Layer + WithFreshWeights {
    /// The shapes of the states for a step of this shape, both with the batch size in front. Keras: `cell.state_size`.
    fn state_shapes(&self, step: &Shape) -> Result<Vec<Shape>>;

    /// A copy with other weights, of a cell with cells inside: a copy of its arguments would share them.
    fn with_fresh_cells(&self) -> Option<Arc<dyn RnnCell>> {
        None
    }

    /// All steps as one op, if the cell has one.
    fn run_sequence(&self, sequence: &Sequence, ctx: &mut Context) -> Result<Option<SequenceOutputs>> {
        let _ = (sequence, ctx);
        Ok(None)
    }
}

/// A copy with weights of its own; every clonable cell has it.
pub trait WithFreshWeights {
    /// The new cell, with an automatic name.
    fn with_fresh_weights(&self) -> Arc<dyn RnnCell>;
}

impl<C: RnnCell + WithBase> WithFreshWeights for C {
    fn with_fresh_weights(&self) -> Arc<dyn RnnCell> {
        let copy = || self.with_base(self.base().another(AutoName::new(self.class_name()).name()));
        self.with_fresh_cells().unwrap_or_else(|| Arc::new(copy()))
    }
}

/// A cell: one of ours, or a custom one.
pub type Cell = Named<dyn RnnCell>;

impl<C: RnnCell> From<C> for Cell {
    fn from(cell: C) -> Self {
        Self::of(Arc::new(cell))
    }
}

/// The input of a cell's run over a sequence.
#[derive(Debug, Clone, Copy)]
pub struct Sequence<'a> {
    /// The steps: `(batch, steps, ...)`.
    pub x: &'a Tensor,
    /// The initial state; zeros by default.
    pub states: Option<&'a [Tensor]>,
    /// Which steps count: `(batch, steps)`, u8; a masked step leaves the state unchanged.
    pub mask: Option<&'a Tensor>,
    /// Whether to run from the last step to the first.
    pub backwards: bool,
    /// Whether the outputs are in the order of the inputs, and not in the order of computation.
    pub in_order: bool,
    /// Whether the output of a masked step is 0, and not the one before.
    pub zero_masked: bool,
    /// Whether the outputs of all steps are returned.
    pub all_outputs: bool,
    /// Whether the last state is returned.
    pub last_state: bool,
}

/// The results of a run.
#[derive(Debug)]
pub struct SequenceOutputs {
    /// The outputs of all steps, `(batch, steps, ...)`, or that of the last.
    pub output: Tensor,
    /// The state after the last step, if it was asked for.
    pub states: Vec<Tensor>,
}

macro_rules! cells {
    ($($class:ident),*) => {
        impl Kind for dyn RnnCell {
            const NAME: &'static str = "cell";
            const CLASSES: &'static [&'static str] = &[$(stringify!($class)),*];

            fn names() -> Vec<&'static str> {
                Self::CLASSES.to_vec()
            }

            fn by_name(_: &str) -> Option<Arc<Self>> {
                None
            }

            fn by_class(class_name: &str, config: Config) -> Option<Result<Arc<Self>>> {
                Some(match class_name {
                    $(stringify!($class) => {
                        crate::object::shared::<super::$class>(class_name, config).map(|cell| cell as Arc<Self>)
                    })*
                    _ => return None,
                })
            }

            fn serialize(&self) -> Result<Config> {
                let (class_name, config) = (self.class_name(), self.get_config()?);
                if !Self::CLASSES.contains(&class_name) {
                    return Ok(own_object(class_name, config));
                }
                Ok(serde_json::json!({
                    "module": "keras.layers", "class_name": class_name, "config": config, "registered_name": null
                }))
            }
        }
    };
}

cells!(GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells);
