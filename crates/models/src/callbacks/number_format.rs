//! Python's format specifications for numbers: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.

/// A number of Python.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    /// An int.
    Whole(u64),
    /// A float.
    Real(f64),
}

/// A parsed specification.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct NumberFormat {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    no_negative_zero: bool,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

/// The largest width and precision: names of files have up to 255 bytes.
const LARGEST: usize = 255;

impl NumberFormat {
    /// Parses a specification; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (mut format, mut rest) = (Self::default(), text);
        let mut take = |wanted: &str| {
            let first = rest.chars().next().filter(|c| wanted.contains(*c))?;
            rest = &rest[first.len_utf8()..];
            Some(first)
        };
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(fill), Some(align @ ('<' | '>' | '=' | '^'))) => {
                (format.fill, format.align) = (Some(fill), Some(align));
                take(&fill.to_string());
                take("<>=^");
            }
            _ => format.align = take("<>=^"),
        }
        format.sign = take("+- ");
        format.no_negative_zero = take("z").is_some();
        format.alternate = take("#").is_some();
        if format.fill.is_none() && take("0").is_some() {
            format.fill = Some('0');
            format.align = format.align.or(Some('='));
        }
        let number = |take: &mut dyn FnMut(&str) -> Option<char>| {
            let digits: String = std::iter::from_fn(|| take("0123456789")).collect();
            let number = if digits.is_empty() { None } else { Some(digits.parse().unwrap_or(usize::MAX)) };
            if number > Some(LARGEST) { Err(format!("{digits} is larger than {LARGEST}")) } else { Ok(number) }
        };
        format.width = number(&mut take)?.unwrap_or(0);
        format.grouping = take(",_");
        if take(".").is_some() {
            format.precision = Some(number(&mut take)?.ok_or("a precision is missing after the point")?);
        }
        format.kind = take("bdoxXneEfFgG%");
        if rest.is_empty() { Ok(format) } else { Err(format!("{rest:?} is not known")) }
    }

    /// The number in this format; the error says why Python has none for it.
    pub(super) fn apply(&self, number: Number) -> Result<String, String> {
        match (number, self.kind) {
            (Number::Whole(x), None | Some('b' | 'd' | 'o' | 'x' | 'X' | 'n')) => self.whole(x),
            (Number::Whole(x), _) => self.real(x as f64),
            (Number::Real(_), Some(kind @ ('b' | 'd' | 'o' | 'x' | 'X'))) => {
                Err(format!("{kind:?} is for whole numbers, and this is a value of the logs"))
            }
            (Number::Real(x), _) => self.real(x),
        }
    }

    fn whole(&self, x: u64) -> Result<String, String> {
        if self.precision.is_some() || self.no_negative_zero {
            return Err("a whole number has no precision and no z".into());
        }
        let (prefix, digits, group) = match self.kind {
            Some('b') => ("0b", format!("{x:b}"), 4),
            Some('o') => ("0o", format!("{x:o}"), 4),
            Some('x') => ("0x", format!("{x:x}"), 4),
            Some('X') => ("0X", format!("{x:X}"), 4),
            _ => ("", x.to_string(), 3),
        };
        if self.grouping == Some(',') && group == 4 {
            return Err("',' is for decimal numbers".into());
        }
        self.padded(false, if self.alternate { prefix } else { "" }, &digits, "", group)
    }

    fn real(&self, x: f64) -> Result<String, String> {
        let kind = self.kind.unwrap_or('r');
        let x = if kind == '%' { x * 100.0 } else { x };
        let mut text = if x.is_finite() {
            self.digits(x.abs(), kind.to_ascii_lowercase())
        } else if x.is_nan() {
            "nan".into()
        } else {
            "inf".into()
        };
        if kind.is_ascii_uppercase() {
            text.make_ascii_uppercase();
        }
        if kind == '%' {
            text.push('%');
        }
        let is_zero = !text
            .split(['e', 'E'])
            .next()
            .is_some_and(|digits| digits.contains(|c: char| c.is_ascii_digit() && c != '0'));
        let is_negative = x.is_sign_negative() && !x.is_nan() && !(self.no_negative_zero && x.is_finite() && is_zero);
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (whole, rest) = text.split_at(end);
        self.padded(is_negative, "", whole, rest, 3)
    }

    /// The digits of a positive number.
    fn digits(&self, x: f64, kind: char) -> String {
        let precision = self.precision.unwrap_or(6);
        let mut text = match kind {
            'f' | '%' => format!("{x:.precision$}"),
            'e' => python_exponent(&format!("{x:.precision$e}")),
            _ => return self.general(x, kind == 'r'),
        };
        if self.alternate && precision == 0 {
            text.insert(text.find('e').unwrap_or(text.len()), '.');
        }
        text
    }

    /// As few digits as the precision allows: `g`, or no type (`bare`), which has a digit after the point, and all digits if there is no precision.
    fn general(&self, x: f64, bare: bool) -> String {
        let precision = if bare { self.precision } else { Some(self.precision.unwrap_or(6)) }.map(|p| p.max(1));
        let scientific = precision.map_or_else(|| shortest(x), |p| format!("{x:.0$e}", p - 1));
        let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let power: i32 = power.parse().unwrap_or(0);
        let digits = mantissa.replace('.', "");
        let digits = if self.alternate && precision.is_some() { digits.as_str() } else { digits.trim_end_matches('0') };
        let digits = if digits.is_empty() { "0" } else { digits };
        let largest = precision.map_or(16, |p| p as i32 - i32::from(bare));
        if power < -4 || power >= largest {
            let (first, rest) = digits.split_at(1);
            let point = if rest.is_empty() && !self.alternate { "" } else { "." };
            return python_exponent(&format!("{first}{point}{rest}e{power}"));
        }
        let mut text = match power {
            ..0 => format!("0.{}{digits}", "0".repeat(-(power + 1) as usize)),
            power if digits.len() > power as usize + 1 => {
                format!("{}.{}", &digits[..=power as usize], &digits[power as usize + 1..])
            }
            power => format!("{digits:0<0$}", power as usize + 1),
        };
        if !text.contains('.') && (bare || self.alternate) {
            text += if bare { ".0" } else { "." };
        }
        text
    }

    /// Sign, prefix, grouped digits and the rest, padded to the width.
    fn padded(&self, is_negative: bool, prefix: &str, whole: &str, rest: &str, group: usize) -> Result<String, String> {
        if self.kind == Some('n') && self.grouping.is_some() {
            return Err("n has no grouping".into());
        }
        let sign = match (is_negative, self.sign) {
            (true, _) => "-",
            (_, Some('+')) => "+",
            (_, Some(' ')) => " ",
            _ => "",
        };
        let (fill, align) = (self.fill.unwrap_or(' '), self.align.unwrap_or('>'));
        let least = match fill == '0' && align == '=' {
            true => self.width.saturating_sub(sign.len() + prefix.len() + rest.len()),
            false => 0,
        };
        let digits = match self.grouping {
            Some(separator) if !whole.is_empty() => grouped(whole, separator, group, least),
            _ => whole.to_string(),
        };
        let missing = self.width.saturating_sub(sign.len() + prefix.len() + digits.len() + rest.len());
        let fill = |count: usize| fill.to_string().repeat(count);
        Ok(match align {
            '<' => format!("{sign}{prefix}{digits}{rest}{}", fill(missing)),
            '^' => format!("{}{sign}{prefix}{digits}{rest}{}", fill(missing / 2), fill(missing - missing / 2)),
            '=' => format!("{sign}{prefix}{}{digits}{rest}", fill(missing)),
            _ => format!("{}{sign}{prefix}{digits}{rest}", fill(missing)),
        })
    }
}

/// A number as Python writes it without a format.
pub(super) fn as_in_python(value: f64) -> String {
    NumberFormat::parse("").and_then(|format| format.apply(Number::Real(value))).unwrap_or_else(|_| value.to_string())
}

/// The shortest digits that are this number and no other; of two such, the even one, as in Python.
fn shortest(x: f64) -> String {
    let shortest = format!("{x:e}");
    let decimals = shortest.split('e').next().map_or(0, |mantissa| mantissa.len().saturating_sub(2));
    let rounded = format!("{x:.decimals$e}");
    if rounded.parse() == Ok(x) { rounded } else { shortest }
}

/// `1.5e-7` as Python writes it: `1.5e-07`.
fn python_exponent(text: &str) -> String {
    let (mantissa, power) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
    format!("{mantissa}e{sign}{power:0>2}")
}

/// Digits in groups, with zeros in front up to the least width; no group begins with a separator.
fn grouped(digits: &str, separator: char, group: usize, least: usize) -> String {
    let (mut remaining, mut left) = (digits.len(), least as i64);
    let mut groups = Vec::new();
    loop {
        let len = group.min(remaining.max(left.max(0) as usize).max(1));
        let count = remaining.min(len);
        groups.push(format!("{}{}", "0".repeat(len - count), &digits[remaining - count..remaining]));
        (remaining, left) = (remaining - count, left - len as i64);
        if remaining == 0 && left <= 0 {
            break;
        }
        left -= 1;
    }
    groups.reverse();
    groups.join(&separator.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected texts are those of Python 3.11.
    #[test]
    fn numbers_are_formatted_as_in_python() {
        let real = [
            ("", 0.5, "0.5"),
            ("", 1e-5, "1e-05"),
            ("", 1e16, "1e+16"),
            ("", -0.0, "-0.0"),
            ("", 123456789.0, "123456789.0"),
            ("", 789780952201693.2, "789780952201693.2"),
            (".2e", 0.000123456, "1.23e-04"),
            (".4", 1.0, "1.0"),
            (".4", 1234.0, "1.234e+03"),
            (".4", 0.000123456, "0.0001235"),
            ("g", 1e-5, "1e-05"),
            ("g", 1234567.0, "1.23457e+06"),
            ("#g", 1.0, "1.00000"),
            ("+.3f", 0.5, "+0.500"),
            ("+", 0.25, "+0.25"),
            (" .1f", 2.25, " 2.2"),
            ("%", 0.1234, "12.340000%"),
            (".1%", 0.98765, "98.8%"),
            (">8", 0.5, "     0.5"),
            ("<8.2f", 0.5, "0.50    "),
            ("*^9.2f", 0.5, "**0.50***"),
            ("=+9.2f", 0.5, "+    0.50"),
            ("08.3f", -1.5, "-001.500"),
            ("012,.2f", 12345.678, "0,012,345.68"),
            (",", 1234567.5, "1,234,567.5"),
            ("_.1f", 1234567.25, "1_234_567.2"),
            ("z.1f", -0.04, "0.0"),
            (".0f", 2.5, "2"),
            (".0e", 2.5, "2e+00"),
            ("#.0f", 3.0, "3."),
            ("G", 1e-10, "1E-10"),
            ("F", f64::INFINITY, "INF"),
            ("06", f64::NAN, "000nan"),
            ("n", 0.1, "0.1"),
            (".17g", 0.1, "0.10000000000000001"),
        ];
        let whole = [
            ("", 7, "7"),
            ("02d", 7, "07"),
            ("3d", 7, "  7"),
            ("<4", 7, "7   "),
            (">4", 7, "   7"),
            ("^5", 7, "  7  "),
            ("+d", 7, "+7"),
            ("x", 255, "ff"),
            ("#X", 255, "0XFF"),
            ("b", 5, "101"),
            ("#010b", 5, "0b00000101"),
            ("_b", 300, "1_0010_1100"),
            (",", 1234567, "1,234,567"),
            ("08,", 1234, "0,001,234"),
            (".1f", 7, "7.0"),
            ("e", 1234, "1.234000e+03"),
            ("%", 1, "100.000000%"),
            ("05", 42, "00042"),
        ];
        let format = |spec: &str, number| NumberFormat::parse(spec)?.apply(number);
        for (spec, x, expected) in real {
            assert_eq!(format(spec, Number::Real(x)).as_deref(), Ok(expected), "{spec:?} of {x}");
        }
        for (spec, x, expected) in whole {
            assert_eq!(format(spec, Number::Whole(x)).as_deref(), Ok(expected), "{spec:?} of {x}");
        }
        for wrong in ["d", "x", "q", ".", ".x", "5.2.1", "ff", "99999999999", ".256f", "s", "c", ",n"] {
            assert!(format(wrong, Number::Real(0.5)).is_err(), "{wrong}");
        }
        for wrong in [".2", ".2d", "zd", ",x", "s", "c"] {
            assert!(format(wrong, Number::Whole(5)).is_err(), "{wrong}");
        }
    }
}
