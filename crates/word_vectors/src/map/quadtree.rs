//! Points of the plane in a tree of squares, for sums over all of them in which far groups count as one (Barnes and Hut, 1986).

/// The tree, its squares in the order of a walk that goes down first.
pub(super) struct Quadtree {
    squares: Vec<Square>,
    /// The points in the order of the squares that hold them: neighbors in it walk through the tree in nearly the same way.
    pub(super) order: Vec<u32>,
}

/// What a square knows of its points.
struct Square {
    /// The mean of the points.
    x: f64,
    y: f64,
    points: f64,
    /// From this squared distance on, the square counts as one point: 0 for a square that is not divided.
    opened_below: f64,
    /// Where the walk goes on when it does not go down.
    next: u32,
}

/// How often squares are divided: points that share the smallest stay together.
const DEPTH: u32 = 31;

/// The forces of t-SNE that push a point away, before they are divided by the sum of all similarities.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Repulsion {
    pub(super) x: f64,
    pub(super) y: f64,
    /// The sum of this point's similarities to all points, itself among them, to which it has 1.
    pub(super) similarities: f64,
}

impl Quadtree {
    /// A tree of finite points; squares of a side below `theta` times their distance will count as one point.
    pub(super) fn new(points: &[[f64; 2]], theta: f64) -> Self {
        let mut low = [f64::INFINITY; 2];
        let mut high = [f64::NEG_INFINITY; 2];
        for point in points {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        let side = (high[0] - low[0]).max(high[1] - low[1]).max(f64::MIN_POSITIVE);
        let cell = |x: f64, low: f64| ((x - low) / side * f64::from((1u32 << DEPTH) - 1)) as u32;
        let code = |&[x, y]: &[f64; 2]| interleave(cell(x, low[0])) << 1 | interleave(cell(y, low[1]));
        let mut keys: Vec<(u64, u32)> = points.iter().map(code).zip(0..).collect();
        keys.sort_unstable();
        let mut tree = Self { squares: Vec::with_capacity(2 * points.len()), order: Vec::new() };
        if !keys.is_empty() {
            tree.add(points, &keys, DEPTH, (side / theta).powi(2));
        }
        tree.order = keys.into_iter().map(|(_, point)| point).collect();
        tree
    }

    /// Adds the square of these points and all below it. Its quarters are told apart by two bits of the keys.
    fn add(&mut self, points: &[[f64; 2]], keys: &[(u64, u32)], depth: u32, opened_below: f64) {
        let at = self.squares.len();
        self.squares.push(Square { x: 0.0, y: 0.0, points: keys.len() as f64, opened_below, next: 0 });
        let (mut x, mut y) = (0.0, 0.0);
        if keys.len() == 1 || depth == 0 {
            for &(_, point) in keys {
                let [px, py] = points[point as usize];
                (x, y) = (x + px, y + py);
            }
            self.squares[at].opened_below = 0.0;
        } else {
            let quarter = |&(key, _): &(u64, u32)| key >> (2 * (depth - 1)) & 3;
            for quarter in keys.chunk_by(|a, b| quarter(a) == quarter(b)) {
                let child = self.squares.len();
                self.add(points, quarter, depth - 1, opened_below / 4.0);
                let child = &self.squares[child];
                (x, y) = (x + child.x * child.points, y + child.y * child.points);
            }
        }
        let next = self.squares.len() as u32;
        let square = &mut self.squares[at];
        (square.x, square.y, square.next) = (x / square.points, y / square.points, next);
    }

    /// What all points do to one of them.
    pub(super) fn repulsion(&self, [x, y]: [f64; 2]) -> Repulsion {
        let mut sum = Repulsion::default();
        let mut at = 0;
        while let Some(square) = self.squares.get(at) {
            let (dx, dy) = (x - square.x, y - square.y);
            let distance = dx * dx + dy * dy;
            if distance < square.opened_below {
                at += 1;
                continue;
            }
            let similarity = 1.0 / (1.0 + distance);
            let weight = square.points * similarity;
            let force = weight * similarity;
            sum.similarities += weight;
            (sum.x, sum.y) = (sum.x + force * dx, sum.y + force * dy);
            at = square.next as usize;
        }
        sum
    }
}

/// The bits of `x` with a 0 before each.
fn interleave(x: u32) -> u64 {
    let mut x = u64::from(x);
    for (shift, mask) in [(16, 0x0000_FFFF_0000_FFFF), (8, 0x00FF_00FF_00FF_00FF), (4, 0x0F0F_0F0F_0F0F_0F0F)] {
        x = (x | x << shift) & mask;
    }
    x = (x | x << 2) & 0x3333_3333_3333_3333;
    (x | x << 1) & 0x5555_5555_5555_5555
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_keras_ops::random::Stream;

    fn exact(points: &[[f64; 2]], [x, y]: [f64; 2]) -> Repulsion {
        points.iter().fold(Repulsion::default(), |sum, &[px, py]| {
            let (dx, dy) = (x - px, y - py);
            let similarity = 1.0 / (1.0 + dx * dx + dy * dy);
            let force = similarity * similarity;
            Repulsion { x: sum.x + force * dx, y: sum.y + force * dy, similarities: sum.similarities + similarity }
        })
    }

    fn points(count: usize) -> Vec<[f64; 2]> {
        Stream::new(5, 0).normal(2 * count).as_chunks().0.iter().map(|&[x, y]| [10.0 * x, 10.0 * y]).collect()
    }

    /// The largest difference to the exact forces, as a share of the largest force.
    fn error(points: &[[f64; 2]], theta: f64) -> f64 {
        let tree = Quadtree::new(points, theta);
        let (mut largest, mut off) = (0f64, 0f64);
        for &point in points {
            let (ours, exact) = (tree.repulsion(point), exact(points, point));
            largest = largest.max(exact.x.hypot(exact.y));
            off = off.max((ours.x - exact.x).hypot(ours.y - exact.y));
            assert!((ours.similarities / exact.similarities - 1.0).abs() < 0.02);
        }
        off / largest
    }

    #[test]
    fn forces_are_close_to_the_exact_ones() {
        let points = points(700);
        let error_at_half = error(&points, 0.5);
        assert!(error_at_half < 0.03, "{error_at_half}");
        assert!(error(&points, 1e-9) < 1e-12);
    }

    #[test]
    fn points_at_one_place_and_a_single_point() {
        let same = vec![[2.0, -1.0]; 5];
        let sum = Quadtree::new(&same, 0.5).repulsion([2.0, -1.0]);
        assert_eq!((sum.x, sum.y, sum.similarities), (0.0, 0.0, 5.0));
        assert_eq!(Quadtree::new(&same[..1], 0.5).repulsion(same[0]).similarities, 1.0);
        let mut some = points(50);
        some.extend(same);
        assert!(error(&some, 1e-9) < 1e-12);
        assert!(Quadtree::new(&[], 0.5).order.is_empty());
    }

    #[test]
    fn each_point_is_in_the_order_once() {
        let mut order = Quadtree::new(&points(300), 0.5).order;
        order.sort_unstable();
        assert!(order.into_iter().eq(0..300));
    }
}
