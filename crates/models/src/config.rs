//! A model's architecture in Keras's form. Keras: `model.get_config()`.

use crate::Result;
use crate::graph::Graph;
use crate::model::Model;
use candle_keras_layers::{Config, KerasTensor, Layer};
use candle_keras_ops::dtype_name;
use serde_json::{Map, json};

/// The configuration of a functional model or a Sequential.
pub(crate) fn of_model(model: &Model) -> Result<Config> {
    let body = model.body();
    let mut config = Map::new();
    config.insert("name".into(), json!(model.base().name()));
    config.insert("trainable".into(), json!(model.base().is_trainable()));
    match (&body.stack, &body.graph) {
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
                let inputs = calls.iter().map(|node| node.inputs()).filter(|inputs| !inputs.is_empty());
                let nodes: Vec<_> = inputs.map(|inputs| node_config(graph, inputs)).collect();
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

fn of_layer(layer: &dyn Layer) -> Result<Config> {
    let class_name = layer.class_name();
    let module = match class_name {
        "Functional" => "keras.src.models.functional",
        "Sequential" => "keras",
        _ => "keras.layers",
    };
    let config = layer.get_config()?;
    Ok(json!({"module": module, "class_name": class_name, "config": config, "registered_name": null}))
}

fn node_config(graph: &Graph, inputs: &[KerasTensor]) -> Config {
    let tensor = |input: &KerasTensor| {
        let (shape, dtype) = (input.shape(), dtype_name(input.dtype()));
        let config = json!({"shape": shape, "dtype": dtype, "keras_history": history(graph, input, 0)});
        json!({"class_name": "__keras_tensor__", "config": config})
    };
    let args = match inputs {
        [one] => json!([tensor(one)]),
        many => json!([many.iter().map(tensor).collect::<Vec<_>>()]),
    };
    json!({"args": args, "kwargs": {}})
}

/// The layer, the call and the output that a tensor comes from. Calls are counted within the graph, from `first`.
fn history(graph: &Graph, tensor: &KerasTensor, first: usize) -> Config {
    let tensor = graph.resolve(tensor);
    let layer = tensor.node().layer();
    let calls = graph.calls_of(&**layer);
    let call = calls.iter().position(|node| node.key() == tensor.node().key()).unwrap_or(0);
    json!([layer.layer_name(), first + call, tensor.index()])
}

/// For inputs and outputs, Keras counts the making of a functional model as its first call.
fn histories(graph: &Graph, tensors: &[KerasTensor]) -> Config {
    let of = |tensor: &KerasTensor| {
        let first = usize::from(tensor.node().layer().class_name() == "Functional");
        history(graph, tensor, first)
    };
    match tensors {
        [one] => of(one),
        many => json!(many.iter().map(of).collect::<Vec<_>>()),
    }
}
