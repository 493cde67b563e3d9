//! Builds a model from its Keras configuration: `config.json`, `model_config`, `get_config`.

use super::custom_objects::CustomObjects;
use super::{registry, unsupported};
use crate::config::{ALWAYS, TRAINING, WRITTEN_BY};
use crate::graph::{Graph, Names};
use crate::model::Body;
use crate::{Model, Result, Sequential};
use candle_keras_layers::{
    AnyLayer, Base, CallArgument, CallArguments, Config, InputLayer, Layer, NodeOutput, ObjectScope, OperationLayer,
    Shape, call_with, default_training, from_config,
};
use candle_keras_ops::Error;
use serde_json::{Map, Value};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// The maximum nesting depth of models: more than a configuration of `json::MOST_DEPTH` can have.
const MOST_DEPTH: usize = 48;

/// The state while a configuration is read.
struct Reading<'a> {
    objects: &'a CustomObjects,
    made: Arc<Mutex<Made>>,
}

/// The layers so far, also of the models inside wrappers, for those that appear again.
#[derive(Default)]
struct Made {
    /// Whether a shared layer has its id where it first appears.
    has_all_ids: bool,
    by_id: HashMap<String, Arc<dyn Layer>>,
    /// By class and name, in the order of the file; those whose id is known are left out.
    by_name: HashMap<(String, String), VecDeque<Arc<dyn Layer>>>,
}

impl Made {
    /// The layer that this object was before. Keras marks only the repetitions with the id of the layer, so that the first id of a class and name belongs
    /// to its first layer.
    fn again(&mut self, object: &Config, key: &(String, String)) -> Option<Arc<dyn Layer>> {
        let id = id(object)?;
        if let Some(known) = self.by_id.get(&id) {
            return Some(known.clone());
        }
        let first = self.by_name.get_mut(key).filter(|_| !self.has_all_ids)?.pop_front()?;
        self.by_id.insert(id, first.clone());
        Some(first)
    }

    fn insert(&mut self, object: &Config, key: (String, String), layer: &Arc<dyn Layer>) {
        match id(object) {
            Some(id) => _ = self.by_id.insert(id, layer.clone()),
            None => self.by_name.entry(key).or_default().push_back(layer.clone()),
        }
    }
}

fn id(object: &Config) -> Option<String> {
    let id = &object["shared_object_id"];
    (!id.is_null()).then(|| id.to_string())
}

/// The model of this object: `{"class_name": "Functional", "config": {...}}`.
pub(super) fn model(object: &Config, objects: &CustomObjects) -> Result<Model> {
    let has_all_ids = object["written_by"] == WRITTEN_BY;
    let reading = Reading { objects, made: Arc::new(Mutex::new(Made { has_all_ids, ..Made::default() })) };
    scope(objects, &reading.made)
        .within(|| nested(object, &reading, 0).map_err(|error| unsupported::all(object, objects, error)))
}

/// What the arguments of a layer may refer to: also custom layers, and models, as in `TimeDistributed(model)`.
fn scope(objects: &CustomObjects, made: &Arc<Mutex<Made>>) -> ObjectScope {
    let mut scope = objects.scope.clone();
    let shared = Arc::new(objects.clone());
    for class_name in ["Functional", "Model", "Sequential"] {
        let (objects, made) = (shared.clone(), made.clone());
        scope.insert(class_name, move |config| {
            let reading = Reading { objects: &objects, made: made.clone() };
            let object = serde_json::json!({"class_name": class_name, "config": config});
            nested(&object, &reading, 1).map(AnyLayer::from)
        });
    }
    for (name, make) in objects.layers() {
        let make = make.clone();
        scope.insert(name, move |config| make(config).map(AnyLayer::of));
    }
    scope
}

fn nested(object: &Config, reading: &Reading, depth: usize) -> Result<Model> {
    let (class_name, config) = (object["class_name"].as_str().unwrap_or_default(), &object["config"]);
    if depth > MOST_DEPTH {
        return Err(Error::new("models are nested too deeply"));
    }
    let model = match class_name {
        "Sequential" => sequential(object, reading, depth),
        "Functional" | "Model" if config["layers"].is_array() => functional(config, reading, depth),
        _ => Err(Error::unknown("model class", class_name, &["Functional", "Sequential"])
            .help("a subclassed model has no configuration; write it in Rust and load its weights")),
    };
    let model = model.map_err(|error| match config["name"].as_str() {
        Some(name) if depth > 0 => error.in_layer(name, class_name),
        _ => error,
    })?;
    // The layers inside have their own flags, as in Keras.
    if config["trainable"] == false {
        model.base.set_trainable(false);
    }
    Ok(model)
}

/// A layer of a model, which may be a model itself.
fn layer(object: &Config, reading: &Reading, depth: usize) -> Result<Arc<dyn Layer>> {
    let text = |value: &Config| value.as_str().unwrap_or_default().to_string();
    let key = (text(&object["class_name"]), text(&object["config"]["name"]));
    let made = || reading.made.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = made().again(object, &key) {
        return Ok(known);
    }
    let layer: Arc<dyn Layer> = match key.0.as_str() {
        "Functional" | "Sequential" | "Model" => Arc::new(nested(object, reading, depth + 1)?),
        _ => registry::layer(object, reading.objects)?,
    };
    made().insert(object, key, &layer);
    Ok(layer)
}

/// A base with the name in the configuration.
fn base(config: &Config, class_name: &str) -> Base {
    match config["name"].as_str() {
        Some(name) => Base::named(name.into()),
        None => Base::new(class_name),
    }
}

fn sequential(object: &Config, reading: &Reading, depth: usize) -> Result<Model> {
    // Keras 1 wrote only the list of layers.
    let config = &object["config"];
    let list = config["layers"].as_array().or(config.as_array());
    let list = list.ok_or_else(|| Error::new("the Sequential has no list of layers"))?;
    let mut layers = list.iter().map(|object| layer(object, reading, depth)).collect::<Result<Vec<_>>>()?;
    let has_input = layers.first().is_some_and(|layer| layer.class_name() == "InputLayer");
    let shapes = [&config["build_input_shape"], &object["build_config"]["input_shape"]];
    let of_first = list.first().map_or(&Value::Null, |first| &first["config"]["batch_input_shape"]);
    if let (false, Some(shape)) = (has_input, shapes.into_iter().chain([of_first]).find(|shape| shape.is_array())) {
        let shape: Shape = serde_json::from_value(shape.clone())?;
        layers.insert(0, Arc::new(InputLayer::new([0usize; 0]).batch_shape(shape)));
    }
    let base = base(config, "Sequential");
    Ok(Sequential::with_base(base, layers)?.into())
}

/// The origin of a tensor: layer, call, output.
type History = (String, usize, usize);

/// A call of a layer that waits for its inputs.
struct Waiting {
    layer: usize,
    node: usize,
    inputs: Vec<History>,
    arguments: CallArguments<History>,
    missing: usize,
}

impl Waiting {
    fn parents(&self) -> impl Iterator<Item = &History> {
        self.inputs.iter().chain(self.arguments.all_tensors())
    }
}

fn functional(config: &Config, reading: &Reading, depth: usize) -> Result<Model> {
    let list = config["layers"].as_array().ok_or_else(|| Error::new("the model has no list of layers"))?;
    let mut tensors: HashMap<History, NodeOutput> = HashMap::new();
    let mut functional: HashMap<String, bool> = HashMap::new();
    let (mut layers, mut waiting) = (Vec::new(), Vec::new());
    for object in list {
        let name = object["name"].as_str().or(object["config"]["name"].as_str()).unwrap_or_default().to_string();
        let class_name = object["class_name"].as_str().unwrap_or_default().to_string();
        let is_model = matches!(class_name.as_str(), "Functional" | "Model");
        if functional.insert(name.clone(), is_model).is_some() {
            return Err(Error::new("each layer of a model must have a unique name").received(format!("{name:?} twice")));
        }
        let mut nodes = object["inbound_nodes"].as_array().cloned().unwrap_or_default();
        let is_operation = object["module"].as_str().is_some_and(|module| module.starts_with("keras.src.ops"));
        if is_operation {
            nodes.iter_mut().for_each(|call| *call = OperationLayer::positional(&class_name, call));
        }
        let named = |error: Error| error.in_layer(name.clone(), class_name.clone());
        let made: Arc<dyn Layer> = if class_name == "InputLayer" {
            let made = registry::layer(object, reading.objects)?;
            let input: InputLayer = from_config(&class_name, made.get_config()?)?;
            let tensor = input.output().output()?.clone();
            tensors.insert((name.clone(), 0, 0), tensor.clone());
            tensor.node().layer().clone()
        } else if is_operation {
            let [call] = nodes.as_slice() else {
                return Err(named(
                    Error::new("an operation is called once").received(format!("{} calls", nodes.len())),
                ));
            };
            let class = object["class_name"].as_str().unwrap_or_default();
            Arc::new(OperationLayer::from_keras(class, &object["config"], call).map_err(named)?)
        } else {
            layer(object, reading, depth)?
        };
        for (node, call) in nodes.iter().enumerate() {
            let (inputs, arguments) = arguments_of(call, &*made, is_operation).map_err(named)?;
            waiting.push(Waiting { layer: layers.len(), node, inputs, arguments, missing: 0 });
        }
        layers.push((name, made));
    }
    connect(&layers, waiting, &mut tensors)?;
    let ends = |key: &str| -> Result<Vec<NodeOutput>> {
        let ends = histories(&config[key])
            .ok_or_else(|| Error::new(format!("{key} does not identify tensors")).received(config[key].to_string()))?;
        let tensor = |(name, node, index): History| {
            // The creation of a functional model counts as its first call here.
            let shifted = functional.get(&name).copied().unwrap_or(false) && node > 0;
            let key_of = (name.clone(), node - usize::from(shifted), index);
            tensors.get(&key_of).cloned().ok_or_else(|| {
                Error::new(format!("{key} names a tensor that no layer outputs"))
                    .received(format!("{name}[{node}][{index}]"))
            })
        };
        ends.into_iter().map(tensor).collect()
    };
    let keys = |key: &str| {
        config[key].as_object().map(|ends| sorted(ends).into_iter().map(|(name, _)| name.clone()).collect())
    };
    let names = Names { inputs: keys("input_layers"), outputs: keys("output_layers") };
    let graph = Graph::new(ends("input_layers")?, ends("output_layers")?)?.with_names(names);
    Ok(Model::from_body(base(config, "Functional"), Body::functional(graph)))
}

/// Calls the layers, each as soon as its inputs are available.
fn connect(
    layers: &[(String, Arc<dyn Layer>)],
    mut waiting: Vec<Waiting>,
    tensors: &mut HashMap<History, NodeOutput>,
) -> Result<()> {
    let mut wanted: HashMap<History, Vec<usize>> = HashMap::new();
    let mut ready = VecDeque::new();
    for (i, call) in waiting.iter_mut().enumerate() {
        let missing: Vec<_> = call.parents().filter(|input| !tensors.contains_key(*input)).cloned().collect();
        call.missing = missing.len();
        missing.into_iter().for_each(|input| wanted.entry(input).or_default().push(i));
        if call.missing == 0 {
            ready.push_back(i);
        }
    }
    let mut done = 0;
    while let Some(i) = ready.pop_front() {
        done += 1;
        let (name, layer) = &layers[waiting[i].layer];
        let inputs = waiting[i].inputs.iter().map(|input| tensors[input].clone()).collect();
        let arguments = waiting[i].arguments.map(|tensor| Ok(tensors[tensor].clone()))?;
        let outputs = call_with(layer.clone(), inputs, arguments)?;
        for (index, output) in outputs.into_iter().enumerate() {
            let history = (name.clone(), waiting[i].node, index);
            for waiter in wanted.remove(&history).unwrap_or_default() {
                waiting[waiter].missing -= 1;
                if waiting[waiter].missing == 0 {
                    ready.push_back(waiter);
                }
            }
            tensors.insert(history, output);
        }
    }
    if done < waiting.len() {
        let stuck = waiting.iter().find(|call| call.missing > 0);
        let (name, class) =
            stuck.map_or(("", ""), |call| (layers[call.layer].0.as_str(), layers[call.layer].1.class_name()));
        let missing = stuck.and_then(|call| call.parents().find(|input| !tensors.contains_key(*input)));
        let missing = missing.map_or_else(String::new, |(name, node, index)| format!("{name}[{node}][{index}]"));
        return Err(Error::new("the layer is called on a tensor that is missing or part of a cycle")
            .received(missing)
            .in_layer(name, class));
    }
    Ok(())
}

/// The tensors that a layer is called on, in order, and the named arguments of the call.
fn arguments_of(
    call: &Config,
    layer: &dyn Layer,
    is_operation: bool,
) -> Result<(Vec<History>, CallArguments<History>)> {
    let (mut inputs, mut arguments) = (Vec::new(), CallArguments::new());
    for (i, argument) in call["args"].as_array().into_iter().flatten().enumerate() {
        // A dictionary of tensors, by the names of the inputs of a model.
        if let Some(named) = argument.as_object().filter(|map| !map.contains_key("class_name")) {
            for (_, tensor) in in_order(named, layer) {
                collect(tensor, &mut inputs)?;
            }
            continue;
        }
        let constant = !collect(argument, &mut inputs)? && !argument.is_null();
        if constant && !is_operation {
            return Err(Error::new(format!("argument {i} of the call is not a tensor")).received(argument.to_string()));
        }
    }
    let keywords = call["kwargs"].as_object();
    // Inputs may be given by name.
    for name in layer.input_names() {
        keywords.and_then(|keywords| keywords.get(*name)).map_or(Ok(false), |value| collect(value, &mut inputs))?;
    }
    for (name, value) in
        keywords.into_iter().flatten().filter(|(name, _)| !layer.input_names().contains(&name.as_str()))
    {
        let argument = match (name.as_str(), value) {
            // Keras 3 obeys it in a call on tensors alone.
            ("training", Value::Bool(training)) if call[TRAINING] != ALWAYS => {
                CallArgument::Value(default_training(*training))
            }
            _ => argument(value)?,
        };
        arguments = arguments.set(name, argument);
    }
    Ok((inputs, arguments))
}

/// The tensors of a dictionary in the order of a model's inputs.
fn in_order<'a>(named: &'a Map<String, Value>, layer: &dyn Layer) -> Vec<(&'a String, &'a Value)> {
    let mut tensors = sorted(named);
    let keys = layer.input_keys();
    tensors.sort_by_key(|(name, _)| keys.iter().position(|key| key == *name));
    tensors
}

/// A named argument of a call: a tensor, a list of tensors, or a constant.
fn argument(value: &Config) -> Result<CallArgument<History>> {
    let tensor = |value: &Config| -> Result<Option<History>> {
        let mut found = Vec::new();
        collect(value, &mut found)?;
        Ok(found.pop())
    };
    Ok(match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            CallArgument::Tensors(items.iter().map(tensor).collect::<Result<_>>()?)
        }
        value => tensor(value)?.map_or_else(|| CallArgument::Value(value.clone()), CallArgument::Tensor),
    })
}

/// Collects the tensors of an argument; false if it has none.
fn collect(argument: &Config, inputs: &mut Vec<History>) -> Result<bool> {
    if let Some(items) = argument.as_array() {
        let mut any = false;
        for item in items {
            any |= collect(item, inputs)?;
        }
        return Ok(any);
    }
    if argument["class_name"] != "__keras_tensor__" {
        return Ok(false);
    }
    let history = argument["config"]["keras_history"].as_array().and_then(|parts| triple(parts));
    inputs.push(history.ok_or_else(|| Error::new("a tensor has no keras_history"))?);
    Ok(true)
}

/// In the order in which Keras takes the values of a dictionary.
fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut named: Vec<_> = map.iter().collect();
    named.sort_by_key(|(name, _)| *name);
    named
}

fn triple(parts: &[Value]) -> Option<History> {
    let [name, node, index] = parts else { return None };
    Some((name.as_str()?.into(), usize::try_from(node.as_u64()?).ok()?, usize::try_from(index.as_u64()?).ok()?))
}

/// One triple, a list of them, or a dictionary of them, which Keras takes in the order of its sorted keys.
fn histories(ends: &Config) -> Option<Vec<History>> {
    match ends {
        Value::Array(items) if items.first()?.is_string() => Some(vec![triple(items)?]),
        Value::Array(items) => {
            let nested = items.iter().map(histories).collect::<Option<Vec<_>>>()?;
            Some(nested.concat())
        }
        Value::Object(map) => {
            let nested = sorted(map).into_iter().map(|(_, end)| histories(end)).collect::<Option<Vec<_>>>()?;
            Some(nested.concat())
        }
        _ => None,
    }
}
