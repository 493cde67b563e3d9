// Ported from bidirectional_tagging.py.
// Tags each token of a sentence of a made-up language with its part of speech.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Bidirectional, Dense, Embedding, LSTM, TimeDistributed};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::utils::Pad;
use candle_keras::{Error, numpy, ops, utils};
use indexmap::IndexMap;
use std::collections::BTreeSet;

const MAX_LEN: usize = 6;

fn main() -> Result<()> {
    utils::set_random_seed(23);
    numpy::random::seed(23);

    let words = IndexMap::from([("DET", vec!["the", "a"]), ("ADJ", vec!["red", "old", "light"]), ("NOUN", vec!["cat", "dog", "house", "light"]), ("VERB", vec!["sees", "likes", "finds"])]);
    let patterns = vec![vec!["DET", "NOUN", "VERB", "DET", "NOUN"], vec!["DET", "ADJ", "NOUN", "VERB", "DET", "NOUN"], vec!["DET", "NOUN", "VERB", "DET", "ADJ", "NOUN"], vec!["DET", "NOUN", "VERB"]];

    let (mut sentences, mut tag_sequences) = (vec![], vec![]);
    for _ in 0..120 {
        let (words_, tags) = make_sentence(&patterns, &words)?;
        sentences.push(words_.clone());
        tag_sequences.push(tags);
    }

    let word_set = sentences.iter().flat_map(|s| s.iter().map(|&w| w).collect::<Vec<_>>()).collect::<BTreeSet<&'static str>>().into_iter().collect::<Vec<&'static str>>();
    let tag_set = tag_sequences.iter().flat_map(|ts| ts.iter().map(|&t| t).collect::<Vec<_>>()).collect::<BTreeSet<&'static str>>().into_iter().collect::<Vec<&'static str>>();
    let mut word2index = word_set.iter().enumerate().map(|(i, &w)| (w, i + 2)).collect::<IndexMap<&'static str, usize>>();
    word2index.insert("-PAD-", 0); // The special value used for padding
    word2index.insert("-OOV-", 1); // The special value used for unknown words
    let mut tag2index = tag_set.iter().enumerate().map(|(i, &t)| (t, i + 1)).collect::<IndexMap<&'static str, usize>>();
    tag2index.insert("-PAD-", 0);
    let index2tag = tag2index.iter().map(|(&t, &i)| (i, t)).collect::<IndexMap<usize, &'static str>>();
    println!("words: {} tags: {tag2index:?}", word2index.len());

    let x = utils::pad_sequences(&sentences.iter().map(|s| encode(s, &word2index)).collect::<Vec<Vec<usize>>>(), Pad::new().maxlen(MAX_LEN).padding("post"))?;
    let y = utils::pad_sequences(&tag_sequences.iter().map(|ts| ts.iter().map(|&t| tag2index[t]).collect::<Vec<usize>>()).collect::<Vec<Vec<usize>>>(), Pad::new().maxlen(MAX_LEN).padding("post"))?;
    let (x_train, x_test, y_train, y_test) = (x.i(..96)?, x.i(96..)?, y.i(..96)?, y.i(96..)?);
    println!("{} {}", numpy::array_str(&x_train.i(0)?)?, numpy::array_str(&y_train.i(0)?)?);

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([MAX_LEN]));
    model.add(Embedding::new(word2index.len(), 12).mask_zero(true));
    model.add(Bidirectional::new(LSTM::new(12).return_sequences(true)));
    model.add(TimeDistributed::new(Dense::new(tag2index.len()).activation("softmax")));
    model.compile(Adam::new().learning_rate(0.01), Compile::loss("sparse_categorical_crossentropy").metrics(["accuracy"]))?;

    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(16).epochs(4).validation_split(0.2).verbose(0))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("Epoch {}: loss {loss:.4}, val_accuracy {:.4}", epoch + 1, history["val_accuracy"][epoch]);
    }
    let scores = model.evaluate_with(&x_test, &y_test, Evaluate::new().verbose(0))?;
    let (loss, accuracy) = (scores["loss"], scores["accuracy"]);
    println!("Test: {loss:.4} {accuracy:.4}");

    // "light" is an adjective or a noun, and "zebra" is not known at all
    for text in ["the light cat sees a house", "a light likes the zebra"] {
        let words_ = text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        let padded = utils::pad_sequences(&vec![encode_2(&words_, &word2index)], Pad::new().maxlen(MAX_LEN).padding("post"))?;
        let best = ops::argmax(&model.predict_with(&padded, Predict::new().verbose(0))?.i(0)?, -1)?;
        println!("{}", words_.iter().zip(numpy::rows(&best)?).map(|(word, i)| Ok::<_, Error>(format!("{word}/{}", index2tag[&(i.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize)]))).collect::<Result<Vec<String>>>()?.join(" "));
    }
    Ok(())
}

fn make_sentence(patterns: &[Vec<&'static str>], words_: &IndexMap<&'static str, Vec<&'static str>>) -> Result<(Vec<&'static str>, Vec<&'static str>)> {
    let pattern = patterns[numpy::random::randint_scalar(0, patterns.len() as i64)? as usize].clone();
    let mut words = vec![];
    for &tag in &pattern {
        let choices = words_[tag].clone();
        words.push(choices[numpy::random::randint_scalar(0, choices.len() as i64)? as usize]);
    }
    Ok((words, pattern))
}

fn encode(words: &[&'static str], word2index: &IndexMap<&'static str, usize>) -> Vec<usize> {
    words.iter().map(|&w| word2index.get(w).copied().unwrap_or(word2index["-OOV-"])).collect::<Vec<usize>>()
}

fn encode_2(words: &[String], word2index: &IndexMap<&'static str, usize>) -> Vec<usize> {
    words.iter().map(|w| word2index.get(&w[..]).copied().unwrap_or(word2index["-OOV-"])).collect::<Vec<usize>>()
}
