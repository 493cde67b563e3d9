// Ported from word_counts.py.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Dense, Embedding, GlobalAveragePooling1D};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::utils::Pad;
use candle_keras::{Error, numpy, python, utils};
use indexmap::IndexMap;
use std::collections::BTreeSet;

const MAX_LEN: usize = 6;

fn main() -> Result<()> {
    // Cleans small texts, counts words, builds a vocabulary, and trains a sentiment model on it.

    numpy::random::seed(6);
    utils::set_random_seed(6);

    let reviews = vec![("What a wonderful, wonderful film!", 1), ("The plot was dull and the actors were worse.", 0), ("I loved the music; the ending was great.", 1), ("Boring. I left before the ending...", 0), ("A great story, and a clever script!", 1), ("It's a weak script with dull jokes.", 0), ("Clever, funny and never boring.", 1), ("The worst two hours of my year.", 0), ("My year needed this funny film.", 1), ("Weak music, weak actors, weak plot.", 0)];
    let stop_words = BTreeSet::from(["a", "the", "and", "i", "my", "of", "it's", "its", "was", "were", "this", "with"]);

    let documents = reviews.iter().map(|&(text, _)| clean(text, &stop_words)).collect::<Vec<Vec<String>>>();
    let labels = Tensor::from_iter(reviews.iter().map(|&(_, label)| label).map(|x| x as i64), &Device::Cpu)?;

    let mut counts = IndexMap::<String, usize>::new();
    for document in &documents {
        for item in document.iter().cloned() {
            *counts.entry(item).or_insert(0) += 1;
        }
    }
    println!("distinct words: {} of {}", counts.len(), counts.values().sum::<usize>());
    for (word, count) in python::slice(&{ let mut list = counts.iter().map(|(a, &b)| (a.clone(), b)).collect::<Vec<(String, usize)>>(); list.sort_by_key(|x| (-(x.1 as i64), x.0.clone())); list }, ..6).to_vec() {
        println!("{word:>10} {}", "*".repeat(count));
    }

    let mut by_class = IndexMap::from([(0, BTreeSet::new()), (1, BTreeSet::new())]);
    for (document, label) in documents.iter().zip(numpy::rows(&labels)?) {
        by_class[&(label.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize)].extend(document.iter().cloned());
    }
    let both = &by_class[&0] & &by_class[&1];
    println!("in both classes: {:?}", both.iter().cloned().collect::<Vec<String>>());
    println!("only positive: {} only negative: {}", (&by_class[&1] - &by_class[&0]).len(), (&by_class[&0] - &by_class[&1]).len());

    let vocabulary = { let mut list = counts.iter().filter(|&(_w, &c)| c >= 2).map(|(w, &_c)| w.to_string()).collect::<Vec<String>>(); list.sort(); list };
    let word_index = (2..).zip(&vocabulary).map(|(i, word)| (word.to_string(), i)).collect::<IndexMap<String, usize>>();
    println!("vocabulary: {}", vocabulary.join(", "));
    let longest = documents.iter().cloned().collect::<Vec<Vec<String>>>().into_iter().rev().max_by_key(|x| x.len()).ok_or_else(|| Error::new("max of nothing"))?;
    println!("longest document: {}", longest.join(" "));

    let sequences = documents.iter().map(|document| document.iter().map(|word| word_index.get(word).copied().unwrap_or(1)).collect::<Vec<usize>>()).collect::<Vec<Vec<usize>>>();
    let padded = utils::pad_sequences(&sequences, Pad::new().maxlen(MAX_LEN).padding("post").truncating("post"))?;
    for row in numpy::rows(&padded.i(..3)?)? {
        println!("{}", numpy::array_str(&row)?);
    }

    let mut model = Sequential::new(layers![]);
    model.add(Embedding::new(word_index.len() + 2, 8));
    model.add(GlobalAveragePooling1D::new());
    model.add(Dense::new(8).activation("relu"));
    model.add(Dense::new(1).activation("sigmoid"));
    model.compile(Adam::new().learning_rate(0.05), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&padded, &labels, Fit::new().epochs(10).batch_size(5).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        if epoch % 3 == 0 {
            println!("epoch {epoch} loss {:?}", python::round(loss, 4));
        }
    }
    let scores = model.evaluate_with(&padded, &labels, Evaluate::new().verbose(0))?;
    let (_loss, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("Accuracy: {}%", (100.0 * accuracy) as i64);

    for text in ["A funny, clever script", "dull plot, weak ending"] {
        let encoded = utils::pad_sequences(&vec![clean(text, &stop_words).into_iter().map(|w| word_index.get(&w).copied().unwrap_or(1)).collect::<Vec<usize>>()], Pad::new().maxlen(MAX_LEN).padding("post"))?;
        let p = model.predict_with(&encoded, Predict::new().verbose(0))?.i(0)?.i(0)?;
        println!("{:?} -> {} ({:.3})", text, if p.gt(0.5)?.to_dtype(DType::F64)?.to_scalar::<f64>()? != 0.0 { "positive" } else { "negative" }, p.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(())
}

fn clean(text: &'static str, stop_words: &BTreeSet<&'static str>) -> Vec<String> {
    // Lower case, without punctuation and stop words.
    let text = text.to_lowercase().replace("'", "");
    let words = text.replace(|c: char| c.is_ascii_punctuation(), "").split_whitespace().map(str::to_string).collect::<Vec<_>>();
    words.iter().filter(|&word| !stop_words.contains(&word[..]) && word.chars().count() > 1).map(|word| word.clone()).collect::<Vec<String>>()
}
