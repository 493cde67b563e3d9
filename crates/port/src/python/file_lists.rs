//! Paths by patterns, and parts of paths: `glob`, `pathlib`, `shutil`.

use crate::arguments::{find, named_as, needed};
use crate::program::Program;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtWith, WithItem};
use ruff_text_size::Ranged;

fn paths() -> Type {
    Type::List(Box::new(Type::Path))
}

impl<'a> Program<'a> {
    /// A function of `glob` or `shutil`, or `os.path.sep.join`; `None` if it is none of them.
    pub(crate) fn call_on_files(&mut self, path: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        Ok(Some(match path {
            "shutil.copy" | "shutil.copy2" | "shutil.copyfile" | "shutil.move" => {
                let given = named_as(call, &["src", "dst"])?;
                let (from, to) =
                    (self.path_argument(needed(&given, "src")?)?, self.path_argument(needed(&given, "dst")?)?);
                let name = if path == "shutil.move" { "rename" } else { "copy" };
                let function = self.import(&format!("python::files::{name}"));
                Value::temporary(format!("{function}({}, {})?", from.borrowed(), to.borrowed()), Type::Path)
            }
            "glob.glob" => {
                let given = named_as(call, &["pathname"])?;
                let pattern = self.expression(needed(&given, "pathname")?)?;
                let text = match &pattern.of {
                    of if of.is_text() => pattern.borrowed(),
                    Type::Path => format!("&{}.display().to_string()", pattern.at(Strength::Whole)),
                    of => return Err(Missing::new(format!("{} as a pattern of paths", of.described()))),
                };
                let function = self.import("python::files::glob_texts");
                Value::temporary(format!("{function}({text})?"), Type::List(Box::new(Type::String)))
            }
            "os.path.sep.join" | "os.sep.join" => {
                let given = named_as(call, &["parts"])?;
                let parts = self.expression(needed(&given, "parts")?)?;
                match &parts.of {
                    Type::List(of) if of.is_text() => {
                        let list = parts.at(Strength::Whole);
                        let array = list.strip_prefix("vec!").unwrap_or(&list).to_string();
                        Value::temporary(format!("{array}.join(\"/\")"), Type::String)
                    }
                    of => return Err(Missing::new(format!("join of {}", of.described()))),
                }
            }
            "shutil.unpack_archive" => {
                let given = named_as(call, &["filename", "extract_dir"])?;
                let archive = self.path_argument(needed(&given, "filename")?)?;
                self.unpacked(&archive.borrowed(), find(&given, "extract_dir"))?
            }
            // Which warnings are shown changes no number.
            "warnings.filterwarnings" | "warnings.simplefilter" => Value::constant("()", Type::None),
            _ => return Ok(None),
        }))
    }

    fn unpacked(&mut self, archive: &str, folder: Option<&'a Expr>) -> Ported<Value> {
        let folder = match folder {
            None => "\".\"".to_string(),
            Some(folder) => self.path_argument(folder)?.borrowed(),
        };
        let function = self.import("python::files::unpack_archive");
        Ok(Value::temporary(format!("{function}({archive}, {folder})?"), Type::None))
    }

    /// The path of `ZipFile(path)` or `tarfile.open(path)`; `None` if it is neither.
    fn archive(&mut self, call: &'a ExprCall) -> Ported<Option<String>> {
        let path = self.path_of(&call.func);
        if !matches!(path.as_deref(), Some("zipfile.ZipFile" | "tarfile.open" | "tarfile.TarFile.open")) {
            return Ok(None);
        }
        let given = named_as(call, &["name", "mode"])?;
        match find(&given, "mode") {
            Some(Expr::StringLiteral(mode)) if mode.value.to_str().starts_with('r') => {}
            None => {}
            Some(_) => return Err(Missing::new("an archive that is written")),
        }
        Ok(Some(self.path_argument(needed(&given, "name")?)?.borrowed()))
    }

    /// `ZipFile(path).extractall(folder)`; `None` if it is another method.
    pub(crate) fn extract_all(&mut self, of: &'a Expr, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let (Expr::Call(archive), "extractall") = (of, name) else { return Ok(None) };
        let Some(archive) = self.archive(archive)? else { return Ok(None) };
        let given = named_as(call, &["path"])?;
        self.unpacked(&archive, find(&given, "path")).map(Some)
    }

    /// `with ZipFile(path) as archive:` around `archive.extractall(folder)` and what it prints; whether it is that.
    pub(crate) fn with_archive(&mut self, with: &'a StmtWith, item: &'a WithItem, call: &'a ExprCall) -> Ported<bool> {
        let Some(Expr::Name(name)) = item.optional_vars.as_deref() else { return Ok(false) };
        let Some(archive) = self.archive(call)? else { return Ok(false) };
        self.last_line_is(self.source.line(item.range().end()));
        for statement in &with.body {
            let extracted = match statement {
                Stmt::Expr(expression) => match &*expression.value {
                    Expr::Call(call) => match &*call.func {
                        Expr::Attribute(method)
                            if method.attr.as_str() == "extractall"
                                && matches!(&*method.value, Expr::Name(own) if own.id == name.id) =>
                        {
                            Some(named_as(call, &["path"])?)
                        }
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            };
            match extracted {
                Some(given) => {
                    self.comments_before(self.source.line(statement.range().start()));
                    let text = self.unpacked(&archive, find(&given, "path"))?.text;
                    self.line(&format!("{text};"));
                    self.last_of(statement.range());
                }
                None => self.block(std::slice::from_ref(statement)),
            }
        }
        Ok(true)
    }

    /// An attribute of a `pathlib.Path`.
    pub(crate) fn attribute_of_path(&mut self, of: &Value, name: &str) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let text = |text: String| Ok(Value::temporary(text, Type::String));
        match name {
            "parent" => {
                self.import_from("std::path::Path");
                let text = format!("{whole}.parent().unwrap_or(Path::new(\"\")).to_path_buf()");
                Ok(Value::temporary(text, Type::Path))
            }
            "parents" => {
                self.import_from("std::path::Path");
                let text = format!("{whole}.ancestors().skip(1).map(Path::to_path_buf).collect::<Vec<_>>()");
                Ok(Value::temporary(text, paths()))
            }
            "name" => text(format!("{whole}.file_name().unwrap_or_default().to_string_lossy().into_owned()")),
            "stem" => text(format!("{whole}.file_stem().unwrap_or_default().to_string_lossy().into_owned()")),
            "suffix" => {
                text(format!("{whole}.extension().map_or(String::new(), |end| format!(\".{{}}\", end.display()))"))
            }
            _ => Err(Missing::new(format!("the attribute {name} of a path"))),
        }
    }

    /// `path.glob("*.png")`, `path.iterdir()`; `None` if it is another method.
    pub(crate) fn paths_in(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let pattern = match (name, &call.arguments.args[..]) {
            ("iterdir", []) => "\"*\"".to_string(),
            ("glob", [pattern]) => self.argument(pattern, "&str", "pattern")?,
            ("rglob", [Expr::StringLiteral(pattern)]) => format!("{:?}", format!("**/{}", pattern.value.to_str())),
            _ => return Ok(None),
        };
        let function = self.import("python::files::glob");
        Ok(Some(Value::temporary(format!("{function}({}, {pattern})?", of.borrowed()), paths())))
    }

    /// `sorted(...)` of paths: texts are compared as such, and what `pathlib` finds is in order here; `None` of other things.
    pub(crate) fn sorted_paths(&mut self, call: &'a ExprCall) -> Ported<Option<Value>> {
        let [over] = &call.arguments.args[..] else { return Ok(None) };
        if !call.arguments.keywords.is_empty() {
            return Ok(None);
        }
        let is_join = |program: &Self, of: &Expr| matches!(of, Expr::Call(call) if program.path_of(&call.func).as_deref() == Some("os.path.join"));
        match over {
            Expr::ListComp(list) if is_join(self, &list.elt) => {
                let list = self.list_comprehension(&list.generators, &list.elt)?;
                let sorted = "list.sort_by_key(|path| path.display().to_string());";
                Ok(Some(Value::temporary(format!("{{ let mut list = {}; {sorted} list }}", list.text), list.of)))
            }
            Expr::Call(found) => match &*found.func {
                Expr::Attribute(method)
                    if matches!(method.attr.as_str(), "glob" | "rglob" | "iterdir")
                        && self.path_of(&found.func).is_none() =>
                {
                    let value = self.expression(over)?;
                    Ok((value.of == paths()).then_some(value))
                }
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }
}
