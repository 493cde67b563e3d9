//! Classes of the script: structs with the fields that `__init__` sets, and methods that are written for the arguments they are called with.

pub(crate) mod class_evidence;
pub(crate) mod class_methods;
pub(crate) mod class_text;
pub(crate) mod init_methods;
pub(crate) mod kept_variables;
pub(crate) mod module_constants;
pub(crate) mod uncalled_classes;

use crate::classes::class_methods::Kind as MethodKind;
use crate::keras::own_layers::OwnLayer;
use crate::program::Program;
use crate::python::functions::{Body, Captured, Definition, Receiver, Written, passed};
use crate::value::{Binding, Form, ModelType, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::Ranged;

/// What a class is derived from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// A layer of layers.
    Layer,
    /// A layer with weights of its own, or without layers.
    OwnLayer,
    Callback,
    Loss,
    Metric,
    /// Derived from `keras.Model`.
    Model,
    /// Derived from `keras.utils.PyDataset`.
    Batches,
}

/// A class of the script.
#[derive(Debug)]
pub(crate) struct Class<'a> {
    pub(crate) definition: &'a StmtClassDef,
    pub(crate) rust_name: String,
    pub(crate) kind: Kind,
    /// How many scopes its methods see.
    pub(crate) depth: usize,
    pub(crate) fields: Vec<Field>,
    /// The types of the parameters of `new`, when it has been written.
    pub(crate) parameters: Option<Vec<Type>>,
    /// `new` until the value is made, and what it needs of the variables outside.
    pub(crate) new: Option<(String, Written)>,
    pub(crate) methods: Vec<Method>,
    pub(crate) is_being_written: bool,
    /// Methods that `__init__` calls, and their texts.
    pub(crate) of_init: Vec<(String, Vec<Type>, Written, String)>,
    pub(crate) own: Option<OwnLayer<'a>>,
    /// Of a callback: variables of the module that its hooks read, which `new` gets and keeps.
    pub(crate) kept: Vec<Captured>,
    /// Whether its constants are read.
    pub(crate) used_as_constants: std::cell::Cell<bool>,
    /// Whether nothing makes an object of it.
    pub(crate) is_unused: bool,
    /// Of a model: what its `call` is as the closure of a `Model`, and how many outputs it has.
    pub(crate) call_of_model: Option<(String, usize)>,
    pub(crate) name_of_model: Option<String>,
    /// Whether a `Model` is made of it, or its layers are read.
    pub(crate) makes_model: bool,
    pub(crate) gives_layers: bool,
    pub(crate) steps: crate::keras::steps::Steps,
}

impl<'a> Class<'a> {
    pub(crate) fn new(definition: &'a StmtClassDef, rust_name: String, kind: Kind, depth: usize) -> Self {
        Self {
            definition,
            rust_name,
            kind,
            depth,
            fields: Vec::new(),
            parameters: None,
            new: None,
            methods: Vec::new(),
            is_being_written: false,
            of_init: Vec::new(),
            own: None,
            kept: Vec::new(),
            used_as_constants: std::cell::Cell::new(false),
            is_unused: false,
            call_of_model: None,
            name_of_model: None,
            makes_model: false,
            gives_layers: false,
            steps: crate::keras::steps::Steps::default(),
        }
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }
}

/// An attribute.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) rust_name: String,
    pub(crate) of: Type,
    /// Its value, where that is not a variable of `new` of the same name.
    pub(crate) value: Option<String>,
    pub(crate) is_read: bool,
    /// Set by another method than `__init__`: an `Option`.
    pub(crate) is_late: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) parameters: Vec<Type>,
    pub(crate) written: Written,
    pub(crate) text: String,
    /// Of `impl Callback`.
    pub(crate) is_of_trait: bool,
    /// The line of what it returns, if that is not ported.
    pub(crate) lost: Option<usize>,
}

/// The hooks of a callback: what they take beside the model.
pub(crate) const HOOKS: &[(&str, &[&str])] = &[
    ("on_train_begin", &[]),
    ("on_train_end", &[]),
    ("on_epoch_begin", &["epoch"]),
    ("on_epoch_end", &["epoch"]),
    ("on_train_batch_begin", &["batch"]),
    ("on_train_batch_end", &["batch"]),
    ("on_test_begin", &[]),
    ("on_test_end", &[]),
    ("on_test_batch_begin", &["batch"]),
    ("on_test_batch_end", &["batch"]),
];

/// Methods of layers that need no counterpart.
pub(crate) const OF_FILES: &[&str] = &["get_config", "from_config", "compute_output_shape", "compute_mask"];

impl<'a> Program<'a> {
    pub(crate) fn define_class(&mut self, definition: &'a StmtClassDef) -> Ported<()> {
        let unported = definition.decorator_list.iter().any(|decorator| {
            let call = match &decorator.expression {
                Expr::Call(call) => &call.func,
                other => other,
            };
            // Which name a class has in files.
            !self.path_of(call).is_some_and(|path| path.ends_with("register_keras_serializable"))
        });
        if unported {
            return Err(Missing::new("a decorated class"));
        }
        let bases: Vec<_> = definition.arguments.iter().flat_map(|arguments| &arguments.args).collect();
        let kind = match &bases[..] {
            [] => Kind::Plain,
            [Expr::Name(object)] if object.id.as_str() == "object" && self.scopes.get("object").is_none() => {
                Kind::Plain
            }
            [base] => match self.path_of(base).as_deref() {
                Some("keras.layers.Layer" | "keras.Layer") if crate::keras::own_layers::is_own(definition) => {
                    Kind::OwnLayer
                }
                Some("keras.layers.Layer" | "keras.Layer") => Kind::Layer,
                Some("keras.callbacks.Callback") => Kind::Callback,
                Some("keras.Model" | "keras.models.Model") => Kind::Model,
                Some("keras.losses.Loss" | "keras.Loss") => Kind::Loss,
                Some("keras.metrics.Metric" | "keras.Metric") => Kind::Metric,
                Some(path) if crate::keras::py_datasets::is_base(path) => Kind::Batches,
                Some(path) => {
                    return Err(Missing::new(format!("a class derived from {path}"))
                        .help("see docs/training-loops.md and docs/writing-a-layer.md"));
                }
                None => return Err(Missing::new("a class derived from another")),
            },
            _ => return Err(Missing::new("a class derived from several")),
        };
        if let Some(other) = definition.body.iter().find(|statement| {
            let is_constant = matches!(statement, Stmt::Assign(assign)
                if matches!(&assign.targets[..], [Expr::Name(_)]) && assign.value.is_literal_expr());
            !matches!(statement, Stmt::FunctionDef(_) | Stmt::Pass(_))
                && !is_constant
                && !matches!(statement, Stmt::Expr(text) if text.value.is_string_literal_expr())
        }) {
            let line = self.source.line(other.range().start());
            return Err(Missing::new(format!("a class with what line {line} has")));
        }
        for method in definition.body.iter().filter_map(Stmt::as_function_def_stmt) {
            let known = |decorator: &ruff_python_ast::Decorator| {
                is_property(method)
                    || MethodKind::of(method) != MethodKind::OfObject
                    || self.path_of(&decorator.expression).is_some_and(|path| path == "tensorflow.function")
                    || OF_FILES.contains(&method.name.as_str())
            };
            if let Some(other) = method.decorator_list.iter().find(|decorator| !known(decorator)) {
                let line = self.source.line(other.range.start());
                return Err(
                    Missing::new(format!("a class with the decorator of line {line}")).help("make it a function")
                );
            }
        }
        let mut rust_name = definition.name.to_string();
        // The script has the class of Keras as well, or the program needs the type.
        if self.is_name_of_keras(&rust_name) || crate::script::names::is_type_of_programs(&rust_name) {
            rust_name.insert_str(0, "Own");
        }
        self.classes.push(Class::new(definition, rust_name, kind, self.scopes.depth()));
        self.scopes.bind(&definition.name, Binding::Class(self.classes.len() - 1));
        Ok(())
    }

    pub(crate) fn class_number(&self, rust_name: &str) -> Ported<usize> {
        let found = self.classes.iter().rposition(|class| class.rust_name == rust_name);
        found.ok_or_else(|| Missing::new(format!("the class {rust_name}")))
    }

    /// `Class.name`, of a constant that the class has.
    pub(crate) fn constant_of_class(&self, class: &Expr, name: &str) -> Option<&'a Expr> {
        let Expr::Name(class) = class else { return None };
        let Some(Binding::Class(number)) = self.scopes.get(&class.id) else { return None };
        self.class_constant(number, name)
    }

    /// A constant that a class has for all its objects.
    pub(crate) fn class_constant(&self, number: usize, name: &str) -> Option<&'a Expr> {
        let found = self.classes[number].definition.body.iter().find_map(|statement| match statement {
            Stmt::Assign(assign) => match &assign.targets[..] {
                [Expr::Name(own)] if own.id.as_str() == name => Some(&*assign.value),
                _ => None,
            },
            _ => None,
        })?;
        self.classes[number].used_as_constants.set(true);
        Some(found)
    }

    pub(crate) fn kind_of_class(&self, number: usize) -> Kind {
        self.classes[number].kind
    }

    pub(crate) fn kind_of(&self, of: &Type) -> Option<Kind> {
        let Type::Instance(name) = of else { return None };
        self.class_number(name).ok().map(|number| self.classes[number].kind)
    }

    /// Whether an expression is an object of a metric of the script, or makes one.
    pub(crate) fn is_of_metric_class(&self, metric: &Expr) -> bool {
        let name = match metric {
            Expr::Name(name) => &name.id,
            Expr::Call(call) => match &*call.func {
                Expr::Name(class) => &class.id,
                _ => return false,
            },
            _ => return false,
        };
        match self.scopes.get(name) {
            Some(Binding::Variable(variable)) => self.kind_of(&variable.of) == Some(Kind::Metric),
            Some(Binding::Class(number)) => self.classes[number].kind == Kind::Metric,
            _ => false,
        }
    }

    /// Whether a method of this name has such a text.
    pub(crate) fn methods_with_text(&self, number: usize, name: &str, text: &str) -> bool {
        self.classes[number].methods.iter().any(|method| method.name == name && method.text.contains(text))
    }

    pub(crate) fn method_named(&self, number: usize, name: &str) -> Option<&'a StmtFunctionDef> {
        self.classes[number].definition.body.iter().find_map(|statement| match statement {
            Stmt::FunctionDef(function) if function.name.as_str() == name => Some(function),
            _ => None,
        })
    }

    /// `Class(...)`
    pub(crate) fn instantiate(&mut self, number: usize, call: &'a ExprCall) -> Ported<Value> {
        if self.classes[number].kind == Kind::OwnLayer {
            return self.make_own_layer(number, call);
        }
        if self.classes[number].kind == Kind::Loss {
            self.has_reduction_of_class(number, call)?;
        }
        let init = self.method_named(number, "__init__");
        let values = match init {
            Some(init) => self.arguments_of(Definition::Def(init), true, call)?,
            None => {
                // Layers take a name.
                let others = call.arguments.keywords.iter().any(|word| word.arg.as_deref() != Some("name"));
                if others || !call.arguments.args.is_empty() {
                    return Err(Missing::new("arguments of a class without __init__"));
                }
                Vec::new()
            }
        };
        let types: Vec<Type> = values.iter().map(|value| value.of.clone()).collect();
        let number = self.version_for(number, &types);
        if self.classes[number].parameters.is_none() {
            self.write_new(number, init, &types)?;
        }
        let Some((_, written)) = self.classes[number].new.clone() else {
            return Err(Missing::new("a class that makes itself"));
        };
        let mut arguments = passed(&values, &[]);
        arguments.extend(self.passed_captures(&written)?);
        let made = written.called(&arguments);
        if self.classes[number].kind == Kind::Model { self.made_model(number, made, call) } else { Ok(made) }
    }

    /// The attributes of an object and their types.
    pub(crate) fn fields_of(&self, number: usize) -> Vec<(String, Type)> {
        self.classes[number].fields.iter().map(|field| (field.rust_name.clone(), field.of.clone())).collect()
    }

    /// The attributes that are fields in Rust, and whether they are set later than by `new`.
    pub(crate) fn written_fields(&self, number: usize) -> Vec<(String, bool)> {
        let fields = self.classes[number].fields.iter().filter(|field| field.of.is_stored());
        fields.map(|field| (field.rust_name.clone(), field.is_late)).collect()
    }

    /// Whether a class of the script has a method of this name.
    pub(crate) fn has_method(&self, name: &str) -> bool {
        (0..self.classes.len()).any(|number| self.methods_of(number).any(|method| method.name.as_str() == name))
    }

    pub(crate) fn methods_of(&self, number: usize) -> impl Iterator<Item = &'a StmtFunctionDef> {
        self.classes[number].definition.body.iter().filter_map(|statement| match statement {
            Stmt::FunctionDef(function) => Some(function),
            _ => None,
        })
    }

    /// The class for arguments of these types: what `__init__` makes of others is another type in Rust.
    fn version_for(&mut self, number: usize, types: &[Type]) -> usize {
        let definition = self.classes[number].definition;
        let in_rust = |types: &[Type]| types.iter().map(Type::in_rust).collect::<Vec<_>>();
        let versions = self.classes.iter().enumerate().filter(|(_, class)| std::ptr::eq(class.definition, definition));
        let versions: Vec<usize> = versions.map(|(version, _)| version).collect();
        let fits = |version: &&usize| match &self.classes[**version].parameters {
            None => true,
            Some(before) => in_rust(before) == in_rust(types),
        };
        if let Some(version) = versions.iter().find(fits) {
            return *version;
        }
        let first = &self.classes[number];
        let base = &self.classes[versions.first().copied().unwrap_or(number)].rust_name;
        let rust_name = format!("{base}{}", versions.len() + 1);
        let version = Class::new(definition, rust_name, first.kind, first.depth);
        self.classes.push(version);
        self.classes.len() - 1
    }

    pub(crate) fn is_class_written(&self, number: usize) -> bool {
        self.classes[number].new.is_some()
    }

    /// Whether a method of this name is written.
    pub(crate) fn is_method_written(&self, number: usize, name: &str) -> bool {
        self.methods_with_name(number, name) > 0
            || self.classes[number].of_init.iter().any(|(method, ..)| method == name)
    }

    pub(crate) fn write_new(&mut self, number: usize, init: Option<&'a StmtFunctionDef>, types: &[Type]) -> Ported<()> {
        let rust_name = self.classes[number].rust_name.clone();
        let of = Type::Instance(rust_name.clone());
        self.classes[number].parameters = Some(types.to_vec());
        let (mut lines, mut parameters, mut is_fallible, mut captured) = (Vec::new(), String::new(), false, Vec::new());
        if let Some(init) = init {
            self.initialized.push(number);
            let receiver =
                Variable { rust_name: "self".into(), of: of.clone(), form: Form::Reference, is_pending: false };
            let body =
                self.body_of(Definition::Def(init), Receiver::Object(receiver), types, self.classes[number].depth);
            self.initialized.pop();
            let body = match body {
                Ok(body) => body,
                Err(missing) => {
                    self.classes[number].parameters = None;
                    return Err(missing);
                }
            };
            if body.is_fallible && body.lines.last().is_some_and(|last| last.trim() == "Ok(())") {
                lines.extend_from_slice(&body.lines[..body.lines.len() - 1]);
            } else {
                lines.extend_from_slice(&body.lines);
            }
            let fields = &self.classes[number].fields;
            let values = fields.iter().map(|field| field.value.as_ref().unwrap_or(&field.rust_name));
            let texts: Vec<&str> = values.chain(&lines).map(String::as_str).collect();
            // What only `super().__init__` takes.
            let marked = body.parameters.iter().map(|parameter| match parameter.split_once(':') {
                Some((name, _)) if !texts.iter().any(|text| mentions(text, name)) => format!("_{parameter}"),
                _ => parameter.clone(),
            });
            parameters = marked.collect::<Vec<_>>().join(", ");
            (is_fallible, captured) = (body.is_fallible, body.captured);
        }
        if self.classes[number].kind == Kind::Callback {
            let before = self.hooks_of.replace((number, self.captures.len() + 1));
            let written = self.write_hooks(number);
            self.hooks_of = before;
            written?;
            for kept in std::mem::take(&mut self.classes[number].kept) {
                let parameter = self.captured_parameter(&kept);
                parameters.push_str(if parameters.is_empty() { "" } else { ", " });
                parameters.push_str(&parameter);
                captured.push(kept);
            }
        }
        let result = if is_fallible { "Result<Self>" } else { "Self" };
        let text = format!("fn new({parameters}) -> {result} {{\n{}\n\u{2}\n}}", lines.join("\n").trim_matches('\n'));
        let written = Written::of_method(format!("{rust_name}::new"), captured, of, is_fallible);
        self.classes[number].new = Some((text, written));
        self.classes[number].is_unused = self.is_uncalled;
        Ok(())
    }

    /// `self.name = value` in `__init__`, or in a method.
    pub(crate) fn assign_field(&mut self, of: &Value, name: &str, value: Value) -> Ported<()> {
        let Type::Instance(class) = &of.of else { return Err(Missing::new("an attribute of this")) };
        let number = self.class_number(class)?;
        if self.classes[number].kind == Kind::OwnLayer {
            return match &value.of {
                Type::Object(path) if path == "layers::Weight" => self.add_weight(number, name, &value),
                _ if name == "built" => Ok(()),
                _ => Err(Missing::new(format!("the attribute {name}, which is no weight"))),
            };
        }
        let value = self.own(value)?;
        let rust_name = crate::script::names::in_snake_case(name);
        let known = self.classes[number].fields.iter().position(|field| field.name == name);
        let is_in_new = self.initialized.last() == Some(&number) && of.text == "self";
        if is_in_new {
            let own = format!("self.{name}");
            let (of, is_new) = (value.of.clone(), known.is_none());
            if of.in_rust().is_none() && of.is_stored() && !matches!(of, Type::List(_) | Type::Dict(..)) {
                return Err(Missing::new(format!("{} as an attribute", of.described())));
            }
            let text = value.text.clone();
            let is_name = text == rust_name || of == Type::None;
            if is_name {
                let form = if of == Type::None { Form::Constant } else { Form::Place };
                let variable = Variable { rust_name: text, of: of.clone(), form, is_pending: false };
                self.scopes.bind_in_function(&own, Binding::Variable(variable));
            } else {
                self.bind(&own, value)?;
            }
            let Some(Binding::Variable(variable)) = self.scopes.get(&own) else {
                return Err(Missing::new("this attribute"));
            };
            let value = (variable.rust_name != rust_name).then(|| variable.rust_name.clone());
            // A loss that is called, an optimizer that is used.
            let of = if matches!(of, Type::Object(_)) { variable.of } else { of };
            let field = Field { name: name.into(), rust_name, of, value, is_read: false, is_late: false };
            match known.filter(|_| !is_new) {
                Some(at) => self.classes[number].fields[at] = field,
                None => self.classes[number].fields.push(field),
            }
            return Ok(());
        }
        let whole = of.at(Strength::Whole);
        match known.map(|at| self.classes[number].fields[at].clone()) {
            Some(field) if field.is_late => {
                let (found, _) = self.assign_late_field(of, name, value)?;
                if found != field.of {
                    return Err(Missing::new(format!("{name} is {} here, and was another before", found.described())));
                }
            }
            Some(field) => {
                let field_of = self.resolved(&field.of);
                let text = self.put_into(&field_of, value)?;
                self.line(&format!("{whole}.{rust_name} = {text};"));
            }
            // An attribute that `__init__` does not set begins with the value that it gets here, if that is known before.
            None if self.classes[number].kind == Kind::Model => {
                let (of, is_late) = self.assign_late_field(of, name, value)?;
                let value = is_late.then(|| "None".to_string());
                let field = Field { name: name.into(), rust_name, of, value, is_read: false, is_late };
                self.classes[number].fields.push(field);
            }
            None => {
                let is_known = value.form == Form::Constant || value.text.starts_with("vec![]\u{1}");
                if !is_known {
                    return Err(Missing::new(format!("the attribute {name}, which __init__ does not set"))
                        .help(format!("set self.{name} in __init__")));
                }
                self.line(&format!("{whole}.{rust_name} = {};", value.text));
                let (of, value) = (value.of, Some(value.text));
                let field = Field { name: name.into(), rust_name, of, value, is_read: false, is_late: false };
                self.classes[number].fields.push(field);
            }
        }
        Ok(())
    }

    /// Notes what a model that is an attribute has been compiled with.
    pub(crate) fn compiled_field(&mut self, name: &str, of: &Type) {
        let Some(Binding::Variable(receiver)) = self.scopes.get("self") else { return };
        let Type::Instance(class) = &receiver.of else { return };
        let Ok(number) = self.class_number(class) else { return };
        if let Some(field) =
            self.classes[number].fields.iter_mut().find(|field| field.rust_name == name || field.name == name)
        {
            field.of = of.clone();
        }
    }

    /// `self.name`
    pub(crate) fn field(&mut self, of: &Value, name: &str) -> Ported<Value> {
        let Type::Instance(class) = &of.of else { return Err(Missing::new("an attribute of this")) };
        let number = self.class_number(class)?;
        if let Some(constant) = self.constant_of_objects(number, name) {
            return self.expression(constant);
        }
        if self.classes[number].kind == Kind::OwnLayer {
            return self.own_attribute(number, name);
        }
        if self.initialized.last() == Some(&number) && of.text == "self" {
            return match self.scopes.get(&format!("self.{name}")) {
                Some(Binding::Variable(_) | Binding::Outside(_)) => self.name(&format!("self.{name}")),
                _ => Err(Missing::new(format!("the attribute {name} before it is set"))),
            };
        }
        if self.classes[number].kind == Kind::Callback && name == "model" {
            return Ok(Value::new("model", Type::Model(ModelType::default()), Strength::Whole, Form::Reference));
        }
        let field = self.classes[number].fields.iter_mut().find(|field| field.name == name).map(|field| {
            field.is_read = true;
            field.clone()
        });
        if field.is_none()
            && let Some(definition) = self.method_named(number, name).filter(|method| is_property(method))
        {
            return self.call_method(of, number, definition, &[]);
        }
        if field.is_none() && self.classes[number].kind == Kind::Model {
            return self.inherited_attribute(of, name);
        }
        let field = field.ok_or_else(|| Missing::new(format!("the attribute {name} of {class}")))?;
        match self.resolved(&field.of) {
            Type::None => Ok(Value::constant("None", Type::None)),
            Type::Function(number) => Ok(Value::constant("()", Type::Function(number))),
            found if field.is_late => {
                let form = if found.is_copy() { Form::Temporary } else { Form::Reference };
                let text = format!("{}.{}()?", of.at(Strength::Whole), field.rust_name);
                Ok(Value::new(text, found, Strength::Whole, form))
            }
            found => Ok(Value::place(format!("{}.{}", of.at(Strength::Whole), field.rust_name), found)),
        }
    }

    /// `object.name(...)`
    pub(crate) fn method_of_instance(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let Type::Instance(class) = &of.of else { return Err(Missing::new("a method of this")) };
        let number = self.class_number(class)?;
        if self.classes[number].kind == Kind::OwnLayer {
            match (name, &call.arguments.args[..]) {
                ("add_weight", _) => return self.weight_of(call),
                ("add_loss", [loss]) => {
                    let loss = self.expression(loss)?;
                    return match loss.of.is_array() {
                        true => Ok(Value::temporary(format!("ctx.add_loss({})", self.own(loss)?.text), Type::None)),
                        false => Err(Missing::new(format!("{} as a loss", loss.of.described()))),
                    };
                }
                (name, [x]) if self.method_named(number, name).is_none() => {
                    let callee = self.own_attribute(number, name)?;
                    return match callee.of {
                        // `keras.activations.get(None)`
                        Type::None => self.expression(x),
                        _ => self.call_value(&callee, call),
                    };
                }
                _ => {}
            }
        }
        if self.classes[number].kind == Kind::Metric && matches!(name, "add_weight" | "add_variable") {
            return self.weight_of_metric(call);
        }
        let Some(definition) = self.method_named(number, name) else {
            // A field may be called as well.
            if self.classes[number].fields.iter().any(|field| field.name == name) {
                let callee = self.field(of, name)?;
                return self.call_value(&callee, call);
            }
            if self.classes[number].kind == Kind::Model {
                return self.inherited_method(of, name, call);
            }
            if let (Kind::Metric, "reset_state" | "reset_states") = (self.classes[number].kind, name) {
                self.import("metrics::Metric");
                return Ok(Value::temporary(format!("{}.reset_state()", of.at(Strength::Whole)), Type::None));
            }
            return Err(Missing::new(format!("the method {name} of {class}")));
        };
        if MethodKind::of(definition) != MethodKind::OfObject {
            return self.call_of_class(number, definition, call);
        }
        let values = self.arguments_of(Definition::Def(definition), true, call)?;
        if self.initialized.last() == Some(&number) && of.text == "self" {
            return self.call_of_init(number, definition, &values);
        }
        self.call_method(of, number, definition, &values)
    }

    /// A layer of the script that is called on tensors.
    pub(crate) fn call_instance(&mut self, of: &Value, call: &'a ExprCall) -> Ported<Value> {
        let Type::Instance(class) = &of.of else { return Err(Missing::new("a call of this")) };
        let number = self.class_number(class)?;
        if self.classes[number].kind == Kind::Loss {
            let loss = self.loss_of_instance(of)?;
            return self.call_loss(&loss, call);
        }
        if self.classes[number].kind == Kind::Model {
            let model = self.model_of_object(of)?;
            return self.call_value(&model, call);
        }
        let name = if self.classes[number].kind == Kind::Plain { "__call__" } else { "call" };
        let definition =
            self.method_named(number, name).ok_or_else(|| Missing::new(format!("a call of {class} without {name}")))?;
        let mut values = self.arguments_of(Definition::Def(definition), true, call)?;
        // Whether it is training is known by those who run the model, unless the call says it.
        let parameters = definition.parameters.iter_non_variadic_params().skip(1);
        for (parameter, value) in parameters.zip(&mut values) {
            let name = parameter.parameter.name.as_str();
            let is_given = call.arguments.keywords.iter().any(|word| word.arg.as_deref() == Some(name));
            if name == "training" && !is_given {
                *value = Value::constant("None", Type::Training);
            }
        }
        self.call_method(of, number, definition, &values)
    }

    fn call_method(
        &mut self,
        of: &Value,
        number: usize,
        definition: &'a StmtFunctionDef,
        values: &[Value],
    ) -> Ported<Value> {
        let types: Vec<Type> = values.iter().map(|value| value.of.clone()).collect();
        let written = self.write_method(number, definition, &types)?;
        match self.classes[number].kind {
            Kind::Layer => self.graphs.add_group(),
            _ => self.graphs.call_function(&definition.name),
        }
        let changed = self.changed_by_method(number, definition, values);
        let mut arguments = passed(values, &changed);
        arguments.extend(self.passed_captures(&written)?);
        arguments.extend(self.passed_context(number, &written));
        arguments.extend(self.passed_model(of, number, &written)?);
        let call = written.called(&arguments);
        Ok(Value { text: format!("{}.{}", of.at(Strength::Whole), call.text), ..call })
    }

    /// The method for arguments of these types.
    pub(crate) fn write_method(
        &mut self,
        number: usize,
        definition: &'a StmtFunctionDef,
        types: &[Type],
    ) -> Ported<Written> {
        let name = definition.name.to_string();
        let same: Vec<_> = self.classes[number].methods.iter().filter(|method| method.name == name).collect();
        if let Some(method) = same.iter().find(|method| crate::python::functions::are_alike(&method.parameters, types))
        {
            return match method.lost {
                None => Ok(method.written.clone()),
                Some(line) => Err(crate::python::functions::returns_lost(Definition::Def(definition), line)),
            };
        }
        let mut rust_name = match name.as_str() {
            "__len__" => "len".to_string(),
            "__getitem__" => "get_item".to_string(),
            // That is what makes an object.
            "new" => "new_".to_string(),
            name => crate::script::names::in_snake_case(name),
        };
        if !same.is_empty() {
            rust_name.push_str(&format!("_{}", same.len() + 1));
        }
        let (body, lost) = self.method_body_and_lost(number, definition, types)?;
        let changes_self = self.changes_self(definition);
        let receiver = if changes_self { "&mut self" } else { "&self" };
        let receiver = (MethodKind::of(definition) == MethodKind::OfObject).then(|| receiver.to_string());
        let context = self.context_of_method(number, &body.lines).or_else(|| self.model_of_method(number, &body.lines));
        let parameters: Vec<_> = receiver.into_iter().chain(body.parameters.clone()).chain(context).collect();
        let text = format!("({}){} {{\n{}\n}}", parameters.join(", "), body.result, body.lines.join("\n"));
        // For other arguments it may have the same text.
        let methods = &self.classes[number].methods;
        let same = methods.iter().find(|method| method.name == name && method.text.ends_with(&text));
        if let Some(same) = same.filter(|_| lost.is_none()) {
            let own_name = same.written.rust_name.clone();
            return Ok(Written::of_method(own_name, body.captured, body.returns, body.is_fallible));
        }
        let unused = match lost {
            // The rest of it is written, for whoever writes the line.
            Some(_) => "#[allow(dead_code, unused_variables)]\n",
            None if self.is_uncalled => crate::inference::uncalled::UNUSED,
            None => "",
        };
        let text = format!("{unused}fn {rust_name}{text}");
        let written = Written::of_method(rust_name, body.captured, body.returns, body.is_fallible);
        let (parameters, is_of_trait) = (types.to_vec(), false);
        let method = Method { name, parameters, written: written.clone(), text, is_of_trait, lost };
        self.classes[number].methods.push(method);
        match lost {
            None => Ok(written),
            Some(line) => Err(crate::python::functions::returns_lost(Definition::Def(definition), line)),
        }
    }

    /// The texts of the methods that are written.
    pub(crate) fn texts_of_methods(&self, number: usize) -> Vec<String> {
        self.classes[number].methods.iter().map(|method| method.text.clone()).collect()
    }

    /// An attribute that `new` makes of a variable of the module.
    pub(crate) fn keep(&mut self, number: usize, kept: Captured, of: Type, value: String) {
        let rust_name = kept.rust_name().to_string();
        let name = format!("\u{5}{rust_name}");
        let value = Some(value);
        self.classes[number].fields.push(Field { name, rust_name, of, value, is_read: true, is_late: false });
        self.classes[number].kept.push(kept);
    }

    pub(crate) fn rust_name_of_class(&self, number: usize) -> &str {
        &self.classes[number].rust_name
    }

    /// How many methods of this name are written.
    pub(crate) fn methods_with_name(&self, number: usize, name: &str) -> usize {
        self.classes[number].methods.iter().filter(|method| method.name == name).count()
    }

    pub(crate) fn method_body(
        &mut self,
        number: usize,
        definition: &'a StmtFunctionDef,
        types: &[Type],
    ) -> Ported<Body> {
        match self.method_body_and_lost(number, definition, types)? {
            (body, None) => Ok(body),
            (_, Some(line)) => Err(crate::python::functions::returns_lost(Definition::Def(definition), line)),
        }
    }

    /// The text of a method, and the line of what it returns, if that is not ported.
    fn method_body_and_lost(
        &mut self,
        number: usize,
        definition: &'a StmtFunctionDef,
        types: &[Type],
    ) -> Ported<(Body, Option<usize>)> {
        if self.classes[number].is_being_written {
            let being = self.methods_being_written.iter().any(|name| *name == definition.name.as_str());
            if being {
                return Err(Missing::new(format!("{} calls itself", definition.name)));
            }
        }
        let of = Type::Instance(self.classes[number].rust_name.clone());
        let receiver = Variable { rust_name: "self".into(), of, form: Form::Reference, is_pending: false };
        self.classes[number].is_being_written = true;
        self.methods_being_written.push(definition.name.to_string());
        let initialized = std::mem::take(&mut self.initialized);
        let receiver = match MethodKind::of(definition) {
            MethodKind::OfObject => Receiver::Object(receiver),
            MethodKind::OfClass => Receiver::Class(number),
            MethodKind::Static => Receiver::Static,
        };
        let depth = self.classes[number].depth;
        let body = self.body_and_lost(Definition::Def(definition), receiver, types, depth);
        self.initialized = initialized;
        self.methods_being_written.pop();
        self.classes[number].is_being_written = false;
        body
    }

    /// A method of a trait.
    pub(crate) fn add_hook(&mut self, number: usize, name: &str, text: String) {
        let written = Written::of_method(name.into(), Vec::new(), Type::None, true);
        let (name, parameters) = (name.to_string(), Vec::new());
        self.classes[number].methods.push(Method { name, parameters, written, text, is_of_trait: true, lost: None });
    }

    /// Notes that an attribute is read.
    pub(crate) fn read_field(&mut self, number: usize, name: &str) {
        let fields = self.classes[number].fields.iter_mut().filter(|field| field.name == name);
        fields.for_each(|field| field.is_read = true);
    }

    pub(crate) fn changes_self(&self, definition: &StmtFunctionDef) -> bool {
        self.changing.get(definition.name.as_str()).is_some_and(|changes| changes.places.contains(&0))
    }
}

/// Whether a method is an attribute: `@property`.
fn is_property(method: &StmtFunctionDef) -> bool {
    let is_it = |name: &Expr| matches!(name, Expr::Name(name) if name.id.as_str() == "property");
    method.decorator_list.iter().any(|decorator| is_it(&decorator.expression))
}

/// Whether a name is among the words of a text.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// `super().__init__(...)`, which has no counterpart.
pub(crate) fn is_call_of_super(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else { return false };
    let Expr::Attribute(attribute) = &*call.func else { return false };
    let of_super = |of: &Expr| matches!(of, Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "super"));
    // `layers.Layer.__init__(self)` is the same.
    of_super(&attribute.value)
}
