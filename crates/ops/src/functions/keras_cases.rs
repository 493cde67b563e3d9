//! The operations against real Keras: tests/keras/ops.json, which tools/keras_ops.py writes.

use super::classes;
use crate::{DType, Device, Operation, Tensor, dtype, json};
use serde_json::Value;
use std::collections::BTreeSet;

/// How far a number may be off, relative to the larger of it and 1.
const TOLERANCE: f64 = 2e-5;
/// The same in 16 bits.
const TOLERANCE_16: f64 = 2e-3;

fn cases() -> Vec<Value> {
    let text = include_bytes!("../../../../tests/keras/ops.json");
    let Value::Array(cases) = json::parse(text, 1 << 30).unwrap() else { panic!("ops.json is not a list") };
    cases
}

fn numbers(array: &Value) -> Vec<f64> {
    array[2].as_array().unwrap().iter().map(|number| json::as_f64(number).unwrap()).collect()
}

fn shape(array: &Value) -> Vec<usize> {
    array[1].as_array().unwrap().iter().map(|size| size.as_u64().unwrap() as usize).collect()
}

fn check(case: &Value) -> Result<(), String> {
    let class = classes().iter().find(|class| case["class"] == class.name).ok_or("no such class here")?;
    if !class.module.path().ends_with(&format!(".{}", case["module"].as_str().unwrap())) {
        return Err(format!("of the module {}", class.module.path()));
    }
    let mut config = case["config"].as_object().unwrap().clone();
    config.extend(class.in_call.iter().map(|name| name.to_string()).zip(case["call"].as_array().unwrap().clone()));
    let operation = Operation::from_keras(class.name, &config).map_err(|error| error.to_string())?;
    let tensor = |array: &Value| {
        let tensor = Tensor::from_vec(numbers(array), shape(array), &Device::Cpu).unwrap();
        tensor.to_dtype(dtype(array[0].as_str().unwrap()).unwrap()).unwrap()
    };
    let operands: Vec<Tensor> = case["operands"].as_array().unwrap().iter().map(tensor).collect();
    let outputs = operation.run(&operands.iter().map(Some).collect::<Vec<_>>()).map_err(|error| error.to_string())?;
    let expected = case["outputs"].as_array().unwrap();
    if outputs.len() != expected.len() {
        return Err(format!("{} outputs, not {}", outputs.len(), expected.len()));
    }
    for (y, expected) in outputs.iter().zip(expected) {
        if (y.dims(), y.dtype()) != (&shape(expected), dtype(expected[0].as_str().unwrap()).unwrap()) {
            return Err(format!("{:?} {:?}, not {} {}", y.dims(), y.dtype(), expected[1], expected[0]));
        }
        let half = matches!(y.dtype(), DType::F16 | DType::BF16);
        let y: Vec<f64> = y.flatten_all().unwrap().to_dtype(DType::F64).unwrap().to_vec1().unwrap();
        for (i, (y, expected)) in y.into_iter().zip(numbers(expected)).enumerate() {
            let tolerance = if half { TOLERANCE_16 } else { TOLERANCE } * expected.abs().max(1.0);
            let same = y == expected || (y.is_nan() && expected.is_nan());
            if !same && ((y - expected).abs() > tolerance || y.is_nan() != expected.is_nan()) {
                return Err(format!("element {i} is {y}, not {expected}"));
            }
        }
    }
    Ok(())
}

#[test]
fn operations_compute_what_keras_does() {
    let failures: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let error = check(case).err()?;
            Some(format!("{} {} of {}: {error}", case["class"], case["config"], case["operands"]))
        })
        .collect();
    assert!(failures.is_empty(), "{} cases:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_operation_has_a_case() {
    let cases = cases();
    let known: BTreeSet<&str> = cases.iter().filter_map(|case| case["class"].as_str()).collect();
    // A fixture has it: its key has a form of its own.
    let missing: Vec<_> = classes().iter().map(|class| class.name).filter(|name| !known.contains(name)).collect();
    assert_eq!(missing, ["GetItem"], "tools/keras_ops.py has no case of these");
}
