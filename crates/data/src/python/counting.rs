//! Counts of things. Python: `collections.Counter`.

use indexmap::IndexMap;
use std::hash::Hash;

/// How often each thing occurs, in the order of first occurrence. Python: `Counter(items)`.
///
/// ```
/// use candle_keras_data::python::{count, most_common};
/// let counts = count("a b a c".split(' '));
/// assert_eq!(counts["a"], 2);
/// assert_eq!(most_common(&counts, 2), [("a", 2), ("b", 1)]);
/// ```
pub fn count<T: Hash + Eq>(items: impl IntoIterator<Item = T>) -> IndexMap<T, usize> {
    let mut counts = IndexMap::new();
    for item in items {
        *counts.entry(item).or_insert(0) += 1;
    }
    counts
}

/// The things that occur most often, as many as `n` says, or all; of equal counts the first. Python: `counts.most_common(n)`.
///
/// ```
/// use candle_keras_data::python::{count, most_common};
/// assert_eq!(most_common(&count("hello".chars()), 1), [('l', 2)]);
/// assert_eq!(most_common(&count("hello".chars()), None).len(), 4);
/// ```
pub fn most_common<T: Clone, N: Copy + Ord>(counts: &IndexMap<T, N>, n: impl Into<Option<usize>>) -> Vec<(T, N)> {
    let mut pairs: Vec<_> = counts.iter().map(|(item, &count)| (item.clone(), count)).collect();
    pairs.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    pairs.truncate(n.into().unwrap_or(usize::MAX));
    pairs
}
