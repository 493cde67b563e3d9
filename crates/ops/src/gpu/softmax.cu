// A block has a row.
extern "C" __global__ void softmax(real* y, const real* x, size width, size log_of) {
    x += blockIdx.x * width;
    y += blockIdx.x * width;
    real largest = Largest::none();
    for (size i = threadIdx.x; i < width; i += blockDim.x) {
        largest = Largest::of(largest, x[i]);
    }
    largest = together<Largest>(largest);
    real sum = 0;
    for (size i = threadIdx.x; i < width; i += blockDim.x) {
        sum += exp(x[i] - largest);
    }
    sum = together<Sum>(sum);
    real shift = log(sum);
    for (size i = threadIdx.x; i < width; i += blockDim.x) {
        y[i] = log_of ? x[i] - largest - shift : exp(x[i] - largest) / sum;
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
