//! Against numbers that NumPy 2.4.6 gave.

use super::*;

/// Numbers that are the same in float32 and float64: multiples of 1/8.
#[rustfmt::skip]
const X: [f64; 60] = [10.5, 13.375, -2.0, 17.75, -6.75, 1.5, 1.5, -10.625, 4.375, 19.375, -10.25, 9.0, -1.5, 17.75, 4.875, 6.75, 6.375, 2.5, -14.0, 13.875, -13.75, 2.375, 6.125, -8.375, 1.5, 11.625, -0.25, -8.875, -29.125, -9.75, -5.875, -5.125, -9.625, 3.75, -5.75, -1.125, 6.75, -8.5, -3.0, 21.625, 8.75, -12.875, -0.75, 5.625, 12.375, 1.5, -5.25, -7.25, 6.5, 3.125, -5.125, -1.875, -4.125, 7.25, -6.875, 4.875, 8.5, 4.875, -8.375, 13.5];

fn array() -> Tensor {
    Tensor::from_slice(&X, (3, 4, 5), &Device::Cpu).unwrap()
}

fn numbers(x: Result<Tensor>) -> Vec<f64> {
    x.unwrap().to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// Python: `np.percentile(x, 95.0)`, `np.percentile(x, 33.3, axis=0)` and so on, of each dtype.
#[rustfmt::skip]
#[test]
fn quantiles_are_those_of_numpy() {
    let x = array().to_dtype(DType::F64).unwrap();
    assert_eq!(numbers(percentile(&x, 95.0, None)), [17.75]);
    assert_eq!(numbers(percentile(&x, 33.3, 0)), [1.2349999999999985, -2.7185000000000015, -1.1675, 0.948999999999999, -1.2555000000000005, 1.5, -1.9200000000000004, -9.4595, -6.814000000000002, -1.175250000000001, -7.336250000000001, -2.9605, -5.962000000000001, 6.0809999999999995, -6.12575, 2.8709999999999996, 6.62475, -1.1740000000000008, -10.25375, 13.74975]);
    assert_eq!(numbers(percentile(&x, [10.0, 62.5], [1, 2])), [-10.2875, -10.149999999999999, -7.3625, 6.703125, -0.359375, 4.875]);
    assert_eq!(numbers(quantile(&x, 0.1, -1)), [-4.85, -5.7749999999999995, -6.75, -7.3999999999999995, -11.6, -21.375, -8.125, -6.3, -8.024999999999999, -6.45, -6.175, -3.0749999999999993]);
    assert_eq!(numbers(median(&x, None)), [1.5]);
    assert_eq!(numbers(median(&x, 1)), [4.125, 7.6875, -1.75, 11.0625, 9.375, -3.5, 1.0625, -8.6875, -5.6875, -2.125, 3.1875, -3.5625, -2.4375, 6.0625, 7.75]);
    assert_eq!(numbers(median(&x, 2)), [10.5, 1.5, 4.875, 6.375, 1.5, -8.875, -5.75, -1.125, 5.625, 1.5, -4.125, 4.875]);
    let x = array().to_dtype(DType::F32).unwrap();
    assert_eq!(numbers(percentile(&x, 95.0, None)), [17.75]);
    assert_eq!(numbers(percentile(&x, 33.3, 0)), [1.2350001335144043, -2.7184996604919434, -1.1675000190734863, 0.949000358581543, -1.2554998397827148, 1.5, -1.9199999570846558, -9.459500312805176, -6.814000129699707, -1.1752500534057617, -7.336249828338623, -2.9605000019073486, -5.961999893188477, 6.081000328063965, -6.1257500648498535, 2.871000051498413, 6.624750137329102, -1.1739997863769531, -10.25374984741211, 13.749750137329102]);
    assert_eq!(numbers(percentile(&x, [10.0, 62.5], [1, 2])), [-10.2875, -10.149999999999999, -7.3625, 6.703125, -0.359375, 4.875]);
    assert_eq!(numbers(quantile(&x, 0.1, -1)), [-4.849999904632568, -5.775000095367432, -6.75, -7.400000095367432, -11.600000381469727, -21.375, -8.125, -6.300000190734863, -8.024999618530273, -6.449999809265137, -6.175000190734863, -3.0749998092651367]);
    assert_eq!(numbers(median(&x, None)), [1.5]);
    assert_eq!(numbers(median(&x, 1)), [4.125, 7.6875, -1.75, 11.0625, 9.375, -3.5, 1.0625, -8.6875, -5.6875, -2.125, 3.1875, -3.5625, -2.4375, 6.0625, 7.75]);
    assert_eq!(numbers(median(&x, 2)), [10.5, 1.5, 4.875, 6.375, 1.5, -8.875, -5.75, -1.125, 5.625, 1.5, -4.125, 4.875]);
    let x = array().to_dtype(DType::F16).unwrap();
    assert_eq!(numbers(percentile(&x, 95.0, None)), [17.75]);
    assert_eq!(numbers(percentile(&x, 33.3, 0)), [1.234375, -2.71875, -1.16796875, 0.94921875, -1.255859375, 1.5, -1.919921875, -9.4609375, -6.8125, -1.17578125, -7.3359375, -2.9609375, -5.9609375, 6.08203125, -6.125, 2.87109375, 6.625, -1.173828125, -10.25, 13.75]);
    assert_eq!(numbers(percentile(&x, [10.0, 62.5], [1, 2])), [-10.2875, -10.149999999999999, -7.3625, 6.703125, -0.359375, 4.875]);
    assert_eq!(numbers(quantile(&x, 0.1, -1)), [-4.8515625, -5.77734375, -6.75, -7.40234375, -11.6015625, -21.375, -8.125, -6.30078125, -8.03125, -6.44921875, -6.17578125, -3.078125]);
    assert_eq!(numbers(median(&x, None)), [1.5]);
    assert_eq!(numbers(median(&x, 1)), [4.125, 7.6875, -1.75, 11.0625, 9.375, -3.5, 1.0625, -8.6875, -5.6875, -2.125, 3.1875, -3.5625, -2.4375, 6.0625, 7.75]);
    assert_eq!(numbers(median(&x, 2)), [10.5, 1.5, 4.875, 6.375, 1.5, -8.875, -5.75, -1.125, 5.625, 1.5, -4.125, 4.875]);
    let x = (array() * 8.0).unwrap().to_dtype(DType::I64).unwrap();
    assert_eq!(numbers(percentile(&x, 12.5, 1)), [-46.75, 26.625, -59.125, -56.875, -19.125, -86.375, -26.375, -74.75, -170.75, -66.0, -21.125, -80.125, -48.625, -25.0, -25.0]);
    assert_eq!(numbers(median(&x, [0, 1])), [12.0, 15.5, -24.5, 32.5, 32.0]);
}

#[test]
fn dtypes_are_those_of_numpy() {
    for (dtype, one, many) in [
        (DType::F64, DType::F64, DType::F64),
        (DType::F32, DType::F32, DType::F64),
        (DType::F16, DType::F16, DType::F64),
        (DType::I64, DType::F64, DType::F64),
        (DType::U8, DType::F64, DType::F64),
    ] {
        let x = array().abs().unwrap().to_dtype(dtype).unwrap();
        assert_eq!(percentile(&x, 5.0, None).unwrap().dtype(), one);
        assert_eq!(percentile(&x, [5.0], None).unwrap().dtype(), many);
        assert_eq!(median(&x, None).unwrap().dtype(), one);
    }
}

#[test]
fn nan_and_empty_arrays() {
    let x = Tensor::new(&[[1.0, f64::NAN], [2.0, 3.0]], &Device::Cpu).unwrap();
    let medians = numbers(median(&x, 1));
    assert!(medians[0].is_nan() && medians[1] == 2.5);
    assert!(numbers(quantile(&x, 0.0, None))[0].is_nan());
    let empty = Tensor::zeros((2, 0), DType::F32, &Device::Cpu).unwrap();
    assert!(numbers(median(&empty, None))[0].is_nan());
    let text = |x: Result<Tensor>| x.unwrap_err().to_string();
    assert!(text(percentile(&empty, 5.0, None)).contains("no quantiles\n  received: the shape [2, 0]"));
    assert!(text(percentile(&x, 100.5, None)).contains("from 0 to 100\n  received: 100.5"));
    assert!(text(quantile(&x, [0.5, -0.5], None)).contains("from 0 to 1\n  received: -0.5"));
    assert!(text(median(&x, 2)).contains("out of range"));
}
