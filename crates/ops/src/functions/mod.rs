//! The functions of `keras.ops`, for tensors and for symbolic tensors alike: one line of `operations!` each.
//!
//! A function takes its operands first, then the other arguments in Keras's order. `()` and `None` stand for Python's `None`.

mod creation;
mod elementwise;
#[cfg(test)]
mod gradients;
#[cfg(test)]
mod keras_cases;
mod linear_algebra;
mod losses;
mod math;
mod nn;
mod normalization;
mod products;
mod reductions;
mod selection;
mod shapes;
mod windows;

pub use creation::*;
pub use elementwise::*;
pub use linear_algebra::*;
pub use losses::*;
pub use math::*;
pub use nn::*;
pub use normalization::*;
pub use products::*;
pub use reductions::*;
pub use selection::*;
pub use shapes::*;
pub use windows::*;

use crate::config;
use crate::integers;
use crate::operation::{
    AxisList, Class, Contraction, FrameWindow, Integers, Key, Numbers, Operand, Order, PadWidth, SomeAxes, SomeDType,
    SomeIntegers, SomeName, Spec, operations, promoted_dtype,
};
use crate::{Axes, DTypeName};
use candle_core::{DType, Result, Tensor};
use std::sync::LazyLock;

/// Lists the groups of operations in each file.
macro_rules! groups {
    ($($file:ident: $($group:ident)*;)*) => {
        /// The operations as values: `operations::Add {}`.
        pub mod operations {
            $($(pub use super::$file::$group::*;)*)*
        }

        /// All classes of operations.
        pub fn classes() -> &'static [&'static Class] {
            static ALL: LazyLock<Vec<&'static Class>> =
                LazyLock::new(|| [$($($file::$group::CLASSES),*),*].concat());
            &ALL
        }
    };
}

groups! {
    elementwise: arithmetics arrays bits comparisons dtypes more_arithmetics more_special more_unary parts special unary;
    linear_algebra: decompositions log_determinants signed_determinants;
    losses: crossentropies label_sequences;
    math: frame_transforms frames segments transforms;
    nn: activations gates more_activations softmaxes;
    normalization: attentions normalizations;
    products: contractions matrices more_products of_vectors;
    reductions: extrema logarithms moments rows_of statistics sums without_nan;
    selection: chosen_elements codes largest sorted;
    shapes: diagonals joined moved neighbours parts_of;
    windows: blocks convolutions patches pools;
}

/// The names of the functions in this module, which are those of `keras.ops`.
pub fn names() -> Vec<&'static str> {
    const OTHERS: &[&str] = &[
        "absolute",
        "arange",
        "associative_scan",
        "bartlett",
        "bincount",
        "blackman",
        "cond",
        "conj",
        "custom_gradient",
        "empty",
        "empty_like",
        "eye",
        "fori_loop",
        "full",
        "geomspace",
        "hamming",
        "hanning",
        "histogram",
        "identity",
        "kaiser",
        "linspace",
        "logspace",
        "map",
        "ndim",
        "nonzero",
        "ones",
        "rearrange",
        "scan",
        "scatter",
        "scatter_update",
        "select",
        "shape",
        "size",
        "slice",
        "slice_update",
        "switch",
        "tri",
        "unique",
        "unstack",
        "vectorize",
        "vectorized_map",
        "while_loop",
        "zeros",
    ];
    classes().iter().map(|class| class.function.trim_end_matches('_')).chain(OTHERS.iter().copied()).collect()
}

/// All in one dtype.
fn common(operands: &[&Tensor]) -> Result<Vec<Tensor>> {
    let dtype = promoted_dtype(&operands.iter().map(|x| x.dtype()).collect::<Vec<_>>());
    operands.iter().map(|x| x.to_dtype(dtype)).collect()
}

/// `f` of the two in one dtype.
fn of_both(x: &Tensor, y: &Tensor, f: impl Fn(&Tensor, &Tensor) -> Result<Tensor>) -> Result<Tensor> {
    let both = common(&[x, y])?;
    f(&both[0], &both[1])
}

/// `whole` of whole numbers on the host, which candle does not compute, `float` of others.
fn by_kind(x: &Tensor, whole: impl Fn(i64) -> i64, float: impl Fn(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
    if integers::are_whole(&[x]) { integers::map(x, whole) } else { float(x) }
}

/// [`by_kind`] of two.
fn by_kind2(
    x: &Tensor,
    y: &Tensor,
    whole: impl Fn(i64, i64) -> i64,
    float: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    of_both(x, y, |x, y| match integers::are_whole(&[x, y]) {
        true => integers::map2(x, y, x.shape().broadcast_shape_binary_op(y.shape(), "op")?.dims(), &whole),
        false => float(x, y),
    })
}

/// 1 where an element is not 0, as u8.
fn truth(x: &Tensor) -> Result<Tensor> {
    x.detach().ne(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};
    use crate::{Device, Index};

    #[test]
    fn bytes_are_true_unless_they_are_0() {
        let of = |bytes: &[u8]| Tensor::new(bytes, &Device::Cpu).unwrap();
        let (x, y) = (of(&[0, 1, 2, 16]), of(&[16, 2, 1, 16]));
        let bytes = |x: Result<Tensor>| x.unwrap().to_vec1::<u8>().unwrap();
        assert_eq!(bytes(logical_and(&x, &y)), [0, 1, 1, 1]);
        assert_eq!(bytes(logical_xor(&x, &y)), [1, 0, 0, 0]);
        assert_eq!(bytes(logical_or(&x, &x)), [0, 1, 1, 1]);
        assert_eq!(count_nonzero(&x, ()).unwrap().to_scalar::<i32>().unwrap(), 3);
    }

    #[test]
    fn gradients_agree_with_finite_differences() {
        let (x, y) = (values([2, 3], 1), values([3], 2));
        let positive = (x.abs().unwrap() + 0.5).unwrap();
        for f in [add, subtract, multiply, maximum, minimum] {
            assert_gradients(&[x.clone(), y.clone()], |v| f(&v[0], &v[1]));
            assert_gradients(&[y.clone(), x.clone()], |v| f(&v[0], &v[1]));
        }
        assert_gradients(&[y.clone(), positive.clone()], |v| divide(&v[0], &v[1]));
        assert_gradients(&[positive, y.clone()], |v| power(&v[0], &v[1]));
        assert_gradients(&[x.clone(), x.clone()], |v| stack(v, 1));
        assert_gradients(&[x.clone(), values([3, 4], 3)], |v| matmul(&v[0], &v[1]));
        assert_gradients(&[values([2, 4, 3], 1), values([2, 3, 5], 3)], |v| matmul(&v[0], &v[1]));
        assert_gradients(std::slice::from_ref(&x), |v| transpose(&v[0], ()));
        assert_gradients(&[values([2, 3, 4], 1)], |v| transpose(&v[0], [0, -1, 1]));
        assert_gradients(&[values([2, 1, 4, 1], 1)], |v| squeeze(&v[0], ()));
        let key = [Index::Ellipsis, Index::NewAxis, Index::Slice { start: Some(-4), stop: None, step: Some(2) }];
        assert_gradients(&[values([2, 3, 5], 1)], |v| get_item(&v[0], key.clone()));
        assert_gradients(&[values([2, 3, 5], 1)], |v| get_item(&v[0], [Index::from(..), 1.into()]));
        let condition = x.gt(0.0).unwrap();
        assert_gradients(&[x.clone(), y], |v| where_(&condition, &v[0], &v[1]));
        let ids = Tensor::new(&[[1i64, -1, 1], [0, 0, 2]], &Device::Cpu).unwrap();
        assert_gradients(std::slice::from_ref(&x), |v| take(&v[0], &ids, 1));
        assert_gradients(std::slice::from_ref(&x), |v| take(&v[0], &ids, ()));
        assert_gradients(std::slice::from_ref(&x), |v| take_along_axis(&v[0], &ids, -1));
        assert_gradients(std::slice::from_ref(&x), |v| take_along_axis(&v[0], &ids, ()));
        let segments = Tensor::new(&[1u32, 0, 1], &Device::Cpu).unwrap();
        // An empty segment of a maximum is infinite, where no difference is.
        assert_gradients(&[values([3, 2], 1)], |v| segment_max(&v[0], &segments, Some(2), false));
        assert_gradients(&[values([3, 2], 1)], |v| segment_min(&v[0], &segments, Some(2), false));
        assert_gradients(&[values([3, 2], 1)], |v| segment_prod(&v[0], &segments, Some(3), false));
        assert_gradients(&[values([3, 2], 1)], |v| segment_sum(&v[0], &segments, Some(3), false));
        let definite =
            |v: &Tensor| (matmul(v, &v.t()?)? + Tensor::eye(3, crate::DType::F64, &Device::Cpu)?)?.contiguous();
        for upper in [false, true] {
            assert_gradients(&[values([3, 3], 1)], |v| cholesky(&definite(&v[0])?, upper));
            assert_gradients(&[values([3, 3], 1)], |v| cholesky_inverse(&cholesky(&definite(&v[0])?, upper)?, upper));
        }
        let target = values([2, 3], 4).abs().unwrap();
        let p = (values([2, 3], 5).tanh().unwrap() * 0.4).and_then(|p| p + 0.5).unwrap();
        for from_logits in [false, true] {
            assert_gradients(std::slice::from_ref(&p), |v| binary_crossentropy(&target, &v[0], from_logits));
            assert_gradients(std::slice::from_ref(&p), |v| categorical_crossentropy(&target, &v[0], from_logits, 0));
            let ids = Tensor::new(&[2i64, 0], &Device::Cpu).unwrap();
            assert_gradients(std::slice::from_ref(&p), |v| {
                sparse_categorical_crossentropy(&ids, &v[0], from_logits, -1)
            });
        }
    }

    #[test]
    fn an_operation_that_does_not_match_is_an_error() {
        let x = Tensor::new(&[[1f32, 2.]], &Device::Cpu).unwrap();
        assert!(get_item(&x, [Index::from(2)]).is_err());
        assert!(get_item(&x, [Index::Ellipsis, Index::Ellipsis]).is_err());
        assert!(get_item(&x, vec![Index::from(..); 3]).is_err());
        assert!(transpose(&x, [0, 0]).is_err());
        assert!(cast(&x, "flaot32").unwrap_err().to_string().contains("float32"));
        assert!(concatenate::<Tensor, Tensor>(&[], 0).is_err());
    }
}
