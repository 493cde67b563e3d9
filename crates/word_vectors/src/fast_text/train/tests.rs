//! Models that are trained further.

use super::*;
use crate::{FastTextClassifier, Text, fast_text::FastText};
use candle_core::Tensor;
use candle_keras_ops::random::Stream;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fasttext");

/// Sentences of words that begin alike.
fn text(words: &[&str], sentences: u64) -> Text {
    let mut random = Stream::new(7, 0);
    let mut sentence = |topic: u64| {
        let words = &words[topic as usize * words.len() / 2..][..words.len() / 2];
        (0..10).map(|_| words[random.below(words.len() as u64) as usize]).collect::<Vec<_>>().join(" ")
    };
    Text::lines((0..sentences).map(|i| sentence(i % 2)).collect::<Vec<_>>())
}

fn pets_and_cars(sentences: u64) -> Text {
    text(
        &["kitten", "whisker", "purring", "tomcat", "feline", "engine", "gearbox", "bumper", "wheels", "diesel"],
        sentences,
    )
}

/// With a word of each topic that [`pets_and_cars`] does not have.
fn more(sentences: u64) -> Text {
    text(
        &["kitten", "whisker", "purring", "hamster", "feline", "engine", "gearbox", "lorry", "wheels", "diesel"],
        sentences,
    )
}

fn small() -> FastText {
    FastText::new().vector_size(20).bucket(500).epochs(3).min_count(2).sample(0.0).workers(1)
}

fn cosine(model: &FastTextModel, a: &str, b: &str) -> f64 {
    crate::keyed_vectors::cosine(&model.vector(a), &model.vector(b))
}

fn through_a_file(model: &FastTextModel) -> FastTextModel {
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path().join("model.bin")).unwrap();
    FastText::load(folder.path().join("model.bin")).unwrap()
}

/// Epochs without a learning rate change nothing; the epochs after them are, bit for bit, those that a training begins with.
#[test]
fn a_model_is_trained_as_if_it_were_new() {
    let text = pets_and_cars(100);
    for settings in [small(), small().skip_gram(false), small().loss("hs"), small().max_n(0), small().sample(1e-2)] {
        let expected = settings.clone().fit(text.clone()).unwrap();
        let untrained = settings.alpha(0.0).epochs(1).fit(text.clone()).unwrap();
        // Each training has a seed, by the epochs so far.
        for (mut model, seed) in [(through_a_file(&untrained), 0), (untrained, u64::MAX)] {
            model = model.with_options(TrainOptions::new().workers(1).seed(seed));
            model.train(text.clone(), 3).unwrap();
            assert_eq!(model.vectors().vectors(), expected.vectors().vectors());
            assert_eq!(model.vector("kitty"), expected.vector("kitty"));
            let losses = |history: &[Epoch]| history.iter().rev().take(3).map(|epoch| epoch.loss).collect::<Vec<_>>();
            assert_eq!(losses(model.history()), losses(expected.history()));
        }
    }
}

#[test]
fn training_goes_on_with_new_words() {
    for settings in [small(), small().skip_gram(false), small().max_n(0)] {
        let mut model = through_a_file(&settings.fit(pets_and_cars(300)).unwrap());
        let (known, tokens) = (model.words().len(), model.tokens());
        let before: Vec<Vec<f32>> = ["kitten", "diesel", "kitty", "gear"].map(|word| model.vector(word)).into();
        let kitten = model.words().get("kitten").unwrap() as usize;
        let (count, rows) = (model.counts()[kitten], model.dictionary.rows());
        assert_eq!((model.vectors().len(), model.update_vocabulary(more(400)).unwrap()), (known, 2));
        // All words and n-grams have the rows that they had, also the n-grams of words that are still unknown.
        assert_eq!(before, ["kitten", "diesel", "kitty", "gear"].map(|word| model.vector(word)));
        assert_eq!((model.words().len(), model.vectors().len(), model.tokens()), (known + 2, known + 2, tokens + 4000));
        assert!(model.counts()[kitten] > count + 100 && model.dictionary.rows() == rows + 2);
        assert!(
            model.words().iter().skip(known).eq(["hamster", "lorry"])
                || model.words().iter().skip(known).eq(["lorry", "hamster"])
        );
        let [input, output] = [model.input_vectors(), model.output_vectors()].map(|rows| rows.unwrap());
        assert_eq!((input.dims(), output.dims()), (&[model.dictionary.rows(), 20][..], &[known + 2, 20][..]));
        let row = |matrix: &Tensor, row: usize| matrix.get(row).unwrap().to_vec1::<f32>().unwrap();
        assert!(
            (known..known + 2)
                .all(|new| row(&output, new) == [0.0; 20] && row(&input, new).iter().all(|x| x.abs() <= 0.05))
        );

        let mut model = model.with_options(TrainOptions::new().workers(1));
        let before = model.loss(more(200)).unwrap();
        assert_eq!(before, model.loss(more(200)).unwrap());
        assert_eq!(model.train(more(400), 6).unwrap().len(), 6);
        let after = model.loss(more(200)).unwrap();
        assert!(after < 0.97 * before, "{after} after {before}");
        assert!(cosine(&model, "hamster", "kitten") > cosine(&model, "hamster", "engine") + 0.3);
        assert_eq!(through_a_file(&model).vectors().vectors(), model.vectors().vectors());
    }
}

/// The files of fastText's program have `</s>` among their words.
#[test]
fn models_of_the_program_are_trained_further() {
    // Of text that a file's sampling of frequent words leaves enough of.
    let text = || more(2000);
    let model = FastText::load(format!("{FIXTURES}/skipgram.bin")).unwrap();
    let mut model = model.with_options(TrainOptions::new().workers(1));
    let known = model.words().len();
    assert_eq!(model.update_vocabulary(text()).unwrap(), 10);
    assert_eq!((model.words().len(), model.words().get("</s>").is_some()), (known + 10, true));
    let before = model.loss(text()).unwrap();
    model.train(text(), 3).unwrap();
    let after = model.loss(text()).unwrap();
    assert!(after < 0.9 * before, "{after} after {before}");
    // A tree of words, on the text that its words are of.
    let tree = FastText::load(format!("{FIXTURES}/cbow.bin")).unwrap();
    let words: Vec<String> = tree.words().iter().skip(1).take(8).map(String::from).collect();
    let text = || self::text(&words.iter().map(String::as_str).collect::<Vec<_>>(), 2000);
    let mut tree = tree.with_options(TrainOptions::new().workers(1));
    let before = tree.loss(text()).unwrap();
    tree.train(text(), 3).unwrap();
    let after = tree.loss(text()).unwrap();
    assert!(after < 0.9 * before, "{after} after {before}");
}

fn labelled(words: [&str; 2], lines: usize) -> Text {
    Text::lines((0..lines).map(|i| {
        let (label, word) = [("pet", words[0]), ("car", words[1])][i % 2];
        format!("__label__{label} the {word} here __label__new")
    }))
}

#[test]
fn classifiers_learn_more_lines() {
    for loss in ["softmax", "ns", "hs", "ova"] {
        let classifier = FastTextClassifier::new().vector_size(10).loss(loss).epochs(5).workers(1);
        let first = Text::lines(["__label__pet a cat", "__label__car an engine"].repeat(50));
        let mut model = through_a_file(&classifier.fit(first).unwrap());
        let (known, ends) = (model.words().len(), model.counts()[0]);
        assert_eq!(
            model.update_vocabulary(labelled(["hamster", "lorry"], 40)).unwrap(),
            4,
            "the, here, hamster, lorry"
        );
        assert_eq!((model.labels().len(), model.label_counts(), model.words().word(0)), (2, &[50, 50][..], "</s>"));
        assert_eq!((model.words().len(), model.counts()[0]), (known + 4, ends + 40));
        let before = model.loss(labelled(["hamster", "lorry"], 40)).unwrap();
        model.train(labelled(["hamster", "lorry"], 200), 10).unwrap();
        assert!(model.loss(labelled(["hamster", "lorry"], 40)).unwrap() < 0.5 * before, "{loss}");
        assert_eq!(model.history()[9].pairs, 200);
        for (line, label) in [("hamster", "__label__pet"), ("lorry", "__label__car"), ("a cat", "__label__pet")] {
            assert_eq!(model.predict(line, 1, 0.0).unwrap()[0].0, label, "{loss}");
        }
        assert!(
            model.loss(Text::lines(["__label__new words"])).unwrap_err().to_string().contains("label of the model")
        );
    }
}

#[test]
fn what_cannot_be_trained_is_an_error() {
    let mut quantized = FastText::load(format!("{FIXTURES}/words.ftz")).unwrap();
    let text = || pets_and_cars(20);
    for error in [
        quantized.train(text(), 1).unwrap_err(),
        quantized.update_vocabulary(text()).unwrap_err(),
        quantized.loss(text()).unwrap_err(),
        quantized.output_vectors().and(quantized.input_vectors()).unwrap_err(),
    ] {
        assert!(error.to_string().contains("quantized"), "{error}");
    }
    let mut tree = small().loss("hs").fit(text()).unwrap();
    assert!(tree.update_vocabulary(text()).unwrap_err().to_string().contains("hierarchical softmax"));
    let mut model = small().fit(text()).unwrap();
    assert!(model.loss(Text::lines(["nothing of it"])).unwrap_err().to_string().contains("two words"));
    let before = model.vectors().vectors().to_vec();
    for (options, expected) in [
        (TrainOptions::new().alpha(1e20), "a smaller alpha"),
        (TrainOptions::new().alpha(-1.0), "0 or a positive number"),
    ] {
        model = model.with_options(options);
        let error = model.train(text(), 3).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!((model.vectors().vectors(), model.history().len()), (&before[..], 3));
    }
    model = model.with_options(TrainOptions::new());
    for (args, expected) in [
        (Args { loss: LossName::Softmax, ..model.args }, "Softmax"),
        (Args { neg: 1 << 30, ..model.args }, "neg"),
        (Args { ws: 1 << 30, ..model.args }, "ws"),
        (Args { ws: 0, ..model.args }, "window"),
        (Args { t: f64::NAN, ..model.args }, "sample"),
    ] {
        model.args = args;
        let error = model.train(text(), 1).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
