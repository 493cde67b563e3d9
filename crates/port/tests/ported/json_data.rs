// Ported from json_data.py.
// A chat bot from a file of intents, and boxes from a file of annotations: JSON as it comes.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Dense, Dropout};
use candle_keras::prelude::*;
use candle_keras::python::json::Json;
use candle_keras::{Error, numpy, ops, python};
use std::collections::BTreeSet;

const INTENTS: &str = "{\"intents\": [\n {\"tag\": \"greeting\", \"weight\": 2, \"patterns\": [\"hello there\", \"good day\", \"hi friend\"], \"responses\": [\"Hello!\", \"Hi!\"]},\n {\"tag\": \"bye\", \"weight\": 1.5, \"patterns\": [\"see you\", \"good bye\", \"bye now friend\"], \"responses\": [\"Bye!\"]},\n {\"tag\": \"thanks\", \"weight\": 1, \"patterns\": [\"thanks a lot\", \"thank you\"], \"responses\": [\"Welcome!\", \"Any time.\"]}\n]}";

fn main() -> Result<()> {
    let mut f = String::new();
    f.push_str(INTENTS);
    python::files::write("intents.json", &f)?;
    let mut f = String::new();
    f.push_str("{\"a.png\": {\"ann\": [{\"cls\": \"date\", \"bbox\": [2, 4, 10, 8]}, {\"cls\": \"sum\", \"bbox\": [1, 1, 3, 3]}]}, ");
    f.push_str("\"b.png\": {\"ann\": [{\"cls\": \"date\", \"bbox\": [1, 3.5, 9, 6]}], \"checked\": true}}");
    python::files::write("boxes.json", &f)?;

    python::random::seed(3);
    let data = python::json::loads::<serde_json::Value>(&python::files::read("intents.json")?)?;

    let mut words = vec![];
    let mut classes = vec![];
    let mut documents = vec![];
    let mut tags = vec![];
    let mut total = 0.0;
    for intent in data.item("intents")?.list()? {
        for pattern in intent.item("patterns")?.list()? {
            let tokens = pattern.text()?.to_lowercase().split_whitespace().map(str::to_string).collect::<Vec<_>>();
            words.extend(tokens.clone());
            documents.push(tokens.clone());
            tags.push(intent.item("tag")?.clone());
        }
        if !classes.contains(&intent.item("tag")?.text()?.to_string()) {
            classes.push(intent.item("tag")?.text()?.to_string());
        }
        total += intent.item("weight")?.float()?;
        println!("{} {} {}", intent.item("tag")?.show(), intent.item("patterns")?.size()?, intent.item("weight")?.show());
    }
    let words = words.iter().cloned().collect::<BTreeSet<String>>().into_iter().collect::<Vec<String>>();
    println!("{} words, {} classes, {} documents {total:?}", words.len(), classes.len(), documents.len());

    let mut rows = vec![];
    let mut targets = vec![];
    for (i, tokens) in documents.iter().enumerate() {
        rows.push(words.iter().map(|word| if tokens.iter().any(|text| text == word) { 1 } else { 0 }).collect::<Vec<usize>>());
        let mut output_row = [0].repeat(classes.len());
        output_row[{
            let item = tags[i].text()?;
            classes.iter().position(|x| *x == item).ok_or_else(|| Error::new("it is not in the list"))?
        }] = 1;
        targets.push(output_row);
    }
    let x_train = rows.iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>().to_tensor()?.to_dtype(DType::F32)?;
    let y_train = targets.iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>().to_tensor()?.to_dtype(DType::F32)?;
    println!("{:?} {:?}", x_train.dims(), y_train.dims());

    let mut model = Sequential::new(layers![]);
    model.add(Input::shape([x_train.i(0)?.dim(0)?]));
    model.add(Dense::new(16).activation("relu"));
    model.add(Dropout::new(0.2));
    model.add(Dense::new(classes.len()).activation("softmax"));
    model.compile("adam", Compile::loss("categorical_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(8).batch_size(4).verbose(0))?;
    println!("loss: {:.4}", history["loss"][history["loss"].len() - 1]);

    for sentence in ["hello friend", "bye", "thank you a lot"] {
        let probabilities = model.predict_with(&Tensor::stack(&[&bag_of_words(sentence, &words)?], 0)?, Predict::new().verbose(0))?.i(0)?;
        let tag = classes[ops::argmax(&probabilities.flatten_all()?, 0)?.to_dtype(DType::U32)?.to_scalar::<u32>()? as usize].clone();
        println!("{sentence} -> {tag} {} {}", get_response(&tag, &data)?, numpy::array_str(&ops::round(&probabilities, 3)?)?);
    }

    let f = python::files::read("boxes.json")?;
    let annotations = python::json::loads::<serde_json::Value>(&f)?;
    let mut boxes = vec![];
    let mut names = vec![];
    for (key, value) in annotations.dict()?.iter().map(|(a, b)| (a.clone(), b.clone())).collect::<Vec<(String, serde_json::Value)>>() {
        for ann in value.item("ann")?.list()? {
            if ann.item("cls")?.as_str() == Some("date") {
                let parts = ann.item("bbox")?.parts(4)?;
                let (start_x, start_y, end_x, end_y) = (parts[0].clone(), parts[1].clone(), parts[2].clone(), parts[3].clone());
                let start_x = start_x.float()? / 16.0;
                boxes.push(vec![start_x, start_y.float()? / 16.0, end_x.float()? / 16.0, end_y.float()? / 16.0]);
                names.push(key.clone());
            }
        }
        if value.has("checked")? {
            println!("{key} is checked");
        }
    }
    let boxes = boxes.to_tensor()?;
    println!("{names:?} {:?} {:?}", boxes.dims(), ops::mean(&boxes, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    let areas = python::json::array(&annotations.item("a.png")?.item("ann")?.list()?.iter().map(|ann| Ok::<_, Error>(ann.item("bbox")?.clone())).collect::<Result<Vec<serde_json::Value>>>()?)?;
    println!("{:?} {:?} {}", areas.dims(), ops::sum(&areas, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, annotations.item("b.png")?.item("ann")?.element(0)?.item("bbox")?.element(-1)?.show());
    for name in annotations.dict()?.keys() {
        println!("{name}");
    }
    Ok(())
}

fn get_response(tag: &str, intents_json: &serde_json::Value) -> Result<String> {
    // A response of the intent with this tag.
    let mut response = "?".to_string();
    for intent in intents_json.item("intents")?.list()? {
        if intent.item("tag")?.as_str() == Some(&tag[..]) {
            response = python::random::choice(intent.item("responses")?.list()?)?.text()?.to_string();
            break;
        }
    }
    Ok(response)
}

fn bag_of_words(sentence: &'static str, vocabulary: &[String]) -> Result<Tensor> {
    let tokens = sentence.to_lowercase().split_whitespace().map(str::to_string).collect::<Vec<_>>();
    Ok(Tensor::new(&vocabulary.iter().map(|word| if tokens.iter().any(|text| text == word) { 1.0 } else { 0.0 }).collect::<Vec<f64>>()[..], &Device::Cpu)?)
}
