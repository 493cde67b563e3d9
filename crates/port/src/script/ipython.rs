//! What notebooks have beside Python: magics and commands.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, IpyEscapeKind, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse};
use ruff_text_size::{Ranged, TextRange};

/// Magics that change nothing of what a program computes.
const WITHOUT_EFFECT: &[&str] = &[
    "autoreload",
    "autosave",
    "conda",
    "config",
    "env",
    "history",
    "load_ext",
    "ls",
    "lsmagic",
    "matplotlib",
    "pdb",
    "pinfo",
    "pip",
    "pwd",
    "reload_ext",
    "tensorboard",
    "tensorflow_version",
    "timeit",
    "watermark",
    "who",
    "whos",
    "xmode",
];

/// Magics of a line or cell whose code runs as without them.
const OF_CODE: &[&str] = &["time", "prun", "capture", "memit", "mprun", "lprun"];

/// A cell as Python, line for line: magics without effect and commands become comments, `%time f(x)` is `f(x)`, and others are calls of `get_ipython`.
pub(crate) fn python_of(cell: &str) -> String {
    let start = cell.len() - cell.trim_start().len();
    let Some(magic) = cell[start..].strip_prefix("%%") else { return without_commands(cell.into()) };
    let name = magic.split(|c: char| c.is_whitespace()).next().unwrap_or("");
    match OF_CODE.contains(&name) {
        true => without_commands(format!("{}# {}", &cell[..start], &cell[start..])),
        false => commented(cell),
    }
}

/// A text in which each line is a comment.
fn commented(text: &str) -> String {
    text.split_inclusive('\n').map(|line| format!("# {line}")).collect()
}

fn without_commands(cell: String) -> String {
    let Ok(parsed) = parse(&cell, ParseOptions::from(Mode::Ipython)) else { return cell };
    let Some(module) = parsed.syntax().as_module() else { return cell };
    let mut found = Commands { cell: &cell, depth: 0, replaced: Vec::new() };
    found.visit_body(&module.body);
    let replaced = found.replaced;
    let mut text = cell;
    for (range, python) in replaced.into_iter().rev() {
        text.replace_range(range.start().to_usize()..range.end().to_usize(), &python);
    }
    text
}

struct Commands<'c> {
    cell: &'c str,
    depth: usize,
    /// Where a command is, and the Python in its place.
    replaced: Vec<(TextRange, String)>,
}

impl Commands<'_> {
    fn replace(&mut self, range: TextRange, kind: IpyEscapeKind, value: &str, is_statement: bool) {
        let text = &self.cell[range];
        let (name, code) = value.trim_start().split_once(char::is_whitespace).unwrap_or((value.trim(), ""));
        let is_magic = kind == IpyEscapeKind::Magic;
        // `%time -q f(x)` is rare.
        let is_code = is_magic && OF_CODE.contains(&name) && !code.trim().is_empty() && !code.trim().starts_with('-');
        let is_shown = matches!(kind, IpyEscapeKind::Help | IpyEscapeKind::Help2);
        let is_command = matches!(kind, IpyEscapeKind::Shell | IpyEscapeKind::ShCap) || is_shown;
        let lines = "\n".repeat(text.matches('\n').count());
        let python = match is_statement {
            _ if is_code => code.trim().to_string(),
            true if is_command || is_magic && WITHOUT_EFFECT.contains(&name) => {
                format!("{}{}", if self.depth > 0 { "pass  " } else { "" }, commented(text))
            }
            _ if is_magic => format!("get_ipython().run_line_magic({name:?}, {:?}){lines}", code.trim()),
            _ => format!("get_ipython().getoutput({:?}){lines}", value.trim()),
        };
        self.replaced.push((range, python));
    }
}

impl<'b> Visitor<'b> for Commands<'_> {
    fn visit_stmt(&mut self, statement: &'b Stmt) {
        if let Stmt::IpyEscapeCommand(command) = statement {
            return self.replace(command.range(), command.kind, &command.value, true);
        }
        self.depth += 1;
        walk_stmt(self, statement);
        self.depth -= 1;
    }

    fn visit_expr(&mut self, expression: &'b Expr) {
        match expression {
            Expr::IpyEscapeCommand(command) => self.replace(command.range(), command.kind, &command.value, false),
            _ => walk_expr(self, expression),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_become_comments_or_calls() {
        for (cell, expected) in [
            ("!pip install keras\nx = 1\n", "# !pip install keras\nx = 1\n"),
            ("%matplotlib inline", "# %matplotlib inline"),
            ("if x:\n    !ls\n    y = 2\n", "if x:\n    pass  # !ls\n    y = 2\n"),
            ("!wget a \\\n  b\nx\n", "# !wget a \\\n#   b\nx\n"),
            ("%time model.fit(x, y)\n", "model.fit(x, y)\n"),
            ("h = %time f(3)\n", "h = f(3)\n"),
            ("files = !ls *.csv\n", "files = get_ipython().getoutput(\"ls *.csv\")\n"),
            ("%run other.py\n", "get_ipython().run_line_magic(\"run\", \"other.py\")\n"),
            ("%cd /content\n", "get_ipython().run_line_magic(\"cd\", \"/content\")\n"),
            ("model.fit?\n", "# model.fit?\n"),
            ("\n%%time\nf(x)\n", "\n# %%time\nf(x)\n"),
            ("%%bash\nls\n\necho 1", "# %%bash\n# ls\n# \n# echo 1"),
            ("%%timeit\nx = f(1)\n", "# %%timeit\n# x = f(1)\n"),
            // These are operators and texts.
            ("x = (a\n     % b)\n", "x = (a\n     % b)\n"),
            ("t = '''\n!important\n%d\n'''\n", "t = '''\n!important\n%d\n'''\n"),
            // A mistake stays where it is.
            ("x = (\n", "x = (\n"),
        ] {
            assert_eq!(python_of(cell), expected);
        }
    }
}
