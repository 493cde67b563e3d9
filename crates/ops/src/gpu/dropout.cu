// A block of Philox4x32-10 (Salmon et al., 2011), as in random.rs.
__device__ void philox(unsigned (&word)[4], size block, size stream, size key) {
    unsigned a = block, b = block >> 32, c = stream, d = stream >> 32, k = key, l = key >> 32;
    for (int i = 0; i < 10; i++) {
        size of_a = size(a) * 0xD2511F53u, of_c = size(c) * 0xCD9E8D57u;
        a = unsigned(of_c >> 32) ^ b ^ k;
        b = unsigned(of_c);
        c = unsigned(of_a >> 32) ^ d ^ l;
        d = unsigned(of_a);
        k += 0x9E3779B9u;
        l += 0xBB67AE85u;
    }
    word[0] = a;
    word[1] = b;
    word[2] = c;
    word[3] = d;
}

// Four elements a thread: 0 where the bits are below the threshold, else times `scale`.
extern "C" __global__ void dropout(
    real* y, const real* x, size count, size threshold, real scale, size first, size stream, size key
) {
    size block = blockIdx.x * size(blockDim.x) + threadIdx.x;
    unsigned word[4];
    philox(word, first + block, stream, key);
    for (int i = 0; i < 4; i++) {
        if (block * 4 + i < count) {
            y[block * 4 + i] = word[i] < threshold ? real(0) : x[block * 4 + i] * scale;
        }
    }
}
