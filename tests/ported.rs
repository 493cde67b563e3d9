//! The programs that `candle-keras port` makes of the scripts in crates/port/tests/scripts run, and what they assert holds.

use std::path::Path;

macro_rules! programs {
    ($($name:ident)*) => {
        $(#[allow(clippy::all)]
        mod $name {
            include!(concat!("../crates/port/tests/ported/", stringify!($name), ".rs"));

            #[test]
            fn runs() {
                main().unwrap();
            }
        })*

        const PROGRAMS: &[&str] = &[$(stringify!($name)),*];
    };
}

programs! { convnet_function digits_mlp regression_loop reviews_lstm siamese text_classes training_function
word_distance }

#[test]
fn each_program_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/port/tests/ported");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_string()).collect();
    names.sort();
    assert_eq!(names, PROGRAMS);
}
