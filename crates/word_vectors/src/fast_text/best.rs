//! The best of many scores, in the order in which fastText has them.

/// The `k` highest scores. Which of equal scores are kept, and in which order, is as in fastText's program, whose sigmoid has 512 values, so
/// that scores often are equal: this is the heap of the standard library that it is built with.
#[derive(Debug)]
pub(super) struct Best {
    k: usize,
    /// The lowest is first.
    heap: Vec<(f32, u32)>,
}

impl Best {
    /// # Panics
    /// If `k` is 0.
    pub fn of(k: usize) -> Self {
        assert!(k > 0, "the best of none");
        Self { k, heap: Vec::new() }
    }

    /// Whether a score has no place among the best.
    pub fn excludes(&self, score: f32) -> bool {
        self.heap.len() == self.k && score < self.heap[0].0
    }

    pub fn push(&mut self, score: f32, label: u32) {
        if self.excludes(score) {
            return;
        }
        let last = self.heap.len();
        self.heap.push((score, label));
        rise(&mut self.heap, last, (score, label));
        if self.heap.len() > self.k {
            take_lowest(&mut self.heap);
            self.heap.pop();
        }
    }

    /// The best, the highest first. Nothing is to be pushed afterwards, before [`clear`](Self::clear).
    pub fn sort(&mut self) -> &[(f32, u32)] {
        for len in (2..=self.heap.len()).rev() {
            take_lowest(&mut self.heap[..len]);
        }
        &self.heap
    }

    /// Begins again with none.
    pub fn clear(&mut self) {
        self.heap.clear();
    }
}

/// Puts an item where the place is free, or above it.
fn rise(heap: &mut [(f32, u32)], mut free: usize, item: (f32, u32)) {
    while free > 0 && heap[(free - 1) / 2].0 > item.0 {
        heap[free] = heap[(free - 1) / 2];
        free = (free - 1) / 2;
    }
    heap[free] = item;
}

/// Moves the lowest to the end; the others are a heap before it.
fn take_lowest(heap: &mut [(f32, u32)]) {
    let Some((last, heap)) = heap.split_last_mut() else { return };
    let Some(&lowest) = heap.first() else { return };
    let item = std::mem::replace(last, lowest);
    // The free place goes down to a leaf, and the item rises from there.
    let mut free = 0;
    loop {
        let (left, right) = (2 * free + 1, 2 * free + 2);
        let child = match (heap.get(left), heap.get(right)) {
            (Some(a), Some(b)) if b.0 > a.0 => left,
            (Some(_), Some(_)) => right,
            (Some(_), None) => left,
            _ => break,
        };
        heap[free] = heap[child];
        free = child;
    }
    rise(heap, free, item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_come_first() {
        let mut best = Best::of(3);
        for (label, score) in [0.5, 0.1, 0.9, 0.9, 0.2, 0.7].into_iter().enumerate() {
            best.push(score, label as u32);
        }
        assert!(best.excludes(0.6) && !best.excludes(0.7));
        assert_eq!(best.sort().iter().map(|best| best.0).collect::<Vec<_>>(), [0.9, 0.9, 0.7]);
        // Fewer than asked for, and one alone.
        let mut few = Best::of(usize::MAX);
        [(0.1, 0), (0.3, 1), (0.2, 2)].into_iter().for_each(|(score, label)| few.push(score, label));
        assert_eq!(few.sort(), [(0.3, 1), (0.2, 2), (0.1, 0)]);
        few.clear();
        assert_eq!(few.sort(), []);
    }

    /// As `std::push_heap`, `std::pop_heap` and `std::sort_heap` of libstdc++ leave them.
    #[test]
    fn equal_scores_are_in_the_order_of_the_program() {
        let order = |k, scores: &[f32]| -> Vec<u32> {
            let mut best = Best::of(k);
            scores.iter().zip(0..).for_each(|(&score, label)| best.push(score, label));
            best.sort().iter().map(|best| best.1).collect()
        };
        let scores = [0.5, 0.2, 0.5, 0.5, 0.9, 0.2, 0.5, 0.9, 0.1, 0.5, 0.9, 0.2];
        assert_eq!(order(1, &scores), [10]);
        assert_eq!(order(3, &scores), [10, 7, 4]);
        assert_eq!(order(5, &scores), [4, 10, 7, 3, 0]);
        assert_eq!(order(7, &scores), [4, 7, 10, 3, 0, 9, 2]);
        assert_eq!(order(12, &scores), [4, 10, 7, 0, 9, 3, 2, 6, 1, 11, 5, 8]);
    }
}
