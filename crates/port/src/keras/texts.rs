//! Layers that learn from data before they are used, `TextVectorization` above all, and arrays of texts.

use crate::arguments::{named_as, needed, no_words, only};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// Layers whose inputs may be texts.
const OF_TEXTS: &[&str] = &["TextVectorization", "StringLookup", "Hashing"];

impl<'a> Program<'a> {
    /// `adapt`, `get_vocabulary` and their kin; `None` for other methods and layers.
    pub(crate) fn method_of_adapted(
        &mut self,
        of: &Value,
        class: &str,
        name: &str,
        call: &'a ExprCall,
    ) -> Ported<Option<Value>> {
        let whole = of.at(Strength::Whole);
        let is_vocabulary = matches!(class, "TextVectorization" | "StringLookup" | "IntegerLookup");
        let is_adapted = is_vocabulary || matches!(class, "Normalization" | "Discretization");
        Ok(Some(match name {
            "adapt" if is_adapted => {
                // In which batches it is read changes nothing.
                let given = named_as(call, &["data", "batch_size", "steps"])?;
                only(&given, &["data", "batch_size"])?;
                let data = self.expression(needed(&given, "data")?)?;
                let data = self.adapted_to(class, &data)?;
                Value::temporary(format!("{whole}.adapt({data})?"), Type::None)
            }
            "get_vocabulary" if is_vocabulary && class != "IntegerLookup" => {
                only(&named_as(call, &[])?, &[])?;
                Value::temporary(format!("{whole}.get_vocabulary()?"), Type::List(Box::new(Type::String)))
            }
            "vocabulary_size" if is_vocabulary => {
                no_words(call)?;
                Value::temporary(format!("{whole}.vocabulary_size()?"), Type::Int)
            }
            "set_vocabulary" if is_vocabulary && class != "IntegerLookup" => {
                let given = named_as(call, &["vocabulary"])?;
                let words = self.expression(needed(&given, "vocabulary")?)?;
                match &words.of {
                    Type::List(of) if of.is_text() => {
                        Value::temporary(format!("{whole}.set_vocabulary({})?", self.owned(words)?.text), Type::None)
                    }
                    of => return Err(Missing::new(format!("a vocabulary that is {}", of.described()))),
                }
            }
            _ => return Ok(None),
        }))
    }

    fn adapted_to(&mut self, class: &str, data: &Value) -> Ported<String> {
        let data = &crate::numpy::text_arrays::as_list(data.clone());
        match (&data.of, class) {
            (Type::Dataset(..) | Type::Folder(..), _) => Ok(data.borrowed()),
            (Type::List(of), "TextVectorization") if of.is_text() => Ok(data.borrowed()),
            (Type::List(of), "StringLookup") if of.is_text() => Ok(data.borrowed()),
            (of, "TextVectorization" | "StringLookup") if crate::pandas::is_column(of) => Ok(data.borrowed()),
            (_, "TextVectorization" | "StringLookup") => {
                Err(Missing::new(format!("{class} is adapted to {}", data.of.described())))
            }
            _ => match crate::pandas::data(data) {
                Some(text) => Ok(text),
                None => Ok(self.tensor(data)?.borrowed()),
            },
        }
    }

    /// A layer of texts on texts; `None` if it is not that.
    pub(crate) fn call_on_texts(&mut self, layer: &Value, call: &'a ExprCall) -> Ported<Option<Value>> {
        let Type::Layer(class) = &layer.of else { return Ok(None) };
        let [input] = &call.arguments.args[..] else { return Ok(None) };
        if !OF_TEXTS.contains(&class.as_str()) {
            return Ok(None);
        }
        let input = self.expression(input)?;
        let is_texts = |of: &Type| matches!(of, Type::List(of) if of.is_text());
        let text = match &input.of {
            Type::Texts => input.borrowed(),
            Type::TextArray(_) => {
                self.import("data::ToTensor");
                format!("{}.to_tensor()?", input.at(Strength::Whole))
            }
            of if is_texts(of) => {
                self.import("data::ToTensor");
                format!("{}.to_tensor()?", input.at(Strength::Whole))
            }
            // Rows of one text each are the texts.
            Type::List(of) if is_texts(of) => {
                let rows = input.items.as_deref().unwrap_or_default().iter();
                let texts =
                    rows.map(|row| row.items.as_deref().filter(|row| row.len() == 1).map(|row| row[0].text.clone()));
                let texts = texts.collect::<Option<Vec<_>>>().filter(|texts| !texts.is_empty());
                let texts = texts.ok_or_else(|| Missing::new("a layer of texts called on this list"))?;
                self.import("data::ToTensor");
                format!("[{}].to_tensor()?", texts.join(", "))
            }
            _ => return Ok(None),
        };
        Ok(Some(Value::temporary(format!("{}.call({text})?", layer.at(Strength::Whole)), Type::Array)))
    }

    /// A function of tensors on texts: an axis more or less is the same to the layers that take them; `None` if it has no texts.
    pub(crate) fn operation_on_texts(&mut self, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        if !matches!(name, "expand_dims" | "squeeze") {
            return Ok(None);
        }
        let Some(Expr::Name(of)) = call.arguments.args.first() else { return Ok(None) };
        let value = self.name(&of.id)?;
        Ok((value.of == Type::Texts).then(|| Value { form: Form::Reference, text: value.borrowed(), ..value }))
    }
}
