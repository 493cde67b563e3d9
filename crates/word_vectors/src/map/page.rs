//! The page of a map: the words as data, and the program that shows them.

use super::WordMap;
use candle_keras_ops::markup::escaped;
use serde_json::json;

/// Its style and its program are put in, since the page is one file.
pub(super) fn html(map: &WordMap) -> String {
    let parts = [
        ("/*style*/", include_str!("page.css").to_string()),
        ("/*program*/", include_str!("page.js").to_string()),
        ("{title}", escaped(&map.title)),
        ("{data}", data(map)),
    ];
    // One pass over the frame: nothing is replaced in what has been put in.
    let mut html = String::new();
    let mut rest = include_str!("page.html");
    while let Some((at, (mark, part))) =
        parts.iter().filter_map(|part| Some((rest.find(part.0)?, part))).min_by_key(|found| found.0)
    {
        html.push_str(&rest[..at]);
        html.push_str(part);
        rest = &rest[at + mark.len()..];
    }
    html + rest
}

/// The words, their places and neighbors as JSON that no word can end.
fn data(map: &WordMap) -> String {
    let largest = map.positions.iter().flatten().fold(0f64, |largest, x| largest.max(x.abs()));
    // Integers are short: the page needs no more than a part in 20,000 of its width.
    let scale = if largest > 0.0 { 10_000.0 / largest } else { 0.0 };
    let whole = |axis: usize| map.positions.iter().map(|p| (p[axis] * scale).round() as i64).collect::<Vec<_>>();
    let near: Vec<Vec<usize>> = map.nearest.iter().map(|near| near.iter().map(|near| near.row).collect()).collect();
    let cosines =
        map.nearest.iter().map(|near| near.iter().map(|near| (near.cosine * 1000.0).round() as i32).collect());
    let data = json!({
        "about": map.about,
        "words": map.words.iter().collect::<Vec<_>>(),
        "counts": map.counts,
        "x": whole(0),
        "y": whole(1),
        "hue": map.hues().map(|hue| hue.round() as i32).collect::<Vec<_>>(),
        "near": near,
        "cosine": cosines.collect::<Vec<Vec<i32>>>(),
    });
    let mut safe = String::new();
    for letter in data.to_string().chars() {
        match letter {
            // In JSON, these are in strings alone.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => safe.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::{Map, tests};

    /// The data of a page, as its program reads it.
    fn data(html: &str) -> serde_json::Value {
        let from = html.split_once("<script type=\"application/json\" id=\"data\">").unwrap().1;
        serde_json::from_str(from.split_once("</script>").unwrap().0).unwrap()
    }

    #[test]
    fn the_page_has_all_words_with_their_neighbors() {
        let vectors = tests::vectors(50);
        let map = Map::new(&vectors).iterations(50).neighbors(3).fit().unwrap();
        let data = data(&map.to_html());
        let list = |name: &str| data[name].as_array().unwrap().clone();
        for name in ["words", "x", "y", "hue", "near", "cosine"] {
            assert_eq!(list(name).len(), 50, "{name}");
        }
        assert!(data["counts"].is_null());
        for (i, word) in map.words().iter().enumerate() {
            assert_eq!(list("words")[i], word);
            let near: Vec<_> = map.neighbors(word).unwrap();
            for (j, (other, cosine)) in near.iter().enumerate() {
                assert_eq!(list("words")[list("near")[i][j].as_u64().unwrap() as usize], *other);
                assert!((list("cosine")[i][j].as_f64().unwrap() / 1000.0 - f64::from(*cosine)).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn the_page_loads_nothing() {
        let html = Map::new(&tests::vectors(20)).iterations(5).fit().unwrap().to_html();
        for reference in
            ["http:", "https:", "src=", "url(", "@import", "<link", "import(", "fetch(", "XMLHttpRequest", "//cdn"]
        {
            assert!(!html.contains(reference), "{reference}");
        }
        assert!(html.contains("default-src 'none'"));
    }

    #[test]
    fn words_are_no_markup() {
        let words =
            ["</script><script>alert(1)</script>", "<!--", "a&b\"'\\", "\u{2028}", "{data}", "/*style*/", "\u{0}\n"];
        let table = (0..14).map(|i| (i as f32).sin()).collect();
        let vectors = tests::named(words.iter(), table);
        let html = Map::new(&vectors).method("pca").title("</title><b>{data}").fit().unwrap().to_html();
        assert_eq!(data(&html)["words"], serde_json::json!(words));
        assert!(
            !html.contains("alert(1)<") && !html.contains("<b>") && !html.contains('\u{2028}') && !html.contains('\0')
        );
        assert_eq!(html.matches("</script>").count(), 2);
        assert!(html.contains("<title>&lt;/title&gt;&lt;b&gt;{data}</title>"));
    }
}
