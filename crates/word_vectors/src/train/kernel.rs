//! The arithmetic of a training step: logistic regression of a few output rows on a few input rows.
//!
//! For inputs `a`, outputs `b` and labels `y` a step is `e = alpha (y - sigmoid(a b'))`, then `a += e b` and `b += e' a` with the rows before
//! the step: three small matrix products (HogBatch, Ji et al., 2016) on rows that lie in the first cache.

use candle_keras_ops::pulp::{Simd, WithSimd};
use candle_keras_ops::{Float, Separate, SharedRows, arch, simd};

/// Output rows in a step: with so many, the sums of two input rows fit into 16 vector registers.
pub(crate) const OUTPUTS: usize = 6;
/// Numbers that are processed at once where products are over.
pub(crate) const LANES: usize = 16;
/// How many factors of at most 2 are multiplied before the logarithm of the product is taken.
const FACTORS: u32 = 100;
/// A score so low that a wrong answer with it costs nothing: what fills the last lanes.
pub(crate) const NO_SCORE: f32 = -1e30;

/// The memory of one thread.
pub(crate) struct Kernel {
    errors: Vec<f32>,
    labels: Vec<f32>,
    loss: Loss,
}

impl Kernel {
    pub(crate) fn new() -> Self {
        Self { errors: Vec::new(), labels: Vec::new(), loss: Loss::default() }
    }

    /// Grows the buffer to the scores of as many input rows.
    #[cold]
    fn grow(&mut self, inputs: usize) {
        let scores = (inputs * OUTPUTS).next_multiple_of(LANES);
        self.errors.resize(scores, 0.0);
        self.labels.resize(scores, 0.0);
    }

    /// Trains the rows `slots` of `inputs` to give each row of `outputs` its label, 1 or 0; rows have `stride` numbers, a multiple of 16.
    ///
    /// More outputs than [`OUTPUTS`] are taken so many at a time, each time with the inputs that the time before has left.
    pub(crate) fn step(
        &mut self,
        (inputs, slots): (&mut [f32], &[usize]),
        (outputs, labels): (&mut [f32], &[f32]),
        stride: usize,
        alpha: f32,
    ) {
        for (outputs, labels) in outputs.chunks_mut(OUTPUTS * stride).zip(labels.chunks(OUTPUTS)) {
            arch().dispatch(Step { kernel: self, inputs, slots, outputs, labels, stride, alpha, ahead: None });
        }
    }

    /// A [`step`](Self::step) with at most [`OUTPUTS`] outputs that brings rows of a table towards the cache meanwhile: the processor waits when many
    /// lines are prefetched at once, and does not when they are spread over the arithmetic.
    pub(crate) fn step_with_prefetch(
        &mut self,
        (inputs, slots): (&mut [f32], &[usize]),
        (outputs, labels): (&mut [f32], &[f32]),
        stride: usize,
        alpha: f32,
        ahead: (&SharedRows, &[u32]),
    ) {
        arch().dispatch(Step { kernel: self, inputs, slots, outputs, labels, stride, alpha, ahead: Some(ahead) });
    }

    /// Replaces scores by `alpha (label - sigmoid(score))` and counts their losses; their number is a multiple of [`LANES`], filled with
    /// [`NO_SCORE`] and the label 0.
    pub(crate) fn errors(&mut self, scores: &mut [f32], labels: &[f32], alpha: f32) {
        simd!(errors_of(scores, labels, alpha, &mut self.loss));
    }

    /// The sum of the losses since it was last asked for, in nats.
    pub(crate) fn take_loss(&mut self) -> f64 {
        self.loss.flush();
        std::mem::take(&mut self.loss.sum)
    }
}

/// A step with at most [`OUTPUTS`] output rows.
struct Step<'a> {
    kernel: &'a mut Kernel,
    inputs: &'a mut [f32],
    slots: &'a [usize],
    outputs: &'a mut [f32],
    labels: &'a [f32],
    stride: usize,
    alpha: f32,
    ahead: Option<(&'a SharedRows, &'a [u32])>,
}

impl WithSimd for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.labels.len() {
            1 => self.with::<S, 1>(simd),
            2 => self.with::<S, 2>(simd),
            3 => self.with::<S, 3>(simd),
            4 => self.with::<S, 4>(simd),
            5 => self.with::<S, 5>(simd),
            _ => self.with::<S, OUTPUTS>(simd),
        }
    }
}

impl Step<'_> {
    /// For a number of outputs that the compiler knows.
    #[inline(always)]
    fn with<S: Simd, const O: usize>(self, simd: S) {
        let Self { kernel, inputs, slots, outputs, labels, stride, alpha, ahead } = self;
        let scores = slots.len() * O;
        let whole = scores.next_multiple_of(LANES);
        if kernel.errors.len() < whole {
            kernel.grow(slots.len());
        }
        let (errors, all_labels) = (&mut kernel.errors[..whole], &mut kernel.labels[..whole]);
        let (inputs, _) = S::as_mut_simd_f32s(inputs);
        let (outputs, _) = S::as_mut_simd_f32s(outputs);
        let vectors = stride / S::F32_LANES;

        scores_of::<S, O>(simd, inputs, slots, outputs, vectors, errors);
        for row in all_labels[..scores].chunks_exact_mut(O) {
            row.copy_from_slice(&labels[..O]);
        }
        errors[scores..].fill(NO_SCORE);
        all_labels[scores..].fill(0.0);
        errors_of(errors, all_labels, alpha, &mut kernel.loss);
        change::<S, O>(simd, inputs, slots, outputs, vectors, errors, ahead);
    }
}

/// The products of input and output rows: a row of `O` scores for each slot.
#[inline(always)]
fn scores_of<S: Simd, const O: usize>(
    simd: S,
    inputs: &[S::f32s],
    slots: &[usize],
    outputs: &[S::f32s],
    vectors: usize,
    scores: &mut [f32],
) {
    let (pairs, last) = slots.as_chunks::<2>();
    let (mut pairs_scores, mut last_scores) = scores.split_at_mut(pairs.len() * 2 * O);
    for pair in pairs {
        let (own, rest) = pairs_scores.split_at_mut(2 * O);
        dots::<S, 2, O>(simd, inputs, pair, outputs, vectors, own);
        pairs_scores = rest;
    }
    if let [slot] = last {
        last_scores = &mut last_scores[..O];
        dots::<S, 1, O>(simd, inputs, &[*slot], outputs, vectors, last_scores);
    }
}

#[inline(always)]
fn dots<S: Simd, const I: usize, const O: usize>(
    simd: S,
    inputs: &[S::f32s],
    slots: &[usize; I],
    outputs: &[S::f32s],
    vectors: usize,
    scores: &mut [f32],
) {
    let mut a = [&inputs[..0]; I];
    let mut b = [&inputs[..0]; O];
    for i in 0..I {
        a[i] = &inputs[slots[i] * vectors..][..vectors];
    }
    for o in 0..O {
        b[o] = &outputs[o * vectors..][..vectors];
    }
    let mut sums = [[simd.splat_f32s(0.0); O]; I];
    for j in 0..vectors {
        for i in 0..I {
            let x = a[i][j];
            for o in 0..O {
                sums[i][o] = simd.mul_add_e_f32s(x, b[o][j], sums[i][o]);
            }
        }
    }
    for i in 0..I {
        for o in 0..O {
            scores[i * O + o] = simd.reduce_sum_f32s(sums[i][o]);
        }
    }
}

/// Replaces scores by `alpha (label - sigmoid(score))`.
#[inline(always)]
fn errors_of(scores: &mut [f32], labels: &[f32], alpha: f32, loss: &mut Loss) {
    for (scores, labels) in scores.as_chunks_mut::<LANES>().0.iter_mut().zip(labels.as_chunks::<LANES>().0) {
        loss.count();
        for lane in 0..LANES {
            let (score, label) = (scores[lane], labels[lane]);
            let size = if score < 0.0 { -score } else { score };
            // exp(-|score|), which never overflows.
            let e = (size * -std::f32::consts::LOG2_E).exp2_of_negative(Separate);
            let larger = 1.0 / (1.0 + e);
            let sigmoid = if score < 0.0 { e * larger } else { larger };
            scores[lane] = (label - sigmoid) * alpha;
            // -ln sigmoid(x) = max(-x, 0) + ln(1 + exp(-|x|)) for the score or its negative.
            let wrong = score - 2.0 * label * score;
            loss.linear[lane] += if wrong < 0.0 { 0.0 } else { wrong };
            loss.products[lane] *= 1.0 + e;
        }
    }
}

/// Adds to input rows what the outputs say, and to output rows what the inputs say, both as they were before.
#[inline(always)]
fn change<S: Simd, const O: usize>(
    simd: S,
    inputs: &mut [S::f32s],
    slots: &[usize],
    outputs: &mut [S::f32s],
    vectors: usize,
    errors: &[f32],
    ahead: Option<(&SharedRows, &[u32])>,
) {
    let (errors, _) = errors.as_chunks::<O>();
    for j in 0..vectors {
        if let Some((table, rows)) = ahead
            && (j * S::F32_LANES).is_multiple_of(LANES)
        {
            for &row in rows {
                table.prefetch_line(row as usize, j * S::F32_LANES / LANES);
            }
        }
        let (mut b, mut changed_b) = ([simd.splat_f32s(0.0); O], [simd.splat_f32s(0.0); O]);
        for o in 0..O {
            b[o] = outputs[o * vectors + j];
            changed_b[o] = b[o];
        }
        for (&slot, errors) in slots.iter().zip(errors) {
            let a = &mut inputs[slot * vectors + j];
            let (x, mut changed) = (*a, *a);
            for o in 0..O {
                let error = simd.splat_f32s(errors[o]);
                changed = simd.mul_add_e_f32s(error, b[o], changed);
                changed_b[o] = simd.mul_add_e_f32s(error, x, changed_b[o]);
            }
            *a = changed;
        }
        for o in 0..O {
            outputs[o * vectors + j] = changed_b[o];
        }
    }
}

/// The sum of `-ln p` of the answers: kept as products, whose logarithms are taken rarely.
struct Loss {
    linear: [f32; LANES],
    products: [f32; LANES],
    factors: u32,
    sum: f64,
}

impl Default for Loss {
    fn default() -> Self {
        Self { linear: [0.0; LANES], products: [1.0; LANES], factors: 0, sum: 0.0 }
    }
}

impl Loss {
    #[inline(always)]
    fn count(&mut self) {
        if self.factors == FACTORS {
            self.flush();
        }
        self.factors += 1;
    }

    #[inline(never)]
    fn flush(&mut self) {
        self.sum += self.linear.iter().map(|&x| f64::from(x)).sum::<f64>();
        self.sum += self.products.iter().map(|&x| f64::from(x).ln()).sum::<f64>();
        (self.linear, self.products, self.factors) = ([0.0; LANES], [1.0; LANES], 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::pulp::Scalar;

    /// The step in f64 and plain loops; gives the loss.
    fn plain(inputs: &mut [Vec<f64>], outputs: &mut [Vec<f64>], labels: &[f64], alpha: f64) -> f64 {
        let mut loss = 0.0;
        for (outputs, labels) in outputs.chunks_mut(OUTPUTS).zip(labels.chunks(OUTPUTS)) {
            let old_outputs = outputs.to_vec();
            for input in &mut *inputs {
                let old_input = input.clone();
                for ((output, old_output), label) in outputs.iter_mut().zip(&old_outputs).zip(labels) {
                    let score: f64 = old_input.iter().zip(old_output).map(|(a, b)| a * b).sum();
                    let probability = 1.0 / (1.0 + (-score).exp());
                    loss -= if *label == 1.0 { probability.ln() } else { (1.0 - probability).ln() };
                    let error = alpha * (label - probability);
                    for i in 0..input.len() {
                        input[i] += error * old_output[i];
                        output[i] += error * old_input[i];
                    }
                }
            }
        }
        loss
    }

    /// For every number of inputs and outputs, on the processor's instructions and on plain ones.
    #[test]
    fn a_step_is_logistic_regression() {
        let mut random = candle_keras_ops::random::Stream::new(1, 1);
        for (width, slots, targets) in [
            (100, vec![0, 3, 2, 5, 1], 6),
            (5, vec![4], 1),
            (17, vec![1, 0], 2),
            (16, vec![0, 1, 2], 3),
            (33, vec![2, 1, 0, 3], 4),
            (8, vec![2], 5),
            (40, vec![1, 2], 14),
        ] {
            let stride = usize::next_multiple_of(width, LANES);
            let rows = |random: &mut candle_keras_ops::random::Stream, count: usize| -> Vec<Vec<f64>> {
                (0..count).map(|_| random.normal(width)).collect()
            };
            let (all_inputs, all_outputs) = (rows(&mut random, 6), rows(&mut random, targets));
            let labels: Vec<f64> = (0..targets).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
            let in_memory = |rows: &[Vec<f64>]| -> Vec<f32> {
                let row =
                    |row: &Vec<f64>| (0..stride).map(|i| row.get(i).map_or(0.0, |&x| x as f32)).collect::<Vec<_>>();
                rows.iter().flat_map(row).collect()
            };
            let mut expected_inputs: Vec<_> = slots.iter().map(|&slot| all_inputs[slot].clone()).collect();
            let mut expected_outputs = all_outputs.clone();
            let loss = plain(&mut expected_inputs, &mut expected_outputs, &labels, 0.1);
            for is_scalar in [true, false] {
                let (mut inputs, mut outputs) = (in_memory(&all_inputs), in_memory(&all_outputs));
                let labels: Vec<f32> = labels.iter().map(|&label| label as f32).collect();
                let mut kernel = Kernel::new();
                match is_scalar {
                    false => kernel.step((&mut inputs, &slots), (&mut outputs, &labels), stride, 0.1),
                    true => {
                        for (outputs, labels) in outputs.chunks_mut(OUTPUTS * stride).zip(labels.chunks(OUTPUTS)) {
                            let (kernel, inputs, slots) = (&mut kernel, &mut inputs[..], &slots[..]);
                            Step { kernel, inputs, slots, outputs, labels, stride, alpha: 0.1, ahead: None }
                                .with_simd(Scalar);
                        }
                    }
                }
                assert!((kernel.take_loss() - loss).abs() < 1e-4 * loss.abs().max(1.0));
                let close = |a: f32, b: f64| (f64::from(a) - b).abs() < 1e-4 * b.abs().max(1.0);
                for (slot, expected) in slots.iter().zip(&expected_inputs) {
                    let input = &inputs[slot * stride..];
                    assert!(expected.iter().zip(input).all(|(&b, &a)| close(a, b)), "{width} {slot}");
                }
                for (output, expected) in outputs.chunks(stride).zip(&expected_outputs) {
                    assert!(expected.iter().zip(output).all(|(&b, &a)| close(a, b)), "{width}");
                    assert!(output[width..].iter().all(|&x| x == 0.0));
                }
            }
        }
    }

    #[test]
    fn scores_of_any_size_have_errors_and_losses() {
        let (mut scores, labels) = ([NO_SCORE; LANES], [0.0; LANES]);
        scores[..3].copy_from_slice(&[200.0, -200.0, 1e20]);
        let mut loss = Loss::default();
        errors_of(&mut scores, &labels, 0.5, &mut loss);
        assert_eq!(scores[..4], [-0.5, 0.0, -0.5, 0.0]);
        loss.flush();
        assert!((loss.sum / 1e20 - 1.0).abs() < 1e-6);
        errors_of(&mut [f32::NAN; LANES], &labels, 0.5, &mut loss);
        loss.flush();
        assert!(loss.sum.is_nan());
    }
}
