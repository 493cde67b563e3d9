//! safetensors: the table `embeddings`, with the words as a JSON list in the metadata under `vocabulary`, and their counts under `counts`.

use super::Load;
use super::raw::{Element, Table};
use super::source::Input;
use super::tables::{self, COUNTS, VOCABULARY};
use super::word_list::WordList;
use crate::KeyedVectors;
use candle_keras_ops::{Error, Result, warnings};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

pub(crate) const TENSOR: &str = "embeddings";

/// More than this is no header, though it has the words of three million vectors in it.
const LONGEST_READ: u64 = 1 << 30;

pub(super) fn read(input: &mut Input, options: &Load) -> Result<KeyedVectors> {
    let header = header_of(input)?;
    let info = find(&header)?;
    let text = |name: &str| header.metadata().as_ref().and_then(|metadata| metadata.get(name));
    let words = match (&options.words, text(VOCABULARY)) {
        (Some(path), _) => WordList::read(path, options)?,
        (None, Some(words)) => serde_json::from_str(words)
            .map_err(|cause| Error::new(format!("the words of the safetensors file are no JSON list: {cause}")))?,
        (None, None) => {
            return Err(Error::new(format!("the safetensors file has no words: its metadata has no {VOCABULARY:?}"))
                .help("Load::words names a file with a word on each line"));
        }
    };
    let element = match info.dtype {
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::BF16,
        Dtype::F32 => Element::F32,
        Dtype::F64 => Element::F64,
        other => {
            return Err(Error::new("the table has other numbers than vectors have")
                .expected("F32, F64, F16 or BF16")
                .received(format!("{other:?}")));
        }
    };
    let [rows, width] = info.shape[..] else {
        return Err(Error::new("the tensor is not a table")
            .expected("the shape [words, width]")
            .received(format!("{:?}", info.shape)));
    };
    input.skip(info.data_offsets.0 as u64)?;
    let mut rows = Table { element, rows: rows as u64, width: width as u64 }.read(input, &words, options)?;
    if let Some(counts) = text(COUNTS).and_then(|counts| counts_of(counts, words.len())) {
        let kept = words.kept(rows.parts().0);
        let counts = counts.into_iter().zip(kept).filter_map(|(count, kept)| kept.then_some(count)).collect();
        rows.set_counts(counts);
    }
    rows.finish()
}

fn header_of(input: &mut Input) -> Result<Metadata> {
    let length = u64::from_le_bytes(input.array()?);
    let mut header = Vec::new();
    if length > LONGEST_READ || !input.fill(&mut header, length as usize)? {
        return Err(Error::new("the header of the safetensors file is cut off").expected(format!("{length} bytes")));
    }
    serde_json::from_slice(&header)
        .map_err(|cause| Error::new(format!("the header of the safetensors file is damaged: {cause}")))
}

/// The counts of so many words; none, with a warning, if they are something else.
fn counts_of(json: &str, words: usize) -> Option<Vec<u64>> {
    let counts: Option<Vec<u64>> = serde_json::from_str(json).ok()?;
    let counts = counts?;
    if counts.len() != words {
        warnings::warn(format!(
            "the safetensors file has {} counts of {words} words: they are passed over",
            counts.len()
        ));
        return None;
    }
    Some(counts)
}

/// The table of vectors: by its name, or the only one.
fn find(header: &Metadata) -> Result<&TensorInfo> {
    if let Some(info) = header.info(TENSOR) {
        return Ok(info);
    }
    let names = header.offset_keys();
    match &names[..] {
        [only] => header.info(only),
        _ => None,
    }
    .ok_or_else(|| {
        Error::new(format!("the safetensors file has no {TENSOR:?}"))
            .received(names.iter().take(20).cloned().collect::<Vec<_>>().join(", "))
    })
}

/// The header of the file: its length, and the words and their counts.
///
/// # Errors
/// If it is longer than other programs read.
pub(super) fn header(vectors: &KeyedVectors) -> Result<Vec<u8>> {
    let metadata = tables::metadata(vectors.words(), vectors.counts())?;
    tables::header(&metadata, [(TENSOR, vectors.len(), vectors.vector_size())])
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Folder, comes_back, content, content_of, error, load, load_with, loaded, vectors};
    use super::*;
    use safetensors::tensor::TensorView;
    use std::collections::HashMap;

    fn file(tensors: &[(&str, Dtype, &[usize], &[u8])], vocabulary: Option<&str>) -> Vec<u8> {
        let views = tensors
            .iter()
            .map(|(name, dtype, shape, bytes)| (*name, TensorView::new(*dtype, shape.to_vec(), bytes).unwrap()));
        let metadata = vocabulary.map(|words| HashMap::from([(VOCABULARY.to_string(), words.to_string())]));
        safetensors::serialize(views, metadata).unwrap()
    }

    const ONE_AND_TWO: [u8; 8] = [0, 0, 128, 63, 0, 0, 0, 64];

    #[test]
    fn tables_come_back_and_safetensors_reads_them() {
        let folder = Folder::new();
        let written = vectors(&["a", "größe \"x\"", ""], &[1., -0.5, 3e-8, 2.5, 0., f32::MAX]);
        comes_back(&folder, "v.safetensors", &written);
        let bytes = std::fs::read(folder.path("v.safetensors")).unwrap();
        let read = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(read.tensor(TENSOR).unwrap().shape(), [3, 2]);
        let few = Load::new().vocabulary([""]).limit(3);
        assert_eq!(
            content_of(&KeyedVectors::load_with(folder.path("v.safetensors"), &few).unwrap()),
            content(&[""], &[0., f32::MAX])
        );
    }

    #[test]
    fn counts_come_back() {
        let folder = Folder::new();
        let words: crate::Words = ["a", "b", "c"].into_iter().collect();
        let written = KeyedVectors::from_parts(words, vec![1., 2., 3.], 1, Some(vec![9, 1 << 60, 0]));
        let path = folder.path("v.safetensors");
        written.save(&path).unwrap();
        let counts = |options: Load| KeyedVectors::load_with(&path, options).unwrap().counts().map(<[u64]>::to_vec);
        assert_eq!(counts(Load::new()), Some(vec![9, 1 << 60, 0]));
        assert_eq!(counts(Load::new().vocabulary(["c", "b"])), Some(vec![1 << 60, 0]));
        assert_eq!(counts(Load::new().limit(1)), Some(vec![9]));
        assert_eq!(counts(Load::new().counts(folder.write("counts", "b 5\nc 6\na 7\n"))), Some(vec![7, 5, 6]));
        // Of another list of words, they are not the counts.
        let words = folder.write("two", "x\ny\n");
        let table = |counts: &str| {
            let view = TensorView::new(Dtype::F32, vec![2, 1], &ONE_AND_TWO).unwrap();
            let metadata = HashMap::from([(COUNTS.to_string(), counts.to_string())]);
            loaded(safetensors::serialize([("x", view)], Some(metadata)).unwrap(), Load::new().words(&words)).1
        };
        assert_eq!(table("[1,2,3]"), ["the safetensors file has 3 counts of 2 words: they are passed over"]);
        assert!(table("[1,2]").is_empty() && table("null").is_empty() && table("many").is_empty());
    }

    #[test]
    fn a_header_that_nobody_reads_is_not_written() {
        let folder = Folder::new();
        for word in ["x".repeat(100_000_000), "\0".repeat(17_000_000)] {
            let error = vectors(&[&word], &[1.]).save(folder.path("v.safetensors")).unwrap_err().to_string();
            assert!(error.contains("too long for safetensors") && error.contains(".npy"), "{error}");
        }
        assert_eq!(std::fs::read_dir(folder.path("")).unwrap().count(), 0);
    }

    #[test]
    fn other_tables_are_read() {
        let expected = content(&["a", "b"], &[1., 2.]);
        let words = Some("[\"a\",\"b\"]");
        assert_eq!(load(file(&[("weight", Dtype::F32, &[2, 1], &ONE_AND_TWO)], words)), expected);
        assert_eq!(load(file(&[("x", Dtype::BF16, &[2, 1], &[128, 63, 0, 64])], words)), expected);
        let two = file(&[("a", Dtype::F32, &[1], &[0; 4]), (TENSOR, Dtype::F32, &[2, 1], &ONE_AND_TWO)], words);
        assert_eq!(load(two), expected);
        let folder = Folder::new();
        let without = file(&[("weight", Dtype::F32, &[2, 1], &ONE_AND_TWO)], None);
        assert!(error(&without).contains("its metadata has no \"vocabulary\""));
        assert_eq!(load_with(without, Load::new().words(folder.write("words", "a\nb\n"))), expected);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let words = Some("[\"a\",\"b\"]");
        let good = file(&[(TENSOR, Dtype::F32, &[2, 1], &ONE_AND_TWO)], words);
        assert!(
            error(&good[..good.len() - 3]).starts_with("the file ends within vector 2 of 2\n  received: 1 of 4 bytes")
        );
        assert!(error(&good[..30]).starts_with("the header of the safetensors file is cut off"));
        assert!(error(file(&[(TENSOR, Dtype::F32, &[2, 1], &ONE_AND_TWO)], Some("[1]"))).contains("no JSON list"));
        assert!(
            error(file(&[(TENSOR, Dtype::F32, &[2], &ONE_AND_TWO)], words))
                .ends_with("expected: the shape [words, width]\n  received: [2]")
        );
        assert!(error(file(&[(TENSOR, Dtype::I32, &[2, 1], &ONE_AND_TWO)], words)).ends_with("received: I32"));
        assert!(
            error(file(&[(TENSOR, Dtype::F32, &[1, 2], &ONE_AND_TWO)], words))
                .starts_with("each vector must have one word")
        );
        let other = file(&[("a", Dtype::F32, &[1], &[0; 4]), ("b", Dtype::F32, &[2, 1], &ONE_AND_TWO)], words);
        assert_eq!(error(other), "the safetensors file has no \"embeddings\"\n  received: a, b");
        let folder = Folder::new();
        let missing = KeyedVectors::load_with(folder.write("v", &good), Load::new().words("/none/words"));
        assert!(missing.unwrap_err().to_string().starts_with("/none/words: "));
    }
}
