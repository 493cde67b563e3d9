//! Types that are known later: those of empty lists, and those that are written out before all is known.

use super::Program;
use crate::value::Type;

impl Program<'_> {
    /// The number of an empty list, whose elements will be known later.
    pub(crate) fn unknown(&mut self) -> usize {
        self.unknown.push(None);
        self.unknown.len() - 1
    }

    /// What the elements of an empty list are.
    pub(crate) fn known(&mut self, number: usize, of: Type) {
        let of = self.resolved(&of);
        if of == Type::Unknown(number) {
            return;
        }
        if let Some(unknown) = self.unknown.get_mut(number) {
            *unknown = Some(of);
        }
    }

    /// A type with what is known now of its empty lists.
    pub(crate) fn resolved(&self, of: &Type) -> Type {
        let boxed = |of: &Type| Box::new(self.resolved(of));
        match of {
            Type::Option(of) => Type::Option(boxed(of)),
            Type::Maybe(of) => Type::Maybe(boxed(of)),
            Type::Unknown(number) => match self.unknown.get(*number) {
                Some(Some(of)) if of != &Type::Unknown(*number) => self.resolved(of),
                _ => Type::Unknown(*number),
            },
            Type::List(of) => Type::List(boxed(of)),
            Type::Set(of) => Type::Set(boxed(of)),
            Type::Dict(key, value) => Type::Dict(boxed(key), boxed(value)),
            Type::Tuple(types) => Type::Tuple(types.iter().map(|of| self.resolved(of)).collect()),
            of => of.clone(),
        }
    }

    /// A place in the program where a type is written that is not known yet.
    pub(crate) fn late_type(&mut self, of: &Type) -> String {
        self.late_types.push(of.clone());
        format!("\u{2}{}\u{2}", self.late_types.len() - 1)
    }

    /// The text with the types of empty lists that nothing else says.
    pub(super) fn with_types(&self, text: &str) -> String {
        let late = |number: &str| self.late_types.get(number.parse::<usize>().ok()?);
        let mut typed = String::new();
        for (i, part) in text.split('\u{2}').enumerate() {
            if i % 2 == 0 {
                typed.push_str(part);
                continue;
            }
            let known = late(part).and_then(|of| self.resolved(of).in_rust());
            // What is put in says it, or nothing does.
            let name = typed.rsplit("let mut ").next().and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            let other = match () {
                // What is None for ever has any type.
                () if typed.ends_with("None::<") => "()",
                () if is_filled(name, text) => "_",
                () => "f64",
            };
            typed.push_str(&known.unwrap_or_else(|| other.into()));
        }
        let text = &typed;
        let mut parts = text.split('\u{1}');
        let mut out = parts.next().unwrap_or_default().to_string();
        while let (Some(number), Some(behind)) = (parts.next(), parts.next()) {
            let number: usize = number.parse().unwrap_or(usize::MAX);
            let known = |number: usize| self.resolved(self.unknown.get(number)?.as_ref()?).in_rust();
            if let (Some(before), Some(key), Some(value)) =
                (out.strip_suffix("IndexMap::new()"), known(number), known(number + 1))
                && before
                    .rsplit("let mut ")
                    .next()
                    .and_then(|rest| rest.strip_suffix(" = "))
                    .is_some_and(|name| !is_filled(name, text))
            {
                out = format!("{before}IndexMap::<{key}, {value}>::new()");
            }
            // No line puts anything into it that is ported.
            if let Some(of) = known(number).filter(|_| self.inferred.by_clues.contains(&number)) {
                let typed = [("vec![]", "Vec"), ("BTreeSet::new()", "BTreeSet")];
                let found = typed.iter().find_map(|(empty, class)| Some((out.strip_suffix(empty)?, class)));
                out = found.map_or(out.clone(), |(before, class)| format!("{before}{class}::<{of}>::new()"));
            }
            if self.unknown.get(number).is_none_or(Option::is_none) {
                // Nothing is ever put in; numbers are taken everywhere.
                let typed = [
                    ("vec![]", "Vec::<f64>::new()"),
                    ("IndexMap::new()", "IndexMap::<(), ()>::new()"),
                    ("BTreeSet::new()", "BTreeSet::<()>::new()"),
                ];
                let found =
                    typed.iter().find_map(|(empty, typed)| Some(format!("{}{typed}", out.strip_suffix(empty)?)));
                out = found.unwrap_or(out);
            }
            out.push_str(behind);
        }
        out
    }
}

/// Whether something is put into a collection.
fn is_filled(name: &str, program: &str) -> bool {
    ["insert", "entry", "extend", "push"].iter().any(|method| program.contains(&format!("{name}.{method}(")))
}
