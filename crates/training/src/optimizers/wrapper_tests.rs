//! Optimizers that wrap other optimizers.

use super::{Adam, LossScaleOptimizer, MultiOptimizer, Optimizer, SGD};
use candle_core::{DType, Device, Tensor};
use candle_keras_layers::{Dense, Input, Layer, Variable};
use candle_keras_ops::Gradient;

fn weight() -> Variable {
    let layer = Dense::new(1).use_bias(false);
    layer.call(Input::shape([2]));
    layer.variables().remove(0)
}

fn step(optimizer: &mut Optimizer, weight: &Variable, gradient: f32) -> bool {
    let gradient = Tensor::full(gradient, (2, 1), &Device::Cpu).unwrap();
    optimizer.apply_gradients(vec![(weight.clone(), Gradient::Dense(gradient))]).unwrap()
}

#[test]
fn the_loss_scale_is_dynamic() {
    let weight = weight();
    let mut optimizer: Optimizer =
        LossScaleOptimizer::new(SGD::new().loss_scale_factor(8.0)).initial_scale(4.0).dynamic_growth_steps(2).into();
    let mut scales = Vec::new();
    for gradient in [1.0, 1.0, f32::NAN, 1.0, f32::INFINITY, 1.0, 1.0, 1.0] {
        assert_eq!(step(&mut optimizer, &weight, gradient), gradient.is_finite());
        scales.push(optimizer.loss_scale());
    }
    assert_eq!(scales, [4.0, 8.0, 4.0, 4.0, 2.0, 2.0, 4.0, 4.0]);
    assert_eq!(optimizer.iterations(), 6);
    assert!(weight.value().flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().all(|w| w.is_finite()));
}

#[test]
fn a_loss_scale_is_restored() {
    let weight = weight();
    let make = || LossScaleOptimizer::new(Adam::new().learning_rate(0.01)).initial_scale(1e30);
    let mut optimizer: Optimizer = make().into();
    step(&mut optimizer, &weight, 1.0);
    step(&mut optimizer, &weight, f32::NAN);
    step(&mut optimizer, &weight, 1.0);
    let mut again = Optimizer::from_config(&optimizer.get_config().unwrap()).unwrap();
    assert_eq!(again.get_config().unwrap(), optimizer.get_config().unwrap());
    let state = optimizer.state().unwrap();
    let names: Vec<_> = state.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names[..6],
        ["iteration", "learning_rate", "step_counter", "dynamic_scale", "iteration", "learning_rate"]
    );
    let shapes: Vec<_> = state.iter().map(|(_, tensor)| tensor.dims()).collect();
    again.set_state(&[weight], &shapes, |i, _| Ok(Some(state[i].1.clone()))).unwrap();
    assert_eq!((again.iterations(), again.loss_scale() as f32), (2, 5e29));
    assert_eq!(again.count_params(), 6 + 4);
    assert!(Optimizer::from(make().dynamic_growth_steps(0)).check().is_err());
    assert!(Optimizer::from(LossScaleOptimizer::new(make())).check().is_err());
}

fn weights() -> Vec<Variable> {
    let layer = Dense::new(2).name("hidden");
    layer.call(Input::shape([3]));
    layer.variables()
}

fn step_of_ones(optimizer: &mut Optimizer, weights: &[Variable]) {
    let ones = |weight: &Variable| Gradient::Dense(Tensor::ones(weight.dims(), DType::F32, &Device::Cpu).unwrap());
    let gradients = weights.iter().map(|weight| (weight.clone(), ones(weight))).collect();
    assert!(optimizer.apply_gradients(gradients).unwrap());
}

#[test]
fn each_weight_has_its_optimizer() {
    for choose in [
        |multi: MultiOptimizer, _: &[Variable]| multi.with("hidden/b.*", SGD::new().learning_rate(0.5)),
        |multi: MultiOptimizer, w: &[Variable]| multi.with(&w[1..], SGD::new().learning_rate(0.5)),
        |multi: MultiOptimizer, _: &[Variable]| {
            multi.with(|w: &Variable| w.name() == "bias", SGD::new().learning_rate(0.5))
        },
    ] {
        let weights = weights();
        let mut optimizer: Optimizer = choose(MultiOptimizer::new(Adam::new()), &weights).into();
        optimizer.check().unwrap();
        step_of_ones(&mut optimizer, &weights);
        assert_eq!(weights[1].value().to_vec1::<f32>().unwrap(), [-0.5; 2]);
        assert_eq!(optimizer.slots(&weights[0]).unwrap().len(), 2);
        assert_eq!(optimizer.slots(&weights[1]).unwrap().len(), 0);
        assert_eq!((optimizer.iterations(), optimizer.learning_rate()), (1, 0.001));
    }
}

#[test]
fn several_optimizers_are_restored() {
    let weights = weights();
    let multi = MultiOptimizer::new(SGD::new().momentum(0.9)).with(".*/kernel", Adam::new()).with("x", SGD::new());
    let mut optimizer: Optimizer = LossScaleOptimizer::new(multi).into();
    step_of_ones(&mut optimizer, &weights);
    let mut again = Optimizer::from_config(&optimizer.get_config().unwrap()).unwrap();
    assert_eq!(again.get_config().unwrap(), optimizer.get_config().unwrap());
    let state = optimizer.state().unwrap();
    let shapes: Vec<_> = state.iter().map(|(_, tensor)| tensor.dims()).collect();
    again.set_state(&weights, &shapes, |i, _| Ok(Some(state[i].1.clone()))).unwrap();
    assert_eq!(format!("{:?}", again.state().unwrap()), format!("{state:?}"));
    let [inner] = optimizer.optimizers().try_into().unwrap();
    let groups: Vec<_> = inner.groups().into_iter().map(|(name, _)| name).collect();
    assert_eq!(groups, ["optimizers/adam", "optimizers/sgd", "optimizers/sgd_1"]);
}

#[test]
fn ambiguous_weights_are_errors() {
    let weights = weights();
    let build = |multi: MultiOptimizer| Optimizer::from(multi).build(&weights).map_err(|error| error.to_string());
    let both = MultiOptimizer::new("adam").with(".*", "sgd").with("hidden/.*", "sgd");
    assert!(build(both).unwrap_err().contains("several optimizers match the weight \"hidden/kernel\""));
    let exactly =
        MultiOptimizer::new("adam").with(".*", "sgd").with("hidden/kernel", "adam").with("hidden/bias", "adam");
    assert!(build(exactly).is_ok());
    let own = Optimizer::from(MultiOptimizer::new("adam").with(weights.clone(), "sgd"));
    assert!(own.get_config().unwrap_err().to_string().contains("selected by a list or a function"));
    let nested = MultiOptimizer::new("adam").with("a", MultiOptimizer::new("sgd"));
    assert!(Optimizer::from(nested).check().is_err());
    assert!(Optimizer::from(MultiOptimizer::new("adam").with("(", "sgd")).check().is_err());
}
