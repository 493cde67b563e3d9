//! `keras.preprocessing.text` of Keras 2: the `Tokenizer`, which numbers words by how often they are there.

use crate::arguments::{Named, find, named_as, needed, only, without};
use crate::pandas::is_column;
use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprCall};

/// The module in Keras, and the class here.
pub(crate) const OF_KERAS: &str = "keras.preprocessing.text.";
pub(crate) const CLASS: &str = "preprocessing::text::Tokenizer";

/// The parameters of the class, of which Keras 3 has no signature.
const PARAMETERS: &[&str] = &["num_words", "filters", "lower", "split", "char_level", "oov_token"];

impl<'a> Program<'a> {
    /// A class or function of `keras.preprocessing.text`.
    pub(crate) fn texts_of_keras_2(&mut self, name: &str, call: &'a ExprCall) -> Ported<Value> {
        match name {
            "Tokenizer" => {
                let class = self.import(CLASS);
                let mut text = format!("{class}::new()");
                for (name, argument) in self.named_of_keras_1(call)? {
                    if self.is_none(argument) {
                        continue;
                    }
                    let of = match name.as_str() {
                        "num_words" => "usize",
                        "lower" | "char_level" => "bool",
                        _ => "impl Into<String>",
                    };
                    text.push_str(&format!(".{name}({})", self.argument(argument, of, &name)?));
                }
                Ok(Value::temporary(text, Type::Object(CLASS.into())))
            }
            "text_to_word_sequence" => {
                let given = named_as(call, &["input_text"])?;
                let text = self.expression(needed(&given, "input_text")?)?;
                if !text.of.is_text() {
                    return Err(Missing::new(format!("the words of {}", text.of.described())));
                }
                let function = self.import("preprocessing::text::text_to_word_sequence");
                let of = Type::List(Box::new(Type::String));
                Ok(Value::temporary(format!("{function}({})", text.borrowed()), of))
            }
            _ => Err(Missing::new(format!("{OF_KERAS}{name} is not known here"))),
        }
    }

    /// The arguments of `Tokenizer`; Keras 1 had `nb_words`.
    fn named_of_keras_1(&self, call: &'a ExprCall) -> Ported<Named<'a>> {
        let mut known = PARAMETERS.to_vec();
        known.push("nb_words");
        let given = named_as(call, &known)?;
        Ok(given.into_iter().map(|(name, it)| (name.replace("nb_words", "num_words"), it)).collect())
    }

    pub(crate) fn method_of_tokenizer(&mut self, of: &Value, name: &str, call: &'a ExprCall) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let list = |of: Type| Type::List(Box::new(of));
        Ok(match name {
            "fit_on_texts" => {
                let given = named_as(call, &["texts"])?;
                let texts = self.texts(needed(&given, "texts")?)?;
                Value::temporary(format!("{whole}.fit_on_texts({texts})"), Type::None)
            }
            "texts_to_sequences" => {
                let given = named_as(call, &["texts"])?;
                let texts = self.texts(needed(&given, "texts")?)?;
                Value::temporary(format!("{whole}.texts_to_sequences({texts})"), list(list(Type::Id)))
            }
            "sequences_to_texts" => {
                let given = named_as(call, &["sequences"])?;
                let sequences = self.sequences(needed(&given, "sequences")?)?;
                Value::temporary(format!("{whole}.sequences_to_texts({sequences})"), list(Type::String))
            }
            "texts_to_matrix" | "sequences_to_matrix" => {
                let first = name.split('_').next().unwrap_or(name);
                let given = named_as(call, &[first, "mode"])?;
                let rows = match first {
                    "texts" => self.texts(needed(&given, first)?)?,
                    _ => self.sequences(needed(&given, first)?)?,
                };
                let mode = match find(&given, "mode") {
                    Some(mode) => self.argument(mode, "&str", "mode")?,
                    None => "\"binary\"".into(),
                };
                only(&without(&given, &[first, "mode"]), &[])?;
                Value::temporary(format!("{whole}.{name}({rows}, {mode})?"), Type::Floats)
            }
            _ => return Err(Missing::new(format!("the method {name} of a Tokenizer"))),
        })
    }

    pub(crate) fn attribute_of_tokenizer(&mut self, of: &Value, name: &str) -> Ported<Value> {
        let whole = of.at(Strength::Whole);
        let dict = |key: Type, value: Type| Type::Dict(Box::new(key), Box::new(value));
        Ok(match name {
            "word_index" | "word_counts" => {
                let of = dict(Type::String, Type::Int);
                Value::new(format!("{whole}.{name}()"), of, Strength::Whole, Form::Reference)
            }
            "index_word" => Value::temporary(format!("{whole}.index_word()"), dict(Type::Int, Type::String)),
            "document_count" => Value::temporary(format!("{whole}.document_count()"), Type::Int),
            _ => return Err(Missing::new(format!("the attribute {name} of a Tokenizer"))),
        })
    }

    /// A list or column of texts, as an iterator takes it.
    fn texts(&mut self, texts: &'a Expr) -> Ported<String> {
        let value = self.expression(texts)?;
        let value = self.json_texts(value);
        match &value.of {
            Type::List(of) if of.is_text() => Ok(as_argument(&value)),
            of if is_column(of) => Ok(format!("{}.to_strings()", value.at(Strength::Whole))),
            // Of one text, Keras takes each character.
            of => Err(Missing::new(format!("a Tokenizer of {}", of.described())).help("pass a list of texts")),
        }
    }

    fn sequences(&mut self, sequences: &'a Expr) -> Ported<String> {
        let value = self.expression(sequences)?;
        match &value.of {
            Type::List(row) if **row == Type::List(Box::new(Type::Id)) => Ok(value.borrowed()),
            of => Err(Missing::new(format!("a Tokenizer of {}", of.described()))
                .help("pass the lists of numbers that texts_to_sequences returned")),
        }
    }
}

/// A list as an iterator over it; of one that is written out, an array.
pub(crate) fn as_argument(list: &Value) -> String {
    match (list.form, list.text.strip_prefix("vec!")) {
        (Form::Temporary, Some(array)) => array.to_string(),
        (Form::Temporary, None) => list.text.clone(),
        _ => list.borrowed(),
    }
}
