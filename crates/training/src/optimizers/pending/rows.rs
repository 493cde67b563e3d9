//! Updates some rows of several tensors together.

use candle_keras_ops::cores::{self, SHARED_FROM};
use candle_keras_ops::update::WORK_PER_ELEMENT;

/// The maximum number of tensors that are updated together.
pub(super) const MOST_TENSORS: usize = 8;

/// An update of one row of a weight and its slots, with the row's number.
type OnRow<'a> = dyn Fn(&mut [&mut [f32]], u32) + Sync + 'a;

/// Runs `f` on each of these distinct rows of all tensors, with the number paired with the row; in parallel if there are many.
pub(super) fn each_row(memory: &mut [&mut [f32]], width: usize, rows: &mut [(u32, u32)], f: &OnRow) {
    let work = width.max(1) * WORK_PER_ELEMENT;
    if rows.len() * work < SHARED_FROM {
        return one_by_one(memory, width, 0, rows, f);
    }
    rows.sort_unstable_by_key(|(row, _)| *row);
    let mut parts = Vec::new();
    let mut rest: Vec<&mut [f32]> = memory.iter_mut().map(|tensor| &mut **tensor).collect();
    let mut first = 0;
    for rows in rows.chunks((SHARED_FROM / 2).div_ceil(work)) {
        // Each chunk has the memory from its first row to its last.
        let (begin, end) = (rows[0].0, rows[rows.len() - 1].0 + 1);
        let mut part = Vec::with_capacity(rest.len());
        for rest in &mut rest {
            let (_, behind) = std::mem::take(rest).split_at_mut((begin - first) as usize * width);
            let (own, behind) = behind.split_at_mut((end - begin) as usize * width);
            part.push(own);
            *rest = behind;
        }
        first = end;
        parts.push((part, begin, rows));
    }
    cores::each(parts, |(mut memory, first, rows)| one_by_one(&mut memory, width, first, rows, f));
}

/// The rows on this core; `memory` begins with the row `first`.
fn one_by_one(memory: &mut [&mut [f32]], width: usize, first: u32, rows: &[(u32, u32)], f: &OnRow) {
    let count = memory.len();
    for &(row, number) in rows {
        let mut parts: [&mut [f32]; MOST_TENSORS] = Default::default();
        let at = (row - first) as usize * width;
        for (part, memory) in parts.iter_mut().zip(memory.iter_mut()) {
            *part = &mut memory[at..at + width];
        }
        f(&mut parts[..count], number);
    }
}
