//! Every public op on arguments of any size, dtype and layout, fitting or not: the result has its shape, or there is an error; never a panic,
//! and never an access outside of memory (this runs under the address sanitizer as well).

mod functions;
mod images;
mod networks;

use crate as ops;
use crate::random::Stream;
use crate::{DType, Device, Operation, Spec, Tape, Tensor};
use candle_core::{Result, Var};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Sizes whose products wrap, and such that no memory holds.
const HUGE: [usize; 4] = [1 << 40, 1 << 42, 1 << 62, usize::MAX];

const DTYPES: [DType; 8] =
    [DType::F32, DType::F64, DType::F16, DType::BF16, DType::U8, DType::U32, DType::I64, DType::I32];

/// What Rust's `Debug` writes of enums: a message has arguments as Keras's users write them.
const RUST_FORMS: [&str; 13] = [
    "Some(", "One(", "Many(", "All(", "Pair(", "Each(", "Count(", "Lists(", "Number(", "Name(", "Values(", "UpTo(",
    " { ",
];

/// The longest that a call may take.
const LIMIT: Duration = Duration::from_secs(20);

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
        let start = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(run));
        assert!(start.elapsed() < LIMIT || cfg!(miri), "{name}, draw {seed}: {:?}", start.elapsed());
        match result {
            Ok(result) => {
                fine += u64::from(result.is_ok());
                let message = result.err().map_or_else(String::new, |error| error.to_string());
                assert!(!RUST_FORMS.iter().any(|form| message.contains(form)), "{name}, draw {seed}: {message}");
            }
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
        "standardize_dtype",
        "scientific",
        "launched",
        "position",
        "arch",
        "pulp",
    ];
    let text = include_str!("../lib.rs");
    let tests = concat!(include_str!("functions.rs"), include_str!("networks.rs"), include_str!("images.rs"));
    let exports = text.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    for name in exports.flat_map(|list| list.split(|c: char| !c.is_alphanumeric() && c != '_')) {
        let is_function = name.starts_with(|c: char| c.is_lowercase()) && !text.contains(&format!("mod {name};"));
        let drawn = tests.contains(&format!("ops::{name}(")) || DRAWN_BY_OTHER_NAMES.contains(&name);
        let is_word = ["as", "composed_with", "has", "crate", "candle_core"].contains(&name);
        assert!(!is_function || drawn || is_word, "{name} is not drawn");
    }
}
