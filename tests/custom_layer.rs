//! A custom layer: the one of docs/writing-a-layer.md, with the checks that all built-in layers pass.

use candle_keras::layers::{
    Arguments, Base, Build, Check, Config, ConfigMap, Configure, Context, Declared, Described, Layer, Shape, Weight,
    check_layer, layer, single,
};
use candle_keras::prelude::*;

layer! {
    /// Multiplies each feature by a learned factor.
    pub struct Scale() {
        /// The initializer of the factors.
        initial: f64 = 1.0,
    }
}

impl Layer for Scale {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        Ok(vec![single(inputs)?.clone()])
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        let features = single(inputs)?.last().copied().flatten().unwrap_or(1);
        let initial = candle_keras::initializers::Constant::new(self.initial).into();
        build.add_weight(Weight::new("scale", [features], &initial));
        Ok(())
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![single(inputs)?.broadcast_mul(&self.weight("scale", ctx)?)?])
    }
}

#[test]
fn it_passes_the_checks_of_all_layers() {
    check_layer(Scale::new, Check::inputs([[2, 3]]).output([2, 3]).weights(1));
    check_layer(|| Scale::new().initial(0.5), Check::inputs([[2, 4, 3]]).output([2, 4, 3]).weights(1));
}

#[test]
fn it_trains_in_a_model() {
    let mut model = Sequential::new(layers![Input::shape([2]), Scale::new().name("scale")]);
    model.compile(candle_keras::optimizers::SGD::new().learning_rate(0.5), "mse").unwrap();
    let (x, y) = (vec![vec![1f32, 1.]; 8], vec![vec![2f32, -3.]; 8]);
    model.fit(&x, &y, Fit::new().epochs(50).verbose(0)).unwrap();
    let scale = model.get_layer("scale").unwrap().get_weights().unwrap()[0].to_vec1::<f32>().unwrap();
    assert!((scale[0] - 2.0).abs() < 1e-4 && (scale[1] + 3.0).abs() < 1e-4, "{scale:?}");
}

/// check_layer must find an error: a layer whose weight receives no gradient.
#[derive(Clone, Debug)]
struct Detached(Scale);

impl Declared for Detached {
    fn base(&self) -> &Base {
        &self.0.base
    }
}

impl Described for Detached {
    fn class_name(&self) -> &str {
        "Detached"
    }

    fn config(&self) -> Result<Config> {
        self.0.config()
    }
}

impl Layer for Detached {
    fn compute_output_shape(&self, inputs: &[Shape]) -> Result<Vec<Shape>> {
        self.0.compute_output_shape(inputs)
    }

    fn build(&self, inputs: &[Shape], build: &mut Build) -> Result<()> {
        Layer::build(&self.0, inputs, build)
    }

    fn forward(&self, inputs: &[Tensor], ctx: &mut Context) -> Result<Vec<Tensor>> {
        Ok(vec![single(inputs)?.broadcast_mul(&self.weight("scale", ctx)?.detach())?])
    }
}

impl Configure for Detached {
    fn write(&self, config: &mut ConfigMap) -> Result<()> {
        self.0.write(config)
    }

    fn read(arguments: &mut Arguments) -> Result<Self> {
        Scale::read(arguments).map(Self)
    }
}

#[test]
#[should_panic(expected = "the weight \"scale/scale\" receives no gradient")]
fn check_layer_finds_a_weight_without_gradient() {
    check_layer(|| Detached(Scale::new()), Check::inputs([[2, 3]]).output([2, 3]).weights(1));
}

#[test]
#[should_panic(expected = "the shape of the output")]
fn check_layer_finds_a_wrong_shape() {
    check_layer(Scale::new, Check::inputs([[2, 3]]).output([2, 4]).weights(1));
}
