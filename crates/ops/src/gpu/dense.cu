// activation(z + bias).
extern "C" __global__ void biased(real* y, const real* z, const real* bias, size rows, size width, size function) {
    size at = ROW * width + COLUMN;
    if (ROW < rows && COLUMN < width) {
        y[at] = activated(function, bias ? z[at] + bias[COLUMN] : z[at]);
    }
}

// The gradient of the activation's input.
extern "C" __global__ void through_activation(real* dz, const real* y, const real* dy, size count, size function) {
    size at = blockIdx.x * size(blockDim.x) + threadIdx.x;
    if (at < count) {
        dz[at] = dy[at] * slope(function, y[at]);
    }
}

// The column sums of the chunk blockIdx.y of rows; 32 columns and 8 rows of threads.
extern "C" __global__ void column_sums(real* sums, const real* x, size rows, size width, size rows_a_part) {
    __shared__ real parts[8][32];
    size column = blockIdx.x * size(32) + threadIdx.x, first = blockIdx.y * rows_a_part;
    size end = first + rows_a_part < rows ? first + rows_a_part : rows;
    real sum = 0;
    if (column < width) {
        for (size row = first + threadIdx.y; row < end; row += 8) {
            sum += x[row * width + column];
        }
    }
    parts[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && column < width) {
        for (int i = 1; i < 8; i++) {
            sum += parts[i][threadIdx.x];
        }
        sums[blockIdx.y * width + column] = sum;
    }
}
