//! The rows of vectors as each format has them.

use super::Save;
use crate::KeyedVectors;
use candle_keras_ops::cores;
use std::io::{Result, Write};

/// About how many bytes a core writes at once.
const PART: usize = 1 << 20;

/// Writes what `append` adds for each row, which all cores do for parts of them.
fn rows(vectors: &KeyedVectors, out: &mut impl Write, append: impl Fn(usize, &mut Vec<u8>) + Sync) -> Result<()> {
    // A number takes at most about 16 bytes.
    let part = (PART / 16 / vectors.vector_size().max(1)).max(1);
    let at_once = part * 2 * cores::count();
    for from in (0..vectors.len()).step_by(at_once) {
        let to = (from + at_once).min(vectors.len());
        let parts: Vec<_> = (from..to).step_by(part).map(|from| from..(from + part).min(to)).collect();
        let written = cores::map(parts, |rows| {
            let mut bytes = Vec::with_capacity(PART);
            rows.for_each(|row| append(row, &mut bytes));
            bytes
        });
        written.iter().try_for_each(|bytes| out.write_all(bytes))?;
    }
    Ok(())
}

/// Words and their numbers in decimal.
pub(super) fn text(vectors: &KeyedVectors, options: &Save, out: &mut impl Write) -> Result<()> {
    if options.header {
        writeln!(out, "{} {}", vectors.len(), vectors.vector_size())?;
    }
    rows(vectors, out, |row, bytes| {
        bytes.extend_from_slice(options.spelled(vectors.words().word(row)).as_bytes());
        for &x in vectors.row(row) {
            bytes.push(b' ');
            number(x, bytes);
        }
        bytes.push(b'\n');
    })
}

/// word2vec's binary format.
pub(super) fn binary(vectors: &KeyedVectors, options: &Save, out: &mut impl Write) -> Result<()> {
    writeln!(out, "{} {}", vectors.len(), vectors.vector_size())?;
    rows(vectors, out, |row, bytes| {
        bytes.extend_from_slice(options.spelled(vectors.words().word(row)).as_bytes());
        bytes.push(b' ');
        append_raw(vectors.row(row), bytes);
        if options.line_feeds {
            bytes.push(b'\n');
        }
    })
}

/// Numbers between tabs, without words.
pub(super) fn table(vectors: &KeyedVectors, out: &mut impl Write) -> Result<()> {
    rows(vectors, out, |row, bytes| {
        for (i, &x) in vectors.row(row).iter().enumerate() {
            if i > 0 {
                bytes.push(b'\t');
            }
            number(x, bytes);
        }
        bytes.push(b'\n');
    })
}

/// The numbers as they are in memory, in little-endian order.
pub(super) fn raw(vectors: &KeyedVectors, out: &mut impl Write) -> Result<()> {
    rows(vectors, out, |row, bytes| append_raw(vectors.row(row), bytes))
}

/// The words, one a line.
pub(super) fn words(vectors: &KeyedVectors, out: &mut impl Write) -> Result<()> {
    vectors.words().iter().try_for_each(|word| writeln!(out, "{word}"))
}

/// The words and how often each occurred, one a line.
pub(super) fn counts(vectors: &KeyedVectors, counts: &[u64], options: &Save, out: &mut impl Write) -> Result<()> {
    let mut words = vectors.words().iter().zip(counts);
    words.try_for_each(|(word, count)| writeln!(out, "{} {count}", options.spelled(word)))
}

/// The fewest digits that read back as the same number; one with a point or an exponent, so that no line looks like a header.
fn number(x: f32, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(zmij::Buffer::new().format(x).as_bytes());
}

fn append_raw(row: &[f32], bytes: &mut Vec<u8>) {
    bytes.extend(row.iter().flat_map(|x| x.to_le_bytes()));
}
