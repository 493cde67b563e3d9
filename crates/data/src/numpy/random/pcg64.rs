//! PCG64, the generator of bits behind `numpy.random.default_rng`.
//!
//! O'Neill, "PCG: a family of simple fast space-efficient statistically good algorithms for random number generation", 2014.

use super::seed_sequence::state_of;

const FACTOR: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

#[derive(Debug, Clone)]
pub(super) struct Pcg64 {
    state: u128,
    increment: u128,
    /// The upper half of a number whose lower half was drawn.
    half: Option<u32>,
}

impl Pcg64 {
    pub(super) fn new(seed: u64) -> Self {
        let [high, low, stream_high, stream_low] = state_of(seed).map(u128::from);
        let increment = (stream_high << 64 | stream_low) << 1 | 1;
        let mut pcg = Self { state: 0, increment, half: None };
        pcg.step();
        pcg.state = pcg.state.wrapping_add(high << 64 | low);
        pcg.step();
        pcg
    }

    fn step(&mut self) {
        self.state = self.state.wrapping_mul(FACTOR).wrapping_add(self.increment);
    }

    pub(super) fn next_u64(&mut self) -> u64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    pub(super) fn next_u32(&mut self) -> u32 {
        self.half.take().unwrap_or_else(|| {
            let bits = self.next_u64();
            self.half = Some((bits >> 32) as u32);
            bits as u32
        })
    }
}
