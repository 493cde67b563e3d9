//! Steps of models: `train_step` and `test_step` of a class derived from `keras.Model`, as `impl TrainStep`.

use crate::arguments::{Named, find};
use crate::classes::Kind;
use crate::keras::datasets::Parts;
use crate::keras::subclasses::attributes_set;
use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprDict, Stmt};

/// What a class logs in its steps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    /// The types of the batches that they have been written for.
    batch: Option<(Type, Option<Type>)>,
    /// The names in the logs of training, and in those of tests.
    train: Option<Vec<String>>,
    test: Option<Vec<String>>,
}

impl<'a> Program<'a> {
    /// A parameter that is a batch: if it has inputs alone, the name is theirs.
    pub(crate) fn batch_parameter(&mut self, name: &str, x: &Type, y: &Option<Box<Type>>) -> Ported<String> {
        self.import("Batch");
        if self.scan().reads(name) == 0 {
            return Ok("_batch: &Batch".into());
        }
        let variable = match y {
            None => {
                let rust_name = self.rust_name(name);
                self.line(&format!("let {rust_name} = &batch.x[0];"));
                Variable { rust_name, of: x.clone(), form: Form::Reference, is_pending: false }
            }
            Some(_) => Variable {
                rust_name: "batch".into(),
                of: Type::Batch(Box::new(x.clone()), y.clone()),
                form: Form::Reference,
                is_pending: false,
            },
        };
        self.scopes.bind(name, Binding::Variable(variable));
        Ok("batch: &Batch".into())
    }

    /// `x, y = data`
    pub(crate) fn unpack_batch(&mut self, target: &'a Expr, of: &Type) -> Ported<bool> {
        let Type::Batch(x, y) = of else { return Ok(false) };
        self.bind_batch(target, &Parts::new(x, y), "batch")?;
        Ok(true)
    }

    /// The object whose `Model` this is, if it has steps of its own.
    fn object_with_steps(&self, model: &Value) -> Option<(usize, String)> {
        let key = self.scopes.python_name(&model.text)?;
        let name = key.strip_suffix("_model")?;
        let Some(Binding::Variable(variable)) = self.scopes.get(name) else { return None };
        let Type::Instance(class) = &variable.of else { return None };
        let number = self.class_number(class).ok()?;
        let is_model = self.classes[number].kind == Kind::Model && self.has_steps(number);
        is_model.then(|| (number, variable.rust_name.clone()))
    }

    /// What `fit` or `evaluate` needs to run the steps of the object: `.step(&mut vae)`.
    pub(crate) fn own_step(&mut self, model: &Value, named: &Named<'a>, is_fit: bool) -> Ported<Option<String>> {
        let Some((number, object)) = self.object_with_steps(model) else { return Ok(None) };
        let has = |name: &str| self.method_named(number, name).is_some();
        let validates = find(named, "validation_data").or_else(|| find(named, "validation_split")).is_some();
        match (is_fit, has("train_step"), has("test_step")) {
            (true, true, false) if validates => {
                return Err(Missing::new("validation by a model with a train_step, and no test_step")
                    .help("give it a test_step"));
            }
            (true, false, true) if validates => {
                return Err(Missing::new("validation by a model with a test_step, and no train_step")
                    .help("evaluate it behind fit"));
            }
            (true, false, _) | (false, _, false) => return Ok(None),
            _ => {}
        }
        let batch = self.types_of_batch(named)?;
        self.write_steps(number, batch)?;
        Ok(Some(format!(".step(&mut {object})")))
    }

    fn types_of_batch(&mut self, named: &Named<'a>) -> Ported<(Type, Option<Type>)> {
        let written = self.body.len();
        let of = |program: &mut Self, name: &str| match find(named, name).map(|data| program.expression(data)) {
            None => Ok(None),
            Some(value) => Ok(Some(value?.of)),
        };
        let (x, y) = (of(self, "x"), of(self, "y"));
        self.body.truncate(written);
        let (x, y) = (x?, y?);
        let array = |of: Type| match of {
            Type::Mutable { .. } => Ok(Type::Floats),
            of if of.is_array() => Ok(of),
            of => Err(Missing::new(format!("a training step on {}", of.described()))),
        };
        match (x, y) {
            (Some(Type::Dataset(x, y)), None) => Ok((*x, y.map(|y| *y))),
            (Some(x), y) => Ok((array(x)?, y.filter(|y| *y != Type::None).map(array).transpose()?)),
            (None, _) => Err(Missing::new("a training step without data")),
        }
    }

    /// Writes `impl TrainStep` for batches of these types.
    fn write_steps(&mut self, number: usize, batch: (Type, Option<Type>)) -> Ported<()> {
        let steps = self.classes[number].steps.clone();
        match &steps.batch {
            Some(before) if before.1.is_some() == batch.1.is_some() => return Ok(()),
            Some(_) => return Err(Missing::new("steps of a model on other data than before")),
            None => {}
        }
        self.import("TrainStep");
        self.import("StepLogs");
        for name in ["train_step", "test_step"] {
            self.write_step(number, name, &batch)?;
        }
        if self.method_named(number, "train_step").is_none() {
            return Err(Missing::new("a model with a test_step alone").help("give it a train_step"));
        }
        let names = self.names_of_metrics(number)?;
        if !names.is_empty() {
            names.iter().for_each(|(field, _)| self.read_metric(number, field));
            let lines: Vec<_> = names
                .iter()
                .map(|(field, _)| format!("    self.{}.reset_state();", crate::script::names::in_snake_case(field)))
                .collect();
            let text = format!("fn reset_metrics(&mut self) {{\n{}\n}}", lines.join("\n"));
            self.add_hook(number, "reset_metrics", text);
        }
        self.add_hook(number, "averages_logs", "fn averages_logs(&self) -> bool {\n    false\n}".into());
        self.classes[number].steps.batch = Some(batch);
        Ok(())
    }

    fn write_step(&mut self, number: usize, name: &str, batch: &(Type, Option<Type>)) -> Ported<()> {
        let Some(definition) = self.method_named(number, name) else { return Ok(()) };
        let (x, y) = batch.clone();
        let before = self.step.replace((number, self.frames.len() + 1, Vec::new()));
        let body = self.method_body(number, definition, &[Type::Batch(Box::new(x), y.map(Box::new))]);
        let (_, _, names) = std::mem::replace(&mut self.step, before).unwrap_or_default();
        let body = body?;
        if let Some(captured) = body.captured.first() {
            return Err(Missing::new(format!("a step that uses {}", captured.name())).help("pass it to __init__"));
        }
        if body.returns != Type::Object("StepLogs".into()) {
            return Err(Missing::new(format!("a step that returns {}", body.returns.described())));
        }
        self.check_logs(number, &names)?;
        let logs = self.order_of_scores(number, names)?;
        match name {
            "train_step" => self.classes[number].steps.train = Some(logs),
            _ => self.classes[number].steps.test = Some(logs),
        }
        let mut lines = body.lines;
        if !body.is_fallible
            && let Some(last) = lines.last_mut()
        {
            *last = format!("    Ok({})", last.trim());
        }
        let model = if crate::keras::steps::has_word(&lines, "model") { "model" } else { "_" };
        let batch = body.parameters.first().cloned().unwrap_or_else(|| "_: &Batch".into());
        let text = format!(
            "fn {name}(&mut self, {model}: &mut Model, {batch}) -> Result<StepLogs> {{\n{}\n}}",
            lines.join("\n")
        );
        self.add_hook(number, name, text);
        Ok(())
    }

    /// Keras has the results of the metrics in place of what a step returns, if the names are the same.
    fn check_logs(&mut self, number: usize, names: &[String]) -> Ported<()> {
        let is_own = self.method_named(number, "metrics").is_some() || !self.names_of_metrics(number)?.is_empty();
        match names {
            [one] if one == "loss" && !is_own => {
                Err(Missing::new("a step that logs \"loss\" without a metric of this name, which Keras logs as 0")
                    .help("make a keras.metrics.Mean in __init__, and return its result"))
            }
            _ => Ok(()),
        }
    }

    /// The order in which `evaluate` returns the values of a step.
    fn order_of_scores(&mut self, number: usize, logs: Vec<String>) -> Ported<Vec<String>> {
        let metrics: Vec<String> = self.names_of_metrics(number)?.into_iter().map(|(_, name)| name).collect();
        let mut order: Vec<String> = metrics.iter().filter(|name| logs.contains(name)).cloned().collect();
        let mut others: Vec<String> = logs.into_iter().filter(|name| !metrics.contains(name)).collect();
        others.sort();
        order.extend(others);
        Ok(order)
    }

    fn read_metric(&mut self, number: usize, field: &str) {
        self.read_field(number, field);
        let of = self.fields_of(number).into_iter().find(|(own, _)| own == &crate::script::names::in_snake_case(field));
        if let Some((_, Type::Object(path))) = of {
            self.import_trait_of(&path);
        }
    }

    /// What `evaluate` returns, if the object has a `test_step`.
    pub(crate) fn scores_of_steps(&self, model: &Value) -> Option<Vec<String>> {
        let (number, _) = self.object_with_steps(model)?;
        self.classes[number].steps.test.clone()
    }

    /// The metrics that are reset before an epoch: the attributes, and the names.
    fn names_of_metrics(&self, number: usize) -> Ported<Vec<(String, String)>> {
        let init = self.method_named(number, "__init__");
        let all: Vec<(String, String)> = init
            .map(attributes_set)
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(attribute, value)| {
                let Expr::Call(call) = value else { return None };
                let path = self.path_of(&call.func)?;
                let class = path.strip_prefix("keras.metrics.")?;
                let name = call.arguments.keywords.iter().find(|word| word.arg.as_deref() == Some("name"));
                let name = match name.map(|word| &word.value).or(call.arguments.args.first()) {
                    Some(Expr::StringLiteral(name)) => name.value.to_str().to_string(),
                    _ => crate::script::names::snake_case_of_class(class),
                };
                Some((attribute.to_string(), name))
            })
            .collect();
        let Some(metrics) = self.method_named(number, "metrics") else { return Ok(all) };
        let returned = metrics.body.iter().find_map(|statement| match statement {
            Stmt::Return(value) => value.value.as_deref(),
            _ => None,
        });
        let Some(Expr::List(list)) = returned else { return Err(Missing::new("computed metrics of a model")) };
        let of = |element: &Expr| match element {
            Expr::Attribute(attribute) => all.iter().find(|(own, _)| own == attribute.attr.as_str()).cloned(),
            _ => None,
        };
        let found: Option<Vec<_>> = list.elts.iter().map(of).collect();
        found.ok_or_else(|| Missing::new("metrics of a model that are not its attributes"))
    }

    /// Whether what is returned here are the logs of a step.
    pub(crate) fn is_in_step(&self) -> bool {
        self.step.as_ref().is_some_and(|(_, depth, _)| *depth == self.frames.len())
    }

    /// `return {"loss": loss}` of a step.
    pub(crate) fn return_logs(&mut self, value: &'a Expr) -> Ported<()> {
        let number = self.step.as_ref().map_or(0, |(number, ..)| *number);
        let mut logs: Vec<(String, Value)> = Vec::new();
        match value {
            Expr::Dict(dict) => self.logs_of_dict(dict, &mut logs)?,
            Expr::DictComp(comprehension) if is_all_metrics(comprehension) => {
                for (field, name) in self.names_of_metrics(number)? {
                    let text = format!("self.{}.result()?", crate::script::names::in_snake_case(&field));
                    self.read_metric(number, &field);
                    logs.push((name, Value::temporary(text, Type::Float)));
                }
            }
            _ => return Err(Missing::new("the logs of a step in a variable").help("return a dict that is written out")),
        }
        let mut texts: Vec<String> = Vec::new();
        for (name, value) in &logs {
            let text = match &value.of {
                of if of.is_array() => {
                    let moved = self.moved(value.clone())?.text;
                    let is_second = texts.iter().any(|text| text.ends_with(&format!(", {moved})")));
                    if is_second { format!("{moved}.clone()") } else { moved }
                }
                of if of.is_number() => {
                    let number = value.as_float().ok_or_else(|| Missing::new("this as a log"))?;
                    format!("Tensor::new({number}, &Device::Cpu)?")
                }
                of => return Err(Missing::new(format!("{} as a log", of.described()))),
            };
            texts.push(format!("({name:?}, {text})"));
        }
        self.line(&format!("return Ok(vec![{}]);", texts.join(", ")));
        self.frame_mut().returns = Some(Type::Object("StepLogs".into()));
        if let Some((_, _, names)) = &mut self.step {
            *names = logs.into_iter().map(|(name, _)| name).collect();
        }
        Ok(())
    }

    fn logs_of_dict(&mut self, dict: &'a ExprDict, logs: &mut Vec<(String, Value)>) -> Ported<()> {
        for item in &dict.items {
            let Some(Expr::StringLiteral(key)) = &item.key else {
                return Err(Missing::new("logs by computed names").help("write the names out"));
            };
            logs.push((key.value.to_str().to_string(), self.expression(&item.value)?));
        }
        Ok(())
    }

    /// `self.name = value` in `compile`: an attribute that is not there before.
    pub(crate) fn assign_late_field(&mut self, of: &Value, name: &str, value: Value) -> Ported<(Type, bool)> {
        let rust_name = crate::script::names::in_snake_case(name);
        if let Type::Function(_) = value.of {
            return Ok((value.of, false));
        }
        let value = self.own(value)?;
        let value = self.as_used(value, true, true);
        if value.of == Type::None {
            return Ok((Type::None, false));
        }
        if value.of.in_rust().is_none() {
            return Err(Missing::new(format!("{} as an attribute", value.of.described())));
        }
        self.line(&format!("{}.{rust_name} = Some({});", of.at(Strength::Whole), value.text));
        Ok((value.of, true))
    }
}

/// `{m.name: m.result() for m in self.metrics}`
fn is_all_metrics(comprehension: &ruff_python_ast::ExprDictComp) -> bool {
    let attribute = |of: &Expr, name: &str| matches!(of, Expr::Attribute(attribute) if attribute.attr.as_str() == name);
    let is_result = matches!(&*comprehension.value, Expr::Call(call) if attribute(&call.func, "result"));
    let is_name = comprehension.key.as_deref().is_some_and(|key| attribute(key, "name"));
    matches!(&comprehension.generators[..], [each] if each.ifs.is_empty() && attribute(&each.iter, "metrics"))
        && is_result
        && is_name
}

pub(crate) fn has_word(lines: &[String], word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    lines.iter().any(|line| {
        line.match_indices(word).any(|(at, _)| {
            let (before, behind) = (&line[..at], &line[at + word.len()..]);
            !before.ends_with(is_part) && !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        })
    })
}
