//! A Sequential of a list that is computed, and of layers of the script.

use crate::arguments::{Named, find, only};
use crate::classes::Kind;
use crate::program::Program;
use crate::value::{Form, ModelType, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::Expr;

impl<'a> Program<'a> {
    pub(crate) fn is_layer_of_layers(&self, of: &Type) -> bool {
        self.kind_of(of) == Some(Kind::Layer)
    }

    /// `keras.Sequential([Block(units) for _ in range(depth)])`
    pub(crate) fn sequential_of_list(&mut self, list: &'a Expr, named: &Named<'a>) -> Ported<Value> {
        let missing =
            || Missing::new("the layers of a Sequential in a variable").help("write the list out where it is used");
        let input = self.input_of_list(list)?;
        let value = self.expression(list)?;
        let Type::List(of) = self.resolved(&value.of) else { return Err(missing()) };
        let layer = match &*of {
            Type::Instance(class) if self.is_layer_of_layers(&of) => {
                self.becomes_model(class)?;
                "layer.model()"
            }
            Type::Layer(class) => {
                self.run_own_layer(class, true)?;
                "layer"
            }
            Type::Model(_) => "layer",
            _ => return Err(missing()),
        };
        let collected = of.in_rust().map(|of| format!(".collect::<Vec<{of}>>()")).unwrap_or_default();
        let all = value.at(Strength::Whole);
        let each = match (value.form, all.strip_suffix(&collected)) {
            (Form::Temporary, Some(each)) => each.to_string(),
            (Form::Temporary, None) => format!("{all}.into_iter()"),
            _ => format!("{all}.iter().cloned()"),
        };
        let layers = format!("{each}.flat_map(|layer| layers![{layer}])");
        let layers = input.map_or(layers.clone(), |input| format!("layers![{input}].into_iter().chain({layers})"));
        let mut text = format!("Sequential::new({layers}.collect())");
        if let Some(name) = find(named, "name") {
            text.push_str(&format!(".name({})", self.argument(name, "impl Into<String>", "name")?));
        }
        only(named, &["layers", "name"])?;
        Ok(Value::temporary(text, Type::Model(ModelType { is_sequential: true, ..ModelType::default() })))
    }

    /// That a layer of layers is used as one layer: the model of its `call`.
    pub(crate) fn becomes_model(&mut self, class: &str) -> Ported<()> {
        let number = self.class_number(class)?;
        self.write_call_of_model(number)?;
        self.classes[number].makes_model = true;
        Ok(())
    }
}
