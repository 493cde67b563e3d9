//! What a layer is told when it runs: whether this is training, the masks of its inputs, where random numbers come from.

use candle_core::Tensor;
use candle_keras_ops::random::Stream;

/// The circumstances of one run through a model.
#[derive(Debug)]
pub struct Context {
    training: bool,
    gradients: bool,
    random: Stream,
    step: u64,
    draws: u64,
    masks: Vec<Option<Tensor>>,
    output_masks: Option<Vec<Option<Tensor>>>,
    losses: Vec<Tensor>,
}

impl Context {
    /// For predictions: no dropout, no gradients.
    pub fn inference() -> Self {
        Self::new(false, false, Stream::new(0, 0))
    }

    /// For a training step, whose random numbers come from `random`.
    pub fn training(random: Stream) -> Self {
        Self::new(true, true, random)
    }

    /// For any other case: `training` is what layers see, `gradients` whether a backward pass will follow.
    pub fn new(training: bool, gradients: bool, random: Stream) -> Self {
        let (masks, losses) = (Vec::new(), Vec::new());
        Self { training, gradients, random, step: 0, draws: 0, masks, output_masks: None, losses }
    }

    /// Says the number of the training step, on which the random numbers of layers with a seed of their own depend.
    #[must_use]
    pub fn at_step(mut self, step: u64) -> Self {
        self.step = step;
        self
    }

    /// Whether the model is in training: dropout drops, batch statistics are taken.
    pub fn is_training(&self) -> bool {
        self.training
    }

    /// Whether weights go onto the tape.
    pub fn needs_gradients(&self) -> bool {
        self.gradients
    }

    /// The mask of the layer's `input`-th input: u8, 1 where a step counts.
    pub fn mask(&self, input: usize) -> Option<&Tensor> {
        self.masks.get(input)?.as_ref()
    }

    /// The masks of all inputs of the layer.
    pub fn masks(&self) -> &[Option<Tensor>] {
        &self.masks
    }

    /// Random numbers for this layer in this run; they depend on `seed` and the step alone, if the layer has a seed of its own.
    pub fn random(&mut self, seed: Option<u64>) -> Stream {
        self.draws += 1;
        match seed {
            Some(seed) => Stream::new(seed, 0).child(self.step).child(self.draws),
            None => self.random.child(self.draws),
        }
    }

    /// Adds a scalar to the loss of this run. Keras: `layer.add_loss`.
    pub fn add_loss(&mut self, loss: Tensor) {
        self.losses.push(loss);
    }

    /// The losses that layers have added.
    pub fn take_losses(&mut self) -> Vec<Tensor> {
        std::mem::take(&mut self.losses)
    }

    /// Says the masks of the layer's outputs, where they come out of the run itself (a nested model).
    pub fn set_output_masks(&mut self, masks: Vec<Option<Tensor>>) {
        self.output_masks = Some(masks);
    }

    pub(crate) fn take_output_masks(&mut self) -> Option<Vec<Option<Tensor>>> {
        self.output_masks.take()
    }

    pub(crate) fn replace_masks(&mut self, masks: Vec<Option<Tensor>>) -> Vec<Option<Tensor>> {
        std::mem::replace(&mut self.masks, masks)
    }
}
