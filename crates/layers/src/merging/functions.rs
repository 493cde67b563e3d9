//! The merging layers as functions. Keras: `keras.layers.add` and so on.

use super::{Add, Average, Concatenate, Dot, DotAxes, Maximum, Minimum, Multiply, Subtract};
use crate::{CallInputs, Callable, Layer};

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) = $layer:expr;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        pub fn $name<I: CallInputs>(inputs: I $(, $argument: $type)*) -> <I::Tensor as Callable>::Output {
            $layer.call(inputs)
        }
    )*};
}

functions! {
    /// The sum of its inputs: a call of [`Add`].
    ///
    /// ```
    /// use candle_keras_layers::{Input, add};
    /// let (a, b) = (Input::shape([8]), Input::shape([8]));
    /// assert_eq!(add([&a, &b]).shape()?.to_string(), "(None, 8)");
    /// # Ok::<(), candle_keras_layers::Error>(())
    /// ```
    add() = Add::new();
    /// The mean of its inputs: a call of [`Average`].
    average() = Average::new();
    /// Its inputs one after another along `axis`: a call of [`Concatenate`].
    concatenate(axis: i64) = Concatenate::new().axis(axis);
    /// The products of its two inputs over an axis of each: a call of [`Dot`].
    dot(axes: impl Into<DotAxes>) = Dot::new(axes);
    /// The largest of its inputs: a call of [`Maximum`].
    maximum() = Maximum::new();
    /// The smallest of its inputs: a call of [`Minimum`].
    minimum() = Minimum::new();
    /// The product of its inputs: a call of [`Multiply`].
    multiply() = Multiply::new();
    /// The first input minus the second: a call of [`Subtract`].
    subtract() = Subtract::new();
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Tensor};

    #[test]
    fn functions_are_calls_of_the_layers() {
        let of = |numbers: [f32; 2]| Tensor::new(&[numbers], &Device::Cpu).unwrap();
        let (a, b) = (of([1., 4.]), of([3., 2.]));
        let numbers = |y: crate::Result<Tensor>| y.unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(numbers(add([&a, &b])), [4., 6.]);
        assert_eq!(numbers(average([&a, &b])), [2., 3.]);
        assert_eq!(numbers(concatenate([&a, &b], -1)), [1., 4., 3., 2.]);
        assert_eq!(numbers(dot([&a, &b], 1)), [11.]);
        assert_eq!(numbers(maximum([&a, &b])), [3., 4.]);
        assert_eq!(numbers(minimum([&a, &b])), [1., 2.]);
        assert_eq!(numbers(multiply([&a, &b])), [3., 8.]);
        assert_eq!(numbers(subtract([&a, &b])), [-2., 2.]);
    }
}
