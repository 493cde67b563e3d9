// A unit of a sample at a step. What the steps keep for the backward pass has the step as its first axis: `states`, `dropped` and `carries`
// (slots, batch, units), `gates` and `dz` (slots, batch, elements of a sample).
//
// The steps are either launched one by one, each behind cuBLAS's product of the states with the kernel, or all at once (`..._steps`): the
// samples do not depend on each other, so that a block runs all steps of one, and computes the products itself.

// What all steps have in common. `row` is how many elements the value has for a sample: those of all steps if `outputs`, then the last states.
struct Run {
    size batch, steps, units, row, outputs, zero_masked, activation, gate;
};

// A step reads the slot `slot` and writes `next`; its index is `step` in the inputs and `place` in the outputs.
struct Step {
    size slot, next, step, place;
};

#define RUN                                                                                                            \
    size batch, size steps, size units, size row, size outputs, size zero_masked, size activation, size gate
#define STEP size slot, size next, size step, size place, RUN

// Of a kernel over one step: a thread has one unit of a sample.
#define UNIT                                                                                                           \
    size j = COLUMN, sample = ROW;                                                                                     \
    if (j >= units || sample >= batch) {                                                                               \
        return;                                                                                                        \
    }                                                                                                                  \
    Run run = {batch, steps, units, row, outputs, zero_masked, activation, gate};                                      \
    Step at = {slot, next, step, place}

// Where a unit is in what the steps keep, and whether its step is masked.
struct Place {
    size here, before, after, out;
    bool masked;

    __device__ Place(const Run& run, const Step& at, const byte* mask, size sample, size j) {
        here = sample * run.units + j;
        before = at.slot * run.batch * run.units + here;
        after = at.next * run.batch * run.units + here;
        out = sample * run.row + at.place * run.units + j;
        masked = mask && mask[sample * run.steps + at.step] == 0;
    }
};

// The buffers of a forward pass.
struct Forward {
    real *value, *states, *dropped, *gates, *carries;
    const real* dropout;
    const byte* mask;
};

// Writes the state after a step and the output; returns the left operand of the next product.
__device__ real leave(real h, const Forward& to, const Run& run, const Place& place) {
    to.states[place.after] = h;
    if (run.outputs) {
        to.value[place.out] = place.masked && run.zero_masked ? real(0) : h;
    }
    if (to.dropout) {
        h *= to.dropout[place.here];
        to.dropped[place.after] = h;
    }
    return h;
}

// The steps of the cells take the inputs `x` and the products `z` of all gates of the sample.
__device__ real simple_step(
    const Forward& to, const real* x, const real* z, const real* bias, const Run& run, const Step& at, size sample, size j
) {
    Place place(run, at, to.mask, sample, j);
    real h = activated(run.activation, x[j] + z[j]);
    to.gates[place.before] = h;
    return leave(place.masked ? to.states[place.before] : h, to, run, place);
}

__device__ real lstm_step(
    const Forward& to, const real* x, const real* z, const real* bias, const Run& run, const Step& at, size sample, size j
) {
    Place place(run, at, to.mask, sample, j);
    size units = run.units;
    real* gates = to.gates + (at.slot * run.batch + sample) * 4 * units + j;
    x += j;
    z += j;
    real i = activated(run.gate, x[0] + z[0]), f = activated(run.gate, x[units] + z[units]);
    real c = activated(run.activation, x[2 * units] + z[2 * units]);
    real o = activated(run.gate, x[3 * units] + z[3 * units]);
    gates[0] = i;
    gates[units] = f;
    gates[2 * units] = c;
    gates[3 * units] = o;
    real before = to.carries[place.before], carry = place.masked ? before : f * before + i * c;
    to.carries[place.after] = carry;
    return leave(place.masked ? to.states[place.before] : o * activated(run.activation, carry), to, run, place);
}

__device__ real gru_step(
    const Forward& to, const real* x, const real* z, const real* bias, const Run& run, const Step& at, size sample, size j
) {
    Place place(run, at, to.mask, sample, j);
    size units = run.units;
    real* gates = to.gates + (at.slot * run.batch + sample) * 4 * units + j;
    x += j;
    z += j;
    real of_update = bias ? z[0] + bias[j] : z[0], of_reset = bias ? z[units] + bias[units + j] : z[units];
    real product = bias ? z[2 * units] + bias[2 * units + j] : z[2 * units];
    real update = activated(run.gate, x[0] + of_update), reset = activated(run.gate, x[units] + of_reset);
    real candidate = activated(run.activation, x[2 * units] + reset * product);
    gates[0] = update;
    gates[units] = reset;
    gates[2 * units] = candidate;
    gates[3 * units] = product;
    real before = to.states[place.before];
    return leave(place.masked ? before : update * before + (1 - update) * candidate, to, run, place);
}

// The buffers of a backward pass. `direct` is what has reached a unit's state directly; what has reached it through the products with the
// kernel is the argument `back` of a step. In a masked step, all of it passes on to the state before.
struct Backward {
    real *dz, *dx, *direct, *dcarry;
    const real *dy, *gates, *carries, *states, *dropout;
    const byte* mask;
};

__device__ real arrived(const Backward& of, real back, const Run& run, const Place& place) {
    real dh = of.direct[place.here] + (of.dropout ? back * of.dropout[place.here] : back);
    return run.outputs && !(place.masked && run.zero_masked) ? dh + of.dy[place.out] : dh;
}

// The steps of the cells write the gradients of the products and of the inputs; `z` is a second place for the former, or null.
struct Put {
    real *dz, *dx, *z;
    size units;

    __device__ Put(const Backward& to, real* z, const Run& run, const Step& at, size gates, size sample, size j)
        : dz(to.dz + (at.slot * run.batch + sample) * gates * run.units + j),
          dx(to.dx + (sample * run.steps + at.step) * gates * run.units + j), z(z ? z + j : z), units(run.units) {}

    __device__ void both(size gate, real of_product, real of_input) {
        dz[gate * units] = of_product;
        dx[gate * units] = of_input;
        if (z) {
            z[gate * units] = of_product;
        }
    }

    __device__ void put(size gate, real number) { both(gate, number, number); }
};

__device__ void simple_step_backward(
    const Backward& of, real back, real* z, const Run& run, const Step& at, size sample, size j
) {
    Place place(run, at, of.mask, sample, j);
    Put to(of, z, run, at, 1, sample, j);
    real dh = arrived(of, back, run, place);
    of.direct[place.here] = place.masked ? dh : real(0);
    to.put(0, place.masked ? real(0) : dh * slope(run.activation, of.gates[place.before]));
}

__device__ void lstm_step_backward(
    const Backward& of, real back, real* z, const Run& run, const Step& at, size sample, size j
) {
    Place place(run, at, of.mask, sample, j);
    Put to(of, z, run, at, 4, sample, j);
    size units = run.units;
    const real* gates = of.gates + (at.slot * run.batch + sample) * 4 * units + j;
    real dh = arrived(of, back, run, place);
    of.direct[place.here] = place.masked ? dh : real(0);
    if (place.masked) {
        for (size i = 0; i < 4; i++) {
            to.put(i, 0);
        }
        return;
    }
    real i = gates[0], f = gates[units], c = gates[2 * units], o = gates[3 * units];
    real y = activated(run.activation, of.carries[place.after]);
    real all = of.dcarry[place.here] + dh * o * slope(run.activation, y);
    to.put(0, all * c * slope(run.gate, i));
    to.put(1, all * of.carries[place.before] * slope(run.gate, f));
    to.put(2, all * i * slope(run.activation, c));
    to.put(3, dh * y * slope(run.gate, o));
    of.dcarry[place.here] = all * f;
}

__device__ void gru_step_backward(
    const Backward& of, real back, real* z, const Run& run, const Step& at, size sample, size j
) {
    Place place(run, at, of.mask, sample, j);
    Put to(of, z, run, at, 3, sample, j);
    size units = run.units;
    const real* gates = of.gates + (at.slot * run.batch + sample) * 4 * units + j;
    real dh = arrived(of, back, run, place);
    real update = gates[0], reset = gates[units], candidate = gates[2 * units], product = gates[3 * units];
    of.direct[place.here] = place.masked ? dh : dh * update;
    if (place.masked) {
        for (size i = 0; i < 3; i++) {
            to.put(i, 0);
        }
        return;
    }
    real dcandidate = dh * (1 - update) * slope(run.activation, candidate);
    to.put(0, dh * (of.states[place.before] - candidate) * slope(run.gate, update));
    to.put(1, dcandidate * product * slope(run.gate, reset));
    // The candidate is of x_h + r (h U_h + b_h).
    to.both(2, dcandidate * reset, dcandidate);
}

// Sums in four parts, so that a product does not wait for the one before.
__device__ real dot(const real* a, const real* b, size count, size stride) {
    real sums[4] = {0, 0, 0, 0};
    size i = 0;
    for (; i + 4 <= count; i += 4) {
        for (size k = 0; k < 4; k++) {
            sums[k] += a[i + k] * b[(i + k) * stride];
        }
    }
    for (; i < count; i++) {
        sums[0] += a[i] * b[i * stride];
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// How many units the kernels over all steps have memory for.
#define MOST 256

// The steps in the order in which they are computed: the time 0 is the first.
__device__ Step at_time(size time, size slots, size steps, size backwards, size in_order) {
    size step = backwards ? steps - 1 - time : time;
    return {time % slots, (time + 1) % slots, step, in_order ? step : time};
}

#define CELL(cell, count)                                                                                              \
    extern "C" __global__ void cell(                                                                                   \
        real* value, real* states, real* dropped, real* gates, real* carries, const real* x, const real* z,            \
        const real* bias, const real* dropout, const byte* mask, STEP                                                  \
    ) {                                                                                                                \
        UNIT;                                                                                                          \
        Forward to = {value, states, dropped, gates, carries, dropout, mask};                                          \
        x += (sample * steps + step) * count * units;                                                                  \
        cell##_step(to, x, z + sample * count * units, bias, run, at, sample, j);                                      \
    }                                                                                                                  \
                                                                                                                       \
    extern "C" __global__ void cell##_steps(                                                                           \
        real* value, real* states, real* dropped, real* gates, real* carries, const real* x, const real* kernel,       \
        const real* bias, const real* dropout, const byte* mask, size slots, size backwards, size in_order, RUN        \
    ) {                                                                                                                \
        __shared__ real h[MOST], input[count * MOST], z[count * MOST];                                                 \
        size sample = blockIdx.x, width = count * units;                                                               \
        Run run = {batch, steps, units, row, outputs, zero_masked, activation, gate};                                  \
        Forward to = {value, states, dropped, gates, carries, dropout, mask};                                          \
        for (size j = threadIdx.x; j < units; j += blockDim.x) {                                                       \
            h[j] = (dropout ? dropped : states)[sample * units + j];                                                   \
        }                                                                                                              \
        for (size time = 0; time < steps; time++) {                                                                    \
            Step at = at_time(time, slots, steps, backwards, in_order);                                                \
            __syncthreads();                                                                                           \
            for (size i = threadIdx.x; i < width; i += blockDim.x) {                                                   \
                input[i] = x[(sample * steps + at.step) * width + i];                                                  \
                z[i] = dot(h, kernel + i, units, width);                                                               \
            }                                                                                                          \
            __syncthreads();                                                                                           \
            for (size j = threadIdx.x; j < units; j += blockDim.x) {                                                   \
                h[j] = cell##_step(to, input, z, bias, run, at, sample, j);                                            \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    extern "C" __global__ void cell##_backward(                                                                        \
        real* dz, real* dx, real* direct, real* dcarry, const real* dy, const real* back, const real* gates,           \
        const real* carries, const real* states, const real* dropout, const byte* mask, STEP                           \
    ) {                                                                                                                \
        UNIT;                                                                                                          \
        Backward of = {dz, dx, direct, dcarry, dy, gates, carries, states, dropout, mask};                             \
        cell##_step_backward(of, back ? back[sample * units + j] : real(0), 0, run, at, sample, j);                    \
    }                                                                                                                  \
                                                                                                                       \
    /* `kernel` is transposed; `back` is what has reached the first states through the products. */                    \
    extern "C" __global__ void cell##_steps_backward(                                                                  \
        real* dz, real* dx, real* direct, real* dcarry, real* back, const real* dy, const real* kernel,                \
        const real* gates, const real* carries, const real* states, const real* dropout, const byte* mask, size slots, \
        size backwards, size in_order, RUN                                                                             \
    ) {                                                                                                                \
        __shared__ real z[count * MOST], of_gates[count * MOST];                                                       \
        size sample = blockIdx.x, width = count * units;                                                               \
        Run run = {batch, steps, units, row, outputs, zero_masked, activation, gate};                                  \
        Backward of = {dz, dx, direct, dcarry, dy, gates, carries, states, dropout, mask};                             \
        for (size time = steps; time-- > 0;) {                                                                         \
            Step at = at_time(time, slots, steps, backwards, in_order);                                                \
            for (size j = threadIdx.x; j < units; j += blockDim.x) {                                                   \
                real sum = 0;                                                                                          \
                for (size i = 0; i < count && time + 1 < steps; i++) {                                                 \
                    sum += of_gates[i * units + j];                                                                    \
                }                                                                                                      \
                cell##_step_backward(of, sum, z, run, at, sample, j);                                                  \
            }                                                                                                          \
            __syncthreads();                                                                                           \
            for (size i = threadIdx.x; i < width; i += blockDim.x) {                                                   \
                size first = i / units * units;                                                                        \
                of_gates[i] = dot(z + first, kernel + first * units + i % units, units, units);                        \
            }                                                                                                          \
            __syncthreads();                                                                                           \
        }                                                                                                              \
        for (size j = threadIdx.x; j < units; j += blockDim.x) {                                                       \
            real sum = 0;                                                                                              \
            for (size i = 0; i < count; i++) {                                                                         \
                sum += of_gates[i * units + j];                                                                        \
            }                                                                                                          \
            back[sample * units + j] = sum;                                                                            \
        }                                                                                                              \
    }

CELL(simple, 1)
CELL(lstm, 4)
CELL(gru, 3)

// Copies the states after the last step, kept in `slot`, behind the outputs of the value.
extern "C" __global__ void last_states(
    real* value, const real* states, const real* carries, size slot, size batch, size units, size row, size first
) {
    size j = COLUMN, at = (slot * batch + ROW) * units + j;
    if (j < units && ROW < batch) {
        value += ROW * row + first + j;
        value[0] = states[at];
        if (carries) {
            value[units] = carries[at];
        }
    }
}
