//! How many of several trials succeed, as NumPy's older generator draws it.
//!
//! Kachitvichyanukul and Schmeiser, "Binomial random variate generation", 1988.

/// The number of successes of `n` trials of the probability `p`; `unit` draws numbers from 0 to below 1.
pub(super) fn binomial(n: i64, p: f64, mut unit: impl FnMut() -> f64) -> i64 {
    let rarer = p.min(1.0 - p);
    let rare = if rarer * n as f64 <= 30.0 { inverted(n, rarer, unit) } else { rejected(n, rarer, &mut unit) };
    if p <= 0.5 { rare } else { n - rare }
}

/// Goes up from 0 until the sum of the probabilities is above a random number.
fn inverted(n: i64, p: f64, mut unit: impl FnMut() -> f64) -> i64 {
    let (q, count) = (1.0 - p, n as f64);
    let none = (count * q.ln()).exp();
    let bound = count.min(count * p + 10.0 * (count * p * q + 1.0).sqrt()) as i64;
    let (mut successes, mut probability, mut left) = (0, none, unit());
    while left > probability {
        successes += 1;
        if successes > bound {
            (successes, probability, left) = (0, none, unit());
        } else {
            left -= probability;
            probability = ((n - successes + 1) as f64 * p * probability) / (successes as f64 * q);
        }
    }
    successes
}

/// Draws below a triangle, two parallelograms and two exponential tails until a number is below the distribution as well. The names are
/// those of the paper.
fn rejected(n: i64, r: f64, unit: &mut impl FnMut() -> f64) -> i64 {
    let (q, count) = (1.0 - r, n as f64);
    let fm = count * r + r;
    let m = fm.floor();
    let p1 = (2.195 * (count * r * q).sqrt() - 4.6 * q).floor() + 0.5;
    let (xm, c) = (m + 0.5, 0.134 + 20.5 / (15.3 + m));
    let (xl, xr) = (xm - p1, xm + p1);
    let lambda = |a: f64| a * (1.0 + a / 2.0);
    let (laml, lamr) = (lambda((fm - xl) / (fm - xl * r)), lambda((xr - fm) / (xr * q)));
    let p2 = p1 * (1.0 + 2.0 * c);
    let p3 = p2 + c / laml;
    let p4 = p3 + c / lamr;
    let nrq = count * r * q;
    loop {
        let (u, mut v) = (unit() * p4, unit());
        if u <= p1 {
            return (xm - p1 * v + u).floor() as i64;
        }
        let y;
        if u <= p2 {
            let x = xl + (u - p1) / c;
            v = v * c + 1.0 - (m - x + 0.5).abs() / p1;
            if v > 1.0 {
                continue;
            }
            y = x.floor();
        } else if u <= p3 {
            y = (xl + v.ln() / laml).floor();
            if y < 0.0 || v == 0.0 {
                continue;
            }
            v = v * (u - p2) * laml;
        } else {
            y = (xr - v.ln() / lamr).floor();
            if y > count || v == 0.0 {
                continue;
            }
            v = v * (u - p3) * lamr;
        }
        let k = (y - m).abs();
        if k <= 20.0 || k >= nrq / 2.0 - 1.0 {
            // The ratio of the probabilities of y and m, term by term.
            let s = r / q;
            let a = s * (count + 1.0);
            let terms = |from: f64, to: f64| (from as i64 + 1..=to as i64).map(move |i| a / i as f64 - s);
            let up = terms(m, y).fold(1.0, |ratio, term| ratio * term);
            if v <= terms(y, m).fold(up, |ratio, term| ratio / term) {
                return y as i64;
            }
            continue;
        }
        // Stirling's formula, behind a quick look at bounds.
        let rho = (k / nrq) * ((k * (k / 3.0 + 0.625) + 0.166_666_666_666_666_66) / nrq + 0.5);
        let (t, logarithm) = (-k * k / (2.0 * nrq), v.ln());
        if logarithm < t - rho {
            return y as i64;
        }
        if logarithm > t + rho {
            continue;
        }
        let (x1, f1, z, w) = (y + 1.0, m + 1.0, count + 1.0 - m, count - y + 1.0);
        let series = |x: f64| {
            let square = x * x;
            (13680.0 - (462.0 - (132.0 - (99.0 - 140.0 / square) / square) / square) / square) / x / 166_320.0
        };
        let exact = xm * (f1 / x1).ln()
            + (count - m + 0.5) * (z / w).ln()
            + (y - m) * (w * r / (x1 * q)).ln()
            + series(f1)
            + series(z)
            + series(x1)
            + series(w);
        if logarithm <= exact {
            return y as i64;
        }
    }
}
