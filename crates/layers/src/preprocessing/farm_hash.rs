//! FarmHash's `Fingerprint64`, by which Keras puts words into buckets. (Pike and Alakuijala, 2014: it is CityHash64 with other constants at
//! the start.)

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;

/// The fingerprint of these bytes, the same on every machine.
pub(crate) fn fingerprint64(bytes: &[u8]) -> u64 {
    match bytes.len() {
        0..=16 => up_to_16(bytes),
        17..=32 => up_to_32(bytes),
        33..=64 => up_to_64(bytes),
        _ => long(bytes),
    }
}

/// The number in the 8 bytes at `at`.
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)))
}

fn shift_mix(x: u64) -> u64 {
    x ^ (x >> 47)
}

fn mix(x: u64, y: u64, factor: u64) -> u64 {
    let a = shift_mix((x ^ y).wrapping_mul(factor));
    shift_mix((y ^ a).wrapping_mul(factor)).wrapping_mul(factor)
}

fn factor_of(length: usize) -> u64 {
    K2.wrapping_add(2 * length as u64)
}

fn up_to_16(bytes: &[u8]) -> u64 {
    let (length, factor) = (bytes.len(), factor_of(bytes.len()));
    match length {
        8.. => {
            let (a, b) = (u64_at(bytes, 0).wrapping_add(K2), u64_at(bytes, length - 8));
            let c = b.rotate_right(37).wrapping_mul(factor).wrapping_add(a);
            let d = a.rotate_right(25).wrapping_add(b).wrapping_mul(factor);
            mix(c, d, factor)
        }
        4..8 => mix((length as u64).wrapping_add(u32_at(bytes, 0) << 3), u32_at(bytes, length - 4), factor),
        1..4 => {
            let at = |i: usize| u64::from(bytes[i]);
            let (y, z) = (at(0) + (at(length / 2) << 8), length as u64 + (at(length - 1) << 2));
            shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K0)).wrapping_mul(K2)
        }
        0 => K2,
    }
}

/// What the hashes of 17 to 64 bytes begin with: two sums of the ends, and the numbers in them.
fn ends(bytes: &[u8], first: u64) -> (u64, u64, u64) {
    let (length, factor) = (bytes.len(), factor_of(bytes.len()));
    let (a, b) = (u64_at(bytes, 0).wrapping_mul(first), u64_at(bytes, 8));
    let (c, d) = (u64_at(bytes, length - 8).wrapping_mul(factor), u64_at(bytes, length - 16).wrapping_mul(K2));
    let x = a.wrapping_add(b).rotate_right(43).wrapping_add(c.rotate_right(30)).wrapping_add(d);
    let y = a.wrapping_add(b.wrapping_add(K2).rotate_right(18)).wrapping_add(c);
    (a, x, y)
}

fn up_to_32(bytes: &[u8]) -> u64 {
    let (_, x, y) = ends(bytes, K1);
    mix(x, y, factor_of(bytes.len()))
}

fn up_to_64(bytes: &[u8]) -> u64 {
    let (length, factor) = (bytes.len(), factor_of(bytes.len()));
    let (a, y, z) = ends(bytes, K2);
    let z = mix(y, z, factor);
    let (e, f) = (u64_at(bytes, 16).wrapping_mul(factor), u64_at(bytes, 24));
    let g = y.wrapping_add(u64_at(bytes, length - 32)).wrapping_mul(factor);
    let h = z.wrapping_add(u64_at(bytes, length - 24)).wrapping_mul(factor);
    let x = e.wrapping_add(f).rotate_right(43).wrapping_add(g.rotate_right(30)).wrapping_add(h);
    let y = e.wrapping_add(f.wrapping_add(a).rotate_right(18)).wrapping_add(g);
    mix(x, y, factor)
}

/// Two weak hashes of 32 bytes.
fn pair(bytes: &[u8], at: usize, a: u64, b: u64) -> (u64, u64) {
    let [w, x, y, z] = [0, 8, 16, 24].map(|i| u64_at(bytes, at + i));
    let c = a.wrapping_add(w);
    let b = b.wrapping_add(c).wrapping_add(z).rotate_right(21);
    let a = c.wrapping_add(x).wrapping_add(y);
    (a.wrapping_add(z), b.wrapping_add(a.rotate_right(44)).wrapping_add(c))
}

struct State {
    x: u64,
    y: u64,
    z: u64,
    v: (u64, u64),
    w: (u64, u64),
}

impl State {
    /// Takes in 64 bytes; the last ones have a factor of their own, and weights.
    fn add(&mut self, bytes: &[u8], at: usize, factor: u64, [of_w, of_v]: [u64; 2]) {
        let Self { x, y, z, v, w } = self;
        let next = |i: usize| u64_at(bytes, at + i);
        *x = x.wrapping_add(*y).wrapping_add(v.0).wrapping_add(next(8)).rotate_right(37).wrapping_mul(factor);
        *y = y.wrapping_add(v.1).wrapping_add(next(48)).rotate_right(42).wrapping_mul(factor);
        *x ^= w.1.wrapping_mul(of_w);
        *y = y.wrapping_add(v.0.wrapping_mul(of_v)).wrapping_add(next(40));
        *z = z.wrapping_add(w.0).rotate_right(33).wrapping_mul(factor);
        *v = pair(bytes, at, v.1.wrapping_mul(factor), x.wrapping_add(w.0));
        *w = pair(bytes, at + 32, z.wrapping_add(w.1), y.wrapping_add(next(16)));
        std::mem::swap(z, x);
    }
}

fn long(bytes: &[u8]) -> u64 {
    const SEED: u64 = 81;
    let y = SEED.wrapping_mul(K1).wrapping_add(113);
    let z = shift_mix(y.wrapping_mul(K2).wrapping_add(113)).wrapping_mul(K2);
    let mut state = State { x: SEED.wrapping_mul(K2).wrapping_add(u64_at(bytes, 0)), y, z, v: (0, 0), w: (0, 0) };
    let rest = (bytes.len() - 1) % 64;
    for at in (0..bytes.len() - 1 - rest).step_by(64) {
        state.add(bytes, at, K1, [1, 1]);
    }
    let factor = K1.wrapping_add((state.z & 0xff) << 1);
    state.w.0 = state.w.0.wrapping_add(rest as u64);
    state.v.0 = state.v.0.wrapping_add(state.w.0);
    state.w.0 = state.w.0.wrapping_add(state.v.0);
    state.add(bytes, bytes.len() - 64, factor, [9, 9]);
    let State { x, y, z, v, w } = state;
    mix(
        mix(v.0, w.0, factor).wrapping_add(shift_mix(y).wrapping_mul(K0)).wrapping_add(z),
        mix(v.1, w.1, factor).wrapping_add(x),
        factor,
    )
}
