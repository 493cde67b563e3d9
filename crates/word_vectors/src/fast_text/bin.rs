//! fastText's files of models: `.bin`, and `.ftz` with quantized matrices. All numbers are little-endian.

use super::FastTextModel;
use super::args::{Args, LossName, ModelName};
use super::dictionary::{Dictionary, PrunedBuckets};
use super::entries::Entries;
use super::matrix::{Dense, Matrix};
use super::quantized::{CENTROIDS, Norms, Quantized, Quantizer};
use super::source::Source;
use candle_keras_ops::{Error, Result};
use std::io::{self, Write};

const MAGIC: i32 = 793_712_314;

/// The version of the files of today.
const VERSION: i32 = 12;

/// In this one, supervised models had no n-grams of letters, whatever their settings say.
const WITHOUT_SUPERVISED_NGRAMS: i32 = 11;

/// Reads a model.
pub(super) fn read(source: &mut Source<'_>) -> Result<FastTextModel> {
    is_model(source)?;
    source.i32("its magic number")?;
    let version = source.i32("its version")?;
    if !(WITHOUT_SUPERVISED_NGRAMS..=VERSION).contains(&version) {
        return Err(source
            .error("a fastText model of a version that is not known")
            .expected("11 or 12")
            .received(version.to_string()));
    }
    let mut args = read_args(source)?;
    if version == WITHOUT_SUPERVISED_NGRAMS && args.model == ModelName::Supervised {
        args.maxn = 0;
    }
    let dictionary = read_dictionary(source, &args)?;
    let quantized = source.flag("whether it is quantized")?;
    if dictionary.buckets().is_some() && !quantized {
        return Err(source
            .error("a fastText model that was cut down but not quantized")
            .help("early programs wrote such files, which cannot be used: get it as it is published now"));
    }
    let input = read_matrix(source, quantized, "the input matrix")?;
    let qout = source.flag("whether its output is quantized")?;
    let output = read_matrix(source, quantized && qout, "the output matrix")?;
    source.end()?;
    let targets = dictionary.targets(args.model).len();
    for (matrix, rows, what) in
        [(&input, dictionary.rows(), "rows of the input"), (&output, targets, "rows of the output")]
    {
        if matrix.rows() < rows {
            return Err(source.damaged(what, rows, matrix.rows()));
        }
        if matrix.columns() != args.dim as usize {
            return Err(source.damaged("columns", args.dim, matrix.columns()));
        }
    }
    Ok(FastTextModel::from_parts(args, dictionary, input, output))
}

/// Checks that the file is one; if not, says what it may be.
fn is_model(source: &mut Source<'_>) -> Result<()> {
    let start = source.beginning()?;
    if start.starts_with(&MAGIC.to_le_bytes()) {
        return Ok(());
    }
    let (what, help) = guess(start);
    Err(source.error(format_args!("not a fastText model, but {what}")).expected("a .bin or .ftz file").help(help))
}

/// What a file is that begins with these bytes, and what to do with it.
fn guess(start: &[u8]) -> (&'static str, &'static str) {
    let vectors = "KeyedVectors::load reads files of vectors; those have no vectors for unseen words";
    let first = start.trim_ascii_start().split(|&byte| byte == b'\n').next().unwrap_or_default();
    let first = std::str::from_utf8(&first[..first.len().min(200)]).unwrap_or_default();
    let header = first.split_whitespace().filter(|field| field.parse::<u64>().is_ok()).count();
    let second = start.iter().position(|&byte| byte == b'\n').map_or(&[][..], |end| &start[end + 1..]);
    match start {
        [] => ("an empty file", "fetch it again"),
        [b'P', b'K', 3, 4, ..] => ("a zip archive", "unpack it first"),
        _ if first.starts_with('<') => {
            ("a page of the web", "the address gave a page about the file: fetch the file itself")
        }
        _ if first.split_whitespace().count() == 2 && header == 2 => {
            match std::str::from_utf8(&second[..second.len().min(200)]) {
                Err(error) if error.error_len().is_some() => ("word2vec's binary vectors", vectors),
                _ => ("vectors as text (.vec)", vectors),
            }
        }
        _ if is_early(start) => (
            "one of before 2017, without a magic number",
            "train it again, or write it again by gensim's save_facebook_model",
        ),
        _ => ("something else", "a model begins with the bytes BA 16 4F 2F"),
    }
}

/// Whether a file begins with the settings, as files of before 2017 do.
fn is_early(start: &[u8]) -> bool {
    let fields: Vec<i32> = start.as_chunks::<4>().0.iter().take(12).map(|&bytes| i32::from_le_bytes(bytes)).collect();
    let [dim, ws, epoch, _, neg, ngrams, loss, model, ..] = fields[..] else { return false };
    (1..100_000).contains(&dim)
        && [ws, epoch, neg, ngrams].iter().all(|field| (0..100_000).contains(field))
        && LossName::of(loss).is_ok()
        && ModelName::of(model).is_ok()
}

fn read_args(source: &mut Source<'_>) -> Result<Args> {
    let damaged =
        |source: &Source<'_>, error: Error| source.error(format_args!("the fastText model is damaged: {error}"));
    Ok(Args {
        dim: source
            .u32("dim")
            .and_then(|dim| if dim > 0 { Ok(dim) } else { Err(source.damaged("dim", "1 or more", dim)) })?,
        ws: source.u32("ws")?,
        epoch: source.u32("epoch")?,
        min_count: source.u32("minCount")?,
        neg: source.u32("neg")?,
        word_ngrams: source.u32("wordNgrams")?,
        loss: source.i32("loss").and_then(|loss| LossName::of(loss).map_err(|error| damaged(source, error)))?,
        model: source.i32("model").and_then(|model| ModelName::of(model).map_err(|error| damaged(source, error)))?,
        bucket: source.u32("bucket")?,
        minn: source.u32("minn")?,
        maxn: source.u32("maxn")?,
        lr_update_rate: source.u32("lrUpdateRate")?,
        t: source.f64("t")?,
    })
}

fn read_dictionary(source: &mut Source<'_>, args: &Args) -> Result<Dictionary> {
    let what = "its dictionary";
    let (size, words, labels) = (source.u32(what)?, source.u32(what)?, source.u32(what)?);
    if words.checked_add(labels) != Some(size) {
        return Err(source.damaged("words and labels", size, format!("{words} and {labels}")));
    }
    let tokens = source.u64("its number of tokens")?;
    let buckets = source.i64("the number of its n-grams")?;
    // A word is a 0 at least, its count and its type.
    source.holds(size.into(), 10, "words and labels")?;
    let words = read_entries(source, words, 0)?;
    let labels = read_entries(source, labels, 1)?;
    let buckets = if buckets == -1 { None } else { Some(read_buckets(source, buckets)?) };
    Ok(Dictionary::new(args, words, labels, tokens).with_buckets(buckets))
}

fn read_entries(source: &mut Source<'_>, count: u32, kind: u8) -> Result<Entries> {
    let what = "its dictionary";
    let (mut entries, mut word) = (Entries::default(), Vec::new());
    for _ in 0..count {
        source.word(&mut word, what)?;
        let count = source.u64("the count of a word")?;
        let found = source.u8(what)?;
        if found != kind {
            return Err(source.damaged("words before labels", kind, found));
        }
        if !entries.push(&word, count) {
            let word = String::from_utf8_lossy(&word);
            return Err(source.damaged("its dictionary", "each word once", format!("{word:?} again")));
        }
    }
    Ok(entries)
}

fn read_buckets(source: &mut Source<'_>, count: i64) -> Result<PrunedBuckets> {
    let what = "its n-grams";
    let count = u64::try_from(count).map_err(|_| source.damaged(what, "-1 or more", count))?;
    let count = source.holds(count, 8, what)?;
    let pairs: Result<Vec<_>> = (0..count).map(|_| Ok((source.u32(what)?, source.u32(what)?))).collect();
    Ok(PrunedBuckets::new(pairs?))
}

fn read_matrix(source: &mut Source<'_>, quantized: bool, what: &str) -> Result<Matrix> {
    let norms = quantized && source.flag("whether its norms are quantized")?;
    let (rows, columns) = (source.u64(what)?, source.u64(what)?);
    let rows = usize::try_from(rows).map_err(|_| source.damaged(what, "fewer rows", rows))?;
    if !quantized {
        let size = (rows as u64).checked_mul(columns).ok_or_else(|| source.damaged(what, "fewer rows", rows))?;
        let data = source.floats(size, what)?;
        return Ok(Matrix::Dense(Dense::new(data, rows, columns as usize)));
    }
    let size = source.u32(what)?;
    let codes = source.bytes(size.into(), what)?;
    let quantizer = read_quantizer(source, columns)?;
    if rows.checked_mul(quantizer.parts()) != Some(codes.len()) {
        return Err(source.damaged("codes", format!("{rows} rows of {} codes", quantizer.parts()), codes.len()));
    }
    let norms = match norms {
        false => None,
        true => Some(Norms { codes: source.bytes(rows as u64, what)?, quantizer: read_quantizer(source, 1)? }),
    };
    Ok(Matrix::Quantized(Quantized { rows, columns: columns as usize, codes, quantizer, norms }))
}

fn read_quantizer(source: &mut Source<'_>, columns: u64) -> Result<Quantizer> {
    let what = "its centroids";
    let [dim, parts, dsub, last] = [source.u32(what)?, source.u32(what)?, source.u32(what)?, source.u32(what)?];
    if dsub == 0 || dim == 0 || u64::from(dim) != columns {
        return Err(source.damaged(what, format!("vectors of {columns} numbers"), format!("{dim} in parts of {dsub}")));
    }
    let centroids = source.floats(u64::from(dim) * CENTROIDS as u64, what)?;
    let quantizer = Quantizer::new(dim as usize, dsub as usize, centroids);
    match (quantizer.parts(), quantizer.last()) == (parts as usize, last as usize) {
        true => Ok(quantizer),
        false => Err(source.damaged(
            what,
            format!("{} parts, the last of {}", quantizer.parts(), quantizer.last()),
            format!("{parts}, {last}"),
        )),
    }
}

/// Writes a model, as fastText's program does.
pub(super) fn write(model: &FastTextModel, to: &mut impl Write) -> io::Result<()> {
    let (args, dictionary) = (&model.args, &model.dictionary);
    to.write_all(&MAGIC.to_le_bytes())?;
    to.write_all(&VERSION.to_le_bytes())?;
    write_args(args, to)?;
    write_dictionary(dictionary, to)?;
    let quantized = |matrix: &Matrix| u8::from(matches!(matrix, Matrix::Quantized(_)));
    for matrix in [&model.input, &model.output] {
        to.write_all(&[quantized(matrix)])?;
        write_matrix(matrix, to)?;
    }
    Ok(())
}

fn write_args(args: &Args, to: &mut impl Write) -> io::Result<()> {
    let Args { dim, ws, epoch, min_count, neg, word_ngrams, loss, model, bucket, minn, maxn, lr_update_rate, t } =
        *args;
    let (loss, model) = (loss as u32, model as u32);
    for field in [dim, ws, epoch, min_count, neg, word_ngrams, loss, model, bucket, minn, maxn, lr_update_rate] {
        to.write_all(&field.to_le_bytes())?;
    }
    to.write_all(&t.to_le_bytes())
}

fn write_dictionary(dictionary: &Dictionary, to: &mut impl Write) -> io::Result<()> {
    let (words, labels, buckets) = (dictionary.words(), dictionary.labels(), dictionary.buckets());
    for count in [words.len() + labels.len(), words.len(), labels.len()] {
        to.write_all(&(count as u32).to_le_bytes())?;
    }
    to.write_all(&dictionary.tokens().to_le_bytes())?;
    to.write_all(&buckets.map_or(-1, |buckets| buckets.pairs().len() as i64).to_le_bytes())?;
    for (entries, kind) in [(words, 0), (labels, 1)] {
        for (number, count) in entries.counts().iter().enumerate() {
            to.write_all(entries.bytes(number))?;
            to.write_all(&[0])?;
            to.write_all(&count.to_le_bytes())?;
            to.write_all(&[kind])?;
        }
    }
    for (bucket, row) in buckets.map_or(&[][..], PrunedBuckets::pairs) {
        to.write_all(&bucket.to_le_bytes())?;
        to.write_all(&row.to_le_bytes())?;
    }
    Ok(())
}

fn write_matrix(matrix: &Matrix, to: &mut impl Write) -> io::Result<()> {
    if let Matrix::Quantized(quantized) = matrix {
        to.write_all(&[u8::from(quantized.norms.is_some())])?;
    }
    to.write_all(&(matrix.rows() as u64).to_le_bytes())?;
    to.write_all(&(matrix.columns() as u64).to_le_bytes())?;
    match matrix {
        Matrix::Dense(dense) => write_floats(&dense.data, to),
        Matrix::Quantized(quantized) => {
            to.write_all(&(quantized.codes.len() as u32).to_le_bytes())?;
            to.write_all(&quantized.codes)?;
            write_quantizer(&quantized.quantizer, to)?;
            quantized.norms.iter().try_for_each(|norms| {
                to.write_all(&norms.codes)?;
                write_quantizer(&norms.quantizer, to)
            })
        }
    }
}

fn write_quantizer(quantizer: &Quantizer, to: &mut impl Write) -> io::Result<()> {
    for field in [quantizer.dim(), quantizer.parts(), quantizer.dsub(), quantizer.last()] {
        to.write_all(&(field as u32).to_le_bytes())?;
    }
    write_floats(quantizer.centroids(), to)
}

fn write_floats(floats: &[f32], to: &mut impl Write) -> io::Result<()> {
    let mut bytes = [0; 1 << 12];
    for floats in floats.chunks(bytes.len() / 4) {
        for (bytes, x) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(floats) {
            *bytes = x.to_le_bytes();
        }
        to.write_all(&bytes[..floats.len() * 4])?;
    }
    Ok(())
}
