//! The order of the weights of layers of layers: Keras has them as `__init__` sets the sublayers, this project as `call` calls them.

use crate::classes::Kind;
use crate::program::Program;
use crate::value::{Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, Stmt, StmtClassDef};

impl Program<'_> {
    /// Refuses the weights of a model in which a layer of layers calls its sublayers in another order than it sets them.
    pub(crate) fn check_weight_order(&self, model: &Value) -> Ported<()> {
        let has_groups = matches!(&model.of, Type::Model(of) if of.has_groups);
        let differs =
            || self.classes.iter().any(|class| class.kind == Kind::Layer && is_out_of_order(class.definition));
        match has_groups && differs() {
            true => {
                Err(Missing::new("the weights of a layer that calls its sublayers in another order than it sets them")
                    .help("set the sublayers in __init__ in the order in which call calls them"))
            }
            false => Ok(()),
        }
    }
}

/// Whether `call` uses the attributes in another order than `__init__` sets them.
fn is_out_of_order(class: &StmtClassDef) -> bool {
    let method = |name: &str| {
        let methods = class.body.iter().filter_map(Stmt::as_function_def_stmt);
        methods.into_iter().find(|method| method.name.as_str() == name).map(|method| &method.body)
    };
    let (Some(init), Some(call)) = (method("__init__"), method("call")) else { return false };
    let (mut set, mut called) = (Attributes::default(), Attributes::default());
    set.is_set = true;
    set.visit_body(init);
    called.visit_body(call);
    let places = called.names.iter().filter_map(|name| set.names.iter().position(|own| own == name));
    !places.collect::<Vec<_>>().is_sorted()
}

/// The attributes of `self`, each where it is first set, or first computed with.
#[derive(Debug, Default)]
struct Attributes<'a> {
    is_set: bool,
    names: Vec<&'a str>,
}

impl<'a> Attributes<'a> {
    fn note(&mut self, expression: &'a Expr) {
        if let Expr::Attribute(attribute) = expression
            && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "self")
            && !self.names.contains(&attribute.attr.as_str())
        {
            self.names.push(attribute.attr.as_str());
        }
    }
}

impl<'a> Visitor<'a> for Attributes<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let (true, Stmt::Assign(assign)) = (self.is_set, statement) {
            assign.targets.iter().for_each(|target| self.note(target));
        }
        ruff_python_ast::visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        // What is called is so behind its arguments.
        walk_expr(self, expression);
        if let (false, Expr::Call(call)) = (self.is_set, expression) {
            self.note(&call.func);
        }
        if let (false, Expr::Subscript(subscript)) = (self.is_set, expression) {
            self.note(&subscript.value);
        }
    }
}
