// Ported from python_lists.py.
// Lists, tuples and dicts: what is copied, what is changed where it is, and in which order it comes.

use candle_keras::prelude::*;
use candle_keras::{Error, python};
use indexmap::IndexMap;

fn main() -> Result<()> {
    // -- a function changes the list that it gets --------------------------------

    let mut losses = vec![2.0];
    for epoch in 0..4 {
        note(&mut losses, 1.0 / (epoch + 1) as f64);
    }
    println!("{losses:?} {:?} {:?} {:?} {:?} {}", losses.iter().copied().fold(f64::NAN, f64::min), losses.iter().copied().fold(f64::NAN, f64::max), losses.iter().sum::<f64>() / losses.len() as f64, losses[losses.len() - 1], losses.iter().position(|&x| x == losses.iter().copied().fold(f64::NAN, f64::min)).ok_or_else(|| Error::new("it is not in the list"))?);

    // -- a function makes a new one -------------------------------------------------

    println!("{:?} {:?}", smoothed(&vec![1.0, 2.0, 4.0], 0.5), smoothed(&losses, 0.9)[smoothed(&losses, 0.9).len() - 1]);

    let rows = vec![1, 2];
    let more = extended(&rows, 3);
    println!("{rows:?} {more:?}");

    // -- copies -------------------------------------------------------------------------
    let first = vec![3, 1, 2];
    let mut second = first.to_vec();
    let mut third = first.to_vec();
    second.sort();
    third.push(9);
    println!("{first:?} {second:?} {third:?} {:?} {:?}", { let mut list = first.iter().copied().collect::<Vec<usize>>(); list.sort(); list.reverse(); list }, first.iter().rev().cloned().collect::<Vec<_>>());

    let mut grid = (0..2).map(|_| [0].repeat(3)).collect::<Vec<Vec<usize>>>();
    grid[1][2] = 5;
    grid[0][0] += 1;
    println!("{grid:?} {:?} {:?}", grid.iter().map(|row| row.iter().sum::<usize>()).collect::<Vec<usize>>(), grid.iter().map(|row| row[2]).collect::<Vec<usize>>());

    let mut rows = vec![];
    for i in 0..3 {
        let mut row = vec![0, 0];
        row[i % 2] = i;
        rows.push(row);
    }
    println!("{rows:?}");

    // -- parts that end where the list ends ------------------------------------------------
    let values = vec![10, 20, 30, 40, 50];
    println!("{:?} {:?} {:?} {:?} {:?} {:?}", python::slice(&values, 1..3), python::slice(&values, ..10), python::slice(&values, -2..), python::slice(&values, ..-1), values.iter().step_by(2).cloned().collect::<Vec<_>>(), python::slice(&values, 7..));
    for i in 0..values.len() {
        let window = python::slice(&values, usize::max(0, usize::saturating_sub(i, 1))..i + 2);
        println!("{i} {window:?} {:?}", window.iter().sum::<usize>() as f64 / window.len() as f64);
    }

    // -- several values at once ---------------------------------------------------------------
    let (a, b) = (1, 2);
    let (a, b) = (b, a);
    let pairs = [1, 2, 3].into_iter().zip(["x", "y", "z"]).collect::<Vec<(usize, &'static str)>>();
    println!("{a} {b} {pairs:?}");
    for (i, &(number, letter)) in (1..).zip(&pairs) {
        println!("{i} {} {letter}", number * i);
    }

    // -- the order of equal ones ---------------------------------------------------------------
    let words = vec!["pear", "fig", "plum", "kiwi", "nut"];
    println!("{:?} {:?} {} {}", { let mut list = words.iter().copied().collect::<Vec<&'static str>>(); list.sort_by_key(|x| x.chars().count()); list }, { let mut list = words.iter().copied().collect::<Vec<&'static str>>(); list.sort_by_key(|x| std::cmp::Reverse(x.chars().count())); list }, words.iter().copied().collect::<Vec<&'static str>>().into_iter().rev().max_by_key(|x| x.chars().count()).ok_or_else(|| Error::new("max of nothing"))?, words.iter().copied().collect::<Vec<&'static str>>().into_iter().min_by_key(|x| x.chars().count()).ok_or_else(|| Error::new("min of nothing"))?);
    println!("{:?} {:?}", { let mut list = vec![3, -1, 2].into_iter().collect::<Vec<i64>>(); list.sort_by_key(|x| i64::abs(*x)); list }, { let mut list = [2, 3, 1].into_iter().collect::<Vec<usize>>(); list.sort_by_key(|x| -(*x as i64)); list });

    // -- dicts --------------------------------------------------------------------------------------
    let mut history = IndexMap::from([("loss", vec![]), ("accuracy", vec![])]);
    for epoch in 0..3 {
        history["loss"].push(0.5 / (epoch + 1) as f64);
        history["accuracy"].push(epoch as f64 / 4.0);
    }
    for &name in history.keys() {
        println!("{name} {:?} {}", history[name], history[name].len());
    }

    let mut totals = IndexMap::from([("train", IndexMap::from([("seen", 1)])), ("test", IndexMap::from([("seen", 2)]))]);
    let value = totals["train"]["seen"] + 5;
    totals["train"].insert("seen", value);
    println!("{} {}", totals["train"]["seen"], totals.values().map(|part| part["seen"]).sum::<usize>());

    let mut sizes = IndexMap::from([("b", 1), ("a", 2)]);
    sizes.insert("c", 0);
    sizes.insert("b", 7);
    println!("{sizes:?} {:?} {} {}", sizes.keys().cloned().collect::<Vec<_>>(), sizes.get("z").copied().unwrap_or(3), if sizes.contains_key("a") { "True" } else { "False" });
    let mut copy = sizes.clone();
    copy.insert("a", 100);
    println!("{} {} {}", sizes["a"], copy["a"], sizes.values().copied().max().ok_or_else(|| Error::new("max of nothing"))?);
    println!("{:?} {:?}", sizes.iter().map(|(&key, &value)| (value, key)).collect::<IndexMap<usize, &'static str>>(), [1, 2].into_iter().flat_map(|x| [3, 4].into_iter().filter(|&y| x as i64 != y as i64 - 2).map(|y| x * y).collect::<Vec<_>>()).collect::<Vec<usize>>());
    Ok(())
}

fn note(log: &mut Vec<f64>, value: f64) {
    log.push(value);
}

fn smoothed(points: &[f64], factor: f64) -> Vec<f64> {
    let mut out = vec![];
    let mut last = points[0];
    for &point in points {
        last = last * factor + point * (1.0 - factor);
        out.push(last);
    }
    out
}

fn extended(rows: &[usize], row: usize) -> Vec<usize> {
    let rows = [&rows[..], &vec![row][..]].concat();
    rows
}
