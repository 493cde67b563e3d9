//! Lines and markers by their signs, and the format strings that put them together.

use crate::color::{self, Rgba};
use candle_keras_ops::{Error, Result};

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LineStyle {
    Solid,
    Dashed,
    DashDot,
    Dotted,
    Nothing,
}

impl LineStyle {
    /// By its sign or its name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        Ok(match name {
            "-" | "solid" => Self::Solid,
            "--" | "dashed" => Self::Dashed,
            "-." | "dashdot" => Self::DashDot,
            ":" | "dotted" => Self::Dotted,
            "" | " " | "None" | "none" => Self::Nothing,
            _ => {
                let known = ["-", "--", "-.", ":", "solid", "dashed", "dashdot", "dotted", "None"];
                return Err(Error::unknown("line style", name, &known));
            }
        })
    }

    /// The lengths of dashes and gaps, of a line one wide.
    pub(crate) fn dashes(self) -> &'static [f64] {
        match self {
            Self::Solid | Self::Nothing => &[],
            Self::Dashed => &[3.7, 1.6],
            Self::DashDot => &[6.4, 1.6, 1.0, 1.6],
            Self::Dotted => &[1.0, 1.65],
        }
    }
}

/// What stands at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Marker {
    /// A circle, with its part of the size.
    Circle(f64),
    /// Corners of a unit square around the point, filled.
    Filled(&'static [(f64, f64)]),
    /// Strokes from corner to corner of that square.
    Strokes(&'static [[(f64, f64); 2]]),
    /// A regular polygon or, with the part of its radius at each second corner, a star.
    Regular { corners: usize, inner: f64, turn: f64 },
}

const MARKERS: &[(&str, Marker)] = &[
    (".", Marker::Circle(0.5)),
    (",", Marker::Circle(0.15)),
    ("o", Marker::Circle(1.0)),
    ("v", Marker::Filled(&[(-0.5, -0.5), (0.5, -0.5), (0.0, 0.5)])),
    ("^", Marker::Filled(&[(-0.5, 0.5), (0.5, 0.5), (0.0, -0.5)])),
    ("<", Marker::Filled(&[(0.5, -0.5), (0.5, 0.5), (-0.5, 0.0)])),
    (">", Marker::Filled(&[(-0.5, -0.5), (-0.5, 0.5), (0.5, 0.0)])),
    ("s", Marker::Filled(&[(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])),
    ("D", Marker::Filled(&[(0.0, -0.7), (0.7, 0.0), (0.0, 0.7), (-0.7, 0.0)])),
    ("d", Marker::Filled(&[(0.0, -0.7), (0.42, 0.0), (0.0, 0.7), (-0.42, 0.0)])),
    ("+", Marker::Strokes(&[[(-0.5, 0.0), (0.5, 0.0)], [(0.0, -0.5), (0.0, 0.5)]])),
    ("x", Marker::Strokes(&[[(-0.5, -0.5), (0.5, 0.5)], [(-0.5, 0.5), (0.5, -0.5)]])),
    ("|", Marker::Strokes(&[[(0.0, -0.5), (0.0, 0.5)]])),
    ("_", Marker::Strokes(&[[(-0.5, 0.0), (0.5, 0.0)]])),
    ("1", Marker::Strokes(&[[(0.0, 0.0), (0.0, 0.5)], [(0.0, 0.0), (0.4, -0.25)], [(0.0, 0.0), (-0.4, -0.25)]])),
    ("2", Marker::Strokes(&[[(0.0, 0.0), (0.0, -0.5)], [(0.0, 0.0), (0.4, 0.25)], [(0.0, 0.0), (-0.4, 0.25)]])),
    ("3", Marker::Strokes(&[[(0.0, 0.0), (-0.5, 0.0)], [(0.0, 0.0), (0.25, 0.4)], [(0.0, 0.0), (0.25, -0.4)]])),
    ("4", Marker::Strokes(&[[(0.0, 0.0), (0.5, 0.0)], [(0.0, 0.0), (-0.25, 0.4)], [(0.0, 0.0), (-0.25, -0.4)]])),
    ("p", Marker::Regular { corners: 5, inner: 1.0, turn: 0.0 }),
    ("h", Marker::Regular { corners: 6, inner: 1.0, turn: 0.0 }),
    ("H", Marker::Regular { corners: 6, inner: 1.0, turn: 1.0 / 12.0 }),
    ("8", Marker::Regular { corners: 8, inner: 1.0, turn: 1.0 / 16.0 }),
    ("*", Marker::Regular { corners: 5, inner: 0.382, turn: 0.0 }),
    ("P", Marker::Filled(PLUS)),
    ("X", Marker::Filled(CROSS)),
];

const PLUS: &[(f64, f64)] = &[
    (-0.17, -0.5),
    (0.17, -0.5),
    (0.17, -0.17),
    (0.5, -0.17),
    (0.5, 0.17),
    (0.17, 0.17),
    (0.17, 0.5),
    (-0.17, 0.5),
    (-0.17, 0.17),
    (-0.5, 0.17),
    (-0.5, -0.17),
    (-0.17, -0.17),
];

const CROSS: &[(f64, f64)] = &[
    (-0.25, -0.5),
    (0.0, -0.25),
    (0.25, -0.5),
    (0.5, -0.25),
    (0.25, 0.0),
    (0.5, 0.25),
    (0.25, 0.5),
    (0.0, 0.25),
    (-0.25, 0.5),
    (-0.5, 0.25),
    (-0.25, 0.0),
    (-0.5, -0.25),
];

impl Marker {
    /// By its sign; none for `""` and `"None"`.
    pub(crate) fn named(name: &str) -> Result<Option<Self>> {
        if ["", " ", "None", "none"].contains(&name) {
            return Ok(None);
        }
        let found = MARKERS.iter().find(|(sign, _)| *sign == name);
        let known = || MARKERS.iter().map(|(sign, _)| *sign).collect::<Vec<_>>();
        found.map(|(_, marker)| Some(*marker)).ok_or_else(|| Error::unknown("marker", name, &known()))
    }
}

/// What a format string as `"ro--"` says; the parts that it does not name are none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Format {
    pub(crate) color: Option<Rgba>,
    pub(crate) line: Option<LineStyle>,
    pub(crate) marker: Option<Marker>,
}

impl Format {
    /// The parts of a format string in any order, or the name of a color alone.
    pub(crate) fn parsed(text: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::new(format!("the format string {text:?} {what}"))
                .expected("a color, a marker and a line style, as \"b\", \"bo\", \"r--\" or \"k.-\"")
        };
        let mut format = Self::default();
        // A digit is a marker here, not a gray.
        if text.parse::<f64>().is_err()
            && let Some(color) = color::named(text)
        {
            return Ok(Self { color: Some(color), ..format });
        }
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = match rest {
                line if line.starts_with("--") || line.starts_with("-.") => 2,
                color if first == 'C' && color[1..].starts_with(|digit: char| digit.is_ascii_digit()) => 2,
                _ => first.len_utf8(),
            };
            let (part, after) = rest.split_at(length);
            rest = after;
            if part.starts_with('-') || [":", " "].contains(&part) {
                if format.line.replace(LineStyle::named(part)?).is_some() {
                    return Err(wrong("has two line styles"));
                }
            } else if let Some((_, marker)) = MARKERS.iter().find(|(sign, _)| *sign == part) {
                if format.marker.replace(*marker).is_some() {
                    return Err(wrong("has two markers"));
                }
            } else if let Some(color) = color::named(part) {
                if format.color.replace(color).is_some() {
                    return Err(wrong("has two colors"));
                }
            } else {
                return Err(wrong(&format!("has an unknown part {part:?}")));
            }
        }
        Ok(format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_strings_are_those_of_matplotlib() {
        let parsed = |text| Format::parsed(text).unwrap();
        let blue = color::letter('b');
        let circle = Some(Marker::Circle(1.0));
        assert_eq!(parsed("bo"), Format { color: blue, marker: circle, line: None });
        assert_eq!(parsed("b-"), Format { color: blue, marker: None, line: Some(LineStyle::Solid) });
        assert_eq!(parsed("r--").line, Some(LineStyle::Dashed));
        assert_eq!(parsed("-.ob"), Format { color: blue, marker: circle, line: Some(LineStyle::DashDot) });
        assert_eq!(parsed("k.").marker, Some(Marker::Circle(0.5)));
        assert_eq!(parsed("k.").color, color::letter('k'));
        assert_eq!(parsed("C1o:").color, Some(Rgba::of_cycle(1)));
        assert_eq!(parsed("red").color, color::letter('r'));
        assert_eq!(parsed(""), Format::default());
        for wrong in ["bb", "--:", "ox", "q", "ä", "C", "bo?"] {
            assert!(Format::parsed(wrong).unwrap_err().to_string().contains("expected: a color"), "{wrong}");
        }
    }

    #[test]
    fn lines_and_markers_have_names() {
        assert_eq!(LineStyle::named("dashed").unwrap(), LineStyle::Dashed);
        assert!(LineStyle::named("dahsed").unwrap_err().to_string().contains("did you mean \"dashed\""));
        assert_eq!(Marker::named("None").unwrap(), None);
        assert!(Marker::named("q").is_err());
    }
}
