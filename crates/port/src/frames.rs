//! What is known of a function while it is written; the first frame is that of the module.

use crate::program::Program;
use crate::python::generators::Gathered;
use crate::script::scan::Scan;
use crate::script::sharing::Sharing;
use crate::value::Type;
use hashbrown::HashMap;

/// One function that is being written.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) scan: Scan,
    /// How many variables each name has had so far.
    declared: HashMap<String, usize>,
    /// Which names share their values.
    pub(crate) sharing: Sharing,
    /// What it returns; `None` until it is known.
    pub(crate) returns: Option<Type>,
    /// A parameter that is a symbolic tensor.
    pub(crate) symbolic_parameter: Option<String>,
    /// Where a function that yields gathers it.
    pub(crate) gathered: Option<Gathered>,
}

impl Frame {
    fn count(&self, name: &str) -> usize {
        self.declared.get(name).copied().unwrap_or(0)
    }
}

impl Program<'_> {
    pub(crate) fn enter_frame(&mut self, scan: Scan) {
        self.frames.push(Frame {
            scan,
            declared: HashMap::new(),
            sharing: Sharing::default(),
            returns: None,
            symbolic_parameter: None,
            gathered: None,
        });
    }

    /// The innermost function.
    pub(crate) fn frame(&self) -> &Frame {
        &self.frames[self.frames.len() - 1]
    }

    pub(crate) fn frame_mut(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    pub(crate) fn scan(&self) -> &Scan {
        &self.frame().scan
    }

    /// Whether what is written now stands in no function.
    pub(crate) fn is_in_module(&self) -> bool {
        self.frames.len() == 1
    }

    /// Whether the variable that the name has now changes.
    pub(crate) fn is_mutated(&self, name: &str) -> bool {
        self.scan().is_mutated(name, self.frame().count(name))
    }

    /// Whether the variable that the name has now changes otherwise than by `next`, or by a new `trainable`.
    pub(crate) fn is_changed(&self, name: &str) -> bool {
        self.scan().is_changed(name, self.frame().count(name))
    }

    /// Whether the next variable of this name changes.
    pub(crate) fn is_next_mutated(&self, name: &str) -> bool {
        self.scan().is_mutated(name, self.frame().count(name) + 1)
    }

    /// Whether the variable that the name has now changes here, not in a function that it is passed to.
    pub(crate) fn changes_itself(&self, name: &str) -> bool {
        self.scan().changes_itself(name, self.frame().count(name))
    }

    /// Whether the next variable of this name is passed as a callback.
    pub(crate) fn is_callback(&self, name: &str) -> bool {
        self.scan().is_callback(name, self.frame().count(name) + 1)
    }

    /// Counts a new variable; whether it changes.
    pub(crate) fn declare(&mut self, name: &str) -> bool {
        *self.frame_mut().declared.entry(name.to_string()).or_insert(0) += 1;
        self.is_mutated(name)
    }

    /// How many variables each name of this function has had.
    pub(crate) fn declared_so_far(&self) -> HashMap<String, usize> {
        self.frame().declared.clone()
    }

    /// Forgets variables that were declared since.
    pub(crate) fn declare_again(&mut self, declared: HashMap<String, usize>) {
        self.frame_mut().declared = declared;
    }

    /// Says how many variables of this name are declared.
    pub(crate) fn declared_again(&mut self, name: &str, count: usize) {
        self.frame_mut().declared.insert(name.to_string(), count);
    }
}
