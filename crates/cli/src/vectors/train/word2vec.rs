//! Skip-gram and CBOW of word2vec.

use super::options::{Common, Windows, given, with_windows};
use super::{Run, Trained};
use anyhow::Result;
use candle_keras_word_vectors::Word2Vec;

pub(super) fn train(options: &Common, windows: &Windows, skip_gram: bool, run: Run) -> Result<Trained> {
    let word2vec = Word2Vec::new()
        .skip_gram(skip_gram)
        .hs(windows.hs)
        .cbow_mean(!windows.cbow_sum)
        .corrected_cbow(windows.corrected_cbow);
    let word2vec = with_windows!(word2vec, options, windows, run; checkpoint: run.checkpoint);
    let model = word2vec.fit(run.text)?;
    let tokens = model.history().last().map(|epoch| epoch.words);
    Ok(Trained::Vectors(Box::new(model.into_vectors()), tokens))
}
