//! Loops and branches over tensors. Keras: `keras/src/ops/core.py`.
//!
//! A tensor here has its value, so that a loop is a loop: a closure runs as often as it must, and gradients are those of the ops in it.

use crate::axes::resolve_axis;
use crate::operation::broadcast_shape;
use crate::shape::{get_item, reshaped};
use crate::{Index, lengths};
use candle_core::{DType, Result, Tensor, bail};

/// What a condition may be: a flag, or a tensor of one element, which holds unless it is 0.
pub trait Condition {
    /// Whether it holds.
    ///
    /// # Errors
    /// If it is a tensor of several elements.
    fn holds(&self) -> Result<bool>;
}

impl Condition for bool {
    fn holds(&self) -> Result<bool> {
        Ok(*self)
    }
}

impl Condition for Tensor {
    fn holds(&self) -> Result<bool> {
        Ok(number(self, "a condition")? != 0.0)
    }
}

fn number(x: &Tensor, what: &str) -> Result<f64> {
    if lengths::elements(x.dims())? != 1 {
        bail!("{what} is a tensor of one element, not one of shape {:?}", x.dims())
    }
    x.detach().flatten_all()?.get(0)?.to_dtype(DType::F64)?.to_scalar()
}

/// The result of `true_fn` if the condition holds, else that of `false_fn`; only one of them runs. Keras: `ops.cond(pred, true_fn, false_fn)`.
///
/// ```
/// use candle_keras_ops::{Device, Tensor, cond, greater, sum};
/// let (x, zero) = (Tensor::new(&[1f32, 2.], &Device::Cpu)?, Tensor::new(0f32, &Device::Cpu)?);
/// let y = cond(&greater(&sum(&x, ())?, &zero)?, || x.sqrt(), || x.neg())?;
/// assert_eq!(y.to_vec1::<f32>()?, [1., 2f32.sqrt()]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If the condition is not one, or the closure fails.
pub fn cond<R>(
    pred: &impl Condition,
    true_fn: impl FnOnce() -> Result<R>,
    false_fn: impl FnOnce() -> Result<R>,
) -> Result<R> {
    if pred.holds()? { true_fn() } else { false_fn() }
}

/// A branch of [`switch`].
pub type Branch<'a, R> = &'a dyn Fn(&[Tensor]) -> Result<R>;

/// The result of the branch of this index on the operands; an index outside of the list is that of the nearest branch, as in Keras. Keras:
/// `ops.switch(index, branches, *operands)`.
///
/// # Errors
/// If the index is not one whole number, there is no branch, or the branch fails.
pub fn switch<R>(index: &Tensor, branches: &[Branch<R>], operands: &[Tensor]) -> Result<R> {
    let index = number(index, "the index of a branch")?;
    let Some(last) = branches.len().checked_sub(1) else { bail!("switch has no branches") };
    if index.fract() != 0.0 || !index.is_finite() {
        bail!("the index of a branch is a whole number, not {index}")
    }
    branches[index.clamp(0.0, last as f64) as usize](operands)
}

/// Runs `body` on the variables while `cond` holds, at most `maximum_iterations` times. Keras: `ops.while_loop(cond, body, loop_vars)`.
///
/// ```
/// use candle_keras_ops::while_loop;
/// let (n, power) = while_loop(|(_, power)| Ok(*power < 1000), |(n, power)| Ok((n + 1, power * 2)), (0, 1), None)?;
/// assert_eq!((n, power), (10, 1024));
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If a closure fails.
pub fn while_loop<V, C: Condition>(
    cond: impl Fn(&V) -> Result<C>,
    mut body: impl FnMut(V) -> Result<V>,
    loop_vars: V,
    maximum_iterations: Option<usize>,
) -> Result<V> {
    let (mut vars, mut left) = (loop_vars, maximum_iterations);
    while left != Some(0) && cond(&vars)?.holds()? {
        vars = body(vars)?;
        left = left.map(|left| left - 1);
    }
    Ok(vars)
}

/// Runs `body` on each number from `lower` to before `upper` and the value so far. Keras: `ops.fori_loop(lower, upper, body_fun, init_val)`.
///
/// # Errors
/// If `body` fails.
pub fn fori_loop<V>(lower: i64, upper: i64, body: impl FnMut(V, i64) -> Result<V>, init_val: V) -> Result<V> {
    (lower..upper).try_fold(init_val, body)
}

/// Runs `f` over the elements of `xs` along their first axes: it takes what is carried and an element of each, and returns what is carried and
/// outputs, which are stacked. Without `xs`, it runs `length` times. With `reverse`, it begins at the last element, and the outputs are in the
/// order of the elements. Keras: `ops.scan(f, init, xs, length, reverse)`.
///
/// ```
/// use candle_keras_ops::{Device, Tensor, add, scan};
/// let x = Tensor::new(&[1f32, 2., 3.], &Device::Cpu)?;
/// let zero = Tensor::new(0f32, &Device::Cpu)?;
/// let (sum, sums) = scan(
///     |sum, x| {
///         let sum = add(&sum, &x[0])?;
///         Ok((sum.clone(), vec![sum]))
///     },
///     zero,
///     &[x],
///     None,
///     false,
/// )?;
/// assert_eq!(sum.to_scalar::<f32>()?, 6.);
/// assert_eq!(sums[0].to_vec1::<f32>()?, [1., 3., 6.]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If the first axes differ, there is neither `xs` nor `length`, or `f` fails.
pub fn scan<C>(
    mut f: impl FnMut(C, &[Tensor]) -> Result<(C, Vec<Tensor>)>,
    init: C,
    xs: &[Tensor],
    length: Option<usize>,
    reverse: bool,
) -> Result<(C, Vec<Tensor>)> {
    let lengths: Vec<usize> = xs.iter().map(first_size).chain(length.map(Ok)).collect::<Result<_>>()?;
    let Some(&steps) = lengths.first() else { bail!("scan needs xs, or a length") };
    if lengths.iter().any(|other| *other != steps) {
        bail!("scan takes xs of one length, received {lengths:?}")
    }
    let (mut carry, mut outputs): (C, Vec<Vec<Tensor>>) = (init, Vec::new());
    for i in 0..steps {
        let at = if reverse { steps - 1 - i } else { i };
        let elements = xs.iter().map(|x| element(x, at)).collect::<Result<Vec<_>>>()?;
        let (next, ys) = f(carry, &elements)?;
        carry = next;
        outputs.push(ys);
    }
    if reverse {
        outputs.reverse();
    }
    let count = outputs.first().map_or(0, Vec::len);
    if outputs.iter().any(|ys| ys.len() != count) {
        bail!("the function of a scan returns another number of outputs in some steps")
    }
    let of_all = |i: usize| stacked(&outputs.iter().map(|ys| ys[i].clone()).collect::<Vec<_>>());
    Ok((carry, (0..count).map(of_all).collect::<Result<_>>()?))
}

/// The number of elements along the first axis.
fn first_size(x: &Tensor) -> Result<usize> {
    match x.dims() {
        [size, ..] => Ok(*size),
        [] => bail!("a tensor with elements along a first axis is needed, received a scalar"),
    }
}

fn element(x: &Tensor, at: usize) -> Result<Tensor> {
    get_item(x, &[Index::At(at as i64)])
}

fn stacked(tensors: &[Tensor]) -> Result<Tensor> {
    crate::stack(tensors, 0)
}

/// `f` of each element of `xs` along the first axis, stacked. Keras: `ops.map(f, xs)`.
///
/// # Errors
/// If there is no element, the results have other shapes, or `f` fails.
pub fn map(mut f: impl FnMut(&Tensor) -> Result<Tensor>, xs: &Tensor) -> Result<Tensor> {
    let steps = first_size(xs)?;
    if steps == 0 {
        bail!("map over no elements: the shape of the result is not known")
    }
    stacked(&(0..steps).map(|i| f(&element(xs, i)?)).collect::<Result<Vec<_>>>()?)
}

/// `function` of each element of all of `elements` along their first axes, stacked. Keras: `ops.vectorized_map(function, elements)`.
///
/// Element by element: a function of whole tensors is faster.
///
/// # Errors
/// If there is no element, the first axes differ, or `function` fails.
pub fn vectorized_map(mut function: impl FnMut(&[Tensor]) -> Result<Tensor>, elements: &[Tensor]) -> Result<Tensor> {
    if elements.is_empty() {
        bail!("vectorized_map needs at least one tensor")
    }
    let run = |(), elements: &[Tensor]| Ok(((), vec![function(elements)?]));
    let ((), mut outputs) = scan(run, (), elements, None, false)?;
    match outputs.pop() {
        Some(output) => Ok(output),
        None => bail!("vectorized_map over no elements: the shape of the result is not known"),
    }
}

/// A function of tensors from one of numbers: `pyfunc` runs for each element of the tensors, which broadcast, and the results are stacked. Keras:
/// `ops.vectorize(pyfunc)`.
///
/// Element by element: a function of whole tensors is much faster.
///
/// ```
/// use candle_keras_ops::{Device, Tensor, cond, greater, vectorize};
/// let larger = vectorize(|x| cond(&greater(&x[0], &x[1])?, || Ok(x[0].clone()), || Ok(x[1].clone())));
/// let (x, y) = (Tensor::new(&[[1f32], [5.]], &Device::Cpu)?, Tensor::new(&[2f32, 3.], &Device::Cpu)?);
/// assert_eq!(larger(&[x, y])?.to_vec2::<f32>()?, [[2., 3.], [5., 5.]]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If there is no element, the tensors do not broadcast, the results have other shapes, or `pyfunc` fails.
pub fn vectorize(pyfunc: impl Fn(&[Tensor]) -> Result<Tensor>) -> impl Fn(&[Tensor]) -> Result<Tensor> {
    move |tensors| {
        let both = |shape: Vec<usize>, x: &Tensor| broadcast_shape(&shape, x.dims());
        let shape = tensors.iter().try_fold(Vec::new(), both)?;
        let count = lengths::elements(&shape)?;
        let flat = |x: &Tensor| {
            lengths::allocated(&shape, x.dtype())?;
            reshaped(&x.broadcast_as(shape.as_slice())?.contiguous()?, &[count])
        };
        let y = vectorized_map(&pyfunc, &tensors.iter().map(flat).collect::<Result<Vec<_>>>()?)?;
        let whole = [shape.as_slice(), &y.dims()[1..]].concat();
        reshaped(&y, &whole)
    }
}

/// All sums of the first elements along an axis, with `f` in place of the sum, which must be associative: `f` takes several pairs of elements at
/// once, as parts of the tensors along the axis, and runs a few times the logarithm of their number. Keras: `ops.associative_scan(f, elems, reverse, axis)`.
///
/// ```
/// use candle_keras_ops::{Device, Tensor, associative_scan, multiply};
/// let x = Tensor::new(&[1f32, 2., 3., 4.], &Device::Cpu)?;
/// let products = associative_scan(|a, b| Ok(vec![multiply(&a[0], &b[0])?]), &[x], false, 0)?;
/// assert_eq!(products[0].to_vec1::<f32>()?, [1., 2., 6., 24.]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If the tensors have not one size along the axis, or `f` fails, or changes shapes.
pub fn associative_scan(
    f: impl Fn(&[Tensor], &[Tensor]) -> Result<Vec<Tensor>>,
    elems: &[Tensor],
    reverse: bool,
    axis: i64,
) -> Result<Vec<Tensor>> {
    let Some(first) = elems.first() else { bail!("associative_scan needs a tensor") };
    let axis = resolve_axis(axis, first.rank())?;
    let length = first.dim(axis)?;
    if elems.iter().any(|x| x.dims().get(axis) != Some(&length)) {
        bail!("associative_scan takes tensors of one size along axis {axis}")
    }
    lengths::check(elems)?;
    if !reverse {
        return sums(&f, elems, axis);
    }
    let turned = |all: &[Tensor]| all.iter().map(|x| reversed(x, axis)).collect::<Result<Vec<_>>>();
    turned(&sums(&f, &turned(elems)?, axis)?)
}

type Combine<'a> = &'a dyn Fn(&[Tensor], &[Tensor]) -> Result<Vec<Tensor>>;

fn sums(f: Combine, elems: &[Tensor], axis: usize) -> Result<Vec<Tensor>> {
    let length = elems[0].dim(axis)?;
    if length < 2 {
        return Ok(elems.to_vec());
    }
    let part = |all: &[Tensor], start: i64, stop: Option<i64>, step: i64| -> Result<Vec<Tensor>> {
        let mut key = vec![Index::from(..); axis];
        key.push(Index::Slice { start: Some(start), stop, step: Some(step) });
        all.iter().map(|x| get_item(x, &key)).collect()
    };
    let combine = |a: &[Tensor], b: &[Tensor]| {
        let found = f(a, b)?;
        match found.len() == a.len() && found.iter().zip(a).all(|(x, y)| x.dims() == y.dims()) {
            true => Ok(found),
            false => bail!("the function of an associative_scan returns tensors of the shapes that it takes"),
        }
    };
    // Those at odd places are the sums of pairs; the others follow from them and one element each.
    let odd = sums(f, &combine(&part(elems, 0, Some(length as i64 - 1), 2)?, &part(elems, 1, None, 2)?)?, axis)?;
    let mut even = part(elems, 0, Some(1), 1)?;
    if length > 2 {
        let rest = part(elems, 2, None, 2)?;
        let count = rest[0].dim(axis)? as i64;
        let next = combine(&part(&odd, 0, Some(count), 1)?, &rest)?;
        even = even.iter().zip(&next).map(|(a, b)| Tensor::cat(&[a, b], axis)).collect::<Result<_>>()?;
    }
    even.iter().zip(&odd).map(|(even, odd)| interleaved(even, odd, axis)).collect()
}

/// The elements of both in turns, along an axis; `even` may have one more.
fn interleaved(even: &Tensor, odd: &Tensor, axis: usize) -> Result<Tensor> {
    let (count, pairs) = (even.dim(axis)? + odd.dim(axis)?, odd.dim(axis)?);
    let mut dims = even.dims().to_vec();
    dims[axis] = 2 * pairs;
    let both = reshaped(&Tensor::stack(&[&even.narrow(axis, 0, pairs)?, odd], axis + 1)?, &dims)?;
    match count > 2 * pairs {
        true => Tensor::cat(&[&both, &even.narrow(axis, pairs, 1)?], axis),
        false => Ok(both),
    }
}

fn reversed(x: &Tensor, axis: usize) -> Result<Tensor> {
    let ids: Vec<u32> = (0..x.dim(axis)? as u32).rev().collect();
    x.contiguous()?.index_select(&Tensor::new(ids, x.device())?, axis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use crate::{self as ops, Device};

    fn floats(x: &Tensor) -> Vec<f64> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn branches_and_loops_have_the_gradients_of_what_ran() {
        let x = values([3], 1);
        let branch = |x: &[Tensor]| {
            let positive = ops::greater(&ops::sum(&x[0], ())?, &Tensor::new(-1e9, &Device::Cpu)?)?;
            cond(&positive, || ops::square(&x[0]), || Ok(x[0].clone()))
        };
        assert_gradients(std::slice::from_ref(&x), branch);
        let power = |x: &[Tensor]| fori_loop(0, 3, |y, _| ops::multiply(&y, &x[0]), x[0].clone());
        assert_gradients(std::slice::from_ref(&x), power);
        let halves = |x: &[Tensor]| {
            while_loop(
                |y: &Tensor| ops::greater(&ops::max(&ops::abs(y)?, ())?, &Tensor::new(0.5, &Device::Cpu)?),
                |y| y * 0.5,
                x[0].clone(),
                Some(9),
            )
        };
        assert_gradients(std::slice::from_ref(&x), halves);
        assert_gradients(&[values([4, 3], 2)], |x| map(ops::exp, &x[0]));
        assert_gradients(&[values([4, 3], 2), values([4], 3)], |x| vectorized_map(|x| ops::multiply(&x[0], &x[1]), x));
        assert_gradients(&[values([2, 1], 2), values([3], 3)], vectorize(|x| ops::multiply(&x[0], &x[1])));
        for reverse in [false, true] {
            assert_gradients(&[values([4, 3], 2), values([3], 3)], |x| {
                let step = |state: Tensor, x: &[Tensor]| {
                    let state = ops::tanh(&ops::add(&state, &x[0])?)?;
                    Ok((state.clone(), vec![ops::square(&state)?]))
                };
                let (state, outputs) = scan(step, x[1].clone(), &x[..1], None, reverse)?;
                ops::add(&outputs[0], &state)
            });
            for length in [1, 2, 5, 8] {
                let x = values([2, 5, 3], 4).narrow(1, 0, length.min(5)).unwrap().contiguous().unwrap();
                let products = |x: &[Tensor]| {
                    let both = [x[0].clone(), ops::square(&x[0])?];
                    let product =
                        |a: &[Tensor], b: &[Tensor]| Ok(vec![ops::multiply(&a[0], &b[0])?, ops::add(&a[1], &b[1])?]);
                    let found = associative_scan(product, &both, reverse, 1)?;
                    ops::add(&found[0], &found[1])
                };
                assert_gradients(&[x], products);
            }
        }
    }

    #[test]
    fn an_associative_scan_is_that_of_one_element_after_another() {
        for length in 1..12usize {
            let x = Tensor::arange(1f64, length as f64 + 1.0, &Device::Cpu).unwrap();
            // Not commutative: the later element wins where it is even.
            let f = |a: f64, b: f64| a * 0.5 + b;
            let on_tensors = |a: &[Tensor], b: &[Tensor]| Ok(vec![ops::add(&a[0], &b[0])?]);
            let sums = associative_scan(on_tensors, std::slice::from_ref(&x), false, 0).unwrap();
            let expected: Vec<f64> = (1..=length).map(|n| (n * (n + 1) / 2) as f64).collect();
            assert_eq!(floats(&sums[0]), expected);
            let sums = associative_scan(on_tensors, std::slice::from_ref(&x), true, -1).unwrap();
            let all = (length * (length + 1) / 2) as f64;
            let expected: Vec<f64> = (0..length).map(|n| all - (n * (n + 1) / 2) as f64).collect();
            assert_eq!(floats(&sums[0]), expected);
            // Affine functions, which are associative and not commutative.
            let pair = [(&x * 0.0).unwrap().affine(1.0, 0.5).unwrap(), x.clone()];
            let compose = |a: &[Tensor], b: &[Tensor]| {
                Ok(vec![ops::multiply(&a[0], &b[0])?, ops::add(&ops::multiply(&b[0], &a[1])?, &b[1])?])
            };
            let found = associative_scan(compose, &pair, false, 0).unwrap();
            let mut last = 0.0;
            let expected: Vec<f64> = floats(&x)
                .into_iter()
                .map(|x| {
                    last = f(last, x);
                    last
                })
                .collect();
            assert!(floats(&found[1]).iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let x = values([3, 2], 1);
        assert!(
            cond(&x, || Ok(()), || Ok(())).unwrap_err().to_string().contains("a condition is a tensor of one element")
        );
        let index = |i: f64| Tensor::new(i, &Device::Cpu).unwrap();
        let branches: [Branch<usize>; 2] = [&|x| Ok(x.len()), &|_| Ok(7)];
        let chosen = |i: f64| switch(&index(i), &branches, &[]);
        assert_eq!((chosen(-3.0).unwrap(), chosen(1.0).unwrap(), chosen(9.0).unwrap()), (0, 7, 7));
        assert!(chosen(0.5).is_err() && switch::<()>(&index(0.0), &[], &[]).is_err());
        let step = |(), _: &[Tensor]| Ok(((), vec![]));
        assert!(scan(step, (), &[], None, false).is_err());
        assert!(scan(step, (), std::slice::from_ref(&x), Some(2), false).is_err());
        assert!(scan(step, (), &[], Some(2), false).is_ok());
        assert!(map(|x| Ok(x.clone()), &x.narrow(0, 0, 0).unwrap()).is_err());
        assert!(associative_scan(|a, _| Ok(a[..0].to_vec()), std::slice::from_ref(&x), false, 0).is_err());
        assert!(associative_scan(|a, _| Ok(a.to_vec()), &[x], false, 2).is_err());
        assert_eq!(while_loop(|_: &usize| Ok(true), |n| Ok(n + 1), 0, Some(5)).unwrap(), 5);
    }

    #[test]
    fn what_has_no_elements_is_an_error() {
        let scalar = Tensor::new(1f32, &Device::Cpu).unwrap();
        let step = |sum: Tensor, x: &[Tensor]| Ok((sum.clone(), vec![x[0].clone()]));
        let scanned = scan(step, scalar.clone(), std::slice::from_ref(&scalar), None, false).unwrap_err().to_string();
        assert!(scanned.contains("received a scalar"), "{scanned}");
        assert!(map(ops::exp, &scalar).unwrap_err().to_string().contains("received a scalar"));
        let mapped = vectorized_map(|x| Ok(x[0].clone()), &[]).unwrap_err().to_string();
        assert!(mapped.contains("vectorized_map needs"), "{mapped}");
    }
}
