// Ported from multi_input_model.py.
// Question answering with two inputs, and the priority of tickets from three.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Concatenate, Dense, Embedding, LSTM};
use candle_keras::losses::BinaryCrossentropy;
use candle_keras::optimizers::RMSprop;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, utils};
use indexmap::IndexMap;
use ndarray::ArrayD;

const TEXT_VOCABULARY: usize = 40;
const QUESTION_VOCABULARY: usize = 20;
const ANSWERS: usize = 5;
const SAMPLES: usize = 160;

fn main() -> Result<()> {
    utils::set_random_seed(404);
    numpy::random::seed(404);

    let (text, question, answers) = qa_data(SAMPLES)?;
    let one_hot = utils::to_categorical(&answers, ANSWERS)?;
    let mut qa = build_qa_model()?;

    // fit with a list of inputs, then with a dict
    let first = qa.fit([&text.to_tensor()?, &question.to_tensor()?], &one_hot, Fit::new().epochs(2).batch_size(32).verbose(0))?;
    let second = qa.fit([("text", &text), ("question", &question)], &one_hot, Fit::new().epochs(2).batch_size(32).verbose(0))?;
    for (number, loss) in [&first["loss"][..], &second["loss"][..]].concat().into_iter().enumerate() {
        println!("qa epoch {}: loss {loss:.4}", number + 1);
    }
    let scores = qa.evaluate_with([&text.to_tensor()?, &question.to_tensor()?], &one_hot, Evaluate::new().verbose(0))?;
    println!("qa: {:?}", [scores["loss"], scores["acc"]]);
    println!("answers: {} {}", numpy::array_str(&ops::argmax(&qa.predict_with([&text.to_tensor()?.i(..5)?, &question.to_tensor()?.i(..5)?], Predict::new().verbose(0))?, -1)?)?, numpy::array_str(&answers.i(..5)?)?);

    let num_tags = 4;
    let title_data = numpy::random::rand((SAMPLES, 6))?;
    let body_data = numpy::random::rand((SAMPLES, 9))?;
    let tags_data = numpy::random::randint(0, 2, (SAMPLES, num_tags))?.to_dtype(DType::F32)?;
    let priority_targets = ops::add(&ops::sum(&title_data, ops::axes(1).keepdims(true))?, &tags_data.i((.., ..1))?)?.gt(3.5)?.to_dtype(DType::F32)?;

    let mut tickets = build_ticket_model(num_tags)?;
    tickets.compile(RMSprop::new().learning_rate(0.01), Compile::loss(BinaryCrossentropy::new()).metrics(["mae"]))?;
    let history = tickets.fit([("title", &title_data), ("body", &body_data), ("tags", &tags_data)], &priority_targets, Fit::new().epochs(4).batch_size(32).verbose(0))?;
    for (epoch, (&loss, &mae)) in history["loss"].iter().zip(&history["mae"]).enumerate() {
        println!("tickets epoch {}: loss {loss:.4}, mae {mae:.4}", epoch + 1);
    }
    let scores = tickets.evaluate_with([("title", &title_data), ("body", &body_data), ("tags", &tags_data)], &priority_targets, Evaluate::new().verbose(0))?;
    let (loss, mae) = (scores["loss"], scores["mae"]);
    println!("tickets: loss {loss:.4}, mae {mae:.4}");
    println!("{}", numpy::array_str(&tickets.predict_with(&IndexMap::from([("title", title_data.clone()), ("body", body_data.clone()), ("tags", tags_data.clone())]).iter().map(|(&name, values)| Ok::<_, Error>((name, values.i(..3)?))).collect::<Result<IndexMap<&'static str, Tensor>>>()?, Predict::new().verbose(0))?.flatten_all()?)?);
    Ok(())
}

fn qa_data(n: usize) -> Result<(ArrayD<i64>, ArrayD<i64>, Tensor)> {
    // The answer is hidden at the place of the text that the question names.
    let mut text = numpy::to_ndarray::<i64>(&numpy::random::randint(ANSWERS as i64, TEXT_VOCABULARY as i64, (n, 10))?)?;
    let mut question = numpy::to_ndarray::<i64>(&numpy::random::randint(10, QUESTION_VOCABULARY as i64, (n, 4))?)?;
    let answers = numpy::random::randint(0, ANSWERS as i64, n)?;
    for row in 0..n {
        let place = row % 3;
        {
            let mut part = numpy::part_mut(&mut text, &[row, place])?;
            let numbers = answers.i(row)?.to_dtype(DType::I64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<i64>()?;
            for (element, number) in part.iter_mut().zip(numbers) {
                *element = number;
            }
        }
        numpy::part_mut(&mut question, &[row, 0])?.fill((place) as i64);
    }
    Ok((text, question, answers))
}

fn build_qa_model() -> Result<Model> {
    let text_input = Input::shape([None::<usize>]).dtype("int32").name("text");
    let embedded_text = Embedding::new(TEXT_VOCABULARY, 12).call(&text_input);
    let encoded_text = LSTM::new(16).call(&embedded_text);
    let question_input = Input::shape([None::<usize>]).dtype("int32").name("question");
    let embedded_question = Embedding::new(QUESTION_VOCABULARY, 8).call(&question_input);
    let encoded_question = LSTM::new(8).call(&embedded_question);
    let concatenated = Concatenate::new().axis(-1).call([&encoded_text, &encoded_question]);
    let answer = Dense::new(ANSWERS).activation("softmax").name("answer").call(&concatenated);
    let mut model = Model::new([&text_input, &question_input], &answer)?;
    model.compile("adam", Compile::loss("categorical_crossentropy").metrics(["acc"]))?;
    Ok(model)
}

fn build_ticket_model(num_tags: usize) -> Result<Model> {
    let title_input = Input::shape([6]).name("title");
    let body_input = Input::shape([9]).name("body");
    let tags_input = Input::shape([num_tags]).name("tags");
    let x = Concatenate::new().call([&Dense::new(8).activation("relu").call(&title_input), &Dense::new(8).activation("relu").call(&body_input), &tags_input]);
    let priority = Dense::new(1).activation("sigmoid").name("priority").call(&x);
    Model::new([&title_input, &body_input, &tags_input], &priority)
}
