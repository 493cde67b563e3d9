//! What the program imports.

use super::{Program, has_word};
use crate::value::Type;

impl Program<'_> {
    /// Whether a function of the script has this name in Rust.
    pub(crate) fn defines_function(&self, name: &str) -> bool {
        self.functions.iter().any(|function| crate::script::names::in_snake_case(function.definition.name()) == name)
    }

    /// Remembers what is used from `candle_keras`, and returns its name.
    pub(crate) fn import(&mut self, path: &str) -> String {
        let (module, name) = path.rsplit_once("::").unwrap_or(("", path));
        match module {
            // A function of the script has that name.
            _ if (module == "prelude" || crate::api::is_in_prelude(path)) && self.defines_function(name) => {
                return format!("candle_keras::prelude::{name}");
            }
            "prelude" => {}
            _ if crate::api::is_in_prelude(path) => {}
            // Modules whose names Keras has too.
            _ if ["cv2", "numpy", "python", "pyplot", "sklearn"].iter().any(|own| module.starts_with(own)) => {
                self.uses.insert(module.split("::").next().unwrap_or(module).to_string());
                return path.to_string();
            }
            // Functions have their module before them.
            _ if name.starts_with(|c: char| c.is_lowercase()) => {
                self.uses.insert(module.to_string());
                let last = module.rsplit("::").next().unwrap_or(module);
                return format!("{last}::{name}");
            }
            _ => {
                self.uses.insert(path.to_string());
            }
        }
        name.to_string()
    }

    /// Imports a function or macro by its own name.
    pub(crate) fn import_by_name(&mut self, path: &str) {
        if !crate::api::is_in_prelude(path) {
            self.uses.insert(path.to_string());
        }
    }

    /// Imports what `candle_keras` does not export.
    pub(crate) fn import_from(&mut self, path: &str) {
        self.other_uses.insert(path.to_string());
    }

    /// Imports what a type needs that is written out.
    pub(crate) fn import_type(&mut self, of: &Type) {
        match of {
            Type::Object(path)
                if crate::python::command_line::in_rust(path).is_some() || path.starts_with("serde_json") => {}
            Type::Object(path) if path.starts_with("inputs::") => {}
            Type::Object(path) if path == crate::pandas::VALUES => _ = self.import(crate::pandas::COLUMN),
            Type::Object(path) if path == crate::pandas::pandas_columns::SERIES => {
                _ = self.import(crate::pandas::TABLE)
            }
            Type::Object(path) if path == crate::pandas::pandas_numbers::COUNTS => {
                _ = self.import(crate::pandas::pandas_numbers::NUMBERS);
            }
            Type::Object(path) if path == crate::pandas::columns::COUNTS => _ = self.import(crate::pandas::TABLE),
            of if crate::pandas::cells::is_cell(of) => _ = self.import(crate::pandas::cells::CELL),
            Type::Object(path) if path == crate::pandas::table_rows::ROW_AS_TUPLE => {
                _ = self.import(crate::pandas::table_rows::ROW)
            }
            Type::Object(path) => _ = self.import(if path == "optimizers::Optimizer" { "Optimizer" } else { path }),
            Type::Path => self.import_from("std::path::PathBuf"),
            Type::Symbolic | Type::BatchSize => _ = self.import("layers::KerasTensor"),
            Type::Mutable { rank: 0, .. } => self.import_from("ndarray::ArrayD"),
            Type::Mutable { rank, .. } => self.import_from(&format!("ndarray::Array{rank}")),
            Type::Dict(key, value) => {
                self.import_from("indexmap::IndexMap");
                self.import_type(key);
                self.import_type(value);
            }
            Type::Set(of) => {
                self.import_from("std::collections::BTreeSet");
                self.import_type(of);
            }
            Type::Logs | Type::Scores(_) => _ = self.import("callbacks::Logs"),
            Type::Dataset(..) => _ = self.import("Dataset"),
            Type::Folder(..) => _ = self.import("utils::FolderDataset"),
            Type::Flow(_) => _ = self.import("preprocessing::image::ImageFlow"),
            Type::Variables => _ = self.import("layers::Variable"),
            Type::Layer(class) if class == "dyn Layer" => self.import_from("std::sync::Arc"),
            Type::Layer(class) if crate::api::item(&format!("layers::{class}")).is_some() => {
                self.import(&format!("layers::{class}"));
            }
            Type::List(of) => self.import_type(of),
            Type::Tuple(types) => types.iter().for_each(|of| self.import_type(of)),
            _ => {}
        }
    }

    /// The lines that import what this program uses.
    pub(super) fn use_lines(&self, program: &str) -> Vec<String> {
        let is_used = |path: &&String| {
            let name = path.rsplit("::").next().unwrap_or(path);
            // A trait has no name where it is used.
            matches!(
                name,
                "IndexOp"
                    | "Source"
                    | "ToTensor"
                    | "ToColumn"
                    | "Metric"
                    | "Layer"
                    | "Declared"
                    | "LearningRateSchedule"
                    | "Json"
            ) || has_word(program, name)
        };
        let mut of_module: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
        for path in self.uses.iter().filter(is_used) {
            let (module, name) = path.rsplit_once("::").unwrap_or(("", path));
            of_module.entry(module).or_default().push(name);
        }
        if has_word(program, "Error") {
            of_module.entry("").or_default().push("Error");
        }
        let mut lines = Vec::new();
        for (module, mut names) in of_module {
            names.sort_unstable();
            let prefix = if module.is_empty() { "candle_keras".to_string() } else { format!("candle_keras::{module}") };
            match &names[..] {
                [name] => lines.push(format!("use {prefix}::{name};")),
                names => lines.push(format!("use {prefix}::{{{}}};", names.join(", "))),
            }
        }
        lines.extend(self.other_uses.iter().filter(is_used).map(|path| format!("use {path};")));
        lines.push("use candle_keras::prelude::*;".into());
        lines.sort();
        lines.dedup();
        lines
    }
}
