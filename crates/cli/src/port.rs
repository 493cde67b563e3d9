//! `candle-keras port`: a Keras script as a Rust program.

use crate::print::print;
use anyhow::{Context, Result, anyhow, bail};
use candle_keras_port::{Gap, Script, port, write_project};
use std::fs;
use std::path::{Path, PathBuf};

mod verify;

/// `python` is that of the comparison, if there is to be one.
pub(crate) fn run(script: &Path, output: Option<&Path>, only_check: bool, python: Option<&Path>) -> Result<()> {
    let text = fs::read_to_string(script).with_context(|| script.display().to_string())?;
    let is_notebook = script.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ipynb"));
    let script_text =
        Script::new(&text, is_notebook).with_context(|| format!("{}: not a notebook", script.display()))?;
    let name = script.file_name().unwrap_or_default().to_string_lossy();
    let port = port(&script_text.text, &name).map_err(|error| match is_notebook {
        true => anyhow!("{name}, {}: {}", script_text.place(error.line()), error.reason()),
        false => error.into(),
    })?;
    let folder = output.map_or_else(|| PathBuf::from(script.file_stem().unwrap_or_default()), Path::to_path_buf);
    let mut is_of_user = false;
    if !only_check {
        match write_project(&port, &folder, &dependency()) {
            Ok(main) => {
                print(&format!("{}: {}", main.display(), share(port.ported, port.lines)))?;
                print(&format!("run it: cd {} && cargo run --release", folder.display()))?;
            }
            // It may have been changed by hand: its gaps are filled, or it is better.
            Err(error) if python.is_some() && error.kind() == std::io::ErrorKind::AlreadyExists => {
                is_of_user = true;
                print(&format!("{error}: the program there is compared as it stands"))?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                bail!("{error}; --output names another folder")
            }
            Err(error) => return Err(error.into()),
        }
    }
    if !is_of_user {
        for gap in &port.gaps {
            print(&described(gap, &script_text))?;
        }
    }
    match (python, port.gaps.len()) {
        (Some(python), gaps) if gaps == 0 || is_of_user => verify::run(&script_text.text, script, &folder, python),
        (Some(_), gaps) => {
            let them = if gaps == 1 { "the gap" } else { "the gaps" };
            bail!(
                "not compared: the program ends at its first gap; fill {them} in {}/src/main.rs, and verify again",
                folder.display()
            )
        }
        (None, 1..) if only_check => bail!("{}", share(port.ported, port.lines)),
        (None, _) if only_check => print(&share(port.ported, port.lines)),
        (None, _) => Ok(()),
    }
}

fn share(ported: usize, lines: usize) -> String {
    format!("{ported} of {lines} lines can be ported")
}

fn described(gap: &Gap, script: &Script) -> String {
    let help = gap.help.as_ref().map(|help| format!("; instead: {help}")).unwrap_or_default();
    format!("{}: not ported: {} -- {}{help}", script.place(gap.line), gap.code, gap.reason)
}

/// The checkout that this command was built from, or a version of the crate.
fn dependency() -> String {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match checkout.canonicalize() {
        Ok(checkout) => format!("{{ path = {:?} }}", checkout.display().to_string()),
        Err(_) => format!("{:?}", env!("CARGO_PKG_VERSION")),
    }
}
