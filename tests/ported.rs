//! The programs that `candle-keras port` makes of the scripts in crates/port/tests/scripts: what they assert holds, and they print what the
//! scripts print in real Keras with the same random numbers (tools/keras_scripts.py).
//!
//! `cargo test --test ported -- NAME ...` runs only some of them. It has a `main` of its own, so that a program finds no arguments but its own.

#![allow(clippy::unwrap_used)]

use candle_keras_port::compare;
use std::path::{Path, PathBuf};
use std::process::Command;

macro_rules! programs {
    ($($name:ident)*) => {
        $(#[allow(clippy::all, clippy::pedantic)]
        mod $name {
            include!(concat!(env!("CARGO_MANIFEST_DIR"), "/crates/port/tests/ported/", stringify!($name), ".rs"));

            pub(crate) fn run() -> candle_keras::Result<()> {
                main()
            }
        })*

        const PROGRAMS: &[(&str, fn() -> candle_keras::Result<()>)] = &[$((stringify!($name), $name::run)),*];
    };
}

include!("../crates/port/tests/programs.rs");

/// Programs with gaps compile too.
#[allow(warnings, clippy::all, clippy::pedantic)]
mod photographs {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/crates/port/tests/partly/photographs.rs"));
}

#[allow(warnings, clippy::all, clippy::pedantic)]
mod stations {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/crates/port/tests/partly/stations.rs"));
}

/// The name of the program that a child of this process runs.
const PROGRAM: &str = "PORTED_PROGRAM";

fn main() {
    if let Ok(name) = std::env::var(PROGRAM) {
        let (_, run) = PROGRAMS.iter().find(|(own, _)| *own == name).expect("a program");
        candle_keras::utils::set_random_seed(0);
        return run().unwrap();
    }
    each_program_is_run_and_most_are_compared();
    let names: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    programs_print_what_keras_prints(&names);
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/port/tests").join(name)
}

/// Runs the programs of these names, or all.
fn programs_print_what_keras_prints(names: &[String]) {
    let mut failures = Vec::new();
    for (name, _) in PROGRAMS.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|own| own == name)) {
        println!("{name}");
        let folder_of_run = tempfile::tempdir().unwrap();
        let child = Command::new(std::env::current_exe().unwrap())
            .env(PROGRAM, name)
            .current_dir(folder_of_run.path())
            .output()
            .unwrap();
        if !child.status.success() {
            failures.push(format!("{name} ends with an error:\n{}", String::from_utf8_lossy(&child.stderr)));
            continue;
        }
        // Scripts for older versions of Keras have no such file.
        let Ok(expected) = std::fs::read_to_string(folder("expected").join(format!("{name}.txt"))) else { continue };
        let (_, differences) = compare(&expected, &String::from_utf8_lossy(&child.stdout));
        failures.extend(differences.iter().map(|difference| format!("{name}, {difference}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn each_program_is_run_and_most_are_compared() {
    let names = |folder: PathBuf| {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<_> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_string()).collect();
        names.sort();
        names
    };
    let programs: Vec<_> = PROGRAMS.iter().map(|(name, _)| (*name).to_string()).collect();
    assert_eq!(names(folder("ported")), programs);
    assert_eq!(names(folder("scripts")), programs);
    assert!(names(folder("expected")).len() + 4 >= programs.len());
}
