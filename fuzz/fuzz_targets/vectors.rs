//! Any bytes as a file of word vectors, in each of the formats by turns, as a model of fastText and of word2vec, and as text.
//!
//! `cargo +nightly fuzz run vectors -- -max_len=65536`, with small files of each format as a corpus

#![no_main]

use candle_keras::utils::warnings;
use candle_keras::word_vectors::{FastText, KeyedVectors, Text, Vocabulary, Word2VecModel};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("f");
    std::fs::write(&path, bytes).expect("a file");
    let _ = warnings::catch(|| {
        if let Ok(vectors) = KeyedVectors::load(&path) {
            let word = vectors.words().iter().next().map(String::from);
            let _ = word.map(|word| vectors.most_similar(word.as_str(), 3).map(drop));
        }
        if let Ok(model) = FastText::load(&path) {
            let _ = model.predict("a line of text", 2, 0.0);
            let _ = model.vector("word");
        }
        let _ = Word2VecModel::load(&path);
        let _ = Vocabulary::build(&Text::file(&path).lossy(true), 1);
    });
});
