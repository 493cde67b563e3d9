//! Layers of the script that have weights of their own, or compute without layers: implementations of `Layer`.
//!
//! A layer of layers is a struct whose `call` is written for symbolic tensors (classes.rs).

use crate::classes::Kind;
use crate::program::Program;
use crate::python::functions::{Body, Definition, Receiver};
use crate::value::{Form, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtClassDef};

/// What a class of the script says of a layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnLayer<'a> {
    /// The arguments of `new`: name and type.
    pub(crate) arguments: Vec<(String, Type)>,
    /// Attributes that are constants.
    pub(crate) constants: Vec<(String, Value)>,
    /// Attributes that are arguments of another name, or are computed of them where they are used.
    pub(crate) computed: Vec<(String, &'a Expr)>,
    /// Attributes that `build` fills with weights.
    weights: Vec<String>,
    pub(crate) build: Option<String>,
    forward: Option<(String, bool)>,
    /// The line of what `call` returns, if that is not ported.
    lost: Option<usize>,
}

impl OwnLayer<'_> {
    pub(crate) fn has_forward(&self) -> bool {
        self.forward.is_some()
    }
}

/// Whether a class needs `impl Layer`: it adds weights, or has no layers inside.
pub(crate) fn is_own(class: &StmtClassDef) -> bool {
    #[derive(Default)]
    struct Found {
        adds_weights: bool,
        has_layers: bool,
    }
    impl<'a> Visitor<'a> for Found {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if let Stmt::Assign(assign) = statement
                && assign.targets.iter().any(Expr::is_attribute_expr)
                && let Expr::Call(call) = &*assign.value
            {
                let name = match &*call.func {
                    Expr::Attribute(attribute) => attribute.attr.as_str(),
                    Expr::Name(name) => name.id.as_str(),
                    _ => "",
                };
                // Classes have capitals.
                let is_class = name.starts_with(|c: char| c.is_uppercase());
                let is_other = ["Metric", "Mean", "SeedGenerator", "Variable"].iter().any(|end| name.ends_with(end));
                self.has_layers |= is_class && !is_other;
            }
            ruff_python_ast::visitor::walk_stmt(self, statement);
        }

        fn visit_expr(&mut self, expression: &'a Expr) {
            if let Expr::Attribute(attribute) = expression
                && attribute.attr.as_str() == "add_weight"
            {
                self.adds_weights = true;
            }
            walk_expr(self, expression);
        }
    }
    let mut found = Found::default();
    class.body.iter().for_each(|statement| found.visit_stmt(statement));
    found.adds_weights || !found.has_layers
}

impl<'a> Program<'a> {
    /// `Class(...)` of such a layer.
    pub(crate) fn make_own_layer(&mut self, number: usize, call: &'a ExprCall) -> Ported<Value> {
        let class = self.classes[number].rust_name.clone();
        let values = match self.method_named(number, "__init__") {
            Some(init) => self.arguments_of(Definition::Def(init), true, call)?,
            None => Vec::new(),
        };
        let types: Vec<Type> = values.iter().map(|value| value.of.clone()).collect();
        if self.classes[number].own.is_none() {
            self.read_init(number, &types)?;
        }
        let own = self.classes[number].own.clone().unwrap_or_default();
        // An activation that is None is linear.
        let parameters = self.method_named(number, "__init__").map(|init| Definition::Def(init).parameters());
        let names: Vec<&str> =
            parameters.iter().flatten().skip(1).map(|parameter| parameter.parameter.name.as_str()).collect();
        let values: Vec<Value> = (values.into_iter().zip(&names))
            .map(|(value, name)| {
                let is_activation = own.arguments.iter().any(|(own, of)| {
                    own == name && matches!(of, Type::Object(path) if path.starts_with("activations::"))
                });
                match is_activation && value.of == Type::None {
                    true => Value::constant("\"linear\"", Type::Str),
                    false => value,
                }
            })
            .collect();
        let types: Vec<Type> = values.iter().map(|value| value.of.clone()).collect();
        let shown = |of: &Type| match of {
            Type::Str | Type::Object(_) => Some("String".to_string()),
            of => of.in_rust(),
        };
        let same: Vec<_> = own.arguments.iter().map(|(_, of)| shown(of)).collect();
        let given: Vec<_> = types.iter().filter(|of| **of != Type::None).map(shown).collect();
        if same != given {
            return Err(Missing::new(format!("{class} is made from arguments of other types before")));
        }
        let texts: Vec<_> =
            values.iter().filter(|value| value.of != Type::None).map(|value| value.text.clone()).collect();
        let mut text = format!("{class}::new({})", texts.join(", "));
        if let Some(name) = call.arguments.keywords.iter().find(|word| word.arg.as_deref() == Some("name")) {
            text.push_str(&format!(".name({})", self.argument(&name.value, "impl Into<String>", "name")?));
        }
        Ok(Value::temporary(text, Type::Layer(class)))
    }

    pub(crate) fn set_own(&mut self, number: usize, change: impl FnOnce(&mut OwnLayer<'a>)) {
        change(self.classes[number].own.get_or_insert_default());
    }

    pub(crate) fn own_body(&mut self, number: usize, definition: Definition<'a>, types: &[Type]) -> Ported<Body> {
        match self.own_body_and_lost(number, definition, types)? {
            (body, None) => Ok(body),
            (_, Some(line)) => Err(crate::python::functions::returns_lost(definition, line)),
        }
    }

    /// The text of a method, and the line of what it returns, if that is not ported.
    fn own_body_and_lost(
        &mut self,
        number: usize,
        definition: Definition<'a>,
        types: &[Type],
    ) -> Ported<(Body, Option<usize>)> {
        let of = Type::Instance(self.classes[number].rust_name.clone());
        let receiver = Variable { rust_name: "self".into(), of, form: Form::Reference, is_pending: false };
        let depth = self.classes[number].depth();
        let (body, lost) = self.body_and_lost(definition, Receiver::Object(receiver), types, depth)?;
        if let Some(captured) = body.captured.first() {
            return Err(Missing::new(format!("a layer that uses {}", captured.name())).help("pass it to __init__"));
        }
        Ok((body, lost))
    }

    /// The class of such a layer, and its `forward` for one input or several.
    pub(crate) fn run_own_layer(&mut self, class: &str, is_single: bool) -> Ported<()> {
        let Ok(number) = self.class_number(class) else { return Ok(()) };
        if self.classes[number].kind != Kind::OwnLayer {
            return Ok(());
        }
        if let Some((own, (_, before))) =
            self.classes[number].own.as_ref().and_then(|own| Some((own, own.forward.as_ref()?)))
        {
            let call = self.method_named(number, "call").map(Definition::Def);
            if let (Some(line), Some(call)) = (own.lost, call) {
                return Err(crate::python::functions::returns_lost(call, line));
            }
            return match *before == is_single {
                true => Ok(()),
                false => Err(Missing::new(format!("{class} on one tensor and on several"))),
            };
        }
        let call = self.method_named(number, "call").ok_or_else(|| Missing::new("a layer without call"))?;
        let count = Definition::Def(call).parameters().len();
        let mut types = vec![if is_single { Type::Floats } else { Type::List(Box::new(Type::Floats)) }];
        for parameter in Definition::Def(call).parameters().iter().skip(2) {
            types.push(match parameter.parameter.name.as_str() {
                "training" => Type::Training,
                "mask" => Type::None,
                other => return Err(Missing::new(format!("the argument {other} of a layer's call"))),
            });
        }
        types.truncate(count.saturating_sub(1));
        let (body, lost) = self.own_body_and_lost(number, Definition::Def(call), &types)?;
        let name = body.parameters.first().and_then(|text| text.split(':').next()).unwrap_or("inputs").to_string();
        let mut lines = Vec::new();
        if is_single && !name.starts_with('_') {
            self.import_by_name("layers::single");
            lines.push(format!("    let {name} = single(inputs)?;"));
        } else if !is_single && name != "inputs" {
            lines.push(format!("    let {name} = inputs;"));
        }
        if let Some(line) = lost {
            // The rest of it is written, for whoever writes the line.
            let is_written = |text: &&String| {
                !text.starts_with(&format!("    gap({line}, ")) && !text.starts_with(&format!("    return gap({line}"))
            };
            lines.extend(body.lines.iter().take(body.lines.len() - 1).filter(is_written).cloned());
            lines.push(format!("    Err(Error::new(\"line {line} of {} is not ported\"))", self.file()));
            self.set_own(number, |own| (own.forward, own.lost) = (Some((lines.join("\n"), is_single)), Some(line)));
            return Err(crate::python::functions::returns_lost(Definition::Def(call), line));
        }
        if !body.returns.is_array() {
            return Err(Missing::new(format!("a layer that returns {}", body.returns.described())));
        }
        let (last, before) = body.lines.split_last().ok_or_else(|| Missing::new("an empty call"))?;
        lines.extend_from_slice(before);
        let last = match (body.is_fallible, last.trim().strip_prefix("Ok(").and_then(|text| text.strip_suffix(')'))) {
            (true, Some(value)) => value.to_string(),
            (false, _) => last.trim().to_string(),
            _ => return Err(Missing::new("a call with several ends")),
        };
        if before.iter().any(|line| line.trim_start().starts_with("return ")) {
            return Err(Missing::new("a call with several ends"));
        }
        lines.push(format!("    Ok(vec![{last}])"));
        self.set_own(number, |own| own.forward = Some((lines.join("\n"), is_single)));
        Ok(())
    }

    /// `self.name` in such a layer.
    pub(crate) fn own_attribute(&mut self, number: usize, name: &str) -> Ported<Value> {
        let own = self.classes[number].own.clone().unwrap_or_default();
        if let Some((_, value)) = own.constants.iter().find(|(constant, _)| constant == name) {
            return Ok(value.clone());
        }
        let rust_name = crate::script::names::in_snake_case(name);
        if own.weights.iter().any(|weight| weight == name) {
            return Ok(Value::temporary(format!("self.weight({rust_name:?}, ctx)?"), Type::Floats));
        }
        if let Some((_, computed)) = own.computed.iter().find(|(computed, _)| computed == name) {
            return self.computed_attribute(number, computed);
        }
        let argument = own.arguments.iter().find(|(argument, _)| argument == name);
        let (_, of) = argument.ok_or_else(|| Missing::new(format!("the attribute {name} of this layer")))?;
        Ok(Value::place(format!("self.{rust_name}"), of.clone()))
    }

    /// `self.name = self.add_weight(...)` in `build`.
    pub(crate) fn add_weight(&mut self, number: usize, name: &str, value: &Value) -> Ported<()> {
        let rust_name = crate::script::names::in_snake_case(name);
        let text = value.text.replacen("\u{3}", &format!("{rust_name:?}"), 1);
        self.line(&format!("build.add_weight({text});"));
        self.set_own(number, |own| own.weights.push(name.into()));
        Ok(())
    }

    /// `self.add_weight(...)`, as a weight whose name is that of the attribute.
    pub(crate) fn weight_of(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let names = [
            "shape",
            "initializer",
            "dtype",
            "trainable",
            "autocast",
            "regularizer",
            "constraint",
            "aggregation",
            "name",
        ];
        // Keras 2 had the name first.
        let named = match call.arguments.args.first() {
            Some(Expr::StringLiteral(_)) => {
                crate::arguments::named_as(call, &["name", "shape", "dtype", "initializer"])?
            }
            _ => crate::arguments::named_as(call, &names)?,
        };
        let shape = match crate::arguments::find(&named, "shape") {
            None => "[0usize; 0]".to_string(),
            Some(shape) => {
                let value = self.expression(shape)?;
                match (&value.items, &value.of) {
                    (Some(items), _) => {
                        format!("[{}]", items.iter().map(|item| item.text.clone()).collect::<Vec<_>>().join(", "))
                    }
                    (None, Type::Int) => format!("[{}]", value.text),
                    _ => return Err(Missing::new("a computed shape of a weight")),
                }
            }
        };
        let initializer = match crate::arguments::find(&named, "initializer") {
            None => "\"glorot_uniform\"".to_string(),
            Some(initializer) => self.argument(initializer, "impl Into<Initializer>", "initializer")?,
        };
        let class = self.import("layers::Weight");
        let shape = match shape.contains("build.") {
            true => {
                self.line(&format!("let shape = {shape};"));
                "shape".to_string()
            }
            false => shape,
        };
        let initializer = match initializer.starts_with("self.") {
            true => initializer.trim_end_matches(".clone()").to_string(),
            false => format!("{initializer}.into()"),
        };
        let mut text = format!("{class}::new(\u{3}, {shape}, &{initializer})");
        for (name, argument) in &named {
            match (name.as_str(), argument) {
                ("shape" | "initializer" | "name", _) => {}
                ("dtype", Expr::StringLiteral(dtype)) if dtype.value.to_str() == "float32" => {}
                ("trainable", Expr::BooleanLiteral(trainable)) if trainable.value => {}
                ("trainable", Expr::BooleanLiteral(_)) => text.push_str(".trainable(false)"),
                ("regularizer" | "constraint", Expr::NoneLiteral(_)) => {}
                ("regularizer", Expr::StringLiteral(_) | Expr::Call(_)) => {
                    let given = self.argument(argument, "impl Into<Regularizer>", name)?;
                    text.push_str(&format!(".regularizer(&Some({given}.into()))"));
                }
                ("constraint", Expr::StringLiteral(_) | Expr::Call(_)) => {
                    let given = self.argument(argument, "impl Into<Constraint>", name)?;
                    text.push_str(&format!(".constraint(&Some({given}.into()))"));
                }
                (other, _) => return Err(Missing::new(format!("the argument {other} of add_weight"))),
            }
        }
        Ok(Value::temporary(text, Type::Object("layers::Weight".into())))
    }

    /// The text of such a class.
    pub(crate) fn own_layer_text(&mut self, number: usize, docs: &str) -> Option<String> {
        let own = self.classes[number].own.clone()?;
        let (forward, _) = own.forward?;
        let name = self.classes[number].rust_name.clone();
        for path in ["layers::Context", "layers::layer"] {
            self.import_by_name(path);
        }
        let arguments: Vec<_> = own
            .arguments
            .iter()
            .map(|(name, of)| {
                self.import_type(of);
                let in_rust = of.in_rust().unwrap_or_default();
                format!("        {}: {in_rust},\n", crate::script::names::in_snake_case(name))
            })
            .collect();
        let arguments = if arguments.is_empty() { "()".to_string() } else { format!("(\n{}    )", arguments.concat()) };
        let unused = if self.classes[number].is_unused { crate::inference::uncalled::UNUSED } else { "" };
        let case = crate::classes::class_text::case_of(&name);
        let docs: String =
            docs.lines().chain(unused.lines()).chain(case.lines()).map(|line| format!("    {line}\n")).collect();
        let mut out = format!("layer! {{\n{docs}    struct {name}{arguments} {{}}\n}}\n\nimpl Layer for {name} {{\n");
        if let Some(build) = own.build {
            for path in ["layers::Build", "layers::Shape"] {
                self.import(path);
            }
            let build = if build.trim_end().ends_with("Ok(())") { build } else { format!("{build}\n    Ok(())") };
            out.push_str(&format!(
                "    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {{\n{}\n    }}\n\n",
                indented(&build)
            ));
        }
        let methods = self.texts_of_methods(number).iter().map(|text| indented(text)).collect::<Vec<_>>();
        if !methods.is_empty() {
            let end = out.split_off(out.find(&format!("impl Layer for {name} {{")).unwrap_or(out.len()));
            out.push_str(&format!("{unused}impl {name} {{\n{}\n}}\n\n{end}", methods.join("\n\n")));
        }
        let context = if forward.contains("ctx") { "ctx" } else { "_" };
        let inputs = if forward.contains("inputs") { "inputs" } else { "_" };
        let allow = if own.lost.is_some() { "    #[allow(unused_variables)]\n" } else { "" };
        out.push_str(&format!(
            "{allow}    fn forward(&self, {inputs}: &[Tensor], {context}: &mut Context) -> Result<Vec<Tensor>> {{\n{}\n    }}\n}}\n",
            indented(&forward)
        ));
        Some(out)
    }

    /// Whether what is written is a method of such a layer.
    pub(crate) fn is_in_own_layer(&self) -> bool {
        match self.scopes.get("self") {
            Some(crate::value::Binding::Variable(variable)) => self.kind_of(&variable.of) == Some(Kind::OwnLayer),
            _ => false,
        }
    }
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("    {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}
