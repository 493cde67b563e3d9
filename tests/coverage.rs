//! The table of supported names of Keras in README.md. `UPDATE=1 cargo test --test tests coverage` rewrites it.

use candle_keras::ops::KERAS_NAMES;
use candle_keras_layers::activations::Activate;
use candle_keras_layers::{Constraint, Initializer, Kind, Regularizer, registry};
use std::collections::BTreeSet;

const START: &str = "<!-- coverage -->\n";
const END: &str = "<!-- /coverage -->";

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

/// The supported names of a module.
fn of_ours(module: &str) -> BTreeSet<&'static str> {
    match module {
        "layers" => registry::CLASSES.iter().copied().chain(["Lambda"]).collect(),
        // A function with arguments has no name in files.
        "activations" => <dyn Activate as Kind>::names().into_iter().chain(["threshold"]).collect(),
        "initializers" => Initializer::CLASSES.iter().copied().collect(),
        "regularizers" => Regularizer::CLASSES.iter().copied().collect(),
        "constraints" => Constraint::CLASSES.iter().copied().collect(),
        "callbacks" => exports(include_str!("../crates/models/src/callbacks/mod.rs")).collect(),
        "ops" => KERAS_NAMES.iter().map(|name| name.trim_end_matches('_')).collect(),
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

/// A misspelled name would not be counted.
#[test]
fn functions_have_the_names_of_keras() {
    let modules = of_keras();
    let (_, names) = modules.iter().find(|(module, _)| *module == "ops").unwrap();
    for name in of_ours("ops") {
        assert!(names.contains(&name), "keras.ops has no {name}");
    }
}
