// Ported from mixer_blocks.py.
// Blocks as layers of the script in a Sequential: an MLP mixer and a gated MLP on patches.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Activation, Dense, Dropout, Flatten, GlobalAveragePooling1D, KerasTensor, LayerNormalization};
use candle_keras::losses::SparseCategoricalCrossentropy;
use candle_keras::metrics::{MeanMetric, SparseCategoricalAccuracy};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops};
use ndarray::ArrayD;
use ndarray::s;

const EMBEDDING_DIM: usize = 6;

fn main() -> Result<()> {
    let num_classes = 3;
    let num_patches = 8;
    let num_blocks = 2;
    let dropout_rate = 0.1;

    numpy::random::seed(4);
    let y_train = numpy::random::randint(0, num_classes as i64, 120)?;
    let mut x_train = numpy::to_ndarray::<f32>(&numpy::random::normal(0.0, 1.0, (120, num_patches, 4))?.to_dtype(DType::F32)?)?;
    {
        let mut part = x_train.slice_mut(s![.., .., 0]);
        let numbers = y_train.reshape(((), 1))?.to_dtype(DType::F32)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f32>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element += number;
        }
    }

    let mixer_blocks = Sequential::new((0..num_blocks).map(|_| MLPMixerLayer::new(num_patches, 10)).flat_map(|layer| layers![layer.model()]).collect());
    let mut mixer = build_classifier(&mixer_blocks, num_patches, num_classes)?;
    let history = run_experiment(&mut mixer, &x_train, &y_train)?;
    println!("mixer: {:?} {:?}", &history["loss"], &history["val_acc"]);
    println!("{}", numpy::array_str(&mixer.predict_with(&x_train.to_tensor()?.i(..2)?, Predict::new().verbose(0))?)?);

    let gated_blocks = Sequential::new((0..num_blocks).map(|_| GatedLayer::new(num_patches, EMBEDDING_DIM, dropout_rate)).flat_map(|layer| layers![layer.model()]).collect());
    let mut gated = build_classifier(&gated_blocks, num_patches, num_classes)?;
    let history = run_experiment(&mut gated, &x_train, &y_train)?;
    println!("gated: {:?} {:?}", &history["loss"], &history["val_acc"]);
    println!("{}", numpy::array_str(&gated.predict_with(&x_train.to_tensor()?.i(..2)?, Predict::new().verbose(0))?)?);

    let last = Sequential::new(layers![
        Input::shape((num_patches, EMBEDDING_DIM)),
        GatedLayer::new(num_patches, EMBEDDING_DIM, 0.0).model(),
        Flatten::new(),
    ]);
    println!("{} {}", numpy::array_str(&last.predict_with(&Tensor::ones((1, num_patches, EMBEDDING_DIM), DType::F64, &Device::Cpu)?, Predict::new().verbose(0))?.i((0, ..6))?)?, last.count_params());
    Ok(())
}

#[derive(Clone)]
struct MLPMixerLayer {
    mlp1: Sequential,
    mlp2: Sequential,
    normalize: LayerNormalization,
}

impl MLPMixerLayer {
    fn new(num_patches: usize, hidden_units: usize) -> Self {
        let mlp1 = Sequential::new(layers![
            Dense::new(num_patches),
            Activation::new("gelu"),
            Dense::new(num_patches),
        ]);
        let mlp2 = Sequential::new(layers![
            Dense::new(hidden_units),
            Activation::new("gelu"),
            Dense::new(EMBEDDING_DIM),
        ]);
        let normalize = LayerNormalization::new().epsilon(1e-6);
        Self { mlp1, mlp2, normalize }
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let x = self.normalize.call(inputs);
        let x_channels = ops::transpose(&x, [0, 2, 1]);
        let mlp1_outputs = self.mlp1.call(&x_channels);
        let mlp1_outputs = ops::transpose(&mlp1_outputs, [0, 2, 1]);
        let x = &mlp1_outputs + inputs;
        let x_patches = self.normalize.call(&x);
        let mlp2_outputs = self.mlp2.call(&x_patches);
        let x = &x + &mlp2_outputs;
        x
    }

    fn model(self) -> Model {
        let layers = layers![self.mlp1.clone(), self.mlp2.clone(), self.normalize.clone()];
        Model::from_call("MLPMixerLayer", layers, move |x| Ok(self.call(&x[0])))
    }
}

#[derive(Clone)]
struct GatedLayer {
    channel_projection1: Sequential,
    channel_projection2: Dense,
    spatial_projection: Dense,
    normalize1: LayerNormalization,
    normalize2: LayerNormalization,
}

impl GatedLayer {
    fn new(num_patches: usize, embedding_dim: usize, dropout_rate: f64) -> Self {
        let channel_projection1 = Sequential::new(layers![
            Dense::new(embedding_dim * 2).activation("relu"),
            Dropout::new(dropout_rate),
        ]);
        let channel_projection2 = Dense::new(embedding_dim);
        let spatial_projection = Dense::new(num_patches).bias_initializer("ones");
        let normalize1 = LayerNormalization::new().epsilon(1e-6);
        let normalize2 = LayerNormalization::new().epsilon(1e-6);
        Self { channel_projection1, channel_projection2, spatial_projection, normalize1, normalize2 }
    }

    fn spatial_gating_unit(&self, x: &KerasTensor) -> KerasTensor {
        let parts = ops::split(x, 2, 2);
        let (u, v) = (parts[0].clone(), parts[1].clone());
        let v = self.normalize2.call(&v);
        let v_channels = ops::transpose(&v, [0, 2, 1]);
        let v_projected = self.spatial_projection.call(&v_channels);
        let v_projected = ops::transpose(&v_projected, [0, 2, 1]);
        &u * &v_projected
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let x = self.normalize1.call(inputs);
        let x_projected = self.channel_projection1.call(&x);
        let x_spatial = self.spatial_gating_unit(&x_projected);
        let x_projected = self.channel_projection2.call(&x_spatial);
        &x + &x_projected
    }

    fn model(self) -> Model {
        let layers = layers![self.channel_projection1.clone(), self.channel_projection2.clone(), self.spatial_projection.clone(), self.normalize1.clone(), self.normalize2.clone()];
        Model::from_call("GatedLayer", layers, move |x| Ok(self.call(&x[0])))
    }
}

fn build_classifier(blocks: &Sequential, num_patches: usize, num_classes: usize) -> Result<Model> {
    let inputs = Input::shape((num_patches, 4));
    let x = Dense::new(EMBEDDING_DIM).call(&inputs);
    let x = blocks.call(&x);
    let representation = GlobalAveragePooling1D::new().call(&x);
    let logits = Dense::new(num_classes).call(&representation);
    Model::new(&inputs, &logits)
}

fn run_experiment(model: &mut Model, x_train: &ArrayD<f32>, y_train: &Tensor) -> Result<History> {
    model.compile(Adam::new().learning_rate(0.01), Compile::loss(SparseCategoricalCrossentropy::new().from_logits(true)).metric(MeanMetric::new(SparseCategoricalAccuracy::new()).named("acc")))?;
    let history = model.fit(x_train, y_train, Fit::new().batch_size(24).epochs(3).validation_split(0.2).verbose(0))?;
    Ok(history)
}
