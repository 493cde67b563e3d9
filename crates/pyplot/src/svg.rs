//! The parts of an SVG drawing.

use crate::color::Rgba;
use candle_keras_ops::markup::escaped;
use std::fmt::Write as _;

/// A point of typesetters: a figure has 100 units an inch, as matplotlib has pixels.
pub(crate) const POINT: f64 = 100.0 / 72.0;

/// A rectangle on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Area {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(crate) fn has(&self, (x, y): (f64, f64)) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// The attributes of its position and its size.
    pub(crate) fn attributes(&self) -> String {
        let [x, y, width, height] = [self.left, self.top, self.width(), self.height()].map(short);
        format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
    }
}

/// A number with at most two digits behind the point.
pub(crate) fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// A color and its opacity as attributes, of `fill` or `stroke`.
pub(crate) fn paint(what: &str, color: Rgba, alpha: f64) -> String {
    let alpha = (color.1 * alpha).clamp(0.0, 1.0);
    match alpha {
        1.0 => format!("{what}=\"{color}\""),
        0.0 => format!("{what}=\"none\""),
        _ => format!("{what}=\"{color}\" {what}-opacity=\"{}\"", short(alpha)),
    }
}

/// The pen of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pen {
    pub(crate) color: Rgba,
    pub(crate) alpha: f64,
    /// In points.
    pub(crate) width: f64,
    pub(crate) dashes: &'static [f64],
}

impl Pen {
    pub(crate) fn attributes(&self) -> String {
        let mut attributes =
            format!("{} stroke-width=\"{}\"", paint("stroke", self.color, self.alpha), short(self.width * POINT));
        if !self.dashes.is_empty() {
            let dashes: Vec<_> = self.dashes.iter().map(|length| short(length * self.width * POINT)).collect();
            _ = write!(attributes, " stroke-dasharray=\"{}\"", dashes.join(" "));
        }
        attributes
    }
}

/// A line through points.
pub(crate) fn polyline(out: &mut String, points: &[(f64, f64)], attributes: &str) {
    let points: Vec<_> = points.iter().map(|(x, y)| format!("{},{}", short(*x), short(*y))).collect();
    _ = writeln!(out, "<polyline points=\"{}\" fill=\"none\" {attributes}/>", points.join(" "));
}

/// A straight line between two points.
pub(crate) fn line(out: &mut String, from: (f64, f64), to: (f64, f64), attributes: &str) {
    let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(short);
    _ = writeln!(out, "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" {attributes}/>");
}

/// Which point of a text is at its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Anchor {
    #[default]
    Start,
    Middle,
    End,
}

/// Which height of a text is at its place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Level {
    Top,
    Center,
    #[default]
    Baseline,
    Bottom,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Letters {
    /// In units of the page.
    pub(crate) size: f64,
    pub(crate) color: Rgba,
    pub(crate) alpha: f64,
    pub(crate) is_bold: bool,
    /// Degrees against the clock.
    pub(crate) turn: f64,
    pub(crate) anchor: Anchor,
    pub(crate) level: Level,
}

impl Letters {
    /// Black letters of a size in points.
    pub(crate) fn sized(points: f64) -> Self {
        Self {
            size: points * POINT,
            color: Rgba::BLACK,
            alpha: 1.0,
            is_bold: false,
            turn: 0.0,
            anchor: Anchor::Middle,
            level: Level::Baseline,
        }
    }

    /// The width and the height of a text, without its turn.
    pub(crate) fn extent(&self, text: &str) -> (f64, f64) {
        let width = text.lines().map(|line| width(line, self.size)).fold(0.0, f64::max);
        (width, 1.2 * self.size * text.lines().count() as f64)
    }
}

/// About the width of a line of letters, whose font a viewer may choose.
pub(crate) fn width(line: &str, size: f64) -> f64 {
    let wide = |letter: char| match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '(' | ')' | '[' | ']' => 0.34,
        'f' | 'r' | 't' | '-' | '/' => 0.4,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.95,
        '⁰'..='₉' | '¹' | '²' | '³' => 0.4,
        'A'..='Z' => 0.68,
        // Of a script with square letters.
        '\u{2e80}'..='\u{ffef}' => 1.0,
        _ => 0.62,
    };
    line.chars().map(wide).sum::<f64>() * size
}

/// A text of one or more lines.
pub(crate) fn text(out: &mut String, text: &str, (x, y): (f64, f64), letters: &Letters) {
    let count = text.lines().count();
    let height = 1.2 * letters.size * count.saturating_sub(1) as f64;
    // From the place to the base line of the first line.
    let first = match letters.level {
        Level::Top => 0.8 * letters.size,
        Level::Center => 0.35 * letters.size - height / 2.0,
        Level::Baseline => -height,
        Level::Bottom => -0.2 * letters.size - height,
    };
    let anchor = match letters.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let mut attributes = format!(
        "font-size=\"{}\" text-anchor=\"{anchor}\" {}",
        short(letters.size),
        paint("fill", letters.color, letters.alpha)
    );
    if letters.is_bold {
        attributes += " font-weight=\"bold\"";
    }
    if letters.turn != 0.0 {
        _ = write!(attributes, " transform=\"rotate({} {} {})\"", short(-letters.turn), short(x), short(y));
    }
    for (i, line) in text.lines().enumerate() {
        let place = (short(x), short(y + first + 1.2 * letters.size * i as f64));
        _ = writeln!(out, "<text x=\"{}\" y=\"{}\" {attributes}>{}</text>", place.0, place.1, escaped(line));
    }
}

/// Bytes in a text: base64 of RFC 4648.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let at = |i: usize| u32::from(part.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * i)) as usize & 63];
            text.push(if i <= part.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bytes_are_short_texts() {
        assert_eq!([1.0, 0.126, -0.001, 100.0, 12.5].map(short), ["1", "0.13", "0", "100", "12.5"]);
        assert_eq!(base64(b"foobar"), "Zm9vYmFy");
        assert_eq!((base64(b"f"), base64(b"fo"), base64(b"")), ("Zg==".into(), "Zm8=".into(), String::new()));
    }

    #[test]
    fn a_text_is_no_markup_and_has_lines() {
        let mut out = String::new();
        text(&mut out, "a<b\nc", (10.0, 20.0), &Letters { turn: 90.0, is_bold: true, ..Letters::sized(7.2) });
        assert_eq!(
            out.lines().next().unwrap(),
            "<text x=\"10\" y=\"8\" font-size=\"10\" text-anchor=\"middle\" fill=\"#000000\" font-weight=\"bold\" \
             transform=\"rotate(-90 10 20)\">a&lt;b</text>"
        );
        assert_eq!(out.lines().count(), 2);
    }
}
