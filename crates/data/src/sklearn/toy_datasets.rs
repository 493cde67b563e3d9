//! Small data sets of scikit-learn, which are in the program. They are from the UCI Machine Learning Repository.

use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};

/// A data set to try things with. scikit-learn: what `sklearn.datasets.load_iris()` returns.
#[derive(Debug, Clone)]
pub struct ToyDataset {
    data: Tensor,
    target: Tensor,
    feature_names: &'static [&'static str],
    target_names: &'static [&'static str],
}

/// 150 irises of three species, by the lengths and widths of sepals and petals. scikit-learn: `sklearn.datasets.load_iris`.
///
/// ```
/// use candle_keras_data::sklearn::load_iris;
/// let iris = load_iris()?;
/// assert_eq!((iris.data().dims(), iris.target().dims()), (&[150, 4][..], &[150][..]));
/// assert_eq!(iris.target_names()[0], "setosa");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there is not enough memory.
pub fn load_iris() -> Result<ToyDataset> {
    let features = &["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"];
    ToyDataset::read(include_str!("data/iris.csv"), features, &["setosa", "versicolor", "virginica"])
}

/// 178 wines of three growers, by what is in them. scikit-learn: `sklearn.datasets.load_wine`.
///
/// ```
/// use candle_keras_data::sklearn::load_wine;
/// let (data, target) = load_wine()?.into_parts();
/// assert_eq!((data.dims(), target.to_vec1::<i64>()?[177]), (&[178, 13][..], 2));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If there is not enough memory.
pub fn load_wine() -> Result<ToyDataset> {
    let features = &[
        "alcohol",
        "malic_acid",
        "ash",
        "alcalinity_of_ash",
        "magnesium",
        "total_phenols",
        "flavanoids",
        "nonflavanoid_phenols",
        "proanthocyanins",
        "color_intensity",
        "hue",
        "od280/od315_of_diluted_wines",
        "proline",
    ];
    ToyDataset::read(include_str!("data/wine.csv"), features, &["class_0", "class_1", "class_2"])
}

impl ToyDataset {
    /// Of a file with the sizes in its first line, and the class at the end of each other one.
    fn read(file: &str, feature_names: &'static [&'static str], target_names: &'static [&'static str]) -> Result<Self> {
        let (mut data, mut target) = (Vec::new(), Vec::new());
        for line in file.lines().skip(1) {
            let numbers = line.split(',').map(str::parse).collect::<std::result::Result<Vec<f64>, _>>();
            let mut numbers = numbers.map_err(|cause| Error::new(format!("{line:?} has no numbers: {cause}")))?;
            target.extend(numbers.pop().map(|class| class as i64));
            data.extend(numbers);
        }
        let shape = (target.len(), feature_names.len());
        let data = Tensor::from_vec(data, shape, &Device::Cpu)?;
        Ok(Self { data, target: Tensor::new(target, &Device::Cpu)?, feature_names, target_names })
    }

    /// The features, as float64.
    ///
    /// # Shapes
    /// `(samples, features)`
    pub fn data(&self) -> &Tensor {
        &self.data
    }

    /// The class of each sample, as int64.
    pub fn target(&self) -> &Tensor {
        &self.target
    }

    /// What the features are.
    pub fn feature_names(&self) -> &'static [&'static str] {
        self.feature_names
    }

    /// What the classes are.
    pub fn target_names(&self) -> &'static [&'static str] {
        self.target_names
    }

    /// Features and classes. scikit-learn: `load_iris(return_X_y=True)`.
    pub fn into_parts(self) -> (Tensor, Tensor) {
        (self.data, self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums that NumPy computes of scikit-learn's arrays.
    #[test]
    fn all_numbers_are_there() {
        for (set, total, classes) in [(load_iris(), 2078.7, 150), (load_wine(), 159975.295999, 167)] {
            let (data, target) = set.unwrap().into_parts();
            let sum = data.sum_all().unwrap().to_scalar::<f64>().unwrap();
            assert!((sum - total).abs() < 1e-6, "{sum}");
            assert_eq!(target.sum_all().unwrap().to_scalar::<i64>().unwrap(), classes);
        }
    }
}
