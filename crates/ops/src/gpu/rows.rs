//! Rows of tables: the gradient of a table from those of its looked-up rows (candle's `index_add` walks the ids one after another), and the index
//! of the largest element of each.

use super::{Source, Threads, change, given, make};
use candle_core::{DType, Result, Tensor};

const SOURCE: Source = Source { name: "rows", text: include_str!("rows.cu") };

/// Adds `gradients`, one row for each of `ids`, to the rows of `table` in place.
pub(crate) fn add_rows(table: &Tensor, ids: &[u32], gradients: &Tensor) -> Result<()> {
    let (rows, width) = (Grouped::new(ids), table.dim(1)?);
    let on = |numbers: &[u32]| Tensor::from_slice(numbers, numbers.len(), table.device());
    let (different, starts, order) = (on(&rows.ids)?, on(&rows.starts)?, on(&rows.order)?);
    let gradients = gradients.contiguous()?;
    let given = given![&gradients, &different, &starts, &order, rows.ids.len(), width];
    change(SOURCE, "add_rows", &[table], &given, Threads::grid(rows.ids.len(), width))
}

/// The index of the first largest element of each row over the last axis, or of the first NaN, as u32. (candle's `argmax` gives any of equal ones.)
pub(crate) fn argmax(x: &Tensor) -> Result<Tensor> {
    let (shape, width) = x.dims().split_at(x.rank() - 1);
    let (input, rows) = (x.detach().contiguous()?, shape.iter().product());
    let [indices] =
        make(SOURCE, "argmax", x, [&shape.into()], &given![&input, width[0]], Threads::rows(rows, width[0]))?;
    indices.tensor()?.to_dtype(DType::U32)
}

/// The positions of each distinct id.
struct Grouped {
    /// The distinct ids, in rising order.
    ids: Vec<u32>,
    /// Where the positions of each start in `order`, and where the last end.
    starts: Vec<u32>,
    /// The positions of all ids, in rising order for each.
    order: Vec<u32>,
}

impl Grouped {
    fn new(all: &[u32]) -> Self {
        let mut order: Vec<u32> = (0..all.len() as u32).collect();
        order.sort_by_key(|&i| all[i as usize]);
        let (mut ids, mut starts) = (Vec::new(), Vec::new());
        for (i, &at) in order.iter().enumerate() {
            let id = all[at as usize];
            if ids.last() != Some(&id) {
                ids.push(id);
                starts.push(i as u32);
            }
        }
        starts.push(order.len() as u32);
        Self { ids, starts, order }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_id_has_its_places_in_order() {
        let rows = Grouped::new(&[7, 2, 7, 0, 2, 7]);
        assert_eq!((rows.ids, rows.starts), (vec![0, 2, 7], vec![0, 1, 3, 6]));
        assert_eq!(rows.order, [3, 1, 4, 0, 2, 5]);
        assert_eq!(Grouped::new(&[]).starts, [0]);
    }
}
