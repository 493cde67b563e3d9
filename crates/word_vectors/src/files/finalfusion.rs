//! finalfusion's `.fifu`: chunks, of which the simple vocabulary, the dense array and the norms are read.

use super::Load;
use super::raw::{Element, Table};
use super::rows::Rows;
use super::source::Input;
use super::word_list::WordList;
use crate::KeyedVectors;
use candle_keras_ops::{Error, Result};

const VOCABULARY: u32 = 1;
const ARRAY: u32 = 2;
const METADATA: u32 = 5;
const NORMS: u32 = 6;

/// What the format calls the number type f32.
const F32: u32 = 10;

const KINDS: [&str; 9] = [
    "a vocabulary",
    "an array",
    "a vocabulary with subwords",
    "a quantized array",
    "metadata",
    "norms",
    "a vocabulary with subwords of fastText",
    "a vocabulary with n-grams",
    "a vocabulary with subwords of floret",
];

/// A word that is longer than this is none.
const LONGEST_WORD: u32 = 1 << 20;

pub(super) fn read(input: &mut Input, options: &Load) -> Result<KeyedVectors> {
    input.skip(4)?;
    let version = u32::from_le_bytes(input.array()?);
    if version != 0 {
        return Err(Error::new("this version of finalfusion's format is not known")
            .expected("0")
            .received(version.to_string()));
    }
    let count = u32::from_le_bytes(input.array()?);
    let mut position = 12 + 4 * u64::from(count);
    input.skip(4 * u64::from(count))?;
    let (mut words, mut rows) = (None, None);
    for _ in 0..count {
        let (id, length) = (u32::from_le_bytes(input.array()?), u64::from_le_bytes(input.array()?));
        position += 12;
        let end = position.saturating_add(length);
        if end > i64::MAX as u64 {
            return Err(
                Error::new("a chunk of the finalfusion file is longer than any file").received(length.to_string())
            );
        }
        match (id, &words, &mut rows) {
            (METADATA, ..) => input.skip(length)?,
            (VOCABULARY, None, _) => words = Some(vocabulary(input, options, position)?),
            (ARRAY, Some(words), None) => {
                let table = array(input, position)?;
                let read = table.read(input, words, options)?;
                // What is left of the array is not needed, and what comes after it is not always there.
                let size = table.rows.saturating_mul(table.width).saturating_mul(4);
                input.skip(size.saturating_sub(read.seen().saturating_mul(table.width * 4)))?;
                rows = Some(read);
            }
            (NORMS, Some(words), Some(rows)) => scale(input, words, rows, position)?,
            _ => {
                let kind = usize::try_from(id)
                    .ok()
                    .and_then(|id| KINDS.get(id.checked_sub(1)?))
                    .unwrap_or(&"an unknown chunk");
                return Err(Error::new(format!("the finalfusion file has {kind}, which is not read here"))
                    .expected("a simple vocabulary, a dense array, and norms")
                    .help("finalfusion-utils writes it in word2vec's format: finalfusion convert"));
            }
        }
        position = end;
    }
    rows.ok_or_else(|| Error::new("the finalfusion file has no vectors"))?.finish()
}

fn vocabulary(input: &mut Input, options: &Load, start: u64) -> Result<WordList> {
    let count = u64::from_le_bytes(input.array()?);
    let (mut words, mut bytes, mut position) = (WordList::default(), Vec::new(), start + 8);
    for number in 0..count {
        let length = u32::from_le_bytes(input.array()?);
        if length > LONGEST_WORD || !input.fill(&mut bytes, length as usize)? {
            return Err(Error::new(format!("the file ends within word {} of {count}", number + 1)));
        }
        words.push(&options.decode(&bytes, number, position + 4)?);
        position += 4 + u64::from(length);
    }
    Ok(words)
}

fn array(input: &mut Input, start: u64) -> Result<Table> {
    let rows = u64::from_le_bytes(input.array()?);
    let width = u64::from(u32::from_le_bytes(input.array()?));
    numbers(input, start + 12)?;
    Ok(Table { element: Element::F32, rows, width })
}

/// Passes over the number type and the zeros before the numbers: one to four, up to a multiple of four.
fn numbers(input: &mut Input, position: u64) -> Result<()> {
    let element = u32::from_le_bytes(input.array()?);
    if element != F32 {
        return Err(Error::new("the finalfusion file has other numbers than f32").received(format!("type {element}")));
    }
    input.skip(4 - (position + 4) % 4)
}

/// Multiplies the vectors, which have a norm of 1, by what their norms were.
fn scale(input: &mut Input, words: &WordList, rows: &mut Rows, start: u64) -> Result<()> {
    let count = u64::from_le_bytes(input.array()?);
    if count != words.len() as u64 {
        return Err(super::word_list::mismatch(words.len(), count));
    }
    numbers(input, start + 8)?;
    let (kept, vectors) = rows.parts();
    let width = vectors.len().checked_div(kept.len()).unwrap_or(1);
    let mut vectors = vectors.chunks_exact_mut(width.max(1));
    for kept in words.kept(kept) {
        let norm = f32::from_le_bytes(input.array()?);
        if kept {
            vectors.next().unwrap_or_default().iter_mut().for_each(|x| *x *= norm);
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::testing::{content, error, load, load_with};
    use super::*;

    /// A file of three words with these norms; the words begin with a chunk of metadata before them.
    pub(in super::super) fn file(words: &[&str], numbers: &[f32], norms: &[f32]) -> Vec<u8> {
        let mut bytes =
            [b"FiFu".as_slice(), &[0, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 6, 0, 0, 0]].concat();
        let mut chunk = |id: u32, fill: &dyn Fn(&mut Vec<u8>, usize)| {
            let mut content = Vec::new();
            fill(&mut content, bytes.len() + 12);
            bytes.extend(id.to_le_bytes());
            bytes.extend((content.len() as u64).to_le_bytes());
            bytes.extend(content);
        };
        let padded = |out: &mut Vec<u8>, start: usize, numbers: &[f32]| {
            out.extend(F32.to_le_bytes());
            let padding = 4 - (start + out.len()) % 4;
            out.extend(std::iter::repeat_n(0, padding));
            out.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
        };
        chunk(METADATA, &|out, _| out.extend(b"a = 1"));
        chunk(VOCABULARY, &|out, _| {
            out.extend((words.len() as u64).to_le_bytes());
            for word in words {
                out.extend((word.len() as u32).to_le_bytes());
                out.extend(word.as_bytes());
            }
        });
        chunk(ARRAY, &|out, start| {
            out.extend((words.len() as u64).to_le_bytes());
            out.extend(((numbers.len() / words.len()) as u32).to_le_bytes());
            padded(out, start, numbers);
        });
        chunk(NORMS, &|out, start| {
            out.extend((norms.len() as u64).to_le_bytes());
            padded(out, start, norms);
        });
        bytes
    }

    #[test]
    fn vectors_get_their_norms_back() {
        let bytes = file(&["a", "größe", "c"], &[1., 0., 0.6, 0.8, 0., -1.], &[2., 5., 0.5]);
        assert_eq!(load(&bytes), content(&["a", "größe", "c"], &[2., 0., 3., 4., 0., -0.5]));
        assert_eq!(load_with(&bytes, Load::new().vocabulary(["größe"])), content(&["größe"], &[3., 4.]));
        assert_eq!(load_with(&bytes, Load::new().limit(1)), content(&["a"], &[2., 0.]));
        // A word that is not wanted need not be UTF-8.
        let at = bytes.windows(6).position(|window| window == "größe".as_bytes().get(..6).unwrap()).unwrap();
        let mut damaged = bytes.clone();
        damaged[at + 2] = 0xff;
        assert!(error(&damaged).starts_with("word 2 is not UTF-8"));
        assert_eq!(load_with(&damaged, Load::new().vocabulary(["c"])), content(&["c"], &[0., -0.5]));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let bytes = file(&["a", "b"], &[1., 0.], &[2., 5.]);
        assert!(error(&bytes[..bytes.len() - 2]).starts_with("the file ends early"));
        assert!(error(&bytes[..40]).starts_with("the file ends "));
        let at = bytes.windows(12).position(|window| window[..4] == [1, 0, 0, 0] && window[4] == 18).unwrap();
        let mut subwords = bytes.clone();
        subwords[at] = 3;
        assert!(
            error(&subwords).starts_with("the finalfusion file has a vocabulary with subwords, which is not read here")
        );
        assert!(error(file(&["a", "b"], &[1., 0.], &[2.])).starts_with("each vector must have one word"));
        let mut endless = bytes.clone();
        endless[at + 4..at + 12].copy_from_slice(&(u64::MAX - 60).to_le_bytes());
        assert!(error(&endless).starts_with("a chunk of the finalfusion file is longer than any file"));
        assert!(error(b"FiFu\x01\0\0\0").starts_with("this version of finalfusion's format"));
        assert!(error(b"FiFu\0\0\0\0\0\0\0\0").starts_with("the finalfusion file has no vectors"));
    }
}
