//! The folder of a program: `Cargo.toml`, `src/main.rs` and `.gitignore`.

use crate::Port;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

/// Writes the program as a package to a folder, formatted by rustfmt where that is installed; returns the path of `main.rs`.
///
/// `dependency` is what stands behind `candle-keras =` in `Cargo.toml`: `"0.1"` in quotes, or `{ path = "..." }`.
///
/// # Errors
/// If a file cannot be written, or is there already.
pub fn write_project(port: &Port, folder: &Path, dependency: &str) -> io::Result<PathBuf> {
    let (manifest, main) = (folder.join("Cargo.toml"), folder.join("src/main.rs"));
    if let Some(path) = [&manifest, &main].into_iter().find(|path| path.exists()) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} is there already", path.display())));
    }
    fs::create_dir_all(folder.join("src")).map_err(|error| of(folder, &error))?;
    fs::write(&main, &port.program).map_err(|error| of(&main, &error))?;
    let text = manifest_of(&package_name(folder), dependency, &port.program);
    fs::write(&manifest, text).map_err(|error| of(&manifest, &error))?;
    let ignored = folder.join(".gitignore");
    if !ignored.exists() {
        fs::write(&ignored, "/target\n").map_err(|error| of(&ignored, &error))?;
    }
    // A program that is not formatted is as good.
    let _ = Command::new("rustfmt")
        .args(["--edition", "2024", "--quiet"])
        .arg(&main)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Ok(main)
}

/// The error with the file that it is about.
fn of(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Copies the program of a folder to `target/verify` in it, as a package whose random numbers begin with the seed 0, and which writes what models return to
/// `rust.txt` there ([`compare_results`](crate::compare_results)); returns the path of its `Cargo.toml`.
///
/// # Errors
/// If a file cannot be read or written, or the program has no `fn main() -> ...Result<()> {`.
pub fn write_verification(folder: &Path) -> io::Result<PathBuf> {
    let verify = folder.canonicalize()?.join("target/verify");
    if verify.join("src").exists() {
        fs::remove_dir_all(verify.join("src"))?;
    }
    copy_folder(&folder.join("src"), &verify.join("src"))?;
    let program = fs::read_to_string(verify.join("src/main.rs"))?;
    let program = verified(&program, &verify.join("rust.txt")).ok_or_else(|| {
        io::Error::other(format!("{}/src/main.rs has no main that returns a Result", folder.display()))
    })?;
    fs::write(verify.join("src/main.rs"), program)?;
    // The same versions of all crates.
    let (lock, own_lock) = (folder.join("Cargo.lock"), verify.join("Cargo.lock"));
    if lock.exists() && !own_lock.exists() {
        fs::copy(lock, own_lock)?;
    }
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))?;
    let named = |line: &str| if line.starts_with("name = ") { "name = \"verify\"".into() } else { line.to_string() };
    let lines: Vec<String> = manifest.lines().map(named).collect();
    fs::write(verify.join("Cargo.toml"), lines.join("\n") + "\n")?;
    Ok(verify.join("Cargo.toml"))
}

/// The program with what its `main` does first.
fn verified(program: &str, results: &Path) -> Option<String> {
    let (before, main) = program.split_once("fn main() -> ").filter(|(_, main)| !main.is_empty())?;
    let (result, body) = main.split_once("{\n").filter(|(result, _)| result.contains("Result<()"))?;
    let first = format!(
        "    candle_keras::utils::set_random_seed(0);\n    candle_keras::utils::record_results({:?})?;\n",
        results.display().to_string()
    );
    Some(format!("{before}fn main() -> {result}{{\n{first}{body}"))
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?
        } else {
            fs::copy(entry.path(), target).map(|_| ())?
        }
    }
    Ok(())
}

/// Crates that a program may use beside candle-keras, in the versions that it is tested with.
const CRATES: &[(&str, &str)] = &[
    ("clap", "{ version = \"4\", features = [\"derive\"] }"),
    ("indexmap", "{ version = \"2\", features = [\"serde\"] }"),
    ("ndarray", "\"0.17\""),
    ("regex", "\"1\""),
    ("serde_json", "{ version = \"1\", features = [\"preserve_order\"] }"),
];

fn manifest_of(name: &str, dependency: &str, program: &str) -> String {
    let used = CRATES.iter().filter(|(name, _)| names_crate(program, name));
    let others: String = used.map(|(name, version)| format!("{name} = {version}\n")).collect();
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ncandle-keras = {dependency}\n{others}\n\
         # Where Python would count below zero, usize must not wrap around.\n[profile.release]\noverflow-checks = true\n\n\
         # A package of its own, also inside of another.\n[workspace]\n"
    )
}

/// Whether a program has something of a crate: `use clap::Parser`, `serde_json::Value`.
fn names_crate(program: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    program.match_indices(&format!("{name}::")).any(|(at, _)| !program[..at].ends_with(is_part))
}

/// Names that Cargo or rustc need for something else, or that some system takes for no file.
const TAKEN: &[&str] = &[
    "alloc",
    "aux",
    "build",
    "con",
    "core",
    "deps",
    "examples",
    "incremental",
    "nul",
    "prn",
    "proc_macro",
    "self",
    "std",
    "super",
    "test",
];

/// The name of a package for a folder: letters, digits, `-` and `_`, and no digit first.
fn package_name(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().to_string()).unwrap_or_default();
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect();
    let is_taken =
        TAKEN.contains(&name.as_str()) || name.starts_with("candle") || CRATES.iter().any(|(other, _)| *other == name);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_taken;
    if is_name { name } else { format!("ported_{name}").trim_end_matches('_').to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_has_the_crates_that_the_program_names() {
        let text = "use clap::Parser;\nlet x = loads::<serde_json::Value>(a)?;\nto_ndarray::<f64>(x);\n";
        let manifest = manifest_of("one", "\"0.1\"", text);
        assert!(manifest.contains("\nclap = ") && manifest.contains("\nserde_json = "), "{manifest}");
        assert!(!manifest.contains("ndarray") && !manifest.contains("regex"), "{manifest}");
    }

    /// Also one that was changed by hand, with files and dependencies of its own.
    #[test]
    fn the_program_of_a_folder_is_copied_to_be_verified() {
        let folder = tempfile::tempdir().unwrap();
        let port = crate::port("print(1)\n", "one.py").unwrap();
        write_project(&port, folder.path(), "\"0.1\"").unwrap();
        let again = write_project(&port, folder.path(), "\"0.1\"").unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
        let own = "mod helper;\n\nfn main() -> candle_keras::Result<()> {\n    helper::run()\n}\n";
        fs::write(folder.path().join("src/main.rs"), own).unwrap();
        fs::create_dir(folder.path().join("src/helper")).unwrap();
        fs::write(folder.path().join("src/helper/mod.rs"), "// ...\n").unwrap();
        let manifest = write_verification(folder.path()).unwrap();
        let text = fs::read_to_string(&manifest).unwrap();
        assert!(
            text.starts_with("[package]\nname = \"verify\"\n") && text.contains("candle-keras = \"0.1\""),
            "{text}"
        );
        let main = fs::read_to_string(manifest.with_file_name("src").join("main.rs")).unwrap();
        let start = "fn main() -> candle_keras::Result<()> {\n    candle_keras::utils::set_random_seed(0);\n";
        assert!(main.contains(start) && main.contains("rust.txt\")?;\n    helper::run()"), "{main}");
        assert!(manifest.with_file_name("src").join("helper/mod.rs").exists());
        fs::write(folder.path().join("src/main.rs"), "fn main() {}\n").unwrap();
        assert!(write_verification(folder.path()).unwrap_err().to_string().contains("has no main that returns"));
    }

    #[test]
    fn packages_have_names_that_cargo_takes() {
        for (folder, expected) in [
            ("a/train", "train"),
            ("3 layers", "ported_3_layers"),
            ("my-model.v2", "my-model_v2"),
            ("test", "ported_test"),
            ("candle-keras", "ported_candle-keras"),
            ("ndarray", "ported_ndarray"),
            (".", "ported"),
        ] {
            assert_eq!(package_name(Path::new(folder)), expected);
        }
    }
}
