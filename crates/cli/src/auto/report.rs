//! The report of a training, as one HTML page without scripts.

use super::scores::{Confusion, Errors, Scores, shown};
use anyhow::Result;
use candle_keras_data::atomic;
use candle_keras_models::{History, Model};
use candle_keras_ops::Error;
use candle_keras_ops::markup::escaped;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

const STYLE: &str = "\
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2em auto;padding:0 1em}\
table{border-collapse:collapse;margin:.5em 0 1.5em}td,th{padding:.25em .8em;border:1px solid #8886;text-align:left}\
td.n{text-align:right;font-variant-numeric:tabular-nums}pre{overflow-x:auto;font-size:12px;line-height:1.3}svg{max-width:100%;height:auto}";

/// The most classes whose confusions are shown.
const SHOWN_CLASSES: usize = 60;

/// The most predictions that are drawn.
const SHOWN_POINTS: usize = 2000;

pub(super) fn write(
    path: &Path,
    data: &Path,
    facts: &[[String; 2]],
    model: &Model,
    history: &History,
    scores: &Scores,
) -> Result<()> {
    let title = format!("Training on {}", escaped(&data.display().to_string()));
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
    );
    page += "<h2>Scores on the data for validation</h2>\n";
    page += &table(&["", ""], scores.list().iter().map(|(name, value)| vec![cell(name), number(&shown(*value))]));
    match scores {
        Scores::Classes(confusion) => page += &of_classes(confusion),
        Scores::Number(errors) => page += &of_numbers(errors),
    }
    page += "<h2>Curves</h2>\n";
    page += &history.to_svg();
    let stopped =
        format!("{} epochs. The weights of the epoch with the least validation loss are kept.", history.epoch.len());
    _ = writeln!(page, "<p>{stopped}</p>");
    page += "<h2>Data</h2>\n";
    page += &table(&["", ""], facts.iter().map(|[name, text]| vec![cell(name), cell(text)]));
    _ = writeln!(page, "<h2>Model</h2>\n<pre>{}</pre>\n</body></html>", escaped(&model.summary_text()));
    Ok(atomic::write(path, |file| file.write_all(page.as_bytes()).map_err(|cause| Error::io(path, cause)))?)
}

/// The scores of each class, and which are taken for which.
fn of_classes(confusion: &Confusion) -> String {
    let classes = 0..confusion.classes.len().min(SHOWN_CLASSES);
    let rows = classes.clone().map(|class| {
        let (precision, recall, f1, count) = confusion.of_class(class);
        let scores = [precision, recall, f1].map(|score| number(&shown(score)));
        [vec![cell(&confusion.classes[class])], scores.into(), vec![number(&count.to_string())]].concat()
    });
    let mut html = "<h2>Classes</h2>\n".to_string() + &table(&["class", "precision", "recall", "F1", "samples"], rows);
    html += "<h2>Confusions</h2>\n<p>A row is the true class, a column the predicted one.</p>\n";
    let header: Vec<&str> =
        std::iter::once("").chain(classes.clone().map(|class| confusion.classes[class].as_str())).collect();
    let rows = classes.clone().map(|truth| {
        let all = confusion.counts[truth].iter().sum::<usize>().max(1) as f64;
        let cells = classes.clone().map(|class| {
            let (count, color) =
                (confusion.counts[truth][class], if class == truth { "31,111,180" } else { "194,87,26" });
            format!("<td class=\"n\" style=\"background:rgba({color},{:.2})\">{count}</td>", 0.6 * count as f64 / all)
        });
        std::iter::once(cell(&confusion.classes[truth])).chain(cells).collect()
    });
    html += &table(&header, rows);
    if confusion.classes.len() > SHOWN_CLASSES {
        _ = writeln!(html, "<p>The first {SHOWN_CLASSES} of {} classes.</p>", confusion.classes.len());
    }
    html
}

/// The predictions over the true values.
fn of_numbers(errors: &Errors) -> String {
    const SIZE: f64 = 420.0;
    let points =
        errors.truth.iter().zip(&errors.predicted).take(SHOWN_POINTS).filter(|(a, b)| a.is_finite() && b.is_finite());
    let points: Vec<(f64, f64)> = points.map(|(truth, predicted)| (*truth, *predicted)).collect();
    let (least, most) = points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), (a, b)| {
        (least.min(*a).min(*b), most.max(*a).max(*b))
    });
    let place = |value: f64| if most > least { (value - least) / (most - least) * SIZE } else { SIZE / 2.0 };
    let mut html = format!(
        "<h2>Predictions</h2>\n<p>The true values to the right, the predicted ones upward, from {} to {}. On the line they are equal.</p>\n\
         <svg viewBox=\"-6 -6 {2} {2}\" width=\"{2}\" height=\"{2}\" role=\"img\"><title>Predictions</title>\
         <rect width=\"{SIZE}\" height=\"{SIZE}\" fill=\"none\" stroke=\"#888\"/><path d=\"M0 {SIZE}L{SIZE} 0\" stroke=\"#888\"/>\n",
        shown(least),
        shown(most),
        SIZE + 12.0
    );
    for (truth, predicted) in points {
        _ = write!(
            html,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"#1f6fb4\" fill-opacity=\".5\"/>",
            place(truth),
            SIZE - place(predicted)
        );
    }
    html + "\n</svg>\n"
}

/// Rows of cells, under a header unless it is empty.
fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut html = "<table>".to_string();
    if header.iter().any(|name| !name.is_empty()) {
        let names: String = header.iter().map(|name| format!("<th>{}</th>", escaped(name))).collect();
        _ = write!(html, "<tr>{names}</tr>");
    }
    for row in rows {
        _ = write!(html, "<tr>{}</tr>", row.concat());
    }
    html + "</table>\n"
}

fn cell(text: &str) -> String {
    format!("<td>{}</td>", escaped(text))
}

fn number(text: &str) -> String {
    format!("<td class=\"n\">{text}</td>")
}
