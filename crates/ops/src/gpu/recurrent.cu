// One step of all samples: a thread has one unit of the sample blockIdx.x. What the steps keep for the backward pass has the step as its
// first axis: `states`, `dropped` and `carries` (slots, batch, units), `gates` and `dz` (slots, batch, elements of a sample).

// A step reads the slot `slot` and writes `next`; its index is `step` in the inputs and `place` in the outputs. `row` is how many elements
// the value has for a sample: those of all steps if `outputs`, then the last states.
#define STEP                                                                                                           \
    size slot, size next, size step, size place, size batch, size steps, size units, size row, size outputs,           \
        size zero_masked, size activation, size gate

#define UNIT                                                                                                           \
    size j = blockIdx.y * size(blockDim.x) + threadIdx.x, sample = blockIdx.x;                                         \
    if (j >= units) {                                                                                                  \
        return;                                                                                                        \
    }                                                                                                                  \
    size at = sample * units + j, before = slot * batch * units + at, after = next * batch * units + at;               \
    bool masked = mask && mask[sample * steps + step] == 0

// Writes the state after a step, the left operand of the next product, and the output.
__device__ void leave(
    real h, bool masked, real* value, real* states, real* dropped, const real* dropout, size at, size after, size out,
    size outputs, size zero_masked
) {
    states[after] = h;
    if (dropout) {
        dropped[after] = h * dropout[at];
    }
    if (outputs) {
        value[out] = masked && zero_masked ? real(0) : h;
    }
}

#define LEAVE(h) leave(h, masked, value, states, dropped, dropout, at, after, sample * row + place * units + j, outputs, zero_masked)

extern "C" __global__ void simple(
    real* value, real* states, real* dropped, real* gates, const real* x, const real* z, const real* dropout,
    const byte* mask, STEP
) {
    UNIT;
    real h = activated(activation, x[(sample * steps + step) * units + j] + z[at]);
    gates[before] = h;
    LEAVE(masked ? states[before] : h);
}

extern "C" __global__ void lstm(
    real* value, real* states, real* dropped, real* gates, real* carries, const real* x, const real* z,
    const real* dropout, const byte* mask, STEP
) {
    UNIT;
    x += (sample * steps + step) * 4 * units + j;
    z += sample * 4 * units + j;
    gates += (slot * batch + sample) * 4 * units + j;
    real i = activated(gate, x[0] + z[0]), f = activated(gate, x[units] + z[units]);
    real c = activated(activation, x[2 * units] + z[2 * units]), o = activated(gate, x[3 * units] + z[3 * units]);
    gates[0] = i;
    gates[units] = f;
    gates[2 * units] = c;
    gates[3 * units] = o;
    real carry = masked ? carries[before] : f * carries[before] + i * c;
    carries[after] = carry;
    LEAVE(masked ? states[before] : o * activated(activation, carry));
}

extern "C" __global__ void gru(
    real* value, real* states, real* dropped, real* gates, const real* x, const real* z, const real* bias,
    const real* dropout, const byte* mask, STEP
) {
    UNIT;
    x += (sample * steps + step) * 3 * units + j;
    z += sample * 3 * units + j;
    gates += (slot * batch + sample) * 4 * units + j;
    real of_update = bias ? z[0] + bias[j] : z[0], of_reset = bias ? z[units] + bias[units + j] : z[units];
    real product = bias ? z[2 * units] + bias[2 * units + j] : z[2 * units];
    real update = activated(gate, x[0] + of_update), reset = activated(gate, x[units] + of_reset);
    real candidate = activated(activation, x[2 * units] + reset * product);
    gates[0] = update;
    gates[units] = reset;
    gates[2 * units] = candidate;
    gates[3 * units] = product;
    LEAVE(masked ? states[before] : update * states[before] + (1 - update) * candidate);
}

// In the backward pass, `direct` is what has reached a unit's state directly, and `back` what has reached it through the products with the
// kernel. In a masked step, all of it passes on to the state before.
__device__ real arrived(
    const real* direct, const real* back, const real* dropout, const real* dy, bool masked, size at, size out,
    size outputs, size zero_masked
) {
    real dh = direct[at];
    if (back) {
        dh += dropout ? back[at] * dropout[at] : back[at];
    }
    return outputs && !(masked && zero_masked) ? dh + dy[out] : dh;
}

#define ARRIVED arrived(direct, back, dropout, dy, masked, at, sample * row + place * units + j, outputs, zero_masked)

// Writes one value to the gradients of a step's products and of its inputs.
#define PUT(i, number) dz[(i) * units] = dx[(i) * units] = (number)

extern "C" __global__ void simple_backward(
    real* dz, real* dx, real* direct, const real* dy, const real* back, const real* gates, const real* dropout,
    const byte* mask, STEP
) {
    UNIT;
    dz += before;
    dx += (sample * steps + step) * units + j;
    real dh = ARRIVED;
    direct[at] = masked ? dh : real(0);
    PUT(0, masked ? real(0) : dh * slope(activation, gates[before]));
}

extern "C" __global__ void lstm_backward(
    real* dz, real* dx, real* direct, real* dcarry, const real* dy, const real* back, const real* gates,
    const real* carries, const real* dropout, const byte* mask, STEP
) {
    UNIT;
    dz += (slot * batch + sample) * 4 * units + j;
    dx += (sample * steps + step) * 4 * units + j;
    gates += (slot * batch + sample) * 4 * units + j;
    real dh = ARRIVED;
    direct[at] = masked ? dh : real(0);
    if (masked) {
        for (int i = 0; i < 4; i++) {
            PUT(i, real(0));
        }
        return;
    }
    real i = gates[0], f = gates[units], c = gates[2 * units], o = gates[3 * units];
    real y = activated(activation, carries[after]);
    real all = dcarry[at] + dh * o * slope(activation, y);
    PUT(0, all * c * slope(gate, i));
    PUT(1, all * carries[before] * slope(gate, f));
    PUT(2, all * i * slope(activation, c));
    PUT(3, dh * y * slope(gate, o));
    dcarry[at] = all * f;
}

extern "C" __global__ void gru_backward(
    real* dz, real* dx, real* direct, const real* dy, const real* back, const real* gates, const real* states,
    const real* dropout, const byte* mask, STEP
) {
    UNIT;
    dz += (slot * batch + sample) * 3 * units + j;
    dx += (sample * steps + step) * 3 * units + j;
    gates += (slot * batch + sample) * 4 * units + j;
    real dh = ARRIVED;
    real update = gates[0], reset = gates[units], candidate = gates[2 * units], product = gates[3 * units];
    direct[at] = masked ? dh : dh * update;
    if (masked) {
        for (int i = 0; i < 3; i++) {
            PUT(i, real(0));
        }
        return;
    }
    real dcandidate = dh * (1 - update) * slope(activation, candidate);
    PUT(0, dh * (states[before] - candidate) * slope(gate, update));
    PUT(1, dcandidate * product * slope(gate, reset));
    // The candidate is of x_h + r (h U_h + b_h).
    dx[2 * units] = dcandidate;
    dz[2 * units] = dcandidate * reset;
}

// Copies the states after the last step, kept in `slot`, behind the outputs of the value.
extern "C" __global__ void last_states(
    real* value, const real* states, const real* carries, size slot, size batch, size units, size row, size first
) {
    size j = blockIdx.y * size(blockDim.x) + threadIdx.x, at = (slot * batch + blockIdx.x) * units + j;
    if (j < units) {
        value += blockIdx.x * row + first + j;
        value[0] = states[at];
        if (carries) {
            value[units] = carries[at];
        }
    }
}
