//! `matplotlib.pyplot`, whose figures become SVG files.

use crate::program::Program;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, Operator};

/// The arguments of functions that draw, and their type in Rust. Those in the first list stand before the others.
const DRAWING: &[(&str, &[&str], &str)] = &[
    ("scatter", &["x", "y"], "Scatter"),
    ("bar", &["x", "height"], "Bar"),
    ("hist", &["x"], "Hist"),
    ("imshow", &["X"], "ImShow"),
    ("fill_between", &["x", "y1", "y2"], "FillBetween"),
    ("axhline", &["y"], "Plot"),
    ("axvline", &["x"], "Plot"),
];

/// Functions of one text, and those of one text with a look.
const OF_TEXT: &[&str] = &["title", "xlabel", "ylabel", "suptitle"];

impl<'a> Program<'a> {
    /// A function of `pyplot`.
    pub(crate) fn plot_call(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let done = |text: String| Ok(Value::temporary(text, Type::None));
        let module = "pyplot";
        self.import(&format!("{module}::figure"));
        if let Some((_, names, class)) = DRAWING.iter().find(|(own, ..)| *own == name) {
            return self.drawing(name, names, class, call);
        }
        let words = self.words(call)?;
        let arguments = call.arguments.args.iter().collect::<Vec<_>>();
        match (name, &arguments[..]) {
            ("plot" | "semilogy", [first, rest @ ..]) => {
                let format = match rest.last() {
                    Some(Expr::StringLiteral(format)) => Some(format.value.to_str()),
                    _ => None,
                };
                let values = &rest[..rest.len() - usize::from(format.is_some())];
                if values.len() > 1 {
                    return Err(Missing::new("several curves in one call of plot").help("write a call for each"));
                }
                let first = self.plotted(first)?;
                let mut options = match (format, words.is_empty()) {
                    (Some(format), true) => format!("{format:?}"),
                    (None, true) => "()".into(),
                    (format, false) => {
                        let style = format.map_or(String::new(), |format| format!(".style({format:?})"));
                        format!("pyplot::Plot::new(){style}")
                    }
                };
                options.push_str(&self.plot_options("Plot", &words, &[])?);
                match values {
                    [] if name == "plot" => done(format!("pyplot::plot_y({first}, {options})?")),
                    [y] => done(format!("pyplot::{name}({first}, {}, {options})?", self.plotted(y)?)),
                    _ => Err(Missing::new("semilogy of one list")),
                }
            }
            ("figure", []) => match words.is_empty() {
                true => done("pyplot::figure()".into()),
                false => {
                    let options = self.plot_options("Figure", &words, &[("dpi", ""), ("tight_layout", "")])?;
                    done(format!("pyplot::figure_with(pyplot::Figure::new(){options})?"))
                }
            },
            ("subplot" | "add_subplot", [rows, columns, index]) if words.is_empty() => {
                let sizes = [rows, columns, index].map(|size| self.argument(size, "usize", "subplot"));
                let sizes = sizes.into_iter().collect::<Ported<Vec<_>>>()?;
                done(format!("pyplot::subplot({})?", sizes.join(", ")))
            }
            // `plt.subplot(221)`
            ("subplot" | "add_subplot", [Expr::NumberLiteral(number)]) if words.is_empty() => {
                let digits = crate::expressions::number_of(&number.value)?.text;
                match digits.as_bytes() {
                    [rows, columns, index] => {
                        done(format!("pyplot::subplot({}, {}, {})?", *rows as char, *columns as char, *index as char))
                    }
                    _ => Err(Missing::new("this place of a subplot")),
                }
            }
            (name, [text]) if OF_TEXT.contains(&name) => {
                let text = self.figure_text(text)?;
                let shown = if text.of == Type::String && text.form != crate::value::Form::Temporary {
                    self.owned_text(&text)
                } else {
                    text.text
                };
                match words.is_empty() {
                    true => done(format!("pyplot::{name}({shown})")),
                    false => {
                        let options = self.plot_options("Text", &words, &[("pad", "")])?;
                        done(format!("pyplot::{name}_with({shown}, pyplot::Text::new(){options})?"))
                    }
                }
            }
            ("subplot" | "add_subplot", [sum @ Expr::BinOp(_)]) if words.is_empty() => self.subplot_of_sum(sum),
            ("text", [x, y, text]) => {
                let (x, y) = (self.plot_number(x)?, self.plot_number(y)?);
                let text = self.figure_text(text)?;
                let shown = format!("{x}, {y}, {}", text.borrowed());
                match self.plot_options("Text", &words, &[])? {
                    options if options.is_empty() => done(format!("pyplot::text({shown})")),
                    options => done(format!("pyplot::text_with({shown}, pyplot::Text::new(){options})?")),
                }
            }
            ("xlim" | "ylim", [from, to]) if words.is_empty() => {
                done(format!("pyplot::{name}({}, {})?", self.plot_number(from)?, self.plot_number(to)?))
            }
            ("xlim" | "ylim", [ends @ (Expr::Tuple(_) | Expr::List(_))]) if words.is_empty() => {
                match crate::python::iteration::elements_of(ends) {
                    [from, to] => {
                        done(format!("pyplot::{name}({}, {})?", self.plot_number(from)?, self.plot_number(to)?))
                    }
                    _ => Err(Missing::new("limits that are not two")),
                }
            }
            ("xscale" | "yscale", [scale]) if words.is_empty() => {
                done(format!("pyplot::{name}({})?", self.argument(scale, "&str", name)?))
            }
            ("legend", []) if words.iter().all(|(name, _)| matches!(*name, "loc" | "fontsize" | "prop")) => {
                done("pyplot::legend()".into())
            }
            ("legend", [labels]) => {
                let labels = self.expression(labels)?;
                let items = labels.items.ok_or_else(|| Missing::new("labels that are not written out"))?;
                if items.iter().any(|item| !item.of.is_text()) {
                    return Err(Missing::new("labels that are no texts"));
                }
                let texts: Vec<_> = items.iter().map(|item| item.text.clone()).collect();
                done(format!("pyplot::legend_with(pyplot::Legend::new().labels([{}]))?", texts.join(", ")))
            }
            ("grid", []) if words.is_empty() => done("pyplot::grid(true)".into()),
            ("grid", [Expr::BooleanLiteral(on)]) => done(format!("pyplot::grid({})", on.value)),
            ("axis", [Expr::StringLiteral(option)]) => done(format!("pyplot::axis({:?})?", option.value.to_str())),
            ("colorbar" | "show", []) => done(format!("pyplot::{name}()?")),
            ("gray", []) => done("pyplot::set_cmap(\"gray\")?".into()),
            ("tight_layout" | "clf" | "close" | "cla", _) => {
                let name = if name == "cla" { "clf" } else { name };
                done(format!("pyplot::{name}()"))
            }
            // How figures look, and whether a window blocks.
            ("ion" | "ioff" | "style.use" | "rcParams.update" | "pause" | "subplots_adjust" | "draw", _) => {
                Ok(Value::constant("()", Type::None))
            }
            ("savefig", [path]) => {
                let path = self.argument(path, "impl AsRef<Path>", "fname")?;
                done(format!("pyplot::savefig({path})?"))
            }
            ("xticks" | "yticks", [ticks]) if words.is_empty() => {
                done(format!("pyplot::{name}({})?", self.plotted(ticks)?))
            }
            ("xticks" | "yticks", [ticks, labels]) => {
                let (ticks, labels) = (self.plotted(ticks)?, self.expression(labels)?);
                let labels = match (&labels.of, &labels.items) {
                    (Type::List(of), Some(items)) if of.is_text() => {
                        format!("[{}]", items.iter().map(|item| item.text.clone()).collect::<Vec<_>>().join(", "))
                    }
                    (Type::List(of), None) if **of == Type::String => labels.borrowed(),
                    (Type::List(of), None) if of.is_text() => format!("{}.iter().copied()", labels.at(Strength::Whole)),
                    (of, _) => return Err(Missing::new(format!("{} as labels", of.described()))),
                };
                let options = match self.plot_options("Text", &words, &[])? {
                    options if options.is_empty() => "()".to_string(),
                    options => format!("pyplot::Text::new(){options}"),
                };
                done(format!("pyplot::{name}_with({ticks}, {labels}, {options})?"))
            }
            _ => Err(Missing::new(format!("pyplot.{name} with these arguments"))),
        }
    }

    /// A text of a figure: what else is given is shown as `print` shows it.
    fn figure_text(&mut self, text: &'a Expr) -> Ported<Value> {
        let value = self.expression(text)?;
        match &value.of {
            of if of.is_text() => Ok(value),
            of if of.is_array() || of.is_number() || matches!(of, Type::Char | Type::List(_) | Type::Tuple(_)) => {
                Ok(Value::temporary(format!("format!({})", self.shown_alone(&value)?), Type::String))
            }
            of => Err(Missing::new(format!("{} as a text of a figure", of.described()))),
        }
    }

    /// `plt.subplot(330 + 1 + i)`: three rows, three columns, and the rest.
    fn subplot_of_sum(&mut self, sum: &'a Expr) -> Ported<Value> {
        let (mut first, mut added) = (sum, Vec::new());
        while let Expr::BinOp(sum) = first
            && sum.op == Operator::Add
        {
            added.push(&*sum.right);
            first = &sum.left;
        }
        let Expr::NumberLiteral(first) = first else { return Err(Missing::new("a computed place of a subplot")) };
        let digits = crate::expressions::number_of(&first.value)?.text;
        let &[rows, columns, index] = digits.as_bytes() else { return Err(Missing::new("this place of a subplot")) };
        let index = (index != b'0').then(|| (index as char).to_string());
        let added = added.into_iter().rev().map(|term| self.argument(term, "usize", "subplot"));
        let terms: Vec<String> = index.map(Ok).into_iter().chain(added).collect::<Ported<_>>()?;
        let (rows, columns) = (rows as char, columns as char);
        Ok(Value::temporary(format!("pyplot::subplot({rows}, {columns}, {})?", terms.join(" + ")), Type::None))
    }

    fn drawing(&mut self, name: &str, names: &[&str], class: &str, call: &'a ExprCall) -> Ported<Value> {
        let given = call.arguments.args.len().min(names.len());
        let words = self.words(call)?;
        if call.arguments.args.len() > names.len() {
            // `plt.hist(x, 50)`
            let is_bins = name == "hist" && call.arguments.args.len() == 2;
            if !is_bins {
                return Err(Missing::new(format!("pyplot.{name} with these arguments")));
            }
        }
        let mut texts = Vec::new();
        for (i, own) in names.iter().enumerate() {
            let argument = match i < given {
                true => &call.arguments.args[i],
                false => match words.iter().find(|(word, _)| word == own) {
                    Some((_, argument)) => *argument,
                    None if name == "fill_between" && i == 2 => {
                        texts.push("0.0".to_string());
                        continue;
                    }
                    None => return Err(Missing::new(format!("pyplot.{name} without {own}"))),
                },
            };
            texts.push(match name {
                "imshow" => {
                    let pixels = self.expression(argument)?;
                    self.tensor(&pixels)?.borrowed()
                }
                "axhline" | "axvline" => self.plot_number(argument)?,
                _ => self.plotted(argument)?,
            });
        }
        let rest: Vec<_> = words.into_iter().filter(|(word, _)| !names.contains(word)).collect();
        let bins = match call.arguments.args.get(names.len()) {
            Some(bins) => format!(".bins({})", self.argument(bins, "usize", "bins")?),
            None => String::new(),
        };
        let options = self.plot_options(class, &rest, &[])?;
        let options = match (bins.is_empty(), options.is_empty()) {
            (true, true) => "()".to_string(),
            _ => format!("pyplot::{class}::new(){bins}{options}"),
        };
        Ok(Value::temporary(format!("pyplot::{name}({}, {options})?", texts.join(", ")), Type::None))
    }

    /// Numbers that are drawn.
    fn plotted(&mut self, values: &'a Expr) -> Ported<String> {
        if let Expr::Call(call) = values
            && matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "range")
        {
            return Ok(self.iteration(values)?.over);
        }
        if matches!(values, Expr::List(list) if list.elts.is_empty()) {
            return Ok("[0; 0]".into());
        }
        let value = self.expression(values)?;
        match &value.of {
            of if of.is_array() => Ok(value.borrowed()),
            Type::Mutable { .. } => Ok(self.tensor(&value)?.borrowed()),
            of if crate::pandas::is_column(of) => Ok(self.tensor(&value)?.borrowed()),
            Type::List(of) if of.is_number() || of.is_text() => Ok(value.borrowed()),
            of => Err(Missing::new(format!("a plot of {}", of.described()))),
        }
    }

    fn plot_number(&mut self, number: &'a Expr) -> Ported<String> {
        let value = self.expression(number)?;
        match value.of.is_array() {
            true => Ok(format!("{}.to_dtype(DType::F64)?.to_scalar::<f64>()?", value.at(Strength::Whole))),
            false => value.as_float().ok_or_else(|| Missing::new(format!("{} as a number", value.of.described()))),
        }
    }

    /// `.label("loss").color("b")`; `ignored` are arguments that change nothing here.
    pub(crate) fn plot_options(
        &mut self,
        class: &str,
        words: &[(&'a str, &'a Expr)],
        ignored: &[(&str, &str)],
    ) -> Ported<String> {
        let mut text = String::new();
        for (name, argument) in words {
            if ignored.iter().any(|(own, _)| own == name) {
                continue;
            }
            let name = match *name {
                "c" if class == "Plot" => "color",
                "lw" => "linewidth",
                "ls" => "linestyle",
                "size" if class == "Text" => "fontsize",
                "ha" | "horizontalalignment" => "ha",
                "va" | "verticalalignment" => "va",
                name => name,
            };
            let value = self.expression(argument)?;
            let known: &[&str] = match class {
                "Plot" => &["label", "color", "linestyle", "linewidth", "marker", "markersize", "alpha"],
                "Scatter" => &["c", "color", "s", "cmap", "vmin", "vmax", "marker", "alpha", "label"],
                "Bar" => &["width", "bottom", "color", "edgecolor", "alpha", "label"],
                "Hist" => &["bins", "density", "color", "edgecolor", "alpha", "label"],
                "ImShow" => &["cmap", "vmin", "vmax", "alpha", "interpolation", "origin", "aspect"],
                "Text" => &["fontsize", "color", "alpha", "weight", "rotation", "ha", "va"],
                "Figure" => &["figsize", "num"],
                _ => &["color", "alpha", "label"],
            };
            if !known.contains(&name) {
                return Err(Missing::new(format!("the argument {name} of a figure")));
            }
            let shown = match (name, &value.of) {
                ("figsize", Type::Tuple(types)) if types.len() == 2 => {
                    let items = value.items.clone().ok_or_else(|| Missing::new("a computed figsize"))?;
                    let sizes = items.iter().map(Value::as_float).collect::<Option<Vec<_>>>();
                    sizes.ok_or_else(|| Missing::new("a figsize of this"))?.join(", ")
                }
                ("fontsize", of) if of.is_text() => {
                    text.push_str(&format!(".fontsize_named({})", value.text));
                    continue;
                }
                ("bins" | "num", Type::Int) => value.text.clone(),
                ("density", Type::Bool) => value.text.clone(),
                (_, of) if of.is_number() => value.as_float().ok_or_else(|| Missing::new("this number"))?,
                (_, of) if of.is_text() => value.borrowed(),
                ("c", of) if of.is_array() => value.borrowed(),
                (_, of) => return Err(Missing::new(format!("{name} is {}", of.described()))),
            };
            text.push_str(&format!(".{name}({shown})"));
        }
        Ok(text)
    }
}
