//! A model's architecture in Keras's form. Keras: `model.get_config()`.

use crate::Result;
use crate::graph::Graph;
use crate::model::Model;
use crate::saving::registry;
use candle_keras_layers::{CallArgument, Config, Layer, Node, NodeOutput, default_of};
use candle_keras_ops::Error;
use serde_json::{Map, json};
use std::cell::RefCell;
use std::collections::HashMap;

/// The configuration of a functional model or a Sequential.
pub(crate) fn of_model(model: &Model) -> Result<Config> {
    let body = model.body();
    if let Some(parts) = body.parts() {
        return Err(Error::new(format!("a model of the class {} has no configuration", parts.class())).help(
            "save its weights with save_weights; make the model with Model::new, if it shall be saved as a whole",
        ));
    }
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
            config.insert("input_layers".into(), histories(graph, graph.inputs(), &graph.names().inputs));
            config.insert("output_layers".into(), histories(graph, graph.outputs(), &graph.names().outputs));
        }
        (None, None) => {}
    }
    Ok(Config::Object(config))
}

thread_local! {
    /// The numbers of the layers of the model that is being serialized, in the order of their first appearance.
    static NUMBERS: RefCell<Option<HashMap<usize, usize>>> = const { RefCell::new(None) };
}

/// The argument of calls, and the mark of those of which it holds in `fit` and `predict`, too: those of this project and of Keras 2.
pub(crate) const TRAINING: &str = "training";
pub(crate) const ALWAYS: &str = "always";

/// The mark of configurations that this project wrote.
pub(crate) const WRITTEN_BY: &str = "candle-keras";

/// The configuration of a whole model in Keras's form. A layer that appears several times, in nested models for example, has a number there.
pub(crate) fn of_whole(model: &Model) -> Result<Config> {
    NUMBERS.set(Some(HashMap::new()));
    let object = of_layer(model);
    NUMBERS.set(None);
    let mut object = object?;
    let mut counts = HashMap::new();
    count_numbers(&object, &mut counts);
    remove_single_numbers(&mut object, &counts);
    object["written_by"] = json!(WRITTEN_BY);
    Ok(object)
}

/// The number of a layer in the model that is being serialized.
fn number(layer: &dyn Layer) -> Option<usize> {
    NUMBERS.with_borrow_mut(|numbers| {
        let numbers = numbers.as_mut()?;
        let next = numbers.len();
        Some(*numbers.entry(layer.base().id()).or_insert(next))
    })
}

const NUMBER: &str = "shared_object_id";

fn count_numbers(value: &Config, counts: &mut HashMap<u64, usize>) {
    match value {
        Config::Array(items) => items.iter().for_each(|item| count_numbers(item, counts)),
        Config::Object(map) => {
            map.get(NUMBER)
                .and_then(Config::as_u64)
                .into_iter()
                .for_each(|number| *counts.entry(number).or_default() += 1);
            map.values().for_each(|item| count_numbers(item, counts));
        }
        _ => {}
    }
}

fn remove_single_numbers(value: &mut Config, counts: &HashMap<u64, usize>) {
    match value {
        Config::Array(items) => items.iter_mut().for_each(|item| remove_single_numbers(item, counts)),
        Config::Object(map) => {
            if map.get(NUMBER).and_then(Config::as_u64).is_some_and(|number| counts.get(&number) == Some(&1)) {
                map.remove(NUMBER);
            }
            map.values_mut().for_each(|item| remove_single_numbers(item, counts));
        }
        _ => {}
    }
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
    let number = number(layer);
    let config = layer.get_config()?;
    let mut object =
        json!({"module": module, "class_name": class_name, "config": config, "registered_name": registered_name});
    if let Some(shapes) = layer.base().built().filter(|_| layer.is_saved()) {
        object["build_config"] = layer.build_config(&shapes);
    }
    if let Some(number) = number {
        object[NUMBER] = json!(number);
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
        CallArgument::Value(value) => default_of(value).map_or_else(|| value.clone(), Config::Bool),
    };
    let kwargs: Map<_, _> = node.arguments().iter().map(|(name, argument)| (name.into(), value(argument))).collect();
    let mut call = json!({"args": args, "kwargs": kwargs});
    if let Some(CallArgument::Value(Config::Bool(_))) = node.arguments().get(TRAINING) {
        call[TRAINING] = json!(ALWAYS);
    }
    call
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
fn histories(graph: &Graph, tensors: &[NodeOutput], names: &Option<Vec<String>>) -> Config {
    let of = |tensor: &NodeOutput| {
        let first = usize::from(tensor.node().layer().class_name() == "Functional");
        history(graph, tensor, first)
    };
    match (names, tensors) {
        (Some(names), tensors) => names.iter().cloned().zip(tensors.iter().map(of)).collect(),
        (None, [one]) => of(one),
        (None, many) => json!(many.iter().map(of).collect::<Vec<_>>()),
    }
}
