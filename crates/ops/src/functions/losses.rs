//! Crossentropies, without a mean over the batch.

use super::*;
use crate::axes::resolve_axis;
use crate::config::epsilon;
use crate::ctc;
use crate::elementwise::{self, float};
use crate::{axes, linalg, reduce};
use candle_core::bail;

operations! {
    /// Crossentropies of targets and predictions; these have the gradient.
    mod crossentropies: Nn, Composition;

    /// `-target log(output) - (1 - target) log(1 - output)` of probabilities, or of logits.
    BinaryCrossentropy binary_crossentropy(target, output)[from_logits: bool = false]: {
        if target.shape != output.shape {
            bail!("targets and outputs of one shape are needed, received {:?} and {:?}", target.shape, output.shape)
        }
        Ok(output.float())
    } => {
        let output = float(output)?;
        let target = target.detach().to_dtype(output.dtype())?;
        if *from_logits {
            return Ok(vec![(elementwise::softplus(&output)? - (output * target)?)?]);
        }
        let p = elementwise::clip(&output, epsilon(), 1.0 - epsilon())?;
        let of_others = elementwise::log(&(1.0 - &p)?)?;
        (((&target - 1.0)? * of_others)? - (target * elementwise::log(&p)?)?)?.contiguous()
    };
    /// `-sum(target log(output))` over `axis` of probabilities, which are normalized, or of logits.
    CategoricalCrossentropy categorical_crossentropy(target, output)[from_logits: bool = false, axis: i64 = -1]: {
        if target.shape != output.shape {
            bail!("targets and outputs of one shape are needed, received {:?} and {:?}", target.shape, output.shape)
        }
        without_classes(output, *axis)
    } => categorical(&target.detach(), &float(output)?, *from_logits, *axis);
    /// [`categorical_crossentropy`] of targets that are the numbers of their classes.
    SparseCategoricalCrossentropy sparse_categorical_crossentropy(target, output)[from_logits: bool = false, axis: i64 = -1]: {
        let y = without_classes(output, *axis)?;
        let mut target = target.shape.clone();
        if target.len() == output.rank() && target.last() == Some(&1) {
            target.pop();
        }
        if target != y.shape {
            bail!("a class for each row of the outputs {:?} is needed, received the shape {target:?}", output.shape)
        }
        Ok(y)
    } => {
        let output = float(output)?;
        let dim = resolve_axis(*axis, output.rank())?;
        let target = if target.rank() == output.rank() { target.squeeze(target.rank() - 1)? } else { target.clone() };
        let target = one_hot(&target.detach(), output.dims()[dim] as i64, *axis, output.dtype())?;
        categorical(&target, &output, *from_logits, *axis)
    };
}

operations! {
    /// Sequences of labels whose places among the steps are not known.
    mod label_sequences: Nn, Host;

    /// The labels of the most probable sequences, `(paths, batch, steps)` with -1 behind the last label, and their scores, `(batch, paths)`, from
    /// logits of the shape `(batch, steps, classes)` of which each sample has `sequence_lengths`. `strategy` is `greedy`, the most probable
    /// class of each step, with the negative sum of the logits as score, or `beam_search` with `beam_width` sequences at each step and the logarithms of the
    /// probabilities of `top_paths` of them. `mask_index` is the class of the blank.
    CTCDecode ctc_decode(inputs, sequence_lengths)[
        strategy: String = "greedy", beam_width: i64 = 100, top_paths: i64 = 1, merge_repeated: bool = true, mask_index: i64 = 0
    ] -> 2: {
        let [batch, steps, classes] = inputs.shape[..] else { bail!("logits (batch, steps, classes) are needed, received the shape {:?}", inputs.shape) };
        let search = search(strategy, *beam_width, *top_paths, *merge_repeated, *mask_index, classes)?;
        lengths_of(sequence_lengths, batch)?;
        Ok([Spec::new([search.paths, batch, steps], DType::I32), Spec::new([batch, search.paths], wide(inputs))])
    } => {
        let search = search(strategy, *beam_width, *top_paths, *merge_repeated, *mask_index, inputs.dim(2)?)?;
        ctc::decode(inputs, sequence_lengths, &search)
    };
    /// The negative logarithm of the probability of the labels of each sample, `(batch,)`, from logits of the shape `(batch, steps, classes)`, summed over all
    /// places that they may have among the steps (Graves et al., 2006). `target` is `(batch, most labels)`; each sample has `target_length` of
    /// these and `output_length` of the steps. `mask_index` is the class of the blank, which is between labels.
    CTCLoss ctc_loss(target, output, target_length, output_length)[mask_index: i64 = 0]: {
        let ([batch, _, classes], [rows, _]) = (&output.shape[..], &target.shape[..]) else {
            bail!("labels (batch, most labels) and logits (batch, steps, classes) are needed, received {:?} and {:?}", target.shape, output.shape)
        };
        if batch != rows || target.dtype.is_float() {
            bail!("whole numbers as labels of {batch} samples are needed, received {target:?}")
        }
        blank(*mask_index, *classes)?;
        lengths_of(target_length, *batch)?;
        lengths_of(output_length, *batch)?;
        Ok(Spec::new([*batch], wide(output)))
    } => {
        let output = float(output)?;
        let output = if output.dtype() == DType::F64 { output } else { output.to_dtype(DType::F32)? };
        let blank = blank(*mask_index, output.dim(2)?)?;
        // Without steps, only no labels are possible.
        let logs = if output.elem_count() == 0 { output } else { linalg::log_softmax(&output, -1)? };
        ctc::loss(&logs, target, [target_length, output_length], blank)
    };
}

/// At least f32.
fn wide(x: &Spec) -> DType {
    if x.dtype == DType::F64 { DType::F64 } else { DType::F32 }
}

fn lengths_of(x: &Spec, batch: usize) -> Result<()> {
    match x.shape == [batch] && !x.dtype.is_float() {
        true => Ok(()),
        false => bail!("a length for each of {batch} samples is needed, received {x:?}"),
    }
}

fn blank(index: i64, classes: usize) -> Result<usize> {
    match usize::try_from(index) {
        Ok(index) if index < classes => Ok(index),
        _ => bail!("mask_index {index} is none of {classes} classes"),
    }
}

fn search(strategy: &str, width: i64, paths: i64, merge: bool, index: i64, classes: usize) -> Result<ctc::Search> {
    let positive = |name: &str, number: i64| match usize::try_from(number) {
        Ok(number) if number > 0 => Ok(number),
        _ => bail!("{name} must be positive, received {number}"),
    };
    let (width, paths) = match strategy {
        "greedy" => (None, 1),
        "beam_search" => (Some(positive("beam_width", width)?), positive("top_paths", paths)?),
        other => return Err(crate::Error::unknown("strategy", other, &["greedy", "beam_search"]).into()),
    };
    Ok(ctc::Search { width, paths, merge_repeated: merge, blank: blank(index, classes)? })
}

fn without_classes(output: &Spec, axis: i64) -> Result<Spec> {
    let mut shape = output.shape.clone();
    let classes = shape.remove(output.dim(axis)?);
    if classes == 0 {
        bail!("a crossentropy needs at least one class, received the shape {:?}", output.shape)
    }
    Ok(output.float().shaped(shape))
}

fn categorical(target: &Tensor, output: &Tensor, from_logits: bool, axis: i64) -> Result<Tensor> {
    let log = if from_logits {
        linalg::log_softmax(output, axis)?
    } else {
        let p = output.broadcast_div(&reduce::sum(output, axes(axis).keepdims(true))?)?;
        elementwise::log(&elementwise::clip(&p, epsilon(), 1.0 - epsilon())?)?
    };
    reduce::sum(&(target.to_dtype(log.dtype())? * log)?, axis)?.neg()
}
