//! The text of classes, where all of them is known: structs, `new`, methods, and the hooks of callbacks.

use crate::classes::{Field, HOOKS, Kind, Method, OF_FILES};
use crate::program::Program;
use crate::python::functions::Written;
use crate::value::Type;
use crate::{Missing, Ported};
use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// The hooks of a callback, which the training calls.
    pub(crate) fn write_hooks(&mut self, number: usize) -> Ported<()> {
        for (name, own) in HOOKS {
            let Some(definition) = self.method_named(number, name) else { continue };
            let count = definition.parameters.iter_non_variadic_params().count();
            if count > own.len() + 2 {
                return Err(Missing::new(format!("{name} of {count} parameters")));
            }
            let mut types: Vec<Type> = own.iter().map(|_| Type::Int).collect();
            types.push(Type::Logs);
            types.truncate(count.saturating_sub(1));
            let body = self.method_body(number, definition, &types)?;
            if !body.captured.is_empty() {
                return Err(Missing::new(format!("a callback that uses {}", body.captured[0].name()))
                    .help("pass it to __init__"));
            }
            let mut lines = body.lines;
            if !body.is_fallible {
                lines.push("    Ok(())".into());
            }
            let uses_model = lines.iter().any(|line| line.contains("model"));
            let mut parameters = vec!["&mut self".to_string()];
            parameters.push(format!("{}: &mut Model", if uses_model { "model" } else { "_model" }));
            parameters.extend(body.parameters);
            if count < own.len() + 2 {
                parameters.push("_logs: &Logs".into());
            }
            self.import("callbacks::Logs");
            let text = format!("fn {name}({}) -> Result<()> {{\n{}\n}}", parameters.join(", "), lines.join("\n"));
            let written = Written::of_method((*name).into(), Vec::new(), Type::None, true);
            let method =
                Method { name: (*name).into(), parameters: types, written, text, is_of_trait: true, lost: None };
            self.classes[number].methods.push(method);
        }
        self.import("callbacks::Callback");
        Ok(())
    }

    /// The text of all classes that are used; those that are not are gaps.
    pub(crate) fn write_classes(&mut self) {
        self.find_layers_of_models();
        for number in 0..self.classes.len() {
            let definition = self.classes[number].definition;
            let line = self.source.line(definition.range().start());
            if self.classes[number].kind == Kind::OwnLayer {
                let docs = self.docs_of(number);
                match self.own_layer_text(number, &docs) {
                    Some(text) => self.item(line, text),
                    None => {
                        let missing = Missing::new(format!("{} is never called", definition.name));
                        _ = self.gap(definition.range, &missing.help("leave it out, or use it"));
                    }
                }
                continue;
            }
            match self.classes[number].new.clone() {
                Some((new, _)) => {
                    let conversion = match self.classes[number].kind {
                        Kind::Loss => self.conversion_of_loss(number),
                        Kind::Metric => self.metric_text(number),
                        _ => None,
                    };
                    let text = self.class_text(number, &new);
                    let texts: Vec<String> = std::iter::once(text).chain(conversion).collect();
                    self.item(line, texts.join("\n\n"));
                    for statement in &definition.body {
                        let Stmt::FunctionDef(function) = statement else { continue };
                        let name = function.name.as_str();
                        let is_written = name == "__init__"
                            || (name == "metrics" && self.classes[number].kind == Kind::Model)
                            || OF_FILES.contains(&name)
                            || crate::classes::uncalled_classes::only_says_built(function)
                            || (name == "build" && !self.made_in_build(number).is_empty())
                            || self.is_reset_of_metric(number, function)
                            || self.classes[number].methods.iter().any(|method| method.name == name)
                            || self.classes[number].of_init.iter().any(|(method, ..)| method == name);
                        if !is_written {
                            self.gap(function.range, &Missing::new(format!("{name} is never called")));
                        }
                    }
                }
                None if self.classes[number].used_as_constants.get() => {}
                None => {
                    let missing = Missing::new(format!("{} is never made", definition.name));
                    self.gap(definition.range, &missing.help("leave it out, or use it"));
                }
            }
        }
    }

    /// What the class says of itself, as a comment of Rust.
    fn docs_of(&self, number: usize) -> String {
        let docs = self.classes[number].definition.body.first().and_then(|first| match first {
            Stmt::Expr(text) => text.value.as_string_literal_expr().map(|text| text.value.to_str().to_string()),
            _ => None,
        });
        docs.iter()
            .flat_map(|text| text.trim().lines())
            .map(|line| format!("/// {}", line.trim()).trim_end().to_string() + "\n")
            .collect()
    }

    pub(crate) fn class_text(&mut self, number: usize, new: &str) -> String {
        let docs = self.docs_of(number);
        let (name, kind) = (self.classes[number].rust_name.clone(), self.classes[number].kind);
        let fields = self.classes[number].fields.iter().filter(|field| field.of.is_stored());
        let fields: Vec<Field> = fields.cloned().collect();
        let types: Vec<Type> = fields.iter().map(|field| self.resolved(&field.of)).collect();
        let is_cloned = kind != Kind::Callback && !types.contains(&Type::Object("optimizers::Optimizer".into()));
        let made = self.classes[number].makes_model.then(|| self.model_method(number, is_cloned));
        let given = self.classes[number].gives_layers.then(|| self.layers_method(number));
        let late: Vec<_> = fields.iter().filter(|field| field.is_late).map(late_field).collect();
        let of_layers = |of: &Type| matches!(of, Type::Layer(_) | Type::Model(_));
        let all_read =
            fields.iter().all(|field| field.is_read || (made.is_some() && of_layers(&self.resolved(&field.of))));
        let docs =
            if all_read && !self.classes[number].is_unused { docs } else { format!("{docs}#[allow(dead_code)]\n") };
        let docs = docs + case_of(&name);
        let derived = match (kind, is_cloned) {
            (Kind::Metric, _) => "#[derive(Debug, Clone)]\n",
            (_, true) => "#[derive(Clone)]\n",
            (_, false) => "",
        };
        let mut out = format!("{docs}{}struct {name} {{\n", derived);
        for (field, of) in fields.iter().zip(&types) {
            let in_rust = of.of_fractions().in_rust().unwrap_or_else(|| "Vec<f64>".into());
            let in_rust = if field.is_late { format!("Option<{in_rust}>") } else { in_rust };
            out.push_str(&format!("    {}: {in_rust},\n", field.rust_name));
        }
        let unused = if self.classes[number].is_unused { crate::inference::uncalled::UNUSED } else { "" };
        out.push_str(&format!("}}\n\n{unused}impl {name} {{\n"));
        let values: Vec<_> = fields
            .iter()
            .map(|field| match &field.value {
                Some(value) => format!("{}: {value}", field.rust_name),
                None => field.rust_name.clone(),
            })
            .collect();
        let value = if values.is_empty() { "Self {}".to_string() } else { format!("Self {{ {} }}", values.join(", ")) };
        let value = if new.contains("-> Result<Self>") { format!("Ok({value})") } else { value };
        let new = new.replace('\u{2}', &format!("    {value}"));
        let class = &self.classes[number];
        let methods = class.methods.iter().filter(|method| !method.is_of_trait).map(|method| method.text.clone());
        let of_init = class.of_init.iter().map(|(_, _, _, text)| text.clone());
        let all = std::iter::once(new).chain(of_init).chain(methods).chain(made).chain(given).chain(late);
        out.push_str(&all.map(|text| indented(&text)).collect::<Vec<_>>().join("\n\n"));
        out.push_str("\n}\n");
        let hooks: Vec<_> =
            class.methods.iter().filter(|method| method.is_of_trait).map(|method| indented(&method.text)).collect();
        match kind {
            Kind::Callback => out.push_str(&format!("\nimpl Callback for {name} {{\n{}\n}}\n", hooks.join("\n\n"))),
            Kind::Model if !hooks.is_empty() => {
                out.push_str(&format!("\nimpl TrainStep for {name} {{\n{}\n}}\n", hooks.join("\n\n")));
            }
            _ => {}
        }
        for of in &types {
            self.import_type(of);
        }
        out
    }
}

/// That a class has a name which Rust would write otherwise: Keras makes names of layers and models of it.
pub(crate) fn case_of(name: &str) -> &'static str {
    match name.starts_with(|c: char| c.is_lowercase()) || name.contains('_') {
        true => "#[allow(non_camel_case_types)]\n",
        false => "",
    }
}

/// The function that gives an attribute which another method than `__init__` sets.
fn late_field(field: &Field) -> String {
    let (name, of) = (&field.rust_name, field.of.in_rust().unwrap_or_default());
    let missing = format!(".ok_or_else(|| Error::new(\"the attribute {} is not set yet\"))", field.name);
    match &field.of {
        of_field if of_field.is_copy() => {
            format!("fn {name}(&self) -> Result<{of}> {{\n    self.{name}{missing}\n}}")
        }
        Type::Object(path) if path == "optimizers::Optimizer" => {
            format!("fn {name}(&mut self) -> Result<&mut {of}> {{\n    self.{name}.as_mut(){missing}\n}}")
        }
        _ => format!("fn {name}(&self) -> Result<&{of}> {{\n    self.{name}.as_ref(){missing}\n}}"),
    }
}

pub(crate) fn indented(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty() || line.is_empty());
    lines.map(|line| if line.is_empty() { String::new() } else { format!("    {line}") }).collect::<Vec<_>>().join("\n")
}
