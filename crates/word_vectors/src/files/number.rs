//! Decimal numbers to f32, as exact as `str::parse` and several times as fast.

/// The powers of ten that f64 holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The number that `text` begins with, which ends at a space, a tab or the end; and its length in bytes.
///
/// "nan" and "inf" are numbers, with a sign or without: C's printf writes them.
#[inline]
pub(super) fn leading(text: &[u8]) -> Option<(f32, usize)> {
    let negative = text.first() == Some(&b'-');
    let start = usize::from(negative);
    let (mut mantissa, mut at) = digits(text, start, 0);
    let mut count = at - start;
    let mut exponent = 0;
    if text.get(at) == Some(&b'.') {
        let point = at + 1;
        (mantissa, at) = digits(text, point, mantissa);
        count += at - point;
        exponent = point as i64 - at as i64;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let negative = text.get(at + 1) == Some(&b'-');
        let from = at + 1 + usize::from(negative || text.get(at + 1) == Some(&b'+'));
        let (power, to) = digits(text, from, 0);
        if to == from || to > from + 4 {
            return any(text);
        }
        exponent += if negative { -(power as i64) } else { power as i64 };
        at = to;
    }
    // Nineteen digits are below 2^64, so nothing has been cut off.
    let ends = matches!(text.get(at), None | Some(b' ' | b'\t'));
    if !ends || count == 0 || count > 19 || mantissa >= 1 << 53 || exponent.unsigned_abs() >= POWERS.len() as u64 {
        return any(text);
    }
    // Both are exact in f64, so this is the exact quotient or product, rounded once.
    let power = POWERS[exponent.unsigned_abs() as usize];
    let value = if exponent < 0 { mantissa as f64 / power } else { mantissa as f64 * power };
    // Between 1e-22 and 1e38, the numbers halfway between two of f32 are those of f64 with these last 29 bits. Rounding never crosses one of
    // them, and so rounds a second time to what once would have given, unless it stopped at one.
    if value.to_bits() & 0x1fff_ffff == 0x1000_0000 {
        return any(text);
    }
    let value = value as f32;
    Some((if negative { -value } else { value }, at))
}

/// `before` and the decimal digits from `start` on as one number, which wraps if it is too large, and where they end.
#[inline(always)]
fn digits(text: &[u8], start: usize, before: u64) -> (u64, usize) {
    let (mut number, mut at) = (before, start);
    while let Some(digit) = text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (number, at)
}

#[cold]
fn any(text: &[u8]) -> Option<(f32, usize)> {
    let length = memchr::memchr2(b' ', b'\t', text).unwrap_or(text.len());
    Some((std::str::from_utf8(&text[..length]).ok()?.parse().ok()?, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::random::Stream;

    fn check(text: &str) {
        let expected: Option<f32> = text.parse().ok();
        let found = leading(text.as_bytes());
        assert_eq!(found.map(|(x, _)| x.to_bits()), expected.map(f32::to_bits), "{text}");
        if let Some((_, length)) = found {
            assert_eq!(length, text.len(), "{text}");
            assert_eq!(leading(format!("{text} 7").as_bytes()).map(|(_, length)| length), Some(text.len()));
        }
    }

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        for text in [
            "0",
            "-0",
            "-0.0",
            "1",
            "+1",
            "1.",
            ".5",
            "-.5",
            ".",
            "",
            "-",
            "+",
            "e5",
            "1e",
            "1e+",
            "1e5",
            "1E-5",
            "1e+05",
            "1e-45",
            "7e-46",
            "3.4028235e38",
            "3.4028236e38",
            "1e39",
            "-1e39",
            "1e400",
            "1e-400",
            "1e99999",
            "nan",
            "-nan",
            "NaN",
            "inf",
            "-inf",
            "infinity",
            "1.5x",
            "x",
            "1_0",
            "0x10",
            "16777217",
            "16777219",
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616",
            "0.00000000000000000000000000001",
            "123456789012345678901234567890",
            "0.1000000000000000055511151231257827",
            "1.00000005960464477539062500",
            "1.000000059604644775390624",
            "1.000000059604644775390626",
            "1.#IND",
            "1,5",
            "\u{661}",
            "1\u{a0}",
        ] {
            check(text);
        }
        let mut random = Stream::new(1, 0);
        for _ in 0..300_000 {
            let bits = random.next_u64();
            let x = f32::from_bits(bits as u32);
            check(&x.to_string());
            check(&format!("{x:e}"));
            let small = (bits as u32 as f32 / u32::MAX as f32 - 0.5) * [0.01, 1., 30., 1e6][(bits >> 40) as usize % 4];
            check(&format!("{small:.*}", (bits >> 32) as usize % 12));
            // Halfway between two numbers of f32, and a digit beside it.
            let half = f64::from(small) + f64::from(f32::from_bits(small.to_bits() + 1));
            let digits = format!("{:.17}", half / 2.0);
            check(&digits);
            check(&digits[..digits.len() - (bits >> 50) as usize % 9]);
        }
    }
}
