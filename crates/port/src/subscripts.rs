//! Elements by their places and keys.

use crate::program::Program;
use crate::value::{Form, Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::{Expr, ExprSubscript};

impl<'a> Program<'a> {
    pub(crate) fn subscript(&mut self, subscript: &'a ExprSubscript) -> Ported<Value> {
        // `np.where(mask)[0]`
        if let (Expr::Call(call), Expr::NumberLiteral(_)) = (&*subscript.value, &*subscript.slice)
            && let [condition] = &call.arguments.args[..]
            && self.path_of(&call.func).is_some_and(|path| path == "numpy.where" || path == "numpy.nonzero")
        {
            let condition = self.expression(condition)?;
            let condition = self.tensor(&condition)?;
            let function = self.import("numpy::flatnonzero");
            return Ok(Value::temporary(format!("{function}({})?", condition.borrowed()), Type::Ints));
        }
        if let (Expr::Name(name), Expr::StringLiteral(key)) = (&*subscript.value, &*subscript.slice)
            && let Some(dict) = self.known.literals.get(name.id.as_str()).copied()
        {
            let found = dict.items.iter().find(
                |item| matches!(&item.key, Some(Expr::StringLiteral(own)) if own.value.to_str() == key.value.to_str()),
            );
            return match found {
                Some(item) => self.expression(&item.value),
                None => Err(Missing::new(format!("{:?} is not in the dict", key.value.to_str()))),
            };
        }
        if let Some(grid) = self.grid(subscript)? {
            return Ok(grid);
        }
        if let Some(element) = self.special_element(subscript)? {
            return Ok(element);
        }
        if let Some(tensor) = self.tensor_of_model(subscript)? {
            return Ok(tensor);
        }
        if let Some(size) = self.size_of_input(subscript)? {
            return Ok(size);
        }
        let of = crate::pandas::cells::as_text(self.expression(&subscript.value)?);
        if let Type::Outputs(types) = &of.of {
            return self.part_of_outputs(&of, &types.clone(), &subscript.slice);
        }
        // The width or height of an image.
        if let (Expr::Attribute(_), Some(items), Some(at)) =
            (&*subscript.value, &of.items, self.integer(&subscript.slice))
            && items.iter().all(|item| item.form == Form::Place)
            && let Some(item) = usize::try_from(at).ok().and_then(|at| items.get(at))
        {
            return Ok(item.clone());
        }
        // An element of a list that is written out.
        if let (Expr::Call(_), Some(items), Expr::NumberLiteral(_)) = (&*subscript.value, &of.items, &*subscript.slice)
            && let [one] = &items[..]
            && self.expression(&subscript.slice)?.text == "0"
        {
            return Ok(one.clone());
        }
        if let Type::Batch(x, Some(y)) = &of.of {
            return match self.expression(&subscript.slice)?.text.as_str() {
                "0" => Ok(Value::place("batch.x[0]", (**x).clone())),
                "1" => Ok(Value::place("batch.y[0]", (**y).clone())),
                _ => Err(Missing::new("another part of a batch")),
            };
        }
        if of.of.is_array() {
            return self.array_index(&of, &subscript.slice);
        }
        if matches!(of.of, Type::TextArray(_)) {
            return self.part_of_texts(&of, &subscript.slice);
        }
        if let Some(number) = self.class_of_batches(&of.of) {
            let index = self.expression(&subscript.slice)?;
            return self.batch_at(&of, number, &index);
        }
        if let Some(part) = self.json_subscript(&of, &subscript.slice)? {
            return Ok(part);
        }
        if let Some(part) = self.pandas_subscript(&of, &subscript.slice)? {
            return Ok(part);
        }
        if let Some(axes) = self.axes_index(&of, &subscript.slice)? {
            return Ok(axes);
        }
        if let Some(input) = self.named_input(&of, &subscript.slice)? {
            return Ok(input);
        }
        if of.of == Type::Symbolic {
            return self.symbolic_index(&of, &subscript.slice);
        }
        if of.of == Type::BuildShape {
            return self.built_size(&of, &subscript.slice);
        }
        if matches!(of.of, Type::Mutable { .. }) {
            return self.mutable_element(&of, &subscript.slice);
        }
        if let Expr::Slice(slice) = &*subscript.slice {
            return self.part_of(&of, slice);
        }
        match &of.of {
            Type::List(element) => {
                let place = self.place_in(&of, &subscript.slice)?;
                Ok(Value::place(format!("{}[{place}]", of.at(Strength::Whole)), (**element).clone()))
            }
            Type::Tuple(types) => {
                let index = self.expression(&subscript.slice)?;
                let at: i64 =
                    index.text.parse().map_err(|_| Missing::new("an element of a tuple by a computed index"))?;
                let at = if at < 0 { types.len() as i64 + at } else { at } as usize;
                let found = types.get(at).cloned().ok_or_else(|| Missing::new("an index beyond the tuple"))?;
                Ok(Value::place(format!("{}.{at}", of.at(Strength::Whole)), found))
            }
            Type::Dict(key, value) => {
                let at = self.expression(&subscript.slice)?;
                let at = crate::python::collections::dict_key(key, &at)?;
                Ok(Value::place(format!("{}[{at}]", of.at(Strength::Whole)), (**value).clone()))
            }
            Type::Scores(names) => {
                let index = self.expression(&subscript.slice)?;
                let name = match index.literal_text() {
                    Some(name) => name.to_string(),
                    None => index
                        .text
                        .parse()
                        .ok()
                        .and_then(|at: usize| names.get(at).cloned())
                        .ok_or_else(|| Missing::new("a score by this index"))?,
                };
                Ok(Value::temporary(format!("{}[{name:?}]", of.at(Strength::Whole)), Type::Float))
            }
            Type::Shape => {
                let index = self.expression(&subscript.slice)?;
                if index.text == "0"
                    && let Some(batch) = self.batch_size(&of)
                {
                    return Ok(batch);
                }
                match (&index.of, index.form) {
                    (Type::Int | Type::Signed, Form::Constant) => Ok(Value::temporary(
                        format!(
                            "{}.size({}).ok_or_else(|| Error::new(\"the size of this axis is not known\"))?",
                            of.at(Strength::Whole),
                            index.text
                        ),
                        Type::Int,
                    )),
                    _ => Err(Missing::new("a computed axis of a shape")),
                }
            }
            // Python counts characters.
            Type::Str | Type::String => {
                let index = self.expression(&subscript.slice)?;
                let text = of.at(Strength::Whole);
                let text = match (&index.of, index.text.strip_prefix('-')) {
                    (_, None) if index.text == "0" => format!("{text}.chars().next().unwrap()"),
                    (Type::Int, _) => format!("{text}.chars().nth({}).unwrap()", index.text),
                    (_, Some("1")) => format!("{text}.chars().next_back().unwrap()"),
                    _ => return Err(Missing::new("an element of a str by this index")),
                };
                Ok(Value::temporary(text, Type::Char))
            }
            Type::Logs => {
                let index = self.expression(&subscript.slice)?;
                Ok(Value::temporary(format!("{}[{}]", of.at(Strength::Whole), index.borrowed()), Type::Float))
            }
            Type::HistoryValues | Type::History => {
                let index = self.expression(&subscript.slice)?;
                let text = format!("{}[{}]", of.at(Strength::Whole), index.borrowed());
                Ok(Value::new(text, Type::List(Box::new(Type::Float)), Strength::Whole, Form::Slice))
            }
            other => Err(Missing::new(format!("an element of {}", other.described()))),
        }
    }

    /// `x[i], x[j] = x[j], x[i]`, of a list.
    pub(crate) fn swap(&mut self, assign: &'a ruff_python_ast::StmtAssign) -> Ported<bool> {
        let ([Expr::Tuple(targets)], Expr::Tuple(values)) = (&assign.targets[..], &*assign.value) else {
            return Ok(false);
        };
        let ([Expr::Subscript(a), Expr::Subscript(b)], [Expr::Subscript(c), Expr::Subscript(d)]) =
            (&targets.elts[..], &values.elts[..])
        else {
            return Ok(false);
        };
        let text = |part: &ExprSubscript| self.source.text(part.range);
        let list = |part: &ExprSubscript| self.source.text(ruff_text_size::Ranged::range(&*part.value));
        if text(a) != text(d) || text(b) != text(c) || list(a) != list(b) {
            return Ok(false);
        }
        let written = self.body.len();
        let list = self.expression(&a.value)?;
        if !matches!(list.of, Type::List(_)) {
            self.body.truncate(written);
            return Ok(false);
        }
        let (i, j) = (self.place_in(&list, &a.slice)?, self.place_in(&list, &b.slice)?);
        let whole = list.at(Strength::Whole);
        // The list is borrowed where its elements change places.
        let is_borrowed =
            |place: &str| crate::program::has_word(place, list.text.split(['[', '.']).next().unwrap_or_default());
        let [i, j] = [("i", i), ("j", j)].map(|(name, place)| {
            if !is_borrowed(&place) {
                return place;
            }
            let name = self.free_name(name);
            self.line(&format!("let {name} = {place};"));
            name
        });
        self.line(&format!("{whole}.swap({i}, {j});"));
        Ok(true)
    }

    /// An index into a list; negative ones count from the end.
    pub(crate) fn place_in(&mut self, list: &Value, index: &'a Expr) -> Ported<String> {
        let is_wrapping = self.wrapping.contains(&ruff_text_size::Ranged::start(index));
        let index = self.expression(index)?;
        let index = if is_wrapping { crate::arithmetic::signed(&index) } else { index };
        match index.of.clone() {
            Type::Int => Ok(index.text),
            Type::Signed if index.form == Form::Constant => {
                Ok(format!("{}.len() - {}", list.at(Strength::Whole), index.text.trim_start_matches('-')))
            }
            Type::Id => Ok(format!("{} as usize", index.at(Strength::Cast))),
            Type::Signed => {
                let function = self.import("python::place");
                Ok(format!("{function}({}, {}.len())?", index.text, list.at(Strength::Whole)))
            }
            of if of.is_array() => {
                Ok(format!("{}.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize", index.at(Strength::Whole)))
            }
            of => Err(Missing::new(format!("{} as an index", of.described()))),
        }
    }
}
