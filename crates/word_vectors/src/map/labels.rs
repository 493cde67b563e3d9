//! Labels beside points, none over another.

/// A label that has found a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label {
    /// The number of the word.
    pub(super) word: usize,
    /// Where the text begins: its left end, on the baseline.
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) size: f64,
}

/// A rectangle with sides along the axes; y goes down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rectangle {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rectangle {
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn is_within(&self, page: &Self) -> bool {
        page.left <= self.left && self.right <= page.right && page.top <= self.top && self.bottom <= page.bottom
    }
}

/// How far letters go above and below the baseline, as a share of their size.
const ABOVE: f64 = 0.78;
const BELOW: f64 = 0.24;

impl Label {
    /// What the letters cover.
    pub(super) fn rectangle(&self) -> Rectangle {
        let (top, bottom) = (self.y - ABOVE * self.size, self.y + BELOW * self.size);
        Rectangle { left: self.x, top, right: self.x + self.width, bottom }
    }
}

/// A point that wants a label.
pub(super) struct Wanted<'a> {
    pub(super) at: [f64; 2],
    /// The radius of the point.
    pub(super) radius: f64,
    pub(super) text: &'a str,
    pub(super) size: f64,
}

/// Labels for as many points as fit on the page, the first points first: to the right of the point, to the left, above or below.
/// They cover neither each other nor the points of those that are labelled.
pub(super) fn place<'a>(points: impl Iterator<Item = Wanted<'a>>, page: Rectangle) -> Vec<Label> {
    let mut taken = Taken::new(page);
    let mut labels = Vec::new();
    for (word, Wanted { at: [x, y], radius, text, size }) in points.enumerate() {
        let width = width(text) * size;
        let (gap, middle) = (radius + 0.2 * size, y + (ABOVE - BELOW) / 2.0 * size);
        let point = Rectangle { left: x - radius, top: y - radius, right: x + radius, bottom: y + radius };
        if width == 0.0 || taken.overlaps(&point) {
            continue;
        }
        let places = [
            (x + gap, middle),
            (x - gap - width, middle),
            (x - width / 2.0, y - gap - BELOW * size),
            (x - width / 2.0, y + gap + ABOVE * size),
        ];
        let label = |(x, y)| Label { word, x, y, width, size };
        let free = |label: &Label| label.rectangle().is_within(&page) && !taken.overlaps(&label.rectangle());
        if let Some(label) = places.into_iter().map(label).find(free) {
            taken.add(point);
            taken.add(label.rectangle());
            labels.push(label);
        }
    }
    labels
}

/// The side of a cell of the grid in which rectangles are looked up.
const CELL: f64 = 40.0;

/// What labels cover already.
struct Taken {
    page: Rectangle,
    columns: usize,
    cells: Vec<Vec<Rectangle>>,
}

impl Taken {
    fn new(page: Rectangle) -> Self {
        let cells = |length: f64| (length / CELL).ceil().max(1.0) as usize;
        let (columns, rows) = (cells(page.right - page.left), cells(page.bottom - page.top));
        Self { page, columns, cells: vec![Vec::new(); columns * rows] }
    }

    /// The cells that a rectangle touches; those at the edge stand for all beyond it.
    fn touched(&self, rectangle: &Rectangle) -> impl Iterator<Item = usize> + use<> {
        let (columns, rows) = (self.columns, self.cells.len() / self.columns);
        let cell = |x: f64, count: usize| ((x / CELL) as usize).min(count - 1);
        let (left, top) = (rectangle.left - self.page.left, rectangle.top - self.page.top);
        let (right, bottom) = (rectangle.right - self.page.left, rectangle.bottom - self.page.top);
        let across = cell(left, columns)..=cell(right, columns);
        (cell(top, rows)..=cell(bottom, rows))
            .flat_map(move |row| across.clone().map(move |column| row * columns + column))
    }

    fn overlaps(&self, rectangle: &Rectangle) -> bool {
        self.touched(rectangle).any(|cell| self.cells[cell].iter().any(|other| other.overlaps(rectangle)))
    }

    fn add(&mut self, rectangle: Rectangle) {
        for cell in self.touched(&rectangle) {
            self.cells[cell].push(rectangle);
        }
    }
}

/// How wide a text is in Helvetica, in its size; wider where the font is unknown, as for Chinese.
pub(super) fn width(text: &str) -> f64 {
    text.chars().map(|letter| f64::from(thousandths(letter)) / 1000.0).sum()
}

fn thousandths(letter: char) -> u16 {
    match letter {
        'i' | 'j' | 'l' | '\'' => 222,
        ' ' | '!' | ',' | '.' | '/' | ':' | ';' | 'I' | '[' | '\\' | ']' | 'f' | 't' => 278,
        '(' | ')' | '-' | '`' | 'r' => 333,
        '"' => 355,
        '*' => 389,
        '{' | '}' => 334,
        '|' => 260,
        '^' => 469,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 500,
        '0'..='9' | 'a' | 'b' | 'd' | 'e' | 'g' | 'h' | 'n' | 'o' | 'p' | 'q' | 'u' | 'L' | '#' | '$' | '?' | '_' => {
            556
        }
        '+' | '<' | '=' | '>' | '~' => 584,
        'F' | 'T' | 'Z' => 611,
        'A' | 'B' | 'E' | 'K' | 'P' | 'S' | 'V' | 'X' | 'Y' | '&' => 667,
        'C' | 'D' | 'H' | 'N' | 'R' | 'U' | 'w' => 722,
        'G' | 'O' | 'Q' => 778,
        'm' | 'M' => 833,
        '%' => 889,
        'W' => 944,
        '@' => 1015,
        // Letters of Latin, Greek and Cyrillic with accents, then of Hebrew, Arabic and so on.
        '\u{a0}'..='\u{10ff}' => 620,
        // Hangul, kana, Chinese, emoji.
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::random::Stream;

    const PAGE: Rectangle = Rectangle { left: 10.0, top: 20.0, right: 610.0, bottom: 420.0 };

    fn wanted(at: [f64; 2], text: &str) -> Wanted<'_> {
        Wanted { at, radius: 2.0, text, size: 10.0 }
    }

    #[test]
    fn no_label_is_over_another_or_leaves_the_page() {
        let places = Stream::new(1, 0).uniform(2 * 2000);
        let points =
            places.as_chunks().0.iter().map(|&[x, y]| wanted([10.0 + 600.0 * x, 20.0 + 400.0 * y], "wörter & Wissen"));
        let labels = place(points, PAGE);
        assert!(labels.len() > 100 && labels.len() < 600 * 400 / (10 * 70));
        for (i, label) in labels.iter().enumerate() {
            assert!(label.rectangle().is_within(&PAGE));
            assert!(labels[..i].iter().all(|other| !other.rectangle().overlaps(&label.rectangle())), "{label:?}");
        }
    }

    #[test]
    fn the_first_points_have_the_first_places() {
        // Four at nearly one place: the first to its right, the others elsewhere or without a label.
        let labels = place((0..4).map(|i| wanted([300.0 + 5.0 * f64::from(i), 200.0], "word")), PAGE);
        assert_eq!((labels[0].word, labels[0].x), (0, 304.0));
        assert!(labels.len() < 4);
        // At the right edge, a label is to the left of its point.
        let edge = place([wanted([605.0, 200.0], "edge")].into_iter(), PAGE);
        assert!(edge[0].x + edge[0].width < 605.0);
        assert!(place([wanted([300.0, 200.0], "")].into_iter(), PAGE).is_empty());
    }

    #[test]
    fn widths_are_those_of_helvetica() {
        assert!((width("Word map") - (944 + 556 + 333 + 556 + 278 + 833 + 556 + 556) as f64 / 1000.0).abs() < 1e-12);
        assert_eq!(width("語"), 1.0);
    }
}
