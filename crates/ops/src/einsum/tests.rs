//! Equations against NumPy (tools/einsum_table.py writes the table), gradients, and equations that are none.

use super::*;
use crate::gradcheck::{assert_gradients, try_values};
use crate::{self as ops, DType, Device};
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    equation: String,
    shapes: Vec<Vec<usize>>,
    result: Vec<usize>,
    values: Vec<f64>,
}

fn table() -> Vec<Row> {
    serde_json::from_str(include_str!("table.json")).unwrap()
}

fn operand(n: usize, shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    let values: Vec<f64> = (0..count).map(|i| (((7 * i + 3 * n) % 11) as f64 - 5.0) / 4.0).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// In every dtype: f64 and f32 by our loops, f16 by candle's functions, and whole numbers, which are four times as large.
#[test]
fn it_is_that_of_numpy() {
    let rows = table();
    assert!(rows.len() > 90);
    for Row { equation, shapes, result, values } in rows {
        let operands: Vec<Tensor> = shapes.iter().enumerate().map(|(n, shape)| operand(n, shape)).collect();
        for (dtype, tolerance) in [(DType::F64, 1e-11), (DType::F32, 1e-5), (DType::F16, 3e-2), (DType::I64, 0.0)] {
            let scale = if dtype.is_int() { 4f64 } else { 1.0 };
            let cast = |x: &Tensor| (x * scale).unwrap().to_dtype(dtype).unwrap();
            let found = ops::einsum(&equation, &operands.iter().map(cast).collect::<Vec<_>>()).unwrap();
            assert_eq!((found.dims(), found.dtype()), (&result[..], dtype), "{equation}");
            let found: Vec<f64> = found.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            for (a, b) in found.iter().zip(&values) {
                let b = b * scale.powi(operands.len() as i32);
                assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{equation} in {dtype:?}: {a} for {b}");
            }
        }
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    for Row { equation, shapes, .. } in table() {
        let count: usize = shapes.iter().flatten().product();
        let operands: Vec<Tensor> =
            shapes.iter().enumerate().map(|(i, shape)| try_values(shape, i as u64 + 1).unwrap()).collect();
        if count > 0 {
            assert_gradients(&operands, |x| ops::einsum(&equation, x));
            // Of operands that are not contiguous.
            assert_gradients(&operands, |x| {
                let turned = |x: &Tensor| x.t()?.contiguous()?.t();
                let turned = x.iter().map(|x| if x.rank() < 2 { Ok(x.clone()) } else { turned(x) });
                ops::einsum(&equation, &turned.collect::<Result<Vec<_>>>()?)
            });
        }
    }
}

/// The matrices that are large enough for several threads, and batches of them, in both orders of the result.
#[test]
fn large_products_are_those_of_candle() {
    let of = |shape: &[usize], seed| try_values(shape, seed).unwrap().to_dtype(DType::F32).unwrap();
    for batch in [1, 3, 40] {
        let (a, b) = (of(&[batch, 65, 70], 1), of(&[batch, 70, 33], 2));
        let expected = a.matmul(&b).unwrap();
        let (left, right) = (a.t().unwrap(), b.t().unwrap().contiguous().unwrap());
        for (equation, x, y, expected) in [
            ("bij,bjk->bik", &a, &b, expected.clone()),
            ("bji,bkj->bik", &left, &right, expected.clone()),
            ("bij,bjk->bki", &a, &b, expected.t().unwrap()),
            ("bjk,bij->bik", &b, &a, expected.clone()),
        ] {
            let found = ops::einsum(equation, &[x, y]).unwrap();
            let apart = (found - expected).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
            assert!(apart.to_scalar::<f32>().unwrap() < 1e-3, "{equation}");
        }
    }
}

/// Three matrices are multiplied in the order that takes less.
#[test]
fn the_smallest_result_comes_first() {
    let term = |labels: &str, shape: &[usize]| {
        let labels = labels.chars().map(Label::Letter).collect();
        Labelled::new(Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap(), labels).unwrap()
    };
    let pair = |shapes: [&[usize]; 3]| {
        let equation = Equation::new("ij,jk,kl->il", &shapes).unwrap();
        let terms = [term("ij", shapes[0]), term("jk", shapes[1]), term("kl", shapes[2])];
        next_pair(&terms, &equation)
    };
    assert_eq!(pair([&[2, 50], &[50, 2], &[2, 50]]), (0, 1));
    assert_eq!(pair([&[50, 2], &[2, 50], &[50, 2]]), (1, 2));
}

#[test]
fn an_equation_that_does_not_fit_is_an_error_with_the_equation() {
    let cases: [(&str, &[&[usize]], &str); 14] = [
        ("ij,jk", &[&[2, 3]], "2 terms for 1 operands"),
        ("ij", &[&[2, 3], &[2]], "1 terms for 2 operands"),
        ("ij", &[&[2]], "\"ij\" has not one label for each axis"),
        ("i", &[&[2, 3]], "not one label"),
        ("ij...k", &[&[2, 3]], "not one label"),
        ("i1", &[&[2, 3]], "'1' is no label"),
        ("i..", &[&[2, 3]], "'.' is no label"),
        ("i......", &[&[2, 3]], "'.' is no label"),
        ("ij->ik", &[&[2, 3]], "the output has 'k', and no operand"),
        ("ij->ii", &[&[2, 3]], "the output has 'i' twice"),
        ("ij->i->j", &[&[2, 3]], "'-' is no label"),
        ("ii", &[&[2, 3]], "'i' is 2 and 3"),
        ("ij,jk", &[&[2, 3], &[4, 5]], "'j' is 3 and 4"),
        ("...,...", &[&[2], &[3]], "an axis behind \"...\" is 2 and 3"),
    ];
    for (equation, shapes, message) in cases {
        let operands: Vec<Tensor> = shapes.iter().map(|shape| operand(0, shape)).collect();
        let error = ops::einsum(equation, &operands).unwrap_err().to_string();
        assert!(error.contains(message) && error.contains(&format!("einsum {equation:?}")), "{error}");
    }
    let huge = Tensor::zeros(1 << 20, DType::F32, &Device::Cpu).unwrap();
    let error = ops::einsum("a,b,c->abc", &[&huge, &huge, &huge]).unwrap_err().to_string();
    assert!(error.contains("not enough memory"), "{error}");
}
