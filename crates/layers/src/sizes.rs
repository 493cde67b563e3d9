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

impl From<(usize, usize, usize)> for Sizes<3> {
    fn from((depth, height, width): (usize, usize, usize)) -> Self {
        Self([depth, height, width])
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

/// Numbers before and behind each of `N` axes; one number stands for both, or for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pairs<const N: usize>(pub [[usize; 2]; N]);

impl<const N: usize> From<usize> for Pairs<N> {
    fn from(size: usize) -> Self {
        Self([[size; 2]; N])
    }
}

impl<const N: usize> From<[[usize; 2]; N]> for Pairs<N> {
    fn from(pairs: [[usize; 2]; N]) -> Self {
        Self(pairs)
    }
}

/// Before and behind the one axis.
impl From<(usize, usize)> for Pairs<1> {
    fn from((before, behind): (usize, usize)) -> Self {
        Self([[before, behind]])
    }
}

/// On both sides of the rows, and of the columns.
impl From<(usize, usize)> for Pairs<2> {
    fn from((height, width): (usize, usize)) -> Self {
        Self([[height; 2], [width; 2]])
    }
}

/// On both sides of each axis.
impl From<(usize, usize, usize)> for Pairs<3> {
    fn from((depth, height, width): (usize, usize, usize)) -> Self {
        Self([[depth; 2], [height; 2], [width; 2]])
    }
}

type Pair = (usize, usize);

impl From<(Pair, Pair)> for Pairs<2> {
    fn from((height, width): (Pair, Pair)) -> Self {
        Self([height.into(), width.into()])
    }
}

impl From<(Pair, Pair, Pair)> for Pairs<3> {
    fn from((depth, height, width): (Pair, Pair, Pair)) -> Self {
        Self([depth.into(), height.into(), width.into()])
    }
}

/// As Keras writes them: a pair for the one axis, otherwise a list of pairs.
impl<const N: usize> Serialize for Pairs<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [pair] => pair.serialize(serializer),
            pairs => pairs.serialize(serializer),
        }
    }
}

impl<'de, const N: usize> Deserialize<'de> for Pairs<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            One(usize),
            Each(Vec<Sizes<2>>),
        }
        match Form::deserialize(deserializer)? {
            Form::One(size) => Ok(size.into()),
            Form::Each(pairs) => match (<[Sizes<2>; N]>::try_from(pairs), N) {
                (Ok(pairs), 2..) => Ok(Self(pairs.map(|pair| pair.0))),
                // Before and behind the one axis.
                (Ok(_), _) => Err(serde::de::Error::custom("two sizes are needed, not 1")),
                (Err(pairs), 1) => match pairs.as_slice() {
                    [Sizes([a, b]), Sizes([c, d])] if a == b && c == d => Ok(Self([[*a, *c]; N])),
                    _ => Err(serde::de::Error::custom(format!("two sizes are needed, not {}", pairs.len()))),
                },
                (Err(pairs), _) => {
                    Err(serde::de::Error::custom(format!("{N} pairs of sizes are needed, not {}", pairs.len())))
                }
            },
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

    #[test]
    fn pairs_as_keras_writes_them() {
        let two = |json: &str| serde_json::from_str::<Pairs<2>>(json);
        assert_eq!(two("3").unwrap(), 3.into());
        assert_eq!(two("[3, 5]").unwrap(), (3, 5).into());
        assert_eq!(two("[[3, 4], [5, 6]]").unwrap(), ((3, 4), (5, 6)).into());
        assert!(two("[3]").is_err() && two("[1, 2, 3]").is_err() && two("[[1, 2, 3], 4]").is_err());
        let one = |json: &str| serde_json::from_str::<Pairs<1>>(json);
        assert_eq!((one("3").unwrap(), one("[3, 5]").unwrap()), (3.into(), (3, 5).into()));
        assert!(one("[3]").is_err() && one("[1, 2, 3]").is_err());
        assert_eq!(serde_json::to_string(&Pairs::<1>::from((3, 5))).unwrap(), "[3,5]");
        assert_eq!(serde_json::to_string(&Pairs::<2>::from((3, 5))).unwrap(), "[[3,3],[5,5]]");
    }
}
