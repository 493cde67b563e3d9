//! The update of an optimizer as one pass over a weight, its gradient and its slots.

use super::{Given, Source, Threads, change, on_gpu};
use candle_core::{Result, Tensor, bail};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// What an optimizer does to each element, in CUDA C: a kernel is made of it when it is first used.
///
/// In the body, `w` is the element of the weight, `g` that of its gradient; the slots and numbers have the names that are given here, and all are
/// float or double, as the weight is. There are no other variables, and of functions `sqrt`, `exp`, `log`, `pow`, `tanh`, `fabs`, `fmin` and `fmax`:
/// so a body cannot reach memory that is not its own.
///
/// ```
/// use candle_keras_ops::update::Kernel;
/// let _momentum = Kernel {
///     name: "momentum",
///     slots: &["m"],
///     body: "m = momentum * m - lr * g; w += m;",
///     numbers: vec![("lr", 0.01), ("momentum", 0.9)],
/// };
/// ```
#[derive(Debug, Clone)]
pub struct Kernel {
    /// What it is called in profiles.
    pub name: &'static str,
    /// What the slots are called, in their order.
    pub slots: &'static [&'static str],
    /// The statements.
    pub body: &'static str,
    /// The numbers of this step.
    pub numbers: Vec<(&'static str, f64)>,
}

impl Kernel {
    /// Whether a kernel takes these tensors: contiguous, all f32 or all f64, on one GPU.
    pub fn takes(tensors: &[&Tensor]) -> bool {
        on_gpu(tensors) && tensors.iter().all(|tensor| tensor.is_contiguous())
    }

    /// Changes `memory`, the weight and its slots, by the gradient, after a share of the weight has been taken from it.
    ///
    /// # Errors
    /// If the tensors are not what [`takes`](Self::takes) asks for, share their memory, or do not suit; or if the body has other words or
    /// signs than it may have, or does not compile.
    pub fn run(&self, memory: &[&Tensor], gradient: &Tensor, lost: f64) -> Result<()> {
        let count = gradient.elem_count();
        if memory.len() != self.slots.len() + 1 || memory.iter().any(|tensor| tensor.elem_count() != count) {
            bail!("{}: a weight and {} slots of {count} elements", self.name, self.slots.len())
        }
        let gradient = gradient.contiguous()?;
        let mut given = vec![Given::Tensor(&gradient), Given::Size(count), Given::Real(lost)];
        given.extend(self.numbers.iter().map(|(_, number)| Given::Real(*number)));
        let source = self.source()?;
        let source = Source { name: &source.name, text: &source.text };
        change(source, self.name, memory, &given, Threads::each(count))
    }

    /// The source, which is checked and written in the first step alone.
    fn source(&self) -> Result<Arc<Written>> {
        static WRITTEN: LazyLock<Mutex<HashMap<Key, Arc<Written>>>> = LazyLock::new(Mutex::default);
        let numbers = self.numbers.iter().map(|(name, _)| *name).collect();
        let key = Key { name: self.name, slots: self.slots, body: self.body, numbers };
        let mut all = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = all.get(&key) {
            return Ok(source.clone());
        }
        self.check()?;
        // Two rules may have the same name.
        let source = Arc::new(Written { name: format!("{} {}", self.name, all.len()), text: self.text() });
        all.insert(key, source.clone());
        Ok(source)
    }

    /// That the body is made of numbers, operators, assignments and the words that it may have: then it has no pointers.
    fn check(&self) -> Result<()> {
        const FUNCTIONS: [&str; 8] = ["sqrt", "exp", "log", "pow", "tanh", "fabs", "fmin", "fmax"];
        let names: Vec<&str> = self.slots.iter().copied().chain(self.numbers.iter().map(|(name, _)| *name)).collect();
        let taken = ["w", "g", "at", "count", "lost", "real", "size", "byte"];
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
                && !name.starts_with("all_")
        };
        if let Some(name) = names.iter().chain([&self.name]).find(|name| !is_name(name) || taken.contains(name)) {
            bail!("{}: {name:?} cannot be the name of a kernel, slot or number", self.name)
        }
        let sign = |c: char| c.is_ascii_alphanumeric() || "_.+-*/()=;<>?:,!".contains(c) || c.is_whitespace();
        if let Some(other) = self.body.chars().find(|&c| !sign(c)) {
            bail!("{}: a body with {other:?}, which is more than arithmetic", self.name)
        }
        let words = self.body.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.');
        for word in words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')) {
            if !["w", "g"].contains(&word) && !FUNCTIONS.contains(&word) && !names.contains(&word) {
                bail!(
                    "{}: a body with {word:?}, which is neither a slot nor a number nor a function that it has",
                    self.name
                )
            }
        }
        Ok(())
    }

    fn text(&self) -> String {
        let all = |join: &str, of: &dyn Fn(&str) -> String| -> String {
            self.slots.iter().map(|slot| of(slot) + join).collect()
        };
        let numbers: String = self.numbers.iter().map(|(name, _)| format!(", real {name}")).collect();
        format!(
            "extern \"C\" __global__ void {}(real* all_w, {}const real* all_g, size count, real lost{numbers}) {{
                size at = blockIdx.x * size(blockDim.x) + threadIdx.x;
                if (at < count) {{
                    real w = all_w[at], g = all_g[at];
                    {}
                    w -= w * lost;
                    {}
                    all_w[at] = w;
                    {}
                }}
            }}",
            self.name,
            all(", ", &|slot| format!("real* all_{slot}")),
            all("\n", &|slot| format!("real {slot} = all_{slot}[at];")),
            self.body,
            all("\n", &|slot| format!("all_{slot}[at] = {slot};")),
        )
    }
}

/// What a source is made of: all of a [`Kernel`] but the numbers themselves.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    name: &'static str,
    slots: &'static [&'static str],
    body: &'static str,
    numbers: Vec<&'static str>,
}

/// A source that is ready to be compiled.
#[derive(Debug, PartialEq)]
struct Written {
    name: String,
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_body_has_a_source_of_its_own() {
        let source = |body: &'static str, lr| {
            Kernel { name: "same", slots: &["m"], body, numbers: vec![("lr", lr)] }.source().unwrap()
        };
        let (a, b) = (source("w -= lr * g;", 0.1), source("w += lr * g;", 0.1));
        assert!(a.name != b.name && a.text != b.text && a == source("w -= lr * g;", 0.2));
        assert!(
            a.text.contains("void same(real* all_w, real* all_m, const real* all_g, size count, real lost, real lr)")
        );
    }

    #[test]
    fn a_body_has_no_pointers() {
        let check = |slots: &'static [&'static str], body: &'static str| {
            Kernel { name: "own", slots, body, numbers: vec![("lr", 0.1)] }.source().is_ok()
        };
        assert!(check(&["m"], "m = 1e-3 * m > g ? 0.5 : fmax(m, -g);\n w -= lr * m / sqrt(m + 1e-7);"));
        assert!(!check(&["m"], "all_w[7] = 0;") && !check(&["m"], "*all_w = 0;") && !check(&[], "m = 0;"));
        assert!(!check(&["m"], "real * p; *p = 0;") && !check(&["m"], "free(0);") && !check(&["m"], "} {"));
        assert!(!check(&["w"], "w = 0;") && !check(&["m; x"], "w = 0;") && !check(&[], "w.x = 0;"));
    }
}
