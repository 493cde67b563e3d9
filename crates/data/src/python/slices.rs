//! Parts of lists as Python takes them.

use candle_keras_ops::{Error, Result};
use std::ops::{Bound, RangeBounds};

/// A part of a list. It ends where the list ends, and negative places count from there. Python: `items[start:stop]`.
///
/// ```
/// use candle_keras_data::python::slice;
/// let items = [1, 2, 3];
/// assert_eq!(slice(&items, ..10), [1, 2, 3]);
/// assert_eq!(slice(&items, -2..), [2, 3]);
/// assert!(slice(&items, 2..1).is_empty());
/// ```
pub fn slice<T, N: Copy + TryInto<i64>>(items: &[T], range: impl RangeBounds<N>) -> &[T] {
    let place = |place: N| match place.try_into() {
        Ok(place) if place < 0 => {
            items.len().saturating_sub(usize::try_from(place.unsigned_abs()).unwrap_or(usize::MAX))
        }
        Ok(place) => usize::try_from(place).map_or(items.len(), |place| place.min(items.len())),
        Err(_) => items.len(),
    };
    let start = match range.start_bound() {
        Bound::Unbounded => 0,
        Bound::Included(&start) => place(start),
        Bound::Excluded(&before) => (place(before) + 1).min(items.len()),
    };
    let end = match range.end_bound() {
        Bound::Unbounded => items.len(),
        Bound::Excluded(&end) => place(end),
        Bound::Included(&last) => (place(last) + 1).min(items.len()),
    };
    if start < end { &items[start..end] } else { &[] }
}

/// The place of an element in a list of this length. Negative ones count from the end. Python: `items[index]`.
///
/// # Errors
/// If the list has no such element.
///
/// ```
/// use candle_keras_data::python::place;
/// assert_eq!((place(1, 3)?, place(-1, 3)?), (1, 2));
/// assert!(place(3, 3).is_err() && place(-4, 3).is_err());
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
pub fn place(index: i64, len: usize) -> Result<usize> {
    let from_start = usize::try_from(index).ok().filter(|&place| place < len);
    let from_end = || len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?).filter(|_| index < 0);
    from_start.or_else(from_end).ok_or_else(|| {
        Error::new("an index is out of range")
            .expected(format!("-{len} to {len}, without the latter"))
            .received(index.to_string())
    })
}

/// An end of a part of what has this length: negative ones count from its end, and none is behind it. Python: `x[:end]`.
///
/// ```
/// use candle_keras_data::python::bound;
/// assert_eq!((bound(2, 5), bound(-2, 5), bound(9, 5), bound(-9, 5)), (2, 3, 5, 0));
/// ```
pub fn bound(end: i64, len: usize) -> usize {
    let far = usize::try_from(end.unsigned_abs()).unwrap_or(usize::MAX);
    if end < 0 { len.saturating_sub(far) } else { far.min(len) }
}

#[cfg(test)]
mod tests {
    use super::slice;

    #[test]
    fn slices_are_those_of_python() {
        let items: Vec<i64> = (0..5).collect();
        assert_eq!(slice(&items, 1..3), [1, 2]);
        assert_eq!(slice(&items, ..-1), [0, 1, 2, 3]);
        assert_eq!(slice(&items, -9..2), [0, 1]);
        assert_eq!(slice(&items, 3usize..9), [3, 4]);
        assert_eq!(slice::<i64, i64>(&[], -1..), [0; 0]);
        assert!(slice(&items, 7u32..).is_empty());
    }
}
