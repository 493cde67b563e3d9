//! Layers that are frozen: here from the next `compile` on, in Keras 3 at once.

use crate::program::Program;
use crate::value::{Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextSize};

/// Methods that train.
const TRAINING: &[&str] = &["fit", "fit_generator", "train_on_batch"];

/// What a script does with a model behind a place.
struct Behind<'n> {
    model: &'n str,
    place: TextSize,
    compiles: bool,
    trains: bool,
    sets_trainable: bool,
}

impl<'a> Visitor<'a> for Behind<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Assign(assign) = statement
            && let [Expr::Attribute(target)] = &assign.targets[..]
            && assign.range.start() > self.place
        {
            self.sets_trainable |= target.attr.as_str() == "trainable" && name_of(&target.value) == self.model;
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression
            && let Expr::Attribute(method) = &*call.func
            && expression.range().start() > self.place
            && name_of(&method.value) == self.model
        {
            self.compiles |= method.attr.as_str() == "compile";
            self.trains |= TRAINING.contains(&method.attr.as_str());
        }
        walk_expr(self, expression);
    }
}

/// `discriminator`, also of `self.discriminator`.
fn name_of(model: &Expr) -> &str {
    match model {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => "",
    }
}

impl Program<'_> {
    /// An error if a compiled model is frozen and trained on, without `compile` or another `trainable`: Keras 2 trains what it was compiled
    /// with, Keras 3 does not.
    pub(crate) fn check_freezing(&self, model: &Value, target: &Expr) -> Ported<()> {
        let Type::Model(of) = &model.of else { return Ok(()) };
        let name = name_of(target);
        if !of.is_compiled || name.is_empty() {
            return Ok(());
        }
        let (place, model) = (target.range().start(), name);
        let mut behind = Behind { model, place, compiles: false, trains: false, sets_trainable: false };
        behind.visit_body(self.source.statements());
        match behind.trains && !behind.compiles && !behind.sets_trainable {
            true => Err(Missing::new(format!("{name} is frozen behind compile, and trained")).help(format!(
                "Keras 2 trains it, Keras 3 does not: set {name}.trainable before each step, or compile it again"
            ))),
            false => Ok(()),
        }
    }
}
