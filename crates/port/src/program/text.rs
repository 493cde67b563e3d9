//! The text of the program, put together of what has been written.

use super::Program;

impl Program<'_> {
    pub(super) fn text(&self) -> String {
        let program = self.program_text();
        let mut out = format!("// Ported from {}.\n", self.file);
        for line in &self.about {
            out.push_str(format!("// {line}").trim_end());
            out.push('\n');
        }
        out.push('\n');
        for line in self.use_lines(&program) {
            out.push_str(&line);
            out.push('\n');
        }
        out.push('\n');
        out.push_str(&program);
        out
    }

    /// The program without what it imports.
    pub(crate) fn program_text(&self) -> String {
        let mut out = String::new();
        for constant in self.constants.iter().filter(|constant| self.is_needed(constant)) {
            // The default of a parameter of a function that nothing calls.
            if self.is_default_alone(constant) {
                out.push_str(crate::inference::uncalled::UNUSED);
            }
            out.push_str(constant);
            out.push('\n');
        }
        if !self.constants.is_empty() {
            out.push('\n');
        }
        out.push_str("fn main() -> Result<()> {\n");
        let is_empty = |line: &&String| line.is_empty();
        let from = self.body.iter().take_while(is_empty).count();
        let behind = self.body.iter().rev().take_while(is_empty).count();
        for line in self.body.iter().take(self.body.len().saturating_sub(behind)).skip(from) {
            out.push_str(line);
            out.push('\n');
        }
        out.push_str(if is_endless(&self.body) { "}\n" } else { "    Ok(())\n}\n" });
        for (_, item) in &self.items {
            out.push('\n');
            out.push_str(item);
        }
        if self.gaps.iter().any(|gap| self.has_call_of_gap(gap.line)) {
            out.push_str(&format!(
                "\n/// Ends the program where the script has a line that is not ported.\nfn gap(line: usize, reason: &str) -> Result<()> {{\n    Err(Error::new(format!(\"line {{line}} of {} is not ported: {{reason}}\")))\n}}\n",
                self.file
            ));
        }
        out
    }

    /// Whether a constant has no other use than as a default that no call needs.
    fn is_default_alone(&self, constant: &str) -> bool {
        let name = constant.strip_prefix("const ").and_then(|rest| rest.split(':').next()).unwrap_or_default();
        let others = self.constants.iter().filter(|other| *other != constant);
        let mut texts = self.body.iter().chain(self.items.iter().map(|(_, item)| item)).chain(others);
        self.inferred.defaults.contains(name) && !texts.any(|text| has_word(text, name))
    }

    /// Whether a constant is used: what formats are is in the texts of `format!` themselves.
    pub(super) fn is_needed(&self, constant: &str) -> bool {
        let name = constant.strip_prefix("const ").and_then(|rest| rest.split(':').next()).unwrap_or_default();
        let others = self.constants.iter().filter(|other| *other != constant);
        !self.known.constant_texts.contains_key(name)
            || self
                .body
                .iter()
                .chain(self.items.iter().map(|(_, item)| item))
                .chain(others)
                .any(|text| has_word(text, name))
    }

    pub(super) fn has_call_of_gap(&self, line: usize) -> bool {
        let call = format!("gap({line}, ");
        self.body.iter().chain(self.items.iter().map(|(_, item)| item)).any(|text| text.contains(&call))
    }
}

/// Whether the last statement of a function is a loop that nothing leaves, behind which Rust reaches nothing.
pub(crate) fn is_endless(lines: &[String]) -> bool {
    let Some(end) = lines.iter().rposition(|line| !line.is_empty()).filter(|&end| lines[end] == "    }") else {
        return false;
    };
    let is_outermost = |line: &String| line.starts_with("    ") && !line[4..].starts_with([' ', '}', '/']);
    let leaves = |line: &String| !line.trim_start().starts_with("//") && has_word(line, "break");
    lines[..end]
        .iter()
        .rposition(is_outermost)
        .is_some_and(|start| lines[start] == "    loop {" && !lines[start..end].iter().any(leaves))
}

/// Whether a text of Rust has this name.
pub(crate) fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}
