// Ported from vit_patches.py.
// Vision transformer on tiny images: cut into patches, embed, attend, classify.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Add, Context, Dense, Dropout, Embedding, Flatten, KerasTensor, Lambda, LayerNormalization, MultiHeadAttention, layer, single};
use candle_keras::losses::SparseCategoricalCrossentropy;
use candle_keras::metrics::{MeanMetric, SparseCategoricalAccuracy};
use candle_keras::ops::image::ExtractPatches;
use candle_keras::ops::image;
use candle_keras::optimizers::AdamW;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use indexmap::IndexMap;
use ndarray::s;

fn main() -> Result<()> {
    utils::set_random_seed(11);
    numpy::random::seed(11);

    let num_classes = 4;
    let image_size = 12;
    let patch_size = 4;
    let num_patches = usize::pow(image_size / patch_size, 2);
    let projection_dim = 16;
    let num_heads = 2;
    let transformer_layers = 2;
    let transformer_units = vec![projection_dim * 2, projection_dim];

    // The class of an image is the quadrant that is bright.
    let labels = numpy::random::randint(0, num_classes as i64, (80, 1))?;
    let mut images = numpy::to_ndarray::<f64>(&numpy::random::uniform(0.0, 0.4, (80, image_size, image_size, 3))?)?;
    let half = image_size / 2;
    for (i, label) in numpy::rows(&labels.i((.., 0))?)?.into_iter().enumerate() {
        let (row, column) = (numpy::multiply(&numpy::floor_divide(&label, 2)?, half)?, numpy::multiply(&numpy::mod_(&label, 2)?, half)?);
        {
            let mut part = images.slice_mut(s![i, row.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize..numpy::add(&row, half)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, column.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize..numpy::add(&column, half)?.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize, ..]);
            part += 0.5;
        }
    }

    let mut model = create_vit_classifier(image_size, patch_size, num_patches, projection_dim, transformer_layers, num_heads, &transformer_units, num_classes)?;
    model.compile(AdamW::new().learning_rate(0.002).weight_decay(0.0001), Compile::loss(SparseCategoricalCrossentropy::new().from_logits(true)).metric(MeanMetric::new(SparseCategoricalAccuracy::new()).named("accuracy")))?;
    let history = model.fit(&images.to_tensor()?.i(..64)?, &labels.i(..64)?, Fit::new().batch_size(16).epochs(3).validation_split(0.25).verbose(0))?;
    println!("{:?}", history.iter().map(|(key, values)| (key.to_string(), values.iter().map(|&v| python::round(v, 4)).collect::<Vec<f64>>())).collect::<IndexMap<String, Vec<f64>>>());
    let scores = model.evaluate_with(&images.to_tensor()?.i(64..)?, &labels.i(64..)?, Evaluate::new().verbose(0))?;
    let (_, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("Test accuracy: {:?}%", python::round(accuracy * 100.0, 2));
    println!("{}", numpy::array_str(&model.predict_with(&images.to_tensor()?.i(64..66)?, Predict::new().verbose(0))?)?);
    Ok(())
}

fn mlp(x: &KerasTensor, hidden_units: &[usize], dropout_rate: f64) -> KerasTensor {
    let mut x = x.clone();
    for &units in hidden_units {
        x = Dense::new(units).activation("gelu").call(&x);
        x = Dropout::new(dropout_rate).call(&x);
    }
    x
}

layer! {
    struct Patches(
        patch_size: usize,
    ) {}
}

impl Layer for Patches {
    fn forward(&self, inputs: &[Tensor], _: &mut Context) -> Result<Vec<Tensor>> {
        let images = single(inputs)?;
        let patches = image::extract_patches(images, &ExtractPatches::of([self.patch_size, self.patch_size]))?;
        let shape = patches.dims();
        Ok(vec![ops::reshape(&patches, [shape[0] as i64, (shape[1] * shape[2]) as i64, shape[3] as i64])?])
    }
}

#[derive(Clone)]
struct PatchEncoder {
    num_patches: usize,
    projection: Dense,
    position_embedding: Embedding,
}

impl PatchEncoder {
    fn new(num_patches: usize, projection_dim: usize) -> Self {
        let projection = Dense::new(projection_dim);
        let position_embedding = Embedding::new(num_patches, projection_dim);
        Self { num_patches, projection, position_embedding }
    }

    fn call(&self, patch: &KerasTensor) -> Result<KerasTensor> {
        let positions = ops::expand_dims(&ops::arange(0.0, self.num_patches as f64, 1.0, "int32")?, 0)?;
        let projected_patches = self.projection.call(patch);
        let encoded = &projected_patches + self.position_embedding.call(Lambda::value(&positions).call(patch));
        Ok(encoded)
    }
}

fn create_vit_classifier(image_size: usize, patch_size: usize, num_patches: usize, projection_dim: usize, transformer_layers: usize, num_heads: usize, transformer_units: &[usize], num_classes: usize) -> Result<Model> {
    let inputs = Input::shape((image_size, image_size, 3));
    let patches = Patches::new(patch_size).call(&inputs);
    let mut encoded_patches = PatchEncoder::new(num_patches, projection_dim).call(&patches)?;
    for _ in 0..transformer_layers {
        let x1 = LayerNormalization::new().epsilon(1e-6).call(&encoded_patches);
        let attention_output = MultiHeadAttention::new(num_heads, projection_dim).dropout(0.1).call([&x1, &x1]);
        let x2 = Add::new().call([&attention_output, &encoded_patches]);
        let x3 = LayerNormalization::new().epsilon(1e-6).call(&x2);
        let x3 = mlp(&x3, transformer_units, 0.1);
        encoded_patches = Add::new().call([&x3, &x2]);
    }
    let representation = LayerNormalization::new().epsilon(1e-6).call(&encoded_patches);
    let representation = Flatten::new().call(&representation);
    let representation = Dropout::new(0.2).call(&representation);
    let features = mlp(&representation, &vec![24], 0.2);
    let logits = Dense::new(num_classes).call(&features);
    Model::new(&inputs, &logits)
}
