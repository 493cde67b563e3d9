//! The state of a generator from a seed: `numpy.random.SeedSequence`.
//!
//! O'Neill, "Developing a seed_seq alternative", 2015.

const POOL: usize = 4;

/// A constant that changes with each word that is mixed in.
struct Hash {
    constant: u32,
    factor: u32,
}

impl Hash {
    fn mixed(&mut self, word: u32) -> u32 {
        let word = word ^ self.constant;
        self.constant = self.constant.wrapping_mul(self.factor);
        let word = word.wrapping_mul(self.constant);
        word ^ (word >> 16)
    }
}

/// `N` words of the state that follows from a seed.
pub(super) fn state_of<const N: usize>(seed: u64) -> [u64; N] {
    let mut hash = Hash { constant: 0x43b0_d7e5, factor: 0x931e_8875 };
    // A seed has two words at most, the rest of the pool is of zeros.
    let mut pool: [u32; POOL] = [seed as u32, (seed >> 32) as u32, 0, 0].map(|word| hash.mixed(word));
    for from in 0..POOL {
        for to in (0..POOL).filter(|to| *to != from) {
            let word = hash.mixed(pool[from]);
            let word = pool[to].wrapping_mul(0xca01_f9dd).wrapping_sub(word.wrapping_mul(0x4973_f715));
            pool[to] = word ^ (word >> 16);
        }
    }
    let mut hash = Hash { constant: 0x8b51_f9dd, factor: 0x58f3_8ded };
    let mut words = pool.into_iter().cycle().map(|word| u64::from(hash.mixed(word)));
    [(); N].map(|()| words.next().unwrap_or(0) | words.next().unwrap_or(0) << 32)
}
