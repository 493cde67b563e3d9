//! What is trained on: co-occurrences in random order, in memory or in a temporary file.

use super::cooccurrences::Cooccurrences;
use super::spill::{Spill, Stored};
use crate::sampling::Random;
use candle_keras_ops::Result;
use std::ops::Range;

/// Records of a bucket that are written at once.
const EXTENT: usize = 1 << 12;

/// A word, a context, and how often they occurred near each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Record {
    pub(super) word: u32,
    pub(super) context: u32,
    pub(super) x: f32,
}

impl Stored for Record {
    type Bytes = [u8; 12];

    fn to_bytes(self) -> [u8; 12] {
        let numbers = [self.word, self.context, self.x.to_bits()].map(u32::to_le_bytes);
        std::array::from_fn(|i| numbers[i / 4][i % 4])
    }

    fn from_bytes(bytes: [u8; 12]) -> Self {
        let number = |i: usize| u32::from_le_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
        Self { word: number(0), context: number(4), x: f32::from_bits(number(8)) }
    }
}

/// All records: those that fit into memory are shuffled once. Otherwise each has been put into a bucket by chance, and each bucket is shuffled
/// when its turn comes, in every epoch in another way.
pub(super) enum Records {
    Memory(Vec<Record>),
    Disk(Buckets),
}

impl Records {
    /// The records of both orders of each pair if pairs have none, `symmetric`; in about `memory` bytes.
    ///
    /// # Errors
    /// If a temporary file cannot be read or written.
    pub(super) fn new(counts: &Cooccurrences, symmetric: bool, memory: usize, seed: u64) -> Result<Self> {
        let at_most =
            usize::try_from(counts.at_most()).unwrap_or(usize::MAX).saturating_mul(1 + usize::from(symmetric));
        let limit = (memory / size_of::<Record>()).max(EXTENT);
        let mut records = Vec::with_capacity(limit.min(at_most));
        let mut buckets: Option<Buckets> = None;
        // Draws beside those of all epochs.
        let mut random = Random::new(seed, usize::MAX, 0);
        counts.each(|count| {
            let (word, context, x) = count.parts();
            let both = [Record { word, context, x }, Record { word: context, context: word, x }];
            let records_of_pair = if symmetric && word != context { &both[..] } else { &both[..1] };
            if let Some(buckets) = &mut buckets {
                return records_of_pair.iter().try_for_each(|&record| buckets.put(record, &mut random));
            }
            records.extend_from_slice(records_of_pair);
            if records.len() + 2 > limit && at_most > limit {
                let mut new = Buckets::new(at_most, limit)?;
                records.iter().try_for_each(|&record| new.put(record, &mut random))?;
                records = Vec::new();
                buckets = Some(new);
            }
            Ok(())
        })?;
        if let Some(mut buckets) = buckets {
            buckets.finish()?;
            return Ok(Self::Disk(buckets));
        }
        shuffle(&mut records, &mut random);
        Ok(Self::Memory(records))
    }

    /// How many there are.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Memory(records) => records.len() as u64,
            Self::Disk(buckets) => buckets.len,
        }
    }

    /// Calls `f` with the records of an epoch, one part after another.
    ///
    /// # Errors
    /// If a temporary file cannot be read, or `f` fails.
    pub(super) fn each_part(&self, epoch: usize, seed: u64, mut f: impl FnMut(&[Record]) -> Result<()>) -> Result<()> {
        let buckets = match self {
            Self::Memory(records) => return f(records),
            Self::Disk(buckets) => buckets,
        };
        let mut random = Random::new(seed, epoch, 0);
        let mut order: Vec<usize> = (0..buckets.buckets.len()).collect();
        shuffle(&mut order, &mut random);
        let mut records = Vec::new();
        for bucket in order {
            buckets.read(bucket, &mut records)?;
            shuffle(&mut records, &mut random);
            f(&records)?;
        }
        Ok(())
    }
}

/// Records on disk, each in one of several buckets, of which one at a time is in memory.
pub(super) struct Buckets {
    spill: Spill<Record>,
    buckets: Vec<Bucket>,
    /// Records of a bucket that wait until they are written together.
    extent: usize,
    len: u64,
}

#[derive(Default)]
struct Bucket {
    written: Vec<Range<u64>>,
    pending: Vec<Record>,
}

impl Buckets {
    /// For at most so many records. A bucket has half of `limit` on average, so that it is rarely larger than that.
    fn new(records: usize, limit: usize) -> Result<Self> {
        let count = records.div_ceil(limit / 2).max(2);
        let mut buckets = Vec::new();
        buckets.resize_with(count, Bucket::default);
        Ok(Self { spill: Spill::new()?, buckets, extent: (limit / count).clamp(16, EXTENT), len: 0 })
    }

    fn put(&mut self, record: Record, random: &mut Random) -> Result<()> {
        let number = below(self.buckets.len(), random);
        let bucket = &mut self.buckets[number];
        bucket.pending.push(record);
        if bucket.pending.len() == self.extent {
            bucket.written.push(self.spill.append(&bucket.pending)?);
            bucket.pending.clear();
        }
        self.len += 1;
        Ok(())
    }

    /// Writes what is pending.
    fn finish(&mut self) -> Result<()> {
        for bucket in &mut self.buckets {
            bucket.written.push(self.spill.append(&std::mem::take(&mut bucket.pending))?);
        }
        Ok(())
    }

    fn read(&self, bucket: usize, into: &mut Vec<Record>) -> Result<()> {
        into.clear();
        self.buckets[bucket].written.iter().try_for_each(|extent| self.spill.read(extent.clone(), into))
    }
}

/// A number below `bound`.
#[inline]
fn below(bound: usize, random: &mut Random) -> usize {
    ((u128::from(random.bits()) * bound as u128) >> 64) as usize
}

/// Every order is as likely as the others (Fisher and Yates).
fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last + 1, random));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glove::counter::Counting;
    use crate::{Text, Vocabulary};

    fn records(symmetric: bool, memory: usize, seed: u64) -> Records {
        let line =
            |i: u32| (0..30).map(|j| format!("w{}", (i * 31 + j * j * 7 + i * j) % 211)).collect::<Vec<_>>().join(" ");
        let text = Text::lines((0..400).map(line));
        let (vocabulary, chunks) = (Vocabulary::build(&text, 1).unwrap(), text.open().unwrap());
        let counting = Counting { window: 5, symmetric, distance_weighting: true };
        let counts = Cooccurrences::count(counting, &text, &chunks, &vocabulary, 1 << 20).unwrap();
        Records::new(&counts, symmetric, memory, seed).unwrap()
    }

    fn epoch(records: &Records, epoch: usize, seed: u64) -> (Vec<Record>, usize) {
        let (mut all, mut parts) = (Vec::new(), 0);
        let part = |part: &[Record]| {
            parts += 1;
            all.extend_from_slice(part);
            Ok(())
        };
        records.each_part(epoch, seed, part).unwrap();
        (all, parts)
    }

    fn sorted(mut records: Vec<Record>) -> Vec<Record> {
        records.sort_by_key(|record| (record.word, record.context));
        records
    }

    #[test]
    fn every_epoch_has_all_records() {
        for symmetric in [true, false] {
            let (memory, disk) = (records(symmetric, 1 << 24, 1), records(symmetric, 0, 1));
            let (all, parts) = epoch(&memory, 0, 1);
            assert_eq!((parts, all.len() as u64, memory.len()), (1, disk.len(), disk.len()));
            let (first, parts) = epoch(&disk, 0, 1);
            assert!(parts > 2 && first != all);
            let (second, _) = epoch(&disk, 1, 1);
            assert!(first != second && first == epoch(&disk, 0, 1).0);
            assert!(epoch(&records(symmetric, 1 << 24, 2), 0, 2).0 != all);
            let all = sorted(all);
            assert!(sorted(first) == all && sorted(second) == all);
            let mirrored = all.iter().map(|r| Record { word: r.context, context: r.word, x: r.x }).collect();
            assert_eq!(sorted(mirrored) == all, symmetric);
        }
    }

    #[test]
    fn every_order_is_as_likely_as_the_others() {
        let (mut random, mut seen) = (Random::new(1, 0, 0), [[0u32; 5]; 5]);
        for _ in 0..10_000 {
            let mut items = [0, 1, 2, 3, 4];
            shuffle(&mut items, &mut random);
            items.iter().enumerate().for_each(|(place, &item)| seen[place][item] += 1);
        }
        assert!(seen.iter().flatten().all(|&times| times.abs_diff(2000) < 200), "{seen:?}");
    }
}
