// Ported from pretrained_embeddings.py.
// Text classification that starts from given word vectors.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::initializers::Constant;
use candle_keras::layers::{Conv1D, Dense, Embedding, GlobalMaxPooling1D};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};
use indexmap::IndexMap;
use ndarray::Array2;
use ndarray::s;

const EMBEDDING_DIM: usize = 10;
const MAX_WORDS: usize = 40;
const MAX_LEN: usize = 8;

fn main() -> Result<()> {
    utils::set_random_seed(5);
    numpy::random::seed(5);

    let animals = vec!["cat", "dog", "horse", "cow", "goose", "mouse"];
    let tools = vec!["hammer", "saw", "drill", "wrench", "nail", "screw"];
    let fillers = vec!["the", "a", "and", "with", "my", "old", "big", "small"];

    // A file of vectors has one word a line; the lines are made up here.
    let mut lines = vec![];
    for (_number, words) in vec![animals.clone(), tools.clone(), fillers.clone()].into_iter().enumerate() {
        let centre = numpy::random::normal(0.0, 1.0, EMBEDDING_DIM)?;
        for &word in python::slice(&words, ..-1) {
            let vector = ops::add(&centre, &(0.3 * &numpy::random::normal(0.0, 1.0, EMBEDDING_DIM)?)?)?;
            lines.push(format!("{}{}", format!("{}{}", word, " "), numpy::rows(&vector)?.into_iter().map(|v| Ok::<_, Error>(format!("{:.4}", v.to_dtype(DType::F64)?.to_scalar::<f64>()?))).collect::<Result<Vec<String>>>()?.join(" ")));
        }
    }

    let mut embeddings_index = IndexMap::new();
    for line in &lines {
        let values = line.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        let word = values[0].clone();
        let coefs = numpy::from_texts(python::slice(&values, 1..))?.to_dtype(DType::F32)?;
        embeddings_index.insert(word.clone(), coefs.clone());
    }
    println!("Found {} word vectors.", embeddings_index.len());

    // Sentences, with the label 0 for animals and 1 for tools
    let mut texts = vec![];
    let mut labels = vec![];
    for i in 0..120 {
        let label = i % 2;
        let subject = if label == 0 { &animals } else { &tools };
        let mut words = numpy::rows(&numpy::random::randint(0, fillers.len() as i64, 4)?)?.into_iter().map(|j| Ok::<_, Error>(fillers[j.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize])).collect::<Result<Vec<&'static str>>>()?;
        words.insert(numpy::random::randint_scalar(0, 4)? as usize, subject[numpy::random::randint_scalar(0, subject.len() as i64)? as usize]);
        texts.push(words.join(" "));
        labels.push(label);
    }
    println!("{} | {}", texts[0], texts[1]);

    let mut word_index = IndexMap::new();
    for text in &texts {
        for word in text.split_whitespace().map(str::to_string).collect::<Vec<_>>() {
            if !word_index.contains_key(&word) {
                word_index.insert(word.clone(), word_index.len() + 1);
            }
        }
    }
    println!("Found {} unique tokens.", word_index.len());

    let mut data = Array2::<i64>::zeros((texts.len(), MAX_LEN));
    for (i, text) in texts.iter().enumerate() {
        for (j, word) in text.split_whitespace().map(str::to_string).collect::<Vec<_>>().into_iter().enumerate() {
            data[[i, j]] = (word_index[&word]) as i64;
        }
    }
    let labels = Tensor::from_iter(labels.iter().map(|&x| x as i64), &Device::Cpu)?;

    // prepare embedding matrix
    let num_words = usize::min(MAX_WORDS, word_index.len() + 1);
    let mut hits = 0;
    let mut misses = 0;
    let mut embedding_matrix = Array2::<f64>::zeros((num_words, EMBEDDING_DIM));
    for (word, &i) in &word_index {
        if i >= num_words {
            continue;
        }
        let embedding_vector = embeddings_index.get(word);
        if let Some(embedding_vector) = embedding_vector {
            {
                let mut part = embedding_matrix.slice_mut(s![i, ..]);
                let numbers = embedding_vector.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
                for (element, number) in part.iter_mut().zip(numbers) {
                    *element = number;
                }
            }
            hits += 1;
        } else {
            misses += 1;
        }
    }
    println!("Converted {hits} words ({misses} misses)");

    let embedding_layer = Embedding::new(num_words, EMBEDDING_DIM).embeddings_initializer(Constant::new(&embedding_matrix.to_tensor()?)).trainable(false);
    let int_sequences_input = Input::shape([MAX_LEN]).dtype("int64");
    let embedded = embedding_layer.call(&int_sequences_input);
    let x = Conv1D::new(16, 3).activation("relu").call(&embedded);
    let x = GlobalMaxPooling1D::new().call(&x);
    let preds = Dense::new(2).activation("softmax").call(&x);
    let mut model = Model::new(&int_sequences_input, &preds)?;

    model.compile("rmsprop", Compile::loss("sparse_categorical_crossentropy").metrics(["acc"]))?;
    let history = model.fit(&data.to_tensor()?.i(..96)?, &labels.i(..96)?, Fit::new().batch_size(16).epochs(4).verbose(0).validation_data(&data.to_tensor()?.i(96..)?, &labels.i(96..)?))?;
    for (epoch, &loss) in history["loss"].iter().enumerate() {
        println!("epoch {} loss {loss:.4} acc {:.4}", epoch + 1, history["acc"][epoch]);
    }
    let scores = model.evaluate_with(&data.to_tensor()?.i(96..)?, &labels.i(96..)?, Evaluate::new().verbose(0))?;
    println!("validation: {:?}", [scores["loss"], scores["acc"]]);
    println!("{}", numpy::array_str(&model.predict_with(&data.to_tensor()?.i(96..99)?, Predict::new().verbose(0))?)?);
    Ok(())
}
