//! Rules in all dtypes, a custom rule that is not elementwise, and transforms.

use super::schedules::PiecewiseConstantDecay;
use super::*;
use candle_core::{DType, Device, Tensor};
use candle_keras_layers::{Dense, Input, Layer, Variable};
use candle_keras_ops::random::Stream;
use candle_keras_ops::update::Elementwise;
use candle_keras_ops::{Gradient, Rows, elementwise};

fn weight(dtype: DType) -> Variable {
    let layer = Dense::new(8).use_bias(false).dtype(candle_keras_ops::dtype_name(dtype));
    layer.call(Input::shape([4]));
    let weight = layer.variables().remove(0);
    weight.assign(&normal(1)).unwrap();
    weight
}

fn normal(seed: u64) -> Tensor {
    let numbers = Stream::new(seed, 0).normal(32).into_iter().map(|x| x as f32).collect();
    Tensor::from_vec::<_, f32>(numbers, (4, 8), &Device::Cpu).unwrap()
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn train(optimizer: &mut Optimizer, weight: &Variable, steps: u64) {
    for _ in 0..steps {
        let gradient = normal(100 + optimizer.iterations());
        assert!(optimizer.apply_gradients(vec![(weight.clone(), Gradient::Dense(gradient))]).unwrap());
    }
}

#[test]
fn each_rule_is_the_same_in_all_dtypes() {
    let rules: [fn() -> Optimizer; 22] = [
        || SGD::new().into(),
        || SGD::new().momentum(0.9).into(),
        || SGD::new().momentum(0.9).nesterov(true).into(),
        || RMSprop::new().into(),
        || RMSprop::new().momentum(0.9).into(),
        || RMSprop::new().momentum(0.9).centered(true).into(),
        || Adam::new().into(),
        || Adam::new().amsgrad(true).weight_decay(0.1).into(),
        || Adagrad::new().into(),
        || Adamax::new().into(),
        || Nadam::new().into(),
        || Adadelta::new().into(),
        || Ftrl::new().l1_regularization_strength(0.01).into(),
        || Ftrl::new().learning_rate_power(-0.7).l2_shrinkage_regularization_strength(0.1).into(),
        || Ftrl::new().learning_rate_power(0.0).beta(0.1).into(),
        || Lion::new().weight_decay(0.1).into(),
        || Lamb::new().into(),
        || Adafactor::new().into(),
        || Muon::new().into(),
        || Muon::new().exclude_layers(["kernel$"]).into(),
        || ScheduleFreeAdamW::new().into(),
        || ScheduleFreeAdamW::new().warmup_steps(10).weight_decay(0.1).into(),
    ];
    for make in rules {
        let after = |dtype| {
            let (weight, mut optimizer) = (weight(dtype), make());
            optimizer.set_learning_rate(0.01);
            train(&mut optimizer, &weight, 20);
            assert_eq!(weight.dtype(), dtype);
            floats(&weight.value())
        };
        let exact = after(DType::F64);
        for (dtype, tolerance) in [(DType::F32, 1e-5), (DType::F16, 0.02), (DType::BF16, 0.2)] {
            for (a, b) in after(dtype).iter().zip(&exact) {
                assert!((a - b).abs() <= tolerance * b.abs().max(0.1), "{:?} in {dtype:?}: {a} {b}", make());
            }
        }
    }
}

/// Adafactor (Shazeer and Stern, 2018), simplified: the second moment factored into means of rows and columns.
#[derive(Debug)]
struct Factored;

impl UpdateRule for Factored {
    fn name(&self) -> &str {
        "factored"
    }

    fn options(&self) -> Options {
        Options::new(0.01)
    }

    fn slots(&self, weight: &Variable) -> Vec<Vec<Slot>> {
        let dims = weight.dims();
        let rows = Slot::new("row").shape(&dims[..1]).initial(1.0);
        vec![vec![rows, Slot::new("column").shape(&dims[1..]).dtype(DType::F64)]]
    }

    fn update(&self, step: Step, weight: &Tensor, gradient: &Tensor, slots: &mut [Tensor]) -> Result<Tensor> {
        let [rows, columns] = slots else { return Err(Error::new("two slots")) };
        let squares = gradient.sqr()?;
        *rows = ((&*rows * 0.9)? + (squares.mean(1)? * 0.1)?)?;
        *columns = ((&*columns * 0.9)? + (squares.mean(0)?.to_dtype(DType::F64)? * 0.1)?)?;
        let by_columns = columns.to_dtype(DType::F32)?.unsqueeze(0)?;
        let second_moment = rows.unsqueeze(1)?.broadcast_mul(&by_columns)?.broadcast_div(&rows.mean_all()?)?;
        Ok((weight - ((gradient * step.learning_rate)? / (second_moment + 1e-7)?.sqrt()?)?)?)
    }
}

#[test]
fn slots_may_have_any_shape() {
    let weight = weight(DType::F32);
    let mut optimizer = Optimizer::from(Factored);
    train(&mut optimizer, &weight, 3);
    let slots = optimizer.slots(&weight).unwrap();
    assert_eq!((slots[0].dims(), slots[1].dims(), slots[1].dtype()), (&[4][..], &[8][..], DType::F64));
    assert_eq!(optimizer.count_params(), 2 + 4 + 8);
    optimizer.to_device(&Device::Cpu).unwrap();
    // Another optimizer continues with its state.
    let state = optimizer.state().unwrap();
    assert_eq!(state[2].0, format!("{}_row", weight.path().replace('/', "_")));
    let before = weight.value().copy().unwrap();
    let mut again = Optimizer::from(Factored);
    let shapes: Vec<_> = state.iter().map(|(_, tensor)| tensor.dims()).collect();
    let state: Vec<_> = state.iter().map(|(_, tensor)| tensor.copy().unwrap()).collect();
    train(&mut optimizer, &weight, 3);
    let after = floats(&weight.value());
    weight.assign(&before).unwrap();
    again.set_state(std::slice::from_ref(&weight), &shapes, |i, _| Ok(Some(state[i].clone()))).unwrap();
    again.set_counters(vec![(3, Some(0.01))]);
    train(&mut again, &weight, 3);
    assert_eq!(floats(&weight.value()), after);
    // A table gets dense updates.
    let mut optimizer = Optimizer::from(Factored);
    let rows = Rows::new(&[2], &[1.0; 8]).unwrap();
    optimizer.apply_gradients(vec![(weight.clone(), Gradient::Rows(rows))]).unwrap();
    assert!(floats(&weight.value()) != after);
    assert!(optimizer.get_config().unwrap_err().to_string().contains("the optimizer factored has no configuration"));
}

/// An elementwise rule whose slots do not match it.
#[derive(Debug)]
struct Wrong(&'static [usize]);

elementwise! {
    fn wrong(w, g, [m], [lr]) {
        m = g;
        w -= lr * m;
    }
}

impl UpdateRule for Wrong {
    fn name(&self) -> &str {
        "wrong"
    }

    fn options(&self) -> Options {
        Options::new(0.1)
    }

    fn slots(&self, _: &Variable) -> Vec<Vec<Slot>> {
        self.0.iter().map(|size| vec![Slot::new("m").shape([*size])]).collect()
    }

    fn elementwise(&self, step: Step, _: &Variable) -> Option<Elementwise> {
        Some(wrong(step.learning_rate))
    }
}

#[test]
fn slots_that_do_not_match_are_errors() {
    let weights = [weight(DType::F32)];
    let says = |rule: Wrong, text: &str| {
        let error = Optimizer::from(rule).build(&weights).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };
    says(Wrong(&[]), "of 1 slots, but the rule has 0");
    says(Wrong(&[3]), "needs slots of the weight's shape");
}

#[test]
fn excluded_weights_do_not_decay() {
    let (decays, stays) = (weight(DType::F32), weight(DType::F32));
    for excluded in [Weights::from(vec![stays.clone()]), Weights::from("kern")] {
        let by_name = excluded.pattern().is_some();
        let mut optimizer: Optimizer = SGD::new().weight_decay(0.5).exclude_from_weight_decay(excluded).into();
        let before = floats(&decays.value());
        stays.assign(&decays.value()).unwrap();
        let zeros = || Gradient::Dense(normal(1).zeros_like().unwrap());
        optimizer.apply_gradients(vec![(decays.clone(), zeros()), (stays.clone(), zeros())]).unwrap();
        assert_eq!(floats(&stays.value()), before);
        assert_eq!(floats(&decays.value()) == before, by_name);
    }
}

#[test]
fn a_slot_that_starts_as_the_weight_is_what_the_weight_was_before_the_first_step() {
    let weight = weight(DType::F32);
    let mut optimizer = Optimizer::from(ScheduleFreeAdamW::new());
    optimizer.build(std::slice::from_ref(&weight)).unwrap();
    assert_eq!(floats(&optimizer.slots(&weight).unwrap()[0]), floats(&weight.value()));
    weight.assign(&normal(9)).unwrap();
    let zeros = Gradient::Dense(normal(1).zeros_like().unwrap());
    for _ in 0..3 {
        optimizer.apply_gradients(vec![(weight.clone(), zeros.clone())]).unwrap();
        for (a, b) in floats(&weight.value()).iter().zip(floats(&normal(9))) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }
}

/// A table whose optimizer starts over has no pending updates of before.
#[test]
fn a_schedule_free_table_may_start_over() {
    let one = |id: u32| Gradient::Rows(Rows::new(&[id], &[1.0; 8]).unwrap());
    let train = |by_rows: bool| {
        let weight = weight(DType::F32);
        let mut optimizer = Optimizer::from(ScheduleFreeAdamW::new());
        for step in 0..12u32 {
            if step == 6 {
                optimizer.set_counters([(0, None)]);
            }
            let rows = one(step % 3);
            let dense = Gradient::Dense(rows.to_dense(&weight.memory()).unwrap());
            optimizer.apply_gradients(vec![(weight.clone(), if by_rows { rows } else { dense })]).unwrap();
        }
        floats(&weight.value())
    };
    for (a, b) in train(true).iter().zip(train(false)) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
}

#[test]
fn adafactor_has_no_infinite_update() {
    let weight = weight(DType::F32);
    let mut gradient = vec![0f32; 32];
    gradient[10] = 1.0;
    let gradient = Tensor::from_vec(gradient, (4, 8), &Device::Cpu).unwrap();
    for gradient in [gradient.clone(), gradient.zeros_like().unwrap(), gradient] {
        Optimizer::from("adafactor").apply_gradients(vec![(weight.clone(), Gradient::Dense(gradient))]).unwrap();
        assert!(floats(&weight.value()).iter().all(|x| x.is_finite()));
    }
}

#[test]
fn a_step_with_an_unsuitable_gradient_changes_nothing() {
    let (first, second) = (weight(DType::F32), weight(DType::F32));
    let before = floats(&first.value());
    let zeros = |shape: &[usize]| Gradient::Dense(Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap());
    let rows = |ids: &[u32], values: usize| Gradient::Rows(Rows::new(ids, &vec![1.0; values]).unwrap());
    for unsuitable in [zeros(&[8, 4]), zeros(&[5]), rows(&[4], 8), rows(&[1], 7)] {
        for mut optimizer in [Optimizer::from("sgd"), MultiOptimizer::new("sgd").with("none", "adam").into()] {
            let good = Gradient::Dense(normal(2));
            let step = vec![(first.clone(), good), (second.clone(), unsuitable.clone())];
            let error = optimizer.apply_gradients(step).unwrap_err().to_string();
            assert!(error.contains("a gradient does not have the shape of its weight"), "{error}");
            assert_eq!((floats(&first.value()), optimizer.iterations()), (before.clone(), 0));
        }
    }
    assert!(Rows::new(&[1, 2], &[1.0; 3]).is_err());
}

#[test]
fn gradients_may_be_the_weights_themselves() {
    let (a, b) = (weight(DType::F32), weight(DType::F32));
    b.assign(&normal(2)).unwrap();
    let (x, y) = (floats(&a.value()), floats(&b.value()));
    let mut optimizer = Optimizer::from(SGD::new().learning_rate(0.5));
    let of = |weight: &Variable| Gradient::Dense(weight.value());
    optimizer.apply_gradients(vec![(a.clone(), of(&b)), (b.clone(), of(&a))]).unwrap();
    let expected = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x - y * 0.5).collect::<Vec<_>>();
    assert!(floats(&a.value()).iter().zip(expected(&x, &y)).all(|(a, b)| (a - b).abs() < 1e-6));
    assert!(floats(&b.value()).iter().zip(expected(&y, &x)).all(|(a, b)| (a - b).abs() < 1e-6));
    optimizer.apply_gradients(vec![(a.clone(), of(&a))]).unwrap();
}

#[test]
fn a_step_without_gradients_is_a_warning() {
    use candle_keras_ops::warnings;
    for mut optimizer in [
        Optimizer::from(SGD::new()),
        LossScaleOptimizer::new("sgd").into(),
        MultiOptimizer::new("sgd").with("a", "adam").into(),
    ] {
        let (_, caught) = warnings::catch(|| optimizer.apply_gradients(Vec::new()).unwrap());
        assert!(caught.len() == 1 && caught[0].contains("no weight receives a gradient"), "{optimizer:?}: {caught:?}");
    }
}

#[test]
fn invalid_arguments_are_errors_without_compile_too() {
    let weight = weight(DType::F32);
    let schedule = PiecewiseConstantDecay::new([1.0], [0.1]);
    for mut optimizer in [
        Optimizer::from(SGD::new().clipvalue(-1.0)),
        SGD::new().gradient_accumulation_steps(0).into(),
        Adadelta::new().rho(1.5).into(),
        Ftrl::new().learning_rate_power(0.5).into(),
        Ftrl::new().l1_regularization_strength(-1.0).into(),
        Lion::new().beta_1(0.0).into(),
        Lamb::new().beta_2(1.0).into(),
        Adafactor::new().clip_threshold(0.0).into(),
        Muon::new().exclude_layers(["("]).into(),
        ScheduleFreeAdamW::new().beta_1(0.0).into(),
        SGD::new().learning_rate(schedule).into(),
        MultiOptimizer::new("sgd").with("(.*", "adam").into(),
        MultiOptimizer::new("sgd").with("a", "adam").with("a", "sgd").into(),
    ] {
        let gradient = Gradient::Dense(normal(2));
        assert!(optimizer.apply_gradients(vec![(weight.clone(), gradient)]).is_err(), "{optimizer:?}");
        assert!(optimizer.build(std::slice::from_ref(&weight)).is_err());
    }
}

/// Keras 3.15.1: 0.22711 after six calls, three for each update.
#[test]
fn the_product_of_nadam_counts_updates() {
    let weight = weight(DType::F32);
    let mut optimizer = Optimizer::from(Nadam::new().gradient_accumulation_steps(3));
    assert_eq!(optimizer.state().unwrap().len(), 2);
    train(&mut optimizer, &weight, 6);
    let product = optimizer.state().unwrap().pop().unwrap().1.to_scalar::<f32>().unwrap();
    assert!((product - 0.22711).abs() < 1e-5, "{product}");
}

/// Adds the sum of earlier gradients to each gradient.
#[derive(Debug)]
struct Remember;

impl Transform for Remember {
    fn slot(&self) -> Option<Slot> {
        Some(Slot::new("seen"))
    }

    fn gradients(&self, context: &TransformContext, gradients: Vec<(Variable, Gradient)>) -> Result<Next> {
        let add = |(weight, gradient): (Variable, Gradient)| -> Result<_> {
            let slot = context.slot(&weight).ok_or_else(|| Error::new("no slot"))?;
            let sum = (slot.as_detached_tensor() + gradient.to_dense(&weight.memory())?)?;
            slot.set(&sum)?;
            Ok((weight, Gradient::Dense(sum)))
        };
        Ok(Next::Update(gradients.into_iter().map(add).collect::<Result<_>>()?))
    }
}

#[test]
fn a_custom_transform_has_a_slot() {
    let (own, momentum) = (weight(DType::F32), weight(DType::F32));
    let mut optimizer = Optimizer::from(SGD::new()).transform(Remember);
    train(&mut optimizer, &own, 5);
    train(&mut SGD::new().momentum(1.0).into(), &momentum, 5);
    for (a, b) in floats(&own.value()).iter().zip(floats(&momentum.value())) {
        assert!((a - b).abs() < 1e-6);
    }
    assert!(optimizer.state().unwrap()[2].0.ends_with("_seen"));
    assert!(optimizer.get_config().unwrap_err().to_string().contains("a custom transform"));
}
