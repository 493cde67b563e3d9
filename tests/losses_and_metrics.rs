//! Losses with their gradients, and metrics over batches, made from Keras's configurations and compared with Keras. tools/keras_losses.py writes the file.

use candle_core::{Device, Tensor, Var};
use candle_keras::losses::{Loss, Reduction};

use candle_keras::metrics::MetricSpec;
use candle_keras_ops::json;
use serde_json::Value;

fn cases(part: &str) -> Vec<Value> {
    let Value::Object(mut file) = json::parse(include_bytes!("keras/losses_and_metrics.json"), 1 << 30).unwrap() else {
        panic!()
    };
    let Some(Value::Array(cases)) = file.remove(part) else { panic!() };
    cases
}

fn tensor(array: &Value) -> Option<Tensor> {
    let list = |value: &Value| value.as_array().unwrap().clone();
    let array = array.as_object()?;
    let values: Vec<f32> = list(&array["values"]).iter().map(|value| json::as_f64(value).unwrap() as f32).collect();
    let shape: Vec<usize> = list(&array["shape"]).iter().map(|size| size.as_u64().unwrap() as usize).collect();
    Some(Tensor::from_vec(values, shape, &Device::Cpu).unwrap())
}

fn numbers(x: &Tensor) -> Vec<f32> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}

/// Equal to within 1e-5 of the largest value.
fn assert_close(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}: {found:?}, Keras says {expected:?}");
    let scale = expected.iter().fold(0.01, |scale: f32, x| if x.is_finite() { scale.max(x.abs()) } else { scale });
    for (a, b) in found.iter().zip(expected) {
        let is_close = (a - b).abs() <= 1e-5 * scale || a == b || a.is_nan() && b.is_nan();
        assert!(is_close, "{what}: {found:?}, Keras says {expected:?}");
    }
}

#[test]
fn every_loss_and_its_gradient_are_those_of_keras() {
    let mut classes = Vec::new();
    for case in cases("losses") {
        let what = case["config"].to_string();
        classes.push(case["config"]["class_name"].as_str().unwrap().to_string());
        let loss = Loss::from_config(&case["config"]).unwrap();
        let again = Loss::from_config(&loss.get_config().unwrap()).unwrap();
        assert_eq!(again.get_config().unwrap(), loss.get_config().unwrap());
        // Keras writes the same arguments, and has no others.
        let arguments = case["config"]["config"].as_object().unwrap();
        for (name, _) in loss.get_config().unwrap()["config"].as_object().unwrap() {
            assert!(arguments.contains_key(name), "{what}: {name}");
        }
        for (name, value) in arguments {
            // Older versions of Keras do not know it.
            if (name.as_str(), value.as_i64()) == ("axis", Some(-1)) && what.contains("Sparse") {
                continue;
            }
            assert_eq!(&loss.get_config().unwrap()["config"][name], value, "{what}: {name}");
        }
        let (y, p, weight) =
            (tensor(&case["y_true"]).unwrap(), tensor(&case["y_pred"]).unwrap(), tensor(&case["weight"]).unwrap());
        for (key, reduction) in [
            ("none", Reduction::None),
            ("sum_over_batch_size", Reduction::SumOverBatchSize),
            ("sum", Reduction::Sum),
            ("mean_with_sample_weight", Reduction::MeanWithSampleWeight),
        ] {
            let loss = again.clone().reduction(reduction);
            let found = loss.call(&y, &p, None, None).unwrap();
            assert_close(&format!("{what} {key}"), &numbers(&found), &numbers(&tensor(&case[key]).unwrap()));
            if let Some(expected) = tensor(&case[&format!("weighted_{key}")]) {
                let found = loss.call(&y, &p, Some(&weight), None);
                // Keras broadcasts weights along the wrong axis; here it is an error.
                if let Ok(found) = found {
                    assert_close(&format!("{what} {key}, weighted"), &numbers(&found), &numbers(&expected));
                } else {
                    assert!(found.unwrap_err().to_string().contains("sample weights"), "{what}");
                    assert_ne!(tensor(&case["none"]).unwrap().dims(), [y.dim(0).unwrap()], "{what}");
                }
            }
        }
        let variable = Var::from_tensor(&p).unwrap();
        let gradients = again.call(&y, variable.as_tensor(), None, None).unwrap().backward().unwrap();
        let gradient = gradients.get(variable.as_tensor()).unwrap();
        assert_close(&format!("gradient of {what}"), &numbers(gradient), &numbers(&tensor(&case["gradient"]).unwrap()));
    }
    let missing: Vec<_> = candle_keras_training::classes_by_module()[0]
        .1
        .iter()
        .filter(|class| !classes.contains(&class.to_string()))
        .collect();
    assert!(missing.is_empty(), "tools/keras_losses.py has no {missing:?}");
}

#[test]
fn every_metric_is_that_of_keras_after_each_batch() {
    let mut classes = Vec::new();
    for case in cases("metrics") {
        let what = case["config"].to_string();
        classes.push(case["config"]["class_name"].as_str().unwrap().to_string());
        let spec = MetricSpec::from_config(&case["config"]).unwrap();
        let again = MetricSpec::from_config(&spec.get_config()).unwrap();
        assert_eq!(again.get_config(), spec.get_config());
        for (name, value) in case["config"]["config"].as_object().unwrap() {
            // Keras counts in int32.
            if name != "dtype" {
                let found = &spec.get_config()["config"][name];
                let value = if value["class_name"] == "__tensor__" { &value["config"]["value"] } else { value };
                let is_same = found == value
                    || is_same_list(found, value)
                    || found.as_f64().is_some() && found.as_f64() == value.as_f64();
                assert!(is_same || is_default_argument(name, value), "{what}: {name}, found {found}");
            }
        }
        let mut metric = again.resolve(&[], &[]).unwrap();
        let mut weighted = false;
        for (i, batch) in case["batches"].as_array().unwrap().iter().enumerate() {
            let (y, p, weight) =
                (tensor(&batch["y_true"]).unwrap(), tensor(&batch["y_pred"]).unwrap(), tensor(&batch["weight"]));
            weighted |= weight.is_some();
            metric.update_state(&y, &p, weight.as_ref(), None).unwrap_or_else(|error| panic!("{what}: {error}"));
            let found: Vec<f32> = metric.results().unwrap().iter().map(|result| *result as f32).collect();
            let expected = numbers(&tensor(&batch["result"]).unwrap());
            assert_close(&format!("{what} batch {i}, weighted: {weighted}"), &found, &expected);
            // An interrupted training goes on from the state.
            let mut resumed = again.resolve(&[], &[]).unwrap();
            resumed.set_state(&metric.state().unwrap()).unwrap();
            assert!(
                resumed.results().unwrap().iter().zip(metric.results().unwrap()).all(|(a, b)| *a == b || b.is_nan())
            );
            metric = resumed;
        }
        metric.reset_state();
        assert!(
            metric.state().unwrap().iter().all(|state| state.to_vec1::<f64>().unwrap().iter().all(|sum| *sum == 0.0))
        );
    }
    let modules = candle_keras_training::classes_by_module();
    let missing: Vec<_> = modules[1].1.iter().filter(|class| !classes.contains(&class.to_string())).collect();
    assert!(missing.is_empty(), "tools/keras_losses.py has no {missing:?}");
}

/// Arguments that Keras writes and that are their defaults here.
fn is_default_argument(name: &str, value: &Value) -> bool {
    matches!((name, value), ("ignore_class" | "thresholds" | "axis", Value::Null))
        || (name, value.as_i64()) == ("axis", Some(-1))
}

/// Keras writes label weights in float32.
fn is_same_list(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.as_array(), b.as_array()) else { return false };
    let close = |(a, b): (&Value, &Value)| (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() < 1e-6;
    a.len() == b.len() && a.iter().zip(b).all(close)
}
