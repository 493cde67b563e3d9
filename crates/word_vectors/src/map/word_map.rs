//! Words that have a place in the plane.

use super::neighbors::Neighbor;
use super::{page, svg};
use crate::Words;
use candle_keras_ops::{Error, Result};
use std::io::Write;
use std::path::Path;

/// Words with a place in the plane each; made by [`Map::fit`](super::Map::fit).
#[derive(Debug, Clone)]
pub struct WordMap {
    pub(super) words: Words,
    pub(super) counts: Option<Vec<u64>>,
    pub(super) positions: Vec<[f64; 2]>,
    /// The next two principal components, whose direction is the hue of a point: it shows more of the vectors than two axes can.
    pub(super) colors: Vec<[f64; 2]>,
    pub(super) nearest: Vec<Vec<Neighbor>>,
    pub(super) divergence: Option<f64>,
    pub(super) left_out: Vec<String>,
    pub(super) title: String,
    /// How the places were found.
    pub(super) about: String,
}

impl WordMap {
    /// The words that are shown, the first of the vectors first.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// Where each word is, `[x, y]`, the origin in the middle of them.
    pub fn positions(&self) -> &[[f64; 2]] {
        &self.positions
    }

    /// The nearest of the other words on the map by the cosine of their vectors, with the cosines, the nearest first; `None` for a word
    /// that is not on it.
    pub fn neighbors(&self, word: &str) -> Option<Vec<(&str, f32)>> {
        let near = &self.nearest[self.words.get(word)? as usize];
        Some(near.iter().map(|near| (self.words.word(near.row), near.cosine)).collect())
    }

    /// How far what the map shows is from the vectors' neighbors: the Kullback-Leibler divergence that t-SNE makes small; `None` for PCA.
    pub fn divergence(&self) -> Option<f64> {
        self.divergence
    }

    /// The words that are not shown since their vectors are all zeros or not finite.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The map as one HTML page, which needs nothing but itself: no network, no other file.
    ///
    /// `#word=king` at the end of its address shows a word.
    pub fn to_html(&self) -> String {
        page::html(self)
    }

    /// The map as an SVG drawing for printing, in the proportions of a sheet of A3. Words whose labels would overlap those of more frequent
    /// words are points alone.
    pub fn to_svg(&self) -> String {
        svg::svg(self)
    }

    /// Writes [`to_html`](Self::to_html) or [`to_svg`](Self::to_svg), as the ending says: `.html`, `.htm` or `.svg`.
    ///
    /// # Errors
    /// If the ending is another one, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        let text = match ending.as_str() {
            "html" | "htm" => self.to_html(),
            "svg" => self.to_svg(),
            _ => {
                return Err(Error::new("a map is an HTML page or an SVG drawing")
                    .expected("a path that ends with .html or .svg")
                    .received(path.display().to_string()));
            }
        };
        candle_keras_data::atomic::write(path, |file| file.write_all(text.as_bytes()).map_err(|e| Error::io(path, e)))
    }

    /// The hue of each word's point, in degrees: the direction in which it lies in the colors' plane.
    pub(super) fn hues(&self) -> impl Iterator<Item = f64> {
        self.colors.iter().map(|[x, y]| (y.atan2(*x).to_degrees() + 360.0).rem_euclid(360.0))
    }
}
