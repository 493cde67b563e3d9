//! Adapts arrays to the inputs and outputs of a model: their number, ranks, shapes and dtypes.

use crate::Result;
use crate::graph::Graph;
use candle_core::{DType, Tensor};
use candle_keras_data::{Batch, TextArrays};
use candle_keras_layers::{NodeOutput, Shape};
use candle_keras_ops::{Error, argmax_of_rows, dtype_name, position, warnings};
use std::collections::BTreeMap;

/// Adapts the inputs of a model as Keras does, of which those with the indices `text` were given as strings; an error if they still do not match.
pub(crate) fn inputs(graph: &Graph, arrays: Vec<Tensor>, text: &[usize]) -> Result<Vec<Tensor>> {
    let inputs = graph.inputs();
    if arrays.len() != inputs.len() {
        let names: Vec<_> = inputs.iter().map(|input| input.node().layer().layer_name()).collect();
        return Err(Error::new("the model takes one array for each of its inputs")
            .expected(format!("{}: {}", inputs.len(), names.join(", ")))
            .received(format!("{} arrays", arrays.len())));
    }
    let numbers: Vec<_> =
        text.iter().copied().filter(|&i| inputs.get(i).is_some_and(|x| !x.spec().is_string())).collect();
    if let Some(i) = TextArrays::first(&numbers, &arrays) {
        let (input, places) = (&inputs[i], arrays[i].rank().saturating_sub(1));
        return Err(Error::new("the input takes numbers, not text")
            .expected(format!("{:?}", input.spec()))
            .received(format!("strings of shape {:?}", &arrays[i].dims()[..places]))
            .help("a TextVectorization or a StringLookup maps words to whole numbers; a tensor of bytes is taken as numbers: ops::string_tensor")
            .in_layer(input.node().layer().layer_name(), input.node().layer().class_name()));
    }
    arrays.into_iter().zip(inputs).map(|(array, input)| adapt(array, input)).collect()
}

fn adapt(array: Tensor, input: &NodeOutput) -> Result<Tensor> {
    let (shape, layer) = (input.shape(), input.node().layer());
    if input.spec().is_string() {
        return text(array, input);
    }
    let rank = array.rank();
    let array = if rank == shape.len() + 1 && array.dims().last() == Some(&1) {
        array.squeeze(rank - 1)?
    } else if rank + 1 == shape.len() && shape.last() == Some(&Some(1)) {
        array.unsqueeze(rank)?
    } else {
        array
    };
    // A fixed batch size applies to a batch, not to all data.
    let sample: Shape = std::iter::once(None).chain(shape.iter().skip(1).copied()).collect();
    if !sample.accepts(array.dims()) {
        if array.elem_count() == 0 {
            return Err(Error::new("there are no samples").received(format!("an array of shape {:?}", array.dims())));
        }
        let error = Error::new("the data does not match the input")
            .expected(format!("shape {shape}"))
            .received(format!("shape {:?}", array.dims()));
        let one_sample = shape.len() == array.rank() + 1
            && shape.iter().skip(1).zip(array.dims()).all(|(a, b)| a.is_none_or(|a| a == *b));
        let error = if one_sample {
            error.help("this is a single sample, and axis 0 is the samples: vec![sample], or Dataset::batch")
        } else {
            error
        };
        return Err(error.in_layer(layer.layer_name(), layer.class_name()));
    }
    if input.dtype() == DType::F32 && array.dtype().is_int() && too_large_for_f32(&array)? {
        warnings::warn(format!(
            "integers above 16777216 are not exact in float32, the dtype of the input {:?}; give it the dtype int32",
            layer.layer_name()
        ));
    }
    cast(&array, input.dtype()).map_err(|error| error.in_layer(layer.layer_name(), layer.class_name()))
}

/// The array in the dtype of an input. Integers keep their values: Keras truncates fractions and wraps what does not fit.
fn cast(array: &Tensor, dtype: DType) -> Result<Tensor> {
    if array.dtype() == dtype || !dtype.is_int() {
        return Ok(array.to_dtype(dtype)?);
    }
    let (low, high) = match dtype {
        DType::U8 => (0, i64::from(u8::MAX)),
        DType::U32 => (0, i64::from(u32::MAX)),
        DType::I16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        DType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let flat = array.flatten_all()?;
    let wrong = |i: usize, value: String| {
        let at = position(i, array.dims());
        Error::new(format!("a value is not one of the input's dtype {}", dtype_name(dtype)))
            .expected(format!("whole numbers from {low} to {high}"))
            .received(format!("{value} at {at:?}"))
            .help("the argument dtype of Input is the dtype of its data")
            .at_sample(at[0], array.dims()[0])
    };
    // A part at a time, so that no second copy of the data is in memory.
    for first in (0..flat.elem_count()).step_by(1 << 16) {
        let part = flat.narrow(0, first, (flat.elem_count() - first).min(1 << 16))?;
        if array.dtype().is_int() {
            let values = part.to_dtype(DType::I64)?.to_vec1::<i64>()?;
            if let Some(i) = values.iter().position(|x| !(low..=high).contains(x)) {
                return Err(wrong(first + i, values[i].to_string()));
            }
        } else {
            let values = part.to_dtype(DType::F64)?.to_vec1::<f64>()?;
            let fits = |x: f64| x.fract() == 0.0 && x >= low as f64 && x < high as f64 + 1.0;
            if let Some(i) = values.iter().position(|&x| !fits(x)) {
                return Err(wrong(first + i, values[i].to_string()));
            }
        }
    }
    Ok(array.to_dtype(dtype)?)
}

/// Text for an input of strings: bytes, with one more axis than the shape.
fn text(array: Tensor, input: &NodeOutput) -> Result<Tensor> {
    let (shape, layer) = (input.shape(), input.node().layer());
    let array = match array.rank() == shape.len() && shape.last() == Some(&Some(1)) {
        true => array.unsqueeze(array.rank() - 1)?,
        false => array,
    };
    let places = &array.dims()[..array.rank().saturating_sub(1)];
    let fits = |shape: &Shape| {
        places.len() == shape.len() && places.iter().zip(shape.iter()).skip(1).all(|(a, b)| b.is_none_or(|b| b == *a))
    };
    if array.dtype() != DType::U8 || !fits(shape) {
        return Err(Error::new("the data does not match the input")
            .expected(format!("text of shape {shape}"))
            .received(format!("{:?} of shape {:?}", array.dtype(), array.dims()))
            .help("a Vec of strings, or ops::string_tensor")
            .in_layer(layer.layer_name(), layer.class_name()));
    }
    Ok(array)
}

fn too_large_for_f32(array: &Tensor) -> Result<bool> {
    if array.elem_count() == 0 || array.dtype() == DType::U8 {
        return Ok(false);
    }
    let flat = array.flatten_all()?;
    let of = |extreme: Tensor| extreme.to_dtype(DType::F64)?.to_scalar::<f64>();
    let most = f64::from(1 << 24);
    Ok(of(flat.max(0)?)? > most || of(flat.min(0)?)? < -most)
}

/// Targets of a model: one array for each output.
pub(crate) fn targets(graph: &Graph, arrays: Vec<Tensor>, text: &[usize]) -> Result<Vec<Tensor>> {
    if let Some(i) = TextArrays::first(text, &arrays) {
        let name = graph.output_names().get(i).map_or_else(String::new, |name| format!(" for the output {name:?}"));
        return Err(Error::new("targets are numbers, not text")
            .received(format!("strings{name}"))
            .help("a StringLookup with num_oov_indices(0) maps the names of classes to their indices"));
    }
    if arrays.len() != graph.outputs().len() {
        return Err(Error::new("the model takes one array of targets for each of its outputs")
            .expected(format!("{}: {}", graph.outputs().len(), graph.output_names().join(", ")))
            .received(format!("{} arrays", arrays.len())));
    }
    Ok(arrays)
}

/// An error if two kinds of arrays have different numbers of samples.
pub(crate) fn same_length(what: [&str; 2], a: &[Tensor], b: &[Tensor]) -> Result<usize> {
    let samples =
        |arrays: &[Tensor]| arrays.iter().map(|array| array.dims().first().copied().unwrap_or(0)).collect::<Vec<_>>();
    let (a, b) = (samples(a), samples(b));
    let first = a.first().copied().unwrap_or(0);
    if a.iter().chain(&b).any(|&count| count != first) {
        let list = |counts: &[usize]| counts.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
        return Err(Error::new(format!("{} and {} must have the same number of samples", what[0], what[1]))
            .received(format!("{}: {}; {}: {}", what[0], list(&a), what[1], list(&b))));
    }
    Ok(first)
}

/// An error if a batch has no samples: their mean loss would be NaN.
pub(crate) fn not_empty(batch: &Batch) -> Result<()> {
    match batch.size() {
        0 => Err(Error::new("there are no samples in the batch")),
        _ => Ok(()),
    }
}

/// Splits into the first `floor(n (1 - part))` samples and the rest.
pub(crate) fn split(arrays: &Batch, part: f64) -> Result<(Batch, Batch)> {
    let samples = arrays.size();
    let at = (samples as f64 * (1.0 - part)).floor() as usize;
    if !(0.0..1.0).contains(&part) || at == 0 || at == samples {
        return Err(Error::new("validation_split must leave samples on both sides")
            .expected("more than 0 and less than 1")
            .received(format!("{part} of {samples} samples")));
    }
    let side = |from: usize, to: usize| arrays.map(|array| Ok(array.narrow(0, from, to - from)?));
    Ok((side(0, at)?, side(at, samples)?))
}

/// A weight for each sample, from class weights; targets are class indices or one-hot rows.
pub(crate) fn class_weights(
    weights: &BTreeMap<u32, f64>,
    targets: &[Tensor],
    has_sample_weight: bool,
) -> Result<Tensor> {
    if has_sample_weight {
        return Err(Error::new("class_weight and sample_weight cannot be combined"));
    }
    let [target] = targets else {
        return Err(Error::new("class_weight is for models with one output").received(targets.len().to_string()));
    };
    let classes = match target.dims() {
        [_] | [_, 1] => target.flatten_all()?.to_dtype(DType::F64)?.to_vec1::<f64>()?,
        [_, _] => argmax_of_rows(target)?.to_dtype(DType::F64)?.to_vec1::<f64>()?,
        dims => {
            return Err(Error::new("class_weight needs a class index or a one-hot row for each sample")
                .received(format!("targets of shape {dims:?}")));
        }
    };
    // NumPy rounds halves to even. What is no class, as -1 for samples that a loss ignores, has the weight 1.
    let class = |label: f64| Some(label.round_ties_even()).filter(|x| (0.0..4294967296.0).contains(x));
    let weight = |label| class(label).and_then(|x| weights.get(&(x as u32))).copied().unwrap_or(1.0) as f32;
    let weights: Vec<f32> = classes.into_iter().map(weight).collect();
    Ok(Tensor::from_vec(weights, target.dim(0)?, target.device())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::Device;

    /// The expected weights are those of Keras's `class_weight_to_sample_weights`.
    #[test]
    fn class_weights_round_as_numpy() {
        let weights = BTreeMap::from([(0, 3.0), (1, 5.0), (2, 7.0)]);
        let labels = vec![-1.0, -0.5, 0.4, 0.5, 0.6, 1.5, 2.5, 3.5, 1e12, f64::NAN];
        let target = Tensor::new(labels, &Device::Cpu).unwrap();
        let found = class_weights(&weights, std::slice::from_ref(&target), false).unwrap();
        assert_eq!(found.to_vec1::<f32>().unwrap(), [1., 3., 3., 3., 5., 7., 7., 1., 1., 1.]);
        let labels = Tensor::new(&[[-1i64], [1], [1 << 32]], &Device::Cpu).unwrap();
        assert_eq!(class_weights(&weights, &[labels], false).unwrap().to_vec1::<f32>().unwrap(), [1., 5., 1.]);
    }

    #[test]
    fn a_cast_keeps_values() {
        let real = |values: &[f64]| cast(&Tensor::new(values, &Device::Cpu).unwrap(), DType::I32);
        assert_eq!(real(&[-3.0, 2147483647.0, -0.0]).unwrap().to_vec1::<i32>().unwrap(), [-3, i32::MAX, 0]);
        for wrong in [0.5, 2147483648.0, -2147483649.0, f64::NAN, f64::INFINITY] {
            let error = real(&[0.0, wrong]).unwrap_err().to_string();
            assert!(error.contains(&format!("received: {wrong} at [1]")), "{error}");
        }
        let whole = |dtype| cast(&Tensor::new(&[[0i64, 255], [256, -1]], &Device::Cpu).unwrap(), dtype);
        assert!(whole(DType::U8).unwrap_err().to_string().contains("256 at [1, 0]"));
        assert!(whole(DType::U32).unwrap_err().to_string().contains("-1 at [1, 1]"));
        assert_eq!(whole(DType::I16).unwrap().dtype(), DType::I16);
        assert!(cast(&Tensor::new(&[1e19], &Device::Cpu).unwrap(), DType::I64).is_err());
    }
}
