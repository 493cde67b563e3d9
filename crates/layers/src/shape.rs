//! Shapes as Keras writes them: `(None, 20, 64)`.

use crate::{Context, Layer, TensorSpec};
use candle_core::{Device, Tensor};
use candle_keras_ops::random::Stream;
use candle_keras_ops::{Error, Result, Spec};
use std::fmt;
use std::ops::Deref;

/// The sizes of a tensor's dimensions; `None` is unknown until there is data, as the batch size is.
///
/// ```
/// use candle_keras_layers::Shape;
/// assert_eq!(Shape::from([20, 64]).batched().to_string(), "(None, 20, 64)");
/// assert_eq!(Shape::from([Some(3), None]).to_string(), "(3, None)");
/// assert_eq!(Shape::from([3]).to_string(), "(3,)");
/// assert_eq!(Shape::from((None, 8)).to_string(), "(None, 8)");
/// assert_eq!(Shape::from((None, 8)).size(-1), Some(8));
/// ```
#[derive(Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Shape(Vec<Option<usize>>);

impl Shape {
    /// The shape of a batch of such samples: with an unknown size in front.
    pub fn batched(&self) -> Self {
        Self(std::iter::once(None).chain(self.0.iter().copied()).collect())
    }

    /// The same for batches of any size.
    pub(crate) fn any_batch(&self) -> Self {
        self.0.iter().enumerate().map(|(axis, size)| size.filter(|_| axis > 0)).collect()
    }

    /// The product of the sizes, if all are known and it does not overflow.
    pub fn elem_count(&self) -> Option<usize> {
        self.0.iter().try_fold(1usize, |product, size| product.checked_mul((*size)?))
    }

    /// The size of an axis, from the end if negative: `shape.size(-1)` is the last. `None` if it is unknown, or there is no such axis.
    pub fn size(&self, axis: i64) -> Option<usize> {
        let axis = if axis < 0 { axis + self.0.len() as i64 } else { axis };
        *self.0.get(usize::try_from(axis).ok()?)?
    }

    /// Whether a tensor with these sizes has this shape.
    pub fn accepts(&self, dims: &[usize]) -> bool {
        self.0.len() == dims.len() && self.0.iter().zip(dims).all(|(size, dim)| size.is_none_or(|size| size == *dim))
    }
}

/// The shape and dtype of a function's output, found by running it on ones with two values for every unknown size.
///
/// # Errors
/// If the function fails, or the rank of the output is not constant.
pub(crate) fn by_running(
    inputs: &[TensorSpec],
    f: impl Fn(&[Tensor]) -> Result<Vec<Tensor>>,
) -> Result<Vec<TensorSpec>> {
    /// A shape with more elements than this is more likely a mistake than a model.
    const MOST_ELEMENTS: usize = 1 << 26;
    by_trying(inputs, |inputs| {
        let one = |input: &Spec| match Shape::from(input.shape.as_slice()).elem_count() {
            Some(count) if count <= MOST_ELEMENTS => {
                Ok(Tensor::ones(input.shape.as_slice(), input.dtype, &Device::Cpu)?)
            }
            _ => Err(Error::new("the input is too large to try the function on")
                .received(format!("shape {:?}", input.shape))
                .help("with output_shape given, the function is not tried")),
        };
        let outputs = f(&inputs.iter().map(one).collect::<Result<Vec<_>>>()?)?;
        Ok(outputs.iter().map(Spec::of).collect())
    })
}

/// The shapes of a layer's outputs, found by running it on ones as in predictions.
///
/// # Errors
/// As [`by_running`], and if the layer has weights and is not built.
pub(crate) fn of_forward(layer: &dyn Layer, inputs: &[Shape]) -> Result<Vec<Shape>> {
    let dtype = layer.base().compute_dtype();
    let inputs: Vec<_> = inputs.iter().map(|shape| TensorSpec::new(shape.clone(), dtype)).collect();
    let outputs = by_running(&inputs, |ones| layer.forward(ones, &mut Context::eager(false, Stream::new(0, 0))))?;
    Ok(outputs.into_iter().map(|output| output.shape).collect())
}

/// The shapes and dtypes of a function's outputs from `f`, which gives those for sizes that are known: with two values for every unknown size.
///
/// # Errors
/// If `f` fails, or the rank of an output is not constant.
pub(crate) fn by_trying(inputs: &[TensorSpec], f: impl Fn(&[Spec]) -> Result<Vec<Spec>>) -> Result<Vec<TensorSpec>> {
    let try_with = |unknown: usize| {
        let known = |TensorSpec { shape, dtype, .. }: &TensorSpec| {
            Spec::new(shape.iter().map(|size| size.unwrap_or(unknown)).collect::<Vec<_>>(), *dtype)
        };
        f(&inputs.iter().map(known).collect::<Vec<_>>())
    };
    let try_both = |a, b| Ok((try_with(a)?, try_with(b)?));
    // Some functions need more than a few steps, or a number with many divisors.
    let is_open = inputs.iter().any(|input| input.shape.iter().any(Option::is_none));
    let (first, second) = try_both(2, 3)
        .or_else(|error| if is_open { try_both(60, 120).map_err(|_: Error| error) } else { Err(error) })?;
    let both = |(a, b): (Spec, Spec)| {
        if a.shape.len() != b.shape.len() {
            return Err(Error::new("the rank of the output depends on the sizes that are not known yet")
                .received(format!("outputs of shapes {:?} and {:?}", a.shape, b.shape))
                .help("name the axes that are squeezed or reduced"));
        }
        let shape: Shape = a.shape.iter().zip(&b.shape).map(|(a, b)| (a == b).then_some(*a)).collect();
        Ok(TensorSpec::new(shape, a.dtype))
    };
    first.into_iter().zip(second).map(both).collect()
}

impl Deref for Shape {
    type Target = [Option<usize>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<_> = self.0.iter().map(|size| size.map_or("None".into(), |size| size.to_string())).collect();
        match sizes.as_slice() {
            [one] => write!(f, "({one},)"),
            sizes => write!(f, "({})", sizes.join(", ")),
        }
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T: Copy + Into<Size>, const N: usize> From<[T; N]> for Shape {
    fn from(sizes: [T; N]) -> Self {
        Self(sizes.into_iter().map(|size| size.into().0).collect())
    }
}

/// Python's tuples: `(None, 8)`.
macro_rules! tuples {
    ($(($($size:ident: $type:ident),+);)*) => {$(
        impl<$($type: Into<Size>),+> From<($($type,)+)> for Shape {
            fn from(($($size,)+): ($($type,)+)) -> Self {
                Self(vec![$($size.into().0),+])
            }
        }
    )*};
}

tuples! {
    (a: A);
    (a: A, b: B);
    (a: A, b: B, c: C);
    (a: A, b: B, c: C, d: D);
    (a: A, b: B, c: C, d: D, e: E);
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Self {
        Self(dims.iter().copied().map(Some).collect())
    }
}

impl FromIterator<Option<usize>> for Shape {
    fn from_iter<I: IntoIterator<Item = Option<usize>>>(sizes: I) -> Self {
        Self(sizes.into_iter().collect())
    }
}

/// One size of a [`Shape`]: a number, or `None`.
#[derive(Debug, Clone, Copy)]
pub struct Size(Option<usize>);

impl From<usize> for Size {
    fn from(size: usize) -> Self {
        Self(Some(size))
    }
}

impl From<Option<usize>> for Size {
    fn from(size: Option<usize>) -> Self {
        Self(size)
    }
}
