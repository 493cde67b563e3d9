//! Metrics that are classes of the script: structs whose weights are tensors, with an implementation of `Metric`.

use crate::arguments::{find, named_as};
use crate::classes::Kind;
use crate::classes::class_methods::{default_of, given_to_super};
use crate::program::Program;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// `self.add_weight(name="total", initializer="zeros")` in `__init__` of a metric: a tensor of zeros.
    pub(crate) fn weight_of_metric(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["shape", "initializer", "dtype", "name"])?;
        let is_zeros = |initializer: &Expr| match initializer {
            Expr::StringLiteral(name) => matches!(name.value.to_str(), "zeros" | "zero"),
            other => self.path_of(other).is_some_and(|path| path.ends_with("Zeros")),
        };
        if find(&given, "dtype").is_some() || !find(&given, "initializer").is_some_and(is_zeros) {
            return Err(Missing::new("a weight of a metric that does not begin with zeros of float32"));
        }
        let shape = match find(&given, "shape") {
            None => "()".to_string(),
            Some(shape) => self.shape(shape)?,
        };
        Ok(Value::temporary(format!("Tensor::zeros({shape}, DType::F32, &Device::Cpu)?"), Type::Floats))
    }

    /// `self.total.assign_add(x)` in a metric; nothing if it is something else.
    pub(crate) fn assigned_weight(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let sign = match name {
            "assign" => "",
            "assign_add" => "+",
            "assign_sub" => "-",
            _ => return Ok(None),
        };
        let [given] = &call.arguments.args[..] else { return Ok(None) };
        if of.of != Type::Floats || !of.text.starts_with("self.") {
            return Ok(None);
        }
        let weight = of.at(Strength::Whole);
        let given = self.expression(given)?;
        let given = self.tensor(&given)?;
        let new = format!("{}.to_dtype(DType::F32)?", given.at(Strength::Whole));
        let text = match sign {
            // What a weight is assigned has its shape.
            "" => format!("{weight} = {new}.broadcast_as({weight}.shape())?"),
            sign => format!("{weight} = (&{weight} {sign} {new})?"),
        };
        Ok(Some(Value::temporary(text, Type::None)))
    }

    /// A metric of the script as one for `compile`, and its name in the logs.
    pub(crate) fn metric_of_instance(&mut self, value: &Value) -> Ported<(Value, Option<String>)> {
        let Type::Instance(class) = &value.of else { return Err(Missing::new("this as a metric")) };
        let number = self.class_number(class)?;
        let name = self.name_of_metric(number)?;
        self.methods_of_metric(number)?;
        let own = self.own(value.clone())?;
        Ok((Value { of: Type::Object("metrics::MetricSpec".into()), ..own }, Some(name)))
    }

    /// The name that `super().__init__` is given, or that Keras makes of the class.
    fn name_of_metric(&self, number: usize) -> Ported<String> {
        let class = self.rust_name_of_class(number);
        let Some(init) = self.method_named(number, "__init__") else {
            return Ok(crate::script::names::in_snake_case(class));
        };
        let given = init.body.iter().find_map(|statement| given_to_super(statement, "name", 0));
        match given {
            None => Ok(crate::script::names::in_snake_case(class)),
            Some(Expr::StringLiteral(name)) => Ok(name.value.to_str().into()),
            Some(Expr::Name(parameter)) => match default_of(init, &parameter.id) {
                Some((_, Expr::StringLiteral(name))) => Ok(name.value.to_str().into()),
                _ => {
                    Err(Missing::new("a metric with a name for each object").help("give its name in super().__init__"))
                }
            },
            Some(_) => Err(Missing::new("a metric with a computed name")),
        }
    }

    /// `update_state` and `result`, as `Metric` needs them.
    fn methods_of_metric(&mut self, number: usize) -> Ported<(String, String)> {
        let needed = |name: &str| Missing::new(format!("a metric without {name}"));
        let update = self.method_named(number, "update_state").ok_or_else(|| needed("update_state"))?;
        let result = self.method_named(number, "result").ok_or_else(|| needed("result"))?;
        let resets: Vec<_> = self.methods_of(number).filter(|method| is_reset(method)).collect();
        if resets.into_iter().any(|method| !self.is_reset_of_metric(number, method)) {
            return Err(Missing::new("a metric whose reset_state does not assign 0 to all its weights"));
        }
        let count = update.parameters.iter_non_variadic_params().count();
        let mut types = vec![Type::Array, Type::Floats];
        types.extend(std::iter::repeat_n(Type::None, count.saturating_sub(3)));
        let update = self.write_method(number, update, &types)?;
        let result = self.write_method(number, result, &[])?;
        if result.returns != Type::Floats || !update.captured().is_empty() || !result.captured().is_empty() {
            return Err(Missing::new("a metric whose result is no tensor"));
        }
        let update = update.called(&["y_true".into(), "y_pred".into()]).text;
        Ok((update.trim_end_matches('?').into(), result.called(&[]).text))
    }

    /// The implementation of `Metric`; nothing if the metric is not used as one.
    pub(crate) fn metric_text(&mut self, number: usize) -> Option<String> {
        let class = self.rust_name_of_class(number).to_string();
        let name = self.name_of_metric(number).ok()?;
        let (update, result) = self.methods_of_metric(number).ok()?;
        let is_fallible = self.methods_with_text(number, "update_state", "-> Result<()>");
        let update = if is_fallible { format!("self.{update}") } else { format!("self.{update};\nOk(())") };
        self.import("metrics::Metric");
        let weights: Vec<String> = self.weights_of_metric(number).iter().map(|name| format!("self.{name}")).collect();
        let each = |text: &dyn Fn(usize, &str) -> String| {
            weights.iter().enumerate().map(|(i, weight)| text(i, weight)).collect::<Vec<_>>().join("\n")
        };
        let reset = each(&|_, weight| format!("{weight} = {weight}.zeros_like().expect(\"zeros\");"));
        let restore = each(&|i, weight| format!("{weight} = state[{i}].clone();"));
        let state: Vec<String> = weights.iter().map(|weight| format!("{weight}.clone()")).collect();
        Some(format!(
            "impl Metric for {class} {{\n\
             fn name(&self) -> &str {{\n{name:?}\n}}\n\n\
             fn update_state(&mut self, y_true: &Tensor, y_pred: &Tensor, sample_weight: Option<&Tensor>, _: Option<&Tensor>) -> Result<()> {{\n\
             if sample_weight.is_some() {{\nreturn Err(Error::new(\"{class} takes no sample weights\"));\n}}\n{update}\n}}\n\n\
             fn result(&self) -> Result<f64> {{\nOk(self.{result}.to_dtype(DType::F64)?.to_scalar()?)\n}}\n\n\
             fn reset_state(&mut self) {{\n{reset}\n}}\n\n\
             fn state(&self) -> Result<Vec<Tensor>> {{\nOk(vec![{}])\n}}\n\n\
             fn set_state(&mut self, state: &[Tensor]) -> Result<()> {{\n{restore}\nOk(())\n}}\n}}",
            state.join(", ")
        ))
    }

    /// Whether a method of a metric is what `Metric` does anyway: all weights become zeros.
    pub(crate) fn is_reset_of_metric(&self, number: usize, method: &StmtFunctionDef) -> bool {
        let is_zero = |value: &Expr| self.source.text(value.range()).trim().parse() == Ok(0.0);
        let mut reset: Vec<&str> = Vec::new();
        for statement in &method.body {
            let Stmt::Expr(statement) = statement else { return false };
            match &*statement.value {
                Expr::StringLiteral(_) => {}
                Expr::Call(call) => match (&*call.func, &call.arguments.args[..]) {
                    (Expr::Attribute(assign), [value]) if assign.attr.as_str() == "assign" && is_zero(value) => {
                        let Expr::Attribute(weight) = &*assign.value else { return false };
                        reset.push(weight.attr.as_str());
                    }
                    _ => return false,
                },
                _ => return false,
            }
        }
        let is_metric = self.kind_of_class(number) == Kind::Metric;
        is_metric
            && is_reset(method)
            && self
                .weights_of_metric(number)
                .iter()
                .all(|name| reset.iter().any(|own| crate::script::names::in_snake_case(own) == *name))
    }

    /// The attributes that `__init__` makes with `add_weight`, by their names in Rust.
    fn weights_of_metric(&self, number: usize) -> Vec<String> {
        let init = self.method_named(number, "__init__");
        let names = init.into_iter().flat_map(|init| init.body.iter().filter_map(weight_in));
        names.map(crate::script::names::in_snake_case).collect()
    }
}

/// `self.total = self.add_weight(...)`: `total`.
fn weight_in(statement: &Stmt) -> Option<&str> {
    let Stmt::Assign(assign) = statement else { return None };
    let ([Expr::Attribute(weight)], Expr::Call(call)) = (&assign.targets[..], &*assign.value) else { return None };
    let Expr::Attribute(method) = &*call.func else { return None };
    matches!(method.attr.as_str(), "add_weight" | "add_variable").then_some(weight.attr.as_str())
}

fn is_reset(method: &StmtFunctionDef) -> bool {
    matches!(method.name.as_str(), "reset_state" | "reset_states")
}
