//! Custom training loops: tapes, optimizers, losses and metrics as objects.

use crate::api;
use crate::arguments::{Named, find, named_as, needed, no_words, only};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, StmtWith};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// `with tf.GradientTape() as tape:`; the block has no scope of its own in Python either.
    pub(crate) fn with_tape(&mut self, with: &'a StmtWith) -> Ported<bool> {
        if with.items.len() > 1 {
            let all_tapes = with.items.iter().all(|item| {
                matches!(&item.context_expr, Expr::Call(call)
                    if call.arguments.is_empty() && self.path_of(&call.func).as_deref() == Some("tensorflow.GradientTape"))
            });
            if !all_tapes {
                return Ok(false);
            }
            let class = self.import("GradientTape");
            for item in &with.items {
                let Some(Expr::Name(name)) = item.optional_vars.as_deref() else {
                    return Err(Missing::new("a tape without a name"));
                };
                self.bind(&name.id, Value::temporary(format!("{class}::new()"), Type::Object("GradientTape".into())))?;
            }
            self.last_line_is(self.source.line(with.items[with.items.len() - 1].range().end()));
            self.block(&with.body);
            return Ok(true);
        }
        let [item] = &with.items[..] else { return Ok(false) };
        let Expr::Call(call) = &item.context_expr else { return Ok(false) };
        if self.path_of(&call.func).as_deref() != Some("tensorflow.GradientTape") {
            return Ok(false);
        }
        let persistent = call.arguments.keywords.iter().find(|word| word.arg.as_deref() == Some("persistent"));
        if persistent.is_some() || !call.arguments.args.is_empty() {
            return Err(Missing::new("a tape that is used twice").help("compute one loss under a tape"));
        }
        let Some(Expr::Name(name)) = item.optional_vars.as_deref() else {
            return Err(Missing::new("a tape without a name"));
        };
        let class = self.import("GradientTape");
        self.bind(&name.id, Value::temporary(format!("{class}::new()"), Type::Object("GradientTape".into())))?;
        self.last_line_is(self.source.line(item.range().end()));
        self.block(&with.body);
        Ok(true)
    }

    pub(crate) fn method_of_tape(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let tape = of.at(Strength::Whole);
        match name {
            "gradient" => {
                let given = named_as(call, &["target", "sources"])?;
                let (loss, sources) =
                    (self.expression(needed(&given, "target")?)?, self.expression(needed(&given, "sources")?)?);
                let loss = self.array_operand(&loss)?;
                let text = |sources: String| format!("{tape}.gradient({loss}, {sources})?");
                match &sources.of {
                    Type::Variables => {
                        Ok(Value::temporary(text(sources.borrowed()), Type::Gradients(sources.text.clone())))
                    }
                    of if of.is_array() => Ok(Value::temporary(text(sources.borrowed()), Type::Floats)),
                    Type::List(of) if of.is_array() && sources.items.as_ref().is_some_and(|items| items.len() == 1) => {
                        let source = sources.items.iter().flatten().map(Value::borrowed).collect::<String>();
                        let gradient = Value::temporary(text(source), Type::Floats);
                        let list = format!("[{}]", gradient.text);
                        let mut value = Value::temporary(list, Type::List(Box::new(Type::Floats)));
                        value.items = Some(vec![gradient]);
                        Ok(value)
                    }
                    of => Err(Missing::new(format!("gradients of {}", of.described()))),
                }
            }
            "watch" => {
                no_words(call)?;
                let [Expr::Name(watched)] = &call.arguments.args[..] else {
                    return Err(Missing::new("watch of this").help("give it a name"));
                };
                let value = self.name(&watched.id)?;
                let text = format!("{tape}.watch({})?", self.array_operand(&value)?);
                self.bind(&watched.id, Value::temporary(text, Type::Floats))?;
                Ok(Value::constant("()", Type::None))
            }
            _ => Err(Missing::new(format!("the method {name} of a tape"))),
        }
    }

    /// Methods of optimizers, losses and metrics; `None` if it is none of them.
    pub(crate) fn method_of_object(
        &mut self,
        of: &Value,
        path: &str,
        name: &str,
        call: &'a ExprCall,
    ) -> Ported<Option<Value>> {
        let whole = of.at(Strength::Whole);
        let module = path.split("::").next().unwrap_or("");
        Ok(Some(match (module, name) {
            ("GradientTape", _) => self.method_of_tape(of, name, call)?,
            ("optimizers" | "Optimizer", "apply_gradients" | "apply") => {
                let given = named_as(call, &["gradients", "variables"])?;
                let gradients = match (needed(&given, "gradients")?, find(&given, "variables")) {
                    (Expr::Call(zip), None) if matches!(&*zip.func, Expr::Name(name) if name.id.as_str() == "zip") => {
                        let [gradients, variables] = &zip.arguments.args[..] else {
                            return Err(Missing::new("gradients without weights"));
                        };
                        (self.expression(gradients)?, self.expression(variables)?)
                    }
                    (gradients, Some(variables)) => (self.expression(gradients)?, self.expression(variables)?),
                    _ => return Err(Missing::new("gradients without weights")),
                };
                match (&gradients.0.of, gradients.1.text) {
                    (Type::Gradients(own), weights) if *own == weights => {}
                    _ => return Err(Missing::new("gradients of other weights than are updated")),
                }
                Value::temporary(format!("{whole}.apply_gradients({})?", gradients.0.text), Type::None)
            }
            ("optimizers", "learning_rate") => return Ok(None),
            ("metrics", "update_state") if path == "metrics::Mean" || path == "metrics::Sum" => {
                let given = named_as(call, &["values"])?;
                let values = self.expression(needed(&given, "values")?)?;
                let values = match &values.of {
                    of if of.is_array() => values.borrowed(),
                    of if of.is_number() => {
                        let number = values.as_float().ok_or_else(|| Missing::new("this as a number"))?;
                        format!("&Tensor::new({number}, &Device::Cpu)?")
                    }
                    of => return Err(Missing::new(format!("the mean of {}", of.described()))),
                };
                Value::temporary(format!("{whole}.update_state({values}, None)?"), Type::None)
            }
            ("metrics", "update_state") => {
                let given = named_as(call, &["y_true", "y_pred"])?;
                let (y_true, y_pred) =
                    (self.expression(needed(&given, "y_true")?)?, self.expression(needed(&given, "y_pred")?)?);
                let (y_true, y_pred) = (self.array_operand(&y_true)?, self.array_operand(&y_pred)?);
                self.import_trait_of_metrics();
                Value::temporary(format!("{whole}.update_state({y_true}, {y_pred}, None, None)?"), Type::None)
            }
            ("metrics", "result") => {
                no_words(call)?;
                self.import_trait_of(path);
                Value::temporary(format!("{whole}.result()?"), Type::Float)
            }
            ("metrics", "reset_state" | "reset_states") => {
                no_words(call)?;
                self.import_trait_of(path);
                Value::temporary(format!("{whole}.reset_state()"), Type::None)
            }
            _ => return Ok(None),
        }))
    }

    /// Means and sums have the methods themselves.
    pub(crate) fn import_trait_of(&mut self, path: &str) {
        if path != "metrics::Mean" && path != "metrics::Sum" {
            self.import_trait_of_metrics();
        }
    }

    fn import_trait_of_metrics(&mut self) {
        self.import("metrics::Metric");
    }

    /// `loss(y_true, y_pred)`
    pub(crate) fn call_loss(&mut self, of: &Value, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["y_true", "y_pred", "sample_weight"])?;
        only(&given, &["y_true", "y_pred", "sample_weight"])?;
        let (y_true, y_pred) =
            (self.expression(needed(&given, "y_true")?)?, self.expression(needed(&given, "y_pred")?)?);
        if [&y_true, &y_pred].iter().any(|value| value.of == Type::Symbolic) {
            return Err(Missing::new("a loss of symbolic tensors").help("compile the model with it"));
        }
        let (y_true, y_pred) = (self.array_operand(&y_true)?, self.array_operand(&y_pred)?);
        let weight = match find(&given, "sample_weight").filter(|weight| !self.is_none(weight)) {
            Some(weight) => {
                let weight = self.expression(weight)?;
                format!("Some({})", self.array_operand(&weight)?)
            }
            None => "None".into(),
        };
        let loss = match &of.of {
            Type::Object(path) if path == "losses::Loss" => of.at(Strength::Whole),
            _ => {
                let class = self.import("losses::Loss");
                format!("{class}::from({})", self.owned(of.clone())?.text)
            }
        };
        Ok(Value::temporary(format!("{loss}.call({y_true}, {y_pred}, {weight}, None)?"), Type::Floats))
    }

    /// `keras.losses.mse(y_true, y_pred)`: a loss for each sample.
    pub(crate) fn loss_of_samples(&mut self, name: &str, named: &Named<'a>) -> Ported<Value> {
        only(named, &["y_true", "y_pred"])?;
        let (y_true, y_pred) = (self.expression(needed(named, "y_true")?)?, self.expression(needed(named, "y_pred")?)?);
        let (y_true, y_pred) = (self.array_operand(&y_true)?, self.array_operand(&y_pred)?);
        let (class, kind) = (self.import("losses::Loss"), self.import("losses::Reduction"));
        let text = format!("{class}::from({name:?}).reduction({kind}::None).call({y_true}, {y_pred}, None, None)?");
        Ok(Value::temporary(text, Type::Floats))
    }

    /// What is bound to a name, as it is used: an optimizer that applies gradients, a loss that is called, a metric that is updated.
    pub(crate) fn as_used(&mut self, value: Value, is_mutated: bool, is_called: bool) -> Value {
        let Type::Object(path) = &value.of else { return value };
        let module = path.split("::").next().unwrap_or("");
        let is_class = path.split("::").count() == 2;
        let (class, wrapped) = match module {
            "optimizers" if is_class && is_mutated && path != "optimizers::Optimizer" => {
                ("optimizers::Optimizer", "from")
            }
            "losses" if is_class && is_called && path != "losses::Loss" => ("losses::Loss", "from"),
            "metrics" if is_mutated && is_function(path) => ("metrics::MeanMetric", "new"),
            _ => return value,
        };
        let name = self.import(if class == "optimizers::Optimizer" { "Optimizer" } else { class });
        Value::new(
            format!("{name}::{wrapped}({})", value.text),
            Type::Object(class.into()),
            Strength::Whole,
            Form::Temporary,
        )
    }
}

/// Whether a metric is the mean of a function, which has no state of its own.
pub(crate) fn is_function(path: &str) -> bool {
    api::item(path).is_some_and(|item| !item.methods.contains_key("update_state")) && path != "metrics::MeanMetric"
}
