//! Custom objects: an initializer, a regularizer, a constraint and an activation, in a model and in its file.

use candle_keras::constraints::Constrain;
use candle_keras::initializers::{Initialize, Initializer, Source};
use candle_keras::layers::{Dense, object};
use candle_keras::prelude::*;
use candle_keras::regularizers::Regularize;
use candle_keras::saving::{CustomObjects, LoadModel};

object! {
    /// 0, 1, 2 and so on, times a factor.
    pub struct Counting(
        /// The factor.
        factor: f64,
    ) {}
}

impl Initialize for Counting {
    fn source(&self, shape: &[usize]) -> Result<Source> {
        Ok(Source::Values((0..shape.iter().product()).map(|i: usize| i as f64 * self.factor).collect()))
    }
}

object! {
    /// The largest weight, times `strength`.
    pub struct Largest() {
        /// The factor.
        strength: f64 = 1.0,
    }
}

impl Regularize for Largest {
    fn call(&self, x: &Tensor) -> Result<Tensor> {
        Ok((candle_keras::ops::max(x, ())? * self.strength)?)
    }
}

object! {
    /// No weight is above `limit`.
    pub struct AtMost(
        /// The limit.
        limit: f64,
    ) {}
}

impl Constrain for AtMost {
    fn call(&self, w: &Tensor) -> Result<Tensor> {
        Ok(w.minimum(self.limit)?)
    }
}

fn ramp() -> Initializer {
    Initializer::new("ramp", |shape| (0..shape[0]).map(|i| i as f64).collect())
}

fn triple(x: &Tensor) -> candle_core::Result<Tensor> {
    x * 3.0
}

fn weights(model: &impl Layer) -> Vec<f32> {
    model.get_weights().unwrap()[0].flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn they_work_and_are_restored_from_a_file() {
    let dense = Dense::new(2)
        .kernel_initializer(Counting::new(0.5))
        .bias_initializer(ramp())
        .kernel_regularizer(Largest::new().strength(2.0))
        .kernel_constraint(AtMost::new(1.25))
        .activation(triple);
    let mut model = Sequential::new(layers![Input::shape([2]), dense]);
    model.compile("sgd", "mse").unwrap();
    assert_eq!(weights(&*model), [0., 0.5, 1., 1.5]);
    // 3 (1 * 0 + 2 * 1) and 3 (1 * 0.5 + 2 * 1.5 + 1), and the penalty of 2 * 1.5.
    let x = vec![vec![1f32, 2.]];
    assert_eq!(model.predict(&x).unwrap().to_vec2::<f32>().unwrap(), [[6., 13.5]]);
    let logs = model.evaluate(&x, vec![vec![6f32, 13.5]]).unwrap();
    assert_eq!(logs["loss"], 3.0);
    model.train_on_batch(&x, vec![vec![6f32, 13.5]]).unwrap();
    assert_eq!(weights(&*model), [0., 0.5, 1., 1.25]);

    let path = tempfile::tempdir().unwrap();
    let path = path.path().join("own.keras");
    model.save(&path).unwrap();
    let error = load_model(&path).unwrap_err().to_string();
    assert!(error.contains("triple"), "{error}");
    let objects = CustomObjects::new()
        .initializer::<Counting>("Counting")
        .regularizer::<Largest>("Largest")
        .constraint::<AtMost>("AtMost")
        .object("ramp", ramp())
        .activation("triple", triple);
    let mut loaded = LoadModel::new().custom_objects(objects).load(&path).unwrap();
    assert_eq!(weights(&loaded), [0., 0.5, 1., 1.25]);
    assert_eq!(loaded.get_config().unwrap(), model.get_config().unwrap());
    loaded
        .set_weights(&[
            Tensor::ones((2, 2), DType::F32, &Device::Cpu).unwrap(),
            model.get_weights().unwrap()[1].clone(),
        ])
        .unwrap();
    let y = loaded.get_weights().unwrap()[1].to_vec1::<f32>().unwrap();
    loaded.train_on_batch(&x, vec![vec![100f32, 3.0 * (3.0 + y[1])]]).unwrap();
    assert!(weights(&loaded)[0] == 1.25, "the constraint holds in the loaded model: {:?}", weights(&loaded));
}
