//! NumPy's older random numbers, whose orders Keras gives its data: `numpy.random.RandomState`.
//!
//! Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number generator", 1998.

const LENGTH: usize = 624;
const MIDDLE: usize = 397;

/// MT19937, seeded and used as NumPy does.
pub(crate) struct RandomState {
    state: [u32; LENGTH],
    next: usize,
}

impl RandomState {
    pub(crate) fn new(seed: u32) -> Self {
        let mut state = [seed; LENGTH];
        for i in 1..LENGTH {
            let before = state[i - 1];
            state[i] = 1_812_433_253u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        Self { state, next: LENGTH }
    }

    fn next_u32(&mut self) -> u32 {
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

    /// A number up to `most`, by rejection.
    fn up_to(&mut self, most: u32) -> u32 {
        let mask = u32::MAX.checked_shr(most.leading_zeros()).unwrap_or(0);
        loop {
            let bits = self.next_u32() & mask;
            if bits <= most {
                return bits;
            }
        }
    }

    /// `RandomState.shuffle`. Lists have fewer than 2^32 items.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.up_to(i as u32) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Python: `r = numpy.random.RandomState(113); a = numpy.arange(10); r.shuffle(a)`, and so on.
    #[test]
    fn orders_are_those_of_numpy() {
        let shuffled = |seed, count: usize| {
            let mut items: Vec<usize> = (0..count).collect();
            RandomState::new(seed).shuffle(&mut items);
            items
        };
        assert_eq!(shuffled(113, 10), [9, 3, 6, 1, 0, 7, 4, 8, 2, 5]);
        assert_eq!(shuffled(1337, 1000)[..10], [977, 15, 56, 801, 747, 811, 115, 845, 457, 259]);
        assert_eq!(shuffled(u32::MAX, 2), [0, 1]);
        assert_eq!(shuffled(0, 1), [0]);
        assert_eq!(shuffled(0, 0), [0; 0]);
    }
}
