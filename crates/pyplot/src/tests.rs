//! Whole figures: the numbers in their SVG.

use crate as pyplot;
use crate::{Bar, Figure, FillBetween, Hist, ImShow, Legend, Plot, Scatter, Text};
use candle_core::{DType, Device, Tensor};

/// What the function draws on a new figure, whose axes are 100 by 100 units.
fn drawn(draw: impl FnOnce() -> candle_keras_ops::Result<()>) -> String {
    pyplot::close_all();
    draw().unwrap();
    let svg = pyplot::to_svg();
    pyplot::close_all();
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
    svg
}

/// The numbers of an attribute of each element with a name.
fn numbers(svg: &str, element: &str, attribute: &str) -> Vec<Vec<f64>> {
    let elements = svg.split('<').filter(|part| part.starts_with(&format!("{element} ")));
    let values = elements.filter_map(|part| part.split_once(&format!(" {attribute}=\""))?.1.split('"').next());
    values.map(|value| value.split([' ', ',']).map(|number| number.parse().unwrap()).collect()).collect()
}

/// The frame of the axes: left, top, width, height.
fn frame(svg: &str) -> [f64; 4] {
    let part = svg.split("<clipPath").nth(1).unwrap();
    ["x", "y", "width", "height"].map(|name| numbers(part, "rect", name)[0][0])
}

/// The contents of the texts.
fn texts(svg: &str) -> Vec<&str> {
    svg.split("<text ").skip(1).map(|part| part.split(['>', '<']).nth(1).unwrap()).collect()
}

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.02
}

#[test]
fn points_are_where_their_numbers_are() {
    let svg = drawn(|| {
        pyplot::plot([0.0, 5.0, 10.0], [0.0, 1.0, 4.0], ())?;
        pyplot::xlim(0, 10)?;
        pyplot::ylim(0, 4)
    });
    let [left, top, width, height] = frame(&svg);
    let line = &numbers(&svg, "polyline", "points")[0];
    let expected = [left, top + height, left + width / 2.0, top + 0.75 * height, left + width, top];
    assert!(line.iter().zip(expected).all(|(a, b)| is_close(*a, b)), "{line:?} {expected:?}");
    assert!(width > 500.0 && height > 380.0 && left > 20.0 && top > 5.0);
    assert_eq!(texts(&svg)[..6], ["0", "2", "4", "6", "8", "10"]);
    // A tick is at its number.
    let ticks = numbers(&svg, "text", "x");
    assert!(is_close(ticks[1][0], left + 0.2 * width));
    assert!(svg.contains("stroke=\"#1f77b4\" stroke-width=\"2.08\""));
}

#[test]
fn curves_without_limits_have_margins() {
    let svg = drawn(|| pyplot::plot_y([0, 10], ()));
    let ([left, top, width, height], line) = (frame(&svg), &numbers(&svg, "polyline", "points")[0]);
    // A twentieth of the data on both sides.
    let expected = [left + width / 22.0, top + height - height / 22.0, left + width * 21.0 / 22.0, top + height / 22.0];
    assert!(line.iter().zip(expected).all(|(a, b)| is_close(*a, b)), "{line:?} {expected:?}");
}

#[test]
fn nan_is_a_gap_and_colors_follow_each_other() {
    let svg = drawn(|| {
        pyplot::plot_y([1.0, 2.0, f64::NAN, 3.0, 4.0, f64::INFINITY, 5.0], ())?;
        pyplot::plot_y([1f32, 2.0], "--")?;
        pyplot::plot_y([1, 2], "ko")
    });
    let lines = numbers(&svg, "polyline", "points");
    assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 4]);
    assert_eq!(svg.matches("stroke=\"#1f77b4\"").count(), 2);
    assert_eq!(svg.matches("stroke=\"#ff7f0e\"").count(), 1);
    assert!(svg.contains("stroke-dasharray=\"7.71 3.33\""));
    assert_eq!(svg.matches("<circle").count(), 2);
    assert!(svg.contains("r=\"4.86\" fill=\"#000000\""));
}

#[test]
fn a_table_is_a_curve_for_each_column() {
    let table = Tensor::new(&[[1f32, 2.0], [3.0, 4.0], [5.0, 6.0]], &Device::Cpu).unwrap();
    let svg = drawn(|| pyplot::plot(0..3, &table, ()));
    assert_eq!(numbers(&svg, "polyline", "points").len(), 2);
    assert!(svg.contains("#1f77b4") && svg.contains("#ff7f0e"));
    let column = table.narrow(1, 0, 1).unwrap();
    assert_eq!(numbers(&drawn(|| pyplot::plot_y(&column, ())), "polyline", "points")[0].len(), 6);
}

#[test]
fn wrong_arguments_are_errors_that_say_what_is_right() {
    let message = |result: candle_keras_ops::Result<()>| result.unwrap_err().to_string();
    pyplot::close_all();
    let lengths = message(pyplot::plot([1, 2, 3], [1, 2], ()));
    assert!(lengths.contains("expected: 3 numbers in y") && lengths.contains("received: 2"), "{lengths}");
    for result in [
        pyplot::plot_y([1, 2], "q"),
        pyplot::plot_y([1, 2], Plot::new().color("blurple")),
        pyplot::plot_y([1, 2], Plot::new().alpha(2)),
        pyplot::plot_y([1, 2], Plot::new().linewidth(f64::NAN)),
        pyplot::scatter([1, 2], [1], ()),
        pyplot::scatter([1, 2], [1, 2], Scatter::new().c([1])),
        pyplot::scatter([1, 2], [1, 2], Scatter::new().s(-1)),
        pyplot::scatter([1, 2], [1, 2], Scatter::new().cmap("virids")),
        pyplot::bar([1, 2], [1, 2, 3], ()),
        pyplot::bar([1, 2], ["a", "b"], ()),
        pyplot::fill_between([1, 2], [1, 2], [1, 2, 3], ()),
        pyplot::hist([1, 2], Hist::new().bins(0)).map(drop),
        pyplot::imshow(Tensor::zeros((2, 2, 2), DType::F32, &Device::Cpu).unwrap(), ()),
        pyplot::imshow([[1, 2]], ImShow::new().origin("left")),
        pyplot::xlim(f64::NAN, 1),
        pyplot::xticks_with([1, 2], ["a"], ()),
        pyplot::yscale("logarithmic"),
        pyplot::axis("of"),
        pyplot::colorbar(),
        pyplot::legend_with(Legend::new().loc("top")),
        pyplot::title_with("a", Text::new().fontsize(-1)),
        pyplot::text_with(0, 0, "a", Text::new().ha("middle")),
    ] {
        let message = message(result);
        assert!(message.contains("expected: ") || message.contains("received: "), "{message}");
    }
    // What failed has drawn nothing.
    assert!(!pyplot::to_svg().contains("<polyline"));
    pyplot::close_all();
}

#[test]
fn titles_labels_and_legend_are_written() {
    let svg = drawn(|| {
        pyplot::plot_y([3, 2, 1], Plot::new().label("a < b"))?;
        pyplot::plot_y([4, 3, 2], Plot::new().label("_hidden"))?;
        pyplot::title("Loss\nby epoch");
        pyplot::suptitle("All");
        pyplot::xlabel("Epochs");
        pyplot::ylabel("Loss & more");
        pyplot::legend();
        Ok(())
    });
    for text in ["Loss", "by epoch", "All", "Epochs", "Loss &amp; more", "a &lt; b"] {
        assert!(texts(&svg).contains(&text), "{text}");
    }
    assert!(!svg.contains("_hidden"));
    assert!(svg.contains("rotate(-90 "));
    // A falling curve leaves the upper right to the legend.
    let legend = svg.split("rx=\"3\"").next().unwrap().rsplit('<').next().unwrap();
    let x = numbers(&format!("<{legend}"), "rect", "x")[0][0];
    let [left, _, width, _] = frame(&svg);
    assert!(x > left + width / 2.0);
}

#[test]
fn a_legend_names_what_was_drawn() {
    let svg = drawn(|| {
        pyplot::plot_y([1, 2], ())?;
        pyplot::plot_y([1, 2], ())?;
        pyplot::bar([0], [1], ())?;
        pyplot::legend_with(Legend::new().labels(["train", "test"]).loc("lower left").title("Data"))
    });
    assert_eq!(texts(&svg)[texts(&svg).len() - 3..], ["Data", "train", "test"]);
    let [left, top, width, height] = frame(&svg);
    let legend = svg.split("rx=\"3\"").next().unwrap().rsplit('<').next().unwrap();
    let [x, y] = ["x", "y"].map(|name| numbers(&format!("<{legend}"), "rect", name)[0][0]);
    assert!(x > left && x < left + width / 2.0 && y > top + height / 2.0);
    assert!(!drawn(|| pyplot::plot_y([1], ()).map(|()| pyplot::legend())).contains("rx="));
}

#[test]
fn points_have_their_colors_and_sizes() {
    let svg = drawn(|| {
        pyplot::scatter([0, 1, 2], [0, 1, 2], Scatter::new().c([0, 5, 10]).cmap("gray").s(4))?;
        pyplot::colorbar()
    });
    let colors: Vec<_> = ["#000000", "#808080", "#ffffff"].map(|color| format!("r=\"2.08\" fill=\"{color}\"")).into();
    assert!(colors.iter().all(|color| svg.contains(color)), "{svg}");
    assert_eq!(texts(&svg).last(), Some(&"10"));
    let svg = drawn(|| pyplot::scatter([0, 1], [0, 1], Scatter::new().c(["r", "k"]).s([1.0, f64::NAN])));
    assert!(svg.contains("#ff0000"));
    let svg = drawn(|| pyplot::scatter([0.0, f64::NAN], [1, 2], Scatter::new().c("red").marker("^").alpha(0.5)));
    assert_eq!(svg.matches("<polygon").count(), 1);
    assert!(svg.contains("fill=\"#ff0000\" fill-opacity=\"0.5\""));
}

#[test]
fn bars_stand_on_the_axis_over_their_words() {
    let svg = drawn(|| pyplot::bar(["cat", "dog"], [2, 4], Bar::new().color("g")));
    let [left, top, width, height] = frame(&svg);
    assert!(texts(&svg).contains(&"cat") && texts(&svg).contains(&"dog"));
    let bars: Vec<_> = svg.lines().filter(|line| line.contains("#008000")).collect();
    let [x, y, w, h] = ["x", "y", "width", "height"].map(|name| numbers(bars[1], "rect", name)[0][0]);
    // From -0.4 to 1.4 with margins of 0.09, and from 0 to 4 with a margin above.
    assert!(is_close(w, 0.8 / 1.98 * width) && is_close(x, left + 1.09 / 1.98 * width), "{x} {w}");
    assert!(is_close(h, 4.0 / 4.2 * height) && is_close(y + h, top + height), "{y} {h}");
    let across = drawn(|| pyplot::barh(["cat", "dog"], [2, 4], Bar::new().colors(["r", "b"])));
    let [left, ..] = frame(&across);
    let bar = across.lines().find(|line| line.contains("#ff0000")).unwrap();
    assert!(is_close(numbers(bar, "rect", "x")[0][0], left));
}

#[test]
fn a_histogram_has_a_bar_for_each_bin() {
    let mut result = None;
    let svg = drawn(|| {
        result = Some(pyplot::hist([1.0, 1.0, 2.0, 4.0, f64::NAN], Hist::new().bins(3).color("r"))?);
        Ok(())
    });
    let (counts, edges) = result.unwrap();
    assert_eq!((counts, edges), (vec![2.0, 1.0, 1.0], vec![1.0, 2.0, 3.0, 4.0]));
    assert_eq!(svg.matches("fill=\"#ff0000\"").count(), 3);
    drawn(|| {
        let (heights, _) = pyplot::hist([1, 2, 3, 4], Hist::new().edges([0, 2, 6]).density(true))?;
        assert_eq!(heights, [0.125, 0.1875]);
        pyplot::hist([0.0; 0], ()).map(drop)
    });
}

/// The pixels of the first picture: width, height, and red, green, blue and opacity of each.
fn pixels(svg: &str) -> (u32, u32, Vec<u8>) {
    let text = svg.split("base64,").nth(1).unwrap().split('"').next().unwrap();
    let letters: Vec<u8> = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain([b'+', b'/']).collect();
    let mut bytes = Vec::new();
    for part in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = part.iter().map(|letter| letters.iter().position(|known| known == letter).unwrap() as u32);
        let bits = bits.enumerate().fold(0, |all, (i, six)| all | six << (18 - 6 * i));
        bytes.extend(&bits.to_be_bytes()[1..part.len()]);
    }
    let image = image::load_from_memory(&bytes).unwrap().to_rgba8();
    (image.width(), image.height(), image.into_raw())
}

#[test]
fn a_picture_has_the_pixels_of_its_tensor() {
    let digit = Tensor::new(&[[0f32, 1.0, 0.5], [0.0, f32::NAN, 1.0]], &Device::Cpu).unwrap();
    let svg = drawn(|| pyplot::imshow(&digit, ImShow::new().cmap("gray")));
    let (width, height, colors) = pixels(&svg);
    assert_eq!((width, height), (3, 2));
    assert_eq!(colors[..12], [0, 0, 0, 255, 255, 255, 255, 255, 128, 128, 128, 255]);
    assert_eq!(colors[16..20], [0; 4]);
    // Pixels are square, and the first row is at the top.
    let [_, top, width, height] = frame(&svg);
    assert!(is_close(width / height, 1.5) && is_close(numbers(&svg, "image", "y")[0][0], top));
    assert!(!svg.contains("transform=\"matrix"));
    assert!(texts(&svg).contains(&"0.0"));

    let colored = Tensor::new(&[[[255u8, 0, 7]]], &Device::Cpu).unwrap();
    assert_eq!(pixels(&drawn(|| pyplot::imshow(&colored, ()))).2, [255, 0, 7, 255]);
    let svg = drawn(|| pyplot::imshow(&digit, ImShow::new().origin("lower").cmap("gray")));
    assert_eq!(pixels(&svg).2[..4], [0, 0, 0, 255]);
    assert_eq!(pixels(&svg).2[12..16], [0, 0, 0, 255]);
    assert_eq!(pixels(&svg).2[8..12], [255, 255, 255, 255]);
    let limits = drawn(|| {
        pyplot::imshow([[1, 3]], ImShow::new().cmap("gray").vmin(-1).vmax(3))?;
        pyplot::colorbar()
    });
    assert_eq!(pixels(&limits).2, [128, 128, 128, 255, 255, 255, 255, 255]);
    drawn(|| pyplot::imshow(Tensor::zeros((0, 5), DType::F32, &Device::Cpu)?, ()));
}

#[test]
fn a_mirrored_axis_mirrors_a_picture() {
    let svg = drawn(|| {
        pyplot::imshow([[1, 2]], ())?;
        pyplot::xlim(1.5, -0.5)
    });
    assert!(svg.contains("matrix(-1 0 0 1 "));
}

#[test]
fn panels_are_a_grid() {
    let svg = drawn(|| {
        pyplot::figure_with(Figure::new().figsize(8, 6))?;
        for i in 0..4 {
            pyplot::subplot(2, 2, i + 1)?;
            pyplot::plot_y([0, i], ())?;
            pyplot::title(format!("panel {i}"));
        }
        pyplot::subplot(2, 2, 1)?;
        pyplot::plot_y([0, 2], ())
    });
    assert!(svg.contains("viewBox=\"0 0 800 600\""));
    let frames: Vec<_> = svg.split("<clipPath").skip(1).map(|part| frame(&format!("<clipPath{part}"))).collect();
    assert_eq!(frames.len(), 4);
    // Those of a column begin together, and those of a row are as high.
    assert_eq!((frames[0][0], frames[0][2]), (frames[2][0], frames[2][2]));
    assert_eq!((frames[0][1], frames[0][3]), (frames[1][1], frames[1][3]));
    assert!(frames[1][0] > frames[0][0] + frames[0][2] && frames[2][1] > frames[0][1] + frames[0][3]);
    assert_eq!(numbers(&svg, "polyline", "points").len(), 5);
}

#[test]
fn axes_can_be_off() {
    let svg = drawn(|| {
        pyplot::plot_y([1, 2], ())?;
        pyplot::grid(true);
        pyplot::title("seen");
        pyplot::axis("off")
    });
    assert_eq!(texts(&svg), ["seen"]);
    assert!(!svg.contains("<line"));
    let hidden = drawn(|| {
        pyplot::plot_y([1, 2], ())?;
        pyplot::xaxis_visible(false);
        pyplot::yticks([0; 0])
    });
    assert!(texts(&hidden).is_empty());
}

#[test]
fn a_log_axis_places_powers_at_equal_distances() {
    let svg = drawn(|| {
        pyplot::semilogy(0..4, [1.0, 10.0, 100.0, -1.0], ())?;
        pyplot::ylim(1, 100)?;
        pyplot::grid(true);
        pyplot::axhline(10, "r:")
    });
    let [_, top, _, height] = frame(&svg);
    let line = &numbers(&svg, "polyline", "points")[0];
    assert_eq!(line.len(), 6);
    assert!(is_close(line[3], top + height / 2.0) && is_close(line[5], top));
    assert!(texts(&svg).contains(&"10¹"));
    assert!(svg.contains("stroke=\"#b0b0b0\""));
    let rule = svg.lines().find(|line| line.contains("#ff0000")).unwrap();
    assert!(is_close(numbers(rule, "line", "y1")[0][0], top + height / 2.0));
}

#[test]
fn areas_ticks_and_texts_are_drawn() {
    let svg = drawn(|| {
        pyplot::fill_between(0..3, [1.0, 2.0, 1.0], 0, FillBetween::new().color("b").alpha(0.2).label("area"))?;
        pyplot::axvline(1, "k--")?;
        pyplot::text(1, 1, "here");
        pyplot::xticks_with([0, 2], ["begin", "end"], Text::new().rotation(45))?;
        pyplot::yticks([0.0, 1.0])
    });
    assert_eq!(numbers(&svg, "polygon", "points")[0].len(), 12);
    assert_eq!(texts(&svg), ["begin", "end", "0", "1", "here"]);
    assert!(svg.contains("rotate(-45 ") && svg.contains("fill-opacity=\"0.2\""));
}

#[test]
fn nothing_and_extreme_numbers_are_drawn_without_a_panic() {
    let numbers: [&[f64]; 7] = [
        &[],
        &[f64::NAN],
        &[0.0],
        &[f64::MAX, f64::MIN],
        &[1e300, -1e300],
        &[1e-310, 2e-310],
        &[1.0, 1.0 + f64::EPSILON],
    ];
    for values in numbers {
        for scale in ["linear", "log"] {
            drawn(|| {
                pyplot::figure_with(Figure::new().figsize(0.1, 0.1))?;
                pyplot::plot_y(values, "o-")?;
                pyplot::scatter(values, values, Scatter::new().c(values))?;
                pyplot::colorbar()?;
                pyplot::bar(values, values, ())?;
                pyplot::hist(values, ())?;
                pyplot::fill_between(values, values, 0, ())?;
                pyplot::axhline(1e300, ())?;
                pyplot::yscale(scale)?;
                pyplot::xscale(scale)?;
                pyplot::axis("equal")?;
                pyplot::grid(true);
                pyplot::legend();
                pyplot::title("");
                Ok(())
            });
        }
    }
    drawn(|| {
        pyplot::xlim(1, 1)?;
        pyplot::ylim(-1e300, 1e300)?;
        pyplot::plot_y([0; 0], ())
    });
    assert!(drawn(|| Ok(())).ends_with("</svg>\n"));
}

#[test]
fn axes_are_drawn_on_while_others_are_current() {
    crate::close_all();
    let axes = crate::subplots(2, 2, crate::Figure::new()).unwrap();
    axes[0][1].set_title("upper right");
    axes[0][0].plot_y([1, 2], crate::Plot::new().label("upper left")).unwrap();
    axes[0][0].legend();
    // The last ones are the current ones still.
    assert_eq!(crate::gca(), axes[1][1]);
    crate::title("lower right");
    let svg = crate::to_svg();
    for text in ["upper right", "upper left", "lower right"] {
        assert!(svg.contains(text), "{text}");
    }
    let other = crate::subplots(1, 1, crate::Figure::new()).unwrap()[0][0];
    axes[1][0].set_title("lower left");
    assert_eq!(crate::gca(), other);
    assert!(!crate::to_svg().contains("lower left"));
    crate::close();
    assert!(crate::to_svg().contains("lower left"));
    // What is closed stays closed.
    other.set_title("closed");
    assert_eq!(crate::gca(), axes[1][1]);
    crate::sca(axes[0][1]);
    assert_eq!(crate::gca(), axes[0][1]);
    assert!(crate::subplots(0, 2, crate::Figure::new()).is_err());
    crate::close_all();
}
