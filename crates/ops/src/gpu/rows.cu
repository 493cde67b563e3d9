// The index of the first largest element of a row, or of the first NaN. One block a row; a `real` counts to 2^24.
extern "C" __global__ void argmax(real* indices, const real* x, size width) {
    x += blockIdx.x * width;
    real largest = Largest::none(), at = Smallest::none(), nan = Smallest::none();
    for (size i = threadIdx.x; i < width; i += blockDim.x) {
        if (x[i] != x[i]) {
            nan = Smallest::of(nan, i);
        } else if (x[i] > largest || at == Smallest::none()) {
            largest = x[i];
            at = i;
        }
    }
    nan = together<Smallest>(nan);
    at = together<Smallest>(largest == together<Largest>(largest) ? at : Smallest::none());
    indices[blockIdx.x] = nan == Smallest::none() ? at : nan;
}

// Adds to rows of a table: the row ids[i] of `count` gets the gradients order[starts[i]] and following. The ids are distinct. A
// thread adds in order, so that the sums are the same in each run.
extern "C" __global__ void add_rows(
    real* table, const real* gradients, const unsigned* ids, const unsigned* starts, const unsigned* order, size count,
    size width
) {
    if (ROW < count && COLUMN < width) {
        real sum = 0;
        for (unsigned i = starts[ROW]; i < starts[ROW + 1]; i++) {
            sum += gradients[order[i] * width + COLUMN];
        }
        table[ids[ROW] * width + COLUMN] += sum;
    }
}
