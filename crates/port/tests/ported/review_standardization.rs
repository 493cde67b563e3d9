// Ported from review_standardization.py.
// Reviews with tags of HTML: a function of the script standardizes the texts for the layer that makes numbers of them.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Conv1D, Dense, Dropout, Embedding, GlobalMaxPooling1D, TextVectorization};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, python};
use regex::Regex;
use std::sync::LazyLock;

static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<br />").expect("a pattern"));
static PATTERN_2: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[0-9]+").expect("a pattern"));
static PATTERN_3: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"[!"\#\$%\&'\(\)\*\+,\-\./:;<=>\?@\[\\\]\^_`\{\|\}\~]"#).expect("a pattern"));

fn main() -> Result<()> {
    numpy::random::seed(31);

    let good = vec!["Wonderful", "lovely", "great", "GRIPPING", "brilliant"];
    let bad = vec!["awful", "Boring", "dull", "POOR", "a mess"];
    let subjects = vec!["plot", "cast", "music", "ending", "pace"];

    let mut texts = vec![];
    let mut labels = vec![];
    for i in 0..120 {
        let label = i % 2;
        let words = if label == 1 { &good } else { &bad };
        let (first, second) = (numpy::random::randint_scalar(0, 5)? as usize, numpy::random::randint_scalar(0, 5)? as usize);
        texts.push(format!("The {}: {}!<br />I saw it {} times, with {}...", subjects[first], words[second], i % 7, subjects[second]));
        labels.push(label);
    }
    println!("{}", texts[0]);

    let max_features = 60;
    let sequence_length = 12;

    let vectorize_layer = TextVectorization::new().standardize(custom_standardization).max_tokens(max_features).output_mode("int").output_sequence_length(sequence_length);

    let raw_ds = Dataset::from_tensor_slices((texts.to_tensor()?, &labels))?;
    let raw_train_ds = raw_ds.take(90).batch(15);
    let raw_test_ds = raw_ds.skip(90).batch(15);

    let text_ds = raw_train_ds.map(|batch| { let x = &batch.x[0]; Ok(x.clone()) });
    vectorize_layer.adapt(&text_ds)?;
    let vocabulary = vectorize_layer.get_vocabulary()?;
    println!("{} {}", vocabulary.len(), python::slice(&vocabulary, ..8).join(", "));

    let train_ds = raw_train_ds.map({ let vectorize_layer = vectorize_layer.clone(); move |batch| { let (text, label) = (&batch.x[0], &batch.y[0]); Ok(vectorize_text(text, label, &vectorize_layer)?) } }).cache().prefetch(2);
    let test_ds = raw_test_ds.map({ let vectorize_layer = vectorize_layer.clone(); move |batch| { let (text, label) = (&batch.x[0], &batch.y[0]); Ok(vectorize_text(text, label, &vectorize_layer)?) } }).cache().prefetch(2);
    for batch in train_ds.take(1).iter()? {
        let batch = batch?;
        let numbers = &batch.x[0];
        let targets = &batch.y[0];
        println!("{} {}", numpy::array_str(&numbers.i(0)?)?, numpy::array_str(&targets.i(..4)?)?);
    }

    let mut model = Sequential::new(layers![
        Input::shape([None::<usize>]).dtype("int64"),
        Embedding::new(max_features, 8),
        Dropout::new(0.2),
        Conv1D::new(16, 3).padding("valid").activation("relu"),
        GlobalMaxPooling1D::new(),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&train_ds, (), Fit::new().validation_data(&test_ds, ()).epochs(4).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{:?}", &history["val_accuracy"]);

    // From texts to probabilities.
    let inputs = Input::shape([1]).dtype("string");
    let outputs = model.call(vectorize_layer.call(&inputs));
    let mut end_to_end_model = Model::new(&inputs, &outputs)?;
    end_to_end_model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let scores = end_to_end_model.evaluate_with(&raw_test_ds, (), Evaluate::new().verbose(0))?;
    println!("{:?}", [scores["loss"], scores["accuracy"]]);
    Ok(())
}

fn custom_standardization(input_data: &str) -> String {
    // Lower case, without tags and punctuation.
    let lowercase = input_data.to_ascii_lowercase();
    let stripped_html = PATTERN.replace_all(&lowercase, " ").into_owned();
    let without_digits = PATTERN_2.replace_all(&stripped_html, "#").into_owned();
    PATTERN_3.replace_all(&without_digits, "").into_owned()
}

fn vectorize_text(text: &Tensor, label: &Tensor, vectorize_layer: &TextVectorization) -> Result<(Tensor, Tensor)> {
    let text = text;
    Ok((vectorize_layer.call(text)?, label.clone()))
}
