//! Arrays of a row for each sample and a column for each feature, as scalers take them.

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};

/// The numbers of an array of two axes.
pub(super) struct Features {
    numbers: Vec<f64>,
    pub(super) width: usize,
    pub(super) is_single: bool,
}

impl Features {
    /// float32 stays float32, as in scikit-learn; anything else becomes float64.
    pub(super) fn of(x: &Tensor) -> Result<Self> {
        let [_, width] = x.dims() else {
            return Err(Error::new("a scaler takes an array of two axes")
                .expected("[samples, features]")
                .received(format!("{:?}", x.dims()))
                .help("x.reshape(((), 1)) makes one feature of a list of numbers"));
        };
        let numbers = x.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
        Ok(Self { numbers, width: *width, is_single: x.dtype() == DType::F32 })
    }

    /// Those that a scaler was fitted to.
    pub(super) fn of_width(x: &Tensor, width: usize) -> Result<Self> {
        let features = Self::of(x)?;
        if features.width != width {
            return Err(Error::new("the scaler was fitted to another number of features")
                .expected(format!("[samples, {width}]"))
                .received(format!("{:?}", x.dims())));
        }
        Ok(features)
    }

    /// The numbers of a feature that are not missing.
    pub(super) fn column(&self, feature: usize) -> impl Iterator<Item = f64> + Clone {
        self.numbers.iter().skip(feature).step_by(self.width.max(1)).copied().filter(|x| !x.is_nan())
    }

    /// A number in the dtype of the array.
    pub(super) fn rounded(&self, x: f64) -> f64 {
        if self.is_single { f64::from(x as f32) } else { x }
    }

    /// What a feature is divided by: 1 in the place of almost nothing.
    pub(super) fn divisor(&self, scale: f64) -> f64 {
        let epsilon = if self.is_single { f64::from(f32::EPSILON) } else { f64::EPSILON };
        if scale < 10.0 * epsilon { 1.0 } else { scale }
    }

    /// Each number less the center of its feature, divided by the feature's scale.
    pub(super) fn centered(&self, center: &[f64], scale: &[f64]) -> Result<Tensor> {
        self.map(|x, i| self.rounded(x - self.rounded(center[i])) / self.rounded(scale[i]))
    }

    /// What [`centered`](Self::centered) makes into these numbers.
    pub(super) fn uncentered(&self, center: &[f64], scale: &[f64]) -> Result<Tensor> {
        self.map(|x, i| self.rounded(x * self.rounded(scale[i])) + self.rounded(center[i]))
    }

    /// Each number by this function of it and its feature.
    pub(super) fn map(&self, f: impl Fn(f64, usize) -> f64) -> Result<Tensor> {
        let numbers = self.numbers.iter().enumerate().map(|(i, x)| f(*x, i % self.width)).collect::<Vec<_>>();
        let shape = (numbers.len() / self.width.max(1), self.width);
        let dtype = if self.is_single { DType::F32 } else { DType::F64 };
        Ok(Tensor::from_vec(numbers, shape, &Device::Cpu)?.to_dtype(dtype)?)
    }
}

/// What all scalers do with what they have learned, which is in `fitted`.
macro_rules! fitted_scaler {
    ($scaler:ident) => {
        impl $scaler {
            /// Itself, [fitted](Self::fit).
            ///
            /// # Errors
            /// As for `fit`.
            pub fn fitted(mut self, x: &Tensor) -> Result<Self> {
                self.fit(x)?;
                Ok(self)
            }

            /// [`fit`](Self::fit), and [`transform`](Self::transform) of the same array.
            ///
            /// # Errors
            /// As for `fit`.
            pub fn fit_transform(&mut self, x: &Tensor) -> Result<Tensor> {
                self.fit(x)?;
                self.transform(x)
            }

            fn learned(&self) -> Result<&Fitted> {
                self.fitted.as_ref().ok_or_else(|| super::features::not_fitted(stringify!($scaler)))
            }
        }
    };
}
pub(super) use fitted_scaler;

pub(super) fn not_fitted(scaler: &str) -> Error {
    Error::new(format!("this {scaler} is not fitted yet")).help("call fit or fit_transform before")
}
