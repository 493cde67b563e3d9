// Ported from text_folder.py.
// Reviews as text files: a folder for each class, and one class for all words.

use candle_keras::data::Source;
use candle_keras::layers::{Conv1D, Dense, Embedding, GlobalMaxPooling1D, TextVectorization};
use candle_keras::prelude::*;
use candle_keras::utils::TextFolder;
use candle_keras::{Error, python, utils};
use std::path::Path;

fn main() -> Result<()> {
    let good = vec!["wonderful", "lovely", "great", "charming", "brilliant"];
    let bad = vec!["awful", "boring", "dull", "poor", "terrible"];
    let rest = vec!["the", "film", "story", "was", "and", "its", "actors", "music", "a", "little"];

    python::random::seed(3);
    for (split, count) in [("train", 40), ("test", 16)] {
        for label in ["neg", "pos"] {
            let words = if label == "pos" { &good } else { &bad };
            let folder = Path::new("reviews").join(split).join(label);
            python::files::makedirs(&folder)?;
            for i in 0..count {
                let mut text = [&(0..6).map(|_| Ok::<_, Error>(*python::random::choice(&rest)?)).collect::<Result<Vec<&'static str>>>()?[..], &vec![*python::random::choice(words)?][..]].concat();
                python::random::shuffle(&mut text);
                let mut f = String::new();
                f.push_str(&format!("{}{}", text.join(" ").to_uppercase(), "."));
                python::files::write(&folder.join(&format!("{i}.txt")), &f)?;
            }
        }
    }

    let batch_size = 8;
    let (raw_train_ds, raw_val_ds) = utils::text_datasets_from_directory("reviews/train", TextFolder::new().batch_size(batch_size).validation_split(0.2).seed(42))?;
    let raw_test_ds = utils::text_dataset_from_directory("reviews/test", TextFolder::new().batch_size(batch_size).shuffle(false))?;
    println!("Number of batches in raw_train_ds: {}", raw_train_ds.cardinality().count().ok_or_else(|| Error::new("it is not known how many elements the dataset has"))?);
    println!("Number of batches in raw_test_ds: {}", raw_test_ds.cardinality().count().ok_or_else(|| Error::new("it is not known how many elements the dataset has"))?);

    let max_features = 30;
    let embedding_dim = 8;
    let sequence_length = 10;

    let vectorize_layer = TextVectorization::new().max_tokens(max_features).output_mode("int").output_sequence_length(sequence_length);

    // The vocabulary of the texts alone.
    let text_ds = raw_train_ds.map(|batch| { let x = &batch.x[0]; Ok(x.clone()) });
    vectorize_layer.adapt(&text_ds)?;
    let vocabulary = vectorize_layer.get_vocabulary()?;
    println!("{} {} {}", vocabulary.len(), vocabulary[2], vocabulary[vocabulary.len() - 1]);

    let train_ds = raw_train_ds.map({ let vectorize_layer = vectorize_layer.clone(); move |batch| { let (text, label) = (&batch.x[0], &batch.y[0]); Ok(vectorize_text(text, label, &vectorize_layer)?) } });
    let val_ds = raw_val_ds.map({ let vectorize_layer = vectorize_layer.clone(); move |batch| { let (text, label) = (&batch.x[0], &batch.y[0]); Ok(vectorize_text(text, label, &vectorize_layer)?) } });
    let test_ds = raw_test_ds.map({ let vectorize_layer = vectorize_layer.clone(); move |batch| { let (text, label) = (&batch.x[0], &batch.y[0]); Ok(vectorize_text(text, label, &vectorize_layer)?) } });

    let train_ds = train_ds.cache().prefetch(2);
    let val_ds = val_ds.cache().prefetch(2);

    let inputs = Input::shape([None::<usize>]).dtype("int64");
    let x = Embedding::new(max_features, embedding_dim).call(&inputs);
    let x = Conv1D::new(16, 3).padding("valid").activation("relu").call(&x);
    let x = GlobalMaxPooling1D::new().call(&x);
    let x = Dense::new(8).activation("relu").call(&x);
    let predictions = Dense::new(1).activation("sigmoid").name("predictions").call(&x);
    let mut model = Model::new(&inputs, &predictions)?;
    model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;

    let scores = model.evaluate_with(&test_ds, (), Evaluate::new().verbose(0))?;
    println!("{:?}", [scores["loss"], scores["accuracy"]]);
    let history = model.fit(&train_ds, (), Fit::new().validation_data(&val_ds, ()).epochs(4).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{:?}", &history["val_loss"]);
    let scores = model.evaluate_with(&test_ds, (), Evaluate::new().verbose(0))?;
    println!("{:?}", [scores["loss"], scores["accuracy"]]);

    // A model of texts.
    let inputs = Input::shape([1]).dtype("string");
    let indices = vectorize_layer.call(&inputs);
    let outputs = model.call(&indices);
    let mut end_to_end_model = Model::new(&inputs, &outputs)?;
    end_to_end_model.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let scores = end_to_end_model.evaluate_with(&raw_test_ds, (), Evaluate::new().verbose(0))?;
    println!("{:?}", [scores["loss"], scores["accuracy"]]);
    Ok(())
}

fn vectorize_text(text: &Tensor, label: &Tensor, vectorize_layer: &TextVectorization) -> Result<(Tensor, Tensor)> {
    let text = text;
    Ok((vectorize_layer.call(text)?, label.clone()))
}
