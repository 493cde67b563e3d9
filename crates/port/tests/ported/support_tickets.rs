// Ported from support_tickets.py.
// Tickets of a help desk from a CSV file: texts are cleaned column by column, and classified as bags of words.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::{ReadCsv, ToColumn};
use candle_keras::layers::{Concatenate, Dense, Dropout};
use candle_keras::prelude::*;
use candle_keras::preprocessing::text::Tokenizer;
use candle_keras::{data, numpy, ops, python, utils};
use indexmap::IndexMap;
use regex::Regex;
use std::path::Path;
use std::sync::LazyLock;

static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"https?://\S+").expect("a pattern"));
static PATTERN_2: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[^a-zA-Z ]+").expect("a pattern"));

fn main() -> Result<()> {
    numpy::random::seed(17);

    let topics = IndexMap::from([("billing", vec!["invoice", "refund", "payment", "price"]), ("network", vec!["wifi", "router", "slow", "cable"]), ("account", vec!["password", "login", "email", "locked"])]);
    let names = topics.keys().cloned().collect::<Vec<_>>();
    let openings = vec!["Hello,", "Hi there!", "Dear team,", "HELP!!"];

    let mut rows = vec![];
    for i in 0..120 {
        let topic = names[i % 3];
        let words = topics[topic].clone();
        let (first, second) = (numpy::random::randint_scalar(0, 4)? as usize, numpy::random::randint_scalar(0, 4)? as usize);
        let opening = openings[numpy::random::randint_scalar(0, 4)? as usize];
        let text = format!("{opening} my {} and the {} (see https://help.me/{i}) again", words[first], words[second]).chars().collect::<Vec<char>>();
        rows.push(format!("\"{}\",{topic},{}", text.iter().collect::<String>(), numpy::random::randint_scalar(1, 6)? as usize));
    }
    python::files::makedirs("tickets")?;
    let mut f = String::new();
    f.push_str(&format!("{}{}", format!("{}{}", "Text,Topic,Priority\n", rows.join("\n")), "\n"));
    python::files::write(&Path::new("tickets").join("tickets.csv"), &f)?;

    for (folder, _, files) in python::files::walk("tickets") {
        for file in &files {
            println!("{}", Path::new(&folder).join(file).display());
        }
    }

    let mut df = data::read_csv("tickets/tickets.csv", ReadCsv::new())?;
    println!("{:?} {:?}", df.shape(), df.column("Priority")?.mean()?);

    df.set("Text", &df.column("Text")?.to_strings().iter().map(|x| remove_links(x)).collect::<Vec<String>>().to_column()?)?;
    df.set("Text", &df.column("Text")?.to_strings().iter().map(|x| PATTERN_2.replace_all(x, " ").into_owned()).collect::<Vec<String>>().to_column()?)?;
    df.set("Text", &df.column("Text")?.to_strings().iter().map(|text| text.to_lowercase()).collect::<Vec<_>>().to_column()?)?;
    df.set("length", &df.column("Text")?.to_strings().iter().map(|x| x.split_whitespace().map(str::to_string).collect::<Vec<_>>().len()).collect::<Vec<usize>>().to_column()?)?;
    df.set("urgent", &df.column("Priority")?.values()?.to_dtype(DType::F64)?.to_vec1::<f64>()?.into_iter().map(|p| if p >= 4.0 { 1 } else { 0 }).collect::<Vec<usize>>().to_column()?)?;
    df.set("share", &df.column("Priority")?.values()?.to_dtype(DType::F64)?.to_vec1::<f64>()?.into_iter().map(|p| (p - 1.0) / 4.0).collect::<Vec<f64>>().to_column()?)?;
    println!("{:?} {:?} {:?}", df.column("length")?.sum()?, df.column("urgent")?.sum()?, python::round(df.column("share")?.mean()?, 4));

    let mut counts = IndexMap::new();
    for text in df.column("Text")?.to_strings() {
        for word in text.split_whitespace().map(str::to_string).collect::<Vec<_>>() {
            counts.insert(word.clone(), counts.get(&word).copied().unwrap_or(0) + 1);
        }
    }
    println!("{} {}", counts.len(), counts["my"]);

    let train_df = df.sample(0.75, 3)?;
    let test_df = df.drop_rows(&train_df.index());

    let mut tokenizer = Tokenizer::new().num_words(30).oov_token("<unk>");
    tokenizer.fit_on_texts(train_df.column("Text")?.to_strings());
    println!("{} {}", tokenizer.word_index().len(), tokenizer.word_index()["my"]);
    let x_train = tokenizer.texts_to_matrix(train_df.column("Text")?.to_strings(), "binary")?;
    let x_test = tokenizer.texts_to_matrix(test_df.column("Text")?.to_strings(), "binary")?;

    let labels = IndexMap::from([("billing", 0), ("network", 1), ("account", 2)]);
    let y_train = utils::to_categorical(&train_df.column("Topic")?.map(labels.iter().map(|(key, value)| (*key, *value)))?, 3)?;
    let y_test = utils::to_categorical(&test_df.column("Topic")?.map(labels.iter().map(|(key, value)| (*key, *value)))?, 3)?;
    let extra_train = train_df.select(["length", "urgent", "share"])?.values()?;
    let extra_test = test_df.select(["length", "urgent", "share"])?.values()?;
    println!("{:?} {} {:?}", x_train.dims(), numpy::array_str(&ops::sum(&y_train, 0)?)?, ops::mean(&extra_test.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let words = Input::shape([30]).name("words");
    let extra = Input::shape([3]).name("extra");
    let x = Concatenate::new().call([&words, &extra]);
    let x = Dense::new(16).activation("relu").call(&x);
    let x = Dropout::new(0.3).call(&x);
    let output = Dense::new(3).activation("softmax").call(&x);
    let mut model = Model::new([&words, &extra], &output)?;
    model.compile("adam", Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit([&x_train, &extra_train], &y_train, Fit::new().epochs(5).batch_size(16).verbose(0))?;
    println!("{:?}", &history["loss"]);
    let scores = model.evaluate_with([&x_test, &extra_test], &y_test, Evaluate::new().verbose(0))?;
    println!("{:?}", [scores["loss"], scores["accuracy"]]);

    let texts = vec!["my refund and the invoice", "the router is slow"];
    let probabilities = model.predict_with([&tokenizer.texts_to_matrix(&texts, "binary")?, &extra_test.i(..2)?], Predict::new().verbose(0))?;
    for (&text, row) in texts.iter().zip(numpy::rows(&probabilities)?) {
        println!("{}{} -> {} {:.3}", text.chars().next().unwrap().to_string().to_uppercase(), text.chars().skip(1).collect::<String>(), names[ops::argmax(&row.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize], ops::max(&row, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(())
}

fn remove_links(text: &str) -> String {
    let text = PATTERN.replace_all(text, " ").into_owned();
    text.replace("(see ", " ").trim().to_string()
}
