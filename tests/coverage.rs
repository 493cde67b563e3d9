//! The table of supported names of Keras in README.md. `UPDATE=1 cargo test --test tests coverage` rewrites it.

use candle_core::{Device, Tensor, Var};
use candle_keras_layers::activations::Activate;
use candle_keras_layers::{Constraint, Initializer, Kind, Regularizer, registry};
use candle_keras_ops::functions::{classes, names};
use candle_keras_ops::{Class, Operation, Way, dtype, json};
use serde_json::Value;
use std::collections::BTreeSet;

const START: &str = "<!-- coverage -->\n";
const END: &str = "<!-- /coverage -->";
const FUNCTIONS: &str = "<!-- functions -->\n";

/// Keras's names by module, from the file that tools/keras_names.py writes.
fn of_keras() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut modules: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in include_str!("keras/names.txt").lines().filter(|line| !line.starts_with('#')) {
        match (line.strip_suffix(':'), modules.last_mut()) {
            (Some(module), _) => modules.push((module, Vec::new())),
            (None, Some((_, names))) => names.extend(line.split_whitespace()),
            (None, None) => (),
        }
    }
    modules
}

/// The types that a file of Rust re-exports.
fn exports(source: &'static str) -> impl Iterator<Item = &'static str> {
    let items = source.lines().filter_map(|line| line.strip_prefix("pub use "));
    items.flat_map(|item| item.split(|c: char| !c.is_alphanumeric()))
}

/// The names that a module of the facade re-exports.
fn of_facade(module: &str) -> BTreeSet<&'static str> {
    let (_, rest) = include_str!("../src/lib.rs").split_once(&format!("pub mod {module} {{\n")).unwrap();
    let (items, _) = rest.split_once("\n}\n").unwrap();
    items.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

/// The supported names of a module.
fn of_ours(module: &str) -> BTreeSet<&'static str> {
    match module {
        "layers" => registry::CLASSES.iter().copied().chain(["Lambda", "Wrapper"]).collect(),
        // A function with arguments has no name in files.
        "activations" => <dyn Activate as Kind>::names().into_iter().chain(["threshold"]).collect(),
        "initializers" => Initializer::CLASSES.iter().copied().collect(),
        "regularizers" => Regularizer::CLASSES.iter().copied().collect(),
        "constraints" => Constraint::CLASSES.iter().copied().collect(),
        "callbacks" => exports(include_str!("../crates/models/src/callbacks/mod.rs")).collect(),
        "ops" => names().into_iter().collect(),
        "random" => {
            let source = include_str!("../crates/ops/src/random_tensors.rs");
            let functions = source.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split('<').next());
            functions.chain(["SeedGenerator"]).collect()
        }
        "config" | "utils" => of_facade(module),
        // The losses are metrics too; sums and means are of values, and not in files.
        "metrics" => {
            let [(_, losses), (_, metrics), ..] = candle_keras_training::classes_by_module();
            losses.iter().chain(metrics).copied().chain(["Mean", "Sum"]).collect()
        }
        _ => {
            let modules = candle_keras_training::classes_by_module();
            let (_, classes) = modules.iter().find(|(name, _)| *name == module).unwrap();
            classes.iter().copied().collect()
        }
    }
}

fn table() -> String {
    let mut text = "| Keras | here | not here |\n|---|---|---|\n".to_owned();
    for (module, names) in of_keras() {
        let ours = of_ours(module);
        let missing: Vec<_> =
            names.iter().filter(|name| !ours.contains(*name)).map(|name| format!("`{name}`")).collect();
        let folded = match missing.len() {
            0 => String::new(),
            1..=4 => missing.join(", "),
            many => format!("<details><summary>{many}</summary>{}</details>", missing.join(", ")),
        };
        let (here, all) = (names.len() - missing.len(), names.len());
        text += &format!("| `keras.{module}` | {here} of {all} | {folded} |\n");
    }
    text
}

#[test]
fn the_readme_lists_the_supported_names_of_keras() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let expected = format!("{before}{START}{}{END}{after}", table());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &expected).unwrap();
    } else {
        assert!(readme == expected, "README.md is out of date: run UPDATE=1 cargo test --test tests coverage");
    }
}

/// docs/porting.md says why.
#[test]
fn a_layer_that_is_not_here_has_a_reason() {
    let modules = of_keras();
    let (_, names) = modules.iter().find(|(module, _)| *module == "layers").unwrap();
    let (ours, guide) = (of_ours("layers"), include_str!("../docs/porting.md"));
    let (_, reasons) = guide.split_once("## Layers that are not here").unwrap();
    let missing: Vec<_> = names.iter().filter(|name| !ours.contains(*name)).collect();
    assert!(missing.iter().all(|name| reasons.contains(&format!("`{name}`"))), "{missing:?}");
}

/// docs/porting.md says why.
#[test]
fn a_utility_that_is_not_here_has_a_reason() {
    let modules = of_keras();
    let (_, reasons) = include_str!("../docs/porting.md").split_once("## Utilities that are not here").unwrap();
    for module in ["random", "config", "utils"] {
        let ours = of_ours(module);
        let (_, names) = modules.iter().find(|(name, _)| *name == module).unwrap();
        let missing: Vec<_> = names.iter().filter(|name| !ours.contains(*name)).collect();
        let without: Vec<_> = missing.iter().filter(|name| !reasons.contains(&format!("`{name}`"))).collect();
        assert!(without.is_empty(), "{without:?}");
    }
}

/// A misspelled name would not be counted.
#[test]
fn functions_have_the_names_of_keras() {
    let modules = of_keras();
    let (_, names) = modules.iter().find(|(module, _)| *module == "ops").unwrap();
    for name in of_ours("ops") {
        assert!(names.contains(&name), "keras.ops has no {name}");
    }
}

/// Why a function of `keras.ops` is not here.
fn reason(name: &str) -> &'static str {
    match name {
        "convert_to_numpy" => "not here: a tensor has `to_vec1` and its kin",
        "dtype" => "not here: a tensor has `dtype`; `ops::dtype` reads a name",
        "eig" => "not here: complex results; `eigh` is for symmetric matrices",
        "is_tensor" => "not here: the type says it",
        "jvp" => "not here: operations have gradients in the other direction",
        "polar" | "view_as_complex" | "view_as_real" => "not here: complex numbers are two tensors",
        _ => panic!("there is neither {name} nor a reason"),
    }
}

/// The call of a function as Keras's documentation has it, with the defaults, which are written out in Rust.
fn signature(class: &Class) -> String {
    let [name] = class.operands else { return of_operands(class, class.operands.iter().map(ToString::to_string)) };
    match (class.takes_list, class.is_variadic) {
        (true, _) => of_operands(class, [format!("[{name}, ...]")].into_iter()),
        // The operands are behind the arguments.
        (_, true) => format!("{}({}, [{name}, ...])", class.function, arguments(class).join(", ")),
        _ => of_operands(class, [name.to_string()].into_iter()),
    }
}

fn of_operands(class: &Class, operands: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = operands.chain(arguments(class)).collect();
    format!("{}({})", class.function, all.join(", "))
}

fn arguments(class: &Class) -> Vec<String> {
    let python = |default: &str| match default {
        "()" => "None".to_string(),
        "true" => "True".into(),
        "false" => "False".into(),
        other => other.into(),
    };
    let one = |[name, default]: &[&str; 2]| match *default {
        "" => name.to_string(),
        default => format!("{name}={}", python(default)),
    };
    class.arguments.iter().map(one).collect()
}

/// What docs/ops.md says of a function of `keras.ops`.
fn op_row(name: &str, cases: &[Value]) -> String {
    let Some(class) = classes().iter().find(|class| class.function.trim_end_matches('_') == name) else {
        return match names().contains(&name) {
            true => format!("| `{name}` | yes | | by other functions | |\n"),
            false => format!("| `{name}` | | | {} | |\n", reason(name)),
        };
    };
    // A gradient is there if an output of a variable records one.
    let records = |case: &&Value| {
        let mut config = case["config"].as_object().unwrap().clone();
        config.extend(class.in_call.iter().map(|name| name.to_string()).zip(case["call"].as_array().unwrap().clone()));
        let operand = |array: &Value| {
            let values: Vec<f64> =
                array[2].as_array().unwrap().iter().map(|value| json::as_f64(value).unwrap()).collect();
            let shape: Vec<usize> =
                array[1].as_array().unwrap().iter().map(|size| size.as_u64().unwrap() as usize).collect();
            let x = Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
            let x = x.to_dtype(dtype(array[0].as_str().unwrap()).unwrap()).unwrap();
            if x.dtype().is_float() { Var::from_tensor(&x).unwrap().into_inner() } else { x }
        };
        let operands: Vec<Tensor> = case["operands"].as_array().unwrap().iter().map(operand).collect();
        let operation = Operation::from_keras(class.name, &config).unwrap();
        operation.run(&operands.iter().map(Some).collect::<Vec<_>>()).unwrap().iter().any(Tensor::track_op)
    };
    let differentiable =
        class.name == "GetItem" || cases.iter().filter(|case| case["class"] == class.name).any(|case| records(&case));
    let gradient = if differentiable { "yes" } else { "" };
    let (how, gpu) = match class.way {
        Way::Loop => ("a loop", "a kernel, or functions of candle"),
        Way::Composition => ("functions of candle", "functions of candle"),
        Way::Host => ("a loop", "on the host"),
    };
    format!("| `{}` | yes | {gradient} | {how} | {gpu} |\n", signature(class))
}

#[test]
fn the_guide_lists_the_functions_of_ops() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ops.md");
    let Value::Array(cases) = json::parse(include_bytes!("keras/ops.json"), 1 << 30).unwrap() else { panic!() };
    let modules = of_keras();
    let (_, of_ops) = modules.iter().find(|(module, _)| *module == "ops").unwrap();
    let page = std::fs::read_to_string(path).unwrap();
    let (guide, _) = page.split_once(FUNCTIONS).unwrap();
    let mut expected = format!("{guide}{FUNCTIONS}| function | here | gradient | CPU | GPU |\n|---|---|---|---|---|\n");
    expected.extend(of_ops.iter().map(|name| op_row(name, &cases)));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &expected).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap();
    assert!(found == expected, "docs/ops.md is out of date: run UPDATE=1 cargo test --test tests coverage");
}
