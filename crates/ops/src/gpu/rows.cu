// Adds to rows of a table: the row ids[blockIdx.x] gets the gradients order[starts[blockIdx.x]] and following. The ids are distinct. A
// thread adds in order, so that the sums are the same in each run.
extern "C" __global__ void add_rows(
    real* table, const real* gradients, const unsigned* ids, const unsigned* starts, const unsigned* order, size width
) {
    size column = blockIdx.y * size(blockDim.x) + threadIdx.x;
    if (column < width) {
        real sum = 0;
        for (unsigned i = starts[blockIdx.x]; i < starts[blockIdx.x + 1]; i++) {
            sum += gradients[order[i] * width + column];
        }
        table[ids[blockIdx.x] * width + column] += sum;
    }
}
