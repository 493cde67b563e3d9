//! How windows move over the axes of a sequence, an image or a volume.

use std::fmt;
use std::ops::Range;

/// How a window moves over one axis.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// The size of the input.
    pub input: usize,
    /// The size of the window.
    pub window: usize,
    /// The step between windows.
    pub stride: usize,
    /// The distance of its elements.
    pub dilation: usize,
    /// Padding before the input.
    pub before: usize,
    /// The number of windows: the size of the output.
    pub output: usize,
}

/// Zeros around the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// None: windows lie inside of the input.
    Valid,
    /// Zeros on both sides, so that there are as many windows as elements, divided by the stride.
    Same,
    /// Zeros in front, so that an output depends on no later input.
    Causal,
}

/// Larger dilations compute the same: only one element of a window, if any, is inside of an input. Sums with them would saturate.
const MOST_DILATION: usize = u32::MAX as usize;

impl fmt::Debug for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, window, stride, dilation, .. } = self;
        write!(f, "{window} of {input} (stride {stride}, dilation rate {dilation})")
    }
}

impl Axis {
    /// An axis of one element and one window, in place of one that is missing.
    pub(crate) const UNIT: Self = Self { input: 1, window: 1, stride: 1, dilation: 1, before: 0, output: 1 };

    /// The windows over an axis; none if the window is larger than a valid input.
    pub fn new(input: usize, window: usize, stride: usize, dilation: usize, padding: Padding) -> Self {
        // Sizes may come from a file, and be anything.
        let dilation = dilation.min(MOST_DILATION);
        let (stride, span) = (stride.max(1), span(window, dilation));
        let (output, before) = match padding {
            Padding::Valid => (input.saturating_add(stride).saturating_sub(span) / stride, 0),
            Padding::Same => {
                let output = input.div_ceil(stride);
                let all = ((output.max(1) - 1) * stride).saturating_add(span);
                (output, all.saturating_sub(input) / 2)
            }
            Padding::Causal => (input.div_ceil(stride), span - 1),
        };
        Self { input, window, stride, dilation, before, output }
    }

    /// The axis of the convolution whose gradient a transposed convolution is: `output`, the number of windows, is the size of the layer's
    /// input, and `input` that of its output. `more` is Keras's `output_padding`.
    pub fn transposed(
        size: usize,
        window: usize,
        stride: usize,
        dilation: usize,
        padding: Padding,
        more: Option<usize>,
    ) -> Self {
        // With other padding the output has the size of the windows.
        let dilation = if padding == Padding::Same { dilation.min(MOST_DILATION) } else { dilation };
        let (stride, span) = (stride.max(1), span(window, dilation));
        let last = size.saturating_sub(1).saturating_mul(stride);
        let plus = |a: usize, b: usize| a.saturating_add(b);
        // As Keras's _convert_conv_transpose_padding_args_from_keras_to_jax.
        let (input, before) = match (padding, more) {
            (Padding::Same, more) => {
                let least = span % 2;
                let (input, padded) = match more {
                    None => (size.saturating_mul(stride), plus(stride, span - 1) - 1),
                    Some(more) => (plus(last, plus(least, more)), plus(span, plus(least, more)) - 2),
                };
                (input, span - 1 - padded.div_ceil(2).min(span - 1))
            }
            (_, None) => (plus(last, span.max(stride)), 0),
            (_, Some(more)) => (plus(last, plus(span, more)), 0),
        };
        Self { input: if size == 0 { 0 } else { input }, window, stride, dilation, before, output: size }
    }

    /// Leaves these windows, and the elements of the input that they reach, which are returned; `None` if there are none.
    pub(crate) fn restrict(&mut self, windows: Range<usize>) -> Option<Range<usize>> {
        let start = windows.start.checked_mul(self.stride)?;
        let end =
            (windows.end.checked_sub(1)?).checked_mul(self.stride)?.checked_add(span(self.window, self.dilation))?;
        let from = start.saturating_sub(self.before);
        let to = end.saturating_sub(self.before).min(self.input);
        self.before = (self.before + from).checked_sub(start)?;
        (self.input, self.output) = (to.checked_sub(from).filter(|&size| size > 0)?, windows.len());
        Some(from..to)
    }

    /// Whether all indices of windows and elements, also outside of the input, have less than 32 bits.
    pub(crate) fn has_short_indices(&self) -> bool {
        let Self { input, window, stride, dilation, before, output } = *self;
        let reach = window.checked_mul(dilation).zip(output.checked_mul(stride)).and_then(|(a, b)| a.checked_add(b));
        reach.is_some_and(|reach| reach.max(input).max(before).max(stride) < 1 << 31)
    }

    /// Whether the windows have elements, and move.
    fn is_valid(&self) -> bool {
        [self.window, self.stride, self.dilation].iter().all(|&size| size > 0)
    }

    /// The index in the input of the `k`-th element of the `o`-th window; `None` in the padding.
    #[inline(always)]
    pub(crate) fn at(&self, o: usize, k: usize) -> Option<usize> {
        let place = o.saturating_mul(self.stride).saturating_add(k.saturating_mul(self.dilation));
        let place = place.checked_sub(self.before)?;
        (place < self.input).then_some(place)
    }

    /// The elements of the `o`-th window that may lie inside of the input, without those far outside of it: a window may be of any size.
    pub(crate) fn inside(&self, o: usize) -> Range<usize> {
        let start = o.saturating_mul(self.stride);
        let dilation = self.dilation.max(1);
        let first = self.before.saturating_sub(start) / dilation;
        let behind = self.before.saturating_add(self.input).saturating_sub(start).div_ceil(dilation);
        first.min(self.window)..behind.min(self.window)
    }

    /// The window whose `k`-th element is this one of the input, if there is one.
    pub(crate) fn window_at(&self, element: usize, k: usize) -> Option<usize> {
        let from = element.saturating_add(self.before).checked_sub(k.saturating_mul(self.dilation))?;
        let window = from.checked_div(self.stride)?;
        (from.is_multiple_of(self.stride) && window < self.output).then_some(window)
    }
}

/// The span of a dilated window.
fn span(window: usize, dilation: usize) -> usize {
    (window.max(1) - 1).saturating_mul(dilation).saturating_add(1)
}

/// The axes as those of a volume, if there are one to three and all are valid: an image is a volume of depth 1, and a sequence an image of
/// height 1.
pub(crate) fn volume(axes: &[Axis]) -> Option<[Axis; 3]> {
    if !axes.iter().all(Axis::is_valid) {
        return None;
    }
    Some(match *axes {
        [columns] => [Axis::UNIT, Axis::UNIT, columns],
        [rows, columns] => [Axis::UNIT, rows, columns],
        [planes, rows, columns] => [planes, rows, columns],
        _ => return None,
    })
}

/// Calls `f` with each index of an array of these sizes, in order.
#[inline(always)]
pub(crate) fn each_index([planes, rows, columns]: [usize; 3], mut f: impl FnMut([usize; 3])) {
    for z in 0..planes {
        for y in 0..rows {
            for x in 0..columns {
                f([z, y, x]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_counted_as_in_keras() {
        let output = |padding, stride, dilation| Axis::new(10, 3, stride, dilation, padding).output;
        assert_eq!(
            (output(Padding::Valid, 1, 1), output(Padding::Valid, 3, 1), output(Padding::Valid, 1, 4)),
            (8, 3, 2)
        );
        assert_eq!(
            (output(Padding::Same, 1, 2), output(Padding::Same, 3, 1), output(Padding::Causal, 2, 1)),
            (10, 4, 5)
        );
        assert_eq!(Axis::new(2, 3, 1, 1, Padding::Valid).output, 0);
        assert_eq!(Axis::new(5, 4, 2, 1, Padding::Same).before, 1);
    }

    /// Sizes and places that Keras's compute_conv_transpose_output_shape and the padding of its JAX backend have.
    #[test]
    fn transposed_windows_lie_as_in_keras() {
        use Padding::{Same, Valid};
        for (window, stride, dilation, padding, more, input, before) in [
            (3, 2, 1, Valid, None, 7, 0),
            (2, 3, 1, Valid, None, 9, 0),
            (2, 3, 1, Valid, Some(0), 8, 0),
            (3, 1, 2, Valid, None, 7, 0),
            (3, 2, 1, Same, None, 6, 0),
            (4, 2, 1, Same, None, 6, 1),
            (3, 1, 1, Same, None, 3, 1),
            (3, 2, 1, Same, Some(0), 5, 1),
            (3, 2, 1, Same, Some(1), 6, 0),
            (3, 1, 2, Same, None, 3, 2),
            (1, 3, 1, Same, None, 9, 0),
        ] {
            let axis = Axis::transposed(3, window, stride, dilation, padding, more);
            assert_eq!((axis.input, axis.before, axis.output), (input, before, 3), "{axis:?} {padding:?} {more:?}");
        }
        assert_eq!(Axis::transposed(0, 3, 2, 1, Valid, None).input, 0);
        let most = Axis::transposed(usize::MAX, usize::MAX, usize::MAX, usize::MAX, Same, Some(usize::MAX));
        assert_eq!(most.input, usize::MAX);
    }

    #[test]
    fn at_and_window_at_are_inverse() {
        for padding in [Padding::Same, Padding::Causal] {
            let [far, further] = [1000, usize::MAX].map(|dilation| Axis::new(10, 5, 2, dilation, padding));
            let places = |axis: Axis| (0..5).map(|o| (0..5).map(|k| axis.at(o, k)).collect()).collect::<Vec<Vec<_>>>();
            assert_eq!(places(far), places(further));
        }
        let [far, further] = [1000, usize::MAX].map(|rate| Axis::transposed(4, 5, 2, rate, Padding::Same, None));
        assert_eq!(
            (far.input, (0..4).map(|o| far.at(o, 2)).collect::<Vec<_>>()),
            (further.input, (0..4).map(|o| further.at(o, 2)).collect())
        );
        let axis = Axis::new(11, 3, 2, 2, Padding::Same);
        for (element, tap) in (0..11).flat_map(|element| (0..3).map(move |tap| (element, tap))) {
            let windows: Vec<_> = (0..axis.output).filter(|&o| axis.at(o, tap) == Some(element)).collect();
            assert_eq!(axis.window_at(element, tap).into_iter().collect::<Vec<_>>(), windows);
        }
    }
}
