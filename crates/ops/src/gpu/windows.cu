// The windows over a volume with the channels last, for convolution and pooling. Names as in Axis: of the planes `p`, of the rows `r`, of the
// columns `c`; an image has one plane.
#define AXIS(a) size a##_input, size a##_window, size a##_stride, size a##_dilation, size a##_before, size a##_output
#define WINDOWS size samples, size channels, AXIS(p), AXIS(r), AXIS(c)

// A thread has one channel, of `count`, at one position of `planes` x `rows` x `columns` of each sample.
#define PLACE(planes, rows, columns, count)                                                                            \
    size own = ROW, at = COLUMN;                                                                                       \
    if (own >= samples * (planes) * (rows) * (columns) || at >= (count)) {                                             \
        return;                                                                                                        \
    }                                                                                                                  \
    POSITION(own, planes, rows, columns)

// Divisions of 32 bits, since those of 64 are slow: there are fewer than 2^32 positions.
#define POSITION(index, planes, rows, columns)                                                                         \
    unsigned of_rows = unsigned(index) / unsigned(columns), of_planes = of_rows / unsigned(rows);                      \
    size column = unsigned(index) % unsigned(columns), row = of_rows % unsigned(rows);                                 \
    size plane = of_planes % unsigned(planes), sample = of_planes / unsigned(planes)

// Loops over the elements of the window at (plane, row, column) that are inside, at (x, y, z) of the input.
#define EACH_ELEMENT(...)                                                                                              \
    for (size i = 0; i < p_window; i++) {                                                                              \
        size x = element(plane, i, p_stride, p_dilation, p_before);                                                    \
        for (size j = 0; x < p_input && j < r_window; j++) {                                                           \
            size y = element(row, j, r_stride, r_dilation, r_before);                                                  \
            for (size k = 0; y < r_input && k < c_window; k++) {                                                       \
                size z = element(column, k, c_stride, c_dilation, c_before);                                           \
                if (z < c_input) {                                                                                     \
                    __VA_ARGS__                                                                                        \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

// Loops over the windows (x, y, z) that have the element (plane, row, column) of the input, as their element (i, j, k).
#define EACH_WINDOW(...)                                                                                               \
    for (size i = 0; i < p_window; i++) {                                                                              \
        size x = window(plane, i, p_stride, p_dilation, p_before, p_output);                                           \
        for (size j = 0; x < p_output && j < r_window; j++) {                                                          \
            size y = window(row, j, r_stride, r_dilation, r_before, r_output);                                         \
            for (size k = 0; y < r_output && k < c_window; k++) {                                                      \
                size z = window(column, k, c_stride, c_dilation, c_before, c_output);                                  \
                if (z < c_output) {                                                                                    \
                    __VA_ARGS__                                                                                        \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

// The index of (x, y, z) among the elements, or the windows, of all samples.
#define ELEMENT (((sample * p_input + x) * r_input + y) * c_input + z)
#define WINDOW (((sample * p_output + x) * r_output + y) * c_output + z)
// The index of the element (i, j, k) of a window.
#define TAP ((i * r_window + j) * c_window + k)

// The index in an axis of the i-th element of a window; `input` or more if it is outside.
__device__ size element(size window, size i, size stride, size dilation, size before) {
    return window * stride + i * dilation - before;
}

// The window whose i-th element this is; `output` or more if there is none.
__device__ size window(size element, size i, size stride, size dilation, size before, size output) {
    size from = element + before - i * dilation;
    return element + before < i * dilation || unsigned(from) % unsigned(stride) ? output : unsigned(from) / unsigned(stride);
}

// The windows as the rows of a matrix, of `width` channels from `first`.
extern "C" __global__ void gather(real* windows, const real* values, size first, size width, WINDOWS) {
    PLACE(p_output, r_output, c_output, p_window * r_window * c_window * width);
    size channel = at % width, tap = at / width;
    size x = element(plane, tap / c_window / r_window, p_stride, p_dilation, p_before);
    size y = element(row, tap / c_window % r_window, r_stride, r_dilation, r_before);
    size z = element(column, tap % c_window, c_stride, c_dilation, c_before);
    bool inside = x < p_input && y < r_input && z < c_input;
    windows[own * (p_window * r_window * c_window * width) + at] =
        inside ? values[ELEMENT * channels + first + channel] : real(0);
}

// Adds up the windows for each element: the backward pass.
extern "C" __global__ void scatter(real* values, const real* windows, size first, size width, WINDOWS) {
    PLACE(p_input, r_input, c_input, width);
    real sum = 0;
    EACH_WINDOW(sum += windows[(WINDOW * (p_window * r_window * c_window) + TAP) * width + at];)
    values[own * channels + first + at] = sum;
}

// A depthwise convolution: the filter `at` belongs to the channel `at / multiplier`. The kernel is (taps, channels * multiplier).
extern "C" __global__ void depthwise(real* products, const real* values, const real* kernel, size multiplier, WINDOWS) {
    size filters = channels * multiplier;
    PLACE(p_output, r_output, c_output, filters);
    real sum = 0;
    EACH_ELEMENT(sum += values[ELEMENT * channels + at / multiplier] * kernel[TAP * filters + at];)
    products[own * filters + at] = sum;
}

// The gradient of the input.
extern "C" __global__ void depthwise_values(real* values, const real* products, const real* kernel, size multiplier, WINDOWS) {
    size filters = channels * multiplier;
    PLACE(p_input, r_input, c_input, channels);
    real sum = 0;
    for (size m = at * multiplier; m < (at + 1) * multiplier; m++) {
        EACH_WINDOW(sum += products[WINDOW * filters + m] * kernel[TAP * filters + m];)
    }
    values[own * channels + at] = sum;
}

// The gradient of the kernel over a part of the `rows` windows of all samples: blockIdx.x is a part of `a_part` windows and an element of
// the window. A block has 32 filters, and adds 8 windows at a time.
extern "C" __global__ void depthwise_kernel(
    real* kernels, const real* values, const real* products, size multiplier, size rows, size a_part, WINDOWS
) {
    size filters = channels * multiplier, taps = p_window * r_window * c_window;
    size filter = blockIdx.y * 32 + threadIdx.x, tap = blockIdx.x % unsigned(taps), part = blockIdx.x / unsigned(taps);
    real sum = 0;
    for (size i = part * a_part + threadIdx.y; filter < filters && i < (part + 1) * a_part && i < rows; i += 8) {
        POSITION(i, p_output, r_output, c_output);
        size x = element(plane, tap / c_window / r_window, p_stride, p_dilation, p_before);
        size y = element(row, tap / c_window % r_window, r_stride, r_dilation, r_before);
        size z = element(column, tap % c_window, c_stride, c_dilation, c_before);
        if (x < p_input && y < r_input && z < c_input) {
            sum += values[ELEMENT * channels + filter / multiplier] * products[i * filters + filter];
        }
    }
    __shared__ real sums[8][33];
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && filter < filters) {
        for (size i = 1; i < 8; i++) {
            sum += sums[i][threadIdx.x];
        }
        kernels[blockIdx.x * filters + filter] = sum;
    }
}

extern "C" __global__ void pool(real* pooled, const real* values, size largest, WINDOWS) {
    PLACE(p_output, r_output, c_output, channels);
    real sum = 0;
    size count = 0;
    EACH_ELEMENT({
        real number = values[ELEMENT * channels + at];
        bool larger = count == 0 || number > sum || number != number;
        sum = !largest ? sum + number : larger ? number : sum;
        count++;
    })
    pooled[own * channels + at] = largest || count == 0 ? sum : sum / count;
}

// How many elements of a window are inside.
__device__ size inside(size plane, size row, size column, WINDOWS) {
    size count = 0;
    EACH_ELEMENT(count++;)
    return count;
}

#define THESE(a) a##_input, a##_window, a##_stride, a##_dilation, a##_before, a##_output

// The gradient of a mean goes to all elements of a window equally, that of a maximum to the first element that equals it.
extern "C" __global__ void pool_backward(
    real* gradient, const real* values, const real* pooled, const real* dy, size largest, WINDOWS
) {
    PLACE(p_input, r_input, c_input, channels);
    real value = values[own * channels + at], sum = 0;
    EACH_WINDOW({
        size of = WINDOW * channels + at;
        if (!largest) {
            sum += dy[of] / inside(x, y, z, samples, channels, THESE(p), THESE(r), THESE(c));
        } else {
            bool chosen = value == pooled[of];
            for (size before = 0; chosen && before < TAP; before++) {
                size x_before = element(x, before / c_window / r_window, p_stride, p_dilation, p_before);
                size y_before = element(y, before / c_window % r_window, r_stride, r_dilation, r_before);
                size z_before = element(z, before % c_window, c_stride, c_dilation, c_before);
                chosen = x_before >= p_input || y_before >= r_input || z_before >= c_input ||
                         values[(((sample * p_input + x_before) * r_input + y_before) * c_input + z_before) * channels + at] !=
                             pooled[of];
            }
            sum += chosen ? dy[of] : real(0);
        }
    })
    gradient[own * channels + at] = sum;
}
