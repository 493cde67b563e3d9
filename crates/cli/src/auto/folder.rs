//! A model for a folder of images or texts, whose subfolders are the classes.

use super::{Goal, Task, hidden};
use crate::arguments;
use anyhow::{Result, bail, ensure};
use candle_core::DType;
use candle_keras_data::{
    FolderDataset, ImageFolder, IntoData, TextFolder, image_datasets_from_directory, text_datasets_from_directory,
};
use candle_keras_layers::{
    BatchNormalization, Conv2D, Embedding, GlobalAveragePooling1D, GlobalAveragePooling2D, Input, KerasTensor, Layer,
    MaxPooling2D, RandomFlip, RandomRotation, Rescaling, TextVectorization,
};
use candle_keras_models::Model;
use candle_keras_ops::random::next_stream;
use candle_keras_ops::strings;
use std::path::Path;
use walkdir::WalkDir;

/// Images are trained on in this height and width by default.
const IMAGE_SIZE: usize = 96;

/// The most words that are known, and the most of a text that are read.
const WORDS: usize = 20_000;
const TEXT_LENGTH: usize = 256;

pub(super) fn task(arguments: &arguments::Fit, split: f64) -> Result<Task> {
    ensure!(arguments.target.is_none(), "--target is a column of a table; the subfolders of a folder are the classes");
    let (folder, seed) = (arguments.model.as_path(), next_stream().bits(1)[0]);
    if has(folder, &["png", "jpg", "jpeg", "bmp", "gif"])? {
        let size = arguments.image_size.unwrap_or(IMAGE_SIZE);
        ensure!(size >= 16, "--image-size must be at least 16, received: {size}");
        let images = ImageFolder::new().image_size([size, size]).batch_size(arguments.batch_size).verbose(false);
        let images = images.validation_split(split).seed(seed).skip_damaged(true);
        let (train, validation) = image_datasets_from_directory(folder, images)?;
        let goal = goal(&train)?;
        let input = Input::shape([size, size, 3]).name("image");
        let model = Model::new(&input, goal.head(&of_images(&input)))?;
        let facts =
            vec![["images".into(), format!("resized to {size} x {size}, flipped and turned at random in training")]];
        assembled(model, goal, [train, validation], facts, 30)
    } else if has(folder, &["txt"])? {
        let texts =
            TextFolder::new().batch_size(arguments.batch_size).validation_split(split).seed(seed).verbose(false);
        let (train, validation) = text_datasets_from_directory(folder, texts)?;
        let goal = goal(&train)?;
        let input = Input::shape([1]).dtype("string").name("text");
        let mut texts = Vec::new();
        for batch in train.iter()? {
            texts.extend(strings(&batch?.x[0])?);
        }
        let features = of_texts(&input, &texts)?;
        let model = Model::new(&input, goal.head(&hidden(&features, &[32], 0.3)))?;
        let facts =
            vec![["texts".into(), format!("the first {TEXT_LENGTH} words of each, {WORDS} different ones at most")]];
        assembled(model, goal, [train, validation], facts, 30)
    } else {
        bail!("{}: there are neither images (PNG, JPEG, BMP, GIF) nor texts (.txt) in its subfolders", folder.display())
    }
}

fn goal(train: &FolderDataset) -> Result<Goal> {
    let classes = train.class_names().to_vec();
    ensure!(classes.len() >= 2, "there is one class: {}; a subfolder for each class is needed", classes.join(", "));
    Ok(Goal::Classes(classes))
}

fn assembled(
    model: Model,
    goal: Goal,
    parts: [FolderDataset; 2],
    mut facts: Vec<[String; 2]>,
    epochs: usize,
) -> Result<Task> {
    // Those of the files that can be read, in the order of the predictions.
    let truth = |part: &FolderDataset| -> Result<Vec<f64>> {
        let labels = part.iter()?.map(|batch| Ok(batch?.y[0].to_dtype(DType::F64)?.to_vec1::<f64>()?));
        Ok(labels.collect::<Result<Vec<_>>>()?.concat())
    };
    let train_truth = parts[0].labels().unwrap_or_default().iter().map(|label| f64::from(*label)).collect();
    let [train, validation] = &parts;
    facts.insert(
        0,
        [
            "files".into(),
            format!("{} for training, {} for validation", train.file_paths().len(), validation.file_paths().len()),
        ],
    );
    let truth = truth(validation)?;
    let [train, validation] = parts;
    Ok(Task {
        model,
        goal,
        train: (train.into_data()?, ().into_data()?),
        validation: (validation.into_data()?, ().into_data()?),
        train_truth,
        truth,
        facts,
        epochs,
    })
}

/// Four convolutions, of which each halves the image.
fn of_images(input: &KerasTensor) -> KerasTensor {
    let x = RandomRotation::new(0.05)
        .call(RandomFlip::new().mode("horizontal").call(Rescaling::new(1.0 / 255.0).call(input)));
    let x = [16, 32, 64, 128].into_iter().fold(x, |x, filters| {
        let x = Conv2D::new(filters, 3).padding("same").activation("relu").call(&x);
        MaxPooling2D::new(2).call(BatchNormalization::new().call(&x))
    });
    GlobalAveragePooling2D::new().call(&x)
}

/// The mean of the vectors of the words.
pub(super) fn of_texts(input: &KerasTensor, texts: &[String]) -> Result<KerasTensor> {
    let vectorize = TextVectorization::new().max_tokens(WORDS).output_sequence_length(TEXT_LENGTH);
    vectorize.adapt(texts)?;
    let words = vectorize.vocabulary_size()?;
    let vectors = Embedding::new(words, 32).mask_zero(true).call(vectorize.call(input));
    Ok(GlobalAveragePooling1D::new().call(&vectors))
}

/// Whether there is a file with one of these extensions below a folder.
fn has(folder: &Path, extensions: &[&str]) -> Result<bool> {
    for entry in WalkDir::new(folder) {
        let entry = entry?;
        let extension = entry.path().extension().map(|extension| extension.to_string_lossy().to_lowercase());
        if entry.depth() > 1 && extension.is_some_and(|extension| extensions.contains(&extension.as_str())) {
            return Ok(true);
        }
    }
    Ok(false)
}
