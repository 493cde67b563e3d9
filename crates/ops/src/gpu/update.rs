//! The update of an optimizer as one pass over a weight, its gradient and its slots.

use super::{Given, Source, Threads, change, on_gpu};
use candle_core::{Result, Tensor};

/// What an optimizer does to each element, in CUDA C: a kernel is made of it when it is first used.
///
/// In the body, `w` is the element of the weight, `g` that of its gradient; the slots and numbers have the names that are given here, and all are of
/// the type `real`, which is float or double.
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
    /// A name that no other kernel of another body has.
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
    /// If the tensors are not what [`takes`](Self::takes) asks for, share their memory, or do not suit; or if the body does not compile.
    pub fn run(&self, memory: &[&Tensor], gradient: &Tensor, lost: f64) -> Result<()> {
        let count = gradient.elem_count();
        if memory.len() != self.slots.len() + 1 || memory.iter().any(|tensor| tensor.elem_count() != count) {
            candle_core::bail!("{}: a weight and {} slots of {count} elements", self.name, self.slots.len())
        }
        let gradient = gradient.contiguous()?;
        let mut given = vec![Given::Tensor(&gradient), Given::Size(count), Given::Real(lost)];
        given.extend(self.numbers.iter().map(|(_, number)| Given::Real(*number)));
        let text = self.text();
        change(Source { name: self.name, text: &text }, self.name, memory, &given, Threads::each(count))
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
