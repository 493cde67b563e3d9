//! Convolution with windows of 3 x 3 by minimal filtering (Winograd, 1980; Lavin and Gray, <https://arxiv.org/abs/1509.09308>).
//!
//! The outputs are computed in tiles of 2 x 4. Linear transforms of the 4 x 6 inputs of a tile, and of the kernel, leave 24 multiplications
//! where plain sums have 72. For all tiles, channels and filters together these are 24 matrix products. The backward pass transposes the
//! transforms, and saves as much.
//!
//! The larger the tiles, the fewer multiplications, and the larger the rounding error. That of an output is 1.2 times that of plain
//! sums of products, of the gradients of the input and of the kernel 3.0 and 1.4 times (`tests::fewer_multiplications_round_little` prints them). With
//! tiles of 2 x 2, four multiplications of nine, it was 0.7, 1.7 and 1.0 times; with tiles of 4 x 4, one of four, it would be 2.1 and 5.3 times in the
//! first two.

mod steps;

use super::{Axis, Destination, Epilogue, Images, Plan, images, kernel_gradient};
use crate::cores::UninitChunk;
use crate::matmul::{Matrix, gemm};
use crate::simd;
use crate::simd::{Float, MulAdd};
use std::array::from_fn;
use std::ops::Range;
use steps::{Inputs, Lanes, Outputs, Step, Transposed, Window, both};

/// How many channels are transformed side by side.
const WIDTH: usize = 8;

/// The most tiles that are computed at once, so that their elements stay in the cache.
const TILES_AT_ONCE: usize = 54;

/// Height and width of an output tile, and of its input tile.
const OUT: [usize; 2] = [2, 4];
const IN: [usize; 2] = [OUT[0] + 2, OUT[1] + 2];

/// The products of a tile.
const PLANES: usize = IN[0] * IN[1];

/// A convolution over overlapping input tiles of 4 x 6 and output tiles of 2 x 4.
#[derive(Debug, Clone, Copy)]
pub(super) struct Winograd {
    plan: Plan,
    input: TiledImages,
    output: TiledImages,
}

impl Winograd {
    /// The convolution, if this method suits it and is faster.
    pub(super) fn of(plan: Plan) -> Option<Self> {
        let Plan { axes: [planes, rows, columns], channels, filters, groups, .. } = plan;
        let three = |axis: &Axis| (axis.window, axis.stride, axis.dilation) == (3, 1, 1);
        let fits = groups == 1 && planes == Axis::UNIT && [rows, columns].iter().all(three);
        // With many channels, the transforms are little beside the products.
        let wide = [channels, filters].iter().all(|&n| n >= 2 * WIDTH && n % WIDTH == 0);
        // A tile may be half outside of the image.
        let tiles = [rows.output.div_ceil(OUT[0]), columns.output.div_ceil(OUT[1])];
        let fewer = PLANES * tiles[0] * tiles[1] * 4 <= 9 * plan.windows() * 3;
        let tiled = |size, before, channels| TiledImages { size, before, channels, tiles };
        (fits && wide && fewer && plan.windows() > 0).then(|| Self {
            plan,
            input: tiled([rows.input, columns.input], [rows.before, columns.before], channels),
            output: tiled([rows.output, columns.output], [0, 0], filters),
        })
    }

    /// The convolution and its epilogue.
    pub(super) fn forward<T: Float>(&self, to: Destination<T>, x: &[T], kernel: &[T], epilogue: &Epilogue<T>) {
        let kernel = self.transformed(kernel);
        let kernel = |i| self.kernel(&kernel, i);
        let images = [&self.input, &self.output];
        self.convolve((to, epilogue.output(&self.plan)), x, images, (Inputs, Outputs), kernel, |y, chunk| {
            epilogue.write(y, &self.plan, chunk)
        });
    }

    /// The gradient of the input.
    pub(super) fn backward_input<T: Float>(&self, kernel: &[T], dy: &[T]) -> Vec<T> {
        let kernel = self.transformed(kernel);
        let kernel = |i| self.kernel(&kernel, i).t();
        let images = [&self.output, &self.input];
        let (mut dx, steps) = (Vec::new(), (Transposed(Outputs), Transposed(Inputs)));
        let to = (Destination::Vector(&mut dx), self.plan.image());
        self.convolve(to, dy, images, steps, kernel, |dx, chunk| {
            chunk.copy(dx);
        });
        dx
    }

    /// The gradient of the kernel.
    pub(super) fn backward_kernel<T: Float>(&self, x: &[T], dy: &[T]) -> Vec<T> {
        let Self { plan, input, output } = self;
        let windows = input.channels * output.channels;
        kernel_gradient(plan, x, dy, |x, dy, kernel| {
            let mut planes = vec![T::ZERO; PLANES * windows];
            let (mut inputs, mut outputs) = (Planes::new(input.channels), Planes::new(output.channels));
            for tiles in input.blocks(x.len() / input.length()) {
                simd!(|by| input.gather(x, tiles.clone(), &mut inputs, Inputs, by));
                simd!(|by| output.gather(dy, tiles, &mut outputs, Transposed(Outputs), by));
                for (i, plane) in planes.chunks_exact_mut(windows).enumerate() {
                    gemm(plane, output.channels, true, inputs.plane(i).t(), outputs.plane(i));
                }
            }
            simd!(|by| each_window::<_, _, { IN[0] }, 3, { IN[1] }, 3>(&planes, kernel, Transposed(Window), by));
        })
    }

    /// Transforms the input tiles into 24 matrices, multiplies these by those of the kernel, and transforms the products into output tiles. The
    /// `epilogue` makes of each image the `numbers` elements that are written.
    fn convolve<'a, T: Float, A, B, const N: usize, const M: usize, const K: usize, const L: usize>(
        &self,
        (destination, numbers): (Destination<T>, usize),
        x: &[T],
        [from, to]: [&TiledImages; 2],
        (before, after): (A, B),
        kernel: impl Fn(usize) -> Matrix<'a, T> + Sync,
        epilogue: impl Fn(&mut [T], &mut UninitChunk<T>) + Sync,
    ) where
        A: Step<N, { IN[0] }> + Step<K, { IN[1] }>,
        B: Step<{ IN[0] }, M> + Step<{ IN[1] }, L>,
    {
        let images_at_once = (TILES_AT_ONCE / (from.tiles[0] * from.tiles[1])).max(1);
        let scratch =
            || (Planes::new(from.channels), Planes::new(to.channels), vec![T::ZERO; images_at_once * to.length()]);
        let sizes = Images { batch: self.plan.batch, output: numbers, together: images_at_once };
        images(destination, sizes, self.work(), scratch, |(inputs, outputs, y), images, chunk| {
            for x in x[images.start * from.length()..images.end * from.length()].chunks(images_at_once * from.length())
            {
                let count = x.len() / from.length();
                let y = &mut y[..count * to.length()];
                // Overlapping tiles are added.
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
                    epilogue(y, chunk);
                }
            }
        })
    }

    /// A kernel of `(3, 3, channels, filters)`, transformed into 24 of `(channels, filters)`.
    fn transformed<T: Float>(&self, kernel: &[T]) -> Vec<T> {
        let mut planes = vec![T::ZERO; kernel.len() / 9 * PLANES];
        simd!(|by| each_window::<_, _, 3, { IN[0] }, 3, { IN[1] }>(kernel, &mut planes, Window, by));
        planes
    }

    /// The `i`-th of these 24.
    fn kernel<'a, T: Float>(&self, planes: &'a [T], i: usize) -> Matrix<'a, T> {
        let (channels, filters) = (self.input.channels, self.output.channels);
        Matrix::rows(&planes[i * channels * filters..], channels, filters)
    }

    /// Simple operations for an image.
    fn work(&self) -> usize {
        PLANES * self.input.tiles[0] * self.input.tiles[1] * self.input.channels * self.output.channels / 8
    }
}

/// 24 elements for each tile and channel. Those of one position in all tiles are a matrix.
struct Planes<T> {
    numbers: Vec<T>,
    tiles: usize,
    channels: usize,
}

impl<T: Float> Planes<T> {
    fn new(channels: usize) -> Self {
        Self { numbers: Vec::new(), tiles: 0, channels }
    }

    fn resize(&mut self, tiles: usize) {
        self.tiles = tiles;
        self.numbers.resize(PLANES * self.stride(), T::ZERO);
    }

    /// The stride of the planes. It is padded: with a power of two, the elements of a tile would share a few cache lines and evict each
    /// other.
    fn stride(&self) -> usize {
        self.tiles * self.channels + WIDTH
    }

    fn plane(&self, i: usize) -> Matrix<'_, T> {
        Matrix::rows(&self.numbers[i * self.stride()..], self.tiles, self.channels)
    }

    fn plane_mut(&mut self, i: usize) -> &mut [T] {
        let stride = self.stride();
        &mut self.numbers[i * stride..][..stride - WIDTH]
    }
}

/// The images of a batch, and the grid of tiles over each.
#[derive(Debug, Clone, Copy)]
struct TiledImages {
    /// Height and width.
    size: [usize; 2],
    /// How many rows and columns of the first tile lie outside, above and on the left.
    before: [usize; 2],
    channels: usize,
    /// Tiles in a column and in a row.
    tiles: [usize; 2],
}

impl TiledImages {
    /// How many elements an image has.
    fn length(&self) -> usize {
        self.size[0] * self.size[1] * self.channels
    }

    /// The tiles of so many images, in blocks.
    fn blocks(&self, images: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let tiles = images * self.tiles[0] * self.tiles[1];
        (0..tiles).step_by(TILES_AT_ONCE).map(move |from| from..(from + TILES_AT_ONCE).min(tiles))
    }

    /// Which rows and columns of a tile of this size lie inside of its image, and which pixel of the batch the first of them is.
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

    /// Transforms tiles of the image and stores them in the planes.
    #[inline(always)]
    fn gather<T: Float, S, const N: usize, const K: usize>(
        &self,
        image: &[T],
        tiles: Range<usize>,
        planes: &mut Planes<T>,
        step: S,
        by: impl MulAdd,
    ) where
        S: Step<N, { IN[0] }> + Step<K, { IN[1] }>,
    {
        planes.resize(tiles.len());
        let (image, width, stride) = (chunks(image), self.channels / WIDTH, planes.stride() / WIDTH);
        let mut padded = vec![[T::ZERO; WIDTH]; N * K * width];
        for (i, tile) in tiles.enumerate() {
            let ([rows, columns], at) = self.inside(tile, [N, K]);
            let (source, line) = if (rows.len(), columns.len()) == (N, K) {
                (&image[at * width..], self.size[1] * width)
            } else {
                padded.fill([T::ZERO; WIDTH]);
                for (y, row) in rows.enumerate() {
                    let pixels = &image[(at + y * self.size[1]) * width..][..columns.len() * width];
                    padded[(row * K + columns.start) * width..][..pixels.len()].copy_from_slice(pixels);
                }
                (&padded[..], K * width)
            };
            let targets = &mut planes.numbers.as_chunks_mut().0[i * width..];
            for c in 0..width {
                let elements: [[_; K]; N] = from_fn(|i| from_fn(|j| &source[i * line + j * width + c]));
                let tile: [[Lanes<T>; IN[1]]; IN[0]] = both(elements, step, by);
                for (i, row) in tile.iter().enumerate() {
                    for (j, element) in row.iter().enumerate() {
                        targets[(IN[1] * i + j) * stride + c] = *element;
                    }
                }
            }
        }
    }

    /// Transforms the planes back and adds them to the tiles of the image.
    #[inline(always)]
    fn spread<T: Float, S, const N: usize, const K: usize>(
        &self,
        planes: &Planes<T>,
        tiles: Range<usize>,
        image: &mut [T],
        step: S,
        by: impl MulAdd,
    ) where
        S: Step<{ IN[0] }, N> + Step<{ IN[1] }, K>,
    {
        let (width, stride) = (self.channels / WIDTH, planes.stride() / WIDTH);
        let image: &mut [Lanes<T>] = image.as_chunks_mut().0;
        for (i, tile) in tiles.enumerate() {
            let ([rows, columns], at) = self.inside(tile, [N, K]);
            let sources = &chunks(&planes.numbers)[i * width..];
            for c in 0..width {
                let elements: [[_; IN[1]]; IN[0]] = from_fn(|i| from_fn(|j| &sources[(IN[1] * i + j) * stride + c]));
                let tile: [[Lanes<T>; K]; N] = both(elements, step, by);
                for (y, row) in tile[rows.clone()].iter().enumerate() {
                    for (x, element) in row[columns.clone()].iter().enumerate() {
                        let pixel = &mut image[(at + y * self.size[1] + x) * width + c];
                        // Added in a copy, so that the compiler knows that the memory does not alias.
                        let mut sum = if N > OUT[0] { *pixel } else { [T::ZERO; WIDTH] };
                        for (sum, lane) in sum.iter_mut().zip(element) {
                            *sum += *lane;
                        }
                        *pixel = sum;
                    }
                }
            }
        }
    }
}

/// Transforms kernels, each element of which is a matrix.
#[inline(always)]
fn each_window<T: Float, S, const N: usize, const M: usize, const K: usize, const L: usize>(
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
        let window: [[Lanes<T>; L]; M] = both(elements, step, by);
        for (i, row) in window.iter().enumerate() {
            for (j, element) in row.iter().enumerate() {
                to[(i * L + j) * size + at] = *element;
            }
        }
    }
}

#[inline(always)]
fn chunks<T>(numbers: &[T]) -> &[Lanes<T>] {
    numbers.as_chunks().0
}
