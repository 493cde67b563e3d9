//! Models that are made of layers and a function: a class derived from `keras.Model`.

use crate::Result;
use crate::graph::Graph;
use crate::model::{Body, Model};
use candle_keras_layers::{Base, KerasTensor, KerasTensors, Layer};
use candle_keras_ops::Error;
use std::fmt;
use std::sync::{Arc, PoisonError};

type Call = dyn Fn(&[KerasTensor]) -> Result<KerasTensors> + Send + Sync;

/// The layers of a model, and how it calls them.
pub(crate) struct Parts {
    class: &'static str,
    layers: Vec<Arc<dyn Layer>>,
    call: Arc<Call>,
}

impl Parts {
    pub(crate) fn class(&self) -> &'static str {
        self.class
    }

    pub(crate) fn layers(&self) -> &[Arc<dyn Layer>] {
        &self.layers
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("class", &self.class).field("layers", &self.layers).finish_non_exhaustive()
    }
}

impl Model {
    /// A model of these layers, from [`layers!`](candle_keras_layers::layers), which `call` calls on its inputs. Keras: a class derived from `keras.Model`.
    ///
    /// Its graph, and with it the weights, are made when it first sees data or is called, or by [`build`](Self::build). Its layers and weights are in the
    /// order in which they are given. Without a name, it has that of the class in snake case. It has no configuration: save its weights, not the model.
    ///
    /// ```
    /// use candle_keras_layers::{layers, Dense, KerasTensor, Layer};
    /// use candle_keras_models::{Fit, Model};
    ///
    /// #[derive(Clone)]
    /// struct Autoencoder {
    ///     encoder: Dense,
    ///     decoder: Dense,
    /// }
    ///
    /// impl Autoencoder {
    ///     fn call(&self, x: &KerasTensor) -> KerasTensor {
    ///         self.decoder.call(&self.encoder.call(x))
    ///     }
    ///
    ///     fn model(self) -> Model {
    ///         let layers = layers![self.encoder.clone(), self.decoder.clone()];
    ///         Model::from_call("Autoencoder", layers, move |x| Ok(self.call(&x[0])))
    ///     }
    /// }
    ///
    /// let autoencoder = Autoencoder { encoder: Dense::new(2).activation("relu"), decoder: Dense::new(3) };
    /// let mut model = autoencoder.model();
    /// model.compile("adam", "mse")?;
    /// let data = vec![vec![1f32, 2., 3.], vec![4., 5., 6.]];
    /// model.fit(&data, &data, Fit::new().verbose(0))?;
    /// assert_eq!(model.count_params(), 8 + 9);
    /// # Ok::<(), candle_keras_models::Error>(())
    /// ```
    ///
    /// An error of a layer, or of `call`, is returned when the model is used.
    pub fn from_call<O: Into<KerasTensors>>(
        class: &'static str,
        layers: Vec<Result<Arc<dyn Layer>>>,
        call: impl Fn(&[KerasTensor]) -> Result<O> + Send + Sync + 'static,
    ) -> Self {
        let (mut known, mut failed) = (Vec::new(), None);
        for layer in layers {
            match layer {
                Ok(layer) => known.push(layer),
                Err(error) => _ = failed.get_or_insert_with(|| Arc::new(error)),
            }
        }
        let call = Arc::new(move |x: &[KerasTensor]| call(x).map(Into::into));
        Self::from_body(Base::new(class), Body::of_parts(Parts { class, layers: known, call }, failed))
    }

    pub(crate) fn has_parts(&self) -> bool {
        self.body().parts().is_some()
    }

    /// Makes the graph of a model of parts, between these inputs and what `call` makes of them; nothing, if it has one.
    pub(crate) fn build_parts(&self, inputs: &[KerasTensor]) -> Result<()> {
        let body = self.body();
        let (Some(parts), None) = (body.parts(), body.graph()?) else { return Ok(()) };
        let (call, layers) = (parts.call.clone(), parts.layers.clone());
        drop(body);
        layers.iter().for_each(|layer| layer.base().place_in(&self.base));
        let outputs = call(inputs)?;
        let inputs: Vec<_> = inputs.iter().map(|input| input.output().cloned()).collect::<Result<_>>()?;
        let graph = Graph::new(inputs, outputs.outputs()?)?;
        let forgotten = graph.layers().iter().find(|layer| {
            layer.is_saved()
                && layer.class_name() != "InputLayer"
                && !layers.iter().any(|own| contains(own, layer.base().id()))
                && !layer.variables().is_empty()
        });
        if let Some(layer) = forgotten {
            return Err(Error::new(format!(
                "the call of {:?} uses a layer that is not among its layers",
                self.base.name()
            ))
            .received(layer.layer_name())
            .help("pass all layers that have weights to Model::from_call"));
        }
        self.body.write().unwrap_or_else(PoisonError::into_inner).set_graph(graph);
        // Weights are created on the host.
        self.variables().iter().try_for_each(|variable| variable.to_device(&self.device))
    }
}

/// Whether a layer has this id, or contains the layer that has.
fn contains(layer: &Arc<dyn Layer>, id: usize) -> bool {
    layer.base().id() == id || layer.sublayers().iter().any(|inner| contains(inner, id))
}
