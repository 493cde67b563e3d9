//! What this project answers for a model of fastText, as JSON: what tools/fasttext_roundtrip.py compares with the program's answers.
//!
//! `fasttext_answers MODEL COPY` reads questions from standard input, and writes the model again as COPY.

use candle_keras_word_vectors::{Error, FastText, Result};
use serde_json::{Value, json};
use std::io::Read;

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn main() -> Result<()> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [model, copy] = &paths[..] else { return Err(Error::new("usage: fasttext_answers MODEL COPY")) };
    let mut questions = String::new();
    std::io::stdin().read_to_string(&mut questions).map_err(|cause| Error::io("standard input", cause))?;
    let questions: Value = serde_json::from_str(&questions)?;
    let (words, lines, tests) = (&questions["words"], strings(&questions["lines"]), strings(&questions["tests"]));

    let model = FastText::load(model)?;
    model.save(copy)?;
    let sentences = lines.iter().map(|line| model.sentence_vector(line)).collect::<Result<Vec<_>>>()?;
    let mut answers = json!({
        "words": model.words().iter().collect::<Vec<_>>(),
        "vectors": strings(words).iter().map(|word| model.vector(word)).collect::<Vec<_>>(),
        "all": model.words().iter().flat_map(|word| model.vector(word)).collect::<Vec<_>>(),
        "subwords": strings(words).iter().map(|word| model.subwords(word)).collect::<Vec<_>>(),
        "sentences": sentences,
    });
    if model.is_supervised() {
        let scores = model.test(&tests, 2, 0.1)?;
        let precision = |precision: f64| if precision.is_nan() { Value::Null } else { precision.into() };
        let labels = scores.labels.iter().map(|(label, of)| (label.clone(), json!([precision(of.precision())])));
        answers["predictions"] = json!(model.predict_many(&lines, 3, 0.0)?);
        answers["test"] = json!([scores.examples, scores.total.precision(), scores.total.recall()]);
        answers["labels"] = Value::Object(labels.collect());
    }
    println!("{answers}");
    Ok(())
}
