//! One test for each defect of candle that is worked around here. A failing test means that candle has fixed it, and
//! that the workaround it names can be removed.

use candle_core::{DType, Device, Tensor, Var};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn gradient_at_zero(f: impl Fn(&Tensor) -> candle_core::Result<Tensor>) -> f32 {
    let x = Var::zeros(1, DType::F32, &Device::Cpu).unwrap();
    let grads = f(x.as_tensor()).unwrap().sum_all().unwrap().backward().unwrap();
    grads.get(&x).unwrap().to_vec1::<f32>().unwrap()[0]
}

/// `ops::relu`: the gradient at 0 is 0.
#[test]
fn relu_has_the_gradient_1_at_0() {
    assert_eq!(gradient_at_zero(Tensor::relu), 1.0);
}

/// `ops::abs`: the gradient at 0 is 0.
#[test]
fn abs_has_the_gradient_1_at_0() {
    assert_eq!(gradient_at_zero(Tensor::abs), 1.0);
}

/// `ops::max` and `ops::min`: equal elements share the gradient.
#[test]
fn max_gives_each_of_equal_elements_the_full_gradient() {
    let x = Var::new(&[2f32, 2.], &Device::Cpu).unwrap();
    let grads = x.max(0).unwrap().backward().unwrap();
    assert_eq!(grads.get(&x).unwrap().to_vec1::<f32>().unwrap(), [1., 1.]);
}

/// `activations::gelu`: the gradient is computed from the density, not from rounded constants.
#[test]
fn the_gradient_of_gelu_is_exact_to_six_digits_only() {
    let x = Var::new(&[1f64], &Device::Cpu).unwrap();
    let grads = x.gelu_erf().unwrap().backward().unwrap();
    let found = grads.get(&x).unwrap().to_vec1::<f64>().unwrap()[0];
    // Phi(1) + phi(1)
    let apart = (found - 1.083_315_470_587_686_3).abs();
    assert!(apart > 1e-10 && apart < 1e-4, "{apart}");
}

/// `ops::embedding_lookup`: the gradient is rows.
#[test]
fn the_gradient_of_index_select_is_a_whole_table() {
    let table = Var::zeros((1000, 2), DType::F32, &Device::Cpu).unwrap();
    let ids = Tensor::new(&[3u32], &Device::Cpu).unwrap();
    let grads = table.index_select(&ids, 0).unwrap().sum_all().unwrap().backward().unwrap();
    assert_eq!(grads.get(&table).unwrap().dims(), [1000, 2]);
}

/// `ops::random`: candle's random numbers cannot be seeded on the CPU.
#[test]
fn the_cpu_cannot_be_seeded() {
    assert!(Device::Cpu.set_seed(1).is_err());
}

/// `ops::softmax`: candle-nn's fast softmax silently loses its gradient.
#[test]
fn softmax_last_dim_has_no_gradient() {
    let x = Var::new(&[[1f32, 2.]], &Device::Cpu).unwrap();
    let y = candle_nn::ops::softmax_last_dim(x.as_tensor()).unwrap().narrow(1, 0, 1).unwrap();
    assert!(y.sum_all().unwrap().backward().unwrap().get(&x).is_none());
}

/// `ops::matmul`: candle reads /proc/cpuinfo at each product to learn how many threads it may use, which takes longer than a
/// small product does. With RAYON_NUM_THREADS set it does not.
#[test]
#[cfg(target_os = "linux")]
fn the_number_of_threads_is_looked_up_each_time() {
    if std::env::var("RAYON_NUM_THREADS").is_ok() {
        return;
    }
    let start = std::time::Instant::now();
    (0..100).for_each(|_| _ = std::hint::black_box(candle_core::utils::get_num_threads()));
    assert!(start.elapsed() > std::time::Duration::from_micros(200), "{:?}", start.elapsed());
}

/// The largest difference between candle's gradient and finite differences, in f64.
fn wrong_by(x: &Tensor, f: impl Fn(&Tensor) -> candle_core::Result<Tensor>) -> f64 {
    use candle_keras::ops::gradcheck::{finite_differences, weighted_sum};
    let var = Var::from_tensor(x).unwrap();
    let value = |x: &Tensor| weighted_sum(&f(x).unwrap()).unwrap();
    let grads = value(var.as_tensor()).backward().unwrap();
    let moved = std::cell::RefCell::new(x.clone());
    let set = |x: &Tensor| {
        *moved.borrow_mut() = x.clone();
        Ok(())
    };
    let differences = finite_differences(x, set, || value(&moved.borrow()).to_scalar::<f64>()).unwrap();
    let found = grads.get(&var).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
    found.iter().zip(differences).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// `ops::conv`, which also takes sequences: candle's conv1d gives a batch the wrong gradient of its kernel.
#[test]
fn conv1d_has_a_wrong_gradient_for_more_than_one_sample() {
    use candle_keras::ops::gradcheck::values;
    let (x, kernel) = (values([3, 2, 5], 1), values([4, 2, 2], 2));
    assert!(wrong_by(&kernel, |kernel| x.conv1d(kernel, 0, 1, 1, 1)) > 0.1);
    let one = x.narrow(0, 0, 1).unwrap();
    assert!(wrong_by(&kernel, |kernel| one.conv1d(kernel, 0, 1, 1, 1)) < 1e-6);
}

/// `ops::get_item`: the part is empty, but candle looks for its first element.
#[test]
fn an_empty_part_behind_the_memory_panics() {
    let x = Tensor::zeros((2, 5), DType::F32, &Device::Cpu).unwrap().narrow(1, 5, 0).unwrap().narrow(0, 2, 0).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| x.flatten_all()?.to_dtype(DType::F64))).is_err());
}

/// `ops` refuses tensors of more than 8 axes.
#[test]
fn nine_axes_panic() {
    let x = Tensor::zeros(&[2; 9], DType::F32, &Device::Cpu).unwrap().transpose(0, 8).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| x.contiguous()?.add(&x))).is_err());
}

/// `ops::pool`: candle's gradient of a maximum over 2 x 2 is a quarter of what it should be.
#[test]
fn max_pool2d_has_a_quarter_of_the_gradient() {
    use candle_keras::ops::gradcheck::values;
    assert!(wrong_by(&values([1, 1, 4, 4], 1), |x| x.max_pool2d(2)) > 0.1);
}

/// `ops::pool`: candle puts the gradient into wrong cells where the window does not divide the size.
#[test]
fn avg_pool2d_of_an_odd_size_has_a_wrong_gradient() {
    use candle_keras::ops::gradcheck::values;
    assert!(wrong_by(&values([1, 1, 5, 5], 1), |x| x.avg_pool2d(2)) > 0.01);
}

/// `ops::normalize`: candle-nn's layer normalization silently loses the gradient.
#[test]
fn layer_norm_has_no_gradient() {
    let x = Var::new(&[[1f32, 2., 4.]], &Device::Cpu).unwrap();
    let ones = Tensor::ones(3, DType::F32, &Device::Cpu).unwrap();
    let y = candle_nn::ops::layer_norm(x.as_tensor(), &ones, &ones, 1e-3).unwrap();
    assert!(y.sqr().unwrap().sum_all().unwrap().backward().unwrap().get(&x).is_none());
}
