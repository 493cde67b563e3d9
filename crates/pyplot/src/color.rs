//! Colors by name, and the order in which curves get them.

use candle_keras_ops::{Error, Result};
use std::fmt;

/// A color as matplotlib names it: `"b"`, `"red"`, `"C1"`, `"tab:blue"`, `"#ff8800"`, `"0.5"` for a gray, or red, green and blue from 0 to 1.
///
/// ```
/// use candle_keras_pyplot::{self as pyplot, Plot};
/// pyplot::plot_y([1, 2], Plot::new().color("tab:orange"))?;
/// pyplot::plot_y([2, 3], Plot::new().color([0.1, 0.2, 0.5]))?;
/// # Ok::<(), candle_keras_ops::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Color(Spec);

#[derive(Debug, Clone, PartialEq)]
enum Spec {
    Named(String),
    Parts([f64; 4]),
}

/// A color that is known, with its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rgba(pub(crate) [u8; 3], pub(crate) f64);

impl Rgba {
    pub(crate) const BLACK: Self = Self([0; 3], 1.0);

    /// A color of the cycle `tab10`, which begins again after ten.
    pub(crate) fn of_cycle(index: usize) -> Self {
        Self(TAB10[index % TAB10.len()], 1.0)
    }
}

/// As in SVG, without the opacity.
impl fmt::Display for Rgba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// The colors of `tab10`, in which curves are drawn one after another.
pub(crate) const TAB10: [[u8; 3]; 10] = [
    [0x1f, 0x77, 0xb4],
    [0xff, 0x7f, 0x0e],
    [0x2c, 0xa0, 0x2c],
    [0xd6, 0x27, 0x28],
    [0x94, 0x67, 0xbd],
    [0x8c, 0x56, 0x4b],
    [0xe3, 0x77, 0xc2],
    [0x7f, 0x7f, 0x7f],
    [0xbc, 0xbd, 0x22],
    [0x17, 0xbe, 0xcf],
];

const TABLEAU: [&str; 10] = ["blue", "orange", "green", "red", "purple", "brown", "pink", "gray", "olive", "cyan"];

/// The letters of matplotlib, some of which are other colors than the words.
pub(crate) fn letter(letter: char) -> Option<Rgba> {
    let color = match letter {
        'b' => [0, 0, 255],
        'g' => [0, 128, 0],
        'r' => [255, 0, 0],
        'c' => [0, 191, 191],
        'm' => [191, 0, 191],
        'y' => [191, 191, 0],
        'k' => [0; 3],
        'w' => [255; 3],
        _ => return None,
    };
    Some(Rgba(color, 1.0))
}

/// The color of a name, if it is one.
pub(crate) fn named(name: &str) -> Option<Rgba> {
    let mut letters = name.chars();
    if let (Some(first), None) = (letters.next(), letters.next()) {
        return letter(first).or_else(|| gray(name));
    }
    let of_cycle = name.strip_prefix(['C', 'c']).filter(|index| index.bytes().all(|byte| byte.is_ascii_digit()));
    if let Some(index) = of_cycle {
        return index.parse().ok().map(Rgba::of_cycle);
    }
    if let Some(digits) = name.strip_prefix('#') {
        return hex(digits);
    }
    let lower = name.to_lowercase();
    if let Some(color) = lower.strip_prefix("tab:") {
        let color = if color == "grey" { "gray" } else { color };
        return TABLEAU.iter().position(|known| *known == color).map(Rgba::of_cycle);
    }
    if lower == "none" {
        return Some(Rgba([0; 3], 0.0));
    }
    if let Ok(index) = CSS.binary_search_by_key(&lower.replace("grey", "gray").as_str(), |(known, _)| known) {
        let [_, red, green, blue] = CSS[index].1.to_be_bytes();
        return Some(Rgba([red, green, blue], 1.0));
    }
    gray(name)
}

/// A number from 0 for black to 1 for white.
fn gray(name: &str) -> Option<Rgba> {
    let shade: f64 = name.parse().ok().filter(|shade| (0.0..=1.0).contains(shade))?;
    Some(Rgba([byte(shade); 3], 1.0))
}

fn hex(digits: &str) -> Option<Rgba> {
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let long = match digits.len() {
        3 | 4 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        _ => digits.to_string(),
    };
    let number = u32::from_str_radix(&long, 16).ok()?;
    let [red, green, blue, alpha] = match long.len() {
        6 => (number << 8 | 0xff).to_be_bytes(),
        8 => number.to_be_bytes(),
        _ => return None,
    };
    Some(Rgba([red, green, blue], f64::from(alpha) / 255.0))
}

/// A part of a color from 0 to 1 as a byte; NaN is 0.
pub(crate) fn byte(part: f64) -> u8 {
    (part.clamp(0.0, 1.0) * 255.0).round() as u8
}

impl Color {
    pub(crate) fn known(&self) -> Result<Rgba> {
        match &self.0 {
            Spec::Named(name) => named(name).ok_or_else(|| {
                Error::new(format!("unknown color {name:?}")).expected(
                    "a letter of bgrcmykw, a name of CSS, \"C0\", \"tab:blue\", \"#rrggbb\" or a gray as \"0.5\"",
                )
            }),
            Spec::Parts(parts) => {
                if !parts.iter().all(|part| (0.0..=1.0).contains(part)) {
                    return Err(Error::new("the parts of a color are from 0 to 1").received(format!("{parts:?}")));
                }
                let [red, green, blue, alpha] = *parts;
                Ok(Rgba([red, green, blue].map(byte), alpha))
            }
        }
    }
}

impl From<&str> for Color {
    fn from(name: &str) -> Self {
        Self(Spec::Named(name.into()))
    }
}

impl From<&String> for Color {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

impl From<String> for Color {
    fn from(name: String) -> Self {
        Self(Spec::Named(name))
    }
}

impl From<[f64; 3]> for Color {
    fn from([red, green, blue]: [f64; 3]) -> Self {
        Self(Spec::Parts([red, green, blue, 1.0]))
    }
}

impl From<[f64; 4]> for Color {
    fn from(parts: [f64; 4]) -> Self {
        Self(Spec::Parts(parts))
    }
}

impl From<(f64, f64, f64)> for Color {
    fn from((red, green, blue): (f64, f64, f64)) -> Self {
        [red, green, blue].into()
    }
}

/// The names of CSS in their order, with `gray` for `grey`.
const CSS: &[(&str, u32)] = &[
    ("aliceblue", 0xf0f8ff),
    ("antiquewhite", 0xfaebd7),
    ("aqua", 0x00ffff),
    ("aquamarine", 0x7fffd4),
    ("azure", 0xf0ffff),
    ("beige", 0xf5f5dc),
    ("bisque", 0xffe4c4),
    ("black", 0x000000),
    ("blanchedalmond", 0xffebcd),
    ("blue", 0x0000ff),
    ("blueviolet", 0x8a2be2),
    ("brown", 0xa52a2a),
    ("burlywood", 0xdeb887),
    ("cadetblue", 0x5f9ea0),
    ("chartreuse", 0x7fff00),
    ("chocolate", 0xd2691e),
    ("coral", 0xff7f50),
    ("cornflowerblue", 0x6495ed),
    ("cornsilk", 0xfff8dc),
    ("crimson", 0xdc143c),
    ("cyan", 0x00ffff),
    ("darkblue", 0x00008b),
    ("darkcyan", 0x008b8b),
    ("darkgoldenrod", 0xb8860b),
    ("darkgray", 0xa9a9a9),
    ("darkgreen", 0x006400),
    ("darkkhaki", 0xbdb76b),
    ("darkmagenta", 0x8b008b),
    ("darkolivegreen", 0x556b2f),
    ("darkorange", 0xff8c00),
    ("darkorchid", 0x9932cc),
    ("darkred", 0x8b0000),
    ("darksalmon", 0xe9967a),
    ("darkseagreen", 0x8fbc8f),
    ("darkslateblue", 0x483d8b),
    ("darkslategray", 0x2f4f4f),
    ("darkturquoise", 0x00ced1),
    ("darkviolet", 0x9400d3),
    ("deeppink", 0xff1493),
    ("deepskyblue", 0x00bfff),
    ("dimgray", 0x696969),
    ("dodgerblue", 0x1e90ff),
    ("firebrick", 0xb22222),
    ("floralwhite", 0xfffaf0),
    ("forestgreen", 0x228b22),
    ("fuchsia", 0xff00ff),
    ("gainsboro", 0xdcdcdc),
    ("ghostwhite", 0xf8f8ff),
    ("gold", 0xffd700),
    ("goldenrod", 0xdaa520),
    ("gray", 0x808080),
    ("green", 0x008000),
    ("greenyellow", 0xadff2f),
    ("honeydew", 0xf0fff0),
    ("hotpink", 0xff69b4),
    ("indianred", 0xcd5c5c),
    ("indigo", 0x4b0082),
    ("ivory", 0xfffff0),
    ("khaki", 0xf0e68c),
    ("lavender", 0xe6e6fa),
    ("lavenderblush", 0xfff0f5),
    ("lawngreen", 0x7cfc00),
    ("lemonchiffon", 0xfffacd),
    ("lightblue", 0xadd8e6),
    ("lightcoral", 0xf08080),
    ("lightcyan", 0xe0ffff),
    ("lightgoldenrodyellow", 0xfafad2),
    ("lightgray", 0xd3d3d3),
    ("lightgreen", 0x90ee90),
    ("lightpink", 0xffb6c1),
    ("lightsalmon", 0xffa07a),
    ("lightseagreen", 0x20b2aa),
    ("lightskyblue", 0x87cefa),
    ("lightslategray", 0x778899),
    ("lightsteelblue", 0xb0c4de),
    ("lightyellow", 0xffffe0),
    ("lime", 0x00ff00),
    ("limegreen", 0x32cd32),
    ("linen", 0xfaf0e6),
    ("magenta", 0xff00ff),
    ("maroon", 0x800000),
    ("mediumaquamarine", 0x66cdaa),
    ("mediumblue", 0x0000cd),
    ("mediumorchid", 0xba55d3),
    ("mediumpurple", 0x9370db),
    ("mediumseagreen", 0x3cb371),
    ("mediumslateblue", 0x7b68ee),
    ("mediumspringgreen", 0x00fa9a),
    ("mediumturquoise", 0x48d1cc),
    ("mediumvioletred", 0xc71585),
    ("midnightblue", 0x191970),
    ("mintcream", 0xf5fffa),
    ("mistyrose", 0xffe4e1),
    ("moccasin", 0xffe4b5),
    ("navajowhite", 0xffdead),
    ("navy", 0x000080),
    ("oldlace", 0xfdf5e6),
    ("olive", 0x808000),
    ("olivedrab", 0x6b8e23),
    ("orange", 0xffa500),
    ("orangered", 0xff4500),
    ("orchid", 0xda70d6),
    ("palegoldenrod", 0xeee8aa),
    ("palegreen", 0x98fb98),
    ("paleturquoise", 0xafeeee),
    ("palevioletred", 0xdb7093),
    ("papayawhip", 0xffefd5),
    ("peachpuff", 0xffdab9),
    ("peru", 0xcd853f),
    ("pink", 0xffc0cb),
    ("plum", 0xdda0dd),
    ("powderblue", 0xb0e0e6),
    ("purple", 0x800080),
    ("rebeccapurple", 0x663399),
    ("red", 0xff0000),
    ("rosybrown", 0xbc8f8f),
    ("royalblue", 0x4169e1),
    ("saddlebrown", 0x8b4513),
    ("salmon", 0xfa8072),
    ("sandybrown", 0xf4a460),
    ("seagreen", 0x2e8b57),
    ("seashell", 0xfff5ee),
    ("sienna", 0xa0522d),
    ("silver", 0xc0c0c0),
    ("skyblue", 0x87ceeb),
    ("slateblue", 0x6a5acd),
    ("slategray", 0x708090),
    ("snow", 0xfffafa),
    ("springgreen", 0x00ff7f),
    ("steelblue", 0x4682b4),
    ("tan", 0xd2b48c),
    ("teal", 0x008080),
    ("thistle", 0xd8bfd8),
    ("tomato", 0xff6347),
    ("turquoise", 0x40e0d0),
    ("violet", 0xee82ee),
    ("wheat", 0xf5deb3),
    ("white", 0xffffff),
    ("whitesmoke", 0xf5f5f5),
    ("yellow", 0xffff00),
    ("yellowgreen", 0x9acd32),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_have_the_names_of_matplotlib() {
        for (name, shown) in [
            ("b", "#0000ff"),
            ("g", "#008000"),
            ("C1", "#ff7f0e"),
            ("C11", "#ff7f0e"),
            ("tab:blue", "#1f77b4"),
            ("Red", "#ff0000"),
            ("steelblue", "#4682b4"),
            ("darkgrey", "#a9a9a9"),
            ("#f80", "#ff8800"),
            ("#12345678", "#123456"),
            ("0.5", "#808080"),
            ("1", "#ffffff"),
            ("none", "#000000"),
        ] {
            assert_eq!(Color::from(name).known().unwrap().to_string(), shown, "{name}");
        }
        assert_eq!(named("#00000080").unwrap().1, 128.0 / 255.0);
        assert_eq!(Color::from([0.0, 0.5, 1.0]).known().unwrap().to_string(), "#0080ff");
        for wrong in ["", "reddish", "#12", "#gggggg", "2.0", "C", "tab:teal", "ä"] {
            assert!(Color::from(wrong).known().is_err(), "{wrong}");
        }
        assert!(Color::from([0.0, 0.0, 2.0]).known().is_err());
    }

    #[test]
    fn names_are_in_order() {
        assert!(CSS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
