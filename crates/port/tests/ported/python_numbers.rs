// Ported from python_numbers.py.
// Numbers as a training script computes with them: schedules, splits, steps and times.

use candle_keras::prelude::*;
use candle_keras::{Error, python};

fn main() -> Result<()> {
    // -- integers that become negative, and division that rounds down --------
    let (n_samples, batch_size) = (1050, 32);
    let steps = n_samples / batch_size;
    println!("steps per epoch: {steps} left over: {} {}", n_samples as i64 - (steps * batch_size) as i64, n_samples % batch_size);
    println!("batches with the last one: {} {}", f64::ceil(n_samples as f64 / batch_size as f64) as i64, -i64::div_euclid(-(n_samples as i64), batch_size as i64));

    for epoch in 0..4 {
        let behind = epoch as i64 - 2;
        println!("{behind} {} {} {} {}", i64::div_euclid(behind, 2), i64::rem_euclid(behind, 3), i64::abs(behind), if behind < 0 { "True" } else { "False" });
        println!("{} {} {} {:?} {} {} {}", epoch as i64 - 2, i64::abs(epoch as i64 - 2), (epoch as i64 - 2) * 3, (epoch as i64 - 2) as f64 / 4.0, i64::div_euclid(epoch as i64 - 2, 2), i64::rem_euclid(epoch as i64 - 2, 3) as usize, -(epoch as i64 - 2));
        if epoch as i64 - 2 < 0 {
            println!("warming up");
        }
    }

    for shift in -3..4 {
        println!("{shift} {} {} {} {:?}", i64::div_euclid(shift, 2), i64::rem_euclid(shift, 2), i64::pow(shift, 2), shift as f64 / 2.0);
    }

    // -- floats: the remainder has the sign of the divisor --------------------
    for angle in [-450.0, -90.0, 0.0, 725.5] {
        println!("{:?} {:?}", python::modulo(angle, 360.0), python::floor_div(angle, 360.0));
    }
    println!("{:?} {:?} {:?}", python::floor_div(1.0, 0.1), python::modulo(7.5, 2.0), python::floor_div(-7.5, 2.0));

    // -- rounding --------------------------------------------------------------
    println!("{} {} {} {} {:?} {:?}", f64::round_ties_even(0.5) as i64, f64::round_ties_even(1.5) as i64, f64::round_ties_even(2.5) as i64, f64::round_ties_even(-1.5) as i64, python::round(2.675, 2), python::round(1234.5678, 1));
    println!("{} {} {} {:?} {} {}", 2.9 as usize, -2.9 as i64, "42".trim().parse::<i64>().map_err(|error| Error::new(error.to_string()))? + 1, "1e-3".trim().parse::<f64>().map_err(|error| Error::new(error.to_string()))? * 2.0, f64::floor(-1.5) as i64, f64::ceil(-1.5) as i64);

    // -- schedules --------------------------------------------------------------

    for epoch in 0..5 {
        println!("{epoch}: {:.5} {:.5} {:.5}", step_decay(epoch, 0.1, 0.5, 2), warm_up(epoch, 3), exponential(epoch));
    }

    // -- a function for each kind of number --------------------------------------

    println!("{:?} {:?} {} {} {:?}", half(3), half_2(2.5), plus_one(3), plus_one_2(-3), plus_one_3(0.5));

    // -- scores that may have no samples -----------------------------------------

    println!("{:?} {:?}", scores(3, 1, 2), scores(0, 0, 0));

    // -- differences ---------------------------------------------------------------
    let (targets, guesses) = (vec![3, 1, 5, 2], vec![1, 4, 5, 0]);
    println!("squared: {:?}", targets.iter().zip(&guesses).map(|(&t, &g)| i64::pow(t as i64 - g as i64, 2)).sum::<i64>() as f64 / targets.len() as f64);
    println!("absolute: {:?}", targets.iter().zip(&guesses).map(|(&t, &g)| i64::abs(t as i64 - g as i64)).sum::<i64>() as f64 / targets.len() as f64);
    println!("nearest: {} worst: {}", targets.iter().copied().collect::<Vec<usize>>().into_iter().min_by_key(|x| i64::abs(*x as i64 - 4)).ok_or_else(|| Error::new("min of nothing"))?, targets.iter().zip(&guesses).map(|(&t, &g)| i64::abs(t as i64 - g as i64)).max().ok_or_else(|| Error::new("max of nothing"))?);

    // -- whichever is there -----------------------------------------------------------
    let (asked, default) = (0, 10);
    println!("epochs: {} name: {} {} {}", if asked != 0 { asked } else { default }, if !"".is_empty() { "" } else { "model" }, if 1 < asked + 2 && asked + 2 < 3 { "True" } else { "False" }, if !(asked != 0) { "True" } else { "False" });

    // -- a time ---------------------------------------------------------------------------
    let seconds = 3725;
    println!("{:02}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60);
    Ok(())
}

fn step_decay(epoch: usize, initial: f64, drop: f64, every: usize) -> f64 {
    initial * f64::powf(drop, (epoch / every) as f64)
}

fn warm_up(epoch: usize, steps: usize) -> f64 {
    f64::min((epoch + 1) as f64 / steps as f64, 1.0) * 0.1
}

fn exponential(epoch: usize) -> f64 {
    0.1 * f64::exp(-0.1 * usize::max(usize::saturating_sub(epoch, 2), 0) as f64)
}

fn half(x: usize) -> f64 {
    x as f64 / 2.0
}

fn half_2(x: f64) -> f64 {
    x / 2.0
}

fn plus_one(x: usize) -> usize {
    x + 1
}

fn plus_one_2(x: i64) -> i64 {
    x + 1
}

fn plus_one_3(x: f64) -> f64 {
    x + 1.0
}

fn scores(tp: usize, fp: usize, fn_: usize) -> (f64, f64) {
    let precision = if tp + fp > 0 { tp as f64 / (tp + fp) as f64 } else { 0.0 };
    let recall = if tp + fn_ > 0 { tp as f64 / (tp + fn_) as f64 } else { 0.0 };
    (precision, recall)
}
