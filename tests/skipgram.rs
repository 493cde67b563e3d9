//! Word vectors the Keras way: two Embeddings, a Dot and a sigmoid, trained on pairs that are made from the text meanwhile.

use candle_keras::callbacks::{BackupAndRestore, ModelCheckpoint};
use candle_keras::layers::{Activation, Dot, Embedding, Flatten};
use candle_keras::ops::random::Stream;
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::preprocessing::sequence::{SkipgramBatches, Skipgrams, skipgrams};
use candle_keras::word_vectors::KeyedVectors;
use candle_keras::{losses, utils};
use std::path::Path;

const TOPICS: usize = 8;
const WORDS: usize = 6;
const VOCABULARY: usize = 1 + TOPICS * WORDS + 2;

/// Sentences of six words: four of one topic, and two that stand everywhere. A word's topic is the next lower multiple of six.
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

/// The model, and the layer whose table are the vectors. With `from_logits`, the sigmoid is in the loss.
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

/// The share of each topic's word that have all other words of their topic as the nearest ones.
fn share_of_right_neighbours(embedding: &Embedding) -> f64 {
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
        assert!(share_of_right_neighbours(&embedding) < 0.1);
        let (mut first, mut last) = (0.0, 0.0);
        for epoch in 0..4 {
            for (targets, contexts, labels) in batches(&text).epoch(epoch).unwrap() {
                last = model.train_on_batch([&targets, &contexts], &labels).unwrap()["loss"];
                first = if first == 0.0 { last } else { first };
            }
        }
        assert!((first - 2f64.ln()).abs() < 0.01 && last < 0.5, "{first} {last}");
        let right = share_of_right_neighbours(&embedding);
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
    let right = share_of_right_neighbours(&embedding);
    assert!(right > 0.9, "{right}");
}

/// Chunks of the text's pairs, each as an epoch of `fit`; the numbers of both losses and weights as bits. Cut off after so many chunks.
fn train(folder: &Path, chunks: usize) -> (Vec<u64>, Vec<u32>) {
    utils::set_random_seed(1);
    let (mut model, embedding) = model(false);
    let text = text();
    let chunked = batches(&text).batch_size(100_000);
    let mut losses = Vec::new();
    let all = (0..2).flat_map(|epoch| chunked.epoch(epoch).unwrap());
    for (chunk, (targets, contexts, labels)) in all.enumerate().take(chunks) {
        let checkpoint = ModelCheckpoint::new(folder.join("model.keras").display().to_string());
        let backup = BackupAndRestore::new(folder).delete_checkpoint(false);
        let fit = Fit::new().initial_epoch(chunk).epochs(chunk + 1).batch_size(256).shuffle(false).verbose(0);
        let history = model.fit([&targets, &contexts], &labels, fit.callback(checkpoint).callback(backup)).unwrap();
        assert_eq!(history.epoch, (0..history.epoch.len()).collect::<Vec<_>>());
        losses = history["loss"].iter().map(|loss| loss.to_bits()).collect();
    }
    let saved = load_model(folder.join("model.keras")).unwrap();
    assert_eq!(saved.layers().len(), model.layers().len());
    let weights = model.get_weights().unwrap();
    let vectors = embedding.get_weights().unwrap()[0].flatten_all().unwrap().to_vec1::<f32>().unwrap();
    for (a, b) in weights.iter().zip(saved.get_weights().unwrap()) {
        assert_eq!(a.to_vec2::<f32>().unwrap(), b.to_vec2::<f32>().unwrap());
    }
    (losses, vectors.into_iter().map(f32::to_bits).collect())
}

#[test]
fn chunks_with_callbacks_go_on_where_they_were_cut_off() {
    let [whole, cut] = [0, 1].map(|_| tempfile::tempdir().unwrap());
    let expected = train(whole.path(), usize::MAX);
    assert!(expected.0.len() >= 4, "{} chunks", expected.0.len());
    assert_eq!(train(cut.path(), 2).0, expected.0[..2]);
    assert_eq!(train(cut.path(), usize::MAX), expected);
}
