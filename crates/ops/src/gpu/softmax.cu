// One block a row.
extern "C" __global__ void softmax(real* y, const real* x, size width, size log_of) {
    x += blockIdx.x * width;
    y += blockIdx.x * width;
    Powers row = powers(x, width);
    real shift = log(row.sum);
    for (size i = threadIdx.x; i < width; i += blockDim.x) {
        y[i] = log_of ? x[i] - row.largest - shift : exp(x[i] - row.largest) / row.sum;
    }
}

extern "C" __global__ void softmax_backward(real* dx, const real* y, const real* dy, size width, size log_of) {
    size first = blockIdx.x * width;
    real sum = 0;
    for (size i = first + threadIdx.x; i < first + width; i += blockDim.x) {
        sum += log_of ? dy[i] : dy[i] * y[i];
    }
    sum = together<Sum>(sum);
    for (size i = first + threadIdx.x; i < first + width; i += blockDim.x) {
        dx[i] = log_of ? dy[i] - exp(y[i]) * sum : (dy[i] - sum) * y[i];
    }
}
