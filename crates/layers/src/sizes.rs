//! Sizes along each axis of an image or a sequence: `3`, `(3, 5)`, `[3, 5]`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number for each of `N` axes; one number stands for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes<const N: usize>(pub [usize; N]);

impl<const N: usize> From<usize> for Sizes<N> {
    fn from(size: usize) -> Self {
        Self([size; N])
    }
}

impl<const N: usize> From<[usize; N]> for Sizes<N> {
    fn from(sizes: [usize; N]) -> Self {
        Self(sizes)
    }
}

impl From<(usize, usize)> for Sizes<2> {
    fn from((height, width): (usize, usize)) -> Self {
        Self([height, width])
    }
}

impl<const N: usize> Serialize for Sizes<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_slice().serialize(serializer)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Sizes<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(usize),
            Each(Vec<usize>),
        }
        match Form::deserialize(deserializer)? {
            Form::One(size) => Ok(size.into()),
            Form::Each(sizes) => sizes.try_into().map(Self).map_err(|sizes: Vec<usize>| {
                serde::de::Error::custom(format!("{N} sizes are needed, not {}", sizes.len()))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_or_a_list_as_keras_writes_them() {
        let read = |json: &str| serde_json::from_str::<Sizes<2>>(json);
        assert_eq!(read("3").unwrap(), 3.into());
        assert_eq!(read("[3, 5]").unwrap(), (3, 5).into());
        assert!(read("[3]").is_err() && read("\"3\"").is_err());
        assert_eq!(serde_json::to_string(&Sizes::from([3, 5])).unwrap(), "[3,5]");
    }
}
