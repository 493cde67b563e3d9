//! Small data sets of scikit-learn, which are from the UCI Machine Learning Repository. They are downloaded once, as those of Keras are.

use crate::{GetFile, get_file};
use candle_core::{Device, Tensor};
use candle_keras_ops::{Error, Result};
use std::fs;

const ORIGIN: &str = "https://raw.githubusercontent.com/scikit-learn/scikit-learn/1.7.2/sklearn/datasets/data/";

/// SHA-256 of the files.
const IRIS: &str = "f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449";
const WINE: &str = "10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede";

fn file(name: &str, hash: &str) -> Result<String> {
    let arguments = GetFile::new().origin(format!("{ORIGIN}{name}")).file_hash(hash).cache_subdir("datasets/sklearn");
    let path = get_file(name, arguments)?;
    fs::read_to_string(&path).map_err(|cause| Error::new(format!("{} cannot be read: {cause}", path.display())))
}

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
/// ```no_run
/// use candle_keras_data::sklearn::load_iris;
/// let iris = load_iris()?;
/// assert_eq!((iris.data().dims(), iris.target().dims()), (&[150, 4][..], &[150][..]));
/// assert_eq!(iris.target_names()[0], "setosa");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the file can be neither found in the cache of [`get_file`] nor downloaded.
pub fn load_iris() -> Result<ToyDataset> {
    let features = &["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"];
    ToyDataset::read(&file("iris.csv", IRIS)?, features, &["setosa", "versicolor", "virginica"])
}

/// 178 wines of three growers, by what is in them. scikit-learn: `sklearn.datasets.load_wine`.
///
/// ```no_run
/// use candle_keras_data::sklearn::load_wine;
/// let (data, target) = load_wine()?.into_parts();
/// assert_eq!((data.dims(), target.to_vec1::<i64>()?[177]), (&[178, 13][..], 2));
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
///
/// # Errors
/// If the file can be neither found in the cache of [`get_file`] nor downloaded.
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
    ToyDataset::read(&file("wine_data.csv", WINE)?, features, &["class_0", "class_1", "class_2"])
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

    #[test]
    fn the_class_stands_behind_the_features() {
        let set = ToyDataset::read("2,2,a,b\n5.1,3.5,0\n6.25,3.0,1\n", &["length", "width"], &["a", "b"]).unwrap();
        let (data, target) = set.into_parts();
        assert_eq!(data.to_vec2::<f64>().unwrap(), [[5.1, 3.5], [6.25, 3.0]]);
        assert_eq!(target.to_vec1::<i64>().unwrap(), [0, 1]);
        assert!(ToyDataset::read("1,1,a\nx,0\n", &["length"], &["a"]).unwrap_err().to_string().contains("\"x,0\""));
    }
}
