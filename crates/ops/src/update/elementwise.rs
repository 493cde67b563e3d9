//! An update that treats each element alike, written once: as loops for the host and as a kernel for a GPU.

use super::equation::Equation;
use super::numbers::{Number, with_numbers};
use super::{hold, read};
use crate::cores::{self, SHARED_FROM};
use crate::gpu;
use candle_core::{DType, Device, Result, Tensor, bail};

/// Operations an element of an update, by which work is shared out among the cores.
pub const WORK_PER_ELEMENT: usize = 4;

/// The update of a weight by its gradient and slots, for one step; [`elementwise!`](crate::elementwise) makes functions that return it.
#[derive(Debug, Clone)]
pub struct Elementwise {
    equation: &'static Equation,
    numbers: Vec<f64>,
}

impl Elementwise {
    #[doc(hidden)]
    pub fn new(equation: &'static Equation, numbers: Vec<f64>) -> Self {
        Self { equation, numbers }
    }

    /// What it is called, in profiles of a GPU as well.
    pub fn name(&self) -> &'static str {
        self.equation.name
    }

    /// An error if it is not for so many slots, or its body is not what a GPU takes as well.
    ///
    /// # Errors
    /// If so.
    pub fn check(&self, slots: usize) -> Result<()> {
        let expected = self.equation.slots.len();
        if slots != expected {
            bail!("the update {:?} is of {expected} slots, but the rule has {slots}", self.name())
        }
        gpu::check_equation(self.equation)
    }

    /// Changes a part of a weight and its slots in memory by the same part of the gradient, all of one length. The share `decay` of the
    /// weight is taken away first.
    #[inline]
    pub fn update_part(&self, memory: &mut [&mut [f32]], gradient: &[f32], decay: f64) {
        self.part(memory, gradient, decay);
    }

    fn part<T: Number>(&self, memory: &mut [&mut [T]], gradient: &[T], decay: f64) {
        let [weight, slots @ ..] = memory else { return };
        if decay != 0.0 {
            let decay = T::from_double(decay);
            for w in weight.iter_mut() {
                *w -= *w * decay;
            }
        }
        T::loop_of(self.equation)(weight, gradient, slots, &self.numbers);
    }

    /// Changes a weight and its slots in place by the gradient, after the share `decay` of the weight has been taken away: f64 in f64, all other floats in f32.
    /// False if nothing was done, since the tensors are on a device that has no kernel for them.
    ///
    /// # Errors
    /// If the tensors do not have the same number of elements or share their memory, or are not contiguous floats.
    pub fn apply(&self, memory: &[&Tensor], gradient: &Tensor, decay: f64) -> Result<bool> {
        let count = gradient.elem_count();
        if memory.len() != self.equation.slots.len() + 1 || memory.iter().any(|tensor| tensor.elem_count() != count) {
            bail!("{}: a weight and {} slots of {count} elements", self.name(), self.equation.slots.len())
        }
        if gpu::takes_equation(memory) {
            gpu::run_equation(self.equation, &self.numbers, memory, gradient, decay)?;
            return Ok(true);
        }
        if !memory.iter().all(|tensor| tensor.device().is_cpu()) {
            return Ok(false);
        }
        match memory[0].dtype() {
            DType::F64 => self.apply_on_host::<f64>(memory, gradient, decay)?,
            _ => self.apply_on_host::<f32>(memory, gradient, decay)?,
        }
        Ok(true)
    }

    fn apply_on_host<T: Number>(&self, memory: &[&Tensor], gradient: &Tensor, decay: f64) -> Result<()> {
        let gradient = gradient.to_device(&Device::Cpu)?.to_dtype(T::DTYPE)?.contiguous()?;
        read(&gradient, |gradient: &[T]| {
            hold(memory, |held| {
                let part = |memory: &mut [&mut [T]], gradient: &[T]| self.part(memory, gradient, decay);
                with_numbers(held, |memory| each_part(memory, gradient, &part))
            })
        })?
    }
}

/// A change of a part of a weight and its slots by a part of the gradient.
type OnPart<'a, T> = dyn Fn(&mut [&mut [T]], &[T]) + Sync + 'a;

/// Runs `f` on parts of these tensors and the gradient, on all cores if they are large; each small enough to stay in a cache.
fn each_part<T: Number>(memory: &mut [&mut [T]], gradient: &[T], f: &OnPart<T>) {
    const PART: usize = SHARED_FROM / WORK_PER_ELEMENT;
    if gradient.len() <= PART {
        return f(memory, gradient);
    }
    let mut rest: Vec<_> = memory.iter_mut().map(|tensor| tensor.chunks_mut(PART)).collect();
    let parts = gradient
        .chunks(PART)
        .map(|gradient| (rest.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>(), gradient));
    cores::each(parts, |(mut memory, gradient)| f(&mut memory, gradient));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elementwise;
    use crate::random::Stream;

    elementwise! {
        fn all_functions(w, g, [m, v], [rate]) {
            let size = max(abs(g), min(m, 0.5)) + 1.0;
            m = tanh(exp(m) * sign(g));
            v += log(size) * 1e-1;
            w -= rate * m / sqrt(v);
        }
        fn plain(w, g, [], [rate]) {
            w -= rate * g;
        }
    }

    #[test]
    fn parts_have_their_own_gradients() {
        let length = SHARED_FROM + 7;
        let gradient: Vec<f32> = (0..length).map(|i| i as f32).collect();
        for _ in 0..200 {
            let (mut weight, mut slot) = (vec![0.0; length], vec![0.0; length]);
            each_part(&mut [&mut weight, &mut slot], &gradient, &|memory, gradient| {
                memory.iter_mut().for_each(|part| part.copy_from_slice(gradient));
            });
            assert!(weight == gradient && slot == gradient);
        }
    }

    fn tensor(seed: u64, dtype: DType) -> Tensor {
        let numbers = Stream::new(seed, 0).normal(40);
        Tensor::from_vec(numbers, 40, &Device::Cpu).unwrap().to_dtype(DType::F32).unwrap().to_dtype(dtype).unwrap()
    }

    fn floats(tensor: &Tensor) -> Vec<f64> {
        tensor.to_dtype(DType::F64).unwrap().to_vec1().unwrap()
    }

    /// The equation by hand, against the loops of each dtype.
    #[test]
    fn every_dtype_has_the_same_update() {
        let (g, m) = (floats(&tensor(2, DType::F64)), floats(&tensor(3, DType::F64)));
        let w = floats(&tensor(1, DType::F64));
        let expected: Vec<f64> = (0..40)
            .map(|i| {
                let v = 1.0 + (g[i].abs().max(m[i].min(0.5)) + 1.0).ln() * 0.1;
                w[i] * 0.9 - 0.25 * (m[i].exp() * g[i].signum()).tanh() / v.sqrt()
            })
            .collect();
        for (dtype, tolerance) in [(DType::F64, 1e-12), (DType::F32, 1e-5), (DType::F16, 5e-3), (DType::BF16, 5e-2)] {
            let (w, m) = (tensor(1, dtype), tensor(3, dtype));
            let v = Tensor::ones(40, DType::F32, &Device::Cpu).unwrap(); // a slot may have a dtype of its own
            assert!(all_functions(0.25).apply(&[&w, &m, &v], &tensor(2, DType::F32), 0.1).unwrap());
            for (found, expected) in floats(&w).iter().zip(&expected) {
                assert!((found - expected).abs() < tolerance, "{dtype:?}: {found} {expected}");
            }
        }
    }

    #[test]
    fn what_does_not_match_is_an_error() {
        let (w, g) = (tensor(1, DType::F32), tensor(2, DType::F32));
        assert!(plain(0.1).check(0).is_ok() && all_functions(0.1).check(2).is_ok());
        assert!(plain(0.1).check(1).unwrap_err().to_string().contains("of 0 slots, but the rule has 1"));
        assert!(plain(0.1).apply(&[&w, &w], &g, 0.0).is_err());
        assert!(plain(0.1).apply(&[&w], &g.narrow(0, 0, 3).unwrap(), 0.0).is_err());
    }
}
