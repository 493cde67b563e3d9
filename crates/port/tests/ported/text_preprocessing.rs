// Ported from text_preprocessing.py.
// From raw messages to sequences of numbers: cleaning, a vocabulary, padding by hand, and a small model.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Dense, Embedding, GlobalAveragePooling1D};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python, utils};
use indexmap::IndexMap;
use regex::Regex;
use std::sync::LazyLock;

const MESSAGES: &str = "spam\tWIN a FREE phone now!!! Call 0800-123 today\nham\tHi Anna, are we still on for lunch at 12?\nspam\tFree entry: text WIN to 80800 & claim your prize\nham\tI'll call you later, the meeting is at 3\nham\tDon't forget the milk... and bread :)\nspam\tUrgent! Your free prize of 500 is waiting, call now\nham\tLunch was great, thanks for the call\nspam\tClaim a free ticket now: http://win.example/now\nham\tSee you at the meeting today\nspam\tYou WIN! Text YES to claim 100 free texts\n";
static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\d+").expect("a pattern"));
const MAX_LEN: usize = 8;
static PATTERN_2: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"https?://\S+").expect("a pattern"));
static PATTERN_3: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"[!"\#\$%\&'\(\)\*\+,\-\./:;<=>\?@\[\\\]\^_`\{\|\}\~]"#).expect("a pattern"));
static PATTERN_4: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[\p{L}\p{N}_]+").expect("a pattern"));

fn main() -> Result<()> {
    utils::set_random_seed(8);

    let (mut labels, mut documents) = (vec![], vec![]);
    for line in MESSAGES.trim().to_string().split("\n").map(str::to_string).collect::<Vec<_>>() {
        let parts = line.split("\t").map(str::to_string).collect::<Vec<_>>();
        let (kind, text) = (parts[0].clone(), parts[1].clone());
        labels.push(if kind == "spam" { 1 } else { 0 });
        documents.push(tokenize(&clean(&text)));
    }
    println!("{:?}", documents[0]);
    println!("lengths: {:?} spam: {}", documents.iter().map(|document| document.len()).collect::<Vec<usize>>(), labels.iter().sum::<usize>());

    let mut frequency = IndexMap::new();
    for document in &documents {
        for token in document {
            frequency.insert(token.to_string(), frequency.get(token).copied().unwrap_or(0) + 1);
        }
    }
    let kept = { let mut list = frequency.iter().map(|(a, &b)| (a.clone(), b)).collect::<Vec<(String, usize)>>(); list.sort_by_key(|x| (-(x.1 as i64), x.0.clone())); list }.into_iter().filter(|&(_, count)| count > 1).map(|(token, _count)| token.clone()).collect::<Vec<String>>();
    let vocabulary = kept.iter().enumerate().map(|(i, token)| (token.to_string(), i + 2)).collect::<IndexMap<String, usize>>();
    println!("vocabulary: {} {:?} {:?} {}", vocabulary.len(), python::slice(&kept, ..5), python::slice(&kept, -2..), python::slice(&kept, 5..8).join("|"));
    println!("{} {} {}", if vocabulary.contains_key("call") { "True" } else { "False" }, if !vocabulary.contains_key("zebra") { "True" } else { "False" }, vocabulary["free"]);

    let x = documents.iter().map(|document| encode(document, &vocabulary)).collect::<Vec<Vec<usize>>>().iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>().to_tensor()?;
    let y = Tensor::from_iter(labels.iter().map(|&x| x as i64), &Device::Cpu)?.to_dtype(DType::F32)?;
    println!("{:?} {} {}", x.dims(), numpy::array_str(&x.i(0)?)?, numpy::array_str(&x.i(x.dim(0)? - 1)?.i(..4)?)?);

    let masked = ops::equal(&x, &Tensor::new(1_i64, &Device::Cpu)?)?;
    println!("unknown: {} of {}, {}", masked.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize, ops::greater(&x, &Tensor::new(0_i64, &Device::Cpu)?)?.to_dtype(DType::I64)?.sum_all()?.to_scalar::<i64>()? as usize, "a-b_c!".chars().filter(|&c| c.is_alphabetic()).collect::<String>());

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([MAX_LEN]));
    model.add(Embedding::new(vocabulary.len() + 2, 6));
    model.add(GlobalAveragePooling1D::new());
    model.add(Dense::new(1).activation("sigmoid"));
    model.compile(Adam::new().learning_rate(0.05), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x, &y, Fit::new().epochs(8).batch_size(4).verbose(0))?;
    for epoch in (0..8).step_by(3) {
        println!("epoch {:>2}: loss {:.4}", epoch + 1, history["loss"][epoch]);
    }

    for message in ["Free prize, call now!", "Lunch at the meeting?"] {
        let row = [&encode(&tokenize(&clean_2(message)), &vocabulary)].iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>().to_tensor()?;
        let score = model.predict_with(&row, Predict::new().verbose(0))?.i(0)?.i(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        let verdict = if score > 0.5 { "spam" } else { "ham" };
        println!("{:?} {:>5} {score:.3}", message, verdict.to_uppercase());
    }
    let first = MESSAGES.split("\n").map(str::to_string).collect::<Vec<_>>()[0].clone().chars().collect::<Vec<char>>();
    println!("{} {} {} {} {}", python::slice(&first, ..4).iter().collect::<String>(), python::slice(&first, 5..8).iter().collect::<String>(), python::slice(&first, -5..).iter().collect::<String>(), first.iter().collect::<String>().matches("!").count(), first.iter().collect::<String>().to_uppercase().chars().take(9).collect::<String>());
    Ok(())
}

fn clean(text: &str) -> String {
    let text = text.to_lowercase();
    let text = PATTERN_2.replace_all(&text, "link").into_owned();
    let text = PATTERN.replace_all(&text, "number").into_owned();
    let text = PATTERN_3.replace_all(&text, " ").into_owned();
    text.trim().to_string()
}

fn clean_2(text: &'static str) -> String {
    let text = text.to_lowercase();
    let text = PATTERN_2.replace_all(&text, "link").into_owned();
    let text = PATTERN.replace_all(&text, "number").into_owned();
    let text = PATTERN_3.replace_all(&text, " ").into_owned();
    text.trim().to_string()
}

fn tokenize(text: &str) -> Vec<String> {
    PATTERN_4.find_iter(text).map(|found| found.as_str().to_string()).collect::<Vec<_>>()
}

fn encode(tokens: &[String], vocabulary: &IndexMap<String, usize>) -> Vec<usize> {
    let ids = tokens.iter().map(|token| vocabulary.get(token).copied().unwrap_or(1)).collect::<Vec<usize>>();
    [&python::slice(&ids, ..MAX_LEN)[..], &[0].repeat(MAX_LEN - python::slice(&ids, ..MAX_LEN).len())[..]].concat()
}
