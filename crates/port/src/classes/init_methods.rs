//! Methods that `__init__` calls: functions of the type in Rust, where there is no object yet. They take the attributes that they read.

use crate::program::Program;
use crate::python::functions::{Definition, Receiver, passed};
use crate::value::{Binding, Form, Type, Value, Variable};
use crate::{Missing, Ported};
use ruff_python_ast::StmtFunctionDef;

impl<'a> Program<'a> {
    /// `self.build_generator()` in `__init__`: `Self::build_generator(latent_dim)`.
    pub(crate) fn call_of_init(
        &mut self,
        number: usize,
        definition: &'a StmtFunctionDef,
        values: &[Value],
    ) -> Ported<Value> {
        let name = definition.name.as_str();
        if self.changes_self(definition) {
            return Err(Missing::new(format!("{name}, which __init__ calls, sets attributes"))
                .help("set them in __init__, to what the method returns"));
        }
        let types: Vec<Type> = values.iter().map(|value| value.of.clone()).collect();
        let in_rust = |types: &[Type]| types.iter().map(Type::in_rust).collect::<Vec<_>>();
        let same: Vec<_> = self.classes[number].of_init.iter().filter(|(own, ..)| own == name).collect();
        let known = same.iter().find(|(_, before, ..)| in_rust(before) == in_rust(&types));
        let written = match known {
            Some((_, _, written, _)) => written.clone(),
            None => {
                let version = same.len() + self.methods_with_name(number, name);
                let mut rust_name = crate::script::names::in_snake_case(name);
                if version > 0 {
                    rust_name.push_str(&format!("_{}", version + 1));
                }
                self.write_method_of_init(number, definition, types, rust_name)?
            }
        };
        let mut arguments = passed(values, &[]);
        arguments.extend(self.passed_captures(&written)?);
        Ok(written.called(&arguments))
    }

    fn write_method_of_init(
        &mut self,
        number: usize,
        definition: &'a StmtFunctionDef,
        types: Vec<Type>,
        rust_name: String,
    ) -> Ported<crate::python::functions::Written> {
        let name = definition.name.to_string();
        if self.methods_being_written.contains(&name) {
            return Err(Missing::new(format!("{name} calls itself")));
        }
        let of = Type::Instance(self.classes[number].rust_name.clone());
        let receiver = Variable { rust_name: "self".into(), of, form: Form::Reference, is_pending: false };
        self.methods_being_written.push(name.clone());
        // The attributes are variables of `__init__`, which the method takes.
        let body = self.body_of(Definition::Def(definition), Receiver::Object(receiver), &types, self.scopes.depth());
        self.methods_being_written.pop();
        let body = body?;
        let own = self.scopes.hide(self.classes[number].depth());
        let is_of_init = |captured: &crate::python::functions::Captured| {
            !captured.name().starts_with("self.")
                && !matches!(self.scopes.get(captured.name()), Some(Binding::Variable(_)))
        };
        let foreign =
            body.captured.iter().find(|captured| is_of_init(captured)).map(|captured| captured.name().to_string());
        self.scopes.restore(own);
        if let Some(foreign) = foreign {
            return Err(Missing::new(format!("{name} uses {foreign}, which is another variable in __init__")));
        }
        let text = format!(
            "fn {rust_name}({}){} {{\n{}\n}}",
            body.parameters.join(", "),
            body.result,
            body.lines.join("\n").trim_matches('\n')
        );
        let rust_name = format!("Self::{rust_name}");
        let written =
            crate::python::functions::Written::of_method(rust_name, body.captured, body.returns, body.is_fallible);
        self.classes[number].of_init.push((name, types, written.clone(), text));
        Ok(written)
    }
}
