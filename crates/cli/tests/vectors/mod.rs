//! `candle-keras vectors ...`, from a text to a map.

use super::Place;
use candle_keras_word_vectors::{FastText, KeyedVectors};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

impl Place {
    /// A folder `texts` with sentences about animals and about cars, which have no word in common.
    fn with_text() -> Self {
        let place = Self::empty();
        std::fs::create_dir(place.path("texts")).unwrap();
        let topics = [["Cat", "dog", "cow", "hen", "owl", "fox"], ["car", "bus", "van", "cab", "jeep", "truck"]];
        for (file, words) in topics.iter().enumerate() {
            // Each sentence has four of the six words, in its own order.
            let word = |line: usize, i: usize| words[(line / 6 + i * (line % 5 + 1) + line) % 6];
            let line = |line: usize| (0..8).map(|i| word(line, i)).collect::<Vec<_>>().join(" ");
            let text: Vec<_> = (0..600).map(line).collect();
            place.write(&format!("texts/{file}.txt"), text.join("\n"));
        }
        place.write("texts/other.md", "markdown ".repeat(20));
        place
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn vectors(&self, name: &str) -> KeyedVectors {
        KeyedVectors::load(self.path(name)).unwrap()
    }

    fn json_answer(&self, arguments: &str) -> Value {
        serde_json::from_str(&self.answer(arguments)).unwrap()
    }

    /// A run that reads `input`.
    fn run_on(&self, arguments: &str, input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_candle-keras"));
        let command = command.current_dir(self.path(".")).args(arguments.split(' ')).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Standard output of a run that must succeed.
    fn answer_to(&self, arguments: &str, input: &str) -> String {
        let output = self.run_on(arguments, input);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Standard output and standard error of a run that must fail.
    fn failed(&self, arguments: &str, input: &str) -> (String, String) {
        let output = self.run_on(arguments, input);
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).into()
    }
}

const TRAIN: &str = "vectors train --text texts --extensions .txt --dim 12 --epochs 20 --min-count 2 --sample 0 --alpha 0.05 --workers 1";

/// A model that the tests of the library use.
fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../word_vectors/tests/fixtures/fasttext")
        .join(name)
        .display()
        .to_string()
}

/// The words of an answer, without their similarities.
fn nearest(answer: &Value) -> Vec<&str> {
    answer["nearest"].as_array().unwrap().iter().map(|near| near["word"].as_str().unwrap()).collect()
}

#[test]
fn from_a_text_to_a_map() {
    let place = Place::with_text();
    let printed = place.answer(&format!("{TRAIN} --save v.bin"));
    assert!(
        printed.contains("Epoch 20/20") && printed.contains("9600 words of text, 12 different ones with 12"),
        "{printed}"
    );

    // Words of the same topic are nearer than all of the other.
    let answers = place.json_answer("vectors nearest v.bin cat truck --top 5 --json");
    let sorted = |answer: &Value| {
        let mut words = nearest(answer).into_iter().map(String::from).collect::<Vec<_>>();
        words.sort();
        words.join(" ")
    };
    assert_eq!((&answers[0]["question"], sorted(&answers[0])), (&"cat".into(), "cow dog fox hen owl".into()));
    assert_eq!((&answers[1]["question"], sorted(&answers[1])), (&"truck".into(), "bus cab car jeep van".into()));
    let table = place.answer("vectors nearest v.bin cat truck --top 2");
    let expected = &answers[0]["nearest"][0];
    let row = format!("  {:7.4}  {}", expected["similarity"].as_f64().unwrap(), expected["word"].as_str().unwrap());
    let lines: Vec<_> = table.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[1], lines[3]), (6, "cat", row.as_str(), "truck"), "{table}");

    // Each format has the same contents as the one before.
    let first = place.vectors("v.bin");
    for pair in ["v.bin", "v.txt", "v.safetensors", "v.npy", "v.tsv", "v.vec", "again.bin"].windows(2) {
        assert_eq!(place.answer(&format!("vectors convert {} {}", pair[0], pair[1])), "");
        let converted = place.vectors(pair[1]);
        assert_eq!((converted.words(), converted.vectors()), (first.words(), first.vectors()), "{pair:?}");
    }

    place.write("pairs.tsv", "cat\tdog\t9\ncar\tVan\t8\ncat\tcar\t1\ndog\tbus\t2\nowl\tunicorn\t5\n");
    place.write("questions.txt", ": same\ncat dog car bus\nbus unicorn cow cat\n");
    let scores = place.json_answer("vectors evaluate v.txt --pairs pairs.tsv --analogies questions.txt --json");
    let pairs = &scores["pairs"][0];
    assert!(pairs["spearman"].as_f64().unwrap() > 0.5, "{pairs}");
    assert_eq!((&pairs["used"], &pairs["unknown"], &pairs["file"]), (&4.into(), &1.into(), &"pairs.tsv".into()));
    let total = &scores["analogies"][0]["total"];
    assert_eq!((&total["used"], &total["unknown"], &total["total"]), (&1.into(), &1.into(), &2.into()));
    let with_zeros = place.json_answer("vectors evaluate v.txt --pairs pairs.tsv --dummy4unknown --json");
    assert_eq!((&with_zeros["pairs"][0]["used"], &with_zeros["analogies"]), (&5.into(), &Value::Array(vec![])));
    let table = place.answer("vectors evaluate v.txt --pairs pairs.tsv pairs.tsv --analogies questions.txt");
    assert!(
        table.matches("pairs.tsv\nSpearman").count() == 2 && table.contains("\n\nquestions.txt\nsection"),
        "{table}"
    );

    place.answer("vectors map v.bin map.html --seed 3");
    place.answer("vectors map v.bin map.svg --method pca --words 4");
    let text = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    assert!(text("map.html").contains("truck") && text("map.svg").starts_with("<svg"));
    place.write("only.txt", "owl\r\ncar\n");
    place.answer("vectors map v.bin only.html --only only.txt --title Two");
    assert!(text("only.html").contains("owl") && !text("only.html").contains("truck"));
}

#[test]
fn options_of_training_are_used() {
    let place = Place::with_text();
    let train = |name: &str, options: &str| {
        let command = format!("{TRAIN} --epochs 2 --verbose 0 --save {name} {options}").replacen(" --epochs 20", "", 1);
        let printed = place.answer(command.trim_end());
        assert_eq!(printed, "");
        place.vectors(name)
    };
    let same = train("a.bin", "");
    assert_eq!(train("b.bin", "--seed 1").vectors(), same.vectors());
    let changes = [
        "--seed 2",
        "--window 2",
        "--fixed-windows",
        "--min-alpha 0.04",
        "--negative 3",
        "--ns-exponent -0.5",
        "--shared-negatives 0",
        "--hs",
        "--hs --negative 0",
        "--model cbow",
        "--model cbow --cbow-sum",
        "--model cbow --corrected-cbow",
    ];
    let mut all = vec![same.vectors().to_vec()];
    for options in changes {
        let changed = train("c.bin", options).vectors().to_vec();
        assert!(!all.contains(&changed), "{options}");
        all.push(changed);
    }
    assert_eq!(train("d.safetensors", "--max-final-vocab 3 --keep-case").len(), 3);
    assert!(train("e.vec", "--keep-case").contains("Cat"));
    assert!(train("f.npy", "--tokenize whitespace --sentence paragraph").contains("cat"));
    place.write("texts/lossy.txt", b"caf\xe9 caf\xe9 cat\n");
    assert!(place.error(&format!("{TRAIN} --save g.bin")).contains("--lossy"));
    assert!(train("g.bin", "--lossy").contains("caf"));
}

#[test]
fn analogies_are_sums() {
    let place = Place::empty();
    place.write("v.txt", "man 1 0 0.2\nwoman 0 1 0.2\nking 1 0 0.9\nqueen 0 1 0.8\nof -1 0 0\n");
    for words in ["king - man + woman", "king -man +woman", "king woman - man"] {
        let answer = place.answer(&format!("vectors analogy v.txt {words}"));
        assert_eq!(
            (answer.lines().next(), answer.lines().nth(1).unwrap().split_whitespace().nth(1)),
            (Some(words), Some("queen"))
        );
    }
    let before = place.json_answer("vectors analogy --top 1 --objective cosmul --json v.txt king - man + woman");
    let behind = place.json_answer("vectors analogy v.txt king - man + woman --top 1 --objective=cosmul --json");
    assert_eq!(before, behind);
    assert!(before["nearest"][0]["similarity"].as_f64() > Some(1.0), "a quotient: {before}");
    assert!(place.error("vectors analogy v.txt king - man --limit 1").contains("\"king\" has no vector"));
    assert!(place.error("vectors analogy v.txt king - + man").contains("two signs in a row"));
    assert!(place.error("vectors analogy v.txt king -").contains("no word after the last -"));
    assert!(place.error("vectors analogy v.txt -king").contains("no word that is added"));
    assert!(place.error("vectors analogy v.txt king --topp 3").contains("--topp"));
    assert!(place.error("vectors analogy v.txt king - mann").contains("did you mean \"man\""));
    assert!(place.error("vectors analogy v.txt king --objective cosdiv").contains("cosmul"));
}

#[test]
fn options_of_reading_and_writing_are_used() {
    let place = Place::empty();
    place.write("v.vec", "3 2\nthe 0.5 1\ncat 0.25 1\ndog 2 3\n");
    let text = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    place.write("words.txt", "dog\nthe\nmouse\n");
    place.answer("vectors convert v.vec a.txt --vocabulary words.txt --glove");
    assert_eq!(text("a.txt"), "the 0.5 1.0\ndog 2.0 3.0\n");
    place.answer("vectors convert v.vec b.txt --limit 1");
    assert_eq!(text("b.txt"), "1 2\nthe 0.5 1.0\n");
    place.write("counts.txt", "the 9\ndog 4\ncat 5\n");
    place.answer("vectors convert v.vec c.bin --counts counts.txt --save-counts saved.txt --line-feeds");
    assert_eq!(text("saved.txt"), "the 9\ncat 5\ndog 4\n");
    assert_eq!(std::fs::read(place.path("c.bin")).unwrap().len(), "3 2\n".len() + 3 * ("the ".len() + 8 + 1));
    place.answer("vectors convert v.vec t.npy");
    std::fs::rename(place.path("t.words.txt"), place.path("elsewhere.txt")).unwrap();
    assert!(place.error("vectors convert t.npy d.txt").contains("option --words names"));
    place.answer("vectors convert t.npy d.txt --words elsewhere.txt");
    assert_eq!(text("d.txt"), "3 2\nthe 0.5 1.0\ncat 0.25 1.0\ndog 2.0 3.0\n");
    place.write("one.txt", "2 1\n3 4\n");
    place.answer("vectors convert one.txt e.txt --no-header");
    assert_eq!(text("e.txt"), "2 1\n2 1.0\n3 4.0\n");
    place.write("bad.txt", b"2 2\ncaf\xe9 0.25 4\ntea 0.5 5\n");
    assert!(place.error("vectors convert bad.txt f.txt").contains("help: --lossy replaces such bytes"));
    place.answer("vectors convert bad.txt f.txt --lossy");
    assert_eq!(text("f.txt"), "2 2\ncaf\u{fffd} 0.25 4.0\ntea 0.5 5.0\n");
    place.write("none.txt", "mouse\n");
    assert!(place.error("vectors convert v.vec g.txt --vocabulary none.txt").contains("none of the words"));
    assert!(place.error("vectors convert v.vec g.txt --vocabulary /dev/null").contains("has no words"));
}

#[test]
fn fast_text_has_vectors_for_unseen_words() {
    let place = Place::empty();
    let (path, model) = (fixture("skipgram.bin"), FastText::load(fixture("skipgram.bin")).unwrap());
    let answers = place.json_answer(&format!("vectors nearest {path} rosebud rose --top 3 --json"));
    for (answer, word) in answers.as_array().unwrap().iter().zip(["rosebud", "rose"]) {
        let expected = model.most_similar(word, 3).unwrap();
        assert_eq!(nearest(answer), expected.iter().map(|(word, _)| *word).collect::<Vec<_>>());
        let similarity = answer["nearest"][0]["similarity"].as_f64().unwrap();
        assert!((similarity - f64::from(expected[0].1)).abs() < 1e-6);
    }
    let sum = place.json_answer(&format!("vectors analogy {path} rosebud - garden --top 1 --json"));
    assert_eq!(nearest(&sum).len(), 1);
    place.write("words.txt", "rosebud\nrose\nrosebud\n");
    place.answer(&format!("vectors convert {path} some.safetensors --vocabulary words.txt"));
    let some = place.vectors("some.safetensors");
    assert_eq!(some.words().iter().collect::<Vec<_>>(), ["rose", "rosebud"]);
    assert_eq!(some.vectors(), [model.vector("rose"), model.vector("rosebud")].concat());
    place.answer(&format!("vectors convert {path} all.vec"));
    assert_eq!(place.vectors("all.vec").vectors(), model.vectors().vectors());
    place.answer(&format!("vectors convert {path} few.bin --limit 2"));
    assert_eq!(place.vectors("few.bin").len(), 2);
    let first = model.words().word(0);
    let limited = place.json_answer(&format!("vectors nearest {path} rosebud --limit 1 --json"));
    assert_eq!(nearest(&limited[0]), [first]);
    // The words come in the model's order, with its counts; --limit is applied first, as in files of vectors.
    let words: Vec<&str> = model.words().iter().take(3).collect();
    place.write("three.txt", format!("rosebud\n{}\n{}\n{}\n", words[2], words[1], words[0]));
    place.answer(&format!("vectors convert {path} two.vec --vocabulary three.txt --limit 2 --save-counts counts.txt"));
    let two = place.vectors("two.vec");
    assert_eq!(two.words().iter().collect::<Vec<_>>(), [words[0], words[1], "rosebud"]);
    let counts = format!("{} {}\n{} {}\nrosebud 0\n", words[0], model.counts()[0], words[1], model.counts()[1]);
    assert_eq!(std::fs::read_to_string(place.path("counts.txt")).unwrap(), counts);
    for option in ["--counts words.txt", "--words words.txt", "--no-header", "--lossy", "--member x"] {
        let error = place.error(&format!("vectors convert {path} o.txt {option}"));
        assert!(error.contains(&format!("{} is not for it", option.split(' ').next().unwrap())), "{error}");
    }
    for command in [format!("nearest {path} rose --member x"), format!("map {path} o.html --counts words.txt")] {
        assert!(place.error(&format!("vectors {command}")).contains("is not for it"));
    }
}

#[test]
fn questions_come_from_standard_input() {
    let place = Place::empty();
    place.write("v.txt", "man 1 0 0.2\nwoman 0 1 0.2\nking 1 0 0.9\nqueen 0 1 0.8\nof -1 0 0\n");
    let (printed, errors) = place.failed("vectors nearest v.txt --top 1", "king\n\n kong \r\nwoman\n");
    let answer = |words: &str| place.answer(&format!("vectors nearest v.txt {words} --top 1"));
    assert_eq!(printed, answer("king woman"));
    let errors: Vec<_> = errors.lines().collect();
    assert!(errors[0].contains("\"kong\" has no vector") && errors[0].contains("did you mean"), "{errors:?}");
    assert_eq!(errors[1..], ["error: 1 of 3 questions have no answer"]);
    let lines = place.answer_to("vectors analogy v.txt --json --top 1", "king - man + woman\nking\n");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), nearest(&lines[0]), &lines[1]["question"]), (2, vec!["queen"], &"king".into()));
    assert_eq!(place.answer("vectors nearest v.txt"), "");
}

#[test]
fn a_file_without_scores_does_not_affect_the_others() {
    let place = Place::empty();
    place.write("v.txt", "a 1 0\nb 0.8 0.6\nc 0 1\n");
    place.write("good.txt", "a b 9\na c 1\nb c 5\n");
    place.write("few.txt", "a b 9\nx y 1\n");
    place.write("bad.txt", ": x\na b\n");
    let command = "vectors evaluate v.txt --pairs few.txt good.txt --analogies bad.txt --json";
    let (printed, errors) = place.failed(command, "");
    let scores: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((scores["pairs"].as_array().unwrap().len(), &scores["pairs"][0]["spearman"]), (1, &1.0.into()));
    assert!(errors.contains("few.txt has less than two pairs") && errors.contains("bad.txt, line 2"), "{errors}");
    // A wrong path is reported first.
    assert!(place.error("vectors evaluate none.bin --pairs good.txt none.txt").contains("none.txt"));
}

#[test]
fn counts_are_saved_and_shown() {
    let place = Place::with_text();
    place.answer(&format!("{TRAIN} --verbose 0 --save v.vec --save-counts counts.txt"));
    let counts = std::fs::read_to_string(place.path("counts.txt")).unwrap();
    assert!(counts.starts_with("bus 806\ndog 806\njeep 802\n") && counts.lines().count() == 12, "{counts}");
    place.answer("vectors map v.vec map.html --counts counts.txt --method pca");
    assert!(std::fs::read_to_string(place.path("map.html")).unwrap().contains("\"counts\":[806,806,802,"));
    assert!(place.error(&format!("{TRAIN} --save none/v.vec --save-counts c.txt")).contains("no folder none"));
    assert!(place.error(&format!("{TRAIN} --save v.vec --save-counts none/c.txt")).contains("no folder none"));
    let model = place.error(&format!("{TRAIN} --model fasttext --save v.bin --save-counts c.txt"));
    assert!(model.contains("has its counts in itself"), "{model}");
}

#[test]
fn labels_are_predicted_as_fast_text_prints_them() {
    let place = Place::empty();
    let (path, model) = (fixture("softmax.bin"), FastText::load(fixture("softmax.bin")).unwrap());
    let (known, unknown) = ("the rose near the hedge", "qqq");
    let expected = model.predict(known, 2, 0.0).unwrap();
    let printed = place.answer_to(&format!("vectors classify predict {path} -k 2"), &format!("{known}\r\n{unknown}\n"));
    let lines: Vec<_> = printed.split('\n').collect();
    let answers = [known, unknown].map(|line| model.predict(line, 2, 0.0).unwrap());
    assert_eq!((lines.len(), lines[2]), (answers.len() + 1, ""));
    for (line, answers) in lines.iter().zip(&answers) {
        let words: Vec<_> = line.split(' ').collect();
        assert_eq!(words.len(), 2 * answers.len(), "{line}");
        for (printed, (label, probability)) in words.chunks(2).zip(answers) {
            let close = (printed[1].parse::<f32>().unwrap() / probability - 1.0).abs() < 1e-5;
            assert!(printed[0] == *label && close && printed[1].len() <= 10, "{line}");
        }
    }
    let label = expected[0].0;
    place.write("lines.txt", format!("{label} {known}\n{} {known}\n", expected[1].0));
    let above = place.answer(&format!("vectors classify predict {path} lines.txt --threshold 1.5"));
    assert_eq!(above, "\n\n");
    let test = format!("vectors classify test {path} lines.txt");
    assert_eq!(place.answer(&test), "N\t2\nP@1\t0.5\nR@1\t0.5\n");
    assert_eq!(place.answer(&format!("{test} -k 2")), "N\t2\nP@2\t0.5\nR@2\t1\n");
    let labels = place.answer(&format!("{test} --per-label"));
    let row = format!("F1-Score : 0.666667  Precision : 0.500000  Recall : 1.000000   {label}\n");
    assert!(labels.contains(&row) && labels.contains("--------"), "{labels}");
    let json = place.json_answer(&format!("{test} --json"));
    assert_eq!(
        (&json["examples"], &json["total"]["precision"], &json["labels"][label]["gold"]),
        (&2.into(), &0.5.into(), &1.into())
    );

    place.write("bad.txt", b"fine\n\xff\xfe\n");
    let error = place.run(&format!("vectors classify predict {path} bad.txt"));
    assert_eq!((error.status.code(), String::from_utf8_lossy(&error.stdout).lines().count()), (Some(1), 1));
    assert!(String::from_utf8_lossy(&error.stderr).contains("bad.txt, line 2 is not UTF-8"));
    assert!(place.error(&format!("vectors classify test {path} bad.txt")).contains("line 2 is not UTF-8"));
    place.answer(&format!("vectors classify predict {path} bad.txt --lossy"));
    place.write("unlabelled.txt", "the rose\n");
    assert!(place.error(&format!("vectors classify test {path} unlabelled.txt")).contains("__label__"));
    assert!(place.error(&format!("vectors classify predict {}", fixture("skipgram.bin"))).contains("supervised"));
    assert!(place.error(&format!("vectors classify predict {path} none.txt")).contains("none.txt"));
    assert!(place.error(&format!("vectors classify predict {path} -k 0")).contains("-k"));
    assert!(place.error(&format!("vectors classify predict {path} --threshold nan")).contains("--threshold"));
    assert!(place.error("vectors classify predict lines.txt").contains("lines.txt"));
}

#[test]
fn errors_of_training_are_one_line_and_status_1() {
    let place = Place::with_text();
    let error = |options: &str| place.error(&format!("vectors train --verbose 0 {options}"));
    // Errors of the output file are reported before the text is read.
    assert!(error("--text none --save v.pdf").contains("txt, vec, bin"));
    assert!(error("--text none --save none/v.bin").contains("there is no folder none"));
    std::fs::create_dir(place.path("folder.bin")).unwrap();
    assert!(error("--text none --save folder.bin").contains("is a folder"));
    assert!(error("--text none --save v.bin").contains("none: "));
    std::fs::create_dir(place.path("empty")).unwrap();
    assert!(error("--text empty --save v.bin").contains("there is no text in empty"));
    assert!(error("--text texts --extensions pdf --save v.bin").contains(".pdf"));
    place.write("word.txt", "alone ".repeat(9));
    assert!(error("--text word.txt --save v.bin").contains("at least two words"));
    place.write("marks.txt", "... !!!\n");
    assert!(error("--text marks.txt --save v.bin").contains("no words"));
    assert!(error("--text texts --save v.bin --min-count 1000000").contains("set --min-count to"));
    assert!(error("--text texts --save v.bin --model word3vec").contains("skipgram, cbow"));
    assert!(error("--text texts --save v.bin --negative 0").contains("--negative 5 is the default"));
    for model in ["skipgram", "fasttext", "glove"] {
        let options = format!("--text texts --save v.bin --model {model} --corrected-cbow");
        assert!(error(&options).contains("--corrected-cbow is for --model cbow"));
    }
    for option in [
        "--negative 5",
        "--shared-negatives 1",
        "--hs",
        "--sample 0",
        "--min-alpha 0",
        "--fixed-windows",
        "--ns-exponent 1",
    ] {
        let error = error(&format!("--text texts --save v.bin --model glove {option}"));
        assert!(error.contains("is for --model skipgram, cbow and fasttext"), "{error}");
    }
    assert!(error("--text texts --save v.bin --tokenize letters").contains("whitespace"));
    assert!(error("--text texts").contains("--save"));
    let out_of_range = [
        ("--dim", "0"),
        ("--dim", "100000000000"),
        ("--window", "0"),
        ("--epochs", "0"),
        ("--workers", "0"),
        ("--alpha", "-1"),
        ("--alpha", "fast"),
        ("--min-alpha", "nan"),
        ("--sample", "-0.1"),
        ("--ns-exponent", "inf"),
        ("--max-final-vocab", "1"),
        ("--negative", "99999999"),
        ("--shared-negatives", "99999999"),
        ("--min-count", "many"),
    ];
    for (option, value) in out_of_range {
        let error = error(&format!("--text texts --save v.bin {option} {value}"));
        assert!(error.contains(option) && error.contains(value), "{error}");
    }
    let overflow = error("--text texts --save v.bin --alpha 1e20 --epochs 3");
    assert!(overflow.contains("overflow") && overflow.contains("a smaller --alpha"), "{overflow}");
    assert!(!Path::new(&place.path("v.bin")).exists());
}

#[test]
fn invalid_files_of_vectors_are_one_line_and_status_1() {
    let place = Place::empty();
    place.write("page.bin", "<!DOCTYPE html>\n<html>Not found</html>\n");
    place.write("cut.bin", b"3 2\nthe \0\0\0\0\0\0");
    place.write("lies.txt", "2 3\na 1 2 3\nb 1 2\n");
    place.write("v.txt", "2 2\nking 1 2\nqueen 2 1\n");
    place.write("damaged.bin", b"\xba\x16\x4f\x2f\x0c\0\0\0\x05");
    place.write("empty.bin", "");
    for command in [
        "nearest FILE king",
        "analogy FILE king",
        "evaluate FILE --pairs v.txt",
        "convert FILE o.txt",
        "map FILE o.html",
    ] {
        let error = |file: &str| place.error(&format!("vectors {}", command.replace("FILE", file)));
        assert!(error("page.bin").contains("page.bin: this is a page of the web"), "{command}");
        assert!(error("none.bin").contains("none.bin"));
        assert!(error("cut.bin").contains("cut.bin"));
        assert!(error("lies.txt").contains("line 3"));
        assert!(error("damaged.bin").contains("damaged.bin"));
        assert!(error("empty.bin").contains("empty"));
        assert!(error(".").contains("directory"));
    }
    assert!(place.error("vectors nearest v.txt qeuen").contains("did you mean \"queen\"?"));
    assert!(place.error("vectors nearest v.txt king zebra").contains("\"zebra\" has no vector"));
    assert!(place.error("vectors nearest v.txt king --top 0").contains("--top"));
    assert!(place.error("vectors nearest v.txt king --limit 0").contains("--limit"));
    assert!(place.error("vectors convert page.bin o.pdf").contains("expected: txt, vec"));
    assert!(place.error("vectors convert v.txt o.txt --save-counts c.txt").contains("help: --counts reads them"));
    assert!(place.error("vectors evaluate v.txt").contains("--pairs"));
    assert!(place.error("vectors evaluate v.txt --pairs none.tsv").contains("none.tsv"));
    place.write("pairs.tsv", "king\tqueen\t5\nking queen\n");
    assert!(place.error("vectors evaluate v.txt --pairs pairs.tsv").contains("line 2"));
    place.write("questions.txt", ": a\none two three\n");
    assert!(place.error("vectors evaluate v.txt --analogies questions.txt").contains("line 2"));
    assert!(place.error("vectors map page.bin o.png").contains("expected: .html, .htm, .svg"));
    assert!(place.error("vectors map v.txt o.html --method umap").contains("tsne, pca"));
    assert!(place.error("vectors map v.txt o.html --perplexity 0").contains("perplexity"));
    assert!(place.error("vectors map v.txt o.html --words 0").contains("--words"));
    place.write("only.txt", "king\nzebra\n");
    let passed_over = place.run("vectors map v.txt o.html --only only.txt --method pca");
    let warning = String::from_utf8(passed_over.stderr).unwrap();
    assert!(
        passed_over.status.success() && warning.contains("1 words of the list have no vector: \"zebra\""),
        "{warning}"
    );
    place.write("only.txt", "qeuen\nzebra\n");
    assert!(place.error("vectors map v.txt o.html --only only.txt").contains("did you mean \"queen\"?"));
    place.write("no_words.txt", "0 3\n");
    let empty = place.error("vectors convert no_words.txt o.txt");
    assert!(!empty.contains("that are to be kept"), "{empty}");
    assert!(place.error("vectors neerest v.txt king").contains("nearest"));
}

#[test]
fn help_names_each_option_with_its_default() {
    let place = Place::empty();
    let help = place.answer("vectors train --help");
    let defaults = [
        ("--dim", "100"),
        ("--window", "5; 15 for glove"),
        ("--epochs", "5; 25 for glove"),
        ("--alpha", "0.025 for skipgram; 0.05 for the others"),
        ("--min-alpha", "0.0001; 0 for fasttext"),
        ("--min-count", "5"),
        ("--sample", "0.001; 0.0001 for fasttext"),
        ("--negative", "5"),
        ("--ns-exponent", "0.75; 0.5 for fasttext"),
        ("--shared-negatives", "1"),
        ("--workers", "the number of cores"),
        ("--tokenize", "words"),
        ("--sentence", "line"),
        ("--model", "skipgram"),
    ];
    for (option, default) in defaults {
        // From the line that begins with the option, to the next option.
        let (_, behind) = help.split_once(&format!("      {option} <")).unwrap_or_else(|| panic!("{option} in {help}"));
        let text = behind.split("\n      --").next().unwrap();
        assert!(text.contains(&format!("[default: {default}]")), "{option}: {text}");
    }
    for flag in [
        "--hs",
        "--cbow-sum",
        "--corrected-cbow",
        "--fixed-windows",
        "--keep-case",
        "--lossy",
        "--extensions",
        "--seed",
    ] {
        assert!(help.contains(&format!("{flag}\n")) || help.contains(&format!("{flag} ")), "{flag}");
    }
    for command in ["train", "nearest", "analogy", "evaluate", "convert", "map", "classify"] {
        assert!(place.answer("vectors --help").contains(&format!("\n  {command} ")));
    }
}

/// The defaults in the help are those of the library.
#[test]
fn defaults_are_those_of_the_library() {
    let place = Place::with_text();
    for (model, skip_gram) in [("skipgram", true), ("cbow", false)] {
        place.answer(&format!("vectors train --text texts --workers 1 --verbose 0 --save {model}.bin --model {model}"));
        let library = candle_keras_word_vectors::Word2Vec::new().skip_gram(skip_gram).workers(1);
        let library = library.fit(candle_keras_word_vectors::Text::folder(place.path("texts"))).unwrap();
        assert_eq!(place.vectors(&format!("{model}.bin")).vectors(), library.vectors().vectors());
    }
}

#[test]
fn analogies_have_help() {
    let place = Place::empty();
    for help in ["vectors analogy --help", "vectors analogy -h"] {
        assert!(place.answer(help).contains("Words with + and -"));
    }
}

#[test]
fn a_training_resumes_from_its_checkpoint() {
    let place = Place::with_text();
    place.answer(&format!("{TRAIN} --verbose 0 --save v.txt --checkpoint m.safetensors"));
    // All epochs have been run: the vectors are those of the training.
    let printed = place.answer("vectors resume m.safetensors --text texts --extensions .txt --save w.txt --workers 1");
    assert!(
        printed.contains("0 epochs (the training had ended") && printed.contains("12 words, 0 of them new"),
        "{printed}"
    );
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(read("v.txt"), read("w.txt"));
    std::fs::write(place.path("more.txt"), "a zebra and a cat\n".repeat(30)).unwrap();
    let printed = place.answer("vectors resume m.safetensors --text more.txt --save w.txt --epochs 2 --workers 1");
    assert!(printed.contains("2 epochs, 15 words, 3 of them new"), "{printed}");
    assert!(read("w.txt").contains("zebra "));
    place.answer("vectors convert w.txt w.safetensors");
    assert!(place.error("vectors resume w.safetensors --text texts --save x.txt").contains("no model of word2vec"));
    for (wrong, expected) in [
        ("--save v.safetensors --checkpoint ./v.safetensors", "two files at once"),
        ("--save more.txt --text more.txt", "two files at once"),
        ("--save v.txt --checkpoint none/m.safetensors", "no folder none"),
        ("--save v.txt --checkpoint m.bin", "expected: .safetensors"),
        ("--save v.vec --model fasttext --alpha 1e20 --bucket 10", "overflowed"),
    ] {
        let command =
            if wrong.contains("--text") { "vectors train".into() } else { TRAIN.replace(" --alpha 0.05", "") };
        let error = place.error(&format!("{command} {wrong}"));
        assert!(error.contains(expected), "{wrong}: {error}");
    }
    let error = place.error(&format!("{TRAIN} --model glove --save v.txt --checkpoint m.safetensors"));
    assert!(error.contains("--checkpoint is for --model skipgram and cbow"), "{error}");
}
