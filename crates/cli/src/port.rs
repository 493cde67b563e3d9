//! `candle-keras port`: a Keras script as a Rust program.

use crate::print::print;
use anyhow::{Context, Result, bail};
use candle_keras_port::{Gap, Script, port, write_project};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn run(script: &Path, output: Option<&Path>, only_check: bool) -> Result<()> {
    let text = fs::read_to_string(script).with_context(|| script.display().to_string())?;
    let is_notebook = script.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ipynb"));
    let script_text =
        Script::new(&text, is_notebook).with_context(|| format!("{}: not a notebook", script.display()))?;
    let name = script.file_name().unwrap_or_default().to_string_lossy();
    let port = port(&script_text.text, &name)?;
    if !only_check {
        let folder = output.map_or_else(|| PathBuf::from(script.file_stem().unwrap_or_default()), Path::to_path_buf);
        let main = write_project(&port, &folder, &dependency())?;
        print(&format!("{}: {}", main.display(), share(port.ported, port.lines)))?;
        print(&format!("run it: cd {} && cargo run --release", folder.display()))?;
    }
    for gap in &port.gaps {
        print(&described(gap, &script_text))?;
    }
    match (only_check, port.gaps.len()) {
        (true, 0) => print(&share(port.ported, port.lines)),
        (true, _) => bail!("{}", share(port.ported, port.lines)),
        (false, _) => Ok(()),
    }
}

fn share(ported: usize, lines: usize) -> String {
    format!("{ported} of {lines} lines can be ported")
}

fn described(gap: &Gap, script: &Script) -> String {
    let help = gap.help.as_ref().map(|help| format!("\n  instead: {help}")).unwrap_or_default();
    format!("{}: {}\n  not ported: {}{help}", script.place(gap.line), gap.code, gap.reason)
}

/// The checkout that this command was built from, or a version of the crate.
fn dependency() -> String {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match checkout.canonicalize() {
        Ok(checkout) => format!("{{ path = {:?} }}", checkout.display().to_string()),
        Err(_) => format!("{:?}", env!("CARGO_PKG_VERSION")),
    }
}
