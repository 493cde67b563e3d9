//! `candle-keras port --verify`: the script in real Keras beside its program.

use super::Compared;
use crate::print::{print, print_note};
use anyhow::{Context, Result, anyhow, bail};
use candle_keras_port::{VERIFY, compare, compare_results, write_verification};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The status of verify.py if it is not the script that failed: Python has no Keras, or the script draws other random numbers.
const NOT_RUN: i32 = 3;

/// The most results of a kind, or printed lines, that are shown.
const MOST_SHOWN: usize = 20;

/// Runs the script and the program in the folder, both from the script's folder, and compares what they print and what their models return. `changed` is
/// what Python runs in place of the script: the cells of a notebook.
pub(super) fn run(script: &Path, changed: Option<&str>, folder: &Path, compared: &Compared) -> Result<()> {
    let manifest = write_verification(folder)?;
    let verify = manifest.parent().unwrap_or(Path::new("."));
    let here = script.canonicalize().with_context(|| script.display().to_string())?;
    let beside = here.parent().unwrap_or(Path::new("."));
    let (runner, changed_script) = (verify.join("verify.py"), verify.join("script.py"));
    let [results_of_python, results_of_rust] = ["python.txt", "rust.txt"].map(|name| verify.join(name));
    fs::write(&runner, VERIFY)?;
    if let Some(text) = changed {
        fs::write(&changed_script, text)?;
    }
    let own = if changed.is_some() { &changed_script } else { &here };

    // First, since it may end with an error soon.
    print(&format!("running {} in Keras ...", script.display()))?;
    let python = command_of(compared.python)?;
    let mut keras = Command::new(&python);
    keras
        .args(["-W", "ignore"])
        .arg(&runner)
        .arg("--results")
        .arg(&results_of_python)
        .arg(own)
        .args(compared.arguments);
    let of_python = in_keras(keras.current_dir(beside), script, compared.python)?;
    print("building the program, which takes minutes the first time ...")?;
    let program = build(&manifest, folder)?;
    print("running the program ...")?;
    let mut program = Command::new(&program);
    program.args(compared.arguments).current_dir(beside).env("RUST_BACKTRACE", "0");
    let of_rust = program.output().context("the program cannot be run")?;
    let read = |path: &Path| fs::read_to_string(path).with_context(|| path.display().to_string());
    let text = String::from_utf8_lossy(&of_rust.stdout);
    let results_of_python = read(&results_of_python)?;
    if of_rust.status.success() {
        return report(&of_python, &text, &results_of_python, &read(&results_of_rust)?);
    }
    // What is different before it fails may say why.
    print_note(String::from_utf8_lossy(&of_rust.stderr).trim());
    match report(&of_python, &text, &results_of_python, &read(&results_of_rust).unwrap_or_default()) {
        Ok(()) => bail!("the program failed, after what Keras prints too"),
        Err(differences) => bail!("the program failed; {differences}"),
    }
}

/// Prints what is the same and what differs; an error if something does.
fn report(of_python: &str, of_rust: &str, results_of_python: &str, results_of_rust: &str) -> Result<()> {
    let calls = compare_results(results_of_python, results_of_rust);
    let (differ, same): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.difference.is_some());
    for (kind, of) in [("the same:", same), ("differs: ", differ)] {
        of.iter().take(MOST_SHOWN).try_for_each(|call| print(&call.to_string()))?;
        if let Some(more @ 1..) = of.len().checked_sub(MOST_SHOWN) {
            print(&format!("{kind} {more} more of the results of models"))?;
        }
    }
    let (lines, differences) = compare(of_python, of_rust);
    let shown = differences.iter().take(MOST_SHOWN);
    shown.map(|difference| format!("differs:  printed {difference}")).try_for_each(|text| print(&text))?;
    if let Some(more @ 1..) = differences.len().checked_sub(MOST_SHOWN) {
        print(&format!("differs:  {more} more of the printed lines"))?;
    }
    let different = calls.iter().filter(|call| call.difference.is_some()).count();
    let counted = |count: usize, of: &str| format!("{count} {of}{}", if count == 1 { "" } else { "s" });
    let of_calls = format!("{} of models", counted(calls.len(), "result"));
    let of_lines = counted(lines, "printed line");
    let both = match (calls.len(), lines) {
        (0, 0) => bail!("nothing is compared: the script prints nothing and trains no model"),
        (0, _) => of_lines.clone(),
        (_, 0) => of_calls.clone(),
        _ => format!("{of_calls} and {of_lines}"),
    };
    match (different, differences.len()) {
        (0, 0) if calls.len() + lines == 1 => print(&format!("{both} is that of Keras, numbers within 1e-4")),
        (0, 0) => print(&format!("{both} are those of Keras, numbers within 1e-4")),
        (of, 0) => bail!("{of} of {of_calls} differ"),
        (0, of) => bail!("{of} of {of_lines} differ"),
        (a, b) => bail!("{a} of {of_calls} and {b} of {of_lines} differ"),
    }
}

/// A command's path from here, also if it is run in another folder; one without a folder is searched for in the `PATH`.
fn command_of(command: &Path) -> Result<PathBuf> {
    match command.components().count() {
        1 => Ok(command.into()),
        // Not what a link leads to, which is a Python without the packages of its environment.
        _ => std::path::absolute(command).with_context(|| command.display().to_string()),
    }
}

/// Builds the program in the target directory of its folder, or in the one that the user has set for all; returns its file.
fn build(manifest: &Path, folder: &Path) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--quiet", "--message-format", "json-render-diagnostics", "--manifest-path"])
        .arg(manifest);
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        cargo.arg("--target-dir").arg(folder.canonicalize()?.join("target"));
    }
    let output = cargo.stderr(Stdio::inherit()).output();
    let output = output.context("cargo, which builds the program, cannot be run; https://rustup.rs has it")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    if !output.status.success() {
        // Without it Cargo had no crates, or no space on the disk.
        if messages.iter().any(|message| message["reason"] == "build-finished") {
            bail!("the program does not compile; if it is as `port` wrote it, that is a fault of `port`");
        }
        bail!("cargo cannot build the program: see above; it needs the network for crates that it has not had before");
    }
    let executable = messages.iter().find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.ok_or_else(|| anyhow!("cargo built no program"))
}

/// What the script prints.
fn in_keras(keras: &mut Command, script: &Path, python: &Path) -> Result<String> {
    let output = keras.output().with_context(|| {
        format!("{} cannot be run; --python or the variable PYTHON names a Python that has Keras", python.display())
    })?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let errors: Vec<&str> = errors.lines().filter(|line| !is_of_log(line)).collect();
    match output.status.code() {
        Some(0) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Some(NOT_RUN) => bail!("{}: {}", python.display(), errors.last().unwrap_or(&"")),
        _ => {
            print_note(errors.join("\n").trim());
            bail!("{} failed in Keras 3, for which scripts of older versions may have to be changed", script.display())
        }
    }
}

/// Whether TensorFlow wrote a line about itself: `I0000 00:00:1795855696.618306 9668 port.cc:153] ...`.
fn is_of_log(line: &str) -> bool {
    let is_numbered = |line: &str| line.len() > 4 && line.bytes().take(4).all(|byte| byte.is_ascii_digit());
    line.starts_with("WARNING: All log messages before absl::")
        || line.strip_prefix(['I', 'W', 'E']).is_some_and(is_numbered) && line.contains("] ")
        || line.starts_with("20") && [": I ", ": W ", ": E "].iter().any(|level| line.contains(level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tensorflow_logs_is_no_error_of_the_script() {
        for line in [
            "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
            "I0000 00:00:1795855696.618306    9668 port.cc:153] oneDNN custom operations are on.",
            "2026-11-28 08:51:36.618306: I tensorflow/core/util/port.cc:153] oneDNN custom operations are on.",
        ] {
            assert!(is_of_log(line), "{line}");
        }
        for line in ["Traceback (most recent call last):", "IndexError: list index out of range", "", "20 items"] {
            assert!(!is_of_log(line), "{line}");
        }
    }
}
