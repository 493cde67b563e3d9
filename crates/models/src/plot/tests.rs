use super::*;
use crate::Sequential;
use candle_keras_layers::{BatchNormalization, Concatenate, Dense, Embedding, Flatten, Input, layers};

/// Two inputs that share a layer, a connection that passes rows, and a nested model.
fn model() -> Model {
    let (a, b) = (Input::shape([5]).name("a").dtype("int32"), Input::shape([5]).name("b").dtype("int32"));
    let words = Embedding::new(10, 3).name("words");
    let inner = Sequential::new(layers![
        Input::shape([15]),
        Dense::new(4).activation("relu").name("in_1"),
        BatchNormalization::new().name("in_2"),
    ]);
    let both = Concatenate::new().name("both").call([&words.call(&a), &words.call(&b)]);
    let left = inner.call(Flatten::new().call(&words.call(&a)));
    let right = Flatten::new().name("<flat> & \"co\"").call(&both);
    let y = Dense::new(1).name("head").trainable(false).call(Concatenate::new().call([&left, &right]));
    Model::new([a, b], y).unwrap()
}

fn plan(plot: &Plot) -> Plan {
    Plan::of(&model(), plot, true).unwrap()
}

fn overlap(a: Area, b: Area) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

use plan::Area;

#[test]
fn boxes_do_not_overlap_and_lines_join_them() {
    for rankdir in ["TB", "BT", "LR", "RL"] {
        for expand in [false, true] {
            let plot = Plot::new().rankdir(rankdir).expand_nested(expand).show_shapes(true).show_dtype(true);
            let plan = plan(&plot);
            assert_eq!((plan.blocks.len(), plan.frames.len()), if expand { (10, 1) } else { (9, 0) });
            for (i, block) in plan.blocks.iter().enumerate() {
                let area = block.area;
                assert!(area.x >= 0.0 && area.y >= 0.0);
                assert!(area.x + area.width <= plan.width && area.y + area.height <= plan.height, "{rankdir}");
                assert!(plan.blocks[..i].iter().all(|other| !overlap(other.area, area)), "{rankdir}");
            }
            for line in &plan.lines {
                let touches = |point: &(f64, f64), area: Area| {
                    let grown =
                        Area { x: area.x - 0.1, y: area.y - 0.1, width: area.width + 0.2, height: area.height + 0.2 };
                    overlap(grown, Area { x: point.0, y: point.1, width: 0.01, height: 0.01 })
                };
                assert!(touches(&line.points[0], plan.blocks[line.from].area), "{rankdir}");
                assert!(touches(line.points.last().unwrap(), plan.blocks[line.to].area), "{rankdir}");
                // A line crosses no other box.
                for splines in ["ortho", "spline"] {
                    for point in plan::drawn(&line.points, splines, plan.sideways) {
                        let inside =
                            |area: Area| overlap(area, Area { x: point.0, y: point.1, width: 1e-6, height: 1e-6 });
                        let mut others =
                            plan.blocks.iter().enumerate().filter(|(i, _)| ![line.from, line.to].contains(i));
                        assert!(others.all(|(_, block)| !inside(block.area)), "{rankdir} {splines}");
                    }
                }
            }
        }
    }
}

#[test]
fn labels_say_what_is_asked_for() {
    let all = Plot::new()
        .show_shapes(true)
        .show_dtype(true)
        .show_trainable(true)
        .show_layer_activations(true)
        .expand_nested(true);
    let dot = model_to_dot(&model(), all).unwrap();
    for part in [
        "<b>a</b> (InputLayer)",
        "<td>Output shape: <b>(None, 5)</b></td>",
        "<td>Output dtype: <b>int32</b></td>",
        "Activation: <b>relu</b>",
        "<b>Non-trainable</b>",
        "<b>Trainable</b>",
        "<b>&lt;flat&gt; &amp; &quot;co&quot;</b> (Flatten)",
        "Input shape: <b>[(None, 4), (None, 30)]</b>",
        "subgraph cluster_0 {",
        "rankdir=TB",
        "n0 -> n",
    ] {
        assert!(dot.contains(part), "{part} in {dot}");
    }
    let plain = model_to_dot(&model(), Plot::new().show_layer_names(false)).unwrap();
    assert!(plain.contains("<b>Flatten</b>") && !plain.contains("flat&gt;"));
    assert!(["shape:", "dtype:", "Activation", "rainable", "cluster"].iter().all(|part| !plain.contains(part)));
}

#[test]
fn arguments_that_cannot_be_are_errors() {
    for wrong in [Plot::new().rankdir("TD"), Plot::new().splines("round"), Plot::new().dpi(0)] {
        assert!(model_to_dot(&model(), wrong).is_err());
    }
    let folder = tempfile::tempdir().unwrap();
    let error = plot_model(&model(), folder.path().join("model.gif"), ()).unwrap_err().to_string();
    assert!(error.contains(".png, .svg or .dot"), "{error}");
    let error = plot_model(&model(), folder.path().join("model.png"), Plot::new().dpi(u32::MAX)).unwrap_err();
    assert!(error.to_string().contains("too large"));
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[test]
fn a_png_has_the_boxes_where_they_are_planned() {
    let folder = tempfile::tempdir().unwrap();
    let plot = || Plot::new().show_shapes(true).show_layer_names(true).expand_nested(true).show_trainable(true);
    for (dpi, splines) in [(96, "ortho"), (200, "spline"), (50, "line")] {
        let path = folder.path().join("model.PNG");
        plot_model(&model(), &path, plot().dpi(dpi).splines(splines)).unwrap();
        let (width, height, pixels) = decoded(&std::fs::read(&path).unwrap());
        let plan = plan(&plot());
        let scale = f64::from(dpi) / 96.0;
        assert_eq!((width, height), ((plan.width * scale).ceil() as usize, (plan.height * scale).ceil() as usize));
        let at = |x: f64, y: f64| {
            let at = ((y * scale) as usize * width + (x * scale) as usize) * 3;
            <[u8; 3]>::try_from(&pixels[at..at + 3]).unwrap()
        };
        assert_eq!(at(1.0, 1.0), [255; 3]);
        for block in &plan.blocks {
            // Beside the title.
            assert_eq!(at(block.area.x + 4.0, block.area.y + 12.0), [0x2b, 0x3a, 0x55]);
        }
        let dark = pixels.chunks(3).filter(|pixel| pixel[0] < 200).count();
        assert!(dark > 5000, "{dark}");
    }
    if let Some(path) = std::env::var_os("PLOT") {
        plot_model(&model(), path, plot().show_layer_activations(true)).unwrap();
    }
}

/// The size and the pixels of a PNG as it is written here.
fn decoded(png: &[u8]) -> (usize, usize, Vec<u8>) {
    use std::io::Read;
    let mut rest = png.strip_prefix(b"\x89PNG\r\n\x1a\n").unwrap();
    let number = |bytes: &[u8]| u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
    let (mut size, mut packed) = ((0, 0), Vec::new());
    while !rest.is_empty() {
        let length = number(rest);
        let (kind, content) = (&rest[4..8], &rest[8..8 + length]);
        assert_eq!(number(&rest[8 + length..]), crc32fast::hash(&rest[4..8 + length]) as usize);
        match kind {
            b"IHDR" => size = (number(content), number(&content[4..])),
            b"IDAT" => packed.extend_from_slice(content),
            _ => (),
        }
        rest = &rest[12 + length..];
    }
    let mut rows = Vec::new();
    flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut rows).unwrap();
    let pixels = rows.chunks(1 + size.0 * 3).flat_map(|row| row[1..].iter().copied()).collect();
    (size.0, size.1, pixels)
}
