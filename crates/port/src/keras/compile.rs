//! `compile`: optimizers, losses and metrics.

use crate::arguments::{Named, find, only};
use crate::classes::Kind;
use crate::program::Program;
use crate::python::closures::Returns;
use crate::value::{Binding, ModelType, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::Expr;

impl<'a> Program<'a> {
    pub(crate) fn compile(&mut self, of: &Value, named: &Named<'a>) -> Ported<Value> {
        let optimizer = match find(named, "optimizer") {
            Some(optimizer) => self.argument(optimizer, "impl Into<Optimizer>", "optimizer")?,
            None => "\"rmsprop\"".into(),
        };
        let mut logs = Some(vec!["loss".to_string()]);
        let (mut start, mut options) = (String::new(), String::new());
        match find(named, "loss") {
            Some(Expr::Dict(dict)) => {
                for item in &dict.items {
                    let Some(key) = &item.key else { return Err(Missing::new("a dict of another dict")) };
                    let (output, loss) = (self.argument(key, "impl Into<String>", "loss")?, self.loss(&item.value)?);
                    options.push_str(&format!(".loss_of({output}, {loss})"));
                }
                logs = None;
            }
            Some(Expr::List(list)) => {
                start = format!("Compile::losses([{}])", self.losses(&list.elts)?);
                logs = None;
            }
            Some(loss) => start = self.loss(loss)?,
            None => start = "Compile::default()".into(),
        }
        let mut is_compile = start.starts_with("Compile::");
        if start.is_empty() {
            (start, is_compile) = ("Compile::default()".into(), true);
        }
        match find(named, "loss_weights") {
            None => {}
            Some(Expr::List(list)) => {
                let weights = list.elts.iter().map(|weight| self.expression(weight)).collect::<Ported<Vec<_>>>()?;
                let weights = weights.iter().map(Value::as_float).collect::<Option<Vec<_>>>();
                let weights = weights.ok_or_else(|| Missing::new("weights of losses that are no numbers"))?;
                options.push_str(&format!(".loss_weights([{}])", weights.join(", ")));
            }
            Some(Expr::Dict(weights)) => {
                // In the order of the losses.
                let Some(Expr::Dict(losses)) = find(named, "loss") else {
                    return Err(Missing::new("weights of losses by name, and losses that are not"));
                };
                let mut texts = Vec::new();
                for loss in &losses.items {
                    let same = weights.items.iter().find(|weight| match (&weight.key, &loss.key) {
                        (Some(Expr::StringLiteral(a)), Some(Expr::StringLiteral(b))) => {
                            a.value.to_str() == b.value.to_str()
                        }
                        _ => false,
                    });
                    texts.push(match same {
                        Some(weight) => {
                            let weight = self.expression(&weight.value)?;
                            weight.as_float().ok_or_else(|| Missing::new("a weight that is no number"))?
                        }
                        None => "1.0".into(),
                    });
                }
                options.push_str(&format!(".loss_weights([{}])", texts.join(", ")));
            }
            Some(_) => return Err(Missing::new("computed weights of losses")),
        }
        match find(named, "metrics") {
            None | Some(Expr::NoneLiteral(_)) => {}
            Some(Expr::Dict(dict)) => {
                for item in &dict.items {
                    let Some(key) = &item.key else { return Err(Missing::new("a dict of another dict")) };
                    let output = self.argument(key, "impl Into<String>", "metrics")?;
                    let metrics = match &item.value {
                        value @ (Expr::List(_) | Expr::Tuple(_)) => self.metrics(value)?,
                        value => self.metric(value).map(|(value, _)| vec![(value, None)])?,
                    };
                    let texts: Vec<_> = metrics.into_iter().map(|(value, _)| value.text).collect();
                    options.push_str(&format!(".metrics_of({output}, [{}])", texts.join(", ")));
                }
                logs = None;
            }
            Some(metrics) => {
                let metrics = self.metrics(metrics)?;
                let names: Option<Vec<String>> = metrics.iter().map(|(_, name)| name.clone()).collect();
                logs = logs.zip(names).map(|(logs, names)| [logs, names].concat());
                if metrics.iter().all(|(value, _)| value.literal_text().is_some()) {
                    let texts: Vec<_> = metrics.iter().map(|(value, _)| value.text.clone()).collect();
                    options.push_str(&format!(".metrics([{}])", texts.join(", ")));
                } else {
                    for (metric, _) in metrics {
                        options.push_str(&format!(".metric({})", self.owned(metric)?.text));
                    }
                }
            }
        }
        // What is compiled how, and how steps are run, changes no number.
        only(
            named,
            &["optimizer", "loss", "metrics", "loss_weights", "run_eagerly", "jit_compile", "steps_per_execution"],
        )?;
        let Type::Model(model) = &of.of else { return Err(Missing::new("compile of this")) };
        // Each output has a loss of its own.
        let logs = logs.filter(|_| model.outputs < 2);
        let compiled = Type::Model(ModelType { logs, ..model.clone() });
        if let Some(Binding::Variable(variable)) = self.variable_of(of) {
            let of = compiled.clone();
            let name = self.python_name(&variable.rust_name);
            if let Some(name) = name {
                if let Some(field) = name.strip_prefix("self.") {
                    self.compiled_field(field, &of);
                }
                self.scopes.rebind(&name, Binding::Variable(crate::value::Variable { of, ..variable }));
            }
        }
        if let Some(field) = of.text.strip_prefix("self.") {
            self.compiled_field(field, &compiled);
        }
        let loss = match (options.is_empty(), is_compile) {
            (true, _) => start,
            (false, true) => format!("{start}{options}"),
            (false, false) => format!("Compile::loss({start}){options}"),
        };
        Ok(Value::temporary(format!("{}.compile({optimizer}, {loss})?", of.at(Strength::Whole)), Type::None))
    }

    /// The losses of several outputs; an output without one has `None`.
    pub(crate) fn losses(&mut self, losses: &'a [Expr]) -> Ported<String> {
        let has_none = losses.iter().any(|loss| self.is_none(loss));
        let mut texts = Vec::new();
        for loss in losses {
            texts.push(if self.is_none(loss) { None } else { Some(self.loss(loss)?) });
        }
        // All of one type.
        let are_names = texts.iter().flatten().all(|loss| loss.starts_with('"'));
        let class = if are_names { String::new() } else { self.import("losses::Loss") };
        let texts = texts.into_iter().map(|loss| match loss {
            None => "None".to_string(),
            Some(loss) => {
                let is_loss = are_names || loss.starts_with("Loss::");
                let loss = if is_loss { loss } else { format!("{class}::from({loss})") };
                if has_none { format!("Some({loss})") } else { loss }
            }
        });
        Ok(texts.collect::<Vec<_>>().join(", "))
    }

    /// The loss of `compile`: a name, an object or a function.
    pub(crate) fn loss(&mut self, loss: &'a Expr) -> Ported<String> {
        if let Some(path) = self.path_of(loss)
            && let Some(name) = path.strip_prefix("keras.losses.").filter(|name| !name.contains('.'))
            && !matches!(loss, Expr::Call(_))
        {
            return Ok(format!("{name:?}"));
        }
        match self.function_of_targets(loss)? {
            Some((name, closure)) => {
                let class = self.import("losses::Loss");
                Ok(format!("{class}::new({name:?}, {closure})"))
            }
            None => {
                let value = self.expression(loss)?;
                if let Type::Closure(name, 2) = &value.of {
                    let class = self.import("losses::Loss");
                    return Ok(format!("{class}::new({name:?}, {})", value.text));
                }
                match self.kind_of(&value.of) {
                    Some(Kind::Loss) => Ok(self.loss_of_instance(&value)?.text),
                    _ => self.converted(&value, "impl Into<Loss>", "loss"),
                }
            }
        }
    }

    /// A function of targets and predictions, with its name.
    fn function_of_targets(&mut self, function: &'a Expr) -> Ported<Option<(String, String)>> {
        let name = match (function, self.function_named(function)) {
            (_, Some(number)) => self.functions[number].definition.name().to_string(),
            (Expr::Lambda(_), _) => "<lambda>".into(),
            _ => return Ok(None),
        };
        let closure = self.closure(function, &[Type::Floats, Type::Floats], Returns::Result)?;
        match closure.returns.is_array() {
            true => Ok(Some((name, closure.text))),
            false => Err(Missing::new(format!("a function of targets that returns {}", closure.returns.described()))),
        }
    }

    /// Metrics, and their names in the logs where these are known.
    pub(crate) fn metrics(&mut self, metrics: &'a Expr) -> Ported<Vec<(Value, Option<String>)>> {
        match metrics {
            Expr::List(list) => list.elts.iter().map(|metric| self.metric(metric)).collect(),
            Expr::Tuple(tuple) => tuple.elts.iter().map(|metric| self.metric(metric)).collect(),
            Expr::StringLiteral(_) => Ok(vec![self.metric(metrics)?]),
            metrics => Ok(self.items(metrics)?.into_iter().map(|metric| (metric, None)).collect()),
        }
    }

    pub(crate) fn metric(&mut self, metric: &'a Expr) -> Ported<(Value, Option<String>)> {
        if matches!(metric, Expr::Name(_) | Expr::Call(_)) && self.is_of_metric_class(metric) {
            let value = self.expression(metric)?;
            return self.metric_of_instance(&value);
        }
        if let Some((name, closure)) = self.function_of_targets(metric)? {
            let class = self.import("metrics::MetricSpec");
            let of = Type::Object("metrics::MetricSpec".into());
            return Ok((Value::temporary(format!("{class}::new({name:?}, {closure})"), of), Some(name)));
        }
        if !metric.is_call_expr()
            && let Some(path) = self.path_of(metric)
            && (path.starts_with("keras.metrics.") || path.starts_with("keras.losses."))
        {
            let name = path.rsplit('.').next().unwrap_or(&path).to_string();
            return Ok((Value::constant(format!("{name:?}"), Type::Str), Some(name)));
        }
        let value = self.expression(metric)?;
        if let Type::Closure(name, 2) = &value.of {
            let class = self.import("metrics::MetricSpec");
            let of = Type::Object("metrics::MetricSpec".into());
            return Ok((Value::temporary(format!("{class}::new({name:?}, {})", value.text), of), Some(name.clone())));
        }
        let name = match (value.literal_text(), &value.of) {
            (Some(name), _) => Some(name.to_string()),
            // `AUC::new().named("auc")`
            (None, Type::Object(path)) => match value.text.rsplit_once(".named(\"") {
                Some((_, name)) => name.strip_suffix("\")").map(str::to_string),
                None => path.rsplit("::").next().map(crate::script::names::snake_case_of_class),
            },
            _ => None,
        };
        Ok((value, name))
    }
}
