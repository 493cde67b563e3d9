// Ported from stations.py.
// Air at several stations: a script that is not ported in part, with functions that nothing calls, or that only such lines call.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::Table;
use candle_keras::layers::{Dense, LSTM};
use candle_keras::prelude::*;
use candle_keras::{Error, cv2, ops, python, sklearn};
use ndarray::Array2;
use ndarray::s;
use std::collections::BTreeSet;
use std::path::Path;

fn main() -> Result<()> {
    let (look_back, look_ahead) = (8, 2);

    let mut stop_words = BTreeSet::<String>::new();
    // for line in jieba.lines("stop.txt"):
    //     stop_words.add(line.strip())
    gap(83, "jieba.lines, which has no counterpart here")?;

    let (_scaler, x, y) = get_data(&stations()?, look_back, look_ahead)?;
    let mut model = Sequential::new(layers![
        Input::shape((look_back, 1)),
        LSTM::new(units()?),
        Dense::new(look_ahead),
    ]);
    model.compile("adam", "mse")?;
    if should_train()? {
        model.fit(&x, &y, Fit::new().epochs(epochs()?).batch_size(batch_size()?))?;
    }

    let images = Tensor::stack(&load_images("sky")?, 0)?;
    println!("{:?}", images.dims());

    let mut sounds = vec![];
    for name in python::files::listdir("sounds")? {
        let (sound, _rate) = line_97(&name)?;
        sounds.push(ops::mean(&sound, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    let sounds = Tensor::new(&sounds[..], &Device::Cpu)?;
    println!("{:?}", ops::mean(&sounds, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);

    // with soundfile.open("new.wav") as file:
    //     print(bag_of_words("a windy day", ["wind", "day"]))
    //     window = Window([1, 2, 3], 2, 3)
    gap(102, "with")?;
    Ok(())
}

fn process_data(data: &Tensor, back: usize, ahead: usize) -> Result<(Tensor, Tensor)> {
    let (mut x, mut y) = (vec![], vec![]);
    for i in 0..data.dim(0)? {
        if i + back + ahead < data.dim(0)? {
            x.push(data.i((i..usize::min(i + back, data.dim(0)?), 0))?);
            y.push(data.i((usize::min(i + back, data.dim(0)?)..usize::min(i + back + ahead, data.dim(0)?), 0))?);
        }
    }
    Ok((Tensor::stack(&x, 0)?, Tensor::stack(&y, 0)?))
}

fn get_data(df: &Table, back: usize, ahead: usize) -> Result<(sklearn::MinMaxScaler, Tensor, Tensor)> {
    let values = df.column("ozone")?.iloc(1..)?;
    let mut scaler = sklearn::MinMaxScaler::new();
    scaler.fit(&values.values()?.reshape(((), 1))?)?;
    let scaled = scaler.transform(&values.values()?.reshape(((), 1))?)?;
    let (x, y) = process_data(&scaled, back, ahead)?;
    let x = x.reshape((x.dims()[0], x.dims()[1], 1))?;
    Ok((scaler, x, y))
}

fn load_images(folder: &'static str) -> Result<Vec<Tensor>> {
    let mut images = vec![];
    for name in python::files::listdir(folder)? {
        let image = cv2::imread(&Path::new(folder).join(&name), cv2::Read::Color).ok();
        if let Some(image) = image {
            images.push(cv2::resize(&image, [32, 32], cv2::Interpolation::Linear)?);
        }
    }
    Ok(images)
}

#[allow(dead_code)]
fn clean_text(text: &str, stop_words: &BTreeSet<String>) -> Result<Vec<String>> {
    let words = line_47(text)?;
    Ok(words.iter().filter(|&word| !stop_words.contains(word)).map(|word| word.clone()).collect::<Vec<String>>())
}

// To be written by hand: jieba.lcut, which has no counterpart here.
//     words = jieba.lcut(text)
#[allow(unused_variables)]
fn line_47(text: &str) -> Result<Vec<String>> {
    Err(Error::new("line 47 of stations.py is not ported: jieba.lcut, which has no counterpart here"))
}

#[allow(dead_code)]
fn bag_of_words(text: &str, vocabulary: &[String], stop_words: &BTreeSet<String>) -> Result<Tensor> {
    let mut bag = [0].repeat(vocabulary.len());
    for word in clean_text(text, stop_words)? {
        for (index, known) in vocabulary.iter().enumerate() {
            if *known == word {
                bag[index] = 1;
            }
        }
    }
    Ok(Tensor::from_iter(bag.iter().map(|&x| x as i64), &Device::Cpu)?)
}

#[allow(dead_code)]
fn plot_losses(history: &History, metric: &str) -> Result<()> {
    println!("{:?}", &history[&format!("{}{}", "val_", metric)]);
    Ok(())
}

#[allow(dead_code)]
#[derive(Clone)]
struct Window {
    data: Vec<usize>,
    steps: usize,
    vocabulary: usize,
}

#[allow(dead_code)]
impl Window {
    fn new(data: &[usize], steps: usize, vocabulary: usize) -> Self {
        let data_ = data.to_vec();
        Self { data: data_, steps, vocabulary }
    }

    #[allow(dead_code)]
    fn shapes(&self) -> Result<(Vec<usize>, usize)> {
        let mut x = Array2::<f64>::zeros((self.steps, self.vocabulary));
        {
            let values = Tensor::from_iter(python::slice(&self.data, 0..self.vocabulary).iter().map(|&x| x as i64), &Device::Cpu)?;
            let mut part = x.slice_mut(s![0, ..]);
            let numbers = values.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
            for (element, number) in part.iter_mut().zip(numbers) {
                *element = number;
            }
        }
        Ok((x.shape().to_vec(), self.data.len()))
    }
}

// To be written by hand: stations is not defined before.
fn stations() -> Result<Table> {
    Err(Error::new("line 86 of stations.py is not ported: stations is not defined before"))
}

// To be written by hand: units is not defined before.
fn units() -> Result<usize> {
    Err(Error::new("line 87 of stations.py is not ported: units is not defined before"))
}

// To be written by hand: SHOULD_TRAIN is not defined before.
fn should_train() -> Result<bool> {
    Err(Error::new("line 89 of stations.py is not ported: SHOULD_TRAIN is not defined before"))
}

// To be written by hand: settings.EPOCHS as a value.
fn epochs() -> Result<usize> {
    Err(Error::new("line 90 of stations.py is not ported: settings.EPOCHS as a value"))
}

// To be written by hand: config.BATCH_SIZE as a value.
fn batch_size() -> Result<usize> {
    Err(Error::new("line 90 of stations.py is not ported: config.BATCH_SIZE as a value"))
}

// To be written by hand: soundfile.read, which has no counterpart here.
//     sound, rate = soundfile.read(name)
#[allow(unused_variables)]
fn line_97(name: &str) -> Result<(Tensor, ())> {
    Err(Error::new("line 97 of stations.py is not ported: soundfile.read, which has no counterpart here"))
}

/// Ends the program where the script has a line that is not ported.
fn gap(line: usize, reason: &str) -> Result<()> {
    Err(Error::new(format!("line {line} of stations.py is not ported: {reason}")))
}
