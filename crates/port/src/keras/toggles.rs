//! Models that are frozen and thawed around their steps, as in a GAN: what `compile` has fixed here is then what Keras 3 trains.

use crate::keras::freezing::name_of;
use crate::program::Program;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextSize};

/// Methods that train.
const TRAINING: &[&str] = &["fit", "fit_generator", "train_on_batch"];

/// What a script does with a model and the others, in its order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Sets(bool),
    Compiles,
    Trains,
    CompilesAnother,
    TrainsAnother,
}

struct Events<'n> {
    model: &'n str,
    found: Vec<(TextSize, Event)>,
    is_clear: bool,
}

impl<'a> Visitor<'a> for Events<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::Assign(assign) = statement
            && let [Expr::Attribute(target)] = &assign.targets[..]
            && target.attr.as_str() == "trainable"
        {
            match (name_of(&target.value) == self.model, &*assign.value) {
                (true, Expr::BooleanLiteral(value)) => {
                    self.found.push((assign.range.start(), Event::Sets(value.value)))
                }
                // What its layers are is not followed.
                _ => self.is_clear = false,
            }
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression
            && let Expr::Attribute(method) = &*call.func
        {
            let is_own = name_of(&method.value) == self.model;
            let event = match (method.attr.as_str(), is_own) {
                ("compile", true) => Some(Event::Compiles),
                ("compile", false) => Some(Event::CompilesAnother),
                (name, true) if TRAINING.contains(&name) => Some(Event::Trains),
                (name, false) if TRAINING.contains(&name) => Some(Event::TrainsAnother),
                _ => None,
            };
            self.found.extend(event.map(|event| (expression.range().start(), event)));
        }
        walk_expr(self, expression);
    }
}

impl Program<'_> {
    /// Whether a model is compiled and trained when it is trainable, and others are compiled behind it and trained when it is not.
    pub(crate) fn is_toggled(&self, model: &Expr) -> bool {
        let mut events = Events { model: name_of(model), found: Vec::new(), is_clear: !name_of(model).is_empty() };
        events.visit_body(self.source.statements());
        events.found.sort_by_key(|(place, _)| *place);
        let is_trained = events.found.iter().any(|(_, event)| *event == Event::Trains);
        let (mut is_trainable, mut is_compiled, mut is_right) = (true, false, events.is_clear && is_trained);
        for (_, event) in events.found {
            match event {
                Event::Sets(value) => is_trainable = value,
                Event::Compiles => {
                    is_right &= is_trainable && !is_compiled;
                    is_compiled = true;
                }
                Event::Trains => is_right &= is_trainable,
                Event::CompilesAnother if !is_compiled => {}
                Event::CompilesAnother | Event::TrainsAnother => is_right &= !is_trainable,
            }
        }
        is_right && is_compiled
    }
}
