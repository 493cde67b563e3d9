//! `candle-keras port --verify`: the script in real Keras beside its program.

use crate::print::{print, print_note};
use anyhow::{Context, Result, anyhow, bail};
use candle_keras_port::{VERIFY, compare, compare_results, write_verification};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The status of verify.py if it is not the script that failed: Python has no Keras, or the script draws other random numbers.
const NOT_RUN: i32 = 3;

/// Runs the script, whose text is that of all cells if it is a notebook, and the program in the folder, both from the script's folder, and compares what they
/// print and what their models return.
pub(super) fn run(text: &str, script: &Path, folder: &Path, python: &Path) -> Result<()> {
    let manifest = write_verification(folder)?;
    let verify = manifest.parent().unwrap_or(Path::new("."));
    let here = script.canonicalize().with_context(|| script.display().to_string())?;
    let beside = here.parent().unwrap_or(Path::new("."));
    let (runner, cells) = (verify.join("verify.py"), verify.join("script.py"));
    let [results_of_python, results_of_rust] = ["python.txt", "rust.txt"].map(|name| verify.join(name));
    fs::write(&runner, VERIFY)?;
    fs::write(&cells, text)?;
    let is_notebook = here.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ipynb"));
    let own = if is_notebook { &cells } else { &here };

    // First, since it may end with an error soon.
    print(&format!("running {} in Keras ...", script.display()))?;
    let mut keras = Command::new(python);
    keras.args(["-W", "ignore"]).arg(&runner).arg("--results").arg(&results_of_python).arg(own);
    let of_python = printed(keras.current_dir(beside), &script.display().to_string(), python)?;
    print("building the program, which takes minutes the first time ...")?;
    let program = build(&manifest, folder)?;
    print("running the program ...")?;
    let of_rust = printed(Command::new(&program).current_dir(beside), "the program", &program)?;

    let read = |path: &Path| fs::read_to_string(path).with_context(|| path.display().to_string());
    let calls = compare_results(&read(&results_of_python)?, &read(&results_of_rust)?);
    calls.iter().try_for_each(|call| print(&call.to_string()))?;
    let (lines, differences) = compare(&of_python, &of_rust);
    differences.iter().try_for_each(|difference| print(&format!("differs:  printed {difference}")))?;
    let different = calls.iter().filter(|call| call.difference.is_some()).count();
    let counted = |count: usize, of: &str| format!("{count} {of}{}", if count == 1 { "" } else { "s" });
    let (of_calls, of_lines) = (counted(calls.len(), "result"), counted(lines, "printed line"));
    match (different, differences.len()) {
        (0, 0) if calls.is_empty() && lines == 0 => {
            bail!("nothing is compared: the script prints nothing and trains no model")
        }
        (0, 0) => print(&format!("{of_calls} of models and {of_lines} are those of Keras, numbers within 1e-4")),
        (a, b) => bail!("{a} of {of_calls} of models and {b} of {of_lines} differ"),
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
    let output = cargo.stderr(Stdio::inherit()).output().context("cargo, which builds the program")?;
    if !output.status.success() {
        bail!("the program does not compile; if it is as `port` wrote it, that is a fault of `port`");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.ok_or_else(|| anyhow!("cargo built no program"))
}

/// What a command prints that runs a program.
fn printed(command: &mut Command, what: &str, runner: &Path) -> Result<String> {
    let output = command.output().with_context(|| format!("{} cannot be run", runner.display()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Some(NOT_RUN) => bail!("{}: {}", runner.display(), errors.lines().last().unwrap_or("")),
        _ => {
            print_note(errors.trim());
            bail!("{what} failed")
        }
    }
}
