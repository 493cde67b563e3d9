// Ported from python_tour.py.
// What scripts do around their models: texts, lists, arrays, counters and random choices.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Dense, LSTM};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};
use indexmap::IndexMap;
use ndarray::Array3;
use ndarray::Slice;
use ndarray::s;
use std::collections::BTreeSet;

fn main() -> Result<()> {
    // One-hot texts, whose rest is filled with blanks.
    let texts = vec!["hello", "hi", "good day", "no"];
    let characters = format!("{}{}", texts.join(""), " ").chars().collect::<BTreeSet<char>>().into_iter().collect::<Vec<char>>();
    let index = characters.iter().enumerate().map(|(i, &c)| (c, i)).collect::<IndexMap<char, usize>>();
    let longest = texts.iter().map(|&text| text.chars().count()).collect::<Vec<usize>>().into_iter().max().ok_or_else(|| Error::new("max of nothing"))?;
    let mut data = Array3::<f32>::zeros((texts.len(), longest, characters.len()));
    let mut t = 0;
    let mut i = 0;
    for (next, &text) in texts.iter().enumerate() {
        i = next;
        for (next, char) in text.chars().enumerate() {
            t = next;
            data[[i, t, index[&char]]] = 1.0;
        }
        let start1 = usize::min(t + 1, data.shape()[1]);
        data.slice_mut(s![i, start1.., index[&' ']]).fill(1.0);
    }
    println!("{} {i} {t}", numpy::array_str(&ops::sum(&data.to_tensor()?, [0, 1])?)?);

    // Columns that are computed of others.
    let mut table = numpy::to_ndarray::<f64>(&Tensor::new(&[[1.0_f64, 2.0, 3.0], [4.0, 5.0, 6.0]], &Device::Cpu)?)?;
    {
        let values = ops::add(&numpy::multiply(&table.to_tensor()?.i((.., 1))?, 2)?, &table.to_tensor()?.i((.., 2))?)?;
        let mut part = table.slice_mut(s![.., 0]);
        let numbers = values.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element = number;
        }
    }
    {
        let values = table.to_tensor()?.i((1, 0))?;
        let mut part = table.slice_each_axis_mut(|axis| match axis.axis.index() { 0 => Slice::from(0..0 + 1), 1 => Slice::from(1..), _ => Slice::from(..) });
        let numbers = values.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element += number;
        }
    }
    {
        let values = table.to_tensor()?.i((0, 2))?;
        let mut part = table.slice_each_axis_mut(|axis| match axis.axis.index() { 0 => Slice::from(1..1 + 1), 1 => Slice::from(..2), _ => Slice::from(..) });
        let numbers = values.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
        for (element, number) in part.iter_mut().zip(numbers) {
            *element = number;
        }
    }
    println!("{}", numpy::array_str(&table.to_tensor()?)?);

    // Arrays of lists, of tuples, and of texts.
    let encoded = texts.iter().map(|&text| text.chars().take(2).collect::<String>().chars().map(|c| index[&c]).collect::<Vec<usize>>()).collect::<Vec<Vec<usize>>>();
    println!("{:?} {:?}", encoded.iter().map(|row| row.iter().map(|&x| x as i64).collect::<Vec<_>>()).collect::<Vec<_>>().to_tensor()?.dims(), ops::mean(&(0..4).map(|k| (k, 0.5 * k as f64)).collect::<Vec<(usize, f64)>>().iter().map(|&(x0, x1)| [x0 as f64, x1]).collect::<Vec<_>>().to_tensor()?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    let words = vec!["zero", "one", "two", "three"];
    let order = ops::argsort(&Tensor::new(&[0.3_f64, 0.1, 0.7, 0.2], &Device::Cpu)?, -1)?;
    println!("{} {} {} {}", order.to_dtype(DType::I64)?.to_vec1::<i64>()?.iter().map(|&i| words[i as usize]).collect::<Vec<_>>().join(" "), words[words.len() - 1], words.len(), numpy::rows(&order.i(..2)?)?.into_iter().map(|k| Ok::<_, Error>(words[k.to_dtype(DType::I64)?.to_scalar::<i64>()? as usize].chars().next().unwrap())).collect::<Result<Vec<char>>>()?.iter().collect::<String>());

    // Shapes.
    let images = ops::arange(0.0, 48.0, 1.0, "int64")?.reshape((2, 4, 6))?;
    let input_shape = (6, 4);
    println!("{:?} {:?} {:?}", ops::transpose(&images, ())?.dims(), images.reshape((images.dims()[0], input_shape.0, input_shape.1))?.dims(), Tensor::zeros([&vec![3][..], &images.dims()[1..].to_vec()[..]].concat(), DType::F64, &Device::Cpu)?.dims());
    println!("{}{}", format!("{}{}", format!("{}{}", "shapes: ", format!("{:?}", images.dims())), ", "), format!("{:?}", table.shape()));

    // Lists that become shorter, and sums.
    let mut queue = vec![5, 1, 4, 2, 3];
    queue.remove(0);
    queue.remove(queue.len() - 1);
    let mut ages = IndexMap::from([("ann", 31), ("bob", 27), ("cid", 45)]);
    ages.shift_remove("bob").ok_or_else(|| Error::new("there is no such key in the dict"))?;
    println!("{queue:?} {:?} {}", ages.keys().cloned().collect::<Vec<_>>(), ages.get("bob").map_or(-1, |&value| value as i64));
    println!("{} {} {}", queue.iter().copied().reduce(|a, b| a * b).ok_or_else(|| Error::new("reduce of nothing"))?, numpy::array_str(&ops::sum(&ops::stack(&vec![Tensor::new(&[1.0_f64, 2.0], &Device::Cpu)?, Tensor::new(&[3.0_f64, 4.0], &Device::Cpu)?].into_iter().collect::<Vec<Tensor>>(), 0)?, 0)?)?, ops::greater(&order, &Tensor::new(1_i64, &Device::Cpu)?)?.to_dtype(DType::I64)?.to_vec1::<i64>()?.iter().sum::<i64>() as usize);
    println!("{} {} {}", texts.iter().map(|&text| text.chars().count()).collect::<Vec<usize>>().iter().sum::<usize>() / texts.iter().map(|&text| text.chars().count()).collect::<Vec<usize>>().len(), numpy::divide(&table.to_tensor()?.i((0, 0))?, 7)?.to_dtype(DType::F64)?.to_scalar::<f64>()?.round_ties_even() as i64, numpy::array_str(&ops::concatenate(&[&order.i(..1)?.flatten_all()?, &Tensor::new(&[7_i64, 8], &Device::Cpu)?.flatten_all()?], 0)?)?);
    for k in (1..=9).rev().step_by(4) {
        println!("down to {k}");
    }
    let mut start = 0;
    while start < order.dim(0)? {
        let end = start + 3;
        println!("part {}", numpy::array_str(&order.i(start..usize::min(end, order.dim(0)?))?)?);
        start = end;
    }

    // Random choices.
    python::random::seed(5);
    numpy::random::seed(5);
    println!("{} {} {} {}", python::random::randint(1, 6)? as usize, python::random::randrange(0, 10, 1)? as usize, python::random::randrange(2, 9, 2)? as usize, *python::random::choice(&order.to_dtype(DType::I64)?.to_vec1::<i64>()?)?);
    println!("{} {}", numpy::array_str(&numpy::random::choice(20, 4, true, ())?)?, numpy::array_str(&numpy::random::choice(&Tensor::new(&[0.1_f64, 0.2, 0.3], &Device::Cpu)?, 2, true, ())?)?);

    // The texts in a model.
    utils::set_random_seed(5);
    let mut model = Sequential::new(layers![
        Input::shape((longest, characters.len())).dtype("float32"),
        LSTM::new(6),
        Dense::new(1).activation("sigmoid"),
    ]);
    model.compile("adam", "binary_crossentropy")?;
    let labels = Tensor::from_iter(texts.iter().map(|&text| text.chars().count() > 2).collect::<Vec<bool>>().iter().map(|&x| u8::from(x)), &Device::Cpu)?.to_dtype(DType::F32)?;
    let history = model.fit(&data, &labels, Fit::new().epochs(4).verbose(0))?;
    println!("losses: {:?}", history["loss"].iter().map(|&loss| python::round(loss, 4)).collect::<Vec<f64>>());
    for (&text, score) in texts.iter().zip(numpy::rows(&model.predict_with(&data, Predict::new().verbose(0))?.i((.., 0))?)?) {
        println!("{} {:.4}", python::text_repr(text), score.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(())
}
