//! safetensors: the table `embeddings`, with the words as a JSON list in the metadata under `vocabulary`.

use super::Load;
use super::raw::{Element, Table};
use super::source::Input;
use super::word_list::WordList;
use crate::KeyedVectors;
use candle_keras_ops::{Error, Result};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde_json::json;
use std::io::Write;

const TENSOR: &str = "embeddings";
const VOCABULARY: &str = "vocabulary";

/// More than this is no header, though it has the words of three million vectors in it; safetensors in Python reads 100 MB.
const LONGEST_HEADER: u64 = 1 << 30;

pub(super) fn read(input: &mut Input, options: &Load) -> Result<KeyedVectors> {
    let length = u64::from_le_bytes(input.array()?);
    let mut header = Vec::new();
    if length > LONGEST_HEADER || !input.fill(&mut header, length as usize)? {
        return Err(Error::new("the header of the safetensors file is cut off").expected(format!("{length} bytes")));
    }
    let header: Metadata = serde_json::from_slice(&header)
        .map_err(|cause| Error::new(format!("the header of the safetensors file is damaged: {cause}")))?;
    let info = find(&header)?;
    let words = match (&options.words, header.metadata().as_ref().and_then(|metadata| metadata.get(VOCABULARY))) {
        (Some(path), _) => WordList::read(path, options)?,
        (None, Some(words)) => words_of(words)?,
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
    Table { element, rows: rows as u64, width: width as u64 }.read(input, &words, options)?.finish()
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

fn words_of(json: &str) -> Result<WordList> {
    let words: Vec<String> = serde_json::from_str(json)
        .map_err(|cause| Error::new(format!("the words of the safetensors file are no JSON list: {cause}")))?;
    let mut list = WordList::default();
    words.iter().for_each(|word| list.push(word));
    Ok(list)
}

/// Writes the table and its words.
pub(super) fn write(vectors: &KeyedVectors, out: &mut impl Write) -> Result<()> {
    let words: Vec<_> = vectors.words().iter().collect();
    let (rows, width) = (vectors.len(), vectors.vector_size());
    let mut header = json!({
        "__metadata__": {VOCABULARY: serde_json::to_string(&words)?},
        TENSOR: {"dtype": "F32", "shape": [rows, width], "data_offsets": [0, rows * width * 4]},
    })
    .to_string();
    // The numbers begin at a multiple of 8 bytes.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    out.write_all(&(header.len() as u64).to_le_bytes())
        .and_then(|()| out.write_all(header.as_bytes()))
        .map_err(super::io)?;
    super::save::raw(vectors, out).map_err(super::io)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Folder, comes_back, content, content_of, error, load, load_with, vectors};
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
