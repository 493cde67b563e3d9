//! Errors: `raise`, `assert`, and `try` with a handler of all errors, or of such that cannot happen here.

use crate::program::Program;
use crate::value::{Binding, Form, Type, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{
    ExceptHandler, ExceptHandlerExceptHandler, Expr, ExprContext, Operator, Stmt, StmtAssert, StmtRaise, StmtTry,
};
use ruff_text_size::Ranged;

/// Errors that Python has, and this program has not.
const NEVER: &[&str] = &["ImportError", "ModuleNotFoundError", "KeyboardInterrupt", "MemoryError", "RecursionError"];

impl<'a> Program<'a> {
    /// `raise ValueError("text")`, which ends the program.
    pub(crate) fn raise(&mut self, raise: &'a StmtRaise) -> Ported<()> {
        let (name, message) = match raise.exc.as_deref() {
            Some(Expr::Call(call)) => (&*call.func, call.arguments.args.first()),
            Some(name) => (name, None),
            None => return Err(Missing::new("raise of an error that was caught")),
        };
        let Expr::Name(name) = name else { return Err(Missing::new("raise of this")) };
        if matches!(name.id.as_str(), "StopIteration" | "SystemExit" | "KeyboardInterrupt") {
            return Err(Missing::new(format!("raise {}", name.id)));
        }
        let text = match message {
            None => format!("{:?}", name.id.as_str()),
            Some(Expr::StringLiteral(text)) => format!("{:?}", text.value.to_str()),
            Some(message) => {
                let value = self.expression(message)?;
                match value.of.is_text() {
                    true => value.text,
                    false => format!("format!({})", self.shown_alone(&value)?),
                }
            }
        };
        self.line(&format!("return Err(Error::new({text}));"));
        Ok(())
    }

    /// `assert test, message`
    pub(crate) fn assertion(&mut self, assert: &'a StmtAssert) -> Ported<()> {
        let test = self.condition(&assert.test)?;
        let message = match assert.msg.as_deref() {
            None => String::new(),
            Some(message) => {
                let value = self.expression(message)?;
                format!(", {}", self.shown_alone(&value)?)
            }
        };
        // What is known is not asked.
        if test != "true" {
            self.line(&format!("assert!({test}{message});"));
        }
        Ok(())
    }

    pub(crate) fn attempt(&mut self, attempt: &'a StmtTry) -> Ported<()> {
        // Imports of one version or another: the first ones are taken.
        let is_import = |one: &Stmt| matches!(one, Stmt::Import(_) | Stmt::ImportFrom(_));
        let are_imports = attempt.body.iter().all(is_import);
        let handled_alike = attempt.handlers.iter().all(|handler| is_never(self, handler));
        if !are_imports && !handled_alike {
            return self.handled(attempt);
        }
        self.last_line_is(self.source.line(attempt.range.start()));
        self.block(&attempt.body);
        self.block(&attempt.orelse);
        if let Some(last) = attempt.handlers.last() {
            self.last_of(last.range());
        }
        self.block(&attempt.finalbody);
        self.last_of(attempt.range);
        Ok(())
    }

    /// `try` with a handler of all errors: what is tried is a closure, whose errors the handler sees.
    fn handled(&mut self, attempt: &'a StmtTry) -> Ported<()> {
        let missing = |what: &str| Missing::new(what).help("errors end the program: leave the handlers out");
        let [ExceptHandler::ExceptHandler(handler)] = &attempt.handlers[..] else {
            return Err(missing("try with several handlers"));
        };
        let is_of_all = match handler.type_.as_deref() {
            None => true,
            Some(Expr::Name(name)) => {
                matches!(name.id.as_str(), "Exception" | "BaseException") && self.scopes.get(&name.id).is_none()
            }
            Some(_) => false,
        };
        if !is_of_all {
            return Err(missing("try with a handler of some errors: which they are here is not known"));
        }
        let name = handler.name.as_ref().map(|name| name.as_str());
        let mut tried = Tried { shows_errors: false, name, calls: false, other: None, program: self };
        handler.body.iter().for_each(|statement| tried.visit_stmt(statement));
        let shows_errors = tried.shows_errors;
        tried.calls = false;
        tried.other = None;
        attempt.body.iter().for_each(|statement| tried.visit_stmt(statement));
        let (calls, other) = (tried.calls, tried.other);
        if let Some(other) = other {
            return Err(missing(&format!("{other} under try")));
        }
        // Lines that are not ported are errors too, which must be seen.
        if calls && !shows_errors {
            return Err(missing("a function of the script under a try that does not show the error"));
        }
        if self.goes_on_without_image(&attempt.body) {
            return Err(missing("cv2.imread under try, which is no error in Python"));
        }
        let noted = self.noted();
        let failed = self.free_name("result");
        self.line(&format!("let {failed} = (|| -> Result<()> {{"));
        self.nested(&attempt.body);
        self.line("    Ok(())");
        self.line("})();");
        // The handler shows lines that are not ported as well, if they are in functions that are called here.
        let range = attempt.range;
        if self.noted().0 > noted.0 && !(shows_errors && self.gaps_are_elsewhere(noted.0, range)) {
            self.forget(noted);
            return Err(missing("try of what is not ported in part"));
        }
        let error = if shows_errors { self.rust_name(name.unwrap_or("error")) } else { "_".to_string() };
        let is_pass = handler.body.iter().all(Stmt::is_pass_stmt);
        match (is_pass, attempt.orelse.is_empty()) {
            (true, true) => self.line(&format!("{failed}.ok();")),
            (true, false) => {
                self.line(&format!("if {failed}.is_ok() {{"));
                self.nested(&attempt.orelse);
                self.line("}");
            }
            (false, _) => {
                match error.as_str() {
                    "_" => self.line(&format!("if {failed}.is_err() {{")),
                    error => self.line(&format!("if let Err({error}) = {failed} {{")),
                }
                self.handler(handler, &error);
                if !attempt.orelse.is_empty() {
                    self.line("} else {");
                    self.nested(&attempt.orelse);
                }
                self.line("}");
            }
        }
        self.last_of(handler.range);
        self.block(&attempt.finalbody);
        self.last_of(attempt.range);
        Ok(())
    }

    /// The body of a handler, in which the error has a name.
    fn handler(&mut self, handler: &'a ExceptHandlerExceptHandler, error: &str) {
        let name = handler.name.as_ref().map(|name| name.as_str()).filter(|_| error != "_");
        self.scopes.enter();
        if let Some(name) = name {
            let (rust_name, of) = (error.to_string(), Type::Object(ERROR.into()));
            let variable = Variable { rust_name, of, form: Form::Place, is_pending: false };
            self.scopes.bind(name, Binding::Variable(variable));
        }
        self.nested(&handler.body);
        self.scopes.leave_block(self.source.line(handler.range.end()));
    }
}

/// The type of an error that a handler names.
pub(crate) const ERROR: &str = "Error";

/// What a closure that is tried cannot have.
struct Tried<'p, 'a> {
    name: Option<&'p str>,
    shows_errors: bool,
    calls: bool,
    other: Option<&'static str>,
    program: &'p Program<'a>,
}

impl<'a> Visitor<'a> for Tried<'_, '_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Return(_) => self.other = Some("return"),
            Stmt::Break(_) | Stmt::Continue(_) => self.other = Some("break or continue"),
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => self.shows_errors |= self.name == Some(name.id.as_str()),
            // Rust panics where there is no such element, or a divisor is 0.
            Expr::Subscript(subscript) if subscript.ctx == ExprContext::Load => self.other = Some("an element"),
            Expr::BinOp(binary)
                if matches!(binary.op, Operator::Div | Operator::FloorDiv | Operator::Mod)
                    && !binary.right.is_number_literal_expr()
                    && !binary.left.is_string_literal_expr() =>
            {
                self.other = Some("a division");
            }
            Expr::Yield(_) | Expr::YieldFrom(_) => self.other = Some("yield"),
            Expr::Call(call) => {
                self.calls |= match &*call.func {
                    Expr::Name(name) => matches!(
                        self.program.scopes.get(&name.id),
                        Some(Binding::Function(_) | Binding::Class(_) | Binding::Variable(_))
                    ),
                    Expr::Attribute(method) => self.program.has_method(method.attr.as_str()),
                    _ => true,
                };
            }
            _ => {}
        }
        walk_expr(self, expression);
    }
}

/// Whether a handler is for errors that this program does not have.
fn is_never(program: &Program<'_>, handler: &ExceptHandler) -> bool {
    let ExceptHandler::ExceptHandler(handler) = handler;
    let is_known = |name: &Expr| match name {
        Expr::Name(name) => program.scopes.get(&name.id).is_none() && NEVER.contains(&name.id.as_str()),
        _ => false,
    };
    match handler.type_.as_deref() {
        None => false,
        Some(Expr::Tuple(names)) => names.elts.iter().all(is_known),
        Some(name) => is_known(name),
    }
}
