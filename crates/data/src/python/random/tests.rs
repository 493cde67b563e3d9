//! Against numbers that CPython 3.11.7 gave.

use super::*;

/// Python:
///
/// ```text
/// random.seed(seed)
/// random.random(); random.uniform(-1, 3); [random.randint(1, 6) for _ in range(4)]
/// random.randrange(10); random.randrange(5, 50, 7); random.randrange(50, 5, -7); random.randrange(1)
/// random.gauss(0, 1); random.choice([10, 20, 30]); random.gauss(2, 3); random.gauss(0, 1)
/// random.shuffle(list(range(8)))
/// random.sample(range(10), 4); random.sample(range(1000), 7); random.sample(range(85), 20); random.sample(range(22), 5)
/// random.normalvariate(1, 2); [random.getrandbits(k) for k in (1, 20, 32, 33, 50)]
/// random.choices([1, 2, 3], k=3); random.choices([1, 2, 3], [1, 2, 3.5], k=4)
/// random.randint(-2**63, 2**63 - 1); random.randint(0, 2**40); random.randint(5, 5); random.random()
/// ```
#[test]
fn numbers_are_those_of_python_in_the_same_order() {
    for (state, expected) in PYTHON {
        seed(*state);
        let mut drawn = vec![random(), uniform(-1.0, 3.0)];
        let add = |drawn: &mut Vec<f64>, numbers: &[i64]| drawn.extend(numbers.iter().map(|&x| x as f64));
        add(&mut drawn, &[(); 4].map(|()| randint(1, 6).unwrap()));
        for (start, stop, step) in [(0, 10, 1), (5, 50, 7), (50, 5, -7), (0, 1, 1)] {
            add(&mut drawn, &[randrange(start, stop, step).unwrap()]);
        }
        drawn.extend([gauss(0.0, 1.0), *choice(&[10.0, 20.0, 30.0]).unwrap(), gauss(2.0, 3.0), gauss(0.0, 1.0)]);
        let range = |count| (0..count).collect::<Vec<i64>>();
        let mut items = range(8);
        shuffle(&mut items);
        add(&mut drawn, &items);
        for (all, k) in [(10, 4), (1000, 7), (85, 20), (22, 5)] {
            add(&mut drawn, &sample(&range(all), k).unwrap());
        }
        drawn.push(normalvariate(1.0, 2.0));
        drawn.extend([1, 20, 32, 33, 50].map(|count| getrandbits(count).unwrap() as f64));
        add(&mut drawn, &choices(&[1, 2, 3], None, 3).unwrap());
        add(&mut drawn, &choices(&[1, 2, 3], Some(&[1.0, 2.0, 3.5]), 4).unwrap());
        for (a, b) in [(i64::MIN, i64::MAX), (0, 1 << 40), (5, 5)] {
            add(&mut drawn, &[randint(a, b).unwrap()]);
        }
        drawn.push(random());
        assert_eq!(drawn, *expected, "{state}");
    }
}

#[rustfmt::skip]
const PYTHON: &[(u64, &[f64])] = &[
    (0, &[0.8444218515250481, 2.03181761176121, 4., 1., 3., 5., 7., 26., 8., 0., 0.9223306019157185, 10., 1.4324206727992121, -0.8133546304110759, 5., 0., 3., 7., 6., 2., 4., 1., 1., 5., 7., 4., 103., 362., 444., 323., 625., 655., 934., 26., 70., 61., 56., 66., 33., 7., 83., 1., 11., 51., 0., 63., 42., 31., 41., 8., 24., 28., 30., 4., 17., 14., 2., 10., 0.9473803163425273, 0., 740883., 536057929., 2351240810., 1038363381524078.0, 2., 3., 2., 3., 2., 3., 2., -4.757283311345346e+18, 413106570580., 5., 0.03297241488675151]),
    (42, &[0.6394267984578837, -0.8999569791093323, 3., 2., 2., 2., 1., 40., 15., 0., -0.21417212260954865, 10., 1.589452149793506, 0.23229773690672087, 2., 5., 7., 3., 6., 1., 4., 0., 9., 4., 0., 6., 825., 163., 714., 432., 348., 284., 159., 27., 43., 13., 11., 48., 12., 45., 44., 33., 5., 58., 68., 15., 80., 10., 37., 46., 24., 8., 75., 21., 7., 9., 2., 3., 0.24752774989462234, 1., 382554., 698594025., 1589915144., 754549344321710., 1., 3., 2., 3., 2., 3., 2., -8.191499006717202e+18, 72249092011., 5., 0.40116478702232894]),
    (4294967295, &[0.6353574441341173, -0.18720024182368977, 5., 5., 3., 5., 5., 26., 15., 0., -0.7192520852958275, 10., 4.778689514864477, 0.5189183473326605, 1., 5., 0., 7., 4., 3., 6., 2., 5., 0., 6., 9., 449., 582., 746., 262., 557., 725., 607., 8., 0., 70., 57., 26., 84., 30., 48., 60., 53., 21., 36., 64., 61., 5., 50., 40., 10., 31., 63., 13., 15., 17., 7., 11., -1.9193649543956535, 0., 416796., 447823462., 3717356868., 1045310843277762.0, 2., 1., 3., 2., 1., 3., 3., 6.310987654914534e+18, 616204368729., 5., 0.635158282163464]),
    (1099511627779, &[0.21978710637116716, 1.1978751073408813, 1., 5., 3., 6., 6., 12., 29., 0., -0.07731666046978737, 20., 5.9968779624021264, 0.24201786989817534, 2., 1., 7., 3., 4., 6., 0., 5., 1., 0., 5., 8., 270., 208., 769., 675., 557., 991., 862., 31., 39., 54., 21., 38., 63., 2., 84., 9., 68., 22., 1., 18., 11., 57., 58., 48., 61., 5., 62., 17., 5., 2., 4., 9., 0.2641438639652032, 1., 536383., 2855254110., 4798932131., 902043665885208., 2., 2., 3., 3., 3., 1., 2., 2.3308197722673065e+18, 850412937809., 5., 0.056354776645246685]),
];

#[test]
fn what_cannot_be_drawn_is_an_error() {
    let text = |error: candle_keras_ops::Error| error.to_string();
    assert!(
        text(randint(3, 2).unwrap_err()).contains("at least 3, the smallest one, as the largest one\n  received: 2")
    );
    assert!(text(randrange(0, 0, 1).unwrap_err()).contains("from 0 to before 0 by 1"));
    assert!(text(randrange(0, 5, 0).unwrap_err()).contains("by 0"));
    assert!(text(randrange(i64::MIN, i64::MAX, -1).unwrap_err()).contains("not empty"));
    assert!(text(choice(&[0; 0]).unwrap_err()).contains("at least 1 item"));
    assert!(text(choices(&[0; 0], None, 1).unwrap_err()).contains("at least 1 item"));
    assert!(text(choices(&[1, 2], Some(&[1.0]), 1).unwrap_err()).contains("expected: 2\n  received: 1"));
    assert!(text(choices(&[1, 2], Some(&[0.0, 0.0]), 1).unwrap_err()).contains("above 0"));
    assert!(text(sample(&[1, 2], 3).unwrap_err()).contains("at most 2\n  received: 3"));
    assert!(text(getrandbits(65).unwrap_err()).contains("at most 64"));
    assert_eq!((getrandbits(0).unwrap(), sample(&[1], 0).unwrap()), (0, vec![]));
}
