//! The functional graph: the nodes between symbolic inputs and outputs, in topological order.

use crate::{Model, Result};
use candle_core::Tensor;
use candle_keras_layers::{
    CallArguments, Context, InputLayer, Layer, Node, NodeOutput, Outputs, Shape, TensorSpec, WeightSet, run_together,
    run_with,
};
use candle_keras_ops::Error;
use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

/// A layer and the index of one of its calls.
type NodeKey = (usize, usize);
/// Nodes in topological order, and for each layer when the traversal from the outputs first reached it.
type Walk = (Vec<Arc<Node>>, HashMap<usize, usize>);

/// A graph of layer calls between symbolic inputs and outputs.
#[derive(Debug)]
pub struct Graph {
    start: Start,
    outputs: Vec<NodeOutput>,
    names: Names,
    layers: Vec<Arc<dyn Layer>>,
    nodes: Vec<Arc<Node>>,
    /// The indices of the nodes that call each layer, in the order of its calls.
    calls: HashMap<usize, Vec<usize>>,
    steps: Vec<Call>,
    slots: usize,
    input_slots: Vec<usize>,
    output_slots: Vec<usize>,
    weights: OnceLock<WeightSet>,
    /// How many layers a run calls, those in nested models included.
    all_calls: u64,
}

/// The names of the inputs and outputs, where they have others than those of their layers: the keys of Keras's dictionaries, sorted.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) inputs: Option<Vec<String>>,
    pub(crate) outputs: Option<Vec<String>>,
}

/// A layer call with the indices of its inputs and outputs among all values of a run.
#[derive(Debug)]
struct Call {
    layer: Arc<dyn Layer>,
    inputs: Vec<usize>,
    /// The named arguments of the call.
    arguments: CallArguments<usize>,
    first_output: usize,
    /// Whether the one output of this call is used by the next call only.
    goes_on: bool,
    /// Values that no later call uses.
    done_with: Vec<usize>,
}

impl Graph {
    /// The graph between `inputs` and `outputs`.
    ///
    /// # Errors
    /// If an output depends on an input that is not given, or on none, or two layers have the same name.
    pub fn new(inputs: Vec<NodeOutput>, outputs: Vec<NodeOutput>) -> Result<Self> {
        if inputs.is_empty() || outputs.is_empty() {
            return Err(Error::new("a model needs at least one input and one output").received(format!(
                "{} inputs and {} outputs",
                inputs.len(),
                outputs.len()
            )));
        }
        for input in &inputs {
            input.node().layer().base().check_name()?;
        }
        let start = Start::new(&inputs)?;
        let (nodes, first_seen) = start.walk(&outputs)?;
        let layers = in_keras_order(&start, &nodes, &first_seen);
        let mut names = HashSet::new();
        if let Some(twice) = layers.iter().map(|layer| layer.layer_name()).find(|name| !names.insert(name.clone())) {
            return Err(Error::new("each layer of a model must have a unique name")
                .received(format!("two layers named {twice:?}"))
                .help("give one of them another name with .name(...)"));
        }

        let mut slot_of = HashMap::new();
        let mut slots = 0;
        let mut place = |node: &Arc<Node>| {
            slots += node.output_specs().len();
            slot_of.insert(node.key(), slots - node.output_specs().len());
            slots - node.output_specs().len()
        };
        let input_slots: Vec<_> = start.inputs.iter().map(|input| place(input.node())).collect();
        let mut firsts = Vec::new();
        let calls: Vec<_> = nodes.iter().filter(|node| !start.begins_at(node)).collect();
        calls.iter().for_each(|node| firsts.push(place(node)));
        let slot = |tensor: &NodeOutput| {
            let tensor = start.resolve(tensor);
            slot_of[&tensor.node().key()] + tensor.index()
        };
        let steps = calls.iter().zip(firsts).map(|(node, first_output)| Call {
            layer: node.layer().clone(),
            inputs: node.inputs().iter().map(slot).collect(),
            arguments: node.arguments().map(|tensor| Ok(slot(tensor))).unwrap_or_default(),
            first_output,
            goes_on: node.output_specs().len() == 1,
            done_with: Vec::new(),
        });
        let (mut steps, output_slots): (Vec<Call>, Vec<usize>) = (steps.collect(), outputs.iter().map(slot).collect());
        let mut needed: HashSet<usize> = output_slots.iter().copied().collect();
        for step in steps.iter_mut().rev() {
            let used = step.inputs.iter().chain(step.arguments.all_tensors());
            step.done_with = used.copied().filter(|&slot| needed.insert(slot)).collect();
        }
        for i in 0..steps.len() {
            let output = [steps[i].first_output];
            let takes_it = |next: &Call| next.inputs == output && next.done_with == output && next.arguments.is_empty();
            steps[i].goes_on &= steps[i].arguments.is_empty() && steps.get(i + 1).is_some_and(takes_it);
        }
        let mut calls: HashMap<usize, Vec<usize>> = HashMap::new();
        for (i, node) in nodes.iter().enumerate() {
            calls.entry(node.layer().base().id()).or_default().push(i);
        }
        calls.values_mut().for_each(|calls| calls.sort_by_key(|&node| nodes[node].index()));
        let all_calls = steps.iter().fold(0u64, |all, step| all.saturating_add(self::calls(&*step.layer)));
        if all_calls > MOST_CALLS + steps.len() as u64 {
            return Err(Error::new("the nested models call their layers too often")
                .expected(format!("at most {MOST_CALLS} calls of nested layers in a run"))
                .received(format!("{all_calls} calls")));
        }
        let names = Names::default();
        Ok(Self {
            start,
            outputs,
            names,
            layers,
            nodes,
            calls,
            steps,
            slots,
            input_slots,
            output_slots,
            weights: OnceLock::new(),
            all_calls,
        })
    }

    /// The same graph, with these names for its inputs and outputs.
    pub(crate) fn with_names(self, names: Names) -> Self {
        Self { names, ..self }
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// The symbolic inputs.
    pub fn inputs(&self) -> &[NodeOutput] {
        &self.start.inputs
    }

    /// The tensor itself, or the input that replaces it if the graph starts within another.
    pub fn resolve<'a>(&'a self, tensor: &'a NodeOutput) -> &'a NodeOutput {
        self.start.resolve(tensor)
    }

    /// The symbolic outputs.
    pub fn outputs(&self) -> &[NodeOutput] {
        &self.outputs
    }

    /// The layers in Keras's order: by depth (distance from the outputs), deepest first.
    pub fn layers(&self) -> &[Arc<dyn Layer>] {
        &self.layers
    }

    /// All weights of the layers, to be read or updated together.
    pub(crate) fn weights(&self) -> &WeightSet {
        self.weights.get_or_init(|| WeightSet::new(self.layers.iter().flat_map(|layer| layer.variables()).collect()))
    }

    /// The calls of a layer that belong to this graph.
    pub fn calls_of(&self, layer: &dyn Layer) -> Vec<&Arc<Node>> {
        let calls = self.calls.get(&layer.base().id());
        calls.into_iter().flatten().map(|&node| &self.nodes[node]).collect()
    }

    /// The names of the inputs: those that they were given, or those of their layers.
    pub fn input_names(&self) -> Vec<String> {
        let of_layers = || self.inputs().iter().map(|input| input.node().layer().layer_name()).collect();
        self.names.inputs.clone().unwrap_or_else(of_layers)
    }

    /// The names of the outputs in logs: those that they were given, or those of their layers, which several outputs may share.
    pub(crate) fn log_names(&self) -> Vec<String> {
        let of_layers = || self.outputs.iter().map(|output| output.node().layer().layer_name()).collect();
        self.names.outputs.clone().unwrap_or_else(of_layers)
    }

    /// The names of the outputs: those of their layers, with a number if not unique.
    pub fn output_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for output in &self.outputs {
            let name = output.node().layer().layer_name();
            let numbered = (0..).map(|i| if i == 0 { name.clone() } else { format!("{name}_{i}") });
            names.extend(numbered.into_iter().find(|name| !names.contains(name)));
        }
        names
    }

    /// The shapes and dtypes of the outputs for those of the inputs.
    pub fn compute_output_spec(&self, inputs: &[TensorSpec]) -> Result<Vec<TensorSpec>> {
        if self.inputs().iter().map(NodeOutput::spec).eq(inputs) {
            return Ok(self.outputs.iter().map(|output| output.spec().clone()).collect());
        }
        let mut values: Vec<Option<TensorSpec>> = vec![None; self.slots];
        self.input_slots.iter().zip(inputs).for_each(|(&slot, spec)| values[slot] = Some(spec.clone()));
        for step in &self.steps {
            let value = |slot: &usize| values[*slot].clone().ok_or_else(missing);
            let inputs = step.inputs.iter().map(value).collect::<Result<Vec<_>>>()?;
            let outputs = step.layer.compute_output_spec(&inputs, &step.arguments.map(value)?);
            let outputs = outputs.map_err(|e| e.within_layer(step.layer.layer_name(), step.layer.class_name()))?;
            outputs.into_iter().enumerate().for_each(|(i, spec)| values[step.first_output + i] = Some(spec));
        }
        self.output_slots.iter().map(|&slot| values[slot].clone().ok_or_else(missing)).collect()
    }

    /// Runs all calls; returns the outputs for these inputs, with their masks. Inputs beyond the given masks have none.
    pub fn run(&self, given: &[Tensor], masks: &[Option<Tensor>], ctx: &mut Context) -> Result<Outputs> {
        let mut values: Vec<Option<Tensor>> = vec![None; self.slots];
        let mut value_masks: Vec<Option<Tensor>> = vec![None; self.slots];
        for (i, (&slot, input)) in self.input_slots.iter().zip(given).enumerate() {
            values[slot] = Some(input.clone());
            value_masks[slot] = masks.get(i).cloned().flatten();
        }
        let value = |values: &[Option<Tensor>], slot: usize| values[slot].clone().ok_or_else(missing);
        let mut at = 0;
        while let Some(mut step) = self.steps.get(at) {
            at += 1;
            let inputs = step.inputs.iter().map(|&slot| value(&values, slot)).collect::<Result<Vec<_>>>()?;
            let masks: Vec<_> = step.inputs.iter().map(|&slot| value_masks[slot].clone()).collect();
            let next = self.after(at - 1);
            let together =
                if next.is_empty() { None } else { run_together(&*step.layer, &next, &inputs, &masks, ctx)? };
            let (outputs, output_masks) = match together {
                Some((outputs, count)) => {
                    for _ in 0..count.min(next.len()) {
                        step.done_with.iter().for_each(|&slot| values[slot] = None);
                        (step, at) = (&self.steps[at], at + 1);
                    }
                    outputs
                }
                None => {
                    let arguments = step.arguments.map(|&slot| value(&values, slot))?;
                    let outputs = run_with(&*step.layer, &inputs, &masks, arguments, ctx);
                    outputs.map_err(|error| self.undeclared(step, given, &inputs).unwrap_or(error))?
                }
            };
            if step.layer.takes_masks() {
                step.inputs.iter().for_each(|&slot| value_masks[slot] = None);
            }
            for (i, output) in outputs.into_iter().enumerate() {
                values[step.first_output + i] = Some(output);
                value_masks[step.first_output + i] = output_masks.get(i).cloned().flatten();
            }
            drop(inputs);
            step.done_with.iter().for_each(|&slot| values[slot] = None);
        }
        let outputs = self.output_slots.iter().map(|&slot| value(&values, slot)).collect::<Result<Vec<_>>>()?;
        Ok((outputs, self.output_slots.iter().map(|&slot| value_masks[slot].clone()).collect()))
    }

    /// The layers that take over the outputs of this step one after another, and which alone do; the first few.
    fn after(&self, step: usize) -> Vec<&dyn Layer> {
        let chain = self.steps[step..].iter().take_while(|step| step.goes_on).take(MOST_TOGETHER);
        chain.zip(&self.steps[step + 1..]).map(|(_, next)| &*next.layer).collect()
    }

    /// The error of a layer that declared another shape for one of the inputs on which a later layer failed.
    fn undeclared(&self, failed: &Call, given: &[Tensor], inputs: &[Tensor]) -> Option<Error> {
        let is_declared = |shape: &Shape, dims: &[usize]| {
            shape.len() == dims.len() && shape.iter().zip(dims).skip(1).all(|(a, b)| a.is_none_or(|a| a == *b))
        };
        // A model may be called on other sizes than it was built for.
        if !self.inputs().iter().zip(given).all(|(input, x)| is_declared(input.shape(), x.dims())) {
            return None;
        }
        let calls = self.nodes.iter().filter(|node| !self.start.begins_at(node)).zip(&self.steps);
        let outputs =
            calls.flat_map(|(node, call)| (call.first_output..).zip(node.output_specs()).map(move |o| (node, o)));
        let mut wrong = outputs.filter_map(|(node, (slot, spec))| {
            let dims = inputs[failed.inputs.iter().position(|&input| input == slot)?].dims();
            let fits = spec.is_string() || is_declared(&spec.shape, dims);
            (!fits).then(|| (node.layer(), spec.shape.to_string(), format!("{dims:?}")))
        });
        wrong.next().map(|(layer, declared, dims)| {
            Error::new("the output has another shape than compute_output_shape declares")
                .expected(declared)
                .received(dims)
                .in_layer(layer.layer_name(), layer.class_name())
        })
    }
}

/// How many layers after another are offered to it for a fused step: a normalization, an activation and a pooling.
const MOST_TOGETHER: usize = 3;

/// How many layers in nested models a run may call. Each model that calls the one inside it twice doubles the calls, so that a file of a few kilobytes may
/// have more than any computer makes.
const MOST_CALLS: u64 = 1 << 17;

/// How many layers are called in a call of this one.
fn calls(layer: &dyn Layer) -> u64 {
    let model = (layer as &dyn Any).downcast_ref::<Model>();
    match model.and_then(|model| model.body().graph().ok().flatten()) {
        Some(graph) => graph.all_calls,
        None => layer.sublayers().iter().fold(1, |all, layer| all.saturating_add(calls(&**layer))),
    }
}

fn missing() -> Error {
    Error::new("a layer returned fewer outputs than it declared")
}

/// The inputs of a graph. A tensor within another graph becomes a new input, as in Keras.
#[derive(Debug)]
struct Start {
    inputs: Vec<NodeOutput>,
    replaced: HashMap<(usize, usize, usize), NodeOutput>,
}

impl Start {
    fn new(inputs: &[NodeOutput]) -> Result<Self> {
        let mut start = Self { inputs: Vec::new(), replaced: HashMap::new() };
        for input in inputs {
            if start.inputs.contains(input) || start.replaced.contains_key(&input.key()) {
                return Err(Error::new("a model takes each input once").received(format!("{input:?} twice")));
            }
            let begins = match input.node().inputs() {
                [] => input.clone(),
                _ => {
                    let begins =
                        InputLayer::new([0usize; 0]).batch_shape(input.shape().clone()).output().output()?.clone();
                    start.replaced.insert(input.key(), begins.clone());
                    begins
                }
            };
            start.inputs.push(begins);
        }
        Ok(start)
    }

    fn resolve<'a>(&'a self, tensor: &'a NodeOutput) -> &'a NodeOutput {
        self.replaced.get(&tensor.key()).unwrap_or(tensor)
    }

    fn begins_at(&self, node: &Node) -> bool {
        node.inputs().is_empty()
    }

    /// The traversal from the outputs back to the inputs.
    fn walk(&self, outputs: &[NodeOutput]) -> Result<Walk> {
        let (mut nodes, mut done, mut first_seen) = (Vec::new(), HashSet::new(), HashMap::new());
        // An explicit stack: a graph may be deeper than the thread's stack.
        let mut stack: Vec<(Arc<Node>, usize)> = Vec::new();
        let see = |node: &Arc<Node>, first_seen: &mut HashMap<usize, usize>| {
            let number = first_seen.len();
            first_seen.entry(node.layer().base().id()).or_insert(number);
        };
        for output in outputs {
            let node = self.resolve(output).node().clone();
            if !done.contains(&node.key()) {
                see(&node, &mut first_seen);
                stack.push((node, 0));
            }
            while let Some((node, next)) = stack.pop() {
                if let Some(input) = node.parents().nth(next) {
                    stack.push((node.clone(), next + 1));
                    let before = self.resolve(input).node().clone();
                    if !done.contains(&before.key()) {
                        see(&before, &mut first_seen);
                        stack.push((before, 0));
                    }
                } else if done.insert(node.key()) {
                    if self.begins_at(&node) && !self.inputs.iter().any(|input| input.node().key() == node.key()) {
                        let given: Vec<_> = self.inputs.iter().map(|i| i.node().layer().layer_name()).collect();
                        return Err(Error::new(
                            "an output of the model depends on an input that is not an input of the model",
                        )
                        .expected(format!("outputs that depend on {}", given.join(", ")))
                        .received(format!("{output:?}, which depends on {:?}", node.layer().layer_name()))
                        .help("pass all inputs of the outputs to Model::new"));
                    }
                    nodes.push(node);
                }
            }
        }
        Ok((nodes, first_seen))
    }
}

/// The layers by decreasing depth, and within a depth in the order in which the traversal from the outputs reached them.
fn in_keras_order(start: &Start, nodes: &[Arc<Node>], first_seen: &HashMap<usize, usize>) -> Vec<Arc<dyn Layer>> {
    let mut node_depths: HashMap<NodeKey, usize> = HashMap::new();
    let mut layer_depths: HashMap<usize, (usize, Arc<dyn Layer>)> = HashMap::new();
    for node in nodes.iter().rev() {
        let layer = node.layer();
        let entry = layer_depths.entry(layer.base().id()).or_insert((0, layer.clone()));
        // A layer that is called several times has the depth of its deepest call.
        let depth = entry.0.max(*node_depths.entry(node.key()).or_default());
        entry.0 = depth;
        node_depths.insert(node.key(), depth);
        for input in node.parents() {
            let before = node_depths.entry(start.resolve(input).node().key()).or_default();
            *before = (*before).max(depth + 1);
        }
    }
    // An input that no output depends on has the depth of the outputs, as in Keras.
    for input in &start.inputs {
        let layer = input.node().layer();
        layer_depths.entry(layer.base().id()).or_insert((0, layer.clone()));
    }
    let mut layers: Vec<_> = layer_depths.into_iter().collect();
    layers.sort_by_key(|(id, (depth, _))| (usize::MAX - depth, first_seen.get(id).copied().unwrap_or(usize::MAX), *id));
    layers.into_iter().map(|(_, (_, layer))| layer).collect()
}
