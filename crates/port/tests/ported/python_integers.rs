// Ported from python_integers.py.
// Counting: integers of any size and sign, their formats, and lists by places.

use candle_keras::candle_core::IndexOp;
use candle_keras::layers::Dense;
use candle_keras::prelude::*;
use candle_keras::{Error, numpy, ops, python, utils};
use indexmap::IndexMap;

fn main() -> Result<()> {
    utils::set_random_seed(3);

    // Integers stay integers, also where they are negative.
    let balance = 3;
    let balance = if balance > 5 { balance as i64 } else { -(balance as i64) };
    println!("{balance} {} {}", i64::max("abc".chars().count() as i64 - 9, -3), i64::min("abc".chars().count() as i64 - 9, -3));
    let change = -5;
    let gain = if change > 0 { change } else { 0 };
    println!("{gain} {} {}", i64::max(change, -3), i64::abs(change));

    // More than 32 bits.
    let (mut a, mut b) = (0, 1_usize);
    for _ in 0..50 {
        (a, b) = (b, a + b);
    }
    println!("fibonacci {a}");
    let milliseconds: usize = 1_700_000_000_000;
    println!("{}", milliseconds / 1000);
    let mut seed: usize = 12_345;
    for _ in 0..3 {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648_usize;
        println!("seed {seed}");
    }
    let units: usize = 100_000;
    println!("{} {}", units * units, 1_000_000_usize * 1_000_000);
    let rows: Vec<usize> = vec![70_000, 80_000];
    println!("{}", rows[0] * rows[1]);
    let mut limit: usize = 1;
    while limit < 3_000_000_000_usize {
        limit *= 7;
    }
    println!("{limit}");
    let mut debt: i64 = -3;
    for _ in 0..40 {
        debt *= 2;
    }
    println!("{debt}");

    // The first has the last before it.
    let stops = vec!["harbour", "market", "station"];
    for i in 0..stops.len() {
        println!("{} -> {}", stops[python::place(i as i64 - 1, stops.len())?], stops[i]);
    }
    for i in 1..stops.len() {
        println!("{} -> {}", stops[i - 1], stops[i]);
    }

    // Sums of what is counted backwards, of fractions, of losses, and of truth values.
    let mut steps = 0;
    for i in (1..=10).rev().step_by(3) {
        steps += i;
    }
    let mut weight = 0.0;
    for part in [0.5, 1.25] {
        weight += part;
    }
    let mut below = 0;
    for v in [-1, -2] {
        below += v;
    }
    let mut rate = 1.0;
    rate += 0.5;
    println!("{steps} {} {below} {}", python::repr(weight), python::repr(rate));
    let flags = vec![true, false, true];
    let expected = vec![1, 0, 0];
    println!("{} {}", flags.iter().copied().filter(|&is_true| is_true).count(), flags.iter().zip(&expected).map(|(&flag, &one)| flag == (one != 0)).filter(|&is_true| is_true).count());

    // Lists and dicts that change.
    let mut grid = vec![vec![1, 2], vec![3, 4]];
    let place = grid[1].len() - 1;
    grid[1][place] += 2;
    let mut order = vec![3, 1, 2];
    order.swap(0, 2);
    println!("{grid:?} {order:?}");
    let mut pairs = vec![(1, 3.5), (2, 1.5), (3, 2.5)];
    pairs.sort_by(|a, b| { let key = |x: &(usize, f64)| (*x).1; key(a).total_cmp(&key(b)) });
    for &(number, score) in &pairs {
        println!("{number} {}", python::repr(score));
    }
    let mut names = vec!["ccc".to_string(), "a".to_string(), "bb".to_string()];
    names.sort_by_key(|x| std::cmp::Reverse(x.chars().count()));
    println!("{}", names.join(" "));
    let mut stock = IndexMap::from([("apples", 4), ("pears", 2)]);
    let taken = stock.shift_remove("apples").ok_or_else(|| Error::new("the dict has no such key"))?;
    println!("{taken} {} {}", stock.shift_remove("plums").unwrap_or(7), stock.len());

    // Formats that Rust does not have.
    let mut learning_rate = 0.001;
    for _ in 0..3 {
        learning_rate *= 0.1;
        println!("lr {} {} {} {}", python::repr(learning_rate), python::format(learning_rate, ".1e")?, python::format(learning_rate, ".0e")?, python::format(learning_rate, "g")?);
    }
    let loss = f64::NAN;
    println!("loss: {} {} {} {}", python::repr(loss), python::format(loss, ".4f")?, python::format(loss, ".3f")?, if f64::is_nan(loss) { "True" } else { "False" });
    let parameters = 1_234_567;
    println!("{} parameters, {} {} {}", python::format(parameters, ",")?, python::format(parameters as f64 / 7.0, ",.2f")?, python::zfill("-7", 4), format!("{:0>1$}", 7.to_string(), 3));
    println!("{} {:?} {} {} {}", usize::pow(2, 5), (17 / 5, 17 % 5), 'a' as usize, (1..=5).product::<usize>(), python::repr(f64::ln(8.0) / f64::ln(2.0)));

    // A small model, to have numbers of Keras among them.
    let x = numpy::divide(&ops::arange(0.0, 12.0, 1.0, "float64")?.reshape((4, 3))?, 12.0)?;
    println!("{}", ops::size(&x));
    let model = Sequential::new(layers![
        Input::shape([3]),
        Dense::new(2),
    ]);
    println!("{} {}", python::format(model.count_params(), ",")?, numpy::array_str(&model.predict_with(&x, Predict::new().verbose(0))?.i(0)?)?);

    // What functions return.

    println!("{} {} {} {}", sign(-3), sign_2(2.5), sign(-4) * 2, python::repr(mean(&vec![1, 2, 4])));
    Ok(())
}

fn sign(number: i64) -> i64 {
    if number > 0 {
        return 1;
    } else if number < 0 {
        return -1;
    }
    0
}

fn sign_2(number: f64) -> i64 {
    if number > 0.0 {
        return 1;
    } else if number < 0.0 {
        return -1;
    }
    0
}

fn mean(numbers: &[usize]) -> f64 {
    if numbers.len() == 0 {
        return 0.0;
    }
    numbers.iter().sum::<usize>() as f64 / numbers.len() as f64
}
