//! Inputs by their names: `dict(dataframe)`, a dict that is made of a sample, and datasets of them.

use crate::arguments::no_words;
use crate::pandas::{TABLE, is, is_column};
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall, ExprDictComp};

/// The inputs of a batch: the text of Rust is that of the batch.
const OF_BATCH: &str = "inputs::of_batch";
/// A table whose columns are inputs.
const OF_TABLE: &str = "inputs::of_table";

/// What an element of a dataset has then as its inputs.
pub(crate) fn of_batch() -> Type {
    Type::Object(OF_BATCH.into())
}

pub(crate) fn is_of_batch(of: &Type) -> bool {
    is(of, OF_BATCH)
}

/// Inputs by their names as a model takes them, in batches as Keras makes them.
pub(crate) fn data(value: &Value) -> Option<String> {
    is(&value.of, OF_TABLE).then(|| format!("&{}.inputs()?.batch(32)", value.at(Strength::Whole)))
}

impl<'a> Program<'a> {
    /// `dict(dataframe)`; `None` if it is something else.
    pub(crate) fn dict_of_table(&mut self, name: &str, call: &'a ExprCall) -> Ported<Option<Value>> {
        let ("dict", [of @ Expr::Name(_)]) = (name, &call.arguments.args[..]) else { return Ok(None) };
        no_words(call)?;
        let table = self.expression(of)?;
        Ok(is(&table.of, TABLE).then(|| Value { of: Type::Object(OF_TABLE.into()), ..table }))
    }

    /// The inputs of a model by their names: a dict of symbolic tensors; `None` if they are something else.
    pub(crate) fn dict_of_inputs(&mut self, inputs: &'a Expr) -> Ported<Option<String>> {
        if !matches!(inputs, Expr::Name(_) | Expr::Dict(_) | Expr::DictComp(_) | Expr::Call(_) | Expr::Attribute(_)) {
            return Ok(None);
        }
        let value = self.expression(inputs)?;
        let Type::Dict(key, of) = self.resolved(&value.of) else { return Ok(None) };
        if !key.is_text() || *of != Type::Symbolic {
            return Ok(None);
        }
        let written_out = value.text.strip_prefix("IndexMap::from(").and_then(|text| text.strip_suffix(')'));
        Ok(Some(written_out.map_or_else(|| value.borrowed(), str::to_string)))
    }

    /// `from_tensor_slices((dict(dataframe), labels))`, and without labels; `None` if it is something else.
    pub(crate) fn dataset_of_table(&mut self, x: &'a Expr, y: Option<&'a Expr>) -> Ported<Option<Value>> {
        let Expr::Call(_) = x else { return Ok(None) };
        let x = self.expression(x)?;
        if !is(&x.of, OF_TABLE) {
            return Ok(None);
        }
        let table = x.at(Strength::Whole);
        let inputs = Box::new(of_batch());
        let Some(y) = y else {
            return Ok(Some(Value::temporary(format!("{table}.inputs()?"), Type::Dataset(inputs, None))));
        };
        let y = self.expression(y)?;
        let text = match &y.of {
            of if is_column(of) => format!("{table}.dataset({})?", y.borrowed()),
            of if of.is_array() => {
                self.import("data::ToColumn");
                format!("{table}.dataset(&{}.to_column()?)?", y.at(Strength::Whole))
            }
            of => return Err(Missing::new(format!("{} as labels of a DataFrame", of.described()))),
        };
        Ok(Some(Value::temporary(text, Type::Dataset(inputs, Some(Box::new(Type::Array))))))
    }

    /// `x["age"]` of the inputs of a batch.
    pub(crate) fn named_input(&mut self, of: &Value, name: &'a Expr) -> Ported<Option<Value>> {
        if !is_of_batch(&of.of) {
            return Ok(None);
        }
        let name = self.expression(name)?;
        if !name.of.is_text() {
            return Err(Missing::new(format!("an input by {}", name.of.described())));
        }
        let text = format!("{}.input({})?", of.at(Strength::Whole), name.borrowed());
        Ok(Some(Value::new(text, Type::Array, Strength::Whole, Form::Reference)))
    }

    /// `{name: tf.convert_to_tensor([value]) for name, value in sample.items()}`, of a dict that is written out: a table of one row; `None` if it
    /// is something else.
    pub(crate) fn sample_of_dict(&mut self, made: &'a ExprDictComp) -> Ported<Option<Value>> {
        let [each] = &made.generators[..] else { return Ok(None) };
        let (Expr::Call(items), Expr::Tuple(pair)) = (&each.iter, &each.target) else { return Ok(None) };
        let (Expr::Attribute(items), [Expr::Name(name), Expr::Name(value)]) = (&*items.func, &pair.elts[..]) else {
            return Ok(None);
        };
        let Expr::Name(dict) = &*items.value else { return Ok(None) };
        let is_name = |of: &Expr, own: &str| matches!(of, Expr::Name(name) if name.id.as_str() == own);
        let Some(dict) = self.known.literals.get(dict.id.as_str()).copied().filter(|_| items.attr.as_str() == "items")
        else {
            return Ok(None);
        };
        let is_same_key = made.key.as_deref().is_some_and(|key| is_name(key, &name.id));
        let is_row = match &*made.value {
            Expr::Call(call) => {
                let function = self.path_of(&call.func);
                let is_array = function.is_some_and(|path| {
                    matches!(
                        path.as_str(),
                        "tensorflow.convert_to_tensor"
                            | "keras.ops.convert_to_tensor"
                            | "numpy.array"
                            | "tensorflow.constant"
                    )
                });
                let is_list = matches!(&call.arguments.args[..], [Expr::List(list)] if matches!(&list.elts[..], [one] if is_name(one, &value.id)));
                is_array && is_list && call.arguments.keywords.is_empty()
            }
            _ => false,
        };
        if !is_same_key || !is_row || !each.ifs.is_empty() {
            return Ok(None);
        }
        let mut columns = Vec::new();
        for item in &dict.items {
            let Some(Expr::StringLiteral(key)) = &item.key else { return Ok(None) };
            let value = self.expression(&item.value)?;
            let number = match &value.of {
                Type::Int | Type::Signed if value.is_literal() => format!("{}_i64", value.text),
                Type::Float => value.text,
                Type::Str => value.text,
                of => return Err(Missing::new(format!("{} in a sample", of.described()))),
            };
            columns.push(format!("    ({:?}, vec![{number}].to_column()?),", key.value.to_str()));
        }
        self.import("data::ToColumn");
        let class = self.import(TABLE);
        let text = format!("{class}::new([\n{}\n])?", columns.join("\n"));
        Ok(Some(Value::temporary(text, Type::Object(OF_TABLE.into()))))
    }
}
