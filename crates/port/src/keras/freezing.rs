//! Layers that are frozen: here from the next `compile` on, in Keras 3 at once.

use crate::program::Program;
use crate::{Missing, Ported};
use hashbrown::HashSet;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextSize};

/// Methods that train.
const TRAINING: &[&str] = &["fit", "fit_generator", "train_on_batch"];

/// What a script does behind a place.
struct Behind<'a> {
    place: TextSize,
    compiled: HashSet<&'a str>,
    trained: HashSet<&'a str>,
    set: HashSet<&'a str>,
}

impl<'a> Visitor<'a> for Behind<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Assign(assign) = statement
            && let [Expr::Attribute(target)] = &assign.targets[..]
            && assign.range.start() > self.place
            && target.attr.as_str() == "trainable"
        {
            self.set.insert(name_of(&target.value));
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression
            && let Expr::Attribute(method) = &*call.func
            && expression.range().start() > self.place
        {
            match method.attr.as_str() {
                "compile" => _ = self.compiled.insert(name_of(&method.value)),
                name if TRAINING.contains(&name) => _ = self.trained.insert(name_of(&method.value)),
                _ => {}
            }
        }
        walk_expr(self, expression);
    }
}

/// `discriminator`, also of `self.discriminator`.
pub(crate) fn name_of(model: &Expr) -> &str {
    match model {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => "",
    }
}

impl<'a> Program<'a> {
    /// An error if a model is compiled, then `trainable` of a model or layer changes for good, and then the model is trained without another
    /// `compile`: Keras 2 trains what was trainable when it was compiled, Keras 3 what is trainable now.
    pub(crate) fn check_freezing(&self, target: &'a Expr) -> Ported<()> {
        if self.is_toggled(target) {
            return Ok(());
        }
        let mut behind = Behind {
            place: target.range().start(),
            compiled: HashSet::new(),
            trained: HashSet::new(),
            set: HashSet::new(),
        };
        behind.visit_body(self.source.statements());
        if behind.set.contains(name_of(target)) {
            return Ok(());
        }
        let is_other = |model: &&&str| behind.trained.contains(**model) && !behind.compiled.contains(**model);
        match self.compiled.iter().find(is_other) {
            None => Ok(()),
            Some(model) => Err(Missing::new(format!("trainable changes behind the compile of {model}, which is trained then"))
                .help(format!(
                    "Keras 2 trains what was trainable before, Keras 3 what is then: compile {model} again, or set trainable before each step"
                ))),
        }
    }
}
