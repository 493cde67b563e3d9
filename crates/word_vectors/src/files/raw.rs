//! Numbers as they are in memory: the rows of safetensors, `.npy` and finalfusion, whose words are in a list.

use super::Load;
use super::rows::Rows;
use super::source::Input;
use super::word_list::{WordList, mismatch};
use candle_keras_ops::{Error, Result};
use half::{bf16, f16};

/// How a number is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Element {
    F16,
    BF16,
    F32,
    F64,
}

impl Element {
    /// In bytes.
    fn size(self) -> usize {
        match self {
            Self::F16 | Self::BF16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Adds numbers in little-endian order.
    pub(super) fn append(self, bytes: &[u8], numbers: &mut Vec<f32>) {
        match self {
            Self::F16 => numbers.extend(bytes.as_chunks().0.iter().map(|x| f16::from_le_bytes(*x).to_f32())),
            Self::BF16 => numbers.extend(bytes.as_chunks().0.iter().map(|x| bf16::from_le_bytes(*x).to_f32())),
            Self::F32 => numbers.extend(bytes.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x))),
            Self::F64 => numbers.extend(bytes.as_chunks().0.iter().map(|x| f64::from_le_bytes(*x) as f32)),
        }
    }
}

/// What the header of a file says about its numbers.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) element: Element,
    pub(super) rows: u64,
    pub(super) width: u64,
}

impl Table {
    /// Reads the rows that come next in the file.
    pub(super) fn read<'a>(&self, input: &mut Input, words: &WordList, options: &'a Load) -> Result<Rows<'a>> {
        if words.len() as u64 != self.rows {
            return Err(mismatch(words.len(), self.rows));
        }
        let sizes = usize::try_from(self.width).ok();
        let sizes = sizes.and_then(|width| Some((width, width.checked_mul(self.element.size())?)));
        let (width, size) =
            sizes.ok_or_else(|| Error::new("the vectors are wider than memory").received(self.width.to_string()))?;
        let possible = |length: u64| self.rows.min(length / (size as u64).max(1));
        let mut rows = Rows::new(options, width, input.length().map(possible))?;
        let mut vector = Vec::new();
        for (number, word) in words.iter().enumerate() {
            if rows.is_complete() {
                break;
            }
            if !input.fill(&mut vector, size)? {
                return Err(Error::new(format!("the file ends within vector {} of {}", number + 1, self.rows))
                    .received(format!("{} of {size} bytes of the vector of {word:?}", vector.len())));
            }
            if let Some(vectors) = rows.take(word) {
                self.element.append(&vector, vectors);
            }
        }
        Ok(rows)
    }
}
