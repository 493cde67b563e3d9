//! What the naive distance can and cannot learn: the claim of the example and of docs/text-and-embeddings.md.

use candle_keras::layers::{Embedding, Lambda, Subtract};
use candle_keras::ops::random::Stream;
use candle_keras::prelude::*;
use candle_keras::{ops, utils};

const WORDS: usize = 200;
const DIM: usize = 16;

/// Words of decreasing frequency, as in a text, each of them at least once.
fn text() -> Vec<u32> {
    let uniform = Stream::new(1, 0).uniform(6000);
    (0..WORDS as u32).chain(uniform.into_iter().map(|u| ((WORDS as f64).powf(u) - 1.0) as u32)).collect()
}

fn train(epochs: usize) -> (Vec<f64>, Vec<Vec<f32>>, Vec<Vec<f32>>) {
    utils::set_random_seed(7);
    let (word1, word2) = (Input::shape([1]), Input::shape([1]));
    let embedding = Embedding::new(WORDS, DIM);
    let distance = Subtract::new().call([&embedding.call(&word1), &embedding.call(&word2)]);
    let distance = Lambda::new(|x| ops::mean(x, -1)).call(&distance);
    let mut model = Model::new([word1, word2], distance).unwrap();
    model.compile("adam", "mse").unwrap();
    let before = embedding.get_weights().unwrap()[0].to_vec2::<f32>().unwrap();
    let text = text();
    let zeros = vec![0f32; text.len() - 1];
    let fit = Fit::new().epochs(epochs).batch_size(512).verbose(0);
    let history = model.fit([&text[..text.len() - 1], &text[1..]], &zeros, fit).unwrap();
    (history["loss"].to_vec(), before, embedding.get_weights().unwrap()[0].to_vec2::<f32>().unwrap())
}

fn spread_of_means(vectors: &[Vec<f32>]) -> f32 {
    let means: Vec<f32> = vectors.iter().map(|vector| vector.iter().sum::<f32>() / vector.len() as f32).collect();
    let mean = means.iter().sum::<f32>() / means.len() as f32;
    (means.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / means.len() as f32).sqrt()
}

/// The vectors without their means: the part that does not affect the loss.
fn centred(vectors: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let centre = |vector: &Vec<f32>| {
        let mean = vector.iter().sum::<f32>() / vector.len() as f32;
        vector.iter().map(|x| x - mean).collect()
    };
    vectors.iter().map(centre).collect()
}

/// The changes of the cosines of all pairs of words.
fn change_of_cosines(before: &[Vec<f32>], after: &[Vec<f32>]) -> Vec<f32> {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let cosine = |vectors: &[Vec<f32>], i: usize, j: usize| {
        let (a, b) = (&vectors[i], &vectors[j]);
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    let pairs = (0..before.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs.map(|(i, j)| (cosine(before, i, j) - cosine(after, i, j)).abs()).collect()
}

#[test]
fn only_the_means_of_the_vectors_learn() {
    let (losses, before, after) = train(30);
    assert!(losses[0] / losses[29] > 100.0, "{losses:?}");
    let (spread_before, spread_after) = (spread_of_means(&before), spread_of_means(&after));
    assert!(spread_before > 5e-3 && spread_after < spread_before / 20.0, "{spread_before} {spread_after}");
    let change = change_of_cosines(&centred(&before), &centred(&after));
    assert!(change.iter().all(|change| *change < 1e-3), "without their means, the angles do not change at all");
    // With the means, the cosines change by the small contribution of the means.
    let change = change_of_cosines(&before, &after);
    assert!(change.iter().sum::<f32>() / (change.len() as f32) < 0.06);
}

#[test]
fn two_runs_with_one_seed_are_bit_identical() {
    let (a, b) = (train(3), train(3));
    assert_eq!(
        a.0.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
        b.0.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
    );
    assert_eq!(a.2, b.2);
}
