//! Curves of values over epochs, as SVG.

use super::number_format::as_in_python;
use candle_keras_ops::markup::escaped;
use std::fmt::Write as _;

/// The values of a name, each with its epoch.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) points: Vec<(usize, f64)>,
}

/// The size of one chart, and the space around its curves.
const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 68.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 40.0;

/// The largest number of points that are marked.
const MARKED: usize = 100;

const STYLE: &str = "\
text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:14px}.grid{stroke:#ddd}.axis{stroke:#888}\
.curve{fill:none;stroke-width:2;stroke-linejoin:round}.t{stroke:#1f6fb4}.v{stroke:#c2571a;stroke-dasharray:6 3}\
circle.t{fill:#1f6fb4}circle.v{fill:#c2571a;stroke-dasharray:none}.paper{fill:#fff}\
@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#383838}.axis{stroke:#888}.t{stroke:#6db3ee}.v{stroke:#f0955a}\
circle.t{fill:#6db3ee}circle.v{fill:#f0955a}.paper{fill:#181818}}";

/// A chart for each name, with the values of training and of validation, in two columns.
pub(crate) fn svg(curves: &[Curve]) -> String {
    let names: Vec<_> = curves.iter().map(|curve| curve.name.strip_prefix("val_").unwrap_or(&curve.name)).collect();
    let mut charts: Vec<&str> = Vec::new();
    names.into_iter().for_each(|name| {
        if !charts.contains(&name) {
            charts.push(name);
        }
    });
    // The loss first.
    charts.sort_by_key(|name| *name != "loss");
    let (columns, rows) = (charts.len().clamp(1, 2), charts.len().div_ceil(2).max(1));
    let (width, height) = (WIDTH * columns as f64, HEIGHT * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\"><title>Training</title><style>{STYLE}</style><rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n"
    );
    let find = |name: String| curves.iter().find(|curve| curve.name == name);
    for (i, name) in charts.into_iter().enumerate() {
        let (x, y) = (WIDTH * (i % 2) as f64, HEIGHT * (i / 2) as f64);
        let curves = [("t", "training", find(name.into())), ("v", "validation", find(format!("val_{name}")))];
        let curves: Vec<_> =
            curves.into_iter().filter_map(|(class, label, curve)| Some((class, label, curve?))).collect();
        _ = writeln!(svg, "<g transform=\"translate({x} {y})\">{}</g>", chart(name, &curves));
    }
    svg + "</svg>\n"
}

/// One chart: a title, two axes, the curves and what they are.
fn chart(name: &str, curves: &[(&str, &str, &Curve)]) -> String {
    let finite = || curves.iter().flat_map(|(.., curve)| &curve.points).filter(|(_, value)| value.is_finite());
    let (first, last) = finite().fold((usize::MAX, 0), |(a, b), (epoch, _)| (a.min(*epoch), b.max(*epoch)));
    let (least, most) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (_, v)| (a.min(*v), b.max(*v)));
    let mut svg = format!("<text class=\"title\" x=\"{LEFT}\" y=\"20\">{}</text>", escaped(name));
    if least > most {
        _ = write!(svg, "<text x=\"{LEFT}\" y=\"60\">no finite value yet</text>");
        return svg;
    }
    let ticks = ticks(least, most);
    let (low, high) = (ticks[0].min(least), ticks[ticks.len() - 1].max(most));
    let x = |epoch: usize| {
        let part = if last > first { (epoch - first) as f64 / (last - first) as f64 } else { 0.5 };
        LEFT + part * (WIDTH - LEFT - RIGHT)
    };
    let y = |value: f64| HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    for tick in &ticks {
        let (at, label) = (y(*tick), tick_label(*tick, ticks[1] - ticks[0]));
        _ = write!(svg, "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/>");
        _ = write!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>", LEFT - 6.0, at + 4.0);
    }
    _ = write!(svg, "<path class=\"axis\" d=\"M{LEFT} {bottom}H{right}\"/>");
    let step = (last - first).div_ceil(8).max(1);
    for epoch in (first..=last).step_by(step) {
        let place = (x(epoch), bottom + 16.0, epoch + 1);
        _ = write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>", place.0, place.1, place.2);
    }
    _ = write!(svg, "<text x=\"{right}\" y=\"{}\" text-anchor=\"end\">epoch</text>", bottom + 34.0);
    for (i, (class, label, curve)) in curves.iter().enumerate() {
        // A value that is not finite is a gap.
        let parts = curve.points.split(|(_, value)| !value.is_finite()).filter(|part| !part.is_empty());
        for part in parts {
            let points: Vec<_> =
                part.iter().map(|(epoch, value)| format!("{:.1} {:.1}", x(*epoch), y(*value))).collect();
            _ = write!(svg, "<path class=\"curve {class}\" d=\"M{}\"/>", points.join("L"));
        }
        for (epoch, value) in curve.points.iter().filter(|(_, v)| v.is_finite() && curve.points.len() <= MARKED) {
            let tip = format!("{label}, epoch {}: {}", epoch + 1, as_in_python(*value));
            _ = write!(
                svg,
                "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"2.5\"><title>{tip}</title></circle>",
                x(*epoch),
                y(*value)
            );
        }
        let now = curve.points.last().map_or_else(String::new, |(_, value)| match value.abs() {
            small if small < 1e-3 && small > 0.0 => format!(" {value:.2e}"),
            _ => format!(" {value:.4}"),
        });
        let at = LEFT + 180.0 * i as f64;
        _ = write!(
            svg,
            "<path class=\"curve {class}\" d=\"M{at} 36h24\"/><text x=\"{}\" y=\"40\">{label}{now}</text>",
            at + 30.0
        );
    }
    svg
}

/// Round numbers from below the least value to above the largest, about six.
fn ticks(least: f64, most: f64) -> Vec<f64> {
    let range = if most > least { most - least } else { least.abs().max(1e-3) };
    let rough = range / 5.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough * 0.999);
    let step = step.filter(|step| step.is_finite() && *step > 0.0).unwrap_or(1.0);
    let (from, to) = ((least / step).floor(), (most / step).ceil());
    let to = if to > from { to } else { from + 1.0 };
    (0..=((to - from) as usize).min(12)).map(|i| (from + i as f64) * step).collect()
}

/// A tick with the digits that its distance to the next needs.
fn tick_label(tick: f64, step: f64) -> String {
    if tick != 0.0 && !(1e-4..1e5).contains(&tick.abs().max(step)) {
        return format!("{tick:.1e}");
    }
    let digits = (-step.log10()).ceil().clamp(0.0, 6.0) as usize;
    format!("{tick:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_enclose_the_values() {
        assert_eq!(ticks(0.1, 4.5), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(ticks(0.0, 100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(-3.0, 5.0), [-4.0, -2.0, 0.0, 2.0, 4.0, 6.0]);
        for value in [0.0, 2.0, -7.5, 1e-300, 1e300, f64::MAX] {
            let ticks = ticks(value, value);
            assert!(ticks.len() > 1 && ticks.len() < 14, "{value}: {ticks:?}");
        }
    }

    #[test]
    fn each_name_has_a_chart_and_a_gap_where_it_is_not_finite() {
        let curve = |name: &str, values: &[f64]| Curve {
            name: name.into(),
            points: values.iter().copied().enumerate().collect(),
        };
        let curves = [curve("a<b", &[1.0]), curve("loss", &[3.0, f64::NAN, 1.0, 0.5]), curve("val_loss", &[2.0; 4])];
        let svg = svg(&curves);
        assert_eq!(svg.matches("<g transform").count(), 2);
        assert!(svg.find(">loss<").unwrap() < svg.find(">a&lt;b<").unwrap());
        let curves = svg.matches("class=\"curve t\"").count();
        // Two parts of the loss, the other chart, and a sample of each.
        assert_eq!((curves, svg.matches("class=\"curve v\"").count()), (5, 2));
        assert!(svg.contains("training, epoch 3: 1.0") && !svg.contains("NaN"));
        assert!(super::svg(&[curve("x", &[f64::NAN])]).contains("no finite value yet"));
        assert!(super::svg(&[]).ends_with("</svg>\n"));
    }
}
