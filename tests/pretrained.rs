//! Embeddings initialized with word vectors: frozen, trained, saved.

use candle_keras::layers::{Check, Dense, Embedding, Flatten, Pretrained, WordTable, check_layer};
use candle_keras::prelude::*;
use candle_keras::{layers::TextVectorization, utils};

/// The vector of a word of letters from a to z: the counts of the first four letters in it.
struct Letters;

impl WordTable for Letters {
    fn vector_size(&self) -> usize {
        4
    }

    fn fill(&self, word: &str, row: &mut [f32]) -> bool {
        row.iter_mut().zip("abcd".chars()).for_each(|(x, letter)| *x = word.matches(letter).count() as f32);
        row.iter().any(|&x| x > 0.0)
    }
}

fn table(embedding: &Embedding) -> Vec<Vec<f32>> {
    embedding.get_weights().unwrap()[0].to_vec2().unwrap()
}

/// A classifier on texts of four words, with its Embedding.
fn model(embedding: Embedding) -> (Sequential, Embedding) {
    let layers = layers![Input::shape([4]), embedding.clone(), Flatten::new(), Dense::new(1).activation("sigmoid")];
    let mut model = Sequential::new(layers);
    model.compile("adam", "binary_crossentropy").unwrap();
    (model, embedding)
}

#[test]
fn frozen_vectors_do_not_change_and_others_learn() {
    let vectorize = TextVectorization::new().output_sequence_length(4);
    let texts = ["a cab", "dad bad", "abba xyz", "add a dab xyz"];
    vectorize.adapt(texts).unwrap();
    let (x, y) = (vectorize.call(texts).unwrap(), vec![1f32, 0., 1., 0.]);
    let rows = Pretrained::new(&Letters).rows(vectorize.get_vocabulary().unwrap()).unwrap();
    assert_eq!(rows.missing(), ["xyz"]);
    let vectors = rows.table().unwrap().to_vec2::<f32>().unwrap();
    for trainable in [false, true] {
        utils::set_random_seed(1);
        let begun = rows.clone().embedding().unwrap();
        let (mut model, embedding) = model(begun.trainable(trainable));
        let history = model.fit(&x, &y, Fit::new().epochs(5).verbose(0)).unwrap();
        assert!(history["loss"][4] < history["loss"][0]);
        let after = table(&embedding);
        assert_eq!(after == vectors, !trainable);
        if trainable {
            // Rows of words that are in no text do not change; here, that of unknown words.
            assert_eq!((after[1].clone(), after[2] == vectors[2]), (vectors[1].clone(), false));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.keras");
        model.save(&path).unwrap();
        let again = load_model(&path).unwrap();
        assert_eq!(again.get_weights().unwrap()[0].to_vec2::<f32>().unwrap(), after);
        let loaded = again.layers().into_iter().find(|layer| layer.class_name() == "Embedding").unwrap();
        assert_eq!(loaded.trainable_variables().len(), usize::from(trainable));
        let quiet = || Predict::new().verbose(0);
        let (a, b) = (model.predict_with(&x, quiet()).unwrap(), again.predict_with(&x, quiet()).unwrap());
        assert_eq!(a.to_vec2::<f32>().unwrap(), b.to_vec2::<f32>().unwrap());
    }
}

#[test]
fn its_gradient_is_that_of_any_embedding() {
    let table = Tensor::arange(0f64, 36., &Device::Cpu).unwrap().reshape((9, 4)).unwrap();
    let make = || Embedding::new(9, 4).dtype("float64").weights(&table).unwrap();
    check_layer(make, Check::ids([[2, 3]], 9).output([2, 3, 4]).weights(1));
}
