//! What a fastText model answers, as JSON, for tools/fasttext_roundtrip.py: `fasttext_answers MODEL COPY < questions.json`. The model is
//! written again as COPY.

use candle_keras_word_vectors::{Error, FastText, Result};
use serde_json::{Value, json};
use std::io::Read;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(copy)) = (arguments.next(), arguments.next()) else {
        return Err(Error::new("fasttext_answers MODEL COPY < questions.json"));
    };
    let mut questions = String::new();
    std::io::stdin().read_to_string(&mut questions).map_err(|cause| Error::io("the questions", cause))?;
    let questions: Value = serde_json::from_str(&questions)?;
    let texts =
        |key: &str| questions[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    let model = FastText::load(path)?;
    model.save(copy)?;
    let mut answers = json!({
        "words": model.words().iter().collect::<Vec<_>>(),
        "vectors": texts("words").into_iter().map(|word| model.vector(word)).collect::<Vec<_>>(),
        "subwords": texts("words").into_iter().map(|word| model.subwords(word)).collect::<Vec<_>>(),
        "sentences": texts("lines").into_iter().map(|line| model.sentence_vector(line)).collect::<Result<Vec<_>>>()?,
    });
    if questions["all"] == true {
        answers["all"] = json!(model.vectors().vectors());
    }
    if model.is_supervised() {
        let predict = |line| model.predict(line, 3, 0.0);
        let test = model.test(texts("tests"), 2, 0.1)?;
        answers["predictions"] = json!(texts("lines").into_iter().map(predict).collect::<Result<Vec<_>>>()?);
        answers["test"] = json!([test.examples, test.total.precision(), test.total.recall()]);
        let shares =
            test.labels.into_iter().map(|(label, scores)| (label, json!([scores.precision(), scores.recall()])));
        answers["labels"] = Value::Object(shares.collect());
    }
    println!("{answers}");
    Ok(())
}
