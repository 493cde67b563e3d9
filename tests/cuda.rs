//! Compares the GPU with the host: `cargo test --features cuda --test cuda`, on a machine that has one.

#![allow(clippy::unwrap_used)]

mod keras_cases;

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_keras::layers::{
    BatchNormalization, Call, Dense, Embedding, Flatten, GRU, LSTM, Layer, LayerNormalization, MultiHeadAttention,
    SimpleRNN,
};
use candle_keras::optimizers::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, Muon, Nadam, Optimizer, RMSprop, SGD,
    ScheduleFreeAdamW,
};
use candle_keras::prelude::*;
use candle_keras::utils;
use candle_keras_ops::gradcheck::{gradients, try_values, values};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{
    self as ops, Attention, Axis, Cell, Classes, FusedActivation, Groups, Outputs, Padding, Pairwise, Pool, RnnConfig,
    Sequences,
};
use std::sync::LazyLock;

/// Shared by all tests, since candle treats two devices of the same ordinal as different ones.
fn gpu() -> Device {
    static GPU: LazyLock<Device> = LazyLock::new(|| Device::new_cuda(0).expect("this test needs a GPU"));
    GPU.clone()
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// Panics if two tensors differ by more than this fraction of the largest absolute value.
fn close(what: &str, found: &Tensor, expected: &Tensor, tolerance: f64) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let (found, expected) = (floats(found), floats(expected));
    let size = expected.iter().fold(1e-3f64, |size, x| size.max(x.abs()));
    for (i, (x, y)) in found.iter().zip(&expected).enumerate() {
        assert!((x - y).abs() <= tolerance * size, "{what}: element {i} is {x} on the GPU, {y} on the host");
    }
}

/// Compares the value and the gradients of `f` on the GPU, in f32 and f64, with those on the host in f64; checks that these kernels ran, none if it is a
/// composition of candle's.
fn agree(what: &str, kernels: &[&str], inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) {
    let (value, expected) = (f(inputs).unwrap(), gradients(inputs, &f).unwrap());
    for (dtype, tolerance) in [(DType::F64, 1e-10), (DType::F32, 2e-5)] {
        let there = |x: &Tensor| x.to_device(&gpu()).unwrap().to_dtype(dtype).unwrap();
        let there: Vec<Tensor> = inputs.iter().map(there).collect();
        close(&format!("{what} in {dtype:?}"), &f(&there).unwrap(), &value, tolerance);
        let vars: Vec<Var> = there.iter().map(|x| Var::from_tensor(x).unwrap()).collect();
        let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
        let (found, launched) = ops::launched(|| {
            let tape = ops::Tape::start();
            tape.backward(&ops::gradcheck::weighted_sum(&f(&tensors).unwrap()).unwrap()).unwrap()
        });
        let missing = kernels.iter().find(|kernel| launched.iter().all(|name| name != *kernel));
        assert!(missing.is_none(), "{what} in {dtype:?} did not launch {missing:?}: {launched:?}");
        for (i, (var, expected)) in vars.iter().zip(&expected).enumerate() {
            let zeros = var.zeros_like().unwrap();
            let found = found.get(var).unwrap_or(&zeros);
            close(&format!("{what} in {dtype:?}, the gradient of input {i}"), found, expected, tolerance);
        }
    }
}

#[test]
fn dense_layers() {
    let inputs = [values([3, 2, 70], 1), values([70, 5], 2), values([5], 3)];
    for activation in ["linear", "relu", "sigmoid", "tanh"].map(|name| FusedActivation::by_name(name).unwrap()) {
        agree("dense", &["biased"], &inputs, |x| ops::dense(&x[0], &x[1], Some(&x[2]), activation));
        agree("dense without a bias", &["biased"], &inputs[..2], |x| ops::dense(&x[0], &x[1], None, activation));
    }
    // Many rows, whose bias has a gradient summed in parts.
    let inputs = [values([700, 2], 1), values([2, 40], 2), values([40], 3)];
    agree("a dense of many rows", &["biased", "column_sums"], &inputs, |x| {
        ops::dense(&x[0], &x[1], Some(&x[2]), FusedActivation::Linear)
    });
}

#[test]
fn softmaxes() {
    for width in [1, 7, 300] {
        let x = try_values(&[3, width], 1).unwrap();
        agree("softmax", &["softmax", "softmax_backward"], std::slice::from_ref(&x), |x| ops::softmax(&x[0], -1));
        agree("log_softmax", &["softmax", "softmax_backward"], std::slice::from_ref(&x), |x| {
            ops::log_softmax(&x[0], -1)
        });
    }
}

#[test]
fn losses() {
    for width in [1, 5, 200] {
        let x = try_values(&[4, width], 1).unwrap();
        let y = ops::softmax(&try_values(&[4, width], 2).unwrap(), -1).unwrap();
        let p = ops::softmax(&(&x * 0.5).unwrap(), -1).unwrap();
        let like = |y: &Tensor, x: &Tensor| y.to_device(x.device())?.to_dtype(x.dtype());
        for function in [Pairwise::SquaredError, Pairwise::AbsoluteError, Pairwise::BinaryCrossentropyOfLogits] {
            agree("pairwise_mean", &["pairwise", "pairwise_backward"], std::slice::from_ref(&x), |x| {
                ops::pairwise_mean(function, &like(&y, &x[0])?, &x[0])
            });
        }
        agree("binary cross-entropy", &["pairwise", "pairwise_backward"], std::slice::from_ref(&p), |p| {
            ops::pairwise_mean(Pairwise::BinaryCrossentropy(1e-3), &like(&y, &p[0])?, &p[0])
        });
        let ids: Vec<u32> = (0..4).map(|i| (i * 3 % width) as u32).collect();
        for epsilon in [None, Some(1e-7)] {
            let input = if epsilon.is_some() { &(&p * 2.0).unwrap() } else { &x };
            agree(
                "cross-entropy of ids",
                &["crossentropy", "crossentropy_backward"],
                std::slice::from_ref(input),
                |x| ops::crossentropy(Classes::Ids(ids.clone()), &x[0], epsilon),
            );
            agree("cross-entropy", &["crossentropy", "crossentropy_backward"], std::slice::from_ref(input), |x| {
                ops::crossentropy(Classes::Weights(like(&y, &x[0])?), &x[0], epsilon)
            });
        }
    }
}

#[test]
fn normalizations() {
    let inputs = [values([3, 2, 12], 1), values([12], 2), values([12], 3)];
    for (repeats, groups, center) in [(1, 1, true), (1, 1, false), (2, 3, true), (2, 12, true), (1, 4, true)] {
        let by = Groups { repeats, groups, center, epsilon: 1e-3 };
        agree("normalize", &["normalize", "normalize_backward"], &inputs, |x| {
            ops::normalize(&x[0], Some(&x[1]), Some(&x[2]), by)
        });
        agree("normalize without beta", &["normalize", "normalize_backward"], &inputs[..2], |x| {
            ops::normalize(&x[0], Some(&x[1]), None, by)
        });
        agree("normalize without weights", &["normalize", "normalize_backward"], &inputs[..1], |x| {
            ops::normalize(&x[0], None, None, by)
        });
    }
    let wide = [values([2, 3000], 1), values([3000], 2), values([3000], 3)];
    let by = Groups { repeats: 1, groups: 1, center: true, epsilon: 1e-3 };
    agree("normalize many", &["normalize", "normalize_backward"], &wide, |x| {
        ops::normalize(&x[0], Some(&x[1]), Some(&x[2]), by)
    });
    for of_batch in [true, false] {
        let batch_normalize = |x: &[Tensor]| {
            let other = values([5, 12], 9).to_device(x[0].device())?.to_dtype(x[0].dtype())?;
            let (mean, variance) = ops::channel_moments(if of_batch { &x[0] } else { &other }, None)?;
            ops::batch_normalize(&x[0], x.get(1), x.get(2), (&mean, &variance), 1e-3, of_batch)
        };
        agree("batch_normalize", &["normalize_channels", "normalize_channels_backward"], &inputs, batch_normalize);
        agree(
            "batch_normalize without weights",
            &["normalize_channels", "normalize_channels_backward"],
            &inputs[..1],
            batch_normalize,
        );
    }
}

#[test]
fn recurrent_layers() -> Result<()> {
    // All steps in one launch, and one step a launch.
    recurrent_layers_of(2, "_steps")?;
    recurrent_layers_of(257, "")
}

fn recurrent_layers_of(units: usize, launch: &str) -> Result<()> {
    let (batch, steps) = (3, if units > 2 { 2 } else { 4 });
    let mask = Tensor::new(&[[1u8, 1, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1]], &Device::Cpu)?.narrow(1, 0, steps)?;
    for cell in [Cell::Simple, Cell::Lstm, Cell::GruResetAfter, Cell::GruResetBefore] {
        let (width, states) = (cell.gates() * units, cell.states());
        let dropout: Vec<f64> = (0..batch * width).map(|i| if i % 5 == 0 { 0.0 } else { 2.0 }).collect();
        let dropout = Tensor::from_vec(dropout, (batch, width), &Device::Cpu)?;
        let kernels = match cell {
            Cell::Simple => "simple",
            Cell::Lstm => "lstm",
            Cell::GruResetAfter => "gru",
            Cell::GruResetBefore => "",
        };
        let kernels = [format!("{kernels}{launch}"), format!("{kernels}{launch}_backward")];
        let kernels: Vec<&str> = kernels.iter().map(String::as_str).collect();
        // Small enough not to saturate the gates of many units.
        let kernel = (try_values(&[units, width], 2)? / (units as f64).sqrt())?;
        let mut inputs = vec![try_values(&[batch, steps, width], 1)?, kernel];
        inputs.extend((0..states).map(|i| values([batch, units], 3 + i as u64)));
        if cell == Cell::GruResetAfter {
            inputs.push(try_values(&[width], 5)?);
        }
        for (masked, dropped, backwards, zero_masked) in [
            (false, false, false, false),
            (true, false, true, false),
            (true, true, false, true),
            (false, true, true, true),
        ] {
            for outputs in [Outputs::All, Outputs::Sequence, Outputs::Last] {
                // A composition computes all outputs, wanted or not. Many units take the emulator long.
                let all = outputs == Outputs::All;
                let is_composed = cell == Cell::GruResetBefore || dropped && cell.gates() > 1;
                let kernels = if is_composed { &[][..] } else { &kernels[..] };
                if is_composed && !all || units > 2 && !(all && masked && dropped) {
                    continue;
                }
                let config = RnnConfig {
                    cell,
                    activation: FusedActivation::Tanh,
                    recurrent_activation: FusedActivation::Sigmoid,
                    backwards,
                    in_order: zero_masked,
                    zero_masked,
                    outputs,
                };
                agree(&format!("{config:?}, {units}, {masked}, {dropped}"), kernels, &inputs, |x| {
                    let there = |tensor: &Tensor| tensor.to_device(x[0].device());
                    let (mask, dropout) = (there(&mask)?, there(&dropout)?);
                    let run = ops::recurrent(
                        config,
                        Sequences {
                            inputs: &x[0],
                            kernel: &x[1],
                            bias: x.get(2 + states),
                            state: Some(&x[2..2 + states]),
                            mask: masked.then_some(&mask),
                            dropout: dropped.then_some(&dropout),
                        },
                    )?;
                    let all = run.sequence.iter().chain(&run.states);
                    Tensor::cat(&all.map(Tensor::flatten_all).collect::<Result<Vec<_>>>()?, 0)
                });
            }
        }
    }
    Ok(())
}

#[test]
fn convolutional_recurrence() {
    let (batch, steps, filters) = (2, 3, 2);
    for sizes in [vec![4], vec![3, 2], vec![2, 3, 2]] {
        let windows = [3, 2, 2];
        let state = [&[batch], &sizes[..], &[filters]].concat();
        let inputs = [
            try_values(&[&[batch, steps], &sizes[..], &[4 * filters]].concat(), 1).unwrap(),
            try_values(&[&windows[..sizes.len()], &[filters, 4 * filters]].concat(), 2).unwrap(),
            try_values(&state, 3).unwrap(),
            try_values(&state, 4).unwrap(),
        ];
        for (outputs, backwards) in [(Outputs::Last, false), (Outputs::Sequence, true), (Outputs::All, true)] {
            let config = RnnConfig {
                cell: Cell::Lstm,
                activation: FusedActivation::Tanh,
                recurrent_activation: FusedActivation::Sigmoid,
                backwards,
                in_order: true,
                zero_masked: false,
                outputs,
            };
            agree("conv_lstm", &["lstm", "lstm_backward", "gather", "scatter"], &inputs, |x| {
                let state = Some(&x[2..]);
                let x = Sequences { inputs: &x[0], kernel: &x[1], bias: None, state, mask: None, dropout: None };
                let run = ops::conv_lstm(config, x)?;
                let all: Vec<Tensor> =
                    run.sequence.iter().chain(&run.states).map(|y| y.flatten_all()).collect::<Result<_>>()?;
                Tensor::cat(&all, 0)
            });
        }
    }
}

#[test]
fn convolutions_and_pooling() {
    use Padding::{Same, Valid};
    for (channels, filters, groups, windows, strides, dilations, padding) in [
        (1, 5, 1, [3, 3], [1, 1], [1, 1], Valid),
        (4, 6, 2, [3, 2], [2, 1], [1, 1], Same),
        (4, 4, 2, [2, 2], [1, 2], [2, 1], Same),
        (16, 16, 1, [3, 3], [1, 1], [1, 1], Same),
        (3, 2, 1, [1, 1], [2, 2], [1, 1], Valid),
    ] {
        let inputs = [
            values([2, 4, 5, channels], 1),
            values([windows[0], windows[1], channels / groups, filters], 2),
            values([filters], 3),
        ];
        let axis = |i: usize, size| Axis::new(size, windows[i], strides[i], dilations[i], padding);
        let axes = [axis(0, 4), axis(1, 5)];
        for activation in [FusedActivation::Linear, FusedActivation::Relu] {
            agree("conv", &["gather", "biased", "scatter"], &inputs, |x| {
                ops::conv(&x[0], &x[1], Some(&x[2]), &axes, groups, activation)
            });
        }
        for pool in [Pool::Max, Pool::Average] {
            agree(&format!("{pool:?} of {axes:?}"), &["pool", "pool_backward"], &inputs[..1], |x| {
                ops::pool(&x[0], pool, &axes)
            });
        }
    }
    let sequence = [values([2, 7, 3], 1), values([3, 3, 4], 2)];
    let axes = [Axis::new(7, 3, 1, 2, Padding::Causal)];
    agree("conv1d", &["gather", "biased", "scatter"], &sequence, |x| {
        ops::conv(&x[0], &x[1], None, &axes, 1, FusedActivation::Tanh)
    });
    let inputs = [values([2, 4, 5, 3], 1), values([2, 3, 3, 2], 2), values([6], 3)];
    let axes = [Axis::new(4, 2, 2, 1, Same), Axis::new(5, 3, 1, 1, Valid)];
    agree("depthwise_conv", &["depthwise", "depthwise_values", "depthwise_kernel"], &inputs, |x| {
        ops::depthwise_conv(&x[0], &x[1], Some(&x[2]), &axes, FusedActivation::Relu)
    });
    let inputs = [values([2, 3, 2, 3], 1), values([3, 2, 4, 3], 2), values([4], 3)];
    let axes = [Axis::transposed(3, 3, 2, 1, Same, None), Axis::transposed(2, 2, 3, 1, Valid, None)];
    agree("conv_transpose", &["gather", "scatter", "biased"], &inputs, |x| {
        ops::conv_transpose(&x[0], &x[1], Some(&x[2]), &axes, FusedActivation::Relu)
    });
    let inputs = [values([2, 3, 4, 3, 2], 1), values([2, 2, 2, 2, 3], 2)];
    let axes = [Axis::new(3, 2, 1, 1, Same), Axis::new(4, 2, 2, 1, Valid), Axis::new(3, 2, 1, 1, Valid)];
    agree("conv of volumes", &["gather", "scatter"], &inputs, |x| {
        ops::conv(&x[0], &x[1], None, &axes, 1, FusedActivation::Tanh)
    });
    for pool in [Pool::Max, Pool::Average] {
        agree("pool of volumes", &["pool", "pool_backward"], &inputs[..1], |x| ops::pool(&x[0], pool, &axes));
    }
    let kernel = values([2, 2, 2, 2, 2], 2);
    agree("depthwise_conv of volumes", &["depthwise_kernel"], &[inputs[0].clone(), kernel], |x| {
        ops::depthwise_conv(&x[0], &x[1], None, &axes, FusedActivation::Linear)
    });
    // More windows than one part of the gradient of the kernel has, and more filters than a block.
    let inputs = [values([2, 9, 8, 34], 1), values([3, 3, 34, 1], 2)];
    let axes = [Axis::new(9, 3, 1, 1, Same), Axis::new(8, 3, 1, 1, Same)];
    agree("depthwise_conv of many channels", &["depthwise_kernel"], &inputs, |x| {
        ops::depthwise_conv(&x[0], &x[1], None, &axes, FusedActivation::Linear)
    });
    let (inputs, axes) =
        ([values([2, 3, 4, 5], 1), values([1, 1, 5, 3], 2)], [3, 4].map(|size| Axis::new(size, 1, 1, 1, Same)));
    agree("conv of elements", &["biased"], &inputs, |x| ops::conv(&x[0], &x[1], None, &axes, 1, FusedActivation::Relu));
    let inputs = [values([2, 2, 2, 2, 3], 1), values([2, 1, 3, 2, 3], 2)];
    let axes = [2, 1, 3].map(|window| Axis::transposed(2, window, 2, 1, Same, None));
    agree("conv_transpose of volumes", &["gather", "scatter"], &inputs, |x| {
        ops::conv_transpose(&x[0], &x[1], None, &axes, FusedActivation::Linear)
    });
    // The first maximum gets the gradient.
    let ties = Tensor::ones((1, 4, 4, 1), DType::F64, &Device::Cpu).unwrap();
    let axes = [Axis::new(4, 3, 1, 1, Same), Axis::new(4, 2, 2, 1, Same)];
    agree("a maximum of equals", &["pool", "pool_backward"], &[ties], |x| ops::pool(&x[0], Pool::Max, &axes));
}

/// Compares the value and the gradients of `f` in 16 bits with those on the host, which adds up in float32.
fn agree_in_16_bits(what: &str, inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor>) {
    for dtype in [DType::BF16, DType::F16] {
        let of = |device: &Device| {
            let var = |x: &Tensor| Var::from_tensor(&x.to_dtype(dtype).unwrap().to_device(device).unwrap()).unwrap();
            let vars: Vec<Var> = inputs.iter().map(var).collect();
            let tensors: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
            let tape = ops::Tape::start();
            let y = f(&tensors).unwrap();
            assert_eq!(y.dtype(), dtype, "{what}");
            let gradients = tape.backward(&ops::sum(&ops::cast(&y, DType::F32).unwrap(), ()).unwrap()).unwrap();
            let rows = ops::RowIndices::default();
            let dense = |var: &Var| gradients.of(var, &rows).unwrap().map(|gradient| gradient.to_dense(var).unwrap());
            std::iter::once(Some(y)).chain(vars.iter().map(dense)).collect::<Vec<_>>()
        };
        for (i, (found, expected)) in of(&gpu()).iter().zip(&of(&Device::Cpu)).enumerate() {
            let what =
                format!("{what} in {dtype:?}, {}", if i == 0 { "its value".into() } else { format!("gradient {i}") });
            assert_eq!(found.is_some(), expected.is_some(), "{what}");
            if let (Some(found), Some(expected)) = (found, expected) {
                close(&what, found, expected, 0.02);
            }
        }
    }
}

/// In 16 bits, a sum of thousands of numbers would stop growing.
#[test]
fn sums_of_16_bits() {
    let full = |number: f64, shape: &[usize]| Tensor::full(number, shape, &Device::Cpu).unwrap();
    let (x, row) = (full(0.3, &[3000, 4]), full(0.5, &[4]));
    let both = [x.clone(), row.clone()];
    let only = std::slice::from_ref(&x);
    agree_in_16_bits("sum", only, |x| ops::sum(&x[0], 0));
    agree_in_16_bits("mean", only, |x| ops::mean(&x[0], 0));
    agree_in_16_bits("softmax", only, |x| ops::softmax(&x[0], 0));
    agree_in_16_bits("add", &both, |x| ops::add(&x[0], &x[1]));
    agree_in_16_bits("multiply", &both, |x| ops::multiply(&x[0], &x[1]));
    agree_in_16_bits("broadcast_to", std::slice::from_ref(&row), |x| ops::broadcast_to(&x[0], [3000, 4]));
    agree_in_16_bits("matmul", only, |x| ops::matmul(&x[0].t()?, &x[0]));
    agree_in_16_bits("dense", &[x.clone(), full(0.1, &[4, 4]), row.clone()], |x| {
        ops::dense(&x[0], &x[1], Some(&x[2]), FusedActivation::Linear)
    });
    let by = Groups { repeats: 1, groups: 1, center: true, epsilon: 1e-3 };
    agree_in_16_bits("normalize", &[try_values(&[3000, 4], 1).unwrap(), row.clone(), row.clone()], |x| {
        ops::normalize(&x[0], Some(&x[1]), Some(&x[2]), by)
    });
    agree_in_16_bits("batch_normalize", &[x.clone(), row.clone(), row.clone()], |x| {
        let moments = (&x[1].detach(), &x[1].detach());
        ops::batch_normalize(&x[0], Some(&x[1]), Some(&x[2]), moments, 1e-3, false)
    });
    let axis = Axis::new(1000, 3, 1, 1, Padding::Valid);
    agree_in_16_bits("conv", &[full(0.3, &[3, 1000, 4]), full(0.1, &[3, 4, 2]), full(0.5, &[2])], |x| {
        ops::conv(&x[0], &x[1], Some(&x[2]), &[axis], 1, FusedActivation::Linear)
    });
    agree_in_16_bits("embedding_lookup", std::slice::from_ref(&full(0.3, &[2, 4])), |x| {
        Ok(ops::embedding_lookup(&x[0], vec![1; 3000], &[3000]).unwrap())
    });
}

#[test]
fn dropout_of_the_same_elements() {
    for count in [1, 7, 2000] {
        agree("dropout", &["dropout"], &[try_values(&[count], 1).unwrap()], |x| {
            let mut random = Stream::new(u64::MAX / 3, u64::MAX / 5);
            random.uniform_f32(9);
            ops::dropout(&ops::dropout(&x[0], 0.3, &mut random)?, 0.5, &mut random)
        });
    }
}

#[test]
fn attention_with_masks_and_dropout() {
    let inputs = [values([2, 3, 2, 4], 1), values([2, 5, 2, 4], 2), values([2, 5, 2, 3], 3)];
    let mask = Tensor::new(&[[[1u8, 1, 0, 1, 1]], [[1, 0, 0, 1, 1]]], &Device::Cpu).unwrap();
    for (causal, dropout) in [(false, 0.0), (true, 0.3)] {
        agree("attention", &["softmax", "softmax_backward"], &inputs, |x| {
            let mask = mask.to_device(x[0].device())?;
            let by = Attention { mask: Some(&mask), causal, scale: 0.5, dropout, ..Attention::default() };
            ops::attention(&x[0], &x[1], &x[2], by, &mut Stream::new(1, 0))
        });
    }
}

/// The same gradients, sparse on the host and dense on the GPU.
#[test]
fn optimizers_of_tables() {
    let make: [(&str, fn() -> Optimizer); 23] = [
        ("sgd", || SGD::new().into()),
        ("momentum", || SGD::new().momentum(0.9).into()),
        ("nesterov", || SGD::new().momentum(0.9).nesterov(true).into()),
        ("rmsprop", || RMSprop::new().into()),
        ("rmsprop_momentum", || RMSprop::new().momentum(0.9).into()),
        ("rmsprop_centered", || RMSprop::new().centered(true).into()),
        ("rmsprop_centered_momentum", || RMSprop::new().momentum(0.9).centered(true).into()),
        ("adagrad", || Adagrad::new().into()),
        ("adam", || Adam::new().into()),
        ("amsgrad", || Adam::new().amsgrad(true).into()),
        ("adam", || AdamW::new().learning_rate(0.01).into()),
        ("adamax", || Adamax::new().into()),
        ("nadam", || Nadam::new().into()),
        ("adam", || Adam::new().global_clipnorm(0.5).into()),
        ("adadelta", || Adadelta::new().learning_rate(1.0).into()),
        ("ftrl_root", || Ftrl::new().l1_regularization_strength(0.01).into()),
        ("ftrl_fixed", || Ftrl::new().learning_rate_power(0.0).into()),
        ("ftrl", || Ftrl::new().learning_rate_power(-0.7).into()),
        ("lion", || Lion::new().into()),
        ("schedule_free", || ScheduleFreeAdamW::new().into()),
        ("adam", || Muon::new().into()),
        // These compute on whole tensors.
        ("", || Lamb::new().into()),
        ("", || Adafactor::new().into()),
    ];
    for (kernel, make) in make {
        let train = |device: &Device| {
            utils::set_random_seed(1);
            let mut model = Sequential::new(layers![]);
            model.add(Input::shape([3]));
            model.add(Embedding::new(9, 4));
            model.add(Flatten::new());
            model.add(Dense::new(2));
            model.to_device(device).unwrap();
            model.compile(make(), "mse").unwrap();
            for step in 0..5u32 {
                // Ids that occur twice in a batch, and ids that never occur.
                let ids: Vec<u32> = (0..12).map(|i| (i * i + step) % 7).collect();
                let x = Tensor::from_vec(ids, (4, 3), &Device::Cpu).unwrap();
                let y = Tensor::ones((4, 2), DType::F32, &Device::Cpu).unwrap();
                model.train_on_batch(&x, &y).unwrap();
            }
            model.get_weights().unwrap()
        };
        let (found, launched) = ops::launched(|| train(&gpu()));
        let of_rule = (!kernel.is_empty()).then(|| format!("update_{kernel}"));
        let mut kernels = of_rule.into_iter().chain(["add_rows".into()]);
        assert!(kernels.all(|kernel| launched.contains(&kernel)), "{launched:?}");
        for (found, expected) in found.iter().zip(&train(&Device::Cpu)) {
            // The difference of two powers that are nearly equal.
            let tolerance = if kernel == "ftrl" { 1e-4 } else { 2e-5 };
            close(&format!("{:?}", make()), found, expected, tolerance);
        }
    }
}

/// candle moves the whole memory behind a part of a tensor.
#[test]
fn parts_of_tensors_are_moved_alone() {
    let all = Tensor::arange(0f32, 12., &Device::Cpu).unwrap().reshape((4, 3)).unwrap();
    let part = all.narrow(0, 1, 2).unwrap();
    let moved = ops::to_device(&part, &gpu()).unwrap();
    assert_eq!((moved.layout().start_offset(), floats(&moved)), (0, floats(&part)));
    let back = ops::to_device(&moved.narrow(0, 1, 1).unwrap(), &Device::Cpu).unwrap();
    assert_eq!((back.layout().start_offset(), floats(&back)), (0, vec![6., 7., 8.]));
    assert_ne!(part.to_device(&gpu()).unwrap().layout().start_offset(), 0, "ops::to_device is needless now");
}

#[test]
fn integers_without_kernels_have_64_bits() {
    let ids = Tensor::new(&[[1i32, 0], [-2, 3]], &Device::Cpu).unwrap();
    let moved = ops::to_device(&ids, &gpu()).unwrap();
    assert_eq!(moved.dtype(), DType::I64);
    let product = ops::multiply(&moved, &moved).unwrap();
    assert_eq!(floats(&product), [1., 0., 4., 9.]);
    let whole = ops::cast(&Tensor::new(&[2.5f32, -1.5], &gpu()).unwrap(), "int32").unwrap();
    assert_eq!((whole.device().is_cuda(), floats(&whole)), (true, vec![2., -1.]));
    let there = ids.to_device(&gpu()).unwrap();
    assert!(there.to_dtype(DType::F32).is_err() && there.ne(0i32).is_err(), "64 bits are needless now");
}

#[test]
fn the_first_of_equal_elements_is_the_largest() {
    let mut rows = vec![0f32; 3 * 3000];
    for place in [700, 701, 2500, 3000 + 5, 6000 + 40, 6000 + 2999] {
        rows[place] = 1.0;
    }
    (rows[3000 + 900], rows[3000 + 901]) = (f32::NAN, f32::NAN);
    let there = Tensor::from_vec(rows, (3, 3000), &gpu()).unwrap();
    let (largest, launched) = ops::launched(|| ops::argmax_of_rows(&there).unwrap());
    assert_eq!((largest.to_vec1::<u32>().unwrap(), launched), (vec![700, 900, 40], vec!["argmax".to_string()]));
    let none = Tensor::full(f64::NEG_INFINITY, (2, 5), &gpu()).unwrap();
    assert_eq!(ops::argmax_of_rows(&none).unwrap().to_vec1::<u32>().unwrap(), [0, 0]);
    let host = ops::argmax_of_rows(&there.to_device(&Device::Cpu).unwrap()).unwrap();
    assert_eq!(host.to_vec1::<u32>().unwrap(), [700, 900, 40]);
    let of_candle = there.narrow(0, 0, 1).unwrap().argmax(1).unwrap();
    assert_ne!(of_candle.to_vec1::<u32>().unwrap(), [700], "the kernel is needless now");
}

/// As Keras moves the arrays of a call.
#[test]
fn tensors_of_a_call_are_moved() {
    let mut model = Sequential::new(layers![Input::shape([2]), Dense::new(1).kernel_initializer("ones")]);
    model.to_device(&gpu()).unwrap();
    let y = model.call(&Tensor::new(&[[1f32, 2.]], &Device::Cpu).unwrap()).unwrap();
    assert_eq!((y.device().is_cuda(), floats(&y)), (true, vec![3.]));
    let x = Tensor::ones((1, 3, 4), DType::F32, &Device::Cpu).unwrap();
    let layer = MultiHeadAttention::new(2, 2);
    let there = x.to_device(&gpu()).unwrap();
    layer.call([&there, &there]).unwrap();
    for variable in layer.variables() {
        variable.to_device(&gpu()).unwrap();
    }
    let mask = Tensor::ones((1, 3, 3), DType::U8, &Device::Cpu).unwrap();
    assert!(layer.call_with([&x, &x], Call::new().attention_mask(&mask)).unwrap().device().is_cuda());
}

#[test]
fn a_layer_that_another_model_moved_is_found() {
    let x = Input::shape([2]);
    let code = Dense::new(3).call(&x);
    let mut encoder = Model::new(&x, &code).unwrap();
    let mut whole = Model::new(&x, Dense::new(1).call(&code)).unwrap();
    encoder.compile("adam", "mse").unwrap();
    let fit = |model: &mut Model, width: usize| {
        let (x, y) = (vec![vec![1f32, 2.]; 4], vec![vec![1f32; width]; 4]);
        model.fit(&x, &y, Fit::new().verbose(0)).unwrap();
        model.predict_with(&x, Predict::new().verbose(0)).unwrap();
    };
    fit(&mut encoder, 3);
    whole.to_device(&gpu()).unwrap();
    assert!(encoder.device().is_cuda());
    fit(&mut encoder, 3);
}

#[test]
fn models_train_alike() {
    let train = |device: &Device| {
        utils::set_random_seed(1);
        let mut model = Sequential::new(layers![]);
        model.add(Input::shape([6]));
        model.add(Embedding::new(20, 8).mask_zero(true));
        model.add(LSTM::new(5).return_sequences(true));
        model.add(LayerNormalization::new());
        model.add(GRU::new(4).return_sequences(true));
        model.add(SimpleRNN::new(4));
        model.add(BatchNormalization::new());
        model.add(Dense::new(3).activation("softmax"));
        model.to_device(device).unwrap();
        model.compile("adam", "sparse_categorical_crossentropy").unwrap();
        let ids: Vec<u32> = (0..96).map(|i| i * 7 % 20).collect();
        let x = Tensor::from_vec(ids, (16, 6), &Device::Cpu).unwrap();
        let y = Tensor::from_vec((0..16u32).map(|i| i % 3).collect::<Vec<_>>(), 16, &Device::Cpu).unwrap();
        let history = model.fit(&x, &y, Fit::new().epochs(3).batch_size(8).verbose(0)).unwrap();
        (history["loss"].to_vec(), model.predict_with(&x, Predict::new().verbose(0)).unwrap())
    };
    let ((loss, y), (expected_loss, expected)) = (train(&gpu()), train(&Device::Cpu));
    for (found, expected) in loss.iter().zip(&expected_loss) {
        assert!((found - expected).abs() < 1e-4 * expected.abs(), "{loss:?} {expected_loss:?}");
    }
    close("predictions", &y, &expected, 1e-3);
}

/// Layers and ops without kernels of their own are compositions of candle's functions, or computed on the host.
#[test]
fn models_of_keras_predict_and_train_as_there() {
    keras_cases::check_all(&keras_cases::folders("fixtures"), &gpu());
}
