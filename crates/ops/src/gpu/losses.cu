// The kinds of Pairwise, in its order.
enum Pairwise { SQUARED_ERROR, ABSOLUTE_ERROR, BINARY_CROSSENTROPY, BINARY_CROSSENTROPY_OF_LOGITS };

__device__ real held(real x, real epsilon) {
    return x < epsilon ? epsilon : x > 1 - epsilon ? 1 - epsilon : x;
}

__device__ real value(size kind, real y, real x, real epsilon) {
    switch (kind) {
        case SQUARED_ERROR: return (y - x) * (y - x);
        case ABSOLUTE_ERROR: return fabs(y - x);
        case BINARY_CROSSENTROPY: {
            real p = held(x, epsilon);
            return -(y * log(p) + (1 - y) * log(1 - p));
        }
        default: return (x > 0 ? x : 0) - x * y + log1p(exp(-fabs(x)));
    }
}

__device__ real derivative(size kind, real y, real x, real epsilon) {
    switch (kind) {
        case SQUARED_ERROR: return 2 * (x - y);
        case ABSOLUTE_ERROR: return x > y ? 1 : x < y ? -1 : 0;
        case BINARY_CROSSENTROPY: return held(x, epsilon) == x ? (1 - y) / (1 - x) - y / x : x * 0;
        default: return 1 / (1 + exp(-x)) - y;
    }
}

// One block a row.
extern "C" __global__ void pairwise(real* means, const real* y, const real* x, size width, size kind, real epsilon) {
    size first = blockIdx.x * width;
    real sum = 0;
    for (size i = first + threadIdx.x; i < first + width; i += blockDim.x) {
        sum += value(kind, y[i], x[i], epsilon);
    }
    sum = together<Sum>(sum);
    if (threadIdx.x == 0) {
        means[blockIdx.x] = sum / width;
    }
}

extern "C" __global__ void pairwise_backward(
    real* dx, const real* y, const real* x, const real* dy, size width, size kind, real epsilon
) {
    size first = blockIdx.x * width;
    real share = dy[blockIdx.x] / width;
    for (size i = first + threadIdx.x; i < first + width; i += blockDim.x) {
        dx[i] = derivative(kind, y[i], x[i], epsilon) * share;
    }
}

// The weight of a class of this row: from `ids`, or else from `y`.
__device__ real weight(const unsigned* ids, const real* y, size first, size i) {
    return ids ? (ids[blockIdx.x] == i ? real(1) : real(0)) : y[first + i];
}

// The normalizer of a row: the sum of the probabilities, or for logits the logarithm of the sum of the exponentials.
__device__ real common(const real* x, size width, bool logits) {
    if (!logits) {
        real sum = 0;
        for (size i = threadIdx.x; i < width; i += blockDim.x) {
            sum += x[i];
        }
        return together<Sum>(sum);
    }
    Powers row = powers(x, width);
    return row.largest + log(row.sum);
}

extern "C" __global__ void crossentropy(
    real* losses, const unsigned* ids, const real* y, const real* x, size width, size logits, real epsilon
) {
    size first = blockIdx.x * width;
    real all = common(x + first, width, logits), sum = 0;
    for (size i = threadIdx.x; i < width; i += blockDim.x) {
        real w = weight(ids, y, first, i);
        if (!ids || w != 0) {
            sum += w * (logits ? x[first + i] - all : log(held(x[first + i] / all, epsilon)));
        }
    }
    sum = together<Sum>(sum);
    if (threadIdx.x == 0) {
        losses[blockIdx.x] = -sum;
    }
}

extern "C" __global__ void crossentropy_backward(
    real* dx, const unsigned* ids, const real* y, const real* x, const real* dy, size width, size logits, real epsilon
) {
    size first = blockIdx.x * width;
    real all = common(x + first, width, logits), share = dy[blockIdx.x], sum = 0;
    if (logits) {
        for (size i = threadIdx.x; i < width; i += blockDim.x) {
            sum += weight(ids, y, first, i);
        }
        sum = together<Sum>(sum);
        for (size i = threadIdx.x; i < width; i += blockDim.x) {
            dx[first + i] = (exp(x[first + i] - all) * sum - weight(ids, y, first, i)) * share;
        }
        return;
    }
    // Of the probabilities -y/p, where they are not clipped; then through the normalization.
    for (size i = threadIdx.x; i < width; i += blockDim.x) {
        real p = x[first + i] / all;
        sum += held(p, epsilon) == p ? -weight(ids, y, first, i) : real(0);
    }
    sum = together<Sum>(sum);
    for (size i = threadIdx.x; i < width; i += blockDim.x) {
        real p = x[first + i] / all;
        real of_p = held(p, epsilon) == p ? -weight(ids, y, first, i) / p : real(0);
        dx[first + i] = (of_p - sum) / all * share;
    }
}
