//! t-SNE: points in the plane whose neighbors are those of the vectors (van der Maaten and Hinton, 2008; Barnes-Hut: van der Maaten, 2014).
//!
//! The defaults are those of scikit-learn 1.2 and later: initialization by the first two principal components, and a learning rate that grows
//! with the number of points (Kobak and Berens, 2019; Belkina et al., 2019).

use super::affinities::Affinities;
use super::quadtree::{Quadtree, Repulsion};
use candle_keras_ops::cores;
use candle_keras_ops::random::Stream;

/// The side of a square that counts as one point, as a share of its distance.
pub(super) const THETA: f64 = 0.5;

/// How much stronger points attract each other at first, so that clusters form while they can still pass through each other.
const EXAGGERATION: f64 = 12.0;

/// For how many iterations.
const EXAGGERATED: usize = 250;

/// The standard deviation of the initial points.
const START: f64 = 1e-4;

/// How many points are one core's next part.
const PART: usize = 128;

/// The initial points: the first two principal components, and a little noise that tells equal rows apart.
pub(super) fn start(components: &[[f64; 2]], seed: u64) -> Vec<[f64; 2]> {
    let deviation = (components.iter().map(|[x, _]| x * x).sum::<f64>() / components.len().max(1) as f64).sqrt();
    let scale = if deviation > 0.0 { START / deviation } else { 0.0 };
    let noise = Stream::new(seed, 0).normal(2 * components.len());
    let noise = noise.as_chunks::<2>().0;
    let point = |(component, noise): (&[f64; 2], &[f64; 2])| {
        [0, 1].map(|axis| component[axis] * scale + noise[axis] * START * 0.01)
    };
    components.iter().zip(noise).map(point).collect()
}

/// The points after so many iterations of gradient descent with momentum, around their mean.
pub(super) fn embed(affinities: &Affinities, start: Vec<[f64; 2]>, iterations: usize) -> Vec<[f64; 2]> {
    let mut descent = Descent::new(start);
    for iteration in 0..iterations {
        let (exaggeration, momentum) = if iteration < EXAGGERATED { (EXAGGERATION, 0.5) } else { (1.0, 0.8) };
        descent.step(affinities, exaggeration, momentum);
    }
    centred(descent.points)
}

fn centred(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    for axis in 0..2 {
        let mean = points.iter().map(|point| point[axis]).sum::<f64>() / points.len().max(1) as f64;
        points.iter_mut().for_each(|point| point[axis] -= mean);
    }
    points
}

struct Descent {
    points: Vec<[f64; 2]>,
    updates: Vec<[f64; 2]>,
    gains: Vec<[f64; 2]>,
    forces: Vec<([f64; 2], Repulsion)>,
    learning_rate: f64,
}

impl Descent {
    fn new(points: Vec<[f64; 2]>) -> Self {
        let count = points.len();
        Self {
            points,
            updates: vec![[0.0; 2]; count],
            gains: vec![[1.0; 2]; count],
            forces: vec![Default::default(); count],
            learning_rate: (count as f64 / EXAGGERATION / 4.0).max(50.0),
        }
    }

    fn step(&mut self, affinities: &Affinities, exaggeration: f64, momentum: f64) {
        let tree = Quadtree::new(&self.points, THETA);
        let points = &self.points;
        cores::each(tree.order.chunks(PART).zip(self.forces.chunks_mut(PART)), |(order, forces)| {
            for (&point, force) in order.iter().zip(forces) {
                let point = point as usize;
                *force = (affinities.attraction(points, point), tree.repulsion(points[point]));
            }
        });
        // Each point has counted itself. One alone is pushed by none.
        let all: f64 = self.forces.iter().map(|(_, repulsion)| repulsion.similarities - 1.0).sum();
        let all = all.max(f64::MIN_POSITIVE);
        for (&point, (attraction, repulsion)) in tree.order.iter().zip(&self.forces) {
            let point = point as usize;
            for (axis, repulsion) in [repulsion.x, repulsion.y].into_iter().enumerate() {
                let gradient = -4.0 * (exaggeration * attraction[axis] + repulsion / all);
                let (update, gain) = (&mut self.updates[point][axis], &mut self.gains[point][axis]);
                *gain = if *update * gradient < 0.0 { *gain + 0.2 } else { (*gain * 0.8).max(0.01) };
                *update = momentum * *update - self.learning_rate * *gain * gradient;
                self.points[point][axis] += *update;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::neighbors::UnitRows;
    use super::super::pca;
    use super::*;

    /// Rows around a few directions, those of one direction together.
    fn clusters(clusters: usize, each: usize, width: usize) -> UnitRows {
        let mut stream = Stream::new(11, 0);
        let mut rows = UnitRows::new(width);
        for _ in 0..clusters {
            let centre = stream.normal(width);
            for _ in 0..each {
                let row: Vec<f32> =
                    centre.iter().zip(stream.normal(width)).map(|(c, x)| (c + 0.4 * x) as f32).collect();
                rows.push(&row);
            }
        }
        rows
    }

    /// The share of the nearest points in the plane that are of the same cluster.
    fn purity(points: &[[f64; 2]], each: usize) -> f64 {
        let mut same = 0;
        for (i, [x, y]) in points.iter().enumerate() {
            let mut others: Vec<usize> = (0..points.len()).filter(|&j| j != i).collect();
            others.sort_by(|&a, &b| {
                let distance = |j: usize| (x - points[j][0]).hypot(y - points[j][1]);
                distance(a).total_cmp(&distance(b))
            });
            same += others[..10].iter().filter(|&&j| j / each == i / each).count();
        }
        same as f64 / (10 * points.len()) as f64
    }

    #[test]
    fn clusters_stay_apart_and_the_divergence_falls() {
        let rows = clusters(12, 40, 30);
        let affinities = Affinities::new(&rows.nearest(45), 15.0);
        let first = start(&pca::project(&rows), 0);
        let (before, linear) = (affinities.divergence(&first), purity(&first, 40));
        let short = embed(&affinities, first.clone(), 300);
        let points = embed(&affinities, first.clone(), 600);
        let [middle, after] = [&short, &points].map(|points| affinities.divergence(points));
        assert!(after < middle && middle < 0.5 * before, "{before} {middle} {after}");
        // Twelve directions do not fit into two components.
        assert!(purity(&points, 40) > 0.99 && linear < 0.9, "{} {linear}", purity(&points, 40));
        assert_eq!(points, embed(&affinities, first, 600));
        let mean: f64 = points.iter().map(|[x, _]| x).sum::<f64>() / points.len() as f64;
        assert!(mean.abs() < 1e-9);
    }

    #[test]
    fn noise_is_that_of_the_seed_and_tells_equal_rows_apart() {
        let same = start(&[[0.0; 2]; 3], 1);
        assert!(same[0] != same[1] && same == start(&[[0.0; 2]; 3], 1) && same != start(&[[0.0; 2]; 3], 2));
        let apart = start(&[[-3.0, 0.0], [3.0, 0.0]], 1);
        assert!((apart[1][0] - START).abs() < 0.1 * START);
    }

    #[test]
    fn one_point_and_none_stay_where_they_are() {
        let one = Affinities::new(&[Vec::new()], 1.0);
        assert_eq!(embed(&one, vec![[5.0, 5.0]], 300), [[0.0; 2]]);
        assert!(embed(&Affinities::new(&[], 1.0), Vec::new(), 3).is_empty());
    }
}
