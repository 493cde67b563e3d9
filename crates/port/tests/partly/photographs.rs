// Ported from photographs.py.
// A script some of whose lines are not ported: the rest of its program compiles.

use candle_keras::callbacks::{EarlyStopping, Logs};
use candle_keras::candle_core::IndexOp;
use candle_keras::layers::{Conv2D, GlobalAveragePooling2D};
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python};
use indexmap::IndexMap;
use std::path::Path;

const SIZE: usize = 16;

fn main() -> Result<()> {
    let mut waiting = Vec::<f64>::new();
    let mut found = IndexMap::<(), ()>::new();
    // for path in rawpy.paths("photographs"):
    //     waiting.append(path)
    //     found[path] = len(waiting)
    gap(66, "rawpy.paths, which has no counterpart here")?;
    println!("{}", waiting.len());

    let mut model;
    if Path::new("photographs.keras").exists() {
        model = load_model()?;
    } else {
        model = line_74()?;
    }
    model.summary();

    // if SIZE > os.cpu_count():
    //     voice = speech.Voice("high")
    // else:
    //     voice = speech.Voice("low")
    gap(77, "os.cpu_count is not known here")?;
    // print(voice)
    gap(81, "it needs voice of line 77, which is not ported")?;

    // try:
    //     first = rawpy.imread("first.png")
    //     print("read")
    // except Exception:
    //     print("no first photograph")
    gap(83, "try of what is not ported in part")?;

    let columns = 4;
    let x = numpy::random::rand((columns * 2, SIZE, SIZE, 3))?;
    let tiled = ops::tile(&x.i(0)?, [columns as i64, 1, 1])?;
    let parts = ops::split(&x, (2 * columns) as i64, 0)?;
    println!("{:?} {} {}", tiled.dims(), parts.len(), x.dims().iter().product::<usize>());
    let mut progress = Progress::new();
    let stopping = EarlyStopping::new().patience(2);
    model.fit(&x, &Tensor::zeros((columns * 2, 1), DType::F64, &Device::Cpu)?, Fit::new().epochs(2).callback(&mut progress).callback(stopping).verbose(0))?;
    // base = build_base(8)
    gap(98, "build_base returns what line 35 has, which is not ported")?;
    Ok(())
}

fn load_model() -> Result<Model> {
    candle_keras::prelude::load_model("photographs.keras")
}

#[allow(dead_code, unused_variables)]
fn read_photographs(folder: &str) -> Result<()> {
    let (mut photographs, mut labels) = (Vec::<f64>::new(), vec![]);
    for name in python::files::listdir(folder)? {
        // image = rawpy.imread(os.path.join(folder, name))
        gap(20, "rawpy.imread, which has no counterpart here")?;
        // photographs.append(image)
        gap(21, "it needs image of line 20, which is not ported")?;
        labels.push(name.starts_with("cat"));
    }
    // return np.array(photographs), np.array(labels)
    gap(23, "an array of something")?;
    Ok(())
}

#[allow(dead_code, unused_variables)]
fn build_base(units: usize) -> Result<()> {
    let inputs = Input::shape((SIZE, SIZE, 3));
    let x = Conv2D::new(units, 3).activation("relu").call(&inputs);
    let x = GlobalAveragePooling2D::new().call(&x);
    // return speech.join(inputs, x)
    gap(35, "speech.join, which has no counterpart here")?;
    Ok(())
}

#[allow(dead_code)]
fn smooth(points: &Tensor, factor: f64) -> Result<Tensor> {
    println!("{:?} {factor:?}", points.dims());
    Ok(numpy::multiply(points, factor)?)
}

#[allow(dead_code)]
fn plot_losses(history: &History, title: &'static str) -> Result<()> {
    println!("{title} {:?}", &history["loss"]);
    Ok(())
}

#[allow(dead_code)]
#[derive(Clone)]
struct Scorer {
    threshold: f64,
    scores: Vec<f64>,
}

#[allow(dead_code)]
impl Scorer {
    fn new(threshold: f64) -> Self {
        let scores = Vec::<f64>::new();
        Self { threshold, scores }
    }

    #[allow(dead_code)]
    fn describe(&self, name: &'static str) -> Result<()> {
        println!("{name} {:?}", self.threshold);
        Ok(())
    }
}

struct Progress {
}

impl Progress {
    fn new() -> Self {

        Self {}
    }
}

impl Callback for Progress {
    fn on_epoch_end(&mut self, _model: &mut Model, epoch: usize, _logs: &Logs) -> Result<()> {
        println!("epoch {epoch}");
        Ok(())
    }
}

// To be written by hand: speech.build_model, which has no counterpart here.
//     model = speech.build_model(SIZE)
fn line_74() -> Result<Model> {
    Err(Error::new("line 74 of photographs.py is not ported: speech.build_model, which has no counterpart here"))
}

/// Ends the program where the script has a line that is not ported.
fn gap(line: usize, reason: &str) -> Result<()> {
    Err(Error::new(format!("line {line} of photographs.py is not ported: {reason}")))
}
