//! One image in bands, so that every thread has some: with a single sample there is no batch to divide.

use super::axis::Axis;
use super::{Destination, Epilogue, Method, Plan};
use crate::cores;
use crate::matmul::FusedActivation;
use crate::pool::{Pool, Windows};
use crate::simd::Float;
use candle_core::Result;
use std::ops::Range;

/// How many bands an image is divided into, and the multiple that the size of a band is of, which suits the tiles of Winograd's method. Neither
/// depends on the number of threads, nor does therefore any bit of the result.
const BANDS: usize = 4;
const MULTIPLE: usize = 4;

/// With fewer products than this, one thread computes an image.
const FROM: usize = 1 << 17;

/// A pooling, and its windows over the outputs of a convolution.
pub(super) type Pooling = (Pool, [Axis; 3]);

/// `activation(convolution(x, kernel) + bias)`, pooled if `pooling` is given.
///
/// # Errors
/// If the windows of the pooling do not fit into memory.
pub(super) fn forward<T: Float>(
    plan: Plan,
    [x, kernel]: [&[T]; 2],
    bias: Option<&[T]>,
    activation: FusedActivation,
    pooling: Option<Pooling>,
) -> Result<Vec<T>> {
    let epilogue = |plan: &Plan, pooling: Option<Pooling>| -> Result<Epilogue<T>> {
        let windows = |(pool, axes)| -> Result<_> { Ok((pool, Windows::new(axes, plan.filters)?)) };
        Ok(Epilogue { bias, activation, pooling: pooling.map(windows).transpose()? })
    };
    let Some((unit, bands)) = bands(&plan, pooling) else {
        return Ok(Method::forwards(plan).forward(x, kernel, &epilogue(&plan, pooling)?));
    };
    let bands = bands.into_iter().map(|(input, plan, pooling)| Ok((input, plan, epilogue(&plan, pooling)?)));
    let bands = bands.collect::<Result<Vec<_>>>()?;
    let length = bands.iter().map(|(_, plan, epilogue)| epilogue.output(plan)).sum();
    Ok(cores::fill_chunks(length, unit, |from, chunk| {
        let (input, plan, epilogue) = &bands[from / unit];
        Method::forwards(*plan).forward_to(Destination::Chunk(chunk), [&x[input.clone()], kernel], epilogue);
    }))
}

/// What a band reads of the image, its convolution and its pooling.
type Band = (Range<usize>, Plan, Option<Pooling>);

/// The bands of the one image of a batch along its first axis, and how many elements of the result all but the last have; `None` if it is small.
fn bands(plan: &Plan, pooling: Option<Pooling>) -> Option<(usize, Vec<Band>)> {
    if plan.batch != 1 || plan.output().saturating_mul(plan.depth()) < FROM {
        return None;
    }
    // A band is contiguous if the axes before have one element.
    let along = plan.axes.iter().position(|axis| axis.input > 1)?;
    let results = pooling.map_or(plan.axes, |(_, axes)| axes);
    if results[..along].iter().any(|axis| axis.output != 1) {
        return None;
    }
    let rows = results[along].output;
    let size = rows.div_ceil(BANDS).next_multiple_of(MULTIPLE);
    let row = |axes: &[Axis; 3], size: fn(&Axis) -> usize| axes[along + 1..].iter().map(size).product::<usize>();
    let pixels = row(&plan.axes, |axis| axis.input) * plan.channels;
    let band = |from: usize| {
        let (mut rows, mut pooling, mut plan) = (from..(from + size).min(rows), pooling, *plan);
        if let Some((_, axes)) = &mut pooling {
            rows = axes[along].restrict(rows)?;
        }
        let input = plan.axes[along].restrict(rows)?;
        Some((input.start * pixels..input.end * pixels, plan, pooling))
    };
    let bands = (0..rows).step_by(size).map(band).collect::<Option<Vec<_>>>()?;
    (bands.len() > 1).then_some((size * row(&results, |axis| axis.output) * plan.filters, bands))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Padding;
    use crate::gradcheck::values;

    /// By each method and over one, two and three axes, with windows that reach beyond the image, strides and pooling.
    #[test]
    fn bands_are_the_whole_image() {
        use Padding::*;
        let axis = |input, window, stride, dilation, padding| Axis::new(input, window, stride, dilation, padding);
        for (axes, [channels, filters, groups], pools) in [
            ([Axis::UNIT, axis(30, 3, 1, 1, Same), axis(13, 3, 1, 1, Same)], [16, 16, 1], true),
            ([Axis::UNIT, axis(29, 3, 2, 1, Same), axis(13, 3, 2, 1, Valid)], [16, 16, 1], true),
            ([Axis::UNIT, axis(40, 5, 1, 2, Same), axis(20, 3, 1, 1, Valid)], [2, 16, 1], false),
            ([Axis::UNIT, axis(64, 3, 1, 1, Same), axis(20, 3, 1, 1, Same)], [16, 16, 16], true),
            ([Axis::UNIT, Axis::UNIT, axis(90, 5, 1, 1, Causal)], [16, 24, 1], true),
            ([axis(14, 3, 1, 1, Same), axis(8, 3, 1, 1, Same), axis(9, 2, 2, 1, Valid)], [4, 16, 2], true),
        ] {
            let plan = Plan { batch: 1, axes, channels, filters, groups };
            let numbers = |count: usize, seed| values([count], seed).to_vec1::<f64>().unwrap();
            let (x, kernel, bias) = (numbers(plan.image(), 1), numbers(plan.depth() * filters, 2), numbers(filters, 3));
            let over =
                plan.axes.map(|axis| if axis.output > 1 { Axis::new(axis.output, 3, 2, 1, Same) } else { Axis::UNIT });
            for pooling in [None, Some((Pool::Max, over)), Some((Pool::Average, over))] {
                if pooling.is_some() && !pools {
                    continue;
                }
                let run = |plan| forward(plan, [&x, &kernel], Some(&bias), FusedActivation::Relu, pooling).unwrap();
                assert!(bands(&plan, pooling).is_some(), "{axes:?}");
                let windows = pooling.map(|(pool, axes)| (pool, Windows::new(axes, filters).unwrap()));
                let epilogue = Epilogue { bias: Some(&bias), activation: FusedActivation::Relu, pooling: windows };
                let whole = Method::forwards(plan).forward(&x, &kernel, &epilogue);
                let parts = run(plan);
                assert!(parts.len() == whole.len());
                assert!(parts.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 1e-12), "{axes:?} {pooling:?}");
            }
        }
    }
}
