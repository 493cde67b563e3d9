// The windows over an image with the channels last, for convolution and pooling. Names as in Axis: of the rows `r`, of the columns `c`.
#define WINDOWS                                                                                                        \
    size r_input, size r_window, size r_stride, size r_dilation, size r_before, size r_output, size c_input,           \
        size c_window, size c_stride, size c_dilation, size c_before, size c_output, size channels

// A thread has one channel, of `count` from `first`, at the position blockIdx.x of `rows` x `columns`.
#define PLACE(rows, columns, count)                                                                                    \
    size at = blockIdx.y * size(blockDim.x) + threadIdx.x;                                                             \
    if (at >= (count)) {                                                                                               \
        return;                                                                                                        \
    }                                                                                                                  \
    size column = blockIdx.x % unsigned(columns), row = blockIdx.x / unsigned(columns);                                \
    size image = row / (rows) * r_input * c_input;                                                                     \
    row %= (rows)

// The index in an axis of the i-th element of a window; `input` or more if it is outside.
__device__ size pixel(size window, size i, size stride, size dilation, size before) {
    return window * stride + i * dilation - before;
}

// The window whose i-th element is this pixel; `output` or more if there is none.
__device__ size window(size pixel, size i, size stride, size dilation, size before, size output) {
    size from = pixel + before - i * dilation;
    return pixel + before < i * dilation || from % stride ? output : from / stride;
}

// The windows as the rows of a matrix, of `width` channels from `first`.
extern "C" __global__ void gather(real* windows, const real* x, size first, size width, WINDOWS) {
    PLACE(r_output, c_output, r_window * c_window * width);
    size channel = at % width, tap = at / width;
    size y = pixel(row, tap / c_window, r_stride, r_dilation, r_before);
    size z = pixel(column, tap % c_window, c_stride, c_dilation, c_before);
    bool inside = y < r_input && z < c_input;
    windows[blockIdx.x * (r_window * c_window * width) + at] =
        inside ? x[(image + y * c_input + z) * channels + first + channel] : real(0);
}

// Adds up the windows for each pixel: the backward pass.
extern "C" __global__ void scatter(real* x, const real* windows, size first, size width, WINDOWS) {
    PLACE(r_input, c_input, width);
    image = image / (r_input * c_input) * r_output * c_output;
    real sum = 0;
    for (size i = 0; i < r_window; i++) {
        size y = window(row, i, r_stride, r_dilation, r_before, r_output);
        for (size j = 0; y < r_output && j < c_window; j++) {
            size z = window(column, j, c_stride, c_dilation, c_before, c_output);
            if (z < c_output) {
                sum += windows[((image + y * c_output + z) * r_window * c_window + i * c_window + j) * width + at];
            }
        }
    }
    x[blockIdx.x * channels + first + at] = sum;
}

// How many pixels of a window lie in the image.
__device__ size inside(size row, size column, WINDOWS) {
    size count = 0;
    for (size i = 0; i < r_window; i++) {
        for (size j = 0; j < c_window; j++) {
            count += pixel(row, i, r_stride, r_dilation, r_before) < r_input &&
                     pixel(column, j, c_stride, c_dilation, c_before) < c_input;
        }
    }
    return count;
}

#define THESE                                                                                                          \
    r_input, r_window, r_stride, r_dilation, r_before, r_output, c_input, c_window, c_stride, c_dilation, c_before,    \
        c_output, channels

extern "C" __global__ void pool(real* values, const real* x, size largest, WINDOWS) {
    PLACE(r_output, c_output, channels);
    real sum = 0;
    bool first = true;
    for (size i = 0; i < r_window; i++) {
        size y = pixel(row, i, r_stride, r_dilation, r_before);
        for (size j = 0; y < r_input && j < c_window; j++) {
            size z = pixel(column, j, c_stride, c_dilation, c_before);
            if (z < c_input) {
                real number = x[(image + y * c_input + z) * channels + at];
                bool larger = first || number > sum || number != number;
                sum = !largest ? sum + number : larger ? number : sum;
                first = false;
            }
        }
    }
    values[blockIdx.x * channels + at] = largest ? sum : sum / inside(row, column, THESE);
}

// The gradient of a mean goes to all pixels of a window equally, that of a maximum to the first pixel that equals it.
extern "C" __global__ void pool_backward(
    real* dx, const real* x, const real* values, const real* dy, size largest, WINDOWS
) {
    PLACE(r_input, c_input, channels);
    size number = image / (r_input * c_input), own = blockIdx.x * channels + at;
    real sum = 0;
    for (size i = 0; i < r_window; i++) {
        size y = window(row, i, r_stride, r_dilation, r_before, r_output);
        for (size j = 0; y < r_output && j < c_window; j++) {
            size z = window(column, j, c_stride, c_dilation, c_before, c_output);
            if (z >= c_output) {
                continue;
            }
            size of = ((number * r_output + y) * c_output + z) * channels + at;
            if (!largest) {
                sum += dy[of] / inside(y, z, THESE);
                continue;
            }
            bool chosen = x[own] == values[of];
            for (size before = 0; chosen && before < i * c_window + j; before++) {
                size above = pixel(y, before / c_window, r_stride, r_dilation, r_before);
                size left = pixel(z, before % c_window, c_stride, c_dilation, c_before);
                chosen = above >= r_input || left >= c_input ||
                         x[(image + above * c_input + left) * channels + at] != values[of];
            }
            sum += chosen ? dy[of] : real(0);
        }
    }
    dx[own] = sum;
}
