//! Axes split, moved and merged as a pattern says. Keras: `keras/src/ops/einops.py`.

use crate::shape::{reshaped, transpose};
use crate::{Error, lengths};
use candle_core::{Result, Tensor};
use hashbrown::HashMap;

/// The tensor with its axes rearranged: `"b h w c -> b (h w) c"`. Names in parentheses are parts of one axis, whose sizes are in `axes_lengths`, except
/// for one at most. Keras: `ops.rearrange(tensor, pattern, **axes_lengths)`.
///
/// ```
/// use candle_keras_ops::{DType, Device, Tensor, rearrange};
/// let images = Tensor::zeros((2, 30, 40, 3), DType::F32, &Device::Cpu)?;
/// let patches = rearrange(&images, "b (h p) (w q) c -> b (h w) (p q c)", &[("p", 10), ("q", 20)])?;
/// assert_eq!(patches.dims(), [2, 6, 600]);
/// # Ok::<(), candle_core::Error>(())
/// ```
///
/// # Errors
/// If the pattern does not fit the tensor.
pub fn rearrange(tensor: &Tensor, pattern: &str, axes_lengths: &[(&str, usize)]) -> Result<Tensor> {
    lengths::check([tensor])?;
    let wrong = |what: &str| {
        Error::new(what)
            .expected("as in \"b h w c -> b (h w) c\"")
            .received(format!("{pattern:?} with {axes_lengths:?} for a tensor of the shape {:?}", tensor.dims()))
    };
    let sides = pattern.split_once("->").and_then(|(from, to)| Some((groups(from)?, groups(to)?)));
    let (from, to) = sides.ok_or_else(|| wrong("this is no pattern of axes"))?;
    if from.len() != tensor.rank() {
        return Err(wrong("the pattern has a name or a group for each axis").into());
    }
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    for (group, &size) in from.iter().zip(tensor.dims()) {
        let given = |name: &&str| axes_lengths.iter().find(|(known, _)| known == name).map(|(_, length)| *length);
        let unknown: Vec<&str> = group.iter().copied().filter(|name| given(name).is_none()).collect();
        let known = lengths::elements(&group.iter().filter_map(given).collect::<Vec<_>>())?;
        let fits = match unknown.len() {
            0 => known == size,
            1 => known > 0 && size % known == 0,
            _ => false,
        };
        if !fits {
            return Err(wrong("the sizes of the parts multiply to the size of an axis").into());
        }
        for name in group {
            if sizes.insert(*name, given(name).unwrap_or(size / known.max(1))).is_some() {
                return Err(wrong("each name is there once").into());
            }
        }
    }
    let names: Vec<&str> = from.concat();
    let order: Option<Vec<i64>> =
        to.iter().flatten().map(|name| Some(names.iter().position(|other| other == name)? as i64)).collect();
    let order =
        order.filter(|order| order.len() == names.len()).ok_or_else(|| wrong("both sides have the same names"))?;
    let split: Vec<usize> = names.iter().map(|name| sizes[name]).collect();
    let of_group = |group: &Vec<&str>| lengths::elements(&group.iter().map(|name| sizes[name]).collect::<Vec<_>>());
    let merged = to.iter().map(of_group).collect::<Result<Vec<_>>>()?;
    lengths::elements(&split)?;
    reshaped(&transpose(&reshaped(tensor, &split)?, Some(&order))?.contiguous()?, &merged)
}

/// The names of each axis of one side.
fn groups(side: &str) -> Option<Vec<Vec<&str>>> {
    let (mut groups, mut rest) = (Vec::new(), side.trim());
    while !rest.is_empty() {
        let (group, after) = match rest.strip_prefix('(') {
            Some(inside) => inside.split_once(')')?,
            None => rest.split_at(rest.find(|c: char| c.is_whitespace() || c == '(').unwrap_or(rest.len())),
        };
        let names: Vec<&str> = group.split_whitespace().collect();
        let is_name = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if names.is_empty() || !names.iter().all(is_name) {
            return None;
        }
        groups.push(names);
        rest = after.trim_start();
    }
    Some(groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{assert_gradients, values};

    #[test]
    fn axes_are_moved_merged_and_split() {
        let x = values([2, 6, 4, 3], 1);
        let y = rearrange(&x, "b (h p) (w q) c->(b h w) p q c", &[("h", 2), ("q", 2)]).unwrap();
        assert_eq!(y.dims(), [8, 3, 2, 3]);
        let at = |x: &Tensor, at: [usize; 4]| {
            at.iter().try_fold(x.clone(), |x, &i| x.get(i)).unwrap().to_scalar::<f64>().unwrap()
        };
        assert_eq!(at(&y, [7, 2, 1, 0]), at(&x, [1, 5, 3, 0]));
        assert_eq!(at(&y, [2, 1, 0, 2]), at(&x, [0, 4, 0, 2]));
        assert_eq!(rearrange(&x, "b h w c -> c (w h) b", &[]).unwrap().dims(), [3, 24, 2]);
        assert_gradients(&[values([2, 6], 1)], |x| rearrange(&x[0], "a (b c) -> (c a) b", &[("b", 3)]));
    }

    #[test]
    fn patterns_that_do_not_fit_are_errors() {
        let x = values([2, 6], 1);
        for (pattern, sizes) in [
            ("a b", &[][..]),
            ("a b c -> a b c", &[]),
            ("a b -> a", &[]),
            ("a b -> a c", &[]),
            ("a a -> a a", &[]),
            ("a (b c) -> a b c", &[]),
            ("a (b c) -> a b c", &[("b", 4)]),
            ("a (b c) -> a b c", &[("b", 0)]),
            ("a (b c -> a b c", &[("b", 2)]),
            ("a ... -> a ...", &[]),
            ("a () -> a ()", &[]),
        ] {
            assert!(rearrange(&x, pattern, sizes).is_err(), "{pattern}");
        }
        let error = rearrange(&x, "a (b c) -> a b c", &[("b", 4)]).unwrap_err().to_string();
        assert!(error.contains("(b c)") && error.contains("[2, 6]"), "{error}");
    }
}
