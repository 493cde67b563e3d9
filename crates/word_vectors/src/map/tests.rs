use super::Map;
use crate::KeyedVectors;
use candle_core::{Device, Tensor};
use candle_keras_ops::random::Stream;

/// `count` words around `count / 10` directions, named by their direction and their number.
pub(super) fn vectors(count: usize) -> KeyedVectors {
    let width = 20;
    let mut stream = Stream::new(2, 0);
    let mut centre = Vec::new();
    let mut table = Vec::new();
    for i in 0..count {
        if i % 10 == 0 {
            centre = stream.normal(width);
        }
        table.extend(centre.iter().zip(stream.normal(width)).map(|(c, x)| (c + 0.3 * x) as f32));
    }
    named((0..count).map(|i| format!("w{}_{i}", i / 10)), table)
}

pub(super) fn named<S: AsRef<str>>(words: impl ExactSizeIterator<Item = S>, table: Vec<f32>) -> KeyedVectors {
    let shape = (words.len(), table.len() / words.len());
    KeyedVectors::new(words, &Tensor::from_vec(table, shape, &Device::Cpu).unwrap()).unwrap()
}

#[test]
fn neighbors_are_near_on_the_map() {
    let vectors = vectors(200);
    let map = Map::new(&vectors).perplexity(8.0).iterations(400).fit().unwrap();
    assert_eq!((map.words(), map.positions().len()), (vectors.words(), 200));
    for (i, word) in map.words().iter().enumerate() {
        let near = map.neighbors(word).unwrap();
        assert!(near.len() == 8 && near.is_sorted_by(|a, b| a.1 >= b.1));
        let distance = |other: &str| {
            let other = map.positions()[map.words().get(other).unwrap() as usize];
            (map.positions()[i][0] - other[0]).hypot(map.positions()[i][1] - other[1])
        };
        let mut others: Vec<&str> = map.words().iter().filter(|&other| other != word).collect();
        others.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
        assert!(others[..20].contains(&near[0].0), "{word}: {near:?}");
    }
    assert!(map.divergence().is_some_and(|divergence| divergence > 0.0) && map.neighbors("nobody").is_none());
}

#[test]
fn a_seed_gives_one_map() {
    let vectors = vectors(60);
    let positions = |seed| Map::new(&vectors).seed(seed).iterations(100).fit().unwrap().positions().to_vec();
    assert!(positions(3) == positions(3) && positions(3) != positions(4));
}

#[test]
fn words_can_be_chosen() {
    let vectors = vectors(60);
    let shown = |map: Map| map.method("pca").fit().unwrap().words().iter().map(String::from).collect::<Vec<_>>();
    assert_eq!(shown(Map::new(&vectors).words(2)), ["w0_0", "w0_1"]);
    let some = ["w5_59", "w0_0", "w5_59", "w2_20"];
    assert_eq!(shown(Map::new(&vectors).only(some)), ["w0_0", "w2_20", "w5_59"]);
    assert_eq!(shown(Map::new(&vectors).only(some).words(2)), ["w0_0", "w2_20"]);
    let missing = Map::new(&vectors).only(["w0_0", "king"]).fit().unwrap_err();
    assert!(missing.to_string().contains("\"king\""));
}

#[test]
fn few_words_have_a_map() {
    let vectors = vectors(20);
    for count in [1, 2, 3, 5] {
        for method in ["tsne", "pca"] {
            let map = Map::new(&vectors).words(count).method(method).fit().unwrap();
            assert!(map.positions().iter().flatten().all(|x| x.is_finite()), "{method} {count}");
            assert_eq!(map.neighbors("w0_0").unwrap().len(), count - 1);
            assert!(map.to_svg().contains("w0_0") && map.to_html().contains("w0_0"));
        }
    }
}

#[test]
fn rows_without_a_direction_are_left_out() {
    let table = vec![0.0, 0.0, 1.0, 2.0, f32::NAN, 1.0, f32::INFINITY, 0.0, 2.0, 1.0, 2.0, 1.0];
    let vectors = named(["zeros", "a", "nan", "infinite", "b", "same"].iter(), table);
    for method in ["pca", "tsne"] {
        let map = Map::new(&vectors).method(method).fit().unwrap();
        assert_eq!(map.words(), &["a", "b", "same"].into_iter().collect());
        assert_eq!(map.left_out(), ["zeros", "nan", "infinite"]);
        let (word, cosine) = map.neighbors("b").unwrap()[0];
        assert!(word == "same" && (cosine - 1.0).abs() < 1e-6);
    }
    let none = Map::new(&vectors).only(["nan", "zeros"]).fit().unwrap_err();
    assert!(none.to_string().contains("\"zeros\""));
}

#[test]
fn arguments_that_cannot_be_right_are_errors() {
    let vectors = vectors(10);
    let text = |map: Map| map.fit().unwrap_err().to_string();
    assert!(text(Map::new(&vectors).method("t-sne")).contains("did you mean \"tsne\"?"));
    for perplexity in [0.5, -1.0, f64::NAN, f64::INFINITY] {
        assert!(text(Map::new(&vectors).perplexity(perplexity)).contains("perplexity"));
    }
    assert!(text(Map::new(&vectors).words(0)).contains("words(2000)"));
    assert!(Map::new(&vectors).perplexity(1e300).neighbors(usize::MAX).iterations(1).fit().is_ok());
}

#[test]
fn the_ending_says_what_is_written() {
    let map = Map::new(&vectors(30)).iterations(20).fit().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, begin) in [("map.html", "<!doctype html>"), ("map.HTM", "<!doctype html>"), ("map.svg", "<svg ")] {
        let path = folder.path().join(name);
        map.save(&path).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().starts_with(begin));
    }
    for name in ["map.png", "map"] {
        assert!(map.save(folder.path().join(name)).unwrap_err().to_string().contains(".html or .svg"));
    }
    assert!(map.save(folder.path().join("none/map.svg")).is_err());
}
