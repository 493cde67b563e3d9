//! Compares results of real Keras (tests/keras/anchors.json, written by tools/keras_anchors.py) with results of this project.

use candle_keras::activations::ActivationFunction;
use candle_keras::layers::{
    Activation, Add, Average, Concatenate, Conv1D, Dense, Dot, EinsumDense, Embedding, Flatten, GlobalAveragePooling1D,
    GlobalMaxPooling1D, Lambda, Lora, Maximum, Minimum, Multiply, Reshape, Subtract,
};
use candle_keras::losses::{
    BinaryCrossentropy, CategoricalCrossentropy, Loss, Reduction, SparseCategoricalCrossentropy,
};
use candle_keras::metrics::resolve;
use candle_keras::optimizers::{Adam, Optimizer, RMSprop, SGD};
use candle_keras::prelude::*;
use candle_keras::regularizers::L2;
use candle_keras::{constraints::MaxNorm, ops};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Deserialize)]
struct Anchors {
    losses: Vec<LossAnchor>,
    metrics: Vec<MetricAnchor>,
    optimizers: Vec<OptimizerAnchor>,
    activations: Vec<ActivationAnchor>,
    models: Vec<ModelAnchor>,
    lora: Vec<LoraAnchor>,
}

#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct LossAnchor {
    loss: String,
    y_true: Array,
    y_pred: Array,
    mean: Vec<f64>,
    weight: Option<Array>,
    none: Option<Vec<f64>>,
    sum: Option<Vec<f64>>,
    weighted: Option<Vec<f64>>,
    mean_with_sample_weight: Option<Vec<f64>>,
}

#[derive(Deserialize)]
struct MetricAnchor {
    metric: String,
    y_true: Array,
    y_pred: Array,
    weight: Array,
    value: f64,
    weighted: f64,
}

#[derive(Deserialize)]
struct OptimizerAnchor {
    optimizer: String,
    start: Array,
    gradients: Vec<Vec<f64>>,
    after: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct ActivationAnchor {
    activation: String,
    x: Array,
    y: Vec<f64>,
    weights: Vec<f64>,
    gradient: Vec<f64>,
}

#[derive(Deserialize)]
struct ModelAnchor {
    model: String,
    x: Vec<Array>,
    y: Vec<Array>,
    sample_weight: Option<Array>,
    start: Vec<Array>,
    prediction: Vec<Array>,
    evaluate: BTreeMap<String, f64>,
    history: BTreeMap<String, Vec<f64>>,
    end: Vec<Array>,
}

#[derive(Deserialize)]
struct LoraAnchor {
    layer: String,
    x: Array,
    y: Array,
    start: Vec<Array>,
    prediction: Array,
    end: Vec<Array>,
}

fn anchors() -> Anchors {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keras/anchors.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

impl Array {
    fn f32(&self) -> Tensor {
        let values: Vec<f32> = self.values.iter().map(|&x| x as f32).collect();
        Tensor::from_vec(values, self.shape.as_slice(), &Device::Cpu).unwrap()
    }
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// Equal within `tolerance`, relative to the larger of the value and `scale`.
fn close(what: &str, found: &[f64], expected: &[f64], tolerance: f64, scale: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * b.abs().max(scale), "{what} [{i}]: found {a}, Keras says {b}");
    }
}

#[test]
fn losses_are_those_of_keras() {
    for anchor in anchors().losses {
        let loss: Loss = match anchor.loss.as_str() {
            "bce_logits_smooth" => BinaryCrossentropy::new().from_logits(true).label_smoothing(0.1).into(),
            "cce" => "categorical_crossentropy".into(),
            "cce_smooth" => CategoricalCrossentropy::new().label_smoothing(0.1).into(),
            "cce_logits_smooth" => CategoricalCrossentropy::new().from_logits(true).label_smoothing(0.1).into(),
            "scce" => "sparse_categorical_crossentropy".into(),
            "scce_logits_ignore" => SparseCategoricalCrossentropy::new().from_logits(true).ignore_class(2).into(),
            name => name.into(),
        };
        let (y, p) = (anchor.y_true.f32(), anchor.y_pred.f32());
        let weight = anchor.weight.as_ref().map(Array::f32);
        let check = |reduction, weight: Option<&Tensor>, expected: &Option<Vec<f64>>| {
            let Some(expected) = expected else { return };
            let found = loss.clone().reduction(reduction).call(&y, &p, weight, None).unwrap();
            close(&format!("{} {reduction:?}", anchor.loss), &floats(&found), expected, 1e-5, 0.1);
        };
        check(Reduction::SumOverBatchSize, None, &Some(anchor.mean));
        check(Reduction::None, None, &anchor.none);
        check(Reduction::Sum, None, &anchor.sum);
        check(Reduction::SumOverBatchSize, weight.as_ref(), &anchor.weighted);
        check(Reduction::MeanWithSampleWeight, weight.as_ref(), &anchor.mean_with_sample_weight);
    }
}

#[test]
fn metrics_are_those_of_keras() {
    for anchor in anchors().metrics {
        let (y, p, weight) = (anchor.y_true.f32(), anchor.y_pred.f32(), anchor.weight.f32());
        let mut metric = resolve(&anchor.metric, y.dims(), p.dims()).unwrap();
        let part = |x: &Tensor, from, to| x.narrow(0, from, to - from).unwrap();
        metric.update_state(&y, &p, None, None).unwrap();
        close(&anchor.metric, &[metric.result().unwrap()], &[anchor.value], 1e-6, 0.1);
        metric.reset_state();
        for (from, to) in [(0, 2), (2, weight.elem_count())] {
            let weight = part(&weight, from, to);
            metric.update_state(&part(&y, from, to), &part(&p, from, to), Some(&weight), None).unwrap();
        }
        close(&anchor.metric, &[metric.result().unwrap()], &[anchor.weighted], 1e-6, 0.1);
    }
}

#[test]
fn optimizers_are_those_of_keras() {
    for anchor in anchors().optimizers {
        let mut optimizer: Optimizer = match anchor.optimizer.as_str() {
            "sgd_momentum" => SGD::new().learning_rate(0.1).momentum(0.9).into(),
            "sgd_nesterov" => SGD::new().learning_rate(0.1).momentum(0.9).nesterov(true).into(),
            "rmsprop_centered" => RMSprop::new().learning_rate(0.01).momentum(0.5).centered(true).into(),
            "adam_amsgrad" => Adam::new().learning_rate(0.01).amsgrad(true).into(),
            name => name.into(),
        };
        let layer = Dense::new(3).use_bias(false);
        layer.call(Input::shape([4]));
        layer.set_weights(&[anchor.start.f32()]).unwrap();
        let variable = layer.variables()[0].clone();
        for (gradient, after) in anchor.gradients.iter().zip(&anchor.after) {
            let gradient = Array { shape: vec![4, 3], values: gradient.clone() }.f32();
            optimizer.apply_gradients(vec![(variable.clone(), ops::Gradient::Dense(gradient))]).unwrap();
            close(&anchor.optimizer, &floats(&variable.value()), after, 2e-6, 1.0);
        }
    }
}

#[test]
fn activations_are_those_of_keras() {
    for anchor in anchors().activations {
        let activation = ActivationFunction::from(anchor.activation.as_str());
        let x = anchor.x.f32();
        close(&anchor.activation, &floats(&activation.call(&x).unwrap()), &anchor.y, 2e-6, 0.1);
        let weights = Array { shape: anchor.x.shape, values: anchor.weights }.f32();
        let weighted = |x: &Tensor| activation.call(x).map_err(candle_core::Error::wrap)? * &weights;
        let var = candle_core::Var::from_tensor(&x).unwrap();
        let grads = weighted(var.as_tensor()).unwrap().sum_all().unwrap().backward().unwrap();
        let mut gradient = floats(grads.get(&var).unwrap());
        if anchor.activation == "leaky_relu" {
            // At 0, Keras returns 1 on JAX, and 0.2 on TensorFlow and PyTorch, as here.
            gradient[5] = anchor.gradient[5];
        }
        close(&format!("gradient of {}", anchor.activation), &gradient, &anchor.gradient, 1e-5, 0.1);
    }
}

/// The models of tools/keras_anchors.py, line by line, with the arguments of their training.
fn model(name: &str) -> Result<(Model, Fit<'static>)> {
    let input = |size: usize| Input::shape([size]);
    Ok(match name {
        "word_distance_adam_mse" | "word_distance_sgd_mae" | "word_distance_rmsprop_mse" => {
            let (a, b) = (input(1), input(1));
            let e = Embedding::new(20, 6);
            let d = Subtract::new().call([&e.call(&a), &e.call(&b)]);
            let mut m = Model::new([a, b], Lambda::new(|x| ops::mean(x, -1)).call(&d))?;
            let mut names = name.split('_').skip(2);
            m.compile(names.next().unwrap(), names.next().unwrap())?;
            (m, Fit::new().epochs(4).batch_size(8))
        }
        "text_sequential_validation_split" | "text_sequential_class_weight" | "text_sequential_sample_weight" => {
            let mut m = Sequential::new(layers![
                input(5),
                Embedding::new(30, 4),
                Flatten::new(),
                Dense::new(8).activation("relu"),
                Dense::new(1).activation("sigmoid"),
            ]);
            let compile = Compile::loss("binary_crossentropy").metrics(["acc", "mse"]);
            let fit = Fit::new().epochs(2).batch_size(16);
            let (compile, fit) = match name {
                "text_sequential_validation_split" => (compile, fit.epochs(3).validation_split(0.25)),
                "text_sequential_class_weight" => (compile, fit.class_weight([(0, 0.5), (1, 2.0)])),
                _ => (compile.weighted_metrics(["mae"]), fit),
            };
            m.compile("rmsprop", compile)?;
            (m.into(), fit)
        }
        "two_outputs" => {
            let i = Input::shape([4]).name("numbers");
            let h = Dense::new(6)
                .activation("tanh")
                .kernel_regularizer(L2::new(0.05))
                .bias_regularizer("l1")
                .activity_regularizer(L2::new(0.01))
                .name("hidden")
                .call(&i);
            let o1 = Dense::new(1).name("price").call(&h);
            let o2 = Dense::new(3).activation("softmax").kernel_constraint(MaxNorm::new(0.7)).name("kind");
            let mut m = Model::new(i, [o1, o2.call(&h)])?;
            let losses = Compile::losses(["mae", "sparse_categorical_crossentropy"]).loss_weights([1.0, 0.5]);
            m.compile(SGD::new().learning_rate(0.05).momentum(0.9).nesterov(true), losses.metrics(["mse", "acc"]))?;
            (m, Fit::new().epochs(3).batch_size(8))
        }
        "masked_mean" => {
            let i = input(6);
            let h = GlobalAveragePooling1D::new().call(Embedding::new(12, 4).mask_zero(true).call(&i));
            let mut m = Model::new(i, Dense::new(3).call(&h))?;
            let loss = CategoricalCrossentropy::new().from_logits(true);
            m.compile("adam", Compile::loss(loss).metrics(["accuracy"]))?;
            (m, Fit::new().epochs(3).batch_size(7))
        }
        "masked_loss" => {
            let i = input(6);
            let mut m = Model::new(i.clone(), Dense::new(1).call(Embedding::new(12, 4).mask_zero(true).call(&i)))?;
            m.compile(SGD::new().learning_rate(0.5), Compile::loss("mse").metrics(["mae"]))?;
            (m, Fit::new().epochs(3).batch_size(7))
        }
        "merging" => {
            let (a, b) = (input(3), input(3));
            let shared = Sequential::new(layers![input(3), Dense::new(4).activation("relu")]).name("shared");
            let (ha, hb) = (shared.call(&a), shared.call(&b));
            let h = [&ha, &hb];
            let parts = vec![
                Add::new().call(h),
                Multiply::new().call(h),
                Average::new().call(h),
                Maximum::new().call(h),
                Minimum::new().call(h),
                Dot::new(1).call(h),
            ];
            let y = Dense::new(2).activation("softplus").call(Concatenate::new().call(parts));
            let mut m = Model::new([a, b], y)?;
            m.compile("adam", "mae")?;
            (m, Fit::new().epochs(3).batch_size(5))
        }
        "pooling" => {
            let i = input(6);
            let h = GlobalMaxPooling1D::new().call(Reshape::new([3, 2]).call(&i));
            let y = Dense::new(1).kernel_constraint("non_neg").call(&h);
            let mut m = Model::new(i, Activation::new("tanh").call(&y))?;
            m.compile(RMSprop::new().learning_rate(0.01).momentum(0.9).centered(true), "mse")?;
            (m, Fit::new().epochs(4).batch_size(4))
        }
        other => panic!("no model {other:?} here"),
    })
}

/// Predictions, evaluation, every value of the history and every weight afterwards.
#[test]
fn models_train_as_in_keras() {
    for anchor in anchors().models {
        let name = anchor.model.as_str();
        candle_keras::utils::clear_session();
        let (mut model, mut fit) = model(name).unwrap();
        let start: Vec<_> = anchor.start.iter().map(Array::f32).collect();
        model.set_weights(&start).unwrap();
        let (x, y): (Vec<_>, Vec<_>) =
            (anchor.x.iter().map(Array::f32).collect(), anchor.y.iter().map(Array::f32).collect());

        let predictions = model.predict_multiple_with(&x, Predict::new().verbose(0)).unwrap();
        for (found, expected) in predictions.iter().zip(&anchor.prediction) {
            assert_eq!(found.dims(), expected.shape, "{name}");
            close(&format!("{name}, prediction"), &floats(found), &expected.values, 1e-5, 0.1);
        }
        let logs = model.evaluate_with(&x, &y, Evaluate::new().verbose(0)).unwrap();
        for (key, expected) in &anchor.evaluate {
            // A masked loss is a mean over the steps of each batch, and Keras evaluated in the batches of training.
            if (name, key.as_str()) != ("masked_loss", "loss") {
                close(&format!("{name}, evaluate {key}"), &[logs[key.as_str()]], &[*expected], 1e-5, 1e-3);
            }
        }
        if let Some(weight) = &anchor.sample_weight {
            fit = fit.sample_weight(weight.f32());
        }
        let history = model.fit(&x, &y, fit.shuffle(false).verbose(0)).unwrap();
        let mut keys: Vec<_> = history.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        assert_eq!(keys, anchor.history.keys().collect::<Vec<_>>(), "{name}");
        for (key, expected) in &anchor.history {
            if (name, key.as_str()) == ("masked_loss", "mae") {
                continue; // Keras on JAX loses the mask for metrics in fit, but not in evaluate
            }
            close(&format!("{name}, history {key}"), &history[key.as_str()], expected, 1e-4, 1e-4);
        }
        for (found, expected) in model.get_weights().unwrap().iter().zip(&anchor.end) {
            close(&format!("{name}, weights"), &floats(found), &expected.values, 1e-4, 0.1);
        }
    }
}

/// Adapted layers predict and train as in Keras; the frozen weights stay as they are.
#[test]
fn lora_is_that_of_keras() {
    for anchor in anchors().lora {
        let input = Input::shape(&anchor.x.shape[1..]);
        let kernel: Arc<dyn Layer> = match anchor.layer.as_str() {
            "Dense" => Arc::new(Dense::new(3)),
            "EinsumDense" => Arc::new(EinsumDense::new("abc,cde->abde", [2, 2, 2])),
            "Conv1D" => Arc::new(Conv1D::new(3, 2).kernel_regularizer("l2")),
            "Embedding" => Arc::new(Embedding::new(5, 3)),
            other => panic!("no layer {other}"),
        };
        let mut model = Model::new(&input, kernel.call(&input)).unwrap();
        kernel.enable_lora_with(Lora::new(2).lora_alpha(3.0)).unwrap();
        let start: Vec<Tensor> = anchor.start.iter().map(Array::f32).collect();
        model.set_weights(&start).unwrap();
        model.compile(SGD::new().learning_rate(0.05), "mse").unwrap();
        let (x, y) = (anchor.x.f32(), anchor.y.f32());
        let what = &anchor.layer;
        close(what, &floats(&model.predict(&x).unwrap()), &anchor.prediction.values, 1e-5, 1.0);
        model.fit(&x, &y, Fit::new().epochs(1).batch_size(3).shuffle(false).verbose(0)).unwrap();
        for (i, (found, expected)) in model.get_weights().unwrap().iter().zip(&anchor.end).enumerate() {
            close(&format!("{what}, weight {i}"), &floats(found), &expected.values, 1e-4, 1.0);
        }
        assert_eq!(floats(&model.get_weights().unwrap()[0]), floats(&start[0]));
    }
}
