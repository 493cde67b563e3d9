//! Names that the script reads, but that nothing in it gives a value, where Python would end, and those of its other files: functions to be
//! written by hand.

use crate::Missing;
use crate::program::Program;
use crate::value::{Type, Value};

/// Libraries whose values have counterparts here, or none.
const LIBRARIES: &[&str] = &[
    "keras",
    "tensorflow",
    "numpy",
    "pandas",
    "matplotlib",
    "sklearn",
    "scipy",
    "cv2",
    "PIL",
    "os",
    "sys",
    "math",
    "string",
    "random",
    "time",
    "datetime",
    "json",
    "re",
    "collections",
    "pathlib",
];

/// A name that is read somewhere.
#[derive(Debug)]
pub(crate) struct Undefined {
    line: usize,
    reason: String,
    rust_name: String,
    of: Type,
}

impl Program<'_> {
    /// A name without a value, if its uses say of which type it is.
    pub(crate) fn undefined(&mut self, name: &str) -> Option<Value> {
        self.by_hand(name, name, format!("{name} is not defined before"))
    }

    /// What another file of the script has under a name, if its uses say of which type it is.
    pub(crate) fn of_other_file(&mut self, path: &str) -> Option<Value> {
        let (module, name) = path.rsplit_once('.')?;
        let library = module.split('.').next().unwrap_or(module);
        if LIBRARIES.contains(&library) {
            return None;
        }
        self.by_hand(path, name, format!("{path} as a value"))
    }

    fn by_hand(&mut self, known_as: &str, name: &str, reason: String) -> Option<Value> {
        if name.starts_with("__") {
            return None;
        }
        let of = self.clue_of_undefined(known_as)?;
        of.in_rust().filter(|_| of != Type::None)?;
        let mut rust_name = crate::script::names::in_snake_case(name);
        while self.defines_function(&rust_name) {
            rust_name.push('_');
        }
        let value = Value::temporary(format!("{rust_name}()?"), of.clone());
        let line = self.last_line() + 1;
        self.inferred.undefined.push(Undefined { line, reason, rust_name, of });
        Some(value)
    }

    /// Writes the functions, and notes the gaps.
    pub(crate) fn write_undefined(&mut self) {
        let text = self.program_text();
        for Undefined { line, reason, rust_name, of } in std::mem::take(&mut self.inferred.undefined) {
            // The statement that reads it may not be ported for another reason.
            if !text.contains(&format!("{rust_name}()?")) {
                continue;
            }
            if !self.is_missing(line) {
                self.gap_at(line, &Missing::new(&reason).help("give it a value"));
            }
            self.import_type(&of);
            let returns = of.in_rust().unwrap_or_default();
            if !self.has_function(&rust_name) {
                let error = format!("line {line} of {} is not ported: {reason}", self.file());
                let comment = format!("// To be written by hand: {reason}.\n");
                self.item(
                    line,
                    format!("{comment}fn {rust_name}() -> Result<{returns}> {{\n    Err(Error::new({error:?}))\n}}\n"),
                );
            }
        }
    }
}
