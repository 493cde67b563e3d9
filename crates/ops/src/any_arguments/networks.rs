//! Windows, attention, recurrence, normalizations and losses.

use super::{Draw, each_draw};
use crate as ops;
use crate::random::Stream;
use crate::{
    Attention, Axis, Cell, Classes, DType, FusedActivation, Groups, Outputs, Padding, Pairwise, Pool, RnnConfig,
    Sequences, Tensor, WithoutKeys,
};

#[test]
fn windows() {
    let axis = |draw: &mut Draw| {
        let [input, window, stride, dilation] = [0; 4].map(|_| draw.size());
        let padding = draw.of(&[Padding::Valid, Padding::Same, Padding::Causal]);
        let more = draw.one_in(2).then(|| draw.size());
        let mut axis = if draw.one_in(2) {
            Axis::new(input, window, stride, dilation, padding)
        } else {
            Axis::transposed(input, window, stride, dilation, padding, more)
        };
        // Fields that no constructor makes.
        if draw.one_in(20) {
            let size = draw.size();
            *match draw.below(6) {
                0 => &mut axis.input,
                1 => &mut axis.window,
                2 => &mut axis.stride,
                3 => &mut axis.dilation,
                4 => &mut axis.before,
                _ => &mut axis.output,
            } = size;
        }
        axis
    };
    let drawn = |draw: &mut Draw| -> Vec<Axis> { (0..1 + draw.below(3)).map(|_| axis(draw)).collect() };
    let shape = |axes: &[Axis], of: fn(&Axis) -> usize, first: &[usize], last: &[usize]| {
        [first, &axes.iter().map(of).collect::<Vec<_>>(), last].concat()
    };
    let activations = [FusedActivation::Linear, FusedActivation::Relu];
    each_draw("conv", 4000, |draw| {
        let axes = drawn(draw);
        let ([batch, depth, of_group], groups) = ([0; 3].map(|_| draw.size()), draw.of(&[1, 1, 1, 2, 3, 0]));
        let (channels, filters) = (depth.saturating_mul(groups), of_group.saturating_mul(groups));
        let dtype = draw.dtype();
        let x = draw.operand(&shape(&axes, |axis| axis.input, &[batch], &[channels]), dtype);
        let kernel = draw.operand(&shape(&axes, |axis| axis.window, &[], &[depth, filters]), dtype);
        let bias = draw.operand(&[filters], dtype);
        let bias = draw.one_in(2).then_some(&bias);
        let activation = draw.of(&activations);
        let last = axis(draw);
        let pooled: Vec<Axis> = axes.iter().map(|axis| Axis { input: axis.output, ..last }).collect();
        let pooling = draw.one_in(4).then_some((Pool::Max, pooled.as_slice()));
        let y = ops::conv_and_pool(&x, &kernel, bias, &axes, groups, activation, pooling)?;
        let axes = if pooling.is_some() { &pooled } else { &axes };
        Ok(vec![(y, Some(shape(axes, |axis| axis.output, &x.dims()[..1], &kernel.dims()[kernel.rank() - 1..])))])
    });
    each_draw("depthwise_conv", 2000, |draw| {
        let (axes, [batch, channels, multiplier]) = (drawn(draw), [0; 3].map(|_| draw.size()));
        let x = draw.operand(&shape(&axes, |axis| axis.input, &[batch], &[channels]), DType::F32);
        let kernel = draw.operand(&shape(&axes, |axis| axis.window, &[], &[channels, multiplier]), DType::F32);
        Ok(vec![(ops::depthwise_conv(&x, &kernel, None, &axes, FusedActivation::Tanh)?, None)])
    });
    each_draw("conv_transpose", 2000, |draw| {
        let (axes, [batch, channels, filters]) = (drawn(draw), [0; 3].map(|_| draw.size()));
        let dtype = draw.dtype();
        let x = draw.operand(&shape(&axes, |axis| axis.output, &[batch], &[channels]), dtype);
        let kernel = draw.operand(&shape(&axes, |axis| axis.window, &[], &[filters, channels]), dtype);
        let y = ops::conv_transpose(&x, &kernel, None, &axes, draw.of(&activations))?;
        Ok(vec![(y, Some(shape(&axes, |axis| axis.input, &x.dims()[..1], &[kernel.dims()[kernel.rank() - 2]])))])
    });
    each_draw("pool", 4000, |draw| {
        let (axes, [batch, channels], dtype) = (drawn(draw), [0; 2].map(|_| draw.size()), draw.dtype());
        let x = draw.operand(&shape(&axes, |axis| axis.input, &[batch], &[channels]), dtype);
        let y = ops::pool(&x, draw.of(&[Pool::Max, Pool::Average]), &axes)?;
        Ok(vec![(y, Some(shape(&axes, |axis| axis.output, &x.dims()[..1], &x.dims()[x.rank() - 1..])))])
    });
    each_draw("adaptive_pool", 2000, |draw| {
        let (count, dtype) = (draw.below(4), draw.dtype());
        let sizes: Vec<usize> = (0..count + 2).map(|_| draw.size()).collect();
        let output: Vec<usize> = (0..count).map(|_| draw.size()).collect();
        let x = draw.operand(&sizes, dtype);
        let y = ops::adaptive_pool(&x, draw.of(&[Pool::Max, Pool::Average]), &output)?;
        Ok(vec![(y, Some([&x.dims()[..1], &output, &x.dims()[x.rank() - 1..]].concat()))])
    });
}

#[test]
fn attention_and_recurrence() {
    each_draw("attention", 4000, |draw| {
        let [batch, queries, keys, heads, size, width] = [0; 6].map(|_| draw.size());
        let dtype = draw.dtype();
        let shared = if draw.one_in(4) { draw.size() } else { heads };
        let q = draw.operand(&[batch, queries, heads, size], dtype);
        let (k, v) =
            (draw.operand(&[batch, keys, shared, size], dtype), draw.operand(&[batch, keys, shared, width], dtype));
        let rows = if draw.one_in(2) { queries } else { 1 };
        let shape = if draw.one_in(4) { vec![batch, heads, rows, keys] } else { vec![batch, rows, keys] };
        let mask = draw.one_in(2).then(|| draw.tensor(&shape, DType::U8));
        let by = Attention {
            mask: mask.as_ref(),
            causal: draw.one_in(2),
            window: draw.one_in(3).then(|| draw.size()),
            without_keys: draw.of(&[WithoutKeys::AllAlike, WithoutKeys::AllAlikeWithGradients, WithoutKeys::Nothing]),
            scale: draw.number(),
            dropout: draw.of(&[0.0, 0.5]),
        };
        let random = &mut Stream::new(1, 0);
        let shape = Some(vec![batch, queries, heads, width]).filter(|_| q.dims() == [batch, queries, heads, size]);
        if draw.one_in(2) {
            return Ok(vec![(ops::attention(&q, &k, &v, by, random)?, shape.filter(|_| v.dims()[3] == width))]);
        }
        if draw.one_in(4) {
            let scores = draw.operand(&[batch, heads, queries, keys], dtype);
            return Ok(vec![(ops::masked_softmax(&scores, by)?, Some(scores.dims().to_vec()))]);
        }
        let (y, scores) = ops::attention_with_scores(&q, &k, &v, by, random)?;
        Ok(vec![(y, None), (scores, None)])
    });
    each_draw("additive_scores", 2000, |draw| {
        let ([batch, queries, keys, size], dtype) = ([0; 4].map(|_| draw.size()), draw.dtype());
        let (q, k) = (draw.operand(&[batch, queries, size], dtype), draw.operand(&[batch, keys, size], dtype));
        let scale = draw.operand(&[size], dtype);
        let y = ops::additive_scores(&q, &k, draw.one_in(2).then_some(&scale))?;
        Ok(vec![(y, Some(vec![q.dims()[0], q.dims()[1], k.dims()[1]]))])
    });
    each_draw("recurrent", 3000, |draw| {
        let ([batch, steps, units], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let cell = draw.of(&[Cell::Simple, Cell::Lstm, Cell::GruResetAfter, Cell::GruResetBefore]);
        let width = cell.gates().saturating_mul(units);
        let (inputs, kernel) = (draw.operand(&[batch, steps, width], dtype), draw.operand(&[units, width], dtype));
        let (bias, dropout) = (draw.operand(&[width], dtype), draw.tensor(&[batch, units], dtype));
        let mask = draw.tensor(&[batch, steps], DType::U8);
        let state: Vec<Tensor> = (0..cell.states()).map(|_| draw.operand(&[batch, units], dtype)).collect();
        let outputs = draw.of(&[Outputs::Sequence, Outputs::Last, Outputs::All]);
        let config = RnnConfig {
            cell,
            activation: FusedActivation::Tanh,
            recurrent_activation: FusedActivation::Sigmoid,
            backwards: draw.one_in(2),
            in_order: draw.one_in(2),
            zero_masked: draw.one_in(2),
            outputs,
        };
        let sequences = Sequences {
            inputs: &inputs,
            kernel: &kernel,
            bias: (cell == Cell::GruResetAfter && draw.one_in(2)).then_some(&bias),
            state: draw.one_in(2).then_some(&state),
            mask: draw.one_in(2).then_some(&mask),
            dropout: draw.one_in(3).then_some(&dropout),
        };
        let run = if draw.one_in(3) {
            ops::recurrent_by_steps(config, sequences, |x| Ok(x.clone()), |x| Ok(x.clone()))?
        } else {
            ops::recurrent(config, sequences)?
        };
        let sequence = run.sequence.map(|y| (y, Some(vec![batch, steps, units])));
        let states = run.states.into_iter().map(|state| (state, Some(vec![batch, units])));
        let all: Vec<_> = sequence.into_iter().chain(states).collect();
        // A drawn mismatch has changed the sizes.
        let same = inputs.dims() == [batch, steps, width];
        Ok(all.into_iter().map(|(y, shape)| (y, shape.filter(|_| same))).collect())
    });
}

#[test]
fn convolutional_recurrence() {
    each_draw("conv_lstm", 2000, |draw| {
        let ([batch, steps, filters], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let sizes: Vec<usize> = (0..1 + draw.below(3)).map(|_| draw.size()).collect();
        let windows: Vec<usize> = sizes.iter().map(|_| draw.size().max(usize::from(!draw.one_in(20)))).collect();
        let inputs = draw.operand(&[&[batch, steps], &sizes[..], &[filters.saturating_mul(4)]].concat(), dtype);
        let kernel = draw.operand(&[&windows[..], &[filters, filters.saturating_mul(4)]].concat(), dtype);
        let of_state = [&[batch], &sizes[..], &[filters]].concat();
        let state = [draw.operand(&of_state, dtype), draw.operand(&of_state, dtype)];
        let config = RnnConfig {
            cell: Cell::Lstm,
            activation: FusedActivation::Tanh,
            recurrent_activation: draw.of(&[FusedActivation::Sigmoid, FusedActivation::Relu]),
            backwards: draw.one_in(2),
            in_order: draw.one_in(2),
            zero_masked: false,
            outputs: draw.of(&[Outputs::Sequence, Outputs::Last, Outputs::All]),
        };
        let state = draw.one_in(2).then_some(&state[..]);
        let x = Sequences { inputs: &inputs, kernel: &kernel, bias: None, state, mask: None, dropout: None };
        let run = ops::conv_lstm(config, x)?;
        Ok(run.sequence.into_iter().chain(run.states).map(|y| (y, None)).collect())
    });
}

#[test]
fn normalizations_and_losses() {
    each_draw("normalize", 3000, |draw| {
        let ([batch, repeats, width], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let groups = draw.of(&[0, 1, 1, 2, 3]);
        let channels = width.saturating_mul(groups);
        let x = draw.operand(&[batch, repeats, channels], dtype);
        let (gamma, beta) = (draw.operand(&[channels], dtype), draw.operand(&[channels], dtype));
        let (gamma, beta) = (draw.one_in(2).then_some(&gamma), draw.one_in(2).then_some(&beta));
        let by = Groups { repeats, groups, center: draw.one_in(2), epsilon: draw.number() };
        let y = match draw.one_in(2) {
            true => ops::normalize(&x, gamma, beta, by)?,
            false => {
                ops::normalize_channels(&x, gamma, beta, by, if draw.one_in(20) { draw.size() } else { channels })?
            }
        };
        Ok(vec![(y, Some(x.dims().to_vec()))])
    });
    each_draw("batch_normalize", 3000, |draw| {
        let ([batch, steps, channels], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let x = draw.operand(&[batch, steps, channels], dtype);
        let weights = draw.one_in(3).then(|| draw.tensor(&[batch, steps], dtype));
        let (mean, variance) = match draw.one_in(2) {
            true => ops::channel_moments(&x, weights.as_ref())?,
            false => (draw.tensor(&[channels], dtype), draw.tensor(&[channels], dtype)),
        };
        let gamma = draw.operand(&[channels], dtype);
        let y = ops::batch_normalize(
            &x,
            draw.one_in(2).then_some(&gamma),
            None,
            (&mean, &variance),
            draw.number(),
            draw.one_in(2),
        )?;
        Ok(vec![(y, Some(x.dims().to_vec()))])
    });
    each_draw("normalized_kernel", 2000, |draw| {
        let ([taps, channels, filters], dtype) = ([0; 3].map(|_| draw.size()), draw.dtype());
        let kernel = draw.tensor(&[taps, channels, filters], dtype);
        let mut vector = || draw.tensor(&[filters], dtype);
        let [mean, variance, bias, gamma, beta] = [0; 5].map(|_| vector());
        let (bias, gamma) = (draw.one_in(2).then_some(&bias), draw.one_in(2).then_some(&gamma));
        let moments = (&mean, &variance);
        let (y, offset) = ops::normalized_kernel(&kernel, bias, gamma, Some(&beta), moments, draw.number())?;
        Ok(vec![(y, Some(kernel.dims().to_vec())), (offset, None)])
    });
    each_draw("pairwise_mean", 2000, |draw| {
        let (shape, dtype) = ([draw.size(), draw.size()], draw.dtype());
        let (y, x) = (draw.tensor(&shape, dtype), draw.operand(&shape, dtype));
        let function = draw.of(&[Pairwise::SquaredError, Pairwise::BinaryCrossentropy(1e-7)]);
        Ok(vec![(ops::pairwise_mean(function, &y, &x)?, Some(x.dims()[..x.rank() - 1].to_vec()))])
    });
    each_draw("crossentropy", 2000, |draw| {
        let ([rows, width], dtype) = ([draw.size(), draw.size()], draw.dtype());
        let x = draw.operand(&[rows, width], dtype);
        let ids = (0..rows.min(99)).map(|_| draw.below(width.clamp(1, 99)) as u32).collect();
        let classes =
            if draw.one_in(2) { Classes::Ids(ids) } else { Classes::Weights(draw.tensor(&[rows, width], dtype)) };
        let y = ops::crossentropy(classes, &x, draw.one_in(2).then_some(1e-7))?;
        Ok(vec![(y, Some(x.dims()[..x.rank() - 1].to_vec()))])
    });
}
