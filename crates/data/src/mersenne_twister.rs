//! The Mersenne Twister MT19937, from which Python and NumPy draw.
//!
//! Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number generator", 1998.

const LENGTH: usize = 624;
const MIDDLE: usize = 397;

#[derive(Clone)]
pub(crate) struct MersenneTwister {
    state: [u32; LENGTH],
    next: usize,
}

impl MersenneTwister {
    /// From one number: the authors' `init_genrand`, as NumPy seeds.
    pub(crate) fn new(seed: u32) -> Self {
        let mut state = [seed; LENGTH];
        for i in 1..LENGTH {
            let before = state[i - 1];
            state[i] = 1_812_433_253u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        Self { state, next: LENGTH }
    }

    /// From a key, which is not empty: the authors' `init_by_array`, as Python seeds.
    pub(crate) fn of_key(key: &[u32]) -> Self {
        let mut twister = Self::new(19_650_218);
        let state = &mut twister.state;
        let mixed = |before: u32, factor: u32| (before ^ (before >> 30)).wrapping_mul(factor);
        let mut i = 1;
        let next = |i: &mut usize, state: &mut [u32; LENGTH]| {
            *i += 1;
            if *i == LENGTH {
                state[0] = state[LENGTH - 1];
                *i = 1;
            }
        };
        for j in (0..key.len()).cycle().take(key.len().max(LENGTH)) {
            let mix = mixed(state[i - 1], 1_664_525);
            state[i] = (state[i] ^ mix).wrapping_add(key[j]).wrapping_add(j as u32);
            next(&mut i, state);
        }
        for _ in 1..LENGTH {
            let mix = mixed(state[i - 1], 1_566_083_941);
            state[i] = (state[i] ^ mix).wrapping_sub(i as u32);
            next(&mut i, state);
        }
        state[0] = 0x8000_0000;
        twister
    }

    /// The next 32 random bits.
    pub(crate) fn next_u32(&mut self) -> u32 {
        if self.next == LENGTH {
            for i in 0..LENGTH {
                let bits = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % LENGTH] & 0x7fff_ffff);
                let odd = if bits & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + MIDDLE) % LENGTH] ^ (bits >> 1) ^ odd;
            }
            self.next = 0;
        }
        let mut bits = self.state[self.next];
        self.next += 1;
        bits ^= bits >> 11;
        bits ^= (bits << 7) & 0x9d2c_5680;
        bits ^= (bits << 15) & 0xefc6_0000;
        bits ^ (bits >> 18)
    }

    /// A number from 0 to below 1 with 53 random bits.
    pub(crate) fn next_f64(&mut self) -> f64 {
        let (high, low) = (self.next_u32() >> 5, self.next_u32() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the authors' file `mt19937ar.out`, and those of `init_genrand(5489)`, the seed of C++.
    #[test]
    fn numbers_are_those_of_the_authors() {
        let mut twister = MersenneTwister::of_key(&[0x123, 0x234, 0x345, 0x456]);
        let numbers = [(); 5].map(|()| twister.next_u32());
        assert_eq!(numbers, [1067595299, 955945823, 477289528, 4107218783, 4228976476]);
        let mut twister = MersenneTwister::new(5489);
        assert_eq!((0..10_000).map(|_| twister.next_u32()).last(), Some(4_123_659_995));
    }
}
