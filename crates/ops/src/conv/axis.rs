//! How windows move over the axes of a sequence, an image or a volume.

/// How a window moves over one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    /// The size of the input.
    pub input: usize,
    /// The size of the window.
    pub window: usize,
    /// How far it moves.
    pub stride: usize,
    /// How far its elements are apart.
    pub dilation: usize,
    /// How many elements it begins before the input.
    pub before: usize,
    /// How many windows there are.
    pub output: usize,
}

/// What is done at the borders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Nothing: windows lie inside of the input.
    Valid,
    /// Zeros on both sides, so that there are as many windows as elements, divided by the stride.
    Same,
    /// Zeros in front, so that a window sees nothing behind its place.
    Causal,
}

impl Axis {
    /// An axis that is not there: one element, which the only window has.
    pub(crate) const UNIT: Self = Self { input: 1, window: 1, stride: 1, dilation: 1, before: 0, output: 1 };

    /// The windows over an axis; none if the window is larger than a valid input.
    pub fn new(input: usize, window: usize, stride: usize, dilation: usize, padding: Padding) -> Self {
        // Sizes may come from a file, and be anything.
        let (stride, reach) = (stride.max(1), reach(window, dilation));
        let (output, before) = match padding {
            Padding::Valid => (input.saturating_add(stride).saturating_sub(reach) / stride, 0),
            Padding::Same => {
                let output = input.div_ceil(stride);
                let all = ((output.max(1) - 1) * stride).saturating_add(reach);
                (output, all.saturating_sub(input) / 2)
            }
            Padding::Causal => (input.div_ceil(stride), reach - 1),
        };
        Self { input, window, stride, dilation, before, output }
    }

    /// The windows of the convolution that a transposed one goes backward through: it has a window for each element that goes in, and what
    /// comes out, of the size `input`, is what they lie on. `more` elements come out behind those that there are otherwise; as many as
    /// Keras says if it is `None`.
    pub fn transposed(
        size: usize,
        window: usize,
        stride: usize,
        dilation: usize,
        padding: Padding,
        more: Option<usize>,
    ) -> Self {
        let (stride, reach) = (stride.max(1), reach(window, dilation));
        let last = size.saturating_sub(1).saturating_mul(stride);
        let plus = |a: usize, b: usize| a.saturating_add(b);
        // As Keras's _convert_conv_transpose_padding_args_from_keras_to_jax, which pads what goes in.
        let (input, before) = match (padding, more) {
            (Padding::Same, more) => {
                let least = reach % 2;
                let (input, padded) = match more {
                    None => (size.saturating_mul(stride), plus(stride, reach - 1) - 1),
                    Some(more) => (plus(last, plus(least, more)), plus(reach, plus(least, more)) - 2),
                };
                (input, reach - 1 - padded.div_ceil(2).min(reach - 1))
            }
            (_, None) => (plus(last, reach.max(stride)), 0),
            (_, Some(more)) => (plus(last, plus(reach, more)), 0),
        };
        Self { input: if size == 0 { 0 } else { input }, window, stride, dilation, before, output: size }
    }

    /// The element of the input that the `k`-th of the `o`-th window is on, if it is on one.
    #[inline(always)]
    pub(crate) fn at(&self, o: usize, k: usize) -> Option<usize> {
        let place = o.saturating_mul(self.stride).saturating_add(k.saturating_mul(self.dilation));
        let place = place.checked_sub(self.before)?;
        (place < self.input).then_some(place)
    }

    /// The window whose `k`-th element is on this one of the input, if there is one.
    pub(crate) fn window_at(&self, element: usize, k: usize) -> Option<usize> {
        let from = element.saturating_add(self.before).checked_sub(k.saturating_mul(self.dilation))?;
        let window = from / self.stride;
        (from.is_multiple_of(self.stride) && window < self.output).then_some(window)
    }
}

/// From the first element of a window to behind the last.
fn reach(window: usize, dilation: usize) -> usize {
    (window.max(1) - 1).saturating_mul(dilation).saturating_add(1)
}

/// The axes as those of a volume, if they are not more: an image is a volume of depth 1, and a sequence is one of height 1 as well.
pub(crate) fn volume(axes: &[Axis]) -> Option<[Axis; 3]> {
    Some(match *axes {
        [columns] => [Axis::UNIT, Axis::UNIT, columns],
        [rows, columns] => [Axis::UNIT, rows, columns],
        [planes, rows, columns] => [planes, rows, columns],
        _ => return None,
    })
}

/// Calls `f` with the places of an array of these sizes, in its order.
#[inline(always)]
pub(crate) fn each_place([planes, rows, columns]: [usize; 3], mut f: impl FnMut([usize; 3])) {
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
    fn an_element_and_its_windows_know_each_other() {
        let axis = Axis::new(11, 3, 2, 2, Padding::Same);
        for (element, tap) in (0..11).flat_map(|element| (0..3).map(move |tap| (element, tap))) {
            let windows: Vec<_> = (0..axis.output).filter(|&o| axis.at(o, tap) == Some(element)).collect();
            assert_eq!(axis.window_at(element, tap).into_iter().collect::<Vec<_>>(), windows);
        }
    }
}
