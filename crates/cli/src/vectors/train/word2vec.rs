//! Skip-gram and CBOW of word2vec.

use super::options::{Common, Windows, given};
use super::{Run, Trained};
use anyhow::Result;
use candle_keras_word_vectors::Word2Vec;

pub(super) fn train(options: &Common, windows: &Windows, skip_gram: bool, run: Run) -> Result<Trained> {
    let word2vec = Word2Vec::new()
        .skip_gram(skip_gram)
        .vector_size(options.dim)
        .min_count(options.min_count)
        .shrink_windows(!windows.fixed_windows)
        .hs(windows.hs)
        .cbow_mean(!windows.cbow_sum)
        .corrected_cbow(windows.corrected_cbow)
        .verbose(run.verbose);
    let word2vec = given!(
        word2vec,
        window: options.window,
        epochs: options.epochs,
        alpha: options.alpha,
        max_final_vocab: options.max_final_vocab,
        workers: options.workers,
        min_alpha: windows.min_alpha,
        sample: windows.sample,
        negative: windows.negative,
        shared_negatives: windows.shared_negatives,
        ns_exponent: windows.ns_exponent,
        seed: run.seed,
        checkpoint: run.checkpoint,
    );
    let model = word2vec.fit(run.text)?;
    let tokens = model.history().last().map(|epoch| epoch.words);
    Ok(Trained::Vectors(Box::new(model.into_vectors()), tokens))
}
