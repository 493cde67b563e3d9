//! Coefficients of correlation.

/// Pearson's coefficient of correlation; not a number if all of one side are equal, or there are less than two.
pub(super) fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - mean_x, y - mean_y);
        xy += x * y;
        xx += x * x;
        yy += y * y;
    }
    (xy / (xx * yy).sqrt()).clamp(-1.0, 1.0)
}

/// Spearman's coefficient: Pearson's of the ranks, where equal numbers share the mean of theirs.
pub(super) fn spearman(x: &[f64], y: &[f64]) -> f64 {
    pearson(&ranks(x), &ranks(y))
}

fn ranks(x: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|&a, &b| x[a].total_cmp(&x[b]));
    let mut ranks = vec![0.0; x.len()];
    let mut before = 0;
    for equal in order.chunk_by(|&a, &b| x[a] == x[b]) {
        for &i in equal {
            ranks[i] = before as f64 + (equal.len() + 1) as f64 / 2.0;
        }
        before += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_are_those_of_scipy() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, -0.0, 0.0, 9.0]), [4.5, 3.0, 4.5, 1.5, 1.5, 6.0]);
        let (x, y) = ([1.0, 2.0, 2.0, 4.0, 7.5], [0.3, -0.1, 0.5, 0.5, 0.9]);
        // scipy.stats.pearsonr and spearmanr of these.
        assert!((pearson(&x, &y) - 0.776_244_423_357_882).abs() < 1e-12, "{}", pearson(&x, &y));
        assert!((spearman(&x, &y) - 0.763_157_894_736_842_1).abs() < 1e-12, "{}", spearman(&x, &y));
        assert_eq!((spearman(&[1.0, 2.0, 9.0], &[1.0, 4.0, 5.0]), spearman(&[1.0, 2.0], &[2.0, 1.0])), (1.0, -1.0));
        assert!(pearson(&[1.0, 1.0], &[1.0, 2.0]).is_nan() && pearson(&[], &[]).is_nan());
    }
}
