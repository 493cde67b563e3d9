//! Normal numbers by the method of NumPy's `Generator`: layers of equal area under the curve.
//!
//! Marsaglia and Tsang, "The ziggurat method for generating random variables", 2000.

use super::pcg64::Pcg64;
use super::wide;
use std::sync::LazyLock;

const LAYERS: usize = 256;
/// Where the tail begins.
const TAIL: f64 = 3.654_152_885_361_009;
const AREA: f64 = 0.004_928_673_233_974_652;
const BITS: f64 = (1u64 << 52) as f64;

/// Of each layer: its width by the number of bits, how many of them are inside of the next layer, and the height of the curve at its end.
struct Layers {
    width: [f64; LAYERS],
    inside: [u64; LAYERS],
    height: [f64; LAYERS],
}

/// NumPy's constants to the last bit. The exponentials and logarithms of a system may differ in that.
static LAYERS_OF_NUMPY: LazyLock<Layers> = LazyLock::new(|| {
    let height_at = |x: f64| wide::exp(-0.5 * x * x);
    let (mut ends, mut height) = ([0.0; LAYERS], [1.0; LAYERS]);
    for i in (1..LAYERS).rev() {
        ends[i] = if i + 1 == LAYERS { TAIL } else { (-2.0 * wide::ln(height[i + 1] + AREA / ends[i + 1])).sqrt() };
        height[i] = height_at(ends[i]);
        if i == 38 {
            // Whatever computed NumPy's table rounded this one up.
            height[i] = height[i].next_up();
        }
    }
    let mut width = ends.map(|end| end / BITS);
    width[0] = AREA / height_at(TAIL) / BITS;
    let mut inside = [0; LAYERS];
    inside[0] = (TAIL * height_at(TAIL) / AREA * BITS).round_ties_even() as u64;
    for i in 2..LAYERS {
        inside[i] = (ends[i - 1] / ends[i] * BITS).round_ties_even() as u64;
    }
    Layers { width, inside, height }
});

/// The next number of the standard normal distribution.
pub(super) fn normal(bits: &mut Pcg64, mut unit: impl FnMut(&mut Pcg64) -> f64) -> f64 {
    let Layers { width, inside, height } = &*LAYERS_OF_NUMPY;
    loop {
        let drawn = bits.next_u64();
        let (layer, is_negative, place) =
            ((drawn & 0xff) as usize, drawn >> 8 & 1 == 1, drawn >> 9 & (BITS as u64 - 1));
        let x = place as f64 * width[layer];
        let x = if is_negative { -x } else { x };
        if place < inside[layer] {
            return x;
        }
        if layer > 0 {
            let y = (height[layer - 1] - height[layer]) * unit(bits) + height[layer];
            if y < (-0.5 * x * x).exp() {
                return x;
            }
            continue;
        }
        loop {
            let beyond = -(1.0 / TAIL) * (-unit(bits)).ln_1p();
            let y = -(-unit(bits)).ln_1p();
            if y + y > beyond * beyond {
                return if place >> 8 & 1 == 1 { -(TAIL + beyond) } else { TAIL + beyond };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of the bits of NumPy's `wi_double`, `ki_double` and `fi_double`.
    #[test]
    fn the_constants_are_those_of_numpy() {
        let sum = |words: &mut dyn Iterator<Item = u64>| {
            words.enumerate().fold(0u64, |sum, (i, word)| sum.wrapping_add(word.wrapping_mul(2 * i as u64 + 1)))
        };
        let Layers { width, inside, height } = &*LAYERS_OF_NUMPY;
        assert_eq!(sum(&mut width.iter().map(|x| x.to_bits())), 9246688924538845562);
        assert_eq!(sum(&mut inside.iter().copied()), 16266846881039463942);
        assert_eq!(sum(&mut height.iter().map(|x| x.to_bits())), 8193741253160336353);
    }
}
