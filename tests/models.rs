//! Graphs, names, sharing, freezing, and the summary as Keras prints it.

use candle_keras::layers::{
    Activation, AveragePooling2D, BatchNormalization, Concatenate, Context, Conv2D, Dense, DepthwiseConv2D, Dropout,
    Embedding, Flatten, GlobalAveragePooling2D, GlobalMaxPooling2D, KerasTensor, LSTM, Lambda, Layer, MaxPooling2D,
    MultiHeadAttention, ReLU, Reshape, Shape, Subtract, layer,
};
use candle_keras::optimizers::SGD;
use candle_keras::prelude::*;
use candle_keras::{ops, utils};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

fn word_distance() -> Model {
    let (word1, word2) = (Input::shape([1]), Input::shape([1]));
    let embedding = Embedding::new(1000, 64);
    let distance = Subtract::new().call([&embedding.call(&word1), &embedding.call(&word2)]);
    let distance = Lambda::new(|x| ops::mean(x, -1)).call(&distance);
    Model::new([word1, word2], distance).unwrap()
}

/// Keras 3.15.1 prints this for the same model after a fit.
const SUMMARY: &str = r#"Model: "functional"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                  ┃ Output Shape              ┃         Param # ┃ Connected to               ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ input_layer (InputLayer)      │ (None, 1)                 │               0 │ -                          │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ input_layer_1 (InputLayer)    │ (None, 1)                 │               0 │ -                          │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ embedding (Embedding)         │ (None, 1, 64)             │          64,000 │ input_layer[0][0],         │
│                               │                           │                 │ input_layer_1[0][0]        │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ subtract (Subtract)           │ (None, 1, 64)             │               0 │ embedding[0][0],           │
│                               │                           │                 │ embedding[1][0]            │
├───────────────────────────────┼───────────────────────────┼─────────────────┼────────────────────────────┤
│ lambda (Lambda)               │ (None, 1)                 │               0 │ subtract[0][0]             │
└───────────────────────────────┴───────────────────────────┴─────────────────┴────────────────────────────┘
 Total params: 192,002 (750.01 KB)
 Trainable params: 64,000 (250.00 KB)
 Non-trainable params: 0 (0.00 B)
 Optimizer params: 128,002 (500.01 KB)
"#;

#[test]
fn the_summary_is_that_of_keras() {
    let mut model = word_distance();
    model.compile("adam", "mse").unwrap();
    let ids = vec![1u32; 4];
    model.fit([&ids, &ids], vec![0f32; 4], Fit::new().verbose(0)).unwrap();
    assert_eq!(model.summary_text(), SUMMARY);
}

const SEQUENTIAL: &str = r#"Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
│ embedding (Embedding)                │ ?                           │     0 (unbuilt) │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ a_very_long_name_for_a_dense_layer_… │ ?                           │     0 (unbuilt) │
│ (Dense)                              │                             │                 │
└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
 Total params: 0 (0.00 B)
 Trainable params: 0 (0.00 B)
 Non-trainable params: 0 (0.00 B)
"#;

#[test]
fn a_sequential_is_built_when_its_input_is_known() {
    let long = "a_very_long_name_for_a_dense_layer_that_must_wrap_around_lines";
    let mut model = Sequential::new(layers![Embedding::new(1000, 8), Dense::new(2).name(long)]);
    assert_eq!(model.summary_text(), SEQUENTIAL);
    assert!(model.graph().unwrap_err().to_string().contains("build"));
    model.build([20]).unwrap();
    assert!(model.summary_text().contains("│ (None, 20, 8)               │           8,000 │"));
    // Two layers on the outputs of one are no chain: as Keras, where a row has the output that it reads.
    let x = Input::shape([5, 3]).name("x");
    let [_, h, c] = LSTM::new(4).return_state(true).name("lstm").call_multiple(&x);
    let heads = [("d1", h), ("d2", c)].map(|(name, state)| Dense::new(2).name(name).call(&state));
    let table = Model::new(x, heads).unwrap().summary_text();
    assert!(table.contains("│ lstm[0][1]   ") && table.contains("│ lstm[0][2]   "), "{table}");
    model.add(Flatten::new());
    assert_eq!(model.graph().unwrap().outputs()[0].shape().to_string(), "(None, 40)");
    assert_eq!(model.pop().unwrap().layer_name(), "flatten");
    assert_eq!(model.graph().unwrap().outputs()[0].shape().to_string(), "(None, 20, 2)");
    assert_eq!(model.layers().len(), 2);
    let mut failed = |layer: Result<std::sync::Arc<dyn Layer>>| {
        let mut model = Sequential::new(layers![Embedding::new(1000, 8).name("first"), Dense::new(2).name(long)]);
        model.add(layer.unwrap());
        // The first error is the one that is reported.
        model.add(Dense::new(1).name("first"));
        model.compile("sgd", "mse").unwrap_err().to_string()
    };
    let errors = layers![Input::shape([3]), Dense::new(1).name(long)].into_iter().map(&mut failed).collect::<Vec<_>>();
    assert!(errors[0].contains("must be the first") && errors[1].contains("another name"), "{errors:?}");
    assert!(errors.iter().all(|error| error.contains("at: tests/models.rs:")));
}

#[test]
fn a_sequential_with_input_has_weights_at_once() {
    let mut model = Sequential::new(layers![Input::shape([3])]);
    assert!(model.pop().is_err());
    model.add(Dense::new(2));
    assert_eq!(model.count_params(), 8);
    model.pop().unwrap();
    assert_eq!(model.graph().unwrap().outputs()[0].shape().to_string(), "(None, 3)");
}

#[test]
fn names_are_those_that_keras_gives() {
    let names = |layers: Vec<Result<std::sync::Arc<dyn Layer>>>| {
        layers.iter().map(|layer| layer.as_ref().unwrap().layer_name()).collect::<Vec<_>>()
    };
    let list = layers![Dense::new(1), Dense::new(1).name("head"), Dense::new(1), Flatten::new()];
    assert_eq!(names(list), ["dense", "head", "dense_1", "flatten"]);
    utils::clear_session();
    assert_eq!(Dense::new(1).layer_name(), "dense");
    assert_eq!(word_distance().layer_name(), "functional");
    assert_eq!(word_distance().name("twins").layer_name(), "twins");
    // The sublayers of a MultiHeadAttention are numbered as in Keras, where it makes one Dropout and no Dense.
    utils::clear_session();
    let x = LSTM::new(6).return_sequences(true).call(Dense::new(6).call(Input::shape([4, 3])));
    MultiHeadAttention::new(2, 3).call([&x, &x]).shape().unwrap();
    let after = layers![Dense::new(1), LSTM::new(1), Dropout::new(0.1), MultiHeadAttention::new(2, 3)];
    assert_eq!(names(after), ["dense_1", "lstm_1", "dropout_1", "multi_head_attention_1"]);
}

/// By decreasing depth, like Keras's `model.layers` for the same graph.
#[test]
fn layers_have_the_order_of_keras() {
    let (x, y) = (Input::shape([1]).name("x"), Input::shape([1]).name("y"));
    let word = Input::shape([1]);
    let encoder = Model::new(word.clone(), Flatten::new().call(Embedding::new(10, 4).call(&word))).unwrap();
    let encoder = encoder.name("encoder");
    let (ex, ey) = (encoder.call(&x), encoder.call(&y));
    let both = Dense::new(3).call(Concatenate::new().call([&ex, &ey]));
    let one = Dense::new(2).call(encoder.call(&x));
    let model = Model::new([x, y], [both, one]).unwrap();
    let names: Vec<_> = model.layers().iter().map(|layer| layer.layer_name()).collect();
    assert_eq!(names, ["x", "y", "encoder", "concatenate", "dense", "dense_1"]);
    assert_eq!(model.graph().unwrap().output_names(), ["dense", "dense_1"]);
    assert_eq!(model.count_params(), 40 + 27 + 10);
    let summary = model.summary_text();
    assert!(summary.contains("│ encoder (Functional)          │ (None, 4)                 │              40 │"));
}

#[test]
fn layers_are_shared_between_models() {
    let x = Input::shape([3]);
    let code = Dense::new(2).name("code").call(&x);
    let encoder = Model::new(x.clone(), code.clone()).unwrap();
    let mut autoencoder = Model::new(x, Dense::new(3).call(&code)).unwrap();
    autoencoder.compile("adam", "mse").unwrap();
    let data = vec![vec![1f32, 2., 3.]; 4];
    let before = encoder.get_weights().unwrap()[0].to_vec2::<f32>().unwrap();
    autoencoder.fit(&data, &data, Fit::new().verbose(0)).unwrap();
    let after = encoder.get_weights().unwrap()[0].to_vec2::<f32>().unwrap();
    assert_ne!(before, after);
    let shared = autoencoder.get_layer("code").unwrap().get_weights().unwrap();
    assert_eq!(shared[0].to_vec2::<f32>().unwrap(), after);
}

layer! {
    /// Doubles, and counts how often it is fused with the next layer.
    struct Double() {
        let together: Arc<AtomicUsize> = Arc::default(),
    }
}

impl Layer for Double {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(inputs.to_vec())
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![(&inputs[0] * 2.0)?])
    }

    fn forward_with(
        &self,
        next: &[&dyn Layer],
        inputs: &[Tensor],
        ctx: &mut Context,
    ) -> Result<Option<(Vec<Tensor>, usize)>> {
        self.together.fetch_add(1, Ordering::Relaxed);
        let y = self.forward(inputs, ctx)?;
        next[0].forward(&y, ctx).map(|y| Some((y, 1)))
    }
}

#[test]
fn adjacent_layers_are_fused() {
    // The predictions for 1 and 3, and how often the two layers were fused.
    let predicted = |build: fn(Double, &KerasTensor) -> Vec<KerasTensor>| {
        let double = Double::new();
        let x = Input::shape([2]);
        let model = Model::new(x.clone(), build(double.clone(), &x)).unwrap();
        let x = Tensor::new(&[[1f32, 3.]], &Device::Cpu).unwrap();
        let y = model.predict_multiple_with(x, Predict::new().verbose(0)).unwrap();
        let y = y.iter().flat_map(|y| y.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect::<Vec<_>>();
        (y, double.together.load(Ordering::Relaxed))
    };
    fn sum(x: &KerasTensor) -> KerasTensor {
        Dense::new(1).use_bias(false).kernel_initializer("ones").call(x)
    }
    assert_eq!(predicted(|double, x| vec![sum(&double.call(x))]), (vec![8.], 1));
    let seen = predicted(|double, x| {
        let y = double.call(x);
        vec![sum(&y), y]
    });
    assert_eq!(seen, (vec![8., 2., 6.], 0));
    let taken_by_two = predicted(|double, x| {
        let y = double.call(x);
        vec![sum(&y), sum(&y)]
    });
    assert_eq!(taken_by_two, (vec![8., 8.], 0));
    let taken_twice = predicted(|double, x| {
        let y = double.call(x);
        vec![Subtract::new().call([&y, &y])]
    });
    assert_eq!(taken_twice, (vec![0., 0.], 0));
    let regularized = predicted(|double, x| vec![sum(&double.activity_regularizer("l2").call(x))]);
    assert_eq!(regularized, (vec![8.], 0));
    let of_another_dtype = predicted(|double, x| vec![sum(&double.dtype("float64").call(x))]);
    assert_eq!(of_another_dtype, (vec![8.], 0));
}

#[test]
fn layers_are_not_fused_in_training() {
    let double = Double::new();
    let mut model = Sequential::new(layers![Input::shape([2]), double.clone(), Dense::new(1)]);
    model.compile("sgd", "mse").unwrap();
    model.fit(vec![vec![1f32, 2.]], vec![1f32], Fit::new().verbose(0)).unwrap();
    assert_eq!(double.together.load(Ordering::Relaxed), 0);
}

/// A prediction with normalization, activation and pooling fused into the convolution equals that of the separate layers.
#[test]
fn normalization_is_fused_into_a_convolution() {
    type Part = fn(&KerasTensor) -> KerasTensor;
    let convolutions: [(Part, i64); 4] = [
        (|x| Conv2D::new(16, 3).call(x), -1),
        (|x| Conv2D::new(4, 2).use_bias(false).strides(2).call(x), 3),
        (|x| DepthwiseConv2D::new(3).depth_multiplier(2).padding("same").call(x), -1),
        (|x| Conv2D::new(6, 3).data_format("channels_first").call(x), 1),
    ];
    let after: [Part; 5] = [
        |y| y.clone(),
        |y| ReLU::new().call(y),
        |y| Activation::new("tanh").call(y),
        |y| ReLU::new().max_value(0.5).call(y),
        |y| MaxPooling2D::new(2).call(ReLU::new().call(y)),
    ];
    for (convolution, axis) in convolutions {
        let mut largest = 0f32;
        for after in after {
            let x = Input::shape([8, 9, 4]);
            let inner = convolution(&x);
            let other = if axis == 1 { 3 } else { 1 };
            for axis in [axis, other] {
                let normal = BatchNormalization::new()
                    .axis(axis)
                    .gamma_initializer("random_normal")
                    .beta_initializer("random_normal")
                    .moving_mean_initializer("random_normal");
                let y = after(&normal.call(&inner));
                // What is an output as well is not fused.
                let fused = Model::new(x.clone(), y.clone()).unwrap();
                let apart = Model::new(x.clone(), vec![y, inner.clone(), normal.call(&inner)]).unwrap();
                let data = Tensor::rand(-1f32, 1., (3, 8, 9, 4), &Device::Cpu).unwrap();
                let quiet = || Predict::new().verbose(0);
                let a = fused.predict_with(&data, quiet()).unwrap();
                let b = apart.predict_multiple_with(&data, quiet()).unwrap();
                let apart = (a - &b[0]).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
                assert!(apart < 1e-5, "{apart}");
                largest = largest.max(apart);
            }
        }
        // A kernel with a normalization in it rounds in another way.
        assert!(largest > 0.0, "nothing was fused");
    }
}

/// A prediction with pooling fused into the convolution equals that of the separate layers.
#[test]
fn pooling_is_fused_into_a_convolution() {
    let pools: [fn(&KerasTensor) -> KerasTensor; 6] = [
        |y| MaxPooling2D::new(2).call(y),
        |y| AveragePooling2D::new((2, 3)).strides(1).padding("same").call(y),
        |y| MaxPooling2D::new(2).data_format("channels_first").call(y),
        |y| GlobalAveragePooling2D::new().call(y),
        |y| GlobalMaxPooling2D::new().keepdims(true).call(y),
        |y| GlobalAveragePooling2D::new().data_format("channels_first").call(y),
    ];
    let convolutions = [
        || Conv2D::new(16, 3).activation("relu"),
        || Conv2D::new(4, 2).activation("gelu").padding("same"),
        || Conv2D::new(4, 2).strides(2).bias_initializer("ones").data_format("channels_first"),
    ];
    for convolution in convolutions {
        for pool in pools {
            let x = Input::shape([8, 9, 10]);
            let y = convolution().call(&x);
            let pooled = pool(&y);
            let mut first = Model::new(x.clone(), y.clone()).unwrap();
            let mut second = Model::new(y, pooled.clone()).unwrap();
            let mut both = Model::new(x, pooled).unwrap();
            let images = Tensor::randn(0f32, 1., (3, 8, 9, 10), &Device::Cpu).unwrap();
            let one = |model: &mut Model, x: &Tensor| model.predict_with(x, Predict::new().verbose(0)).unwrap();
            let (expected, found) = (one(&mut first, &images), one(&mut both, &images));
            let apart = (one(&mut second, &expected) - found).unwrap().abs().unwrap();
            assert!(apart.max_all().unwrap().to_scalar::<f32>().unwrap() < 1e-5);
        }
    }
}

#[test]
fn a_model_may_start_within_another() {
    let x = Input::shape([3]);
    let middle = Dense::new(2).call(&x);
    let y = Dense::new(1).use_bias(false).call(&middle);
    let decoder = Model::new(middle, y).unwrap();
    decoder.set_weights(&[Tensor::new(&[[2f32], [3.]], &Device::Cpu).unwrap()]).unwrap();
    let y = decoder.predict_with(vec![vec![1f32, 10.]], Predict::new().verbose(0)).unwrap();
    assert_eq!(y.to_vec2::<f32>().unwrap(), [[32.]]);
}

#[test]
fn frozen_layers_are_not_updated() {
    let x = Input::shape([3]);
    let (frozen, free) = (Dense::new(2).trainable(false), Dense::new(1));
    let y = free.call(frozen.call(&x));
    let mut model = Model::new(x, y).unwrap();
    model.compile("sgd", "mse").unwrap();
    assert!(model.summary_text().contains("Non-trainable params: 8 (32.00 B)"));
    let weights = || model_weights(&frozen);
    let before = weights();
    model.fit(vec![vec![1f32, 2., 3.]], vec![5f32], Fit::new().verbose(0)).unwrap();
    assert_eq!(before, weights());
    // The trainable weights are fixed at compile.
    frozen.set_trainable(true);
    model.compile("sgd", "mse").unwrap();
    model.fit(vec![vec![1f32, 2., 3.]], vec![5f32], Fit::new().verbose(0)).unwrap();
    assert_ne!(before, weights());
}

fn model_weights(layer: &dyn Layer) -> Vec<f32> {
    layer.get_weights().unwrap().iter().flat_map(|w| w.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
}

#[test]
fn a_graph_may_be_deeper_than_the_stack() {
    let x = Input::shape([1]);
    let (mut y, step) = (x.clone(), Lambda::new(|x| x + 1.0));
    for _ in 0..3000 {
        y = step.call(&y);
    }
    let model = Model::new(x, y).unwrap();
    let y = model.predict_with(vec![0f32], Predict::new().verbose(0)).unwrap();
    assert_eq!(y.to_vec2::<f32>().unwrap(), [[3000.]]);
}

/// The configuration of the seed model, as far as Keras's loader reads it.
#[test]
fn the_configuration_is_that_of_keras() {
    let config = word_distance().get_config().unwrap();
    assert_eq!(config["layers"][2]["class_name"], "Embedding");
    assert_eq!(config["layers"][2]["inbound_nodes"][1]["args"][0]["config"]["keras_history"][0], "input_layer_1");
    assert_eq!(config["input_layers"], serde_json::json!([["input_layer", 0, 0], ["input_layer_1", 0, 0]]));
    assert_eq!(config["output_layers"], serde_json::json!(["lambda", 0, 0]));
}

/// Calls are counted within the model, and that of a functional model that is an output from 1, as Keras counts.
#[test]
fn the_configuration_counts_calls_within_the_model() {
    let word = Input::shape([1]);
    let vector = Flatten::new().call(Embedding::new(10, 4).call(&word));
    let encoder = Model::new(word, vector).unwrap().name("encoder");
    encoder.call(Input::shape([1]));
    let x = Input::shape([1]).name("x");
    let (a, b) = (encoder.call(&x), encoder.call(&x));
    let both = Subtract::new().call([&a, &b]);
    let config = Model::new(x, [both, b]).unwrap().get_config().unwrap();
    let history = |i: usize| config["layers"][2]["inbound_nodes"][0]["args"][0][i]["config"]["keras_history"].clone();
    assert_eq!((history(0), history(1)), (serde_json::json!(["encoder", 0, 0]), serde_json::json!(["encoder", 1, 0])));
    assert_eq!(config["output_layers"], serde_json::json!([["subtract", 0, 0], ["encoder", 2, 0]]));
}

/// As in Keras: out of a nested model, and into one.
#[test]
fn masks_go_through_nested_models() {
    use candle_keras::layers::GlobalAveragePooling1D;
    let embedding = Embedding::new(5, 1).mask_zero(true);
    let identity = Dense::new(1).use_bias(false).kernel_initializer("ones");
    let word = Input::shape([4]);
    let functional = Model::new(word.clone(), embedding.call(&word)).unwrap();
    let stack = Sequential::new(layers![embedding.clone()]);
    let behind = Sequential::new(layers![identity]);
    let x = Input::shape([4]);
    let vectors = [functional.call(&x), stack.call(&x), behind.call(embedding.call(&x))];
    embedding.set_weights(&[Tensor::new(&[[100f32], [1.], [3.], [5.], [7.]], &Device::Cpu).unwrap()]).unwrap();
    for vectors in vectors {
        let mean = GlobalAveragePooling1D::new().call(vectors);
        let model = Model::new(x.clone(), mean).unwrap();
        let y = model.predict_with(vec![vec![1u32, 2, 0, 0]], Predict::new().verbose(0)).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), [[2.]]);
    }
}

/// A failed call returns a tensor that propagates the error, with the layer and the line, through all later calls.
#[test]
fn a_graph_is_built_without_question_marks() {
    let (x, y) = (Input::shape([4]), Input::shape([3]));
    let wrong = &x + &y;
    let line = line!() - 1;
    let built_on_it = Dense::new(2).call(ops::exp(&(&wrong * 2.0 - 1.0)).get((.., 0)));
    let [a, b] = LSTM::new(3).call_multiple(Reshape::new([2, 2]).call(&x));
    let errors = [
        Model::new([x.clone(), y.clone()], built_on_it.clone()).unwrap_err().to_string(),
        built_on_it.shape().unwrap_err().to_string(),
        wrong.gt(0.5).output().unwrap_err().to_string(),
    ];
    for error in &errors {
        assert!(
            error.starts_with("layer \"add") && error.ends_with(&format!("at: tests/models.rs:{line}:17")),
            "{error}"
        );
    }
    assert!(format!("{built_on_it:?}").starts_with("<KerasTensor that failed: layer \"add"));
    let error = Model::new(x.clone(), [a, b]).unwrap_err().to_string();
    assert!(error.contains("(LSTM)") && error.contains("expected: 1") && error.contains("call_multiple"), "{error}");
    // Only inputs have these arguments.
    let named = Dense::new(2).name("head").call(&x).name("other");
    assert!(named.shape().unwrap_err().to_string().starts_with("layer \"head\" (Dense): only an input"));
    assert_eq!(Input::shape([2]).dtype("float64").batch_size(8).output().unwrap().dtype(), DType::F64);
    // A layer of a list is called like any other.
    let model = Model::new(x.clone(), Dense::new(2).call(&x)).unwrap();
    assert_eq!(model.layers()[1].call(&x).shape().unwrap().to_string(), "(None, 2)");
}

#[test]
fn a_model_cannot_be_a_layer_of_itself() {
    let mut model = Sequential::new(layers![Input::shape([3]), Dense::new(3)]);
    model.add(model.clone());
    assert!(model.compile("sgd", "mse").unwrap_err().to_string().contains("a layer of itself"));
    let mut inner = Sequential::new(layers![Dense::new(3)]);
    inner.add(Sequential::new(layers![inner.clone()]));
    assert!(inner.build([3]).unwrap_err().to_string().contains("a layer of itself"));
}

/// Keras builds it from the shape of that model, too: its weights are there before any data.
#[test]
fn a_sequential_that_begins_with_a_model_is_built() {
    let (x, y) = (Input::shape([4]), Input::shape([4]));
    let functional = Model::new(&x, Dense::new(3).call(&x)).unwrap();
    let sequential = Sequential::new(layers![Input::shape([4]), Dense::new(3)]);
    for first in [Arc::new(functional) as Arc<dyn Layer>, Arc::new(sequential)] {
        let model = Sequential::new(vec![Ok(first), Ok(Arc::new(Dense::new(2)))]);
        assert_eq!(
            (model.count_params(), model.output().unwrap().shape().unwrap().to_string()),
            (23, "(None, 2)".into())
        );
        assert_eq!(model.layers().len(), 2);
    }
    // One without a shape waits for the data, and so does one of several inputs.
    let unbuilt = Sequential::new(layers![Dense::new(3)]);
    assert_eq!(Sequential::new(layers![unbuilt, Dense::new(2)]).variables().len(), 0);
    let several = Model::new([&x, &y], Subtract::new().call([&x, &y])).unwrap();
    assert!(Sequential::new(layers![several]).graph().is_err());
}

/// The time is linear in the number of layers, and a chain that is deeper than the stack can be dropped.
#[test]
fn long_chains_of_layers_are_linear() {
    let activation = Activation::new("relu");
    let mut x = Input::shape([1]);
    let input = x.clone();
    for _ in 0..100_000 {
        x = activation.call(&x);
    }
    let model = Model::new(input, x).unwrap();
    assert_eq!(model.layers().len(), 2);
    drop(model);
    let mut sequential = Sequential::new(layers![Input::shape([1])]);
    for _ in 0..20_000 {
        sequential.add(Activation::new("relu"));
    }
    assert_eq!(sequential.graph().unwrap().layers().len(), 20_001);
}

/// Four times the layers take four times as long; quadratic time would be sixteen times as long.
#[test]
fn long_chains_of_distinct_layers_are_linear() {
    let seconds = |count: usize| {
        let (start, input) = (Instant::now(), Input::shape([1]));
        let output = (0..count).fold(input.clone(), |x, _| Activation::new("linear").call(&x));
        let model = Model::new(input, output).unwrap();
        assert_eq!(model.layers().len(), count + 1);
        let y = model.predict_with(vec![2f32], Predict::new().verbose(0)).unwrap();
        assert_eq!(y.to_vec2::<f32>().unwrap(), [[2.]]);
        drop(model);
        start.elapsed().as_secs_f64()
    };
    // Again if other processes have disturbed it.
    let mut ratios = (0..3).map(|_| 1.0 / seconds(25_000) * seconds(100_000));
    assert!(ratios.any(|ratio| ratio < 8.0));
}

/// A trained model predicts on many threads with the same results as on one.
#[test]
fn several_threads_predict_on_one_model() {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Model>();
    is_send_and_sync::<Sequential>();
    let ids = Input::shape([6]);
    let hidden = LSTM::new(8).call(Embedding::new(50, 8).mask_zero(true).call(&ids));
    let mut model = Model::new(&ids, Dense::new(3).activation("softmax").call(&hidden)).unwrap();
    model.compile("adam", "sparse_categorical_crossentropy").unwrap();
    let rows =
        |seed: u32| (0..40u32).map(|i| (0..6).map(|j| (i * 7 + j * seed) % 50).collect()).collect::<Vec<Vec<u32>>>();
    let labels: Vec<u32> = (0..40).map(|i| i % 3).collect();
    // Pending updates are applied by the first reader.
    model.fit(rows(1), &labels, Fit::new().epochs(2).verbose(0)).unwrap();
    let quiet = || Predict::new().verbose(0).batch_size(8);
    let model = &model;
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..9)
            .map(|seed| scope.spawn(move || model.predict_with(rows(seed), quiet()).unwrap().to_vec2::<f32>().unwrap()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (seed, found) in (1..9).zip(answers) {
        assert_eq!(found, model.predict_with(rows(seed), quiet()).unwrap().to_vec2::<f32>().unwrap());
    }
}

#[test]
fn an_output_may_have_no_loss() {
    let x = Input::shape((3,));
    let (a, b) = (Dense::new(1).name("a").call(&x), Dense::new(2).name("b").call(&x));
    let (data, y) = (vec![[1f32, 2., 3.]; 4], vec![[1f32]; 4]);
    let run = |targets: Vec<Tensor>| {
        let mut model = Model::new(&x, [&a, &b]).unwrap();
        model.compile("sgd", Compile::losses([Some("mse"), None])).unwrap();
        model.evaluate(&data, targets).unwrap()
    };
    use candle_keras::data::ToTensor;
    let (ya, yb) = (y.to_tensor().unwrap(), Tensor::zeros((4, 2), DType::F32, &Device::Cpu).unwrap());
    let (both, one) = (run(vec![ya.clone(), yb]), run(vec![ya]));
    assert_eq!(both, one);
    assert_eq!(both.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["loss"]);
}

#[test]
fn operators_are_not_layers_and_parts_of_a_model_are_found() {
    let x = Input::shape((None, 3)).name("x");
    let code = Dense::new(2).name("code").call(&x);
    let model = Model::new(&x, ops::exp(&(&code + &code))).unwrap();
    let names = |layers: Vec<Arc<dyn Layer>>| layers.iter().map(|layer| layer.layer_name()).collect::<Vec<_>>();
    assert_eq!(names(model.layers()), ["x", "code"]);
    assert_eq!(names(model.operations()), ["x", "code", "add", "exp"]);
    let encoder = Model::new(model.input().unwrap(), model.output_of("code").unwrap()).unwrap();
    // The same with Keras's layer.input and layer.output.
    let layer = model.get_layer("code").unwrap();
    let same = Model::new(layer.input().unwrap(), layer.output().unwrap()).unwrap();
    assert_eq!(same.output().unwrap().shape().unwrap(), encoder.output().unwrap().shape().unwrap());
    let shared = Dense::new(2);
    assert!(shared.output().unwrap_err().to_string().contains("0 calls"));
    let _both = (shared.call(&x), shared.call(&x));
    assert!(shared.output().unwrap_err().to_string().contains("2 calls"));
    assert_eq!(encoder.output().unwrap().shape().unwrap().size(-1), Some(2));
    assert!(model.output_of("cod").unwrap_err().to_string().contains("did you mean \"code\"?"));
    // A model can be called on data.
    let data = Tensor::ones((2, 4, 3), DType::F32, &Device::Cpu).unwrap();
    assert_eq!(encoder.call(&data).unwrap().dims(), [2, 4, 2]);
}

#[test]
fn class_indices_with_the_one_hot_loss_get_a_hint() {
    let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(3).activation("softmax")]);
    model.compile("sgd", "categorical_crossentropy").unwrap();
    let error = model.fit(vec![[1f32, 2.]; 4], vec![0u32, 1, 2, 1], Fit::new().verbose(0)).unwrap_err().to_string();
    assert!(error.contains("sparse_categorical_crossentropy"), "{error}");
}

#[test]
fn data_may_be_given_by_names() {
    let (a, b) = (Input::shape([2]).name("first"), Input::shape([3]).name("second"));
    let y = Concatenate::new().call([&Dense::new(2).call(&a), &b]);
    let outputs = [("price", Dense::new(1).name("zz").call(&y)), ("kind", Dense::new(3).name("aa").call(&y))];
    let mut model = Model::new([("b", &b), ("a", &a)], outputs).unwrap();
    let losses = || Compile::default().loss_of("kind", "sparse_categorical_crossentropy").loss_of("price", "mse");
    model.compile(SGD::new().learning_rate(0.0), losses().metrics_of("kind", ["acc"])).unwrap();
    let (x_a, x_b) = (vec![vec![1f32, 2.]; 4], vec![vec![3f32, 4., 5.]; 4]);
    let (price, kind) = (vec![1f32; 4], vec![2u32; 4]);
    let a = Tensor::new(x_a.clone(), &Device::Cpu).unwrap();
    let b = Tensor::new(x_b.clone(), &Device::Cpu).unwrap();
    let (price, kind) = (Tensor::new(price, &Device::Cpu).unwrap(), Tensor::new(kind, &Device::Cpu).unwrap());
    let fit = || Fit::new().verbose(0).validation_data([("b", &b), ("a", &a)], [("price", &price), ("kind", &kind)]);
    let named = model.fit([("b", &b), ("a", &a)], [("price", &price), ("kind", &kind)], fit()).unwrap();
    // In the order of the sorted names.
    let listed = model.fit([&a, &b], [&kind, &price], fit()).unwrap();
    for name in ["loss", "kind_acc", "kind_loss", "price_loss", "val_kind_acc", "val_price_loss"] {
        assert_eq!(named[name], listed[name], "{name}");
    }
    let predict = || Predict::new().verbose(0);
    let [x, y] = [
        model.predict_multiple_with([("b", &b), ("a", &a)], predict()).unwrap(),
        model.predict_multiple_with([&a, &b], predict()).unwrap(),
    ];
    assert_eq!(x[0].to_vec2::<f32>().unwrap(), y[0].to_vec2::<f32>().unwrap());
    assert_eq!((x[0].dims(), x[1].dims()), (&[4, 3][..], &[4, 1][..]));
    let error = model.predict_multiple_with([("c", &b), ("a", &a)], predict()).unwrap_err().to_string();
    assert!(error.contains("unknown input \"c\"") && error.contains("a or b"), "{error}");
    let error = model.predict_multiple_with([("a", &a), ("a", &a)], predict()).unwrap_err().to_string();
    assert!(error.contains("\"a\" twice"), "{error}");
    // Weights of one output alone; an output without weights has ones.
    let ones = Tensor::ones(4, DType::F32, &Device::Cpu).unwrap();
    let weight = Tensor::new(&[1f32, 0., 2., 3.], &Device::Cpu).unwrap();
    let named = model.fit([&a, &b], [&kind, &price], fit().sample_weight([("price", &weight)])).unwrap();
    let listed = model.fit([&a, &b], [&kind, &price], fit().sample_weight([&ones, &weight])).unwrap();
    assert_eq!(named["loss"], listed["loss"]);
    assert!(named["price_loss"] != named["val_price_loss"], "the weights have no effect");
    let error = model.fit([&a, &b], [&kind, &price], fit().sample_weight([("aa", &weight)])).unwrap_err().to_string();
    assert!(error.contains("unknown output \"aa\""), "{error}");
    // The elements of a dataset have names, too, and keep them.
    let dataset = Dataset::from_tensor_slices((
        [("b", &b), ("a", &a)],
        [("price", &price), ("kind", &kind.to_dtype(DType::F32).unwrap())],
        [("price", &weight)],
    ));
    let dataset = dataset.unwrap().repeat(1).shuffle(4).map(Ok).batch(2);
    let streamed = model.fit(&dataset, (), fit()).unwrap();
    assert!((streamed["loss"][0] - named["loss"][0]).abs() < 1e-5, "{streamed:?} {named:?}");
    let inputs = Dataset::from_tensor_slices([("b", &b), ("a", &a)]).unwrap().batch(4);
    let z = model.predict_multiple_with(&inputs, predict()).unwrap();
    assert_eq!(x[0].to_vec2::<f32>().unwrap(), z[0].to_vec2::<f32>().unwrap());
    let z = model.predict_on_batch([("b", &b), ("a", &a)]).unwrap();
    assert_eq!(x[0].to_vec2::<f32>().unwrap(), z[0].to_vec2::<f32>().unwrap());
    let json = candle_keras::models::model_from_json(&model.to_json().unwrap()).unwrap();
    assert_eq!(json.graph().unwrap().input_names(), ["a", "b"]);
}

#[test]
fn a_model_is_called_on_tensors_by_name() {
    let (b, a) = (Input::shape([2]).name("b"), Input::shape([2]).name("a"));
    let inner = Model::new([&b, &a], ops::subtract(&b, &a)).unwrap();
    let (x, y) = (Input::shape([2]), Input::shape([2]));
    let outer = Model::new([&x, &y], inner.call([("a", &x), ("b", &y)])).unwrap();
    let [one, three] = [1f32, 3.].map(|value| Tensor::full(value, (1, 2), &Device::Cpu).unwrap());
    let output = outer.predict_on_batch([&one, &three]).unwrap();
    assert_eq!(output[0].to_vec2::<f32>().unwrap(), [[2., 2.]]);
    let output = inner.call([("a", &three), ("b", &one)]).unwrap();
    assert_eq!(output.to_vec2::<f32>().unwrap(), [[-2., -2.]]);
    let error = |result: candle_keras::Result<Tensor>| result.unwrap_err().to_string();
    assert!(error(inner.call([("a", &one), ("c", &one)])).contains("unknown input \"c\""));
    assert!(error(inner.call([("a", &one), ("a", &one)])).contains("\"a\" twice"));
    assert!(error(inner.call([("a", &one)])).contains("the input \"b\" is missing"));
    assert!(error(Dense::new(2).call([("a", &one)])).contains("only a model"));
    let error = Model::new([&x, &y], inner.call([("a", &x)])).unwrap_err().to_string();
    assert!(error.contains("the input \"b\" is missing") && error.contains("tests/models.rs"), "{error}");
}

#[test]
fn elements_of_a_batch_have_the_same_names() {
    let element = |name: &'static str| ([(name, vec![1f32])], vec![1f32]);
    let dataset = Dataset::from_fn(2, move |i| element(["a", "b"][i]));
    let error = dataset.batch(2).iter().unwrap().next().unwrap().unwrap_err().to_string();
    assert!(error.contains("the same names") && error.contains("\"b\""), "{error}");
}
