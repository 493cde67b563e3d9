//! `numpy.random.choice`: places of items, drawn with or without replacement.

use super::distributions::Distributions;
use super::population::{Given, Probabilities};
use candle_keras_ops::{Error, Result};

/// `count` places below `all`.
pub(super) fn chosen(
    random: &mut impl Distributions,
    all: usize,
    count: usize,
    replace: bool,
    p: &Probabilities,
) -> Result<Vec<usize>> {
    if all == 0 && count > 0 {
        return Err(Error::new("there is nothing to choose from").expected("at least 1 item").received("0"));
    }
    let p = p.get()?;
    if let Some(p) = p {
        check(p, all)?;
    }
    if !replace && count > all {
        return Err(Error::new("without replacement, no more items can be chosen than there are")
            .expected(format!("at most {all}"))
            .received(count.to_string()));
    }
    match (replace, p) {
        (true, None) => Ok((0..count).map(|_| random.up_to(all as u64 - 1) as usize).collect()),
        (true, Some(p)) => {
            let sums = Sums::of(&p.p);
            Ok((0..count).map(|_| sums.place(random.unit())).collect())
        }
        (false, None) => Ok(random.some_of(all, count)),
        (false, Some(p)) => different(random, p.p.clone(), count),
    }
}

/// Draws as many as are missing, keeps each place once, and goes on without those that it has.
fn different(random: &mut impl Distributions, mut p: Vec<f64>, count: usize) -> Result<Vec<usize>> {
    let possible = p.iter().filter(|p| **p > 0.0).count();
    if possible < count {
        return Err(Error::new("too few items have a probability above 0")
            .expected(format!("at least {count}"))
            .received(possible.to_string()));
    }
    let (mut found, mut is_found) = (Vec::with_capacity(count), vec![false; p.len()]);
    while found.len() < count {
        let numbers: Vec<f64> = (found.len()..count).map(|_| random.unit()).collect();
        found.iter().for_each(|&place: &usize| p[place] = 0.0);
        let sums = Sums::of(&p);
        for place in numbers.into_iter().map(|number| sums.place(number)) {
            if !std::mem::replace(&mut is_found[place], true) {
                found.push(place);
            }
        }
    }
    Ok(found)
}

/// The sums of the first probabilities, divided by the sum of all.
struct Sums(Vec<f64>);

impl Sums {
    fn of(p: &[f64]) -> Self {
        let mut sum = 0.0;
        let mut sums: Vec<f64> = Vec::with_capacity(p.len());
        for p in p {
            sum += p;
            sums.push(sum);
        }
        sums.iter_mut().for_each(|part| *part /= sum);
        Self(sums)
    }

    /// Where a number from 0 to below 1 falls.
    fn place(&self, number: f64) -> usize {
        self.0.partition_point(|sum| *sum <= number)
    }
}

fn check(given: &Given, all: usize) -> Result<()> {
    let Given { p, tolerance } = given;
    if p.len() != all {
        return Err(Error::new("each item needs its probability")
            .expected(format!("{all} probabilities"))
            .received(p.len().to_string()));
    }
    if let Some(place) = p.iter().position(|p| p.is_nan() || *p < 0.0) {
        return Err(Error::new("a probability is negative or NaN").received(format!("{} at [{place}]", p[place])));
    }
    let sum = compensated_sum(p);
    if (sum - 1.0).abs() > *tolerance || sum.is_nan() {
        return Err(Error::new("the sum of the probabilities is not 1")
            .received(sum.to_string())
            .help("divide them by it"));
    }
    Ok(())
}

/// An error if a number is not a probability, or the sum of all but the last one is above 1.
pub(super) fn check_parts(p: &[f64]) -> Result<()> {
    if let Some(place) = p.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(Error::new("a probability is not between 0 and 1").received(format!("{} at [{place}]", p[place])));
    }
    let sum = compensated_sum(&p[..p.len().saturating_sub(1)]);
    if sum > 1.0 + 1e-12 {
        return Err(Error::new("the sum of the probabilities but the last is above 1").received(sum.to_string()));
    }
    Ok(())
}

/// Kahan, "Further remarks on reducing truncation errors", 1965.
fn compensated_sum(numbers: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0, 0.0);
    for number in numbers {
        let next = number - lost;
        let new = sum + next;
        lost = (new - sum) - next;
        sum = new;
    }
    sum
}
