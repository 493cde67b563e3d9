//! How strongly each two points belong together: the probabilities that t-SNE draws.

use super::neighbors::Neighbor;
use super::quadtree::Quadtree;
use candle_keras_ops::cores;

/// Probabilities of pairs, which add up to 1: for each point, its partners and the probability of the pair.
pub(super) struct Affinities(Vec<Vec<(u32, f64)>>);

/// How many neighbors a perplexity takes: beyond three times as many, the probabilities are all but 0.
pub(super) fn neighbors_of(perplexity: f64) -> usize {
    (3.0 * perplexity).ceil() as usize
}

impl Affinities {
    /// Of the nearest neighbors of each point, of which the first [`neighbors_of`] are taken: a normal distribution around each point,
    /// as wide as gives its neighbors this perplexity, and the mean of both directions.
    pub(super) fn new(neighbors: &[Vec<Neighbor>], perplexity: f64) -> Self {
        let taken = neighbors_of(perplexity);
        let mut pairs = cores::map(neighbors.chunks(64).collect(), |points| {
            points.iter().map(|near| conditional(&near[..taken.min(near.len())], perplexity)).collect::<Vec<_>>()
        })
        .concat();
        let scale = 0.5 / pairs.len() as f64;
        for point in 0..pairs.len() {
            // What other points have added so far lies behind the point's own neighbors.
            let own = taken.min(neighbors[point].len());
            for i in 0..own {
                let (other, probability) = &mut pairs[point][i];
                *probability *= scale;
                let (other, probability) = (*other as usize, *probability);
                pairs[other].push((point as u32, probability));
            }
        }
        for partners in &mut pairs {
            partners.sort_unstable_by_key(|&(partner, _)| partner);
            partners.dedup_by(|second, first| {
                let same = first.0 == second.0;
                if same {
                    first.1 += second.1;
                }
                same
            });
        }
        Self(pairs)
    }

    /// The force with which its partners attract a point.
    pub(super) fn attraction(&self, points: &[[f64; 2]], point: usize) -> [f64; 2] {
        let [x, y] = points[point];
        let mut force = [0.0; 2];
        for &(partner, probability) in &self.0[point] {
            let [px, py] = points[partner as usize];
            let (dx, dy) = (px - x, py - y);
            let pull = probability / (1.0 + dx * dx + dy * dy);
            force[0] += pull * dx;
            force[1] += pull * dy;
        }
        force
    }

    /// The Kullback-Leibler divergence of what points in the plane show from these probabilities: what t-SNE minimizes.
    pub(super) fn divergence(&self, points: &[[f64; 2]]) -> f64 {
        let tree = Quadtree::new(points, super::tsne::THETA);
        let all: f64 = points.iter().map(|&point| tree.repulsion(point).similarities - 1.0).sum();
        let of_pair = |[x, y]: [f64; 2], partner: u32, probability: f64| {
            let [px, py] = points[partner as usize];
            let shown = 1.0 / ((1.0 + (x - px).powi(2) + (y - py).powi(2)) * all);
            if probability > 0.0 { probability * (probability / shown).ln() } else { 0.0 }
        };
        let rows = self.0.iter().zip(points);
        rows.flat_map(|(partners, &point)| partners.iter().map(move |&(j, p)| of_pair(point, j, p))).sum()
    }
}

/// The probabilities of the neighbors of one point.
fn conditional(neighbors: &[Neighbor], perplexity: f64) -> Vec<(u32, f64)> {
    // The squared distance of rows of length 1. From the least, so that one is exp(0) whatever the precision.
    let distances: Vec<f64> = neighbors.iter().map(|near| 2.0 - 2.0 * f64::from(near.cosine)).collect();
    let least = distances.first().copied().unwrap_or(0.0);
    let (mut precision, mut low, mut high) = (1.0, 0.0, f64::INFINITY);
    // Bisection of a f64, which is exact long before.
    for _ in 0..100 {
        let entropy = entropy(&distances, least, precision);
        if (entropy - perplexity.ln()).abs() < 1e-7 {
            break;
        }
        if entropy > perplexity.ln() {
            low = precision;
            precision = if high.is_finite() { f64::midpoint(low, high) } else { 2.0 * precision };
        } else {
            high = precision;
            precision = f64::midpoint(low, high);
        }
    }
    let weights: Vec<f64> = distances.iter().map(|distance| (-(distance - least) * precision).exp()).collect();
    let total: f64 = weights.iter().sum();
    neighbors.iter().zip(weights).map(|(near, weight)| (near.row as u32, weight / total)).collect()
}

/// The entropy of the probabilities, in nats.
fn entropy(distances: &[f64], least: f64, precision: f64) -> f64 {
    let (mut total, mut mean) = (0.0, 0.0);
    for distance in distances {
        let exponent = (distance - least) * precision;
        let weight = (-exponent).exp();
        total += weight;
        // An infinite exponent has no weight.
        mean += if weight > 0.0 { weight * exponent } else { 0.0 };
    }
    total.ln() + mean / total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neighbors(cosines: &[(usize, f32)]) -> Vec<Neighbor> {
        cosines.iter().map(|&(row, cosine)| Neighbor { row, cosine }).collect()
    }

    #[test]
    fn probabilities_have_the_perplexity() {
        let near = neighbors(&[(1, 0.99), (2, 0.8), (3, 0.75), (4, 0.4), (5, 0.1), (6, -0.2)]);
        for perplexity in [1.5, 2.0, 4.0] {
            let probabilities = conditional(&near, perplexity);
            let entropy: f64 = probabilities.iter().map(|(_, p)| -p * p.ln()).sum();
            assert!((entropy.exp() - perplexity).abs() < 1e-5);
            assert!(probabilities.is_sorted_by(|a, b| a.1 > b.1));
        }
    }

    #[test]
    fn neighbors_at_one_distance_are_equally_likely() {
        let probabilities = conditional(&neighbors(&[(3, 1.0), (4, 1.0)]), 1.2);
        assert_eq!(probabilities, [(3, 0.5), (4, 0.5)]);
        assert!(conditional(&[], 2.0).is_empty());
    }

    /// Of three points, the first two are each other's nearest; the third is near to the first alone.
    #[test]
    fn pairs_have_both_directions_and_add_up_to_one() {
        let near = [neighbors(&[(1, 0.9)]), neighbors(&[(0, 0.9)]), neighbors(&[(0, 0.5)])];
        let Affinities(pairs) = Affinities::new(&near, 1.0 / 3.0);
        let (one, two) = (1.0 / 6.0, 1.0 / 3.0);
        assert_eq!(pairs, [vec![(1, two), (2, one)], vec![(0, two)], vec![(0, one)]]);
    }

    /// All pairs at one distance, as the points are in the plane.
    #[test]
    fn nothing_diverges_from_what_is_shown() {
        let near: Vec<_> = (0..3).map(|i| neighbors(&[((i + 1) % 3, 0.5), ((i + 2) % 3, 0.5)])).collect();
        let affinities = Affinities::new(&near, 2.0);
        let triangle = [[0.0, 0.0], [1.0, 0.0], [0.5, 0.75f64.sqrt()]];
        assert!(affinities.divergence(&triangle).abs() < 1e-12);
        assert!(affinities.divergence(&[[0.0, 0.0], [1.0, 0.0], [9.0, 0.0]]) > 0.1);
        assert!(affinities.attraction(&triangle, 0)[0] > 0.0);
    }
}
