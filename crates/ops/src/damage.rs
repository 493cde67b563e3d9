//! Damages files for tests: a reader answers with an error or with what can still be read, never with a panic.

use crate::random::Stream;

/// A copy of `bytes` with one kind of damage: truncated, a bit or byte changed, a wrong length, a number too large, a part zeroed, missing
/// or moved.
///
/// ```
/// use candle_keras_ops::{damage::damaged, random::Stream};
/// let mut random = Stream::new(1, 0);
/// assert!((0..10).any(|_| damaged(b"a file", &mut random) != b"a file"));
/// ```
pub fn damaged(bytes: &[u8], random: &mut Stream) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    if bytes.is_empty() {
        return damaged;
    }
    let at = random.below(bytes.len() as u64) as usize;
    match random.below(9) {
        0 => damaged.truncate(at),
        1 => damaged[at] ^= 1 << random.below(8),
        2 => damaged[at] = random.below(256) as u8,
        3 => {
            let value = [u64::MAX, 1 << 40, 1 << 31, random.next_u64()][random.below(4) as usize].to_le_bytes();
            damaged.iter_mut().skip(at).zip(value).for_each(|(byte, value)| *byte = value);
        }
        4 => damaged.iter_mut().skip(at).take(16).for_each(|byte| *byte = 0),
        5 => damaged.insert(at, [b'9', b' ', b'\n', b'\t', 0, 255][random.below(6) as usize]),
        6 => drop(damaged.remove(at)),
        7 => {
            let digits = [&b"99999999999"[..], b"-1", b"1e999", b"18446744073709551615"][random.below(4) as usize];
            damaged.splice(at..at, digits.iter().copied());
        }
        _ => {
            let from = random.below(bytes.len() as u64) as usize;
            let count = (bytes.len() - at.max(from)).min(64);
            damaged.copy_within(from..from + count, at);
        }
    }
    damaged
}
