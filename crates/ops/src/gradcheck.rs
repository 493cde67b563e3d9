//! Gradient checks by finite differences.

use crate::random::Stream;
use crate::{Gradients, Tape};
use candle_core::{DType, Device, Result, Tensor, Var, bail};

/// The tolerance of a gradient, relative to the larger of it and 1.
const TOLERANCE: f64 = 1e-6;
/// Half the step of the central differences.
const STEP: f64 = 1e-5;

/// Fixed values of this shape for a check: normal, in f64, away from the kinks at 0.
pub fn values<const N: usize>(shape: [usize; N], seed: u64) -> Tensor {
    try_values(&shape, seed).expect("the number of values fits the shape")
}

/// [`values`] for a shape that is known at run time.
pub fn try_values(shape: &[usize], seed: u64) -> Result<Tensor> {
    let count = shape.iter().product();
    let values = Stream::new(seed, 0).normal(count).into_iter().map(|x| if x.abs() < 0.01 { x + 0.05 } else { x });
    Tensor::from_vec(values.collect::<Vec<f64>>(), shape, &Device::Cpu)
}

/// The gradients of `sum(f(inputs) * weights)` for fixed, uneven weights, so that no error can cancel; the same on
/// both tapes.
pub fn gradients(inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) -> Result<Vec<Tensor>> {
    let vars = inputs.iter().map(Var::from_tensor).collect::<Result<Vec<_>>>()?;
    let tensors: Vec<_> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    let tape = Tape::start();
    let loss = weighted_sum(&f(&tensors)?);
    let grads = loss.and_then(|loss| tape.backward(&loss))?;
    let of = |grads: &Gradients, var: &Var| grads.get(var).map_or_else(|| var.zeros_like(), |grad| Ok(grad.clone()));
    let candles = weighted_sum(&f(&tensors)?)?.backward()?.into();
    for (i, var) in vars.iter().enumerate() {
        let other = of(&candles, var)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
        compare(&format!("input {i} on candle's tape"), &of(&grads, var)?, &other)?;
    }
    vars.iter().map(|var| of(&grads, var)).collect()
}

/// `sum(y * w)` for weights that depend on the position alone.
pub fn weighted_sum(y: &Tensor) -> Result<Tensor> {
    let weights = Tensor::from_vec(weights(y.elem_count()), y.dims(), y.device())?.to_dtype(y.dtype())?;
    (y * weights)?.sum_all()
}

fn weights(count: usize) -> Vec<f64> {
    (0..count).map(|i| 0.5 + ((i * 7) % 11) as f64 / 11.0).collect()
}

/// Central differences of `value` in each element of `x`. `set` stores a modified `x` where `value` reads it.
pub fn finite_differences(
    x: &Tensor,
    set: impl Fn(&Tensor) -> Result<()>,
    value: impl Fn() -> Result<f64>,
) -> Result<Vec<f64>> {
    if x.dtype() != DType::F64 {
        bail!("finite differences need f64, not {:?}", x.dtype())
    }
    let original = x.flatten_all()?.to_vec1::<f64>()?;
    let at = |i: usize, offset: f64| {
        let mut moved = original.clone();
        moved[i] += offset;
        set(&Tensor::from_vec(moved, x.dims(), x.device())?)?;
        value()
    };
    let differences = (0..original.len()).map(|i| Ok((at(i, STEP)? - at(i, -STEP)?) / (2.0 * STEP))).collect();
    set(&Tensor::from_vec(original.clone(), x.dims(), x.device())?)?;
    differences
}

/// An error that names the worst element, where a gradient and its finite differences disagree.
pub fn compare(what: &str, gradient: &Tensor, differences: &[f64]) -> Result<()> {
    let gradient = gradient.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
    for (i, (&g, &d)) in gradient.iter().zip(differences).enumerate() {
        let apart = (g - d).abs() / g.abs().max(d.abs()).max(1.0);
        if apart.is_nan() || apart > TOLERANCE {
            bail!("{what}: element {i} has the gradient {g}, finite differences say {d}")
        }
    }
    if gradient.len() != differences.len() {
        bail!("{what}: {} gradients for {} elements", gradient.len(), differences.len())
    }
    Ok(())
}

/// Checks the gradients of `f` at `inputs` (f64) against finite differences.
///
/// ```
/// use candle_keras_ops::gradcheck::{check_gradients, values};
/// check_gradients(&[values([2, 3], 1)], |x| x[0].sqr())?;
/// assert!(check_gradients(&[values([2, 3], 1)], |x| x[0].detach().sqr()).is_err());
/// # Ok::<(), candle_core::Error>(())
/// ```
pub fn check_gradients(inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) -> Result<()> {
    let found = gradients(inputs, &f)?;
    for (i, (input, gradient)) in inputs.iter().zip(&found).enumerate() {
        let current = std::cell::RefCell::new(inputs.to_vec());
        let set = |x: &Tensor| {
            current.borrow_mut()[i] = x.clone();
            Ok(())
        };
        let value = || weighted_sum(&f(&current.borrow())?)?.to_scalar::<f64>();
        compare(&format!("input {i}"), gradient, &finite_differences(input, set, value)?)?;
    }
    Ok(())
}

/// Checks the gradients of the gradients of `f` at `inputs` (f64): those of `sum(gradient^2 * weights)`, summed over the inputs, against finite
/// differences.
///
/// ```
/// use candle_keras_ops::gradcheck::{check_second_gradients, values};
/// use candle_keras_ops as ops;
/// check_second_gradients(&[values([2, 3], 1)], |x| ops::exp(&ops::square(&x[0])?))?;
/// assert!(check_second_gradients(&[values([2, 3], 1)], |x| x[0].sqr()).is_err()); // not an op of this crate
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If they differ, or a function that `f` calls has no gradient of its gradient.
pub fn check_second_gradients(inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) -> Result<()> {
    let of_gradients = |tensors: &[Tensor]| {
        let tape = Tape::start();
        let y = f(tensors)?;
        let weights = Tensor::from_vec(weights(y.elem_count()), y.dims(), y.device())?;
        let gradients = tape.backward(&crate::sum(&crate::multiply(&y, &weights)?, ())?)?;
        let mut sum = Tensor::zeros((), DType::F64, y.device())?;
        for gradient in tensors.iter().filter_map(|x| gradients.get(x)) {
            sum = (sum + weighted_sum(&gradient.sqr()?)?)?;
        }
        Ok::<_, candle_core::Error>(sum)
    };
    let vars = inputs.iter().map(Var::from_tensor).collect::<Result<Vec<_>>>()?;
    let tensors: Vec<_> = vars.iter().map(|var| var.as_tensor().clone()).collect();
    let tape = Tape::start();
    let found = tape.backward(&of_gradients(&tensors)?)?;
    for (i, var) in vars.iter().enumerate() {
        let gradient = found.get(var).map_or_else(|| var.zeros_like(), |gradient| Ok(gradient.clone()))?;
        let set = |x: &Tensor| var.set(x);
        let value = || of_gradients(&tensors)?.to_scalar::<f64>();
        compare(&format!("second gradient, input {i}"), &gradient, &finite_differences(&inputs[i], set, value)?)?;
    }
    Ok(())
}

/// [`check_second_gradients`] for tests: panics with the difference.
pub fn assert_second_gradients(inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) {
    if let Err(error) = check_second_gradients(inputs, f) {
        panic!("{error}");
    }
}

/// [`check_gradients`] for tests: panics with the difference.
pub fn assert_gradients(inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) {
    if let Err(error) = check_gradients(inputs, f) {
        panic!("{error}");
    }
}
