// Ported from text_helpers.py.
// Small helpers around a training: texts that functions extend, and pairs of curves.

use candle_keras::prelude::*;
use candle_keras::pyplot;
use indexmap::IndexMap;

fn main() -> Result<()> {
    println!("{:?} {:?}", clean(&vec![" a ", "b "], true), clean(&vec![" a "], false));
    let seed = "x".to_string();
    println!("{} {seed}", grow(&seed, 3));
    let history = IndexMap::from([("loss", vec![1.0, 0.5]), ("val_loss", vec![2.0, 1.5])]);
    let pairs = vec![("Loss", history["loss"].clone(), history["val_loss"].clone())];
    for (i, (name, a, b)) in (1..).zip(&pairs) {
        pyplot::plot_y(a, pyplot::Plot::new().style("r").label(*name))?;
        pyplot::plot_y(b, "g")?;
        println!("{i} {} {:?} {:?}", *name, a.iter().sum::<f64>(), b[b.len() - 1]);
    }

    println!("{} {seed}", outer(&seed));
    Ok(())
}

fn clean(lines: &[&'static str], strip: bool) -> Vec<String> {
    let mut out = vec![];
    for &line in lines {
        let l = if strip { line.trim().to_string() } else { line.to_string() };
        out.push(l.clone());
    }
    out
}

fn grow(text: &str, n: usize) -> String {
    let mut text = text.to_string();
    for i in 0..n {
        let word = "a".repeat(i);
        if !word.is_empty() {
            text.push_str(&format!("{}{}", " ", word));
        } else {
            continue;
        }
    }
    text
}

fn outer(text: &str) -> String {
    let mut text = text.to_string();
    let longer = grow(&text, 2);
    text.push_str("!");
    format!("{}{}", longer, text)
}
