use super::*;
use crate::gradcheck::{assert_gradients, values};
use crate::random::set_random_seed;

/// Enough for means that are right to about 1 %.
const N: i64 = 40_000;

/// The mean, the variance, the smallest and the largest number.
fn moments(x: &Tensor) -> [f64; 4] {
    let x = numbers_of(x).unwrap();
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
    [mean, variance, x.iter().copied().fold(f64::MAX, f64::min), x.iter().copied().fold(f64::MIN, f64::max)]
}

/// Means within five standard errors, variances within 5 %.
fn assert_moments(x: &Tensor, mean: f64, variance: f64) {
    let [m, v, ..] = moments(x);
    let error = (variance / x.elem_count() as f64).sqrt();
    assert!((m - mean).abs() <= 5.0 * error, "mean {m}, expected {mean}");
    assert!((v - variance).abs() <= 0.05 * variance, "variance {v}, expected {variance}");
}

fn text(result: Result<Tensor>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn distributions_have_their_moments() {
    assert_moments(&uniform([N], 0.0, 1.0, None, 1).unwrap(), 0.5, 1.0 / 12.0);
    assert_moments(&uniform([N], -3.0, 5.0, "float64", 1).unwrap(), 1.0, 64.0 / 12.0);
    assert_moments(&normal([N], 0.0, 1.0, None, 1).unwrap(), 0.0, 1.0);
    assert_moments(&normal([N], 2.0, 3.0, "float64", 1).unwrap(), 2.0, 9.0);
    // The variance of a normal distribution that is cut at two standard deviations.
    let cut = truncated_normal([N], 1.0, 2.0, None, 1).unwrap();
    assert_moments(&cut, 1.0, 4.0 * 0.773_741_3);
    assert!(moments(&cut)[2] >= -3.0 && moments(&cut)[3] <= 5.0);
    let dice = randint([N], -2, 4, None, 1).unwrap();
    assert_moments(&dice, 0.5, 35.0 / 12.0);
    assert_eq!((moments(&dice)[2], moments(&dice)[3], dice.dtype()), (-2.0, 3.0, DType::I32));
    for (a, b) in [(0.5, 0.5), (2.0, 5.0), (10.0, 1.0)] {
        let sum: f64 = a + b;
        assert_moments(&beta([N], a, b, None, 2).unwrap(), a / sum, a * b / (sum * sum * (sum + 1.0)));
    }
    for alpha in [0.3, 1.0, 7.5] {
        assert_moments(&gamma([N], alpha, None, 3).unwrap(), alpha, alpha);
    }
    for (count, probability) in [(1.0, 0.3), (10.0, 0.5), (33.0, 0.9), (100.0, 0.02), (1e6, 0.25)] {
        let x = binomial([N], count, probability, "float64", 4).unwrap();
        assert_moments(&x, count * probability, count * probability * (1.0 - probability));
        assert!(moments(&x)[2] >= 0.0 && moments(&x)[3] <= count);
    }
    for (probability, expected) in [(0.0, 0.0), (1.0, 1e9)] {
        assert_eq!(moments(&binomial([3], 1e9, probability, "float64", 4).unwrap())[0], expected);
    }
}

/// Each number of successes is as likely as the formula says.
#[test]
fn a_binomial_distribution_has_its_probabilities() {
    let (count, p) = (40u64, 0.3f64);
    let x = numbers_of(&binomial([N], count as f64, p, None, 5).unwrap()).unwrap();
    let mut choose = 1.0;
    for k in 0..=count {
        let expected = choose * p.powi(k as i32) * (1.0 - p).powi((count - k) as i32);
        choose *= (count - k) as f64 / (k + 1) as f64;
        let found = x.iter().filter(|x| **x == k as f64).count() as f64 / N as f64;
        let error = (expected * (1.0 - expected) / N as f64).sqrt();
        assert!((found - expected).abs() <= 5.0 * error + 1e-4, "{k}: {found}, expected {expected}");
    }
}

#[test]
fn parameters_broadcast() {
    let alpha = Tensor::new(&[[1f32], [50.]], &Device::Cpu).unwrap();
    let x = gamma([2, N], &alpha, None, 1).unwrap();
    for (i, alpha) in [1.0, 50.0].into_iter().enumerate() {
        assert_moments(&x.get(i).unwrap(), alpha, alpha);
    }
    let counts = Tensor::new(&[5f64, 200.], &Device::Cpu).unwrap();
    let x = binomial([N, 2], &counts, 0.5, None, 1).unwrap();
    assert_moments(&x.narrow(1, 1, 1).unwrap(), 100.0, 50.0);
    let error = text(gamma([3], &Tensor::new(&[1f32, 2.], &Device::Cpu).unwrap(), None, 1));
    assert!(error.contains("[3]") && error.contains("[2]"), "{error}");
    let error = text(beta([2], &Tensor::new(&[1f32, -2.], &Device::Cpu).unwrap(), 1.0, None, 1));
    assert!(error.contains("-2 at [1]"), "{error}");
}

#[test]
fn classes_are_drawn_by_their_probabilities() {
    let logits = Tensor::new(&[[0f32, 1.0986123, f32::NEG_INFINITY], [5., 5., 5.]], &Device::Cpu).unwrap();
    let x = categorical(&logits, N as usize, None, 1).unwrap();
    assert_eq!((x.dims(), x.dtype()), (&[2, N as usize][..], DType::I32));
    let rows: Vec<Vec<f64>> = x.to_dtype(DType::F64).unwrap().to_vec2().unwrap();
    for (row, expected) in rows.iter().zip([[0.25, 0.75, 0.0], [1.0 / 3.0; 3]]) {
        for (class, expected) in expected.into_iter().enumerate() {
            let found = row.iter().filter(|x| **x == class as f64).count() as f64 / N as f64;
            assert!((found - expected).abs() < 0.015, "{class}: {found}, expected {expected}");
        }
    }
    let wrong = |rows: &[[f32; 2]; 1]| text(categorical(&Tensor::new(rows, &Device::Cpu).unwrap(), 1, None, 1));
    for row in [[f32::NEG_INFINITY; 2], [f32::NAN, 0.0], [f32::INFINITY, 0.0]] {
        assert!(wrong(&[row]).contains("in row 0"));
    }
    assert!(text(categorical(&Tensor::new(&[0f32], &Device::Cpu).unwrap(), 1, None, 1)).contains("(batch, classes)"));
    assert!(categorical(&Tensor::zeros((2, 0), DType::F32, &Device::Cpu).unwrap(), 1, None, 1).is_err());
    assert_eq!(
        categorical(&Tensor::zeros((0, 2), DType::F32, &Device::Cpu).unwrap(), 3, None, 1).unwrap().dims(),
        [0, 3]
    );
}

#[test]
fn a_shuffle_moves_whole_parts() {
    for dtype in ["float32", "int32", "uint8", "int64"] {
        let x = Tensor::arange(0i64, 24, &Device::Cpu).unwrap().reshape((2, 4, 3)).unwrap();
        let x = x.to_dtype(crate::dtype(dtype).unwrap()).unwrap();
        let y = shuffle(&x, 1, 3).unwrap();
        let rows = |x: &Tensor| x.get(0).unwrap().to_dtype(DType::F64).unwrap().to_vec2::<f64>().unwrap();
        let (before, mut after) = (rows(&x), rows(&y));
        assert_ne!(before, after);
        after.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert_eq!(before, after);
    }
    let scalar = Tensor::new(1f32, &Device::Cpu).unwrap();
    assert!(shuffle(&scalar, 0, None).is_err() && shuffle(&values([2, 3], 1), 2, None).is_err());
    assert_gradients(&[values([3, 4], 1)], |x| Ok(shuffle(&x[0], -1, 7)?));
}

#[test]
fn dropout_draws_in_the_shape_of_the_noise() {
    let ones = Tensor::ones((100, 200), DType::F32, &Device::Cpu).unwrap();
    let [mean, _, least, most] = moments(&dropout(&ones, 0.25, (), 1).unwrap());
    assert!((mean - 1.0).abs() < 0.03 && least == 0.0 && (most - 4.0 / 3.0).abs() < 1e-6);
    let columns = dropout(&ones, 0.5, [200], 1).unwrap().to_vec2::<f32>().unwrap();
    assert!(columns.iter().all(|row| *row == columns[0]));
    assert_eq!(moments(&dropout(&ones, 1.0, None, 1).unwrap())[3], 0.0);
    for noise in [vec![Some(2), None], vec![None, None, Some(1)], vec![Some(0)]] {
        assert!(text(dropout(&ones, 0.5, Some(noise), 1)).contains("noise_shape"));
    }
    for rate in [-0.1, 1.1, f64::NAN] {
        assert!(text(dropout(&ones, rate, (), 1)).contains("rate"));
    }
    assert!(dropout(&ones.to_dtype(DType::U8).unwrap(), 0.5, (), 1).is_err());
    assert_gradients(&[values([4, 3], 1)], |x| Ok(dropout(&x[0], 0.4, [None, Some(1)], 2)?));
}

#[test]
fn a_seed_says_what_is_drawn() {
    let draw = |seed: Seed| uniform([5], 0.0, 1.0, None, seed).unwrap().to_vec1::<f32>().unwrap();
    assert_eq!(draw(7.into()), draw(7.into()));
    assert_ne!(draw(7.into()), draw(8.into()));
    // As in Keras, a number is the first draw of a generator.
    let generator = SeedGenerator::new(7);
    assert_eq!(draw((&generator).into()), draw(7.into()));
    assert_ne!(draw((&generator).into()), draw(7.into()));
    assert_eq!((generator.next(), generator.state()), ([7, 2], [7, 3]));
    set_random_seed(3);
    let of_run = (draw(().into()), draw(None.into()), SeedGenerator::new(None).state());
    assert_ne!(of_run.0, of_run.1);
    set_random_seed(3);
    assert_eq!(of_run, (draw(().into()), draw(None.into()), SeedGenerator::new(None).state()));
}

#[test]
fn dtypes_are_those_of_keras() {
    for dtype in ["float16", "bfloat16", "float32", "float64"] {
        let expected = crate::dtype(dtype).unwrap();
        let all = [
            uniform([2, 3], 0.0, 1.0, dtype, None),
            normal([2, 3], 0.0, 1.0, dtype, None),
            truncated_normal([2, 3], 0.0, 1.0, dtype, None),
            beta([2, 3], 1.0, 1.0, dtype, None),
            gamma([2, 3], 1.0, dtype, None),
            binomial([2, 3], 1.0, 0.5, dtype, None),
        ];
        for x in all {
            let x = x.unwrap();
            assert_eq!((x.dtype(), x.dims()), (expected, &[2, 3][..]));
        }
        // Rounded up, a number could be the limit.
        assert!(moments(&uniform([N], 0.0, 1.0, dtype, 1).unwrap())[3] < 1.0);
    }
    for dtype in ["uint8", "uint32", "int16", "int32", "int64"] {
        assert_eq!(randint([2], 0, 5, dtype, None).unwrap().dtype(), crate::dtype(dtype).unwrap());
        for x in [uniform([2], 0.0, 1.0, dtype, None), normal([2], 0.0, 1.0, dtype, None), gamma([2], 1.0, dtype, None)]
        {
            assert!(text(x).contains("floating-point"));
        }
    }
    assert_eq!(uniform([], 0.0, 1.0, None, None).unwrap().dims(), [0usize; 0]);
    assert_eq!(normal([0, 3], 0.0, 1.0, None, None).unwrap().dims(), [0, 3]);
}

#[test]
fn what_no_memory_holds_is_an_error() {
    let huge = Tensor::new(1f32, &Device::Cpu).unwrap().broadcast_as((1 << 40, 1 << 20)).unwrap();
    assert!(shuffle(&huge, 0, 1).is_err() && dropout(&huge, 0.5, (), 1).is_err());
    assert!(dropout(&huge, 0.5, [1, 1 << 20], 1).is_err() && categorical(&huge, 1, None, 1).is_err());
    assert!(gamma([1 << 40, 1 << 20], &huge, None, 1).is_err());
    let one = Tensor::zeros((1, 2), DType::F32, &Device::Cpu).unwrap();
    assert!(categorical(&one, usize::MAX, None, 1).is_err());
}

#[test]
fn arguments_that_cannot_be_are_errors() {
    assert!(text(randint([2], 0, 5, "float32", None)).contains("integer"));
    assert!(text(randint([2], 5, 5, None, None)).contains("below maxval"));
    assert!(text(randint([2], 0, 300, "uint8", None)).contains("0 to 255"));
    assert!(text(randint([2], -1, 3, "uint32", None)).contains("-1 to 2"));
    assert!(randint([100], i64::MIN, i64::MAX, "int64", 1).is_ok() && randint([2], 0, 256, "uint8", 1).is_ok());
    for (minval, maxval) in [(2.0, 1.0), (0.0, f64::INFINITY), (f64::NAN, 1.0)] {
        assert!(text(uniform([2], minval, maxval, None, None)).contains("minval"));
    }
    assert_eq!(moments(&uniform([2], 3.0, 3.0, None, None).unwrap())[0], 3.0);
    assert!(text(uniform([2, -1], 0.0, 1.0, None, None)).contains("negative"));
    assert!(uniform([i64::MAX, i64::MAX], 0.0, 1.0, None, None).is_err());
    assert!(text(uniform([2], 0.0, 1.0, "float23", None)).contains("float23"));
    for alpha in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(text(gamma([2], alpha, None, None)).contains("alpha"));
        assert!(text(beta([2], 1.0, alpha, None, None)).contains("beta"));
    }
    for (count, probability) in [(-1.0, 0.5), (2.5, 0.5), (f64::NAN, 0.5), (3.0, 1.5), (3.0, f64::NAN)] {
        assert!(text(binomial([2], count, probability, None, None)).contains("invalid"));
    }
}
