//! Axes of matplotlib by their names: `fig, axes = plt.subplots(2, 3)`, `axes[0, 1].imshow(x)`.

use crate::program::Program;
use crate::value::{Binding, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, Number, StmtAssign};

const AXES: &str = "pyplot::Axes";

/// Functions of pyplot whose methods of axes have other names.
const SETTERS: &[&str] = &["title", "xlabel", "ylabel", "xlim", "ylim", "xticks", "yticks", "xscale", "yscale"];

pub(crate) fn is_axes(of: &Type) -> bool {
    matches!(of, Type::Object(path) if path == AXES)
}

impl<'a> Program<'a> {
    /// `fig, axes = plt.subplots(2, 3)`, `ax = plt.subplot(2, 3, 1)`, `fig = plt.figure()`; whether it was one of them.
    pub(crate) fn assigned_axes(&mut self, assign: &'a StmtAssign) -> Ported<bool> {
        let ([target], Expr::Call(call)) = (&assign.targets[..], &*assign.value) else { return Ok(false) };
        let path = self.path_of(&call.func);
        let name = path.as_deref().and_then(|path| path.strip_prefix("matplotlib.pyplot.")).unwrap_or_default();
        match (name, target) {
            // The methods of a figure are functions of pyplot here.
            ("figure", Expr::Name(figure)) => {
                let opened = self.plot_call("figure", call)?;
                self.line(&format!("{};", opened.text));
                self.scopes.bind(&figure.id, Binding::Imported("matplotlib.pyplot".into()));
            }
            ("subplots", Expr::Tuple(targets)) => {
                let [Expr::Name(figure), axes] = &targets.elts[..] else { return Ok(false) };
                let value = self.subplots(call)?;
                self.assign(axes, value)?;
                if let Expr::Name(grid) = axes {
                    let sizes = [("nrows", 0), ("ncols", 1)].map(|(word, place)| self.name_of_size(call, word, place));
                    self.known.grids.insert(self.rust_name(&grid.id), sizes);
                }
                self.scopes.bind(&figure.id, Binding::Imported("matplotlib.pyplot".into()));
            }
            ("subplot" | "add_subplot", target) => {
                let value = self.plot_call("subplot", call)?;
                let text = value.text.replacen("pyplot::subplot(", "pyplot::axes_at(", 1);
                self.assign(target, Value::temporary(text, Type::Object(AXES.into())))?;
            }
            ("gca" | "axes", target) if call.arguments.is_empty() => {
                self.import("pyplot::gca");
                self.assign(target, Value::temporary("pyplot::gca()", Type::Object(AXES.into())))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The grid of axes, without the lists around that Python leaves out.
    fn subplots(&mut self, call: &'a ExprCall) -> Ported<Value> {
        self.import("pyplot::subplots");
        let (mut sizes, mut words) = (call.arguments.args.iter().collect::<Vec<_>>(), self.words(call)?);
        if sizes.len() > 2 {
            return Err(Missing::new("subplots with these arguments"));
        }
        for name in ["nrows", "ncols"] {
            if let Some(at) = words.iter().position(|(word, _)| *word == name) {
                if sizes.is_empty() && name == "ncols" {
                    return Err(Missing::new("subplots with columns alone").help("write nrows=1"));
                }
                sizes.push(words.remove(at).1);
            }
        }
        // They share what would be equal by chance only.
        if words.iter().any(|(word, _)| matches!(*word, "sharex" | "sharey")) {
            return Err(Missing::new("axes that share their limits"));
        }
        let options = self.plot_options("Figure", &words, &[("dpi", ""), ("tight_layout", "")])?;
        let is_one = |size: Option<&&Expr>| {
            size.is_none_or(
                |size| matches!(size, Expr::NumberLiteral(number) if matches!(number.value, Number::Int(ref n) if *n == 1u8)),
            )
        };
        let is_known = |size: Option<&&Expr>| size.is_none_or(|size| size.is_number_literal_expr());
        let (rows, columns) = (sizes.first(), sizes.get(1));
        // A name may be one; then what Python returns is another thing.
        if !is_known(rows) && is_one(columns) {
            return Err(Missing::new("subplots of a computed number of rows").help("write the number"));
        }
        let (one_row, one_column) = (is_one(rows), is_one(columns));
        let mut size = |size: Option<&&'a Expr>| match size {
            Some(size) => self.argument(size, "usize", "subplots"),
            None => Ok("1".into()),
        };
        let text = format!("pyplot::subplots({}, {}, pyplot::Figure::new(){options})?", size(rows)?, size(columns)?);
        let axes = Type::Object(AXES.into());
        let list = |of: Type| Type::List(Box::new(of));
        Ok(match (one_row, one_column) {
            (true, true) => Value::temporary(format!("{text}[0][0]"), axes),
            (true, false) | (false, true) => Value::temporary(format!("{text}.concat()"), list(axes)),
            (false, false) => Value::temporary(text, list(list(axes))),
        })
    }

    /// The name that says the number of rows or columns, if it never changes.
    fn name_of_size(&self, call: &ExprCall, word: &str, place: usize) -> Option<String> {
        let Expr::Name(name) = call.arguments.find_argument_value(word, place)? else { return None };
        self.scan().is_assigned_once(&name.id).then(|| name.id.to_string())
    }

    /// `axes[i]` where the script knows that the grid has one row or column, for which Python has a plain array.
    fn index_of_single(&mut self, of: &Value, index: &'a Expr) -> Ported<Option<Value>> {
        let Type::List(row) = &of.of else { return Ok(None) };
        let (Type::List(axes), Some(sizes)) = (&**row, self.known.grids.get(&of.text)) else { return Ok(None) };
        let is_one = |size: &Option<String>| size.as_ref().is_some_and(|name| self.known.ones.contains(name));
        let (one_row, one_column) = (is_one(&sizes[0]), is_one(&sizes[1]));
        if one_row == one_column || !is_axes(axes) {
            return Ok(None);
        }
        let (axes, place) = ((**axes).clone(), self.argument(index, "usize", "axes")?);
        let places = if one_row { format!("[0][{place}]") } else { format!("[{place}][0]") };
        Ok(Some(Value::place(format!("{}{places}", of.at(Strength::Whole)), axes)))
    }

    /// `axes[i, j]`
    pub(crate) fn axes_index(&mut self, of: &Value, index: &'a Expr) -> Ported<Option<Value>> {
        if !matches!(index, Expr::Tuple(_) | Expr::Slice(_))
            && let Some(single) = self.index_of_single(of, index)?
        {
            return Ok(Some(single));
        }
        let Type::List(row) = &of.of else { return Ok(None) };
        let (Type::List(axes), Expr::Tuple(places)) = (&**row, index) else { return Ok(None) };
        let ([row, column], true) = (&places.elts[..], is_axes(axes)) else { return Ok(None) };
        let (row, column) = (self.argument(row, "usize", "axes")?, self.argument(column, "usize", "axes")?);
        Ok(Some(Value::place(format!("{}[{row}][{column}]", of.at(Strength::Whole)), (**axes).clone())))
    }

    /// `axes.flat`, `axes.ravel()`, `axes.flatten()`
    pub(crate) fn flat_axes(&mut self, of: &Value, name: &str) -> Option<Value> {
        let Type::List(inner) = &of.of else { return None };
        if !matches!(name, "flat" | "ravel" | "flatten") {
            return None;
        }
        match &**inner {
            Type::List(axes) if is_axes(axes) => {
                Some(Value::temporary(format!("{}.concat()", of.at(Strength::Whole)), (**inner).clone()))
            }
            axes if is_axes(axes) => Some(of.clone()),
            _ => None,
        }
    }

    /// `ax.set_title("...")`, `ax.imshow(x)`
    pub(crate) fn method_of_axes(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        if name == "set_axis_off" {
            return Ok(Value::temporary(format!("{whole}.axis(\"off\")?"), Type::None));
        }
        let function = match name.strip_prefix("set_") {
            Some(set) if SETTERS.contains(&set) => set,
            Some(_) => return Err(Missing::new(format!("the method {name} of axes"))),
            None => name,
        };
        if matches!(function, "figure" | "subplot" | "savefig" | "show" | "close" | "clf" | "tight_layout") {
            return Err(Missing::new(format!("the method {name} of axes")));
        }
        let drawn = self.plot_call(function, call)?;
        let Some(text) = drawn.text.strip_prefix("pyplot::") else { return Ok(drawn) };
        let own = SETTERS.iter().any(|setter| {
            text.strip_prefix(setter).is_some_and(|rest| rest.starts_with('(') || rest.starts_with("_with("))
        });
        let set = if own { "set_" } else { "" };
        Ok(Value::temporary(format!("{whole}.{set}{text}"), Type::None))
    }

    /// `ax.get_xaxis().set_visible(False)`, `ax.xaxis.set_visible(False)`
    pub(crate) fn axis_visibility(&mut self, call: &'a ExprCall) -> Ported<Option<Value>> {
        let Expr::Attribute(method) = &*call.func else { return Ok(None) };
        if method.attr.as_str() != "set_visible" {
            return Ok(None);
        }
        let axis = match &*method.value {
            Expr::Call(get) => &*get.func,
            other => other,
        };
        let Expr::Attribute(axis) = axis else { return Ok(None) };
        let name = match axis.attr.as_str() {
            "get_xaxis" | "xaxis" => "xaxis_visible",
            "get_yaxis" | "yaxis" => "yaxis_visible",
            _ => return Ok(None),
        };
        let axes = self.expression(&axis.value)?;
        let ([visible], true) = (&call.arguments.args[..], is_axes(&axes.of)) else { return Ok(None) };
        let visible = self.condition(visible)?;
        Ok(Some(Value::temporary(format!("{}.{name}({visible})", axes.at(Strength::Whole)), Type::None)))
    }
}
