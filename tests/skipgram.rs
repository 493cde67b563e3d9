//! Skip-gram as a Keras model: two Embeddings, a Dot and a sigmoid, trained on pairs that are generated during training.

use candle_keras::callbacks::{BackupAndRestore, LambdaCallback, ModelCheckpoint};
use candle_keras::layers::{Activation, Dot, Embedding, Flatten};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::preprocessing::sequence::{SkipgramBatches, Skipgrams, skipgrams};
use candle_keras::word_vectors::KeyedVectors;
use candle_keras::{Error, losses, utils};
use std::path::Path;

const TOPICS: usize = 8;
const WORDS: usize = 6;
const VOCABULARY: usize = 1 + TOPICS * WORDS + 2;

/// Sentences of six words: four of one topic, and two that occur everywhere. A word's topic is the next lower multiple of six.
fn text() -> Vec<u32> {
    let mut random = Stream::new(3, 0);
    let mut text = Vec::new();
    for _ in 0..2500 {
        let topic = random.below(TOPICS as u64) as usize * WORDS;
        text.extend((0..4).map(|_| 1 + topic as u32 + random.below(WORDS as u64) as u32));
        let place = text.len() - 2;
        text.insert(place, (TOPICS * WORDS) as u32 + 1);
        text.insert(place, (TOPICS * WORDS) as u32 + 2);
        text.push(0);
    }
    text
}

/// The model, and the layer whose table has the vectors. With `from_logits`, the sigmoid is in the loss.
fn model(from_logits: bool) -> (Model, Embedding) {
    let (target, context) = (Input::shape([1]), Input::shape([1]));
    let (targets, contexts) = (Embedding::new(VOCABULARY, 16), Embedding::new(VOCABULARY, 16));
    let vectors = [&targets.call(&target), &contexts.call(&context)];
    let dot = Flatten::new().call(Dot::new(2).call(vectors));
    let output = if from_logits { dot } else { Activation::new("sigmoid").call(dot) };
    let mut model = Model::new([target, context], output).unwrap();
    let loss = losses::BinaryCrossentropy::new().from_logits(from_logits);
    model.compile(Adam::new().learning_rate(0.01), Compile::loss(loss)).unwrap();
    (model, targets)
}

/// The fraction of words whose nearest neighbours are the other words of their topic.
fn fraction_of_right_neighbours(embedding: &Embedding) -> f64 {
    let names: Vec<String> = (0..VOCABULARY).map(|id| id.to_string()).collect();
    let vectors = KeyedVectors::new(names, &embedding.get_weights().unwrap()[0]).unwrap();
    let words = 1..=TOPICS * WORDS;
    let right = words.clone().filter(|word| {
        let near = vectors.most_similar(&word.to_string(), WORDS - 1).unwrap();
        near.iter()
            .all(|(other, _)| other.parse::<usize>().is_ok_and(|other| (other - 1) / WORDS == (word - 1) / WORDS))
    });
    right.count() as f64 / words.count() as f64
}

fn batches(text: &[u32]) -> SkipgramBatches<'_> {
    SkipgramBatches::new(text, VOCABULARY).window_size(3).sample(0.0).batch_size(256).seed(1)
}

#[test]
fn words_of_one_topic_become_neighbours_batch_by_batch() {
    let text = text();
    for from_logits in [false, true] {
        utils::set_random_seed(1);
        let (mut model, embedding) = model(from_logits);
        assert!(fraction_of_right_neighbours(&embedding) < 0.1);
        let (mut first, mut last) = (0.0, 0.0);
        for epoch in 0..4 {
            for (targets, contexts, labels) in batches(&text).epoch(epoch).unwrap() {
                last = model.train_on_batch([&targets, &contexts], &labels).unwrap()["loss"];
                first = if first == 0.0 { last } else { first };
            }
        }
        assert!((first - 2f64.ln()).abs() < 0.01 && last < 0.5, "{first} {last}");
        let right = fraction_of_right_neighbours(&embedding);
        assert!(right > 0.95, "{right}");
    }
}

#[test]
fn couples_of_skipgrams_train_it_as_well() {
    utils::set_random_seed(1);
    let (mut model, embedding) = model(false);
    let arguments = Skipgrams::new().window_size(2).negative_samples(3.0).seed(1);
    let (couples, labels) = skipgrams(&text(), VOCABULARY, arguments).unwrap();
    let (targets, contexts): (Vec<u32>, Vec<u32>) = couples.iter().map(|couple| (couple[0], couple[1])).unzip();
    let fit = Fit::new().epochs(6).batch_size(256).verbose(0);
    let history = model.fit([&targets, &contexts], &labels, fit).unwrap();
    assert!(history["loss"][5] < history["loss"][0]);
    let right = fraction_of_right_neighbours(&embedding);
    assert!(right > 0.9, "{right}");
}

/// A stream of pairs under `fit`; the losses and weights as bits. Interrupted after so many steps.
fn train(folder: &Path, die: Option<usize>) -> Result<(Vec<u64>, Vec<u32>)> {
    utils::set_random_seed(1);
    let (mut model, embedding) = model(false);
    let pairs = SkipgramBatches::new(text(), VOCABULARY).window_size(3).sample(0.0).batch_size(256).dataset();
    let mut step = 0;
    let interrupted = LambdaCallback::new().on_train_batch_end(|_, _, _| {
        step += 1;
        if Some(step) == die { Err(Error::new("interrupted")) } else { Ok(()) }
    });
    let checkpoint = ModelCheckpoint::new(folder.join("model.keras").display().to_string());
    let backup = BackupAndRestore::new(folder).save_freq(10);
    let fit = Fit::new().epochs(2).verbose(0).callback(checkpoint).callback(backup).callback(interrupted);
    let history = model.fit(pairs.prefetch(2), (), fit)?;
    let saved = load_model(folder.join("model.keras"))?;
    for (a, b) in model.get_weights()?.iter().zip(saved.get_weights()?) {
        assert_eq!(a.to_vec2::<f32>()?, b.to_vec2::<f32>()?);
    }
    let vectors = embedding.get_weights()?[0].flatten_all()?.to_vec1::<f32>()?;
    let losses = history["loss"].iter().map(|loss| loss.to_bits()).collect();
    Ok((losses, vectors.into_iter().map(f32::to_bits).collect()))
}

#[test]
fn an_interrupted_stream_of_pairs_resumes() {
    let whole = train(tempfile::tempdir().unwrap().path(), None).unwrap();
    assert_ne!(whole.0[0], whole.0[1]);
    for die in [15, 150, 1000] {
        let cut = tempfile::tempdir().unwrap();
        let first = train(cut.path(), Some(die));
        assert!(first.is_err(), "there are more than {die} steps");
        assert_eq!(train(cut.path(), None).unwrap(), whole, "interrupted after {die}");
    }
}
