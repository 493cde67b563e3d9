//! Convolution with windows of 3 x 3 by minimal filtering (Winograd, 1980; Lavin and Gray, <https://arxiv.org/abs/1509.09308>).
//!
//! The outputs are made in tiles of 2 x 2. Small sums and differences of the 4 x 4 inputs of a tile, and of the window, leave 16
//! multiplications where windows have 36; for all tiles, channels and filters these are 16 products of matrices. Each step is linear, so
//! that the gradients are the same steps from the other end, and save as much.

use super::{Plan, images};
use crate::cores;
use crate::matmul::{FusedActivation, Matrix, gemm};
use crate::simd;
use crate::simd::Real;
use std::ops::Range;

/// How many channels go through the sums and differences side by side.
const WIDTH: usize = 8;

type Lanes<T> = [T; WIDTH];

/// How many tiles are on the way together, so that their numbers stay in a core's cache.
const TILES: usize = 64;

/// The products of a tile: its size after the sums and differences, squared.
const PLANES: usize = 16;

/// A convolution that is made this way: what goes in, in overlapping tiles of 4 x 4, and what comes out, in tiles of 2 x 2.
#[derive(Debug, Clone, Copy)]
pub(super) struct Winograd {
    plan: Plan,
    input: Picture,
    output: Picture,
}

impl Winograd {
    /// The convolution, if it is faster this way.
    pub(super) fn of(plan: Plan) -> Option<Self> {
        let Plan { axes: [rows, columns], channels, filters, groups, .. } = plan;
        let suits = groups == 1 && plan.axes.iter().all(|axis| (axis.window, axis.stride, axis.dilation) == (3, 1, 1));
        // The sums and differences are little beside the products of many channels.
        let wide = [channels, filters].iter().all(|&n| n >= 2 * WIDTH && n % WIDTH == 0);
        // A tile may be half outside.
        let tiles = [rows.output.div_ceil(2), columns.output.div_ceil(2)];
        let fewer = PLANES * tiles[0] * tiles[1] * 4 <= 9 * plan.windows() * 3;
        let picture = |size, before, channels| Picture { size, before, channels, tiles };
        (suits && wide && fewer && plan.windows() > 0).then(|| Self {
            plan,
            input: picture([rows.input, columns.input], [rows.before, columns.before], channels),
            output: picture([rows.output, columns.output], [0, 0], filters),
        })
    }

    /// `activation(convolution(x, kernel) + bias)`.
    pub(super) fn forward<T: Real>(
        &self,
        x: &[T],
        kernel: &[T],
        bias: Option<&[T]>,
        activation: FusedActivation,
    ) -> Vec<T> {
        let Self { plan, input, output } = self;
        let kernel = self.transformed(kernel);
        images(plan.batch, plan.output(), self.work(), |images, room| {
            let y = room.zeros();
            let x = &x[images.start * plan.image()..images.end * plan.image()];
            let (mut inputs, mut outputs) = (Planes::new(input.channels), Planes::new(output.channels));
            for tiles in self.blocks(images.len()) {
                inputs.resize(tiles.len());
                outputs.resize(tiles.len());
                simd!(input.gather(x, tiles.clone(), &mut inputs, differences));
                for i in 0..PLANES {
                    let (outputs, apart) = outputs.plane_mut(i);
                    gemm(outputs, apart, false, inputs.plane(i), self.kernel(&kernel, i));
                }
                simd!(output.spread(&outputs, tiles, y, sums));
            }
            activation.apply_with(bias, y);
        })
    }

    /// The gradient of the input.
    pub(super) fn backward_input<T: Real>(&self, kernel: &[T], dy: &[T]) -> Vec<T> {
        let Self { plan, input, output } = self;
        let kernel = self.transformed(kernel);
        images(plan.batch, plan.image(), self.work(), |images, room| {
            let dx = room.zeros();
            let dy = &dy[images.start * plan.output()..images.end * plan.output()];
            let (mut inputs, mut outputs) = (Planes::new(input.channels), Planes::new(output.channels));
            for tiles in self.blocks(images.len()) {
                inputs.resize(tiles.len());
                outputs.resize(tiles.len());
                simd!(output.gather(dy, tiles.clone(), &mut outputs, sums_back));
                for i in 0..PLANES {
                    let (inputs, apart) = inputs.plane_mut(i);
                    gemm(inputs, apart, false, outputs.plane(i), self.kernel(&kernel, i).t());
                }
                simd!(input.spread(&inputs, tiles, dx, differences_back));
            }
        })
    }

    /// The gradient of the kernel.
    pub(super) fn backward_kernel<T: Real>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        let Self { plan, input, output } = self;
        let (image, windows) = (plan.image(), input.channels * output.channels);
        let part = plan.batch.div_ceil(8).max(1);
        let images = x.chunks(part * image).zip(dy.chunks(part * plan.output()));
        let planes = cores::summed(images.collect(), PLANES * windows, |(x, dy), planes| {
            let (mut inputs, mut outputs) = (Planes::new(input.channels), Planes::new(output.channels));
            for tiles in self.blocks(x.len() / image) {
                inputs.resize(tiles.len());
                outputs.resize(tiles.len());
                simd!(input.gather(x, tiles.clone(), &mut inputs, differences));
                simd!(output.gather(dy, tiles, &mut outputs, sums_back));
                for (i, plane) in planes.chunks_exact_mut(windows).enumerate() {
                    gemm(plane, output.channels, true, inputs.plane(i).t(), outputs.plane(i));
                }
            }
        });
        let mut kernel = vec![T::ZERO; 9 * windows];
        simd!(each_window::<T, 4, 3>(&planes, &mut kernel, window_back));
        kernel
    }

    /// A kernel of `(3, 3, channels, filters)` as 16 of `(channels, filters)`.
    fn transformed<T: Real>(&self, kernel: &[T]) -> Vec<T> {
        let mut planes = vec![T::ZERO; kernel.len() / 9 * PLANES];
        simd!(each_window::<T, 3, 4>(kernel, &mut planes, window));
        planes
    }

    /// One of these 16.
    fn kernel<'a, T: Real>(&self, planes: &'a [T], i: usize) -> Matrix<'a, T> {
        let (channels, filters) = (self.input.channels, self.output.channels);
        Matrix::rows(&planes[i * channels * filters..], channels, filters)
    }

    /// Simple operations for an image.
    fn work(&self) -> usize {
        PLANES * self.input.tiles[0] * self.input.tiles[1] * self.input.channels * self.output.channels / 8
    }

    /// The tiles of so many images, some at a time.
    fn blocks(&self, images: usize) -> impl Iterator<Item = Range<usize>> {
        let tiles = images * self.input.tiles[0] * self.input.tiles[1];
        (0..tiles).step_by(TILES).map(move |from| from..(from + TILES).min(tiles))
    }
}

/// 16 numbers for each tile and channel; of the same place in all tiles, a matrix.
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
        self.numbers.resize(tiles * self.apart(), T::ZERO);
    }

    /// How far tiles are apart: a line of the cache more than they need, since the rows of a matrix would lie in the same few lines of the
    /// cache if it were a power of two, and drive each other out.
    fn apart(&self) -> usize {
        PLANES * self.channels + 2 * WIDTH
    }

    fn plane(&self, i: usize) -> Matrix<'_, T> {
        Matrix::strided(&self.numbers[i * self.channels..], (self.tiles, self.channels), (self.apart(), 1))
    }

    fn plane_mut(&mut self, i: usize) -> (&mut [T], usize) {
        let apart = self.apart();
        (&mut self.numbers[i * self.channels..], apart)
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

    /// Where in the batch the elements of a tile of N x N begin, if they are inside.
    #[inline(always)]
    fn places<const N: usize>(&self, tile: usize) -> [[Option<usize>; N]; N] {
        let [down, across] = self.tiles;
        let (image, row, column) = (tile / (down * across), tile / across % down, tile % across);
        let mut places = [[None; N]; N];
        for (i, places) in places.iter_mut().enumerate() {
            for (j, place) in places.iter_mut().enumerate() {
                let y = (2 * row + i).checked_sub(self.before[0]).filter(|&y| y < self.size[0]);
                let x = (2 * column + j).checked_sub(self.before[1]).filter(|&x| x < self.size[1]);
                *place = y.zip(x).map(|(y, x)| image * self.length() + (y * self.size[1] + x) * self.channels);
            }
        }
        places
    }

    /// Brings tiles into the planes; `f` makes four elements of a row or column of them.
    #[inline(always)]
    fn gather<T: Real, const N: usize>(
        &self,
        picture: &[T],
        tiles: Range<usize>,
        planes: &mut Planes<T>,
        f: impl Fn([Lanes<T>; N]) -> [Lanes<T>; 4] + Copy,
    ) {
        let outside = vec![T::ZERO; self.channels];
        for (i, tile) in tiles.enumerate() {
            let places = self.places::<N>(tile);
            let mut sources = [[chunks(&outside); N]; N];
            for (sources, places) in sources.iter_mut().zip(&places) {
                for (source, place) in sources.iter_mut().zip(places) {
                    if let Some(place) = *place {
                        *source = chunks(&picture[place..place + self.channels]);
                    }
                }
            }
            let at = i * planes.apart();
            let width = self.channels / WIDTH;
            let targets = planes.numbers[at..at + PLANES * self.channels].as_chunks_mut().0;
            for c in 0..width {
                let mut elements = [[[T::ZERO; WIDTH]; N]; N];
                for (elements, sources) in elements.iter_mut().zip(&sources) {
                    for (element, source) in elements.iter_mut().zip(sources) {
                        *element = source[c];
                    }
                }
                for (i, made) in both(elements, f).into_iter().enumerate() {
                    for (j, made) in made.into_iter().enumerate() {
                        targets[(4 * i + j) * width + c] = made;
                    }
                }
            }
        }
    }

    /// Adds the planes to tiles; `f` makes a row or column of theirs of four elements.
    #[inline(always)]
    fn spread<T: Real, const N: usize>(
        &self,
        planes: &Planes<T>,
        tiles: Range<usize>,
        picture: &mut [T],
        f: impl Fn([Lanes<T>; 4]) -> [Lanes<T>; N] + Copy,
    ) {
        for (i, tile) in tiles.enumerate() {
            let places = self.places::<N>(tile);
            let width = self.channels / WIDTH;
            let sources = chunks(&planes.numbers[i * planes.apart()..][..PLANES * self.channels]);
            for c in 0..width {
                let mut elements = [[[T::ZERO; WIDTH]; 4]; 4];
                for (i, elements) in elements.iter_mut().enumerate() {
                    for (j, element) in elements.iter_mut().enumerate() {
                        *element = sources[(4 * i + j) * width + c];
                    }
                }
                let made = both(elements, f);
                for (made, places) in made.iter().zip(&places) {
                    for (made, place) in made.iter().zip(places) {
                        if let Some(place) = place {
                            for (x, &made) in picture[place + c * WIDTH..][..WIDTH].iter_mut().zip(made) {
                                *x += made;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Makes windows of M x M of windows of N x N, each element of which is a matrix.
#[inline(always)]
fn each_window<T: Real, const N: usize, const M: usize>(
    from: &[T],
    to: &mut [T],
    f: impl Fn([Lanes<T>; N]) -> [Lanes<T>; M] + Copy,
) {
    let size = from.len() / (N * N);
    for at in (0..size).step_by(WIDTH) {
        let mut elements = [[[T::ZERO; WIDTH]; N]; N];
        for (i, elements) in elements.iter_mut().enumerate() {
            for (j, element) in elements.iter_mut().enumerate() {
                *element = lanes(from, (i * N + j) * size + at);
            }
        }
        for (i, made) in both(elements, f).into_iter().enumerate() {
            for (j, made) in made.into_iter().enumerate() {
                to[(i * M + j) * size + at..][..WIDTH].copy_from_slice(&made);
            }
        }
    }
}

/// `f` of each row, then of each column.
#[inline(always)]
fn both<T: Real, const N: usize, const M: usize>(
    elements: [[Lanes<T>; N]; N],
    f: impl Fn([Lanes<T>; N]) -> [Lanes<T>; M] + Copy,
) -> [[Lanes<T>; M]; M] {
    let mut columns = [[[T::ZERO; WIDTH]; N]; M];
    for (i, row) in elements.into_iter().enumerate() {
        for (column, made) in columns.iter_mut().zip(f(row)) {
            column[i] = made;
        }
    }
    let mut all = [[[T::ZERO; WIDTH]; M]; M];
    for (j, column) in columns.into_iter().enumerate() {
        for (row, made) in all.iter_mut().zip(f(column)) {
            row[j] = made;
        }
    }
    all
}

#[inline(always)]
fn chunks<T>(numbers: &[T]) -> &[Lanes<T>] {
    numbers.as_chunks().0
}

#[inline(always)]
fn lanes<T: Real>(numbers: &[T], at: usize) -> Lanes<T> {
    let mut lanes = [T::ZERO; WIDTH];
    lanes.copy_from_slice(&numbers[at..at + WIDTH]);
    lanes
}

#[inline(always)]
fn zip<T: Real>(mut a: Lanes<T>, b: Lanes<T>, f: impl Fn(T, T) -> T) -> Lanes<T> {
    for (a, b) in a.iter_mut().zip(b) {
        *a = f(*a, b);
    }
    a
}

#[inline(always)]
fn add<T: Real>(a: Lanes<T>, b: Lanes<T>) -> Lanes<T> {
    zip(a, b, |a, b| a + b)
}

#[inline(always)]
fn sub<T: Real>(a: Lanes<T>, b: Lanes<T>) -> Lanes<T> {
    zip(a, b, |a, b| a - b)
}

/// Half of the sum, and of the difference.
#[inline(always)]
fn halves<T: Real>(a: Lanes<T>, b: Lanes<T>) -> (Lanes<T>, Lanes<T>) {
    let half = T::from_real(0.5);
    (zip(a, b, |a, b| (a + b) * half), zip(a, b, |a, b| (a - b) * half))
}

// The steps along one axis, and the gradient of each: its matrix transposed.

#[inline(always)]
fn differences<T: Real>([a, b, c, d]: [Lanes<T>; 4]) -> [Lanes<T>; 4] {
    [sub(a, c), add(b, c), sub(c, b), sub(b, d)]
}

#[inline(always)]
fn differences_back<T: Real>([a, b, c, d]: [Lanes<T>; 4]) -> [Lanes<T>; 4] {
    [a, add(sub(b, c), d), sub(add(b, c), a), sub([T::ZERO; WIDTH], d)]
}

#[inline(always)]
fn sums<T: Real>([a, b, c, d]: [Lanes<T>; 4]) -> [Lanes<T>; 2] {
    [add(a, add(b, c)), sub(sub(b, c), d)]
}

#[inline(always)]
fn sums_back<T: Real>([a, b]: [Lanes<T>; 2]) -> [Lanes<T>; 4] {
    [a, add(a, b), sub(a, b), sub([T::ZERO; WIDTH], b)]
}

#[inline(always)]
fn window<T: Real>([a, b, c]: [Lanes<T>; 3]) -> [Lanes<T>; 4] {
    let (sum, difference) = halves(add(a, c), b);
    [a, sum, difference, c]
}

#[inline(always)]
fn window_back<T: Real>([a, b, c, d]: [Lanes<T>; 4]) -> [Lanes<T>; 3] {
    let (sum, difference) = halves(b, c);
    [add(a, sum), difference, add(sum, d)]
}
