//! The names of a script: full names of what it imports, and names that Rust would have.

use crate::api;

/// The name that Keras 3 has for it, whatever package it was imported from.
pub(crate) fn of_keras(path: &str) -> String {
    let mut path = path.to_string();
    for package in [
        "tensorflow.compat.v1.keras",
        "tensorflow.python.keras",
        "tensorflow.keras",
        "tf_keras",
        "keras.api",
        "keras.src",
    ] {
        if let Some(rest) = path.strip_prefix(package).filter(|rest| rest.is_empty() || rest.starts_with('.')) {
            path = format!("keras{rest}");
        }
    }
    for module in ["optimizers", "losses", "metrics", "initializers"] {
        if let Some(rest) = path.strip_prefix(&format!("tensorflow.{module}.")) {
            path = format!("keras.{module}.{rest}");
        }
    }
    if api::signature(&path).is_some() {
        return path;
    }
    if let Some(name) = path.strip_prefix("keras.losses.").and_then(loss_of_keras_2) {
        return format!("keras.losses.{name}");
    }
    // Modules of Keras 1 and 2: keras.layers.core.Dense, keras.utils.np_utils.to_categorical.
    let parts: Vec<&str> = path.split('.').collect();
    if let ["keras", module, .., name] = parts[..] {
        for other in [format!("keras.{module}.{name}"), format!("keras.utils.{name}"), format!("keras.layers.{name}")] {
            let is_moved = module == "preprocessing" || other.starts_with(&format!("keras.{module}."));
            if is_moved && api::signature(&other).is_some() {
                return other;
            }
        }
    }
    path
}

/// Short names of losses, which Keras 3 knows as texts alone.
fn loss_of_keras_2(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "mse" => "mean_squared_error",
        "mae" => "mean_absolute_error",
        "mape" => "mean_absolute_percentage_error",
        "msle" => "mean_squared_logarithmic_error",
        "kld" | "kullback_leibler_divergence" => "kl_divergence",
        _ => return None,
    })
}

const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "main", "gap",
];

/// In snake case, and no keyword.
pub(crate) fn in_snake_case(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for c in name.chars() {
        if c.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
        before = c;
    }
    if KEYWORDS.contains(&out.as_str()) || out == "_" && name != "_" {
        out.push('_');
    }
    out
}

/// Keras's name for an object of a class: `MeanAbsoluteError` is `mean_absolute_error`, `AUC` is `auc`.
pub(crate) fn snake_case_of_class(class: &str) -> String {
    let characters: Vec<char> = class.chars().collect();
    let mut out = String::new();
    for (i, &c) in characters.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| characters[i]);
        let next_is_lower = characters.get(i + 1).is_some_and(|next| next.is_lowercase());
        let begins = before.is_some_and(|before| {
            before.is_lowercase() || before.is_ascii_digit() || (before.is_uppercase() && next_is_lower)
        });
        if c.is_uppercase() && begins {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Whether it is a constant by its spelling.
pub(crate) fn is_constant(name: &str) -> bool {
    name.len() > 1
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_uppercase())
}

/// An integer with underscores between thousands, where it has more than four digits.
pub(crate) fn grouped(digits: &str) -> String {
    if digits.len() < 5 {
        return digits.to_string();
    }
    let first = (digits.len() - 1) % 3 + 1;
    let mut out = digits[..first].to_string();
    for at in (first..digits.len()).step_by(3) {
        out.push('_');
        out.push_str(&digits[at..at + 3]);
    }
    out
}

/// Whether programs use a type of this name themselves, of Rust or of this project.
pub(crate) fn is_type_of_programs(name: &str) -> bool {
    [
        "BTreeSet", "Box", "Call", "Clone", "Compile", "DType", "Default", "Device", "Drop", "Err", "Error",
        "Evaluate", "Fit", "IndexMap", "Iterator", "Ok", "Option", "PathBuf", "Predict", "Result", "Some", "String",
        "Tensor", "Vec",
    ]
    .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_rust() {
        let cases =
            [("X_train", "x_train"), ("maxLen", "max_len"), ("type", "type_"), ("Ytest2", "ytest2"), ("main", "main_")];
        for (name, expected) in cases {
            assert_eq!(in_snake_case(name), expected);
        }
        assert!(is_constant("BATCH_SIZE") && !is_constant("X") && !is_constant("Batch"));
    }

    #[test]
    fn names_of_objects_are_those_of_keras() {
        for (class, expected) in [
            ("MeanAbsoluteError", "mean_absolute_error"),
            ("AUC", "auc"),
            ("SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy"),
            ("KLDivergence", "kl_divergence"),
            ("F1Score", "f1_score"),
        ] {
            assert_eq!(snake_case_of_class(class), expected);
        }
    }

    #[test]
    fn thousands_are_apart() {
        let cases = [("60000", "60_000"), ("1000", "1000"), ("1234567", "1_234_567"), ("100000", "100_000")];
        for (digits, expected) in cases {
            assert_eq!(grouped(digits), expected);
        }
    }

    #[test]
    fn modules_of_older_versions_have_moved() {
        for (path, expected) in [
            ("tensorflow.keras.layers.Dense", "keras.layers.Dense"),
            ("keras.layers.core.Dense", "keras.layers.Dense"),
            ("keras.utils.np_utils.to_categorical", "keras.utils.to_categorical"),
            ("keras.preprocessing.sequence.pad_sequences", "keras.preprocessing.sequence.pad_sequences"),
            ("numpy.array", "numpy.array"),
        ] {
            assert_eq!(of_keras(path), expected);
        }
    }
}
