//! Functions of the script: each is written for the types of the arguments that it is called with.

use crate::arguments::{Named, find};
use crate::program::Program;
use crate::script::scan::Scan;
use crate::statements::always_returns;
use crate::value::{Binding, Form, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, ExprLambda, ParameterWithDefault, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

/// A `def`, or a lambda that has a name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Definition<'a> {
    Def(&'a StmtFunctionDef),
    Lambda(&'a str, &'a ExprLambda),
}

impl<'a> Definition<'a> {
    pub(crate) fn name(self) -> &'a str {
        match self {
            Self::Def(function) => function.name.as_str(),
            Self::Lambda(name, _) => name,
        }
    }

    /// Without `*args` and `**kwargs`.
    pub(crate) fn parameters(self) -> Vec<&'a ParameterWithDefault> {
        match self {
            Self::Def(function) => function.parameters.iter_non_variadic_params().collect(),
            Self::Lambda(_, lambda) => {
                lambda.parameters.iter().flat_map(|all| all.iter_non_variadic_params()).collect()
            }
        }
    }

    /// Whether it has `**kwargs`.
    fn takes_other_words(self) -> bool {
        match self {
            Self::Def(function) => function.parameters.kwarg.is_some(),
            Self::Lambda(..) => false,
        }
    }

    fn takes_any_number(self) -> bool {
        match self {
            Self::Def(function) => function.parameters.vararg.is_some(),
            Self::Lambda(_, lambda) => lambda.parameters.as_ref().is_some_and(|all| all.vararg.is_some()),
        }
    }

    pub(crate) fn range(self) -> TextRange {
        match self {
            Self::Def(function) => function.range,
            Self::Lambda(_, lambda) => lambda.range,
        }
    }
}

/// What the first parameter of a function is.
#[derive(Debug)]
pub(crate) enum Receiver {
    /// One as all others.
    None,
    /// Likewise, of a method.
    Static,
    Object(Variable),
    /// A class, by its number.
    Class(usize),
}

/// A function of the script.
#[derive(Debug)]
pub(crate) struct Function<'a> {
    pub(crate) definition: Definition<'a>,
    /// How many scopes it sees.
    depth: usize,
    written: Vec<Written>,
    is_being_written: bool,
    /// The line of what it returns, if that is not ported.
    lost: Option<usize>,
}

impl Function<'_> {
    /// Whether what it returns is not ported.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    pub(crate) fn is_never_called(&self) -> bool {
        self.written.is_empty() && self.lost.is_none()
    }
}

/// A function that has been written, for arguments of these types.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) rust_name: String,
    parameters: Vec<Type>,
    captured: Vec<Captured>,
    pub(crate) returns: Type,
    /// Whether it returns a `Result`.
    pub(crate) is_fallible: bool,
    /// Its text behind the name.
    text: String,
}

/// Whether a function that is written for these arguments is so for the others too: integers are divided otherwise than fractions.
pub(crate) fn are_alike(a: &[Type], b: &[Type]) -> bool {
    let is_alike = |(a, b): (&Type, &Type)| {
        let has_names = a.has_scores() || b.has_scores();
        a == b || (!has_names && a.in_rust() == b.in_rust() && a.kinds_of_arrays() == b.kinds_of_arrays())
    };
    a.len() == b.len() && a.iter().zip(b).all(is_alike)
}

/// A variable outside of a function that it uses: a parameter in Rust.
#[derive(Debug, Clone)]
pub(crate) struct Captured {
    name: String,
    /// The name of the parameter.
    rust_name: String,
    of: Type,
    is_changed: bool,
}

impl Captured {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn rust_name(&self) -> &str {
        &self.rust_name
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.is_changed
    }

    pub(crate) fn is_copy(&self) -> bool {
        self.of.is_copy()
    }
}

impl Captured {
    pub(crate) fn new(name: &str, rust_name: &str, of: Type) -> Self {
        Self { name: name.into(), rust_name: rust_name.into(), of, is_changed: false }
    }
}

impl Written {
    /// A call with these arguments.
    pub(crate) fn called(&self, arguments: &[String]) -> Value {
        let end = if self.is_fallible { "?" } else { "" };
        Value::temporary(format!("{}({}){end}", self.rust_name, arguments.join(", ")), self.returns.clone())
    }

    pub(crate) fn of_method(rust_name: String, captured: Vec<Captured>, returns: Type, is_fallible: bool) -> Self {
        Self { rust_name, parameters: Vec::new(), captured, returns, is_fallible, text: String::new() }
    }

    pub(crate) fn captured(&self) -> &[Captured] {
        &self.captured
    }
}

/// The parts of a function's text.
pub(crate) struct Body {
    pub(crate) parameters: Vec<String>,
    pub(crate) lines: Vec<String>,
    pub(crate) returns: Type,
    /// Behind `->`, if there is something.
    pub(crate) result: String,
    pub(crate) is_fallible: bool,
    pub(crate) captured: Vec<Captured>,
}

impl<'a> Program<'a> {
    pub(crate) fn define(&mut self, definition: &'a StmtFunctionDef) {
        self.define_function(Definition::Def(definition));
    }

    /// `name = lambda ...`
    pub(crate) fn define_lambda(&mut self, name: &'a str, lambda: &'a ExprLambda) {
        self.define_function(Definition::Lambda(name, lambda));
    }

    fn define_function(&mut self, definition: Definition<'a>) {
        let function = Function {
            definition,
            depth: self.scopes.depth(),
            written: Vec::new(),
            is_being_written: false,
            lost: None,
        };
        self.functions.push(function);
        self.scopes.bind(definition.name(), Binding::Function(self.functions.len() - 1));
    }

    /// A call of a function of the script: its defaults are passed as well.
    pub(crate) fn call_function(&mut self, number: usize, call: &'a ExprCall) -> Ported<Value> {
        let definition = self.functions[number].definition;
        let values = self.arguments_of(definition, false, call)?;
        let written = self.function(number, values.iter().map(|value| value.of.clone()).collect())?;
        self.graphs.call_function(definition.name());
        let changed = self.changing.get(definition.name()).map_or(Vec::new(), |changes| changes.places.clone());
        let mut arguments = passed(&values, &changed);
        arguments.extend(self.passed_captures(&written)?);
        Ok(written.called(&arguments))
    }

    /// The values of all parameters in a call.
    pub(crate) fn arguments_of(
        &mut self,
        definition: Definition<'a>,
        is_method: bool,
        call: &'a ExprCall,
    ) -> Ported<Vec<Value>> {
        let name = definition.name();
        if definition.takes_any_number() && !is_method {
            return Err(Missing::new("a function of any number of arguments"));
        }
        let mut parameters = definition.parameters();
        if is_method && parameters.is_empty() {
            return Err(Missing::new("a method without self"));
        }
        let parameters = parameters.split_off(usize::from(is_method));
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.parameter.name.as_str()).collect();
        let words = self.words(call)?;
        if call.arguments.args.len() > names.len() {
            return Err(Missing::new("more arguments than known here"));
        }
        let positional = names.iter().zip(&call.arguments.args).map(|(name, argument)| (name.to_string(), argument));
        let given: Named = positional.chain(words.into_iter().map(|(name, value)| (name.to_string(), value))).collect();
        let takes_others = definition.takes_other_words();
        let known = |name: &str| names.contains(&name) || (takes_others && name == "name");
        if let Some((name, _)) = given.iter().find(|(name, _)| !known(name)) {
            return Err(Missing::new(format!("the argument {name}")));
        }
        let mut values = Vec::new();
        for parameter in parameters {
            let own = parameter.parameter.name.as_str();
            let argument = find(&given, own).or(parameter.default.as_deref());
            let argument = argument.ok_or_else(|| Missing::new(format!("{name} is called without {own}")))?;
            // A default is what its names had where the function is defined.
            let is_default = find(&given, own).is_none();
            if let (Expr::Name(variable), true) = (argument, is_default)
                && matches!(self.scopes.get(&variable.id), Some(Binding::Variable(_)))
                && !self.frames[0].scan.is_assigned_once(&variable.id)
            {
                return Err(Missing::new(format!("the default {}, which changes", variable.id)));
            }
            // A function of the script as an argument of a method is known when the method is written.
            values.push(match self.function_named(argument).filter(|_| is_method) {
                Some(number) => Value::constant("()", Type::Function(number)),
                // A dtype stands for its name.
                None => match self.path_of(argument).as_deref().and_then(dtype_of) {
                    Some(name) => Value::constant(format!("{name:?}"), Type::Str),
                    None => self.expression(argument)?,
                },
            });
        }
        Ok(values)
    }

    /// The variables that a function takes beside its parameters, as arguments.
    pub(crate) fn passed_captures(&mut self, written: &Written) -> Ported<Vec<String>> {
        let mut texts = Vec::new();
        for captured in &written.captured {
            let value = self.name(&captured.name)?;
            if value.of.in_rust() != captured.of.in_rust() {
                return Err(Missing::new(format!("{} is another variable here than in the function", captured.name)));
            }
            texts.extend(passed(&[value], if captured.is_changed { &[0] } else { &[] }));
        }
        Ok(texts)
    }

    /// The function with this number, written for arguments of these types.
    pub(crate) fn function(&mut self, number: usize, arguments: Vec<Type>) -> Ported<Written> {
        let function = &self.functions[number];
        if let Some(written) = function.written.iter().find(|written| are_alike(&written.parameters, &arguments)) {
            return Ok(written.clone());
        }
        let (definition, depth) = (function.definition, function.depth);
        if let Some(line) = function.lost {
            return Err(returns_lost(definition, line));
        }
        if function.is_being_written {
            return Err(Missing::new(format!("{} calls itself", definition.name())));
        }
        let names: std::collections::BTreeSet<_> = function.written.iter().map(|written| &written.rust_name).collect();
        let versions = names.len();
        self.functions[number].is_being_written = true;
        let body = self.body_and_lost(definition, Receiver::None, &arguments, depth);
        self.functions[number].is_being_written = false;
        let (body, lost) = body?;
        let mut rust_name = crate::script::names::in_snake_case(definition.name());
        if versions > 0 {
            rust_name.push_str(&format!("_{}", versions + 1));
        }
        let text = format!("({}){} {{\n{}\n}}\n", body.parameters.join(", "), body.result, body.lines.join("\n"));
        if let Some(line) = lost {
            // The rest of it is written, for whoever writes the line.
            let own = self.source.line(definition.range().start());
            self.item(own, format!("#[allow(dead_code, unused_variables)]\nfn {rust_name}{text}"));
            self.functions[number].lost = Some(line);
            return Err(returns_lost(definition, line));
        }
        // For other arguments it may have the same text.
        let is_same = |written: &&Written| {
            unmarked(&written.text) == unmarked(&text) && self.resolved(&written.returns) == body.returns
        };
        let same = self.functions[number].written.iter().find(is_same);
        match same.map(|same| same.rust_name.clone()) {
            Some(same) => rust_name = same,
            None => {
                let line = self.source.line(definition.range().start());
                let unused = if self.is_uncalled { crate::inference::uncalled::UNUSED } else { "" };
                self.item(line, format!("{unused}fn {rust_name}{text}"));
            }
        }
        let Body { captured, returns, is_fallible, .. } = body;
        let written = Written { rust_name, parameters: arguments, captured, returns, is_fallible, text };
        self.functions[number].written.push(written.clone());
        Ok(written)
    }

    /// The text of a function for arguments of these types.
    pub(crate) fn body_of(
        &mut self,
        function: Definition<'a>,
        receiver: Receiver,
        arguments: &[Type],
        depth: usize,
    ) -> Ported<Body> {
        match self.body_and_lost(function, receiver, arguments, depth)? {
            (body, None) => Ok(body),
            (_, Some(line)) => Err(returns_lost(function, line)),
        }
    }

    /// The text of a function, and the line of what it returns, if that is not ported.
    pub(crate) fn body_and_lost(
        &mut self,
        function: Definition<'a>,
        receiver: Receiver,
        arguments: &[Type],
        depth: usize,
    ) -> Ported<(Body, Option<usize>)> {
        let hidden = self.scopes.hide(depth);
        let outer = (std::mem::take(&mut self.body), std::mem::replace(&mut self.depth, 1), self.last_line());
        let (lost, is_over) = (self.lost_return.take(), std::mem::take(&mut self.is_over));
        let scan = match function {
            Definition::Def(function) => Scan::of_function(function, &self.changing),
            Definition::Lambda(_, lambda) => Scan::of_expression(&lambda.body, &self.changing),
        };
        self.enter_frame(scan);
        let names: Vec<_> = function.parameters().iter().map(|one| one.parameter.name.as_str()).collect();
        self.begin_sharing(&names);
        self.captures.push(Vec::new());
        self.graphs.enter_function();
        self.scopes.enter_function();
        let is_in_class = !matches!(receiver, Receiver::None);
        let receiver = match receiver {
            Receiver::None | Receiver::Static => None,
            Receiver::Object(object) => Some(Binding::Variable(object)),
            Receiver::Class(number) => Some(Binding::Class(number)),
        };
        let is_method = receiver.is_some();
        let all = function.parameters();
        if let (Some(receiver), Some(own)) = (receiver, all.first()) {
            self.scopes.bind(own.parameter.name.as_str(), receiver);
        }
        let mut parameters = Vec::new();
        let mut result = Ok(());
        let is_generator = crate::python::generators::is_generator(function);
        for (parameter, of) in all.into_iter().skip(usize::from(is_method)).zip(arguments) {
            match self.parameter(parameter.parameter.name.as_str(), of) {
                Ok(parameter) => {
                    if let (true, Type::Symbolic, Some(text)) = (is_in_class, of, &parameter) {
                        let symbolic = &mut self.frame_mut().symbolic_parameter;
                        symbolic.get_or_insert_with(|| text.split(':').next().unwrap_or_default().to_string());
                    }
                    parameters.extend(parameter);
                }
                Err(missing) => result = Err(missing),
            }
        }
        if result.is_ok() {
            match function {
                Definition::Def(function) => {
                    self.last_line_is(self.source.line(function.parameters.range.end()));
                    if is_generator {
                        result = self.begin_generator(Definition::Def(function));
                    }
                    self.block(&function.body);
                    if is_in_class && function.name.as_str() == "__init__" {
                        self.write_made_in_build();
                    }
                    if is_generator && !always_returns(&function.body) {
                        self.end_generator();
                    }
                }
                Definition::Lambda(_, lambda) => {
                    result = self.expression(&lambda.body).and_then(|value| self.returned(&value));
                }
            }
        }
        self.scopes.leave();
        let captured = self.captures.pop().unwrap_or_default();
        let returns = self.frames.pop().and_then(|frame| frame.returns).unwrap_or(Type::None);
        let returns = self.resolved(&returns);
        self.graphs.leave_function(function.name(), &returns);
        let (body, depth, last_line) = outer;
        let mut lines = std::mem::replace(&mut self.body, body);
        self.graphs.without_needless_mut(&mut lines);
        self.depth = depth;
        self.set_last_line(last_line);
        self.scopes.restore(hidden);
        self.is_over = is_over;
        let lost_return = std::mem::replace(&mut self.lost_return, lost);
        result?;
        if let Some(line) = lost_return.filter(|_| returns != Type::None) {
            return Err(returns_lost(function, line));
        }
        // Or it is part of a block that is not ported.
        let lost_return = match function {
            Definition::Def(function) if returns == Type::None && lines.iter().any(|line| line.contains("gap(")) => {
                lost_return.or_else(|| first_returned(&function.body).map(|value| self.source.line(value.start())))
            }
            _ => lost_return,
        };
        let returns_always = match function {
            _ if lost_return.is_some() => false,
            Definition::Def(function) => is_generator || always_returns(&function.body),
            Definition::Lambda(..) => true,
        };
        if returns != Type::None && !returns_always {
            return Err(Missing::new(format!("{} returns {} or nothing", function.name(), returns.described())));
        }
        let Some(in_rust) = returns.in_rust() else {
            return Err(Missing::new(format!("a function that returns {}", returns.described())));
        };
        self.import_type(&returns);
        let is_fallible = is_fallible(&lines);
        if !is_fallible {
            for line in &mut lines {
                let place = line.find("return Ok(").filter(|&at| line[..at].trim().is_empty());
                if let Some(at) = place {
                    *line = format!("{}return {};", &line[..at], &line[at + "return Ok(".len()..line.len() - 2]);
                }
            }
        }
        let is_endless = crate::program::is_endless(&lines);
        match lines.last_mut() {
            Some(last) if last.trim() == "return ();" => _ = lines.pop(),
            Some(last) if last.starts_with("    return ") => {
                *last = format!("    {}", last.trim().trim_start_matches("return ").trim_end_matches(';'));
            }
            _ if returns_always || !is_fallible || is_endless => {}
            _ => lines.push("    Ok(())".into()),
        }
        let result = match (is_fallible, in_rust.as_str()) {
            (true, of) => format!(" -> Result<{of}>"),
            (false, "()") => String::new(),
            (false, of) => format!(" -> {of}"),
        };
        // A batch size may be one that needs no number.
        for parameter in parameters.iter_mut().filter(|parameter| parameter.starts_with("like: ")) {
            if !lines.iter().any(|line| crate::program::has_word(line, "like")) {
                parameter.insert(0, '_');
            }
        }
        parameters.extend(captured.iter().map(|captured| self.captured_parameter(captured)));
        Ok((Body { parameters, lines, returns, result, is_fallible, captured }, lost_return))
    }

    /// Binds a parameter; its text, if Rust needs it.
    fn parameter(&mut self, parameter: &str, of: &Type) -> Ported<Option<String>> {
        if *of == Type::None {
            let variable =
                Variable { rust_name: "None".into(), of: Type::None, form: Form::Constant, is_pending: false };
            self.scopes.bind(parameter, Binding::Variable(variable));
            return Ok(None);
        }
        if let Type::Function(number) = of {
            self.scopes.bind(parameter, Binding::Function(*number));
            return Ok(None);
        }
        if let Type::Batch(x, y) = of {
            return self.batch_parameter(parameter, x, y).map(Some);
        }
        if matches!(of, Type::BuildShape | Type::Training) {
            let (rust_name, of) = match of {
                // Whether a model trains is known to those who run it.
                Type::Training if !self.is_in_own_layer() => ("None", Type::Training),
                Type::Training => ("ctx.is_training()", Type::Bool),
                of => ("build", of.clone()),
            };
            let variable = Variable { rust_name: rust_name.into(), of, form: Form::Place, is_pending: false };
            self.scopes.bind(parameter, Binding::Variable(variable));
            return Ok(None);
        }
        if of.in_rust().is_none() {
            return Err(Missing::new(format!("{} as an argument", of.described())));
        }
        let mut own = self.rust_name(if *of == Type::BatchSize { "like" } else { parameter });
        if self.scan().reads(parameter) == 0 {
            own = format!("_{own}");
        }
        let is_reassigned = self.scan().is_reassigned(parameter);
        let is_tensor = *of == Type::Symbolic || (of.is_array() && self.is_in_method_of_tensors());
        let is_changed = (self.is_mutated(parameter) && !is_tensor) || (is_reassigned && of.is_copy());
        let form = if of.is_copy() { Form::Place } else { Form::Reference };
        // Neither arrays nor texts change for the caller.
        let is_kept = of.is_array() || of.is_text();
        let is_copied = is_reassigned || (is_changed && is_kept);
        let text = self.declared(&own, of, is_changed && !is_kept);
        if is_copied && !of.is_copy() {
            // A value of its own, which blocks assign anew.
            let value = Value::new(own.clone(), of.clone(), crate::value::Strength::Whole, Form::Reference);
            let owned = self.own(value)?.text;
            self.line(&format!("let mut {own} = {owned};"));
            let variable = Variable { rust_name: own, of: of.clone(), form: Form::Place, is_pending: false };
            self.scopes.bind(parameter, Binding::Variable(variable));
            return Ok(Some(text));
        }
        let variable = Variable { rust_name: own, of: of.clone(), form, is_pending: false };
        self.scopes.bind(parameter, Binding::Variable(variable));
        Ok(Some(text))
    }

    /// `x: &[f64]`, `mut n: usize`, `model: &mut Model`
    pub(crate) fn declared(&mut self, own: &str, of: &Type, is_changed: bool) -> String {
        self.import_type(of);
        let in_rust = of.in_rust().unwrap_or_default();
        let shown = match of {
            of if of.is_copy() => in_rust,
            Type::String => "&str".into(),
            Type::List(of) | Type::TextArray(of) if !is_changed => format!("&[{}]", of.in_rust().unwrap_or_default()),
            _ if is_changed => format!("&mut {in_rust}"),
            _ => format!("&{in_rust}"),
        };
        let is_mutable = if is_changed && of.is_copy() { "mut " } else { "" };
        format!("{is_mutable}{own}: {shown}")
    }

    pub(crate) fn captured_parameter(&mut self, captured: &Captured) -> String {
        let own = captured.rust_name.clone();
        self.declared(&own, &captured.of.clone(), captured.is_changed)
    }

    /// A variable outside of the function that is being written, which becomes a parameter of it.
    pub(crate) fn capture(&mut self, name: &str, variable: Variable) -> Ported<Value> {
        let variable = Variable { of: self.resolved(&variable.of), ..variable };
        if variable.of == Type::None || variable.of.in_rust().is_none() || self.captures.is_empty() {
            return Err(Missing::new(format!("{name} is a variable outside of the function"))
                .help("pass it to the function, or make it a constant: a name in capitals, assigned once"));
        }
        if let Some(kept) = self.kept_by_callback(name, &variable) {
            return Ok(kept);
        }
        let rust_name = self.rust_name(name.trim_start_matches("self."));
        let is_changed = self.scan().is_mutated(name, 0);
        if is_changed && variable.of.is_copy() {
            return Err(Missing::new(format!("a function that changes {name}")).help("return the new value"));
        }
        let form = if variable.of.is_copy() { Form::Place } else { Form::Reference };
        if let Some(last) = self.captures.last_mut() {
            last.push(Captured {
                name: name.into(),
                rust_name: rust_name.clone(),
                of: variable.of.clone(),
                is_changed,
            });
        }
        let bound = Variable { rust_name: rust_name.clone(), of: variable.of.clone(), form, is_pending: false };
        self.scopes.bind_in_function(name, Binding::Variable(bound));
        Ok(Value::new(rust_name, variable.of, crate::value::Strength::Whole, form))
    }
}

/// The name of one of TensorFlow's dtypes.
fn dtype_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("tensorflow.")?;
    matches!(name, "float16" | "float32" | "float64" | "int32" | "int64" | "uint8" | "bool").then_some(name)
}

pub(crate) fn returns_lost(function: Definition<'_>, line: usize) -> Missing {
    Missing::new(format!("{} returns what line {line} has, which is not ported", function.name()))
}

/// The first value that statements return.
fn first_returned(statements: &[Stmt]) -> Option<&Expr> {
    statements.iter().find_map(|statement| match statement {
        Stmt::Return(value) => value.value.as_deref().filter(|value| !value.is_none_literal_expr()),
        Stmt::If(branches) => first_returned(&branches.body)
            .or_else(|| branches.elif_else_clauses.iter().find_map(|clause| first_returned(&clause.body))),
        Stmt::For(each) => first_returned(&each.body),
        Stmt::While(each) => first_returned(&each.body),
        Stmt::With(with) => first_returned(&with.body),
        Stmt::Try(attempt) => first_returned(&attempt.body),
        _ => None,
    })
}

/// A text without the numbers of its empty lists.
fn unmarked(text: &str) -> String {
    text.split('\u{1}').step_by(2).collect()
}

/// Whether a function needs a `Result`; also if what it returns has several lines.
fn is_fallible(lines: &[String]) -> bool {
    lines.iter().any(|line| {
        let start = line.trim_start();
        line.contains('?')
            || start.starts_with("gap(")
            || (start.starts_with("return ") && !(start.starts_with("return Ok(") && start.ends_with(");")))
    })
}

/// Values as arguments of a function of the script; `changed` are the places of those that it changes.
pub(crate) fn passed(values: &[Value], changed: &[usize]) -> Vec<String> {
    let arguments = values.iter().enumerate().filter(|(_, value)| value.of.is_stored());
    let texts = arguments.map(|(i, value)| match &value.of {
        of if of.is_copy() => value.text.clone(),
        of if of.is_array() && value.form == Form::Reference => value.borrowed(),
        // A parameter of the outer function is a reference already.
        of if changed.contains(&i) && value.form == Form::Reference && !of.is_text() => value.text.clone(),
        // A copy of an array or text is changed.
        of if of.is_array() || of.is_text() => value.borrowed(),
        _ if changed.contains(&i) => format!("&mut {}", value.text),
        _ => value.borrowed(),
    });
    texts.collect()
}

impl Program<'_> {
    /// The number of the function that an expression names.
    pub(crate) fn function_named(&self, expression: &Expr) -> Option<usize> {
        let Expr::Name(name) = expression else { return None };
        match self.scopes.get(&name.id) {
            Some(Binding::Function(number)) => Some(number),
            _ => None,
        }
    }
}
