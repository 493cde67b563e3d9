//! A helper that checks what must hold for every layer.

use crate::call::CallArguments;
use crate::layer::run_with;
use crate::symbolic::call_with;
use crate::{Config, Configure, Context, Input, Layer, Shape, Variable, from_config};
use candle_core::{D, DType, Device, Tensor, Var};
use candle_keras_ops::gradcheck::{compare, finite_differences, try_values, weighted_sum};
use candle_keras_ops::random::{Stream, set_random_seed};
use candle_keras_ops::{Error, Result, Tape};
use std::sync::Arc;

/// The inputs and expectations of [`check_layer`].
#[derive(Debug, Clone)]
pub struct Check {
    inputs: Vec<Vec<usize>>,
    ids: Option<usize>,
    output: Option<Vec<usize>>,
    weights: usize,
    config: bool,
    narrow: bool,
    arguments: Vec<(&'static str, Config)>,
}

impl Check {
    /// Inputs of these shapes, batch size included.
    pub fn inputs<const N: usize, const R: usize>(shapes: [[usize; R]; N]) -> Self {
        Self::shapes(shapes.map(|shape| shape.to_vec()).to_vec())
    }

    /// [`inputs`](Self::inputs) of different ranks.
    pub fn shapes(inputs: Vec<Vec<usize>>) -> Self {
        Self { inputs, ids: None, output: None, weights: 0, config: true, narrow: true, arguments: Vec::new() }
    }

    /// Inputs of these shapes that hold ids below `limit`.
    pub fn ids<const N: usize, const R: usize>(shapes: [[usize; R]; N], limit: usize) -> Self {
        Self { ids: Some(limit), ..Self::inputs(shapes) }
    }

    /// The shape of the output, batch size included.
    pub fn output(mut self, shape: impl Into<Vec<usize>>) -> Self {
        self.output = Some(shape.into());
        self
    }

    /// The number of weights; by default 0.
    pub fn weights(mut self, weights: usize) -> Self {
        self.weights = weights;
        self
    }

    /// For a layer whose configuration is incomplete: with a closure, say.
    pub fn without_config(mut self) -> Self {
        self.config = false;
        self
    }

    /// For a layer whose output or slope jumps, or nearly cancels: what 16 bits round is another number then.
    pub fn without_narrow(mut self) -> Self {
        self.narrow = false;
        self
    }

    /// A named argument of the call that is a flag or a number.
    pub fn argument(mut self, name: &'static str, value: impl Into<Config>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }

    fn arguments<T>(&self) -> CallArguments<T> {
        self.arguments.iter().fold(CallArguments::new(), |all, (name, value)| all.argument(*name, value.clone()))
    }

    fn data(&self, batch: Option<usize>) -> Result<Vec<Tensor>> {
        let tensor = |(i, shape): (usize, &Vec<usize>)| {
            let mut shape = shape.clone();
            shape[0] = batch.unwrap_or(shape[0]);
            Ok(match self.ids {
                None => try_values(&shape, i as u64 + 1)?,
                Some(limit) => {
                    let mut stream = Stream::new(i as u64 + 1, 0);
                    let ids =
                        (0..shape.iter().product()).map(|_| stream.below(limit as u64) as u32).collect::<Vec<_>>();
                    Tensor::from_vec(ids, shape, &Device::Cpu)?
                }
            })
        };
        self.inputs.iter().enumerate().map(tensor).collect()
    }
}

/// Checks in f64 what must hold for every layer, and panics at the first failure:
///
/// - the shapes that it computes for an unknown batch size are those of its outputs, for a batch of one as well;
/// - its configuration recreates the layer;
/// - the gradients of its inputs and of each of its weights are those of finite differences, in training and in inference,
///   and each weight receives one that is not all zero;
/// - a second call shares the weights, and their gradients add up;
/// - outputs and gradients do not depend on where the elements of the inputs are in memory;
/// - equal seeds give equal results, and inference does not depend on them;
/// - with a policy of 16 bits it computes the same within their precision, with gradients that are finite.
///
/// The thread's random seed is set first, so that the result is the same in every run: a layer of a few relu units can be dead by chance.
///
/// ```
/// use candle_keras_layers::{check_layer, Check, Dense};
/// check_layer(|| Dense::new(4), Check::inputs([[2, 3]]).output([2, 4]).weights(2));
/// ```
pub fn check_layer<L: Layer + Clone + Configure>(make: impl Fn() -> L, check: Check) {
    set_random_seed(1);
    let checked = try_check(&|| make().dtype("float64"), &check);
    let narrow = ["mixed_bfloat16", "mixed_float16", "bfloat16"];
    let policies =
        || narrow.into_iter().filter(|_| check.narrow).try_for_each(|policy| check_narrow(&make, policy, &check));
    if let Err(error) = checked.and_then(|()| policies()) {
        panic!("{error}");
    }
}

/// Compares a layer of 16 bits with one of the same weights in float64.
fn check_narrow<L: Layer + Clone + Configure>(make: &impl Fn() -> L, policy: &str, check: &Check) -> Result<()> {
    let built = |policy: &str| -> Result<L> {
        let layer = make().dtype(policy);
        let input = |shape: &Vec<usize>| Input::shape(Shape::from(&shape[1..])).output().cloned();
        let symbolic = check.inputs.iter().map(input).collect::<Result<Vec<_>>>()?;
        call_with(Arc::new(layer.clone()), symbolic, check.arguments())?;
        Ok(layer)
    };
    let (narrow, exact) = (built(policy)?, built("float64")?);
    for (to, from) in narrow.variables().iter().zip(exact.variables()) {
        to.assign(&from.value().to_dtype(to.dtype())?)?;
        // The weights that 16 bits can have.
        from.assign(&to.value().to_dtype(from.dtype())?)?;
    }
    let inputs = check.data(None)?;
    let within = |what: &str, (found, expected): (Vec<f64>, Vec<f64>)| {
        let largest = expected.iter().fold(1e-3, |largest: f64, x| largest.max(x.abs()));
        let differs = |(a, b): (&f64, &f64)| (a - b).abs() > 0.06 * largest || a.is_nan() != b.is_nan();
        match found.iter().zip(&expected).position(differs) {
            Some(i) => Err(Error::new(format!("{policy}: {what}, number {i}"))
                .expected(expected[i].to_string())
                .received(found[i].to_string())),
            None => Ok(()),
        }
    };
    for training in [false, true] {
        let outputs = |layer: &L| floats(&run_once(layer, &inputs, check, training)?.0);
        within("the output", (outputs(&narrow)?, outputs(&exact)?))?;
        let of = |layer: &L| -> Result<Vec<Vec<f64>>> {
            let (_, of_weights, of_inputs) = gradients(layer, &inputs, check, training, |x| Ok(x.clone()))?;
            of_weights.into_iter().chain(of_inputs).map(|gradient| floats(&[gradient])).collect()
        };
        for (i, gradients) in of(&narrow)?.into_iter().zip(of(&exact)?).enumerate() {
            within(&format!("gradient {i}"), gradients)?;
        }
    }
    Ok(())
}

fn try_check<L: Layer + Clone + Configure>(make: &dyn Fn() -> L, check: &Check) -> Result<()> {
    let layer = make();
    let input = |shape: &Vec<usize>| Input::shape(Shape::from(&shape[1..])).output().cloned();
    let symbolic = check.inputs.iter().map(input).collect::<Result<Vec<_>>>()?;
    let called = |layer: &L| call_with(Arc::new(layer.clone()), symbolic.clone(), check.arguments());
    let promised = called(&layer)?;
    let inputs = check.data(None)?;
    expect("the number of weights", &layer.variables().len(), &check.weights)?;

    for batch in [None, Some(1)] {
        let (outputs, masks) = run_once(&layer, &check.data(batch)?, check, false)?;
        expect("the number of masks", &masks, &outputs.len())?;
        expect("the number of outputs", &outputs.len(), &promised.len())?;
        for (output, promise) in outputs.iter().zip(&promised) {
            expect("that the shape is the promised one", &promise.shape().accepts(output.dims()), &true)?;
            expect("the dtype", &output.dtype(), &DType::F64)?;
        }
        if let (None, Some(expected)) = (batch, &check.output) {
            expect("the shape of the output", &outputs[0].dims().to_vec(), expected)?;
        }
    }

    if check.config {
        let again: L = from_config(layer.class_name(), layer.get_config()?)?;
        expect("the configuration after a round trip", &again.get_config()?, &layer.get_config()?)?;
        called(&again)?;
        again.set_weights(&layer.get_weights()?)?;
        let (a, b) = (run_once(&layer, &inputs, check, false)?.0, run_once(&again, &inputs, check, false)?.0);
        expect("the result of the layer from the configuration", &floats(&a)?, &floats(&b)?)?;
    }

    for training in [false, true] {
        check_gradients(&layer, &inputs, check, training)?;
    }
    check_layouts(&layer, &inputs, check)?;
    let results = |seed| {
        let mut ctx = Context::training(Stream::new(seed, 0));
        floats(&run_with(&layer, &inputs, &[], check.arguments(), &mut ctx)?.0)
    };
    expect("the result for the same seed", &results(1)?, &results(1)?)?;
    let inference = || floats(&run_once(&layer, &inputs, check, false)?.0);
    expect("the result of inference", &inference()?, &inference()?)?;

    let (twice, variables) = (called(&layer)?, layer.variables().len());
    expect("the index of the second call", &twice[0].node().index(), &1)?;
    expect("the number of weights after a second call", &variables, &check.weights)
}

/// The outputs, and the number of their masks.
fn run_once(layer: &dyn Layer, inputs: &[Tensor], check: &Check, training: bool) -> Result<(Vec<Tensor>, usize)> {
    let mut ctx = Context::new(training, true, Stream::new(7, 0));
    let masks = vec![None; inputs.len()];
    let (outputs, masks) = run_with(layer, inputs, &masks, check.arguments(), &mut ctx)?;
    Ok((outputs, masks.len()))
}

/// A scalar that depends on every element of every output of two successive runs: weights are shared.
fn value(layer: &dyn Layer, inputs: &[Tensor], check: &Check, training: bool) -> Result<Tensor> {
    let (first, _) = run_once(layer, inputs, check, training)?;
    let (second, _) = run_once(layer, inputs, check, training)?;
    let mut sum = Tensor::zeros((), DType::F64, &Device::Cpu)?;
    for (i, output) in first.iter().chain(&second).enumerate() {
        sum = (sum + (weighted_sum(&output.to_dtype(DType::F64)?)? * (1.0 + i as f64))?)?;
    }
    Ok(sum)
}

/// A function that moves the elements of a tensor to other places in memory.
type Layout = fn(&Tensor) -> candle_core::Result<Tensor>;

const LAYOUTS: [(&str, Layout); 2] = [
    ("a part of a larger tensor", |x| {
        let (beside, size) = (x.zeros_like()?, x.dim(D::Minus1)?);
        Tensor::cat(&[&beside, x, &beside], D::Minus1)?.narrow(D::Minus1, size, size)
    }),
    ("transposed", |x| x.transpose(0, D::Minus1)?.contiguous()?.transpose(0, D::Minus1)),
];

/// The value on inputs of this layout, its gradient for each trainable weight, and those for the inputs unless they are ids.
fn gradients(
    layer: &dyn Layer,
    inputs: &[Tensor],
    check: &Check,
    training: bool,
    layout: Layout,
) -> Result<(Tensor, Vec<Tensor>, Vec<Tensor>)> {
    let differentiable = inputs.iter().all(|x| x.dtype().is_float());
    let vars = inputs.iter().map(Var::from_tensor).collect::<candle_core::Result<Vec<_>>>()?;
    let tape = Tape::start();
    let arranged = match differentiable {
        true => vars.iter().map(|var| layout(var)).collect::<candle_core::Result<Vec<_>>>()?,
        false => inputs.iter().map(layout).collect::<candle_core::Result<Vec<_>>>()?,
    };
    let value = value(layer, &arranged, check, training)?;
    let grads = tape.backward(&value)?;
    let of_weight = |variable: &Variable| match variable.gradient(&grads)? {
        Some(gradient) => Ok(gradient.to_dense(&variable.value())?),
        None => Err(Error::new(format!("the weight {:?} receives no gradient", variable.path()))),
    };
    let of_weights = layer.trainable_variables().iter().map(of_weight).collect::<Result<Vec<_>>>()?;
    let of_input = |var: &Var| grads.get(var).cloned().map_or_else(|| var.zeros_like(), Ok);
    let of_inputs = vars.iter().filter(|_| differentiable).map(of_input).collect::<candle_core::Result<Vec<_>>>()?;
    Ok((value, of_weights, of_inputs))
}

fn check_layouts(layer: &dyn Layer, inputs: &[Tensor], check: &Check) -> Result<()> {
    let results = |layout: Layout| {
        let (value, of_weights, of_inputs) = gradients(layer, inputs, check, true, layout)?;
        floats(&[vec![value], of_weights, of_inputs].concat())
    };
    let expected = results(|x| Ok(x.clone()))?;
    for (name, layout) in LAYOUTS {
        let found = results(layout)?;
        let close = found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-9 * (1.0 + b.abs()));
        expect(&format!("that it computes the same for inputs that are {name}"), &close, &true)?;
    }
    Ok(())
}

fn check_gradients(layer: &dyn Layer, inputs: &[Tensor], check: &Check, training: bool) -> Result<()> {
    let (_, of_weights, of_inputs) = gradients(layer, inputs, check, training, |x| Ok(x.clone()))?;
    let scalar = |inputs: &[Tensor]| {
        let scalar = value(layer, inputs, check, training).map_err(candle_core::Error::wrap)?;
        scalar.to_scalar::<f64>()
    };
    for (variable, gradient) in layer.trainable_variables().iter().zip(&of_weights) {
        if gradient.abs()?.max_all()?.to_dtype(DType::F64)?.to_scalar::<f64>()? == 0.0 {
            return Err(Error::new(format!("the gradient of the weight {:?} is all zero", variable.path())));
        }
        let set = |x: &Tensor| variable.assign(x).map_err(candle_core::Error::wrap);
        let differences = finite_differences(&variable.value().copy()?, set, || scalar(inputs))?;
        compare(&variable.path(), gradient, &differences)?;
    }
    for (i, gradient) in of_inputs.iter().enumerate() {
        let current = std::cell::RefCell::new(inputs.to_vec());
        let set = |x: &Tensor| {
            current.borrow_mut()[i] = x.clone();
            Ok(())
        };
        let differences = finite_differences(&inputs[i], set, || scalar(&current.borrow()))?;
        compare(&format!("input {i}"), gradient, &differences)?;
    }
    Ok(())
}

fn floats(tensors: &[Tensor]) -> Result<Vec<f64>> {
    let mut all = Vec::new();
    for tensor in tensors {
        all.extend(tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?);
    }
    Ok(all)
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::new(what).expected(format!("{expected:?}")).received(format!("{found:?}")))
}
