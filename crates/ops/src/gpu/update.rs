//! The update of an optimizer as one kernel: a weight, its gradient and its slots in one pass.

use super::{Given, Source, Threads, change, on_gpu};
use crate::update::Equation;
use candle_core::{Result, Tensor, bail};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Whether a kernel takes these tensors: contiguous, all f32 or all f64, on one GPU.
pub(crate) fn takes_equation(tensors: &[&Tensor]) -> bool {
    on_gpu(tensors) && tensors.iter().all(|tensor| tensor.is_contiguous())
}

/// Changes `memory`, the weight and its slots, by the gradient, after the share `decay` of the weight has been taken away.
pub(crate) fn run_equation(
    equation: &'static Equation,
    numbers: &[f64],
    memory: &[&Tensor],
    gradient: &Tensor,
    decay: f64,
) -> Result<()> {
    let gradient = gradient.to_device(memory[0].device())?.to_dtype(memory[0].dtype())?.contiguous()?;
    let count = gradient.elem_count();
    let mut given = vec![Given::Tensor(&gradient), Given::Size(count), Given::Real(decay)];
    given.extend(numbers.iter().map(|number| Given::Real(*number)));
    let source = source(equation)?;
    change(
        Source { name: &source.name, text: &source.text },
        &kernel(equation.name),
        memory,
        &given,
        Threads::each(count),
    )
}

/// The kernel of an update; without a prefix, `float` would not be a name in C.
fn kernel(name: &str) -> String {
    format!("update_{name}")
}

/// An error if the body is more than arithmetic on what it has: so it cannot reach memory that is not its own.
pub(crate) fn check_equation(equation: &'static Equation) -> Result<()> {
    source(equation).map(|_| ())
}

/// A source that is ready to be compiled.
#[derive(Debug, PartialEq)]
struct Written {
    name: String,
    text: String,
}

/// The source, which is checked and written once.
fn source(equation: &'static Equation) -> Result<Arc<Written>> {
    type Key = (&'static str, &'static [&'static str], &'static [&'static str], &'static str);
    static WRITTEN: LazyLock<Mutex<HashMap<Key, Arc<Written>>>> = LazyLock::new(Mutex::default);
    let key = (equation.name, equation.slots, equation.numbers, equation.body);
    let mut all = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(source) = all.get(&key) {
        return Ok(source.clone());
    }
    // Two rules may have the same name.
    let source = Arc::new(Written { name: format!("{} {}", equation.name, all.len()), text: text(equation)? });
    all.insert(key, source.clone());
    Ok(source)
}

/// The functions of a body, and what each is in CUDA C.
const FUNCTIONS: [(&str, &str); 8] = [
    ("sqrt", "sqrt"),
    ("exp", "exp"),
    ("log", "log"),
    ("tanh", "tanh"),
    ("abs", "fabs"),
    ("max", "larger_of"),
    ("min", "smaller_of"),
    ("sign", "sign_of"),
];

/// Those that CUDA does not have, or has with another answer to NaN.
const DEFINITIONS: &str = "
static __device__ real larger_of(real a, real b) { return a > b ? a : b; }
static __device__ real smaller_of(real a, real b) { return a < b ? a : b; }
static __device__ real sign_of(real x) { return x > real(0) ? real(1) : x < real(0) ? real(-1) : x; }
";

fn text(equation: &Equation) -> Result<String> {
    let Equation { name, slots, numbers, .. } = equation;
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
            && !["w", "g", "let", "mut"].contains(&name)
            && FUNCTIONS.iter().all(|(function, _)| name != *function)
    };
    if let Some(other) = slots.iter().chain(*numbers).chain([name]).find(|name| !is_name(name)) {
        bail!("{name}: {other:?} cannot be the name of an update, slot or number")
    }
    let body = body_in_c(equation, is_name)?;
    let all =
        |join: &str, of: &dyn Fn(&str) -> String| -> String { slots.iter().map(|slot| of(slot) + join).collect() };
    let numbers: String = numbers.iter().map(|name| format!(", real v_{name}")).collect();
    Ok(format!(
        "{DEFINITIONS}
        extern \"C\" __global__ void {}(real* all_w, {}const real* all_g, size count, real decay{numbers}) {{
            size at = blockIdx.x * size(blockDim.x) + threadIdx.x;
            if (at < count) {{
                real v_w = all_w[at], v_g = all_g[at];
                {}
                v_w -= v_w * decay;
                {body}
                all_w[at] = v_w;
                {}
            }}
        }}",
        kernel(name),
        all(", ", &|slot| format!("real* all_{slot}")),
        all("\n", &|slot| format!("real v_{slot} = all_{slot}[at];")),
        all("\n", &|slot| format!("all_{slot}[at] = v_{slot};")),
    ))
}

/// The body in CUDA C. Rust and C write assignments and arithmetic alike; declarations, functions and numbers are translated, and variables are called
/// `v_...`, so that none has the name of something else.
fn body_in_c(equation: &Equation, is_name: impl Fn(&str) -> bool) -> Result<String> {
    let (name, mut known) = (equation.name, vec!["w", "g"]);
    known.extend(equation.slots.iter().chain(equation.numbers));
    let (mut rest, mut c, mut declares) = (equation.body, String::new(), false);
    while let Some(first) = rest.chars().next() {
        let token = &rest[..token_length(rest)];
        rest = &rest[token.len()..];
        if first.is_ascii_digit() {
            c += &format!("real({token})");
        } else if first.is_ascii_alphabetic() || first == '_' {
            match FUNCTIONS.iter().find(|(function, _)| *function == token) {
                _ if token == "let" && !declares => {
                    declares = true;
                    c += "real";
                }
                _ if token == "mut" && declares => {}
                // `real v_g = v_g * 2` would read the new variable in C.
                _ if declares && known.contains(&token) => {
                    bail!("{name}: a body that declares {token:?} a second time: give the new variable its own name")
                }
                Some((_, function)) => c += function,
                None if declares && is_name(token) && !known.contains(&token) => {
                    known.push(token);
                    declares = false;
                    c += &format!("v_{token}");
                }
                None if known.contains(&token) => c += &format!("v_{token}"),
                None => bail!(
                    "{name}: a body with {token:?}, which is neither a slot nor a number nor a function that it has"
                ),
            }
        } else if first.is_whitespace() || "+-*/()=;,{}".contains(first) {
            c += token;
        } else {
            bail!("{name}: a body with {first:?}, which is more than arithmetic")
        }
    }
    Ok(c)
}

/// The length of the first word, number or sign.
fn token_length(text: &str) -> usize {
    let first = text.chars().next().unwrap_or_default();
    let word = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if !first.is_ascii_digit() {
        return if first.is_ascii_alphabetic() || first == '_' { word(text) } else { first.len_utf8() };
    }
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let after = &text[digits..];
    // An exponent, with its sign.
    let Some(exponent) = after.strip_prefix(['e', 'E']) else { return digits };
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let figures = unsigned.find(|c: char| !c.is_ascii_digit()).unwrap_or(unsigned.len());
    digits + 1 + (exponent.len() - unsigned.len()) + figures
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equation(slots: &'static [&'static str], body: &'static str) -> &'static Equation {
        Box::leak(Box::new(Equation {
            name: "same",
            slots,
            numbers: &["lr"],
            body,
            f32: |_, _, _, _| (),
            f64: |_, _, _, _| (),
        }))
    }

    #[test]
    fn each_body_has_a_source_of_its_own() {
        let source = |body| source(equation(&["m"], body)).unwrap();
        let (a, b) = (source("{ w -= lr * g; }"), source("{ w += lr * g; }"));
        assert!(a.name != b.name && a.text != b.text && a == source("{ w -= lr * g; }"));
        let signature =
            "void update_same(real* all_w, real* all_m, const real* all_g, size count, real decay, real v_lr)";
        assert!(a.text.contains(signature), "{}", a.text);
    }

    #[test]
    fn rust_becomes_c() {
        let c = |body| body_in_c(equation(&["m"], body), |_| true).unwrap();
        assert_eq!(
            c("{ let x = max(m, -g); w -= lr * x / 1e-3; }"),
            "{ real v_x = larger_of(v_m, -v_g); v_w -= v_lr * v_x / real(1e-3); }"
        );
        assert_eq!(c("let mut x = abs(1.5e+2); x += 0.5;"), "real  v_x = fabs(real(1.5e+2)); v_x += real(0.5);");
    }

    #[test]
    fn a_body_has_no_pointers() {
        let check = |slots: &'static [&'static str], body: &'static str| check_equation(equation(slots, body)).is_ok();
        assert!(check(&["m"], "{ let x = 1e-3 * m;\n w -= lr * max(x, -g) / sqrt(m + 1e-7); }"));
        assert!(!check(&["m"], "all_w[7] = 0;") && !check(&["m"], "all_w = g;") && !check(&[], "m = 0;"));
        assert!(!check(&["m"], "real * p; *p = 0;") && !check(&["m"], "free(0);") && !check(&["m"], "w = m.sqrt();"));
        assert!(!check(&["w"], "w = 0;") && !check(&["m; x"], "w = 0;") && !check(&["max"], "w = g;"));
        assert!(!check(&[], "w.x = 0;") && !check(&[], "all_w = g;") && !check(&[], "let let = g;"));
        assert!(!check(&[], "w = 1.0f32;") && !check(&[], "real = g;") && !check(&[], "w = larger_of(w, g);"));
        assert!(!check(&["m"], "let m = g; w -= lr * m;") && !check(&[], "let g = g * 2.0; w -= g;"));
        assert!(!check(&[], "let x = g; let x = x * x; w -= x;"));
    }
}
