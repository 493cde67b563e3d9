//! The ops with hand-written gradients, forward and backward, in elements per second: `cargo bench --bench ops`.
//!
//! An element is a multiply-add for ops that consist of products, and an output element for others. benches/README.md
//! has figures.

use candle_core::Var;
use candle_keras::prelude::*;
use candle_keras_ops::{self as ops, random::Stream};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Op = Box<dyn Fn(&[Tensor]) -> candle_core::Result<Tensor>>;

fn values(dims: &[usize], seed: u64) -> Var {
    let numbers = Stream::new(seed, 0).uniform_f32(dims.iter().product()).into_iter().map(|x| x - 0.5).collect();
    Var::from_vec::<_, f32>(numbers, dims, &Device::Cpu).expect("the numbers fit the shape")
}

/// Name, elements of the forward pass, shapes of the inputs, the op.
fn cases() -> Vec<(&'static str, u64, Vec<Vec<usize>>, Op)> {
    use ops::{Axis, Cell, FusedActivation, Groups, Outputs, Padding, Pool, RnnConfig};
    let shapes = |shapes: &[&[usize]]| shapes.iter().map(|shape| shape.to_vec()).collect::<Vec<_>>();
    let window = |input: usize, window: usize, stride: usize| Axis::new(input, window, stride, 1, Padding::Valid);
    let config = RnnConfig {
        cell: Cell::Lstm,
        activation: FusedActivation::Tanh,
        recurrent_activation: FusedActivation::Sigmoid,
        backwards: false,
        in_order: false,
        zero_masked: false,
        outputs: Outputs::Last,
    };
    let attention = |dropout| -> Op {
        Box::new(move |x| {
            let by = ops::Attention { scale: 0.2, dropout, ..Default::default() };
            ops::attention(&x[0], &x[1], &x[2], by, &mut Stream::new(1, 0))
        })
    };
    vec![
        (
            "dense 128 x 784 x 512, relu",
            128 * 784 * 512,
            shapes(&[&[128, 784], &[784, 512], &[512]]),
            Box::new(|x| ops::dense(&x[0], &x[1], Some(&x[2]), FusedActivation::Relu)),
        ),
        (
            "conv2d 128 x 13 x 13 x 32, 64 filters of 3 x 3",
            128 * 11 * 11 * 9 * 32 * 64,
            shapes(&[&[128, 13, 13, 32], &[3, 3, 32, 64], &[64]]),
            Box::new(move |x| {
                let axes = [window(13, 3, 1); 2];
                ops::conv(&x[0], &x[1], Some(&x[2]), &axes, 1, FusedActivation::Relu)
            }),
        ),
        (
            "depthwise conv 8 x 56 x 56 x 64, windows of 3 x 3",
            8 * 54 * 54 * 9 * 64,
            shapes(&[&[8, 56, 56, 64], &[3, 3, 64, 1], &[64]]),
            Box::new(move |x| {
                let axes = [window(56, 3, 1); 2];
                ops::depthwise_conv(&x[0], &x[1], Some(&x[2]), &axes, FusedActivation::Relu)
            }),
        ),
        (
            "conv3d 4 x 16 x 16 x 16 x 16, 32 filters of 3 x 3 x 3",
            4 * 14 * 14 * 14 * 27 * 16 * 32,
            shapes(&[&[4, 16, 16, 16, 16], &[3, 3, 3, 16, 32], &[32]]),
            Box::new(move |x| {
                let axes = [window(16, 3, 1); 3];
                ops::conv(&x[0], &x[1], Some(&x[2]), &axes, 1, FusedActivation::Relu)
            }),
        ),
        (
            "max pooling 128 x 26 x 26 x 32 by 2",
            128 * 26 * 26 * 32,
            shapes(&[&[128, 26, 26, 32]]),
            Box::new(move |x| ops::pool(&x[0], Pool::Max, &[window(26, 2, 2); 2])),
        ),
        (
            "LSTM 32 x 80 x 128, the products with the state",
            32 * 80 * 128 * 512,
            shapes(&[&[32, 80, 512], &[128, 512]]),
            Box::new(move |x| {
                let (inputs, kernel) = (&x[0], &x[1]);
                let x = ops::Sequences { inputs, kernel, bias: None, state: None, mask: None, dropout: None };
                Ok(ops::recurrent(config, x)?.states.remove(0))
            }),
        ),
        (
            "ConvLSTM 8 x 10 x 32 x 32 x 16, the products with the state",
            8 * 9 * 32 * 32 * 9 * 16 * 64,
            shapes(&[&[8, 10, 32, 32, 64], &[3, 3, 16, 64]]),
            Box::new(move |x| {
                let (inputs, kernel) = (&x[0], &x[1]);
                let x = ops::Sequences { inputs, kernel, bias: None, state: None, mask: None, dropout: None };
                Ok(ops::conv_lstm(config, x)?.states.remove(0))
            }),
        ),
        (
            "additive scores 32 x 20 x 80 x 64",
            32 * 20 * 80 * 64,
            shapes(&[&[32, 20, 64], &[32, 80, 64], &[64]]),
            Box::new(|x| ops::additive_scores(&x[0], &x[1], Some(&x[2]))),
        ),
        ("attention 32 x 200 x 2 x 32", 2 * 32 * 2 * 200 * 200 * 32, vec![vec![32, 200, 2, 32]; 3], attention(0.0)),
        (
            "attention 32 x 200 x 2 x 32, a tenth dropped",
            2 * 32 * 2 * 200 * 200 * 32,
            vec![vec![32, 200, 2, 32]; 3],
            attention(0.1),
        ),
        (
            "dropout 128 x 512",
            128 * 512,
            shapes(&[&[128, 512]]),
            Box::new(|x| ops::dropout(&x[0], 0.2, &mut Stream::new(1, 0))),
        ),
        (
            "layer normalization 6400 x 32",
            6400 * 32,
            shapes(&[&[6400, 32], &[32], &[32]]),
            Box::new(|x| {
                let by = Groups { repeats: 1, groups: 1, center: true, epsilon: 1e-6 };
                ops::normalize(&x[0], Some(&x[1]), Some(&x[2]), by)
            }),
        ),
        ("softmax 6400 x 200", 6400 * 200, shapes(&[&[6400, 200]]), Box::new(|x| ops::softmax(&x[0], -1))),
        ("tanh of a million", 1 << 20, shapes(&[&[1 << 20]]), Box::new(|x| ops::tanh(&x[0]))),
    ]
}

fn forward_and_backward(c: &mut Criterion) {
    for (name, elements, shapes, op) in cases() {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(elements)).sample_size(20);
        let inputs: Vec<Var> = shapes.iter().enumerate().map(|(i, dims)| values(dims, i as u64)).collect();
        let tensors: Vec<Tensor> = inputs.iter().map(|input| input.as_tensor().clone()).collect();
        let detached: Vec<Tensor> = tensors.iter().map(Tensor::detach).collect();
        group.bench_function("forwards", |b| b.iter(|| op(&detached).expect("the shapes match the op")));
        group.bench_function("and back", |b| {
            b.iter(|| {
                let tape = ops::Tape::start();
                let loss = op(&tensors).and_then(|y| ops::mean(&y, ())).expect("the shapes match the op");
                tape.backward(&loss).expect("the op has gradients")
            });
        });
        group.finish();
    }
}

criterion_group!(benches, forward_and_backward);
criterion_main!(benches);
