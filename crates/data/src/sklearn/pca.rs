//! Few numbers in the place of many.

use super::features::not_fitted;
use crate::SplitSize;
use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result, eigh, svd};

/// Projects samples onto the axes along which they differ most. scikit-learn: `sklearn.decomposition.PCA`.
///
/// The axes have the signs of scikit-learn: the largest number of each is positive.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use candle_keras_data::sklearn::PCA;
/// let x = Tensor::new(&[[1f64, 1.], [2., 2.], [3., 3.]], &Device::Cpu)?;
/// let mut pca = PCA::new().n_components(1);
/// let projected = pca.fit_transform(&x)?;
/// assert!((projected.to_vec2::<f64>()?[2][0] - 2f64.sqrt()).abs() < 1e-9);
/// assert!((pca.explained_variance_ratio()?.to_vec1::<f64>()?[0] - 1.0).abs() < 1e-9);
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PCA {
    n_components: Option<SplitSize>,
    whiten: bool,
    is_full: bool,
    fitted: Option<Fitted>,
}

#[derive(Debug, Clone)]
struct Fitted {
    /// float64, as all of these.
    mean: Tensor,
    components: Tensor,
    explained_variance: Vec<f64>,
    explained_variance_ratio: Vec<f64>,
    singular_values: Vec<f64>,
}

impl PCA {
    /// Not fitted yet, with as many components as there are.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of components, or the share of the variance that they have together at least. Default: all.
    #[must_use]
    pub fn n_components(mut self, count: impl Into<SplitSize>) -> Self {
        self.n_components = Some(count.into());
        self
    }

    /// Whether what is projected has variance 1. Default: false.
    #[must_use]
    pub fn whiten(mut self, whiten: bool) -> Self {
        self.whiten = whiten;
        self
    }

    /// Whether large data are decomposed exactly as well. scikit-learn: `svd_solver="full"`. Default: false.
    #[must_use]
    pub fn full(mut self, is_full: bool) -> Self {
        self.is_full = is_full;
        self
    }

    /// Learns the axes from an array of shape `(samples, features)`.
    ///
    /// # Errors
    /// If the array has not two axes or not two samples; there are fewer components; or scikit-learn would approximate them with
    /// random numbers: of more than 500 samples or features, unless there are ten samples a feature and at most 1000 features.
    pub fn fit(&mut self, x: &Tensor) -> Result<()> {
        let [samples, features] = *x.dims() else {
            return Err(Error::new("PCA takes an array of two axes")
                .expected("[samples, features]")
                .received(format!("{:?}", x.dims())));
        };
        if samples < 2 || features == 0 {
            return Err(Error::new("PCA needs at least two samples of one feature").received(format!("{:?}", x.dims())));
        }
        let most = samples.min(features);
        if let Some(SplitSize::Count(count)) = self.n_components
            && count > most
        {
            return Err(Error::new("there are fewer components")
                .expected(format!("at most {most}"))
                .received(count.to_string()));
        }
        let x = host(x)?.to_dtype(DType::F64)?;
        let mean = x.mean(0)?;
        let is_tall = features <= 1000 && samples >= 10 * features;
        let is_random = |count: usize| 1 <= count && (count as f64) < 0.8 * most as f64;
        if !self.is_full
            && !is_tall
            && samples.max(features) > 500
            && matches!(self.n_components, Some(SplitSize::Count(count)) if is_random(count))
        {
            return Err(Error::new("scikit-learn approximates the components of such data with random numbers")
                .expected("at most 500 samples and features, or ten samples for each of at most 1000 features")
                .received(format!("{:?}", x.dims()))
                .help("PCA::full(true), in scikit-learn svd_solver=\"full\", computes them exactly"));
        }
        let centered = x.broadcast_sub(&mean)?;
        let (values, axes) = match is_tall && !self.is_full {
            true => by_covariance(&centered)?,
            false => match &svd(&centered, false, true)?[..] {
                [_, values, axes] => (values.to_vec1::<f64>()?, axes.to_vec2::<f64>()?),
                _ => (Vec::new(), Vec::new()),
            },
        };
        let variances: Vec<f64> = values.iter().map(|value| value * value / (samples - 1) as f64).collect();
        let total: f64 = variances.iter().sum();
        let ratios: Vec<f64> = variances.iter().map(|variance| variance / total).collect();
        let count = match self.n_components {
            None => most,
            Some(SplitSize::Count(count)) => count,
            Some(SplitSize::Share(share)) => count_for(share, &ratios)?,
        };
        let numbers: Vec<f64> = axes.into_iter().take(count).flat_map(with_sign).collect();
        let first = |numbers: &[f64]| numbers[..count].to_vec();
        self.fitted = Some(Fitted {
            mean,
            components: Tensor::from_vec(numbers, (count, features), &Device::Cpu)?,
            explained_variance: first(&variances),
            explained_variance_ratio: first(&ratios),
            singular_values: first(&values),
        });
        Ok(())
    }

    /// Itself, [fitted](Self::fit). scikit-learn: `pca = PCA(2).fit(x)`.
    ///
    /// # Errors
    /// As for `fit`.
    pub fn fitted(mut self, x: &Tensor) -> Result<Self> {
        self.fit(x)?;
        Ok(self)
    }

    /// Projects samples: float32 stays float32, anything else becomes float64.
    ///
    /// # Shapes
    /// `(samples, features)` becomes `(samples, components)`.
    ///
    /// # Errors
    /// If it is not fitted, or the array has other features.
    pub fn transform(&self, x: &Tensor) -> Result<Tensor> {
        let fitted = self.learned()?;
        let centered = self.checked(x, fitted.mean.dims()[0])?.broadcast_sub(&fitted.mean)?;
        let projected = centered.matmul(&fitted.components.t()?)?;
        Ok(if self.whiten { projected.broadcast_div(&fitted.deviations()?)? } else { projected }
            .to_dtype(dtype_of(x))?)
    }

    /// [`fit`](Self::fit), and [`transform`](Self::transform) of the same array.
    ///
    /// # Errors
    /// As for `fit`.
    pub fn fit_transform(&mut self, x: &Tensor) -> Result<Tensor> {
        self.fit(x)?;
        self.transform(x)
    }

    /// The samples in the space of the components that are projected to `x`.
    ///
    /// # Errors
    /// If it is not fitted, or the array has another number of components.
    pub fn inverse_transform(&self, x: &Tensor) -> Result<Tensor> {
        let fitted = self.learned()?;
        let projected = self.checked(x, fitted.components.dims()[0])?;
        let projected = if self.whiten { projected.broadcast_mul(&fitted.deviations()?)? } else { projected };
        Ok(projected.matmul(&fitted.components)?.broadcast_add(&fitted.mean)?.to_dtype(dtype_of(x))?)
    }

    fn checked(&self, x: &Tensor, width: usize) -> Result<Tensor> {
        match x.dims() {
            [_, own] if *own == width => Ok(host(x)?.to_dtype(DType::F64)?),
            dims => Err(Error::new("PCA was fitted to another number of features")
                .expected(format!("[samples, {width}]"))
                .received(format!("{dims:?}"))),
        }
    }

    fn learned(&self) -> Result<&Fitted> {
        self.fitted.as_ref().ok_or_else(|| not_fitted("PCA"))
    }
}

macro_rules! learned {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        impl PCA {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// If it is not fitted.
                pub fn $name(&self) -> Result<Tensor> {
                    Ok(Tensor::new(&self.learned()?.$name[..], &Device::Cpu)?)
                }
            )*

            /// The axes, one a row. scikit-learn: `pca.components_`.
            ///
            /// # Errors
            /// If it is not fitted.
            pub fn components(&self) -> Result<Tensor> {
                Ok(self.learned()?.components.clone())
            }

            /// The mean of each feature. scikit-learn: `pca.mean_`.
            ///
            /// # Errors
            /// If it is not fitted.
            pub fn mean(&self) -> Result<Tensor> {
                Ok(self.learned()?.mean.clone())
            }
        }
    };
}

learned! {
    /// The variance along each axis. scikit-learn: `pca.explained_variance_`.
    explained_variance;
    /// The share that each axis has of the variance. scikit-learn: `pca.explained_variance_ratio_`.
    explained_variance_ratio;
    /// The singular value of each axis. scikit-learn: `pca.singular_values_`.
    singular_values;
}

impl Fitted {
    fn deviations(&self) -> Result<Tensor> {
        let deviations: Vec<f64> = self.explained_variance.iter().map(|x| x.sqrt().max(f64::EPSILON)).collect();
        Ok(Tensor::new(deviations, &Device::Cpu)?)
    }
}

fn host(x: &Tensor) -> Result<Tensor> {
    Ok(x.detach().to_device(&Device::Cpu)?.contiguous()?)
}

fn dtype_of(x: &Tensor) -> DType {
    if x.dtype() == DType::F32 { DType::F32 } else { DType::F64 }
}

/// The singular values in falling order, and the axes, by the eigenvectors of the covariance.
fn by_covariance(centered: &Tensor) -> Result<(Vec<f64>, Vec<Vec<f64>>)> {
    let products = centered.t()?.contiguous()?.matmul(centered)?;
    let [values, vectors] = &eigh(&products)?[..] else { return Ok((Vec::new(), Vec::new())) };
    let values = values.to_vec1::<f64>()?.into_iter().rev().map(|value| value.max(0.0).sqrt()).collect();
    let axes = vectors.t()?.contiguous()?.to_vec2::<f64>()?.into_iter().rev().collect();
    Ok((values, axes))
}

/// How many components have more than this share of the variance together.
fn count_for(share: f64, ratios: &[f64]) -> Result<usize> {
    let is_share = 0.0 < share && share < 1.0;
    if !is_share {
        return Err(Error::new("a share of the variance")
            .expected("a number between 0 and 1")
            .received(share.to_string()));
    }
    let mut sum = 0.0;
    let found = ratios.iter().position(|ratio| {
        sum += ratio;
        sum > share
    });
    Ok(found.map_or(ratios.len(), |place| place + 1))
}

/// Turned so that the number that is largest in magnitude is positive.
fn with_sign(axis: Vec<f64>) -> Vec<f64> {
    let largest = axis.iter().fold(0.0f64, |largest, &x| if x.abs() > largest.abs() { x } else { largest });
    if largest < 0.0 { axis.into_iter().map(|x| -x).collect() } else { axis }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What scikit-learn 1.9 computes of the same numbers.
    #[test]
    fn axes_are_those_of_sklearn() {
        let x = Tensor::new(&[[2.0f64, 1., 0.], [0., 3., 1.], [4., -1., 2.], [1., 1., 5.]], &Device::Cpu).unwrap();
        let pca = PCA::new().n_components(2).fitted(&x).unwrap();
        let close = |a: Tensor, expected: &[f64]| {
            let a = a.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            assert!(a.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-7) && a.len() == expected.len(), "{a:?}");
        };
        close(
            pca.components().unwrap(),
            &[
                -0.669856020057494,
                0.6894362468697947,
                -0.2756276000237017,
                -0.3027780005670456,
                0.08531277164340453,
                0.9492350674975838,
            ],
        );
        close(pca.explained_variance_ratio().unwrap(), &[0.5389388976811756, 0.4598120308478866]);
        let error = PCA::new().n_components(2).fit(&Tensor::zeros((600, 100), DType::F64, &Device::Cpu).unwrap());
        assert!(error.unwrap_err().to_string().contains("svd_solver"));
        assert_eq!(PCA::new().n_components(0.7).fitted(&x).unwrap().components().unwrap().dims(), [2, 3]);
    }
}
