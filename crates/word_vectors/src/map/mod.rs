//! Words in the plane, similar ones side by side: a page to look at, and a drawing for printing.

mod affinities;
mod builder;
mod labels;
mod neighbors;
mod page;
mod pca;
mod quadtree;
mod svg;
mod tsne;
mod word_map;

pub use builder::{Map, Method};
pub use word_map::WordMap;

#[cfg(test)]
mod tests;
