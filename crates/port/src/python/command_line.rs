//! `argparse` as clap's derive, and `sys`.

use crate::arguments::{find, named_as};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// An `ArgumentParser`.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    about: String,
    arguments: Vec<Argument>,
    /// The name of its struct, once that is written.
    class: Option<String>,
}

/// One of its arguments.
#[derive(Debug, Clone)]
struct Argument {
    name: String,
    help: String,
    /// What stands in `#[arg(...)]`.
    options: Vec<String>,
    of: Type,
}

const PARSER: &str = "argparse::parser::";
const ARGS: &str = "argparse::args::";

/// The type of a parser or of parsed arguments in Rust; `None` if it is neither, or has no name there.
pub(crate) fn in_rust(path: &str) -> Option<Option<String>> {
    if path.starts_with(PARSER) {
        return Some(None);
    }
    path.strip_prefix(ARGS).map(|rest| rest.split("::").nth(1).map(str::to_string))
}

fn number_in(of: &Type, kind: &str) -> Option<usize> {
    match of {
        Type::Object(path) => path.strip_prefix(kind)?.split("::").next()?.parse().ok(),
        _ => None,
    }
}

impl<'a> Program<'a> {
    pub(crate) fn argparse_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Value> {
        if path != "argparse.ArgumentParser" {
            return Err(Missing::new(format!("{path} is not known here")));
        }
        let mut parser = Parser::default();
        for word in &call.arguments.keywords {
            match (word.arg.as_deref(), &word.value) {
                (Some("description"), Expr::StringLiteral(text)) => parser.about = text.value.to_str().to_string(),
                (Some("description"), Expr::Name(name)) if name.id.as_str() == "__doc__" => {}
                (Some("prog" | "formatter_class" | "epilog" | "usage" | "description" | "add_help"), _) => {}
                (other, _) => return Err(Missing::new(format!("the argument {}", other.unwrap_or("**")))),
            }
        }
        self.parsers.push(parser);
        Ok(Value::temporary("parser", Type::Object(format!("{PARSER}{}", self.parsers.len() - 1))))
    }

    /// Whether a value is a parser, which Rust does not have.
    pub(crate) fn is_parser(&self, of: &Type) -> bool {
        number_in(of, PARSER).is_some()
    }

    pub(crate) fn method_of_parser(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let Some(number) = number_in(&of.of, PARSER) else { return Ok(None) };
        match (name, call.arguments.len()) {
            ("add_argument", _) => {
                let argument = self.argument_of_parser(call)?;
                if self.parsers[number].class.is_some() {
                    return Err(Missing::new("an argument that is added behind parse_args"));
                }
                self.parsers[number].arguments.push(argument);
                Ok(Some(Value::constant("()", Type::None)))
            }
            ("add_argument_group", _) => Ok(Some(Value::temporary("parser", of.of.clone()))),
            ("parse_args", 0) => {
                let class = self.args_class(number, call);
                let of = Type::Object(format!("{ARGS}{number}::{class}"));
                Ok(Some(Value::temporary(format!("{class}::parse()"), of)))
            }
            _ => Err(Missing::new(format!("the method {name} of a parser of arguments"))),
        }
    }

    /// `add_argument("--batch-size", type=int, default=32)`
    fn argument_of_parser(&mut self, call: &'a ExprCall) -> Ported<Argument> {
        let mut flags = Vec::new();
        for flag in &call.arguments.args {
            let Expr::StringLiteral(flag) = flag else { return Err(Missing::new("a computed name of an argument")) };
            flags.push(flag.value.to_str());
        }
        let word = |name: &str| {
            call.arguments.keywords.iter().find(|word| word.arg.as_deref() == Some(name)).map(|word| &word.value)
        };
        const KNOWN: &[&str] =
            &["type", "default", "help", "action", "choices", "nargs", "required", "metavar", "dest"];
        if let Some(other) =
            call.arguments.keywords.iter().find(|word| !KNOWN.contains(&word.arg.as_deref().unwrap_or("**")))
        {
            return Err(Missing::new(format!("the argument {}", other.arg.as_deref().unwrap_or("**"))));
        }
        let text = |name: &str| match word(name) {
            Some(Expr::StringLiteral(text)) => Some(text.value.to_str().to_string()),
            _ => None,
        };
        let long = flags.iter().find(|flag| flag.starts_with("--")).map(|flag| &flag[2..]);
        let short = flags.iter().find(|flag| flag.starts_with('-') && !flag.starts_with("--")).map(|flag| &flag[1..]);
        let is_positional = long.is_none() && short.is_none();
        let own =
            long.or(short).or(flags.first().copied()).ok_or_else(|| Missing::new("an argument without a name"))?;
        let name = text("dest").unwrap_or_else(|| own.replace('-', "_"));
        let mut options = Vec::new();
        match short {
            Some(short) if short.chars().count() == 1 => {
                let default = name.chars().next();
                let is_default = short.chars().next() == default;
                options.push(if is_default { "short".to_string() } else { format!("short = '{short}'") });
            }
            Some(_) => {
                return Err(Missing::new("an argument of several letters behind one dash").help("write two dashes"));
            }
            None => {}
        }
        if let Some(long) = long {
            // clap writes dashes.
            let is_default = long == name.replace('_', "-");
            options.push(if is_default { "long".to_string() } else { format!("long = {long:?}") });
        }
        let of = self.type_of_argument(call, is_positional, &mut options)?;
        let help = text("help").unwrap_or_default();
        let help = help.replace("%(default)s", "").replace("(default: )", "").replace("%%", "%");
        Ok(Argument { name, help: help.trim().to_string(), options, of })
    }

    /// What an argument is, and how clap reads it.
    fn type_of_argument(&mut self, call: &'a ExprCall, is_positional: bool, options: &mut Vec<String>) -> Ported<Type> {
        let word = |name: &str| {
            call.arguments.keywords.iter().find(|word| word.arg.as_deref() == Some(name)).map(|word| &word.value)
        };
        match word("action") {
            None => {}
            Some(Expr::StringLiteral(action)) => match action.value.to_str() {
                "store_true" => return Ok(Type::Bool),
                "store_false" => {
                    options.push("action = clap::ArgAction::SetFalse".into());
                    return Ok(Type::Bool);
                }
                "store" => {}
                other => return Err(Missing::new(format!("the action {other} of an argument"))),
            },
            Some(_) => return Err(Missing::new("this action of an argument")),
        }
        let default = match word("default").filter(|default| !default.is_none_literal_expr()) {
            None => None,
            Some(default) => Some(self.default_of_argument(default)?),
        };
        let inner = |value: &Value| match &value.of {
            Type::List(of) => (**of).clone(),
            of => of.clone(),
        };
        let of_default = default.as_ref().map(inner);
        let of = match word("type") {
            None if of_default == Some(Type::Path) => Type::Path,
            None => Type::String,
            Some(Expr::Name(name)) if self.scopes.get(&name.id).is_none() => match (name.id.as_str(), &of_default) {
                ("int", Some(Type::Int)) => Type::Int,
                ("int", Some(Type::Signed) | None) => Type::Signed,
                ("float", _) => Type::Float,
                ("str", Some(Type::Path)) => Type::Path,
                ("str", _) => Type::String,
                // Any text but the empty one is true.
                ("bool", Some(Type::Bool)) => {
                    options.push("action = clap::ArgAction::Set".into());
                    options.push("value_parser = |text: &str| Ok::<_, String>(!text.is_empty())".into());
                    Type::Bool
                }
                (other, _) => return Err(Missing::new(format!("an argument of the type {other}"))),
            },
            Some(_) => return Err(Missing::new("an argument of this type")),
        };
        let of_default = of_default.unwrap_or_else(|| of.clone());
        let fits = of == of_default
            || (of == Type::Float && of_default.is_number())
            || (of == Type::String && of_default.is_text());
        if !fits {
            return Err(Missing::new(format!("an argument that is {} or {}", of.described(), of_default.described())));
        }
        if let Some(choices) = word("choices") {
            let value = self.expression(choices)?;
            let items = value.items.unwrap_or_default();
            if of != Type::String || items.is_empty() || items.iter().any(|item| item.of != Type::Str) {
                return Err(Missing::new("choices that are not texts"));
            }
            let texts: Vec<_> = items.into_iter().map(|item| item.text).collect();
            options.push(format!("value_parser = [{}]", texts.join(", ")));
        }
        let number = |value: &Value| match of {
            Type::Float => value.as_float().unwrap_or_default(),
            _ => value.text.clone(),
        };
        if let Some(count) = word("nargs") {
            options.push(match count {
                Expr::StringLiteral(text) if text.value.to_str() == "+" => "num_args = 1..".into(),
                Expr::StringLiteral(text) if text.value.to_str() == "*" => "num_args = 0..".into(),
                Expr::NumberLiteral(_) => format!("num_args = {}", self.expression(count)?.text),
                _ => return Err(Missing::new("this number of arguments")),
            });
            match default.as_ref().map(|default| default.items.as_deref()) {
                Some(Some(items)) => {
                    let texts: Vec<_> = items.iter().map(number).collect();
                    options.push(format!("default_values_t = [{}]", texts.join(", ")));
                }
                Some(None) => return Err(Missing::new("a computed default of an argument")),
                None if is_positional => {}
                None => return Err(Missing::new("an argument that may be None").help("give it a default")),
            }
            return Ok(Type::List(Box::new(of)));
        }
        let is_required = matches!(word("required"), Some(Expr::BooleanLiteral(literal)) if literal.value);
        match &default {
            Some(default) if of == Type::String && default.of == Type::Str => {
                options.push(format!("default_value = {}", default.text));
            }
            Some(default) if of == Type::Path => options.push(format!("default_value_os_t = {}", default.text)),
            Some(default) => options.push(format!("default_value_t = {}", number(default))),
            None if is_positional || is_required => {}
            None => return Ok(Type::Option(Box::new(of))),
        }
        Ok(of)
    }

    /// The struct of the arguments, which is written once.
    fn args_class(&mut self, number: usize, call: &'a ExprCall) -> String {
        if let Some(class) = &self.parsers[number].class {
            return class.clone();
        }
        let class = match self.parsers.iter().filter(|parser| parser.class.is_some()).count() {
            0 => "Args".to_string(),
            others => format!("Args{}", others + 1),
        };
        let parser = &mut self.parsers[number];
        parser.class = Some(class.clone());
        let mut text = String::new();
        for line in parser.about.lines().filter(|line| !line.trim().is_empty()) {
            text.push_str(&format!("/// {}\n", line.trim()));
        }
        text.push_str(&format!("#[derive(Parser)]\nstruct {class} {{\n"));
        for argument in &parser.arguments {
            for line in argument.help.lines() {
                text.push_str(&format!("    /// {}\n", line.trim()));
            }
            if !argument.options.is_empty() {
                text.push_str(&format!("    #[arg({})]\n", argument.options.join(", ")));
            }
            let of = match &argument.of {
                Type::Option(of) => format!("Option<{}>", of.in_rust().unwrap_or_default()),
                of => of.in_rust().unwrap_or_default(),
            };
            text.push_str(&format!("    {}: {of},\n", crate::script::names::in_snake_case(&argument.name)));
        }
        text.push('}');
        _ = call;
        self.constant(text);
        self.import_from("clap::Parser");
        class
    }

    /// `args.epochs`
    pub(crate) fn parsed_argument(&mut self, of: &Value, name: &str) -> Ported<Option<Value>> {
        let Some(number) = number_in(&of.of, ARGS) else { return Ok(None) };
        let found = self.parsers[number].arguments.iter().find(|argument| argument.name == name).cloned();
        let argument = found.ok_or_else(|| Missing::new(format!("the argument {name} of the command line")))?;
        let text = format!("{}.{}", of.at(Strength::Whole), crate::script::names::in_snake_case(name));
        if let Some(given) = self.given.get(&text) {
            let of = match argument.of {
                Type::Option(of) => *of,
                of => of,
            };
            let (text, form) = match of.is_copy() {
                true => (format!("*{given}"), Form::Place),
                false => (given.clone(), Form::Reference),
            };
            let strength = if of.is_copy() { Strength::Prefix } else { Strength::Whole };
            return Ok(Some(Value::new(text, of, strength, form)));
        }
        Ok(Some(match argument.of {
            Type::Option(_) => Value::temporary(format!("{text}.as_ref()"), argument.of),
            of => Value::place(text, of),
        }))
    }

    /// `if args.weights:` and `if args.weights is not None:`, of an argument without a default; whether it is that.
    pub(crate) fn if_given(&mut self, branches: &'a ruff_python_ast::StmtIf) -> Ported<bool> {
        use ruff_python_ast::CmpOp;
        let (tested, is_truth) = match &*branches.test {
            Expr::Compare(compare) => match (&*compare.ops, &*compare.comparators) {
                ([CmpOp::IsNot], [Expr::NoneLiteral(_)]) => (&*compare.left, false),
                _ => return Ok(false),
            },
            test @ Expr::Attribute(_) => (test, true),
            _ => return Ok(false),
        };
        let Expr::Attribute(attribute) = tested else { return Ok(false) };
        if self.path_of(tested).is_some() {
            return Ok(false);
        }
        let Ok(of) = self.expression(&attribute.value) else { return Ok(false) };
        if number_in(&of.of, ARGS).is_none() {
            return Ok(false);
        }
        let value = self.expression(tested)?;
        let (Type::Option(inner), Some(place)) = (&value.of, value.text.strip_suffix(".as_ref()")) else {
            return Ok(false);
        };
        if is_truth && inner.is_number() {
            return Err(Missing::new("a number that may be None as a condition").help("write is not None"));
        }
        let rust_name = self.rust_name(attribute.attr.as_str());
        let filter = if is_truth { format!(".filter(|{rust_name}| !{rust_name}.is_empty())") } else { String::new() };
        match filter.is_empty() {
            true => self.line(&format!("if let Some({rust_name}) = &{place} {{")),
            false => self.line(&format!("if let Some({rust_name}) = {}{filter} {{", value.text)),
        }
        self.given.insert(place.to_string(), rust_name);
        self.nested(&branches.body);
        self.given.remove(place);
        self.else_of_none(branches)?;
        Ok(true)
    }

    /// `sys.exit(code)`
    pub(crate) fn exit(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let given = named_as(call, &["status"])?;
        let code = match find(&given, "status") {
            None | Some(Expr::NoneLiteral(_)) => "0".to_string(),
            Some(status) => {
                let value = self.expression(status)?;
                match &value.of {
                    Type::Int | Type::Signed if value.is_literal() => value.text,
                    Type::Int | Type::Signed => format!("{} as i32", value.at(Strength::Cast)),
                    of if of.is_text() => {
                        let text = self.shown_alone(&value)?;
                        self.line(&format!("eprintln!({text});"));
                        "1".into()
                    }
                    of => return Err(Missing::new(format!("exit of {}", of.described()))),
                }
            }
        };
        Ok(Value::temporary(format!("std::process::exit({code})"), Type::None))
    }
}
