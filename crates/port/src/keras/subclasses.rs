//! Classes derived from `keras.Model`: a struct of layers with a symbolic `call`, of which `model` makes a `Model`.
//!
//! An object whose attributes nothing else reads is that `Model` alone. Any other is two variables: `vae`, with the layers, the steps and
//! the metrics, and `vae_model`, which is compiled and trained.

use crate::classes::Kind;
use crate::program::Program;
use crate::python::functions::Definition;
use crate::value::{Binding, Form, ModelType, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use hashbrown::HashSet;
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};

/// Methods of `keras.Model` that a class may have for itself, and that make its objects more than a `Model`.
const OF_TRAINING: &[&str] = &["train_step", "test_step", "compile"];

/// The attributes that are read of anything but `self`.
pub(crate) fn attributes_outside(statements: &[Stmt]) -> HashSet<String> {
    #[derive(Default)]
    struct Found(HashSet<String>);
    impl<'a> Visitor<'a> for Found {
        fn visit_expr(&mut self, expression: &'a Expr) {
            if let Expr::Attribute(attribute) = expression
                && !is_self(&attribute.value)
            {
                self.0.insert(attribute.attr.to_string());
            }
            walk_expr(self, expression);
        }
    }
    let mut found = Found::default();
    statements.iter().for_each(|statement| found.visit_stmt(statement));
    found.0
}

fn is_self(expression: &Expr) -> bool {
    matches!(expression, Expr::Name(name) if name.id.as_str() == "self")
}

/// The attributes that a function sets, with their values.
pub(crate) fn attributes_set<'a>(function: &'a StmtFunctionDef) -> Vec<(&'a str, &'a Expr)> {
    let of = |statement: &'a Stmt| match statement {
        Stmt::Assign(assign) => match &assign.targets[..] {
            [Expr::Attribute(target)] if is_self(&target.value) => Some((target.attr.as_str(), &*assign.value)),
            _ => None,
        },
        _ => None,
    };
    function.body.iter().filter_map(of).collect()
}

impl<'a> Program<'a> {
    /// Whether an object of the class is more than a `Model`.
    pub(crate) fn has_object(&self, number: usize) -> bool {
        let outside = |name: &str| self.attributes_outside.contains(name);
        let init = self.method_named(number, "__init__");
        let attributes = init.map(attributes_set).unwrap_or_default();
        let methods = self.methods_of(number);
        let own = methods.filter(|method| !OVERRIDDEN.contains(&method.name.as_str()));
        attributes.iter().any(|(name, _)| outside(name))
            || own.into_iter().any(|method| outside(&method.name) || OF_TRAINING.contains(&method.name.as_str()))
    }

    /// Whether its objects train with steps of their own.
    pub(crate) fn has_steps(&self, number: usize) -> bool {
        ["train_step", "test_step"].iter().any(|name| self.method_named(number, name).is_some())
    }

    /// An object of such a class: the struct, or the `Model` of it.
    pub(crate) fn made_model(&mut self, number: usize, made: Value, call: &'a ExprCall) -> Ported<Value> {
        let class = self.classes[number].rust_name.clone();
        self.write_call_of_model(number)?;
        let name = self.name_of_model(number, call)?;
        if self.has_object(number) {
            self.classes[number].name_of_model = name;
            return Ok(made);
        }
        self.classes[number].makes_model = true;
        let name = name.map(|name| format!(".name({name})")).unwrap_or_default();
        let of = Type::Model(ModelType {
            outputs: self.outputs_of_class(number),
            class: Some(class),
            ..ModelType::default()
        });
        Ok(Value::temporary(format!("{}.model(){name}", made.text), of))
    }

    /// The name that `__init__` gives the model, or the call of the class.
    fn name_of_model(&mut self, number: usize, call: &'a ExprCall) -> Ported<Option<String>> {
        let given = |call: &'a ExprCall| {
            call.arguments.keywords.iter().find(|word| word.arg.as_deref() == Some("name")).map(|word| &word.value)
        };
        let init = self.method_named(number, "__init__");
        let of_super = init.iter().flat_map(|init| &init.body).find_map(|statement| match statement {
            Stmt::Expr(expression) if crate::classes::is_call_of_super(&expression.value) => {
                expression.value.as_call_expr().and_then(given)
            }
            _ => None,
        });
        match of_super {
            Some(name) if name.is_string_literal_expr() => self.argument(name, "impl Into<String>", "name").map(Some),
            Some(Expr::Name(parameter)) => {
                let init = init.map(Definition::Def).map(Definition::parameters).unwrap_or_default();
                let default = init
                    .iter()
                    .find(|own| own.parameter.name.as_str() == parameter.id.as_str())
                    .and_then(|own| own.default.as_deref());
                let name = call
                    .arguments
                    .keywords
                    .iter()
                    .find(|word| word.arg.as_deref() == Some(parameter.id.as_str()))
                    .map(|word| &word.value);
                match name.or(default) {
                    None | Some(Expr::NoneLiteral(_)) => Ok(None),
                    Some(name) => self.argument(name, "impl Into<String>", "name").map(Some),
                }
            }
            Some(_) => Err(Missing::new("a computed name of a model")),
            None => match given(call) {
                Some(name) => self.argument(name, "impl Into<String>", "name").map(Some),
                None => Ok(None),
            },
        }
    }

    /// How many inputs `call` takes apart; `None` if it takes one.
    fn inputs_of_call(&self, call: &'a StmtFunctionDef) -> Option<usize> {
        struct Found<'n> {
            name: &'n str,
            count: Option<usize>,
        }
        impl<'a> Visitor<'a> for Found<'_> {
            fn visit_stmt(&mut self, statement: &'a Stmt) {
                if let Stmt::Assign(assign) = statement
                    && let ([target], Expr::Name(value)) = (&assign.targets[..], &*assign.value)
                    && value.id.as_str() == self.name
                    && matches!(target, Expr::Tuple(_) | Expr::List(_))
                {
                    self.count = Some(crate::python::iteration::elements_of(target).len());
                }
                ruff_python_ast::visitor::walk_stmt(self, statement);
            }

            fn visit_expr(&mut self, expression: &'a Expr) {
                if let Expr::Subscript(subscript) = expression
                    && matches!(&*subscript.value, Expr::Name(name) if name.id.as_str() == self.name)
                    && let Expr::NumberLiteral(number) = &*subscript.slice
                    && let ruff_python_ast::Number::Int(at) = &number.value
                    && let Some(at) = at.as_usize()
                {
                    self.count = self.count.max(Some(at + 1));
                }
                walk_expr(self, expression);
            }
        }
        let parameters = Definition::Def(call).parameters();
        let mut found = Found { name: parameters.get(1)?.parameter.name.as_str(), count: None };
        call.body.iter().for_each(|statement| found.visit_stmt(statement));
        found.count
    }

    /// Writes `call` for symbolic tensors.
    pub(crate) fn write_call_of_model(&mut self, number: usize) -> Ported<()> {
        if self.classes[number].call_of_model.is_some() {
            return Ok(());
        }
        let Some(call) = self.method_named(number, "call") else { return Ok(()) };
        let parameters = Definition::Def(call).parameters();
        let inputs = self.inputs_of_call(call);
        let mut types = vec![match inputs {
            Some(_) => Type::List(Box::new(Type::Symbolic)),
            None => Type::Symbolic,
        }];
        for parameter in parameters.iter().skip(2) {
            types.push(match parameter.parameter.name.as_str() {
                "training" => Type::Training,
                "mask" => Type::None,
                other => return Err(Missing::new(format!("the argument {other} of a model's call"))),
            });
        }
        types.truncate(parameters.len().saturating_sub(1));
        let written = self.write_method(number, call, &types)?;
        let is_symbolic = |of: &Type| *of == Type::Symbolic;
        let is_output = match &written.returns {
            Type::Tuple(types) => types.iter().all(is_symbolic),
            Type::List(of) => is_symbolic(of),
            of => is_symbolic(of),
        };
        if self.passed_model(&Value::place("self", Type::None), number, &written)?.is_some() {
            return Err(Missing::new("a model whose call uses its weights or its optimizer"));
        }
        if !is_output || !written.captured().is_empty() {
            let what = written.captured().first().map(|captured| format!("uses {}", captured.name()));
            let what = what.unwrap_or_else(|| format!("returns {}", written.returns.described()));
            return Err(Missing::new(format!("a model whose call {what}")));
        }
        let argument = if inputs.is_some() { "x" } else { "&x[0]" };
        let text = written.called(&[argument.to_string()]).text;
        let text = match &written.returns {
            Type::Tuple(types) => {
                let names: Vec<String> = (1..=types.len()).map(|i| format!("y{i}")).collect();
                format!("{{ let ({0}) = SELF.{text}; Ok([{0}]) }}", names.join(", "))
            }
            _ => format!("Ok(SELF.{text})"),
        };
        let outputs = match &written.returns {
            Type::Tuple(types) => types.len(),
            Type::List(_) => 2,
            _ => 1,
        };
        self.classes[number].call_of_model = Some((text, outputs));
        Ok(())
    }

    fn outputs_of_class(&self, number: usize) -> usize {
        self.classes[number].call_of_model.as_ref().map_or(1, |(_, outputs)| *outputs)
    }

    /// The variable of the `Model` that belongs to an object in a variable: `vae_model` of `vae`, or the model that a step gets.
    pub(crate) fn model_of_object(&mut self, of: &Value) -> Ported<Value> {
        let missing = || {
            Missing::new(format!("a model of {} in this place", of.of.described()))
                .help("fit, call and predict with it where it is made")
        };
        let name = self.scopes.python_name(&of.text).ok_or_else(missing)?;
        let key = format!("{name}_model");
        if of.text == "self" && self.scopes.get(&key).is_none() {
            let variable = Variable {
                rust_name: "model".into(),
                of: Type::Model(ModelType::default()),
                form: Form::Reference,
                is_pending: false,
            };
            self.scopes.bind_in_function(&key, Binding::Variable(variable));
        }
        match self.scopes.get(&key) {
            Some(Binding::Variable(_) | Binding::Outside(_)) => self.name(&key),
            _ => Err(missing()),
        }
    }

    /// Declares the `Model` of an object that has got a name.
    pub(crate) fn bind_model_of(&mut self, name: &str, rust_name: &str, number: usize, is_changed: bool) {
        let own_name = self.classes[number].name_of_model.clone();
        let own_name = own_name.map(|name| format!(".name({name})")).unwrap_or_default();
        self.classes[number].makes_model = true;
        let mutable = if is_changed { "mut " } else { "" };
        self.line(&format!("let {mutable}{rust_name}_model = {rust_name}.model(){own_name};"));
        let class = Some(self.classes[number].rust_name.clone());
        let of = Type::Model(ModelType { outputs: self.outputs_of_class(number), class, ..ModelType::default() });
        let variable = Variable { rust_name: format!("{rust_name}_model"), of, form: Form::Place, is_pending: false };
        self.scopes.bind(&format!("{name}_model"), Binding::Variable(variable));
    }

    /// The layers of an object, as `Model::from_call` takes them.
    fn layers_text(&mut self, number: usize) -> Vec<String> {
        let (mut lines, mut known) = (Vec::new(), Vec::new());
        let flush = |known: &mut Vec<String>, lines: &mut Vec<String>| {
            let list = known.join(", ");
            match (lines.is_empty(), known.is_empty()) {
                (true, _) => lines.push(format!("layers![{list}]")),
                (false, true) => {}
                (false, false) => lines.push(format!("layers.extend(layers![{list}]);")),
            }
            known.clear();
        };
        for (name, of) in self.fields_of(number) {
            match self.resolved(&of) {
                Type::Layer(_) | Type::Model(_) => known.push(format!("self.{name}.clone()")),
                Type::List(of) if matches!(*of, Type::Layer(_) | Type::Model(_)) => {
                    flush(&mut known, &mut lines);
                    lines.push(format!("layers.extend(self.{name}.iter().flat_map(|layer| layers![layer.clone()]));"));
                }
                Type::Instance(class) if self.kind_of(&Type::Instance(class.clone())) == Some(Kind::Layer) => {
                    flush(&mut known, &mut lines);
                    lines.push(format!("layers.extend(self.{name}.layers());"));
                    if let Ok(inner) = self.class_number(&class) {
                        self.classes[inner].gives_layers = true;
                    }
                }
                Type::List(of) if self.kind_of(&of) == Some(Kind::Layer) => {
                    flush(&mut known, &mut lines);
                    lines.push(format!("self.{name}.iter().for_each(|layer| layers.extend(layer.layers()));"));
                    if let Type::Instance(class) = &*of
                        && let Ok(inner) = self.class_number(class)
                    {
                        self.classes[inner].gives_layers = true;
                    }
                }
                _ => {}
            }
        }
        flush(&mut known, &mut lines);
        lines
    }

    /// Finds the layers of layers whose layers a model needs.
    pub(crate) fn find_layers_of_models(&mut self) {
        // A layer that is found may have others inside, which the script defines before it.
        for number in (0..self.classes.len()).rev() {
            if self.classes[number].makes_model || self.classes[number].gives_layers {
                self.layers_text(number);
            }
        }
    }

    /// `fn layers`, of a layer of layers in a model.
    pub(crate) fn layers_method(&mut self, number: usize) -> String {
        let mut lines = self.layers_text(number);
        self.import_from("std::sync::Arc");
        let is_one = lines.len() == 1;
        let first = lines.remove(0);
        let body = match is_one {
            true => format!("    {first}"),
            false => format!("    let mut layers = {first};\n    {}\n    layers", lines.join("\n    ")),
        };
        format!("fn layers(&self) -> Vec<Result<Arc<dyn Layer>>> {{\n{body}\n}}")
    }

    /// `fn model`: the `Model` of the object.
    pub(crate) fn model_method(&mut self, number: usize, is_cloned: bool) -> String {
        let class = self.classes[number].rust_name.clone();
        let has_object = self.has_object(number);
        let mut lines = self.layers_text(number);
        let is_one = lines.len() == 1;
        let first = lines.remove(0);
        let mut text = match is_one {
            true => format!("    let layers = {first};\n"),
            false => format!("    let mut layers = {first};\n    {}\n", lines.join("\n    ")),
        };
        let receiver = if has_object { "&self" } else { "self" };
        match self.classes[number].call_of_model.clone() {
            None => {
                self.import("layers::KerasTensor");
                text.push_str(&format!(
                    "    Model::from_call({class:?}, layers, |_| Err::<KerasTensor, _>(Error::new(\"{class} has no call\")))"
                ));
            }
            Some((call, _)) if !has_object => text.push_str(&format!(
                "    Model::from_call({class:?}, layers, move |x| {})",
                call.replace("SELF", "self")
            )),
            Some((call, _)) => {
                match is_cloned {
                    true => text.push_str("    let own = self.clone();\n"),
                    false => {
                        let fields: Vec<_> = self
                            .written_fields(number)
                            .into_iter()
                            .map(|(name, is_late)| match is_late {
                                true => format!("{name}: None"),
                                false => format!("{name}: self.{name}.clone()"),
                            })
                            .collect();
                        text.push_str(&format!("    let own = Self {{ {} }};\n", fields.join(", ")));
                    }
                }
                text.push_str(&format!(
                    "    Model::from_call({class:?}, layers, move |x| {})",
                    call.replace("SELF", "own")
                ));
            }
        }
        format!("fn model({receiver}) -> Model {{\n{text}\n}}")
    }

    /// `super().compile(...)` in a class that is compiled in its own way.
    pub(crate) fn compile_of_super(&mut self, expression: &'a Expr) -> Ported<bool> {
        let Expr::Call(call) = expression else { return Ok(false) };
        let Expr::Attribute(attribute) = &*call.func else { return Ok(false) };
        if attribute.attr.as_str() != "compile" || !crate::classes::is_call_of_super(expression) {
            return Ok(false);
        }
        // Without an optimizer, its steps have their own.
        let is_given = |word: &ruff_python_ast::Keyword| word.arg.is_some();
        if call.arguments.args.is_empty() && !call.arguments.keywords.iter().any(is_given) {
            return Ok(true);
        }
        let of = self.name("self")?;
        let value = self.inherited_method(&of, "compile", call)?;
        self.line(&format!("{};", value.text));
        Ok(true)
    }

    /// A method of `keras.Model`, of an object of such a class.
    pub(crate) fn inherited_method(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let model = self.model_of_object(of)?;
        let Type::Model(kind) = model.of.clone() else { return Err(Missing::new("a method of this model")) };
        self.method_of_model(&model, &kind, name, call)
    }

    /// `if training:` in a call of symbolic tensors: only where the layers inside do nothing else in inference.
    pub(crate) fn branch_on_training(&mut self, test: &'a Expr, body: &'a [Stmt]) -> Ported<bool> {
        let Expr::Name(name) = test else { return Ok(false) };
        let Some(Binding::Variable(Variable { of: Type::Training, .. })) = self.scopes.get(&name.id) else {
            return Ok(false);
        };
        for statement in body {
            let callee = match statement {
                Stmt::Assign(assign) => match &*assign.value {
                    Expr::Call(call) => self.expression(&call.func).ok(),
                    _ => None,
                },
                _ => None,
            };
            let is_random = callee.is_some_and(|callee| {
                matches!(&callee.of, Type::Layer(class) if class.ends_with("Dropout") || class.starts_with("Gaussian") || class.starts_with("Random"))
            });
            if !is_random {
                return Err(Missing::new("a branch that is taken in training")
                    .help("call layers that depend on training themselves, as Dropout does"));
            }
        }
        Ok(true)
    }

    /// `self.model.generator` of a callback: the layer that objects of the one class with this attribute have at its place.
    pub(crate) fn layer_of_model(&mut self, model: &Value, name: &str) -> Option<Value> {
        let is_in_callback = model.text == "model"
            && matches!(self.scopes.get("self"), Some(Binding::Variable(own)) if self.kind_of(&own.of) == Some(Kind::Callback));
        if !is_in_callback || !matches!(model.of, Type::Model(_)) {
            return None;
        }
        let mut found = Vec::new();
        for number in 0..self.classes.len() {
            if self.classes[number].kind != Kind::Model {
                continue;
            }
            let attributes = match self.is_class_written(number) {
                true => self.fields_of(number),
                false => self.attributes_before(number),
            };
            if attributes.iter().any(|(own, _)| *own == crate::script::names::in_snake_case(name)) {
                found.push(attributes);
            }
        }
        let [attributes] = &found[..] else { return None };
        let mut place = 0;
        for (own, of) in attributes {
            let is_layer = matches!(self.resolved(of), Type::Layer(_) | Type::Model(_));
            if *own == crate::script::names::in_snake_case(name) {
                let text = format!("{}.layers()[{place}]", model.text);
                return is_layer
                    .then(|| Value::new(text, Type::Layer("dyn Layer".into()), Strength::Whole, Form::Place));
            }
            // How many layers others have is not known here.
            if matches!(of, Type::List(_) | Type::Instance(_) | Type::Unknown(_)) {
                return None;
            }
            place += usize::from(is_layer);
        }
        None
    }

    /// The attributes of objects that are made later, where those are parameters of `__init__`, and one call says what they are.
    fn attributes_before(&mut self, number: usize) -> Vec<(String, Type)> {
        let Some(init) = self.method_named(number, "__init__") else { return Vec::new() };
        let parameters = Definition::Def(init).parameters();
        let names: Vec<&str> = parameters.iter().skip(1).map(|parameter| parameter.parameter.name.as_str()).collect();
        let class = &self.classes[number].definition.name.clone();
        let given = match self.count_calls(class) {
            1 => self.types_in_calls(class, &names),
            _ => return Vec::new(),
        };
        let unknown = Type::Unknown(usize::MAX);
        let of = |value: &Expr| match value {
            Expr::Name(parameter) => given.get(parameter.id.as_str()).cloned().unwrap_or(unknown.clone()),
            _ => unknown.clone(),
        };
        let attributes = attributes_set(init).into_iter();
        attributes.map(|(name, value)| (crate::script::names::in_snake_case(name), of(value))).collect()
    }

    /// An attribute of `keras.Model`, of an object of such a class.
    pub(crate) fn inherited_attribute(&mut self, of: &Value, name: &str) -> Ported<Value> {
        let model = self.model_of_object(of)?;
        if name == "optimizer" {
            let text = format!("{}.optimizer()?", model.at(Strength::Whole));
            return Ok(Value::new(
                text,
                Type::Object("optimizers::Optimizer".into()),
                Strength::Whole,
                Form::Reference,
            ));
        }
        self.attribute(&model, name)
    }
}

/// Methods that the class has from `keras.Model`, whose names say nothing of who calls them.
const OVERRIDDEN: &[&str] =
    &["__init__", "call", "build", "get_config", "from_config", "summary", "metrics", "compute_output_shape"];

impl Program<'_> {
    /// Whether training changes the object itself, not its `Model` alone.
    pub(crate) fn changes_object(&self, number: usize) -> bool {
        OF_TRAINING.iter().any(|name| self.method_named(number, name).is_some())
    }
}
