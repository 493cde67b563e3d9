//! Models of fastText's own program, and what it answers: written by tools/fasttext_fixtures.py.

use super::source::Source;
use super::*;
use crate::Text;
use candle_keras_ops::random::Stream;
use serde_json::Value;
use std::io::{Cursor, Write};
use std::path::PathBuf;

const MODELS: [&str; 9] =
    ["skipgram.bin", "cbow.bin", "softmax.bin", "hs.bin", "ns.bin", "ova.bin", "cutoff.ftz", "words.ftz", "output.ftz"];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fasttext").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

fn answers(name: &str) -> Value {
    serde_json::from_slice(&bytes(&format!("{name}.json"))).unwrap()
}

/// Each model with its name and the program's answers.
fn models() -> impl Iterator<Item = (&'static str, FastTextModel, Value)> {
    MODELS.into_iter().map(|name| (name, FastText::load(path(name)).unwrap(), answers(name)))
}

fn read(bytes: &[u8]) -> Result<FastTextModel> {
    bin::read(&mut Source::new(Path::new("a file"), Cursor::new(bytes), Some(bytes.len() as u64))?)
}

fn written(model: &FastTextModel) -> Vec<u8> {
    let mut bytes = Vec::new();
    bin::write(model, &mut bytes).unwrap();
    bytes
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn close(what: &str, found: impl IntoIterator<Item = f32>, expected: &[f64]) {
    let found: Vec<f64> = found.into_iter().map(f64::from).collect();
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 2e-6 * b.abs().max(1.0);
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(near),
        "{what}: {found:?} for {expected:?}"
    );
}

#[test]
fn vectors_are_those_of_the_program() {
    for (name, model, answers) in models() {
        assert_eq!((model.vector_size(), model.words().len()), (5, answers["words"].as_u64().unwrap() as usize));
        for (word, expected) in answers["vectors"].as_object().unwrap() {
            let expected = floats(expected);
            close(&format!("{name} {word:?}"), model.vector(word), &expected);
            if let Some(number) = model.words().get(word) {
                close(&format!("{name} {word:?}"), model.vectors().row(number as usize).to_vec(), &expected);
            }
        }
        for (word, expected) in answers["subwords"].as_object().unwrap() {
            let found: Vec<f64> = model.subwords(word).iter().map(|subword| subword.1 as f64).collect();
            assert_eq!(found, floats(expected), "{name} {word:?}");
        }
        for (text, expected) in answers["sentences"].as_object().unwrap() {
            close(&format!("{name} {text:?}"), model.sentence_vector(text).unwrap(), &floats(expected));
        }
    }
}

#[test]
fn subwords_are_named() {
    let model = FastText::load(path("skipgram.bin")).unwrap();
    let names = |word| model.subwords(word).into_iter().map(|subword| subword.0).collect::<Vec<_>>();
    assert_eq!(names("ré"), ["<r", "<ré", "<ré>", "ré", "ré>", "é>"]);
    assert_eq!(names("rose")[..4], ["rose", "<r", "<ro", "<ros"]);
    assert_eq!(names("</s>"), ["</s>"]);
}

#[test]
fn neighbors_are_those_of_the_program() {
    let mut compared = 0;
    for (name, model, answers) in models() {
        for (word, expected) in answers["neighbors"].as_object().into_iter().flatten() {
            let found = model.most_similar(word, 3).unwrap();
            let expected = expected.as_array().unwrap();
            close(
                &format!("{name} {word:?}"),
                found.iter().map(|near| near.1),
                &expected.iter().map(|near| near[1].as_f64().unwrap()).collect::<Vec<_>>(),
            );
            assert!(found.iter().zip(expected).all(|(found, expected)| found.0 == expected[0]), "{name} {word:?}");
            compared += 1;
        }
    }
    assert_eq!(compared, 20);
    let plain = FastText::load(path("ns.bin")).unwrap();
    assert!(plain.most_similar("zzz", 3).unwrap_err().to_string().contains("\"zzz\""));
    assert_eq!(plain.most_similar("rose", 0).unwrap(), []);
}

#[test]
fn predictions_are_those_of_the_program() {
    let mut compared = 0;
    for (name, model, answers) in models().filter(|(_, model, _)| model.is_supervised()) {
        assert_eq!(model.labels().len() as u64, answers["labels"].as_u64().unwrap());
        for asked in answers["predictions"].as_array().unwrap() {
            let (text, k) = (asked["text"].as_str().unwrap(), asked["k"].as_u64().unwrap() as usize);
            let found = model.predict(text, k, asked["threshold"].as_f64().unwrap() as f32).unwrap();
            let expected = asked["labels"].as_array().unwrap();
            let labels = |label: &Value| label[0].as_str().unwrap().to_string();
            assert_eq!(
                found.iter().map(|f| f.0).collect::<Vec<_>>(),
                expected.iter().map(labels).collect::<Vec<_>>(),
                "{name} {text:?}"
            );
            let probabilities: Vec<f64> = expected.iter().map(|label| label[1].as_f64().unwrap()).collect();
            close(&format!("{name} {text:?}"), found.iter().map(|f| f.1), &probabilities);
            compared += found.len();
        }
    }
    assert!(compared > 150, "{compared}");
}

#[test]
fn tests_count_as_the_program_does() {
    for (name, model, answers) in models().filter(|(_, model, _)| model.is_supervised()) {
        let lines: Vec<&str> =
            answers["test"]["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        for (asked, k, threshold) in [("k2", 2, 0.0), ("above", 3, 0.3)] {
            let found = model.test(&lines, k, threshold).unwrap();
            let figures = [found.examples as f64, found.total.precision(), found.total.recall()];
            for (found, expected) in figures.into_iter().zip(answers["test"][asked].as_array().unwrap()) {
                // None for what is not a number: nothing was predicted.
                let same = expected.as_f64().map_or(found.is_nan(), |expected| (found - expected).abs() < 1e-12);
                assert!(same, "{name} {asked}: {found} for {expected}");
            }
            assert_eq!(found.labels.iter().map(|label| label.1.gold).sum::<usize>(), found.total.gold);
        }
    }
}

/// Enough lines for each core to have several blocks of them.
#[test]
fn many_lines_are_predicted_in_their_order() {
    let words = ["rose", "the", "hedge", "bread", "engine", "w3", "unseen", "__label__garden", "__label__3"];
    let mut random = Stream::new(11, 0);
    let mut word = || words[random.below(words.len() as u64) as usize];
    let lines: Vec<String> = (0..2000).map(|_| format!("{} {} {}", word(), word(), word())).collect();
    for name in ["softmax.bin", "hs.bin", "ova.bin", "output.ftz"] {
        let model = FastText::load(path(name)).unwrap();
        let one_by_one: Vec<_> = lines.iter().map(|line| model.predict(line, 2, 0.05).unwrap()).collect();
        assert_eq!(model.predict_many(&lines, 2, 0.05).unwrap(), one_by_one);
        let mut expected = Scores::default();
        for (line, found) in lines.iter().zip(&one_by_one) {
            let gold: Vec<&str> = line.split(' ').filter(|word| model.labels().any(|label| label == *word)).collect();
            if !gold.is_empty() {
                expected.predicted += found.len();
                expected.gold += gold.len();
                expected.correct += found.iter().filter(|found| gold.contains(&found.0)).count();
            }
        }
        assert_eq!(model.test(lines.iter(), 2, 0.05).unwrap().total, expected, "{name}");
        // The first line that cannot be predicted.
        let mut lines = lines.clone();
        (lines[700], lines[1900]) = ("a\nb".into(), "c\nd".into());
        assert!(model.predict_many(&lines, 2, 0.0).unwrap_err().to_string().contains("one line"));
        assert!(model.test(&lines, 0, 0.0).unwrap_err().to_string().contains("k must be"));
    }
    assert_eq!(FastText::load(path("ns.bin")).unwrap().predict_many([""; 0], 1, 0.0).unwrap().len(), 0);
}

#[test]
fn what_cannot_be_predicted_is_an_error() {
    let errors =
        |name: &str, text, k| FastText::load(path(name)).unwrap().predict(text, k, 0.0).unwrap_err().to_string();
    assert!(errors("skipgram.bin", "rose", 1).contains("supervised"));
    assert!(errors("ns.bin", "rose", 0).contains("k must be 1 or more"));
    assert!(errors("ns.bin", "rose\nhedge", 1).contains("one line"));
    // The last row of the output is no number.
    let mut bytes = bytes("softmax.bin");
    let at = bytes.len() - 4;
    bytes[at..].copy_from_slice(&f32::NAN.to_le_bytes());
    let model = read(&bytes).unwrap();
    assert!(model.predict("rose", 1, 0.0).unwrap_err().to_string().contains("NaN"));
}

#[test]
fn files_are_the_same_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    for (name, model, _) in models() {
        let copy = folder.path().join(name);
        model.save(&copy).unwrap();
        assert!(std::fs::read(copy).unwrap() == bytes(name), "{name}");
        assert_eq!(model.is_quantized(), name.ends_with(".ftz"));
    }
}

#[test]
fn packed_files_are_read() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&bytes("words.ftz")).unwrap();
    let mut packed = packed.finish().unwrap();
    assert!(written(&read(&packed).unwrap()) == bytes("words.ftz"));
    packed.truncate(packed.len() / 2);
    assert!(read(&packed).unwrap_err().to_string().contains("cut off"));
}

#[test]
fn the_settings_are_those_of_the_header() {
    let args = *FastText::load(path("ova.bin")).unwrap().args();
    let expected =
        Args { dim: 5, epoch: 20, min_count: 1, word_ngrams: 3, loss: LossName::OneVsAll, ..Args::default() };
    assert_eq!(args, Args { model: ModelName::Supervised, bucket: 30, minn: 1, maxn: 2, ..expected });
    let model = FastText::load(path("skipgram.bin")).unwrap();
    assert!(model.tokens() > 1000 && model.counts().is_sorted_by(|a, b| a >= b) && model.label_counts().is_empty());
    let total: u64 = model.counts().iter().sum();
    assert_eq!((total, model.clone().into_vectors().counts()), (model.tokens(), Some(model.counts())));
}

#[test]
fn early_supervised_models_have_no_ngrams_of_letters() {
    let mut bytes = bytes("hs.bin");
    bytes[4] = 11;
    let model = read(&bytes).unwrap();
    assert_eq!((model.args().maxn, model.subwords("rose").len()), (0, 1));
}

#[test]
fn words_need_not_be_utf8() {
    let mut bytes = bytes("skipgram.bin");
    let at = bytes.windows(8).position(|part| part == b"orchard\0").unwrap();
    bytes[at] = 0x85;
    let model = read(&bytes).unwrap();
    assert!(model.words().get("orchard").is_none());
    let number = model.words().get("\\x85rchard").unwrap() as usize;
    // The byte belongs to the letter before it: there is no part that is `<` alone with it.
    assert_eq!(model.subwords("\\x85rchard")[1].0, "<\u{FFFD}r");
    assert_eq!(model.vectors().row(number), model.vector("\\x85rchard"));
    assert!(written(&model) == bytes);
}

#[test]
fn other_files_are_told() {
    let early = [100, 5, 5, 1, 5, 1, 2, 2, 2000, 3, 6, 100].map(i32::to_le_bytes).concat();
    let mut unknown = bytes("ns.bin");
    unknown[4] = 13;
    let mut longer = bytes("ns.bin");
    longer.push(0);
    // Cut down, but with a matrix that is not quantized.
    let mut pruned = bytes("softmax.bin");
    pruned[84..92].copy_from_slice(&0i64.to_le_bytes());
    for (bytes, expected) in [
        (&b""[..], "empty"),
        (b"2 3\nking 0.1 0.2 0.3\n", "vectors as text"),
        ("1 2\nк 0.1 0.2\n".as_bytes(), "vectors as text"),
        (b"2 3\nking \xB9\xAD\x9C\x3D\xFF\xFF", "word2vec"),
        (b"\n <!DOCTYPE html>\n", "page of the web"),
        (b"<html>", "page of the web"),
        (b"PK\x03\x04....", "zip"),
        (&early, "before 2017"),
        (b"\x7FELF", "something else"),
        (&unknown, "version"),
        (&longer, "more in the file"),
        (&pruned, "not quantized"),
    ] {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.starts_with("a file: ") && error.contains(expected), "{expected}: {error}");
    }
    assert!(FastText::load(path("")).unwrap_err().to_string().contains("folder"));
    assert!(FastText::load(path("none.bin")).unwrap_err().to_string().contains("none.bin"));
}

#[test]
fn lies_about_sizes_are_found_before_memory_is_taken() {
    let whole = bytes("skipgram.bin");
    let matrix = whole.windows(16).position(|part| part == [105u64, 5].map(u64::to_le_bytes).concat()).unwrap();
    for (at, lie) in [
        (64, &i32::MAX.to_le_bytes()[..]),
        (84, &i64::MAX.to_le_bytes()),
        (matrix, &(1u64 << 40).to_le_bytes()),
        (matrix, &(1u64 << 62).to_le_bytes()),
        (matrix + 8, &u64::MAX.to_le_bytes()),
        (matrix + 8, &6u64.to_le_bytes()),
        (8, &(-1i32).to_le_bytes()),
        (8, &0i32.to_le_bytes()),
        (32, &9i32.to_le_bytes()),
        (36, &0i32.to_le_bytes()),
        (40, &i32::MAX.to_le_bytes()),
    ] {
        let mut bytes = whole.clone();
        bytes[at..at + lie.len()].copy_from_slice(lie);
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.contains("damaged"), "{at}: {error}");
    }
    for end in (0..whole.len()).step_by(7) {
        assert!(read(&whole[..end]).is_err(), "{end}");
    }
}

/// One of the things that happen to files.
fn damage(bytes: &[u8], random: &mut Stream) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    // Half of it in the header, where it does the most.
    let range = if random.below(2) == 0 { 100 } else { bytes.len() as u64 };
    let at = random.below(range) as usize;
    match random.below(6) {
        0 => damaged.truncate(at),
        1 => damaged[at] ^= 1 << random.below(8),
        2 => damaged[at] = random.below(256) as u8,
        3 => drop(damaged.drain(at..(at + 1 + random.below(40) as usize).min(bytes.len()))),
        4 => drop(damaged.splice(at..at, (0..1 + random.below(40)).map(|_| 0xFF).collect::<Vec<_>>())),
        _ => damaged[at..(at + 4).min(bytes.len())].fill([0, 0x7F, 0xFF][random.below(3) as usize]),
    }
    damaged
}

/// Asks a model everything.
fn ask(model: &FastTextModel) {
    model.vectors();
    for word in ["rose", "unseen", "", "größe"] {
        model.subwords(word);
        model.most_similar(word, 2).ok();
    }
    model.sentence_vector("the rose of").unwrap();
    model.predict("the rose of", 3, 0.1).ok();
    model.test(["__label__garden the rose", "__label__3 w3"], 2, 0.0).ok();
    let mut trained = model.clone().with_options(TrainOptions::new().workers(1));
    let text = || Text::lines(["__label__garden the rose of", "__label__3 w3 the unseen"].repeat(5));
    trained.loss(text()).ok();
    trained.update_vocabulary(text()).ok();
    trained.train(text(), 1).ok();
    assert_eq!(trained.vectors().len(), trained.words().len());
    assert!(!written(model).is_empty());
}

#[test]
fn damaged_files_are_errors_or_models() {
    let rounds = std::env::var("FASTTEXT_DAMAGE").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(100);
    let (mut random, mut opened) = (Stream::new(7, 0), 0);
    for name in MODELS {
        let whole = bytes(name);
        for _ in 0..rounds {
            match read(&damage(&whole, &mut random)) {
                Ok(model) => {
                    opened += 1;
                    ask(&model);
                }
                Err(error) => assert!(error.to_string().starts_with("a file: "), "{error}"),
            }
        }
    }
    assert!(opened > 0);
}
