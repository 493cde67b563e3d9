//! A model in a file, with all that it takes to go on training.
//!
//! It is a safetensors file with the vectors where every file of word vectors here has them, so that [`KeyedVectors::load`] reads them too; the output
//! rows and the arguments stand beside them.

use super::model::Training;
use super::{Shared, Word2Vec, Word2VecModel};
use crate::arguments::EPOCHS;
use crate::files::safetensors::TENSOR as VECTORS;
use crate::files::tables::{self, COUNTS, Metadata, NamedTable, VOCABULARY};
use crate::{KeyedVectors, Words};
use candle_keras_data::atomic;
use candle_keras_ops::{Error, Result, SharedRows};
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

const NEGATIVE: &str = "output.negative";
const TREE: &str = "output.tree";
const SETTINGS: &str = "word2vec";
const TRAINING: &str = "training";

/// All but the tables.
fn metadata(settings: &Word2Vec, training: &Training, words: &Words, counts: &[u64]) -> Result<Metadata> {
    let mut metadata = tables::metadata(words, Some(counts))?;
    metadata.insert(SETTINGS, serde_json::to_string(settings)?);
    metadata.insert(TRAINING, serde_json::to_string(training)?);
    Ok(metadata)
}

/// Writes a model whose rows threads share, between two epochs.
pub(super) fn write(path: &Path, settings: &Word2Vec, training: &Training, shared: &Shared) -> Result<()> {
    let width = settings.vector_size;
    let read = |table: Option<&SharedRows>, row: usize, into: &mut [f32]| {
        if let Some(table) = table {
            let mut whole = vec![0.0; table.stride()];
            table.load(row, &mut whole);
            into.copy_from_slice(&whole[..width]);
        }
    };
    let all = [
        (VECTORS, Some(&shared.inputs)),
        (NEGATIVE, shared.negatives.as_ref().map(|(_, table)| table)),
        (TREE, shared.tree.as_ref().map(|(_, table)| table)),
    ];
    let reads = all.map(|(_, table)| move |row: usize, into: &mut [f32]| read(table, row, into));
    let tables: Vec<_> = all
        .iter()
        .zip(&reads)
        .map(|((name, table), read)| NamedTable { name, rows: table.map_or(0, SharedRows::rows), width, read })
        .collect();
    let metadata = metadata(settings, training, shared.vocabulary.words(), shared.vocabulary.counts())?;
    atomic::write(path, |file| tables::write(file, &metadata, &tables))
}

impl Word2VecModel {
    /// Writes the vectors, the output rows, the counts and the arguments as safetensors.
    ///
    /// `vectors().save(path)` writes the vectors alone, in any format.
    ///
    /// # Errors
    /// If the file cannot be written; an old file of the name stays then.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let width = self.settings.vector_size;
        let all = [(VECTORS, self.vectors.vectors()), (NEGATIVE, &self.negative_rows), (TREE, &self.tree_rows)];
        let reads = all.map(|(_, numbers)| {
            move |row: usize, into: &mut [f32]| into.copy_from_slice(&numbers[row * width..][..width])
        });
        let tables: Vec<_> = all
            .iter()
            .zip(&reads)
            .map(|((name, numbers), read)| NamedTable { name, rows: numbers.len() / width, width, read })
            .collect();
        let counts = self.vectors.counts().unwrap_or_default();
        let metadata = metadata(&self.settings, &self.training, self.vectors.words(), counts)?;
        atomic::write(path.as_ref(), |file| tables::write(file, &metadata, &tables))
    }

    /// Reads what [`save`](Self::save) has written; its history begins again.
    ///
    /// # Errors
    /// If the file cannot be read or is no such model.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::io(path, error))?;
        read(&bytes).map_err(|error| {
            Error::new(format!("{} is no model of word2vec: {error}", path.display())).help(
                "Word2VecModel::save writes one; KeyedVectors::load reads files of vectors, which cannot be trained on",
            )
        })
    }
}

fn read(bytes: &[u8]) -> Result<Word2VecModel> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let text = |name: &str| {
        let text = header.metadata().as_ref().and_then(|metadata| metadata.get(name));
        text.ok_or_else(|| Error::new(format!("its metadata has no {name:?}")))
    };
    let settings: Word2Vec = serde_json::from_str(text(SETTINGS)?)?;
    settings.check()?;
    let listed: Vec<String> = serde_json::from_str(text(VOCABULARY)?)?;
    let words: Words = listed.iter().collect();
    let counts: Vec<u64> = serde_json::from_str(text(COUNTS)?)?;
    let total = counts.iter().try_fold(0u64, |total, &count| total.checked_add(count));
    if words.len() != listed.len() || counts.len() != words.len() || words.len() < 2 || total.is_none() {
        return Err(Error::new("its words and their counts do not belong together"));
    }
    let width = settings.vector_size;
    let table = |name: &str, rows: usize| -> Result<Vec<f32>> {
        let view = tensors.tensor(name).map_err(damaged)?;
        if view.dtype() != Dtype::F32 || view.shape() != [rows, width] {
            return Err(Error::new(format!("the table {name:?} is another"))
                .expected(format!("[{rows}, {width}], F32"))
                .received(format!("{:?}, {:?}", view.shape(), view.dtype())));
        }
        Ok(view.data().chunks_exact(4).map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]])).collect())
    };
    let rows = |wanted: bool, rows: usize| if wanted { rows } else { 0 };
    let training: Training = serde_json::from_str(text(TRAINING)?)?;
    if training.epochs > *EPOCHS.end() || training.done > training.epochs {
        return Err(Error::new("its epochs cannot be").received(format!("{} of {}", training.done, training.epochs)));
    }
    Ok(Word2VecModel {
        negative_rows: table(NEGATIVE, rows(settings.negative > 0, words.len()))?,
        tree_rows: table(TREE, rows(settings.hs, words.len() - 1))?,
        vectors: KeyedVectors::from_parts(words.clone(), table(VECTORS, words.len())?, width, Some(counts)),
        history: Vec::new(),
        training,
        settings,
    })
}

fn damaged(error: safetensors::SafeTensorError) -> Error {
    Error::new(format!("safetensors: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Text, Word2Vec};
    use std::ops::ControlFlow;

    /// A training that was ended, saved and read goes on bit for bit as if nothing had happened.
    #[test]
    fn a_model_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let checkpoint = folder.path().join("checkpoint.safetensors");
        let text = Text::lines((0..300).map(|i| format!("w{} w{} w{} w{}", i % 7, i % 5, i % 3, i % 11)));
        let settings = Word2Vec::new().vector_size(10).workers(1).epochs(3).min_count(1);
        for settings in [settings.clone(), settings.clone().hs(true), settings.hs(true).negative(0)] {
            let whole = settings.clone().fit(text.clone()).unwrap();
            let ended = settings.checkpoint(&checkpoint).on_epoch_end(|_| ControlFlow::Break(()));
            let ended = ended.fit(text.clone()).unwrap();
            ended.save(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&checkpoint).unwrap());
            let mut model = Word2VecModel::load(&path).unwrap();
            model.configure(|settings| settings.workers(1)).unwrap();
            assert_eq!(model.vectors().vectors(), ended.vectors().vectors());
            assert_eq!(KeyedVectors::load(&path).unwrap().vectors(), ended.vectors().vectors());
            model.resume(text.clone()).unwrap();
            assert_eq!(model.vectors().vectors(), whole.vectors().vectors());
        }
        let bytes = std::fs::read(&path).unwrap();
        for cut in [0, 7, 100, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert!(Word2VecModel::load(&path).unwrap_err().to_string().contains("is no model of word2vec"));
        }
    }
}
