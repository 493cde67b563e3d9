// The offset of the i-th element of a block's group: samples have `repeats` pixels of `groups * width` channels.
struct Group {
    size first, channel, channels, width;

    __device__ Group(size groups, size width, size repeats) : channels(groups * width), width(width) {
        channel = blockIdx.x % unsigned(groups) * width;
        first = blockIdx.x / unsigned(groups) * repeats * channels + channel;
    }

    __device__ size at(unsigned i) const { return first + i / unsigned(width) * channels + i % unsigned(width); }

    __device__ size channel_of(unsigned i) const { return channel + i % unsigned(width); }
};

// One block for each group of a sample.
extern "C" __global__ void normalize(
    real* y, real* means, real* factors, const real* x, const real* gamma, const real* beta, size repeats, size groups,
    size width, size center, real epsilon
) {
    Group group(groups, width, repeats);
    unsigned count = repeats * width;
    real mean = 0, squares = 0;
    if (center) {
        for (unsigned i = threadIdx.x; i < count; i += blockDim.x) {
            mean += x[group.at(i)];
        }
        mean = together<Sum>(mean) / count;
    }
    for (unsigned i = threadIdx.x; i < count; i += blockDim.x) {
        real apart = x[group.at(i)] - mean;
        squares += apart * apart;
    }
    real factor = 1 / sqrt(together<Sum>(squares) / count + epsilon);
    for (unsigned i = threadIdx.x; i < count; i += blockDim.x) {
        size at = group.at(i), channel = group.channel_of(i);
        real normal = (x[at] - mean) * factor;
        y[at] = (gamma ? normal * gamma[channel] : normal) + (beta ? beta[channel] : real(0));
    }
    if (threadIdx.x == 0) {
        means[blockIdx.x] = mean;
        factors[blockIdx.x] = factor;
    }
}

// `products` are the gradients times the normalized elements, whose sums are the gradient of gamma.
extern "C" __global__ void normalize_backward(
    real* dx, real* products, const real* x, const real* dy, const real* means, const real* factors, const real* gamma,
    size repeats, size groups, size width, size center
) {
    Group group(groups, width, repeats);
    unsigned count = repeats * width;
    real mean = means[blockIdx.x], factor = factors[blockIdx.x], sum = 0, product = 0;
    for (unsigned i = threadIdx.x; i < count; i += blockDim.x) {
        size at = group.at(i);
        real normal = (x[at] - mean) * factor, gradient = gamma ? dy[at] * gamma[group.channel_of(i)] : dy[at];
        sum += gradient;
        product += gradient * normal;
        products[at] = dy[at] * normal;
    }
    sum = together<Sum>(sum) / count;
    product = together<Sum>(product) / count;
    for (unsigned i = threadIdx.x; i < count; i += blockDim.x) {
        size at = group.at(i);
        real normal = (x[at] - mean) * factor, gradient = gamma ? dy[at] * gamma[group.channel_of(i)] : dy[at];
        dx[at] = (gradient - (center ? sum : real(0)) - normal * product) * factor;
    }
}

// For each channel, the last axis.

extern "C" __global__ void deviations(real* squares, const real* x, const real* mean, size rows, size channels) {
    size channel = COLUMN, at = ROW * channels + channel;
    if (ROW < rows && channel < channels) {
        squares[at] = (x[at] - mean[channel]) * (x[at] - mean[channel]);
    }
}

extern "C" __global__ void normalize_channels(
    real* y, const real* x, const real* mean, const real* factor, const real* gamma, const real* beta, size rows, size channels
) {
    size channel = COLUMN, at = ROW * channels + channel;
    if (ROW < rows && channel < channels) {
        real normal = (x[at] - mean[channel]) * factor[channel];
        y[at] = (gamma ? normal * gamma[channel] : normal) + (beta ? beta[channel] : real(0));
    }
}

extern "C" __global__ void channel_products(
    real* products, const real* x, const real* dy, const real* mean, const real* factor, size rows, size channels
) {
    size channel = COLUMN, at = ROW * channels + channel;
    if (ROW < rows && channel < channels) {
        products[at] = dy[at] * (x[at] - mean[channel]) * factor[channel];
    }
}

// `share` is one over the number of rows, or 0 where the moments are not those of the batch.
extern "C" __global__ void normalize_channels_backward(
    real* dx, const real* x, const real* dy, const real* mean, const real* factor, const real* gamma, const real* dgamma,
    const real* dbeta, size rows, size channels, real share
) {
    size channel = COLUMN, at = ROW * channels + channel;
    if (ROW < rows && channel < channels) {
        real normal = (x[at] - mean[channel]) * factor[channel];
        real scale = gamma ? factor[channel] * gamma[channel] : factor[channel];
        dx[at] = scale * (dy[at] - share * (dbeta[channel] + normal * dgamma[channel]));
    }
}
