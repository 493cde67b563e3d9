//! `candle-keras port`: a Keras script as a Rust program.

use crate::print::print;
use anyhow::{Context, Result, bail};
use candle_keras_port::{Gap, Port, Script, VERIFY, compare, port, write_project, write_verification};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `python` is that of the comparison, if there is to be one.
pub(crate) fn run(script: &Path, output: Option<&Path>, only_check: bool, python: Option<&Path>) -> Result<()> {
    let text = fs::read_to_string(script).with_context(|| script.display().to_string())?;
    let is_notebook = script.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ipynb"));
    let script_text =
        Script::new(&text, is_notebook).with_context(|| format!("{}: not a notebook", script.display()))?;
    let name = script.file_name().unwrap_or_default().to_string_lossy();
    let port = port(&script_text.text, &name)?;
    if !only_check {
        let folder = output.map_or_else(|| PathBuf::from(script.file_stem().unwrap_or_default()), Path::to_path_buf);
        match write_project(&port, &folder, &dependency()) {
            Ok(main) => {
                print(&format!("{}: {}", main.display(), share(port.ported, port.lines)))?;
                print(&format!("run it: cd {} && cargo run --release", folder.display()))?;
            }
            // A program that may have been changed by hand is compared as it was ported.
            Err(error) if python.is_some() && error.kind() == std::io::ErrorKind::AlreadyExists => {
                print(&format!("{}; it is not changed", error))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    for gap in &port.gaps {
        print(&described(gap, &script_text))?;
    }
    if let (Some(python), true) = (python, port.gaps.is_empty()) {
        let folder = output.map_or_else(|| PathBuf::from(script.file_stem().unwrap_or_default()), Path::to_path_buf);
        return verify(&port, &script_text.text, script, &folder, python);
    }
    if python.is_some() {
        bail!("a program with gaps is not compared with its script: it ends at the first of them");
    }
    match (only_check, port.gaps.len()) {
        (true, 0) => print(&share(port.ported, port.lines)),
        (true, _) => bail!("{}", share(port.ported, port.lines)),
        (false, _) => Ok(()),
    }
}

/// Runs the script and its program from the script's folder, and compares what they print.
fn verify(port: &Port, text: &str, script: &Path, folder: &Path, python: &Path) -> Result<()> {
    let manifest = write_verification(port, folder, &dependency())?.canonicalize()?;
    let target = folder.canonicalize()?.join("target");
    let here = script.canonicalize().with_context(|| script.display().to_string())?;
    let beside = here.parent().unwrap_or(Path::new("."));
    let (runner, cells) = (target.join("verify/verify.py"), target.join("verify/script.py"));
    fs::write(&runner, VERIFY)?;
    fs::write(&cells, text)?;
    // The cells of a notebook are a script of their own.
    let is_notebook = here.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ipynb"));
    print("building the program, and running both ...")?;
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--quiet", "--manifest-path"]).arg(&manifest).env("CARGO_TARGET_DIR", &target);
    let status = build.status().context("cargo, which builds the program")?;
    if !status.success() {
        bail!("the program does not compile: this is a fault of `port`");
    }
    let output = |command: &mut Command, what: &str| -> Result<String> {
        let output = command.current_dir(beside).output().with_context(|| what.to_string())?;
        if !output.status.success() {
            bail!("{what} failed:\n{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let of_rust = output(&mut Command::new(target.join("release/verify")), "the program")?;
    let own = if is_notebook { &cells } else { &here };
    let of_python = output(Command::new(python).arg("-W").arg("ignore").arg(&runner).arg(own), "the script in Keras")?;
    let (lines, differences) = compare(&of_python, &of_rust);
    for difference in &differences {
        print(&difference.to_string())?;
    }
    match differences.len() {
        0 => print(&format!("all {lines} lines that the script prints are those of the program, numbers within 1e-4")),
        count => bail!("{count} of {lines} lines differ"),
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
