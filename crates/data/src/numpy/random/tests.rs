//! Against numbers that NumPy 2.4.6 gave.

use super::*;
use candle_core::{DType, Device};

/// What is drawn, one after another.
#[derive(Default)]
struct Drawn(Vec<f64>);

impl Drawn {
    fn add(&mut self, x: &Tensor) {
        self.0.extend(x.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap());
    }
}

/// Python:
///
/// ```text
/// np.random.seed(seed)
/// np.random.rand(2, 3); np.random.randn(3); np.random.randint(0, 10, (2, 2)); np.random.normal(5, 2, 2)
/// np.random.uniform(-3, 7, 2); np.random.randint(-5, 2**40, 3); np.random.permutation(6); np.random.random((1, 2))
/// np.random.randint(0, 1, 2); np.random.randint(0, 2**32, 2); np.random.standard_normal()
/// x = np.arange(8).reshape(4, 2); np.random.shuffle(x)
/// np.random.choice(5, 4); np.random.choice([1.5, 2.5, 3.5], (2, 2), p=[.2, .3, .5])
/// np.random.choice(6, 4, False); np.random.choice(6, 4, False, [.1, .1, .4, .2, .15, .05])
/// np.random.permutation(x); np.random.shuffle([1, 2, 3, 4, 5])
/// np.random.rand(); np.random.randint(7); np.random.choice(3, p=[.5, .25, .25])
/// np.random.randint(-2**63, 2**63 - 1, 2); np.random.rand()
/// ```
#[test]
fn numbers_are_those_of_numpy_in_the_same_order() {
    for (state, expected) in NUMPY {
        seed(*state);
        let mut drawn = Drawn::default();
        drawn.add(&rand((2, 3)).unwrap());
        drawn.add(&randn(3).unwrap());
        drawn.add(&randint(0, 10, (2, 2)).unwrap());
        drawn.add(&normal(5.0, 2.0, 2).unwrap());
        drawn.add(&uniform(-3.0, 7.0, 2).unwrap());
        drawn.add(&randint(-5, 1 << 40, 3).unwrap());
        drawn.add(&permutation(6).unwrap());
        drawn.add(&random((1, 2)).unwrap());
        drawn.add(&randint(0, 1, 2).unwrap());
        drawn.add(&randint(0, 1 << 32, 2).unwrap());
        drawn.0.push(randn_scalar());
        let x = Tensor::arange(0i64, 8, &Device::Cpu).unwrap().reshape((4, 2)).unwrap();
        let x = shuffle_rows(&x).unwrap();
        drawn.add(&x);
        drawn.add(&choice(5, 4, true, None).unwrap());
        drawn.add(&choice(&[1.5, 2.5, 3.5], (2, 2), true, &[0.2, 0.3, 0.5]).unwrap());
        drawn.add(&choice(6, 4, false, None).unwrap());
        drawn.add(&choice(6, 4, false, &[0.1, 0.1, 0.4, 0.2, 0.15, 0.05]).unwrap());
        drawn.add(&permutation(&x).unwrap());
        let mut items = [1.0, 2.0, 3.0, 4.0, 5.0];
        shuffle(&mut items);
        drawn.0.extend(items);
        drawn.0.push(rand_scalar());
        drawn.0.push(randint_scalar(0, 7).unwrap() as f64);
        drawn.0.push(choice_index(3, &[0.5, 0.25, 0.25]).unwrap() as f64);
        drawn.add(&randint(i64::MIN, i64::MAX, 2).unwrap());
        drawn.0.push(rand_scalar());
        assert_eq!(drawn.0, *expected, "{state}");
    }
}

#[rustfmt::skip]
const NUMPY: &[(u32, &[f64])] = &[
    (0, &[0.5488135039273248, 0.7151893663724195, 0.6027633760716439, 0.5448831829968969, 0.4236547993389047, 0.6458941130666561, 0.9500884175255894, -0.1513572082976979, -0.10321885179355784, 6., 7., 7., 8., 5.821197003876745, 7.2506282075501005, 0.37396160417268387, 3.4817187205119717, 849450715129., 428634122195., 762191250158., 0., 1., 2., 4., 3., 5., 0.6399210213275238, 0.1433532874090464, 0., 0., 4057322111., 3258229280., -0.35899555156937407, 2., 3., 0., 1., 4., 5., 6., 7., 3., 3., 2., 4., 3.5, 1.5, 3.5, 3.5, 2., 5., 0., 3., 2., 3., 4., 0., 2., 3., 6., 7., 4., 5., 0., 1., 1., 2., 5., 3., 4., 0.7506861412184562, 3., 0., 1.2949019609576407e+18, -1.1326021662241073e+18, 0.9883738380592262]),
    (42, &[0.3745401188473625, 0.9507143064099162, 0.7319939418114051, 0.5986584841970366, 0.15601864044243652, 0.15599452033620265, 1.5792128155073915, 0.7674347291529088, -0.4694743859349521, 4., 0., 9., 5., 6.085120087171929, 0.12178836988795361, -2.5333433678638455, 6.737555188414591, 1046221454138., 576258013199., 382104480054., 2., 3., 0., 4., 1., 5., 0.09767211400638387, 0.6842330265121569, 0., 0., 1890440558., 2934594491., 0.6034412250381314, 6., 7., 2., 3., 0., 1., 4., 5., 2., 0., 3., 1., 3.5, 2.5, 3.5, 3.5, 0., 3., 1., 2., 2., 4., 3., 0., 6., 7., 4., 5., 0., 1., 2., 3., 3., 4., 5., 2., 1., 0.7473201101373809, 6., 2., -2.642434743037397e+18, -4.041045000037427e+18, 0.5426960831582485]),
    (4294967295, &[0.0976320289940138, 0.9123828453026218, 0.78903530185164, 0.7800035981134678, 0.01793967398674523, 0.9695059322147525, -1.0805437227474493, 0.2845010447986309, 0.11388773652167104, 7., 6., 5., 9., 6.735243787585876, 1.3906679305838154, 0.8326939809232998, 1.8988715476057845, 75118487407., 602181203733., 386492115366., 0., 2., 5., 1., 3., 4., 0.7747280373803024, 0.5805200934294245, 0., 0., 134358845., 838216449., -0.2391648372421161, 2., 3., 4., 5., 6., 7., 0., 1., 2., 1., 0., 3., 3.5, 3.5, 3.5, 3.5, 2., 1., 4., 3., 1., 0., 2., 5., 4., 5., 0., 1., 6., 7., 2., 3., 3., 5., 2., 4., 1., 0.27358584867015134, 0., 0., 4.108728215293857e+18, -8.544379279214965e+18, 0.6360599335916898]),
];

/// Python: `r = numpy.random.RandomState(113); a = numpy.arange(10); r.shuffle(a)`, and so on.
#[test]
fn orders_are_those_of_numpy() {
    let shuffled = |seed, count: usize| {
        let mut items: Vec<usize> = (0..count).collect();
        RandomState::new(seed).shuffle(&mut items);
        items
    };
    assert_eq!(shuffled(113, 10), [9, 3, 6, 1, 0, 7, 4, 8, 2, 5]);
    assert_eq!(shuffled(1337, 1000)[..10], [977, 15, 56, 801, 747, 811, 115, 845, 457, 259]);
    assert_eq!(shuffled(u32::MAX, 2), [0, 1]);
    assert_eq!(shuffled(0, 1), [0]);
    assert_eq!(shuffled(0, 0), [0; 0]);
}

#[test]
fn a_seed_begins_anew_and_is_of_one_thread() {
    seed(3);
    // One of a pair of normal numbers waits for the next call.
    let first = randn_scalar();
    std::thread::spawn(|| seed(4)).join().unwrap();
    assert_ne!(randn_scalar(), first);
    seed(3);
    assert_eq!(randn_scalar(), first);
}

#[test]
fn dtypes_and_shapes_are_those_of_numpy() {
    let x = Tensor::new(&[[1u8, 2], [3, 4]], &Device::Cpu).unwrap();
    assert_eq!((rand(()).unwrap().dtype(), rand(()).unwrap().dims()), (DType::F64, &[][..]));
    assert_eq!(
        (randint(0, 9, (0, 3)).unwrap().dtype(), randint(9, 0, (0, 3)).unwrap().dims()),
        (DType::I64, &[0, 3][..])
    );
    assert_eq!((permutation(&x).unwrap().dtype(), permutation(&x).unwrap().dims()), (DType::U8, &[2, 2][..]));
    assert_eq!(permutation(0).unwrap().dims(), [0]);
    assert_eq!(choice(0, 0, true, None).unwrap().dims(), [0]);
    assert_eq!(choice(&vec![7u32], (1, 1), true, ()).unwrap().to_vec2::<u32>().unwrap(), [[7]]);
    assert_eq!(choice(&x.get(0).unwrap(), (), true, &[1f32, 0.0]).unwrap().to_scalar::<u8>().unwrap(), 1);
}

/// Sums of float32 are as far from 1 as float32 rounds.
#[test]
fn probabilities_may_be_rounded_to_their_dtype() {
    assert!(choice_index(3, &[1f32 / 3.0 + 1e-5, 1.0 / 3.0, 1.0 / 3.0]).is_ok());
    assert!(choice_index(3, &[1f64 / 3.0 + 1e-5, 1.0 / 3.0, 1.0 / 3.0]).is_err());
    let p = Tensor::new(&[0.25f32, 0.75], &Device::Cpu).unwrap();
    assert!(choice_index(2, &p).is_ok());
}

#[test]
fn what_cannot_be_drawn_is_an_error() {
    let text = |error: candle_keras_ops::Error| error.to_string();
    assert!(text(randint(3, 3, 2).unwrap_err()).contains("above low, which is 3"));
    assert!(text(randint_scalar(i64::MAX, i64::MIN).unwrap_err()).contains("no whole number"));
    assert!(text(normal(0.0, -1.0, 2).unwrap_err()).contains("negative\n  expected: at least 0\n  received: -1"));
    assert!(text(uniform_scalar(f64::MIN, f64::MAX).unwrap_err()).contains("not finite"));
    assert!(text(rand((1 << 40, 1 << 40)).unwrap_err()).contains("not enough memory"));
    assert!(text(permutation(&Tensor::new(1f32, &Device::Cpu).unwrap()).unwrap_err()).contains("without axes"));
    assert!(text(permutation(-1).unwrap_err()).contains("at least 0\n  received: -1"));
    assert!(text(choice(2, 3, false, None).unwrap_err()).contains("at most 2\n  received: 3"));
    assert!(text(choice(0, 3, true, None).unwrap_err()).contains("nothing to choose from"));
    assert!(text(choice(2, 2, false, &[1.0, 0.0]).unwrap_err()).contains("at least 2\n  received: 1"));
    assert!(text(choice(2, 1, true, &[1.0]).unwrap_err()).contains("2 probabilities\n  received: 1"));
    assert!(text(choice(2, 1, true, &[0.5, 0.6]).unwrap_err()).contains("not 1\n  received: 1.1"));
    assert!(text(choice(2, 1, true, &[f64::NAN, 1.0]).unwrap_err()).contains("NaN at [0]"));
    assert!(text(choice(&rand((2, 2)).unwrap(), 1, true, None).unwrap_err()).contains("1 axis"));
    assert!(text(choice_item(&["a"; 0], None).unwrap_err()).contains("nothing to choose from"));
}

/// Python:
///
/// ```text
/// for n, p in [...]: np.random.binomial(n, p, 6)
/// np.random.multinomial(1, [.2, .3, .5], 4); np.random.multinomial(20, [.1, .2, .3, .4])
/// np.random.multinomial(500, [.25] * 4, (2, 1)); np.random.multinomial(3, [1, 0, 0]); np.random.multinomial(3, [0, 0, 1])
/// np.random.randint(1000)
/// ```
#[test]
fn successes_are_those_of_numpy() {
    for (state, expected) in SUCCESSES {
        seed(*state);
        let mut drawn: Vec<i64> = Vec::new();
        let mut add = |x: Result<Tensor>| drawn.extend(x.unwrap().flatten_all().unwrap().to_vec1::<i64>().unwrap());
        for (n, p) in [
            (10, 0.5),
            (10, 0.9),
            (1, 0.3),
            (100, 0.29),
            (100, 0.45),
            (1000, 0.7),
            (5000, 0.02),
            (1_000_000, 0.3),
            (1_000_000_000, 0.5),
            (0, 0.5),
            (5, 0.0),
            (5, 1.0),
        ] {
            add(binomial(n, p, 6));
        }
        add(multinomial(1, &[0.2, 0.3, 0.5], 4));
        add(multinomial(20, &[0.1, 0.2, 0.3, 0.4], ()));
        add(multinomial(500, &[0.25; 4], (2, 1)));
        add(multinomial(3, &[1.0, 0.0, 0.0], ()));
        add(multinomial(3, &[0.0, 0.0, 1.0], ()));
        drawn.push(randint_scalar(0, 1000).unwrap());
        assert_eq!(drawn, *expected, "{state}");
    }
}

#[rustfmt::skip]
const SUCCESSES: &[(u32, &[i64])] = &[
    (0, &[5, 6, 5, 5, 5, 6, 9, 8, 7, 9, 8, 9, 0, 1, 0, 0, 0, 1, 32, 34, 38, 33, 28, 32, 42, 40, 40, 44, 40, 55, 697, 722, 728, 695, 697, 688, 104, 93, 111, 103, 94, 100, 299649, 299817, 300942, 300255, 300274, 300007, 499978915, 500016817, 500020775, 499994206, 499991472, 499981195, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 3, 5, 5, 7, 145, 120, 114, 121, 117, 126, 135, 122, 3, 0, 0, 0, 0, 3, 812]),
    (42, &[4, 8, 6, 5, 3, 3, 10, 8, 9, 9, 10, 7, 1, 0, 0, 0, 0, 0, 28, 26, 30, 24, 26, 27, 45, 43, 43, 38, 50, 43, 724, 708, 701, 682, 670, 729, 99, 96, 108, 111, 99, 90, 299110, 299190, 300208, 299157, 300360, 300376, 500003000, 500011389, 500010448, 499980741, 500009174, 499997423, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 4, 8, 7, 138, 128, 121, 113, 119, 128, 123, 130, 3, 0, 0, 0, 0, 3, 563]),
    (4294967295, &[3, 7, 6, 6, 2, 8, 9, 10, 8, 9, 7, 9, 0, 0, 1, 1, 1, 0, 25, 39, 26, 30, 32, 30, 41, 43, 45, 47, 50, 43, 731, 701, 708, 704, 696, 695, 114, 113, 103, 102, 99, 108, 299940, 299246, 301015, 299858, 300543, 299590, 499982407, 500012620, 499998500, 499960440, 500001339, 499985616, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 2, 2, 5, 11, 137, 123, 129, 111, 127, 132, 117, 124, 3, 0, 0, 0, 0, 3, 406]),
];

#[test]
fn trials_without_a_distribution_are_errors() {
    let text = |x: Result<Tensor>| x.unwrap_err().to_string();
    assert!(text(binomial(-1, 0.5, 1)).contains("at least 0\n  received: -1"));
    assert!(text(binomial(1, f64::NAN, 1)).contains("received: NaN"));
    assert!(text(multinomial(1, &[0.7, 0.7, 0.1], 1)).contains("above 1\n  received: 1.4"));
    assert!(text(multinomial(1, &[0.7, -0.1], 1)).contains("-0.1 at [1]"));
    assert!(text(multinomial(1, None, 1)).contains("needs the probabilities"));
    assert_eq!(multinomial(1, &[0.0f64; 0], 2).unwrap().dims(), [2, 0]);
}
