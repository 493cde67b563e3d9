// Ported from tweets_tokenizer.py.
// Moods of short messages, with the Tokenizer of Keras 2 and vectors of words from a file.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::initializers::Constant;
use candle_keras::layers::{Dense, Dropout, Embedding, LSTM};
use candle_keras::optimizers::Adam;
use candle_keras::prelude::*;
use candle_keras::preprocessing::text::Tokenizer;
use candle_keras::preprocessing::text;
use candle_keras::utils::Pad;
use candle_keras::{Error, numpy, ops, python, utils};
use indexmap::IndexMap;
use ndarray::Array2;
use ndarray::s;

const EMBEDDING_DIM: usize = 6;
const MAX_NUM_WORDS: usize = 15;
const MAX_SEQUENCE_LENGTH: usize = 6;

fn main() -> Result<()> {
    numpy::random::seed(12);

    let happy = vec!["sunny", "great", "love", "cheerful", "won", "holiday"];
    let sad = vec!["rainy", "awful", "miss", "gloomy", "lost", "monday"];
    let others = vec!["the", "day", "was", "so", "and", "my", "team", "we"];

    // A file as that of GloVe: a word a line, and its numbers.
    let mut f = String::new();
    for (kind, words) in vec![happy.clone(), sad.clone(), others.clone()].into_iter().enumerate() {
        let center = numpy::random::normal(kind as f64 - 1.0, 1.0, EMBEDDING_DIM)?;
        for &word in python::slice(&words, ..-1) {
            let numbers = ops::add(&center, &numpy::random::normal(0.0, 0.3, EMBEDDING_DIM)?)?;
            f.push_str(&format!("{}{}", format!("{}{}", format!("{}{}", word, " "), numpy::rows(&numbers)?.into_iter().map(|number| Ok::<_, Error>(format!("{:.4}", number.to_dtype(DType::F64)?.to_scalar::<f64>()?))).collect::<Result<Vec<String>>>()?.join(" ")), "\n"));
        }
    }
    python::files::write("vectors.txt", &f)?;

    let mut texts = vec![];
    let mut labels = vec![];
    for i in 0..160 {
        let label = i % 2;
        let mut words = numpy::rows(&numpy::random::randint(0, others.len() as i64, 4)?)?.into_iter().map(|j| Ok::<_, Error>(others[j.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize])).collect::<Result<Vec<&'static str>>>()?;
        if label == 1 {
            words.push(happy[numpy::random::randint_scalar(0, happy.len() as i64)? as usize]);
        } else {
            words.push(sad[numpy::random::randint_scalar(0, sad.len() as i64)? as usize]);
        }
        texts.push(format!("{}{}", words.join(" ").chars().take(1).flat_map(char::to_uppercase).chain(words.join(" ").chars().skip(1).flat_map(char::to_lowercase)).collect::<String>(), "!"));
        labels.push(label);
    }
    let labels = Tensor::from_iter(labels.iter().map(|&x| x as i64), &Device::Cpu)?;
    println!("{} | {}", texts[0], texts[1]);
    println!("{:?}", text::text_to_word_sequence(&texts[2]));

    let mut tokenizer = Tokenizer::new().num_words(MAX_NUM_WORDS).oov_token("<OOV>");
    tokenizer.fit_on_texts(python::slice(&texts, ..120).to_vec());
    let word_index = tokenizer.word_index();
    println!("Found {} unique tokens.", word_index.len());
    println!("{} {:?}", word_index["<OOV>"], python::slice(&word_index.iter().map(|(a, &b)| (a.clone(), b)).collect::<Vec<(String, usize)>>(), ..4).to_vec());
    println!("{} {} {}", tokenizer.document_count(), tokenizer.word_counts()["team"], tokenizer.index_word()[&3]);

    let train_sequences = tokenizer.texts_to_sequences(python::slice(&texts, ..120).to_vec());
    let test_sequences = tokenizer.texts_to_sequences(python::slice(&texts, 120..).to_vec());
    println!("{:?}", python::slice(&train_sequences, ..2));
    println!("{:?}", tokenizer.sequences_to_texts(python::slice(&train_sequences, ..2)));
    let x_train = utils::pad_sequences(&train_sequences, Pad::new().maxlen(MAX_SEQUENCE_LENGTH).padding("post").truncating("post"))?;
    let x_test = utils::pad_sequences(&test_sequences, Pad::new().maxlen(MAX_SEQUENCE_LENGTH).padding("post").truncating("post"))?;
    let (y_train, y_test) = (labels.i(..120)?, labels.i(120..)?);
    println!("Shape of data tensor: {:?}", x_train.dims());

    // Words as vectors.
    let mut embeddings_index = IndexMap::new();
    let f = python::files::read("vectors.txt")?;
    for line in f.split_inclusive('\n') {
        let parts = line.trim_start().splitn(2, char::is_whitespace).map(|part| part.trim_start().to_string()).filter(|part| !part.is_empty()).collect::<Vec<_>>();
        let (word, coefs) = (parts[0].clone(), parts[1].clone());
        let coefs = numpy::fromstring(&coefs, " ")?.to_dtype(DType::F32)?;
        embeddings_index.insert(word.clone(), coefs.clone());
    }
    println!("Found {} word vectors.", embeddings_index.len());

    let vocab_size = usize::min(MAX_NUM_WORDS, tokenizer.word_index().len() + 1);
    let mut embedding_matrix = Array2::<f64>::zeros((vocab_size, EMBEDDING_DIM));
    for (word, &i) in tokenizer.word_index() {
        if i >= vocab_size {
            continue;
        }
        let embedding_vector = embeddings_index.get(word);
        if let Some(embedding_vector) = embedding_vector {
            // Words that are not in the file stay zeros.
            {
                let mut part = embedding_matrix.slice_mut(s![i, ..]);
                let numbers = embedding_vector.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
                for (element, number) in part.iter_mut().zip(numbers) {
                    *element = number;
                }
            }
        }
    }
    println!("{} {:?}", numpy::array_str(&embedding_matrix.to_tensor()?.i(2)?)?, ops::sum(&embedding_matrix.to_tensor()?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    let mut model = Sequential::new(layers![]);
    model.add(Embedding::new(vocab_size, EMBEDDING_DIM).embeddings_initializer(Constant::new(&embedding_matrix.to_tensor()?)).trainable(false));
    model.add(LSTM::new(8));
    model.add(Dropout::new(0.2));
    model.add(Dense::new(1).activation("sigmoid"));
    model.compile(Adam::new().learning_rate(0.01), Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    let history = model.fit(&x_train, &y_train, Fit::new().epochs(4).batch_size(16).validation_data(&x_test, &y_test).verbose(0))?;
    println!("{:?}", &history["loss"]);
    println!("{:?}", &history["val_accuracy"]);

    let new = utils::pad_sequences(&tokenizer.texts_to_sequences(["My sunny day", "the gloomy team lost"]), Pad::new().maxlen(MAX_SEQUENCE_LENGTH).padding("post"))?;
    println!("{}", numpy::array_str(&model.predict_with(&new, Predict::new().verbose(0))?.i((.., 0))?)?);

    // The same texts as rows of words, for a model without an order of words.
    let mut bag = Tokenizer::new().num_words(20);
    bag.fit_on_texts(python::slice(&texts, ..120).to_vec());
    for mode in ["binary", "count", "freq", "tfidf"] {
        let matrix = bag.texts_to_matrix(python::slice(&texts, ..120).to_vec(), mode)?;
        println!("{mode} {:?} {:?} {}", matrix.dims(), ops::sum(&matrix, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, numpy::array_str(&matrix.i((0, ..5))?)?);
    }
    let rows_train = bag.texts_to_matrix(python::slice(&texts, ..120).to_vec(), "tfidf")?;
    let rows_test = bag.sequences_to_matrix(&bag.texts_to_sequences(python::slice(&texts, 120..).to_vec()), "tfidf")?;
    let mut small = Sequential::new(layers![
        Input::shape([20]),
        Dense::new(8).activation("relu"),
        Dense::new(1).activation("sigmoid"),
    ]);
    small.compile("adam", Compile::loss("binary_crossentropy").metrics(["accuracy"]))?;
    small.fit(&rows_train, &y_train, Fit::new().epochs(3).batch_size(16).verbose(0))?;
    let scores = small.evaluate_with(&rows_test, &y_test, Evaluate::new().verbose(0))?;
    println!("{:?}", [scores["loss"], scores["accuracy"]]);

    // Characters in place of words.
    let mut characters = Tokenizer::new().char_level(true).lower(false).filters("");
    characters.fit_on_texts(&texts);
    println!("{} {:?}", characters.word_index().len(), characters.texts_to_sequences(["We won"]));
    Ok(())
}
