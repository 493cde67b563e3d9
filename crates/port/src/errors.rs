//! Errors: `raise`, `assert`, and `try` where what it catches cannot happen here, or is known before.

use crate::program::Program;
use crate::{Missing, Ported};
use ruff_python_ast::{ExceptHandler, Expr, Stmt, StmtAssert, StmtRaise, StmtTry};
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
            return Err(Missing::new("try").help("errors end the program: leave the handlers out"));
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
