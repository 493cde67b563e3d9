// Ported from patch_mixer.py.
// A mixer of patches: images are normalized by the data, cut into patches, and mixed along both axes.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Context, Dense, Dropout, GlobalAveragePooling1D, KerasTensor, LayerNormalization, Normalization, Resizing, layer, single};
use candle_keras::losses::SparseCategoricalCrossentropy;
use candle_keras::metrics::{MeanMetric, SparseCategoricalAccuracy};
use candle_keras::ops::image::ExtractPatches;
use candle_keras::ops::image;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};
use ndarray::s;

fn main() -> Result<()> {
    utils::set_random_seed(31);
    numpy::random::seed(31);

    let num_classes = 3;
    let image_size = 12;
    let patch_size = 4;
    let num_patches = usize::pow(image_size / patch_size, 2);
    let embedding_dim = 8;
    let num_blocks = 2;

    let (x_train, y_train) = make_data(96, num_classes, image_size, patch_size)?;
    let (x_test, y_test) = make_data(32, num_classes, image_size, patch_size)?;

    let normalization = Normalization::new();
    let data_augmentation = Sequential::new(layers![
        normalization.clone(),
        Resizing::new(image_size, image_size),
    ]).name("data_augmentation");
    // Compute the mean and the variance of the training data for normalization.
    normalization.adapt(&x_train)?;

    let mixer_blocks = (0..num_blocks).map(|_| Ok::<_, Error>(MixerLayer::new(num_patches, embedding_dim, 0.1)?)).collect::<Result<Vec<MixerLayer>>>()?;
    let mut classifier = build_classifier(&mixer_blocks, false, image_size, &data_augmentation, patch_size, num_patches, embedding_dim, num_classes)?;
    println!("parameters: {}", classifier.count_params());
    classifier.compile(Adam::new().learning_rate(0.005), Compile::loss(SparseCategoricalCrossentropy::new().from_logits(true)).metric(MeanMetric::new(SparseCategoricalAccuracy::new()).named("acc")))?;
    let history = classifier.fit(&x_train, &y_train, Fit::new().batch_size(24).epochs(3).validation_split(0.25).verbose(0))?;
    for name in ["loss", "acc", "val_loss"] {
        println!("{name} {}", history[name].iter().map(|&value| format!("{value:.4}")).collect::<Vec<String>>().join(" "));
    }
    let scores = classifier.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    let (_, accuracy) = (scores["loss"], scores["acc"]);
    println!("Test accuracy: {:?}%", python::round(accuracy * 100.0, 2));
    println!("{}", numpy::array_str(&classifier.predict_with(&x_test.i(..2)?, Predict::new().verbose(0))?)?);
    Ok(())
}

fn make_data(n: usize, num_classes: usize, image_size: usize, patch_size: usize) -> Result<(Tensor, Tensor)> {
    let labels = numpy::random::randint(0, num_classes as i64, (n, 1))?;
    let mut images = numpy::to_ndarray::<f64>(&numpy::random::uniform(0.0, 255.0, (n, image_size, image_size, 3))?)?;
    for i in 0..n {
        let start = labels.i((i, 0))?.to_dtype(DType::I64)?.to_scalar::<i64>()? * patch_size as i64;
        let start1 = isize::min(start as isize, images.shape()[1] as isize);
        let end1 = isize::min((start + patch_size as i64) as isize, images.shape()[1] as isize);
        {
            let mut part = images.slice_mut(s![i, start1..end1, .., ..]);
            part *= 0.5;
        }
    }
    Ok((images.to_tensor()?.to_dtype(DType::F32)?, labels))
}

layer! {
    struct Patches(
        patch_size: usize,
        num_patches: usize,
    ) {}
}

impl Layer for Patches {
    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let images = single(inputs)?;
        let batch_size = images.dims()[0];
        let patches = image::extract_patches(images, &ExtractPatches::of([self.patch_size, self.patch_size]))?;
        let patch_dims = patches.dims()[patches.dims().len() - 1];
        Ok(vec![ops::reshape(&patches, [batch_size as i64, self.num_patches as i64, patch_dims as i64])?])
    }
}

/// Mixes the patches, then the channels, each with a residual connection.
#[derive(Clone)]
struct MixerLayer {
    mlp1: Sequential,
    mlp2: Sequential,
    normalize: LayerNormalization,
}

impl MixerLayer {
    fn new(num_patches: usize, hidden_units: usize, dropout_rate: f64) -> Result<Self> {
        let mlp1 = Self::feed_forward(num_patches, dropout_rate)?;
        let mlp2 = Self::feed_forward(hidden_units, dropout_rate)?;
        let normalize = LayerNormalization::new().epsilon(1e-6);
        Ok(Self { mlp1, mlp2, normalize })
    }

    fn feed_forward(units: usize, dropout_rate: f64) -> Result<Sequential> {
        return Ok(Sequential::new(layers![
            Dense::new(units).activation("gelu"),
            Dense::new(units),
            Dropout::new(dropout_rate),
        ]));
    }

    fn call(&self, inputs: &KerasTensor) -> KerasTensor {
        let x = self.normalize.call(inputs);
        let x_channels = ops::transpose(&x, [0, 2, 1]);
        let mlp1_outputs = self.mlp1.call(&x_channels);
        let mlp1_outputs = ops::transpose(&mlp1_outputs, [0, 2, 1]);
        let x = &mlp1_outputs + inputs;
        let x_patches = self.normalize.call(&x);
        let mlp2_outputs = self.mlp2.call(&x_patches);
        &x + &mlp2_outputs
    }
}

fn build_classifier(blocks: &[MixerLayer], positional: bool, image_size: usize, data_augmentation: &Sequential, patch_size: usize, num_patches: usize, embedding_dim: usize, num_classes: usize) -> Result<Model> {
    let inputs = Input::shape((image_size, image_size, 3));
    let augmented = data_augmentation.call(&inputs);
    let patches = Patches::new(patch_size, num_patches).call(&augmented);
    let mut x = Dense::new(embedding_dim).call(&patches);
    if positional {
        x = &x + 0.1;
    }
    for block in blocks {
        x = block.call(&x);
    }
    let representation = GlobalAveragePooling1D::new().call(&x);
    let representation = Dropout::new(0.1).call(&representation);
    Model::new(&inputs, &Dense::new(num_classes).call(&representation))
}
