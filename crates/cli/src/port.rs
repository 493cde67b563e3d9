//! `candle-keras port`: a Keras script as a Rust program.

use crate::print::print;
use anyhow::{Context, Result, anyhow, bail};
use candle_keras_port::{Gap, Port, Script, port, write_project};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

mod text;
mod verify;

/// How a script and its program are run to be compared.
pub(crate) struct Compared<'a> {
    pub(crate) python: &'a Path,
    pub(crate) arguments: &'a [String],
}

/// `compared` is how to compare both, if they are to be.
pub(crate) fn run(script: &Path, output: Option<&Path>, only_check: bool, compared: Option<Compared>) -> Result<()> {
    let text = text::of(script)?;
    let is_notebook = script.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ipynb"));
    let script_text =
        Script::new(&text, is_notebook).with_context(|| format!("{}: not a notebook of Python", script.display()))?;
    let name = script.file_name().unwrap_or_default().to_string_lossy();
    let port = port(&script_text.text, &name).map_err(|error| match is_notebook {
        true => anyhow!("{name}, {}: {}", script_text.place(error.line()), error.reason()),
        false => error.into(),
    })?;
    if only_check {
        return check(&port, &script_text);
    }
    let folder = output.map_or_else(|| PathBuf::from(script.file_stem().unwrap_or_default()), Path::to_path_buf);
    // A script train.py often has its data in train/.
    if !folder.join("Cargo.toml").exists() && has_files(&folder) {
        bail!("the folder {} is there already, with other files; --output names another folder", folder.display());
    }
    let is_of_user = !write(&port, &folder, compared.is_some())?;
    if !is_of_user {
        list(&port, &script_text)?;
    }
    match (compared, port.gaps.len()) {
        (Some(compared), gaps) if gaps == 0 || is_of_user => {
            // What Python cannot read is compared as it was changed here.
            let changed = (script_text.text != text).then_some(script_text.text.as_str());
            verify::run(script, changed, &folder, &compared)
        }
        (Some(_), gaps) => {
            let them = if gaps == 1 { "the gap" } else { "the gaps" };
            bail!(
                "not compared: the program ends at its first gap; fill {them} in {}/src/main.rs, and verify again",
                folder.display()
            )
        }
        (None, _) => Ok(()),
    }
}

/// `--check`
fn check(port: &Port, script: &Script) -> Result<()> {
    list(port, script)?;
    match port.gaps.is_empty() {
        true => print(&share(port)),
        false => bail!("{}", share(port)),
    }
}

/// Writes the program; `false` if there is one already, which is to be compared: it may have been changed by hand, so that its gaps are filled.
fn write(port: &Port, folder: &Path, is_compared: bool) -> Result<bool> {
    if folder.is_file() {
        bail!("{} is a file; --output names a folder for the program", folder.display());
    }
    let checkout = checkout();
    let dependency = match &checkout {
        Some(checkout) => format!("{{ path = {:?} }}", checkout.display().to_string()),
        None => format!("{:?}", env!("CARGO_PKG_VERSION")),
    };
    match write_project(port, folder, &dependency) {
        Ok(main) => {
            let lock = folder.join("Cargo.lock");
            if let Some(checkout) = checkout.filter(|_| !lock.exists()) {
                // The versions that candle-keras is tested with; without them Cargo takes the newest.
                _ = fs::copy(checkout.join("Cargo.lock"), lock);
            }
            print(&format!("{}: {}", main.display(), share(port)))?;
            print(&format!("run it: cd {} && cargo run --release", quoted(folder)))?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_compared => {
            print(&format!("{error}: the program there is compared as it stands"))?;
            Ok(false)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{error}; --output names another folder")
        }
        Err(error) => Err(error.into()),
    }
}

fn has_files(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some())
}

fn share(port: &Port) -> String {
    format!("{} of {} lines can be ported", port.ported, port.lines)
}

fn list(port: &Port, script: &Script) -> Result<()> {
    port.gaps.iter().try_for_each(|gap| print(&described(gap, script)))
}

fn described(gap: &Gap, script: &Script) -> String {
    let help = gap.help.as_ref().map(|help| format!("; instead: {help}")).unwrap_or_default();
    format!("{}: not ported: {} -- {}{help}", script.place(gap.line), gap.code, gap.reason)
}

/// The checkout that this command was built from, if it was from one that is still there.
fn checkout() -> Option<PathBuf> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().ok()?;
    let manifest = fs::read_to_string(checkout.join("Cargo.toml")).ok()?;
    manifest.contains("name = \"candle-keras\"").then_some(checkout)
}

/// A path for a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    // A path that begins with `-` would be an option.
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    let is_plain = text.chars().all(|c| c.is_alphanumeric() || "_-./\\:".contains(c));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
