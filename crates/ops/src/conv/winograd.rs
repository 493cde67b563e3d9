//! Convolution with windows of 3 x 3 by minimal filtering (Winograd, 1980; Lavin and Gray, <https://arxiv.org/abs/1509.09308>).
//!
//! The outputs are made in tiles of 2 x 4. Sums of the 4 x 6 inputs of a tile, and of the window, leave 24 multiplications where windows have
//! 72; for all tiles, channels and filters these are 24 products of matrices. Each step is linear, so that the gradients are the same steps
//! from the other end, and save as much.
//!
//! The larger the tiles, the fewer multiplications, and the more the rounding of the sums weighs. That of an output is 1.2 times that of plain
//! sums of products, of the gradients of the input and of the kernel 3.0 and 1.4 times (`tests::fewer_multiplications_round_little` prints them). With
//! tiles of 2 x 2, four multiplications of nine, it was 0.7, 1.7 and 1.0 times; with tiles of 4 x 4, one of four, it would be 2.1 and 5.3 times in the
//! first two.

mod steps;

use super::{Axis, End, Plan, images, kernel_gradient};
use crate::cores::Room;
use crate::matmul::{Matrix, gemm};
use crate::simd;
use crate::simd::{MulAdd, Real};
use std::array::from_fn;
use std::ops::Range;
use steps::{Back, Inputs, Lanes, Outputs, Step, Window, both};

/// How many channels go through the sums side by side.
const WIDTH: usize = 8;

/// How many tiles are on the way together, at most, so that their numbers stay in a core's cache.
const TILES: usize = 54;

/// Height and width of a tile that comes out, and of what goes in for it.
const OUT: [usize; 2] = [2, 4];
const IN: [usize; 2] = [OUT[0] + 2, OUT[1] + 2];

/// The products of a tile.
const PLANES: usize = IN[0] * IN[1];

/// A convolution that is made this way: what goes in, in overlapping tiles of 4 x 6, and what comes out, in tiles of 2 x 4.
#[derive(Debug, Clone, Copy)]
pub(super) struct Winograd {
    plan: Plan,
    input: Picture,
    output: Picture,
}

impl Winograd {
    /// The convolution, if it is faster this way.
    pub(super) fn of(plan: Plan) -> Option<Self> {
        let Plan { axes: [planes, rows, columns], channels, filters, groups, .. } = plan;
        let three = |axis: &Axis| (axis.window, axis.stride, axis.dilation) == (3, 1, 1);
        let suits = groups == 1 && planes == Axis::UNIT && [rows, columns].iter().all(three);
        // The sums are little beside the products of many channels.
        let wide = [channels, filters].iter().all(|&n| n >= 2 * WIDTH && n % WIDTH == 0);
        // A tile may be half outside.
        let tiles = [rows.output.div_ceil(OUT[0]), columns.output.div_ceil(OUT[1])];
        let fewer = PLANES * tiles[0] * tiles[1] * 4 <= 9 * plan.windows() * 3;
        let picture = |size, before, channels| Picture { size, before, channels, tiles };
        (suits && wide && fewer && plan.windows() > 0).then(|| Self {
            plan,
            input: picture([rows.input, columns.input], [rows.before, columns.before], channels),
            output: picture([rows.output, columns.output], [0, 0], filters),
        })
    }

    /// The convolution, with what is done at its end.
    pub(super) fn forward<T: Real>(&self, x: &[T], kernel: &[T], end: &End<T>) -> Vec<T> {
        let kernel = self.transformed(kernel);
        let kernel = |i| self.kernel(&kernel, i);
        let way = [&self.input, &self.output];
        self.made(x, way, (Inputs, Outputs), kernel, end.output(&self.plan), |y, room| end.put(y, &self.plan, room))
    }

    /// The gradient of the input.
    pub(super) fn backward_input<T: Real>(&self, kernel: &[T], dy: &[T]) -> Vec<T> {
        let kernel = self.transformed(kernel);
        let kernel = |i| self.kernel(&kernel, i).t();
        let way = [&self.output, &self.input];
        self.made(dy, way, (Back(Outputs), Back(Inputs)), kernel, self.plan.image(), |dx, room| {
            room.copy(dx);
        })
    }

    /// The gradient of the kernel.
    pub(super) fn backward_kernel<T: Real>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        let Self { plan, input, output } = self;
        let windows = input.channels * output.channels;
        kernel_gradient(plan, x, dy, |x, dy, kernel| {
            let mut planes = vec![T::ZERO; PLANES * windows];
            let (mut inputs, mut outputs) = (Planes::new(input.channels), Planes::new(output.channels));
            for tiles in input.blocks(x.len() / input.length()) {
                simd!(|by| input.gather(x, tiles.clone(), &mut inputs, Inputs, by));
                simd!(|by| output.gather(dy, tiles, &mut outputs, Back(Outputs), by));
                for (i, plane) in planes.chunks_exact_mut(windows).enumerate() {
                    gemm(plane, output.channels, true, inputs.plane(i).t(), outputs.plane(i));
                }
            }
            simd!(|by| each_window::<_, _, { IN[0] }, 3, { IN[1] }, 3>(&planes, kernel, Back(Window), by));
        })
    }

    /// What images become on their way to others: tiles, whose elements are 24 matrices, which are multiplied and laid into images again.
    /// Images come out as so many numbers, at the `end`.
    fn made<'a, T: Real, A, B, const N: usize, const M: usize, const K: usize, const L: usize>(
        &self,
        x: &[T],
        [from, to]: [&Picture; 2],
        (before, after): (A, B),
        kernel: impl Fn(usize) -> Matrix<'a, T> + Sync,
        numbers: usize,
        end: impl Fn(&mut [T], &mut Room<T>) + Sync,
    ) -> Vec<T>
    where
        A: Step<N, { IN[0] }> + Step<K, { IN[1] }>,
        B: Step<{ IN[0] }, M> + Step<{ IN[1] }, L>,
    {
        let together = (TILES / (from.tiles[0] * from.tiles[1])).max(1);
        let scratch = || (Planes::new(from.channels), Planes::new(to.channels), vec![T::ZERO; together * to.length()]);
        images(self.plan.batch, numbers, self.work(), scratch, |(inputs, outputs, y), images, room| {
            for x in x[images.start * from.length()..images.end * from.length()].chunks(together * from.length()) {
                let count = x.len() / from.length();
                let y = &mut y[..count * to.length()];
                // Where tiles overlap, they are added.
                if M > OUT[0] {
                    y.fill(T::ZERO);
                }
                for tiles in from.blocks(count) {
                    simd!(|by| from.gather::<T, A, N, K>(x, tiles.clone(), inputs, before, by));
                    outputs.resize(tiles.len());
                    for i in 0..PLANES {
                        gemm(outputs.plane_mut(i), to.channels, false, inputs.plane(i), kernel(i));
                    }
                    simd!(|by| to.spread::<T, B, M, L>(outputs, tiles, y, after, by));
                }
                for y in y.chunks_exact_mut(to.length()) {
                    end(y, room);
                }
            }
        })
    }

    /// A kernel of `(3, 3, channels, filters)` as 24 of `(channels, filters)`.
    fn transformed<T: Real>(&self, kernel: &[T]) -> Vec<T> {
        let mut planes = vec![T::ZERO; kernel.len() / 9 * PLANES];
        simd!(|by| each_window::<_, _, 3, { IN[0] }, 3, { IN[1] }>(kernel, &mut planes, Window, by));
        planes
    }

    /// One of these 24.
    fn kernel<'a, T: Real>(&self, planes: &'a [T], i: usize) -> Matrix<'a, T> {
        let (channels, filters) = (self.input.channels, self.output.channels);
        Matrix::rows(&planes[i * channels * filters..], channels, filters)
    }

    /// Simple operations for an image.
    fn work(&self) -> usize {
        PLANES * self.input.tiles[0] * self.input.tiles[1] * self.input.channels * self.output.channels / 8
    }
}

/// 24 numbers for each tile and channel; of the same place in all tiles, a matrix.
struct Planes<T> {
    numbers: Vec<T>,
    tiles: usize,
    channels: usize,
}

impl<T: Real> Planes<T> {
    fn new(channels: usize) -> Self {
        Self { numbers: Vec::new(), tiles: 0, channels }
    }

    fn resize(&mut self, tiles: usize) {
        self.tiles = tiles;
        self.numbers.resize(PLANES * self.apart(), T::ZERO);
    }

    /// How far planes are apart: more than they need, since the numbers of a tile would lie in the same few lines of the cache if it were a
    /// power of two, and drive each other out.
    fn apart(&self) -> usize {
        self.tiles * self.channels + WIDTH
    }

    fn plane(&self, i: usize) -> Matrix<'_, T> {
        Matrix::rows(&self.numbers[i * self.apart()..], self.tiles, self.channels)
    }

    fn plane_mut(&mut self, i: usize) -> &mut [T] {
        let apart = self.apart();
        &mut self.numbers[i * apart..][..apart - WIDTH]
    }
}

/// The images of a batch, with the tiles that are laid over each of them.
#[derive(Debug, Clone, Copy)]
struct Picture {
    /// Height and width.
    size: [usize; 2],
    /// How far outside the first tile begins, above and on the left.
    before: [usize; 2],
    channels: usize,
    /// Tiles in a column and in a row.
    tiles: [usize; 2],
}

impl Picture {
    /// Numbers of an image.
    fn length(&self) -> usize {
        self.size[0] * self.size[1] * self.channels
    }

    /// The tiles of so many images, some at a time.
    fn blocks(&self, images: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let tiles = images * self.tiles[0] * self.tiles[1];
        (0..tiles).step_by(TILES).map(move |from| from..(from + TILES).min(tiles))
    }

    /// Which rows and columns of a tile of so many lie inside of its image, and which pixel of the batch the first of these is.
    #[inline(always)]
    fn inside(&self, tile: usize, size: [usize; 2]) -> ([Range<usize>; 2], usize) {
        let [down, across] = self.tiles;
        let corner = [OUT[0] * (tile / across % down), OUT[1] * (tile % across)];
        let inside: [Range<usize>; 2] = from_fn(|axis| {
            let from = self.before[axis].saturating_sub(corner[axis]).min(size[axis]);
            let to = (self.before[axis] + self.size[axis]).saturating_sub(corner[axis]).min(size[axis]);
            from..to.max(from)
        });
        let [y, x]: [usize; 2] = from_fn(|axis| (corner[axis] + inside[axis].start).saturating_sub(self.before[axis]));
        (inside, (tile / (down * across) * self.size[0] + y) * self.size[1] + x)
    }

    /// Brings tiles into the planes.
    #[inline(always)]
    fn gather<T: Real, S, const N: usize, const K: usize>(
        &self,
        picture: &[T],
        tiles: Range<usize>,
        planes: &mut Planes<T>,
        step: S,
        by: impl MulAdd,
    ) where
        S: Step<N, { IN[0] }> + Step<K, { IN[1] }>,
    {
        planes.resize(tiles.len());
        let (picture, width, apart) = (chunks(picture), self.channels / WIDTH, planes.apart() / WIDTH);
        let mut bordered = vec![[T::ZERO; WIDTH]; N * K * width];
        for (i, tile) in tiles.enumerate() {
            let ([rows, columns], at) = self.inside(tile, [N, K]);
            let (source, line) = if (rows.len(), columns.len()) == (N, K) {
                (&picture[at * width..], self.size[1] * width)
            } else {
                bordered.fill([T::ZERO; WIDTH]);
                for (y, row) in rows.enumerate() {
                    let pixels = &picture[(at + y * self.size[1]) * width..][..columns.len() * width];
                    bordered[(row * K + columns.start) * width..][..pixels.len()].copy_from_slice(pixels);
                }
                (&bordered[..], K * width)
            };
            let targets = &mut planes.numbers.as_chunks_mut().0[i * width..];
            for c in 0..width {
                let elements: [[_; K]; N] = from_fn(|i| from_fn(|j| &source[i * line + j * width + c]));
                let made: [[Lanes<T>; IN[1]]; IN[0]] = both(elements, step, by);
                for (i, made) in made.iter().enumerate() {
                    for (j, made) in made.iter().enumerate() {
                        targets[(IN[1] * i + j) * apart + c] = *made;
                    }
                }
            }
        }
    }

    /// Lays the planes out as tiles, added up where they overlap.
    #[inline(always)]
    fn spread<T: Real, S, const N: usize, const K: usize>(
        &self,
        planes: &Planes<T>,
        tiles: Range<usize>,
        picture: &mut [T],
        step: S,
        by: impl MulAdd,
    ) where
        S: Step<{ IN[0] }, N> + Step<{ IN[1] }, K>,
    {
        let (width, apart) = (self.channels / WIDTH, planes.apart() / WIDTH);
        let picture: &mut [Lanes<T>] = picture.as_chunks_mut().0;
        for (i, tile) in tiles.enumerate() {
            let ([rows, columns], at) = self.inside(tile, [N, K]);
            let sources = &chunks(&planes.numbers)[i * width..];
            for c in 0..width {
                let elements: [[_; IN[1]]; IN[0]] = from_fn(|i| from_fn(|j| &sources[(IN[1] * i + j) * apart + c]));
                let made: [[Lanes<T>; K]; N] = both(elements, step, by);
                for (y, made) in made[rows.clone()].iter().enumerate() {
                    for (x, made) in made[columns.clone()].iter().enumerate() {
                        let pixel = &mut picture[(at + y * self.size[1] + x) * width + c];
                        // Added in a copy, which the compiler knows to be other memory than what is added.
                        let mut sum = if N > OUT[0] { *pixel } else { [T::ZERO; WIDTH] };
                        for (sum, made) in sum.iter_mut().zip(made) {
                            *sum += *made;
                        }
                        *pixel = sum;
                    }
                }
            }
        }
    }
}

/// Makes windows of others, each element of which is a matrix.
#[inline(always)]
fn each_window<T: Real, S, const N: usize, const M: usize, const K: usize, const L: usize>(
    from: &[T],
    to: &mut [T],
    step: S,
    by: impl MulAdd,
) where
    S: Step<N, M> + Step<K, L>,
{
    let (from, to) = (chunks(from), to.as_chunks_mut().0);
    let size = from.len() / (N * K);
    for at in 0..size {
        let elements: [[_; K]; N] = from_fn(|i| from_fn(|j| &from[(i * K + j) * size + at]));
        let made: [[Lanes<T>; L]; M] = both(elements, step, by);
        for (i, made) in made.iter().enumerate() {
            for (j, made) in made.iter().enumerate() {
                to[(i * L + j) * size + at] = *made;
            }
        }
    }
}

#[inline(always)]
fn chunks<T>(numbers: &[T]) -> &[Lanes<T>] {
    numbers.as_chunks().0
}
