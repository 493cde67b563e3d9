//! Rows by product quantization (Jégou, Douze and Schmid, 2011): each part of a row is the nearest of 256 centroids.

/// How many centroids a part has.
pub(crate) const CENTROIDS: usize = 256;

/// The centroids of vectors of `dim` numbers, in parts of `dsub` numbers each; the last part may be shorter.
#[derive(Debug, Clone)]
pub(crate) struct Quantizer {
    dim: usize,
    dsub: usize,
    centroids: Vec<f32>,
}

impl Quantizer {
    /// # Panics
    /// If there are not 256 centroids, or a part would have no number.
    pub fn new(dim: usize, dsub: usize, centroids: Vec<f32>) -> Self {
        assert!(dsub > 0 && dim.checked_mul(CENTROIDS) == Some(centroids.len()), "256 centroids");
        Self { dim, dsub, centroids }
    }

    pub fn dim(&self) -> usize {
        self.dim
    }

    pub fn dsub(&self) -> usize {
        self.dsub
    }

    pub fn centroids(&self) -> &[f32] {
        &self.centroids
    }

    /// How many parts a vector has.
    pub fn parts(&self) -> usize {
        self.dim.div_ceil(self.dsub)
    }

    /// How many numbers the last part has.
    pub fn last(&self) -> usize {
        self.dim - (self.parts().max(1) - 1) * self.dsub
    }

    /// The centroid of a part.
    fn centroid(&self, part: usize, code: u8) -> &[f32] {
        let width = self.dsub.min(self.dim - part * self.dsub);
        &self.centroids[part * self.dsub * CENTROIDS + usize::from(code) * width..][..width]
    }
}

/// Rows as the codes of their parts.
#[derive(Debug, Clone)]
pub(crate) struct Quantized {
    pub rows: usize,
    pub columns: usize,
    pub codes: Vec<u8>,
    pub quantizer: Quantizer,
    /// The norms of the rows, if they are quantized by themselves.
    pub norms: Option<Norms>,
}

/// A code for each norm.
#[derive(Debug, Clone)]
pub(crate) struct Norms {
    pub codes: Vec<u8>,
    pub quantizer: Quantizer,
}

impl Quantized {
    fn norm(&self, row: usize) -> f32 {
        self.norms.as_ref().map_or(1.0, |norms| norms.quantizer.centroid(0, norms.codes[row])[0])
    }

    /// The centroids of a row, and where each begins in it.
    fn centroids(&self, row: usize) -> impl Iterator<Item = (usize, &[f32])> {
        let parts = self.quantizer.parts();
        let codes = &self.codes[row * parts..][..parts];
        codes.iter().enumerate().map(|(part, &code)| (part * self.quantizer.dsub, self.quantizer.centroid(part, code)))
    }

    /// `to += factor * row`
    pub fn add_row(&self, row: usize, factor: f32, to: &mut [f32]) {
        let factor = factor * self.norm(row);
        for (from, centroid) in self.centroids(row) {
            to[from..].iter_mut().zip(centroid).for_each(|(y, x)| *y += factor * x);
        }
    }

    /// The product of a row and a vector.
    pub fn dot(&self, row: usize, x: &[f32]) -> f32 {
        let products = self.centroids(row).flat_map(|(from, centroid)| x[from..].iter().zip(centroid));
        products.fold(0.0, |sum, (x, c)| sum + x * c) * self.norm(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_their_centroids() {
        // Five numbers in parts of two, two and one: the centroid of part p and code c is c, c + 0.5 times 10^p.
        let mut centroids = Vec::new();
        for (scale, width) in [(1.0, 2), (10.0, 2), (100.0, 1)] {
            centroids.extend((0..CENTROIDS).flat_map(|c| (0..width).map(move |i| scale * (c as f32 + 0.5 * i as f32))));
        }
        let quantizer = Quantizer::new(5, 2, centroids);
        assert_eq!((quantizer.parts(), quantizer.last()), (3, 1));
        let norms = Norms { codes: vec![1, 2], quantizer: Quantizer::new(1, 1, (0..256).map(|i| i as f32).collect()) };
        let mut rows = Quantized { rows: 2, columns: 5, codes: vec![0, 1, 2, 255, 3, 255], quantizer, norms: None };
        let mut sum = vec![1.0; 5];
        rows.add_row(1, 2.0, &mut sum);
        assert_eq!(sum, [511.0, 512.0, 61.0, 71.0, 51001.0]);
        assert_eq!(rows.dot(0, &[1.0, 2.0, 3.0, 4.0, 5.0]), 1.0 + 30.0 + 60.0 + 1000.0);
        rows.norms = Some(norms);
        assert_eq!(rows.dot(1, &[1.0, 0.0, 0.0, 0.0, 0.0]), 510.0);
    }
}
