//! Buckets for categories: by their hashes, as TensorFlow computes them.

use super::farm_hash::fingerprint64;
use super::sip_hash::sip_hash;
use candle_keras_ops::{Error, Result};
use serde::{Deserialize, Serialize};

/// The key of a hash: a number, or two. With one, other categories meet in a bucket than without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Form", into = "[i64; 2]")]
pub struct Salt([i64; 2]);

/// The forms in files.
#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    One(i64),
    Two([i64; 2]),
}

impl From<Form> for Salt {
    fn from(form: Form) -> Self {
        match form {
            Form::One(number) => number.into(),
            Form::Two(numbers) => numbers.into(),
        }
    }
}

impl From<Salt> for [i64; 2] {
    fn from(salt: Salt) -> Self {
        salt.0
    }
}

impl From<i64> for Salt {
    fn from(number: i64) -> Self {
        Self([number; 2])
    }
}

impl From<[i64; 2]> for Salt {
    fn from(numbers: [i64; 2]) -> Self {
        Self(numbers)
    }
}

/// A number of buckets, and how a category gets one of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buckets {
    count: u64,
    salt: Option<Salt>,
}

impl Buckets {
    /// At least one bucket: FarmHash without a salt, SipHash with one.
    pub(crate) fn new(count: usize, salt: Option<Salt>) -> Self {
        Self { count: count.max(1) as u64, salt }
    }

    pub(crate) fn of_bytes(&self, bytes: &[u8]) -> i64 {
        let hash = match self.salt {
            None => fingerprint64(bytes),
            Some(Salt(key)) => sip_hash(key.map(i64::cast_unsigned), bytes),
        };
        (hash % self.count) as i64
    }

    /// The bucket of a whole number: that of its decimal digits.
    pub(crate) fn of_number(&self, number: i64) -> i64 {
        self.of_bytes(number.to_string().as_bytes())
    }

    /// The bucket of a whole number: its remainder.
    pub(crate) fn of_remainder(&self, number: i64) -> i64 {
        number.rem_euclid(self.count.cast_signed())
    }
}

/// The most buckets, or categories outside of a vocabulary: vectors are as long.
const MOST: usize = 1 << 20;

/// An error if there are too many buckets.
pub(crate) fn check_count(argument: &str, count: usize) -> Result<()> {
    if count <= MOST {
        return Ok(());
    }
    Err(Error::new(format!("{argument} is too large")).expected(format!("at most {MOST}")).received(count.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTHS: [usize; 15] = [0, 1, 3, 4, 7, 8, 16, 17, 32, 33, 64, 65, 128, 129, 299];

    /// From tf.strings.to_hash_bucket_fast, with 2**63 - 1 buckets.
    const FAST: [i64; 15] = [
        1_936_946_117_179_621_456,
        669_125_381_193_779_828,
        6_179_183_600_730_882_022,
        5_527_415_341_266_356_854,
        6_761_752_570_141_199_261,
        3_516_000_268_938_779_821,
        3_549_032_070_146_054_938,
        7_727_603_985_549_364_300,
        7_770_891_726_327_863_402,
        8_775_558_915_661_249_378,
        7_515_273_302_581_885_974,
        3_941_834_905_862_237_908,
        8_177_730_461_108_372_495,
        1_220_533_166_984_262_885,
        8_761_310_694_149_374_982,
    ];

    /// From tf.strings.to_hash_bucket_strong, with the key 1234567890123, 42.
    const STRONG: [i64; 15] = [
        2_629_499_014_082_675_823,
        1_221_890_522_285_709_313,
        5_684_766_497_390_483_539,
        3_675_545_054_045_903_123,
        3_594_487_742_898_575_339,
        2_186_018_607_427_583_938,
        82_567_970_416_856_774,
        3_948_117_986_487_869_749,
        1_367_883_839_906_972_086,
        868_397_787_829_318_591,
        5_811_125_550_653_007_140,
        8_077_368_867_235_057_830,
        2_909_444_353_144_942_582,
        8_049_554_009_328_403_033,
        2_733_816_183_684_115_191,
    ];

    #[test]
    fn hashes_are_those_of_tensorflow() {
        for (i, length) in LENGTHS.into_iter().enumerate() {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 37 + length * 11 + 5) as u8).collect();
            let count = i64::MAX as usize;
            assert_eq!(Buckets::new(count, None).of_bytes(&bytes), FAST[i], "{length} bytes");
            let salt = Some([1_234_567_890_123, 42].into());
            assert_eq!(Buckets::new(count, salt).of_bytes(&bytes), STRONG[i], "{length} bytes");
        }
    }

    #[test]
    fn every_number_has_a_bucket() {
        let buckets = Buckets::new(3, None);
        for number in [i64::MIN, -4, -1, 0, 5, i64::MAX] {
            assert!((0..3).contains(&buckets.of_number(number)) && (0..3).contains(&buckets.of_remainder(number)));
        }
        assert_eq!([-4, -1, 5].map(|number| buckets.of_remainder(number)), [2, 2, 2]);
        assert_eq!(Buckets::new(0, None).of_bytes(b"a"), 0);
    }
}
