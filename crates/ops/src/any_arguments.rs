//! Every public op on arguments of any size, dtype and layout, fitting or not: the result has its shape, or there is an error; never a panic,
//! and never an access outside of memory (this runs under the address sanitizer as well).

use crate as ops;
use crate::random::Stream;
use crate::{
    Attention, Axis, Cell, Classes, DType, Device, FusedActivation, Groups, Operation, Outputs, Padding, Pairwise,
    Pool, Rectifier, RnnConfig, Rows, Sequences, Spec, Tape, Tensor, WithoutKeys,
};
use candle_core::{Result, Var};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Sizes whose products wrap, and such that no memory holds.
const HUGE: [usize; 4] = [1 << 40, 1 << 42, 1 << 62, usize::MAX];

const DTYPES: [DType; 8] =
    [DType::F32, DType::F64, DType::F16, DType::BF16, DType::U8, DType::U32, DType::I64, DType::I32];

/// Draws arguments.
struct Draw(Stream);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound as u64) as usize
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    /// A size, rarely a huge one.
    fn size(&mut self) -> usize {
        if self.one_in(20) { self.of(&HUGE) } else { self.of(&[0, 1, 1, 2, 2, 3, 5, 17]) }
    }

    fn integer(&mut self) -> i64 {
        if self.one_in(10) { self.of(&[i64::MIN, i64::MAX, 1 << 42]) } else { self.below(9) as i64 - 4 }
    }

    fn number(&mut self) -> f64 {
        self.of(&[0.0, 0.5, 1.0, -1.0, 2.5, 1e30, -1e300, f64::NAN, f64::INFINITY])
    }

    /// Mostly f32.
    fn dtype(&mut self) -> DType {
        if self.one_in(3) { self.of(&DTYPES) } else { DType::F32 }
    }

    /// A tensor of this shape, or rarely of another: contiguous, a part of a larger one, or broadcast.
    fn tensor(&mut self, shape: &[usize], dtype: DType) -> Tensor {
        let mut shape = shape.to_vec();
        if self.one_in(40) {
            match self.below(3) {
                0 => shape.push(self.size()),
                1 => drop(shape.pop()),
                _ if shape.is_empty() => (),
                _ => {
                    let dim = self.below(shape.len());
                    shape[dim] = self.size();
                }
            }
        }
        let dtype = if self.one_in(40) { self.of(&DTYPES) } else { dtype };
        let count = shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size.max(1)));
        let of = |values: Vec<f64>, shape: &[usize]| {
            Tensor::from_vec(values, shape, &Device::Cpu).and_then(|x| x.to_dtype(dtype)).unwrap()
        };
        if count.is_none_or(|count| count > 1 << 16) || self.one_in(10) {
            let last: &[usize] = if shape.contains(&0) { &[0] } else { &[1] };
            // Sizes of 0 broadcast from a size of 0 alone.
            let ones: Vec<usize> = shape.iter().map(|&size| size.min(last[0].max(usize::from(size > 0)))).collect();
            let few = of(vec![1.5; ones.iter().product()], &ones);
            return few.broadcast_as(shape.as_slice()).unwrap();
        }
        let mut values = |count: usize| -> Vec<f64> {
            (0..count).map(|_| if self.one_in(50) { self.number() } else { self.below(9) as f64 / 2.0 - 1.0 }).collect()
        };
        match shape.as_slice() {
            [rows, columns] if rows % 2 == 0 => of(values(rows * columns), &[*columns, *rows]).t().unwrap(),
            [first, rest @ ..] if first % 3 == 2 => {
                let more = [&[first + 2], rest].concat();
                of(values(more.iter().product()), &more).narrow(0, 1, *first).unwrap()
            }
            _ => of(values(shape.iter().product()), &shape),
        }
    }

    /// The tensor, as a variable in half of the cases.
    fn operand(&mut self, shape: &[usize], dtype: DType) -> Tensor {
        let x = self.tensor(shape, dtype);
        let few = x.dims().iter().all(|size| *size < 1 << 16);
        if few && x.dtype().is_float() && self.one_in(2) { Var::from_tensor(&x).unwrap().into_inner() } else { x }
    }
}

/// Runs many draws of a call, of which a tenth must fit. `call` returns tensors and what their shapes must be, if it knows.
fn each_draw(name: &str, count: u64, call: impl Fn(&mut Draw) -> Result<Vec<(Tensor, Option<Vec<usize>>)>>) {
    draws(name, count..count, count / 10, call);
}

/// [`each_draw`] of which more than `least` must fit: so many draws, and up to the end of the range if fewer do.
fn draws(
    name: &str,
    count: Range<u64>,
    least: u64,
    call: impl Fn(&mut Draw) -> Result<Vec<(Tensor, Option<Vec<usize>>)>>,
) {
    let mut fine = 0;
    let is_done = |seed: u64, fine: u64| seed >= count.start && (fine > least || seed >= count.end);
    for seed in 0.. {
        if is_done(seed, fine) || cfg!(miri) && seed >= 20 {
            break;
        }
        let run = || -> Result<()> {
            let tape = (seed % 2 == 0).then(Tape::start);
            let results = call(&mut Draw(Stream::new(seed, 3)))?;
            for (y, expected) in &results {
                // A view of one element may have any size.
                crate::lengths::allocated(y.dims(), DType::F64)?;
                let values = y.contiguous()?.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?;
                assert_eq!(values.len(), y.dims().iter().product::<usize>(), "of shape {:?}", y.dims());
                assert!(
                    expected.as_ref().is_none_or(|expected| expected == y.dims()),
                    "{:?}, not {expected:?}",
                    y.dims()
                );
            }
            let Some((y, _)) = results.first().filter(|(y, _)| y.track_op()) else { return Ok(()) };
            let loss = ops::sum(&y.to_dtype(DType::F32)?, ())?;
            tape.map_or_else(|| loss.backward().map(drop), |tape| tape.backward(&loss).map(drop))
        };
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(result) => fine += u64::from(result.is_ok()),
            Err(_) => panic!("{name}, draw {seed}: a panic"),
        }
    }
    assert!(cfg!(miri) || fine > least, "{name}: only {fine} of {count:?} draws fit");
}

/// Operands of operations whose shapes must fit each other in an uncommon way.
fn fitting(class: &str, draw: &mut Draw) -> Vec<Tensor> {
    let [batch, steps, classes] = [0; 3].map(|_| draw.size());
    let logits = |draw: &mut Draw| draw.operand(&[batch, steps, classes], DType::F32);
    let whole = |draw: &mut Draw, shape: &[usize]| draw.tensor(shape, DType::I64);
    match class {
        "CTCDecode" => vec![logits(draw), whole(draw, &[batch])],
        "CTCLoss" => {
            let labels = draw.size();
            vec![whole(draw, &[batch, labels]), logits(draw), whole(draw, &[batch]), whole(draw, &[batch])]
        }
        "Fold" => {
            let (columns, count) = (draw.of(&[1, 2, 4, 8, 9]), draw.of(&[1, 1, 4, 9]));
            vec![draw.operand(&[batch, columns, count], DType::F32)]
        }
        "ISTFT" => {
            let bins = draw.of(&[1, 2, 3]);
            let shape = [batch.min(3), steps, bins];
            vec![draw.operand(&shape, DType::F32), draw.operand(&shape, DType::F32)]
        }
        _ => Vec::new(),
    }
}

/// All operations: a declaration of one says what its arguments may be.
#[test]
fn operations() {
    for class in ops::functions::classes() {
        let call = |draw: &mut Draw| {
            let operation = Operation::any(class, &mut draw.0);
            let rank = draw.below(5);
            // Of which kernels fit.
            let is_one = draw.one_in(10);
            let shape: Vec<usize> = (0..rank).map(|_| if is_one { 1 } else { draw.size() }).collect();
            let count = (*operation.operands().end()).min(1 + draw.below(3)).max(*operation.operands().start());
            let dtype = draw.dtype();
            let mut operands = fitting(class.name, draw);
            for i in operands.len()..count {
                // Operands that fit: equal shapes, parts that broadcast, matrices.
                let mut other = shape.clone();
                match (draw.below(3), other.len()) {
                    (0, 1..) => drop(other.remove(0)),
                    (1, 2) if i > 0 => other.reverse(),
                    _ => (),
                }
                operands.push(draw.operand(&other, dtype));
            }
            let given: Vec<Option<&Tensor>> = operands.iter().map(Some).collect();
            let specs: Vec<Spec> = operands.iter().map(Spec::of).collect();
            let expected = operation.infer(&specs.iter().map(Some).collect::<Vec<_>>());
            let sizes = expected.iter().flatten().map(|y| y.shape.iter().fold(1usize, |a, &b| a.saturating_mul(b)));
            if (1 << 26..1 << 37).contains(&sizes.fold(0, usize::saturating_add)) {
                candle_core::bail!("there may be memory for it, but no time");
            }
            let outputs = operation.run(&given)?;
            let expected = expected?;
            assert_eq!(outputs.len(), operation.outputs(count), "{operation:?}");
            assert_eq!(outputs.iter().map(Spec::of).collect::<Vec<_>>(), expected, "{operation:?} of {specs:?}");
            Ok(outputs.into_iter().map(|y| (y, None)).collect())
        };
        // Few draws have what some need: a known data format, and sizes that fit each other.
        draws(class.name, 600..30_000, 0, call);
    }
}

/// Functions of numbers alone, and those whose outputs have sizes that depend on the elements.
#[test]
fn creation_and_counts() {
    use ops::functions::*;
    each_draw("arange", 500, |draw| Ok(vec![(arange(draw.number(), draw.number(), draw.number(), None)?, None)]));
    each_draw("spaces", 1000, |draw| {
        let ([start, stop], num, endpoint) = ([0; 2].map(|_| draw.number()), draw.size(), draw.one_in(2));
        let y = match draw.below(3) {
            0 => linspace(start, stop, num, endpoint, None)?,
            1 => logspace(start, stop, num, endpoint, draw.number(), None)?,
            _ => geomspace(start, stop, num, endpoint, None)?,
        };
        Ok(vec![(y, Some(vec![num]))])
    });
    each_draw("full", 500, |draw| {
        let shape: Vec<i64> = (0..draw.below(4)).map(|_| draw.integer()).collect();
        Ok(vec![(full(shape, draw.number(), draw.dtype())?, None)])
    });
    each_draw("matrices", 500, |draw| {
        let ([rows, columns], k) = ([0; 2].map(|_| draw.size()), draw.integer());
        let y = if draw.one_in(2) { eye(rows, columns, k, None)? } else { tri(rows, columns, k, None)? };
        Ok(vec![(y, Some(vec![rows, columns]))])
    });
    each_draw("windows", 500, |draw| {
        let length = draw.size();
        let y = match draw.below(5) {
            0 => bartlett(length)?,
            1 => blackman(length)?,
            2 => hamming(length)?,
            3 => hanning(length)?,
            _ => kaiser(length, draw.number())?,
        };
        Ok(vec![(y, Some(vec![length]))])
    });
    each_draw("counts", 1000, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.of(&DTYPES));
        let rank = draw.below(3);
        let x = draw.tensor(&shape[..rank], dtype);
        Ok(match draw.below(4) {
            0 => nonzero(&x)?.into_iter().map(|y| (y, None)).collect(),
            1 => vec![(unique(&x)?, None)],
            2 => vec![(bincount(&x, None, draw.below(9))?, None)],
            _ => {
                let (counts, edges) =
                    histogram(&x, draw.size(), draw.one_in(2).then(|| (draw.number(), draw.number())))?;
                vec![(counts, None), (edges, None)]
            }
        })
    });
}

#[test]
fn products_and_lookups() {
    each_draw("dense", 4000, |draw| {
        let [a, b, k, n] = [0; 4].map(|_| draw.size());
        let dtype = draw.dtype();
        let (x, kernel, bias) =
            (draw.operand(&[a, b, k], dtype), draw.operand(&[k, n], dtype), draw.operand(&[n], dtype));
        let activation =
            draw.of(&[FusedActivation::Linear, FusedActivation::Relu, FusedActivation::Sigmoid, FusedActivation::Tanh]);
        let y = ops::dense(&x, &kernel, draw.one_in(2).then_some(&bias), activation)?;
        Ok(vec![(y, Some([&x.dims()[..x.rank() - 1], &kernel.dims()[1..]].concat()))])
    });
    each_draw("dense_over", 2000, |draw| {
        let [a, b, k, m, n] = [0; 5].map(|_| draw.size());
        let (x, kernel) = (draw.operand(&[a, b, k], DType::F32), draw.operand(&[b, k, m, n], DType::F32));
        let bias = draw.operand(&[m, n], DType::F32);
        let over = if draw.one_in(10) { draw.size() } else { 2 };
        Ok(vec![(ops::dense_over(&x, &kernel, Some(&bias), FusedActivation::Relu, over)?, None)])
    });
    each_draw("embedding_lookup", 4000, |draw| {
        let [height, width, a, b] = [0; 4].map(|_| draw.size());
        let dtype = draw.dtype();
        let table = draw.operand(&[height, width], dtype);
        let count = if draw.one_in(4) { draw.below(6) } else { a.min(9) * b.min(9) };
        let ids = {
            let beyond = usize::from(draw.one_in(20));
            (0..count).map(|_| draw.below(height.clamp(1, 100) + beyond) as u32).collect()
        };
        Ok(vec![(ops::embedding_lookup(&table, ids, &[a, b])?, Some([&[a, b], &table.dims()[1..]].concat()))])
    });
    each_draw("host_ids", 500, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.of(&DTYPES));
        let (ids, limit) = (draw.tensor(&shape, dtype), draw.size());
        Ok(ops::host_ids(&ids, limit).map(|found| assert_eq!(found.len(), ids.elem_count())).map(|()| vec![])?)
    });
    each_draw("to_device", 100, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.of(&DTYPES));
        let x = draw.tensor(&shape, dtype);
        assert_eq!(ops::to_device(&x, &Device::Cpu)?.dims(), x.dims());
        Ok(vec![])
    });
    each_draw("vecdot", 1000, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.dtype());
        let (a, b) = (draw.operand(&shape, dtype), draw.operand(&shape, dtype));
        Ok(vec![(ops::vecdot(&a, &b)?, Some(a.dims()[..a.rank() - 1].to_vec()))])
    });
    each_draw("l2_normalize", 1000, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.dtype());
        let x = draw.operand(&shape, dtype);
        Ok(vec![(ops::l2_normalize(&x, draw.integer())?, Some(x.dims().to_vec()))])
    });
    each_draw("unit_normalize", 1000, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.dtype());
        let (x, axes) = (draw.operand(&shape, dtype), [draw.integer(), draw.integer()]);
        Ok(vec![(ops::unit_normalize(&x, &axes[..1 + draw.below(2)])?, Some(x.dims().to_vec()))])
    });
    each_draw("rectify", 1000, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.dtype());
        let x = draw.operand(&shape, dtype);
        let [negative_slope, max_value, threshold] = [draw.number(), draw.number(), draw.number()];
        let y = ops::rectify(&x, Rectifier { negative_slope, max_value, threshold })?;
        Ok(vec![(y, Some(x.dims().to_vec())), (ops::exponential_linear(&x, threshold)?, None)])
    });
    each_draw("float", 100, |draw| {
        let (shape, dtype) = ([draw.size()], draw.of(&DTYPES));
        let x = draw.tensor(&shape, dtype);
        Ok(if x.dims().iter().any(|size| *size > 1 << 16) { vec![] } else { vec![(ops::float(&x)?, None)] })
    });
    each_draw("dropout", 1000, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.dtype());
        let (x, rate) = (draw.operand(&shape, dtype), draw.number());
        Ok(vec![(ops::dropout(&x, rate, &mut Stream::new(1, 0))?, Some(x.dims().to_vec()))])
    });
    each_draw("resolve_shape", 1000, |draw| {
        let shape: Vec<i64> = (0..draw.below(4)).map(|_| draw.integer()).collect();
        let count = draw.size();
        let sizes = ops::resolve_shape(count, &shape)?;
        assert_eq!(sizes.iter().try_fold(1usize, |all, size| all.checked_mul(*size)), Some(count), "{shape:?}");
        Ok(vec![])
    });
    each_draw("strings", 500, |draw| {
        let shape = [draw.size(), draw.size()];
        let text = ops::string_tensor(&vec!["to", "be", ""][..draw.below(4)], &shape)?;
        let bytes = draw.tensor(&[2, 3], DType::U8);
        ops::strings(&bytes)?;
        assert_eq!(ops::string_bytes(&bytes)?.iter().len(), bytes.elem_count() / bytes.dims()[bytes.rank() - 1].max(1));
        Ok(vec![(text.clone(), None)])
    });
    each_draw("Rows and Gradient", 500, |draw| {
        let (ids, width) = ((0..draw.below(4)).map(|_| draw.below(5) as u32).collect::<Vec<_>>(), draw.below(4));
        let rows = Rows::new(&ids, &vec![1.0; ids.len() * width + usize::from(draw.one_in(5))])?;
        let weight = draw.tensor(&[5, width], DType::F32);
        let gradient = ops::Gradient::Rows(rows);
        gradient.check(weight.dims())?;
        Ok(vec![(gradient.scaled(2.0)?.clipped(1.0)?.to_dense(&weight)?, Some(weight.dims().to_vec()))])
    });
    each_draw("custom_gradient", 200, |draw| {
        let shape = [draw.size(), draw.size()];
        let (x, y) = (draw.operand(&shape, DType::F32), draw.tensor(&shape, DType::F32));
        if y.dims().iter().any(|size| *size > 1 << 16) {
            return Ok(vec![]);
        }
        Ok(vec![(ops::custom_gradient(&x, &y, |_, _, dy| Ok(dy.clone()))?, Some(y.dims().to_vec()))])
    });
}

#[test]
fn parts_and_loops() {
    let indices = |draw: &mut Draw, count: usize| {
        let numbers =
            (0..count.min(64)).map(|_| if draw.one_in(20) { draw.integer() } else { draw.below(3) as i64 - 1 });
        Tensor::from_vec(numbers.collect::<Vec<i64>>(), count.min(64), &Device::Cpu)
    };
    each_draw("scatter", 2000, |draw| {
        let ([count, height, width], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let at = indices(draw, count)?.unsqueeze(1)?;
        let values = draw.operand(&[count, width], dtype);
        Ok(vec![(ops::scatter(&at, &values, &[height, width])?, Some(vec![height, width]))])
    });
    each_draw("scatter_update", 2000, |draw| {
        let ([count, height, width], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let at = indices(draw, count)?.unsqueeze(1)?;
        let (x, updates) = (draw.operand(&[height, width], dtype), draw.operand(&[count, width], dtype));
        use ops::Reduction::*;
        let reduction = draw.of(&[Replace, Add, Mul, Max, Min]);
        Ok(vec![(ops::scatter_update(&x, &at, &updates, reduction)?, Some(x.dims().to_vec()))])
    });
    each_draw("rearrange", 500, |draw| {
        let (a, b, c) = (draw.size(), draw.size(), draw.of(&[1, 2, 3, 1 << 62]));
        let x = draw.operand(&[a, b], DType::F32);
        let pattern = draw.of(&["a b -> b a", "a (b c) -> c (a b)", "(a b) c -> a b c", "a -> a", "(a b c) d -> d"]);
        Ok(vec![(ops::rearrange(&x, pattern, &[("c", c), ("b", draw.size())][..draw.below(3)])?, None)])
    });
    each_draw("vectorize", 500, |draw| {
        let (a, b, dtype) = (draw.size(), draw.size(), draw.dtype());
        let (x, y) = (draw.operand(&[a, 1], dtype), draw.operand(&[b], dtype));
        let y = ops::vectorize(|x| ops::add(&x[0], &x[1]))(&[x, y])?;
        assert_eq!((ops::ndim(&y), ops::size(&y)), (y.rank(), y.elem_count()));
        Ok(vec![(y, None)])
    });
    each_draw("slice and slice_update", 2000, |draw| {
        let ([a, b], dtype) = ([0; 2].map(|_| draw.size()), draw.dtype());
        let (start, shape) = ([draw.below(2), draw.below(2)], [draw.size().min(a), draw.size().min(b)]);
        let (x, part) = (draw.operand(&[a, b], dtype), draw.operand(&shape, dtype));
        if draw.one_in(2) {
            return Ok(vec![(ops::slice(&x, &start, &shape)?, Some(shape.to_vec()))]);
        }
        Ok(vec![(ops::slice_update(&x, &start, &part)?, Some(x.dims().to_vec()))])
    });
    each_draw("unstack", 500, |draw| {
        let shape = [draw.below(4), draw.below(4), 2];
        let x = draw.operand(&shape, DType::F32);
        let parts = ops::unstack(&x, draw.one_in(2).then(|| draw.below(4)), draw.integer())?;
        Ok(parts.into_iter().map(|part| (part, None)).collect())
    });
    each_draw("scans", 1000, |draw| {
        let (shape, dtype) = ([draw.below(6), draw.below(4)], draw.dtype());
        let x = [draw.operand(&shape, dtype)];
        let add = |a: &[Tensor], b: &[Tensor]| Ok(vec![ops::add(&a[0], &b[0])?]);
        let y = match draw.below(4) {
            0 => ops::associative_scan(add, &x, draw.one_in(2), draw.integer())?.remove(0),
            1 => ops::map(ops::square, &x[0])?,
            2 => ops::vectorized_map(|x| ops::square(&x[0]), &x)?,
            _ => {
                let step = |n, x: &[Tensor]| Ok((n + 1, vec![ops::square(&x[0])?]));
                ops::scan(step, 0, &x, None, draw.one_in(2))?.1.pop().unwrap_or(x[0].clone())
            }
        };
        Ok(vec![(y, None)])
    });
    each_draw("branches", 300, |draw| {
        let shape = [draw.size()];
        let x = draw.tensor(&shape, DType::F32);
        let branches: [ops::Branch<Tensor>; 1] = [&|x| Ok(x[0].clone())];
        let y = ops::switch(&x, &branches, std::slice::from_ref(&x))?;
        let y = ops::cond(&x, || Ok(y.clone()), || Ok(y.clone()))?;
        let y = ops::while_loop(|_: &Tensor| Ok(true), Ok, y, Some(2))?;
        Ok(vec![(ops::fori_loop(0, 2, |y, _| Ok(y), y)?, None)])
    });
}

#[test]
fn windows() {
    let axis = |draw: &mut Draw| {
        let [input, window, stride, dilation] = [0; 4].map(|_| draw.size());
        let padding = draw.of(&[Padding::Valid, Padding::Same, Padding::Causal]);
        let more = draw.one_in(2).then(|| draw.size());
        let mut axis = if draw.one_in(2) {
            Axis::new(input, window, stride, dilation, padding)
        } else {
            Axis::transposed(input, window, stride, dilation, padding, more)
        };
        // Fields that no constructor makes.
        if draw.one_in(20) {
            let size = draw.size();
            *match draw.below(6) {
                0 => &mut axis.input,
                1 => &mut axis.window,
                2 => &mut axis.stride,
                3 => &mut axis.dilation,
                4 => &mut axis.before,
                _ => &mut axis.output,
            } = size;
        }
        axis
    };
    let drawn = |draw: &mut Draw| -> Vec<Axis> { (0..1 + draw.below(3)).map(|_| axis(draw)).collect() };
    let shape = |axes: &[Axis], of: fn(&Axis) -> usize, first: &[usize], last: &[usize]| {
        [first, &axes.iter().map(of).collect::<Vec<_>>(), last].concat()
    };
    let activations = [FusedActivation::Linear, FusedActivation::Relu];
    each_draw("conv", 4000, |draw| {
        let axes = drawn(draw);
        let ([batch, depth, of_group], groups) = ([0; 3].map(|_| draw.size()), draw.of(&[1, 1, 1, 2, 3, 0]));
        let (channels, filters) = (depth.saturating_mul(groups), of_group.saturating_mul(groups));
        let dtype = draw.dtype();
        let x = draw.operand(&shape(&axes, |axis| axis.input, &[batch], &[channels]), dtype);
        let kernel = draw.operand(&shape(&axes, |axis| axis.window, &[], &[depth, filters]), dtype);
        let bias = draw.operand(&[filters], dtype);
        let bias = draw.one_in(2).then_some(&bias);
        let activation = draw.of(&activations);
        let last = axis(draw);
        let pooled: Vec<Axis> = axes.iter().map(|axis| Axis { input: axis.output, ..last }).collect();
        let pooling = draw.one_in(4).then_some((Pool::Max, pooled.as_slice()));
        let y = ops::conv_and_pool(&x, &kernel, bias, &axes, groups, activation, pooling)?;
        let axes = if pooling.is_some() { &pooled } else { &axes };
        Ok(vec![(y, Some(shape(axes, |axis| axis.output, &x.dims()[..1], &kernel.dims()[kernel.rank() - 1..])))])
    });
    each_draw("depthwise_conv", 2000, |draw| {
        let (axes, [batch, channels, multiplier]) = (drawn(draw), [0; 3].map(|_| draw.size()));
        let x = draw.operand(&shape(&axes, |axis| axis.input, &[batch], &[channels]), DType::F32);
        let kernel = draw.operand(&shape(&axes, |axis| axis.window, &[], &[channels, multiplier]), DType::F32);
        Ok(vec![(ops::depthwise_conv(&x, &kernel, None, &axes, FusedActivation::Tanh)?, None)])
    });
    each_draw("conv_transpose", 2000, |draw| {
        let (axes, [batch, channels, filters]) = (drawn(draw), [0; 3].map(|_| draw.size()));
        let dtype = draw.dtype();
        let x = draw.operand(&shape(&axes, |axis| axis.output, &[batch], &[channels]), dtype);
        let kernel = draw.operand(&shape(&axes, |axis| axis.window, &[], &[filters, channels]), dtype);
        let y = ops::conv_transpose(&x, &kernel, None, &axes, draw.of(&activations))?;
        Ok(vec![(y, Some(shape(&axes, |axis| axis.input, &x.dims()[..1], &[kernel.dims()[kernel.rank() - 2]])))])
    });
    each_draw("pool", 4000, |draw| {
        let (axes, [batch, channels], dtype) = (drawn(draw), [0; 2].map(|_| draw.size()), draw.dtype());
        let x = draw.operand(&shape(&axes, |axis| axis.input, &[batch], &[channels]), dtype);
        let y = ops::pool(&x, draw.of(&[Pool::Max, Pool::Average]), &axes)?;
        Ok(vec![(y, Some(shape(&axes, |axis| axis.output, &x.dims()[..1], &x.dims()[x.rank() - 1..])))])
    });
    each_draw("adaptive_pool", 2000, |draw| {
        let (count, dtype) = (draw.below(4), draw.dtype());
        let sizes: Vec<usize> = (0..count + 2).map(|_| draw.size()).collect();
        let output: Vec<usize> = (0..count).map(|_| draw.size()).collect();
        let x = draw.operand(&sizes, dtype);
        let y = ops::adaptive_pool(&x, draw.of(&[Pool::Max, Pool::Average]), &output)?;
        Ok(vec![(y, Some([&x.dims()[..1], &output, &x.dims()[x.rank() - 1..]].concat()))])
    });
}

#[test]
fn attention_and_recurrence() {
    each_draw("attention", 4000, |draw| {
        let [batch, queries, keys, heads, size, width] = [0; 6].map(|_| draw.size());
        let dtype = draw.dtype();
        let shared = if draw.one_in(4) { draw.size() } else { heads };
        let q = draw.operand(&[batch, queries, heads, size], dtype);
        let (k, v) =
            (draw.operand(&[batch, keys, shared, size], dtype), draw.operand(&[batch, keys, shared, width], dtype));
        let rows = if draw.one_in(2) { queries } else { 1 };
        let shape = if draw.one_in(4) { vec![batch, heads, rows, keys] } else { vec![batch, rows, keys] };
        let mask = draw.one_in(2).then(|| draw.tensor(&shape, DType::U8));
        let by = Attention {
            mask: mask.as_ref(),
            causal: draw.one_in(2),
            window: draw.one_in(3).then(|| draw.size()),
            without_keys: draw.of(&[WithoutKeys::AllAlike, WithoutKeys::AllAlikeWithGradients, WithoutKeys::Nothing]),
            scale: draw.number(),
            dropout: draw.of(&[0.0, 0.5]),
        };
        let random = &mut Stream::new(1, 0);
        let shape = Some(vec![batch, queries, heads, width]).filter(|_| q.dims() == [batch, queries, heads, size]);
        if draw.one_in(2) {
            return Ok(vec![(ops::attention(&q, &k, &v, by, random)?, shape.filter(|_| v.dims()[3] == width))]);
        }
        if draw.one_in(4) {
            let scores = draw.operand(&[batch, heads, queries, keys], dtype);
            return Ok(vec![(ops::masked_softmax(&scores, by)?, Some(scores.dims().to_vec()))]);
        }
        let (y, scores) = ops::attention_with_scores(&q, &k, &v, by, random)?;
        Ok(vec![(y, None), (scores, None)])
    });
    each_draw("additive_scores", 2000, |draw| {
        let ([batch, queries, keys, size], dtype) = ([0; 4].map(|_| draw.size()), draw.dtype());
        let (q, k) = (draw.operand(&[batch, queries, size], dtype), draw.operand(&[batch, keys, size], dtype));
        let scale = draw.operand(&[size], dtype);
        let y = ops::additive_scores(&q, &k, draw.one_in(2).then_some(&scale))?;
        Ok(vec![(y, Some(vec![q.dims()[0], q.dims()[1], k.dims()[1]]))])
    });
    each_draw("recurrent", 3000, |draw| {
        let ([batch, steps, units], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let cell = draw.of(&[Cell::Simple, Cell::Lstm, Cell::GruResetAfter, Cell::GruResetBefore]);
        let width = cell.gates().saturating_mul(units);
        let (inputs, kernel) = (draw.operand(&[batch, steps, width], dtype), draw.operand(&[units, width], dtype));
        let (bias, dropout) = (draw.operand(&[width], dtype), draw.tensor(&[batch, units], dtype));
        let mask = draw.tensor(&[batch, steps], DType::U8);
        let state: Vec<Tensor> = (0..cell.states()).map(|_| draw.operand(&[batch, units], dtype)).collect();
        let outputs = draw.of(&[Outputs::Sequence, Outputs::Last, Outputs::All]);
        let config = RnnConfig {
            cell,
            activation: FusedActivation::Tanh,
            recurrent_activation: FusedActivation::Sigmoid,
            backwards: draw.one_in(2),
            in_order: draw.one_in(2),
            zero_masked: draw.one_in(2),
            outputs,
        };
        let sequences = Sequences {
            inputs: &inputs,
            kernel: &kernel,
            bias: (cell == Cell::GruResetAfter && draw.one_in(2)).then_some(&bias),
            state: draw.one_in(2).then_some(&state),
            mask: draw.one_in(2).then_some(&mask),
            dropout: draw.one_in(3).then_some(&dropout),
        };
        let run = if draw.one_in(3) {
            ops::recurrent_by_steps(config, sequences, |x| Ok(x.clone()), |x| Ok(x.clone()))?
        } else {
            ops::recurrent(config, sequences)?
        };
        let sequence = run.sequence.map(|y| (y, Some(vec![batch, steps, units])));
        let states = run.states.into_iter().map(|state| (state, Some(vec![batch, units])));
        let all: Vec<_> = sequence.into_iter().chain(states).collect();
        // A drawn mismatch has changed the sizes.
        let same = inputs.dims() == [batch, steps, width];
        Ok(all.into_iter().map(|(y, shape)| (y, shape.filter(|_| same))).collect())
    });
}

#[test]
fn convolutional_recurrence() {
    each_draw("conv_lstm", 2000, |draw| {
        let ([batch, steps, filters], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let sizes: Vec<usize> = (0..1 + draw.below(3)).map(|_| draw.size()).collect();
        let windows: Vec<usize> = sizes.iter().map(|_| draw.size().max(usize::from(!draw.one_in(20)))).collect();
        let inputs = draw.operand(&[&[batch, steps], &sizes[..], &[filters.saturating_mul(4)]].concat(), dtype);
        let kernel = draw.operand(&[&windows[..], &[filters, filters.saturating_mul(4)]].concat(), dtype);
        let of_state = [&[batch], &sizes[..], &[filters]].concat();
        let state = [draw.operand(&of_state, dtype), draw.operand(&of_state, dtype)];
        let config = RnnConfig {
            cell: Cell::Lstm,
            activation: FusedActivation::Tanh,
            recurrent_activation: draw.of(&[FusedActivation::Sigmoid, FusedActivation::Relu]),
            backwards: draw.one_in(2),
            in_order: draw.one_in(2),
            zero_masked: false,
            outputs: draw.of(&[Outputs::Sequence, Outputs::Last, Outputs::All]),
        };
        let state = draw.one_in(2).then_some(&state[..]);
        let x = Sequences { inputs: &inputs, kernel: &kernel, bias: None, state, mask: None, dropout: None };
        let run = ops::conv_lstm(config, x)?;
        Ok(run.sequence.into_iter().chain(run.states).map(|y| (y, None)).collect())
    });
}

#[test]
fn normalizations_and_losses() {
    each_draw("normalize", 3000, |draw| {
        let ([batch, repeats, width], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let groups = draw.of(&[0, 1, 1, 2, 3]);
        let channels = width.saturating_mul(groups);
        let x = draw.operand(&[batch, repeats, channels], dtype);
        let (gamma, beta) = (draw.operand(&[channels], dtype), draw.operand(&[channels], dtype));
        let (gamma, beta) = (draw.one_in(2).then_some(&gamma), draw.one_in(2).then_some(&beta));
        let by = Groups { repeats, groups, center: draw.one_in(2), epsilon: draw.number() };
        let y = match draw.one_in(2) {
            true => ops::normalize(&x, gamma, beta, by)?,
            false => {
                ops::normalize_channels(&x, gamma, beta, by, if draw.one_in(20) { draw.size() } else { channels })?
            }
        };
        Ok(vec![(y, Some(x.dims().to_vec()))])
    });
    each_draw("batch_normalize", 3000, |draw| {
        let ([batch, steps, channels], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let x = draw.operand(&[batch, steps, channels], dtype);
        let weights = draw.one_in(3).then(|| draw.tensor(&[batch, steps], dtype));
        let (mean, variance) = match draw.one_in(2) {
            true => ops::channel_moments(&x, weights.as_ref())?,
            false => (draw.tensor(&[channels], dtype), draw.tensor(&[channels], dtype)),
        };
        let gamma = draw.operand(&[channels], dtype);
        let y = ops::batch_normalize(
            &x,
            draw.one_in(2).then_some(&gamma),
            None,
            (&mean, &variance),
            draw.number(),
            draw.one_in(2),
        )?;
        Ok(vec![(y, Some(x.dims().to_vec()))])
    });
    each_draw("normalized_kernel", 2000, |draw| {
        let ([taps, channels, filters], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let kernel = draw.tensor(&[taps, channels, filters], dtype);
        let mut vector = || draw.tensor(&[filters], dtype);
        let [mean, variance, bias, gamma, beta] = [0; 5].map(|_| vector());
        let (bias, gamma) = (draw.one_in(2).then_some(&bias), draw.one_in(2).then_some(&gamma));
        let moments = (&mean, &variance);
        let (y, offset) = ops::normalized_kernel(&kernel, bias, gamma, Some(&beta), moments, draw.number())?;
        Ok(vec![(y, Some(kernel.dims().to_vec())), (offset, None)])
    });
    each_draw("pairwise_mean", 2000, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.dtype());
        let (y, x) = (draw.tensor(&shape, dtype), draw.operand(&shape, dtype));
        let function = draw.of(&[Pairwise::SquaredError, Pairwise::BinaryCrossentropy(1e-7)]);
        Ok(vec![(ops::pairwise_mean(function, &y, &x)?, Some(x.dims()[..x.rank() - 1].to_vec()))])
    });
    each_draw("crossentropy", 2000, |draw| {
        let ([rows, width], dtype) = ([draw.size(), draw.size()], draw.dtype());
        let x = draw.operand(&[rows, width], dtype);
        let ids = (0..rows.min(99)).map(|_| draw.below(width.clamp(1, 99)) as u32).collect();
        let classes =
            if draw.one_in(2) { Classes::Ids(ids) } else { Classes::Weights(draw.tensor(&[rows, width], dtype)) };
        let y = ops::crossentropy(classes, &x, draw.one_in(2).then_some(1e-7))?;
        Ok(vec![(y, Some(x.dims()[..x.rank() - 1].to_vec()))])
    });
}

/// A new op has to be drawn here as well.
#[test]
fn every_op_is_drawn() {
    const DRAWN_BY_OTHER_NAMES: &[&str] = &[
        // Operations.
        "functions",
        "operations",
        "axes",
        // Drawn with another.
        "checked_ids",
        "conv",
        "has_row_losses",
        "string_tensor",
        "string_tensor_of_width",
        "is_in_keras",
        // They take no tensors, or compute nothing.
        "convert_to_tensor",
        "shape",
        "check_memory",
        "has_memory_for",
        "device",
        "dtype",
        "dtype_name",
        "launched",
        "position",
        "arch",
        "pulp",
    ];
    let (text, tests) = (include_str!("lib.rs"), include_str!("any_arguments.rs"));
    let exports = text.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    for name in exports.flat_map(|list| list.split(|c: char| !c.is_alphanumeric() && c != '_')) {
        let is_function = name.starts_with(|c: char| c.is_lowercase()) && !text.contains(&format!("mod {name};"));
        let drawn = tests.contains(&format!("ops::{name}(")) || DRAWN_BY_OTHER_NAMES.contains(&name);
        let is_word = ["as", "composed_with", "has", "crate", "candle_core"].contains(&name);
        assert!(!is_function || drawn || is_word, "{name} is not drawn");
    }
}

#[test]
fn images() {
    use crate::image::{
        self, Affine, Borders, Clahe, DataFormat, Elastic, ExtractPatches, FillMode, Interpolation, Number,
        PixelFunction, Resize,
    };
    struct Square;
    impl PixelFunction<3, 3> for Square {
        fn apply<S: Number>(&self, color: [S; 3]) -> [S; 3] {
            color.map(|x| x * x)
        }
    }
    let format = |draw: &mut Draw| draw.of(&[DataFormat::ChannelsLast, DataFormat::ChannelsFirst]);
    let interpolation = |draw: &mut Draw| Interpolation::by_name(draw.of(Interpolation::NAMES)).unwrap();
    let mode = |draw: &mut Draw| FillMode::by_name(draw.of(FillMode::NAMES)).unwrap();
    let affine = |draw: &mut Draw| Affine {
        interpolation: draw.of(&[
            Interpolation::Nearest,
            Interpolation::Bilinear,
            Interpolation::Bilinear,
            Interpolation::Area,
        ]),
        fill_mode: mode(draw),
        fill_value: draw.number(),
        data_format: format(draw),
    };
    let images = |draw: &mut Draw| {
        let shape: Vec<usize> = (0..draw.of(&[3, 4, 4])).map(|_| draw.size()).collect();
        let dtype = draw.dtype();
        draw.operand(&shape, dtype)
    };
    let batch = |x: &Tensor| if x.rank() == 4 { x.dims()[0].min(100) } else { 1 };
    let same = |x: &Tensor, y: Tensor| Ok(vec![(y, Some(x.dims().to_vec()))]);
    each_draw("resize", 3000, |draw| {
        let x = images(draw);
        let arguments = Resize {
            size: [draw.size(), draw.size()],
            interpolation: interpolation(draw),
            antialias: draw.one_in(2),
            crop_to_aspect_ratio: draw.one_in(4),
            pad_to_aspect_ratio: draw.one_in(4),
            fill_value: draw.number(),
            data_format: format(draw),
        };
        Ok(vec![(image::resize(&x, &arguments)?, None)])
    });
    each_draw("warp", 2000, |draw| {
        let (x, arguments) = (images(draw), affine(draw));
        let transforms =
            (0..if draw.one_in(3) { 1 } else { batch(&x) }).map(|_| [0; 8].map(|_| draw.number())).collect();
        same(&x, image::warp(&x, transforms, &arguments)?)
    });
    each_draw("affine_transform", 1000, |draw| {
        let (x, arguments) = (images(draw), affine(draw));
        let transform = draw.tensor(&[batch(&x), 8], DType::F32);
        same(&x, image::affine_transform(&x, &transform, &arguments)?)
    });
    each_draw("perspective_transform", 1000, |draw| {
        let (x, arguments) = (images(draw), affine(draw));
        let corners = Tensor::new(&[[0f32, 0.], [3., 0.], [0., 2.], [3., 2.]], &Device::Cpu)?;
        let end = if draw.one_in(3) { draw.tensor(&[4, 2], DType::F32) } else { (&corners * 1.5)? };
        same(&x, image::perspective_transform(&x, &corners, &end, &arguments)?)
    });
    each_draw("map_coordinates", 2000, |draw| {
        let (x, count) = (images(draw), draw.size());
        let places = draw.tensor(&[x.rank(), count], DType::F32);
        let y = image::map_coordinates(&x, &places, draw.below(2), mode(draw), draw.number())?;
        Ok(vec![(y, Some(places.dims()[1..].to_vec()))])
    });
    each_draw("flip", 1000, |draw| {
        let x = images(draw);
        let flips = (0..batch(&x)).map(|_| draw.one_in(2)).collect();
        same(&x, image::flip(&x, flips, draw.one_in(2), draw.one_in(2), format(draw))?)
    });
    each_draw("adjust_contrast", 1000, |draw| {
        let x = images(draw);
        let factors: Vec<f64> = (0..batch(&x)).map(|_| draw.number()).collect();
        same(&x, image::adjust_contrast(&x, &factors, (draw.number(), draw.number()), format(draw))?)
    });
    each_draw("colors", 3000, |draw| {
        let (mut shape, dtype, data_format) = (vec![draw.size(), draw.size(), draw.size()], draw.dtype(), format(draw));
        shape.insert(
            if data_format == DataFormat::ChannelsLast { 3 } else { 1 },
            if draw.one_in(9) { draw.size() } else { 3 },
        );
        let x = draw.operand(&shape, dtype);
        match draw.below(4) {
            0 => Ok(vec![(image::rgb_to_grayscale(&x, data_format)?, None)]),
            1 => same(&x, image::rgb_to_hsv(&x, data_format)?),
            2 => same(&x, image::hsv_to_rgb(&x, data_format)?),
            _ => same(&x, image::pixelwise(&x, vec![Square])?),
        }
    });
    each_draw("gaussian_blur", 1000, |draw| {
        let (x, sizes) = (images(draw), [draw.size(), draw.size()]);
        same(&x, image::gaussian_blur(&x, sizes, [draw.number().abs(), 1.0], format(draw))?)
    });
    each_draw("elastic_transform", 1000, |draw| {
        let x = images(draw);
        let arguments =
            Elastic { alpha: draw.number(), sigma: draw.of(&[0.3, 1.0, 1.0, 1e30]), sampling: affine(draw) };
        same(&x, image::elastic_transform(&x, &arguments, &mut Stream::new(1, 0))?)
    });
    each_draw("crop_images and pad_images", 4000, |draw| {
        let x = images(draw);
        let mut some = || draw.one_in(2).then(|| draw.below(3));
        let [top, bottom, left, right] = [some(), some(), some(), some()];
        let size =
            |draw: &mut Draw, a: Option<usize>, b: Option<usize>| (a.is_none() || b.is_none()).then(|| draw.size());
        let (target_height, target_width) = (size(draw, top, bottom), size(draw, left, right));
        let borders = Borders { top, bottom, left, right, target_height, target_width };
        let y = match draw.one_in(2) {
            true => image::crop_images(&x, &borders, format(draw))?,
            false => image::pad_images(&x, &borders, format(draw))?,
        };
        Ok(vec![(y, None)])
    });
    each_draw("extract_patches", 2000, |draw| {
        let arguments = ExtractPatches {
            size: [draw.size(), draw.size()],
            strides: draw.one_in(2).then(|| [draw.size(), draw.size()]),
            dilation_rate: draw.size(),
            padding: draw.of(&[Padding::Valid, Padding::Same]),
            data_format: format(draw),
        };
        Ok(vec![(image::extract_patches(&images(draw), &arguments)?, None)])
    });
    each_draw("equalize and clahe", 1000, |draw| {
        let (x, data_format) = (images(draw), format(draw));
        if draw.one_in(2) {
            return same(&x, image::equalize(&x, draw.size(), data_format)?);
        }
        let arguments = Clahe { clip_limit: draw.number(), tile_grid_size: [draw.size(), draw.size()], data_format };
        same(&x, image::clahe(&x, &arguments)?)
    });
}
