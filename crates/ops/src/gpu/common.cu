// The start of every file of kernels. `real` is float or double; `size` and `byte` are u64 and u8 of Rust.
typedef unsigned long long size;
typedef unsigned char byte;

// A thread's place in `Threads::grid`.
#define ROW (blockIdx.x * size(blockDim.y) + threadIdx.y)
#define COLUMN (blockIdx.y * size(blockDim.x) + threadIdx.x)

// The names of FusedActivation, in its order.
enum Activation { LINEAR, RELU, SIGMOID, TANH };

__device__ real activated(size function, real x) {
    switch (function) {
        case RELU: return x < 0 ? real(0) : x;
        case SIGMOID: return 1 / (1 + exp(-x));
        case TANH: return tanh(x);
        default: return x;
    }
}

// The derivative of an activation, from its value.
__device__ real slope(size function, real y) {
    switch (function) {
        case RELU: return y > 0 ? 1 : 0;
        case SIGMOID: return y * (1 - y);
        case TANH: return 1 - y * y;
        default: return 1;
    }
}

struct Sum {
    static __device__ real none() { return 0; }
    static __device__ real of(real a, real b) { return a + b; }
};

struct Largest {
    static __device__ real none() { return __int_as_float(0xff800000); }
    static __device__ real of(real a, real b) { return a > b ? a : b; }
};

struct Smallest {
    static __device__ real none() { return __int_as_float(0x7f800000); }
    static __device__ real of(real a, real b) { return a < b ? a : b; }
};

// Reduces one value a thread over a block; all threads get the result, which is the same in each run. All threads must call it; their
// number is a multiple of 32, in one dimension.
template <typename Of> __device__ real together(real x) {
    __shared__ real of_warps[32];
    for (int step = 16; step > 0; step /= 2) {
        x = Of::of(x, __shfl_xor_sync(0xffffffffu, x, step));
    }
    if (blockDim.x == 32) {
        return x;
    }
    __syncthreads(); // The values of the previous call have been read.
    if (threadIdx.x % 32 == 0) {
        of_warps[threadIdx.x / 32] = x;
    }
    __syncthreads();
    x = threadIdx.x % 32 < blockDim.x / 32 ? of_warps[threadIdx.x % 32] : Of::none();
    for (int step = 16; step > 0; step /= 2) {
        x = Of::of(x, __shfl_xor_sync(0xffffffffu, x, step));
    }
    return x;
}

struct Powers {
    real largest, sum;
};

// The maximum of a block's row, and the sum of the exponentials relative to it.
__device__ Powers powers(const real* x, size width) {
    real largest = Largest::none();
    for (size i = threadIdx.x; i < width; i += blockDim.x) {
        largest = Largest::of(largest, x[i]);
    }
    largest = together<Largest>(largest);
    real sum = 0;
    for (size i = threadIdx.x; i < width; i += blockDim.x) {
        sum += exp(x[i] - largest);
    }
    return {largest, together<Sum>(sum)};
}
