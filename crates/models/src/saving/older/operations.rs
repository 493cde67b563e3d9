//! Operations of TensorFlow in models of tf.keras, as those of Keras 3: `TFOpLambda`, `SlicingOpLambda`, `TensorFlowOpLayer`.

use serde_json::{Map, Value, json};

/// An operation of TensorFlow: Keras's class, and how its arguments are written.
enum Form {
    /// All operands are tensors or numbers; the names of those after the first.
    Elementwise(&'static [&'static str]),
    /// Axes and whether they are kept.
    Reduction,
    /// One argument of this name, which Keras calls so.
    With(&'static str, &'static str),
    /// A list of tensors, and an axis.
    OfMany,
    /// The parts of a key.
    Slice,
    /// The limits.
    Clip,
}

use Form::{Clip, Elementwise, OfMany, Reduction, Slice, With};

/// The function in TensorFlow without its module, the operation in its graphs, Keras's class.
const OPERATIONS: &[(&str, &str, &str, Form)] = &[
    ("add", "AddV2", "Add", Elementwise(&["y"])),
    ("multiply", "Mul", "Multiply", Elementwise(&["y"])),
    ("subtract", "Sub", "Subtract", Elementwise(&["y"])),
    ("truediv", "RealDiv", "TrueDivide", Elementwise(&["y"])),
    ("divide", "Div", "TrueDivide", Elementwise(&["y"])),
    ("pow", "Pow", "Power", Elementwise(&["y"])),
    ("maximum", "Maximum", "Maximum", Elementwise(&["y"])),
    ("minimum", "Minimum", "Minimum", Elementwise(&["y"])),
    ("greater", "Greater", "Greater", Elementwise(&["y"])),
    ("greater_equal", "GreaterEqual", "GreaterEqual", Elementwise(&["y"])),
    ("less", "Less", "Less", Elementwise(&["y"])),
    ("less_equal", "LessEqual", "LessEqual", Elementwise(&["y"])),
    ("equal", "Equal", "Equal", Elementwise(&["y"])),
    ("not_equal", "NotEqual", "NotEqual", Elementwise(&["y"])),
    ("logical_and", "LogicalAnd", "LogicalAnd", Elementwise(&["y"])),
    ("logical_or", "LogicalOr", "LogicalOr", Elementwise(&["y"])),
    ("logical_not", "LogicalNot", "LogicalNot", Elementwise(&[])),
    ("matmul", "BatchMatMulV2", "Matmul", Elementwise(&["b"])),
    ("neg", "Neg", "Negative", Elementwise(&[])),
    ("negative", "Neg", "Negative", Elementwise(&[])),
    ("abs", "Abs", "Absolute", Elementwise(&[])),
    ("exp", "Exp", "Exp", Elementwise(&[])),
    ("log", "Log", "Log", Elementwise(&[])),
    ("log1p", "Log1p", "Log1p", Elementwise(&[])),
    ("sqrt", "Sqrt", "Sqrt", Elementwise(&[])),
    ("square", "Square", "Square", Elementwise(&[])),
    ("relu", "Relu", "Relu", Elementwise(&[])),
    ("sigmoid", "Sigmoid", "Sigmoid", Elementwise(&[])),
    ("tanh", "Tanh", "Tanh", Elementwise(&[])),
    ("softplus", "Softplus", "Softplus", Elementwise(&[])),
    ("stop_gradient", "StopGradient", "StopGradient", Elementwise(&[])),
    ("reduce_mean", "Mean", "Mean", Reduction),
    ("reduce_sum", "Sum", "Sum", Reduction),
    ("reduce_max", "Max", "Max", Reduction),
    ("reduce_min", "Min", "Min", Reduction),
    ("transpose", "Transpose", "Transpose", With("perm", "axes")),
    ("reshape", "Reshape", "Reshape", With("shape", "newshape")),
    ("expand_dims", "ExpandDims", "ExpandDims", With("axis", "axis")),
    ("squeeze", "Squeeze", "Squeeze", With("axis", "axis")),
    ("cast", "Cast", "Cast", With("dtype", "dtype")),
    ("softmax", "Softmax", "Softmax", With("axis", "axis")),
    ("concat", "ConcatV2", "Concatenate", OfMany),
    ("stack", "Pack", "Stack", OfMany),
    ("getitem", "StridedSlice", "GetItem", Slice),
    ("clip_by_value", "ClipByValue", "Clip", Clip),
];

/// The class with its configuration, and the positional arguments of its call.
type Operation = (&'static str, Map<String, Value>, Vec<Value>);

/// Replaces an operation of TensorFlow by that of Keras; what is not known here is left, and refused as an unknown class.
pub(super) fn convert(layer: &mut Value) {
    let found = match layer["class_name"].as_str() {
        Some("TFOpLambda" | "SlicingOpLambda") => of_function(layer),
        Some("TensorFlowOpLayer") => of_graph(layer),
        _ => None,
    };
    let Some((class_name, mut config, args)) = found else { return };
    let name = layer["name"].clone();
    config.insert("name".into(), name.clone());
    *layer = json!({
        "module": "keras.src.ops.numpy", "class_name": class_name, "config": config, "name": name,
        "inbound_nodes": [{"args": args, "kwargs": {}}],
    });
}

/// `[layer, call, output, ...]` as Keras 3 writes a tensor; anything else is a constant.
pub(super) fn operand(value: &Value) -> Value {
    match value.as_array().map(Vec::as_slice) {
        Some([Value::String(name), _, constant, ..]) if name == "_CONSTANT_VALUE" => constant.clone(),
        Some([Value::String(name), node @ Value::Number(_), output @ Value::Number(_), ..]) => {
            json!({"class_name": "__keras_tensor__", "config": {"keras_history": [name, node, output]}})
        }
        Some(_) => json!({"class_name": "__numpy__", "config": {"value": value, "dtype": "float32"}}),
        None => value.clone(),
    }
}

/// A function of TensorFlow: its one call has the first operand, and the other arguments by name.
fn of_function(layer: &Value) -> Option<Operation> {
    let function = layer["config"]["function"].as_str()?.rsplit('.').next()?;
    let (_, _, class_name, form) = OPERATIONS.iter().find(|(known, ..)| *known == function)?;
    let [call] = layer["inbound_nodes"].as_array()?.as_slice() else { return None };
    let tensors = if call[0].is_string() { std::slice::from_ref(call) } else { call.as_array()?.as_slice() };
    let arguments = tensors.first()?.get(3)?.as_object()?;
    let argument = |name: &str| arguments.get(name).filter(|value| !value.is_null());
    let known: &[&str] = match form {
        Elementwise(others) => others,
        Reduction => &["axis", "keepdims"],
        With(name, _) => &[name],
        OfMany => &["axis"],
        Slice => &["slice_spec"],
        Clip => &["clip_value_min", "clip_value_max"],
    };
    let ignored = |(name, value): (&String, &Value)| {
        known.contains(&name.as_str()) || name == "name" || value.is_null() || *value == false
    };
    if !arguments.iter().all(ignored) {
        return None;
    }
    let mut operands: Vec<Value> = tensors.iter().map(operand).collect();
    let mut config = Map::new();
    match form {
        Elementwise(others) => {
            let others = others.iter().map(|name| argument(name).map(operand));
            operands.extend(others.collect::<Option<Vec<_>>>()?);
        }
        Reduction => {
            config.insert("axis".into(), argument("axis").cloned().unwrap_or_default());
            config.insert("keepdims".into(), argument("keepdims").cloned().unwrap_or(json!(false)));
        }
        With(name, keras) => {
            let default = if *name == "axis" && *class_name == "Softmax" { json!(-1) } else { Value::Null };
            config.insert((*keras).into(), argument(name).cloned().unwrap_or(default));
        }
        OfMany => {
            config.insert("axis".into(), argument("axis").cloned().unwrap_or(json!(0)));
            operands = vec![operands.into()];
        }
        Slice => operands.push(argument("slice_spec")?.as_array()?.iter().map(part_of_key).collect()),
        Clip => {
            config.insert("x_min".into(), argument("clip_value_min")?.clone());
            config.insert("x_max".into(), argument("clip_value_max")?.clone());
        }
    }
    Some((class_name, config, operands))
}

/// A part of a key: a slice was written without its class.
fn part_of_key(part: &Value) -> Value {
    match part.get("start") {
        Some(_) => json!({"class_name": "__slice__", "config": part}),
        None => part.clone(),
    }
}

/// A node of a TensorFlow graph: its operands are the inputs, with the constants in their places.
fn of_graph(layer: &Value) -> Option<Operation> {
    let node = &layer["config"]["node_def"];
    let op = match node["op"].as_str()? {
        "Add" => "AddV2",
        "MatMul" | "BatchMatMul" => "BatchMatMulV2",
        op => op,
    };
    let (_, _, class_name, form) = OPERATIONS.iter().find(|(_, known, ..)| *known == op)?;
    let set = |name: &str| node["attr"][name]["b"] == true;
    if ["transpose_a", "transpose_b", "adj_x", "adj_y"].iter().any(|name| set(name)) {
        return None;
    }
    let [call] = layer["inbound_nodes"].as_array()?.as_slice() else { return None };
    let tensors = if call[0].is_string() { std::slice::from_ref(call) } else { call.as_array()?.as_slice() };
    let constants = layer["config"]["constants"].as_object();
    let mut operands: Vec<Value> = tensors.iter().map(operand).collect();
    let mut constants: Vec<(usize, Value)> =
        constants.into_iter().flatten().filter_map(|(i, value)| Some((i.parse().ok()?, value.clone()))).collect();
    constants.sort_by_key(|(i, _)| *i);
    let mut config = Map::new();
    match form {
        Elementwise(_) => {
            for (i, value) in constants {
                operands.insert(i.min(operands.len()), operand(&value));
            }
        }
        Reduction => {
            config.insert("axis".into(), constants.pop().map(|(_, axis)| axis).unwrap_or_default());
            config.insert("keepdims".into(), json!(set("keep_dims")));
        }
        With(_, "dtype") => return None,
        With("axis", keras) if *class_name == "Softmax" => _ = config.insert((*keras).into(), json!(-1)),
        With(_, keras) => _ = config.insert((*keras).into(), constants.pop()?.1),
        OfMany => {
            let axis = constants.pop().map_or_else(|| json!(0), |(_, axis)| axis);
            config.insert("axis".into(), axis);
            operands = vec![operands.into()];
        }
        Slice | Clip => return None,
    }
    Some((class_name, config, operands))
}
