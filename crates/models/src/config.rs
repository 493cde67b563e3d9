//! A model's architecture in Keras's form. Keras: `model.get_config()`.

use crate::Result;
use crate::graph::Graph;
use crate::model::Model;
use crate::saving::registry;
use candle_keras_layers::{CallArgument, Config, Layer, Node, NodeOutput};
use serde_json::{Map, json};
use std::cell::RefCell;

/// The configuration of a functional model or a Sequential.
pub(crate) fn of_model(model: &Model) -> Result<Config> {
    let body = model.body();
    let mut config = Map::new();
    config.insert("name".into(), json!(model.base.name()));
    config.insert("trainable".into(), json!(model.base.is_trainable()));
    match (&body.stack, &body.graph()?) {
        (Some(stack), graph) => {
            let input = graph.iter().flat_map(|graph| graph.inputs()).map(|input| input.node().layer());
            let layers = input.chain(stack).map(|layer| of_layer(&**layer)).collect::<Result<Vec<_>>>()?;
            config.insert("layers".into(), json!(layers));
            if let Some(graph) = graph {
                config.insert("build_input_shape".into(), json!(graph.inputs()[0].shape()));
            }
        }
        (None, Some(graph)) => {
            let mut layers = Vec::new();
            for layer in graph.layers() {
                let mut object = of_layer(&**layer)?;
                let calls = graph.calls_of(&**layer);
                let calls = calls.iter().filter(|node| !node.inputs().is_empty());
                let nodes: Vec<_> = calls.map(|node| node_config(graph, node)).collect();
                object["name"] = json!(layer.layer_name());
                object["inbound_nodes"] = json!(nodes);
                layers.push(object);
            }
            config.insert("layers".into(), json!(layers));
            config.insert("input_layers".into(), histories(graph, graph.inputs()));
            config.insert("output_layers".into(), histories(graph, graph.outputs()));
        }
        (None, None) => {}
    }
    Ok(Config::Object(config))
}

thread_local! {
    /// The layers of the model that is being serialized, in the order of their first appearance.
    static DESCRIBED: RefCell<Option<Vec<usize>>> = const { RefCell::new(None) };
}

/// The mark of configurations that this project wrote: what Keras 3 would replace, such as `training` in a call, holds in them.
pub(crate) const WRITTEN_BY: &str = "candle-keras";

/// The configuration of a whole model in Keras's form. A layer that appeared before, in a nested model for example, is marked as shared.
pub(crate) fn of_whole(model: &Model) -> Result<Config> {
    DESCRIBED.set(Some(Vec::new()));
    let object = of_layer(model);
    DESCRIBED.set(None);
    let mut object = object?;
    object["written_by"] = json!(WRITTEN_BY);
    Ok(object)
}

/// Records that a layer was serialized; returns its number if it was before.
fn described(layer: &dyn Layer) -> Option<usize> {
    DESCRIBED.with_borrow_mut(|described| {
        let described = described.as_mut()?;
        let known = described.iter().position(|&id| id == layer.base().id());
        if known.is_none() {
            described.push(layer.base().id());
        }
        known
    })
}

/// The configuration of a layer or model in Keras's form: `{"module", "class_name", "config", "registered_name", "build_config"}`.
pub(crate) fn of_layer(layer: &dyn Layer) -> Result<Config> {
    let class_name = layer.class_name();
    let own = layer.module() == "keras.layers" && !registry::is_known(class_name);
    let (module, registered_name) = match class_name {
        "Functional" => (json!(layer.module()), json!(class_name)),
        // A custom layer is registered by its name, as in Keras.
        _ if own => (json!(null), json!(class_name)),
        _ if !layer.is_saved() => (json!(layer.module()), json!(class_name)),
        _ => (json!(layer.module()), json!(null)),
    };
    let shared = described(layer);
    let config = layer.get_config()?;
    let mut object =
        json!({"module": module, "class_name": class_name, "config": config, "registered_name": registered_name});
    if let Some(shapes) = layer.base().built().filter(|_| layer.is_saved()) {
        object["build_config"] = layer.build_config(&shapes);
    }
    if let Some(number) = shared {
        object["shared_object_id"] = json!(number);
    }
    Ok(object)
}

fn node_config(graph: &Graph, node: &Node) -> Config {
    let tensor = |input: &NodeOutput| {
        let (shape, dtype) = (input.shape(), input.spec().dtype_name());
        let config = json!({"shape": shape, "dtype": dtype, "keras_history": history(graph, input, 0)});
        json!({"class_name": "__keras_tensor__", "config": config})
    };
    let args = node.layer().call_args(node.inputs().iter().map(tensor).collect());
    let value = |argument: &CallArgument<NodeOutput>| match argument {
        CallArgument::Tensor(one) => tensor(one),
        CallArgument::Tensors(many) => many.iter().map(|one| json!(one.as_ref().map(tensor))).collect(),
        CallArgument::Value(value) => value.clone(),
    };
    let kwargs: Map<_, _> = node.arguments().iter().map(|(name, argument)| (name.into(), value(argument))).collect();
    json!({"args": args, "kwargs": kwargs})
}

/// The layer, call and output of a tensor. Calls are counted within the graph, from `first`.
fn history(graph: &Graph, tensor: &NodeOutput, first: usize) -> Config {
    let tensor = graph.resolve(tensor);
    let layer = tensor.node().layer();
    let calls = graph.calls_of(&**layer);
    let call = calls.iter().position(|node| node.key() == tensor.node().key()).unwrap_or(0);
    json!([layer.layer_name(), first + call, tensor.index()])
}

/// For inputs and outputs, Keras counts the creation of a functional model as its first call.
fn histories(graph: &Graph, tensors: &[NodeOutput]) -> Config {
    let of = |tensor: &NodeOutput| {
        let first = usize::from(tensor.node().layer().class_name() == "Functional");
        history(graph, tensor, first)
    };
    match tensors {
        [one] => of(one),
        many => json!(many.iter().map(of).collect::<Vec<_>>()),
    }
}
