//! Composite layers and custom cells, arguments of calls, freezing, states.

use candle_keras::config::{dtype_policy, set_dtype_policy};
use candle_keras::initializers::Identity;
use candle_keras::layers::{
    BatchNormalization, Bidirectional, Build, Call, CallArguments, Context, Dense, Dropout, Embedding, LSTM,
    LayerNormalization, MultiHeadAttention, RMSNormalization, RNN, RnnCell, Shape, SpectralNormalization, TensorSpec,
    TimeDistributed, Weight, layer, single,
};
use candle_keras::optimizers::{MultiOptimizer, SGD};
use candle_keras::saving::{CustomObjects, LoadModel, LoadWeights};
use candle_keras::{Error, ops, prelude::*};

layer! {
    /// A Dense layer, a function and another Dense layer, added to the input.
    pub struct Residual(
        /// The hidden size.
        units: usize,
    ) {
        /// The dropout rate.
        rate: f64 = 0.0,
    }
}

impl Layer for Residual {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![single(inputs)?.clone()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let input = single(inputs)?;
        let features = build.input_size(-1)?;
        let first = Dense::new(self.units).activation("relu").kernel_regularizer("l2").name("first");
        build.add_layer("first", first, inputs)?;
        let between: Shape = input[..input.len() - 1].iter().copied().chain([Some(self.units)]).collect();
        build.add_layer("dropout", Dropout::new(self.rate), std::slice::from_ref(&between))?;
        build.add_layer("second", Dense::new(features).name("second"), &[between])
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let x = single(inputs)?;
        let mut y = x.clone();
        for name in ["first", "dropout", "second"] {
            y = ctx.run(&*self.base.layer(name)?, &y)?;
        }
        Ok(vec![(x + y)?])
    }
}

fn data() -> (Vec<Vec<f32>>, Vec<f32>) {
    let row = |i: usize| (0..3).map(|j| ((i * 7 + j * 3) % 5) as f32 / 5.0).collect::<Vec<_>>();
    let rows: Vec<_> = (0..16).map(row).collect();
    let sums = rows.iter().map(|row| row.iter().sum()).collect();
    (rows, sums)
}

fn numbers(tensors: &[Tensor]) -> Vec<f32> {
    tensors.iter().flat_map(|t| t.flatten_all().unwrap().to_vec1::<f32>().unwrap()).collect()
}

#[test]
fn a_composite_layer_is_frozen_saved_and_loaded() {
    candle_keras::utils::set_random_seed(1);
    let (x, y) = data();
    let residual = Residual::new(4).rate(0.25).name("block");
    let mut model = Sequential::new(layers![Input::shape([3]), residual.clone(), Dense::new(1)]);
    model.compile("adam", "mse").unwrap();
    assert_eq!(model.count_params(), 4 * 3 + 4 + 4 * 3 + 3 + 4);
    let history = model.fit(&x, &y, Fit::new().epochs(3).verbose(0)).unwrap();
    assert!(history["loss"][2] < history["loss"][0]);

    residual.set_trainable(false);
    let before = numbers(&residual.get_weights().unwrap());
    model.compile("adam", "mse").unwrap();
    assert_eq!(model.trainable_variables().len(), 2);
    model.fit(&x, &y, Fit::new().verbose(0)).unwrap();
    assert_eq!(numbers(&residual.get_weights().unwrap()), before);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("block.keras");
    model.save(&path).unwrap();
    let objects = CustomObjects::new().layer::<Residual>("Residual");
    let loaded = LoadModel::new().custom_objects(objects).load(&path).unwrap();
    assert_eq!(numbers(&loaded.get_weights().unwrap()), numbers(&model.get_weights().unwrap()));
    assert_eq!(loaded.trainable_variables().len(), 2, "frozen in the file, frozen here");
    assert_eq!(numbers(&[loaded.predict(&x).unwrap()]), numbers(&[model.predict(&x).unwrap()]));
}

layer! {
    /// Sublayers without names of their own, one of them a model.
    pub struct Unnamed() {}
}

impl Layer for Unnamed {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(inputs.to_vec())
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        build.add_layer("a", Dense::new(3), inputs)?;
        build.add_layer("b", Sequential::new(layers![Dense::new(2).name("up"), Dense::new(3).name("down")]), inputs)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let y = ctx.run(&*self.base.layer("a")?, single(inputs)?)?;
        Ok(vec![ctx.run(&*self.base.layer("b")?, &y)?])
    }
}

#[test]
fn files_find_sublayers_whatever_their_automatic_names_and_wrappers() {
    let make = || {
        let wrapped = TimeDistributed::new(Unnamed::new());
        Sequential::new(layers![Input::shape([5, 3]), Unnamed::new().name("block"), wrapped.name("wrapper")])
    };
    let model = make();
    let x = vec![vec![vec![0.5f32, -1.0, 2.0]; 5]; 2];
    let expected = numbers(&[model.predict(&x).unwrap()]);
    let folder = tempfile::tempdir().unwrap();
    for format in ["keras", "safetensors"] {
        let path = folder.path().join(format!("model.{format}"));
        model.save(&path).unwrap();
        let objects = CustomObjects::new().layer::<Unnamed>("Unnamed");
        let loaded = LoadModel::new().custom_objects(objects).load(&path).unwrap();
        assert_eq!(numbers(&[loaded.predict(&x).unwrap()]), expected, "{format}");
    }
    for format in ["weights.h5", "safetensors"] {
        let path = folder.path().join(format!("weights.{format}"));
        model.save_weights(&path).unwrap();
        for by_name in [false, true] {
            let other = make();
            other.load_weights(&path, LoadWeights::new().by_name(by_name)).unwrap();
            assert_eq!(numbers(&[other.predict(&x).unwrap()]), expected, "{format} {by_name}");
        }
    }
}

#[test]
fn sublayers_have_penalties_and_errors_of_the_whole_path() {
    let (x, y) = data();
    let residual = Residual::new(4).name("block");
    let mut model = Sequential::new(layers![Input::shape([3]), residual.clone(), Dense::new(1)]);
    model.compile("sgd", Compile::loss("mse").metric("mse")).unwrap();
    let logs = model.evaluate(&x, &y).unwrap();
    let penalty: f32 = numbers(&residual.get_weights().unwrap()[..1]).iter().map(|w| 0.01 * w * w).sum();
    assert!((logs["loss"] - logs["mse"] - f64::from(penalty)).abs() < 1e-5, "{logs}");
    let frozen = Sequential::new(layers![Input::shape([3]), Residual::new(4).trainable(false)]);
    assert!(frozen.trainable_variables().is_empty() && !frozen.variables().is_empty());
    let error = Residual::new(0).name("block").call(Input::shape([3])).shape().unwrap_err().to_string();
    assert!(error.starts_with("layer \"block/first\" (Dense): units must be positive"), "{error}");
}

layer! {
    /// `h = keep h + x`, where `keep` is learned.
    pub struct LeakySum(
        /// The number of features.
        units: usize,
    ) {}
}

impl Layer for LeakySum {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![inputs[1].clone(); 2])
    }

    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        build.add_weight(Weight::new("keep", [self.units], &"ones".into()));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let sum = (&inputs[0] + inputs[1].broadcast_mul(&self.weight("keep", ctx)?)?)?;
        Ok(vec![sum.clone(), sum])
    }
}

impl RnnCell for LeakySum {
    fn state_shapes(&self, step: &Shape) -> Result<Vec<Shape>> {
        Ok(vec![[step[0], Some(self.units)].into()])
    }
}

#[test]
fn a_custom_cell_is_bidirectional_saved_and_loaded() {
    let sums = RNN::new(LeakySum::new(2)).return_sequences(true);
    let mut model = Sequential::new(layers![Input::shape([3, 2]), Bidirectional::new(sums)]);
    model.compile("adam", "mse").unwrap();
    let x = Tensor::new(&[[[1f32, 10.], [2., 20.], [4., 40.]]], &Device::Cpu).unwrap();
    let expected = [1., 10., 7., 70., 3., 30., 6., 60., 7., 70., 4., 40.];
    assert_eq!(numbers(&[model.predict(&x).unwrap()]), expected);

    let y = Tensor::zeros((1, 3, 4), DType::F32, &Device::Cpu).unwrap();
    model.fit(&x, &y, Fit::new().epochs(2).verbose(0)).unwrap();
    let keep = numbers(&model.get_weights().unwrap());
    assert!(keep.len() == 4 && keep.iter().all(|keep| *keep < 1.0), "{keep:?}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sums.keras");
    model.save(&path).unwrap();
    let objects = CustomObjects::new().cell::<LeakySum>("LeakySum");
    let loaded = LoadModel::new().custom_objects(objects).load(&path).unwrap();
    assert_eq!(numbers(&[loaded.predict(&x).unwrap()]), numbers(&[model.predict(&x).unwrap()]));
}

#[test]
fn training_is_an_argument_of_the_call() {
    let x = Input::shape([3]);
    let statistics = BatchNormalization::new();
    let h = statistics.call_with(&x, Call::new().training(false));
    let mut model = Model::new(&x, Dropout::new(0.5).call_with(&h, Call::new().training(true))).unwrap();
    model.compile("sgd", "mse").unwrap();
    let ones = vec![vec![1f32; 3]; 64];
    // Dropout is active in predictions, and the statistics are not updated in training.
    let y = numbers(&[model.predict(&ones).unwrap()]);
    assert!(y.contains(&0.0) && y.iter().any(|y| *y > 1.9), "{y:?}");
    model.fit(&ones, &ones, Fit::new().verbose(0)).unwrap();
    assert_eq!(numbers(&statistics.get_weights().unwrap()[2..]), [0., 0., 0., 1., 1., 1.]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("training.keras");
    model.save(&path).unwrap();
    let loaded = load_model(&path).unwrap();
    assert_eq!(loaded.get_config().unwrap(), model.get_config().unwrap());
    assert!(numbers(&[loaded.predict(&ones).unwrap()]).contains(&0.0));
}

layer! {
    /// Adds another tensor to its input, or subtracts it.
    pub struct Combine() {}
}

impl Layer for Combine {
    fn call_arguments(&self) -> &[&str] {
        &["other", "subtract"]
    }

    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![single(inputs)?.clone()])
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let (x, other) = (single(inputs)?, ctx.tensor("other")?);
        let other = other.ok_or_else(|| Error::new("the layer is called with another tensor"))?;
        Ok(vec![if ctx.flag("subtract")? { (x - other)? } else { (x + other)? }])
    }
}

#[test]
fn a_custom_layer_takes_named_arguments() {
    let (x, combine) = (Input::shape([2]), Combine::new());
    let doubled = Dense::new(2).kernel_initializer(Identity::new().gain(2.0)).call(&x);
    let sum = combine.call_with(&x, Call::new().tensor("other", &doubled));
    let difference = combine.call_with(&x, Call::new().tensor("other", &doubled).argument("subtract", true));
    let model = Model::new(&x, [sum, difference]).unwrap();
    let data = Tensor::new(&[[1f32, 10.]], &Device::Cpu).unwrap();
    let outputs = |model: &Model| numbers(&model.call_multiple::<2, _>(&data).unwrap());
    assert_eq!(outputs(&model), [3., 30., -1., -10.]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("arguments.keras");
    model.save(&path).unwrap();
    let objects = CustomObjects::new().layer::<Combine>("Combine");
    let loaded = LoadModel::new().custom_objects(objects).load(&path).unwrap();
    assert_eq!(outputs(&loaded), [3., 30., -1., -10.]);
    assert_eq!(loaded.get_config().unwrap(), model.get_config().unwrap());

    // The same in a call on data, where what is missing or unknown is an error, too.
    let call = |arguments| combine.call_with(&data, arguments);
    let zero = call(Call::new().tensor("other", &data).argument("subtract", true)).unwrap();
    assert_eq!(numbers(&[zero]), [0., 0.]);
    assert!(call(Call::new()).unwrap_err().to_string().contains("another tensor"));
    let error = call(Call::new().argument("substract", true)).unwrap_err().to_string();
    assert!(error.contains("did you mean \"subtract\"?"), "{error}");
}

#[test]
fn a_residual_around_attention_has_no_mask_as_in_keras() {
    use candle_keras::layers::{Add, Embedding};
    let ids = Input::shape([3]);
    let embedded = Embedding::new(4, 2).embeddings_initializer("ones").mask_zero(true).call(&ids);
    let attention = MultiHeadAttention::new(1, 2).kernel_initializer("ones").call([&embedded, &embedded]);
    let y = Dense::new(1).kernel_initializer("ones").call(Add::new().call([&embedded, &attention]));
    let mut model = Model::new(ids, y).unwrap();
    model.compile("sgd", "mse").unwrap();
    let x = vec![vec![1u32, 2, 0], vec![3, 0, 0]];
    let targets = Tensor::arange(0f32, 6., &Device::Cpu).unwrap().reshape((2, 3, 1)).unwrap();
    let logs = model.evaluate(&x, &targets).unwrap();
    // Keras's loss, the mean of (10 - t)² over all six steps: the mask of the embedding ended at the attention. With it, it would be 76.6667.
    assert!((logs["loss"] - 59.1667).abs() < 1e-4, "{}", logs["loss"]);
}

#[test]
fn a_step_that_fails_changes_nothing() {
    let statistics = BatchNormalization::new();
    let mut model = Sequential::new(layers![Input::shape([2]), statistics.clone(), Dense::new(3)]);
    model.compile("sgd", "sparse_categorical_crossentropy").unwrap();
    let before = numbers(&model.get_weights().unwrap());
    assert!(model.train_on_batch(vec![vec![1f32, 2.]; 4], vec![7u32; 4]).is_err());
    assert_eq!(numbers(&model.get_weights().unwrap()), before);
    assert_eq!(model.optimizer().unwrap().iterations(), 0);
}

#[test]
fn freezing_takes_effect_at_the_next_compile() {
    let (x, y) = data();
    let (dense, statistics) = (Dense::new(3), BatchNormalization::new());
    let mut model = Sequential::new(layers![Input::shape([3]), dense.clone(), statistics.clone(), Dense::new(1)]);
    model.compile("sgd", "mse").unwrap();
    let moved = |model: &mut Sequential| {
        let weights = || [dense.get_weights().unwrap(), statistics.get_weights().unwrap()].map(|w| numbers(&w));
        let before = weights();
        model.fit(&x, &y, Fit::new().verbose(0)).unwrap();
        let after = weights();
        [before[0] != after[0], before[1] != after[1]]
    };
    assert_eq!(moved(&mut model), [true, true]);
    dense.set_trainable(false);
    statistics.set_trainable(false);
    assert_eq!(moved(&mut model), [true, true]);
    model.compile("sgd", "mse").unwrap();
    assert_eq!(moved(&mut model), [false, false]);
    dense.set_trainable(true);
    statistics.set_trainable(true);
    assert_eq!(moved(&mut model), [false, false]);
    model.compile("sgd", "mse").unwrap();
    assert_eq!(moved(&mut model), [true, true]);
}

#[test]
fn a_layer_called_with_another_width_is_an_error() {
    use candle_keras::layers::{Conv1D, GRU, GroupNormalization};
    fn refuses(layer: impl Layer + Clone) {
        layer.call(Input::shape([4, 6])).shape().unwrap();
        let error = layer.call(Input::shape([4, 8])).shape().unwrap_err().to_string();
        assert!(error.contains("6 on axis -1") && error.contains("(None, 4, 8)"), "{error}");
        let x = Tensor::ones((2, 4, 8), DType::F32, &Device::Cpu).unwrap();
        let run = candle_keras::layers::run(&layer, &[x], &[None], &mut Context::inference());
        assert!(run.unwrap_err().to_string().contains("another size"));
    }
    refuses(Dense::new(2));
    refuses(Conv1D::new(2, 2));
    refuses(GRU::new(2));
    refuses(BatchNormalization::new());
    refuses(GroupNormalization::new().groups(2));
    let last = |layer: &dyn Fn() -> Box<dyn Fn([usize; 2]) -> Result<Shape>>| {
        let call = layer();
        call([4, 6]).unwrap();
        call([4, 8]).unwrap_err().to_string()
    };
    macro_rules! by_axes {
        ($($layer:expr),*) => {$(
            let error = last(&|| {
                let layer = $layer;
                Box::new(move |shape| layer.call(Input::shape(shape)).shape().cloned())
            });
            assert!(error.contains("another size"), "{error}");
        )*};
    }
    by_axes!(LayerNormalization::new(), RMSNormalization::new());
}

#[test]
fn names_have_no_slash() {
    let error = Dense::new(1).name("a/b").call(Input::shape([2])).shape().unwrap_err().to_string();
    assert!(error.contains("no \"/\"") && error.contains("a/b"), "{error}");
    let x = Input::shape([2]).name("a/b");
    assert!(Model::new(&x, Dense::new(1).call(&x)).unwrap_err().to_string().contains("no \"/\""));
}

#[test]
fn random_numbers_of_a_layer_do_not_depend_on_others() {
    let drawn = |before: f64| {
        candle_keras::utils::set_random_seed(3);
        let layers = layers![Input::shape([50]), Dropout::new(before), Dropout::new(0.5)];
        let model = Sequential::new(layers);
        let mut ctx = Context::training(candle_keras::ops::random::Stream::new(5, 0));
        let x = Tensor::ones((1, 50), DType::F32, &Device::Cpu).unwrap();
        numbers(&model.forward(&[x], &mut ctx).unwrap())
    };
    // The first layer draws nothing at a rate of 0; the second still drops the same elements.
    let (none, some) = (drawn(0.0), drawn(0.01));
    assert!(none.iter().zip(&some).filter(|(a, b)| (**a == 0.0) != (**b == 0.0)).count() <= 3);
    let arguments = CallArguments::<Tensor>::new().training(true);
    assert!(arguments.flag("training").unwrap().unwrap());
}

layer! {
    /// The length of a text, and the number of calls of the layer: strings in, integers out.
    pub struct Letters() {}
}

impl Layer for Letters {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![single(inputs)?.clone()])
    }

    fn compute_output_spec(&self, inputs: &[TensorSpec], _: &CallArguments<TensorSpec>) -> Result<Vec<TensorSpec>> {
        assert!(inputs[0].is_string());
        Ok(vec![TensorSpec::new(inputs[0].shape.clone(), DType::U32)])
    }

    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        build.add_weight(Weight::new("asked", [1], &"zeros".into()).trainable(false).dtype(DType::I64));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let text = single(inputs)?;
        let counts: Vec<_> = ops::strings(text)?.iter().map(|text| text.chars().count() as u32).collect();
        let asked = self.base.variable("asked")?;
        let more = (ctx.state(&asked) + Tensor::new(&[counts.len() as i64], &Device::Cpu)?)?;
        ctx.set_state(&asked, more);
        Ok(vec![Tensor::from_vec(counts, &text.dims()[..text.rank() - 1], &Device::Cpu)?])
    }
}

#[test]
fn a_layer_takes_text_returns_integers_and_counts_in_int64() {
    use candle_keras::layers::Embedding;
    let text = Input::shape([1]).dtype("string").name("text");
    let letters = Letters::new();
    let counts = letters.call(&text);
    assert_eq!(counts.output().unwrap().dtype(), DType::U32);
    let model = Model::new(&text, &counts).unwrap();
    let found = model.predict(vec!["to be", "", "näht"]).unwrap();
    assert_eq!(found.to_vec2::<u32>().unwrap(), [[5], [0], [4]]);
    let longer = Model::new(&text, Embedding::new(10, 2).embeddings_initializer("ones").call(&counts)).unwrap();
    assert_eq!(longer.predict(vec!["or".to_string()]).unwrap().to_vec3::<f32>().unwrap(), [[[1., 1.]]]);
    let asked = || letters.get_weights().unwrap()[0].to_vec1::<i64>().unwrap();
    assert_eq!(asked(), [4]);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letters.keras");
    model.save(&path).unwrap();
    letters.set_weights(&[Tensor::zeros(1, DType::I64, &Device::Cpu).unwrap()]).unwrap();
    let objects = CustomObjects::new().layer::<Letters>("Letters");
    let loaded = LoadModel::new().custom_objects(objects).load(&path).unwrap();
    assert_eq!(loaded.get_weights().unwrap()[0].to_vec1::<i64>().unwrap(), [4]);
    assert_eq!(loaded.predict(vec!["abc"]).unwrap().to_vec2::<u32>().unwrap(), [[3]]);
    let error = model.predict(vec![1f32]).unwrap_err().to_string();
    assert!(error.contains("text of shape (None, 1)"), "{error}");
}

#[test]
fn a_policy_sets_the_dtypes_of_weights_and_computation() {
    let layer = Dense::new(2).dtype("mixed_bfloat16");
    let y = layer.call(Input::shape([3]));
    assert_eq!(y.output().unwrap().dtype(), DType::BF16);
    assert_eq!(layer.variables()[0].dtype(), DType::F32);
    assert_eq!(layer.get_config().unwrap()["dtype"]["config"]["name"], "mixed_bfloat16");
    let mut model = Sequential::new(layers![Input::shape([3]), layer, Dense::new(1)]);
    model.compile("sgd", "mse").unwrap();
    let (x, y) = data();
    let before = numbers(&model.get_weights().unwrap());
    let history = model.fit(&x, &y, Fit::new().epochs(5).verbose(0)).unwrap();
    assert!(history["loss"][4] < history["loss"][0] && numbers(&model.get_weights().unwrap()) != before);
    let error = Dense::new(2).dtype("flaot32").call(Input::shape([3])).shape().unwrap_err().to_string();
    assert!(error.contains("did you mean \"float32\"?"), "{error}");
}

#[test]
fn the_policy_of_the_process_is_that_of_new_layers() {
    crate::in_a_process_of_its_own("layers_in_layers::the_policy_of_the_process_is_that_of_new_layers", || {
        let before = Dense::new(2);
        assert!(set_dtype_policy("mixed_flaot16").unwrap_err().to_string().contains("did you mean"));
        set_dtype_policy("mixed_bfloat16").unwrap();
        assert_eq!(dtype_policy().name(), "mixed_bfloat16");
        let x = Input::shape([3]);
        let dtypes = |layer: Dense| (layer.call(&x).output().unwrap().dtype(), layer.variables()[0].dtype());
        assert_eq!(dtypes(Dense::new(2)), (DType::BF16, DType::F32));
        assert_eq!(dtypes(Dense::new(2).dtype("float64")), (DType::F64, DType::F64));
        assert_eq!(dtypes(before), (DType::F32, DType::F32));
        let of_another_thread = std::thread::spawn(|| Dense::new(2).get_config().unwrap()["dtype"].clone());
        assert_eq!(of_another_thread.join().unwrap()["config"]["name"], "mixed_bfloat16");
        let model = Sequential::new(layers![Input::shape([3]), Dense::new(2), Dense::new(1)]);
        assert_eq!(model.predict(data().0).unwrap().dtype(), DType::BF16);
        set_dtype_policy("float32").unwrap();
        assert_eq!(dtypes(Dense::new(2)), (DType::F32, DType::F32));
    });
}

layer! {
    /// Two recurrent layers; the names of the sublayers are arguments.
    pub struct Recurrent() {
        /// The name of the second.
        second: String = "second",
    }
}

impl Layer for Recurrent {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![Shape::from([single(inputs)?[0], Some(2)])])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        build.add_layer("first", LSTM::new(3).return_sequences(true), inputs)?;
        build.add_layer(&self.second, LSTM::new(2), &[Shape::from([None, None, Some(3)])])
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        let y = ctx.run(&*self.base.layer("first")?, single(inputs)?)?;
        Ok(vec![ctx.run(&*self.base.layer("second")?, &y)?])
    }
}

/// In Keras the mask is on the tensors: a sublayer finds that of the composite's input, and of the sublayer before it.
#[test]
fn sublayers_have_the_masks_of_their_inputs() {
    let embedding = Embedding::new(9, 4).mask_zero(true);
    let model = Sequential::new(layers![Input::shape((None,)).dtype("int32"), embedding, Recurrent::new()]);
    let padded = model.predict(vec![vec![1u32, 2, 3, 0, 0]]).unwrap();
    let short = model.predict(vec![vec![1u32, 2, 3]]).unwrap();
    assert_eq!(numbers(&[padded]), numbers(&[short]));
    let longer = model.predict(vec![vec![1u32, 2, 3, 4, 0]]).unwrap();
    let other = model.predict(vec![vec![1u32, 2, 3, 4]]).unwrap();
    assert_eq!(numbers(&[longer]), numbers(&[other]));
}

layer! {
    /// Two weights of one name.
    pub struct TwoOfOneName() {}
}

impl Layer for TwoOfOneName {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(inputs.to_vec())
    }

    fn build(&self, _: &[Shape], build: &mut Build) -> Result<()> {
        build.add_weight(Weight::new("w", [1], &"zeros".into()));
        build.add_weight(Weight::new("w", [1], &"ones".into()));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        Ok(inputs.to_vec())
    }
}

#[test]
fn names_of_sublayers_and_weights_are_unique() {
    let error = Recurrent::new().second("first").call(Input::shape([5, 4])).shape().unwrap_err().to_string();
    assert!(error.contains("under its own name") && error.contains("\"first\" twice"), "{error}");
    let error = TwoOfOneName::new().call(Input::shape([5])).shape().unwrap_err().to_string();
    assert!(error.contains("its own name") && error.contains("\"w\" twice"), "{error}");
}

layer! {
    /// A Sequential inside a layer.
    pub struct Within(
        /// The output size.
        units: usize,
    ) {}
}

impl Layer for Within {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![single(inputs)?.iter().take(1).copied().chain([Some(self.units)]).collect()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let inner = Sequential::new(layers![Dense::new(self.units).name("up")]).name("inner");
        build.add_layer("inner", inner, inputs)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![ctx.run(&*self.base.layer("inner")?, single(inputs)?)?])
    }
}

/// The paths are those of Keras 3.15.1.
#[test]
fn the_path_of_a_weight_begins_with_all_layers_around_it() {
    let path = |layer: &dyn Layer| layer.variables()[0].path();
    let x = Input::shape([4]);

    let called = Sequential::new(layers![Dense::new(2).name("up")]).name("called");
    called.call(&x).shape().unwrap();
    assert_eq!(path(&called), "called/up/kernel");

    let inner = Sequential::new(layers![Dense::new(2).name("a")]).name("inner");
    let outer = Sequential::new(layers![Input::shape([4]), inner, Dense::new(1).name("b")]).name("outer");
    let paths: Vec<_> = outer.variables().iter().map(|weight| weight.path()).collect();
    assert_eq!(paths, ["outer/inner/a/kernel", "outer/inner/a/bias", "outer/b/kernel", "outer/b/bias"]);

    let functional = Model::new(&x, Dense::new(2).name("fd").call(&x)).unwrap();
    let outer = Sequential::new(layers![Input::shape([4]), functional]);
    assert_eq!(path(&*outer), "fd/kernel");

    let shared = Dense::new(4).name("shared");
    let [first, second] =
        ["s1", "s2"].map(|name| Sequential::new(layers![Input::shape([4]), shared.clone()]).name(name));
    assert_eq!([path(&first), path(&second)], ["s1/shared/kernel"; 2]);

    let (b0, b1) = (Within::new(3).name("b0"), Within::new(3).name("b1"));
    let mut model = Model::new(&x, b1.call(&b0.call(&x))).unwrap();
    assert_eq!([path(&b0), path(&b1)], ["b0/inner/up/kernel", "b1/inner/up/kernel"]);

    let each = TimeDistributed::new(Sequential::new(layers![Dense::new(2).name("up")]).name("q")).name("each");
    each.call(&Input::shape([3, 4])).shape().unwrap();
    assert_eq!(path(&each), "each/q/up/kernel");

    // What the paths are for: one optimizer for each block.
    let optimizer = MultiOptimizer::new("sgd").with("b1/.*", SGD::new().learning_rate(0.0));
    model.compile(optimizer, "mse").unwrap();
    let before = [&b0, &b1].map(|block| numbers(&block.get_weights().unwrap()));
    model.fit(vec![vec![1f32, 2., 3., 4.]], vec![vec![1f32, 0., 1.]], Fit::new().verbose(0)).unwrap();
    let after = [&b0, &b1].map(|block| numbers(&block.get_weights().unwrap()));
    assert!(before[0] != after[0] && before[1] == after[1]);
}

/// The numbers are those of Keras 3.15.1 on TensorFlow: on JAX, its optimizer updates the kernel that was not divided.
#[test]
fn spectral_normalization_trains_as_in_keras_on_tensorflow() {
    let x = Input::shape([2]);
    let layer = SpectralNormalization::new(Dense::new(2).use_bias(false));
    let mut model = Model::new(&x, layer.call(&x)).unwrap();
    let tensor =
        |numbers: [f32; 4]| Tensor::new(&[[numbers[0], numbers[1]], [numbers[2], numbers[3]]], &Device::Cpu).unwrap();
    let vector = Tensor::new(&[[0.1f32, 0.2]], &Device::Cpu).unwrap();
    layer.set_weights(&[tensor([0.5, -1.0, 2.0, 1.0]), vector]).unwrap();
    model.compile(SGD::new().learning_rate(0.5), Compile::loss("mse")).unwrap();
    let (inputs, targets) = (tensor([1.0, 2.0, 3.0, -1.0]), tensor([1.0, 0.0, 0.0, 1.0]));
    let history = model.fit(&inputs, &targets, Fit::new().epochs(2).shuffle(false).verbose(0)).unwrap();
    let close = |found: &[f32], expected: &[f32]| {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}, Keras says {expected:?}");
    };
    close(&history["loss"].iter().map(|&loss| loss as f32).collect::<Vec<_>>(), &[2.448_677, 1.386_312_6]);
    let flat = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let weights = layer.get_weights().unwrap();
    close(&flat(&weights[0]), &[0.175_868_39, -0.807_467_64, 0.469_943_73, 0.073_035_99]);
    close(&flat(&weights[1]), &[0.076_584_07, 0.997_063_16]);
    close(&flat(&model.predict(&inputs).unwrap()), &[1.115_755_8, -0.661_395_67, 0.057_661_44, -2.495_438_8]);
}
