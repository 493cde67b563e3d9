//! Parts of words and runs of words, and the rows that fastText's hashes give them.

use std::ops::Range;

const EMPTY: u32 = 2_166_136_261;

/// The hash of some bytes and one more. FNV-1a, but for bytes from 0x80 on, which fastText takes for negative numbers.
#[inline(always)]
fn fnv1a_step(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as i8 as u32).wrapping_mul(16_777_619)
}

/// fastText's hash of a word.
pub(crate) fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(EMPTY, |hash, &byte| fnv1a_step(hash, byte))
}

/// Which parts of words have rows: those of `minn` to `maxn` letters of the word between `<` and `>`, hashed into `bucket` rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ngrams {
    pub minn: usize,
    pub maxn: usize,
    pub bucket: u32,
}

/// A part of a word between `<` and `>`: where its bytes are, counted from the `<`, and their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ngram {
    pub at: Range<usize>,
    pub hash: u32,
}

impl Ngrams {
    /// The parts of a word in fastText's order: by where they begin, the shorter first.
    ///
    /// A letter is a byte and the bytes 0x80 to 0xBF after it, also in words that are not UTF-8.
    pub fn of(self, word: &[u8]) -> NgramsOf<'_> {
        let ngrams = if self.bucket == 0 { Self { maxn: 0, ..self } } else { self };
        NgramsOf { word, ngrams, at: 0..0, letters: 0, hash: EMPTY }
    }
}

/// An iterator over the parts of a word. Each hash goes on from that of the part that is a letter shorter.
#[derive(Debug, Clone)]
pub(crate) struct NgramsOf<'a> {
    word: &'a [u8],
    ngrams: Ngrams,
    at: Range<usize>,
    letters: usize,
    hash: u32,
}

impl NgramsOf<'_> {
    /// How many bytes the word has between `<` and `>`, with these.
    fn len(&self) -> usize {
        self.word.len() + 2
    }

    #[inline]
    fn byte(&self, i: usize) -> u8 {
        match i {
            0 => b'<',
            _ => self.word.get(i - 1).copied().unwrap_or(b'>'),
        }
    }

    /// Whether a byte goes on with the letter before it.
    #[inline]
    fn continues(&self, i: usize) -> bool {
        self.byte(i) & 0xC0 == 0x80
    }

    /// The end of the letter that begins at a byte, or goes on there.
    #[inline]
    fn next_letter(&self, i: usize) -> usize {
        (i + 1..self.len()).find(|&i| !self.continues(i)).unwrap_or(self.len())
    }
}

impl Iterator for NgramsOf<'_> {
    type Item = Ngram;

    fn next(&mut self) -> Option<Ngram> {
        while self.ngrams.maxn > 0 && self.at.start < self.len() {
            if self.letters == self.ngrams.maxn || self.at.end == self.len() {
                let start = self.next_letter(self.at.start);
                (self.at, self.letters, self.hash) = (start..start, 0, EMPTY);
                continue;
            }
            let end = self.next_letter(self.at.end);
            self.hash = (self.at.end..end).fold(self.hash, |hash, i| fnv1a_step(hash, self.byte(i)));
            self.at.end = end;
            self.letters += 1;
            let bracket = self.letters == 1 && (self.at.start == 0 || end == self.len());
            if self.letters >= self.ngrams.minn && !bracket {
                return Some(Ngram { at: self.at.clone(), hash: self.hash });
            }
        }
        None
    }
}

/// The buckets of the runs of two to `longest` words, of the hashes of the words of a line.
pub(crate) fn word_ngrams(hashes: &[u32], longest: usize, bucket: u32) -> impl Iterator<Item = u32> {
    // The program keeps the hashes as signed numbers of 32 bits.
    let signed = |hash: u32| hash as i32 as i64 as u64;
    let longest = if bucket == 0 { 0 } else { longest };
    hashes.iter().enumerate().flat_map(move |(i, &first)| {
        let mut hash = signed(first);
        let next = &hashes[i + 1..hashes.len().min((i + 1).max(i.saturating_add(longest)))];
        next.iter().map(move |&next| {
            hash = hash.wrapping_mul(116_049_371).wrapping_add(signed(next));
            (hash % u64::from(bucket)) as u32
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `fasttext.get_subwords` and `get_subword_id` of version 0.9.2 give.
    #[test]
    fn hashes_are_those_of_the_program() {
        let ids = |word: &str, minn, maxn| -> Vec<u32> {
            Ngrams { minn, maxn, bucket: 2_000_000 }.of(word.as_bytes()).map(|ngram| ngram.hash % 2_000_000).collect()
        };
        assert_eq!(ids("数学", 3, 6), [1_260_458, 1_703_676, 969_302]);
        let sea = [1_348_289, 1_807_120, 1_966_383, 899_395, 1_616_222, 493_741, 567_529, 1_706_713, 445_989, 870_591];
        assert_eq!(ids("море", 3, 6), sea);
        assert_eq!(ids("naïve", 3, 6)[..4], [1_806_890, 1_907_692, 878_190, 933_201]);
        assert_eq!(ids("naïve", 3, 6)[10..], [1_505_331, 1_711_570, 1_788_548, 1_088_654]);
        let words = ["<where>", "größe", "😀", "", "the"].map(|word| hash(word.as_bytes()) % 2_000_000);
        assert_eq!(words, [1_392_596, 799_898, 31_496, 136_261, 861_980]);
    }

    fn texts(word: &str, minn: usize, maxn: usize) -> Vec<String> {
        let whole = format!("<{word}>");
        Ngrams { minn, maxn, bucket: 1 }.of(word.as_bytes()).map(|ngram| whole[ngram.at].to_string()).collect()
    }

    #[test]
    fn parts_are_of_whole_letters() {
        assert_eq!(texts("añb", 3, 6), ["<añ", "<añb", "<añb>", "añb", "añb>", "ñb>"]);
        assert_eq!(texts("數", 0, 2), ["<數", "數", "數>"]);
        assert_eq!(texts("ab", 1, 1), ["a", "b"]);
        assert_eq!(texts("", 1, 6), ["<>"]);
        assert!(texts("word", 3, 0).is_empty() && texts("word", 7, 9).is_empty());
        assert_eq!(Ngrams { minn: 1, maxn: 3, bucket: 0 }.of(b"word").count(), 0);
        // Bytes that go on with a letter that never began.
        let broken: Vec<_> = Ngrams { minn: 1, maxn: 2, bucket: 1 }.of(b"\x85a\x85").map(|ngram| ngram.at).collect();
        assert_eq!(broken, [0..4, 2..4, 2..5]);
    }

    #[test]
    fn runs_of_words_are_hashed_with_a_sign() {
        let hashes = [hash(b"the"), hash("größe".as_bytes()), hash(b"</s>")];
        assert_eq!(word_ngrams(&hashes, 1, 50).count() + word_ngrams(&hashes, 3, 0).count(), 0);
        assert_eq!(word_ngrams(&hashes, 2, 50).count(), 2);
        assert_eq!(word_ngrams(&hashes, usize::MAX, 50).count(), 3);
        assert_eq!(word_ngrams(&[], 2, 50).count(), 0);
        // Beyond 2^31, so that the sign is seen.
        let (first, second) = (0x8000_0001_u32, 0xFFFF_FFFF);
        let expected = (first as i32 as i128 * 116_049_371 - 1).rem_euclid(1 << 64) % 1_000_003;
        assert_eq!(word_ngrams(&[first, second], 2, 1_000_003).next(), Some(expected as u32));
    }
}
