//! Files and folders: `open`, `os`, `pathlib`, `json`, `time`.

use crate::arguments::{find, named_as, needed, no_words};
use crate::program::Program;
use crate::value::{Binding, Form, Strength, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, StmtWith};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    /// A function of `os`, `os.path`, `pathlib`, `json`, `time` or `sys`.
    pub(crate) fn library_call(&mut self, path: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let known = [
            "os.",
            "sys.",
            "shutil.",
            "tempfile.",
            "pathlib.",
            "time.",
            "json.",
            "random.",
            "gc.",
            "io.StringIO",
            "warnings.",
        ];
        if !known.iter().any(|module| path.starts_with(module)) {
            return Ok(None);
        }
        if let Some(name) = path.strip_prefix("random.") {
            return self.python_random(name, call).map(Some);
        }
        if path.starts_with("json.") {
            return self.json_call(path, call).map(Some);
        }
        if path == "io.StringIO" {
            no_words(call)?;
            return match &call.arguments.args[..] {
                [] => Ok(Some(Value::temporary("String::new()", Type::File { is_read: false }))),
                [text] => {
                    let value = self.expression(text)?;
                    if !value.of.is_text() {
                        return Err(Missing::new("StringIO of this"));
                    }
                    Ok(Some(Value::temporary(self.owned_text(&value), Type::File { is_read: true })))
                }
                _ => Err(Missing::new("StringIO of this")),
            };
        }
        match path {
            "sys.exit" => return self.exit(call).map(Some),
            "sys.stdout.flush" => return Ok(Some(Value::constant("()", Type::None))),
            "sys.stdout.write" => {
                let [text] = &call.arguments.args[..] else { return Err(Missing::new("write of this")) };
                let value = self.expression(text)?;
                let text = self.shown_alone(&value)?;
                return Ok(Some(Value::temporary(format!("print!({text})"), Type::None)));
            }
            // What Python would warn of is not here.
            "warnings.filterwarnings" | "warnings.simplefilter" => return Ok(Some(Value::constant("()", Type::None))),
            // Rust frees memory at once.
            "gc.collect" => return Ok(Some(Value::constant("()", Type::None))),
            "time.time" | "time.perf_counter" => {
                no_words(call)?;
                let function = self.import("python::time");
                return Ok(Some(Value::temporary(format!("{function}()"), Type::Float)));
            }
            "os.makedirs" | "os.mkdir" => {
                let given = named_as(call, &["name", "exist_ok"])?;
                let path = self.path_argument(needed(&given, "name")?)?;
                let function = self.import("python::files::makedirs");
                return Ok(Some(Value::temporary(format!("{function}({})?", path.borrowed()), Type::None)));
            }
            _ => {}
        }
        no_words(call)?;
        let arguments = &call.arguments.args;
        Ok(Some(match (path, &arguments[..]) {
            ("os.path.join", [first, rest @ ..]) => {
                let mut text = self.as_path(first)?;
                for part in rest {
                    let part = self.path_argument(part)?;
                    text.push_str(&format!(".join({})", part.borrowed()));
                }
                Value::temporary(text, Type::Path)
            }
            ("pathlib.Path", [path]) => {
                let text = self.as_path(path)?;
                Value::temporary(format!("{text}.to_path_buf()"), Type::Path)
            }
            ("os.path.exists" | "os.path.isfile" | "os.path.isdir", [of]) => {
                let method = match path {
                    "os.path.exists" => "exists",
                    "os.path.isfile" => "is_file",
                    _ => "is_dir",
                };
                Value::temporary(format!("{}.{method}()", self.as_path(of)?), Type::Bool)
            }
            ("os.path.basename", [of]) => Value::temporary(
                format!("{}.file_name().unwrap_or_default().to_string_lossy().into_owned()", self.as_path(of)?),
                Type::String,
            ),
            ("tempfile.mkdtemp", []) => {
                let function = self.import("python::files::mkdtemp");
                Value::temporary(format!("{function}()?"), Type::Path)
            }
            ("shutil.rmtree", [of]) => {
                let path = self.path_argument(of)?;
                let function = self.import("python::files::rmtree");
                Value::temporary(format!("{function}({})?", path.borrowed()), Type::None)
            }
            ("os.listdir", [of]) => {
                let path = self.path_argument(of)?;
                let function = self.import("python::files::listdir");
                Value::temporary(format!("{function}({})?", path.borrowed()), Type::List(Box::new(Type::String)))
            }
            ("os.walk", [of]) => {
                let path = self.path_argument(of)?;
                let function = self.import("python::files::walk");
                let names = Type::List(Box::new(Type::String));
                let of = Type::Tuple(vec![Type::String, names.clone(), names]);
                Value::temporary(format!("{function}({})", path.borrowed()), Type::List(Box::new(of)))
            }
            ("os.chdir", [of]) => {
                let path = self.path_argument(of)?;
                let function = self.import("python::files::chdir");
                Value::temporary(format!("{function}({})?", path.borrowed()), Type::None)
            }
            ("os.rename", [from, to]) => {
                let (from, to) = (self.path_argument(from)?, self.path_argument(to)?);
                let function = self.import("python::files::rename");
                Value::temporary(format!("{function}({}, {})?", from.borrowed(), to.borrowed()), Type::None)
            }
            ("os.path.getsize", [of]) => Value::new(
                format!(
                    "{}.metadata().map_err(|error| Error::new(error.to_string()))?.len() as usize",
                    self.as_path(of)?
                ),
                Type::Int,
                Strength::Cast,
                Form::Temporary,
            ),
            ("os.getcwd", []) => {
                Value::temporary("std::env::current_dir().map_err(|error| Error::new(error.to_string()))?", Type::Path)
            }
            ("os.path.dirname", [of]) => {
                self.import_from("std::path::Path");
                let text = format!("{}.parent().unwrap_or(Path::new(\"\")).to_path_buf()", self.as_path(of)?);
                Value::temporary(text, Type::Path)
            }
            ("os.path.splitext", [of]) => return self.split_extension(of).map(Some),
            ("os.path.abspath" | "os.path.expanduser", [of]) => {
                let text = self.as_path(of)?;
                let text = match path {
                    "os.path.abspath" => {
                        format!("std::path::absolute({text}).map_err(|error| Error::new(error.to_string()))?")
                    }
                    _ => return Err(Missing::new(format!("{path} is not known here"))),
                };
                Value::temporary(text, Type::Path)
            }
            ("time.sleep", [seconds]) => {
                let seconds = self.number(seconds)?;
                Value::temporary(
                    format!("std::thread::sleep(std::time::Duration::from_secs_f64({seconds}))"),
                    Type::None,
                )
            }
            ("os.remove" | "os.unlink", [of]) => {
                let path = self.path_argument(of)?;
                let function = self.import("python::files::remove");
                Value::temporary(format!("{function}({})?", path.borrowed()), Type::None)
            }
            _ => return Err(Missing::new(format!("{path} is not known here"))),
        }))
    }

    /// `os.path.splitext(path)`: a name and its ending.
    fn split_extension(&mut self, of: &'a Expr) -> Ported<Value> {
        let path = self.as_path(of)?;
        let text = format!(
            "({path}.with_extension(\"\").display().to_string(), {path}.extension().map_or(String::new(), |end| format!(\".{{}}\", end.display())))"
        );
        Ok(Value::temporary(text, Type::Tuple(vec![Type::String, Type::String])))
    }

    /// `next(reader)`
    pub(crate) fn next(&mut self, call: &'a ExprCall) -> Ported<Value> {
        if let [Expr::Call(iter)] = &call.arguments.args[..]
            && matches!(&*iter.func, Expr::Name(name) if name.id.as_str() == "iter")
            && let [dataset] = &iter.arguments.args[..]
        {
            return self.first_of_dataset(dataset);
        }
        let [Expr::Name(name)] = &call.arguments.args[..] else { return Err(Missing::new("next of this")) };
        let of = self.name(&name.id)?;
        match &of.of {
            // What is left is read once.
            Type::List(row)
                if matches!(self.special(&call.arguments.args[0]), Some(crate::python::special::Special::Once(_))) =>
            {
                if self.scan().whole_reads(&name.id) > 1 {
                    return Err(Missing::new("an iterator that is read several times"));
                }
                Ok(Value::temporary(format!("{}.remove(0)", of.at(Strength::Whole)), (**row).clone()))
            }
            Type::Flow(_) => self.next_of_flow(&of),
            of => Err(Missing::new(format!("next of {}", of.described()))),
        }
    }

    /// Something that Rust takes for a path.
    pub(crate) fn path_argument(&mut self, of: &'a Expr) -> Ported<Value> {
        let value = crate::pandas::cells::as_text(self.expression(of)?);
        match value.of {
            Type::Str | Type::String | Type::Path => Ok(value),
            of => Err(Missing::new(format!("{} as a path", of.described()))),
        }
    }

    /// `Path::new("a")`, or a path that is one already.
    fn as_path(&mut self, of: &'a Expr) -> Ported<String> {
        let value = self.path_argument(of)?;
        if value.of == Type::Path {
            return Ok(value.at(Strength::Whole));
        }
        self.import_from("std::path::Path");
        Ok(format!("Path::new({})", value.borrowed()))
    }

    /// `path / "name"` and the methods of `pathlib.Path`.
    pub(crate) fn method_of_path(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        if name == "mkdir" {
            let function = self.import("python::files::makedirs");
            return Ok(Value::temporary(format!("{function}({})?", of.borrowed()), Type::None));
        }
        if let Some(found) = self.paths_in(of, name, call)? {
            return Ok(found);
        }
        no_words(call)?;
        match (name, &call.arguments.args[..]) {
            ("exists", []) => Ok(Value::temporary(format!("{whole}.exists()"), Type::Bool)),
            ("absolute" | "resolve", []) => Ok(Value::temporary(
                format!("std::path::absolute({}).map_err(|error| Error::new(error.to_string()))?", of.borrowed()),
                Type::Path,
            )),
            ("is_dir", []) => Ok(Value::temporary(format!("{whole}.is_dir()"), Type::Bool)),
            ("is_file", []) => Ok(Value::temporary(format!("{whole}.is_file()"), Type::Bool)),
            ("joinpath", [part]) => {
                let part = self.path_argument(part)?;
                Ok(Value::temporary(format!("{whole}.join({})", part.borrowed()), Type::Path))
            }
            ("read_text", []) => {
                let function = self.import("python::files::read");
                Ok(Value::temporary(format!("{function}({})?", of.borrowed()), Type::String))
            }
            ("write_text", [text]) => {
                let text = self.expression(text)?;
                let function = self.import("python::files::write");
                Ok(Value::temporary(format!("{function}({}, {})?", of.borrowed(), text.borrowed()), Type::None))
            }
            _ => Err(Missing::new(format!("the method {name} of a path"))),
        }
    }

    /// The path and mode of `open(...)`.
    fn opened(&mut self, call: &'a ExprCall) -> Ported<(Value, String)> {
        let given = named_as(call, &["file", "mode", "encoding", "errors", "newline"])?;
        let path = self.path_argument(needed(&given, "file")?)?;
        let mode = match find(&given, "mode") {
            None => "r".to_string(),
            Some(Expr::StringLiteral(mode)) => mode.value.to_str().to_string(),
            Some(_) => return Err(Missing::new("a computed mode of open")),
        };
        if mode.contains('b') || mode.contains('+') {
            return Err(Missing::new("a file of bytes"));
        }
        if mode.starts_with('r') && has_latin_1(find(&given, "encoding")) {
            return Ok((path, "r latin-1".into()));
        }
        if let Some(Expr::StringLiteral(encoding)) = find(&given, "encoding")
            && !encoding.value.to_str().to_lowercase().replace('-', "").starts_with("utf8")
        {
            return Err(Missing::new("a file that is not UTF-8"));
        }
        Ok((path, mode))
    }

    /// `open(path)` outside of `with`: its text.
    pub(crate) fn open(&mut self, call: &'a ExprCall) -> Ported<Value> {
        let (path, mode) = self.opened(call)?;
        if !mode.starts_with('r') {
            return Err(Missing::new("a file that is written outside of with").help("write it in a with block"));
        }
        let function = self.import(reader_of(&mode));
        Ok(Value::temporary(format!("{function}({})?", path.borrowed()), Type::File { is_read: true }))
    }

    /// `f = open(path, "w")`, which is closed somewhere; whether it is that. What is written is gathered.
    pub(crate) fn open_to_write(&mut self, name: &str, call: &'a ExprCall) -> Ported<bool> {
        let is_open = matches!(&*call.func, Expr::Name(function) if function.id.as_str() == "open" && self.scopes.get("open").is_none());
        if !is_open {
            return Ok(false);
        }
        let (path, mode) = self.opened(call)?;
        let count = |text: &str| self.source.all().matches(text).count();
        let is_closed = count(&format!("{name}.close()")) >= count(&format!("{name} = open("));
        if mode.starts_with('r') || !is_closed {
            return Ok(false);
        }
        let rust_name = self.rust_name(name);
        let path = match path.form {
            Form::Constant => path.text,
            _ => {
                let text = self.own(path)?.text;
                self.line(&format!("let {rust_name}_path = {text};"));
                format!("&{rust_name}_path")
            }
        };
        let function =
            self.import(if mode.starts_with('a') { "python::files::append" } else { "python::files::write" });
        self.line(&format!("let mut {rust_name} = String::new();"));
        self.declare(name);
        self.files.open_files.insert(rust_name.clone(), format!("{function}({path}, &{rust_name})?"));
        let of = Type::File { is_read: false };
        let variable = Variable { rust_name, of, form: Form::Place, is_pending: false };
        self.scopes.bind(name, Binding::Variable(variable));
        Ok(true)
    }

    /// `with np.load(path) as data:`; whether it is that.
    pub(crate) fn with_arrays(&mut self, with: &'a StmtWith) -> Ported<bool> {
        let [item] = &with.items[..] else { return Ok(false) };
        let (Expr::Call(call), Some(Expr::Name(name))) = (&item.context_expr, item.optional_vars.as_deref()) else {
            return Ok(false);
        };
        if self.path_of(&call.func).as_deref() != Some("numpy.load") {
            return Ok(false);
        }
        let arrays = self.expression(&item.context_expr)?;
        self.last_line_is(self.source.line(item.range().end()));
        self.bind(&name.id, arrays)?;
        self.block(&with.body);
        Ok(true)
    }

    /// `with open(path, "w") as f:`; whether it is that.
    pub(crate) fn with_open(&mut self, with: &'a StmtWith) -> Ported<bool> {
        let [item] = &with.items[..] else { return Ok(false) };
        let Expr::Call(call) = &item.context_expr else { return Ok(false) };
        if self.with_archive(with, item, call)? {
            return Ok(true);
        }
        let is_open = matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "open" && self.scopes.get("open").is_none())
            || self.path_of(&call.func).is_some_and(|path| is_open(&path));
        let Some(Expr::Name(name)) = item.optional_vars.as_deref().filter(|_| is_open) else { return Ok(false) };
        let (path, mode) = self.opened(call)?;
        self.last_line_is(self.source.line(item.range().end()));
        if mode.starts_with('r') {
            let function = self.import(reader_of(&mode));
            let text = format!("{function}({})?", path.borrowed());
            let rust_name = self.rust_name(&name.id);
            self.files.paths.insert(rust_name, path.text.clone());
            self.bind(&name.id, Value::temporary(text, Type::File { is_read: true }))?;
            self.block(&with.body);
            return Ok(true);
        }
        // What is written is gathered.
        let rust_name = self.rust_name(&name.id);
        self.files.paths.insert(rust_name.clone(), path.text.clone());
        self.files.open_files.remove(&rust_name);
        self.line(&format!("let mut {rust_name} = String::new();"));
        self.declare(&name.id);
        let variable = Variable {
            rust_name: rust_name.clone(),
            of: Type::File { is_read: false },
            form: Form::Place,
            is_pending: false,
        };
        self.scopes.bind(&name.id, Binding::Variable(variable));
        self.block(&with.body);
        let function =
            self.import(if mode.starts_with('a') { "python::files::append" } else { "python::files::write" });
        self.line(&format!("{function}({}, &{rust_name})?;", path.borrowed()));
        Ok(true)
    }

    pub(crate) fn method_of_file(
        &mut self,
        of: &Value,
        is_read: bool,
        name: &str,
        call: &'a ExprCall,
    ) -> Ported<Value> {
        no_words(call)?;
        let whole = of.at(Strength::Whole);
        match (name, &call.arguments.args[..]) {
            ("read", []) if is_read => {
                let text = if of.form == Form::Temporary { whole } else { format!("{whole}.clone()") };
                Ok(Value::temporary(text, Type::String))
            }
            ("readlines", []) if is_read => Ok(Value::temporary(
                format!("{whole}.split_inclusive('\\n').map(str::to_string).collect::<Vec<_>>()"),
                Type::List(Box::new(Type::String)),
            )),
            ("write", [text]) if !is_read => {
                let text = self.expression(text)?;
                match text.of.is_text() {
                    true => Ok(Value::temporary(format!("{whole}.push_str({})", text.borrowed()), Type::None)),
                    false => Err(Missing::new(format!("{} written to a file", text.of.described()))),
                }
            }
            ("readline", []) if is_read => Err(Missing::new("readline").help("loop over the file, or use readlines")),
            ("write", [text]) if !is_read && text.is_f_string_expr() => {
                let value = self.expression(text)?;
                Ok(Value::temporary(format!("{whole}.push_str(&{})", value.text), Type::None))
            }
            ("getvalue", []) => Ok(Value::temporary(format!("{whole}.clone()"), Type::String)),
            ("close", []) if !is_read && self.files.open_files.contains_key(&of.text) => {
                Ok(Value::temporary(self.files.open_files[&of.text].clone(), Type::None))
            }
            ("close" | "flush", []) => Ok(Value::constant("()", Type::None)),
            _ => Err(Missing::new(format!("the method {name} of a file"))),
        }
    }

    /// Python's module `random`, whose numbers are those of Python.
    fn python_random(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        no_words(call)?;
        let values =
            call.arguments.args.iter().map(|argument| self.expression(argument)).collect::<Ported<Vec<_>>>()?;
        let values: Vec<_> = (values.into_iter())
            .map(|value| if crate::python::json_values::is_json(&value.of) { self.list_of_json(&value) } else { value })
            .collect();
        let function = self.import("python::random::seed").replace("seed", "");
        let list_of = |value: &Value| match &value.of {
            Type::List(of) => Ok((**of).clone()),
            of => Err(Missing::new(format!("random.{name} of {}", of.described()))),
        };
        let float = |value: &Value| value.as_float().ok_or_else(|| Missing::new("a bound that is no number"));
        let whole = |program: &Self, value: &Value| program.converted(value, "i64", "a bound");
        Ok(match (name, &values[..]) {
            ("seed", [seed]) => {
                Value::temporary(format!("{function}seed({})", self.converted(seed, "u64", "seed")?), Type::None)
            }
            ("random", []) => Value::temporary(format!("{function}random()"), Type::Float),
            ("uniform", [a, b]) => {
                Value::temporary(format!("{function}uniform({}, {})", float(a)?, float(b)?), Type::Float)
            }
            ("gauss" | "normalvariate", [mu, sigma]) => {
                Value::temporary(format!("{function}{name}({}, {})", float(mu)?, float(sigma)?), Type::Float)
            }
            // What is not negative by its bounds is a size.
            ("randint", [a, b]) if a.of == Type::Int && b.of == Type::Int => Value::new(
                format!("{function}randint({}, {})? as usize", whole(self, a)?, whole(self, b)?),
                Type::Int,
                Strength::Cast,
                Form::Temporary,
            ),
            ("randint", [a, b]) => {
                Value::temporary(format!("{function}randint({}, {})?", whole(self, a)?, whole(self, b)?), Type::Signed)
            }
            ("randrange", [end]) if end.of == Type::Int => Value::new(
                format!("{function}randrange(0, {}, 1)? as usize", whole(self, end)?),
                Type::Int,
                Strength::Cast,
                Form::Temporary,
            ),
            ("randrange", [start, end, step @ ..]) => {
                let ends = [start, end].map(|end| whole(self, end));
                let [start, end] = ends.map(|end| end.map_err(|_| Missing::new("randrange of these bounds")));
                let step = step.first().map_or(Ok("1".to_string()), |step| whole(self, step))?;
                let text = format!("{function}randrange({}, {}, {step})?", start?, end?);
                match values.iter().all(|bound| bound.of == Type::Int) {
                    true => Value::new(format!("{text} as usize"), Type::Int, Strength::Cast, Form::Temporary),
                    false => Value::temporary(text, Type::Signed),
                }
            }
            // Of an array, which has one axis.
            ("choice", [array]) if matches!(array.of, Type::Ints | Type::Floats) => {
                let (dtype, in_rust, of) = match array.of {
                    Type::Ints => ("I64", "i64", Type::Signed),
                    _ => ("F64", "f64", Type::Float),
                };
                let numbers =
                    format!("{}.to_dtype(DType::{dtype})?.to_vec1::<{in_rust}>()?", array.at(Strength::Whole));
                let text = format!("*{function}choice(&{numbers})?");
                Value::temporary(text, of).with_strength(Strength::Prefix)
            }
            ("choice", [list]) => {
                let of = list_of(list)?;
                let text = format!("{function}choice({})?", list.borrowed());
                match of.is_copy() {
                    true => Value::temporary(format!("*{text}"), of).with_strength(Strength::Prefix),
                    false => Value::temporary(format!("{text}.clone()"), of),
                }
            }
            ("shuffle", [list]) => {
                list_of(list)?;
                let target =
                    if list.form == Form::Reference { list.text.clone() } else { format!("&mut {}", list.text) };
                Value::temporary(format!("{function}shuffle({target})"), Type::None)
            }
            ("sample", [list, count]) => {
                list_of(list)?;
                let count = self.converted(count, "usize", "k")?;
                Value::temporary(format!("{function}sample({}, {count})?", list.borrowed()), list.of.clone())
            }
            _ => return Err(Missing::new(format!("random.{name} is not known here"))),
        })
    }
}

/// What reads a file that was opened so.
fn reader_of(mode: &str) -> &'static str {
    if mode.ends_with("latin-1") { "python::files::read_latin_1" } else { "python::files::read" }
}

/// Whether a function opens a file, as Python's own.
fn is_open(path: &str) -> bool {
    matches!(path, "io.open" | "codecs.open" | "tensorflow.io.gfile.GFile" | "tensorflow.gfile.GFile")
}

/// Whether an encoding is Latin-1.
fn has_latin_1(encoding: Option<&Expr>) -> bool {
    matches!(encoding, Some(Expr::StringLiteral(name))
        if matches!(name.value.to_str().to_lowercase().replace('_', "-").as_str(), "latin-1" | "latin1" | "iso-8859-1"))
}

/// Variables of the environment that choose a backend or what is logged, which nothing here reads.
pub(crate) fn is_setting(key: &str) -> bool {
    ["TF_", "KERAS_", "CUDA_", "XLA_", "PYTHONHASHSEED", "JAX_", "SM_FRAMEWORK"]
        .iter()
        .any(|start| key.starts_with(start))
}
