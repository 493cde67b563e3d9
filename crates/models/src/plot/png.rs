//! A plot as PNG, drawn pixel by pixel. The format: the specification of the W3C, third edition.

use super::font::strokes;
use super::label::Cell;
use super::plan::{Area, LETTER, Plan, Point, cells, drawn};
use super::svg::{GRAY, colors};
use crate::{Error, Result};
use candle_keras_ops::has_memory_for;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write as _;

/// Dots per inch of the natural size.
const NATURAL: f64 = 96.0;
/// No viewer opens larger pictures.
const MOST_PIXELS: f64 = (1u64 << 28) as f64;

pub(super) fn write(plan: &Plan, splines: &str, dpi: u32) -> Result<Vec<u8>> {
    let scale = f64::from(dpi) / NATURAL;
    let (width, height) = ((plan.width * scale).ceil().max(1.0), (plan.height * scale).ceil().max(1.0));
    if width * height > MOST_PIXELS || !has_memory_for((width * height * 3.0) as usize) {
        return Err(Error::new("the picture is too large")
            .expected(format!("at most {MOST_PIXELS} pixels"))
            .received(format!("{width} by {height}"))
            .help("a smaller dpi, or a .svg file"));
    }
    let mut image = Image::new(width as usize, height as usize, scale);
    let (edge, pen) = (colors(0, None).0, 1.0);
    for frame in &plan.frames {
        image.dashed(frame.area, GRAY);
        let place = (frame.area.x + 8.0, frame.area.y + 17.0);
        image.text(&frame.name, place, [0x22; 3], false);
    }
    for line in &plan.lines {
        let points = drawn(&line.points, splines, plan.sideways);
        points.windows(2).for_each(|pair| image.stroke(pair[0], pair[1], pen, GRAY));
        // The arrow points as the last part of the line does.
        let last = points.len().saturating_sub(2);
        if let Some(&[a, b]) = points.get(last..).and_then(|end| <&[Point; 2]>::try_from(end).ok()) {
            image.arrow(a, b, GRAY);
        }
    }
    for block in &plan.blocks {
        for (text, area, row, cell) in cells(block) {
            let (back, front) = colors(row, cell);
            image.fill(area, back);
            image.outline(area, edge);
            let left = area.x + (area.width - text.chars().count() as f64 * LETTER) / 2.0;
            let is_bold = row == 0 || matches!(cell, Some(Cell::Trainable | Cell::Frozen));
            image.text(&text, (left, area.y + 16.5), front, is_bold);
        }
    }
    image.encoded(dpi)
}

/// Pixels of three bytes, on which is drawn in units of the plot.
struct Image {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
    scale: f64,
}

impl Image {
    fn new(width: usize, height: usize, scale: f64) -> Self {
        Self { pixels: vec![255; width * height * 3], width, height, scale }
    }

    /// Mixes a color into a pixel.
    fn mix(&mut self, x: usize, y: usize, color: [u8; 3], share: f64) {
        let at = (y * self.width + x) * 3;
        for (pixel, color) in self.pixels[at..at + 3].iter_mut().zip(color) {
            *pixel = (f64::from(*pixel) * (1.0 - share) + f64::from(color) * share).round() as u8;
        }
    }

    /// Colors the pixels of a rectangle by how much of each is covered.
    fn cover(&mut self, low: Point, high: Point, color: [u8; 3], share: impl Fn(f64, f64) -> f64) {
        let range = |low: f64, high: f64, size: usize| low.max(0.0) as usize..(high.ceil().max(0.0) as usize).min(size);
        for y in range(low.1, high.1, self.height) {
            for x in range(low.0, high.0, self.width) {
                let share = share(x as f64 + 0.5, y as f64 + 0.5).clamp(0.0, 1.0);
                if share > 0.0 {
                    self.mix(x, y, color, share);
                }
            }
        }
    }

    fn fill(&mut self, area: Area, color: [u8; 3]) {
        let s = self.scale;
        let low = ((area.x * s).round(), (area.y * s).round());
        let high = (((area.x + area.width) * s).round(), ((area.y + area.height) * s).round());
        self.cover(low, high, color, |_, _| 1.0);
    }

    fn outline(&mut self, area: Area, color: [u8; 3]) {
        let Area { x, y, width, height } = area;
        let pen = 1.0 / self.scale.min(1.0);
        self.fill(Area { height: pen, ..area }, color);
        self.fill(Area { y: y + height - pen, height: pen, ..area }, color);
        self.fill(Area { width: pen, ..area }, color);
        self.fill(Area { x: x + width - pen, width: pen, ..area }, color);
    }

    fn dashed(&mut self, area: Area, color: [u8; 3]) {
        const DASH: f64 = 6.0;
        const STEP: f64 = 10.0;
        let Area { x, y, width, height } = area;
        let parts = |length: f64| {
            (0..(length / STEP).ceil() as usize).map(move |i| (i as f64 * STEP, DASH.min(length - i as f64 * STEP)))
        };
        for (from, length) in parts(width) {
            for y in [y, y + height - 1.0] {
                self.fill(Area { x: x + from, y, width: length, height: 1.0 }, color);
            }
        }
        for (from, length) in parts(height) {
            for x in [x, x + width - 1.0] {
                self.fill(Area { x, y: y + from, width: 1.0, height: length }, color);
            }
        }
    }

    /// A line with round ends.
    fn stroke(&mut self, a: Point, b: Point, pen: f64, color: [u8; 3]) {
        let s = self.scale;
        let (a, b, reach) = ((a.0 * s, a.1 * s), (b.0 * s, b.1 * s), (pen * s).max(1.0) / 2.0);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let squared = (dx * dx + dy * dy).max(1e-9);
        let low = (a.0.min(b.0) - reach - 1.0, a.1.min(b.1) - reach - 1.0);
        let high = (a.0.max(b.0) + reach + 1.0, a.1.max(b.1) + reach + 1.0);
        self.cover(low, high, color, |x, y| {
            let along = (((x - a.0) * dx + (y - a.1) * dy) / squared).clamp(0.0, 1.0);
            reach + 0.5 - (x - a.0 - along * dx).hypot(y - a.1 - along * dy)
        });
    }

    /// The head of an arrow from one point at another.
    fn arrow(&mut self, a: Point, b: Point, color: [u8; 3]) {
        const LENGTH: f64 = 7.0;
        let s = self.scale;
        let length = (b.0 - a.0).hypot(b.1 - a.1).max(1e-9);
        let (dx, dy) = ((b.0 - a.0) / length, (b.1 - a.1) / length);
        let tip = (b.0 * s, b.1 * s);
        let size = LENGTH * s;
        let (low, high) = ((tip.0 - size, tip.1 - size), (tip.0 + size, tip.1 + size));
        self.cover(low, high, color, |x, y| {
            let behind = (tip.0 - x) * dx + (tip.1 - y) * dy;
            let beside = ((tip.0 - x) * dy - (tip.1 - y) * dx).abs();
            // Half as wide as it is long.
            (behind / 2.0 - beside + 0.5).min(size - behind + 0.5)
        });
    }

    /// Letters from a point of the base line on.
    fn text(&mut self, text: &str, place: Point, color: [u8; 3], is_bold: bool) {
        // A letter is 4 units wide and has 2 between it and the next one.
        let unit = LETTER / 6.0;
        let pen = if is_bold { 1.7 } else { 1.0 };
        for (i, letter) in text.chars().enumerate() {
            let left = place.0 + i as f64 * LETTER + unit;
            let point = |(x, y): Point| (left + x * unit, place.1 + (y - 6.0) * unit * 1.15);
            for stroke in strokes(letter) {
                stroke.windows(2).for_each(|pair| self.stroke(point(pair[0]), point(pair[1]), pen, color));
            }
        }
    }

    fn encoded(&self, dpi: u32) -> Result<Vec<u8>> {
        let failed = |cause: std::io::Error| Error::new(format!("the picture could not be packed: {cause}"));
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        for row in self.pixels.chunks(self.width * 3) {
            // A row begins with its filter: none.
            packed.write_all(&[0]).and_then(|()| packed.write_all(row)).map_err(failed)?;
        }
        let packed = packed.finish().map_err(failed)?;
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        // Eight bits of red, green and blue; deflate, filters by row, in one pass.
        let size = [(self.width as u32).to_be_bytes(), (self.height as u32).to_be_bytes()].concat();
        chunk(&mut png, b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat());
        let per_meter = ((f64::from(dpi) / 0.0254).round() as u32).to_be_bytes();
        chunk(&mut png, b"pHYs", &[&per_meter[..], &per_meter, &[1]].concat());
        chunk(&mut png, b"IDAT", &packed);
        chunk(&mut png, b"IEND", &[]);
        Ok(png)
    }
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    png.extend_from_slice(&(content.len() as u32).to_be_bytes());
    let from = png.len();
    png.extend_from_slice(kind);
    png.extend_from_slice(content);
    let sum = crc32fast::hash(&png[from..]);
    png.extend_from_slice(&sum.to_be_bytes());
}
