//! The tree of hierarchical softmax: frequent words have short paths (Huffman, 1952). It is built as word2vec and fastText build it, since files
//! have the counts, not the tree.

/// Leaves are numbered first, inner nodes after them; the root is last.
#[derive(Debug, Clone)]
pub(crate) struct Huffman {
    leaves: usize,
    /// The left and the right child of each inner node.
    children: Vec<(u32, u32)>,
}

impl Huffman {
    /// The tree over leaves that are as frequent as this, the most frequent first. It has one inner node less than leaves.
    pub(crate) fn new(counts: &[u64]) -> Self {
        let leaves = counts.len();
        let mut sums: Vec<u64> = Vec::with_capacity(leaves);
        let mut children = Vec::with_capacity(leaves);
        // The next leaf from the end, and the next inner node: whichever is rarer.
        let (mut leaf, mut node) = (leaves, 0);
        for _ in 1..leaves {
            let mut sum = 0u64;
            let mut rarest = || {
                let inner = sums.get(node).copied();
                let (count, number) = match counts[..leaf].last() {
                    Some(&count) if inner.is_none_or(|inner| count < inner) => {
                        leaf -= 1;
                        (count, leaf)
                    }
                    _ => {
                        node += 1;
                        (inner.unwrap_or(0), leaves + node - 1)
                    }
                };
                sum = sum.saturating_add(count);
                number as u32
            };
            children.push((rarest(), rarest()));
            sums.push(sum);
        }
        Self { leaves, children }
    }

    /// The node over all others; none if there is no leaf.
    pub(crate) fn root(&self) -> Option<usize> {
        (self.leaves + self.children.len()).checked_sub(1)
    }

    /// The row of an inner node in the output matrix and its two children; none of a leaf.
    pub(crate) fn inner(&self, node: usize) -> Option<(usize, usize, usize)> {
        let row = node.checked_sub(self.leaves)?;
        let &(left, right) = self.children.get(row)?;
        Some((row, left as usize, right as usize))
    }

    /// The paths to all leaves.
    pub(crate) fn paths(&self) -> Paths {
        let mut parents = vec![(0, 0.0); self.leaves + self.children.len()];
        for (row, &(left, right)) in self.children.iter().enumerate() {
            (parents[left as usize], parents[right as usize]) = ((row as u32, 0.0), (row as u32, 1.0));
        }
        let mut paths = Paths { nodes: Vec::new(), labels: Vec::new(), ends: Vec::with_capacity(self.leaves) };
        for leaf in 0..self.leaves {
            let (start, mut node) = (paths.nodes.len(), leaf);
            while Some(node) != self.root() {
                let (row, label) = parents[node];
                paths.nodes.push(row);
                paths.labels.push(label);
                node = self.leaves + row as usize;
            }
            paths.nodes[start..].reverse();
            paths.labels[start..].reverse();
            paths.ends.push(paths.nodes.len());
        }
        paths
    }
}

/// For each leaf the rows of the inner nodes from the root to it, and for each of them the label: 1 for the right branch, as in fastText.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    nodes: Vec<u32>,
    labels: Vec<f32>,
    ends: Vec<usize>,
}

impl Paths {
    /// The inner nodes from the root to a leaf, and the label of each.
    #[inline(always)]
    pub(crate) fn of(&self, leaf: usize) -> (&[u32], &[f32]) {
        let range = if leaf == 0 { 0 } else { self.ends[leaf - 1] }..self.ends[leaf];
        (&self.nodes[range.clone()], &self.labels[range])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_leaves_are_near_the_root() {
        // 1 + 1 = 2 (node 5); 2 and 2: a leaf is taken before a node only if it is rarer.
        let tree = Huffman::new(&[9, 4, 2, 1, 1]);
        assert_eq!(tree.children, [(4, 3), (5, 2), (6, 1), (7, 0)]);
        assert_eq!((tree.root(), tree.inner(8), tree.inner(0)), (Some(8), Some((3, 7, 0)), None));
        assert_eq!((Huffman::new(&[3]).root(), Huffman::new(&[]).root()), (Some(0), None));
        // Counts that no text has, and not in their order.
        let odd = Huffman::new(&[u64::MAX, 1, u64::MAX, 0]);
        assert_eq!(odd.children.len(), 3);
        assert!(odd.children.iter().enumerate().all(|(i, &(a, b))| a != b && (a.max(b) as usize) < 4 + i));
    }

    #[test]
    fn paths_lead_down_the_tree() {
        let tree = Huffman::new(&[40, 30, 20, 5, 5]);
        let paths = tree.paths();
        let lengths: Vec<_> = (0..5).map(|leaf| paths.of(leaf).0.len()).collect();
        assert_eq!(lengths, [1, 2, 3, 4, 4]);
        for leaf in 0..5 {
            let mut node = tree.root().unwrap();
            let (rows, labels) = paths.of(leaf);
            for (&row, &label) in rows.iter().zip(labels) {
                let (own, left, right) = tree.inner(node).unwrap();
                assert_eq!(own, row as usize);
                node = if label == 1.0 { right } else { left };
            }
            assert_eq!(node, leaf);
        }
        assert_eq!(Huffman::new(&[3]).paths().of(0), (&[][..], &[][..]));
    }

    /// The mean length of a path is within one bit of the entropy of the counts.
    #[test]
    fn codes_are_as_short_as_they_can_be() {
        let counts: Vec<u64> = (1..2000).map(|rank| 100_000 / rank).collect();
        let (paths, total) = (Huffman::new(&counts).paths(), counts.iter().sum::<u64>() as f64);
        let (mut mean, mut entropy) = (0.0, 0.0);
        for (leaf, &count) in counts.iter().enumerate() {
            let share = count as f64 / total;
            mean += share * paths.of(leaf).0.len() as f64;
            entropy -= share * share.log2();
        }
        assert!(mean >= entropy && mean < entropy + 1.0);
    }
}
