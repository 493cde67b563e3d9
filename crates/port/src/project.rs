//! The folder of a program: `Cargo.toml` and `src/main.rs`.

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
    fs::create_dir_all(folder.join("src"))?;
    fs::write(&main, &port.program)?;
    fs::write(&manifest, manifest_of(&package_name(folder), dependency, &port.program))?;
    // A program that is not formatted is as good.
    let _ = Command::new("rustfmt")
        .args(["--edition", "2024", "--quiet"])
        .arg(&main)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Ok(main)
}

/// Writes the program to `target/verify` in its folder, as a package whose random numbers begin with the seed 0; returns the path of its
/// `Cargo.toml`. With the folder's own target directory it shares what is built.
///
/// # Errors
/// If a file cannot be written.
pub fn write_verification(port: &Port, folder: &Path, dependency: &str) -> io::Result<PathBuf> {
    let verify = folder.join("target/verify");
    fs::create_dir_all(verify.join("src"))?;
    let start = "fn main() -> Result<()> {\n";
    let program = port.program.replacen(start, &format!("{start}    candle_keras::utils::set_random_seed(0);\n"), 1);
    fs::write(verify.join("src/main.rs"), &program)?;
    let manifest = verify.join("Cargo.toml");
    fs::write(&manifest, manifest_of("verify", dependency, &program))?;
    Ok(manifest)
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
    let used = CRATES.iter().filter(|(name, _)| program.contains(&format!("use {name}::")));
    let others: String = used.map(|(name, version)| format!("{name} = {version}\n")).collect();
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\ncandle-keras = {dependency}\n{others}\n\
         # Where Python would count below zero, usize must not wrap around.\n[profile.release]\noverflow-checks = true\n\n\
         # A package of its own, also inside of another.\n[workspace]\n"
    )
}

/// The name of a package for a folder: letters, digits, `-` and `_`, and no digit first.
fn package_name(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy().to_string()).unwrap_or_default();
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("ported_{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_have_names_that_cargo_takes() {
        for (folder, expected) in
            [("a/train", "train"), ("3 layers", "ported_3_layers"), ("my-model.v2", "my-model_v2")]
        {
            assert_eq!(package_name(Path::new(folder)), expected);
        }
    }
}
