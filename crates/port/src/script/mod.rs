//! The text of a script, and what is known of it before a statement is written.

pub(crate) mod growth;
pub(crate) mod ipython;
pub(crate) mod made;
pub(crate) mod names;
pub(crate) mod notebook;
pub(crate) mod scan;
pub(crate) mod sharing;
pub(crate) mod sharing_checks;
pub(crate) mod source;
pub(crate) mod wrapping;
