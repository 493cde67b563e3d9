//! Numbers, products, lookups, parts of tensors and loops.

use super::{DTYPES, Draw, each_draw};
use crate as ops;
use crate::random::Stream;
use crate::{DType, Device, FusedActivation, Rectifier, Rows, Tensor};

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
    each_draw("argmax_of_rows", 1000, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.of(&DTYPES));
        let x = draw.tensor(&shape, dtype);
        Ok(vec![(ops::argmax_of_rows(&x)?, Some(x.dims()[..x.rank() - 1].to_vec()))])
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
    each_draw("dropout_together", 1000, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.dtype());
        let (x, rate, noise) = (draw.operand(&shape, dtype), draw.number(), [draw.size(), draw.size()]);
        let y = ops::dropout_together(&x, &noise, rate, &mut Stream::new(1, 0))?;
        Ok(vec![(y, Some(x.dims().to_vec()))])
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
