//! Classes derived from `keras.utils.PyDataset`, which was `Sequence` in Keras 2: batches by their numbers, as a `Dataset` of a function.

use crate::classes::{Kind, Method};
use crate::program::Program;
use crate::python::functions::Written;
use crate::value::{Strength, Type, Value};
use crate::{Missing, Ported};
use ruff_python_ast::StmtFunctionDef;
use ruff_text_size::Ranged;

/// Whether a class of this name has batches by their numbers.
pub(crate) fn is_base(path: &str) -> bool {
    matches!(path, "keras.utils.PyDataset" | "keras.utils.Sequence")
}

impl<'a> Program<'a> {
    /// The class of an object that has batches by their numbers.
    pub(crate) fn class_of_batches(&self, of: &Type) -> Option<usize> {
        let Type::Instance(class) = of else { return None };
        self.class_number(class).ok().filter(|&number| self.classes[number].kind == Kind::Batches)
    }

    /// Its batches as data; `None` if it is something else. `is_shuffled`: in another order in each epoch, as Keras takes them in `fit`.
    pub(crate) fn batches_as_data(&mut self, of: &Value, is_shuffled: bool) -> Ported<Option<String>> {
        let Some(number) = self.class_of_batches(&of.of) else { return Ok(None) };
        let count = self.count_of_batches(of, number)?;
        self.write_dataset_of_batches(number)?;
        let whole = of.at(Strength::Whole);
        let end = if is_shuffled { format!(".shuffle({count})") } else { String::new() };
        Ok(Some(format!("{whole}.dataset()?{end}")))
    }

    /// `len(batches)`
    pub(crate) fn count_of_batches(&mut self, of: &Value, number: usize) -> Ported<String> {
        let len = self.method_named(number, "__len__").ok_or_else(|| Missing::new("batches without __len__"))?;
        let written = self.write_method(number, len, &[])?;
        let count = written.called(&[]);
        let count = Value { text: format!("{}.{}", of.at(Strength::Whole), count.text), ..count };
        match count.of {
            // A length is not negative in Python either.
            Type::Signed => Ok(format!("{} as usize", count.text)),
            _ => self.converted(&count, "usize", "the length"),
        }
    }

    /// `batches[i]`
    pub(crate) fn batch_at(&mut self, of: &Value, number: usize, index: &Value) -> Ported<Value> {
        let written = self.written_batch(number)?.1;
        let index = self.converted(index, "usize", "the number of a batch")?;
        let batch = written.called(&[index]);
        Ok(Value { text: format!("{}.{}", of.at(Strength::Whole), batch.text), ..batch })
    }

    fn written_batch(&mut self, number: usize) -> Ported<(&'a StmtFunctionDef, Written)> {
        let item = self.method_named(number, "__getitem__");
        let item = item.ok_or_else(|| Missing::new("batches without __getitem__"))?;
        Ok((item, self.write_method(number, item, &[Type::Int])?))
    }

    /// The method that makes a `Dataset`.
    fn write_dataset_of_batches(&mut self, number: usize) -> Ported<()> {
        if self.classes[number].methods.iter().any(|method| method.name == "dataset") {
            return Ok(());
        }
        for hook in ["on_epoch_begin", "on_epoch_end"] {
            if self.method_named(number, hook).is_some_and(|method| !method.body.iter().all(|one| one.is_pass_stmt())) {
                return Err(
                    Missing::new(format!("batches that change in {hook}")).help("shuffle the data in a Dataset")
                );
            }
        }
        let (item, written) = self.written_batch(number)?;
        let is_array = |of: &Type| of.is_array();
        let fits = match &written.returns {
            Type::Tuple(types) => matches!(types.len(), 2 | 3) && types.iter().all(is_array),
            of => is_array(of),
        };
        if !fits {
            return Err(Missing::new(format!("batches that are {}", written.returns.described())));
        }
        if self.changes_self(item) || !written.captured().is_empty() {
            return Err(Missing::new("batches that change something").help("compute them of the number alone"));
        }
        // In which order batches are made, and how often, is not the same in both.
        if let Some(what) = self.effect_of(item) {
            return Err(Missing::new(format!("batches that {what}")).help("augment images with layers of the model"));
        }
        let this = Value::place("self", Type::Instance(self.classes[number].rust_name.clone()));
        let count = self.count_of_batches(&this, number)?;
        self.import("Dataset");
        let get = written.called(&["index".into()]);
        let get = get.text.trim_end_matches('?');
        let text = format!(
            "fn dataset(&self) -> Result<Dataset> {{\n    let batches = self.clone();\n    Ok(Dataset::from_fn({count}, move |index| batches.{get}))\n}}"
        );
        let of = Type::Dataset(Box::new(Type::Array), None);
        let written = Written::of_method("dataset".into(), Vec::new(), of, true);
        let (name, parameters) = ("dataset".to_string(), Vec::new());
        self.classes[number].methods.push(Method { name, parameters, written, text, is_of_trait: false, lost: None });
        Ok(())
    }

    /// What a method does beside computing, also in the functions that it calls.
    fn effect_of(&self, method: &StmtFunctionDef) -> Option<&'static str> {
        let mut codes = vec![self.source.text(method.range())];
        let mut seen = vec![method.name.to_string()];
        while let Some(code) = codes.pop() {
            if ["random", "shuffle", "rng"].iter().any(|word| code.contains(word)) {
                return Some("are random");
            }
            if code.contains("print(") {
                return Some("print");
            }
            let methods = self.classes.iter().flat_map(|class| &class.definition.body);
            let methods =
                methods.filter_map(|one| one.as_function_def_stmt()).map(|one| (one.name.as_str(), one.range()));
            let functions = self.functions.iter().map(|one| (one.definition.name(), one.definition.range()));
            for (name, range) in functions.chain(methods) {
                if !seen.iter().any(|other| other == name) && crate::program::has_word(code, name) {
                    seen.push(name.to_string());
                    codes.push(self.source.text(range));
                }
            }
        }
        None
    }
}
