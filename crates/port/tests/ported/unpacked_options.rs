// Ported from unpacked_options.py.
// Options in dicts, sizes of arrays in shapes, and formats in variables: what `*` and `**` take apart.

use candle_keras::candle_core::IndexOp;
use candle_keras::data::ToTensor;
use candle_keras::layers::{Conv3D, ConvLSTM2D, Shape};
use candle_keras::prelude::*;
use candle_keras::{numpy, ops, python};
use indexmap::IndexMap;
use ndarray::ArrayD;


fn main() -> Result<()> {
    let mut rng = numpy::random::RandomState::new(0);
    let x_train = rng.rand((6, 4, 5, 5, 1))?.to_dtype(DType::F32)?;
    let y_train = rng.rand((6, 4, 5, 5, 1))?.to_dtype(DType::F32)?;

    let inp = Input::shape([None].into_iter().chain(x_train.dims()[2..].iter().copied().map(Some)).collect::<Shape>());
    let x = ConvLSTM2D::new(2, 3).return_sequences(true).activation("relu").padding("same").call(&inp);
    let x = Conv3D::new(1, (3, 3, 3)).activation("sigmoid").padding("same").call(&x);
    let mut model = Model::new(&inp, &x)?;
    model.compile("adam", "mse")?;
    let history = model.fit(&x_train, &y_train, Fit::new().batch_size(3).epochs(2).verbose(0).shuffle(false))?;
    for &loss in &history["loss"] {
        println!("{loss:.4}");
    }

    let frames = x_train.i(0)?;
    let mut predictions = ArrayD::<f64>::zeros([&vec![3][..], &frames.i(0)?.dims().to_vec()[..]].concat());
    for i in 0..3 {
        {
            let mut part = numpy::part_mut(&mut predictions, &[i])?;
            let numbers = (&model.predict_with(&ops::expand_dims(&frames, 0)?, Predict::new().verbose(0))?.i((0, model.predict_with(&ops::expand_dims(&frames, 0)?, Predict::new().verbose(0))?.dim(1)? - 1))? + i as f64)?.to_dtype(DType::F64)?.broadcast_as(part.shape())?.flatten_all()?.to_vec1::<f64>()?;
            for (element, number) in part.iter_mut().zip(numbers) {
                *element = number;
            }
        }
    }
    println!("{} {:?}", numpy::array_str(&ops::round(&Tensor::new(ops::mean(&predictions.to_tensor()?.to_dtype(DType::F64)?, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?, &Device::Cpu)?, 4)?)?, predictions.shape());
    println!("{} frames of {} by {} pixels, {} channels", frames.dims()[0], frames.dims()[1], frames.dims()[2], frames.dims()[3]);

    let mut f = String::new();
    f.push_str("a b a c b a\n");
    python::files::write("words.txt", &f)?;
    let f = python::files::read("words.txt")?;
    let data = f.clone().replace("\n", " <eos>").split_whitespace().map(str::to_string).collect::<Vec<_>>();
    let counter = python::count(data.iter().cloned());
    let count_pairs = { let mut list = counter.iter().map(|(a, &b)| (a.clone(), b)).collect::<Vec<(String, usize)>>(); list.sort_by_key(|x| (-(x.1 as i64), x.0.clone())); list };
    let words = count_pairs.iter().map(|x_2| x_2.0.clone()).collect::<Vec<String>>();
    let counts = count_pairs.iter().map(|x_2| x_2.1).collect::<Vec<usize>>();
    println!("{:?} {:?}", words.to_vec(), counts.to_vec());
    let word_to_id = words.iter().zip(0..words.len()).map(|(a, b)| (a.clone(), b)).collect::<IndexMap<String, usize>>();
    println!("{word_to_id:?}");

    for epoch in 0..2 {
        let rows = (&Tensor::new(&[[0.5_f64, 0.25], [0.75, 1.0]], &Device::Cpu)? * (epoch + 1) as f64)?;
        println!("{:<10} | {:.2} | {:.2}", "first", rows.i(0)?.i(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, rows.i(0)?.i(1)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
        println!("{:<12} | {:.3} | {:.3}", "last", rows.i(rows.dim(0)? - 1)?.i(0)?.to_dtype(DType::F64)?.to_scalar::<f64>()?, rows.i(rows.dim(0)? - 1)?.i(1)?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    let settings = IndexMap::from([("units", 3.0), ("rate", 0.5)]);
    println!("{:?} {:?}", settings["units"], settings["rate"]);
    Ok(())
}
