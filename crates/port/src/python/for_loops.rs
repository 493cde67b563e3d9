//! Loops, and variables that they assign first.

use crate::program::Program;
use crate::python::iteration::{Element, Iteration};
use crate::script::scan::Scan;
use crate::statements::assigned_by;
use crate::value::{Binding, Form, Strength, Type, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, Stmt, StmtFor};
use ruff_text_size::Ranged;

impl<'a> Program<'a> {
    pub(crate) fn for_loop(&mut self, each: &'a StmtFor) -> Ported<()> {
        let is_outermost = self.begin_loop();
        let written = self.for_loop_inside(each);
        self.end_loop(is_outermost);
        written
    }

    fn for_loop_inside(&mut self, each: &'a StmtFor) -> Ported<()> {
        if !each.orelse.is_empty() {
            return Err(Missing::new("else of a loop"));
        }
        // A loop over nothing.
        if matches!(&*each.iter, Expr::List(list) if list.elts.is_empty())
            || matches!(&*each.iter, Expr::Tuple(tuple) if tuple.elts.is_empty())
        {
            return Ok(());
        }
        if self.loop_over_dataset(each)? {
            return Ok(());
        }
        let written = self.body.len();
        let texts = self.loop_over_texts(each).ok().flatten();
        if texts.is_none() {
            self.body.truncate(written);
        }
        let over = match texts.map_or_else(|| self.iteration(&each.iter), Ok) {
            Ok(over) => over,
            Err(missing) => {
                self.body.truncate(written);
                if self.unrolled(each)? {
                    return Ok(());
                }
                return Err(missing);
            }
        };
        let over = self.unborrowed(each, over)?;
        self.scopes.enter();
        let pattern = match self.element_pattern(&each.target, &over.element) {
            Ok(pattern) => pattern,
            Err(missing) => {
                self.scopes.leave();
                return Err(missing);
            }
        };
        let kept = self.kept_counter(each).and_then(|name| self.keep_counter(name, &pattern));
        self.find_maybe(&each.body);
        let hoisted = self.hoisted(&each.body, each.range.end(), false);
        let (pattern, kept) = kept.map_or((pattern, None), |(pattern, line)| (pattern, Some(line)));
        self.line(&format!("for {pattern} in {} {{", over.over));
        self.depth += 1;
        kept.iter().for_each(|line| self.line(line));
        let is_over = self.is_over;
        self.block(&each.body);
        self.is_over = is_over;
        self.depth -= 1;
        self.scopes.leave_block(self.source.line(each.range.end()));
        self.line("}");
        self.settle(&hoisted);
        Ok(())
    }

    /// A loop that changes the dict whose keys it goes over has them in a list of their own.
    fn unborrowed(&self, each: &'a StmtFor, over: Iteration) -> Ported<Iteration> {
        let body = Scan::of(&each.body, &self.changing);
        let read = Scan::of_expression(&each.iter, &self.changing);
        let is_changed = read.all_read().any(|name| {
            let is_collection = matches!(self.scopes.get(name), Some(Binding::Variable(variable))
                if matches!(variable.of, Type::List(_) | Type::Dict(..) | Type::Set(_)));
            is_collection && body.is_mutated(name, 0)
        });
        // In Python a loop over a table or column sees the values from before it.
        let changes_table = || read.all_read().any(|name| body.is_mutated(name, 0));
        if over.over.contains(".names()") && changes_table() {
            let copied = |text: &str| text.replace(".names()", ".names().to_vec()");
            let is_itself = over.over.ends_with(".names()");
            let text = format!("{}{}", if is_itself { "&" } else { "" }, copied(&over.over));
            return Ok(Iteration { iter: copied(&over.iter), over: text, ..over });
        }
        let is_of_table = [".cells()", ".iterrows()", ".itertuples()"].iter().any(|end| over.over.contains(end));
        if is_of_table && changes_table() {
            return Ok(Iteration::new(format!("{}.collect::<Vec<_>>()", over.over), over.element));
        }
        let is_borrowed =
            over.over.starts_with('&') || [".iter()", ".values()"].iter().any(|end| over.over.contains(end));
        match &over.element {
            Element::One(of, Form::Reference) if is_changed && over.over.ends_with(".keys()") => {
                let copied = if of.is_copy() { "copied" } else { "cloned" };
                let text = format!("{}.{copied}().collect::<Vec<_>>()", over.over);
                Ok(Iteration::new(text, Element::One(of.clone(), Form::Place)))
            }
            _ if is_changed && is_borrowed && !over.over.contains("collect") => {
                Err(Missing::new("a loop over what it changes").help("go over a copy of it"))
            }
            _ => Ok(over),
        }
    }

    /// Declares the variables that a loop assigns first, and that are read behind it. A loop that runs never is an error in Python.
    pub(crate) fn hoisted(&mut self, body: &'a [Stmt], end: ruff_text_size::TextSize, is_outside: bool) -> Vec<String> {
        let is_new = |program: &Self, name: &str| {
            matches!(program.scopes.get(name), None | Some(Binding::Inner(_) | Binding::Outside(_)))
                && program.scan().is_read_behind(name, end)
        };
        let names: Vec<String> = body.iter().flat_map(assigned_by).filter(|name| is_new(self, name)).collect();
        if names.is_empty() {
            return Vec::new();
        }
        // What they are is known when the body has been written.
        let tried = self.types_after(body, &names);
        let mut hoisted = Vec::new();
        for (name, of) in names.into_iter().zip(tried) {
            let start = match of {
                Some(Type::Float) => "0.0",
                Some(Type::Int | Type::Signed) => "0",
                Some(Type::Bool) => "false",
                Some(Type::Str) => "\"\"",
                Some(Type::String) => "String::new()",
                Some(ref of) if of.is_array() => "Tensor::new(0f32, &Device::Cpu)?",
                Some(ref of @ Type::List(_)) if of.in_rust().is_some() => "vec![]",
                _ => continue,
            };
            // A counter is declared before the outermost loop.
            if hoisted.contains(&name) || self.is_kept(&name) {
                continue;
            }
            let Some(of) = of else { continue };
            let rust_name = self.rust_name(&name);
            self.declare(&name);
            let in_rust = of.in_rust().unwrap_or_default();
            self.line(&format!("let mut {rust_name}: {in_rust} = {start};").replace("&'static ", "&"));
            let variable = Variable { rust_name, of, form: Form::Place, is_pending: true };
            match is_outside {
                true => self.scopes.bind(&name, Binding::Variable(variable)),
                false => self.scopes.bind_outside(&name, Binding::Variable(variable)),
            }
            hoisted.push(name);
        }
        hoisted
    }

    /// The types of names behind statements, which are written for that and forgotten.
    pub(crate) fn types_after(&mut self, body: &'a [Stmt], names: &[String]) -> Vec<Option<Type>> {
        let (written, noted, declared) = (self.body.len(), self.noted(), self.declared_so_far());
        let shared = self.shared_so_far();
        self.scopes.enter();
        self.depth += 1;
        self.block(body);
        self.depth -= 1;
        let types = names.iter().map(|name| match self.scopes.get(name) {
            Some(Binding::Variable(variable)) => Some(self.resolved(&variable.of)),
            _ => None,
        });
        let types = types.collect();
        self.scopes.leave();
        self.body.truncate(written);
        self.forget(noted);
        self.declare_again(declared);
        self.share_again(shared);
        types
    }

    /// Hoisted variables are ones like others behind their loop.
    pub(crate) fn settle(&mut self, hoisted: &[String]) {
        for name in hoisted {
            if let Some(Binding::Variable(variable)) = self.scopes.get(name) {
                self.scopes.rebind(name, Binding::Variable(Variable { is_pending: false, ..variable }));
            }
        }
    }

    /// `for x, y in dataset:` and `for step, (x, y) in enumerate(dataset):`
    pub(crate) fn loop_over_dataset(&mut self, each: &'a StmtFor) -> Ported<bool> {
        let (over, counter, target) = match (&*each.iter, &*each.target) {
            (Expr::Call(call), Expr::Tuple(pair))
                if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "enumerate")
                    && call.arguments.args.len() == 1
                    && pair.elts.len() == 2 =>
            {
                (&call.arguments.args[0], Some(&pair.elts[0]), &pair.elts[1])
            }
            (over, target) => (over, None, target),
        };
        let is_dataset = |program: &mut Self| {
            let is_one = |of: &Type| matches!(of, Type::Dataset(..) | Type::Folder(..) | Type::Flow(_));
            program.expression(over).ok().filter(|value| is_one(&value.of))
        };
        let written = self.body.len();
        let Some(dataset) = is_dataset(self) else {
            self.body.truncate(written);
            return Ok(false);
        };
        let whole = dataset.at(Strength::Whole);
        // A flow of images has no end.
        let (parts, iter) = match &dataset.of {
            Type::Dataset(x, y) | Type::Folder(x, y) => {
                (crate::keras::datasets::Parts::new(x, y), format!("{whole}.iter()?"))
            }
            Type::Flow(y) => (crate::keras::datasets::Parts::new(&Type::Floats, y), format!("{whole}.endless()")),
            _ => return Ok(false),
        };
        let hoisted = self.hoisted_in_dataset(each, target, &parts);
        let batch = if target.is_name_expr() { "batch".to_string() } else { self.free_name("batch") };
        self.scopes.enter();
        match counter {
            Some(counter) => {
                let element = crate::python::iteration::Element::One(Type::Int, Form::Place);
                let pattern = match self.element_pattern(counter, &element) {
                    Ok(pattern) => pattern,
                    Err(missing) => {
                        self.scopes.leave();
                        return Err(missing);
                    }
                };
                self.line(&format!("for ({pattern}, {batch}) in {iter}.enumerate() {{"));
            }
            None => self.line(&format!("for {batch} in {iter} {{")),
        }
        self.depth += 1;
        self.line(&format!("let {batch} = {batch}?;"));
        let bound = self.bind_batch(target, &parts, &batch);
        if bound.is_ok() {
            self.block(&each.body);
        }
        self.depth -= 1;
        self.scopes.leave_block(self.source.line(each.range.end()));
        bound?;
        self.line("}");
        self.settle(&hoisted);
        Ok(true)
    }

    /// As [`hoisted`](Self::hoisted), with the variables of a batch.
    pub(crate) fn hoisted_in_dataset(
        &mut self,
        each: &'a StmtFor,
        target: &'a Expr,
        parts: &crate::keras::datasets::Parts,
    ) -> Vec<String> {
        let written = self.body.len();
        self.scopes.enter();
        let bound = self.bind_batch(target, parts, "batch");
        self.body.truncate(written);
        if bound.is_ok() {
            self.find_maybe(&each.body);
        }
        let hoisted = match bound {
            Ok(()) => self.hoisted(&each.body, each.range.end(), false),
            Err(_) => Vec::new(),
        };
        self.scopes.leave();
        hoisted
    }

    pub(crate) fn nested(&mut self, body: &'a [Stmt]) {
        self.scopes.enter();
        self.depth += 1;
        let is_over = self.is_over;
        self.block(body);
        self.is_over = is_over;
        self.depth -= 1;
        let line = body.last().map_or(0, |last| self.source.line(last.range().end()));
        self.scopes.leave_block(line);
    }
}
