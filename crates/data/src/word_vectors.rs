//! Words with their vectors: what comes out of an Embedding, written where other programs find it.

use candle_core::{DType, Device, Tensor};
use candle_keras_ops::{Error, Result};
use safetensors::SafeTensors;
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;

/// The name of the table in a safetensors file, and of the words in its metadata.
const TENSOR: &str = "embeddings";
const METADATA: &str = "vocabulary";

/// Words and a vector for each.
///
/// ```
/// use candle_keras_data::WordVectors;
/// use candle_core::{Device, Tensor};
/// let vectors = Tensor::new(&[[1f32, 0.], [0.9, 0.1], [0., 1.]], &Device::Cpu)?;
/// let vectors = WordVectors::new(["cat", "dog", "car"], &vectors)?;
/// assert_eq!(vectors.nearest("cat", 1)?[0].0, "dog");
/// # Ok::<(), candle_keras_data::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct WordVectors {
    words: Vec<String>,
    vectors: Vec<Vec<f32>>,
}

impl WordVectors {
    /// The rows of a table, `(words, width)`, with their words.
    ///
    /// # Errors
    /// If there is not one word a row.
    pub fn new<S: Into<String>>(words: impl IntoIterator<Item = S>, vectors: &Tensor) -> Result<Self> {
        let words: Vec<String> = words.into_iter().map(Into::into).collect();
        let vectors = vectors.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.to_vec2::<f32>()?;
        if words.len() != vectors.len() {
            return Err(Error::new("each word must have one vector")
                .expected(format!("{} words", vectors.len()))
                .received(format!("{} words", words.len())));
        }
        Ok(Self { words, vectors })
    }

    /// The words.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The vectors, in the order of the words.
    pub fn vectors(&self) -> &[Vec<f32>] {
        &self.vectors
    }

    /// The vector of a word.
    pub fn get(&self, word: &str) -> Option<&[f32]> {
        Some(&self.vectors[self.words.iter().position(|known| known == word)?])
    }

    /// The `count` words whose vectors have the largest cosine with that of `word`, which is not among them.
    ///
    /// # Errors
    /// If the word has no vector.
    pub fn nearest(&self, word: &str, count: usize) -> Result<Vec<(&str, f32)>> {
        let vector = self.get(word).ok_or_else(|| Error::new(format!("the word {word:?} has no vector")))?;
        let others = self.words.iter().zip(&self.vectors).filter(|(other, _)| *other != word);
        let mut nearest: Vec<_> = others.map(|(word, other)| (word.as_str(), cosine(vector, other))).collect();
        nearest.sort_by(|a, b| b.1.total_cmp(&a.1));
        nearest.truncate(count);
        Ok(nearest)
    }

    /// Writes the vectors: in the text format of word2vec if the path ends in `.txt` or `.vec`, as safetensors otherwise.
    ///
    /// The safetensors file has the table as `embeddings` and the words, as a JSON array in their order, in its metadata under
    /// `vocabulary`.
    ///
    /// # Errors
    /// If the file cannot be written, or a word has a space in it and the format is text.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = if is_text(path) { self.to_text()?.into_bytes() } else { self.to_safetensors()? };
        std::fs::write(path, bytes).map_err(|error| Error::io(path, error))
    }

    /// Reads what [`save`](Self::save) has written.
    ///
    /// # Errors
    /// If the file cannot be read, or is not what it must be: the line or the part is named.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
        let read = if is_text(path) { Self::from_text(&bytes) } else { Self::from_safetensors(&bytes) };
        read.map_err(|error| Error::new(format!("{} has no word vectors: {error}", path.display())))
    }

    fn to_text(&self) -> Result<String> {
        let mut text = format!("{} {}\n", self.words.len(), self.vectors.first().map_or(0, Vec::len));
        for (word, vector) in self.words.iter().zip(&self.vectors) {
            if word.is_empty() || word.contains(char::is_whitespace) {
                return Err(Error::new("the text format has no place for this word")
                    .received(format!("{word:?}"))
                    .help("save as .safetensors"));
            }
            text.push_str(word);
            for x in vector {
                // Rust prints the shortest decimal that reads back as the same number.
                write!(text, " {x}").map_err(|error| Error::new(error.to_string()))?;
            }
            text.push('\n');
        }
        Ok(text)
    }

    fn from_text(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|error| Error::new(error.to_string()))?;
        let mut lines = text.split('\n').enumerate();
        let header = lines.next().map_or("", |(_, line)| line);
        let sizes: Vec<usize> = header.split_ascii_whitespace().filter_map(|size| size.parse().ok()).collect();
        let [count, width] = sizes[..] else {
            return Err(Error::new("line 1 is not the header").expected("words width").received(header));
        };
        let (mut words, mut vectors) = (Vec::new(), Vec::new());
        for (i, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let mut fields = line.trim_end().split(' ');
            let word = fields.next().unwrap_or_default();
            let vector: Vec<f32> = fields.map_while(|x| x.parse().ok()).collect();
            if vector.len() != width {
                let error = Error::new(format!("line {} is not a word and its vector", i + 1));
                return Err(error.expected(format!("{width} numbers")).received(format!("{}", vector.len())));
            }
            words.push(word.to_string());
            vectors.push(vector);
        }
        if words.len() != count {
            let error = Error::new("the file ends early");
            return Err(error.expected(format!("{count} words")).received(words.len().to_string()));
        }
        Ok(Self { words, vectors })
    }

    fn to_safetensors(&self) -> Result<Vec<u8>> {
        let width = self.vectors.first().map_or(0, Vec::len);
        let bytes: Vec<u8> = self.vectors.iter().flatten().flat_map(|x| x.to_le_bytes()).collect();
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![self.words.len(), width], &bytes);
        let metadata = HashMap::from([(METADATA.to_string(), serde_json::to_string(&self.words)?)]);
        safetensors::serialize([(TENSOR, view.map_err(unsafetensors)?)], Some(metadata)).map_err(unsafetensors)
    }

    fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(unsafetensors)?;
        let words = header.metadata().as_ref().and_then(|metadata| metadata.get(METADATA));
        let words = words.ok_or_else(|| Error::new(format!("the metadata has no {METADATA:?}")))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(unsafetensors)?;
        let view = tensors.tensor(TENSOR).map_err(unsafetensors)?;
        if view.dtype() != safetensors::Dtype::F32 {
            return Err(Error::new("the table is not f32").received(format!("{:?}", view.dtype())));
        }
        let values = view.data().chunks_exact(4).map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]])).collect();
        Self::new(serde_json::from_str::<Vec<String>>(words)?, &Tensor::from_vec(values, view.shape(), &Device::Cpu)?)
    }
}

fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "txt" || extension == "vec")
}

fn unsafetensors(error: safetensors::SafeTensorError) -> Error {
    Error::new(format!("safetensors: {error}"))
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(f32::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let table = Tensor::new(&[[1f32, -0.1], [3e-8, 2.5]], &Device::Cpu).unwrap();
        let vectors = WordVectors::new(["a", "größe"], &table).unwrap();
        for name in ["v.safetensors", "v.txt"] {
            let path = folder.path().join(name);
            vectors.save(&path).unwrap();
            let again = WordVectors::load(&path).unwrap();
            assert_eq!((again.words(), again.vectors()), (vectors.words(), vectors.vectors()));
        }
        assert_eq!(
            std::fs::read_to_string(folder.path().join("v.txt")).unwrap(),
            "2 2\na 1 -0.1\ngröße 0.00000003 2.5\n"
        );
    }

    #[test]
    fn files_that_are_not_word_vectors_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let error = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            WordVectors::load(&path).unwrap_err().to_string()
        };
        assert!(error("a.txt", b"2 2\na 1 2\nb 1\n").contains("line 3"));
        assert!(error("a.txt", b"2 2\na 1 2\n").contains("ends early"));
        assert!(error("a.txt", b"").contains("header"));
        assert!(error("a.safetensors", b"nonsense").contains("safetensors"));
        let table = Tensor::zeros((1, 2), DType::F32, &Device::Cpu).unwrap();
        assert!(WordVectors::new(["two words"], &table).unwrap().save(folder.path().join("b.txt")).is_err());
        assert!(WordVectors::new(["a", "b"], &table).is_err());
        assert!(WordVectors::new(["a"], &table).unwrap().nearest("b", 1).is_err());
    }
}
