// Ported from names_of_types.py.
// Classes and functions whose names programs have for other things.

use candle_keras::layers::Dense;
use candle_keras::ops;
use candle_keras::prelude::*;
use indexmap::IndexMap;

fn main() -> Result<()> {
    let (m, r, d, t) = (Model::new(1), OwnResult::new(2.5), OwnDense::new(3), OwnTensor::new(4));
    println!("{} {:?} {} {}", m.n, r.loss, d.k, t.k);
    let net = Sequential::new(layers![
        Input::shape([2]),
        Dense::new(3),
    ]);
    let x = Tensor::zeros((1, 2), DType::F64, &Device::Cpu)?;
    let p = net.predict_with(&x, Predict::new().verbose(0))?;
    println!("{:?} {:?}", p.dims(), ops::sum(&p, ())?.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    println!("{} {} {:?}", input(1), ops(2), predict(&net, &x)?.dims());

    let vec_ = vec![1, 2];

    let mut book = Book::new();
    book.new_(4);
    println!("{} {:?} {} {vec_:?}", if true { "True" } else { "False" }, book.pages["read"], vec(3));
    Ok(())
}

#[derive(Clone)]
struct Model {
    n: usize,
}

impl Model {
    fn new(n: usize) -> Self {

        Self { n }
    }
}

#[derive(Clone)]
struct OwnResult {
    loss: f64,
}

impl OwnResult {
    fn new(loss: f64) -> Self {

        Self { loss }
    }
}

#[derive(Clone)]
struct OwnDense {
    k: usize,
}

impl OwnDense {
    fn new(k: usize) -> Self {

        Self { k }
    }
}

#[derive(Clone)]
struct OwnTensor {
    k: usize,
}

impl OwnTensor {
    fn new(k: usize) -> Self {

        Self { k }
    }
}

fn input(a: usize) -> usize {
    a + 1
}

fn ops(a: usize) -> usize {
    a * 2
}

fn predict(model: &Sequential, x: &Tensor) -> Result<Tensor> {
    Ok(model.predict_with(x, Predict::new().verbose(0))?)
}

#[derive(Clone)]
struct Book {
    pages: IndexMap<&'static str, Vec<usize>>,
}

impl Book {
    fn new() -> Self {
        let pages = IndexMap::from([("read", vec![]), ("left", vec![])]);
        Self { pages }
    }

    fn new_(&mut self, page: usize) {
        self.pages["read"].push(page);
    }
}

fn vec(x: usize) -> usize {
    x * 10
}
