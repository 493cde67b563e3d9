//! The drawing of a map for printing.

use super::WordMap;
use super::labels::{Rectangle, Wanted, place};
use candle_keras_ops::markup::escaped;
use std::fmt::Write;

/// The sheet: A3 across, four units a millimetre.
const WIDTH: f64 = 1680.0;
const HEIGHT: f64 = 1188.0;
const MARGIN: f64 = 56.0;
/// What the title takes at the top.
const HEAD: f64 = 64.0;

/// Where the map is on the sheet.
const PAGE: Rectangle = Rectangle { left: MARGIN, top: MARGIN + HEAD, right: WIDTH - MARGIN, bottom: HEIGHT - MARGIN };

pub(super) fn svg(map: &WordMap) -> String {
    let points = fitted(&map.positions);
    let size = |i: usize| 10.0 + 8.0 * prominence(i);
    let radius = |i: usize| 2.0 + 2.0 * prominence(i);
    let wanted = points.iter().zip(map.words.iter()).enumerate();
    let labels = place(wanted.map(|(i, (&at, text))| Wanted { at, radius: radius(i), text, size: size(i) }), PAGE);
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="420mm" height="297mm" viewBox="0 0 {WIDTH} {HEIGHT}">
<title>{title}</title>
<rect width="100%" height="100%" fill="#fff"/>
<g font-family="Helvetica, Arial, 'Liberation Sans', sans-serif" fill="#1c2430">
<text x="{MARGIN}" y="{y}" font-size="30" font-weight="bold">{title}</text>
<text x="{MARGIN}" y="{below}" font-size="15" fill="#5c6675">{count} words · {about}</text>
</g>
"##,
        title = escaped(&map.title),
        y = MARGIN + 22.0,
        below = MARGIN + 46.0,
        count = points.len(),
        about = escaped(&map.about),
    );
    svg.push_str("<g fill-opacity=\"0.75\">\n");
    // The frequent ones are drawn last, over the others.
    for (i, ([x, y], hue)) in points.iter().zip(map.hues()).enumerate().collect::<Vec<_>>().into_iter().rev() {
        _ = writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="{:.1}" fill="hsl({hue:.0}, 62%, 50%)"/>"#, radius(i));
    }
    svg.push_str("</g>\n<g font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" fill=\"#1c2430\"\n");
    // Readable over the points of others.
    svg.push_str("stroke=\"#fff\" stroke-width=\"2\" stroke-linejoin=\"round\" paint-order=\"stroke\">\n");
    for label in labels {
        // With the width that was reckoned with, labels do not overlap in any font.
        _ = writeln!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" font-size="{:.1}" textLength="{:.1}" lengthAdjust="spacingAndGlyphs">{}</text>"#,
            label.x,
            label.y,
            label.size,
            label.width,
            escaped(map.words.word(label.word))
        );
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// From 1 for the first word down to 0, as the logarithm of its rank falls.
fn prominence(rank: usize) -> f64 {
    (1.0 - (rank as f64 / 10.0 + 1.0).ln() / 100f64.ln()).max(0.0)
}

/// Positions on the sheet, in their proportions, as large as they fit.
fn fitted(positions: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let range = |axis: usize| {
        let of = |f: fn(f64, f64) -> f64, start| positions.iter().map(|position| position[axis]).fold(start, f);
        (of(f64::min, f64::INFINITY), of(f64::max, f64::NEG_INFINITY))
    };
    let ((left, right), (low, high)) = (range(0), range(1));
    // A margin for labels on both sides.
    let (width, height) = (PAGE.right - PAGE.left - 120.0, PAGE.bottom - PAGE.top - 40.0);
    let scale = (width / (right - left)).min(height / (high - low));
    let scale = if scale.is_finite() { scale } else { 0.0 };
    let (x, y) = (f64::midpoint(PAGE.left, PAGE.right), f64::midpoint(PAGE.top, PAGE.bottom));
    let fit =
        |p: &[f64; 2]| [x + (p[0] - f64::midpoint(left, right)) * scale, y - (p[1] - f64::midpoint(low, high)) * scale];
    positions.iter().map(fit).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Map, tests};
    use super::*;

    /// The number of an attribute of an element in a line.
    fn number(line: &str, attribute: &str) -> f64 {
        let from = line.split_once(&format!(" {attribute}=\"")).unwrap().1;
        from.split('"').next().unwrap().parse().unwrap()
    }

    #[test]
    fn the_drawing_has_all_points_and_labels_that_do_not_overlap() {
        let svg = Map::new(&tests::vectors(600)).iterations(100).fit().unwrap().to_svg();
        assert_eq!(svg.matches("<circle ").count(), 600);
        let labels: Vec<Rectangle> = svg
            .lines()
            .filter(|line| line.contains("textLength"))
            .map(|line| {
                let [x, y, size, width] = ["x", "y", "font-size", "textLength"].map(|name| number(line, name));
                // A little less: the numbers of the drawing are rounded.
                Rectangle { left: x + 0.1, top: y - 0.7 * size, right: x + width - 0.1, bottom: y + 0.2 * size }
            })
            .collect();
        assert!(labels.len() > 30, "{}", labels.len());
        for (i, label) in labels.iter().enumerate() {
            assert!(labels[..i].iter().all(|other| !other.overlaps(label)));
            assert!(label.left > 0.0 && label.right < WIDTH && label.top > HEAD && label.bottom < HEIGHT);
        }
    }

    #[test]
    fn words_are_no_markup() {
        let words = ["<script>", "a&b", "\"'", "\u{0}\u{2028}"];
        let vectors = tests::named(words.iter(), vec![1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0, -1.0]);
        let svg = Map::new(&vectors).method("pca").title("<b>").fit().unwrap().to_svg();
        for part in [">&lt;script&gt;<", ">a&amp;b<", ">&quot;&#39;<", ">\u{fffd}\u{2028}<", "<title>&lt;b&gt;</title>"]
        {
            assert!(svg.contains(part), "{part}");
        }
        assert!(!svg.contains("<script") && !svg.contains("<b>") && !svg.contains('\0'));
    }

    #[test]
    fn maps_fill_the_sheet_in_their_proportions() {
        let [a, b] = fitted(&[[0.0, 0.0], [1.0, 2.0]])[..] else { panic!("two points") };
        assert!((a[1] - b[1] - 2.0 * (b[0] - a[0])).abs() < 1e-9 && a[1] - b[1] > 900.0);
        assert_eq!(fitted(&[[3.0, 3.0]]), [[840.0, 626.0]]);
    }
}
