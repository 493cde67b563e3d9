//! What is permuted or chosen from, and with which probabilities.

use crate::arrays::{Element, Nested, ToTensor};
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

/// A number of items, which stands for the numbers below it, or an array, of whose rows one is an item.
///
/// A number, a tensor, a `Vec` or a slice becomes one.
#[derive(Debug)]
pub struct Population(Result<Items>);

#[derive(Debug)]
enum Items {
    Below(usize),
    Rows(Tensor),
}

impl Population {
    fn get(&self) -> Result<&Items> {
        // The text of an error is complete.
        self.0.as_ref().map_err(|error| Error::new(error.to_string()))
    }

    /// The number of rows.
    pub(super) fn rows(&self) -> Result<usize> {
        match self.get()? {
            Items::Below(count) => Ok(*count),
            Items::Rows(x) => x.dims().first().copied().ok_or_else(|| {
                Error::new("an array without axes has no order").expected("a number or an array with at least 1 axis")
            }),
        }
    }

    /// The number of items, which have no axes.
    pub(super) fn items(&self) -> Result<usize> {
        if let Items::Rows(x) = self.get()?
            && x.rank() != 1
        {
            return Err(Error::new("what is chosen from must have one axis")
                .expected("a number, or an array with 1 axis")
                .received(format!("an array of the shape {:?}", x.dims()))
                .help("rows are chosen by their numbers: choice(x.dim(0)?, ...)"));
        }
        self.rows()
    }

    /// The items at these places, as an array of this shape, followed by that of an item.
    pub(super) fn at(&self, places: &[usize], shape: &[usize]) -> Result<Tensor> {
        let numbers =
            |places: &[usize]| Tensor::from_vec(places.iter().map(|&i| i as i64).collect(), shape, &Device::Cpu);
        match self.get()? {
            Items::Below(_) => Ok(numbers(places)?),
            Items::Rows(x) => {
                let rows = x
                    .detach()
                    .contiguous()?
                    .index_select(&numbers(places)?.flatten_all()?.to_device(x.device())?, 0)?;
                Ok(rows.reshape([shape, &x.dims()[1..]].concat())?)
            }
        }
    }
}

macro_rules! counts {
    ($($number:ty),*) => {$(
        impl From<$number> for Population {
            fn from(count: $number) -> Self {
                Self(usize::try_from(count).map(Items::Below).map_err(|_| {
                    Error::new("a number of items is negative").expected("at least 0").received(count.to_string())
                }))
            }
        }
    )*};
}

counts!(usize, i32, i64, u32);

impl From<&Tensor> for Population {
    fn from(x: &Tensor) -> Self {
        Self(Ok(Items::Rows(x.clone())))
    }
}

impl<E: Element + Nested> From<&[E]> for Population {
    fn from(items: &[E]) -> Self {
        Self(items.to_tensor().map(Items::Rows))
    }
}

impl<E: Element + Nested> From<&Vec<E>> for Population {
    fn from(items: &Vec<E>) -> Self {
        items.as_slice().into()
    }
}

impl<E: Element + Nested, const N: usize> From<&[E; N]> for Population {
    fn from(items: &[E; N]) -> Self {
        items.as_slice().into()
    }
}

/// The probabilities of items: `None` if they are equal, or an array of floating-point numbers whose sum is 1.
///
/// As in NumPy, the sum may differ from 1 by as much as the dtype rounds: the outputs of a softmax need not be divided by it again.
#[derive(Debug)]
pub struct Probabilities(Result<Option<Given>>);

#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) p: Vec<f64>,
    /// How far their sum may be from 1.
    pub(super) tolerance: f64,
}

impl Probabilities {
    pub(super) fn get(&self) -> Result<Option<&Given>> {
        let given = self.0.as_ref().map_err(|error| Error::new(error.to_string()))?;
        Ok(given.as_ref())
    }

    fn of(x: &Tensor) -> Result<Given> {
        if x.rank() != 1 {
            return Err(Error::new("probabilities must have one axis").received(format!("the shape {:?}", x.dims())));
        }
        let epsilon = match x.dtype() {
            DType::F16 => 2f64.powi(-10),
            DType::BF16 => 2f64.powi(-7),
            DType::F32 => f64::from(f32::EPSILON),
            _ => f64::EPSILON,
        };
        let p = x.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1()?;
        Ok(Given { p, tolerance: epsilon.sqrt() })
    }
}

impl From<Option<&Tensor>> for Probabilities {
    fn from(p: Option<&Tensor>) -> Self {
        Self(p.map(Self::of).transpose())
    }
}

impl From<()> for Probabilities {
    fn from((): ()) -> Self {
        Self(Ok(None))
    }
}

impl From<&Tensor> for Probabilities {
    fn from(p: &Tensor) -> Self {
        Some(p).into()
    }
}

macro_rules! probabilities {
    ($($number:ty),*) => {$(
        impl From<&[$number]> for Probabilities {
            fn from(p: &[$number]) -> Self {
                Self(p.to_tensor().and_then(|p| Self::of(&p)).map(Some))
            }
        }

        impl From<&Vec<$number>> for Probabilities {
            fn from(p: &Vec<$number>) -> Self {
                p.as_slice().into()
            }
        }

        impl<const N: usize> From<&[$number; N]> for Probabilities {
            fn from(p: &[$number; N]) -> Self {
                p.as_slice().into()
            }
        }
    )*};
}

probabilities!(f32, f64);
