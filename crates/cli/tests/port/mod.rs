//! `candle-keras port`.

use super::Place;
use std::path::Path;
use std::process::Command;

impl Place {
    /// Standard error of a run that must fail, and prints something first.
    fn error_behind(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments}");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn a_script_becomes_a_program() {
    let place = Place::empty();
    let script = "import keras\nmodel = keras.Sequential([keras.layers.Dense(1, input_shape=(3,))])\nmodel.summary()\n";
    std::fs::write(place.path("train.py"), script).unwrap();
    assert_eq!(place.answer("port train.py --check"), "3 of 3 lines can be ported\n");
    let answer = place.answer("port train.py");
    assert!(answer.starts_with("train/src/main.rs: 3 of 3 lines can be ported\n"), "{answer}");
    let program = std::fs::read_to_string(place.path("train/src/main.rs")).unwrap();
    assert!(program.contains("Dense::new(1)") && program.contains("model.summary();"), "{program}");
    assert!(place.error("port train.py").contains("is there already"));

    std::fs::write(place.path("odd.py"), format!("{script}model.dance(3)\n")).unwrap();
    let checked = place.run("port odd.py --check");
    let listed = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked.status.code(), Some(1));
    assert_eq!(listed, "line 4: not ported: model.dance(3) -- keras.Model.dance is no name of Keras\n");
    assert!(place.answer("port odd.py --output there").contains("there/src/main.rs: 3 of 4 lines"));
    // A program with gaps is not run; one whose Python cannot be run is not built.
    assert!(place.error_behind("port odd.py --output gaps --verify").contains("fill the gap in gaps/src/main.rs"));
    let answer = place.error_behind("port train.py --verify --python nowhere/python");
    assert!(answer.contains("nowhere/python cannot be run"), "{answer}");
    // The versions of all crates are those of the checkout.
    let manifest = std::fs::read_to_string(place.path("train/Cargo.toml")).unwrap();
    assert!(
        manifest.contains("candle-keras = { path = ") && Path::new(&place.path("train/Cargo.lock")).exists(),
        "{manifest}"
    );
}

#[test]
fn what_is_no_script_is_an_error_of_one_line() {
    let place = Place::empty();
    std::fs::create_dir(place.path("folder.py")).unwrap();
    for (name, bytes, expected) in [
        ("old.py", &b"print 'hello'"[..], "old.py, line 1: print of Python 2; "),
        ("bytes.py", b"x = 1\ny = '\xff'\n", "bytes.py, line 2: not UTF-8; save the script in that encoding"),
        ("noextension", b"x = 1\n", "noextension is a file; --output names a folder for the program"),
        ("r.ipynb", br#"{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}"#, "its language is R"),
    ] {
        std::fs::write(place.path(name), bytes).unwrap();
        let error = place.error(&format!("port {name}"));
        assert!(error.contains(expected), "{error}");
    }
    std::fs::create_dir(place.path("data")).unwrap();
    std::fs::write(place.path("data/1.png"), "").unwrap();
    std::fs::write(place.path("data.py"), "x = 1\n").unwrap();
    assert!(place.error("port data.py").contains("the folder data is there already, with other files; --output"));
    assert!(place.error("port data.py --output .").contains("the folder . is there already, with other files"));
    assert!(place.error("port data.py --output data").contains("the folder data is there already, with other files"));
    assert!(place.error("port folder.py").contains("folder.py is a folder, and not a script"));
    assert!(place.error("port none.py").contains("none.py"));
}

/// As editors of other systems write them, and names that are none of a package.
#[test]
fn scripts_come_in_many_kinds() {
    let place = Place::empty();
    let script = "import numpy as np\n\ndef double(x):\n\treturn x * 2\n\nprint(double(np.ones(2)), 'M\u{fc}ller')\n";
    let latin: Vec<u8> = script.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let kinds = [
        script.as_bytes().to_vec(),
        script.replace('\n', "\r\n").into_bytes(),
        script.replace('\n', "\r").into_bytes(),
        format!("\u{feff}{script}").into_bytes(),
        [b"# coding: latin-1\n", &latin[..]].concat(),
        format!("!pip install numpy\n{script}").into_bytes(),
        format!("import typing\nx: int = 3\nprint(x)\n{script}").into_bytes(),
    ];
    for (i, bytes) in kinds.iter().enumerate() {
        std::fs::write(place.path("kind.py"), bytes).unwrap();
        place.answer(&format!("port kind.py --output {i}-kind"));
        let program = std::fs::read_to_string(place.path(&format!("{i}-kind/src/main.rs"))).unwrap();
        assert!(program.contains("fn double(x: &Tensor)") && program.contains("Müller"), "{i}: {program}");
        let manifest = std::fs::read_to_string(place.path(&format!("{i}-kind/Cargo.toml"))).unwrap();
        assert!(manifest.contains(&format!("name = \"ported_{i}-kind\"")), "{manifest}");
    }
    for empty in ["", "# Nothing.\n", "\"\"\"Nothing.\"\"\"\n"] {
        std::fs::write(place.path("empty.py"), empty).unwrap();
        let answer = place.answer("port empty.py --check");
        assert!(answer.ends_with("lines can be ported\n"), "{answer}");
    }
    std::fs::write(place.path("my model.py"), script).unwrap();
    let answer = place.run_all(&["port", "my model.py"]);
    assert!(String::from_utf8_lossy(&answer.stdout).contains("cd 'my model' && cargo run"), "{answer:?}");
}

#[test]
fn a_notebook_becomes_a_program() {
    let place = Place::empty();
    let cells = [
        "%matplotlib inline\n!pip install keras\nimport numpy as np",
        "%%time\nx = np.zeros((2, 3))\nx.shape",
        "x.sum()\nx.dance()\n",
    ];
    let cells = cells
        .map(|cell| serde_json::json!({"cell_type": "code", "source": cell.split_inclusive('\n').collect::<Vec<_>>()}));
    let text =
        serde_json::json!({"cells": [{"cell_type": "markdown", "source": "# Words"}, cells[0], cells[1], cells[2]]});
    std::fs::write(place.path("book.ipynb"), text.to_string()).unwrap();
    let checked = place.run("port book.ipynb --check");
    let listed = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked.status.code(), Some(1));
    assert!(listed.contains("cell 4, line 2: not ported: x.dance() -- the method dance of an array\n"), "{listed}");
    place.answer("port book.ipynb");
    let program = std::fs::read_to_string(place.path("book/src/main.rs")).unwrap();
    assert!(program.contains("println!(\"{:?}\", x.dims());"), "{program}");
    std::fs::write(
        place.path("wrong.ipynb"),
        serde_json::json!({"cells": [cells[0], {"cell_type": "code", "source": "x = ("}]}).to_string(),
    )
    .unwrap();
    assert!(place.error("port wrong.ipynb").contains("wrong.ipynb, cell 2, line"));
    std::fs::write(place.path("text.ipynb"), "x = 1").unwrap();
    assert!(place.error("port text.ipynb").contains("text.ipynb: not a notebook"));
}

/// With a Python that has Keras 3 and TensorFlow, and time to build a program: what the command says of the script and its program.
#[test]
#[ignore = "needs Keras, and minutes: VERIFY_PYTHON=python3 cargo test -p candle-keras-cli -- --ignored verify"]
fn scripts_are_verified() {
    let python = std::env::var("VERIFY_PYTHON").unwrap_or_else(|_| "python3".into());
    let place = Place::empty();
    let script = "import numpy as np\nimport keras\nx = np.arange(12.0).reshape(6, 2) / 12\n\
        model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(3), keras.layers.Dropout(0.5), keras.layers.Dense(1)])\n\
        model.compile('adam', 'mse', metrics=['mae'])\nmodel.fit(x, x[:, 0], epochs=3, batch_size=2, verbose=0)\n\
        loss, mae = model.evaluate(x, x[:, 0], verbose=0)\np = model.predict(x, verbose=0)\nprint('mae', mae)\n";
    std::fs::write(place.path("train.py"), script).unwrap();
    let verify = format!("port train.py --verify --python {python}");
    let answer = place.answer(&verify);
    for part in [
        "the same: fit 1, loss ",
        "the same: evaluate 1, loss ",
        "predict 1, 6 numbers of (6, 1)",
        "3 results of models and 1 printed line are those of Keras",
    ] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    // The program may be changed by hand: what then differs is said.
    let main = place.path("train/src/main.rs");
    let program = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, program.replace("epochs(3)", "epochs(2)")).unwrap();
    let changed = place.run(&verify);
    let answer = String::from_utf8(changed.stdout).unwrap();
    assert_eq!(changed.status.code(), Some(1));
    assert!(answer.contains("differs:  fit 1, loss: 3 epochs in Python, 2 in Rust"), "{answer}");
    assert!(answer.contains("differs:  evaluate 1, ") && answer.contains("differs:  printed line 1"), "{answer}");
    std::fs::write(&main, program.replace("epochs(3)", "epochs(3.5)")).unwrap();
    assert!(place.error_behind(&verify).contains("does not compile"));
    // What is wrong with the script is said before anything is built.
    for (script, expected) in [
        ("x = [1]\nprint(x[int('1')])\n", "wrong.py failed"),
        ("import keras\nx = keras.random.gamma((2,), 1.0)\nprint(x.shape)\n", "keras.random.gamma: its random numbers"),
    ] {
        std::fs::write(place.path("wrong.py"), script).unwrap();
        // The second one has a gap, which somebody may have filled.
        let written = format!("port wrong.py --output wrong{}", script.len());
        place.answer(&written);
        let error = place.error_behind(&format!("{written} --verify --python {python}"));
        assert!(error.contains(expected), "{error}");
    }
}

/// A program with all crates that one may use: Cargo finds them, in the versions with which candle-keras is tested, without a network.
#[test]
fn programs_have_the_crates_of_the_checkout() {
    let place = Place::empty();
    let script = "import argparse, json, re\nimport numpy as np\nparser = argparse.ArgumentParser()\n\
        parser.add_argument('--text', default='a b a')\nargs = parser.parse_args()\ncounts = {}\n\
        for word in re.findall(r'\\w+', args.text):\n    counts[word] = counts.get(word, 0) + 1\nprint(json.dumps(counts))\n\
        x = np.zeros((3, 2))\nx[1, 0] = len(counts)\nprint(x)\n";
    std::fs::write(place.path("words.py"), script).unwrap();
    place.answer("port words.py");
    let manifest = std::fs::read_to_string(place.path("words/Cargo.toml")).unwrap();
    for name in ["clap", "indexmap", "ndarray", "regex"] {
        assert!(manifest.contains(&format!("\n{name} = ")), "{name}: {manifest}");
    }
    let arguments = ["tree", "--offline", "--prefix", "none", "--format", "{p}", "--manifest-path"];
    let tree = Command::new(env!("CARGO")).args(arguments).arg(place.path("words/Cargo.toml")).output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let locked = |path: &str| -> Vec<String> {
        let text = std::fs::read_to_string(path).unwrap();
        let packages = text.split("[[package]]\n").skip(1);
        packages.map(|package| package.lines().take(2).collect::<Vec<_>>().join(" ")).collect()
    };
    let of_checkout = locked(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
    let others = locked(&place.path("words/Cargo.lock"));
    let others: Vec<_> = others.iter().filter(|package| !of_checkout.contains(package)).collect();
    assert_eq!(others, [r#"name = "words" version = "0.1.0""#]);
}
